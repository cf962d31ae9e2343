/* SPDX-License-Identifier: MIT */
/*
 * A small world for tests of rules: the kinds and traits of the design, one account, signals and contacts made in a line.
 * Times are hours before RIG_NOW.
 */
#ifndef RULES_RIG_H
#define RULES_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <whynow/engine.h>

#include <stdio.h>
#include <stdlib.h>

#define RIG_NOW (INT64_C(1780000000) * WN_SECOND)
#define RIG_MAX 16

struct rig {
	struct wn_registry *registry;
	struct wn_rules *rules;
	struct wn_arena *arena, *scratch;
	struct wn_catalog catalog;
	struct wn_world world;
	struct wn_account account;
	struct wn_segment *segments[RIG_MAX];
	size_t n_segments;
	struct wn_feed_view feeds[RIG_MAX];
	struct cel_program *exclude;
	int ids;
};

static const char *const rig_rounds[] = {"Pre-Seed", "Seed", "Seed extension", "Series A", "Series B", "Series C", "Growth", "Debt", NULL};
static const char *const rig_departments[] = {"people", "sales", "marketing", "finance", "engineering", "other", NULL};

#define RIG_PERSON {"person", WN_ATTR_STRING, NULL, true, false}, {"position", WN_ATTR_STRING, NULL, true, false}, \
	{"department", WN_ATTR_ENUM, rig_departments, false, false}, {"level", WN_ATTR_INT, NULL, false, false}
static const struct wn_attr_def rig_funding[] = {{"round", WN_ATTR_ENUM, rig_rounds, true, false}, {"amount_usd", WN_ATTR_DOUBLE, NULL, true, true},
	{"valuation_usd", WN_ATTR_DOUBLE, NULL, false, true}};
static const struct wn_attr_def rig_hire[] = {RIG_PERSON};
static const struct wn_attr_def rig_tech[] = {{"technology", WN_ATTR_STRING, NULL, true, false}, {"category", WN_ATTR_STRING, NULL, false, false},
	{"technology_from", WN_ATTR_STRING, NULL, false, false}, {"technology_to", WN_ATTR_STRING, NULL, false, false}};
static const struct wn_attr_def rig_job[] = {{"position", WN_ATTR_STRING, NULL, true, false}, {"department", WN_ATTR_ENUM, rig_departments, false, false},
	{"level", WN_ATTR_INT, NULL, false, false}, {"place", WN_ATTR_PLACE, NULL, false, false}};
static const struct wn_attr_def rig_page[] = {{"path", WN_ATTR_STRING, NULL, false, false}, {"page", WN_ATTR_STRING, NULL, false, false},
	{"device", WN_ATTR_STRING, NULL, false, false}};
static const struct wn_attr_def rig_purchase[] = {{"product", WN_ATTR_STRING, NULL, false, false}, {"amount_usd", WN_ATTR_DOUBLE, NULL, false, true}};

static const struct wn_kind_def rig_kinds[] = {
	{"funding", 1, 30 * WN_DAY, 21 * WN_DAY, 60 * WN_DAY, 3 * WN_DAY, rig_funding, WN_COUNT(rig_funding)},
	{"hire", 1, 45 * WN_DAY, 30 * WN_DAY, 90 * WN_DAY, 7 * WN_DAY, rig_hire, WN_COUNT(rig_hire)},
	{"departure", 1, 45 * WN_DAY, 30 * WN_DAY, 90 * WN_DAY, 7 * WN_DAY, rig_hire, WN_COUNT(rig_hire)},
	{"tech_adopted", 1, 60 * WN_DAY, 21 * WN_DAY, 60 * WN_DAY, 5 * WN_DAY, rig_tech, WN_COUNT(rig_tech)},
	{"tech_dropped", 1, 60 * WN_DAY, 21 * WN_DAY, 60 * WN_DAY, 5 * WN_DAY, rig_tech, WN_COUNT(rig_tech)},
	{"job_posting", 1, 0, 30 * WN_DAY, 120 * WN_DAY, 7 * WN_DAY, rig_job, WN_COUNT(rig_job)},
	{"page_view", 1, 0, 2 * WN_DAY, 14 * WN_DAY, 4 * WN_HOUR, rig_page, WN_COUNT(rig_page)},
	{"purchase", 1, 0, 30 * WN_DAY, 90 * WN_DAY, 3 * WN_DAY, rig_purchase, WN_COUNT(rig_purchase)},
};

static struct wn_trait_def rig_trait(const char *name, enum wn_trait_of of, enum wn_attr_type type, struct wn_value dflt)
{
	return (struct wn_trait_def){.name = name, .of = of, .type = type, .dflt = dflt};
}

