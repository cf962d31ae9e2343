/* SPDX-License-Identifier: MIT */
/* Why not: clauses with their values, what is needed, instants, guards, contacts, and what the step would do.
 */
#include "rules_rig.h"

#include <whynow/explain.h>

static struct rig *explain_rig(void)
{
	struct rig *r = rig_new();
	r->catalog.caps = (struct wn_caps){2, 6, 1, 7 * WN_DAY, 7 * WN_DAY, 3 * WN_DAY, WN_DAY};
	r->catalog.proposed_ttl_us = 7 * WN_DAY;
	return r;
}

static struct wn_explanation *ask(struct rig *r, const char *when, const char *who, const char *more)
{
	char name[20];
	snprintf(name, sizeof(name), "s%zu", r->n_segments);
	return wn_explain(&r->world, rig_segment(r, name, when, who, more), &r->account);
}

static struct wn_clause *clause(struct wn_explanation *x, size_t i)
{
	assert_true(i < x->n_clauses);
	return &x->clauses[i];
}

static void needs(struct wn_explanation *x, size_t i, const char *text)
{
	assert_string_equal(clause(x, i)->needs.p, text);
}

static const struct wn_gate *gate(struct wn_explanation *x, const char *name)
{
	for (size_t i = 0; i < x->n_gates; i++)
		if (strcmp(x->gates[i].name, name) == 0)
			return &x->gates[i];
	fail_msg("no gate %s", name);
	return NULL;
}

static void each_clause_has_its_value_and_verdict(void **state)
{
	(void)state;
	RIG r = explain_rig();
	r->account.traits = rig_trait_map(r, "{\"employees\": 12, \"country\": \"FR\"}");
	rig_signal(r, "funding", 2, "{\"round\": \"Series B\", \"amount_usd\": 25e6}");
	struct wn_explanation *x =
	    ask(r,
		"signal.kind == \"funding\" && signal.amount_usd>=10e6 && account.employees >= 50 && "
		"account.country in [\"US\", \"GB\"] && !account.customer",
		NULL, NULL);
	assert_int_equal(x->n_clauses, 5);
	assert_int_equal(x->is, WN_FALSE3);
	assert_int_equal(x->first, 2);
	assert_string_equal(clause(x, 1)->text.p, "signal.amount_usd >= 10000000.0");
	assert_int_equal(clause(x, 1)->is, WN_TRUE3);
	assert_true(clause(x, 1)->readings[0].value.d == 25e6);
	assert_string_equal(clause(x, 2)->readings[0].text.p, "account.employees");
	assert_int_equal(clause(x, 2)->readings[0].value.i, 12);
	assert_true(wn_str_is(clause(x, 2)->readings[0].source, "import"));
	needs(x, 2, "account.employees needs >= 50, is 12");
	needs(x, 3, "account.country needs one of \"US\", \"GB\", is \"FR\"");
	assert_true(clause(x, 4)->readings[0].assumed);
	assert_false(clause(x, 2)->readings[0].assumed);
}

static void what_is_missing_is_named_with_who_brings_it(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	struct wn_explanation *x =
	    ask(r, "signal.kind == \"funding\" && signal.round == \"Series B\" && account.employees >= 50",
		NULL, NULL);
	assert_int_equal(x->is, WN_UNKNOWN3);
	assert_int_equal(clause(x, 1)->is, WN_UNKNOWN3);
	needs(x, 1, "signal.round has no value: the signal does not say it; another report of it may");
	needs(x, 2, "account.employees has no value: an import or a feed has to bring it");
	assert_int_equal(clause(x, 1)->readings[0].value.kind, WN_ABSENT);
	assert_true(clause(x, 1)->readings[0].error.n > 0);
}

