// links: engine
/* SPDX-License-Identifier: MIT */
/*
 * Verdicts of one account with its signals loaded and 100 segments in force. Prints microseconds of CPU: one verdict with
 * evidence (a rule of seven terms that is true), one verdict over all hundred, one signal put to all of them by the index.
 * Exit code 1 if a verdict with evidence takes more than the bar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <whynow/engine.h>
#include <whynow/limits.h>
#include <whynow/match.h>

enum { SEGMENTS = 100, BAR_US = 20 };
#define NOW (INT64_C(1780000000) * WN_SECOND)

static const char *const rounds[] = {"Seed", "Series A", "Series B", "Series C", NULL};
static const struct wn_attr_def funding[] = {{"round", WN_ATTR_ENUM, rounds, true, false}, {"amount_usd", WN_ATTR_DOUBLE, NULL, true, true}};
static const struct wn_attr_def job[] = {{"position", WN_ATTR_STRING, NULL, true, false}, {"level", WN_ATTR_INT, NULL, false, false}};
static const struct wn_attr_def page[] = {{"path", WN_ATTR_STRING, NULL, false, false}};
static const struct wn_kind_def kinds[] = {
    {"funding", 1, 30 * WN_DAY, 21 * WN_DAY, 60 * WN_DAY, 3 * WN_DAY, funding, WN_COUNT(funding)},
    {"job_posting", 1, 0, 30 * WN_DAY, 120 * WN_DAY, 7 * WN_DAY, job, WN_COUNT(job)},
    {"page_view", 1, 0, 2 * WN_DAY, 14 * WN_DAY, 4 * WN_HOUR, page, WN_COUNT(page)},
};

struct bench {
	struct wn_registry *registry;
	struct wn_rules *rules;
	struct wn_arena *kept, *arena, *scratch;
	struct wn_segment *segments[SEGMENTS];
	struct wn_catalog catalog;
	struct wn_world world;
	struct wn_account account;
	struct wn_signal *arrived;
	int ids;
};

static void must(enum wn_rc rc, const struct wn_err *err)
{
	if (rc == WN_OK)
		return;
	fprintf(stderr, "%s\n", err->text);
	exit(2);
}

static void make_registry(struct bench *b)
{
	struct wn_err err = {0};
	const struct wn_trait_def traits[] = {
	    {"employees", WN_TRAIT_ACCOUNT, WN_ATTR_INT, NULL, {0}},
	    {"country", WN_TRAIT_ACCOUNT, WN_ATTR_STRING, NULL, {0}},
	    {"customer", WN_TRAIT_ACCOUNT, WN_ATTR_BOOL, NULL, wn_bool(false)},
	};
	b->registry = wn_registry_new();
	for (size_t i = 0; i < WN_COUNT(kinds); i++)
		must(wn_registry_add_kind(b->registry, &kinds[i], &err), &err);
	for (size_t i = 0; i < WN_COUNT(traits); i++)
		must(wn_registry_add_trait(b->registry, &traits[i], &err), &err);
	must(wn_registry_seal(b->registry, &err), &err);
	b->rules = wn_rules_new(b->registry);
}

/* A third is true for the signal; the others fail late, early, or on its kind. */
static void make_segment(struct bench *b, int i)
{
	struct wn_segment_options opt = {.registry = b->registry, .rules = b->rules};
	struct wn_err err = {0};
	char text[2000];
	snprintf(text, sizeof(text),
		 "segment: s%d\nwhen: |\n  signal.kind == \"%s\" %s && account.employees >= %d && account.country in [\"US\", \"CA\", \"GB\"]\n"
		 "  && signals.count(\"job_posting\", days(30)) >= %d && !account.customer\n"
		 "who: contact.department == \"people\" && contact.level >= 4\nowner: bench@example.com\naudience: {min: 1, max: 500}\n"
		 "exit: stop\ngoal: {metric: meeting, target: 5%%, window: 30d}\n"
		 "sequence: [{channel: email, subject: s, body: 'On {{signal.kind}}'}]\n",
		 i, i % 3 == 1 ? "page_view" : "funding", i % 3 == 1 ? "&& signal.path == \"/pricing\"" : "&& signal.round == \"Series B\" && signal.amount_usd >= 10e6",
		 50 + i, i % 3 == 2 ? 50 : 2);
	must(wn_segment_parse(wn_str_of(text), "bench.yaml", 0, &opt, &b->segments[i], NULL, 0, NULL, &err), &err);
}

static struct wn_signal *add(struct bench *b, int kind, int64_t ago_us, const char *attrs)
{
	struct wn_signal *s = WN_NEW(b->kept, struct wn_signal);
	struct wn_err err = {0};
	struct wn_value v;
	const struct wn_kind_def *def = wn_registry_kind(b->registry, kind);
	must(wn_json_parse(wn_str_of(attrs), NULL, b->kept, &v, &err), &err);
	b->ids++;
	*s = (struct wn_signal){.object = {&wn_signal_class}, .world = &b->world, .account_id = b->account.id,
				.key = {{(uint8_t)(b->ids >> 8), (uint8_t)b->ids, 7}}, .kind = kind, .occurred_us = NOW - ago_us,
				.observed_us = NOW, .stored_us = NOW, .strength = 1, .publishers = 1, .half_life_us = def->half_life_us,
				.hard_stop_us = NOW - ago_us + def->hard_stop_us, .attrs = v};
	*WN_PUSH(b->kept, &b->account.signals) = s;
	return s;
}

