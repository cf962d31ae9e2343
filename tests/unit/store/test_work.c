/* SPDX-License-Identifier: MIT */
/* The outbox, feeds' states, leases, segments, pauses, reference data. */
#include "life_rig.h"

static struct wn_outbox_row *claim(struct db *d, const char *sink, size_t want)
{
	struct wn_err err = {0};
	struct wn_outbox_ref *refs;
	struct wn_outbox_row *rows = NULL;
	size_t n, m = 0;
	OK(wn_store_outbox_heads(d->st, wn_str_of(sink), d->w->now_us, 100, d->w->arena, &refs, &n, &err));
	OK(wn_store_outbox_claim(d->st, refs, n, d->w->now_us, WN_MINUTE, d->w->arena, &rows, &m, &err));
	assert_int_equal(m, want);
	return rows;
}

/* False: somebody else has it. */
static bool done(struct db *d, const struct wn_outbox_row *row, enum wn_outbox_state to, int64_t next_us, const char *error)
{
	struct wn_err err = {0};
	struct wn_outbox_result r = {row, to, next_us, error ? wn_str_of(error) : (struct wn_str){NULL, 0}};
	OK(wn_store_outbox_done(d->st, &r, 1, d->w->now_us, &err));
	return r.written;
}

/* An event of the campaign is on its way to the sink. */
static bool is_busy(struct db *d, const struct wn_outbox_row *row, const char *sink)
{
	const struct wn_campaign_ref *busy;
	const struct wn_str *sinks;
	size_t n;
	struct wn_err err = {0};
	OK(wn_store_outbox_busy(d->st, &(struct wn_campaign_ref){row->bucket, row->campaign_id}, 1, d->w->arena, &busy, &sinks, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(sinks[i], sink))
			return true;
	return false;
}

static void events_of_a_campaign_go_to_a_sink_in_the_order_of_gens(void **state)
{
	DB(d);
	life_open(d);
	struct wn_outbox_row *first = claim(d, "crm", 1);
	assert_true(wn_str_is(first->type, "campaign.opened"));
	assert_int_equal(first->attempts, 1);
	assert_int_equal(first->first_us, 0);
	claim(d, "crm", 0); /* the line waits for its head */
	claim(d, "log", 1); /* another sink does not */
	assert_true(done(d, first, WN_OUTBOX_PENDING, d->w->now_us + WN_HOUR, "503"));
	claim(d, "crm", 0);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox WHERE sink = 'crm' AND next_at < to_timestamp(1780003600)"), 0); /* the line waits */
	d->w->now_us += WN_HOUR;
	struct wn_outbox_row *again = claim(d, "crm", 1);
	assert_true(wn_id_eq(again->event_id, first->event_id));
	assert_true(wn_str_eq(again->payload, first->payload));
	assert_int_equal(again->attempts, 2);
	assert_int_equal(again->first_us, d->w->now_us - WN_HOUR);
	assert_true(done(d, again, WN_OUTBOX_DELIVERED, 0, NULL));
	assert_false(done(d, again, WN_OUTBOX_DELIVERED, 0, NULL));
	struct wn_outbox_row *next = claim(d, "crm", 1);
	assert_true(wn_str_is(next->type, "member.enrolled"));
	assert_int_equal(next->gen, first->gen + 1);
	assert_true(is_busy(d, next, "crm"));
	assert_true(done(d, next, WN_OUTBOX_DEAD, 0, "410"));
	assert_false(is_busy(d, next, "crm"));
	int64_t n;
	OK(wn_store_outbox_replay(d->st, WN_STR("crm"), (struct wn_id){{0}}, d->w->now_us, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void a_lease_that_ended_is_claimed_by_another_and_the_late_one_completes_nothing(void **state)
{
	DB(d);
	life_open(d);
	struct wn_outbox_row *late = claim(d, "log", 1);
	d->w->now_us += 2 * WN_MINUTE;
	struct wn_outbox_row *now = claim(d, "log", 1);
	assert_true(wn_id_eq(late->event_id, now->event_id));
	assert_false(wn_id_eq(late->token, now->token));
	assert_false(done(d, late, WN_OUTBOX_DELIVERED, 0, NULL));
	assert_true(done(d, now, WN_OUTBOX_DELIVERED, 0, NULL));
}

static void a_sink_is_off_until_it_is_replayed_or_its_file_changes(void **state)
{
	DB(d);
	struct wn_ref_row row = {.name = WN_STR("crm"), .definition = wn_map(NULL, 0), .enabled = true};
	struct wn_str *names;
	bool changed = false;
	size_t n;
	OK(wn_store_sync(d->st, WN_REF_SINK, &row, 1, d->w->now_us, NULL, &err));
	for (int how = 0; how < 2; how++) {
		OK(wn_store_sink_off(d->st, WN_STR("crm"), WN_STR("HTTP status 410"), d->w->now_us, &changed, &err));
		assert_true(changed);
		OK(wn_store_sink_off(d->st, WN_STR("crm"), WN_STR("again"), d->w->now_us, &changed, &err));
		assert_false(changed);
		OK(wn_store_sync(d->st, WN_REF_SINK, &row, 1, d->w->now_us, NULL, &err)); /* the same file */
		OK(wn_store_sinks_off(d->st, d->w->arena, &names, &n, &err));
		assert_int_equal(n, 1);
		if (how) {
			row.checksum[0]++;
			OK(wn_store_sync(d->st, WN_REF_SINK, &row, 1, d->w->now_us, NULL, &err));
		} else {
			OK(wn_store_outbox_replay(d->st, WN_STR("crm"), (struct wn_id){{0}}, d->w->now_us, NULL, &err));
		}
		OK(wn_store_sinks_off(d->st, d->w->arena, &names, &n, &err));
		assert_int_equal(n, 0);
	}
}

static void a_touch_carries_its_event_through_its_attempts(void **state)
{
	DB(d);
	struct wn_id id = life_open(d);
	struct wn_due *due;
	size_t n;
	struct wn_due_query q = {.until_us = d->w->now_us, .bucket_to = 1023, .limit = 10};
	struct wn_str full[] = {WN_STR("email"), WN_STR("phone")};
	q.channels = full, q.n_channels = 2;
	OK(wn_store_due_touches(d->st, &q, d->w->arena, &due, &n, &err));
	assert_int_equal(n, 0); /* a channel whose sink has no room is left alone */
	q.n_channels = 0;
	OK(wn_store_due_touches(d->st, &q, d->w->arena, &due, &n, &err));
	assert_true(wn_str_is(due[0].channel, "email"));
	assert_int_equal(n, 1);
	assert_int_equal(due[0].step, 0);
	struct wn_account *a = life_load(d, id);
	struct wn_touch *t = a->members.v[0]->touches.v[0];
	struct wn_decision dec = wn_touch_decide(d->w, t);
	assert_int_equal(dec.kind, WN_SEND);
	wn_touch_apply(d->w, t, &dec);
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox o JOIN whynow.touch t ON t.event_id = o.event_id AND t.token = o.lease_token "
				     "WHERE o.type = 'touch.due' AND o.state = 'leased' AND t.state = 'sending' AND o.next_at = t.due_at AND o.step = 0"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
	/* refused for now: the same event waits for the touch */
	d->w->now_us += WN_SECOND;
	a = life_load(d, id);
	wn_touch_sent(d->w, a->members.v[0]->touches.v[0], WN_SENT_RETRY, d->w->now_us + WN_HOUR, WN_STR("503"));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox WHERE type = 'touch.due' AND state = 'pending' AND lease_token IS NOT NULL"), 1);
	d->w->now_us += WN_HOUR;
	a = life_load(d, id);
	t = a->members.v[0]->touches.v[0];
	dec = wn_touch_decide(d->w, t);
	assert_int_equal(dec.kind, WN_SEND);
	wn_touch_apply(d->w, t, &dec);
	life_end(d);
	assert_int_equal(db_count(d, "SELECT attempts FROM whynow.outbox WHERE type = 'touch.due' AND state = 'leased'"), 2);
	a = life_load(d, id);
	wn_touch_sent(d->w, a->members.v[0]->touches.v[0], WN_SENT_OK, 0, WN_STR("250"));
	life_end(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox WHERE type = 'touch.due' AND state = 'delivered' AND done_at IS NOT NULL"), 1);
	assert_int_equal(db_count(d, "SELECT touched FROM whynow.campaign"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void states_of_many_feeds_move_together_or_not_at_all(void **state)
{
	enum { N = 75 }; /* statements of 64, 8 and 1 rows */
	DB(d);
	struct wn_feed_state st[N], *got;
	struct wn_feed_move moves[N];
	size_t n;
	for (int i = 0; i < N; i++) {
		st[i] = (struct wn_feed_state){.name = wn_str_of(wn_arena_printf(d->w->arena, "feed-%d", i)), .next_us = RIG_NOW + i, .good_since_us = WN_NEVER};
		moves[i] = (struct wn_feed_move){&st[i], {.polls = 1, .items = i, .duplicate = i, .bytes = 10}, "items", RIG_NOW};
	}
	for (int turn = 0; turn < 220; turn++) {
		OK(wn_store_feed_moves(d->st, moves, turn < 2 ? N : 1, &err));
		for (int i = 0; i < (turn < 2 ? N : 1); i++)
			st[i].version++;
	}
	assert_int_equal(db_count(d, "SELECT sum(duplicate)::bigint FROM whynow.feed_state"), 2 * (N * (N - 1) / 2));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.feed_poll WHERE feed <> 'feed-0'"), 2 * (N - 1));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.feed_poll WHERE feed = 'feed-0'"), 200);
	st[N - 1].version = 1; /* somebody else's: nothing is kept */
	assert_int_equal(wn_store_feed_moves(d->st, moves, N, &err), WN_EXISTS);
	assert_int_equal(db_count(d, "SELECT sum(polls)::bigint FROM whynow.feed_state"), 2 * (N - 1) + 220);
	OK(wn_store_feed_states(d->st, &st[3].name, 1, d->w->arena, &got, &n, &err));
	assert_int_equal(got->version, 2);
	assert_int_equal(got->next_us, RIG_NOW + 3);
}

static void a_poll_that_found_nothing_new_is_told_by_the_state_alone(void **state)
{
	enum { N = 20 };
	DB(d);
	struct wn_feed_state st[N], *got;
	struct wn_feed_move moves[N];
	struct wn_arena *a = d->w->arena;
	size_t n;
	for (int i = 0; i < N; i++) {
		st[i] = (struct wn_feed_state){.name = wn_str_of(wn_arena_printf(a, "feed-%d", i)), .etag = {"\"\x80x\"", 4}, .next_us = RIG_NOW, .extra = WN_STR("{\"of\": \"http://a.example/{,}\\\"\"}"),
					       .good_since_us = RIG_NOW, .last_status = 500, .last_error = WN_STR("broken"), .schedule.failures = 1};
		moves[i] = (struct wn_feed_move){&st[i], {.polls = 1, .failures = 1}, "server", RIG_NOW};
	}
	OK(wn_store_feed_moves(d->st, moves, N, &err));
	for (int i = 0; i < N; i++) {
		st[i].version = 1;
		st[i].next_us = RIG_NOW + 100 + i;
		st[i].why = WN_STR("6s: \"learned\" {,}");
		st[i].extra = WN_STR("{\"of\": \"http://b.example/\"}"); /* not told to be another */
		st[i].lately = (struct wn_feed_lately){RIG_NOW + i, 1.25 + i, 0x1p-40};
		st[i].last_status = 200;
		moves[i] = (struct wn_feed_move){&st[i], {.polls = 1, .items = 5, .duplicate = 3, .filtered = 2, .bytes = 7}, "items", RIG_NOW + i, i != 3};
	}
	OK(wn_store_feed_moves(d->st, moves, N, &err)); /* one of them has something to tell */
	OK(wn_store_feed_states(d->st, &st[4].name, 1, a, &got, &n, &err));
	assert_int_equal(got->version, 2);
	assert_int_equal(got->next_us, RIG_NOW + 104);
	assert_int_equal(got->last_good_us, RIG_NOW + 4);
	assert_int_equal(got->schedule.last_us, RIG_NOW + 4);
	assert_int_equal(got->schedule.failures, 0);
	assert_int_equal(got->last_status, 200);
	assert_true(wn_str_eq(got->etag, st[4].etag) && wn_str_eq(got->why, st[4].why) && !got->last_error.p);
	assert_true(wn_str_is(got->extra, "{\"of\": \"http://a.example/{,}\\\"\"}"));
	assert_memory_equal(&got->lately, &st[4].lately, sizeof(got->lately));
	OK(wn_store_feed_states(d->st, &st[3].name, 1, a, &got, &n, &err));
	assert_true(wn_str_is(got->extra, "{\"of\": \"http://b.example/\"}"));
	assert_memory_equal(&got->lately, &st[3].lately, sizeof(got->lately));
	OK(wn_store_feed_states(d->st, &st[4].name, 1, a, &got, &n, &err));
	assert_int_equal(got->good_since_us, RIG_NOW);
	assert_int_equal(got->totals.polls * 1000 + got->totals.items * 100 + got->totals.duplicate * 10 + got->totals.filtered, 2532);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.feed_poll"), N + 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.feed_state WHERE counted = 1 AND version = 2"), N - 1);
	assert_int_equal(db_fsck(d, "cursor"), 0);
	for (int i = 0; i < N; i++)
		st[i].version = 2;
	st[7].version = 1; /* somebody else's: nothing is kept */
	assert_int_equal(wn_store_feed_moves(d->st, moves, N, &err), WN_EXISTS);
	assert_int_equal(db_count(d, "SELECT sum(version)::bigint FROM whynow.feed_state"), 2 * N);
	db_script(d, "DELETE FROM whynow.feed_poll WHERE feed = 'feed-4'");
	assert_int_equal(db_fsck(d, "cursor"), 1);
}

static void a_feeds_state_moves_by_compare_and_set(void **state)
{
	DB(d);
	struct wn_feed_state st = {.name = WN_STR("f"), .etag = {"\"\x80x\"", 4}, .last_modified = WN_STR("Mon"), .cursor = WN_STR("c1"), .next_us = RIG_NOW + 5,
				   .why = WN_STR("learned 42m"), .good_since_us = RIG_NOW, .last_good_us = RIG_NOW, .first_done = true, .last_status = 200,
				   .schedule = {.last_us = RIG_NOW, .worth = 0.5, .failures = 2, .gone = 1}};
	struct wn_feed_totals poll = {.polls = 1, .items = 3, .stored = 1, .duplicate = 1, .filtered = 1, .signals = 1, .bytes = 99};
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, poll, "items", RIG_NOW}, 1, &err));
	assert_int_equal(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, poll, "items", RIG_NOW}, 1, &err), WN_EXISTS);
	struct wn_feed_state *got;
	size_t n;
	OK(wn_store_feed_states(d->st, &st.name, 1, d->w->arena, &got, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(got->version, 1);
	assert_true(wn_str_eq(got->etag, st.etag) && wn_str_eq(got->cursor, st.cursor) && wn_str_eq(got->why, st.why) && !got->last_error.p && !got->url.p);
	assert_int_equal(got->next_us, st.next_us);
	assert_int_equal(got->good_since_us, RIG_NOW);
	assert_memory_equal(&got->schedule, &st.schedule, sizeof(st.schedule));
	assert_int_equal(got->totals.items, 3);
	assert_int_equal(got->totals.bytes, 99);
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){got, poll, "items", RIG_NOW}, 1, &err));
	assert_int_equal(wn_store_feed_moves(d->st, &(struct wn_feed_move){got, poll, "items", RIG_NOW}, 1, &err), WN_EXISTS);
	poll.items = 4;
	assert_int_equal(wn_store_feed_moves(d->st, &(struct wn_feed_move){got, poll, "items", RIG_NOW}, 1, &err), WN_INVALID);
	assert_int_equal(db_count(d, "SELECT items FROM whynow.feed_state"), 6);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.feed_poll"), 2);
	assert_int_equal(db_fsck(d, "cursor"), 0);
}

