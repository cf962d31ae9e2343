/* SPDX-License-Identifier: MIT */
/*
 * Comprehensions: all, exists, exists_one, map, filter, the transforms, sortBy; bind, optMap, optFlatMap.
 *
 * A turn costs the nodes of its bodies, so the step budget bounds nested loops. exists and all absorb failures as
 * || and && do. While collecting, every element is visited and those for which the predicate holds are evidence.
 */
#include "cel_internal.h"

struct range {
	struct wn_value v; /* list or map */
	bool map;
};
struct turn { /* what one loop keeps */
	const struct cel_node *n;
	const struct cel_loop *loop;
	struct range range;
	bool visit_all;
};

/* The loop itself says which elements are evidence; the range must not say that all of them are. */
static bool chooses_evidence(const struct cel_node *n)
{
	return n->loop->collects && (n->macro == MACRO_EXISTS || n->macro == MACRO_EXISTS_ONE || n->macro == MACRO_FILTER || n->n_args == 3);
}

static bool open_range(struct cel_run *r, const struct cel_node *n, struct turn *t)
{
	bool collecting = r->collecting, ok;

	t->n = n;
	t->loop = n->loop;
	t->visit_all = r->mode == MODE_MOVING || (r->mode == MODE_COLLECT && r->collecting);
	if (collecting && chooses_evidence(n))
		r->collecting = false;
	ok = n->args[0]->eval(r, n->args[0], &t->range.v);
	r->collecting = collecting;
	if (!ok)
		return false;
	t->range.map = t->range.v.kind == WN_MAP;
	return t->range.v.kind == WN_LIST || t->range.map || cel_no_overload(r, n);
}

/* Sets the loop's variables for element i. */
static inline bool begin_turn(struct cel_run *r, const struct turn *t, uint32_t i)
{
	const struct cel_loop *l = t->loop;

	if (!cel_charge(r, t->n, 1 + l->weight))
		return false;
	if (t->range.map) {
		r->slots[l->slot[0]] = t->range.v.map[i].key;
		if (l->n == 2)
			r->slots[l->slot[1]] = t->range.v.map[i].value;
	} else if (l->n == 2) {
		r->slots[l->slot[0]] = wn_int((int64_t)i);
		r->slots[l->slot[1]] = t->range.v.list[i];
	} else {
		r->slots[l->slot[0]] = t->range.v.list[i];
	}
	return true;
}

/* The predicate for element i. While collecting, a true one makes the element evidence, any other none. */
static bool predicate(struct cel_run *r, const struct turn *t, uint32_t i, bool evidence, bool *out)
{
	size_t mark = r->pending.n;
	struct wn_value v;
	const struct cel_node *p = t->n->args[1];

	if (!begin_turn(r, t, i))
		return false;
	if (!p->eval(r, p, &v)) {
		r->pending.n = mark;
		return false;
	}
	if (v.kind != WN_BOOL)
		return cel_no_overload(r, p);
	*out = v.b;
	if (r->mode == MODE_COLLECT) {
		if (!v.b)
			r->pending.n = mark;
		else if (evidence && t->loop->collects && !t->range.map)
			cel_collect_object(r, t->range.v.list[i]);
	}
	return true;
}

/* --- all, exists --------------------------------------------------------------------------------------- */
static bool quantify(struct cel_run *r, const struct turn *t, bool decides, struct wn_value *out)
{
	struct cel_fail first = {0};
	bool decided = false, failed = false, v;
	size_t mark = r->pending.n;

	for (uint32_t i = 0; i < t->range.v.n && (!decided || t->visit_all); i++) {
		if (predicate(r, t, i, decides, &v)) {
			decided |= v == decides;
			continue;
		}
		if (r->stopped)
			return false;
		if (!failed)
			first = r->fail;
		failed = true;
	}
	*out = wn_bool(decided ? decides : !decides);
	if (r->mode == MODE_COLLECT && decided && !decides)
		r->pending.n = mark;
	if (decided || !failed)
		return true;
	r->fail = first;
	return false;
}

static bool loop_all(struct cel_run *r, const struct turn *t, struct wn_value *out) { return quantify(r, t, false, out); }
static bool loop_exists(struct cel_run *r, const struct turn *t, struct wn_value *out) { return quantify(r, t, true, out); }

