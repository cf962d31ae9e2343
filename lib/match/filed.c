/* SPDX-License-Identifier: MIT */
/*
 * A rule as the index keeps it: every alternative filed under one access literal, hashed by value and, where it
 * names kinds, by kind and value together. Made and freed whole; what it was made from may go.
 */
#include "filed.h"

#include <stdlib.h>

enum { KEYS_MAX = 64 /* of one alternative by kind and value; beyond it, by value alone */ };

/* --- keys --------------------------------------------------------------------------------------------- */

uint64_t wn_filed_mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15 + (h << 6) + (h >> 2);
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	h ^= h >> 29;
	h *= 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = n;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		h = wn_filed_mix(h, word);
	}
	for (size_t i = 0; i < n; i++)
		h = h * 31 + (uint8_t)p[i];
	return wn_filed_mix(h, n);
}

/* Values that wn_terms_equal calls equal have one hash; numbers meet as doubles. */
static uint64_t hash_value(struct wn_value v)
{
	double d = v.kind == WN_INT      ? (double)v.i
		   : v.kind == WN_UINT   ? (double)v.u
		   : v.kind == WN_DOUBLE ? v.d
					 : 0;
	uint64_t bits;

	if (v.kind == WN_STRING)
		return hash_bytes(v.s, v.n);
	if (v.kind == WN_BOOL)
		return wn_filed_mix(3, v.b);
	if (d == 0)
		d = 0; /* no negative zero */
	memcpy(&bits, &d, sizeof(bits));
	return wn_filed_mix(5, bits);
}

bool wn_filed_is_key(struct wn_value v)
{
	return v.kind == WN_STRING || v.kind == WN_BOOL || v.kind == WN_INT || v.kind == WN_UINT ||
	       v.kind == WN_DOUBLE;
}

uint64_t wn_filed_kind_key(struct wn_value kind)
{
	return wn_filed_mix(11, hash_value(kind));
}
uint64_t wn_filed_path_key(size_t path, struct wn_value v)
{
	return wn_filed_mix(wn_filed_mix(17, path), hash_value(v));
}
uint64_t wn_filed_with_kind(uint64_t path_key, uint64_t kind_key)
{
	return wn_filed_mix(path_key, kind_key);
}

/* --- choosing where to file --------------------------------------------------------------------------- */

static int path_number(struct paths *all, const struct literal *l, bool with_kind)
{
	bool is_list = l->op == OP_CONTAINS;
	size_t i = 0;

	for (; i < all->n; i++) {
		const struct path *p = &all->v[i];
		if (p->subject == l->subject && p->field == l->field && p->with_kind == with_kind &&
		    p->is_list == is_list)
			break;
	}
	if (i == all->n) {
		if (all->n == all->cap) {
			all->cap = all->cap ? all->cap * 2 : 16;
			all->v = wn_realloc(all->v, all->cap * sizeof(*all->v));
		}
		all->v[all->n++] = (struct path){
		    .subject = l->subject, .with_kind = with_kind, .is_list = is_list, .field = l->field};
	}
	all->v[i].users++;
	return (int)i;
}

/* What an alternative is filed under: kinds, another literal, both or neither. */
struct access {
	const struct literal *kinds, *other;
};

static size_t cost(const struct literal *l)
{
	return (size_t)l->weight * l->n_values * (l->op == OP_CONTAINS ? 2 : 1);
}

static struct access choose(const struct filed *f)
{
	struct access a = {NULL, NULL};

	for (size_t i = 0; i < f->n_literals; i++) {
		const struct literal *l = &f->literals[i];
		if (l->op != OP_ANY_OF && l->op != OP_CONTAINS)
			continue;
		const struct literal **slot = l->is_kind ? &a.kinds : &a.other;
		if (!*slot || cost(l) < cost(*slot))
			*slot = l;
	}
	if (a.kinds && a.other && (size_t)a.kinds->n_values * a.other->n_values > KEYS_MAX) {
		if (cost(a.other) <= cost(a.kinds))
			a.kinds = NULL;
		else
			a.other = NULL;
	}
	return a;
}

static size_t n_keys(struct access a)
{
	return (a.kinds ? a.kinds->n_values : 1) * (a.other ? a.other->n_values : 1);
}

