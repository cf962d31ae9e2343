/* SPDX-License-Identifier: MIT */
/*
 * What stands before the trigger of a pattern: whose act it is. A verb's subject, the owner of a sum or of a deed, or, where
 * a sum tells that money came in, the subject of whatever verb brought it.
 */
#include "news.h"

static bool some(struct news_span s) { return s.from < s.to; }

/* "Acme's $10M Series A" left of and around the trigger. */
static const char *owner(const struct news_text *x, int i, struct news_found *f)
{
	int sum;

	if (!news_owner(x, i, &f->who.company, &sum) || !news_raise(x, sum, &f->raise))
		return "no company that owns the sum";
	return NULL;
}

/* "Acme's" right before the trigger. */
static const char *holder(const struct news_text *x, int i, struct news_found *f)
{
	struct news_who w;

	if (!news_has(x, i - 1, T_POSSESSIVE) || !news_phrase_before(x, x->begin, i, &w) || !some(w.company))
		return "nobody whose it is";
	if (news_speaks_against(x, x->begin, i, &w.why_not))
		return w.why_not;
	f->who.company = w.company;
	return NULL;
}

/* The first name of the clause, if nothing up to the trigger denies or puts off. */
static const char *leading(const struct news_text *x, int i, struct news_found *f)
{
	const char *why = NULL;
	struct news_span name;

	if (news_speaks_against(x, x->begin, i, &why))
		return why;
	if (!news_leading(x, x->begin, i, &name) || news_no_company(x, name))
		return "no company that leads the clause";
	f->who.company = name;
	return NULL;
}

static bool is_finite(const struct news_text *x, int i)
{
	struct wn_str w = news_slice(x, (struct news_span){i, i + 1});

	if (w.n < 3 || news_has(x, i, T_MARK | T_DIGIT | T_COMPOUND | T_POSSESSIVE) || news_is(x, i, L_FUNCTION) || news_is(x, i, L_PREP) ||
	    news_is(x, i, L_NOTGAIN) || news_is(x, i, L_INTENT) || news_is(x, i, L_NEGATION) || news_is(x, i, L_ORG) || news_is(x, i, L_ORGS))
		return false;
	return (w.p[w.n - 1] == 's' && w.p[w.n - 2] != 's') || (w.p[w.n - 1] == 'd' && w.p[w.n - 2] == 'e');
}

/* "Juniper Row harvests $52M in new capital": any verb, if the sum is a raise's by its words. */
static const char *did(const struct news_text *x, int i, struct news_found *f)
{
	struct news_who w = {0};
	struct wn_sum m;
	int sum = -1, v;

	for (int k = i - 1; k >= x->begin && k >= i - 7 && !news_has(x, k, T_MARK); k--)
		if (news_money(x, k, &m))
			sum = k;
	if (sum < 0)
		return "no sum";
	for (v = sum - 1; v > x->begin && (news_is(x, v, L_MORE) || news_is(x, v, L_DET)) && !news_is(x, v, L_PARTICLE); v--)
		;
	if (v > x->begin && news_is(x, v, L_PARTICLE))
		v--;
	if (v <= x->begin || !is_finite(x, v) || !news_subject(x, v, false, false, &w) || !some(w.company))
		return "nobody who gained it";
	if (!news_raise(x, sum, &f->raise) || !f->raise.named)
		return "not a round";
	f->who = w;
	return NULL;
}

/* Where the sum begins that leads to the trigger over words for a raise alone ("$14M oversubscribed Series A"), -1: none. */
static int sum_before(const struct news_text *x, int i)
{
	struct wn_sum m;

	for (int k = i - 1; k >= x->begin && k >= i - 5 && !news_has(x, k, T_MARK); k--)
		if (news_money(x, k, &m) > 0 && !(k > x->begin && news_money(x, k - 1, &m) > 1))
			return k;
	return -1;
}

/* "$14M Series A": the clause begins with the sum. */
static const char *sum(const struct news_text *x, int i, struct news_found *f)
{
	enum { WORDS = 5 };
	struct wn_sum m;
	int k = i;

	while (k > x->begin && k > i - WORDS && !news_has(x, k - 1, T_MARK))
		k--;
	if (k == i || !(k == x->begin || news_has(x, k - 1, T_MARK)) || !news_money(x, k, &m) || !news_raise(x, k, &f->raise))
		return "no sum at the beginning";
	return NULL;
}

/* "Acme: $11M raised", "Acme - $11M Series A": a name alone, then the sum. */
static const char *label(const struct news_text *x, int i, struct news_found *f)
{
	int k = sum_before(x, i), end;

	if (k < 2 || !(news_mark(x, k - 1, ':') || news_mark(x, k - 1, '-') || news_mark(x, k - 1, '|')) || !news_raise(x, k, &f->raise))
		return "no sum behind a name";
	end = news_run_end(x, x->begin);
	f->who.company = news_name_stripped(x, (struct news_span){x->begin, end});
	if (end != k - 1 || !some(f->who.company) || news_no_company(x, f->who.company) || news_is(x, f->who.company.from, L_GENERIC))
		return "no name alone before the sum";
	return NULL;
}

static bool is_technology(enum wn_news_kind k)
{
	return k == WN_NEWS_TECH_ADOPTED || k == WN_NEWS_TECH_DROPPED;
}

const char *news_left(const struct news_text *x, const struct news_pattern *p, int i, struct news_found *f)
{
	bool futures = p->kind != WN_NEWS_FUNDING;
	struct news_who w = {0};

	if (!p->has_left)
		return NULL;
	if (p->left == S_START)
		return i == x->begin || news_has(x, i - 1, T_MARK) ? NULL : "not at the beginning";
	if (p->left == S_OWNER)
		return owner(x, i, f);
	if (p->left == S_HOLDER)
		return holder(x, i, f);
	if (p->left == S_LEADING)
		return leading(x, i, f);
	if (p->left == S_DID)
		return did(x, i, f);
	if (p->left == S_SUM)
		return sum(x, i, f);
	if (p->left == S_LABEL)
		return label(x, i, f);
	if (!news_subject(x, i, futures, is_technology(p->kind), &w))
		return w.why_not;
	if (w.former && p->kind != WN_NEWS_HIRE)
		return "a former post";
	switch (p->left) {
	case S_TARGET:
		if (news_has(x, i - 1, T_MARK))
			return "background, not the news"; /* "Acme, acquired by Example in 2019, ..." */
		if (!some(w.company) && !w.unnamed)
			return "nothing bought";
		f->target = w.company;
		f->unnamed_target = w.unnamed;
		f->who.whole = w.whole;
		return NULL;
	case S_PRODUCT:
		if (!some(w.company) || news_is_person(x, w.company))
			return "no product as subject";
		f->tool = (struct news_tool){w.company, NULL, w.company.to};
		return NULL;
	case S_WHO:
		if (!some(w.person) && !some(w.post) && news_is_person(x, w.company)) {
			w.person = w.company;
			w.company = (struct news_span){0, 0};
		}
		if (!some(w.person) && !some(w.post))
			return "no person as subject";
		f->who = w;
		return NULL;
	default:
		f->who = w;
		return NULL;
	}
}
