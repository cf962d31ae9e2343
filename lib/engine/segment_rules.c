/* SPDX-License-Identifier: MIT */
/*
 * Compiling the expressions of a segment, and what is derived from them: stay terms, terms over `signal` alone,
 * what is read, which segments are referred to. Refuses a campaign that no signal has to start.
 */
#include "segment_file.h"

#include <stdlib.h>

/* --- positions ----------------------------------------------------------------------------------------- */
/* Line and column (from 1) of a byte of a text. */
static struct wn_place place_in_text(struct wn_str text, uint32_t at)
{
	struct wn_place p = {NULL, 1, 1};
	for (uint32_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n')
			p.line++, p.column = 1;
		else if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			p.column++;
	}
	return p;
}

struct wn_place segment_place_of_span(const struct wn_yaml_text *t, struct cel_span span)
{
	struct wn_place p = place_in_text(t->text, span.start);
	return wn_yaml_text_place(t, p.line, p.column);
}

static struct cel_program *share(struct segment_build *b, struct cel_program *p, uint32_t use)
{
	*WN_PUSH(b->s->arena, &b->inner->shared) = (struct rule_use){p, use};
	return p;
}

/* The places of CEL's complaints are in the text: they are moved into the file. */
static void complain(struct segment_build *b, const struct wn_yaml_text *t, struct wn_err *err)
{
	err->place = wn_yaml_text_place(t, err->place.line > 0 ? err->place.line : 1, err->place.column > 0 ? err->place.column : 1);
	wn_yaml_error_add(b->errors, err);
}

/* NULL after an error. */
static struct cel_program *compile(struct segment_build *b, enum rule_context context,
				   const struct wn_yaml_text *t, const struct cel_options *opt)
{
	const struct wn_rules *rules = b->inner->rules;
	uint32_t use = (uint32_t)context * 4 + (opt->expect ? 2 : 0) + opt->strict_time;
	struct cel_program *p = rule_shared_take(rules->shared, t->text, use);
	struct wn_err err = {0};
	struct cel_options mine = *opt;
	if (p)
		return share(b, p, use);
	mine.scratch = rules->compiling;
	if (cel_compile(rules->env[context], t->text, &mine, &p, &err)) {
		complain(b, t, &err);
		return NULL;
	}
	rule_shared_give(rules->shared, p, use);
	return share(b, p, use);
}

/* Only its text is kept; the program passes. NULL after an error. */
static const struct cel_program *compile_when(struct segment_build *b)
{
	struct segment_inner *inner = b->inner;
	struct rule_passing *passing = inner->rules->passing;
	struct cel_options opt = {.expect = &cel_bool, .strict_time = true, .scratch = passing->arena, .passing = true};
	struct wn_err err = {0};
	rule_passing_drop(inner->rules);
	if (cel_compile(inner->rules->env[inner->context], b->file->when.text, &opt, &passing->when, &err)) {
		passing->when = NULL;
		complain(b, &b->file->when, &err);
		return NULL;
	}
	passing->of = inner;
	inner->when = wn_arena_str(b->s->arena, b->file->when.text);
	return passing->when;
}

static struct cel_program *compile_condition(struct segment_build *b, enum rule_context context,
					     const struct wn_yaml_text *t, bool strict_time)
{
	struct cel_options opt = {.expect = &cel_bool, .strict_time = strict_time};
	return compile(b, context, t, &opt);
}

/* --- terms --------------------------------------------------------------------------------------------- */
/* `stay:` replaces the terms of `when` and `who` that read only account and contact. */
static void build_stay(struct segment_build *b)
{
	const struct segment_file *f = b->file;
	WN_VEC(const struct cel_program *) v = {0};
	for (size_t i = 0; i < f->stay.n; i++) {
		struct cel_program *p = compile_condition(b, RULE_FACTS, &f->stay.v[i], true);
		if (p)
			*WN_PUSH(b->s->arena, &v) = p;
	}
	b->inner->stay = v.v;
	b->inner->n_stay = v.n;
}

/* --- group_by ------------------------------------------------------------------------------------------ */
static bool may_group(const struct cel_type *t)
{
	return t->kind == CEL_STRING || t->kind == CEL_INT || t->kind == CEL_BOOL;
}

