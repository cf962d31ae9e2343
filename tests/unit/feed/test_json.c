/* SPDX-License-Identifier: MIT */
/* JSON Feed, JSON, JSON Lines: items by path, one bad element costs only itself. */
#include "feed_test.h"

static struct wn_feed_doc read_path(struct wn_arena *a, const char *text, const struct wn_str *path, size_t n)
{
	struct wn_feed_options opt = {
	    .format = WN_FORMAT_JSON, .now_us = NOW_US, .items_path = path, .items_path_n = n};
	struct wn_feed_doc doc = {0};
	struct wn_err err;

	if (wn_feed_read(wn_str_of(text), &opt, a, &doc, &err) != WN_OK)
		fail_msg("refused: %s", err.text);
	return doc;
}

static void reads_a_json_feed(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, "{\"version\":\"https://jsonfeed.org/version/"
			      "1.1\",\"title\":\"J\",\"home_page_url\":\"https://j.example/\","
			      "\"items\":[{\"id\":7,\"url\":\"/p/7\",\"title\":\"A &amp; "
			      "B\",\"content_html\":\"<p>x</p>\",\"date_published\":\"2026-05-01T10:00:00Z\","
			      "\"authors\":[{\"name\":\"Ann\"},{\"name\":\"Bo\"}],\"tags\":[\"t1\"],\"_"
			      "jobposting\":{\"place\":\"Rome\"}}]}");
	const struct wn_item *it = &d.items[0];

	assert_int_equal(d.format, WN_FORMAT_JSONFEED);
	assert_text(d.version, "1.1");
	assert_text(it->identity, "7");
	assert_text(it->link, "https://j.example/p/7");
	assert_text(it->title, "A & B");
	assert_text(it->author, "Ann, Bo");
	assert_text(it->text, "x");
	assert_true(it->published_us == at("2026-05-01T10:00:00Z"));
	assert_key(wn_value_at(it->value, "_jobposting"), "place", "Rome");
	assert_text(it->categories[0], "t1");
}

static void reads_the_array_a_path_leads_to_and_keeps_the_rest(void **state)
{
	const struct wn_str path[] = {WN_STR("data"), WN_STR("jobs")};
	struct wn_feed_doc d = read_path(
	    *state, "{\"next\":\"c2\",\"data\":{\"x\":[[]],\"jobs\":[{\"id\":1},{\"id\":2}],\"total\":2}}",
	    path, 2);

	assert_true(d.items_found);
	assert_int_equal(d.items_n, 2);
	assert_text(d.items[1].identity, "2");
	assert_key(d.doc, "next", "c2");
	assert_int_equal(wn_value_at(wn_value_at(d.doc, "data"), "total").i, 2);
	assert_int_equal(wn_value_at(wn_value_at(d.doc, "data"), "jobs").n, 0);
}

static void a_bad_element_costs_no_neighbour(void **state)
{
	struct wn_feed_doc d = read_path(*state,
					 "[{\"id\":\"a\"},\n{\"id\":\"\\u0000\"},\n{\"id\":\"b\",\"id\":\"c\"},"
					 "{\"id\":\"\\ud800\"},\n{\"id\":tru},[1,2},{\"id\":\"z\"}]",
					 NULL, 0);

	assert_text(d.items[0].identity, "a");
	assert_text(d.items[d.items_n - 1].identity, "z");
	assert_int_equal(d.items_n, 2);
	assert_int_equal(d.rejects_n, 5);
	assert_int_equal(d.rejects[0].index, 1);
	assert_int_equal(d.rejects[0].line, 2);
	assert_int_equal(d.rejects[1].line, 3);
	assert_true(d.rejects[0].reason[0] != 0);
	assert_int_equal(d.items[1].index, 6);
}

static void without_an_array_at_the_path_the_caller_chooses(void **state)
{
	struct wn_feed_options opt = {.format = WN_FORMAT_JSON,
				      .base_url = WN_STR("https://api.example/v1/jobs")};
	struct wn_feed_doc d = read_path(
	    *state, "{\"pages\":{\"first\":[{\"url\":\"/j/1\",\"name\":\"Cook\"},{\"url\":\"/j/2\"}]}}", NULL,
	    0);
	struct wn_err err;

	assert_false(d.items_found);
	struct wn_value list = wn_value_at(wn_value_at(d.doc, "pages"), "first");
	assert_int_equal(wn_feed_json_items(&d, list, &opt, *state, &err), WN_OK);
	assert_int_equal(d.items_n, 2);
	assert_text(d.items[0].identity, "https://api.example/j/1");
	assert_text(d.items[0].title, "Cook");
	assert_int_equal(wn_feed_json_items(&d, wn_int(1), &opt, *state, &err), WN_INVALID);
}

static void the_mapping_names_the_item(void **state)
{
	struct wn_feed_doc d = read_path(*state, "[{\"id\":1,\"code\":\"X9\"}]", NULL, 0);

	wn_item_identify(&d.items[0], WN_STR(" X9 "), *state);
	assert_text(d.items[0].identity, "X9");
	assert_int_equal(d.items[0].alternates_n, 0);
}