static void make_account(struct bench *b)
{
	static const char traits[] = "{\"employees\": {\"v\": 400}, \"country\": {\"v\": \"US\"}}";
	struct wn_err err = {0};
	struct wn_value v;
	must(wn_json_parse(wn_str_of(traits), NULL, b->kept, &v, &err), &err);
	b->account = (struct wn_account){.object = {&wn_account_class}, .world = &b->world, .id = {{1}}, .domain = WN_STR("acme.example"),
					 .name = WN_STR("Acme"), .state = WN_STR("known"), .known_since_us = NOW - 400 * WN_DAY, .traits = v,
					 .loaded = WN_LOAD_ALL};
	for (int i = 0; i < 12; i++)
		add(b, 1, (40 - 3 * i) * WN_DAY, "{\"position\": \"Chemist\", \"level\": 2}");
	for (int i = 0; i < 40; i++)
		add(b, 2, (130 - 3 * i) * WN_HOUR, "{\"path\": \"/docs\"}");
	b->arrived = add(b, 0, WN_HOUR, "{\"round\": \"Series B\", \"amount_usd\": 25000000.0}");
	b->arrived->arrived = true;
	for (int i = 0; i < 6; i++) {
		struct wn_contact *c = WN_NEW(b->kept, struct wn_contact);
		*c = (struct wn_contact){.object = {&wn_contact_class}, .world = &b->world, .account = &b->account, .id = {{0, (uint8_t)i, 9}},
					 .email = WN_STR("x@acme.example"), .name = WN_STR("Ana Kim"), .department = i % 2 ? WN_STR("people") : WN_STR("sales"),
					 .level = 1 + i, .traits = wn_map(NULL, 0)};
		*WN_PUSH(b->kept, &b->account.contacts) = c;
	}
	*WN_PUSH(b->kept, &b->world.accounts) = &b->account;
}

static void make(struct bench *b)
{
	b->kept = wn_arena_new(0);
	b->arena = wn_arena_new(0);
	b->scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	make_registry(b);
	for (int i = 0; i < SEGMENTS; i++)
		make_segment(b, i);
	b->catalog = (struct wn_catalog){.registry = b->registry, .segments = (const struct wn_segment *const *)b->segments, .n_segments = SEGMENTS};
	b->catalog.index = wn_catalog_index_of(b->registry, b->catalog.segments, SEGMENTS);
	b->world = (struct wn_world){.arena = b->arena, .scratch = b->scratch, .catalog = &b->catalog, .now_us = NOW, .actor = "bench"};
	make_account(b);
}

static void done(struct bench *b)
{
	wn_index_free(b->catalog.index);
	for (int i = 0; i < SEGMENTS; i++)
		wn_segment_free(b->segments[i]);
	wn_rules_free(b->rules);
	wn_registry_free(b->registry);
	wn_arena_free(b->scratch);
	wn_arena_free(b->arena);
	wn_arena_free(b->kept);
}

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* Mean over segments whose number is `only` modulo 3, or over all. */
static double one_verdict(struct bench *b, int only, size_t *evidence)
{
	enum { TURNS = 2000 };
	double began = cpu_us();
	long n = 0;
	for (int turn = 0; turn < TURNS; turn++) {
		wn_arena_reset(b->arena);
		for (int i = 0; i < SEGMENTS; i++) {
			if (only >= 0 && i % 3 != only)
				continue;
			const struct wn_verdict *v = wn_verdict_of(&b->world, b->segments[i], &b->account, b->arrived);
			*evidence = v->evidence.n > *evidence ? v->evidence.n : *evidence;
			if ((i % 3 == 0) != (v->is == WN_VERDICT_TRUE) || (i % 3 == 0 && v->contacts.n != 2))
				exit(2);
			n++;
		}
	}
	return (cpu_us() - began) / (double)n;
}

static double one_signal(struct bench *b)
{
	enum { TURNS = 1000 };
	double began = cpu_us();
	for (int turn = 0; turn < TURNS; turn++) {
		wn_arena_reset(b->arena);
		memset(&b->world.verdicts, 0, sizeof(b->world.verdicts));
		wn_verdicts_of_arrivals(&b->world);
		if (b->world.verdicts.n < (SEGMENTS + 2) / 3)
			exit(2);
	}
	return (cpu_us() - began) / TURNS;
}

int main(void)
{
	struct bench b = {0};
	size_t evidence = 0;
	make(&b);
	(void)one_verdict(&b, -1, &evidence); /* warm */
	double with = one_verdict(&b, 0, &evidence), all = one_verdict(&b, -1, &evidence), by_index = one_signal(&b);
	printf("verdict_with_evidence_us %.2f (bar %d; %zu signals, %zu of them evidence, %zu contacts) verdict_us %.2f signal_to_%d_segments_us %.1f\n", with,
	       BAR_US, b.account.signals.n, evidence, b.account.contacts.n, all, SEGMENTS, by_index);
	done(&b);
	return with > BAR_US;
}
