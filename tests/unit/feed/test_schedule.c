/* SPDX-License-Identifier: MIT */
/* When the next poll is, and why. */
#include "feed_test.h"

#include <math.h>
#include <whynow/schedule.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const struct wn_schedule_config usual = {5 * MINUTE, DAY};

static struct wn_poll polled(enum wn_poll_outcome o, int new_items)
{
	return (struct wn_poll){
	    .outcome = o, .new_items = new_items, .http = wn_http_hints_none(), .feed = wn_feed_hints_none()};
}

/* A feed's memory: the state first, so that a test may look at it. */
struct memory {
	struct wn_schedule_state s;
	struct wn_rhythm r;
};
static struct wn_next_poll next(struct memory *m, const struct wn_poll *p, int64_t now)
{
	return wn_schedule_next(&m->s, &m->r, &usual, p, now, 42);
}

static void a_busy_feed_is_polled_at_the_floor_and_a_dead_one_twice_a_day_at_most(void **state)
{
	struct memory busy = {0}, dead = {0};
	struct wn_poll many = polled(WN_POLL_ITEMS, 40), none = polled(WN_POLL_NOT_MODIFIED, 0);
	struct wn_next_poll b = {0}, d = {0};
	int64_t now = NOW_US;

	(void)state;
	for (int i = 0; i < 2400; i++, now += HOUR) {
		b = next(&busy, &many, now);
		d = next(&dead, &none, now);
	}
	assert_int_equal(b.interval_us, 5 * MINUTE);
	assert_true(d.interval_us >= 12 * HOUR && d.interval_us <= DAY);
	assert_non_null(strstr(b.why, "floor"));
	assert_non_null(strstr(d.why, "learned"));
}

static void more_items_never_mean_later_polls(void **state)
{
	int64_t before = INT64_MAX;

	(void)state;
	for (int n = 0; n < 30; n++) {
		struct memory s = {0};
		struct wn_poll p = polled(WN_POLL_ITEMS, n);
		struct wn_next_poll got = {0};
		for (int i = 0; i < 20; i++)
			got = next(&s, &p, NOW_US + i * 6 * HOUR);
		assert_true(got.interval_us <= before);
		before = got.interval_us;
	}
}

static void items_that_become_signals_shorten_the_interval(void **state)
{
	struct memory plain = {0}, worthy = {0};
	struct wn_poll p = polled(WN_POLL_ITEMS, 3), w = p;
	struct wn_next_poll a = {0}, b = {0};

	(void)state;
	w.signals = 3;
	for (int i = 0; i < 30; i++) {
		a = next(&plain, &p, NOW_US + i * 12 * HOUR);
		b = next(&worthy, &w, NOW_US + i * 12 * HOUR);
	}
	assert_true(b.interval_us < a.interval_us);
}

static void the_history_of_a_first_poll_teaches_no_rate(void **state)
{
	struct memory s = {0}, fresh = {0};
	struct wn_poll p = polled(WN_POLL_ITEMS, 500), quiet = polled(WN_POLL_ITEMS, 0);

	(void)state;
	p.first = true;
	assert_int_equal(next(&s, &p, NOW_US).interval_us, next(&fresh, &quiet, NOW_US).interval_us);
	assert_non_null(strstr(next(&fresh, &quiet, NOW_US).why, ": learned, 0.5 items a day and 0."));
}

static void the_larger_of_hint_and_learned_holds_within_the_bounds(void **state)
{
	struct memory s = {0};
	struct wn_poll p = polled(WN_POLL_ITEMS, 0);

	(void)state;
	p.feed.ttl_us = 200 * MINUTE;
	struct wn_next_poll n = next(&s, &p, NOW_US);
	assert_int_equal(n.interval_us, 200 * MINUTE);
	assert_true(n.next_us >= NOW_US + 200 * MINUTE);
	assert_non_null(strstr(n.why, "ttl"));
	p.http.max_age_us = 16 * 365 * DAY;
	n = next(&s, &p, NOW_US);
	assert_true(n.interval_us > 4 * HOUR && n.interval_us <= DAY);
	assert_non_null(strstr(n.why, "max-age"));
	p.http.no_cache = true;
	p.feed.ttl_us = MINUTE; /* a hint that is too short hurries nobody */
	n = next(&s, &p, NOW_US);
	assert_true(n.interval_us >= 5 * MINUTE);
	assert_non_null(strstr(n.why, "learned"));
}

