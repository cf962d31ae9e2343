/* SPDX-License-Identifier: MIT */
/*
 * Results: typed reading of binary columns, over the parts that one logical statement may have. Getters never
 * fail; what is NULL or of another type reads as the type's nothing.
 */
#include "pg_internal.h"

#include <endian.h>
#include <stdlib.h>
#include <whynow/clock.h>
#include <whynow/date.h>

struct cell {
	const uint8_t *p; /* NULL: SQL NULL, or out of range */
	size_t n;
	Oid oid;
};

static int64_t number(const char *digits)
{
	int64_t n = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		n = n * 10 + (*digits - '0');
	return n;
}

void wn_pg_result_add(struct wn_pg_result *r, PGresult *res)
{
	r->parts = wn_realloc(r->parts, ((size_t)r->parts_n + 1) * sizeof(*r->parts));
	r->parts[r->parts_n++] = res;
	r->rows += PQntuples(res);
	r->affected += number(PQcmdTuples(res));
}

void wn_pg_result_done(struct wn_pg_result *r)
{
	for (int i = 0; i < r->parts_n; i++)
		PQclear(r->parts[i]);
	free(r->parts);
	*r = (struct wn_pg_result){0};
}

/* The part with this row; *row becomes the row in it. Remembers where it was, as rows are read in order. */
static const PGresult *part_of(const struct wn_pg_result *r, int *row)
{
	struct wn_pg_result *memo = (struct wn_pg_result *)r;

	if (*row < 0 || *row >= r->rows)
		return NULL;
	if (*row < r->part_first)
		memo->part = memo->part_first = 0;
	while (*row >= r->part_first + PQntuples(r->parts[r->part]))
		memo->part_first += PQntuples(r->parts[memo->part++]);
	*row -= r->part_first;
	return r->parts[r->part];
}

static struct cell cell(const struct wn_pg_result *r, int row, int col)
{
	const PGresult *res = part_of(r, &row);

	if (!res || col < 0 || col >= PQnfields(res) || PQgetisnull(res, row, col))
		return (struct cell){0};
	return (struct cell){(const uint8_t *)PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col),
			     PQftype(res, col)};
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Sign-extended from its own width. */
static int64_t integer(const uint8_t *p, size_t n)
{
	uint64_t v = big_endian(p, n);
	unsigned unused = 64 - 8 * (unsigned)n;

	return n == 0 || n > 8 ? 0 : (int64_t)(v << unused) >> unused;
}

int wn_pg_cols(const struct wn_pg_result *r)
{
	return r->parts_n ? PQnfields(r->parts[0]) : 0;
}

int wn_pg_col(const struct wn_pg_result *r, const char *name)
{
	for (int i = 0; i < wn_pg_cols(r); i++)
		if (strcmp(PQfname(r->parts[0], i), name) == 0)
			return i;
	return -1;
}

const char *wn_pg_col_name(const struct wn_pg_result *r, int col)
{
	const char *name = r->parts_n ? PQfname(r->parts[0], col) : NULL;

	return name ? name : "";
}

bool wn_pg_is_null(const struct wn_pg_result *r, int row, int col)
{
	return !cell(r, row, col).p;
}

static int64_t int_of(struct cell c)
{
	switch (c.oid) {
	case WN_OID_INT2:
	case WN_OID_INT4:
	case WN_OID_INT8:
		return integer(c.p, c.n);
	case WN_OID_BOOL:
	case WN_OID_OID:
		return (int64_t)big_endian(c.p, c.n);
	default:
		return 0;
	}
}

int64_t wn_pg_get_int(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);

	return c.p ? int_of(c) : 0;
}

bool wn_pg_get_bool(const struct wn_pg_result *r, int row, int col)
{
	return wn_pg_get_int(r, row, col) != 0;
}

