/* SPDX-License-Identifier: MIT */
/*
 * Character references: named (HTML 5, with semicolon) and numeric, to code points.
 *
 * It decodes once and never twice; what is no reference to a character stays as it is written. References to
 * 128..159 mean windows-1252 (HTML 5, 13.2.5.80), as every browser has read them.
 */
#include "internal.h"

#include <stdlib.h>

struct entity {
	const char *name;
	uint32_t cp[2];
};

static const struct entity entities[] = {
#define E(name, first, second) {#name, {first, second}},
#include "entity_names.inc"
#undef E
};

static int compare_name(const void *key, const void *row)
{
	return wn_str_cmp(*(const struct wn_str *)key, wn_str_of(((const struct entity *)row)->name));
}

bool wn_entity_find(struct wn_str name, uint32_t cp[2])
{
	const struct entity *e =
	    bsearch(&name, entities, WN_COUNT(entities), sizeof(entities[0]), compare_name);

	if (!e)
		return false;
	cp[0] = e->cp[0];
	cp[1] = e->cp[1];
	return true;
}

uint32_t wn_cp1252(uint8_t byte)
{
	static const uint16_t high[32] = {
	    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
	};

	return byte >= 0x80 && byte <= 0x9F ? high[byte - 0x80] : byte;
}

size_t wn_utf8_put(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 63));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 63));
		out[2] = (char)(0x80 | (cp & 63));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 63));
	out[2] = (char)(0x80 | (cp >> 6 & 63));
	out[3] = (char)(0x80 | (cp & 63));
	return 4;
}

static int digit_of(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (hex && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (hex && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* 0 where text may not hold the character: NUL, controls, surrogates, noncharacters, past Unicode. */
static uint32_t lawful(uint32_t cp)
{
	if (cp >= 0x80 && cp <= 0x9F)
		cp = wn_cp1252((uint8_t)cp);
	if (cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r')
		return 0;
	if ((cp >= 0x7F && cp <= 0x9F) || (cp >= 0xD800 && cp <= 0xDFFF) || cp > 0x10FFFF ||
	    (cp & 0xFFFE) == 0xFFFE)
		return 0;
	return cp;
}

static size_t numeric_at(const char *p, const char *end, uint32_t cp[2])
{
	const char *q = p + 2;
	bool hex = q < end && (*q == 'x' || *q == 'X');
	uint32_t value = 0;

	if (hex)
		q++;
	const char *digits = q;
	for (int d; q < end && (d = digit_of(*q, hex)) >= 0; q++)
		value = value > 0x110000 ? value : value * (hex ? 16u : 10u) + (uint32_t)d;
	if (q == digits || q == end || *q != ';')
		return 0;
	cp[0] = lawful(value);
	cp[1] = cp[0] ? 0 : value;
	return (size_t)(q - p) + 1;
}

size_t wn_entity_at(const char *p, const char *end, uint32_t cp[2])
{
	enum { NAME_MAX_BYTES = 31 }; /* CounterClockwiseContourIntegral */
	const char *q = p + 1;

	if (end - p < 3)
		return 0;
	if (*q == '#')
		return numeric_at(p, end, cp);
	while (q < end && q - p <= NAME_MAX_BYTES &&
	       ((*q >= 'a' && *q <= 'z') || (*q >= 'A' && *q <= 'Z') || (*q >= '0' && *q <= '9')))
		q++;
	if (q == end || *q != ';' || !wn_entity_find((struct wn_str){p + 1, (size_t)(q - p - 1)}, cp))
		return 0;
	return (size_t)(q - p) + 1;
}

struct wn_str wn_entities_decode(struct wn_str text, struct wn_arena *a)
{
	const char *p = text.p, *end = p + text.n, *amp;

	if (!text.n || !memchr(p, '&', text.n))
		return text;
	/* Only "&nGt;" and "&nLt;" are shorter than what they stand for: 5 bytes for 6. */
	char *out = wn_arena_alloc(a, text.n + text.n / 5 + 1), *o = out;
	while ((amp = memchr(p, '&', (size_t)(end - p)))) {
		uint32_t cp[2] = {0, 0};
		size_t n = wn_entity_at(amp, end, cp);

		memcpy(o, p, (size_t)(amp - p));
		o += amp - p;
		p = amp + (n && cp[0] ? n : 1);
		if (!n || !cp[0]) {
			*o++ = '&';
			continue;
		}
		o += wn_utf8_put(cp[0], o);
		if (cp[1])
			o += wn_utf8_put(cp[1], o);
	}
	memcpy(o, p, (size_t)(end - p));
	o += end - p;
	*o = 0;
	return (struct wn_str){out, (size_t)(o - out)};
}
