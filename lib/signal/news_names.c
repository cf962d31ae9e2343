/* SPDX-License-Identifier: MIT */
/*
 * Names in a sentence: whom a verb has as subject, which company a phrase names, who is a person. No list of names: what
 * counts is capital letters, where a phrase stands and which common words are around it.
 */
#include "news.h"

/* --- runs of capitalised words -------------------------------------------------------------------------- */

static bool name_token(const struct news_text *x, int i)
{
	return news_has(x, i, T_CAP) && !(x->t[i].flags & (T_MARK | T_COMPOUND)) && !news_is(x, i, L_FUNCTION);
}

static bool joins_names(const struct news_text *x, int i)
{
	const struct news_word *w = i >= x->begin && i < x->end ? x->t[i].word : NULL;

	if (!w || !name_token(x, i - 1) || !name_token(x, i + 1))
		return false;
	if (wn_str_is(w->text, "&"))
		return true;
	return wn_str_is(w->text, "of") && news_is(x, i - 1, L_OFNAME);
}

/* Where the run that ends at `end` begins; nothing before lo. A possessive ends what is before it. */
static int run_begin(const struct news_text *x, int lo, int end)
{
	int i = end;

	while (i > lo && (name_token(x, i - 1) || (i < end && joins_names(x, i - 1)))) {
		if (i < end && (x->t[i - 1].flags & T_POSSESSIVE))
			break;
		i--;
	}
	return i;
}

int news_run_end(const struct news_text *x, int i)
{
	int from = i;
	while (i < x->end && (name_token(x, i) || (i > from && joins_names(x, i)))) {
		i++;
		if (x->t[i - 1].flags & T_POSSESSIVE)
			break;
	}
	return i;
}

struct news_span news_name_stripped(const struct news_text *x, struct news_span s)
{
	for (int i = s.to - 2; i >= s.from; i--)
		if (news_is(x, i, L_ORG) && !(x->t[i].flags & T_POSSESSIVE)) {
			s.from = i + 1;
			break;
		}
	while (s.to - s.from > 1 && news_is(x, s.from, L_DESCR) && !(s.to - s.from == 2 && news_is(x, s.from + 1, L_NOTPERSON)))
		s.from++;
	return s;
}

/* A country, an agency, somebody in office: no account. */
bool news_no_company(const struct news_text *x, struct news_span s)
{
	if (s.to - s.from > 1 && x->t[s.from].n == 3 && x->t[s.from].word && wn_str_is(x->t[s.from].word->text, "the"))
		s.from++;
	for (int i = s.from; i < s.to; i++)
		if (news_in(x, L_OFFICIAL, i))
			return true;
	return s.from < s.to && s.from + news_in(x, L_NOTCOMPANY, s.from) >= s.to;
}

/* "The" belongs to a name that it begins a headline with. */
static struct news_span with_article(const struct news_text *x, struct news_span s)
{
	static const char the[] = "The";
	int i = s.from - 1;

	if (s.from < s.to && i >= x->begin && x->t[i].n == 3 && memcmp(x->text.p + x->t[i].at, the, 3) == 0 &&
	    (i == x->begin || x->title_case || news_has(x, i - 1, T_MARK)))
		s.from = i;
	return s;
}

bool news_is_person(const struct news_text *x, struct news_span s)
{
	int n = s.to - s.from;

	if (n < 2 || n > 4)
		return false;
	for (int i = s.from; i < s.to; i++) {
		struct wn_str w = {x->text.p + x->t[i].at, x->t[i].n};
		if (news_is(x, i, L_ORG) || news_is(x, i, L_NOTPERSON) || news_in(x, L_POST, i) || news_is(x, i, L_FUNDNAME) ||
		    news_is(x, i, L_TECH) || (x->t[i].flags & T_POSSESSIVE && i + 1 < s.to))
			return false;
		if ((x->t[i].flags & T_UPPER) && w.n > 2)
			return false;
		for (size_t k = 0; k < w.n; k++)
			if (w.p[k] >= '0' && w.p[k] <= '9')
				return false;
	}
	return true;
}

