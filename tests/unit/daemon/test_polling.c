/* SPDX-License-Identifier: MIT */
/* What the poller and the intake keep in memory: who is due next, what was told last. */
#include "../../../daemon/due_heap.h"
#include "../../../daemon/remembered.h"
#include "../../../daemon/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_US INT64_C(1790000000000000)

static struct wn_told told_of(const char *body)
{
	struct wn_told t;
	uint8_t d[WN_TOLD_DIGEST];
	wn_told_digest(wn_str_of(body), d);
	wn_told_keep(&t, d, &(struct wn_feed_totals){.items = 3, .filtered = 1, .duplicate = 2}, NOW_US);
	return t;
}

static bool is_told(const struct wn_told *t, const char *body, int64_t now_us)
{
	uint8_t d[WN_TOLD_DIGEST];
	wn_told_digest(wn_str_of(body), d);
	return wn_told_is(t, d, now_us);
}

#define HEAD "<rss><channel><title>T</title><lastBuildDate>Mon, 07 Sep 2026 10:00:00 GMT</lastBuildDate><ttl>60</ttl>"
#define TAIL "<item><title>A</title><pubDate>Mon, 07 Sep 2026 09:00:00 GMT</pubDate></item></channel></rss>"

static void the_same_bytes_are_told_for_a_day(void **state)
{
	struct wn_told t = told_of(HEAD TAIL);
	(void)state;
	assert_true(is_told(&t, HEAD TAIL, NOW_US));
	assert_true(is_told(&t, HEAD TAIL, NOW_US + WN_DAY - 1));
	assert_false(is_told(&t, HEAD TAIL, NOW_US + WN_DAY));
	assert_int_equal(t.items, 3);
	assert_int_equal(t.filtered, 1);
}

static void dates_of_the_document_itself_are_no_news(void **state)
{
	struct wn_told t = told_of(HEAD TAIL);
	(void)state;
	assert_true(is_told(&t, "<rss><channel><title>T</title><lastBuildDate>Tue, 8 Sep 2026</lastBuildDate><ttl>60</ttl>" TAIL, NOW_US));
	assert_true(is_told(&t, "<rss><channel><title>T</title><lastBuildDate></lastBuildDate><ttl>60</ttl>" TAIL, NOW_US));
	assert_false(is_told(&t, "<rss><channel><title>T</title><ttl>60</ttl>" TAIL, NOW_US));
}

static void whatever_else_differs_is_news(void **state)
{
	static const char *const others[] = {
		"", "x", HEAD, TAIL, HEAD TAIL " ",
		"<rss><channel><title>U</title><lastBuildDate>Mon, 07 Sep 2026 10:00:00 GMT</lastBuildDate><ttl>60</ttl>" TAIL,
		"<rss><channel><title>T</title><lastBuildDate>Mon, 07 Sep 2026 10:00:00 GMT</lastBuildDate><ttl>61</ttl>" TAIL,
		HEAD "<item><title>B</title><pubDate>Mon, 07 Sep 2026 09:00:00 GMT</pubDate></item></channel></rss>",
		HEAD "<item><title>A</title><pubDate>Mon, 07 Sep 2026 09:00:01 GMT</pubDate></item></channel></rss>", /* of an item */
	};
	struct wn_told t = told_of(HEAD TAIL), empty = {0};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(others); i++)
		assert_false(is_told(&t, others[i], NOW_US));
	assert_false(is_told(&empty, "", NOW_US));
}

static void every_changed_byte_is_news(void **state)
{
	char body[] = HEAD TAIL;
	const char *date = strstr(body, "Mon, 07 Sep 2026 10:"), *date_end = strchr(date, '<');
	struct wn_told t = told_of(body);
	(void)state;
	for (size_t i = 0; body[i]; i++) {
		if (&body[i] >= date && &body[i] < date_end)
			continue;
		body[i] ^= 1;
		assert_false(is_told(&t, body, NOW_US));
		body[i] ^= 1;
	}
}

static void what_waits_for_people_or_was_refused_is_read_again(void **state)
{
	struct wn_told t;
	uint8_t d[WN_TOLD_DIGEST] = {1, 2};
	(void)state;
	wn_told_keep(&t, d, &(struct wn_feed_totals){.items = 2, .review = 1, .stored = 1}, NOW_US);
	assert_false(wn_told_is(&t, d, NOW_US));
	wn_told_keep(&t, d, &(struct wn_feed_totals){.items = 2, .rejected = 1, .stored = 1}, NOW_US);
	assert_false(wn_told_is(&t, d, NOW_US));
}