static void the_signal_that_comes_nearest_is_taken(void **state)
{
	(void)state;
	RIG r = explain_rig();
	struct wn_signal *seed = rig_signal(r, "funding", 30, "{\"round\": \"Seed\", \"amount_usd\": 2e6}");
	rig_signal(r, "page_view", 1, "{}");
	struct wn_explanation *x =
	    ask(r, "signal.kind == \"funding\" && signal.round == \"Series B\"", NULL, NULL);
	assert_ptr_equal(x->signal, seed);
	needs(x, 1, "signal.round needs \"Series B\", is \"Seed\"");
	x = ask(r, "signal.kind in [\"hire\", \"departure\"]", NULL, NULL);
	needs(x, 0, "needs a signal of kind hire or departure; the one that comes nearest is a page_view");
	struct wn_signal *b = rig_signal(r, "funding", 50, "{\"round\": \"Series B\", \"amount_usd\": 2e6}");
	x = ask(r, "signal.kind == \"funding\" && signal.round == \"Series B\"", NULL, NULL);
	assert_ptr_equal(x->signal, b);
	assert_int_equal(x->is, WN_TRUE3);
	assert_non_null(x->verdict);
}

/* Of another kind all the rest may hold: that says nothing to whoever waits for the round. */
static void a_signal_of_the_kind_comes_nearer_than_others(void **state)
{
	(void)state;
	RIG r = explain_rig();
	struct wn_signal *old = rig_signal(r, "funding", 24 * 20, "{\"round\": \"Seed\"}");
	rig_signal(r, "page_view", 1, "{}");
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\" && signal.age < days(3) && signal.freshness > 0.9", NULL, NULL);
	assert_ptr_equal(x->signal, old);
	assert_int_equal(x->first, 1);
}

static void a_signal_past_its_hard_stop_would_do_but_for_its_age(void **state)
{
	(void)state;
	RIG r = explain_rig();
	struct wn_signal *old = rig_signal(r, "funding", 24 * 61, "{}");
	rig_signal(r, "page_view", 1, "{}");
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\"", NULL, NULL);
	assert_ptr_equal(x->signal, old);
	assert_false(x->signal_counts);
	assert_null(x->verdict);
	assert_int_equal(gate(x, "signal")->is, WN_FALSE3);
	assert_string_equal(gate(x, "signal")->detail.p,
			    "the funding that comes nearest is past its hard stop");
	assert_int_equal(x->gate, 0);
}

static void an_account_without_signals_is_told_so(void **state)
{
	(void)state;
	RIG r = explain_rig();
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\" && !account.customer", NULL, NULL);
	assert_null(x->signal);
	assert_int_equal(x->first, 0);
	needs(x, 0, "signal.kind has no value: there is no signal");
	assert_int_equal(clause(x, 1)->is, WN_TRUE3);
	assert_string_equal(gate(x, "signal")->detail.p, "nothing was heard of the account yet");
}

static void alternatives_and_negations_say_each_way_out(void **state)
{
	(void)state;
	RIG r = explain_rig();
	r->account.traits =
	    rig_trait_map(r, "{\"employees\": 12, \"customer\": true, \"technologies\": [\"Kafka\"]}");
	rig_signal(r, "funding", 2, "{}");
	struct wn_explanation *x = ask(
	    r,
	    "signal.kind == \"funding\" && (account.employees >= 50 || \"Redis\" in account.technologies) && "
	    "!(account.customer || account.employees < 20) && \"Kafka\" in account.technologies",
	    NULL, NULL);
	needs(x, 1,
	      "either account.employees needs >= 50, is 12, or account.technologies needs \"Redis\" in it, has "
	      "\"Kafka\"");
	needs(x, 2, "account.customer needs to be false, is true; and account.employees needs >= 20, is 12");
	assert_int_equal(clause(x, 3)->is, WN_TRUE3);
}

