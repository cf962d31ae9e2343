/* SPDX-License-Identifier: MIT */
/* A small world for tests of CEL: records with variants, a moving clock, host functions. */
#ifndef TEST_CEL_FIXTURE_H
#define TEST_CEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <whynow/cel.h>
#include <whynow/limits.h>

#define DAY_US (86400ll * 1000000)
#define NOW_US (1000 * DAY_US)

enum { F_KIND, F_OCCURRED, F_AGE, F_FRESHNESS, F_AMOUNT, F_ROUND, F_POSITION, F_TAGS, FIELDS };
enum { V_FUNDING, V_HIRE, V_DEPARTURE };

struct sig { struct wn_object object; struct wn_value field[FIELDS]; const char *name; int64_t now_us; };

static bool sig_get(const struct wn_object *self, uint32_t number, struct wn_value *out)
{
	*out = ((const struct sig *)self)->field[number];
	return out->kind != WN_ABSENT;
}

static const struct wn_class sig_class = {.name = "signal", .get = sig_get};
static const uint64_t only_funding[4] = {1 << V_FUNDING}, only_people[4] = {1 << V_HIRE | 1 << V_DEPARTURE};
static const char *const rounds[] = {"Seed", "Series A", "Series B", NULL}, *const tags[] = {"hot", "cold", NULL};
static const char *const kinds[] = {"funding", "hire", "departure", NULL};
static struct cel_type list_of_strings = {.kind = CEL_LIST, .elem = &cel_string};
static const struct cel_field sig_fields[] = {
	{.name = "kind", .type = &cel_string, .number = F_KIND},
	{.name = "occurred_at", .type = &cel_timestamp, .number = F_OCCURRED},
	{.name = "age", .type = &cel_duration, .number = F_AGE, .moving = true},
	{.name = "freshness", .type = &cel_double, .number = F_FRESHNESS, .moving = true},
	{.name = "amount_usd", .type = &cel_double, .number = F_AMOUNT, .variants = only_funding},
	{.name = "round", .type = &cel_string, .number = F_ROUND, .variants = only_funding, .enum_values = rounds},
	{.name = "position", .type = &cel_string, .number = F_POSITION, .variants = only_people},
	{.name = "tags", .type = &list_of_strings, .number = F_TAGS, .enum_values = tags},
};
static const struct cel_record sig_record = {
	.name = "signal", .fields = sig_fields, .n_fields = FIELDS, .discriminator = "kind", .variant_names = kinds, .collectable = true,
};

struct world {
	struct cel_env *env;
	struct wn_arena *arena;
	struct sig signal;
	struct sig list[8];
	struct wn_value items[8];
	uint32_t n;
	int calls;
};
enum { VAR_SIGNAL, VAR_SIGNALS, VAR_ACCOUNT, VAR_NOW };

static bool world_get(void *ctx, int var, struct wn_value *out)
{
	struct world *w = ctx;

	switch (var) {
	case VAR_SIGNAL: *out = wn_object_value(&w->signal.object); return true;
	case VAR_SIGNALS: *out = wn_list(w->items, w->n); return true;
	case VAR_NOW: *out = wn_time_us(NOW_US); return true;
	default: return false;
	}
}

/* --- host functions ---------------------------------------------------------------------------------- */
static const char *check_kind(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	const char *near;

	(void)ctx;
	if (arg != 1 || literal.kind != WN_STRING)
		return NULL;
	for (int i = 0; kinds[i]; i++)
		if (wn_str_is(wn_value_str(literal), kinds[i]))
			return NULL;
	near = wn_nearest(wn_value_str(literal), kinds, 3);
	snprintf(buf, size, "there is no kind \"%.*s\"%s%s", (int)literal.n, literal.s, near ? ": did you mean " : "", near ? near : "");
	return buf;
}

/* signals.within(kind, d): those of the kind not older than d. Tells when the first of them leaves. */
static bool fn_within(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct wn_value *kept = wn_arena_alloc(cel_call_arena(call), sizeof(*kept) * (args[0].n + 1));
	size_t count = 0;

	(void)n;
	for (uint32_t i = 0; i < args[0].n; i++) {
		const struct sig *s = (const struct sig *)args[0].list[i].object;
		int64_t age = cel_call_now_us(call) - wn_value_us(s->field[F_OCCURRED]);

		if (!wn_value_eq(s->field[F_KIND], args[1]) || age > wn_value_us(args[2]))
			continue;
		kept[count++] = args[0].list[i];
		cel_call_collect(call, args[0].list[i].object);
		cel_call_next_change(call, wn_value_us(s->field[F_OCCURRED]) + wn_value_us(args[2]) + 1);
	}
	((struct world *)cel_call_host(call))->calls++;
	*out = wn_list(kept, count);
	return true;
}

static bool fn_broken(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	(void)n;
	(void)out;
	return cel_call_error(call, "broken for %lld", (long long)args[0].i);
}

