/* SPDX-License-Identifier: MIT */
/*
 * The pipeline: statements are queued with libpq, pg->items remembers in order what the server will answer,
 * flush sends Sync and reads until the answer to Sync. Writing and reading are interleaved always, so neither
 * side can block the other.
 *
 * A failure ends in one of two ways. The server said no: it skips everything up to Sync, the session lives, the
 * caller rolls back. The session is lost: it is dropped, and if COMMIT was among what was sent, unanswered, and
 * not certainly skipped, nobody knows: WN_UNKNOWN.
 */
#include "pg_internal.h"

#include <stdlib.h>

static void push_item(struct wn_pg *pg, struct wn_pg_item item)
{
	if (pg->items_n == pg->items_cap) {
		pg->items_cap = pg->items_cap ? 2 * pg->items_cap : 64;
		pg->items = wn_realloc(pg->items, pg->items_cap * sizeof(*pg->items));
	}
	pg->items[pg->items_n++] = item;
}

/* --- answers ---- */

static void take_failure(struct wn_pg *pg, const struct wn_pg_item *item, const PGresult *res)
{
	if (item->form)
		item->form->sent = false;
	wn_pg_note_failure(pg, res, item->stmt, item->form ? item->stmt->sql : NULL);
}

static void take_success(struct wn_pg *pg, const struct wn_pg_item *item, PGresult *res)
{
	if (item->kind == WN_PG_COMMIT && strcmp(PQcmdStatus(res), "COMMIT") == 0)
		pg->committed = true;
	else if (item->kind == WN_PG_COMMIT)
		wn_pg_note(pg, WN_AGAIN, "database: the transaction had failed and was rolled back");
	if (item->out)
		wn_pg_result_add(item->out, res);
	else
		PQclear(res);
}

/* One result of the item that is next; true when the item is answered. */
static bool take_result(struct wn_pg *pg, const struct wn_pg_item *item, PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		take_success(pg, item, res);
		return false;
	}
	if (status == PGRES_PIPELINE_ABORTED && item->form)
		item->form->sent = false;
	else if (status != PGRES_PIPELINE_ABORTED && status != PGRES_PIPELINE_SYNC)
		take_failure(pg, item, res);
	PQclear(res);
	return status == PGRES_PIPELINE_SYNC;
}

static bool is_lost(const struct wn_pg *pg)
{
	return PQstatus(pg->conn) == CONNECTION_BAD;
}

/* Reads what has come, as far as it goes. */
static enum wn_rc take_answers(struct wn_pg *pg)
{
	while (pg->answered < pg->items_n && !PQisBusy(pg->conn)) {
		struct wn_pg_item *item = &pg->items[pg->answered];
		PGresult *res = PQgetResult(pg->conn);

		if (!res && is_lost(pg))
			return wn_pg_note_failure(pg, NULL, NULL, NULL), WN_AGAIN;
		if (!res || take_result(pg, item, res))
			pg->answered++; /* NULL ends the results of a statement, Sync has none after it */
		if (is_lost(pg))
			return wn_pg_note_failure(pg, NULL, NULL, NULL), WN_AGAIN;
	}
	return WN_OK;
}

/* Pushes out what is queued, reading meanwhile; with `all` until everything is answered. WN_OK or: the session
 * is lost. */
static enum wn_rc pump(struct wn_pg *pg, bool all)
{
	for (;;) {
		int unsent = PQflush(pg->conn);
		enum wn_rc rc;

		if (unsent < 0 && is_lost(pg))
			return wn_pg_note_failure(pg, NULL, NULL, NULL), WN_AGAIN;
		rc = take_answers(pg);
		if (rc)
			return rc;
		if (all ? pg->answered == pg->items_n : unsent <= 0)
			return WN_OK;
		rc = wn_pg_wait(pg, unsent > 0);
		if (rc)
			return rc;
	}
}

static bool has_commit(const struct wn_pg *pg)
{
	for (size_t i = 0; i < pg->items_n; i++)
		if (pg->items[i].kind == WN_PG_COMMIT)
			return true;
	return false;
}

/* The session is lost: what does that mean for whoever waits? `refused`: the server had said no before. */
static enum wn_rc lose(struct wn_pg *pg, enum wn_rc rc, bool refused, struct wn_err *err)
{
	bool unknown = has_commit(pg) && !refused;

