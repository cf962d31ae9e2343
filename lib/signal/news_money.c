/* SPDX-License-Identifier: MIT */
/*
 * Sums of money and rounds as news write them, and the description of a raise: which sum is the round's, which the
 * valuation, which belongs to another time.
 */
#include "news.h"

#include <math.h>
#include <stdio.h>

static const double money_max = 1e13; /* more than any deal: what is larger is a joke or an attack */

/* --- numbers -------------------------------------------------------------------------------------------- */

static const struct { const char *text; double factor; } scales[] = {
	{"k", 1e3}, {"thousand", 1e3}, {"m", 1e6}, {"mm", 1e6}, {"mn", 1e6}, {"mln", 1e6}, {"mio", 1e6}, {"million", 1e6}, {"millions", 1e6},
	{"b", 1e9}, {"bn", 1e9}, {"bln", 1e9}, {"billion", 1e9}, {"billions", 1e9}, {"t", 1e12}, {"tn", 1e12}, {"trillion", 1e12},
	{"lakh", 1e5}, {"lakhs", 1e5}, {"crore", 1e7}, {"crores", 1e7}, {"cr", 1e7}};

static double scale_of(struct wn_str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '+')
		s.n--;
	for (size_t i = 0; i < WN_COUNT(scales); i++)
		if (s.n && scales[i].text[0] == wn_lower(s.p[0]) && strlen(scales[i].text) == s.n && strncasecmp(scales[i].text, s.p, s.n) == 0)
			return scales[i].factor;
	return 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A comma before three digits parts thousands, before fewer it is the decimal point of much of Europe. */
static bool decimal_comma(struct wn_str s, size_t i)
{
	size_t k = i + 1;
	while (k < s.n && is_digit(s.p[k]))
		k++;
	return k - i - 1 < 3 && (k == s.n || s.p[k] != ',');
}

/* Digits with separators at the beginning of s: their value and bytes; 0 bytes: none, or too long to be a sum. */
static size_t number_of(struct wn_str s, double *out)
{
	enum { DIGITS = 18 };
	double value = 0, unit = 0;
	size_t i = 0, digits = 0;

	for (; i < s.n; i++) {
		if (is_digit(s.p[i])) {
			value = unit != 0 ? value + (s.p[i] - '0') * unit : value * 10 + (s.p[i] - '0');
			unit /= 10;
			digits++;
		} else if (i > 0 && i + 1 < s.n && is_digit(s.p[i + 1]) && s.p[i] == ',' && !decimal_comma(s, i) && unit == 0) {
			continue;
		} else if (i > 0 && i + 1 < s.n && is_digit(s.p[i + 1]) && (s.p[i] == '.' || s.p[i] == ',') && unit == 0) {
			unit = 0.1;
		} else {
			break;
		}
	}
	*out = value;
	return digits > 0 && digits <= DIGITS ? i : 0;
}

static struct wn_str word_at(const struct news_text *x, int i)
{
	return i >= x->begin && i < x->end && !(x->t[i].flags & T_MARK) ? (struct wn_str){x->text.p + x->t[i].at, x->t[i].n} : WN_STR("");
}

/* "half a billion", "quarter-billion", "two million": numbers in words; the tokens they take, 0 none. */
static int number_in_words(const struct news_text *x, int i, double *out, struct wn_str *rest)
{
	static const struct { const char *word; double value; } numbers[] = {
		{"half", 0.5}, {"quarter", 0.25}, {"a", 1}, {"one", 1}, {"two", 2}, {"three", 3}, {"four", 4}, {"five", 5}, {"six", 6},
		{"seven", 7}, {"eight", 8}, {"nine", 9}, {"ten", 10}, {"eleven", 11}, {"twelve", 12}, {"fifteen", 15}, {"twenty", 20},
		{"thirty", 30}, {"forty", 40}, {"fifty", 50}, {"hundred", 100}};
	struct wn_str word = word_at(x, i);
	const char *dash = word.n ? memchr(word.p, '-', word.n) : NULL;
	struct wn_str first = {word.p, dash ? (size_t)(dash - word.p) : word.n};
	double value = 0;

	for (size_t k = 0; k < WN_COUNT(numbers); k++)
		if (first.n && strlen(numbers[k].word) == first.n && strncasecmp(numbers[k].word, first.p, first.n) == 0)
			value = numbers[k].value;
	if (!(value > 0))
		return 0;
	int n = dash ? 0 : 1;
	if (!dash && value < 1 && (word_at(x, i + n).n == 2 && strncasecmp(word_at(x, i + n).p, "of", 2) == 0))
		n++;
	if (!dash && value < 1 && word_at(x, i + n).n == 1)
		n++;
	struct wn_str scale = dash ? (struct wn_str){dash + 1, word.n - first.n - 1} : word_at(x, i + n);
	const char *more = scale.n ? memchr(scale.p, '-', scale.n) : NULL; /* "-dollar" */
	*rest = more ? (struct wn_str){more + 1, (size_t)(scale.p + scale.n - more - 1)} : WN_STR("");
	scale.n = more ? (size_t)(more - scale.p) : scale.n;
	double factor = scale.n > 4 ? scale_of(scale) : 0;
	*out = value * factor;
	return factor > 0 ? n + 1 : 0;
}

