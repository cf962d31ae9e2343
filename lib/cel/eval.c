/* SPDX-License-Identifier: MIT */
/*
 * The evaluator: one small function a kind of node, called through the node.
 *
 * && and || absorb failures on either side, as the specification asks; the first failure is what is told. In the
 * moving pass they visit every term; in the collecting pass a term that is not true leaves no evidence.
 */
#include "cel_internal.h"

/* --- leaves ------------------------------------------------------------------------------------------ */
bool cel_eval_literal(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	(void)r;
	*out = n->literal;
	return true;
}

bool cel_eval_unbound(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	(void)out;
	return cel_fail_with(r, n, n->kind == CEL_NODE_IDENT ? "nothing has this name" : "no such function", wn_string(n->name));
}

bool cel_variable_value(struct cel_run *r, const struct cel_node *n, int var, struct wn_value *out)
{
	if (var < CACHED_VARS && (r->have >> var & 1)) {
		*out = r->vars[var];
		return true;
	}
	if (!r->act->get || !r->act->get(r->act->ctx, var, out) || out->kind == WN_ABSENT)
		return cel_fail_with(r, n, "not set", wn_string(n->name));
	if (var < CACHED_VARS) {
		r->vars[var] = *out;
		r->have |= 1u << var;
	}
	return true;
}

bool cel_eval_ident(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	if (!cel_variable_value(r, n, n->id.variable, out))
		return false;
	if (r->mode == MODE_PLAIN)
		return true;
	if (n->id.collectable)
		cel_collect_object(r, *out);
	if (r->mode == MODE_MOVING && (n->flags & NODE_FLOWS))
		cel_moving_mark(out);
	return true;
}

bool cel_eval_local(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	*out = r->slots[n->id.slot];
	if (r->mode == MODE_COLLECT && n->id.collectable)
		cel_collect_object(r, *out);
	return true;
}

/* --- fields ------------------------------------------------------------------------------------------ */
static inline bool get_field(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_value *out)
{
	if (from.kind != WN_OBJECT || !from.object || !from.object->cls->get(from.object, n->sel.number, out) || out->kind == WN_ABSENT)
		return cel_fail_with(r, n, "no such attribute", wn_string(n->name));
	if (r->mode == MODE_MOVING && (n->flags & NODE_FLOWS))
		cel_moving_mark(out);
	return true;
}

bool cel_eval_field(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from;

	return n->args[0]->eval(r, n->args[0], &from) && get_field(r, n, from, out);
}

bool cel_eval_field_of_variable(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from;
	int var = n->sel.variable;

	if (r->mode == MODE_COLLECT)
		return cel_eval_field(r, n, out);
	if (var < CACHED_VARS && (r->have >> var & 1))
		return get_field(r, n, r->vars[var], out);
	return cel_variable_value(r, n->args[0], var, &from) && get_field(r, n, from, out);
}

bool cel_eval_local_field(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	return get_field(r, n, r->slots[n->sel.variable], out);
}

bool cel_eval_select(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from, v;
	bool found = false;

	if (!n->args[0]->eval(r, n->args[0], &from) || !cel_select_value(r, n, from, n->name, &v, &found))
		return false;
	if (from.kind == WN_OPTIONAL)
		return cel_optional(r, n, found ? &v : NULL, out);
	if (!found)
		return cel_fail_with(r, n, from.kind == WN_MAP ? "no such key" : "no such attribute", wn_string(n->name));
	*out = v;
	return true;
}

bool cel_has_field(const struct wn_object *o, uint32_t field)
{
	struct wn_value v;

	if (o && o->cls->has)
		return o->cls->has(o, field);
	return o && o->cls->get(o, field, &v) && v.kind != WN_ABSENT;
}

bool cel_eval_has(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from, v;
	bool found = false;

	if (!n->args[0]->eval(r, n->args[0], &from))
		return false;
	if (from.kind == WN_OBJECT && n->sel.field)
		found = cel_has_field(from.object, n->sel.number);
	else if (!cel_select_value(r, n, from, n->name, &v, &found))
		return false;
	*out = wn_bool(found);
	return true;
}