static inline void rig_traits(struct wn_registry *r)
{
	const struct wn_value none = {0};
	const struct wn_trait_def traits[] = {
		rig_trait("employees", WN_TRAIT_ACCOUNT, WN_ATTR_INT, none),
		rig_trait("country", WN_TRAIT_ACCOUNT, WN_ATTR_STRING, none),
		rig_trait("place", WN_TRAIT_ACCOUNT, WN_ATTR_PLACE, none),
		rig_trait("industry", WN_TRAIT_ACCOUNT, WN_ATTR_STRING, none),
		rig_trait("technologies", WN_TRAIT_ACCOUNT, WN_ATTR_LIST, none),
		rig_trait("customer", WN_TRAIT_ACCOUNT, WN_ATTR_BOOL, wn_bool(false)),
		rig_trait("open_opportunity", WN_TRAIT_ACCOUNT, WN_ATTR_BOOL, wn_bool(false)),
		rig_trait("do_not_contact", WN_TRAIT_ACCOUNT, WN_ATTR_BOOL, wn_bool(false)),
		rig_trait("persona", WN_TRAIT_CONTACT, WN_ATTR_STRING, none),
		rig_trait("vip", WN_TRAIT_CONTACT, WN_ATTR_BOOL, none),
	};
	for (size_t i = 0; i < WN_COUNT(traits); i++)
		assert_int_equal(wn_registry_add_trait(r, &traits[i], NULL), WN_OK);
}

static inline struct rig *rig_new(void)
{
	struct rig *r = wn_alloc(sizeof(*r));
	r->registry = wn_registry_new();
	for (size_t i = 0; i < WN_COUNT(rig_kinds); i++)
		assert_int_equal(wn_registry_add_kind(r->registry, &rig_kinds[i], NULL), WN_OK);
	rig_traits(r->registry);
	assert_int_equal(wn_registry_seal(r->registry, NULL), WN_OK);
	r->rules = wn_rules_new(r->registry);
	r->arena = wn_arena_new(0);
	r->scratch = wn_arena_new(0);
	r->catalog = (struct wn_catalog){.registry = r->registry, .segments = (const struct wn_segment *const *)r->segments, .feeds = r->feeds};
	r->world = (struct wn_world){.arena = r->arena, .scratch = r->scratch, .catalog = &r->catalog, .now_us = RIG_NOW, .actor = "test"};
	r->account = (struct wn_account){.object = {&wn_account_class}, .world = &r->world, .id = {{1}}, .bucket = wn_id_bucket((struct wn_id){{1}}),
					 .domain = WN_STR("acme.test"), .name = WN_STR("Acme"), .state = WN_STR("known"),
					 .known_since_us = RIG_NOW - 400 * WN_DAY, .traits = wn_map(NULL, 0), .loaded = WN_LOAD_ALL};
	*WN_PUSH(r->arena, &r->world.accounts) = &r->account;
	return r;
}

static inline void rig_free(struct rig *r)
{
	for (size_t i = 0; i < r->n_segments; i++)
		wn_segment_free(r->segments[i]);
	cel_program_free(r->exclude);
	wn_rules_free(r->rules);
	wn_registry_free(r->registry);
	wn_arena_free(r->arena);
	wn_arena_free(r->scratch);
	free(r);
}

static inline void rig_freep(struct rig **r) { rig_free(*r); }
#define RIG WN_CLEANUP(rig_freep) struct rig *

static inline struct wn_id rig_id(struct rig *r)
{
	int n = ++r->ids;
	return (struct wn_id){{(uint8_t)(n >> 8), (uint8_t)n, 7}};
}

static inline struct wn_value rig_json(struct rig *r, const char *json)
{
	struct wn_value v;
	struct wn_err err = {0};
	if (wn_json_parse(wn_str_of(json), NULL, r->arena, &v, &err))
		fail_msg("%s: %s", json, err.text);
	return v;
}

/* Attributes as JSON; doubles written as whole numbers are converted to what the registry says. */
static inline struct wn_value rig_attrs(struct rig *r, int kind, const char *json)
{
	struct wn_value v = rig_json(r, json);
	struct wn_map_builder m = wn_map_begin(r->arena);
	for (uint32_t i = 0; i < v.n; i++) {
		struct wn_value out;
		const struct wn_attr_def *def = wn_registry_attr_of_kind(r->registry, kind, wn_value_str(v.map[i].key));
		assert_non_null(def);
		assert_int_equal(wn_attr_coerce(def->type, def->enum_values, v.map[i].value, r->arena, &out, NULL), WN_OK);
		wn_map_put(&m, wn_value_str(v.map[i].key), out);
	}
	return wn_map_end(&m);
}

