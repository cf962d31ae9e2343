/* SPDX-License-Identifier: MIT */
/*
 * Segments by name: an open table of pointers, at most three quarters full. All versions of one name lie in one run, so
 * that a search ends at the first free place. It owns nothing.
 */
#include <whynow/segment.h>

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

static size_t home(const struct wn_segment_set *set, const char *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15); /* names in a row would lie in a row */
	return (size_t)(h >> 32) & (set->n_slots - 1);
}

static size_t home_of(const struct wn_segment_set *set, const struct wn_segment *s)
{
	return home(set, s->name, strlen(s->name));
}

static void place(struct wn_segment_set *set, struct wn_segment *s)
{
	size_t at = home_of(set, s);
	while (set->v[at])
		at = (at + 1) & (set->n_slots - 1);
	set->v[at] = s;
}

static void grow(struct wn_segment_set *set)
{
	struct wn_segment **old = set->v;
	size_t n = set->n_slots;
	set->n_slots = n ? n * 2 : SLOTS_MIN;
	set->v = wn_alloc(set->n_slots * sizeof(*set->v));
	for (size_t i = 0; i < n; i++)
		if (old[i])
			place(set, old[i]);
	free(old);
}

void wn_segment_set_add(struct wn_segment_set *set, struct wn_segment *s)
{
	if (4 * (set->n + 1) > 3 * set->n_slots)
		grow(set);
	place(set, s);
	set->n++;
}

/* Those behind the gap that it would cut off from their homes move into it. */
static void close_gap(struct wn_segment_set *set, size_t gap)
{
	size_t mask = set->n_slots - 1;
	for (size_t i = (gap + 1) & mask; set->v[i]; i = (i + 1) & mask)
		if (((i - home_of(set, set->v[i])) & mask) >= ((i - gap) & mask)) {
			set->v[gap] = set->v[i];
			gap = i;
		}
	set->v[gap] = NULL;
}

void wn_segment_set_remove(struct wn_segment_set *set, const struct wn_segment *s)
{
	size_t at = set->n_slots ? home_of(set, s) : 0;
	while (set->n_slots && set->v[at] && set->v[at] != s)
		at = (at + 1) & (set->n_slots - 1);
	if (!set->n_slots || !set->v[at])
		return;
	close_gap(set, at);
	set->n--;
}

struct wn_segment *wn_segment_set_next(const struct wn_segment_set *set, struct wn_str name, size_t *at)
{
	if (!set->n_slots)
		return NULL;
	for (size_t i = *at ? *at - 1 : home(set, name.p, name.n); set->v[i]; i = (i + 1) & (set->n_slots - 1))
		if (strncmp(set->v[i]->name, name.p, name.n) == 0 && !set->v[i]->name[name.n]) {
			*at = ((i + 1) & (set->n_slots - 1)) + 1;
			return set->v[i];
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
