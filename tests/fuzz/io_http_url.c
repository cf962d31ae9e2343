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
	wn_http_url_done(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct wn_http_header header = {text, text};
	struct wn_http_request req = {.method = text, .headers = &header, .headers_n = 1};
	struct wn_http_url u;

	memcpy(text, data, size);
	text[size] = 0;
	if (wn_http_url_parse(text, true, &u, NULL) == WN_OK)
		check(&u);
	if (wn_http_url_resolve("https://feeds.example/a/b?c", text, &u, NULL) == WN_OK)
		check(&u);
	if (wn_http_check(&req, NULL) == WN_OK && strpbrk(text, "\r\n"))
		abort();
	free(text);
	return 0;
}
