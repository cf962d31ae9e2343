/* SPDX-License-Identifier: MIT */
/* Segments from YAML: what is kept, what is refused and where. */
#include "rules_rig.h"

#include <whynow/conf.h>
#include <whynow/limits.h>

#include <glob.h>

static struct rig *r;

static int setup(void **state)
{
	(void)state;
	r = rig_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_free(r);
	return 0;
}

static const char *const channels[] = {"email", "linkedin-task", "crm-task", NULL};

static enum wn_rc parse(const char *yaml, struct wn_segment **out, struct wn_warning *warnings, size_t *n, struct wn_err *err)
{
	struct wn_segment_options opt = {.registry = r->registry, .rules = r->rules, .channels = channels,
					 .others = (const struct wn_segment *const *)r->segments, .n_others = r->n_segments};
	return wn_segment_parse(wn_str_of(yaml), "s.yaml", 0, &opt, out, warnings, 8, n, err);
}

/* Every one of `words` (separated by |) is in the complaint; the first error is at line:column. */
static void refuses(const char *yaml, int line, int column, const char *words)
{
	struct wn_segment *s;
	struct wn_err err = {0};
	char text[1400], *next, *word, *list = strdup(words);
	assert_int_equal(parse(yaml, &s, NULL, NULL, &err), WN_INVALID);
	wn_err_to_text(&err, text, sizeof(text));
	for (word = strtok_r(list, "|", &next); word; word = strtok_r(NULL, "|", &next))
		if (!strstr(text, word))
			fail_msg("expected \"%s\" in: %s", word, text);
	free(list);
	if (err.place.line != line || err.place.column != column)
		fail_msg("expected %d:%d: %s", line, column, text);
	assert_string_equal(err.place.file, "s.yaml");
}

#define HEAD "segment: s\nowner: ana\n"
#define WHEN "when: signal.kind == \"funding\"\n"
#define TAIL "audience: {min: 1, max: 10}\nexit: stop\ngoal: {metric: meeting, target: 5%, window: 30d}\n"
#define STEPS "sequence: [{channel: email, subject: s, body: 'On {{signal.round}}'}]\n"

