/* SPDX-License-Identifier: MIT */
/* What the extraction of news reads and what it leaves; its data and their errors; sums; rates of exchange. How often it is
 * right over many texts is measured by tests/run extraction. */
#include <whynow/limits.h>
#include <whynow/news.h>
#include <whynow/signal.h>
#include <whynow/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct wn_arena *a;
	struct wn_news *news;
	struct wn_news_signal s[WN_NEWS_SIGNALS_MAX];
	size_t n;
};

static int up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	size_t n;
	const struct wn_news_file *files = wn_news_builtin(&n);

	r->a = wn_arena_new(0);
	assert_int_equal(wn_news_compile(files, n, NULL, &r->news, NULL), WN_OK);
	*state = r;
	return 0;
}

static int down(void **state)
{
	struct rig *r = *state;
	wn_news_free(r->news);
	wn_arena_free(r->a);
	free(r);
	return 0;
}

static size_t read_both(struct rig *r, const char *headline, const char *body)
{
	return r->n = wn_news_read(r->news, wn_str_of(headline), wn_str_of(body), r->a, r->s, NULL);
}

#define IS(got, want) assert_string_equal(wn_arena_strdup(r->a, got), want)

static void the_body_fills_in_what_the_headline_left_out(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "Loopwise raises $20M to read invoices", "Loopwise closed the $20M Series B led by Example Growth on Monday."), 1);
	IS(r->s[0].company, "Loopwise");
	IS(r->s[0].round, "Series B");
	assert_true(r->s[0].amount.amount == 20e6);
	IS(r->s[0].span, "Loopwise raises $20M to read invoices");
	assert_string_equal(r->s[0].pattern, "raises");
}

static void another_company_of_the_body_adds_nothing(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "Loopwise raises $20M", "Its rival Tallymark raised a $90M Series D last year."), 1);
	assert_int_equal(r->s[0].round.n, 0);
}

static void the_company_of_a_body_is_the_one_the_headline_told_of(void **state)
{
	static const struct { const char *body; double amount; const char *round; } cases[] = {
		{"The Berlin-based company said Tuesday it has closed a $36 million round, bringing its total to $52 million.", 36e6, ""},
		{"It raised $12 million in a Series A led by Example Growth.", 12e6, "Series A"},
		{"It raised $12 million last year.", 0, ""}, {"The company raised $12 million in 2023.", 0, ""},
		{"It hopes to raise $50 million.", 0, ""}, {"They met in school. Its rival raised $50 million.", 0, ""}};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		assert_int_equal(read_both(r, "Loopwise lands new funding", cases[i].body), 1);
		IS(r->s[0].company, "Loopwise");
		IS(r->s[0].round, cases[i].round);
		assert_true(r->s[0].amount.amount == cases[i].amount);
	}
	assert_int_equal(read_both(r, "Why founders love Lisbon", "It raised $12 million in a Series A."), 0);
}

static void a_body_names_whom_the_headline_told_of_and_nobody_else(void **state)
{
	static const struct { const char *headline, *body, *person; } cases[] = {
		{"Norvane names new CFO", "Norvane said Dana Okafor will become chief financial officer in June.", "Dana Okafor"},
		{"Norvane names finance chief", "The company appointed Dana Okafor as CFO.", ""}, /* nothing says that both are one post */
		{"Norvane names finance chief", "The company appointed Dana Okafor as chief financial officer.", "Dana Okafor"},
		{"Norvane names CFO", "It hired Dana Okafor as head of sales in May.", ""}};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		assert_int_equal(read_both(r, cases[i].headline, cases[i].body), 1);
		IS(r->s[0].company, "Norvane");
		IS(r->s[0].person, cases[i].person);
	}
}

static void a_name_is_whole(void **state)
{
	static const struct { const char *headline, *company, *target; } cases[] = {
		{"Norvane, Inc. Acquires Lumen Grid, LLC for $5 Million", "Norvane, Inc", "Lumen Grid, LLC"},
		{"Men's Gridmate to buy Jos. A. Tollgate for $1.8 billion", "Men's Gridmate", "Jos. A. Tollgate"},
		{"Norvane's Gridmate acquires Tollgate", "Gridmate", "Tollgate"}};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		assert_int_equal(read_both(r, cases[i].headline, ""), 1);
		IS(r->s[0].company, cases[i].company);
		IS(r->s[0].target, cases[i].target);
	}
}

static void hearsay_in_the_headline_silences_the_body(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "Loopwise reportedly raises $200M", "Loopwise raised $20M in its Series B."), 0);
}

