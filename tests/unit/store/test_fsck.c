/* SPDX-License-Identifier: MIT */
/* fsck: silent over an ordinary life, and each invariant red when it is broken by hand. */
#include "life_rig.h"


/* What breaks exactly this invariant (others may turn red with it). Constraints that would forbid it are dropped first. */
static const struct { const char *check, *sql; } corruptions[] = {
	{"duplicate_sighting", "INSERT INTO whynow.sighting SELECT bucket, account_id, sighting_key, received_on + 31, signal_key, feed, item, publisher, source_named, "
			       "url, headline, occurred_at, published_at, observed_at, span FROM whynow.sighting LIMIT 1"},
	{"duplicate_signal", "INSERT INTO whynow.signal SELECT bucket, account_id, signal_key, received_on + 31, kind, occurred_at, published_at, observed_at, "
			     "stored_at, strength, half_life, hard_stop, publishers, publisher_list, attrs, conflicts, headline, url, span, feed, contact_id, "
			     "history, retracted FROM whynow.signal LIMIT 1"},
	{"seen_counts", "INSERT INTO whynow.feed_state (name, version, next_at, stored, items) VALUES ('news', 0, now(), 7, 7)"},
	{"sighting_seen", "DELETE FROM whynow.seen"},
	{"signal_sighting", "DELETE FROM whynow.sighting"},
	{"cursor", "INSERT INTO whynow.feed_state (name, version, counted, next_at) VALUES ('f', 4, 3, now())"},
	{"cursor", "INSERT INTO whynow.feed_state (name, version, next_at, items, stored) VALUES ('f', 0, now(), 3, 2)"},
	{"one_campaign_a_group", "ALTER TABLE whynow.campaign DROP CONSTRAINT campaign_pk CASCADE; DROP INDEX whynow.campaign_one_a_group; "
				 "INSERT INTO whynow.campaign SELECT * FROM whynow.campaign LIMIT 1"},
	{"history_without_event", "DELETE FROM whynow.outbox WHERE type = 'campaign.opened' AND sink = 'log'"},
	{"event_without_history", "UPDATE whynow.history SET sinks = '{crm}' WHERE type = 'campaign.opened'"},
	{"event_without_history", "DELETE FROM whynow.history WHERE type = 'member.enrolled'"},
	{"gens", "DELETE FROM whynow.history WHERE gen = 2"},
	{"gens", "UPDATE whynow.campaign SET gen = gen + 1"},
	{"state_history", "UPDATE whynow.campaign SET state = 'finishing'"},
	{"member_overdue", "UPDATE whynow.member SET stale_at = to_timestamp(1779000000)"},
	{"member_overdue", "UPDATE whynow.member SET box_ends_at = to_timestamp(1779000000)"},
	{"member_timer", "UPDATE whynow.member SET due_at = 'infinity'"},
	{"campaign_overdue", "UPDATE whynow.campaign SET intake_ends_at = to_timestamp(1779000000)"},
	{"campaign_overdue", "UPDATE whynow.campaign SET state = 'finishing', max_ends_at = to_timestamp(1779000000)"},
	{"left_early", "UPDATE whynow.member SET state = 'left', left_why = 'stale', left_at = stale_at - interval '1 s'"},
	{"left_early", "UPDATE whynow.member SET state = 'left', left_why = 'no_first_touch', left_at = first_touch_by - interval '1 s'"},
	{"campaign_counts", "UPDATE whynow.campaign SET members = members + 1"},
	{"campaign_counts", "UPDATE whynow.campaign SET touched = 1"},
	{"campaign_counts", "UPDATE whynow.member SET state = 'left', left_why = 'stale', left_at = stale_at"},
	{"campaign_alive", "UPDATE whynow.campaign SET live_members = 0, audience = 0"},
	{"member_campaign", "UPDATE whynow.member SET campaign_bucket = (campaign_bucket + 1) & 1023"},
	{"member_campaign", "UPDATE whynow.member SET version = 9"},
	{"member_evidence", "DELETE FROM whynow.evidence"},
	{"member_evidence", "UPDATE whynow.evidence SET removed = true"},
	{"member_evidence", "UPDATE whynow.evidence SET signal_key = gen_random_uuid()"},
	{"enrolled_on_unknown", "INSERT INTO whynow.non_action SELECT bucket, account_id, segment, signal_key, 'unknown', 'account.x', '', enrolled_at FROM whynow.member"},
	{"heat", "UPDATE whynow.member SET stale_at = stale_at + interval '1 hour'"},
	{"heat", "UPDATE whynow.member SET stale_at = stale_at - interval '1 hour'"},
	{"heat", "UPDATE whynow.evidence SET publishers = 3"},
	{"touch_of_left", "UPDATE whynow.member SET state = 'left', left_why = 'stale', left_at = stale_at"},
	{"touch_after_left", "UPDATE whynow.member SET state = 'left', left_why = 'stale', left_at = stale_at; "
			     "UPDATE whynow.touch SET state = 'sent', sent_at = now(), attempts = 1, claimed_at = (SELECT max(left_at) + interval '1 s' FROM whynow.member)"},
	{"touch_of_holdout", "UPDATE whynow.touch SET attempts = 1; UPDATE whynow.member SET holdout = true"},
	{"touches_sent", "UPDATE whynow.touch SET state = 'sent', sent_at = now()"},
	{"review", "UPDATE whynow.campaign SET reviewed_final = true"},
	{"review", "UPDATE whynow.campaign SET state = 'closed', result = 'expired', closed_at = now()"},
	{"merged", "UPDATE whynow.account SET state = 'merged', merged_into = gen_random_uuid()"},
};

