/* SPDX-License-Identifier: MIT */
/*
 * The index: rules come and go, and are looked at again when what is known of events has grown. An event looks under
 * the keys of what it carries and tests what it finds.
 */
#include "inside.h"

#include <stdlib.h>

enum { CYCLE_FIRST = 512, CYCLE_FACTOR = 8 };

/* --- rules by number ---------------------------------------------------------------------------------- */

/* Instead of a first block: no such rule; one that can never be true. Blocks begin at 2. */
enum { NONE = 0, NEVER = 1 };

static uint32_t of_rule(const struct wn_index *x, uint32_t rule)
{
	return rule < x->cap_rules ? x->rules[rule] : NONE;
}

static uint32_t first_block(const struct wn_index *x, uint32_t rule)
{
	uint32_t at = of_rule(x, rule);

	return at == NEVER ? 0 : at;
}

static void grow_rules(struct wn_index *x, uint32_t rule)
{
	uint64_t cap = rule + 1 + (uint64_t)rule / 8 + 32;
	bool idle = x->cursor >= x->cap_rules;

	cap = cap > UINT32_MAX ? UINT32_MAX : cap;
	x->rules = wn_realloc(x->rules, cap * sizeof(*x->rules));
	memset(x->rules + x->cap_rules, 0, (cap - x->cap_rules) * sizeof(*x->rules));
	x->cap_rules = (uint32_t)cap;
	x->cursor = idle ? x->cap_rules : x->cursor;
}

/* --- coming and going --------------------------------------------------------------------------------- */

static void count_block(struct wn_index *x, const struct block *b, uint32_t by)
{
	x->n_keyless += b->flags & BLOCK_KEYLESS ? by : 0;
	x->n_inexact += b->flags & BLOCK_INEXACT ? by : 0;
}

static uint32_t file(struct wn_index *x, struct draft *d, uint32_t rule, uint32_t next)
{
	x->filed = true;
	wn_draft_choose(x, d);
	uint32_t at = wn_block_write(x, d, rule, next);
	count_block(x, wn_block(x, at), 1);
	wn_keys_put(x, d, at);
	return at;
}

/* Written down, to be filed when an event asks: by then more is known of all rules. */
static uint32_t keep(struct wn_index *x, struct draft *d, uint32_t rule, uint32_t next)
{
	wn_draft_sort(d);
	uint32_t at = wn_block_write(x, d, rule, next);
	struct block *b = wn_block(x, at);
	b->flags = (uint8_t)((b->flags & ~BLOCK_KEYLESS) | BLOCK_PENDING);
	count_block(x, b, 1);
	return at;
}

static void unfile(struct wn_index *x, const struct draft *d, uint32_t at)
{
	struct block *b = wn_block(x, at);

	if (!(b->flags & BLOCK_PENDING))
		wn_keys_remove(x, d, at);
	count_block(x, b, UINT32_MAX);
	wn_store_give(&x->store, at, wn_block_size(b));
}

/* Takes a rule apart: its alternatives, under no key any more, in the scratch arena. */
static struct drafts take(struct wn_index *x, uint32_t rule)
{
	struct drafts all = {0};

	wn_arena_reset(x->scratch);
	for (uint32_t at = first_block(x, rule); at; at = wn_block(x, at)->next)
		all.n++;
	all.v = WN_NEW_N(x->scratch, struct draft, all.n + 1);
	for (uint32_t at = first_block(x, rule), i = 0, next; at; at = next, i++) {
		next = wn_block(x, at)->next;
		wn_block_read(x, at, &all.v[i], x->scratch);
		unfile(x, &all.v[i], at);
	}
	return all;
}

void wn_index_remove(struct wn_index *x, uint32_t rule)
{
	if (of_rule(x, rule) == NONE)
		return;
	struct drafts all = take(x, rule);
	for (uint32_t i = 0; i < all.n; i++)
		wn_draft_drop(x, &all.v[i]);
	x->rules[rule] = NONE;
	x->n_rules--;
}

static bool is_pending(const struct wn_index *x, uint32_t rule)
{
	uint32_t at = first_block(x, rule);

	return at && wn_block(x, at)->flags & BLOCK_PENDING;
}

static void put_off(struct wn_index *x, uint32_t rule)
{
	if (x->n_pending == x->cap_pending) {
		x->cap_pending = x->cap_pending * 2 + 16;
		x->pending = wn_realloc(x->pending, x->cap_pending * sizeof(*x->pending));
	}
	x->pending[x->n_pending++] = rule;
}

enum wn_filed wn_index_put(struct wn_index *x, uint32_t rule, const struct cel_program *when)
{
	uint32_t at = 0, keyless = 0;
	bool waited = is_pending(x, rule);

	wn_index_remove(x, rule);
	wn_arena_reset(x->scratch);
	struct drafts all = wn_drafts_of(x, wn_term_of(&x->env, when, x->scratch), x->scratch);
	for (uint32_t i = 0; i < all.n; i++) {
		keyless += !wn_draft_has_key(x, &all.v[i]);
		at = keep(x, &all.v[i], rule, at);
	}
	if (rule >= x->cap_rules)
		grow_rules(x, rule);
	x->rules[rule] = at ? at : NEVER;
	x->n_rules++;
	if (!waited)
		put_off(x, rule);
	return all.n == 0 ? WN_FILED_NEVER : keyless ? WN_FILED_ALWAYS : WN_FILED_KEYED;
}

