/* SPDX-License-Identifier: MIT */
/*
 * Macros: calls that are syntax. has(), the comprehensions with one and two variables, cel.bind, optMap, sortBy.
 *
 * A comprehension stays one node (range, predicate, transform) rather than the fold of the specification: the
 * evaluator, the evidence pass and rule indexes all want to see what was meant.
 */
#include "cel_internal.h"

enum shape { ONE = 1, TWO = 2 }; /* number of variables */
static const struct macro_row {
	const char *name;
	uint8_t macro, variables, bodies; /* call: receiver, variables, bodies */
} rows[] = {
	{"all", MACRO_ALL, ONE, 1}, {"exists", MACRO_EXISTS, ONE, 1}, {"exists_one", MACRO_EXISTS_ONE, ONE, 1},
	{"existsOne", MACRO_EXISTS_ONE, ONE, 1}, {"map", MACRO_MAP, ONE, 1}, {"map", MACRO_MAP, ONE, 2},
	{"filter", MACRO_FILTER, ONE, 1}, {"sortBy", MACRO_SORT_BY, ONE, 1}, {"optMap", MACRO_OPT_MAP, ONE, 1},
	{"optFlatMap", MACRO_OPT_FLAT_MAP, ONE, 1}, {"all", MACRO_ALL, TWO, 1}, {"exists", MACRO_EXISTS, TWO, 1},
	{"existsOne", MACRO_EXISTS_ONE, TWO, 1}, {"exists_one", MACRO_EXISTS_ONE, TWO, 1},
	{"transformList", MACRO_TRANSFORM_LIST, TWO, 1}, {"transformList", MACRO_TRANSFORM_LIST, TWO, 2},
	{"transformMap", MACRO_TRANSFORM_MAP, TWO, 1}, {"transformMap", MACRO_TRANSFORM_MAP, TWO, 2},
	{"transformMapEntry", MACRO_TRANSFORM_ENTRY, TWO, 1}, {"transformMapEntry", MACRO_TRANSFORM_ENTRY, TWO, 2},
};

static bool enabled(const struct cel_env *env, const struct macro_row *m)
{
	if (m->macro == MACRO_SORT_BY)
		return env->ext_lists;
	if (m->macro == MACRO_OPT_MAP || m->macro == MACRO_OPT_FLAT_MAP)
		return env->ext_optional;
	return m->variables == ONE || env->ext_two_variables;
}

/* map(x, p, t) and all(i, v, p) have the same number of arguments, never the same name. */
static const struct macro_row *find(const struct cel_env *env, const struct cel_node *call)
{
	for (size_t i = 0; i < WN_COUNT(rows); i++)
		if (wn_str_is(call->name, rows[i].name) && call->n_args == 1u + rows[i].variables + rows[i].bodies &&
		    enabled(env, &rows[i]))
			return &rows[i];
	return NULL;
}

static bool plain_name(struct cel_compile *c, const struct cel_node *n, struct wn_str *out)
{
	if (n->kind != CEL_NODE_IDENT || (n->flags & NODE_ABSOLUTE))
		return cel_complain(c, n->span, "the variable of this macro must be a plain name");
	*out = n->name;
	return true;
}

static struct cel_node *comprehension(struct cel_compile *c, const struct cel_node *call, int macro, uint32_t first,
				      uint32_t n_names, struct cel_node *range)
{
	struct cel_loop *loop = WN_NEW(c->arena, struct cel_loop);
	uint32_t bodies = call->n_args - first - n_names;
	struct cel_node **args = WN_NEW_N(c->arena, struct cel_node *, bodies + 1), *n;

	loop->n = (int)n_names;
	loop->slot[1] = -1;
	for (uint32_t i = 0; i < n_names; i++)
		if (!plain_name(c, call->args[first + i], &loop->name[i]))
			return NULL;
	if (n_names == 2 && wn_str_eq(loop->name[0], loop->name[1])) {
		cel_complain(c, call->args[first + 1]->span, "the two variables of this macro need two names");
		return NULL;
	}
	args[0] = range;
	for (uint32_t i = 0; i < bodies; i++) {
		args[1 + i] = call->args[first + n_names + i];
		loop->weight += args[1 + i]->weight;
	}
	n = cel_node_new(c, CEL_NODE_COMPREHENSION, call->span, args, bodies + 1);
	if (!n)
		return NULL;
	n->macro = (uint8_t)macro;
	n->name = call->name;
	n->loop = loop;
	return n;
}

static struct cel_node *expand_has(struct cel_compile *c, struct cel_node *call)
{
	struct cel_node *sel = call->args[0];

	if (sel->kind != CEL_NODE_SELECT) {
		cel_complain(c, sel->span, "has() asks for a field: has(signal.amount_usd)");
		return NULL;
	}
	sel->kind = CEL_NODE_HAS;
	sel->span = call->span;
	return sel;
}

struct cel_node *cel_macro_expand(struct cel_compile *c, struct cel_node *call)
{
	const struct macro_row *m;

	if (!(call->flags & NODE_RECEIVER))
		return wn_str_is(call->name, "has") && call->n_args == 1 && !(call->flags & NODE_ABSOLUTE) ? expand_has(c, call) : call;
	if (c->env->ext_bindings && wn_str_is(call->name, "bind") && call->n_args == 4 &&
	    call->args[0]->kind == CEL_NODE_IDENT && wn_str_is(call->args[0]->name, "cel")) {
		struct cel_node *init = call->args[2];

		call->args[2] = call->args[1]; /* bind(cel, name, init, body): first the name, then the body */
		call->name = WN_STR("bind");
		return comprehension(c, call, MACRO_BIND, 2, 1, init);
	}
	m = find(c->env, call);
	return m ? comprehension(c, call, m->macro, 1, m->variables, call->args[0]) : call;
}
