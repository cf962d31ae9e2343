/* SPDX-License-Identifier: MIT */
/*
 * Running the `tests:` of a segment: the true step function and the true touch decision under a simulated clock, from
 * instant to instant, as the sweeper and the courier would call them. No database, no sink; everything that is sent
 * arrives.
 *
 * A test speaks of the segment alone: no send window, no caps, no global exclude, nobody held out; a proposal is approved
 * at once. So it says the same on every installation with the same kinds and traits.
 */
#include "trial.h"

enum { INSTANTS_MAX = 200000 }; /* a held touch is looked at every minute */
#define TRIAL_LONGEST (5 * 366 * WN_DAY)

static void settle(struct trial *t)
{
	struct wn_account *a = &t->account;
	t->world.verdicts.n = 0;
	t->world.changes.n = 0;
	t->world.reviews.n = 0;
	for (size_t i = 0; i < a->signals.n; i++)
		a->signals.v[i]->arrived = false;
	for (size_t i = 0; i < a->non_actions.n; i++)
		a->non_actions.v[i]->fresh = false;
}

static void step(struct trial *t, struct wn_event ev)
{
	enum wn_rc rc = wn_campaign_step(&t->world, &ev, NULL);
	(void)rc; /* what is refused changes nothing */
}

static void approve_proposals(struct trial *t)
{
	for (size_t i = 0; i < t->world.campaigns.n; i++)
		if (t->world.campaigns.v[i]->state == WN_CAMPAIGN_PROPOSED) {
			t->proposed = true;
			step(t, (struct wn_event){.type = WN_EV_APPROVE, .campaign = t->world.campaigns.v[i]});
		}
}

static void step_verdicts(struct trial *t)
{
	enum wn_rc rc = wn_campaign_step_verdicts(&t->world, NULL);
	(void)rc; /* likewise */
	approve_proposals(t);
	settle(t);
}

/* --- what comes ---------------------------------------------------------------------------------------- */
/* What comes at the same instant is one batch, as the intake would take it: all of it is stored first, then each signal is put to the
 * rule, the oldest first, seeing all. */
static void arrivals(struct trial *t, int64_t after_us)
{
	struct wn_account *a = &t->account;
	for (size_t i = 0; i < t->test->signals.n; i++)
		if (t->test->signals.v[i].after_us == after_us)
			trial_arrive(t, &t->test->signals.v[i]);
	for (size_t i = 0; i < a->signals.n; i++) {
		struct wn_signal *s = a->signals.v[i];
		if (!s->arrived || !rule_may_be_signal(s, t->world.now_us))
			continue;
		verdict_add(&t->world, &t->segment, a, s);
		trial_note_verdict(t, s);
	}
	step_verdicts(t);
}

static void change_account(struct trial *t, const struct test_facts *facts)
{
	trial_set_account(t, facts);
	for (size_t i = 0; i < facts->v.n; i++)
		wn_verdicts_of_trait(&t->world, &t->account, WN_TRAIT_ACCOUNT, wn_str_of(facts->v.v[i].name));
	size_t own = 0; /* the neighbours are not on trial */
	for (size_t i = 0; i < t->world.verdicts.n; i++)
		if (t->world.verdicts.v[i]->segment == &t->segment)
			t->world.verdicts.v[own++] = t->world.verdicts.v[i];
	t->world.verdicts.n = own;
	step(t, (struct wn_event){.type = WN_EV_TRAIT, .account = &t->account});
	step_verdicts(t);
}

static void come_back(struct trial *t, const struct test_change *c)
{
	struct wn_outcome *o = WN_NEW(t->arena, struct wn_outcome);
	size_t number = (size_t)(c - t->test->changes.v);
	*o = (struct wn_outcome){.account = &t->account,
				 .key = wn_id_of("trial outcome", &(struct wn_str){(const char *)&number, sizeof(number)}, 1),
				 .at_us = t->world.now_us,
				 .source = WN_STR("test")};
	if (!wn_outcome_from_text(wn_str_of(c->outcome), &o->kind))
		return;
	if (c->contact)
		o->contact_id = t->account.contacts.v[c->contact - 1]->id;
	step(t, (struct wn_event){.type = WN_EV_OUTCOME, .account = &t->account, .outcome = o});
}

static void change(struct trial *t, const struct test_change *c)
{
	if (c->account.v.n)
		change_account(t, &c->account);
	if (c->outcome)
		come_back(t, c);
}

static void everything_that_comes(struct trial *t)
{
	int64_t after = t->world.now_us - TRIAL_START;
	arrivals(t, after);
	for (size_t i = 0; i < t->test->changes.n; i++)
		if (t->test->changes.v[i].after_us == after)
			change(t, &t->test->changes.v[i]);
	settle(t);
}

/* --- what falls due ------------------------------------------------------------------------------------ */
static void due_members(struct trial *t)
{
	for (size_t i = 0; i < t->account.members.n; i++) {
		struct wn_member *m = t->account.members.v[i];
		if (member_is_live(m) && m->due_us <= t->world.now_us)
			step(t, (struct wn_event){.type = WN_EV_MEMBER_DUE, .account = m->account, .member = m});
	}
}