static struct cel_type list_of_signals;
static const struct cel_type *within_args[] = {&list_of_signals, &cel_string, &cel_duration}, *one_int[] = {&cel_int};
static const struct cel_overload within_overload = {
	.name = "within", .receiver = true, .args = within_args, .n_args = 3, .result = &list_of_signals, .fn = fn_within,
	.moving = true, .collects = true, .check_literal = check_kind, .variant_arg = 1,
};
static const struct cel_overload broken_overload = {
	.name = "broken", .args = one_int, .n_args = 1, .result = &cel_bool, .fn = fn_broken, .variant_arg = -1,
};

/* --- the world --------------------------------------------------------------------------------------- */
static inline struct sig make_signal(const char *name, const char *kind, int64_t age_us)
{
	struct sig s = {.object = {&sig_class}, .name = name};

	s.field[F_KIND] = wn_cstring(kind);
	s.field[F_OCCURRED] = wn_time_us(NOW_US - age_us);
	s.field[F_AGE] = wn_duration_us(age_us);
	s.field[F_FRESHNESS] = cel_decaying(NULL, 0.5, 10 * DAY_US, NOW_US + 40 * DAY_US);
	return s;
}

static inline void add(struct world *w, struct sig s)
{
	w->list[w->n] = s;
	w->items[w->n] = wn_object_value(&w->list[w->n].object);
	w->n++;
}

static inline int setup(void **state)
{
	static struct world world;
	struct world *w = &world;

	memset(w, 0, sizeof(*w));
	w->env = cel_env_new();
	w->arena = wn_arena_new(0);
	list_of_signals = (struct cel_type){.kind = CEL_LIST, .elem = cel_env_record(w->env, &sig_record)};
	assert_int_equal(cel_env_variable(w->env, "signal", list_of_signals.elem), VAR_SIGNAL);
	assert_int_equal(cel_env_variable(w->env, "signals", &list_of_signals), VAR_SIGNALS);
	assert_int_equal(cel_env_variable(w->env, "account", &cel_dyn), VAR_ACCOUNT);
	assert_int_equal(cel_env_moving_variable(w->env, "now", &cel_timestamp), VAR_NOW);
	cel_env_function(w->env, &within_overload);
	cel_env_function(w->env, &broken_overload);
	assert_int_equal(cel_env_extension(w->env, "all", NULL), WN_OK);
	w->signal = make_signal("signal", "funding", 2 * DAY_US);
	w->signal.field[F_AMOUNT] = wn_double(2e7);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	cel_env_free(w->env);
	wn_arena_free(w->arena);
	return 0;
}

static inline struct cel_activation activation(struct world *w)
{
	return (struct cel_activation){.get = world_get, .ctx = w, .host = w, .now_us = NOW_US};
}

static inline enum wn_rc compile(struct world *w, const char *text, bool strict, struct cel_program **p, struct wn_err *err)
{
	struct cel_options opt = {.strict_time = strict};

	return cel_compile(w->env, wn_str_of(text), &opt, p, err);
}

static inline struct cel_result eval_text(struct world *w, const char *text)
{
	struct cel_activation act = activation(w);
	struct cel_program *p;
	struct cel_result out;
	struct wn_err err;

	if (compile(w, text, false, &p, &err) != WN_OK)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(cel_eval(p, &act, w->arena, &out, NULL), WN_OK);
	cel_program_free(p);
	return out;
}

static inline void assert_verdict(struct world *w, const char *text, const char *verdict)
{
	struct cel_result r = eval_text(w, text);
	const char *got = r.unknown ? "unknown" : r.value.kind != WN_BOOL ? "no bool" : r.value.b ? "true" : "false";

	if (strcmp(got, verdict) != 0)
		fail_msg("%s is %s, not %s (%s)", text, got, verdict, r.error);
}

/* The complaint of a compile that must fail; lives until the next call. */
static inline const struct wn_err *refusal(struct world *w, const char *text, bool strict)
{
	static struct wn_err err;
	struct cel_program *p = NULL;

	memset(&err, 0, sizeof(err));
	if (compile(w, text, strict, &p, &err) == WN_OK) {
		cel_program_free(p);
		fail_msg("%s is not refused", text);
	}
	return &err;
}

static inline void assert_refused(struct world *w, const char *text, const char *why)
{
	const struct wn_err *err = refusal(w, text, true);

	if (!strstr(err->text, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err->text, why);
}

static inline void assert_allowed(struct world *w, const char *text)
{
	struct cel_program *p;
	struct wn_err err;

	if (compile(w, text, true, &p, &err) != WN_OK)
		fail_msg("%s: %s", text, err.text);
	cel_program_free(p);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define RUN(...)                                                                                                     \
	int main(void)                                                                                               \
	{                                                                                                            \
		const struct CMUnitTest cases[] = {__VA_ARGS__};                                                     \
		return cmocka_run_group_tests(cases, NULL, NULL);                                                    \
	}

#endif
