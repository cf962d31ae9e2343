/* SPDX-License-Identifier: MIT */
/*
 * Dates in the wild: a scanner collects what is there (up to three date numbers with the marks before them, a
 * month by name, a time, a zone), then one place decides which number is which (date_resolve.c). There is no
 * list of formats, so no order of attempts can matter. What the scanner cannot place makes the text no date.
 */
#include "date_scan.h"

#include "date_names.h"

#include <whynow/date.h>
#include <whynow/limits.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static char peek(const struct date_scan *s, size_t ahead)
{
	return s->end - s->p > (ptrdiff_t)ahead ? s->p[ahead] : '\0';
}

/* At most 17 digits. */
static bool read_number(struct date_scan *s, int64_t *value, int *digits)
{
	*value = *digits = 0;
	while (is_digit(peek(s, 0))) {
		if (++*digits > 17)
			return false;
		*value = *value * 10 + (*s->p++ - '0');
	}
	return *digits > 0;
}

static bool read_fraction(struct date_scan *s)
{
	int32_t unit = 100000;
	if ((peek(s, 0) != '.' && peek(s, 0) != ',') || !is_digit(peek(s, 1)))
		return true;
	for (s->p++; is_digit(peek(s, 0)); s->p++, unit /= 10)
		s->us += (*s->p - '0') * unit;
	return true;
}

/* The hour has been read; what follows starts with ':', "h" or '.'. */
static bool read_clock(struct date_scan *s, int64_t hour)
{
	char mark = *s->p == '.' ? '.' : ':';
	int64_t minute, second = 0;
	int digits;
	if (s->has_time || hour > 24)
		return false;
	s->p++;
	if (!read_number(s, &minute, &digits) || digits > 2)
		return false;
	if (peek(s, 0) == mark && is_digit(peek(s, 1))) {
		s->p++;
		if (!read_number(s, &second, &digits) || digits > 2 || !read_fraction(s))
			return false;
	}
	s->has_time = true;
	s->hour = (int)hour, s->minute = (int)minute, s->second = (int)second;
	return peek(s, 0) != ':' && minute < 60 && second <= 60;
}

/* Behind a T: HH, HHMM or HHMMSS. */
static bool read_compact_clock(struct date_scan *s, int64_t value, int digits)
{
	if (s->has_time || (digits != 2 && digits != 4 && digits != 6))
		return false;
	for (; digits < 6; digits += 2)
		value *= 100;
	s->has_time = true;
	s->hour = (int)(value / 10000), s->minute = (int)(value / 100 % 100), s->second = (int)(value % 100);
	return read_fraction(s) && s->hour <= 24 && s->minute < 60 && s->second <= 60;
}

/* "8pm", "8 p.m.": an hour without minutes, if the month is not still to come. */
static bool is_hour_alone(const struct date_scan *s, int64_t value)
{
	const char *p = s->p;
	while (p < s->end && *p == ' ')
		p++;
	if (s->has_time || value < 1 || value > 12 || s->end - p < 2 ||
	    ((*p | 0x20) != 'a' && (*p | 0x20) != 'p'))
		return false;
	p += p[1] == '.' ? 2 : 1;
	if (p == s->end || (*p | 0x20) != 'm')
		return false;
	return p + 1 == s->end || !is_letter(p[1]);
}

/* ":MM" behind the hours of an offset, ":SS" behind its minutes; *value stays where there is none. */
static bool read_sixty(struct date_scan *s, int64_t *value)
{
	int digits;
	if (peek(s, 0) != ':')
		return true;
	s->p++;
	return read_number(s, value, &digits) && digits == 2 && *value < 60;
}

/* HHMM, HH:MM, HH, HMM, HH:MM:SS. Go's zones without a name say it twice; the first holds. */
static bool read_offset(struct date_scan *s, int sign)
{
	int64_t hours, minutes = 0, seconds = 0;
	int digits;
	if (!read_number(s, &hours, &digits) || digits > 4)
		return false;
	if (digits > 2)
		minutes = hours % 100, hours /= 100;
	else if (!read_sixty(s, &minutes) || !read_sixty(s, &seconds))
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	if (!s->has_offset)
		s->offset_s = sign * (int)(hours * 3600 + minutes * 60 + seconds);
	s->has_offset = s->has_zone = true;
	return true;
}

/* Year, month and day are there; what follows is a time or a zone. */
static bool is_day_whole(const struct date_scan *s) { return s->n == (s->month ? 2 : 3); }

