/* SPDX-License-Identifier: MIT */
/* What is remembered of a feed between polls beside the columns of feed_state; its `extra` is this as JSON, but for what each good poll
 * teaches of the rhythm: that has columns (wn_feed_state.lately), so that a poll without news need not write the rest anew. */
#ifndef WN_DAEMON_REMEMBERED_H
#define WN_DAEMON_REMEMBERED_H

#include <whynow/arena.h>
#include <whynow/rhythm.h>
#include <whynow/schedule.h>
#include <whynow/store.h>

struct wn_remembered {
	struct wn_str of;            /* the file's `url` that all of feed_state is about */
	int64_t newest_us;           /* when the newest item of former answers occurred; 0: not known */
	struct wn_feed_hints hints;  /* of the newest document: a 304 brings none */
	struct wn_rhythm rhythm;     /* of its items */
	/* permanent redirects in a row to one place */
	struct wn_str moved_to;
	int64_t moved_n, moved_us;   /* how often, since when */
	/* pages of one answer, from the first to the one where the cursor ends */
	int64_t walk_us;             /* when it began, 0: none is under way */
	int64_t walk_pages, walk_new, walk_signals;
	bool walk_broken;            /* a page was incomplete: absence proves nothing */
};
/* Texts in `a`. What is absent or cannot be read is nothing remembered. */
struct wn_remembered wn_remembered_read(struct wn_str json, struct wn_arena *a);
struct wn_remembered wn_remembered_of(const struct wn_feed_state *row, struct wn_arena *a);
/* Does nothing but those columns differ? */
bool wn_remembered_is_like(const struct wn_remembered *r, const struct wn_remembered *was);
struct wn_str wn_remembered_write(const struct wn_remembered *r, struct wn_arena *a);
struct wn_remembered wn_remembered_copy(const struct wn_remembered *r, struct wn_arena *a);

/* A good poll was redirected for good to `to` (absent: it was not), and what was there is what we know (or unchanged). True: it was
 * seen often enough to be believed: 3 times over a day, or 6 times in a row. */
bool wn_remembered_moved(struct wn_remembered *r, struct wn_str to, int64_t now_us);

#endif
