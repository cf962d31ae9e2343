/* SPDX-License-Identifier: MIT */
/* Reference data: what the files say of kinds, traits, feeds and sinks; published segments; pauses. */
#include "store_internal.h"

static const struct {
	const struct wn_stmt *upsert, *disable, *list;
} refs[] = {
    [WN_REF_KIND] = {&wn_sql_kind_upsert, &wn_sql_kind_disable, &wn_sql_kind_list},
    [WN_REF_TRAIT] = {&wn_sql_trait_upsert, &wn_sql_trait_disable, &wn_sql_trait_list},
    [WN_REF_FEED] = {&wn_sql_feed_upsert, &wn_sql_feed_disable, &wn_sql_feed_list},
    [WN_REF_SINK] = {&wn_sql_sink_upsert, &wn_sql_sink_disable, &wn_sql_sink_list},
};

struct sync {
	enum wn_ref which;
	const struct wn_ref_row *rows;
	size_t n;
	int64_t now_us;
	int changed;
};

static void freep_arena(struct wn_arena **a)
{
	wn_arena_freep(a);
}

static enum wn_rc sync_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct sync *y = ctx;
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct wn_pg_param *p = WN_NEW_N(a, struct wn_pg_param, 5 * y->n + 1);
	struct wn_str *names = WN_NEW_N(a, struct wn_str, y->n + 1);
	RESULT(upserted);
	RESULT(disabled);
	for (size_t i = 0; i < y->n; i++) {
		const struct wn_ref_row *r = &y->rows[i];
		struct wn_pg_param row[] = {wn_pg_str(r->name), param_json_or(a, r->definition, "{}"),
					    wn_pg_bytes((struct wn_str){(const char *)r->checksum, 32}),
					    wn_pg_bool(true), wn_pg_time(y->now_us)};
		memcpy(&p[5 * i], row, sizeof(row));
		names[i] = r->name;
	}
	TRY(wn_pg_queue_rows(s->pg, refs[y->which].upsert, p, y->n, 5, NULL, 0, &upserted, err));
	TRY(wn_pg_queue(s->pg, refs[y->which].disable,
			WN_PARAMS(wn_pg_strs(a, names, y->n), wn_pg_time(y->now_us)), &disabled, err));
	TRY(wn_pg_flush(s->pg, err));
	y->changed = (int)(upserted.affected + disabled.affected);
	return WN_OK;
}

enum wn_rc wn_store_sync(struct wn_store *s, enum wn_ref which, const struct wn_ref_row *rows, size_t n,
			 int64_t now_us, int *changed, struct wn_err *err)
{
	struct sync y = {which, rows, n, now_us, 0};
	TRY(in_transaction(s, sync_in, &y, err));
	if (changed)
		*changed = y.changed;
	return WN_OK;
}

enum wn_rc wn_store_refs(struct wn_store *s, enum wn_ref which, struct wn_arena *a, struct wn_ref_row **rows,
			 size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, refs[which].list, WN_NO_PARAMS, &r, err));
	struct wn_ref_row *out = WN_NEW_N(a, struct wn_ref_row, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		out[i].name = get_str(&r, i, 0, a);
		out[i].definition = get_json(&r, i, 1, a);
		struct wn_str sum = wn_pg_get_str(&r, i, 2);
		if (sum.n == 32)
			memcpy(out[i].checksum, sum.p, 32);
		out[i].enabled = wn_pg_get_bool(&r, i, 3);
	}
	*rows = out;
	*n = (size_t)r.rows;
	return WN_OK;
}

/* --- segments ---- */
struct publish {
	struct wn_str name, source, definition;
	const char *by;
	int64_t now_us;
	int version;
};

static enum wn_rc publish_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct publish *p = ctx;
	RESULT(newest);
	TRY(wn_pg_queue(s->pg, &wn_sql_segment_ensure, WN_PARAMS(wn_pg_str(p->name)), NULL,
			err)); /* its row serialises publishers */
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_newest, WN_PARAMS(wn_pg_str(p->name), wn_pg_jsonb(p->definition)), &newest, err));
	int have = newest.rows ? (int)wn_pg_get_int(&newest, 0, 0) : 0;
	p->version = have;
	if (have && wn_str_eq(wn_pg_get_str(&newest, 0, 1), p->source) &&
	    !wn_str_is(wn_pg_get_str(&newest, 0, 2), "invalid") && wn_pg_get_bool(&newest, 0, 3))
		return wn_fail(err, WN_EXISTS, "version %d of segment " WN_STR_FMT " says the same", have,
			       WN_STR_ARG(p->name));
	enum wn_rc rc =
	    wn_pg_exec(s->pg, &wn_sql_segment_insert,
		       WN_PARAMS(wn_pg_str(p->name), wn_pg_int4(have + 1), wn_pg_str(p->source),
				 wn_pg_jsonb(p->definition), wn_pg_time(p->now_us), wn_pg_text(p->by)),
		       NULL, err);
	if (rc == WN_EXISTS)
		return wn_fail(err, WN_AGAIN,
			       "somebody else published segment " WN_STR_FMT " at the same moment",
			       WN_STR_ARG(p->name));
	if (rc != WN_OK)
		return rc;
	p->version = have + 1;
	wn_failpoint("store.publish");
	return wn_store_notify(s, "segment", err);
}

