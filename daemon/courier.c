/* SPDX-License-Identifier: MIT */
/*
 * The courier: takes outbox rows and due touches to their sinks. A claim is committed before anything is sent, a result
 * is written after; between the two a crash leaves a lease that runs out, and the same event goes out again with the
 * same id (a mail does not: it is called unknown). A touch is decided in the transaction that claims it, at every
 * attempt. No touch goes out before everything overdue has been closed.
 *
 * When much was sent, what came of it is written on the sweeper's session while the next touches are claimed on ours.
 *
 * Every sink has slots of its own (delivery.concurrency), and no more is claimed for it than it has free: one that hangs
 * fills its own and nobody else's. A sink whose receiver is gone (410) is off: its events become dead letters at once,
 * its touches are held.
 */
#include "courier_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

enum {
	FIBERS_FOR_SINKS = WN_FIBERS_MAX * 3 / 4,
	LEASE_MORE_S = 15,    /* an event's lease outlives its delivery by so much */
	LANE_MIN = WN_COURIER_LOT / 2, /* fewer are written at once by the courier itself */
};

/* ------------------------------------------------------------------------------------------------------- slots */
static struct wn_slots *slots_of(struct wn_daemon *d, struct wn_str sink)
{
	for (struct wn_slots *s = d->courier->slots; s; s = s->next)
		if (wn_str_is(sink, s->name))
			return s;
	struct wn_slots *s = wn_alloc(sizeof(*s) + sink.n + 1);
	memcpy(s->name, sink.p, sink.n);
	s->next = d->courier->slots;
	d->courier->slots = s;
	return s;
}

/* How many more deliveries the sink may have under way. */
size_t wn_courier_room(struct wn_daemon *d, const struct wn_book_sink *sink)
{
	size_t most = (size_t)wn_daemon_options(d)->delivery.concurrency, fair = FIBERS_FOR_SINKS / (d->book->n_sinks ? d->book->n_sinks : 1);
	size_t running = slots_of(d, sink->conf->name)->running;
	if (!wn_sink_waits(sink->conf))
		return WN_COURIER_LOT;
	most = most < fair ? most : fair ? fair : 1;
	return running < most ? most - running : 0;
}

static int64_t lease_of(const struct wn_daemon *d, const struct wn_sink_conf *sink)
{
	int64_t lease = wn_daemon_options(d)->delivery.lease_us, least = wn_sink_timeout_us(d, sink) + LEASE_MORE_S * WN_SECOND;
	return lease > least ? lease : least;
}

/* ------------------------------------------------------------------------------------------------------ parcels */
static struct wn_parcel *parcel_new(struct wn_daemon *d, const struct wn_outbox_row *row, bool touch, int64_t lease_us)
{
	struct wn_parcel *p = wn_alloc(sizeof(*p));
	p->d = d;
	p->arena = wn_arena_new(0);
	p->row = *row;
	p->touch = touch;
	p->lease_us = lease_us;
	p->row.sink = wn_arena_str(p->arena, row->sink);
	p->row.type = wn_arena_str(p->arena, row->type);
	p->row.subject = wn_arena_str(p->arena, row->subject);
	p->row.payload = wn_arena_str(p->arena, row->payload);
	p->slots = slots_of(d, p->row.sink);
	p->redirected = touch && d->book->catalog.redirect_to;
	return p;
}

