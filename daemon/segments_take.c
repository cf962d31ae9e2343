/* SPDX-License-Identifier: MIT */
/*
 * Rows of published segments into the book: their sources are fetched a page at a time while those of the page before are compiled,
 * what cannot be used is refused with its reason, what can is marked.
 */
#include "segments_parts.h"
#include <stdio.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

enum { FEW = 20 };                    /* news are told one by one; more of them as a number */

/* Sources of some rows, being read by a fiber of its own while those before them are compiled. It has copies of everything, as it
 * may outlive the reading: then it is abandoned, and frees itself. */
struct page {
	struct wn_loop *loop;
	struct wn_store *store;
	struct wn_arena *arena;
	struct wn_segment_row **rows; /* copies */
	const size_t *at;             /* their places in the reading */
	size_t n;
	const struct wn_segment_row **valid; /* to be marked before, as of now_us */
	size_t n_valid;
	int64_t now_us;
	enum wn_rc rc;
	struct wn_err err;
	struct wn_fiber *waiter;
	bool done, abandoned;
};

/* --------------------------------------------------------------------------------------------------- pages */
static void page_free(struct page *p)
{
	if (p)
		wn_arena_free(p->arena);
}

static struct wn_segment_row *copy_row(struct wn_arena *a, const struct wn_segment_row *row)
{
	struct wn_segment_row *copy = WN_NEW(a, struct wn_segment_row);
	*copy = *row;
	copy->name = wn_arena_str(a, row->name);
	return copy;
}

/* Takes what is to be marked along. */
static struct page *page_new(struct segments_reading *r, const size_t *at, size_t n)
{
	struct wn_arena *a = wn_arena_new_small(n < WN_SEGMENTS_PAGE ? 16 << 10 : 1 << 20);
	struct page *p = WN_NEW(a, struct page);
	*p = (struct page){.loop = r->d->loop, .store = r->store, .arena = a, .at = at, .n = n, .n_valid = r->valid.n, .now_us = wn_clock_now_us(r->d->clock)};
	p->rows = WN_NEW_N(a, struct wn_segment_row *, n + 1);
	p->valid = WN_NEW_N(a, const struct wn_segment_row *, p->n_valid + 1);
	for (size_t i = 0; i < n; i++)
		p->rows[i] = copy_row(a, &r->rows[at[i]]);
	for (size_t i = 0; i < p->n_valid; i++)
		p->valid[i] = copy_row(a, r->valid.v[i]);
	r->valid.n = 0;
	return p;
}

static void page_read(void *ctx)
{
	struct page *p = ctx;
	p->rc = wn_store_segments_valid(p->store, p->valid, p->n_valid, p->now_us, &p->err);
	if (p->rc == WN_OK)
		p->rc = wn_store_segment_sources(p->store, p->rows, p->n, p->arena, &p->err);
	p->done = true;
	if (p->abandoned)
		page_free(p);
	else if (p->waiter)
		wn_fiber_wake(p->waiter);
}

/* Nobody uses the session any more. */
static enum wn_rc page_wait(struct segments_reading *r)
{
	struct page *p = r->ahead;
	while (p && !p->done) {
		p->waiter = wn_fiber_current(p->loop);
		enum wn_rc rc = wn_fiber_park(p->loop);
		if (rc == WN_OK || rc == WN_AGAIN)
			continue;
		p->abandoned = true;
		r->ahead = NULL;
		return rc;
	}
	return WN_OK;
}

static void page_start(struct segments_reading *r, const size_t *at, size_t n)
{
	r->ahead = page_new(r, at, n);
	if (!wn_fiber_current(r->d->loop) || !wn_fiber_start(r->d->loop, "segments", page_read, r->ahead))
		page_read(r->ahead);
}

