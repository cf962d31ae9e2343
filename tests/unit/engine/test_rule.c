/* SPDX-License-Identifier: MIT */
/* What rules see and what their functions answer: windows, coverage, references, three values, next changes. */
#include "rules_rig.h"

#include <whynow/limits.h>

/* `when` of a throw-away segment, asked of the newest signal of the account. */
static struct wn_verdict *ask_of(struct rig *r, const char *when, struct wn_signal *sig)
{
	char name[20];
	snprintf(name, sizeof(name), "s%zu", r->n_segments);
	struct wn_segment *s = rig_segment(r, name, when, NULL, NULL);
	struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, sig);
	wn_segment_free(s);
	r->catalog.n_segments = --r->n_segments;
	v->segment = NULL;
	return v;
}

static struct wn_signal *newest(struct rig *r) { return r->account.signals.v[r->account.signals.n - 1]; }

static char is(struct rig *r, const char *when)
{
	/* the first term makes any condition lawful and is always true */
	return "TF?"[ask_of(r, wn_arena_printf(r->arena, "signal.observed_at > timestamp(\"1970-01-01T00:00:00Z\") && (%s)", when), newest(r))->is];
}
#define holds(r, when) assert_int_equal(is(r, when), 'T')
#define fails(r, when) assert_int_equal(is(r, when), 'F')
#define unknown(r, when) assert_int_equal(is(r, when), '?')

/* Hours from now to the recheck, rounded to a millionth; -1 if there is none. */
static double recheck_hours(struct rig *r, const char *when, struct wn_signal *sig)
{
	struct wn_verdict *v = ask_of(r, when, sig);
	return v->recheck_us == WN_NEVER ? -1 : (double)(v->recheck_us - RIG_NOW) / (double)WN_HOUR;
}

static void fields_that_are_not_set_are_unknown(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "funding", 5, "{\"round\": \"Series B\", \"amount_usd\": 25000000}");
	holds(r, "signal.round == \"Series B\" && signal.amount_usd >= 10e6");
	fails(r, "signal.amount_usd > 30e6");
	unknown(r, "signal.valuation_usd > 1.0");
	unknown(r, "signal.published_at < now");
	unknown(r, "account.employees > 10");
	fails(r, "account.employees > 10 && signal.round == \"Seed\"");
	holds(r, "account.employees > 10 || signal.round == \"Series B\"");
	fails(r, "has(account.employees)");
	fails(r, "account.customer");
	r->account.traits = rig_trait_map(r, "{\"employees\": 120, \"customer\": true, \"technologies\": [\"go\", \"c\"]}");
	holds(r, "account.employees > 10 && account.customer && has(account.customer)");
	holds(r, "\"go\" in account.technologies");
	holds(r, "account.name == \"Acme\" && account.domain == \"acme.test\" && account.state == \"known\"");
	holds(r, "signal.age <= duration(\"5h\") && signal.age >= duration(\"5h\") && now - signal.occurred_at <= days(1)");
	holds(r, "signal.freshness < 1.0 && signal.freshness > 0.99");
}

static void windows_are_closed_on_both_sides(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "job_posting", 72, "{\"position\": \"a\"}");
	rig_signal(r, "job_posting", 24, "{\"position\": \"b\"}");
	rig_signal(r, "hire", 1, "{}");
	holds(r, "signals.count(\"job_posting\", days(3)) == 2");
	holds(r, "signals.count(\"job_posting\", duration(\"71h59m59.999999s\")) == 1");
	holds(r, "size(signals.within(\"job_posting\", days(1), days(3))) == 2");
	holds(r, "size(signals.within(\"job_posting\", duration(\"24h0.000001s\"), days(3))) == 1");
	holds(r, "size(signals.within(\"job_posting\", days(1), duration(\"71h\"))) == 1");
	holds(r, "signals.within(\"job_posting\", days(3)).exists(s, s.position == \"a\")");
	holds(r, "weeks(1) == days(7)");
}

