/* SPDX-License-Identifier: MIT */
/*
 * A checked tree into a tree of literals.
 *
 * Three values: a && b is true only if both are, a || b only if one is, !(a && b) only if a or b is false,
 * c ? x : y only if c and x are true, or c is false and y is true. Errors make nothing true, under ! either:
 * !(x < 5) asks for a number x, and !(x == 5) for any x that is there. Fields that change with time alone are opaque.
 */
#include "terms.h"

#include <math.h>

struct walk {
	const struct wn_match_env *env;
	struct wn_arena *arena;
	bool lenient;
};

static struct term *from(const struct walk *w, const struct cel_node *n, bool negated);

/* --- making ------------------------------------------------------------------------------------------- */

static struct term *leaf(const struct walk *w, enum term_kind kind, struct cel_span span)
{
	struct term *t = WN_NEW(w->arena, struct term);

	t->kind = (uint8_t)kind;
	t->span = span;
	t->lenient = w->lenient;
	return t;
}

static bool same_field(const struct term *a, const struct term *b)
{
	return a->kind == TERM_LITERAL && b->kind == TERM_LITERAL && a->subject == b->subject &&
	       a->field == b->field && a->lenient == b->lenient;
}

/* x == 1 || x in [2, 3] is x in [1, 2, 3]; the same for lists. */
static bool join_sets(const struct walk *w, struct term *to, const struct term *t)
{
	if (!same_field(to, t) || to->negated || t->negated || to->test != t->test || t->test > TEST_ANY ||
	    to->n + t->n > VALUES_MAX)
		return false;
	struct wn_value *both = WN_NEW_N(w->arena, struct wn_value, to->n + t->n);
	memcpy(both, to->values, to->n * sizeof(*both));
	memcpy(both + to->n, t->values, t->n * sizeof(*both));
	to->values = both;
	to->n += t->n;
	return true;
}

static void add(const struct walk *w, struct term *to, struct term *t)
{
	if (t->kind == to->kind) { /* flat */
		for (uint32_t i = 0; i < t->n; i++)
			add(w, to, t->args[i]);
		return;
	}
	for (uint32_t i = 0; to->kind == TERM_OR && i < to->n; i++)
		if (join_sets(w, to->args[i], t))
			return;
	if ((to->n & (to->n - 1)) == 0) {
		struct term **grown = WN_NEW_N(w->arena, struct term *, to->n ? to->n * 2 : 1);
		if (to->n)
			memcpy(grown, to->args, to->n * sizeof(struct term *));
		to->args = grown;
	}
	to->args[to->n++] = t;
}

static struct term *fold(const struct walk *w, const struct cel_node_view *v, bool negated, bool conjunction)
{
	enum term_kind decides = conjunction ? TERM_FALSE : TERM_TRUE, neutral = conjunction ? TERM_TRUE : TERM_FALSE;
	struct term *all = leaf(w, conjunction ? TERM_AND : TERM_OR, v->span);

	for (size_t i = 0; i < v->n_args; i++) {
		struct term *t = from(w, v->args[i], negated);
		if (t->kind == decides)
			return t;
		if (t->kind != neutral)
			add(w, all, t);
	}
	if (all->n == 0)
		all->kind = (uint8_t)neutral;
	return all->n == 1 ? all->args[0] : all;
}

static struct term *pair(const struct walk *w, enum term_kind kind, struct term *a, struct term *b, struct cel_span span)
{
	enum term_kind decides = kind == TERM_AND ? TERM_FALSE : TERM_TRUE;
	enum term_kind neutral = kind == TERM_AND ? TERM_TRUE : TERM_FALSE;

	if (a->kind == decides || b->kind == neutral)
		return a;
	if (b->kind == decides || a->kind == neutral)
		return b;
	struct term *t = leaf(w, kind, span);
	add(w, t, a);
	add(w, t, b);
	return t;
}

/* --- literals ----------------------------------------------------------------------------------------- */

