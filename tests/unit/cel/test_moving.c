/* SPDX-License-Identifier: MIT */
/* Time-dependent terms: unknown in the moving pass, each telling the first microsecond at which it differs. */
#include "fixture.h"

#include <math.h>

static struct cel_result moving(struct world *w, const char *text)
{
	struct cel_activation act = activation(w);
	struct cel_program *p;
	struct cel_result out;
	struct wn_err err;

	if (compile(w, text, true, &p, &err) != WN_OK)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(cel_eval_moving(p, &act, w->arena, &out, NULL), WN_OK);
	cel_program_free(p);
	return out;
}

static void assert_changes_at(struct world *w, const char *text, int64_t from_now_us)
{
	struct cel_result r = moving(w, text);
	int64_t got = r.next_change_us == INT64_MAX ? INT64_MAX : r.next_change_us - NOW_US;

	if (got != from_now_us)
		fail_msg("%s changes in %lld us, not %lld", text, (long long)got, (long long)from_now_us);
}

/* The signal is two days old. */
static void a_window_is_closed_on_both_sides(void **state)
{
	assert_verdict(*state, "signal.age <= days(2)", "true");
	assert_changes_at(*state, "signal.age <= days(2)", 1);
	assert_changes_at(*state, "signal.age <= days(3)", DAY_US + 1);
	assert_changes_at(*state, "signal.age < days(3)", DAY_US);
	assert_changes_at(*state, "signal.age >= days(3)", DAY_US);
	assert_changes_at(*state, "signal.age > days(3)", DAY_US + 1);
	assert_changes_at(*state, "signal.age > days(1)", INT64_MAX);
	assert_changes_at(*state, "days(3) >= signal.age", DAY_US + 1);
	assert_changes_at(*state, "signal.age == days(3)", DAY_US);
	assert_changes_at(*state, "signal.age == days(2)", 1);
	assert_changes_at(*state, "signal.age != days(1)", INT64_MAX);
}

static void now_may_be_shifted_and_compared(void **state)
{
	assert_changes_at(*state, "now - signal.occurred_at <= days(3)", DAY_US + 1);
	assert_changes_at(*state, "now - days(3) > signal.occurred_at", DAY_US + 1);
	assert_changes_at(*state, "signal.occurred_at + days(3) >= now", DAY_US + 1);
	assert_changes_at(*state, "signal.occurred_at - now > days(-3)", DAY_US);
	assert_changes_at(*state, "signal.age < now - signal.occurred_at", INT64_MAX);
	assert_changes_at(*state, "now < timestamp('9999-12-31T23:59:59Z')", (253402300799ll - NOW_US / 1000000) * 1000000);
}

/* Half of 0.5 after ten days, nothing after forty. */
static void a_decaying_value_crosses_a_constant_once(void **state)
{
	struct cel_result r = moving(*state, "signal.freshness >= 0.25");

	assert_in_range(r.next_change_us - NOW_US, 10 * DAY_US, 10 * DAY_US + 2);
	assert_changes_at(*state, "signal.freshness > 0.0", 40 * DAY_US);
	assert_changes_at(*state, "signal.freshness >= 0.01", 40 * DAY_US);
	assert_changes_at(*state, "signal.freshness >= 0.5", 1);
	assert_changes_at(*state, "signal.freshness >= 0.9", INT64_MAX);
	assert_changes_at(*state, "signal.freshness < -1", INT64_MAX);
	r = moving(*state, "signal.freshness < 1.0 / 8.0");
	assert_in_range(r.next_change_us - NOW_US, 20 * DAY_US - 2, 20 * DAY_US + 2);
}

static void two_decaying_values_cross_where_they_are_equal(void **state)
{
	struct world *w = *state;
	struct cel_result r;

	add(w, make_signal("slow", "hire", DAY_US));
	w->list[0].field[F_FRESHNESS] = cel_decaying(NULL, 0.25, 20 * DAY_US, NOW_US + 100 * DAY_US);
	r = moving(w, "signal.freshness > signals[0].freshness"); /* 1/2 2^-t/10 = 1/4 2^-t/20 at 20 days */
	assert_in_range(r.next_change_us - NOW_US, 20 * DAY_US - 2, 20 * DAY_US + 2);
}

static void visits_every_term_and_takes_the_least(void **state)
{
	assert_changes_at(*state, "false && signal.age <= days(9) || signal.age <= days(5)", 3 * DAY_US + 1);
	assert_changes_at(*state, "true || signal.age <= days(4)", 2 * DAY_US + 1);
	assert_changes_at(*state, "signal.kind == \"hire\" ? signal.age < days(3) : signal.age < days(4)", DAY_US);
	assert_changes_at(*state, "!(signal.age < days(3))", DAY_US);
	assert_changes_at(*state, "signal.kind == \"funding\"", INT64_MAX);
}

