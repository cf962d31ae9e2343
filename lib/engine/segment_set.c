/* SPDX-License-Identifier: MIT */
/*
 * Segments by name: an open table of pointers, at most three quarters full. All versions of one name lie in one run, so
 * that a search ends at the first free place. Beside each stands the hash of its name: neither growing nor a search for what
 * is not there looks at a segment. It owns nothing.
 */
#include <whynow/segment.h>

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

static uint32_t hash_of(struct wn_str name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)((h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32); /* names in a row would lie in a row */
}

static size_t after(const struct wn_segment_set *set, size_t at) { return (at + 1) & (set->n_slots - 1); }

static size_t home(const struct wn_segment_set *set, uint32_t hash) { return hash & (set->n_slots - 1); }

static void place(struct wn_segment_set *set, struct wn_segment_slot slot)
{
	size_t at = home(set, slot.hash);
	while (set->v[at].s)
		at = after(set, at);
	set->v[at] = slot;
}

static void grow(struct wn_segment_set *set)
{
	struct wn_segment_slot *old = set->v;
	size_t n = set->n_slots;
	set->n_slots = n ? n * 2 : SLOTS_MIN;
	set->v = wn_alloc(set->n_slots * sizeof(*set->v));
	for (size_t i = 0; i < n; i++)
		if (old[i].s)
			place(set, old[i]);
	free(old);
}

void wn_segment_set_add(struct wn_segment_set *set, struct wn_segment *s)
{
	if (4 * (set->n + 1) > 3 * set->n_slots)
		grow(set);
	place(set, (struct wn_segment_slot){hash_of(wn_str_of(s->name)), s});
	set->n++;
}

/* Those behind the gap that it would cut off from their homes move into it. */
static void close_gap(struct wn_segment_set *set, size_t gap)
{
	size_t mask = set->n_slots - 1;
	for (size_t i = after(set, gap); set->v[i].s; i = after(set, i))
		if (((i - home(set, set->v[i].hash)) & mask) >= ((i - gap) & mask)) {
			set->v[gap] = set->v[i];
			gap = i;
		}
	set->v[gap] = (struct wn_segment_slot){0};
}

void wn_segment_set_remove(struct wn_segment_set *set, const struct wn_segment *s)
{
	size_t at = set->n_slots ? home(set, hash_of(wn_str_of(s->name))) : 0;
	while (set->n_slots && set->v[at].s && set->v[at].s != s)
		at = after(set, at);
	if (!set->n_slots || !set->v[at].s)
		return;
	close_gap(set, at);
	set->n--;
}

struct wn_segment *wn_segment_set_next(const struct wn_segment_set *set, struct wn_str name, size_t *at)
{
	uint32_t hash = hash_of(name);
	if (!set->n_slots)
		return NULL;
	for (size_t i = *at ? *at - 1 : home(set, hash); set->v[i].s; i = after(set, i))
		if (set->v[i].hash == hash && wn_str_is(name, set->v[i].s->name)) {
			*at = after(set, i) + 1;
			return set->v[i].s;
		}
	return NULL;
}

struct wn_segment *wn_segment_set_find(const struct wn_segment_set *set, struct wn_str name, int version)
{
	size_t at = 0;
	struct wn_segment *s = wn_segment_set_next(set, name, &at);
	while (s && version && s->version != version)
		s = wn_segment_set_next(set, name, &at);
	return s;
}

void wn_segment_set_done(struct wn_segment_set *set)
{
	free(set->v);
	*set = (struct wn_segment_set){0};
}
