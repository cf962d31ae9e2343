/* SPDX-License-Identifier: MIT */
/*
 * When a feed's items come: decayed counts by hour of the week and minute of the hour (UTC), and how well they foretell the last days.
 * Learned from the feed's own items alone; all zero is a feed of which nothing is known. Pure arithmetic; times in microseconds.
 *
 * The next request is put where price + waiting - rest is least: `price` is what a request is worth in item-seconds of waiting, `waiting`
 * the expected item-seconds of what comes meanwhile, `rest` what the best schedule would pay in that time. For an even rate l that is
 * the square root law, an interval of sqrt(2 price / l); before a burst it waits for the burst's end.
 */
#ifndef WHYNOW_RHYTHM_H
#define WHYNOW_RHYTHM_H

#include <whynow/buf.h>

enum { WN_RHYTHM_HOURS = 168, WN_RHYTHM_MINUTES = 60 };

struct wn_rhythm {
	int64_t since_us; /* watched since; 0 = never */
	int64_t seen_us;  /* last good poll */
	int64_t epoch_us; /* counts are weighted as of here: an item a half-life later counts twice */
	double batches;   /* items that came together count once; weighted like the counts */
	double came, due; /* of the last days: items that came, and that were expected */
	uint16_t hours[WN_RHYTHM_HOURS];     /* 0 = Monday, 0 to 1 o'clock */
	uint16_t minutes[WN_RHYTHM_MINUTES];
};

/* A good poll at now_us brought `n` new items; when they were published is known of the first `dated_n`. What is dated before the last good
 * poll, or after now, came between the two. */
void wn_rhythm_learn(struct wn_rhythm *r, const int64_t *published_us, size_t dated_n, size_t n, int64_t now_us);

struct wn_rhythm_plan {
	int64_t us;       /* wait from now, floor <= us <= ceiling */
	int64_t slack_us; /* as much later costs next to nothing (a share of the price: share^2) */
	int64_t soon_us;  /* wait until something is likely due (0.15 items), at most the ceiling */
	double a_day;     /* items expected a day, of late */
	double batches;   /* how often something came, decayed */
	double expected;  /* items due by then */
};
/* Where to poll next after a good poll now. `worth` >= 1 multiplies what waiting costs; share: of the wait, for slack_us. */
struct wn_rhythm_plan wn_rhythm_plan(const struct wn_rhythm *r, int64_t now_us, int64_t floor_us, int64_t ceiling_us, double price, double worth,
				     double share);
/* Has this hour of the day (UTC) brought items? Then a feed that says it sleeps then is mistaken. */
bool wn_rhythm_is_awake(const struct wn_rhythm *r, int hour);

/* As text for the store (base64, 40 to 800 bytes). What cannot be read, or is of another version, reads as a feed never seen: false. */
void wn_rhythm_write(const struct wn_rhythm *r, struct wn_buf *out);
bool wn_rhythm_read(struct wn_str text, struct wn_rhythm *out);
/* A good poll that brings nothing moves seen_us, came and due alone, but for once in some weeks: has nothing else moved? */
bool wn_rhythm_is_like(const struct wn_rhythm *r, const struct wn_rhythm *was);
/* A text that was written some such polls ago, and what moved since then. What is impossible, or older than the text, is left out. */
void wn_rhythm_catch_up(struct wn_rhythm *r, int64_t seen_us, double came, double due);

#endif
