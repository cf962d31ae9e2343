/* SPDX-License-Identifier: MIT */
/*
 * Writing a world, in lock order: accounts and what is bucketed with them, campaigns, members, evidence,
 * touches, then history and outbox. What is there is locked by us; a campaign row whose gen is newer than ours
 * is not written all the same. A refused opening or such a row is WN_AGAIN: the unit is run again on what is there.
 */
#include "store_internal.h"

#include <stdlib.h>

/* Rows of parameters for one multi-row statement. */
struct rows {
	struct wn_arena *a;
	WN_VEC(struct wn_pg_param) p;
};
#define ADD_ROW(rows_, ...)                                                                                    \
	do {                                                                                                   \
		const struct wn_pg_param add_[] = {__VA_ARGS__};                                               \
		for (size_t add_i_ = 0; add_i_ < WN_COUNT(add_); add_i_++)                                     \
			*WN_PUSH((rows_)->a, &(rows_)->p) = add_[add_i_];                                      \
	} while (0)

static enum wn_rc queue_rows(struct wn_store *s, const struct wn_stmt *stmt, struct rows *r, size_t cols,
			     struct wn_err *err)
{
	return wn_pg_queue_rows(s->pg, stmt, r->p.v, r->p.n / cols, cols, NULL, 0, NULL, err);
}

/* --- accounts and contacts ---- */
static enum wn_rc flush_account(struct wn_store *s, struct wn_world *w, struct wn_account *a,
				struct wn_err *err)
{
	if (!a->dirty)
		return WN_OK;
	struct wn_str name_key = a->name.n ? wn_name_normalise(a->name, w->arena) : (struct wn_str){NULL, 0};
	return wn_pg_queue(s->pg, &wn_sql_account_update,
			   WN_PARAMS(wn_pg_int2(a->bucket), wn_pg_id(a->id), param_text(a->domain),
				     param_text(a->name), param_text(name_key), param_str(a->state),
				     param_uuid_0(a->merged_into),
				     wn_pg_ids(w->arena, row_of(a)->merged_from, row_of(a)->n_merged_from),
				     param_json_or(w->arena, wn_account_traits(a), "{}")),
			   NULL, err);
}

static enum wn_rc flush_contact(struct wn_store *s, struct wn_world *w, const struct wn_account *a,
				const struct wn_contact *c, struct rows *fresh, struct wn_err *err)
{
	struct wn_pg_param traits = param_json_or(w->arena, c->traits, "{}"),
			   consent = param_text(((const struct contact_row *)c)->consent);
	if (c->fresh) {
		ADD_ROW(fresh, wn_pg_int2(a->bucket), wn_pg_id(a->id), wn_pg_id(c->id), param_text(c->email),
			param_text(c->name), param_text(c->position), param_text(c->department),
			wn_pg_int4(c->level), param_text(c->time_zone), wn_pg_bool(c->subject),
			wn_pg_bool(c->departed), wn_pg_bool(c->erased), traits, wn_pg_time(w->now_us), consent);
		return WN_OK;
	}
	if (!c->dirty)
		return WN_OK;
	return wn_pg_queue(s->pg, &wn_sql_contact_update,
			   WN_PARAMS(wn_pg_int2(a->bucket), wn_pg_id(a->id), wn_pg_id(c->id),
				     param_text(c->email), param_text(c->name), param_text(c->position),
				     param_text(c->department), wn_pg_int4(c->level), param_text(c->time_zone),
				     wn_pg_bool(c->subject), wn_pg_bool(c->departed), wn_pg_bool(c->erased),
				     traits, consent),
			   NULL, err);
}

static enum wn_rc flush_accounts(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct rows fresh = {.a = w->arena};
	for (size_t i = 0; i < w->accounts.n; i++)
		TRY(flush_account(s, w, w->accounts.v[i], err));
	for (size_t i = 0; i < w->accounts.n; i++)
		for (size_t k = 0; k < w->accounts.v[i]->contacts.n; k++)
			TRY(flush_contact(s, w, w->accounts.v[i], w->accounts.v[i]->contacts.v[k], &fresh,
					  err));
	return queue_rows(s, &wn_sql_contact_insert, &fresh, 15, err);
}

