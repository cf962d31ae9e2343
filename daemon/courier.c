/* SPDX-License-Identifier: MIT */
/*
 * The courier: takes outbox rows and due touches to their sinks. A claim is committed before anything is sent, a result
 * is written after; between the two a crash leaves a lease that runs out, and the same event goes out again with the
 * same id (a mail does not: it is called unknown). A touch is decided in the transaction that claims it, at every
 * attempt. No touch goes out before everything overdue has been closed.
 *
 * Every sink has slots of its own (delivery.concurrency), and no more is claimed for it than it has free: one that hangs
 * fills its own and nobody else's. A sink whose receiver is gone (410) is off: its events become dead letters at once,
 * its touches are held.
 */
#include "sink.h"
#include "unsubscribe.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

/* Deliveries under way to one sink. Kept by name: a reload replaces the book, not what is on its way. */
struct slots {
	struct slots *next;
	size_t running;
	char name[];
};

struct wn_courier {
	struct wn_fiber *fiber;
	struct wn_timer *timer;   /* when something wants us */
	struct slots *slots;
	size_t running;           /* deliveries with a fiber of their own, all sinks */
	bool again;               /* something was claimed: look once more */
};

enum {
	CLAIM_ROWS = 50,      /* for a sink that does not wait */
	CLAIM_TOUCHES = 50,
	FIBERS_FOR_SINKS = WN_FIBERS_MAX * 3 / 4,
	LEASE_MORE_S = 15,    /* an event's lease outlives its delivery by so much */
};

/* One row on its way. */
struct parcel {
	struct wn_daemon *d;
	struct wn_arena *arena;
	struct wn_outbox_row row;
	int64_t lease_us;
	struct slots *slots; /* NULL: it does not wait */
	bool touch, once, redirected;
};

/* ------------------------------------------------------------------------------------------------------- slots */
static struct slots *slots_of(struct wn_daemon *d, struct wn_str sink)
{
	for (struct slots *s = d->courier->slots; s; s = s->next)
		if (wn_str_is(sink, s->name))
			return s;
	struct slots *s = wn_alloc(sizeof(*s) + sink.n + 1);
	memcpy(s->name, sink.p, sink.n);
	s->next = d->courier->slots;
	d->courier->slots = s;
	return s;
}

/* How many more deliveries the sink may have under way. */
static size_t room_of(struct wn_daemon *d, const struct wn_book_sink *sink)
{
	size_t most = (size_t)wn_daemon_options(d)->delivery.concurrency, fair = FIBERS_FOR_SINKS / (d->book->n_sinks ? d->book->n_sinks : 1);
	size_t running = slots_of(d, sink->conf->name)->running;
	if (!wn_sink_waits(sink->conf))
		return CLAIM_ROWS;
	most = most < fair ? most : fair ? fair : 1;
	return running < most ? most - running : 0;
}

static int64_t lease_of(const struct wn_daemon *d, const struct wn_sink_conf *sink)
{
	int64_t lease = wn_daemon_options(d)->delivery.lease_us, least = wn_sink_timeout_us(d, sink) + LEASE_MORE_S * WN_SECOND;
	return lease > least ? lease : least;
}

/* ------------------------------------------------------------------------------------------------------ parcels */
static struct parcel *parcel_new(struct wn_daemon *d, const struct wn_outbox_row *row, bool touch, int64_t lease_us)
{
	struct parcel *p = wn_alloc(sizeof(*p));
	p->d = d;
	p->arena = wn_arena_new(0);
	p->row = *row;
	p->touch = touch;
	p->lease_us = lease_us;
	p->row.sink = wn_arena_str(p->arena, row->sink);
	p->row.type = wn_arena_str(p->arena, row->type);
	p->row.subject = wn_arena_str(p->arena, row->subject);
	p->row.payload = wn_arena_str(p->arena, row->payload);
	return p;
}

static void parcel_free(struct parcel *p)
{
	wn_arena_free(p->arena);
	free(p);
}

/* --------------------------------------------------------------------------------------- what came back: events */
static enum wn_outbox_state state_after(struct wn_daemon *d, const struct wn_outbox_row *row, const struct wn_delivery *r, int64_t now)
{
	if (r->how == WN_DELIVERED)
		return WN_OUTBOX_DELIVERED;
	if (r->how == WN_DELIVERY_DEAD)
		return WN_OUTBOX_DEAD;
	int64_t first = row->first_us ? row->first_us : now;
	return now - first >= wn_daemon_options(d)->delivery.dead_after_us ? WN_OUTBOX_DEAD : WN_OUTBOX_PENDING;
}

