/* SPDX-License-Identifier: MIT */
/*
 * Technologies in a sentence: those of the table, and what is written like the name of a product.
 */
#include "news.h"

static const struct news_technology *value_of(const struct news_text *x, int i, int n)
{
	const struct news_word *w = x->t[i].word;
	unsigned v = n == 1 ? w->value : 0;

	for (const struct news_phrase *p = w->phrases; n > 1 && p; p = p->next)
		if (p->list == L_TECH && p->n == n)
			v = p->value;
	return v && v <= x->news->technologies.n ? &x->news->technologies.v[v - 1] : NULL;
}

bool news_tool(const struct news_text *x, int i, bool known, struct news_tool *out)
{
	enum { MODIFIERS = 6 };

	for (int k = i; k < x->end && k < i + MODIFIERS; k++) {
		int n = news_in(x, L_TECH, k);
		if (n) {
			*out = (struct news_tool){{k, k + n}, value_of(x, k, n), k + n};
			return true;
		}
		if (news_has(x, k, T_MARK) || news_is(x, k, L_PREP))
			return false;
		if (known || !news_has(x, k, T_CAP) || news_is(x, k, L_FUNCTION))
			continue;
		struct news_span run = {k, news_run_end(x, k)};
		for (int t = run.from; t < run.to; t++)
			if ((n = news_in(x, L_TECH, t)) > 0) {
				*out = (struct news_tool){run, value_of(x, t, n), run.to};
				return true;
			}
		*out = (struct news_tool){run, NULL, run.to};
		return run.from < run.to;
	}
	return false;
}
