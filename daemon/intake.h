/* SPDX-License-Identifier: MIT */
/*
 * Intake: what came back for a feed, turned into rows in one transaction a batch. The queue is short by construction:
 * a feed whose answer waits here is not polled again.
 */
#ifndef WN_DAEMON_INTAKE_H
#define WN_DAEMON_INTAKE_H

#include "daemon.h"
#include "hosts.h"
#include "remembered.h"
#include "told.h"
#include <whynow/feed.h>

enum { WN_FEED_STATE_BYTES = 512 }; /* texts of most feeds' states; there may be thousands of feeds */

/* What the poller knows of one feed; the state is what the database has, the rest is of this process. */
struct wn_poll_feed {
	struct wn_daemon *d;
	struct wn_str name;               /* of the arena below */
	struct wn_arena *arena;           /* texts of state; replaced after each poll */
	struct wn_feed_state state;       /* as it is written; but `why` and `extra`, of which is kept what it says: */
	struct wn_remembered remembered;
	bool known;                       /* state was read (or found missing) */
	bool unwritten;                   /* more of it was forgotten or learned since than a poll says */
	bool running;                     /* asked, or its answer waits for the intake */
	bool again;                       /* asked for while it was running: once more right after */
	bool gone;                        /* no file has it any more */
	bool counted;                     /* its request is under way */
	bool at_host;                     /* and counts at its host, or its answer may ask us to stay away from there */
	bool lost;                        /* its host could not be reached when we last asked */
	struct wn_host *host;             /* of the request under way; of the newest one */
	const struct wn_book_feed *in_book; uint64_t book; /* what the book of that number says of it (wn_poll_feed_in) */
	uint64_t seed;                    /* of its jitter: of its name */
	struct wn_told told;              /* by the last answer that was read whole */
	size_t place;                     /* in the heap of those that will be due, from 1; 0: not there */
	struct wn_host *behind;           /* waits for a request of this host to end, NULL: does not */
	struct wn_poll_feed *next;        /* that waits for the same */
	int64_t ask_us;                   /* when it is looked at: next_us, or when its host may be asked again */
	struct wn_http_call *call;
	size_t parts;                     /* of pushes and streams that the intake has */
	struct wn_stream *stream;         /* the answer that goes on and on, NULL */
};

/* poller.c: the state is this from now on; texts are copied. */
void wn_poll_feed_take(struct wn_poll_feed *f, const struct wn_feed_state *s, const struct wn_remembered *r);

/* --- stream.c ---- */
/* Begins the answer; when it is over the intake gets its end like any other answer. */
void wn_stream_start(struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_book_feed *b);
void wn_stream_free(struct wn_poll_feed *f); /* when the daemon stops */

/* --- request.c ---- */
/* Where it is asked: the learned address, else the file's. */
struct wn_str wn_poll_url(const struct wn_poll_feed *f, const struct wn_book_feed *b);
/* Scheme, host and port are the same. */
bool wn_same_origin(struct wn_str x, struct wn_str y);
/* Everything of the request, in `a`. Fails where a credential is missing. */
enum wn_rc wn_poll_request(const struct wn_options *o, const struct wn_poll_feed *f, const struct wn_book_feed *b, struct wn_arena *a,
			   struct wn_http_request *req, struct wn_err *err) WN_MUST_CHECK;
/* Which networks are open and which proxy is asked, of the file, in `a`. */
struct wn_http_options wn_net_options(const struct wn_options *o, struct wn_arena *a);
/* Does a request of the feed carry a secret? Such a feed never learns another origin. */
bool wn_feed_is_secret(const struct wn_feed_conf *c);

struct wn_answer {
	struct wn_poll_feed *feed;
	struct wn_http_response *response;
	int64_t at_us;
};

/* --- intake_answer.c ---- */
/* One item to at most WN_NEWS_SIGNALS_MAX sightings: one by the feed's mapping, or those that the news tell (trace: what was tried;
 * may be NULL). */
enum wn_mapped wn_answer_sightings(struct wn_mapping *m, const struct wn_item *item, struct wn_value doc, int64_t now_us, struct wn_arena *a,
				   struct wn_sighting *out, size_t *n, const struct wn_news_trace *trace, struct wn_err *err);
/* The answer as a document with its items, in `a`; b NULL: no mapping, any format. The body must live as long. */
enum wn_rc wn_answer_document(const struct wn_book_feed *b, const struct wn_http_response *r, int64_t now_us, struct wn_arena *a,
			      struct wn_feed_doc *doc, struct wn_err *err) WN_MUST_CHECK;
/* "HTTP status 403", and who wants a browser if the page says so. */
const char *wn_answer_status_text(const struct wn_http_response *r, struct wn_arena *a);

/* Takes the response. */
void wn_intake_push(struct wn_daemon *d, struct wn_poll_feed *feed, struct wn_http_response *response);
struct wn_feed_answer;
/* rc and err: of the storing; what was wrong with the part itself is in a->error. */
typedef void wn_part_taken(void *ctx, const struct wn_feed_answer *a, enum wn_rc rc, const struct wn_err *err);
/* A part of what a feed has to say that nobody asked for: a push, lines of a stream. The schedule stays as it is. Takes the response;
 * on_taken follows, from the intake's fiber, once it is committed or will never be. */
void wn_intake_part(struct wn_daemon *d, struct wn_poll_feed *feed, struct wn_http_response *response, wn_part_taken *on_taken, void *ctx);
/* The feed has been silent too long: written down as a gap, told to sinks. */
void wn_intake_blind(struct wn_daemon *d, struct wn_poll_feed *feed);
size_t wn_intake_waiting(const struct wn_daemon *d);
/* Answers wait, and are many or large: nothing more should be asked now. The poller is run when that is over. */
bool wn_intake_is_full(const struct wn_daemon *d);
/* What the book says of the feed, NULL: nothing. Looked up once a book. */
const struct wn_book_feed *wn_poll_feed_in(struct wn_poll_feed *f, const struct wn_book *b);
struct wn_poll_feed *wn_poller_feed(struct wn_daemon *d, struct wn_str name); /* NULL: unknown */
struct wn_hosts *wn_poller_hosts(const struct wn_daemon *d);
/* --- delay.c: what keeps a feed from being asked when it is due. why NULL: nothing does; until_us 0: nobody can say. In `a`. */
struct wn_feed_delay {
	int64_t until_us;
	const char *why;
};
struct wn_feed_delay wn_feed_delay(struct wn_daemon *d, struct wn_poll_feed *f, struct wn_arena *a);
/* The answer asked us, or everybody who comes from here, to stay away until then. */
void wn_poller_hold(struct wn_daemon *d, struct wn_poll_feed *f, int64_t until_us);
/* Called by the intake when it is done with a feed's answer (the poller's side); wn_poller_run after one or many. */
void wn_poller_answered(struct wn_daemon *d, struct wn_poll_feed *feed);
/* Is any request under way, whose answer may come at any time? */
bool wn_poller_is_asking(const struct wn_daemon *d);

#endif