static void build_group_by(struct segment_build *b)
{
	const struct segment_file *f = b->file;
	WN_VEC(const struct cel_program *) v = {0};
	for (size_t i = 0; i < f->group_by.n; i++) {
		struct cel_options opt = {0};
		struct cel_program *p = compile(b, RULE_WHEN, &f->group_by.v[i], &opt);
		if (!p)
			continue;
		unsigned reads = rule_reads(cel_program_root(p));
		if (!rule_is_path(cel_program_root(p)) || (reads & ~(RULE_READS_SIGNAL | RULE_READS_ACCOUNT)))
			wn_yaml_error(b->errors, f->group_by.v[i].at,
				      "group_by takes paths over account or signal, such as account.country");
		else if (!may_group(cel_program_type(p)))
			wn_yaml_error(b->errors, f->group_by.v[i].at,
				      "group_by takes values of type string, int, bool or enum");
		*WN_PUSH(b->s->arena, &v) = p;
	}
	b->s->group_by = v.v;
	b->s->n_group_by = v.n;
}

/* --- in_segment ---------------------------------------------------------------------------------------- */
struct refers {
	struct segment_build *b;
	const struct wn_yaml_text *text;
	WN_VEC(const char *) names;
};

static const struct wn_segment *other_named(const struct wn_segment_options *opt, struct wn_str name)
{
	if (opt->others_by_name)
		return wn_segment_set_find(opt->others_by_name, name, 0);
	for (size_t i = 0; opt->others && i < opt->n_others; i++)
		if (wn_str_is(name, opt->others[i]->name))
			return opt->others[i];
	return NULL;
}

typedef WN_VEC(struct wn_str) names_vec;

static void refers_of(struct segment_build *b, struct wn_str name, names_vec *to)
{
	const struct wn_segment *s = other_named(b->opt, name);
	for (size_t i = 0; s && i < inner_of(s)->n_refers; i++) {
		struct wn_str next = wn_str_of(inner_of(s)->refers[i]);
		bool known = false;
		for (size_t k = 0; k < to->n && !known; k++)
			known = wn_str_eq(to->v[k], next);
		if (!known)
			*WN_PUSH(b->scratch, to) = next;
	}
}

/* Each segment once: `seen` grows while it is walked. */
static bool refers_back(struct segment_build *b, struct wn_str name)
{
	names_vec seen = {0};
	*WN_PUSH(b->scratch, &seen) = name;
	for (size_t i = 0; i < seen.n; i++) {
		if (wn_str_is(seen.v[i], b->s->name))
			return true;
		refers_of(b, seen.v[i], &seen);
	}
	return false;
}

/* Some way from there passes more segments than an evaluation follows. */
static bool goes_too_deep(struct segment_build *b, struct wn_str name)
{
	names_vec at = {0};
	*WN_PUSH(b->scratch, &at) = name;
	for (int depth = 1; depth <= REFER_DEPTH_MAX && at.n; depth++) {
		names_vec next = {0};
		for (size_t i = 0; i < at.n; i++)
			refers_of(b, at.v[i], &next);
		at = next;
	}
	return at.n > 0;
}

static const char *nearest_segment(struct segment_build *b, struct wn_str name)
{
	const char **names = WN_NEW_N(b->scratch, const char *, b->opt->n_others + 1);
	for (size_t i = 0; i < b->opt->n_others; i++)
		names[i] = b->opt->others[i]->name;
	return wn_nearest(name, names, b->opt->n_others);
}

static bool on_refer(void *ctx, struct wn_str name, struct cel_span at)
{
	struct refers *r = ctx;
	struct segment_build *b = r->b;
	struct wn_place place = segment_place_of_span(r->text, at);
	const char *near;
	if (!name.p)
		return wn_yaml_error(b->errors, place, "in_segment takes the name itself, in quotes") == WN_OK;
	if (refers_back(b, name)) {
		wn_yaml_error(b->errors, place,
			      "segment \"" WN_STR_FMT "\" refers back to this one: a circle has no meaning",
			      WN_STR_ARG(name));
	} else if (goes_too_deep(b, name)) {
		wn_yaml_error(b->errors, place, "behind segment \"" WN_STR_FMT "\" stand more than %d that refer to each other", WN_STR_ARG(name),
			      REFER_DEPTH_MAX);
	} else if ((b->opt->others || b->opt->others_by_name) && !other_named(b->opt, name)) {
		near = nearest_segment(b, name);
		wn_yaml_error(b->errors, place, "there is no segment \"" WN_STR_FMT "\"%s%s%s",
			      WN_STR_ARG(name), near ? " (did you mean \"" : "", near ? near : "",
			      near ? "\"?)" : "");
	}
	*WN_PUSH(b->s->arena, &r->names) = wn_arena_strdup(b->s->arena, name);
	return true;
}

