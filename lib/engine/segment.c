/* SPDX-License-Identifier: MIT */
/*
 * From the YAML of a segment to an immutable compiled struct (design 05). Reading is in segment_file.c,
 * expressions in segment_rules.c, touches in segment_steps.c; here they are put together, and taken apart
 * again.
 *
 * The same text, registry and options give the same segment: nothing here asks for the time or for chance. All
 * errors of a document are reported at once, each with its place in the file.
 */
#include "segment_tests.h"

#include <stdio.h>

enum { BARE = 1280 }; /* bytes of a segment in use besides twice its text: most take no more */

void segment_warn(struct segment_build *b, struct wn_place at, const char *fmt, ...)
{
	va_list args;
	if (b->warnings && b->n_warnings < b->max_warnings) {
		struct wn_warning *w = &b->warnings[b->n_warnings];
		w->place = at;
		va_start(args, fmt);
		vsnprintf(w->text, sizeof(w->text), fmt, args);
		va_end(args);
	}
	b->n_warnings++;
}

static const char *own_text(struct wn_segment *s, struct wn_str text)
{
	return text.p ? wn_arena_strdup(s->arena, text) : NULL;
}

static void copy_goal(struct wn_segment *s, const struct file_goal *f)
{
	if (!f->node)
		return;
	s->goal = (struct wn_goal){.metric = segment_metrics[f->metric],
				   .target = f->target,
				   .window_us = f->window_us,
				   .budget_usd = f->budget.amount};
}

static void copy_plain(struct wn_segment *s, const struct segment_file *f)
{
	s->name = own_text(s, f->name);
	s->description = f->description.p ? own_text(s, f->description) : "";
	s->owner = own_text(s, f->owner);
	s->nurture = own_text(s, f->nurture);
	s->mode = (enum wn_mode)f->mode;
	s->exit = (enum wn_exit)f->exit;
	s->priority = (int)f->priority;
	s->broad = f->broad;
	s->on_reply = (enum wn_on_reply)f->on_reply;
	s->audience_min = (int)f->audience.min;
	s->audience_warn = (int)f->audience.warn;
	s->audience_max = (int)f->audience.max;
	s->life = (struct wn_life){.intake_us = f->life.intake_us,
				   .box_us = f->life.box_us,
				   .max_us = f->life.max_us,
				   .grace_us = f->life.grace_us,
				   .cooldown_us = f->life.cooldown_us,
				   .floor = f->life.floor,
				   .first_touch_us = f->life.first_touch_us};
	s->holdout = f->holdout;
	s->start_since_us = f->start_since_us;
	copy_goal(s, &f->goal);
}

static void seal_goal(const struct wn_goal *g, uint8_t seal[32], struct wn_arena *scratch)
{
	struct wn_buf json;
	wn_buf_init(&json, 4096);
	if (g->metric)
		wn_json_write_canonical(&json, segment_goal_value(g, scratch));
	wn_sha256(wn_buf_slice(&json), seal);
	wn_buf_done(&json);
}

static bool same_goal(const struct wn_goal *x, const struct wn_goal *y)
{
	return x->metric == y->metric && x->target == y->target && x->window_us == y->window_us && x->budget_usd == y->budget_usd;
}

static void set_seal(struct segment_build *b)
{
	struct rule_seal *newest = b->inner->rules->newest;
	if (!newest->goal.metric || !same_goal(&newest->goal, &b->s->goal)) {
		seal_goal(&b->s->goal, newest->seal, b->scratch);
		newest->goal = b->s->goal;
	}
	memcpy(b->s->seal, newest->seal, sizeof(newest->seal));
}

static struct wn_segment *segment_new(const struct wn_segment_options *opt, size_t text)
{
	struct wn_arena *arena = opt->for_use ? wn_arena_new_small(BARE + 2 * text) : wn_arena_new(0);
	struct wn_segment *s = WN_NEW(arena, struct wn_segment);
	struct segment_inner *inner = WN_NEW(arena, struct segment_inner);
	s->arena = arena;
	s->env = inner;
	if (!opt->rules)
		inner->own_rules = wn_rules_new(opt->registry);
	inner->rules = opt->rules ? opt->rules : inner->own_rules;
	return s;
}