/* --- a sum ---------------------------------------------------------------------------------------------- */

static const char *currency_before(const struct wn_news *n, struct wn_str s, size_t *used)
{
	const char *code = NULL;

	*used = 0;
	for (size_t i = 0; i < n->currencies.n; i++) {
		struct wn_str t = n->currencies.v[i].text;
		if (t.n <= s.n && t.n > *used && t.p[0] == wn_lower(s.p[0]) && strncasecmp(t.p, s.p, t.n) == 0) {
			*used = t.n;
			code = n->currencies.v[i].code;
		}
	}
	return code;
}

static const char *currency_is(const struct wn_news *n, struct wn_str s)
{
	size_t used;
	const char *code = s.n ? currency_before(n, s, &used) : NULL;
	return code && used == s.n ? code : NULL;
}

/* A number with an optional currency sign before and scale behind: "$16.8M", "16.8", "10m". */
struct sum { double value; const char *currency; bool scaled; };
static bool sum_of(const struct wn_news *n, struct wn_str w, struct sum *out)
{
	size_t used = 0, digits;
	struct sum s = {0};

	if (w.n == 0 || w.n > 40)
		return false;
	if (!is_digit(w.p[0])) {
		s.currency = currency_before(n, w, &used);
		if (!s.currency)
			return false;
	}
	struct wn_str rest = {w.p + used, w.n - used};
	digits = number_of(rest, &s.value);
	if (!digits)
		return false;
	rest = (struct wn_str){rest.p + digits, rest.n - digits};
	if (rest.n > 1 && rest.p[0] == '-')
		rest = (struct wn_str){rest.p + 1, rest.n - 1};
	double factor = scale_of(rest);
	s.scaled = factor > 0;
	if (factor > 0)
		s.value *= factor;
	else if (rest.n > 0 && !(rest.n == 1 && rest.p[0] == '+')) {
		if (s.currency || !(s.currency = currency_is(n, rest)))
			return false;
	}
	*out = s;
	return true;
}

static int money_in_words(const struct news_text *x, int i, struct wn_sum *out)
{
	struct wn_str rest;
	double value;
	int n = number_in_words(x, i, &value, &rest);

	if (!n)
		return 0;
	const char *currency = currency_is(x->news, rest.n ? rest : word_at(x, i + n));
	if (!currency || value > money_max)
		return 0;
	*out = (struct wn_sum){.amount = value};
	memcpy(out->currency, currency, 3);
	return n + (rest.n == 0);
}

int news_money(const struct news_text *x, int i, struct wn_sum *out)
{
	const char *currency = NULL;
	struct sum s;
	int k = i;

	if (i < x->begin || i >= x->end || (x->t[i].flags & T_MARK))
		return 0;
	if (news_is(x, i, L_NUMBER))
		return money_in_words(x, i, out);
	if (!(x->t[i].flags & T_DIGIT)) {
		if (!x->t[i].word || !x->t[i].word->is_currency)
			return 0;
		currency = currency_is(x->news, word_at(x, k++));
		if (!currency)
			return 0;
	}
	if (!sum_of(x->news, word_at(x, k), &s))
		return 0;
	k++;
	currency = s.currency ? s.currency : currency;
	double factor = s.scaled || news_has(x, k, T_MARK) ? 0 : scale_of(word_at(x, k));
	if (factor > 0) {
		s.value *= factor;
		k++;
	}
	const char *behind = k < x->end && x->t[k].word && x->t[k].word->is_currency ? currency_is(x->news, word_at(x, k)) : NULL;
	if (behind && (!currency || strcmp(behind, currency) == 0)) {
		currency = behind;
		k++;
	}
	if (!currency || !(s.value > 0) || s.value > money_max)
		return 0;
	*out = (struct wn_sum){.amount = s.value};
	memcpy(out->currency, currency, 3);
	return k - i;
}

