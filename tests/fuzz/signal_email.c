/* SPDX-License-Identifier: MIT */
/* Addresses out of any bytes: one @, printable ASCII, no blanks, and normal once is normal for ever. */
#include <whynow/signal.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str out, again;
	int at = 0;

	if (wn_email_normalise((struct wn_str){(const char *)data, size}, a, &out)) {
		for (size_t i = 0; i < out.n; i++) {
			at += out.p[i] == '@';
			if ((uint8_t)out.p[i] <= ' ' || (uint8_t)out.p[i] >= 0x7f || out.p[i] == '<' ||
			    out.p[i] == '>')
				abort();
		}
		if (at != 1 || out.n > 254 || !wn_email_normalise(out, a, &again) || !wn_str_eq(out, again))
			abort();
	}
	wn_arena_free(a);
	return 0;
}
