/* SPDX-License-Identifier: MIT */
/* The small world of a test: one account, its contacts, its signals. What a test leaves out has a plain value (a name, an
 * address), so that it has to say only what it is about. */
#include "trial.h"

#include <whynow/date.h>

static const char *const first_names[] = {"Ana", "Ben", "Carla", "Deniz", "Eva", "Finn", "Gita", "Hugo"};

static struct wn_value fact(const struct test_facts *f, const char *name, bool *given)
{
	for (size_t i = f->v.n; i-- > 0;)
		if (strcmp(f->v.v[i].name, name) == 0) {
			*given = true;
			return f->v.v[i].value;
		}
	*given = false;
	return (struct wn_value){0};
}

/* As given; null is nothing; not mentioned is `otherwise`. */
static struct wn_str text_of(const struct test_facts *f, const char *name, struct wn_str otherwise)
{
	bool given;
	struct wn_value v = fact(f, name, &given);
	return given ? wn_value_str(v) : otherwise;
}

static struct wn_value traits_of(struct trial *t, enum wn_trait_of of, const struct test_facts *f, struct wn_value before)
{
	struct wn_map_builder m = wn_map_begin(t->arena);
	for (uint32_t i = 0; before.kind == WN_MAP && i < before.n; i++)
		wn_map_put(&m, wn_value_str(before.map[i].key), before.map[i].value);
	for (size_t i = 0; i < f->v.n; i++) {
		struct wn_map_builder one = wn_map_begin(t->arena);
		if (wn_registry_trait_number(t->catalog.registry, of, wn_str_of(f->v.v[i].name)) < 0)
			continue;
		wn_map_set(&one, "v", f->v.v[i].value);
		wn_map_set(&one, "source", wn_cstring("test"));
		wn_map_set(&m, f->v.v[i].name, wn_map_end(&one));
	}
	return wn_map_end(&m);
}

static int64_t known_since(const struct test_facts *f)
{
	bool given;
	int64_t age, since;
	struct wn_str text = wn_value_str(fact(f, "known_since", &given));
	if (given && wn_duration_parse(text, &age) && age >= 0 && age < 100 * 366 * WN_DAY)
		return TRIAL_START - age;
	return given && wn_date_parse(text, &since) ? since : TRIAL_START - 2 * 365 * WN_DAY;
}

static void make_account(struct trial *t)
{
	const struct test_facts *f = &t->test->account;
	struct wn_account *a = &t->account;
	*a = (struct wn_account){.object = {&wn_account_class},
				 .world = &t->world,
				 .domain = text_of(f, "domain", WN_STR("example.com")),
				 .name = text_of(f, "name", WN_STR("Example")),
				 .state = text_of(f, "state", WN_STR("known")),
				 .known_since_us = known_since(f),
				 .traits = traits_of(t, WN_TRAIT_ACCOUNT, f, (struct wn_value){0}),
				 .loaded = WN_LOAD_ALL};
	a->id = wn_id_of("trial account", &a->domain, 1);
	a->bucket = wn_id_bucket(a->id);
	*WN_PUSH(t->arena, &t->world.accounts) = a;
}

static void make_contact(struct trial *t, const struct test_facts *f, size_t number)
{
	const char *first = first_names[number % WN_COUNT(first_names)];
	bool given;
	struct wn_contact *c = WN_NEW(t->arena, struct wn_contact);
	*c = (struct wn_contact){.object = {&wn_contact_class},
				 .world = &t->world,
				 .account = &t->account,
				 .email = text_of(f, "email", wn_str_of(wn_arena_printf(t->arena, "contact%zu@example.com", number + 1))),
				 .name = text_of(f, "name", wn_str_of(wn_arena_printf(t->arena, "%s Example", first))),
				 .position = text_of(f, "position", (struct wn_str){NULL, 0}),
				 .department = text_of(f, "department", (struct wn_str){NULL, 0}),
				 .time_zone = text_of(f, "time_zone", (struct wn_str){NULL, 0}),
				 .traits = traits_of(t, WN_TRAIT_CONTACT, f, (struct wn_value){0})};
	struct wn_value level = fact(f, "level", &given), subject = fact(f, "subject", &given);
	c->level = level.kind == WN_INT && level.i > 0 && level.i < 100 ? (int)level.i : 0;
	c->subject = subject.kind == WN_BOOL && subject.b;
	c->id.b[0] = (uint8_t)(number >> 8);
	c->id.b[1] = (uint8_t)number;
	c->id.b[15] = 1; /* ascending, and never nil */
	*WN_PUSH(t->arena, &t->account.contacts) = c;
}

void trial_set_account(struct trial *t, const struct test_facts *facts)
{
	t->account.traits = traits_of(t, WN_TRAIT_ACCOUNT, facts, t->account.traits);
}

