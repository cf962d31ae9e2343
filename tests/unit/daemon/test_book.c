/* SPDX-License-Identifier: MIT */
/* Segments of the book come, are replaced, go and come back, without the index being made anew: what is matched is always what a
 * list of them says. */
#include "../../../daemon/book.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <whynow/store.h>

#include <cmocka.h>

enum { NAMES = 24, PATHS = 5 };
#define NOW (INT64_C(1780000000) * WN_SECOND)

struct rig {
	struct wn_book *book;
	struct wn_arena *arena, *scratch;
	struct wn_world world;
	struct wn_account account;
	struct wn_signal signal;
	char path[64];
};

static int make(void **state)
{
	struct rig *r = wn_alloc(sizeof(*r));
	struct wn_yaml_errors errors;
	struct wn_config *config;
	struct wn_err err = {0};
	snprintf(r->path, sizeof(r->path), "/tmp/whynow-test-book-XXXXXX");
	FILE *f = fdopen(mkstemp(r->path), "w");
	fprintf(f, "instance: t\ndatabase: {conninfo: \"host=/nowhere dbname=x\"}\ndirs: {feeds: none, sinks: none, kinds: none, traits: none, vendor: " WN_SOURCE_DIR "/conf}\n");
	fclose(f);
	r->arena = wn_arena_new(0);
	r->scratch = wn_arena_new(0);
	wn_yaml_errors_init(&errors, r->arena);
	assert_int_equal(wn_conf_load_all(&(struct wn_conf_request){.main_path = r->path}, &config, &errors), WN_OK);
	assert_int_equal(wn_book_new(config, "t", &r->book, &err), WN_OK);
	r->world = (struct wn_world){.arena = r->arena, .scratch = r->scratch, .catalog = &r->book->catalog, .now_us = NOW, .actor = "t"};
	r->account = (struct wn_account){.object = {&wn_account_class}, .world = &r->world, .id = {{1}}, .domain = WN_STR("acme.example"),
					 .state = WN_STR("known"), .known_since_us = NOW - 400 * WN_DAY, .traits = wn_map(NULL, 0), .loaded = WN_LOAD_ALL};
	r->signal = (struct wn_signal){.object = {&wn_signal_class}, .world = &r->world, .account_id = r->account.id, .key = {{7}},
				       .kind = wn_registry_kind_number(r->book->registry, WN_STR("page_view")), .occurred_us = NOW - WN_HOUR, .observed_us = NOW,
				       .stored_us = NOW, .strength = 1, .publishers = 1, .half_life_us = WN_DAY, .hard_stop_us = NOW + WN_DAY, .arrived = true};
	*WN_PUSH(r->arena, &r->account.signals) = &r->signal;
	*WN_PUSH(r->arena, &r->world.accounts) = &r->account;
	*state = r;
	return 0;
}

static int unmake(void **state)
{
	struct rig *r = *state;
	wn_book_free(r->book);
	wn_arena_free(r->scratch);
	wn_arena_free(r->arena);
	unlink(r->path);
	free(r);
	return 0;
}

static const char *text_of(struct rig *r, const char *name, int path, int priority)
{
	return wn_arena_printf(r->arena,
			       "segment: %s\nowner: ana@example.com\nwhen: signal.kind == \"page_view\" && signal.path == \"/p%d\"\naudience: {min: 1, max: 50}\n"
			       "exit: stop\npriority: %d\ngoal: {metric: meeting, target: 5%%, window: 30d}\n"
			       "sequence:\n  - {channel: email, subject: s, body: \"On {{signal.path}}\"}\n", name, path, priority);
}

static void put(struct rig *r, const char *name, int version, int path, int priority)
{
	struct wn_err err = {0};
	struct wn_segment_row row = {.name = wn_str_of(name), .version = version, .source = wn_str_of(text_of(r, name, path, priority)), .status = WN_SEGMENT_VALID};
	bool in_force;
	if (wn_book_take_segment(r->book, &row, 1, 0, &in_force, &err))
		fail_msg("%s", err.text);
	assert_true(in_force);
}

/* Names of what a page view of the path is put to and is true, in their order. */
static const char *matched(struct rig *r, int path)
{
	struct wn_map_builder m = wn_map_begin(r->arena);
	struct wn_buf names;
	r->world.verdicts.n = 0;
	wn_map_set(&m, "path", wn_cstring(wn_arena_printf(r->arena, "/p%d", path)));
	r->signal.attrs = wn_map_end(&m);
	wn_verdicts_of_arrivals(&r->world);
	wn_buf_init(&names, 1 << 20);
	for (size_t i = 0; i < r->world.verdicts.n; i++)
		if (r->world.verdicts.v[i]->is == WN_VERDICT_TRUE)
			wn_buf_printf(&names, "%s/%d ", r->world.verdicts.v[i]->segment->name, r->world.verdicts.v[i]->segment->version);
	const char *out = wn_arena_strdup(r->arena, wn_buf_slice(&names));
	wn_buf_done(&names);
	return out;
}

