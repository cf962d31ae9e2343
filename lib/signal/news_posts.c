/* SPDX-License-Identifier: MIT */
/*
 * Posts and who takes or leaves them, read from the words behind a verb.
 */
#include "news.h"

#include <strings.h>

static bool is_name(const struct news_text *x, int i)
{
	return news_has(x, i, T_CAP) && !news_is(x, i, L_FUNCTION);
}

static bool stops(const struct news_text *x, int i)
{
	return i >= x->end || news_has(x, i, T_MARK) || news_is(x, i, L_PREP) || news_is(x, i, L_FUTURE);
}

static bool is_of(const struct news_text *x, int i)
{
	const struct news_word *w = i >= x->begin && i < x->end ? x->t[i].word : NULL;
	return w && (wn_str_is(w->text, "of") || wn_str_is(w->text, "for"));
}

/* "of business products", "of engineering": at most five words more. */
static int of_what(const struct news_text *x, int i)
{
	int from = is_of(x, i) ? i + 1 : is_of(x, i - 1) ? i : -1, k = from; /* "head" or "head of" is the post */

	if (from < 0)
		return i;
	while (k < from + 5 && !stops(x, k))
		k++;
	return k > from ? k : i;
}

/* "VP, People & Culture": behind the comma stands what of, up to the end of the phrase. */
static int behind_comma(const struct news_text *x, int k)
{
	int end = news_mark(x, k, ',') && news_is(x, k + 1, L_NOTPERSON) ? news_run_end(x, k + 1) : k;

	return end > k + 1 && (stops(x, end) || news_is(x, end, L_DET)) ? end : k;
}

bool news_post(const struct news_text *x, int i, struct news_span *post, int *end)
{
	int k = i, n = 0;

	while (news_is(x, k, L_DET))
		k++;
	int from = k;
	for (; k < from + 5 && !(n = news_in(x, L_POST, k)); k++)
		if (stops(x, k) || news_is(x, k, L_FORMER) || news_has(x, k, T_POSSESSIVE))
			return false;
	if (!n)
		return false;
	k += n;
	if (k + 1 < x->end && x->t[k].word && wn_str_is(x->t[k].word->text, "and") && (n = news_in(x, L_POST, k + 1)) > 0)
		k += 1 + n;
	if (news_is(x, k, L_NOTOFFICE) || news_is(x, k - 1, L_NOTOFFICE))
		return false;
	*post = (struct news_span){from, of_what(x, behind_comma(x, k))};
	*end = post->to;
	return true;
}

/* A person's name at k, also behind a post ("CEO Jane Roe"). */
static bool person_at(const struct news_text *x, int k, struct news_span *out)
{
	int end = news_run_end(x, k), from = k;

	for (int i = k; i < end; i++) {
		int n = news_in(x, L_POST, i);
		if (!n)
			continue;
		if (i > k && news_is_person(x, (struct news_span){from, i})) {
			end = i;
			break;
		}
		from = i + n;
		i += n - 1;
	}
	for (int i = from; i < end - 2; i++)
		if (news_is(x, i, L_ROLE) && !news_has(x, i, T_POSSESSIVE)) /* "Industry Veteran Jane Roe" */
			from = i + 1;
	if (end > from && news_has(x, end - 1, T_POSSESSIVE))
		return false;
	while (from < end && news_is(x, from, L_HONORIFIC))
		from++;
	struct news_span s = {from, end};
	if (from < end && x->t[from].n > 3 && strncasecmp(x->text.p + x->t[from].at, "ex-", 3) == 0)
		return false; /* "ex-Example Pay" says what somebody was */
	if (from >= end || !news_is_person(x, s) || news_is(x, end, L_ORG))
		return false;
	*out = s;
	return true;
}

bool news_person(const struct news_text *x, int i, struct news_span *out, int *end)
{
	if (!is_name(x, i) || !person_at(x, i, out))
		return false;
	*end = out->to;
	while (news_mark(x, *end, ',') && news_is(x, *end + 1, L_POSTNOMINAL)) /* "Jane Roe, Ph.D.," */
		*end += news_mark(x, *end + 2, ',') ? 3 : 2;
	return true;
}

/* What stands between verb and post: persons, posts they had. */
struct scan {
	struct news_who who;
	bool had_post, had_role, leads, taken;
	int led;
};

