/* SPDX-License-Identifier: MIT */
/* Mappings: what a feed's file may say, and what becomes of an item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/signal.h>

#include <stdio.h>

static struct wn_arena *arena;
static struct wn_registry *registry;
static struct wn_positions *positions;
static int64_t now_us;

#define CEL(t)                                                                                                 \
	{                                                                                                      \
		.text = {t, sizeof(t) - 1}, .place = { "feed.yaml", 10, 5 }                                    \
	}

static int set_up(void **state)
{
	static const char *const rounds[] = {"Seed", "Series A", "Series B", NULL};
	static const struct wn_attr_def money[] = {
	    {.name = "round", .type = WN_ATTR_ENUM, .enum_values = rounds, .identity = true},
	    {.name = "amount_usd", .type = WN_ATTR_DOUBLE, .identity = true, .money = true},
	};
	struct wn_attr_def post[] = {
	    {.name = "person", .type = WN_ATTR_STRING, .identity = true},
	    {.name = "position", .type = WN_ATTR_STRING, .identity = true},
	    {.name = "department", .type = WN_ATTR_ENUM, .enum_values = wn_departments},
	    {.name = "level", .type = WN_ATTR_INT},
	};
	static const struct wn_attr_def view[] = {{.name = "path", .type = WN_ATTR_STRING},
						  {.name = "tags", .type = WN_ATTR_LIST}};
	struct wn_kind_def kinds[] = {{.name = "funding", .attrs = money, .n_attrs = 2, .strength = 0.8},
				      {.name = "hire", .attrs = post, .n_attrs = 4},
				      {.name = "job_posting", .attrs = post + 1, .n_attrs = 3},
				      {.name = "page_view", .attrs = view, .n_attrs = 2}};
	struct wn_trait_def employees = {.name = "employees", .of = WN_TRAIT_ACCOUNT, .type = WN_ATTR_INT};

	(void)state;
	arena = wn_arena_new(0);
	registry = wn_registry_new();
	for (size_t i = 0; i < WN_COUNT(kinds); i++) {
		kinds[i].half_life_us = kinds[i].hard_stop_us = kinds[i].same_within_us = WN_DAY;
		if (wn_registry_add_kind(registry, &kinds[i], NULL))
			return 1;
	}
	if (wn_registry_add_trait(registry, &employees, NULL) || wn_registry_seal(registry, NULL))
		return 1;
	now_us = INT64_C(1790000000) * WN_SECOND; /* 2026-09-21 */
	return wn_positions_parse(wn_positions_builtin(), "positions", &positions, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	wn_positions_free(positions);
	wn_registry_free(registry);
	wn_arena_free(arena);
	return 0;
}

static struct wn_mapping *compiled(struct wn_mapping_source src)
{
	struct wn_mapping *m = NULL;
	struct wn_err err = {0};
	char text[1200];

	if (!src.feed.p)
		src.feed = WN_STR("test-feed");
	src.positions = positions;
	if (wn_mapping_compile(registry, &src, &m, &err)) {
		wn_err_to_text(&err, text, sizeof(text));
		fail_msg("%s", text);
	}
	return m;
}

static void not_compiled(struct wn_mapping_source src, int line, const char *says)
{
	struct wn_mapping *m = NULL;
	struct wn_err err = {0};

	assert_int_not_equal(wn_mapping_compile(registry, &src, &m, &err), WN_OK);
	assert_null(m);
	if (line && err.place.line != line)
		fail_msg("expected line %d, found %d: %s", line, err.place.line, err.text);
	if (!strstr(err.text, says))
		fail_msg("expected \"%s\" in: %s", says, err.text);
}

static struct wn_value json(const char *text)
{
	struct wn_value v = {0};

	assert_int_equal(wn_json_parse(wn_str_of(text), NULL, arena, &v, NULL), WN_OK);
	return v;
}

static enum wn_mapped apply(struct wn_mapping *m, const char *item, struct wn_sighting *s, struct wn_err *err)
{
	*err = (struct wn_err){0};
	return wn_mapping_apply(m, json(item), json("{\"next\":\"x\"}"), WN_STR("reader-id"), 0,
				WN_STR("A headline"), WN_STR("https://news.example.com/a"), now_us, arena, s,
				err);
}

static struct wn_sighting mapped(struct wn_mapping *m, const char *item)
{
	struct wn_sighting s;
	struct wn_err err;

	if (apply(m, item, &s, &err) != WN_MAPPED)
		fail_msg("%s", err.text);
	return s;
}

