/* SPDX-License-Identifier: MIT */
/* URLs and Locations of strangers: what is accepted is http or https, without userinfo, blanks and controls. */
#include "../../lib/io/http_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct wn_http_url *u)
{
	if (strcmp(u->scheme, "http") && strcmp(u->scheme, "https"))
		abort();
	for (const unsigned char *p = (const unsigned char *)u->plain; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			abort();
}

static bool is_same(const char *x, const char *y) { return x == y || (x && y && strcmp(x, y) == 0); }

/* A fragment is sent to nobody, and never taken apart without libcurl: it must have said the same. */
static void check_with_fragment(const char *text, const struct wn_http_url *u, struct wn_arena *a)
{
	struct wn_http_url v;

	if (strchr(text, '#') || strlen(text) > 4000)
		return;
	if (wn_http_url_parse(wn_arena_printf(a, "%s#x", text), true, a, &v, NULL) || !is_same(u->scheme, v.scheme) || !is_same(u->host, v.host) ||
	    !is_same(u->port, v.port) || !is_same(u->plain, v.plain))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct wn_http_header header = {text, text};
	struct wn_http_request req = {.method = text, .headers = &header, .headers_n = 1};
	struct wn_arena *a = wn_arena_new(0);
	struct wn_http_url u;

	memcpy(text, data, size);
	text[size] = 0;
	if (wn_http_url_parse(text, true, a, &u, NULL) == WN_OK) {
		check(&u);
		check_with_fragment(text, &u, a);
	}
	if (wn_http_url_resolve("https://feeds.example/a/b?c", text, a, &u, NULL) == WN_OK)
		check(&u);
	if (wn_http_check(&req, NULL) == WN_OK && strpbrk(text, "\r\n"))
		abort();
	wn_arena_free(a);
	free(text);
	return 0;
}