/* The verb or post that a person's name follows. */
static bool leads_to_person(const struct news_text *x, int i)
{
	struct wn_str w = news_slice(x, (struct news_span){i, i + 1});

	if (news_is(x, i, L_POST) || news_is(x, i, L_HONORIFIC))
		return true;
	return i > x->begin && x->t[i].word && x->t[i].word->begins_trigger && w.n > 3 && (w.p[w.n - 1] == 's' || w.p[w.n - 1] == 'd');
}

/* "names Lisa Brand CEO", "CEO Lisa Brand resigns", not "buys Example Bank". */
static bool is_surname(const struct news_text *x, int i)
{
	bool post = news_in(x, L_POST, i + 1);

	if (!name_token(x, i - 1) || news_in(x, L_POST, i - 1) || (name_token(x, i + 1) && !post))
		return false;
	return news_is(x, i - 2, L_POST) || news_is(x, i - 2, L_HONORIFIC) ||
	       (leads_to_person(x, i - 2) && (post || news_in(x, L_AS, i + 1)));
}

void news_settle_names(struct news_text *x)
{
	for (int i = x->begin + 1; i < x->end; i++)
		if (news_has(x, i, T_CAP) && news_is(x, i, L_NAMEWORD) && ((leads_to_person(x, i - 1) && name_token(x, i + 1)) || is_surname(x, i)))
			x->t[i].word = NULL;
}

/* --- noun phrases that end somewhere -------------------------------------------------------------------- */

/* A post that ends at `end`, read leftwards: "co-founder and CEO", "VP of business products". */
static int post_begin(const struct news_text *x, int lo, int end)
{
	int best = end;

	for (int i = end - 1; i >= lo && i >= end - 6; i--)
		if (i + news_in(x, L_POST, i) == end)
			best = i;
	if (best < end && best - 1 > lo && x->t[best - 1].word && wn_str_is(x->t[best - 1].word->text, "and")) {
		int more = post_begin(x, lo, best - 1);
		return more < best - 1 ? more : best;
	}
	return best;
}

/* "head of trust and safety": a post with what it is of, that ends at `end`. */
static int post_of_begin(const struct news_text *x, int lo, int end)
{
	enum { WORDS = 6 };

	for (int k = end - 2; k > lo && k > end - WORDS && !news_has(x, k, T_MARK); k--) {
		if (!x->t[k].word || !wn_str_is(x->t[k].word->text, "of"))
			continue;
		int whole = post_begin(x, lo, k + 1), head = post_begin(x, lo, k);
		return whole < k + 1 ? whole : head < k ? head : end;
	}
	return end;
}

/* Nothing but words like AI, HR, UK: they say what kind, not who. */
static bool generic(const struct news_text *x, int from, int to)
{
	for (int i = from; i < to; i++)
		if (!news_is(x, i, L_GENERIC))
			return false;
	return from < to;
}

/* Left of a post that begins at `at`: the company it is of, over at most four modifiers. */
static void company_of_post(const struct news_text *x, int lo, int at, struct news_who *w)
{
	int i = at;

	if (news_is(x, at - 1, L_FORMER) || news_is(x, at, L_FORMER))
		w->former = true;
	for (int steps = 0; i > lo && steps < 5 && (!name_token(x, i - 1) || generic(x, run_begin(x, lo, i), i)); steps++, i--)
		if (news_has(x, i - 1, T_MARK) || news_is(x, i - 1, L_PREP) || news_is(x, i - 1, L_FORMER))
			return;
	if (i < at && !news_has(x, i - 1, T_POSSESSIVE) && news_is(x, i, L_PREP))
		return;
	int from = run_begin(x, lo, i);
	if (from == i)
		return;
	if (news_is(x, from - 1, L_FORMER)) {
		w->former = true;
		return;
	}
	if (i == at && i - from == 1 && news_is(x, from, L_NOTPERSON) && !(x->t[from].flags & T_POSSESSIVE)) /* "Sales head": no company's */
		return;
	w->company = news_name_stripped(x, (struct news_span){from, i});
}