static void rejected(struct wn_mapping *m, const char *item, const char *says)
{
	struct wn_sighting s;
	struct wn_err err;

	assert_int_equal(apply(m, item, &s, &err), WN_MAPPED_REJECTED);
	if (!strstr(err.text, says))
		fail_msg("expected \"%s\" in: %s", says, err.text);
}

static const struct wn_mapping_attr view_attrs[] = {{WN_STR("path"), CEL("item.path")},
						    {WN_STR("tags"), CEL("item.tags")}};
static const struct wn_mapping_source page_views = {
    .kind = WN_STR("page_view"),
    .attrs = view_attrs,
    .n_attrs = 2,
    .publisher = WN_STR("www.warehouse.example.com"),
    .where = CEL("item.type == \"page_view\" && item.path.startsWith(\"/pricing\")"),
    .id = CEL("string(item.id)"),
    .domain_from = CEL("item.company_domain"),
    .email_from = CEL("item.email"),
    .occurred_at = CEL("timestamp(item.ts)"),
};
static const char full_view[] =
    "{\"type\":\"page_view\",\"id\":7,\"path\":\"/pricing/x\",\"company_domain\":\"https://www.Acme.com/\","
    "\"email\":\"Ana@Acme.com\",\"ts\":\"2026-09-20T10:00:00Z\",\"tags\":[\"a\",\"b\"]}";

static void an_item_becomes_a_sighting(void **state)
{
	struct wn_mapping *m = compiled(page_views);
	struct wn_sighting s = mapped(m, full_view);
	struct wn_key32 key = wn_sighting_key(WN_STR("test-feed"), WN_STR("7"), 0);

	(void)state;
	assert_true(wn_str_is(s.item, "7"));
	assert_memory_equal(s.key.b, key.b, 32);
	assert_true(wn_str_is(s.account.domain, "acme.com"));
	assert_true(wn_str_is(s.account.email, "ana@acme.com"));
	assert_true(wn_str_is(s.publisher, "example.com"));
	assert_true(wn_value_eq(s.attrs, json("{\"path\":\"/pricing/x\",\"tags\":[\"a\",\"b\"]}")));
	assert_int_equal(s.traits.kind, WN_ABSENT);
	assert_int_equal(s.occurred_us, INT64_C(1789898400) * WN_SECOND);
	assert_int_equal(s.published_us, 0);
	assert_int_equal(s.observed_us, now_us);
	assert_true(s.strength == 1.0);
	assert_true(wn_str_is(s.headline, "A headline"));
	assert_true(wn_str_is(s.url, "https://news.example.com/a"));
	wn_mapping_free(m);
}

static void where_lets_through_only_what_is_definitely_true(void **state)
{
	struct wn_mapping *m = compiled(page_views);
	struct wn_sighting s;
	struct wn_err err;

	(void)state;
	assert_int_equal(apply(m, "{\"type\":\"click\",\"path\":\"/pricing\"}", &s, &err), WN_MAPPED_FILTERED);
	assert_string_equal(err.text, "");
	assert_int_equal(apply(m, "{\"type\":\"page_view\"}", &s, &err), WN_MAPPED_FILTERED);
	assert_true(strstr(err.text, "where") != NULL);
	assert_int_equal(apply(m, "7", &s, &err), WN_MAPPED_FILTERED);
	wn_mapping_free(m);
}

static void what_is_missing_stays_missing(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("path"), CEL("item.a.b.path")},
						       {WN_STR("tags"), CEL("item.list[3]")}};
	struct wn_mapping_source src = {
	    .kind = WN_STR("page_view"), .attrs = attrs, .n_attrs = 2, .account_name = CEL("item.name")};
	struct wn_mapping *m = compiled(src);
	static const char *const items[] = {"{\"name\":\"Acme\"}", "{\"name\":\"Acme\",\"a\":null,\"list\":[]}",
					    "{\"name\":\"Acme\",\"a\":{\"b\":{\"path\":null}}}",
					    "{\"name\":\"Acme\",\"a\":{\"b\":{\"path\":\" \"}},\"list\":[1]}"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(items); i++)
		assert_int_equal(mapped(m, items[i]).attrs.n, 0);
	wn_mapping_free(m);
}

