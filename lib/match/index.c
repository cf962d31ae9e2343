/* SPDX-License-Identifier: MIT */
/*
 * The index: every alternative of every rule is filed under one access literal, hashed by value and, where it names kinds,
 * by kind and value together. An event looks up what it carries, checks the other literals of what it finds, and reports
 * each rule once. An alternative without an access literal is on the list that every event walks.
 *
 * A rule is one block of memory: it is made, filed, unfiled and freed whole. Postings are linked into their bucket both
 * ways, so that taking a rule out costs what putting it in did.
 */
#include "terms.h"

#include <stdlib.h>

enum {
	KEYS_MAX = 64,     /* of one alternative by kind and value; beyond it, by value alone */
	BUCKETS_MIN = 256, /* power of two */
};

static const uint64_t always_key = 0x9e3779b97f4a7c15;

struct posting {
	struct posting *next, **back;
	uint64_t key;
	struct rule *rule;
	const struct filed *of;
};

/* An alternative as filed. */
struct filed {
	const struct literal *literals;
	size_t n_literals;
	int path; /* of the access literal, -1: kind only or always */
	struct posting *postings;
	size_t n_postings;
};

struct rule {
	uint32_t number;
	uint64_t seen; /* probe that reported it last */
	size_t n;
	struct filed *alternatives;
	char *block; /* its own literals, values, texts, postings */
};

/* A field by which alternatives are filed, so that events know what to look up. */
struct path {
	uint8_t subject;
	bool with_kind, is_list;
	uint32_t field;
	size_t users;
};

struct wn_index {
	struct wn_match_env env;
	uint32_t kind_field;
	bool has_kind;
	uint64_t probes;
	struct posting **buckets;
	size_t n_buckets, n_postings;
	struct rule **rules; /* open addressing by number; NULL free, GONE deleted */
	size_t n_slots, n_used, n_rules;
	struct path *paths;
	size_t n_paths, cap_paths;
};

/* --- keys ------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t h, uint64_t v)
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
		h = mix(h, word);
	}
	for (size_t i = 0; i < n; i++)
		h = h * 31 + (uint8_t)p[i];
	return mix(h, n);
}

/* Values that wn_terms_equal calls equal have one hash; numbers meet as doubles. */
static uint64_t hash_value(struct wn_value v)
{
	double d = v.kind == WN_INT ? (double)v.i : v.kind == WN_UINT ? (double)v.u : v.kind == WN_DOUBLE ? v.d : 0;
	uint64_t bits;

	if (v.kind == WN_STRING)
		return hash_bytes(v.s, v.n);
	if (v.kind == WN_BOOL)
		return mix(3, v.b);
	if (d == 0)
		d = 0; /* no negative zero */
	memcpy(&bits, &d, sizeof(bits));
	return mix(5, bits);
}

static bool is_key(struct wn_value v)
{
	return v.kind == WN_STRING || v.kind == WN_BOOL || v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

static uint64_t kind_key(struct wn_value kind) { return mix(11, hash_value(kind)); }
static uint64_t path_key(int path, struct wn_value v) { return mix(mix(17, (uint64_t)path), hash_value(v)); }

/* --- buckets --------------------------------------------------------------------------------------------- */

static struct posting **bucket(struct wn_index *x, uint64_t key) { return &x->buckets[key & (x->n_buckets - 1)]; }

static void link_in(struct posting *p, struct posting **at)
{
	p->next = *at;
	p->back = at;
	if (*at)
		(*at)->back = &p->next;
	*at = p;
}

static void grow_buckets(struct wn_index *x)
{
	struct posting **old = x->buckets;
	size_t n = x->n_buckets;

	x->n_buckets = n * 2;
	x->buckets = wn_alloc(x->n_buckets * sizeof(*x->buckets));
	for (size_t i = 0; i < n; i++)
		for (struct posting *p = old[i], *next; p; p = next) {
			next = p->next;
			link_in(p, bucket(x, p->key));
		}
	free(old);
}

static void file_rule(struct wn_index *x, struct rule *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct filed *f = &r->alternatives[i];
		for (size_t k = 0; k < f->n_postings; k++) {
			if (x->n_postings++ >= x->n_buckets)
				grow_buckets(x);
			link_in(&f->postings[k], bucket(x, f->postings[k].key));
		}
	}
}