static void windows_count_and_say_when_time_changes_them(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "job_posting", 24 * 28, "{}");
	rig_signal(r, "job_posting", 24 * 2, "{}");
	rig_signal(r, "funding", 2, "{}");
	struct wn_explanation *x =
	    ask(r,
		"signal.kind == \"funding\" && signals.count(\"job_posting\", days(30)) >= 2 && "
		"signals.count(\"page_view\", days(3)) > 0",
		NULL, NULL);
	assert_int_equal(clause(x, 1)->is, WN_TRUE3);
	assert_int_equal(clause(x, 1)->readings[0].value.i, 2);
	assert_true(clause(x, 1)->readings[0].counts);
	assert_true(clause(x, 1)->flips_us == RIG_NOW + 2 * WN_DAY + 1);
	assert_int_equal(clause(x, 1)->flips_to, WN_FALSE3);
	needs(x, 2, "signals.count(\"page_view\", days(3)) needs > 0, is 0");
	assert_true(clause(x, 2)->flips_us == WN_NEVER);
	assert_true(x->true_us == WN_NEVER);
	assert_true(r->world.now_us == RIG_NOW);
}

static void time_alone_makes_a_rule_true_at_its_instant(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 24, "{}");
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\" && signal.age >= days(3)", NULL, NULL);
	assert_int_equal(x->is, WN_FALSE3);
	assert_true(x->true_us == RIG_NOW + 2 * WN_DAY);
	assert_int_equal(clause(x, 1)->flips_to, WN_TRUE3);
	needs(x, 1, "signal.age needs >= 3d, is 1d");
	x = ask(r, "signal.kind == \"funding\" && signal.age >= days(61)", NULL, NULL);
	assert_true(x->true_us == WN_NEVER); /* past the hard stop */
}

static void silence_that_nobody_watched_is_unknown(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	struct wn_explanation *x =
	    ask(r, "signal.kind == \"funding\" && absent(\"purchase\", days(9))", NULL, NULL);
	assert_int_equal(clause(x, 1)->is, WN_UNKNOWN3);
	assert_non_null(strstr(clause(x, 1)->needs.p, "no feed reports purchase"));
}

static void contacts_are_asked_clause_by_clause(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	rig_contact(r, "Ana Kim", "people", 3);
	struct wn_contact *gone = rig_contact(r, "Bo Lee", "people", 5);
	gone->opted_out = true;
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\"",
				       "contact.department == \"people\" && contact.level >= 4", NULL);
	assert_int_equal(x->n_contacts, 2);
	assert_int_equal(x->contacts[0].is, WN_FALSE3);
	assert_null(x->contacts[0].blocked);
	assert_int_equal(x->contacts[0].clauses[0].is, WN_TRUE3);
	assert_string_equal(x->contacts[0].clauses[1].needs.p, "contact.level needs >= 4, is 3");
	assert_string_equal(x->contacts[1].blocked, "opted_out");
	assert_int_equal(x->contacts[1].is, WN_FALSE3);
	assert_int_equal(gate(x, "no_contact")->is, WN_FALSE3);
	assert_string_equal(gate(x, "no_contact")->detail.p, "none of 2 contacts");
	wn_explain_outcome(&r->world, x);
	assert_true(x->asked);
	assert_int_equal(x->does, WN_DOES_NOTHING);
	assert_int_equal(x->reason, WN_NON_ACTION_NO_CONTACT);
}

static void the_outcome_is_what_the_step_does(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\"", NULL, "mode: live\n");
	assert_int_equal(x->gate, x->n_gates);
	wn_explain_outcome(&r->world, x);
	assert_int_equal(x->does, WN_DOES_OPEN);
	assert_non_null(x->campaign);
	assert_null(x->living);
	x = ask(r, "signal.kind == \"funding\" && !account.customer", NULL, "mode: propose\n");
	wn_explain_outcome(&r->world, x);
	assert_int_equal(x->does, WN_DOES_PROPOSE);
}

