/* SPDX-License-Identifier: MIT */
/*
 * Outcomes from wherever they come (HTTP, feeds, plain SQL, the command line): what somebody says is looked up, put to the
 * step function in one unit of work, and stored once. A second saying of the same is a duplicate; what names nobody we
 * know is refused with its reason.
 */
#ifndef WN_DAEMON_OUTCOME_H
#define WN_DAEMON_OUTCOME_H

#include "unit.h"

enum wn_outcome_how { WN_OUTCOME_STORED, WN_OUTCOME_DUPLICATE };
struct wn_outcome_take {
	struct wn_outcome_row row; /* in; its texts live as long as this */
	/* out, once the unit ran */
	enum wn_outcome_how how;
	size_t credited, reached; /* campaigns */
	void (*done)(void *ctx, struct wn_world *w); /* after the commit, may be NULL */
	void *done_ctx;
	/* of the attempt */
	struct wn_outcome *outcome;
	struct wn_str address; /* of a bounce or an opt-out: is suppressed */
};
/* The unit of one outcome; the caller gives the actor. WN_NOT_FOUND: names an account, a campaign or a touch that is not there;
 * WN_INVALID: says too little, or something impossible; WN_REFUSED: contradicts itself. */
struct wn_unit wn_outcome_unit(struct wn_outcome_take *t);

/* The source of an outcome that a feed told: this, then the name of the feed. */
#define WN_OUTCOME_OF_FEED "feed "

/* A map {kind, account, email, campaign, touch, occurred_at, value_usd, cost_usd, id, note} as JSON or CSV gives it; texts may stand for
 * numbers and times. WN_INVALID names the member. Borrows from `map` and `a`. */
enum wn_rc wn_outcome_read(struct wn_value map, struct wn_arena *a, struct wn_outcome_row *out, struct wn_err *err) WN_MUST_CHECK;

/* Takes in what lies in the inbox; each row is told what became of it. */
struct wn_daemon;
enum wn_rc wn_outcomes_take(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;

#endif
