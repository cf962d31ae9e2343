/* SPDX-License-Identifier: MIT */
/* The index by example: what is skipped, what never is, coming and going; and what rules read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <stdio.h>

static struct wn_match_env menv;
static struct cel_env *env;
static struct wn_index *index_;
static struct wn_arena *arena;

static int set_up(void **state)
{
	(void)state;
	env = world_env(&menv);
	index_ = wn_index_new(&menv);
	arena = wn_arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wn_index_free(index_);
	cel_env_free(env);
	wn_arena_free(arena);
	return 0;
}

static struct cel_program *compiled(const char *text)
{
	struct cel_options opt = {.expect = &cel_bool};
	struct cel_program *p = NULL;
	struct wn_err err = {0};

	if (cel_compile(env, wn_str_of(text), &opt, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

static enum wn_filed put(uint32_t rule, const char *text)
{
	struct cel_program *p = compiled(text);
	enum wn_filed filed = wn_index_put(index_, rule, p);

	cel_program_free(p);
	return filed;
}

static void on_candidate(void *ctx, uint32_t rule, bool certain)
{
	(void)certain;
	if (rule < 64)
		*(uint64_t *)ctx |= UINT64_C(1) << rule;
}

static uint64_t probe(const struct pair *p)
{
	struct wn_value kinds[4];
	struct wn_probe event = {&p->signal.object, &p->account.object, kinds_of(p, kinds)};
	uint64_t found = 0;

	wn_index_probe(index_, &event, on_candidate, &found);
	return found;
}

static struct pair event(const char *kind)
{
	struct pair p = {.signal.object.cls = &signal_class, .account.object.cls = &account_class};

	p.signal.fields[F_KIND] = wn_cstring(kind);
	return p;
}

static void skips_other_kinds_and_other_values(void **state)
{
	struct pair p = event("funding");

	(void)state;
	assert_int_equal(put(0, "signal.kind == \"hire\""), WN_FILED_KEYED);
	assert_int_equal(put(1, "signal.kind == \"funding\" && account.country in [\"US\", \"CA\"]"),
			 WN_FILED_KEYED);
	assert_int_equal(put(2, "signal.kind in [\"funding\", \"job\"] && signal.amount >= 1e6"),
			 WN_FILED_KEYED);
	assert_int_equal(put(3, "account.domain == \"acme.com\" && account.customer"), WN_FILED_KEYED);
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_COUNTRY] = wn_cstring("CA");
	assert_int_equal(probe(&p), 1u << 1);
	p.signal.fields[F_AMOUNT] = wn_double(1e6);
	assert_int_equal(probe(&p), 1u << 1 | 1u << 2);
	p.account.fields[A_DOMAIN] = wn_cstring("acme.com");
	assert_int_equal(probe(&p), 1u << 1 | 1u << 2);
	p.account.fields[A_CUSTOMER] = wn_bool(true);
	assert_int_equal(probe(&p), 1u << 1 | 1u << 2 | 1u << 3);
}

/* Some signal of the account has to be of the kind; the rest of the predicate is the rule's business. */
static void a_signal_of_a_kind_that_the_account_has_not_is_not_found(void **state)
{
	struct pair p = event("funding");
	struct wn_probe unknown = {&p.signal.object, &p.account.object, {0}};
	uint64_t found = 0;

	(void)state;
	assert_int_equal(put(0, "signals.exists(s, s.kind == \"hire\" && s.level >= 4)"), WN_FILED_KEYED);
	assert_int_equal(put(1, "signal.kind == \"funding\" && signals.exists(s, \"job\" == s.kind || s.kind == \"hire\")"), WN_FILED_KEYED);
	assert_int_equal(put(2, "signals.exists(s, s.kind == \"hire\" || signal.kind == \"funding\")"), WN_FILED_ALWAYS);
	assert_int_equal(put(3, "!signals.exists(s, s.kind == \"hire\")"), WN_FILED_ALWAYS);
	assert_int_equal(probe(&p), 1u << 2 | 1u << 3);
	p.others[0] = (struct thing){.object.cls = &signal_class, .fields[F_KIND] = wn_cstring("hire")};
	p.n_others = 1;
	assert_int_equal(probe(&p), 15);
	p.others[0].fields[F_KIND] = wn_cstring("job");
	assert_int_equal(probe(&p), 1u << 1 | 1u << 2 | 1u << 3);
	p.n_others = 0;
	wn_index_probe(index_, &unknown, on_candidate, &found); /* what is not known may be so */
	assert_int_equal(found, 15);
	assert_false(wn_index_decides(index_, 0));
}

