/* SPDX-License-Identifier: MIT */
/*
 * Hostile answers: bombs, floods, nesting, and 16 MiB of everything. Each test shows a ceiling holding and,
 * where there are neighbours, that they are unharmed. Time is bounded by the alarm: what is quadratic does not
 * end in time.
 */
#include "feed_test.h"

#include <sys/resource.h>
#include <unistd.h>

#define BIG ((size_t)WN_FETCH_BODY_MAX)

/* `unit` again and again, between head and tail, until the text has n bytes. */
static char *repeat(const char *head, const char *unit, const char *tail, size_t n, size_t *out)
{
	size_t h = strlen(head), u = strlen(unit), t = strlen(tail), k = h;
	char *p = malloc(n + 1);

	memcpy(p, head, h);
	for (; k + u + t <= n; k += u)
		memcpy(p + k, unit, u);
	memcpy(p + k, tail, t);
	*out = k + t;
	return p;
}

/* Reads or refuses, within bounds of memory; returns the document (zero if refused). */
static struct wn_feed_doc survive(struct wn_arena *a, enum wn_format f, const char *head, const char *unit,
				  const char *tail, size_t n)
{
	struct wn_feed_options opt = {.format = f, .now_us = NOW_US};
	struct wn_feed_doc doc = {0};
	struct wn_err err;
	size_t size;
	char *text = repeat(head, unit, tail, n, &size);
	enum wn_rc rc = wn_feed_read((struct wn_str){text, size}, &opt, a, &doc, &err);

	(void)rc;
	free(text);
	/* The ceiling is looked at between items; the last one, and what settling adds, may pass it. */
	assert_true(wn_arena_used(a) <= 3 * (size_t)WN_FEED_MEMORY_MAX);
	assert_true(doc.items_n <= WN_ITEMS_MAX && doc.rejects_n <= WN_REJECTS_MAX);
	return doc;
}

static void entity_bombs_are_never_expanded(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY "
		    "c \"&b;&b;&b;&b;&b;&b;\">"
		    "<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY % p SYSTEM \"http://127.0.0.1/p\"> %p;]>"
		    "<rss version=\"2.0\"><channel><title>&c; &x;</title><item><title>ok &amp; "
		    "well</title></item></channel></rss>");

	assert_text(d.title, "&c; &x;");
	assert_text(d.items[0].title, "ok & well");
	assert_true(wn_arena_used(*state) < 100000);
}

static void deep_xml_is_cut_and_the_items_before_are_kept(void **state)
{
	struct wn_feed_doc d =
	    survive(*state, WN_FORMAT_RSS, "<rss version=\"2.0\"><channel><item><title>first</title></item>",
		    "<d>", "", 3000000);

	assert_int_equal(d.items_n, 1);
	assert_true(d.incomplete);
	d = survive(*state, WN_FORMAT_RSS, "<rss><channel><item><description>", "<b>",
		    "</description></item></channel></rss>", 1000000);
	assert_true(d.incomplete);
}

/* An answer of which a ceiling left nothing is no empty feed: that would be a good one. */
static void a_ceiling_that_costs_something_is_named(void **state)
{
	static const struct {
		const char *heads[2], *unit, *said;
	} cases[] = {
#define HEADS(more) {"<rss><channel>" more, "<rss><channel><item><title>first</title></item>" more}
	    {HEADS(""), "<d>", "nested more than 256 deep"},
	    {HEADS("<item "), "a='b' ", "a tag has more than 65536 bytes"},
	    {HEADS(""), "< ", "broken in more than 200000 places"},
#undef HEADS
	};
	struct wn_err err;
	size_t size;

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		char *text = repeat(cases[i].heads[0], cases[i].unit, "", 3000000, &size);
		assert_int_equal(refuse(*state, WN_FORMAT_RSS, (struct wn_str){text, size}, &err), WN_LIMIT);
		if (!strstr(err.text, cases[i].said))
			fail_msg("%s", err.text);
		free(text);
		struct wn_feed_doc d = survive(*state, WN_FORMAT_RSS, cases[i].heads[1], cases[i].unit, "", 3000000);
		assert_int_equal(d.items_n, 1);
		assert_true(d.incomplete && d.rejects_n == 1);
		if (!strstr(d.rejects[0].reason, cases[i].said))
			fail_msg("%s", d.rejects[0].reason);
	}
}