static void the_cooldown_refuses_until_its_instant(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	struct wn_member *m = WN_NEW(r->arena, struct wn_member);
	*m = (struct wn_member){.account = &r->account,
				.campaign_id = {{9}},
				.segment = WN_STR("s0"),
				.left = WN_LEFT_STALE,
				.left_us = RIG_NOW - WN_DAY};
	*WN_PUSH(r->arena, &r->account.members) = m;
	struct wn_explanation *x =
	    ask(r, "signal.kind == \"funding\"", NULL, "mode: live\nlife: {cooldown: 10d}\n");
	assert_int_equal(gate(x, "cooldown")->is, WN_FALSE3);
	assert_true(gate(x, "cooldown")->until_us == RIG_NOW + 9 * WN_DAY);
	assert_string_equal(x->gates[x->gate].name, "cooldown");
	wn_explain_outcome(&r->world, x);
	assert_int_equal(x->reason, WN_NON_ACTION_COOLDOWN);
	assert_non_null(strstr(x->detail.p, "until "));
	x = ask(r, "signal.kind == \"hire\"", NULL, NULL);
	assert_int_equal(gate(x, "cooldown")->is, WN_TRUE3);
	assert_int_equal(gate(x, "stale_on_arrival")->is, WN_UNKNOWN3); /* only a true rule has a heat */
}

static void caps_are_counted_over_all_campaigns(void **state)
{
	(void)state;
	RIG r = explain_rig();
	rig_signal(r, "funding", 2, "{}");
	struct wn_contact *c = rig_contact(r, "Ana Kim", "people", 5);
	struct wn_member *m = WN_NEW(r->arena, struct wn_member);
	struct wn_touch *t = WN_NEW(r->arena, struct wn_touch);
	*m = (struct wn_member){.account = &r->account, .contact_id = c->id, .segment = WN_STR("other")};
	*t = (struct wn_touch){
	    .member = m, .channel = WN_STR("email"), .state = WN_TOUCH_SENT, .sent_us = RIG_NOW - WN_DAY};
	*WN_PUSH(r->arena, &m->touches) = t;
	*WN_PUSH(r->arena, &r->account.members) = m;
	struct wn_explanation *x = ask(r, "signal.kind == \"funding\"", "contact.level >= 4", NULL);
	struct wn_contact_why *y = &x->contacts[0];
	assert_int_equal(y->n_caps, 3);
	assert_string_equal(y->caps[0].name, "cap_contact");
	assert_int_equal(y->caps[0].used, 1);
	assert_int_equal(y->caps[0].cap, 2);
	assert_true(y->caps[0].free_us <= RIG_NOW);
	assert_string_equal(y->caps[2].name, "cap_email");
	assert_true(y->caps[2].free_us == RIG_NOW + 2 * WN_DAY);
}

static void the_global_exclude_is_a_gate(void **state)
{
	(void)state;
	RIG r = explain_rig();
	r->account.traits = rig_trait_map(r, "{\"customer\": true}");
	rig_exclude(r, "account.customer");
	rig_signal(r, "funding", 2, "{}");
	assert_int_equal(gate(ask(r, "signal.kind == \"funding\"", NULL, NULL), "excluded")->is, WN_FALSE3);
	assert_int_equal(gate(ask(r, "signal.kind == \"hire\"", NULL, NULL), "excluded")->is, WN_FALSE3);
}

/* Whatever the rule: the clauses agree with the verdict of the whole, and only what is not true needs
 * something. */
