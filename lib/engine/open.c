/* SPDX-License-Identifier: MIT */
/*
 * A verdict that came true: it extends the members that live, or enrols in the open campaign of its group, or opens
 * one, or leaves a non-action that says why not. Guards stand in the order in which an operator would ask them.
 */
#include "engine_internal.h"
#include <whynow/date.h>

static bool waits_for_contact(const struct wn_world *w, const struct wn_account *a, const struct wn_non_action *na)
{
	const struct wn_signal *s = wn_account_signal(a, na->signal_key);
	bool waits = na->reason == WN_NON_ACTION_NO_CONTACT || na->reason == WN_NON_ACTION_AUDIENCE_BELOW_MIN;
	return waits && s && !s->retracted && w->now_us < s->hard_stop_us;
}

void non_action(struct wn_world *w, const struct wn_verdict *v, enum wn_non_action_reason reason, const char *detail)
{
	struct wn_non_action *na = NULL;
	struct wn_str segment = wn_str_of(v->segment->name);
	for (size_t i = 0; i < v->account->non_actions.n && !na; i++)
		if (wn_str_eq(v->account->non_actions.v[i]->segment, segment))
			na = v->account->non_actions.v[i];
	if (na && waits_for_contact(w, v->account, na) && reason != WN_NON_ACTION_NO_CONTACT && reason != WN_NON_ACTION_AUDIENCE_BELOW_MIN)
		return; /* it is asked again when a contact comes: news that does less must not hide that */
	if (!na)
		*WN_PUSH(w->arena, &v->account->non_actions) = na = WN_NEW(w->arena, struct wn_non_action);
	*na = (struct wn_non_action){.segment = segment,
				     .account = v->account,
				     .signal_key = v->signal->key,
				     .reason = reason,
				     .clause = v->clause,
				     .detail = detail ? wn_str_of(detail) : v->detail,
				     .at_us = w->now_us,
				     .fresh = true};
}

static bool of_segment(const struct wn_member *m, const struct wn_segment *s)
{
	return m->shadow == (s->mode == WN_MODE_SHADOW) && wn_str_is(m->segment, s->name);
}

/* The i-th membership that is over: of the account, then of those merged into it, whose leaving because of the merge is none. */
static const struct wn_member *past_member(const struct wn_account *a, const struct wn_segment *s, size_t i)
{
	bool own = i < a->members.n;
	const struct wn_member *m = own ? a->members.v[i] : a->former.v[i - a->members.n];
	return of_segment(m, s) && !member_is_live(m) && (own || m->left != WN_LEFT_MERGED) ? m : NULL;
}

static size_t past_members(const struct wn_account *a) { return a->members.n + a->former.n; }

/* When the account may come back: the latest leaving plus the cooldown; 0 if it never was in. */
int64_t cooldown_until(const struct wn_account *a, const struct wn_segment *s)
{
	int64_t until = 0;
	for (size_t i = 0; i < past_members(a); i++) {
		const struct wn_member *m = past_member(a, s, i);
		until = m ? max_us(until, later_us(m->left_us, s->life.cooldown_us)) : until;
	}
	return until;
}

static bool was_evidence_before(const struct wn_account *a, const struct wn_segment *s, struct wn_id signal_key)
{
	for (size_t i = 0; i < past_members(a); i++) {
		const struct wn_member *m = past_member(a, s, i);
		for (size_t e = 0; m && e < m->evidence.n; e++)
			if (wn_id_eq(m->evidence.v[e]->signal_key, signal_key))
				return true;
	}
	return false;
}

static const struct wn_evidence *const *verdict_evidence(struct wn_world *w, const struct wn_verdict *v)
{
	const struct wn_evidence **ev = WN_NEW_N(w->arena, const struct wn_evidence *, v->evidence.n + 1);
	for (size_t i = 0; i < v->evidence.n; i++)
		ev[i] = &v->evidence.v[i];
	return ev;
}

static bool is_member(const struct wn_account *a, const struct wn_campaign *c, struct wn_id contact_id)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (a->members.v[i]->campaign == c && wn_id_eq(a->members.v[i]->contact_id, contact_id))
			return true;
	return false;
}

static bool lives_in(const struct wn_account *a, const struct wn_campaign *c)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (a->members.v[i]->campaign == c && member_is_live(a->members.v[i]))
			return true;
	return false;
}

static struct wn_id chosen_id(const struct wn_chosen *c)
{
	return c->contact ? c->contact->id : (struct wn_id){{0}};
}

/* Enrols the chosen contacts that are not members yet; says how many found no room. */
static size_t enrol_all(struct wn_world *w, struct wn_campaign *c, struct wn_verdict *v)
{
	const struct wn_evidence *const *ev = verdict_evidence(w, v);
	size_t refused = 0;
	for (size_t i = 0; i < v->contacts.n; i++) {
		if (is_member(v->account, c, chosen_id(&v->contacts.v[i])))
			continue;
		if (c->audience >= c->segment->audience_max) {
			refused++;
			continue;
		}
		member_new(w, c, v->account, v->contacts.v[i].contact, ev, v->evidence.n, v->signal->key);
	}
	return refused;
}

