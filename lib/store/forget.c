/* SPDX-License-Identifier: MIT */
/* Erasure of a person from what the world does not write: logs of changes, events, sightings, refusals. */
#include "store_internal.h"
#include <whynow/text.h>

enum wn_rc wn_store_forget(struct wn_store *s, const struct wn_forget *f, struct wn_arena *a, struct wn_err *err)
{
	struct wn_pg_param account = wn_pg_id(f->account_id), contact = wn_pg_id(f->contact_id), signals = wn_pg_ids(a, f->signals, f->n_signals);
	const struct wn_stmt *const of_contact[] = {&wn_sql_forget_fact_changes, &wn_sql_forget_history, &wn_sql_forget_outbox, &wn_sql_forget_outcomes};
	for (size_t i = 0; i < WN_COUNT(of_contact); i++)
		TRY(wn_pg_exec(s->pg, of_contact[i], WN_PARAMS(account, contact), NULL, err));
	if (f->n_signals) {
		TRY(wn_pg_exec(s->pg, &wn_sql_forget_history_signals, WN_PARAMS(account, signals), NULL, err));
		TRY(wn_pg_exec(s->pg, &wn_sql_forget_outbox_signals, WN_PARAMS(account, signals), NULL, err));
		TRY(wn_pg_exec(s->pg, &wn_sql_forget_sightings, WN_PARAMS(signals), NULL, err));
	}
	struct wn_str said[] = {f->email, f->name};
	for (size_t i = 0; i < WN_COUNT(said); i++)
		if (said[i].n)
			TRY(wn_pg_exec(s->pg, &wn_sql_forget_rejects, WN_PARAMS(wn_pg_str(wn_text_lower_ascii(said[i], a))), NULL, err));
	if (!f->email.n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_forget_inbox, WN_PARAMS(wn_pg_str(f->email)), NULL, err));
	return wn_pg_exec(s->pg, &wn_sql_forget_reviews, WN_PARAMS(wn_pg_str(f->email)), NULL, err);
}