static void clauses_agree_with_the_verdict(void **state)
{
	(void)state;
	static const char *const atoms[] = {"signal.kind == \"funding\"",
					    "signal.kind != \"hire\"",
					    "account.employees >= 50",
					    "(account.employees < 20 || account.employees > 100000)", /* plain bounds would contradict others */
					    "!account.customer",
					    "account.country == \"US\"",
					    "signals.count(\"page_view\", days(3)) >= 1",
					    "signals.exists(s, s.kind == \"job_posting\")",
					    "absent(\"purchase\", days(5))",
					    "signal.age < days(1)",
					    "(account.employees > 5 || account.country == \"DE\")",
					    "has(account.industry)",
					    "\"Kafka\" in account.technologies",
					    "signals.followed(\"page_view\", \"funding\", days(9))",
					    "signal.freshness > 0.5",
					    "(signal.age >= days(2) || account.employees > 100000)",
					    "(signals.count(\"page_view\", days(3)) < 1 || account.employees > 100000)",
					    "signals.within(\"page_view\", days(2), days(9)).size() > 0",
					    "!(signal.age < days(4) && signal.freshness > 0.9)"};
	RIG r = explain_rig();
	r->account.traits = rig_trait_map(r, "{\"employees\": 12, \"technologies\": [\"Kafka\"]}");
	rig_signal(r, "page_view", 24, "{}");
	rig_signal(r, "funding", 2, "{}");
	unsigned seed = 7;
	for (int i = 0; i < 300; i++) {
		char when[600] = "(signal.kind == \"funding\" || signal.kind == \"page_view\")";
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245u + 12345u;
			size_t n = strlen(when);
			snprintf(when + n, sizeof(when) - n, " && %s", atoms[(seed >> 16) % WN_COUNT(atoms)]);
		}
		struct wn_explanation *x = ask(r, when, NULL, NULL);
		bool all = true, any_false = false;
		for (size_t k = 0; k < x->n_clauses; k++) {
			all &= x->clauses[k].is == WN_TRUE3;
			any_false |= x->clauses[k].is == WN_FALSE3;
			assert_int_equal(x->clauses[k].needs.n == 0, x->clauses[k].is == WN_TRUE3);
		}
		struct wn_rates *y = wn_rates_new(x->segment, r->arena);
		for (size_t k = 0; k < x->n_clauses; k++) {
			if (x->clauses[k].flips_us != WN_NEVER && x->clauses[k].flips_to == WN_TRUE3)
				assert_true(y->v[k].turns & WN_TURNS_TRUE);
			if (x->clauses[k].flips_us != WN_NEVER && x->clauses[k].flips_to == WN_FALSE3)
				assert_true(y->v[k].turns & WN_TURNS_FALSE);
		}
		assert_int_equal(x->is, all ? WN_TRUE3 : any_false ? WN_FALSE3 : WN_UNKNOWN3);
		assert_int_equal(wn_when(&r->world, x->segment, &r->account, x->signal), x->is);
		for (size_t k = 0; x->is != WN_TRUE3 && k < r->account.signals.n; k++)
			assert_int_not_equal(
			    wn_when(&r->world, x->segment, &r->account, r->account.signals.v[k]), WN_TRUE3);
		wn_segment_free(r->segments[--r->n_segments]);
		r->catalog.n_segments = r->n_segments;
	}
}

/* --- rates ------------------------------------------------------------------------------------------------ */
static struct wn_rates *rates(struct rig *r, const char *when, const char *who)
{
	char name[20];
	snprintf(name, sizeof(name), "s%zu", r->n_segments);
	return wn_rates_new(rig_segment(r, name, when, who, NULL), r->arena);
}

static void rates_count_true_false_and_unknown_of_each_clause(void **state)
{
	(void)state;
	RIG r = explain_rig();
	struct wn_rates *x = rates(r, "signal.kind == \"funding\" && signal.round == \"Seed\" && account.employees >= 50 && !account.customer",
				   "contact.level >= 4");
	assert_int_equal(x->n, 5);
	assert_string_equal(x->v[1].types.p, "signal.round enum");
	assert_string_equal(x->v[2].types.p, "account.employees int");
	wn_rates_add(x, &r->world, &r->account); /* nothing was heard of it */
	rig_signal(r, "funding", 2, "{}");
	rig_signal(r, "page_view", 1, "{}");
	rig_contact(r, "Ana Kim", "people", 5);
	rig_contact(r, "Bo Lee", "people", 0);
	r->account.traits = rig_trait_map(r, "{\"employees\": 120}");
	wn_rates_add(x, &r->world, &r->account);
	assert_int_equal(x->accounts, 2);
	assert_int_equal(x->with_signal, 1);
	assert_int_equal(x->contacts, 2);
	assert_int_equal(x->v[0].of, WN_RATE_SIGNAL);
	assert_int_equal(x->v[0].yes, 1);
	assert_int_equal(x->v[1].unknown, 1);
	assert_string_equal(x->v[1].why.p, "signal.round has no value: the signal does not say it; another report of it may");
	assert_int_equal(x->v[2].of, WN_RATE_ACCOUNT);
	assert_int_equal(x->v[2].unknown, 1);
	assert_int_equal(x->v[2].yes, 1);
	assert_int_equal(x->v[3].yes, 2); /* the default is no ignorance */
	assert_int_equal(x->v[4].of, WN_RATE_CONTACT);
	assert_int_equal(x->v[4].yes, 1);
	assert_int_equal(x->v[4].unknown, 1);
	assert_int_equal(x->fit, 0);
}

