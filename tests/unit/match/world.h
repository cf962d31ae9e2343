/* SPDX-License-Identifier: MIT */
/* A small world of signals and accounts for the tests of the rule index: records, objects, activation. */
#ifndef WN_TEST_MATCH_WORLD_H
#define WN_TEST_MATCH_WORLD_H

#include <whynow/clock.h>
#include <whynow/match.h>

enum { VAR_SIGNAL, VAR_SIGNALS, VAR_ACCOUNT, VAR_CONTACT, VAR_NOW };
enum { F_KIND, F_AGE, F_WHEN, F_ROUND = 32, F_AMOUNT, F_PERSON, F_LEVEL, F_REMOTE, F_TAGS, SIGNAL_FIELDS };
enum { A_DOMAIN, A_COUNTRY = 32, A_EMPLOYEES, A_SCORE, A_CUSTOMER, A_INDUSTRY, A_TECH, ACCOUNT_FIELDS };
enum { C_LEVEL = 2, FIELDS = 40 };
_Static_assert((int)SIGNAL_FIELDS <= (int)FIELDS && (int)ACCOUNT_FIELDS <= (int)FIELDS, "room for every field");
enum { FUNDING, HIRE, JOB, VIEW, KINDS };

static const char *const kind_names[] = {"funding", "hire", "job", "view", NULL};
static const char *const round_names[] = {"Seed", "Series A", "Series B", NULL};
static const char *const industry_names[] = {"steel", "software", "bakery", NULL};
static const struct cel_type strings = {.kind = CEL_LIST, .elem = &cel_string};
static const uint64_t only_funding[4] = {1u << FUNDING}, only_hire[4] = {1u << HIRE},
		      hire_job[4] = {1u << HIRE | 1u << JOB}, only_job[4] = {1u << JOB},
		      funding_job[4] = {1u << FUNDING | 1u << JOB};

static const struct cel_field signal_fields[] = {
    {.name = "kind", .type = &cel_string, .number = F_KIND, .enum_values = kind_names},
    {.name = "age", .type = &cel_duration, .number = F_AGE, .moving = true},
    {.name = "at", .type = &cel_timestamp, .number = F_WHEN},
    {.name = "round",
     .type = &cel_string,
     .number = F_ROUND,
     .enum_values = round_names,
     .variants = only_funding},
    {.name = "amount", .type = &cel_double, .number = F_AMOUNT, .variants = funding_job},
    {.name = "person", .type = &cel_string, .number = F_PERSON, .variants = only_hire},
    {.name = "level", .type = &cel_int, .number = F_LEVEL, .variants = hire_job},
    {.name = "remote", .type = &cel_bool, .number = F_REMOTE, .variants = only_job},
    {.name = "tags", .type = &strings, .number = F_TAGS, .variants = funding_job},
};
static const struct cel_field account_fields[] = {
    {.name = "domain", .type = &cel_string, .number = A_DOMAIN},
    {.name = "country", .type = &cel_string, .number = A_COUNTRY},
    {.name = "employees", .type = &cel_int, .number = A_EMPLOYEES},
    {.name = "score", .type = &cel_double, .number = A_SCORE},
    {.name = "customer", .type = &cel_bool, .number = A_CUSTOMER},
    {.name = "industry", .type = &cel_string, .number = A_INDUSTRY, .enum_values = industry_names},
    {.name = "tech", .type = &strings, .number = A_TECH},
};
static const struct cel_field contact_fields[] = {{.name = "level", .type = &cel_int, .number = C_LEVEL}};
static const struct cel_record signal_record = {.name = "signal",
						.fields = signal_fields,
						.n_fields = WN_COUNT(signal_fields),
						.discriminator = "kind",
						.variant_names = kind_names,
						.collectable = true};
static const struct cel_record account_record = {
    .name = "account", .fields = account_fields, .n_fields = WN_COUNT(account_fields)};
static const struct cel_record contact_record = {
    .name = "contact", .fields = contact_fields, .n_fields = WN_COUNT(contact_fields)};

struct thing {
	struct wn_object object;
	struct wn_value fields[FIELDS];
};

static bool thing_get(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	const struct thing *t = (const struct thing *)self;

	if (field >= WN_COUNT(t->fields) || t->fields[field].kind == WN_ABSENT)
		return false;
	*out = t->fields[field];
	return true;
}
static const struct wn_class signal_class = {.name = "signal", .get = thing_get};
static const struct wn_class account_class = {.name = "account", .get = thing_get};

