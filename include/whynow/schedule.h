/* SPDX-License-Identifier: MIT */
/*
 * When to ask a feed again, and why: pure arithmetic over what answers and documents said. No clock, no I/O.
 *
 *   next = clamp(max(server hint capped at 24 h, learned interval), floor, ceiling) + jitter
 *
 * Errors back off exponentially up to 24 h with jitter. There is no permanent stop but 410 seen twice.
 * Times are microseconds since 1970 UTC, spans are microseconds; -1 is "not said".
 */
#ifndef WHYNOW_SCHEDULE_H
#define WHYNOW_SCHEDULE_H

#include <whynow/rhythm.h>

/* What a document says of its own rhythm (RSS 2.0 ttl, skipHours, skipDays; RSS 1.0 module syndication). */
struct wn_feed_hints {
	int64_t ttl_us;      /* <ttl>, -1 = not said */
	int64_t update_us;   /* sy:updatePeriod / sy:updateFrequency, -1 = not said */
	uint32_t skip_hours; /* bit h: the hour h of the day, GMT */
	uint8_t skip_days;   /* bit d: 0 = Sunday .. 6 = Saturday, GMT */
};
static inline struct wn_feed_hints wn_feed_hints_none(void)
{
	return (struct wn_feed_hints){.ttl_us = -1, .update_us = -1};
}

/* What the headers of one answer say (RFC 9111, RFC 9110 10.2.3). */
struct wn_http_hints {
	int64_t max_age_us; /* Cache-Control: max-age (s-maxage is for shared caches, ignored) less Age, at
			       least 0; -1 */
	int64_t expires_us; /* Expires less Date (or less now); 0 for a past or invalid date; -1 = not said */
	int64_t poll_interval_us; /* X-Poll-Interval, -1 */
	int64_t retry_after_us;   /* Retry-After as a span from now, -1 */
	bool no_cache;            /* Cache-Control: no-cache or no-store: max-age and Expires say nothing */
};
static inline struct wn_http_hints wn_http_hints_none(void)
{
	return (struct wn_http_hints){-1, -1, -1, -1, false};
}
/* Takes one header; unknown names and unreadable values change nothing. Call for each header, in order, then
 * wn_http_hints_done. `work` is zeroed before the first. */
struct wn_http_hints_work {
	int64_t age_us, date_us, max_age_us, expires_at_us, poll_us, retry_us;
	bool has_age, has_date, has_max_age, has_expires, has_poll, has_retry, no_cache;
};
void wn_http_hints_take(struct wn_http_hints_work *work, struct wn_str name, struct wn_str value,
			int64_t now_us);
struct wn_http_hints wn_http_hints_done(const struct wn_http_hints_work *work, int64_t now_us);
/* Retry-After: seconds or an HTTP date; a span from now, at least 0. */
bool wn_retry_after_parse(struct wn_str value, int64_t now_us, int64_t *out_us);

/* How a poll ended, as the schedule sees it. */
/* clang-format off */
#define WN_POLL_OUTCOME_LIST(X)                                                                              \
	X(ITEMS, "items")               /* 200, parsed; new items may be zero */                             \
	X(NOT_MODIFIED, "not_modified") /* 304 */                                                            \
	X(GONE, "gone")                 /* 410 */                                                            \
	X(DENIED, "denied")             /* 401, 402, 403, 404, 451 and the like, challenge pages: slow */    \
	X(THROTTLED, "throttled")       /* 429, 503 */                                                       \
	X(SERVER, "server")             /* other 5xx, DNS, connect, TLS, time, size */                       \
	X(BROKEN, "broken")             /* 200 that is no feed */
/* clang-format on */
enum wn_poll_outcome {
#define X(name, text) WN_POLL_##name,
	WN_POLL_OUTCOME_LIST(X)
#undef X
};
const char *wn_poll_outcome_to_text(enum wn_poll_outcome o);
bool wn_poll_outcome_from_text(struct wn_str text, enum wn_poll_outcome *out);

/* What is kept of a feed between polls (columns of feed_state; plain numbers). All zero = never polled. */
struct wn_schedule_state {
	int64_t last_us;  /* last poll, 0 = never */
	double worth;     /* decayed share of new items that became signals, 0..1; 0 until one did */
	int32_t failures; /* in a row; a success sets 0 */
	int32_t gone;     /* 410 in a row */
};
struct wn_schedule_config {
	int64_t floor_us, ceiling_us; /* `every:`; 0 reads as 5 min and 24 h */
	int64_t hint_max_us, backoff_max_us; /* what a server may ask for, the longest wait after failures; 0 reads as 24 h */
	double price; /* a request's, in item-seconds of waiting (rhythm.h); 0 reads as the usual */
	double jitter; /* share of the wait added at random after a success; 0 reads as a tenth, less than 0 as none */
};
/* One poll, just done. */
struct wn_poll {
	enum wn_poll_outcome outcome;
	int new_items; /* of ITEMS: not seen before */
	int signals;   /* of those, became signals */
	const int64_t *published_us; /* of those, ascending, as far as it is known; borrowed */
	size_t published_n;
	bool first;    /* first successful poll: its items are history and teach no rate */
	struct wn_http_hints http;
	struct wn_feed_hints feed; /* of the newest document (also after a 304) */
};
struct wn_next_poll {
	int64_t next_us;     /* INT64_MAX with stopped */
	bool stopped;        /* 410 twice: only an operator starts it again */
	int64_t interval_us; /* before jitter and skipped hours */
	char why[240];       /* one clause for a person: "learned 42m (1.4 items an hour), floor 5m" */
};
/* Updates *state and *rhythm by the poll and says when the next one is. `seed` decides the jitter: the same seed, state and
 * poll give the same instant; give it a hash of the feed's name. Never fails. */
struct wn_next_poll wn_schedule_next(struct wn_schedule_state *state, struct wn_rhythm *rhythm, const struct wn_schedule_config *config,
				     const struct wn_poll *poll, int64_t now_us, uint64_t seed);
/* First poll after a start of a feed that is overdue or new: spread over `spread_us` by seed. */
int64_t wn_schedule_first(const struct wn_schedule_state *state, int64_t due_us, int64_t now_us,
			  int64_t spread_us, uint64_t seed);
/* First instant at or after `at_us` outside skipped hours and days (GMT); at_us if everything is skipped. */
int64_t wn_schedule_skip(int64_t at_us, const struct wn_feed_hints *hints);

#endif
