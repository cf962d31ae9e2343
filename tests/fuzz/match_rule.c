/* SPDX-License-Identifier: MIT */
/* Any rule text against a handful of events: what is definitely true is a candidate, whatever the rule looks
 * like. */
#include "../unit/match/world.h"

#include <stdlib.h>

static struct cel_env *env;
static struct wn_match_env menv;
static struct wn_arena *arena;

enum found { NOTHING, CANDIDATE, CERTAIN };

static void on_candidate(void *ctx, uint32_t rule, bool certain)
{
	enum found *found = ctx;

	if (rule != 7 || *found)
		abort();
	*found = certain ? CERTAIN : CANDIDATE;
}

/* Every attribute, some, none. */
static void fill(struct pair *p, int kind, int much)
{
	struct wn_value *s = p->signal.fields, *a = p->account.fields;

	*p = (struct pair){.signal.object.cls = &signal_class, .account.object.cls = &account_class};
	p->now_us = INT64_C(1780000000) * WN_SECOND;
	p->tags[0] = wn_cstring("go");
	s[F_KIND] = wn_cstring(kind_names[kind]);
	s[F_AGE] = wn_duration_us(much * WN_DAY);
	s[F_WHEN] = wn_time_us(p->now_us - much * WN_DAY);
	if (much == 0)
		return;
	s[F_ROUND] = kind == FUNDING ? wn_cstring("Seed") : (struct wn_value){0};
	s[F_AMOUNT] = kind == FUNDING || kind == JOB ? wn_double(1e6) : (struct wn_value){0};
	s[F_LEVEL] = kind == HIRE || kind == JOB ? wn_int(3) : (struct wn_value){0};
	s[F_REMOTE] = kind == JOB ? wn_bool(true) : (struct wn_value){0};
	a[A_COUNTRY] = wn_cstring("US");
	a[A_EMPLOYEES] = wn_int(much);
	if (much == 1)
		return;
	s[F_TAGS] = kind == FUNDING || kind == JOB ? wn_list(p->tags, 1) : (struct wn_value){0};
	a[A_DOMAIN] = wn_cstring("acme.com");
	a[A_SCORE] = wn_double(-0.0);
	a[A_CUSTOMER] = wn_bool(false);
	a[A_INDUSTRY] = wn_cstring("steel");
	a[A_TECH] = wn_list(p->tags, 1);
}

static void check(struct wn_index *index, const struct cel_program *p)
{
	struct pair pair;

	for (int i = 0; i < 3 * KINDS; i++) {
		enum found found = NOTHING;
		fill(&pair, i % KINDS, i / KINDS);
		struct wn_value kinds[4];
		struct wn_probe event = {&pair.signal.object, &pair.account.object, kinds_of(&pair, kinds)};
		wn_index_probe(index, &event, on_candidate, &found);
		bool truth = definitely_true(p, &pair, arena);
		if (found == NOTHING ? truth : found == CERTAIN && !truth)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cel_options opt = {.expect = &cel_bool};
	struct cel_program *p = NULL;
	struct wn_rule_reads reads;

	if (!env) {
		env = world_env(&menv);
		arena = wn_arena_new(WN_CEL_MEMORY_MAX);
	}
	if (cel_compile(env, (struct wn_str){(const char *)data, size}, &opt, &p, NULL))
		return 0;
	struct wn_index *index = wn_index_new(&menv);
	(void)wn_index_put(index, 7, p);
	check(index, p);
	wn_arena_reset(arena);
	wn_rule_reads(&menv, p, arena, &reads);
	wn_index_free(index);
	cel_program_free(p);
	return 0;
}
