/* SPDX-License-Identifier: MIT */
/* What could not be used: sightings whose account is not clear wait for people, with candidates; rejects are
 * counted. */
#include "intake_internal.h"

#include <stdlib.h>

/* --- review ---- */
/* All of it: an answer stores the sighting as if it had come now (reviews.c reads it). */
static struct wn_value sighting_value(struct wn_world *w, const struct wn_sighting *x)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	char *hex = wn_arena_alloc(w->arena, 65);
	wn_hex(x->key.b, 32, hex);
	wn_map_set(&m, "key", wn_cstring(hex));
	wn_map_set(&m, "place", wn_int(x->place));
	if (x->kind >= 0)
		wn_map_set(&m, "kind", wn_cstring(wn_registry_kind(w->catalog->registry, x->kind)->name));
	wn_map_set(&m, "occurred_at", wn_time_us(x->occurred_us));
	if (x->published_us)
		wn_map_set(&m, "published_at", wn_time_us(x->published_us));
	wn_map_set(&m, "observed_at", wn_time_us(x->observed_us));
	wn_map_set(&m, "strength", wn_double(x->strength));
	const struct {
		const char *name;
		struct wn_str text;
	} texts[] = {{"publisher", x->publisher}, {"source", x->source_named}, {"headline", x->headline}, {"url", x->url},
		     {"span", x->span}, {"person", x->contact.name}, {"address", x->contact.email}, {"position", x->contact.position},
		     {"department", x->contact.department}};
	for (size_t i = 0; i < WN_COUNT(texts); i++)
		if (texts[i].text.n)
			wn_map_set(&m, texts[i].name, wn_string(texts[i].text));
	wn_map_set(&m, "level", wn_int(x->contact.level));
	if (x->attrs.kind == WN_MAP)
		wn_map_set(&m, "attributes", x->attrs);
	if (x->traits.kind == WN_MAP)
		wn_map_set(&m, "traits", x->traits);
	return wn_map_end(&m);
}

static struct wn_value candidates_value(struct wn_world *w, const struct plan_row *p)
{
	struct wn_value *v = WN_NEW_N(w->arena, struct wn_value, p->n_candidates + 1);
	for (size_t i = 0; i < p->n_candidates; i++) {
		char *text = wn_arena_alloc(w->arena, 37);
		wn_id_to_text(p->candidates[i], text);
		v[i] = wn_cstring(text);
	}
	return wn_list(v, p->n_candidates);
}

static enum wn_rc look_for_trgm(struct wn_store *s, struct wn_err *err)
{
	RESULT(r);
	if (s->trgm == TRGM_UNKNOWN) {
		TRY(wn_pg_exec(s->pg, &wn_sql_trgm_exists, WN_NO_PARAMS, &r, err));
		s->trgm = r.rows ? TRGM_THERE : TRGM_MISSING;
	}
	return WN_OK;
}

static struct wn_value likeness_value(struct wn_world *w, const struct wn_pg_result *r)
{
	struct wn_value *v = WN_NEW_N(w->arena, struct wn_value, (size_t)r->rows + 1);
	for (int i = 0; i < r->rows; i++) {
		struct wn_map_builder m = wn_map_begin(w->arena);
		char *text = wn_arena_alloc(w->arena, 37);
		wn_id_to_text(wn_pg_get_id(r, i, 0), text);
		wn_map_set(&m, "account_id", wn_cstring(text));
		wn_map_set(&m, "name", wn_string(get_str(r, i, 1, w->arena)));
		wn_map_set(&m, "likeness", wn_double(wn_pg_get_double(r, i, 2)));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, (size_t)r->rows);
}

/* Accounts whose names are like the one that was given, for whoever decides. */
static enum wn_rc add_likely(struct wn_store *s, struct wn_world *w, struct wn_id review,
			     const struct wn_sighting *x, struct wn_err *err)
{
	RESULT(r);
	TRY(look_for_trgm(s, err));
	if (s->trgm != TRGM_THERE || !x->account.name.n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_account_names_like,
		       WN_PARAMS(param_str(wn_name_normalise(x->account.name, w->arena))), &r, err));
	if (!r.rows)
		return WN_OK;
	return wn_pg_queue(s->pg, &wn_sql_account_review_candidates,
			   WN_PARAMS(wn_pg_int2(wn_id_bucket(review)), wn_pg_id(review),
				     param_json(w->arena, likeness_value(w, &r))),
			   NULL, err);
}

