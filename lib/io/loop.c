/* SPDX-License-Identifier: MIT */
/*
 * The event loop over libevent. One turn: run what wn_loop_soon collected, fire the timers that are due, then
 * let libevent wait for I/O, at most until the next timer. Soon-callbacks and timers run between two turns of
 * libevent, never inside one of its callbacks, so that whoever they free is not in use.
 */
#include "loop_internal.h"

#include <event2/event.h>
#include <stdlib.h>

/* The clock may be moved behind our back (heartbeat, suspend): never sleep longer than this when a timer is to come. */
#define SLEEP_MAX_US (10 * WN_SECOND)

struct wn_watch {
	struct wn_loop *loop;
	struct event *ev;
	void (*on_ready)(void *ctx, int events);
	void *ctx;
	int fd; /* or the signal */
};

static void on_alarm(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx; /* it only ends the wait; timers fire between turns */
}

struct wn_loop *wn_loop_new(struct wn_clock *clock)
{
	struct wn_loop *l = wn_alloc(sizeof(*l));

	l->clock = clock;
	l->base = event_base_new();
	l->alarm = l->base ? evtimer_new(l->base, on_alarm, l) : NULL;
	if (!l->alarm)
		abort(); /* no epoll or no memory at start */
	return l;
}

void wn_loop_free(struct wn_loop *l)
{
	if (!l)
		return;
	wn_fiber_end_all(l);
	event_free(l->alarm);
	event_base_free(l->base);
	free(l->heap);
	free(l->soon);
	free(l);
}

void wn_loop_freep(struct wn_loop **l)
{
	wn_loop_free(*l);
	*l = NULL;
}

struct wn_clock *wn_loop_clock(const struct wn_loop *l)
{
	return l->clock;
}

uint64_t wn_loop_turns(const struct wn_loop *l)
{
	return l->turns;
}

void wn_loop_busy(struct wn_loop *l, int delta)
{
	l->busy += delta;
}

void wn_loop_clock_moved(struct wn_loop *l)
{
	(void)l; /* every turn asks the clock how long to sleep, and whoever calls this is between two turns */
}

/* --- soon ---- */

void wn_loop_soon(struct wn_loop *l, void (*fn)(void *ctx), void *ctx)
{
	if (l->soon_n == l->soon_cap) {
		size_t cap = l->soon_cap ? 2 * l->soon_cap : 64;
		struct wn_soon *ring = wn_alloc(cap * sizeof(*ring));

		for (size_t i = 0; i < l->soon_n; i++)
			ring[i] = l->soon[(l->soon_first + i) % l->soon_cap];
		free(l->soon);
		l->soon = ring;
		l->soon_cap = cap;
		l->soon_first = 0;
	}
	l->soon[(l->soon_first + l->soon_n++) % l->soon_cap] = (struct wn_soon){fn, ctx};
}

static void nothing(void *ctx)
{
	(void)ctx;
}

void wn_loop_not_soon(struct wn_loop *l, void *ctx)
{
	for (size_t i = 0; i < l->soon_n; i++) {
		struct wn_soon *s = &l->soon[(l->soon_first + i) % l->soon_cap];

		if (s->ctx == ctx)
			*s = (struct wn_soon){nothing, NULL};
	}
}

bool wn_loop_run_soon(struct wn_loop *l)
{
	size_t n = l->soon_n; /* what is added meanwhile waits for the next pass, after I/O had its turn */

	for (size_t i = 0; i < n; i++) {
		struct wn_soon s = l->soon[l->soon_first];

		l->soon_first = (l->soon_first + 1) % l->soon_cap;
		l->soon_n--;
		s.fn(s.ctx);
	}
	return n > 0;
}

/* --- turning ---- */

static bool is_timer_due(const struct wn_loop *l)
{
	return wn_loop_next_us(l) <= wn_clock_now_us(l->clock);
}

static void arm_alarm(struct wn_loop *l)
{
	int64_t us = wn_clock_real_until_us(l->clock, wn_loop_next_us(l));
	struct timeval tv;

	if (us > SLEEP_MAX_US)
		us = SLEEP_MAX_US;
	if (us < 1000)
		us = 1000; /* the resolution of epoll; never early, never spinning */
	tv = (struct timeval){us / 1000000, us % 1000000};
	evtimer_add(l->alarm, &tv);
}

/* Without a timer only I/O ends the wait. */
static void poll_events(struct wn_loop *l, bool wait)
{
	if (wait && l->heap_n)
		arm_alarm(l);
	event_base_loop(l->base, EVLOOP_ONCE | (wait ? EVLOOP_NO_EXIT_ON_EMPTY : EVLOOP_NONBLOCK));
	l->turns += wait; /* looking without waiting is no wake-up */
}

void wn_loop_turn(struct wn_loop *l)
{
	poll_events(l, l->soon_n == 0 && !is_timer_due(l));
}

