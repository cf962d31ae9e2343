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

/* One of them. */
struct quiet {
	struct wn_feed_move move;
	struct wn_feed_answer *answer; /* NULL: the poll was unchanged, and nothing else is kept of it than */
	struct wn_poll_feed *feed;
	struct wn_feed_state state;
};

struct lot {
	struct quiet v[WN_QUIET_POLLS_MAX];
	struct wn_feed_move moves[WN_QUIET_POLLS_MAX];
	size_t n;
	struct wn_arena *texts; /* of the states */
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
	for (size_t k = 0; k < WN_COUNT(q->lots); k++)
		q->lots[k].texts = wn_arena_new(0);
	return q;
}

bool wn_answer_is_quiet(const struct wn_feed_answer *a)
{
	const struct wn_feed_conf *c = a->book_feed ? a->book_feed->conf : NULL;
	bool empty = a->as_told || (!a->doc.items_n && !a->doc.rejects_n && !a->doc.rejects_more);
	return !a->part && empty && (a->error || !a->was_blind) && (!c || (c->mode == WN_FEED_POLL && c->changes < WN_CHANGES_REMOVED));
}

bool wn_quiet_is_full(const struct wn_quiet *q) { return q->gathered->n == WN_QUIET_POLLS_MAX; }

/* Nobody need wait for more. */
static bool is_enough(const struct wn_quiet *q) { return wn_quiet_is_full(q) || q->d->simulated || !wn_poller_is_asking(q->d); }

/* Nothing is to be told at its end. */
static bool is_plain(const struct wn_feed_answer *a, const struct wn_feed_move *m) { return m->unchanged && !a->failures; }

/* The texts that did not change are the feed's own. */
static void keep_plain(struct quiet *u, const struct wn_feed_answer *a, struct wn_arena *texts)
{
	const struct wn_feed_state *was = &a->feed->state;
	u->state = a->moved;
	u->state.etag = was->etag;
	u->state.last_modified = was->last_modified;
	u->state.cursor = was->cursor;
	u->state.url = was->url;
	u->state.why = wn_arena_str(texts, a->moved.why);
	u->move.state = &u->state;
}

bool wn_quiet_add(struct wn_quiet *q, struct wn_feed_answer *a)
{
	struct wn_daemon *d = q->d;
	struct lot *l = q->gathered;
	struct quiet *u = &l->v[l->n++];
	if (l->n == 1)
		q->until_us = wn_clock_now_us(d->clock) + (int64_t)((double)WAIT_MOST * d->factor);
	a->totals_after = a->totals;
	u->feed = a->feed;
	u->move = wn_answer_decide(a, wn_clock_sure_us(d->clock));
	u->answer = is_plain(a, &u->move) ? NULL : a;
	if (!u->answer)
		keep_plain(u, a, l->texts);
	if (a->hold_until_us)
		wn_poller_hold(d, a->feed, a->hold_until_us); /* what others of this host must know at once */
	if (l->n == 1 || is_enough(q))
		wn_intake_nudge(d);
	return u->answer;
}

bool wn_quiet_is_due(const struct wn_quiet *q, int64_t *at_us)
{
	bool now = is_enough(q) || wn_clock_now_us(q->d->clock) >= q->until_us;
	bool may = q->gathered->n && !q->written; /* the end of a writing wakes the intake */
	*at_us = may ? q->until_us : WN_NEVER;
	return may && now;
}

static int by_name(const void *x, const void *y)
{
	return wn_str_cmp(((const struct wn_feed_move *)x)->state->name, ((const struct wn_feed_move *)y)->state->name);
}

static enum wn_rc write_all(struct wn_daemon *d, struct wn_feed_move *moves, size_t n, struct wn_err *err)
{
	qsort(moves, n, sizeof(*moves), by_name);
	for (;;) {
		enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
		if (rc == WN_OK)
			rc = wn_turn_take(d->loop, wn_store_turn(d->intake_session.store));
		if (rc)
			return rc;
		rc = wn_store_feed_moves(d->intake_session.store, moves, n, err);
		wn_turn_give(wn_store_turn(d->intake_session.store));
		if (!wn_rc_is_temporary(rc) || rc == WN_CANCELLED)
			return rc;
		if (wn_fiber_wait(d->loop, (int64_t)(0.2 * WN_SECOND * d->factor)))
			return WN_CANCELLED;
	}
}

static void end_plain(struct wn_daemon *d, struct quiet *u, enum wn_rc rc, struct wn_err *err)
{
	struct wn_poll_feed *f = u->feed;
	bool adopted = false;
	if (rc == WN_EXISTS)
		rc = wn_feed_adopt(d, f, &adopted, err);
	wn_failpoint("intake.stored");
	if (rc == WN_OK && !adopted) {
		int64_t blind_us = f->state.blind_since_us; /* became so meanwhile: its gap is open, the next good poll closes it */
		f->state = u->state;
		f->state.version++;
		f->state.blind_since_us = blind_us;
		f->state.why = f->state.extra = (struct wn_str){NULL, 0};
		wn_rhythm_catch_up(&f->remembered.rhythm, u->state.lately.seen_us, u->state.lately.came, u->state.lately.due);
	} else if (rc && rc != WN_CANCELLED) {
		wn_feed_put_off(d, f, err);
	}
	if (!d->stopping)
		wn_poller_answered(d, f);
}

/* rc: of its lot; one that could not be written because of another is written alone. */
static void end(struct wn_daemon *d, struct quiet *u, enum wn_rc rc, const struct wn_err *err)
{
	struct wn_err own = *err;
	bool again = rc && rc != WN_CANCELLED;
	if (u->answer)
		wn_answer_end(d, u->answer, again ? wn_answer_store(d, u->answer, &own) : rc, &own);
	else
		end_plain(d, u, again ? write_all(d, &u->move, 1, &own) : rc, &own);
}

static void end_all(struct wn_daemon *d, struct lot *l, enum wn_rc rc, const struct wn_err *err)
{
	for (size_t i = 0; i < l->n; i++)
		end(d, &l->v[i], rc, err);
	l->n = 0;
	wn_arena_reset(l->texts);
}

static void write_lot(void *ctx)
{
	struct wn_quiet *q = ctx;
	struct lot *l = q->written;
	struct wn_err err = {0};
	for (size_t i = 0; i < l->n; i++)
		l->moves[i] = l->v[i].move;
	enum wn_rc rc = write_all(q->d, l->moves, l->n, &err);
	wn_failpoint("intake.quiet");
	end_all(q->d, l, rc, &err);
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
	for (size_t k = 0; k < WN_COUNT(q->lots); k++) {
		end_all(q->d, &q->lots[k], WN_CANCELLED, &err);
		wn_arena_free(q->lots[k].texts);
	}
	free(q);
}
