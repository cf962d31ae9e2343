/* SPDX-License-Identifier: MIT */
/* The store itself: a session with the installation key, and its transactions. */
#include "store_internal.h"

#include <stdlib.h>

struct wn_store *wn_store_new(struct wn_pg *pg, const struct wn_store_options *opt)
{
	struct wn_store *s = wn_alloc(sizeof(*s));
	s->pg = pg;
	if (opt && opt->key.n == WN_STORE_KEY) {
		memcpy(s->key, opt->key.p, WN_STORE_KEY);
		s->has_key = true;
	}
	s->instance = wn_strdup(opt && opt->instance ? opt->instance : "");
	return s;
}

void wn_store_free(struct wn_store *s)
{
	if (!s)
		return;
	explicit_bzero(s->key, sizeof(s->key));
	free(s->instance);
	free(s);
}

void wn_store_freep(struct wn_store **s)
{
	wn_store_free(*s);
	*s = NULL;
}

struct wn_pg *wn_store_pg(struct wn_store *s)
{
	return s->pg;
}
struct wn_turn *wn_store_turn(struct wn_store *s)
{
	return &s->turn;
}

struct wn_str wn_store_key(const struct wn_store *s)
{
	return s->has_key ? (struct wn_str){(const char *)s->key, sizeof(s->key)} : (struct wn_str){NULL, 0};
}

enum wn_rc need_key(const struct wn_store *s, struct wn_err *err)
{
	return s->has_key ? WN_OK
			  : wn_fail(err, WN_REFUSED, "this needs the installation key, which was not given");
}

enum wn_rc wn_store_begin(struct wn_store *s, struct wn_err *err)
{
	s->notified = false;
	TRY(wn_pg_begin(s->pg, err));
	wn_failpoint("store.begin");
	return WN_OK;
}

enum wn_rc wn_store_commit(struct wn_store *s, struct wn_err *err)
{
	wn_failpoint("store.commit.before");
	enum wn_rc rc = wn_pg_commit(s->pg, err);
	if (rc == WN_OK)
		wn_failpoint("store.commit.after");
	return rc;
}

void wn_store_rollback(struct wn_store *s)
{
	wn_pg_rollback(s->pg);
}

enum wn_rc wn_store_notify(struct wn_store *s, const char *what, struct wn_err *err)
{
	if (s->notified)
		return WN_OK;
	s->notified = true;
	return wn_pg_queue(s->pg, &wn_sql_notify, WN_PARAMS(wn_pg_text(what)), NULL, err);
}

enum wn_rc in_transaction(struct wn_store *s, enum wn_rc (*fn)(struct wn_store *, void *, struct wn_err *),
			  void *ctx, struct wn_err *err)
{
	if (wn_pg_in_transaction(s->pg))
		return fn(s, ctx, err);
	TRY(wn_store_begin(s, err));
	enum wn_rc rc = fn(s, ctx, err);
	if (rc == WN_OK)
		rc = wn_store_commit(s, err);
	if (rc != WN_OK)
		wn_store_rollback(s);
	return rc;
}
