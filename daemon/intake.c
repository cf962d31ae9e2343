/* SPDX-License-Identifier: MIT */
/*
 * Intake: takes answers on one fiber with one session. What an answer means for the schedule is decided in intake_answer.c; what its
 * items become is stored in batches, and the cursor moves in the transaction of the last one. Between the batches of a long answer
 * shorter ones pass it, so that no feed holds up the others; answers of one feed stay in their order. An answer is let go only when
 * its transaction is committed: with the database away it waits here. Answers that bring nothing to store are gathered and written
 * together (intake_quiet.c).
 */
#include "intake_parts.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/pg.h>
#include <whynow/text.h>

enum { GIVE_BACK_BYTES = 512 << 10, ANSWER_BYTES = 6 << 10 /* of most: they are quiet */, SPARE_MOST = 64, PART_TRIES = 5, PASS_MOST = 64 };

/* ------------------------------------------------------------------------------------------------ one batch */
/* Evidence that rests on an edited signal is weighed again: its members must be there. */
static enum wn_rc load_edited(struct wn_batch *b, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_account **some = WN_NEW_N(w->arena, struct wn_account *, b->in.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < b->in.n; i++)
		if (b->in.rows[i].identity_changed && b->in.rows[i].account && b->in.rows[i].signal)
			some[n++] = b->in.rows[i].account;
	return n ? wn_store_load_parts(s, w, some, n, WN_LOAD_ALL, err) : WN_OK;
}

static enum wn_rc batch_load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_batch *b = ctx;
	b->in = (struct wn_intake){.sightings = b->items.sightings, .n = b->items.n, .create = b->create, .first_poll = b->first_poll,
				   .wires = w->catalog->wires, .flood_min = b->flood_min, .flood_share = b->flood_share,
				   .known_us = b->answer->known.newest_us};
	if (!b->items.n)
		return WN_OK;
	enum wn_rc rc = wn_store_fx(s, w->catalog->registry, b->items.sightings, b->items.n, w->arena, err);
	if (rc == WN_OK)
		rc = wn_store_resolve(s, w, &b->in, err);
	wn_failpoint("intake.resolved");
	if (rc == WN_OK)
		rc = wn_store_sightings(s, w, &b->in, err);
	return rc ? rc : load_edited(b, s, w, err);
}

/* An edited item whose identity attributes changed: evidence that rested on it is weighed again. */
static enum wn_rc batch_step(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_batch *b = ctx;
	(void)s;
	for (size_t i = 0; i < b->in.n; i++) {
		struct wn_intake_row *row = &b->in.rows[i];
		if (!row->identity_changed || !row->account || !row->signal)
			continue;
		enum wn_rc rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_RETRACTED, .account = row->account,
								       .signal = row->signal}, err);
		if (rc)
			return rc;
	}
	return WN_OK;
}

static void count(struct wn_batch *b, struct wn_feed_totals *t)
{
	*t = b->answer->totals;
	t->items += (int64_t)(b->items.n + b->items.rejects.n + b->items.filtered + b->items.outcomes.n);
	t->stored += (int64_t)(b->in.counts[WN_INTAKE_NEW] + b->in.counts[WN_INTAKE_JOINED] + b->in.counts[WN_INTAKE_TRAITS] + b->fresh);
	t->duplicate += (int64_t)(b->in.counts[WN_INTAKE_DUPLICATE] + b->items.outcomes.n - b->fresh);
	t->edited += (int64_t)b->in.counts[WN_INTAKE_EDITED];
	t->review += (int64_t)b->in.counts[WN_INTAKE_REVIEW];
	t->rejected += (int64_t)(b->in.counts[WN_INTAKE_REJECTED] + b->items.rejects.n);
	t->filtered += (int64_t)b->items.filtered;
	t->signals += (int64_t)b->in.signals;
}

static enum wn_rc batch_finish(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_batch *b = ctx;
	enum wn_rc rc = b->items.rejects.n ? wn_store_rejects(s, b->items.rejects.v, b->items.rejects.n, w->now_us, err) : WN_OK;
	b->fresh = 0;
	if (rc == WN_OK && b->items.outcomes.n) /* the sweeper takes them in next */
		rc = wn_store_outcome_inbox_put(s, b->items.outcomes.v, b->items.outcomes.n, w->now_us, w->arena, &b->fresh, err);
	count(b, &b->totals);
	if (rc || !b->last)
		return rc;
	b->answer->totals_after = b->totals;
	return wn_answer_move(b->answer, s, w->now_us, err);
}

