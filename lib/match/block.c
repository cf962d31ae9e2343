/* SPDX-License-Identifier: MIT */
/*
 * An alternative as one piece of memory, written once and read by every event that comes by: header, slots,
 * masks (those that must hit first), then nodes: exact tests of what the masks cannot decide. Reading gives back
 * what was written, so that an alternative can be filed anew without its text.
 */
#include "inside.h"

#include <math.h>

_Static_assert(sizeof(struct block) == 16, "two units");

/* --- writing ------------------------------------------------------------------------------------------ */

struct words { uint32_t *p; };

static void word(struct words *w, uint32_t v)
{
	*w->p++ = v;
}

static bool is_small(double lo, double hi)
{
	return (lo == -INFINITY || (fabs(lo) < INT32_MAX && lo == (double)(int32_t)lo)) &&
	       (hi == INFINITY || (fabs(hi) < INT32_MAX && hi == (double)(int32_t)hi));
}

void wn_node_range(uint32_t **at, uint16_t path, double lo, double hi, unsigned flags)
{
	struct words w = {*at};
	uint64_t bits[2];
	bool small = is_small(lo, hi);

	word(&w, (uint32_t)(small ? NODE_RANGE32 : NODE_RANGE64) | flags << 8 | (uint32_t)path << 16);
	if (small) {
		word(&w, (uint32_t)(lo == -INFINITY ? INT32_MIN : (int32_t)lo));
		word(&w, (uint32_t)(hi == INFINITY ? INT32_MAX : (int32_t)hi));
	} else {
		memcpy(&bits[0], &lo, 8);
		memcpy(&bits[1], &hi, 8);
		for (int i = 0; i < 4; i++)
			word(&w, (uint32_t)(bits[i / 2] >> (i % 2 ? 32 : 0)));
	}
	*at = w.p;
}

/* Words of a literal's exact test. */
static uint32_t test_words(const struct literal *l)
{
	if (l->how == HOW_SET)
		return 2 + l->n_ids;
	return l->how == HOW_RANGE ? is_small(l->lo, l->hi) ? 3 : 5 : 0;
}

static void put_test(uint32_t **at, const struct literal *l)
{
	struct words w = {*at};

	if (l->how == HOW_RANGE)
		wn_node_range(at, l->path, l->lo, l->hi,
			      (l->open_lo ? FLAG_OPEN_LO : 0) | (l->open_hi ? FLAG_OPEN_HI : 0));
	if (l->how != HOW_SET)
		return;
	word(&w, (uint32_t)NODE_SET | (uint32_t)l->path << 16);
	word(&w, l->n_ids);
	for (uint32_t i = 0; i < l->n_ids; i++)
		word(&w, l->ids[i]);
	*at = w.p;
}

size_t wn_block_size(const struct block *b)
{
	return (block_units(b->n_masks, b->n_words) + 1) & ~(size_t)1;
}

