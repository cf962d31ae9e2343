/* SPDX-License-Identifier: MIT */
#include <whynow/base64.h>
#include <whynow/limits.h>
#include <whynow/value.h>

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wn_arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wn_arena_freep(&arena);
	return 0;
}

static struct wn_value parse(const char *text)
{
	struct wn_value v = {0};
	struct wn_err err;
	if (wn_json_parse(wn_str_of(text), NULL, arena, &v, &err))
		fail_msg("%s: %d:%d: %s", text, err.place.line, err.place.column, err.text);
	return v;
}

static const char *written(struct wn_value v, bool canonical)
{
	struct wn_buf b;
	wn_buf_init(&b, 1 << 20);
	if (canonical)
		wn_json_write_canonical(&b, v);
	else
		wn_json_write(&b, v);
	const char *text = wn_arena_strdup(arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

static enum wn_rc refused(struct wn_str text, const struct wn_json_limits *lim, struct wn_err *err)
{
	struct wn_value v = wn_int(42);
	enum wn_rc rc = wn_json_parse(text, lim, arena, &v, err);
	assert_int_not_equal(rc, WN_OK);
	assert_true(v.kind == WN_INT && v.i == 42);
	return rc;
}

static void values_are_equal_by_structure_and_kind(void **state)
{
	(void)state;
	assert_true(wn_value_eq(parse("{\"a\":[1,2.5,null],\"b\":\"x\"}"),
				parse("{\"b\":\"x\",\"a\":[1,2.5,null]}")));
	assert_false(wn_value_eq(parse("[1]"), parse("[1.0]")));
	assert_false(wn_value_eq(parse("[1]"), parse("[1,1]")));
	assert_false(wn_value_eq(parse("{\"a\":1}"), parse("{\"b\":1}")));
	assert_false(wn_value_eq(parse("{\"a\":1}"), parse("{\"a\":1,\"b\":2}")));
	assert_false(wn_value_eq(wn_int(1), wn_uint(1)));
	assert_false(wn_value_eq(wn_double(NAN), wn_double(NAN)));
	assert_true(wn_value_eq(wn_double(0.0), wn_double(-0.0)));
	assert_true(wn_value_eq(wn_time_us(-1), wn_time_us(-1)));
	assert_false(wn_value_eq(wn_time_us(1000), wn_duration_us(1000)));
}

static void times_go_to_microseconds_and_back(void **state)
{
	(void)state;
	static const int64_t times[] = {
		0, 1, -1, 1500000, -1500000, INT64_C(1777888999123456), INT64_C(-62135596800000000)};
	for (size_t i = 0; i < WN_COUNT(times); i++) {
		assert_int_equal(wn_value_us(wn_time_us(times[i])), times[i]);
		assert_int_equal(wn_value_us(wn_duration_us(times[i])), times[i]);
		assert_true(wn_time_us(times[i]).aux >= 0);
	}
	struct wn_value far = {.kind = WN_DURATION, .i = INT64_MAX / 1000};
	assert_int_equal(wn_value_us(far), INT64_MAX);
	far.i = -far.i;
	assert_int_equal(wn_value_us(far), INT64_MIN);
}

static void a_copy_shares_nothing(void **state)
{
	(void)state;
	struct wn_arena *other = wn_arena_new(0);
	struct wn_value v = wn_value_copy(other, parse("{\"a\":[\"x\",{\"y\":\"z\"}],\"n\":null}"));
	wn_arena_reset(arena);
	memset(wn_arena_alloc(arena, 4096), 0xee, 4096);
	assert_true(wn_value_eq(v, parse("{\"a\":[\"x\",{\"y\":\"z\"}],\"n\":null}")));
	wn_arena_free(other);
}

static void a_map_is_built_replaced_and_looked_up(void **state)
{
	(void)state;
	struct wn_map_builder m = wn_map_begin(arena);
	wn_map_set(&m, "a", wn_int(1));
	wn_map_set(&m, "b", wn_int(2));
	wn_map_set(&m, "a", wn_int(3));
	wn_map_set(&m, "c", wn_null());
	wn_map_set(&m, "b", (struct wn_value){0});
	wn_map_set(&m, "never", (struct wn_value){0});
	struct wn_value v = wn_map_end(&m);
	assert_string_equal(written(v, false), "{\"a\":3,\"c\":null}");
	assert_int_equal(wn_value_at(v, "a").i, 3);
	assert_int_equal(wn_value_at(v, "b").kind, WN_ABSENT);
	assert_int_equal(wn_value_at(v, "c").kind, WN_NULL);
	assert_int_equal(wn_value_at(wn_int(1), "a").kind, WN_ABSENT);
}

static void depth_is_bounded_in_everything_that_recurses(void **state)
{
	(void)state;
	struct wn_value v = wn_int(1);
	for (int i = 0; i < 100000; i++) {
		struct wn_value *one = WN_NEW(arena, struct wn_value);
		*one = v;
		v = wn_list(one, 1);
	}
	assert_false(wn_value_eq(v, v));
	struct wn_value copy = wn_value_copy(arena, v);
	assert_int_equal(copy.kind, WN_LIST);
	assert_int_equal(strlen(written(v, false)), 2 * WN_VALUE_DEPTH_MAX + 4);
}

static void json_reads_numbers_by_what_they_are(void **state)
{
	(void)state;
	assert_int_equal(parse("9223372036854775807").i, INT64_MAX);
	assert_int_equal(parse("-9223372036854775808").i, INT64_MIN);
	assert_int_equal(parse("-0").kind, WN_INT);
	struct wn_value v =
		parse("[9223372036854775808,-9223372036854775809,1,1.0,1e2,\"9223372036854775808\"]");
	assert_int_equal(v.list[0].kind, WN_DOUBLE);
	assert_true(v.list[0].d == 9223372036854775808.0);
	assert_true(v.list[1].d == -9223372036854775808.0);
	assert_int_equal(v.list[2].kind, WN_INT);
	assert_int_equal(v.list[3].kind, WN_DOUBLE);
	assert_true(v.list[4].d == 100.0);
	assert_string_equal(v.list[5].s, "9223372036854775808");
	struct wn_err err;
	assert_int_equal(refused(WN_STR("[1e999]"), NULL, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "overflow"));
}

static void json_takes_any_value_at_the_top_and_a_byte_order_mark(void **state)
{
	(void)state;
	assert_int_equal(parse(" true ").kind, WN_BOOL);
	assert_int_equal(parse("null").kind, WN_NULL);
	assert_string_equal(parse("\xef\xbb\xbf\"x\"").s, "x");
	assert_int_equal(parse("{}").n, 0);
	struct wn_err err;
	refused(WN_STR(""), NULL, &err);
	refused(WN_STR("\xef\xbb\xbf"), NULL, &err);
	refused(WN_STR("1 2"), NULL, &err);
}

static void json_ceilings_hold_before_parsing(void **state)
{
	(void)state;
	struct wn_err err;
	struct wn_json_limits few = {.bytes = 100, .values = 5, .depth = 3};
	struct wn_value v;
	assert_int_equal(wn_json_parse(WN_STR("[[[1,2]]]"), &few, arena, &v, &err), WN_OK);
	assert_int_equal(refused(WN_STR("[[[[]]]]"), &few, &err), WN_LIMIT);
	assert_int_equal(err.place.column, 4);
	assert_int_equal(refused(WN_STR("[1,2,3,4,5]"), &few, &err), WN_LIMIT);
	assert_int_equal(refused(WN_STR("{\"a\":1,\"b\":2,\"c\":3}"), &few, &err), WN_LIMIT);
	char big[101];
	memset(big, ' ', sizeof(big));
	assert_int_equal(refused((struct wn_str){big, sizeof(big)}, &few, &err), WN_LIMIT);
	/* Brackets inside strings are text. */
	assert_int_equal(wn_json_parse(WN_STR("\"[[[[[[ \\\" [[[\""), &few, arena, &v, &err), WN_OK);
	char *deep = wn_arena_alloc(arena, 1000000);
	memset(deep, '[', 1000000);
	assert_int_equal(refused((struct wn_str){deep, 1000000}, NULL, &err), WN_LIMIT);
	struct wn_json_limits no_depth = {.depth = SIZE_MAX};
	assert_int_equal(refused((struct wn_str){deep, 1000000}, &no_depth, &err), WN_LIMIT);
}

static void json_stops_at_the_ceiling_of_the_arena(void **state)
{
	(void)state;
	struct wn_arena *small = wn_arena_new(512);
	struct wn_value v = wn_int(7);
	struct wn_err err;
	assert_int_equal(
		wn_json_parse(
			WN_STR("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
			       "30,31,32,33,34,35,36,37,38,39,40]"),
			NULL, small, &v, &err),
		WN_LIMIT);
	assert_int_equal(v.i, 7);
	wn_arena_free(small);
}

static void json_errors_have_line_and_column(void **state)
{
	(void)state;
	struct wn_err err;
	assert_int_equal(refused(WN_STR("{\n \"a\": tru\n}"), NULL, &err), WN_INVALID);
	assert_int_equal(err.place.line, 2);
	assert_true(err.place.column >= 7);
	refused(WN_STR("[\"a\nb\"]"), NULL, &err);
	assert_int_equal(err.place.line, 1);
	refused(((struct wn_str){"[1,\0]", 5}), NULL, &err);
	assert_int_equal(err.place.column, 4);
	/* What is quoted from the text cannot forge log lines. */
	refused(WN_STR("[\"\x1b[31m\"]"), NULL, &err);
	assert_null(strchr(err.text, '\x1b'));
}

static void json_of_strangers_is_read_as_rfc_8259_allows(void **state)
{
	(void)state;
	assert_string_equal(written(parse("{\"a\":1,\"b\":2,\"a\":3}"), true), "{\"a\":3,\"b\":2}");
	struct wn_value v = parse("{\"k\\u0000\":\"a\\u0000b\\\\u0000\"}");
	assert_string_equal(v.map[0].key.s, "k\xef\xbf\xbd");
	assert_string_equal(v.map[0].value.s, "a\xef\xbf\xbd"
					      "b\\u0000");
	struct wn_err err;
	refused(WN_STR("[\"\xff\"]"), NULL, &err);
	refused(WN_STR("[\"\\ud800\"]"), NULL, &err);
}

static void strict_json_refuses_duplicates_and_nul(void **state)
{
	(void)state;
	struct wn_json_limits strict = {.strict = true};
	struct wn_err err;
	assert_int_equal(refused(WN_STR("{\"a\":1,\"a\":1}"), &strict, &err), WN_INVALID);
	assert_int_equal(refused(WN_STR("[\n\"\\u0000\"]"), &strict, &err), WN_INVALID);
	assert_int_equal(err.place.line, 2);
}

static void json_writes_what_it_read(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"b\":[1,-2,3.5,true,false,null],\"a\":\"x\"}",
		"\"\\\"\\\\\\n\\t\\u0001/é€𝄞\"",
		"[]",
		"{}",
		"1.0",
		"-0.5",
		"1e+22",
		"0.1",
		"123456.789",
	};
	for (size_t i = 0; i < WN_COUNT(texts); i++)
		assert_string_equal(written(parse(texts[i]), false), texts[i]);
	assert_string_equal(written(parse("{\"b\":1.0,\"a\":[1e2,{\"d\":1,\"c\":-0.0}]}"), true),
			    "{\"a\":[100,{\"c\":0,\"d\":1}],\"b\":1}");
}

static void doubles_survive_writing(void **state)
{
	(void)state;
	static const double numbers[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789012345680.0,
					 -2.5};
	for (size_t i = 0; i < WN_COUNT(numbers); i++)
		assert_true(parse(written(wn_double(numbers[i]), false)).d == numbers[i]);
	assert_string_equal(written(wn_double(NAN), false), "null");
	assert_string_equal(written(wn_double(INFINITY), true), "null");
}

static void other_kinds_have_their_json_form(void **state)
{
	(void)state;
	assert_string_equal(written(wn_time_us(0), false), "\"1970-01-01T00:00:00Z\"");
	assert_string_equal(written(wn_time_us(-1), false), "\"1969-12-31T23:59:59.999999Z\"");
	assert_string_equal(written(wn_duration_us(1500000), false), "\"1.5s\"");
	assert_string_equal(written(wn_duration_us(-1500000), false), "\"-1.5s\"");
	assert_string_equal(written(wn_duration_us(-500000), false), "\"-0.5s\"");
	assert_string_equal(written(wn_uint(UINT64_MAX), false), "18446744073709551615");
	struct wn_value bytes = wn_string(WN_STR("\x00\xff\x10z"));
	bytes.kind = WN_BYTES;
	assert_string_equal(written(bytes, false), "\"AP8Qeg==\"");
	struct wn_entry odd[] = {{wn_int(7), wn_bool(true)}, {wn_bool(false), wn_null()}};
	assert_string_equal(written(wn_map(odd, 2), false), "{\"7\":true,\"false\":null}");
	assert_string_equal(written((struct wn_value){.kind = WN_OPTIONAL, .n = 0}, false), "null");
}

static void bad_bytes_never_make_bad_json(void **state)
{
	(void)state;
	struct wn_value v = wn_string(WN_STR("a\xff\xc0\x80\xed\xa0\x80z\xe2\x82"));
	struct wn_value back = parse(written(v, false));
	assert_int_equal(back.kind, WN_STRING);
	assert_true(back.s[0] == 'a' && strchr(back.s, 'z'));
}

static void base64_goes_both_ways_and_refuses_the_rest(void **state)
{
	(void)state;
	/* RFC 4648, section 10 */
	static const char *const vectors[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	struct wn_str out;
	for (size_t i = 0; i < WN_COUNT(vectors); i++) {
		struct wn_buf b;
		wn_buf_init(&b, 100);
		wn_base64_write(&b, wn_str_of(vectors[i][0]));
		assert_true(wn_str_is(wn_buf_slice(&b), vectors[i][1]));
		assert_true(wn_base64_read(wn_buf_slice(&b), arena, &out));
		assert_true(wn_str_is(out, vectors[i][0]));
		wn_buf_done(&b);
	}
	assert_true(wn_base64_read(WN_STR("Zm8"), arena, &out));
	assert_true(wn_str_is(out, "fo"));
	static const char *const bad[] = {"Z", "Zg=", "Zg=a", "Z===", "====", "Zm8\n", "Zm-_"};
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_false(wn_base64_read(wn_str_of(bad[i]), arena, &out));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(values_are_equal_by_structure_and_kind),
		T(times_go_to_microseconds_and_back),
		T(a_copy_shares_nothing),
		T(a_map_is_built_replaced_and_looked_up),
		T(depth_is_bounded_in_everything_that_recurses),
		T(json_reads_numbers_by_what_they_are),
		T(json_takes_any_value_at_the_top_and_a_byte_order_mark),
		T(json_ceilings_hold_before_parsing),
		T(json_stops_at_the_ceiling_of_the_arena),
		T(json_errors_have_line_and_column),
		T(json_of_strangers_is_read_as_rfc_8259_allows),
		T(strict_json_refuses_duplicates_and_nul),
		T(json_writes_what_it_read),
		T(doubles_survive_writing),
		T(other_kinds_have_their_json_form),
		T(bad_bytes_never_make_bad_json),
		T(base64_goes_both_ways_and_refuses_the_rest),
	};
	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