static void each_invariant_is_red_when_it_is_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < WN_COUNT(corruptions); i++) {
		struct db *d = db_open();
		life_open(d);
		assert_int_equal(db_fsck(d, NULL), 0);
		db_script(d, corruptions[i].sql);
		if (db_fsck(d, corruptions[i].check) == 0)
			fail_msg("fsck %s was silent after: %s", corruptions[i].check, corruptions[i].sql);
		db_close(d);
	}
}

static void every_check_has_a_corruption_that_proves_it(void **state)
{
	(void)state;
	for (const char *const *n = (const char *const[]){"duplicate_sighting", "duplicate_signal", "seen_counts", "sighting_seen", "signal_sighting", "cursor",
		"one_campaign_a_group", "history_without_event", "event_without_history", "gens", "state_history", "member_overdue", "member_timer",
		"campaign_overdue", "left_early", "campaign_counts", "campaign_alive", "member_campaign", "member_evidence", "enrolled_on_unknown", "heat",
		"touch_of_left", "touch_after_left", "touch_of_holdout", "touches_sent", "review", "merged", NULL}; *n; n++) {
		bool proved = false;
		char name[64];
		snprintf(name, sizeof(name), "fsck_%s", *n);
		assert_non_null(wn_store_stmt(name));
		for (size_t i = 0; i < WN_COUNT(corruptions); i++)
			proved |= strcmp(corruptions[i].check, *n) == 0;
		assert_true(proved);
	}
}

static void blind_members_are_not_overdue(void **state)
{
	DB(d);
	life_open(d);
	db_script(d, "UPDATE whynow.member SET stale_at = to_timestamp(1779990000), blind_until = to_timestamp(1780100000), due_at = to_timestamp(1780100000)");
	assert_int_equal(db_fsck(d, "member_overdue"), 0);
}

#ifdef WN_TESTING
static void plant(const char *name) { setenv("WHYNOW_PLANT", name, 1); }

static void the_planted_skip_of_an_outbox_row_is_seen(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	plant("outbox_skip");
	d->w->now_us += 4 * WN_DAY;
	struct wn_account *a = life_load(d, id);
	OK(wn_campaign_step(d->w, &(struct wn_event){.type = WN_EV_MEMBER_DUE, .member = a->members.v[0]}, &err));
	life_end(d);
	unsetenv("WHYNOW_PLANT");
	assert_true(db_fsck(d, "history_without_event") > 0);
}

static void the_planted_early_cursor_is_seen(void **state)
{
	DB(d);
	struct wn_feed_state st = {.name = WN_STR("news"), .next_us = RIG_NOW + WN_HOUR, .good_since_us = WN_NEVER};
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, {.polls = 1}, "items", RIG_NOW}, 1, &err));
	st.version = 1;
	st.cursor = WN_STR("7");
	struct wn_sighting x = db_sighting(d, "1", "funding", "acme.test", 1, "{\"round\": \"Series B\"}");
	struct wn_intake in = {.sightings = &x, .n = 1, .create = true};
	plant("cursor_early");
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_resolve(d->st, d->w, &in, &err));
	OK(wn_store_sightings(d->st, d->w, &in, &err));
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, {.polls = 1, .items = 1, .stored = 1, .signals = 1}, "items", RIG_NOW}, 1, &err));
	OK(wn_store_commit(d->st, &err));
	unsetenv("WHYNOW_PLANT");
	assert_true(db_fsck(d, "cursor") > 0);
	assert_true(db_fsck(d, "seen_counts") > 0);
}

static void the_planted_check_then_insert_is_seen(void **state)
{
	DB(d);
	struct wn_sighting x[2] = {db_sighting(d, "1", "page_view", "acme.test", 1, "{}"), db_sighting(d, "1", "page_view", "acme.test", 1, "{}")};
	struct wn_intake in = {.sightings = x, .n = 2, .create = true};
	struct wn_feed_state st = {.name = WN_STR("news"), .next_us = RIG_NOW + WN_HOUR, .good_since_us = WN_NEVER};
	plant("check_then_insert");
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_resolve(d->st, d->w, &in, &err));
	OK(wn_store_sightings(d->st, d->w, &in, &err));
	OK(wn_store_flush(d->st, d->w, &err));
	struct wn_feed_totals poll = {.polls = 1, .items = 2, .stored = (int64_t)(in.counts[WN_INTAKE_NEW] + in.counts[WN_INTAKE_JOINED]),
				      .duplicate = (int64_t)in.counts[WN_INTAKE_DUPLICATE]};
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, poll, "items", RIG_NOW}, 1, &err));
	OK(wn_store_commit(d->st, &err));
	unsetenv("WHYNOW_PLANT");
	assert_true(db_fsck(d, "seen_counts") > 0);
}
#endif

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_invariant_is_red_when_it_is_broken),
	cmocka_unit_test(every_check_has_a_corruption_that_proves_it),
	cmocka_unit_test(blind_members_are_not_overdue),
#ifdef WN_TESTING
	cmocka_unit_test(the_planted_skip_of_an_outbox_row_is_seen),
	cmocka_unit_test(the_planted_early_cursor_is_seen),
	cmocka_unit_test(the_planted_check_then_insert_is_seen),
#endif
};
STORE_MAIN(tests)