enum wn_rc wn_store_segment_publish(struct wn_store *s, struct wn_str name, struct wn_str source,
				    struct wn_str definition, const char *by, int64_t now_us, int *version,
				    struct wn_err *err)
{
	struct publish p = {name, source, definition, by, now_us, 0};
	enum wn_rc rc = in_transaction(s, publish_in, &p, err);
	if (version && (rc == WN_OK || rc == WN_EXISTS))
		*version = p.version;
	return rc;
}

/* --- stored sequences ---- */
enum wn_rc wn_store_sequences(struct wn_store *s, struct wn_arena *a, struct wn_sequence **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_sequence_list, WN_NO_PARAMS, &r, err));
	struct wn_sequence *v = WN_NEW_N(a, struct wn_sequence, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		struct wn_str name = get_str(&r, i, 0, a);
		int version = (int)wn_pg_get_int(&r, i, 1);
		v[i] = (struct wn_sequence){.name = name,
					    .version = version,
					    .text = get_str(&r, i, 2, a),
					    .published_us = wn_pg_get_us(&r, i, 3),
					    .file = wn_arena_printf(a, "sequence " WN_STR_FMT " version %d", WN_STR_ARG(name), version)};
	}
	*out = v;
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_sequence_publish(struct wn_store *s, struct wn_str name, struct wn_str definition, int64_t now_us, int *version,
				     struct wn_err *err)
{
	RESULT(newest);
	TRY(wn_pg_exec(s->pg, &wn_sql_sequence_newest, WN_PARAMS(wn_pg_str(name), wn_pg_jsonb(definition)), &newest, err));
	*version = newest.rows ? (int)wn_pg_get_int(&newest, 0, 0) : 0;
	if (newest.rows && wn_pg_get_bool(&newest, 0, 1))
		return wn_fail(err, WN_EXISTS, "version %d of sequence " WN_STR_FMT " says the same", *version, WN_STR_ARG(name));
	++*version;
	return wn_pg_exec(s->pg, &wn_sql_sequence_insert,
			  WN_PARAMS(wn_pg_str(name), wn_pg_int4(*version), wn_pg_jsonb(definition), wn_pg_time(now_us)), NULL, err);
}

/* --- marks ---- */
struct validity {
	struct wn_str name;
	int version;
	int64_t since_us, now_us;
	const struct wn_str *kinds;
	size_t n_kinds;
};

static enum wn_rc valid_in(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct validity *v = ctx;
	RESULT(marked);
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_mark,
		       WN_PARAMS(wn_pg_str(v->name), wn_pg_int4(v->version), wn_pg_text("valid"), wn_pg_text(NULL), wn_pg_time(v->now_us)),
		       &marked, err));
	if (!marked.affected || !v->since_us)
		return WN_OK;
	return wn_pg_exec(s->pg, &wn_sql_recheck_since,
			  WN_PARAMS(wn_pg_str(v->name), wn_pg_time(v->now_us), wn_pg_time(v->since_us), wn_pg_strs(a, v->kinds, v->n_kinds)),
			  NULL, err);
}

enum wn_rc wn_store_segment_valid(struct wn_store *s, struct wn_str name, int version, int64_t since_us, const struct wn_str *kinds,
				  size_t n_kinds, int64_t now_us, struct wn_err *err)
{
	struct validity v = {name, version, since_us, now_us, kinds, n_kinds};
	return in_transaction(s, valid_in, &v, err);
}

static int status_of(struct wn_str s)
{
	return wn_str_is(s, "valid")     ? WN_SEGMENT_VALID
	       : wn_str_is(s, "invalid") ? WN_SEGMENT_INVALID
					 : WN_SEGMENT_UNCHECKED;
}

enum wn_rc wn_store_segments(struct wn_store *s, const struct wn_segments_news *news, struct wn_arena *a, struct wn_segment_row **rows,
			     size_t *n, struct wn_err *err)
{
	RESULT(r);
	size_t kept = 0;
	if (news)
		TRY(wn_pg_exec(s->pg, &wn_sql_segments_new, WN_PARAMS(wn_pg_time(news->since_us), wn_pg_strs(a, news->names, news->n_names)), &r, err));
	else
		TRY(wn_pg_exec(s->pg, &wn_sql_segments_all, WN_NO_PARAMS, &r, err));
	struct wn_segment_row *out = WN_NEW_N(a, struct wn_segment_row, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++) {
		struct wn_segment_row row = {.name = get_str(&r, i, 0, a),
					     .version = (int)wn_pg_get_int(&r, i, 1),
					     .status = status_of(wn_pg_get_str(&r, i, 2)),
					     .published_us = wn_pg_get_us(&r, i, 3),
					     .withdrawn = wn_pg_get_bool(&r, i, 4),
					     .paused = wn_pg_get_bool(&r, i, 5),
					     .needed = wn_pg_get_bool(&r, i, 6)};
		if (row.needed || !row.withdrawn)
			out[kept++] = row;
	}
	*rows = out;
	*n = kept;
	return WN_OK;
}

