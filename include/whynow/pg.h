/* SPDX-License-Identifier: MIT */
/*
 * One PostgreSQL session, asynchronous underneath, straight-line on top (libpq; the only users are
 * lib/io/pg*.c).
 *
 * Calls that talk to the server wait: on a fiber they yield to the loop, elsewhere (or with a NULL loop) they
 * block in poll(). One user at a time: fibers that share a session take a `struct wn_turn` around their
 * transaction; a second user in the middle of a call gets WN_REFUSED.
 *
 * Statements are queued (wn_pg_queue) and sent in one round trip (wn_pg_flush, wn_pg_commit) in pipeline mode,
 * prepared by name at first use on each session, parameters typed by their constructors, results in binary.
 * Transactions are always explicit: wn_pg_begin ... wn_pg_commit. Any failure inside one means: wn_pg_rollback,
 * then perhaps again.
 *
 * Result codes from the server (the SQLSTATE is kept, wn_pg_sqlstate):
 *   WN_AGAIN    40001 40P01 55P03 57014 25006 53xxx 57Pxx 08xxx, XX000 of a lost shard, connection lost: re-run
 * the transaction WN_UNKNOWN  connection lost, or no answer in time, with COMMIT in flight: re-run idempotently
 *   WN_EXISTS   23505; WN_REFUSED 42501, 28xxx and other 23xxx; WN_LIMIT 54xxx
 *   WN_INVALID  everything else (42xxx, 22xxx: a bug of the statement or its parameters)
 *   WN_CANCELLED the fiber was cancelled with its I/O; the session is closed
 */
#ifndef WHYNOW_PG_H
#define WHYNOW_PG_H

#include <whynow/arena.h>
#include <whynow/base.h>
#include <whynow/id.h>
#include <whynow/loop.h>

struct wn_pg;

/* A named statement of the catalogue; its address is its identity, so it lives for ever. name NULL: not
 * prepared (one-off queries of the command line and of fsck). `sql` is one statement. */
struct wn_stmt {
	const char *name;
	const char *sql;
};

/* --- session ---- */
/* `loop` may be NULL (always blocking). `conninfo` is a libpq string or URI, possibly with several hosts, which
 * are tried in turn, each with its own time-out. Not connected yet. Gives. */
struct wn_pg *wn_pg_new(struct wn_loop *loop, const char *conninfo, const char *application_name);
void wn_pg_free(struct wn_pg *pg); /* closes; NULL is fine */
void wn_pg_freep(struct wn_pg **pg);
/* Connects (closing an old session first) within timeout_ms real milliseconds over all hosts. WN_AGAIN: nobody
 * there, starting up, or not read-write; WN_REFUSED: authentication or permission; WN_INVALID: conninfo. A name
 * that must be looked up by DNS blocks the loop while it is: prefer hostaddr, a Unix socket or /etc/hosts. */
enum wn_rc wn_pg_connect(struct wn_pg *pg, int timeout_ms, struct wn_err *err) WN_MUST_CHECK;
void wn_pg_close(struct wn_pg *pg);
bool wn_pg_is_connected(const struct wn_pg *pg); /* as far as is known without asking */
bool wn_pg_in_transaction(const struct wn_pg *pg);
int wn_pg_server_version(const struct wn_pg *pg); /* 150020 */
/* No answer for this long closes the session; 30 000 unless set. */
void wn_pg_set_answer_timeout(struct wn_pg *pg, int ms);
/* SQLSTATE of the newest failure, "" if it had none (connection lost). */
const char *wn_pg_sqlstate(const struct wn_pg *pg);
/* Name of the violated constraint of the newest failure, "" if none. */
const char *wn_pg_constraint(const struct wn_pg *pg);
/* The newest failure, which gave rc, lay in a value of a row: the same work without that row may succeed. A failure of a statement,
 * of rights, of a missing partition or of the connection does not. */
bool wn_pg_is_bad_data(const struct wn_pg *pg, enum wn_rc rc);