static void two_events_of_one_headline_are_two_signals(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "Norvane CEO Dana Okafor leaves to join Gridmate as COO", ""), 2);
	for (size_t i = 0; i < 2; i++)
		IS(r->s[i].company, r->s[i].kind == WN_NEWS_HIRE ? "Gridmate" : "Norvane");
}

static void a_switch_names_both_technologies_and_their_category(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "Migrating the ledger from MongoDB to Postgres at Tollgate", ""), 1);
	assert_int_equal(r->s[0].kind, WN_NEWS_TECH_ADOPTED);
	IS(r->s[0].technology, "PostgreSQL");
	IS(r->s[0].technology_from, "MongoDB");
	IS(r->s[0].category, "database");
}

static void invisible_characters_change_nothing(void **state)
{
	struct rig *r = *state;
	assert_int_equal(read_both(r, "\xe2\x80\x8fLoop\xe2\x80\x8bwise\xe2\x80\x8e raises \xef\xbb\xbf$20M", ""), 1);
	IS(r->s[0].company, "Loopwise");
}

static void strange_names_stay_names_or_nothing(void **state)
{
	static const struct { const char *headline, *company; } cases[] = {
		{"<script>alert(1)</script> raises $20M", NULL}, {"\"; DROP TABLE account; -- raises $20M", NULL},
		{"\xd0\x9b" "amp\xd0\xb0 raises $20M", "\xd0\x9b" "amp\xd0\xb0"}, /* Latin among Cyrillic: another name than Lampa */
		{"\xe3\x82\xa2\xe3\x82\xaf\xe3\x83\xa1 raises $20M", "\xe3\x82\xa2\xe3\x82\xaf\xe3\x83\xa1"},
		{"\xe2\x80\xae" "Acme\xe2\x80\xac raises $20M", "Acme"}, {"Acme raises $10^400", NULL}, {"Acme raises $1e400 million", NULL},
		{"Acme raises $20M in 9999", NULL}, {"Acme raises $99999999999999999999999999999999999999999 million", NULL}};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		size_t n = read_both(r, cases[i].headline, "");
		for (size_t k = 0; k < n; k++) {
			assert_true(r->s[k].company.n <= WN_NAME_MAX && wn_text_is_utf8(r->s[k].company));
			assert_null(r->s[k].company.n ? memchr(r->s[k].company.p, '<', r->s[k].company.n) : NULL);
			assert_true(r->s[k].amount.amount < 1e13);
		}
		if (cases[i].company) {
			assert_int_equal(n, 1);
			IS(r->s[0].company, cases[i].company);
		}
	}
}

static void hostile_texts_are_read_within_their_bounds(void **state)
{
	struct rig *r = *state;
	size_t size = 1 << 20;
	char *big = wn_arena_alloc(r->a, size + 1);
	static const char *const parts[] = {"raises ", "Acme, ", "$1M ", "to join ", "\xe2\x80\x99", "(((", "acquires the ", "from X to "};

	for (size_t p = 0; p < WN_COUNT(parts); p++) {
		size_t n = strlen(parts[p]), at = 0;
		for (; at + n <= size; at += n)
			memcpy(big + at, parts[p], n);
		big[at] = 0;
		(void)read_both(r, big, big);
	}
	assert_int_equal(read_both(r, "Acme raises $1" "0000000000000000000000000000000000000000000000000000000000000000M", ""), 0);
	assert_int_equal(read_both(r, "\xd8\xb4\xd8\xb1\xd9\x83\xd8\xa9 raises $ \xe6\xa0\xaa", ""), 0);
	assert_int_equal(read_both(r, "", ""), 0);
	assert_int_equal(wn_news_read(r->news, (struct wn_str){NULL, 0}, (struct wn_str){NULL, 0}, r->a, r->s, NULL), 0);
}

