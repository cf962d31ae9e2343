/* SPDX-License-Identifier: MIT */
/*
 * Outcomes: written with the world that credited them, found by the event of a touch, and taken from the inbox into
 * which plain SQL and feeds put them. What an outcome does is the engine's business.
 */
#include "store_internal.h"

static struct wn_pg_param money(double usd)
{
	struct wn_pg_param p = wn_pg_float8(usd);
	if (usd <= 0)
		p.n = -1;
	return p;
}

enum wn_rc flush_outcomes(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	WN_VEC(struct wn_pg_param) rows = {0}, credits = {0};
	size_t n_credits = 0;
	for (size_t i = 0; i < w->outcomes.n; i++) {
		const struct wn_outcome *o = w->outcomes.v[i];
		const struct wn_account *a = o->account;
		const struct wn_pg_param row[] = {wn_pg_int2(a->bucket), wn_pg_id(a->id), wn_pg_id(o->key), param_uuid_0(o->contact_id),
						  param_uuid_0(o->campaign_id), param_cstr(wn_outcome_to_text(o->kind)), wn_pg_time(o->at_us),
						  wn_pg_time(w->now_us), money(o->value_usd), money(o->cost_usd), param_str(o->source),
						  param_text(o->note)};
		for (size_t k = 0; k < WN_COUNT(row); k++)
			*WN_PUSH(w->arena, &rows) = row[k];
		for (size_t k = 0; k < o->credits.n; k++, n_credits++) {
			const struct wn_credit *x = &o->credits.v[k];
			const struct wn_pg_param credit[] = {wn_pg_int2(a->bucket), wn_pg_id(a->id), wn_pg_id(o->key), wn_pg_id(x->member->campaign_id),
							     wn_pg_id(x->member->contact_id), wn_pg_int2(x->member->campaign_bucket), wn_pg_int4(x->step),
							     wn_pg_bool(x->reached), wn_pg_bool(x->first), wn_pg_bool(x->last)};
			for (size_t j = 0; j < WN_COUNT(credit); j++)
				*WN_PUSH(w->arena, &credits) = credit[j];
		}
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_outcome_insert, rows.v, w->outcomes.n, 12, NULL, 0, NULL, err));
	return wn_pg_queue_rows(s->pg, &wn_sql_outcome_credit_insert, credits.v, n_credits, 10, NULL, 0, NULL, err);
}

enum wn_rc wn_store_outcome_exists(struct wn_store *s, struct wn_id key, bool *there, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_outcome_exists, WN_PARAMS(wn_pg_id(key)), &r, err));
	*there = r.rows > 0;
	return WN_OK;
}

enum wn_rc wn_store_campaign_opening(struct wn_store *s, int bucket, struct wn_id campaign_id, struct wn_id *account_id, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_campaign_opening, WN_PARAMS(wn_pg_int2(bucket), wn_pg_id(campaign_id)), &r, err));
	if (!r.rows)
		return wn_fail(err, WN_NOT_FOUND, "no such campaign");
	*account_id = wn_pg_get_id(&r, 0, 0);
	return WN_OK;
}

enum wn_rc wn_store_touch_of_event(struct wn_store *s, struct wn_id event_id, struct wn_touch_ref *out, struct wn_err *err)
{
	RESULT(r);
	char text[37];
	wn_id_to_text(event_id, text);
	TRY(wn_pg_exec(s->pg, &wn_sql_touch_of_event, WN_PARAMS(wn_pg_id(event_id)), &r, err));
	if (!r.rows)
		return wn_fail(err, WN_NOT_FOUND, "no touch was ever sent as event %s", text);
	*out = (struct wn_touch_ref){wn_pg_get_id(&r, 0, 0), wn_pg_get_id(&r, 0, 1), wn_pg_get_id(&r, 0, 2), (int)wn_pg_get_int(&r, 0, 3)};
	return WN_OK;
}

enum wn_rc wn_store_outcome_inbox(struct wn_store *s, int limit, struct wn_arena *a, struct wn_outcome_row **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_outcome_inbox_new, WN_PARAMS(wn_pg_int8(limit)), &r, err));
	*out = WN_NEW_N(a, struct wn_outcome_row, (size_t)r.rows + 1);
	*n = (size_t)r.rows;
	for (int i = 0; i < r.rows; i++)
		(*out)[i] = (struct wn_outcome_row){.inbox_id = wn_pg_get_id(&r, i, 0),
						    .kind = get_str(&r, i, 1, a),
						    .account = get_str(&r, i, 2, a),
						    .email = get_str(&r, i, 3, a),
						    .campaign = get_str(&r, i, 4, a),
						    .touch = get_str(&r, i, 5, a),
						    .at_us = get_us_0(&r, i, 6),
						    .put_us = wn_pg_get_us(&r, i, 12),
						    .value_usd = wn_pg_is_null(&r, i, 7) ? 0 : wn_pg_get_double(&r, i, 7),
						    .cost_usd = wn_pg_is_null(&r, i, 8) ? 0 : wn_pg_get_double(&r, i, 8),
						    .source = get_str(&r, i, 9, a),
						    .id = get_str(&r, i, 10, a),
						    .note = get_str(&r, i, 11, a)};
	return WN_OK;
}

