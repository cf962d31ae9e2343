/* SPDX-License-Identifier: MIT */
/*
 * Named reads (lib/store/sql/read_people.sql) as values: one JSON object a row. What --json prints is the row
 * itself, so the names in the statements are a public interface. Members whose name says that they are a time
 * become timestamps.
 */
#include "parts.h"
#include <math.h>
#include <whynow/date.h>
#include <whynow/limits.h>

static bool ends_with(struct wn_str s, const char *tail)
{
	size_t n = strlen(tail);
	return s.n >= n && memcmp(s.p + s.n - n, tail, n) == 0;
}

static bool is_time_name(struct wn_str s)
{
	return wn_str_is(s, "at") || wn_str_is(s, "until") || ends_with(s, "_at") || ends_with(s, "_until") ||
	       ends_with(s, "_since");
}

/* "infinity" is never, and never is absent. */
static struct wn_value time_of(struct wn_value v)
{
	int64_t sec;
	int32_t ns;
	if (v.kind != WN_STRING)
		return v;
	if (!wn_rfc3339_parse(wn_value_str(v), &sec, &ns))
		return ends_with(wn_value_str(v), "infinity") ? wn_null() : v;
	return wn_time_us(sec * 1000000 + ns / 1000);
}

static struct wn_value with_times(struct wn_arena *a, struct wn_value v)
{
	if (v.kind == WN_LIST) {
		struct wn_value *list = WN_NEW_N(a, struct wn_value, v.n + 1);
		for (size_t i = 0; i < v.n; i++)
			list[i] = with_times(a, v.list[i]);
		return wn_list(list, v.n);
	}
	if (v.kind != WN_MAP)
		return v;
	struct wn_entry *e = WN_NEW_N(a, struct wn_entry, v.n + 1);
	for (size_t i = 0; i < v.n; i++) {
		e[i] = v.map[i];
		e[i].value =
		    is_time_name(wn_value_str(e[i].key)) ? time_of(e[i].value) : with_times(a, e[i].value);
	}
	return wn_map(e, v.n);
}

int cli_read(struct wn_cli *cli, const char *name, const struct wn_pg_param *params, size_t n,
	     struct cli_rows *out)
{
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_err err = {0};
	enum wn_rc rc = wn_store_read(cli->store, name, params, n, &r, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		struct wn_str text = wn_arena_str(cli->arena, wn_pg_get_str(&r, i, 0));
		rc = wn_json_parse(text, NULL, cli->arena, &v[i], &err);
		if (rc)
			return cli_fail(cli, rc, &err);
		v[i] = with_times(cli->arena, v[i]);
	}
	*out = (struct cli_rows){v, (size_t)r.rows};
	return 0;
}

int cli_read_one(struct wn_cli *cli, const char *name, const struct wn_pg_param *params, size_t n,
		 struct wn_value *out)
{
	struct cli_rows rows;
	int code = cli_read(cli, name, params, n, &rows);
	if (code)
		return code;
	if (!rows.n)
		return WN_EXIT_NOT_FOUND;
	*out = rows.v[0];
	return 0;
}

bool row_has(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind != WN_ABSENT && v.kind != WN_NULL;
}

const char *row_text(struct wn_cli *cli, struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return row_has(row, member) ? cli_value_text(cli, v) : "";
}

double row_double(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind == WN_DOUBLE ? v.d : v.kind == WN_INT ? (double)v.i : 0;
}

int64_t row_int(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind == WN_INT ? v.i : v.kind == WN_DOUBLE && fabs(v.d) < 9e15 ? (int64_t)v.d : 0;
}

bool row_bool(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind == WN_BOOL && v.b;
}

int64_t row_us(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind == WN_TIMESTAMP ? wn_value_us(v) : WN_NEVER;
}

struct wn_id row_id(struct wn_value row, const char *member)
{
	struct wn_id id = {{0}};
	if (!wn_id_from_text(wn_value_str(wn_value_at(row, member)), &id))
		memset(&id, 0, sizeof(id));
	return id;
}

struct wn_value row_list(struct wn_value row, const char *member)
{
	struct wn_value v = wn_value_at(row, member);
	return v.kind == WN_LIST ? v : wn_list(NULL, 0);
}

struct wn_value row_with(struct wn_cli *cli, struct wn_value row, const char *member, struct wn_value v)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	for (size_t i = 0; row.kind == WN_MAP && i < row.n; i++)
		wn_map_put(&m, wn_value_str(row.map[i].key), row.map[i].value);
	wn_map_set(&m, member, v);
	return wn_map_end(&m);
}

struct wn_value rows_value(const struct cli_rows *rows)
{
	return wn_list(rows->v, rows->n);
}

void cli_json(struct wn_cli *cli, struct wn_value v)
{
	struct wn_buf b;
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_json_write(&b, v);
	fwrite(b.p ? b.p : "null", 1, b.p ? b.n : 4, cli->out);
	fputc('\n', cli->out);
	wn_buf_done(&b);
}

void cli_json_rows(struct wn_cli *cli, const struct cli_rows *rows)
{
	cli_json(cli, rows_value(rows));
}
