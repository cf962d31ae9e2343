/* SPDX-License-Identifier: MIT */
/*
 * Variants and enums: what a record can still be at a place of the expression, and which literals a field knows.
 *
 * A fact narrows one variable (or comprehension variable) to a set of variants. Facts come from the other terms
 * of an && (when true) or || (when false), from the condition of ?:, and from the predicate before a transform.
 * They are read off the tree by name, so that terms may be checked in any order.
 */
#include "cel_internal.h"

#include <stdio.h>

const struct cel_record *cel_record_of(const struct cel_type *t)
{
	if (t && t->kind == CEL_LIST)
		t = cel_elem(t);
	return t && t->kind == CEL_RECORD ? t->record : NULL;
}

static int variant_number(const struct cel_record *rec, struct wn_str name)
{
	for (int i = 0; rec->variant_names && rec->variant_names[i] && i < VARIANT_WORDS * 64; i++)
		if (wn_str_is(name, rec->variant_names[i]))
			return i;
	return -1;
}

static void set_fill(uint64_t *set, uint64_t with)
{
	for (int i = 0; i < VARIANT_WORDS; i++)
		set[i] = with;
}

const uint64_t *cel_variant_one(struct cel_check *k, const struct cel_record *rec, struct wn_str name)
{
	int v = rec->discriminator ? variant_number(rec, name) : -1;
	uint64_t *set;

	if (v < 0)
		return NULL;
	set = WN_NEW_N(k->c->arena, uint64_t, VARIANT_WORDS);
	set[v / 64] |= 1ull << v % 64;
	return set;
}

/* --- facts ------------------------------------------------------------------------------------------- */
struct subject { /* whose facts are asked */
	const struct cel_check *k;
	const void *who;
	struct wn_str name;
	const struct cel_record *rec;
};

/* Is n `who.discriminator`? */
static bool reads_discriminator(const struct subject *s, const struct cel_node *n)
{
	const struct cel_node *id;
	const struct cel_scope *scope;

	if (n->kind != CEL_NODE_SELECT || !wn_str_is(n->name, s->rec->discriminator))
		return false;
	id = n->args[0];
	if (id->kind != CEL_NODE_IDENT)
		return false;
	scope = id->flags & NODE_ABSOLUTE ? NULL : cel_scope_find(s->k, id->name);
	return scope ? scope == s->who : cel_variable_find(s->k, id->name, id->flags & NODE_ABSOLUTE) == s->who;
}

static void add_literal(const struct subject *s, const struct cel_node *n, uint64_t *set)
{
	int v = n->kind == CEL_NODE_LITERAL && n->literal.kind == WN_STRING ? variant_number(s->rec, wn_value_str(n->literal)) : -1;

	if (v >= 0)
		set[v / 64] |= 1ull << v % 64;
}

static bool all_literals(const struct cel_node *list)
{
	for (uint32_t i = 0; i < list->n_args; i++)
		if (list->args[i]->kind != CEL_NODE_LITERAL)
			return false;
	return true;
}

/* The variants that a comparison with the discriminator names; false if n is no such comparison. */
static bool named_by(const struct subject *s, const struct cel_node *n, uint64_t *set)
{
	const struct cel_node *a, *b;

	if (n->kind != CEL_NODE_CALL || n->n_args != 2)
		return false;
	a = n->args[0];
	b = n->args[1];
	set_fill(set, 0);
	if (n->op == OP_EQ || n->op == OP_NE) {
		if (reads_discriminator(s, b))
			b = a, a = n->args[1];
		if (!reads_discriminator(s, a) || b->kind != CEL_NODE_LITERAL)
			return false;
		add_literal(s, b, set);
		return true;
	}
	if (n->op != OP_IN || !reads_discriminator(s, a) || b->kind != CEL_NODE_LIST || !all_literals(b))
		return false;
	for (uint32_t i = 0; i < b->n_args; i++)
		add_literal(s, b->args[i], set);
	return true;
}

static void narrow(const struct subject *s, const struct cel_node *n, bool truth, uint64_t *set);

