/* SPDX-License-Identifier: MIT */
/*
 * The YAML of a segment (design 05): keys, types, defaults, bounds. All that is wrong is reported with file,
 * line and column. Expressions and templates stay texts here.
 *
 * Defaults: mode shadow, priority 50, holdout none, start_with new, on_reply hold, warn = max, life {intake:
 * 7d, box: 14d, max: 42d, floor: 0.5, grace: 48h, cooldown: 75d}, first touch as the kind says, valid_for 5d,
 * after 0h.
 */
#include "segment_file.h"

#define DAY 86400.0
#define YEAR (366 * DAY)

#define TEXT_ROW(name, text) text,
static const char *const mode_names[] = {WN_MODE_LIST(TEXT_ROW) NULL};
static const char *const exit_names[] = {WN_EXIT_LIST(TEXT_ROW) NULL};
static const char *const reply_names[] = {"hold", "continue", "stop", NULL};
const char *const segment_metrics[] = {"reply", "meeting", "opportunity", "purchase", "signup", "trial", NULL};

/* --- custom values ------------------------------------------------------------------------------------- */
static void read_texts(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
		       void *out, struct wn_yaml_errors *e)
{
	struct file_texts *texts = out;
	struct wn_yaml_node *const *items =
	    n->kind == WN_YAML_SEQUENCE ? n->items : (struct wn_yaml_node *const *)&n;
	size_t count = n->kind == WN_YAML_SEQUENCE ? n->n : 1;
	if (count > (size_t)row->max) {
		wn_yaml_error(e, wn_yaml_place(n), "\"%s\": expected at most %.0f expressions, found %zu",
			      row->name, row->max, count);
		return;
	}
	struct wn_yaml_text *v = WN_NEW_N(a, struct wn_yaml_text, count + 1);
	for (size_t i = 0; i < count; i++) {
		struct wn_err err = {0};
		if (wn_yaml_text(items[i], &v[i], &err)) {
			wn_fail_more(&err, WN_INVALID, "\"%s\"", row->name);
			wn_yaml_error_add(e, &err);
			return;
		}
	}
	*texts = (struct file_texts){count, v};
}

/* "new", or "since 30d". */
static void read_start(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
		       void *out, struct wn_yaml_errors *e)
{
	static const char since[] = "since ";
	size_t skip = sizeof(since) - 1;
	int64_t us;
	(void)row;
	(void)a;
	if (n->kind == WN_YAML_SCALAR && wn_str_is(n->text, "new"))
		return;
	if (n->kind == WN_YAML_SCALAR && n->text.n > skip && memcmp(n->text.p, since, skip) == 0) {
		struct wn_yaml_node rest = *n;
		rest.text = (struct wn_str){n->text.p + skip, n->text.n - skip};
		if (wn_yaml_duration(&rest, WN_SECOND, 400 * WN_DAY, &us, NULL) == WN_OK) {
			*(int64_t *)out = us;
			return;
		}
	}
	wn_yaml_error(e, wn_yaml_place(n), "\"start_with\": expected \"new\" or \"since 30d\" (at most 400d)");
}

static const struct wn_yaml_schema step_schema;

static void read_sequence(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			  void *out, struct wn_yaml_errors *e)
{
	struct wn_yaml_list *list = out;
	if (n->kind == WN_YAML_SCALAR && wn_yaml_is_name(n->text))
		return; /* the name of a stored one */
	if (n->kind != WN_YAML_SEQUENCE || n->n == 0 || n->n > WN_SEQUENCE_MAX) {
		wn_yaml_error(e, wn_yaml_place(n), "\"%s\": expected a list of 1 to %d steps%s", row->name, WN_SEQUENCE_MAX,
			      strcmp(row->name, "steps") ? ", or the name of a stored sequence" : "");
		return;
	}
	char *v = wn_arena_alloc(a, step_schema.size * n->n);
	for (size_t i = 0; i < n->n; i++) {
		memcpy(v + i * step_schema.size, step_schema.defaults, step_schema.size);
		enum wn_rc rc = wn_yaml_walk(n->items[i], &step_schema, a, v + i * step_schema.size, e);
		(void)rc; /* counted in e */
	}
	*list = (struct wn_yaml_list){n->n, v};
}

