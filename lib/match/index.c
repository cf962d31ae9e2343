/* SPDX-License-Identifier: MIT */
/*
 * The index: rules come and go, and are looked at again when what is known of events has grown. An event looks under
 * the keys of what it carries and tests what it finds.
 */
#include "inside.h"

#include <stdlib.h>

enum { CYCLE_FIRST = 512, CYCLE_FACTOR = 8, RULE_SLOTS_MIN = 64 };

/* --- rules by number ---------------------------------------------------------------------------------- */

#define GONE UINT64_MAX
static uint64_t rule_of(uint32_t number, uint32_t block)
{
	return ((uint64_t)number + 1) << 31 | block;
}

static uint64_t *slot_of(const struct wn_index *x, uint32_t number)
{
	uint32_t mask = x->n_rule_slots - 1;
	uint64_t *free_slot = NULL;

	for (uint32_t i = (uint32_t)(wn_mix(1, number) >> 16) & mask;; i = (i + 1) & mask) {
		uint64_t *r = &x->rules[i];
		if (!*r)
			return free_slot ? free_slot : r;
		if (*r == GONE)
			free_slot = free_slot ? free_slot : r;
		else if (*r >> 31 == (uint64_t)number + 1)
			return r;
	}
}

static uint32_t block_of(uint64_t rule)
{
	return rule == GONE ? 0 : (uint32_t)rule & ~REF_CELL;
}

static void grow_rules(struct wn_index *x)
{
	uint64_t *old = x->rules;
	uint32_t n = x->n_rule_slots;

	while (x->n_rule_slots < 2 * (x->n_rules + 1))
		x->n_rule_slots *= 2;
	x->rules = wn_alloc(x->n_rule_slots * sizeof(*x->rules));
	x->n_rules_used = x->n_rules;
	for (uint32_t i = 0; i < n; i++)
		if (old[i] && old[i] != GONE)
			*slot_of(x, (uint32_t)((old[i] >> 31) - 1)) = old[i];
	free(old);
	x->cursor = x->cursor < n ? 0 : x->n_rule_slots; /* a cycle under way begins again */
}

/* --- coming and going --------------------------------------------------------------------------------- */

static void count_block(struct wn_index *x, const struct block *b, uint32_t by)
{
	x->n_keyless += b->flags & BLOCK_KEYLESS ? by : 0;
	x->n_inexact += b->flags & BLOCK_INEXACT ? by : 0;
}

static uint32_t file(struct wn_index *x, struct draft *d, uint32_t rule, uint32_t next)
{
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

void wn_index_remove(struct wn_index *x, uint32_t rule)
{
	uint64_t *slot = slot_of(x, rule);
	uint32_t at = block_of(*slot);

	if (!*slot || *slot == GONE)
		return;
	wn_arena_reset(x->scratch);
	while (at) {
		struct draft d;
		uint32_t next = wn_block(x, at)->next;
		wn_block_read(x, at, &d, x->scratch);
		unfile(x, &d, at);
		wn_draft_drop(x, &d);
		at = next;
	}
	*slot = GONE;
	x->n_rules--;
}

enum wn_filed wn_index_put(struct wn_index *x, uint32_t rule, const struct cel_program *when)
{
	uint32_t at = 0, keyless = 0;

	wn_index_remove(x, rule);
	wn_arena_reset(x->scratch);
	struct drafts all = wn_drafts_of(x, wn_term_of(&x->env, when, x->scratch), x->scratch);
	for (uint32_t i = 0; i < all.n; i++) {
		keyless += !wn_draft_has_key(x, &all.v[i]);
		at = keep(x, &all.v[i], rule, at);
	}
	if (4 * (x->n_rules_used + 1) > 3 * x->n_rule_slots)
		grow_rules(x);
	uint64_t *slot = slot_of(x, rule);
	x->n_rules_used += *slot == 0;
	*slot = rule_of(rule, at);
	x->n_rules++;
	if (x->n_pending == x->cap_pending) {
		x->cap_pending = x->cap_pending * 2 + 16;
		x->pending = wn_realloc(x->pending, x->cap_pending * sizeof(*x->pending));
	}
	x->pending[x->n_pending++] = rule;
	return all.n == 0 ? WN_FILED_NEVER : keyless ? WN_FILED_ALWAYS : WN_FILED_KEYED;
}

bool wn_index_decides(const struct wn_index *x, uint32_t rule)
{
	for (uint32_t at = block_of(*slot_of(x, rule)); at; at = wn_block(x, at)->next)
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

static void review(struct wn_index *x, uint64_t *slot)
{
	uint32_t at = block_of(*slot), first = 0, rule = (uint32_t)((*slot >> 31) - 1);

	wn_arena_reset(x->scratch);
	while (at) {
		struct draft d;
		uint32_t next = wn_block(x, at)->next;
		wn_block_read(x, at, &d, x->scratch);
		unfile(x, &d, at);
		renew_ranges(x, &d);
		first = file(x, &d, rule, first);
		at = next;
	}
	*slot = rule_of(rule, first);
}

static void settle_some(struct wn_index *x, size_t *rules)
{
	for (; *rules > 0 && x->n_pending > 0; --*rules) {
		uint64_t *slot = slot_of(x, x->pending[--x->n_pending]);
		uint32_t at = *slot && *slot != GONE ? block_of(*slot) : 0;
		if (at && wn_block(x, at)->flags & BLOCK_PENDING)
			review(x, slot);
	}
	if (x->n_pending == 0 && x->cap_pending > 1024) { /* after many at once */
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
	x->cursor = x->n_rule_slots;
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
	if (x->n_pending > 0 || (x->cursor >= x->n_rule_slots && !begin_cycle(x)))
		return x->n_pending > 0;
	for (; rules > 0 && x->cursor < x->n_rule_slots; x->cursor++) {
		uint64_t *slot = &x->rules[x->cursor];
		if (!*slot || *slot == GONE)
			continue;
		review(x, slot);
		rules--;
	}
	return x->cursor < x->n_rule_slots;
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
	x->n_rule_slots = x->cursor = RULE_SLOTS_MIN;
	x->rules = wn_alloc(x->n_rule_slots * sizeof(*x->rules));
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
	out->bytes_rules = x->store.n * sizeof(uint64_t) + x->n_rule_slots * sizeof(*x->rules);
	out->bytes_keys = wn_keys_memory(x);
	out->bytes_values = x->values.n * sizeof(*x->values.v) + x->values.n_slots * sizeof(*x->values.slots);
	out->bytes = sizeof(*x) + out->bytes_rules + out->bytes_keys + out->bytes_values +
		     x->n_paths * (sizeof(*x->paths) + 2 * sizeof(struct range)) + x->n_needles * sizeof(*x->needles);
}
