/* SPDX-License-Identifier: MIT */
/*
 * One clock object, injected. Times are int64_t microseconds since 1970 UTC (`_us`).
 *
 * Live: now = monotonic + offset; each heartbeat sets the offset from the midpoint of a
 * `SELECT clock_timestamp()`, half the round trip is the error. Virtual: stands still until told to move.
 * Accelerated (`--try` only): runs `factor` times as fast from a given start.
 * Decisions that close or send use wn_clock_sure_us(): now - error, never early by the database's clock.
 */
#ifndef WHYNOW_CLOCK_H
#define WHYNOW_CLOCK_H

#include <whynow/base.h>

#define WN_SECOND INT64_C(1000000)
#define WN_MINUTE (60 * WN_SECOND)
#define WN_HOUR (60 * WN_MINUTE)
#define WN_DAY (24 * WN_HOUR)
#define WN_NEVER INT64_MAX

struct wn_clock;

struct wn_clock *wn_clock_new_live(void);
struct wn_clock *wn_clock_new_virtual(int64_t start_us);
struct wn_clock *wn_clock_new_accelerated(int64_t start_us, double factor);
void wn_clock_free(struct wn_clock *c);

int64_t wn_clock_now_us(const struct wn_clock *c);
/* While two readings disagree: the earlier of them. */
int64_t wn_clock_sure_us(const struct wn_clock *c);
/* Half the round trip of the reading in use; 0 before the first one and for other clocks. */
int64_t wn_clock_error_us(const struct wn_clock *c);
/* Real microseconds that must pass until the clock shows `at_us` (0 if it does already); for timers.
 * A virtual clock answers INT64_MAX for the future: somebody must move it. */
int64_t wn_clock_real_until_us(const struct wn_clock *c, int64_t at_us);
/* CLOCK_MONOTONIC in microseconds; for measuring, never for deciding. */
int64_t wn_clock_monotonic_us(void);

/* Live only: one reading of the database's clock between two monotonic readings. */
void wn_clock_reading(struct wn_clock *c, int64_t sent_mono_us, int64_t db_us, int64_t received_mono_us);
/* True while two successive readings disagree by more than 5 s: irreversible steps are held. The clock keeps
 * its offset meanwhile; a second reading in a row on either side of the jump settles it. */
bool wn_clock_is_doubtful(const struct wn_clock *c);
bool wn_clock_is_live(const struct wn_clock *c);
/* Virtual only: moves forward (never back). */
void wn_clock_set(struct wn_clock *c, int64_t now_us);
/* Virtual only: as if two readings disagreed, until it is taken back. */
void wn_clock_doubt(struct wn_clock *c, bool doubtful);

#endif