static int64_t next_attempt(const struct wn_outbox_row *row, const struct wn_delivery *r, int64_t now)
{
	return now + wn_retry_delay_us(row->attempts, row->event_id, r->retry_after_us);
}

static void log_result(const struct parcel *p, const struct wn_delivery *r, enum wn_outbox_state to)
{
	const char *sink = p->row.sink.p, *type = p->row.type.p;
	if (to == WN_OUTBOX_DEAD)
		wn_log(WN_ERR, WN_MSG_DELIVERY_DEAD, WN_FIELDS({"WHYNOW_SINK", sink}, {"WHYNOW_REASON", r->text}),
		       "event %s could not be delivered to sink %s after %d attempts: %s", type, sink, p->row.attempts, r->text);
	else if (to == WN_OUTBOX_PENDING && p->row.attempts <= 1)
		wn_log(WN_WARNING, WN_MSG_SINK_FAILED, WN_FIELDS({"WHYNOW_SINK", sink}, {"WHYNOW_REASON", r->text}),
		       "sink %s did not take %s: %s; it is tried again", sink, type, r->text);
	else if (to == WN_OUTBOX_DELIVERED && p->row.attempts > 1)
		wn_log(WN_NOTICE, WN_MSG_SINK_RECOVERED, WN_FIELDS({"WHYNOW_SINK", sink}), "sink %s took %s at attempt %d", sink, type, p->row.attempts);
}

/* The receiver is gone for good: told once, whichever delivery heard it first. */
static enum wn_rc switch_off(struct parcel *p, const struct wn_delivery *r, struct wn_err *err)
{
	struct wn_daemon *d = p->d;
	bool changed = false;
	if (!r->gone)
		return WN_OK;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(d->courier_session.store));
	if (rc)
		return rc;
	const struct wn_book_sink *sink = wn_book_sink_named(d->book, p->row.sink);
	if (sink)
		sink->view->off = true; /* what is claimed already does not go either */
	rc = wn_store_sink_off(d->courier_session.store, p->row.sink, wn_str_of(r->text), wn_clock_now_us(d->clock), &changed, err);
	wn_turn_give(wn_store_turn(d->courier_session.store));
	if (rc == WN_OK && changed)
		wn_log(WN_ERR, WN_MSG_SINK_OFF, WN_FIELDS({"WHYNOW_SINK", p->row.sink.p}, {"WHYNOW_REASON", r->text}),
		       "sink %s is switched off: its receiver says that it is gone (%s)", p->row.sink.p, r->text);
	return rc;
}

static enum wn_rc mark_event(struct parcel *p, const struct wn_delivery *r)
{
	struct wn_daemon *d = p->d;
	struct wn_store *s = d->courier_session.store;
	struct wn_err err = {0};
	enum wn_rc rc = wn_session_ensure(d, &d->courier_session);
	if (rc == WN_OK)
		rc = switch_off(p, r, &err);
	if (rc == WN_OK)
		rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	int64_t now = wn_clock_now_us(d->clock);
	enum wn_outbox_state to = state_after(d, &p->row, r, now);
	wn_failpoint("courier.before_mark");
	rc = wn_store_outbox_done(s, &p->row, to, next_attempt(&p->row, r, now), wn_str_of(r->text), now, &err);
	wn_failpoint("courier.after_mark");
	wn_turn_give(wn_store_turn(s));
	if (rc == WN_OK && !r->quiet)
		log_result(p, r, to);
	return rc;
}

/* -------------------------------------------------------------------------------------- what came back: touches */
struct touch_result {
	const struct parcel *p;
	const struct wn_delivery *r;
	bool once; /* what may have arrived must not go out again */
};

static struct wn_touch *find_touch(const struct wn_world *w, struct wn_id account_id, struct wn_id campaign_id, struct wn_id contact_id, int step)
{
	struct wn_account *a = wn_world_account(w, account_id);
	for (size_t i = 0; a && i < a->members.n; i++) {
		struct wn_member *m = a->members.v[i];
		if (!wn_id_eq(m->campaign_id, campaign_id) || !wn_id_eq(m->contact_id, contact_id))
			continue;
		for (size_t t = 0; t < m->touches.n; t++)
			if (m->touches.v[t]->step == step)
				return m->touches.v[t];
	}
	return NULL;
}