static void a_hint_that_a_person_could_mean_is_believed_whole_until_items_say_more(void **state)
{
	(void)state;
	for (int hours = 1; hours <= 24; hours++) {
		struct memory s = {0};
		struct wn_poll p = polled(WN_POLL_ITEMS, 0);
		p.http.max_age_us = hours * HOUR;
		struct wn_next_poll n = next(&s, &p, NOW_US); /* nothing is known of the feed */
		assert_true(n.interval_us >= hours * HOUR);
		p.http.max_age_us = DAY + SECOND; /* one that is longer than anybody may ask for is not */
		assert_true(next(&s, &p, NOW_US).interval_us < DAY);
		p = polled(WN_POLL_ITEMS, 4);
		for (int i = 0; i < 40; i++) /* four an hour: something is due long before */
			next(&s, &p, NOW_US + i * HOUR);
		p.http.max_age_us = hours * HOUR;
		assert_true(next(&s, &p, NOW_US + 40 * HOUR).interval_us < 2 * HOUR);
	}
}

static void jitter_is_late_small_and_the_same_for_the_same_seed(void **state)
{
	struct wn_poll p = polled(WN_POLL_ITEMS, 0);
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct memory a = {0}, b = {0};
		struct wn_next_poll x = wn_schedule_next(&a.s, &a.r, &usual, &p, NOW_US, seed),
				    y = wn_schedule_next(&b.s, &b.r, &usual, &p, NOW_US, seed);
		int64_t late = x.next_us - NOW_US - x.interval_us;
		assert_true(x.next_us == y.next_us);
		assert_true(late >= 0 && late <= x.interval_us / 10);
		least = late < least ? late : least;
		most = late > most ? late : most;
	}
	assert_true(most - least > HOUR * 8 / 10 / 10);
}

static void failures_back_off_to_a_day_and_never_stop(void **state)
{
	static const enum wn_poll_outcome all[] = {WN_POLL_DENIED, WN_POLL_THROTTLED, WN_POLL_SERVER,
						   WN_POLL_BROKEN};

	(void)state;
	for (size_t k = 0; k < WN_COUNT(all); k++) {
		struct memory s = {0};
		struct wn_poll p = polled(all[k], 0), ok = polled(WN_POLL_NOT_MODIFIED, 0);
		int64_t before = 0;
		for (int i = 0; i < 2000; i++) {
			struct wn_next_poll n = next(&s, &p, NOW_US);
			assert_false(n.stopped);
			assert_true(n.interval_us >= before && n.interval_us <= DAY);
			before = n.interval_us;
		}
		assert_int_equal(before, DAY);
		next(&s, &ok, NOW_US);
		assert_int_equal(s.s.failures, 0);
	}
}

static void a_429_without_retry_after_waits_some_minutes(void **state)
{
	struct memory s = {0};
	struct wn_poll p = polled(WN_POLL_THROTTLED, 0);

	(void)state;
	assert_true(next(&s, &p, NOW_US).next_us >= NOW_US + 300 * SECOND);
}

static void retry_after_is_kept_within_a_minute_and_a_day(void **state)
{
	static const struct {
		int64_t said, want;
	} cases[] = {{3600 * SECOND, HOUR}, {0, MINUTE}, {30 * DAY, DAY}, {600 * SECOND, 10 * MINUTE}};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(cases); i++) {
		struct memory s = {0};
		struct wn_poll p = polled(WN_POLL_THROTTLED, 0);
		p.http.retry_after_us = cases[i].said;
		struct wn_next_poll n = next(&s, &p, NOW_US);
		assert_int_equal(n.interval_us, cases[i].want);
		assert_true(n.next_us >= NOW_US + cases[i].want);
	}
}

