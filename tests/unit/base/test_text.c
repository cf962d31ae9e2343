/* SPDX-License-Identifier: MIT */
#include <whynow/buf.h>
#include <whynow/text.h>

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

#define assert_str(got, expected)                                                                              \
	do {                                                                                                   \
		struct wn_str got_ = (got);                                                                    \
		assert_string_equal(wn_arena_strdup(arena, got_), expected);                                   \
		assert_int_equal(got_.n, strlen(expected));                                                    \
	} while (0)

static void strict_text_names_the_bad_byte(void **state)
{
	(void)state;
	struct wn_str out = WN_STR("untouched");
	struct wn_err err;
	assert_int_equal(wn_text_from_bytes(WN_STR("ab\xff"), 100, arena, &out, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "byte 2"));
	assert_int_equal(wn_text_from_bytes((struct wn_str){"a\0b", 3}, 100, arena, &out, &err), WN_INVALID);
	assert_non_null(strstr(err.text, "byte 1"));
	/* Overlong, surrogate, beyond Unicode, cut */
	static const char *const bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"};
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_int_equal(wn_text_from_bytes(wn_str_of(bad[i]), 100, arena, &out, &err), WN_INVALID);
	assert_int_equal(wn_text_from_bytes(WN_STR("abc"), 2, arena, &out, &err), WN_LIMIT);
	assert_str(out, "untouched");
}

static void strict_text_is_nfc_without_controls(void **state)
{
	(void)state;
	struct wn_str out;
	assert_int_equal(wn_text_from_bytes(WN_STR("\xef\xbb\xbf"
						   "e\xcc\x81\x07\r\nx\ry\tz\xc2\x85\x7f"),
					    100, arena, &out, NULL),
			 WN_OK);
	assert_str(out, "é\nx\ny\tz");
	assert_int_equal(wn_text_from_bytes((struct wn_str){NULL, 0}, 0, arena, &out, NULL), WN_OK);
	assert_int_equal(out.n, 0);
}

static void the_ceiling_also_holds_for_what_the_normal_form_makes_longer(void **state)
{
	(void)state;
	/* U+0958 is three bytes and six in NFC. */
	struct wn_str in = WN_STR("\xe0\xa5\x98\xe0\xa5\x98"), out;
	assert_int_equal(wn_text_from_bytes(in, 8, arena, &out, NULL), WN_LIMIT);
	assert_int_equal(wn_text_from_bytes(in, 12, arena, &out, NULL), WN_OK);
	assert_int_equal(out.n, 12);
	assert_int_equal(wn_text_repair(in, 8, arena).n, 6);
}

static void repair_never_fails_and_cuts_between_characters(void **state)
{
	(void)state;
	assert_str(wn_text_repair(WN_STR("a\xff"
					 "b\xe2\x82"),
				  100, arena),
		   "a\xef\xbf\xbd"
		   "b\xef\xbf\xbd\xef\xbf\xbd");
	assert_str(wn_text_repair(WN_STR("\xef\xbb\xbf\x01\xef\xbb\xbf"
					 "a\xef\xbb\xbf"), 100, arena), "a\xef\xbb\xbf");
	assert_str(wn_text_repair((struct wn_str){"a\0b\x1b[31m", 8}, 100, arena), "ab[31m");
	assert_str(wn_text_repair(WN_STR("€€€"), 8, arena), "€€");
	assert_str(wn_text_repair(WN_STR("€"), 2, arena), "");
	assert_str(wn_text_repair((struct wn_str){NULL, 0}, 10, arena), "");
	for (size_t max = 0; max < 12; max++) {
		struct wn_str s = wn_text_repair(WN_STR("aé€\xf0\x9d\x84\x9e\xff"), max, arena);
		assert_true(s.n <= max);
		assert_true(wn_text_is_utf8(s));
	}
}

static void every_byte_pair_repairs_to_utf8(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		const char bytes[] = {'.', (char)(i >> 8), (char)i, 'z'};
		struct wn_str s = wn_text_repair((struct wn_str){bytes, 4}, 20, arena);
		assert_true(wn_text_is_utf8(s));
		assert_int_equal(s.p[0], '.');
		assert_int_equal(s.p[s.n - 1], 'z');
		assert_null(memchr(s.p, 0, s.n));
		wn_arena_reset(arena);
	}
}

static void one_line_has_single_blanks_and_none_at_the_ends(void **state)
{
	(void)state;
	assert_str(wn_text_one_line(WN_STR(" \n a \t\xc2\xa0 b\xe3\x80\x80 c\x01 \r\n"), 100, arena), "a b c");
	assert_str(wn_text_one_line(WN_STR("ab cd"), 3, arena), "ab");
	assert_str(wn_text_one_line(WN_STR("ab cd"), 4, arena), "ab c");
	assert_str(wn_text_one_line(WN_STR("äöü"), 2, arena), "äö");
	assert_str(wn_text_one_line(WN_STR("  "), 10, arena), "");
	assert_str(wn_text_one_line(WN_STR("x"), 0, arena), "");
	assert_str(wn_text_one_line(WN_STR("\xff\xfe"), 10, arena), "\xef\xbf\xbd\xef\xbf\xbd");
}