static double double_of(struct cell c)
{
	uint64_t bits8;
	uint32_t bits4;
	double d = 0;
	float f = 0;

	if (c.oid == WN_OID_FLOAT8 && c.n == 8) {
		bits8 = big_endian(c.p, 8);
		memcpy(&d, &bits8, 8);
		return d;
	}
	if (c.oid == WN_OID_FLOAT4 && c.n == 4) {
		bits4 = (uint32_t)big_endian(c.p, 4);
		memcpy(&f, &bits4, 4);
		return (double)f;
	}
	return (double)int_of(c);
}

double wn_pg_get_double(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);

	return c.p ? double_of(c) : 0;
}

/* days whole days and us more, at the ends of int64 when it is past them. */
static int64_t days_us(int64_t days, int64_t us)
{
	int64_t sum;

	if (__builtin_mul_overflow(days, WN_DAY, &sum) || __builtin_add_overflow(sum, us, &sum))
		return days < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static int64_t us_of(struct cell c)
{
	int64_t v = integer(c.p, c.n);

	switch (c.oid) {
	case WN_OID_TIMESTAMPTZ:
	case WN_OID_TIMESTAMP:
		if (v == INT64_MAX || v == INT64_MIN)
			return v;
		return __builtin_add_overflow(v, WN_PG_EPOCH_US, &v) ? WN_NEVER : v;
	case WN_OID_DATE:
		if (c.n != 4)
			return WN_NEVER;
		if (v == INT32_MAX || v == INT32_MIN)
			return v > 0 ? WN_NEVER : INT64_MIN;
		return days_us(v + WN_PG_EPOCH_DAYS, 0);
	default:
		return WN_NEVER;
	}
}

int64_t wn_pg_get_us(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);

	return c.p ? us_of(c) : WN_NEVER;
}

int64_t wn_pg_get_interval(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);

	if (!c.p || c.oid != WN_OID_INTERVAL || c.n != 16)
		return 0;
	return days_us(integer(c.p + 8, 4) + 30 * integer(c.p + 12, 4), integer(c.p, 8));
}

struct wn_id wn_pg_get_id(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);
	struct wn_id id = {{0}};

	if (c.p && c.oid == WN_OID_UUID && c.n == 16)
		memcpy(id.b, c.p, 16);
	return id;
}

struct wn_str wn_pg_get_str(const struct wn_pg_result *r, int row, int col)
{
	struct cell c = cell(r, row, col);
	size_t skip = c.p && c.oid == WN_OID_JSONB && c.n > 0; /* its version byte */

	return c.p ? (struct wn_str){(const char *)c.p + skip, c.n - skip} : (struct wn_str){NULL, 0};
}

const char *wn_pg_get_cstr(const struct wn_pg_result *r, int row, int col)
{
	struct wn_str s = wn_pg_get_str(r, row, col);

	return s.p ? s.p : ""; /* libpq terminates every value */
}

/* --- arrays ---- */

/* Elements of a one-dimensional array of one of two types, as cells in the arena. */
static size_t elements(struct cell c, struct wn_arena *a, struct cell **out)
{
	const uint8_t *p = c.p, *end = c.p + c.n;
	size_t n;
	Oid oid;

	*out = NULL;
	if (!p || c.n < 20 || big_endian(p, 4) != 1)
		return 0;
	oid = (Oid)big_endian(p + 8, 4);
	n = big_endian(p + 12, 4);
	if (n > c.n / 4)
		return 0;
	*out = WN_NEW_N(a, struct cell, n + 1);
	p += 20;
	for (size_t i = 0; i < n; i++) {
		int64_t len = end - p >= 4 ? integer(p, 4) : -2;

		p += 4;
		if (len < -1 || len > end - p)
			return 0;
		(*out)[i] = len < 0 ? (struct cell){NULL, 0, oid} : (struct cell){p, (size_t)len, oid};
		p += len < 0 ? 0 : len;
	}
	return n;
}

