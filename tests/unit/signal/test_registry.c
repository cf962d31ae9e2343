/* SPDX-License-Identifier: MIT */
/* Kinds, attributes, traits: what is accepted, how it is numbered, what CEL sees; values brought to their type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/registry.h>

#include <math.h>
#include <stdio.h>

static struct wn_arena *arena;
static const char *const rounds[] = {"Pre-Seed", "Seed", "Seed extension", "Series A", "Series B", NULL};
static const struct wn_attr_def funding_attrs[] = {
    {.name = "round", .type = WN_ATTR_ENUM, .enum_values = rounds, .identity = true},
    {.name = "amount_usd", .type = WN_ATTR_DOUBLE, .identity = true, .money = true},
};
static const struct wn_attr_def acquisition_attrs[] = {
    {.name = "target", .type = WN_ATTR_STRING, .identity = true},
    {.name = "amount_usd", .type = WN_ATTR_DOUBLE},
};

static struct wn_kind_def kind(const char *name, const struct wn_attr_def *attrs, size_t n)
{
	return (struct wn_kind_def){.name = name,
				    .strength = 0.9,
				    .half_life_us = 21 * WN_DAY,
				    .hard_stop_us = 60 * WN_DAY,
				    .same_within_us = 30 * WN_DAY,
				    .first_touch_us = 3 * WN_DAY,
				    .attrs = attrs,
				    .n_attrs = n};
}

static int set_up(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

static struct wn_registry *two_kinds(void)
{
	struct wn_registry *r = wn_registry_new();
	struct wn_kind_def f = kind("funding", funding_attrs, 2), a = kind("acquisition", acquisition_attrs, 2);
	struct wn_trait_def t[] = {
	    {.name = "employees", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_INT},
	    {.name = "customer", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_BOOL, .dflt = wn_bool(false)},
	    {.name = "persona", .of = WN_TRAIT_CONTACT, .type = WN_ATTR_STRING},
	};

	assert_int_equal(wn_registry_add_kind(r, &f, NULL), WN_OK);
	assert_int_equal(wn_registry_add_kind(r, &a, NULL), WN_OK);
	for (size_t i = 0; i < WN_COUNT(t); i++)
		assert_int_equal(wn_registry_add_trait(r, &t[i], NULL), WN_OK);
	return r;
}

static void numbers_are_the_order_of_names(void **state)
{
	struct wn_registry *r = two_kinds();

	(void)state;
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	assert_int_equal(wn_registry_kinds(r), 2);
	assert_int_equal(wn_registry_kind_number(r, WN_STR("acquisition")), 0);
	assert_int_equal(wn_registry_kind_number(r, WN_STR("funding")), 1);
	assert_int_equal(wn_registry_kind_number(r, WN_STR("fundin")), -1);
	assert_int_equal(wn_registry_kind_number(r, WN_STR("")), -1);
	assert_string_equal(wn_registry_nearest_kind(r, WN_STR("fundng")), "funding");
	assert_int_equal(wn_registry_attrs(r), 3);
	assert_int_equal(wn_registry_attr_number(r, WN_STR("amount_usd")), 0);
	assert_int_equal(wn_registry_attr_number(r, WN_STR("target")), 2);
	assert_int_equal(wn_registry_trait_number(r, WN_TRAIT_ACCOUNT, WN_STR("employees")), 1);
	assert_int_equal(wn_registry_trait_number(r, WN_TRAIT_CONTACT, WN_STR("employees")), -1);
	assert_string_equal(wn_registry_nearest_trait(r, WN_TRAIT_ACCOUNT, WN_STR("employes")), "employees");
	assert_true(wn_registry_trait(r, 0)->dflt.kind == WN_BOOL);
	wn_registry_free(r);
}

static void identity_belongs_to_the_kind_and_type_to_the_name(void **state)
{
	struct wn_registry *r = two_kinds();

	(void)state;
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	assert_true(wn_registry_attr_of_kind(r, 1, WN_STR("amount_usd"))->identity);
	assert_false(wn_registry_attr_of_kind(r, 0, WN_STR("amount_usd"))->identity);
	assert_null(wn_registry_attr_of_kind(r, 0, WN_STR("round")));
	assert_string_equal(wn_registry_nearest_attr(r, 1, WN_STR("amont_usd")), "amount_usd");
	wn_registry_free(r);
}

static void cel_sees_each_attribute_with_the_kinds_that_have_it(void **state)
{
	struct wn_registry *r = two_kinds();
	const struct cel_field *amount = NULL, *target = NULL;

	(void)state;
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	const struct cel_record *s = wn_registry_signal_record(r);
	assert_string_equal(s->variant_names[1], "funding");
	assert_null(s->variant_names[2]);
	for (size_t i = 0; i < s->n_fields; i++) {
		if (strcmp(s->fields[i].name, "amount_usd") == 0)
			amount = &s->fields[i];
		if (strcmp(s->fields[i].name, "target") == 0)
			target = &s->fields[i];
	}
	assert_non_null(amount);
	assert_int_equal(amount->number, WN_FIELD_ATTR0 + wn_registry_attr_number(r, WN_STR("amount_usd")));
	assert_int_equal(amount->variants[0], 3);
	assert_int_equal(target->variants[0], 1);
	assert_int_equal(wn_registry_account_record(r)->n_fields, 5 + 2);
	assert_int_equal(wn_registry_contact_record(r)->n_fields, 10 + 1);
	wn_registry_free(r);
}

static void refuse_kind(struct wn_registry *r, struct wn_kind_def k, enum wn_rc rc, const char *says)
{
	struct wn_err err = {0};

	assert_int_equal(wn_registry_add_kind(r, &k, &err), rc);
	if (!strstr(err.text, says))
		fail_msg("expected \"%s\" in: %s", says, err.text);
}

static void refuses_second_types_bad_names_and_bad_ranges(void **state)
{
	struct wn_registry *r = two_kinds();
	struct wn_attr_def retyped[] = {{.name = "amount_usd", .type = WN_ATTR_INT}};
	static const char *const others[] = {"Seed", NULL};
	struct wn_attr_def revalued[] = {{.name = "round", .type = WN_ATTR_ENUM, .enum_values = others}};
	struct wn_attr_def common[] = {{.name = "contact", .type = WN_ATTR_STRING}};
	struct wn_attr_def empty[] = {{.name = "e", .type = WN_ATTR_ENUM}};
	struct wn_attr_def twice[] = {{.name = "e"}, {.name = "e"}};
	struct wn_kind_def bad = kind("bad", NULL, 0);

	(void)state;
	refuse_kind(r, kind("debt", retyped, 1), WN_INVALID, "one name has one type");
	refuse_kind(r, kind("debt", revalued, 1), WN_INVALID, "other values");
	refuse_kind(r, kind("debt", common, 1), WN_INVALID, "every signal has a field contact");
	refuse_kind(r, kind("debt", empty, 1), WN_INVALID, "enum without values");
	refuse_kind(r, kind("debt", twice, 2), WN_EXISTS, "twice");
	refuse_kind(r, kind("funding", NULL, 0), WN_EXISTS, "twice");
	refuse_kind(r, kind("Funding", NULL, 0), WN_INVALID, "a name is");
	refuse_kind(r, kind("in", NULL, 0), WN_INVALID, "a name is");
	refuse_kind(r, kind("", NULL, 0), WN_INVALID, "a name is");
	bad.strength = 1.5;
	refuse_kind(r, bad, WN_INVALID, "strength");
	bad.strength = NAN;
	refuse_kind(r, bad, WN_INVALID, "strength");
	bad = kind("bad", NULL, 0);
	bad.half_life_us = 0;
	refuse_kind(r, bad, WN_INVALID, "half-life");
	struct wn_trait_def t = {.name = "domain", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_STRING};
	assert_int_equal(wn_registry_add_trait(r, &t, NULL), WN_INVALID);
	t = (struct wn_trait_def){
	    .name = "vip", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_BOOL, .dflt = wn_cstring("maybe")};
	assert_int_equal(wn_registry_add_trait(r, &t, NULL), WN_INVALID);
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	refuse_kind(r, kind("late", NULL, 0), WN_REFUSED, "sealed");
	wn_registry_free(r);
}

static void an_empty_registry_and_one_of_too_many_kinds(void **state)
{
	struct wn_registry *r = wn_registry_new();
	char name[20];

	(void)state;
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	assert_int_equal(wn_registry_kind_number(r, WN_STR("x")), -1);
	assert_null(wn_registry_nearest_kind(r, WN_STR("x")));
	wn_registry_free(r);
	r = wn_registry_new();
	for (int i = 0; i < WN_KINDS_MAX; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		struct wn_kind_def k = kind(name, funding_attrs, 2);
		assert_int_equal(wn_registry_add_kind(r, &k, NULL), WN_OK);
	}
	refuse_kind(r, kind("onemore", NULL, 0), WN_LIMIT, "more than");
	assert_int_equal(wn_registry_seal(r, NULL), WN_OK);
	assert_int_equal(wn_registry_signal_record(r)->fields[WN_SF_FEED + 1].variants[3], UINT64_MAX);
	wn_registry_free(r);
}

/* --- coercion ------------------------------------------------------------------------------------------- */

