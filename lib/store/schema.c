/* SPDX-License-Identifier: MIT */
/*
 * Migrations, the check at start-up, the key's check value, the server's identity, partitions. Forward only: a
 * schema that is older or newer than this program is refused with the command that helps.
 */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>

static void checksum_of(const struct wn_migration *m, uint8_t out[32])
{
	wn_sha256(wn_str_of(m->sql), out);
}

static enum wn_rc read_versions(struct wn_store *s, struct wn_pg_result *out, struct wn_err *err)
{
	RESULT(exists);
	TRY(wn_pg_exec(s->pg, &wn_sql_schema_exists, WN_NO_PARAMS, &exists, err));
	if (!wn_pg_get_bool(&exists, 0, 0))
		return WN_OK;
	return wn_pg_exec(s->pg, &wn_sql_schema_versions, WN_NO_PARAMS, out, err);
}

/* Every applied migration that this program knows too must have the text it knows. */
static enum wn_rc compare(const struct wn_pg_result *have, int *newest, struct wn_err *err)
{
	size_t n;
	const struct wn_migration *m = wn_store_migrations(&n);
	*newest = 0;
	for (int i = 0; i < have->rows; i++) {
		int version = (int)wn_pg_get_int(have, i, 0);
		*newest = version;
		for (size_t k = 0; k < n; k++) {
			uint8_t sum[32];
			checksum_of(&m[k], sum);
			struct wn_str stored = wn_pg_get_str(have, i, 2);
			if (m[k].version == version && (stored.n != 32 || memcmp(stored.p, sum, 32) != 0))
				return wn_fail(
				    err, WN_REFUSED,
				    "migration %s in the database is not the one of this program (other text); "
				    "the schema was made by another build",
				    m[k].name);
		}
	}
	return WN_OK;
}

enum wn_rc wn_store_schema_check(struct wn_store *s, struct wn_schema_status *out, struct wn_err *err)
{
	RESULT(have);
	size_t n;
	struct wn_schema_status st = {.want = wn_store_migrations(&n)[n - 1].version};
	st.want = wn_store_migrations(&n)[n - 1].version;
	TRY(read_versions(s, &have, err));
	enum wn_rc rc = compare(&have, &st.have, err);
	if (out)
		*out = st;
	if (rc != WN_OK)
		return rc;
	if (st.have == 0)
		return wn_fail(
		    err, WN_REFUSED,
		    "the database has no whynow schema yet: run `whynow db init`, then `whynow db migrate`");
	if (st.have < st.want)
		return wn_fail(err, WN_REFUSED,
			       "the schema is version %d, this program needs %d: run `whynow db migrate`",
			       st.have, st.want);
	if (st.have > st.want)
		return wn_fail(
		    err, WN_REFUSED,
		    "the schema is version %d, newer than this program knows (%d): install the newer whynow",
		    st.have, st.want);
	return WN_OK;
}

static enum wn_rc apply(struct wn_store *s, const struct wn_migration *m, struct wn_err *err)
{
	uint8_t sum[32];
	enum wn_rc rc = wn_pg_script(s->pg, m->sql, err);
	if (rc != WN_OK)
		return wn_fail_more(err, rc, "migration %s", m->name);
	checksum_of(m, sum);
	return wn_pg_exec(s->pg, &wn_sql_schema_record,
			  WN_PARAMS(wn_pg_int4(m->version), wn_pg_text(m->name),
				    wn_pg_bytes((struct wn_str){(char *)sum, 32})),
			  NULL, err);
}

static enum wn_rc migrate(struct wn_store *s, void *ctx, struct wn_err *err)
{
	int newest, *applied = ctx;
	size_t n;
	const struct wn_migration *m = wn_store_migrations(&n);
	RESULT(owner);
	RESULT(have);
	TRY(wn_pg_exec(s->pg, &wn_sql_schema_lock, WN_NO_PARAMS, NULL, err));
	TRY(wn_pg_exec(s->pg, &wn_sql_schema_owner, WN_NO_PARAMS, &owner, err));
	if (owner.rows)
		TRY(wn_pg_script(s->pg, wn_sql_schema_set_owner.sql, err));
	TRY(read_versions(s, &have, err));
	TRY(compare(&have, &newest, err));
	if (newest > m[n - 1].version)
		return wn_fail(
		    err, WN_REFUSED,
		    "the schema is version %d, newer than this program knows (%d): install the newer whynow",
		    newest, m[n - 1].version);
	for (size_t i = 0; i < n; i++)
		if (m[i].version > newest) {
			TRY(apply(s, &m[i], err));
			++*applied;
		}
	return wn_pg_script(s->pg, wn_sql_grants.sql, err);
}

enum wn_rc wn_store_migrate(struct wn_store *s, int *applied, struct wn_err *err)
{
	int n = 0;
	TRY(in_transaction(s, migrate, &n, err));
	if (applied)
		*applied = n;
	return WN_OK;
}

/* --- key and identity ---- */
enum wn_rc wn_store_key_check(struct wn_store *s, struct wn_err *err)
{
	RESULT(r);
	uint8_t check[32];
	TRY(need_key(s, err));
	wn_hmac_sha256(wn_store_key(s), WN_STR("whynow installation key check"), check);
	struct wn_str mine = {(char *)check, 32};
	TRY(wn_pg_exec(s->pg, &wn_sql_key_check_write, WN_PARAMS(wn_pg_bytes(mine)), NULL, err));
	TRY(wn_pg_exec(s->pg, &wn_sql_key_check_read, WN_NO_PARAMS, &r, err));
	if (!wn_str_eq(wn_pg_get_str(&r, 0, 0), mine))
		return wn_fail(
		    err, WN_REFUSED,
		    "the installation key is not the one this database was filled with: every instance and the "
		    "command line must use the same key file");
	return WN_OK;
}

