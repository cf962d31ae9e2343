/* SPDX-License-Identifier: MIT */
/* Shared by loop.c, timer.c, fiber.c and the two glue files that hand libevent to curl and evhttp. Not
 * installed. */
#ifndef WHYNOW_LOOP_INTERNAL_H
#define WHYNOW_LOOP_INTERNAL_H

#include <ucontext.h>
#include <whynow/fiber.h>
#include <whynow/loop.h>

struct event_base;
struct event;

struct wn_soon {
	void (*fn)(void *ctx);
	void *ctx;
};

/* Fibers of one loop; looked after by fiber.c. */
struct wn_fibers {
	struct wn_fiber *current, *all;
	size_t count;
	void *spare[4]; /* stacks of ended fibers, kept for the next ones */
	size_t spare_n;
	ucontext_t main;
	const void *main_bottom; /* for the address sanitizer */
	size_t main_size;
};

struct wn_loop {
	struct event_base *base;
	struct wn_clock *clock;
	struct event *alarm;    /* one real timer, for the earliest timer of the heap */
	struct wn_timer **heap; /* least (due, seq) first */
	size_t heap_n, heap_cap;
	uint64_t seq;
	struct wn_soon *soon; /* ring */
	size_t soon_first, soon_n, soon_cap;
	int busy;
	bool stop, running;
	uint64_t turns, activity; /* activity: callbacks of watches run so far */
	struct wn_fibers fibers;
};

/* timer.c: fires the first timer if it is due and was armed before `seq`; false if there was none. */
bool wn_timer_fire_one(struct wn_loop *l, uint64_t seq);

/* A watch of one event with a real time-out: on_ready gets 0 events when time is up, and the watch is disarmed.
 */
struct wn_watch *wn_watch_new_once(struct wn_loop *l, void (*on_ready)(void *ctx, int events), void *ctx);
void wn_watch_arm_once(struct wn_watch *w, int fd, int events, int timeout_ms);
void wn_watch_disarm(struct wn_watch *w);

/* fiber.c: cancels all, runs them to their end, frees the spare stacks. */
void wn_fiber_end_all(struct wn_loop *l);
/* Runs what wn_loop_soon collected so far; false if there was nothing. */
bool wn_loop_run_soon(struct wn_loop *l);
/* One turn: waits for I/O (at most until a timer is due) unless something is ready already. */
void wn_loop_turn(struct wn_loop *l);
/* Soon-callbacks and timers; no I/O. Between begin (false: the loop is running already) and end. */
void wn_loop_run_ready(struct wn_loop *l);
bool wn_loop_begin(struct wn_loop *l);
void wn_loop_end(struct wn_loop *l);

#endif
