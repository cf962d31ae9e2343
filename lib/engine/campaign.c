/* SPDX-License-Identifier: MIT */
/*
 * The step function: what may enter is the closed list of enum wn_event_type, one small handler each; what is not in
 * the table of design 05 is refused. The state of a campaign changes in campaign_move and nowhere else.
 */
#include "engine_internal.h"

/* Lawful moves, and the event that tells of each. */
static const struct {
	int from; /* -1: no row yet */
	enum wn_campaign_state to;
	const char *event;
} moves[] = {
	{-1, WN_CAMPAIGN_PROPOSED, "campaign.proposed"},
	{-1, WN_CAMPAIGN_OPEN, "campaign.opened"},
	{WN_CAMPAIGN_PROPOSED, WN_CAMPAIGN_OPEN, "campaign.opened"},
	{WN_CAMPAIGN_PROPOSED, WN_CAMPAIGN_CLOSED, "campaign.closed"},
	{WN_CAMPAIGN_OPEN, WN_CAMPAIGN_FINISHING, "campaign.finishing"},
	{WN_CAMPAIGN_OPEN, WN_CAMPAIGN_CLOSED, "campaign.closed"},
	{WN_CAMPAIGN_FINISHING, WN_CAMPAIGN_CLOSED, "campaign.closed"},
};

static const char *event_of_move(int from, enum wn_campaign_state to)
{
	for (size_t i = 0; i < WN_COUNT(moves); i++)
		if (moves[i].from == from && moves[i].to == to)
			return moves[i].event;
	return NULL;
}

static struct wn_value move_data(struct wn_world *w, const struct wn_campaign *c, const char *why)
{
	struct wn_map_builder m = campaign_data(w, c);
	wn_map_set(&m, "goal", wn_cstring(c->segment->goal.metric));
	wn_map_set(&m, "target", wn_double(c->segment->goal.target));
	if (c->opened_us)
		wn_map_set(&m, "opened_at", wn_time_us(c->opened_us));
	if (c->state == WN_CAMPAIGN_CLOSED)
		wn_map_set(&m, "result", wn_cstring(wn_result_to_text(c->result)));
	else if (c->state != WN_CAMPAIGN_PROPOSED)
		wn_map_set(&m, "ends_at_latest", wn_time_us(c->max_ends_us));
	if (why)
		wn_map_set(&m, "why", wn_cstring(why));
	return wn_map_end(&m);
}

/* Instants that belong to a state, and the next one it wants to be woken for. */
static void enter_state(struct wn_world *w, struct wn_campaign *c)
{
	const struct wn_segment *s = c->segment;
	switch (c->state) {
	case WN_CAMPAIGN_PROPOSED:
		c->proposed_us = w->now_us;
		c->due_us = later_us(w->now_us, w->catalog->proposed_ttl_us);
		break;
	case WN_CAMPAIGN_OPEN:
		c->opened_us = w->now_us;
		c->intake_ends_us = later_us(w->now_us, s->life.intake_us);
		c->max_ends_us = later_us(w->now_us, s->life.max_us);
		c->due_us = min_us(c->intake_ends_us, c->max_ends_us);
		break;
	case WN_CAMPAIGN_FINISHING:
		c->due_us = WN_NEVER; /* its members end it */
		break;
	case WN_CAMPAIGN_CLOSED:
		c->closed_us = w->now_us;
		c->due_us = c->shadow ? WN_NEVER : later_us(w->now_us, s->goal.window_us);
		break;
	}
}

void campaign_move(struct wn_world *w, struct wn_campaign *c, enum wn_campaign_state to, enum wn_result result, const char *why)
{
	bool born = c->fresh && c->gen == 0;
	const char *event = event_of_move(born ? -1 : (int)c->state, to);
	if (!event)
		return; /* not in the table */
	const char *from = born ? NULL : wn_campaign_state_to_text(c->state);
	c->state = to;
	c->result = result;
	enter_state(w, c);
	struct wn_change *ch = emit(w, c, "campaign", event);
	ch->from = from;
	ch->to = wn_campaign_state_to_text(to);
	ch->why = wn_str_of(why ? why : "");
	ch->data = move_data(w, c, why);
	if (to == WN_CAMPAIGN_CLOSED && !c->shadow)
		write_review(w, c, false);
}