/* --- what is remembered ---- */
static void what_is_remembered_is_written_and_read(void **state)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_remembered r = {.of = WN_STR("http://a.example/\"{,}\\\n?\xc3\xa9"), .newest_us = -5, .hints = {.ttl_us = 60, .update_us = -1, .skip_hours = 7, .skip_days = 1},
				  .moved_to = WN_STR("https://b.example/"), .moved_n = 2, .moved_us = NOW_US, .walk_us = 9, .walk_pages = 2,
				  .walk_new = 3, .walk_signals = 1, .walk_broken = true};
	(void)state;
	wn_rhythm_learn(&r.rhythm, NULL, 0, 4, NOW_US);
	struct wn_str text = wn_remembered_write(&r, a);
	struct wn_remembered got = wn_remembered_read(text, a), none = wn_remembered_read((struct wn_str){NULL, 0}, a), bad = wn_remembered_read(WN_STR("[1"), a);
	assert_true(wn_str_eq(got.of, r.of) && wn_str_eq(got.moved_to, r.moved_to));
	assert_memory_equal(&got.hints, &r.hints, sizeof(r.hints));
	assert_memory_equal(&got.rhythm, &r.rhythm, sizeof(r.rhythm));
	assert_memory_equal(&got.moved_n, &r.moved_n, sizeof(r) - offsetof(struct wn_remembered, moved_n));
	assert_int_equal(got.newest_us, -5);
	assert_true(wn_str_eq(wn_remembered_write(&got, a), text));
	assert_memory_equal(&none, &bad, sizeof(none));
	assert_int_equal(none.hints.ttl_us, -1);
	assert_true(wn_str_is(wn_remembered_write(&none, a), "{}"));
	struct wn_remembered later = got;
	wn_rhythm_learn(&later.rhythm, NULL, 0, 0, NOW_US + WN_HOUR);
	assert_true(wn_remembered_is_like(&later, &got));
	struct wn_feed_state row = {.extra = text, .lately = {later.rhythm.seen_us, later.rhythm.came, later.rhythm.due}};
	got = wn_remembered_of(&row, a);
	assert_memory_equal(&got.rhythm, &later.rhythm, sizeof(got.rhythm));
	later.hints.skip_days = 2;
	assert_false(wn_remembered_is_like(&later, &got));
	later = got;
	later.moved_n++;
	assert_false(wn_remembered_is_like(&later, &got));
	wn_arena_free(a);
}

/* --- who is due ---- */
enum { FEEDS = 300 };

static void the_heap_gives_the_next_first_whatever_moved_meanwhile(void **state)
{
	struct wn_poll_feed *feeds = calloc(FEEDS, sizeof(*feeds));
	char names[FEEDS][24];
	struct wn_due_heap h = {0};
	uint32_t seed = 7;
	(void)state;
	for (int i = 0; i < FEEDS; i++) {
		snprintf(names[i], sizeof(names[i]), "feed-%03d", i);
		feeds[i].name = wn_str_of(names[i]);
	}
	for (int turn = 0; turn < 5000; turn++) {
		seed = seed * 1664525u + 1013904223u;
		struct wn_poll_feed *f = &feeds[(seed >> 8) % FEEDS];
		if (seed >> 28 < 5)
			wn_due_heap_take(&h, f);
		else
			wn_due_heap_put(&h, f, seed >> 16 & 63);
		for (size_t i = 0; i < h.n; i++)
			assert_int_equal(h.v[i].feed->place, i + 1);
	}
	assert_true(h.n > 50);
	for (const struct wn_poll_feed *last = NULL; h.n;) {
		struct wn_poll_feed *f = wn_due_heap_first(&h);
		wn_due_heap_take(&h, f);
		assert_int_equal(f->place, 0);
		if (last)
			assert_true(last->ask_us < f->ask_us || (last->ask_us == f->ask_us && wn_str_cmp(last->name, f->name) < 0));
		last = f;
	}
	assert_null(wn_due_heap_first(&h));
	free(h.v);
	free(feeds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered_is_written_and_read),
	cmocka_unit_test(the_same_bytes_are_told_for_a_day),
		cmocka_unit_test(dates_of_the_document_itself_are_no_news),
		cmocka_unit_test(whatever_else_differs_is_news),
		cmocka_unit_test(every_changed_byte_is_news),
		cmocka_unit_test(what_waits_for_people_or_was_refused_is_read_again),
		cmocka_unit_test(the_heap_gives_the_next_first_whatever_moved_meanwhile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
