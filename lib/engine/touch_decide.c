/* SPDX-License-Identifier: MIT */
/*
 * May this touch go out now? One function, asked when the courier claims a touch and again before every retry; the
 * checks are a table, in the order of design 05, and the first that objects decides. Nothing is changed here.
 */
#include "engine_internal.h"
#include <whynow/limits.h>
#include <whynow/tz.h>

struct attempt {
	struct wn_world *w;
	struct wn_touch *t;
	struct wn_member *m;
	struct wn_contact *contact; /* NULL: the account itself */
	const struct wn_segment *segment;
	const struct wn_seq_step *step;
	struct wn_decision *d;
};

/* How long until a hold whose end nobody will announce is looked at again. */
enum { LOOK_AGAIN_S = 3600, LOOK_SOON_S = 60 };

static bool decide(struct attempt *at, enum wn_decision_kind kind, const char *reason, int64_t until_us)
{
	*at->d = (struct wn_decision){.kind = kind, .reason = wn_str_of(reason), .until_us = until_us};
	return true;
}

static bool hold_for(struct attempt *at, const char *reason, int seconds)
{
	int64_t look = later_us(at->w->now_us, seconds * WN_SECOND);
	return decide(at, WN_HOLD, reason, max_us(min_us(look, at->t->valid_until_us), at->w->now_us + WN_SECOND));
}

/* ------------------------------------------------------------------------------------------------- the checks */
static bool check_member(struct attempt *at)
{
	struct wn_member *m = at->m;
	if (!member_is_live(m))
		return decide(at, WN_CANCEL, wn_left_to_text(m->left), 0);
	if (m->holdout)
		return decide(at, WN_DROP, "holdout", 0);
	if (m->replied)
		return decide(at, WN_CANCEL, "replied", 0);
	bool over = at->w->now_us >= m->box_ends_us || (at->w->now_us >= m->stale_us && !m->blind_until_us);
	return over && hold_for(at, "member_ending", 1); /* the sweeper will end it and cancel this */
}

static bool check_suppressed(struct attempt *at)
{
	const struct wn_contact *c = at->contact;
	if (may_not_contact(at->m->account) || (c && !c->erased && trait_forbids(c->traits)) || (c && (c->suppressed || c->opted_out || c->erased)))
		return decide(at, WN_CANCEL, "suppressed", 0);
	return false;
}

static bool check_valid(struct attempt *at)
{
	return at->w->now_us >= at->t->valid_until_us && decide(at, WN_EXPIRE, at->t->reason.n ? at->t->reason.p : "valid_until", 0);
}

static bool check_held(struct attempt *at)
{
	if (at->w->catalog->paused || at->segment->paused)
		return hold_for(at, "paused", LOOK_SOON_S);
	if (at->m->blind_until_us)
		return hold_for(at, "blind", LOOK_SOON_S);
	if (wn_str_is(at->m->account->state, "provisional"))
		return hold_for(at, "provisional", LOOK_AGAIN_S);
	return at->m->replied_hold && hold_for(at, "colleague_replied", LOOK_AGAIN_S);
}

static bool check_if(struct attempt *at)
{
	if (!at->step->test)
		return false;
	enum wn_three is = wn_member_test(at->w, at->step->test, at->m);
	if (is == WN_FALSE3)
		return decide(at, WN_DROP, "if", 0);
	return is == WN_UNKNOWN3 && hold_for(at, "if_unknown", LOOK_AGAIN_S);
}

static bool needs_address(const struct attempt *at) { return wn_str_is(at->t->channel, "email"); }

static const struct wn_sink_view *sink_for(const struct attempt *at)
{
	for (size_t i = 0; i < at->w->catalog->n_sinks; i++) {
		const struct wn_sink_view *sink = &at->w->catalog->sinks[i];
		for (const char *const *c = sink->channels; c && *c; c++)
			if (wn_str_is(at->t->channel, *c))
				return sink;
	}
	return NULL;
}

