/* SPDX-License-Identifier: MIT */
/*
 * Feeds by when they are looked at, the next one first; of one instant the longest overdue, so that nobody starves, then by name, so
 * that runs repeat. A heap in an array: each feed knows its place, so it can be moved and taken out.
 */
#ifndef WN_DAEMON_DUE_HEAP_H
#define WN_DAEMON_DUE_HEAP_H

#include "intake.h"

struct wn_due_heap {
	struct wn_due_place {
		int64_t ask_us; /* the feed's, here so that most of the thousands need not be looked at */
		struct wn_poll_feed *feed;
	} *v; size_t n, cap;
};

void wn_due_heap_put(struct wn_due_heap *h, struct wn_poll_feed *f, int64_t ask_us); /* or moves it; its next_us stays as it is while it is in */
void wn_due_heap_take(struct wn_due_heap *h, struct wn_poll_feed *f); /* nothing happens if it is not in it */
static inline struct wn_poll_feed *wn_due_heap_first(const struct wn_due_heap *h) { return h->n ? h->v[0].feed : NULL; }

#endif
