/* SPDX-License-Identifier: MIT */
/* Encodings, entities, HTML to text, CSV. */
#include "feed_test.h"

#define DECL(encoding) "<?xml version=\"1.0\" encoding=\"" encoding "\"?>"
#define TITLE(t) "<rss version=\"2.0\"><channel><title>" t "</title></channel></rss>"

static struct wn_feed_doc read_with(struct wn_arena *a, const char *content_type, const char *bytes)
{
	struct wn_feed_options opt = {.content_type = wn_str_of(content_type)};
	struct wn_feed_doc doc = {0};
	struct wn_err err;

	if (wn_feed_read(wn_str_of(bytes), &opt, a, &doc, &err) != WN_OK)
		fail_msg("refused: %s", err.text);
	return doc;
}

static void the_declaration_names_the_encoding(void **state)
{
	struct wn_feed_doc d = read_with(*state, "text/xml", DECL("iso-8859-1") TITLE("caf\xE9 \x93q\x94"));

	assert_text(d.encoding, "iso-8859-1");
	assert_text(d.title, "café “q”");
	d = read_with(*state, "text/xml", DECL("koi8-r") TITLE("\xD0\xD2\xC9"));
	assert_text(d.title, "при");
	d = read_with(*state, "text/xml", DECL("Shift_JIS") TITLE("\x93\xFA\x96\x7B"));
	assert_text(d.title, "日本");
}

static void the_http_charset_outranks_the_declaration(void **state)
{
	struct wn_feed_doc d = read_with(*state, "application/rss+xml; charset=\"windows-1251\"",
					 DECL("iso-8859-1") TITLE("\xEF\xF0"));

	assert_text(d.encoding, "windows-1251");
	assert_text(d.title, "пр");
}

static void valid_utf8_outranks_a_wrong_http_charset(void **state)
{
	struct wn_feed_doc d = read_with(*state, "text/xml; charset=iso-8859-1", TITLE("caf\xC3\xA9"));

	assert_text(d.encoding, "utf-8");
	assert_text(d.title, "café");
}

static void a_byte_order_mark_outranks_everything(void **state)
{
	struct wn_feed_doc d = read_with(*state, "text/xml; charset=koi8-r",
					 "\xEF\xBB\xBF" DECL("iso-8859-1") TITLE("caf\xC3\xA9"));

	assert_text(d.title, "café");
}

static void text_without_any_witness_is_windows_1252_if_it_is_no_utf8(void **state)
{
	struct wn_feed_doc d = read_with(*state, "", TITLE("caf\xE9 \x80"));

	assert_text(d.encoding, "windows-1252");
	assert_text(d.title, "café €");
}

static void one_bad_byte_does_not_spoil_utf8(void **state)
{
	struct wn_feed_doc d = read_with(*state, "", DECL("utf-8") TITLE("caf\xC3\xA9 na\xC3\xAFve \x92 ok"));

	assert_text(d.encoding, "utf-8");
	assert_text(d.title, "café naïve ’ ok");
	assert_true(d.repaired);
}

static void names_from_before_registration_are_known(void **state)
{
	assert_text(read_text(*state, DECL("x-gbk") TITLE("\xD6\xD0")).title, "中");
	assert_text(read_text(*state, DECL("mac-roman") TITLE("caf\x8E")).title, "café");
	assert_text(read_text(*state, DECL("x-mac-roman") TITLE("caf\x8E")).title, "café");
	assert_text(read_text(*state, DECL("ISO-8859-8-I") TITLE("\xE0")).title, "א");
	assert_text(read_text(*state, DECL("x-x-x-") TITLE("ok")).title, "ok");
}

static void unknown_and_lying_charsets_are_passed_over(void **state)
{
	assert_text(read_with(*state, "text/xml; charset=x-nonsense//TRANSLIT", TITLE("ok")).title, "ok");
	assert_text(read_with(*state, "text/xml; charset=utf-16", DECL("utf-32") TITLE("ok")).title, "ok");
	assert_text(read_with(*state, "text/xml;;charset==;", TITLE("ok")).title, "ok");
}

static void entities_are_decoded_once(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"&amp;lt;", "&lt;"},
	    {"&#8364;&#x20AC;&euro;", "€€€"},
	    {"&#150;", "–"},
	    {"&#x0;", "&#x0;"},
	    {"&#xD800;", "&#xD800;"},
	    {"&;&&#;&#x;", "&;&&#;&#x;"},
	    {"&nGt;&nGt;&nGt;", "≫⃒≫⃒≫⃒"},
	    {"a&", "a&"},
	    {"&CounterClockwiseContourIntegral;", "∳"},
	    {"&notanentity;", "&notanentity;"},
	    {"", ""},
	    {"&#4294967297;", "&#4294967297;"},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		char *in = exact(cases[i].in, strlen(cases[i].in));
		assert_text(wn_entities_decode((struct wn_str){in, strlen(cases[i].in)}, *state), cases[i].out);
		free(in);
	}
}