static enum wn_result result_of_emptied(const struct wn_world *w, const struct wn_campaign *c)
{
	if (c->state == WN_CAMPAIGN_PROPOSED)
		return WN_RESULT_EXPIRED;
	if (w->now_us >= c->max_ends_us && c->last_left == WN_LEFT_BOXED)
		return WN_RESULT_BOXED;
	if (c->converted > 0)
		return WN_RESULT_CONVERTED;
	if (c->last_left == WN_LEFT_STALE)
		return WN_RESULT_EXPIRED;
	return c->last_left == WN_LEFT_BOXED ? WN_RESULT_BOXED : WN_RESULT_EMPTIED;
}

void campaign_emptied(struct wn_world *w, struct wn_campaign *c)
{
	if (c->state != WN_CAMPAIGN_CLOSED)
		campaign_move(w, c, WN_CAMPAIGN_CLOSED, result_of_emptied(w, c), wn_left_to_text(c->last_left));
}

/* ------------------------------------------------------------------------------------------------- the handlers */
/* The next live member at or behind *i, NULL past the last; `for (size_t i = 0; (m = next_live(a, &i));)`. Those that a
 * handler enrols meanwhile are behind the end that it reads, and are met too. */
static struct wn_member *next_live(const struct wn_account *a, size_t *i)
{
	while (*i < a->members.n) {
		struct wn_member *m = a->members.v[(*i)++];
		if (member_is_live(m) && m->campaign)
			return m;
	}
	return NULL;
}

static enum wn_rc on_verdict(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_verdict *v = ev->verdict;
	if (v->recheck_us != WN_NEVER) {
		struct wn_recheck *r = WN_NEW(w->arena, struct wn_recheck);
		*r = (struct wn_recheck){.segment = wn_str_of(v->segment->name), .account = v->account, .signal_key = v->signal->key,
					 .at_us = v->recheck_us, .fresh = true};
		*WN_PUSH(w->arena, &v->account->rechecks) = r;
	}
	if (v->is == WN_VERDICT_UNKNOWN && v->signal_terms_true)
		non_action(w, v, WN_NON_ACTION_UNKNOWN, NULL);
	if (v->is == WN_VERDICT_TRUE)
		verdict_true(w, v);
	return WN_OK;
}

static enum wn_rc on_corroborated(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_member *m;
	for (size_t at = 0; (m = next_live(ev->account, &at));) {
		for (size_t i = 0; i < m->evidence.n && !member_is_over(w, m); i++) {
			struct wn_evidence *e = m->evidence.v[i];
			if (!wn_id_eq(e->signal_key, ev->signal->key) || e->removed || e->publishers >= ev->signal->publishers)
				continue;
			e->publishers = ev->signal->publishers;
			e->dirty = true;
			member_refresh(w, m);
			emit_member(w, m, "member.corroborated")->why = wn_str_of("a further independent publisher");
		}
	}
	return WN_OK;
}

static enum wn_rc on_trait(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_member *m;
	for (size_t at = 0; (m = next_live(ev->account, &at));) {
		struct wn_contact *c = member_contact(m);
		if (ev->contact && ev->contact != c)
			continue;
		enum wn_three stay = wn_stay(w, m->campaign->segment, m->account, c);
		if (stay == WN_FALSE3)
			member_unfit(w, m);
		else
			wake_held_touches(w, m);
	}
	return WN_OK;
}

