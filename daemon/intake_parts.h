/* SPDX-License-Identifier: MIT */
/* Shared by the files of the intake only. */
#ifndef WN_DAEMON_INTAKE_PARTS_H
#define WN_DAEMON_INTAKE_PARTS_H

#include "intake.h"

/* What some of the items became, in an arena of its own (texts may be the answer's). */
struct wn_lot {
	struct wn_arena *arena;
	struct wn_sighting *sightings; size_t n;
	WN_VEC(struct wn_reject_row) rejects;
	WN_VEC(struct wn_outcome_row) outcomes;
	size_t filtered;                     /* `where` said no */
};

/* One answer on its way to the database. Everything but what its items become lives in its arena. */
struct wn_feed_answer {
	struct wn_poll_feed *feed;
	const char *name, *actor;
	const struct wn_book_feed *book_feed;
	struct wn_book *book;                /* it was read with; in use until the answer is done */
	bool adopted;                        /* somebody else's state is newer: nothing to take over */
	struct wn_feed_doc doc; size_t at;   /* items; the first that is not mapped */
	int64_t now_us;                      /* of the reading */
	int64_t newest_us;                   /* when the newest of its items occurred, as far as they are mapped */
	struct wn_lot ahead; size_t most; /* the next batch as far as it is mapped; how many sightings it may have */
	struct wn_poll poll;                 /* for the schedule */
	const char *error;                   /* NULL: a good poll */
	int status;
	int64_t bytes;
	struct wn_str etag, last_modified;   /* as answered; absent: keep */
	bool keep_validators;                /* not a 200: the old ones stay unless a 304 refreshed them */
	bool part;                           /* pushed, or lines of a stream: nobody asked, the schedule stays */
	struct wn_str cursor;                /* of the last line of a stream, absent: as it was */
	struct wn_snapshot *snapshot;        /* changes: removed, changed; NULL */
	struct wn_remembered known;          /* of the feed, before this poll; with the hints of its document */
	struct wn_remembered remembered;     /* the same as it will be written */
	uint8_t digest[WN_TOLD_DIGEST]; bool digested;   /* of the body */
	bool as_told;                        /* the body is the one that was told last: nothing is new */
	WN_VEC(int64_t) published;           /* of its items, those since the last good poll */
	struct wn_str moved_to;              /* where permanent redirects led, absent: nowhere */
	bool learned;                        /* that address is the feed's from now on */
	int64_t hold_until_us;               /* the host asked us to stay away, 0 */
	struct wn_str next_page;             /* cursor of the next one, absent: this was the last */
	int64_t walk_us;                     /* the walk over its pages is over: when it began; 0 */
	bool walk_whole;                     /* and every page was: absence means something */
	struct wn_feed_totals totals, totals_after; /* of this poll: committed; with the batch under way */
	struct wn_feed_state moved;          /* what was written */
	struct wn_next_poll next;
	bool flooded;                        /* the flood guard made history of it */
	size_t changes;                      /* campaign changes it led to */
	int failures;                        /* in a row, before this poll */
	bool was_blind;
	size_t set_aside;                    /* items that the database will never take */
	WN_VEC(struct wn_intake_merge) merges;
	struct wn_arena *arena;
	struct wn_daemon *d;
};

struct wn_batch {
	struct wn_feed_answer *answer;
	struct wn_lot items;
	bool last, create, first_poll;
	int64_t flood_min; double flood_share;
	struct wn_intake in;
	size_t fresh;                        /* outcomes that were not in the inbox yet */
	struct wn_feed_totals totals;
};

/* intake_answer.c: reads the answer: outcome for the schedule, items, rejects. Never fails: what cannot be read is an outcome. */
void wn_answer_read(struct wn_feed_answer *a, struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_http_response *r, bool part,
		    struct wn_arena *arena);
/* Maps items to at most `most` sightings, a batch: true if there are more behind it. Gives *out; wn_lot_done frees it. What is left
 * to do of the next batch is done while this one is stored, whenever the loop has nothing else to do, until wn_answer_done. */
