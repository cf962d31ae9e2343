/* SPDX-License-Identifier: MIT */
/* The tests of a segment: what they can say, what they catch, and in which words. */
#include "rules_rig.h"

#define SEGMENT "segment: s\nowner: a@example.com\nwhen: |\n  signal.kind == \"funding\" && account.employees >= 50 && !account.customer\n" \
	"who: contact.level >= 4\naudience: {min: 1, max: 10}\nexit: stop\ngoal: {metric: meeting, target: 5%, window: 30d}\n" \
	"life: {box: 14d, max: 42d}\nsequence:\n  - {channel: email, subject: \"On {{signal.round}}\", body: \"Hi {{contact.first_name}}\"}\n" \
	"  - {after: 3d, channel: email, if: 'signals.count(\"page_view\", days(3)) > 0', subject: s, variants: [{if: 'contact.department == \"sales\"', name: a, body: A}, {name: b, body: B}]}\n" \
	"tests:\n"
#define OPENING "    account: {employees: 60}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h, round: Seed}]\n"

struct run {
	struct wn_trial *v;
	size_t n;
};

static struct run run(struct rig *r, const char *tests)
{
	char *yaml = wn_arena_printf(r->arena, "%s%s", SEGMENT, tests);
	struct wn_segment *s = rig_segment_of(r, yaml);
	struct wn_segment_options opt = {.registry = r->registry, .rules = r->rules,
					 .others = (const struct wn_segment *const *)r->segments, .n_others = r->n_segments};
	struct run out;
	wn_segment_run_tests(s, &opt, "test.yaml", r->arena, &out.v, &out.n);
	return out;
}

static void passes(const char *test)
{
	RIG r = rig_new();
	struct run t = run(r, test);
	assert_int_equal(t.n, 1);
	if (t.v[0].failure)
		fail_msg("%s", t.v[0].failure);
}

static void fails(const char *test, const char *with)
{
	RIG r = rig_new();
	struct run t = run(r, test);
	assert_int_equal(t.n, 1);
	if (!t.v[0].failure)
		fail_msg("passed, expected: %s", with);
	if (!strstr(t.v[0].failure, with))
		fail_msg("expected \"%s\" in: %s", with, t.v[0].failure);
}

static void refused(const char *test, const char *with)
{
	RIG r = rig_new();
	struct wn_segment_options opt = {.registry = r->registry, .rules = r->rules};
	struct wn_err err = {0};
	struct wn_segment *s;
	char *yaml = wn_arena_printf(r->arena, "%s%s", SEGMENT, test);
	assert_int_equal(wn_segment_parse(wn_str_of(yaml), "test.yaml", 0, &opt, &s, NULL, 0, NULL, &err), WN_INVALID);
	if (!strstr(err.text, with))
		fail_msg("expected \"%s\" in: %s", with, err.text);
	assert_int_equal(err.place.line > 13, 1);
}

static void what_happens_is_what_was_expected(void **state)
{
	(void)state;
	passes("  - name: opens\n" OPENING "    expect: {opens: true, opens_after: 0h, members: 1, proposed: false, sent: 1, closes: boxed, "
	       "closes_after: 14d, left: boxed, touches: [{after: 0h, subject: On Seed, body: Hi Ana, channel: email, variant: 1}, {state: dropped, reason: if}]}\n");
	passes("  - name: a rule that comes true later\n" OPENING "    expect: {opens: true}\n");
	passes("  - name: stale on arrival\n    account: {employees: 60}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 40d}]\n"
	       "    expect: {opens: false, because: stale_on_arrival}\n");
	passes("  - name: unknown\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h}]\n    expect: {opens: false, because: unknown}\n");
	passes("  - name: nobody\n    account: {employees: 60}\n    contacts: [{level: 3}]\n    signals: [{kind: funding, age: 1h}]\n    expect: {because: no_contact}\n");
	passes("  - name: false\n    account: {employees: 6}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h}]\n    expect: {because: not_true, members: 0}\n");
}

static void time_and_changes_come_as_written(void **state)
{
	(void)state;
	passes("  - name: a further signal extends the box\n    account: {employees: 60}\n    contacts: [{level: 5}]\n"
	       "    signals: [{kind: funding, age: 1h, round: Seed}, {kind: funding, after: 5d, round: Seed}]\n    expect: {opens: true, members: 1, closes_after: 19d}\n");
	passes("  - name: the trait that was missing\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h}]\n"
	       "    changes: [{after: 2d, account: {employees: 80}}]\n    expect: {opens: true, opens_after: 2d}\n");
	passes("  - name: no longer fits\n" OPENING "    changes: [{after: 1d, account: {customer: true}}]\n"
	       "    expect: {opens: true, left: no_longer_fits, closes: emptied, closes_after: 1d}\n");
	passes("  - name: converts\n" OPENING "    changes: [{after: 2d, outcome: meeting}]\n    expect: {closes: converted, closes_after: 2d, sent: 1}\n");
	passes("  - name: a reply of one holds the other\n    account: {employees: 60}\n    contacts: [{level: 5}, {level: 5}]\n"
	       "    signals: [{kind: funding, age: 1h, round: Seed}, {kind: page_view, after: 2d}]\n"
	       "    changes: [{after: 1d, outcome: reply, contact: 1}]\n"
	       "    expect: {members: 2, sent: 2, touches: [{step: 2, contact: 1, state: cancelled}]}\n");
	passes("  - name: a visit lets the second step go, with the variant of the reader\n    account: {employees: 60}\n"
	       "    contacts: [{level: 5, department: people}, {level: 4, department: sales}]\n"
	       "    signals: [{kind: funding, age: 1h, round: Seed}, {kind: page_view, after: 2d}]\n"
	       "    expect: {members: 2, sent: 4, touches: [{step: 2, contact: 1, variant: b, after: 3d}, {step: 2, contact: 2, variant: a, body: A}]}\n");
	passes("  - name: without an address\n    account: {employees: 60}\n    contacts: [{level: 5, email: null}]\n"
	       "    signals: [{kind: funding, age: 1h, round: Seed}]\n    expect: {sent: 0, left: no_first_touch, touches: [{state: cancelled}]}\n");
}