static void a_replaced_segment_is_matched_by_its_new_rule_alone(void **state)
{
	struct rig *r = *state;
	put(r, "a", 1, 1, 50);
	put(r, "b", 1, 1, 60);
	assert_string_equal(matched(r, 1), "b/1 a/1 "); /* by priority */
	put(r, "a", 2, 2, 70);
	assert_string_equal(matched(r, 1), "b/1 ");
	assert_string_equal(matched(r, 2), "a/2 ");
	assert_int_equal(wn_catalog_segment(&r->book->catalog, WN_STR("a"), 0)->version, 2);
	assert_int_equal(wn_catalog_segment(&r->book->catalog, WN_STR("a"), 1)->version, 1); /* campaigns are judged by it */
	assert_int_equal(r->book->n_segments, 2);
}

static void a_withdrawn_segment_leaves_its_neighbours_matched_and_comes_back(void **state)
{
	struct rig *r = *state;
	put(r, "a", 1, 1, 50);
	put(r, "b", 1, 1, 50);
	put(r, "c", 1, 2, 50);
	wn_book_withdraw(r->book, WN_STR("a"));
	wn_book_withdraw(r->book, WN_STR("nobody"));
	assert_string_equal(matched(r, 1), "b/1 ");
	assert_string_equal(matched(r, 2), "c/1 ");
	assert_null(wn_catalog_segment(&r->book->catalog, WN_STR("a"), 0));
	assert_non_null(wn_catalog_segment(&r->book->catalog, WN_STR("a"), 1));
	put(r, "a", 1, 1, 50); /* the same version */
	assert_string_equal(matched(r, 1), "a/1 b/1 ");
	assert_int_equal(r->book->n_older, 0);
	wn_book_withdraw(r->book, WN_STR("a"));
	put(r, "a", 2, 2, 50);
	assert_string_equal(matched(r, 2), "a/2 c/1 ");
}

static void pauses_reach_older_versions_too(void **state)
{
	struct rig *r = *state;
	put(r, "a", 1, 1, 50);
	put(r, "a", 2, 1, 50);
	put(r, "a", 3, 1, 50);
	wn_book_pause(r->book, WN_STR("a"), true);
	for (int v = 1; v <= 3; v++)
		assert_true(wn_catalog_segment(&r->book->catalog, WN_STR("a"), v)->paused);
	wn_book_pause(r->book, WN_STR("a"), false);
	for (int v = 1; v <= 3; v++)
		assert_false(wn_catalog_segment(&r->book->catalog, WN_STR("a"), v)->paused);
}

struct model { int version, path; bool in_force; };

static const char *expected(struct rig *r, const struct model *m, int path)
{
	struct wn_buf names;
	wn_buf_init(&names, 1 << 20);
	for (int i = 0; i < NAMES; i++)
		if (m[i].in_force && m[i].path == path)
			wn_buf_printf(&names, "s%02d/%d ", i, m[i].version);
	const char *out = wn_arena_strdup(r->arena, wn_buf_slice(&names));
	wn_buf_done(&names);
	return out;
}

static void whatever_comes_and_goes_the_index_names_what_is_in_force(void **state)
{
	struct rig *r = *state;
	struct model m[NAMES] = {0};
	uint32_t seed = 99;
	for (int turn = 0; turn < 600; turn++) {
		seed = seed * 1664525 + 1013904223;
		int i = (int)(seed >> 8) % NAMES, path = (int)(seed >> 20) % PATHS;
		char name[8];
		snprintf(name, sizeof(name), "s%02d", i);
		if (seed >> 30 == 0 && m[i].in_force) {
			wn_book_withdraw(r->book, wn_str_of(name));
			m[i].in_force = false;
		} else {
			m[i] = (struct model){m[i].version + 1, path, true};
			put(r, name, m[i].version, path, 50);
		}
		if (turn % 7 == 0)
			(void)wn_index_tend(r->book->index, 10);
		assert_string_equal(matched(r, path), expected(r, m, path));
	}
	for (int path = 0; path < PATHS; path++)
		assert_string_equal(matched(r, path), expected(r, m, path));
}

static void growing_past_a_thousand_loses_none(void **state)
{
	struct rig *r = *state;
	char name[16];
	for (int i = 0; i < WN_SEGMENTS_MANY + 30; i++) {
		snprintf(name, sizeof(name), "n%04d", i);
		put(r, name, 1, i == 3 || i == WN_SEGMENTS_MANY + 5 ? 1 : 2, 50);
	}
	assert_true(r->book->many);
	assert_string_equal(matched(r, 1), "n0003/1 n1005/1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_replaced_segment_is_matched_by_its_new_rule_alone, make, unmake),
		cmocka_unit_test_setup_teardown(a_withdrawn_segment_leaves_its_neighbours_matched_and_comes_back, make, unmake),
		cmocka_unit_test_setup_teardown(pauses_reach_older_versions_too, make, unmake),
		cmocka_unit_test_setup_teardown(whatever_comes_and_goes_the_index_names_what_is_in_force, make, unmake),
		cmocka_unit_test_setup_teardown(growing_past_a_thousand_loses_none, make, unmake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