/* A run that holds a post: "Lucid Motors CEO Peter Rawlinson". */
static bool split_at_post(const struct news_text *x, struct news_span run, struct news_who *w)
{
	for (int i = run.from; i < run.to; i++) {
		int n = news_in(x, L_POST, i);
		if (!n || i + n > run.to)
			continue;
		w->post = (struct news_span){i, i + n};
		bool of_what = i == run.from + 1 && news_is(x, run.from, L_NOTPERSON); /* "Sales Head" */
		w->company = i > run.from && !of_what ? news_name_stripped(x, (struct news_span){run.from, i}) : (struct news_span){0, 0};
		w->person = (struct news_span){i + n, run.to};
		w->person_head = true;
		w->former = news_is(x, run.from - 1, L_FORMER);
		return true;
	}
	return false;
}

static bool is_word(const struct news_text *x, int i, const char *text)
{
	return i >= x->begin && i < x->end && x->t[i].word && wn_str_is(x->t[i].word->text, text);
}

/* The "of" or "at" before a name, over words that only say what it is: "of meal kit startup Acme"; lo: none. */
static int behind_what(const struct news_text *x, int lo, int from)
{
	enum { MODIFIERS = 5 };
	int k = from - 1;

	while (k > lo && k > from - 1 - MODIFIERS && !news_has(x, k, T_MARK | T_POSSESSIVE) && !news_is(x, k, L_PREP) &&
	       (!news_has(x, k, T_CAP) || news_is(x, k, L_DESCR)))
		k--;
	bool named = k == from - 1 || news_is(x, from - 1, L_ORG);
	return k >= lo && named && (is_word(x, k, "of") || is_word(x, k, "at")) ? k : lo;
}

static bool phrase_of_run(const struct news_text *x, int lo, struct news_span run, struct news_who *w)
{
	int p;

	if (split_at_post(x, run, w)) {
		if (w->company.from == w->company.to)
			company_of_post(x, lo, run.from, w);
		if (w->person.from < w->person.to && !news_is_person(x, w->person))
			w->person = (struct news_span){0, 0};
		return true;
	}
	int of = behind_what(x, lo, run.from);
	if (generic(x, run.from, run.to) && (p = post_of_begin(x, lo, run.to)) < run.to) { /* "Head of AI" */
		*w = (struct news_who){.post = {p, run.to}, .person_head = true};
		company_of_post(x, lo, p, w);
		return true;
	}
	if (of > lo && (p = post_begin(x, lo, of)) < of) { /* "the CEO of meal kit startup Acme" */
		*w = (struct news_who){.company = news_name_stripped(x, run), .post = {p, of}, .person_head = true};
		return true;
	}
	if ((p = post_begin(x, lo, run.from)) < run.from && news_is_person(x, run)) {
		*w = (struct news_who){.person = run, .post = {p, run.from}, .person_head = true};
		company_of_post(x, lo, p, w);
		return true;
	}
	w->company = with_article(x, news_name_stripped(x, run));
	return true;
}

/* "two former Example Airlines pilots", "ex-Example engineers": people by what they were. */
static bool were_something(const struct news_text *x, int lo, int end)
{
	struct wn_str w = news_slice(x, (struct news_span){end - 1, end});

	if (end <= lo || w.n < 4 || w.p[w.n - 1] != 's' || news_has(x, end - 1, T_CAP | T_MARK | T_DIGIT))
		return false;
	for (int i = end - 2; i >= lo && i >= end - 8 && !news_has(x, i, T_MARK); i--)
		if (news_is(x, i, L_FORMER) || (x->t[i].n > 3 && strncasecmp(x->text.p + x->t[i].at, "ex-", 3) == 0))
			return true;
	return false;
}

/* "Acme's 20-year-old founders": whose they are. */
static struct news_span owner_before(const struct news_text *x, int lo, int end)
{
	for (int i = end - 1; i >= lo && i >= end - 6; i--)
		if (news_has(x, i, T_POSSESSIVE) && name_token(x, i) && news_in(x, L_POST, end))
			return news_name_stripped(x, (struct news_span){run_begin(x, lo, i + 1), i + 1});
	return (struct news_span){0, 0};
}

