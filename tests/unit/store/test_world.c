/* SPDX-License-Identifier: MIT */
/* Worlds: what is flushed comes back as it was; what somebody else moved is not overwritten. */
#include "life_rig.h"

#include <sys/wait.h>

static void a_true_verdict_opens_a_campaign_with_everything_that_belongs_to_it(void **state)
{
	DB(d);
	life_open(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.member WHERE state = 'live' AND due_at <= stale_at"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.evidence"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.touch WHERE state = 'planned'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.history WHERE type = 'campaign.opened' AND sinks = '{crm,log}'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox WHERE type = 'campaign.opened' AND state = 'pending'"), 2);
	assert_int_equal(db_count(d, "SELECT gen FROM whynow.campaign"), db_count(d, "SELECT count(*) FROM whynow.history"));
	assert_int_equal(db_fsck(d, NULL), 0);
}

static bool same_member(const struct wn_member *a, const struct wn_member *b)
{
	return wn_id_eq(a->campaign_id, b->campaign_id) && wn_id_eq(a->contact_id, b->contact_id) && a->left == b->left && a->enrolled_us == b->enrolled_us &&
	       a->left_us == b->left_us && wn_id_eq(a->signal_key, b->signal_key) && a->heat == b->heat && a->box_ends_us == b->box_ends_us &&
	       a->stale_us == b->stale_us && a->first_touch_by_us == b->first_touch_by_us && a->blind_until_us == b->blind_until_us &&
	       a->finishing_fit == b->finishing_fit && a->replied_hold == b->replied_hold && a->due_us == b->due_us && a->touches_sent == b->touches_sent &&
	       a->holdout == b->holdout && a->shadow == b->shadow && a->version == b->version && wn_str_eq(a->segment, b->segment) &&
	       a->campaign_bucket == b->campaign_bucket && a->evidence.n == b->evidence.n && a->touches.n == b->touches.n;
}

static bool same_touch(const struct wn_touch *a, const struct wn_touch *b)
{
	return a->step == b->step && wn_str_eq(a->channel, b->channel) && wn_str_eq(a->sink, b->sink) && a->state == b->state && wn_str_eq(a->reason, b->reason) &&
	       a->planned_us == b->planned_us && a->due_us == b->due_us && a->valid_until_us == b->valid_until_us && a->claimed_us == b->claimed_us &&
	       a->sent_us == b->sent_us && a->attempts == b->attempts && wn_id_eq(a->token, b->token) && wn_id_eq(a->event_id, b->event_id) &&
	       wn_str_eq(a->variant, b->variant) && memcmp(a->rendered_hash, b->rendered_hash, 32) == 0;
}

static bool same_evidence(const struct wn_evidence *a, const struct wn_evidence *b)
{
	return wn_id_eq(a->signal_key, b->signal_key) && a->kind == b->kind && a->occurred_us == b->occurred_us && a->strength == b->strength &&
	       a->publishers == b->publishers && a->half_life_us == b->half_life_us && a->hard_stop_us == b->hard_stop_us && wn_str_eq(a->clause, b->clause) &&
	       a->removed == b->removed;
}

static bool same_campaign(const struct wn_campaign *a, const struct wn_campaign *b)
{
	return wn_id_eq(a->id, b->id) && wn_id_eq(a->group_id, b->group_id) && a->bucket == b->bucket && a->version == b->version && wn_value_eq(a->group, b->group) &&
	       wn_id_eq(a->opening_signal, b->opening_signal) && wn_id_eq(a->opening_account, b->opening_account) && a->state == b->state && a->result == b->result &&
	       a->shadow == b->shadow && a->proposed_us == b->proposed_us && a->opened_us == b->opened_us && a->intake_ends_us == b->intake_ends_us &&
	       a->max_ends_us == b->max_ends_us && a->closed_us == b->closed_us && a->live_until_us == b->live_until_us && a->live_members == b->live_members &&
	       a->audience == b->audience && a->members == b->members && a->holdouts == b->holdouts && a->touched == b->touched && a->achieved == b->achieved &&
	       a->converted == b->converted && a->due_us == b->due_us && a->gen == b->gen && memcmp(a->seal, b->seal, 32) == 0 &&
	       a->reviewed_final == b->reviewed_final && a->cost == b->cost && a->segment == b->segment;
}

static bool same_signal(const struct wn_signal *a, const struct wn_signal *b)
{
	return wn_id_eq(a->key, b->key) && a->kind == b->kind && a->occurred_us == b->occurred_us && a->published_us == b->published_us &&
	       a->observed_us == b->observed_us && a->stored_us == b->stored_us && a->received_on == b->received_on && a->strength == b->strength &&
	       a->half_life_us == b->half_life_us && a->hard_stop_us == b->hard_stop_us && a->publishers == b->publishers &&
	       a->n_publisher_list == b->n_publisher_list && wn_value_eq(a->attrs, b->attrs) && wn_str_eq(a->headline, b->headline) && wn_str_eq(a->url, b->url) &&
	       wn_str_eq(a->span, b->span) && wn_str_eq(a->feed, b->feed) && wn_id_eq(a->contact_id, b->contact_id) && a->history == b->history &&
	       a->retracted == b->retracted && wn_str_eq(a->publisher_list[0].domain, b->publisher_list[0].domain);
}

static void a_world_comes_back_as_it_was_written(void **state)
{
	DB(d);
	life_segment(d, "mode: live\n");
	struct wn_id id = life_contact(d, "acme.test", "jo@acme.test");
	life_round(d, "1", "acme.test", 1);
	struct wn_arena *kept = d->w->arena;
	struct wn_account *before = wn_world_account(d->w, id);
	struct wn_touch *t = before->members.v[0]->touches.v[0];
	/* every field of a touch and a member that an ordinary opening leaves empty */
	before->members.v[0]->replied_hold = before->members.v[0]->finishing_fit = before->members.v[0]->dirty = true;
	before->members.v[0]->blind_until_us = before->members.v[0]->stale_us + 5;
	t->state = WN_TOUCH_HELD, t->reason = WN_STR("blind"), t->claimed_us = 77 * WN_SECOND, t->sink = WN_STR("crm"), t->variant = WN_STR("2"), t->attempts = 3;
	t->token = wn_id_random(), t->event_id = wn_id_random(), t->dirty = true;
	memset(t->rendered_hash, 7, 32);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_new_world(d);
	struct wn_account *after = life_load(d, id);
	wn_store_rollback(d->st);
	assert_true(wn_str_eq(before->domain, after->domain) && before->known_since_us == after->known_since_us && wn_value_eq(wn_account_traits(before), wn_account_traits(after)));
	assert_int_equal(after->signals.n, 1);
	assert_true(same_signal(before->signals.v[0], after->signals.v[0]));
	assert_int_equal(after->contacts.n, 1);
	assert_true(wn_str_eq(before->contacts.v[0]->email, after->contacts.v[0]->email));
	assert_int_equal(after->members.n, 1);
	assert_true(same_member(before->members.v[0], after->members.v[0]));
	assert_true(same_touch(t, after->members.v[0]->touches.v[0]));
	assert_true(same_evidence(before->members.v[0]->evidence.v[0], after->members.v[0]->evidence.v[0]));
	assert_true(same_campaign(before->members.v[0]->campaign, after->members.v[0]->campaign));
	wn_arena_free(kept);
}

static void a_second_signal_extends_and_a_second_publisher_warms(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	int64_t stale = db_count(d, "SELECT extract(epoch FROM stale_at)::int8 FROM whynow.member");
	d->w->now_us += WN_DAY;
	struct wn_sighting x = db_sighting(d, "2", "funding", "acme.test", 2, "{\"round\": \"Series B\"}");
	x.publisher = WN_STR("paper.test");
	db_take(d, &x, 1);
	assert_true(db_count(d, "SELECT extract(epoch FROM stale_at)::int8 FROM whynow.member") > stale);
	assert_int_equal(db_count(d, "SELECT publishers FROM whynow.evidence"), 2);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.history WHERE type = 'member.corroborated'"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
	db_fresh(d);
	(void)id;
}

static void a_due_member_leaves_and_its_campaign_closes_with_a_review(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	struct wn_due *due;
	size_t n;
	struct wn_tick tick;
	struct wn_ref_row sink = {.name = WN_STR("crm"), .definition = wn_map(NULL, 0), .enabled = true};
	OK(wn_store_sync(d->st, WN_REF_SINK, &sink, 1, d->w->now_us, NULL, &err));
	OK(wn_store_tick(d->st, INT64_MIN, &tick, &err));
	assert_true(tick.member_us < WN_NEVER && tick.touch_us <= d->w->now_us + WN_DAY && tick.campaign_us < WN_NEVER);
	assert_true(tick.outbox_us <= d->w->now_us);
	assert_int_equal(tick.recheck_us, WN_NEVER);
	int64_t versions;
	OK(wn_store_segment_count(d->st, INT64_MAX, &versions, &err));
	assert_int_equal(versions, 1);
	d->w->now_us += 4 * WN_DAY; /* no touch went out within three */
	OK(wn_store_due_members(d->st, &(struct wn_due_query){d->w->now_us, 0, 1023, 10}, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 1);
	assert_true(wn_id_eq(due[0].account_id, id));
	struct wn_account *a = life_load(d, id);
	OK(wn_campaign_step(d->w, &(struct wn_event){.type = WN_EV_MEMBER_DUE, .member = a->members.v[0]}, &err));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign WHERE state = 'closed' AND live_members = 0"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.member WHERE left_why = 'no_first_touch'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.touch WHERE state = 'cancelled'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.review WHERE NOT final"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
	/* the final review falls due when the goal window ends */
	d->w->now_us += 31 * WN_DAY;
	OK(wn_store_due_campaigns(d->st, &(struct wn_due_query){d->w->now_us, 0, 1023, 10}, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 1);
	struct wn_campaign *c;
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_campaign(d->st, d->w, due[0].bucket, due[0].campaign_id, true, &c, &err));
	OK(wn_campaign_step(d->w, &(struct wn_event){.type = WN_EV_CAMPAIGN_DUE, .campaign = c}, &err));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.review WHERE final"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
	OK(wn_store_tick(d->st, INT64_MIN, &tick, &err));
	assert_int_equal(tick.campaign_us, WN_NEVER);
}

static void cancelling_takes_every_member_along(void **state)
{
	DB(d);
	life_open(d);
	life_contact(d, "globex.test", "al@globex.test");
	life_round(d, "2", "globex.test", 1);
	db_fresh(d);
	assert_int_equal(db_count(d, "SELECT live_members FROM whynow.campaign"), 2);
	struct wn_ref_id ref;
	struct wn_campaign *c;
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	const struct wn_stmt q = {NULL, "SELECT campaign_id FROM whynow.campaign"};
	OK(wn_pg_exec(d->pg, &q, WN_NO_PARAMS, &r, &err));
	char text[37];
	wn_id_to_text(wn_pg_get_id(&r, 0, 0), text);
	OK(wn_store_find_campaign(d->st, (struct wn_str){text, 8}, &ref, &err));
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_campaign(d->st, d->w, ref.bucket, ref.id, true, &c, &err));
	OK(wn_campaign_step(d->w, &(struct wn_event){.type = WN_EV_CANCEL, .campaign = c}, &err));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign WHERE result = 'cancelled'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.member WHERE left_why = 'cancelled'"), 2);
	assert_int_equal(db_fsck(d, NULL), 0);
	OK(wn_store_begin(d->st, &err));
	assert_int_equal(wn_store_load_campaign(d->st, d->w, 1, wn_id_random(), true, &c, &err), WN_NOT_FOUND);
	wn_store_rollback(d->st);
}

static void the_same_signal_never_opens_a_second_campaign(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	d->w->now_us += 4 * WN_DAY;
	struct wn_account *a = life_load(d, id);
	OK(wn_campaign_step(d->w, &(struct wn_event){.type = WN_EV_MEMBER_DUE, .member = a->members.v[0]}, &err));
	life_end(d);
	/* another account enters by the same group with a signal of its own: a new campaign; the old signal again: nothing */
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &id, 1, WN_LOAD_ALL, &err));
	d->w->accounts.v[0]->signals.v[0]->arrived = true;
	wn_verdicts_of_arrivals(d->w);
	OK(wn_store_load_campaigns(d->st, d->w, &err));
	assert_int_equal(d->w->campaigns.n, 1); /* the closed one, because this signal opened it */
	OK(wn_campaign_step_verdicts(d->w, &err));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.non_action WHERE reason = 'cooldown'"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void a_campaign_that_somebody_else_moved_is_not_overwritten(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	struct wn_account *a = life_load(d, id);
	a->members.v[0]->campaign->gen--; /* as if it had been read before the last change */
	a->members.v[0]->campaign->dirty = true;
	assert_int_equal(wn_store_flush(d->st, d->w, &err), WN_AGAIN);
	wn_store_rollback(d->st);
	assert_int_equal(db_fsck(d, NULL), 0);
}

