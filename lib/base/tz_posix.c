/* SPDX-License-Identifier: MIT */
/* POSIX TZ strings: "CET-1CEST,M3.5.0,M10.5.0/3". Negative daylight time ("IST-1GMT0,...") needs no special
 * care. */
#include "tz_posix.h"

#include <whynow/date.h>

struct reader {
	const char *p, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool read_int(struct reader *r, int max, int *out)
{
	int value = 0;
	const char *start = r->p;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		value = value * 10 + (*r->p - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return r->p > start;
}

/* At least three letters, or anything between < and >. */
static bool skip_name(struct reader *r)
{
	const char *start = r->p;
	if (take(r, '<')) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		return take(r, '>');
	}
	while (r->p < r->end && (*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z')
		r->p++;
	return r->p - start >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(struct reader *r, int max_hours, int32_t *out)
{
	int hours, minutes = 0, seconds = 0, sign = 1;
	if (take(r, '-'))
		sign = -1;
	else
		take(r, '+');
	if (!read_int(r, max_hours, &hours))
		return false;
	if (take(r, ':') && (!read_int(r, 59, &minutes) || (take(r, ':') && !read_int(r, 59, &seconds))))
		return false;
	*out = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool read_day(struct reader *r, struct tz_rule *rule)
{
	if (take(r, 'M')) {
		rule->form = 'M';
		return read_int(r, 12, &rule->month) && rule->month && take(r, '.') &&
		       read_int(r, 5, &rule->week) && rule->week && take(r, '.') && read_int(r, 6, &rule->day);
	}
	rule->form = take(r, 'J') ? 'J' : '0';
	return read_int(r, 365, &rule->day) && (rule->form == '0' || rule->day);
}

static bool read_rule(struct reader *r, struct tz_rule *rule)
{
	*rule = (struct tz_rule){.time_s = 2 * 3600};
	return take(r, ',') && read_day(r, rule) && (!take(r, '/') || read_time(r, 167, &rule->time_s));
}

bool tz_posix_parse(struct wn_str text, struct tz_posix *out)
{
	struct reader r = {text.p, text.p + text.n};
	struct tz_posix tz = {0};
	int32_t west;
	if (!skip_name(&r) || !read_time(&r, 24, &west))
		return false;
	tz.std_s = -west;
	if (r.p < r.end) {
		tz.has_dst = true;
		tz.dst_s = tz.std_s + 3600;
		if (!skip_name(&r))
			return false;
		if (r.p < r.end && *r.p != ',') {
			if (!read_time(&r, 24, &west))
				return false;
			tz.dst_s = -west;
		}
		if (!read_rule(&r, &tz.start) || !read_rule(&r, &tz.end) || r.p != r.end)
			return false;
	}
	*out = tz;
	return true;
}

static int64_t rule_day(const struct tz_rule *rule, int64_t year)
{
	int64_t first = wn_days_from_civil(year, 1, 1);
	if (rule->form == '0')
		return first + rule->day;
	if (rule->form == 'J')
		return first + rule->day - 1 + (rule->day >= 60 && wn_days_in_month(year, 2) == 29);
	int64_t month = wn_days_from_civil(year, rule->month, 1);
	/* 1970-01-01 was a Thursday. */
	int64_t weekday = ((month + 4) % 7 + 7) % 7;
	int64_t day = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
	return month + (day < wn_days_in_month(year, rule->month) ? day : day - 7);
}

int32_t tz_posix_offset(const struct tz_posix *tz, int64_t at_s)
{
	if (!tz->has_dst)
		return tz->std_s;
	int64_t days = at_s / 86400 - (at_s % 86400 < 0), year;
	int month, day;
	wn_civil_from_days(days, &year, &month, &day);
	/* The last change before the instant counts; a change of a neighbouring year may be the nearest. When
	 * summer ends as it begins, it lasts all year. */
	int64_t best = INT64_MIN;
	int32_t offset = tz->std_s;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t end = rule_day(&tz->end, y) * 86400 + tz->end.time_s - tz->dst_s;
		int64_t start = rule_day(&tz->start, y) * 86400 + tz->start.time_s - tz->std_s;
		if (end <= at_s && end > best)
			best = end, offset = tz->std_s;
		if (start <= at_s && start >= best)
			best = start, offset = tz->dst_s;
	}
	return offset;
}

static bool is_same_rule(const struct tz_rule *a, const struct tz_rule *b)
{
	return a->form == b->form && a->month == b->month && a->week == b->week && a->day == b->day && a->time_s == b->time_s;
}

bool tz_posix_equal(const struct tz_posix *a, const struct tz_posix *b)
{
	return a->std_s == b->std_s && a->has_dst == b->has_dst &&
	       (!a->has_dst || (a->dst_s == b->dst_s && is_same_rule(&a->start, &b->start) && is_same_rule(&a->end, &b->end)));
}
