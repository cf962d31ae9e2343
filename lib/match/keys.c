/* SPDX-License-Identifier: MIT */
/*
 * The table of keys: hash of (kind, value, value) to alternatives. Open addressing in segments, each of which
 * grows by itself, so that no insert waits for a rebuild of the whole. What collides is looked at in vain, never missed.
 */
#include "inside.h"

#include <stdlib.h>

enum { TAG_BITS = 24, SIZE_MIN = 8, SIZE_SMALL = 64 /* below it a table doubles: fewer holes are left behind */ };
/* Three quarters: most of what is asked for is not there, and that is known after one word of marks; at 7/8 after four. */
enum { FULL_OF = 3, FULL_PARTS = 4 };
enum { FILED_MIN = 1000 /* rules that tell how many keys the others will have */, GROWTH_MAX = 2 };

static struct segment *segment_of(struct wn_index *x, uint64_t hash)
{
	return &x->segments[hash >> 58];
}

/* --- cells: several alternatives under one key -------------------------------------------------------- */

struct cell { uint32_t n, cap; };
static struct cell cell_of(const struct entry *e)
{
	return (struct cell){(uint32_t)e->mask, (uint32_t)(e->mask >> 32)};
}
static void set_cell(struct entry *e, uint32_t at, uint32_t n, uint32_t cap)
{
	e->ref = at | REF_CELL;
	e->mask = n | (uint64_t)cap << 32;
}

static struct entry *members(struct wn_index *x, const struct entry *e)
{
	return (struct entry *)(x->store.units + (e->ref & ~REF_CELL));
}

static void add_to_cell(struct wn_index *x, struct entry *e, struct entry member)
{
	struct cell c = cell_of(e);

	if (c.n == c.cap) {
		uint32_t cap = c.cap + (c.cap > 3 ? c.cap / 2 : 1);
		uint32_t at = wn_store_take(&x->store, 2 * (size_t)cap);
		memcpy(x->store.units + at, members(x, e), c.n * sizeof(*e));
		wn_store_give(&x->store, e->ref & ~REF_CELL, 2 * (size_t)c.cap);
		set_cell(e, at, c.n, cap);
	}
	members(x, e)[c.n] = member;
	e->mask++;
}

static void make_cell(struct wn_index *x, struct entry *e, struct entry member)
{
	uint32_t at = wn_store_take(&x->store, 4);
	struct entry *v = (struct entry *)(x->store.units + at);

	v[0] = *e;
	v[1] = member;
	e->tag = wn_key_tag(e->tag);
	set_cell(e, at, 2, 2);
}

static void take_from_cell(struct wn_index *x, struct entry *e, uint32_t block)
{
	struct cell c = cell_of(e);
	struct entry *v = members(x, e);

	for (uint32_t i = 0; i < c.n; i++)
		if (v[i].ref == block) {
			v[i] = v[--c.n];
			e->mask--;
			break;
		}
	if (c.n == 1) {
		struct entry last = v[0];
		wn_store_give(&x->store, e->ref & ~REF_CELL, 2 * (size_t)c.cap);
		*e = last;
	}
}

/* --- segments ----------------------------------------------------------------------------------------- */

static uint32_t after(const struct segment *s, uint32_t i)
{
	return i + 1 < s->size ? i + 1 : 0;
}

static void set(struct segment *s, uint32_t i, uint8_t mark, struct entry e)
{
	s->marks[i] = mark;
	if (i < 8)
		s->marks[s->size + i] = mark;
	s->v[i] = e;
}

static void insert(struct segment *s, uint8_t mark, struct entry e)
{
	uint32_t i = wn_key_home(e.tag, s->size);

	while (s->marks[i])
		i = after(s, i);
	set(s, i, mark, e);
	s->n++;
}

/* By a quarter; where many rules wait to be filed, at once for about as many keys of theirs as of those that were. */
static uint32_t size_after(const struct wn_index *x, const struct segment *s)
{
	uint32_t by_quarter = s->size < SIZE_SMALL ? s->size * 2 + (s->size == 0) * SIZE_MIN : s->size + s->size / 4;
	uint32_t filed = x->n_rules - x->n_pending;

	if (filed < FILED_MIN || x->n_pending < filed / 4)
		return by_quarter;
	uint64_t all = (uint64_t)s->n * x->n_rules / filed * FULL_PARTS / FULL_OF;
	uint64_t most = (uint64_t)s->size * GROWTH_MAX;
	all = all < most ? all : most;
	return all > by_quarter && all < UINT32_MAX ? (uint32_t)all : by_quarter;
}

static void grow(const struct wn_index *x, struct segment *s)
{
	struct segment old = *s;

	*s = (struct segment){.size = size_after(x, s)};
	s->marks = wn_alloc(s->size + 8);
	s->v = wn_realloc(NULL, s->size * sizeof(*s->v));
	for (uint32_t i = 0; i < old.size; i++)
		if (old.marks[i])
			insert(s, old.marks[i], old.v[i]);
	free(old.marks);
	free(old.v);
}

static struct entry *find(const struct segment *s, uint64_t hash)
{
	uint32_t tag = wn_key_tag(hash);

	for (uint32_t i = s->size ? wn_key_home(tag, s->size) : 0; s->size && s->marks[i]; i = after(s, i))
		if (s->marks[i] == wn_key_mark(hash) && wn_key_tag(s->v[i].tag) == tag)
			return &s->v[i];
	return NULL;
}

