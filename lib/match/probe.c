/* SPDX-License-Identifier: MIT */
/*
 * An event meets the index: keys of what it carries, alternatives filed under them, tests. In three passes, so that
 * memory is asked for well before it is needed: a miss that others wait for costs ten times one that none does.
 */
#include "inside.h"

#include <stdlib.h>

enum { AHEAD = 6 };

/* --- keys --------------------------------------------------------------------------------------------- */

static void room_for(struct event *e, uint32_t n)
{
	uint32_t most = e->n_wants + n * (n + 1) / 2 + 1;

	if (e->cap_wants >= most)
		return;
	e->cap_wants = most + 64;
	e->wants = wn_realloc(e->wants, e->cap_wants * sizeof(*e->wants));
	e->places = wn_realloc(e->places, e->cap_wants * sizeof(*e->places));
}

/* Tokens that stand in keys of this context. */
static uint32_t halves_of(struct event *e, uint32_t kind)
{
	uint32_t bit = wn_context_bit(kind), n = 0;
	int c = kind == 0;

	for (uint32_t i = 0; i < e->n_tokens; i++) {
		const struct token *t = &e->tokens[i];
		e->halves[n] = (struct half){t->part, t->partners[c], t->bit};
		n += (t->contexts & bit) != 0;
	}
	return n;
}

/* Everything the event carries with everything, as far as there are keys of such pairs. Whether there are is chance, so
 * that a key is written down first and kept by counting: a branch would be mispredicted every third time (&, for && is one). */
static void want_context(const struct wn_index *x, struct event *e, uint32_t kind)
{
	uint64_t base = kind ? wn_key_part(kind, 1) : 0, *wants;
	uint32_t n = halves_of(e, kind), at = e->n_wants;
	const struct half *h = e->halves;

	room_for(e, n);
	wants = e->wants;
	wants[at++] = base;
	for (uint32_t i = 0; i < n; i++) {
		struct half me = h[i];
		me.part ^= base;
		wants[at] = me.part;
		at += me.partners >> 31;
		for (const struct half *k = &h[i + 1]; k < h + n; k++) {
			wants[at] = me.part ^ k->part;
			at += ((me.partners & k->bit) != 0) & ((k->partners & me.bit) != 0);
		}
	}
	for (uint32_t i = e->n_wants; i < at; i++) {
		uint64_t hash = wn_key_mix(wants[i]);
		const struct segment *s = &x->segments[hash >> 58];
		uint32_t home = wn_key_home((uint32_t)hash, s->size);
		__builtin_prefetch(s->marks + home);
		wants[i] = hash;
		e->places[i] = home;
	}
	e->n_wants = at;
}

/* --- candidates --------------------------------------------------------------------------------------- */

static void push(struct event *e, uint32_t block)
{
	if (e->n_blocks == e->cap_blocks) {
		e->cap_blocks = e->cap_blocks * 2 + 256;
		e->blocks = wn_realloc(e->blocks, e->cap_blocks * sizeof(*e->blocks));
	}
	e->blocks[e->n_blocks++] = block;
}

static inline void take(struct event *e, const struct entry *v)
{
	if (e->mask[v->tag >> 24] & v->mask)
		push(e, v->ref);
}

/* First place at or behind `at` whose mark is the one, UINT32_MAX if a free one comes before. Eight at a time: the bytes
 * of a word that are zero have their top bit in (w - 0x01..) & ~w & 0x80.., and the lowest of them is right. */
static inline uint32_t scan(const struct segment *s, uint32_t at, uint8_t mark)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;

	for (;;) {
		uint64_t w, same, empty;
		memcpy(&w, s->marks + at, 8);
		same = w ^ ones * mark;
		same = (same - ones) & ~same & tops;
		empty = ~w & tops;
		if (same && (!empty || __builtin_ctzll(same) < __builtin_ctzll(empty))) {
			at += (uint32_t)__builtin_ctzll(same) / 8;
			return at < s->size ? at : at - s->size;
		}
		if (empty)
			return UINT32_MAX;
		at += 8;
		at -= at >= s->size ? s->size : 0;
	}
}

