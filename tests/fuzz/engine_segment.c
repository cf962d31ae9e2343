/* SPDX-License-Identifier: MIT */
/* Segments: the input is a YAML stream. What is accepted is written as JSON, and parsed again gives the same; and it is explained for an
 * account: clauses agree with the verdict of the whole, and what is not true says what it needs. */
#include <whynow/clock.h>
#include <whynow/explain.h>
#include <whynow/limits.h>

#include <stdlib.h>

static const char *const rounds[] = {"Seed", "Series A", "Series B", NULL};
static const struct wn_attr_def funding[] = {{"round", WN_ATTR_ENUM, rounds, true, false}, {"amount_usd", WN_ATTR_DOUBLE, NULL, true, true}};
static const struct wn_attr_def job[] = {{"position", WN_ATTR_STRING, NULL, true, false}, {"level", WN_ATTR_INT, NULL, false, false}};
static const struct wn_kind_def kinds[] = {{"funding", 1, WN_DAY, WN_DAY, WN_DAY, WN_DAY, funding, 2},
					   {"job_posting", 1, 0, WN_DAY, WN_DAY, WN_DAY, job, 2}};
static const struct wn_trait_def traits[] = {{"employees", WN_TRAIT_ACCOUNT, WN_ATTR_INT, NULL, {0}},
					     {"country", WN_TRAIT_ACCOUNT, WN_ATTR_STRING, NULL, {0}},
					     {"customer", WN_TRAIT_ACCOUNT, WN_ATTR_BOOL, NULL, {.kind = WN_BOOL}},
					     {"persona", WN_TRAIT_CONTACT, WN_ATTR_STRING, NULL, {0}}};
static struct wn_registry *registry;
static struct wn_rules *rules;

static void prepare(void)
{
	if (registry)
		return;
	registry = wn_registry_new();
	for (size_t i = 0; i < WN_COUNT(kinds); i++)
		if (wn_registry_add_kind(registry, &kinds[i], NULL))
			abort();
	for (size_t i = 0; i < WN_COUNT(traits); i++)
		if (wn_registry_add_trait(registry, &traits[i], NULL))
			abort();
	if (wn_registry_seal(registry, NULL))
		abort();
	rules = wn_rules_new(registry);
}

static struct wn_segment *parse(struct wn_str text, struct wn_buf *json)
{
	struct wn_segment_options opt = {.registry = registry, .rules = rules};
	struct wn_segment *s;
	struct wn_warning w[4];
	struct wn_err err = {0};
	size_t n;
	if (wn_segment_parse(text, "fuzz.yaml", 0, &opt, &s, w, 4, &n, &err)) {
		if (err.rc == WN_OK || !err.text[0])
			__builtin_trap();
		return NULL;
	}
	wn_segment_to_json(s, json);
	return s;
}

#define NOW (INT64_C(1780000000) * WN_SECOND)

static void explain(const struct wn_segment *s)
{
	const struct wn_segment *all[] = {s};
	struct wn_arena *a = wn_arena_new(0), *scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	struct wn_catalog catalog = {.registry = registry, .segments = all, .n_segments = 1};
	struct wn_world w = {.arena = a, .scratch = scratch, .catalog = &catalog, .now_us = NOW, .actor = "fuzz"};
	struct wn_account account = {.object = {&wn_account_class}, .world = &w, .id = {{1}}, .domain = WN_STR("acme.test"), .state = WN_STR("known"),
				     .known_since_us = NOW - 9 * WN_DAY, .traits = wn_map(NULL, 0), .loaded = WN_LOAD_ALL};
	struct wn_signal sig = {.object = {&wn_signal_class}, .world = &w, .key = {{2}}, .kind = 0, .occurred_us = NOW - WN_HOUR, .strength = 1,
				.publishers = 1, .half_life_us = WN_DAY, .hard_stop_us = NOW + WN_DAY, .attrs = wn_map(NULL, 0)};
	struct wn_contact contact = {.object = {&wn_contact_class}, .world = &w, .account = &account, .id = {{3}}, .name = WN_STR("Ana Kim"),
				     .level = 4, .traits = wn_map(NULL, 0)};
	*WN_PUSH(a, &account.signals) = &sig;
	*WN_PUSH(a, &account.contacts) = &contact;
	struct wn_explanation *x = wn_explain(&w, s, &account);
	bool all_true = true;
	for (size_t i = 0; i < x->n_clauses; i++) {
		all_true &= x->clauses[i].is == WN_TRUE3;
		if (!x->clauses[i].text.n || (x->clauses[i].is == WN_TRUE3) != (x->clauses[i].needs.n == 0))
			__builtin_trap();
	}
	if (all_true != (x->is == WN_TRUE3) || w.now_us != NOW)
		__builtin_trap();
	wn_rates_add(wn_rates_new(s, a), &w, &account);
	wn_arena_free(scratch);
	wn_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct wn_str text = {(const char *)bytes, n};
	struct wn_buf one, two;
	prepare();
	wn_buf_init(&one, 1u << 20);
	wn_buf_init(&two, 1u << 20);
	struct wn_segment *s = parse(text, &one);
	if (s) {
		struct wn_segment *again = parse(text, &two);
		if (!again || one.n != two.n || memcmp(one.p, two.p, one.n) != 0 || memcmp(s->seal, again->seal, 32) != 0)
			__builtin_trap();
		wn_segment_free(again);
		explain(s);
	}
	wn_segment_free(s);
	wn_buf_done(&one);
	wn_buf_done(&two);
	return 0;
}