/* --- signals ---- */
static struct wn_pg_param publishers_param(struct wn_world *w, const struct wn_signal *s)
{
	WN_CLEANUP(wn_buf_done) struct wn_buf b;
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_buf_char(&b, '[');
	for (size_t i = 0; i < s->n_publisher_list; i++) {
		const struct wn_publisher *p = &s->publisher_list[i];
		wn_buf_text(&b, i ? ", {\"d\": " : "{\"d\": ");
		wn_json_write_string(&b, p->domain);
		wn_buf_text(&b, ", \"h\": ");
		wn_json_write_string(&b, p->headline_key);
		if (p->source.n) {
			wn_buf_text(&b, ", \"s\": ");
			wn_json_write_string(&b, p->source);
		}
		wn_buf_char(&b, '}');
	}
	wn_buf_char(&b, ']');
	return wn_pg_jsonb(wn_arena_str(w->arena, wn_buf_slice(&b)));
}

static void insert_signal(struct wn_world *w, const struct wn_signal *s, struct rows *r)
{
	ADD_ROW(r, wn_pg_int2(wn_id_bucket(s->account_id)), wn_pg_id(s->account_id), wn_pg_id(s->key),
		wn_pg_date(s->received_on), param_cstr(wn_registry_kind(w->catalog->registry, s->kind)->name),
		wn_pg_time(s->occurred_us), param_time_0(s->published_us), wn_pg_time(s->observed_us),
		wn_pg_time(s->stored_us), wn_pg_float8(s->strength), wn_pg_interval(s->half_life_us),
		wn_pg_time(s->hard_stop_us), wn_pg_int4(s->publishers), publishers_param(w, s),
		param_json_or(w->arena, s->attrs, "{}"), param_json(w->arena, s->conflicts),
		param_text(s->headline), param_text(s->url), param_text(s->span), param_str(s->feed),
		param_uuid_0(s->contact_id), wn_pg_bool(s->history), wn_pg_bool(s->retracted));
}

static enum wn_rc update_signal(struct wn_store *st, struct wn_world *w, const struct wn_signal *s,
				struct wn_err *err)
{
	return wn_pg_queue(st->pg, &wn_sql_signal_update,
			   WN_PARAMS(wn_pg_int2(wn_id_bucket(s->account_id)), wn_pg_id(s->account_id),
				     wn_pg_id(s->key), wn_pg_date(s->received_on), wn_pg_int4(s->publishers),
				     publishers_param(w, s), param_json_or(w->arena, s->attrs, "{}"),
				     param_json(w->arena, s->conflicts), wn_pg_bool(s->retracted),
				     param_text(s->headline), param_text(s->url), wn_pg_time(s->occurred_us),
				     wn_pg_time(s->hard_stop_us), param_uuid_0(s->contact_id),
				     s->retracted ? param_cstr(w->actor) : param_cstr(NULL)),
			   NULL, err);
}

static enum wn_rc flush_signals(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct rows fresh = {.a = w->arena};
	for (size_t i = 0; i < w->accounts.n; i++)
		for (size_t k = 0; k < w->accounts.v[i]->signals.n; k++) {
			const struct wn_signal *sig = w->accounts.v[i]->signals.v[k];
			if (sig->fresh)
				insert_signal(w, sig, &fresh);
			else if (sig->dirty)
				TRY(update_signal(s, w, sig, err));
		}
	return queue_rows(s, &wn_sql_signal_insert, &fresh, 23, err);
}

/* --- campaigns ---- */
static int by_bucket_and_id(const void *a, const void *b)
{
	const struct wn_campaign *x = *(struct wn_campaign *const *)a, *y = *(struct wn_campaign *const *)b;
	return bucket_id_cmp(x->bucket, x->id, y->bucket, y->id);
}

static struct wn_pg_param steps_param(struct wn_arena *a, const struct wn_campaign *c)
{
	struct wn_value *list = WN_NEW_N(a, struct wn_value, c->steps.n + 1);
	for (size_t i = 0; i < c->steps.n; i++) {
		struct wn_value *pair = WN_NEW_N(a, struct wn_value, 2);
		pair[0] = wn_int(c->steps.v[i].segment->version);
		pair[1] = wn_int(c->steps.v[i].from_us);
		list[i] = wn_list(pair, 2);
	}
	return param_json(a, c->steps.n ? wn_list(list, c->steps.n) : (struct wn_value){0});
}

