/* SPDX-License-Identifier: MIT */
/*
 * The word lists of conf/extract, embedded at build as sorted tables (lib/signal/embed.cmake). Read only.
 */
#include "words.h"
#include <whynow/signal.h>

#include <stdlib.h>

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

bool wn_lists_legal_form(struct wn_str words, struct wn_str *family)
{
	if (!words.n || !listed(legal_forms, WN_COUNT(legal_forms), words))
		return false;
	*family = words;
	for (size_t i = 0; i < WN_COUNT(same_forms); i++)
		if (wn_str_is(words, same_forms[i][0]))
			*family = wn_str_of(same_forms[i][1]);
	return true;
}

bool wn_lists_company_verb(struct wn_str word)
{
	return word.n && listed(company_verbs, WN_COUNT(company_verbs), word);
}

bool wn_lists_company_term(struct wn_str word)
{
	return word.n && listed(company_terms, WN_COUNT(company_terms), word);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool wn_lists_common_word(struct wn_str word)
{
	char key[sizeof(common_words[0])] = "";

	if (!word.n || word.n >= sizeof(key))
		return false;
	memcpy(key, word.p, word.n);
	return bsearch(key, common_words, WN_COUNT(common_words), sizeof(key), by_text) != NULL;
}

struct wn_str wn_positions_builtin(void)
{
	return (struct wn_str){positions, sizeof(positions) - 1};
}
