/* SPDX-License-Identifier: MIT */
/*
 * Fields that rules test: the words that masks are laid against, buckets of ranges, texts that are searched for.
 *
 * Edges of buckets never change under masks that were made for them: a path has two sets, new literals use the
 * newer, and the older goes when the last rule was looked at again.
 */
#include "inside.h"

#include <math.h>
#include <stdlib.h>

/* --- paths and slots ---------------------------------------------------------------------------------- */

uint16_t wn_path_of(struct wn_index *x, const struct term *t)
{
	bool is_list = t->test == TEST_ANY;

	for (uint32_t i = 0; i < x->n_paths; i++) {
		const struct path *p = &x->paths[i];
		if (p->field == t->field && p->subject == t->subject && p->is_list == is_list &&
		    p->lenient == t->lenient)
			return (uint16_t)i;
	}
	x->paths = wn_realloc(x->paths, (x->n_paths + 1) * sizeof(*x->paths));
	struct path *p = &x->paths[x->n_paths];
	*p = (struct path){.subject = t->subject, .field = t->field, .is_list = is_list, .lenient = t->lenient};
	if (x->has_kind && t->subject == SUBJECT_SIGNAL && t->field == x->kind_field && !is_list && !t->lenient)
		x->kind_path = (int)x->n_paths;
	x->n_paths++;
	if (t->lenient)
		x->paths[x->n_paths - 1].missing = wn_value_new(x, (uint16_t)(x->n_paths - 1), 1);
	return (uint16_t)(x->n_paths - 1);
}

uint16_t wn_path_slot(struct wn_index *x, uint16_t path, enum slot_kind kind)
{
	struct path *p = &x->paths[path];

	if (p->slots[kind])
		return p->slots[kind];
	x->slots = wn_realloc(x->slots, (x->n_slots + 1) * sizeof(*x->slots));
	x->slots[x->n_slots] = (struct slot){.path = path, .kind = (uint8_t)kind};
	return p->slots[kind] = (uint16_t)x->n_slots++;
}

uint32_t wn_needle_use(struct wn_index *x, uint16_t path, enum test test, struct wn_str text)
{
	uint32_t at = x->n_needles;

	for (uint32_t i = 0; i < x->n_needles; i++) {
		struct needle *n = &x->needles[i];
		if (n->users == 0) {
			at = i;
		} else if (n->path == path && n->test == test && n->len == text.n &&
			   memcmp(x->store.units + n->text, text.p, text.n) == 0) {
			n->users++;
			return i;
		}
	}
	if (at == x->n_needles)
		x->needles = wn_realloc(x->needles, ++x->n_needles * sizeof(*x->needles));
	uint32_t room = wn_store_take(&x->store, text.n / 8 + 1);
	memcpy(x->store.units + room, text.p, text.n);
	x->needles[at] =
	    (struct needle){.text = room, .len = (uint32_t)text.n, .users = 1, .path = path, .test = (uint8_t)test};
	return at;
}

/* --- buckets ------------------------------------------------------------------------------------------ */

/* Number of edges at or below v: bucket b holds edges[b-1] <= v < edges[b]. */
unsigned wn_range_bucket(const struct range *r, double v)
{
	unsigned b = 0;

	for (unsigned step = 32; step; step /= 2) /* without branches: nobody could predict them */
		b += r->edges[b + step - 1] <= v ? step : 0;
	return b;
}

uint64_t wn_range_mask(const struct range *r, double lo, double hi)
{
	unsigned first = wn_range_bucket(r, lo), last = wn_range_bucket(r, hi);

	if (!(lo <= hi))
		return UINT64_C(1) << first; /* never true; but what is missing may have to pass */
	return (~UINT64_C(0) >> (63 - last)) & (~UINT64_C(0) << first);
}

static struct range *range_new(struct wn_index *x, uint16_t path)
{
	struct range *r = wn_alloc(sizeof(*r));

	r->base = wn_value_new(x, path, 64);
	for (int i = 0; i < EDGES; i++)
		r->edges[i] = INFINITY;
	return r;
}

struct range *wn_path_range(struct wn_index *x, uint16_t path)
{
	struct path *p = &x->paths[path];

	if (!p->range[p->now]) {
		struct range *r = range_new(x, path);
		x->paths[path].range[x->paths[path].now] = r;
		return r;
	}
	return p->range[p->now];
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Quantiles; what is left of a few different numbers is repeated, which makes empty buckets. */
static void set_edges(struct range *r, double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	for (uint32_t i = 0; i < EDGES; i++)
		r->edges[i] = v[(uint64_t)(i + 1) * n / (EDGES + 1)];
}

/* Worth it: from rules' ends to measured numbers, or some bucket gets more than a quarter of them. */
static bool is_outdated(const struct wn_index *x, const struct path *p)
{
	const struct range *r = p->range[p->now];
	uint64_t sum = 0, most = 0;

	if (!r->measured)
		return p->n_samples >= 128 || (p->n_samples < 128 && r->edges[0] == INFINITY && p->n_ends > 0);
	for (unsigned b = 0; b < 64; b++) {
		uint64_t n = x->values.v[r->base + b].count;
		sum += n;
		most = n > most && r->edges[b ? b - 1 : 0] != r->edges[b < EDGES ? b : EDGES - 1] ? n : most;
	}
	return sum > 1024 && most * 4 > sum;
}

bool wn_paths_measure(struct wn_index *x)
{
	bool any = false;

	for (uint32_t i = 0; i < x->n_paths; i++) {
		struct path *p = &x->paths[i];
		uint8_t other = x->filed ? !p->now : p->now; /* as long as nothing rests on them, edges change in place */
		if (!p->range[p->now] || (x->filed && p->range[other] && p->range[other]->users) || !is_outdated(x, p))
			continue;
		struct range *r = p->range[other];
		if (!r) {
			r = range_new(x, (uint16_t)i);
			x->paths[i].range[other] = r;
		}
		for (unsigned b = 0; b < 64; b++)
			x->values.v[r->base + b] = (struct value){.path = (uint16_t)i, .bit = NO, .users = 1};
		r->measured = p->n_samples >= 128;
		set_edges(r, r->measured ? p->samples : p->ends, r->measured ? p->n_samples : p->n_ends);
		free(p->ends); /* the next edges come from events */
		p->ends = NULL;
		p->n_ends = 0;
		p->now = other;
		any = true;
	}
	return any;
}
