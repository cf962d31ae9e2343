/* SPDX-License-Identifier: MIT */
/*
 * Which number is year, month, day. The rules, in words:
 * - with a month by name: the number of four digits, else the last one, is the year, the other the day; one
 * number is a year and must have four digits;
 * - three numbers without one: a first number of four digits is the year, then month, day; a last one of four
 * digits is the year, and in front of it the day comes first, but behind slashes the month (then a weekday that
 * fits only one reading, or a number over 12, decides); three short ones are YY-MM-DD, MM/DD/YY or DD.MM.YY by
 * their mark;
 * - two: year and month, or year and day of the year (ISO 8601);
 * - one: YYYY, YYMMDD, YYYYDDD, YYYYMMDD, YYYYMMDDHHMM(SS), or the seconds, milliseconds or microseconds since
 * 1970.
 */
#include "date_scan.h"

#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/tz.h>

struct day {
	int64_t year;
	int64_t month, day;
};

/* RFC 5322 4.3 for two digits. */
static int64_t year_of(struct date_number n)
{
	if (n.digits > 2)
		return n.value;
	return n.value + (n.value < 50 ? 2000 : 1900);
}

/* Years inside ISO 8601's short forms are of this century. */
static int64_t iso_year_of(int64_t value) { return 2000 + value; }

static bool is_day(struct day d)
{
	return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= wn_days_in_month(d.year, (int)d.month);
}

static bool is_on(struct day d, int weekday)
{
	/* 1970-01-01 was a Thursday. */
	return is_day(d) && ((wn_days_from_civil(d.year, (int)d.month, (int)d.day) + 4) % 7 + 7) % 7 == weekday;
}

static bool by_month_name(const struct date_scan *s, struct day *d)
{
	const struct date_number *a = &s->numbers[0], *b = &s->numbers[1];
	d->month = s->month;
	if (s->n == 1 && a->digits == 4) {
		*d = (struct day){a->value, s->month, 1};
		return true;
	}
	if (s->n != 2 || a->digits == 3 || b->digits == 3 || a->digits > 4 || b->digits > 4)
		return false;
	bool year_first = a->digits == 4 || (a->value > 31 && b->digits != 4);
	*d = year_first ? (struct day){year_of(*a), s->month, b->value}
			: (struct day){year_of(*b), s->month, a->value};
	return true;
}

/* a and b are day and month in an order that the marks, the values and the weekday decide. */
static struct day day_or_month_first(const struct date_scan *s, int64_t a, int64_t b, int64_t year)
{
	struct day day_first = {year, b, a}, month_first = {year, a, b};
	bool prefers_month = s->numbers[1].mark == '/';
	if (!is_day(day_first) || !is_day(month_first))
		return is_day(day_first) ? day_first : month_first;
	if (s->weekday >= 0 && is_on(day_first, s->weekday) != is_on(month_first, s->weekday))
		return is_on(day_first, s->weekday) ? day_first : month_first;
	return prefers_month ? month_first : day_first;
}

static bool by_three(const struct date_scan *s, struct day *d)
{
	const struct date_number *n = s->numbers;
	/* Some writers pad the month: 2003-012-31. */
	bool padded = n[1].digits == 3 && n[1].value <= 12;
	if ((n[1].digits > 2 && !padded) || s->leading_dash)
		return false;
	if (n[0].digits == 4 && n[2].digits <= 2)
		*d = (struct day){n[0].value, n[1].value, n[2].value};
	else if (n[0].digits <= 2 && n[2].digits == 4)
		*d = day_or_month_first(s, n[0].value, n[1].value, n[2].value);
	else if (n[0].digits > 2 || n[2].digits > 2)
		return false;
	else if (n[1].mark == '-')
		*d = (struct day){iso_year_of(n[0].value), n[1].value, n[2].value};
	else
		*d = day_or_month_first(s, n[0].value, n[1].value, year_of(n[2]));
	return true;
}

/* Day `ordinal` of the year. */
static bool by_ordinal(int64_t year, int64_t ordinal, struct day *d)
{
	int month, day;
	int64_t same_year;
	if (year < 1 || year > 9999 || ordinal < 1 || ordinal > 366)
		return false;
	wn_civil_from_days(wn_days_from_civil(year, 1, 1) + ordinal - 1, &same_year, &month, &day);
	*d = (struct day){year, month, day};
	return same_year == year;
}

/* ISO 8601: week 1 has January 4th; weeks begin on Monday. */
static bool by_week(const struct date_scan *s, struct day *d)
{
	const struct date_number *n = s->numbers;
	int64_t year = n[0].value, week = n[1].value, weekday = 1;
	if (n[0].digits != 4 || s->n < 2 || year < 1)
		return false;
	if (n[1].digits == 3)
		weekday = week % 10, week /= 10;
	else if (s->n == 3 && n[2].digits == 1)
		weekday = n[2].value;
	if (week < 1 || week > 53 || weekday < 1 || weekday > 7 || n[1].digits > 3)
		return false;
	int64_t fourth = wn_days_from_civil(year, 1, 4);
	int64_t monday = fourth - ((fourth + 3) % 7 + 7) % 7;
	int month, day;
	wn_civil_from_days(monday + (week - 1) * 7 + weekday - 1, &d->year, &month, &day);
	d->month = month, d->day = day;
	return true;
}