bool cel_eval_opt_select(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from, v;
	bool found = false;

	if (!n->args[0]->eval(r, n->args[0], &from) || !cel_select_value(r, n, from, wn_value_str(n->args[1]->literal), &v, &found))
		return false;
	return cel_optional(r, n, found ? &v : NULL, out);
}

bool cel_eval_index(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value from, key, v;
	bool found = false, optional = n->op == OP_OPT_INDEX;

	if (!n->args[0]->eval(r, n->args[0], &from) || !n->args[1]->eval(r, n->args[1], &key) ||
	    !cel_index_value(r, n, from, key, &v, &found))
		return false;
	if (optional || from.kind == WN_OPTIONAL)
		return cel_optional(r, n, found ? &v : NULL, out);
	if (!found)
		return cel_fail_with(r, n, from.kind == WN_LIST ? "index out of range" : "no such key", key);
	*out = v;
	if (r->mode == MODE_COLLECT && n->type->kind == CEL_RECORD && n->type->record->collectable)
		cel_collect_object(r, v);
	return true;
}

/* --- logic ------------------------------------------------------------------------------------------- */
/* One term as true, false or failed; a value that is no bool fails. */
static inline bool term(struct cel_run *r, const struct cel_node *n, bool *out)
{
	struct wn_value v;

	if (!n->eval(r, n, &v))
		return false;
	if (v.kind != WN_BOOL)
		return cel_fail(r, n, "no such overload: this is not true or false");
	*out = v.b;
	return true;
}

/* With every term visited, evidence of terms that are not true dropped, and clauses named. */
static bool logic_visiting(struct cel_run *r, const struct cel_node *n, bool decides, struct wn_value *out)
{
	struct cel_fail first = {0};
	struct cel_span outer = r->clause;
	bool decided = false, names = n->kind == CEL_NODE_OR || outer.end == 0;
	size_t mark = r->pending.n;

	for (uint32_t i = 0; i < n->n_args && !r->stopped && !(decided && r->mode == MODE_COLLECT); i++) {
		size_t before = r->pending.n;
		bool v, known;

		if (names)
			r->clause = n->args[i]->span;
		known = term(r, n->args[i], &v);
		if (!known || !v)
			r->pending.n = before;
		if (!known && !first.at)
			first = r->fail;
		decided |= known && v == decides;
	}
	r->clause = outer;
	if (r->stopped)
		return false;
	*out = wn_bool(decided ? decides : !decides);
	if ((decided ? decides : !decides) != true || (!decided && first.at))
		r->pending.n = mark;
	if (decided || !first.at)
		return true;
	r->fail = first;
	return false;
}

static inline bool logic(struct cel_run *r, const struct cel_node *n, bool decides, struct wn_value *out)
{
	struct cel_fail first;
	bool failed = false, v;

	if (r->mode != MODE_PLAIN)
		return logic_visiting(r, n, decides, out);
	for (uint32_t i = 0; i < n->n_args; i++) {
		if (term(r, n->args[i], &v)) {
			if (v != decides)
				continue;
			*out = wn_bool(decides);
			return true;
		}
		if (r->stopped)
			return false;
		if (!failed)
			first = r->fail;
		failed = true;
	}
	*out = wn_bool(!decides);
	if (failed)
		r->fail = first;
	return !failed;
}

bool cel_eval_and(struct cel_run *r, const struct cel_node *n, struct wn_value *out) { return logic(r, n, false, out); }
bool cel_eval_or(struct cel_run *r, const struct cel_node *n, struct wn_value *out) { return logic(r, n, true, out); }

/* Nothing under a negation is evidence. */
bool cel_eval_not(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	bool collecting = r->collecting, v, known;

	r->collecting = false;
	known = term(r, n->args[0], &v);
	r->collecting = collecting;
	if (known)
		*out = wn_bool(!v);
	return known;
}