void enrol_contact_like(struct wn_world *w, const struct wn_member *like, struct wn_contact *contact)
{
	struct wn_campaign *c = like->campaign;
	double heat = wn_heat((const struct wn_evidence *const *)like->evidence.v, like->evidence.n, w->now_us);
	if (heat < c->segment->life.floor || like->finishing_fit || may_not_contact(like->account))
		return;
	if (is_member(like->account, c, contact->id) || w->now_us >= c->intake_ends_us || c->audience >= c->segment->audience_max)
		return;
	member_new(w, c, like->account, contact, (const struct wn_evidence *const *)like->evidence.v, like->evidence.n, like->signal_key);
}

static bool can_take_members(const struct wn_world *w, const struct wn_campaign *c)
{
	return c->state == WN_CAMPAIGN_OPEN && w->now_us < c->intake_ends_us && w->now_us < c->max_ends_us;
}

/* The account lives in a campaign of the segment: its members gain the evidence; further contacts join while intake lasts. */
static bool extend_living(struct wn_world *w, struct wn_verdict *v)
{
	bool lives = false;
	size_t n = v->account->members.n;
	for (size_t i = 0; i < n; i++) {
		struct wn_member *m = v->account->members.v[i];
		if (!member_is_live(m) || !m->campaign || !of_segment(m, v->segment))
			continue;
		if (m->campaign->state == WN_CAMPAIGN_PROPOSED) {
			if (!lives)
				non_action(w, v, WN_NON_ACTION_PROPOSED, "its campaign waits for approval");
		} else {
			if (m->version == v->segment->version)
				member_extend(w, m, v);
			bool fit = member_is_live(m) && !m->finishing_fit && !v->excluded && !may_not_contact(v->account) &&
				   wn_heat(verdict_evidence(w, v), v->evidence.n, w->now_us) >= v->segment->life.floor;
			if (!lives && fit && can_take_members(w, m->campaign) && m->version == v->segment->version &&
			    enrol_all(w, m->campaign, v))
				non_action(w, v, WN_NON_ACTION_AUDIENCE_FULL, NULL);
		}
		lives |= member_is_live(m); /* what is overdue was closed */
	}
	return lives;
}

/* The proposed or open campaign of the verdict's group, if it may still be joined; one whose intake is over or whose version was
 * replaced is moved on first. */
static struct wn_campaign *current_campaign(struct wn_world *w, const struct wn_verdict *v)
{
	bool shadow = v->segment->mode == WN_MODE_SHADOW;
	for (size_t i = 0; i < w->campaigns.n; i++) {
		struct wn_campaign *c = w->campaigns.v[i];
		if (!wn_id_eq(c->group_id, v->group_id) || c->shadow != shadow)
			continue;
		if (c->state == WN_CAMPAIGN_PROPOSED)
			return c;
		if (c->state != WN_CAMPAIGN_OPEN)
			continue;
		if (c->version != v->segment->version)
			campaign_move(w, c, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "version replaced or withdrawn");
		else if (!can_take_members(w, c))
			campaign_move(w, c, WN_CAMPAIGN_FINISHING, WN_RESULT_NONE, "intake over");
		else
			return c;
	}
	return NULL;
}

static struct wn_id new_campaign_id(const struct wn_verdict *v)
{
	const char *shadow = v->segment->mode == WN_MODE_SHADOW ? "shadow" : "";
	struct wn_str fields[] = {wn_id_bytes(&v->group_id), wn_id_bytes(&v->signal->key), wn_str_of(shadow)};
	return wn_id_of("campaign", fields, shadow[0] ? 3 : 2);
}

