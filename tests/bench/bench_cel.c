// links: cel
/* SPDX-License-Identifier: MIT */
/*
 * A rule of five comparisons over a record, by CEL and by the same in hand-written C over the same getter.
 * Prints nanoseconds an evaluation and the ratio; the records vary so that neither side can be predicted away.
 */
#include <stdio.h>
#include <time.h>
#include <whynow/cel.h>

enum { F_KIND, F_ROUND, F_AMOUNT, F_EMPLOYEES, F_COUNTRY, FIELDS };
struct fact { struct wn_object object; struct wn_value field[FIELDS]; };

static bool get_field(const struct wn_object *self, uint32_t number, struct wn_value *out)
{
	*out = ((const struct fact *)self)->field[number];
	return out->kind != WN_ABSENT;
}

static const struct wn_class fact_class = {.name = "fact", .get = get_field};
static const struct cel_field fields[] = {
	{.name = "kind", .type = &cel_string, .number = F_KIND},
	{.name = "round", .type = &cel_string, .number = F_ROUND},
	{.name = "amount_usd", .type = &cel_double, .number = F_AMOUNT},
	{.name = "employees", .type = &cel_int, .number = F_EMPLOYEES},
	{.name = "country", .type = &cel_string, .number = F_COUNTRY},
};
static const struct cel_record record = {.name = "fact", .fields = fields, .n_fields = FIELDS};

static const char rule[] = "signal.kind == \"funding\" && signal.round == \"Series B\" && signal.amount_usd >= 10000000.0"
			   " && signal.employees >= 50 && signal.country == \"US\"";

static bool get_variable(void *ctx, int var, struct wn_value *out)
{
	(void)var;
	*out = (struct wn_value){.kind = WN_OBJECT, .object = ctx};
	return true;
}

static bool text_is(struct wn_value v, const char *text, size_t n)
{
	return v.kind == WN_STRING && v.n == n && memcmp(v.s, text, n) == 0;
}

static bool by_hand(const struct wn_object *o)
{
	struct wn_value v;

	return o->cls->get(o, F_KIND, &v) && text_is(v, "funding", 7) && o->cls->get(o, F_ROUND, &v) && text_is(v, "Series B", 8) &&
	       o->cls->get(o, F_AMOUNT, &v) && v.kind == WN_DOUBLE && v.d >= 10000000.0 && o->cls->get(o, F_EMPLOYEES, &v) &&
	       v.kind == WN_INT && v.i >= 50 && o->cls->get(o, F_COUNTRY, &v) && text_is(v, "US", 2);
}

#define FACTS 64
static void make_facts(struct fact *facts)
{
	for (int i = 0; i < FACTS; i++) {
		facts[i].object.cls = &fact_class;
		facts[i].field[F_KIND] = wn_cstring("funding");
		facts[i].field[F_ROUND] = wn_cstring("Series B");
		facts[i].field[F_AMOUNT] = wn_double(1e7 + i);
		facts[i].field[F_EMPLOYEES] = wn_int(50 + i);
		facts[i].field[F_COUNTRY] = wn_cstring(i % 8 == 7 ? "GB" : "US");
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void)
{
	const int rounds = 2000000;
	struct cel_env *env = cel_env_new();
	struct wn_arena *arena = wn_arena_new(0);
	struct fact facts[FACTS];
	struct cel_program *p;
	struct cel_result result;
	struct wn_err err;
	double start, cel, hand;
	volatile long hits = 0;

	memset(facts, 0, sizeof(facts));
	make_facts(facts);
	cel_env_variable(env, "signal", cel_env_record(env, &record));
	if (cel_compile(env, WN_STR(rule), NULL, &p, &err) != WN_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	start = seconds();
	for (int i = 0; i < rounds; i++) {
		struct cel_activation act = {.get = get_variable, .ctx = &facts[i % FACTS]};

		if (cel_eval(p, &act, arena, &result, NULL) != WN_OK)
			return 1;
		hits += !result.unknown && result.value.b;
		wn_arena_reset(arena);
	}
	cel = (seconds() - start) / rounds * 1e9;
	start = seconds();
	for (int i = 0; i < rounds; i++)
		hits -= by_hand(&facts[i % FACTS].object);
	hand = (seconds() - start) / rounds * 1e9;
	if (hits != 0)
		return 1;
	printf("cel_five_comparisons_ns %.1f by_hand_ns %.1f ratio %.1f\n", cel, hand, cel / hand);
	cel_program_free(p);
	cel_env_free(env);
	wn_arena_free(arena);
	return 0;
}