bool news_phrase_before(const struct news_text *x, int lo, int end, struct news_who *out)
{
	struct news_who w = {0};
	int from = run_begin(x, lo, end), p;

	if (from < end) {
		if (!phrase_of_run(x, lo, (struct news_span){from, end}, &w))
			return false;
	} else if ((p = post_begin(x, lo, end)) < end || (p = post_of_begin(x, lo, end)) < end) {
		w.post = (struct news_span){p, end};
		w.person_head = true;
		company_of_post(x, lo, p, &w);
		if (w.company.from == w.company.to && !w.former)
			w.company = owner_before(x, lo, p);
	} else if (end > lo && news_is(x, end - 1, L_ORGAN) && (from = run_begin(x, lo, end - 1)) < end - 1) {
		w.company = news_name_stripped(x, (struct news_span){from, end - 1});
	} else if (end > lo && (news_is(x, end - 1, L_ROLE) || were_something(x, lo, end))) {
		w.role_head = w.person_head = w.unnamed = true;
		if (news_is(x, end - 1, L_ROLE))
			w.company = owner_before(x, lo, end - 1);
	} else if (end > lo && (news_is(x, end - 1, L_ORG) || news_is(x, end - 1, L_PUBLIC))) {
		w.unnamed = true;
	} else {
		return false;
	}
	*out = w;
	return true;
}

/* --- the subject of a verb ------------------------------------------------------------------------------ */

/* First token of the clause that token v is in. */
static int clause_begin(const struct news_text *x, int v)
{
	int i = v;
	while (i > x->begin && !(news_mark(x, i - 1, ':') || news_mark(x, i - 1, ';') || news_mark(x, i - 1, '-') || news_mark(x, i - 1, '|')))
		i--;
	return i;
}

static int comma_before(const struct news_text *x, int lo, int i)
{
	while (--i >= lo)
		if (news_mark(x, i, ','))
			return i;
	return -1;
}

bool news_owner(const struct news_text *x, int i, struct news_span *name, int *sum)
{
	struct wn_sum m;
	int k = i;

	while (k > x->begin && k > i - 6 && !news_has(x, k - 1, T_POSSESSIVE) && !news_has(x, k - 1, T_MARK))
		k--;
	if (!news_has(x, k - 1, T_POSSESSIVE))
		return false;
	int from = run_begin(x, x->begin, k);
	int at = k;
	while (at < i && !news_money(x, at, &m) && (news_is(x, at, L_MORE) || news_is(x, at, L_DET)))
		at++;
	if (from == k || !news_money(x, at, &m))
		return false;
	for (int b = from - 1; b >= x->begin && b >= from - 6 && !news_has(x, b, T_MARK); b--)
		if (news_is(x, b, L_BACKGROUND) || news_is(x, b, L_EARLIER) || news_is(x, b, L_NEGATION) || news_is(x, b, L_INTENT))
			return false;
	*name = with_article(x, news_name_stripped(x, (struct news_span){from, k}));
	*sum = at;
	return true;
}

/* In a headline of capitals a verb we know ends a name: "Acme Group Expands Into Ohio". */
static int before_verb(const struct news_text *x, int from, int end)
{
	for (int i = from + 1; x->title_case && i < end; i++) {
		struct wn_str w = news_slice(x, (struct news_span){i, i + 1});
		if (x->t[i].word && x->t[i].word->begins_trigger && w.n > 3 && (w.p[w.n - 1] == 's' || w.p[w.n - 1] == 'd'))
			return i;
	}
	return end;
}

bool news_leading(const struct news_text *x, int from, int before, struct news_span *name)
{
	int i = from;

	if (news_is(x, i, L_BACKGROUND))
		return false;
	while (i < before && !name_token(x, i) && i < from + 8)
		i++;
	int end = i < before ? before_verb(x, i, news_run_end(x, i)) : i;
	if (end == i || end > before)
		return false;
	if (i == from && end == i + 1) { /* a capital that only begins the sentence: "Battery unicorn Northvolt" */
		int k = end;
		while (k < before && k < end + 6 && !news_has(x, k, T_CAP | T_MARK) && !news_is(x, k, L_PREP))
			k++;
		if (k < before && k > end && name_token(x, k) && news_is(x, k - 1, L_ORG)) {
			i = k;
			end = news_run_end(x, k);
		}
	}
	struct news_who w = {0};
	(void)phrase_of_run(x, x->begin, (struct news_span){i, end}, &w);
	*name = w.company;
	return w.company.from < w.company.to;
}

