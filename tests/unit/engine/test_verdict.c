/* SPDX-License-Identifier: MIT */
/* Verdicts: evidence, groups, contacts, unknowns, exclude, stay, and which verdicts a batch asks for. */
#include "rules_rig.h"

#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/match.h>

static const char *clause_of(const struct wn_verdict *v, const struct wn_signal *s)
{
	for (size_t i = 0; i < v->evidence.n; i++)
		if (wn_id_eq(v->evidence.v[i].signal_key, s->key))
			return v->evidence.v[i].clause.p;
	return NULL;
}

static struct wn_verdict *ask(struct rig *r, const char *when, const char *who, const char *more, struct wn_signal *sig)
{
	char name[20];
	snprintf(name, sizeof(name), "s%zu", r->n_segments);
	return wn_verdict_of(&r->world, rig_segment(r, name, when, who, more), &r->account, sig);
}

static void a_true_verdict_names_its_evidence_freshest_first(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *old = rig_signal(r, "job_posting", 24 * 31, "{}"), *a = rig_signal(r, "job_posting", 24 * 20, "{}");
	struct wn_signal *b = rig_signal(r, "job_posting", 24 * 2, "{}"), *page = rig_signal(r, "page_view", 3, "{}");
	struct wn_signal *f = rig_signal(r, "funding", 1, "{\"round\": \"Series B\"}");
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\" && signal.round == \"Series B\" && signals.count(\"job_posting\", days(30)) >= 2", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_int_equal(v->evidence.n, 3);
	assert_true(wn_id_eq(v->evidence.v[0].signal_key, f->key));
	assert_true(wn_id_eq(v->evidence.v[1].signal_key, b->key));
	assert_true(wn_id_eq(v->evidence.v[2].signal_key, a->key));
	assert_string_equal(clause_of(v, f), "signal.kind == \"funding\"");
	assert_string_equal(clause_of(v, a), "signals.count(\"job_posting\", days(30)) >= 2");
	assert_null(clause_of(v, old));
	assert_null(clause_of(v, page));
	assert_true(v->evidence.v[0].half_life_us == f->half_life_us && v->evidence.v[0].hard_stop_us == f->hard_stop_us);
	assert_int_equal(v->contacts.n, 1);
	assert_null(v->contacts.v[0].contact);
	assert_true(v->recheck_us == WN_NEVER);
}

static void negations_and_silence_are_no_evidence(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_feed(r, "purchase");
	rig_signal(r, "page_view", 3, "{}");
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\" && !signals.exists(s, s.kind == \"hire\") && absent(\"purchase\", days(9))"
				   " && !(signals.count(\"page_view\", days(1)) > 3)", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_int_equal(v->evidence.n, 1);
	assert_non_null(clause_of(v, f));
}

static void only_elements_that_satisfy_a_term_are_evidence(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *a = rig_signal(r, "job_posting", 30, "{\"position\": \"CTO\"}"), *b = rig_signal(r, "job_posting", 20, "{\"position\": \"Cook\"}");
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\" && signals.exists(s, s.kind == \"job_posting\" && s.position == \"CTO\")", NULL, NULL, f);
	assert_int_equal(v->evidence.n, 2);
	assert_non_null(clause_of(v, a));
	v = ask(r, "signal.kind == \"funding\" && signals.within(\"job_posting\", days(9)).exists(s, s.position == \"CTO\")", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_non_null(clause_of(v, a));
	assert_null(clause_of(v, b));
	v = ask(r, "signal.kind == \"funding\" && size(signals.within(\"job_posting\", days(9))) == 2", NULL, NULL, f);
	assert_int_equal(v->evidence.n, 3);
}

static void both_sides_of_followed_are_evidence(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *far = rig_signal(r, "tech_dropped", 24 * 40, "{}"), *a = rig_signal(r, "tech_dropped", 48, "{}");
	struct wn_signal *b = rig_signal(r, "tech_adopted", 2, "{}");
	struct wn_verdict *v = ask(r, "signals.followed(\"tech_dropped\", \"tech_adopted\", days(30))", NULL, NULL, b);
	assert_int_equal(v->evidence.n, 2);
	assert_true(clause_of(v, a) && clause_of(v, b) && !clause_of(v, far));
}

