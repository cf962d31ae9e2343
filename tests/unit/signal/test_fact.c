/* SPDX-License-Identifier: MIT */
/* The same fact, what its attributes are together, and how many publishers count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/clock.h>
#include <whynow/signal.h>

static struct wn_arena *arena;
static struct wn_registry *registry;
static int funding, hire, page_view;

static int set_up(void **state)
{
	static const char *const rounds[] = {"Seed", "Series A", "Series B", NULL};
	static const struct wn_attr_def money[] = {
	    {.name = "round", .type = WN_ATTR_ENUM, .enum_values = rounds, .identity = true},
	    {.name = "amount_usd", .type = WN_ATTR_DOUBLE, .identity = true, .money = true},
	    {.name = "valuation_usd", .type = WN_ATTR_DOUBLE, .money = true},
	};
	static const struct wn_attr_def person[] = {
	    {.name = "person", .type = WN_ATTR_STRING, .identity = true},
	    {.name = "position", .type = WN_ATTR_STRING, .identity = true},
	    {.name = "level", .type = WN_ATTR_INT},
	};
	static const struct wn_attr_def path[] = {{.name = "path", .type = WN_ATTR_STRING}};
	struct wn_kind_def k = {.half_life_us = WN_DAY, .hard_stop_us = WN_DAY, .same_within_us = 30 * WN_DAY};

	(void)state;
	arena = wn_arena_new(0);
	registry = wn_registry_new();
	k.name = "funding", k.attrs = money, k.n_attrs = 3;
	if (wn_registry_add_kind(registry, &k, NULL))
		return 1;
	k.name = "hire", k.attrs = person, k.n_attrs = 3;
	if (wn_registry_add_kind(registry, &k, NULL))
		return 1;
	k.name = "page_view", k.attrs = path, k.n_attrs = 1, k.same_within_us = 0;
	if (wn_registry_add_kind(registry, &k, NULL) || wn_registry_seal(registry, NULL))
		return 1;
	funding = wn_registry_kind_number(registry, WN_STR("funding"));
	hire = wn_registry_kind_number(registry, WN_STR("hire"));
	page_view = wn_registry_kind_number(registry, WN_STR("page_view"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wn_registry_free(registry);
	wn_arena_free(arena);
	return 0;
}

static struct wn_value json(const char *text)
{
	struct wn_value v = {0};

	assert_int_equal(wn_json_parse(wn_str_of(text), NULL, arena, &v, NULL), WN_OK);
	return v;
}

static bool same(int kind, const char *a, const char *b)
{
	bool one = wn_same_fact(registry, kind, json(a), json(b), arena),
	     other = wn_same_fact(registry, kind, json(b), json(a), arena);

	assert_int_equal(one, other);
	return one;
}

static void a_missing_identity_attribute_agrees_with_everything(void **state)
{
	(void)state;
	assert_true(same(funding, "{}", "{\"round\":\"Series B\",\"amount_usd\":12000000}"));
	assert_true(same(funding, "{\"amount_usd\":12000000}", "{\"round\":\"Series B\"}"));
	assert_true(same(funding, "{\"valuation_usd\":1}", "{\"valuation_usd\":2}"));
	assert_false(same(funding, "{\"round\":\"Series A\"}", "{\"round\":\"Series B\"}"));
}

static void money_agrees_within_ten_percent(void **state)
{
	(void)state;
	assert_true(same(funding, "{\"amount_usd\":10000000}", "{\"amount_usd\":9000000}"));
	assert_true(same(funding, "{\"amount_usd\":10000000}", "{\"amount_usd\":11100000}"));
	assert_false(same(funding, "{\"amount_usd\":10000000}", "{\"amount_usd\":8999999}"));
	assert_false(same(funding, "{\"amount_usd\":10000000}", "{\"amount_usd\":12000000}"));
	assert_true(same(funding, "{\"amount_usd\":0}", "{\"amount_usd\":0.0}"));
}

static void texts_agree_when_normalised(void **state)
{
	(void)state;
	assert_true(same(hire, "{\"person\":\"Ana M. Silva\",\"position\":\"VP People\"}",
			 "{\"person\":\"ana silva\",\"position\":\"VP, People\"}"));
	assert_false(same(hire, "{\"person\":\"Ana Silva\"}", "{\"person\":\"Eva Silva\"}"));
	assert_false(same(hire, "{\"position\":\"VP People\"}", "{\"position\":\"VP Sales\"}"));
	assert_true(same(hire, "{\"level\":5}", "{\"level\":6}"));
}

static void kinds_that_count_items_never_join(void **state)
{
	(void)state;
	assert_false(same(page_view, "{\"path\":\"/a\"}", "{\"path\":\"/a\"}"));
	assert_false(wn_same_fact(registry, -1, json("{}"), json("{}"), arena));
}

static void merging_fills_what_is_missing_and_keeps_conflicts_aside(void **state)
{
	bool changed = false;
	struct wn_value conflicts, m;

	(void)state;
	m = wn_attrs_merge(json("{\"round\":\"Series B\",\"amount_usd\":1}"),
			   json("{\"amount_usd\":2,\"valuation_usd\":3,\"x\":null}"), arena, &changed,
			   &conflicts);
	assert_true(changed);
	assert_true(wn_value_eq(m, json("{\"round\":\"Series B\",\"amount_usd\":1,\"valuation_usd\":3}")));
	assert_true(wn_value_eq(conflicts, json("{\"amount_usd\":2}")));
	m = wn_attrs_merge(m, json("{\"round\":\"Series B\"}"), arena, &changed, NULL);
	assert_false(changed);
	m = wn_attrs_merge((struct wn_value){0}, (struct wn_value){0}, arena, &changed, &conflicts);
	assert_false(changed);
	assert_int_equal(m.n + conflicts.n, 0);
}

static int count(const struct wn_publisher *p, size_t n)
{
	static const char *const wires[] = {"wire-one.example", "wire-two.example", NULL};

	return wn_publishers_independent(p, n, wires);
}
#define PUB(d, h, s)                                                                                           \
	{                                                                                                      \
		WN_STR(d), WN_STR(h), WN_STR(s)                                                                \
	}

static void publishers_count_once_each_unless_they_copy(void **state)
{
	const struct wn_publisher two[] = {PUB("a.com", "acme raises", ""), PUB("b.com", "acme lands", "")};
	const struct wn_publisher same_domain[] = {PUB("a.com", "acme raises", ""),
						   PUB("a.com", "acme lands", "")};
	const struct wn_publisher same_headline[] = {PUB("a.com", "acme raises", ""),
						     PUB("b.com", "acme raises", "")};
	const struct wn_publisher no_headline[] = {PUB("a.com", "", ""), PUB("b.com", "", "")};
	const struct wn_publisher quotes[] = {PUB("a.com", "x", ""), PUB("b.com", "y", "a.com")};
	const struct wn_publisher quoted[] = {PUB("a.com", "x", "b.com"), PUB("b.com", "y", "")};
	const struct wn_publisher wires[] = {PUB("wire-one.example", "x", ""), PUB("wire-two.example", "y", ""),
					     PUB("a.com", "z", "")};
	const struct wn_publisher unknown[] = {PUB("a.com", "x", ""), PUB("", "y", ""), PUB("", "z", "")};

	(void)state;
	assert_int_equal(count(two, 0), 0);
	assert_int_equal(count(two, 1), 1);
	assert_int_equal(count(two, 2), 2);
	assert_int_equal(count(same_domain, 2), 1);
	assert_int_equal(count(same_headline, 2), 1);
	assert_int_equal(count(no_headline, 2), 2);
	assert_int_equal(count(quotes, 2), 1);
	assert_int_equal(count(quoted, 2), 1);
	assert_int_equal(count(wires, 3), 2);
	assert_int_equal(count(unknown, 3), 1);
	assert_int_equal(count(unknown + 1, 2), 1);
	assert_int_equal(wn_publishers_independent(wires, 3, NULL), 3);
}

static void ids_are_what_the_contract_says(void **state)
{
	struct wn_str key = WN_STR("0123456789abcdef"), d[] = {WN_STR("d"), WN_STR("acme.com")};
	struct wn_id account = wn_account_id_of_domain(WN_STR("acme.com")),
		     by_name = wn_account_id_of_name(WN_STR("acme"));

	(void)state;
	assert_true(wn_id_eq(account, wn_id_of("account", d, 2)));
	assert_false(wn_id_eq(account, by_name));
	assert_false(wn_id_eq(wn_account_id_of_person(key, WN_STR("a@b.com")),
			      wn_contact_id_of_address(key, WN_STR("a@b.com"))));
	assert_false(wn_id_eq(wn_contact_id_of_person(account, WN_STR("ana silva")),
			      wn_contact_id_of_person(by_name, WN_STR("ana silva"))));
	struct wn_key32 s0 = wn_sighting_key(WN_STR("feed"), WN_STR("item"), 0),
			s1 = wn_sighting_key(WN_STR("feed"), WN_STR("item"), 1);
	struct wn_key32 moved = wn_sighting_key(WN_STR("fee"), WN_STR("ditem"), 0);
	assert_memory_not_equal(s0.b, s1.b, 32);
	assert_memory_not_equal(s0.b, moved.b, 32);
	assert_false(wn_id_eq(wn_signal_key(account, WN_STR("funding"), s0),
			      wn_signal_key(account, WN_STR("hire"), s0)));
	assert_int_equal(account.b[6] >> 4, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_missing_identity_attribute_agrees_with_everything),
	    cmocka_unit_test(money_agrees_within_ten_percent),
	    cmocka_unit_test(texts_agree_when_normalised),
	    cmocka_unit_test(kinds_that_count_items_never_join),
	    cmocka_unit_test(merging_fills_what_is_missing_and_keeps_conflicts_aside),
	    cmocka_unit_test(publishers_count_once_each_unless_they_copy),
	    cmocka_unit_test(ids_are_what_the_contract_says),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
