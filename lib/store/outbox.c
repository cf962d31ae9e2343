/* SPDX-License-Identifier: MIT */
/*
 * The outbox as the courier sees it: a claim leases heads of line for one attempt, a result is written only by
 * whoever holds the token. Touches are claimed by their decision (engine.h), not here.
 */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const state_texts[] = {
#define X(name, text) text,
    WN_OUTBOX_STATE_LIST(X)
#undef X
};

static void row_of_result(const struct wn_pg_result *r, int i, int64_t now_us, struct wn_arena *a,
			  struct wn_outbox_row *o)
{
	*o = (struct wn_outbox_row){.bucket = (int)wn_pg_get_int(r, i, 0),
				    .event_id = wn_pg_get_id(r, i, 1),
				    .campaign_id = wn_pg_get_id(r, i, 2),
				    .gen = wn_pg_get_int(r, i, 3),
				    .sink = get_str(r, i, 4, a),
				    .type = get_str(r, i, 5, a),
				    .subject = get_str(r, i, 6, a),
				    .at_us = wn_pg_get_us(r, i, 7),
				    .payload = get_str(r, i, 8, a),
				    .attempts = (int)wn_pg_get_int(r, i, 9),
				    .first_us = wn_pg_get_us(r, i, 10),
				    .token = wn_pg_get_id(r, i, 11),
				    .account_id = wn_pg_get_id(r, i, 12),
				    .contact_id = wn_pg_get_id(r, i, 13),
				    .step = (int)wn_pg_get_int(r, i, 14)};
	if (o->first_us == now_us)
		o->first_us = 0;
}

enum wn_rc wn_store_outbox_heads(struct wn_store *s, struct wn_str sink, int64_t until_us, int limit, struct wn_arena *a,
				 struct wn_outbox_ref **refs, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_outbox_heads, WN_PARAMS(wn_pg_str(sink), wn_pg_time(until_us), wn_pg_int8(limit)), &r, err));
	*refs = WN_NEW_N(a, struct wn_outbox_ref, (size_t)r.rows + 1);
	*n = (size_t)r.rows;
	for (int i = 0; i < r.rows; i++)
		(*refs)[i] = (struct wn_outbox_ref){(int)wn_pg_get_int(&r, i, 0), wn_pg_get_id(&r, i, 1), sink};
	return WN_OK;
}

struct claim {
	const struct wn_outbox_ref *refs;
	size_t n_refs;
	int64_t now_us, lease_us;
	struct wn_arena *a;
	struct wn_outbox_row *rows;
	size_t n;
};

/* A statement a row, all in one round trip: each row is in a bucket of its own. */
static enum wn_rc claim_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct claim *c = ctx;
	struct wn_id token = wn_id_random();
	struct wn_pg_result *r = WN_NEW_N(c->a, struct wn_pg_result, c->n_refs + 1);
	enum wn_rc rc = WN_OK;
	memset(r, 0, c->n_refs * sizeof(*r));
	for (size_t i = 0; i < c->n_refs && rc == WN_OK; i++)
		rc = wn_pg_queue(s->pg, &wn_sql_outbox_claim,
				 WN_PARAMS(wn_pg_int2(c->refs[i].bucket), wn_pg_id(c->refs[i].event_id), wn_pg_str(c->refs[i].sink), wn_pg_time(c->now_us),
					   wn_pg_id(token), wn_pg_time(c->now_us + c->lease_us)),
				 &r[i], err);
	if (rc == WN_OK)
		rc = wn_pg_flush(s->pg, err);
	c->rows = WN_NEW_N(c->a, struct wn_outbox_row, c->n_refs + 1);
	for (size_t i = 0; i < c->n_refs; i++) {
		if (rc == WN_OK && r[i].rows)
			row_of_result(&r[i], 0, c->now_us, c->a, &c->rows[c->n++]);
		wn_pg_result_done(&r[i]);
	}
	return rc;
}

