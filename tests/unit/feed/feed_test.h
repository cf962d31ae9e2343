/* SPDX-License-Identifier: MIT */
/* What the tests of the readers share: one arena a test, a reader in one call. */
#ifndef WHYNOW_FEED_TEST_H
#define WHYNOW_FEED_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/date.h>
#include <whynow/feed.h>
#include <whynow/limits.h>
#include <whynow/url.h>

#include <stdio.h>
#include <stdlib.h>

#define NOW_US INT64_C(1777888800000000) /* 2026-05-04T10:00:00Z */

static WN_UNUSED int arena_setup(void **state)
{
	*state = wn_arena_new(0);
	return 0;
}

static WN_UNUSED int arena_teardown(void **state)
{
	wn_arena_free(*state);
	return 0;
}

#define FEED_TEST(fn) cmocka_unit_test_setup_teardown(fn, arena_setup, arena_teardown)

static WN_UNUSED struct wn_feed_doc read_as(struct wn_arena *a, enum wn_format format, struct wn_str bytes)
{
	struct wn_feed_options opt = {
	    .format = format, .now_us = NOW_US, .base_url = WN_STR("https://feed.example/news/feed.xml")};
	struct wn_feed_doc doc = {0};
	struct wn_err err;

	if (wn_feed_read(bytes, &opt, a, &doc, &err) != WN_OK)
		fail_msg("refused: %s", err.text);
	return doc;
}

static WN_UNUSED struct wn_feed_doc read_text(struct wn_arena *a, const char *text)
{
	return read_as(a, WN_FORMAT_AUTO, wn_str_of(text));
}

static WN_UNUSED enum wn_rc refuse(struct wn_arena *a, enum wn_format format, struct wn_str bytes,
				   struct wn_err *err)
{
	struct wn_feed_options opt = {.format = format, .now_us = NOW_US};
	struct wn_feed_doc doc;

	return wn_feed_read(bytes, &opt, a, &doc, err);
}

static WN_UNUSED void is_text(struct wn_str got, const char *want, const char *file, int line)
{
	if (!wn_str_is(got, want)) {
		print_error("got \"%.*s\", want \"%s\"\n", (int)got.n, got.p ? got.p : "", want);
		_fail(file, line);
	}
}
#define assert_text(got, want) is_text((got), (want), __FILE__, __LINE__)
#define assert_key(value, key, want)                                                                           \
	is_text(wn_value_str(wn_value_at((value), (key))), (want), __FILE__, __LINE__)

static WN_UNUSED int64_t at(const char *rfc3339)
{
	int64_t us = 0;

	assert_true(wn_date_parse(wn_str_of(rfc3339), &us));
	return us;
}

/* A heap copy of exactly these bytes, so that the sanitizers see any byte read past the end. Free it. */
static WN_UNUSED char *exact(const char *text, size_t n)
{
	char *p = malloc(n ? n : 1);

	memcpy(p, text, n);
	return p;
}

#endif
