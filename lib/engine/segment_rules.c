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

static struct cel_program *keep(struct segment_build *b, struct cel_program *p)
{
	*WN_PUSH(b->s->arena, &b->inner->programs) = p;
	return p;
}

static struct cel_program *share(struct segment_build *b, struct cel_program *p, uint32_t use)
{
	*WN_PUSH(b->s->arena, &b->inner->shared) = (struct rule_use){p, use};
	return p;
}

/* NULL after an error. Places of CEL's complaints are in the text: they are moved into the file. */
static struct cel_program *compile(struct segment_build *b, enum rule_context context,
				   const struct wn_yaml_text *t, const struct cel_options *opt)
{
	const struct wn_rules *rules = b->inner->rules;
	uint32_t use = (uint32_t)context * 4 + (opt->expect ? 2 : 0) + opt->strict_time;
	bool own = t == &b->file->when;
	struct cel_program *p = own ? NULL : rule_shared_take(rules->shared, t->text, use);
	struct wn_err err = {0};
	struct cel_options mine = *opt;
	if (p)
		return share(b, p, use);
	mine.scratch = rules->compiling;
	if (cel_compile(rules->env[context], t->text, &mine, &p, &err) == WN_OK) {
		if (own)
			return keep(b, p);
		rule_shared_give(rules->shared, p, use);
		return share(b, p, use);
	}
	err.place = wn_yaml_text_place(t, err.place.line > 0 ? err.place.line : 1,
				       err.place.column > 0 ? err.place.column : 1);
	wn_yaml_error_add(b->errors, &err);
	return NULL;
}

static struct cel_program *compile_condition(struct segment_build *b, enum rule_context context,
					     const struct wn_yaml_text *t, bool strict_time)
{
	struct cel_options opt = {.expect = &cel_bool, .strict_time = strict_time};
	return compile(b, context, t, &opt);
}

/* --- terms as programs --------------------------------------------------------------------------------- */
struct terms {
	struct segment_build *b;
	const struct cel_program *of;
	const struct wn_yaml_text *text;
	WN_VEC(const struct cel_program *) v;
	bool (*wanted)(unsigned reads);
	struct wn_err err;
};

static bool on_term(void *ctx, const struct cel_node *term)
{
	struct terms *t = ctx;
	struct cel_program *part;
	if (!t->wanted(rule_reads(term)))
		return true;
	if (cel_program_part(t->of, term, &part, &t->err)) {
		t->err.place = segment_place_of_span(t->text, cel_node_look(term).span);
		wn_yaml_error_add(t->b->errors, &t->err);
		return false;
	}
	*WN_PUSH(t->b->s->arena, &t->v) = keep(t->b, part);
	return true;
}

static bool is_of_facts(unsigned reads)
{
	return reads != 0 && (reads & ~(RULE_READS_ACCOUNT | RULE_READS_CONTACT)) == 0;
}

static bool is_of_signal(unsigned reads)
{
	return (reads & RULE_READS_SIGNAL) && (reads & ~(RULE_READS_SIGNAL | RULE_READS_NOW)) == 0;
}

/* `stay:` replaces the terms of `when` and `who` that read only account and contact. */
static void build_stay(struct segment_build *b)
{
	const struct segment_file *f = b->file;
	struct terms t = {.b = b, .wanted = is_of_facts};
	for (size_t i = 0; i < f->stay.n; i++) {
		struct cel_program *p = compile_condition(b, RULE_FACTS, &f->stay.v[i], true);
		if (p)
			*WN_PUSH(b->s->arena, &t.v) = p;
	}
	if (f->stay.n == 0) {
		t.of = b->s->when;
		t.text = &f->when;
		rule_each_term(cel_program_root(t.of), on_term, &t);
		t.of = b->s->who;
		t.text = &f->who;
		if (t.of)
			rule_each_term(cel_program_root(t.of), on_term, &t);
	}
	b->s->stay = t.v.v;
	b->s->n_stay = t.v.n;
}

