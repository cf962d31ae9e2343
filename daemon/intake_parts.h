/* SPDX-License-Identifier: MIT */
/* Shared by the files of the intake only. */
#ifndef WN_DAEMON_INTAKE_PARTS_H
#define WN_DAEMON_INTAKE_PARTS_H

#include "intake.h"

/* One answer on its way to the database. Everything lives in its arena. */
struct wn_feed_answer {
	struct wn_poll_feed *feed;
	const char *name, *actor;
	const struct wn_book_feed *book_feed;
	struct wn_sighting *sightings; size_t n_sightings;
	struct wn_reject_row *rejects; size_t n_rejects;
	size_t filtered;                     /* `where` said no */
	struct wn_poll poll;                 /* for the schedule */
	const char *error;                   /* NULL: a good poll */
	int status;
	int64_t bytes;
	struct wn_str etag, last_modified;   /* as answered; absent: keep */
	bool keep_validators;                /* not a 200: the old ones stay unless a 304 refreshed them */
	struct wn_feed_totals totals, totals_after; /* of this poll: committed; with the batch under way */
	struct wn_feed_state moved;          /* what was written */
	struct wn_next_poll next;
	size_t changes;                      /* campaign changes it led to */
	struct wn_intake_merge merges[64]; size_t n_merges;
	struct wn_arena *arena;
	struct wn_daemon *d;
};

struct wn_batch {
	struct wn_feed_answer *answer;
	const struct wn_sighting *sightings; size_t n;
	const struct wn_reject_row *rejects; size_t n_rejects;
	size_t filtered;
	bool last, create, first_poll;
	const char *const *wires;
	struct wn_intake in;
	struct wn_feed_totals totals;
};

/* intake_answer.c: reads the answer: outcome for the schedule, sightings, rejects. Never fails: what cannot be read is an outcome. */
void wn_answer_read(struct wn_feed_answer *a, struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_http_response *r, struct wn_arena *arena);
/* Turns it into a failed poll that stores nothing. */
void wn_answer_failed(struct wn_feed_answer *a, enum wn_poll_outcome how, const char *why);
/* Writes the feed's new state in the running transaction. */
enum wn_rc wn_answer_move(struct wn_feed_answer *a, struct wn_store *s, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;

void wn_feed_state_copy(struct wn_feed_state *to, const struct wn_feed_state *from, struct wn_arena *a);

#endif