static void never_skips_what_it_does_not_understand(void **state)
{
	struct pair p = event("view");

	(void)state;
	assert_int_equal(put(0, "size(account.tech) > 3"), WN_FILED_ALWAYS);
	assert_int_equal(put(1, "account.employees * 2 > 6 || signal.kind == \"hire\""), WN_FILED_ALWAYS);
	assert_int_equal(put(2, "!(account.country == \"US\")"), WN_FILED_ALWAYS);
	assert_int_equal(put(3, "in_segment(\"x\") && signal.kind == \"view\""), WN_FILED_KEYED);
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1 | 1u << 3);
	p.account.fields[A_COUNTRY] = wn_cstring("CA");
	assert_int_equal(probe(&p), 0xf);
}

static void an_alternative_is_enough(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "signal.kind == \"hire\" || (signal.kind == \"job\" && \"go\" in signal.tags)");
	put(1, "!(signal.kind == \"job\" && account.customer)");
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_CUSTOMER] = wn_bool(false);
	assert_int_equal(probe(&p), 1u << 1);
	p.tags[0] = wn_cstring("java"), p.tags[1] = wn_cstring("go");
	p.signal.fields[F_TAGS] = wn_list(p.tags, 2);
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1);
}

/* What holds of one and what holds of the other are not counted together. */
static void halves_of_two_alternatives_do_not_add_up(void **state)
{
	struct pair p = event("funding");

	(void)state;
	assert_int_equal(put(0, "signal.kind == \"funding\" && (account.country == \"US\" && account.employees >= 50 && account.score > 1.0"
				" || account.industry == \"steel\" && account.domain == \"acme.com\")"), WN_FILED_KEYED);
	p.account.fields[A_COUNTRY] = wn_cstring("US");
	p.account.fields[A_EMPLOYEES] = wn_int(50);
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_INDUSTRY] = wn_cstring("steel"); /* three of five */
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_DOMAIN] = wn_cstring("acme.com");
	p.account.fields[A_COUNTRY] = wn_cstring("CA");
	assert_int_equal(probe(&p), 1);
}

static void many_alternatives_over_one_field_are_one_set(void **state)
{
	struct pair p = event("job");
	char text[2000] = "false";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " || account.country == \"c%d\"", i);
	assert_int_equal(put(0, text), WN_FILED_KEYED);
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_COUNTRY] = wn_cstring("c39");
	assert_int_equal(probe(&p), 1);
}

static void more_alternatives_than_the_bound_are_tested_where_they_stand(void **state)
{
	struct pair p = event("job");
	char text[4000] = "false";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " || (account.country == \"c%d\" && account.domain == \"d%d\")", i, i);
	assert_int_equal(put(0, text), WN_FILED_ALWAYS);
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_COUNTRY] = wn_cstring("c39");
	p.account.fields[A_DOMAIN] = wn_cstring("d38");
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_DOMAIN] = wn_cstring("d39");
	assert_int_equal(probe(&p), 1);
}

/* More literals than an alternative keeps, more values than it is filed under: looked at, and right. */
static void longer_rules_than_the_bounds_are_found(void **state)
{
	struct pair p = event("funding");
	char *text = wn_arena_alloc(arena, 40000), *at = text;

	(void)state;
	at += sprintf(text, "signal.kind == \"funding\"");
	for (int i = 0; i < 100; i++)
		at += sprintf(at, " && account.domain != \"no%d.com\"", i);
	at += sprintf(at, " && signal.amount > 5.0");
	put(0, text);
	at = text + sprintf(text, "account.domain in [\"acme.com\"");
	for (int i = 0; i < 500; i++)
		at += sprintf(at, ", \"some%d.com\"", i);
	strcpy(at, "]");
	assert_int_equal(put(1, text), WN_FILED_ALWAYS);
	p.account.fields[A_DOMAIN] = wn_cstring("some499.com");
	p.signal.fields[F_AMOUNT] = wn_double(6);
	assert_int_equal(probe(&p), 3);
	p.account.fields[A_DOMAIN] = wn_cstring("others.com");
	assert_int_equal(probe(&p), 1);
	p.account.fields[A_DOMAIN] = wn_cstring("no7.com");
	assert_int_equal(probe(&p) & 2, 0);
	p.signal.fields[F_KIND] = wn_cstring("hire");
	assert_int_equal(probe(&p), 0);
}