/* --- parameters: by value, borrowed bytes must live until wn_pg_queue returns ---- */
struct wn_pg_param {
	const void *p;  /* NULL with n >= 0: the bytes are in raw */
	int32_t n;      /* bytes, -1: SQL NULL */
	int16_t binary; /* 1 binary, 0 text */
	uint32_t oid;   /* type told to the server at prepare, 0: let it infer */
	uint8_t raw[16];
};
struct wn_pg_param wn_pg_null(void);
struct wn_pg_param wn_pg_bool(bool v);
struct wn_pg_param wn_pg_int2(int v);
struct wn_pg_param wn_pg_int4(int32_t v);
struct wn_pg_param wn_pg_int8(int64_t v);
struct wn_pg_param wn_pg_float8(double v);
/* timestamptz from microseconds since 1970; INT64_MAX is 'infinity', INT64_MIN '-infinity'. */
struct wn_pg_param wn_pg_time(int64_t us);
struct wn_pg_param wn_pg_time_or_null(int64_t us); /* INT64_MAX (WN_NEVER) becomes NULL */
struct wn_pg_param wn_pg_interval(int64_t us);
struct wn_pg_param wn_pg_date(int64_t days); /* days since 1970-01-01 */
struct wn_pg_param wn_pg_id(struct wn_id id);
struct wn_pg_param wn_pg_id_or_null(struct wn_id id);     /* nil becomes NULL */
struct wn_pg_param wn_pg_bytes(struct wn_str s);          /* bytea; absent ({NULL,0}) becomes NULL */
struct wn_pg_param wn_pg_key32(const struct wn_key32 *k); /* bytea */
/* Text: type inferred by the server, so it also serves jsonb, enums, text[] literals, numeric. Must be valid
 * UTF-8 without NUL (a NUL is WN_INVALID at queue). Absent becomes NULL. */
struct wn_pg_param wn_pg_str(struct wn_str s);
struct wn_pg_param wn_pg_text(const char *s); /* NULL becomes NULL */
/* Declared jsonb (bytes are JSON text). */
struct wn_pg_param wn_pg_jsonb(struct wn_str s);
/* Arrays, in binary, encoded in the arena (which must live until wn_pg_queue returns). */
struct wn_pg_param wn_pg_ids(struct wn_arena *a, const struct wn_id *v, size_t n); /* uuid[] */
struct wn_pg_param wn_pg_int8s(struct wn_arena *a, const int64_t *v, size_t n);    /* bigint[] */
struct wn_pg_param wn_pg_float8s(struct wn_arena *a, const double *v, size_t n);   /* float8[] */
struct wn_pg_param wn_pg_times(struct wn_arena *a, const int64_t *us, size_t n);   /* timestamptz[] */
struct wn_pg_param wn_pg_strs(struct wn_arena *a, const struct wn_str *v,
			      size_t n); /* text[]; absent is a NULL element */
struct wn_pg_param wn_pg_blobs(struct wn_arena *a, const struct wn_str *v, size_t n); /* bytea[] */
/* Two arguments at once: parameters and their number. wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_id(x)), &res, err) */
#define WN_PARAMS(...)                                                                                         \
	((const struct wn_pg_param[]){__VA_ARGS__}),                                                           \
	    (sizeof((const struct wn_pg_param[]){__VA_ARGS__}) / sizeof(struct wn_pg_param))
#define WN_NO_PARAMS NULL, 0

/* --- results ---- */
/* Zero it before use (or WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0}); filled by wn_pg_flush. */
struct wn_pg_result {
	int rows;         /* rows returned, over all parts */
	int64_t affected; /* rows inserted, updated, deleted or selected, from the command tags */
	void **parts;
	int parts_n, part, part_first; /* the part read last */
};
void wn_pg_result_done(struct wn_pg_result *r); /* idempotent */
int wn_pg_cols(const struct wn_pg_result *r);
int wn_pg_col(const struct wn_pg_result *r, const char *name); /* -1 if there is none */
/* Column names and types as sent, for tables of the command line. */
const char *wn_pg_col_name(const struct wn_pg_result *r, int col);
/* Getters never fail: NULL and wrong types give 0, false, "", absent, nil. Slices live as long as the result.
 */
bool wn_pg_is_null(const struct wn_pg_result *r, int row, int col);
bool wn_pg_get_bool(const struct wn_pg_result *r, int row, int col);
int64_t wn_pg_get_int(const struct wn_pg_result *r, int row, int col);   /* int2, int4, int8, oid, bool */
double wn_pg_get_double(const struct wn_pg_result *r, int row, int col); /* float4, float8, ints */
int64_t wn_pg_get_us(const struct wn_pg_result *r, int row,
		     int col); /* timestamptz, timestamp, date; NULL and infinity: WN_NEVER */
int64_t wn_pg_get_interval(const struct wn_pg_result *r, int row,
			   int col); /* us, a month is 30 days, a day 24 h */
struct wn_id wn_pg_get_id(const struct wn_pg_result *r, int row, int col);
/* text, varchar, name, enums, json, jsonb (without its version byte), bytea: the bytes, also NUL-terminated. */
struct wn_str wn_pg_get_str(const struct wn_pg_result *r, int row, int col);
const char *wn_pg_get_cstr(const struct wn_pg_result *r, int row, int col); /* "" for NULL */
/* One-dimensional arrays, copied to the arena as far as needed; returns the number of elements. */
size_t wn_pg_get_ids(const struct wn_pg_result *r, int row, int col, struct wn_arena *a, struct wn_id **out);
size_t wn_pg_get_strs(const struct wn_pg_result *r, int row, int col, struct wn_arena *a,
		      struct wn_str **out); /* text[], bytea[]; slices borrow from the result */