static void only_410_seen_twice_in_a_row_stops(void **state)
{
	struct memory s = {0};
	struct wn_poll gone = polled(WN_POLL_GONE, 0), ok = polled(WN_POLL_ITEMS, 1);

	(void)state;
	assert_false(next(&s, &gone, NOW_US).stopped);
	assert_false(next(&s, &ok, NOW_US).stopped);
	assert_false(next(&s, &gone, NOW_US).stopped);
	struct wn_next_poll n = next(&s, &gone, NOW_US);
	assert_true(n.stopped);
	assert_true(n.next_us == INT64_MAX);
}

static void skipped_hours_and_days_are_stepped_over(void **state)
{
	struct wn_feed_hints h = wn_feed_hints_none();

	(void)state;
	h.skip_hours = 1u << 10 | 1u << 11;
	assert_true(wn_schedule_skip(at("2026-05-04T10:20:00Z"), &h) == at("2026-05-04T12:00:00Z"));
	assert_true(wn_schedule_skip(at("2026-05-04T09:59:59Z"), &h) == at("2026-05-04T09:59:59Z"));
	h = wn_feed_hints_none();
	h.skip_days = 1 | 1 << 6; /* Sunday, Saturday */
	assert_true(wn_schedule_skip(at("2026-05-02T10:20:00Z"), &h) == at("2026-05-04T00:00:00Z"));
	h.skip_days = 0x7F;
	assert_true(wn_schedule_skip(NOW_US, &h) == NOW_US);
}

static void a_start_spreads_what_is_overdue(void **state)
{
	struct memory s = {0};

	(void)state;
	assert_true(wn_schedule_first(&s.s, NOW_US + HOUR, NOW_US, 10 * MINUTE, 1) == NOW_US + HOUR);
	for (uint64_t seed = 0; seed < 100; seed++) {
		int64_t t = wn_schedule_first(&s.s, 0, NOW_US, 10 * MINUTE, seed);
		assert_true(t >= NOW_US && t < NOW_US + 10 * MINUTE);
	}
}

static void a_clock_that_jumps_back_breaks_nothing(void **state)
{
	struct memory s = {0};
	struct wn_poll p = polled(WN_POLL_ITEMS, 2);

	(void)state;
	next(&s, &p, NOW_US);
	struct wn_next_poll n = next(&s, &p, NOW_US - 30 * DAY);
	assert_true(n.interval_us >= 5 * MINUTE && n.interval_us <= DAY);
}

/* A feed whose items come at `minute` past 14 o'clock of each weekday, polled as the schedule says. */
struct lived {
	int polls, late, items;
	int64_t longest_us;
};
static struct lived live(struct memory *m, struct wn_poll p, int minute, int64_t from, int64_t to)
{
	struct lived l = {0};
	int64_t seen = from;

	for (int64_t now = from; now < to; l.polls++) {
		int64_t published[400];
		p.new_items = 0;
		for (int64_t day = seen / DAY; day <= now / DAY; day++) {
			int64_t t = day * DAY + 14 * HOUR + minute * MINUTE;
			if (t <= seen || t > now || (day + 4) % 7 == 0 || (day + 4) % 7 == 6)
				continue;
			published[p.new_items++] = t;
			l.late += now - t > 15 * MINUTE;
		}
		l.items += p.new_items;
		p.outcome = p.new_items ? WN_POLL_ITEMS : WN_POLL_NOT_MODIFIED;
		p.published_us = published;
		p.published_n = (size_t)p.new_items;
		seen = now;
		struct wn_next_poll n = next(m, &p, now);
		assert_false(n.stopped);
		assert_true(n.interval_us >= usual.floor_us && n.interval_us <= usual.ceiling_us);
		l.longest_us = n.next_us - now > l.longest_us ? n.next_us - now : l.longest_us;
		now = n.next_us;
	}
	return l;
}

static void a_rhythm_is_learned_and_its_burst_awaited(void **state)
{
	struct memory m = {0};
	int64_t month = NOW_US + 30 * DAY;

	(void)state;
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, NOW_US, month);
	struct lived l = live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, month, month + 28 * DAY);
	assert_true(l.items >= 19);
	assert_true(l.late <= l.items / 5);
	assert_true(l.polls < 28 * 24);
}

