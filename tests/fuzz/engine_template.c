/* SPDX-License-Identifier: MIT */
/* Mustache: the input is a template, a NUL, and JSON data (defaults if there is none). Compiles, visits names, renders twice. */
#include <whynow/limits.h>
#include <whynow/segment.h>

static bool partial(void *ctx, struct wn_str name, struct wn_str *text)
{
	*text = *(struct wn_str *)ctx; /* itself: recursion must end */
	return name.n % 2 == 0;
}

static void on_name(void *ctx, struct wn_str name, struct wn_place at) { *(size_t *)ctx += name.n + (size_t)at.line; }

static void render(const struct wn_template *t, struct wn_value data, bool html)
{
	struct wn_buf out;
	struct wn_str missing = {0};
	wn_buf_init(&out, 64u << 10);
	if (wn_template_render(t, data, html, &out, &missing, NULL) == WN_OK && missing.p && missing.n > WN_CONF_TEXT_MAX)
		__builtin_trap();
	wn_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char json[] = "{\"a\":[{\"b\":\"x\"},{\"b\":null}],\"c\":{\"d\":1.5,\"e\":true},\"f\":\"<&>\",\"g\":[[1],[]]}";
	struct wn_arena *a = wn_arena_new(0);
	const uint8_t *nul = memchr(bytes, 0, n);
	struct wn_str text = {(const char *)bytes, nul ? (size_t)(nul - bytes) : n};
	struct wn_str rest = {nul ? (const char *)nul + 1 : json, nul ? n - text.n - 1 : sizeof(json) - 1};
	struct wn_value data;
	struct wn_template *t;
	size_t seen = 0;
	if (wn_json_parse(rest, NULL, a, &data, NULL))
		data = wn_null();
	if (wn_template_compile(text, (struct wn_place){"fuzz", 1, 1}, &t, NULL) == WN_OK) {
		wn_template_names(t, on_name, &seen);
		render(t, data, true);
		wn_template_free(t);
	}
	if (wn_template_compile_partials(text, (struct wn_place){0}, partial, &text, &t, NULL) == WN_OK) {
		render(t, data, false);
		wn_template_free(t);
	}
	wn_arena_free(a);
	return 0;
}
