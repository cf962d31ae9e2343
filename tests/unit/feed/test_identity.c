/* SPDX-License-Identifier: MIT */
/* Names of items, and URLs under which they meet again. */
#include "feed_test.h"

#define RSS(inside) "<rss version=\"2.0\"><channel><link>https://w.example/</link>" inside "</channel></rss>"

static bool has_alternate(const struct wn_item *it, const char *want)
{
	for (size_t i = 0; i < it->alternates_n; i++)
		if (wn_str_is(it->alternates[i], want))
			return true;
	return false;
}

static void guid_then_link_then_hash(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, RSS("<item><guid>g1</guid><link>https://w.example/1</link></item>"
			"<item><link>https://w.example/2</link></item><item><title>nameless</title></item>"));

	assert_text(d.items[0].identity, "g1");
	assert_text(d.items[1].identity, "https://w.example/2");
	assert_memory_equal(d.items[2].identity.p, "hash:", 5);
	assert_text(d.items[2].link, "https://w.example/"); /* stands in, names nothing */
}

static void http_and_https_guids_share_a_name(void **state)
{
	struct wn_feed_doc a = read_text(
	    *state,
	    RSS("<item><guid "
		"isPermaLink=\"false\">http://www.x.example/1?utm_source=rss</guid><title>t</title></item>"));
	struct wn_feed_doc b = read_text(
	    *state,
	    RSS("<item><guid isPermaLink=\"false\">https://x.example/1/</guid><title>t</title></item>"));

	assert_true(has_alternate(&a.items[0], "//x.example/1"));
	assert_true(has_alternate(&b.items[0], "//x.example/1"));
}

static void the_link_carries_an_item_over_a_new_guid(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state,
	    RSS("<item><guid>new-1</guid><link>http://w.example/a?utm_medium=x&amp;id=3#top</link></item>"));

	assert_true(has_alternate(&d.items[0], "//w.example/a?id=3#top"));
}

static void a_link_shared_by_several_items_names_none(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><guid>1</guid><link>https://w.example/p</link></item><item><guid>2</"
				  "guid><link>https://w.example/p</link></item>"
				  "<item><guid>3</guid><link>https://w.example/</link></item>"
				  "<item><link>https://w.example/q</link><title>a</title></"
				  "item><item><link>https://w.example/q</link><title>b</title></item>"));

	assert_int_equal(d.items[0].alternates_n, 0);
	assert_int_equal(d.items[1].alternates_n, 0);
	assert_int_equal(d.items[2].alternates_n, 0); /* the feed's own page */
	assert_memory_equal(d.items[3].identity.p, "hash:", 5);
	assert_false(wn_str_eq(d.items[3].identity, d.items[4].identity));
}

static void a_guid_given_to_different_pages_is_told_apart_by_them(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><guid>dup</guid><link>https://w.example/a</link></"
				  "item><item><guid>dup</guid><link>https://w.example/b</link></item>"));

	assert_false(wn_str_eq(d.items[0].identity, d.items[1].identity));
}

static void an_edited_item_keeps_its_name(void **state)
{
	struct wn_feed_doc a = read_text(*state, RSS("<item><guid>1</guid><title>Acme raises</title></item>"));
	struct wn_feed_doc b =
	    read_text(*state, RSS("<item><guid>1</guid><title>Acme raises $5M</title></item>"));

	assert_true(wn_str_eq(a.items[0].identity, b.items[0].identity));
	assert_memory_not_equal(a.items[0].content_hash.b, b.items[0].content_hash.b, 32);
}

static void references_resolve_as_rfc_3986_says(void **state)
{
	static const struct {
		const char *ref, *want;
	} cases[] = {
	    /* section 5.4 */
	    {"g:h", "g:h"},
	    {"g", "http://a/b/c/g"},
	    {"./g", "http://a/b/c/g"},
	    {"g/", "http://a/b/c/g/"},
	    {"/g", "http://a/g"},
	    {"//g", "http://g"},
	    {"?y", "http://a/b/c/d;p?y"},
	    {"g?y", "http://a/b/c/g?y"},
	    {"#s", "http://a/b/c/d;p?q#s"},
	    {"g#s", "http://a/b/c/g#s"},
	    {";x", "http://a/b/c/;x"},
	    {".", "http://a/b/c/"},
	    {"./", "http://a/b/c/"},
	    {"..", "http://a/b/"},
	    {"../", "http://a/b/"},
	    {"../g", "http://a/b/g"},
	    {"../..", "http://a/"},
	    {"../../g", "http://a/g"},
	    {"../../../g", "http://a/g"},
	    {"/./g", "http://a/g"},
	    {"/../g", "http://a/g"},
	    {"g.", "http://a/b/c/g."},
	    {"..g", "http://a/b/c/..g"},
	    {"./../g", "http://a/b/g"},
	    {"./g/.", "http://a/b/c/g/"},
	    {"g/../h", "http://a/b/c/h"},
	    {"g;x=1/../y", "http://a/b/c/y"},
	    {"g?y/../x", "http://a/b/c/g?y/../x"},
	    {" g \n", "http://a/b/c/g"},
	    {"a b", "http://a/b/c/a%20b"},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++)
		assert_text(wn_url_resolve(WN_STR("http://a/b/c/d;p?q"), wn_str_of(cases[i].ref), *state),
			    cases[i].want);
	assert_text(wn_url_resolve(WN_STR(""), WN_STR("x/y"), *state), "x/y");
	assert_text(wn_url_resolve(WN_STR("http://a"), WN_STR("x"), *state), "http://a/x");
}

static void spellings_of_one_page_meet(void **state)
{
	static const char *const same[] = {
	    "http://www.Example.com/a?x=1", "https://example.com/a/?utm_source=q&x=1",
	    "HTTPS://EXAMPLE.COM:443/a?fbclid=z&x=1#", "http://example.com:80/a?x=1"};

	for (size_t i = 0; i < WN_COUNT(same); i++)
		assert_text(wn_url_same(wn_str_of(same[i]), *state), "//example.com/a?x=1");
	assert_null(wn_url_same(WN_STR("mailto:a@b.example"), *state).p);
	assert_null(wn_url_same(WN_STR("urn:x"), *state).p);
}

static void a_url_past_its_ceiling_is_dropped(void **state)
{
	char *url = malloc(WN_URL_MAX + 200);

	memset(url, 'a', WN_URL_MAX + 199);
	memcpy(url, "http://a/", 9);
	url[WN_URL_MAX + 199] = 0;
	assert_int_equal(wn_url_resolve(WN_STR("http://b/"), wn_str_of(url), *state).n, 0);
	assert_null(wn_url_same(wn_str_of(url), *state).p);
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FEED_TEST(guid_then_link_then_hash),
	    FEED_TEST(http_and_https_guids_share_a_name),
	    FEED_TEST(the_link_carries_an_item_over_a_new_guid),
	    FEED_TEST(a_link_shared_by_several_items_names_none),
	    FEED_TEST(a_guid_given_to_different_pages_is_told_apart_by_them),
	    FEED_TEST(an_edited_item_keeps_its_name),
	    FEED_TEST(references_resolve_as_rfc_3986_says),
	    FEED_TEST(spellings_of_one_page_meet),
	    FEED_TEST(a_url_past_its_ceiling_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