enum wn_rc wn_store_outbox_claim(struct wn_store *s, const struct wn_outbox_ref *refs, size_t n, int64_t now_us, int64_t lease_us,
				 struct wn_arena *a, struct wn_outbox_row **rows, size_t *n_rows, struct wn_err *err)
{
	struct claim c = {.refs = refs, .n_refs = n, .now_us = now_us, .lease_us = lease_us, .a = a};
	TRY(in_transaction(s, claim_in, &c, err));
	*rows = c.rows;
	*n_rows = c.n;
	if (c.n)
		wn_failpoint("store.outbox.claimed");
	return WN_OK;
}

enum wn_rc wn_store_outbox_read(struct wn_store *s, const struct wn_outbox_ref *refs, size_t n, struct wn_arena *a,
				struct wn_outbox_row **rows, size_t *n_rows, struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	struct wn_str *sinks = WN_NEW_N(a, struct wn_str, n + 1);
	for (size_t i = 0; i < n; i++) {
		key_add(a, &keys, refs[i].event_id, refs[i].bucket);
		sinks[i] = refs[i].sink;
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_outbox_read, WN_PARAMS(KEY_PARAMS(a, &keys), wn_pg_strs(a, sinks, n)), &r, err));
	*rows = WN_NEW_N(a, struct wn_outbox_row, (size_t)r.rows + 1);
	*n_rows = (size_t)r.rows;
	for (int i = 0; i < r.rows; i++)
		row_of_result(&r, i, 0, a, &(*rows)[i]);
	return WN_OK;
}

enum wn_rc wn_store_release_leases(struct wn_store *s, int64_t now_us, int64_t alive_since_us,
				   struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_instances_alive,
		       WN_PARAMS(wn_pg_text(s->instance), wn_pg_time(alive_since_us)), &r, err));
	if (wn_pg_get_int(&r, 0, 0) > 0)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_leases_release_touches, WN_PARAMS(wn_pg_time(now_us)), NULL, err));
	return wn_pg_exec(s->pg, &wn_sql_leases_release_outbox, WN_PARAMS(wn_pg_time(now_us)), NULL, err);
}

struct done {
	struct wn_outbox_result *v;
	size_t n;
	int64_t now_us;
};

static enum wn_rc queue_done(struct wn_store *s, const struct wn_outbox_result *d, int64_t now_us, struct wn_pg_result *r, struct wn_err *err)
{
	const struct wn_outbox_row *row = d->row;
	bool final = d->to != WN_OUTBOX_PENDING;
	TRY(wn_pg_queue(s->pg, &wn_sql_outbox_done,
			WN_PARAMS(wn_pg_int2(row->bucket), wn_pg_id(row->event_id), wn_pg_str(row->sink), wn_pg_id(row->token),
				  wn_pg_text(state_texts[d->to]), wn_pg_time(final ? now_us : d->next_us), param_text(d->error),
				  param_time_0(final ? now_us : 0)),
			r, err));
	if (final)
		return WN_OK;
	/* What stands behind it waits as long, so that nobody looks at the whole line at every tick. */
	return wn_pg_queue(s->pg, &wn_sql_outbox_line_waits,
			   WN_PARAMS(wn_pg_int2(row->bucket), wn_pg_id(row->event_id), wn_pg_str(row->sink), wn_pg_int8(row->gen), wn_pg_time(d->next_us)),
			   NULL, err);
}

static enum wn_rc done_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct done *d = ctx;
	struct wn_pg_result *r = wn_alloc((d->n + 1) * sizeof(*r));
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < d->n && rc == WN_OK; i++)
		rc = queue_done(s, &d->v[i], d->now_us, &r[i], err);
	if (rc == WN_OK)
		rc = wn_pg_flush(s->pg, err);
	for (size_t i = 0; i < d->n; i++) {
		d->v[i].written = rc == WN_OK && r[i].affected == 1;
		wn_pg_result_done(&r[i]);
	}
	free(r);
	return rc;
}

