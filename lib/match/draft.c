/* SPDX-License-Identifier: MIT */
/*
 * From the tree of a rule to alternatives: bounded disjunctive normal form where that makes better keys; an ||
 * that stands beside two usable literals is tested where it stands. Literals become masks where they can.
 */
#include "inside.h"

#include <math.h>
#include <stdlib.h>

enum { WORDS_MAX = 20000 };

/* --- alternatives ------------------------------------------------------------------------------------- */

struct alternative {
	WN_VEC(struct term *) literals;
	WN_VEC(struct term *) clauses;
	bool inexact;
};
struct split {
	struct wn_index *x;
	struct wn_arena *arena;
	WN_VEC(struct alternative) v;
};

/* Anything may be true of what is opaque: what is left when it is taken as true. */
static struct term *without_opaque(struct split *s, struct term *t, bool *any)
{
	if (t->kind == TERM_OPAQUE) {
		*any = true;
		struct term *yes = WN_NEW(s->arena, struct term);
		yes->kind = TERM_TRUE;
		return yes;
	}
	if (t->kind != TERM_AND && t->kind != TERM_OR)
		return t;
	struct term *to = WN_NEW(s->arena, struct term);
	*to = *t;
	to->args = WN_NEW_N(s->arena, struct term *, t->n + 1);
	to->n = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		struct term *arg = without_opaque(s, t->args[i], any);
		if (arg->kind != TERM_TRUE)
			to->args[to->n++] = arg;
		else if (t->kind == TERM_OR)
			return arg;
	}
	if (to->n == 0)
		to->kind = TERM_TRUE;
	return to->n == 1 ? to->args[0] : to;
}

static void conjoin(struct split *s, struct alternative *a, struct term *t)
{
	if (t->kind == TERM_AND)
		for (uint32_t i = 0; i < t->n; i++)
			conjoin(s, a, t->args[i]);
	else if (t->kind == TERM_OR)
		*WN_PUSH(s->arena, &a->clauses) = t;
	else if (t->kind == TERM_LITERAL)
		*WN_PUSH(s->arena, &a->literals) = t;
}

static bool is_usable(const struct term *t)
{
	bool is_flag = t->test == TEST_IN && t->n > 0 && t->values[0].kind == WN_BOOL;

	return !t->negated && t->test <= TEST_RANGE && !is_flag && (t->test == TEST_RANGE || t->n <= KEYS_MAX);
}

static size_t usable(const struct alternative *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->literals.n; i++)
		n += is_usable(a->literals.v[i]);
	return n;
}

/* The clause with the fewest branches that an alternative in want of literals is split by; -1: none. */
static long worth_splitting(const struct split *s, const struct alternative *a)
{
	long best = -1;

	for (size_t i = 0; i < a->clauses.n && usable(a) < 2; i++)
		if (s->v.n + a->clauses.v[i]->n <= ALTERNATIVES_MAX &&
		    (best < 0 || a->clauses.v[i]->n < a->clauses.v[best]->n))
			best = (long)i;
	return best;
}

static void settle(struct split *s, struct alternative a, int depth)
{
	long at = depth < ALTERNATIVES_MAX ? worth_splitting(s, &a) : -1;

	if (at < 0) {
		*WN_PUSH(s->arena, &s->v) = a;
		return;
	}
	struct term *clause = a.clauses.v[at];
	for (uint32_t i = 0; i < clause->n; i++) {
		struct alternative one = {.inexact = a.inexact};
		for (size_t k = 0; k < a.literals.n; k++)
			*WN_PUSH(s->arena, &one.literals) = a.literals.v[k];
		for (size_t k = 0; k < a.clauses.n; k++)
			if ((long)k != at)
				*WN_PUSH(s->arena, &one.clauses) = a.clauses.v[k];
		conjoin(s, &one, clause->args[i]);
		settle(s, one, depth + 1);
	}
}

static void split(struct split *s, struct term *t)
{
	struct alternative a = {0};

	if (t->kind == TERM_OR && s->v.n + t->n <= ALTERNATIVES_MAX) {
		for (uint32_t i = 0; i < t->n; i++)
			split(s, t->args[i]);
		return;
	}
	t = without_opaque(s, t, &a.inexact);
	conjoin(s, &a, t);
	settle(s, a, 0);
}

