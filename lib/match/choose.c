/* SPDX-License-Identifier: MIT */
/*
 * Where to file an alternative: under the kind and up to two of its literals, such that few events look at it,
 * without making many keys of it. Chances come from events; before there are any, from what rules name.
 */
#include "inside.h"

enum { KINDS_MAX = 8, PRIOR = 32 /* events that what rules name counts for */ };

/* --- chances ------------------------------------------------------------------------------------------ */

static double prior(const struct path *p, const struct value *v)
{
	if (v->kind == WN_ABSENT) /* a bucket, or "not there" */
		return 1.0 / 64;
	double tokens = p->is_list ? p->there ? (double)p->tokens / p->there : 4 : 1;
	double share = p->named ? tokens * v->users / p->named : 0.5;
	return share < 1 ? share : 1;
}

double wn_value_chance(const struct wn_index *x, uint32_t id)
{
	const struct value *v = &x->values.v[id];

	return (v->count + PRIOR * prior(&x->paths[v->path], v)) / ((double)x->events + PRIOR);
}

static float at_most_1(double p)
{
	return p < 1 ? (float)p : 1;
}

static double sum_of_bits(const struct wn_index *x, uint32_t base, uint64_t mask)
{
	double sum = 0;

	for (; mask; mask &= mask - 1)
		sum += wn_value_chance(x, base + (uint32_t)__builtin_ctzll(mask));
	return sum;
}

static void estimate(const struct wn_index *x, struct literal *l)
{
	const struct path *p = &x->paths[l->path];
	double sum = p->missing ? wn_value_chance(x, p->missing) : 0;
	double tokens = p->is_list ? p->there ? (double)p->tokens / p->there : 4 : 1;

	for (uint32_t i = 0; i < l->n_ids; i++)
		sum += wn_value_chance(x, l->ids[i]);
	if (l->how == HOW_RANGE)
		sum += sum_of_bits(x, p->range[l->slot_kind - SLOT_RANGE0]->base, l->mask);
	if (l->slot_kind == SLOT_SORT)
		sum = l->mask & SORT_SET ? (p->there + PRIOR / 2.0) / ((double)x->events + PRIOR) : 0.9;
	l->chance = at_most_1(l->how == HOW_NOT_MASK ? 1 - (sum < 1 ? sum : 1) : sum);
	l->pass = l->chance;
	if (l->how == HOW_SET)
		l->pass = at_most_1(sum + tokens * __builtin_popcountll(l->mask) / 64);
}

/* --- the key ------------------------------------------------------------------------------------------ */

uint32_t wn_literal_values(const struct wn_index *x, const struct literal *l, uint32_t *out, uint32_t max)
{
	const struct path *p = &x->paths[l->path];
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n_ids; i++, n++)
		if (n < max)
			out[n] = l->ids[i];
	for (uint64_t m = l->how == HOW_RANGE ? l->mask : 0; m; m &= m - 1, n++)
		if (n < max)
			out[n] = p->range[l->slot_kind - SLOT_RANGE0]->base + (uint32_t)__builtin_ctzll(m);
	if (p->missing) {
		if (n < max)
			out[n] = p->missing;
		n++;
	}
	return n;
}

static bool makes_keys(const struct literal *l)
{
	return (l->how == HOW_MASK && l->slot_kind == SLOT_IN) || l->how == HOW_SET || l->how == HOW_RANGE;
}

bool wn_draft_has_key(const struct wn_index *x, const struct draft *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (makes_keys(&d->literals[i]) && wn_literal_values(x, &d->literals[i], NULL, 0) <= KEYS_MAX)
			return true;
	return false;
}

struct choice {
	uint8_t kind, a, b;
	float cost;
};

/* An event looks under pairs of different values; one value that makes both literals true would be missed. */
static bool may_pair(const struct wn_index *x, const struct literal *a, const struct literal *b)
{
	if (a->path != b->path)
		return true;
	if (!x->paths[a->path].is_list || x->paths[a->path].missing)
		return false;
	for (uint32_t i = 0; i < a->n_ids; i++)
		for (uint32_t k = 0; k < b->n_ids; k++)
			if (a->ids[i] == b->ids[k])
				return false;
	return true;
}

/* Of a further key, against the share of events that look at the rule in vain: where rules are few, so are the looks. */
static float key_cost(const struct wn_index *x)
{
	return x->n_rules < 1000 ? 2e-3f : x->n_rules < 100000 ? 2.0f / (float)x->n_rules : 2e-5f;
}

/* What a literal makes of the share of events, and of the number of keys. */
struct side { float chance; uint32_t n; };
struct chooser {
	const struct wn_index *index;
	const struct draft *draft;
	struct side sides[LITERALS_MAX * 2];
	float key_cost;
	struct choice best;
};