static void due_campaigns(struct trial *t)
{
	for (size_t i = 0; i < t->world.campaigns.n; i++)
		if (t->world.campaigns.v[i]->due_us <= t->world.now_us)
			step(t, (struct wn_event){.type = WN_EV_CAMPAIGN_DUE, .campaign = t->world.campaigns.v[i]});
}

static void due_rechecks(struct trial *t)
{
	struct wn_account *a = &t->account;
	for (size_t i = a->rechecks.n; i-- > 0;) {
		struct wn_recheck *r = a->rechecks.v[i];
		struct wn_signal *s = wn_account_signal(a, r->signal_key);
		if (r->at_us > t->world.now_us)
			continue;
		a->rechecks.v[i] = a->rechecks.v[--a->rechecks.n];
		if (s && rule_may_be_signal(s, t->world.now_us)) {
			verdict_add(&t->world, &t->segment, a, s);
			trial_note_verdict(t, s);
		}
	}
	if (t->world.verdicts.n)
		step_verdicts(t);
}

static bool waits(const struct wn_touch *touch)
{
	return !wn_touch_is_final(touch->state) && touch->state != WN_TOUCH_SENDING;
}

static void attempt(struct trial *t, struct wn_touch *touch)
{
	struct wn_decision d = wn_touch_decide(&t->world, touch);
	wn_touch_apply(&t->world, touch, &d);
	if (d.kind != WN_SEND)
		return;
	*WN_PUSH(t->arena, &t->sent) = (struct trial_sent){touch, d.subject, d.text, d.variant};
	wn_touch_sent(&t->world, touch, WN_SENT_OK, 0, (struct wn_str){NULL, 0});
}

static void due_touches(struct trial *t)
{
	for (size_t i = 0; i < t->account.members.n; i++) {
		struct wn_member *m = t->account.members.v[i];
		for (size_t k = 0; k < m->touches.n; k++) /* what is planned next comes behind, and is met too */
			if (waits(m->touches.v[k]) && m->touches.v[k]->due_us <= t->world.now_us)
				attempt(t, m->touches.v[k]);
	}
}

/* --- the clock ----------------------------------------------------------------------------------------- */
static int64_t next_that_comes(const struct trial *t)
{
	int64_t after = t->world.now_us - TRIAL_START, next = WN_NEVER;
	for (size_t i = 0; i < t->test->signals.n; i++)
		if (t->test->signals.v[i].after_us > after)
			next = min_us(next, TRIAL_START + t->test->signals.v[i].after_us);
	for (size_t i = 0; i < t->test->changes.n; i++)
		if (t->test->changes.v[i].after_us > after)
			next = min_us(next, TRIAL_START + t->test->changes.v[i].after_us);
	return next;
}

static int64_t next_due(const struct trial *t)
{
	const struct wn_account *a = &t->account;
	int64_t next = WN_NEVER;
	for (size_t i = 0; i < a->members.n; i++) {
		const struct wn_member *m = a->members.v[i];
		next = member_is_live(m) ? min_us(next, m->due_us) : next;
		for (size_t k = 0; k < m->touches.n; k++)
			next = waits(m->touches.v[k]) ? min_us(next, m->touches.v[k]->due_us) : next;
	}
	for (size_t i = 0; i < t->world.campaigns.n; i++)
		next = min_us(next, t->world.campaigns.v[i]->due_us);
	for (size_t i = 0; i < a->rechecks.n; i++)
		next = min_us(next, a->rechecks.v[i]->at_us);
	return next;
}

void trial_run(struct trial *t)
{
	everything_that_comes(t);
	due_touches(t);
	for (int i = 0; i < INSTANTS_MAX; i++) {
		int64_t next = min_us(next_that_comes(t), next_due(t));
		if (next == WN_NEVER || next > TRIAL_START + TRIAL_LONGEST)
			return;
		t->world.now_us = max_us(next, t->world.now_us);
		due_members(t);
		due_campaigns(t);
		due_rechecks(t);
		everything_that_comes(t);
		due_touches(t);
		settle(t);
	}
}

void wn_segment_run_tests(const struct wn_segment *s, const struct wn_segment_options *opt, const char *file, struct wn_arena *a,
			  struct wn_trial **out, size_t *n)
{
	const struct segment_inner *inner = inner_of(s);
	struct wn_trial *results = WN_NEW_N(a, struct wn_trial, inner->n_tests + 1);
	for (size_t i = 0; i < inner->n_tests; i++) {
		struct trial t;
		trial_begin(&t, s, opt, &inner->tests[i]);
		trial_run(&t);
		results[i] = (struct wn_trial){.name = inner->tests[i].name, .at = inner->tests[i].at, .failure = trial_judge(&t, file, a)};
		results[i].at.file = file;
		trial_end(&t);
	}
	*out = results;
	*n = inner->n_tests;
}