/* Does not absorb: any failure fails it. */
static bool loop_exists_one(struct cel_run *r, const struct turn *t, struct wn_value *out)
{
	struct cel_fail first = {0};
	uint32_t count = 0;
	size_t mark = r->pending.n;
	bool v;

	for (uint32_t i = 0; i < t->range.v.n; i++) {
		if (predicate(r, t, i, true, &v)) {
			count += v;
			continue;
		}
		if (r->mode != MODE_MOVING || r->stopped)
			return false;
		if (!first.at)
			first = r->fail;
	}
	if (count != 1)
		r->pending.n = mark;
	*out = wn_bool(count == 1);
	if (first.at)
		r->fail = first;
	return !first.at;
}

/* --- those that make lists and maps -------------------------------------------------------------------- */
/* *wanted: the predicate holds or there is none. Then the transform, if any, is in *v. */
static bool element(struct cel_run *r, const struct turn *t, uint32_t i, bool predicated, bool transformed, bool *wanted, struct wn_value *v)
{
	const struct cel_node *transform = t->n->args[t->n->n_args - 1];

	*wanted = true;
	if (predicated ? !predicate(r, t, i, true, wanted) : !begin_turn(r, t, i))
		return false;
	return !*wanted || !transformed || transform->eval(r, transform, v);
}

static bool make_list(struct cel_run *r, const struct turn *t, bool predicated, bool transformed, struct wn_value *out)
{
	struct wn_value *items = cel_take(r, t->n, sizeof(*items) * t->range.v.n), v = {0};
	struct cel_fail first = {0};
	uint32_t count = 0;
	bool wanted;

	if (!items)
		return false;
	for (uint32_t i = 0; i < t->range.v.n; i++) {
		if (!element(r, t, i, predicated, transformed, &wanted, &v)) {
			if (r->mode != MODE_MOVING || r->stopped)
				return false;
			if (!first.at)
				first = r->fail;
		} else if (wanted) {
			items[count++] = transformed ? v : t->range.map ? t->range.v.map[i].key : t->range.v.list[i];
		}
	}
	*out = wn_list(items, count);
	if (first.at)
		r->fail = first;
	return !first.at;
}

static bool loop_map(struct cel_run *r, const struct turn *t, struct wn_value *out) { return make_list(r, t, t->n->n_args == 3, true, out); }
static bool loop_filter(struct cel_run *r, const struct turn *t, struct wn_value *out) { return make_list(r, t, true, false, out); }

static bool add_entry(struct cel_run *r, const struct turn *t, struct wn_value *map, struct wn_entry e)
{
	if (!cel_charge(r, t->n, map->n / 16))
		return false;
	if (cel_map_find(*map, e.key).kind != WN_ABSENT)
		return cel_fail_with(r, t->n, "repeated key", e.key);
	((struct wn_entry *)map->map)[map->n++] = e;
	return true;
}

static bool loop_transform_map(struct cel_run *r, const struct turn *t, struct wn_value *out)
{
	struct wn_entry *entries = cel_take(r, t->n, sizeof(*entries) * t->range.v.n);
	struct wn_value map = wn_map(entries, 0), v;
	bool wanted;

	if (!entries)
		return false;
	for (uint32_t i = 0; i < t->range.v.n; i++) {
		if (!element(r, t, i, t->n->n_args == 3, true, &wanted, &v))
			return false;
		if (wanted)
			entries[map.n++] = (struct wn_entry){t->range.map ? t->range.v.map[i].key : wn_int((int64_t)i), v};
	}
	*out = map;
	return true;
}

static bool widen(struct cel_run *r, const struct turn *t, struct wn_value *map, size_t cap)
{
	struct wn_entry *entries = cel_take(r, t->n, sizeof(*entries) * cap);

	if (!entries)
		return false;
	if (map->n)
		memcpy(entries, map->map, sizeof(*entries) * map->n);
	map->map = entries;
	return true;
}

