/* SPDX-License-Identifier: MIT */
#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/limits.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct pair {
	const char *text, *expected; /* NULL: no date */
};

static void check(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t us = 42;
		char text[40];
		bool is_date = wn_date_parse(wn_str_of(pairs[i].text), &us);
		if (is_date)
			wn_rfc3339_from_us(us, text);
		else
			assert_int_equal(us, 42);
		if (is_date != (pairs[i].expected != NULL) || (is_date && strcmp(text, pairs[i].expected) != 0))
			fail_msg("\"%s\": expected %s, got %s", pairs[i].text,
				 pairs[i].expected ? pairs[i].expected : "none", is_date ? text : "none");
	}
}

static void reads_the_forms_of_the_standards(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},
		{"6 Nov 1994 08:49:37 -0800 (PST)", "1994-11-06T16:49:37Z"},
		{"2026-05-04T10:00:00.25+02:00", "2026-05-04T08:00:00.250Z"},
		{"2026-05-04t10:00:00,5z", "2026-05-04T10:00:00.500Z"},
		{"20231005T081500Z", "2023-10-05T08:15:00Z"},
		{"20231005T0815", "2023-10-05T08:15:00Z"},
		{"2003-12-31T10", "2003-12-31T10:00:00Z"},
		{"2004-W53-6", "2005-01-01T00:00:00Z"},
		{"2004W536", "2005-01-01T00:00:00Z"},
		{"2004-W01", "2003-12-29T00:00:00Z"},
		{"2004-366", "2004-12-31T00:00:00Z"},
		{"2003-366", NULL},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"2003-12-31T24:00:00Z", "2004-01-01T00:00:00Z"},
		{"2003-12-31T24:00:01Z", NULL},
		{"-0312", "2003-12-01T00:00:00Z"},
	};
	check(pairs, WN_COUNT(pairs));
}

static void reads_what_people_write(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"Friday, December 22, 2017 - 3:09pm", "2017-12-22T15:09:00Z"},
		{"December 5, 2020 at 3:30 pm", "2020-12-05T15:30:00Z"},
		{"DECEMBER 5, 2020 AT 3PM", "2020-12-05T15:00:00Z"},
		{"12:15 am 5 May 2020", "2020-05-05T00:15:00Z"},
		{"5 May 2020 12:15 p.m.", "2020-05-05T12:15:00Z"},
		{"12:30 05-06-2020", "2020-06-05T12:30:00Z"},
		{"Sat Oct 28 08:28:28 PM EDT 2023", "2023-10-29T00:28:28Z"},
		{"Sept 3rd, 2021", "2021-09-03T00:00:00Z"},
		{"Donnerstag, 29. März 2018, 14:30 Uhr", "2018-03-29T14:30:00Z"},
		{"3 de enero de 2020", "2020-01-03T00:00:00Z"},
		{"mar. 03 mars 2020", "2020-03-03T00:00:00Z"},
		{"mar., 01 déc. 2020 10h30", "2020-12-01T10:30:00Z"},
		{"2018年10月1日 12:30", "2018-10-01T12:30:00Z"},
		{"2004년 05월 28일  01:31:15", "2004-05-27T16:31:15Z"},
		{"2004-05-25 오후 11:23:17", "2004-05-25T14:23:17Z"},
		{"Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00Z"},
		{"2004-július-13T9:15-05:00", "2004-07-13T14:15:00Z"},
		{"Fri,\xc2\xa0"
		 "01\xc2\xa0May\xc2\xa0"
		 "2020",
		 "2020-05-01T00:00:00Z"},
		{"Пн, 04 мая 2020 10:00:00 +0300", "2020-05-04T07:00:00Z"},
		{"Пятница, 15 Декабря 2017", "2017-12-15T00:00:00Z"},
		{"15 ДЕК 2017 10:00", "2017-12-15T10:00:00Z"},
		{"pon., 4 maja 2020, 10:30", "2020-05-04T10:30:00Z"},
		{"4 Haziran 2020", "2020-06-04T00:00:00Z"},
		{"4.7.2019 10.30", "2019-07-04T10:30:00Z"},
		{"Thu, 04 Jul 2019 10.30.15 GMT", "2019-07-04T10:30:15Z"},
		{"Thu, 04 Jul 2019 15 -0700", "2019-07-04T22:00:00Z"},
		{"Tue,\r\n 05 May 2020\t10:00:00 +0000", "2020-05-05T10:00:00Z"},
	};
	check(pairs, WN_COUNT(pairs));
}