bool wn_sum_parse(const struct wn_news *n, struct wn_str text, struct wn_sum *out, size_t *used)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct news_text x = {.news = n, .text = news_clean(text, a)};

	int k = news_next_sentence(&x, a) ? news_money(&x, x.begin, out) : 0;
	if (!k || x.begin)
		return false;
	*used = x.t[k - 1].at + x.t[k - 1].n;
	return true;
}

/* --- a round -------------------------------------------------------------------------------------------- */

static const char *const series[] = {"Series A", "Series B", "Series C", "Series D", "Series E", "Series F", "Series G", "Series H"};
static const char *const extended[] = {"Series A extension", "Series B extension", "Series C extension", "Series D extension",
				       "Series E extension", "Series F extension", "Series G extension", "Series H extension"};

static bool word_is(const struct news_text *x, int i, const char *text)
{
	struct wn_str w = word_at(x, i);
	return w.n == strlen(text) && strncasecmp(w.p, text, w.n) == 0;
}

static int extension_at(const struct news_text *x, int i)
{
	int k = i;
	while (k < i + 2 && k < x->end && news_is(x, k, L_ROUNDNOUN) && !news_in(x, L_EXTRA, k))
		k++;
	int n = news_in(x, L_EXTRA, k);
	return n ? k - i + n : 0;
}

static int series_at(const struct news_text *x, int i, struct wn_str *out)
{
	int k = i;
	if (word_is(x, k, "series"))
		k++;
	else
		return 0;
	struct wn_str w = word_at(x, k);
	char c = w.n ? (char)(w.p[0] & ~0x20) : 0;
	if (w.n == 0 || c < 'A' || c > 'H' || (w.n > 1 && w.p[1] != '-' && !(w.n == 2 && (is_digit(w.p[1]) || w.p[1] == '+'))))
		return 0;
	int more = extension_at(x, k + 1);
	*out = wn_str_of(more ? extended[c - 'A'] : series[c - 'A']);
	return k + 1 - i + more;
}

int news_round(const struct news_text *x, int i, struct wn_str *out)
{
	static const struct { const char *word, *round; } stages[] = {
		{"pre-seed", "Pre-Seed"}, {"preseed", "Pre-Seed"}, {"seed", "Seed"}, {"seed-stage", "Seed"}, {"debt", "Debt"}, {"loan", "Debt"},
		{"venture-debt", "Debt"},
		{"credit", "Debt"}, {"warehouse", "Debt"}, {"secondary", "Secondary"}, {"non-dilutive", "Non-dilutive"}, {"grant", "Non-dilutive"},
		{"growth", "Growth"}, {"angel", "Seed"}, {"series-a", "Series A"}, {"series-b", "Series B"}, {"series-c", "Series C"},
		{"series-d", "Series D"}, {"pre-series", "Seed"}};
	int n = news_is(x, i, L_ROUND) ? series_at(x, i, out) : 0;

	if (n || !news_is(x, i, L_ROUND))
		return n;
	for (size_t s = 0; s < WN_COUNT(stages); s++) {
		if (!word_is(x, i, stages[s].word))
			continue;
		int more = extension_at(x, i + 1);
		bool lent = strcmp(stages[s].word, "credit") == 0 || strcmp(stages[s].word, "warehouse") == 0;
		if (lent && !word_is(x, i + 1, "line") && !word_is(x, i + 1, "facility") && !word_is(x, i - 1, "of"))
			return 0; /* "a credit line", "a line of credit" */
		if ((strcmp(stages[s].round, "Growth") == 0 || strcmp(stages[s].round, "Secondary") == 0) &&
		    !news_is(x, i + 1 + word_is(x, i + 1, "equity"), L_ROUNDNOUN))
			return 0;
		*out = more && strcmp(stages[s].round, "Seed") == 0 ? WN_STR("Seed extension") : wn_str_of(stages[s].round);
		return 1 + more;
	}
	return 0;
}

/* "adds $15M to its Series A" */
static struct wn_str as_extension(struct wn_str round)
{
	for (size_t i = 0; i < WN_COUNT(series); i++)
		if (wn_str_is(round, series[i]))
			return wn_str_of(extended[i]);
	return wn_str_is(round, "Seed") ? WN_STR("Seed extension") : round;
}

/* --- a raise -------------------------------------------------------------------------------------------- */