enum wn_rc wn_store_outbox_done(struct wn_store *s, struct wn_outbox_result *v, size_t n, int64_t now_us, struct wn_err *err)
{
	struct done d = {v, n, now_us};
	wn_failpoint("store.outbox.done");
	TRY(in_transaction(s, done_in, &d, err));
	wn_failpoint("store.outbox.marked");
	return WN_OK;
}

enum wn_rc wn_store_outbox_busy(struct wn_store *s, const struct wn_campaign_ref *campaigns, size_t n, struct wn_arena *a,
				const struct wn_campaign_ref **busy, const struct wn_str **sinks, size_t *n_busy,
				struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	for (size_t i = 0; i < n; i++)
		key_add(a, &keys, campaigns[i].id, campaigns[i].bucket);
	TRY(wn_pg_exec(s->pg, &wn_sql_outbox_busy, WN_PARAMS(KEY_PARAMS(a, &keys)), &r, err));
	struct wn_campaign_ref *v = WN_NEW_N(a, struct wn_campaign_ref, (size_t)r.rows + 1);
	struct wn_str *names = WN_NEW_N(a, struct wn_str, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		v[i] = campaigns[wn_pg_get_int(&r, i, 0) - 1];
		names[i] = get_str(&r, i, 1, a);
	}
	*busy = v;
	*sinks = names;
	*n_busy = (size_t)r.rows;
	return WN_OK;
}

/* --- sinks as a whole ---- */
struct replay {
	struct wn_str sink;
	struct wn_id event_id;
	int64_t now_us, n;
};

static enum wn_rc replay_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct replay *p = ctx;
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_sink_on, WN_PARAMS(wn_pg_str(p->sink)), NULL, err));
	TRY(wn_pg_exec(s->pg, &wn_sql_outbox_replay,
		       WN_PARAMS(wn_pg_str(p->sink), param_uuid_0(p->event_id), wn_pg_time(p->now_us)), &r, err));
	p->n = r.affected;
	return WN_OK;
}

enum wn_rc wn_store_outbox_replay(struct wn_store *s, struct wn_str sink, struct wn_id event_id, int64_t now_us,
				  int64_t *n, struct wn_err *err)
{
	struct replay p = {sink, event_id, now_us, 0};
	TRY(in_transaction(s, replay_in, &p, err));
	if (n)
		*n = p.n;
	return WN_OK;
}

enum wn_rc wn_store_sink_off(struct wn_store *s, struct wn_str sink, struct wn_str why, int64_t now_us,
			     bool *changed, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_sink_off, WN_PARAMS(wn_pg_str(sink), wn_pg_time(now_us), wn_pg_str(why)), &r,
		       err));
	if (changed)
		*changed = r.affected > 0;
	return WN_OK;
}

enum wn_rc wn_store_sinks_off(struct wn_store *s, struct wn_arena *a, struct wn_str **names, size_t *n,
			      struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_sinks_off, WN_NO_PARAMS, &r, err));
	*names = WN_NEW_N(a, struct wn_str, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		(*names)[i] = get_str(&r, i, 0, a);
	*n = (size_t)r.rows;
	return WN_OK;
}

/* --- events outside campaigns ---- */
struct plain {
	const struct wn_plain_event *ev;
	struct wn_arena *a;
};

static enum wn_rc queue_sends(struct wn_store *s, const struct plain *p, struct wn_id subject,
			      struct wn_id event, int64_t gen, struct wn_err *err)
{
	const struct wn_plain_event *ev = p->ev;
	for (size_t i = 0; ev->sinks && ev->sinks[i]; i++) {
		const struct wn_id none = {{0}};
		const struct wn_pg_param row[] = {wn_pg_int2(wn_id_bucket(subject)),
						  wn_pg_id(subject),
						  wn_pg_id(event),
						  wn_pg_text(ev->sinks[i]),
						  param_uuid_0(none),
						  wn_pg_id(subject),
						  wn_pg_int8(gen),
						  wn_pg_text(ev->type),
						  wn_pg_text(ev->subject),
						  wn_pg_time(ev->at_us),
						  param_json_or(p->a, ev->data, "{}"),
						  wn_pg_text("pending"),
						  wn_pg_time(ev->at_us),
						  wn_pg_int4(0),
						  param_time_0(0),
						  param_uuid_0(none),
						  param_uuid_0(none),
						  param_uuid_0(none),
						  wn_pg_int4(-1)};
		TRY(wn_pg_queue_rows(s->pg, &wn_sql_outbox_insert, row, 1, WN_COUNT(row), NULL, 0, NULL, err));
	}
	return WN_OK;
}