	if (unknown && pg->committed)
		rc = WN_OK;
	else if (unknown)
		rc = wn_fail(err, WN_UNKNOWN, "connection lost during COMMIT: %s", pg->failure.text);
	else
		rc = wn_fail(err, rc, "%s", pg->failure.text);
	wn_pg_drop(pg);
	return rc;
}

static void empty_results(struct wn_pg *pg)
{
	for (size_t i = 0; i < pg->items_n; i++)
		if (pg->items[i].out)
			wn_pg_result_done(pg->items[i].out);
}

static void settle(struct wn_pg *pg)
{
	pg->items_n = pg->answered = pg->unsent = 0;
	if (pg->failure.rc)
		pg->tx_failed = pg->in_tx;
}

/* True when a failure that the server reported (with SQLSTATE, session alive) is noted already. */
static bool is_refused(const struct wn_pg *pg)
{
	return pg->failure.rc && !is_lost(pg);
}

static enum wn_rc run(struct wn_pg *pg, bool all, struct wn_err *err)
{
	enum wn_rc rc, failed;
	bool refused;

	rc = wn_pg_enter(pg, err);
	if (rc)
		return rc;
	refused = is_refused(pg);
	rc = pump(pg, all);
	wn_pg_leave(pg);
	if (rc)
		return lose(pg, rc == WN_CANCELLED ? rc : WN_AGAIN, refused, err);
	if (!all)
		return WN_OK; /* a failure is reported by the flush */
	failed = wn_pg_report(pg, err);
	if (failed)
		empty_results(pg);
	settle(pg);
	if (pg->stale)
		wn_pg_drop(pg);
	return failed;
}

enum wn_rc wn_pg_flush(struct wn_pg *pg, struct wn_err *err)
{
	if (!pg->conn)
		return wn_fail(err, WN_AGAIN, "database: not connected");
	if (pg->in_call)
		return wn_fail(err, WN_REFUSED,
			       "database: somebody else is in the middle of a call on this session");
	if (!pg->items_n)
		return WN_OK;
	if (!PQpipelineSync(pg->conn)) {
		wn_pg_note_failure(pg, NULL, NULL, NULL);
		return lose(pg, WN_AGAIN, false, err);
	}
	push_item(pg, (struct wn_pg_item){.kind = WN_PG_SYNC});
	return run(pg, true, err);
}

/* --- queueing ---- */

static void grow_scratch(struct wn_pg *pg, size_t n)
{
	if (n <= pg->scratch_cap)
		return;
	pg->scratch_cap = n + n / 2;
	pg->values = wn_realloc(pg->values, pg->scratch_cap * sizeof(*pg->values));
	pg->lengths = wn_realloc(pg->lengths, pg->scratch_cap * sizeof(*pg->lengths));
	pg->formats = wn_realloc(pg->formats, pg->scratch_cap * sizeof(*pg->formats));
	pg->oids = wn_realloc(pg->oids, pg->scratch_cap * sizeof(*pg->oids));
}

/* A text parameter must be terminated for libpq: copied. Its place is told by offset, as the buffer may move.
 */
static enum wn_rc copy_text(struct wn_pg *pg, const struct wn_stmt *s, size_t i, const struct wn_pg_param *p,
			    struct wn_err *err)
{
	if (memchr(p->p, 0, (size_t)p->n))
		return wn_fail(err, WN_INVALID, "%s: parameter $%zu holds a NUL byte",
			       s->name ? s->name : "query", i + 1);
	wn_buf_add(&pg->texts, p->p, (size_t)p->n);
	wn_buf_char(&pg->texts, 0);
	return WN_OK;
}

