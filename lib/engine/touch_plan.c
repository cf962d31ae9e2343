/* SPDX-License-Identifier: MIT */
/*
 * Touches: planning, cancelling, what came back of an attempt. A touch changes its state in touch_move and nowhere
 * else. Whether one may go out is decided in touch_decide.c, at the moment of the attempt.
 */
#include "engine_internal.h"
#include <whynow/limits.h>

/* type NULL: no event of its own (the same state again, or a detail). */
void touch_move(struct wn_world *w, struct wn_touch *t, enum wn_touch_state to, const char *type, struct wn_str reason)
{
	const char *from = t->fresh && t->planned_us == 0 ? NULL : wn_touch_state_to_text(t->state);
	t->state = to;
	t->reason = reason;
	t->dirty = true;
	if (type)
		emit_touch(w, t, type, from);
}

void plan_step(struct wn_world *w, struct wn_member *m, size_t step, int64_t base_us)
{
	const struct wn_segment *s = wn_campaign_steps(m->campaign, w->now_us);
	if (step >= s->n_steps || !member_is_live(m) || m->replied)
		return;
	struct wn_touch *t = WN_NEW(w->arena, struct wn_touch);
	int64_t due = later_us(base_us, s->steps[step].after_us);
	*t = (struct wn_touch){.member = m,
			       .step = (int)step,
			       .channel = wn_str_of(s->steps[step].channel),
			       .due_us = due,
			       .valid_until_us = later_us(due, s->steps[step].valid_for_us),
			       .fresh = true};
	*WN_PUSH(w->arena, &m->touches) = t;
	touch_move(w, t, WN_TOUCH_PLANNED, "touch.planned", (struct wn_str){NULL, 0});
	t->planned_us = w->now_us;
}

/* A running attempt cannot be called back; its result will be recorded. Everything else that is not final ends here. */
void cancel_open_touches(struct wn_world *w, struct wn_member *m, struct wn_str why)
{
	for (size_t i = 0; i < m->touches.n; i++) {
		struct wn_touch *t = m->touches.v[i];
		if (!wn_touch_is_final(t->state) && t->state != WN_TOUCH_SENDING)
			touch_move(w, t, WN_TOUCH_CANCELLED, "touch.cancelled", why);
	}
}

void cancel_touches(struct wn_world *w, struct wn_member *m) { cancel_open_touches(w, m, wn_str_of(wn_left_to_text(m->left))); }

bool has_open_touch(const struct wn_member *m)
{
	for (size_t i = 0; i < m->touches.n; i++)
		if (!wn_touch_is_final(m->touches.v[i]->state))
			return true;
	return false;
}

/* The cause of a hold may have ended: ask again now. */
void wake_held_touches(struct wn_world *w, struct wn_member *m)
{
	for (size_t i = 0; i < m->touches.n; i++)
		if (m->touches.v[i]->state == WN_TOUCH_HELD && m->touches.v[i]->due_us > w->now_us) {
			m->touches.v[i]->due_us = w->now_us;
			m->touches.v[i]->dirty = true;
		}
}

/* A final touch that was not cancelled lets the sequence go on; a member that only finishes leaves with its last one. */
static void after_final(struct wn_world *w, struct wn_touch *t, int64_t base_us)
{
	struct wn_member *m = t->member;
	if (!member_is_live(m))
		return;
	if (m->finishing_fit) {
		if (!has_open_touch(m))
			member_leave(w, m, WN_LEFT_NO_LONGER_FITS);
	} else {
		plan_step(w, m, (size_t)t->step + 1, base_us);
	}
}

static void mark_sent(struct wn_world *w, struct wn_touch *t, struct wn_str detail)
{
	struct wn_member *m = t->member;
	t->sent_us = w->now_us;
	if (m->touches_sent++ == 0 && !m->holdout) {
		m->campaign->touched++;
		m->campaign->achieved += m->reached_us != 0;
		m->campaign->dirty = true;
	}
	m->dirty = true;
	touch_move(w, t, WN_TOUCH_SENT, "touch.sent", detail);
	after_final(w, t, t->sent_us);
}