static bool check_way(struct attempt *at)
{
	if (needs_address(at) && (!at->contact || at->contact->email.n == 0))
		return hold_for(at, "no_address", LOOK_AGAIN_S);
	const struct wn_sink_view *sink = sink_for(at);
	if (!sink)
		return hold_for(at, "no_sink", LOOK_AGAIN_S);
	return sink->off && hold_for(at, "sink_off", LOOK_SOON_S);
}

static const struct wn_tz *zone_by_name(const struct wn_catalog *cat, struct wn_str name)
{
	return name.n && cat->tz_of ? cat->tz_of(cat->tz_ctx, name) : NULL;
}

/* Zone of the contact, else the account's own, else of its country if all of that has one time, else the main file's. */
static const struct wn_tz *zone_of(const struct attempt *at)
{
	const struct wn_catalog *cat = at->w->catalog;
	struct wn_value traits = wn_account_traits(at->m->account);
	struct wn_str country = wn_value_str(wn_trait_value(traits, WN_STR("country")));
	const struct wn_tz *tz = at->contact ? zone_by_name(cat, at->contact->time_zone) : NULL;
	if (!tz)
		tz = zone_by_name(cat, wn_value_str(wn_trait_value(traits, WN_STR("time_zone"))));
	if (!tz && country.n && cat->tz_of_country)
		tz = cat->tz_of_country(cat->tz_ctx, country, at->w->now_us);
	return tz ? tz : cat->default_tz;
}

/* The least instant >= now inside the window. Local midnight of a day goes through the zone, so that skipped and repeated
 * times of day fall where the zone puts them. */
static int64_t next_in_window(const struct attempt *at, const struct wn_tz *tz)
{
	const struct wn_catalog *cat = at->w->catalog;
	int64_t now = at->w->now_us, local = tz ? wn_tz_to_local(tz, now) : now;
	int64_t day = local / WN_DAY - (local % WN_DAY < 0);
	for (int i = 0; i < 8; i++, day++) {
		unsigned weekday = (unsigned)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; 0 = Monday */
		if (!(cat->window_days & (1u << weekday)))
			continue;
		int64_t open = day * WN_DAY + cat->window_from_us, close = day * WN_DAY + cat->window_to_us;
		if (tz) {
			open = wn_tz_from_local(tz, open);
			close = wn_tz_from_local(tz, close);
			if (close <= open) /* all of it is skipped: it moves as a whole */
				close = open + cat->window_to_us - cat->window_from_us;
		}
		if (now < close)
			return max_us(now, open);
	}
	return now;
}

static bool check_window(struct attempt *at)
{
	if (!at->w->catalog->window_days)
		return false;
	int64_t when = next_in_window(at, zone_of(at));
	return when > at->w->now_us && decide(at, WN_DEFER, "window", when);
}

/* ------------------------------------------------------------------------------------------------ pressure: caps */
static bool counts(const struct wn_touch *t)
{
	return t->state == WN_TOUCH_SENDING || t->state == WN_TOUCH_SENT || t->state == WN_TOUCH_UNKNOWN;
}

static int64_t counted_at(const struct wn_touch *t) { return t->sent_us ? t->sent_us : t->claimed_us; }

/* Keeps the `cap` newest instants, newest first. */
static int keep_newest(int64_t *newest, int n, int cap, int64_t instant)
{
	int k = n < cap ? n : cap - 1;
	if (n == cap && newest[k] >= instant)
		return n;
	for (; k > 0 && newest[k - 1] < instant; k--)
		newest[k] = newest[k - 1];
	newest[k] = instant;
	return n < cap ? n + 1 : n;
}