struct session { struct wn_pg *pg; struct wn_store *st; struct wn_world *w; struct wn_arena *a; struct wn_intake in; };

static void session_open(struct db *d, struct session *s, const char *name)
{
	s->pg = rig_connect(d->name);
	s->st = rig_store(s->pg, name);
	s->a = wn_arena_new(0);
	s->w = wn_world_new(s->a, d->rig->scratch, &d->rig->catalog, d->w->now_us, name);
}

static void session_close(struct session *s)
{
	wn_store_free(s->st);
	wn_pg_free(s->pg);
	wn_arena_free(s->a);
}

/* Up to the step: each has decided to open the group's campaign, neither has seen the other's. */
static void decide_to_open(struct session *s, const struct wn_sighting *x)
{
	struct wn_err err = {0};
	s->in = (struct wn_intake){.sightings = x, .n = 1, .create = true};
	OK(wn_store_begin(s->st, &err));
	OK(wn_store_resolve(s->st, s->w, &s->in, &err));
	OK(wn_store_sightings(s->st, s->w, &s->in, &err));
	OK(wn_store_load_parts(s->st, s->w, s->w->accounts.v, s->w->accounts.n, WN_LOAD_ALL, &err));
	wn_verdicts_of_arrivals(s->w);
	OK(wn_store_load_campaigns(s->st, s->w, &err));
	OK(wn_campaign_step_verdicts(s->w, &err));
	assert_int_equal(s->w->campaigns.n, 1);
	assert_true(s->w->campaigns.v[0]->fresh);
}