void wn_touch_sent(struct wn_world *w, struct wn_touch *t, enum wn_sent how, int64_t retry_us, struct wn_str detail)
{
	if (t->state != WN_TOUCH_SENDING)
		return; /* completed by somebody else: the token's condition says the same */
	switch (how) {
	case WN_SENT_OK:
		mark_sent(w, t, detail);
		return;
	case WN_SENT_RETRY:
		if (!member_is_live(t->member) || t->member->replied) {
			touch_move(w, t, WN_TOUCH_CANCELLED, "touch.cancelled",
				   wn_str_of(member_is_live(t->member) ? "replied" : wn_left_to_text(t->member->left)));
			after_final(w, t, w->now_us);
			return;
		}
		t->due_us = retry_us;
		touch_move(w, t, WN_TOUCH_PLANNED, "touch.refused", detail);
		return;
	case WN_SENT_FAILED:
		touch_move(w, t, WN_TOUCH_FAILED, "touch.failed", detail);
		break;
	case WN_SENT_UNKNOWN:
		touch_move(w, t, WN_TOUCH_UNKNOWN, "touch.unknown", detail);
		break;
	}
	after_final(w, t, w->now_us);
}

enum wn_rc wn_touch_drop(struct wn_world *w, struct wn_touch *t, struct wn_str why, struct wn_err *err)
{
	if (wn_touch_is_final(t->state) || t->state == WN_TOUCH_SENDING)
		return wn_fail(err, WN_REFUSED, "the touch is %s; only one that has not gone out can be dropped",
			       wn_touch_state_to_text(t->state));
	touch_move(w, t, WN_TOUCH_DROPPED, "touch.dropped", why);
	after_final(w, t, w->now_us);
	return WN_OK;
}

static struct wn_value marked(struct wn_world *w, struct wn_str whom, const char *between, struct wn_str text)
{
	return wn_cstring(wn_arena_printf(w->arena, "[for " WN_STR_FMT "]%s" WN_STR_FMT, WN_STR_ARG(whom), between, WN_STR_ARG(text)));
}

/* `touches.redirect_to`: the message goes to that one address, and says for whom it was. What sinks read as the receiver and the words
 * is changed here, so that no sink can forget it. */
static void redirect(struct wn_world *w, const struct wn_touch *t, const struct wn_decision *d, struct wn_map_builder *data)
{
	const struct wn_contact *c = member_contact(t->member);
	const struct wn_account *a = t->member->account;
	struct wn_str whom = c && c->email.n ? c->email : c && c->name.n ? c->name : a->domain.n ? a->domain : a->name;
	struct wn_map_builder to = wn_map_begin(w->arena);
	wn_map_set(&to, "email", wn_cstring(w->catalog->redirect_to));
	if (c)
		wn_map_set(data, "redirected_from", wn_value_get(wn_map_end(data), WN_STR("contact")));
	wn_map_set(data, "redirect_to", wn_cstring(w->catalog->redirect_to));
	wn_map_set(data, "contact", wn_map_end(&to));
	if (d->subject.n)
		wn_map_set(data, "subject", marked(w, whom, " ", d->subject));
	else
		wn_map_set(data, "text", marked(w, whom, "\n", d->text));
}

/* Event ids of the touches of this channel that the member got before: what a mail answers. */
static struct wn_value thread_of(struct wn_world *w, const struct wn_touch *t)
{
	const struct wn_member *m = t->member;
	struct wn_value *ids = WN_NEW_N(w->arena, struct wn_value, m->touches.n + 1);
	size_t n = 0;
	for (int step = 0; step < t->step; step++)
		for (size_t i = 0; i < m->touches.n; i++) {
			const struct wn_touch *before = m->touches.v[i];
			bool went = before->state == WN_TOUCH_SENT || before->state == WN_TOUCH_UNKNOWN;
			if (before->step != step || !went || wn_id_is_nil(before->event_id) || !wn_str_eq(before->channel, t->channel))
				continue;
			char *text = wn_arena_alloc(w->arena, 37);
			wn_id_to_text(before->event_id, text);
			ids[n++] = wn_cstring(text);
		}
	return wn_list(ids, n);
}

/* Who could sign it. */
static void put_senders(struct wn_map_builder *data, const struct wn_touch *t)
{
	struct wn_value owner = wn_trait_value(wn_account_traits(t->member->account), WN_STR("owner"));
	if (owner.kind == WN_STRING && owner.n)
		wn_map_set(data, "owner", owner);
	if (t->member->campaign->segment->owner)
		wn_map_set(data, "segment_owner", wn_cstring(t->member->campaign->segment->owner));
}