static bool no_function(struct cel_call *call, const struct wn_value *args WN_UNUSED, size_t n WN_UNUSED,
			struct wn_value *out WN_UNUSED)
{
	return cel_call_error(call, "not in this test");
}

/* The environment of the rules; its functions over `signals` are declared and never have an answer. */
static struct cel_env *world_env(struct wn_match_env *out)
{
	static const struct cel_type *segment_args[] = {&cel_string};
	static const struct cel_overload in_segment = {.name = "in_segment",
						       .args = segment_args,
						       .n_args = 1,
						       .result = &cel_bool,
						       .fn = no_function,
						       .variant_arg = -1};
	static const struct cel_type *absent_args[] = {&cel_string, &cel_duration};
	static const struct cel_overload absent = {.name = "absent",
						   .args = absent_args,
						   .n_args = 2,
						   .result = &cel_bool,
						   .fn = no_function,
						   .variant_arg = -1,
						   .moving = true};
	static const struct cel_type a_signal = {.kind = CEL_RECORD, .record = &signal_record};
	static const struct cel_type list_of_signals = {.kind = CEL_LIST, .elem = &a_signal};
	static const struct cel_type *count_args[] = {&list_of_signals, &cel_string, &cel_duration};
	static const struct cel_overload count = {.name = "count",
						  .receiver = true,
						  .args = count_args,
						  .n_args = 3,
						  .result = &cel_int,
						  .fn = no_function,
						  .variant_arg = 1,
						  .moving = true};
	struct cel_env *env = cel_env_new();
	const struct cel_type *signal = cel_env_record(env, &signal_record);

	*out = (struct wn_match_env){.signal_record = &signal_record,
				     .account_record = &account_record,
				     .contact_record = &contact_record};
	out->signal = cel_env_variable(env, "signal", signal);
	out->signals = cel_env_variable(env, "signals", cel_env_list(env, signal));
	out->account = cel_env_variable(env, "account", cel_env_record(env, &account_record));
	out->contact = cel_env_variable(env, "contact", cel_env_record(env, &contact_record));
	cel_env_moving_variable(env, "now", &cel_timestamp);
	cel_env_function(env, &in_segment);
	cel_env_function(env, &absent);
	cel_env_function(env, &count);
	return env;
}

/* A signal and its account, with room for list values. */
struct pair {
	struct thing signal, account, others[3]; /* others: more of the account's signals */
	int n_others;
	struct wn_value tags[3], tech[3], signals[4];
	char names[7][8]; /* texts of values */
	int64_t now_us;
	bool mistaken; /* some field is not of its type */
};

static bool pair_get(void *ctx, int var, struct wn_value *out)
{
	struct pair *p = ctx;

	switch (var) {
	case VAR_SIGNAL:
		*out = wn_object_value(&p->signal.object);
		return true;
	case VAR_SIGNALS:
		p->signals[0] = wn_object_value(&p->signal.object);
		for (int i = 0; i < p->n_others; i++)
			p->signals[i + 1] = wn_object_value(&p->others[i].object);
		*out = wn_list(p->signals, (size_t)p->n_others + 1);
		return true;
	case VAR_ACCOUNT:
		*out = wn_object_value(&p->account.object);
		return true;
	case VAR_NOW:
		*out = wn_time_us(p->now_us);
		return true;
	default:
		return false;
	}
}

/* Of the arriving signal and the others; ABSENT if one is no text, as nobody could say then. */
WN_UNUSED static struct wn_value kinds_of(const struct pair *p, struct wn_value room[4])
{
	bool texts = true;

	for (int i = 0; i <= p->n_others; i++) {
		room[i] = (i ? &p->others[i - 1] : &p->signal)->fields[F_KIND];
		texts &= room[i].kind == WN_STRING;
	}
	return texts ? wn_list(room, (size_t)p->n_others + 1) : (struct wn_value){0};
}

WN_UNUSED static bool definitely_true(const struct cel_program *p, struct pair *pair, struct wn_arena *a)
{
	struct cel_activation act = {.get = pair_get, .ctx = pair, .now_us = pair->now_us};
	struct cel_result res;

	wn_arena_reset(a);
	return cel_eval(p, &act, a, &res, NULL) == WN_OK && !res.unknown && res.value.kind == WN_BOOL &&
	       res.value.b;
}

#endif
