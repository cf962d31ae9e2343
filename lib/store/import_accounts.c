/* SPDX-License-Identifier: MIT */
/*
 * Importing accounts. New ones are put together in memory and go to the server whole, by COPY: nobody waits for them,
 * nothing rests on them. Those that are there are locked, changed and put to the rules like any other change.
 */
#include "intake_internal.h"

#include <stdlib.h>

struct import {
	struct wn_store *s;
	struct wn_world *w;
	struct wn_intake in;
	const struct wn_import_account *lines;
	struct wn_import_row *rows;
	enum wn_trust trust;
	struct wn_str by;
	struct id_map made; /* id -> struct wn_account that is not in the world */
	WN_VEC(struct wn_account *) fresh;
	struct name_rows names;
};

static struct wn_account *make_account(struct import *im, const struct new_account *n)
{
	void **slot = id_map_at(&im->made, n->id);
	if (*slot)
		return *slot;
	struct account_row *row = WN_NEW(im->w->arena, struct account_row);
	row->base = (struct wn_account){.object = {&wn_account_class}, .world = im->w, .id = n->id, .bucket = wn_id_bucket(n->id),
					.domain = n->domain, .name = n->name, .state = wn_str_of(n->state),
					.known_since_us = im->w->now_us, .traits = wn_map(NULL, 0), .fresh = true};
	*slot = &row->base;
	*WN_PUSH(im->w->arena, &im->fresh) = &row->base;
	return &row->base;
}

/* What a line says of an account. True if anything was changed by it. A new one has no past: since when its traits are known stands
 * at each of them. */
static bool apply(struct import *im, struct wn_account *a, const struct wn_import_account *line)
{
	size_t facts = im->w->fact_changes.n;
	bool renamed = wn_field_set(im->w, a, NULL, "name", wn_string(line->name), im->by), changed = renamed;
	for (size_t k = 0; k < line->n_traits; k++)
		changed |= wn_traits_set(im->w, a, NULL, line->traits[k].name, line->traits[k].v, im->trust, im->by);
	if (renamed && !a->fresh)
		name_rows_name(&im->names, a->id, line->name, true);
	for (size_t k = 0; k < line->n_aliases; k++)
		name_rows_name(&im->names, a->id, line->aliases[k], true);
	if (a->fresh)
		im->w->fact_changes.n = facts;
	return changed;
}

/* Lines of new accounts; their rows of the plan are done with. */
static void take_new(struct import *im)
{
	struct id_map plan = {.a = im->w->arena};
	for (size_t i = 0; i < im->in.plan->fresh.n; i++)
		*id_map_at(&plan, im->in.plan->fresh.v[i].id) = &im->in.plan->fresh.v[i];
	for (size_t i = 0; i < im->in.n; i++) {
		struct plan_row *p = &im->in.plan->rows[i];
		if (p->how != WN_INTAKE_NEW || !p->link.made)
			continue;
		bool first = !id_map_get(&im->made, p->account);
		struct wn_account *a = make_account(im, id_map_get(&plan, p->account));
		bool changed = apply(im, a, &im->lines[i]);
		im->rows[i] = (struct wn_import_row){.how = first ? WN_IMPORT_MADE : changed ? WN_IMPORT_CHANGED : WN_IMPORT_SAME};
		p->how = WN_INTAKE_TRAITS;
	}
	im->in.plan->fresh.n = 0;
}

static int by_bucket(const void *a, const void *b)
{
	const struct wn_account *const *x = a, *const *y = b;
	return bucket_id_cmp((*x)->bucket, (*x)->id, (*y)->bucket, (*y)->id);
}

enum { ACCOUNT_COLUMNS = 8 };

static enum wn_rc copy_new(struct import *im, struct wn_err *err)
{
	struct wn_arena *a = im->w->arena;
	size_t n = im->fresh.n;
	struct wn_pg_param *p = WN_NEW_N(a, struct wn_pg_param, n * ACCOUNT_COLUMNS + 1);
	if (!n)
		return WN_OK;
	qsort(im->fresh.v, n, sizeof(*im->fresh.v), by_bucket);
	struct name_rows names = {.a = a, .source = im->names.source, .now_us = im->w->now_us};
	for (size_t i = 0; i < n; i++) {
		const struct wn_account *x = im->fresh.v[i];
		struct wn_str key = x->name.n ? wn_name_normalise(x->name, a) : (struct wn_str){NULL, 0};
		const struct wn_pg_param row[ACCOUNT_COLUMNS] = {
		    wn_pg_int2(x->bucket), wn_pg_id(x->id),	 param_text(x->domain),		     param_text(x->name),
		    param_text(key),	   param_str(x->state), wn_pg_time(x->known_since_us), param_json_or(a, x->traits, "{}")};
		memcpy(&p[i * ACCOUNT_COLUMNS], row, sizeof(row));
		name_rows_add(&names, &(struct new_account){x->id, x->domain, x->name, x->state.p});
	}
	TRY(copy_rows(im->s, &wn_sql_account_copy, p, n, ACCOUNT_COLUMNS, err));
	return name_rows_copy(im->s, &names, err);
}

static enum wn_rc change_known(struct import *im, struct wn_err *err)
{
	TRY(make_and_lock(im->s, im->w, &im->in, im->names.source, NULL, NULL, err));
	for (size_t i = 0; i < im->in.n; i++) {
		struct wn_account *a = im->in.rows[i].account;
		if (im->in.plan->rows[i].how == WN_INTAKE_TRAITS)
			continue; /* a new one */
		im->rows[i] = (struct wn_import_row){.how = WN_IMPORT_REFUSED, .why = import_refusal(&im->in, i), .account = a};
		if (!a)
			continue;
		bool changed = apply(im, a, &im->lines[i]);
		im->rows[i].how = changed ? WN_IMPORT_CHANGED : WN_IMPORT_SAME;
	}
	return WN_OK;
}

enum wn_rc wn_store_import_accounts(struct wn_store *s, struct wn_world *w, const struct wn_import_account *lines, size_t n,
				    enum wn_trust trust, struct wn_str by, struct wn_import_row *rows, struct wn_err *err)
{
	struct wn_sighting *x = WN_NEW_N(w->arena, struct wn_sighting, n + 1);
	struct import im = {.s = s, .w = w, .lines = lines, .rows = rows, .trust = trust, .by = by, .made = {.a = w->arena}};
	for (size_t i = 0; i < n; i++)
		x[i].account = (struct wn_account_hint){.domain = lines[i].domain, .name = lines[i].name};
	im.in = (struct wn_intake){.sightings = x, .n = n, .create = true, .exact = true};
	im.names = (struct name_rows){.a = w->arena, .source = wn_arena_strdup(w->arena, by), .now_us = w->now_us};
	plan_begin(w, &im.in);
	TRY(resolve_accounts(s, w, &im.in, err));
	take_new(&im);
	TRY(wn_pg_flush(s->pg, err));
	TRY(copy_new(&im, err));
	TRY(change_known(&im, err));
	TRY(name_rows_queue(s, &im.names, err));
	wn_failpoint("store.import");
	return WN_OK;
}
