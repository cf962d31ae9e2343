/* SPDX-License-Identifier: MIT */
/*
 * Fibers over ucontext. The loop's own stack is the only scheduler: a fiber runs when resume() is called from
 * the loop (through wn_loop_soon, so in order of becoming ready), and gives control back only to it.
 *
 * Always holds: a fiber is running, or waiting (wait != NOT_WAITING and something will call make_ready), or
 * ready (scheduled, in the soon queue exactly once). make_ready is the only way from waiting to ready.
 */
#include "loop_internal.h"
#include "stack.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <whynow/limits.h>

enum wait { NOT_WAITING, FOR_FD, FOR_TIME, FOR_WAKE, FOR_TURN };

struct wn_fiber {
	struct wn_loop *loop;
	struct wn_fiber *prev, *next;
	const char *name;
	void (*fn)(void *ctx);
	void *ctx;
	void *stack; /* WN_FIBER_STACK usable bytes */
	ucontext_t context;
	void *fake; /* of the address sanitizer */
	enum wait wait;
	enum wn_rc result;
	int ready;
	bool scheduled, woken, cancelled, cancelled_io, ended;
	struct wn_timer *timer; /* made at the first timed wait */
	struct wn_watch *watch; /* made at the first wait for a socket */
};

struct wn_turn_wait {
	struct wn_fiber *fiber;
	struct wn_turn_wait *next;
	bool got;
};

/* --- switching ---- */

static void to_loop(struct wn_fiber *f)
{
	struct wn_fibers *fs = &f->loop->fibers;

	wn_stack_leave(f->ended ? NULL : &f->fake, fs->main_bottom, fs->main_size);
	swapcontext(&f->context, &fs->main);
	wn_stack_enter(f->fake, &fs->main_bottom, &fs->main_size);
}

static void entry(unsigned high, unsigned low)
{
	struct wn_fiber *f = (struct wn_fiber *)(((uintptr_t)high << 32) | low);

	wn_stack_enter(NULL, &f->loop->fibers.main_bottom, &f->loop->fibers.main_size);
	f->fn(f->ctx);
	f->ended = true;
	to_loop(f);
}

static void unlink_fiber(struct wn_fiber *f)
{
	struct wn_fibers *fs = &f->loop->fibers;

	if (f->prev)
		f->prev->next = f->next;
	else
		fs->all = f->next;
	if (f->next)
		f->next->prev = f->prev;
	fs->count--;
}

static void free_fiber(struct wn_fiber *f)
{
	struct wn_fibers *fs = &f->loop->fibers;

	unlink_fiber(f);
	wn_timer_free(f->timer);
	wn_watch_free(f->watch);
	if (fs->spare_n < WN_COUNT(fs->spare))
		fs->spare[fs->spare_n++] = f->stack;
	else
		wn_stack_free(f->stack);
	free(f);
}

static void resume(void *ctx)
{
	struct wn_fiber *f = ctx;
	struct wn_fibers *fs = &f->loop->fibers;
	void *fake = NULL;

	f->scheduled = false;
	fs->current = f;
	wn_stack_leave(&fake, f->stack, WN_STACK_SIZE);
	swapcontext(&fs->main, &f->context);
	wn_stack_enter(fake, NULL, NULL);
	fs->current = NULL;
	if (f->ended)
		free_fiber(f);
}

static void schedule(struct wn_fiber *f)
{
	f->scheduled = true;
	wn_loop_soon(f->loop, resume, f);
}

/* Ends the wait under way with a result. */
static void make_ready(struct wn_fiber *f, enum wn_rc result, int ready)
{
	if (f->wait == NOT_WAITING || f->scheduled)
		return;
	if (f->wait == FOR_FD)
		wn_loop_busy(f->loop, -1);
	if (f->timer)
		wn_timer_cancel(f->timer);
	if (f->watch)
		wn_watch_disarm(f->watch);
	f->result = result;
	f->ready = ready;
	schedule(f);
}

static enum wn_rc wait_for(struct wn_fiber *f, enum wait wait)
{
	f->wait = wait;
	to_loop(f);
	f->wait = NOT_WAITING;
	return f->result;
}

static void on_time(void *ctx)
{
	struct wn_fiber *f = ctx;

	make_ready(f, f->wait == FOR_TIME ? WN_OK : WN_AGAIN, 0);
}