static void retracted_signals_are_not_there(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *job = rig_signal(r, "job_posting", 72, "{}");
	struct wn_signal *hire = rig_signal(r, "hire", 1, "{}");
	job->retracted = true;
	fails(r, "signals.count(\"job_posting\", days(30)) > 0");
	fails(r, "signals.exists(s, s.kind == \"job_posting\")");
	hire->retracted = true;
	fails(r, "signal.kind == \"hire\"");
}

static void a_signal_that_is_history_or_stopped_counts_and_opens_nothing(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *old = rig_signal(r, "job_posting", 24, "{}");
	old->history = true;
	struct wn_signal *page = rig_signal(r, "page_view", 24 * 15, "{}");
	assert_int_equal(ask_of(r, "signal.kind == \"job_posting\"", old)->is, WN_VERDICT_FALSE);
	assert_int_equal(ask_of(r, "signal.kind == \"page_view\"", page)->is, WN_VERDICT_FALSE);
	rig_signal(r, "hire", 1, "{}");
	holds(r, "signals.count(\"job_posting\", days(2)) == 1 && signals.count(\"page_view\", days(15)) == 1");
}

static void a_sum_with_a_missing_number_is_unknown(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "purchase", 30, "{\"amount_usd\": 100}");
	rig_signal(r, "purchase", 20, "{\"amount_usd\": 50.5}");
	rig_signal(r, "hire", 1, "{}");
	holds(r, "signals.sum(\"purchase\", \"amount_usd\", days(2)) == 150.5");
	holds(r, "signals.sum(\"purchase\", \"amount_usd\", duration(\"25h\")) == 50.5");
	rig_signal(r, "purchase", 10, "{}");
	unknown(r, "signals.sum(\"purchase\", \"amount_usd\", days(2)) > 10.0");
	fails(r, "signals.sum(\"funding\", \"amount_usd\", days(2)) > 0.0");
}

static void one_follows_the_other_strictly_and_in_time(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "tech_dropped", 100, "{\"technology\": \"old\"}");
	struct wn_signal *b = rig_signal(r, "tech_adopted", 76, "{\"technology\": \"new\"}");
	rig_signal(r, "hire", 1, "{}");
	holds(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", days(1))");
	fails(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", duration(\"23h\"))");
	fails(r, "signals.followed(\"tech_adopted\", \"tech_dropped\", days(9))");
	b->occurred_us -= 24 * WN_HOUR;
	fails(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", days(1))");
	struct wn_signal *same = rig_signal(r, "tech_dropped", 110, "{}");
	holds(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", days(1))");
	same->retracted = true;
	b->occurred_us += 24 * WN_HOUR;
	b->hard_stop_us = RIG_NOW;
	fails(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", days(1))");
}

static void absence_needs_somebody_who_listened(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "hire", 1, "{}");
	unknown(r, "absent(\"purchase\", days(30))");
	struct wn_feed_view *f = rig_feed(r, "purchase");
	holds(r, "absent(\"purchase\", days(30))");
	fails(r, "!absent(\"purchase\", days(30))");
	fails(r, "absent(\"hire\", days(30))");
	holds(r, "!absent(\"hire\", days(30))");
	f->good_since_us = RIG_NOW - 29 * WN_DAY;
	unknown(r, "absent(\"purchase\", days(30))");
	holds(r, "absent(\"purchase\", days(29))");
	f->good_since_us = WN_NEVER;
	unknown(r, "absent(\"purchase\", days(1))");
}

