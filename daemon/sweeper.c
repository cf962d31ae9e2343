/* SPDX-License-Identifier: MIT */
/*
 * The sweeper: one tick a second is the heartbeat, the clock reading, the look at published segments and at what falls
 * due, in one round trip; a due instant inside the second gets a timer of its own, so expiry is neither early nor late
 * by a tick. What is due is fed into the step function in order of due time. After the database was away everything
 * overdue is closed here before the courier may send.
 */
#include "due.h"
#include "outcome.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

struct wn_sweeper {
	struct wn_fiber *fiber;
	struct wn_tick tick;         /* newest */
	bool have_tick;
	struct wn_book *synced_book; /* the reference tables say what its files say */
	int64_t upkeep_us;           /* next partitions, prune, blindness */
	int64_t heartbeat_us;        /* next heartbeat, 0: none yet */
	struct wn_book *gaps_book;   /* its views have the gaps */
	bool merges_due;             /* look for merges that a crash prevented, once segments are loaded */
	bool feed_recovered;
	bool doubtful;               /* told */
};

enum { MERGES = 100, SIMULATED_STEP_H = 1, HEARTBEAT_S = 10 };

static enum wn_rc run(struct wn_daemon *d, const struct wn_unit *u)
{
	struct wn_worker k = wn_daemon_worker(d, &d->sweep_session);
	struct wn_err err = {0};
	enum wn_rc rc = wn_unit_run(&k, u, &err);
	if (rc && rc != WN_CANCELLED && !wn_rc_is_temporary(rc))
		wn_log(WN_ERR, NULL, NULL, "the sweeper could not close what is due: %s", err.text);
	return rc;
}

/* --------------------------------------------------------------------------------------------------- the sweep */
static enum wn_rc sweep(struct wn_daemon *d)
{
	int64_t ahead = d->sweeper->feed_recovered ? 2 * WN_MINUTE : 0;
	d->sweeper->feed_recovered = false;
	enum wn_rc rc = wn_due_sweep(d, ahead);
	if (rc == WN_OK && !d->swept) {
		d->swept = true;
		wn_courier_nudge(d);
	}
	return rc;
}

/* ---------------------------------------------------------------------------------------------------- the tick */
static enum wn_rc sync_book(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_book_sync(d->book, s, wn_clock_now_us(d->clock), err);
	wn_turn_give(wn_store_turn(s));
	return rc;
}

static enum wn_rc tick(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_sweeper *sw = d->sweeper;
	struct wn_store *s = d->sweep_session.store;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_tick(s, wn_segments_since(d), &sw->tick, err);
	wn_turn_give(wn_store_turn(s));
	if (rc)
		return rc;
	if (wn_clock_is_live(d->clock)) {
		wn_clock_reading(d->clock, sw->tick.sent_mono_us, sw->tick.db_us, sw->tick.received_mono_us);
		wn_loop_clock_moved(d->loop);
	}
	bool doubtful = wn_clock_is_doubtful(d->clock);
	if (doubtful && !sw->doubtful)
		wn_log(WN_WARNING, WN_MSG_CLOCK_DOUBTFUL, NULL, "two readings of the database's clock disagree; nothing is closed or sent until they agree");
	sw->doubtful = doubtful;
	if (sw->synced_book != d->book) {
		struct wn_book *book = d->book;
		rc = sync_book(d, err);
		if (rc)
			return rc;
		sw->synced_book = book;
	}
	return wn_segments_look(d, &sw->tick, err);
}

/* Provisional accounts whose domain became known, but whose merging a crash prevented. */
static enum wn_rc merge_left_over(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_intake_merge *merges;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_merge_candidates(s, MERGES, a, &merges, &n, err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		struct wn_merge m = {merges[i]};
		struct wn_unit u = wn_merge_unit(&m);
		u.actor = "sweeper";
		rc = run(d, &u);
	}
	wn_arena_free(a);
	return rc;
}

/* Somebody's long query may be in the way of it: the next hour will do. */
static enum wn_rc retain(struct wn_daemon *d, int64_t now, struct wn_err *err)
{
	const struct wn_options *o = wn_daemon_options(d);
	struct wn_store *s = d->sweep_session.store;
	int dropped = 0;
	enum wn_rc rc = wn_store_retain(s, now - o->retention.signals_us, now - o->retention.history_us, &dropped, err);
	if (dropped)
		wn_log(WN_NOTICE, NULL, NULL, "%d months of old signals and history were dropped", dropped);
	if (rc == WN_OK || !wn_pg_is_connected(d->sweep_session.pg))
		return rc;
	wn_log(WN_WARNING, NULL, NULL, "old months of signals and history could not be dropped, the next try is in an hour: %s", err->text);
	return WN_OK;
}

/* Once an hour, and at the start of a session: partitions ahead, old rows gone. */
static enum wn_rc upkeep(struct wn_daemon *d, struct wn_err *err)
{
	const struct wn_options *o = wn_daemon_options(d);
	struct wn_store *s = d->sweep_session.store;
	int64_t now = wn_clock_now_us(d->clock);
	if (now < d->sweeper->upkeep_us)
		return WN_OK;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	struct wn_prune p = {.seen_before_us = now - o->retention.seen_us, .rejects_before_us = now - o->retention.rejects_us,
			     .outbox_before_us = now - o->retention.outbox_us, .limit = 10000};
	rc = wn_store_partitions(s, now, o->retention.partitions_ahead_us, NULL, err);
	if (rc)
		wn_log(WN_ERR, WN_MSG_PARTITION_MISSING, NULL, "partitions could not be made: %s", err->text);
	if (rc == WN_OK)
		rc = wn_store_prune(s, &p, NULL, err);
	if (rc == WN_OK)
		rc = retain(d, now, err);
	wn_turn_give(wn_store_turn(s));
	d->sweeper->upkeep_us = now + WN_HOUR;
	d->sweeper->merges_due = true;
	return rc;
}