static void html_becomes_plain_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"<p>One</p>\n<p>Two &amp; <b>three</b></p>", "One\nTwo & three"},
	    {"a<br>b<br/>c", "a\nb\nc"},
	    {"x <script>alert('<p>')</script>y<style>p{}</style> z", "x y z"},
	    {"<!-- gone --><a href=\"a>b\">link</a> text", "link text"},
	    {"3 < 5 && vector<T> x", "3 < 5 && vector<T> x"},
	    {"<li>a<li>b", "a\nb"},
	    {"  a \t\n b  ", "a b"},
	    {"<p", "<p"},
	    {"<p class=\"x", ""},
	    {"&lt;b&gt; stays", "<b> stays"},
	    {"<script>never closed", ""},
	    {"a<!--", "a"},
	    {"<ns:tag>t</ns:tag><my-el>u</my-el>", "tu"},
	};

	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		char *in = exact(cases[i].in, strlen(cases[i].in));
		assert_text(wn_html_to_text((struct wn_str){in, strlen(cases[i].in)}, *state), cases[i].out);
		free(in);
	}
}

static void a_million_columns_are_refused_with_a_reason_and_hurt_no_neighbour(void **state)
{
	enum { COLUMNS = 1000000 };
	struct wn_arena *a = *state;
	char *wide = wn_arena_alloc(a, 2 * COLUMNS + 64);
	struct wn_err err;

	for (size_t i = 0; i < COLUMNS; i++)
		memcpy(wide + 2 * i, "a,", 2);
	memcpy(wide + 2 * COLUMNS, "a\n1,2\n", 6);
	assert_int_equal(refuse(a, WN_FORMAT_CSV, (struct wn_str){wide, 2 * COLUMNS + 6}, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "the header, line 1"));

	memcpy(wide, "id,name\n1,ok\n", 13);
	memcpy(wide + 2 * COLUMNS, "a\n2,fine\n", 9);
	struct wn_feed_doc d = read_as(a, WN_FORMAT_CSV, (struct wn_str){wide, 2 * COLUMNS + 9});
	assert_int_equal(d.items_n, 2);
	assert_int_equal(d.rejects_n, 1);
}

static void lines_of_a_table_may_end_in_carriage_returns_alone(void **state)
{
	struct wn_feed_doc d = read_as(*state, WN_FORMAT_CSV, WN_STR("id;title\r1;\"a\rb\"\r\"open;x\r3;c\r"));

	assert_int_equal(d.items_n, 2);
	assert_key(d.items[0].value, "title", "a\nb");
	assert_key(d.items[1].value, "title", "c");
	assert_int_equal(d.rejects_n, 1);
	assert_int_equal(d.items[1].line, 5);
}

static void csv_rows_become_maps(void **state)
{
	struct wn_feed_doc d = read_as(
	    *state, WN_FORMAT_CSV,
	    WN_STR("id;name;name;\r\n1;\"A; \"\"B\"\"\";x;y\r\n\r\n2;C\r\n3;a;b;c;too many\r\n4;last\n"));

	assert_int_equal(d.items_n, 3);
	assert_text(d.items[0].identity, "1");
	assert_key(d.items[0].value, "name", "A; \"B\"");
	assert_key(d.items[0].value, "name_2", "x");
	assert_key(d.items[0].value, "column_4", "y");
	assert_key(d.items[1].value, "name_2", "");
	assert_text(d.items[2].identity, "4");
	assert_int_equal(d.rejects_n, 1);
	assert_int_equal(d.rejects[0].line, 5);
}

static void a_quote_that_never_closes_costs_one_line(void **state)
{
	struct wn_feed_doc d =
	    read_as(*state, WN_FORMAT_CSV, WN_STR("id,name\n1,ok\n2,\"broken\n3,fine\n4,fine\n"));

	assert_int_equal(d.items_n, 3);
	assert_text(d.items[1].identity, "3");
	assert_int_equal(d.rejects_n, 1);
	assert_int_equal(d.rejects[0].line, 3);
}

static void a_quoted_field_may_hold_a_newline(void **state)
{
	struct wn_feed_doc d = read_as(*state, WN_FORMAT_AUTO, WN_STR("id,note\n1,\"two\nlines\"\n2,x\n"));

	assert_int_equal(d.format, WN_FORMAT_CSV);
	assert_int_equal(d.items_n, 2);
	assert_key(d.items[0].value, "note", "two\nlines");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FEED_TEST(the_declaration_names_the_encoding),
	    FEED_TEST(the_http_charset_outranks_the_declaration),
	    FEED_TEST(valid_utf8_outranks_a_wrong_http_charset),
	    FEED_TEST(a_byte_order_mark_outranks_everything),
	    FEED_TEST(text_without_any_witness_is_windows_1252_if_it_is_no_utf8),
	    FEED_TEST(one_bad_byte_does_not_spoil_utf8),
	    FEED_TEST(names_from_before_registration_are_known),
	    FEED_TEST(unknown_and_lying_charsets_are_passed_over),
	    FEED_TEST(entities_are_decoded_once),
	    FEED_TEST(html_becomes_plain_text),
	    FEED_TEST(a_million_columns_are_refused_with_a_reason_and_hurt_no_neighbour),
	    FEED_TEST(lines_of_a_table_may_end_in_carriage_returns_alone),
	    FEED_TEST(csv_rows_become_maps),
	    FEED_TEST(a_quote_that_never_closes_costs_one_line),
	    FEED_TEST(a_quoted_field_may_hold_a_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
