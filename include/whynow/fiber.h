/* SPDX-License-Identifier: MIT */
/*
 * Fibers: straight-line code that yields to the loop where it waits.
 *
 * One thread, cooperative: nothing else runs between two waits, so plain variables need no locks; what must
 * hold over a wait is guarded by a `struct wn_turn`. Each wait takes the loop and asks it for the running
 * fiber; called outside of a fiber (command line, tests) waits for I/O and time block the process instead, and
 * wn_fiber_park is refused.
 *
 * Stacks: WN_FIBER_STACK bytes of address space with a guard page below; only touched pages cost memory. An
 * overrun is a fault, never corruption. Keep large objects in arenas, not in locals.
 */
#ifndef WHYNOW_FIBER_H
#define WHYNOW_FIBER_H

#include <whynow/loop.h>

struct wn_fiber;

/* Starts fn(ctx) at the next turn of the loop, never inside this call. `name` is borrowed until the fiber ends.
 * The pointer is valid until fn returns; the fiber frees itself then. NULL past WN_FIBERS_MAX or when memory is
 * out. */
struct wn_fiber *wn_fiber_start(struct wn_loop *l, const char *name, void (*fn)(void *ctx), void *ctx);
/* The running fiber, NULL outside of fibers. */
struct wn_fiber *wn_fiber_current(const struct wn_loop *l);
const char *wn_fiber_name(const struct wn_fiber *f);
size_t wn_fiber_count(const struct wn_loop *l); /* fibers that have not ended */

/* Waits for the fd, at most timeout_ms real milliseconds (-1: for ever). `events` WN_READ | WN_WRITE; *ready
 * (may be NULL) gets those that came. WN_AGAIN: timed out. WN_CANCELLED: cancelled with its I/O. */
enum wn_rc wn_fiber_wait_fd(struct wn_loop *l, int fd, int events, int timeout_ms, int *ready) WN_MUST_CHECK;
/* Waits until the clock shows at_us. WN_CANCELLED when cancelled meanwhile. Outside of a fiber it blocks (and
 * is WN_REFUSED on a virtual clock for an instant of the future). */
enum wn_rc wn_fiber_wait_until(struct wn_loop *l, int64_t at_us) WN_MUST_CHECK;
enum wn_rc wn_fiber_wait(struct wn_loop *l, int64_t delta_us) WN_MUST_CHECK; /* now + delta */
/* Waits until somebody calls wn_fiber_wake on this fiber, or (at_us, WN_NEVER for no limit) the clock shows
 * at_us: WN_OK when woken, WN_AGAIN when the time came. A wake that came before the park is remembered (one,
 * not a count). */
enum wn_rc wn_fiber_park(struct wn_loop *l) WN_MUST_CHECK;
enum wn_rc wn_fiber_park_until(struct wn_loop *l, int64_t at_us) WN_MUST_CHECK;
/* The fiber must not have ended. From anywhere on the loop's thread. */
void wn_fiber_wake(struct wn_fiber *f);
/* Lets everything that is ready run, then goes on. No-op outside of a fiber. */
enum wn_rc wn_fiber_yield(struct wn_loop *l) WN_MUST_CHECK;

/* The current and every later wait for time, park, turn or HTTP answer ends with WN_CANCELLED, so that the
 * fiber unwinds. Waits for sockets (a transaction in the middle) go on to their own end unless io_too. */
void wn_fiber_cancel(struct wn_fiber *f, bool io_too);
void wn_fiber_cancel_all(struct wn_loop *l, bool io_too);
bool wn_fiber_is_cancelled(const struct wn_loop *l); /* the running fiber */

/* A turn: one holder at a time, waiters first come first served (what a mutex is to threads). Put it beside the
 * thing it guards, e.g. a database session shared by several fibers. Zeroed is free. Not recursive. Outside of
 * a fiber taking a free turn works, a held one is WN_REFUSED. */
struct wn_turn {
	struct wn_turn_wait *first, *last; /* waiters */
	bool held;
};
enum wn_rc wn_turn_take(struct wn_loop *l, struct wn_turn *t) WN_MUST_CHECK;
void wn_turn_give(struct wn_turn *t);

#endif
