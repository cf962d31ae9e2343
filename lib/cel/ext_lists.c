/* SPDX-License-Identifier: MIT */
/*
 * Extensions "lists" (slice flatten sort distinct reverse first last, lists.range; sortBy is a macro) and "sets".
 */
#include "cel_internal.h"

static bool give(struct wn_value *out, const struct wn_value *items, size_t n)
{
	*out = wn_list(items, n);
	return true;
}

static bool slice(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v[0].kind != WN_LIST || v[1].kind != WN_INT || v[2].kind != WN_INT)
		return cel_no_overload(r, n);
	if (v[1].i < 0 || v[2].i < v[1].i || v[2].i > (int64_t)v[0].n)
		return cel_fail_with(r, n, "the slice is out of range", v[1].i < 0 || v[1].i > (int64_t)v[0].n ? v[1] : v[2]);
	return give(out, v[0].list + v[1].i, (size_t)(v[2].i - v[1].i));
}

/* --- flatten ----------------------------------------------------------------------------------------- */
/* Charges as it goes: a list may hold the same list many times over. */
static bool flat_size(struct cel_run *r, const struct cel_node *n, struct wn_value v, int64_t depth, int level, size_t *size)
{
	if (!cel_charge(r, n, 1 + v.n))
		return false;
	if (level > WN_VALUE_DEPTH_MAX)
		return cel_fail(r, n, "the list is nested too deeply for flatten()");
	for (uint32_t i = 0; i < v.n; i++) {
		if (depth == 0 || v.list[i].kind != WN_LIST)
			++*size;
		else if (!flat_size(r, n, v.list[i], depth - 1, level + 1, size))
			return false;
	}
	return true;
}

static struct wn_value *flat_copy(struct wn_value v, int64_t depth, struct wn_value *to)
{
	for (uint32_t i = 0; i < v.n; i++)
		if (depth > 0 && v.list[i].kind == WN_LIST)
			to = flat_copy(v.list[i], depth - 1, to);
		else
			*to++ = v.list[i];
	return to;
}

static bool flatten(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	int64_t depth = n->n_args == 2 ? v[1].i : 1;
	struct wn_value *items;
	size_t size = 0;

	if (v[0].kind != WN_LIST || (n->n_args == 2 && v[1].kind != WN_INT))
		return cel_no_overload(r, n);
	if (depth < 0)
		return cel_fail(r, n, "flatten() needs a level of 0 or more");
	if (!flat_size(r, n, v[0], depth, 0, &size) || !(items = cel_take(r, n, size * sizeof(*items))))
		return false;
	flat_copy(v[0], depth, items);
	return give(out, items, size);
}

/* --- order ------------------------------------------------------------------------------------------- */
static bool merge_sort(struct cel_run *r, const struct cel_node *n, struct wn_value *a, struct wn_value *tmp, uint32_t count)
{
	uint32_t half = count / 2, i = 0, j = half, k = 0;

	if (count < 2)
		return true;
	if (!cel_charge(r, n, count) || !merge_sort(r, n, a, tmp, half) || !merge_sort(r, n, a + half, tmp, count - half))
		return false;
	while (i < half && j < count)
		tmp[k++] = cel_values_compare(a[i], a[j]) == 1 ? a[j++] : a[i++];
	while (i < half)
		tmp[k++] = a[i++];
	memcpy(a, tmp, k * sizeof(*a));
	return true;
}

static bool sort(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *items;

	if (v->kind != WN_LIST)
		return cel_no_overload(r, n);
	for (uint32_t i = 0; i < v->n; i++)
		if (v->list[i].kind != v->list[0].kind || cel_values_compare(v->list[i], v->list[i]) == -2)
			return cel_fail(r, n, "sort() needs elements of one kind that has an order");
	if (!(items = cel_take(r, n, sizeof(*items) * 2 * v->n)))
		return false;
	if (v->n)
		memcpy(items, v->list, sizeof(*items) * v->n);
	return merge_sort(r, n, items, items + v->n, v->n) && give(out, items, v->n);
}