static void batch_done(void *ctx, struct wn_world *w)
{
	struct wn_batch *b = ctx;
	b->answer->totals = b->totals;
	b->answer->changes += w->changes.n + b->fresh;
	b->answer->flooded |= b->in.flooded;
	for (size_t i = 0; i < b->in.n_merges; i++)
		*WN_PUSH(b->answer->arena, &b->answer->merges) = b->in.merges[i];
}

/* A signal that is stored while no segments are loaded would never be matched: after a start or a reload the intake waits. */
static enum wn_rc wait_for_book(struct wn_daemon *d)
{
	while (!d->book->loaded)
		if (d->stopping || wn_fiber_park(d->loop) == WN_CANCELLED)
			return WN_CANCELLED;
	return WN_OK;
}

/* Runs a unit until it is committed, however long the database is away. Anything else than a commit or the end of the daemon is a
 * failure of this batch alone. */
static enum wn_rc run_until_committed(struct wn_daemon *d, struct wn_book *book, const struct wn_unit *u, struct wn_err *err)
{
	for (int tries = 1;; tries++) {
		enum wn_rc rc = wait_for_book(d);
		if (rc == WN_OK)
			rc = wn_session_ensure(d, &d->intake_session);
		if (rc)
			return rc;
		struct wn_worker k = wn_daemon_worker(d, &d->intake_session);
		k.book = book ? book : d->book; /* numbers of kinds in an answer are those of its book */
		rc = wn_unit_run(&k, u, err);
		if (!wn_rc_is_temporary(rc) || rc == WN_CANCELLED)
			return rc;
		if (tries == 5)
			wn_log(WN_WARNING, NULL, NULL, "%s: storing is tried again and again: %s", u->actor, err->text);
		if (wn_fiber_wait(d->loop, (int64_t)(0.2 * WN_SECOND * d->factor)))
			return WN_CANCELLED;
	}
}

static enum wn_rc store_batch(struct wn_daemon *d, struct wn_batch *b, struct wn_err *err)
{
	const struct wn_book_feed *f = wn_poll_feed_in(b->answer->feed, d->book);
	b->create = f && f->conf->accounts == WN_ACCOUNTS_CREATE;
	b->first_poll = !b->answer->feed->state.first_done;
	bool guarded = !b->first_poll && !b->answer->part && f && f->conf->changes == WN_CHANGES_ALL;
	b->flood_min = guarded ? wn_daemon_options(d)->poll.flood_min : 0;
	b->flood_share = wn_daemon_options(d)->poll.flood_share;
	struct wn_unit u = {.actor = b->answer->actor, .load = batch_load, .step = batch_step, .finish = batch_finish,
			    .done = batch_done, .ctx = b};
	return run_until_committed(d, b->answer->book, &u, err);
}

/* An item of which the database will never take the row: it is set aside with the reason. */
static void set_aside(struct wn_batch *b, const struct wn_err *why)
{
	struct wn_lot *lot = &b->items;
	const struct wn_sighting *s = &lot->sightings[0];
	struct wn_str text = wn_text_one_line(wn_str_of(why->text), 300, lot->arena);
	*WN_PUSH(lot->arena, &lot->rejects) = (struct wn_reject_row){
		.feed = b->answer->feed->name, .item = s->item, .reason = WN_STR("unstorable"), .detail = text, .excerpt = s->headline};
	lot->n = 0;
	b->answer->set_aside++;
	wn_log(WN_ERR, WN_MSG_ITEMS_REJECTED, WN_FIELDS({"WHYNOW_FEED", b->answer->name}, {"WHYNOW_REASON", text.p}),
	       "feed %s: an item could not be stored and is set aside: %s", b->answer->name, text.p);
}

/* A batch that fails for what one of its rows holds is halved until that row stands alone. Many such rows are no accident of the
 * data but a fault of ours: then the poll fails, and nothing more is set aside. */