/* Each was found in a published matcher. */
static void a_negated_disjunction_asks_for_both_fields(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "signal.kind == \"job\" && !(account.country == \"US\" || account.domain == \"x\")");
	put(1, "signal.kind == \"job\" && !((has(account.country) && account.country == \"US\") || (has(account.domain) && "
	       "account.domain == \"x\"))");
	p.account.fields[A_DOMAIN] = wn_cstring("x");
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_DOMAIN] = wn_cstring("y");
	assert_int_equal(probe(&p), 1u << 1);
	p.account.fields[A_COUNTRY] = wn_cstring("CA");
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1);
}

static void values_are_found_in_any_order_of_appearance(void **state)
{
	struct pair p = event("job");
	const char *const names[] = {"zz", "aa", "mm", "bb", "yy"};

	(void)state;
	put(0, "account.country in [\"zz\", \"aa\", \"mm\"]");
	put(1, "account.country in [\"yy\", \"mm\", \"bb\", \"zz\"]");
	for (int i = 0; i < 5; i++) {
		p.account.fields[A_COUNTRY] = wn_cstring(names[i]);
		assert_int_equal(probe(&p), (i < 3 ? 1u << 0 : 0) | (i != 1 ? 1u << 1 : 0));
	}
}

static void both_ends_of_a_range_belong_to_it(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "signal.kind == \"job\" && account.employees >= 10 && account.employees <= 20");
	put(1, "signal.kind == \"job\" && account.employees > 10 && account.employees < 20");
	put(2, "account.score >= 9.5 && account.score <= 9.5");
	for (int64_t n = 9; n <= 21; n++) {
		p.account.fields[A_EMPLOYEES] = wn_int(n);
		assert_int_equal(probe(&p), (n >= 10 && n <= 20 ? 1 : 0) | (n > 10 && n < 20 ? 2 : 0));
	}
	p.account.fields[A_SCORE] = wn_double(9.5);
	assert_int_equal(probe(&p), 1u << 2);
}

static void a_missing_flag_makes_nothing_true(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "signal.kind == \"job\" && !account.customer");
	put(1, "signal.kind == \"job\" && account.customer == false");
	put(2, "signal.kind == \"job\" && account.customer");
	put(3, "signal.kind == \"job\" && account.customer != true");
	assert_int_equal(probe(&p), 0);
	p.account.fields[A_CUSTOMER] = wn_bool(false);
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1 | 1u << 3);
}

static void a_list_is_asked_for_each_of_several_values(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "[\"go\", \"rust\"].all(x, x in account.tech)");
	put(1, "[\"go\", \"go\"].all(x, x in account.tech)");
	put(2, "account.tech.exists(x, x in [\"go\", \"c\"]) && account.tech.exists(x, x in [\"go\", \"rust\"])");
	p.tech[0] = wn_cstring("go"), p.tech[1] = wn_cstring("rust");
	p.account.fields[A_TECH] = wn_list(p.tech, 1);
	assert_int_equal(probe(&p), 1u << 1 | 1u << 2);
	p.account.fields[A_TECH] = wn_list(p.tech, 2);
	assert_int_equal(probe(&p), 7);
	p.account.fields[A_TECH] = wn_list(p.tech, 0);
	assert_int_equal(probe(&p), 0);
}

static void an_unknown_rule_is_a_candidate_where_that_is_asked_for(void **state)
{
	struct pair p = event("job");
	struct wn_match_env keeping = menv;

	(void)state;
	keeping.keep_unknown = true;
	wn_index_free(index_);
	index_ = wn_index_new(&keeping);
	put(0, "signal.kind == \"job\" && account.country == \"US\" && account.employees >= 5");
	put(1, "signal.kind == \"job\" && account.country != \"US\" && \"go\" in account.tech");
	put(2, "signal.kind == \"hire\" && account.country == \"US\"");
	put(3, "signal.kind == \"job\" && signal.remote && account.country == \"US\"");
	put(4, "signal.kind == \"job\" && has(account.country) && account.country == \"US\"");
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1);
	p.account.fields[A_COUNTRY] = wn_cstring("US");
	assert_int_equal(probe(&p), 1u << 0 | 1u << 4);
	p.account.fields[A_COUNTRY] = wn_cstring("CA");
	assert_int_equal(probe(&p), 1u << 1);
	p.account.fields[A_TECH] = wn_list(p.tech, 0);
	assert_int_equal(probe(&p), 0);
}

