/* SPDX-License-Identifier: MIT */
/*
 * Zones against zdump: around every transition that `zdump -v` lists between 1990 and 2037 (and some beyond the
 * table), the second before and the second after must have the listed offset. A sample of zones by name, then every
 * zone installed.
 */
#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/tz.h>

#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct wn_tz *load(const char *name)
{
	struct wn_tz *tz = NULL;
	struct wn_err err;
	if (wn_tz_load(name, &tz, &err))
		fail_msg("%s: %s", name, err.text);
	return tz;
}

static int64_t at(const char *text)
{
	int64_t s;
	if (!wn_rfc3339_parse(wn_str_of(text), &s, NULL))
		fail_msg("%s", text);
	return s * WN_SECOND;
}

static int month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	return (int)(strstr(names, name) - names) / 3 + 1;
}

/* "Zone  Sun Mar 30 00:59:59 2025 UT = Sun Mar 30 01:59:59 2025 CET isdst=0 gmtoff=3600" */
static int check_line(const struct wn_tz *tz, const char *line)
{
	char month[4];
	int day, h, m, s;
	long long year;
	const char *offset = strstr(line, "gmtoff=");
	if (!offset || sscanf(line, "%*s %*3s %3s %d %d:%d:%d %lld UT", month, &day, &h, &m, &s, &year) != 6)
		return 0;
	int64_t us =
		(wn_days_from_civil(year, month_of(month), day) * 86400 + h * 3600 + m * 60 + s) * WN_SECOND;
	int expected = 0;
	sscanf(offset, "gmtoff=%d", &expected);
	if (wn_tz_offset(tz, us) != expected)
		fail_msg("%s: got %d", line, wn_tz_offset(tz, us));
	return 1;
}

static int check_zone(const char *name, const char *years)
{
	char command[200], line[400];
	int checked = 0;
	struct wn_tz *tz = load(name);
	snprintf(command, sizeof(command), "zdump -v -c %s %s", years, name);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		checked += check_line(tz, line);
	pclose(f);
	wn_tz_free(tz);
	return checked;
}

static bool have_zdump(void) { return system("zdump UTC >/dev/null 2>&1") == 0; }

static void agrees_with_zdump_in_the_sample(void **state)
{
	(void)state;
	static const char *const zones[] = {
		"Europe/Berlin",
		"America/New_York",
		"Australia/Lord_Howe",
		"Asia/Kathmandu",
		"Africa/Casablanca",
		"Europe/Dublin",
		"America/St_Johns",
		"Pacific/Apia",
		"Asia/Tehran",
		"America/Sao_Paulo",
		"Antarctica/Troll",
		"Asia/Gaza",
		"America/Nuuk",
		"Europe/London",
		"EST5EDT",
		"UTC",
	};
	if (!have_zdump())
		skip();
	for (size_t i = 0; i < WN_COUNT(zones); i++) {
		int checked = check_zone(zones[i], "1990,2037");
		if (strcmp(zones[i], "UTC") != 0 && strcmp(zones[i], "Asia/Kathmandu") != 0)
			assert_true(checked >= 4);
	}
}

static void agrees_with_zdump_beyond_the_table(void **state)
{
	(void)state;
	static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
					    "Europe/Dublin", "America/Nuuk"};
	if (!have_zdump())
		skip();
	for (size_t i = 0; i < WN_COUNT(zones); i++)
		assert_true(check_zone(zones[i], "2037,2120") > 4);
}

static int zones_checked;

/* A link is the same file again. */
static int check_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen("/usr/share/zoneinfo/");
	struct wn_tz *tz = NULL;
	(void)st;
	(void)ftw;
	if (type != FTW_F || strncmp(name, "posix/", 6) == 0 || strncmp(name, "right/", 6) == 0 || wn_tz_load(name, &tz, NULL))
		return 0;
	wn_tz_free(tz);
	zones_checked++;
	check_zone(name, "1990,2060");
	return 0;
}

static void agrees_with_zdump_everywhere(void **state)
{
	(void)state;
	if (!have_zdump() || access("/usr/share/zoneinfo/zone1970.tab", R_OK) != 0)
		skip();
	assert_int_equal(nftw("/usr/share/zoneinfo", check_file, 8, FTW_PHYS), 0);
	assert_true(zones_checked > 300);
}

static size_t zones_of(const char *country, struct wn_str names[4])
{
	static const char table[] = "# comment\nCH,DE,LI\t+4723+00832\tEurope/Zurich\tB\nDE,DK\t+5230+01322\tEurope/Berlin\tmost\nIS\t+6409-02151\tX/Y";
	return wn_tz_country(WN_STR(table), wn_str_of(country), names, 4);
}

static void a_country_has_the_zones_of_every_line_that_lists_it(void **state)
{
	(void)state;
	struct wn_str names[4];
	assert_int_equal(zones_of("DE", names), 2);
	assert_true(wn_str_is(names[0], "Europe/Zurich") && wn_str_is(names[1], "Europe/Berlin"));
	assert_int_equal(zones_of("IS", names), 1);
	assert_true(wn_str_is(names[0], "X/Y"));
	assert_int_equal(zones_of("EL", names), 0);
	assert_int_equal(zones_of("D", names), 0);
}

static bool agree(const char *a, const char *b, const char *from)
{
	struct wn_tz *x = load(a), *y = load(b);
	bool agreed = wn_tz_agree(x, y, at(from)) && wn_tz_agree(y, x, at(from));
	wn_tz_free(x);
	wn_tz_free(y);
	return agreed;
}

