/* SPDX-License-Identifier: MIT */
/* The footer of a TZif file: a POSIX TZ string as RFC 8536, 3.3 and 3.3.1 extend it. Only for lib/base/tz*.c.
 */
#ifndef WHYNOW_BASE_TZ_POSIX_H
#define WHYNOW_BASE_TZ_POSIX_H

#include <whynow/base.h>

/* When a change happens in each year, in local time of before the change. */
struct tz_rule {
	char form;       /* 'M': month, week, weekday; 'J': day 1..365 without February 29th; '0': day 0..365 */
	int month, week; /* week 5 is the last */
	int day;         /* weekday 0..6 or day of the year */
	int32_t time_s;  /* seconds after midnight, may be negative or over a day */
};

struct tz_posix {
	int32_t std_s, dst_s; /* east of UTC */
	bool has_dst;
	struct tz_rule start, end;
};

bool tz_posix_parse(struct wn_str text, struct tz_posix *out);
/* The same rule, whatever its zones are called. */
bool tz_posix_equal(const struct tz_posix *a, const struct tz_posix *b);
/* Seconds east of UTC at `at_s` seconds since 1970. */
int32_t tz_posix_offset(const struct tz_posix *tz, int64_t at_s);

#endif