/* `signal.x` or `account.x` of a field that does not change with time alone. */
static bool path(const struct walk *w, const struct cel_node *n, struct term *t)
{
	struct cel_node_view v = cel_node_look(n), of;

	if ((v.kind != CEL_NODE_SELECT && v.kind != CEL_NODE_HAS) || !v.field || v.field->moving || v.n_args != 1)
		return false;
	of = cel_node_look(v.args[0]);
	if (of.kind != CEL_NODE_IDENT || of.variable < 0)
		return false;
	if (of.variable != w->env->signal && of.variable != w->env->account)
		return false;
	t->subject = of.variable == w->env->signal ? SUBJECT_SIGNAL : SUBJECT_ACCOUNT;
	t->field = v.field->number;
	return true;
}

static bool is_number(struct wn_value v)
{
	return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

static bool is_scalar(struct wn_value v)
{
	return v.kind == WN_STRING || v.kind == WN_BOOL || is_number(v);
}

static bool scalar(const struct cel_node *n, struct wn_value *out)
{
	struct cel_node_view v = cel_node_look(n);

	*out = v.literal;
	return v.kind == CEL_NODE_LITERAL && is_scalar(v.literal);
}

/* The elements of a list of literals, folded or not. */
static bool scalars(const struct walk *w, const struct cel_node *n, struct term *t)
{
	struct cel_node_view v = cel_node_look(n);

	if (v.kind == CEL_NODE_LITERAL && v.literal.kind == WN_LIST) {
		t->values = v.literal.list;
		t->n = v.literal.n;
		for (uint32_t i = 0; i < t->n; i++)
			if (!is_scalar(t->values[i]))
				return false;
		return t->n <= VALUES_MAX;
	}
	if (v.kind != CEL_NODE_LIST || v.n_args > VALUES_MAX)
		return false;
	struct wn_value *values = WN_NEW_N(w->arena, struct wn_value, v.n_args + 1);
	for (size_t i = 0; i < v.n_args; i++)
		if (!scalar(v.args[i], &values[i]))
			return false;
	t->values = values;
	t->n = (uint32_t)v.n_args;
	return true;
}

static void one_value(const struct walk *w, struct wn_value v, struct term *t)
{
	struct wn_value *copy = WN_NEW(w->arena, struct wn_value);

	*copy = v;
	t->values = copy;
	t->n = 1;
}

static bool equality(const struct walk *w, const struct cel_node *const *args, struct term *t)
{
	struct wn_value v;

	t->test = TEST_IN;
	if (!(path(w, args[0], t) && scalar(args[1], &v)) && !(path(w, args[1], t) && scalar(args[0], &v)))
		return false;
	one_value(w, v, t);
	return true;
}

/* x in [..], "v" in x */
static bool membership(const struct walk *w, const struct cel_node *const *args, struct term *t)
{
	struct wn_value v;

	t->test = TEST_IN;
	if (path(w, args[0], t))
		return scalars(w, args[1], t);
	t->test = TEST_ANY;
	if (!path(w, args[1], t) || !scalar(args[0], &v))
		return false;
	one_value(w, v, t);
	return true;
}

/* Ends that a double holds so that comparing doubles is comparing the numbers: an int64 that rounds to a double is then
 * on the same side of it. */
static bool range(const struct walk *w, const struct cel_node *const *args, bool upwards, bool open, struct term *t)
{
	struct wn_value v;
	bool turned = !path(w, args[0], t);

	t->test = TEST_RANGE;
	if (turned ? !path(w, args[1], t) || !scalar(args[0], &v) : !scalar(args[1], &v))
		return false;
	double d = v.kind == WN_INT ? (double)v.i : v.kind == WN_UINT ? (double)v.u : v.d;
	if (!is_number(v) || !(fabs(d) < 0x1p53))
		return false;
	upwards ^= turned;
	t->range[0] = upwards ? d : -INFINITY;
	t->range[1] = upwards ? INFINITY : d;
	t->open_lo = upwards && open;
	t->open_hi = !upwards && open;
	return true;
}

static bool of_text(const struct walk *w, const struct cel_node *const *args, enum test test, struct term *t)
{
	struct wn_value v;

	t->test = (uint8_t)test;
	if (!path(w, args[0], t) || !scalar(args[1], &v) || v.kind != WN_STRING)
		return false;
	one_value(w, v, t);
	return true;
}

static bool call(const struct walk *w, const struct cel_node_view *v, struct term *t)
{
	static const struct { const char *name; uint8_t upwards, open; } orders[] = {
	    {"_<_", false, true}, {"_<=_", false, false}, {"_>_", true, true}, {"_>=_", true, false}};

	if (v->n_args != 2)
		return false;
	if (wn_str_is(v->name, "_==_"))
		return equality(w, v->args, t);
	if (wn_str_is(v->name, "@in"))
		return membership(w, v->args, t);
	for (size_t i = 0; i < WN_COUNT(orders); i++)
		if (wn_str_is(v->name, orders[i].name))
			return range(w, v->args, orders[i].upwards, orders[i].open, t);
	if (wn_str_is(v->name, "contains"))
		return of_text(w, v->args, TEST_CONTAINS, t);
	if (wn_str_is(v->name, "startsWith"))
		return of_text(w, v->args, TEST_STARTS, t);
	if (wn_str_is(v->name, "endsWith"))
		return of_text(w, v->args, TEST_ENDS, t);
	if (!wn_str_is(v->name, "_!=_") || !equality(w, v->args, t))
		return false;
	t->negated = !t->negated;
	return true;
}

static struct term *literal_of_call(const struct walk *w, const struct cel_node_view *v, bool negated)
{
	struct term *t = leaf(w, TERM_LITERAL, v->span);

	t->negated = negated;
	return call(w, v, t) ? t : leaf(w, TERM_OPAQUE, v->span);
}

/* --- lists -------------------------------------------------------------------------------------------- */

static bool is_loop_variable(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);

	return v.kind == CEL_NODE_IDENT && v.variable < 0;
}

