/* SPDX-License-Identifier: MIT */
/*
 * Whether a headline speaks of a company that is called like a common word: "Ramp raises $12M" does, "Farmers ramp up
 * output" and "Residents worry about a wheelchair ramp" do not. The case of letters says nothing: headlines are set in
 * capitals. What counts is the place of the name (a subject without article) and what it does. Pure.
 */
#include "words.h"
#include <whynow/signal.h>

/* Words that may stand before a company's name without being part of what is said of it. */
static const char *const introductions[] = {"startup",  "company", "fintech", "firm",   "maker",   "unicorn",   "exclusive", "breaking",
					    "provider", "vendor",  "scaleup", "saas",   "insurtech", "biotech", "giant",     "platform"};

static bool introduces(struct wn_str word)
{
	for (size_t i = 0; i < WN_COUNT(introductions); i++)
		if (wn_str_is(word, introductions[i]))
			return true;
	return false;
}

/* 12m, 30bn, 5 (before million): an amount as headlines write it, folded. */
static bool is_sum(struct wn_str word, struct wn_str next)
{
	size_t i = 0;

	while (i < word.n && ((word.p[i] >= '0' && word.p[i] <= '9') || word.p[i] == '.'))
		i++;
	if (i == 0)
		return false;
	struct wn_str unit = {word.p + i, word.n - i};
	if (!unit.n)
		unit = next;
	return wn_str_is(unit, "m") || wn_str_is(unit, "mn") || wn_str_is(unit, "bn") || wn_str_is(unit, "b") || wn_str_is(unit, "k") ||
	       wn_str_is(unit, "million") || wn_str_is(unit, "billion");
}

static bool speaks_of_business(const struct wn_words *w, size_t from)
{
	for (size_t i = from; i < w->n; i++)
		if (wn_lists_company_term(w->w[i]) || is_sum(w->w[i], i + 1 < w->n ? w->w[i + 1] : WN_STR("")))
			return true;
	return false;
}

/* Behind the name: a verb of companies and business, or ('s) what companies have. */
static bool acts(const struct wn_words *w, size_t after)
{
	if (after >= w->n)
		return false;
	if (wn_str_is(w->w[after], "s"))
		return speaks_of_business(w, after + 1);
	if (wn_lists_company_verb(w->w[after]))
		return speaks_of_business(w, after + 1);
	return wn_str_is(w->w[after], "to") && after + 1 < w->n && speaks_of_business(w, after + 2);
}

/* The part with a blank for each apostrophe: a possessive s is a word. */
static struct wn_str without_apostrophes(struct wn_str s, struct wn_arena *a)
{
	char *p = wn_arena_strdup(a, s);

	for (size_t i = 0; i < s.n; i++)
		if (p[i] == '\'')
			p[i] = ' ';
		else if (i + 2 < s.n && memcmp(p + i, "’", 3) == 0)
			memset(p + i, ' ', 3);
	return (struct wn_str){p, s.n};
}

static bool stands_at(const struct wn_words *w, size_t at, const struct wn_words *name)
{
	if (at + name->n > w->n)
		return false;
	for (size_t i = 0; i < name->n; i++)
		if (!wn_str_eq(w->w[at + i], name->w[i]))
			return false;
	return true;
}

/* A part of the headline, between signs that end a thought. */
static bool part_has(struct wn_str part, const struct wn_words *name, struct wn_arena *a)
{
	struct wn_words w;

	wn_words_cut(without_apostrophes(part, a), a, &w);
	for (size_t at = 0; at + name->n <= w.n; at++)
		if (stands_at(&w, at, name) && (at == 0 || introduces(w.w[at - 1])) && acts(&w, at + name->n))
			return true;
	return false;
}

bool wn_headline_has_company(struct wn_str headline, struct wn_str normalised, struct wn_arena *a)
{
	struct wn_words name;
	size_t from = 0;

	wn_words_cut(normalised, a, &name);
	for (size_t i = 0; i <= headline.n && name.n; i++) {
		bool ends = i == headline.n || ((headline.p[i] == ':' || headline.p[i] == '|' || headline.p[i] == ';') &&
						i + 1 < headline.n && headline.p[i + 1] == ' ');
		if (!ends)
			continue;
		if (part_has((struct wn_str){headline.p + from, i - from}, &name, a))
			return true;
		from = i + 1;
	}
	return false;
}