void wn_segment_free(struct wn_segment *s)
{
	if (!s)
		return;
	struct segment_inner *inner = s->env;
	segment_programs_free(inner);
	for (size_t i = 0; i < inner->shared.n; i++)
		rule_shared_drop(inner->rules->shared, inner->shared.v[i].program, inner->shared.v[i].use);
	wn_rules_free(inner->own_rules);
	wn_arena_free(s->arena);
}

/* Everything after reading: the segment is whole only if nothing was added to the errors. */
static void build(struct segment_build *b)
{
	copy_plain(b->s, b->file);
	if (!b->s->name)
		return;
	segment_build_rules(b);
	if (!b->file->broad)
		segment_build_steps(b);
	if (!b->opt->for_use)
		segment_build_tests(b);
	set_seal(b);
	if (!b->opt->for_use && wn_yaml_errors_count(b->errors) == 0)
		b->inner->canonical = segment_canonical(b);
}

static enum wn_rc parse_doc(const struct wn_yaml_node *root, struct segment_build *b, struct wn_segment **out,
			    struct wn_err *err)
{
	struct segment_file file;
	struct wn_yaml_errors errors;
	wn_yaml_errors_init(&errors, b->scratch);
	segment_file_read(root, b->opt, b->scratch, &file, &errors);
	b->errors = &errors;
	b->file = &file;
	b->s = segment_new(b->opt, b->text_size);
	b->inner = b->s->env;
	if (file.node)
		build(b);
	wn_yaml_errors_sort(&errors);
	enum wn_rc rc = wn_yaml_errors_to_err(&errors, err);
	if (rc) {
		wn_segment_free(b->s);
		return rc;
	}
	*out = b->s;
	return WN_OK;
}

static enum wn_rc read_document(const struct wn_yaml_doc *doc, const char *file, struct segment_build *b, struct wn_segment **out,
				size_t *n_warnings, struct wn_err *err)
{
	b->text_size = doc->source.n;
	enum wn_rc rc = parse_doc(doc->root, b, out, err);
	if (rc && err)
		err->place.file = file; /* the errors' own copy dies with the scratch arena */
	if (!rc && n_warnings)
		*n_warnings = b->n_warnings < b->max_warnings ? b->n_warnings : b->max_warnings;
	return rc;
}

enum wn_rc wn_segment_read(const struct wn_yaml_doc *doc, const char *file, const struct wn_segment_options *opt, struct wn_segment **out,
			   struct wn_warning *warnings, size_t max_warnings, size_t *n_warnings, struct wn_err *err)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *own = opt->rules ? NULL : wn_arena_new(0);
	struct segment_build b = {.opt = opt, .scratch = own ? own : opt->rules->reading, .warnings = warnings, .max_warnings = max_warnings};

	wn_arena_reset(b.scratch);
	return read_document(doc, file, &b, out, n_warnings, err);
}

enum wn_rc wn_segment_parse(struct wn_str text, const char *file, size_t doc,
			    const struct wn_segment_options *opt, struct wn_segment **out,
			    struct wn_warning *warnings, size_t max_warnings, size_t *n_warnings,
			    struct wn_err *err)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *own = opt->rules ? NULL : wn_arena_new(0);
	struct segment_build b = {.opt = opt, .scratch = own ? own : opt->rules->reading, .warnings = warnings, .max_warnings = max_warnings};
	struct wn_yaml_docs docs;

	wn_arena_reset(b.scratch);
	enum wn_rc rc = wn_yaml_parse(text, file, b.scratch, &docs, err);
	if (rc)
		return rc;
	if (doc >= docs.n)
		return wn_fail(err, WN_NOT_FOUND, "%s has %zu segment%s", file ? file : "the text", docs.n,
			       docs.n == 1 ? "" : "s");
	return read_document(&docs.v[doc], file, &b, out, n_warnings, err);
}
