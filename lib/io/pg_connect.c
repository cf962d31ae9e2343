/* SPDX-License-Identifier: MIT */
/*
 * Connecting. libpq's asynchronous connect ignores connect_timeout and stays with a silent host for ever, so
 * the hosts of conninfo are tried here one by one, each with its own time; libpq still checks
 * target_session_attrs of each.
 */
#include "pg_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define OPTIONS_MAX 64

/* Keywords of one attempt; values borrow from the parsed conninfo. */
struct attempt {
	const char *keys[OPTIONS_MAX], *values[OPTIONS_MAX];
	int n;
};

/* Set unless conninfo says otherwise: a dead peer is noticed in half a minute, not in hours. */
static const char *const defaults[][2] = {
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "20000"},
};

static const char *option(const PQconninfoOption *o, const char *key)
{
	for (; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

static void set(struct attempt *a, const char *key, const char *value)
{
	if (value && a->n < OPTIONS_MAX - 1) {
		a->keys[a->n] = key;
		a->values[a->n++] = value;
	}
}

static size_t commas(const char *s)
{
	size_t n = 0;

	for (; s && *s; s++)
		n += *s == ',';
	return n;
}

/* Entry i of a comma-separated list, the only entry for every i, or NULL; in the arena. */
static const char *entry(const char *list, size_t i, struct wn_arena *a)
{
	const char *end;

	if (!list)
		return NULL;
	if (!commas(list))
		return list;
	while (i-- && list)
		list = (list = strchr(list, ',')) ? list + 1 : NULL;
	if (!list)
		return NULL;
	end = strchrnul(list, ',');
	return wn_arena_strdup(a, (struct wn_str){list, (size_t)(end - list)});
}

static size_t hosts(const PQconninfoOption *o)
{
	const char *attrs = option(o, "target_session_attrs");
	size_t n = commas(option(o, "host")), m = commas(option(o, "hostaddr"));

	if (option(o, "service") || (attrs && strcmp(attrs, "prefer-standby") == 0))
		return 1; /* libpq must see the whole list */
	return 1 + (n > m ? n : m);
}

static void prepare_attempt(struct attempt *a, const PQconninfoOption *o, size_t n, size_t i, const char *app,
			    struct wn_arena *arena)
{
	a->n = 0;
	for (const PQconninfoOption *p = o; p->keyword; p++) {
		bool list = strcmp(p->keyword, "host") == 0 || strcmp(p->keyword, "hostaddr") == 0 ||
			    strcmp(p->keyword, "port") == 0;

		if (p->val && *p->val)
			set(a, p->keyword, n > 1 && list ? entry(p->val, i, arena) : p->val);
	}
	for (size_t d = 0; d < WN_COUNT(defaults); d++)
		if (!option(o, defaults[d][0]))
			set(a, defaults[d][0], defaults[d][1]);
	if (!option(o, "application_name"))
		set(a, "application_name", app);
	set(a, "client_encoding", "UTF8");
	a->keys[a->n] = a->values[a->n] = NULL;
}

/* Milliseconds for one host. */
static int host_ms(const PQconninfoOption *o, int left_ms)
{
	const char *s = option(o, "connect_timeout");
	int64_t n = 0;

	for (; s && *s >= '0' && *s <= '9' && n < 100000; s++)
		n = n * 10 + *s - '0';
	n = n ? n * 1000 : WN_PG_CONNECT_MS;
	return n < left_ms ? (int)n : left_ms;
}

/* Code of a failed connect. Verbose messages carry the SQLSTATE: "FATAL:  28P01: password ...". */
static enum wn_rc rc_of_message(struct wn_pg *pg, const char *message)
{
	pg->sqlstate[0] = 0;
	for (const char *p = strstr(message, ":  "); p; p = strstr(p + 1, ":  ")) {
		if (strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && p[8] == ':') {
			snprintf(pg->sqlstate, sizeof(pg->sqlstate), "%.5s", p + 3);
			return wn_pg_rc_of_sqlstate(pg->sqlstate);
		}
	}
	return WN_AGAIN;
}

static enum wn_rc connect_failed(struct wn_pg *pg, PGconn *conn, struct wn_err *err)
{
	const char *message = PQerrorMessage(conn);
	enum wn_rc rc = rc_of_message(pg, message);
	const char *end = strstr(message, "\nLOCATION:");
	int n = end ? (int)(end - message) : (int)strcspn(message, "\n");

	if (rc == WN_INVALID)
		rc = WN_REFUSED; /* whatever the server dislikes, our statement is not it */
	return wn_fail(err, rc, "database: %.*s", n > 800 ? 800 : n, n ? message : "connection failed");
}

static enum wn_rc poll_connect(struct wn_pg *pg, PGconn *conn, int ms, struct wn_err *err)
{
	int64_t end = wn_clock_monotonic_us() + (int64_t)ms * 1000;
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;

	while (st != PGRES_POLLING_OK) {
		int64_t left = (end - wn_clock_monotonic_us()) / 1000;
		enum wn_rc rc;

		if (st == PGRES_POLLING_FAILED)
			return connect_failed(pg, conn, err);
		rc = left > 0
			 ? wn_fiber_wait_fd(pg->loop, PQsocket(conn),
					    st == PGRES_POLLING_READING ? WN_READ : WN_WRITE, (int)left, NULL)
			 : WN_AGAIN;
		if (rc == WN_CANCELLED)
			return wn_fail(err, rc, "database: connecting given up, we are stopping");
		if (rc)
			return wn_fail(err, rc, "database: %s does not answer within %d ms",
				       PQhost(conn) ? PQhost(conn) : "host", ms);
		st = PQconnectPoll(conn);
	}
	return WN_OK;
}

static void no_notice(void *ctx, const PGresult *res)
{
	(void)ctx, (void)res; /* libpq would print it on stderr */
}

static enum wn_rc connect_one(struct wn_pg *pg, const struct attempt *a, int ms, struct wn_err *err)
{
	PGconn *conn = PQconnectStartParams(a->keys, a->values, 0);
	enum wn_rc rc;

	if (!conn)
		abort();
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn, no_notice, NULL);
	rc = PQstatus(conn) == CONNECTION_BAD ? connect_failed(pg, conn, err) : poll_connect(pg, conn, ms, err);
	if (rc == WN_OK && (PQsetnonblocking(conn, 1) || !PQenterPipelineMode(conn)))
		rc = wn_fail(err, WN_AGAIN, "database: %s", PQerrorMessage(conn));
	if (rc) {
		PQfinish(conn);
		return rc;
	}
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	pg->conn = conn;
	return WN_OK;
}

static enum wn_rc try_hosts(struct wn_pg *pg, const PQconninfoOption *o, int timeout_ms, struct wn_err *err)
{
	int64_t end = wn_clock_monotonic_us() + (int64_t)timeout_ms * 1000;
	struct wn_arena *arena = wn_arena_new(0);
	size_t n = hosts(o);
	enum wn_rc rc = WN_AGAIN, worst = WN_OK;

	for (size_t i = 0; i < n; i++) {
		int64_t left = (end - wn_clock_monotonic_us()) / 1000;
		struct attempt a;

		if (i > 0 && left <= 0)
			break;
		prepare_attempt(&a, o, n, i, pg->application_name, arena);
		rc = connect_one(pg, &a, host_ms(o, left > 0 ? (int)left : 0), err);
		if (rc == WN_OK || rc == WN_CANCELLED)
			break;
		if (worst == WN_OK || wn_rc_is_temporary(rc))
			worst = rc; /* as long as one host may come back, so may we */
	}
	wn_arena_free(arena);
	if (rc && rc != WN_CANCELLED)
		rc = worst;
	if (rc && err)
		err->rc = rc;
	return rc;
}

enum wn_rc wn_pg_connect(struct wn_pg *pg, int timeout_ms, struct wn_err *err)
{
	PQconninfoOption *o;
	char *message = NULL;
	enum wn_rc rc;

	if (pg->in_call)
		return wn_fail(err, WN_REFUSED,
			       "database: somebody else is in the middle of a call on this session");
	wn_pg_drop(pg);
	o = PQconninfoParse(pg->conninfo, &message);
	if (!o) {
		rc = wn_fail(err, WN_INVALID, "database connection string: %.*s",
			     message ? (int)strcspn(message, "\n") : 0, message ? message : "");
		PQfreemem(message);
		return rc;
	}
	pg->in_call = true;
	rc = try_hosts(pg, o, timeout_ms, err);
	pg->in_call = false;
	PQconninfoFree(o);
	wn_pg_forget_failure(pg);
	wn_pg_watch_idle(pg);
	return rc;
}
