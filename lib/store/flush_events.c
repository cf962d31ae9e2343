/* SPDX-License-Identifier: MIT */
/*
 * History and outbox: one gen, one history row, one outbox row a sink. history.sinks says who was to get the
 * event, so that fsck can compare the two in both directions. Touches carry their own event through its
 * attempts.
 */
#include "store_internal.h"

struct wn_id subject_id_of(const char *subject, struct wn_str name)
{
	struct wn_str fields[] = {wn_str_of(subject), name};
	return wn_id_of("subject", fields, 2);
}

static size_t count_sinks(const struct wn_change *ch)
{
	size_t n = 0;
	while (ch->sinks && ch->sinks[n])
		n++;
	return n;
}

static struct wn_touch *touch_of(const struct wn_change *ch)
{
	if (!ch->account || ch->step < 0)
		return NULL;
	for (size_t i = 0; i < ch->account->members.n; i++) {
		struct wn_member *m = ch->account->members.v[i];
		if (m->campaign != ch->campaign || !wn_id_eq(m->contact_id, ch->contact_id))
			continue;
		for (size_t k = 0; k < m->touches.n; k++)
			if (m->touches.v[k]->step == ch->step)
				return m->touches.v[k];
	}
	return NULL;
}

/* Every change of a world belongs to a campaign; events of feeds and segments go through wn_store_plain_event.
 */
static struct wn_id bucketed_by(const struct wn_change *ch)
{
	return ch->campaign ? ch->campaign->group_id : ch->account ? ch->account->id : ch->event_id;
}

static struct wn_id subject_of(const struct wn_change *ch)
{
	return ch->campaign ? ch->campaign->id : ch->account ? ch->account->id : ch->event_id;
}

static void history_row(struct wn_store *s, struct wn_world *w, const struct wn_change *ch,
			struct wn_pg_param *p)
{
	struct wn_str *sinks = WN_NEW_N(w->arena, struct wn_str, count_sinks(ch) + 1);
	for (size_t i = 0; i < count_sinks(ch); i++)
		sinks[i] = wn_str_of(ch->sinks[i]);
	struct wn_pg_param step = wn_pg_int4(ch->step);
	if (ch->step < 0)
		step.n = -1;
	const struct wn_pg_param row[] = {wn_pg_int2(wn_id_bucket(bucketed_by(ch))),
					  wn_pg_id(bucketed_by(ch)),
					  wn_pg_id(subject_of(ch)),
					  wn_pg_int8(ch->gen),
					  param_day(ch->at_us),
					  wn_pg_time(ch->at_us),
					  param_cstr(ch->subject),
					  param_cstr(ch->type),
					  param_cstr(ch->from),
					  param_cstr(ch->to),
					  param_text(ch->why),
					  param_uuid_0(ch->account ? ch->account->id : (struct wn_id){{0}}),
					  param_uuid_0(ch->contact_id),
					  step,
					  wn_pg_id(ch->event_id),
					  wn_pg_strs(w->arena, sinks, count_sinks(ch)),
					  param_json_or(w->arena, ch->data, "{}"),
					  param_cstr(w->actor ? w->actor : ""),
					  param_cstr(s->instance)};
	memcpy(p, row, sizeof(row));
}

static void outbox_row(struct wn_world *w, const struct wn_change *ch, const char *sink,
		       struct wn_pg_param payload, struct wn_pg_param *p)
{
	bool is_touch = strcmp(ch->type, "touch.due") == 0;
	const struct wn_touch *t = is_touch ? touch_of(ch) : NULL;
	bool leased = t && t->state == WN_TOUCH_SENDING;
	const struct wn_pg_param row[] = {wn_pg_int2(wn_id_bucket(bucketed_by(ch))),
					  wn_pg_id(bucketed_by(ch)),
					  wn_pg_id(ch->event_id),
					  param_cstr(sink),
					  param_uuid_0(ch->campaign ? ch->campaign->id : (struct wn_id){{0}}),
					  wn_pg_id(subject_of(ch)),
					  wn_pg_int8(ch->gen),
					  param_cstr(ch->type),
					  param_cstr(ch->subject),
					  wn_pg_time(ch->at_us),
					  payload,
					  param_cstr(leased ? "leased" : "pending"),
					  wn_pg_time(t ? t->due_us : ch->at_us),
					  wn_pg_int4(leased ? t->attempts : 0),
					  param_time_0(leased ? w->now_us : 0),
					  param_uuid_0(leased ? t->token : (struct wn_id){{0}}),
					  param_uuid_0(ch->account ? ch->account->id : (struct wn_id){{0}}),
					  param_uuid_0(ch->contact_id),
					  wn_pg_int4(is_touch ? ch->step : -1)};
	memcpy(p, row, sizeof(row));
}

