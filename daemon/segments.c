/* SPDX-License-Identifier: MIT */
/*
 * Published segments come into force: what the tick tells of is read, compiled, put into the book and marked in the table;
 * campaigns of what was replaced or withdrawn take no new members.
 *
 * There may be a hundred thousand. After the first reading only what is new is asked for; compiling and filing go in slices,
 * between which everything else of the loop has its turn. A reload in the middle begins anew with its own book.
 */
#include "segments_parts.h"
#include <malloc.h>
#include <stdlib.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

enum {
	SLICE_TEND = 256,             /* rules filed anew at a time */
	OVERLAP_S = 60,               /* transactions may commit so long after they published */
};

struct wn_segments {
	struct wn_book *book;         /* its segments are those of the table; a reload brings another */
	uint64_t digest;              /* as of the tick before the last reading */
	int64_t since_us;             /* ticks ask for what is newer */
	int64_t versions;             /* published until then, as counted before the last reading */
	bool miscounted;              /* something was committed late: everything is looked at */
	struct wn_arena *arena;       /* of the flags */
	struct wn_segment_flags *flags;
	size_t n_flags;
};

/* ------------------------------------------------------------------------------------- withdrawn and paused */
enum wn_rc segments_slice(struct segments_reading *r, size_t done, size_t size)
{
	enum wn_rc rc = done % size == 0 ? wn_fiber_yield(r->d->loop) : WN_OK;
	return rc == WN_OK && r->d->book != r->book ? WN_AGAIN : rc;
}

static bool is_withdrawn(const struct wn_segments *st, struct wn_str name)
{
	size_t lo = 0, hi = st->n_flags;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int by = wn_str_cmp(name, st->flags[mid].name);
		if (by == 0)
			return st->flags[mid].withdrawn;
		lo = by > 0 ? mid + 1 : lo;
		hi = by > 0 ? hi : mid;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_segment_flags *)a)->name, ((const struct wn_segment_flags *)b)->name);
}

static enum wn_rc read_flags(struct segments_reading *r, struct wn_arena *a, struct wn_segments *out, struct wn_err *err)
{
	enum wn_rc rc = wn_store_segment_flags(r->store, a, &out->flags, &out->n_flags, err);
	if (rc == WN_OK && out->n_flags)
		qsort(out->flags, out->n_flags, sizeof(*out->flags), by_name); /* by bytes, whatever the database's order */
	return rc;
}

/* Those that were withdrawn and are not any more. */
static void find_back(struct segments_reading *r, const struct wn_segments *now, struct wn_segments_news *news)
{
	struct wn_str *names = WN_NEW_N(r->arena, struct wn_str, r->st->n_flags + 1);
	for (size_t i = 0; i < r->st->n_flags; i++)
		if (r->st->flags[i].withdrawn && !is_withdrawn(now, r->st->flags[i].name))
			names[news->n_names++] = r->st->flags[i].name;
	news->names = names;
}

static void withdraw(struct segments_reading *r, struct wn_str name)
{
	if (!wn_catalog_segment(&r->book->catalog, name, 0))
		return;
	wn_book_withdraw(r->book, name);
	r->changed = true;
}

/* Rows can vanish only by hand; then what they said goes too. */
static enum wn_rc withdraw_missing(struct segments_reading *r)
{
	size_t n = r->book->n_segments;
	bool *there = WN_NEW_N(r->arena, bool, n + 1);
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; n && i < r->n && rc == WN_OK; i++) { /* only here do segments come and go, so that positions hold */
		const struct wn_segment *s = r->rows[i].withdrawn ? NULL : wn_catalog_segment(&r->book->catalog, r->rows[i].name, 0);
		if (s)
			there[s->position] = true;
		rc = segments_slice(r, i + 1, SEGMENTS_SLICE_ROWS);
	}
	WN_VEC(struct wn_str) gone = {0};
	for (size_t i = 0; i < n && rc == WN_OK; i++)
		if (!there[i])
			*WN_PUSH(r->arena, &gone) = wn_str_of(r->book->segments[i]->name);
	for (size_t i = 0; i < gone.n && rc == WN_OK; i++) {
		withdraw(r, gone.v[i]);
		rc = segments_slice(r, i + 1, SEGMENTS_SLICE);
	}
	return rc;
}

