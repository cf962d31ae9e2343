/* SPDX-License-Identifier: MIT */
/* Computed traits: by the first rule that is true, or from signals; what is stored wins, unknown stays unknown. */
#include "rules_rig.h"

static const char *const stages[] = {"visitor", "trial", "customer", NULL};
static const char *const page_view[] = {"page_view", NULL};
#define CHOICE(text, name) {{text, sizeof(text) - 1}, {"traits.yaml", 3, 5}, {.kind = WN_STRING, .n = sizeof(name) - 1, .s = name}}

static struct wn_registry *registry_with(const struct wn_trait_def *traits, size_t n)
{
	struct wn_registry *r = wn_registry_new();
	for (size_t i = 0; i < WN_COUNT(rig_kinds); i++)
		assert_int_equal(wn_registry_add_kind(r, &rig_kinds[i], NULL), WN_OK);
	rig_traits(r);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(wn_registry_add_trait(r, &traits[i], NULL), WN_OK);
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	return r;
}

/* The rig with further traits. */
static struct rig *rig_with(const struct wn_trait_def *traits, size_t n)
{
	struct rig *r = rig_new();
	struct wn_err err = {0};
	wn_rules_free(r->rules);
	wn_registry_free(r->registry);
	r->registry = registry_with(traits, n);
	r->rules = wn_rules_new(r->registry);
	if (wn_rules_compile_traits(r->rules, &err))
		fail_msg("%s", err.text);
	r->catalog.registry = r->registry;
	r->catalog.rules = r->rules;
	return r;
}

static const struct wn_trait_choice by_stage[] = {
	CHOICE("account.customer", "customer"),
	CHOICE("signals.exists(s, s.kind == \"purchase\")", "trial"),
	CHOICE("account.employees > 5 && signals.size() > 0", "visitor"),
};
static const struct wn_trait_def stage = {.name = "stage", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_ENUM, .enum_values = stages,
					  .choices = by_stage, .n_choices = WN_COUNT(by_stage)};

static const char *value_of(struct rig *r, const struct wn_object *o, const char *name)
{
	struct wn_value v;
	if (!wn_view_field(o, wn_str_of(name), &v))
		return NULL;
	return wn_arena_strdup(r->arena, wn_value_str(v));
}

static void the_first_rule_that_is_true_gives_the_value(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	const struct wn_object *o = &r->account.object;
	r->account.traits = rig_trait_map(r, "{\"employees\": 9}");
	assert_null(value_of(r, o, "stage"));
	rig_signal(r, "page_view", 3, "{}");
	assert_string_equal(value_of(r, o, "stage"), "visitor");
	rig_signal(r, "purchase", 2, "{}");
	assert_string_equal(value_of(r, o, "stage"), "trial");
	r->account.traits = rig_trait_map(r, "{\"customer\": true}");
	assert_string_equal(value_of(r, o, "stage"), "customer");
}

static void an_unknown_rule_before_makes_it_unknown(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	rig_signal(r, "page_view", 3, "{}");
	assert_null(value_of(r, &r->account.object, "stage")); /* employees are not known */
	rig_signal(r, "purchase", 2, "{}");
	assert_string_equal(value_of(r, &r->account.object, "stage"), "trial"); /* an earlier one is true */
}

static void what_is_stored_wins(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	r->account.traits = rig_trait_map(r, "{\"customer\": true, \"stage\": \"trial\"}");
	assert_string_equal(value_of(r, &r->account.object, "stage"), "trial");
}

static void signals_that_are_not_loaded_are_not_absent(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	r->account.loaded = 0;
	assert_null(value_of(r, &r->account.object, "stage"));
	r->account.traits = rig_trait_map(r, "{\"customer\": true}");
	assert_string_equal(value_of(r, &r->account.object, "stage"), "customer");
}

static void values_come_from_the_first_or_the_last_signal(void **state)
{
	(void)state;
	const struct wn_trait_def traits[] = {
		{.name = "first_device", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_STRING, .from_attribute = "device", .from_kinds = page_view, .from_first = true},
		{.name = "last_device", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_STRING, .from_attribute = "device"},
		{.name = "own_device", .of = WN_TRAIT_CONTACT, .type = WN_ATTR_STRING, .from_attribute = "device"},
	};
	RIG r = rig_with(traits, WN_COUNT(traits));
	const struct wn_object *o = &r->account.object;
	assert_null(value_of(r, o, "first_device"));
	struct wn_contact *c = rig_contact(r, "Ana Example", "people", 4);
	rig_signal(r, "page_view", 9, "{\"device\": \"phone\"}")->contact_id = c->id;
	rig_signal(r, "page_view", 8, "{\"device\": \"tablet\"}");
	rig_signal(r, "page_view", 7, "{}");
	assert_string_equal(value_of(r, o, "first_device"), "phone");
	assert_string_equal(value_of(r, o, "last_device"), "tablet");
	assert_string_equal(value_of(r, &c->object, "own_device"), "phone");
	r->account.signals.v[0]->retracted = true;
	assert_string_equal(value_of(r, o, "first_device"), "tablet");
}

static const char *complaint(const struct wn_trait_def *traits, size_t n)
{
	static struct wn_err err;
	struct wn_registry *r = registry_with(traits, n);
	struct wn_rules *rules = wn_rules_new(r);
	err = (struct wn_err){0};
	assert_int_not_equal(wn_rules_compile_traits(rules, &err), WN_OK);
	wn_rules_free(rules);
	wn_registry_free(r);
	return err.text;
}

#define ONE(trait_name, of_, text) (const struct wn_trait_def[]){{.name = trait_name, .of = of_, .type = WN_ATTR_STRING, \
	.choices = (const struct wn_trait_choice[]){CHOICE(text, "x")}, .n_choices = 1}}, 1