/* list.exists(x, x in ["a", "b"]) and list.exists(x, x == "a") */
static bool any_of_field(const struct walk *w, const struct cel_node_view *v, struct term *t)
{
	struct cel_node_view p = cel_node_look(v->args[1]);
	struct wn_value value;

	t->test = TEST_ANY;
	if (!path(w, v->args[0], t) || p.kind != CEL_NODE_CALL || p.n_args != 2)
		return false;
	if (wn_str_is(p.name, "@in"))
		return is_loop_variable(p.args[0]) && scalars(w, p.args[1], t);
	if (!wn_str_is(p.name, "_==_") || !is_loop_variable(p.args[0]) || !scalar(p.args[1], &value))
		return false;
	one_value(w, value, t);
	return true;
}

/* ["a", "b"].all(x, x in list): one literal a value; exists: one for all. */
static struct term *of_literals(const struct walk *w, const struct cel_node_view *v, bool negated, bool all)
{
	struct cel_node_view p = cel_node_look(v->args[1]);
	struct term proto = {.kind = TERM_LITERAL, .test = TEST_ANY, .negated = negated, .lenient = w->lenient, .span = v->span};
	struct term set = {0};

	if (p.kind != CEL_NODE_CALL || p.n_args != 2 || !wn_str_is(p.name, "@in") || !is_loop_variable(p.args[0]) ||
	    !path(w, p.args[1], &proto) || !scalars(w, v->args[0], &set) || set.n == 0)
		return leaf(w, TERM_OPAQUE, v->span);
	struct term *t = leaf(w, negated == all ? TERM_OR : TERM_AND, v->span);
	for (uint32_t i = 0; i < set.n; i++) {
		struct term *one = WN_NEW(w->arena, struct term);
		*one = proto;
		one_value(w, set.values[i], one);
		add(w, t, one);
	}
	return t->n == 1 ? t->args[0] : t;
}

/* --- signals.exists(s, s.kind == "a" && ..) -------------------------------------------------------------- */

static bool is_kind_of_element(const struct walk *w, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	const char *kind = w->env->signal_record ? w->env->signal_record->discriminator : NULL;

	return v.kind == CEL_NODE_SELECT && v.n_args == 1 && v.field && kind && strcmp(v.field->name, kind) == 0 && is_loop_variable(v.args[0]);
}

static bool kinds_asked(const struct walk *w, const struct cel_node *n, struct term *t);

