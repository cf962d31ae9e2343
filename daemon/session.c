/* SPDX-License-Identifier: MIT */
/*
 * Sessions with PostgreSQL: connect, check that schema, key and timeline are the right ones, and after a loss wait and
 * try again for ever. The database being away is not an error: it is told once, and once more when it is back.
 */
#include "daemon.h"
#include <stdio.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/systemd.h>

enum { CONNECT_MS = 10000, BACKOFF_MAX_S = 30 };

/* conninfo of the file plus the password credential, quoted as libpq wants it. */
static char *conninfo(struct wn_daemon *d, struct wn_arena *a)
{
	const struct wn_options *o = wn_daemon_options(d);
	struct wn_str secret = {NULL, 0};
	struct wn_buf b;
	wn_buf_init(&b, 8192);
	wn_buf_str(&b, o->database.conninfo);
	if (o->database.password_credential.n) {
		const char *name = wn_arena_strdup(a, o->database.password_credential);
		struct wn_err err;
		if (wn_systemd_credential(name, NULL, &secret, &err) == WN_OK) {
			wn_buf_text(&b, " password='");
			for (size_t i = 0; i < secret.n; i++) {
				if (secret.p[i] == '\'' || secret.p[i] == '\\')
					wn_buf_char(&b, '\\');
				wn_buf_char(&b, secret.p[i]);
			}
			wn_buf_char(&b, '\'');
			wn_systemd_credential_free(&secret);
		}
	}
	return wn_buf_take(&b);
}

void wn_session_init(struct wn_daemon *d, struct wn_session *s, const char *name)
{
	if (d->simulated && s != &d->sweep_session) { /* same input, same run: answers of one session come in order */
		*s = (struct wn_session){.name = name, .pg = d->sweep_session.pg, .store = d->sweep_session.store, .borrowed = true};
		return;
	}
	struct wn_arena *a = wn_arena_new(0);
	char *info = conninfo(d, a);
	const char *application = wn_arena_printf(a, "whynowd/%s/%s", d->instance, name);
	struct wn_store_options opt = {.instance = d->instance};
	if (d->have_key)
		opt.key = (struct wn_str){(const char *)d->key, sizeof(d->key)};
	s->name = name;
	s->pg = wn_pg_new(d->loop, info, application);
	s->store = wn_store_new(s->pg, &opt);
	memset(info, 0, strlen(info));
	wn_freep(&info);
	wn_arena_free(a);
}

void wn_session_done(struct wn_session *s)
{
	if (!s->borrowed) {
		wn_store_free(s->store);
		wn_pg_free(s->pg);
	}
	*s = (struct wn_session){.name = s->name};
}

static void tell_state(struct wn_daemon *d, enum wn_db_state state, const char *text)
{
	bool news = d->db != state || (state != WN_DB_UP && strcmp(d->db_text, text) != 0);
	d->db = state;
	snprintf(d->db_text, sizeof(d->db_text), "%s", text);
	if (!news)
		return;
	if (state == WN_DB_UP)
		d->able_us = wn_clock_now_us(d->clock);
	if (state == WN_DB_UP)
		wn_log(WN_NOTICE, WN_MSG_DATABASE_UP, NULL, "the database is there");
	else
		wn_log(WN_WARNING, state == WN_DB_REFUSED ? WN_MSG_SCHEMA_REFUSED : WN_MSG_DATABASE_AWAY, NULL, "%s: %s",
		       state == WN_DB_REFUSED ? "the database cannot be used" : "the database is away, waiting for it", text);
	wn_status_tell(d);
}

static enum wn_rc check(struct wn_daemon *d, struct wn_session *s, struct wn_err *err)
{
	enum wn_rc rc = wn_store_schema_check(s->store, NULL, err);
	if (rc == WN_OK)
		rc = wn_store_identity_check(s->store, &d->identity, err);
	if (rc == WN_OK && d->have_key)
		rc = wn_store_key_check(s->store, err);
	return rc;
}

/* A publisher tells of a segment; without it the next tick would find it. */
static void on_notify(void *ctx, const char *channel, const char *payload)
{
	if (channel && strcmp(payload, "segment") == 0)
		wn_sweeper_nudge(ctx);
}

static enum wn_rc listen_for_segments(struct wn_daemon *d, struct wn_session *s, struct wn_err *err)
{
	if (s != &d->sweep_session || d->simulated)
		return WN_OK;
	wn_pg_on_notify(s->pg, on_notify, d);
	return wn_pg_script(s->pg, "LISTEN whynow", err);
}

static enum wn_rc try_once(struct wn_daemon *d, struct wn_session *s, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	if (!wn_pg_is_connected(s->pg)) {
		s->checked = false;
		d->swept = d->swept && s != &d->sweep_session;
		rc = wn_pg_connect(s->pg, CONNECT_MS, err);
	}
	if (rc == WN_OK && !s->checked)
		rc = check(d, s, err);
	if (rc == WN_OK && !s->checked)
		rc = listen_for_segments(d, s, err);
	return rc;
}

enum wn_rc wn_session_ensure(struct wn_daemon *d, struct wn_session *s)
{
	for (;;) {
		struct wn_err err = {0};
		if (d->stopping || wn_fiber_is_cancelled(d->loop))
			return WN_CANCELLED;
		if (s->checked && wn_pg_is_connected(s->pg))
			return WN_OK;
		enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s->store));
		if (rc == WN_OK) {
			rc = try_once(d, s, &err);
			wn_turn_give(wn_store_turn(s->store));
		}
		if (rc == WN_OK) {
			s->checked = true;
			s->failures = 0;
			tell_state(d, WN_DB_UP, "");
			return WN_OK;
		}
		if (rc == WN_CANCELLED)
			return rc;
		tell_state(d, wn_rc_is_temporary(rc) ? WN_DB_WAITING : WN_DB_REFUSED, err.text);
		if (!wn_rc_is_temporary(rc))
			wn_pg_close(s->pg);
		int64_t wait = WN_SECOND / 2 << (s->failures < 6 ? s->failures++ : 6);
		wait = wait > BACKOFF_MAX_S * WN_SECOND ? BACKOFF_MAX_S * WN_SECOND : wait;
		if (wn_fiber_wait(d->loop, (int64_t)((double)wait * d->factor)))
			return WN_CANCELLED;
	}
}