static enum wn_rc store_lot(struct wn_daemon *d, struct wn_batch *b, struct wn_err *err)
{
	enum { SET_ASIDE_MAX = 16 };
	enum wn_rc rc = store_batch(d, b, err);
	if (rc == WN_OK || !b->items.n || b->answer->set_aside >= SET_ASIDE_MAX ||
	    !wn_pg_is_bad_data(wn_store_pg(d->intake_session.store), rc))
		return rc;
	if (b->items.n == 1) {
		set_aside(b, err);
		return store_batch(d, b, err);
	}
	struct wn_batch first = {.answer = b->answer, .items = {b->items.arena, b->items.sightings, b->items.n / 2}};
	struct wn_batch rest = {.answer = b->answer, .items = b->items, .last = b->last};
	rest.items.sightings += first.items.n;
	rest.items.n -= first.items.n;
	rc = store_lot(d, &first, err);
	return rc ? rc : store_lot(d, &rest, err);
}

/* ---------------------------------------------------------------------------------------------- merges afterwards */
static void run_merges(struct wn_daemon *d, struct wn_feed_answer *answer)
{
	for (size_t i = 0; i < answer->merges.n; i++) {
		struct wn_merge m = {answer->merges.v[i]};
		struct wn_err err = {0};
		struct wn_unit merge = wn_merge_unit(&m), rematch = wn_rematch_unit(&m);
		merge.actor = rematch.actor = answer->actor;
		if (run_until_committed(d, NULL, &merge, &err) || run_until_committed(d, NULL, &rematch, &err))
			wn_log(WN_ERR, NULL, NULL, "merging two accounts failed: %s", err.text);
	}
}

/* ----------------------------------------------------------------------------------------------------- the queue */
struct entry {
	struct entry *next;
	struct wn_poll_feed *feed;
	struct wn_http_response *response; /* NULL: the feed became blind */
	struct wn_feed_answer *answer;     /* NULL: not read yet */
	wn_part_taken *on_taken;           /* of a part, with its ctx; NULL: an answer that was asked for */
	void *ctx;
	int64_t at_us;                     /* when it became blind */
};

struct wn_intake_queue {
	struct entry *first, **last;
	size_t n, bytes;                   /* of bodies that wait */
	struct entry *begun;               /* some of its batches are stored, NULL: none is */
	size_t passed;                     /* answers taken since its last batch */
	struct wn_fiber *fiber;
	struct wn_quiet *quiet;
	struct wn_arena *spare[SPARE_MOST]; size_t spare_n;
};

/* -------------------------------------------------------------------------------------------------- one answer */
/* One batch; true: it is stored, and there are more. */
static bool store_next(struct wn_daemon *d, struct wn_feed_answer *a, enum wn_rc *rc, struct wn_err *err)
{
	struct wn_batch b = {.answer = a};
	bool more = wn_answer_take(a, &b.items);
	wn_failpoint("intake.mapped");
	b.last = !more;
	*rc = store_lot(d, &b, err);
	wn_lot_done(&b.items);
	if (*rc == WN_OK && more)
		return true;
	wn_answer_done(a);
	return false;
}

enum wn_rc wn_answer_store(struct wn_daemon *d, struct wn_feed_answer *a, struct wn_err *err)
{
	enum wn_rc rc;
	while (store_next(d, a, &rc, err))
		;
	return rc;
}

/* A batch that can never be stored (a bug, a bad statement) must not stop the feed for ever: the poll is written down as failed. */
static enum wn_rc store_failure(struct wn_daemon *d, struct wn_feed_answer *a, struct wn_err *err)
{
	char why[300];
	struct wn_feed_totals committed = a->totals;
	snprintf(why, sizeof(why), "could not be stored: %.250s", err->text);
	wn_answer_failed(a, WN_POLL_BROKEN, why);
	a->totals = committed; /* of the batches before it */
	return wn_answer_store(d, a, err);
}