static void evidence_of_a_segment_referred_to_joins(void **state)
{
	(void)state;
	RIG r = rig_new();
	rig_segment(r, "raised", "signal.kind == \"funding\"", NULL, NULL);
	struct wn_signal *f = rig_signal(r, "funding", 24, "{}"), *h = rig_signal(r, "hire", 1, "{}");
	struct wn_verdict *v = ask(r, "signal.kind == \"hire\" && in_segment(\"raised\")", NULL, NULL, h);
	assert_int_equal(v->evidence.n, 2);
	assert_string_equal(clause_of(v, f), "in_segment(\"raised\")");
}

static void the_32_freshest_are_kept(void **state)
{
	(void)state;
	RIG r = rig_new();
	for (int i = 0; i < 100; i++)
		rig_signal(r, "page_view", 101 - i, "{}");
	struct wn_signal *s = rig_signal(r, "page_view", 0.5, "{}");
	struct wn_verdict *v = ask(r, "signals.count(\"page_view\", days(9)) > 50", NULL, NULL, s);
	assert_int_equal(v->evidence.n, WN_EVIDENCE_MAX);
	assert_true(wn_id_eq(v->evidence.v[0].signal_key, s->key));
	for (size_t i = 1; i < v->evidence.n; i++)
		assert_true(v->evidence.v[i - 1].occurred_us > v->evidence.v[i].occurred_us);
	assert_true(v->evidence.v[WN_EVIDENCE_MAX - 1].occurred_us == RIG_NOW - 32 * WN_HOUR);
}

static void unknown_names_its_first_clause(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{\"round\": \"Series B\"}");
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\" && account.employees >= 50 && !account.customer", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_UNKNOWN);
	assert_string_equal(v->clause.p, "account.employees >= 50");
	assert_non_null(strstr(v->detail.p, "employees"));
	assert_true(v->signal_terms_true);
	assert_int_equal(v->contacts.n, 0);
	v = ask(r, "signal.kind == \"funding\" && signal.amount_usd > 5.0 && account.employees >= 50", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_UNKNOWN);
	assert_false(v->signal_terms_true);
	v = ask(r, "signal.kind == \"hire\" && account.employees >= 50", NULL, NULL, f);
	assert_int_equal(v->is, WN_VERDICT_FALSE);
}

static void groups_make_ids_and_a_missing_value_makes_none(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{\"round\": \"Series B\"}");
	const char *when = "signal.kind == \"funding\"";
	struct wn_segment *s = rig_segment(r, "g", when, NULL, "group_by: [account.country, signal.round]\n");
	struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_false(v->group_known);
	assert_string_equal(v->clause.p, "account.country");
	r->account.traits = rig_trait_map(r, "{\"country\": \"US\"}");
	v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_true(v->group_known);
	assert_int_equal(v->group.n, 2);
	struct wn_id expect = wn_id_of("group", (struct wn_str[]){WN_STR("g"), WN_STR("[\"US\",\"Series B\"]")}, 2);
	assert_true(wn_id_eq(v->group_id, expect));
	v = wn_verdict_of(&r->world, rig_segment(r, "h", when, NULL, NULL), &r->account, f);
	expect = wn_id_of("group", (struct wn_str[]){WN_STR("h"), WN_STR("[]")}, 2);
	assert_true(v->group_known && wn_id_eq(v->group_id, expect));
}

static void only_contacts_that_fit_for_sure_are_chosen(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	struct wn_contact *fits = rig_contact(r, "Ada Lovelace", "people", 5);
	rig_contact(r, "Bob Low", "people", 2);
	rig_contact(r, "Cyd Sales", "sales", 5);
	rig_contact(r, "Dan Nolevel", "people", 0);
	rig_contact(r, "Eve Out", "people", 5)->opted_out = true;
	rig_contact(r, "Fay Sup", "people", 5)->suppressed = true;
	rig_contact(r, "Gus Gone", "people", 5)->departed = true;
	rig_contact(r, "Hal Erased", "people", 5)->erased = true;
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\"", "contact.department == \"people\" && contact.level >= 4", NULL, f);
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_int_equal(v->contacts.n, 1);
	assert_ptr_equal(v->contacts.v[0].contact, fits);
	for (size_t i = 0; i < r->account.contacts.n; i++) {
		enum wn_three three = wn_who(&r->world, v->segment, &r->account, f, r->account.contacts.v[i]);
		assert_int_equal(three, i == 0 ? WN_TRUE3 : i == 3 ? WN_UNKNOWN3 : WN_FALSE3);
	}
	assert_int_equal(wn_who(&r->world, v->segment, &r->account, f, NULL), WN_FALSE3);
}