static struct side side_of(const struct chooser *c, uint8_t literal)
{
	return literal == NO ? (struct side){1, 1} : c->sides[literal];
}

static void consider(struct chooser *c, uint8_t kind, uint8_t a, uint8_t b)
{
	const struct side k = side_of(c, kind), x = side_of(c, a), y = side_of(c, b);
	uint64_t keys = (uint64_t)k.n * x.n * y.n;
	float share = k.chance * x.chance * y.chance, cost = share + c->key_cost * (float)keys;

	if (keys <= KEYS_MAX && cost < c->best.cost && (b == NO || may_pair(c->index, &c->draft->literals[a], &c->draft->literals[b])))
		c->best = (struct choice){kind, a, b, cost};
}

static struct choice choose(const struct wn_index *x, const struct draft *d)
{
	struct chooser c WN_UNINITIALIZED;
	uint8_t v[LITERALS_MAX * 2] WN_UNINITIALIZED, kind = NO;
	uint32_t n = 0;

	c.index = x;
	c.draft = d;
	c.key_cost = key_cost(x);
	c.best = (struct choice){NO, NO, NO, 2};
	for (uint32_t i = 0; i < d->n; i++) {
		const struct literal *l = &d->literals[i];
		c.sides[i] = (struct side){l->chance, wn_literal_values(x, l, NULL, 0)};
		if (!makes_keys(l) || c.sides[i].n > KEYS_MAX)
			continue;
		if (l->path == x->kind_path && kind == NO && c.sides[i].n <= KINDS_MAX)
			kind = (uint8_t)i;
		else
			v[n++] = (uint8_t)i;
	}
	for (int with = kind != NO; with >= 0; with--) {
		uint8_t k = with ? kind : NO;
		if (k != NO)
			consider(&c, k, NO, NO);
		for (uint32_t a = 0; a < n; a++) {
			consider(&c, k, v[a], NO);
			for (uint32_t b = a + 1; b < n; b++)
				consider(&c, k, v[a], v[b]);
		}
	}
	return c.best;
}

double wn_draft_share(const struct draft *d)
{
	const uint8_t of[] = {d->kind, d->a, d->b};
	double share = 1;

	for (size_t i = 0; i < WN_COUNT(of); i++)
		share *= of[i] == NO ? 1 : d->literals[of[i]].chance;
	return share;
}

/* --- order -------------------------------------------------------------------------------------------- */

/* Masks that must hit, then those that must not; what led here says nothing new and comes last. */
static bool goes_before(const struct literal *x, const struct literal *y)
{
	bool not_x = x->how == HOW_NOT_MASK, not_y = y->how == HOW_NOT_MASK;

	if (not_x != not_y)
		return not_y;
	if (x->is_key != y->is_key)
		return y->is_key;
	return x->pass != y->pass ? x->pass < y->pass : x->slot < y->slot;
}

/* By insertion: they are few. */
void wn_draft_sort(struct draft *d)
{
	for (uint32_t i = 1; i < d->n; i++) {
		uint32_t to = i;

		while (to > 0 && goes_before(&d->literals[i], &d->literals[to - 1]))
			to--;
		if (to == i)
			continue;
		struct literal l = d->literals[i];
		memmove(&d->literals[to + 1], &d->literals[to], (i - to) * sizeof(l));
		d->literals[to] = l;
	}
}

static uint8_t guard(const struct draft *d)
{
	for (uint32_t i = 0; i < d->n; i++) /* the most failing comes first */
		if (!d->literals[i].is_key && d->literals[i].how != HOW_NOT_MASK && d->literals[i].slot < 256)
			return d->literals[i].pass < 0.95f ? (uint8_t)i : NO;
	return NO;
}

static uint8_t where(const struct draft *d, const struct literal *was)
{
	for (uint32_t i = 0; was && i < d->n; i++)
		if (d->literals[i].slot == was->slot && d->literals[i].mask == was->mask && d->literals[i].ids == was->ids)
			return (uint8_t)i;
	return NO;
}

void wn_draft_choose(const struct wn_index *x, struct draft *d)
{
	struct literal was[3] WN_UNINITIALIZED;
	bool is[3];

	for (uint32_t i = 0; i < d->n; i++) {
		d->literals[i].is_key = false;
		estimate(x, &d->literals[i]);
	}
	struct choice c = choose(x, d);
	const uint8_t of[] = {c.kind, c.a, c.b};
	for (int i = 0; i < 3; i++) {
		is[i] = of[i] != NO;
		if (is[i]) {
			d->literals[of[i]].is_key = true;
			was[i] = d->literals[of[i]];
		}
	}
	wn_draft_sort(d);
	d->kind = where(d, is[0] ? &was[0] : NULL);
	d->a = where(d, is[1] ? &was[1] : NULL);
	d->b = where(d, is[2] ? &was[2] : NULL);
	d->guard = guard(d);
}
