/* SPDX-License-Identifier: MIT */
/* Three values: what is missing is unknown, and && and || absorb it. */
#include "fixture.h"

static void a_missing_attribute_is_unknown_and_named(void **state)
{
	struct cel_result r = eval_text(*state, "signal.position == \"x\"");

	assert_true(r.unknown);
	assert_string_equal(r.error, "no such attribute: position");
	assert_int_equal(r.where.start, 0);
	assert_int_equal(r.where.end, strlen("signal.position"));
}

static void absorbs_unknown_on_either_side(void **state)
{
	assert_verdict(*state, "signal.position == \"x\" && false", "false");
	assert_verdict(*state, "false && signal.position == \"x\"", "false");
	assert_verdict(*state, "signal.position == \"x\" || true", "true");
	assert_verdict(*state, "signal.position == \"x\" && true", "unknown");
	assert_verdict(*state, "signal.position == \"x\" || false", "unknown");
	assert_verdict(*state, "!(signal.position == \"x\")", "unknown");
	assert_verdict(*state, "signal.position == \"x\" ? true : true", "unknown");
	assert_verdict(*state, "[1, 2].exists(i, 1 / (i - 1) > 0)", "true");
	assert_verdict(*state, "[1, 2].exists(i, 1 / (i - 1) > 5)", "unknown");
	assert_verdict(*state, "[1, 2].all(i, 1 / (i - 1) > 5)", "false");
	assert_verdict(*state, "[1, 2].exists_one(i, 1 / (i - 1) > 0)", "unknown");
}

static void tells_the_first_failure_and_its_clause(void **state)
{
	const char *text = "signal.kind == \"funding\" && (signal.round == \"Seed\" || signal.tags[0] == \"hot\") && account.x == 1";
	struct cel_result r = eval_text(*state, text);

	assert_true(r.unknown);
	assert_memory_equal(text + r.where.start, "signal.round", r.where.end - r.where.start);
	assert_memory_equal(text + r.clause.start, "signal.round == \"Seed\"", strlen("signal.round == \"Seed\""));
	assert_int_equal(r.clause.end - r.clause.start, strlen("signal.round == \"Seed\""));
}

static void has_looks_at_what_is_stored(void **state)
{
	assert_verdict(*state, "has(signal.amount_usd)", "true");
	assert_verdict(*state, "has(signal.position)", "false");
	assert_verdict(*state, "has(account.customer)", "unknown");
}

static void a_variable_that_is_not_set_is_unknown(void **state)
{
	struct cel_result r = eval_text(*state, "account.customer == true");

	assert_true(r.unknown);
	assert_string_equal(r.error, "not set: account");
}

static void a_host_function_may_fail(void **state)
{
	struct cel_result r = eval_text(*state, "broken(7)");

	assert_true(r.unknown);
	assert_string_equal(r.error, "broken for 7");
	assert_verdict(*state, "broken(7) || true", "true");
}

static void a_value_of_the_wrong_kind_is_unknown_not_a_crash(void **state)
{
	struct world *w = *state;

	w->signal.field[F_KIND] = wn_int(5);
	w->signal.field[F_TAGS] = wn_string(WN_STR("no list"));
	assert_verdict(w, "signal.kind.startsWith(\"f\")", "unknown");
	assert_verdict(w, "signal.kind == \"hire\"", "false");
	assert_verdict(w, "\"hot\" in signal.tags", "unknown");
	assert_verdict(w, "signal.tags.exists(t, t == \"hot\")", "unknown");
	assert_verdict(w, "signal.tags.all(t, t.size() > 2)", "unknown");
	assert_verdict(w, "size(signal.tags) == 7", "true");
	w->items[0] = wn_int(1);
	w->n = 1;
	assert_verdict(w, "signals.exists(s, s.kind == \"hire\")", "unknown");
	assert_verdict(w, "dyn(signals).exists(s, s.kind == \"hire\")", "unknown");
}

static void a_record_is_read_by_name_behind_dyn(void **state)
{
	assert_verdict(*state, "dyn(signal).kind == \"funding\"", "true");
	assert_verdict(*state, "dyn(signal).nix == 1", "unknown");
	assert_verdict(*state, "has(dyn(signal).amount_usd)", "true");
	assert_verdict(*state, "signal == signal", "true");
}

RUN(CASE(a_missing_attribute_is_unknown_and_named), CASE(absorbs_unknown_on_either_side),
    CASE(tells_the_first_failure_and_its_clause), CASE(has_looks_at_what_is_stored), CASE(a_variable_that_is_not_set_is_unknown),
    CASE(a_host_function_may_fail), CASE(a_value_of_the_wrong_kind_is_unknown_not_a_crash), CASE(a_record_is_read_by_name_behind_dyn))