/* A new contact is put to `who` of the campaigns in which its account has a member, on that member's evidence. */
static enum wn_rc on_contact(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	enum wn_rc rc = on_trait(w, ev, err);
	size_t n = ev->account->members.n; /* enrolling appends */
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		struct wn_member *m = ev->account->members.v[i];
		struct wn_campaign *c = m->campaign;
		if (!member_is_live(m) || !c || c->state != WN_CAMPAIGN_OPEN || !c->segment->who)
			continue;
		struct wn_signal *sig = member_signal(m);
		if (sig && wn_who(w, c->segment, ev->account, sig, ev->contact) == WN_TRUE3)
			enrol_contact_like(w, m, ev->contact);
	}
	return rc;
}

static enum wn_rc on_contact_gone(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_member *m;
	for (size_t at = 0; (m = next_live(ev->account, &at));)
		if (!ev->contact || wn_id_eq(m->contact_id, ev->contact->id))
			member_leave(w, m, ev->left);
	return WN_OK;
}

/* False only if `when` is definitely false for every signal that is left as evidence. */
static bool may_still_hold(struct wn_world *w, const struct wn_member *m)
{
	for (size_t i = 0; i < m->evidence.n; i++) {
		struct wn_signal *s = wn_account_signal(m->account, m->evidence.v[i]->signal_key);
		if (!m->evidence.v[i]->removed && s && wn_when(w, m->campaign->segment, m->account, s) != WN_FALSE3)
			return true;
	}
	return false;
}

/* Does the rule still name the signal: by its own verdict, or by that of another signal the member rests on? */
static bool is_still_evidence(struct wn_world *w, const struct wn_member *m, const struct wn_signal *signal)
{
	for (size_t i = 0; i < m->evidence.n; i++) {
		struct wn_signal *s = wn_account_signal(m->account, m->evidence.v[i]->signal_key);
		if (m->evidence.v[i]->removed || !s || s->retracted)
			continue;
		const struct wn_verdict *v = wn_verdict_of(w, m->campaign->segment, m->account, s);
		if (v->is == WN_VERDICT_UNKNOWN)
			return true;
		for (size_t k = 0; k < v->evidence.n; k++)
			if (wn_id_eq(v->evidence.v[k].signal_key, signal->key))
				return true;
	}
	return false;
}

/* Its messages speak of what is still true: the newest evidence for which the rule may hold. */
static void speak_of_another(struct wn_world *w, struct wn_member *m)
{
	const struct wn_signal *best = NULL;
	for (size_t i = 0; i < m->evidence.n; i++) {
		struct wn_signal *s = m->evidence.v[i]->removed ? NULL : wn_account_signal(m->account, m->evidence.v[i]->signal_key);
		if (s && (!best || s->occurred_us > best->occurred_us) && wn_when(w, m->campaign->segment, m->account, s) != WN_FALSE3)
			best = s;
	}
	if (best)
		m->signal_key = best->key;
}

/* Taken out and put right again: it counts as before, and moves no box. */
static bool is_evidence_again(struct wn_world *w, struct wn_member *m, const struct wn_evidence *e, struct wn_signal *signal)
{
	if (signal->retracted)
		return false;
	const struct wn_verdict *v = wn_verdict_of(w, m->campaign->segment, m->account, signal);
	return v->is == WN_VERDICT_TRUE && member_make_room(w, m, e);
}

/* True if what the member rests on has changed. */
static bool weigh_again(struct wn_world *w, struct wn_member *m, struct wn_signal *signal)
{
	for (size_t i = 0; i < m->evidence.n; i++) {
		struct wn_evidence *e = m->evidence.v[i];
		if (!wn_id_eq(e->signal_key, signal->key))
			continue;
		if (e->removed && !is_evidence_again(w, m, e, signal))
			return false;
		e->removed = !e->removed && (signal->retracted || !is_still_evidence(w, m, signal));
		e->dirty = true;
		if (e->removed && wn_id_eq(m->signal_key, signal->key))
			speak_of_another(w, m);
		return true;
	}
	return false;
}

static enum wn_rc on_retracted(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_member *m;
	for (size_t at = 0; (m = next_live(ev->account, &at));) {
		if (!weigh_again(w, m, ev->signal))
			continue;
		member_refresh(w, m);
		if (m->heat < m->campaign->segment->life.floor || !may_still_hold(w, m))
			member_leave(w, m, WN_LEFT_RETRACTED);
	}
	return WN_OK;
}

