/* SPDX-License-Identifier: MIT */
/* Whatever the bytes, results are UTF-8 without NUL and controls, within their ceilings, and stable. */
#include <whynow/log.h>
#include <whynow/text.h>

#include <stdlib.h>

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_str in = {(const char *)data, size}, out;
	struct wn_arena *a = wn_arena_new(0);
	size_t max = size ? data[0] * 4u : 0;
	struct wn_str r = wn_text_repair(in, max, a);
	must(r.n <= max && wn_text_is_utf8(r) && (r.n == 0 || !memchr(r.p, 0, r.n)));
	must(wn_str_eq(wn_text_repair(r, max, a), r));
	if (wn_text_from_bytes(in, max, a, &out, NULL) == WN_OK)
		must(out.n <= max && wn_str_eq(out, r));
	struct wn_str line = wn_text_one_line(r, 20, a);
	must(wn_text_chars(line) <= 20 && wn_str_eq(wn_text_trim(line), line) && !memchr(line.p, '\n', line.n));
	must(wn_str_eq(wn_text_one_line(line, 20, a), line));
	must(wn_text_is_utf8(wn_text_fold(in, a)) && wn_text_is_utf8(wn_text_quote(in, 30, a)));
	/* Not equal only where Unicode's own folding is not stable; it must settle at once after that. */
	struct wn_str once = wn_text_fold(r, a), twice = wn_text_fold(once, a);
	must(wn_str_eq(wn_text_fold(twice, a), twice));
	must(wn_text_trim(in).n <= in.n);
	wn_text_width(in);
	char clean[64];
	must(wn_log_clean(wn_arena_strdup(a, in), 30, clean, sizeof(clean)) < sizeof(clean));
	must(wn_text_is_utf8(wn_str_of(clean)));
	wn_arena_free(a);
	return 0;
}
