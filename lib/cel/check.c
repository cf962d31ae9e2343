/* SPDX-License-Identifier: MIT */
/*
 * The type checker: walks the tree once, writing types, variables and overloads into it.
 *
 * Refused: unknown names and fields, operands no overload takes, fields that no possible variant has, literals
 * an enum does not list, and (strict_time) moving values outside of comparisons. Unchecked mode resolves names
 * only and leaves every complaint to the evaluation.
 */
#include "cel_internal.h"

static const struct cel_type *type_of_literal(struct wn_value v)
{
	switch (v.kind) {
	case WN_BOOL: return &cel_bool;
	case WN_INT: return &cel_int;
	case WN_UINT: return &cel_uint;
	case WN_DOUBLE: return &cel_double;
	case WN_STRING: return &cel_string;
	case WN_BYTES: return &cel_bytes;
	case WN_NULL: return &cel_null;
	case WN_TYPE: return &cel_type_type;
	default: return &cel_dyn;
	}
}

bool cel_check_flow(struct cel_check *k, struct cel_node *n, const char *use)
{
	for (uint32_t i = 0; i < n->n_args; i++) {
		if (!(n->args[i]->flags & NODE_FLOWS))
			continue;
		enum cel_type_kind kind = n->args[i]->type ? n->args[i]->type->kind : CEL_DYN;
		if (k->strict_time)
			return cel_complain(k->c, n->args[i]->span, "this value changes with time: it may be compared%s, but not %s",
					    kind == CEL_TIMESTAMP || kind == CEL_DURATION ? ", or shifted by + and -" : "", use);
		n->flags |= NODE_TERM;
	}
	return true;
}

static void inherit_moving(struct cel_node *n)
{
	for (uint32_t i = 0; i < n->n_args; i++)
		n->flags |= n->args[i]->flags & NODE_MOVING;
}

static bool check_args(struct cel_check *k, struct cel_node *n)
{
	for (uint32_t i = 0; i < n->n_args; i++)
		if (!cel_check_node(k, n->args[i]))
			return false;
	return true;
}

static bool wrong_type(struct cel_check *k, const struct cel_node *n, const struct cel_type *want, const char *where)
{
	char have[120], wanted[120];

	cel_type_to_text(cel_type_resolve(&k->subst, n->type, false), have, sizeof(have));
	cel_type_to_text(want, wanted, sizeof(wanted));
	return cel_complain(k->c, n->span, "%s needs %s, this is %s", where, wanted, have);
}

static bool needs(struct cel_check *k, const struct cel_node *n, const struct cel_type *want, const char *where)
{
	return n->type == want || k->unchecked || cel_type_assignable(&k->subst, n->type, want) || wrong_type(k, n, want, where);
}

/* --- literals of lists and maps ----------------------------------------------------------------------- */
/* Type that element i contributes: of ?e, what the optional holds. */
static const struct cel_type *element_type(struct cel_check *k, struct cel_node *n, uint32_t i, bool optional)
{
	const struct cel_type *t = n->args[i]->type;

	if (!optional)
		return t;
	t = cel_type_resolve(&k->subst, t, false);
	if (t->kind == CEL_OPTIONAL)
		return cel_elem(t);
	if (t->kind != CEL_DYN && !k->unchecked)
		cel_complain(k->c, n->args[i]->span, "an element written with ? must be an optional");
	return &cel_dyn;
}

static bool check_list(struct cel_check *k, struct cel_node *n)
{
	const struct cel_type *elem = NULL;

	if (!check_args(k, n) || !cel_check_flow(k, n, "put into a list"))
		return false;
	for (uint32_t i = 0; i < n->n_args; i++) {
		bool same = elem && n->args[i]->type == elem && n->args[i]->kind == CEL_NODE_LITERAL && !n->optional;
		if (!same)
			elem = cel_type_join(&k->subst, elem, element_type(k, n, i, n->optional && n->optional[i]));
	}
	n->type = cel_type_list(k->c->arena, elem ? elem : cel_type_fresh(&k->subst));
	return k->c->rc == WN_OK;
}

static bool check_key(struct cel_check *k, const struct cel_node *key)
{
	enum cel_type_kind kind = cel_type_resolve(&k->subst, key->type, true)->kind;

	if (k->unchecked || kind == CEL_DYN || kind == CEL_STRING || kind == CEL_INT || kind == CEL_UINT || kind == CEL_BOOL)
		return true;
	return cel_complain(k->c, key->span, "a key of a map is a string, int, uint or bool");
}

static bool check_map(struct cel_check *k, struct cel_node *n)
{
	const struct cel_type *key = NULL, *value = NULL;

	if (!check_args(k, n) || !cel_check_flow(k, n, "put into a map"))
		return false;
	for (uint32_t i = 0; i < n->n_args; i += 2) {
		if (!check_key(k, n->args[i]))
			return false;
		key = cel_type_join(&k->subst, key, n->args[i]->type);
		value = cel_type_join(&k->subst, value, element_type(k, n, i + 1, n->optional && n->optional[i / 2]));
	}
	n->type = cel_type_map(k->c->arena, key ? key : cel_type_fresh(&k->subst), value ? value : cel_type_fresh(&k->subst));
	return k->c->rc == WN_OK;
}

/* --- logic ------------------------------------------------------------------------------------------- */
#define SYMMETRIC_MAX 32 /* terms; beyond it a term sees only the facts of those to its left */