/* Fills values, lengths, formats from params; returns their bytes in *bytes. */
static enum wn_rc gather(struct wn_pg *pg, const struct wn_stmt *s, const struct wn_pg_param *params, size_t n,
			 size_t *bytes, struct wn_err *err)
{
	size_t text = 0;

	*bytes = 0;
	grow_scratch(pg, n + 1);
	wn_buf_clear(&pg->texts);
	for (size_t i = 0; i < n; i++) {
		const struct wn_pg_param *p = &params[i];
		enum wn_rc rc =
		    p->n < -1 ? wn_fail(err, WN_LIMIT, "parameter $%zu is too large", i + 1) : WN_OK;

		if (rc == WN_OK && p->n >= 0 && !p->binary)
			rc = copy_text(pg, s, i, p, err);
		if (rc)
			return rc;
		pg->lengths[i] = p->n;
		pg->formats[i] = p->binary;
		*bytes += p->n > 0 ? (size_t)p->n : 0;
	}
	if (wn_buf_overflowed(&pg->texts))
		return wn_fail(err, WN_LIMIT, "parameters are too large");
	for (size_t i = 0; i < n; i++) {
		const struct wn_pg_param *p = &params[i];

		pg->values[i] = p->n < 0 ? NULL : p->p ? p->p : (const char *)p->raw;
		if (p->n >= 0 && !p->binary) {
			pg->values[i] = pg->texts.p + text;
			text += (size_t)p->n + 1;
		}
	}
	return WN_OK;
}

static enum wn_rc not_sent(struct wn_pg *pg, struct wn_err *err)
{
	bool refused = is_refused(pg);

	wn_pg_note_failure(pg, NULL, NULL, NULL);
	return lose(pg, WN_AGAIN, refused, err);
}

static enum wn_rc send_prepare(struct wn_pg *pg, struct wn_pg_form *f, size_t cols, struct wn_err *err)
{
	char *expanded = f->rows ? wn_pg_rows_expand(f->stmt->sql, cols, f->rows) : NULL;
	const char *sql = expanded ? expanded : f->stmt->sql;
	int ok;

	if (f->rows && !expanded)
		return wn_fail(err, WN_INVALID, "%s: no row group between its marks", f->stmt->name);
	ok = PQsendPrepare(pg->conn, f->name, sql, f->n, f->oids);
	pg->unsent += strlen(sql);
	free(expanded);
	if (!ok)
		return not_sent(pg, err);
	f->sent = true;
	push_item(pg, (struct wn_pg_item){.kind = WN_PG_PREPARE, .stmt = f->stmt, .form = f});
	return WN_OK;
}

/* What a statement is sent as: rows and cols are 0 for a plain one. */
struct sending {
	const struct wn_stmt *stmt;
	const struct wn_pg_param *params;
	size_t n, rows, cols;
	enum wn_pg_item_kind kind;
	struct wn_pg_result *out;
};

/* Types for a new form: of its own parameter, or (multi-row) of the first value in the same column that has
 * one. */
static void declare_types(struct wn_pg *pg, const struct sending *s)
{
	for (size_t i = 0; i < s->n; i++) {
		pg->oids[i] = s->params[i].oid;
		for (size_t row = 0; row < s->rows && i < s->rows * s->cols && !pg->oids[i]; row++)
			pg->oids[i] = s->params[row * s->cols + i % s->cols].oid;
	}
}

static enum wn_rc find_form(struct wn_pg *pg, const struct sending *s, struct wn_pg_form **out, struct wn_err *err)
{
	*out = s->stmt->name ? wn_pg_form_find(pg, s->stmt, s->rows, s->params, s->n) : NULL;
	if (*out)
		return WN_OK;
	declare_types(pg, s);
	return s->stmt->name ? wn_pg_form_new(pg, s->stmt, s->rows, pg->oids, s->n, out, err) : WN_OK;
}

static enum wn_rc send_statement(struct wn_pg *pg, const struct sending *s, struct wn_err *err)
{
	struct wn_pg_form *form = NULL;
	enum wn_rc rc = find_form(pg, s, &form, err);
	int ok;

	if (rc == WN_OK && form && !form->sent)
		rc = send_prepare(pg, form, s->cols, err);
	if (rc)
		return rc;
	push_item(pg, (struct wn_pg_item){
			  .kind = s->kind, .stmt = s->stmt, .out = s->out}); /* from here on it may run */
	if (form)
		ok = PQsendQueryPrepared(pg->conn, form->name, (int)s->n, pg->values, pg->lengths, pg->formats,
					 1);
	else
		ok = PQsendQueryParams(pg->conn, s->stmt->sql, (int)s->n, pg->oids, pg->values, pg->lengths,
				       pg->formats, 1);
	return ok ? WN_OK : not_sent(pg, err);
}