static void trim_takes_unicode_blanks_from_both_ends(void **state)
{
	(void)state;
	assert_str(wn_text_trim(WN_STR(" \t\xc2\xa0 a b \xe2\x80\xa9\n")), "a b");
	assert_str(wn_text_trim(WN_STR("\xe3\x80\x80")), "");
	assert_str(wn_text_trim(WN_STR("a\x80")), "a\x80");
	assert_str(wn_text_trim(WN_STR("")), "");
}

static void folding_makes_spellings_of_a_name_equal(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"ACME", "acme"},       {"Zürich", "zurich"}, {"ZU\xcc\x88RICH", "zurich"},
		{"STRASSE", "straße"},  {"Ørsted", "orsted"}, {"Łódź", "lodz"},
		{"ﬁrm", "firm"},        {"Ａｃｍｅ", "acme"}, {"İstanbul", "istanbul"},
		{"ΣΊΣΥΦΟΣ", "σισυφοσ"}, {"Æther", "aether"},  {"㎒", "mhz"},
		{"naïve", "naive"},
	};
	for (size_t i = 0; i < WN_COUNT(pairs); i++) {
		struct wn_str a = wn_text_fold(wn_str_of(pairs[i][0]), arena),
			      b = wn_text_fold(wn_str_of(pairs[i][1]), arena);
		assert_str(a, wn_arena_strdup(arena, b));
	}
	assert_str(wn_text_fold(WN_STR("Zürich"), arena), "zurich");
	/* A mark that makes another letter stays: ga is not ka. */
	assert_str(wn_text_fold(WN_STR("ガ"), arena), "ガ");
	assert_true(wn_text_is_utf8(wn_text_fold(WN_STR("\xff\xc3"), arena)));
}

static void quoting_shows_what_is_there(void **state)
{
	(void)state;
	assert_str(wn_text_quote(WN_STR("plain"), 100, arena), "\"plain\"");
	assert_str(wn_text_quote(WN_STR("a\"b\\c\n\x1b"), 100, arena), "\"a\\\"b\\\\c\\x0a\\x1b\"");
	assert_str(wn_text_quote(WN_STR("\xff"
					"é"),
				 100, arena),
		   "\"\\xffé\"");
	assert_str(wn_text_quote(WN_STR("x\xe2\x80\xaey"), 100, arena), "\"x\\u202ey\"");
	assert_str(wn_text_quote(WN_STR("äöü"), 2, arena), "\"äö…\"");
	assert_str(wn_text_quote(WN_STR("äöü"), 3, arena), "\"äöü\"");
	assert_str(wn_text_quote((struct wn_str){NULL, 0}, 3, arena), "\"\"");
	assert_str(wn_text_quote((struct wn_str){"\0", 1}, 3, arena), "\"\\x00\"");
}

static void lengths_count_characters_and_columns(void **state)
{
	(void)state;
	assert_int_equal(wn_text_chars(WN_STR("aé€𝄞")), 4);
	assert_int_equal(wn_text_chars(WN_STR("\xff\xff")), 2);
	assert_int_equal(wn_text_width(WN_STR("ab")), 2);
	assert_int_equal(wn_text_width(WN_STR("漢字")), 4);
	assert_int_equal(wn_text_width(WN_STR("e\xcc\x81")), 1);
	assert_str(wn_text_lower_ascii(WN_STR("AbÉ"), arena), "abÉ");
}

static void a_wall_of_combining_marks_is_normalised_in_time(void **state)
{
	(void)state;
	struct wn_buf b;
	wn_buf_init(&b, 1 << 20);
	wn_buf_char(&b, 'a');
	for (int i = 0; i < 100000; i++)
		wn_buf_text(&b, i % 2 ? "\xcc\x81" : "\xcc\xa3");
	struct wn_str s = wn_text_repair(wn_buf_slice(&b), 1 << 20, arena);
	assert_true(s.n > 100000 && wn_text_is_utf8(s));
	assert_str(wn_text_fold(s, arena), "a");
	wn_buf_done(&b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(strict_text_names_the_bad_byte),
		T(strict_text_is_nfc_without_controls),
		T(the_ceiling_also_holds_for_what_the_normal_form_makes_longer),
		T(repair_never_fails_and_cuts_between_characters),
		T(every_byte_pair_repairs_to_utf8),
		T(one_line_has_single_blanks_and_none_at_the_ends),
		T(trim_takes_unicode_blanks_from_both_ends),
		T(folding_makes_spellings_of_a_name_equal),
		T(quoting_shows_what_is_there),
		T(lengths_count_characters_and_columns),
		T(a_wall_of_combining_marks_is_normalised_in_time),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
