/* SPDX-License-Identifier: MIT */
/*
 * One PostgreSQL session: its life, the wait that every call shares, notifications. What is sent and answered
 * is in pg_queue.c (pipeline) and pg_simple.c (scripts, COPY); connecting is in pg_connect.c.
 *
 * Between calls the connection is in pipeline mode, non-blocking, and nothing is unread but notifications.
 */
#include "pg_internal.h"

#include <stdlib.h>
#include <sys/socket.h>

struct wn_pg *wn_pg_new(struct wn_loop *loop, const char *conninfo, const char *application_name)
{
	struct wn_pg *pg = wn_alloc(sizeof(*pg));

	pg->loop = loop;
	pg->conninfo = wn_strdup(conninfo ? conninfo : "");
	pg->application_name = wn_strdup(application_name ? application_name : "whynow");
	pg->answer_ms = WN_PG_ANSWER_MS;
	wn_buf_init(&pg->texts, 1u << 30);
	return pg;
}

void wn_pg_free(struct wn_pg *pg)
{
	if (!pg)
		return;
	wn_pg_drop(pg);
	free(pg->items);
	free(pg->values);
	free(pg->lengths);
	free(pg->formats);
	free(pg->oids);
	wn_buf_done(&pg->texts);
	free(pg->conninfo);
	free(pg->application_name);
	free(pg);
}

void wn_pg_freep(struct wn_pg **pg)
{
	wn_pg_free(*pg);
	*pg = NULL;
}

static void forget_items(struct wn_pg *pg)
{
	for (size_t i = 0; i < pg->items_n; i++)
		if (pg->items[i].out)
			wn_pg_result_done(pg->items[i].out);
	pg->items_n = pg->answered = pg->unsent = 0;
}

void wn_pg_drop(struct wn_pg *pg)
{
	wn_watch_free(pg->idle);
	pg->idle = NULL;
	forget_items(pg);
	wn_pg_forms_forget(pg);
	if (pg->conn)
		PQfinish(pg->conn);
	pg->conn = NULL;
	pg->in_tx = pg->tx_failed = pg->stale = false;
}

void wn_pg_close(struct wn_pg *pg)
{
	if (pg->in_call && pg->conn)
		shutdown(PQsocket(pg->conn), SHUT_RDWR); /* whoever waits in it finds it lost and drops it */
	else
		wn_pg_drop(pg);
}

bool wn_pg_is_connected(const struct wn_pg *pg)
{
	return pg->conn != NULL;
}

bool wn_pg_in_transaction(const struct wn_pg *pg)
{
	return pg->in_tx;
}

int wn_pg_server_version(const struct wn_pg *pg)
{
	return pg->conn ? PQserverVersion(pg->conn) : 0;
}

void wn_pg_set_answer_timeout(struct wn_pg *pg, int ms)
{
	pg->answer_ms = ms;
}

/* --- the wait ---- */

enum wn_rc wn_pg_enter(struct wn_pg *pg, struct wn_err *err)
{
	if (pg->in_call)
		return wn_fail(err, WN_REFUSED,
			       "database: somebody else is in the middle of a call on this session");
	if (!pg->conn)
		return wn_fail(err, WN_AGAIN, "database: not connected");
	pg->in_call = true;
	if (pg->idle)
		wn_watch_set(pg->idle, 0);
	return WN_OK;
}

void wn_pg_leave(struct wn_pg *pg)
{
	pg->in_call = false;
	if (pg->idle)
		wn_watch_set(pg->idle, WN_READ);
}

static void take_notifications(struct wn_pg *pg)
{
	PGnotify *n;

	while (pg->conn && (n = PQnotifies(pg->conn))) {
		if (pg->on_notify)
			pg->on_notify(pg->notify_ctx, n->relname, n->extra);
		PQfreemem(n);
	}
}

enum wn_rc wn_pg_wait(struct wn_pg *pg, bool writing)
{
	int ready = 0;
	enum wn_rc rc = wn_fiber_wait_fd(pg->loop, PQsocket(pg->conn), WN_READ | (writing ? WN_WRITE : 0),
					 pg->answer_ms, &ready);

	if (rc == WN_CANCELLED)
		return wn_pg_note(pg, WN_CANCELLED, "database: given up, we are stopping");
	if (rc)
		return wn_pg_note(pg, WN_AGAIN, "database: no answer within %d s", pg->answer_ms / 1000);
	if (ready & WN_READ && !PQconsumeInput(pg->conn)) {
		wn_pg_note_failure(pg, NULL, NULL, NULL);
		return WN_AGAIN;
	}
	take_notifications(pg);
	return WN_OK;
}

/* --- notifications ---- */

static void on_idle_readable(void *ctx, int events)
{
	struct wn_pg *pg = ctx;

	(void)events;
	if (PQconsumeInput(pg->conn) && PQstatus(pg->conn) == CONNECTION_OK) {
		PQisBusy(pg->conn); /* parses what came */
		take_notifications(pg);
		return;
	}
	wn_pg_drop(pg);
	if (pg->on_notify)
		pg->on_notify(pg->notify_ctx, NULL, NULL);
}

void wn_pg_watch_idle(struct wn_pg *pg)
{
	wn_watch_free(pg->idle);
	pg->idle = NULL;
	if (pg->conn && pg->loop && pg->on_notify)
		pg->idle =
		    wn_watch_new(pg->loop, PQsocket(pg->conn), pg->in_call ? 0 : WN_READ, on_idle_readable, pg);
}

void wn_pg_on_notify(struct wn_pg *pg, void (*fn)(void *ctx, const char *channel, const char *payload),
		     void *ctx)
{
	pg->on_notify = fn;
	pg->notify_ctx = ctx;
	wn_pg_watch_idle(pg);
}