bool wn_index_decides(const struct wn_index *x, uint32_t rule)
{
	for (uint32_t at = first_block(x, rule); at; at = wn_block(x, at)->next)
		if (wn_block(x, at)->flags & BLOCK_INEXACT)
			return false;
	return true;
}

/* --- looking at rules again --------------------------------------------------------------------------- */

/* Ranges move to the buckets in use now. */
static void renew_ranges(struct wn_index *x, struct draft *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		struct literal *l = &d->literals[i];
		struct path *p = &x->paths[l->path];
		if (l->how != HOW_RANGE)
			continue;
		p->range[l->slot_kind - SLOT_RANGE0]->users--;
		p->range[p->now]->users++;
		l->slot_kind = (uint8_t)(SLOT_RANGE0 + p->now);
		l->slot = wn_path_slot(x, l->path, (enum slot_kind)l->slot_kind);
		l->mask = wn_range_mask(p->range[p->now], l->lo, l->hi);
	}
}

static void review(struct wn_index *x, uint32_t rule)
{
	struct drafts all = take(x, rule);
	uint32_t first = 0;

	for (uint32_t i = 0; i < all.n; i++) {
		renew_ranges(x, &all.v[i]);
		first = file(x, &all.v[i], rule, first);
	}
	x->rules[rule] = first ? first : NEVER;
}

static void settle_some(struct wn_index *x, size_t *rules)
{
	for (; *rules > 0 && x->n_pending > 0; --*rules) {
		uint32_t rule = x->pending[--x->n_pending];
		if (is_pending(x, rule))
			review(x, rule);
	}
	if (x->n_pending == 0 && x->cap_pending > 64) { /* after many at once */
		free(x->pending);
		x->pending = NULL;
		x->cap_pending = 0;
	}
}

/* Many new rules are worth new edges before they are filed, and need not be looked at again soon. */
static void before_settling(struct wn_index *x)
{
	if (x->n_pending <= x->n_rules / 2)
		return;
	wn_paths_measure(x);
	x->cycle_rules = x->n_rules;
	x->cursor = x->cap_rules;
}

void wn_index_settle(struct wn_index *x)
{
	size_t all = SIZE_MAX;

	before_settling(x);
	settle_some(x, &all);
}

static bool begin_cycle(struct wn_index *x)
{
	if (x->events < x->next_cycle && x->n_rules < 2 * x->cycle_rules + 256)
		return false;
	wn_paths_measure(x);
	if (x->events >= x->next_cycle)
		x->next_cycle = x->events * CYCLE_FACTOR;
	x->cycle_rules = x->n_rules;
	x->cursor = 0;
	return true;
}

bool wn_index_tend(struct wn_index *x, size_t rules)
{
	before_settling(x);
	settle_some(x, &rules);
	if (x->n_pending > 0 || (x->cursor >= x->cap_rules && !begin_cycle(x)))
		return x->n_pending > 0;
	for (; rules > 0 && x->cursor < x->cap_rules; x->cursor++)
		if (first_block(x, x->cursor)) {
			review(x, x->cursor);
			rules--;
		}
	return x->cursor < x->cap_rules;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

struct wn_index *wn_index_new(const struct wn_match_env *env)
{
	struct wn_index *x = wn_alloc(sizeof(*x));
	const struct cel_record *rec = env->signal_record;

	x->env = *env;
	x->kind_path = -1;
	for (size_t i = 0; rec && rec->discriminator && i < rec->n_fields; i++)
		if (strcmp(rec->fields[i].name, rec->discriminator) == 0) {
			x->kind_field = rec->fields[i].number;
			x->has_kind = true;
		}
	x->n_slots = 1;
	x->slots = wn_alloc(sizeof(*x->slots));
	x->next_cycle = CYCLE_FIRST;
	x->scratch = wn_arena_new(0);
	return x;
}

void wn_index_free(struct wn_index *x)
{
	if (!x)
		return;
	for (uint32_t i = 0; i < x->n_paths; i++) {
		free(x->paths[i].range[0]);
		free(x->paths[i].range[1]);
		free(x->paths[i].samples);
		free(x->paths[i].ends);
	}
	wn_keys_free(x);
	wn_event_free(x->event);
	wn_arena_free(x->scratch);
	free(x->store.units);
	free(x->values.v);
	free(x->values.slots);
	free(x->paths);
	free(x->slots);
	free(x->needles);
	free(x->rules);
	free(x->pending);
	free(x);
}

size_t wn_index_rules(const struct wn_index *x)
{
	return x->n_rules;
}

void wn_index_measure(const struct wn_index *x, struct wn_index_size *out)
{
	*out = (struct wn_index_size){.rules = x->n_rules, .keys = x->n_keys, .keyless = x->n_keyless, .opaque = x->n_inexact};
	out->values = x->values.n_used;
	out->bytes_rules = x->store.n * sizeof(uint64_t) + x->cap_rules * sizeof(*x->rules);
	out->bytes_keys = wn_keys_memory(x);
	out->bytes_values = x->values.n * sizeof(*x->values.v) + x->values.n_slots * sizeof(*x->values.slots);
	out->bytes = sizeof(*x) + out->bytes_rules + out->bytes_keys + out->bytes_values +
		     x->n_paths * (sizeof(*x->paths) + 2 * sizeof(struct range)) + x->n_needles * sizeof(*x->needles);
}
