/* SPDX-License-Identifier: MIT */
/*
 * A checked tree into alternatives: disjunctive normal form, bounded, of the literals that an index can use.
 * What it does not understand is left out of a conjunction, never out of a disjunction: leaving a term out of
 * an && lets more through.
 *
 * Three values: a && b is true only if both are true, a || b only if one is, !(a && b) only if a or b is false,
 * c ? x : y only if c and x are true, or c is false and y is true. Errors make nothing true, so every step
 * keeps what could be true.
 */
#include "terms.h"

struct walk {
	const struct wn_match_env *env;
	struct wn_arena *arena;
};

static struct alternatives from(const struct walk *w, const struct cel_node *n, bool negated);

/* --- values --------------------------------------------------------------------------------------------- */

static bool is_number(struct wn_value v)
{
	return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

/* Every int64, uint64 and double is exact in a long double of 64 bits of mantissa. */
static long double number(struct wn_value v)
{
	return v.kind == WN_INT ? (long double)v.i : v.kind == WN_UINT ? (long double)v.u : (long double)v.d;
}

bool wn_terms_equal(struct wn_value a, struct wn_value b)
{
	if (is_number(a) && is_number(b))
		return number(a) == number(b);
	if (a.kind != b.kind)
		return false;
	return a.kind == WN_STRING ? wn_str_eq(wn_value_str(a), wn_value_str(b))
				   : a.kind == WN_BOOL && a.b == b.b;
}

/* -1, 0, 1; false if the two have no order here (NaN has none). */
static bool order(struct wn_value a, struct wn_value b, int *out)
{
	if (is_number(a) && is_number(b)) {
		long double x = number(a), y = number(b);
		*out = (x > y) - (x < y);
		return x == x && y == y;
	}
	if (a.kind != b.kind || (a.kind != WN_TIMESTAMP && a.kind != WN_DURATION))
		return false;
	*out = a.i != b.i ? (a.i > b.i) - (a.i < b.i) : (a.aux > b.aux) - (a.aux < b.aux);
	return true;
}

static bool is_one_of(const struct literal *l, struct wn_value v)
{
	for (uint32_t i = 0; i < l->n_values; i++)
		if (wn_terms_equal(l->values[i], v))
			return true;
	return false;
}

bool wn_terms_hold(const struct literal *l, struct wn_value v)
{
	int c;

	switch ((enum literal_op)l->op) {
	case OP_ANY_OF:
		return is_one_of(l, v);
	case OP_CONTAINS:
		for (uint32_t i = 0; v.kind == WN_LIST && i < v.n; i++)
			if (is_one_of(l, v.list[i]))
				return true;
		return false;
	case OP_LESS:
		return order(v, l->values[0], &c) && c < 0;
	case OP_LESS_EQ:
		return order(v, l->values[0], &c) && c <= 0;
	case OP_GREATER:
		return order(v, l->values[0], &c) && c > 0;
	case OP_GREATER_EQ:
		return order(v, l->values[0], &c) && c >= 0;
	}
	return true;
}

/* --- literals ------------------------------------------------------------------------------------------- */

/* `signal.x` or `account.x` of a field that does not change with time alone. */
static bool path(const struct walk *w, const struct cel_node *n, struct literal *l)
{
	struct cel_node_view v = cel_node_look(n), of;

	if (v.kind != CEL_NODE_SELECT || !v.field || v.field->moving || v.n_args != 1)
		return false;
	of = cel_node_look(v.args[0]);
	if (of.kind != CEL_NODE_IDENT || of.variable < 0)
		return false;
	if (of.variable != w->env->signal && of.variable != w->env->account)
		return false;
	l->subject = of.variable == w->env->signal ? SUBJECT_SIGNAL : SUBJECT_ACCOUNT;
	l->field = v.field->number;
	const char *kind = w->env->signal_record ? w->env->signal_record->discriminator : NULL;
	l->is_kind = l->subject == SUBJECT_SIGNAL && kind && wn_str_is(v.name, kind);
	/* Guesses, until measured: an enum has few values, a bool two. */
	l->weight = v.field->enum_values ? 8 : v.type && v.type->kind == CEL_BOOL ? 100 : 1;
	return true;
}

static bool scalar(const struct cel_node *n, struct wn_value *out)
{
	struct cel_node_view v = cel_node_look(n);

	*out = v.literal;
	return v.kind == CEL_NODE_LITERAL &&
	       (v.literal.kind == WN_STRING || v.literal.kind == WN_BOOL || is_number(v.literal));
}

static bool usable(const struct wn_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind != WN_STRING && v[i].kind != WN_BOOL && !is_number(v[i]))
			return false;
	return n <= VALUES_MAX;
}

