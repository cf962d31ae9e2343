/* SPDX-License-Identifier: MIT */
/*
 * The index against brute force over random rules and events: a rule that is definitely true is always a candidate, one
 * that is said to be certainly true is; and where unknown rules are asked for, those are candidates whose terms over the signal
 * alone are true. A million pairs a run, each run another seed; WHYNOW_SEED repeats one. The counts at the end show
 * that the test has power: rules do come true, and the index does skip.
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

enum { RULES = 500, EVENTS = 2700, MANY = 150 };

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
static const char *const named_kinds[] = {"\"funding\"", "\"hire\"", "\"job\"", "\"view\""};
static const char *const rounds_of[] = {"\"Seed\"", "\"Series A\"", "\"Series B\""};
static const char *const industries_of[] = {"\"steel\"", "\"software\"", "\"bakery\""};
static const char *const doubles_of[] = {"0.0", "-0.0", "1.0", "2.5", "1e6", "double(\"NaN\")"};
static const char *const ints_of[] = {"0", "1", "2", "3", "-1", "9007199254740993"};
static const char *const orders[] = {"<", "<=", ">", ">="};

static void list_of(struct wn_buf *b, const char *const *values, int n)
{
	int count = one_in(30) ? 70 + below(60) : below(4);

	wn_buf_char(b, '[');
	for (int i = 0; i < count; i++)
		wn_buf_printf(b, "%s%s", i ? ", " : "", values[below(n)]);
	wn_buf_char(b, ']');
}
#define LIST_OF(b, values) list_of(b, values, (int)WN_COUNT(values))

/* A field with many values: more than have a bit of their own. */
static void wide_list(struct wn_buf *b, char prefix)
{
	int count = 1 + below(one_in(3) ? 60 : 4);

	wn_buf_char(b, '[');
	for (int i = 0; i < count; i++)
		wn_buf_printf(b, "%s\"%c%d\"", i ? ", " : "", prefix, below(MANY));
	wn_buf_char(b, ']');
}

static void wide(struct wn_buf *b)
{
	const char *list = one_in(2) ? "signal.tags" : "account.tech";

	switch (below(7)) {
	case 0:
		wn_buf_text(b, "account.domain in ");
		wide_list(b, 'd');
		break;
	case 1:
		wn_buf_text(b, "!(has(account.domain) && account.domain in ");
		wide_list(b, 'd');
		wn_buf_char(b, ')');
		break;
	case 2:
		wn_buf_printf(b, "%s.exists(x, x in ", list);
		wide_list(b, 't');
		wn_buf_char(b, ')');
		break;
	case 3:
		wn_buf_printf(b, "!(has(%s) && %s.exists(x, x in ", list, list);
		wide_list(b, 't');
		wn_buf_text(b, "))");
		break;
	case 4:
		wn_buf_printf(b, "[\"t%d\", %s].all(x, x in %s)", below(MANY), PICK(tags_of), list);
		break;
	case 5:
		wn_buf_printf(b, "%s.exists(x, x == \"t%d\")", list, below(MANY));
		break;
	default:
		wn_buf_printf(b, "account.domain != \"d%d\"", below(MANY));
	}
}

static void of_text(struct wn_buf *b)
{
	static const char *const calls[] = {"startsWith", "endsWith", "contains"};
	static const char *const parts[] = {"U", "S", "CA", "", "d1", "2"};
	const char *field = one_in(2) ? "account.country" : "account.domain";

	if (one_in(4))
		wn_buf_printf(b, "!(has(%s) && %s.%s(\"%s\"))", field, field, PICK(calls), PICK(parts));
	else
		wn_buf_printf(b, "%s.%s(\"%s\")", field, PICK(calls), PICK(parts));
}

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
	    "account.tech.exists(i, v, i == 1)",
	    "account.tech.all(x, x in [\"go\", \"rust\"])",
	    "!(account.employees < 2)",
	    "!(has(account.employees) && account.employees >= 2)",
	    "!(has(account.score) && account.score < 1.0)",
	    "account.employees > 1 && account.employees <= 3",
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