static void numbers_find_their_place_by_width_mark_and_weekday(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"2020/05/04", "2020-05-04T00:00:00Z"},
		{"5/4/2026", "2026-05-04T00:00:00Z"},
		{"25/4/2026", "2026-04-25T00:00:00Z"},
		{"4.5.2026", "2026-05-04T00:00:00Z"},
		{"4-5-2026", "2026-05-04T00:00:00Z"},
		{"25.12.2019 13:45", "2019-12-25T13:45:00Z"},
		/* 2020-06-05 was a Friday, 2020-05-06 a Wednesday. */
		{"Fri, 05/06/2020", "2020-06-05T00:00:00Z"},
		{"Wed, 05/06/2020", "2020-05-06T00:00:00Z"},
		{"4/30/20", "2020-04-30T00:00:00Z"},
		{"Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21Z"},
		{"Thu, 01 Jan 70 19:48:21 GMT", "1970-01-01T19:48:21Z"},
	};
	check(pairs, WN_COUNT(pairs));
}

static void lone_numbers_are_times_since_1970_or_packed_dates(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"1520932969", "2018-03-13T09:22:49Z"},
		{" 1520932969 ", "2018-03-13T09:22:49Z"},
		{"1520932969.5", "2018-03-13T09:22:49.500Z"},
		{"1520932969123", "2018-03-13T09:22:49.123Z"},
		{"1520932969123456", "2018-03-13T09:22:49.123456Z"},
		{"20231005081500", "2023-10-05T08:15:00Z"},
		{"202310050815", "2023-10-05T08:15:00Z"},
		{"20231005", "2023-10-05T00:00:00Z"},
		{"12345", NULL},
		{"12345678901", NULL},
		{"99999999999999999999", NULL},
	};
	check(pairs, WN_COUNT(pairs));
}

static void zones_shift_and_unknown_ones_are_utc(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"Fri, 31 Mar 2017 20:19:00 America/Los_Angeles", "2017-04-01T03:19:00Z"},
		{"Fri, 31 Mar 2017 20:19:00 Etc/GMT+1", "2017-03-31T21:19:00Z"},
		{"Fri, 31 Mar 2017 20:19:00 Mars/Olympus_Mons", "2017-03-31T20:19:00Z"},
		{"Fri, 31 Mar 2017 20:19:00 ../../../etc/passwd", NULL},
		{"Tue, 23 Jan 2018 00:00:00 -0700 MST", "2018-01-23T07:00:00Z"},
		{"2017-11-17 15:24:49 +0000 UTC", "2017-11-17T15:24:49Z"},
		{"2019-10-07T00:00:00.000-04:00[America/New_York]", "2019-10-07T04:00:00Z"},
		{"Thu, 29 Oct 2020 07:36:03 GMT-07:00", "2020-10-29T14:36:03Z"},
		{"2020-05-04T10:00:00+02", "2020-05-04T08:00:00Z"},
		{"Sun, 06 Nov 1994 08:49:37 QQQ", "1994-11-06T08:49:37Z"},
		{"Sun, 06 Nov 1994 08:49:37 A", "1994-11-06T08:49:37Z"},
		{"Tue, 23 Jan 2018 00:00:00 --0700", "2018-01-23T07:00:00Z"},
		{"Tue, 23 Jan 2018 00:00:00 +-0700", "2018-01-23T07:00:00Z"},
		{"Tue, 23 Jan 2018 10:00:00 0200", "2018-01-23T08:00:00Z"},
		{"Tue, 23 Jan 2018 10:00:00 00:00", "2018-01-23T10:00:00Z"},
		{"23.01.2018 -0700", "2018-01-23T07:00:00Z"},
		{"2018-01-23 10:00:00 -0700 -0700", "2018-01-23T17:00:00Z"},
		{"2018-01-23T10:00:00-07:00:00", "2018-01-23T17:00:00Z"},
		{"Sun Jan 15 01:16:00 2012", "2012-01-15T01:16:00Z"},
		{"Tue, 23 Jan 2018 00:00:00 ---0700", NULL},
		{"Tue, 23 Jan 2018 00:00:00 9999", NULL},
		{"2020-05-04T10:00:00+16:00", NULL},
		{"2020-05-04T10:00:00+02:60", NULL},
	};
	check(pairs, WN_COUNT(pairs));
}

