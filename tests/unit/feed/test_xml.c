/* SPDX-License-Identifier: MIT */
/* RSS, RDF and Atom: which element becomes which field, and what broken XML still gives. */
#include "feed_test.h"

#define RSS(inside)                                                                                            \
	"<?xml version=\"1.0\"?><rss "                                                                         \
	"version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link>" inside                \
	"</channel></rss>"
#define ATOM(inside)                                                                                           \
	"<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Blog</title><id>urn:blog</id>" inside "</feed>"

static void reads_the_fields_of_an_rss_item(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state,
	    RSS("<ttl>60</ttl><item><title>Acme raises $5M</title><link>https://wire.example/1</link>"
		"<guid isPermaLink=\"false\">w-1</guid><description>&lt;p&gt;Acme &amp;amp; "
		"Co&lt;/p&gt;</description>"
		"<pubDate>Mon, 04 May 2026 08:00:00 GMT</pubDate><author>a@wire.example (Ann Ode)</author>"
		"<category>funding</category><category>seed</category><enclosure url=\"/a.mp3\" "
		"type=\"audio/mpeg\" length=\"9\"/></item>"));

	assert_int_equal(d.format, WN_FORMAT_RSS);
	assert_text(d.version, "2.0");
	assert_text(d.title, "Wire");
	assert_true(d.hints.ttl_us == INT64_C(3600000000));
	assert_int_equal(d.items_n, 1);
	const struct wn_item *it = &d.items[0];
	assert_text(it->identity, "w-1");
	assert_text(it->title, "Acme raises $5M");
	assert_text(it->link, "https://wire.example/1");
	assert_text(it->summary, "<p>Acme &amp; Co</p>");
	assert_text(it->text, "Acme & Co");
	assert_text(it->author, "Ann Ode");
	assert_true(it->published_us == at("2026-05-04T08:00:00Z"));
	assert_true(it->updated_us == it->published_us);
	assert_int_equal(it->categories_n, 2);
	assert_text(it->categories[1], "seed");
	assert_text(it->enclosures[0].url, "https://wire.example/a.mp3");
	assert_key(it->value, "text", "Acme & Co");
	assert_int_equal(wn_value_at(it->value, "published").kind, WN_TIMESTAMP);
	assert_int_equal(wn_value_at(it->value, "categories").n, 2);
	assert_key(d.doc, "title", "Wire");
}

static void main_strings_are_there_even_when_the_item_has_none(void **state)
{
	struct wn_feed_doc d = read_text(*state, RSS("<item><title>only</title></item>"));
	static const char *const keys[] = {"id",   "link",   "summary", "content",
					   "text", "author", "source",  "language"};

	for (size_t i = 0; i < WN_COUNT(keys); i++)
		assert_int_equal(wn_value_at(d.items[0].value, keys[i]).kind, WN_STRING);
	assert_int_equal(wn_value_at(d.items[0].value, "categories").kind, WN_LIST);
	assert_int_equal(wn_value_at(d.items[0].value, "published").kind, WN_ABSENT);
	assert_true(d.items[0].published_us == 0);
}

static void a_relation_may_be_written_out(void **state)
{
	struct wn_feed_doc d = read_text(*state, ATOM("<entry><link rel=\"http://www.iana.org/assignments/relation/self\" href=\"http://e.example/s\"/>"
							 "<link rel=\"http://www.iana.org/assignments/relation/alternate\" href=\"http://e.example/a\"/></entry>"));

	assert_text(d.items[0].link, "http://e.example/a");
}

static void reads_an_atom_entry(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, ATOM("<author><name>Feed Author</name></author>"
			 "<entry><id>urn:1</id><title type=\"html\">A &amp;lt;b&amp;gt; &amp;amp; B</title>"
			 "<link rel=\"self\" href=\"/self\"/><link "
			 "href=\"/post/1\"/><updated>2026-05-01T00:00:00Z</updated>"
			 "<published>2026-04-30T00:00:00Z</published><content type=\"xhtml\"><div "
			 "xmlns=\"http://www.w3.org/1999/xhtml\">"
			 "One<br/>two &amp; <b>three</b></div></content></entry>"));
	const struct wn_item *it = &d.items[0];

	assert_int_equal(d.format, WN_FORMAT_ATOM);
	assert_text(d.version, "1.0");
	assert_text(it->identity, "urn:1");
	assert_text(it->title, "A <b> & B");
	assert_text(it->link, "https://feed.example/post/1");
	assert_text(it->text, "One\ntwo & three");
	assert_text(it->author, "Feed Author");
	assert_true(it->published_us == at("2026-04-30T00:00:00Z"));
	assert_true(it->updated_us == at("2026-05-01T00:00:00Z"));
}

