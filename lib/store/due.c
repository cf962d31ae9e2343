/* SPDX-License-Identifier: MIT */
/* The tick and the lists of due work. Timers are lazy: a row that is due is looked at, and may only have its
 * timer moved. */
#include "store_internal.h"

#include <stdlib.h>

static uint64_t digest_of(struct wn_str s)
{
	uint8_t sum[32];
	uint64_t v;
	wn_sha256(s, sum);
	memcpy(&v, sum, sizeof(v));
	return v;
}

enum wn_rc wn_store_tick(struct wn_store *s, int64_t segments_since_us, struct wn_tick *out, struct wn_err *err)
{
	RESULT(r);
	struct wn_tick t = {.sent_mono_us = wn_clock_monotonic_us()};
	TRY(wn_pg_exec(s->pg, &wn_sql_tick, WN_PARAMS(wn_pg_time(segments_since_us)), &r, err));
	t.received_mono_us = wn_clock_monotonic_us();
	t.db_us = wn_pg_get_us(&r, 0, 0);
	t.member_us = wn_pg_get_us(&r, 0, 1);
	t.campaign_us = wn_pg_get_us(&r, 0, 2);
	t.touch_us = wn_pg_get_us(&r, 0, 3);
	t.recheck_us = wn_pg_get_us(&r, 0, 4);
	t.outbox_us = wn_pg_get_us(&r, 0, 5);
	t.segments_digest = digest_of(wn_pg_get_str(&r, 0, 6));
	t.outcomes = wn_pg_get_bool(&r, 0, 7);
	*out = t;
	return WN_OK;
}

/* Which column holds what; -1: not in this list. */
struct shape {
	const struct wn_stmt *stmt;
	int account, campaign, contact, bucket, step, segment, signal, weight, channel;
};

static void due_of_row(const struct wn_pg_result *r, int i, const struct shape *h, struct wn_arena *a,
		       struct wn_due *d)
{
	*d = (struct wn_due){
	    .at_us = wn_pg_get_us(r, i, 0), .bucket = (int)wn_pg_get_int(r, i, h->bucket), .step = -1};
	if (h->account >= 0)
		d->account_id = wn_pg_get_id(r, i, h->account);
	if (h->campaign >= 0)
		d->campaign_id = wn_pg_get_id(r, i, h->campaign);
	if (h->contact >= 0)
		d->contact_id = wn_pg_get_id(r, i, h->contact);
	if (h->step >= 0)
		d->step = (int)wn_pg_get_int(r, i, h->step);
	if (h->segment >= 0)
		d->segment = get_str(r, i, h->segment, a);
	if (h->signal >= 0)
		d->signal_key = wn_pg_get_id(r, i, h->signal);
	if (h->channel >= 0)
		d->channel = get_str(r, i, h->channel, a);
	d->weight = h->weight >= 0 ? (int)wn_pg_get_int(r, i, h->weight) : 1;
}

static enum wn_rc list(struct wn_store *s, const struct shape *h, const struct wn_pg_param *p, size_t np,
		       struct wn_arena *a, struct wn_due **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, h->stmt, p, np, &r, err));
	*out = WN_NEW_N(a, struct wn_due, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		due_of_row(&r, i, h, a, &(*out)[i]);
	*n = (size_t)r.rows;
	return WN_OK;
}

static enum wn_rc query(struct wn_store *s, const struct shape *h, const struct wn_due_query *q,
			struct wn_arena *a, struct wn_due **out, size_t *n, struct wn_err *err)
{
	return list(s, h,
		    WN_PARAMS(wn_pg_time(q->until_us), wn_pg_int2(q->bucket_from), wn_pg_int2(q->bucket_to),
			      wn_pg_int8(q->limit)),
		    a, out, n, err);
}

enum wn_rc wn_store_due_members(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				struct wn_due **out, size_t *n, struct wn_err *err)
{
	return query(s, &(struct shape){&wn_sql_due_members, 1, 2, 3, 4, -1, -1, -1, -1, -1}, q, a, out, n, err);
}

enum wn_rc wn_store_due_campaigns(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				  struct wn_due **out, size_t *n, struct wn_err *err)
{
	return query(s, &(struct shape){&wn_sql_due_campaigns, 1, 2, -1, 3, -1, -1, -1, 4, -1}, q, a, out, n, err);
}

enum wn_rc wn_store_due_touches(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				struct wn_due **out, size_t *n, struct wn_err *err)
{
	return list(s, &(struct shape){&wn_sql_due_touches, 1, 2, 3, 4, 5, -1, -1, -1, 6},
		    WN_PARAMS(wn_pg_time(q->until_us), wn_pg_int2(q->bucket_from), wn_pg_int2(q->bucket_to),
			      wn_pg_int8(q->limit), wn_pg_strs(a, q->channels, q->n_channels)),
		    a, out, n, err);
}

enum wn_rc wn_store_due_rechecks(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				 struct wn_due **out, size_t *n, struct wn_err *err)
{
	return query(s, &(struct shape){&wn_sql_due_rechecks, 1, -1, -1, 2, -1, 3, 4, -1, -1}, q, a, out, n, err);
}

enum wn_rc wn_store_open_versions(struct wn_store *s, struct wn_arena *a, struct wn_segment_row **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_open_versions, WN_NO_PARAMS, &r, err));
	*out = WN_NEW_N(a, struct wn_segment_row, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		(*out)[i] = (struct wn_segment_row){.name = get_str(&r, i, 0, a), .version = (int)wn_pg_get_int(&r, i, 1)};
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_replaced_campaigns(struct wn_store *s, struct wn_str segment, int version,
				       struct wn_arena *a, struct wn_due **out, size_t *n, struct wn_err *err)
{
	return list(s, &(struct shape){&wn_sql_replaced_campaigns, 1, 2, -1, 3, -1, -1, -1, -1, -1},
		    WN_PARAMS(wn_pg_str(segment), wn_pg_int4(version)), a, out, n, err);
}

enum wn_rc wn_store_older_campaigns(struct wn_store *s, struct wn_str segment, int version,
				    struct wn_arena *a, struct wn_due **out, size_t *n, struct wn_err *err)
{
	return list(s, &(struct shape){&wn_sql_older_campaigns, 1, 2, -1, 3, -1, -1, -1, -1, -1},
		    WN_PARAMS(wn_pg_str(segment), wn_pg_int4(version)), a, out, n, err);
}

enum wn_rc wn_store_recheck_done(struct wn_store *s, const struct wn_due *r, struct wn_err *err)
{
	return wn_pg_queue(s->pg, &wn_sql_recheck_delete,
			   WN_PARAMS(wn_pg_int2(r->bucket), wn_pg_id(r->account_id), wn_pg_str(r->segment),
				     wn_pg_id(r->signal_key), wn_pg_time(r->at_us)),
			   NULL, err); /* one that was set anew meanwhile lies later and stays */
}

enum wn_rc wn_store_merge_candidates(struct wn_store *s, int limit, struct wn_arena *a,
				     struct wn_intake_merge **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_merge_candidates, WN_PARAMS(wn_pg_int8(limit)), &r, err));
	*out = WN_NEW_N(a, struct wn_intake_merge, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		(*out)[i] = (struct wn_intake_merge){wn_pg_get_id(&r, i, 0), wn_pg_get_id(&r, i, 1)};
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_open_counts(struct wn_store *s, int64_t *campaigns, int64_t *next_end_us,
				struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_open_counts, WN_NO_PARAMS, &r, err));
	*campaigns = wn_pg_get_int(&r, 0, 0);
	*next_end_us = wn_pg_get_us(&r, 0, 1);
	return WN_OK;
}
