/* SPDX-License-Identifier: MIT */
/*
 * A rhythm as text: a version, then its numbers as little-endian bytes with runs of zeros counted (most hours of most feeds are empty), in
 * base64. Reading never fails half-way: everything fits and is possible, or the feed counts as never seen.
 */
#include <whynow/base64.h>
#include <whynow/rhythm.h>

#include <math.h>
#include <string.h>

enum { VERSION = 1, NUMBERS = 6 * 8, COUNTS = WN_RHYTHM_HOURS + WN_RHYTHM_MINUTES, BYTES = NUMBERS + 2 * COUNTS };

static uint64_t bits_of(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}
static double double_of(uint64_t u)
{
	double d;

	memcpy(&d, &u, sizeof(d));
	return d;
}

static void put_counts(const uint16_t *counts, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = (uint8_t)counts[i];
		out[2 * i + 1] = (uint8_t)(counts[i] >> 8);
	}
}

static void pack(const struct wn_rhythm *r, uint8_t out[BYTES])
{
	const uint64_t n[] = {(uint64_t)r->since_us, (uint64_t)r->seen_us, (uint64_t)r->epoch_us, bits_of(r->batches), bits_of(r->came), bits_of(r->due)};

	for (size_t i = 0; i < NUMBERS; i++)
		out[i] = (uint8_t)(n[i / 8] >> 8 * (i % 8));
	put_counts(r->hours, WN_RHYTHM_HOURS, out + NUMBERS);
	put_counts(r->minutes, WN_RHYTHM_MINUTES, out + NUMBERS + 2 * WN_RHYTHM_HOURS);
}

static void unpack(const uint8_t in[BYTES], struct wn_rhythm *r)
{
	uint64_t n[6] = {0};

	for (size_t i = 0; i < NUMBERS; i++)
		n[i / 8] |= (uint64_t)in[i] << 8 * (i % 8);
	*r = (struct wn_rhythm){.since_us = (int64_t)n[0], .seen_us = (int64_t)n[1], .epoch_us = (int64_t)n[2],
				.batches = double_of(n[3]), .came = double_of(n[4]), .due = double_of(n[5])};
	for (size_t i = 0; i < COUNTS; i++) {
		uint16_t c = (uint16_t)(in[NUMBERS + 2 * i] | in[NUMBERS + 2 * i + 1] << 8);
		*(i < WN_RHYTHM_HOURS ? &r->hours[i] : &r->minutes[i - WN_RHYTHM_HOURS]) = c;
	}
}

static bool is_count(double d)
{
	return d >= 0 && d < 1e12;
}
static bool is_possible(const struct wn_rhythm *r)
{
	return r->since_us >= 0 && r->since_us <= r->seen_us && r->epoch_us >= 0 && r->epoch_us <= r->seen_us && r->seen_us < INT64_MAX / 4 &&
	       is_count(r->batches) && is_count(r->came) && is_count(r->due);
}

/* Most bytes of most rhythms: eight at a time, then one by one. */
static size_t zeros(const uint8_t *p, size_t n)
{
	static const uint8_t none[8];
	size_t i = 0;

	while (i + sizeof(none) <= n && memcmp(p + i, none, sizeof(none)) == 0)
		i += sizeof(none);
	while (i < n && p[i] == 0)
		i++;
	return i;
}

void wn_rhythm_write(const struct wn_rhythm *r, struct wn_buf *out)
{
	uint8_t raw[BYTES], told[1 + 2 * BYTES];
	size_t n = 0;

	pack(r, raw);
	told[n++] = VERSION;
	for (size_t i = 0, run; i < BYTES; i += run) {
		run = zeros(raw + i, BYTES - i < 255 ? BYTES - i : 255);
		told[n++] = raw[i];
		if (run)
			told[n++] = (uint8_t)run;
		else
			run = 1;
	}
	wn_base64_write(out, (struct wn_str){(const char *)told, n});
}

static bool read_runs(struct wn_str told, uint8_t raw[BYTES])
{
	size_t at = 0;

	if (!told.n || told.p[0] != VERSION)
		return false;
	for (size_t i = 1; i < told.n; i++) {
		uint8_t b = (uint8_t)told.p[i];
		size_t run = 1;
		if (b == 0)
			run = ++i < told.n ? (uint8_t)told.p[i] : 0;
		if (!run || run > BYTES - at)
			return false;
		memset(raw + at, b, run);
		at += run;
	}
	return at == BYTES;
}

bool wn_rhythm_read(struct wn_str text, struct wn_rhythm *out)
{
	struct wn_arena *a = wn_arena_new_small(BYTES);
	uint8_t raw[BYTES];
	struct wn_str told;
	bool ok = text.n <= 4 * BYTES && wn_base64_read(text, a, &told) && read_runs(told, raw);

	wn_arena_free(a);
	if (ok)
		unpack(raw, out);
	if (!ok || !is_possible(out)) {
		*out = (struct wn_rhythm){0};
		return false;
	}
	return true;
}

bool wn_rhythm_is_like(const struct wn_rhythm *r, const struct wn_rhythm *was)
{
	return r->since_us == was->since_us && r->epoch_us == was->epoch_us && r->batches == was->batches &&
	       memcmp(r->hours, was->hours, sizeof(r->hours)) == 0 && memcmp(r->minutes, was->minutes, sizeof(r->minutes)) == 0;
}

void wn_rhythm_catch_up(struct wn_rhythm *r, int64_t seen_us, double came, double due)
{
	struct wn_rhythm now = *r;

	now.seen_us = seen_us;
	now.came = came;
	now.due = due;
	if (r->since_us && seen_us >= r->seen_us && is_possible(&now))
		*r = now;
}
