/* SPDX-License-Identifier: MIT */
/*
 * The injected clock: live (monotonic + offset from the database), virtual, accelerated.
 *
 * A reading that disagrees with the offset in use by more than DOUBT_US is not believed at once: the clock
 * keeps its offset and is doubtful until a second reading in a row agrees with the new one (the offset moves)
 * or with the old one (the jump is forgotten).
 */
#include <whynow/clock.h>

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define DOUBT_US (5 * WN_SECOND)

enum mode { LIVE, VIRTUAL, ACCELERATED };

struct wn_clock {
	enum mode mode;
	int64_t start_us, start_mono_us; /* accelerated; start_us is "now" of a virtual clock */
	double factor;
	int64_t offset_us, error_us; /* live */
	int64_t rival_us;            /* live: the offset that the last reading asked for while in doubt */
	bool read_once, doubtful;
};

static int64_t read_us(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * WN_SECOND + ts.tv_nsec / 1000;
}

int64_t wn_clock_monotonic_us(void) { return read_us(CLOCK_MONOTONIC); }

struct wn_clock *wn_clock_new_live(void)
{
	struct wn_clock *c = wn_alloc(sizeof(*c));
	c->mode = LIVE;
	c->offset_us = read_us(CLOCK_REALTIME) - wn_clock_monotonic_us();
	return c;
}

struct wn_clock *wn_clock_new_virtual(int64_t start_us)
{
	struct wn_clock *c = wn_alloc(sizeof(*c));
	c->mode = VIRTUAL;
	c->start_us = start_us;
	return c;
}

struct wn_clock *wn_clock_new_accelerated(int64_t start_us, double factor)
{
	struct wn_clock *c = wn_alloc(sizeof(*c));
	c->mode = ACCELERATED;
	c->start_us = start_us;
	c->start_mono_us = wn_clock_monotonic_us();
	c->factor = factor > 0 ? factor : 1;
	return c;
}

void wn_clock_free(struct wn_clock *c) { free(c); }

int64_t wn_clock_now_us(const struct wn_clock *c)
{
	switch (c->mode) {
	case LIVE:
		return wn_clock_monotonic_us() + c->offset_us;
	case VIRTUAL:
		return c->start_us;
	case ACCELERATED:
		return c->start_us +
		       (int64_t)((double)(wn_clock_monotonic_us() - c->start_mono_us) * c->factor);
	}
	return 0;
}

int64_t wn_clock_sure_us(const struct wn_clock *c)
{
	int64_t ahead = c->doubtful && c->mode == LIVE && c->offset_us > c->rival_us ? c->offset_us - c->rival_us : 0;
	return wn_clock_now_us(c) - c->error_us - ahead;
}

int64_t wn_clock_error_us(const struct wn_clock *c) { return c->error_us; }

int64_t wn_clock_real_until_us(const struct wn_clock *c, int64_t at_us)
{
	int64_t now = wn_clock_now_us(c), left;
	if (at_us <= now)
		return 0;
	if (c->mode == VIRTUAL || at_us == WN_NEVER || __builtin_sub_overflow(at_us, now, &left))
		return INT64_MAX;
	return c->mode == ACCELERATED ? (int64_t)ceil((double)left / c->factor) : left;
}

static bool agree(int64_t a, int64_t b) { return (a > b ? a - b : b - a) <= DOUBT_US; }

static void believe(struct wn_clock *c, int64_t offset, int64_t error)
{
	c->offset_us = offset;
	c->error_us = error;
	c->read_once = true;
	c->doubtful = false;
}

void wn_clock_reading(struct wn_clock *c, int64_t sent_mono_us, int64_t db_us, int64_t received_mono_us)
{
	if (c->mode != LIVE || received_mono_us < sent_mono_us)
		return;
	int64_t error = (received_mono_us - sent_mono_us + 1) / 2;
	int64_t offset = db_us - (sent_mono_us + (received_mono_us - sent_mono_us) / 2);
	/* The host's own clock was only a guess, so the first reading is believed. */
	bool confirmed = c->doubtful && agree(offset, c->rival_us);
	if (!c->read_once || agree(offset, c->offset_us) || confirmed) {
		believe(c, offset, error);
		return;
	}
	c->doubtful = true;
	c->rival_us = offset;
}

bool wn_clock_is_doubtful(const struct wn_clock *c) { return c->doubtful; }
bool wn_clock_is_live(const struct wn_clock *c) { return c->mode == LIVE; }

void wn_clock_set(struct wn_clock *c, int64_t now_us)
{
	if (c->mode == VIRTUAL && now_us > c->start_us)
		c->start_us = now_us;
}

void wn_clock_doubt(struct wn_clock *c, bool doubtful)
{
	if (c->mode == VIRTUAL)
		c->doubtful = doubtful;
}
