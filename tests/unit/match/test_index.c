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

static void on_candidate(void *ctx, uint32_t rule)
{
	*(uint64_t *)ctx |= UINT64_C(1) << rule;
}

static uint64_t probe(const struct pair *p)
{
	struct wn_probe event = {&p->signal.object, &p->account.object};
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

static void never_skips_what_it_does_not_understand(void **state)
{
	struct pair p = event("view");

	(void)state;
	assert_int_equal(put(0, "size(account.tech) > 3"), WN_FILED_ALWAYS);
	assert_int_equal(put(1, "account.employees > 3 || signal.kind == \"hire\""), WN_FILED_ALWAYS);
	assert_int_equal(put(2, "!(account.country == \"US\")"), WN_FILED_ALWAYS);
	assert_int_equal(put(3, "in_segment(\"x\") && signal.kind == \"view\""), WN_FILED_KEYED);
	assert_int_equal(probe(&p), 1u << 0 | 1u << 2 | 1u << 3);
	p.account.fields[A_EMPLOYEES] = wn_int(4);
	assert_int_equal(probe(&p), 0xf);
}

static void an_alternative_is_enough(void **state)
{
	struct pair p = event("job");

	(void)state;
	put(0, "signal.kind == \"hire\" || (signal.kind == \"job\" && \"go\" in signal.tags)");
	put(1, "!(signal.kind == \"job\" && account.customer)");
	assert_int_equal(probe(&p), 1u << 1);
	p.tags[0] = wn_cstring("java"), p.tags[1] = wn_cstring("go");
	p.signal.fields[F_TAGS] = wn_list(p.tags, 2);
	assert_int_equal(probe(&p), 1u << 0 | 1u << 1);
}

static void more_alternatives_than_the_bound_mean_anything(void **state)
{
	struct pair p = event("job");
	char text[2000] = "false";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " || account.country == \"c%d\"", i);
	assert_int_equal(put(0, text), WN_FILED_ALWAYS);
	assert_int_equal(probe(&p), 1);
}

static void what_can_never_be_true_is_never_a_candidate(void **state)
{
	struct pair p = event("hire");

	(void)state;
	assert_int_equal(put(0, "signal.kind == \"hire\" && false"), WN_FILED_NEVER);
	assert_int_equal(put(1, "signal.kind in []"), WN_FILED_KEYED);
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
	    TEST(never_skips_what_it_does_not_understand),
	    TEST(an_alternative_is_enough),
	    TEST(more_alternatives_than_the_bound_mean_anything),
	    TEST(what_can_never_be_true_is_never_a_candidate),
	    TEST(rules_come_change_and_go_while_it_serves),
	    TEST(without_an_account_nothing_of_it_can_be_true),
	    TEST(reads_fields_of_each_record),
	    TEST(reads_kinds_named_in_functions_and_other_segments),
	    TEST(a_record_used_whole_reads_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