/* --- signals ------------------------------------------------------------------------------------------- */
static struct wn_id signal_key(const struct trial *t, const struct test_signal *from)
{
	size_t number = (size_t)(from - t->test->signals.v);
	struct wn_str fields[] = {wn_id_bytes(&t->account.id), {(const char *)&number, sizeof(number)}};
	return wn_id_of("trial signal", fields, 2);
}

static struct wn_signal *make_signal(struct trial *t, const struct test_signal *from)
{
	const struct wn_kind_def *kind = wn_registry_kind(t->catalog.registry, from->kind);
	struct wn_signal *s = WN_NEW(t->arena, struct wn_signal);
	int64_t at = t->world.now_us - from->age_us;
	*s = (struct wn_signal){.object = {&wn_signal_class},
				.world = &t->world,
				.account_id = t->account.id,
				.key = signal_key(t, from),
				.kind = from->kind,
				.occurred_us = at,
				.published_us = at,
				.observed_us = t->world.now_us,
				.stored_us = t->world.now_us,
				.strength = kind->strength > 0 ? kind->strength : 1,
				.half_life_us = kind->half_life_us,
				.hard_stop_us = later_us(at, kind->hard_stop_us),
				.publishers = from->publishers,
				.attrs = from->attrs,
				.headline = from->headline,
				.url = from->url,
				.arrived = true};
	if (from->contact)
		s->contact_id = t->account.contacts.v[from->contact - 1]->id;
	return s;
}

static bool is_before(const struct wn_signal *a, const struct wn_signal *b)
{
	return a->occurred_us != b->occurred_us ? a->occurred_us < b->occurred_us : wn_id_cmp(a->key, b->key) < 0;
}

void trial_arrive(struct trial *t, const struct test_signal *from)
{
	struct wn_account *a = &t->account;
	struct wn_signal *s = make_signal(t, from);
	(void)WN_PUSH(t->arena, &a->signals);
	size_t at = a->signals.n - 1;
	for (; at > 0 && is_before(s, a->signals.v[at - 1]); at--)
		a->signals.v[at] = a->signals.v[at - 1];
	a->signals.v[at] = s;
}

/* --- surroundings -------------------------------------------------------------------------------------- */
/* The segment under test stands in for what is published under its name. */
static const struct wn_segment *const *neighbours(struct trial *t, const struct wn_segment_options *opt, size_t *n)
{
	const struct wn_segment **v = WN_NEW_N(t->arena, const struct wn_segment *, opt->n_others + 1);
	*n = 0;
	v[(*n)++] = &t->segment;
	for (size_t i = 0; opt->others && i < opt->n_others; i++)
		if (strcmp(opt->others[i]->name, t->segment.name) != 0)
			v[(*n)++] = opt->others[i];
	return v;
}

static const char *const *all_channels(struct trial *t)
{
	const char **v = WN_NEW_N(t->arena, const char *, t->segment.n_steps + 1);
	for (size_t i = 0; i < t->segment.n_steps; i++)
		v[i] = t->segment.steps[i].channel;
	return v;
}

void trial_begin(struct trial *t, const struct wn_segment *s, const struct wn_segment_options *opt, const struct segment_test *test)
{
	*t = (struct trial){.test = test, .segment = *s, .arena = wn_arena_new(0), .scratch = wn_arena_new(0), .clause_rank = -1};
	t->segment.holdout = 0;
	t->segment.paused = false;
	if (t->segment.mode == WN_MODE_SHADOW)
		t->segment.mode = WN_MODE_LIVE;
	t->feed = (struct wn_feed_view){.name = "test", .reports = test->covered, .n_reports = test->n_covered, .scope_all = true};
	t->sink = (struct wn_sink_view){.name = "test", .kind = "journal", .channels = all_channels(t)};
	t->catalog = (struct wn_catalog){.registry = opt->registry,
					 .rules = inner_of(s)->rules,
					 .sinks = &t->sink,
					 .n_sinks = 1,
					 .feeds = &t->feed,
					 .n_feeds = test->n_covered ? 1 : 0,
					 .proposed_ttl_us = 7 * WN_DAY,
					 .touch_lease_us = WN_HOUR,
					 .instance = "test"};
	t->catalog.segments = neighbours(t, opt, &t->catalog.n_segments);
	wn_catalog_find_stay_kinds(&t->catalog);
	t->world = (struct wn_world){
	    .arena = t->arena, .scratch = t->scratch, .catalog = &t->catalog, .now_us = TRIAL_START, .actor = "test"};
	make_account(t);
	for (size_t i = 0; i < test->contacts.n; i++)
		make_contact(t, &test->contacts.v[i], i);
}

void trial_end(struct trial *t)
{
	wn_arena_free(t->arena);
	wn_arena_free(t->scratch);
}
