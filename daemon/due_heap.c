/* SPDX-License-Identifier: MIT */
/* See due_heap.h. */
#include "due_heap.h"

enum { WAYS = 4 }; /* below each: half as many feeds, which are in nobody's cache, are moved as by two */

static bool is_before(struct wn_due_place a, struct wn_due_place b)
{
	if (a.ask_us != b.ask_us)
		return a.ask_us < b.ask_us;
	const struct wn_poll_feed *x = a.feed, *y = b.feed;
	return x->state.next_us != y->state.next_us ? x->state.next_us < y->state.next_us : wn_str_cmp(x->name, y->name) < 0;
}

static void set(struct wn_due_heap *h, size_t i, struct wn_due_place f)
{
	h->v[i] = f;
	f.feed->place = i + 1;
}

/* The next of those below i, from the first of them on. */
static size_t next_below(const struct wn_due_heap *h, size_t first)
{
	size_t next = first;

	for (size_t k = first + 1; k < first + WAYS && k < h->n; k++)
		if (is_before(h->v[k], h->v[next]))
			next = k;
	return next;
}

/* Puts f where it belongs, coming from place i. */
static void settle(struct wn_due_heap *h, size_t i, struct wn_due_place f)
{
	for (; i && is_before(f, h->v[(i - 1) / WAYS]); i = (i - 1) / WAYS)
		set(h, i, h->v[(i - 1) / WAYS]);
	for (size_t below; (below = WAYS * i + 1) < h->n; i = below) {
		below = next_below(h, below);
		if (!is_before(h->v[below], f))
			break;
		set(h, i, h->v[below]);
	}
	set(h, i, f);
}

void wn_due_heap_put(struct wn_due_heap *h, struct wn_poll_feed *f, int64_t ask_us)
{
	f->ask_us = ask_us;
	if (f->place) {
		settle(h, f->place - 1, (struct wn_due_place){ask_us, f});
		return;
	}
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->v = wn_realloc(h->v, h->cap * sizeof(*h->v));
	}
	h->n++;
	settle(h, h->n - 1, (struct wn_due_place){ask_us, f});
}

void wn_due_heap_take(struct wn_due_heap *h, struct wn_poll_feed *f)
{
	if (!f->place)
		return;
	struct wn_due_place last = h->v[--h->n];
	if (last.feed != f)
		settle(h, f->place - 1, last);
	f->place = 0;
}