static enum wn_rc load_touch(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct touch_result *t = ctx;
	return wn_store_load_accounts(s, w, &t->p->row.account_id, 1, WN_LOAD_ALL, err);
}

static enum wn_rc step_result(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	static const enum wn_sent how[] = {[WN_DELIVERED] = WN_SENT_OK, [WN_DELIVERY_RETRY] = WN_SENT_RETRY,
					   [WN_DELIVERY_DEAD] = WN_SENT_FAILED, [WN_DELIVERY_UNKNOWN] = WN_SENT_RETRY};
	struct touch_result *r = ctx;
	const struct wn_outbox_row *row = &r->p->row;
	struct wn_touch *t = find_touch(w, row->account_id, row->campaign_id, row->contact_id, row->step);
	(void)s;
	(void)err;
	if (!t || !t->member->campaign || !wn_id_eq(t->token, row->token))
		return WN_OK; /* the lease ran out and somebody else has it */
	enum wn_sent sent = r->r->how == WN_DELIVERY_UNKNOWN && r->once ? WN_SENT_UNKNOWN : how[r->r->how];
	wn_touch_sent(w, t, sent, next_attempt(row, r->r, w->now_us), r->r->how == WN_DELIVERED ? (struct wn_str){NULL, 0} : wn_str_of(r->r->text));
	return WN_OK;
}

/* The address takes nothing: nobody writes to it any more. */
static enum wn_rc tell_bounce(struct parcel *p, const struct wn_delivery *r, struct wn_err *err)
{
	struct wn_worker k = wn_daemon_worker(p->d, &p->d->courier_session);
	if (!r->bounced || p->redirected)
		return WN_OK;
	return wn_touch_brought(&k, p->row.event_id, "bounce", "smtp", wn_str_of(r->text), err);
}

static enum wn_rc mark_touch(struct parcel *p, const struct wn_delivery *r)
{
	struct wn_daemon *d = p->d;
	struct touch_result ctx = {p, r, p->once};
	struct wn_unit u = {.actor = "courier", .load = load_touch, .step = step_result, .ctx = &ctx};
	struct wn_err err = {0};
	enum wn_rc rc = wn_session_ensure(d, &d->courier_session);
	if (rc)
		return rc;
	struct wn_worker k = wn_daemon_worker(d, &d->courier_session);
	rc = switch_off(p, r, &err);
	if (rc == WN_OK)
		rc = tell_bounce(p, r, &err);
	wn_failpoint("courier.touch.before_mark");
	if (rc == WN_OK)
		rc = wn_unit_run(&k, &u, &err);
	wn_failpoint("courier.touch.after_mark");
	if (rc && rc != WN_CANCELLED)
		wn_log(WN_ERR, NULL, NULL, "the result of a touch could not be written: %s", err.text);
	return rc;
}

/* ------------------------------------------------------------------------------------------------------ sending */
static void deliver(struct parcel *p)
{
	struct wn_book *book = p->d->book; /* a reload must not take the sink away under a delivery */
	const struct wn_book_sink *sink = wn_book_sink_named(book, p->row.sink);
	struct wn_delivery r = {.how = WN_DELIVERY_RETRY};
	wn_book_use(book);
	snprintf(r.text, sizeof(r.text), "no file has a sink of this name any more");
	wn_failpoint("courier.send");
	p->once = sink && wn_sink_is_once(sink->conf);
	if (sink && sink->view->off && !p->touch) {
		r = (struct wn_delivery){.how = WN_DELIVERY_DEAD, .quiet = true};
		snprintf(r.text, sizeof(r.text), "the sink is switched off");
	} else if (sink) {
		wn_sink_deliver(p->d, sink, &p->row, p->lease_us, &r);
	}
	wn_book_done(book);
	wn_failpoint("courier.sent");
	enum wn_rc rc;
	do
		rc = p->touch ? mark_touch(p, &r) : mark_event(p, &r);
	while (wn_rc_is_temporary(rc) && rc != WN_CANCELLED && !p->d->stopping &&
	       wn_fiber_wait(p->d->loop, (int64_t)(0.2 * WN_SECOND * p->d->factor)) == WN_OK);
	if (p->d->courier)
		p->d->courier->again = true;
}

