/* SPDX-License-Identifier: MIT */
/* The calendar, RFC 3339 both ways, IMF-fixdate. Proleptic Gregorian, UTC, no leap seconds. */
#include <whynow/date.h>

#include <stdio.h>

/* Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so the leap day comes
 * last. */
int64_t wn_days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void wn_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

int wn_days_in_month(int64_t year, int month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

/* n digits at *p; advances. */
static bool read_digits(const char **p, const char *end, int n, int *out)
{
	int value = 0;
	if (end - *p < n)
		return false;
	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return true;
}

static bool read_char(const char **p, const char *end, char c)
{
	if (*p == end || (**p | 0x20) != (c | 0x20))
		return false;
	(*p)++;
	return true;
}

/* Digits past the ninth are cut. */
static bool read_fraction(const char **p, const char *end, int32_t *ns)
{
	int32_t unit = 100000000;
	*ns = 0;
	if (*p == end || **p != '.')
		return true;
	const char *first = ++*p;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*ns += (**p - '0') * unit;
	return *p > first;
}

static bool read_offset(const char **p, const char *end, int *seconds)
{
	int hours, minutes;
	*seconds = 0;
	if (read_char(p, end, 'Z'))
		return true;
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	int sign = *(*p)++ == '-' ? -1 : 1;
	if (!read_digits(p, end, 2, &hours) || *p == end || *(*p)++ != ':' || !read_digits(p, end, 2, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool wn_rfc3339_parse(struct wn_str text, int64_t *sec, int32_t *ns)
{
	const char *p = text.p, *end = text.p + text.n;
	int y, mo, d, h, mi, s, offset;
	int32_t fraction;
	if (text.n < 20 || text.n > 64)
		return false;
	bool shaped = read_digits(&p, end, 4, &y) && *p++ == '-' && read_digits(&p, end, 2, &mo) &&
		      *p++ == '-' && read_digits(&p, end, 2, &d) && read_char(&p, end, 'T') &&
		      read_digits(&p, end, 2, &h) && *p++ == ':' && read_digits(&p, end, 2, &mi) &&
		      *p++ == ':' && read_digits(&p, end, 2, &s) && read_fraction(&p, end, &fraction) &&
		      read_offset(&p, end, &offset) && p == end;
	if (!shaped || y < 1 || mo < 1 || mo > 12 || d < 1 || d > wn_days_in_month(y, mo) || h > 23 ||
	    mi > 59 || s > 60)
		return false;
	int64_t at = wn_days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset;
	if (at < WN_YEAR_1_S || at > WN_YEAR_9999_S)
		return false;
	*sec = at;
	if (ns)
		*ns = fraction;
	return true;
}

struct civil {
	int64_t year, days;
	int month, day, hour, minute, second, us;
};

static struct civil civil_from_us(int64_t us)
{
	struct civil c;
	int64_t seconds = us / 1000000, rest = us % 1000000;
	if (rest < 0)
		seconds--, rest += 1000000;
	c.us = (int)rest;
	c.days = seconds / 86400;
	seconds %= 86400;
	if (seconds < 0)
		c.days--, seconds += 86400;
	wn_civil_from_days(c.days, &c.year, &c.month, &c.day);
	c.hour = (int)(seconds / 3600);
	c.minute = (int)(seconds / 60 % 60);
	c.second = (int)(seconds % 60);
	return c;
}

void wn_rfc3339_from_us(int64_t us, char out[40])
{
	struct civil c = civil_from_us(us);
	int n = snprintf(out, 40, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year, c.month, c.day, c.hour,
			 c.minute, c.second);
	if (c.us % 1000)
		n += snprintf(out + n, 40 - (size_t)n, ".%06d", c.us);
	else if (c.us)
		n += snprintf(out + n, 40 - (size_t)n, ".%03d", c.us / 1000);
	snprintf(out + n, 40 - (size_t)n, "Z");
}

void wn_imf_fixdate(int64_t us, char out[40])
{
	static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_from_us(us);
	snprintf(out, 40, "%s, %02d %s %04lld %02d:%02d:%02d GMT", days[(c.days % 7 + 7) % 7], c.day,
		 months[c.month - 1], (long long)c.year, c.hour, c.minute, c.second);
}
