/* SPDX-License-Identifier: MIT */
/*
 * Outcomes: to which enrolments one is credited, and what it does there (design 05, "Outcomes, review, learning" and "On
 * reply"). One enrolment a campaign gets the credit, so that a campaign never counts a thing twice. Whether the outcome
 * is new, and suppressing addresses, is the caller's and the store's business.
 */
#include "engine_internal.h"

/* ------------------------------------------------------------------------------------------------------- stages */
static const enum wn_outcome_kind ways[][4] = {
	{WN_OUTCOME_REPLY, WN_OUTCOME_MEETING, WN_OUTCOME_OPPORTUNITY, WN_OUTCOME_PURCHASE},
	{WN_OUTCOME_SIGNUP, WN_OUTCOME_TRIAL, WN_OUTCOME_PURCHASE, WN_OUTCOME_PURCHASE},
};

static int stage_in(const enum wn_outcome_kind *way, enum wn_outcome_kind kind)
{
	for (int i = 0; i < 4; i++)
		if (way[i] == kind)
			return i;
	return -1;
}

bool wn_outcome_reaches(enum wn_outcome_kind kind, const char *metric)
{
	enum wn_outcome_kind goal;
	if (!metric || !wn_outcome_from_text(wn_str_of(metric), &goal))
		return false;
	if (kind == WN_OUTCOME_CONVERSION || kind == goal)
		return true;
	for (size_t i = 0; i < WN_COUNT(ways); i++) {
		int need = stage_in(ways[i], goal), have = stage_in(ways[i], kind);
		if (need >= 0 && have >= need)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------------------------------ credits */
static bool is_in_window(const struct wn_member *m, int64_t at_us)
{
	const struct wn_campaign *c = m->campaign;
	int64_t end = c->state == WN_CAMPAIGN_CLOSED ? later_us(c->closed_us, c->goal_window_us) : WN_NEVER;
	return !m->shadow && at_us >= m->enrolled_us && at_us <= end;
}

/* The last touch sent before, NULL: none. */
static const struct wn_touch *last_touch(const struct wn_member *m, int64_t at_us, bool first)
{
	const struct wn_touch *found = NULL;
	for (size_t i = 0; i < m->touches.n; i++) {
		const struct wn_touch *t = m->touches.v[i];
		if (t->state != WN_TOUCH_SENT || t->sent_us > at_us)
			continue;
		if (!found || (first ? t->sent_us < found->sent_us : t->sent_us > found->sent_us))
			found = t;
	}
	return found;
}

static int64_t touched_at(const struct wn_member *m, int64_t at_us, bool first)
{
	const struct wn_touch *t = last_touch(m, at_us, first);
	return t ? t->sent_us : 0;
}

/* The one who reached the goal already (the stages of one deal are one), else the one touched last; of those never touched the one
 * enrolled first. */
static bool is_nearer(const struct wn_member *a, const struct wn_member *b, int64_t at_us)
{
	if ((a->reached_us != 0) != (b->reached_us != 0))
		return a->reached_us != 0;
	int64_t ta = touched_at(a, at_us, false), tb = touched_at(b, at_us, false);
	return ta != tb ? ta > tb : a->enrolled_us < b->enrolled_us;
}

/* What one person did is not credited to a colleague. */
static bool is_personal(enum wn_outcome_kind kind)
{
	return kind == WN_OUTCOME_CLICK || kind == WN_OUTCOME_BOUNCE || kind == WN_OUTCOME_UNSUBSCRIBE;
}

static struct wn_member *enrolment_in(const struct wn_outcome *o, const struct wn_campaign *c)
{
	struct wn_member *best = NULL;
	bool named = !wn_id_is_nil(o->contact_id);
	for (size_t i = 0; i < o->account->members.n; i++) {
		struct wn_member *m = o->account->members.v[i];
		if (m->campaign != c || !is_in_window(m, o->at_us))
			continue;
		if (named && wn_id_eq(m->contact_id, o->contact_id))
			return m;
		if (!(named && is_personal(o->kind)) && (!best || is_nearer(m, best, o->at_us)))
			best = m;
	}
	return best;
}

static bool has_credit(const struct wn_outcome *o, const struct wn_campaign *c)
{
	for (size_t i = 0; i < o->credits.n; i++)
		if (o->credits.v[i].member->campaign == c)
			return true;
	return false;
}

static void collect_credits(struct wn_world *w, struct wn_outcome *o)
{
	for (size_t i = 0; i < o->account->members.n; i++) {
		struct wn_campaign *c = o->account->members.v[i]->campaign;
		if (!c || has_credit(o, c) || (!wn_id_is_nil(o->campaign_id) && !wn_id_eq(c->id, o->campaign_id)))
			continue;
		struct wn_member *m = enrolment_in(o, c);
		const struct wn_touch *t = m ? last_touch(m, o->at_us, false) : NULL;
		if (m)
			*WN_PUSH(w->arena, &o->credits) = (struct wn_credit){.member = m, .step = t ? t->step : -1};
	}
}

static struct wn_credit *nearest(const struct wn_outcome *o)
{
	struct wn_credit *best = NULL;
	for (size_t i = 0; i < o->credits.n; i++)
		if (!best || is_nearer(o->credits.v[i].member, best->member, o->at_us))
			best = &o->credits.v[i];
	return best;
}

/* Money is spent once. */
static void keep_nearest(struct wn_outcome *o)
{
	struct wn_credit *best = nearest(o);
	if (!best)
		return;
	o->credits.v[0] = *best;
	o->credits.n = 1;
}

static void mark_first_and_last(struct wn_outcome *o)
{
	struct wn_credit *first = NULL, *last = NULL;
	for (size_t i = 0; i < o->credits.n; i++) {
		struct wn_credit *x = &o->credits.v[i];
		if (x->step < 0)
			continue;
		if (!first || touched_at(x->member, o->at_us, true) < touched_at(first->member, o->at_us, true))
			first = x;
		if (!last || touched_at(x->member, o->at_us, false) > touched_at(last->member, o->at_us, false))
			last = x;
	}
	if (first)
		first->first = last->last = true;
}

/* ------------------------------------------------------------------------------------------------------- effects */
static void tell(struct wn_world *w, const struct wn_outcome *o, const struct wn_credit *x)
{
	struct wn_change *ch = emit_member(w, x->member, "member.outcome");
	struct wn_map_builder data = member_data(w, x->member);
	ch->why = wn_str_of(wn_outcome_to_text(o->kind));
	wn_map_set(&data, "outcome", wn_cstring(wn_outcome_to_text(o->kind)));
	wn_map_set(&data, "occurred_at", wn_time_us(o->at_us));
	if (o->value_usd > 0)
		wn_map_set(&data, "value_usd", wn_double(o->value_usd));
	if (o->cost_usd > 0)
		wn_map_set(&data, "cost_usd", wn_double(o->cost_usd));
	if (x->step >= 0)
		wn_map_set(&data, "after_step", wn_int(x->step + 1));
	wn_map_set(&data, "reached_goal", wn_bool(x->reached));
	ch->data = wn_map_end(&data);
}

/* Members count once, whatever comes after the first time. */
static void count_reached(struct wn_member *m, int64_t at_us)
{
	if (m->reached_us)
		return;
	m->reached_us = at_us;
	m->dirty = true;
	if (m->holdout)
		m->campaign->holdout_achieved++;
	else
		m->campaign->achieved += m->touches_sent > 0;
	m->campaign->dirty = true;
}

static void spend(struct wn_world *w, struct wn_campaign *c, double usd)
{
	c->cost += usd;
	c->dirty = true;
	finish_if_spent(w, c);
}

static void leave_all(struct wn_world *w, struct wn_account *a, const struct wn_campaign *c, enum wn_left why)
{
	for (size_t i = 0; i < a->members.n; i++) {
		struct wn_member *m = a->members.v[i];
		if (m->campaign != c || !member_is_live(m))
			continue;
		m->campaign->converted += why == WN_LEFT_CONVERTED;
		member_leave(w, m, why);
	}
}

static void converted(struct wn_world *w, struct wn_outcome *o)
{
	for (size_t i = 0; i < o->credits.n; i++)
		if (o->credits.v[i].reached)
			leave_all(w, o->account, o->credits.v[i].member->campaign, WN_LEFT_CONVERTED);
}

/* Nothing more is written to whoever replied, in any campaign. */
static void stop_writing(struct wn_world *w, struct wn_member *m)
{
	if (m->replied)
		return;
	m->replied = m->dirty = true;
	m->first_touch_by_us = WN_NEVER;
	cancel_open_touches(w, m, WN_STR("replied"));
	if (m->finishing_fit && !has_open_touch(m))
		member_leave(w, m, WN_LEFT_NO_LONGER_FITS);
}

static void hold_account(struct wn_world *w, struct wn_account *a, struct wn_str segment)
{
	for (size_t i = 0; i < a->members.n; i++) {
		struct wn_member *m = a->members.v[i];
		if (!member_is_live(m) || !m->campaign || m->shadow || m->replied_hold || !wn_str_eq(m->segment, segment))
			continue;
		m->replied_hold = m->dirty = true;
		if (!m->replied)
			emit_member(w, m, "member.held")->why = wn_str_of("a colleague replied");
	}
}

static void replied(struct wn_world *w, struct wn_outcome *o)
{
	struct wn_account *a = o->account;
	for (size_t k = 0; k < o->credits.n; k++) {
		struct wn_id who = wn_id_is_nil(o->contact_id) ? o->credits.v[k].member->contact_id : o->contact_id;
		for (size_t i = 0; i < a->members.n; i++)
			if (member_is_live(a->members.v[i]) && a->members.v[i]->campaign && wn_id_eq(a->members.v[i]->contact_id, who))
				stop_writing(w, a->members.v[i]);
		struct wn_campaign *c = o->credits.v[k].member->campaign;
		if (c->segment && c->segment->on_reply == WN_ON_REPLY_HOLD)
			hold_account(w, a, c->segment_name);
		else if (c->segment && c->segment->on_reply == WN_ON_REPLY_STOP)
			leave_all(w, a, c, WN_LEFT_REPLIED_STOP);
	}
}

static void gone(struct wn_world *w, struct wn_outcome *o, enum wn_left why)
{
	for (size_t i = 0; i < o->account->members.n; i++) {
		struct wn_member *m = o->account->members.v[i];
		if (m->campaign && !wn_id_is_nil(o->contact_id) && wn_id_eq(m->contact_id, o->contact_id))
			member_leave(w, m, why);
	}
}

enum wn_rc on_outcome(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_outcome *o = ev->outcome;
	struct wn_campaign *payer = wn_id_is_nil(o->campaign_id) ? NULL : wn_world_campaign(w, o->campaign_id);
	collect_credits(w, o);
	if (o->kind == WN_OUTCOME_COST)
		keep_nearest(o);
	mark_first_and_last(o);
	for (size_t i = 0; i < o->credits.n; i++) {
		struct wn_credit *x = &o->credits.v[i];
		x->reached = x->member->campaign->segment && wn_outcome_reaches(o->kind, x->member->campaign->segment->goal.metric);
		tell(w, o, x);
		if (x->reached)
			count_reached(x->member, o->at_us);
	}
	if (!payer && o->credits.n)
		payer = nearest(o)->member->campaign;
	converted(w, o);
	if (o->kind == WN_OUTCOME_REPLY)
		replied(w, o);
	else if (o->kind == WN_OUTCOME_BOUNCE)
		gone(w, o, WN_LEFT_SUPPRESSED);
	else if (o->kind == WN_OUTCOME_UNSUBSCRIBE)
		gone(w, o, WN_LEFT_OPTED_OUT);
	if (payer && o->cost_usd > 0)
		spend(w, payer, o->cost_usd);
	*WN_PUSH(w->arena, &w->outcomes) = o;
	return WN_OK;
}

enum wn_rc on_resume(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < ev->account->members.n; i++) {
		struct wn_member *m = ev->account->members.v[i];
		if (!member_is_live(m) || !m->campaign || !m->replied_hold || (ev->why.n && !wn_str_eq(m->segment, ev->why)))
			continue;
		m->replied_hold = false;
		m->dirty = true;
		n += !m->replied;
		if (!m->replied)
			emit_member(w, m, "member.resumed")->why = wn_str_of("by an operator");
		wake_held_touches(w, m);
	}
	return n ? WN_OK : wn_fail(err, WN_REFUSED, "nobody of the account is held because of a reply");
}