static enum wn_rc on_member_due(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	member_due(w, ev->member);
	return WN_OK;
}

/* Calls fn for every live member of the campaign; all its accounts must be loaded. */
static void each_member(struct wn_world *w, const struct wn_campaign *c, void (*fn)(struct wn_world *, struct wn_member *))
{
	struct wn_member *m;
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t at = 0; (m = next_live(w->accounts.v[a], &at));)
			if (m->campaign == c)
				fn(w, m);
}

static void leave_stale(struct wn_world *w, struct wn_member *m) { member_leave(w, m, WN_LEFT_STALE); }

static void leave_cancelled(struct wn_world *w, struct wn_member *m) { member_leave(w, m, WN_LEFT_CANCELLED); }

static void leave_if_stale(struct wn_world *w, struct wn_member *m)
{
	if (w->now_us >= m->stale_us)
		member_leave(w, m, WN_LEFT_STALE);
}

static enum wn_rc on_campaign_due(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	struct wn_campaign *c = ev->campaign;
	if (w->now_us < c->due_us)
		return WN_OK;
	if (c->state == WN_CAMPAIGN_PROPOSED)
		each_member(w, c, leave_stale);
	else if (c->state == WN_CAMPAIGN_OPEN)
		campaign_move(w, c, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "intake over");
	else if (c->state == WN_CAMPAIGN_CLOSED && !c->reviewed_final) {
		write_review(w, c, true);
		c->due_us = WN_NEVER;
	}
	return WN_OK;
}

static enum wn_rc on_replaced(struct wn_world *w, const struct wn_event *ev, struct wn_err *err WN_UNUSED)
{
	if (ev->campaign->state == WN_CAMPAIGN_OPEN)
		campaign_move(w, ev->campaign, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "version replaced or withdrawn");
	return WN_OK;
}

const struct wn_segment *wn_campaign_steps(const struct wn_campaign *c, int64_t at_us)
{
	const struct wn_segment *s = c->segment;
	for (size_t i = 0; i < c->steps.n && c->steps.v[i].from_us <= at_us; i++)
		s = c->steps.v[i].segment;
	return s;
}

/* Goal, metric and target stay what they were at the opening; so do bounds and life. */
static enum wn_rc on_migrate(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	struct wn_campaign *c = ev->campaign;
	const struct wn_segment *to = wn_catalog_segment(w->catalog, c->segment_name, 0);
	if (c->state == WN_CAMPAIGN_CLOSED || !to)
		return wn_fail(err, WN_REFUSED, to ? "the campaign is closed" : "no version of its segment is in force");
	if (wn_campaign_steps(c, WN_NEVER)->version >= to->version)
		return WN_OK;
	*WN_PUSH(w->arena, &c->steps) = (struct wn_steps_since){to, w->now_us};
	struct wn_change *ch = emit(w, c, "campaign", "campaign.migrated");
	ch->why = wn_str_of(wn_arena_printf(w->arena, "steps not yet planned and the exit policy of version %d", to->version));
	struct wn_map_builder m = campaign_data(w, c);
	wn_map_set(&m, "steps_version", wn_int(to->version));
	ch->data = wn_map_end(&m);
	return WN_OK;
}

void finish_if_spent(struct wn_world *w, struct wn_campaign *c)
{
	double budget = c->segment ? c->segment->goal.budget_usd : 0;
	if (c->state == WN_CAMPAIGN_OPEN && budget > 0 && c->cost >= budget)
		campaign_move(w, c, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "budget spent");
}