static void what_does_not_hang_on_time_stays_known(void **state)
{
	struct cel_result r = moving(*state, "signal.kind == \"hire\" && signal.age < days(3)");

	assert_false(r.unknown);
	assert_false(r.value.b);
	r = moving(*state, "signal.kind == \"funding\" && signal.age < days(3)");
	assert_true(r.unknown);
	r = moving(*state, "signal.kind == \"funding\" || signal.age < days(3)");
	assert_false(r.unknown);
	assert_true(r.value.b);
}

static void elements_and_window_functions_tell_their_instants(void **state)
{
	struct world *w = *state;
	struct cel_result r;

	add(w, make_signal("a", "hire", DAY_US));
	add(w, make_signal("b", "hire", 4 * DAY_US));
	assert_changes_at(w, "signals.exists(s, s.age < days(7))", 3 * DAY_US);
	assert_changes_at(w, "signals.filter(s, s.age < days(7)).size() > 1", 3 * DAY_US);
	assert_changes_at(w, "size(signals.within(\"hire\", days(6))) >= 2", 2 * DAY_US + 1);
	r = moving(w, "size(signals.within(\"hire\", days(6))) >= 2");
	assert_true(r.unknown);
	assert_string_equal(r.error, "depends on time");
}

static void the_plain_evaluation_knows_nothing_of_it(void **state)
{
	assert_verdict(*state, "now - signal.occurred_at == signal.age", "true");
	assert_verdict(*state, "signal.freshness * 2.0 == 1.0", "true");
	assert_int_equal(eval_text(*state, "now").value.flags, 0);
}

static void strict_time_refuses_any_other_use(void **state)
{
	assert_refused(*state, "now.getHours() > 8", "changes with time");
	assert_refused(*state, "string(signal.age) == \"\"", "not passed to this function");
	assert_refused(*state, "[now][0] > signal.occurred_at", "not put into a list");
	assert_refused(*state, "{1: now}.size() > 0", "not put into a map");
	assert_refused(*state, "(true ? now : signal.occurred_at) > signal.occurred_at", "not chosen by ?:");
	assert_refused(*state, "signals.map(s, s.age).size() > 0", "made into elements");
	assert_refused(*state, "now - signal.age > signal.occurred_at", "both sides change with time");
	assert_refused(*state, "signal.freshness * 2.0 > 1.0", "not used in this operation");
	assert_refused(*state, "signal.freshness + 0.1 > 1.0", "it may be compared, but not used");
	assert_refused(*state, "signal.freshness + 0.1 > 1.0", "not used in this operation");
	assert_refused(*state, "now in [signal.occurred_at]", "not used in this operation");
	assert_refused(*state, "now", "compare it with something");
	assert_int_equal(refusal(*state, "signal.kind == \"x\" || now.getHours() > 8", true)->rc, WN_INVALID);
	assert_allowed(*state, "cel.bind(t, now - days(3), signal.occurred_at > t)");
	assert_allowed(*state, "has(signal.age)");
}

static void half_lives_and_hard_stops_survive_packing(void **state)
{
	struct world *w = *state;
	static const int64_t halves[] = {1000000, 90 * 1000000ll, 3600 * 1000000ll, 45 * DAY_US, 365 * DAY_US, 3650 * DAY_US};

	for (size_t i = 0; i < WN_COUNT(halves); i++) {
		struct cel_result r;

		w->signal.field[F_FRESHNESS] = cel_decaying(NULL, 1.0, halves[i], NOW_US + 20000 * DAY_US);
		r = moving(w, "signal.freshness > 0.5");
		assert_in_range(r.next_change_us - NOW_US, halves[i] - 1, halves[i] + 1);
	}
	w->signal.field[F_FRESHNESS] = cel_decaying(NULL, 1.0, DAY_US, NOW_US + 1500000);
	assert_changes_at(w, "signal.freshness > 0.0", 2000000);
}

RUN(CASE(a_window_is_closed_on_both_sides), CASE(now_may_be_shifted_and_compared), CASE(a_decaying_value_crosses_a_constant_once),
    CASE(two_decaying_values_cross_where_they_are_equal), CASE(visits_every_term_and_takes_the_least),
    CASE(what_does_not_hang_on_time_stays_known), CASE(elements_and_window_functions_tell_their_instants),
    CASE(the_plain_evaluation_knows_nothing_of_it), CASE(strict_time_refuses_any_other_use), CASE(half_lives_and_hard_stops_survive_packing))
