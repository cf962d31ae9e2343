/* SPDX-License-Identifier: MIT */
/* Evidence: which elements a true verdict rests on, and under which clause. */
#include "fixture.h"

struct told { char text[2000]; const char *source; };

static void note(void *ctx, const struct wn_object *element, struct cel_span clause)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof(t->text) - n, "%s%s<%.*s>", n ? " " : "", ((const struct sig *)element)->name,
		 (int)(clause.end - clause.start), t->source + clause.start);
}

static void assert_evidence(struct world *w, const char *text, const char *expect)
{
	struct cel_activation act = activation(w);
	struct told told = {.source = text};
	struct cel_program *p;
	struct wn_err err;

	assert_verdict(w, text, "true");
	if (compile(w, text, true, &p, &err) != WN_OK)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(cel_eval_collect(p, &act, w->arena, note, &told, &err), WN_OK);
	cel_program_free(p);
	if (strcmp(told.text, expect) != 0)
		fail_msg("%s\n  gives  %s\n  wanted %s", text, told.text, expect);
}

static int world_with_three(void **state)
{
	struct world *w;

	setup(state);
	w = *state;
	add(w, make_signal("h1", "hire", 1 * DAY_US));
	add(w, make_signal("h2", "hire", 5 * DAY_US));
	add(w, make_signal("f1", "funding", 9 * DAY_US));
	return 0;
}

static void a_term_that_reads_the_signal_collects_it(void **state)
{
	assert_evidence(*state, "signal.kind == \"funding\"", "signal<signal.kind == \"funding\">");
	assert_evidence(*state, "signal.kind == \"funding\" && signal.amount_usd > 5.0",
			"signal<signal.kind == \"funding\"> signal<signal.amount_usd > 5.0>");
	assert_evidence(*state, "1 < 2", "");
}

static void exists_collects_every_element_that_satisfies_it(void **state)
{
	assert_evidence(*state, "signals.exists(s, s.kind == \"hire\")",
			"h1<signals.exists(s, s.kind == \"hire\")> h2<signals.exists(s, s.kind == \"hire\")>");
	assert_evidence(*state, "signals.exists_one(s, s.kind == \"funding\")", "f1<signals.exists_one(s, s.kind == \"funding\")>");
	assert_evidence(*state, "signals.filter(s, s.age > days(3)).size() == 2",
			"h2<signals.filter(s, s.age > days(3)).size() == 2> f1<signals.filter(s, s.age > days(3)).size() == 2>");
}

static void a_range_does_not_collect_what_the_predicate_leaves_out(void **state)
{
	assert_evidence(*state, "signals.within(\"hire\", days(30)).exists(s, s.age < days(2))",
			"h1<signals.within(\"hire\", days(30)).exists(s, s.age < days(2))>");
	assert_evidence(*state, "size(signals.within(\"hire\", days(30))) == 2",
			"h1<size(signals.within(\"hire\", days(30))) == 2> h2<size(signals.within(\"hire\", days(30))) == 2>");
}

static void nothing_comes_from_negations(void **state)
{
	assert_evidence(*state, "!(signal.kind == \"hire\")", "");
	assert_evidence(*state, "!signals.exists(s, s.kind == \"departure\")", "");
	assert_evidence(*state, "signals.exists(s, !(s.kind == \"hire\"))", "f1<signals.exists(s, !(s.kind == \"hire\"))>");
	assert_evidence(*state, "!(size(signals.within(\"hire\", days(30))) > 9)", "");
}

static void only_the_alternative_that_held_is_told(void **state)
{
	assert_evidence(*state, "signals.exists(s, s.kind == \"departure\") || signals.exists(s, s.kind == \"funding\")",
			"f1<signals.exists(s, s.kind == \"funding\")>");
	assert_evidence(*state, "(signal.kind == \"hire\" || signal.amount_usd > 5.0) && true", "signal<signal.amount_usd > 5.0>");
	assert_evidence(*state, "signal.kind == \"funding\" || signals.exists(s, s.kind == \"hire\")", "signal<signal.kind == \"funding\">");
	assert_evidence(*state, "signal.position == \"x\" || signal.amount_usd > 5.0", "signal<signal.amount_usd > 5.0>");
}

static void a_predicate_that_reads_the_signal_collects_it_too(void **state)
{
	assert_evidence(*state, "signals.exists(s, s.kind == signal.kind)",
			"signal<signals.exists(s, s.kind == signal.kind)> f1<signals.exists(s, s.kind == signal.kind)>");
}

static void a_condition_collects_only_when_it_was_true(void **state)
{
	assert_evidence(*state, "signal.kind == \"hire\" ? false : signals.exists(s, s.kind == \"funding\")",
			"f1<signal.kind == \"hire\" ? false : signals.exists(s, s.kind == \"funding\")>");
}

static void a_verdict_that_is_not_true_has_no_evidence(void **state)
{
	struct world *w = *state;
	struct cel_activation act = activation(w);
	struct told told = {.source = "signal.kind == \"hire\""};
	struct cel_program *p;

	assert_int_equal(compile(w, told.source, true, &p, NULL), WN_OK);
	assert_int_equal(cel_eval_collect(p, &act, w->arena, note, &told, NULL), WN_OK);
	assert_string_equal(told.text, "");
	cel_program_free(p);
}

#define THREE(name) cmocka_unit_test_setup_teardown(name, world_with_three, teardown)
RUN(THREE(a_term_that_reads_the_signal_collects_it), THREE(exists_collects_every_element_that_satisfies_it),
    THREE(a_range_does_not_collect_what_the_predicate_leaves_out), THREE(nothing_comes_from_negations),
    THREE(only_the_alternative_that_held_is_told), THREE(a_predicate_that_reads_the_signal_collects_it_too),
    THREE(a_condition_collects_only_when_it_was_true), THREE(a_verdict_that_is_not_true_has_no_evidence))
