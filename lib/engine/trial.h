/* SPDX-License-Identifier: MIT */
/* One test of a segment while it runs: a world of one account, what was sent, why nothing came of it. Shared by trial.c
 * (the clock), trial_world.c (the rows) and trial_expect.c (the judgement). */
#ifndef WN_TRIAL_H
#define WN_TRIAL_H

#include "engine_internal.h"
#include "segment_tests.h"

#include <whynow/date.h>

/* A Monday at nine: what the clock of a test shows when it starts. */
#define TRIAL_START ((int64_t)(wn_days_from_civil(2026, 1, 5) * WN_DAY + 9 * WN_HOUR))

struct trial_sent {
	const struct wn_touch *touch;
	struct wn_str subject, text, variant;
};
struct trial {
	const struct segment_test *test;
	struct wn_segment segment; /* as tested: nobody held out, shadow runs as live */
	struct wn_arena *arena, *scratch;
	struct wn_catalog catalog;
	struct wn_world world;
	struct wn_account account;
	struct wn_feed_view feed;
	struct wn_sink_view sink;
	WN_VEC(struct trial_sent) sent;
	bool proposed;
	/* The clause that kept the likeliest signal from opening it; empty: none came near. */
	const struct wn_clause *clause;
	const struct wn_signal *clause_signal;
	int clause_rank;
};

/* trial_world.c */
void trial_begin(struct trial *t, const struct wn_segment *s, const struct wn_segment_options *opt, const struct segment_test *test);
void trial_end(struct trial *t);
/* Sorted in, and marked arrived. */
void trial_arrive(struct trial *t, const struct test_signal *from);
void trial_set_account(struct trial *t, const struct test_facts *facts);

/* trial.c */
void trial_run(struct trial *t);

/* trial_expect.c: every expectation that failed as a line "FILE:LINE:COL: ..."; NULL: none. */
const char *trial_judge(struct trial *t, const char *file, struct wn_arena *a);
/* Remembers why the verdict on a signal was not true, if it came nearer than those before. */
void trial_note_verdict(struct trial *t, struct wn_signal *sig);

#endif
