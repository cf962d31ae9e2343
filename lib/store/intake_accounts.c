/* SPDX-License-Identifier: MIT */
/*
 * Accounts of a batch or an import: made where they are new, then locked, both in (bucket, id) order: two
 * batches that want the same accounts wait for each other and never in a circle.
 */
#include "intake_internal.h"

#include <stdlib.h>

static int by_new_account(const void *a, const void *b)
{
	const struct new_account *x = a, *y = b;
	return bucket_id_cmp(wn_id_bucket(x->id), x->id, wn_id_bucket(y->id), y->id);
}

/* Sorted, so that two batches that make the same accounts wait for each other and never in a circle. Later
 * mentions of one account are dropped. */
static enum wn_rc create_accounts(struct wn_store *s, struct wn_world *w, struct new_account *v, size_t n,
				  const char *source, struct id_map *made, struct wn_err *err)
{
	RESULT(r);
	size_t m = 0;
	if (!n)
		return WN_OK;
	qsort(v, n, sizeof(*v), by_new_account);
	for (size_t i = 0; i < n; i++)
		if (m == 0 || !wn_id_eq(v[m - 1].id, v[i].id))
			v[m++] = v[i];
	struct wn_pg_param *p = WN_NEW_N(w->arena, struct wn_pg_param, m * 7);
	for (size_t i = 0; i < m; i++) {
		struct wn_str key =
		    v[i].name.n ? wn_name_normalise(v[i].name, w->arena) : (struct wn_str){NULL, 0};
		const struct wn_pg_param row[] = {wn_pg_int2(wn_id_bucket(v[i].id)),
						  wn_pg_id(v[i].id),
						  param_text(v[i].domain),
						  param_text(v[i].name),
						  param_text(key),
						  param_cstr(v[i].state),
						  wn_pg_time(w->now_us)};
		memcpy(&p[i * 7], row, sizeof(row));
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_account_insert, p, m, 7, NULL, 0, &r, err));
	struct name_rows names = {.a = w->arena, .source = source, .now_us = w->now_us};
	for (size_t i = 0; i < m; i++)
		name_rows_add(&names, &v[i]);
	TRY(name_rows_queue(s, &names, err));
	TRY(wn_pg_flush(s->pg, err));
	for (int i = 0; i < r.rows; i++)
		*id_map_at(made, wn_pg_get_id(&r, i, 0)) = (void *)1;
	wn_failpoint("store.accounts.created");
	return WN_OK;
}

static bool is_kept(const struct plan_row *p)
{
	return p->how == WN_INTAKE_NEW || p->how == WN_INTAKE_EDITED;
}

static enum wn_rc queue_locks(struct wn_store *s, struct wn_world *w, struct wn_intake *in,
			      struct account_locks *l, struct wn_err *err)
{
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, in->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++)
		if (is_kept(&in->plan->rows[i]))
			ids[n++] = in->plan->rows[i].account;
	return account_locks_queue(s, w, ids, n, l, err);
}

static enum wn_rc take_locked(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	struct wn_account **named = WN_NEW_N(w->arena, struct wn_account *, in->n + 1);
	size_t n_named = 0;
	for (size_t i = 0; i < in->n; i++) {
		if (!is_kept(&in->plan->rows[i]))
			continue;
		struct wn_account *a = wn_world_account(w, in->plan->rows[i].account);
		if (!a || wn_str_is(a->state, "merged"))
			return wn_fail(err, WN_AGAIN, "an account of the batch was merged meanwhile");
		in->rows[i].account = a;
		if (names_contact(&in->sightings[i]))
			named[n_named++] = a;
	}
	return n_named ? wn_store_load_parts(s, w, named, n_named, WN_LOAD_CONTACTS, err) : WN_OK;
}

/* `fresh` says of an account row: inserted by this transaction. */
enum wn_rc make_and_lock(struct wn_store *s, struct wn_world *w, struct wn_intake *in, const char *source,
			 enum wn_rc (*more)(struct wn_store *, void *, struct wn_err *), void *ctx,
			 struct wn_err *err)
{
	struct id_map made = {.a = w->arena};
	struct account_locks locks;
	TRY(create_accounts(s, w, in->plan->fresh.v, in->plan->fresh.n, source, &made, err));
	enum wn_rc rc = queue_locks(s, w, in, &locks, err);
	if (rc == WN_OK && more)
		rc = more(s, ctx, err);
	if (rc == WN_OK)
		rc = wn_pg_flush(s->pg, err);
	account_locks_take(w, &locks, rc == WN_OK);
	TRY(rc);
	TRY(take_locked(s, w, in, err));
	for (size_t i = 0; i < w->accounts.n; i++)
		if (id_map_get(&made, w->accounts.v[i]->id))
			w->accounts.v[i]->fresh = true;
	in->new_accounts = made.n;
	return WN_OK;
}
