/* SPDX-License-Identifier: MIT */
/*
 * Gaps: when a feed could not have told. Rules about absence read them in the views of the book; a gap of one kind counts
 * for all kinds of its feed, which can only make an absence unknown, never true.
 */
#include "daemon.h"

static size_t count(const struct wn_gap_row *rows, size_t n, struct wn_str feed)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		k += wn_str_eq(rows[i].feed, feed);
	return k;
}

/* The book's arena keeps what units of work may be reading; so only what changed is written anew. */
static void fill(struct wn_book *b, struct wn_feed_view *v, const struct wn_gap_row *rows, size_t n)
{
	struct wn_str name = wn_str_of(v->name);
	size_t k = count(rows, n, name);
	bool open_was = v->n_gaps && v->gaps[v->n_gaps - 1].to_us == WN_NEVER;
	if (k == 0 || (k == v->n_gaps && !open_was))
		return;
	struct wn_gap *gaps = WN_NEW_N(b->arena, struct wn_gap, k);
	k = 0;
	for (size_t i = 0; i < n; i++)
		if (wn_str_eq(rows[i].feed, name))
			gaps[k++] = (struct wn_gap){rows[i].from_us, rows[i].to_us};
	v->gaps = gaps;
	v->n_gaps = k;
}

enum wn_rc wn_gaps_read(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_gap_row *rows;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_gaps(s, a, &rows, &n, err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < d->book->n_feeds && rc == WN_OK; i++)
		fill(d->book, d->book->feeds[i].view, rows, n);
	wn_arena_free(a);
	return rc;
}