/* Both hold (intersection) or one of them does (union). */
static void narrow_all(const struct subject *s, const struct cel_node *n, bool truth, uint64_t *set)
{
	bool both = (n->kind == CEL_NODE_AND) == truth;
	uint64_t one[VARIANT_WORDS];

	set_fill(set, both ? ~0ull : 0);
	for (uint32_t i = 0; i < n->n_args; i++) {
		narrow(s, n->args[i], truth, one);
		for (int w = 0; w < VARIANT_WORDS; w++)
			set[w] = both ? set[w] & one[w] : set[w] | one[w];
	}
}

static void narrow_cond(const struct subject *s, const struct cel_node *n, bool truth, uint64_t *set)
{
	uint64_t yes[VARIANT_WORDS], no[VARIANT_WORDS], a[VARIANT_WORDS], b[VARIANT_WORDS];

	narrow(s, n->args[0], true, yes);
	narrow(s, n->args[0], false, no);
	narrow(s, n->args[1], truth, a);
	narrow(s, n->args[2], truth, b);
	for (int w = 0; w < VARIANT_WORDS; w++)
		set[w] = (yes[w] & a[w]) | (no[w] & b[w]);
}

static void narrow(const struct subject *s, const struct cel_node *n, bool truth, uint64_t *set)
{
	if (n->kind == CEL_NODE_NOT) {
		narrow(s, n->args[0], !truth, set);
	} else if (n->kind == CEL_NODE_AND || n->kind == CEL_NODE_OR) {
		narrow_all(s, n, truth, set);
	} else if (n->kind == CEL_NODE_COND) {
		narrow_cond(s, n, truth, set);
	} else if (named_by(s, n, set)) {
		if ((n->op == OP_NE) == truth)
			for (int w = 0; w < VARIANT_WORDS; w++)
				set[w] = ~set[w];
	} else {
		set_fill(set, ~0ull);
	}
}

static void push_for(struct cel_check *k, const struct subject *s, const struct cel_node *n, bool truth)
{
	struct cel_fact *f, fact = {.who = s->who, .up = k->facts};
	uint64_t any = ~0ull;

	narrow(s, n, truth, fact.set);
	for (int w = 0; w < VARIANT_WORDS; w++)
		any &= fact.set[w];
	if (any == ~0ull)
		return;
	f = WN_NEW(k->c->arena, struct cel_fact);
	*f = fact;
	k->facts = f;
}

void cel_facts_push(struct cel_check *k, const struct cel_node *n, bool truth)
{
	const struct cel_env *env = k->c->env;

	for (const struct cel_scope *s = k->scope; s; s = s->up)
		if (s->type->kind == CEL_RECORD && s->type->record->discriminator)
			push_for(k, &(struct subject){k, s, s->name, s->type->record}, n, truth);
	for (size_t i = 0; i < env->variables.n; i++) {
		const struct cel_variable *v = &env->variables.v[i];

		if (v->type->kind == CEL_RECORD && v->type->record->discriminator)
			push_for(k, &(struct subject){k, v, v->name, v->type->record}, n, truth);
	}
}

void cel_facts_again(struct cel_check *k, const struct cel_fact *told, const struct cel_fact *before)
{
	for (; told != before; told = told->up) {
		struct cel_fact *f = WN_NEW(k->c->arena, struct cel_fact);

		*f = *told;
		f->up = k->facts;
		k->facts = f;
	}
}

const uint64_t *cel_facts_of(struct cel_check *k, const void *who, const uint64_t *start)
{
	uint64_t *set = NULL;

	for (const struct cel_fact *f = k->facts; f; f = f->up) {
		if (f->who != who)
			continue;
		if (!set) {
			set = WN_NEW_N(k->c->arena, uint64_t, VARIANT_WORDS);
			for (int w = 0; w < VARIANT_WORDS; w++)
				set[w] = start ? start[w] : ~0ull;
		}
		for (int w = 0; w < VARIANT_WORDS; w++)
			set[w] &= f->set[w];
	}
	return set ? set : start;
}