static void a_failure_says_where_and_why(void **state)
{
	(void)state;
	fails("  - name: one\n    account: {industry: x}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h}]\n    expect: {opens: true}\n",
	      "test.yaml:18:21: test \"one\": expected a campaign; for signal funding (age 1h) `account.employees >= 50` is unknown: account.employees is not known");
	fails("  - name: two\n    account: {employees: 60, customer: true}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 1h}]\n    expect: {opens: true}\n",
	      "`!account.customer` is false: account.customer is true");
	fails("  - name: three\n" OPENING "    expect: {opens: false}\n", "expected that nothing opens; a campaign opened after 0s");
	fails("  - name: four\n" OPENING "    expect: {closes_after: 12d}\n", "expected to close 12d after its opening; it closed (boxed) after 14d");
	fails("  - name: five\n" OPENING "    expect: {touches: [{body: Hello}]}\n", "expected body with \"Hello\", found \"Hi Ana\"");
	fails("  - name: six\n" OPENING "    expect: {sent: 2}\n", "expected 2 touches sent, found 1");
	fails("  - name: seven\n" OPENING "    expect: {because: cooldown}\n", "expected the reason cooldown, it is it opened");
	fails("  - name: eight\n    account: {employees: 60}\n    contacts: [{level: 5}]\n    signals: [{kind: funding, age: 90d}]\n    expect: {opens: true}\n",
	      "no signal came that is not past its hard stop");
	fails("  - name: nine\n    account: {employees: 60}\n    signals: [{kind: funding, age: 1h}]\n    expect: {opens: true}\n",
	      "the rule was true, and nothing opened: no_contact");
	fails("  - name: ten\n" OPENING "    expect: {touches: [{step: 2}]}\n", "expected state \"sent\", found \"dropped (if)\"");
	fails("  - name: eleven\n" OPENING "    expect: {touches: [{step: 3}]}\n", "step 3 was never planned");
	fails("  - name: twelve\n" OPENING "    expect: {members: 2, left: converted}\n", "expected a member that left converted; the first left boxed");
}

static void what_no_test_can_say_is_refused_with_its_place(void **state)
{
	(void)state;
	refused("  - name: x\n    expects: {opens: true}\n    expect: {opens: true}\n", "unknown key \"expects\" in test; did you mean \"expect\"?");
	refused("  - {name: x}\n", "missing key \"expect\" in test");
	refused("  - name: x\n    expect: {opens: maybe}\n", "true or false");
	refused("  - name: x\n    signals: [{kind: funding, amount: 3}]\n    expect: {opens: true}\n", "kind funding has no attribute \"amount\"");
	refused("  - name: x\n    signals: [{kind: fundng}]\n    expect: {opens: true}\n", "did you mean \"funding\"?");
	refused("  - name: x\n    signals: [{age: 3d}]\n    expect: {opens: true}\n", "a signal has a kind");
	refused("  - name: x\n    signals: [{kind: funding, contact: 2}]\n    contacts: [{}]\n    expect: {opens: true}\n", "there are only 1 contacts");
	refused("  - name: x\n    account: {employes: 3}\n    expect: {opens: true}\n", "did you mean \"employees\"?");
	refused("  - name: x\n    account: {employees: many}\n    expect: {opens: true}\n", "\"employees\": ");
	refused("  - name: x\n    contacts: [{department: peple}]\n    expect: {opens: true}\n", "people");
	refused("  - name: x\n    expect: {closes: gone}\n", "result \"gone\" is not known");
	refused("  - name: x\n    expect: {because: stale}\n", "reason \"stale\" is not known");
	refused("  - name: x\n    changes: [{after: 1d, outcome: meting}]\n    expect: {opens: true}\n", "did you mean \"meeting\"?");
	refused("  x: 1\n", "expected a list");
}

static void a_test_speaks_of_the_segment_alone(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_segment *held = rig_segment_of(r, "segment: other\nwhen: signal.kind == \"funding\"\n" RIG_REST "priority: 99\nmode: live\n");
	(void)held;
	struct run t = run(r, "  - name: shadow runs as live and nobody is held out\n" OPENING "    expect: {opens: true, members: 1, sent: 1}\n");
	if (t.v[0].failure)
		fail_msg("%s", t.v[0].failure);
}

static void two_runs_say_the_same(void **state)
{
	(void)state;
	RIG r = rig_new();
	RIG q = rig_new();
	const char *tests = "  - name: x\n" OPENING "    expect: {opens: false, sent: 7, closes_after: 1d}\n";
	assert_string_equal(run(r, tests).v[0].failure, run(q, tests).v[0].failure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happens_is_what_was_expected),
		cmocka_unit_test(time_and_changes_come_as_written),
		cmocka_unit_test(a_failure_says_where_and_why),
		cmocka_unit_test(what_no_test_can_say_is_refused_with_its_place),
		cmocka_unit_test(a_test_speaks_of_the_segment_alone),
		cmocka_unit_test(two_runs_say_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