static void put(struct wn_index *x, uint64_t hash, uint8_t guard, uint64_t mask, uint32_t block)
{
	struct segment *s = segment_of(x, hash);
	struct entry e = {.tag = wn_key_tag(hash) | (uint32_t)guard << TAG_BITS, .ref = block, .mask = mask};
	struct entry *at = find(s, hash);

	x->n_keys++;
	if (at && at->ref & REF_CELL) {
		add_to_cell(x, at, e);
	} else if (at) {
		make_cell(x, at, e);
	} else {
		if (FULL_PARTS * (s->n + 1) > FULL_OF * s->size)
			grow(x, s);
		insert(s, wn_key_mark(hash), e);
	}
}

static uint32_t distance(const struct segment *s, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : to + s->size - from;
}

static void close_gap(struct segment *s, uint32_t i)
{
	for (uint32_t k = after(s, i); s->marks[k]; k = after(s, k))
		if (distance(s, wn_key_home(s->v[k].tag, s->size), k) >= distance(s, i, k)) {
			set(s, i, s->marks[k], s->v[k]);
			i = k;
		}
	set(s, i, 0, (struct entry){0});
	s->n--;
}

static void take(struct wn_index *x, uint64_t hash, uint32_t block)
{
	struct segment *s = segment_of(x, hash);
	struct entry *at = find(s, hash);

	if (!at)
		return;
	x->n_keys--;
	if (at->ref & REF_CELL)
		take_from_cell(x, at, block);
	else
		close_gap(s, (uint32_t)(at - s->v));
}

/* --- all keys of an alternative ------------------------------------------------------------------------ */

struct side { uint32_t v[KEYS_MAX], n; };

static void side_of(const struct wn_index *x, const struct draft *d, uint8_t literal, struct side *out)
{
	out->v[0] = 0;
	out->n = literal == NO ? 1 : wn_literal_values(x, &d->literals[literal], out->v, KEYS_MAX);
}

static uint64_t part(uint32_t id, unsigned place)
{
	return id ? wn_key_part(id, place) : 0;
}

/* Values learn with what they stand in keys, so that events need not try everything with everything. */
static void introduce(struct wn_index *x, const struct draft *d, uint8_t literal, uint8_t with, const struct side *of,
		      const struct side *kinds)
{
	uint32_t partner = with == NO ? PARTNER_NONE : wn_partner_bit(d->literals[with].path), contexts = 0;

	for (uint32_t k = 0; k < kinds->n; k++)
		contexts |= wn_context_bit(kinds->v[k]);
	for (uint32_t i = 0; literal != NO && i < of->n; i++) {
		struct value *v = &x->values.v[of->v[i]];
		v->contexts |= contexts;
		v->partners[d->kind == NO] |= partner;
	}
}

/* All hashes, their memory asked for. */
static uint32_t hashes_of(struct wn_index *x, const struct draft *d, bool put_in, uint64_t *out)
{
	struct side k WN_UNINITIALIZED, a WN_UNINITIALIZED, b WN_UNINITIALIZED;
	uint32_t n = 0;

	side_of(x, d, d->kind, &k);
	side_of(x, d, d->a, &a);
	side_of(x, d, d->b, &b);
	if (put_in) {
		introduce(x, d, d->a, d->b, &a, &k);
		introduce(x, d, d->b, d->a, &b, &k);
	}
	for (uint32_t i = 0; i < k.n; i++)
		for (uint32_t j = 0; j < a.n; j++)
			for (uint32_t l = 0; l < b.n && n < KEYS_MAX; l++) {
				uint64_t hash = wn_key_mix(part(k.v[i], 1) ^ part(a.v[j], 0) ^ part(b.v[l], 0));
				const struct segment *s = segment_of(x, hash);
				uint32_t home = wn_key_home((uint32_t)hash, s->size);
				__builtin_prefetch(s->marks + home);
				__builtin_prefetch(s->v + home);
				out[n++] = hash;
			}
	return n;
}

void wn_keys_put(struct wn_index *x, const struct draft *d, uint32_t block)
{
	const struct literal *g = d->guard == NO ? NULL : &d->literals[d->guard];
	uint64_t hashes[KEYS_MAX] WN_UNINITIALIZED;
	uint32_t n = hashes_of(x, d, true, hashes);

	for (uint32_t i = 0; i < n; i++)
		put(x, hashes[i], g ? (uint8_t)g->slot : 0, g ? g->mask : 1, block);
}

void wn_keys_remove(struct wn_index *x, const struct draft *d, uint32_t block)
{
	uint64_t hashes[KEYS_MAX] WN_UNINITIALIZED;
	uint32_t n = hashes_of(x, d, false, hashes);

	for (uint32_t i = 0; i < n; i++)
		take(x, hashes[i], block);
}

size_t wn_keys_memory(const struct wn_index *x)
{
	size_t sum = 0;

	for (int i = 0; i < SEGMENTS; i++)
		sum += x->segments[i].size * (sizeof(struct entry) + 1) + 8;
	return sum;
}

void wn_keys_free(struct wn_index *x)
{
	for (int i = 0; i < SEGMENTS; i++) {
		free(x->segments[i].v);
		free(x->segments[i].marks);
	}
}
