/* SPDX-License-Identifier: MIT */
/*
 * Members: enrolment, extension, staleness, leaving. A member leaves in member_leave and nowhere else; the leaving that
 * brings live_members to 0 closes the campaign in the same unit of work.
 */
#include "engine_internal.h"
#include <whynow/limits.h>

struct wn_signal *member_signal(const struct wn_member *m) { return wn_account_signal(m->account, m->signal_key); }

struct wn_contact *member_contact(const struct wn_member *m)
{
	return wn_id_is_nil(m->contact_id) ? NULL : wn_account_contact(m->account, m->contact_id);
}

static const struct wn_evidence *const *evidence_of(const struct wn_member *m)
{
	return (const struct wn_evidence *const *)m->evidence.v;
}

/* Share of the segment held out, by a hash of segment and account: the same account is always on the same side. */
static bool is_holdout(const struct wn_segment *s, const struct wn_account *a)
{
	struct wn_str fields[] = {wn_str_of(s->name), wn_id_bytes(&a->id)};
	struct wn_id h = wn_id_of("holdout", fields, 2);
	uint32_t at32 = (uint32_t)h.b[2] << 24 | (uint32_t)h.b[3] << 16 | (uint32_t)h.b[4] << 8 | h.b[5];
	double at = at32 / 4294967296.0;
	return at < s->holdout;
}

/* Every instant at which something may end or change; due_us is never later than the least of them. */
static int64_t next_instant(const struct wn_member *m)
{
	int64_t at = min_us(m->blind_until_us ? m->blind_until_us : m->stale_us, m->box_ends_us);
	return m->touches_sent == 0 ? min_us(at, m->first_touch_by_us) : at;
}

/* The campaign's end as shown follows its members upwards; it is not recomputed when one leaves early. */
static void show_end(struct wn_member *m)
{
	int64_t end = min_us(m->stale_us, m->box_ends_us);
	if (m->box_ends_us == WN_NEVER && m->campaign->state != WN_CAMPAIGN_PROPOSED)
		return; /* it is just being enrolled: its box comes in a moment */
	if (end != WN_NEVER && end > m->campaign->live_until_us) {
		m->campaign->live_until_us = end;
		m->campaign->dirty = true;
	}
}

void member_refresh(struct wn_world *w, struct wn_member *m)
{
	double floor = m->campaign->segment->life.floor;
	m->heat = wn_heat(evidence_of(m), m->evidence.n, w->now_us);
	int64_t stale = wn_stale_at(evidence_of(m), m->evidence.n, floor, w->now_us);
	if (stale > w->now_us || !m->stale_us || m->stale_us > w->now_us)
		m->stale_us = stale; /* an instant that has passed stays: grace counts from there */
	if (m->blind_until_us && m->stale_us > w->now_us)
		m->blind_until_us = 0;
	m->due_us = min_us(m->due_us, next_instant(m)); /* raising stays lazy: due_us may lie before the next instant */
	m->dirty = true;
	show_end(m);
}

static void add_evidence(struct wn_world *w, struct wn_member *m, const struct wn_evidence *e)
{
	struct wn_evidence *copy = WN_NEW(w->arena, struct wn_evidence);
	*copy = *e;
	copy->fresh = true;
	copy->dirty = false;
	*WN_PUSH(w->arena, &m->evidence) = copy;
}

static double weight(const struct wn_world *w, const struct wn_evidence *e)
{
	if (e->removed)
		return -1;
	return wn_freshness(e->strength, e->publishers, e->occurred_us, e->half_life_us, e->hard_stop_us, w->now_us);
}

/* At most WN_EVIDENCE_MAX count: beyond that a fresher one takes the place of the least fresh, which stays for history. */
bool member_make_room(const struct wn_world *w, struct wn_member *m, const struct wn_evidence *e)
{
	struct wn_evidence *least = NULL;
	size_t live = 0;
	for (size_t i = 0; i < m->evidence.n; i++) {
		struct wn_evidence *have = m->evidence.v[i];
		live += !have->removed;
		if (!have->removed && (!least || weight(w, have) < weight(w, least)))
			least = have;
	}
	if (live < WN_EVIDENCE_MAX)
		return true;
	if (weight(w, e) <= weight(w, least))
		return false;
	least->removed = least->dirty = true;
	return true;
}

