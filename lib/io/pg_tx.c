/* SPDX-License-Identifier: MIT */
/*
 * Transactions: BEGIN is queued with the first statements, COMMIT goes out with the last ones, and a
 * transaction that failed anywhere is always ended here. What a lost COMMIT means is decided in pg_queue.c.
 */
#include "pg_internal.h"

static const struct wn_stmt begin_stmt = {"begin", "BEGIN"}, commit_stmt = {"commit", "COMMIT"},
			    rollback_stmt = {"rollback", "ROLLBACK"};

enum wn_rc wn_pg_begin(struct wn_pg *pg, struct wn_err *err)
{
	enum wn_rc rc;

	if (pg->in_tx)
		return wn_fail(err, WN_REFUSED, "database: a transaction is open already");
	rc = wn_pg_queue(pg, &begin_stmt, WN_NO_PARAMS, NULL, err);
	if (rc == WN_OK)
		pg->in_tx = true;
	return rc;
}

enum wn_rc wn_pg_commit(struct wn_pg *pg, struct wn_err *err)
{
	enum wn_rc rc;

	if (!pg->conn)
		return wn_fail(err, WN_AGAIN, "database: not connected");
	if (!pg->in_tx)
		return wn_fail(err, WN_REFUSED, "database: no transaction is open");
	if (pg->tx_failed) {
		rc = wn_pg_report(pg, err);
		wn_pg_rollback(pg);
		return rc;
	}
	rc = wn_pg_queue_commit(pg, &commit_stmt, err);
	if (rc == WN_OK)
		rc = wn_pg_flush(pg, err);
	if (rc == WN_OK)
		pg->in_tx = false;
	else
		wn_pg_rollback(pg);
	return rc;
}

/* The failure that made us roll back stays the newest one. */
void wn_pg_rollback(struct wn_pg *pg)
{
	struct wn_err failure = pg->failure;
	char sqlstate[sizeof(pg->sqlstate)], constraint[sizeof(pg->constraint)];
	enum wn_rc rc = WN_OK;

	memcpy(sqlstate, pg->sqlstate, sizeof(sqlstate));
	memcpy(constraint, pg->constraint, sizeof(constraint));
	if (pg->conn && pg->items_n)
		rc = wn_pg_flush(pg, NULL); /* whatever it says */
	pg->tx_failed = false;
	if (pg->conn && PQtransactionStatus(pg->conn) != PQTRANS_IDLE) {
		wn_pg_forget_failure(pg);
		rc = wn_pg_exec(pg, &rollback_stmt, WN_NO_PARAMS, NULL, NULL);
		if (rc)
			wn_pg_close(pg);
	}
	pg->in_tx = pg->tx_failed = false;
	if (failure.rc) {
		pg->failure = failure;
		memcpy(pg->sqlstate, sqlstate, sizeof(sqlstate));
		memcpy(pg->constraint, constraint, sizeof(constraint));
	}
}