static void a_rhythm_that_moves_is_learned_anew(void **state)
{
	struct memory m = {0};
	int64_t turn = NOW_US + 30 * DAY, after = turn + 42 * DAY;

	(void)state;
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, NOW_US, turn);
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30 + 6 * 60, turn, after);
	struct lived l = live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30 + 6 * 60, after, after + 28 * DAY);
	assert_true(l.late <= l.items / 4);
}

static void a_feed_that_fell_silent_slows_down_but_is_never_given_up(void **state)
{
	struct memory m = {0};
	struct wn_poll none = polled(WN_POLL_NOT_MODIFIED, 0);
	int64_t now = NOW_US + 30 * DAY, early = 0, year = now + 365 * DAY;

	(void)state;
	live(&m, none, 30, NOW_US, now);
	for (int i = 0; now < year; i++) {
		struct wn_next_poll n = next(&m, &none, now);
		assert_true(n.interval_us <= DAY && n.next_us <= now + DAY + DAY / 10);
		early += now < year - 335 * DAY;
		now = n.next_us;
	}
	int64_t late = 0;
	for (int64_t end = now + 30 * DAY; now < end; late++)
		now = next(&m, &none, now).next_us;
	assert_true(late < early && late >= 27);
	struct lived l = live(&m, none, 30, now + DAY, now + 60 * DAY); /* and wakes up */
	assert_true(l.items >= 40);
}

static void a_hint_against_what_was_observed_is_bounded(void **state)
{
	struct memory lies = {0}, hurried = {0};
	struct wn_poll p = polled(WN_POLL_NOT_MODIFIED, 0), h = p;

	(void)state;
	p.http.max_age_us = 16 * 365 * DAY;
	h.feed.ttl_us = MINUTE;
	h.http.max_age_us = 0;
	live(&lies, p, 30, NOW_US, NOW_US + 60 * DAY);
	struct lived l = live(&lies, p, 30, NOW_US + 60 * DAY, NOW_US + 90 * DAY);
	assert_true(l.longest_us <= DAY + DAY / 10);
	assert_true(l.late <= l.items / 2);
	assert_true(live(&hurried, h, 30, NOW_US, NOW_US + 30 * DAY).polls < 30 * 48);
}

static void skipped_hours_in_which_items_came_are_not_skipped(void **state)
{
	struct memory m = {0};
	struct wn_poll p = polled(WN_POLL_NOT_MODIFIED, 0);

	(void)state;
	p.feed.skip_hours = 0xFFFFFF & ~1u; /* "only after midnight" */
	live(&m, p, 30, NOW_US, NOW_US + 60 * DAY);
	p.feed.skip_hours = 1u << 14 | 1u << 15;
	live(&m, p, 30, NOW_US + 60 * DAY, NOW_US + 90 * DAY);
	assert_true(wn_rhythm_is_awake(&m.r, 14));
	assert_false(wn_rhythm_is_awake(&m.r, 15));
	struct lived l = live(&m, p, 30, NOW_US + 90 * DAY, NOW_US + 120 * DAY);
	assert_true(l.late <= l.items / 4);
}

static void a_clock_that_is_wrong_by_ages_plans_within_bounds(void **state)
{
	static const int64_t years[] = {-50000, -14000, -100, -79, -3, 3, 79, 100, 14000, 100000};
	struct memory m = {0};

	(void)state;
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, NOW_US, NOW_US + 40 * DAY);
	struct wn_rhythm_plan now = wn_rhythm_plan(&m.r, m.r.seen_us, HOUR, DAY, 1, 1, 0.1);
	for (size_t i = 0; i < WN_COUNT(years); i++) {
		struct wn_rhythm_plan p = wn_rhythm_plan(&m.r, NOW_US + years[i] * 365 * DAY, HOUR, DAY, 1, 1, 0.1);
		assert_true(p.us >= HOUR && p.us <= DAY);
		assert_true(p.a_day >= 0 && p.a_day <= 1.01 * now.a_day);
		assert_true(p.expected >= 0 && p.expected <= 3 * now.a_day); /* of its busiest day */
		assert_true(p.batches >= 0 && p.batches <= 1.01 * now.batches);
	}
}

