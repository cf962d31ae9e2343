/* SPDX-License-Identifier: MIT */
/* Parameters: C values to PostgreSQL's binary formats (network byte order). Pure. */
#include "pg_internal.h"

#include <endian.h>
#include <whynow/clock.h>

static struct wn_pg_param raw(uint32_t oid, const void *bytes, int32_t n)
{
	struct wn_pg_param p = {.n = n, .binary = 1, .oid = oid};

	memcpy(p.raw, bytes, (size_t)n);
	return p;
}

static struct wn_pg_param raw64(uint32_t oid, int64_t v)
{
	uint64_t be = htobe64((uint64_t)v);

	return raw(oid, &be, 8);
}

static struct wn_pg_param raw32(uint32_t oid, int32_t v)
{
	uint32_t be = htobe32((uint32_t)v);

	return raw(oid, &be, 4);
}

static struct wn_pg_param sized(const void *p, size_t n, uint32_t oid, int16_t binary)
{
	if (!p)
		return wn_pg_null();
	/* -2 is refused at queue: larger than any message may be */
	return (struct wn_pg_param){
	    .p = p, .n = n > (1u << 30) ? -2 : (int32_t)n, .oid = oid, .binary = binary};
}

struct wn_pg_param wn_pg_null(void)
{
	return (struct wn_pg_param){.n = -1};
}

struct wn_pg_param wn_pg_bool(bool v)
{
	return raw(WN_OID_BOOL, &(uint8_t){v}, 1);
}

struct wn_pg_param wn_pg_int2(int v)
{
	uint16_t be = htobe16((uint16_t)v);

	return raw(WN_OID_INT2, &be, 2);
}

struct wn_pg_param wn_pg_int4(int32_t v)
{
	return raw32(WN_OID_INT4, v);
}

struct wn_pg_param wn_pg_int8(int64_t v)
{
	return raw64(WN_OID_INT8, v);
}

static int64_t bits_of(double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

struct wn_pg_param wn_pg_float8(double v)
{
	return raw64(WN_OID_FLOAT8, bits_of(v));
}

static int64_t pg_time(int64_t us)
{
	int64_t pg;

	if (us == INT64_MAX || us == INT64_MIN)
		return us; /* infinity and -infinity in the format itself */
	return __builtin_sub_overflow(us, WN_PG_EPOCH_US, &pg) ? INT64_MIN : pg;
}

struct wn_pg_param wn_pg_time(int64_t us)
{
	return raw64(WN_OID_TIMESTAMPTZ, pg_time(us));
}

struct wn_pg_param wn_pg_time_or_null(int64_t us)
{
	return us == WN_NEVER ? wn_pg_null() : wn_pg_time(us);
}

struct wn_pg_param wn_pg_interval(int64_t us)
{
	uint64_t be[2] = {htobe64((uint64_t)us), 0}; /* then days and months */

	return raw(WN_OID_INTERVAL, be, 16);
}

struct wn_pg_param wn_pg_date(int64_t days)
{
	return raw32(WN_OID_DATE, (int32_t)(days - WN_PG_EPOCH_DAYS));
}

struct wn_pg_param wn_pg_id(struct wn_id id)
{
	return raw(WN_OID_UUID, id.b, 16);
}

struct wn_pg_param wn_pg_id_or_null(struct wn_id id)
{
	return wn_id_is_nil(id) ? wn_pg_null() : wn_pg_id(id);
}

struct wn_pg_param wn_pg_bytes(struct wn_str s)
{
	return sized(s.p, s.n, WN_OID_BYTEA, 1);
}

struct wn_pg_param wn_pg_key32(const struct wn_key32 *k)
{
	return sized(k->b, sizeof(k->b), WN_OID_BYTEA, 1);
}

struct wn_pg_param wn_pg_str(struct wn_str s)
{
	return sized(s.p, s.n, 0, 0);
}

struct wn_pg_param wn_pg_text(const char *s)
{
	return wn_pg_str(wn_str_of(s));
}

struct wn_pg_param wn_pg_jsonb(struct wn_str s)
{
	return sized(s.p, s.n, WN_OID_JSONB, 0);
}

/* --- arrays: dimensions, has-nulls, element type; size and lower bound of each; length and bytes of each
 * element ---- */

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	uint32_t be = htobe32(v);

	memcpy(at, &be, 4);
	return at + 4;
}