static void log_outcome(const struct wn_feed_answer *a)
{
	const struct wn_feed_state *s = &a->feed->state;
	const char *name = a->name;
	if (s->schedule.failures && a->failures == 0)
		wn_log(WN_WARNING, WN_MSG_FEED_FAILED, WN_FIELDS({"WHYNOW_FEED", name}, {"WHYNOW_REASON", a->error}),
		       "feed %s could not be polled: %s; %s", name, a->error, a->next.why);
	else if (!s->schedule.failures && a->failures)
		wn_log(WN_NOTICE, WN_MSG_FEED_RECOVERED, WN_FIELDS({"WHYNOW_FEED", name}), "feed %s answers again", name);
	if (a->flooded)
		wn_log(WN_WARNING, NULL, WN_FIELDS({"WHYNOW_FEED", name}),
		       "feed %s: most of it looks new at once (%lld items); they are kept as history and open nothing", name, (long long)a->totals.stored);
	if (a->learned)
		wn_log(WN_NOTICE, NULL, WN_FIELDS({"WHYNOW_FEED", name}), "feed %s has moved for good to " WN_STR_FMT "; put it into its file",
		       name, WN_STR_ARG(a->moved_to));
	if (a->next.stopped)
		wn_log(WN_WARNING, WN_MSG_FEED_STOPPED, WN_FIELDS({"WHYNOW_FEED", name}), "feed %s is gone: 410 twice", name);
	if (a->totals.rejected)
		wn_log(WN_NOTICE, WN_MSG_ITEMS_REJECTED, WN_FIELDS({"WHYNOW_FEED", name}), "feed %s: %lld of %lld items could not be used",
		       name, (long long)a->totals.rejected, (long long)a->totals.items);
	if (a->totals.items)
		wn_log(a->totals.signals ? WN_INFO : WN_DEBUG, WN_MSG_BATCH, WN_FIELDS({"WHYNOW_FEED", name}),
		       "feed %s: %lld items, %lld new signals, %lld stored, %lld duplicate, %lld edited, %lld filtered", name,
		       (long long)a->totals.items, (long long)a->totals.signals, (long long)a->totals.stored,
		       (long long)a->totals.duplicate, (long long)a->totals.edited, (long long)a->totals.filtered);
}

static void take_over(struct wn_poll_feed *f, struct wn_feed_answer *a)
{
	if (!a->was_blind && f->state.blind_since_us) /* became so meanwhile: its gap is open, the next good poll closes it */
		a->moved.blind_since_us = f->state.blind_since_us;
	a->moved.version++;
	wn_poll_feed_take(f, &a->moved, &a->remembered);
	if (a->digested && !a->as_told && !a->error && a->book == f->d->book) /* as this mapping reads it */
		wn_told_keep(&f->told, a->digest, &a->totals, a->now_us);
}

enum wn_rc wn_feed_adopt(struct wn_daemon *d, struct wn_poll_feed *f, bool *adopted, struct wn_err *err)
{
	struct wn_store *s = d->intake_session.store;
	struct wn_feed_state *rows = NULL;
	size_t n = 0;
	enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
	if (rc == WN_OK)
		rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	struct wn_arena *a = wn_arena_new(0);
	rc = wn_store_feed_states(s, &f->name, 1, a, &rows, &n, err);
	wn_turn_give(wn_store_turn(s));
	*adopted = rc == WN_OK && n == 1;
	if (*adopted) {
		const struct wn_remembered r = wn_remembered_of(rows, a);
		wn_poll_feed_take(f, rows, &r);
	}
	wn_arena_free(a);
	return rc;
}

void wn_feed_put_off(struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_err *why)
{
	wn_log(WN_ERR, WN_MSG_FEED_FAILED, WN_FIELDS({"WHYNOW_FEED", f->name.p}), "feed %s: %s", f->name.p, why->text);
	f->state.next_us = wn_clock_now_us(d->clock) + 5 * WN_MINUTE;
}

static void taken_in(struct wn_daemon *d, struct wn_feed_answer *a)
{
	take_over(a->feed, a);
	if (a->hold_until_us)
		wn_poller_hold(d, a->feed, a->hold_until_us);
	log_outcome(a);
	run_merges(d, a);
	if (a->changes)
		wn_sweeper_nudge(d);
	if (a->was_blind && !a->feed->state.blind_since_us) {
		d->gaps_changed = true;
		wn_poller_look_blind(d);
		wn_sweeper_feed_recovered(d);
	}
}

