/* SPDX-License-Identifier: MIT */
/*
 * What values do among themselves: equality across types, order, map keys, selection, indexing.
 *
 * Numbers of different types compare by value (int with double through double, as the reference does); values
 * of different kinds are unequal, never an error. NaN equals nothing.
 */
#include "cel_internal.h"

#include <math.h>

static bool is_number(struct wn_value v) { return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE; }

static int order_double(double a, double b) { return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2; }

static int order_int_double(int64_t i, double d)
{
	if (d < -0x1p63)
		return 1;
	if (d > 0x1p63)
		return -1;
	return order_double((double)i, d);
}

static int order_uint_double(uint64_t u, double d)
{
	if (d < 0)
		return 1;
	if (d > 0x1p64)
		return -1;
	return order_double((double)u, d);
}

static int order_int_uint(int64_t i, uint64_t u) { return i < 0 || (uint64_t)i < u ? -1 : (uint64_t)i > u; }

static int flip(int order) { return order == 1 || order == -1 ? -order : order; }

static int order_numbers(struct wn_value a, struct wn_value b)
{
	if (a.kind == b.kind)
		return a.kind == WN_INT ? (a.i > b.i) - (a.i < b.i) : a.kind == WN_UINT ? (a.u > b.u) - (a.u < b.u) : order_double(a.d, b.d);
	if (a.kind == WN_INT)
		return b.kind == WN_DOUBLE ? order_int_double(a.i, b.d) : order_int_uint(a.i, b.u);
	if (a.kind == WN_UINT)
		return b.kind == WN_DOUBLE ? order_uint_double(a.u, b.d) : flip(order_int_uint(b.i, a.u));
	return flip(b.kind == WN_INT ? order_int_double(b.i, a.d) : order_uint_double(b.u, a.d));
}

int cel_values_compare(struct wn_value a, struct wn_value b)
{
	if (is_number(a) && is_number(b))
		return order_numbers(a, b);
	if (a.kind != b.kind)
		return -2;
	switch (a.kind) {
	case WN_BOOL:
		return (int)a.b - (int)b.b;
	case WN_STRING:
	case WN_BYTES: {
		int c = wn_str_cmp(wn_value_str(a), wn_value_str(b));

		return (c > 0) - (c < 0);
	}
	case WN_TIMESTAMP:
	case WN_DURATION:
		return a.i != b.i ? (a.i > b.i) - (a.i < b.i) : (a.aux > b.aux) - (a.aux < b.aux);
	default:
		return -2;
	}
}

bool cel_compare_result(int op, int order)
{
	switch (op) {
	case OP_LT: return order == -1;
	case OP_LE: return order == -1 || order == 0;
	case OP_GT: return order == 1;
	case OP_GE: return order == 1 || order == 0;
	case OP_EQ: return order == 0;
	default: return order != 0;
	}
}

struct wn_value cel_map_find(struct wn_value map, struct wn_value key)
{
	for (uint32_t i = 0; i < map.n; i++) {
		struct wn_value k = map.map[i].key;

		if (k.kind == WN_STRING ? key.kind == WN_STRING && k.n == key.n && memcmp(k.s, key.s, k.n) == 0
					: cel_values_compare(k, key) == 0)
			return map.map[i].value;
	}
	return (struct wn_value){0};
}

static bool equal_lists(struct cel_run *r, struct wn_value a, struct wn_value b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (!cel_values_equal(r, a.list[i], b.list[i]))
			return false;
	return true;
}

static bool equal_maps(struct cel_run *r, struct wn_value a, struct wn_value b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		struct wn_value other;

		if (r->steps < b.n) {
			r->stopped = true;
			return false;
		}
		r->steps -= b.n;
		other = cel_map_find(b, a.map[i].key);
		if (other.kind == WN_ABSENT || !cel_values_equal(r, a.map[i].value, other))
			return false;
	}
	return true;
}

static bool equal_parts(struct cel_run *r, struct wn_value a, struct wn_value b)
{
	bool equal;

	if (r->depth == WN_VALUE_DEPTH_MAX) {
		r->stopped = true;
		r->why_stopped = "the values are nested too deeply to be compared";
		return false;
	}
	r->depth++;
	equal = a.kind == WN_MAP ? equal_maps(r, a, b) : equal_lists(r, a, b);
	r->depth--;
	return equal;
}

static bool equal_objects(const struct wn_object *a, const struct wn_object *b)
{
	return a == b || (a && b && a->cls == b->cls && a->cls->equal && a->cls->equal(a, b));
}

/* Out of steps, or nested too deeply, it says false and marks the run stopped. */
bool cel_values_equal(struct cel_run *r, struct wn_value a, struct wn_value b)
{
	if (r->steps <= 0) {
		r->stopped = true;
		return false;
	}
	r->steps--;
	if (a.kind != b.kind)
		return is_number(a) && is_number(b) && order_numbers(a, b) == 0;
	switch (a.kind) {
	case WN_ABSENT:
	case WN_NULL:
		return true;
	case WN_LIST:
	case WN_OPTIONAL:
	case WN_MAP:
		return equal_parts(r, a, b);
	case WN_TYPE:
		return wn_str_eq(wn_value_str(a), wn_value_str(b));
	case WN_OBJECT:
		return equal_objects(a.object, b.object);
	default:
		return cel_values_compare(a, b) == 0;
	}
}