static void deliver_fiber(void *ctx)
{
	struct parcel *p = ctx;
	struct wn_daemon *d = p->d;
	deliver(p);
	if (d->courier) {
		p->slots->running--;
		d->courier->running--;
		wn_courier_nudge(d);
		wn_sweeper_nudge(d);
	}
	parcel_free(p);
}

static void send(struct wn_daemon *d, struct parcel *p)
{
	const struct wn_book_sink *sink = wn_book_sink_named(d->book, p->row.sink);
	p->slots = slots_of(d, p->row.sink);
	p->redirected = p->touch && d->book->catalog.redirect_to;
	if (sink && wn_sink_waits(sink->conf) && wn_fiber_start(d->loop, "delivery", deliver_fiber, p)) {
		p->slots->running++;
		d->courier->running++;
		return;
	}
	deliver(p);
	parcel_free(p);
}

/* ---------------------------------------------------------------------------------------------- claiming events */
static enum wn_rc claim_rows(struct wn_daemon *d, int bucket, const struct wn_sink_conf *sink, int limit, struct wn_arena *a,
			     struct wn_outbox_row **rows, size_t *n)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_err err = {0};
	*n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_outbox_claim(s, bucket, sink->name, wn_clock_now_us(d->clock), lease_of(d, sink), limit, a, rows, n, &err);
	wn_turn_give(wn_store_turn(s));
	wn_failpoint("courier.claimed");
	return rc;
}

static enum wn_rc read_due(struct wn_daemon *d, const struct wn_due_query *what, struct wn_arena *a, struct wn_due **due, size_t *n,
			   enum wn_rc (*read)(struct wn_store *, const struct wn_due_query *, struct wn_arena *, struct wn_due **, size_t *,
					      struct wn_err *))
{
	struct wn_store *s = d->courier_session.store;
	struct wn_due_query q = *what;
	struct wn_err err = {0};
	q.until_us = wn_clock_sure_us(d->clock);
	q.bucket_to = 1023;
	*n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = read(s, &q, a, due, n, &err);
	wn_turn_give(wn_store_turn(s));
	return rc;
}

/* As many heads of line as the sink has room for. */
static enum wn_rc claim_for(struct wn_daemon *d, const struct wn_book_sink *sink, struct wn_arena *a)
{
	struct wn_due *due;
	size_t n, room = room_of(d, sink);
	if (!room)
		return WN_OK;
	enum wn_rc rc = read_due(d, &(struct wn_due_query){.sink = sink->conf->name, .limit = (int)room}, a, &due, &n, wn_store_due_outbox);
	for (size_t i = 0; i < n && room && rc == WN_OK && !d->stopping; i++) {
		struct wn_outbox_row *rows;
		size_t k = 0;
		rc = claim_rows(d, due[i].bucket, sink->conf, (int)room, a, &rows, &k);
		for (size_t j = 0; j < k && rc == WN_OK; j++)
			send(d, parcel_new(d, &rows[j], false, lease_of(d, sink->conf)));
		room -= k < room ? k : room;
		d->courier->again = d->courier->again || k > 0;
	}
	return rc;
}

/* The book is kept over the waits: a reload replaces it under us. */
static enum wn_rc claim_events(struct wn_daemon *d)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_book *book = d->book;
	enum wn_rc rc = WN_OK;
	wn_book_use(book);
	for (size_t i = 0; i < book->n_sinks && rc == WN_OK && !d->stopping; i++)
		rc = claim_for(d, &book->sink_list[i], a);
	wn_book_done(book);
	wn_arena_free(a);
	return rc;
}

/* --------------------------------------------------------------------------------------------- claiming touches */
struct touch_claim {
	struct wn_daemon *d;
	const struct wn_due *due;
	struct wn_outbox_row row;    /* of the touch that may go */
	bool goes, decided;
	struct wn_arena *arena;
};

static enum wn_rc load_claim(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct touch_claim *c = ctx;
	c->goes = c->decided = false;
	return wn_store_load_accounts(s, w, &c->due->account_id, 1, WN_LOAD_ALL, err);
}