/* signals.exists over kinds: alone, with more, of several, and where the kind is not the element's or not asked of all. */
static void of_signals(struct wn_buf *b)
{
	wn_buf_printf(b, "%ssignals.exists(s, ", one_in(4) ? "!" : "");
	switch (below(8)) {
	case 0:
		OVER(b, "s.kind", named_kinds);
		break;
	case 1:
		wn_buf_printf(b, "s.kind == \"funding\" && s.amount %s %s", PICK(orders), PICK(doubles_of));
		break;
	case 2:
		wn_buf_printf(b, "s.level > %s && %s == s.kind", PICK(ints_of), one_in(2) ? "\"hire\"" : "\"job\"");
		break;
	case 3:
		wn_buf_printf(b, "s.kind == \"job\" && s.remote || s.kind == %s", PICK(named_kinds));
		break;
	case 4:
		wn_buf_printf(b, "s.kind == %s || signal.kind == %s", PICK(named_kinds), PICK(named_kinds));
		break;
	case 5:
		wn_buf_printf(b, "signal.kind == %s", PICK(named_kinds));
		break;
	case 6:
		wn_buf_printf(b, "!(s.kind == %s)", PICK(named_kinds));
		break;
	default:
		wn_buf_text(b, "s.kind in ");
		LIST_OF(b, named_kinds);
		wn_buf_printf(b, " && account.employees > %s", PICK(ints_of));
	}
	wn_buf_char(b, ')');
}

