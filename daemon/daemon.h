/* SPDX-License-Identifier: MIT */
/*
 * The daemon as one struct: who is there, and which file owns what. Everything hangs on one loop; nothing here is
 * global. A fiber owns its session and waits by itself:
 *
 *   poller.c    timers and HTTP; hands answers to the intake        (no session)
 *   intake.c    answers -> items -> sightings -> unit of work        session `intake`
 *   sweeper.c   the tick; due.c closes what falls due, segments.c     session `sweep`
 *               puts published segments in force
 *   courier.c   outbox rows and touches to sinks                     session `courier`
 *   control.c   the control socket                                   (asks the others)
 */
#ifndef WN_DAEMON_H
#define WN_DAEMON_H

#include "book.h"
#include "unit.h"
#include <whynow/fiber.h>
#include <whynow/http.h>
#include <whynow/server.h>
#include <whynow/smtp.h>
#include <whynow/store.h>

/* One session with PostgreSQL and its reconnecting. */
struct wn_session {
	const char *name;
	struct wn_pg *pg;
	struct wn_store *store;
	int failures;          /* in a row */
	bool checked;          /* schema, key and timeline were found right on this connection */
	bool borrowed;         /* simulation: all three are one session, so that units run one after the other */
};

enum wn_db_state { WN_DB_WAITING, WN_DB_UP, WN_DB_REFUSED /* schema or key: told, asked again slowly */ };

struct wn_arguments {
	const char *config_path;       /* [/etc/whynow/whynow.yaml] */
	const char *const *sets;       /* --set NAME=VALUE, NULL-terminated */
	bool check_only;               /* --check */
	bool try_mode;                 /* --try: allows the next two */
	double accelerate;             /* --accelerate N, 0 = real time */
	int64_t start_us;              /* --start RFC3339, 0 = now */
};

struct wn_poller;
struct wn_intake_queue;
struct wn_sweeper;
struct wn_segments;
struct wn_aside_list;
struct wn_courier;

struct wn_daemon {
	struct wn_arguments args;
	struct wn_clock *clock;
	struct wn_loop *loop;
	struct wn_net *net;            /* the real one, or a script in tests */
	struct wn_net *sink_net;       /* of the sinks, with connections of their own: nobody they meet can hold up the feeds */
	struct wn_mailer *mailer;
	bool owns_net, owns_mailer;
	struct wn_book *book;          /* in force */
	char instance[128];
	uint8_t key[WN_STORE_KEY];
	bool have_key;
	struct wn_session intake_session, sweep_session, courier_session;
	struct wn_db_identity identity;
	enum wn_db_state db;
	char db_text[300];             /* why it is not up */
	double factor;                 /* clock seconds a real second; 1 in life */
	bool simulated;                /* virtual clock: ticks follow due instants, not seconds */
	bool stopping, ready;
	int64_t able_us;               /* since when polls are possible: our own downtime is not blindness */
	bool gaps_changed;             /* a feed became blind, or sees again */
	bool swept;                    /* everything overdue was closed since the database came: touches may go */
	struct wn_poller *poller;
	struct wn_intake_queue *intake;
	struct wn_sweeper *sweeper;
	struct wn_segments *segments;
	struct wn_aside_list *aside;   /* due rows that cannot be moved */
	struct wn_courier *courier;
	struct wn_spool *spool;        /* files of sinks; while the courier runs */
	struct wn_server *server, *http_server; /* control socket; http.listen */
	struct wn_watch *signals[3];
	struct wn_timer *watchdog;
	char told[300];                /* status line the service manager has */
	int exit_code;
	int64_t started_us;
	int64_t open_campaigns, next_expiry_us; /* of the newest status read */
};

