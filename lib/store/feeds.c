/* SPDX-License-Identifier: MIT */
/* What polling has taught of a feed, moved by compare-and-set in the transaction that stored the items; gaps;
 * leases. */
#include "store_internal.h"

enum { POLLS_KEPT = 200 };

static void freep_arena(struct wn_arena **a)
{
	wn_arena_freep(a);
}

static void state_of_row(const struct wn_pg_result *r, int i, struct wn_arena *a, struct wn_feed_state *s)
{
	*s = (struct wn_feed_state){
	    .name = get_str(r, i, 0, a),
	    .version = wn_pg_get_int(r, i, 1),
	    .etag = get_str(r, i, 2, a),
	    .last_modified = get_str(r, i, 3, a),
	    .cursor = get_str(r, i, 4, a),
	    .url = get_str(r, i, 5, a),
	    .next_us = wn_pg_get_us(r, i, 6),
	    .why = get_str(r, i, 7, a),
	    .last_good_us = get_us_0(r, i, 9),
	    .good_since_us = wn_pg_get_us(r, i, 10),
	    .first_done = wn_pg_get_bool(r, i, 11),
	    .blind_since_us = get_us_0(r, i, 12),
	    .last_status = (int)wn_pg_get_int(r, i, 13),
	    .last_error = get_str(r, i, 14, a),
	    .schedule = {.last_us = get_us_0(r, i, 8),
			 .worth = wn_pg_get_double(r, i, 15),
			 .failures = (int32_t)wn_pg_get_int(r, i, 16),
			 .gone = (int32_t)wn_pg_get_int(r, i, 17)},
	    .totals = {wn_pg_get_int(r, i, 18), wn_pg_get_int(r, i, 19), wn_pg_get_int(r, i, 20),
		       wn_pg_get_int(r, i, 21), wn_pg_get_int(r, i, 22), wn_pg_get_int(r, i, 23),
		       wn_pg_get_int(r, i, 24), wn_pg_get_int(r, i, 25), wn_pg_get_int(r, i, 26),
		       wn_pg_get_int(r, i, 27), wn_pg_get_int(r, i, 28)},
	    .extra = get_str(r, i, 29, a),
	    .lately = {get_us_0(r, i, 30), wn_pg_get_double(r, i, 31), wn_pg_get_double(r, i, 32)}};
}

enum wn_rc wn_store_feed_states(struct wn_store *s, const struct wn_str *names, size_t n_names,
				struct wn_arena *a, struct wn_feed_state **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	struct wn_pg_param which = names ? wn_pg_strs(a, names, n_names) : wn_pg_null();
	TRY(wn_pg_exec(s->pg, &wn_sql_feed_states, &which, 1, &r, err));
	*out = WN_NEW_N(a, struct wn_feed_state, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		state_of_row(&r, i, a, &(*out)[i]);
	*n = (size_t)r.rows;
	return WN_OK;
}

/* --- moving ---- */
enum { STATE_COLUMNS = 33, POLL_COLUMNS = 14 };

static void state_row(const struct wn_feed_move *m, struct wn_pg_param *out)
{
	const struct wn_feed_state *st = m->state;
	const struct wn_feed_totals *p = &m->poll;
	const struct wn_pg_param row[STATE_COLUMNS] = {
	    wn_pg_str(st->name), wn_pg_int8(st->version), wn_pg_bytes(st->etag), wn_pg_bytes(st->last_modified),
	    param_text(st->cursor), param_text(st->url), wn_pg_time(st->next_us),
	    wn_pg_str(st->why.p ? st->why : WN_STR("")), param_time_0(st->schedule.last_us),
	    param_time_0(st->last_good_us), param_time_0(st->good_since_us == WN_NEVER ? 0 : st->good_since_us),
	    wn_pg_bool(st->first_done), param_time_0(st->blind_since_us), wn_pg_int4(st->last_status),
	    param_text(st->last_error), wn_pg_float8(st->schedule.worth), wn_pg_int4(st->schedule.failures),
	    wn_pg_int4(st->schedule.gone), wn_pg_int8(p->polls), wn_pg_int8(p->failures), wn_pg_int8(p->items),
	    wn_pg_int8(p->stored), wn_pg_int8(p->duplicate), wn_pg_int8(p->edited), wn_pg_int8(p->review),
	    wn_pg_int8(p->rejected), wn_pg_int8(p->filtered), wn_pg_int8(p->signals), wn_pg_int8(p->bytes),
	    wn_pg_jsonb(st->extra.n ? st->extra : WN_STR("{}")), param_time_0(st->lately.seen_us), wn_pg_float8(st->lately.came),
	    wn_pg_float8(st->lately.due)};
	memcpy(out, row, sizeof(row));
}

static void poll_row(const struct wn_feed_move *m, struct wn_pg_param *out)
{
	const struct wn_feed_totals *p = &m->poll;
	const struct wn_pg_param row[POLL_COLUMNS] = {
	    wn_pg_str(m->state->name), wn_pg_int8(m->state->version + 1), wn_pg_time(m->now_us),
	    wn_pg_text(m->result ? m->result : ""), wn_pg_int4(m->state->last_status), wn_pg_int4((int32_t)p->items),
	    wn_pg_int4((int32_t)p->stored), wn_pg_int4((int32_t)p->duplicate), wn_pg_int4((int32_t)p->edited),
	    wn_pg_int4((int32_t)p->review), wn_pg_int4((int32_t)p->rejected), wn_pg_int4((int32_t)p->filtered),
	    wn_pg_int4((int32_t)p->signals), wn_pg_int8(p->bytes)};
	memcpy(out, row, sizeof(row));
}

struct moves {
	const struct wn_feed_move *v;
	size_t n, changed_n;
};

static enum wn_rc queue_states(struct wn_store *s, const struct moves *m, struct wn_arena *a,
			       struct wn_pg_result *moved, struct wn_err *err)
{
	struct wn_pg_param *rows = WN_NEW_N(a, struct wn_pg_param, m->changed_n * STATE_COLUMNS + 1);
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct wn_feed_state *st = m->v[i].state;
		if (m->v[i].unchanged)
			continue;
		if (st->version == 0)
			TRY(wn_pg_queue(s->pg, &wn_sql_feed_start,
					WN_PARAMS(wn_pg_str(st->name), wn_pg_time(st->next_us)), NULL, err));
		state_row(&m->v[i], &rows[n++ * STATE_COLUMNS]);
	}
	return wn_pg_queue_rows(s->pg, &wn_sql_feed_move, rows, n, STATE_COLUMNS, NULL, 0, moved, err);
}