static int identity_cmp(struct wn_db_identity a, struct wn_db_identity b)
{
	if (a.system != b.system)
		return a.system < b.system ? -1 : 1;
	return a.timeline == b.timeline ? 0 : a.timeline < b.timeline ? -1 : 1;
}

/* Digits only, as the server gives them; saturates. */
static uint64_t number_of(struct wn_str s)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		v = v > (UINT64_MAX - 9) / 10 ? UINT64_MAX : v * 10 + (uint64_t)(s.p[i] - '0');
	return v;
}

enum wn_rc wn_store_identity_check(struct wn_store *s, struct wn_db_identity *highest, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_identity_read, WN_NO_PARAMS, &r, err));
	struct wn_db_identity here = {number_of(wn_pg_get_str(&r, 0, 0)), (uint32_t)wn_pg_get_int(&r, 0, 1)};
	struct wn_db_identity stored = {number_of(wn_pg_get_str(&r, 0, 2)), (uint32_t)wn_pg_get_int(&r, 0, 3)};
	if (identity_cmp(stored, *highest) > 0)
		*highest = stored;
	if (identity_cmp(here, *highest) < 0)
		return wn_fail(err, WN_REFUSED,
			       "this server (system %llu, timeline %u) is older than one seen before (system "
			       "%llu, timeline %u): "
			       "an old primary that must not be written to",
			       (unsigned long long)here.system, here.timeline,
			       (unsigned long long)highest->system, highest->timeline);
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)here.system);
	TRY(wn_pg_exec(s->pg, &wn_sql_identity_write,
		       WN_PARAMS(wn_pg_text(text), wn_pg_int4((int32_t)here.timeline)), NULL, err));
	*highest = here;
	return WN_OK;
}

/* --- partitions ---- */
static const char *const partitioned[] = {"signal", "sighting", "history", "fact_change"};

/* Asks first, so that a daemon whose partitions are there does no DDL and needs no right to. */
static enum wn_rc ensure(struct wn_store *s, const char *table, int64_t at_us, int *made, struct wn_err *err)
{
	RESULT(there);
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_partition_exists, WN_PARAMS(wn_pg_text(table), param_day(at_us)), &there,
		       err));
	if (wn_pg_get_bool(&there, 0, 0))
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_partition_ensure, WN_PARAMS(wn_pg_text(table), param_day(at_us)), &r,
		       err));
	*made += wn_pg_get_bool(&r, 0, 0);
	return WN_OK;
}

enum wn_rc wn_store_partitions(struct wn_store *s, int64_t now_us, int64_t ahead_us, int *made,
			       struct wn_err *err)
{
	int n = 0;
	for (size_t i = 0; i < WN_COUNT(partitioned); i++) {
		for (int64_t at = now_us; at < now_us + ahead_us; at += 27 * WN_DAY)
			TRY(ensure(s, partitioned[i], at, &n, err));
		TRY(ensure(s, partitioned[i], now_us + ahead_us, &n, err));
	}
	if (made)
		*made = n;
	return WN_OK;
}

enum wn_rc wn_store_partitions_drop(struct wn_store *s, const char *table, int64_t before_us, int *dropped,
				    struct wn_err *err)
{
	RESULT(old);
	RESULT(r);
	if (dropped)
		*dropped = 0;
	TRY(wn_pg_exec(s->pg, &wn_sql_partition_old, WN_PARAMS(wn_pg_text(table), param_day(before_us)), &old, err));
	if (!wn_pg_get_bool(&old, 0, 0))
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_partition_drop, WN_PARAMS(wn_pg_text(table), param_day(before_us)), &r,
		       err));
	if (dropped)
		*dropped = (int)wn_pg_get_int(&r, 0, 0);
	return WN_OK;
}

/* The mark goes with the months: without it the checks would miss them. */
static enum wn_rc drop_months(struct wn_store *s, const char *table, int64_t before_us, int *dropped, struct wn_err *err)
{
	TRY(wn_store_begin(s, err));
	enum wn_rc rc = wn_store_partitions_drop(s, table, before_us, dropped, err);
	if (rc == WN_OK && *dropped && strcmp(table, "history") == 0)
		rc = wn_pg_exec(s->pg, &wn_sql_history_pruned_to, WN_PARAMS(wn_pg_time(before_us)), NULL, err);
	rc = rc ? rc : wn_store_commit(s, err);
	if (rc)
		wn_store_rollback(s);
	return rc;
}

enum wn_rc wn_store_retain(struct wn_store *s, int64_t signals_before_us, int64_t history_before_us, int *dropped, struct wn_err *err)
{
	RESULT(r);
	int total = 0, n = 0;
	TRY(wn_pg_exec(s->pg, &wn_sql_retention_bounds, WN_PARAMS(wn_pg_time(signals_before_us), wn_pg_time(history_before_us)), &r, err));
	int64_t signals_us = wn_pg_get_us(&r, 0, 0), history_us = wn_pg_get_us(&r, 0, 1);
	for (size_t i = 0; i < WN_COUNT(partitioned); i++) {
		TRY(drop_months(s, partitioned[i], strcmp(partitioned[i], "history") == 0 ? history_us : signals_us, &n, err));
		total += n;
	}
	if (dropped)
		*dropped = total;
	return WN_OK;
}