static void reads_rss_1_0_items_beside_the_channel(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
			      "xmlns=\"http://purl.org/rss/1.0/\" "
			      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
			      "xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">"
			      "<channel "
			      "rdf:about=\"x\"><title>C</title><sy:updatePeriod>hourly</"
			      "sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency></channel>"
			      "<item "
			      "rdf:about=\"urn:i1\"><title>I</title><link>http://h.example/i</"
			      "link><dc:date>2026-05-01</dc:date><dc:creator>Jo</dc:creator></item></rdf:RDF>");

	assert_int_equal(d.format, WN_FORMAT_RDF);
	assert_text(d.version, "1.0");
	assert_true(d.hints.update_us == INT64_C(1800000000));
	assert_text(d.items[0].identity, "urn:i1");
	assert_text(d.items[0].author, "Jo");
	assert_true(d.items[0].published_us == at("2026-05-01T00:00:00Z"));
}

static void modules_do_not_override_the_core(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, "<rss version=\"2.0\" xmlns:x=\"urn:other\"><channel><item><x:title>wrong</x:title>"
		    "<title>right</title><x:description>wrong</x:description><x:box><title>wrong</title></"
		    "x:box></item></channel></rss>");

	assert_text(d.items[0].title, "right");
	assert_text(d.items[0].summary, "");
}

static void known_prefixes_count_even_undeclared(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state,
	    RSS("<item><title>t</title><content:encoded>&lt;p&gt;body&lt;/p&gt;</content:encoded></item>"));

	assert_text(d.items[0].content, "<p>body</p>");
}

static void an_image_does_not_lend_its_link_to_the_channel(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, RSS("<image><title>logo</title><link>https://evil.example/</link><url>/l.png</url></image>"
			"<textInput><title>search</title><link>https://evil.example/q</link></textInput>"));

	assert_text(d.title, "Wire");
	assert_text(d.link, "https://wire.example/");
}

static void skip_hours_and_days_become_bits(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, RSS("<skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>x</hour></skipHours>"
			"<skipDays><day>Sunday</day><day>Saturday</day></skipDays>"));

	assert_int_equal(d.hints.skip_hours, 1 | 1 << 5);
	assert_int_equal(d.hints.skip_days, 1 | 1 << 6);
}

static void times_ahead_are_clamped_and_far_ahead_dropped(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state, RSS("<item><title>a</title><pubDate>Mon, 04 May 2026 12:00:00 GMT</pubDate></item>"
			"<item><title>b</title><pubDate>Fri, 31 Dec 2100 00:00:00 GMT</pubDate></item>"
			"<item><title>c</title><pubDate>not a date at all</pubDate></item>"));

	assert_true(d.items[0].published_us == NOW_US);
	assert_true(d.items[1].published_us == 0);
	assert_true(d.items[2].published_us == 0);
}

/* --- broken XML ----------------------------------------------------------------------------------------------
 */

static void leading_garbage_and_a_late_declaration_are_accepted(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, "\n\n  warning: php <!-- c -->\n<?xml version=\"1.0\" "
			      "encoding=\"utf-8\"?><rss><channel><title>t</title></channel></rss>");

	assert_text(d.title, "t");
}

static void bare_ampersands_and_html_names_are_read(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><title>R&D at AT&T &mdash; caf&eacute; &bogus; "
				  "&copy=2</title><link>https://w.example/?a=1&b=2</link></item>"));

	assert_text(d.items[0].title, "R&D at AT&T — café &bogus; &copy=2");
	assert_text(d.items[0].link, "https://w.example/?a=1&b=2");
}

static void control_characters_vanish(void **state)
{
	struct wn_feed_doc d = read_text(*state, RSS("<item><title>a\x01\x08"
						     "b&#11;c&#0;d</title></item>"));

	assert_text(d.items[0].title, "abc&#0;d");
	assert_true(d.repaired);
}

static void a_missing_end_tag_costs_no_neighbour(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><title>one<link>https://w.example/1</link></item>"
				  "<item><title>two</title></item><item><title>three</title><description>x</"
				  "item><item><title>four</title></item>"));

	assert_int_equal(d.items_n, 4);
	assert_text(d.items[1].title, "two");
	assert_text(d.items[2].title, "three");
	assert_text(d.items[3].title, "four");
}