/* --- refusals ---------------------------------------------------------------------------------------- */
static void list_variants(struct wn_buf *b, const struct cel_record *rec, const uint64_t *set)
{
	int shown = 0;

	for (int i = 0; rec->variant_names && rec->variant_names[i] && i < VARIANT_WORDS * 64; i++) {
		if (!(set[i / 64] >> i % 64 & 1))
			continue;
		if (shown++ < 4)
			wn_buf_printf(b, "%s%s", shown > 1 ? ", " : "", rec->variant_names[i]);
	}
	if (shown > 4)
		wn_buf_printf(b, " and %d more", shown - 4);
	if (!shown)
		wn_buf_text(b, "none");
}

bool cel_check_variant(struct cel_check *k, struct cel_node *sel, const struct cel_record *rec, const struct cel_field *f)
{
	const uint64_t *set = sel->args[0]->variants;
	struct wn_buf can, has;
	uint64_t common = 0;

	for (int w = 0; set && f->variants && w < VARIANT_WORDS; w++)
		common |= set[w] & f->variants[w];
	if (!set || !f->variants || common)
		return true;
	wn_buf_init(&can, 200);
	wn_buf_init(&has, 200);
	list_variants(&can, rec, set);
	list_variants(&has, rec, f->variants);
	cel_complain(k->c, (struct cel_span){sel->span.end - (uint32_t)sel->name.n, sel->span.end},
		     "no %s that is possible here (%s) has `%s`; those that have it: %s", rec->discriminator, can.p ? can.p : "",
		     f->name, has.p ? has.p : "");
	wn_buf_done(&can);
	wn_buf_done(&has);
	return false;
}

/* The literals that a selection may be compared with, NULL if any. */
static const char *const *listed_values(const struct cel_node *n, bool list)
{
	const struct cel_type *operand;

	if (n->kind != CEL_NODE_SELECT || !n->sel.field || (n->sel.field->type->kind == CEL_LIST) != list)
		return NULL;
	if (n->sel.field->enum_values)
		return n->sel.field->enum_values;
	operand = n->args[0]->type;
	if (operand->kind == CEL_RECORD && operand->record->discriminator && strcmp(operand->record->discriminator, n->sel.field->name) == 0)
		return operand->record->variant_names;
	return NULL;
}

static bool never_is(struct cel_check *k, const char *const *listed, size_t n, const struct cel_node *sel, const struct cel_node *lit)
{
	char hint[160], some[200] = "";

	if (!cel_suggest(hint, sizeof(hint), wn_value_str(lit->literal), listed, n)[0] && n > 0) {
		for (size_t i = 0; i < n && i < 8; i++)
			snprintf(some + strlen(some), sizeof(some) - strlen(some), "%s%s", i ? ", " : ": one of ", listed[i]);
		if (n > 8)
			snprintf(some + strlen(some), sizeof(some) - strlen(some), ", ...");
	}
	return cel_complain(k->c, lit->span, "`" WN_STR_FMT "` is never \"" WN_STR_FMT "\"%s%s", WN_STR_ARG(sel->name),
			    WN_STR_ARG(wn_value_str(lit->literal)), hint, some);
}

static bool check_listed(struct cel_check *k, const char *const *listed, const struct cel_node *sel, const struct cel_node *lit)
{
	size_t n = 0;

	if (!listed || lit->kind != CEL_NODE_LITERAL || lit->literal.kind != WN_STRING)
		return true;
	for (; listed[n]; n++)
		if (wn_str_is(wn_value_str(lit->literal), listed[n]))
			return true;
	return never_is(k, listed, n, sel, lit);
}

bool cel_check_enum(struct cel_check *k, struct cel_node *call)
{
	const struct cel_node *a, *b;
	const char *const *listed;

	if (call->n_args != 2 || k->unchecked)
		return true;
	a = call->args[0];
	b = call->args[1];
	if (call->op == OP_EQ || call->op == OP_NE)
		return check_listed(k, listed_values(a, false), a, b) && check_listed(k, listed_values(b, false), b, a);
	if (call->op != OP_IN)
		return true;
	if (!check_listed(k, listed_values(b, true), b, a))
		return false;
	listed = b->kind == CEL_NODE_LIST ? listed_values(a, false) : NULL;
	for (uint32_t i = 0; listed && i < b->n_args; i++)
		if (!check_listed(k, listed, a, b->args[i]))
			return false;
	return true;
}
