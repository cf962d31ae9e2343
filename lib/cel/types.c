/* SPDX-License-Identifier: MIT */
/*
 * Types: building, comparing, printing, and unification with type variables.
 *
 * A type variable is a CEL_PARAM whose number indexes cel_subst.bound. The rules (dyn agrees with everything,
 * null with times and optionals, the more general of two wins) are those of the reference type checker.
 */
#include "cel_internal.h"

#include <stdio.h>

#define BASIC(name, k) const struct cel_type name = {.kind = k}
BASIC(cel_dyn, CEL_DYN);
BASIC(cel_null, CEL_NULL);
BASIC(cel_bool, CEL_BOOL);
BASIC(cel_int, CEL_INT);
BASIC(cel_uint, CEL_UINT);
BASIC(cel_double, CEL_DOUBLE);
BASIC(cel_string, CEL_STRING);
BASIC(cel_bytes, CEL_BYTES);
BASIC(cel_timestamp, CEL_TIMESTAMP);
BASIC(cel_duration, CEL_DURATION);
BASIC(cel_error_type, CEL_ERROR);
BASIC(cel_type_type, CEL_TYPE);

/* A text of a few kilobytes can bind lists of lists thousands of levels deep: what lies below the ceiling is dyn, so that every
 * walk over a type is short. */
static const struct cel_type *shallow(const struct cel_type *part)
{
	return part && part->depth >= WN_CEL_TYPE_DEPTH_MAX ? &cel_dyn : part;
}

static uint16_t depth_over(const struct cel_type *part, uint16_t depth)
{
	return part && part->depth >= depth ? (uint16_t)(part->depth + 1) : depth;
}

static const struct cel_type *make(struct wn_arena *a, enum cel_type_kind kind, const struct cel_type *key, const struct cel_type *elem)
{
	struct cel_type *t = WN_NEW(a, struct cel_type);

	t->kind = kind;
	t->key = shallow(key);
	t->elem = shallow(elem);
	t->depth = depth_over(t->key, depth_over(t->elem, 0));
	return t;
}

const struct cel_type *cel_type_list(struct wn_arena *a, const struct cel_type *e) { return make(a, CEL_LIST, NULL, e); }
const struct cel_type *cel_type_optional(struct wn_arena *a, const struct cel_type *e) { return make(a, CEL_OPTIONAL, NULL, e); }
const struct cel_type *cel_type_map(struct wn_arena *a, const struct cel_type *key, const struct cel_type *value)
{
	return make(a, CEL_MAP, key, value);
}

static const struct cel_type *param(struct wn_arena *a, int number)
{
	struct cel_type *t = WN_NEW(a, struct cel_type);

	t->kind = CEL_PARAM;
	t->param = number;
	return t;
}

/* --- text -------------------------------------------------------------------------------------------- */
static const char *basic_name(const struct cel_type *t)
{
	static const char *const names[] = {
		[CEL_DYN] = "dyn", [CEL_NULL] = "null_type", [CEL_BOOL] = "bool", [CEL_INT] = "int", [CEL_UINT] = "uint",
		[CEL_DOUBLE] = "double", [CEL_STRING] = "string", [CEL_BYTES] = "bytes", [CEL_TIMESTAMP] = "timestamp",
		[CEL_DURATION] = "duration", [CEL_LIST] = "list", [CEL_MAP] = "map", [CEL_TYPE] = "type",
		[CEL_OPTIONAL] = "optional_type", [CEL_ERROR] = "error",
	};

	if (t->kind == CEL_RECORD)
		return t->record->name;
	return t->kind == CEL_OPAQUE ? t->name : names[t->kind];
}

static void print(struct wn_buf *b, const struct cel_type *t)
{
	if (t->kind == CEL_PARAM) {
		wn_buf_printf(b, "%c", 'A' + t->param % 26);
		return;
	}
	wn_buf_text(b, basic_name(t));
	if (t->kind == CEL_MAP || t->kind == CEL_LIST || t->kind == CEL_OPTIONAL || (t->kind == CEL_TYPE && t->elem)) {
		wn_buf_char(b, '(');
		if (t->kind == CEL_MAP) {
			print(b, cel_key(t));
			wn_buf_text(b, ", ");
		}
		print(b, cel_elem(t));
		wn_buf_char(b, ')');
	}
	for (size_t i = 0; t->kind == CEL_OPAQUE && i < t->n_args; i++) {
		wn_buf_text(b, i ? ", " : "(");
		print(b, t->args[i]);
		if (i + 1 == t->n_args)
			wn_buf_char(b, ')');
	}
}

void cel_type_to_text(const struct cel_type *t, char *dst, size_t size)
{
	struct wn_buf b;

	wn_buf_init(&b, 400);
	print(&b, t);
	snprintf(dst, size, "%s", b.p ? b.p : "");
	wn_buf_done(&b);
}