static void gaps_open_once_and_close(void **state)
{
	DB(d);
	struct wn_gap_row *g;
	size_t n;
	OK(wn_store_gap_open(d->st, WN_STR("f"), NULL, RIG_NOW, "down", &err));
	OK(wn_store_gap_open(d->st, WN_STR("f"), NULL, RIG_NOW + 5, "down", &err));
	OK(wn_store_gaps(d->st, d->w->arena, &g, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(g[0].to_us, WN_NEVER);
	assert_null(g[0].kind.p);
	OK(wn_store_gap_close(d->st, WN_STR("f"), RIG_NOW + 9, &err));
	OK(wn_store_gap_open(d->st, WN_STR("f"), "funding", RIG_NOW + 20, "down", &err));
	OK(wn_store_gaps(d->st, d->w->arena, &g, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(g[0].to_us, RIG_NOW + 9);
	assert_true(wn_str_is(g[1].kind, "funding"));
}

static void a_lease_is_one_owners_until_it_ends(void **state)
{
	DB(d);
	struct wn_store *other = rig_store(d->pg, "two");
	bool held;
	OK(wn_store_lease(d->st, "feed", WN_STR("f"), RIG_NOW, WN_MINUTE, &held, &err));
	assert_true(held);
	OK(wn_store_lease(other, "feed", WN_STR("f"), RIG_NOW + 5, WN_MINUTE, &held, &err));
	assert_false(held);
	OK(wn_store_lease(d->st, "feed", WN_STR("f"), RIG_NOW + 5, WN_MINUTE, &held, &err));
	assert_true(held);
	OK(wn_store_lease(other, "feed", WN_STR("f"), RIG_NOW + 2 * WN_MINUTE, WN_MINUTE, &held, &err));
	assert_true(held);
	OK(wn_store_lease_drop(other, "feed", (struct wn_str){NULL, 0}, &err));
	OK(wn_store_lease(d->st, "feed", WN_STR("f"), RIG_NOW + 2 * WN_MINUTE, WN_MINUTE, &held, &err));
	assert_true(held);
	/* the clock jumped back an hour: an end that far away is no end */
	OK(wn_store_lease(other, "feed", WN_STR("f"), RIG_NOW - WN_HOUR, WN_MINUTE, &held, &err));
	assert_true(held);
	OK(wn_store_heartbeat(d->st, RIG_NOW, (struct wn_value){0}, &err));
	wn_store_free(other);
}

static void segments_are_versioned_and_a_refused_one_leaves_the_last_good_in_force(void **state)
{
	DB(d);
	int v = 0;
	struct wn_segment_row *rows;
	struct wn_tick a, b;
	size_t n;
	OK(wn_store_segment_publish(d->st, WN_STR("s"), WN_STR("one"), WN_STR("{\"mode\": \"live\"}"), "ana", RIG_NOW, &v, &err));
	assert_int_equal(v, 1);
	assert_int_equal(wn_store_segment_publish(d->st, WN_STR("s"), WN_STR("one"), (struct wn_str){NULL, 0}, "ana", RIG_NOW, &v, &err), WN_EXISTS);
	OK(wn_store_segment_mark(d->st, WN_STR("s"), 1, (struct wn_str){NULL, 0}, RIG_NOW, &err));
	OK(wn_store_tick(d->st, INT64_MIN, &a, &err));
	db_script(d, "INSERT INTO whynow.segment_version (name, version, source) VALUES ('s', 2, 'two')"); /* plain SQL */
	OK(wn_store_tick(d->st, INT64_MIN, &b, &err));
	assert_int_not_equal(a.segments_digest, b.segments_digest);
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].status, WN_SEGMENT_VALID);
	assert_int_equal(rows[1].status, WN_SEGMENT_UNCHECKED);
	OK(wn_store_segment_sources(d->st, (struct wn_segment_row *[]){&rows[0], &rows[1]}, 2, d->w->arena, &err));
	assert_true(wn_str_is(rows[0].source, "one") && wn_str_is(rows[1].source, "two"));
	OK(wn_store_segment_mark(d->st, WN_STR("s"), 2, WN_STR("line 1: no"), RIG_NOW, &err));
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].version, 1);
	OK(wn_store_tick(d->st, INT64_MIN, &a, &err));
	OK(wn_store_pause(d->st, WN_STR("s"), true, "ana", RIG_NOW, &err));
	OK(wn_store_tick(d->st, INT64_MIN, &b, &err));
	assert_int_not_equal(a.segments_digest, b.segments_digest);
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err));
	assert_true(rows[0].paused);
	OK(wn_store_segment_withdraw(d->st, WN_STR("s"), true, "ana", RIG_NOW, &err));
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 0);
	assert_int_equal(wn_store_segment_withdraw(d->st, WN_STR("none"), true, "ana", RIG_NOW, &err), WN_NOT_FOUND);
	OK(wn_store_segment_publish(d->st, WN_STR("s"), WN_STR("three"), WN_STR("{}"), "ana", RIG_NOW, &v, &err));
	assert_int_equal(v, 3);
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err)); /* publishing brings it back */
	assert_int_equal(n, 2);
}