/* Auxiliaries, adverbs and "agrees to" between subject and verb; why_not if they deny the act or put it off. */
static int skip_auxiliaries(const struct news_text *x, int lo, int v, bool futures, const char **why_not)
{
	bool agreed = false;
	int i = v;

	while (i > lo) {
		int k = i - 1;
		if (news_is(x, k, L_NEGATION))
			*why_not = "denied";
		else if (news_is(x, k, L_INTENT))
			*why_not = "an intention, not an act";
		else if (news_is(x, k, L_FUTURE)) {
			if (!futures)
				*why_not = "not done yet";
		} else if (news_is(x, k, L_AGREE) || (agreed && news_has(x, k, T_DIGIT))) {
			agreed = true;
		} else if (!news_is(x, k, L_AUX) && !(i < v && is_word(x, k, "that") && news_is(x, k - 1, L_AUX))) { /* "said that it raised" */
			break;
		}
		if (*why_not)
			return i;
		i--;
	}
	return i;
}

/* "it", "the company", "the Berlin-based company", not "her AI startup" nor "The Prompting Company". */
static bool refers(const struct news_text *x, int lo, int i)
{
	if (!news_is(x, i, L_PRONOUN) || (news_has(x, i, T_CAP) && !(x->fills_in && i == x->begin)))
		return false;
	int the = i - 1;
	while (the > lo && news_has(x, the, T_COMPOUND))
		the--;
	return !news_is(x, i, L_ORG) || (i > lo && is_word(x, the, "the"));
}

/* Whom a pronoun means: who leads the sentence, or, in a body, the company that the headline told of. */
static bool referred(const struct news_text *x, int before, struct news_who *out)
{
	if (news_leading(x, x->begin, before, &out->company))
		return true;
	out->unnamed = x->fills_in;
	return x->fills_in;
}

/* Behind the post of an apposition: "head of AI at Acme", "CEO of Acme". */
static struct news_span company_behind(const struct news_text *x, int i, int end)
{
	for (int k = i; k < end; k++)
		if (is_word(x, k, "at") && name_token(x, k + 1))
			return (struct news_span){k + 1, news_run_end(x, k + 1)};
	if (is_word(x, i, "of") && name_token(x, i + 1))
		return (struct news_span){i + 1, news_run_end(x, i + 1)};
	return (struct news_span){0, 0};
}

/* The phrase between commas behind a name, and what it says of it: "Jane Roe, CEO of Acme, resigns". Who is led, founded,
 * backed by somebody is a company. */
static bool apposed(const struct news_text *x, int lo, int before, int end, struct news_who *out)
{
	struct news_who w = {0};
	int more = comma_before(x, lo, before);

	if (!news_phrase_before(x, more + 1 > lo ? more + 1 : lo, before, out))
		return false;
	if (out->post.from < out->post.to || !news_is_person(x, out->company) || is_word(x, before + 2, "by"))
		return true;
	int i = before + 1, n = 0;
	while (i < end && !(n = news_in(x, L_POST, i)))
		i++;
	if (!n)
		return true;
	company_of_post(x, before + 1, i, &w);
	if (w.company.from == w.company.to)
		w.company = company_behind(x, i + n, end);
	w.person = out->company;
	w.post = (struct news_span){i, w.company.from > i ? w.company.from - 1 : end};
	w.person_head = true;
	*out = w;
	return true;
}

/* "Acme's CTO, Jane Roe, leaves": between the commas stands who holds the post. */
static bool named_behind_post(const struct news_text *x, int lo, int before, int end, struct news_who *out)
{
	struct news_span person = {before + 1, end};
	struct news_who w = {0};
	int more = comma_before(x, lo, before);

	if (run_begin(x, before + 1, end) != before + 1 || !news_is_person(x, person) ||
	    !news_phrase_before(x, more + 1 > lo ? more + 1 : lo, before, &w) || w.post.from == w.post.to || w.person.from < w.person.to)
		return false;
	w.person = person;
	*out = w;
	return true;
}