/* --- structure --------------------------------------------------------------------------------------- */
bool cel_type_equal(const struct cel_type *a, const struct cel_type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case CEL_LIST:
	case CEL_OPTIONAL:
		return cel_type_equal(cel_elem(a), cel_elem(b));
	case CEL_MAP:
		return cel_type_equal(cel_key(a), cel_key(b)) && cel_type_equal(cel_elem(a), cel_elem(b));
	case CEL_PARAM:
		return a->param == b->param;
	case CEL_RECORD:
		return a->record == b->record;
	case CEL_OPAQUE:
		if (a->n_args != b->n_args || strcmp(a->name, b->name))
			return false;
		for (size_t i = 0; i < a->n_args; i++)
			if (!cel_type_equal(a->args[i], b->args[i]))
				return false;
		return true;
	default:
		return true;
	}
}

int cel_type_params(const struct cel_type *t)
{
	int n = t->kind == CEL_PARAM ? t->param + 1 : 0;

	for (size_t i = 0; i < 2 + t->n_args; i++) {
		const struct cel_type *part = i == 0 ? t->elem : i == 1 ? t->key : t->args[i - 2];
		int m = part ? cel_type_params(part) : 0;

		n = m > n ? m : n;
	}
	return n;
}

/* Rebuilds t with `leaf` applied to its type variables; t itself when nothing changed. */
typedef const struct cel_type *leaf_fn(void *ctx, const struct cel_type *t);
static const struct cel_type *rebuild(struct wn_arena *a, const struct cel_type *t, leaf_fn *leaf, void *ctx)
{
	const struct cel_type *elem, *key, **args;
	struct cel_type *copy;
	bool changed;

	if (t->kind == CEL_PARAM)
		return leaf(ctx, t);
	if (!t->elem && !t->key && !t->n_args)
		return t;
	elem = t->elem ? shallow(rebuild(a, t->elem, leaf, ctx)) : NULL;
	key = t->key ? shallow(rebuild(a, t->key, leaf, ctx)) : NULL;
	changed = elem != t->elem || key != t->key;
	args = t->n_args ? WN_NEW_N(a, const struct cel_type *, t->n_args) : NULL;
	for (size_t i = 0; i < t->n_args; i++) {
		args[i] = shallow(rebuild(a, t->args[i], leaf, ctx));
		changed |= args[i] != t->args[i];
	}
	if (!changed)
		return t;
	copy = WN_NEW(a, struct cel_type);
	*copy = *t;
	copy->elem = elem;
	copy->key = key;
	copy->args = args;
	copy->depth = depth_over(key, depth_over(elem, 0));
	for (size_t i = 0; i < t->n_args; i++)
		copy->depth = depth_over(args[i], copy->depth);
	return copy;
}

struct instance { struct wn_arena *arena; int base; };
static const struct cel_type *instance_leaf(void *ctx, const struct cel_type *t)
{
	struct instance *i = ctx;

	return param(i->arena, t->param + i->base);
}

const struct cel_type *cel_type_instance(struct wn_arena *a, const struct cel_type *t, int base)
{
	return rebuild(a, t, instance_leaf, &(struct instance){a, base});
}

/* --- substitution ------------------------------------------------------------------------------------ */
const struct cel_type *cel_type_fresh(struct cel_subst *s)
{
	int number = (int)s->bound.n;

	*WN_PUSH(s->arena, &s->bound) = NULL;
	return param(s->arena, number);
}

static const struct cel_type *binding(const struct cel_subst *s, const struct cel_type *t)
{
	return t->kind == CEL_PARAM && (size_t)t->param < s->bound.n ? s->bound.v[t->param] : NULL;
}

static void bind(struct cel_subst *s, const struct cel_type *var, const struct cel_type *to)
{
	__typeof__(s->undo.v) u = WN_PUSH(s->arena, &s->undo);

	u->param = var->param;
	u->was = s->bound.v[var->param];
	s->bound.v[var->param] = to;
}

static void roll_back(struct cel_subst *s, size_t mark)
{
	while (s->undo.n > mark) {
		s->undo.n--;
		s->bound.v[s->undo.v[s->undo.n].param] = s->undo.v[s->undo.n].was;
	}
}

struct resolver { struct cel_subst *s; bool to_dyn; };
static const struct cel_type *resolve_leaf(void *ctx, const struct cel_type *t)
{
	struct resolver *r = ctx;
	const struct cel_type *b = binding(r->s, t);

	if (b)
		return rebuild(r->s->arena, b, resolve_leaf, r);
	return r->to_dyn ? &cel_dyn : t;
}

const struct cel_type *cel_type_resolve(struct cel_subst *s, const struct cel_type *t, bool to_dyn)
{
	if (t->kind != CEL_PARAM && !t->elem && !t->key && !t->n_args)
		return t;
	return rebuild(s->arena, t, resolve_leaf, &(struct resolver){s, to_dyn});
}