/* Of an || every side has to name kinds. */
static bool kinds_of_any(const struct walk *w, const struct cel_node_view *v, struct term *t)
{
	struct wn_value *all = WN_NEW_N(w->arena, struct wn_value, VALUES_MAX);
	uint32_t n = 0;

	for (size_t i = 0; i < v->n_args; i++) {
		if (!kinds_asked(w, v->args[i], t) || n + t->n > VALUES_MAX)
			return false;
		memcpy(all + n, t->values, t->n * sizeof(*all));
		n += t->n;
	}
	t->values = all;
	t->n = n;
	return true;
}

/* Where the predicate is not false the element is of one of these kinds. */
static bool kinds_asked(const struct walk *w, const struct cel_node *n, struct term *t)
{
	struct cel_node_view v = cel_node_look(n);
	struct wn_value value;

	if (v.kind == CEL_NODE_OR)
		return kinds_of_any(w, &v, t);
	for (size_t i = 0; v.kind == CEL_NODE_AND && i < v.n_args; i++)
		if (kinds_asked(w, v.args[i], t))
			return true;
	if (v.kind != CEL_NODE_CALL || v.n_args != 2)
		return false;
	if (wn_str_is(v.name, "@in"))
		return is_kind_of_element(w, v.args[0]) && scalars(w, v.args[1], t);
	if (!wn_str_is(v.name, "_==_") || !((is_kind_of_element(w, v.args[0]) && scalar(v.args[1], &value)) ||
					    (is_kind_of_element(w, v.args[1]) && scalar(v.args[0], &value))))
		return false;
	one_value(w, value, t);
	return true;
}

/* Some signal of the account is of such a kind, and the rest is left to the rule. NULL: nothing is known of kinds. */
static struct term *of_signals(const struct walk *w, const struct cel_node_view *v)
{
	struct cel_node_view of = cel_node_look(v->args[0]);
	struct term *t = leaf(w, TERM_LITERAL, v->span);

	t->test = TEST_ANY;
	t->subject = SUBJECT_SIGNALS;
	t->lenient = true; /* the caller need not know kinds */
	if (of.kind != CEL_NODE_IDENT || of.variable < 0 || of.variable != w->env->signals || !kinds_asked(w, v->args[1], t))
		return NULL;
	return pair(w, TERM_AND, t, leaf(w, TERM_OPAQUE, v->span), v->span);
}

static struct term *comprehension(const struct walk *w, const struct cel_node_view *v, bool negated)
{
	bool exists = wn_str_is(v->name, "exists");
	struct term *t = leaf(w, TERM_LITERAL, v->span);

	if ((!exists && !wn_str_is(v->name, "all")) || v->n_args != 2 || v->n_variables != 1)
		return leaf(w, TERM_OPAQUE, v->span);
	t->negated = negated;
	if (exists && any_of_field(w, v, t))
		return t;
	t = exists && !negated ? of_signals(w, v) : NULL;
	return t ? t : of_literals(w, v, negated, !exists);
}

/* --- the rest ----------------------------------------------------------------------------------------- */

static struct term *conditional(const struct walk *w, const struct cel_node_view *v, bool negated)
{
	if (w->lenient) /* unknown where the condition is, whatever the two say */
		return leaf(w, TERM_OPAQUE, v->span);
	struct term *yes =
	    pair(w, TERM_AND, from(w, v->args[0], false), from(w, v->args[1], negated), v->span);
	struct term *no = pair(w, TERM_AND, from(w, v->args[0], true), from(w, v->args[2], negated), v->span);

	return pair(w, TERM_OR, yes, no, v->span);
}

/* A field of type bool standing alone: true, or under a ! false. */
static struct term *truth(const struct walk *w, const struct cel_node *n, bool negated, struct cel_span span)
{
	struct term *t = leaf(w, TERM_LITERAL, span);

	t->test = TEST_IN;
	if (!path(w, n, t))
		return leaf(w, TERM_OPAQUE, span);
	one_value(w, wn_bool(!negated), t);
	return t;
}

static struct term *has(const struct walk *w, const struct cel_node *n, bool negated, struct cel_span span)
{
	struct term *t = leaf(w, TERM_LITERAL, span);

	t->test = TEST_HAS;
	t->negated = negated;
	return path(w, n, t) ? t : leaf(w, TERM_OPAQUE, span);
}

/* !(has(x) && test(x)), the guarded negation, is one literal. */
static struct term *guarded(const struct walk *w, const struct cel_node_view *v)
{
	struct term *first, *second;