static void sums_are_read_as_written(void **state)
{
	static const struct { const char *text; double amount; const char *currency; } cases[] = {
		{"$16.8M", 16.8e6, "USD"}, {"US$10 million", 10e6, "USD"}, {"€12m", 12e6, "EUR"}, {"EUR 5 million", 5e6, "EUR"},
		{"10 million euros", 10e6, "EUR"}, {"£1,250,000", 1250000, "GBP"}, {"€1,5 million", 1.5e6, "EUR"}, {"Rs 50 crore", 5e8, "INR"},
		{"A$20M", 20e6, "AUD"}, {"CHF 3.2bn", 3.2e9, "CHF"}, {"$500M+", 500e6, "USD"}, {"$750,000", 750000, "USD"},
		{"half a billion dollars", 5e8, "USD"}, {"quarter-billion-dollar", 2.5e8, "USD"}, {"two million euros", 2e6, "EUR"}};
	static const char *const none[] = {"16.8M", "$", "$x", "$0", "ten dollars", "$100000000000000000000000000000000", "$99 trillion", "10^400", ""};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		struct wn_sum m;
		size_t used;
		if (!wn_sum_parse(r->news, wn_str_of(cases[i].text), &m, &used))
			fail_msg("%s is a sum", cases[i].text);
		if (m.amount < cases[i].amount * 0.999999 || m.amount > cases[i].amount * 1.000001)
			fail_msg("%s: %f", cases[i].text, m.amount);
		assert_string_equal(m.currency, cases[i].currency);
	}
	for (size_t i = 0; i < WN_COUNT(none); i++) {
		struct wn_sum m;
		size_t used;
		if (wn_sum_parse(r->news, wn_str_of(none[i]), &m, &used))
			fail_msg("%s is no sum, but %f %s", none[i], m.amount, m.currency);
	}
}

/* --- data ----------------------------------------------------------------------------------------------- */

static struct wn_news *with(struct rig *r, const char *name, const char *text, struct wn_err *err)
{
	size_t n;
	const struct wn_news_file *shipped = wn_news_builtin(&n);
	struct wn_news_file *files = WN_NEW_N(r->a, struct wn_news_file, n + 1);
	struct wn_news *out = NULL;

	memcpy(files, shipped, n * sizeof(*files));
	files[n] = (struct wn_news_file){name, wn_str_of(text)};
	(void)!wn_news_compile(files, n + 1, NULL, &out, err);
	return out;
}

static void an_operator_adds_words_and_patterns(void **state)
{
	struct rig *r = *state;
	struct wn_news *mine = with(r, "mine.words", "raise: frobnicates\n", NULL);
	assert_non_null(mine);
	assert_int_equal(wn_news_read(mine, WN_STR("Loopwise frobnicates $20M"), WN_STR(""), r->a, r->s, NULL), 1);
	wn_news_free(mine);
	mine = with(r, "mine.patterns", "raises funding:\nannounces funding:\n", NULL);
	assert_non_null(mine);
	assert_int_equal(wn_news_read(mine, WN_STR("Loopwise raises $20M"), WN_STR(""), r->a, r->s, NULL), 0);
	wn_news_free(mine);
	mine = with(r, "mine.technologies", "Frobbase, Frob Base | database\n", NULL);
	assert_non_null(mine);
	assert_int_equal(wn_news_read(mine, WN_STR("Loopwise drops Frob Base"), WN_STR(""), r->a, r->s, NULL), 1);
	IS(r->s[0].technology, "Frobbase");
	wn_news_free(mine);
}

static void a_verb_brings_its_forms(void **state)
{
	static const char *const forms[] = {"Loopwise zaps $20M", "Loopwise zapped $20M", "Loopwise has zapped $20M", "Loopwise tidies away $20M",
					    "Loopwise tidied away $20M", "Loopwise scavenged $20M", "Loopwise wexes $20M"};
	struct rig *r = *state;
	struct wn_news *mine = with(r, "mine.words", "raise: ~zap, ~~tidy away, =scavenge, =wex\n", NULL);

	for (size_t i = 0; i < WN_COUNT(forms); i++)
		if (wn_news_read(mine, wn_str_of(forms[i]), WN_STR(""), r->a, r->s, NULL) != 1)
			fail_msg("\"%s\" is a raise", forms[i]);
	assert_int_equal(wn_news_read(mine, WN_STR("Loopwise wex $20M"), WN_STR(""), r->a, r->s, NULL), 0);
	wn_news_free(mine);
	struct wn_err err = {0};
	assert_null(with(r, "mine.words", "raise: ~\n", &err));
}