/* --- literals to masks -------------------------------------------------------------------------------- */

struct writer {
	struct wn_index *x;
	struct wn_arena *arena;
	struct draft *d;
	struct cel_span span; /* of the term at hand */
	WN_VEC(struct literal) literals;
	WN_VEC(uint32_t) words;
	bool never;
};

static void mask(struct writer *w, uint16_t path, enum slot_kind kind, enum how how, struct literal l)
{
	l.path = path;
	l.slot_kind = (uint8_t)kind;
	l.how = (uint8_t)how;
	l.slot = wn_path_slot(w->x, path, kind);
	l.span = w->span;
	*WN_PUSH(w->arena, &w->literals) = l;
}

static void word(struct writer *w, uint32_t v)
{
	*WN_PUSH(w->arena, &w->words) = v;
}

static void head(struct writer *w, enum node node, unsigned flags, uint32_t arg)
{
	word(w, (uint32_t)node | flags << 8 | arg << 16);
}

/* Numbers of the values of a term; their bits, if each has its own. */
struct set { uint32_t *ids, n; uint64_t own, shared; bool all_own; };

static struct set set_of(struct writer *w, uint16_t path, const struct term *t)
{
	struct set s = {.ids = WN_NEW_N(w->arena, uint32_t, t->n + 1), .all_own = true};
	struct canonical *c = WN_NEW_N(w->arena, struct canonical, t->n + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) /* their memory is asked for before it is needed */
		if (wn_canonical(path, t->values[i], &c[n]))
			wn_value_fetch(w->x, &c[n++]);
	for (uint32_t i = 0; i < n; i++)
		s.ids[i] = wn_value_guess(w->x, &c[i]);
	for (uint32_t i = 0; i < n; i++)
		wn_value_fetch_text(w->x, s.ids[i]);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = wn_value_use(w->x, path, &c[i]);
		bool again = false;
		for (uint32_t k = 0; k < s.n; k++)
			again |= s.ids[k] == id;
		if (again) {
			wn_value_drop(w->x, id);
			continue;
		}
		s.ids[s.n++] = id;
		uint8_t bit = w->x->values.v[id].bit;
		s.all_own &= bit != NO;
		s.own |= bit != NO ? UINT64_C(1) << bit : 0;
		s.shared |= UINT64_C(1) << wn_value_fold(id);
	}
	return s;
}