/* A number, a name, a text, and a width past all sense: each costs its own item. */
static void a_json_bomb_inside_of_an_item_costs_that_item(void **state)
{
	static const struct {
		const char *head, *unit, *tail;
	} bombs[] = {
	    {"[{\"id\":1},{\"id\":", "9", "},{\"id\":2}]"},
	    {"[{\"id\":1},{\"id\":1e", "9", "},{\"id\":2}]"},
	    {"[{\"id\":1},{\"", "n", "\":0},{\"id\":2}]"},
	    {"[{\"id\":1},{\"id\":\"", "\\ud83d", "\"},{\"id\":2}]"},
	    {"[{\"id\":1},{\"id\":[0", ",0", "]},{\"id\":2}]"},
	    {"[{\"id\":1},{\"a\":0", ",\"a\":0", "},{\"id\":2}]"},
	    {"[{\"id\":1},", "[", "1,{\"id\":2}]"},
	};

	for (size_t i = 0; i < WN_COUNT(bombs); i++) {
		struct wn_feed_doc d = survive(*state, WN_FORMAT_JSON, bombs[i].head, bombs[i].unit, bombs[i].tail, 8000000);
		size_t kept = *bombs[i].unit == '[' ? 1 : 2; /* what never closes hides all behind it */
		if (d.items_n != kept || d.rejects_n < 1)
			fail_msg("%s: %zu items, %zu rejects", bombs[i].unit, d.items_n, d.rejects_n);
		assert_text(d.items[kept - 1].id, kept == 2 ? "2" : "1");
		wn_arena_reset(*state);
	}
}

/* More attributes than are looked at, in a tag of a lawful size: the first ones count, nothing is quadratic. */
static void attributes_past_the_ceiling_are_dropped(void **state)
{
	char text[64 << 10];
	size_t n = (size_t)snprintf(text, sizeof(text), "<rss><channel><item");

	for (int i = 0; i < 5000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " a%d='b'", i);
	snprintf(text + n, sizeof(text) - n, "><title>a</title></item><item><title>b</title></item></channel></rss>");
	struct wn_feed_doc d = read_text(*state, text);
	assert_int_equal(d.items_n, 2);
	assert_text(d.items[0].title, "a");
	assert_text(d.items[1].title, "b");
}

static void an_item_after_deep_nesting_is_unharmed(void **state)
{
	char text[8192];
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text), "<rss><channel><item><title>a</title><description>");
	for (int i = 0; i < 400; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "<i>");
	for (int i = 0; i < 400; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "</i>");
	snprintf(text + n, sizeof(text) - n,
		 "</description></item><item><title>b</title></item></channel></rss>");
	struct wn_feed_doc d = read_text(*state, text);
	assert_int_equal(d.items_n, 2);
	assert_text(d.items[1].title, "b");
}

static void deep_json_costs_itself(void **state)
{
	struct wn_feed_doc d = survive(*state, WN_FORMAT_JSON, "[{\"id\":1},", "[", "", 3000000);

	assert_int_equal(d.items_n, 1);
	assert_true(d.incomplete);
	survive(*state, WN_FORMAT_JSON, "", "{\"a\":", "", 3000000);
	survive(*state, WN_FORMAT_AUTO, "", "[", "", 3000000);
}

static void items_past_the_ceiling_are_named_once(void **state)
{
	struct wn_feed_doc d = survive(*state, WN_FORMAT_RSS, "<rss version=\"2.0\"><channel>",
				       "<item><guid>x</guid></item>", "</channel></rss>", 2000000);

	assert_int_equal(d.items_n, WN_ITEMS_MAX);
	assert_int_equal(d.rejects_n, 1);
	assert_true(d.incomplete);
	wn_arena_reset(*state);
	d = survive(*state, WN_FORMAT_JSON, "[0", ",1", "]", 2000000);
	assert_int_equal(d.items_n, WN_ITEMS_MAX);
	assert_int_equal(d.rejects_n, 1);
}