static void term(struct wn_buf *b)
{
	if (one_in(12)) {
		of_signals(b);
		return;
	}
	switch (below(20)) {
	case 16:
	case 17:
		wide(b);
		break;
	case 18:
		of_text(b);
		break;
	case 0:
	case 1:
	case 2:
	case 3:
		OVER(b, "signal.kind", named_kinds);
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

static struct wn_value many_of(char prefix, char room[8])
{
	snprintf(room, 8, "%c%d", prefix, below(MANY));
	return wn_cstring(room);
}

static struct wn_value list_value(struct wn_value *room, char names[3][8])
{
	int n = below(4);

	for (int i = 0; i < n; i++)
		room[i] = one_in(2) ? TEXT_OF(tags_of) : many_of('t', names[i]);
	return wn_list(room, (size_t)n);
}

/* What a host hands out by mistake. */
static struct wn_value wrong(const struct pair *p)
{
	static const struct wn_entry entries[] = {{{.kind = WN_STRING, .n = 2, .s = "go"}, {.kind = WN_INT, .i = 1}}};

	switch (below(8)) {
	case 0:
		return wn_int(below(4));
	case 1:
		return wn_uint((uint64_t)below(4));
	case 2:
		return TEXT_OF(strings_of);
	case 3:
		return wn_bool(one_in(2));
	case 4:
		return wn_list(p->tech, 1);
	case 5:
		return wn_map(entries, 1);
	case 6:
		return wn_null();
	default:
		return double_of();
	}
}

static void maybe(struct wn_value *field, int missing, struct wn_value v)
{
	*field = one_in(missing) ? (struct wn_value){0} : v;
}

static void mistakes(struct pair *p)
{
	p->mistaken = true;
	p->tech[0] = p->tech[0].kind ? p->tech[0] : wn_cstring("go");
	for (int i = 0; i < FIELDS; i++) {
		if (p->signal.fields[i].kind && i != F_AGE && i != F_KIND && one_in(4))
			p->signal.fields[i] = wrong(p);
		if (p->account.fields[i].kind && one_in(4))
			p->account.fields[i] = wrong(p);
	}
	if (one_in(8))
		p->signal.fields[F_KIND] = wrong(p);
}

static void random_event(struct pair *p)
{
	struct wn_value *s = p->signal.fields, *a = p->account.fields;
	int kind = below(KINDS), missing = one_in(3) ? 2 : 6, others = 0;

	*p = (struct pair){.signal.object.cls = &signal_class, .account.object.cls = &account_class};
	p->now_us = INT64_C(1780000000) * WN_SECOND;
	s[F_KIND] = wn_cstring(kind_names[kind]);
	s[F_AGE] = wn_duration_us(below(60) * WN_HOUR);
	maybe(&s[F_WHEN], missing, wn_time_us(INT64_C(1767225600) * WN_SECOND + (below(3) - 1) * WN_DAY));
	if (kind == FUNDING)
		maybe(&s[F_ROUND], missing, TEXT_OF(rounds_of));
	if (kind == FUNDING || kind == JOB) {
		maybe(&s[F_AMOUNT], missing, double_of());
		maybe(&s[F_TAGS], missing, list_value(p->tags, p->names));
	}
	if (kind == HIRE || kind == JOB)
		maybe(&s[F_LEVEL], missing, int_of());
	if (kind == JOB)
		maybe(&s[F_REMOTE], missing, wn_bool(one_in(2)));
	for (p->n_others = below(4) ? below(4) : 0; others < p->n_others; others++) {
		struct thing *o = &p->others[others];
		*o = (struct thing){.object.cls = &signal_class};
		o->fields[F_KIND] = wn_cstring(kind_names[below(KINDS)]);
		maybe(&o->fields[F_AMOUNT], 3, double_of());
		maybe(&o->fields[F_LEVEL], 3, int_of());
		maybe(&o->fields[F_REMOTE], 3, wn_bool(one_in(2)));
	}
	maybe(&a[A_DOMAIN], missing, one_in(2) ? TEXT_OF(strings_of) : many_of('d', p->names[6]));
	maybe(&a[A_COUNTRY], missing, TEXT_OF(strings_of));
	maybe(&a[A_EMPLOYEES], missing, int_of());
	maybe(&a[A_SCORE], missing, double_of());
	maybe(&a[A_CUSTOMER], missing, wn_bool(one_in(2)));
	maybe(&a[A_INDUSTRY], missing, TEXT_OF(industries_of));
	maybe(&a[A_TECH], missing, list_value(p->tech, p->names + 3));
	if (one_in(6))
		mistakes(p);
}

/* --- the property ------------------------------------------------------------------------------------- */

enum verdict { NOTHING, CANDIDATE, CERTAIN };
struct found {
	uint8_t is[RULES];
	size_t n;
};

static void on_candidate(void *ctx, uint32_t rule, bool certain)
{
	struct found *f = ctx;

	assert_true(rule < RULES);
	if (f->is[rule])
		fail_msg("rule %u was reported twice (WHYNOW_SEED=%llu)", rule, (unsigned long long)first_seed);
	f->is[rule] = certain ? CERTAIN : CANDIDATE;
	f->n++;
}

static bool reads_only(const struct cel_node *n, int variable, bool *any)
{
	struct cel_node_view v = cel_node_look(n);

	*any |= v.kind == CEL_NODE_IDENT && v.variable == variable;
	if ((v.kind == CEL_NODE_IDENT && v.variable >= 0 && v.variable != variable) ||
	    (v.kind == CEL_NODE_CALL && (wn_str_is(v.name, "in_segment") || wn_str_is(v.name, "absent"))))
		return false;
	for (size_t i = 0; i < v.n_args; i++)
		if (!reads_only(v.args[i], variable, any))
			return false;
	return true;
}

/* Every term of the top && that reads the signal and nothing else is true. */
static bool signal_terms_true(const struct cel_program *p, const struct cel_node *n, struct pair *pair, struct wn_arena *a)
{
	struct cel_node_view v = cel_node_look(n);
	struct cel_program *part;
	bool any = false, truth;

	for (size_t i = 0; v.kind == CEL_NODE_AND && i < v.n_args; i++)
		if (!signal_terms_true(p, v.args[i], pair, a))
			return false;
	if (v.kind == CEL_NODE_AND || !reads_only(n, VAR_SIGNAL, &any) || !any)
		return true;
	assert_int_equal(cel_program_part(p, n, &part, NULL), WN_OK);
	truth = definitely_true(part, pair, a);
	cel_program_free(part);
	return truth;
}

static bool is_unknown(const struct cel_program *p, struct pair *pair, struct wn_arena *a)
{
	struct cel_activation act = {.get = pair_get, .ctx = pair, .now_us = pair->now_us};
	struct cel_result res;

	wn_arena_reset(a);
	return cel_eval(p, &act, a, &res, NULL) == WN_OK && res.unknown;
}

struct tally {
	size_t pairs, truths, candidates, certain, unknown, kept;
};

struct test {
	struct wn_index *index, *keeping; /* the second reports unknown rules as well */
	struct cel_program *rules[RULES];
	struct cel_env *env;
	struct wn_arena *arena;
	struct tally tally;
};

static void complain(const struct test *t, uint32_t rule, const struct pair *p, const char *what)
{
	fail_msg("WHYNOW_SEED=%llu: %s, kind " WN_STR_FMT ": " WN_STR_FMT, (unsigned long long)first_seed, what,
		 WN_STR_ARG(wn_value_str(p->signal.fields[F_KIND])), WN_STR_ARG(cel_program_text(t->rules[rule])));
}

static void check_rule(struct test *t, uint32_t i, struct pair *p, enum verdict found, enum verdict kept)
{
	bool truth = definitely_true(t->rules[i], p, t->arena);

	t->tally.pairs++;
	t->tally.truths += truth;
	t->tally.certain += found == CERTAIN;
	if (truth && found == NOTHING)
		complain(t, i, p, "true and skipped");
	if (!truth && found == CERTAIN)
		complain(t, i, p, "said to be true, and is not");
	if (found == CANDIDATE && wn_index_decides(t->index, i))
		complain(t, i, p, "said to be decided, and is not");
	if (truth && kept == NOTHING)
		complain(t, i, p, "true and skipped where unknown rules are kept");
	if (truth || p->mistaken || !is_unknown(t->rules[i], p, t->arena))
		return;
	t->tally.unknown++;
	if (kept == NOTHING && signal_terms_true(t->rules[i], cel_program_root(t->rules[i]), p, t->arena))
		complain(t, i, p, "unknown and skipped where unknown rules are kept");
}

static void check_event(struct test *t, struct pair *p)
{
	struct wn_value kinds[4];
	struct wn_probe event = {.signal = &p->signal.object, .account = &p->account.object};
	struct found f = {.n = 0}, kept = {.n = 0};

	if (!one_in(6)) /* else the caller does not know */
		event.signal_kinds = kinds_of(p, kinds);
	wn_index_probe(t->index, &event, on_candidate, &f);
	wn_index_probe(t->keeping, &event, on_candidate, &kept);
	t->tally.candidates += f.n;
	t->tally.kept += kept.n;
	for (uint32_t i = 0; i < RULES; i++)
		if (t->rules[i])
			check_rule(t, i, p, f.is[i], kept.is[i]);
		else
			assert_false(f.is[i] || kept.is[i]);
}

/* Some rules are replaced or removed before each event, some filed anew: the index changes while it serves. */
static void shake(struct test *t)
{
	for (int i = 0; i < 3; i++) {
		uint32_t n = (uint32_t)below(RULES);
		bool put = !one_in(4);
		cel_program_free(t->rules[n]);
		t->rules[n] = put ? random_rule(t->env) : NULL;
		if (put) {
			(void)wn_index_put(t->index, n, t->rules[n]);
			(void)wn_index_put(t->keeping, n, t->rules[n]);
		} else {
			wn_index_remove(t->index, n);
			wn_index_remove(t->keeping, n);
		}
	}
	(void)wn_index_tend(t->index, (size_t)below(20));
	(void)wn_index_tend(t->keeping, (size_t)below(20));
}

static void tear_down(struct test *t)
{
	for (uint32_t i = 0; i < RULES; i++) {
		cel_program_free(t->rules[i]);
		wn_index_remove(t->index, i);
		wn_index_remove(t->keeping, i);
	}
	assert_int_equal(wn_index_rules(t->index), 0);
	wn_index_free(t->index);
	wn_index_free(t->keeping);
	wn_arena_free(t->arena);
	cel_env_free(t->env);
}

static void what_is_true_is_never_skipped(void **state)
{
	static struct test t;
	struct wn_match_env menv;
	struct pair p;

	(void)state;
	t.env = world_env(&menv);
	t.index = wn_index_new(&menv);
	menv.keep_unknown = true;
	t.keeping = wn_index_new(&menv);
	t.arena = wn_arena_new(WN_CEL_MEMORY_MAX);
	for (uint32_t i = 0; i < RULES; i++) {
		t.rules[i] = random_rule(t.env);
		(void)wn_index_put(t.index, i, t.rules[i]);
		(void)wn_index_put(t.keeping, i, t.rules[i]);
	}
	for (int e = 0; e < EVENTS; e++) {
		random_event(&p);
		check_event(&t, &p);
		shake(&t);
	}
	const struct tally *n = &t.tally;
	printf("pairs %zu, true %zu, candidates %zu, of them certain %zu; unknown %zu, kept %zu (WHYNOW_SEED=%llu)\n", n->pairs, n->truths,
	       n->candidates, n->certain, n->unknown, n->kept, (unsigned long long)first_seed);
	assert_true(n->pairs >= 1000000);
	assert_true(n->truths > n->pairs / 50);
	assert_true(n->certain > n->pairs / 50);
	assert_true(n->unknown > n->pairs / 50);
	assert_true(n->candidates < n->pairs * 3 / 4);
	tear_down(&t);
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