/* The one place where an answer ends, rc as of its storing: state taken over, told, the poller's turn. */
static enum wn_rc conclude(struct wn_daemon *d, struct wn_feed_answer *a, enum wn_rc rc, struct wn_err *err)
{
	if (rc == WN_EXISTS)
		rc = wn_feed_adopt(d, a->feed, &a->adopted, err);
	else if (rc && !wn_rc_is_temporary(rc))
		rc = store_failure(d, a, err);
	wn_failpoint("intake.stored");
	if (rc == WN_OK && a->adopted) {
		wn_log(WN_DEBUG, NULL, NULL, "feed %s: the state is newer than we knew; its items are safe", a->name);
	} else if (rc == WN_OK) {
		taken_in(d, a);
	} else if (rc != WN_CANCELLED) {
		wn_feed_put_off(d, a->feed, err);
	}
	if (!a->part && !d->stopping)
		wn_poller_answered(d, a->feed);
	return rc;
}

/* Most answers fit into one block: it is used again. */
static struct wn_arena *new_arena(struct wn_intake_queue *q) { return q->spare_n ? q->spare[--q->spare_n] : wn_arena_new_small(ANSWER_BYTES); }

static void let_go(struct wn_daemon *d, struct wn_feed_answer *a)
{
	struct wn_intake_queue *q = d->intake;
	wn_book_done(a->book);
	if (q->spare_n == WN_COUNT(q->spare)) {
		wn_arena_free(a->arena);
		return;
	}
	wn_arena_reset(a->arena);
	q->spare[q->spare_n++] = a->arena;
}

void wn_answer_end(struct wn_daemon *d, struct wn_feed_answer *a, enum wn_rc rc, struct wn_err *err)
{
	conclude(d, a, rc, err);
	let_go(d, a);
}

/* Another instance takes parts of the same feed: its state, then ours once more. */
static enum wn_rc store_part_again(struct wn_daemon *d, struct wn_feed_answer *a, const struct wn_http_response *response, struct wn_err *err)
{
	enum wn_rc rc = WN_EXISTS;
	for (int tries = 0; rc == WN_EXISTS && tries < PART_TRIES; tries++) {
		rc = wn_feed_adopt(d, a->feed, &a->adopted, err);
		wn_book_use(d->book);
		wn_book_done(a->book);
		wn_answer_read(a, d, a->feed, response, true, a->arena);
		rc = rc ? rc : wn_answer_store(d, a, err);
	}
	return rc;
}

static void free_entry(struct entry *e)
{
	e->feed->parts -= e->on_taken != NULL;
	wn_http_response_free(e->response);
	free(e);
}

static void end(struct wn_daemon *d, struct entry *e, enum wn_rc rc, struct wn_err *err)
{
	struct wn_feed_answer *a = e->answer;
	if (rc == WN_EXISTS && e->on_taken)
		rc = store_part_again(d, a, e->response, err);
	rc = conclude(d, a, rc, err);
	if (e->on_taken)
		e->on_taken(e->ctx, a, rc, err);
	let_go(d, a);
	wn_poller_run(d);
	if (e->response->body.n > GIVE_BACK_BYTES)
		malloc_trim(0); /* a rare large answer shall not be what the daemon weighs from then on */
	free_entry(e);
}

/* The next batch of a read answer. While another answer is begun this one is stored whole: only two documents are in memory at once. */
static void go_on(struct wn_daemon *d, struct entry *e)
{
	struct wn_intake_queue *q = d->intake;
	struct wn_err err = {0};
	enum wn_rc rc;
	bool more, alone = !q->begun || q->begun == e;
	do
		more = store_next(d, e->answer, &rc, &err);
	while (more && !alone);
	q->passed = alone ? 0 : q->passed;
	q->begun = more ? e : alone ? NULL : q->begun;
	if (!more)
		end(d, e, rc, &err);
}

static struct wn_feed_answer *read_answer(struct wn_daemon *d, struct wn_poll_feed *feed, const struct wn_http_response *response, bool part)
{
	struct wn_arena *arena = new_arena(d->intake);
	struct wn_feed_answer *a = WN_NEW(arena, struct wn_feed_answer);
	wn_book_use(d->book); /* the answer is read and written with one book, whatever is reloaded meanwhile */
	wn_answer_read(a, d, feed, response, part, arena);
	wn_failpoint("intake.read");
	return a;
}