static void rules_are_filed_anew_as_events_teach(void **state)
{
	struct pair p = event("job");
	struct wn_index_size size;
	char text[200];

	(void)state;
	for (uint32_t i = 0; i < 500; i++) {
		snprintf(text, sizeof(text),
			 "signal.kind == \"job\" && account.country == \"c%u\" && account.domain == \"d%u\" && "
			 "account.employees >= %u",
			 i % 50, i % 70, i);
		put(i % 60 == 7 ? 7 : i + 100, text);
	}
	for (int round = 0; round < 6000; round++) {
		p.account.fields[A_COUNTRY] = wn_cstring(round % 3 ? "c1" : "c2");
		p.account.fields[A_DOMAIN] = wn_cstring("d1");
		p.account.fields[A_EMPLOYEES] = wn_int(round % 900);
		assert_int_equal(probe(&p) & ~(UINT64_C(1) << 7), 0);
		(void)wn_index_tend(index_, 3);
	}
	wn_index_measure(index_, &size);
	assert_int_equal(size.keyless, 0);
	assert_int_equal(size.opaque, 0);
	assert_true(size.bytes > 0 && size.bytes < 500000);
}

static void what_can_never_be_true_is_never_a_candidate(void **state)
{
	struct pair p = event("hire");

	(void)state;
	assert_int_equal(put(0, "signal.kind == \"hire\" && false"), WN_FILED_NEVER);
	assert_int_equal(put(1, "signal.kind in []"), WN_FILED_NEVER);
	assert_int_equal(probe(&p), 0);
}

static void rules_come_change_and_go_while_it_serves(void **state)
{
	struct pair p = event("hire");
	char text[80];

	(void)state;
	for (int round = 0; round < 3; round++)
		for (uint32_t i = 0; i < 3000; i++) {
			snprintf(text, sizeof(text), "account.domain == \"d%u\" && signal.kind == \"hire\"",
				 i + (uint32_t)round);
			put(i, text);
		}
	assert_int_equal(wn_index_rules(index_), 3000);
	p.account.fields[A_DOMAIN] = wn_cstring("d40");
	assert_int_equal(probe(&p), UINT64_C(1) << 38);
	wn_index_remove(index_, 38);
	wn_index_remove(index_, 38);
	wn_index_remove(index_, 999999);
	assert_int_equal(wn_index_rules(index_), 2999);
	assert_int_equal(probe(&p), 0);
	for (uint32_t i = 0; i < 3000; i++)
		wn_index_remove(index_, i);
	assert_int_equal(wn_index_rules(index_), 0);
	put(5, "signal.kind == \"hire\"");
	assert_int_equal(probe(&p), 1u << 5);
}

/* Replaced time and again before an event comes, and with keys that the first rules do not lead to expect. */
static void what_waits_does_not_swell_the_table(void **state)
{
	struct wn_index_size before, after;
	char text[80];

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "account.domain == \"d%u\" && signal.kind == \"hire\"", i);
		put(i, text);
	}
	while (wn_index_tend(index_, 256))
		;
	wn_index_measure(index_, &before);
	for (uint32_t i = 0; i < 11000; i++) {
		snprintf(text, sizeof(text), "account.domain == \"e%u\" && signal.kind == \"hire\"", i);
		put(i < 9000 ? 0 : 1000 + i, text);
	}
	while (wn_index_tend(index_, 256))
		;
	wn_index_measure(index_, &after);
	assert_int_equal(after.rules, 12000);
	assert_true((double)after.bytes_keys / (double)after.keys < 2.0 * (double)before.bytes_keys / (double)before.keys);
}

static void without_an_account_nothing_of_it_can_be_true(void **state)
{
	struct pair p = event("hire");
	struct wn_probe e = {&p.signal.object, NULL};
	uint64_t found = 0;

	(void)state;
	put(0, "account.customer");
	put(1, "signal.kind == \"hire\" && !account.customer");
	put(2, "signal.kind == \"hire\"");
	wn_index_probe(index_, &e, on_candidate, &found);
	assert_int_equal(found, 1u << 2);
}

static void explains_how_a_rule_is_filed(void **state)
{
	struct wn_match_explanation e;
	const char *text = "signal.kind == \"job\" && account.country in [\"US\", \"CA\"] && size(account.tech) > 2";
	struct cel_program *p = compiled(text);
	struct pair seen = event("view");

	(void)state;
	for (int i = 0; i < 200; i++)
		(void)probe(&seen);
	wn_match_explain(index_, p, arena, &e);
	assert_int_equal(e.n_alternatives, 1);
	assert_int_equal(e.alternatives[0].n_access, 2);
	assert_int_equal(e.n_opaque, 1);
	assert_memory_equal(text + e.opaque[0].start, "size(account.tech) > 2", e.opaque[0].end - e.opaque[0].start);
	assert_true(e.looked_at < 0.2 && e.holds <= e.looked_at && !e.always && e.alternatives[0].opaque);
	assert_int_equal(wn_index_rules(index_), 0);
	cel_program_free(p);
	p = compiled("size(account.tech) > 2 || false");
	wn_match_explain(index_, p, arena, &e);
	assert_true(e.always && e.n_opaque == 1);
	cel_program_free(p);
	p = compiled("signal.kind in []");
	wn_match_explain(index_, p, arena, &e);
	assert_true(e.n_alternatives == 0 && !e.always);
	cel_program_free(p);
}