static void on_fd(void *ctx, int events)
{
	make_ready(ctx, events ? WN_OK : WN_AGAIN, events);
}

/* --- life ---- */

/* On its own because getcontext returns twice as far as the compiler knows. */
static void make_context(struct wn_fiber *f, void *stack)
{
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = stack;
	f->context.uc_stack.ss_size = WN_STACK_SIZE;
	makecontext(&f->context, (void (*)(void))entry, 2, (unsigned)((uintptr_t)f >> 32),
		    (unsigned)(uintptr_t)f);
}

struct wn_fiber *wn_fiber_start(struct wn_loop *l, const char *name, void (*fn)(void *ctx), void *ctx)
{
	struct wn_fibers *fs = &l->fibers;
	struct wn_fiber *f;
	void *stack;

	if (fs->count >= WN_FIBERS_MAX)
		return NULL;
	stack = fs->spare_n ? fs->spare[--fs->spare_n] : wn_stack_new();
	if (!stack)
		return NULL;
	f = wn_alloc(sizeof(*f));
	*f = (struct wn_fiber){.loop = l, .name = name, .fn = fn, .ctx = ctx, .stack = stack, .next = fs->all};
	if (fs->all)
		fs->all->prev = f;
	fs->all = f;
	fs->count++;
	wn_stack_reuse(stack);
	make_context(f, stack);
	schedule(f);
	return f;
}

struct wn_fiber *wn_fiber_current(const struct wn_loop *l)
{
	return l ? l->fibers.current : NULL;
}

const char *wn_fiber_name(const struct wn_fiber *f)
{
	return f->name;
}

size_t wn_fiber_count(const struct wn_loop *l)
{
	return l->fibers.count;
}

bool wn_fiber_is_cancelled(const struct wn_loop *l)
{
	const struct wn_fiber *f = wn_fiber_current(l);

	return f && f->cancelled;
}

void wn_fiber_cancel(struct wn_fiber *f, bool io_too)
{
	f->cancelled = true;
	f->cancelled_io |= io_too;
	if (f->wait != FOR_FD || io_too)
		make_ready(f, WN_CANCELLED, 0);
}

void wn_fiber_cancel_all(struct wn_loop *l, bool io_too)
{
	for (struct wn_fiber *f = l->fibers.all; f; f = f->next)
		if (f != l->fibers.current)
			wn_fiber_cancel(f, io_too);
}

void wn_fiber_end_all(struct wn_loop *l)
{
	while (l->fibers.all) {
		wn_fiber_cancel_all(l, true);
		if (!wn_loop_run_soon(l))
			wn_loop_turn(l);
	}
	while (l->fibers.spare_n)
		wn_stack_free(l->fibers.spare[--l->fibers.spare_n]);
}

/* --- waits ---- */

/* Outside of fibers: the same wait, blocking. */
static enum wn_rc poll_fd(int fd, int events, int timeout_ms, int *ready)
{
	struct pollfd p = {
	    .fd = fd, .events = (short)((events & WN_READ ? POLLIN : 0) | (events & WN_WRITE ? POLLOUT : 0))};
	int64_t end = wn_clock_monotonic_us() + (int64_t)timeout_ms * 1000;
	int n;

	while ((n = poll(&p, 1, timeout_ms)) < 0 && errno == EINTR) {
		int64_t left = (end - wn_clock_monotonic_us()) / 1000;

		if (timeout_ms >= 0)
			timeout_ms = left > 0 ? (int)left : 0;
	}
	if (n <= 0)
		return WN_AGAIN;
	if (ready) /* an error is found by whoever reads or writes */
		*ready = (p.revents & (POLLIN | POLLHUP | POLLERR) ? events & WN_READ : 0) |
			 (p.revents & (POLLOUT | POLLHUP | POLLERR) ? events & WN_WRITE : 0);
	return WN_OK;
}

enum wn_rc wn_fiber_wait_fd(struct wn_loop *l, int fd, int events, int timeout_ms, int *ready)
{
	struct wn_fiber *f = wn_fiber_current(l);
	enum wn_rc rc;