static void unfile_rule(struct wn_index *x, struct rule *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct filed *f = &r->alternatives[i];
		for (size_t k = 0; k < f->n_postings; k++) {
			struct posting *p = &f->postings[k];
			*p->back = p->next;
			if (p->next)
				p->next->back = p->back;
			x->n_postings--;
		}
		if (f->path >= 0)
			x->paths[f->path].users--;
	}
}

/* --- choosing where to file ------------------------------------------------------------------------------- */

static int path_number(struct wn_index *x, const struct literal *l, bool with_kind)
{
	bool is_list = l->op == OP_CONTAINS;
	size_t i = 0;

	for (; i < x->n_paths; i++) {
		const struct path *p = &x->paths[i];
		if (p->subject == l->subject && p->field == l->field && p->with_kind == with_kind && p->is_list == is_list)
			break;
	}
	if (i == x->n_paths) {
		if (x->n_paths == x->cap_paths) {
			x->cap_paths = x->cap_paths ? x->cap_paths * 2 : 16;
			x->paths = wn_realloc(x->paths, x->cap_paths * sizeof(*x->paths));
		}
		x->paths[x->n_paths++] = (struct path){.subject = l->subject, .with_kind = with_kind, .is_list = is_list, .field = l->field};
	}
	x->paths[i].users++;
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

static void fill_postings(struct wn_index *x, struct rule *r, struct filed *f, struct access a)
{
	size_t n = 0, kinds = a.kinds ? a.kinds->n_values : 1, others = a.other ? a.other->n_values : 1;

	f->path = a.other ? path_number(x, a.other, a.kinds != NULL) : -1;
	for (size_t k = 0; k < kinds; k++)
		for (size_t o = 0; o < others; o++) {
			uint64_t key = a.other ? path_key(f->path, a.other->values[o]) : a.kinds ? kind_key(a.kinds->values[k]) : always_key;
			if (a.other && a.kinds)
				key = mix(key, kind_key(a.kinds->values[k]));
			f->postings[n++] = (struct posting){.key = key, .rule = r, .of = f};
		}
}

/* --- a rule as one block ---------------------------------------------------------------------------------- */

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
				s.bytes += f.literals[k].values[v].kind == WN_STRING ? f.literals[k].values[v].n : 0;
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

static struct rule *pack(struct wn_index *x, uint32_t number, const struct alternatives *alts)
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
		fill_postings(x, r, f, a);
		p.postings += f->n_postings;
	}
	return r;
}

static void free_rule(struct rule *r)
{
	free(r->alternatives);
	free(r->block);
	free(r);
}

/* --- rules by number ---------------------------------------------------------------------------------------- */

/* Stands where a rule was; never read, only pointed at. */
static const struct rule gone_rule;
#define GONE ((struct rule *)&gone_rule)

static struct rule **slot_of(const struct wn_index *x, uint32_t number)
{
	struct rule **free_slot = NULL;

	for (size_t i = mix(1, number) & (x->n_slots - 1);; i = (i + 1) & (x->n_slots - 1)) {
		if (!x->rules[i])
			return free_slot ? free_slot : &x->rules[i];
		if (x->rules[i] == GONE)
			free_slot = free_slot ? free_slot : &x->rules[i];
		else if (x->rules[i]->number == number)
			return &x->rules[i];
	}
}

static void grow_slots(struct wn_index *x)
{
	struct rule **old = x->rules;
	size_t n = x->n_slots;

	while (x->n_slots < 4 * (x->n_rules + 1))
		x->n_slots *= 2;
	x->rules = wn_alloc(x->n_slots * sizeof(*x->rules));
	x->n_used = x->n_rules;
	for (size_t i = 0; i < n; i++)
		if (old[i] && old[i] != GONE)
			*slot_of(x, old[i]->number) = old[i];
	free(old);
}

void wn_index_remove(struct wn_index *index, uint32_t rule)
{
	struct rule **slot = slot_of(index, rule);

	if (!*slot || *slot == GONE)
		return;
	unfile_rule(index, *slot);
	free_rule(*slot);
	*slot = GONE;
	index->n_rules--;
}

static enum wn_filed how_filed(const struct rule *r)
{
	if (r->n == 0)
		return WN_FILED_NEVER;
	for (size_t i = 0; i < r->n; i++)
		if (r->alternatives[i].n_postings == 1 && r->alternatives[i].postings[0].key == always_key)
			return WN_FILED_ALWAYS;
	return WN_FILED_KEYED;
}