static struct wn_str name_key(struct wn_world *w, struct wn_str name)
{
	struct wn_name n;
	wn_name_read(name, w->arena, &n);
	return n.keys[0];
}

enum { REVIEW_COLUMNS = 12 };
enum { LIKELY_MAX = 20 }; /* new reviews of one batch that are given candidates by likeness; each is a search */

/* A sighting that waits already is a duplicate from its second poll on. */
enum wn_rc insert_reviews(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	RESULT(r);
	struct wn_pg_param *p = WN_NEW_N(w->arena, struct wn_pg_param, in->n * REVIEW_COLUMNS + 1);
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, in->n + 1);
	struct id_map fresh = {.a = w->arena};
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct wn_sighting *x = &in->sightings[i];
		if (in->plan->rows[i].how != WN_INTAKE_REVIEW)
			continue;
		struct wn_str key = {(const char *)x->key.b, 32};
		ids[i] = wn_id_of("review", &key, 1);
		const struct wn_pg_param q[] = {
		    wn_pg_int2(wn_id_bucket(ids[i])),
		    wn_pg_id(ids[i]),
		    param_str(x->feed),
		    param_str(x->item),
		    param_text(x->account.name),
		    param_text(x->account.domain),
		    param_text(x->account.email),
		    param_cstr(in->plan->rows[i].why),
		    param_json_or(w->arena, candidates_value(w, &in->plan->rows[i]), "[]"),
		    param_json_or(w->arena, sighting_value(w, x), "{}"),
		    wn_pg_time(w->now_us),
		    param_text(name_key(w, x->account.name))};
		memcpy(&p[n++ * REVIEW_COLUMNS], q, sizeof(q));
	}
	if (!n)
		return WN_OK;
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_account_review_insert, p, n, REVIEW_COLUMNS, NULL, 0, &r, err));
	TRY(wn_pg_flush(s->pg, err));
	for (int i = 0; i < r.rows; i++)
		*id_map_at(&fresh, wn_pg_get_id(&r, i, 0)) = (void *)1;
	size_t searched = 0;
	for (size_t i = 0; i < in->n; i++) {
		struct plan_row *row = &in->plan->rows[i];
		if (row->how == WN_INTAKE_REVIEW && !id_map_get(&fresh, ids[i]))
			row->how = WN_INTAKE_DUPLICATE;
		else if (row->how == WN_INTAKE_REVIEW && !row->n_candidates && searched++ < LIKELY_MAX)
			TRY(add_likely(s, w, ids[i], &in->sightings[i], err));
	}
	return WN_OK;
}

/* --- rejects ---- */
static int by_reject_id(const void *a, const void *b)
{
	const struct wn_id *x = a, *y = b;
	return bucket_id_cmp(wn_id_bucket(*x), *x, wn_id_bucket(*y), *y);
}

struct reject {
	struct wn_id id;
	const struct wn_reject_row *row;
};

enum wn_rc wn_store_rejects(struct wn_store *s, const struct wn_reject_row *rows, size_t n, int64_t now_us,
			    struct wn_err *err)
{
	if (!n)
		return WN_OK;
	struct reject *v = wn_alloc(n * sizeof(*v));
	struct wn_pg_param *p = wn_alloc(n * 8 * sizeof(*p));
	size_t m = 0, kept = 0;
	for (size_t i = 0; i < n; i++) {
		struct wn_str fields[] = {rows[i].feed, rows[i].item, rows[i].reason};
		v[i] = (struct reject){wn_id_of("reject", fields, 3), &rows[i]};
	}
	qsort(v, n, sizeof(*v), by_reject_id); /* the id stands first in the struct */
	for (; m < n; m++) {
		const struct wn_reject_row *r = v[m].row;
		if (m && wn_id_eq(v[m - 1].id, v[m].id))
			continue;
		const struct wn_pg_param q[] = {wn_pg_int2(wn_id_bucket(v[m].id)),
						wn_pg_id(v[m].id),
						param_str(r->feed),
						param_str(r->item),
						param_str(r->reason),
						param_text(r->detail),
						param_text(r->excerpt),
						wn_pg_time(now_us)};
		memcpy(&p[kept++ * 8], q, sizeof(q));
	}
	enum wn_rc rc = wn_pg_queue_rows(s->pg, &wn_sql_reject_insert, p, kept, 8, NULL, 0, NULL, err);
	if (rc == WN_OK && !wn_pg_in_transaction(s->pg))
		rc = wn_pg_flush(s->pg, err);
	free(v);
	free(p);
	return rc;
}