static enum wn_rc read_sources(struct wn_store *s, struct wn_segment_row *const *rows, size_t n, struct wn_arena *a, struct wn_err *err)
{
	RESULT(r);
	struct wn_str *names = WN_NEW_N(a, struct wn_str, n + 1);
	int64_t *versions = WN_NEW_N(a, int64_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		names[i] = rows[i]->name;
		versions[i] = rows[i]->version;
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_sources, WN_PARAMS(wn_pg_strs(a, names, n), wn_pg_int8s(a, versions, n)), &r, err));
	for (int i = 0; i < r.rows; i++) {
		int64_t at = wn_pg_get_int(&r, i, 0);
		if (at > 0 && (size_t)at <= n)
			rows[at - 1]->source = get_str(&r, i, 1, a);
	}
	return WN_OK;
}

enum wn_rc wn_store_segment_sources(struct wn_store *s, struct wn_segment_row *const *rows, size_t n, struct wn_arena *a, struct wn_err *err)
{
	for (size_t i = 0; i < n; i += WN_SEGMENTS_PAGE)
		TRY(read_sources(s, rows + i, n - i < WN_SEGMENTS_PAGE ? n - i : WN_SEGMENTS_PAGE, a, err));
	return WN_OK;
}

enum wn_rc wn_store_segment_flags(struct wn_store *s, struct wn_arena *a, struct wn_segment_flags **out, size_t *n, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_flags, WN_NO_PARAMS, &r, err));
	struct wn_segment_flags *v = WN_NEW_N(a, struct wn_segment_flags, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		v[i] = (struct wn_segment_flags){get_str(&r, i, 0, a), wn_pg_get_bool(&r, i, 1), wn_pg_get_bool(&r, i, 2)};
	*out = v;
	*n = (size_t)r.rows;
	return WN_OK;
}

enum wn_rc wn_store_segment_count(struct wn_store *s, int64_t until_us, int64_t *versions, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_count, WN_PARAMS(wn_pg_time(until_us)), &r, err));
	*versions = wn_pg_get_int(&r, 0, 0);
	return WN_OK;
}

enum wn_rc wn_store_segments_valid(struct wn_store *s, const struct wn_segment_row *const *rows, size_t n, int64_t now_us, struct wn_err *err)
{
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct wn_str *names = WN_NEW_N(a, struct wn_str, n + 1);
	int64_t *versions = WN_NEW_N(a, int64_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		names[i] = rows[i]->name;
		versions[i] = rows[i]->version;
	}
	return n ? wn_pg_exec(s->pg, &wn_sql_segments_valid, WN_PARAMS(wn_pg_strs(a, names, n), wn_pg_int8s(a, versions, n), wn_pg_time(now_us)), NULL, err)
		 : WN_OK;
}

enum wn_rc wn_store_segment_mark(struct wn_store *s, struct wn_str name, int version, struct wn_str error,
				 int64_t now_us, struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_segment_mark,
			  WN_PARAMS(wn_pg_str(name), wn_pg_int4(version),
				    wn_pg_text(error.n ? "invalid" : "valid"), param_text(error),
				    wn_pg_time(now_us)),
			  NULL, err);
}

enum wn_rc wn_store_segment_withdraw(struct wn_store *s, struct wn_str name, bool withdrawn, const char *by,
				     int64_t now_us, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_withdraw,
		       WN_PARAMS(wn_pg_str(name), withdrawn ? wn_pg_time(now_us) : wn_pg_time_or_null(WN_NEVER),
				 wn_pg_text(withdrawn ? by : NULL)),
		       &r, err));
	return r.affected ? WN_OK : wn_fail(err, WN_NOT_FOUND, "no segment " WN_STR_FMT, WN_STR_ARG(name));
}

enum wn_rc wn_store_pause(struct wn_store *s, struct wn_str segment, bool paused, const char *by,
			  int64_t now_us, struct wn_err *err)
{
	RESULT(r);
	if (!segment.n)
		return paused ? wn_pg_exec(s->pg, &wn_sql_pause_all,
					   WN_PARAMS(wn_pg_time(now_us), wn_pg_text(by)), NULL, err)
			      : wn_pg_exec(s->pg, &wn_sql_resume_all, WN_NO_PARAMS, NULL, err);
	TRY(wn_pg_exec(s->pg, &wn_sql_segment_pause,
		       WN_PARAMS(wn_pg_str(segment), paused ? wn_pg_time(now_us) : wn_pg_time_or_null(WN_NEVER),
				 wn_pg_text(paused ? by : NULL)),
		       &r, err));
	return r.affected ? WN_OK : wn_fail(err, WN_NOT_FOUND, "no segment " WN_STR_FMT, WN_STR_ARG(segment));
}

enum wn_rc wn_store_is_paused(struct wn_store *s, bool *all, struct wn_err *err)
{
	RESULT(r);
	TRY(wn_pg_exec(s->pg, &wn_sql_pause_read, WN_NO_PARAMS, &r, err));
	*all = wn_pg_get_int(&r, 0, 0) > 0;
	return WN_OK;
}