static struct wn_value coerced(enum wn_attr_type type, struct wn_value v)
{
	struct wn_value out = {0};
	struct wn_err err = {0};

	if (wn_attr_coerce(type, rounds, v, arena, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

static void refused(enum wn_attr_type type, struct wn_value v, const char *says)
{
	struct wn_value out = wn_int(42);
	struct wn_err err = {0};

	assert_int_not_equal(wn_attr_coerce(type, rounds, v, arena, &out, &err), WN_OK);
	assert_true(out.kind == WN_INT && out.i == 42);
	if (!strstr(err.text, says))
		fail_msg("expected \"%s\" in: %s", says, err.text);
}

static void numbers_are_read_only_where_exact(void **state)
{
	(void)state;
	assert_int_equal(coerced(WN_ATTR_INT, wn_double(12.0)).i, 12);
	assert_int_equal(coerced(WN_ATTR_INT, wn_cstring(" 120 ")).i, 120);
	assert_int_equal(coerced(WN_ATTR_INT, wn_uint(7)).i, 7);
	assert_true(coerced(WN_ATTR_DOUBLE, wn_int(3)).d == 3.0);
	assert_true(coerced(WN_ATTR_DOUBLE, wn_cstring("-2.5e3")).d == -2500.0);
	refused(WN_ATTR_INT, wn_double(12.5), "whole number");
	refused(WN_ATTR_INT, wn_cstring("12 people"), "whole number");
	refused(WN_ATTR_INT, wn_cstring("99999999999999999999"), "whole number");
	refused(WN_ATTR_INT, wn_uint(UINT64_MAX), "whole number");
	refused(WN_ATTR_INT, wn_bool(true), "whole number");
	refused(WN_ATTR_DOUBLE, wn_double(NAN), "a number");
	refused(WN_ATTR_DOUBLE, wn_cstring("1,200"), "a number");
}

static void nothing_is_no_value(void **state)
{
	(void)state;
	for (int t = WN_ATTR_STRING; t <= WN_ATTR_ENUM; t++) {
		assert_int_equal(coerced((enum wn_attr_type)t, wn_null()).kind, WN_ABSENT);
		assert_int_equal(coerced((enum wn_attr_type)t, wn_cstring(" \n")).kind, WN_ABSENT);
		assert_int_equal(coerced((enum wn_attr_type)t, (struct wn_value){0}).kind, WN_ABSENT);
	}
}

static void texts_enums_and_bools(void **state)
{
	(void)state;
	assert_true(
	    wn_str_is(wn_value_str(coerced(WN_ATTR_STRING, wn_cstring("  two\n lines "))), "two lines"));
	assert_true(wn_str_is(wn_value_str(coerced(WN_ATTR_STRING, wn_int(-5))), "-5"));
	refused(WN_ATTR_STRING, wn_list(NULL, 0), "text");
	char *big = wn_arena_alloc(arena, 5001);
	memset(big, 'x', 5000);
	assert_int_equal(coerced(WN_ATTR_STRING, wn_cstring(big)).n, WN_ATTR_TEXT_MAX);
	assert_true(wn_str_is(wn_value_str(coerced(WN_ATTR_ENUM, wn_cstring("series b"))), "Series B"));
	assert_true(wn_str_is(wn_value_str(coerced(WN_ATTR_ENUM, wn_cstring("PRE SEED"))), "Pre-Seed"));
	refused(WN_ATTR_ENUM, wn_cstring("Series X"), "did you mean \"Series");
	refused(WN_ATTR_ENUM, wn_cstring("enormous"), "not one of");
	assert_true(coerced(WN_ATTR_BOOL, wn_cstring("Yes")).b);
	assert_false(coerced(WN_ATTR_BOOL, wn_int(0)).b);
	refused(WN_ATTR_BOOL, wn_cstring("maybe"), "true or false");
}

static void dates_of_text_and_epoch(void **state)
{
	const int64_t us = INT64_C(1782214185) * WN_SECOND;

	(void)state;
	assert_int_equal(wn_value_us(coerced(WN_ATTR_TIMESTAMP, wn_int(1782214185))), us);
	assert_int_equal(wn_value_us(coerced(WN_ATTR_TIMESTAMP, wn_int(INT64_C(1782214185805)))), us + 805000);
	assert_int_equal(wn_value_us(coerced(WN_ATTR_TIMESTAMP, wn_int(us))), us);
	assert_int_equal(wn_value_us(coerced(WN_ATTR_TIMESTAMP, wn_double(0.5))), 500000);
	assert_int_equal(wn_value_us(coerced(WN_ATTR_TIMESTAMP, wn_cstring("2026-06-23T11:29:45Z"))), us);
	refused(WN_ATTR_TIMESTAMP, wn_cstring("soon"), "a date");
	refused(WN_ATTR_TIMESTAMP, wn_int(-1), "a date");
	refused(WN_ATTR_TIMESTAMP, wn_double(1e300), "a date");
	refused(WN_ATTR_TIMESTAMP, wn_double(NAN), "a date");
	refused(WN_ATTR_TIMESTAMP, wn_bool(true), "a date");
}

static void lists_of_texts(void **state)
{
	struct wn_value two[] = {wn_cstring("Rust"), wn_null(), wn_int(7)}, out, many[WN_ATTR_LIST_MAX + 1];

	(void)state;
	out = coerced(WN_ATTR_LIST, wn_list(two, 3));
	assert_int_equal(out.n, 2);
	assert_true(wn_str_is(wn_value_str(out.list[1]), "7"));
	assert_int_equal(coerced(WN_ATTR_LIST, wn_cstring("Rust")).n, 1);
	assert_int_equal(coerced(WN_ATTR_LIST, wn_list(NULL, 0)).kind, WN_LIST);
	two[0] = wn_bool(true);
	refused(WN_ATTR_LIST, wn_list(two, 3), "list of texts");
	for (size_t i = 0; i < WN_COUNT(many); i++)
		many[i] = wn_cstring("x");
	refused(WN_ATTR_LIST, wn_list(many, WN_COUNT(many)), "at most");
}

static const char *place(const char *text)
{
	struct wn_value v = coerced(WN_ATTR_PLACE, wn_cstring(text));
	return wn_arena_strdup(arena, wn_value_str(v));
}

static void places_get_the_continent_of_their_country(void **state)
{
	(void)state;
	assert_string_equal(place("NA/US/CA/San Francisco"), "NA/US/CA/San Francisco");
	assert_string_equal(place(" na / us / CA "), "NA/US/CA");
	assert_string_equal(place("us/CA/San Francisco"), "NA/US/CA/San Francisco");
	assert_string_equal(place("DE"), "EU/DE");
	assert_string_equal(place("eu/"), "EU");
	/* a continent and a country */
	assert_string_equal(place("SA/AR"), "SA/AR");
	assert_string_equal(place("SA/Riyadh"), "AS/SA/Riyadh");
	assert_string_equal(place("NA"), "NA");
	assert_string_equal(place("AF/NA/KH"), "AF/NA/KH");
	refused(WN_ATTR_PLACE, wn_cstring("San Francisco"), "continent/country/state/city");
	refused(WN_ATTR_PLACE, wn_cstring("EU/US"), "continent/country/state/city");
	refused(WN_ATTR_PLACE, wn_cstring("NA//CA"), "continent/country/state/city");
	refused(WN_ATTR_PLACE, wn_cstring("/"), "continent/country/state/city");
	refused(WN_ATTR_PLACE, wn_cstring("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q"), "continent/country/state/city");
}

/* Against the list that comes with the time zones. */
static void every_country_has_a_continent(void **state)
{
	(void)state;
	char line[200], clean[8];
	size_t n = 0;
	FILE *f = fopen("/usr/share/zoneinfo/iso3166.tab", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		snprintf(clean, sizeof(clean), "%.2s", line);
		struct wn_str one;
		char with_state[20];
		snprintf(with_state, sizeof(with_state), "%s/-", clean);
		assert_true(wn_place_clean(wn_str_of(with_state), arena, &one));
		if (one.n != strlen("XX/YY/-") || memcmp(one.p + 3, clean, 2) != 0)
			fail_msg("%s: " WN_STR_FMT, clean, WN_STR_ARG(one));
		n++;
	}
	fclose(f);
	assert_true(n > 240);
}

static void types_have_their_texts(void **state)
{
	enum wn_attr_type t;

	(void)state;
	for (int i = WN_ATTR_STRING; i <= WN_ATTR_ENUM; i++) {
		assert_true(wn_attr_type_from_text(wn_str_of(wn_attr_type_to_text((enum wn_attr_type)i)), &t));
		assert_int_equal(t, i);
	}
	assert_false(wn_attr_type_from_text(WN_STR("money"), &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_the_order_of_names),
	    cmocka_unit_test(identity_belongs_to_the_kind_and_type_to_the_name),
	    cmocka_unit_test(cel_sees_each_attribute_with_the_kinds_that_have_it),
	    cmocka_unit_test(refuses_second_types_bad_names_and_bad_ranges),
	    cmocka_unit_test(an_empty_registry_and_one_of_too_many_kinds),
	    cmocka_unit_test(numbers_are_read_only_where_exact),
	    cmocka_unit_test(nothing_is_no_value),
	    cmocka_unit_test(texts_enums_and_bools),
	    cmocka_unit_test(dates_of_text_and_epoch),
	    cmocka_unit_test(lists_of_texts),
	    cmocka_unit_test(places_get_the_continent_of_their_country),
	    cmocka_unit_test(every_country_has_a_continent),
	    cmocka_unit_test(types_have_their_texts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
