/* SPDX-License-Identifier: MIT */
/* Words in dates: months and marks of a dozen languages, weekdays, zone abbreviations. Only for
 * lib/base/date*.c. */
#ifndef WHYNOW_BASE_DATE_NAMES_H
#define WHYNOW_BASE_DATE_NAMES_H

#include <whynow/base.h>

enum date_word {
	WORD_UNKNOWN,
	WORD_MONTH,   /* value: 1..12 */
	WORD_WEEKDAY, /* value: 0 Sunday .. 6 */
	WORD_ZONE,    /* value: minutes east of UTC */
	WORD_AM,
	WORD_PM,
	WORD_FILLER, /* means nothing: "at", "Uhr", 年 */
	WORD_KOREAN, /* a filler that says the clock is Seoul's */
};

struct date_name {
	enum date_word word;
	int value;
};

/* Case and Latin accents do not matter; a month may be cut to three letters or more. */
struct date_name date_name_of(struct wn_str word);
/* UT, GMT, EST...: minutes east; false if it is none. */
bool date_zone_of(struct wn_str word, int *minutes);

#endif