/* --- checks -------------------------------------------------------------------------------------------- */
static struct wn_place place_of(const struct wn_yaml_node *map, const char *key)
{
	const struct wn_yaml_node *n = wn_yaml_get(map, key);
	return wn_yaml_place(n ? n : map);
}

static void check_variant(void *out, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct file_variant *v = out;
	(void)a;
	if (v->test.text.p && v->split > 0)
		wn_yaml_error(e, place_of(v->node, "split"),
			      "a variant is chosen by \"if\" or by \"split\", not by both");
}

static void check_step(void *out, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct file_step *s = out;
	const struct file_variant *v = s->variants.v;
	double split = 0;
	(void)a;
	if (!s->variants.n && !s->body.text.p)
		wn_yaml_error(e, wn_yaml_place(s->node), "step without a text: \"body\" or \"variants\"");
	for (size_t i = 0; i < s->variants.n; i++) {
		split += v[i].split;
		if (!v[i].body.text.p && !s->body.text.p)
			wn_yaml_error(e, wn_yaml_place(v[i].node),
				      "variant without a \"body\", and the step has none");
		bool always = !v[i].test.text.p && v[i].split == 0;
		if (always && i + 1 < s->variants.n)
			wn_yaml_error(
			    e, wn_yaml_place(v[i].node),
			    "variants after this one are never chosen: it has no \"if\" and no \"split\"");
	}
	if (split > 1.000001)
		wn_yaml_error(e, place_of(s->node, "variants"), "splits add up to %.0f%%", split * 100);
}

static void check_audience(void *out, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct file_audience *b = out;
	(void)a;
	if (b->min > b->max)
		wn_yaml_error(e, place_of(b->node, "min"), "audience: min %lld is more than max %lld",
			      (long long)b->min, (long long)b->max);
	else if (b->warn && (b->warn > b->max || b->warn < b->min))
		wn_yaml_error(e, place_of(b->node, "warn"),
			      "audience: warn %lld is not between min %lld and max %lld", (long long)b->warn,
			      (long long)b->min, (long long)b->max);
}

static void check_life(const struct segment_file *f, struct wn_yaml_errors *e)
{
	const struct wn_yaml_node *n = f->life.node ? f->life.node : f->node;
	if (f->life.box_us > f->life.max_us)
		wn_yaml_error(e, place_of(n, "box"),
			      "life: the box of a member is longer than the campaign's max");
	if (f->life.intake_us > f->life.max_us)
		wn_yaml_error(e, place_of(n, "intake"), "life: intake is longer than the campaign's max");
	if (f->life.first_touch_us > f->life.box_us)
		wn_yaml_error(e, place_of(n, "first_touch"), "life: first_touch is longer than the box");
}

/* A step is planned when the one before was sent: the sum must fit into the box. */
static void check_length(const struct segment_file *f, struct wn_yaml_errors *e)
{
	const struct file_step *steps = f->sequence.v;
	int64_t sum = 0;
	for (size_t i = 0; i < f->sequence.n; i++) {
		sum += steps[i].after_us;
		if (sum > f->life.box_us) {
			wn_yaml_error(
			    e, place_of(steps[i].node, "after"),
			    "the sequence is longer than the box: step %zu would come %.1f days after "
			    "enrolment, the box is %.1f days",
			    i + 1, (double)sum / 86400e6, (double)f->life.box_us / 86400e6);
			return;
		}
	}
}

/* clang-format off */
/* --- schemas ------------------------------------------------------------------------------------------- */
#define AT(member) offsetof(struct file_variant, member)
static const struct wn_yaml_row variant_rows[] = {
	{"if", WN_YAML_T_TEXT, AT(test)},
	{"split", WN_YAML_T_PERCENT, AT(split), .min = 0.0001, .max = 1},
	{"subject", WN_YAML_T_TEXT, AT(subject)},
	{"body", WN_YAML_T_TEXT, AT(body)},
	{"html", WN_YAML_T_TEXT, AT(html)},
	{"name", WN_YAML_T_NAME, AT(name)},
};
#undef AT
static const struct wn_yaml_schema variant_schema =
	WN_YAML_SCHEMA("variant", struct file_variant, variant_rows, .check = check_variant);