static void set_node(struct writer *w, uint16_t path, const struct set *s, unsigned flags)
{
	head(w, NODE_SET, flags, path);
	word(w, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		word(w, s->ids[i]);
}

static void mask_node(struct writer *w, uint16_t path, enum slot_kind kind, enum node node, uint64_t bits)
{
	head(w, node, 0, wn_path_slot(w->x, path, kind));
	word(w, (uint32_t)bits);
	word(w, (uint32_t)(bits >> 32));
}

static void range_node(struct writer *w, uint16_t path, double lo, double hi, unsigned flags)
{
	uint32_t words[5], *end = words;

	wn_node_range(&end, path, lo, hi, flags);
	for (const uint32_t *p = words; p < end; p++)
		word(w, *p);
}

static uint64_t sort_asked(const struct term *t)
{
	static const uint16_t of[] = {[TEST_IN] = SORT_THERE,	   [TEST_ANY] = SORT_LIST,    [TEST_RANGE] = SORT_NUMBER,
				      [TEST_CONTAINS] = SORT_STRING, [TEST_STARTS] = SORT_STRING, [TEST_ENDS] = SORT_STRING};

	return (uint64_t)of[t->test] << (t->or_absent ? SORT_ABSENT_OR : 0);
}

static unsigned open_flags(const struct term *t)
{
	return (t->negated ? FLAG_NOT : 0) | (t->or_absent ? FLAG_UNLESS : 0) | (t->open_lo ? FLAG_OPEN_LO : 0) |
	       (t->open_hi ? FLAG_OPEN_HI : 0);
}

static void needle_node(struct writer *w, uint16_t path, const struct term *t)
{
	uint32_t needle = wn_needle_use(w->x, path, t->test, wn_value_str(t->values[0]));

	head(w, NODE_NEEDLE, open_flags(t), path);
	word(w, needle);
}

static void keep_end(struct wn_index *x, uint16_t path, double end)
{
	struct path *p = &x->paths[path];
	const struct range *r = p->range[p->now];

	if (!isfinite(end) || (r && r->edges[0] != INFINITY))
		return;
	if (!p->ends)
		p->ends = wn_alloc(SAMPLES * sizeof(*p->ends));
	x->random = x->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	p->ends[p->n_ends < SAMPLES ? p->n_ends++ : x->random >> 56] = end;
}

static void add_range(struct writer *w, uint16_t path, const struct term *t)
{
	struct literal l = {.lo = t->range[0], .hi = t->range[1], .open_lo = t->open_lo, .open_hi = t->open_hi};
	uint8_t kind;

	keep_end(w->x, path, l.lo);
	keep_end(w->x, path, l.hi);
	for (size_t i = 0; i < w->literals.n; i++) { /* x >= 1 && x <= 5 */
		struct literal *o = &w->literals.v[i];
		if (o->how != HOW_RANGE || o->path != path)
			continue;
		if (l.lo > o->lo || (l.lo == o->lo && l.open_lo))
			o->lo = l.lo, o->open_lo = l.open_lo;
		if (l.hi < o->hi || (l.hi == o->hi && l.open_hi))
			o->hi = l.hi, o->open_hi = l.open_hi;
		o->span.start = o->span.start < t->span.start ? o->span.start : t->span.start;
		o->span.end = o->span.end > t->span.end ? o->span.end : t->span.end;
		o->mask = wn_range_mask(w->x->paths[path].range[o->slot_kind - SLOT_RANGE0], o->lo, o->hi);
		return;
	}
	struct range *r = wn_path_range(w->x, path);
	r->users++;
	kind = (uint8_t)(SLOT_RANGE0 + w->x->paths[path].now);
	l.mask = wn_range_mask(r, l.lo, l.hi);
	mask(w, path, kind, HOW_RANGE, l);
}

static void add_negated(struct writer *w, uint16_t path, const struct term *t)
{
	struct literal sort = {.mask = sort_asked(t)};

	if (!(t->or_absent && t->test == TEST_IN))
		mask(w, path, SLOT_SORT, HOW_MASK, sort);
	if (t->test == TEST_RANGE) {
		range_node(w, path, t->range[0], t->range[1], open_flags(t));
		return;
	}
	if (t->test >= TEST_CONTAINS) {
		needle_node(w, path, t);
		return;
	}
	struct set s = set_of(w, path, t);
	if (!s.all_own)
		set_node(w, path, &s, open_flags(t));
	else if (s.n)
		mask(w, path, t->or_absent ? SLOT_UNLESS : SLOT_NOT, HOW_NOT_MASK,
		     (struct literal){.mask = s.own, .ids = s.ids, .n_ids = s.n});
}

static void add_literal(struct writer *w, const struct term *t)
{
	uint16_t path = wn_path_of(w->x, t);

	w->span = t->span;
	if (t->test == TEST_HAS) {
		mask(w, path, SLOT_SORT, t->negated ? HOW_NOT_MASK : HOW_MASK, (struct literal){.mask = SORT_SET});
	} else if (t->negated) {
		add_negated(w, path, t);
	} else if (t->test == TEST_RANGE) {
		add_range(w, path, t);
	} else if (t->test >= TEST_CONTAINS) {
		needle_node(w, path, t);
	} else {
		struct set s = set_of(w, path, t);
		struct literal l = {.mask = s.all_own ? s.own : s.shared, .ids = s.ids, .n_ids = s.n};
		w->never |= s.n == 0 && !t->lenient;
		w->d->inexact |= s.n == 0; /* true of nothing, unknown of what is missing */
		if (s.n == 0)
			return;
		mask(w, path, s.all_own ? SLOT_IN : SLOT_FOLD, s.all_own ? HOW_MASK : HOW_SET, l);
	}
}

/* --- clauses: && and || where they stand --------------------------------------------------------------- */

static void clause(struct writer *w, const struct term *t);

static void several(struct writer *w, const struct term *t)
{
	size_t at;

	head(w, t->kind == TERM_AND ? NODE_AND : NODE_OR, 0, t->n);
	at = w->words.n;
	word(w, 0);
	for (uint32_t i = 0; i < t->n; i++)
		clause(w, t->args[i]);
	w->words.v[at] = (uint32_t)(w->words.n - at - 1);
}

static void set_clause(struct writer *w, uint16_t path, const struct term *t)
{
	struct set s = set_of(w, path, t);
	enum slot_kind slot = !t->negated ? SLOT_IN : t->or_absent ? SLOT_UNLESS : SLOT_NOT;

	if (s.all_own && s.n)
		mask_node(w, path, slot, t->negated ? NODE_NOT_MASK : NODE_MASK, s.own);
	else
		set_node(w, path, &s, open_flags(t));
}

static void test_node(struct writer *w, uint16_t path, const struct term *t)
{
	if (t->test == TEST_RANGE)
		range_node(w, path, t->range[0], t->range[1], open_flags(t));
	else if (t->test >= TEST_CONTAINS)
		needle_node(w, path, t);
	else
		set_clause(w, path, t);
}

static void clause(struct writer *w, const struct term *t)
{
	if (t->kind != TERM_LITERAL) {
		several(w, t);
		return;
	}
	uint16_t path = wn_path_of(w->x, t);
	if (t->test == TEST_HAS) {
		mask_node(w, path, SLOT_SORT, t->negated ? NODE_NOT_MASK : NODE_MASK, SORT_SET);
		return;
	}
	if (!t->negated || (t->or_absent && t->test == TEST_IN)) {
		test_node(w, path, t);
		return;
	}
	head(w, NODE_AND, 0, 2);
	size_t at = w->words.n;
	word(w, 0);
	mask_node(w, path, SLOT_SORT, NODE_MASK, sort_asked(t));
	test_node(w, path, t);
	w->words.v[at] = (uint32_t)(w->words.n - at - 1);
}

static size_t weight(const struct term *t)
{
	size_t n = t->kind == TERM_LITERAL && t->test != TEST_RANGE ? 10 + t->n : 14;

	for (uint32_t i = 0; t->kind != TERM_LITERAL && i < t->n; i++)
		n += weight(t->args[i]);
	return n;
}

/* --- all -------------------------------------------------------------------------------------------------- */

/* False: it can never be true. */
static bool draft_of(struct wn_index *x, const struct alternative *a, struct wn_arena *arena, struct draft *out)
{
	struct writer w = {.x = x, .arena = arena, .d = out};
	size_t words = 0;

	*out = (struct draft){.inexact = a->inexact, .kind = NO, .a = NO, .b = NO, .guard = NO};
	for (size_t i = 0; i < a->literals.n; i++) {
		words += weight(a->literals.v[i]);
		if (i < LITERALS_MAX && words <= WORDS_MAX)
			add_literal(&w, a->literals.v[i]);
		else
			out->inexact = true;
	}
	for (size_t i = 0; i < a->clauses.n; i++) {
		words += weight(a->clauses.v[i]);
		if (words <= WORDS_MAX)
			clause(&w, a->clauses.v[i]);
		else
			out->inexact = true;
	}
	out->literals = w.literals.v;
	out->n = (uint32_t)w.literals.n;
	out->nodes = w.words.v;
	out->n_words = (uint32_t)w.words.n;
	if (w.never)
		wn_draft_drop(x, out);
	return !w.never;
}

struct drafts wn_drafts_of(struct wn_index *x, const struct term *t, struct wn_arena *a)
{
	struct split s = {.x = x, .arena = a};
	struct drafts all = {0};

	if (t->kind == TERM_FALSE)
		return all;
	split(&s, (struct term *)t);
	all.v = WN_NEW_N(a, struct draft, s.v.n + 1);
	for (size_t i = 0; i < s.v.n; i++)
		all.n += draft_of(x, &s.v.v[i], a, &all.v[all.n]);
	return all;
}
