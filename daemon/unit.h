/* SPDX-License-Identifier: MIT */
/*
 * One unit of work, the same for the daemon and the command line: begin, load, let the engine react, flush, finish,
 * commit; after WN_AGAIN and WN_UNKNOWN the whole of it again with a new world. What enters is the closed list of
 * design 02; there is no other way for a campaign to change.
 */
#ifndef WN_DAEMON_UNIT_H
#define WN_DAEMON_UNIT_H

#include "book.h"
#include <whynow/store.h>

/* Who does the work and with what. Borrowed. */
struct wn_worker {
	struct wn_store *store;
	struct wn_book *book;
	struct wn_clock *clock;
	struct wn_loop *loop;   /* NULL in the command line */
};

/* The callbacks of a unit. Each may be NULL; each may run several times, always on a new world. */
struct wn_unit {
	const char *actor;      /* for history: "feed acme-jobs", "sweeper", "operator ana" */
	/* Loads and locks accounts (first) and queues nothing that commits by itself. */
	enum wn_rc (*load)(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err);
	/* After the reactions: events of its own (operator's verbs, due instants). Campaigns are loaded. */
	enum wn_rc (*step)(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err);
	/* In the same transaction, after the flush: cursors, marks. */
	enum wn_rc (*finish)(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err);
	/* Once, after the commit: the world as it is now in the database. */
	void (*done)(void *ctx, struct wn_world *w);
	void *ctx;
	int64_t now_us;         /* 0: the clock's sure instant, taken anew at each attempt */
	bool quiet;             /* changes are not logged (command line prints instead) */
};

/* Runs it. Takes the store's turn. WN_AGAIN after several attempts: the database is away or busy. */
enum wn_rc wn_unit_run(const struct wn_worker *k, const struct wn_unit *u, struct wn_err *err) WN_MUST_CHECK;

/* merge.c: two units, one after the other; the caller gives the actor. m must live as long as they run. */
struct wn_merge {
	struct wn_intake_merge m;
};
struct wn_unit wn_merge_unit(struct wn_merge *m);
struct wn_unit wn_rematch_unit(struct wn_merge *m);
/* Takes `from` out of `into` again. Then each of the two wants a rematch of its own. */
struct wn_unit wn_split_unit(struct wn_merge *m);

/* One log entry for each change of a committed world. */
void wn_unit_log(const struct wn_world *w);

#endif
