/* SPDX-License-Identifier: MIT */
/* What the files of one reading of published segments share. */
#ifndef WN_DAEMON_SEGMENTS_PARTS_H
#define WN_DAEMON_SEGMENTS_PARTS_H

#include "due.h"

enum {
	SEGMENTS_SLICE = 32,          /* segments compiled at a time: a millisecond or two */
	SEGMENTS_SLICE_ROWS = 8192,   /* rows looked at */
};

/* One reading. */
struct segments_reading {
	struct wn_daemon *d;
	struct wn_segments *st;
	struct wn_book *book;
	struct wn_store *store;
	struct wn_arena *arena;       /* of all rows */
	struct wn_segment_row *rows;
	size_t n;
	bool whole;                   /* all rows, not only news */
	bool changed;                 /* something came into force, or went */
	int64_t since_us, versions;   /* for those to come */
	size_t n_taken, n_in_force;
	WN_VEC(size_t) late;          /* rows that refer to what may yet come */
	WN_VEC(const struct wn_segment_row *) valid; /* to be marked */
	struct page *ahead;           /* segments_take.c: under way on the session, or NULL */
};

/* segments.c: everything else of the loop has its turn after each `size` of them. WN_AGAIN: the book is another by now. */
enum wn_rc segments_slice(struct segments_reading *r, size_t done, size_t size);
/* segments_take.c: compiles the rows that the book wants, files them, marks them in the table. */
enum wn_rc segments_take(struct segments_reading *r, struct wn_err *err);

#endif