/* Which keys there might be: marks say so without the entries. */
static void gather_marks(const struct wn_index *x, struct event *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_wants; i++) {
		uint64_t hash = e->wants[i];
		const struct segment *s = &x->segments[hash >> 58];
		uint32_t at = s->size ? scan(s, e->places[i], wn_key_mark(hash)) : UINT32_MAX;
		if (at == UINT32_MAX)
			continue;
		__builtin_prefetch(&s->v[at]);
		e->wants[n] = hash;
		e->places[n++] = at;
	}
	e->n_wants = n;
}

static void gather(struct wn_index *x, struct event *e)
{
	uint32_t n_cells = 0;

	for (uint32_t i = 0; i < e->n_wants; i++) {
		uint64_t hash = e->wants[i];
		const struct segment *s = &x->segments[hash >> 58];
		uint32_t at = e->places[i];
		while (at != UINT32_MAX && wn_key_tag(s->v[at].tag) != wn_key_tag(hash))
			at = scan(s, at + 1 < s->size ? at + 1 : 0, wn_key_mark(hash));
		if (at == UINT32_MAX)
			continue;
		if (!(s->v[at].ref & REF_CELL)) {
			take(e, &s->v[at]);
			continue;
		}
		__builtin_prefetch(x->store.units + (s->v[at].ref & ~REF_CELL));
		e->wants[n_cells++] = (uint64_t)(s->v[at].ref & ~REF_CELL) << 32 | (uint32_t)s->v[at].mask;
	}
	for (uint32_t i = 0; i < n_cells; i++) {
		const struct entry *v = (const struct entry *)(x->store.units + (e->wants[i] >> 32));
		for (uint32_t k = 0; k < (uint32_t)e->wants[i]; k++)
			take(e, &v[k]);
	}
}

/* --- answers ------------------------------------------------------------------------------------------ */

static void grow_found(struct event *e)
{
	uint64_t *old = e->found;
	uint32_t n = e->cap_found;

	e->cap_found = n ? n * 2 : 256;
	e->found = wn_alloc(e->cap_found * sizeof(*e->found));
	for (uint32_t i = 0; i < n; i++)
		if (old[i] >> 32 == e->probe) {
			uint32_t at = (uint32_t)wn_mix(3, (uint32_t)old[i]) & (e->cap_found - 1);
			while (e->found[at])
				at = (at + 1) & (e->cap_found - 1);
			e->found[at] = old[i];
		}
	free(old);
}

static bool is_first(struct event *e, uint32_t rule)
{
	uint64_t key = (uint64_t)e->probe << 32 | rule;

	if (2 * (e->n_found + 1) > e->cap_found)
		grow_found(e);
	uint32_t mask = e->cap_found - 1, at = (uint32_t)wn_mix(3, rule) & mask;
	for (; e->found[at] >> 32 == e->probe; at = (at + 1) & mask)
		if (e->found[at] == key)
			return false;
	e->found[at] = key;
	e->n_found++;
	return true;
}

static inline void fetch(const struct wn_index *x, uint32_t block)
{
	__builtin_prefetch(x->store.units + block);
	__builtin_prefetch(x->store.units + block + 8);
}

void wn_index_probe(struct wn_index *x, const struct wn_probe *event, wn_candidate_fn *on_candidate, void *ctx)
{
	if (x->n_pending)
		wn_index_settle(x);
	wn_event_read(x, event);
	struct event *e = x->event;
	e->n_wants = e->n_blocks = e->n_found = 0;
	if (e->cap_halves < e->n_tokens + 1)
		e->halves = wn_realloc(e->halves, (e->cap_halves = e->n_tokens + 64) * sizeof(*e->halves));
	if (e->kind)
		want_context(x, e, e->kind);
	want_context(x, e, 0);
	gather_marks(x, e);
	gather(x, e);
	for (uint32_t i = 0; i < e->n_blocks && i < AHEAD; i++)
		fetch(x, e->blocks[i]);
	for (uint32_t i = 0; i < e->n_blocks; i++) {
		const struct block *b = wn_block(x, e->blocks[i]);
		if (i + AHEAD < e->n_blocks)
			fetch(x, e->blocks[i + AHEAD]);
		if (wn_event_holds(x, b) && is_first(e, b->rule))
			on_candidate(ctx, b->rule, !(b->flags & BLOCK_INEXACT));
	}
}

void wn_index_learn(struct wn_index *x, const struct wn_probe *event)
{
	wn_event_read(x, event);
}
