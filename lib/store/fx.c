/* SPDX-License-Identifier: MIT */
/*
 * Rates of exchange: written by an import, read where a sum in another currency comes in. No rate of the week before: the sum
 * in dollars stays missing, it is never guessed.
 */
#include "store_internal.h"

struct put { const struct wn_fx_rate *rates; size_t n; int64_t changed; };


static enum wn_rc put_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	enum { BATCH = 4096 };
	struct put *p = ctx;
	for (size_t from = 0; from < p->n; from += BATCH) {
		WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
		size_t count = p->n - from < BATCH ? p->n - from : BATCH;
		struct wn_pg_param *rows = WN_NEW_N(a, struct wn_pg_param, count * 3);
		RESULT(r);
		for (size_t i = 0; i < count; i++) {
			const struct wn_fx_rate *x = &p->rates[from + i];
			struct wn_pg_param row[] = {wn_pg_date(day_of(x->day_us)), wn_pg_text(x->currency), wn_pg_float8(x->usd)};
			memcpy(&rows[i * 3], row, sizeof(row));
		}
		TRY(wn_pg_queue_rows(s->pg, &wn_sql_fx_upsert, rows, count, 3, NULL, 0, &r, err));
		TRY(wn_pg_flush(s->pg, err));
		p->changed += r.affected;
	}
	return WN_OK;
}

enum wn_rc wn_store_fx_put(struct wn_store *s, const struct wn_fx_rate *rates, size_t n, int64_t *changed, struct wn_err *err)
{
	struct put p = {rates, n, 0};
	TRY(in_transaction(s, put_in, &p, err));
	*changed = p.changed;
	return WN_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* A sum in another currency whose dollars are not there, of a kind that has the attribute. */
static bool needs_rate(const struct wn_registry *r, const struct wn_sighting *s)
{
	struct wn_value amount = wn_value_at(s->attrs, "amount"), currency = wn_value_at(s->attrs, "currency");
	return s->kind >= 0 && amount.kind == WN_DOUBLE && currency.kind == WN_STRING && currency.n == 3 &&
	       wn_value_at(s->attrs, "amount_usd").kind == WN_ABSENT && wn_registry_attr_of_kind(r, s->kind, WN_STR("amount_usd"));
}

static void set_usd(struct wn_sighting *s, double usd, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	for (size_t i = 0; i < s->attrs.n; i++)
		wn_map_set(&m, wn_arena_strdup(a, wn_value_str(s->attrs.map[i].key)), s->attrs.map[i].value);
	wn_map_set(&m, "amount_usd", wn_double(usd));
	s->attrs = wn_map_end(&m);
}

enum wn_rc wn_store_fx(struct wn_store *s, const struct wn_registry *registry, struct wn_sighting *sightings, size_t n, struct wn_arena *a,
		       struct wn_err *err)
{
	struct wn_sighting **some = WN_NEW_N(a, struct wn_sighting *, n + 1);
	struct wn_str *currencies = WN_NEW_N(a, struct wn_str, n + 1);
	int64_t *days = WN_NEW_N(a, int64_t, n + 1);
	size_t wanted = 0;
	RESULT(r);
	for (size_t i = 0; i < n; i++) {
		if (!needs_rate(registry, &sightings[i]))
			continue;
		currencies[wanted] = wn_value_str(wn_value_at(sightings[i].attrs, "currency"));
		days[wanted] = day_of(sightings[i].occurred_us);
		some[wanted++] = &sightings[i];
	}
	if (!wanted)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_fx_find, WN_PARAMS(wn_pg_strs(a, currencies, wanted), wn_pg_int8s(a, days, wanted)), &r, err));
	for (int i = 0; i < r.rows; i++) {
		int64_t at = wn_pg_get_int(&r, i, 0) - 1;
		if (at >= 0 && at < (int64_t)wanted)
			set_usd(some[at], wn_value_at(some[at]->attrs, "amount").d * wn_pg_get_double(&r, i, 1), a);
	}
	return WN_OK;
}
