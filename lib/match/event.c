/* SPDX-License-Identifier: MIT */
/*
 * An event as the index looks at it: which of the values that rules name it carries, as numbers and as words of
 * bits; and whether it makes an alternative true. What it carries is counted for the choice of keys.
 */
#include "inside.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT_ALL = 512, COUNT_EVERY = 8, COUNT_MAX = 1 << 22 }; /* events that statistics rest on */

/* --- reading ------------------------------------------------------------------------------------------ */

struct wanted { struct canonical c; uint16_t path; uint32_t id; };

struct reading {
	struct wn_index *x;
	struct event *e;
	bool counts;
	struct wanted *v;
	uint32_t n;
};

static struct event *room(struct wn_index *x)
{
	struct event *e = x->event;

	if (!e)
		e = x->event = wn_alloc(sizeof(*e));
	if (x->n_slots > e->cap_mask) {
		e->cap_mask = x->n_slots + 32;
		e->mask = wn_realloc(e->mask, e->cap_mask * sizeof(*e->mask));
	}
	if (x->n_paths > e->cap_seen) {
		e->cap_seen = x->n_paths + 32;
		e->seen = wn_realloc(e->seen, e->cap_seen * sizeof(*e->seen));
	}
	if (x->n_needles > e->cap_needles) {
		uint32_t cap = x->n_needles + 32;
		e->needles = wn_realloc(e->needles, cap * sizeof(*e->needles));
		memset(e->needles + e->cap_needles, 0, (cap - e->cap_needles) * sizeof(*e->needles));
		e->cap_needles = cap;
	}
	if (++e->probe >= UINT32_MAX / 2) {
		e->probe = 1;
		memset(e->needles, 0, e->cap_needles * sizeof(*e->needles));
		memset(e->found, 0, e->cap_found * sizeof(*e->found));
	}
	return e;
}

static uint64_t sorts_of(const struct seen *s)
{
	uint64_t all = SORT_THERE | SORT_NUMBER | SORT_STRING | SORT_LIST, is = 0;

	if (s->value.kind == WN_ABSENT)
		return (s->pass ? all : 0) | all << SORT_ABSENT_OR;
	is = SORT_THERE | (s->is_number ? SORT_NUMBER : 0) | (s->value.kind == WN_STRING ? SORT_STRING : 0) |
	     (s->value.kind == WN_LIST || s->value.kind == WN_MAP ? SORT_LIST : 0);
	return is | (s->is_set ? is : all) << SORT_ABSENT_OR | (s->is_set ? SORT_SET : 0);
}

