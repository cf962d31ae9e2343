/* SPDX-License-Identifier: MIT */
/*
 * Quiet polls: nothing to store but the feed's own state, as most polls are. They are gathered for a moment and written many in one
 * transaction; each is written or, if the lot cannot be, alone like any other answer. A feed is not asked again before. While one lot
 * is written, on a fiber of its own, the next is gathered.
 */
#include "intake_parts.h"
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>

#define WAIT_MOST (WN_SECOND / 4)

struct lot {
	struct wn_feed_answer *v[WN_QUIET_POLLS_MAX];
	struct wn_feed_move moves[WN_QUIET_POLLS_MAX];
	size_t n;
};

struct wn_quiet {
	struct wn_daemon *d;
	struct lot lots[2];
	struct lot *gathered, *written; /* the second NULL: none is being written */
	int64_t until_us;
};

struct wn_quiet *wn_quiet_new(struct wn_daemon *d)
{
	struct wn_quiet *q = wn_alloc(sizeof(*q));
	q->d = d;
	q->gathered = &q->lots[0];
	return q;
}

bool wn_answer_is_quiet(const struct wn_feed_answer *a)
{
	const struct wn_feed_conf *c = a->book_feed ? a->book_feed->conf : NULL;
	bool empty = a->as_told || (!a->doc.items_n && !a->doc.rejects_n && !a->doc.rejects_more);
	return !a->part && empty && (a->error || !a->was_blind) && (!c || (c->mode == WN_FEED_POLL && c->changes < WN_CHANGES_REMOVED));
}

void wn_quiet_add(struct wn_quiet *q, struct wn_feed_answer *a)
{
	struct wn_daemon *d = q->d;
	struct lot *l = q->gathered;
	if (l->n == 0)
		q->until_us = wn_clock_now_us(d->clock) + (int64_t)((double)WAIT_MOST * d->factor);
	a->totals_after = a->totals;
	l->moves[l->n] = wn_answer_decide(a, wn_clock_sure_us(d->clock));
	l->v[l->n++] = a;
	if (a->hold_until_us)
		wn_poller_hold(d, a->feed, a->hold_until_us); /* what others of this host must know at once */
}

bool wn_quiet_is_full(const struct wn_quiet *q) { return q->gathered->n == WN_QUIET_POLLS_MAX; }

bool wn_quiet_is_due(const struct wn_quiet *q, int64_t *at_us)
{
	bool now = wn_quiet_is_full(q) || q->d->simulated || !wn_poller_is_asking(q->d) || wn_clock_now_us(q->d->clock) >= q->until_us;
	bool may = q->gathered->n && !q->written; /* the end of a writing wakes the intake */
	*at_us = may ? q->until_us : WN_NEVER;
	return may && now;
}

static int by_name(const void *x, const void *y)
{
	return wn_str_cmp(((const struct wn_feed_move *)x)->state->name, ((const struct wn_feed_move *)y)->state->name);
}

static enum wn_rc write_all(struct wn_daemon *d, struct lot *l, struct wn_err *err)
{
	qsort(l->moves, l->n, sizeof(*l->moves), by_name);
	for (;;) {
		enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
		if (rc == WN_OK)
			rc = wn_turn_take(d->loop, wn_store_turn(d->intake_session.store));
		if (rc)
			return rc;
		rc = wn_store_feed_moves(d->intake_session.store, l->moves, l->n, err);
		wn_turn_give(wn_store_turn(d->intake_session.store));
		if (!wn_rc_is_temporary(rc) || rc == WN_CANCELLED)
			return rc;
		if (wn_fiber_wait(d->loop, (int64_t)(0.2 * WN_SECOND * d->factor)))
			return WN_CANCELLED;
	}
}

static void write_lot(void *ctx)
{
	struct wn_quiet *q = ctx;
	struct lot *l = q->written;
	struct wn_err err = {0};
	enum wn_rc rc = write_all(q->d, l, &err);
	wn_failpoint("intake.quiet");
	for (size_t i = 0; i < l->n; i++) {
		struct wn_err own = err;
		enum wn_rc how = rc && rc != WN_CANCELLED ? wn_answer_store(q->d, l->v[i], &own) : rc;
		wn_answer_end(q->d, l->v[i], how, &own);
	}
	l->n = 0;
	q->written = NULL;
	wn_poller_run(q->d);
	wn_intake_nudge(q->d);
}

void wn_quiet_write(struct wn_quiet *q)
{
	q->written = q->gathered;
	q->gathered = &q->lots[q->gathered == &q->lots[0]];
	if (q->d->simulated || !wn_fiber_start(q->d->loop, "quiet polls", write_lot, q))
		write_lot(q);
}

void wn_quiet_free(struct wn_quiet *q)
{
	struct wn_err err = {.rc = WN_CANCELLED};
	for (size_t k = 0; k < WN_COUNT(q->lots); k++)
		for (size_t i = 0; i < q->lots[k].n; i++)
			wn_answer_end(q->d, q->lots[k].v[i], WN_CANCELLED, &err);
	free(q);
}