/* "her new startup, Acme, raises", "Startup making plastic, Acme, raises": between the commas stands what it is called. */
static bool named_behind_kind(const struct news_text *x, int lo, int before, int end, struct news_who *out)
{
	bool kind = news_is(x, before - 1, L_ORG) && !news_has(x, before - 1, T_CAP);

	if (!(kind || (lo == x->begin && news_is(x, lo, L_ORG) && !x->title_case)) || run_begin(x, before + 1, end) != before + 1 || end == before + 1)
		return false;
	*out = (struct news_who){.company = {before + 1, end}};
	return true;
}

static bool begins_apposition(const struct news_text *x, int i)
{
	return news_is(x, i, L_APPOSITION) || news_in(x, L_POST, i) || news_has(x, i, T_POSSESSIVE) ||
	       (!news_has(x, i, T_CAP) && !news_is(x, i, L_FUNCTION));
}

/* "the sleep startup" of a body is the one the headline told of; "a startup", "its rival" are not. */
static bool is_the_one(const struct news_text *x, int lo, int end)
{
	enum { MODIFIERS = 5 };
	int k = end - 1;

	while (k > lo && k > end - MODIFIERS && !news_is(x, k, L_DET) && !news_has(x, k, T_MARK))
		k--;
	return is_word(x, k, "the") && !is_word(x, end - 1, "rival") && !is_word(x, end - 1, "competitor");
}

static bool subject_at(const struct news_text *x, int lo, int j, struct news_who *out)
{
	int comma = comma_before(x, lo, j);

	if (j == lo && x->fills_in && refers(x, lo, lo)) /* "It raised": passed over as in "said it raised" */
		return referred(x, lo, out);
	if (j == lo && news_mark(x, lo - 1, ';')) /* "Acme announces changes; names Jane Roe" */
		return news_leading(x, x->begin, lo - 1, &out->company);
	if (news_mark(x, j - 1, ',')) {
		int before = comma_before(x, lo, j - 1);
		if (before >= 0 && begins_apposition(x, before + 1))
			return apposed(x, lo, before, j - 1, out);
		if (before >= 0 && (named_behind_post(x, lo, before, j - 1, out) || named_behind_kind(x, lo, before, j - 1, out)))
			return true;
		return news_leading(x, x->begin, j - 1, &out->company);
	}
	if (j > lo && (is_word(x, j - 1, "and") || is_word(x, j - 1, "then") || is_word(x, j - 1, "&")))
		return news_leading(x, x->begin, j - 1, &out->company);
	if (j > lo && refers(x, lo, j - 1))
		return referred(x, j - 1, out);
	if (!news_phrase_before(x, comma >= lo ? comma + 1 : lo, j, out))
		return false;
	return !(x->fills_in && out->unnamed && !is_the_one(x, lo, j));
}

/* "Jane Roe, MD, named": the letters behind a name are passed over. */
static int before_letters(const struct news_text *x, int lo, int j)
{
	int k = j - 1;

	if (!news_mark(x, k, ','))
		return j;
	while (k > lo && (news_is(x, k - 1, L_POSTNOMINAL) || news_mark(x, k - 1, ',')))
		k--;
	return news_mark(x, k, ',') && k < j - 1 && name_token(x, k - 1) ? k : j;
}

bool news_speaks_against(const struct news_text *x, int from, int to, const char **why)
{
	for (int i = from; i < to; i++) {
		*why = news_is(x, i, L_INTENT) ? "an intention, not an act" : news_is(x, i, L_NEGATION) ? "denied" :
		       news_is(x, i, L_BACKGROUND) ? "background, not the news" : NULL;
		if (*why)
			return true;
	}
	return false;
}