static void nobody_found_is_true_without_contacts(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_verdict *v = ask(r, "signal.kind == \"funding\"", "contact.level >= 4", NULL, rig_signal(r, "funding", 1, "{}"));
	assert_int_equal(v->is, WN_VERDICT_TRUE);
	assert_int_equal(v->contacts.n, 0);
	assert_false(v->excluded);
}

static void the_global_exclude_keeps_accounts_out(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	rig_exclude(r, "account.industry == \"tobacco\"");
	struct wn_segment *s = rig_segment(r, "s", "signal.kind == \"funding\"", NULL, NULL);
	struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_int_equal(v->is, WN_VERDICT_UNKNOWN);
	assert_string_equal(v->clause.p, "account.industry == \"tobacco\"");
	assert_true(v->signal_terms_true);
	assert_int_equal(wn_stay(&r->world, s, &r->account, NULL), WN_UNKNOWN3);
	r->account.traits = rig_trait_map(r, "{\"industry\": \"tobacco\"}");
	v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_true(v->is == WN_VERDICT_TRUE && v->excluded);
	assert_int_equal(wn_stay(&r->world, s, &r->account, NULL), WN_FALSE3);
	r->account.traits = rig_trait_map(r, "{\"industry\": \"software\"}");
	v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_true(v->is == WN_VERDICT_TRUE && !v->excluded && v->contacts.n == 1);
	assert_int_equal(wn_stay(&r->world, s, &r->account, NULL), WN_TRUE3);
}

static void the_global_exclude_keeps_contacts_out(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	struct wn_contact *a = rig_contact(r, "Ada Lovelace", "people", 5), *b = rig_contact(r, "Bea Known", "people", 5);
	rig_exclude(r, "contact.vip");
	struct wn_segment *s = rig_segment(r, "s", "signal.kind == \"funding\"", "contact.level >= 4", NULL);
	b->traits = rig_trait_map(r, "{\"vip\": false}");
	struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_true(v->is == WN_VERDICT_TRUE && !v->excluded && v->contacts.n == 1 && v->contacts.v[0].contact == b);
	assert_int_equal(wn_who(&r->world, s, &r->account, f, a), WN_UNKNOWN3);
	b->traits = rig_trait_map(r, "{\"vip\": true}");
	v = wn_verdict_of(&r->world, s, &r->account, f);
	assert_true(v->excluded && v->contacts.n == 0);
	assert_int_equal(wn_who(&r->world, s, &r->account, f, b), WN_FALSE3);
	struct wn_segment *t = rig_segment(r, "t", "signal.kind == \"funding\"", NULL, NULL);
	v = wn_verdict_of(&r->world, t, &r->account, f);
	assert_true(v->is == WN_VERDICT_TRUE && !v->excluded && v->contacts.n == 1);
}

static void staying_is_judged_by_account_and_contact_alone(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_contact *c = rig_contact(r, "Ada Lovelace", "people", 5);
	struct wn_segment *s = rig_segment(r, "s", "signal.kind == \"funding\" && account.employees > 50 && !account.customer", "contact.level >= 4", NULL);
	assert_int_equal(wn_stay(&r->world, s, &r->account, c), WN_UNKNOWN3);
	r->account.traits = rig_trait_map(r, "{\"employees\": 60}");
	assert_int_equal(wn_stay(&r->world, s, &r->account, c), WN_TRUE3);
	c->level = 3;
	assert_int_equal(wn_stay(&r->world, s, &r->account, c), WN_FALSE3);
	c->level = 0;
	assert_int_equal(wn_stay(&r->world, s, &r->account, c), WN_UNKNOWN3);
	r->account.traits = rig_trait_map(r, "{\"employees\": 60, \"customer\": true}");
	assert_int_equal(wn_stay(&r->world, s, &r->account, c), WN_FALSE3);
}

