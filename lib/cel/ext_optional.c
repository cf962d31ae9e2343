/* SPDX-License-Identifier: MIT */
/* Extension "optional": a value that may be missing, and its methods. optMap and optFlatMap are macros. */
#include "cel_internal.h"

static bool of(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return cel_optional(r, n, v, out);
}

static bool of_non_zero(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return cel_optional(r, n, cel_is_zero_value(*v) ? NULL : v, out);
}

static bool none(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	(void)v;
	return cel_optional(r, n, NULL, out);
}

static bool has_value(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	*out = wn_bool(v->n > 0);
	return v->kind == WN_OPTIONAL || cel_no_overload(r, n);
}

static bool value(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v->kind != WN_OPTIONAL)
		return cel_no_overload(r, n);
	if (v->n == 0)
		return cel_fail(r, n, "the optional has no value");
	*out = v->list[0];
	return true;
}

/* a.or(b) and a.orValue(v): b is only evaluated if a is none, so that it may fail otherwise. */
bool cel_eval_or_else(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value a;
	bool unwrap = n->name.n == 7; /* orValue */

	if (!n->args[0]->eval(r, n->args[0], &a))
		return false;
	if (a.kind != WN_OPTIONAL)
		return cel_no_overload(r, n);
	if (a.n > 0) {
		*out = unwrap ? a.list[0] : a;
		return true;
	}
	if (!n->args[1]->eval(r, n->args[1], out))
		return false;
	return unwrap || out->kind == WN_OPTIONAL || cel_no_overload(r, n);
}

static bool or_else(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v[0].kind != WN_OPTIONAL)
		return cel_no_overload(r, n);
	*out = v[0].n ? v[0] : v[1];
	return out->kind == WN_OPTIONAL || cel_no_overload(r, n);
}

static bool or_value(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v[0].kind != WN_OPTIONAL)
		return cel_no_overload(r, n);
	*out = v[0].n ? v[0].list[0] : v[1];
	return true;
}

/* list(optional(T)) to the list of the values that are there. */
static bool unwrap_list(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *items;
	uint32_t count = 0;

	if (v->kind != WN_LIST)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, v->n / 4) || !(items = cel_take(r, n, sizeof(*items) * v->n)))
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		if (v->list[i].kind != WN_OPTIONAL)
			return cel_no_overload(r, n);
		if (v->list[i].n)
			items[count++] = v->list[i].list[0];
	}
	*out = wn_list(items, count);
	return true;
}

const struct cel_row cel_rows_ext_optional[] = {
	{"optional.of", "A>OA", of},
	{"optional.ofNonZeroValue", "A>OA", of_non_zero},
	{"optional.none", ">OA", none},
	{"hasValue", ".OA>b", has_value},
	{"value", ".OA>A", value},
	{"or", ".OAOA>OA", or_else},
	{"orValue", ".OAA>A", or_value},
	{"optional.unwrap", "LOA>LA", unwrap_list},
	{"unwrapOpt", ".LOA>LA", unwrap_list},
	{0},
};
