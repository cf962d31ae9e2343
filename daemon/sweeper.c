/* SPDX-License-Identifier: MIT */
/*
 * The sweeper: one tick a second is the heartbeat, the clock reading, the look at published segments and at what falls
 * due, in one round trip; a due instant inside the second gets a timer of its own, so expiry is neither early nor late
 * by a tick. What is due is fed into the step function in order of due time. After the database was away everything
 * overdue is closed here before the courier may send.
 */
#include "due.h"
#include "outcome.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

struct wn_sweeper {
	struct wn_fiber *fiber;
	struct wn_tick tick;         /* newest */
	bool have_tick;
	int64_t segments_seen;       /* of the tick whose segments are in the book */
	uint64_t segments_digest;
	struct wn_book *segments_book; /* a reload starts with an empty one */
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

/* ------------------------------------------------------------------------------------------------ the segments */
static enum wn_rc step_replaced(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	const struct wn_due *due = ctx;
	(void)s;
	struct wn_campaign *c = wn_world_campaign(w, due->campaign_id);
	return c ? wn_campaign_step(w, &(struct wn_event){.type = WN_EV_REPLACED, .campaign = c}, err) : WN_OK;
}

static enum wn_rc load_replaced(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	const struct wn_due *due = ctx;
	struct wn_campaign *c;
	enum wn_rc rc = wn_store_load_campaign(s, w, due->bucket, due->campaign_id, false, &c, err);
	return rc == WN_NOT_FOUND ? WN_OK : rc;
}

/* Campaigns of older versions take no new members from now on. */
static enum wn_rc finish_replaced(struct wn_daemon *d, struct wn_str name, int version)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due;
	size_t n = 0;
	struct wn_err err = {0};
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_replaced_campaigns(s, name, version, a, &due, &n, &err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		struct wn_unit u = {.actor = "sweeper", .load = load_replaced, .step = step_replaced, .ctx = &due[i]};
		rc = run(d, &u);
	}
	wn_arena_free(a);
	return rc;
}

static enum wn_rc refuse_segment(struct wn_daemon *d, const struct wn_segment_row *row, const struct wn_err *why, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	char text[1200];
	wn_err_to_text(why, text, sizeof(text));
	if (row->status == WN_SEGMENT_VALID) { /* it was good: files changed under it, and may change back */
		wn_log(WN_ERR, WN_MSG_SEGMENT_REFUSED, NULL, "a valid segment version does not compile with these files: %s", text);
		wn_arena_free(a);
		return WN_OK;
	}
	const char *name = wn_arena_strdup(a, row->name);
	wn_log(WN_ERR, WN_MSG_SEGMENT_REFUSED, WN_FIELDS({"WHYNOW_SEGMENT", name}, {"WHYNOW_REASON", text}),
	       "segment %s version %d cannot be used, the last good version stays in force: %s", name, row->version, text);
	struct wn_plain_event ev = {.subject = "segment", .name = row->name, .type = "segment.refused", .to = "invalid",
				    .why = wn_str_of(text), .at_us = wn_clock_now_us(d->clock),
				    .sinks = wn_sinks_for(d->book, "segment.refused", a)};
	enum wn_rc rc = wn_store_segment_mark(s, row->name, row->version, wn_str_of(text), wn_clock_now_us(d->clock), err);
	if (rc == WN_OK)
		rc = wn_store_plain_event(s, &ev, err);
	wn_arena_free(a);
	return rc;
}

/* `start_with: since` asks for what is stored, as of now. */
static enum wn_rc mark_valid(struct wn_daemon *d, const struct wn_segment_row *row, struct wn_err *err)
{
	const struct wn_registry *r = d->book->registry;
	const struct wn_segment *s = wn_catalog_segment(&d->book->catalog, row->name, row->version);
	int64_t now = wn_clock_now_us(d->clock), since = s && s->start_since_us ? now - s->start_since_us : 0;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str *kinds = WN_NEW_N(a, struct wn_str, wn_registry_kinds(r) + 1);
	size_t n = 0;
	for (size_t k = 0; since && k < wn_registry_kinds(r); k++)
		if (wn_segment_opens_on(s, r, (int)k))
			kinds[n++] = wn_str_of(wn_registry_kind(r, (int)k)->name);
	enum wn_rc rc = wn_store_segment_valid(d->sweep_session.store, row->name, row->version, since, kinds, n, now, err);
	wn_arena_free(a);
	return rc;
}