#define AT(member) offsetof(struct file_step, member)
static const struct wn_yaml_row step_rows[] = {
	{"after", WN_YAML_T_DURATION, AT(after_us), .max = YEAR},
	{"channel", WN_YAML_T_NAME, AT(channel), .required = true},
	{"if", WN_YAML_T_TEXT, AT(test)},
	{"subject", WN_YAML_T_TEXT, AT(subject)},
	{"body", WN_YAML_T_TEXT, AT(body)},
	{"html", WN_YAML_T_TEXT, AT(html)},
	{"valid_for", WN_YAML_T_DURATION, AT(valid_for_us), .min = 60, .max = YEAR},
	{"variants", WN_YAML_T_LIST, AT(variants), .schema = &variant_schema, .min = 1, .max = 20},
};
#undef AT
static const struct file_step step_defaults = {.valid_for_us = 5 * WN_DAY};
static const struct wn_yaml_schema step_schema =
	WN_YAML_SCHEMA("step", struct file_step, step_rows, .check = check_step, .defaults = &step_defaults);

#define AT(member) offsetof(struct file_audience, member)
static const struct wn_yaml_row audience_rows[] = {
	{"min", WN_YAML_T_INT, AT(min), .required = true, .min = 1, .max = 100000},
	{"warn", WN_YAML_T_INT, AT(warn), .min = 1, .max = 100000},
	{"max", WN_YAML_T_INT, AT(max), .required = true, .min = 1, .max = 100000},
};
#undef AT
static const struct wn_yaml_schema audience_schema =
	WN_YAML_SCHEMA("audience", struct file_audience, audience_rows, .check = check_audience);

#define AT(member) offsetof(struct file_life, member)
static const struct wn_yaml_row life_rows[] = {
	{"intake", WN_YAML_T_DURATION, AT(intake_us), .min = 60, .max = YEAR},
	{"box", WN_YAML_T_DURATION, AT(box_us), .min = 60, .max = YEAR},
	{"max", WN_YAML_T_DURATION, AT(max_us), .min = 60, .max = 2 * YEAR},
	{"floor", WN_YAML_T_DOUBLE, AT(floor), .min = 0.001, .max = 10},
	{"grace", WN_YAML_T_DURATION, AT(grace_us), .max = 60 * DAY},
	{"cooldown", WN_YAML_T_DURATION, AT(cooldown_us), .max = 10 * YEAR},
	{"first_touch", WN_YAML_T_DURATION, AT(first_touch_us), .min = 60, .max = YEAR},
};
#undef AT
static const struct wn_yaml_schema life_schema = WN_YAML_SCHEMA("life", struct file_life, life_rows);

#define AT(member) offsetof(struct file_goal, member)
static const struct wn_yaml_row goal_rows[] = {
	{"metric", WN_YAML_T_ENUM, AT(metric), .required = true, .names = segment_metrics},
	{"target", WN_YAML_T_PERCENT, AT(target), .required = true, .min = 0.0001, .max = 1},
	{"window", WN_YAML_T_DURATION, AT(window_us), .required = true, .min = 3600, .max = 2 * YEAR},
	{"budget", WN_YAML_T_MONEY, AT(budget)},
};
#undef AT
static const struct wn_yaml_schema goal_schema = WN_YAML_SCHEMA("goal", struct file_goal, goal_rows);

