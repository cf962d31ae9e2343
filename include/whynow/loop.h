/* SPDX-License-Identifier: MIT */
/*
 * The event loop: a thin layer over libevent. A loop and all that is on it is of one thread: whynowd has one loop, and a second for the
 * requests of polls, on a thread of their own (http.h).
 *
 * Two kinds of time. Timers (struct wn_timer) are on the injected clock (whynow/clock.h): they fire in order of
 * (due, arming), and with a virtual clock only when wn_loop_advance moves it. Time-outs of real I/O (fibers
 * waiting for a socket, HTTP transfers) are always real milliseconds.
 *
 * Callbacks run from the loop, never from inside the call that armed them. A callback may arm, cancel and free
 * any timer or watch, its own too. The loop owns nothing of yours: `ctx` is borrowed until the thing is freed.
 */
#ifndef WHYNOW_LOOP_H
#define WHYNOW_LOOP_H

#include <whynow/base.h>
#include <whynow/clock.h>

struct wn_loop;
struct wn_timer;
struct wn_watch;

enum { WN_READ = 1, WN_WRITE = 2 };

/* Borrows the clock until wn_loop_free. */
struct wn_loop *wn_loop_new(struct wn_clock *clock);
/* Everything made on the loop must be freed before; fibers that still wait are cancelled and unwound here. */
void wn_loop_free(struct wn_loop *l);
void wn_loop_freep(struct wn_loop **l);
struct wn_clock *wn_loop_clock(const struct wn_loop *l);

/* Turns until wn_loop_stop. */
void wn_loop_run(struct wn_loop *l);
void wn_loop_stop(struct wn_loop *l);
/* The clock jumped (a heartbeat moved its offset). Costs nothing: each turn computes its sleep anew, and no sleep is
 * longer than 10 s, so that a jump nobody tells of is noticed too. */
void wn_loop_clock_moved(struct wn_loop *l);
/* Turns of the loop so far (wake-ups); for the watchdog and the bench. */
uint64_t wn_loop_turns(const struct wn_loop *l);

/* Runs fn(ctx) at the next turn, first in first out. */
void wn_loop_soon(struct wn_loop *l, void (*fn)(void *ctx), void *ctx);
/* Forgets what wn_loop_soon was told for this ctx. */
void wn_loop_not_soon(struct wn_loop *l, void *ctx);
/* A real I/O operation began (+1) or ended (-1): wn_loop_run_until_idle waits for it. Fibers that wait for a
 * socket and HTTP transfers count themselves. */
void wn_loop_busy(struct wn_loop *l, int delta);

/* --- for tests and simulation ---- */
/* Runs what is ready, and waits (really) for running I/O, until all that is left is timers of the future,
 * parked fibers and idle watches. With a virtual clock this also fires timers that are due now. */
void wn_loop_run_until_idle(struct wn_loop *l);
/* Virtual clock only: moves it to each due timer in turn, in order of (due, arming), runs until idle after each
 * one, and ends with the clock at to_us. */
void wn_loop_advance(struct wn_loop *l, int64_t to_us);
/* When the next timer is due, WN_NEVER if there is none. */
int64_t wn_loop_next_us(const struct wn_loop *l);

/* --- timers on the injected clock ---- */
/* Not armed. `name` is borrowed for ever (a literal). Gives. */
struct wn_timer *wn_timer_new(struct wn_loop *l, const char *name, void (*on_due)(void *ctx), void *ctx);
void wn_timer_free(struct wn_timer *t); /* NULL is fine */
/* Arms, or moves, to an instant of the clock; an instant of the past fires at the next turn. WN_NEVER disarms.
 */
void wn_timer_at(struct wn_timer *t, int64_t at_us);
void wn_timer_after(struct wn_timer *t, int64_t delta_us); /* now + delta */
void wn_timer_cancel(struct wn_timer *t);
int64_t wn_timer_due_us(const struct wn_timer *t); /* WN_NEVER when not armed */

/* --- file descriptors ---- */
/* Level-triggered and persistent. `events`: WN_READ | WN_WRITE, may be 0. Does not own the fd. Gives. */
struct wn_watch *wn_watch_new(struct wn_loop *l, int fd, int events, void (*on_ready)(void *ctx, int events),
			      void *ctx);
void wn_watch_set(struct wn_watch *w, int events);
void wn_watch_free(struct wn_watch *w); /* NULL is fine; before the fd is closed */
/* A watch of a signal: on_ready gets the signal number as `events`. Free with wn_watch_free. */
struct wn_watch *wn_watch_signal(struct wn_loop *l, int signo, void (*on_ready)(void *ctx, int signo),
				 void *ctx);

#endif