	if (v->n_args != 2 || cel_node_look(v->args[0]).kind != CEL_NODE_HAS)
		return NULL;
	first = from(w, v->args[0], true);
	second = from(w, v->args[1], true);
	if (!same_field(first, second) || first->test != TEST_HAS || second->test == TEST_HAS || !second->negated)
		return NULL;
	second->or_absent = true;
	second->span = v->span;
	return second;
}

static struct term *from(const struct walk *w, const struct cel_node *n, bool negated)
{
	struct cel_node_view v = cel_node_look(n);
	struct term *t;

	switch (v.kind) {
	case CEL_NODE_LITERAL:
		if (v.literal.kind != WN_BOOL)
			return leaf(w, TERM_OPAQUE, v.span);
		return leaf(w, v.literal.b != negated ? TERM_TRUE : TERM_FALSE, v.span);
	case CEL_NODE_AND:
		t = negated ? guarded(w, &v) : NULL;
		return t ? t : fold(w, &v, negated, !negated);
	case CEL_NODE_OR:
		return fold(w, &v, negated, negated);
	case CEL_NODE_NOT:
		return from(w, v.args[0], !negated);
	case CEL_NODE_COND:
		return conditional(w, &v, negated);
	case CEL_NODE_SELECT:
		return truth(w, n, negated, v.span);
	case CEL_NODE_HAS:
		return has(w, n, negated, v.span);
	case CEL_NODE_CALL:
		return literal_of_call(w, &v, negated);
	case CEL_NODE_COMPREHENSION:
		return comprehension(w, &v, negated);
	default:
		return leaf(w, TERM_OPAQUE, v.span);
	}
}

/* A function of the host may read anything. */
static bool is_of_language(struct wn_str name)
{
	static const char *const known[] = {"contains", "startsWith", "endsWith", "matches", "size", "duration", "timestamp"};

	for (size_t i = 0; i < WN_COUNT(known); i++)
		if (wn_str_is(name, known[i]))
			return true;
	return name.n && (name.p[0] == '_' || name.p[0] == '@' || name.p[0] == '-' || name.p[0] == '!');
}

/* Nothing but the signal is named, not even where it makes no difference. */
static bool names_signal_only(const struct walk *w, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);

	if (v.kind == CEL_NODE_IDENT && v.variable >= 0 && v.variable != w->env->signal)
		return false;
	if (v.kind == CEL_NODE_CALL && !is_of_language(v.name))
		return false;
	for (size_t i = 0; i < v.n_args; i++)
		if (!names_signal_only(w, v.args[i]))
			return false;
	return true;
}

/* Understood wholly, and of the signal alone: where it is not true, nobody asks whether the rule is unknown. */
static bool is_of_signal(const struct term *t)
{
	if (t->kind == TERM_LITERAL)
		return t->subject == SUBJECT_SIGNAL;
	for (uint32_t i = 0; (t->kind == TERM_AND || t->kind == TERM_OR) && i < t->n; i++)
		if (!is_of_signal(t->args[i]))
			return false;
	return t->kind != TERM_OPAQUE;
}

static struct term *conjunct(const struct walk *w, const struct cel_node *n)
{
	struct walk lenient = *w;
	struct term *t = from(w, n, false);

	lenient.lenient = w->env->keep_unknown;
	return lenient.lenient && !(is_of_signal(t) && names_signal_only(w, n)) ? from(&lenient, n, false) : t;
}

struct term *wn_term_of(const struct wn_match_env *env, const struct cel_program *p, struct wn_arena *a)
{
	struct walk w = {env, a, false};
	const struct cel_node *root = cel_program_root(p);
	struct cel_node_view v = cel_node_look(root);

	if (v.kind != CEL_NODE_AND)
		return conjunct(&w, root);
	struct term *all = leaf(&w, TERM_AND, v.span);
	for (size_t i = 0; i < v.n_args; i++) {
		struct term *t = conjunct(&w, v.args[i]);
		if (t->kind == TERM_FALSE)
			return t;
		if (t->kind != TERM_TRUE)
			add(&w, all, t);
	}
	if (all->n == 0)
		all->kind = TERM_TRUE;
	return all;
}