static void zones_agree_from_their_last_difference_on(void **state)
{
	(void)state;
	assert_true(agree("Europe/Berlin", "Europe/Zurich", "2026-01-01T00:00:00Z"));
	assert_false(agree("Europe/Berlin", "Europe/Zurich", "1980-01-01T00:00:00Z"));
	assert_true(agree("America/Argentina/Buenos_Aires", "America/Argentina/San_Luis", "2010-01-01T00:00:00Z"));
	assert_false(agree("America/Argentina/Buenos_Aires", "America/Argentina/San_Luis", "2009-01-01T00:00:00Z"));
	assert_false(agree("America/New_York", "America/Chicago", "2026-01-01T00:00:00Z"));
	/* One time in summer, two in winter. */
	assert_false(agree("America/Denver", "America/Phoenix", "2026-01-01T00:00:00Z"));
}

static void a_skipped_local_time_moves_forward_by_the_gap(void **state)
{
	(void)state;
	struct wn_tz *tz = load("Europe/Berlin");
	assert_int_equal(wn_tz_from_local(tz, at("2025-03-30T02:30:00Z")), at("2025-03-30T01:30:00Z"));
	assert_int_equal(wn_tz_from_local(tz, at("2025-03-30T01:59:59Z")), at("2025-03-30T00:59:59Z"));
	assert_int_equal(wn_tz_from_local(tz, at("2025-03-30T03:00:00Z")), at("2025-03-30T01:00:00Z"));
	wn_tz_free(tz);
	/* Samoa had no December 30th in 2011. */
	tz = load("Pacific/Apia");
	assert_int_equal(wn_tz_from_local(tz, at("2011-12-30T12:00:00Z")), at("2011-12-30T22:00:00Z"));
	wn_tz_free(tz);
}

static void a_repeated_local_time_is_the_first_one(void **state)
{
	(void)state;
	struct wn_tz *tz = load("Europe/Berlin");
	assert_int_equal(wn_tz_from_local(tz, at("2025-10-26T02:30:00Z")), at("2025-10-26T00:30:00Z"));
	assert_int_equal(wn_tz_from_local(tz, at("2025-10-26T03:00:00Z")), at("2025-10-26T02:00:00Z"));
	wn_tz_free(tz);
	tz = load("America/New_York");
	assert_int_equal(wn_tz_from_local(tz, at("2090-11-05T01:30:00Z")), at("2090-11-05T05:30:00Z"));
	wn_tz_free(tz);
}

static void local_and_back_is_the_same_outside_of_changes(void **state)
{
	(void)state;
	static const char *const zones[] = {"Europe/Berlin", "Asia/Kathmandu", "America/St_Johns",
					    "Africa/Casablanca"};
	for (size_t i = 0; i < WN_COUNT(zones); i++) {
		struct wn_tz *tz = load(zones[i]);
		/* Noon of every 11th day: nobody changes clocks at noon. */
		for (int64_t local = at("1990-01-01T12:00:00Z"); local < at("2060-01-01T00:00:00Z");
		     local += 11 * WN_DAY)
			assert_int_equal(wn_tz_to_local(tz, wn_tz_from_local(tz, local)), local);
		wn_tz_free(tz);
	}
}

static void times_before_1970_round_down(void **state)
{
	(void)state;
	struct wn_tz *tz = load("UTC");
	assert_int_equal(wn_tz_offset(tz, -1), 0);
	assert_int_equal(wn_tz_offset(tz, INT64_MIN / 2), 0);
	wn_tz_free(tz);
}

static void names_cannot_leave_the_directory(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",        "/etc/passwd",  "../../../etc/passwd", "Europe/../../x",
		"Europe/", "zone1970.tab", "Europe/Ber\nlin",     "Europe/Berlin\x80"};
	struct wn_tz *tz = NULL;
	struct wn_err err;
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_int_equal(wn_tz_load(bad[i], &tz, &err), WN_INVALID);
	assert_int_equal(wn_tz_load("Europe/Atlantis", &tz, &err), WN_NOT_FOUND);
	assert_int_equal(wn_tz_load("Europe", &tz, &err), WN_NOT_FOUND);
	assert_int_equal(wn_tz_load("leapseconds", &tz, &err), WN_INVALID);
	assert_null(tz);
}

static void a_cut_file_is_refused_at_every_length(void **state)
{
	(void)state;
	char bytes[8192];
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	if (!f)
		skip();
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	struct wn_tz *tz = NULL;
	for (size_t cut = 0; cut < n; cut++) {
		/* In memory of its own, so that a read behind the end is seen. */
		char *copy = malloc(cut ? cut : 1);
		memcpy(copy, bytes, cut);
		assert_int_equal(wn_tz_parse((struct wn_str){copy, cut}, &tz, NULL), WN_INVALID);
		free(copy);
	}
	assert_int_equal(wn_tz_parse((struct wn_str){bytes, n}, &tz, NULL), WN_OK);
	wn_tz_free(tz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_zdump_in_the_sample),
		cmocka_unit_test(agrees_with_zdump_beyond_the_table),
		cmocka_unit_test(agrees_with_zdump_everywhere),
		cmocka_unit_test(a_country_has_the_zones_of_every_line_that_lists_it),
		cmocka_unit_test(zones_agree_from_their_last_difference_on),
		cmocka_unit_test(a_skipped_local_time_moves_forward_by_the_gap),
		cmocka_unit_test(a_repeated_local_time_is_the_first_one),
		cmocka_unit_test(local_and_back_is_the_same_outside_of_changes),
		cmocka_unit_test(times_before_1970_round_down),
		cmocka_unit_test(names_cannot_leave_the_directory),
		cmocka_unit_test(a_cut_file_is_refused_at_every_length),
	};
	return cmocka_run_group_tests_name("tz", tests, NULL, NULL);
}
