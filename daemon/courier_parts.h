/* SPDX-License-Identifier: MIT */
/* Shared by the files of the courier only. */
#ifndef WN_DAEMON_COURIER_PARTS_H
#define WN_DAEMON_COURIER_PARTS_H

#include "sink.h"

/* Deliveries under way to one sink. Kept by name: a reload replaces the book, not what is on its way. */
struct wn_slots {
	struct wn_slots *next;
	size_t running;
	char name[];
};

/* One row on its way. */
struct wn_parcel {
	struct wn_parcel *next;     /* among results */
	struct wn_daemon *d;
	struct wn_arena *arena;
	struct wn_outbox_row row;
	int64_t lease_us;
	struct wn_slots *slots;
	struct wn_delivery result;
	bool touch, once, redirected;
	bool on_fiber;
};

/* Results that wait to be written, the oldest first. */
struct wn_results {
	struct wn_parcel *first, *last;
};

struct wn_courier {
	struct wn_fiber *fiber;
	struct wn_timer *timer;     /* when something wants us */
	struct wn_slots *slots;
	size_t running;             /* deliveries with a fiber of their own, all sinks */
	bool again;                 /* something was claimed: look once more */
	struct wn_results events, touches;
	struct wn_results writing;  /* of touches, by the second lane */
	struct wn_turn lane;        /* held while it runs */
	enum wn_rc lane_rc;
};

enum { WN_COURIER_LOT = 256 }; /* of one transaction: one statement a table (pg.h, wn_pg_queue_rows) */

/* courier.c */
size_t wn_courier_room(struct wn_daemon *d, const struct wn_book_sink *sink); /* how many more deliveries it may have under way */
void wn_courier_send(struct wn_daemon *d, const struct wn_outbox_row *row, bool touch, int64_t lease_us);
enum wn_rc wn_courier_switch_off(struct wn_parcel *p, struct wn_err *err);
int64_t wn_courier_next_attempt(const struct wn_parcel *p, int64_t now_us);
bool wn_courier_is_among(const struct wn_str *v, size_t n, struct wn_str s);
void wn_parcel_free(struct wn_parcel *p); /* gives its slot back */

/* courier_touches.c */
enum wn_rc wn_touches_claim(struct wn_daemon *d);
/* Their results, in one transaction. */
enum wn_rc wn_touches_write(struct wn_daemon *d, struct wn_session *session, struct wn_parcel **parcels, size_t n);

#endif