static void a_member_of_what_has_none_is_wrong_not_missing(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("path"), CEL("item.a.path")}};
	struct wn_mapping_source src = {
	    .kind = WN_STR("page_view"), .attrs = attrs, .n_attrs = 1, .account_name = CEL("item.name")};
	struct wn_mapping *m = compiled(src);

	(void)state;
	rejected(m, "{\"name\":\"Acme\",\"a\":\"text\"}", "signal.path: ");
	rejected(m, "{\"name\":\"Acme\",\"a\":7}", "signal.path: ");
	wn_mapping_free(m);
}

static void optionals_are_seen_through(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("path"), CEL("item.?a.?path")}};
	struct wn_mapping_source src = {
	    .kind = WN_STR("page_view"), .attrs = attrs, .n_attrs = 1, .account_name = CEL("item.name")};
	struct wn_mapping *m = compiled(src);

	(void)state;
	assert_int_equal(mapped(m, "{\"name\":\"Acme\"}").attrs.n, 0);
	assert_true(wn_value_eq(mapped(m, "{\"name\":\"Acme\",\"a\":{\"path\":\"/x\"}}").attrs,
				json("{\"path\":\"/x\"}")));
	wn_mapping_free(m);
}

static void what_is_wrong_rejects_with_name_and_reason(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("round"), CEL("item.round")},
						       {WN_STR("amount_usd"), CEL("item.amount")}};
	struct wn_mapping_source src = {.kind = WN_STR("funding"),
					.attrs = attrs,
					.n_attrs = 2,
					.account_name = CEL("item.name"),
					.occurred_at = CEL("item.at"),
					.strength = 0.5};
	struct wn_mapping *m = compiled(src);

	(void)state;
	rejected(m, "{\"name\":\"Acme\",\"round\":\"Series Q\"}",
		 "signal.round: \"Series Q\" is not listed: did you mean");
	rejected(m, "{\"name\":\"Acme\",\"amount\":\"much\"}", "signal.amount_usd: expected a number");
	rejected(m, "{\"name\":\"Acme\",\"amount\":[1]}", "signal.amount_usd: expected a number");
	rejected(m, "{\"name\":\"Acme\",\"at\":\"soon\"}", "signal.occurred_at: expected a date");
	rejected(m, "{\"name\":\"Acme\",\"at\":\"no such key\"}", "signal.occurred_at: expected a date");
	rejected(m, "{\"name\":{\"x\":1}}", "account.name: expected text");
	rejected(m, "{\"name\":\"---\"}", "names no company");
	rejected(m, "{}", "names no company");
	struct wn_sighting s =
	    mapped(m, "{\"name\":\"Acme Inc.\",\"round\":\"series b\",\"amount\":\"12e6\",\"at\":1789898400}");
	assert_true(s.strength == 0.4);
	assert_true(wn_str_is(s.account.name, "Acme Inc."));
	assert_true(wn_str_is(s.account.name_key, "acme"));
	assert_true(wn_value_at(s.attrs, "amount_usd").d == 12e6);
	assert_int_equal(s.occurred_us, INT64_C(1789898400) * WN_SECOND);
	wn_mapping_free(m);
}

static void times_fall_back_and_are_never_in_the_future(void **state)
{
	struct wn_mapping_source src = {.kind = WN_STR("page_view"),
					.account_domain = WN_STR("acme.com"),
					.occurred_at = CEL("item.at"),
					.published_at = CEL("item.pub"),
					.max_age_us = 30 * WN_DAY};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s;

	(void)state;
	s = mapped(m, "{}");
	assert_true(s.occurred_us == now_us && s.published_us == 0);
	s = mapped(m, "{\"pub\":\"2026-09-20T10:00:00Z\"}");
	assert_true(s.occurred_us == s.published_us && s.published_us == INT64_C(1789898400) * WN_SECOND);
	s = mapped(m, "{\"pub\":\"2027-01-01\",\"at\":\"2027-01-01\"}");
	assert_true(s.occurred_us == now_us && s.published_us == now_us);
	s = mapped(m, "{\"at\":\"Sun, 20 Sep 2026 10:00:00 GMT\"}");
	assert_int_equal(s.occurred_us, INT64_C(1789898400) * WN_SECOND);
	rejected(m, "{\"at\":\"2026-08-01\"}", "max_age");
	wn_mapping_free(m);
}

