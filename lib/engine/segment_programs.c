/* SPDX-License-Identifier: MIT */
/*
 * The rule of a segment as programs, made when a verdict first asks for it.
 *
 * A segment has compiled its rule while it was parsed: the text is good, and the index has seen the tree. Of a hundred thousand
 * rules the index decides most without ever evaluating them, so only the text is kept until then.
 */
#include "rule.h"

#include <stdlib.h>

static struct cel_program *compile(const struct segment_inner *inner, struct wn_arena *scratch, bool passing)
{
	struct cel_options opt = {.expect = &cel_bool, .strict_time = true, .scratch = scratch, .passing = passing};
	struct cel_program *p;
	if (cel_compile(inner->rules->env[inner->context], inner->when, &opt, &p, NULL))
		abort(); /* it could when it was parsed, and depends on nothing else */
	return p;
}

/* --- for a glance -------------------------------------------------------------------------------------- */
void rule_passing_drop(const struct wn_rules *r)
{
	cel_program_free(r->passing->when);
	r->passing->when = NULL;
	r->passing->of = NULL;
}

const struct cel_program *segment_passing_when(const struct wn_segment *s)
{
	const struct segment_inner *inner = inner_of(s);
	struct rule_passing *passing = inner->rules->passing;
	if (inner->made)
		return inner->made->when;
	if (passing->of != inner) {
		rule_passing_drop(inner->rules);
		passing->when = compile(inner, passing->arena, true);
		passing->of = inner;
	}
	return passing->when;
}

/* --- to stay ------------------------------------------------------------------------------------------- */
bool rule_reads_facts(unsigned reads)
{
	return reads != 0 && (reads & ~(RULE_READS_ACCOUNT | RULE_READS_CONTACT)) == 0;
}

static bool reads_signal_alone(unsigned reads)
{
	return (reads & RULE_READS_SIGNAL) && (reads & ~(RULE_READS_SIGNAL | RULE_READS_NOW)) == 0;
}

struct parts {
	struct wn_arena *arena;
	const struct cel_program *of;
	WN_VEC(const struct cel_program *) still, moving, stay;
	bool staying; /* nothing is said of what stays */
};

static bool on_term(void *ctx, const struct cel_node *term)
{
	struct parts *t = ctx;
	unsigned reads = rule_reads(term);
	bool facts = t->staying && rule_reads_facts(reads);
	struct cel_program *part;
	if ((!facts && !reads_signal_alone(reads)) || cel_program_part(t->of, term, &part, NULL))
		return true; /* a term of && is no part of a comprehension */
	if (facts)
		*WN_PUSH(t->arena, &t->stay) = part;
	else if (cel_node_look(term).moving)
		*WN_PUSH(t->arena, &t->moving) = part;
	else
		*WN_PUSH(t->arena, &t->still) = part;
	return true;
}

static void find_parts(struct parts *t, const struct wn_segment *s, const struct cel_program *when)
{
	t->of = when;
	if (!s->broad)
		rule_each_term(cel_program_root(when), on_term, t);
	t->of = s->who;
	if (t->staying && t->of)
		rule_each_term(cel_program_root(t->of), on_term, t);
}

static struct segment_programs *make(const struct wn_segment *s)
{
	const struct segment_inner *inner = inner_of(s);
	struct cel_program *when = compile(inner, inner->rules->compiling, false);
	struct parts t = {.arena = wn_arena_new_small(512), .staying = !s->broad && !inner->n_stay};
	find_parts(&t, s, when);
	size_t n = t.still.n + t.moving.n + t.stay.n;
	struct segment_programs *p = wn_alloc(sizeof(*p) + n * sizeof(p->parts[0]));
	p->when = when;
	p->n_still_terms = t.still.n;
	p->n_signal_terms = t.still.n + t.moving.n;
	p->n_parts = n;
	for (size_t i = 0; i < n; i++)
		p->parts[i] = i < t.still.n ? t.still.v[i] : i < p->n_signal_terms ? t.moving.v[i - t.still.n] : t.stay.v[i - p->n_signal_terms];
	wn_arena_free(t.arena);
	return p;
}

const struct segment_programs *segment_programs_of(const struct wn_segment *s)
{
	struct segment_inner *inner = inner_of(s);
	if (!inner->made && inner->when.p)
		inner->made = make(s);
	return inner->made;
}

void segment_programs_free(struct segment_inner *inner)
{
	struct segment_programs *p = inner->made;
	if (inner->rules && inner->rules->passing->of == inner)
		rule_passing_drop(inner->rules);
	for (size_t i = 0; p && i < p->n_parts; i++)
		cel_program_free((struct cel_program *)p->parts[i]);
	if (p)
		cel_program_free(p->when);
	free(p);
}

/* --- public -------------------------------------------------------------------------------------------- */
const struct cel_program *wn_segment_when(const struct wn_segment *s)
{
	const struct segment_programs *p = segment_programs_of(s);
	return p ? p->when : NULL;
}

const struct cel_program *const *wn_segment_stay(const struct wn_segment *s, size_t *n)
{
	const struct segment_inner *inner = inner_of(s);
	if (inner->n_stay) {
		*n = inner->n_stay;
		return inner->stay;
	}
	const struct segment_programs *p = segment_programs_of(s);
	*n = p ? p->n_parts - p->n_signal_terms : 0;
	return p ? p->parts + p->n_signal_terms : NULL;
}
