/* SPDX-License-Identifier: MIT */
/* Between values in memory and columns: JSON, times that may be absent, days, typed attributes. No SQL. */
#include "store_internal.h"

struct wn_pg_param param_json(struct wn_arena *a, struct wn_value v)
{
	return param_json_or(a, v, NULL);
}

struct wn_pg_param param_json_or(struct wn_arena *a, struct wn_value v, const char *dflt)
{
	if (v.kind == WN_ABSENT)
		return wn_pg_jsonb(wn_str_of(dflt));
	WN_CLEANUP(wn_buf_done) struct wn_buf b;
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_json_write(&b, v);
	return wn_pg_jsonb(wn_arena_str(a, wn_buf_slice(&b)));
}

/* Text with its type told, so that the session need not look for it in other rows. */
enum { OID_TEXT = 25 };

struct wn_pg_param param_str(struct wn_str s)
{
	struct wn_pg_param p = wn_pg_str(s);
	p.oid = OID_TEXT;
	return p;
}

struct wn_pg_param param_cstr(const char *s)
{
	return param_str(wn_str_of(s));
}
struct wn_pg_param param_text(struct wn_str s)
{
	return param_str(s.n ? s : (struct wn_str){NULL, 0});
}

/* A NULL that says its type: else each pattern of NULLs would be prepared as a form of its own. */
static struct wn_pg_param null_like(struct wn_pg_param typed)
{
	struct wn_pg_param p = wn_pg_null();
	p.oid = typed.oid;
	return p;
}

struct wn_pg_param param_time_0(int64_t us)
{
	return us == 0 ? null_like(wn_pg_time(1)) : wn_pg_time(us);
}
struct wn_pg_param param_uuid_0(struct wn_id id)
{
	return wn_id_is_nil(id) ? null_like(wn_pg_id(id)) : wn_pg_id(id);
}

int32_t day_of(int64_t us)
{
	int64_t days = us / WN_DAY;
	return (int32_t)(us % WN_DAY < 0 ? days - 1 : days);
}

struct wn_pg_param param_day(int64_t us)
{
	return wn_pg_date(day_of(us));
}

struct wn_value get_json(const struct wn_pg_result *r, int row, int col, struct wn_arena *a)
{
	struct wn_value v = {0};
	if (wn_pg_is_null(r, row, col))
		return v;
	if (wn_json_parse(wn_pg_get_str(r, row, col), NULL, a, &v, NULL) != WN_OK)
		return (struct wn_value){0};
	return v;
}

struct wn_str get_str(const struct wn_pg_result *r, int row, int col, struct wn_arena *a)
{
	if (wn_pg_is_null(r, row, col))
		return (struct wn_str){NULL, 0};
	return wn_arena_str(a, wn_pg_get_str(r, row, col));
}

int64_t get_us_0(const struct wn_pg_result *r, int row, int col)
{
	return wn_pg_is_null(r, row, col) ? 0 : wn_pg_get_us(r, row, col);
}

struct wn_value coerce_attrs(const struct wn_registry *r, int kind, struct wn_value attrs, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	if (attrs.kind != WN_MAP)
		return wn_map_end(&m);
	for (uint32_t i = 0; i < attrs.n; i++) {
		struct wn_str name = wn_value_str(attrs.map[i].key);
		const struct wn_attr_def *d = wn_registry_attr_of_kind(r, kind, name);
		struct wn_value v;
		if (d && wn_attr_coerce(d->type, d->enum_values, attrs.map[i].value, a, &v, NULL) == WN_OK &&
		    v.kind != WN_ABSENT)
			wn_map_put(&m, name, v);
	}
	return wn_map_end(&m);
}

void key_add(struct wn_arena *a, struct key_list *l, struct wn_id id, int bucket)
{
	*WN_PUSH(a, &l->ids) = id;
	*WN_PUSH(a, &l->buckets) = bucket;
}