/* A signal `hours` ago; kept sorted by time. */
static inline struct wn_signal *rig_signal(struct rig *r, const char *kind_name, double hours, const char *attrs)
{
	struct wn_account *a = &r->account;
	int kind = wn_registry_kind_number(r->registry, wn_str_of(kind_name));
	assert_true(kind >= 0);
	const struct wn_kind_def *def = wn_registry_kind(r->registry, kind);
	struct wn_signal *s = WN_NEW(r->arena, struct wn_signal);
	int64_t at = RIG_NOW - (int64_t)(hours * (double)WN_HOUR);
	*s = (struct wn_signal){.object = {&wn_signal_class}, .world = &r->world, .account_id = a->id, .key = rig_id(r), .kind = kind,
				.occurred_us = at, .observed_us = at, .stored_us = at, .strength = def->strength, .publishers = 1,
				.half_life_us = def->half_life_us, .hard_stop_us = at + def->hard_stop_us, .attrs = rig_attrs(r, kind, attrs)};
	(void)WN_PUSH(r->arena, &a->signals);
	size_t i = a->signals.n - 1;
	for (; i > 0 && a->signals.v[i - 1]->occurred_us > at; i--)
		a->signals.v[i] = a->signals.v[i - 1];
	a->signals.v[i] = s;
	return s;
}

static inline struct wn_value rig_trait_map(struct rig *r, const char *json)
{
	struct wn_value v = rig_json(r, json);
	struct wn_map_builder m = wn_map_begin(r->arena);
	for (uint32_t i = 0; i < v.n; i++) {
		struct wn_map_builder one = wn_map_begin(r->arena);
		wn_map_set(&one, "v", v.map[i].value);
		wn_map_set(&one, "source", wn_cstring("import"));
		wn_map_put(&m, wn_value_str(v.map[i].key), wn_map_end(&one));
	}
	return wn_map_end(&m);
}

static inline struct wn_contact *rig_contact(struct rig *r, const char *name, const char *department, int level)
{
	struct wn_contact *c = WN_NEW(r->arena, struct wn_contact);
	*c = (struct wn_contact){.object = {&wn_contact_class}, .world = &r->world, .account = &r->account, .id = rig_id(r),
				 .email = WN_STR("x@acme.test"), .name = wn_str_of(name), .department = wn_str_of(department), .level = level,
				 .traits = wn_map(NULL, 0)};
	*WN_PUSH(r->arena, &r->account.contacts) = c;
	return c;
}

/* One feed that reports a kind, good for a year, without gaps. */
static inline struct wn_feed_view *rig_feed(struct rig *r, const char *kind)
{
	struct wn_feed_view *f = &r->feeds[r->catalog.n_feeds++];
	int *kinds = WN_NEW_N(r->arena, int, 1);
	kinds[0] = wn_registry_kind_number(r->registry, wn_str_of(kind));
	*f = (struct wn_feed_view){.name = "feed", .reports = kinds, .n_reports = 1, .scope_all = true, .good_since_us = RIG_NOW - 365 * WN_DAY};
	return f;
}

#define RIG_REST "owner: ana@example.com\naudience: {min: 1, max: 10}\nexit: stop\n" \
	"goal: {metric: meeting, target: 5%, window: 30d}\nsequence: [{channel: email, subject: s, body: 'On {{signal.kind}}'}]\n"

/* Parses and puts it into the catalogue; fails the test if it is refused. */
static inline struct wn_segment *rig_segment_of(struct rig *r, const char *yaml)
{
	struct wn_segment_options opt = {.registry = r->registry, .rules = r->rules,
					 .others = (const struct wn_segment *const *)r->segments, .n_others = r->n_segments};
	struct wn_err err = {0};
	struct wn_segment *s;
	char text[2000];
	if (wn_segment_parse(wn_str_of(yaml), "test.yaml", 0, &opt, &s, NULL, 0, NULL, &err)) {
		wn_err_to_text(&err, text, sizeof(text));
		fail_msg("%s\nin\n%s", text, yaml);
	}
	assert_true(r->n_segments < RIG_MAX);
	r->segments[r->n_segments++] = s;
	r->catalog.n_segments = r->n_segments;
	return s;
}

/* A segment of one `when` and perhaps a `who`; further lines in `more`. */
static inline struct wn_segment *rig_segment(struct rig *r, const char *name, const char *when, const char *who, const char *more)
{
	char *yaml = wn_arena_printf(r->arena, "segment: %s\nwhen: |\n  %s\n%s%s\n%s%s", name, when, who ? "who: " : "",
				     who ? who : "", RIG_REST, more ? more : "");
	return rig_segment_of(r, yaml);
}

static inline void rig_exclude(struct rig *r, const char *text)
{
	struct wn_err err = {0};
	if (wn_rules_compile_exclude(r->rules, wn_str_of(text), (struct wn_place){"whynow.yaml", 1, 1}, &r->exclude, &err))
		fail_msg("%s", err.text);
	r->catalog.exclude = r->exclude;
}

#endif