#define AT(member) offsetof(struct segment_file, member)
static const struct wn_yaml_row rows[] = {
	{"segment", WN_YAML_T_NAME, AT(name), .required = true},
	{"description", WN_YAML_T_STRING, AT(description), .max = 500},
	{"owner", WN_YAML_T_STRING, AT(owner), .min = 1, .max = 200},
	{"broad", WN_YAML_T_BOOL, AT(broad)},
	{"when", WN_YAML_T_TEXT, AT(when), .required = true},
	{"who", WN_YAML_T_TEXT, AT(who)},
	{"stay", WN_YAML_T_CUSTOM, AT(stay), .max = 32, .read = read_texts},
	{"group_by", WN_YAML_T_CUSTOM, AT(group_by), .max = 3, .read = read_texts},
	{"audience", WN_YAML_T_MAP, AT(audience), .schema = &audience_schema},
	{"life", WN_YAML_T_MAP, AT(life), .schema = &life_schema},
	{"exit", WN_YAML_T_ENUM, AT(exit), .names = exit_names},
	{"nurture", WN_YAML_T_NAME, AT(nurture)},
	{"goal", WN_YAML_T_MAP, AT(goal), .schema = &goal_schema},
	{"holdout", WN_YAML_T_PERCENT, AT(holdout), .min = 0, .max = 0.9},
	{"mode", WN_YAML_T_ENUM, AT(mode), .names = mode_names},
	{"priority", WN_YAML_T_INT, AT(priority), .min = 0, .max = 1000},
	{"start_with", WN_YAML_T_CUSTOM, AT(start_since_us), .read = read_start},
	{"on_reply", WN_YAML_T_ENUM, AT(on_reply), .names = reply_names},
	{"sequence", WN_YAML_T_CUSTOM, AT(sequence), .read = read_sequence},
	{"tests", WN_YAML_T_NODE, AT(tests)},
};
#undef AT
static const struct wn_yaml_schema segment_schema = WN_YAML_SCHEMA("segment", struct segment_file, rows);
/* clang-format on */

/* --- what kinds of segment need ------------------------------------------------------------------------ */
struct need {
	const char *key, *why;
};

static void check_campaign_keys(const struct segment_file *f, struct wn_yaml_errors *e)
{
	static const struct need needs[] = {
	    {"goal", "a campaign is judged by its metric, target and window"},
	    {"audience", "how few and how many members it may have: {min: 1, warn: 150, max: 500}"},
	    {"exit", "what becomes of planned touches when a member no longer fits: stop, finish or hand_off"},
	    {"sequence", "the touches"},
	};
	for (size_t i = 0; i < WN_COUNT(needs); i++)
		if (!wn_yaml_get(f->node, needs[i].key))
			wn_yaml_error(e, wn_yaml_place(f->node), "missing key \"%s\" in segment: %s",
				      needs[i].key, needs[i].why);
	if (f->goal.node && f->goal.budget.currency[0] && strcmp(f->goal.budget.currency, "USD") != 0)
		wn_yaml_error(e, place_of(f->goal.node, "budget"), "a budget is in USD");
	if (f->nurture.p && f->exit != WN_EXIT_HAND_OFF)
		wn_yaml_error(e, place_of(f->node, "nurture"), "\"nurture\" is for exit: hand_off");
	check_life(f, e);
	check_length(f, e);
}

static void check_broad_keys(const struct segment_file *f, struct wn_yaml_errors *e)
{
	static const char *const opens[] = {"stay",       "group_by", "audience", "life", "exit",
					    "nurture",    "goal",     "holdout",  "mode", "priority",
					    "start_with", "on_reply", "sequence"};
	for (size_t i = 0; i < WN_COUNT(opens); i++) {
		const struct wn_yaml_node *key = wn_yaml_key(f->node, opens[i]);
		if (key)
			wn_yaml_error(e, wn_yaml_place(key),
				      "a broad segment opens no campaigns: \"%s\" has no meaning here",
				      opens[i]);
	}
}

/* --- stored sequences ---------------------------------------------------------------------------------- */
struct sequence_file {
	const struct wn_yaml_node *node;
	struct wn_str name, description;
	struct wn_yaml_list steps;
};
#define AT(member) offsetof(struct sequence_file, member)
static const struct wn_yaml_row sequence_rows[] = {
    {"sequence", WN_YAML_T_NAME, AT(name), .required = true},
    {"description", WN_YAML_T_STRING, AT(description), .max = 500},
    {"steps", WN_YAML_T_CUSTOM, AT(steps), .required = true, .read = read_sequence},
};
#undef AT
static const struct wn_yaml_schema sequence_schema = WN_YAML_SCHEMA("sequence", struct sequence_file, sequence_rows);

bool wn_sequence_is(const struct wn_yaml_node *root, struct wn_str *name)
{
	const struct wn_yaml_node *n = root->kind == WN_YAML_MAPPING ? wn_yaml_get(root, "sequence") : NULL;
	if (!n || n->kind != WN_YAML_SCALAR || wn_yaml_get(root, "segment"))
		return false;
	*name = n->text;
	return true;
}

