/* SPDX-License-Identifier: MIT */
/*
 * Numbers and text: UTF-8 by code points, doubles printed in the fewest digits that read back the same
 * (layout of Go's FormatFloat 'g', which the conformance cases follow), integers parsed with overflow checks.
 */
#include "cel_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- UTF-8 ------------------------------------------------------------------------------------------- */
static int sequence_length(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* Bytes of ASCII from `from` on, by eights. */
static size_t ascii_run(struct wn_str s, size_t from)
{
	size_t i = from;

	for (uint64_t eight; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i - from;
}

bool cel_utf8_valid(struct wn_str s)
{
	for (size_t i = ascii_run(s, 0); i < s.n; i += ascii_run(s, i)) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		int len = sequence_length(p[0]);

		if (len == 0 || i + (size_t)len > s.n)
			return false;
		for (int k = 1; k < len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return false;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
		    (p[0] == 0xf4 && p[1] > 0x8f))
			return false;
		i += (size_t)len;
	}
	return true;
}

size_t cel_utf8_count(struct wn_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

size_t cel_utf8_offset(struct wn_str s, size_t chars)
{
	size_t i = 0;

	while (i < s.n && (chars > 0 || ((unsigned char)s.p[i] & 0xc0) == 0x80)) {
		chars -= ((unsigned char)s.p[i] & 0xc0) != 0x80;
		i++;
		if (chars == 0)
			while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
				i++;
		if (chars == 0)
			break;
	}
	return i;
}

size_t cel_utf8_put(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

uint32_t cel_utf8_next(struct wn_str s, size_t *pos)
{
	const unsigned char *p = (const unsigned char *)s.p + *pos;
	int len = sequence_length(p[0]);
	uint32_t c = len == 1 ? p[0] : len == 2 ? p[0] & 0x1fu : len == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

	if (len == 0 || *pos + (size_t)len > s.n) { /* not reached with valid text */
		(*pos)++;
		return 0xfffd;
	}
	for (int k = 1; k < len; k++)
		c = c << 6 | (p[k] & 0x3fu);
	*pos += (size_t)len;
	return c;
}

/* --- numbers ----------------------------------------------------------------------------------------- */
/* "%.*e" in the fewest digits: digits without the point, decimal exponent. */
static int shortest(double d, char digits[24], int *exponent)
{
	char text[40];
	int n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	for (const char *p = text; *p && *p != 'e'; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	digits[n] = 0;
	*exponent = (int)strtod(strchr(text, 'e') + 1, NULL);
	return n;
}

static size_t print_plain(const char *digits, int n, int exponent, char *out)
{
	char *p = out;

	if (exponent < 0) {
		*p++ = '0';
		*p++ = '.';
		for (int i = -1; i > exponent; i--)
			*p++ = '0';
	}
	for (int i = 0; i < n || i <= exponent; i++) {
		if (exponent >= 0 && i == exponent + 1)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	*p = 0;
	return (size_t)(p - out);
}

size_t cel_double_print_plain(double d, char out[400])
{
	char digits[24];
	int exponent, n, sign = signbit(d) ? 1 : 0;

	if (isnan(d) || isinf(d))
		return (size_t)snprintf(out, 400, "%s", isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
	out[0] = '-';
	if (d == 0)
		return (size_t)snprintf(out + sign, 2, "0") + (size_t)sign;
	n = shortest(fabs(d), digits, &exponent);
	return print_plain(digits, n, exponent, out + sign) + (size_t)sign;
}

size_t cel_double_print(double d, char out[40])
{
	char digits[24];
	int exponent, n, sign = signbit(d) ? 1 : 0;

	if (isnan(d) || isinf(d))
		return (size_t)snprintf(out, 40, "%s", isnan(d) ? "NaN" : d > 0 ? "+Inf" : "-Inf");
	if (sign)
		out[0] = '-';
	if (d == 0)
		return (size_t)snprintf(out + sign, 2, "0") + (size_t)sign;
	n = shortest(fabs(d), digits, &exponent);
	if (exponent >= -4 && exponent < 21)
		return print_plain(digits, n, exponent, out + sign) + (size_t)sign;
	return (size_t)snprintf(out + sign, 39, "%c%s%se%+03d", digits[0], n > 1 ? "." : "", digits + 1, exponent) + (size_t)sign;
}

static bool word_is(const char *p, const char *word)
{
	size_t i = 0;

	for (; p[i] && word[i]; i++)
		if (tolower((unsigned char)p[i]) != word[i])
			return false;
	return !p[i] && !word[i];
}

/* Decimal only (strtod would take hexadecimal and "nan(...)"), and the words for the special values. */
bool cel_double_parse(struct wn_str s, double *out)
{
	char text[400], *end;
	const char *p = text;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (memchr(text, 0, s.n))
		return false;
	p += *p == '+' || *p == '-';
	if (word_is(p, "nan") || word_is(p, "inf") || word_is(p, "infinity")) {
		*out = tolower((unsigned char)*p) == 'n' ? NAN : text[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	for (const char *q = p; *q; q++)
		if (!isdigit((unsigned char)*q) && !strchr(".eE+-", *q))
			return false;
	if (!isdigit((unsigned char)*p) && *p != '.')
		return false;
	*out = strtod(text, &end);
	return *end == 0 && end != text;
}

bool cel_uint_parse(struct wn_str s, uint64_t *out)
{
	uint64_t u = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isdigit((unsigned char)s.p[i]) || __builtin_mul_overflow(u, (uint64_t)10, &u) ||
		    __builtin_add_overflow(u, (uint64_t)(s.p[i] - '0'), &u))
			return false;
	*out = u;
	return true;
}

bool cel_int_parse(struct wn_str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	size_t sign = negative || (s.n > 0 && s.p[0] == '+');
	uint64_t u;

	if (!cel_uint_parse((struct wn_str){s.p + sign, s.n - sign}, &u) || u > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}