/* A term of && is worth something only where all others hold, one of || only where none does. */
static bool check_logic(struct cel_check *k, struct cel_node *n)
{
	bool and = n->kind == CEL_NODE_AND, symmetric = n->n_args <= SYMMETRIC_MAX, ok = true;
	struct cel_fact *before = k->facts, **told = WN_NEW_N(k->c->arena, struct cel_fact *, n->n_args + 1);

	for (uint32_t i = 0; i < n->n_args; i++, k->facts = before) {
		cel_facts_push(k, n->args[i], and);
		told[i] = k->facts;
	}
	for (uint32_t i = 0; ok && i < n->n_args; i++) {
		for (uint32_t j = 0; symmetric && j < n->n_args; j++)
			if (j != i)
				cel_facts_again(k, told[j], before);
		ok = cel_check_node(k, n->args[i]) && needs(k, n->args[i], &cel_bool, and ? "&&" : "||");
		if (symmetric)
			k->facts = before;
		else
			cel_facts_again(k, told[i], before);
	}
	k->facts = before;
	n->type = &cel_bool;
	return ok;
}

static bool check_not(struct cel_check *k, struct cel_node *n)
{
	n->type = &cel_bool;
	return cel_check_node(k, n->args[0]) && needs(k, n->args[0], &cel_bool, "!");
}

static bool check_branch(struct cel_check *k, struct cel_node *n, int branch)
{
	struct cel_fact *before = k->facts;
	bool ok;

	cel_facts_push(k, n->args[0], branch == 1);
	ok = cel_check_node(k, n->args[branch]);
	k->facts = before;
	return ok;
}

static const uint64_t *either(struct cel_check *k, const uint64_t *a, const uint64_t *b)
{
	uint64_t *set;

	if (!a || !b)
		return NULL;
	set = WN_NEW_N(k->c->arena, uint64_t, VARIANT_WORDS);
	for (int w = 0; w < VARIANT_WORDS; w++)
		set[w] = a[w] | b[w];
	return set;
}

static bool check_cond(struct cel_check *k, struct cel_node *n)
{
	char a[120], b[120];
	const struct cel_type *yes, *no;

	if (!cel_check_node(k, n->args[0]) || !needs(k, n->args[0], &cel_bool, "the condition before ?") ||
	    !check_branch(k, n, 1) || !check_branch(k, n, 2) || !cel_check_flow(k, n, "chosen by ?:"))
		return false;
	yes = n->args[1]->type;
	no = n->args[2]->type;
	n->variants = either(k, n->args[1]->variants, n->args[2]->variants);
	n->type = k->unchecked ? &cel_dyn : cel_type_join(&k->subst, yes, no);
	if (n->type->kind != CEL_DYN || yes->kind == CEL_DYN || no->kind == CEL_DYN || k->unchecked)
		return true;
	cel_type_to_text(cel_type_resolve(&k->subst, yes, false), a, sizeof(a));
	cel_type_to_text(cel_type_resolve(&k->subst, no, false), b, sizeof(b));
	return cel_complain(k->c, n->args[2]->span, "both branches of ?: must have one type: %s and %s; dyn() around one mixes them", a, b);
}

/* --- nodes ------------------------------------------------------------------------------------------- */
static bool dispatch(struct cel_check *k, struct cel_node *n)
{
	switch (n->kind) {
	case CEL_NODE_IDENT: return cel_check_ident(k, n);
	case CEL_NODE_SELECT:
	case CEL_NODE_HAS: return cel_check_select(k, n);
	case CEL_NODE_LIST: return check_list(k, n);
	case CEL_NODE_MAP: return check_map(k, n);
	case CEL_NODE_AND:
	case CEL_NODE_OR: return check_logic(k, n);
	case CEL_NODE_NOT: return check_not(k, n);
	case CEL_NODE_COND: return check_cond(k, n);
	case CEL_NODE_COMPREHENSION: return cel_check_macro(k, n);
	default: return n->op == OP_OPT_SELECT ? cel_check_opt_select(k, n) : cel_check_call(k, n);
	}
}

bool cel_check_node(struct cel_check *k, struct cel_node *n)
{
	if (n->kind == CEL_NODE_LITERAL) {
		n->type = type_of_literal(n->literal);
		return true;
	}
	if (!dispatch(k, n))
		return false;
	inherit_moving(n);
	if (n->flags & NODE_FLOWS)
		n->flags |= NODE_MOVING;
	return true;
}

/* Type variables that nothing bound are dyn. */
static void settle(struct cel_check *k, struct cel_node *n)
{
	if (n->kind == CEL_NODE_LITERAL)
		return;
	n->type = cel_type_resolve(&k->subst, n->type, true);
	for (uint32_t i = 0; i < n->n_args; i++)
		settle(k, n->args[i]);
}

bool cel_check_program(struct cel_compile *c, struct cel_node *root)
{
	struct cel_check k = {.c = c, .subst = {.arena = c->arena}};
	const struct cel_type *want = c->opt ? c->opt->expect : NULL;

	k.unchecked = c->opt && c->opt->unchecked;
	k.strict_time = c->opt && c->opt->strict_time && !k.unchecked;
	if (!cel_check_node(&k, root))
		return false;
	if (want && !needs(&k, root, want, "this expression"))
		return false;
	if (k.strict_time && (root->flags & NODE_FLOWS))
		return cel_complain(c, root->span, "this value changes with time: compare it with something");
	settle(&k, root);
	return true;
}