/* ---------------------------------------------------------------------------------------- marks, one by one */
static enum wn_rc refuse(struct segments_reading *r, const struct wn_segment_row *row, const struct wn_err *why, struct wn_err *err)
{
	struct wn_arena *a = wn_arena_new(0);
	char text[1200];
	int64_t now = wn_clock_now_us(r->d->clock);
	wn_err_to_text(why, text, sizeof(text));
	const char *name = wn_arena_strdup(a, row->name);
	if (row->status == WN_SEGMENT_VALID) { /* it was good: files changed under it */
		wn_log(WN_ERR, WN_MSG_SEGMENT_REFUSED, WN_FIELDS({"WHYNOW_SEGMENT", name}, {"WHYNOW_REASON", text}),
		       "segment %s version %d, by which campaigns are judged, does not compile with the files as they are: %s", name, row->version, text);
		if (!r->book->loaded)
			wn_daemon_give_up(r->d, "bring back what the segment reads, or start with the files of before and end it and its campaigns first");
		wn_arena_free(a);
		return WN_OK;
	}
	wn_log(WN_ERR, WN_MSG_SEGMENT_REFUSED, WN_FIELDS({"WHYNOW_SEGMENT", name}, {"WHYNOW_REASON", text}),
	       "segment %s version %d cannot be used, the last good version stays in force: %s", name, row->version, text);
	struct wn_plain_event ev = {.subject = "segment", .name = row->name, .type = "segment.refused", .to = "invalid",
				    .why = wn_str_of(text), .at_us = now, .sinks = wn_sinks_for(r->book, "segment.refused", a)};
	enum wn_rc rc = page_wait(r);
	if (rc == WN_OK)
		rc = wn_store_segment_mark(r->store, row->name, row->version, wn_str_of(text), now, err);
	if (rc == WN_OK)
		rc = wn_store_plain_event(r->store, &ev, err);
	wn_arena_free(a);
	return rc;
}

/* `start_with: since` asks for what is stored, as of now. */
static enum wn_rc mark_since(struct segments_reading *r, const struct wn_segment_row *row, const struct wn_segment *s, struct wn_err *err)
{
	const struct wn_registry *registry = r->book->registry;
	int64_t now = wn_clock_now_us(r->d->clock);
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str *kinds = WN_NEW_N(a, struct wn_str, wn_registry_kinds(registry) + 1);
	size_t n = 0;
	for (size_t k = 0; k < wn_registry_kinds(registry); k++)
		if (wn_segment_opens_on(s, (int)k))
			kinds[n++] = wn_str_of(wn_registry_kind(registry, (int)k)->name);
	enum wn_rc rc = page_wait(r);
	if (rc == WN_OK)
		rc = wn_store_segment_valid(r->store, row->name, row->version, now - s->start_since_us, kinds, n, now, err);
	wn_arena_free(a);
	return rc;
}

static enum wn_rc mark_valid(struct segments_reading *r, const struct wn_segment_row *row, struct wn_err *err)
{
	const struct wn_segment *s = wn_catalog_segment(&r->book->catalog, row->name, row->version);
	if (s && s->start_since_us)
		return mark_since(r, row, s, err);
	*WN_PUSH(r->arena, &r->valid) = row;
	return WN_OK;
}

/* -------------------------------------------------------------------------------------------------- compiling */
static void tell_in_force(struct segments_reading *r, const struct wn_segment_row *row)
{
	char name[64];
	if (++r->n_in_force > FEW)
		return;
	snprintf(name, sizeof(name), WN_STR_FMT, WN_STR_ARG(row->name));
	wn_log(r->n_taken > FEW ? WN_DEBUG : WN_INFO, WN_MSG_SEGMENT_IN_FORCE, WN_FIELDS({"WHYNOW_SEGMENT", name}), "segment %s version %d is in force", name,
	       row->version);
}

