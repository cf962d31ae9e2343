/* SPDX-License-Identifier: MIT */
/* Registrable domains of any bytes: the answer is plain ASCII and its own registrable domain. */
#include <whynow/signal.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str out, again;

	if (wn_domain_registrable((struct wn_str){(const char *)data, size}, a, &out)) {
		for (size_t i = 0; i < out.n; i++)
			if ((uint8_t)out.p[i] <= ' ' || (uint8_t)out.p[i] >= 0x7f ||
			    (out.p[i] >= 'A' && out.p[i] <= 'Z'))
				abort();
		if (!wn_domain_registrable(out, a, &again) || !wn_str_eq(out, again))
			abort();
		(void)wn_domain_is_shared(out);
	}
	wn_arena_free(a);
	return 0;
}
