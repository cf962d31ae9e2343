/* SPDX-License-Identifier: MIT */
/*
 * Comparisons and `in`: the terms that rules are made of, with a short way for the common pairs.
 */
#include "cel_internal.h"

static inline bool same_text(struct wn_value a, struct wn_value b) { return a.n == b.n && memcmp(a.s, b.s, a.n) == 0; }

static bool compare_any(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b, struct wn_value *out)
{
	int order;

	if (n->op == OP_EQ || n->op == OP_NE) {
		bool equal = cel_values_equal(r, a, b);

		if (r->stopped)
			return cel_charge(r, n, 1);
		*out = wn_bool(equal == (n->op == OP_EQ));
		return true;
	}
	order = cel_values_compare(a, b);
	if (order == -2)
		return cel_no_overload(r, n);
	*out = wn_bool(cel_compare_result(n->op, order));
	return true;
}

static inline bool compare(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b, struct wn_value *out)
{
	if (a.kind != b.kind)
		return compare_any(r, n, a, b, out);
	switch (a.kind) {
	case WN_STRING:
		if (n->op > OP_NE)
			break;
		*out = wn_bool(same_text(a, b) == (n->op == OP_EQ));
		return true;
	case WN_INT:
		*out = wn_bool(cel_compare_result(n->op, (a.i > b.i) - (a.i < b.i)));
		return true;
	case WN_DOUBLE:
		*out = wn_bool(cel_compare_result(n->op, a.d < b.d ? -1 : a.d > b.d ? 1 : a.d == b.d ? 0 : 2));
		return true;
	default:
		break;
	}
	return compare_any(r, n, a, b, out);
}

bool cel_eval_compare(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a, b;

	return n->args[0]->eval(r, n->args[0], &a) && n->args[1]->eval(r, n->args[1], &b) && compare(r, n, a, b, out);
}

/* The right side is a literal: nothing to evaluate there. */
bool cel_eval_compare_field(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a;

	return n->args[0]->eval(r, n->args[0], &a) && compare(r, n, a, n->args[1]->literal, out);
}

/* In the moving pass the comparison is unknown and tells when it changes next. */
bool cel_eval_compare_moving(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a, b;
	bool left = n->args[0]->eval(r, n->args[0], &a), right;
	struct cel_fail fail = r->fail;

	if (!left && r->mode != MODE_MOVING)
		return false;
	right = n->args[1]->eval(r, n->args[1], &b);
	if (!left)
		r->fail = fail;
	if (!left || !right)
		return false;
	return r->mode == MODE_MOVING ? cel_moving_compare(r, n, a, b) : compare(r, n, a, b, out);
}

static bool in_list(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value list, struct wn_value *out)
{
	bool found = false;

	if (!cel_charge(r, n, list.n / 4))
		return false;
	for (uint32_t i = 0; i < list.n && !found; i++)
		found = a.kind == WN_STRING && list.list[i].kind == WN_STRING ? same_text(a, list.list[i]) : cel_values_equal(r, a, list.list[i]);
	if (r->stopped)
		return cel_charge(r, n, 1);
	*out = wn_bool(found);
	return true;
}

static bool contained(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value in, struct wn_value *out)
{
	if (in.kind == WN_LIST)
		return in_list(r, n, a, in, out);
	if (in.kind != WN_MAP)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, in.n / 16))
		return false;
	*out = wn_bool(cel_map_find(in, a).kind != WN_ABSENT);
	return true;
}

bool cel_eval_in(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a, in;

	return n->args[0]->eval(r, n->args[0], &a) && n->args[1]->eval(r, n->args[1], &in) && contained(r, n, a, in, out);
}