/* "4.7.2019 10.30": two digits behind the stop, so that no further date number is meant. */
static bool is_dotted_clock(const struct date_scan *s)
{
	return is_day_whole(s) && !s->has_time && peek(s, 0) == '.' && is_digit(peek(s, 1)) && is_digit(peek(s, 2)) && !is_digit(peek(s, 3));
}

/* "10:00 0200", "10:00 02:00": a plus that was taken for a blank, as in a URL. */
static bool is_bare_offset(const struct date_scan *s, int digits)
{
	return is_day_whole(s) && s->has_time && (digits == 4 || (digits == 2 && peek(s, 0) == ':'));
}

/* "5 May 2020 15 +0200": an hour that stands alone. */
static bool is_bare_hour(const struct date_scan *s, struct date_number n)
{
	bool year = s->numbers[0].digits == 4 || s->numbers[1].digits == 4;
	return s->month && s->n == 2 && year && !s->has_time && !n.mark && n.digits == 2 && n.value < 24;
}

static bool take_hour(struct date_scan *s, int64_t hour)
{
	s->has_time = true;
	s->hour = (int)hour;
	return true;
}

static bool on_number(struct date_scan *s)
{
	struct date_number n = {.mark = s->mark};
	const char *start = s->p;
	if (!read_number(s, &n.value, &n.digits))
		return false;
	bool behind_t = s->mark == 'T';
	s->mark = 0;
	if (is_bare_offset(s, n.digits)) {
		s->p = start;
		return read_offset(s, 1);
	}
	/* "10h30" is French. */
	if (((peek(s, 0) == ':' || peek(s, 0) == 'h') && is_digit(peek(s, 1)) && n.digits <= 2) || (n.digits <= 2 && is_dotted_clock(s)))
		return read_clock(s, n.value);
	if (behind_t)
		return read_compact_clock(s, n.value, n.digits);
	if ((n.digits <= 2 && is_hour_alone(s, n.value)) || is_bare_hour(s, n))
		return take_hour(s, n.value);
	if (s->n == WN_COUNT(s->numbers))
		return false;
	s->numbers[s->n++] = n;
	s->number_end = s->p;
	return n.digits < 9 || read_fraction(s);
}

/* Does a zone begin at the sign? A dash right behind a date number is a separator; without a time only four digits are a zone. */
static bool is_offset(const struct date_scan *s, size_t signs)
{
	bool four = is_day_whole(s);
	for (size_t i = 0; i < 4; i++)
		four = four && is_digit(peek(s, signs + i));
	if (!is_digit(peek(s, signs)) || (!s->has_time && !s->n))
		return false;
	return *s->p == '+' || (s->p != s->number_end && (s->has_time || four));
}

/* Some write "--0700" or "+-0700": the last sign is meant. */
static bool on_sign(struct date_scan *s)
{
	size_t signs = peek(s, 1) == '-' || peek(s, 1) == '+' ? 2 : 1;
	if (is_offset(s, signs)) {
		s->p += signs;
		return read_offset(s, s->p[-1] == '-' ? -1 : 1);
	}
	if (*s->p == '+')
		return false;
	if (s->n == 0 && !s->month && !s->words && !s->has_time)
		s->leading_dash = true;
	s->mark = *s->p++;
	return true;
}

/* White space of ASCII, and of Unicode as it leaks out of &nbsp; and the like: its length, 0 if it is none. */
static size_t blank_at(const struct date_scan *s)
{
	size_t left = (size_t)(s->end - s->p);
	if (*s->p == ' ' || (*s->p >= '\t' && *s->p <= '\r') || *s->p == ',' || *s->p == ';' || *s->p == '|')
		return 1;
	if (left >= 2 && memcmp(s->p, "\xc2\xa0", 2) == 0)
		return 2;
	if (left >= 3 && memcmp(s->p, "\xe2\x80", 2) == 0 && (unsigned char)s->p[2] <= 0xaf)
		return 3;
	return 0;
}

static struct wn_str read_word(struct date_scan *s)
{
	const char *start = s->p;
	while (s->p < s->end && !blank_at(s) &&
	       (is_letter(*s->p) || (*s->p == '.' && s->p - start == 1 && is_letter(peek(s, 1)))))
		s->p++;
	return (struct wn_str){start, (size_t)(s->p - start)};
}

/* "America/Los_Angeles", "Etc/GMT+1": from the word on. */
static bool read_zone_name(struct date_scan *s, struct wn_str word)
{
	while (s->p < s->end && (is_letter(*s->p) || is_digit(*s->p) || strchr("/_+-", *s->p)))
		s->p++;
	word.n = (size_t)(s->p - word.p);
	if (!s->has_zone)
		s->zone_name = word;
	s->has_zone = true;
	return true;
}

