/* SPDX-License-Identifier: MIT */
#include <whynow/base.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_code_has_a_text_and_knows_if_it_passes(void **state)
{
	(void)state;
	assert_string_equal(wn_rc_to_text(WN_OK), "ok");
	assert_string_equal(wn_rc_to_text(WN_CANCELLED), "cancelled");
	assert_string_equal(wn_rc_to_text((enum wn_rc)99), "?");
	assert_false(wn_rc_is_temporary(WN_REFUSED));
	assert_true(wn_rc_is_temporary(WN_AGAIN));
	assert_true(wn_rc_is_temporary(WN_UNKNOWN));
}

static void an_error_reads_file_line_column_text(void **state)
{
	(void)state;
	struct wn_err err;
	char text[200];
	assert_int_equal(wn_fail_at(&err, WN_INVALID, (struct wn_place){"a.yaml", 3, 7}, "bad %s", "key"),
			 WN_INVALID);
	wn_err_to_text(&err, text, sizeof(text));
	assert_string_equal(text, "a.yaml:3:7: bad key");
	assert_int_equal(wn_fail_more(&err, WN_LIMIT, "segment %d", 2), WN_INVALID);
	wn_err_to_text(&err, text, sizeof(text));
	assert_string_equal(text, "a.yaml:3:7: segment 2: bad key");
	assert_int_equal(wn_fail(&err, WN_AGAIN, "later"), WN_AGAIN);
	wn_err_to_text(&err, text, sizeof(text));
	assert_string_equal(text, "later");
	assert_int_equal(wn_fail(NULL, WN_AGAIN, "nobody listens"), WN_AGAIN);
	assert_int_equal(wn_fail_more(NULL, WN_LIMIT, "nobody listens"), WN_LIMIT);
}

static void a_long_error_is_cut_and_terminated(void **state)
{
	(void)state;
	struct wn_err err;
	char big[5000];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	wn_fail(&err, WN_INVALID, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	wn_fail_more(&err, WN_INVALID, "prefix");
	assert_memory_equal(err.text, "prefix: xxx", 11);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	wn_fail_more(&err, WN_INVALID, "%s", big);
	assert_true(strlen(err.text) < sizeof(err.text));
	char small[8];
	wn_err_to_text(&err, small, sizeof(small));
	assert_int_equal(strlen(small), 7);
}

static void an_error_may_quote_itself(void **state)
{
	(void)state;
	struct wn_err err;
	wn_fail(&err, WN_INVALID, "inner");
	wn_fail(&err, WN_LIMIT, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void slices_compare_by_bytes_shorter_first(void **state)
{
	(void)state;
	assert_true(wn_str_cmp(WN_STR("ab"), WN_STR("abc")) < 0);
	assert_true(wn_str_cmp(WN_STR("b"), WN_STR("abc")) > 0);
	assert_true(wn_str_cmp(WN_STR("\xff"), WN_STR("a")) > 0);
	assert_int_equal(wn_str_cmp((struct wn_str){NULL, 0}, WN_STR("")), 0);
	assert_true(wn_str_eq((struct wn_str){NULL, 0}, WN_STR("")));
	assert_true(wn_str_is(WN_STR("abc"), "abc"));
}

static void the_nearest_name_is_near_or_none(void **state)
{
	(void)state;
	static const char *const names[] = {"interval", "format", "mapping", "publisher", "url"};
	size_t n = WN_COUNT(names);
	assert_string_equal(wn_nearest(WN_STR("intervall"), names, n), "interval");
	assert_string_equal(wn_nearest(WN_STR("fromat"), names, n), "format");
	assert_string_equal(wn_nearest(WN_STR("ulr"), names, n), "url");
	assert_string_equal(wn_nearest(WN_STR("url"), names, n), "url");
	assert_string_equal(wn_nearest(WN_STR("series b"), (const char *const[]){"Series A", "Series B"}, 2), "Series B");
	assert_string_equal(wn_nearest(WN_STR("SEED"), (const char *const[]){"Seed extension", "Seed"}, 2), "Seed");
	assert_null(wn_nearest(WN_STR("frequency"), names, n));
	assert_null(wn_nearest(WN_STR(""), names, n));
	assert_null(wn_nearest(WN_STR("x"), (const char *const[]){"y"}, 1));
	char big[100];
	memset(big, 'i', sizeof(big));
	assert_null(wn_nearest((struct wn_str){big, sizeof(big)}, names, n));
}

static void allocations_are_zeroed_and_freed_by_scope(void **state)
{
	(void)state;
	WN_CLEANUP(wn_freep) char *p = wn_alloc(64);
	for (int i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	WN_CLEANUP(wn_freep) char *copy = wn_strdup("text");
	assert_string_equal(copy, "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_text_and_knows_if_it_passes),
		cmocka_unit_test(an_error_reads_file_line_column_text),
		cmocka_unit_test(a_long_error_is_cut_and_terminated),
		cmocka_unit_test(an_error_may_quote_itself),
		cmocka_unit_test(slices_compare_by_bytes_shorter_first),
		cmocka_unit_test(the_nearest_name_is_near_or_none),
		cmocka_unit_test(allocations_are_zeroed_and_freed_by_scope),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