/* --- what rules read ---------------------------------------------------------------------------------- */

static struct wn_rule_reads reads(const char *text)
{
	struct wn_rule_reads r;
	struct cel_program *p = compiled(text);

	wn_rule_reads(&menv, p, arena, &r);
	cel_program_free(p);
	return r;
}

static void reads_fields_of_each_record(void **state)
{
	struct wn_rule_reads r =
	    reads("signal.kind == \"funding\" && signal.amount > 1.0 && account.country in [\"US\"] && "
		  "has(account.tech)"
		  " && contact.level >= 4 && signals.exists(s, s.kind == \"job\" && s.remote)");

	(void)state;
	assert_true(wn_reads_has(r.signal, F_KIND) && wn_reads_has(r.signal, F_AMOUNT));
	assert_false(wn_reads_has(r.signal, F_REMOTE));
	assert_true(wn_reads_has(r.signals, F_REMOTE));
	assert_true(wn_reads_has(r.account, A_COUNTRY) && wn_reads_has(r.account, A_TECH));
	assert_false(wn_reads_has(r.account, A_CUSTOMER));
	assert_true(wn_reads_has(r.contact, C_LEVEL));
	assert_int_equal(r.kinds[0], 1u << FUNDING);
	assert_int_equal(r.window_kinds[0], 1u << JOB);
	assert_true(r.uses_signal && r.uses_signals && r.any_window_kind);
	assert_false(r.whole_account || r.whole_signal || r.whole_contact || r.moving);
}

static void reads_kinds_named_in_functions_and_other_segments(void **state)
{
	struct wn_rule_reads r = reads("signals.count(\"view\", duration(\"24h\")) > 2 && absent(\"hire\", "
				       "duration(\"1h\")) && in_segment(\"other\")");
	struct wn_rule_reads more = reads("account.customer && in_segment(\"third\")");

	(void)state;
	assert_int_equal(r.window_kinds[0], 1u << VIEW | 1u << HIRE);
	assert_int_equal(r.kinds[0], 0);
	assert_true(r.uses_signals && r.moving);
	assert_false(r.any_window_kind || r.uses_signal);
	assert_int_equal(r.n_segments, 1);
	wn_rule_reads_add(&r, &more, arena);
	assert_int_equal(r.n_segments, 2);
	assert_true(wn_str_is(r.segments[0], "other") && wn_str_is(r.segments[1], "third"));
	assert_true(wn_reads_has(r.account, A_CUSTOMER));
}

static void a_record_used_whole_reads_everything(void **state)
{
	(void)state;
	assert_true(reads("account == account").whole_account);
	assert_true(reads("[signal].exists(s, s.kind == \"view\")").whole_signal);
	assert_true(reads("size(signals) > 1").any_window_kind);
	assert_true(reads("in_segment(account.domain)").any_segment);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(skips_other_kinds_and_other_values),
	    TEST(a_signal_of_a_kind_that_the_account_has_not_is_not_found),
	    TEST(never_skips_what_it_does_not_understand),
	    TEST(an_alternative_is_enough),
	    TEST(halves_of_two_alternatives_do_not_add_up),
	    TEST(many_alternatives_over_one_field_are_one_set),
	    TEST(more_alternatives_than_the_bound_are_tested_where_they_stand),
	    TEST(longer_rules_than_the_bounds_are_found),
	    TEST(a_negated_disjunction_asks_for_both_fields),
	    TEST(values_are_found_in_any_order_of_appearance),
	    TEST(both_ends_of_a_range_belong_to_it),
	    TEST(a_missing_flag_makes_nothing_true),
	    TEST(a_list_is_asked_for_each_of_several_values),
	    TEST(an_unknown_rule_is_a_candidate_where_that_is_asked_for),
	    TEST(rules_are_filed_anew_as_events_teach),
	    TEST(what_can_never_be_true_is_never_a_candidate),
	    TEST(rules_come_change_and_go_while_it_serves),
	    TEST(what_waits_does_not_swell_the_table),
	    TEST(without_an_account_nothing_of_it_can_be_true),
	    TEST(explains_how_a_rule_is_filed),
	    TEST(reads_fields_of_each_record),
	    TEST(reads_kinds_named_in_functions_and_other_segments),
	    TEST(a_record_used_whole_reads_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
