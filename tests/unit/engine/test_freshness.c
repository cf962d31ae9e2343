/* SPDX-License-Identifier: MIT */
/* Tests of freshness, heat and staleness against their definitions, and of the Wilson interval against known values. */
#include "rules_rig.h"
#include <math.h>

static struct wn_evidence evidence(int kind, int64_t occurred, int64_t half_life, int64_t hard_stop, int publishers)
{
	return (struct wn_evidence){.kind = kind, .occurred_us = occurred, .strength = 1, .publishers = publishers, .half_life_us = half_life,
				    .hard_stop_us = occurred + hard_stop};
}

static void corroboration_is_one_for_one_publisher_and_never_reaches_one_and_a_half(void **state)
{
	(void)state;
	assert_true(wn_corroboration(1) == 1.0);
	assert_true(wn_corroboration(2) == 1.25);
	assert_true(wn_corroboration(3) == 1.375);
	assert_true(wn_corroboration(40) <= 1.5);
}

static void one_full_signal_is_stale_after_exactly_one_half_life(void **state)
{
	(void)state;
	struct wn_evidence e = evidence(0, RIG_NOW, 21 * WN_DAY, 60 * WN_DAY, 1);
	const struct wn_evidence *ev[] = {&e};
	/* heat at the half-life is exactly the floor, so the first instant under it is one microsecond later at the earliest */
	int64_t at = wn_stale_at(ev, 1, 0.5, RIG_NOW);
	assert_true(at > RIG_NOW + 21 * WN_DAY && at <= RIG_NOW + 21 * WN_DAY + 1000);
	assert_true(wn_heat(ev, 1, at) < 0.5 && wn_heat(ev, 1, at - 1) >= 0.5);
}

static void the_hard_stop_ends_everything(void **state)
{
	(void)state;
	struct wn_evidence e = evidence(0, RIG_NOW, 60 * WN_DAY, 10 * WN_DAY, 1);
	const struct wn_evidence *ev[] = {&e};
	assert_int_equal(wn_stale_at(ev, 1, 0.5, RIG_NOW), RIG_NOW + 10 * WN_DAY);
	assert_true(wn_heat(ev, 1, RIG_NOW + 10 * WN_DAY) == 0);
}

static void two_signals_of_one_kind_count_as_the_fresher_one(void **state)
{
	(void)state;
	struct wn_evidence old = evidence(0, RIG_NOW - 20 * WN_DAY, 21 * WN_DAY, 60 * WN_DAY, 1);
	struct wn_evidence fresh = evidence(0, RIG_NOW, 21 * WN_DAY, 60 * WN_DAY, 1);
	const struct wn_evidence *ev[] = {&old, &fresh};
	assert_true(wn_heat(ev, 2, RIG_NOW) == 1.0);
}

static void signals_of_two_kinds_add_up(void **state)
{
	(void)state;
	struct wn_evidence a = evidence(0, RIG_NOW, 21 * WN_DAY, 60 * WN_DAY, 1), b = evidence(1, RIG_NOW, 30 * WN_DAY, 120 * WN_DAY, 1);
	const struct wn_evidence *ev[] = {&a, &b};
	assert_true(wn_heat(ev, 2, RIG_NOW) == 2.0);
	int64_t at = wn_stale_at(ev, 2, 0.5, RIG_NOW);
	assert_true(wn_heat(ev, 2, at) < 0.5 && wn_heat(ev, 2, at - 1) >= 0.5);
}

static void equal_twins_count_once(void **state)
{
	(void)state;
	struct wn_evidence a = evidence(0, RIG_NOW, 21 * WN_DAY, 60 * WN_DAY, 1), b = a;
	const struct wn_evidence *ev[] = {&a, &b};
	assert_true(wn_heat(ev, 2, RIG_NOW) == 1.0);
}

static void retracted_evidence_weighs_nothing(void **state)
{
	(void)state;
	struct wn_evidence a = evidence(0, RIG_NOW, 21 * WN_DAY, 60 * WN_DAY, 1);
	const struct wn_evidence *ev[] = {&a};
	a.removed = true;
	assert_true(wn_heat(ev, 1, RIG_NOW) == 0);
	assert_int_equal(wn_stale_at(ev, 1, 0.5, RIG_NOW), RIG_NOW);
}

/* Whatever the evidence, the instant found is the first under the floor: one microsecond earlier it is not. */
static void the_stale_instant_is_the_first_under_the_floor(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		struct wn_evidence e[5];
		const struct wn_evidence *ev[5];
		size_t n = 1 + (size_t)(rand() % 5);
		double floor = 0.1 + (rand() % 20) / 10.0;
		for (size_t i = 0; i < n; i++) {
			e[i] = evidence(rand() % 3, RIG_NOW - (int64_t)(rand() % 60) * WN_DAY, (1 + rand() % 40) * WN_DAY, (1 + rand() % 120) * WN_DAY, 1 + rand() % 4);
			e[i].strength = (1 + rand() % 10) / 10.0;
			ev[i] = &e[i];
		}
		int64_t at = wn_stale_at(ev, n, floor, RIG_NOW);
		assert_true(wn_heat(ev, n, at) < floor);
		if (at > RIG_NOW)
			assert_true(wn_heat(ev, n, at - 1) >= floor);
	}
}

static void wilson_gives_the_known_interval(void **state)
{
	(void)state;
	double low, high;
	wn_wilson(1, 10, &low, &high); /* Newcombe 1998, method 3, to four digits */
	assert_true(fabs(low - 0.0179) < 0.0001 && fabs(high - 0.4042) < 0.0001);
	wn_wilson(81, 263, &low, &high);
	assert_true(fabs(low - 0.2553) < 0.0001 && fabs(high - 0.3662) < 0.0001);
	wn_wilson(0, 0, &low, &high);
	assert_true(low == 0 && high == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corroboration_is_one_for_one_publisher_and_never_reaches_one_and_a_half),
		cmocka_unit_test(one_full_signal_is_stale_after_exactly_one_half_life),
		cmocka_unit_test(the_hard_stop_ends_everything),
		cmocka_unit_test(two_signals_of_one_kind_count_as_the_fresher_one),
		cmocka_unit_test(signals_of_two_kinds_add_up),
		cmocka_unit_test(equal_twins_count_once),
		cmocka_unit_test(retracted_evidence_weighs_nothing),
		cmocka_unit_test(the_stale_instant_is_the_first_under_the_floor),
		cmocka_unit_test(wilson_gives_the_known_interval),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
