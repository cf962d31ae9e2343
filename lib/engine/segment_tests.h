/* SPDX-License-Identifier: MIT */
/* The `tests:` of a segment as read: what the small world of each holds, what comes later, what is expected. Texts and
 * values lie in the segment's arena. Shared by the reader (segment_tests.c) and the trial. */
#ifndef WN_SEGMENT_TESTS_H
#define WN_SEGMENT_TESTS_H

#include "segment_file.h"

enum { TEST_SIGNALS_MAX = 500, TEST_CONTACTS_MAX = 100, TESTS_MAX = 200 };

struct test_fact { /* a trait, or a field that every account or contact has */
	const char *name;
	struct wn_value value;
};
struct test_facts {
	WN_VEC(struct test_fact) v;
};
struct test_signal {
	int kind;
	int64_t age_us, after_us; /* how old it is when it comes; when it comes, counted from the start */
	struct wn_value attrs;
	struct wn_str headline, url;
	int publishers, contact; /* contact: from 1, 0: nobody */
};
struct test_change {
	int64_t after_us;
	struct test_facts account; /* traits that change */
	const char *outcome;       /* what came back, NULL: nothing */
	int contact;               /* of whom, from 1; 0: of the account */
};
/* Where an expectation stands; line 0: it was not written. */
struct test_want {
	struct wn_place at;
	int64_t number; /* also a duration (us), a bool */
	int64_t unit_us; /* duration: the smallest unit it was written in */
	struct wn_str text;
};
struct test_touch {
	struct wn_place at;
	struct test_want step, contact, after, channel, variant, state, reason, subject, body;
};
struct segment_test {
	struct wn_place at;
	const char *name;
	struct test_facts account;
	WN_VEC(struct test_facts) contacts;
	WN_VEC(struct test_signal) signals;
	WN_VEC(struct test_change) changes;
	int covered[64]; /* kinds that some feed reports without a gap */
	size_t n_covered;
	struct test_want opens, opens_after, proposed, members, closes, closes_after, left, sent, because;
	WN_VEC(struct test_touch) touches;
};

/* Reads file->tests into b->inner->tests; what is wrong goes to b->errors. */
void segment_build_tests(struct segment_build *b);

#endif