static void arrivals_are_matched_in_order_and_once(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *late = rig_signal(r, "hire", 2, "{}"), *early = rig_signal(r, "hire", 5, "{}");
	struct wn_signal *history = rig_signal(r, "hire", 4, "{}"), *stored = rig_signal(r, "hire", 3, "{}");
	struct wn_signal *gone = rig_signal(r, "hire", 1, "{}");
	late->arrived = early->arrived = history->arrived = gone->arrived = true;
	history->history = gone->retracted = true;
	rig_segment(r, "one", "signal.kind == \"hire\"", NULL, NULL);
	rig_segment(r, "two", "signal.kind == \"hire\" && account.employees > 5", NULL, NULL);
	rig_segment(r, "three", "signal.kind == \"hire\" && signal.age > days(30)", NULL, NULL);
	rig_segment(r, "four", "signal.kind == \"funding\" && account.employees > 5", NULL, NULL);
	rig_segment_of(r, "segment: five\nowner: a\nbroad: true\nwhen: account.employees > 50\n");
	wn_verdicts_of_arrivals(&r->world);
	assert_int_equal(r->world.verdicts.n, 6);
	static const char *const names[] = {"one", "three", "two", "one", "three", "two"};
	for (size_t i = 0; i < 6; i++) {
		assert_ptr_equal(r->world.verdicts.v[i]->signal, i < 3 ? early : late);
		assert_string_equal(r->world.verdicts.v[i]->segment->name, names[i]);
	}
	assert_true(r->world.verdicts.v[1]->is == WN_VERDICT_FALSE && r->world.verdicts.v[1]->recheck_us > RIG_NOW);
	(void)stored;
}

static void the_index_gives_the_verdicts_of_brute_force(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *a = rig_signal(r, "hire", 2, "{\"department\": \"people\"}"), *b = rig_signal(r, "funding", 1, "{\"round\": \"Seed\"}");
	static const char *const rules[] = {
		"signal.kind == \"hire\" && account.employees > 5", "signal.kind == \"hire\" && signal.department == \"people\"",
		"signal.kind == \"hire\" && signal.age > days(3)", "signal.kind == \"funding\" && account.country in [\"US\"]",
		"signal.kind == \"funding\" && signal.round == \"Series B\"", "signals.count(\"hire\", days(3)) > 0",
		"signal.kind == \"funding\" || signal.kind == \"hire\" && account.country == \"US\""};
	a->arrived = b->arrived = true;
	for (size_t i = 0; i < WN_COUNT(rules); i++)
		rig_segment(r, wn_arena_printf(r->arena, "r%zu", i), rules[i], NULL, NULL);
	wn_verdicts_of_arrivals(&r->world);
	size_t n = r->world.verdicts.n;
	assert_int_equal(n, 8);
	r->catalog.index = wn_catalog_index_of(r->registry, r->catalog.segments, r->catalog.n_segments);
	wn_verdicts_of_arrivals(&r->world);
	assert_int_equal(r->world.verdicts.n, 2 * n);
	for (size_t i = 0; i < n; i++) {
		const struct wn_verdict *x = r->world.verdicts.v[i], *y = r->world.verdicts.v[n + i];
		assert_true(x->segment == y->segment && x->signal == y->signal && x->is == y->is && x->recheck_us == y->recheck_us);
	}
	wn_index_free(r->catalog.index);
}

/* Asked of the account's row and this one arrived signal, as if nothing else were loaded. */
static bool ruled_out_alone(struct rig *r, struct wn_signal *sig)
{
	struct wn_account all = r->account;
	struct wn_signal *one[] = {sig};
	memset(&r->account.signals, 0, sizeof(r->account.signals));
	r->account.signals.v = one;
	r->account.signals.n = 1;
	bool out = wn_verdicts_are_ruled_out(&r->world, &r->account);
	r->account = all;
	return out;
}

static void what_only_stored_signals_decide_is_not_ruled_out(void **state)
{
	static const struct { const char *when; bool ruled_out; } cases[] = {
		{"signal.kind == \"hire\"", false},
		{"signal.kind == \"funding\"", true},
		{"signal.kind == \"hire\" && signal.department == \"sales\"", true},
		{"signal.kind == \"hire\" && account.employees > 100", true},
		{"signal.kind == \"hire\" && account.industry == \"x\"", false}, /* not known: told as unknown */
		{"signal.department == \"sales\" && signals.count(\"funding\", days(9)) > 0", true},
		{"signal.department == \"people\" && signals.count(\"funding\", days(9)) > 0", false},
		{"signal.department == \"sales\" || signals.count(\"funding\", days(9)) > 0", false},
		{"signal.department == \"people\" && absent(\"funding\", days(9))", false},
		{"signal.department == \"people\" && signal.age > days(3)", false}, /* in time */
		{"signal.department == \"sales\" && signal.age > days(3)", true},
		{"signal.kind == \"hire\" && in_segment(\"other\")", false},
		{"signal.kind == \"hire\" && account.employees > 100 && in_segment(\"other\")", true},
	};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		RIG r = rig_new();
		r->account.traits = rig_trait_map(r, "{\"employees\": 60}");
		struct wn_signal *sig = rig_signal(r, "hire", 2, "{\"department\": \"people\"}");
		sig->arrived = true;
		rig_segment_of(r, "segment: other\nowner: a\nbroad: true\nwhen: account.employees > 5\n");
		rig_segment(r, "s", cases[i].when, NULL, NULL);
		if (ruled_out_alone(r, sig) != cases[i].ruled_out)
			fail_msg("%s: ruled out %d", cases[i].when, !cases[i].ruled_out);
	}
}