static void a_rhythm_survives_the_store_and_garbage_reads_as_blank(void **state)
{
	struct memory m = {0};
	struct wn_rhythm back;
	struct wn_buf b;

	(void)state;
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, NOW_US, NOW_US + 40 * DAY);
	wn_buf_init(&b, 4096);
	wn_rhythm_write(&m.r, &b);
	struct wn_str text = wn_buf_slice(&b);
	assert_true(text.n < 200); /* few hours: few bytes */
	assert_true(wn_rhythm_read(text, &back));
	assert_memory_equal(&back, &m.r, sizeof(back));
	for (size_t n = 0; n + 3 < text.n; n++) {
		struct wn_str cut = {text.p, n};
		assert_false(wn_rhythm_read(cut, &back));
		assert_int_equal(back.since_us, 0);
	}
	assert_false(wn_rhythm_read(WN_STR("AgAB"), &back)); /* a version to come */
	assert_false(wn_rhythm_read(WN_STR("no base64 at all!"), &back));
	wn_buf_done(&b);
}

/* Polls that bring nothing: the text of before and three numbers are the same as all of it, but for once in four weeks. */
static void a_quiet_poll_teaches_three_numbers(void **state)
{
	struct memory m = {0};
	int told_anew = 0;

	(void)state;
	live(&m, polled(WN_POLL_NOT_MODIFIED, 0), 30, NOW_US, NOW_US + 40 * DAY);
	struct wn_rhythm written = m.r, now = m.r;
	for (int day = 0; day < 40; day++) {
		wn_rhythm_learn(&now, NULL, 0, 0, now.seen_us + DAY);
		if (!wn_rhythm_is_like(&now, &written)) {
			written = now;
			told_anew++;
		}
		struct wn_rhythm read = written;
		wn_rhythm_catch_up(&read, now.seen_us, now.came, now.due);
		assert_memory_equal(&read, &now, sizeof(now));
	}
	assert_in_range(told_anew, 1, 2);
	wn_rhythm_learn(&now, NULL, 0, 1, now.seen_us + DAY);
	assert_false(wn_rhythm_is_like(&now, &written));
	struct wn_rhythm same = now, blank = {0};
	wn_rhythm_catch_up(&same, now.seen_us - 1, 1, 1);
	wn_rhythm_catch_up(&same, now.seen_us + 1, -1, 1);
	wn_rhythm_catch_up(&same, now.seen_us + 1, 1, NAN);
	assert_memory_equal(&same, &now, sizeof(now));
	wn_rhythm_catch_up(&blank, NOW_US, 1, 1);
	assert_int_equal(blank.since_us, 0);
}

/* --- headers
 * -------------------------------------------------------------------------------------------------- */

static struct wn_http_hints take(const char *const *pairs)
{
	struct wn_http_hints_work w = {0};

	for (; *pairs; pairs += 2)
		wn_http_hints_take(&w, wn_str_of(pairs[0]), wn_str_of(pairs[1]), NOW_US);
	return wn_http_hints_done(&w, NOW_US);
}
#define TAKE(...) take((const char *const[]){__VA_ARGS__, NULL})

static void max_age_is_told_less_age(void **state)
{
	(void)state;
	assert_int_equal(TAKE("Cache-Control", "public, Max-Age=3600", "Age", "600").max_age_us, 3000 * SECOND);
	assert_int_equal(TAKE("cache-control", "max-age=\"60\"", "age", "600").max_age_us, 0);
	assert_int_equal(TAKE("cache-control", "s-maxage=60").max_age_us, -1);
	assert_int_equal(TAKE("cache-control", "max-age=-5").max_age_us, -1);
	assert_int_equal(TAKE("cache-control", "max-age=99999999999999999999").max_age_us,
			 INT64_C(1000000000) * SECOND);
	assert_true(TAKE("cache-control", "no-cache, max-age=60").no_cache);
	assert_false(TAKE("cache-control", "no-cache=\"set-cookie\"").no_cache);
}

