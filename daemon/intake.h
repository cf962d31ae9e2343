/* SPDX-License-Identifier: MIT */
/*
 * Intake: what came back for a feed, turned into rows in one transaction a batch. The queue is short by construction:
 * a feed whose answer waits here is not polled again.
 */
#ifndef WN_DAEMON_INTAKE_H
#define WN_DAEMON_INTAKE_H

#include "daemon.h"
#include <whynow/feed.h>

enum { WN_FEED_STATE_BYTES = 512 }; /* texts of most feeds' states; there may be thousands of feeds */

/* What the poller knows of one feed; the state is what the database has, the rest is of this process. */
struct wn_poll_feed {
	struct wn_daemon *d;
	struct wn_str name;               /* of the arena below */
	struct wn_arena *arena;           /* texts of state; replaced after each poll */
	struct wn_feed_state state;
	bool known;                       /* state was read (or found missing) */
	bool running;                     /* asked, or its answer waits for the intake */
	bool again;                       /* asked for while it was running: once more right after */
	bool gone;                        /* no file has it any more */
	struct wn_http_call *call;
};

struct wn_answer {
	struct wn_poll_feed *feed;
	struct wn_http_response *response;
	int64_t at_us;
};

/* Takes the response. */
void wn_intake_push(struct wn_daemon *d, struct wn_poll_feed *feed, struct wn_http_response *response);
/* The feed has been silent too long: written down as a gap, told to sinks. */
void wn_intake_blind(struct wn_daemon *d, struct wn_poll_feed *feed);
size_t wn_intake_waiting(const struct wn_daemon *d);
/* Called by the intake when it is done with a feed's answer (the poller's side). */
void wn_poller_answered(struct wn_daemon *d, struct wn_poll_feed *feed);

#endif