/* When the cap has room: now, or the instant at which the oldest of the `cap` newest counted touches falls out of its span. */
static int64_t room_at(const struct attempt *at, int cap, int64_t span, bool same_contact, bool same_channel, int *used)
{
	int64_t now = at->w->now_us, newest[64];
	int n = 0;
	*used = 0;
	if (cap <= 0 || cap > (int)WN_COUNT(newest))
		return now; /* no cap; the option's range ends at 64 */
	const struct wn_account *a = at->m->account;
	for (size_t i = 0; i < a->members.n + a->former.n; i++) {
		const struct wn_member *m = i < a->members.n ? a->members.v[i] : a->former.v[i - a->members.n];
		if (same_contact && !wn_id_eq(m->contact_id, at->m->contact_id))
			continue;
		for (size_t j = 0; j < m->touches.n; j++) {
			const struct wn_touch *t = m->touches.v[j];
			if (t != at->t && counts(t) && counted_at(t) > now - span &&
			    (!same_channel || wn_str_eq(t->channel, at->t->channel)))
				n = keep_newest(newest, n, cap, counted_at(t));
		}
	}
	*used = n; /* at most the cap */
	return n < cap ? now : later_us(newest[cap - 1], span);
}

/* The caps that a touch of this channel is under, over all campaigns. */
static size_t caps_of(const struct attempt *at, struct wn_cap_state out[WN_TOUCH_CAPS])
{
	const struct wn_caps *caps = &at->w->catalog->caps;
	const struct wn_cap_state rows[] = {
		{"cap_contact", 0, caps->contact, caps->contact_us, 0},
		{"cap_account", 0, caps->account, caps->account_us, 0},
		{"cap_email", 0, caps->email, caps->email_us, 0},
	};
	size_t n = 0;
	for (size_t i = 0; i < (needs_address(at) ? 3u : 2u); i++) {
		out[n] = rows[i];
		out[n].free_us = room_at(at, rows[i].cap, rows[i].span_us, i != 1, i == 2, &out[n].used);
		n++;
	}
	return n;
}

static bool check_caps(struct attempt *at)
{
	struct wn_cap_state caps[WN_TOUCH_CAPS];
	size_t n = caps_of(at, caps);
	for (size_t i = 0; i < n; i++)
		if (caps[i].free_us > at->w->now_us)
			return decide(at, WN_DEFER, caps[i].name, caps[i].free_us);
	return false;
}

/* ------------------------------------------------------------------------------------------------ pressure: rank */
/* Negative: a goes before b. */
static int rank(const struct wn_world *w, const struct wn_member *a, const struct wn_member *b)
{
	if (a->campaign->segment->priority != b->campaign->segment->priority)
		return b->campaign->segment->priority - a->campaign->segment->priority;
	double heat_a = wn_heat((const struct wn_evidence *const *)a->evidence.v, a->evidence.n, w->now_us);
	double heat_b = wn_heat((const struct wn_evidence *const *)b->evidence.v, b->evidence.n, w->now_us);
	if (heat_a != heat_b)
		return heat_a > heat_b ? -1 : 1;
	return wn_id_cmp(a->campaign_id, b->campaign_id);
}

static bool competes(const struct attempt *at, const struct wn_member *m, const struct wn_touch *t)
{
	return m != at->m && member_is_live(m) && !m->holdout && m->campaign && wn_id_eq(m->contact_id, at->m->contact_id) &&
	       (t->state == WN_TOUCH_PLANNED || t->state == WN_TOUCH_DEFERRED) &&
	       t->due_us <= later_us(at->w->now_us, at->w->catalog->caps.rank_window_us);
}

/* Tells of the campaign that goes first. */
static bool yield_to(struct attempt *at, const struct wn_campaign *c)
{
	char id[37];
	wn_id_to_text(c->id, id);
	const char *to = wn_arena_printf(at->w->arena, "rank: " WN_STR_FMT " (campaign %.7s)", WN_STR_ARG(c->segment_name), id);
	return decide(at, WN_YIELD, to, later_us(at->w->now_us, at->w->catalog->caps.rank_window_us));
}

