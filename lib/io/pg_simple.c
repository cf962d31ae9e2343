/* SPDX-License-Identifier: MIT */
/*
 * What the pipeline cannot do: texts of many statements (simple protocol) and COPY FROM STDIN. The session
 * leaves pipeline mode for the call; nothing may be queued.
 */
#include "pg_internal.h"

static enum wn_rc begin_simple(struct wn_pg *pg, const char *sql, struct wn_err *err)
{
	enum wn_rc rc;

	if (pg->items_n)
		return wn_fail(err, WN_REFUSED, "database: statements are queued, flush them first");
	rc = wn_pg_enter(pg, err);
	if (rc)
		return rc;
	if (!pg->tx_failed)
		wn_pg_forget_failure(pg);
	if (!PQexitPipelineMode(pg->conn) || !PQsendQuery(pg->conn, sql))
		wn_pg_note_failure(pg, NULL, NULL, NULL);
	return WN_OK;
}

/* Back to the pipeline, or the session is dropped if it was lost on the way. */
static enum wn_rc end_simple(struct wn_pg *pg, enum wn_rc lost, struct wn_err *err)
{
	enum wn_rc rc;

	wn_pg_leave(pg);
	if (lost || PQstatus(pg->conn) == CONNECTION_BAD || !PQenterPipelineMode(pg->conn)) {
		wn_pg_note_failure(pg, NULL, NULL, NULL);
		rc = wn_fail(err, lost == WN_CANCELLED ? lost : WN_AGAIN, "%s", pg->failure.text);
		wn_pg_drop(pg);
		return rc;
	}
	pg->in_tx = PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
	rc = wn_pg_report(pg, err);
	pg->tx_failed = pg->in_tx && rc;
	return rc;
}

/* The next result: WN_OK with *res (NULL at the end), else the session is lost. */
static enum wn_rc next_result(struct wn_pg *pg, PGresult **res)
{
	for (;;) {
		int unsent = PQflush(pg->conn);
		enum wn_rc rc;

		if (unsent < 0)
			return wn_pg_note_failure(pg, NULL, NULL, NULL), WN_AGAIN;
		if (!unsent && !PQisBusy(pg->conn))
			break;
		rc = wn_pg_wait(pg, unsent > 0);
		if (rc)
			return rc == WN_CANCELLED ? rc : WN_AGAIN;
	}
	*res = PQgetResult(pg->conn);
	return WN_OK;
}

enum wn_rc wn_pg_script(struct wn_pg *pg, const char *sql, struct wn_err *err)
{
	PGresult *res = NULL;
	enum wn_rc rc = begin_simple(pg, sql, err);

	if (rc)
		return rc;
	while ((rc = next_result(pg, &res)) == WN_OK && res) {
		ExecStatusType status = PQresultStatus(res);

		if (status == PGRES_COPY_IN)
			PQputCopyEnd(pg->conn, "COPY needs wn_pg_copy_in");
		else if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH ||
			 PQstatus(pg->conn) == CONNECTION_BAD)
			rc = WN_AGAIN;
		else if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
			wn_pg_note_failure(pg, res, NULL, sql);
		PQclear(res);
		if (rc)
			break;
	}
	return end_simple(pg, rc, err);
}

/* --- COPY ---- */

/* Hands libpq one chunk; it says 0 when its buffer is full. */
static enum wn_rc put_chunk(struct wn_pg *pg, struct wn_str chunk)
{
	while (chunk.n) {
		size_t n = chunk.n > WN_PG_QUEUE_BYTES ? WN_PG_QUEUE_BYTES : chunk.n;
		int put = PQputCopyData(pg->conn, chunk.p, (int)n);
		enum wn_rc rc = WN_OK;

		if (put < 0)
			return wn_pg_note_failure(pg, NULL, NULL, NULL), WN_AGAIN;
		if (put > 0)
			chunk.p += n, chunk.n -= n;
		while (rc == WN_OK && PQflush(pg->conn) > 0)
			rc = wn_pg_wait(pg, true);
		if (rc)
			return rc;
	}
	return WN_OK;
}

static enum wn_rc put_all(struct wn_pg *pg, bool (*next)(void *ctx, struct wn_str *chunk), void *ctx)
{
	struct wn_str chunk;
	enum wn_rc rc = WN_OK;

	while (rc == WN_OK && next(ctx, &chunk))
		rc = put_chunk(pg, chunk);
	while (rc == WN_OK) {
		int put = PQputCopyEnd(pg->conn, NULL);

		if (put > 0)
			break;
		rc = put < 0 ? WN_AGAIN : wn_pg_wait(pg, true);
	}
	return rc;
}

static int64_t rows_of(const PGresult *res)
{
	int64_t n = 0;

	for (const char *p = PQcmdTuples((PGresult *)res); *p >= '0' && *p <= '9'; p++)
		n = n * 10 + *p - '0';
	return n;
}

enum wn_rc wn_pg_copy_in(struct wn_pg *pg, const char *sql, bool (*next)(void *ctx, struct wn_str *chunk),
			 void *ctx, int64_t *rows, struct wn_err *err)
{
	PGresult *res = NULL;
	int64_t n = 0;
	enum wn_rc rc = begin_simple(pg, sql, err);

	if (rc)
		return rc;
	while ((rc = next_result(pg, &res)) == WN_OK && res) {
		ExecStatusType status = PQresultStatus(res);

		if (status == PGRES_COPY_IN)
			rc = put_all(pg, next, ctx);
		else if (status == PGRES_COMMAND_OK)
			n = rows_of(res);
		else
			wn_pg_note_failure(pg, res, NULL, sql);
		PQclear(res);
		if (rc)
			break;
	}
	rc = end_simple(pg, rc, err);
	if (rc == WN_OK && rows)
		*rows = n;
	return rc;
}
