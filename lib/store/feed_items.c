/* SPDX-License-Identifier: MIT */
/* Snapshot feeds: what they held when they were last read. Changed only in the transaction that moves the feed's cursor. */
#include "store_internal.h"

#include <stdlib.h>

enum wn_rc wn_store_feed_items(struct wn_store *s, struct wn_str feed, struct wn_arena *a, struct wn_feed_item **out, size_t *n,
			       struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_feed_items, WN_PARAMS(wn_pg_str(feed)), &r, err));
	*out = WN_NEW_N(a, struct wn_feed_item, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		struct wn_feed_item *x = &(*out)[i];
		struct wn_str content = get_str(&r, i, 1, a);
		*x = (struct wn_feed_item){.item = get_str(&r, i, 0, a), .value = get_json(&r, i, 2, a),
					   .seen_us = wn_pg_get_us(&r, i, 3), .missing_us = get_us_0(&r, i, 4)};
		memcpy(x->content.b, content.p, content.n < sizeof(x->content.b) ? content.n : sizeof(x->content.b));
	}
	*n = (size_t)r.rows;
	return WN_OK;
}

static int by_item(const void *x, const void *y)
{
	return wn_str_cmp(((const struct wn_feed_item *)x)->item, ((const struct wn_feed_item *)y)->item);
}

/* Sorted, so that writers never cross; of two with one name the last is kept. */
static enum wn_rc put(struct wn_store *s, struct wn_str feed, const struct wn_feed_items_move *m, struct wn_arena *a, struct wn_err *err)
{
	struct wn_pg_param *p = WN_NEW_N(a, struct wn_pg_param, m->n_seen * 5 + 1);
	struct wn_feed_item *rows = WN_NEW_N(a, struct wn_feed_item, m->n_seen + 1);
	size_t n = 0;
	if (m->n_seen)
		memcpy(rows, m->seen, m->n_seen * sizeof(*rows));
	qsort(rows, m->n_seen, sizeof(*rows), by_item);
	for (size_t i = 0; i < m->n_seen; i++) {
		if (i + 1 < m->n_seen && wn_str_eq(rows[i].item, rows[i + 1].item))
			continue;
		const struct wn_pg_param q[] = {wn_pg_str(feed), wn_pg_str(rows[i].item), wn_pg_key32(&rows[i].content),
						param_json_or(a, rows[i].value, "{}"), wn_pg_time(m->seen_us)};
		memcpy(&p[n++ * 5], q, sizeof(q));
	}
	return wn_pg_queue_rows(s->pg, &wn_sql_feed_item_put, p, n, 5, NULL, 0, NULL, err);
}

enum wn_rc wn_store_feed_items_move(struct wn_store *s, struct wn_str feed, const struct wn_feed_items_move *m, int64_t now_us,
				    struct wn_err *err)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	if (m->afresh)
		TRY(wn_pg_queue(s->pg, &wn_sql_feed_item_forget, WN_PARAMS(wn_pg_str(feed), wn_pg_null()), NULL, err));
	TRY(put(s, feed, m, a, err));
	if (m->n_missing)
		TRY(wn_pg_queue(s->pg, &wn_sql_feed_item_missing,
				WN_PARAMS(wn_pg_str(feed), wn_pg_strs(a, m->missing, m->n_missing), wn_pg_time(now_us)), NULL, err));
	if (m->n_gone)
		TRY(wn_pg_queue(s->pg, &wn_sql_feed_item_forget, WN_PARAMS(wn_pg_str(feed), wn_pg_strs(a, m->gone, m->n_gone)), NULL, err));
	return wn_pg_flush(s->pg, err);
}