static void what_is_no_date_is_none(void **state)
{
	(void)state;
	static const struct pair pairs[] = {
		{"", NULL},
		{" ", NULL},
		{"abc", NULL},
		{"tomorrow", NULL},
		{"12:30", NULL},
		{"Jan 5", NULL},
		{"0", NULL},
		{"20", NULL},
		{"abc 2003", NULL},
		{"2020-02-30", NULL},
		{"2003-13-31", NULL},
		{"2003-00-31", NULL},
		{"31 June 2004", NULL},
		{"0000-01-01", NULL},
		{"0001-01-01T00:00:00+01:00", NULL},
		{"2003-12-31T", NULL},
		{"2003-12-31T25:14:55Z", NULL},
		{"2003-12-31T10:61:55Z", NULL},
		{"5 May 2020 by John", NULL},
		{"1 2 3 4", NULL},
		{"5 May June 2020", NULL},
		{"+2020", NULL},
		{"2020-05-04 (unclosed", NULL},
		{"pm 5 May 2020", NULL},
		{"5 M\xc3\xff 2020", NULL},
		{"--------", NULL},
		{"2020-05-04T10:00:00Z;DROP TABLE", NULL},
	};
	check(pairs, WN_COUNT(pairs));
	char big[WN_DATE_TEXT_MAX + 2];
	memset(big, ' ', sizeof(big));
	memcpy(big, "2020-05-04", 10);
	int64_t us;
	assert_true(wn_date_parse((struct wn_str){big, WN_DATE_TEXT_MAX}, &us));
	assert_false(wn_date_parse((struct wn_str){big, WN_DATE_TEXT_MAX + 1}, &us));
}

static void rfc3339_is_strict(void **state)
{
	(void)state;
	int64_t s;
	int32_t ns;
	assert_true(wn_rfc3339_parse(WN_STR("2026-05-04T10:00:00.123456789123+05:30"), &s, &ns));
	assert_int_equal(s, 1777869000);
	assert_int_equal(ns, 123456789);
	assert_true(wn_rfc3339_parse(WN_STR("0001-01-01T00:00:00Z"), &s, NULL));
	assert_int_equal(s, WN_YEAR_1_S);
	assert_true(wn_rfc3339_parse(WN_STR("9999-12-31T23:59:59.999999999Z"), &s, NULL));
	assert_int_equal(s, WN_YEAR_9999_S);
	static const char *const bad[] = {
		"2026-05-04 10:00:00Z",      "2026-05-04T10:00Z",
		"2026-05-04T10:00:00",       "2026-5-04T10:00:00Z",
		"2026-05-04T10:00:00.Z",     "2026-05-04T10:00:00+0200",
		"2026-02-29T10:00:00Z",      "2026-05-04T24:00:00Z",
		"2026-05-04T10:00:00Zx",     "2026-05-04T10:00:00+24:00",
		"9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01",
		"2026-05-04T10:00:61Z",      "",
	};
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_false(wn_rfc3339_parse(wn_str_of(bad[i]), &s, &ns));
}

static void the_calendar_goes_both_ways_for_ten_thousand_years(void **state)
{
	(void)state;
	int64_t expected = wn_days_from_civil(0, 1, 1);
	assert_int_equal(wn_days_from_civil(1970, 1, 1), 0);
	for (int64_t year = 0; year < 10000; year++)
		for (int month = 1; month <= 12; month++) {
			int last = wn_days_in_month(year, month);
			assert_int_equal(wn_days_from_civil(year, month, 1), expected);
			int64_t y;
			int m, d;
			wn_civil_from_days(expected + last - 1, &y, &m, &d);
			assert_true(y == year && m == month && d == last);
			expected += last;
		}
}

