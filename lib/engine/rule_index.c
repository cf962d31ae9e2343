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

enum { MANY_SEGMENTS = 1000 };

struct wn_index *wn_catalog_index_new(const struct wn_registry *registry,
				      const struct wn_segment *const *segments, size_t n)
{
	struct wn_match_env env = {.signal = WN_RULE_SIGNAL,
				   .signals = WN_RULE_SIGNALS,
				   .account = n < MANY_SEGMENTS ? -1 : WN_RULE_ACCOUNT,
				   .contact = -1,
				   .signal_record = wn_registry_signal_record(registry),
				   .keep_unknown = true};
	struct wn_index *index = wn_index_new(&env);
	for (size_t i = 0; i < n; i++)
		if (!segments[i]->broad)
			(void)wn_index_put(index, (uint32_t)i, segments[i]->when);
	while (wn_index_tend(index, n))
		;
	return index;
}

struct named {
	struct wn_arena *arena;
	WN_VEC(uint32_t) v;
};

static void on_candidate(void *ctx, uint32_t rule, bool certain WN_UNUSED)
{
	struct named *n = ctx;
	*WN_PUSH(n->arena, &n->v) = rule;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

size_t rule_candidates(struct wn_world *w, const struct wn_account *a, const struct wn_signal *sig,
		       uint32_t **out)
{
	struct named n = {.arena = w->arena};
	struct wn_probe probe = {.signal = &sig->object, .account = &a->object};
	wn_index_probe(w->catalog->index, &probe, on_candidate, &n);
	if (n.v.n > 1)
		qsort(n.v.v, n.v.n, sizeof(*n.v.v), by_number);
	*out = n.v.v;
	return n.v.n;
}