static int64_t first_touch_within(const struct wn_world *w, const struct wn_member *m)
{
	const struct wn_signal *s = member_signal(m);
	int64_t own = m->campaign->segment->life.first_touch_us;
	if (own || !s)
		return own ? own : WN_NEVER;
	return wn_registry_kind(w->catalog->registry, s->kind)->first_touch_us;
}

void member_start(struct wn_world *w, struct wn_member *m)
{
	const struct wn_life *life = &m->campaign->segment->life;
	m->box_ends_us = min_us(later_us(w->now_us, life->box_us), m->campaign->max_ends_us);
	if (!m->shadow && !m->holdout)
		m->first_touch_by_us = later_us(w->now_us, first_touch_within(w, m));
	m->due_us = next_instant(m);
	m->dirty = true;
	show_end(m);
	if (!m->shadow)
		plan_step(w, m, 0, w->now_us);
}

/* Somebody of the account replied to the segment, and no operator has resumed it yet. */
static bool is_held_by_reply(const struct wn_account *a, struct wn_str segment)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (member_is_live(a->members.v[i]) && a->members.v[i]->replied_hold && wn_str_eq(a->members.v[i]->segment, segment))
			return true;
	return false;
}

struct wn_member *member_new(struct wn_world *w, struct wn_campaign *c, struct wn_account *a, struct wn_contact *contact,
			     const struct wn_evidence *const *ev, size_t n_ev, struct wn_id signal_key)
{
	struct wn_member *m = WN_NEW(w->arena, struct wn_member);
	*m = (struct wn_member){.account = a,
				.campaign = c,
				.campaign_id = c->id,
				.campaign_bucket = c->bucket,
				.contact_id = contact ? contact->id : (struct wn_id){{0}},
				.segment = c->segment_name,
				.version = c->version,
				.shadow = c->shadow,
				.holdout = is_holdout(c->segment, a),
				.enrolled_us = w->now_us,
				.signal_key = signal_key,
				.replied_hold = !c->shadow && is_held_by_reply(a, c->segment_name),
				.box_ends_us = WN_NEVER,
				.first_touch_by_us = WN_NEVER,
				.due_us = WN_NEVER,
				.fresh = true,
				.dirty = true};
	for (size_t i = 0; i < n_ev; i++)
		if (!ev[i]->removed)
			add_evidence(w, m, ev[i]);
	*WN_PUSH(w->arena, &a->members) = m;
	c->live_members++;
	c->members++;
	c->audience += !m->holdout;
	c->holdouts += m->holdout;
	member_refresh(w, m);
	struct wn_change *ch = emit_member(w, m, "member.enrolled");
	ch->to = "live";
	struct wn_signal *s = member_signal(m);
	if (s) {
		struct wn_map_builder data = member_data(w, m);
		wn_map_set(&data, "signal", signal_data(w, s));
		ch->data = wn_map_end(&data);
	}
	if (c->state == WN_CAMPAIGN_OPEN)
		member_start(w, m);
	return m;
}

static bool has_evidence(const struct wn_member *m, struct wn_id signal_key)
{
	for (size_t i = 0; i < m->evidence.n; i++)
		if (wn_id_eq(m->evidence.v[i]->signal_key, signal_key))
			return true;
	return false;
}

/* What is overdue is closed before news may revive it. True if the member is gone or its time is over. */
bool member_is_over(struct wn_world *w, struct wn_member *m)
{
	if (w->now_us >= min_us(m->stale_us, m->box_ends_us) && !m->blind_until_us)
		member_due(w, m);
	return !member_is_live(m) || w->now_us >= m->box_ends_us;
}