static bool check_rank(struct attempt *at)
{
	for (size_t i = 0; i < at->m->account->members.n; i++) {
		const struct wn_member *m = at->m->account->members.v[i];
		for (size_t j = 0; j < m->touches.n; j++)
			if (competes(at, m, m->touches.v[j]) && rank(at->w, m, at->m) < 0)
				return yield_to(at, m->campaign);
	}
	return false;
}

/* --------------------------------------------------------------------------------------------------- the words */
/* By `if` first, then by split (stable by a hash of contact and step), else the last without a condition. */
static const struct wn_variant *choose_variant(const struct attempt *at)
{
	char step = (char)at->step->number;
	struct wn_str fields[] = {wn_id_bytes(&at->m->campaign_id), wn_id_bytes(&at->m->account->id), wn_id_bytes(&at->m->contact_id), {&step, 1}};
	struct wn_id h = wn_id_of("variant", fields, WN_COUNT(fields));
	double where = (h.b[2] << 16 | h.b[3] << 8 | h.b[4]) / 16777216.0, sum = 0;
	for (size_t i = 0; i < at->step->n_variants; i++) {
		const struct wn_variant *v = &at->step->variants[i];
		if (v->test) {
			if (wn_member_test(at->w, v->test, at->m) == WN_TRUE3)
				return v;
			continue;
		}
		sum += v->split;
		if (v->split == 0 || where < sum)
			return v;
	}
	return NULL;
}

/* Exactly WN_CAMPAIGN_TEMPLATE_FIELDS of segment.h. */
static struct wn_value campaign_words(const struct attempt *at)
{
	struct wn_map_builder m = wn_map_begin(at->w->arena);
	char *id = wn_arena_alloc(at->w->arena, 37);
	wn_id_to_text(at->m->campaign_id, id);
	wn_map_set(&m, "id", wn_cstring(id));
	wn_map_set(&m, "segment", wn_cstring(at->segment->name));
	wn_map_set(&m, "description", wn_cstring(at->segment->description ? at->segment->description : ""));
	wn_map_set(&m, "owner", wn_cstring(at->segment->owner));
	wn_map_set(&m, "opened_at", wn_time_us(at->m->campaign->opened_us));
	wn_map_set(&m, "ends_at", wn_time_us(min_us(at->m->stale_us, at->m->box_ends_us)));
	return wn_map_end(&m);
}

static struct wn_value template_data(const struct attempt *at)
{
	struct wn_map_builder m = wn_map_begin(at->w->arena);
	struct wn_signal *s = member_signal(at->m);
	const struct wn_account *a = at->m->account;
	struct wn_value *all = WN_NEW_N(at->w->arena, struct wn_value, at->m->evidence.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < at->m->evidence.n; i++) {
		struct wn_signal *e = wn_account_signal(a, at->m->evidence.v[i]->signal_key);
		if (e && !at->m->evidence.v[i]->removed)
			all[n++] = wn_object_value(&e->object);
	}
	if (s)
		wn_map_set(&m, "signal", wn_object_value(&s->object));
	wn_map_set(&m, "signals", wn_list(all, n));
	wn_map_set(&m, "account", wn_object_value(&a->object));
	if (at->contact)
		wn_map_set(&m, "contact", wn_object_value(&at->contact->object));
	wn_map_set(&m, "campaign", campaign_words(at));
	return wn_map_end(&m);
}

/* False: rendered. Never "Hi ,": a name without a value holds the touch. */
static bool render(struct attempt *at, const struct wn_template *t, struct wn_value data, enum wn_escape escape, struct wn_str *out)
{
	struct wn_buf buf;
	struct wn_str missing = {NULL, 0};
	if (!t)
		return false;
	wn_buf_init(&buf, WN_RENDERED_MAX);
	enum wn_rc rc = wn_template_render(t, data, escape, &buf, &missing, NULL);
	bool over = wn_buf_overflowed(&buf);
	*out = wn_arena_str(at->w->arena, wn_buf_slice(&buf));
	wn_buf_done(&buf);
	if (rc != WN_OK || over)
		return hold_for(at, "template_failed", LOOK_AGAIN_S);
	if (!missing.n)
		return false;
	return hold_for(at, wn_arena_printf(at->w->arena, "field_missing: " WN_STR_FMT, WN_STR_ARG(missing)), LOOK_AGAIN_S);
}

