/* SPDX-License-Identifier: MIT */
/*
 * Which way time alone may turn a term: ages and `now` grow, freshness and what lies in a window falls. From
 * the tree, for every account; the instant for one account is that of flips_at. Never too little: what is not
 * understood may go both ways.
 */
#include "explain_internal.h"

enum { UP = 1, DOWN = 2, BOTH = 3 }; /* a number may grow, fall; a truth may become true, false */

static unsigned turned(unsigned way)
{
	return (way & UP ? DOWN : 0) | (way & DOWN ? UP : 0);
}

static bool is_call(const struct cel_node_view *v, const char *name, size_t n_args)
{
	return v->kind == CEL_NODE_CALL && v->n_args == n_args && wn_str_is(v->name, name);
}

/* Of a number or a list's size. */
static unsigned quantity(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	if (!v.moving)
		return 0;
	if (v.kind == CEL_NODE_SELECT)
		return wn_str_is(v.name, "age") ? UP : wn_str_is(v.name, "freshness") ? DOWN : BOTH;
	if (v.kind == CEL_NODE_IDENT)
		return UP; /* now */
	if (is_call(&v, "_-_", 2))
		return quantity(v.args[0]) | turned(quantity(v.args[1]));
	if (is_call(&v, "_+_", 2))
		return quantity(v.args[0]) | quantity(v.args[1]);
	if (is_call(&v, "size", 1))
		return quantity(v.args[0]);
	if (is_call(&v, "count", 3) || is_call(&v, "within", 3))
		return DOWN; /* closed at now: what occurred only leaves */
	if (v.kind == CEL_NODE_COMPREHENSION && wn_str_is(v.name, "filter") && !cel_node_look(v.args[1]).moving)
		return quantity(v.args[0]);
	return BOTH;
}

static unsigned comparison(const struct cel_node_view *v)
{
	unsigned way = quantity(v->args[0]) | turned(quantity(v->args[1]));
	if (wn_str_is(v->name, "_>_") || wn_str_is(v->name, "_>=_"))
		return way;
	return wn_str_is(v->name, "_<_") || wn_str_is(v->name, "_<=_") ? turned(way) : BOTH;
}

static unsigned truth(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	unsigned way = 0;
	if (!v.moving)
		return 0;
	if (v.kind == CEL_NODE_NOT)
		return turned(truth(v.args[0]));
	if (v.kind == CEL_NODE_AND || v.kind == CEL_NODE_OR) {
		for (size_t i = 0; i < v.n_args; i++)
			way |= truth(v.args[i]);
		return way;
	}
	if (v.kind == CEL_NODE_CALL && v.n_args == 2 && v.name.n && v.name.p[0] == '_')
		return comparison(&v);
	if (is_call(&v, "followed", 4))
		return DOWN;
	if (is_call(&v, "absent", 2))
		return UP;
	if (v.kind == CEL_NODE_COMPREHENSION && wn_str_is(v.name, "exists"))
		return quantity(v.args[0]) | truth(v.args[1]);
	return BOTH;
}

unsigned time_turns(const struct cel_node *n)
{
	return truth(n);
}