static void send(struct wn_world *w, struct wn_touch *t, const struct wn_decision *d)
{
	bool first = wn_id_is_nil(t->event_id);
	bool silent = t->state == WN_TOUCH_SENDING; /* the attempt before gave no answer: the same one again, no news */
	t->token = wn_id_random();
	t->sink = wn_str_of(d->sink->name);
	t->variant = d->variant;
	t->claimed_us = w->now_us;
	t->due_us = later_us(w->now_us, w->catalog->touch_lease_us);
	t->attempts++;
	struct wn_buf both;
	wn_buf_init(&both, 4 * WN_RENDERED_MAX);
	wn_buf_str(&both, d->subject);
	wn_buf_char(&both, '\n');
	wn_buf_str(&both, d->text);
	wn_buf_str(&both, d->html);
	wn_sha256(wn_buf_slice(&both), t->rendered_hash);
	wn_buf_done(&both);
	touch_move(w, t, WN_TOUCH_SENDING, first ? "touch.due" : silent ? NULL : "touch.retried", (struct wn_str){NULL, 0});
	if (!first)
		return; /* the same event, with the id it has, goes out again */
	struct wn_change *ch = w->changes.v[w->changes.n - 1];
	t->event_id = ch->event_id;
	t->subject = d->subject;
	t->text = d->text;
	const char **sinks = WN_NEW_N(w->arena, const char *, 2);
	sinks[0] = d->sink->name;
	ch->sinks = sinks;
	struct wn_map_builder data = member_data(w, t->member);
	wn_map_set(&data, "step", wn_int(t->step + 1));
	wn_map_set(&data, "channel", wn_string(t->channel));
	if (d->subject.n)
		wn_map_set(&data, "subject", wn_string(d->subject));
	wn_map_set(&data, "text", wn_string(d->text));
	if (d->html.n)
		wn_map_set(&data, "html", wn_string(d->html));
	put_senders(&data, t);
	struct wn_value thread = thread_of(w, t);
	if (thread.n)
		wn_map_set(&data, "thread", thread);
	wn_map_set(&data, "valid_until", wn_time_us(t->valid_until_us));
	if (w->catalog->redirect_to)
		redirect(w, t, d, &data);
	struct wn_signal *s = member_signal(t->member);
	if (s)
		wn_map_set(&data, "signal", signal_data(w, s));
	ch->data = wn_map_end(&data);
}

/* The same hold again is no news: only the next look moves. */
static void hold(struct wn_world *w, struct wn_touch *t, const struct wn_decision *d)
{
	bool again = t->state == WN_TOUCH_HELD && wn_str_eq(t->reason, d->reason);
	t->due_us = d->until_us;
	touch_move(w, t, WN_TOUCH_HELD, again ? NULL : "touch.held", d->reason);
}

/* An attempt without an answer may have arrived: it never becomes something that says it did not. */
static void keep_unanswered(struct wn_world *w, struct wn_touch *t, const struct wn_decision *d)
{
	bool over = d->kind == WN_CANCEL || d->kind == WN_DROP || d->kind == WN_EXPIRE;
	if (over) {
		touch_move(w, t, WN_TOUCH_UNKNOWN, "touch.unknown", WN_STR("no answer to the attempt"));
		after_final(w, t, w->now_us);
		return;
	}
	t->due_us = max_us(d->until_us, later_us(w->now_us, WN_MINUTE));
	t->dirty = true;
}

void wn_touch_apply(struct wn_world *w, struct wn_touch *t, const struct wn_decision *d)
{
	if (t->state == WN_TOUCH_SENDING && d->kind != WN_SEND) {
		keep_unanswered(w, t, d);
		return;
	}
	switch (d->kind) {
	case WN_SEND:
		send(w, t, d);
		return;
	case WN_HOLD:
		hold(w, t, d);
		return;
	case WN_DEFER:
		t->due_us = d->until_us;
		touch_move(w, t, WN_TOUCH_DEFERRED, "touch.deferred", d->reason);
		return;
	case WN_YIELD:
		t->due_us = d->until_us;
		touch_move(w, t, WN_TOUCH_YIELDED, "touch.yielded", d->reason);
		return;
	case WN_CANCEL:
		touch_move(w, t, WN_TOUCH_CANCELLED, "touch.cancelled", d->reason);
		return;
	case WN_DROP:
		touch_move(w, t, WN_TOUCH_DROPPED, "touch.dropped", d->reason);
		break;
	case WN_EXPIRE:
		touch_move(w, t, WN_TOUCH_EXPIRED, "touch.expired", d->reason);
		break;
	}
	after_final(w, t, w->now_us);
}
