/* SPDX-License-Identifier: MIT */
/*
 * Programs that segments share: a team asks `contact.level >= 4` in hundreds of them. Compiled once for a text and a context,
 * freed with the last segment that has it. Rules (`when`) are not looked for here: hardly two are alike.
 */
#include "rule.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

struct shared {
	struct cel_program *program;
	struct shared *next;
	uint64_t hash;
	uint32_t use, users;
};
struct rule_shared {
	struct shared **slots;
	size_t n_slots, n;
};

static uint64_t hash_of(struct wn_str text, uint32_t use)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ use; /* FNV-1a */
	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

struct rule_shared *rule_shared_new(void)
{
	struct rule_shared *s = wn_alloc(sizeof(*s));
	s->n_slots = SLOTS_MIN;
	s->slots = wn_alloc(s->n_slots * sizeof(*s->slots));
	return s;
}

void rule_shared_free(struct rule_shared *s)
{
	for (size_t i = 0; i < s->n_slots; i++)
		for (struct shared *e = s->slots[i], *next; e; e = next) {
			next = e->next;
			cel_program_free(e->program);
			free(e);
		}
	free(s->slots);
	free(s);
}

static struct shared **place_of(struct rule_shared *s, uint64_t hash, uint32_t use, struct wn_str text)
{
	struct shared **at = &s->slots[hash & (s->n_slots - 1)];
	while (*at && !((*at)->hash == hash && (*at)->use == use && wn_str_eq(cel_program_text((*at)->program), text)))
		at = &(*at)->next;
	return at;
}

static void grow(struct rule_shared *s)
{
	struct shared **old = s->slots;
	size_t n = s->n_slots;
	s->n_slots *= 2;
	s->slots = wn_alloc(s->n_slots * sizeof(*s->slots));
	for (size_t i = 0; i < n; i++)
		for (struct shared *e = old[i], *next; e; e = next) {
			struct shared **to = &s->slots[e->hash & (s->n_slots - 1)];
			next = e->next;
			e->next = *to;
			*to = e;
		}
	free(old);
}

struct cel_program *rule_shared_take(struct rule_shared *s, struct wn_str text, uint32_t use)
{
	struct shared *e = *place_of(s, hash_of(text, use), use, text);
	if (!e)
		return NULL;
	e->users++;
	return e->program;
}

void rule_shared_give(struct rule_shared *s, struct cel_program *program, uint32_t use)
{
	struct shared *e = wn_alloc(sizeof(*e));
	*e = (struct shared){.program = program, .hash = hash_of(cel_program_text(program), use), .use = use, .users = 1};
	if (s->n >= s->n_slots)
		grow(s);
	*place_of(s, e->hash, use, cel_program_text(program)) = e;
	s->n++;
}

void rule_shared_drop(struct rule_shared *s, struct cel_program *program, uint32_t use)
{
	struct wn_str text = cel_program_text(program);
	struct shared **at = place_of(s, hash_of(text, use), use, text), *e = *at;
	if (!e || --e->users)
		return;
	*at = e->next;
	s->n--;
	cel_program_free(e->program);
	free(e);
}