static void a_gap_an_unknown_account_or_a_foreign_scope_is_no_silence(void **state)
{
	(void)state;
	RIG r = rig_new();
	static const char *const others[] = {"other.test", NULL}, *const ours[] = {"other.test", "acme.test", NULL};
	static const struct wn_gap gap = {RIG_NOW - 20 * WN_DAY, RIG_NOW - 19 * WN_DAY}, open = {RIG_NOW - WN_HOUR, WN_NEVER};
	rig_signal(r, "hire", 1, "{}");
	struct wn_feed_view *f = rig_feed(r, "purchase"), *g = rig_feed(r, "purchase");
	holds(r, "absent(\"purchase\", days(30))");
	f->gaps = &gap;
	f->n_gaps = 1;
	unknown(r, "absent(\"purchase\", days(30))");
	holds(r, "absent(\"purchase\", days(18))");
	f->gaps = &open;
	unknown(r, "absent(\"purchase\", days(18))");
	f->n_gaps = 0;
	f->scope_all = g->scope_all = false;
	f->scope = g->scope = others;
	unknown(r, "absent(\"purchase\", days(30))");
	f->scope = ours;
	holds(r, "absent(\"purchase\", days(30))");
	f->blind = true;
	unknown(r, "absent(\"purchase\", days(30))");
	f->blind = false;
	r->account.known_since_us = RIG_NOW - 10 * WN_DAY;
	unknown(r, "absent(\"purchase\", days(30))");
	holds(r, "absent(\"purchase\", days(10))");
}

static void a_surge_compares_rates(void **state)
{
	(void)state;
	RIG r = rig_new();
	for (int i = 0; i < 4; i++)
		rig_signal(r, "page_view", 5 + i, "{}");
	rig_signal(r, "page_view", 30, "{}");
	rig_signal(r, "page_view", 24 * 4 + 0.5, "{}");
	rig_signal(r, "hire", 1, "{}");
	unknown(r, "surge(\"page_view\", days(1), days(3)) > 5.0");
	rig_feed(r, "page_view");
	holds(r, "surge(\"page_view\", days(1), days(3)) == 12.0");
	holds(r, "surge(\"page_view\", days(1), days(4)) == 8.0");
	holds(r, "surge(\"job_posting\", days(1), days(3)) == 0.0 || surge(\"page_view\", days(1), days(3)) > 5.0");
	unknown(r, "surge(\"job_posting\", days(1), days(3)) == 0.0");
}

static void a_window_beyond_what_is_kept_is_unknown(void **state)
{
	(void)state;
	RIG r = rig_new();
	for (int i = 0; i < WN_SIGNALS_PER_ACCOUNT; i++)
		rig_signal(r, "page_view", (WN_SIGNALS_PER_ACCOUNT - i) / 10.0, "{}");
	unknown(r, "signals.count(\"page_view\", days(9)) > 5");
	holds(r, "signals.count(\"page_view\", days(8)) > 5");
	unknown(r, "absent(\"hire\", days(9))");
	unknown(r, "signals.followed(\"hire\", \"page_view\", days(9))");
	fails(r, "signals.followed(\"hire\", \"page_view\", duration(\"1s\")) && signals.count(\"page_view\", days(1)) == 0");
	holds(r, "signals.followed(\"page_view\", \"page_view\", days(9))");
}

static void a_window_longer_than_signals_are_kept_is_unknown(void **state)
{
	(void)state;
	RIG r = rig_new();
	r->catalog.signals_kept_us = 10 * WN_DAY;
	rig_signal(r, "departure", 9 * 24, "{}");
	rig_signal(r, "hire", 24, "{}");
	holds(r, "signals.count(\"hire\", days(10)) == 1");
	unknown(r, "signals.count(\"hire\", days(11)) == 1");
	unknown(r, "absent(\"funding\", days(11))");
	/* what comes first may be gone already, unless it is there */
	fails(r, "signals.followed(\"funding\", \"hire\", days(9))");
	unknown(r, "signals.followed(\"funding\", \"hire\", days(10))");
	holds(r, "signals.followed(\"departure\", \"hire\", days(30))");
}

static void places_contain_by_component(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_signal(r, "hire", 1, "{}");
	unknown(r, "account.place.within(\"NA/US\")");
	r->account.traits = rig_trait_map(r, "{\"place\": \"NA/US/CA/San Francisco\"}");
	holds(r, "account.place.within(\"NA/US/CA\") && account.place.within(\"na/us/\") && account.place.within(\"NA/US/CA/San Francisco\")");
	fails(r, "account.place.within(\"NA/US/C\")");
	fails(r, "account.place.within(\"NA/US/CA/San Francisco/Mission\")");
}