static void instants_are_written_in_their_forms(void **state)
{
	(void)state;
	char text[40];
	int64_t us = INT64_C(1777888800) * WN_SECOND;
	wn_rfc3339_from_us(us, text);
	assert_string_equal(text, "2026-05-04T10:00:00Z");
	wn_rfc3339_from_us(us + 120000, text);
	assert_string_equal(text, "2026-05-04T10:00:00.120Z");
	wn_rfc3339_from_us(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
	wn_imf_fixdate(us, text);
	assert_string_equal(text, "Mon, 04 May 2026 10:00:00 GMT");
	wn_imf_fixdate(-WN_DAY, text);
	assert_string_equal(text, "Wed, 31 Dec 1969 00:00:00 GMT");
	wn_rfc3339_from_us(INT64_MIN, text);
	wn_rfc3339_from_us(INT64_MAX, text);
	wn_imf_fixdate(INT64_MIN, text);
}

static void durations_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"90s", 90 * WN_SECOND},
		{"5m", 5 * WN_MINUTE},
		{"24h", WN_DAY},
		{"7d", 7 * WN_DAY},
		{"6w", 42 * WN_DAY},
		{"1d12h", 36 * WN_HOUR},
		{"1d 12h", 36 * WN_HOUR},
		{"1.5h", 90 * WN_MINUTE},
		{"500ms", 500000},
		{"10us", 10},
		{"0", 0},
		{"0s", 0},
		{"-5m", -5 * WN_MINUTE},
		{"P7D", 7 * WN_DAY},
		{"P2W", 14 * WN_DAY},
		{"PT1H30M", 90 * WN_MINUTE},
		{"P1DT12H", 36 * WN_HOUR},
		{"PT0.5S", 500000},
		{"1w2d3h4m5s6ms7us", 9 * WN_DAY + 3 * WN_HOUR + 4 * WN_MINUTE + 5 * WN_SECOND + 6007},
	};
	for (size_t i = 0; i < WN_COUNT(good); i++) {
		int64_t us;
		if (!wn_duration_parse(wn_str_of(good[i].text), &us) || us != good[i].us)
			fail_msg("%s", good[i].text);
	}
}

static void durations_that_could_be_misread_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"5",
		"s",
		"5 d",
		"1h1d",
		"1h1h",
		"1d ",
		" 1d",
		"1.5us",
		"1.0000001s",
		"1.s",
		".5s",
		"P",
		"PT",
		"P1Y",
		"P1M",
		"P1DT",
		"1d12",
		"5min",
		"--5s",
		"-",
		"99999999999999999999s",
		"999999999999999w",
		"P7D1H",
		"5S",
		"1e3s",
		"PT1H1H",
	};
	int64_t us = 42;
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		if (wn_duration_parse(wn_str_of(bad[i]), &us))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(us, 42);
}

static void durations_are_written_short_and_read_back(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} pairs[] = {
		{14 * WN_DAY, "14d"},
		{90 * WN_MINUTE, "1h30m"},
		{500000, "500ms"},
		{0, "0s"},
		{1, "1us"},
		{-90 * WN_SECOND, "-1m30s"},
		{36 * WN_HOUR, "1d12h"},
		{WN_SECOND + 1001, "1s1ms1us"},
	};
	for (size_t i = 0; i < WN_COUNT(pairs); i++) {
		char text[40];
		int64_t back;
		wn_duration_to_text(pairs[i].us, text);
		assert_string_equal(text, pairs[i].text);
		assert_true(wn_duration_parse(wn_str_of(text), &back));
		assert_int_equal(back, pairs[i].us);
	}
	char text[40];
	wn_duration_to_text(INT64_MIN, text);
	wn_duration_to_text(INT64_MAX, text);
	assert_true(strlen(text) < sizeof(text));
}

static void distances_read_like_speech(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} pairs[] = {
		{0, "now"},
		{400000, "now"},
		{-400000, "now"},
		{45 * WN_SECOND, "in 45 s"},
		{-5 * WN_MINUTE, "5 min ago"},
		{3 * WN_HOUR, "in 3 h"},
		{-2 * WN_DAY, "2 d ago"},
		{47 * WN_HOUR, "in 47 h"},
		{20 * WN_DAY, "in 20 d"},
	};
	for (size_t i = 0; i < WN_COUNT(pairs); i++) {
		char text[40];
		wn_relative_to_text(pairs[i].us, text);
		assert_string_equal(text, pairs[i].text);
	}
	char text[40];
	wn_relative_to_text(INT64_MIN, text);
	wn_relative_to_text(WN_NEVER, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_forms_of_the_standards),
		cmocka_unit_test(reads_what_people_write),
		cmocka_unit_test(numbers_find_their_place_by_width_mark_and_weekday),
		cmocka_unit_test(lone_numbers_are_times_since_1970_or_packed_dates),
		cmocka_unit_test(zones_shift_and_unknown_ones_are_utc),
		cmocka_unit_test(what_is_no_date_is_none),
		cmocka_unit_test(rfc3339_is_strict),
		cmocka_unit_test(the_calendar_goes_both_ways_for_ten_thousand_years),
		cmocka_unit_test(instants_are_written_in_their_forms),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(durations_that_could_be_misread_are_refused),
		cmocka_unit_test(durations_are_written_short_and_read_back),
		cmocka_unit_test(distances_read_like_speech),
	};
	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