/* The key for kind number k and value number o of an access. */
static uint64_t key_of(const struct filed *f, struct access a, size_t k, size_t o)
{
	uint64_t kind = a.kinds ? wn_filed_kind_key(a.kinds->values[k]) : WN_FILED_ALWAYS_KEY;

	if (!a.other)
		return kind;
	uint64_t value = wn_filed_path_key((size_t)f->path, a.other->values[o]);
	return a.kinds ? wn_filed_with_kind(value, kind) : value;
}

static void fill_postings(struct paths *paths, struct rule *r, struct filed *f, struct access a)
{
	size_t n = 0, kinds = a.kinds ? a.kinds->n_values : 1, others = a.other ? a.other->n_values : 1;

	f->path = a.other ? path_number(paths, a.other, a.kinds != NULL) : -1;
	for (size_t k = 0; k < kinds; k++)
		for (size_t o = 0; o < others; o++) {
			f->postings[n++] = (struct posting){.key = key_of(f, a, k, o), .rule = r, .of = f};
		}
}

/* --- a rule as one block ------------------------------------------------------------------------------ */

struct sizes {
	size_t literals, values, bytes, postings;
};

static struct sizes measure(const struct alternatives *alts)
{
	struct sizes s = {0};

	for (size_t i = 0; i < alts->n; i++) {
		struct filed f = {.literals = alts->v[i].literals, .n_literals = alts->v[i].n};
		s.postings += n_keys(choose(&f));
		s.literals += f.n_literals;
		for (size_t k = 0; k < f.n_literals; k++) {
			s.values += f.literals[k].n_values;
			for (uint32_t v = 0; v < f.literals[k].n_values; v++)
				s.bytes +=
				    f.literals[k].values[v].kind == WN_STRING ? f.literals[k].values[v].n : 0;
		}
	}
	return s;
}

/* Where the next piece of a block goes. */
struct packer {
	struct literal *literals;
	struct wn_value *values;
	struct posting *postings;
	char *bytes;
};

static void pack_literal(struct packer *p, const struct literal *from)
{
	struct literal *to = p->literals++;

	*to = *from;
	to->values = p->values;
	for (uint32_t i = 0; i < from->n_values; i++) {
		struct wn_value v = from->values[i];
		if (v.kind == WN_STRING) {
			memcpy(p->bytes, v.s, v.n);
			v.s = p->bytes;
			p->bytes += v.n;
		}
		*p->values++ = v;
	}
}

struct rule *wn_filed_new(struct paths *paths, uint32_t number, const struct alternatives *alts)
{
	struct sizes s = measure(alts);
	struct rule *r = wn_alloc(sizeof(*r));

	r->number = number;
	r->n = alts->n;
	r->alternatives = wn_alloc(alts->n * sizeof(*r->alternatives) + 1);
	r->block = wn_alloc(s.postings * sizeof(struct posting) + s.literals * sizeof(struct literal) +
			    s.values * sizeof(struct wn_value) + s.bytes + 1);
	struct packer p = {.postings = (struct posting *)r->block};
	p.literals = (struct literal *)(p.postings + s.postings);
	p.values = (struct wn_value *)(p.literals + s.literals);
	p.bytes = (char *)(p.values + s.values);
	for (size_t i = 0; i < alts->n; i++) {
		struct filed *f = &r->alternatives[i];
		*f = (struct filed){.literals = p.literals, .n_literals = alts->v[i].n, .postings = p.postings};
		for (size_t k = 0; k < alts->v[i].n; k++)
			pack_literal(&p, &alts->v[i].literals[k]);
		struct access a = choose(f);
		f->n_postings = n_keys(a);
		fill_postings(paths, r, f, a);
		p.postings += f->n_postings;
	}
	return r;
}

void wn_filed_free(struct paths *paths, struct rule *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->alternatives[i].path >= 0)
			paths->v[r->alternatives[i].path].users--;
	free(r->alternatives);
	free(r->block);
	free(r);
}

enum wn_filed wn_filed_how(const struct rule *r)
{
	if (r->n == 0)
		return WN_FILED_NEVER;
	for (size_t i = 0; i < r->n; i++)
		if (r->alternatives[i].n_postings == 1 &&
		    r->alternatives[i].postings[0].key == WN_FILED_ALWAYS_KEY)
			return WN_FILED_ALWAYS;
	return WN_FILED_KEYED;
}
