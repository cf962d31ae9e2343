/* SPDX-License-Identifier: MIT */
/* How rules and templates read rows, and the texts of the engine's enums. */
#include "rules_rig.h"

static const char *text_of(const struct wn_object *o, const char *field)
{
	struct wn_value v;
	static char text[100];
	if (!wn_view_field(o, wn_str_of(field), &v))
		return NULL;
	assert_int_equal(v.kind, WN_STRING);
	snprintf(text, sizeof(text), WN_STR_FMT, WN_STR_ARG(wn_value_str(v)));
	return text;
}

static void a_signal_shows_its_common_fields_and_attributes(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_value v;
	struct wn_publisher publishers[] = {{WN_STR("a.test"), {0}, {0}}, {WN_STR("b.test"), {0}, {0}}};
	struct wn_signal *s = rig_signal(r, "funding", 2, "{\"round\": \"Seed\", \"amount_usd\": 5}");
	const struct wn_object *o = &s->object;
	assert_string_equal(text_of(o, "kind"), "funding");
	assert_string_equal(text_of(o, "round"), "Seed");
	assert_null(text_of(o, "headline"));
	assert_null(text_of(o, "contact"));
	assert_false(wn_view_field(o, WN_STR("published_at"), &v));
	assert_false(wn_view_field(o, WN_STR("valuation_usd"), &v));
	assert_false(wn_view_field(o, WN_STR("nonsense"), &v));
	assert_true(wn_view_field(o, WN_STR("age"), &v) && wn_value_us(v) == 2 * WN_HOUR);
	assert_true(wn_view_field(o, WN_STR("occurred_at"), &v) && wn_value_us(v) == RIG_NOW - 2 * WN_HOUR);
	assert_true(wn_view_field(o, WN_STR("amount_usd"), &v) && v.kind == WN_DOUBLE && v.d == 5);
	assert_true(wn_view_field(o, WN_STR("publishers"), &v) && v.kind == WN_LIST && v.n == 0);
	s->publisher_list = publishers;
	s->n_publisher_list = 2;
	s->contact_id = (struct wn_id){{0xab}};
	s->headline = WN_STR("Acme raises");
	assert_true(wn_view_field(o, WN_STR("publishers"), &v) && v.n == 2 && wn_str_is(wn_value_str(v.list[1]), "b.test"));
	assert_string_equal(text_of(o, "contact"), "ab000000-0000-0000-0000-000000000000");
	assert_string_equal(text_of(o, "headline"), "Acme raises");
	assert_true(wn_view_field(o, WN_STR("freshness"), &v) && v.kind == WN_DOUBLE && v.d > 0.99 && v.d < 1);
	s->hard_stop_us = RIG_NOW;
	assert_true(wn_view_field(o, WN_STR("freshness"), &v) && v.d == 0);
}

static void traits_without_a_value_read_as_their_default_or_not_at_all(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_value v;
	const struct wn_object *o = &r->account.object;
	assert_false(wn_view_field(o, WN_STR("employees"), &v));
	assert_true(wn_view_field(o, WN_STR("customer"), &v) && v.kind == WN_BOOL && !v.b);
	r->account.traits = rig_trait_map(r, "{\"employees\": 12, \"customer\": true, \"country\": null}");
	assert_true(wn_view_field(o, WN_STR("employees"), &v) && v.i == 12);
	assert_true(wn_view_field(o, WN_STR("customer"), &v) && v.b);
	assert_false(wn_view_field(o, WN_STR("country"), &v));
	assert_false(wn_view_field(o, WN_STR("persona"), &v));
	assert_string_equal(text_of(o, "domain"), "acme.test");
	assert_string_equal(text_of(o, "id"), "01000000-0000-0000-0000-000000000000");
	assert_true(wn_view_field(o, WN_STR("known_since"), &v) && v.kind == WN_TIMESTAMP);
}

static void a_contact_shows_its_name_in_parts(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_value v;
	struct wn_contact *c = rig_contact(r, "Ada Lovelace", "people", 5);
	assert_string_equal(text_of(&c->object, "first_name"), "Ada");
	assert_string_equal(text_of(&c->object, "last_name"), "Lovelace");
	assert_string_equal(text_of(&c->object, "department"), "people");
	assert_true(wn_view_field(&c->object, WN_STR("level"), &v) && v.i == 5);
	assert_true(wn_view_field(&c->object, WN_STR("subject"), &v) && !v.b);
	c->name = WN_STR("");
	c->level = 0;
	assert_null(text_of(&c->object, "first_name"));
	assert_false(wn_view_field(&c->object, WN_STR("level"), &v));
}

static void every_state_has_a_text_and_comes_back_from_it(void **state)
{
	(void)state;
	for (int i = 0; i <= WN_CAMPAIGN_CLOSED; i++) {
		enum wn_campaign_state s;
		assert_true(wn_campaign_state_from_text(wn_str_of(wn_campaign_state_to_text(i)), &s) && (int)s == i);
	}
	for (int i = 0; i <= WN_LEFT_ERASED; i++) {
		enum wn_left s;
		assert_true(wn_left_from_text(wn_str_of(wn_left_to_text(i)), &s) && (int)s == i);
	}
	for (int i = 0; i <= WN_TOUCH_CANCELLED; i++) {
		enum wn_touch_state s;
		assert_true(wn_touch_state_from_text(wn_str_of(wn_touch_state_to_text(i)), &s) && (int)s == i);
	}
	for (int i = 0; i <= WN_NON_ACTION_SHADOW; i++) {
		enum wn_non_action_reason s;
		assert_true(wn_non_action_from_text(wn_str_of(wn_non_action_to_text(i)), &s) && (int)s == i);
	}
	for (int i = 0; i <= WN_RESULT_CANCELLED; i++) {
		enum wn_result s;
		assert_true(wn_result_from_text(wn_str_of(wn_result_to_text(i)), &s) && (int)s == i);
	}
	enum wn_left unchanged = WN_LEFT_BOXED;
	assert_false(wn_left_from_text(WN_STR("gone"), &unchanged));
	assert_int_equal(unchanged, WN_LEFT_BOXED);
	assert_string_equal(wn_touch_state_to_text((enum wn_touch_state)99), "?");
	assert_string_equal(wn_mode_to_text(WN_MODE_SHADOW), "shadow");
	assert_string_equal(wn_exit_to_text(WN_EXIT_HAND_OFF), "hand_off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_shows_its_common_fields_and_attributes),
		cmocka_unit_test(traits_without_a_value_read_as_their_default_or_not_at_all),
		cmocka_unit_test(a_contact_shows_its_name_in_parts),
		cmocka_unit_test(every_state_has_a_text_and_comes_back_from_it),
	};
	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
