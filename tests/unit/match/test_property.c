/* SPDX-License-Identifier: MIT */
/*
 * The index against brute force: over random rules and events, a rule that is definitely true is always a
 * candidate. At least 100,000 pairs a run, each run another seed; WHYNOW_SEED repeats one. The counts at the
 * end show that the test has power: rules do come true, and the index does skip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/id.h>

#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RULES = 400, EVENTS = 400 };

static uint64_t rng;
static uint64_t first_seed;

static uint64_t next(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int below(int n)
{
	return (int)(next() % (uint64_t)n);
}
static bool one_in(int n)
{
	return below(n) == 0;
}
#define PICK(list) ((list)[below((int)WN_COUNT(list))])

/* --- random rules ------------------------------------------------------------------------------------- */

static const char *const strings_of[] = {"\"US\"", "\"CA\"", "\"GB\"", "\"\""};
static const char *const tags_of[] = {"\"rust\"", "\"go\"", "\"java\"", "\"\""};
static const char *const kinds_of[] = {"\"funding\"", "\"hire\"", "\"job\"", "\"view\""};
static const char *const rounds_of[] = {"\"Seed\"", "\"Series A\"", "\"Series B\""};
static const char *const industries_of[] = {"\"steel\"", "\"software\"", "\"bakery\""};
static const char *const doubles_of[] = {"0.0", "-0.0", "1.0", "2.5", "1e6", "double(\"NaN\")"};
static const char *const ints_of[] = {"0", "1", "2", "3", "-1", "9007199254740993"};
static const char *const orders[] = {"<", "<=", ">", ">="};

static void list_of(struct wn_buf *b, const char *const *values, int n)
{
	int count = below(4);

	wn_buf_char(b, '[');
	for (int i = 0; i < count; i++)
		wn_buf_printf(b, "%s%s", i ? ", " : "", values[below(n)]);
	wn_buf_char(b, ']');
}
#define LIST_OF(b, values) list_of(b, values, (int)WN_COUNT(values))

/* Equality either way round, in, and their negations over a field with values. */
static void over(struct wn_buf *b, const char *path, const char *const *values, int n)
{
	switch (below(6)) {
	case 0:
		wn_buf_printf(b, "%s == %s", values[below(n)], path);
		break;
	case 1:
		wn_buf_printf(b, "%s in ", path);
		list_of(b, values, n);
		break;
	case 2:
		wn_buf_printf(b, "%s != %s", path, values[below(n)]);
		break;
	default:
		wn_buf_printf(b, "%s == %s", path, values[below(n)]);
	}
}
#define OVER(b, path, values) over(b, path, values, (int)WN_COUNT(values))

static void ordered(struct wn_buf *b, const char *path, const char *const *values, int n)
{
	if (one_in(3))
		over(b, path, values, n);
	else if (one_in(3))
		wn_buf_printf(b, "%s %s %s", values[below(n)], PICK(orders), path);
	else
		wn_buf_printf(b, "%s %s %s", path, PICK(orders), values[below(n)]);
}
#define ORDERED(b, path, values) ordered(b, path, values, (int)WN_COUNT(values))

static void opaque(struct wn_buf *b)
{
	static const char *const terms[] = {
	    "true",
	    "false",
	    "account.employees / 0 > 1",
	    "has(signal.round)",
	    "has(account.country)",
	    "!has(account.score)",
	    "account.country.startsWith(\"U\")",
	    "signals.exists(s, s.kind == \"hire\")",
	    "size(signals) > 0",
	    "signals.all(s, has(s.amount))",
	    "dyn(account.employees) == 1.0",
	    "signal.age <= duration(\"24h\")",
	    "signal.at < now",
	    "account.country == account.domain",
	    "account.country in [account.domain, \"US\"]",
	    "(account.customer ? account.country : account.domain) == \"US\"",
	    "absent(\"view\", duration(\"1h\"))",
	    "in_segment(\"other\")",
	    "size(account.tech) == 1",
	    "account.tech == [\"go\"]",
	    "account.customer == true",
	    "signal.at > timestamp(\"2026-01-01T00:00:00Z\")",
	    "timestamp(\"2026-01-01T00:00:00Z\") >= signal.at",
	};

	wn_buf_text(b, PICK(terms));
}