enum { HISTORY_COLS = 19, OUTBOX_COLS = 19 };

enum wn_rc flush_changes(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	size_t n = w->changes.n, sends = 0, at = 0;
	for (size_t i = 0; i < n; i++)
		sends += count_sinks(w->changes.v[i]);
	struct wn_pg_param *history = WN_NEW_N(w->arena, struct wn_pg_param, n * HISTORY_COLS + 1);
	struct wn_pg_param *outbox = WN_NEW_N(w->arena, struct wn_pg_param, sends * OUTBOX_COLS + 1);
	for (size_t i = 0; i < n; i++) {
		const struct wn_change *ch = w->changes.v[i];
		struct wn_pg_param payload = param_json_or(w->arena, ch->data, "{}");
		history_row(s, w, ch, &history[i * HISTORY_COLS]);
		for (size_t k = 0; k < count_sinks(ch); k++)
			if (!wn_planted("outbox_skip") || strcmp(ch->type, "campaign.closed") != 0)
				outbox_row(w, ch, ch->sinks[k], payload, &outbox[at++ * OUTBOX_COLS]);
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_history_insert, history, n, HISTORY_COLS, NULL, 0, NULL, err));
	wn_failpoint("store.flush.history");
	return wn_pg_queue_rows(s->pg, &wn_sql_outbox_insert, outbox, at, OUTBOX_COLS, NULL, 0, NULL, err);
}

/* The outbox row of a touch follows the touch; pending rows of touches wait for the touch's own due time. */
static const char *outbox_state_of(enum wn_touch_state s)
{
	switch (s) {
	case WN_TOUCH_SENDING:
		return "leased";
	case WN_TOUCH_SENT:
		return "delivered";
	case WN_TOUCH_FAILED:
	case WN_TOUCH_UNKNOWN:
		return "dead";
	case WN_TOUCH_DROPPED:
	case WN_TOUCH_EXPIRED:
	case WN_TOUCH_CANCELLED:
		return "cancelled";
	default:
		return "pending";
	}
}

static bool is_born_now(const struct wn_world *w, const struct wn_touch *t)
{
	for (size_t i = 0; i < w->changes.n; i++)
		if (wn_id_eq(w->changes.v[i]->event_id, t->event_id))
			return t->state == WN_TOUCH_SENDING;
	return false;
}

static enum wn_rc follow_touch(struct wn_store *s, struct wn_world *w, const struct wn_touch *t,
			       struct wn_err *err)
{
	if (!t->dirty || wn_id_is_nil(t->event_id) || is_born_now(w, t))
		return WN_OK;
	bool final = wn_touch_is_final(t->state);
	return wn_pg_queue(s->pg, &wn_sql_outbox_touch,
			   WN_PARAMS(wn_pg_int2(t->member->campaign_bucket), wn_pg_id(t->event_id),
				     param_cstr(outbox_state_of(t->state)), wn_pg_time(t->due_us),
				     wn_pg_int4(t->attempts), param_uuid_0(t->token),
				     param_time_0(final ? w->now_us : 0), param_text(t->reason)),
			   NULL, err);
}

enum wn_rc flush_touch_outbox(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++)
			for (size_t k = 0; k < w->accounts.v[a]->members.v[i]->touches.n; k++)
				TRY(follow_touch(s, w, w->accounts.v[a]->members.v[i]->touches.v[k], err));
	return WN_OK;
}

enum wn_rc flush_reviews(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_pg_param *p = WN_NEW_N(w->arena, struct wn_pg_param, w->reviews.n * 17 + 1);
	for (size_t i = 0; i < w->reviews.n; i++) {
		const struct wn_review *r = w->reviews.v[i];
		const struct wn_campaign *c = r->campaign;
		const struct wn_pg_param row[] = {
		    wn_pg_int2(c->bucket),
		    wn_pg_id(c->group_id),
		    wn_pg_id(c->id),
		    wn_pg_bool(r->final),
		    wn_pg_time(r->at_us),
		    param_cstr(c->segment && c->segment->goal.metric ? c->segment->goal.metric : ""),
		    wn_pg_float8(r->target),
		    wn_pg_int4(r->audience),
		    wn_pg_int4(r->touched),
		    wn_pg_int4(r->achieved),
		    wn_pg_float8(r->rate),
		    wn_pg_float8(r->low),
		    wn_pg_float8(r->high),
		    param_cstr(r->verdict),
		    wn_pg_int4(r->holdouts),
		    wn_pg_int4(r->holdout_achieved),
		    wn_pg_float8(r->cost)};
		memcpy(&p[i * 17], row, sizeof(row));
	}
	return wn_pg_queue_rows(s->pg, &wn_sql_review_insert, p, w->reviews.n, 17, NULL, 0, NULL, err);
}
