/* SPDX-License-Identifier: MIT */
/* Templates: what is accepted, what is refused and where, what is rendered. The specification's own cases are in conformance. */
#include "rules_rig.h"

#include <whynow/limits.h>

static struct wn_arena *arena;

static struct wn_value json(const char *text)
{
	struct wn_value v;
	assert_int_equal(wn_json_parse(wn_str_of(text), NULL, arena, &v, NULL), WN_OK);
	return v;
}

static int setup(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

static struct wn_template *compiled(const char *text)
{
	struct wn_template *t;
	struct wn_err err = {0};
	if (wn_template_compile(wn_str_of(text), (struct wn_place){"a.yaml", 1, 1}, &t, &err))
		fail_msg("%s: %s", text, err.text);
	return t;
}

static void check_render(const char *text, struct wn_value data, bool html, const char *expect, const char *expect_missing)
{
	struct wn_template *t = compiled(text);
	struct wn_str missing = {0};
	struct wn_buf out;
	struct wn_err err = {0};
	wn_buf_init(&out, WN_RENDERED_MAX);
	assert_int_equal(wn_template_render(t, data, html, &out, &missing, &err), WN_OK);
	assert_string_equal(out.p ? out.p : "", expect);
	if (expect_missing)
		assert_true(wn_str_is(missing, expect_missing));
	else
		assert_null(missing.p);
	wn_buf_done(&out);
	wn_template_free(t);
}

static void renders(const char *text, const char *data, const char *expect) { check_render(text, json(data), false, expect, NULL); }

static void refuses(const char *text, int line, int column, const char *words)
{
	struct wn_template *t;
	struct wn_err err = {0};
	assert_int_equal(wn_template_compile(wn_str_of(text), (struct wn_place){"a.yaml", 1, 1}, &t, &err), WN_INVALID);
	if (!strstr(err.text, words))
		fail_msg("expected \"%s\" in \"%s\"", words, err.text);
	assert_int_equal(err.place.line, line);
	assert_int_equal(err.place.column, column);
}

static void text_is_escaped_only_for_html(void **state)
{
	(void)state;
	struct wn_value data = json("{\"name\": \"A & <B> \\\"C\\\" 'D'\"}");
	check_render("{{name}}", data, false, "A & <B> \"C\" 'D'", NULL);
	check_render("{{name}}", data, true, "A &amp; &lt;B&gt; &quot;C&quot; &#39;D&#39;", NULL);
	check_render("{{{name}}} {{&name}}", data, true, "A & <B> \"C\" 'D' A & <B> \"C\" 'D'", NULL);
}

static void numbers_read_as_people_write_them(void **state)
{
	(void)state;
	renders("{{a}} {{b}} {{c}} {{d}}", "{\"a\": 25000000.0, \"b\": 1.21, \"c\": -3, \"d\": 0.1}", "25000000 1.21 -3 0.1");
}

static void a_list_prints_with_commas(void **state)
{
	(void)state;
	renders("{{a}}", "{\"a\": [\"x\", \"y\", 3]}", "x, y, 3");
}

static void the_first_missing_name_is_told(void **state)
{
	(void)state;
	struct wn_value data = json("{\"contact\": {\"first_name\": \"\"}, \"signal\": {\"round\": null}}");
	check_render("Hi {{contact.first_name}}, {{signal.round}}", data, false, "Hi , ", "contact.first_name");
	check_render("{{signal.round}}", data, false, "", "signal.round");
	check_render("{{nobody.there}}", data, false, "", "nobody.there");
}

static void a_section_guards_a_missing_name(void **state)
{
	(void)state;
	struct wn_value data = json("{\"contact\": {\"first_name\": \"\"}}");
	check_render("Hello{{#contact.first_name}} {{contact.first_name}}{{/contact.first_name}}{{^contact.first_name}} there{{/contact.first_name}}",
		     data, false, "Hello there", NULL);
}

static void sections_over_lists_see_outer_names(void **state)
{
	(void)state;
	renders("{{#jobs}}{{title}} at {{name}};{{/jobs}}", "{\"name\": \"Acme\", \"jobs\": [{\"title\": \"CTO\"}, {\"title\": \"VP\"}]}",
		"CTO at Acme;VP at Acme;");
}

static void lines_of_tags_alone_vanish(void **state)
{
	(void)state;
	renders("a\n  {{#x}}  \nb\n{{/x}}\r\nc", "{\"x\": true}", "a\nb\nc");
	renders("a {{! c }}\nb", "{}", "a \nb");
}

static void refusals_say_where(void **state)
{
	(void)state;
	refuses("one\ntwo {{#a}}\n{{/b}}", 3, 1, "closes section \"a\" opened in line 2");
	refuses("{{#a}}", 1, 1, "not closed");
	refuses("x {{/a}}", 1, 3, "closes no open section");
	refuses("ä {{a", 1, 3, "\"}}\" is missing");
	refuses("{{{a}}", 1, 1, "\"}}}\" is missing");
	refuses("{{}}", 1, 1, "without a name");
	refuses("{{a..b}}", 1, 1, "empty part");
	refuses("{{first name}}", 1, 1, "no blanks");
	refuses("{{>footer}}", 1, 1, "partials");
	refuses("{{=<<}}", 1, 1, "\"=}}\" is missing");
	refuses("{{= a= }=}}", 1, 1, "two delimiters");
}

static void nesting_has_a_ceiling(void **state)
{
	(void)state;
	struct wn_buf b;
	struct wn_template *t;
	wn_buf_init(&b, 1u << 16);
	for (int i = 0; i <= WN_TEMPLATE_DEPTH_MAX; i++)
		wn_buf_text(&b, "{{#a}}");
	assert_int_equal(wn_template_compile(wn_buf_slice(&b), (struct wn_place){0}, &t, NULL), WN_LIMIT);
	wn_buf_done(&b);
}

/* 8 lists of 10 in each other: 10^8 turns that print nothing. */
static void rendering_has_a_ceiling(void **state)
{
	(void)state;
	struct wn_buf out;
	struct wn_template *t = compiled("{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}");
	wn_buf_init(&out, 100);
	assert_int_equal(wn_template_render(t, json("{\"a\":[1,2,3,4,5,6,7,8,9,10]}"), false, &out, NULL, NULL), WN_LIMIT);
	wn_template_free(t);
	t = compiled("{{#a}}0123456789 0123456789{{/a}}");
	assert_int_equal(wn_template_render(t, json("{\"a\":[1,2,3,4,5,6,7,8,9,10]}"), false, &out, NULL, NULL), WN_LIMIT);
	wn_template_free(t);
	wn_buf_done(&out);
}

static bool self(void *ctx, struct wn_str name, struct wn_str *text)
{
	(void)ctx;
	(void)name;
	*text = WN_STR("{{>self}}");
	return true;
}

static void a_partial_that_holds_itself_ends(void **state)
{
	(void)state;
	struct wn_buf out;
	struct wn_template *t;
	wn_buf_init(&out, 1000);
	assert_int_equal(wn_template_compile_partials(WN_STR("{{>self}}"), (struct wn_place){0}, self, NULL, &t, NULL), WN_OK);
	assert_int_equal(wn_template_render(t, json("{}"), false, &out, NULL, NULL), WN_LIMIT);
	wn_template_free(t);
	wn_buf_done(&out);
}

static void what_comes_from_data_is_never_a_tag(void **state)
{
	(void)state;
	renders("{{a}}{{#b}}{{.}}{{/b}}", "{\"a\": \"{{secret}}\", \"b\": [\"{{#x}}\"], \"secret\": \"s\"}", "{{secret}}{{#x}}");
}

struct seen { char text[200]; };

static void on_name(void *ctx, struct wn_str name, struct wn_place at)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);
	snprintf(s->text + n, sizeof(s->text) - n, WN_STR_FMT "@%d:%d ", WN_STR_ARG(name), at.line, at.column);
}