static void bad_data_are_told_with_file_and_line(void **state)
{
	static const struct { const char *name, *text, *says; } cases[] = {
		{"x.words", "# fine\nraise raises\n", "x.words:2:1: expected `list: word, several words, ...`"},
		{"x.patterns", "a fun: [x]\n", "x.patterns:1:1: expected `name kind: elements`"},
		{"x.patterns", "\na funding: {company} raises\n", "x.patterns:2:1: expected a [trigger]"},
		{"x.patterns", "a funding: {compny} [@raise]\n", "x.patterns:1:1: no slot {compny}: did you mean {company}?"},
		{"x.patterns", "a funding: {company} [@raize]\n", "x.patterns:1:1: no list @raize"},
		{"x.technologies", "Frobbase\n", "x.technologies:1:1: expected `name, other name, ... | category`"},
		{"x.currencies", "EURO | e\n", "x.currencies:1:1: expected `CODE | sign, word, ...`"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		struct wn_err err = {0};
		char text[1400];
		assert_null(with(r, cases[i].name, cases[i].text, &err));
		wn_err_to_text(&err, text, sizeof(text));
		if (strncmp(text, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("expected %s, found %s", cases[i].says, text);
	}
}

struct told { size_t read, not; };
static void on_tried(void *ctx, const char *pattern, struct wn_str trigger, const char *why_not)
{
	struct told *t = ctx;
	assert_true(pattern && trigger.n);
	t->read += !why_not;
	t->not += why_not != NULL;
}

static void what_was_tried_is_told(void **state)
{
	struct rig *r = *state;
	struct told t = {0, 0};
	wn_news_read(r->news, WN_STR("Loopwise plans to raise $20M"), WN_STR(""), r->a, r->s, &(struct wn_news_trace){on_tried, &t});
	assert_true(t.read == 0 && t.not > 0);
	wn_news_read(r->news, WN_STR("Loopwise raises $20M"), WN_STR(""), r->a, r->s, &(struct wn_news_trace){on_tried, &t});
	assert_int_equal(t.read, 1);
}

/* --- rates ---------------------------------------------------------------------------------------------- */

struct rates { struct wn_fx_rate v[16]; size_t n; };
static void on_rate(void *ctx, const struct wn_fx_rate *rate)
{
	struct rates *x = ctx;
	if (x->n < WN_COUNT(x->v))
		x->v[x->n++] = *rate;
}

static void rates_are_dollars_for_one_unit(void **state)
{
	struct rates x = {.n = 0};
	(void)state;
	assert_int_equal(wn_fx_read(WN_STR("Date,USD,JPY,GBP,\n2026-05-04,1.10,160,0.88,\n2026-05-01,N/A,160,0.88,\r\n"), "f.csv", on_rate, &x, NULL), WN_OK);
	assert_int_equal(x.n, 3);
	assert_string_equal(x.v[0].currency, "EUR");
	assert_true(x.v[0].usd == 1.10);
	assert_string_equal(x.v[2].currency, "GBP");
	assert_true(x.v[2].usd > 1.2499 && x.v[2].usd < 1.2501);
}

static void bad_rates_are_refused_with_their_line(void **state)
{
	struct rig *r = *state;
	struct rates x = {.n = 0};
	struct wn_err err = {0};
	char *wide = wn_arena_alloc(r->a, 4000001);

	assert_int_equal(wn_fx_read(WN_STR("<html>"), "f.csv", on_rate, &x, &err), WN_INVALID);
	assert_int_equal(wn_fx_read(WN_STR("Date,USD\nsome day,1\n"), "f.csv", on_rate, &x, &err), WN_INVALID);
	assert_int_equal(err.place.line, 2);
	assert_int_equal(wn_fx_read(WN_STR(""), "f.csv", on_rate, &x, &err), WN_INVALID);
	memcpy(wide, "Date", 4);
	for (size_t i = 4; i < 4000000; i += 4)
		memcpy(wide + i, ",USD", 4);
	assert_int_equal(wn_fx_read((struct wn_str){wide, 4000000}, "f.csv", on_rate, &x, &err), WN_LIMIT);
	assert_int_equal(x.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_fills_in_what_the_headline_left_out),
		cmocka_unit_test(another_company_of_the_body_adds_nothing),
		cmocka_unit_test(the_company_of_a_body_is_the_one_the_headline_told_of),
		cmocka_unit_test(a_body_names_whom_the_headline_told_of_and_nobody_else),
		cmocka_unit_test(a_name_is_whole),
		cmocka_unit_test(hearsay_in_the_headline_silences_the_body),
		cmocka_unit_test(two_events_of_one_headline_are_two_signals),
		cmocka_unit_test(a_switch_names_both_technologies_and_their_category),
		cmocka_unit_test(invisible_characters_change_nothing),
		cmocka_unit_test(strange_names_stay_names_or_nothing),
		cmocka_unit_test(hostile_texts_are_read_within_their_bounds),
		cmocka_unit_test(sums_are_read_as_written),
		cmocka_unit_test(an_operator_adds_words_and_patterns),
		cmocka_unit_test(a_verb_brings_its_forms),
		cmocka_unit_test(bad_data_are_told_with_file_and_line),
		cmocka_unit_test(what_was_tried_is_told),
		cmocka_unit_test(rates_are_dollars_for_one_unit),
		cmocka_unit_test(bad_rates_are_refused_with_their_line),
	};
	return cmocka_run_group_tests(tests, up, down);
}