/* False: it is not quiet. */
static bool gather(struct wn_daemon *d, struct wn_feed_answer *a)
{
	if (!wn_answer_is_quiet(a))
		return false;
	if (!wn_quiet_add(d->intake->quiet, a))
		let_go(d, a);
	return true;
}

static void begin(struct wn_daemon *d, struct entry *e)
{
	struct wn_err err = {0};
	if (!e->answer) {
		e->answer = read_answer(d, e->feed, e->response, e->on_taken != NULL);
		if (gather(d, e->answer)) {
			free_entry(e);
			return;
		}
	}
	struct wn_feed_answer *a = e->answer;
	enum wn_rc rc = wn_snapshot_load(a, &err);
	if (rc == WN_OK)
		go_on(d, e);
	else
		end(d, e, rc, &err);
}

/* ------------------------------------------------------------------------------------------------------ blindness */
static enum wn_rc write_blind(struct wn_daemon *d, const struct entry *e, struct wn_err *err)
{
	struct wn_store *s = d->intake_session.store;
	enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
	if (rc == WN_OK)
		rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	struct wn_plain_event ev = {.subject = "feed", .name = e->feed->name, .type = "feed.blind", .to = "blind",
				    .why = WN_STR("no good poll"), .at_us = e->at_us, .sinks = wn_sinks_for(d->book, "feed.blind", NULL)};
	rc = wn_store_begin(s, err);
	if (rc == WN_OK)
		rc = wn_store_gap_open(s, e->feed->name, NULL, e->feed->state.last_good_us, "blind", err);
	if (rc == WN_OK)
		rc = wn_store_plain_event(s, &ev, err);
	if (rc == WN_OK)
		rc = wn_store_commit(s, err);
	if (rc)
		wn_store_rollback(s);
	wn_turn_give(wn_store_turn(s));
	d->gaps_changed = true;
	return rc;
}

/* As long as the database is away: a gap that is not written down would let a rule take silence for an answer. */
static void note_blind(struct wn_daemon *d, const struct entry *e)
{
	struct wn_err err = {0};
	enum wn_rc rc;
	while (wn_rc_is_temporary(rc = write_blind(d, e, &err)) && rc != WN_CANCELLED)
		if (wn_fiber_wait(d->loop, (int64_t)(0.2 * WN_SECOND * d->factor)))
			return;
	if (rc && rc != WN_CANCELLED)
		wn_log(WN_WARNING, NULL, NULL, "a blind feed could not be written down: %s", err.text);
}

/* ------------------------------------------------------------------------------------------------------- the fiber */
static size_t weight_of(const struct entry *e) { return e->response ? e->response->body.n : 0; }

/* Does an earlier one of the same feed wait, too? */
static bool is_first_of_feed(const struct wn_intake_queue *q, const struct entry *e)
{
	for (const struct entry *x = q->first; x != e; x = x->next)
		if (x->feed == e->feed)
			return false;
	return true;
}

/* The begun answer is passed by short ones of other feeds. */
static bool may_pass(const struct wn_intake_queue *q, const struct entry *e)
{
	return weight_of(e) <= WN_ANSWER_PASSES_BYTES && e->feed != q->begun->feed && is_first_of_feed(q, e);
}

static struct entry *next_entry(struct wn_intake_queue *q)
{
	struct entry **at = &q->first, *e;
	if (q->begun && q->passed == PASS_MOST)
		return NULL;
	while (*at && q->begun && !may_pass(q, *at))
		at = &(*at)->next;
	e = *at;
	if (!e)
		return NULL;
	*at = e->next;
	if (!e->next)
		q->last = at;
	q->n--;
	q->bytes -= weight_of(e);
	q->passed++;
	return e;
}

static void take(struct wn_daemon *d, struct entry *e)
{
	if (e->response) {
		begin(d, e);
	} else {
		note_blind(d, e);
		free_entry(e);
	}
}