static void pause_flagged(struct wn_book *b, const struct wn_segments *st, bool paused)
{
	for (size_t i = 0; i < st->n_flags; i++)
		if (st->flags[i].paused)
			wn_book_pause(b, st->flags[i].name, paused);
}

static enum wn_rc use_flags(struct segments_reading *r, const struct wn_segments *now, struct wn_arena *a)
{
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < now->n_flags && rc == WN_OK; i++) {
		if (now->flags[i].withdrawn)
			withdraw(r, now->flags[i].name);
		rc = segments_slice(r, i + 1, SEGMENTS_SLICE);
	}
	pause_flagged(r->book, r->st, false);
	pause_flagged(r->book, now, true);
	wn_arena_free(r->st->arena);
	r->st->arena = a;
	r->st->flags = now->flags;
	r->st->n_flags = now->n_flags;
	return rc;
}

/* ------------------------------------------------------------------------------------------ replaced campaigns */
static enum wn_rc step_replaced(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	const struct wn_due *due = ctx;
	(void)s;
	struct wn_campaign *c = wn_world_campaign(w, due->campaign_id);
	return c ? wn_campaign_step(w, &(struct wn_event){.type = WN_EV_REPLACED, .campaign = c}, err) : WN_OK;
}

static enum wn_rc load_replaced(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	const struct wn_due *due = ctx;
	struct wn_campaign *c;
	enum wn_rc rc = wn_store_load_campaign(s, w, due->bucket, due->campaign_id, false, &c, err);
	return rc == WN_NOT_FOUND ? WN_OK : rc;
}

static enum wn_rc finish(struct wn_daemon *d, struct wn_str name, int version, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due = NULL;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_replaced_campaigns(s, name, version, a, &due, &n, err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		struct wn_unit u = {.actor = "sweeper", .load = load_replaced, .step = step_replaced, .ctx = &due[i]};
		struct wn_worker k = wn_daemon_worker(d, &d->sweep_session);
		rc = wn_unit_run(&k, &u, err);
		if (rc && rc != WN_CANCELLED && !wn_rc_is_temporary(rc))
			wn_log(WN_ERR, NULL, NULL, "the campaigns of a replaced segment could not be ended: %s", err->text);
	}
	wn_arena_free(a);
	return rc;
}

/* Campaigns of versions that are not in force any more take no new members from now on. */
static enum wn_rc finish_replaced(struct segments_reading *r, struct wn_err *err)
{
	struct wn_segment_row *open = NULL;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(r->d->loop, wn_store_turn(r->store));
	if (rc)
		return rc;
	rc = wn_store_open_versions(r->store, r->arena, &open, &n, err);
	wn_turn_give(wn_store_turn(r->store));
	for (size_t i = 0; i < n && rc == WN_OK; i++) {
		const struct wn_segment *s = wn_catalog_segment(&r->book->catalog, open[i].name, 0);
		if (s ? s->version != open[i].version : is_withdrawn(r->st, open[i].name))
			rc = finish(r->d, open[i].name, s ? s->version : 0, err);
	}
	return rc;
}

/* ------------------------------------------------------------------------------------------------------ reading */
static enum wn_rc read_rows(struct segments_reading *r, const struct wn_segments *now, struct wn_err *err)
{
	struct wn_segments_news news = {.since_us = r->st->since_us};
	find_back(r, now, &news);
	return wn_store_segments(r->store, r->whole ? NULL : &news, r->arena, &r->rows, &r->n, err);
}

static enum wn_rc read_sequences(struct segments_reading *r, struct wn_err *err)
{
	struct wn_sequence *sequences;
	size_t n;
	enum wn_rc rc = wn_store_sequences(r->store, r->arena, &sequences, &n, err);
	if (rc == WN_OK)
		wn_book_set_sequences(r->book, sequences, n);
	return rc;
}

/* Before the rows: what is committed in between makes the next count differ. */
static enum wn_rc read_counts(struct segments_reading *r, struct wn_err *err)
{
	enum wn_rc rc = wn_segments_count(r->d, err);
	r->whole |= r->st->miscounted;
	return rc ? rc : wn_store_segment_count(r->store, r->since_us, &r->versions, err);
}