enum wn_filed wn_index_put(struct wn_index *index, uint32_t rule, const struct cel_program *when)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct alternatives alts = wn_terms_of(&index->env, when, a);
	struct rule *r = pack(index, rule, &alts);

	wn_index_remove(index, rule);
	if (4 * (index->n_used + 1) > 3 * index->n_slots)
		grow_slots(index);
	struct rule **slot = slot_of(index, rule);
	index->n_used += *slot == NULL;
	*slot = r;
	index->n_rules++;
	file_rule(index, r);
	return how_filed(r);
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

struct wn_index *wn_index_new(const struct wn_match_env *env)
{
	struct wn_index *x = wn_alloc(sizeof(*x));
	const struct cel_record *rec = env->signal_record;

	x->env = *env;
	for (size_t i = 0; rec && rec->discriminator && i < rec->n_fields; i++)
		if (strcmp(rec->fields[i].name, rec->discriminator) == 0) {
			x->kind_field = rec->fields[i].number;
			x->has_kind = true;
		}
	x->n_buckets = BUCKETS_MIN;
	x->buckets = wn_alloc(x->n_buckets * sizeof(*x->buckets));
	x->n_slots = BUCKETS_MIN;
	x->rules = wn_alloc(x->n_slots * sizeof(*x->rules));
	return x;
}

void wn_index_free(struct wn_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_slots; i++)
		if (x->rules[i] && x->rules[i] != GONE)
			free_rule(x->rules[i]);
	free(x->rules);
	free(x->buckets);
	free(x->paths);
	free(x);
}

size_t wn_index_rules(const struct wn_index *index) { return index->n_rules; }

/* --- probing ------------------------------------------------------------------------------------------------- */

struct probe {
	struct wn_index *index;
	const struct wn_probe *event;
	wn_candidate_fn *on_candidate;
	void *ctx;
};

static bool read_field(const struct wn_probe *e, uint8_t subject, uint32_t field, struct wn_value *out)
{
	const struct wn_object *o = subject == SUBJECT_SIGNAL ? e->signal : e->account;

	return o && o->cls->get(o, field, out);
}

static bool all_hold(const struct probe *p, const struct filed *f)
{
	struct wn_value v;

	for (size_t i = 0; i < f->n_literals; i++) {
		const struct literal *l = &f->literals[i];
		if (!read_field(p->event, l->subject, l->field, &v) || !wn_terms_hold(l, v))
			return false;
	}
	return true;
}

static void look_up(const struct probe *p, uint64_t key)
{
	for (const struct posting *at = *bucket(p->index, key); at; at = at->next) {
		if (at->key != key || at->rule->seen == p->index->probes || !all_hold(p, at->of))
			continue;
		at->rule->seen = p->index->probes;
		p->on_candidate(p->ctx, at->rule->number);
	}
}

static void look_up_value(const struct probe *p, size_t path, struct wn_value v, const struct wn_value *kind)
{
	uint64_t key = path_key((int)path, v);

	if (is_key(v))
		look_up(p, p->index->paths[path].with_kind ? mix(key, kind_key(*kind)) : key);
}

static void look_up_path(const struct probe *p, size_t path, const struct wn_value *kind)
{
	const struct path *by = &p->index->paths[path];
	struct wn_value v;

	if (by->users == 0 || (by->with_kind && !kind) || !read_field(p->event, by->subject, by->field, &v))
		return;
	if (!by->is_list)
		look_up_value(p, path, v, kind);
	for (uint32_t i = 0; by->is_list && v.kind == WN_LIST && i < v.n; i++)
		look_up_value(p, path, v.list[i], kind);
}

void wn_index_probe(struct wn_index *index, const struct wn_probe *event, wn_candidate_fn *on_candidate, void *ctx)
{
	struct probe p = {index, event, on_candidate, ctx};
	struct wn_value kind;
	bool has_kind = index->has_kind && read_field(event, SUBJECT_SIGNAL, index->kind_field, &kind) && is_key(kind);

	index->probes++;
	look_up(&p, always_key);
	if (has_kind)
		look_up(&p, kind_key(kind));
	for (size_t i = 0; i < index->n_paths; i++)
		look_up_path(&p, i, has_kind ? &kind : NULL);
}