static void a_forgotten_item_end_begins_the_next_item(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><title>one</title><item><title>two</title></item>"));

	assert_int_equal(d.items_n, 2);
	assert_text(d.items[0].title, "one");
	assert_text(d.items[1].title, "two");
}

static void attributes_without_quotes_and_doubled_are_mended(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><title>t</title><enclosure url=https://w.example/a.mp3 url=\"b\" "
				  "type='audio/mpeg' hidden/></item>"));

	assert_text(d.items[0].enclosures[0].url, "https://w.example/a.mp3");
	assert_text(d.items[0].enclosures[0].type, "audio/mpeg");
}

static void an_item_cut_off_is_a_reject_and_the_others_stay(void **state)
{
	struct wn_feed_doc d = read_text(
	    *state,
	    "<rss version=\"2.0\"><channel><item><title>whole</title></item><item><title>half</title><descr");

	assert_int_equal(d.items_n, 1);
	assert_text(d.items[0].title, "whole");
	assert_true(d.incomplete);
	assert_int_equal(d.rejects_n, 1);
	assert_int_equal(d.rejects[0].index, 1);
	assert_text(d.rejects[0].excerpt, "half");
}

static void a_less_than_sign_in_text_is_text(void **state)
{
	struct wn_feed_doc d = read_text(*state, RSS("<item><title>3 < 5 and 7 <= 9</title></item>"));

	assert_text(d.items[0].title, "3 < 5 and 7 <= 9");
}

static void markup_inside_a_title_becomes_text(void **state)
{
	struct wn_feed_doc d =
	    read_text(*state, RSS("<item><title>a <b>bold</b> "
				  "move</title><description><p>one</p><p>two</p></description></item>"));

	assert_text(d.items[0].title, "a bold move");
	assert_text(d.items[0].text, "one\ntwo");
}

/* --- refused
 * --------------------------------------------------------------------------------------------------- */

static void an_html_page_is_no_feed(void **state)
{
	struct wn_err err;

	assert_int_equal(refuse(*state, WN_FORMAT_AUTO,
				WN_STR("<!DOCTYPE html><html><body>Just a moment...</body></html>"), &err),
			 WN_INVALID);
	assert_non_null(strstr(err.text, "html"));
	assert_int_equal(refuse(*state, WN_FORMAT_RSS, WN_STR("<html><rss><channel/></rss></html>"), &err),
			 WN_INVALID);
}

static void nothing_is_no_feed(void **state)
{
	struct wn_err err;

	assert_int_equal(refuse(*state, WN_FORMAT_AUTO, WN_STR(""), &err), WN_INVALID);
	assert_int_equal(refuse(*state, WN_FORMAT_AUTO, WN_STR(" \r\n\t"), &err), WN_INVALID);
	assert_int_equal(refuse(*state, WN_FORMAT_AUTO, WN_STR("service unavailable"), &err), WN_INVALID);
	assert_int_equal(refuse(*state, WN_FORMAT_RSS, WN_STR("<!-- only a comment"), &err), WN_INVALID);
	assert_int_equal(refuse(*state, WN_FORMAT_AUTO, (struct wn_str){"\0\0\0\0", 4}, &err), WN_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FEED_TEST(reads_the_fields_of_an_rss_item),
	    FEED_TEST(main_strings_are_there_even_when_the_item_has_none),
	    FEED_TEST(a_relation_may_be_written_out),
	    FEED_TEST(reads_an_atom_entry),
	    FEED_TEST(reads_rss_1_0_items_beside_the_channel),
	    FEED_TEST(modules_do_not_override_the_core),
	    FEED_TEST(known_prefixes_count_even_undeclared),
	    FEED_TEST(an_image_does_not_lend_its_link_to_the_channel),
	    FEED_TEST(skip_hours_and_days_become_bits),
	    FEED_TEST(times_ahead_are_clamped_and_far_ahead_dropped),
	    FEED_TEST(leading_garbage_and_a_late_declaration_are_accepted),
	    FEED_TEST(bare_ampersands_and_html_names_are_read),
	    FEED_TEST(control_characters_vanish),
	    FEED_TEST(a_missing_end_tag_costs_no_neighbour),
	    FEED_TEST(a_forgotten_item_end_begins_the_next_item),
	    FEED_TEST(attributes_without_quotes_and_doubled_are_mended),
	    FEED_TEST(an_item_cut_off_is_a_reject_and_the_others_stay),
	    FEED_TEST(a_less_than_sign_in_text_is_text),
	    FEED_TEST(markup_inside_a_title_becomes_text),
	    FEED_TEST(an_html_page_is_no_feed),
	    FEED_TEST(nothing_is_no_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
