/* SPDX-License-Identifier: MIT */
/*
 * The index over the segments of a catalogue: how it is made, and which segments it names for a signal, in
 * their order.
 *
 * A rule that is unknown because a trait is missing is named too: that verdict is stored (design 03); only what is
 * false may be skipped. Reading an account's traits costs more than looking at a few rules in vain, so that they are
 * left out of the index while there are few.
 */
#include "rule.h"

#include <whynow/match.h>

#include <stdlib.h>

struct wn_index *wn_catalog_index_new(const struct wn_registry *registry, size_t expected)
{
	struct wn_match_env env = {.signal = WN_RULE_SIGNAL,
				   .signals = WN_RULE_SIGNALS,
				   .account = expected < WN_SEGMENTS_MANY ? -1 : WN_RULE_ACCOUNT,
				   .contact = -1,
				   .signal_record = wn_registry_signal_record(registry),
				   .keep_unknown = true};
	return wn_index_new(&env);
}

void wn_catalog_index_put(struct wn_index *index, size_t position, const struct wn_segment *s)
{
	if (s->broad)
		wn_index_remove(index, (uint32_t)position);
	else
		(void)wn_index_put(index, (uint32_t)position, segment_passing_when(s));
}

struct wn_index *wn_catalog_index_of(const struct wn_registry *registry, const struct wn_segment *const *segments, size_t n)
{
	struct wn_index *index = wn_catalog_index_new(registry, n);
	for (size_t i = 0; i < n; i++)
		wn_catalog_index_put(index, i, segments[i]);
	while (wn_index_tend(index, n))
		;
	return index;
}

static int by_priority(const void *a, const void *b)
{
	const struct wn_segment *x = *(const struct wn_segment *const *)a, *y = *(const struct wn_segment *const *)b;
	return x->priority != y->priority ? (x->priority < y->priority) - (x->priority > y->priority) : strcmp(x->name, y->name);
}

void wn_segments_sort(const struct wn_segment **v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), by_priority);
}

struct named {
	const struct wn_catalog *catalog;
	struct wn_arena *arena;
	WN_VEC(const struct wn_segment *) v;
};

static void on_candidate(void *ctx, uint32_t rule, bool certain WN_UNUSED)
{
	struct named *n = ctx;
	if (rule < n->catalog->n_segments)
		*WN_PUSH(n->arena, &n->v) = n->catalog->segments[rule];
}

struct wn_value wn_kinds_held(struct wn_world *w, const struct wn_account *a)
{
	const struct wn_registry *r = w->catalog->registry;
	uint64_t seen[WN_KINDS_MAX / 64] = {0};
	struct wn_value *v = WN_NEW_N(w->arena, struct wn_value, wn_registry_kinds(r) + 1);
	size_t n = 0;
	for (size_t i = 0; i < a->signals.n; i++) {
		unsigned kind = (unsigned)a->signals.v[i]->kind;
		uint64_t bit = UINT64_C(1) << kind % 64;
		if (a->signals.v[i]->retracted || seen[kind / 64] & bit)
			continue;
		seen[kind / 64] |= bit;
		v[n++] = wn_cstring(wn_registry_kind(r, (int)kind)->name);
	}
	return wn_list(v, n);
}

size_t rule_candidates(struct wn_world *w, const struct wn_account *a, const struct wn_signal *sig, struct wn_value kinds,
		       const struct wn_segment *const **out)
{
	const struct wn_catalog *c = w->catalog;
	struct named n = {.catalog = c, .arena = w->arena};
	struct wn_probe probe = {.signal = &sig->object, .account = &a->object, .signal_kinds = kinds};
	for (size_t i = 0; !c->index && i < c->n_segments; i++)
		if (!c->segments[i]->broad)
			*WN_PUSH(n.arena, &n.v) = c->segments[i];
	if (c->index)
		wn_index_probe(c->index, &probe, on_candidate, &n);
	wn_segments_sort(n.v.v, n.v.n);
	*out = n.v.v;
	return n.v.n;
}