bool cel_value_matches_type(struct wn_value v, const struct cel_type *t)
{
	static const uint8_t kinds[] = {
		[CEL_NULL] = WN_NULL, [CEL_BOOL] = WN_BOOL, [CEL_INT] = WN_INT, [CEL_UINT] = WN_UINT, [CEL_DOUBLE] = WN_DOUBLE,
		[CEL_STRING] = WN_STRING, [CEL_BYTES] = WN_BYTES, [CEL_TIMESTAMP] = WN_TIMESTAMP, [CEL_DURATION] = WN_DURATION,
		[CEL_LIST] = WN_LIST, [CEL_MAP] = WN_MAP, [CEL_TYPE] = WN_TYPE, [CEL_OPTIONAL] = WN_OPTIONAL,
	};

	if (t->kind == CEL_DYN || t->kind == CEL_PARAM || t->kind == CEL_OPAQUE)
		return true;
	if (t->kind == CEL_RECORD)
		return v.kind == WN_OBJECT && v.object && strcmp(v.object->cls->name, t->record->name) == 0;
	return t->kind < WN_COUNT(kinds) && v.kind == kinds[t->kind];
}

/* --- selection and index ------------------------------------------------------------------------------ */
/* A record met where the checker saw dyn: found by the name of its class. */
static bool select_object(struct cel_run *r, struct wn_value from, struct wn_str name, struct wn_value *out)
{
	for (size_t i = 0; i < r->env->records.n; i++) {
		const struct cel_record *rec = r->env->records.v[i];

		if (strcmp(rec->name, from.object->cls->name) != 0)
			continue;
		for (size_t f = 0; f < rec->n_fields; f++)
			if (wn_str_is(name, rec->fields[f].name))
				return from.object->cls->get(from.object, rec->fields[f].number, out) && out->kind != WN_ABSENT;
	}
	return false;
}

/* Field of a map, record or optional; *found says whether it is there. False only for what has no fields. */
bool cel_select_value(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_str name, struct wn_value *out, bool *found)
{
	struct wn_value v;

	switch (from.kind) {
	case WN_MAP:
		if (!cel_charge(r, n, from.n / 16))
			return false;
		v = cel_map_find(from, wn_string(name));
		*found = v.kind != WN_ABSENT;
		if (*found)
			*out = v;
		return true;
	case WN_OBJECT:
		*found = from.object && select_object(r, from, name, out);
		return true;
	case WN_OPTIONAL:
		*found = false;
		return from.n == 0 || cel_select_value(r, n, from.list[0], name, out, found);
	default:
		return cel_fail_with(r, n, "a value of this kind has no fields", wn_cstring(cel_type_name_of(from)));
	}
}

static bool index_list(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_value key, struct wn_value *out, bool *found)
{
	int64_t i;

	if (key.kind == WN_INT)
		i = key.i;
	else if (key.kind == WN_UINT && key.u <= INT64_MAX)
		i = (int64_t)key.u;
	else if (key.kind == WN_DOUBLE && key.d == floor(key.d) && fabs(key.d) < 0x1p53)
		i = (int64_t)key.d;
	else
		return cel_fail(r, n, "a list is indexed by a whole number");
	*found = i >= 0 && i < (int64_t)from.n;
	if (*found)
		*out = from.list[i];
	return true;
}

bool cel_index_value(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_value key, struct wn_value *out, bool *found)
{
	struct wn_value v;

	switch (from.kind) {
	case WN_LIST:
		return index_list(r, n, from, key, out, found);
	case WN_MAP:
		if (key.kind != WN_STRING && key.kind != WN_BOOL && !is_number(key))
			return cel_no_overload(r, n);
		if (!cel_charge(r, n, from.n / 16))
			return false;
		v = cel_map_find(from, key);
		*found = v.kind != WN_ABSENT;
		if (*found)
			*out = v;
		return true;
	case WN_OPTIONAL:
		*found = false;
		return from.n == 0 || cel_index_value(r, n, from.list[0], key, out, found);
	default:
		return cel_no_overload(r, n);
	}
}

bool cel_optional(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value *held;

	*out = (struct wn_value){.kind = WN_OPTIONAL};
	if (!v)
		return true;
	held = cel_take(r, n, sizeof(*held));
	if (!held)
		return false;
	*held = *v;
	out->n = 1;
	out->list = held;
	return true;
}

bool cel_is_zero_value(struct wn_value v)
{
	switch (v.kind) {
	case WN_NULL: return true;
	case WN_BOOL: return !v.b;
	case WN_INT: return v.i == 0;
	case WN_UINT: return v.u == 0;
	case WN_DOUBLE: return v.d == 0;
	case WN_DURATION: return v.i == 0 && v.aux == 0;
	case WN_TIMESTAMP: return v.i == -62135596800 && v.aux == 0;
	case WN_STRING:
	case WN_BYTES:
	case WN_LIST:
	case WN_MAP: return v.n == 0;
	case WN_OPTIONAL: return v.n == 0;
	default: return false;
	}
}

bool cel_bytes_value(struct cel_run *r, const struct cel_node *n, enum wn_kind kind, const void *p, size_t len, struct wn_value *out)
{
	char *copy;

	if (len > WN_CEL_MEMORY_MAX)
		return cel_out_of_memory(r, n);
	if (!(copy = cel_take(r, n, len + 1)))
		return false;
	memcpy(copy, p, len);
	*out = wn_string((struct wn_str){copy, len});
	out->kind = (uint8_t)kind;
	return true;
}
