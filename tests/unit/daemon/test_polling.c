/* SPDX-License-Identifier: MIT */
/* What the poller and the intake keep in memory: who is due next, what was told last. */
#include "../../../daemon/due_heap.h"
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
		cmocka_unit_test(the_same_bytes_are_told_for_a_day),
		cmocka_unit_test(dates_of_the_document_itself_are_no_news),
		cmocka_unit_test(whatever_else_differs_is_news),
		cmocka_unit_test(every_changed_byte_is_news),
		cmocka_unit_test(what_waits_for_people_or_was_refused_is_read_again),
		cmocka_unit_test(the_heap_gives_the_next_first_whatever_moved_meanwhile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