static enum wn_rc read_all(struct segments_reading *r, struct wn_err *err)
{
	struct wn_arena *a = wn_arena_new_small(256);
	struct wn_segments now = {0};
	bool paused = false;
	enum wn_rc rc = read_counts(r, err);
	if (rc == WN_OK)
		rc = wn_store_is_paused(r->store, &paused, err);
	if (rc == WN_OK)
		rc = read_sequences(r, err);
	if (rc == WN_OK)
		rc = read_flags(r, a, &now, err);
	if (rc == WN_OK)
		rc = read_rows(r, &now, err);
	if (rc) {
		wn_arena_free(a);
		return rc;
	}
	wn_book_pause(r->book, (struct wn_str){NULL, 0}, paused);
	if (r->whole)
		rc = withdraw_missing(r);
	enum wn_rc used = use_flags(r, &now, a);
	rc = rc ? rc : used;
	if (rc == WN_OK)
		rc = segments_take(r, err);
	pause_flagged(r->book, r->st, true); /* what came just now, too */
	return rc;
}

static enum wn_rc tend(struct wn_daemon *d, struct wn_book *b)
{
	enum wn_rc rc = WN_OK;
	while (rc == WN_OK && d->book == b && wn_index_tend(b->index, SLICE_TEND))
		rc = wn_fiber_yield(d->loop);
	return rc;
}

static enum wn_rc read_turn(struct segments_reading *r, struct wn_err *err)
{
	enum wn_rc rc = wn_turn_take(r->d->loop, wn_store_turn(r->store));
	if (rc)
		return rc;
	rc = read_all(r, err);
	wn_turn_give(wn_store_turn(r->store));
	if (rc == WN_OK)
		rc = tend(r->d, r->book);
	if (rc == WN_OK && r->d->book != r->book)
		rc = WN_AGAIN;
	return rc;
}

/* In the book are now the segments that were there at the tick. */
static void now_known(struct segments_reading *r, const struct wn_tick *t)
{
	struct wn_segments *st = r->st;
	bool first = !r->book->loaded;
	st->book = r->book;
	st->digest = t->segments_digest;
	st->miscounted = false;
	st->since_us = r->since_us;
	st->versions = r->versions;
	r->book->loaded = true;
	if (r->whole && r->n < WN_SEGMENTS_MANY)
		malloc_trim(0); /* reading files and rows took more than what came of it; of very many nothing is left over */
	if (first)
		wn_log(WN_INFO, WN_MSG_SEGMENT_IN_FORCE, NULL, "ready with %zu segments in force", r->book->n_segments);
	wn_intake_nudge(r->d);
}

static enum wn_rc read_segments(struct wn_daemon *d, const struct wn_tick *t, struct wn_err *err)
{
	struct wn_segments *st = d->segments;
	struct wn_tick seen = *t;
	struct segments_reading r = {.d = d, .st = st, .book = d->book, .store = d->sweep_session.store, .arena = wn_arena_new(0),
			    .whole = st->book != d->book, .since_us = wn_clock_is_live(d->clock) ? t->db_us - OVERLAP_S * WN_SECOND : INT64_MIN};
	wn_book_use(r.book);
	enum wn_rc rc = read_turn(&r, err);
	if (rc == WN_OK)
		now_known(&r, &seen);
	if (rc == WN_OK && (r.changed || r.whole))
		rc = finish_replaced(&r, err);
	wn_book_done(r.book);
	wn_arena_free(r.arena);
	wn_courier_nudge(d); /* pauses may have ended */
	return rc;
}

/* ------------------------------------------------------------------------------------------------------- public */
int64_t wn_segments_since(const struct wn_daemon *d) { return d->segments->since_us; }

enum wn_rc wn_segments_look(struct wn_daemon *d, const struct wn_tick *t, struct wn_err *err)
{
	struct wn_segments *st = d->segments;
	if (st->book == d->book && st->digest == t->segments_digest && !st->miscounted)
		return tend(d, d->book);
	return read_segments(d, t, err);
}

enum wn_rc wn_segments_count(struct wn_daemon *d, struct wn_err *err)
{
	int64_t n;
	enum wn_rc rc = wn_store_segment_count(d->sweep_session.store, d->segments->since_us, &n, err);
	if (rc == WN_OK)
		d->segments->miscounted |= n != d->segments->versions;
	return rc;
}

void wn_segments_start(struct wn_daemon *d)
{
	d->segments = wn_alloc(sizeof(*d->segments));
	d->segments->since_us = INT64_MIN;
}

void wn_segments_stop(struct wn_daemon *d)
{
	if (d->segments)
		wn_arena_free(d->segments->arena);
	free(d->segments);
	d->segments = NULL;
}
