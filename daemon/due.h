/* SPDX-License-Identifier: MIT */
/* Closing what is due, for the sweeper. */
#ifndef WN_DAEMON_DUE_H
#define WN_DAEMON_DUE_H

#include "daemon.h"

/* Some rows that are due, and what happens to them in one transaction. */
struct wn_due_work {
	struct wn_daemon *d;
	const struct wn_due *due;
	size_t n;
};
struct wn_due_kind {
	const char *what, *actor;
	/* The callbacks of the unit; ctx is the work. */
	enum wn_rc (*load)(void *, struct wn_store *, struct wn_world *, struct wn_err *);
	enum wn_rc (*step)(void *, struct wn_store *, struct wn_world *, struct wn_err *);
	enum wn_rc (*finish)(void *, struct wn_store *, struct wn_world *, struct wn_err *);
	void (*done)(void *, struct wn_world *);
};
/* Runs the kind over work->due. A lot that fails for good is halved; a row that fails alone is told and set aside for an hour. */
enum wn_rc wn_due_run(struct wn_session *session, const struct wn_due_kind *k, struct wn_due_work *work);
/* Loads the accounts of the rows with all that is theirs: the load of most kinds. */
enum wn_rc wn_due_load_accounts(void *work, struct wn_store *s, struct wn_world *w, struct wn_err *err);
/* Leaves out the rows that are set aside: their number now. To be asked for as many more. */
size_t wn_due_without_aside(const struct wn_aside_list *l, const struct wn_due_kind *k, struct wn_due *due, size_t n);
size_t wn_aside_count(const struct wn_aside_list *l);

/* Feeds everything whose instant has come into the step function, in order of due time, until nothing is left. ahead_us: members
 * whose own instant lies so far ahead are looked at too, once: those whom a recovered feed held. Rows at fault are set aside. */
enum wn_rc wn_due_sweep(struct wn_daemon *d, int64_t ahead_us);

struct wn_aside_list *wn_aside_new(void);
void wn_aside_free(struct wn_aside_list *l);

#endif
