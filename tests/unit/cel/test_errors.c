/* SPDX-License-Identifier: MIT */
/* Complaints of the compiler: where, what was expected, what was probably meant. */
#include "fixture.h"

static void names_the_nearest_attribute_with_a_caret_under_it(void **state)
{
	const struct wn_err *err = refusal(*state, "signal.amont_usd > 5.0", true);

	assert_int_equal(err->rc, WN_INVALID);
	assert_string_equal(err->text, "`signal` has no `amont_usd`: did you mean `amount_usd`?\n"
				       "  signal.amont_usd > 5.0\n"
				       "         ^");
	assert_int_equal(err->place.line, 1);
	assert_int_equal(err->place.column, 8);
}

static void adds_the_origin_of_the_text_to_line_and_column(void **state)
{
	struct world *w = *state;
	struct cel_options opt = {.origin = {"segments/a.yaml", 12, 5}};
	struct cel_program *p;
	struct wn_err err;
	char text[1200];

	assert_int_equal(cel_compile(w->env, WN_STR("signal.kind == \"hire\"\n  && signl.age > 3"), &opt, &p, &err), WN_INVALID);
	assert_int_equal(err.place.line, 13);
	assert_int_equal(err.place.column, 10);
	wn_err_to_text(&err, text, sizeof(text));
	assert_non_null(strstr(text, "segments/a.yaml:13:10: there is no `signl` here: did you mean `signal"));
	assert_non_null(strstr(text, "\n    && signl.age > 3\n       ^"));
}

static void counts_columns_in_characters(void **state)
{
	const struct wn_err *err = refusal(*state, "'äöü' == nix", true);

	assert_int_equal(err->place.column, 10);
	assert_non_null(strstr(err->text, "\n           ^"));
}

static void shows_a_window_of_a_long_line(void **state)
{
	char text[600];
	const struct wn_err *err;

	memset(text, ' ', sizeof(text));
	memcpy(text + 300, "nix", 3);
	text[599] = 0;
	err = refusal(*state, text, true);
	assert_int_equal(err->place.column, 301);
	assert_true(strlen(err->text) < 400);
	assert_non_null(strstr(err->text, "nix"));
}

/* Whatever stands behind it. */
static void a_slice_of_no_bytes_is_an_empty_text(void **state)
{
	struct world *w = *state;
	struct cel_program *p;
	struct wn_err err;

	assert_int_equal(cel_compile(w->env, (struct wn_str){"true", 0}, NULL, &p, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "expected a value, found the end of the expression"));
}

static void says_what_was_expected(void **state)
{
	assert_refused(*state, "1 +", "expected a value, found the end of the expression");
	assert_refused(*state, "(1", "expected `)`");
	assert_refused(*state, "[1, 2", "expected `,` or `]`");
	assert_refused(*state, "{1 2}", "expected `:`");
	assert_refused(*state, "1 2", "expected an operator or the end, found `2`");
	assert_refused(*state, "size(1,)", "expected an argument");
	assert_refused(*state, "a = b", "equality is written `==`");
	assert_refused(*state, "true & false", "and is written `&&`");
	assert_refused(*state, "'abc", "no closing '");
	assert_refused(*state, "'\\q'", "no escape of CEL");
	assert_refused(*state, "'\\ud800'", "names no Unicode character");
	assert_refused(*state, "for", "reserved word");
	assert_refused(*state, "9223372036854775808", "larger than int holds");
	assert_refused(*state, "18446744073709551616u", "64 bits");
	assert_refused(*state, "signal{kind: 1}", "builds a message");
	assert_refused(*state, "has(signal)", "has() asks for a field");
	assert_refused(*state, "[1].all(signal.kind, true)", "plain name");
	assert_refused(*state, "", "expected a value");
}

static void refuses_operands_that_no_overload_takes(void **state)
{
	assert_refused(*state, "signal.kind > 5", "`>` does not work on these types: string, int");
	assert_refused(*state, "signal.kind == 5", "`==` does not work on these types: string, int");
	assert_refused(*state, "'a' && true", "&& needs bool, this is string");
	assert_refused(*state, "!signal.kind", "! needs bool");
	assert_refused(*state, "true ? 1 : 'a'", "both branches of ?:");
	assert_refused(*state, "'a'.startsWith(1)", "known: string.startsWith(string)");
	assert_refused(*state, "'a'.startWith('b')", "did you mean `startsWith`?");
	assert_refused(*state, "signal.kind.foo", "has no fields such as `foo`");
	assert_refused(*state, "5.exists(x, true)", "goes over a list or a map, this is int");
	assert_refused(*state, "signals.exists(s, s.kind)", "must be true or false");
	assert_refused(*state, "signals.exists(s)", "needs other arguments");
	assert_refused(*state, "{1.5: 2}", "a key of a map is");
	assert_refused(*state, "'a'.matches('(')", "no regular expression (RE2)");
}

static void refuses_a_result_of_another_type_than_asked(void **state)
{
	struct world *w = *state;
	struct cel_options opt = {.expect = &cel_bool};
	struct cel_program *p;
	struct wn_err err;

	assert_int_equal(cel_compile(w->env, WN_STR("1 + 2"), &opt, &p, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "needs bool, this is int"));
	assert_int_equal(cel_compile(w->env, WN_STR("account.customer"), &opt, &p, &err), WN_OK);
	cel_program_free(p);
}

static void asks_a_host_function_about_its_literals(void **state)
{
	const struct wn_err *err = refusal(*state, "size(signals.within(\"fundng\", days(3))) > 1", true);

	assert_non_null(strstr(err->text, "there is no kind \"fundng\": did you mean funding"));
	assert_int_equal(err->place.column, 21);
}

static void leaves_the_output_alone_on_failure(void **state)
{
	struct world *w = *state;
	struct cel_program *p = (struct cel_program *)w;

	assert_int_not_equal(cel_compile(w->env, WN_STR("1 +"), NULL, &p, NULL), WN_OK);
	assert_ptr_equal(p, w);
}

RUN(CASE(names_the_nearest_attribute_with_a_caret_under_it), CASE(adds_the_origin_of_the_text_to_line_and_column),
    CASE(counts_columns_in_characters), CASE(shows_a_window_of_a_long_line), CASE(a_slice_of_no_bytes_is_an_empty_text), CASE(says_what_was_expected),
    CASE(refuses_operands_that_no_overload_takes), CASE(refuses_a_result_of_another_type_than_asked),
    CASE(asks_a_host_function_about_its_literals), CASE(leaves_the_output_alone_on_failure))