static void term(struct wn_buf *b)
{
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		OVER(b, "signal.kind", kinds_of);
		break;
	case 4:
		OVER(b, "signal.round", rounds_of);
		break;
	case 5:
		ORDERED(b, "signal.amount", doubles_of);
		break;
	case 6:
		ORDERED(b, "signal.level", ints_of);
		break;
	case 7:
		wn_buf_text(b, one_in(2) ? "signal.remote" : "signal.remote == false");
		break;
	case 8:
		wn_buf_printf(b, "%s in %s", PICK(tags_of), one_in(2) ? "signal.tags" : "account.tech");
		break;
	case 9:
		OVER(b, one_in(2) ? "account.country" : "account.domain", strings_of);
		break;
	case 10:
		ORDERED(b, "account.employees", ints_of);
		break;
	case 11:
		ORDERED(b, "account.score", doubles_of);
		break;
	case 12:
		wn_buf_text(b, "account.customer");
		break;
	case 13:
		OVER(b, "account.industry", industries_of);
		break;
	default:
		opaque(b);
	}
}

static void rule_text(struct wn_buf *b, int depth)
{
	if (depth == 0 || one_in(4)) {
		term(b);
		return;
	}
	if (one_in(5)) {
		wn_buf_text(b, "!(");
		rule_text(b, depth - 1);
		wn_buf_char(b, ')');
		return;
	}
	if (one_in(9)) {
		wn_buf_char(b, '(');
		for (int i = 0; i < 3; i++) {
			wn_buf_char(b, '(');
			rule_text(b, depth - 1);
			wn_buf_text(b, i == 0 ? ") ? " : i == 1 ? ") : " : "))");
		}
		return;
	}
	const char *op = one_in(2) ? " && " : " || ";
	for (int i = 0, n = 2 + below(3); i < n; i++) {
		wn_buf_text(b, i ? op : "");
		wn_buf_char(b, '(');
		rule_text(b, depth - 1);
		wn_buf_char(b, ')');
	}
}

/* A rule that the checker accepts. */
static struct cel_program *random_rule(const struct cel_env *env)
{
	struct cel_options opt = {.expect = &cel_bool};
	struct cel_program *p = NULL;
	struct wn_buf b;

	wn_buf_init(&b, WN_CEL_TEXT_MAX);
	while (!p) {
		wn_buf_clear(&b);
		rule_text(&b, below(5));
		if (!wn_buf_overflowed(&b) && cel_compile(env, wn_buf_slice(&b), &opt, &p, NULL) != WN_OK)
			p = NULL;
	}
	wn_buf_done(&b);
	return p;
}

/* --- random events ------------------------------------------------------------------------------------ */

static struct wn_value text_of(const char *const *values, int n)
{
	struct wn_str s = wn_str_of(values[below(n)]);

	return wn_string((struct wn_str){s.p + 1, s.n - 2}); /* without the quotes */
}
#define TEXT_OF(values) text_of(values, (int)WN_COUNT(values))

static struct wn_value double_of(void)
{
	static const double values[] = {0.0, -0.0, 1.0, 2.5, 1e6, NAN, INFINITY};

	return wn_double(PICK(values));
}

static struct wn_value int_of(void)
{
	static const int64_t values[] = {0, 1, 2, 3, -1, 9007199254740993, 9007199254740992};

	return wn_int(PICK(values));
}

static struct wn_value list_value(struct wn_value *room)
{
	int n = below(4);

	for (int i = 0; i < n; i++)
		room[i] = TEXT_OF(tags_of);
	return wn_list(room, (size_t)n);
}

static void maybe(struct wn_value *field, int missing, struct wn_value v)
{
	*field = one_in(missing) ? (struct wn_value){0} : v;
}

static void random_event(struct pair *p)
{
	struct wn_value *s = p->signal.fields, *a = p->account.fields;
	int kind = below(KINDS), missing = one_in(3) ? 2 : 6;

	*p = (struct pair){.signal.object.cls = &signal_class, .account.object.cls = &account_class};
	p->now_us = INT64_C(1780000000) * WN_SECOND;
	s[F_KIND] = wn_cstring(kind_names[kind]);
	s[F_AGE] = wn_duration_us(below(60) * WN_HOUR);
	maybe(&s[F_WHEN], missing, wn_time_us(INT64_C(1767225600) * WN_SECOND + (below(3) - 1) * WN_DAY));
	if (kind == FUNDING)
		maybe(&s[F_ROUND], missing, TEXT_OF(rounds_of));
	if (kind == FUNDING || kind == JOB) {
		maybe(&s[F_AMOUNT], missing, double_of());
		maybe(&s[F_TAGS], missing, list_value(p->tags));
	}
	if (kind == HIRE || kind == JOB)
		maybe(&s[F_LEVEL], missing, int_of());
	if (kind == JOB)
		maybe(&s[F_REMOTE], missing, wn_bool(one_in(2)));
	maybe(&a[A_DOMAIN], missing, TEXT_OF(strings_of));
	maybe(&a[A_COUNTRY], missing, TEXT_OF(strings_of));
	maybe(&a[A_EMPLOYEES], missing, int_of());
	maybe(&a[A_SCORE], missing, double_of());
	maybe(&a[A_CUSTOMER], missing, wn_bool(one_in(2)));
	maybe(&a[A_INDUSTRY], missing, TEXT_OF(industries_of));
	maybe(&a[A_TECH], missing, list_value(p->tech));
}