static void shared_domains_are_no_companies(void **state)
{
	struct wn_mapping_source src = {.kind = WN_STR("page_view"),
					.domain_from = CEL("item.domain"),
					.email_from = CEL("item.email"),
					.account_name = CEL("item.name")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s;

	(void)state;
	s = mapped(m, "{\"email\":\"ana@gmail.com\"}");
	assert_int_equal(s.account.domain.n, 0);
	assert_true(wn_str_is(s.account.email, "ana@gmail.com"));
	s = mapped(m, "{\"domain\":\"acme.github.io\",\"name\":\"Acme\"}");
	assert_int_equal(s.account.domain.n, 0);
	assert_true(wn_str_is(s.account.name_key, "acme"));
	s = mapped(m, "{\"domain\":\"linkedin.com\",\"email\":\"ana@acme.com\"}");
	assert_true(wn_str_is(s.account.domain, "acme.com"));
	rejected(m, "{\"domain\":\"github.com\",\"email\":\"no address\"}", "names no company");
	rejected(m, "{\"domain\":\"10.0.0.1\"}", "names no company");
	wn_mapping_free(m);
	src.account_domain = WN_STR("GitHub.com");
	m = compiled(src);
	assert_true(wn_str_is(mapped(m, "{\"domain\":\"other.com\"}").account.domain, "github.com"));
	wn_mapping_free(m);
}

static void a_position_fills_department_level_and_contact(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("person"), CEL("item.who")},
						       {WN_STR("position"), CEL("item.what")},
						       {WN_STR("level"), CEL("item.level")}};
	struct wn_mapping_source src = {
	    .kind = WN_STR("hire"), .attrs = attrs, .n_attrs = 3, .account_name = CEL("\"Acme\"")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s = mapped(m, "{\"who\":\"Ana Silva\",\"what\":\"Vice President of People\"}");

	(void)state;
	assert_true(wn_value_eq(s.attrs, json("{\"person\":\"Ana Silva\",\"position\":\"Vice President of "
					      "People\",\"department\":\"people\",\"level\":5}")));
	assert_true(wn_str_is(s.contact.name, "Ana Silva"));
	assert_true(wn_str_is(s.contact.position, "Vice President of People"));
	assert_true(wn_str_is(s.contact.department, "people"));
	assert_int_equal(s.contact.level, 5);
	s = mapped(m, "{\"what\":\"Wizard\",\"level\":2}");
	assert_true(wn_value_eq(s.attrs, json("{\"position\":\"Wizard\",\"level\":2}")));
	assert_int_equal(s.contact.name.n + s.contact.position.n, 0);
	wn_mapping_free(m);
}