static void what_a_computed_trait_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_non_null(strstr(complaint(ONE("a", WN_TRAIT_ACCOUNT, "signals.count(\"page_view\", days(3)) > 1")), "may not depend on time"));
	assert_non_null(strstr(complaint(ONE("a", WN_TRAIT_ACCOUNT, "contact.level > 3")), "cannot read a contact"));
	assert_non_null(strstr(complaint(ONE("a", WN_TRAIT_ACCOUNT, "account.emploees > 3")), "employees"));
	assert_non_null(strstr(complaint(ONE("a", WN_TRAIT_ACCOUNT, "account.a == \"x\"")), "a circle has no meaning"));
	assert_non_null(strstr(complaint(ONE("a", WN_TRAIT_ACCOUNT, "signal.kind == \"page_view\"")), "signal"));
	const struct wn_trait_choice to_b[] = {CHOICE("account.b == \"x\"", "x")}, to_a[] = {CHOICE("account.a == \"x\"", "x")};
	const struct wn_trait_def round[] = {{.name = "a", .type = WN_ATTR_STRING, .choices = to_b, .n_choices = 1},
					     {.name = "b", .type = WN_ATTR_STRING, .choices = to_a, .n_choices = 1}};
	assert_non_null(strstr(complaint(round, 2), "a circle has no meaning"));
	const struct wn_trait_def typed = {.name = "a", .type = WN_ATTR_INT, .from_attribute = "device"};
	assert_non_null(strstr(complaint(&typed, 1), "is of type int, attribute \"device\" of type string"));
	const struct wn_trait_def none = {.name = "a", .type = WN_ATTR_STRING, .from_attribute = "devices"};
	assert_non_null(strstr(complaint(&none, 1), "no kind has an attribute \"devices\""));
}

static void a_rule_that_reads_it_is_asked_again_when_what_it_is_made_of_changes(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	rig_segment(r, "s", "signal.kind == \"funding\" && account.stage == \"customer\"", NULL, NULL);
	rig_signal(r, "funding", 3, "{}");
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("employees"));
	r->account.traits = rig_trait_map(r, "{\"customer\": true}");
	r->world.verdicts.n = 0;
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("customer"));
	assert_int_equal(r->world.verdicts.n, 1);
	assert_int_equal(r->world.verdicts.v[0]->is, WN_VERDICT_TRUE);
	r->world.verdicts.n = 0;
	wn_verdicts_of_trait(&r->world, &r->account, WN_TRAIT_ACCOUNT, WN_STR("industry"));
	assert_int_equal(r->world.verdicts.n, 0);
}

static void a_member_leaves_when_a_signal_moves_the_trait_it_stays_by(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	rig_segment(r, "s", "signal.kind == \"funding\" && account.stage == \"visitor\"", NULL, "mode: live\n");
	wn_catalog_find_stay_kinds(&r->catalog);
	r->account.traits = rig_trait_map(r, "{\"employees\": 9}");
	rig_signal(r, "funding", 3, "{}")->arrived = true;
	wn_verdicts_of_arrivals(&r->world);
	assert_int_equal(wn_campaign_step_verdicts(&r->world, NULL), WN_OK);
	assert_int_equal(r->account.members.n, 1);
	assert_int_equal(r->account.members.v[0]->left, WN_LEFT_LIVE);
	r->account.signals.v[0]->arrived = false;
	r->world.verdicts.n = 0;
	rig_signal(r, "purchase", 1, "{}")->arrived = true;
	assert_false(wn_verdicts_are_ruled_out(&r->world, &r->account));
	wn_verdicts_of_arrivals(&r->world);
	assert_int_equal(wn_campaign_step_verdicts(&r->world, NULL), WN_OK);
	assert_int_equal(r->account.members.v[0]->left, WN_LEFT_NO_LONGER_FITS);
}

static void has_speaks_of_what_is_known_not_of_what_is_assumed(void **state)
{
	(void)state;
	RIG r = rig_with(&stage, 1);
	struct wn_signal *f = rig_signal(r, "funding", 3, "{}");
	struct wn_segment *assumed = rig_segment(r, "a", "signal.kind == \"funding\" && !has(account.customer) && !account.customer", NULL, NULL);
	struct wn_segment *computed = rig_segment(r, "b", "signal.kind == \"funding\" && has(account.stage)", NULL, NULL);
	assert_int_equal(wn_when(&r->world, assumed, &r->account, f), WN_TRUE3);
	assert_int_equal(wn_when(&r->world, computed, &r->account, f), WN_FALSE3);
	r->account.traits = rig_trait_map(r, "{\"customer\": false, \"employees\": 9}");
	assert_int_equal(wn_when(&r->world, assumed, &r->account, f), WN_FALSE3);
	assert_int_equal(wn_when(&r->world, computed, &r->account, f), WN_TRUE3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_is_true_gives_the_value),
		cmocka_unit_test(an_unknown_rule_before_makes_it_unknown),
		cmocka_unit_test(what_is_stored_wins),
		cmocka_unit_test(signals_that_are_not_loaded_are_not_absent),
		cmocka_unit_test(values_come_from_the_first_or_the_last_signal),
		cmocka_unit_test(what_a_computed_trait_cannot_be_is_refused),
		cmocka_unit_test(a_rule_that_reads_it_is_asked_again_when_what_it_is_made_of_changes),
		cmocka_unit_test(a_member_leaves_when_a_signal_moves_the_trait_it_stays_by),
		cmocka_unit_test(has_speaks_of_what_is_known_not_of_what_is_assumed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
