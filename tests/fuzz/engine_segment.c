/* SPDX-License-Identifier: MIT */
/* Segments: the input is a YAML stream. What is accepted is written as JSON, and parsed again gives the same. */
#include <whynow/clock.h>
#include <whynow/segment.h>

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
	}
	wn_segment_free(s);
	wn_buf_done(&one);
	wn_buf_done(&two);
	return 0;
}