static bool number_of(struct wn_value v, double *out)
{
	*out = v.kind == WN_INT ? (double)v.i : v.kind == WN_UINT ? (double)v.u : v.kind == WN_DOUBLE ? v.d : NAN;
	return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

static void token(struct reading *r, uint32_t id)
{
	struct event *e = r->e;
	struct value *v = &r->x->values.v[id];

	if (e->n_tokens == e->cap_tokens) {
		e->cap_tokens = e->cap_tokens * 2 + 64;
		e->tokens = wn_realloc(e->tokens, e->cap_tokens * sizeof(*e->tokens));
	}
	e->tokens[e->n_tokens++] = (struct token){.id = id,
						  .bit = wn_partner_bit(v->path),
						  .part = wn_key_part(id, 0),
						  .contexts = v->contexts,
						  .partners = {v->partners[0], v->partners[1]}};
	v->count += r->counts;
}

static void want(struct reading *r, uint16_t path, struct wn_value v)
{
	struct wanted *w = &r->v[r->n];

	if (!wn_canonical(path, v, &w->c))
		return;
	w->path = path;
	r->n++;
	wn_value_fetch(r->x, &w->c);
}

static size_t elements(const struct path *p, struct wn_value v)
{
	if (!p->is_list)
		return v.kind != WN_LIST && v.kind != WN_MAP;
	return v.kind == WN_LIST || v.kind == WN_MAP ? v.n : 0;
}

/* Looks at the field; its values are wanted, and found later, when memory had time to come. */
static void look(struct reading *r, const struct wn_probe *from, uint16_t i)
{
	const struct path *p = &r->x->paths[i];
	struct seen *s = &r->e->seen[i];
	const struct wn_object *o = p->subject == SUBJECT_SIGNAL ? from->signal : from->account;

	if (p->subject == SUBJECT_SIGNALS)
		s->value = from->signal_kinds;
	else if (!o || !o->cls->get(o, p->field, &s->value))
		s->value = (struct wn_value){.kind = WN_ABSENT};
	s->is_set = s->value.kind != WN_ABSENT;
	s->pass = !s->is_set && p->lenient;
	s->is_number = number_of(s->value, &s->number);
	size_t n = s->is_set && p->named ? elements(p, s->value) : 0;
	if (r->n + n > r->e->cap_wanted) {
		r->e->cap_wanted = r->n + (uint32_t)n + 64;
		r->v = r->e->wanted = wn_realloc(r->v, r->e->cap_wanted * sizeof(*r->v));
	}
	for (size_t k = 0; k < n; k++)
		want(r, i, !p->is_list ? s->value : s->value.kind == WN_LIST ? s->value.list[k] : s->value.map[k].key);
}

static bool is_again(const struct event *e, const struct seen *s, uint32_t id)
{
	for (uint32_t k = s->first; k < e->n_tokens; k++)
		if (e->tokens[k].id == id)
			return true;
	return false;
}

static void count(struct wn_index *x, struct path *p, const struct seen *s)
{
	if (!s->is_set)
		return;
	p->there++;
	p->tokens += (uint32_t)elements(p, s->value);
	if (!(p->range[0] || p->range[1]) || !s->is_number || s->number != s->number)
		return;
	if (!p->samples)
		p->samples = wn_alloc(SAMPLES * sizeof(*p->samples));
	uint32_t at = p->n_numbers++;
	if (at >= SAMPLES) {
		x->random = x->random * UINT64_C(6364136223846793005) + 1442695040888963407;
		at = (uint32_t)((x->random >> 32) * p->n_numbers >> 32);
	}
	if (at < SAMPLES)
		p->samples[at] = s->number;
	p->n_samples += p->n_samples < SAMPLES;
}

/* Bits of the values found, into the words of the path. */
static void set_words(struct reading *r, const struct path *p, struct seen *s)
{
	uint64_t *mask = r->e->mask, own = 0, shared = 0;

	for (uint32_t k = s->first; k < s->first + s->n; k++) {
		uint32_t id = r->e->tokens[k].id;
		uint8_t bit = r->x->values.v[id].bit;
		own |= bit != NO ? UINT64_C(1) << bit : 0;
		shared |= UINT64_C(1) << wn_value_fold(id);
	}
	mask[p->slots[SLOT_IN]] = s->pass ? ~UINT64_C(0) : own;
	mask[p->slots[SLOT_FOLD]] = s->pass ? ~UINT64_C(0) : shared;
	mask[p->slots[SLOT_NOT]] = own;
	mask[p->slots[SLOT_UNLESS]] = s->is_set ? own : 0;
	if (p->slots[SLOT_SORT])
		mask[p->slots[SLOT_SORT]] = sorts_of(s);
}

static void set_ranges(struct reading *r, const struct path *p, const struct seen *s)
{
	bool has = s->is_number && s->number == s->number;

	for (int g = 0; g < 2; g++) {
		const struct range *range = p->range[g];
		if (!range || !range->users)
			continue;
		unsigned b = has ? wn_range_bucket(range, s->number) : 0;
		r->e->mask[p->slots[SLOT_RANGE0 + g]] = s->pass ? ~UINT64_C(0) : has ? UINT64_C(1) << b : 0;
		if (has)
			token(r, range->base + b);
	}
}

static void take_path(struct reading *r, uint16_t i, uint32_t *at)
{
	struct path *p = &r->x->paths[i];
	struct seen *s = &r->e->seen[i];

	s->first = r->e->n_tokens;
	for (; *at < r->n && r->v[*at].path == i; ++*at) {
		const struct wanted *w = &r->v[*at];
		uint32_t id = w->id && !wn_value_is(r->x, w->id, &w->c, i) ? wn_value_find(r->x, &w->c, i) : w->id;
		if (id && !(p->is_list && is_again(r->e, s, id)))
			token(r, id);
	}
	s->n = r->e->n_tokens - s->first;
	if (p->is_list == false && (int)i == r->x->kind_path && s->n)
		r->e->kind = r->e->tokens[s->first].id;
	set_words(r, p, s);
	if (p->range[0])
		set_ranges(r, p, s);
	if (s->pass)
		token(r, p->missing);
	if (r->counts)
		count(r->x, p, s);
}

static void halve(struct wn_index *x)
{
	x->events /= 2;
	for (uint32_t i = 0; i < x->values.n; i++)
		x->values.v[i].count /= 2;
	for (uint32_t i = 0; i < x->n_paths; i++) {
		x->paths[i].there /= 2;
		x->paths[i].tokens /= 2;
	}
}

void wn_event_read(struct wn_index *x, const struct wn_probe *p)
{
	struct event *e = room(x);
	struct reading r = {.x = x, .e = e, .v = e->wanted};
	uint32_t at = 0;

	r.counts = x->events < COUNT_ALL || e->probe % COUNT_EVERY == 0;
	e->n_tokens = 0;
	e->kind = 0;
	for (uint32_t i = 0; i < x->n_paths; i++)
		look(&r, p, (uint16_t)i);
	for (uint32_t i = 0; i < r.n; i++)
		r.v[i].id = wn_value_guess(x, &r.v[i].c);
	for (uint32_t i = 0; i < r.n; i++)
		if (r.v[i].id && r.v[i].c.kind == WN_STRING)
			__builtin_prefetch(x->store.units + x->values.v[r.v[i].id].text);
	for (uint32_t i = 0; i < x->n_paths; i++)
		take_path(&r, (uint16_t)i, &at);
	e->mask[0] = ~UINT64_C(0);
	x->events += r.counts;
	if (x->events >= COUNT_MAX)
		halve(x);
}

void wn_event_free(struct event *e)
{
	if (!e)
		return;
	free(e->mask);
	free(e->seen);
	free(e->tokens);
	free(e->wanted);
	free(e->needles);
	free(e->wants);
	free(e->places);
	free(e->blocks);
	free(e->halves);
	free(e->found);
	free(e);
}

/* --- testing ------------------------------------------------------------------------------------------ */

static bool has_one(const struct event *e, const struct seen *s, const uint32_t *ids, uint32_t n)
{
	const struct token *t = e->tokens + s->first;

	for (uint32_t i = 0; i < s->n; i++)
		for (uint32_t k = 0; k < n; k++)
			if (t[i].id == ids[k])
				return true;
	return false;
}

static bool search(const struct wn_index *x, struct wn_value v, const struct needle *n)
{
	const char *text = (const char *)(x->store.units + n->text);

	if (v.n < n->len)
		return false;
	switch ((enum test)n->test) {
	case TEST_STARTS:
		return memcmp(v.s, text, n->len) == 0;
	case TEST_ENDS:
		return memcmp(v.s + v.n - n->len, text, n->len) == 0;
	default:
		return n->len == 0 || memmem(v.s, v.n, text, n->len) != NULL;
	}
}

/* Few different texts are searched for in one field: each once an event, when first asked. */
static bool has_needle(struct wn_index *x, const struct seen *s, uint32_t number)
{
	uint32_t *known = &x->event->needles[number], probe = x->event->probe;

	if (*known >> 1 != probe)
		*known = probe << 1 | search(x, s->value, &x->needles[number]);
	return *known & 1;
}

static bool in_range(const struct seen *s, const uint32_t *node, unsigned flags)
{
	double lo, hi;

	wn_node_ends(node, &lo, &hi);
	return (flags & FLAG_OPEN_LO ? s->number > lo : s->number >= lo) &&
	       (flags & FLAG_OPEN_HI ? s->number < hi : s->number <= hi);
}

static bool test_field(struct wn_index *x, const uint32_t *node)
{
	unsigned flags = node[0] >> 8 & 0xff;
	const struct seen *s = &x->event->seen[node[0] >> 16];
	bool holds = false, sort = true;

	if (s->pass || (flags & FLAG_UNLESS && !s->is_set))
		return true;
	switch ((enum node)(node[0] & 0xff)) {
	case NODE_SET:
		holds = has_one(x->event, s, node + 2, node[1]);
		break;
	case NODE_NEEDLE:
		sort = s->value.kind == WN_STRING;
		holds = sort && has_needle(x, s, node[1]);
		break;
	default:
		sort = s->is_number;
		holds = sort && in_range(s, node, flags);
	}
	return flags & FLAG_NOT ? sort && !holds : holds;
}

static bool test_node(struct wn_index *x, const uint32_t *node)
{
	enum node kind = node[0] & 0xff;

	if (kind == NODE_MASK || kind == NODE_NOT_MASK) {
		uint64_t mask = node[1] | (uint64_t)node[2] << 32;
		return ((x->event->mask[node[0] >> 16] & mask) != 0) == (kind == NODE_MASK);
	}
	if (kind != NODE_AND && kind != NODE_OR)
		return test_field(x, node);
	const uint32_t *end = node + 2 + node[1];
	for (const uint32_t *n = node + 2; n < end; n += wn_node_words(n))
		if (test_node(x, n) == (kind == NODE_OR))
			return kind == NODE_OR;
	return kind == NODE_AND;
}

bool wn_event_holds(struct wn_index *x, const struct block *b)
{
	const uint64_t *words = x->event->mask, *masks = (const uint64_t *)b + block_masks(b->n_masks);
	uint32_t i = 0;

	for (; i < b->n_true; i++)
		if (!(words[b->slots[i]] & masks[i]))
			return false;
	for (; i < b->n_masks; i++)
		if (words[b->slots[i]] & masks[i])
			return false;
	const uint32_t *node = (const uint32_t *)(masks + b->n_masks), *end = node + b->n_words;
	for (; node < end; node += wn_node_words(node))
		if (!test_node(x, node))
			return false;
	return true;
}