static void build_signal_terms(struct segment_build *b)
{
	struct terms t = {.b = b, .wanted = is_of_signal, .of = b->s->when, .text = &b->file->when};
	rule_each_term(cel_program_root(t.of), on_term, &t);
	const struct cel_program **sorted = WN_NEW_N(b->s->arena, const struct cel_program *, t.v.n + 1);
	size_t n = 0;
	for (int moving = 0; moving < 2; moving++) {
		for (size_t i = 0; i < t.v.n; i++)
			if (cel_node_look(cel_program_root(t.v.v[i])).moving == (moving == 1))
				sorted[n++] = t.v.v[i];
		b->inner->n_still_terms = moving ? b->inner->n_still_terms : n;
	}
	b->inner->signal_terms = sorted;
	b->inner->n_signal_terms = n;
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

/* Each segment once: `seen` grows while it is walked. */
static bool refers_back(struct segment_build *b, struct wn_str name)
{
	WN_VEC(struct wn_str) seen = {0};
	*WN_PUSH(b->scratch, &seen) = name;
	for (size_t i = 0; i < seen.n; i++) {
		if (wn_str_is(seen.v[i], b->s->name))
			return true;
		const struct wn_segment *s = other_named(b->opt, seen.v[i]);
		const struct segment_inner *inner = s ? inner_of(s) : NULL;
		for (size_t k = 0; inner && k < inner->n_refers; k++) {
			struct wn_str next = wn_str_of(inner->refers[k]);
			bool known = false;
			for (size_t m = 0; m < seen.n && !known; m++)
				known = wn_str_eq(seen.v[m], next);
			if (!known)
				*WN_PUSH(b->scratch, &seen) = next;
		}
	}
	return false;
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
	rule_each_refer(cel_program_root(b->s->when), on_refer, &r);
	r.text = &b->file->who;
	if (b->s->who)
		rule_each_refer(cel_program_root(b->s->who), on_refer, &r);
	for (size_t i = 0; b->file->stay.n == b->s->n_stay && i < b->file->stay.n; i++) {
		r.text = &b->file->stay.v[i];
		rule_each_refer(cel_program_root(b->s->stay[i]), on_refer, &r);
	}
	b->inner->refers = r.names.v;
	b->inner->n_refers = r.names.n;
}

/* --- whole --------------------------------------------------------------------------------------------- */
static void find_reads(struct segment_build *b)
{
	const struct wn_registry *registry = b->inner->rules->registry;
	struct wn_segment *s = b->s;
	rule_collect_reads(registry, cel_program_root(s->when), &s->reads);
	b->inner->when_moves = s->reads.time;
	if (s->who)
		rule_collect_reads(registry, cel_program_root(s->who), &s->reads);
	struct wn_reads stay = {0};
	for (size_t i = 0; i < s->n_stay; i++) {
		rule_collect_reads(registry, cel_program_root(s->stay[i]), &s->reads);
		rule_collect_reads(registry, cel_program_root(s->stay[i]), &stay);
	}
	memset(stay.kinds, 0, sizeof(stay.kinds)); /* texts that merely look like kinds */
	rule_expand_reads(b->inner->rules, &stay);
	memcpy(b->inner->stay_kinds, stay.kinds, sizeof(stay.kinds));
	for (size_t i = 0; i < s->n_group_by; i++)
		rule_collect_reads(registry, cel_program_root(s->group_by[i]), &s->reads);
	rule_expand_reads(b->inner->rules, &s->reads);
}

void segment_build_rules(struct segment_build *b)
{
	const struct segment_file *f = b->file;
	struct wn_segment *s = b->s;
	s->when =
	    f->when.text.p ? compile_condition(b, f->broad ? RULE_FACTS : RULE_WHEN, &f->when, true) : NULL;
	s->who = f->who.text.p ? compile_condition(b, f->broad ? RULE_FACTS : RULE_WHO, &f->who, true) : NULL;
	if (!s->when || (f->who.text.p && !s->who))
		return;
	if (!f->broad && !rule_needs_signal(cel_program_root(s->when)))
		wn_yaml_error(
		    b->errors, f->when.at,
		    "\"when\" can be true without a signal: a micro campaign needs one. Ask for it with "
		    "`signal` or `signals`, in every alternative of a ||");
	segment_check_bounds(b, s->when, &f->when);
	segment_check_bounds(b, s->who, &f->who);
	if (!f->broad) {
		build_stay(b);
		build_signal_terms(b);
		build_group_by(b);
	}
	find_refers(b);
	find_reads(b);
}

const struct cel_program *segment_build_test(struct segment_build *b, const struct wn_yaml_text *t)
{
	return t->text.p ? compile_condition(b, RULE_WHO, t, false) : NULL;
}