/* A touch that is still `sending` here is an attempt whose lease ran out: nobody knows whether it arrived. A mail stays unknown; anything
 * else is decided anew, and if it may still go, it goes with the same id and without a new event. */
static bool is_lost_mail(const struct wn_daemon *d, const struct wn_touch *t)
{
	const struct wn_book_sink *sink = wn_book_sink_named(d->book, t->sink);
	return t->state == WN_TOUCH_SENDING && sink && wn_sink_is_once(sink->conf);
}

static enum wn_rc step_claim(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct touch_claim *c = ctx;
	struct wn_touch *t = find_touch(w, c->due->account_id, c->due->campaign_id, c->due->contact_id, c->due->step);
	if (!t || wn_touch_is_final(t->state) || t->due_us > w->now_us || !t->member->campaign)
		return WN_OK;
	if (is_lost_mail(c->d, t)) {
		wn_touch_sent(w, t, WN_SENT_UNKNOWN, 0, WN_STR("no answer to the attempt"));
		c->decided = true;
		return WN_OK;
	}
	struct wn_decision decision = wn_touch_decide(w, t);
	bool clear = true;
	if (decision.kind == WN_SEND) {
		const struct wn_book_sink *sink = wn_book_sink_named(c->d->book, wn_str_of(decision.sink->name));
		if (!sink || !room_of(c->d, sink))
			return WN_OK; /* as it was: its channel is asked for again when there is room */
		enum wn_rc rc = wn_store_outbox_is_clear(s, t->member->campaign_bucket, t->member->campaign_id, wn_str_of(decision.sink->name), &clear, err);
		if (rc)
			return rc;
		if (!clear) { /* events of the campaign go first, in gen order; a dead sink must not keep the others' touches waiting */
			t->due_us = w->now_us + WN_MINUTE;
			t->dirty = true;
			return WN_OK;
		}
	}
	wn_touch_apply(w, t, &decision);
	c->decided = true;
	c->goes = decision.kind == WN_SEND;
	if (c->goes)
		c->row = (struct wn_outbox_row){.bucket = t->member->campaign_bucket, .event_id = t->event_id,
						.campaign_id = t->member->campaign_id, .sink = wn_arena_str(c->arena, t->sink),
						.token = t->token, .attempts = t->attempts, .account_id = t->member->account->id,
						.contact_id = t->member->contact_id, .step = t->step};
	return WN_OK;
}

/* The row as it is stored: the same bytes at every attempt. */
static enum wn_rc read_row(struct wn_daemon *d, struct touch_claim *c, struct wn_err *err)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_outbox_row stored;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_outbox_read(s, c->row.bucket, c->row.event_id, c->row.sink, c->arena, &stored, err);
	wn_turn_give(wn_store_turn(s));
	if (rc == WN_OK) {
		stored.token = c->row.token;
		stored.attempts = c->row.attempts;
		stored.account_id = c->row.account_id;
		stored.contact_id = c->row.contact_id;
		stored.step = c->row.step;
		c->row = stored;
	}
	return rc;
}

static enum wn_rc claim_touch(struct wn_daemon *d, const struct wn_due *due, struct wn_arena *a)
{
	struct touch_claim c = {.d = d, .due = due, .arena = a};
	struct wn_unit u = {.actor = "courier", .load = load_claim, .step = step_claim, .ctx = &c};
	struct wn_worker k = wn_daemon_worker(d, &d->courier_session);
	struct wn_err err = {0};
	enum wn_rc rc = wn_unit_run(&k, &u, &err);
	d->courier->again = d->courier->again || (rc == WN_OK && c.decided);
	wn_failpoint("courier.touch.claimed");
	if (rc == WN_OK && c.goes)
		rc = read_row(d, &c, &err);
	if (rc == WN_OK && c.goes)
		send(d, parcel_new(d, &c.row, true, d->book->catalog.touch_lease_us));
	if (rc && rc != WN_CANCELLED && !wn_rc_is_temporary(rc))
		wn_log(WN_ERR, WN_MSG_TOUCH, NULL, "a due touch could not be decided: %s", err.text);
	return rc;
}