static void campaign_row(struct wn_world *w, const struct wn_campaign *c, struct rows *r)
{
	const struct wn_segment *s = c->segment;
	ADD_ROW(r, wn_pg_int2(c->bucket), wn_pg_id(c->id), wn_pg_id(c->group_id), param_str(c->segment_name),
		wn_pg_int4(c->version), param_json_or(w->arena, c->group, "[]"), wn_pg_id(c->opening_signal),
		wn_pg_id(c->opening_account), param_cstr(wn_campaign_state_to_text(c->state)),
		param_cstr(wn_result_to_text(c->result)), wn_pg_bool(c->shadow), param_time_0(c->proposed_us),
		param_time_0(c->opened_us), wn_pg_time(c->intake_ends_us), wn_pg_time(c->max_ends_us),
		param_time_0(c->closed_us), param_time_0(c->live_until_us), wn_pg_int4(c->live_members),
		wn_pg_int4(c->audience), wn_pg_int4(c->members), wn_pg_int4(c->holdouts),
		wn_pg_int4(c->touched), wn_pg_int4(c->achieved), wn_pg_int4(c->converted),
		wn_pg_time(c->due_us), wn_pg_int8(c->gen),
		wn_pg_bytes((struct wn_str){(const char *)c->seal, sizeof(c->seal)}),
		wn_pg_bool(c->reviewed_final), wn_pg_float8(c->cost), wn_pg_float8(s ? s->life.floor : 0),
		param_cstr(s && s->goal.metric ? s->goal.metric : ""), wn_pg_float8(s ? s->goal.target : 0),
		wn_pg_interval(s ? s->goal.window_us : 0), wn_pg_int4(c->holdout_achieved), steps_param(w->arena, c));
}

/* Those that were there first: what closes makes room for what opens in its group. *moved is filled by the last flush. */
static enum wn_rc flush_campaigns(struct wn_store *s, struct wn_world *w, size_t *changed, struct wn_pg_result *moved,
				  struct wn_err *err)
{
	struct rows fresh = {.a = w->arena}, known = {.a = w->arena};
	if (w->campaigns.n)
		qsort(w->campaigns.v, w->campaigns.n, sizeof(struct wn_campaign *), by_bucket_and_id);
	*changed = 0;
	for (size_t i = 0; i < w->campaigns.n; i++) {
		struct wn_campaign *c = w->campaigns.v[i];
		if (c->fresh || c->dirty)
			campaign_row(w, c, c->fresh ? &fresh : &known);
		*changed += c->dirty && !c->fresh;
	}
	TRY(wn_pg_queue_rows(s->pg, &wn_sql_campaign_update, known.p.v, *changed, 35, NULL, 0, moved, err));
	return queue_rows(s, &wn_sql_campaign_insert, &fresh, 35, err);
}

/* --- members and touches ---- */
/* Rows that are new, and rows that are there and locked by us. */
struct two_rows {
	struct rows fresh, known;
};

static enum wn_rc queue_two(struct wn_store *s, const struct wn_stmt *update, const struct wn_stmt *insert,
			    struct two_rows *r, size_t cols, struct wn_err *err)
{
	TRY(queue_rows(s, update, &r->known, cols, err));
	return queue_rows(s, insert, &r->fresh, cols, err);
}

#define MEMBER_KEY(m)                                                                                          \
	wn_pg_int2((m)->account->bucket), wn_pg_id((m)->account->id), wn_pg_id((m)->campaign_id),              \
	    wn_pg_id((m)->contact_id)

static void member_row(const struct wn_member *m, struct rows *r)
{
	bool left = m->left != WN_LEFT_LIVE;
	ADD_ROW(r, MEMBER_KEY(m), wn_pg_int2(m->campaign_bucket), param_str(m->segment), wn_pg_int4(m->version),
		wn_pg_bool(m->shadow), wn_pg_bool(m->holdout), param_cstr(left ? "left" : "live"),
		param_cstr(left ? wn_left_to_text(m->left) : NULL), wn_pg_time(m->enrolled_us),
		param_time_0(left ? m->left_us : 0), wn_pg_id(m->signal_key), wn_pg_float8(m->heat),
		wn_pg_time(m->box_ends_us), wn_pg_time(m->stale_us), wn_pg_time(m->first_touch_by_us),
		param_time_0(m->blind_until_us), wn_pg_bool(m->finishing_fit), wn_pg_bool(m->replied_hold),
		wn_pg_time(m->due_us), wn_pg_int4(m->touches_sent), wn_pg_bool(m->replied), param_time_0(m->reached_us));
}

static void evidence_row(const struct wn_world *w, const struct wn_member *m, const struct wn_evidence *e,
			 struct rows *r)
{
	ADD_ROW(r, MEMBER_KEY(m), wn_pg_id(e->signal_key),
		param_cstr(wn_registry_kind(w->catalog->registry, e->kind)->name), wn_pg_time(e->occurred_us),
		wn_pg_float8(e->strength), wn_pg_int4(e->publishers), wn_pg_interval(e->half_life_us),
		wn_pg_time(e->hard_stop_us), param_str(e->clause.p ? e->clause : WN_STR("")),
		wn_pg_bool(e->removed));
}