static bool occurs(const struct cel_subst *s, const struct cel_type *var, const struct cel_type *in)
{
	const struct cel_type *b;

	if (in->kind == CEL_PARAM) {
		if (in->param == var->param)
			return true;
		b = binding(s, in);
		return b && occurs(s, var, b);
	}
	if ((in->elem && occurs(s, var, in->elem)) || (in->key && occurs(s, var, in->key)))
		return true;
	for (size_t i = 0; i < in->n_args; i++)
		if (occurs(s, var, in->args[i]))
			return true;
	return false;
}

/* --- assignability ----------------------------------------------------------------------------------- */
static bool assignable(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2);

static bool less_specific(const struct cel_type *a, const struct cel_type *b)
{
	if (a->kind == CEL_DYN || a->kind == CEL_PARAM)
		return true;
	if (b->kind == CEL_NULL && a->kind != CEL_NULL) /* null may stand where a is asked */
		return true;
	if (b->kind == CEL_DYN || b->kind == CEL_PARAM || a->kind != b->kind)
		return false;
	if (a->kind == CEL_LIST || a->kind == CEL_OPTIONAL)
		return less_specific(cel_elem(a), cel_elem(b));
	if (a->kind == CEL_MAP)
		return less_specific(cel_key(a), cel_key(b)) && less_specific(cel_elem(a), cel_elem(b));
	if (a->kind == CEL_OPAQUE) {
		for (size_t i = 0; i < a->n_args && i < b->n_args; i++)
			if (!less_specific(a->args[i], b->args[i]))
				return false;
		return true;
	}
	return cel_type_equal(a, b);
}

/* Can the variable stand for t? known: it already stands for something. */
static bool try_bind(struct cel_subst *s, const struct cel_type *t, const struct cel_type *var, bool *known)
{
	const struct cel_type *b = binding(s, var), *wider;

	*known = b != NULL;
	if (t->kind == CEL_PARAM && t->param == var->param)
		return *known = true;
	if (!b) {
		if (occurs(s, var, t))
			return false;
		bind(s, var, t);
		return true;
	}
	if (cel_type_equal(t, b))
		return true;
	if (!assignable(s, t, b))
		return false;
	wider = less_specific(t, b) ? t : b;
	if (!occurs(s, var, wider))
		bind(s, var, wider);
	return true;
}

static bool null_assignable(const struct cel_type *t)
{
	return t->kind == CEL_NULL || t->kind == CEL_TIMESTAMP || t->kind == CEL_DURATION || t->kind == CEL_OPTIONAL ||
	       t->kind == CEL_OPAQUE || t->kind == CEL_RECORD;
}

static bool parts_assignable(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2)
{
	switch (t1->kind) {
	case CEL_LIST:
	case CEL_OPTIONAL:
		return assignable(s, cel_elem(t1), cel_elem(t2));
	case CEL_MAP:
		return assignable(s, cel_key(t1), cel_key(t2)) && assignable(s, cel_elem(t1), cel_elem(t2));
	case CEL_RECORD:
		return t1->record == t2->record;
	case CEL_OPAQUE:
		if (t1->n_args != t2->n_args || strcmp(t1->name, t2->name))
			return false;
		for (size_t i = 0; i < t1->n_args; i++)
			if (!assignable(s, t1->args[i], t2->args[i]))
				return false;
		return true;
	default:
		return true;
	}
}

static bool assignable(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2)
{
	bool known;

	if (t2->kind == CEL_PARAM) {
		if (try_bind(s, t1, t2, &known))
			return true;
		if (known)
			return false;
	}
	if (t1->kind == CEL_PARAM)
		return try_bind(s, t2, t1, &known);
	if (t1->kind == CEL_DYN || t2->kind == CEL_DYN || t1->kind == CEL_ERROR || t2->kind == CEL_ERROR)
		return true;
	if (t1->kind == CEL_NULL || t2->kind == CEL_NULL)
		return t1->kind == CEL_NULL ? null_assignable(t2) : null_assignable(t1);
	return t1->kind == t2->kind && parts_assignable(s, t1, t2);
}

bool cel_type_assignable_all(struct cel_subst *s, const struct cel_type *const *t1, const struct cel_type *const *t2, size_t n)
{
	size_t mark = s->undo.n;

	for (size_t i = 0; i < n; i++)
		if (!assignable(s, t1[i], t2[i])) {
			roll_back(s, mark);
			return false;
		}
	return true;
}

bool cel_type_assignable(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2)
{
	return cel_type_assignable_all(s, &t1, &t2, 1);
}

const struct cel_type *cel_type_join(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2)
{
	if (!t1)
		return t2;
	if (cel_type_assignable(s, t1, t2))
		return less_specific(cel_type_resolve(s, t1, false), cel_type_resolve(s, t2, false)) ? t1 : t2;
	return &cel_dyn;
}
