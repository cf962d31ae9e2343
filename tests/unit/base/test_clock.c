/* SPDX-License-Identifier: MIT */
#include <whynow/clock.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND WN_SECOND

static void assert_near(int64_t a, int64_t b, int64_t slack)
{
	int64_t d = a > b ? a - b : b - a;
	if (d > slack)
		fail_msg("%lld and %lld are %lld us apart", (long long)a, (long long)b, (long long)d);
}

/* A reading whose answer says that the database is `ahead` of this monotonic clock; the round trip takes 2e. */
static void reading(struct wn_clock *c, int64_t ahead, int64_t e)
{
	int64_t mono = wn_clock_monotonic_us();
	wn_clock_reading(c, mono - 2 * e, mono - e + ahead, mono);
}

static void a_reading_sets_the_offset_and_half_the_round_trip_is_the_error(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	int64_t ahead = INT64_C(1000000000) * SECOND;
	reading(c, ahead, 300000);
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us() + ahead, SECOND / 2);
	assert_int_equal(wn_clock_error_us(c), 300000);
	assert_near(wn_clock_now_us(c) - wn_clock_sure_us(c), 300000, 100000);
	assert_true(wn_clock_is_live(c));
	assert_false(wn_clock_is_doubtful(c));
	wn_clock_free(c);
}

static void sure_is_never_ahead_of_the_database_whatever_way_the_delay_was_split(void **state)
{
	(void)state;
	/* The database's true offset is 0; the whole of the delay was on the way there, or back. */
	for (int back = 0; back < 2; back++) {
		struct wn_clock *c = wn_clock_new_live();
		int64_t mono = wn_clock_monotonic_us();
		wn_clock_reading(c, mono - 400000, back ? mono - 400000 : mono, mono);
		assert_true(wn_clock_sure_us(c) <= wn_clock_monotonic_us());
		wn_clock_free(c);
	}
}

static void the_first_reading_overrules_the_clock_of_the_host(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	reading(c, 0, 10);
	assert_false(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us(), SECOND);
	wn_clock_free(c);
}

static void a_small_difference_is_followed(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	reading(c, 0, 10);
	reading(c, 4 * SECOND, 10);
	assert_false(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us() + 4 * SECOND, SECOND);
	wn_clock_free(c);
}

static void a_jump_is_doubted_until_a_second_reading_confirms_it(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	reading(c, 0, 10);
	reading(c, 3600 * SECOND, 10);
	assert_true(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us(), SECOND);
	reading(c, 3601 * SECOND, 10);
	assert_false(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us() + 3601 * SECOND, SECOND);
	wn_clock_free(c);
}

static void a_jump_that_goes_back_is_forgotten(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	reading(c, 0, 10);
	reading(c, -60 * SECOND, 10);
	assert_true(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us(), SECOND);
	assert_near(wn_clock_sure_us(c), wn_clock_monotonic_us() - 60 * SECOND, SECOND);
	reading(c, 60 * SECOND, 10);
	assert_true(wn_clock_is_doubtful(c));
	assert_near(wn_clock_sure_us(c), wn_clock_monotonic_us(), SECOND);
	reading(c, 1000, 10);
	assert_false(wn_clock_is_doubtful(c));
	assert_near(wn_clock_now_us(c), wn_clock_monotonic_us(), SECOND);
	wn_clock_free(c);
}

static void a_reading_that_ends_before_it_began_is_ignored(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	reading(c, 0, 10);
	wn_clock_reading(c, 1000, 0, 999);
	assert_int_equal(wn_clock_error_us(c), 10);
	wn_clock_free(c);
}

static void a_virtual_clock_stands_still_and_never_goes_back(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_virtual(1000);
	assert_int_equal(wn_clock_now_us(c), 1000);
	assert_int_equal(wn_clock_sure_us(c), 1000);
	wn_clock_set(c, 5000);
	wn_clock_set(c, 4000);
	assert_int_equal(wn_clock_now_us(c), 5000);
	reading(c, 77, 10);
	assert_int_equal(wn_clock_now_us(c), 5000);
	assert_int_equal(wn_clock_real_until_us(c, 5000), 0);
	assert_int_equal(wn_clock_real_until_us(c, 5001), INT64_MAX);
	assert_false(wn_clock_is_live(c));
	wn_clock_free(c);
}

static void an_accelerated_clock_shortens_waits_by_its_factor(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_accelerated(1000 * WN_DAY, 1000);
	int64_t now = wn_clock_now_us(c);
	assert_true(now >= 1000 * WN_DAY && now < 1000 * WN_DAY + 5000 * SECOND);
	assert_near(wn_clock_real_until_us(c, 1001 * WN_DAY), WN_DAY / 1000, 5 * SECOND);
	assert_int_equal(wn_clock_real_until_us(c, 0), 0);
	assert_int_equal(wn_clock_real_until_us(c, WN_NEVER), INT64_MAX);
	wn_clock_set(c, 0);
	assert_true(wn_clock_now_us(c) >= now);
	wn_clock_free(c);
}

static void a_live_clock_knows_how_long_to_wait(void **state)
{
	(void)state;
	struct wn_clock *c = wn_clock_new_live();
	assert_near(wn_clock_real_until_us(c, wn_clock_now_us(c) + 10 * SECOND), 10 * SECOND, SECOND);
	assert_int_equal(wn_clock_real_until_us(c, wn_clock_now_us(c) - 1), 0);
	assert_int_equal(wn_clock_real_until_us(c, WN_NEVER), INT64_MAX);
	wn_clock_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reading_sets_the_offset_and_half_the_round_trip_is_the_error),
		cmocka_unit_test(sure_is_never_ahead_of_the_database_whatever_way_the_delay_was_split),
		cmocka_unit_test(the_first_reading_overrules_the_clock_of_the_host),
		cmocka_unit_test(a_small_difference_is_followed),
		cmocka_unit_test(a_jump_is_doubted_until_a_second_reading_confirms_it),
		cmocka_unit_test(a_jump_that_goes_back_is_forgotten),
		cmocka_unit_test(a_reading_that_ends_before_it_began_is_ignored),
		cmocka_unit_test(a_virtual_clock_stands_still_and_never_goes_back),
		cmocka_unit_test(an_accelerated_clock_shortens_waits_by_its_factor),
		cmocka_unit_test(a_live_clock_knows_how_long_to_wait),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