static void find_refers(struct segment_build *b)
{
	struct refers r = {.b = b, .text = &b->file->when};
	rule_each_refer(cel_program_root(b->when), on_refer, &r);
	r.text = &b->file->who;
	if (b->s->who)
		rule_each_refer(cel_program_root(b->s->who), on_refer, &r);
	for (size_t i = 0; b->file->stay.n == b->inner->n_stay && i < b->file->stay.n; i++) {
		r.text = &b->file->stay.v[i];
		rule_each_refer(cel_program_root(b->inner->stay[i]), on_refer, &r);
	}
	b->inner->refers = r.names.v;
	b->inner->n_refers = r.names.n;
}

/* --- what is read -------------------------------------------------------------------------------------- */
struct stay_reads {
	const struct wn_registry *registry;
	struct wn_reads *reads;
};

static bool on_stay(void *ctx, const struct cel_node *term)
{
	struct stay_reads *s = ctx;
	if (rule_reads_facts(rule_reads(term)))
		rule_collect_reads(s->registry, term, s->reads);
	return true;
}

static void find_stay_reads(struct segment_build *b)
{
	struct segment_inner *inner = b->inner;
	struct wn_reads reads = {0};
	struct stay_reads to = {inner->rules->registry, &reads};
	for (size_t i = 0; i < inner->n_stay; i++)
		rule_collect_reads(to.registry, cel_program_root(inner->stay[i]), &reads);
	if (!inner->n_stay && !b->file->broad) {
		rule_each_term(cel_program_root(b->when), on_stay, &to);
		if (b->s->who)
			rule_each_term(cel_program_root(b->s->who), on_stay, &to);
	}
	memset(reads.kinds, 0, sizeof(reads.kinds)); /* texts that merely look like kinds */
	rule_expand_reads(inner->rules, &reads);
	memcpy(inner->stay_kinds, reads.kinds, sizeof(reads.kinds));
}

static bool names_kinds(const struct wn_reads *reads)
{
	return (reads->kinds[0] | reads->kinds[1] | reads->kinds[2] | reads->kinds[3]) != 0;
}

static void find_reads(struct segment_build *b)
{
	struct segment_inner *inner = b->inner;
	const struct wn_registry *registry = inner->rules->registry;
	struct wn_segment *s = b->s;
	rule_collect_reads(registry, cel_program_root(b->when), &s->reads);
	inner->when_moves = s->reads.time;
	if (s->who)
		rule_collect_reads(registry, cel_program_root(s->who), &s->reads);
	for (size_t i = 0; i < inner->n_stay; i++)
		rule_collect_reads(registry, cel_program_root(inner->stay[i]), &s->reads);
	for (size_t i = 0; i < s->n_group_by; i++)
		rule_collect_reads(registry, cel_program_root(s->group_by[i]), &s->reads);
	rule_expand_reads(inner->rules, &s->reads);
	inner->kinds_bounded = rule_signal_kinds(registry, cel_program_root(b->when), inner->kinds);
	inner->names_its_kinds = !inner->kinds_bounded && !inner->n_refers && names_kinds(&s->reads) &&
				 !(rule_reads(cel_program_root(b->when)) & RULE_READS_SIGNAL);
	find_stay_reads(b);
}

/* --- whole --------------------------------------------------------------------------------------------- */
void segment_build_rules(struct segment_build *b)
{
	const struct segment_file *f = b->file;
	struct wn_segment *s = b->s;
	b->inner->context = f->broad ? RULE_FACTS : RULE_WHEN;
	b->when = f->when.text.p ? compile_when(b) : NULL;
	s->who = f->who.text.p ? compile_condition(b, f->broad ? RULE_FACTS : RULE_WHO, &f->who, true) : NULL;
	if (!b->when || (f->who.text.p && !s->who))
		return;
	if (!f->broad && !rule_needs_signal(cel_program_root(b->when)))
		wn_yaml_error(
		    b->errors, f->when.at,
		    "\"when\" can be true without a signal: a micro campaign needs one. Ask for it with "
		    "`signal` or `signals`, in every alternative of a ||");
	segment_check_bounds(b, b->when, &f->when);
	segment_check_bounds(b, s->who, &f->who);
	segment_check_calls(b, b->when, &f->when);
	segment_check_calls(b, s->who, &f->who);
	if (!f->broad) {
		build_stay(b);
		build_group_by(b);
	}
	find_refers(b);
	find_reads(b);
}

const struct cel_program *segment_build_test(struct segment_build *b, const struct wn_yaml_text *t)
{
	return t->text.p ? compile_condition(b, RULE_WHO, t, false) : NULL;
}
