/* SPDX-License-Identifier: MIT */
/*
 * The word lists of conf/extract, embedded at build as sorted tables (lib/signal/embed.cmake). Read only.
 */
#include "words.h"
#include <whynow/signal.h>

#include "extract.inc"

static bool listed(const char *const *list, size_t n, struct wn_str word)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, len = strlen(list[mid]);
		int c = memcmp(word.p, list[mid], word.n < len ? word.n : len);
		if (c == 0)
			c = (word.n > len) - (word.n < len);
		if (c == 0)
			return true;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

bool wn_lists_shared_domain(struct wn_str domain)
{
	return domain.n && listed(shared_domains, WN_COUNT(shared_domains), domain);
}

bool wn_lists_legal_form(struct wn_str words)
{
	return words.n && listed(legal_forms, WN_COUNT(legal_forms), words);
}

struct wn_str wn_positions_builtin(void)
{
	return (struct wn_str){positions, sizeof(positions) - 1};
}