static void expires_counts_from_date_and_garbage_is_the_past(void **state)
{
	(void)state;
	assert_int_equal(TAKE("Expires", "Mon, 04 May 2026 10:30:00 GMT").expires_us, 30 * MINUTE);
	assert_int_equal(
	    TAKE("Date", "Mon, 04 May 2026 09:00:00 GMT", "Expires", "Mon, 04 May 2026 09:30:00 GMT")
		.expires_us,
	    30 * MINUTE);
	assert_int_equal(TAKE("Expires", "0").expires_us, 0);
	assert_int_equal(TAKE("Expires", "-1").expires_us, 0);
	assert_int_equal(TAKE("X-Poll-Interval", "60").poll_interval_us, 60 * SECOND);
	assert_int_equal(TAKE("X-Other", "60").expires_us, -1);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	static const char *const bad[] = {"", "soon", "-5", "5 minutes", "12x"};
	int64_t us;

	(void)state;
	assert_true(wn_retry_after_parse(WN_STR(" 120 "), NOW_US, &us));
	assert_int_equal(us, 120 * SECOND);
	assert_true(wn_retry_after_parse(WN_STR("Mon, 04 May 2026 11:00:00 GMT"), NOW_US, &us));
	assert_int_equal(us, HOUR);
	assert_true(wn_retry_after_parse(WN_STR("Mon, 04 May 2020 11:00:00 GMT"), NOW_US, &us));
	assert_int_equal(us, 0);
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_false(wn_retry_after_parse(wn_str_of(bad[i]), NOW_US, &us));
}

static void outcomes_have_names(void **state)
{
	enum wn_poll_outcome o;

	(void)state;
	assert_true(wn_poll_outcome_from_text(WN_STR("not_modified"), &o));
	assert_int_equal(o, WN_POLL_NOT_MODIFIED);
	assert_string_equal(wn_poll_outcome_to_text(WN_POLL_GONE), "gone");
	assert_false(wn_poll_outcome_from_text(WN_STR("nope"), &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_busy_feed_is_polled_at_the_floor_and_a_dead_one_twice_a_day_at_most),
	    cmocka_unit_test(more_items_never_mean_later_polls),
	    cmocka_unit_test(items_that_become_signals_shorten_the_interval),
	    cmocka_unit_test(the_history_of_a_first_poll_teaches_no_rate),
	    cmocka_unit_test(the_larger_of_hint_and_learned_holds_within_the_bounds),
	    cmocka_unit_test(a_hint_that_a_person_could_mean_is_believed_whole_until_items_say_more),
	    cmocka_unit_test(jitter_is_late_small_and_the_same_for_the_same_seed),
	    cmocka_unit_test(failures_back_off_to_a_day_and_never_stop),
	    cmocka_unit_test(a_429_without_retry_after_waits_some_minutes),
	    cmocka_unit_test(retry_after_is_kept_within_a_minute_and_a_day),
	    cmocka_unit_test(only_410_seen_twice_in_a_row_stops),
	    cmocka_unit_test(skipped_hours_and_days_are_stepped_over),
	    cmocka_unit_test(a_start_spreads_what_is_overdue),
	    cmocka_unit_test(a_clock_that_jumps_back_breaks_nothing),
	    cmocka_unit_test(a_rhythm_is_learned_and_its_burst_awaited),
	    cmocka_unit_test(a_rhythm_that_moves_is_learned_anew),
	    cmocka_unit_test(a_feed_that_fell_silent_slows_down_but_is_never_given_up),
	    cmocka_unit_test(a_hint_against_what_was_observed_is_bounded),
	    cmocka_unit_test(skipped_hours_in_which_items_came_are_not_skipped),
	    cmocka_unit_test(a_clock_that_is_wrong_by_ages_plans_within_bounds),
	    cmocka_unit_test(a_rhythm_survives_the_store_and_garbage_reads_as_blank),
	    cmocka_unit_test(a_quiet_poll_teaches_three_numbers),
	    cmocka_unit_test(max_age_is_told_less_age),
	    cmocka_unit_test(expires_counts_from_date_and_garbage_is_the_past),
	    cmocka_unit_test(retry_after_is_seconds_or_a_date),
	    cmocka_unit_test(outcomes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
