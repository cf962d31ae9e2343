/* SPDX-License-Identifier: MIT */
/*
 * Timestamps (years 1 to 9999, nanoseconds) and durations (as protobuf: seconds and nanoseconds of one sign,
 * at most 315,576,000,000 s): making, parsing, printing.
 */
#include "cel_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <whynow/date.h>

#define NS 1000000000ll
#define SEC_MIN (-62135596800ll) /* 0001-01-01T00:00:00Z */
#define SEC_MAX 253402300799ll   /* 9999-12-31T23:59:59Z */
#define DURATION_MAX 315576000000ll

bool cel_time_valid(int64_t sec) { return sec >= SEC_MIN && sec <= SEC_MAX; }

bool cel_timestamp_make(int64_t sec, int64_t ns, struct wn_value *out)
{
	int64_t carry = ns / NS;

	ns %= NS;
	if (ns < 0) {
		ns += NS;
		carry--;
	}
	if (__builtin_add_overflow(sec, carry, &sec) || !cel_time_valid(sec))
		return false;
	*out = (struct wn_value){.kind = WN_TIMESTAMP, .i = sec, .aux = (int32_t)ns};
	return true;
}

bool cel_duration_make(int64_t sec, int64_t ns, struct wn_value *out)
{
	if (__builtin_add_overflow(sec, ns / NS, &sec))
		return false;
	ns %= NS;
	if (sec > 0 && ns < 0) {
		sec--;
		ns += NS;
	} else if (sec < 0 && ns > 0) {
		sec++;
		ns -= NS;
	}
	if (sec > DURATION_MAX || sec < -DURATION_MAX || (sec == DURATION_MAX && ns > 0) || (sec == -DURATION_MAX && ns < 0))
		return false;
	*out = (struct wn_value){.kind = WN_DURATION, .i = sec, .aux = (int32_t)ns};
	return true;
}

bool cel_timestamp_parse(struct wn_str s, struct wn_value *out)
{
	int64_t sec;
	int32_t ns = 0;

	return wn_rfc3339_parse(s, &sec, &ns) && cel_timestamp_make(sec, ns, out);
}

/* Digits behind the point without trailing zeros; the point too. */
static size_t print_fraction(char *out, size_t size, uint32_t ns)
{
	int n;

	if (ns == 0) {
		out[0] = 0;
		return 0;
	}
	n = snprintf(out, size, ".%09u", ns % 1000000000u);
	while (out[n - 1] == '0')
		out[--n] = 0;
	return (size_t)n;
}

size_t cel_timestamp_print(struct wn_value v, char out[48])
{
	int64_t days = v.i >= 0 ? v.i / 86400 : -((-v.i + 86399) / 86400), year;
	int rest = (int)(v.i - days * 86400), month, day;
	char fraction[16];

	wn_civil_from_days(days, &year, &month, &day);
	print_fraction(fraction, sizeof(fraction), (uint32_t)v.aux);
	return (size_t)snprintf(out, 48, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", (int)(year % 10000), month, day, rest / 3600, rest / 60 % 60, rest % 60, fraction);
}

size_t cel_duration_print(struct wn_value v, char out[48])
{
	char fraction[16];
	int64_t sec = v.i < 0 ? -v.i : v.i;

	print_fraction(fraction, sizeof(fraction), (uint32_t)(v.aux < 0 ? -v.aux : v.aux));
	return (size_t)snprintf(out, 48, "%s%lld%ss", v.i < 0 || v.aux < 0 ? "-" : "", (long long)sec, fraction);
}

/* --- durations as text: "1h30m", "-1.5s", "10ms" ------------------------------------------------------ */
static const struct unit { const char *text; int64_t ns; } units[] = {
	{"ns", 1}, {"us", 1000}, {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000}, {"ms", 1000000}, {"s", NS}, {"m", 60 * NS}, {"h", 3600 * NS},
};

/* "12.5" at s[*i]: whole part and the fraction in units of 1e-18. */
static bool scan_number(struct wn_str s, size_t *i, int64_t *whole, int64_t *fraction)
{
	int64_t scale = NS * NS / 10;
	size_t from = *i, digits;

	*whole = *fraction = 0;
	for (; *i < s.n && isdigit((unsigned char)s.p[*i]); (*i)++)
		if (__builtin_mul_overflow(*whole, 10, whole) || __builtin_add_overflow(*whole, s.p[*i] - '0', whole))
			return false;
	digits = *i - from;
	if (*i < s.n && s.p[*i] == '.')
		for ((*i)++; *i < s.n && isdigit((unsigned char)s.p[*i]); (*i)++, digits++) {
			*fraction += (s.p[*i] - '0') * scale;
			scale /= 10;
		}
	return digits > 0;
}

static const struct unit *scan_unit(struct wn_str s, size_t *i)
{
	const struct unit *best = NULL;

	for (size_t u = 0; u < WN_COUNT(units); u++) {
		size_t len = strlen(units[u].text);

		if (s.n - *i >= len && memcmp(s.p + *i, units[u].text, len) == 0 && (!best || len > strlen(best->text)))
			best = &units[u];
	}
	*i += best ? strlen(best->text) : 0;
	return best;
}

bool cel_duration_parse(struct wn_str s, struct wn_value *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	size_t i = negative || (s.n > 0 && s.p[0] == '+');
	__int128 total = 0;

	if (s.n - i == 1 && s.p[i] == '0')
		return cel_duration_make(0, 0, out);
	if (i == s.n)
		return false;
	while (i < s.n) {
		const struct unit *u;
		int64_t whole, fraction;

		if (!scan_number(s, &i, &whole, &fraction) || !(u = scan_unit(s, &i)))
			return false;
		total += (__int128)whole * u->ns + (__int128)fraction * u->ns / (NS * NS);
		if (total > (__int128)DURATION_MAX * NS)
			return false;
	}
	if (negative)
		total = -total;
	return cel_duration_make((int64_t)(total / NS), (int64_t)(total % NS), out);
}
