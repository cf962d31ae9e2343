/* SPDX-License-Identifier: MIT */
/* Finding by what people type: unique id prefixes, domains, names, addresses; named reads; fsck. */
#include "store_internal.h"

#include <stdio.h>

/* One hit, or a sentence. Rows of one id (a signal's partitions, a contact of two accounts) are one only if
 * they agree. */
static enum wn_rc one_of(const struct wn_pg_result *r, const char *what, struct wn_str text,
			 struct wn_ref_id *out, struct wn_err *err)
{
	char list[400] = "";
	if (!r->rows)
		return wn_fail(err, WN_NOT_FOUND, "no %s " WN_STR_FMT, what, WN_STR_ARG(text));
	for (int i = 0; i < r->rows; i++) {
		char id[37];
		wn_id_to_text(wn_pg_get_id(r, i, 0), id);
		size_t at = strlen(list);
		snprintf(list + at, sizeof(list) - at, "%s%.13s (%.40s)", i ? ", " : "", id,
			 wn_pg_get_cstr(r, i, 3));
	}
	if (r->rows > 1)
		return wn_fail(err, WN_REFUSED, WN_STR_FMT " means more than one %s: %s", WN_STR_ARG(text),
			       what, list);
	*out = (struct wn_ref_id){wn_pg_get_id(r, 0, 0), (int)wn_pg_get_int(r, 0, 1), wn_pg_get_id(r, 0, 2)};
	return WN_OK;
}

static enum wn_rc by_prefix(struct wn_store *s, const struct wn_stmt *stmt, const char *what,
			    struct wn_str prefix, struct wn_ref_id *out, struct wn_err *err)
{
	RESULT(r);
	struct wn_id low, high;
	if (!wn_id_bounds(prefix, &low, &high))
		return wn_fail(err, WN_INVALID,
			       WN_STR_FMT " is no id: at least %d hex digits of one are needed",
			       WN_STR_ARG(prefix), WN_ID_PREFIX_MIN);
	TRY(wn_pg_exec(s->pg, stmt, WN_PARAMS(wn_pg_id(low), wn_pg_id(high)), &r, err));
	return one_of(&r, what, prefix, out, err);
}

enum wn_rc wn_store_find_campaign(struct wn_store *s, struct wn_str prefix, struct wn_ref_id *out,
				  struct wn_err *err)
{
	return by_prefix(s, &wn_sql_find_campaigns, "campaign", prefix, out, err);
}

enum wn_rc wn_store_find_signal(struct wn_store *s, struct wn_str prefix, struct wn_ref_id *out,
				struct wn_err *err)
{
	return by_prefix(s, &wn_sql_find_signals, "signal", prefix, out, err);
}

static void freep_arena(struct wn_arena **a)
{
	wn_arena_freep(a);
}

enum wn_rc wn_store_find_contact(struct wn_store *s, struct wn_str text, struct wn_ref_id *out,
				 struct wn_err *err)
{
	RESULT(r);
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct wn_str email;
	if (!memchr(text.p ? text.p : "", '@', text.n))
		return by_prefix(s, &wn_sql_find_contacts, "contact", text, out, err);
	if (!wn_email_normalise(text, a, &email))
		return wn_fail(err, WN_INVALID, WN_STR_FMT " is no address", WN_STR_ARG(text));
	TRY(wn_pg_exec(s->pg, &wn_sql_find_contacts_by_address, WN_PARAMS(wn_pg_str(email)), &r, err));
	return one_of(&r, "contact", text, out, err);
}

/* The survivor of a merged account. */
static enum wn_rc follow(struct wn_store *s, struct wn_arena *a, struct wn_id *id, struct wn_err *err)
{
	for (int hop = 0; hop < 8; hop++) {
		RESULT(r);
		struct key_list keys = {0};
		key_add(a, &keys, *id, wn_id_bucket(*id));
		TRY(wn_pg_exec(s->pg, &wn_sql_account_peek, WN_PARAMS(KEY_PARAMS(a, &keys)), &r, err));
		if (!r.rows || wn_pg_is_null(&r, 0, 2))
			return WN_OK;
		*id = wn_pg_get_id(&r, 0, 2);
	}
	return WN_OK;
}

static enum wn_rc by_alias(struct wn_store *s, struct wn_arena *a, struct wn_str domain, struct wn_str squeezed,
			   struct wn_id *out, struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	if (domain.n)
		key_add(a, &keys, alias_id("domain", domain), wn_id_bucket(alias_id("domain", domain)));
	if (squeezed.n)
		key_add(a, &keys, alias_id("name", squeezed), wn_id_bucket(alias_id("name", squeezed)));
	TRY(wn_pg_exec(s->pg, &wn_sql_alias_lookup, WN_PARAMS(KEY_PARAMS(a, &keys)), &r, err));
	bool one = r.rows > 0;
	for (int i = 1; i < r.rows; i++)
		one &= wn_pg_get_int(&r, i, 0) != wn_pg_get_int(&r, 0, 0) ||
		       wn_id_eq(wn_pg_get_id(&r, i, 1), wn_pg_get_id(&r, 0, 1));
	if (one)
		*out = wn_pg_get_id(&r, 0, 1);
	return one ? WN_OK : WN_NOT_FOUND;
}

