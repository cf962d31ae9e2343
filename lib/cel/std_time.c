/* SPDX-License-Identifier: MIT */
/*
 * The getters of timestamps (with an optional zone: a name or "+01:30") and durations; days() and weeks().
 */
#include "cel_internal.h"

#include <ctype.h>
#include <math.h>
#include <whynow/date.h>
#include <whynow/tz.h>

enum getter { YEAR, MONTH, DAY_OF_YEAR, DAY_OF_MONTH, DATE, DAY_OF_WEEK, HOURS, MINUTES, SECONDS, MILLISECONDS };

/* "+01:30", "-08:00", "02:00" to seconds. */
static bool parse_offset(struct wn_str s, int64_t *out)
{
	int64_t sign = 1, v[2] = {0, 0};
	size_t i = 0;

	if (s.n > 0 && (s.p[0] == '+' || s.p[0] == '-'))
		sign = s.p[i++] == '-' ? -1 : 1;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		for (; i < s.n && isdigit((unsigned char)s.p[i]) && digits < 2; i++, digits++)
			v[part] = v[part] * 10 + (s.p[i] - '0');
		if (digits == 0 || (part == 0 && (i >= s.n || s.p[i++] != ':')))
			return false;
	}
	*out = sign * (v[0] * 3600 + v[1] * 60);
	return i == s.n && v[0] <= 23 && v[1] <= 59;
}

static bool zone_offset(struct cel_run *r, const struct cel_node *n, struct wn_value at, struct wn_value zone, int64_t *out)
{
	struct wn_str s = wn_value_str(zone);
	struct wn_tz *tz = NULL;
	char name[100];

	if (zone.kind != WN_STRING)
		return cel_no_overload(r, n);
	if (n->call.prepared) {
		*out = wn_tz_offset(n->call.prepared, wn_value_us(at));
		return true;
	}
	if (memchr(s.p, ':', s.n))
		return parse_offset(s, out) || cel_fail_with(r, n, "this is no offset from UTC", zone);
	if (s.n == 0 || s.n >= sizeof(name) || memchr(s.p, 0, s.n) || !cel_charge(r, n, 1000))
		return r->stopped ? false : cel_fail_with(r, n, "there is no time zone of this name", zone);
	memcpy(name, s.p, s.n);
	name[s.n] = 0;
	if (wn_tz_load(name, &tz, NULL) != WN_OK)
		return cel_fail_with(r, n, "there is no time zone of this name", zone);
	*out = wn_tz_offset(tz, wn_value_us(at));
	wn_tz_free(tz);
	return true;
}

static int64_t civil_part(enum getter what, int64_t sec, int32_t ns)
{
	int64_t days = sec >= 0 ? sec / 86400 : -((-sec + 86399) / 86400), rest = sec - days * 86400, year;
	int month, day;

	wn_civil_from_days(days, &year, &month, &day);
	switch (what) {
	case YEAR: return year;
	case MONTH: return month - 1;
	case DAY_OF_YEAR: return days - wn_days_from_civil(year, 1, 1);
	case DAY_OF_MONTH: return day - 1;
	case DATE: return day;
	case DAY_OF_WEEK: return ((days + 4) % 7 + 7) % 7;
	case HOURS: return rest / 3600;
	case MINUTES: return rest / 60 % 60;
	case SECONDS: return rest % 60;
	default: return ns / 1000000;
	}
}

/* A duration has hours, minutes and seconds in all, but only the milliseconds within the second. */
static bool duration_part(struct cel_run *r, const struct cel_node *n, enum getter what, struct wn_value v, struct wn_value *out)
{
	if (n->n_args != 1 || what < HOURS)
		return cel_no_overload(r, n);
	*out = wn_int(what == HOURS ? v.i / 3600 : what == MINUTES ? v.i / 60 : what == SECONDS ? v.i : v.aux / 1000000);
	return true;
}

static bool get(struct cel_run *r, const struct cel_node *n, enum getter what, const struct wn_value *v, struct wn_value *out)
{
	int64_t offset = 0;

	if (v[0].kind == WN_DURATION)
		return duration_part(r, n, what, v[0], out);
	if (v[0].kind != WN_TIMESTAMP)
		return cel_no_overload(r, n);
	if (n->n_args == 2 && !zone_offset(r, n, v[0], v[1], &offset))
		return false;
	*out = wn_int(civil_part(what, v[0].i + offset, v[0].aux));
	return true;
}

#define GETTER(name, what)                                                                                           \
	static bool name(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out) \
	{                                                                                                            \
		return get(r, n, what, v, out);                                                                      \
	}
GETTER(get_year, YEAR)
GETTER(get_month, MONTH)
GETTER(get_day_of_year, DAY_OF_YEAR)
GETTER(get_day_of_month, DAY_OF_MONTH)
GETTER(get_date, DATE)
GETTER(get_day_of_week, DAY_OF_WEEK)
GETTER(get_hours, HOURS)
GETTER(get_minutes, MINUTES)
GETTER(get_seconds, SECONDS)
GETTER(get_milliseconds, MILLISECONDS)

const struct cel_row cel_rows_time[] = {
	{"getFullYear", ".t>i .ts>i", get_year},
	{"getMonth", ".t>i .ts>i", get_month},
	{"getDayOfYear", ".t>i .ts>i", get_day_of_year},
	{"getDayOfMonth", ".t>i .ts>i", get_day_of_month},
	{"getDate", ".t>i .ts>i", get_date},
	{"getDayOfWeek", ".t>i .ts>i", get_day_of_week},
	{"getHours", ".t>i .ts>i .D>i", get_hours},
	{"getMinutes", ".t>i .ts>i .D>i", get_minutes},
	{"getSeconds", ".t>i .ts>i .D>i", get_seconds},
	{"getMilliseconds", ".t>i .ts>i .D>i", get_milliseconds},
	{0},
};

/* --- durations by the day ------------------------------------------------------------------------------ */
static bool by_the_day(struct cel_run *r, const struct cel_node *n, struct wn_value v, int64_t seconds, struct wn_value *out)
{
	int64_t sec;
	double d;

	if (v.kind == WN_INT)
		return (!__builtin_mul_overflow(v.i, seconds, &sec) && cel_duration_make(sec, 0, out)) || cel_fail(r, n, "the duration is out of range");
	if (v.kind != WN_DOUBLE)
		return cel_no_overload(r, n);
	d = v.d * (double)seconds;
	if (!(fabs(d) < 1e12) || !cel_duration_make((int64_t)d, (int64_t)((d - trunc(d)) * 1e9), out))
		return cel_fail(r, n, "the duration is out of range");
	return true;
}

static bool days(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return by_the_day(r, n, *v, 86400, out);
}

static bool weeks(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return by_the_day(r, n, *v, 7 * 86400, out);
}

const struct cel_row cel_rows_ext_days[] = {
	{"days", "i>D d>D", days},
	{"weeks", "i>D d>D", weeks},
	{0},
};