static enum wn_rc take_segment(struct wn_daemon *d, const struct wn_segment_row *rows, size_t n, size_t i, struct wn_err *err)
{
	const struct wn_segment_row *row = &rows[i];
	struct wn_err why = {0};
	bool in_force;
	enum wn_rc rc = wn_book_take_segment(d->book, rows, n, i, &in_force, &why);
	if (rc)
		return refuse_segment(d, row, &why, err);
	if (!in_force)
		return WN_OK;
	if (row->status == WN_SEGMENT_UNCHECKED)
		rc = mark_valid(d, row, err);
	char name[64];
	snprintf(name, sizeof(name), WN_STR_FMT, WN_STR_ARG(row->name));
	wn_log(WN_INFO, WN_MSG_SEGMENT_IN_FORCE, WN_FIELDS({"WHYNOW_SEGMENT", name}), "segment %s version %d is in force", name, row->version);
	return rc;
}

static void withdraw_missing(struct wn_daemon *d, const struct wn_segment_row *rows, size_t n)
{
	for (size_t i = d->book->n_segments; i-- > 0;) {
		struct wn_str name = wn_str_of(d->book->segments[i]->name);
		bool there = false;
		for (size_t k = 0; k < n && !there; k++)
			there = wn_str_eq(rows[k].name, name) && !rows[k].withdrawn;
		if (!there)
			wn_book_withdraw(d->book, name);
	}
}

static enum wn_rc read_segments(struct wn_daemon *d, struct wn_arena *a, struct wn_segment_row **rows, size_t *n, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	bool paused = false;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_segments(s, a, rows, n, err);
	if (rc == WN_OK)
		rc = wn_store_is_paused(s, &paused, err);
	struct wn_sequence *sequences;
	size_t n_sequences;
	if (rc == WN_OK)
		rc = wn_store_sequences(s, a, &sequences, &n_sequences, err);
	if (rc == WN_OK) {
		wn_book_set_sequences(d->book, sequences, n_sequences);
		withdraw_missing(d, *rows, *n);
		wn_book_pause(d->book, (struct wn_str){NULL, 0}, paused);
		for (size_t i = 0; i < *n && rc == WN_OK; i++) {
			rc = take_segment(d, *rows, *n, i, err);
			wn_book_pause(d->book, (*rows)[i].name, (*rows)[i].paused);
		}
	}
	wn_turn_give(wn_store_turn(s));
	return rc;
}

enum wn_rc wn_segments_read(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_segment_row *rows = NULL;
	size_t n = 0;
	enum wn_rc rc = read_segments(d, a, &rows, &n, err);
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		if (i + 1 < n && wn_str_eq(rows[i + 1].name, rows[i].name))
			continue; /* once a segment */
		const struct wn_segment *s = wn_catalog_segment(&d->book->catalog, rows[i].name, 0);
		if (s || rows[i].withdrawn)
			rc = finish_replaced(d, rows[i].name, s ? s->version : 0);
	}
	wn_arena_free(a);
	wn_courier_nudge(d); /* pauses may have ended */
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
	rc = wn_store_tick(s, &sw->tick, err);
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
	if (sw->segments_book != d->book) {
		rc = sync_book(d, err);
		if (rc)
			return rc;
	}
	if (sw->segments_book != d->book || sw->segments_seen != sw->tick.versions || sw->segments_digest != sw->tick.segments_digest) {
		struct wn_book *book = d->book;
		struct wn_tick seen = sw->tick;
		rc = wn_segments_read(d, err);
		if (rc == WN_OK) {
			if (sw->segments_book != book)
				malloc_trim(0); /* reading files took more than what came of it */
			sw->segments_book = book;
			book->loaded = true;
			wn_intake_nudge(d);
			sw->segments_seen = seen.versions;
			sw->segments_digest = seen.segments_digest;
		}
	}
	return rc;
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
	d->sweeper->segments_seen = -1;
	d->aside = wn_aside_new();
	d->sweeper->fiber = wn_fiber_start(d->loop, "sweeper", work, d);
}

void wn_sweeper_stop(struct wn_daemon *d)
{
	wn_aside_free(d->aside);
	d->aside = NULL;
	free(d->sweeper);
	d->sweeper = NULL;
}