/* Without a rate the amount is not guessed: it stands in the note. */
static void to_dollars(struct wn_outcome_row *o, double usd, struct wn_arena *a)
{
	if (usd <= 0) {
		const char *said = wn_arena_printf(a, WN_STR_FMT "%s%.2f " WN_STR_FMT ", of which day no rate is known", WN_STR_ARG(o->note),
						   o->note.n ? "; " : "", o->value_usd > 0 ? o->value_usd : o->cost_usd, WN_STR_ARG(o->currency));
		o->note = wn_str_of(said);
	}
	o->value_usd *= usd;
	o->cost_usd *= usd;
	o->currency = (struct wn_str){NULL, 0};
}

static enum wn_rc convert(struct wn_store *s, struct wn_outcome_row *rows, size_t n, int64_t now_us, struct wn_arena *a, struct wn_err *err)
{
	struct wn_str *currencies = WN_NEW_N(a, struct wn_str, n + 1);
	int64_t *days = WN_NEW_N(a, int64_t, n + 1);
	size_t *at = WN_NEW_N(a, size_t, n + 1), wanted = 0;
	double *usd = WN_NEW_N(a, double, n + 1);
	RESULT(r);
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].currency.n || (rows[i].value_usd <= 0 && rows[i].cost_usd <= 0))
			continue;
		currencies[wanted] = rows[i].currency;
		days[wanted] = day_of(rows[i].at_us ? rows[i].at_us : now_us);
		at[wanted++] = i;
	}
	if (!wanted)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_fx_find, WN_PARAMS(wn_pg_strs(a, currencies, wanted), wn_pg_int8s(a, days, wanted)), &r, err));
	for (int i = 0; i < r.rows; i++) {
		int64_t k = wn_pg_get_int(&r, i, 0) - 1;
		if (k >= 0 && k < (int64_t)wanted)
			usd[k] = wn_pg_get_double(&r, i, 1);
	}
	for (size_t i = 0; i < wanted; i++)
		to_dollars(&rows[at[i]], usd[i], a);
	return WN_OK;
}

enum { INBOX_COLUMNS = 13 };

enum wn_rc wn_store_outcome_inbox_put(struct wn_store *s, const struct wn_outcome_row *said, size_t n, int64_t now_us, struct wn_arena *a,
				      size_t *fresh, struct wn_err *err)
{
	struct wn_outcome_row *rows = WN_NEW_N(a, struct wn_outcome_row, n + 1);
	struct wn_pg_param *p = WN_NEW_N(a, struct wn_pg_param, n * INBOX_COLUMNS + 1);
	RESULT(r);
	if (n)
		memcpy(rows, said, n * sizeof(*rows));
	TRY(convert(s, rows, n, now_us, a, err));
	for (size_t i = 0; i < n; i++) {
		const struct wn_outcome_row *o = &rows[i];
		const struct wn_pg_param q[] = {wn_pg_id(o->inbox_id), param_str(o->kind), param_text(o->account), param_text(o->email),
						param_text(o->campaign), param_text(o->touch), param_time_0(o->at_us), money(o->value_usd),
						money(o->cost_usd), param_str(o->source), param_text(o->id), param_text(o->note),
						wn_pg_time(now_us)};
		memcpy(&p[i * INBOX_COLUMNS], q, sizeof(q));
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_outcome_inbox_put, p, n, INBOX_COLUMNS, NULL, 0, &r, err));
	TRY(wn_pg_flush(s->pg, err));
	*fresh = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_outcome_inbox_done(struct wn_store *s, struct wn_id inbox_id, const char *state, struct wn_str why, int64_t now_us, struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_outcome_inbox_done, WN_PARAMS(wn_pg_id(inbox_id), param_cstr(state), param_text(why), wn_pg_time(now_us)), NULL,
			  err);
}

enum wn_rc wn_store_lesson(struct wn_store *s, int bucket, struct wn_id campaign_id, int64_t now_us, const char *by, struct wn_str text, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_lesson_insert,
		       WN_PARAMS(wn_pg_int2(bucket), wn_pg_id(campaign_id), wn_pg_time(now_us), param_cstr(by), param_str(text)), &r, err));
	return r.affected ? WN_OK : wn_fail(err, WN_NOT_FOUND, "no such campaign");
}
