/* SPDX-License-Identifier: MIT */
/*
 * The index: an event looks up what it carries, checks the other literals of what it finds, and reports each
 * rule once. An alternative without an access literal is on the list that every event walks. Postings are
 * linked into their bucket both ways, so that taking a rule out costs what putting it in did.
 */
#include "filed.h"

#include <stdlib.h>

enum { BUCKETS_MIN = 256 /* power of two */ };

struct wn_index {
	struct wn_match_env env;
	uint32_t kind_field;
	bool has_kind;
	uint64_t probes;
	struct posting **buckets;
	size_t n_buckets, n_postings;
	struct rule **rules; /* open addressing by number; NULL free, GONE deleted */
	size_t n_slots, n_used, n_rules;
	struct paths paths;
};

/* --- buckets ------------------------------------------------------------------------------------------ */

static struct posting **bucket(struct wn_index *x, uint64_t key)
{
	return &x->buckets[key & (x->n_buckets - 1)];
}

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
	}
}

/* --- rules by number ---------------------------------------------------------------------------------- */

/* Stands where a rule was; never read, only pointed at. */
static const struct rule gone_rule;
#define GONE ((struct rule *)&gone_rule)

static struct rule **slot_of(const struct wn_index *x, uint32_t number)
{
	struct rule **free_slot = NULL;

	for (size_t i = wn_filed_mix(1, number) & (x->n_slots - 1);; i = (i + 1) & (x->n_slots - 1)) {
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
	wn_filed_free(&index->paths, *slot);
	*slot = GONE;
	index->n_rules--;
}

enum wn_filed wn_index_put(struct wn_index *index, uint32_t rule, const struct cel_program *when)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct alternatives alts = wn_terms_of(&index->env, when, a);
	struct rule *r = wn_filed_new(&index->paths, rule, &alts);

	wn_index_remove(index, rule);
	if (4 * (index->n_used + 1) > 3 * index->n_slots)
		grow_slots(index);
	struct rule **slot = slot_of(index, rule);
	index->n_used += *slot == NULL;
	*slot = r;
	index->n_rules++;
	file_rule(index, r);
	return wn_filed_how(r);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

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
			wn_filed_free(&x->paths, x->rules[i]);
	free(x->rules);
	free(x->buckets);
	free(x->paths.v);
	free(x);
}

size_t wn_index_rules(const struct wn_index *index)
{
	return index->n_rules;
}

/* --- probing ------------------------------------------------------------------------------------------ */

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
	uint64_t key = wn_filed_path_key(path, v);

	if (wn_filed_is_key(v))
		look_up(p, p->index->paths.v[path].with_kind ? wn_filed_with_kind(key, wn_filed_kind_key(*kind))
							     : key);
}

static void look_up_path(const struct probe *p, size_t path, const struct wn_value *kind)
{
	const struct path *by = &p->index->paths.v[path];
	struct wn_value v;

	if (by->users == 0 || (by->with_kind && !kind) || !read_field(p->event, by->subject, by->field, &v))
		return;
	if (!by->is_list)
		look_up_value(p, path, v, kind);
	for (uint32_t i = 0; by->is_list && v.kind == WN_LIST && i < v.n; i++)
		look_up_value(p, path, v.list[i], kind);
}

void wn_index_probe(struct wn_index *index, const struct wn_probe *event, wn_candidate_fn *on_candidate,
		    void *ctx)
{
	struct probe p = {index, event, on_candidate, ctx};
	struct wn_value kind;
	bool has_kind = index->has_kind && read_field(event, SUBJECT_SIGNAL, index->kind_field, &kind) &&
			wn_filed_is_key(kind);

	index->probes++;
	look_up(&p, WN_FILED_ALWAYS_KEY);
	if (has_kind)
		look_up(&p, wn_filed_kind_key(kind));
	for (size_t i = 0; i < index->paths.n; i++)
		look_up_path(&p, i, has_kind ? &kind : NULL);
}