static void touch_row(const struct wn_touch *t, struct rows *r)
{
	struct wn_member *m = t->member;
	static const uint8_t none[32];
	bool rendered = memcmp(t->rendered_hash, none, 32) != 0;
	struct wn_str hash = {rendered ? (const char *)t->rendered_hash : NULL, rendered ? 32 : 0};
	ADD_ROW(r, MEMBER_KEY(m), wn_pg_int4(t->step), param_str(t->channel), param_text(t->sink),
		param_cstr(wn_touch_state_to_text(t->state)), param_text(t->reason), wn_pg_time(t->planned_us),
		wn_pg_time(t->due_us), wn_pg_time(t->valid_until_us), param_time_0(t->claimed_us),
		param_time_0(t->sent_us), wn_pg_int4(t->attempts), param_uuid_0(t->token),
		param_uuid_0(t->event_id), param_text(t->variant), wn_pg_bytes(hash), param_text(t->subject),
		param_text(t->text));
}

/* fn for every member of the world. */
#define EACH_MEMBER(w, m)                                                                                      \
	for (size_t a_ = 0; a_ < (w)->accounts.n; a_++)                                                        \
		for (size_t i_ = 0;                                                                            \
		     i_ < (w)->accounts.v[a_]->members.n && (m = (w)->accounts.v[a_]->members.v[i_]); i_++)

#define ROWS_FOR(two_, x_) ((x_)->fresh ? &(two_).fresh : &(two_).known)

static enum wn_rc flush_members(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct two_rows members = {{.a = w->arena}, {.a = w->arena}}, evidence = members, touches = members;
	struct wn_member *m;
	EACH_MEMBER(w, m)
	{
		if (m->fresh || m->dirty)
			member_row(m, ROWS_FOR(members, m));
		for (size_t k = 0; k < m->touches.n; k++)
			if (m->touches.v[k]->fresh || m->touches.v[k]->dirty)
				touch_row(m->touches.v[k], ROWS_FOR(touches, m->touches.v[k]));
		for (size_t k = 0; k < m->evidence.n; k++)
			if (m->evidence.v[k]->fresh || m->evidence.v[k]->dirty)
				evidence_row(w, m, m->evidence.v[k], ROWS_FOR(evidence, m->evidence.v[k]));
	}
	TRY(queue_two(s, &wn_sql_member_update, &wn_sql_member_insert, &members, 25, err));
	TRY(queue_two(s, &wn_sql_touch_update, &wn_sql_touch_insert, &touches, 21, err));
	return queue_two(s, &wn_sql_evidence_update, &wn_sql_evidence_insert, &evidence, 13, err);
}

/* --- small things ---- */
static bool is_last_recheck(const struct wn_account *a, size_t i)
{
	for (size_t k = i + 1; k < a->rechecks.n; k++)
		if (wn_str_eq(a->rechecks.v[k]->segment, a->rechecks.v[i]->segment) &&
		    wn_id_eq(a->rechecks.v[k]->signal_key, a->rechecks.v[i]->signal_key))
			return false;
	return true;
}

static enum wn_rc flush_verdict_rows(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct rows non_actions = {.a = w->arena}, rechecks = {.a = w->arena};
	for (size_t i = 0; i < w->accounts.n; i++) {
		const struct wn_account *a = w->accounts.v[i];
		for (size_t k = 0; k < a->non_actions.n; k++) {
			const struct wn_non_action *n = a->non_actions.v[k];
			if (n->fresh)
				ADD_ROW(&non_actions, wn_pg_int2(a->bucket), wn_pg_id(a->id),
					param_str(n->segment), wn_pg_id(n->signal_key),
					param_cstr(wn_non_action_to_text(n->reason)), param_text(n->clause),
					param_text(n->detail), wn_pg_time(n->at_us));
		}
		for (size_t k = 0; k < a->rechecks.n; k++) {
			const struct wn_recheck *c = a->rechecks.v[k];
			if (!is_last_recheck(a, k))
				continue;
			if (c->remove)
				TRY(wn_pg_queue(s->pg, &wn_sql_recheck_delete,
						WN_PARAMS(wn_pg_int2(a->bucket), wn_pg_id(a->id),
							  param_str(c->segment), wn_pg_id(c->signal_key), wn_pg_time(WN_NEVER)),
						NULL, err));
			else if (c->fresh)
				ADD_ROW(&rechecks, wn_pg_int2(a->bucket), wn_pg_id(a->id),
					param_str(c->segment), wn_pg_id(c->signal_key), wn_pg_time(c->at_us));
		}
	}
	TRY(queue_rows(s, &wn_sql_non_action_upsert, &non_actions, 8, err));
	return queue_rows(s, &wn_sql_recheck_upsert, &rechecks, 5, err);
}