/* --- daemon.c ---- */
int wn_daemon_main(int argc, char **argv);
/* Makes everything but does not run the loop; the clock, loop and net (may be NULL: real ones) are given by tests. */
enum wn_rc wn_daemon_start(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;
void wn_daemon_stop(struct wn_daemon *d);  /* graceful; ends fibers, closes sessions */
/* Stops with the exit code of a refused configuration; the advice says what to do. */
void wn_daemon_give_up(struct wn_daemon *d, const char *advice);
enum wn_rc wn_daemon_reload(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;
struct wn_worker wn_daemon_worker(struct wn_daemon *d, struct wn_session *s);
const struct wn_options *wn_daemon_options(const struct wn_daemon *d);

/* --- arguments.c ---- */
/* 0: go on; else exit with code - 1. */
int wn_arguments_parse(struct wn_arguments *a, int argc, char **argv);

/* --- session.c ---- */
void wn_session_init(struct wn_daemon *d, struct wn_session *s, const char *name);
void wn_session_done(struct wn_session *s);
/* Waits on the fiber until the session stands and the schema fits. WN_CANCELLED when stopping. */
enum wn_rc wn_session_ensure(struct wn_daemon *d, struct wn_session *s) WN_MUST_CHECK;

/* --- poller.c ---- */
void wn_poller_start(struct wn_daemon *d);
void wn_poller_stop(struct wn_daemon *d);
/* Starts the polls that are due and sets the timer for the next. */
void wn_poller_run(struct wn_daemon *d);
void wn_poller_book_changed(struct wn_daemon *d);      /* after a reload */
enum wn_rc wn_poller_now(struct wn_daemon *d, struct wn_str feed, struct wn_err *err); /* `feed poll` */
size_t wn_poller_feeds(const struct wn_daemon *d, size_t *blind, size_t *failing);
bool wn_poller_is_loaded(const struct wn_daemon *d);
void wn_poller_look_blind(struct wn_daemon *d);        /* marks feeds that have been silent too long */

/* --- intake.c (the rest of it in intake.h) ---- */
void wn_intake_start(struct wn_daemon *d);
void wn_intake_stop(struct wn_daemon *d);
void wn_intake_nudge(struct wn_daemon *d);             /* the book is loaded */

/* --- gaps.c: into the views of the book; takes the sweep session's turn ---- */
enum wn_rc wn_gaps_read(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;

/* --- sweeper.c ---- */
void wn_sweeper_start(struct wn_daemon *d);
void wn_sweeper_stop(struct wn_daemon *d);
void wn_sweeper_nudge(struct wn_daemon *d);            /* something new may be due: look now */
void wn_sweeper_feed_recovered(struct wn_daemon *d);

/* --- segments.c: part of the sweeper ---- */
void wn_segments_start(struct wn_daemon *d);
void wn_segments_stop(struct wn_daemon *d);
/* What the tick's digest is asked for. */
int64_t wn_segments_since(const struct wn_daemon *d);
/* Brings the book up to date if the tick tells of news, and looks after the index; called with the sweep session's turn free. */
enum wn_rc wn_segments_look(struct wn_daemon *d, const struct wn_tick *t, struct wn_err *err) WN_MUST_CHECK;
/* Now and then, with the turn: versions that were committed long after they were published are found by counting. */
enum wn_rc wn_segments_count(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;

/* --- courier.c ---- */
void wn_courier_start(struct wn_daemon *d);
void wn_courier_stop(struct wn_daemon *d);
void wn_courier_nudge(struct wn_daemon *d);
/* The least instants at which a touch or an outbox row wants something. */
void wn_courier_due(struct wn_daemon *d, int64_t touch_us, int64_t outbox_us);
size_t wn_courier_running(const struct wn_daemon *d);

/* --- control.c, status.c ---- */
enum wn_rc wn_control_start(struct wn_daemon *d, struct wn_err *err) WN_MUST_CHECK;
void wn_status_line(const struct wn_daemon *d, char *dst, size_t size);
struct wn_value wn_status_value(const struct wn_daemon *d, struct wn_arena *a);
void wn_status_tell(struct wn_daemon *d);              /* to the service manager, when it changed */

#endif