static void sixteen_mebibytes_of_anything_end_in_time_and_memory(void **state)
{
	static const struct {
		enum wn_format f;
		const char *head, *unit, *tail;
	} cases[] = {
	    {WN_FORMAT_RSS, "<rss><channel>",
	     "<item><title>some title</title><description>some words of a text that is "
	     "longer</description></item>",
	     "</channel></rss>"},
	    {WN_FORMAT_RSS, "<rss><channel><item><description>", "&lt;p&gt;words ",
	     "</description></item></channel></rss>"},
	    {WN_FORMAT_RSS, "<rss><channel><title>", "&nGt;", "</title></channel></rss>"},
	    {WN_FORMAT_RSS, "<rss><channel>", "</a>", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<a></b>", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<a \"<a\" ", ""},
	    {WN_FORMAT_RSS, "<rss ", "a=\"b\" ", "></rss>"},
	    {WN_FORMAT_RSS, "<rss><channel>", "<?", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<!DOCTYPE [", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<![CDATA[", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<!--", ""},
	    {WN_FORMAT_RSS, "<rss><channel>", "<!-- --", ""},
	    {WN_FORMAT_RSS, "<rss><channel><item><title>", "<", ""},
	    {WN_FORMAT_RSS, "<rss><channel><item>",
	     "<category>c</category><author>a</author><enclosure url=\"u\"/>", "</item></channel></rss>"},
	    {WN_FORMAT_RSS, "<rss><channel><item>", "<title>t</title>", "</item></channel></rss>"},
	    {WN_FORMAT_ATOM, "<feed xmlns=\"http://www.w3.org/2005/Atom\">",
	     "<entry xmlns:x=\"urn:x\"><source><author><name>", "</feed>"},
	    {WN_FORMAT_JSON, "[", "{},", "{}]"},
	    {WN_FORMAT_JSON, "[",
	     "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
	     "[],[]],",
	     "1]"},
	    {WN_FORMAT_JSON, "{\"a\":[", "[],", "1]}"},
	    {WN_FORMAT_JSON, "[\"", "\\\"", "\"]"},
	    {WN_FORMAT_JSON, "[", ",", "]"},
	    {WN_FORMAT_JSONFEED, "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[",
	     "{\"id\":\"x\",\"content_html\":\"<p>a</p>\",\"tags\":[\"a\",\"b\"]},", "{}]}"},
	    {WN_FORMAT_JSONL, "", "{\"id\":1,\"a\":[1,2,3]}\n", ""},
	    {WN_FORMAT_JSONL, "", "\n", "1"},
	    {WN_FORMAT_CSV, "a,b,c\n", "1,\"2\",3\n", ""},
	    {WN_FORMAT_CSV, "a,b,c\n", "\"x", ""},
	    {WN_FORMAT_CSV, "a,b,c\n", "\"\n", ""},
	    {WN_FORMAT_CSV, "", ",", "\n1\n"},
	    {WN_FORMAT_CSV, "a,b\n", "a\"\n\"b", ""},
	    {WN_FORMAT_AUTO, "", "\x80", ""},
	    {WN_FORMAT_AUTO, "\xFF\xFE",
	     "<\0"
	     "a",
	     ""},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		struct rusage before, after;
		getrusage(RUSAGE_SELF, &before);
		alarm(100); /* with sanitizers, on a slow machine */
		survive(*state, cases[i].f, cases[i].head, cases[i].unit, cases[i].tail, BIG);
		alarm(0);
		getrusage(RUSAGE_SELF, &after);
		print_message("%5.2f s  %4zu MiB  %.40s\n",
			      (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
				  (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6,
			      wn_arena_used(*state) >> 20, cases[i].unit);
		wn_arena_free(*state);
		*state = wn_arena_new(0);
	}
}

static void an_answer_past_the_ceiling_is_refused(void **state)
{
	size_t size;
	char *text = repeat("<rss>", " ", "</rss>", BIG + 1, &size);
	struct wn_err err;

	assert_int_equal(refuse(*state, WN_FORMAT_RSS, (struct wn_str){text, BIG + 1}, &err), WN_LIMIT);
	free(text);
}

static void a_long_field_is_cut_on_a_character(void **state)
{
	size_t size;
	char *text = repeat("<rss><channel><item><guid>1</guid><description>", "é",
			    "</description></item><item><guid>2</guid></item></channel></rss>", 300000, &size);
	struct wn_feed_doc d = read_as(*state, WN_FORMAT_RSS, (struct wn_str){text, size});

	assert_int_equal(d.items_n, 2);
	assert_true(d.items[0].summary.n <= WN_TEXT_FIELD_MAX && d.items[0].summary.n > WN_TEXT_FIELD_MAX - 4);
	assert_int_equal(d.items[0].summary.n % 2, 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FEED_TEST(entity_bombs_are_never_expanded),
	    FEED_TEST(deep_xml_is_cut_and_the_items_before_are_kept),
	    FEED_TEST(a_ceiling_that_costs_something_is_named),
	    FEED_TEST(a_json_bomb_inside_of_an_item_costs_that_item),
	    FEED_TEST(attributes_past_the_ceiling_are_dropped),
	    FEED_TEST(an_item_after_deep_nesting_is_unharmed),
	    FEED_TEST(deep_json_costs_itself),
	    FEED_TEST(items_past_the_ceiling_are_named_once),
	    FEED_TEST(sixteen_mebibytes_of_anything_end_in_time_and_memory),
	    FEED_TEST(an_answer_past_the_ceiling_is_refused),
	    FEED_TEST(a_long_field_is_cut_on_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
