/* SPDX-License-Identifier: MIT */
#include <whynow/arena.h>
#include <whynow/buf.h>

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void memory_is_aligned_and_zero_even_after_a_reset(void **state)
{
	(void)state;
	struct wn_arena *a = wn_arena_new(0);
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 3000; size += 37) {
			unsigned char *p = wn_arena_alloc(a, size);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xa5, size);
		}
		wn_arena_reset(a);
		assert_int_equal(wn_arena_used(a), 0);
	}
	wn_arena_free(a);
}

static void the_ceiling_refuses_what_input_sizes(void **state)
{
	(void)state;
	struct wn_arena *a = wn_arena_new(1000);
	assert_non_null(wn_arena_try(a, 900));
	assert_null(wn_arena_try(a, 200));
	assert_non_null(wn_arena_try(a, 64));
	assert_null(wn_arena_try(a, SIZE_MAX));
	assert_null(wn_arena_try(a, SIZE_MAX - 8));
	assert_false(wn_arena_is_over(a));
	/* Small work goes on, and can be seen to be too much. */
	assert_non_null(wn_arena_alloc(a, 500));
	assert_true(wn_arena_is_over(a));
	assert_null(wn_arena_try(a, 1));
	wn_arena_reset(a);
	assert_non_null(wn_arena_try(a, 1000 / 16 * 16));
	wn_arena_free(a);
}

static void large_pieces_do_not_waste_the_block_in_use(void **state)
{
	(void)state;
	struct wn_arena *a = wn_arena_new(0);
	char *first = wn_arena_alloc(a, 16);
	char *large = wn_arena_alloc(a, 5 << 20);
	char *second = wn_arena_alloc(a, 16);
	memset(large, 1, 5 << 20);
	assert_ptr_equal(second, first + 16);
	assert_int_equal(wn_arena_used(a), 16 + (5 << 20) + 16);
	wn_arena_free(a);
}

static void text_is_copied_and_terminated(void **state)
{
	(void)state;
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_str s = wn_arena_str(a, (struct wn_str){"abcdef", 3});
	assert_int_equal(s.n, 3);
	assert_string_equal(s.p, "abc");
	assert_string_equal(wn_arena_strdup(a, (struct wn_str){NULL, 0}), "");
	assert_string_equal(wn_arena_printf(a, "%s-%d", "x", 7), "x-7");
	char *big = wn_arena_printf(a, "%5000d", 1);
	assert_int_equal(strlen(big), 5000);
}

static void a_vector_keeps_what_was_pushed(void **state)
{
	(void)state;
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	WN_VEC(int) v = {0};
	for (int i = 0; i < 10000; i++)
		*WN_PUSH(a, &v) = i;
	assert_int_equal(v.n, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(v.v[i], i);
}

static void a_buffer_keeps_what_fits_and_remembers_the_rest(void **state)
{
	(void)state;
	struct wn_buf b;
	wn_buf_init(&b, 10);
	wn_buf_text(&b, "12345");
	assert_false(wn_buf_overflowed(&b));
	wn_buf_text(&b, "67890abc");
	assert_true(wn_buf_overflowed(&b));
	assert_string_equal(b.p, "1234567890");
	/* Nothing after a gap. */
	wn_buf_char(&b, 'x');
	wn_buf_printf(&b, "%d", 1);
	assert_string_equal(b.p, "1234567890");
	wn_buf_clear(&b);
	assert_false(wn_buf_overflowed(&b));
	wn_buf_text(&b, "again");
	assert_string_equal(b.p, "again");
	wn_buf_done(&b);
	wn_buf_done(&b);
}

static void a_buffer_takes_any_number(void **state)
{
	static const int64_t numbers[] = {0, 7, -1, 10, INT64_MAX, INT64_MIN};
	struct wn_buf b;
	(void)state;
	wn_buf_init(&b, 100);
	for (size_t i = 0; i < WN_COUNT(numbers); i++) {
		wn_buf_int(&b, numbers[i]);
		wn_buf_char(&b, ' ');
	}
	assert_string_equal(b.p, "0 7 -1 10 9223372036854775807 -9223372036854775808 ");
	wn_buf_done(&b);
}

static void a_buffer_of_exactly_its_ceiling_has_not_overflowed(void **state)
{
	(void)state;
	struct wn_buf b;
	wn_buf_init(&b, 1000);
	for (int i = 0; i < 100; i++)
		wn_buf_printf(&b, "%010d", i);
	assert_int_equal(b.n, 1000);
	assert_false(wn_buf_overflowed(&b));
	wn_buf_char(&b, 'x');
	assert_true(wn_buf_overflowed(&b));
	assert_int_equal(strlen(b.p), 1000);
	wn_buf_done(&b);
}

static void a_buffer_gives_its_bytes_away(void **state)
{
	(void)state;
	struct wn_buf b;
	wn_buf_init(&b, SIZE_MAX);
	assert_int_equal(wn_buf_slice(&b).n, 0);
	char *empty = wn_buf_take(&b);
	assert_string_equal(empty, "");
	free(empty);
	wn_buf_printf(&b, "%2000d", 5);
	char *p = wn_buf_take(&b);
	assert_int_equal(strlen(p), 2000);
	assert_int_equal(b.n, 0);
	free(p);
	wn_buf_add(&b, "a\0b", 3);
	assert_int_equal(wn_buf_slice(&b).n, 3);
	wn_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_zero_even_after_a_reset),
		cmocka_unit_test(the_ceiling_refuses_what_input_sizes),
		cmocka_unit_test(large_pieces_do_not_waste_the_block_in_use),
		cmocka_unit_test(text_is_copied_and_terminated),
		cmocka_unit_test(a_vector_keeps_what_was_pushed),
		cmocka_unit_test(a_buffer_keeps_what_fits_and_remembers_the_rest),
		cmocka_unit_test(a_buffer_takes_any_number),
	cmocka_unit_test(a_buffer_of_exactly_its_ceiling_has_not_overflowed),
		cmocka_unit_test(a_buffer_gives_its_bytes_away),
	};
	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