	if (!f)
		return poll_fd(fd, events, timeout_ms, ready);
	if (f->cancelled_io)
		return WN_CANCELLED;
	if (!f->watch)
		f->watch = wn_watch_new_once(l, on_fd, f);
	wn_watch_arm_once(f->watch, fd, events, timeout_ms);
	wn_loop_busy(l, 1);
	rc = wait_for(f, FOR_FD);
	if (rc == WN_OK && ready)
		*ready = f->ready;
	return rc;
}

static void arm_timer(struct wn_fiber *f, int64_t at_us)
{
	if (at_us == WN_NEVER)
		return;
	if (!f->timer)
		f->timer = wn_timer_new(f->loop, f->name, on_time, f);
	wn_timer_at(f->timer, at_us);
}

static enum wn_rc block_until(struct wn_loop *l, int64_t at_us)
{
	int64_t us;

	while ((us = wn_clock_real_until_us(l->clock, at_us)) > 0) {
		if (us == INT64_MAX)
			return WN_REFUSED;
		poll(NULL, 0, us > WN_MINUTE ? 60000 : (int)(us / 1000 + 1));
	}
	return WN_OK;
}

enum wn_rc wn_fiber_wait_until(struct wn_loop *l, int64_t at_us)
{
	struct wn_fiber *f = wn_fiber_current(l);

	if (!f)
		return block_until(l, at_us);
	if (f->cancelled)
		return WN_CANCELLED;
	arm_timer(f, at_us);
	return wait_for(f, FOR_TIME);
}

enum wn_rc wn_fiber_wait(struct wn_loop *l, int64_t delta_us)
{
	int64_t at;

	if (__builtin_add_overflow(wn_clock_now_us(l->clock), delta_us, &at))
		at = WN_NEVER;
	return wn_fiber_wait_until(l, at);
}

enum wn_rc wn_fiber_park_until(struct wn_loop *l, int64_t at_us)
{
	struct wn_fiber *f = wn_fiber_current(l);
	enum wn_rc rc = WN_OK;

	if (!f)
		return WN_REFUSED;
	if (f->cancelled)
		return WN_CANCELLED;
	if (!f->woken) {
		arm_timer(f, at_us);
		rc = wait_for(f, FOR_WAKE);
	}
	if (rc == WN_OK)
		f->woken = false;
	return rc;
}

enum wn_rc wn_fiber_park(struct wn_loop *l)
{
	return wn_fiber_park_until(l, WN_NEVER);
}

void wn_fiber_wake(struct wn_fiber *f)
{
	f->woken = true;
	if (f->wait == FOR_WAKE)
		make_ready(f, WN_OK, 0);
}

enum wn_rc wn_fiber_yield(struct wn_loop *l)
{
	struct wn_fiber *f = wn_fiber_current(l);

	if (!f)
		return WN_OK;
	if (f->cancelled)
		return WN_CANCELLED;
	schedule(f);
	f->result = WN_OK;
	return wait_for(f, FOR_TIME);
}

/* --- turns ---- */

static void leave_queue(struct wn_turn *t, struct wn_turn_wait *w)
{
	struct wn_turn_wait *before = NULL;

	for (struct wn_turn_wait *i = t->first; i != w; i = i->next)
		before = i;
	if (before)
		before->next = w->next;
	else
		t->first = w->next;
	if (t->last == w)
		t->last = before;
}

enum wn_rc wn_turn_take(struct wn_loop *l, struct wn_turn *t)
{
	struct wn_turn_wait w = {.fiber = wn_fiber_current(l)};

	if (w.fiber && w.fiber->cancelled)
		return WN_CANCELLED;
	if (!t->held) {
		t->held = true;
		return WN_OK;
	}
	if (!w.fiber)
		return WN_REFUSED;
	if (t->last)
		t->last->next = &w;
	else
		t->first = &w;
	t->last = &w;
	if (wait_for(w.fiber, FOR_TURN) == WN_OK || w.got)
		return WN_OK; /* a turn that was given is held, even if cancelled in the same moment */
	leave_queue(t, &w);
	return WN_CANCELLED;
}

void wn_turn_give(struct wn_turn *t)
{
	struct wn_turn_wait *w = t->first;

	if (!w) {
		t->held = false;
		return;
	}
	leave_queue(t, w); /* held stays true: it is handed over */
	w->got = true;
	make_ready(w->fiber, WN_OK, 0);
}