static void of_two_sessions_that_open_one_group_the_second_runs_again_and_joins(void **state)
{
	DB(d);
	life_segment(d, "mode: live\n");
	life_contact(d, "acme.test", "jo@acme.test");
	life_contact(d, "globex.test", "al@globex.test");
	struct session one, two;
	session_open(d, &one, "one");
	session_open(d, &two, "two");
	struct wn_sighting a = db_sighting(d, "1", "funding", "acme.test", 1, "{\"round\": \"Series B\"}");
	struct wn_sighting b = db_sighting(d, "2", "funding", "globex.test", 1, "{\"round\": \"Series B\"}");
	decide_to_open(&one, &a);
	decide_to_open(&two, &b);
	OK(wn_store_flush(one.st, one.w, &err));
	OK(wn_store_commit(one.st, &err));
	assert_int_equal(wn_store_flush(two.st, two.w, &err), WN_AGAIN);
	assert_non_null(strstr(err.text, "campaign_one_a_group"));
	wn_store_rollback(two.st);
	db_take(d, &b, 1); /* the whole unit again */
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign"), 1);
	assert_int_equal(db_count(d, "SELECT live_members FROM whynow.campaign"), 2);
	assert_int_equal(db_fsck(d, NULL), 0);
	session_close(&one);
	session_close(&two);
}