/* A preposition that leads away from whom the verb is about. */
static bool speaks_of_other(const struct news_text *x, int k)
{
	static const char *const words[] = {"with", "for", "on", "against", "over", "in", "into"};

	for (size_t i = 0; news_is(x, k, L_PREP) && i < WN_COUNT(words); i++)
		if (wn_str_is(x->t[k].word->text, words[i]))
			return true;
	return false;
}

static void scan(const struct news_text *x, int i, struct scan *s)
{
	int n, end;

	for (int k = i; k < x->end && k < i + 30; k++) {
		if (news_mark(x, k, ';') || news_mark(x, k, '-') || news_is(x, k, L_BACKGROUND))
			break;
		if ((n = news_in(x, L_AS, k)) > 0 && news_post(x, k + n, &s->who.post, &end)) {
			s->taken = true;
			if (s->who.person.from == s->who.person.to && is_name(x, end))
				(void)person_at(x, end, &s->who.person);
			break;
		}
		if ((n = news_in(x, L_LEADS, k)) > 0) {
			s->leads = true;
			s->led = k + n;
			break;
		}
		if (s->who.person.from == s->who.person.to && is_name(x, k) && person_at(x, k, &s->who.person)) {
			k = s->who.person.to - 1;
			if (!s->taken && !s->had_post && !news_mark(x, k + 1, ',') && news_in(x, L_POST, k + 1) && news_post(x, k + 1, &s->who.post, &end))
				s->taken = true;
		} else if ((n = news_in(x, L_POST, k)) > 0) {
			s->had_post = true;
		} else if (news_is(x, k, L_ROLE)) {
			s->had_role = true;
		} else if (speaks_of_other(x, k) && !s->had_post && !s->had_role && s->who.person.from == s->who.person.to) {
			break; /* "lands a deal with Jane Roe to run" */
		}
	}
}

static struct news_span led(const struct news_text *x, int i)
{
	while (news_is(x, i, L_DET))
		i++;
	int k = i;
	while (k < i + 6 && !stops(x, k))
		k++;
	return (struct news_span){i, k};
}

bool news_appointee(const struct news_text *x, int i, struct news_who *out)
{
	struct scan s = {.led = -1};
	struct news_span post;
	int end;

	scan(x, i, &s);
	if (!s.taken && !s.leads && news_post(x, i, &post, &end)) {
		s.taken = true;
		s.who.post = post;
		if (s.who.person.from == s.who.person.to && is_name(x, end))
			(void)person_at(x, end, &s.who.person);
	}
	bool person = s.who.person.from < s.who.person.to;
	struct news_span what = led(x, s.led);
	if (!s.taken && s.leads && !news_is(x, what.to - 1, L_NOTOFFICE) && (person || s.had_post || s.had_role)) {
		s.who.post = what;
		s.who.unnamed = true; /* what is led, not a post */
		s.taken = true;
	}
	if (!s.taken && !s.had_post)
		return false;
	*out = s.who;
	return true;
}

bool news_leaver(const struct news_text *x, int i, struct news_who *out)
{
	struct news_who w = {0};
	int end = i;

	if (news_post(x, i, &w.post, &end)) {
		if (is_name(x, end))
			(void)person_at(x, end, &w.person);
	} else if (is_name(x, i) && person_at(x, i, &w.person) && news_in(x, L_AS, w.person.to)) {
		(void)news_post(x, w.person.to + news_in(x, L_AS, w.person.to), &w.post, &end);
	} else {
		return false;
	}
	if (w.post.from == w.post.to)
		return false;
	*out = w;
	return true;
}

bool news_away(const struct news_text *x, int i)
{
	enum { MODIFIERS = 5 };

	if (stops(x, i) || is_name(x, i) || news_is(x, i, L_BACKGROUND) || news_is(x, i, L_EARLIER) || news_is(x, i, L_NUMBER) || news_is(x, i, L_WHEN))
		return true;
	while (news_is(x, i, L_DET))
		i++;
	if (news_is(x, i, L_ORG) || news_is(x, i, L_OFFICE) || news_is(x, i, L_WHEN))
		return true;
	for (int k = i; k < i + MODIFIERS && !stops(x, k) && !news_has(x, k, T_POSSESSIVE); k++) /* "the nuclear startup" */
		if (news_is(x, k, L_ORG) && stops(x, k + 1))
			return true;
	return false;
}