void wn_parcel_free(struct wn_parcel *p)
{
	if (p->on_fiber && p->d->courier) {
		p->slots->running--;
		p->d->courier->running--;
	}
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

int64_t wn_courier_next_attempt(const struct wn_parcel *p, int64_t now_us)
{
	return now_us + wn_retry_delay_us(p->row.attempts, p->row.event_id, p->result.retry_after_us);
}

static void log_result(const struct wn_parcel *p, enum wn_outbox_state to)
{
	const struct wn_delivery *r = &p->result;
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
enum wn_rc wn_courier_switch_off(struct wn_parcel *p, struct wn_err *err)
{
	const struct wn_delivery *r = &p->result;
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

static enum wn_rc mark_events(struct wn_daemon *d, struct wn_session *session, struct wn_outbox_result *v, size_t n, int64_t now, struct wn_err *err)
{
	struct wn_store *s = session->store;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	wn_failpoint("courier.before_mark");
	rc = wn_store_outbox_done(s, v, n, now, err);
	wn_failpoint("courier.after_mark");
	wn_turn_give(wn_store_turn(s));
	return rc;
}

/* One that cannot be written costs no other: its lease runs out, and it goes again. */
static enum wn_rc write_events(struct wn_daemon *d, struct wn_session *session, struct wn_parcel **parcels, size_t n)
{
	struct wn_outbox_result v[WN_COURIER_LOT] = {0};
	struct wn_err err = {0};
	enum wn_rc rc = WN_OK;
	int64_t now = wn_clock_now_us(d->clock);
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		struct wn_parcel *p = parcels[i];
		v[i] = (struct wn_outbox_result){&p->row, state_after(d, &p->row, &p->result, now), wn_courier_next_attempt(p, now), wn_str_of(p->result.text)};
		rc = wn_courier_switch_off(p, &err);
	}
	if (rc == WN_OK)
		rc = mark_events(d, session, v, n, now, &err);
	if (rc && rc != WN_CANCELLED && !wn_rc_is_temporary(rc)) {
		if (n > 1) {
			rc = write_events(d, session, parcels, n / 2);
			return rc ? rc : write_events(d, session, parcels + n / 2, n - n / 2);
		}
		wn_log(WN_ERR, NULL, NULL, "the result of an event for sink %s could not be written: %s", parcels[0]->row.sink.p, err.text);
		return WN_OK;
	}
	for (size_t i = 0; i < n && rc == WN_OK; i++)
		if (v[i].written && !parcels[i]->result.quiet)
			log_result(parcels[i], v[i].to);
	return rc;
}

/* ------------------------------------------------------------------------------------------------------ results */
static void put_result(struct wn_results *list, struct wn_parcel *p)
{
	p->next = NULL;
	*(list->last ? &list->last->next : &list->first) = p;
	list->last = p;
}

static void put_back(struct wn_results *list, struct wn_parcel *p)
{
	p->next = list->first;
	list->first = p;
	if (!list->last)
		list->last = p;
}

static struct wn_parcel *take_result(struct wn_results *list)
{
	struct wn_parcel *p = list->first;
	if (p)
		list->first = p->next;
	if (!list->first)
		list->last = NULL;
	return p;
}

typedef enum wn_rc write_fn(struct wn_daemon *d, struct wn_session *session, struct wn_parcel **parcels, size_t n);

static enum wn_rc write_all(struct wn_daemon *d, struct wn_session *session, struct wn_results *list, write_fn *write)
{
	enum wn_rc rc = WN_OK;
	while (list->first && rc == WN_OK) {
		struct wn_parcel *v[WN_COURIER_LOT];
		size_t n = 0;
		while (n < WN_COURIER_LOT && list->first)
			v[n++] = take_result(list);
		rc = write(d, session, v, n);
		while (n-- > 0)
			if (rc == WN_OK)
				wn_parcel_free(v[n]);
			else
				put_back(list, v[n]);
	}
	return rc;
}

/* What went to files is on disk before it is called delivered. */
static void settle(struct wn_daemon *d)
{
	const struct wn_results *lists[] = {&d->courier->events, &d->courier->touches, &d->courier->writing};
	wn_spool_sync(d->spool);
	for (size_t i = 0; i < WN_COUNT(lists); i++)
		for (struct wn_parcel *p = lists[i]->first; p; p = p->next)
			wn_spool_settle(d->spool, &p->result);
	wn_spool_clear(d->spool);
}

static enum wn_rc write_results(struct wn_daemon *d)
{
	struct wn_courier *c = d->courier;
	struct wn_session *s = &d->courier_session;
	settle(d);
	bool own = !c->lane.held; /* what the second lane has is its own */
	c->again = c->again || (own && c->writing.first) || c->touches.first || c->events.first;
	enum wn_rc rc = own ? write_all(d, s, &c->writing, wn_touches_write) : WN_OK;
	rc = rc ? rc : write_all(d, s, &c->touches, wn_touches_write);
	return rc ? rc : write_all(d, s, &c->events, write_events);
}

/* --------------------------------------------------------------------------------------------- the second lane */
static void run_lane(void *ctx)
{
	struct wn_daemon *d = ctx;
	struct wn_courier *c = d->courier;
	c->lane_rc = wn_session_ensure(d, &d->sweep_session);
	if (c->lane_rc == WN_OK)
		c->lane_rc = write_all(d, &d->sweep_session, &c->writing, wn_touches_write);
	wn_turn_give(&c->lane);
}

/* False: there is no need. What came back later is not among what it writes: it is not settled yet. */
static bool lane_start(struct wn_daemon *d)
{
	struct wn_courier *c = d->courier;
	size_t n = 0;
	for (struct wn_parcel *p = c->touches.first; p && n < LANE_MIN; p = p->next)
		n++;
	if (d->simulated || n < LANE_MIN || c->writing.first || wn_turn_take(d->loop, &c->lane))
		return false;
	settle(d);
	c->writing = c->touches;
	c->touches = (struct wn_results){NULL, NULL};
	if (wn_fiber_start(d->loop, "courier's second lane", run_lane, d))
		return true;
	wn_turn_give(&c->lane);
	return false; /* they are written first of all */
}

static enum wn_rc lane_join(struct wn_daemon *d)
{
	struct wn_courier *c = d->courier;
	enum wn_rc rc = wn_turn_take(d->loop, &c->lane);
	if (rc)
		return rc; /* cancelled: it ends by itself, before the courier is freed */
	wn_turn_give(&c->lane);
	c->again = true;
	return c->lane_rc;
}

/* ------------------------------------------------------------------------------------------------------ sending */
static void deliver(struct wn_parcel *p)
{
	struct wn_book *book = p->d->book; /* a reload must not take the sink away under a delivery */
	const struct wn_book_sink *sink = wn_book_sink_named(book, p->row.sink);
	struct wn_delivery *r = &p->result;
	*r = (struct wn_delivery){.how = WN_DELIVERY_RETRY};
	wn_book_use(book);
	snprintf(r->text, sizeof(r->text), "no file has a sink of this name any more");
	wn_failpoint("courier.send");
	p->once = sink && wn_sink_is_once(sink->conf);
	if (sink && sink->view->off && !p->touch) {
		*r = (struct wn_delivery){.how = WN_DELIVERY_DEAD, .quiet = true};
		snprintf(r->text, sizeof(r->text), "the sink is switched off");
	} else if (sink) {
		wn_sink_deliver(p->d, sink, &p->row, p->lease_us, r);
	}
	wn_book_done(book);
	wn_failpoint("courier.sent");
}

/* The result is written by the courier's own fiber, many together. */
static void deliver_and_keep(struct wn_parcel *p)
{
	deliver(p);
	struct wn_courier *c = p->d->courier; /* it may have ended meanwhile */
	if (!c) {
		wn_parcel_free(p);
		return;
	}
	put_result(p->touch ? &c->touches : &c->events, p);
	c->again = true;
}

static void deliver_fiber(void *ctx)
{
	struct wn_parcel *p = ctx;
	struct wn_daemon *d = p->d;
	deliver_and_keep(p);
	if (d->courier) {
		wn_courier_nudge(d);
		wn_sweeper_nudge(d);
	}
}

void wn_courier_send(struct wn_daemon *d, const struct wn_outbox_row *row, bool touch, int64_t lease_us)
{
	struct wn_parcel *p = parcel_new(d, row, touch, lease_us);
	const struct wn_book_sink *sink = wn_book_sink_named(d->book, p->row.sink);
	if (sink && wn_sink_waits(sink->conf) && wn_fiber_start(d->loop, "delivery", deliver_fiber, p)) {
		p->on_fiber = true;
		p->slots->running++;
		d->courier->running++;
	} else {
		deliver_and_keep(p);
	}
}

/* ---------------------------------------------------------------------------------------------- claiming events */
static enum wn_rc claim_rows(struct wn_daemon *d, const struct wn_sink_conf *sink, int limit, struct wn_arena *a, struct wn_outbox_row **rows, size_t *n)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_outbox_ref *refs;
	size_t n_refs = 0;
	struct wn_err err = {0};
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_outbox_heads(s, sink->name, wn_clock_sure_us(d->clock), limit, a, &refs, &n_refs, &err);
	if (rc == WN_OK && n_refs)
		rc = wn_store_outbox_claim(s, refs, n_refs, wn_clock_now_us(d->clock), lease_of(d, sink), a, rows, n, &err);
	wn_turn_give(wn_store_turn(s));
	wn_failpoint("courier.claimed");
	return rc;
}

/* As many heads of line as the sink has room for. */
static enum wn_rc claim_for(struct wn_daemon *d, const struct wn_book_sink *sink, struct wn_arena *a)
{
	struct wn_outbox_row *rows = NULL;
	size_t n = 0, room = wn_courier_room(d, sink);
	enum wn_rc rc = room ? claim_rows(d, sink->conf, (int)room, a, &rows, &n) : WN_OK;
	for (size_t i = 0; i < n && rc == WN_OK; i++)
		wn_courier_send(d, &rows[i], false, lease_of(d, sink->conf));
	d->courier->again = d->courier->again || n > 0;
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

/* ----------------------------------------------------------------------------------------------------- the fiber */
bool wn_courier_is_among(const struct wn_str *v, size_t n, struct wn_str s)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_eq(v[i], s))
			return true;
	return false;
}

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
		d->book->sinks[i].off = wn_courier_is_among(names, n, d->book->sink_list[i].conf->name);
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
		bool second = lane_start(d);
		rc = write_results(d);
		if (rc == WN_OK)
			rc = claim_events(d);
		if (rc == WN_OK && !d->courier->again)
			rc = wn_touches_claim(d);
		enum wn_rc other = second ? lane_join(d) : WN_OK;
		rc = rc ? rc : other;
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
	d->spool = wn_spool_new();
	d->courier->timer = wn_timer_new(d->loop, "courier due", on_due, d);
	d->courier->fiber = wn_fiber_start(d->loop, "courier", work, d);
}

void wn_courier_stop(struct wn_daemon *d)
{
	if (!d->courier)
		return;
	wn_timer_free(d->courier->timer);
	(void)write_results(d); /* what was delivered shall not go out again after the next start */
	struct wn_results *left[] = {&d->courier->events, &d->courier->touches, &d->courier->writing};
	for (size_t i = 0; i < WN_COUNT(left); i++)
		for (struct wn_parcel *p; (p = take_result(left[i]));)
			wn_parcel_free(p);
	for (struct wn_slots *s = d->courier->slots, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	wn_spool_free(d->spool);
	d->spool = NULL;
	free(d->courier);
	d->courier = NULL;
}
