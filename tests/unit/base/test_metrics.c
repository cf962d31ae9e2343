/* SPDX-License-Identifier: MIT */
#include <whynow/metrics.h>

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wn_buf out;

static const char *text(enum wn_metrics_format format)
{
	wn_buf_clear(&out);
	wn_metrics_write(&out, format);
	assert_false(wn_buf_overflowed(&out));
	return out.p;
}

static int setup(void **state)
{
	(void)state;
	wn_metrics_reset();
	wn_buf_init(&out, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wn_buf_done(&out);
	return 0;
}

static void assert_line(const char *all, const char *line)
{
	char wanted[300];
	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(all, wanted))
		fail_msg("no line %s", line);
}

static void counters_count_by_label(void **state)
{
	(void)state;
	wn_metric_add(WN_METRIC_POLLS, WN_POLL_UNCHANGED, 2);
	wn_metric_add(WN_METRIC_POLLS, WN_POLL_UNCHANGED, 1);
	wn_metric_add(WN_METRIC_POLLS, 99, 1);
	wn_metric_add(WN_METRIC_FETCHED_BYTES, 0, UINT64_C(12345678901234));
	wn_metric_set(WN_METRIC_POLLS, 7);
	assert_int_equal(wn_metric_get(WN_METRIC_POLLS, WN_POLL_UNCHANGED), 3);
	const char *all = text(WN_METRICS_OPENMETRICS);
	assert_line(all, "whynow_polls_total{result=\"unchanged\"} 3");
	assert_line(all, "whynow_polls_total{result=\"refused\"} 0");
	assert_line(all, "whynow_fetched_bytes_total 12345678901234");
	assert_line(all, "# UNIT whynow_fetched_bytes bytes");
}

static void gauges_are_set(void **state)
{
	(void)state;
	wn_metric_set(WN_METRIC_FEEDS, 12);
	wn_metric_set(WN_METRIC_CLOCK_ERROR, 0.00025);
	wn_metric_add(WN_METRIC_FEEDS, 0, 5);
	assert_line(text(WN_METRICS_OPENMETRICS), "whynow_feeds 12");
	assert_line(text(WN_METRICS_OPENMETRICS), "whynow_clock_error_seconds 0.00025");
}

static void histograms_are_cumulative(void **state)
{
	(void)state;
	wn_metric_observe(WN_METRIC_FETCH, 0.001);
	wn_metric_observe(WN_METRIC_FETCH, 0.2);
	wn_metric_observe(WN_METRIC_FETCH, 3600);
	wn_metric_observe(WN_METRIC_FETCH, -5);
	wn_metric_observe(WN_METRIC_FETCH, NAN);
	const char *all = text(WN_METRICS_OPENMETRICS);
	assert_line(all, "whynow_fetch_seconds_bucket{le=\"0.001\"} 2");
	assert_line(all, "whynow_fetch_seconds_bucket{le=\"0.25\"} 3");
	assert_line(all, "whynow_fetch_seconds_bucket{le=\"60.0\"} 3");
	assert_line(all, "whynow_fetch_seconds_bucket{le=\"+Inf\"} 4");
	assert_line(all, "whynow_fetch_seconds_count 4");
	assert_line(all, "whynow_fetch_seconds_sum 3600.201");
}

static void the_two_forms_differ_in_the_name_of_a_counter_and_in_the_end(void **state)
{
	(void)state;
	assert_line(text(WN_METRICS_OPENMETRICS), "# TYPE whynow_polls counter");
	assert_string_equal(out.p + out.n - 6, "# EOF\n");
	assert_line(text(WN_METRICS_PROMETHEUS), "# TYPE whynow_polls_total counter");
	assert_null(strstr(out.p, "EOF"));
	assert_null(strstr(out.p, "# UNIT"));
}

static void check_row(const char *family, const char *unit, const char *label, const char *values, const char *help)
{
	size_t name = strlen(family), end = strlen(unit), n = strlen(help);
	assert_true(n > 10 && help[n - 1] == '.');
	assert_true(end <= name && strcmp(family + name - end, unit) == 0);
	assert_true((*label == '\0') == (*values == '\0'));
}

static void every_family_has_help_and_a_unit_that_ends_its_name(void **state)
{
	(void)state;
#define X(name, type, family, unit, label, values, help) check_row(family, unit, label, values, help);
	WN_METRICS(X)
#undef X
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(counters_count_by_label),
		T(gauges_are_set),
		T(histograms_are_cumulative),
		T(the_two_forms_differ_in_the_name_of_a_counter_and_in_the_end),
		T(every_family_has_help_and_a_unit_that_ends_its_name),
	};
	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