static unsigned turns_of(struct rig *r, const char *term)
{
	char when[300];
	snprintf(when, sizeof(when), "signal.kind == \"funding\" && %s", term);
	unsigned turns = rates(r, when, NULL)->v[1].turns;
	wn_segment_free(r->segments[--r->n_segments]);
	r->catalog.n_segments = r->n_segments;
	return turns;
}

static void time_turns_ages_one_way_and_windows_the_other(void **state)
{
	(void)state;
	RIG r = explain_rig();
	assert_int_equal(turns_of(r, "signal.age >= days(3)"), WN_TURNS_TRUE);
	assert_int_equal(turns_of(r, "signal.age < days(3)"), WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "!(signal.age < days(3))"), WN_TURNS_TRUE);
	assert_int_equal(turns_of(r, "signal.freshness > 0.5"), WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "now - account.known_since > days(9)"), WN_TURNS_TRUE);
	assert_int_equal(turns_of(r, "days(9) > now - account.known_since"), WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "signals.count(\"hire\", days(9)) >= 2"), WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "signals.count(\"hire\", days(9)) < 2"), WN_TURNS_TRUE);
	assert_int_equal(turns_of(r, "signals.within(\"hire\", days(3), days(9)).size() >= 2"), WN_TURNS_TRUE | WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "signals.within(\"hire\", days(9)).exists(s, s.level > 3)"), WN_TURNS_FALSE);
	assert_int_equal(turns_of(r, "absent(\"purchase\", days(9))"), WN_TURNS_TRUE);
	assert_int_equal(turns_of(r, "account.employees > 3"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_clause_has_its_value_and_verdict),
	    cmocka_unit_test(what_is_missing_is_named_with_who_brings_it),
	    cmocka_unit_test(the_signal_that_comes_nearest_is_taken),
	    cmocka_unit_test(a_signal_of_the_kind_comes_nearer_than_others),
	    cmocka_unit_test(a_signal_past_its_hard_stop_would_do_but_for_its_age),
	    cmocka_unit_test(an_account_without_signals_is_told_so),
	    cmocka_unit_test(alternatives_and_negations_say_each_way_out),
	    cmocka_unit_test(windows_count_and_say_when_time_changes_them),
	    cmocka_unit_test(time_alone_makes_a_rule_true_at_its_instant),
	    cmocka_unit_test(silence_that_nobody_watched_is_unknown),
	    cmocka_unit_test(contacts_are_asked_clause_by_clause),
	    cmocka_unit_test(the_outcome_is_what_the_step_does),
	    cmocka_unit_test(the_cooldown_refuses_until_its_instant),
	    cmocka_unit_test(caps_are_counted_over_all_campaigns),
	    cmocka_unit_test(the_global_exclude_is_a_gate),
	    cmocka_unit_test(clauses_agree_with_the_verdict),
	    cmocka_unit_test(rates_count_true_false_and_unknown_of_each_clause),
	    cmocka_unit_test(time_turns_ages_one_way_and_windows_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