void wn_loop_run_ready(struct wn_loop *l)
{
	uint64_t seq = l->seq; /* a timer armed from now on waits for the next time */

	wn_loop_run_soon(l);
	while (!l->stop && wn_timer_fire_one(l, seq))
		;
}

bool wn_loop_begin(struct wn_loop *l)
{
	if (l->running)
		return false; /* from inside a callback: libevent does not nest */
	l->running = true;
	l->stop = false;
	return true;
}

void wn_loop_end(struct wn_loop *l)
{
	l->running = false;
}

void wn_loop_run(struct wn_loop *l)
{
	if (!wn_loop_begin(l))
		return;
	for (;;) {
		wn_loop_run_ready(l);
		if (l->stop)
			break;
		wn_loop_turn(l);
	}
	wn_loop_end(l);
}

void wn_loop_stop(struct wn_loop *l)
{
	l->stop = true;
}

/* Soon-callbacks and I/O until nothing is left of either. */
static void drain(struct wn_loop *l)
{
	uint64_t before;

	do {
		while (wn_loop_run_soon(l))
			poll_events(l, false);
		before = l->activity;
		poll_events(l, l->busy > 0);
	} while (l->busy > 0 || l->soon_n > 0 || l->activity != before);
}

static void run_until_idle(struct wn_loop *l)
{
	drain(l);
	while (wn_timer_fire_one(l, UINT64_MAX))
		drain(l);
}

void wn_loop_run_until_idle(struct wn_loop *l)
{
	if (!wn_loop_begin(l))
		return;
	run_until_idle(l);
	wn_loop_end(l);
}

void wn_loop_advance(struct wn_loop *l, int64_t to_us)
{
	if (!wn_loop_begin(l))
		return;
	run_until_idle(l);
	while (wn_loop_next_us(l) <= to_us) {
		if (wn_loop_next_us(l) > wn_clock_now_us(l->clock))
			wn_clock_set(l->clock, wn_loop_next_us(l));
		run_until_idle(l);
	}
	if (wn_clock_now_us(l->clock) < to_us)
		wn_clock_set(l->clock, to_us);
	wn_loop_end(l);
}

/* --- watches ---- */

static void on_event(evutil_socket_t fd, short what, void *ctx)
{
	struct wn_watch *w = ctx;
	int events = (what & EV_READ ? WN_READ : 0) | (what & EV_WRITE ? WN_WRITE : 0);

	w->loop->activity++;
	w->on_ready(w->ctx, what & EV_SIGNAL ? (int)fd : events);
}

static short libevent_flags(int events)
{
	return (short)((events & WN_READ ? EV_READ : 0) | (events & WN_WRITE ? EV_WRITE : 0));
}

static struct wn_watch *watch_new(struct wn_loop *l, int fd, short flags, void (*on_ready)(void *, int),
				  void *ctx)
{
	struct wn_watch *w = wn_alloc(sizeof(*w));

	*w = (struct wn_watch){.loop = l, .on_ready = on_ready, .ctx = ctx, .fd = fd};
	w->ev = event_new(l->base, fd, flags, on_event, w);
	if (!w->ev)
		abort(); /* out of memory, or a bad signal number */
	return w;
}

struct wn_watch *wn_watch_new(struct wn_loop *l, int fd, int events, void (*on_ready)(void *, int), void *ctx)
{
	struct wn_watch *w = watch_new(l, fd, EV_PERSIST, on_ready, ctx);

	wn_watch_set(w, events);
	return w;
}

struct wn_watch *wn_watch_signal(struct wn_loop *l, int signo, void (*on_ready)(void *, int), void *ctx)
{
	struct wn_watch *w = watch_new(l, signo, EV_SIGNAL | EV_PERSIST, on_ready, ctx);

	event_add(w->ev, NULL);
	return w;
}

struct wn_watch *wn_watch_new_once(struct wn_loop *l, void (*on_ready)(void *, int), void *ctx)
{
	return watch_new(l, -1, 0, on_ready, ctx);
}

void wn_watch_arm_once(struct wn_watch *w, int fd, int events, int timeout_ms)
{
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	event_del(w->ev);
	event_assign(w->ev, w->loop->base, fd, libevent_flags(events), on_event, w);
	event_add(w->ev, timeout_ms < 0 ? NULL : &tv);
}

void wn_watch_disarm(struct wn_watch *w)
{
	event_del(w->ev);
}

void wn_watch_set(struct wn_watch *w, int events)
{
	event_del(w->ev);
	if (!events)
		return;
	event_assign(w->ev, w->loop->base, w->fd, (short)(libevent_flags(events) | EV_PERSIST), on_event, w);
	event_add(w->ev, NULL);
}

void wn_watch_free(struct wn_watch *w)
{
	if (!w)
		return;
	event_free(w->ev);
	free(w);
}