/* Only evidence that is new to this member moves its box; true if there was any. */
bool member_extend(struct wn_world *w, struct wn_member *m, const struct wn_verdict *v)
{
	const struct wn_life *life = &m->campaign->segment->life;
	size_t added = 0;
	if (member_is_over(w, m) || w->now_us >= m->campaign->max_ends_us || m->finishing_fit)
		return false;
	for (size_t i = 0; i < v->evidence.n; i++)
		if (!has_evidence(m, v->evidence.v[i].signal_key) && member_make_room(w, m, &v->evidence.v[i])) {
			add_evidence(w, m, &v->evidence.v[i]);
			added++;
		}
	if (!added)
		return false;
	m->box_ends_us = max_us(m->box_ends_us, min_us(later_us(w->now_us, life->box_us), m->campaign->max_ends_us));
	member_refresh(w, m);
	struct wn_change *ch = emit_member(w, m, "campaign.extended");
	struct wn_map_builder data = member_data(w, m);
	wn_map_set(&data, "signal", signal_data(w, v->signal));
	wn_map_set(&data, "evidence_added", wn_int((int64_t)added));
	wn_map_set(&data, "ends_at", wn_time_us(min_us(m->stale_us, m->box_ends_us)));
	ch->data = wn_map_end(&data);
	return true;
}

/* The touches that went out, in order. */
static struct wn_value what_was_said(struct wn_world *w, const struct wn_member *m)
{
	struct wn_value *list = WN_NEW_N(w->arena, struct wn_value, m->touches.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < m->touches.n; i++) {
		const struct wn_touch *t = m->touches.v[i];
		if (t->state != WN_TOUCH_SENT)
			continue;
		struct wn_map_builder said = wn_map_begin(w->arena);
		wn_map_set(&said, "step", wn_int(t->step + 1));
		wn_map_set(&said, "channel", wn_string(t->channel));
		wn_map_set(&said, "at", wn_time_us(t->sent_us));
		if (t->subject.n)
			wn_map_set(&said, "subject", wn_string(t->subject));
		if (t->text.n)
			wn_map_set(&said, "text", wn_string(t->text));
		list[n++] = wn_map_end(&said);
	}
	return wn_list(list, n);
}

static void hand_off(struct wn_world *w, struct wn_member *m)
{
	const struct wn_segment *s = wn_campaign_steps(m->campaign, w->now_us);
	struct wn_map_builder data = member_data(w, m);
	wn_map_set(&data, "nurture", wn_cstring(s->nurture ? s->nurture : ""));
	wn_map_set(&data, "why", wn_cstring(wn_left_to_text(m->left)));
	wn_map_set(&data, "said", what_was_said(w, m));
	wn_map_set(&data, "answered", wn_bool(m->replied));
	wn_map_set(&data, "unanswered", wn_int(m->replied ? 0 : m->touches_sent));
	wn_map_set(&data, "try_again_at", wn_time_us(later_us(w->now_us, s->life.cooldown_us)));
	struct wn_change *ch = emit_member(w, m, "member.handed_off");
	ch->why = wn_str_of(wn_left_to_text(m->left));
	ch->data = wn_map_end(&data);
}

void member_leave(struct wn_world *w, struct wn_member *m, enum wn_left why)
{
	struct wn_campaign *c = m->campaign;
	if (!member_is_live(m))
		return;
	m->left = why;
	m->left_us = w->now_us;
	m->heat = wn_heat(evidence_of(m), m->evidence.n, w->now_us);
	m->due_us = WN_NEVER;
	m->dirty = true;
	struct wn_change *ch = emit_member(w, m, "member.left");
	ch->from = "live";
	ch->to = "left";
	ch->why = wn_str_of(wn_left_to_text(why));
	if (!wn_planted("lost_cancel"))
		cancel_touches(w, m);
	bool hands_off = why == WN_LEFT_STALE || why == WN_LEFT_BOXED || why == WN_LEFT_NO_LONGER_FITS;
	if (hands_off && !m->holdout && wn_campaign_steps(c, w->now_us)->exit == WN_EXIT_HAND_OFF && c->state != WN_CAMPAIGN_PROPOSED)
		hand_off(w, m);
	c->live_members--;
	c->audience -= !m->holdout;
	c->dirty = true;
	if (c->last_left != WN_LEFT_CANCELLED)
		c->last_left = why;
	if (c->live_members == 0 && c->last_left == WN_LEFT_CANCELLED)
		campaign_move(w, c, WN_CAMPAIGN_CLOSED, WN_RESULT_CANCELLED, "cancelled");
	else if (c->live_members == 0)
		campaign_emptied(w, c);
}