static void news_of_segments_are_what_was_published_since_and_what_came_back(void **state)
{
	DB(d);
	int v;
	struct wn_segment_row *rows;
	struct wn_segments_news news = {.since_us = RIG_NOW};
	struct wn_segment_flags *flags;
	struct wn_tick a, b;
	size_t n;
	OK(wn_store_segment_publish(d->st, WN_STR("old"), WN_STR("one"), WN_STR("{}"), "ana", RIG_NOW - WN_HOUR, &v, &err));
	OK(wn_store_segment_publish(d->st, WN_STR("new"), WN_STR("one"), WN_STR("{}"), "ana", RIG_NOW - WN_HOUR, &v, &err));
	OK(wn_store_tick(d->st, RIG_NOW, &a, &err));
	OK(wn_store_segments(d->st, &news, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 0);
	OK(wn_store_segment_publish(d->st, WN_STR("new"), WN_STR("two"), WN_STR("{}"), "ana", RIG_NOW + WN_SECOND, &v, &err));
	OK(wn_store_tick(d->st, RIG_NOW, &b, &err));
	assert_int_not_equal(a.segments_digest, b.segments_digest);
	OK(wn_store_segments(d->st, &news, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 2); /* both unchecked */
	OK(wn_store_segments_valid(d->st, (const struct wn_segment_row *[]){&rows[1]}, 1, RIG_NOW + 2 * WN_SECOND, &err));
	OK(wn_store_segments(d->st, &news, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 1);
	assert_true(rows[0].version == 2 && rows[0].status == WN_SEGMENT_VALID && rows[0].needed);
	OK(wn_store_segment_withdraw(d->st, WN_STR("old"), true, "ana", RIG_NOW + WN_SECOND, &err));
	OK(wn_store_tick(d->st, RIG_NOW, &a, &err));
	assert_int_not_equal(a.segments_digest, b.segments_digest);
	OK(wn_store_segment_flags(d->st, d->w->arena, &flags, &n, &err));
	assert_true(n == 1 && wn_str_is(flags[0].name, "old") && flags[0].withdrawn && !flags[0].paused);
	OK(wn_store_segment_withdraw(d->st, WN_STR("old"), false, "ana", RIG_NOW + WN_SECOND, &err));
	OK(wn_store_segment_flags(d->st, d->w->arena, &flags, &n, &err));
	assert_int_equal(n, 0);
	news.names = &WN_STR("old");
	news.n_names = 1;
	OK(wn_store_segments(d->st, &news, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 2);
	assert_true(wn_str_is(rows[1].name, "old") && !rows[1].needed);
}

static void a_version_that_a_campaign_needs_stays_in_the_list(void **state)
{
	DB(d);
	life_open(d);
	int v;
	struct wn_segment_row *rows;
	size_t n;
	OK(wn_store_segment_publish(d->st, WN_STR("b-round"), WN_STR("two"), WN_STR("{}"), "ana", RIG_NOW, &v, &err));
	OK(wn_store_segment_mark(d->st, WN_STR("b-round"), 2, (struct wn_str){NULL, 0}, RIG_NOW, &err));
	OK(wn_store_segments(d->st, NULL, d->w->arena, &rows, &n, &err));
	assert_int_equal(n, 2);
	assert_true(rows[0].needed && !rows[1].needed);
}

static void everything_can_be_paused(void **state)
{
	DB(d);
	bool paused;
	OK(wn_store_pause(d->st, (struct wn_str){NULL, 0}, true, "ana", RIG_NOW, &err));
	OK(wn_store_is_paused(d->st, &paused, &err));
	assert_true(paused);
	OK(wn_store_pause(d->st, (struct wn_str){NULL, 0}, false, "ana", RIG_NOW, &err));
	OK(wn_store_is_paused(d->st, &paused, &err));
	assert_false(paused);
}

static void reference_rows_follow_the_files(void **state)
{
	DB(d);
	struct wn_ref_row in[] = {{.name = WN_STR("a"), .definition = rig_json(d->rig, "{\"url\": \"x\"}"), .checksum = {1}}, {.name = WN_STR("b"), .checksum = {2}}}, *out;
	int changed;
	size_t n;
	OK(wn_store_sync(d->st, WN_REF_FEED, in, 2, RIG_NOW, &changed, &err));
	assert_int_equal(changed, 2);
	OK(wn_store_sync(d->st, WN_REF_FEED, in, 2, RIG_NOW, &changed, &err));
	assert_int_equal(changed, 0);
	in[0].checksum[0] = 9;
	OK(wn_store_sync(d->st, WN_REF_FEED, in, 1, RIG_NOW, &changed, &err));
	assert_int_equal(changed, 2);
	OK(wn_store_refs(d->st, WN_REF_FEED, d->w->arena, &out, &n, &err));
	assert_int_equal(n, 2);
	assert_true(out[0].enabled && !out[1].enabled && out[0].checksum[0] == 9);
	assert_true(wn_str_is(wn_value_str(wn_value_at(out[0].definition, "url")), "x"));
	OK(wn_store_sync(d->st, WN_REF_KIND, NULL, 0, RIG_NOW, &changed, &err));
}

static void events_outside_campaigns_count_for_themselves(void **state)
{
	DB(d);
	struct wn_plain_event ev = {.subject = "feed", .name = WN_STR("f"), .type = "feed.blind", .why = WN_STR("no answer"), .at_us = RIG_NOW,
				    .sinks = (const char *const[]){"crm", NULL}};
	OK(wn_store_plain_event(d->st, &ev, &err));
	ev.type = "feed.recovered";
	OK(wn_store_plain_event(d->st, &ev, &err));
	assert_int_equal(db_count(d, "SELECT max(gen) FROM whynow.history"), 2);
	struct wn_outbox_row *row = claim(d, "crm", 1);
	assert_true(wn_str_is(row->type, "feed.blind") && wn_id_is_nil(row->campaign_id));
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void pruning_keeps_the_books(void **state)
{
	DB(d);
	life_open(d);
	struct wn_feed_state st = {.name = WN_STR("news"), .next_us = RIG_NOW, .good_since_us = WN_NEVER};
	OK(wn_store_feed_moves(d->st, &(struct wn_feed_move){&st, {.polls = 1, .items = 1, .stored = 1, .signals = 1}, "items", RIG_NOW}, 1, &err));
	struct wn_outbox_row *row = claim(d, "log", 1);
	assert_true(done(d, row, WN_OUTBOX_DELIVERED, 0, NULL));
	assert_int_equal(db_fsck(d, NULL), 0);
	int64_t gone;
	int64_t later = RIG_NOW + 90 * WN_DAY;
	OK(wn_store_prune(d->st, &(struct wn_prune){later, later, later, 1000}, &gone, &err));
	assert_true(gone >= 2);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.seen"), 0);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.outbox WHERE state = 'delivered'"), 0);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void every_read_for_people_runs(void **state)
{
	DB(d);
	life_open(d);
	for (const char *const *n = (const char *const[]){"suppressions", "unknown_rates", "gaps", "migrations", NULL}; *n; n++) {
		WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
		OK(wn_store_read(d->st, *n, WN_NO_PARAMS, &r, &err));
	}
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	assert_int_equal(wn_store_read(d->st, "nothing", WN_NO_PARAMS, &r, &err), WN_NOT_FOUND);
	for (const char *const *v = (const char *const[]){"v_campaign", "v_member", "v_signal", "v_why", "v_touch", "v_history", "v_outbox", "v_heat", "v_segment", NULL}; *v; v++) {
		char sql[80];
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM whynow.%s", *v);
		assert_true(db_count(d, sql) > 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(events_of_a_campaign_go_to_a_sink_in_the_order_of_gens),
	cmocka_unit_test(a_lease_that_ended_is_claimed_by_another_and_the_late_one_completes_nothing),
	cmocka_unit_test(a_sink_is_off_until_it_is_replayed_or_its_file_changes),
	cmocka_unit_test(a_touch_carries_its_event_through_its_attempts),
	cmocka_unit_test(a_poll_that_found_nothing_new_is_told_by_the_state_alone),
	cmocka_unit_test(states_of_many_feeds_move_together_or_not_at_all),
	cmocka_unit_test(a_feeds_state_moves_by_compare_and_set),
	cmocka_unit_test(gaps_open_once_and_close),
	cmocka_unit_test(a_lease_is_one_owners_until_it_ends),
	cmocka_unit_test(segments_are_versioned_and_a_refused_one_leaves_the_last_good_in_force),
	cmocka_unit_test(news_of_segments_are_what_was_published_since_and_what_came_back),
	cmocka_unit_test(a_version_that_a_campaign_needs_stays_in_the_list),
	cmocka_unit_test(everything_can_be_paused),
	cmocka_unit_test(reference_rows_follow_the_files),
	cmocka_unit_test(events_outside_campaigns_count_for_themselves),
	cmocka_unit_test(pruning_keeps_the_books),
	cmocka_unit_test(every_read_for_people_runs),
};
STORE_MAIN(tests)
