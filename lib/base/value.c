/* SPDX-License-Identifier: MIT */
/* The dynamic value: look-up, equality, copy, building of maps. Nesting deeper than WN_VALUE_DEPTH_MAX compares
 * unequal and copies as null, so that no input decides how deep we recurse. */
#include <whynow/limits.h>
#include <whynow/value.h>

const char *wn_kind_to_text(enum wn_kind kind)
{
	static const char *const texts[] = {
		[WN_ABSENT] = "absent",     [WN_NULL] = "null",         [WN_BOOL] = "bool",
		[WN_INT] = "int",           [WN_UINT] = "uint",         [WN_DOUBLE] = "double",
		[WN_STRING] = "string",     [WN_BYTES] = "bytes",       [WN_TIMESTAMP] = "timestamp",
		[WN_DURATION] = "duration", [WN_LIST] = "list",         [WN_MAP] = "map",
		[WN_TYPE] = "type",         [WN_OPTIONAL] = "optional", [WN_OBJECT] = "object",
	};
	return (size_t)kind < WN_COUNT(texts) ? texts[kind] : "?";
}

int64_t wn_value_us(struct wn_value v)
{
	if (v.kind != WN_TIMESTAMP && v.kind != WN_DURATION)
		return 0;
	int64_t us;
	if (__builtin_mul_overflow(v.i, INT64_C(1000000), &us) || __builtin_add_overflow(us, v.aux / 1000, &us))
		return v.i < 0 ? INT64_MIN : INT64_MAX;
	return us;
}

struct wn_value wn_value_get(struct wn_value v, struct wn_str key)
{
	if (v.kind == WN_MAP)
		for (uint32_t i = 0; i < v.n; i++)
			if (v.map[i].key.kind == WN_STRING && wn_str_eq(wn_value_str(v.map[i].key), key))
				return v.map[i].value;
	return (struct wn_value){.kind = WN_ABSENT};
}

static bool eq(struct wn_value a, struct wn_value b, unsigned depth);

static bool list_eq(struct wn_value a, struct wn_value b, unsigned depth)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (!eq(a.list[i], b.list[i], depth))
			return false;
	return true;
}

static const struct wn_value *find_key(struct wn_value map, uint32_t guess, struct wn_value key, unsigned depth)
{
	/* Equal maps mostly have equal order: look there first. */
	if (guess < map.n && eq(map.map[guess].key, key, depth))
		return &map.map[guess].value;
	for (uint32_t i = 0; i < map.n; i++)
		if (eq(map.map[i].key, key, depth))
			return &map.map[i].value;
	return NULL;
}

static bool map_eq(struct wn_value a, struct wn_value b, unsigned depth)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		const struct wn_value *other = find_key(b, i, a.map[i].key, depth);
		if (!other || !eq(a.map[i].value, *other, depth))
			return false;
	}
	return true;
}

static bool eq(struct wn_value a, struct wn_value b, unsigned depth)
{
	if (a.kind != b.kind || depth > WN_VALUE_DEPTH_MAX)
		return false;
	switch ((enum wn_kind)a.kind) {
	case WN_ABSENT:
	case WN_NULL:
		return true;
	case WN_BOOL:
		return a.b == b.b;
	case WN_INT:
	case WN_UINT:
		return a.i == b.i;
	case WN_DOUBLE:
		return a.d == b.d;
	case WN_STRING:
	case WN_BYTES:
	case WN_TYPE:
		return wn_str_eq(wn_value_str(a), wn_value_str(b));
	case WN_TIMESTAMP:
	case WN_DURATION:
		return a.i == b.i && a.aux == b.aux;
	case WN_LIST:
	case WN_OPTIONAL:
		return list_eq(a, b, depth + 1);
	case WN_MAP:
		return map_eq(a, b, depth + 1);
	case WN_OBJECT:
		return a.object == b.object;
	}
	return false;
}

bool wn_value_eq(struct wn_value a, struct wn_value b) { return eq(a, b, 0); }

static struct wn_value copy(struct wn_arena *a, struct wn_value v, unsigned depth)
{
	if (depth > WN_VALUE_DEPTH_MAX)
		return wn_null();
	switch (v.kind) {
	case WN_STRING:
	case WN_BYTES:
	case WN_TYPE:
		v.s = wn_arena_strdup(a, wn_value_str(v));
		break;
	case WN_LIST:
	case WN_OPTIONAL: {
		struct wn_value *list = WN_NEW_N(a, struct wn_value, v.n);
		for (uint32_t i = 0; i < v.n; i++)
			list[i] = copy(a, v.list[i], depth + 1);
		v.list = list;
		break;
	}
	case WN_MAP: {
		struct wn_entry *map = WN_NEW_N(a, struct wn_entry, v.n);
		for (uint32_t i = 0; i < v.n; i++)
			map[i] = (struct wn_entry){copy(a, v.map[i].key, depth + 1),
						   copy(a, v.map[i].value, depth + 1)};
		v.map = map;
		break;
	}
	default:
		break;
	}
	v.flags = 0;
	v.tag = 0;
	return v;
}

struct wn_value wn_value_copy(struct wn_arena *a, struct wn_value v) { return copy(a, v, 0); }

void wn_map_put(struct wn_map_builder *m, struct wn_str key, struct wn_value v)
{
	for (size_t i = 0; i < m->e.n; i++) {
		if (!wn_str_eq(wn_value_str(m->e.v[i].key), key))
			continue;
		if (v.kind == WN_ABSENT) {
			memmove(&m->e.v[i], &m->e.v[i + 1], (m->e.n - i - 1) * sizeof(*m->e.v));
			m->e.n--;
		} else {
			m->e.v[i].value = v;
		}
		return;
	}
	if (v.kind != WN_ABSENT)
		*WN_PUSH(m->arena, &m->e) = (struct wn_entry){wn_string(key), v};
}
