/* SPDX-License-Identifier: MIT */
/* Every ceiling has a test that passes it and gets the error. */
#include "fixture.h"

#include <stdlib.h>

static void assert_limit(struct world *w, const char *text)
{
	const struct wn_err *err = refusal(w, text, false);

	if (err->rc != WN_LIMIT)
		fail_msg("rc %d: %s", err->rc, err->text);
}

/* n times `unit`, then `middle`, then n times `end`. */
static char *repeat(const char *unit, size_t n, const char *middle, const char *end)
{
	struct wn_buf b;

	wn_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < n; i++)
		wn_buf_text(&b, unit);
	wn_buf_text(&b, middle);
	for (size_t i = 0; i < n; i++)
		wn_buf_text(&b, end);
	return wn_buf_take(&b);
}

static void assert_limit_of(struct world *w, char *text)
{
	assert_limit(w, text);
	free(text);
}

static void text_longer_than_the_ceiling_is_refused(void **state)
{
	assert_limit_of(*state, repeat(" ", WN_CEL_TEXT_MAX, "1", ""));
}

static void nesting_deeper_than_the_ceiling_is_refused(void **state)
{
	assert_limit_of(*state, repeat("(", WN_CEL_DEPTH_MAX + 1, "1", ")"));
	assert_limit_of(*state, repeat("[", WN_CEL_DEPTH_MAX + 1, "1", "]"));
	assert_limit_of(*state, repeat("!", WN_CEL_DEPTH_MAX + 1, "true", ""));
	assert_limit_of(*state, repeat("- ", 5000, "x", ""));
	assert_limit_of(*state, repeat("1+", WN_CEL_DEPTH_MAX + 1, "1", ""));
	assert_limit_of(*state, repeat("", WN_CEL_DEPTH_MAX + 1, "account", ".a"));
	assert_limit_of(*state, repeat("", WN_CEL_DEPTH_MAX + 1, "account", "[0]"));
	assert_limit_of(*state, repeat("true ? 1 : ", WN_CEL_DEPTH_MAX + 1, "1", ""));
	assert_limit_of(*state, repeat("{1:", WN_CEL_DEPTH_MAX + 1, "1", "}"));
	assert_limit_of(*state, repeat("[1].map(x,", WN_CEL_DEPTH_MAX + 1, "1", ")"));
}

static void nesting_at_the_ceiling_is_evaluated(void **state)
{
	char *text = repeat("(", WN_CEL_DEPTH_MAX - 1, "1", ")");

	assert_int_equal(eval_text(*state, text).value.i, 1);
	free(text);
	text = repeat("1+", WN_CEL_DEPTH_MAX - 1, "1", "");
	assert_int_equal(eval_text(*state, text).value.i, WN_CEL_DEPTH_MAX);
	free(text);
	text = repeat("[1].map(x,", 100, "x", ")");
	assert_int_equal(eval_text(*state, text).value.n, 1);
	free(text);
}

static void many_terms_are_not_deep(void **state)
{
	char *text = repeat("true && ", 3000, "true", "");

	assert_verdict(*state, text, "true");
	free(text);
}

static void more_parts_than_the_ceiling_are_refused(void **state)
{
	char *text = repeat("1,", WN_CEL_TEXT_MAX / 2 - 2, "1", "");
	struct wn_buf b;

	/* 32 KiB of text cannot hold more nodes than the ceiling, unless each byte is one. */
	assert_true(WN_CEL_TEXT_MAX > WN_CEL_NODES_MAX);
	free(text);
	wn_buf_init(&b, 1 << 20);
	for (int row = 0; row < 200; row++) {
		wn_buf_text(&b, row ? "||" : "");
		for (int i = 0; i < 80; i++)
			wn_buf_text(&b, i ? "-x" : "x");
	}
	assert_limit(*state, b.p);
	wn_buf_done(&b);
}

static void assert_unknown(struct world *w, const char *text, const char *why)
{
	struct cel_result r = eval_text(w, text);

	if (!r.unknown || !strstr(r.error, why))
		fail_msg("%s: %s", text, r.unknown ? r.error : "known");
}

static void evaluation_that_takes_too_many_steps_is_unknown(void **state)
{
	const char *loops = "lists.range(1000).exists(a, lists.range(1000).exists(b, lists.range(1000).exists(c, a + b + c < 0)))";

	assert_unknown(*state, loops, "too many steps");
	assert_unknown(*state, "lists.range(100000000).size() > 1", "too many steps");
	assert_unknown(*state, "cel.bind(a, lists.range(1000), cel.bind(b, lists.range(1000).map(i, a), cel.bind(c, lists.range(1000).map(i, b),"
			       " lists.range(100).map(i, c)))).flatten(9).size() > 1", "too many steps");
	assert_unknown(*state, "cel.bind(a, lists.range(1000), cel.bind(b, lists.range(1000).map(i, a), [b] == [b.map(x, x)]))", "too many steps");
	assert_unknown(*state, "lists.range(2000).map(i, dyn(i)).distinct().size() > 1", "too many steps");
	assert_unknown(*state, "sets.contains(lists.range(2000), lists.range(2000).reverse())", "too many steps");
}