/* Channels whose sink has no room: the first sink that takes a channel is its own (touch_decide.c). */
static size_t full_channels(struct wn_daemon *d, struct wn_arena *a, const struct wn_str **out)
{
	WN_VEC(struct wn_str) full = {0}, seen = {0};
	for (size_t i = 0; i < d->book->n_sinks; i++) {
		const struct wn_book_sink *sink = &d->book->sink_list[i];
		for (size_t k = 0; k < sink->conf->channels.n; k++) {
			struct wn_str channel = sink->conf->channels.v[k];
			bool taken = false;
			for (size_t j = 0; j < seen.n; j++)
				taken = taken || wn_str_eq(seen.v[j], channel);
			if (!taken && !room_of(d, sink))
				*WN_PUSH(a, &full) = wn_arena_str(a, channel);
			*WN_PUSH(a, &seen) = channel;
		}
	}
	*out = full.v;
	return full.n;
}

static bool is_among(const struct wn_str *v, size_t n, struct wn_str s)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_eq(v[i], s))
			return true;
	return false;
}

static enum wn_rc claim_touches(struct wn_daemon *d)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due;
	struct wn_due_query q = {.limit = CLAIM_TOUCHES};
	size_t n = 0;
	q.n_channels = full_channels(d, a, &q.channels);
	enum wn_rc rc = d->swept ? read_due(d, &q, a, &due, &n, wn_store_due_touches) : WN_OK;
	for (size_t i = 0; i < n && rc == WN_OK && !d->stopping; i++) {
		size_t n_full = full_channels(d, a, &q.channels);
		if (!is_among(q.channels, n_full, due[i].channel))
			rc = claim_touch(d, &due[i], a);
	}
	wn_arena_free(a);
	if (d->courier->again)
		wn_sweeper_nudge(d); /* new due instants */
	return rc;
}

/* ----------------------------------------------------------------------------------------------------- the fiber */
/* Which sinks are off, into the views of the book. */
static enum wn_rc read_off(struct wn_daemon *d)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str *names = NULL;
	size_t n = 0;
	struct wn_err err = {0};
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_sinks_off(s, a, &names, &n, &err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < d->book->n_sinks && rc == WN_OK; i++)
		d->book->sinks[i].off = is_among(names, n, d->book->sink_list[i].conf->name);
	wn_arena_free(a);
	return rc;
}

static enum wn_rc one_round(struct wn_daemon *d)
{
	enum wn_rc rc = wn_session_ensure(d, &d->courier_session);
	if (rc || wn_clock_is_doubtful(d->clock))
		return rc;
	rc = read_off(d);
	if (rc)
		return rc;
	do { /* events first: a touch may not overtake what its campaign told the same sink before */
		d->courier->again = false;
		rc = claim_events(d);
		if (rc == WN_OK && !d->courier->again)
			rc = claim_touches(d);
	} while (rc == WN_OK && d->courier->again && !d->stopping);
	return rc;
}

static void work(void *ctx)
{
	struct wn_daemon *d = ctx;
	while (!d->stopping && !wn_fiber_is_cancelled(d->loop)) {
		enum wn_rc rc = one_round(d);
		if (rc == WN_CANCELLED)
			break;
		int64_t pause = (int64_t)((double)WN_SECOND * d->factor);
		if (wn_fiber_park_until(d->loop, rc ? wn_clock_now_us(d->clock) + pause : WN_NEVER) == WN_CANCELLED)
			break;
	}
	d->courier->fiber = NULL;
}

static void on_due(void *ctx) { wn_courier_nudge(ctx); }

void wn_courier_nudge(struct wn_daemon *d)
{
	if (d->courier && d->courier->fiber)
		wn_fiber_wake(d->courier->fiber);
}

void wn_courier_due(struct wn_daemon *d, int64_t touch_us, int64_t outbox_us)
{
	if (d->courier)
		wn_timer_at(d->courier->timer, touch_us < outbox_us ? touch_us : outbox_us);
}

size_t wn_courier_running(const struct wn_daemon *d) { return d->courier ? d->courier->running : 0; }

void wn_courier_start(struct wn_daemon *d)
{
	d->courier = wn_alloc(sizeof(*d->courier));
	d->courier->timer = wn_timer_new(d->loop, "courier due", on_due, d);
	d->courier->fiber = wn_fiber_start(d->loop, "courier", work, d);
}

void wn_courier_stop(struct wn_daemon *d)
{
	if (!d->courier)
		return;
	wn_timer_free(d->courier->timer);
	for (struct slots *s = d->courier->slots, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	free(d->courier);
	d->courier = NULL;
}