/* Most polls: a few columns as one array each cost the server a third of what a row of parameters each does. */
static enum wn_rc queue_unchanged(struct wn_store *s, const struct moves *m, struct wn_arena *a, struct wn_pg_result *moved, struct wn_err *err)
{
	enum { VERSION, NEXT, AT, STATUS, ITEMS, FILTERED, BYTES, NUMBERS };
	int64_t *number[NUMBERS];
	const size_t most = m->n - m->changed_n + 1;
	struct wn_str *name = WN_NEW_N(a, struct wn_str, most), *why = WN_NEW_N(a, struct wn_str, most);
	double *came = WN_NEW_N(a, double, most), *due = WN_NEW_N(a, double, most);
	size_t n = 0;
	for (size_t k = 0; k < NUMBERS; k++)
		number[k] = WN_NEW_N(a, int64_t, most);
	for (size_t i = 0; i < m->n; i++) {
		const struct wn_feed_state *st = m->v[i].state;
		const struct wn_feed_totals *p = &m->v[i].poll;
		const int64_t row[NUMBERS] = {st->version, st->next_us, m->v[i].now_us, st->last_status, p->items, p->filtered, p->bytes};
		if (!m->v[i].unchanged)
			continue;
		for (size_t k = 0; k < NUMBERS; k++)
			number[k][n] = row[k];
		came[n] = st->lately.came;
		due[n] = st->lately.due;
		name[n] = st->name;
		why[n++] = st->why.p ? st->why : WN_STR("");
	}
	if (!n)
		return WN_OK;
	TRY(wn_pg_queue(s->pg, &wn_sql_feed_moves_plan, WN_NO_PARAMS, NULL, err));
	return wn_pg_queue(s->pg, &wn_sql_feed_move_unchanged,
			   WN_PARAMS(wn_pg_strs(a, name, n), wn_pg_int8s(a, number[VERSION], n), wn_pg_times(a, number[NEXT], n), wn_pg_strs(a, why, n),
				     wn_pg_times(a, number[AT], n), wn_pg_int8s(a, number[STATUS], n), wn_pg_int8s(a, number[ITEMS], n),
				     wn_pg_int8s(a, number[FILTERED], n), wn_pg_int8s(a, number[BYTES], n), wn_pg_float8s(a, came, n),
				     wn_pg_float8s(a, due, n)),
			   moved, err);
}

static enum wn_rc queue_polls(struct wn_store *s, const struct moves *m, struct wn_arena *a, struct wn_err *err)
{
	struct wn_pg_param *rows = WN_NEW_N(a, struct wn_pg_param, m->changed_n * POLL_COLUMNS + 1);
	struct wn_str *old = WN_NEW_N(a, struct wn_str, m->changed_n + 1);
	int64_t *until = WN_NEW_N(a, int64_t, m->changed_n + 1);
	size_t n = 0, n_old = 0;
	for (size_t i = 0; i < m->n; i++) {
		int64_t version = m->v[i].state->version + 1;
		if (m->v[i].unchanged)
			continue;
		poll_row(&m->v[i], &rows[n++ * POLL_COLUMNS]);
		if (version <= POLLS_KEPT)
			continue;
		old[n_old] = m->v[i].state->name;
		until[n_old++] = version - POLLS_KEPT;
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_feed_poll_insert, rows, n, POLL_COLUMNS, NULL, 0, NULL, err));
	return n_old ? wn_pg_queue(s->pg, &wn_sql_feed_poll_prune, WN_PARAMS(wn_pg_strs(a, old, n_old), wn_pg_int8s(a, until, n_old)), NULL, err) : WN_OK;
}

