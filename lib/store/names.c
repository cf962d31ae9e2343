/* SPDX-License-Identifier: MIT */
/*
 * What an account is found by: its domain, the keys of its names, and for the names of known accounts the pieces and
 * words that lead from a slip of the pen to them (lib/signal/near.c). Pieces belong to spellings, not to accounts: they
 * are shared, and never taken away.
 */
#include "store_internal.h"

#include <stdlib.h>

void name_rows_alias(struct name_rows *r, struct wn_id account, const char *kind, struct wn_str alias)
{
	struct wn_id id = alias_id(kind, alias);
	const struct wn_pg_param row[ALIAS_COLUMNS] = {
	    wn_pg_int2(wn_id_bucket(id)), wn_pg_id(id), param_cstr(kind), param_str(alias), wn_pg_id(account),
	    param_cstr(r->source),	  wn_pg_time(r->now_us)};
	for (size_t k = 0; k < ALIAS_COLUMNS; k++)
		*WN_PUSH(r->a, &r->aliases) = row[k];
}

static void add_words(struct name_rows *r, struct wn_str words)
{
	while (words.n) {
		const char *blank = memchr(words.p, ' ', words.n);
		struct wn_str w = {words.p, blank ? (size_t)(blank - words.p) : words.n};
		*WN_PUSH(r->a, &r->near) = (struct near_row){wn_name_word_id(w), w};
		words.p += w.n + (blank != NULL);
		words.n -= w.n + (blank != NULL);
	}
}

void name_rows_name(struct name_rows *r, struct wn_id account, struct wn_str name, bool listed)
{
	struct wn_name n;
	struct wn_id near[WN_NEAR_LISTED];
	wn_name_read(name, r->a, &n);
	for (size_t i = 0; i < n.n_keys; i++)
		name_rows_alias(r, account, "name", n.keys[i]);
	if (!listed || !n.n_keys)
		return;
	size_t pieces = wn_name_near_listed(n.keys[0], near);
	for (size_t i = 0; i < pieces; i++)
		*WN_PUSH(r->a, &r->near) = (struct near_row){near[i], n.words};
	add_words(r, n.words);
}

void name_rows_add(struct name_rows *r, const struct new_account *a)
{
	if (a->domain.n)
		name_rows_alias(r, a->id, "domain", a->domain);
	if (a->name.n)
		name_rows_name(r, a->id, a->name, strcmp(a->state, "known") == 0);
}

static int by_piece(const void *a, const void *b)
{
	const struct near_row *x = a, *y = b;
	int by = bucket_id_cmp(wn_id_bucket(x->id), x->id, wn_id_bucket(y->id), y->id);
	if (by == 0)
		by = memcmp(x->name.p, y->name.p, x->name.n < y->name.n ? x->name.n : y->name.n);
	return by ? by : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* Sorted, each once; their number. */
static size_t settle_near(struct name_rows *r)
{
	size_t n = 0;
	if (r->near.n)
		qsort(r->near.v, r->near.n, sizeof(*r->near.v), by_piece);
	for (size_t i = 0; i < r->near.n; i++)
		if (n == 0 || by_piece(&r->near.v[n - 1], &r->near.v[i]) != 0)
			r->near.v[n++] = r->near.v[i];
	return r->near.n = n;
}

static struct wn_pg_param *near_params(struct name_rows *r, const bool *leave_out, size_t *rows)
{
	struct wn_pg_param *p = WN_NEW_N(r->a, struct wn_pg_param, r->near.n * NEAR_COLUMNS + 1);
	size_t n = 0;
	for (size_t i = 0; i < r->near.n; i++) {
		const struct near_row *v = &r->near.v[i];
		if (leave_out && leave_out[i])
			continue;
		p[n * NEAR_COLUMNS] = wn_pg_int2(wn_id_bucket(v->id));
		p[n * NEAR_COLUMNS + 1] = wn_pg_id(v->id);
		p[n++ * NEAR_COLUMNS + 2] = param_str(v->name);
	}
	*rows = n;
	return p;
}

enum wn_rc name_rows_queue(struct wn_store *s, struct name_rows *r, struct wn_err *err)
{
	size_t n;
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_alias_insert, r->aliases.v, r->aliases.n / ALIAS_COLUMNS, ALIAS_COLUMNS, NULL, 0, NULL,
			     err));
	settle_near(r);
	struct wn_pg_param *near = near_params(r, NULL, &n);
	return wn_pg_queue_rows(s->pg, &wn_sql_near_insert, near, n, NEAR_COLUMNS, NULL, 0, NULL, err);
}

/* Which spellings are there already. */
static enum wn_rc find_near(struct wn_store *s, struct name_rows *r, bool *there, struct wn_err *err)
{
	RESULT(found);
	struct key_list keys = {0};
	struct wn_str *names = WN_NEW_N(r->a, struct wn_str, r->near.n + 1);
	for (size_t i = 0; i < r->near.n; i++) {
		key_add(r->a, &keys, r->near.v[i].id, wn_id_bucket(r->near.v[i].id));
		names[i] = r->near.v[i].name;
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_near_exists, WN_PARAMS(KEY_PARAMS(r->a, &keys), wn_pg_strs(r->a, names, r->near.n)), &found, err));
	for (int i = 0; i < found.rows; i++)
		there[wn_pg_get_int(&found, i, 0) - 1] = true;
	return WN_OK;
}

enum wn_rc name_rows_copy(struct wn_store *s, struct name_rows *r, struct wn_err *err)
{
	size_t n;
	TRY(copy_rows(s, &wn_sql_alias_copy, r->aliases.v, r->aliases.n / ALIAS_COLUMNS, ALIAS_COLUMNS, err));
	if (!settle_near(r))
		return WN_OK;
	bool *there = WN_NEW_N(r->a, bool, r->near.n);
	TRY(find_near(s, r, there, err));
	struct wn_pg_param *near = near_params(r, there, &n);
	return copy_rows(s, &wn_sql_near_copy, near, n, NEAR_COLUMNS, err);
}

enum wn_rc wn_store_alias_learn(struct wn_store *s, struct wn_world *w, struct wn_id account_id, struct wn_str name, struct wn_err *err)
{
	struct name_rows r = {.a = w->arena, .source = "review", .now_us = w->now_us};
	name_rows_name(&r, account_id, name, false);
	for (size_t i = 0; i < r.aliases.n; i += ALIAS_COLUMNS) {
		TRY(wn_pg_queue(s->pg, &wn_sql_alias_unlearn, WN_PARAMS(r.aliases.v[i], r.aliases.v[i + 1], wn_pg_id(account_id)), NULL, err));
		TRY(wn_pg_queue(s->pg, &wn_sql_alias_learn, &r.aliases.v[i], ALIAS_COLUMNS, NULL, err));
	}
	return WN_OK;
}