bool news_subject(const struct news_text *x, int v, bool futures, bool blog, struct news_who *out)
{
	struct news_who w = {0};
	const char *why = NULL;
	int lo = clause_begin(x, v), j = before_letters(x, lo, skip_auxiliaries(x, lo, v, futures, &why));

	if (why) {
		out->why_not = why;
		return false;
	}
	if (!subject_at(x, lo, j, &w)) {
		out->why_not = w.why_not ? w.why_not : "no company as subject";
		return false;
	}
	if (w.why_not) {
		out->why_not = w.why_not;
		return false;
	}
	int first = w.company.from < w.company.to ? w.company.from : w.post.from < w.post.to ? w.post.from : j - 1;
	for (int i = first; i >= lo && i >= first - 4 && !news_has(x, i, T_MARK); i--)
		if (news_is(x, i, L_BACKGROUND) && !(blog && news_is(x, i, L_BLOG)) && !(is_word(x, i, "that") && news_is(x, i - 1, L_AUX))) {
			out->why_not = "background, not the news";
			return false;
		}
	if (first - 1 == lo && (is_word(x, lo, "in") || is_word(x, lo, "for") || is_word(x, lo, "amid"))) { /* "In bid to buy" */
		out->why_not = "no company as subject";
		return false;
	}
	if (news_is(x, first - 1, L_INTENT)) { /* "asks Acme to fire" */
		out->why_not = "an intention, not an act";
		return false;
	}
	if (w.person_head && w.company.from == w.company.to && futures && !w.former)
		(void)news_leading(x, lo, w.post.from, &w.company);
	if (generic(x, w.company.from, w.company.to) || news_no_company(x, w.company)) {
		out->why_not = "no company as subject";
		return false;
	}
	w.whole = w.company.from < w.company.to && w.company.to == j && news_has(x, j - 1, T_POSSESSIVE);
	*out = w;
	return true;
}

/* --- the object ----------------------------------------------------------------------------------------- */

/* "Irish Rival": what kind, no name. */
static bool kind_only(const struct news_text *x, struct news_span s)
{
	for (int i = s.from; i < s.to; i++)
		if (!news_is(x, i, L_ORG) && !news_is(x, i, L_ORGS) && !news_is(x, i, L_DESCR) && !news_is(x, i, L_GENERIC))
			return false;
	return s.from < s.to && news_is(x, s.to - 1, L_ORG);
}

/* "an Entire Movie Theater": one of many, unless it is told what it is ("a startup, Acme"). */
static bool indefinite(const struct news_text *x, int i, int name)
{
	if (i >= name || !(is_word(x, i, "a") || is_word(x, i, "an")))
		return false;
	for (; i < name; i++)
		if (news_is(x, i, L_ORG))
			return false;
	return true;
}

/* In a headline of capitals a word in -ing goes on with the sentence. */
static int before_participle(const struct news_text *x, int from, int end)
{
	for (int i = from + 1; x->title_case && i + 1 < end; i++) {
		struct wn_str w = news_slice(x, (struct news_span){i, i + 1});
		if (w.n > 5 && strncasecmp(w.p + w.n - 3, "ing", 3) == 0 && !news_is(x, i, L_INGNAME))
			return i;
	}
	return end;
}

bool news_object(const struct news_text *x, int i, struct news_span *name, int *end, bool *unnamed)
{
	struct news_span last = {0, 0};
	bool org = false;
	int k = i, cut = -1;

	for (; k < x->end && k < i + 14; k++) {
		int e;
		if (name_token(x, k)) {
			e = before_participle(x, k, news_run_end(x, k));
			last = (struct news_span){k, e};
			org = false;
			if (e < news_run_end(x, k)) { /* "Acme Creating a Giant" */
				cut = e;
				break;
			}
			k = e - 1;
			continue;
		}
		if (news_has(x, k, T_MARK) || (news_is(x, k, L_PREP) && !joins_names(x, k)) || news_is(x, k, L_FUTURE))
			break;
		if (last.from < last.to && last.to == k && (news_has(x, k, T_DIGIT) || news_is(x, k, L_EARLIER)))
			break;
		org = news_is(x, k, L_ORG) || news_is(x, k, L_ORGS);
	}
	*end = last.from < last.to && last.to == cut ? (k = cut) : k;
	if (last.from < last.to && last.to == k) {
		if (generic(x, last.from, last.to) || news_no_company(x, last))
			return false;
		*name = with_article(x, news_name_stripped(x, last));
		*unnamed = kind_only(x, *name);
		*name = *unnamed ? (struct news_span){0, 0} : *name;
		return *unnamed || !indefinite(x, i, name->from);
	}
	*name = (struct news_span){0, 0};
	*unnamed = org;
	return org;
}
