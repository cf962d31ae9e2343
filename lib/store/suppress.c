/* SPDX-License-Identifier: MIT */
/* Suppression: who must not be contacted, kept by keyed hash so that the list itself names nobody. */
#include "store_internal.h"

struct wn_key32 wn_store_suppression_key(struct wn_str key, const char *what, struct wn_str text)
{
	struct wn_str fields[] = {wn_str_of(what), text};
	return wn_key32_keyed(key, "suppression", fields, 2);
}

struct wn_str wn_store_person(struct wn_arena *a, struct wn_id account_id, struct wn_str name)
{
	char id[37];
	wn_id_to_text(account_id, id);
	struct wn_str person = wn_person_normalise(name, a);
	return wn_str_of(wn_arena_printf(a, "%s " WN_STR_FMT, id, WN_STR_ARG(person)));
}

enum wn_rc wn_store_accounts_of_mail_domain(struct wn_store *s, struct wn_str domain, struct wn_arena *a,
					    struct wn_id **ids, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_contact_accounts_of_domain, WN_PARAMS(wn_pg_str(domain)), &r, err));
	*ids = WN_NEW_N(a, struct wn_id, (size_t)r.rows + 2);
	for (int i = 0; i < r.rows; i++)
		(*ids)[i] = wn_pg_get_id(&r, i, 0);
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_suppress(struct wn_store *s, const char *what, struct wn_str text, const char *reason,
			     const char *by, int64_t now_us, int64_t until_us, struct wn_err *err)
{
	TRY(need_key(s, err));
	struct wn_key32 k = wn_store_suppression_key(wn_store_key(s), what, text);
	return wn_pg_exec(s->pg, &wn_sql_suppression_set,
			  WN_PARAMS(wn_pg_int2(wn_key32_bucket(k)), wn_pg_key32(&k), wn_pg_text(what),
				    wn_pg_text(reason), wn_pg_time(now_us), wn_pg_time(until_us),
				    wn_pg_text(by)),
			  NULL, err);
}

enum wn_rc wn_store_unsuppress(struct wn_store *s, const char *what, struct wn_str text, int64_t now_us,
			       struct wn_err *err)
{
	RESULT(r);
	TRY(need_key(s, err));
	struct wn_key32 k = wn_store_suppression_key(wn_store_key(s), what, text);
	TRY(wn_pg_exec(s->pg, &wn_sql_suppression_lift,
		       WN_PARAMS(wn_pg_int2(wn_key32_bucket(k)), wn_pg_key32(&k), wn_pg_time(now_us)), &r,
		       err));
	return r.affected ? WN_OK : wn_fail(err, WN_NOT_FOUND, "there is no suppression that could be lifted");
}

enum wn_rc wn_store_accounts_of_address(struct wn_store *s, struct wn_str address, struct wn_arena *a,
					struct wn_id **ids, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(need_key(s, err));
	TRY(wn_pg_exec(
	    s->pg, &wn_sql_contact_accounts,
	    WN_PARAMS(wn_pg_id(wn_contact_id_of_address(wn_store_key(s), address)), wn_pg_str(address)), &r,
	    err));
	*ids = WN_NEW_N(a, struct wn_id, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		(*ids)[i] = wn_pg_get_id(&r, i, 0);
	*n = (size_t)r.rows;
	return WN_OK;
}
