/* SPDX-License-Identifier: MIT */
/*
 * Timers on the injected clock: a binary heap in order of (due, arming). Knows nothing of libevent; loop.c
 * sleeps until the first of the heap is due and fires. A timer is in the heap exactly while it is armed.
 */
#include "loop_internal.h"

#include <stdlib.h>

enum { NOT_ARMED = -1 };

struct wn_timer {
	struct wn_loop *loop;
	const char *name;
	void (*on_due)(void *ctx);
	void *ctx;
	int64_t due_us;
	uint64_t seq;
	ptrdiff_t at; /* place in the heap, NOT_ARMED when not in it */
};

static bool is_before(const struct wn_timer *a, const struct wn_timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void put(struct wn_loop *l, size_t at, struct wn_timer *t)
{
	l->heap[at] = t;
	t->at = (ptrdiff_t)at;
}

static void sift_up(struct wn_loop *l, struct wn_timer *t)
{
	size_t at = (size_t)t->at;

	while (at > 0 && is_before(t, l->heap[(at - 1) / 2])) {
		put(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(l, at, t);
}

static void sift_down(struct wn_loop *l, struct wn_timer *t)
{
	size_t at = (size_t)t->at;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < l->heap_n && is_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (child >= l->heap_n || is_before(t, l->heap[child]))
			break;
		put(l, at, l->heap[child]);
		at = child;
	}
	put(l, at, t);
}

static void add(struct wn_timer *t)
{
	struct wn_loop *l = t->loop;

	if (l->heap_n == l->heap_cap) {
		l->heap_cap = l->heap_cap ? 2 * l->heap_cap : 64;
		l->heap = wn_realloc(l->heap, l->heap_cap * sizeof(struct wn_timer *));
	}
	put(l, l->heap_n++, t);
	sift_up(l, t);
}

static void drop(struct wn_timer *t)
{
	struct wn_loop *l = t->loop;
	struct wn_timer *last;

	if (t->at == NOT_ARMED)
		return;
	last = l->heap[--l->heap_n];
	if (last != t) {
		put(l, (size_t)t->at, last);
		sift_down(l, last);
		sift_up(l, last);
	}
	t->at = NOT_ARMED;
}

struct wn_timer *wn_timer_new(struct wn_loop *l, const char *name, void (*on_due)(void *ctx), void *ctx)
{
	struct wn_timer *t = wn_alloc(sizeof(*t));

	*t = (struct wn_timer){
	    .loop = l, .name = name, .on_due = on_due, .ctx = ctx, .due_us = WN_NEVER, .at = NOT_ARMED};
	return t;
}

void wn_timer_free(struct wn_timer *t)
{
	if (!t)
		return;
	drop(t);
	free(t);
}

void wn_timer_at(struct wn_timer *t, int64_t at_us)
{
	drop(t);
	t->due_us = at_us;
	t->seq = t->loop->seq++;
	if (at_us != WN_NEVER)
		add(t);
}

void wn_timer_after(struct wn_timer *t, int64_t delta_us)
{
	int64_t at;

	if (__builtin_add_overflow(wn_clock_now_us(t->loop->clock), delta_us, &at))
		at = delta_us > 0 ? WN_NEVER : INT64_MIN;
	wn_timer_at(t, at);
}

void wn_timer_cancel(struct wn_timer *t)
{
	drop(t);
	t->due_us = WN_NEVER;
}

int64_t wn_timer_due_us(const struct wn_timer *t)
{
	return t->at == NOT_ARMED ? WN_NEVER : t->due_us;
}

int64_t wn_loop_next_us(const struct wn_loop *l)
{
	return l->heap_n ? l->heap[0]->due_us : WN_NEVER;
}

bool wn_timer_fire_one(struct wn_loop *l, uint64_t seq)
{
	struct wn_timer *t = l->heap_n ? l->heap[0] : NULL;

	if (!t || t->seq >= seq || t->due_us > wn_clock_now_us(l->clock))
		return false;
	wn_timer_cancel(t);
	t->on_due(t->ctx);
	return true;
}