bool cel_eval_cond(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	size_t mark = r->mode == MODE_PLAIN ? 0 : r->pending.n;
	bool v, known = term(r, n->args[0], &v);
	struct cel_fail fail = {0};
	struct wn_value other;

	if (r->mode == MODE_MOVING) { /* the other branch tells its instants too */
		if (!known)
			fail = r->fail;
		if (!known || v)
			(void)n->args[2]->eval(r, n->args[2], &other);
		if (!known || !v)
			(void)n->args[1]->eval(r, n->args[1], &other);
		if (!known)
			r->fail = fail;
	}
	if (!known)
		return false;
	if (!v && r->mode == MODE_COLLECT)
		r->pending.n = mark;
	return n->args[v ? 1 : 2]->eval(r, n->args[v ? 1 : 2], out);
}

/* --- lists and maps ---------------------------------------------------------------------------------- */
/* Evaluates the element; *there is false for an optional element without value. */
static bool element(struct cel_run *r, const struct cel_node *n, bool optional, struct wn_value *out, bool *there)
{
	*there = true;
	if (!n->eval(r, n, out))
		return false;
	if (!optional)
		return true;
	if (out->kind != WN_OPTIONAL)
		return cel_fail(r, n, "an element written with ? must be an optional");
	*there = out->n > 0;
	if (*there)
		*out = out->list[0];
	return true;
}

bool cel_eval_list(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value *items = cel_take(r, n, sizeof(*items) * n->n_args);
	uint32_t count = 0;
	bool there;

	if (!items || !cel_charge(r, n, n->n_args))
		return false;
	for (uint32_t i = 0; i < n->n_args; i++) {
		if (!element(r, n->args[i], n->optional && n->optional[i], &items[count], &there))
			return false;
		count += there;
	}
	*out = wn_list(items, count);
	return true;
}

static bool put_entry(struct cel_run *r, const struct cel_node *key, struct wn_value *map, struct wn_entry *entries, struct wn_entry e)
{
	if (e.key.kind != WN_STRING && e.key.kind != WN_INT && e.key.kind != WN_UINT && e.key.kind != WN_BOOL)
		return cel_fail(r, key, "a key of a map is a string, int, uint or bool");
	if (!cel_charge(r, key, 1 + map->n / 16))
		return false;
	if (cel_map_find(*map, e.key).kind != WN_ABSENT)
		return cel_fail_with(r, key, "repeated key", e.key);
	entries[map->n++] = e;
	return true;
}

bool cel_eval_map(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_entry *entries = cel_take(r, n, sizeof(*entries) * (n->n_args / 2)), e;
	struct wn_value map = wn_map(entries, 0);
	bool there;

	if (!entries)
		return false;
	for (uint32_t i = 0; i < n->n_args; i += 2) {
		if (!n->args[i]->eval(r, n->args[i], &e.key) ||
		    !element(r, n->args[i + 1], n->optional && n->optional[i / 2], &e.value, &there))
			return false;
		if (there && !put_entry(r, n->args[i], &map, entries, e))
			return false;
	}
	*out = map;
	return true;
}

/* --- calls of the language's own functions ------------------------------------------------------------- */
bool cel_eval_native1(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a;

	return n->args[0]->eval(r, n->args[0], &a) && cel_charge(r, n, 1) && n->call.native(r, n, &a, out);
}

bool cel_eval_native2(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a[2];

	return n->args[0]->eval(r, n->args[0], &a[0]) && n->args[1]->eval(r, n->args[1], &a[1]) && cel_charge(r, n, 1) &&
	       n->call.native(r, n, a, out);
}

bool cel_eval_native_n(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a[16];

	for (uint32_t i = 0; i < n->n_args; i++)
		if (!n->args[i]->eval(r, n->args[i], &a[i]))
			return false;
	return cel_charge(r, n, 1) && n->call.native(r, n, a, out);
}