/* "at $2B valuation", "valuing the firm at $2B"; from: behind the last sum or the beginning. */
static bool says_valuation(const struct news_text *x, int from, int i, int after)
{
	if (news_in(x, L_VALUATION, after) || (!news_has(x, after, T_MARK) && news_in(x, L_VALUATION, after + 1)))
		return true;
	for (int k = i - 1; k >= from && k >= i - 9; k--)
		if (news_in(x, L_VALUING, k))
			return true;
	return false;
}

/* Words behind the sum that say it was no raise (a contract, a fund), up to the next preposition. */
static bool other_thing(const struct news_text *x, int i)
{
	for (int k = i; k < i + 6 && k < x->end && !(x->t[k].flags & T_MARK); k++) {
		if (news_in(x, L_NOTRAISE, k))
			return true;
		if (news_is(x, k, L_PREP) && !word_is(x, k, "in"))
			return false;
	}
	return false;
}

/* From i on over words that may stand between verb and sum; the sum or round they lead to, -1. */
static int raise_head(const struct news_text *x, int i)
{
	enum { FILL = 8 };
	struct wn_sum m;
	struct wn_str r;

	for (int k = i; k < x->end && k < i + FILL; k++) {
		int n;
		if (news_money(x, k, &m) || news_round(x, k, &r))
			return k;
		if (news_in(x, L_ROUNDNOUN, k))
			return k;
		if ((n = news_in(x, L_MORE, k)) > 0)
			k += n - 1;
		else if ((x->t[k].flags & T_MARK) || news_is(x, k, L_PREP) || news_in(x, L_NOTRAISE, k))
			return -1;
	}
	return -1;
}

static void take_money(const struct news_text *x, int from, int at, int n, const struct wn_sum *m, struct news_raise *r)
{
	if (says_valuation(x, from, at, at + n))
		r->valuation = r->valuation.amount > 0 ? r->valuation : *m;
	else if (!(r->amount.amount > 0) && !news_in(x, L_TOTAL, at - 1) && !news_in(x, L_TOTAL, at - 2) && !news_in(x, L_TOTAL, at - 3))
		r->amount = *m;
}

bool news_raise(const struct news_text *x, int i, struct news_raise *out)
{
	struct news_raise r = {0};
	int head = raise_head(x, i), last_sum = -1;

	if (head < 0)
		return false;
	bool named_by = false; /* investors are named: "Growth Equity" is one of them */
	r.end = head;
	for (int k = head; k < x->end;) {
		struct wn_sum m;
		struct wn_str round;
		int n;
		named_by = named_by || word_is(x, k, "from") || word_is(x, k, "led") || word_is(x, k, "by");
		if (news_in(x, L_EARLIER, k) || (news_mark(x, k, '-') || news_mark(x, k, ';')))
			break;
		if ((n = news_money(x, k, &m)) > 0) {
			take_money(x, last_sum >= 0 ? last_sum : i, k, n, &m, &r);
			last_sum = k + n;
			r.end = k == head ? k + n : r.end;
		} else if ((n = news_round(x, k, &round)) > 0) {
			bool lettered = series_at(x, k, &round) > 0;
			r.named = r.named || lettered || news_is(x, k + n, L_ROUNDNOUN) || k > head;
			bool proven = lettered || news_is(x, k + n, L_ROUNDNOUN), mixed = wn_str_is(round, "Debt") && word_is(x, k - 2, "equity");
			if (!r.round.n && !mixed && (proven || (!named_by && k <= head + 6)))
				r.round = word_is(x, k - 1, "its") && word_is(x, k - 2, "to") ? as_extension(round) : round;
			r.end = k <= head + 6 ? k + n : r.end;
		} else {
			n = 1;
		}
		k += n;
	}
	for (int k = head; k < r.end + 4 && k < x->end && !r.named && (k < r.end || !news_has(x, k, T_MARK)); k++)
		r.named = news_is(x, k, L_STAGE) || (news_is(x, k, L_ROUNDNOUN) &&
						      (word_is(x, k + 1, "from") || word_is(x, k - 1, "fresh") || word_is(x, k - 1, "new")));
	while (news_is(x, r.end, L_ROUNDNOUN))
		r.end++;
	if (last_sum >= 0 && !(r.amount.amount > 0) && !r.round.n && !r.named)
		return false;
	if (!(r.amount.amount > 0) && !r.named)
		return false;
	if (other_thing(x, r.end))
		return false;
	*out = r;
	return true;
}