static void names_are_told_with_their_places(void **state)
{
	(void)state;
	struct seen seen = {""};
	struct wn_template *t = compiled("{{a.b}}\n{{#c}}{{d}}{{/c}}");
	wn_template_names(t, on_name, &seen);
	assert_string_equal(seen.text, "a.b@1:1 c@2:1 d@2:7 ");
	wn_template_free(t);
}

static void records_are_read_by_field_name(void **state)
{
	(void)state;
	RIG r = rig_new();
	struct wn_signal *s = rig_signal(r, "funding", 5, "{\"round\": \"Series B\", \"amount_usd\": 25000000}");
	struct wn_contact *c = rig_contact(r, "Ada Lovelace", "people", 5);
	struct wn_map_builder m = wn_map_begin(r->arena);
	wn_map_set(&m, "signal", wn_object_value(&s->object));
	wn_map_set(&m, "account", wn_object_value(&r->account.object));
	wn_map_set(&m, "contact", wn_object_value(&c->object));
	check_render("{{contact.first_name}} of {{account.name}}: {{signal.round}}, {{#signal}}{{amount_usd}}{{/signal}}", wn_map_end(&m), false,
		     "Ada of Acme: Series B, 25000000", NULL);
	check_render("{{signal.valuation_usd}}", wn_map_end(&m), false, "", "signal.valuation_usd");
	check_render("{{account.customer}}", wn_map_end(&m), false, "false", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped_only_for_html),
		cmocka_unit_test(numbers_read_as_people_write_them),
		cmocka_unit_test(a_list_prints_with_commas),
		cmocka_unit_test(the_first_missing_name_is_told),
		cmocka_unit_test(a_section_guards_a_missing_name),
		cmocka_unit_test(sections_over_lists_see_outer_names),
		cmocka_unit_test(lines_of_tags_alone_vanish),
		cmocka_unit_test(refusals_say_where),
		cmocka_unit_test(nesting_has_a_ceiling),
		cmocka_unit_test(rendering_has_a_ceiling),
		cmocka_unit_test(a_partial_that_holds_itself_ends),
		cmocka_unit_test(what_comes_from_data_is_never_a_tag),
		cmocka_unit_test(names_are_told_with_their_places),
		cmocka_unit_test(records_are_read_by_field_name),
	};
	return cmocka_run_group_tests_name("template", tests, setup, teardown);
}