void member_unfit(struct wn_world *w, struct wn_member *m)
{
	if (wn_campaign_steps(m->campaign, w->now_us)->exit != WN_EXIT_FINISH || !has_open_touch(m)) {
		member_leave(w, m, WN_LEFT_NO_LONGER_FITS);
		return;
	}
	if (m->finishing_fit)
		return;
	m->finishing_fit = true;
	m->dirty = true;
	emit_member(w, m, "member.finishing")->why = wn_str_of("no longer fits; leaves when its last planned touch is final");
}

static int64_t last_hard_stop(const struct wn_member *m)
{
	int64_t last = 0;
	for (size_t i = 0; i < m->evidence.n; i++)
		if (!m->evidence.v[i]->removed)
			last = max_us(last, m->evidence.v[i]->hard_stop_us);
	return last;
}

/* Stale, but every feed that could have brought news is blind: held until grace, recovery, hard stop or box (design 05). */
static bool hold_while_blind(struct wn_world *w, struct wn_member *m)
{
	if (m->campaign->state == WN_CAMPAIGN_PROPOSED || !wn_catalog_is_blind(w->catalog, m))
		return false;
	int64_t until = later_us(m->stale_us, m->campaign->segment->life.grace_us);
	until = min_us(until, min_us(last_hard_stop(m), m->box_ends_us));
	if (w->now_us >= until)
		return false;
	if (m->blind_until_us != until) {
		m->blind_until_us = until;
		emit_member(w, m, "member.held")->why = wn_str_of("stale, but every feed that reports its evidence is blind");
	}
	m->due_us = min_us(until, later_us(w->now_us, WN_MINUTE)); /* the end of the first good batch ends it sooner */
	m->dirty = true;
	return true;
}

static bool is_sending(const struct wn_member *m)
{
	for (size_t i = 0; i < m->touches.n; i++)
		if (m->touches.v[i]->state == WN_TOUCH_SENDING)
			return true;
	return false;
}

static void leave_or_hold_stale(struct wn_world *w, struct wn_member *m)
{
	if (!hold_while_blind(w, m))
		member_leave(w, m, m->blind_until_us && w->now_us >= m->box_ends_us ? WN_LEFT_BOXED : WN_LEFT_STALE);
}

/* The earliest of its instants decides; what is not yet due only moves the lazy timer on. */
void member_due(struct wn_world *w, struct wn_member *m)
{
	int64_t now = wn_planted("early_expiry") ? later_us(w->now_us, WN_HOUR) : w->now_us;
	if (!member_is_live(m))
		return;
	int64_t first_touch = m->touches_sent == 0 && !is_sending(m) ? m->first_touch_by_us : WN_NEVER;
	int64_t first = min_us(min_us(m->stale_us, m->box_ends_us), first_touch);
	if (now < first) {
		m->due_us = next_instant(m);
		m->dirty = true;
	} else if (first == m->stale_us) {
		leave_or_hold_stale(w, m);
	} else {
		member_leave(w, m, first == m->box_ends_us ? WN_LEFT_BOXED : WN_LEFT_NO_FIRST_TOUCH);
	}
	if (member_is_live(m) && m->due_us <= w->now_us)
		m->due_us = later_us(w->now_us, WN_SECOND); /* an attempt is running: ask again */
}
