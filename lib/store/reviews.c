/* SPDX-License-Identifier: MIT */
/* Answers of people to what waits in the review queue: the sightings back as they were read, and what became of them. */
#include "intake_internal.h"

#include <whynow/date.h>

static int64_t time_of(struct wn_value m, const char *name)
{
	int64_t us = 0;
	return wn_date_parse(wn_value_str(wn_value_at(m, name)), &us) ? us : 0;
}

static struct wn_str text_of(struct wn_value m, const char *name)
{
	return wn_value_str(wn_value_at(m, name));
}

static void read_sighting(struct wn_world *w, struct wn_value m, struct wn_sighting *x)
{
	const struct wn_registry *r = w->catalog->registry;
	struct wn_value kind = wn_value_at(m, "kind"), strength = wn_value_at(m, "strength");
	x->kind = kind.kind == WN_STRING ? wn_registry_kind_number(r, wn_value_str(kind)) : -1;
	(void)wn_unhex(text_of(m, "key"), x->key.b, sizeof(x->key.b));
	x->place = (int)wn_value_at(m, "place").i;
	x->occurred_us = time_of(m, "occurred_at");
	x->published_us = time_of(m, "published_at");
	x->observed_us = time_of(m, "observed_at");
	x->observed_us = x->observed_us ? x->observed_us : w->now_us;
	x->strength = strength.kind == WN_DOUBLE ? strength.d : 1;
	x->publisher = text_of(m, "publisher");
	x->source_named = text_of(m, "source");
	x->headline = text_of(m, "headline");
	x->url = text_of(m, "url");
	x->span = text_of(m, "span");
	x->contact = (struct wn_contact_hint){text_of(m, "person"), text_of(m, "address"), text_of(m, "position"), text_of(m, "department"),
					      (int)wn_value_at(m, "level").i};
	x->attrs = x->kind >= 0 ? coerce_attrs(r, x->kind, wn_value_at(m, "attributes"), w->arena) : (struct wn_value){0};
	x->traits = wn_value_at(m, "traits");
}

enum wn_rc wn_store_reviews(struct wn_store *s, struct wn_world *w, struct wn_id id, bool of_name, struct wn_waiting **out, size_t *n,
			    struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_review_load, WN_PARAMS(wn_pg_id(id), wn_pg_bool(of_name)), &r, err));
	if (!r.rows)
		return wn_fail(err, WN_NOT_FOUND, "it was answered already");
	struct wn_waiting *v = WN_NEW_N(w->arena, struct wn_waiting, (size_t)r.rows);
	for (int i = 0; i < r.rows; i++) {
		v[i].id = wn_pg_get_id(&r, i, 0);
		v[i].name = get_str(&r, i, 3, w->arena);
		v[i].name_key = get_str(&r, i, 6, w->arena);
		v[i].sighting = (struct wn_sighting){.feed = get_str(&r, i, 1, w->arena), .item = get_str(&r, i, 2, w->arena)};
		v[i].sighting.account = (struct wn_account_hint){.domain = get_str(&r, i, 4, w->arena),
								 .name = v[i].name,
								 .email = get_str(&r, i, 5, w->arena)};
		read_sighting(w, get_json(&r, i, 7, w->arena), &v[i].sighting);
	}
	*out = v;
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_review_close(struct wn_store *s, struct wn_id review, struct wn_id account, const char *verdict, const char *by,
				 int64_t now_us, struct wn_err *err)
{
	return wn_pg_queue(s->pg, &wn_sql_review_close,
			   WN_PARAMS(wn_pg_int2(wn_id_bucket(review)), wn_pg_id(review), wn_pg_time(now_us), wn_pg_id_or_null(account),
				     param_cstr(verdict), param_cstr(by)),
			   NULL, err);
}

enum wn_rc wn_store_merged_into(struct wn_store *s, struct wn_id id, struct wn_id *into, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_account_merged_into, WN_PARAMS(wn_pg_id(id)), &r, err));
	*into = r.rows && !wn_pg_is_null(&r, 0, 0) ? wn_pg_get_id(&r, 0, 0) : (struct wn_id){{0}};
	return WN_OK;
}