/* An entry is a map: mostly of one, but of as many as it has. */
static bool loop_transform_entry(struct cel_run *r, const struct turn *t, struct wn_value *out)
{
	size_t cap = t->range.v.n;
	struct wn_entry *entries = cel_take(r, t->n, sizeof(*entries) * cap);
	struct wn_value map = wn_map(entries, 0), v;
	bool wanted;

	if (!entries)
		return false;
	for (uint32_t i = 0; i < t->range.v.n; i++) {
		if (!element(r, t, i, t->n->n_args == 3, true, &wanted, &v))
			return false;
		if (!wanted)
			continue;
		if (v.kind != WN_MAP)
			return cel_fail(r, t->n, "transformMapEntry() needs a map");
		if (map.n + v.n > cap && !widen(r, t, &map, cap = 2 * cap + v.n))
			return false;
		for (uint32_t k = 0; k < v.n; k++)
			if (!add_entry(r, t, &map, v.map[k]))
				return false;
	}
	*out = map;
	return true;
}

/* Merge sort: stable, and its cost is known. keys and items move together. */
struct sort { struct wn_value key, item; };
static bool sort_merge(struct cel_run *r, const struct turn *t, struct sort *a, struct sort *tmp, uint32_t n)
{
	uint32_t half = n / 2, i = 0, j = half, k = 0;
	int order;

	if (n < 2)
		return true;
	if (!cel_charge(r, t->n, n) || !sort_merge(r, t, a, tmp, half) || !sort_merge(r, t, a + half, tmp, n - half))
		return false;
	while (i < half && j < n) {
		order = cel_values_compare(a[i].key, a[j].key);
		if (order == -2)
			return cel_no_overload(r, t->n);
		tmp[k++] = order == 1 ? a[j++] : a[i++];
	}
	while (i < half)
		tmp[k++] = a[i++];
	memcpy(a, tmp, k * sizeof(*a));
	return true;
}

static bool loop_sort_by(struct cel_run *r, const struct turn *t, struct wn_value *out)
{
	uint32_t n = t->range.v.n;
	struct sort *s;
	struct wn_value *items;
	const struct cel_node *key = t->n->args[1];

	if (t->range.map)
		return cel_no_overload(r, t->n);
	if (!(s = cel_take(r, t->n, sizeof(*s) * n * 2)) || !(items = cel_take(r, t->n, sizeof(*items) * n)))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		s[i].item = t->range.v.list[i];
		if (!begin_turn(r, t, i) || !key->eval(r, key, &s[i].key))
			return false;
		if (s[i].key.kind != s[0].key.kind)
			return cel_fail(r, key, "keys of one kind are needed to sort by");
	}
	if (n == 1 && cel_values_compare(s[0].key, s[0].key) == -2)
		return cel_no_overload(r, t->n);
	if (!sort_merge(r, t, s, s + n, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		items[i] = s[i].item;
	*out = wn_list(items, n);
	return true;
}

bool cel_eval_loop(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	static bool (*const loops[])(struct cel_run *, const struct turn *, struct wn_value *) = {
		[MACRO_ALL] = loop_all, [MACRO_EXISTS] = loop_exists, [MACRO_EXISTS_ONE] = loop_exists_one, [MACRO_MAP] = loop_map,
		[MACRO_FILTER] = loop_filter, [MACRO_TRANSFORM_LIST] = loop_map, [MACRO_TRANSFORM_MAP] = loop_transform_map,
		[MACRO_TRANSFORM_ENTRY] = loop_transform_entry, [MACRO_SORT_BY] = loop_sort_by,
	};
	struct turn t;

	return open_range(r, n, &t) && loops[n->macro](r, &t, out);
}

/* --- one value with a name ----------------------------------------------------------------------------- */
bool cel_eval_scope(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	const struct cel_node *body = n->args[1];
	struct wn_value v;

	if (!n->args[0]->eval(r, n->args[0], &v) || !cel_charge(r, n, 1))
		return false;
	if (n->macro == MACRO_BIND) {
		r->slots[n->loop->slot[0]] = v;
		return body->eval(r, body, out);
	}
	if (v.kind != WN_OPTIONAL)
		return cel_no_overload(r, n);
	if (v.n == 0)
		return cel_optional(r, n, NULL, out);
	r->slots[n->loop->slot[0]] = v.list[0];
	if (!body->eval(r, body, &v))
		return false;
	if (n->macro == MACRO_OPT_MAP)
		return cel_optional(r, n, &v, out);
	*out = v;
	return v.kind == WN_OPTIONAL || cel_no_overload(r, n);
}