static void in_segment_asks_for_some_stored_signal(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_segment(r, "raised", "signal.kind == \"funding\" && account.employees > 10", NULL, NULL);
	struct wn_signal *f = rig_signal(r, "funding", 30, "{\"round\": \"Seed\"}");
	rig_signal(r, "hire", 1, "{}");
	unknown(r, "in_segment(\"raised\")");
	r->account.traits = rig_trait_map(r, "{\"employees\": 5}");
	fails(r, "in_segment(\"raised\")");
	r->account.traits = rig_trait_map(r, "{\"employees\": 50}");
	holds(r, "in_segment(\"raised\")");
	f->hard_stop_us = RIG_NOW;
	fails(r, "in_segment(\"raised\")");
	f->hard_stop_us = RIG_NOW + 1;
	f->retracted = true;
	fails(r, "in_segment(\"raised\")");
}

static void broad_segments_are_terms_with_a_name(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_segment_of(r, "segment: mid\nowner: a\nbroad: true\nwhen: account.employees > 10\n");
	rig_segment_of(r, "segment: people\nowner: a\nbroad: true\nwhen: in_segment(\"mid\")\nwho: contact.department == \"people\"\n");
	rig_signal(r, "hire", 1, "{}");
	unknown(r, "in_segment(\"mid\")");
	r->account.traits = rig_trait_map(r, "{\"employees\": 50}");
	holds(r, "in_segment(\"mid\")");
	fails(r, "in_segment(\"people\")");
	rig_contact(r, "Ada Lovelace", "people", 4);
	holds(r, "in_segment(\"people\")");
}

/* Each segment of a chain is asked once, not once for each signal of each segment before it. */
static void a_chain_of_references_costs_its_length(void **state)
{
	(void)state;
	RIG r = rig_new();
	char name[20], when[200];
	rig_segment(r, "c0", "signal.kind == \"funding\" && account.employees > 10", NULL, NULL);
	for (int i = 1; i < 4; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(when, sizeof(when), "in_segment(\"c%d\") && signal.kind == \"hire\"", i - 1);
		rig_segment(r, name, when, NULL, NULL);
	}
	for (int i = 0; i < 400; i++)
		rig_signal(r, "hire", 1 + i / 100.0, "{}");
	fails(r, "in_segment(\"c3\")");
	rig_signal(r, "funding", 1, "{}");
	unknown(r, "in_segment(\"c3\")");
	r->account.traits = rig_trait_map(r, "{\"employees\": 50}");
	holds(r, "in_segment(\"c3\")");
}

/* Windows inside loops over all signals, and rules asked of all of them, take of one budget. */
static void what_a_rule_costs_is_bounded(void **state)
{
	(void)state;
	RIG r = rig_new();
	for (int i = 0; i < WN_SIGNALS_PER_ACCOUNT - 1; i++)
		rig_signal(r, "page_view", 1 + i / 100.0, "{}");
	holds(r, "signals.exists(a, a.kind == \"page_view\" && signals.count(\"page_view\", days(1)) > 3)");
	unknown(r, "signals.all(a, signals.all(b, signals.count(\"page_view\", days(1)) >= 0))");
	unknown(r, "signals.all(a, signals.within(\"page_view\", days(20)).size() > 3)");
	rig_segment(r, "dear", "signals.all(a, a.kind == \"page_view\" || signals.count(\"hire\", days(3)) == 0) && signal.kind == \"hire\"", NULL, NULL);
	unknown(r, "in_segment(\"dear\")");
	assert_true(wn_arena_used(r->world.scratch) < 4 * WN_CEL_MEMORY_MAX);
}