static enum wn_rc move_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	const struct moves *m = ctx;
	RESULT(moved);
	RESULT(unchanged);
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	TRY(queue_states(s, m, a, &moved, err));
	TRY(queue_unchanged(s, m, a, &unchanged, err));
	TRY(queue_polls(s, m, a, err));
	enum wn_rc rc = wn_pg_flush(s->pg, err);
	if (rc == WN_EXISTS || (rc == WN_OK && moved.affected + unchanged.affected != (int64_t)m->n))
		return wn_fail(err, WN_EXISTS, "feed " WN_STR_FMT "%s was polled by somebody else meanwhile",
			       WN_STR_ARG(m->v[0].state->name), m->n > 1 ? " or another of its lot" : "");
	if (rc == WN_OK)
		wn_failpoint("store.feed.moved");
	return rc;
}

/* Planted bug: the cursor alone, committed before its items; the count of the poll follows with the items, or
 * is lost. */
static enum wn_rc move_early(struct wn_store *s, const struct moves *m, struct wn_err *err)
{
	RESULT(moved);
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	wn_pg_rollback(s->pg); /* what was stored is thrown away, the cursor is kept */
	TRY(wn_pg_begin(s->pg, err));
	TRY(queue_states(s, m, a, &moved, err));
	return wn_pg_flush(s->pg, err);
}

static enum wn_rc check_counts(const struct wn_feed_move *m, struct wn_err *err)
{
	const struct wn_feed_totals *p = &m->poll;
	int64_t told = p->stored + p->duplicate + p->edited + p->review + p->rejected + p->filtered;
	if (p->items == told)
		return WN_OK;
	return wn_fail(err, WN_INVALID, "feed " WN_STR_FMT ": %lld items, but %lld are accounted for",
		       WN_STR_ARG(m->state->name), (long long)p->items, (long long)told);
}

enum wn_rc wn_store_feed_moves(struct wn_store *s, const struct wn_feed_move *v, size_t n, struct wn_err *err)
{
	struct moves m = {v, n, 0};
	for (size_t i = 0; i < n; i++) {
		TRY(check_counts(&v[i], err));
		m.changed_n += !v[i].unchanged;
	}
	if (n == 1 && wn_planted("cursor_early") && wn_pg_in_transaction(s->pg) && v->state->version > 0)
		return move_early(s, &m, err);
	return n ? in_transaction(s, move_in, &m, err) : WN_OK;
}

/* --- gaps ---- */
enum wn_rc wn_store_gap_open(struct wn_store *s, struct wn_str feed, const char *kind, int64_t from_us,
			     const char *why, struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_gap_open,
			  WN_PARAMS(wn_pg_str(feed), wn_pg_text(kind ? kind : ""), wn_pg_time(from_us),
				    wn_pg_text(why ? why : "")),
			  NULL, err);
}

enum wn_rc wn_store_gap_close(struct wn_store *s, struct wn_str feed, int64_t to_us, struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_gap_close, WN_PARAMS(wn_pg_str(feed), wn_pg_time(to_us)), NULL, err);
}

enum wn_rc wn_store_gaps(struct wn_store *s, struct wn_arena *a, struct wn_gap_row **out, size_t *n,
			 struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_gap_list, WN_NO_PARAMS, &r, err));
	*out = WN_NEW_N(a, struct wn_gap_row, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		struct wn_str kind = get_str(&r, i, 1, a);
		(*out)[i] =
		    (struct wn_gap_row){get_str(&r, i, 0, a), kind.n ? kind : (struct wn_str){NULL, 0},
					get_str(&r, i, 2, a), wn_pg_get_us(&r, i, 3), wn_pg_get_us(&r, i, 4)};
	}
	*n = (size_t)r.rows;
	return WN_OK;
}

/* --- leases ---- */
enum wn_rc wn_store_lease(struct wn_store *s, const char *kind, struct wn_str name, int64_t now_us,
			  int64_t ttl_us, bool *held, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_lease_take,
		       WN_PARAMS(wn_pg_text(kind), wn_pg_str(name), wn_pg_text(s->instance),
				 wn_pg_time(now_us + ttl_us), wn_pg_time(now_us),
				 wn_pg_time(now_us + 2 * ttl_us)),
		       &r, err));
	*held = r.rows == 1;
	return WN_OK;
}

enum wn_rc wn_store_lease_drop(struct wn_store *s, const char *kind, struct wn_str name, struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_lease_drop,
			  WN_PARAMS(wn_pg_text(kind), wn_pg_str(name), wn_pg_text(s->instance)), NULL, err);
}

enum wn_rc wn_store_heartbeat(struct wn_store *s, int64_t now_us, struct wn_value status, struct wn_err *err)
{
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	return wn_pg_exec(
	    s->pg, &wn_sql_heartbeat,
	    WN_PARAMS(wn_pg_text(s->instance), wn_pg_time(now_us), param_json_or(a, status, "{}")), NULL, err);
}