static void open_campaign(struct wn_world *w, struct wn_verdict *v)
{
	const struct wn_segment *s = v->segment;
	struct wn_id id = new_campaign_id(v);
	if (wn_world_campaign(w, id)) {
		non_action(w, v, WN_NON_ACTION_ALREADY_RAN, NULL);
		return;
	}
	if ((int)v->contacts.n < s->audience_min) {
		non_action(w, v, WN_NON_ACTION_AUDIENCE_BELOW_MIN, NULL);
		return;
	}
	struct wn_campaign *c = WN_NEW(w->arena, struct wn_campaign);
	*c = (struct wn_campaign){.id = id,
				  .group_id = v->group_id,
				  .bucket = wn_id_bucket(v->group_id),
				  .segment_name = wn_str_of(s->name),
				  .version = s->version,
				  .segment = s,
				  .group = v->group,
				  .opening_signal = v->signal->key,
				  .opening_account = v->account->id,
				  .shadow = s->mode == WN_MODE_SHADOW,
				  .max_ends_us = WN_NEVER,
				  .intake_ends_us = WN_NEVER,
				  .fresh = true,
				  .dirty = true};
	c->goal_window_us = s->goal.window_us;
	memcpy(c->seal, s->seal, sizeof(c->seal));
	*WN_PUSH(w->arena, &w->campaigns) = c;
	bool propose = s->mode == WN_MODE_PROPOSE || (int)v->contacts.n > s->audience_warn;
	campaign_move(w, c, propose ? WN_CAMPAIGN_PROPOSED : WN_CAMPAIGN_OPEN, WN_RESULT_NONE,
		      s->mode == WN_MODE_PROPOSE ? "mode propose" : propose ? "audience over warn" : "verdict true");
	struct wn_change *opened = w->changes.v[w->changes.n - 1];
	opened->account = v->account;
	if (enrol_all(w, c, v))
		non_action(w, v, WN_NON_ACTION_AUDIENCE_FULL, NULL);
}

/* ------------------------------------------------------------------------------------------------------- guards */
static bool is_merged(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return wn_str_is(v->account->state, "merged"); }
static bool is_excluded(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return v->excluded; }
static bool is_suppressed(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return may_not_contact(v->account); }
static bool cools_down(struct wn_world *w, const struct wn_verdict *v) { return w->now_us < cooldown_until(v->account, v->segment); }
static bool is_spent(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return was_evidence_before(v->account, v->segment, v->signal->key); }
static bool lacks_group(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return !v->group_known; }
static bool has_no_contact(struct wn_world *w WN_UNUSED, const struct wn_verdict *v) { return v->contacts.n == 0; }

static double heat_of(struct wn_world *w, const struct wn_verdict *v) { return wn_heat(verdict_evidence(w, v), v->evidence.n, w->now_us); }
static bool is_cold(struct wn_world *w, const struct wn_verdict *v) { return heat_of(w, v) < v->segment->life.floor; }

static const char *tell_cooldown(struct wn_world *w, const struct wn_verdict *v)
{
	char text[40];
	wn_rfc3339_from_us(cooldown_until(v->account, v->segment) / WN_SECOND * WN_SECOND, text);
	return wn_arena_printf(w->arena, "until %s", text);
}

static const char *tell_heat(struct wn_world *w, const struct wn_verdict *v)
{
	return wn_arena_printf(w->arena, "heat %.2f, floor %.2f", heat_of(w, v), v->segment->life.floor);
}

static const char *tell_contacts(struct wn_world *w, const struct wn_verdict *v)
{
	size_t n = v->account->contacts.n;
	return wn_arena_printf(w->arena, "none of %zu contact%s", n, n == 1 ? "" : "s");
}

const struct guard verdict_guards[] = {
	{WN_NON_ACTION_MERGED, is_merged, NULL, false},
	{WN_NON_ACTION_EXCLUDED, is_excluded, NULL, false},
	{WN_NON_ACTION_SUPPRESSED, is_suppressed, NULL, false},
	{WN_NON_ACTION_COOLDOWN, cools_down, tell_cooldown, false},
	{WN_NON_ACTION_SPENT_SIGNAL, is_spent, NULL, false},
	{WN_NON_ACTION_UNKNOWN_GROUP, lacks_group, NULL, true},
	{WN_NON_ACTION_STALE_ON_ARRIVAL, is_cold, tell_heat, true},
	{WN_NON_ACTION_NO_CONTACT, has_no_contact, tell_contacts, true},
};
const size_t verdict_guards_n = WN_COUNT(verdict_guards);

/* The first guard that refuses, or NULL. */
static const struct guard *refusal(struct wn_world *w, const struct wn_verdict *v)
{
	for (size_t i = 0; i < verdict_guards_n; i++)
		if (verdict_guards[i].refuses(w, v))
			return &verdict_guards[i];
	return NULL;
}

void verdict_true(struct wn_world *w, struct wn_verdict *v)
{
	if (v->segment->broad || extend_living(w, v))
		return;
	const struct guard *no = refusal(w, v);
	if (no) {
		non_action(w, v, no->reason, no->tell ? no->tell(w, v) : NULL);
		return;
	}
	struct wn_campaign *c = current_campaign(w, v);
	if (!c)
		open_campaign(w, v);
	else if (c->state == WN_CAMPAIGN_PROPOSED)
		non_action(w, v, WN_NON_ACTION_PROPOSED, "the group's campaign waits for approval");
	else if (enrol_all(w, c, v))
		non_action(w, v, WN_NON_ACTION_AUDIENCE_FULL, NULL);
	else if (!lives_in(v->account, c))
		non_action(w, v, WN_NON_ACTION_COOLDOWN, "until the campaign that it left is closed");
}