/* A statement that could not even be queued fails its transaction: without it the rest must not be kept. */
static enum wn_rc spoil(struct wn_pg *pg, const struct wn_stmt *stmt, enum wn_rc rc, const struct wn_err *err)
{
	if (pg->conn && pg->in_tx) {
		wn_pg_note(pg, rc, "%s",
			   err          ? err->text
			   : stmt->name ? stmt->name
					: "a statement could not be queued");
		pg->tx_failed = true;
	}
	return rc;
}

static enum wn_rc queue(struct wn_pg *pg, const struct sending *s, struct wn_err *err)
{
	size_t bytes = 0;
	enum wn_rc rc;

	if (!pg->conn)
		return wn_fail(err, WN_AGAIN, "database: not connected");
	if (pg->in_call)
		return wn_fail(err, WN_REFUSED,
			       "database: somebody else is in the middle of a call on this session");
	if (!pg->items_n && !pg->tx_failed)
		wn_pg_forget_failure(pg);
	if (s->n > WN_PG_PARAMS_MAX)
		rc = wn_fail(err, WN_LIMIT, "%zu parameters in one statement", s->n);
	else
		rc = gather(pg, s->stmt, s->params, s->n, &bytes, err);
	if (rc == WN_OK)
		rc = send_statement(pg, s, err);
	if (rc)
		return spoil(pg, s->stmt, rc, err);
	pg->unsent += bytes + 64;
	if (pg->unsent < WN_PG_QUEUE_BYTES)
		return WN_OK;
	pg->unsent = 0;
	return run(pg, false, err);
}

enum wn_rc wn_pg_queue(struct wn_pg *pg, const struct wn_stmt *stmt, const struct wn_pg_param *params, size_t n,
		       struct wn_pg_result *out, struct wn_err *err)
{
	struct sending s = {.stmt = stmt, .params = params, .n = n, .kind = WN_PG_STATEMENT, .out = out};

	if (out)
		wn_pg_result_done(out);
	return queue(pg, &s, err);
}

enum wn_rc wn_pg_exec(struct wn_pg *pg, const struct wn_stmt *s, const struct wn_pg_param *params, size_t n,
		      struct wn_pg_result *out, struct wn_err *err)
{
	enum wn_rc rc = wn_pg_queue(pg, s, params, n, out, err);

	return rc ? rc : wn_pg_flush(pg, err);
}

enum wn_rc wn_pg_queue_commit(struct wn_pg *pg, const struct wn_stmt *stmt, struct wn_err *err)
{
	struct sending s = {.stmt = stmt, .kind = WN_PG_COMMIT};

	pg->committed = false;
	return queue(pg, &s, err);
}

/* --- many rows ---- */

static size_t chunk_of(size_t left, size_t per_row, size_t fixed)
{
	static const size_t sizes[] = {256, 64, 8, 1};

	for (size_t i = 0; i < WN_COUNT(sizes); i++)
		if (sizes[i] <= left && sizes[i] * per_row + fixed <= WN_PG_PARAMS_MAX)
			return sizes[i];
	return 1;
}

enum wn_rc wn_pg_queue_rows(struct wn_pg *pg, const struct wn_stmt *stmt, const struct wn_pg_param *rows,
			    size_t rows_n, size_t cols, const struct wn_pg_param *fixed, size_t fixed_n,
			    struct wn_pg_result *out, struct wn_err *err)
{
	struct wn_pg_param *params = wn_alloc(((rows_n < 256 ? rows_n : 256) * cols + fixed_n + 1) * sizeof(*params));
	enum wn_rc rc = WN_OK;
	size_t n;

	if (out)
		wn_pg_result_done(out);
	for (size_t at = 0; at < rows_n && rc == WN_OK; at += n) {
		struct sending s = {
		    .stmt = stmt, .params = params, .cols = cols, .kind = WN_PG_STATEMENT, .out = out};

		s.rows = n = chunk_of(rows_n - at, cols, fixed_n);
		s.n = n * cols + fixed_n;
		memcpy(params, rows + at * cols, n * cols * sizeof(*params));
		if (fixed_n)
			memcpy(params + n * cols, fixed, fixed_n * sizeof(*params));
		rc = queue(pg, &s, err);
	}
	free(params);
	return rc;
}