enum wn_rc wn_store_find_account(struct wn_store *s, struct wn_str text, struct wn_id *out, struct wn_err *err)
{
	RESULT(r);
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct wn_str domain = {NULL, 0}, key = wn_name_normalise(text, a);
	struct wn_ref_id hit = {0};
	struct wn_id low, high;
	if (memchr(text.p ? text.p : "", '.', text.n) && !wn_domain_registrable(text, a, &domain))
		domain = (struct wn_str){NULL, 0};
	enum wn_rc rc = by_alias(s, a, domain, wn_name_squeeze(key, a), &hit.id, err);
	if (rc == WN_NOT_FOUND) {
		TRY(wn_pg_exec(s->pg, &wn_sql_find_accounts_by_text,
			       WN_PARAMS(wn_pg_str(domain.n ? domain : text), wn_pg_str(key)), &r, err));
		rc = one_of(&r, "account", text, &hit, err);
	}
	if (rc == WN_NOT_FOUND && wn_id_bounds(text, &low, &high))
		rc = by_prefix(s, &wn_sql_find_accounts, "account", text, &hit, err);
	if (rc == WN_OK)
		rc = follow(s, a, &hit.id, err);
	if (rc == WN_OK)
		*out = hit.id;
	return rc;
}

/* --- named reads ---- */
enum wn_rc wn_store_read(struct wn_store *s, const char *name, const struct wn_pg_param *params, size_t n,
			 struct wn_pg_result *out, struct wn_err *err)
{
	char full[64];
	snprintf(full, sizeof(full), "read_%s", name);
	const struct wn_stmt *stmt = wn_store_stmt(full);
	if (!stmt)
		return wn_fail(err, WN_NOT_FOUND, "no read named %s", name);
	return wn_pg_exec(s->pg, stmt, params, n, out, err);
}

/* --- fsck ---- */
/* The first comment line of the statement. */
static const char *sentence_of(const struct wn_stmt *stmt, struct wn_arena *a)
{
	const char *from = strncmp(stmt->sql, "-- ", 3) == 0 ? stmt->sql + 3 : stmt->sql,
		   *end = strchr(from, '\n');
	return wn_arena_strdup(a, (struct wn_str){from, end ? (size_t)(end - from) : strlen(from)});
}

struct findings {
	struct wn_arena *a;
	WN_VEC(struct wn_fsck_row) v;
};

static enum wn_rc run_check(struct wn_store *s, const struct wn_stmt *stmt, int64_t now_us, int64_t bound_us,
			    struct findings *f, struct wn_err *err)
{
	RESULT(r);
	/* Wrapped so that every check takes both parameters, whether it looks at them or not, and ends at the
	 * ceiling. */
	const struct wn_stmt limited = {
	    NULL, wn_arena_printf(f->a,
				  "WITH bound_ AS (SELECT $1::timestamptz AS now_, $2::interval AS late_) "
				  "SELECT q.what FROM (\n%s\n) AS q (what), bound_ LIMIT %d",
				  stmt->sql, WN_FSCK_ROWS_MAX)};
	enum wn_rc rc =
	    wn_pg_exec(s->pg, &limited, WN_PARAMS(wn_pg_time(now_us), wn_pg_interval(bound_us)), &r, err);
	if (rc != WN_OK)
		return wn_fail_more(err, rc, "%s", stmt->name);
	for (int i = 0; i < r.rows; i++)
		*WN_PUSH(f->a, &f->v) = (struct wn_fsck_row){stmt->name + strlen("fsck_"),
							     sentence_of(stmt, f->a), get_str(&r, i, 0, f->a)};
	return WN_OK;
}

enum wn_rc wn_store_fsck(struct wn_store *s, int64_t now_us, int64_t bound_us, struct wn_arena *a,
			 struct wn_fsck_row **rows, size_t *n, int *checks, struct wn_err *err)
{
	struct findings f = {.a = a};
	int run = 0;
	const struct wn_stmt *stmt;
	for (size_t i = 0; (stmt = stmt_at(i)); i++)
		if (strncmp(stmt->name, "fsck_", 5) == 0) {
			TRY(run_check(s, stmt, now_us, bound_us, &f, err));
			run++;
		}
	*rows = f.v.v;
	*n = f.v.n;
	if (checks)
		*checks = run;
	return WN_OK;
}
