/* SPDX-License-Identifier: MIT */
/* Looking over all accounts, page by page, without a lock: for people who ask what a rule would select. */
#include "store_internal.h"

enum wn_rc wn_store_scan_accounts(struct wn_store *s, struct wn_world *w, struct wn_id after, size_t n,
				  unsigned flags, struct wn_err *err)
{
	RESULT(r);
	size_t had = w->accounts.n;
	int bucket = wn_id_is_nil(after) ? -1 : wn_id_bucket(after);
	TRY(wn_pg_exec(s->pg, &wn_sql_account_scan,
		       WN_PARAMS(wn_pg_int4(bucket), wn_pg_id(after), wn_pg_int8((int64_t)n)), &r, err));
	for (int i = 0; i < r.rows; i++)
		account_of_row(w, &r, i);
	return flags && w->accounts.n > had
		   ? wn_store_load_parts(s, w, w->accounts.v + had, w->accounts.n - had, flags, err)
		   : WN_OK;
}