static void an_edit_changes_the_content_hash_and_order_of_keys_does_not(void **state)
{
	struct wn_feed_doc a = read_path(*state, "[{\"id\":1,\"t\":\"x\"}]", NULL, 0);
	struct wn_feed_doc b = read_path(*state, "[{\"t\":\"x\",\"id\":1}]", NULL, 0);
	struct wn_feed_doc c = read_path(*state, "[{\"t\":\"y\",\"id\":1}]", NULL, 0);

	assert_memory_equal(a.items[0].content_hash.b, b.items[0].content_hash.b, 32);
	assert_memory_not_equal(a.items[0].content_hash.b, c.items[0].content_hash.b, 32);
}

static void a_truncated_array_gives_its_whole_elements(void **state)
{
	const struct wn_str path[] = {WN_STR("jobs")};
	struct wn_feed_doc d = read_path(*state, "{\"jobs\":[{\"id\":1},{\"id\":2},{\"id\":\"thr", path, 1);

	assert_int_equal(d.items_n, 2);
	assert_true(d.incomplete);
	assert_true(d.rejects_n >= 1);
	assert_int_equal(d.doc.kind, WN_MAP);
}

static void broken_json_is_no_feed(void **state)
{
	static const char *const bad[] = {"{", "[", "{\"a\":}", "{\"jobs\":nope}", "[[[[", "{\"a\" 1}", "[,]x"};
	struct wn_err err;

	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_int_not_equal(refuse(*state, WN_FORMAT_JSON, wn_str_of(bad[i]), &err), WN_OK);
}

static void an_object_without_items_is_no_json_feed(void **state)
{
	struct wn_err err;

	assert_int_equal(refuse(*state, WN_FORMAT_JSONFEED, WN_STR("{\"error\":\"try later\"}"), &err),
			 WN_INVALID);
	assert_int_equal(refuse(*state, WN_FORMAT_JSONFEED, WN_STR("{\"items\":[{\"id\":1}]"), &err),
			 WN_INVALID);
}

static void an_empty_array_is_a_feed_without_items(void **state)
{
	struct wn_feed_doc d = read_path(*state, " [ ] ", NULL, 0);

	assert_true(d.items_found);
	assert_int_equal(d.items_n, 0);
	assert_false(d.incomplete);
}

static void lines_are_read_one_by_one(void **state)
{
	struct wn_feed_doc d = read_text(*state, "{\"id\":1}\r\n\n{\"id\":2,}\n{\"id\":3}");

	assert_int_equal(d.format, WN_FORMAT_JSONL);
	assert_int_equal(d.items_n, 2);
	assert_text(d.items[1].identity, "3");
	assert_int_equal(d.rejects[0].line, 3);
}

static void lines_without_any_json_are_no_feed(void **state)
{
	struct wn_err err;

	assert_int_equal(refuse(*state, WN_FORMAT_JSONL, WN_STR("one\ntwo\n"), &err), WN_INVALID);
	assert_non_null(strstr(err.text, "line 1"));
}

static void an_element_past_its_ceiling_is_set_aside(void **state)
{
	size_t n = WN_ITEM_BYTES_MAX + 100;
	char *text = malloc(n + 64);
	size_t k = (size_t)snprintf(text, 64, "[{\"id\":1},{\"id\":\"");

	memset(text + k, 'x', n);
	k += n;
	k += (size_t)snprintf(text + k, 40, "\"},{\"id\":3}]");
	struct wn_feed_doc d = read_as(*state, WN_FORMAT_JSON, (struct wn_str){text, k});
	assert_int_equal(d.items_n, 2);
	assert_int_equal(d.rejects_n, 1);
	assert_true(d.rejects[0].excerpt.n <= 200);
	free(text);
}

static void utf16_json_is_read(void **state)
{
	struct wn_feed_doc d = read_as(*state, WN_FORMAT_AUTO,
				       (struct wn_str){"\xFF\xFE[\0{\0\"\0i\0d\0\"\0:\0"
						       "1\0}\0]\0",
						       22});

	assert_text(d.encoding, "utf-16le");
	assert_text(d.items[0].identity, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FEED_TEST(reads_a_json_feed),
	    FEED_TEST(reads_the_array_a_path_leads_to_and_keeps_the_rest),
	    FEED_TEST(a_bad_element_costs_no_neighbour),
	    FEED_TEST(without_an_array_at_the_path_the_caller_chooses),
	    FEED_TEST(the_mapping_names_the_item),
	    FEED_TEST(an_edit_changes_the_content_hash_and_order_of_keys_does_not),
	    FEED_TEST(a_truncated_array_gives_its_whole_elements),
	    FEED_TEST(broken_json_is_no_feed),
	    FEED_TEST(an_object_without_items_is_no_json_feed),
	    FEED_TEST(an_empty_array_is_a_feed_without_items),
	    FEED_TEST(lines_are_read_one_by_one),
	    FEED_TEST(lines_without_any_json_are_no_feed),
	    FEED_TEST(an_element_past_its_ceiling_is_set_aside),
	    FEED_TEST(utf16_json_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