/* --- the property ------------------------------------------------------------------------------------- */

struct found {
	bool is[RULES];
	size_t n;
};

static void on_candidate(void *ctx, uint32_t rule)
{
	struct found *f = ctx;

	assert_true(rule < RULES);
	if (f->is[rule])
		fail_msg("rule %u was reported twice (WHYNOW_SEED=%llu)", rule, (unsigned long long)first_seed);
	f->is[rule] = true;
	f->n++;
}

struct tally {
	size_t pairs, truths, candidates, stored;
};

static void check_event(struct wn_index *index, struct cel_program *const *rules, struct pair *p,
			struct wn_arena *a, struct tally *t)
{
	struct wn_probe event = {&p->signal.object, &p->account.object};
	struct found f = {.n = 0};

	wn_index_probe(index, &event, on_candidate, &f);
	t->candidates += f.n;
	for (uint32_t i = 0; i < RULES; i++) {
		if (!rules[i]) {
			assert_false(f.is[i]);
			continue;
		}
		t->pairs++;
		bool truth = definitely_true(rules[i], p, a);
		t->truths += truth;
		if (truth && !f.is[i])
			fail_msg("WHYNOW_SEED=%llu: true and skipped, kind %s: " WN_STR_FMT,
				 (unsigned long long)first_seed, p->signal.fields[F_KIND].s,
				 WN_STR_ARG(cel_program_text(rules[i])));
	}
}

/* Some rules are replaced or removed before each event: the index changes while it serves. */
static void shake(struct wn_index *index, const struct cel_env *env, struct cel_program **rules)
{
	for (int i = 0; i < 4; i++) {
		uint32_t n = (uint32_t)below(RULES);
		bool put = !one_in(4);
		cel_program_free(rules[n]);
		rules[n] = put ? random_rule(env) : NULL;
		if (put)
			(void)wn_index_put(index, n, rules[n]);
		else
			wn_index_remove(index, n);
	}
}

static void what_is_true_is_never_skipped(void **state)
{
	static struct cel_program *rules[RULES];
	struct wn_match_env menv;
	struct cel_env *env = world_env(&menv);
	struct wn_index *index = wn_index_new(&menv);
	struct wn_arena *a = wn_arena_new(WN_CEL_MEMORY_MAX);
	struct tally t = {0};
	struct pair p;

	(void)state;
	for (uint32_t i = 0; i < RULES; i++) {
		rules[i] = random_rule(env);
		(void)wn_index_put(index, i, rules[i]);
	}
	for (int e = 0; e < EVENTS; e++) {
		random_event(&p);
		check_event(index, rules, &p, a, &t);
		shake(index, env, rules);
	}
	printf("pairs %zu, true %zu, candidates %zu (WHYNOW_SEED=%llu)\n", t.pairs, t.truths, t.candidates,
	       (unsigned long long)first_seed);
	assert_true(t.pairs >= 100000);
	assert_true(t.truths > t.pairs / 50);
	assert_true(t.candidates < t.pairs * 3 / 4);
	for (uint32_t i = 0; i < RULES; i++) {
		cel_program_free(rules[i]);
		wn_index_remove(index, i);
	}
	assert_int_equal(wn_index_rules(index), 0);
	wn_index_free(index);
	wn_arena_free(a);
	cel_env_free(env);
}

static uint64_t seed(void)
{
	const char *text = getenv("WHYNOW_SEED");
	uint64_t n = 0;

	if (!text || !*text) {
		struct wn_id id = wn_id_random();
		memcpy(&n, id.b, 4);
		return n;
	}
	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	return n;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_true_is_never_skipped),
	};

	first_seed = rng = seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
