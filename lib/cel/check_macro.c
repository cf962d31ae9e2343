/* SPDX-License-Identifier: MIT */
/*
 * Checking comprehensions: types of their variables and results, and the variants their elements can be.
 */
#include "cel_internal.h"

/* Types of the one or two variables over a range. */
static bool variable_types(struct cel_check *k, struct cel_node *n, const struct cel_type *range, const struct cel_type *out[2])
{
	char text[120];
	bool two = n->loop->n == 2;

	out[0] = out[1] = &cel_dyn;
	if (range->kind == CEL_LIST) {
		out[0] = two ? &cel_int : cel_elem(range);
		out[1] = cel_elem(range);
		return true;
	}
	if (range->kind == CEL_MAP) {
		out[0] = cel_key(range);
		out[1] = cel_elem(range);
		return true;
	}
	if (range->kind == CEL_DYN || range->kind == CEL_PARAM || range->kind == CEL_ERROR || k->unchecked)
		return true;
	cel_type_to_text(range, text, sizeof(text));
	return cel_complain(k->c, n->args[0]->span, WN_STR_FMT "() goes over a list or a map, this is %s", WN_STR_ARG(n->name), text);
}

static bool must_be(struct cel_check *k, const struct cel_node *n, const struct cel_type *want, const char *what)
{
	char have[120];

	if (k->unchecked || cel_type_assignable(&k->subst, n->type, want))
		return true;
	cel_type_to_text(cel_type_resolve(&k->subst, n->type, false), have, sizeof(have));
	return cel_complain(k->c, n->span, "%s, this is %s", what, have);
}

static bool has_predicate(const struct cel_node *n)
{
	return n->macro <= MACRO_EXISTS_ONE || n->macro == MACRO_FILTER || n->n_args == 3;
}

/* Checks predicate and transform under the variables in `inner`. */
static bool check_bodies(struct cel_check *k, struct cel_node *n)
{
	struct cel_fact *before = k->facts;
	bool ok = true;

	if (has_predicate(n)) {
		ok = cel_check_node(k, n->args[1]) && must_be(k, n->args[1], &cel_bool, "the condition must be true or false");
		if (ok)
			cel_facts_push(k, n->args[1], true);
	}
	if (ok && (n->n_args == 3 || !has_predicate(n)))
		ok = cel_check_node(k, n->args[n->n_args - 1]);
	if (ok && n->macro == MACRO_FILTER && k->scope->type->kind == CEL_RECORD)
		n->variants = cel_facts_of(k, k->scope, k->scope->variants);
	k->facts = before;
	return ok;
}

static bool entry_type(struct cel_check *k, struct cel_node *n, const struct cel_type *body)
{
	body = cel_type_resolve(&k->subst, body, false);
	if (body->kind != CEL_MAP && body->kind != CEL_DYN && !k->unchecked)
		return cel_complain(k->c, n->args[n->n_args - 1]->span, "transformMapEntry() needs a map of one entry here: {key: value}");
	n->type = body->kind == CEL_MAP ? body : &cel_dyn;
	return true;
}

static bool opt_flat_type(struct cel_check *k, struct cel_node *n, const struct cel_type *body)
{
	body = cel_type_resolve(&k->subst, body, false);
	if (body->kind != CEL_OPTIONAL && body->kind != CEL_DYN && !k->unchecked)
		return cel_complain(k->c, n->args[1]->span, "optFlatMap() needs an optional here; optMap() wraps a plain value");
	n->type = body;
	return true;
}

static bool sortable(struct cel_check *k, struct cel_node *n, const struct cel_type *body)
{
	enum cel_type_kind kind = cel_type_resolve(&k->subst, body, true)->kind;

	if (k->unchecked || (kind <= CEL_DURATION && kind != CEL_NULL))
		return true;
	return cel_complain(k->c, n->args[1]->span, "sortBy() needs a key that has an order");
}

static bool result_type(struct cel_check *k, struct cel_node *n, const struct cel_type *range, const struct cel_type *vars[2])
{
	const struct cel_type *body = n->args[n->n_args - 1]->type;

	switch (n->macro) {
	case MACRO_MAP:
	case MACRO_TRANSFORM_LIST:
		n->type = cel_type_list(k->c->arena, body);
		return true;
	case MACRO_FILTER:
		n->type = cel_type_list(k->c->arena, vars[0]);
		return true;
	case MACRO_TRANSFORM_MAP:
		n->type = cel_type_map(k->c->arena, vars[0], body);
		return true;
	case MACRO_TRANSFORM_ENTRY:
		return entry_type(k, n, body);
	case MACRO_SORT_BY:
		n->type = range;
		n->variants = n->args[0]->variants;
		return sortable(k, n, body);
	case MACRO_BIND:
		n->type = body;
		n->variants = n->args[1]->variants;
		n->flags |= n->args[1]->flags & NODE_FLOWS;
		return true;
	case MACRO_OPT_MAP:
		n->type = cel_type_optional(k->c->arena, body);
		return true;
	case MACRO_OPT_FLAT_MAP:
		return opt_flat_type(k, n, body);
	default:
		n->type = &cel_bool;
		return true;
	}
}

/* The variable of bind is its value; of optMap what the optional holds; of others the elements. */
static bool scope_types(struct cel_check *k, struct cel_node *n, const struct cel_type *range, const struct cel_type *vars[2])
{
	if (n->macro == MACRO_BIND) {
		vars[0] = n->args[0]->type;
		return true;
	}
	if (n->macro != MACRO_OPT_MAP && n->macro != MACRO_OPT_FLAT_MAP)
		return variable_types(k, n, range, vars);
	vars[0] = range->kind == CEL_OPTIONAL ? cel_elem(range) : &cel_dyn;
	if (range->kind == CEL_OPTIONAL || range->kind == CEL_DYN || range->kind == CEL_PARAM || k->unchecked)
		return true;
	return cel_complain(k->c, n->args[0]->span, WN_STR_FMT "() works on an optional", WN_STR_ARG(n->name));
}

bool cel_check_macro(struct cel_check *k, struct cel_node *n)
{
	struct cel_loop *loop = (struct cel_loop *)n->loop;
	struct cel_scope s[2] = {{.slot = -1}}, *outer = k->scope;
	const struct cel_type *vars[2], *range;
	bool ok, bind = n->macro == MACRO_BIND;

	if (!cel_check_node(k, n->args[0]))
		return false;
	range = cel_type_resolve(&k->subst, n->args[0]->type, false);
	if (!scope_types(k, n, range, vars))
		return false;
	for (int i = 0; i < loop->n; i++) {
		loop->slot[i] = k->c->n_slots++;
		s[i] = (struct cel_scope){.name = loop->name[i], .type = cel_type_resolve(&k->subst, vars[i], false), .slot = loop->slot[i], .up = k->scope};
		s[i].alias = bind;
		s[i].flows = bind && (n->args[0]->flags & NODE_FLOWS);
		if (i == loop->n - 1)
			s[i].variants = n->args[0]->variants;
		k->scope = &s[i];
	}
	loop->collects = s[loop->n - 1].type->kind == CEL_RECORD && s[loop->n - 1].type->record->collectable;
	ok = check_bodies(k, n);
	k->scope = outer;
	if (!ok || !result_type(k, n, range, vars))
		return false;
	return bind || cel_check_flow(k, n, "made into elements");
}
