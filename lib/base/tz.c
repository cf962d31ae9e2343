/* SPDX-License-Identifier: MIT */
/*
 * TZif files (RFC 8536, versions 1 to 4) under /usr/share/zoneinfo. The table answers up to its last
 * transition, the footer after it. Files are read as hostile: every count is checked against the bytes there
 * are.
 */
#include "tz_posix.h"

#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/tz.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ZONEINFO "/usr/share/zoneinfo/"
#define HEADER 44u
/* Offsets seen on Earth lie well inside (RFC 8536, 3.2: -25 h to 26 h). */
#define OFFSET_MAX (26 * 3600)

struct wn_tz {
	size_t n;         /* transitions */
	int64_t *at_s;    /* rising */
	int32_t *after_s; /* offset from each on */
	int32_t first_s;  /* offset before the first */
	bool has_footer;
	struct tz_posix footer;
};

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static int64_t be64(const uint8_t *p) { return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4)); }

static bool read_header(struct wn_str s, struct counts *c, char *version)
{
	const uint8_t *p = (const uint8_t *)s.p;
	if (s.n < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = s.p[4];
	*c = (struct counts){be32(p + 20), be32(p + 24), be32(p + 28),
			     be32(p + 32), be32(p + 36), be32(p + 40)};
	return true;
}

/* Bytes of a data block whose times have `width` bytes. 32-bit counts cannot overflow 64 bits here. */
static uint64_t block_size(const struct counts *c, unsigned width)
{
	return (uint64_t)c->time * (width + 1) + (uint64_t)c->type * 6 + c->chars +
	       (uint64_t)c->leap * (width + 4) + c->isstd + c->isut;
}

static bool read_types(const uint8_t *types, uint32_t n, int32_t offsets[256])
{
	for (uint32_t i = 0; i < n; i++) {
		offsets[i] = (int32_t)be32(types + 6 * i);
		if (offsets[i] < -OFFSET_MAX || offsets[i] > OFFSET_MAX)
			return false;
	}
	return true;
}

/* The data block at p, already known to be there whole. */
static bool read_block(const uint8_t *p, const struct counts *c, unsigned width, struct wn_tz *tz)
{
	int32_t offsets[256];
	const uint8_t *kinds = p + (size_t)c->time * width;
	/* Leap seconds would shift every time of the table. */
	if (c->type == 0 || c->type > 256 || c->leap || !read_types(kinds + c->time, c->type, offsets))
		return false;
	tz->first_s = offsets[0];
	tz->n = c->time;
	tz->at_s = wn_alloc(c->time * sizeof(*tz->at_s));
	tz->after_s = wn_alloc(c->time * sizeof(*tz->after_s));
	for (uint32_t i = 0; i < c->time; i++) {
		tz->at_s[i] = width == 8 ? be64(p + 8 * i) : (int32_t)be32(p + 4 * i);
		if (kinds[i] >= c->type || (i && tz->at_s[i] <= tz->at_s[i - 1]))
			return false;
		tz->after_s[i] = offsets[kinds[i]];
	}
	return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; an empty line means that nobody knows. */
static bool read_footer(struct wn_str s, struct wn_tz *tz)
{
	const char *end = s.n > 1 ? memchr(s.p + 1, '\n', s.n - 1) : NULL;
	if (!end || s.p[0] != '\n')
		return false;
	struct wn_str text = {s.p + 1, (size_t)(end - s.p - 1)};
	if (text.n == 0)
		return true;
	tz->has_footer = true;
	return tz_posix_parse(text, &tz->footer);
}

static bool read_tzif(struct wn_str s, struct wn_tz *tz)
{
	struct counts c;
	char version;
	unsigned width = 4;
	if (!read_header(s, &c, &version))
		return false;
	uint64_t at = HEADER;
	if (version >= '2') {
		at += block_size(&c, 4);
		if (at > s.n)
			return false;
		s.p += at, s.n -= at;
		if (!read_header(s, &c, &version))
			return false;
		at = HEADER;
		width = 8;
	}
	uint64_t size = block_size(&c, width);
	if (size > s.n - at || !read_block((const uint8_t *)s.p + at, &c, width, tz))
		return false;
	at += size;
	return width == 4 || read_footer((struct wn_str){s.p + at, s.n - at}, tz);
}

enum wn_rc wn_tz_parse(struct wn_str bytes, struct wn_tz **out, struct wn_err *err)
{
	if (bytes.n > WN_TZ_FILE_MAX)
		return wn_fail(err, WN_LIMIT, "longer than %u bytes", WN_TZ_FILE_MAX);
	struct wn_tz *tz = wn_alloc(sizeof(*tz));
	if (!read_tzif(bytes, tz)) {
		wn_tz_free(tz);
		return wn_fail(err, WN_INVALID, "not a time zone file (RFC 8536)");
	}
	*out = tz;
	return WN_OK;
}

/* Letters, digits, _ + - and single slashes inside. Without dots there is no way up. */
static bool is_name(const char *name)
{
	size_t n = strnlen(name, 65);
	if (n == 0 || n > 64 || name[0] == '/' || name[n - 1] == '/')
		return false;
	for (const char *p = name; *p; p++) {
		bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
		if (!letter && !(*p >= '0' && *p <= '9') && !strchr("_+-/", *p))
			return false;
	}
	return true;
}

/* The whole file, or -1; a file of more than `size` bytes fills it. */
static ssize_t read_whole(const char *path, char *bytes, size_t size)
{
	size_t n = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	while (n < size && ((got = read(fd, bytes + n, size - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	close(fd);
	return got < 0 ? -1 : (ssize_t)n;
}

enum wn_rc wn_tz_load(const char *name, struct wn_tz **out, struct wn_err *err)
{
	char path[sizeof(ZONEINFO) + 64];
	if (!is_name(name))
		return wn_fail(err, WN_INVALID, "not the name of a time zone; names look like Europe/Berlin");
	snprintf(path, sizeof(path), ZONEINFO "%s", name);
	WN_CLEANUP(wn_freep) char *bytes = wn_alloc(WN_TZ_FILE_MAX + 1);
	ssize_t n = read_whole(path, bytes, WN_TZ_FILE_MAX + 1);
	if (n < 0 && strcmp(name, "UTC") == 0) {
		*out = wn_alloc(sizeof(**out));
		return WN_OK;
	}
	if (n < 0)
		return wn_fail(err, WN_NOT_FOUND, "no time zone \"%s\" in " ZONEINFO " (package tzdata)", name);
	if (wn_tz_parse((struct wn_str){bytes, (size_t)n}, out, err))
		return wn_fail_more(err, WN_INVALID, "%s", path);
	return WN_OK;
}

void wn_tz_free(struct wn_tz *tz)
{
	if (!tz)
		return;
	free(tz->at_s);
	free(tz->after_s);
	free(tz);
}

static int32_t offset_at(const struct wn_tz *tz, int64_t at_s)
{
	size_t low = 0, high = tz->n; /* transitions up to `low` are past */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tz->at_s[middle] <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tz->n && tz->has_footer)
		return tz_posix_offset(&tz->footer, at_s);
	return low ? tz->after_s[low - 1] : tz->first_s;
}

static int64_t seconds_of(int64_t us) { return us / WN_SECOND - (us % WN_SECOND < 0); }

int32_t wn_tz_offset(const struct wn_tz *tz, int64_t at_us) { return offset_at(tz, seconds_of(at_us)); }

int64_t wn_tz_from_local(const struct wn_tz *tz, int64_t local_us)
{
	/* Whatever the offset, the instant lies between these two. */
	int64_t before = offset_at(tz, seconds_of(local_us) - OFFSET_MAX) * WN_SECOND;
	int64_t after = offset_at(tz, seconds_of(local_us) + OFFSET_MAX) * WN_SECOND;
	bool fits_before = wn_tz_offset(tz, local_us - before) * WN_SECOND == before;
	bool fits_after = wn_tz_offset(tz, local_us - after) * WN_SECOND == after;
	/* Both fit a repeated time; in a gap neither does, and the old offset carries it over. */
	return local_us - (fits_after && !fits_before ? after : before);
}

static bool agree_at_changes(const struct wn_tz *of, const struct wn_tz *a, const struct wn_tz *b, int64_t from_s)
{
	for (size_t i = 0; i < of->n; i++)
		if (of->at_s[i] >= from_s && offset_at(a, of->at_s[i]) != offset_at(b, of->at_s[i]))
			return false;
	return true;
}

bool wn_tz_agree(const struct wn_tz *a, const struct wn_tz *b, int64_t at_us)
{
	int64_t from_s = seconds_of(at_us);
	return offset_at(a, from_s) == offset_at(b, from_s) && agree_at_changes(a, a, b, from_s) && agree_at_changes(b, a, b, from_s) &&
	       a->has_footer == b->has_footer && (!a->has_footer || tz_posix_equal(&a->footer, &b->footer));
}