/* Guard heat >= floor: members under it leave first; with nobody left the approval is refused (and the campaign expired). */
static enum wn_rc on_approve(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	struct wn_campaign *c = ev->campaign;
	if (c->state != WN_CAMPAIGN_PROPOSED)
		return wn_fail(err, WN_REFUSED, "the campaign is %s; only a proposed one can be approved", wn_campaign_state_to_text(c->state));
	each_member(w, c, leave_if_stale);
	if (c->state == WN_CAMPAIGN_CLOSED)
		return WN_OK; /* all evidence was stale: it expired instead; the caller shows the state */
	campaign_move(w, c, WN_CAMPAIGN_OPEN, WN_RESULT_NONE, ev->why.n ? wn_arena_strdup(w->arena, ev->why) : "approved");
	c->live_until_us = 0; /* until now nobody had a box */
	each_member(w, c, member_start);
	if (wn_catalog_segment(w->catalog, c->segment_name, 0) != c->segment)
		campaign_move(w, c, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "version replaced or withdrawn");
	finish_if_spent(w, c);
	return WN_OK;
}

/* What the operator said stands beside the word. */
static void explain_close(struct wn_world *w, const struct wn_campaign *c, struct wn_str why)
{
	for (size_t i = w->changes.n; i-- > 0;) {
		struct wn_change *ch = w->changes.v[i];
		if (ch->campaign != c || strcmp(ch->type, "campaign.closed") != 0)
			continue;
		ch->why = wn_str_of(wn_arena_printf(w->arena, WN_STR_FMT ": " WN_STR_FMT, WN_STR_ARG(ch->why), WN_STR_ARG(why)));
		return;
	}
}

static enum wn_rc on_cancel(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	struct wn_campaign *c = ev->campaign;
	if (c->state == WN_CAMPAIGN_CLOSED)
		return wn_fail(err, WN_REFUSED, "the campaign is closed already (%s)", wn_result_to_text(c->result));
	c->last_left = WN_LEFT_CANCELLED;
	each_member(w, c, leave_cancelled);
	if (ev->why.n)
		explain_close(w, c, ev->why);
	return WN_OK;
}

static enum wn_rc on_suppressed(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	struct wn_event all = *ev;
	all.contact = NULL;
	all.left = WN_LEFT_SUPPRESSED;
	return on_contact_gone(w, &all, err);
}

typedef enum wn_rc handler(struct wn_world *, const struct wn_event *, struct wn_err *);
static handler *const handlers[] = {
	[WN_EV_VERDICT] = on_verdict,
	[WN_EV_CORROBORATED] = on_corroborated,
	[WN_EV_TRAIT] = on_trait,
	[WN_EV_CONTACT] = on_contact,
	[WN_EV_CONTACT_GONE] = on_contact_gone,
	[WN_EV_SUPPRESSED] = on_suppressed,
	[WN_EV_RETRACTED] = on_retracted,
	[WN_EV_MEMBER_DUE] = on_member_due,
	[WN_EV_CAMPAIGN_DUE] = on_campaign_due,
	[WN_EV_REPLACED] = on_replaced,
	[WN_EV_MIGRATE] = on_migrate,
	[WN_EV_APPROVE] = on_approve,
	[WN_EV_CANCEL] = on_cancel,
	[WN_EV_OUTCOME] = on_outcome,
	[WN_EV_RESUME] = on_resume,
};

enum wn_rc wn_campaign_step(struct wn_world *w, const struct wn_event *ev, struct wn_err *err)
{
	return handlers[ev->type](w, ev, err);
}

enum wn_rc wn_campaign_step_verdicts(struct wn_world *w, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < w->verdicts.n && rc == WN_OK; i++)
		rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_VERDICT, .verdict = w->verdicts.v[i]}, err);
	for (size_t a = 0; a < w->accounts.n; a++) {
		struct wn_account *account = w->accounts.v[a];
		if (rc == WN_OK && verdicts_move_stay(w, account))
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_TRAIT, .account = account}, err);
		for (size_t i = 0; i < account->signals.n && rc == WN_OK; i++)
			if (account->signals.v[i]->corroborated)
				rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CORROBORATED, .account = account,
									    .signal = account->signals.v[i]}, err);
	}
	return rc;
}
