/* SPDX-License-Identifier: MIT */
/* Which variants a record can still be, and which literals an enum knows. */
#include "fixture.h"

static void refuses_an_attribute_that_no_kind_left_has(void **state)
{
	assert_refused(*state, "signal.kind == \"hire\" && signal.amount_usd > 1.0", "(hire) has `amount_usd`; those that have it: funding");
	assert_refused(*state, "signal.kind in [\"hire\", \"departure\"] && signal.round == \"Seed\"", "(hire, departure) has `round`");
	assert_refused(*state, "signal.kind != \"funding\" && signal.amount_usd > 1.0", "has `amount_usd`");
	assert_refused(*state, "!(signal.kind == \"funding\") && signal.amount_usd > 1.0", "has `amount_usd`");
	assert_refused(*state, "signal.kind == \"funding\" || signal.amount_usd > 1.0", "has `amount_usd`");
	assert_refused(*state, "signal.kind == \"funding\" ? signal.position == \"x\" : true", "(funding) has `position`");
	assert_refused(*state, "signal.kind == \"funding\" ? true : signal.amount_usd > 1.0", "has `amount_usd`");
	assert_refused(*state, "!(signal.kind != \"hire\" || signal.amount_usd > 1.0)", "has `amount_usd`");
}

static void allows_an_attribute_that_some_kind_left_has(void **state)
{
	assert_allowed(*state, "signal.amount_usd > 1.0");
	assert_allowed(*state, "signal.kind == \"funding\" && signal.amount_usd > 1.0");
	assert_allowed(*state, "signal.kind in [\"hire\", \"funding\"] && signal.amount_usd > 1.0");
	assert_allowed(*state, "signal.kind == \"funding\" && signal.amount_usd > 1.0 || signal.kind == \"hire\" && signal.position == \"x\"");
	assert_allowed(*state, "signal.kind != \"hire\" || signal.position == \"x\"");
	assert_allowed(*state, "(signal.kind == \"hire\" || signal.kind == \"funding\") && signal.amount_usd > 1.0");
	assert_allowed(*state, "has(signal.amount_usd) && signal.occurred_at < now");
}

static void does_not_depend_on_the_order_of_terms(void **state)
{
	assert_refused(*state, "signal.amount_usd > 1.0 && signal.kind == \"hire\"", "has `amount_usd`");
	assert_refused(*state, "signal.amount_usd > 1.0 || signal.kind == \"funding\"", "has `amount_usd`");
}

static void follows_comprehension_variables(void **state)
{
	assert_refused(*state, "signals.exists(s, s.kind == \"hire\" && s.amount_usd > 1.0)", "has `amount_usd`");
	assert_refused(*state, "signals.filter(s, s.kind == \"hire\").exists(t, t.amount_usd > 1.0)", "has `amount_usd`");
	assert_refused(*state, "signals.map(s, s.kind == \"hire\", s.amount_usd).size() > 1", "has `amount_usd`");
	assert_refused(*state, "signals.within(\"hire\", days(3)).exists(s, s.amount_usd > 1.0)", "has `amount_usd`");
	assert_refused(*state, "signals.within(\"hire\", days(3))[0].amount_usd > 1.0", "has `amount_usd`");
	assert_allowed(*state, "signals.exists(s, s.kind == \"hire\" && signal.amount_usd > 1.0)");
	assert_allowed(*state, "signals.exists(signal, signal.kind == \"hire\") && signal.amount_usd > 1.0");
	assert_allowed(*state, "signals.within(\"funding\", days(3)).exists(s, s.amount_usd > 1.0)");
}

static void refuses_a_literal_that_an_enum_does_not_list(void **state)
{
	assert_refused(*state, "signal.round == \"Series C\"", "is never \"Series C\": did you mean `Series ");
	assert_refused(*state, "\"Sed\" != signal.round", "did you mean `Seed`?");
	assert_refused(*state, "signal.round in [\"Seed\", \"zzzzzzzz\"]", "is never \"zzzzzzzz\": one of Seed, Series A, Series B");
	assert_refused(*state, "signal.kind == \"hires\"", "did you mean `hire`?");
	assert_refused(*state, "\"hott\" in signal.tags", "did you mean `hot`?");
	assert_allowed(*state, "signal.round == \"Seed\" || signal.round.startsWith(\"Ser\")");
	assert_allowed(*state, "\"hot\" in signal.tags");
}

/* In a long conjunction a term sees only what stands to its left: fewer refusals, never a wrong one. */
static void facts_reach_over_many_terms(void **state)
{
	char text[4000];
	size_t n = (size_t)snprintf(text, sizeof(text), "signal.kind == \"hire\"");

	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " && signal.age < days(%d)", i + 1);
	snprintf(text + n, sizeof(text) - n, " && signal.amount_usd > 1.0");
	assert_refused(*state, text, "has `amount_usd`");
	snprintf(text + n, sizeof(text) - n, " && signal.position == \"x\"");
	assert_allowed(*state, text);
}

RUN(CASE(refuses_an_attribute_that_no_kind_left_has), CASE(allows_an_attribute_that_some_kind_left_has),
    CASE(does_not_depend_on_the_order_of_terms), CASE(follows_comprehension_variables),
    CASE(refuses_a_literal_that_an_enum_does_not_list), CASE(facts_reach_over_many_terms))