uint32_t wn_block_write(struct wn_index *x, const struct draft *d, uint32_t rule, uint32_t next)
{
	uint32_t n_words = d->n_words;

	for (uint32_t i = 0; i < d->n; i++)
		n_words += test_words(&d->literals[i]);
	struct block proto = {.rule = rule, .next = next, .n_masks = (uint8_t)d->n, .kind = d->kind, .a = d->a, .b = d->b};
	proto.n_words = (uint16_t)n_words;
	proto.flags = (uint8_t)((d->inexact ? BLOCK_INEXACT : 0) |
				(d->kind == NO && d->a == NO && d->b == NO ? BLOCK_KEYLESS : 0));
	uint32_t at = wn_store_take(&x->store, wn_block_size(&proto));
	struct block *b = wn_block(x, at);
	uint64_t *masks = x->store.units + at + block_masks(d->n);
	uint32_t *nodes = (uint32_t *)(masks + d->n);
	*b = proto;
	for (uint32_t i = 0; i < d->n; i++) {
		b->slots[i] = d->literals[i].slot;
		masks[i] = d->literals[i].mask;
		b->n_true = (uint8_t)(b->n_true + (d->literals[i].how != HOW_NOT_MASK));
		put_test(&nodes, &d->literals[i]);
	}
	if (d->n_words)
		memcpy(nodes, d->nodes, d->n_words * sizeof(*nodes));
	return at;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static double double_of(const uint32_t *p)
{
	uint64_t bits = p[0] | (uint64_t)p[1] << 32;
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

void wn_node_ends(const uint32_t *node, double *lo, double *hi)
{
	if ((node[0] & 0xff) == NODE_RANGE64) {
		*lo = double_of(node + 1);
		*hi = double_of(node + 3);
		return;
	}
	int32_t a = (int32_t)node[1], b = (int32_t)node[2];
	*lo = a == INT32_MIN ? -INFINITY : a;
	*hi = b == INT32_MAX ? INFINITY : b;
}

uint32_t wn_node_words(const uint32_t *node)
{
	switch ((enum node)(node[0] & 0xff)) {
	case NODE_MASK:
	case NODE_NOT_MASK:
	case NODE_RANGE32:
		return 3;
	case NODE_RANGE64:
		return 5;
	case NODE_NEEDLE:
		return 2;
	case NODE_SET:
	case NODE_AND:
	case NODE_OR:
		return 2 + node[1];
	}
	return 1;
}

static const uint32_t *ids_of(const struct path *p, uint64_t mask, struct wn_arena *a)
{
	uint32_t *ids = WN_NEW_N(a, uint32_t, 64), n = 0;

	for (; mask; mask &= mask - 1)
		ids[n++] = p->small[__builtin_ctzll(mask)];
	return ids;
}

static void read_literal(const struct wn_index *x, struct literal *l, const uint32_t **node, struct wn_arena *a)
{
	const struct path *p = &x->paths[l->path];

	if (l->slot_kind == SLOT_FOLD) {
		l->how = HOW_SET;
		l->n_ids = (*node)[1];
		l->ids = *node + 2;
	} else if (l->slot_kind == SLOT_RANGE0 || l->slot_kind == SLOT_RANGE1) {
		l->how = HOW_RANGE;
		l->open_lo = **node >> 8 & FLAG_OPEN_LO;
		l->open_hi = **node >> 8 & FLAG_OPEN_HI;
		wn_node_ends(*node, &l->lo, &l->hi);
	} else if (l->slot_kind != SLOT_SORT) {
		l->ids = ids_of(p, l->mask, a);
		l->n_ids = (uint32_t)__builtin_popcountll(l->mask);
	}
	if (l->how == HOW_SET || l->how == HOW_RANGE)
		*node += wn_node_words(*node);
}

void wn_block_read(const struct wn_index *x, uint32_t at, struct draft *d, struct wn_arena *a)
{
	const struct block *b = wn_block(x, at);
	const uint64_t *masks = x->store.units + at + block_masks(b->n_masks);
	uint32_t *copy = WN_NEW_N(a, uint32_t, b->n_words + 1u);
	const uint32_t *node = copy;

	memcpy(copy, masks + b->n_masks, b->n_words * sizeof(*copy));
	*d = (struct draft){.n = b->n_masks, .inexact = b->flags & BLOCK_INEXACT, .kind = b->kind, .a = b->a, .b = b->b, .guard = NO};
	d->literals = WN_NEW_N(a, struct literal, b->n_masks + 1u);
	for (uint32_t i = 0; i < b->n_masks; i++) {
		struct slot s = x->slots[b->slots[i]];
		struct literal *l = &d->literals[i];
		*l = (struct literal){.slot = b->slots[i], .path = s.path, .slot_kind = s.kind, .mask = masks[i]};
		l->how = i < b->n_true ? HOW_MASK : HOW_NOT_MASK;
		read_literal(x, l, &node, a);
	}
	d->nodes = (uint32_t *)node;
	d->n_words = (uint32_t)(copy + b->n_words - node);
}

/* --- letting go --------------------------------------------------------------------------------------- */

static void drop_bits(struct wn_index *x, uint16_t slot, uint64_t mask)
{
	struct slot s = x->slots[slot];

	for (; s.kind != SLOT_SORT && mask; mask &= mask - 1)
		wn_value_drop(x, x->paths[s.path].small[__builtin_ctzll(mask)]);
}

static void drop_needle(struct wn_index *x, uint32_t number)
{
	struct needle *n = &x->needles[number];

	if (--n->users == 0)
		wn_store_give(&x->store, n->text, n->len / 8 + 1);
}

static void drop_nodes(struct wn_index *x, const uint32_t *node, const uint32_t *end)
{
	for (; node < end; node += wn_node_words(node))
		switch ((enum node)(node[0] & 0xff)) {
		case NODE_MASK:
		case NODE_NOT_MASK:
			drop_bits(x, (uint16_t)(node[0] >> 16), node[1] | (uint64_t)node[2] << 32);
			break;
		case NODE_SET:
			for (uint32_t i = 0; i < node[1]; i++)
				wn_value_drop(x, node[2 + i]);
			break;
		case NODE_NEEDLE:
			drop_needle(x, node[1]);
			break;
		case NODE_AND:
		case NODE_OR:
			drop_nodes(x, node + 2, node + wn_node_words(node));
			break;
		default:
			break;
		}
}

void wn_draft_drop(struct wn_index *x, const struct draft *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct literal *l = &d->literals[i];
		if (l->how == HOW_RANGE)
			x->paths[l->path].range[l->slot_kind - SLOT_RANGE0]->users--;
		for (uint32_t k = 0; k < l->n_ids; k++)
			wn_value_drop(x, l->ids[k]);
	}
	drop_nodes(x, d->nodes, d->nodes + d->n_words);
}