static bool reverse(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *items;

	if (v->kind != WN_LIST)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, v->n / 4) || !(items = cel_take(r, n, sizeof(*items) * v->n)))
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		items[i] = v->list[v->n - 1 - i];
	return give(out, items, v->n);
}

/* Does the list hold the value? Charges for the look. */
static bool holds(struct cel_run *r, struct wn_value list, struct wn_value v)
{
	for (uint32_t i = 0; i < list.n; i++)
		if (cel_values_equal(r, list.list[i], v))
			return true;
	return false;
}

static bool distinct(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *items;
	struct wn_value found;

	if (v->kind != WN_LIST)
		return cel_no_overload(r, n);
	if (!(items = cel_take(r, n, sizeof(*items) * v->n)))
		return false;
	found = wn_list(items, 0);
	for (uint32_t i = 0; i < v->n && !r->stopped; i++)
		if (!holds(r, found, v->list[i]))
			items[found.n++] = v->list[i];
	*out = found;
	return r->stopped ? cel_charge(r, n, 1) : true;
}

static bool range(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *items;
	int64_t count = v->i < 0 ? 0 : v->i;

	if (v->kind != WN_INT)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, (uint64_t)count) || !(items = cel_take(r, n, sizeof(*items) * (size_t)count)))
		return false;
	for (int64_t i = 0; i < count; i++)
		items[i] = wn_int(i);
	return give(out, items, (size_t)count);
}

static bool first(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return v->kind == WN_LIST ? cel_optional(r, n, v->n ? &v->list[0] : NULL, out) : cel_no_overload(r, n);
}

static bool last(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return v->kind == WN_LIST ? cel_optional(r, n, v->n ? &v->list[v->n - 1] : NULL, out) : cel_no_overload(r, n);
}

const struct cel_row cel_rows_ext_lists[] = {
	{"slice", ".LAii>LA", slice},
	{"flatten", ".LLA>LA .LA>L* .LAi>L*", flatten},
	{"sort", ".LA>LA", sort},
	{"reverse", ".LA>LA", reverse},
	{"distinct", ".LA>LA", distinct},
	{"lists.range", "i>Li", range},
	{"first", ".LA>OA", first},
	{"last", ".LA>OA", last},
	{0},
};

/* --- sets -------------------------------------------------------------------------------------------- */
/* Elements of b that a holds: all, or at least one. */
static bool all_held(struct cel_run *r, struct wn_value a, struct wn_value b)
{
	for (uint32_t i = 0; i < b.n; i++)
		if (!holds(r, a, b.list[i]))
			return false;
	return true;
}

static bool both_lists(struct cel_run *r, const struct cel_node *n, const struct wn_value *v)
{
	return (v[0].kind == WN_LIST && v[1].kind == WN_LIST) || cel_no_overload(r, n);
}

static bool answer(struct cel_run *r, const struct cel_node *n, bool b, struct wn_value *out)
{
	*out = wn_bool(b);
	return r->stopped ? cel_charge(r, n, 1) : true;
}

static bool sets_contains(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return both_lists(r, n, v) && answer(r, n, all_held(r, v[0], v[1]), out);
}

static bool sets_equivalent(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return both_lists(r, n, v) && answer(r, n, all_held(r, v[0], v[1]) && all_held(r, v[1], v[0]), out);
}

static bool sets_intersects(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!both_lists(r, n, v))
		return false;
	for (uint32_t i = 0; i < v[1].n; i++)
		if (holds(r, v[0], v[1].list[i]))
			return answer(r, n, true, out);
	return answer(r, n, false, out);
}

const struct cel_row cel_rows_ext_sets[] = {
	{"sets.contains", "LALA>b", sets_contains},
	{"sets.equivalent", "LALA>b", sets_equivalent},
	{"sets.intersects", "LALA>b", sets_intersects},
	{0},
};
