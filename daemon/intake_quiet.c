/* SPDX-License-Identifier: MIT */
/*
 * Quiet polls: nothing to store but the feed's own state, as most polls are. They are gathered for a moment and written many in one
 * transaction; each is written or, if the lot cannot be, alone like any other answer. A feed is not asked again before.
 */
#include "intake_parts.h"
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>

#define WAIT_MOST (WN_SECOND / 4)

struct wn_quiet {
	struct wn_daemon *d;
	struct wn_feed_answer *v[WN_QUIET_POLLS_MAX];
	struct wn_feed_move moves[WN_QUIET_POLLS_MAX];
	size_t n;
	int64_t until_us;
};

struct wn_quiet *wn_quiet_new(struct wn_daemon *d)
{
	struct wn_quiet *q = wn_alloc(sizeof(*q));
	q->d = d;
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
	if (q->n == 0)
		q->until_us = wn_clock_now_us(d->clock) + (int64_t)((double)WAIT_MOST * d->factor);
	a->totals_after = a->totals;
	q->moves[q->n] = wn_answer_decide(a, wn_clock_sure_us(d->clock));
	q->v[q->n++] = a;
	if (a->hold_until_us)
		wn_poller_hold(d, a->feed, a->hold_until_us); /* what others of this host must know at once */
}

bool wn_quiet_is_full(const struct wn_quiet *q) { return q->n == WN_QUIET_POLLS_MAX; }

bool wn_quiet_is_due(const struct wn_quiet *q, int64_t *at_us)
{
	bool now = wn_quiet_is_full(q) || q->d->simulated || !wn_poller_is_asking(q->d) || wn_clock_now_us(q->d->clock) >= q->until_us;
	*at_us = q->n ? q->until_us : WN_NEVER;
	return q->n && now;
}

static int by_name(const void *x, const void *y)
{
	return wn_str_cmp(((const struct wn_feed_move *)x)->state->name, ((const struct wn_feed_move *)y)->state->name);
}

static enum wn_rc write_all(struct wn_quiet *q, struct wn_err *err)
{
	struct wn_daemon *d = q->d;
	qsort(q->moves, q->n, sizeof(*q->moves), by_name);
	for (;;) {
		enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
		if (rc == WN_OK)
			rc = wn_turn_take(d->loop, wn_store_turn(d->intake_session.store));
		if (rc)
			return rc;
		rc = wn_store_feed_moves(d->intake_session.store, q->moves, q->n, err);
		wn_turn_give(wn_store_turn(d->intake_session.store));
		if (!wn_rc_is_temporary(rc) || rc == WN_CANCELLED)
			return rc;
		if (wn_fiber_wait(d->loop, (int64_t)(0.2 * WN_SECOND * d->factor)))
			return WN_CANCELLED;
	}
}

void wn_quiet_write(struct wn_quiet *q)
{
	struct wn_err err = {0};
	enum wn_rc rc = write_all(q, &err);
	wn_failpoint("intake.quiet");
	for (size_t i = 0; i < q->n; i++) {
		struct wn_err own = err;
		enum wn_rc how = rc && rc != WN_CANCELLED ? wn_answer_store(q->d, q->v[i], &own) : rc;
		wn_answer_end(q->d, q->v[i], how, &own);
	}
	q->n = 0;
}

void wn_quiet_free(struct wn_quiet *q)
{
	struct wn_err err = {.rc = WN_CANCELLED};
	for (size_t i = 0; i < q->n; i++)
		wn_answer_end(q->d, q->v[i], WN_CANCELLED, &err);
	free(q);
}
