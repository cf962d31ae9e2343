/* SPDX-License-Identifier: MIT */
/* Templates escape for the kind of document they stand in: no value breaks it. */
#include <whynow/limits.h>
#include <whynow/segment.h>

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wn_arena *arena;

static char *render(const char *text, const char *json, enum wn_escape escape)
{
	struct wn_template *t;
	struct wn_value data;
	struct wn_buf b;
	struct wn_err err = {0};
	if (wn_json_parse(wn_str_of(json), NULL, arena, &data, &err) || wn_template_compile(wn_str_of(text), (struct wn_place){0}, &t, &err))
		fail_msg("%s", err.text);
	wn_buf_init(&b, WN_RENDERED_MAX);
	assert_int_equal(wn_template_render(t, data, escape, &b, NULL, &err), WN_OK);
	wn_template_free(t);
	return b.p ? wn_buf_take(&b) : calloc(1, 1);
}

static void is(const char *text, const char *json, enum wn_escape escape, const char *want)
{
	char *got = render(text, json, escape);
	assert_string_equal(got, want);
	free(got);
}

static void in_json_two_braces_are_text_and_three_are_the_value(void **state)
{
	static const char data[] = "{\"s\":\"a\\\"b\\\\c\\n\",\"n\":3,\"d\":2.5e6,\"b\":true,\"z\":null,\"l\":[\"x\\\"\",1],\"m\":{\"k\":\"v\\\"\"}}";
	(void)state;
	is("{\"x\":\"{{s}}\"}", data, WN_ESCAPE_JSON, "{\"x\":\"a\\\"b\\\\c\\n\"}");
	is("[{{{s}}},{{{n}}},{{{b}}},{{{z}}},{{{no}}},{{{l}}},{{&m}}]", data, WN_ESCAPE_JSON,
	   "[\"a\\\"b\\\\c\\n\",3,true,null,null,[\"x\\\"\",1],{\"k\":\"v\\\"\"}]");
	is("\"{{n}} {{d}} {{b}} {{z}}{{no}} {{l}} {{m}}\"", data, WN_ESCAPE_JSON, "\"3 2500000 true  x\\\", 1 {\\\"k\\\":\\\"v\\\\\\\"\\\"}\"");
}

/* Whatever stands between the quotes, the document parses and gives the value back. */
static void no_text_breaks_a_json_document(void **state)
{
	static const char *const hostile[] = {"\"", "\\", "\\\"", "\n\r\t\x01\x1f", "\"}],{[", "</script>", "\xe2\x80\xa8", "{{x}}", "\xf0\x9f\x9a\x80"};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(hostile); i++) {
		struct wn_buf json;
		struct wn_value v;
		wn_buf_init(&json, 1000);
		wn_buf_text(&json, "{\"x\":");
		wn_json_write_string(&json, wn_str_of(hostile[i]));
		wn_buf_char(&json, '}');
		char *got = render("{\"quoted\":\"{{x}}\",\"whole\":{{{x}}}}", json.p, WN_ESCAPE_JSON);
		assert_int_equal(wn_json_parse(wn_str_of(got), NULL, arena, &v, NULL), WN_OK);
		assert_true(wn_str_is(wn_value_str(wn_value_at(v, "quoted")), hostile[i]));
		assert_true(wn_str_is(wn_value_str(wn_value_at(v, "whole")), hostile[i]));
		free(got);
		wn_buf_done(&json);
	}
}

static void html_and_forms_have_escapes_of_their_own(void **state)
{
	static const char data[] = "{\"s\":\"<a b='c'> & \\u00e9=1\",\"m\":{\"k\":\"<\"}}";
	(void)state;
	is("{{s}} {{m}}", data, WN_ESCAPE_HTML, "&lt;a b=&#39;c&#39;&gt; &amp; \xc3\xa9=1 {&quot;k&quot;:&quot;&lt;&quot;}");
	is("x={{s}}&y={{m}}", data, WN_ESCAPE_FORM, "x=%3Ca%20b%3D%27c%27%3E%20%26%20%C3%A9%3D1&y=%7B%22k%22%3A%22%3C%22%7D");
	is("{{s}}", data, WN_ESCAPE_NONE, "<a b='c'> & \xc3\xa9=1");
}

static void the_media_type_decides(void **state)
{
	static const struct {
		const char *type;
		enum wn_escape escape;
	} rows[] = {{"application/json", WN_ESCAPE_JSON}, {"Application/JSON; charset=utf-8", WN_ESCAPE_JSON}, {"application/cloudevents+json", WN_ESCAPE_JSON},
		    {"text/html;charset=utf-8", WN_ESCAPE_HTML}, {"application/xml", WN_ESCAPE_HTML}, {"image/svg+xml", WN_ESCAPE_HTML},
		    {"application/x-www-form-urlencoded", WN_ESCAPE_FORM}, {"text/plain", WN_ESCAPE_NONE}, {"notjson", WN_ESCAPE_NONE},
		    {"json", WN_ESCAPE_NONE}, {"", WN_ESCAPE_NONE}};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(rows); i++)
		assert_int_equal(wn_escape_of(wn_str_of(rows[i].type)), rows[i].escape);
}

static int make(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_json_two_braces_are_text_and_three_are_the_value),
		cmocka_unit_test(no_text_breaks_a_json_document),
		cmocka_unit_test(html_and_forms_have_escapes_of_their_own),
		cmocka_unit_test(the_media_type_decides),
	};
	return cmocka_run_group_tests(tests, make, drop);
}