static void shadow_campaigns_stand_beside_live_ones(void **state)
{
	DB(d);
	struct wn_segment *s = life_segment(d, "mode: shadow\n");
	life_contact(d, "acme.test", "jo@acme.test");
	life_round(d, "1", "acme.test", 1);
	db_fresh(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign WHERE shadow AND state = 'open'"), 1);
	s->mode = WN_MODE_LIVE;
	d->w->now_us += WN_HOUR;
	struct wn_sighting x = db_sighting(d, "2", "funding", "acme.test", 0.5, "{\"round\": \"Series B\", \"amount_usd\": 7}");
	x.publisher = WN_STR("other.test");
	db_take(d, &x, 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign WHERE NOT shadow AND state = 'open'"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void a_version_that_is_not_loaded_asks_to_try_again(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	struct wn_segment *s = d->rig->segments[0];
	s->version = 2;
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &id, 1, WN_LOAD_ALL, &err));
	assert_int_equal(wn_store_load_campaigns(d->st, d->w, &err), WN_AGAIN);
	assert_non_null(strstr(err.text, "version 1 of segment b-round"));
	wn_store_rollback(d->st);
	struct wn_due *due;
	size_t n;
	OK(wn_store_replaced_campaigns(d->st, WN_STR("b-round"), 2, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 1);
	OK(wn_store_replaced_campaigns(d->st, WN_STR("b-round"), 1, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 0);
}

static void rechecks_are_kept_until_they_are_done(void **state)
{
	DB(d);
	struct wn_id id = life_contact(d, "acme.test", "jo@acme.test");
	struct wn_account *a = life_load(d, id);
	struct wn_recheck r = {.segment = WN_STR("s"), .account = a, .signal_key = wn_id_random(), .at_us = d->w->now_us + 5, .fresh = true}, later = r;
	later.at_us = d->w->now_us + 9;
	*WN_PUSH(d->w->arena, &a->rechecks) = &r;
	*WN_PUSH(d->w->arena, &a->rechecks) = &later; /* the newer word wins */
	life_end(d);
	struct wn_due *due;
	size_t n;
	OK(wn_store_due_rechecks(d->st, &(struct wn_due_query){d->w->now_us + 5, 0, 1023, 10}, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 0);
	OK(wn_store_due_rechecks(d->st, &(struct wn_due_query){d->w->now_us + 9, 0, 1023, 10}, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 1);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_recheck_done(d->st, &due[0], &err));
	OK(wn_store_commit(d->st, &err));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.recheck"), 0);
}

/* ------------------------------------------------------------------------------------------------ under pressure */
enum { WORKERS = 3, ROUNDS = 12, BATCH = 40, COMPANIES = 25 };

static enum wn_rc one_batch(struct db *d, unsigned *seed)
{
	struct wn_err err = {0};
	struct wn_sighting x[BATCH];
	for (size_t i = 0; i < BATCH; i++) {
		unsigned company = (unsigned)rand_r(seed) % COMPANIES, item = (unsigned)rand_r(seed) % 400;
		x[i] = db_sighting(d, wn_arena_printf(d->rig->arena, "%u", item), item % 3 ? "page_view" : "funding",
				   wn_arena_printf(d->rig->arena, "company%u.test", item % COMPANIES == company ? company : item % COMPANIES), item % 20,
				   item % 3 ? "{}" : "{\"round\": \"Series B\"}");
	}
	struct wn_intake in = {.sightings = x, .n = BATCH, .create = true};
	enum wn_rc rc = db_unit(d, &in, &err);
	if (rc != WN_OK) {
		wn_store_rollback(d->st);
		if (rc != WN_AGAIN)
			print_error("worker: %s: %s\n", wn_rc_to_text(rc), err.text);
	}
	db_fresh(d);
	return rc;
}

/* 0: every batch was stored in the end, and what had to run again said so. */
static int worker(struct db *d, unsigned seed)
{
	d->pg = rig_connect(d->name);
	d->st = rig_store(d->pg, "worker");
	for (int round = 0; round < ROUNDS; round++) {
		enum wn_rc rc = WN_AGAIN;
		for (int attempt = 0; attempt < 20 && rc == WN_AGAIN; attempt++) {
			unsigned s = seed + (unsigned)round;
			rc = one_batch(d, &s);
		}
		if (rc != WN_OK)
			return 1;
	}
	return 0;
}

static void sessions_that_fight_over_the_same_accounts_never_deadlock(void **state)
{
	DB(d);
	pid_t pids[WORKERS];
	life_segment(d, "mode: live\n");
	for (int i = 0; i < COMPANIES; i++)
		life_contact(d, wn_arena_printf(d->rig->arena, "company%d.test", i), wn_arena_printf(d->rig->arena, "jo@company%d.test", i));
	for (int i = 0; i < WORKERS; i++)
		if ((pids[i] = fork()) == 0)
			_exit(worker(d, 7u + 100u * (unsigned)i));
	for (int i = 0; i < WORKERS; i++) {
		int status = 1;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(db_count(d, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), 0);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign"), 1);
	assert_true(db_count(d, "SELECT live_members FROM whynow.campaign") >= 10);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_true_verdict_opens_a_campaign_with_everything_that_belongs_to_it),
	cmocka_unit_test(a_world_comes_back_as_it_was_written),
	cmocka_unit_test(a_second_signal_extends_and_a_second_publisher_warms),
	cmocka_unit_test(a_due_member_leaves_and_its_campaign_closes_with_a_review),
	cmocka_unit_test(cancelling_takes_every_member_along),
	cmocka_unit_test(the_same_signal_never_opens_a_second_campaign),
	cmocka_unit_test(a_campaign_that_somebody_else_moved_is_not_overwritten),
	cmocka_unit_test(of_two_sessions_that_open_one_group_the_second_runs_again_and_joins),
	cmocka_unit_test(shadow_campaigns_stand_beside_live_ones),
	cmocka_unit_test(a_version_that_is_not_loaded_asks_to_try_again),
	cmocka_unit_test(rechecks_are_kept_until_they_are_done),
	cmocka_unit_test(sessions_that_fight_over_the_same_accounts_never_deadlock),
};
STORE_MAIN(tests)