static enum wn_rc plain_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct plain *p = ctx;
	const struct wn_plain_event *ev = p->ev;
	RESULT(next);
	struct wn_id subject = subject_id_of(ev->subject, ev->name);
	TRY(wn_pg_exec(s->pg, &wn_sql_subject_next,
		       WN_PARAMS(wn_pg_int2(wn_id_bucket(subject)), wn_pg_id(subject), wn_pg_text(ev->subject),
				 wn_pg_str(ev->name)),
		       &next, err));
	int64_t gen = wn_pg_get_int(&next, 0, 0);
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)gen);
	struct wn_str fields[] = {wn_str_of(ev->type), wn_id_bytes(&subject), wn_str_of(text)};
	struct wn_id event = wn_id_of("event", fields, 3);
	size_t n = 0;
	while (ev->sinks && ev->sinks[n])
		n++;
	struct wn_str *sinks = WN_NEW_N(p->a, struct wn_str, n + 1);
	for (size_t i = 0; i < n; i++)
		sinks[i] = wn_str_of(ev->sinks[i]);
	TRY(wn_pg_queue(s->pg, &wn_sql_plain_history,
			WN_PARAMS(wn_pg_int2(wn_id_bucket(subject)), wn_pg_id(subject), wn_pg_int8(gen),
				  param_day(ev->at_us), wn_pg_time(ev->at_us), wn_pg_text(ev->subject),
				  wn_pg_text(ev->type), wn_pg_text(ev->from), wn_pg_text(ev->to),
				  param_text(ev->why), wn_pg_id(event), wn_pg_strs(p->a, sinks, n),
				  param_json_or(p->a, ev->data, "{}"), wn_pg_text(s->instance),
				  wn_pg_text(s->instance)),
			NULL, err));
	TRY(queue_sends(s, p, subject, event, gen, err));
	return wn_pg_flush(s->pg, err);
}

static void freep_arena(struct wn_arena **a)
{
	wn_arena_freep(a);
}

enum wn_rc wn_store_plain_event(struct wn_store *s, const struct wn_plain_event *ev, struct wn_err *err)
{
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct plain p = {ev, a};
	return in_transaction(s, plain_in, &p, err);
}

/* --- pruning ---- */
enum wn_rc wn_store_prune(struct wn_store *s, const struct wn_prune *p, int64_t *deleted, struct wn_err *err)
{
	const struct {
		const struct wn_stmt *stmt;
		int64_t before_us;
		bool is_day;
	} rows[] = {
	    {&wn_sql_seen_prune, p->seen_before_us, true},
	    {&wn_sql_reject_prune, p->rejects_before_us, false},
	    {&wn_sql_outbox_prune, p->outbox_before_us, false},
	};
	int64_t total = 0;
	if (p->outbox_before_us > 0 && p->outbox_before_us != WN_NEVER)
		TRY(wn_pg_exec(s->pg, &wn_sql_outbox_pruned_to, WN_PARAMS(wn_pg_time(p->outbox_before_us)),
			       NULL, err));
	for (size_t i = 0; i < WN_COUNT(rows); i++) {
		RESULT(r);
		if (rows[i].before_us <= 0 || rows[i].before_us == WN_NEVER)
			continue;
		struct wn_pg_param at =
		    rows[i].is_day ? param_day(rows[i].before_us) : wn_pg_time(rows[i].before_us);
		TRY(wn_pg_exec(s->pg, rows[i].stmt, WN_PARAMS(at, wn_pg_int8(p->limit)), &r, err));
		total += r.affected;
	}
	if (deleted)
		*deleted = total;
	return WN_OK;
}