size_t wn_pg_get_ids(const struct wn_pg_result *r, int row, int col, struct wn_arena *a, struct wn_id **out)
{
	struct cell *v;
	size_t n = elements(cell(r, row, col), a, &v);

	*out = WN_NEW_N(a, struct wn_id, n + 1);
	for (size_t i = 0; i < n; i++)
		if (v[i].p && v[i].n == 16)
			memcpy((*out)[i].b, v[i].p, 16);
	return n;
}

size_t wn_pg_get_strs(const struct wn_pg_result *r, int row, int col, struct wn_arena *a, struct wn_str **out)
{
	struct cell *v;
	size_t n = elements(cell(r, row, col), a, &v);

	*out = WN_NEW_N(a, struct wn_str, n + 1);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = (struct wn_str){(const char *)v[i].p, v[i].n};
	return n;
}

size_t wn_pg_get_int8s(const struct wn_pg_result *r, int row, int col, struct wn_arena *a, int64_t **out)
{
	struct cell *v;
	size_t n = elements(cell(r, row, col), a, &v);

	*out = WN_NEW_N(a, int64_t, n + 1);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = v[i].p ? int_of(v[i]) : 0;
	return n;
}

/* --- for people ---- */

static const char *show_cell(struct cell c, struct wn_arena *a);

static const char *show_array(struct cell c, struct wn_arena *a)
{
	struct cell *v;
	size_t n = elements(c, a, &v);
	char *text = wn_arena_strdup(a, WN_STR("{"));

	for (size_t i = 0; i < n; i++)
		text = wn_arena_printf(a, "%s%s%s", text, i ? "," : "", v[i].p ? show_cell(v[i], a) : "NULL");
	return wn_arena_printf(a, "%s}", text);
}

static const char *show_time(int64_t us, struct wn_arena *a)
{
	char text[40];

	if (us == WN_NEVER || us == INT64_MIN)
		return us > 0 ? "infinity" : "-infinity";
	wn_rfc3339_from_us(us, text);
	return wn_arena_strdup(a, wn_str_of(text));
}

static const char *show_id(struct cell c, struct wn_arena *a)
{
	struct wn_id id = {{0}};
	char text[37];

	memcpy(id.b, c.p, c.n == 16 ? 16 : 0);
	wn_id_to_text(id, text);
	return wn_arena_strdup(a, wn_str_of(text));
}

static const char *show_bytes(struct cell c, struct wn_arena *a)
{
	char *text = wn_arena_alloc(a, 2 * c.n + 3);

	text[0] = '\\';
	text[1] = 'x';
	wn_hex(c.p, c.n, text + 2);
	return text;
}

static const char *show_cell(struct cell c, struct wn_arena *a)
{
	switch (c.oid) {
	case WN_OID_BOOL:
		return int_of(c) ? "t" : "f";
	case WN_OID_INT2:
	case WN_OID_INT4:
	case WN_OID_INT8:
	case WN_OID_OID:
		return wn_arena_printf(a, "%lld", (long long)int_of(c));
	case WN_OID_FLOAT4:
	case WN_OID_FLOAT8:
		return wn_arena_printf(a, "%.15g", double_of(c));
	case WN_OID_TIMESTAMP:
	case WN_OID_TIMESTAMPTZ:
	case WN_OID_DATE:
		return show_time(us_of(c), a);
	case WN_OID_UUID:
		return show_id(c, a);
	case WN_OID_BYTEA:
		return show_bytes(c, a);
	case WN_OID_INT2S:
	case WN_OID_INT4S:
	case WN_OID_INT8S:
	case WN_OID_TEXTS:
	case WN_OID_UUIDS:
	case WN_OID_BYTEAS:
		return show_array(c, a);
	default:
		return wn_arena_strdup(a, (struct wn_str){(const char *)c.p, c.n});
	}
}

const char *wn_pg_show(const struct wn_pg_result *r, int row, int col, struct wn_arena *a)
{
	struct cell c = cell(r, row, col);

	if (!c.p)
		return "";
	if (c.oid == WN_OID_JSONB && c.n)
		c.p++, c.n--;
	return show_cell(c, a);
}