bool wn_answer_take(struct wn_feed_answer *a, struct wn_lot *out);
void wn_lot_done(struct wn_lot *m);
void wn_answer_done(struct wn_feed_answer *a);
/* Turns it into a failed poll that stores nothing. */
void wn_answer_failed(struct wn_feed_answer *a, enum wn_poll_outcome how, const char *why);
/* What the poll makes of the feed's state (a->moved); may be decided anew. */
struct wn_feed_move wn_answer_decide(struct wn_feed_answer *a, int64_t now_us);
/* Decides, and writes the feed's new state in the running transaction. */
enum wn_rc wn_answer_move(struct wn_feed_answer *a, struct wn_store *s, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;

/* --- intake_quiet.c: polls that brought nothing to store, written down many in one transaction ---- */
struct wn_quiet;
struct wn_quiet *wn_quiet_new(struct wn_daemon *d);
void wn_quiet_free(struct wn_quiet *q); /* what was not written is asked again by whoever starts next */
bool wn_answer_is_quiet(const struct wn_feed_answer *a);
bool wn_quiet_is_full(const struct wn_quiet *q); /* to be written before one more */
/* True: takes it. False: kept is what matters of it, the rest is the caller's. */
bool wn_quiet_add(struct wn_quiet *q, struct wn_feed_answer *a) WN_MUST_CHECK;
/* Is it time: nothing more is on its way, there are enough, or the first has waited long enough? *at_us: else when. */
bool wn_quiet_is_due(const struct wn_quiet *q, int64_t *at_us);
/* Writes them and tells the poller. Waits for the database, however long it is away. */
void wn_quiet_write(struct wn_quiet *q);

/* --- intake.c ---- */
/* The feed's state is another one than we knew: somebody else polls it, or our own COMMIT was never answered and is there all the same.
 * What an answer held is kept once by its keys; the newer state is ours from now on. *adopted: there is one. Waits for the database. */
enum wn_rc wn_feed_adopt(struct wn_daemon *d, struct wn_poll_feed *f, bool *adopted, struct wn_err *err) WN_MUST_CHECK;
/* Nothing of its poll could be written. */
void wn_feed_put_off(struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_err *why);
/* An answer ends, rc as of its storing. Frees it. */
void wn_answer_end(struct wn_daemon *d, struct wn_feed_answer *a, enum wn_rc rc, struct wn_err *err);
/* Stores what is in it and moves the feed, in batches. Waits for the database. */
enum wn_rc wn_answer_store(struct wn_daemon *d, struct wn_feed_answer *a, struct wn_err *err) WN_MUST_CHECK;

/* snapshot.c: what was there before. No-ops for a feed that is no snapshot. Waits for the database. */
enum wn_rc wn_snapshot_load(struct wn_feed_answer *a, struct wn_err *err) WN_MUST_CHECK;
/* One item of the answer, mapped; true: it is news (and may have another name now). */
bool wn_snapshot_take(struct wn_feed_answer *a, struct wn_sighting *x, struct wn_value value, struct wn_arena *arena);
void wn_snapshot_broken(struct wn_feed_answer *a); /* an item could not be read: absence proves nothing */
/* After the last item: is anything gone for good? And what; false: nothing can be made of it. */
bool wn_snapshot_has_more(struct wn_feed_answer *a);
bool wn_snapshot_next(struct wn_feed_answer *a, struct wn_arena *arena, struct wn_sighting *out);
enum wn_rc wn_snapshot_move(struct wn_feed_answer *a, struct wn_store *s, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
/* pages.c: sets a->next_page. Fails where the next page cannot be asked. */
enum wn_rc wn_page_next(struct wn_feed_answer *a, const struct wn_http_response *r, struct wn_err *err) WN_MUST_CHECK;
/* Moves the cursor; true: another page is due now, and the schedule stays as it is. Else a->poll has the counts of all pages. */
bool wn_page_move(struct wn_feed_answer *a, struct wn_feed_state *s, int64_t now_us);


#endif