/* Room for n elements of `bytes` bytes together; *at is set to the first element. */
static struct wn_pg_param array(struct wn_arena *a, uint32_t oid, uint32_t elem, size_t n, size_t bytes,
				bool nulls, uint8_t **at)
{
	size_t size = n ? 20 + 4 * n + bytes : 12;
	uint8_t *p = wn_arena_alloc(a, size);

	*at = put32(put32(put32(p, n ? 1 : 0), nulls), elem);
	if (n)
		*at = put32(put32(*at, (uint32_t)n), 1);
	return sized(p, size, oid, 1);
}

struct wn_pg_param wn_pg_ids(struct wn_arena *a, const struct wn_id *v, size_t n)
{
	uint8_t *at;
	struct wn_pg_param p = array(a, WN_OID_UUIDS, WN_OID_UUID, n, 16 * n, false, &at);

	for (size_t i = 0; i < n; i++, at += 16) {
		at = put32(at, 16);
		memcpy(at, v[i].b, 16);
	}
	return p;
}

static uint8_t *put64(uint8_t *at, int64_t v)
{
	return put32(put32(put32(at, 8), (uint32_t)((uint64_t)v >> 32)), (uint32_t)v);
}

struct wn_pg_param wn_pg_int8s(struct wn_arena *a, const int64_t *v, size_t n)
{
	uint8_t *at;
	struct wn_pg_param p = array(a, WN_OID_INT8S, WN_OID_INT8, n, 8 * n, false, &at);

	for (size_t i = 0; i < n; i++)
		at = put64(at, v[i]);
	return p;
}

struct wn_pg_param wn_pg_float8s(struct wn_arena *a, const double *v, size_t n)
{
	uint8_t *at;
	struct wn_pg_param p = array(a, WN_OID_FLOAT8S, WN_OID_FLOAT8, n, 8 * n, false, &at);

	for (size_t i = 0; i < n; i++)
		at = put64(at, bits_of(v[i]));
	return p;
}

struct wn_pg_param wn_pg_times(struct wn_arena *a, const int64_t *us, size_t n)
{
	uint8_t *at;
	struct wn_pg_param p = array(a, WN_OID_TIMESTAMPTZS, WN_OID_TIMESTAMPTZ, n, 8 * n, false, &at);

	for (size_t i = 0; i < n; i++)
		at = put64(at, pg_time(us[i]));
	return p;
}

static struct wn_pg_param strings(struct wn_arena *a, uint32_t oid, uint32_t elem, const struct wn_str *v,
				  size_t n)
{
	size_t bytes = 0;
	bool nulls = false;
	struct wn_pg_param p;
	uint8_t *at;

	for (size_t i = 0; i < n; i++) {
		bytes += v[i].n;
		nulls |= !v[i].p;
	}
	p = array(a, oid, elem, n, bytes, nulls, &at);
	for (size_t i = 0; i < n; i++) {
		at = put32(at, v[i].p ? (uint32_t)v[i].n : UINT32_MAX);
		if (v[i].n)
			memcpy(at, v[i].p, v[i].n);
		at += v[i].n;
	}
	return p;
}

struct wn_pg_param wn_pg_strs(struct wn_arena *a, const struct wn_str *v, size_t n)
{
	return strings(a, WN_OID_TEXTS, WN_OID_TEXT, v, n);
}

struct wn_pg_param wn_pg_blobs(struct wn_arena *a, const struct wn_str *v, size_t n)
{
	return strings(a, WN_OID_BYTEAS, WN_OID_BYTEA, v, n);
}
