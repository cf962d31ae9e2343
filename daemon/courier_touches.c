/* SPDX-License-Identifier: MIT */
/*
 * Touches for the courier, many in one transaction. Those that fall due are locked, decided in order of due time, each
 * seeing what was decided before it, and marked `sending` with a token; after the commit they go out. What came of the
 * attempts is collected and written the same way. A lot that fails for good is halved (due.c).
 */
#include "courier_parts.h"
#include "due.h"
#include "unsubscribe.h"
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

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

/* ----------------------------------------------------------------------------------------------------- deciding */
struct claim {
	struct wn_due_work work;
	struct wn_arena *arena;
	const struct wn_campaign_ref *busy; /* campaigns with an event on its way to a sink: it goes first, in gen order */
	const struct wn_str *busy_sinks;
	size_t n_busy;
	WN_VEC(struct wn_outbox_ref) going; /* of this transaction */
	WN_VEC(struct wn_outbox_ref) gone;  /* committed */
	bool decided;
};

static enum wn_rc load_claim(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct claim *c = ctx;
	c->going.n = 0;
	return wn_due_load_accounts(&c->work, s, w, err);
}

/* A mail that is still `sending` when its lease ran out stays unknown. Anything else is decided anew, and if it may still go, it goes
 * with the same id and without a new event. */
static bool is_lost_mail(const struct wn_daemon *d, const struct wn_touch *t)
{
	const struct wn_book_sink *sink = wn_book_sink_named(d->book, t->sink);
	return t->state == WN_TOUCH_SENDING && sink && wn_sink_is_once(sink->conf);
}

static bool has_room(const struct claim *c, const struct wn_book_sink *sink)
{
	size_t room = wn_courier_room(c->work.d, sink);
	for (size_t i = 0; i < c->going.n && room; i++)
		room -= wn_str_eq(c->going.v[i].sink, sink->conf->name);
	return room > 0;
}

static bool is_busy(const struct claim *c, const struct wn_touch *t, struct wn_str sink)
{
	for (size_t i = 0; i < c->n_busy; i++)
		if (wn_id_eq(c->busy[i].id, t->member->campaign_id) && wn_str_eq(c->busy_sinks[i], sink))
			return true;
	return false;
}

static void decide(struct claim *c, struct wn_world *w, struct wn_touch *t)
{
	if (is_lost_mail(c->work.d, t)) {
		wn_touch_sent(w, t, WN_SENT_UNKNOWN, 0, WN_STR("no answer to the attempt"));
		c->decided = true;
		return;
	}
	struct wn_decision decision = wn_touch_decide(w, t);
	if (decision.kind == WN_SEND) {
		const struct wn_book_sink *sink = wn_book_sink_named(c->work.d->book, wn_str_of(decision.sink->name));
		if (!sink || !has_room(c, sink))
			return; /* as it was: its channel is asked for again when there is room */
		if (is_busy(c, t, sink->conf->name)) { /* a dead sink must not keep the others' touches waiting */
			t->due_us = w->now_us + WN_MINUTE;
			t->dirty = true;
			return;
		}
	}
	wn_touch_apply(w, t, &decision);
	c->decided = true;
	if (decision.kind == WN_SEND)
		*WN_PUSH(c->arena, &c->going) =
			(struct wn_outbox_ref){t->member->campaign_bucket, t->event_id, wn_arena_str(c->arena, t->sink)};
}

static enum wn_rc read_busy(struct claim *c, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_campaign_ref *refs = WN_NEW_N(w->arena, struct wn_campaign_ref, w->campaigns.n + 1);
	for (size_t i = 0; i < w->campaigns.n; i++)
		refs[i] = (struct wn_campaign_ref){w->campaigns.v[i]->bucket, w->campaigns.v[i]->id};
	return wn_store_outbox_busy(s, refs, w->campaigns.n, w->arena, &c->busy, &c->busy_sinks, &c->n_busy, err);
}

static enum wn_rc step_claim(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct claim *c = ctx;
	enum wn_rc rc = read_busy(c, s, w, err);
	for (size_t i = 0; i < c->work.n && rc == WN_OK; i++) {
		const struct wn_due *due = &c->work.due[i];
		struct wn_touch *t = find_touch(w, due->account_id, due->campaign_id, due->contact_id, due->step);
		if (t && !wn_touch_is_final(t->state) && t->due_us <= w->now_us && t->member->campaign)
			decide(c, w, t);
	}
	return rc;
}

static void done_claim(void *ctx, struct wn_world *w)
{
	struct claim *c = ctx;
	(void)w;
	for (size_t i = 0; i < c->going.n; i++)
		*WN_PUSH(c->arena, &c->gone) = c->going.v[i];
}

static const struct wn_due_kind claiming = {"a due touch", "courier", load_claim, step_claim, NULL, done_claim};

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
			if (!taken && !wn_courier_room(d, sink))
				*WN_PUSH(a, &full) = wn_arena_str(a, channel);
			*WN_PUSH(a, &seen) = channel;
		}
	}
	*out = full.v;
	return full.n;
}

