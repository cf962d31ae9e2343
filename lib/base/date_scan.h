/* SPDX-License-Identifier: MIT */
/* What the scanner of dates collects and the resolver reads. Only for lib/base/date*.c. */
#ifndef WHYNOW_BASE_DATE_SCAN_H
#define WHYNOW_BASE_DATE_SCAN_H

#include <whynow/base.h>

struct date_number {
	int64_t value;
	int digits;
	char mark; /* what stood before it: 0 (start, blank or comma), or one of - / . W */
};

struct date_scan {
	const char *p, *end;
	char mark; /* last mark that no number has taken yet */
	int words; /* words so far */
	bool leading_dash;

	struct date_number numbers[3];
	size_t n;
	const char *number_end; /* just behind the last of them: a dash there is a separator, not a sign */
	int month;              /* by name, 0: none */
	size_t month_at;        /* numbers before it */
	bool month_first;       /* it was the first word, before any number */
	int weekday;            /* by English name, -1: none */
	bool week;              /* ISO week date: the second number is a week, or week and day */
	bool korean;

	bool has_time;
	int hour, minute, second;
	int32_t us;
	int half_day; /* 1: am, 2: pm */

	bool has_zone, has_offset, zone_named; /* any of them, +HHMM, a word */
	int32_t offset_s;
	struct wn_str zone_name;
};

/* Decides which number is which; false: no date. */
bool date_resolve(const struct date_scan *s, int64_t *out_us);

#endif
