/* SPDX-License-Identifier: MIT */
/* Shared by lib/io/pg*.c. Not installed. */
#ifndef WHYNOW_PG_INTERNAL_H
#define WHYNOW_PG_INTERNAL_H

#include <libpq-fe.h>
#include <whynow/buf.h>
#include <whynow/fiber.h>
#include <whynow/limits.h>
#include <whynow/pg.h>

enum wn_pg_oid {
	WN_OID_BOOL = 16,
	WN_OID_BYTEA = 17,
	WN_OID_CHAR = 18,
	WN_OID_NAME = 19,
	WN_OID_INT8 = 20,
	WN_OID_INT2 = 21,
	WN_OID_INT4 = 23,
	WN_OID_TEXT = 25,
	WN_OID_OID = 26,
	WN_OID_JSON = 114,
	WN_OID_FLOAT4 = 700,
	WN_OID_FLOAT8 = 701,
	WN_OID_BYTEAS = 1001,
	WN_OID_INT2S = 1005,
	WN_OID_INT4S = 1007,
	WN_OID_TEXTS = 1009,
	WN_OID_INT8S = 1016,
	WN_OID_FLOAT8S = 1022,
	WN_OID_VARCHAR = 1043,
	WN_OID_DATE = 1082,
	WN_OID_TIMESTAMP = 1114,
	WN_OID_TIMESTAMPTZ = 1184,
	WN_OID_TIMESTAMPTZS = 1185,
	WN_OID_INTERVAL = 1186,
	WN_OID_UUID = 2950,
	WN_OID_UUIDS = 2951,
	WN_OID_JSONB = 3802,
};
#define WN_PG_EPOCH_US (INT64_C(946684800) * 1000000) /* 2000-01-01, where PostgreSQL counts from */
#define WN_PG_EPOCH_DAYS 10957

/* A statement in one of its prepared forms on this session: number of rows and types of the parameters differ.
 */
struct wn_pg_form {
	struct wn_pg_form *next; /* of the same hash chain */
	const struct wn_stmt *stmt;
	size_t rows; /* 0: not a multi-row statement */
	Oid *oids;
	int n;
	bool sent; /* its Parse went out and has not failed */
	char name[64];
};

enum wn_pg_item_kind { WN_PG_PREPARE, WN_PG_STATEMENT, WN_PG_COMMIT, WN_PG_SYNC };
/* What the server still has to answer, in order. */
struct wn_pg_item {
	enum wn_pg_item_kind kind;
	const struct wn_stmt *stmt;
	struct wn_pg_form *form; /* PREPARE only */
	struct wn_pg_result *out;
};

#define WN_PG_HASH 256

struct wn_pg {
	struct wn_loop *loop;
	char *conninfo, *application_name;
	PGconn *conn; /* NULL: not connected; else in pipeline mode and not blocking, between calls */
	int answer_ms;
	bool in_call;          /* somebody waits in this session */
	bool in_tx;            /* from wn_pg_begin to commit or rollback */
	bool tx_failed;        /* a statement of this transaction failed: only rollback is left */
	bool committed;        /* the answer to COMMIT came */
	bool stale;            /* the server forgot or outdated a prepared statement: reconnect */
	struct wn_err failure; /* first failure since the last flush, or of the transaction; rc WN_OK: none */
	char sqlstate[6], constraint[64];
	struct wn_pg_item *items; /* since the last flush */
	size_t items_n, items_cap, answered;
	size_t unsent; /* bytes queued since they were last pushed out */
	struct wn_pg_form *forms[WN_PG_HASH];
	unsigned forms_n; /* ever made on this session: names */
	/* scratch of one queue call */
	const char **values;
	int *lengths, *formats;
	Oid *oids;
	size_t scratch_cap;
	struct wn_buf texts;
	/* notifications */
	struct wn_watch *idle;
	void (*on_notify)(void *ctx, const char *channel, const char *payload);
	void *notify_ctx;
};

/* pg_error.c */
/* Remembers the first failure of a result; returns its code. `stmt` may be NULL, `sql` (may be NULL) gives the
 * line. */
enum wn_rc wn_pg_note_failure(struct wn_pg *pg, const PGresult *res, const struct wn_stmt *stmt,
			      const char *sql);
enum wn_rc wn_pg_note(struct wn_pg *pg, enum wn_rc rc, const char *fmt, ...) WN_PRINTF(3, 4);
void wn_pg_forget_failure(struct wn_pg *pg);
/* Copies the remembered failure out. */
enum wn_rc wn_pg_report(struct wn_pg *pg, struct wn_err *err);

/* pg.c */
/* Enter and leave a call that waits; enter fails when somebody else is in one, or without a session. */
enum wn_rc wn_pg_enter(struct wn_pg *pg, struct wn_err *err) WN_MUST_CHECK;
void wn_pg_leave(struct wn_pg *pg);
/* Waits for the socket, reads what came, hands out notifications. WN_AGAIN: lost or no answer (failure is
 * noted). */
enum wn_rc wn_pg_wait(struct wn_pg *pg, bool writing) WN_MUST_CHECK;
void wn_pg_drop(struct wn_pg *pg); /* closes at once, whoever waits */
/* Watches an idle session for notifications and its end, if anybody asked for them. */
void wn_pg_watch_idle(struct wn_pg *pg);

/* pg_queue.c */
enum wn_rc wn_pg_queue_commit(struct wn_pg *pg, const struct wn_stmt *stmt, struct wn_err *err) WN_MUST_CHECK;

/* pg_form.c */
/* NULL: none fits these values. */
struct wn_pg_form *wn_pg_form_find(struct wn_pg *pg, const struct wn_stmt *s, size_t rows,
				   const struct wn_pg_param *params, size_t n);
enum wn_rc wn_pg_form_new(struct wn_pg *pg, const struct wn_stmt *s, size_t rows, const Oid *oids, size_t n,
			  struct wn_pg_form **out, struct wn_err *err);
void wn_pg_forms_forget(struct wn_pg *pg);

/* pg_result.c */
void wn_pg_result_add(struct wn_pg_result *r, PGresult *res); /* takes res */

/* pg_rows.c: the statement's text for so many rows (see wn_pg_queue_rows); free() it. NULL: no marks. */
char *wn_pg_rows_expand(const char *sql, size_t cols, size_t rows);

#endif
