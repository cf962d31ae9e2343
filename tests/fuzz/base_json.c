/* SPDX-License-Identifier: MIT */
/* What parses must be written, read back and be equal; the canonical form must be a fixed point. */
#include <whynow/value.h>

#include <stdlib.h>

static struct wn_value reread(struct wn_arena *a, struct wn_value v, bool canonical, struct wn_buf *b)
{
	struct wn_value back;
	wn_buf_clear(b);
	if (canonical)
		wn_json_write_canonical(b, v);
	else
		wn_json_write(b, v);
	if (wn_buf_overflowed(b) || wn_json_parse(wn_buf_slice(b), NULL, a, &back, NULL))
		abort();
	return back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(8u << 20);
	struct wn_json_limits strict = {.strict = true};
	struct wn_str text = {(const char *)data, size};
	struct wn_buf b;
	struct wn_value v, w;
	struct wn_err err;
	wn_buf_init(&b, 16u << 20);
	if (wn_json_parse(text, NULL, a, &v, &err) == WN_OK) {
		if (!wn_value_eq(reread(a, v, false, &b), v))
			abort();
		struct wn_value canonical = reread(a, v, true, &b);
		char *first = wn_buf_take(&b);
		reread(a, canonical, true, &b);
		if (strcmp(first, b.p) != 0)
			abort();
		free(first);
	} else if (wn_json_parse(text, &strict, a, &w, &err) == WN_OK) {
		abort(); /* strict takes less */
	}
	wn_buf_done(&b);
	wn_arena_free(a);
	return 0;
}