static bool by_two(const struct date_scan *s, struct day *d)
{
	struct date_number a = s->numbers[0], b = s->numbers[1];
	if (b.mark != '-' && b.mark != '/' && b.mark != 0)
		return false;
	if (s->leading_dash && a.digits == 2 && b.digits == 2) {
		*d = (struct day){iso_year_of(a.value), b.value, 1};
		return true;
	}
	if (s->leading_dash || a.digits != 4)
		return false;
	if (b.digits == 3)
		return by_ordinal(a.value, b.value, d);
	*d = (struct day){a.value, b.value, 1};
	return b.digits == 2 || s->korean;
}

static bool by_one(const struct date_scan *s, struct day *d)
{
	int64_t v = s->numbers[0].value;
	int digits = s->numbers[0].digits;
	if (s->leading_dash) {
		*d = (struct day){iso_year_of(v / 100), v % 100, 1};
		return digits == 4;
	}
	if (s->words > s->has_zone && digits < 8)
		return false;
	switch (digits) {
	case 4:
		*d = (struct day){v, 1, 1};
		return !s->has_time;
	case 6:
		*d = (struct day){iso_year_of(v / 10000), v / 100 % 100, v % 100};
		return true;
	case 7:
		return by_ordinal(v / 1000, v % 1000, d);
	case 8:
		*d = (struct day){v / 10000, v / 100 % 100, v % 100};
		return true;
	default:
		return false;
	}
}

static bool find_day(const struct date_scan *s, struct day *d)
{
	if (s->week)
		return !s->month && by_week(s, d);
	if (s->month)
		return !s->leading_dash && by_month_name(s, d);
	if (s->n == 3)
		return by_three(s, d);
	if (s->n == 2)
		return by_two(s, d);
	return s->n == 1 && by_one(s, d);
}

/* Seconds of the day, up to 86400 for 24:00; -1: no time of day. */
static int64_t second_of_day(const struct date_scan *s)
{
	int hour = s->hour;
	/* "17:00 pm" is said often enough: past twelve the half of the day is settled. */
	if (s->half_day == 2 && hour < 12)
		hour += 12;
	if (s->half_day == 1 && hour == 12)
		hour = 0;
	if (hour == 24 && (s->minute || s->second || s->us))
		return -1;
	return hour * 3600 + s->minute * 60 + s->second;
}

static int64_t to_utc(const struct date_scan *s, int64_t local_us)
{
	struct wn_tz *tz = NULL;
	char name[64];
	if (s->has_offset || !s->zone_name.n || s->zone_name.n >= sizeof(name))
		return local_us - (s->has_zone ? s->offset_s : s->korean ? 9 * 3600 : 0) * WN_SECOND;
	memcpy(name, s->zone_name.p, s->zone_name.n);
	name[s->zone_name.n] = '\0';
	if (wn_tz_load(name, &tz, NULL))
		return local_us;
	int64_t us = wn_tz_from_local(tz, local_us);
	wn_tz_free(tz);
	return us;
}

static bool in_range(int64_t us)
{
	return us >= WN_YEAR_1_S * WN_SECOND && us < (WN_YEAR_9999_S + 1) * WN_SECOND;
}

static bool finish(const struct date_scan *s, struct day d, int64_t seconds, int64_t *out_us)
{
	if (!is_day(d) || seconds < 0)
		return false;
	int64_t days = wn_days_from_civil(d.year, (int)d.month, (int)d.day);
	int64_t us = to_utc(s, (days * 86400 + seconds) * WN_SECOND + s->us);
	if (!in_range(us))
		return false;
	*out_us = us;
	return true;
}

/* A lone number of 12 or 14 digits that reads as a date and a time of day. */
static bool by_long_number(const struct date_scan *s, int64_t *out_us)
{
	int64_t v = s->numbers[0].value * (s->numbers[0].digits == 12 ? 100 : 1);
	int64_t hour = v / 10000 % 100, minute = v / 100 % 100, second = v % 100;
	struct day d = {v / INT64_C(10000000000), v / 100000000 % 100, v / 1000000 % 100};
	return hour < 24 && minute < 60 && second < 60 && d.year >= 1900 &&
	       finish(s, d, hour * 3600 + minute * 60 + second, out_us);
}

/* A lone number as time since 1970: 9 or 10 digits are seconds, 12 or 13 milliseconds, 15 or 16 microseconds.
 */
static bool by_epoch(const struct date_scan *s, int64_t *out_us)
{
	static const int64_t scales[] = {1000000, 1000, 1};
	int digits = s->numbers[0].digits;
	if (digits < 9 || digits > 16 || digits % 3 == 2)
		return false;
	int64_t us = s->numbers[0].value * scales[(digits - 9) / 3] + (digits < 12 ? s->us : 0);
	if (!in_range(us))
		return false;
	*out_us = us;
	return true;
}

bool date_resolve(const struct date_scan *s, int64_t *out_us)
{
	struct day d;
	bool alone = s->n == 1 && s->numbers[0].digits >= 9 && !s->month && !s->has_time && !s->leading_dash;
	if (alone)
		return by_long_number(s, out_us) || (!s->words && by_epoch(s, out_us));
	if (s->half_day && !s->has_time)
		return false;
	return find_day(s, &d) && finish(s, d, s->has_time ? second_of_day(s) : 0, out_us);
}