static enum wn_rc flush_fact_changes(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct rows r = {.a = w->arena};
	for (size_t i = 0; i < w->fact_changes.n; i++) {
		const struct wn_fact_change *f = w->fact_changes.v[i];
		ADD_ROW(&r, wn_pg_int2(f->account->bucket), wn_pg_id(f->account->id), wn_pg_id(f->contact_id),
			param_str(f->trait), wn_pg_time(f->at_us), param_day(f->at_us),
			param_json(w->arena, f->old), param_json(w->arena, f->new), param_str(f->source));
	}
	return queue_rows(s, &wn_sql_fact_change_insert, &r, 9, err);
}

/* --- the whole ---- */
static enum wn_rc send_all(struct wn_store *s, struct wn_world *w, size_t *changed, struct wn_pg_result *moved,
			   struct wn_err *err)
{
	wn_failpoint("store.flush.start");
	TRY(flush_accounts(s, w, err));
	TRY(flush_signals(s, w, err));
	wn_failpoint("store.flush.signals");
	TRY(flush_campaigns(s, w, changed, moved, err));
	wn_failpoint("store.flush.campaigns");
	TRY(flush_members(s, w, err));
	wn_failpoint("store.flush.members");
	TRY(flush_verdict_rows(s, w, err));
	TRY(flush_fact_changes(s, w, err));
	TRY(flush_changes(s, w, err));
	TRY(flush_touch_outbox(s, w, err));
	TRY(flush_reviews(s, w, err));
	TRY(flush_outcomes(s, w, err));
	return wn_pg_flush(s->pg, err);
}

/* What is written is no longer fresh: the same world may go on and be flushed again in this transaction. */
static void settle(struct wn_world *w)
{
	for (size_t i = 0; i < w->accounts.n; i++) {
		struct wn_account *a = w->accounts.v[i];
		a->fresh = a->dirty = false;
		for (size_t k = 0; k < a->signals.n; k++)
			a->signals.v[k]->fresh = a->signals.v[k]->dirty = false;
		for (size_t k = 0; k < a->contacts.n; k++)
			a->contacts.v[k]->fresh = a->contacts.v[k]->dirty = false;
		for (size_t k = 0; k < a->non_actions.n; k++)
			a->non_actions.v[k]->fresh = false;
		a->rechecks.n = 0;
	}
	struct wn_member *m;
	EACH_MEMBER(w, m)
	{
		m->fresh = m->dirty = false;
		for (size_t k = 0; k < m->evidence.n; k++)
			m->evidence.v[k]->fresh = m->evidence.v[k]->dirty = false;
		for (size_t k = 0; k < m->touches.n; k++)
			m->touches.v[k]->fresh = m->touches.v[k]->dirty = false;
	}
	for (size_t i = 0; i < w->campaigns.n; i++) {
		struct wn_campaign *c = w->campaigns.v[i];
		c->fresh = c->dirty = false;
		c->was = c->state;
	}
	w->changes.n = w->reviews.n = w->fact_changes.n = w->outcomes.n = 0;
}

/* A missing month or an opening that lost: temporary, with a sentence that says so. */
enum wn_rc store_translate(struct wn_store *s, enum wn_rc rc, struct wn_err *err)
{
	if (rc == WN_EXISTS)
		return wn_fail(err, WN_AGAIN, "another transaction wrote the same row first (%s)",
			       wn_pg_constraint(s->pg));
	if (rc == WN_REFUSED && strcmp(wn_pg_sqlstate(s->pg), "23514") == 0 &&
	    wn_pg_constraint(s->pg)[0] == '\0')
		return wn_fail(err, WN_AGAIN,
			       "a partition for this day is missing; storing pauses until it is made (is the "
			       "daemon allowed to run "
			       "whynow.partition_ensure?)");
	return rc;
}

enum wn_rc wn_store_flush(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	RESULT(moved);
	size_t changed;
	TRY(store_translate(s, send_all(s, w, &changed, &moved, err), err));
	if ((size_t)moved.affected != changed)
		return wn_fail(err, WN_AGAIN, "a campaign was moved by somebody else");
	settle(w);
	wn_failpoint("store.flush.end");
	return WN_OK;
}