static const char *random_rule(struct rig *r, unsigned *seed)
{
	static const char *const terms[] = {
		"signal.department == \"people\"", "signal.level >= 4", "signal.age > days(2)", "signal.freshness > 0.9",
		"account.employees > 50", "account.country == \"US\"", "account.customer", "signals.count(\"page_view\", days(3)) >= 2",
		"signals.followed(\"hire\", \"funding\", days(5))", "signals.exists(s, s.kind == \"funding\" && s.amount_usd > 5.0)", "absent(\"purchase\", days(4))",
		"signals.within(\"page_view\", days(1), days(6)).size() > 1", "in_segment(\"other\")", "signals.sum(\"purchase\", \"amount_usd\", days(30)) > 10.0"};
	const char *text = terms[(size_t)rand_r(seed) % WN_COUNT(terms)];
	for (int i = rand_r(seed) % 4; i > 0; i--)
		text = wn_arena_printf(r->arena, "%s(%s) %s (%s)", rand_r(seed) % 4 ? "" : "!", terms[(size_t)rand_r(seed) % WN_COUNT(terms)],
				       rand_r(seed) % 3 ? "&&" : "||", text);
	return wn_arena_printf(r->arena, "signal.kind == \"hire\" && (%s)", text);
}

/* Whatever is stored, traits and contacts included: who was ruled out on the arrived signal alone gets no verdict of any use. */
static void ruled_out_means_no_verdict_whatever_is_stored(void **state)
{
	unsigned seed = 20260101, out = 0, in = 0;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		RIG r = rig_new();
		const char *const kinds[] = {"page_view", "funding", "purchase", "hire"};
		rig_feed(r, "purchase");
		r->account.traits = rig_trait_map(r, rand_r(&seed) % 2 ? "{\"employees\": 60, \"country\": \"US\"}" : "{\"employees\": 20}");
		for (int i = rand_r(&seed) % 6; i > 0; i--) {
			int kind = rand_r(&seed) % 4;
			rig_signal(r, kinds[kind], 1 + rand_r(&seed) % 200, kind % 3 == 0 || rand_r(&seed) % 2 ? "{}" : "{\"amount_usd\": 9.0}");
		}
		struct wn_signal *sig = rig_signal(r, "hire", 1 + rand_r(&seed) % 99, rand_r(&seed) % 2 ? "{\"department\": \"people\", \"level\": 5}" : "{\"level\": 2}");
		sig->arrived = true;
		rig_segment(r, "other", "signal.kind == \"funding\" && account.employees > 10", NULL, NULL);
		rig_segment(r, "s", random_rule(r, &seed), NULL, NULL);
		if (ruled_out_alone(r, sig)) {
			wn_verdicts_of_arrivals(&r->world);
			assert_int_equal(r->world.verdicts.n, 0);
			out++;
		} else {
			in++;
		}
	}
	assert_true(out > 300 && in > 300);
}

static void a_changed_trait_asks_only_segments_that_read_it(void **state)
{
	(void)state;
	RIG r = rig_new();
	r->account.traits = rig_trait_map(r, "{\"employees\": 60, \"country\": \"US\"}");
	rig_signal(r, "hire", 2, "{}");
	rig_segment(r, "plain", "signal.kind == \"hire\"", NULL, NULL);
	rig_segment(r, "size", "signal.kind == \"hire\" && account.employees > 5", NULL, NULL);
	rig_segment_of(r, "segment: broad\nowner: a\nbroad: true\nwhen: account.country == \"US\"\n");
	rig_segment(r, "refers", "signal.kind == \"hire\" && in_segment(\"broad\")", NULL, NULL);
	rig_segment(r, "grouped", "signal.kind == \"hire\"", NULL, "group_by: [account.industry]\n");
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("employees"));
	assert_int_equal(r->world.verdicts.n, 1);
	assert_string_equal(r->world.verdicts.v[0]->segment->name, "size");
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("country"));
	assert_int_equal(r->world.verdicts.n, 2);
	assert_string_equal(r->world.verdicts.v[1]->segment->name, "refers");
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("industry"));
	assert_int_equal(r->world.verdicts.n, 3);
	rig_exclude(r, "account.do_not_contact");
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("do_not_contact"));
	assert_int_equal(r->world.verdicts.n, 3 + 4);
}