static void take_month(struct date_scan *s, int month)
{
	s->month = month;
	s->month_at = s->n;
	s->month_first = s->words == 1 && s->n == 0 && !s->has_time;
}

/* A second month means that the first word was a weekday ("mar., 01 déc."), or that this is no date. */
static bool on_month(struct date_scan *s, int month)
{
	if (s->month && !s->month_first)
		return false;
	take_month(s, month);
	return true;
}

static bool on_half_day(struct date_scan *s, enum date_word word, bool before_time)
{
	if (s->half_day || s->has_time == before_time)
		return false;
	s->half_day = word == WORD_AM ? 1 : 2;
	return true;
}

/* A word nobody knows: a weekday of some language if it opens the text, a zone behind a time if it looks like
 * one. */
static bool on_unknown(struct date_scan *s, struct wn_str word)
{
	if (s->words == 1 && s->n == 0 && !s->has_time)
		return true;
	if (!s->has_time || s->zone_named || word.n > 5)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!is_upper(word.p[i]))
			return false;
	s->has_zone = s->zone_named = true;
	return true;
}

static bool on_zone(struct date_scan *s, struct wn_str word, int minutes)
{
	/* "5 May 2020 AT 3PM" is not on the Atlantic. */
	if (!s->has_time && (word.p[0] | 0x20) == 'a')
		return true;
	if (!s->has_zone)
		s->offset_s = minutes * 60;
	s->has_zone = s->zone_named = true;
	return true;
}

/* T between date and time, W of a week date: single letters that stand between digits. */
static bool is_iso_letter(const struct date_scan *s, struct wn_str word)
{
	char c = word.n == 1 ? (char)(word.p[0] & ~0x20) : '\0';
	return is_digit(peek(s, 0)) &&
	       ((c == 'T' && s->n && !s->has_time) || (c == 'W' && s->n == 1 && !s->week));
}

static bool on_word(struct date_scan *s)
{
	struct wn_str word = read_word(s);
	if (is_iso_letter(s, word)) {
		s->week = s->week || (word.p[0] | 0x20) == 'w';
		s->mark = (char)(word.p[0] & ~0x20);
		return true;
	}
	bool behind_slash = s->mark == '/';
	s->mark = 0;
	s->words++;
	if (s->has_time && !behind_slash && peek(s, 0) == '/' && word.n > 2)
		return read_zone_name(s, word);
	struct date_name name = date_name_of(word);
	if (behind_slash && name.word != WORD_MONTH)
		return false;
	switch (name.word) {
	case WORD_MONTH:
		return on_month(s, name.value);
	case WORD_WEEKDAY:
		s->weekday = name.value;
		return true;
	case WORD_AM:
	case WORD_PM:
		s->korean = s->korean || name.value;
		return on_half_day(s, name.word, name.value);
	case WORD_ZONE:
		return s->has_time || s->n ? on_zone(s, word, name.value) : s->words == 1;
	case WORD_KOREAN:
		s->korean = true;
		return s->n > 0;
	case WORD_FILLER:
		return true;
	case WORD_UNKNOWN:
		return on_unknown(s, word);
	}
	return false;
}

static bool on_mark(struct date_scan *s)
{
	s->mark = *s->p++;
	return true;
}

/* "(Coordinated Universal Time)", a comment (RFC 5322 3.2.2) without nesting; "[Europe/Paris]" behind an
 * offset. */
static bool on_comment(struct date_scan *s)
{
	const char *close = memchr(s->p, *s->p == '(' ? ')' : ']', (size_t)(s->end - s->p));
	s->p = close ? close + 1 : s->end;
	return close != NULL;
}

static bool step(struct date_scan *s)
{
	size_t blank = blank_at(s);
	if (blank) {
		s->p += blank;
		return true;
	}
	if (is_digit(*s->p))
		return on_number(s);
	if (is_letter(*s->p))
		return on_word(s);
	switch (*s->p) {
	case '(':
	case '[':
		return on_comment(s);
	case '+':
	case '-':
		return on_sign(s);
	case '.':
	case '/':
		return on_mark(s);
	default:
		return false;
	}
}

bool wn_date_parse(struct wn_str text, int64_t *out_us)
{
	if (text.n == 0 || text.n > WN_DATE_TEXT_MAX)
		return false;
	struct date_scan s = {.p = text.p, .end = text.p + text.n, .weekday = -1};
	while (s.p < s.end)
		if (!step(&s))
			return false;
	/* "2010-": something was to follow. A full stop may end a sentence. */
	if (s.mark && s.mark != '.')
		return false;
	return date_resolve(&s, out_us);
}