static enum wn_rc take(struct segments_reading *r, size_t i, bool last, struct wn_err *err)
{
	struct wn_segment_row *row = &r->rows[i];
	struct wn_err why = {0};
	bool in_force;
	enum wn_rc rc = wn_book_take_segment(r->book, r->rows, r->n, i, &in_force, &why);
	if (rc && !last) { /* perhaps only what it refers to is missing yet */
		row->source = wn_arena_str(r->arena, row->source);
		*WN_PUSH(r->arena, &r->late) = i;
		return WN_OK;
	}
	if (rc)
		return refuse(r, row, &why, err);
	if (!in_force)
		return WN_OK;
	r->changed = true;
	tell_in_force(r, row);
	return row->status == WN_SEGMENT_UNCHECKED ? mark_valid(r, row, err) : WN_OK;
}

static enum wn_rc take_page(struct segments_reading *r, const struct page *p, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < p->n && rc == WN_OK; i++) {
		struct wn_segment_row *row = &r->rows[p->at[i]];
		row->source = p->rows[i]->source;
		if (row->source.p) /* else it went in between */
			rc = take(r, p->at[i], false, err);
		if (rc == WN_OK)
			rc = segments_slice(r, i + 1, SEGMENTS_SLICE);
	}
	return rc;
}

static enum wn_rc take_pages(struct segments_reading *r, const size_t *at, size_t n, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	if (n)
		page_start(r, at, n < WN_SEGMENTS_PAGE ? n : WN_SEGMENTS_PAGE);
	for (size_t i = WN_SEGMENTS_PAGE; rc == WN_OK && r->ahead; i += WN_SEGMENTS_PAGE) {
		rc = page_wait(r);
		struct page *p = r->ahead;
		if (rc)
			return rc;
		r->ahead = NULL;
		rc = p->rc;
		if (rc && err)
			*err = p->err;
		if (rc == WN_OK && i < n)
			page_start(r, at + i, n - i < WN_SEGMENTS_PAGE ? n - i : WN_SEGMENTS_PAGE);
		if (rc == WN_OK)
			rc = take_page(r, p, err);
		page_free(p);
	}
	return rc;
}

/* As long as one of them finds what it refers to, the others are asked again. */
static enum wn_rc take_late(struct segments_reading *r, struct wn_err *err)
{
	size_t before = r->late.n + 1;
	enum wn_rc rc = WN_OK;
	while (r->late.n && rc == WN_OK) {
		bool last = r->late.n == before;
		size_t n = r->late.n;
		before = n;
		r->late.n = 0;
		for (size_t i = 0; i < n && rc == WN_OK; i++) { /* what is late again moves to the front */
			rc = take(r, r->late.v[i], last, err);
			if (rc == WN_OK)
				rc = segments_slice(r, i + 1, SEGMENTS_SLICE);
		}
	}
	if (rc == WN_OK)
		rc = wn_store_segments_valid(r->store, r->valid.v, r->valid.n, wn_clock_now_us(r->d->clock), err);
	return rc;
}

enum wn_rc segments_take(struct segments_reading *r, struct wn_err *err)
{
	size_t *at = WN_NEW_N(r->arena, size_t, r->n + 1), n = 0;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < r->n && rc == WN_OK; i++) {
		if (wn_book_wants_segment(r->book, r->rows, r->n, i))
			at[n++] = i;
		rc = segments_slice(r, i + 1, SEGMENTS_SLICE_ROWS);
	}
	if (rc)
		return rc;
	r->n_taken = n;
	wn_book_expect(r->book, r->book->n_segments + n);
	rc = take_pages(r, at, n, err);
	enum wn_rc waited = page_wait(r); /* it failed in the middle: the session is to be free again */
	page_free(r->ahead);
	r->ahead = NULL;
	if (rc == WN_OK)
		rc = waited ? waited : take_late(r, err);
	if (r->n_taken > FEW && r->n_in_force)
		wn_log(WN_INFO, WN_MSG_SEGMENT_IN_FORCE, NULL, "%zu segments came into force", r->n_in_force);
	return rc;
}
