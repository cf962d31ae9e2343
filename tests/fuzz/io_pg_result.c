/* SPDX-License-Identifier: MIT */
/* Typed getters over any bytes of any column type: nothing is read outside of the value. */
#include "../../lib/io/pg_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Oid oids[] = {WN_OID_BOOL,     WN_OID_BYTEA,  WN_OID_INT8,   WN_OID_INT2,        WN_OID_INT4,
			   WN_OID_TEXT,     WN_OID_FLOAT4, WN_OID_FLOAT8, WN_OID_TIMESTAMPTZ, WN_OID_DATE,
			   WN_OID_INTERVAL, WN_OID_UUID,   WN_OID_JSONB,  WN_OID_TEXTS,       WN_OID_UUIDS,
			   WN_OID_INT8S,    WN_OID_BYTEAS};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PGresAttDesc attr = {.name = (char *)"c", .format = 1, .typlen = -1, .atttypmod = -1};
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	struct wn_pg_result r = {0};
	struct wn_arena *a;
	struct wn_id *ids;
	struct wn_str *strs;
	int64_t *ints;

	if (!size || size > 10000) {
		PQclear(res);
		return 0;
	}
	a = wn_arena_new(0);
	attr.typid = oids[data[0] % WN_COUNT(oids)];
	PQsetResultAttrs(res, 1, &attr);
	PQsetvalue(res, 0, 0, (char *)data + 1, (int)size - 1);
	wn_pg_result_add(&r, res);
	wn_pg_get_int(&r, 0, 0);
	wn_pg_get_double(&r, 0, 0);
	wn_pg_get_us(&r, 0, 0);
	wn_pg_get_interval(&r, 0, 0);
	wn_pg_get_id(&r, 0, 0);
	wn_pg_get_str(&r, 0, 0);
	wn_pg_get_ids(&r, 0, 0, a, &ids);
	wn_pg_get_strs(&r, 0, 0, a, &strs);
	wn_pg_get_int8s(&r, 0, 0, a, &ints);
	wn_pg_show(&r, 0, 0, a);
	wn_arena_free(a);
	wn_pg_result_done(&r);
	return 0;
}
