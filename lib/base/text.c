/* SPDX-License-Identifier: MIT */
/*
 * Strangers' bytes to text; the only file that knows libunistring. Lengths are bounded before anything is
 * normalised. Every result is valid UTF-8 in NFC (wn_text_fold: NFKC) and terminated.
 */
#include <whynow/limits.h>
#include <whynow/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

static const uint8_t *bytes_of(struct wn_str s) { return (const uint8_t *)(s.n ? s.p : ""); }

/* One character at *at; a bad byte reads as U+FFFD, one byte at a time. Answers its length. */
static size_t next(struct wn_str s, size_t at, ucs4_t *c)
{
	int n = u8_mbtoucr(c, bytes_of(s) + at, s.n - at);
	if (n > 0)
		return (size_t)n;
	*c = 0xfffd;
	return 1;
}

static bool is_ascii(struct wn_str s)
{
	unsigned char all = 0;
	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

/* Bytes of s up to the last character boundary within max. */
static size_t boundary(struct wn_str s, size_t max)
{
	if (s.n <= max)
		return s.n;
	while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Into an arena, from libunistring's malloc. NULL there is memory gone on a bounded text. */
static struct wn_str adopt(uint8_t *p, size_t n, struct wn_arena *a)
{
	if (!p)
		abort();
	struct wn_str s = wn_arena_str(a, (struct wn_str){(const char *)p, n});
	free(p);
	return s;
}

static struct wn_str normalised(struct wn_str s, uninorm_t form, struct wn_arena *a)
{
	size_t n = 0;
	if (is_ascii(s))
		return s;
	uint8_t *p = u8_normalize(form, bytes_of(s), s.n, NULL, &n);
	return adopt(p, n, a);
}

static bool is_dropped(ucs4_t c) { return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0); }

/* Drops controls, repairs bad bytes, turns CR LF and CR into LF; stops before the copy passes max bytes. */
static struct wn_str cleaned(struct wn_str s, size_t max, struct wn_arena *a)
{
	static const char replacement[] = "\xef\xbf\xbd";
	/* A bad byte becomes three. */
	size_t room = s.n < max / 3 ? 3 * s.n : max;
	char *copy = wn_arena_alloc(a, room + 1);
	size_t n = 0, len;
	for (size_t i = 0; i < s.n; i += len) {
		ucs4_t c;
		len = next(s, i, &c);
		const char *from = s.p + i;
		size_t size = len;
		if (c == '\r') {
			if (i + 1 < s.n && s.p[i + 1] == '\n')
				continue;
			from = "\n";
		} else if (c == 0xfffd) {
			from = replacement, size = 3;
		} else if (is_dropped(c) || (c == 0xfeff && n == 0)) {
			continue;
		}
		if (size > room - n)
			break;
		memcpy(copy + n, from, size);
		n += size;
	}
	copy[n] = '\0';
	return (struct wn_str){copy, n};
}

static struct wn_str terminated(struct wn_str s, size_t n, struct wn_arena *a)
{
	return n == s.n ? s : wn_arena_str(a, (struct wn_str){s.p, n});
}

struct wn_str wn_text_repair(struct wn_str bytes, size_t max_bytes, struct wn_arena *a)
{
	struct wn_str s = normalised(cleaned(bytes, max_bytes, a), UNINORM_NFC, a);
	return terminated(s, boundary(s, max_bytes), a);
}

enum wn_rc wn_text_from_bytes(struct wn_str bytes, size_t max_bytes, struct wn_arena *a, struct wn_str *out,
			      struct wn_err *err)
{
	if (bytes.n > max_bytes)
		return wn_fail(err, WN_LIMIT, "longer than %zu bytes", max_bytes);
	const uint8_t *p = bytes_of(bytes), *bad = u8_check(p, bytes.n);
	if (bad)
		return wn_fail(err, WN_INVALID, "not UTF-8 at byte %zu", (size_t)(bad - p));
	const uint8_t *nul = memchr(p, 0, bytes.n);
	if (nul)
		return wn_fail(err, WN_INVALID, "NUL at byte %zu", (size_t)(nul - p));
	struct wn_str s = normalised(cleaned(bytes, max_bytes, a), UNINORM_NFC, a);
	if (s.n > max_bytes)
		return wn_fail(err, WN_LIMIT, "longer than %zu bytes in normal form", max_bytes);
	*out = s;
	return WN_OK;
}

bool wn_text_is_utf8(struct wn_str bytes) { return u8_check(bytes_of(bytes), bytes.n) == NULL; }

struct wn_str wn_text_one_line(struct wn_str s, size_t max_chars, struct wn_arena *a)
{
	char *copy = wn_arena_alloc(a, 3 * s.n + 1);
	size_t n = 0, chars = 0, len;
	bool blank = false;
	for (size_t i = 0; i < s.n; i += len) {
		ucs4_t c;
		uint8_t encoded[6];
		len = next(s, i, &c);
		if (uc_is_property_white_space(c)) {
			blank = true;
			continue;
		}
		/* A blank is only written in front of something, so none is left at either end. */
		if (is_dropped(c) || (blank && n && chars + 2 > max_chars) || chars + 1 > max_chars) {
			if (is_dropped(c))
				continue;
			break;
		}
		if (blank && n)
			copy[n++] = ' ', chars++;
		blank = false;
		int size = u8_uctomb(encoded, c, sizeof(encoded));
		memcpy(copy + n, encoded, (size_t)size);
		n += (size_t)size;
		chars++;
	}
	copy[n] = '\0';
	return (struct wn_str){copy, n};
}

struct wn_str wn_text_trim(struct wn_str s)
{
	ucs4_t c;
	size_t len;
	while (s.n && (len = next(s, 0, &c), uc_is_property_white_space(c)))
		s.p += len, s.n -= len;
	while (s.n) {
		size_t at = s.n - 1;
		while (at && s.n - at < 4 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at--;
		len = next(s, at, &c);
		if (at + len != s.n || !uc_is_property_white_space(c))
			break;
		s.n = at;
	}
	return s;
}

struct wn_str wn_text_lower_ascii(struct wn_str s, struct wn_arena *a)
{
	char *copy = wn_arena_strdup(a, s);
	for (size_t i = 0; i < s.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	return (struct wn_str){copy, s.n};
}

/* Blocks of combining diacritical marks. Marks of other scripts (dakuten, vowel signs) belong to the letter. */
static bool is_diacritic(ucs4_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
	       (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe20 && c <= 0xfe2f);
}

/* Letters whose stroke or ligature Unicode does not decompose. */
static const char *plain_letter(ucs4_t c)
{
	static const struct {
		ucs4_t c;
		const char *plain;
	} letters[] = {
		{0xe6, "ae"}, {0xf0, "d"},  {0xf8, "o"},  {0xfe, "th"},  {0x111, "d"},
		{0x127, "h"}, {0x131, "i"}, {0x142, "l"}, {0x153, "oe"}, {0x167, "t"},
	};
	for (size_t i = 0; i < WN_COUNT(letters); i++)
		if (letters[i].c == c)
			return letters[i].plain;
	return NULL;
}

static struct wn_str without_diacritics(struct wn_str s, struct wn_arena *a)
{
	char *copy = wn_arena_alloc(a, s.n + 1);
	size_t n = 0, len;
	for (size_t i = 0; i < s.n; i += len) {
		ucs4_t c;
		len = next(s, i, &c);
		const char *plain = plain_letter(c);
		size_t size = plain ? strlen(plain) : is_diacritic(c) ? 0 : len;
		memcpy(copy + n, plain ? plain : s.p + i, size);
		n += size;
	}
	copy[n] = '\0';
	return (struct wn_str){copy, n};
}

struct wn_str wn_text_fold(struct wn_str s, struct wn_arena *a)
{
	if (is_ascii(s))
		return wn_text_lower_ascii(s, a);
	if (!wn_text_is_utf8(s))
		s = cleaned(s, SIZE_MAX, a);
	/* Decomposed first: a ligature or a squared word may hold capitals. */
	struct wn_str open = normalised(s, UNINORM_NFKD, a);
	size_t n = 0;
	uint8_t *p = u8_casefold(bytes_of(open), open.n, NULL, UNINORM_NFKD, NULL, &n);
	struct wn_str folded = adopt(p, n, a);
	return normalised(without_diacritics(folded, a), UNINORM_NFKC, a);
}

static bool is_invisible(ucs4_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff;
}

static size_t quoted_char(struct wn_str s, size_t at, char out[8])
{
	ucs4_t c;
	size_t len = next(s, at, &c);
	bool bad = c == 0xfffd && len == 1;
	if (bad || c < 0x20 || (c >= 0x7f && c < 0xa0))
		snprintf(out, 8, "\\x%02x", bad ? (unsigned char)s.p[at] : (unsigned)c & 0xff);
	else if (is_invisible(c))
		snprintf(out, 8, "\\u%04x", (unsigned)c & 0xffff);
	else
		snprintf(out, 8, "%s%.*s", c == '"' || c == '\\' ? "\\" : "", (int)len, s.p + at);
	return len;
}

struct wn_str wn_text_quote(struct wn_str s, size_t max_chars, struct wn_arena *a)
{
	size_t most = s.n < max_chars ? s.n : max_chars;
	char *copy = wn_arena_alloc(a, 6 * most + 6);
	size_t n = 0, at = 0;
	copy[n++] = '"';
	for (size_t chars = 0; at < s.n && chars < max_chars; chars++) {
		char piece[8];
		at += quoted_char(s, at, piece);
		size_t size = strlen(piece);
		memcpy(copy + n, piece, size);
		n += size;
	}
	if (at < s.n) {
		memcpy(copy + n, "…", 3);
		n += 3;
	}
	copy[n++] = '"';
	copy[n] = '\0';
	return (struct wn_str){copy, n};
}

size_t wn_text_chars(struct wn_str s)
{
	size_t chars = 0;
	ucs4_t c;
	for (size_t i = 0; i < s.n; chars++)
		i += next(s, i, &c);
	return chars;
}

size_t wn_text_width(struct wn_str s)
{
	size_t width = 0;
	ucs4_t c;
	for (size_t i = 0; i < s.n;) {
		i += next(s, i, &c);
		int w = uc_width(c, "UTF-8");
		width += w > 0 ? (size_t)w : 0;
	}
	return width;
}
