/* SPDX-License-Identifier: MIT */
/* Names of companies and persons, headlines: any bytes; folding what is folded changes nothing more. */
#include <whynow/signal.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str s = {(const char *)data, size}, first, last;
	struct wn_str once = wn_headline_normalise(s, a), name = wn_name_normalise(s, a);

	if (!wn_str_eq(once, wn_headline_normalise(once, a)) && once.n < 1000)
		abort();
	if (name.n && (name.p[0] == ' ' || name.p[name.n - 1] == ' '))
		abort();
	struct wn_name read;
	struct wn_id near[WN_NEAR_ASKED];
	struct wn_str odd;
	wn_name_read(s, a, &read);
	if (!wn_str_eq(read.words, name) || !wn_str_eq(read.keys[0], wn_name_squeeze(name, a)) || (read.n_keys == 0) != (name.n == 0))
		abort();
	wn_name_near_listed(read.keys[0], near);
	wn_name_near_asked(read.keys[0], near);
	if (wn_name_is_near(name, name, &odd))
		abort();
	wn_headline_has_company(s, name, a);
	wn_person_normalise(s, a);
	wn_person_split(s, &first, &last);
	if (first.n > size || last.n > size)
		abort();
	wn_arena_free(a);
	return 0;
}