/* Others see by the heartbeat that we live; the first one also frees what our former self had begun. */
static enum wn_rc heartbeat(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	int64_t now = wn_clock_now_us(d->clock), every = (int64_t)(HEARTBEAT_S * WN_SECOND * d->factor);
	enum wn_rc rc = WN_OK;
	if (now < d->sweeper->heartbeat_us)
		return WN_OK;
	rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	if (!d->sweeper->heartbeat_us)
		rc = wn_store_release_leases(s, now, now - 6 * every, err);
	if (rc == WN_OK)
		rc = wn_store_heartbeat(s, now, wn_map(NULL, 0), err);
	if (rc == WN_OK)
		rc = wn_store_open_counts(s, &d->open_campaigns, &d->next_expiry_us, err);
	if (rc == WN_OK)
		rc = wn_segments_count(d, err);
	wn_turn_give(wn_store_turn(s));
	if (rc == WN_OK)
		d->sweeper->heartbeat_us = now + every;
	return rc;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t next_look(const struct wn_daemon *d)
{
	const struct wn_tick *t = &d->sweeper->tick;
	int64_t now = wn_clock_now_us(d->clock);
	int64_t step = d->simulated ? SIMULATED_STEP_H * WN_HOUR : (int64_t)((double)wn_daemon_options(d)->engine.tick_us * d->factor);
	int64_t due = least(least(t->member_us, t->campaign_us), t->recheck_us);
	if (due <= now) /* already handled in this round, or held by doubt: the next tick looks again */
		due = WN_NEVER;
	return least(now + step, due);
}

static enum wn_rc one_round(struct wn_daemon *d, struct wn_err *err)
{
	enum wn_rc rc = wn_session_ensure(d, &d->sweep_session);
	if (rc == WN_OK)
		rc = upkeep(d, err);
	if (rc == WN_OK)
		rc = heartbeat(d, err);
	if (rc == WN_OK)
		rc = tick(d, err);
	if (rc == WN_OK && d->sweeper->merges_due && d->book->loaded) {
		d->sweeper->merges_due = false;
		rc = merge_left_over(d, err);
	}
	wn_poller_look_blind(d);
	if (rc == WN_OK && (d->gaps_changed || d->sweeper->gaps_book != d->book)) {
		d->gaps_changed = false;
		d->sweeper->gaps_book = d->book;
		rc = wn_gaps_read(d, err);
	}
	if (rc == WN_OK && d->book->loaded && wn_poller_is_loaded(d) && !wn_clock_is_doubtful(d->clock)) {
		const struct wn_tick *t = &d->sweeper->tick;
		int64_t sure = wn_clock_sure_us(d->clock) + (wn_planted("early_expiry") ? WN_HOUR : 0);
		if (!d->swept || d->sweeper->feed_recovered || least(least(t->member_us, t->campaign_us), t->recheck_us) <= sure) {
			rc = sweep(d);
			if (rc == WN_OK)
				rc = tick(d, err);
		}
		if (rc == WN_OK && d->sweeper->tick.outcomes) /* what is overdue is closed by now */
			rc = wn_outcomes_take(d, err);
	}
	return rc;
}

static void work(void *ctx)
{
	struct wn_daemon *d = ctx;
	while (!d->stopping && !wn_fiber_is_cancelled(d->loop)) {
		struct wn_err err = {0};
		enum wn_rc rc = one_round(d, &err);
		if (rc == WN_CANCELLED)
			break;
		if (rc && !wn_rc_is_temporary(rc))
			wn_log(WN_ERR, NULL, NULL, "the tick failed: %s", err.text);
		wn_courier_due(d, d->sweeper->tick.touch_us, d->sweeper->tick.outbox_us);
		wn_poller_run(d);
		wn_status_tell(d);
		int64_t pause = (int64_t)((double)WN_SECOND * d->factor);
		if (wn_fiber_park_until(d->loop, rc ? wn_clock_now_us(d->clock) + pause : next_look(d)) == WN_CANCELLED)
			break;
	}
	d->sweeper->fiber = NULL;
}

void wn_sweeper_nudge(struct wn_daemon *d)
{
	if (d->sweeper && d->sweeper->fiber)
		wn_fiber_wake(d->sweeper->fiber);
}

void wn_sweeper_feed_recovered(struct wn_daemon *d)
{
	d->sweeper->feed_recovered = true;
	wn_sweeper_nudge(d);
}

void wn_sweeper_start(struct wn_daemon *d)
{
	d->sweeper = wn_alloc(sizeof(*d->sweeper));
	wn_segments_start(d);
	d->aside = wn_aside_new();
	d->sweeper->fiber = wn_fiber_start(d->loop, "sweeper", work, d);
}

void wn_sweeper_stop(struct wn_daemon *d)
{
	wn_segments_stop(d);
	wn_aside_free(d->aside);
	d->aside = NULL;
	free(d->sweeper);
	d->sweeper = NULL;
}