/* The elements of a list of literals, folded or not. */
static bool scalars(const struct walk *w, const struct cel_node *n, struct literal *l)
{
	struct cel_node_view v = cel_node_look(n);

	if (v.kind == CEL_NODE_LITERAL && v.literal.kind == WN_LIST) {
		l->values = v.literal.list;
		l->n_values = v.literal.n;
		return usable(l->values, l->n_values);
	}
	if (v.kind != CEL_NODE_LIST || v.n_args > VALUES_MAX)
		return false;
	struct wn_value *values = WN_NEW_N(w->arena, struct wn_value, v.n_args + 1);
	for (size_t i = 0; i < v.n_args; i++)
		if (!scalar(v.args[i], &values[i]))
			return false;
	l->values = values;
	l->n_values = (uint32_t)v.n_args;
	return true;
}

static bool one_value(const struct walk *w, struct wn_value v, struct literal *l)
{
	struct wn_value *copy = WN_NEW(w->arena, struct wn_value);

	*copy = v;
	l->values = copy;
	l->n_values = 1;
	return true;
}

static bool equality(const struct walk *w, const struct cel_node *const *args, struct literal *l)
{
	struct wn_value v;

	l->op = OP_ANY_OF;
	if (path(w, args[0], l) && scalar(args[1], &v))
		return one_value(w, v, l);
	return path(w, args[1], l) && scalar(args[0], &v) && one_value(w, v, l);
}

static bool membership(const struct walk *w, const struct cel_node *const *args, struct literal *l)
{
	struct wn_value v;

	if (path(w, args[0], l)) {
		l->op = OP_ANY_OF;
		return scalars(w, args[1], l);
	}
	l->op = OP_CONTAINS;
	return path(w, args[1], l) && cel_node_look(args[1]).type->kind == CEL_LIST && scalar(args[0], &v) &&
	       one_value(w, v, l);
}

static bool ordered(const struct cel_node *n, struct wn_value *out)
{
	struct cel_node_view v = cel_node_look(n);

	*out = v.literal;
	return v.kind == CEL_NODE_LITERAL &&
	       (is_number(v.literal) || v.literal.kind == WN_TIMESTAMP || v.literal.kind == WN_DURATION);
}

static bool range(const struct walk *w, const struct cel_node *const *args, enum literal_op op,
		  enum literal_op turned, struct literal *l)
{
	struct wn_value v;

	l->op = (uint8_t)op;
	if (path(w, args[0], l) && ordered(args[1], &v))
		return one_value(w, v, l);
	l->op = (uint8_t)turned;
	return path(w, args[1], l) && ordered(args[0], &v) && one_value(w, v, l);
}

static bool call(const struct walk *w, const struct cel_node_view *v, struct literal *l)
{
	if (v->n_args != 2)
		return false;
	if (wn_str_is(v->name, "_==_"))
		return equality(w, v->args, l);
	if (wn_str_is(v->name, "@in"))
		return membership(w, v->args, l);
	if (wn_str_is(v->name, "_<_"))
		return range(w, v->args, OP_LESS, OP_GREATER, l);
	if (wn_str_is(v->name, "_<=_"))
		return range(w, v->args, OP_LESS_EQ, OP_GREATER_EQ, l);
	if (wn_str_is(v->name, "_>_"))
		return range(w, v->args, OP_GREATER, OP_LESS, l);
	return wn_str_is(v->name, "_>=_") && range(w, v->args, OP_GREATER_EQ, OP_LESS_EQ, l);
}