static bool check_words(struct attempt *at)
{
	const struct wn_variant *v = choose_variant(at);
	struct wn_str subject = {NULL, 0}, text = {NULL, 0}, html = {NULL, 0};
	if (!v)
		return decide(at, WN_DROP, "no_variant", 0);
	struct wn_value data = template_data(at);
	if (render(at, v->subject, data, WN_ESCAPE_NONE, &subject) || render(at, v->body, data, WN_ESCAPE_NONE, &text) ||
	    render(at, v->html, data, WN_ESCAPE_HTML, &html))
		return true;
	*at->d = (struct wn_decision){.kind = WN_SEND, .sink = sink_for(at), .subject = subject, .text = text, .html = html,
				      .variant = wn_str_of(v->name ? v->name : "")};
	return true;
}

/* Each returns true when it decided. Words come last because rendering costs most. */
static bool (*const checks[])(struct attempt *) = {
	check_member, check_suppressed, check_valid, check_held, check_if, check_way, check_window, check_caps, check_rank, check_words,
};

/* Of the version that counted when it was planned. */
static bool find_step(struct attempt *at, size_t step, int64_t planned_us)
{
	const struct wn_segment *s = wn_campaign_steps(at->m->campaign, planned_us);
	if (!s || step >= s->n_steps)
		return false;
	at->segment = at->m->campaign->segment;
	at->step = &s->steps[step];
	return true;
}

struct wn_decision wn_touch_decide(struct wn_world *w, struct wn_touch *t)
{
	struct wn_decision d = {.kind = WN_HOLD, .reason = WN_STR("undecided"), .until_us = later_us(w->now_us, WN_MINUTE)};
	struct attempt at = {.w = w, .t = t, .m = t->member, .contact = member_contact(t->member), .d = &d};
	if (!at.m->campaign || !find_step(&at, (size_t)t->step, t->planned_us))
		return d;
	for (size_t i = 0; i < WN_COUNT(checks); i++)
		if (checks[i](&at))
			break;
	return d;
}

size_t wn_touch_pressure(struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_str channel,
			 struct wn_cap_state caps[WN_TOUCH_CAPS], int64_t *window_us)
{
	struct wn_member m = {.account = a, .contact_id = c ? c->id : (struct wn_id){{0}}};
	struct wn_touch t = {.member = &m, .channel = channel};
	struct attempt at = {.w = w, .t = &t, .m = &m, .contact = c};
	*window_us = w->catalog->window_days ? next_in_window(&at, zone_of(&at)) : w->now_us;
	return caps_of(&at, caps);
}

struct wn_decision wn_touch_preview(struct wn_world *w, struct wn_member *m, int step)
{
	struct wn_decision d = {.kind = WN_HOLD, .reason = WN_STR("no_such_step")};
	struct wn_touch t = {.member = m, .step = step, .valid_until_us = WN_NEVER};
	struct attempt at = {.w = w, .t = &t, .m = m, .contact = member_contact(m), .d = &d};
	for (size_t i = 0; i < m->touches.n; i++)
		t.planned_us = m->touches.v[i]->step == step ? m->touches.v[i]->planned_us : t.planned_us;
	if (!m->campaign || step < 0 || !find_step(&at, (size_t)step, t.planned_us ? t.planned_us : WN_NEVER))
		return d;
	t.channel = wn_str_of(at.step->channel);
	check_words(&at);
	return d;
}