static void the_condition_of_a_step_sees_the_member(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 5, "{\"round\": \"Seed\"}");
	rig_signal(r, "page_view", 1, "{}");
	struct wn_contact *c = rig_contact(r, "Ada Lovelace", "people", 5);
	struct wn_segment *s = rig_segment_of(r, "segment: s\nowner: a\nwhen: signal.kind == \"funding\"\naudience: {min: 1, max: 9}\nexit: stop\n"
		"goal: {metric: reply, target: 5%, window: 3d}\nsequence:\n"
		"  - {channel: email, subject: s, body: '{{signal.kind}}', if: 'signal.round == \"Seed\" && contact.level == 5 && signals.count(\"page_view\", days(3)) > 0'}\n"
		"  - {channel: email, body: b, if: 'contact.persona == \"hr\"'}\n  - {channel: email, body: b, if: 'contact.level > 5'}\n");
	struct wn_member m = {.account = &r->account, .contact_id = c->id, .signal_key = f->key};
	assert_int_equal(wn_member_test(&r->world, s->steps[0].test, &m), WN_TRUE3);
	assert_int_equal(wn_member_test(&r->world, s->steps[1].test, &m), WN_UNKNOWN3);
	assert_int_equal(wn_member_test(&r->world, s->steps[2].test, &m), WN_FALSE3);
	m.contact_id = (struct wn_id){{0}};
	assert_int_equal(wn_member_test(&r->world, s->steps[2].test, &m), WN_UNKNOWN3);
}

#ifdef WN_TESTING
static void a_planted_bug_enrols_on_unknown(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *f = rig_signal(r, "funding", 1, "{}");
	struct wn_segment *s = rig_segment(r, "s", "signal.kind == \"funding\" && account.employees >= 50", NULL, NULL);
	assert_int_equal(wn_verdict_of(&r->world, s, &r->account, f)->is, WN_VERDICT_UNKNOWN);
	setenv("WHYNOW_PLANT", "enrol_on_unknown", 1);
	if (wn_planted("enrol_on_unknown")) {
		struct wn_verdict *v = wn_verdict_of(&r->world, s, &r->account, f);
		assert_true(v->is == WN_VERDICT_TRUE && v->evidence.n == 1 && v->contacts.n == 1);
	}
	unsetenv("WHYNOW_PLANT");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_true_verdict_names_its_evidence_freshest_first),
		cmocka_unit_test(negations_and_silence_are_no_evidence),
		cmocka_unit_test(only_elements_that_satisfy_a_term_are_evidence),
		cmocka_unit_test(both_sides_of_followed_are_evidence),
		cmocka_unit_test(evidence_of_a_segment_referred_to_joins),
		cmocka_unit_test(the_32_freshest_are_kept),
		cmocka_unit_test(unknown_names_its_first_clause),
		cmocka_unit_test(groups_make_ids_and_a_missing_value_makes_none),
		cmocka_unit_test(only_contacts_that_fit_for_sure_are_chosen),
		cmocka_unit_test(nobody_found_is_true_without_contacts),
		cmocka_unit_test(the_global_exclude_keeps_accounts_out),
		cmocka_unit_test(the_global_exclude_keeps_contacts_out),
		cmocka_unit_test(staying_is_judged_by_account_and_contact_alone),
		cmocka_unit_test(arrivals_are_matched_in_order_and_once),
		cmocka_unit_test(the_index_gives_the_verdicts_of_brute_force),
		cmocka_unit_test(what_only_stored_signals_decide_is_not_ruled_out),
		cmocka_unit_test(ruled_out_means_no_verdict_whatever_is_stored),
		cmocka_unit_test(a_changed_trait_asks_only_segments_that_read_it),
		cmocka_unit_test(the_condition_of_a_step_sees_the_member),
#ifdef WN_TESTING
		cmocka_unit_test(a_planted_bug_enrols_on_unknown),
#endif
	};
	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