static enum wn_rc read_due(struct wn_daemon *d, struct wn_arena *a, struct wn_due **due, size_t *n)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_due_query q = {.until_us = wn_clock_sure_us(d->clock), .bucket_to = 1023, .limit = WN_COURIER_LOT + (int)wn_aside_count(d->aside)};
	struct wn_err err = {0};
	q.n_channels = full_channels(d, a, &q.channels);
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_due_touches(s, &q, a, due, n, &err);
	wn_turn_give(wn_store_turn(s));
	size_t m = 0;
	for (size_t i = 0; i < *n; i++)
		if (!wn_courier_is_among(q.channels, q.n_channels, (*due)[i].channel))
			(*due)[m++] = (*due)[i];
	*n = rc ? 0 : wn_due_without_aside(d->aside, &claiming, *due, m);
	return rc;
}

/* The rows as they are stored: the same bytes at every attempt. */
static enum wn_rc send_all(struct wn_daemon *d, const struct claim *c)
{
	struct wn_store *s = d->courier_session.store;
	struct wn_outbox_row *rows = NULL;
	struct wn_err err = {0};
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = wn_store_outbox_read(s, c->gone.v, c->gone.n, c->arena, &rows, &n, &err);
	wn_turn_give(wn_store_turn(s));
	for (size_t i = 0; i < n && rc == WN_OK; i++)
		wn_courier_send(d, &rows[i], true, d->book->catalog.touch_lease_us);
	return rc;
}

enum wn_rc wn_touches_claim(struct wn_daemon *d)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due = NULL;
	size_t n = 0;
	enum wn_rc rc = d->swept ? read_due(d, a, &due, &n) : WN_OK;
	if (rc == WN_OK && n) {
		struct claim c = {.work = {d, due, n}, .arena = a};
		rc = wn_due_run(&d->courier_session, &claiming, &c.work);
		d->courier->again = d->courier->again || (rc == WN_OK && c.decided);
		wn_failpoint("courier.touch.claimed");
		if (c.gone.n && rc != WN_CANCELLED) {
			enum wn_rc sent = send_all(d, &c);
			rc = rc ? rc : sent;
		}
	}
	wn_arena_free(a);
	if (d->courier->again)
		wn_sweeper_nudge(d); /* new due instants */
	return rc;
}

/* ------------------------------------------------------------------------------------------------------ results */
/* work.due holds the keys; parcels[i] belongs to due[i] of the whole lot. */
struct results {
	struct wn_due_work work;
	const struct wn_due *all;
	struct wn_parcel **parcels;
};

static void put_result(struct wn_world *w, const struct wn_parcel *p)
{
	static const enum wn_sent how[] = {[WN_DELIVERED] = WN_SENT_OK, [WN_DELIVERY_RETRY] = WN_SENT_RETRY,
					   [WN_DELIVERY_DEAD] = WN_SENT_FAILED, [WN_DELIVERY_UNKNOWN] = WN_SENT_RETRY};
	const struct wn_outbox_row *row = &p->row;
	const struct wn_delivery *r = &p->result;
	struct wn_touch *t = find_touch(w, row->account_id, row->campaign_id, row->contact_id, row->step);
	if (!t || !t->member->campaign || !wn_id_eq(t->token, row->token))
		return; /* the lease ran out and somebody else has it */
	enum wn_sent sent = r->how == WN_DELIVERY_UNKNOWN && p->once ? WN_SENT_UNKNOWN : how[r->how];
	wn_touch_sent(w, t, sent, wn_courier_next_attempt(p, w->now_us), r->how == WN_DELIVERED ? (struct wn_str){NULL, 0} : wn_str_of(r->text));
}

static enum wn_rc step_results(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct results *r = ctx;
	size_t from = (size_t)(r->work.due - r->all);
	(void)s;
	(void)err;
	for (size_t i = 0; i < r->work.n; i++)
		put_result(w, r->parcels[from + i]);
	wn_failpoint("courier.touch.before_mark");
	return WN_OK;
}

static const struct wn_due_kind writing = {"the result of a touch", "courier", wn_due_load_accounts, step_results};

/* The address takes nothing: nobody writes to it any more. */
static enum wn_rc tell_rare(struct wn_parcel *p, struct wn_err *err)
{
	enum wn_rc rc = wn_courier_switch_off(p, err);
	if (rc || !p->result.bounced || p->redirected)
		return rc;
	struct wn_worker k = wn_daemon_worker(p->d, &p->d->courier_session);
	rc = wn_touch_brought(&k, p->row.event_id, "bounce", "smtp", wn_str_of(p->result.text), err);
	p->result.bounced = rc != WN_OK;
	return rc;
}

enum wn_rc wn_touches_write(struct wn_daemon *d, struct wn_session *session, struct wn_parcel **parcels, size_t n)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due = WN_NEW_N(a, struct wn_due, n + 1);
	struct wn_err err = {0};
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		const struct wn_outbox_row *row = &parcels[i]->row;
		due[i] = (struct wn_due){.account_id = row->account_id, .campaign_id = row->campaign_id, .contact_id = row->contact_id, .step = row->step};
		rc = tell_rare(parcels[i], &err);
		if (rc && rc != WN_CANCELLED && !wn_rc_is_temporary(rc)) {
			wn_log(WN_ERR, WN_MSG_TOUCH, NULL, "what a delivery said could not be written: %s", err.text);
			rc = WN_OK;
		}
	}
	struct results r = {{d, due, n}, due, parcels};
	if (rc == WN_OK)
		rc = wn_due_run(session, &writing, &r.work);
	wn_failpoint("courier.touch.after_mark");
	wn_arena_free(a);
	return rc;
}