/* --- alternatives --------------------------------------------------------------------------------------- */

static struct alternatives nothing(void)
{
	return (struct alternatives){NULL, 0};
}

/* One alternative without literals: anything may be true. */
static struct alternatives anything(const struct walk *w)
{
	return (struct alternatives){WN_NEW(w->arena, struct alternative), 1};
}

static struct alternatives only(const struct walk *w, struct literal l)
{
	struct alternatives a = anything(w);

	a.v[0].literals[a.v[0].n++] = l;
	return a;
}

static struct alternatives either(const struct walk *w, struct alternatives a, struct alternatives b)
{
	if (a.n == 0 || b.n == 0)
		return a.n ? a : b;
	if (a.n + b.n > ALTERNATIVES_MAX)
		return anything(w);
	struct alternatives both = {WN_NEW_N(w->arena, struct alternative, a.n + b.n), a.n + b.n};
	memcpy(both.v, a.v, a.n * sizeof(*a.v));
	memcpy(both.v + a.n, b.v, b.n * sizeof(*b.v));
	return both;
}

static void append(struct alternative *to, const struct alternative *more)
{
	for (size_t i = 0; i < more->n && to->n < LITERALS_MAX; i++)
		to->literals[to->n++] = more->literals[i];
}

static struct alternatives both_of(const struct walk *w, struct alternatives a, struct alternatives b)
{
	if (a.n == 0 || b.n == 0)
		return nothing();
	if (a.n * b.n > ALTERNATIVES_MAX) /* the side with fewer alternatives says more */
		return a.n <= b.n ? a : b;
	struct alternatives all = {WN_NEW_N(w->arena, struct alternative, a.n * b.n), a.n * b.n};
	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++) {
			all.v[i * b.n + k] = a.v[i];
			append(&all.v[i * b.n + k], &b.v[k]);
		}
	return all;
}

static struct alternatives fold(const struct walk *w, const struct cel_node_view *v, bool negated,
				bool conjunction)
{
	struct alternatives all = from(w, v->args[0], negated);

	for (size_t i = 1; i < v->n_args; i++) {
		struct alternatives next = from(w, v->args[i], negated);
		all = conjunction ? both_of(w, all, next) : either(w, all, next);
	}
	return all;
}

static struct alternatives conditional(const struct walk *w, const struct cel_node_view *v, bool negated)
{
	struct alternatives yes = both_of(w, from(w, v->args[0], false), from(w, v->args[1], negated));

	return either(w, yes, both_of(w, from(w, v->args[0], true), from(w, v->args[2], negated)));
}

/* A field of type bool standing alone: true, or under a ! false. */
static struct alternatives truth(const struct walk *w, const struct cel_node *n, bool negated)
{
	struct literal l = {.op = OP_ANY_OF};

	if (!path(w, n, &l))
		return anything(w);
	one_value(w, wn_bool(!negated), &l);
	return only(w, l);
}

static struct alternatives from(const struct walk *w, const struct cel_node *n, bool negated)
{
	struct cel_node_view v = cel_node_look(n);
	struct literal l = {0};

	switch (v.kind) {
	case CEL_NODE_LITERAL:
		return v.literal.kind == WN_BOOL && v.literal.b == negated ? nothing() : anything(w);
	case CEL_NODE_AND:
		return fold(w, &v, negated, !negated);
	case CEL_NODE_OR:
		return fold(w, &v, negated, negated);
	case CEL_NODE_NOT:
		return from(w, v.args[0], !negated);
	case CEL_NODE_COND:
		return conditional(w, &v, negated);
	case CEL_NODE_SELECT:
		return truth(w, n, negated);
	case CEL_NODE_CALL:
		return !negated && call(w, &v, &l) ? only(w, l) : anything(w);
	default:
		return anything(w);
	}
}

struct alternatives wn_terms_of(const struct wn_match_env *env, const struct cel_program *p, struct wn_arena *a)
{
	struct walk w = {env, a};

	return from(&w, cel_program_root(p), false);
}