static char *read_file(const char *name)
{
	char path[500], *text = wn_alloc(1u << 16);
	snprintf(path, sizeof(path), "%s/conf/segments/%s", WN_SOURCE_DIR, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(text, 1, (1u << 16) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static struct wn_segment *shipped(const char *name)
{
	struct wn_segment *s;
	struct wn_err err = {0};
	struct wn_warning w[8];
	size_t n = 9;
	char *text = read_file(name);
	if (parse(text, &s, w, &n, &err))
		fail_msg("%s: %d:%d: %s", name, err.place.line, err.place.column, err.text);
	if (n)
		fail_msg("%s: warning %d:%d: %s", name, w[0].place.line, w[0].place.column, w[0].text);
	free(text);
	return s;
}

static void shipped_segments_pass_without_a_warning(void **state)
{
	(void)state;
	static const char *const names[] = {"series-b-people-leaders.yaml", "new-vp-people.yaml", "tech-switch.yaml"};
	for (size_t i = 0; i < WN_COUNT(names); i++)
		wn_segment_free(shipped(names[i]));
}

/* ------------------------------------------------------------------------------- against what ships beside them */
static const char *const *c_strings(struct wn_arena *a, const struct wn_yaml_strings *s)
{
	const char **out = WN_NEW_N(a, const char *, s->n + 1);
	for (size_t i = 0; i < s->n; i++)
		out[i] = wn_arena_strdup(a, s->v[i]);
	return s->n ? out : NULL;
}

static void add_kinds(struct wn_registry *to, const struct wn_kind_confs *kinds, struct wn_arena *a)
{
	for (size_t i = 0; i < kinds->list.n; i++) {
		const struct wn_kind_conf *k = &kinds->list.v[i];
		struct wn_attr_def *attrs = WN_NEW_N(a, struct wn_attr_def, k->n_attributes + 1);
		for (size_t j = 0; j < k->n_attributes; j++)
			attrs[j] = (struct wn_attr_def){wn_arena_strdup(a, k->attributes[j].name), (enum wn_attr_type)k->attributes[j].type,
							c_strings(a, &k->attributes[j].values), k->attributes[j].identity, k->attributes[j].money};
		struct wn_kind_def def = {wn_arena_strdup(a, k->name), k->strength, k->same_within_us, k->half_life_us, k->hard_stop_us,
					  k->first_touch_us, attrs, k->n_attributes};
		assert_int_equal(wn_registry_add_kind(to, &def, NULL), WN_OK);
	}
}

static void add_traits(struct wn_registry *to, const struct wn_trait_confs *traits, struct wn_arena *a)
{
	for (size_t i = 0; i < traits->list.n; i++) {
		const struct wn_trait_conf *t = &traits->list.v[i];
		struct wn_trait_def def = {wn_arena_strdup(a, t->name), (enum wn_trait_of)t->of, (enum wn_attr_type)t->type,
					   c_strings(a, &t->values), t->def};
		assert_int_equal(wn_registry_add_trait(to, &def, NULL), WN_OK);
	}
}

static void each_file(const char *pattern, void (*take)(void *ctx, const char *path), void *ctx)
{
	glob_t found;
	char path[500];
	snprintf(path, sizeof(path), "%s/conf/%s", WN_SOURCE_DIR, pattern);
	assert_int_equal(glob(path, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		take(ctx, found.gl_pathv[i]);
	globfree(&found);
}

struct shipped_registry {
	struct wn_arena *arena;
	struct wn_registry *registry;
};

static struct wn_yaml_docs docs_of(struct wn_arena *a, const char *path)
{
	struct wn_yaml_docs docs;
	struct wn_err err = {0};
	if (wn_yaml_load(wn_arena_printf(a, "%s", path), a, &docs, &err))
		fail_msg("%s: %s", path, err.text);
	return docs;
}

static void take_kinds(void *ctx, const char *path)
{
	struct shipped_registry *x = ctx;
	struct wn_yaml_errors errors;
	struct wn_kind_confs kinds = {0};
	struct wn_yaml_docs docs = docs_of(x->arena, path);
	wn_yaml_errors_init(&errors, x->arena);
	wn_conf_kinds(&docs, x->arena, &kinds, &errors);
	assert_int_equal(wn_yaml_errors_count(&errors), 0);
	add_kinds(x->registry, &kinds, x->arena);
}

static void take_traits(void *ctx, const char *path)
{
	struct shipped_registry *x = ctx;
	struct wn_yaml_errors errors;
	struct wn_trait_confs traits = {0};
	struct wn_yaml_docs docs = docs_of(x->arena, path);
	wn_yaml_errors_init(&errors, x->arena);
	wn_conf_traits(&docs, x->arena, &traits, &errors);
	assert_int_equal(wn_yaml_errors_count(&errors), 0);
	add_traits(x->registry, &traits, x->arena);
}

static void check_file(void *ctx, const char *path)
{
	struct shipped_registry *x = ctx;
	struct wn_segment_options opt = {.registry = x->registry};
	struct wn_yaml_docs docs = docs_of(x->arena, path);
	for (size_t i = 0; i < docs.n; i++) {
		struct wn_segment *s;
		struct wn_warning w[4];
		size_t n = 0;
		struct wn_err err = {0};
		if (wn_segment_parse(docs.v[i].source, path, 0, &opt, &s, w, 4, &n, &err))
			fail_msg("%s:%d:%d: %s", path, err.place.line, err.place.column, err.text);
		if (n)
			fail_msg("%s:%d: warning: %s", path, w[0].place.line, w[0].text);
		wn_segment_free(s);
	}
}

static void shipped_segments_fit_the_shipped_kinds_and_traits(void **state)
{
	(void)state;
	struct shipped_registry x = {wn_arena_new(0), wn_registry_new()};
	each_file("kinds.d/*.yaml", take_kinds, &x);
	each_file("traits.d/*.yaml", take_traits, &x);
	assert_int_equal(wn_registry_seal(x.registry, NULL), WN_OK);
	each_file("segments/*.yaml", check_file, &x);
	wn_registry_free(x.registry);
	wn_arena_free(x.arena);
}

static void every_key_of_the_design_is_kept(void **state)
{
	(void)state;
	struct wn_segment *s = shipped("series-b-people-leaders.yaml");
	assert_string_equal(s->name, "series-b-people-leaders");
	assert_string_equal(s->owner, "ana@example.com");
	assert_string_equal(s->nurture, "general-nurture");
	assert_int_equal(s->mode, WN_MODE_LIVE);
	assert_int_equal(s->exit, WN_EXIT_HAND_OFF);
	assert_int_equal(s->priority, 70);
	assert_int_equal(s->audience_min, 1);
	assert_int_equal(s->audience_warn, 150);
	assert_int_equal(s->audience_max, 500);
	assert_true(s->life.intake_us == 7 * WN_DAY && s->life.box_us == 14 * WN_DAY && s->life.max_us == 42 * WN_DAY);
	assert_true(s->life.grace_us == 48 * WN_HOUR && s->life.cooldown_us == 75 * WN_DAY && s->life.floor == 0.5);
	assert_string_equal(s->goal.metric, "meeting");
	assert_true(s->goal.target == 0.05 && s->goal.window_us == 30 * WN_DAY && s->goal.budget_usd == 2000);
	assert_true(s->holdout == 0.1 && s->start_since_us == 0);
	assert_int_equal(s->n_steps, 3);
	assert_int_equal(s->steps[1].n_variants, 3);
	assert_non_null(s->steps[1].test);
	assert_non_null(s->steps[1].variants[0].test);
	assert_true(s->steps[1].variants[1].split == 0.5);
	assert_string_equal(s->steps[1].variants[2].name, "3");
	assert_true(s->steps[1].after_us == 3 * WN_DAY && s->steps[1].valid_for_us == 5 * WN_DAY);
	wn_segment_free(s);
}

static struct wn_segment *parsed(const char *yaml)
{
	struct wn_segment *s;
	struct wn_err err = {0};
	if (parse(yaml, &s, NULL, NULL, &err))
		fail_msg("%d:%d: %s", err.place.line, err.place.column, err.text);
	return s;
}

static void defaults_are_careful(void **state)
{
	(void)state;
	struct wn_segment *s = parsed(HEAD WHEN TAIL STEPS);
	assert_int_equal(s->mode, WN_MODE_SHADOW);
	assert_int_equal(s->priority, 50);
	assert_int_equal(s->audience_warn, 10);
	assert_true(s->life.intake_us == 7 * WN_DAY && s->life.box_us == 14 * WN_DAY && s->life.max_us == 42 * WN_DAY);
	assert_true(s->life.floor == 0.5 && s->life.grace_us == 48 * WN_HOUR && s->life.cooldown_us == 75 * WN_DAY);
	assert_true(s->holdout == 0 && s->steps[0].valid_for_us == 5 * WN_DAY && s->life.first_touch_us == 0);
	assert_null(s->who);
	assert_int_equal(s->on_reply, WN_ON_REPLY_HOLD);
	wn_segment_free(s);
}

static void stay_terms_are_those_over_account_and_contact(void **state)
{
	(void)state;
	struct wn_segment *s = shipped("series-b-people-leaders.yaml");
	static const char *const terms[] = {"account.employees >= 50", "account.country in [\"US\", \"CA\", \"GB\"]", "!account.customer",
					    "contact.department == \"people\"", "contact.level >= 4"};
	size_t n;
	const struct cel_program *const *stay = wn_segment_stay(s, &n);
	assert_int_equal(n, WN_COUNT(terms));
	for (size_t i = 0; i < n; i++) {
		struct wn_buf b;
		wn_buf_init(&b, 1000);
		cel_program_canonical(stay[i], &b);
		assert_string_equal(b.p, terms[i]);
		wn_buf_done(&b);
	}
	wn_segment_free(s);
	s = parsed(HEAD "when: signal.kind == \"funding\" && account.employees > 5\nstay: '!account.customer'\n" TAIL STEPS);
	(void)wn_segment_stay(s, &n);
	assert_int_equal(n, 1);
	wn_segment_free(s);
	refuses(HEAD WHEN "stay: signal.kind == 'x'\n" TAIL STEPS, 4, 7, "signal");
}

static void what_is_missing_is_told_at_once(void **state)
{
	(void)state;
	refuses("segment: s\n" WHEN, 1, 1, "\"owner\"|\"goal\"|\"audience\"|\"exit\"|\"sequence\"");
	refuses("owner: a\n" TAIL STEPS, 1, 1, "\"segment\"|\"when\"");
	refuses(HEAD WHEN "audience: {min: 1, max: 10}\nexit: stop\ngoal: {metric: meeting}\n" STEPS, 6, 7, "\"target\"|\"window\"");
	refuses(HEAD WHEN "audience: {warn: 1}\nexit: stop\ngoal: {metric: meeting, target: 5%, window: 30d}\n" STEPS, 4, 11, "\"min\"|\"max\"");
	refuses(HEAD WHEN TAIL "sequence: []\n", 7, 11, "1 to 64 steps");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email}]\n", 7, 12, "without a text");
	refuses(HEAD WHEN TAIL "sequence: onboarding\n", 7, 11, "there is no stored sequence \"onboarding\"");
}

static void a_campaign_needs_a_signal_in_every_alternative(void **state)
{
	(void)state;
	static const char *const no[] = {
		"account.employees > 5", "account.employees > 5 || signal.kind == \"funding\"", "!signals.exists(s, s.kind == \"funding\")",
		"signals.count(\"funding\", days(3)) == 0", "signals.count(\"funding\", days(3)) < 2", "absent(\"funding\", days(30))",
		"signals.count(\"funding\", days(3)) >= 0", "!(signals.count(\"funding\", days(3)) > 1)", "!in_segment(\"other\")", "true",
		"signals.all(s, s.kind == \"funding\")"};
	static const char *const yes[] = {
		"signal.kind == \"funding\" || signals.exists(s, s.kind == \"hire\")", "signals.count(\"funding\", days(3)) > 0",
		"!(signals.count(\"funding\", days(3)) == 0)", "signals.count(\"funding\", days(3)) != 0", "surge(\"page_view\", days(2), days(7)) > 3.0",
		"size(signals.within(\"hire\", days(2))) >= 1", "2 <= signals.count(\"hire\", days(2))", "signal.kind in [\"funding\"] && account.employees > 5",
		"account.employees > 5 ? signal.kind == \"hire\" : signal.kind == \"funding\"", "absent(\"hire\", days(9)) && signal.kind == \"funding\"",
		"signals.followed(\"tech_dropped\", \"tech_adopted\", days(30))"};
	for (size_t i = 0; i < WN_COUNT(no); i++)
		refuses(wn_arena_printf(r->arena, HEAD "when: |\n  %s\n%s", no[i], TAIL STEPS), 4, 3, "can be true without a signal");
	for (size_t i = 0; i < WN_COUNT(yes); i++)
		wn_segment_free(parsed(wn_arena_printf(r->arena, HEAD "when: |\n  %s\n%s", yes[i], TAIL STEPS)));
}

static void errors_of_rules_point_into_the_file(void **state)
{
	(void)state;
	refuses(HEAD "when: |\n  signal.kind == \"funding\"\n  && signal.amont_usd > 5.0\n" TAIL STEPS, 5, 13, "amont_usd|amount_usd");
	refuses(HEAD "when: signal.kind == \"fundng\"\n" TAIL STEPS, 3, 22, "fundng|funding");
	refuses(HEAD "when: signal.kind == \"funding\" && signal.round == \"Series BB\"\n" TAIL STEPS, 3, 51, "Series BB|Series B");
	refuses(HEAD "when: signal.kind == \"funding\" && signals.count(\"hires\", days(3)) > 1\n" TAIL STEPS, 3, 49, "there is no kind \"hires\"|hire");
	refuses(HEAD "when: signal.kind == \"funding\" && signals.sum(\"funding\", \"round\", days(3)) > 1.0\n" TAIL STEPS, 3, 58, "only numbers");
	refuses(HEAD "when: signal.kind == \"hire\" && signal.round == \"Series B\"\n" TAIL STEPS, 3, 39, "round");
	refuses(HEAD WHEN "who: contact.levle > 3\n" TAIL STEPS, 4, 14, "levle|level");
	refuses(HEAD "when: signal.kind\n" TAIL STEPS, 3, 7, "bool");
	refuses(HEAD "when: signal.kind == \"funding\" && contact.level > 3\n" TAIL STEPS, 3, 35, "contact");
	refuses(HEAD "when: signal.kind == \"funding\" && now.getHours() > 3\n" TAIL STEPS, 3, 35, "now");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: b, if: 'contact.x'}]\n", 7, 63, "x");
}

static void names_in_templates_are_checked(void **state)
{
	(void)state;
	refuses(HEAD WHEN TAIL "sequence:\n  - channel: email\n    subject: hello\n    body: |\n      Hi {{contact.first_name}}\n"
		"      on {{signal.ruond}}\n", 12, 10, "ruond|of signal|round");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: '{{contcat.name}}', body: 'x {{signal.kind}}'}]\n", 7, 39, "contcat|contact");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{signals.headline}} {{signal.kind}}'}]\n", 7, 48, "list");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{#signals}}{{headlin}}{{/signals}}'}]\n", 7, 60, "headlin");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{campaign.nmae}}'}]\n", 7, 48, "nmae");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{signal.round.x}}'}]\n", 7, 48, "no field \"x\"");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{signal.round'}]\n", 7, 48, "missing");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{signal.person}}'}]\n", 7, 48, "no kind of signal that this segment opens on");
	wn_segment_free(parsed(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{#signal.person}}x{{/signal.person}}{{signal.kind}}'}]\n"));
	wn_segment_free(parsed(HEAD "when: signal.kind in [\"funding\", \"hire\"]\n" TAIL "sequence: [{channel: email, subject: s, body: '{{signal.person}}'}]\n"));
	wn_segment_free(parsed(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{#signals}}{{person}}{{/signals}}'}]\n"));
	wn_segment_free(parsed(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{#signals}}{{headline}} {{account.name}}{{/signals}}'}]\n"));
	wn_segment_free(parsed(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: '{{#signal}}{{round}}{{#account.technologies}}{{.}}{{/account.technologies}}{{/signal}}'}]\n"));
}

static void a_sequence_that_is_silent_about_the_signal_is_warned_of(void **state)
{
	(void)state;
	struct wn_segment *s;
	struct wn_warning w[8];
	size_t n = 0;
	assert_int_equal(parse(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, body: 'Hi {{contact.first_name}}'}]\n", &s, w, &n, NULL), WN_OK);
	assert_int_equal(n, 1);
	assert_non_null(strstr(w[0].text, "why-now"));
	assert_int_equal(w[0].place.line, 7);
	wn_segment_free(s);
}

static void contradictions_are_refused(void **state)
{
	(void)state;
#define GOAL "exit: stop\ngoal: {metric: meeting, target: 5%, window: 30d}\n"
	refuses(HEAD WHEN "audience: {min: 20, max: 10}\n" GOAL STEPS, 4, 17, "min 20 is more than max 10");
	refuses(HEAD WHEN "audience: {min: 1, warn: 11, max: 10}\n" GOAL STEPS, 4, 26, "warn 11");
	refuses(HEAD WHEN "audience: {min: 0, max: 10}\n" GOAL STEPS, 4, 17, "\"min\" in audience");
	refuses(HEAD WHEN TAIL "life: {box: 50d}\n" STEPS, 7, 13, "longer than the campaign's max");
	refuses(HEAD WHEN TAIL "life: {intake: 50d}\n" STEPS, 7, 16, "intake");
	refuses(HEAD WHEN TAIL "life: {first_touch: 15d}\n" STEPS, 7, 21, "first_touch");
	refuses(HEAD WHEN TAIL "sequence:\n  - {channel: email, subject: s, body: b}\n  - {after: 8d, channel: email, body: b}\n"
		"  - {after: 7d, channel: email, body: b}\n", 10, 13, "longer than the box");
	refuses(HEAD WHEN TAIL "nurture: x\n" STEPS, 7, 10, "hand_off");
	refuses(HEAD WHEN "audience: {min: 1, max: 10}\nexit: stop\ngoal: {metric: meeting, target: 5%, window: 30d, budget: 5 EUR}\n" STEPS,
		6, 58, "USD");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, variants: [{split: 60%, body: a}, {split: 60%, body: b}]}]\n", 7, 51, "120%");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, variants: [{body: a}, {split: 60%, body: b}]}]\n", 7, 52, "never chosen");
	refuses(HEAD WHEN TAIL "sequence: [{channel: email, subject: s, variants: [{if: 'true', split: 60%, body: b}]}]\n", 7, 72, "not by both");
}

static void unknown_keys_and_values_get_a_suggestion(void **state)
{
	(void)state;
	refuses(HEAD WHEN TAIL "priorty: 3\n" STEPS, 7, 1, "priorty|priority");
	refuses(HEAD WHEN TAIL "mode: lvie\n" STEPS, 7, 7, "mode");
	refuses(HEAD WHEN "audience: {min: 1, max: 10}\nexit: stop\ngoal: {metric: meetings, target: 5%, window: 30d}\n" STEPS, 6, 16, "metric");
	refuses(HEAD WHEN TAIL "sequence: [{channel: emial, subject: s, body: '{{signal.round}}'}]\n", 7, 22, "no sink takes channel \"emial\"|email");
	refuses(HEAD WHEN TAIL "start_with: yesterday\n" STEPS, 7, 13, "since 30d");
}

static void groups_are_paths_of_plain_values(void **state)
{
	(void)state;
	struct wn_segment *s = parsed(HEAD WHEN "group_by: [account.country, signal.round]\n" TAIL STEPS);
	assert_int_equal(s->n_group_by, 2);
	wn_segment_free(s);
	refuses(HEAD WHEN "group_by: [account.employees > 5]\n" TAIL STEPS, 4, 12, "paths over account or signal");
	refuses(HEAD WHEN "group_by: [account.technologies]\n" TAIL STEPS, 4, 12, "string, int, bool or enum");
	refuses(HEAD WHEN "group_by: [signal.amount_usd]\n" TAIL STEPS, 4, 12, "string, int, bool or enum");
	refuses(HEAD WHEN "group_by: [account.id, account.name, account.domain, account.country]\n" TAIL STEPS, 4, 11, "at most 3");
}

static void broad_segments_open_nothing(void **state)
{
	(void)state;
	struct wn_segment *s = parsed("segment: b\nowner: a\nbroad: true\nwhen: account.employees > 50\n");
	assert_true(s->broad);
	assert_int_equal(s->n_steps, 0);
	wn_segment_free(s);
	refuses("segment: b\nowner: a\nbroad: true\nwhen: account.employees > 50\ngoal: {metric: reply, target: 1%, window: 1d}\n", 5, 1, "opens no campaigns");
	refuses("segment: b\nowner: a\nbroad: true\nwhen: signal.kind == \"hire\"\n", 4, 7, "signal");
}

static void references_are_known_and_make_no_circle(void **state)
{
	(void)state;
	RIG own = rig_new();
	struct rig *before = r;
	r = own;
	rig_segment(r, "a", "signal.kind == \"hire\"", NULL, NULL);
	rig_segment(r, "b", "in_segment(\"a\")", NULL, NULL);
	refuses("segment: c\nowner: x\nwhen: in_segment(\"bb\")\n" TAIL STEPS, 3, 18, "there is no segment \"bb\"");
	refuses("segment: a\nowner: x\nwhen: in_segment(\"b\")\n" TAIL STEPS, 3, 18, "circle");
	refuses("segment: c\nowner: x\nwhen: in_segment(\"c\")\n" TAIL STEPS, 3, 18, "circle");
	refuses("segment: c\nowner: x\nwhen: in_segment(account.name)\n" TAIL STEPS, 3, 18, "in quotes");
	r = before;
}

static void the_same_text_gives_the_same_definition_and_seal(void **state)
{
	(void)state;
	struct wn_buf a, b;
	struct wn_segment *one = shipped("series-b-people-leaders.yaml"), *two = shipped("series-b-people-leaders.yaml");
	wn_buf_init(&a, 1u << 16);
	wn_buf_init(&b, 1u << 16);
	wn_segment_to_json(one, &a);
	wn_segment_to_json(two, &b);
	assert_string_equal(a.p, b.p);
	assert_non_null(strstr(a.p, "\"goal\":{\"budget_usd\":2000,\"metric\":\"meeting\",\"target\":0.05,\"window\":\"2592000s\"}"));
	assert_non_null(strstr(a.p, "\"tests\":[{"));
	assert_memory_equal(one->seal, two->seal, 32);
	wn_segment_free(two);
	two = shipped("new-vp-people.yaml");
	assert_memory_not_equal(one->seal, two->seal, 32);
	wn_segment_free(one);
	wn_segment_free(two);
	wn_buf_done(&a);
	wn_buf_done(&b);
}

static void calls_that_nobody_can_answer_are_refused(void **state)
{
	(void)state;
#define CALL(text) HEAD "when: signal.kind == \"funding\" && " text "\n" TAIL STEPS
	refuses(CALL("surge(\"hire\", days(0), days(3)) > 1.0"), 3, 49, "windows of surge are longer than nothing");
	refuses(CALL("surge(\"hire\", days(3), days(-3)) > 1.0"), 3, 58, "longer than nothing");
	refuses(CALL("signals.count(\"hire\", days(-3)) > 1"), 3, 57, "a window is not negative");
	refuses(CALL("absent(\"hire\", duration(\"-1s\"))"), 3, 50, "a window is not negative");
	refuses(CALL("signals.within(\"hire\", days(9), weeks(1)).size() > 1"), 3, 58, "ends before it begins");
	refuses(CALL("signals.followed(\"hire\", \"hire\", days(0))"), 3, 68, "nothing follows within no time");
	refuses(CALL("signals.sum(\"funding\", \"level\", days(3)) > 1.0"), 3, 58, "kind funding has no `level`");
#undef CALL
}

static void references_go_no_deeper_than_they_are_followed(void **state)
{
	(void)state;
	char text[300];
	rig_segment_of(r, "segment: d0\nowner: a\nbroad: true\nwhen: account.customer\n");
	for (int i = 1; i < 8; i++) {
		snprintf(text, sizeof(text), "segment: d%d\nowner: a\nbroad: true\nwhen: in_segment(\"d%d\") && !in_segment(\"d0\")\n", i, i - 1);
		rig_segment_of(r, text);
	}
	rig_segment_of(r, "segment: all\nowner: a\nbroad: true\nwhen: in_segment(\"d7\")\n");
	refuses("segment: beyond\nowner: a\nbroad: true\nwhen: in_segment(\"all\")\n", 4, 18, "more than 8 that refer to each other");
}

static void areas_that_hold_no_place_are_refused(void **state)
{
	(void)state;
	refuses(HEAD "when: signal.kind == \"funding\" && account.place.within(\"US/CA\")\n" TAIL STEPS, 3, 56, "no place begins with \"US\"|did you mean \"NA/US/CA\"?");
	refuses(HEAD "when: signal.kind == \"funding\" && account.place.within(\"EU/US\")\n" TAIL STEPS, 3, 56, "\"US\" does not lie in EU: did you mean \"NA/US\"?");
	refuses(HEAD "when: signal.kind == \"funding\" && account.place.within(\"EU/XY\")\n" TAIL STEPS, 3, 56, "no country of ISO 3166 in EU");
	refuses(HEAD "when: signal.kind == \"funding\" && account.place.within(\"\")\n" TAIL STEPS, 3, 56, "continent/country/state/city");
}

/* The kinds that the segment opens on, in the order of the registry. */
static const char *opens_on(const char *when)
{
	static char text[600];
	char yaml[1000];
	struct wn_segment *s;
	struct wn_err err = {0};
	text[0] = 0;
	snprintf(yaml, sizeof(yaml), "%swhen: |\n  %s\n%s%s", HEAD, when, TAIL,
		 "sequence: [{channel: email, subject: s, body: hello}]\n");
	if (parse(yaml, &s, NULL, NULL, &err))
		fail_msg("%s: %d:%d: %s", when, err.place.line, err.place.column, err.text);
	for (size_t k = 0; k < wn_registry_kinds(r->registry); k++)
		if (wn_segment_opens_on(s, (int)k))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? " " : "", wn_registry_kind(r->registry, (int)k)->name);
	wn_segment_free(s);
	return text;
}

static void a_segment_opens_on_the_kinds_for_which_its_rule_may_be_true(void **state)
{
	(void)state;
	char all[600];
	snprintf(all, sizeof(all), "%s", opens_on("signal.headline.contains('x')"));
	assert_string_equal(opens_on("signal.kind == 'funding' && signal.amount_usd > 1.0"), "funding");
	assert_string_equal(opens_on("'funding' == signal.kind || (signal.kind in ['hire', 'page_view'] && account.customer)"),
			    "funding hire page_view");
	assert_string_equal(opens_on("signal.kind in ['funding', 'hire'] && !(signal.kind == 'hire')"), "funding");
	assert_string_equal(opens_on("signal.kind in ['funding', 'hire'] && signal.kind != 'hire'"), "funding");
	assert_string_equal(opens_on("signal.round == 'Series B'"), "funding");
	assert_string_equal(opens_on("has(signal.round)"), "funding");
	assert_string_equal(opens_on("!has(signal.round) && signal.kind in ['funding', 'hire']"), "funding hire");
	assert_string_equal(opens_on("account.customer ? signal.kind == 'hire' : signal.round == 'Seed'"), "funding hire");
	assert_string_equal(opens_on("signal.?round.orValue('Seed') == 'Seed'"), all);
	/* what is asked of another value says nothing of the signal */
	assert_string_equal(opens_on("signal.headline.contains('x') && account.industry != 'hire'"), all);
	assert_string_equal(opens_on("signals.count('hire', days(3)) >= 2"), "hire");
	assert_string_equal(opens_on("signal.headline.contains('x') && signals.count('hire', days(3)) >= 2"), all);
	assert_non_null(strstr(all, "departure"));
	assert_null(strstr(opens_on("!(signal.kind == 'hire') && signal.headline.contains('x')"), "hire"));
	assert_non_null(strstr(opens_on("!(signal.kind == 'hire') && signal.headline.contains('x')"), "departure"));
}

static void a_stream_holds_several_segments(void **state)
{
	(void)state;
	struct wn_segment_options opt = {.registry = r->registry};
	struct wn_segment *s;
	const char *yaml = HEAD WHEN TAIL STEPS "---\nsegment: t\nowner: a\n" WHEN TAIL STEPS;
	assert_int_equal(wn_segment_parse(wn_str_of(yaml), "s.yaml", 1, &opt, &s, NULL, 0, NULL, NULL), WN_OK);
	assert_string_equal(s->name, "t");
	wn_segment_free(s);
	assert_int_equal(wn_segment_parse(wn_str_of(yaml), "s.yaml", 2, &opt, &s, NULL, 0, NULL, NULL), WN_NOT_FOUND);
}

static void bounds_that_leave_nothing_are_refused(void **state)
{
	(void)state;
	refuses(HEAD "when: signal.kind == \"funding\" && account.employees >= 50 && account.employees <= 10\n" TAIL STEPS,
		3, 62, "`account.employees <= 10` contradicts `account.employees >= 50`");
	refuses(HEAD "when: signal.kind == \"funding\" && account.country == \"US\" && account.country == \"CA\"\n" TAIL STEPS, 3, 62, "can never be true");
	refuses(HEAD "when: signal.kind == \"funding\" && signal.age <= days(3) && signal.age > days(3)\n" TAIL STEPS, 3, 60, "can never be true");
	refuses(HEAD "when: signal.kind == \"funding\" && 10 > account.employees && account.employees == 10\n" TAIL STEPS, 3, 61, "can never be true");
	refuses(HEAD WHEN "who: contact.level >= 4 && contact.level < 4\n" TAIL STEPS, 4, 28, "contradicts");
	wn_segment_free(parsed(HEAD "when: signal.kind == \"funding\" && account.employees >= 50 "
			       "&& account.employees <= 50 && account.employees > 4\n"
			       TAIL STEPS));
	wn_segment_free(parsed(HEAD "when: signal.kind == \"funding\" && (account.employees >= 50 || account.employees <= 10)\n" TAIL STEPS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_that_leave_nothing_are_refused),
		cmocka_unit_test(shipped_segments_pass_without_a_warning),
		cmocka_unit_test(shipped_segments_fit_the_shipped_kinds_and_traits),
		cmocka_unit_test(every_key_of_the_design_is_kept),
		cmocka_unit_test(defaults_are_careful),
		cmocka_unit_test(stay_terms_are_those_over_account_and_contact),
		cmocka_unit_test(what_is_missing_is_told_at_once),
		cmocka_unit_test(a_campaign_needs_a_signal_in_every_alternative),
		cmocka_unit_test(errors_of_rules_point_into_the_file),
		cmocka_unit_test(names_in_templates_are_checked),
		cmocka_unit_test(a_sequence_that_is_silent_about_the_signal_is_warned_of),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(unknown_keys_and_values_get_a_suggestion),
		cmocka_unit_test(groups_are_paths_of_plain_values),
		cmocka_unit_test(broad_segments_open_nothing),
		cmocka_unit_test(references_are_known_and_make_no_circle),
		cmocka_unit_test(the_same_text_gives_the_same_definition_and_seal),
		cmocka_unit_test(areas_that_hold_no_place_are_refused),
		cmocka_unit_test(references_go_no_deeper_than_they_are_followed),
		cmocka_unit_test(calls_that_nobody_can_answer_are_refused),
		cmocka_unit_test(a_segment_opens_on_the_kinds_for_which_its_rule_may_be_true),
		cmocka_unit_test(a_stream_holds_several_segments),
	};
	return cmocka_run_group_tests_name("segment", tests, setup, teardown);
}