static void evaluation_that_takes_too_much_memory_is_unknown(void **state)
{
	assert_unknown(*state, "lists.range(300000).map(i, i).map(i, i).map(i, i).size() > 1", "too much memory");
	assert_unknown(*state, "cel.bind(a, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',"
			       "lists.range(9000).map(i, a + string(i)).join(a) + lists.range(9000).map(i, a + string(i)).join(a)"
			       "+ lists.range(9000).map(i, a + string(i)).join(a)).size() > 1", "too much memory");
}

/* `times` bindings, each of which wraps the one before into `levels` lists; then `body`, where z is the deepest. */
static char *nested(int times, int levels, const char *body)
{
	struct wn_buf b;

	wn_buf_init(&b, 1 << 20);
	wn_buf_text(&b, "cel.bind(z, [1], ");
	for (int i = 0; i < times; i++) {
		wn_buf_text(&b, "cel.bind(z, ");
		for (int k = 0; k < levels; k++)
			wn_buf_char(&b, '[');
		wn_buf_char(&b, 'z');
		for (int k = 0; k < levels; k++)
			wn_buf_char(&b, ']');
		wn_buf_text(&b, ", ");
	}
	wn_buf_text(&b, body);
	for (int i = 0; i <= times; i++)
		wn_buf_char(&b, ')');
	return wn_buf_take(&b);
}

static void assert_nested(struct world *w, int times, const char *body, const char *why)
{
	char *text = nested(times, 100, body);

	if (why)
		assert_unknown(w, text, why);
	else
		assert_verdict(w, text, "true");
	free(text);
}

/* A text of 32 KiB can build values thousands of levels deep; a service evaluates on a stack of half a megabyte. */
static void values_nested_deeper_than_the_ceiling_are_unknown(void **state)
{
	assert_nested(*state, 100, "dyn(z) == dyn(z)", "nested too deeply to be compared");
	assert_nested(*state, 100, "dyn(z) in [dyn(z)]", "nested too deeply to be compared");
	assert_nested(*state, 100, "[{1: dyn(z)}].distinct() == [{1: dyn(z)}] || true", "nested too deeply to be compared");
	assert_nested(*state, 100, "dyn(z).flatten(100000).size() == 1", "nested too deeply for flatten");
	assert_nested(*state, 100, "'%s'.format([z]).size() > 1", "nested too deeply to show");
	assert_nested(*state, 100, "z == z", "nested too deeply to be compared");
	assert_nested(*state, 100, "[z].map(a, optional.of(a)).size() == 1 && {1: z}.size() == 1", NULL);
	assert_nested(*state, 4, "dyn(z) == dyn(z)", NULL);
	assert_nested(*state, 4, "dyn(z).flatten(1000) == [1]", NULL);
}

static void what_is_too_large_to_fold_is_evaluated(void **state)
{
	assert_verdict(*state, "lists.range(90000).size() == 90000", "true");
	assert_verdict(*state, "lists.range(150000).size() == 150000", "true");
}

static void extensions_have_their_own_ceilings(void **state)
{
	assert_verdict(*state, "'%.500f'.format([1.0]).size() == 502", "true");
	assert_unknown(*state, "'%.501f'.format([1.0]) == ''", "");
	assert_unknown(*state, "'%.99999999999999999999f'.format([1.0]) == ''", "");
}

static void a_small_arena_fails_cleanly(void **state)
{
	struct world *w = *state;
	struct wn_arena *small = wn_arena_new(4096);
	struct cel_activation act = activation(w);
	struct cel_program *p;
	struct cel_result r;

	assert_int_equal(compile(w, "lists.range(1000).size() > 1 || true", false, &p, NULL), WN_OK);
	assert_int_equal(cel_eval(p, &act, small, &r, NULL), WN_OK);
	cel_program_free(p);
	wn_arena_free(small);
}

static void a_spent_budget_is_not_absorbed(void **state)
{
	assert_unknown(*state, "lists.range(100000000).size() > 1 || true", "too many steps");
}

static void hostile_patterns_take_bounded_time_and_memory(void **state)
{
	assert_verdict(*state, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('^(a+)+$')", "false");
	assert_refused(*state, "'a'.matches('((a{1000}){1000}){1000}')", "no regular expression");
	assert_unknown(*state, "'a'.matches('(' + signal.kind)", "no regular expression");
}

RUN(CASE(text_longer_than_the_ceiling_is_refused), CASE(nesting_deeper_than_the_ceiling_is_refused),
    CASE(nesting_at_the_ceiling_is_evaluated), CASE(many_terms_are_not_deep), CASE(more_parts_than_the_ceiling_are_refused),
    CASE(evaluation_that_takes_too_many_steps_is_unknown), CASE(evaluation_that_takes_too_much_memory_is_unknown),
    CASE(values_nested_deeper_than_the_ceiling_are_unknown), CASE(what_is_too_large_to_fold_is_evaluated),
    CASE(extensions_have_their_own_ceilings), CASE(a_small_arena_fails_cleanly), CASE(a_spent_budget_is_not_absorbed), CASE(hostile_patterns_take_bounded_time_and_memory))
