/* SPDX-License-Identifier: MIT */
/* See due_heap.h. */
#include "due_heap.h"

static bool is_before(const struct wn_poll_feed *x, const struct wn_poll_feed *y)
{
	if (x->ask_us != y->ask_us)
		return x->ask_us < y->ask_us;
	return x->state.next_us != y->state.next_us ? x->state.next_us < y->state.next_us : wn_str_cmp(x->name, y->name) < 0;
}

static void set(struct wn_due_heap *h, size_t i, struct wn_poll_feed *f)
{
	h->v[i] = f;
	f->place = i + 1;
}

/* Puts f where it belongs, coming from place i. */
static void settle(struct wn_due_heap *h, size_t i, struct wn_poll_feed *f)
{
	for (; i && is_before(f, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		set(h, i, h->v[(i - 1) / 2]);
	for (size_t below; (below = 2 * i + 1) < h->n; i = below) {
		below += below + 1 < h->n && is_before(h->v[below + 1], h->v[below]);
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
		settle(h, f->place - 1, f);
		return;
	}
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->v = wn_realloc(h->v, h->cap * sizeof(struct wn_poll_feed *));
	}
	h->n++;
	settle(h, h->n - 1, f);
}

void wn_due_heap_take(struct wn_due_heap *h, struct wn_poll_feed *f)
{
	if (!f->place)
		return;
	struct wn_poll_feed *last = h->v[--h->n];
	if (last != f)
		settle(h, f->place - 1, last);
	f->place = 0;
}
