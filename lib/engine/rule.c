/* SPDX-License-Identifier: MIT */
/*
 * Rule environments: the variables and functions that `when`, `who`, `stay`, `if` and `exclude` may use (design
 * 03).
 *
 * Made once for a registry and then read only; segments borrow them. Nothing is evaluated here.
 */
#include "rule.h"

#include <stdio.h>

enum { SCRATCH = 32 << 10 }; /* bytes that compiling a segment takes */

/* --- literals, checked at compile ---------------------------------------------------------------------- */
static const char *check_kind(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	const struct wn_registry *r = ctx;
	struct wn_str name = wn_value_str(literal);
	(void)arg;
	if (wn_registry_kind_number(r, name) >= 0)
		return NULL;
	const char *near = wn_registry_nearest_kind(r, name);
	snprintf(buf, size, "there is no kind \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(name),
		 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return buf;
}

static const char *nearest_attr(const struct wn_registry *r, struct wn_str name)
{
	const char *names[256];
	size_t n = wn_registry_attrs(r) < WN_COUNT(names) ? wn_registry_attrs(r) : WN_COUNT(names);
	for (size_t i = 0; i < n; i++)
		names[i] = wn_registry_attr(r, (int)i)->name;
	return wn_nearest(name, names, n);
}

static const char *check_attr(const struct wn_registry *r, struct wn_value literal, char *buf, size_t size)
{
	struct wn_str name = wn_value_str(literal);
	int attr = wn_registry_attr_number(r, name);
	if (attr < 0) {
		const char *near = nearest_attr(r, name);
		snprintf(buf, size, "no kind has an attribute \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(name),
			 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
		return buf;
	}
	enum wn_attr_type type = wn_registry_attr(r, attr)->type;
	if (type == WN_ATTR_INT || type == WN_ATTR_DOUBLE)
		return NULL;
	snprintf(buf, size, "attribute \"" WN_STR_FMT "\" is of type %s, only numbers have a sum",
		 WN_STR_ARG(name), wn_attr_type_to_text(type));
	return buf;
}

static const char *check_sum(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	if (arg == 1)
		return check_kind(ctx, arg, literal, buf, size);
	return arg == 2 ? check_attr(ctx, literal, buf, size) : NULL;
}

static const char *check_followed(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	return arg == 1 || arg == 2 ? check_kind(ctx, arg, literal, buf, size) : NULL;
}

static const char *check_first(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	return arg == 0 ? check_kind(ctx, arg, literal, buf, size) : NULL;
}

static const char *check_second(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	return arg == 1 ? check_kind(ctx, arg, literal, buf, size) : NULL;
}

static const char *check_area(void *ctx WN_UNUSED, size_t arg, struct wn_value literal, char *buf, size_t size)
{
	return arg == 1 ? wn_place_complaint(wn_value_str(literal), buf, size) : NULL;
}

typedef const char *check_fn(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size);

static check_fn *check_of(const struct rule_function *f)
{
	if (strchr(f->args, 'a'))
		return check_sum;
	if (strcmp(f->args, "SkkD") == 0)
		return check_followed;
	if (strchr(f->args, 'p'))
		return check_area;
	if (f->args[0] == 'k')
		return check_first;
	return f->args[0] == 'S' ? check_second : NULL;
}

/* --- declaring ----------------------------------------------------------------------------------------- */
struct types {
	const struct cel_type *signal, *signals, *account, *contact;
};

static const struct cel_type *type_of(const struct types *t, char letter)
{
	switch (letter) {
	case 'S':
		return t->signals;
	case 'D':
		return &cel_duration;
	case 'i':
		return &cel_int;
	case 'd':
		return &cel_double;
	case 'b':
		return &cel_bool;
	default:
		return &cel_string;
	}
}

static void declare_function(struct wn_rules *r, struct cel_env *env, const struct types *t,
			     const struct rule_function *f)
{
	struct cel_overload *o = WN_NEW(r->arena, struct cel_overload);
	size_t n = strlen(f->args);
	const struct cel_type **args = WN_NEW_N(r->arena, const struct cel_type *, n);
	for (size_t i = 0; i < n; i++)
		args[i] = type_of(t, f->args[i]);
	*o = (struct cel_overload){.name = f->name,
				   .receiver = f->receiver,
				   .args = args,
				   .n_args = n,
				   .result = type_of(t, f->result),
				   .fn = f->fn,
				   .moving = f->moving,
				   .pure = f->pure,
				   .collects = f->collects,
				   .check_literal = check_of(f),
				   .check_ctx = (void *)r->registry,
				   .variant_arg = f->variant_arg};
	cel_env_function(env, o);
}

static void declare_functions(struct wn_rules *r, struct cel_env *env, const struct types *t,
			      enum rule_context context)
{
	for (size_t i = 0; context != RULE_FACTS && i < rule_n_window_functions; i++)
		declare_function(r, env, t, &rule_window_functions[i]);
	for (size_t i = 0; context != RULE_FACTS && i < rule_n_coverage_functions; i++)
		declare_function(r, env, t, &rule_coverage_functions[i]);
	for (size_t i = 0; i < rule_n_segment_functions; i++)
		declare_function(r, env, t, &rule_segment_functions[i]);
}

/* A number that this context does not use: nobody can write the name. */
static void skip_variable(struct cel_env *env)
{
	cel_env_variable(env, "@", &cel_dyn);
}

static struct cel_env *make_env(struct wn_rules *r, enum rule_context context)
{
	struct cel_env *env = cel_env_new();
	struct types t = {.signal = cel_env_record(env, r->signal),
			  .account = cel_env_record(env, r->account),
			  .contact = cel_env_record(env, r->contact)};
	t.signals = cel_env_list(env, t.signal);
	bool arriving = context == RULE_WHEN || context == RULE_WHO;
	if (arriving)
		cel_env_variable(env, "signal", t.signal);
	else
		skip_variable(env);
	if (context != RULE_FACTS)
		cel_env_variable(env, "signals", t.signals);
	else
		skip_variable(env);
	cel_env_variable(env, "account", t.account);
	if (arriving)
		cel_env_moving_variable(env, "now", &cel_timestamp);
	else
		skip_variable(env);
	if (context != RULE_WHEN)
		cel_env_variable(env, "contact", t.contact);
	declare_functions(r, env, &t, context);
	return env;
}

/* Signals are what the truth of a rule may rest on, whoever made the registry. */
static const struct cel_record *collectable(struct wn_arena *a, const struct cel_record *r)
{
	struct cel_record *copy = WN_NEW(a, struct cel_record);
	*copy = *r;
	copy->collectable = true;
	return copy;
}

struct wn_rules *wn_rules_new(const struct wn_registry *registry)
{
	struct wn_arena *arena = wn_arena_new(0);
	struct wn_rules *r = WN_NEW(arena, struct wn_rules);
	r->arena = arena;
	r->registry = registry;
	r->shared = rule_shared_new();
	r->newest = WN_NEW(arena, struct rule_seal);
	r->passing = WN_NEW(arena, struct rule_passing);
	r->passing->arena = wn_arena_new_small(SCRATCH);
	r->reading = wn_arena_new_small(SCRATCH);
	r->compiling = wn_arena_new_small(SCRATCH);
	r->signal = wn_registry_signal_record(registry);
	if (!r->signal->collectable)
		r->signal = collectable(arena, r->signal);
	r->account = wn_registry_account_record(registry);
	r->contact = wn_registry_contact_record(registry);
	for (int i = 0; i < RULE_CONTEXTS; i++) {
		r->env[i] = make_env(r, i);
		enum wn_rc rc = cel_env_extension(r->env[i], "all", NULL);
		(void)rc; /* the name is known */
	}
	return r;
}

void wn_rules_free(struct wn_rules *r)
{
	if (!r)
		return;
	for (size_t t = 0; r->traits && t < wn_registry_traits(r->registry); t++)
		for (size_t i = 0; r->traits[t].choices && i < wn_registry_trait(r->registry, (int)t)->n_choices; i++)
			cel_program_free(r->traits[t].choices[i]);
	for (int i = 0; i < RULE_CONTEXTS; i++)
		cel_env_free(r->env[i]);
	rule_shared_free(r->shared);
	rule_passing_drop(r);
	wn_arena_free(r->passing->arena);
	wn_arena_free(r->reading);
	wn_arena_free(r->compiling);
	wn_arena_free(r->arena);
}

const struct cel_env *wn_rules_env_when(const struct wn_rules *r)
{
	return r->env[RULE_WHEN];
}
const struct cel_env *wn_rules_env_who(const struct wn_rules *r)
{
	return r->env[RULE_WHO];
}

enum wn_rc wn_rules_compile_exclude(const struct wn_rules *r, struct wn_str text, struct wn_place at,
				    struct cel_program **out, struct wn_err *err)
{
	struct cel_options opt = {.origin = at, .expect = &cel_bool, .strict_time = true};
	return cel_compile(r->env[RULE_FACTS], text, &opt, out, err);
}