static void work(void *ctx)
{
	struct wn_daemon *d = ctx;
	struct wn_intake_queue *q = d->intake;
	while (!d->stopping && !wn_fiber_is_cancelled(d->loop)) {
		int64_t at;
		bool full = wn_intake_is_full(d);
		struct entry *e = wn_quiet_is_full(q->quiet) ? NULL : next_entry(q);
		if (e) {
			take(d, e);
		} else if (wn_quiet_is_due(q->quiet, &at)) {
			wn_quiet_write(q->quiet);
		} else if (q->begun) {
			go_on(d, q->begun);
		} else if (wn_fiber_park_until(d->loop, at) == WN_CANCELLED) {
			break;
		}
		if (full && !wn_intake_is_full(d))
			wn_poller_run(d);
	}
	if (q->begun) {
		wn_answer_done(q->begun->answer);
		end(d, q->begun, WN_CANCELLED, &(struct wn_err){.rc = WN_CANCELLED});
	}
	q->begun = NULL;
	q->fiber = NULL;
}

static void push(struct wn_daemon *d, const struct entry *what)
{
	struct wn_intake_queue *q = d->intake;
	if (!q) { /* we are stopping: whoever sent it sends it again */
		wn_http_response_free(what->response);
		return;
	}
	struct entry *e = wn_alloc(sizeof(*e));
	*e = *what;
	*q->last = e;
	q->last = &e->next;
	q->n++;
	q->bytes += weight_of(e);
	if (q->fiber && q->n == 1)
		wn_fiber_wake(q->fiber);
}

/* As good as always quiet: it need not wait for the fiber. Of a feed that is polled nothing else is under way, but what was pushed before
 * a reload made it one. */
static bool may_read_now(struct wn_daemon *d, struct wn_poll_feed *feed, const struct wn_http_response *response)
{
	const struct wn_intake_queue *q = d->intake;
	const struct wn_book_feed *b = wn_poll_feed_in(feed, d->book);
	return q && q->fiber && !q->n && !feed->parts && !response->body.n && !wn_quiet_is_full(q->quiet) && b && b->conf->mode == WN_FEED_POLL;
}

void wn_intake_push(struct wn_daemon *d, struct wn_poll_feed *feed, struct wn_http_response *response)
{
	struct entry e = {.feed = feed, .response = response};
	if (may_read_now(d, feed, response)) {
		e.answer = read_answer(d, feed, response, false);
		if (gather(d, e.answer)) {
			wn_http_response_free(response);
			return;
		}
	}
	push(d, &e);
}

void wn_intake_part(struct wn_daemon *d, struct wn_poll_feed *feed, struct wn_http_response *response, wn_part_taken *on_taken, void *ctx)
{
	feed->parts++;
	push(d, &(struct entry){.feed = feed, .response = response, .on_taken = on_taken, .ctx = ctx});
}

void wn_intake_blind(struct wn_daemon *d, struct wn_poll_feed *feed)
{
	push(d, &(struct entry){.feed = feed, .at_us = wn_clock_now_us(d->clock)});
}

void wn_intake_nudge(struct wn_daemon *d)
{
	if (d->intake && d->intake->fiber)
		wn_fiber_wake(d->intake->fiber);
}

size_t wn_intake_waiting(const struct wn_daemon *d) { return d->intake ? d->intake->n : 0; }

bool wn_intake_is_full(const struct wn_daemon *d)
{
	return d->intake && (d->intake->n >= WN_ANSWERS_WAITING_MAX || d->intake->bytes >= WN_ANSWERS_WAITING_BYTES);
}

void wn_intake_start(struct wn_daemon *d)
{
	d->intake = wn_alloc(sizeof(*d->intake));
	d->intake->last = &d->intake->first;
	d->intake->quiet = wn_quiet_new(d);
	d->intake->fiber = wn_fiber_start(d->loop, "intake", work, d);
}

void wn_intake_stop(struct wn_daemon *d)
{
	struct wn_intake_queue *q = d->intake;
	if (!q)
		return;
	for (struct entry *e = q->first; e;) {
		struct entry *next = e->next;
		struct wn_err err = {.rc = WN_CANCELLED};
		if (e->on_taken)
			e->on_taken(e->ctx, &(struct wn_feed_answer){0}, WN_CANCELLED, &err);
		if (e->answer)
			let_go(d, e->answer);
		free_entry(e);
		e = next;
	}
	wn_quiet_free(q->quiet);
	while (q->spare_n)
		wn_arena_free(q->spare[--q->spare_n]);
	free(q);
	d->intake = NULL;
}