static void a_recheck_is_the_next_change_of_time(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *s = rig_signal(r, "hire", 24, "{}");
	double one_us = 1 / 3600e6;
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && signal.age >= days(3)", s) == 48);
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && now - signal.occurred_at > days(3)", s) > 48);
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && signal.age < duration(\"1h\")", s) == -1);
	assert_true(recheck_hours(r, "signal.kind == \"funding\" && signal.age >= days(3)", s) == -1);
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && account.employees > 3", s) == -1);
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && signal.age >= days(100)", s) == -1);
	double fresh = recheck_hours(r, "signal.kind == \"hire\" && signal.freshness < 0.5", s);
	assert_true(fresh > 29 * 24 - 0.001 && fresh < 29 * 24 + 0.001);
	rig_signal(r, "page_view", 10, "{}");
	double left = recheck_hours(r, "signal.kind == \"hire\" && signals.count(\"page_view\", days(1)) == 0", s);
	assert_true(left > 14 && left < 14 + 2 * one_us);
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && size(signals.within(\"page_view\", days(2), days(3))) > 0", s) == 38);
	rig_feed(r, "purchase")->good_since_us = RIG_NOW - 10 * WN_DAY;
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && absent(\"purchase\", days(12))", s) == 48);
}

static void a_recheck_is_at_least_a_second_ahead(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *s = rig_signal(r, "hire", 24, "{}");
	struct wn_verdict *v = ask_of(r, "signal.kind == \"hire\" && signal.age >= duration(\"24h0.000002s\")", s);
	assert_true(v->recheck_us == RIG_NOW + WN_SECOND);
}

static void rechecks_look_through_references(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_segment(r, "ripe", "signal.kind == \"funding\" && signal.age >= days(5)", NULL, NULL);
	rig_signal(r, "funding", 24, "{}");
	struct wn_signal *s = rig_signal(r, "hire", 1, "{}");
	assert_true(recheck_hours(r, "signal.kind == \"hire\" && in_segment(\"ripe\")", s) == 96);
}

/* ---------------------------------------------------------------------------------------------- no memory but arenas */
static void ordinary_rules_allocate_in_arenas_only(void **state)
{
	(void)state;
	RIG r = rig_new();
	for (int i = 0; i < 50; i++)
		rig_signal(r, "job_posting", 100 - i, "{\"position\": \"x\"}");
	struct wn_signal *f = rig_signal(r, "funding", 2, "{\"round\": \"Series B\", \"amount_usd\": 25000000}");
	r->account.traits = rig_trait_map(r, "{\"employees\": 120, \"country\": \"US\"}");
	struct wn_segment *s = rig_segment(r, "b", "signal.kind == \"funding\" && signal.round == \"Series B\" && account.employees >= 500"
					   " && account.country in [\"US\", \"CA\"] && signals.count(\"job_posting\", days(30)) >= 2", NULL, NULL);
	struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_int_equal(v->is, WN_VERDICT_FALSE);
	size_t used = wn_arena_used(r->arena);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(wn_when(&r->world, s, &r->account, f), WN_FALSE3);
	assert_int_equal(wn_arena_used(r->arena), used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_that_are_not_set_are_unknown),
		cmocka_unit_test(windows_are_closed_on_both_sides),
		cmocka_unit_test(retracted_signals_are_not_there),
		cmocka_unit_test(a_signal_that_is_history_or_stopped_counts_and_opens_nothing),
		cmocka_unit_test(a_sum_with_a_missing_number_is_unknown),
		cmocka_unit_test(one_follows_the_other_strictly_and_in_time),
		cmocka_unit_test(absence_needs_somebody_who_listened),
		cmocka_unit_test(a_gap_an_unknown_account_or_a_foreign_scope_is_no_silence),
		cmocka_unit_test(a_surge_compares_rates),
		cmocka_unit_test(a_window_beyond_what_is_kept_is_unknown),
		cmocka_unit_test(a_window_longer_than_signals_are_kept_is_unknown),
		cmocka_unit_test(places_contain_by_component),
		cmocka_unit_test(in_segment_asks_for_some_stored_signal),
		cmocka_unit_test(broad_segments_are_terms_with_a_name),
		cmocka_unit_test(a_chain_of_references_costs_its_length),
		cmocka_unit_test(what_a_rule_costs_is_bounded),
		cmocka_unit_test(a_recheck_is_the_next_change_of_time),
		cmocka_unit_test(a_recheck_is_at_least_a_second_ahead),
		cmocka_unit_test(rechecks_look_through_references),
		cmocka_unit_test(ordinary_rules_allocate_in_arenas_only),
	};
	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