size_t wn_pg_get_int8s(const struct wn_pg_result *r, int row, int col, struct wn_arena *a,
		       int64_t **out); /* int2[], int4[], int8[] */
/* For people: the value of a common type as text in the arena ("" for NULL). */
const char *wn_pg_show(const struct wn_pg_result *r, int row, int col, struct wn_arena *a);

/* --- statements ---- */
/* Queues one statement; *out (may be NULL) is emptied now and filled by the flush. Large queues are sent on the
 * way. */
enum wn_rc wn_pg_queue(struct wn_pg *pg, const struct wn_stmt *s, const struct wn_pg_param *params, size_t n,
		       struct wn_pg_result *out, struct wn_err *err) WN_MUST_CHECK;
// Queues one multi-row statement. In s->sql one group is written between the marks /*rows*/ and /*end*/:
//     INSERT INTO t (a, b, c) VALUES /*rows*/($1, $2, $4)/*end*/ ON CONFLICT DO NOTHING
// with $1..$cols for the values of one row; numbers above cols name `fixed` parameters ($cols+1 is fixed[0]),
// allowed inside and outside of the group; a column not used in the group is still passed. rows holds rows_n *
// cols parameters, row by row. The batch is split into statements of 256, 64, 8 and 1 rows (prepared as
// name_256 ...), in order; *out collects the rows of all of them. No rows: nothing is queued.
enum wn_rc wn_pg_queue_rows(struct wn_pg *pg, const struct wn_stmt *s, const struct wn_pg_param *rows,
			    size_t rows_n, size_t cols, const struct wn_pg_param *fixed, size_t fixed_n,
			    struct wn_pg_result *out, struct wn_err *err) WN_MUST_CHECK;
/* Sends what is queued with one Sync and waits for all answers. On failure the first error is reported,
 * statements after it did not run, and every result queued since the last flush is empty. */
enum wn_rc wn_pg_flush(struct wn_pg *pg, struct wn_err *err) WN_MUST_CHECK;
/* queue + flush. */
enum wn_rc wn_pg_exec(struct wn_pg *pg, const struct wn_stmt *s, const struct wn_pg_param *params, size_t n,
		      struct wn_pg_result *out, struct wn_err *err) WN_MUST_CHECK;

/* Queues BEGIN (sent with the next flush). WN_REFUSED inside a transaction. */
enum wn_rc wn_pg_begin(struct wn_pg *pg, struct wn_err *err) WN_MUST_CHECK;
/* Sends what is queued and COMMIT in one Sync. WN_OK: durable. WN_UNKNOWN: see above. Any other code: nothing
 * was kept, and the transaction is over (rolled back) if the session lives. */
enum wn_rc wn_pg_commit(struct wn_pg *pg, struct wn_err *err) WN_MUST_CHECK;
/* Ends the transaction in whatever state; safe to call always. If that fails the session is closed. */
void wn_pg_rollback(struct wn_pg *pg);

/* Text of any number of statements by the simple protocol, results dropped: migrations, LISTEN, test set-up.
 * Not while anything is queued. The error names the line of the text. */
enum wn_rc wn_pg_script(struct wn_pg *pg, const char *sql, struct wn_err *err) WN_MUST_CHECK;
/* COPY ... FROM STDIN: next(ctx, chunk) gives the next bytes and true, or false at the end. *rows (may be
 * NULL). */
enum wn_rc wn_pg_copy_in(struct wn_pg *pg, const char *sql, bool (*next)(void *ctx, struct wn_str *chunk),
			 void *ctx, int64_t *rows, struct wn_err *err) WN_MUST_CHECK;

/* Called for each notification (after a LISTEN by wn_pg_script): from the loop while the session is idle, or inside
 * of a call that waits on it; with a NULL channel when an idle session is found dead. Only with a loop. fn NULL
 * turns it off. It must not use the session: wake a fiber. */
void wn_pg_on_notify(struct wn_pg *pg, void (*fn)(void *ctx, const char *channel, const char *payload),
		     void *ctx);

/* WN_REFUSED if a host of the string (or of libpq's environment) is on another machine and the server's identity is not
 * verified (sslmode=verify-full); WN_INVALID if it cannot be read. */
enum wn_rc wn_pg_check_secure(const char *conninfo, struct wn_err *err) WN_MUST_CHECK;

/* SQLSTATE to result code, by the table above; pure. */
enum wn_rc wn_pg_rc_of_sqlstate(const char *sqlstate);

#endif