/* The person to ask about an opening sits where the person's own position says, not where the opening is. */
static void a_contact_has_the_department_of_its_own_position(void **state)
{
	static const struct wn_mapping_attr attrs[] = {{WN_STR("position"), CEL("item.opening")}};
	struct wn_mapping_source src = {.kind = WN_STR("job_posting"),
					.attrs = attrs,
					.n_attrs = 1,
					.account_name = CEL("\"Acme\""),
					.contact_name = CEL("item.who"),
					.contact_position = CEL("item.is")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s =
	    mapped(m, "{\"opening\":\"Account Executive\",\"who\":\"Ana Silva\",\"is\":\"VP People\"}");

	(void)state;
	assert_true(wn_value_eq(wn_value_at(s.attrs, "department"), wn_cstring("sales")));
	assert_true(wn_str_is(s.contact.department, "people"));
	assert_int_equal(s.contact.level, 5);
	s = mapped(m, "{\"opening\":\"Account Executive\",\"who\":\"Ana Silva\"}");
	assert_int_equal(s.contact.department.n, 0);
	assert_int_equal(s.contact.level, 0);
	wn_mapping_free(m);
}

static void helpers_read_what_real_payloads_hold(void **state)
{
	static const struct wn_mapping_attr attrs[] = {
	    {WN_STR("path"), CEL("department(item.job) + string(level(item.job))")},
	    {WN_STR("tags"), CEL("[feed.name, feed.publisher, doc.next]")}};
	struct wn_mapping_source src = {.kind = WN_STR("page_view"),
					.attrs = attrs,
					.n_attrs = 2,
					.domain_from = CEL("domain(item.url)"),
					.occurred_at = CEL("date(item.ms)"),
					.account_name = CEL("item.title.split(\": \")[0]"),
					.publisher = WN_STR("Boards.example"),
					.feed = WN_STR("jobs")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s = mapped(
	    m, "{\"job\":\"VP "
	       "People\",\"ms\":1789898400123,\"url\":\"https://jobs.acme.co.uk/1\",\"title\":\"Acme: VP\"}");

	(void)state;
	assert_true(
	    wn_value_eq(s.attrs, json("{\"path\":\"people5\",\"tags\":[\"jobs\",\"boards.example\",\"x\"]}")));
	assert_int_equal(s.occurred_us, INT64_C(1789898400123) * 1000);
	assert_true(wn_str_is(s.account.domain, "acme.co.uk"));
	assert_true(wn_str_is(s.account.name, "Acme"));
	s = mapped(m, "{\"job\":\"Wizard\",\"url\":\"nothing\",\"title\":\"Acme\"}");
	assert_int_equal(wn_value_at(s.attrs, "path").kind, WN_ABSENT);
	assert_int_equal(s.account.domain.n, 0);
	wn_mapping_free(m);
}

static void a_feed_of_traits_gives_no_signal(void **state)
{
	static const struct wn_mapping_attr traits[] = {{WN_STR("employees"), CEL("item.staff")}};
	struct wn_mapping_source src = {.traits = traits, .n_traits = 1, .account_domain = WN_STR("acme.com")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s = mapped(m, "{\"staff\":\"120\"}");

	(void)state;
	assert_int_equal(s.kind, -1);
	assert_int_equal(wn_mapping_kind(m), -1);
	assert_true(wn_value_eq(s.traits, json("{\"employees\":120}")));
	rejected(m, "{}", "no trait");
	rejected(m, "{\"staff\":\"many\"}", "account.traits.employees: expected a whole number");
	wn_mapping_free(m);
}

static void identity_is_the_readers_or_the_mappings_but_never_nothing(void **state)
{
	struct wn_mapping_source src = {.kind = WN_STR("page_view"), .account_domain = WN_STR("acme.com")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s;
	struct wn_err err = {0};

	(void)state;
	assert_true(wn_str_is(mapped(m, "{}").item, "reader-id"));
	assert_int_equal(wn_mapping_apply(m, json("{}"), json("{}"), WN_STR(""), 0, WN_STR(""), WN_STR(""),
					  now_us, arena, &s, &err),
			 WN_MAPPED_REJECTED);
	assert_true(strstr(err.text, "no identity") != NULL);
	wn_mapping_free(m);
	src.id = (struct wn_cel_text)CEL("item.id");
	m = compiled(src);
	assert_true(wn_str_is(mapped(m, "{\"id\":12}").item, "12"));
	rejected(m, "{}", "id: the item has no identity");
	wn_mapping_free(m);
}

static void links_that_nobody_should_follow_are_dropped(void **state)
{
	struct wn_mapping_source src = {.kind = WN_STR("page_view"),
					.account_domain = WN_STR("acme.com"),
					.url = CEL("item.url"),
					.source = CEL("item.source")};
	struct wn_mapping *m = compiled(src);
	struct wn_sighting s =
	    mapped(m, "{\"url\":\"javascript:alert(1)\",\"source\":\"https://www.wire.example/x\"}");

	(void)state;
	assert_int_equal(s.url.n, 0);
	assert_int_equal(s.publisher.n, 0);
	assert_true(wn_str_is(s.source_named, "wire.example"));
	assert_int_equal(mapped(m, "{\"url\":\"https://a.com/x y\"}").url.n, 0);
	assert_true(wn_str_is(mapped(m, "{\"url\":\"HTTPS://A.com/x\"}").publisher, "a.com"));
	wn_mapping_free(m);
}

static void items_by_plain_path_or_by_expression(void **state)
{
	struct wn_mapping_source src = {
	    .kind = WN_STR("page_view"), .account_domain = WN_STR("acme.com"), .items = CEL(" doc.data.jobs ")};
	struct wn_mapping *m = compiled(src);
	const struct wn_str *keys;
	struct wn_value list;
	struct wn_err err;

	(void)state;
	assert_true(wn_mapping_has_items(m));
	assert_int_equal(wn_mapping_items_path(m, &keys), 2);
	assert_true(wn_str_is(keys[0], "data") && wn_str_is(keys[1], "jobs"));
	assert_int_equal(wn_mapping_items(m, json("{\"data\":{\"jobs\":[1,2]}}"), now_us, arena, &list, &err),
			 WN_OK);
	assert_int_equal(list.n, 2);
	assert_int_equal(wn_mapping_items(m, json("{\"data\":{}}"), now_us, arena, &list, &err), WN_INVALID);
	assert_int_equal(wn_mapping_items(m, json("{\"data\":{\"jobs\":7}}"), now_us, arena, &list, &err),
			 WN_INVALID);
	assert_true(strstr(err.text, "expected a list") != NULL);
	wn_mapping_free(m);
	src.items = (struct wn_cel_text)CEL("doc.all.filter(x, has(x.id))");
	m = compiled(src);
	assert_int_equal(wn_mapping_items_path(m, &keys), 0);
	assert_int_equal(wn_mapping_items(m, json("{\"all\":[{\"id\":1},{}]}"), now_us, arena, &list, &err),
			 WN_OK);
	assert_int_equal(list.n, 1);
	wn_mapping_free(m);
}

static void more_mappings_than_are_kept_warm_all_work(void **state)
{
	struct wn_mapping *m[3 * WN_MAPPINGS_WARM];

	(void)state;
	for (size_t i = 0; i < WN_COUNT(m); i++) {
		char text[40];
		snprintf(text, sizeof(text), "'/' + string(%zu)", i);
		struct wn_mapping_attr path = {WN_STR("path"), {.text = wn_str_of(text)}};
		m[i] = compiled((struct wn_mapping_source){.kind = WN_STR("page_view"),
							   .account_domain = WN_STR("acme.com"),
							   .attrs = &path,
							   .n_attrs = 1});
	}
	for (size_t turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < WN_COUNT(m); i++) {
			const char *expect = wn_arena_printf(arena, "/%zu", i);
			assert_true(
			    wn_str_is(wn_value_str(wn_value_at(mapped(m[i], "{}").attrs, "path")), expect));
		}
	for (size_t i = WN_COUNT(m); i-- > 0;)
		wn_mapping_free(m[i]);
}

static void a_wrong_mapping_is_refused_with_its_place(void **state)
{
	static const struct wn_mapping_attr typo[] = {{WN_STR("amont_usd"), CEL("1.0")}},
					    twice[] = {{WN_STR("round"), CEL("item.r")},
						       {WN_STR("round"), CEL("item.r")}},
					    broken[] = {{WN_STR("round"), CEL("item.r +")}},
					    trait[] = {{WN_STR("employes"), CEL("1")}};
	struct wn_mapping_source src = {.kind = WN_STR("fundng"), .kind_place = {"feed.yaml", 4, 9}};

	(void)state;
	not_compiled(src, 4, "did you mean \"funding\"?");
	src.kind = WN_STR("funding");
	src.attrs = typo, src.n_attrs = 1;
	not_compiled(src, 10, "did you mean \"amount_usd\"?");
	src.attrs = twice, src.n_attrs = 2;
	not_compiled(src, 10, "twice");
	src.attrs = broken, src.n_attrs = 1;
	not_compiled(src, 10, "");
	src.n_attrs = 0;
	src.traits = trait, src.n_traits = 1;
	not_compiled(src, 10, "did you mean \"employees\"?");
	src.n_traits = 0;
	src.where = (struct wn_cel_text)CEL("\"text\"");
	not_compiled(src, 10, "where");
	src.where = (struct wn_cel_text)CEL("itm.x == 1");
	not_compiled(src, 10, "itm");
	src.where.text.p = NULL;
	src.account_domain = WN_STR("co.uk");
	not_compiled(src, 0, "no registrable domain");
	src.account_domain = WN_STR("");
	src.strength = 2;
	not_compiled(src, 0, "strength");
	src.strength = 0;
	src.kind = WN_STR("");
	not_compiled(src, 0, "neither");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_item_becomes_a_sighting),
	    cmocka_unit_test(where_lets_through_only_what_is_definitely_true),
	    cmocka_unit_test(what_is_missing_stays_missing),
	    cmocka_unit_test(a_member_of_what_has_none_is_wrong_not_missing),
	    cmocka_unit_test(optionals_are_seen_through),
	    cmocka_unit_test(what_is_wrong_rejects_with_name_and_reason),
	    cmocka_unit_test(times_fall_back_and_are_never_in_the_future),
	    cmocka_unit_test(shared_domains_are_no_companies),
	    cmocka_unit_test(a_position_fills_department_level_and_contact),
	    cmocka_unit_test(a_contact_has_the_department_of_its_own_position),
	    cmocka_unit_test(helpers_read_what_real_payloads_hold),
	    cmocka_unit_test(a_feed_of_traits_gives_no_signal),
	    cmocka_unit_test(identity_is_the_readers_or_the_mappings_but_never_nothing),
	    cmocka_unit_test(links_that_nobody_should_follow_are_dropped),
	    cmocka_unit_test(items_by_plain_path_or_by_expression),
	    cmocka_unit_test(more_mappings_than_are_kept_warm_all_work),
	    cmocka_unit_test(a_wrong_mapping_is_refused_with_its_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