enum wn_rc wn_sequence_check(const struct wn_yaml_node *root, struct wn_err *err)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_yaml_errors errors;
	struct sequence_file f = {0};
	wn_yaml_errors_init(&errors, a);
	enum wn_rc rc = wn_yaml_walk(root, &sequence_schema, a, &f, &errors);
	if (rc == WN_OK && f.steps.n == 0)
		wn_yaml_error(&errors, wn_yaml_place(root), "\"steps\": expected a list of 1 to %d steps", WN_SEQUENCE_MAX);
	wn_yaml_errors_sort(&errors);
	rc = wn_yaml_errors_to_err(&errors, err);
	if (rc && err)
		err->place.file = root->file;
	return rc;
}

static const struct wn_sequence *find_sequence(const struct wn_segment_options *opt, struct wn_str name)
{
	const struct wn_sequence *best = NULL;
	for (size_t i = 0; i < opt->n_sequences; i++) {
		const struct wn_sequence *s = &opt->sequences[i];
		bool in_time = !opt->published_us || s->published_us <= opt->published_us;
		if (in_time && wn_str_eq(s->name, name) && (!best || s->version > best->version))
			best = s;
	}
	return best;
}

static void refuse_name(const struct wn_segment_options *opt, const struct wn_yaml_node *n, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const char **names = WN_NEW_N(a, const char *, opt->n_sequences + 1);
	for (size_t i = 0; i < opt->n_sequences; i++)
		names[i] = wn_arena_strdup(a, opt->sequences[i].name);
	const char *near = wn_nearest(n->text, names, opt->n_sequences);
	wn_yaml_error(e, wn_yaml_place(n), "there is no stored sequence \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(n->text),
		      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* Its steps take the place of the name; what is wrong in them is told at their own place. */
static void take_sequence(struct segment_file *f, const struct wn_segment_options *opt, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct wn_yaml_node *n = wn_yaml_get(f->node, "sequence");
	struct sequence_file file = {0};
	struct wn_yaml_docs docs;
	struct wn_err err = {0};
	if (!n || n->kind != WN_YAML_SCALAR || !wn_yaml_is_name(n->text))
		return;
	const struct wn_sequence *s = find_sequence(opt, n->text);
	if (!s) {
		refuse_name(opt, n, a, e);
		return;
	}
	if (wn_yaml_parse(s->text, s->file, a, &docs, &err) || s->doc >= docs.n) {
		wn_yaml_error(e, wn_yaml_place(n), "sequence \"" WN_STR_FMT "\": %s", WN_STR_ARG(n->text), err.text);
		return;
	}
	enum wn_rc rc = wn_yaml_walk(docs.v[s->doc].root, &sequence_schema, a, &file, e);
	(void)rc; /* counted in e */
	f->sequence = file.steps;
	f->sequence_name = n->text;
}

void segment_file_read(const struct wn_yaml_node *root, const struct wn_segment_options *opt, struct wn_arena *a,
		       struct segment_file *f, struct wn_yaml_errors *errors)
{
	*f = (struct segment_file){
	    .priority = 50, .mode = WN_MODE_SHADOW, .exit = WN_EXIT_STOP, .owner = opt->source_default_owner};
	f->life.intake_us = 7 * WN_DAY;
	f->life.box_us = 14 * WN_DAY;
	f->life.max_us = 42 * WN_DAY;
	f->life.floor = 0.5;
	f->life.grace_us = 48 * WN_HOUR;
	f->life.cooldown_us = 75 * WN_DAY;
	enum wn_rc rc = wn_yaml_walk(root, &segment_schema, a, f, errors);
	(void)rc; /* counted in errors */
	if (!f->node)
		return;
	take_sequence(f, opt, a, errors);
	if (f->owner.n == 0 && !wn_yaml_get(root, "owner"))
		wn_yaml_error(errors, wn_yaml_place(root),
			      "missing key \"owner\" in segment: who answers for it");
	if (f->broad)
		check_broad_keys(f, errors);
	else
		check_campaign_keys(f, errors);
	if (!f->audience.warn)
		f->audience.warn = f->audience.max;
}
