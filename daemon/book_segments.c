/* SPDX-License-Identifier: MIT */
/*
 * Segments of the book: those in force by priority and name with the index over them, and older versions that live
 * campaigns are still judged by. A replaced version is never freed under a unit of work that may hold it.
 */
#include "book.h"
#include <stdlib.h>
#include <whynow/store.h>
#include <whynow/tz.h>

/* --------------------------------------------------------------------------------------------------- segments */
static int by_priority(const void *a, const void *b)
{
	const struct wn_segment *x = *(struct wn_segment *const *)a, *y = *(struct wn_segment *const *)b;
	return x->priority != y->priority ? y->priority - x->priority : strcmp(x->name, y->name);
}

void wn_book_index(struct wn_book *b)
{
	if (b->n_segments)
		qsort(b->segments, b->n_segments, sizeof(*b->segments), by_priority);
	wn_index_free(b->index);
	b->index = wn_catalog_index_new(b->registry, (const struct wn_segment *const *)b->segments, b->n_segments);
	b->catalog.segments = (const struct wn_segment *const *)b->segments;
	b->catalog.n_segments = b->n_segments;
	b->catalog.older = (const struct wn_segment *const *)b->older;
	b->catalog.n_older = b->n_older;
	b->catalog.index = b->index;
	wn_catalog_find_stay_kinds(&b->catalog);
}

static void push(struct wn_segment ***v, size_t *n, struct wn_segment *s)
{
	*v = wn_realloc(*v, (*n + 1) * sizeof(**v));
	(*v)[(*n)++] = s;
}

static long find(struct wn_segment *const *v, size_t n, struct wn_str name, int version)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(name, v[i]->name) && (version == 0 || v[i]->version == version))
			return (long)i;
	return -1;
}

struct wn_segment_options wn_book_segment_options(const struct wn_book *b)
{
	return (struct wn_segment_options){.registry = b->registry,
					   .rules = b->rules,
					   .channels = b->channels,
					   .others = (const struct wn_segment *const *)b->segments,
					   .n_others = b->n_segments,
					   .sequences = b->sequences,
					   .n_sequences = b->n_sequences};
}

void wn_book_set_sequences(struct wn_book *b, const struct wn_sequence *v, size_t n)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_sequence *copy = WN_NEW_N(a, struct wn_sequence, n + 1);
	for (size_t i = 0; i < n; i++) {
		copy[i] = v[i];
		copy[i].name = wn_arena_str(a, v[i].name);
		copy[i].text = wn_arena_str(a, v[i].text);
		copy[i].file = wn_arena_strdup(a, wn_str_of(v[i].file));
	}
	wn_arena_free(b->sequences_arena);
	b->sequences_arena = a;
	b->sequences = copy;
	b->n_sequences = n;
}

static void put_in_force(struct wn_book *b, struct wn_str name, struct wn_segment *s)
{
	long old = find(b->segments, b->n_segments, name, 0);
	if (old < 0) {
		push(&b->segments, &b->n_segments, s);
		return;
	}
	push(&b->older, &b->n_older, b->segments[old]);
	b->segments[old] = s;
}

/* channels: refuse one that no sink takes. Not asked of what was valid before: a sink may be gone, its touches are held. */
static enum wn_rc put(struct wn_book *b, struct wn_str name, int version, struct wn_str source, int64_t published_us, bool in_force,
		      bool paused, bool channels, struct wn_err *err)
{
	struct wn_segment_options opt = wn_book_segment_options(b);
	opt.published_us = published_us;
	struct wn_segment *s = NULL;
	long known = find(b->older, b->n_older, name, version);
	if (find(b->segments, b->n_segments, name, version) >= 0 || (known >= 0 && !in_force))
		return WN_OK;
	if (known >= 0) { /* withdrawn, and back again */
		s = b->older[known];
		b->older[known] = b->older[--b->n_older];
		put_in_force(b, name, s);
		wn_book_index(b);
		return WN_OK;
	}
	if (!channels)
		opt.channels = NULL;
	enum wn_rc rc = wn_segment_parse(source, "segment", 0, &opt, &s, NULL, 0, NULL, err);
	if (rc)
		return rc;
	s->version = version;
	s->paused = paused;
	s->source = wn_arena_strdup(s->arena, source);
	s->published_us = published_us;
	if (in_force)
		put_in_force(b, name, s);
	else
		push(&b->older, &b->n_older, s);
	wn_book_index(b);
	return WN_OK;
}

enum wn_rc wn_book_put_segment(struct wn_book *b, struct wn_str name, int version, struct wn_str source, bool in_force, bool paused,
			       struct wn_err *err)
{
	return put(b, name, version, source, 0, in_force, paused, in_force, err);
}

static enum wn_rc carry(struct wn_book *to, struct wn_segment *const *v, size_t n, bool in_force, struct wn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct wn_err why = {0};
		enum wn_rc rc = put(to, wn_str_of(v[i]->name), v[i]->version, wn_str_of(v[i]->source), v[i]->published_us, in_force, v[i]->paused, false, &why);
		if (rc)
			return wn_fail(err, rc, "segment %s version %d, which campaigns are judged by, would not compile any more: %s:%d:%d: %s",
				       v[i]->name, v[i]->version, v[i]->name, why.place.line, why.place.column, why.text);
	}
	return WN_OK;
}

enum wn_rc wn_book_carry_segments(const struct wn_book *from, struct wn_book *to, struct wn_err *err)
{
	wn_book_set_sequences(to, from->sequences, from->n_sequences);
	enum wn_rc rc = carry(to, from->segments, from->n_segments, true, err);
	if (rc == WN_OK)
		rc = carry(to, from->older, from->n_older, false, err);
	to->loaded = from->loaded;
	return rc;
}

/* Is there a later usable row of the same segment in the list? Rows come by name, version. */
static bool is_superseded(const struct wn_segment_row *rows, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n && wn_str_eq(rows[k].name, rows[i].name); k++)
		if (rows[k].status == WN_SEGMENT_VALID)
			return true;
	return false;
}

enum wn_rc wn_book_take_segment(struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i, bool *in_force, struct wn_err *err)
{
	const struct wn_segment_row *row = &rows[i];
	const struct wn_segment *now = wn_catalog_segment(&b->catalog, row->name, 0);
	*in_force = !row->withdrawn && row->status != WN_SEGMENT_INVALID && !is_superseded(rows, n, i) && !(now && now->version >= row->version);
	if (!*in_force && !row->needed)
		return WN_OK;
	bool fresh = *in_force && row->status == WN_SEGMENT_UNCHECKED;
	enum wn_rc rc = put(b, row->name, row->version, row->source, row->published_us, *in_force, row->paused, fresh, err);
	return rc && *in_force ? rc : WN_OK;
}

void wn_book_withdraw(struct wn_book *b, struct wn_str name)
{
	long at = find(b->segments, b->n_segments, name, 0);
	if (at < 0)
		return;
	push(&b->older, &b->n_older, b->segments[at]);
	b->segments[at] = b->segments[--b->n_segments];
	wn_book_index(b);
}

void wn_book_pause(struct wn_book *b, struct wn_str segment, bool paused)
{
	if (!segment.n)
		b->catalog.paused = paused;
	for (size_t i = 0; segment.n && i < b->n_segments; i++)
		if (wn_str_is(segment, b->segments[i]->name))
			b->segments[i]->paused = paused;
	for (size_t i = 0; segment.n && i < b->n_older; i++)
		if (wn_str_is(segment, b->older[i]->name))
			b->older[i]->paused = paused;
}

/* Nobody holds a pointer into the book: what was thrown away can go. */
void wn_book_sweep(struct wn_book *b)
{
	for (size_t i = 0; i < b->n_trash; i++)
		wn_segment_free(b->trash[i]);
	free(b->trash);
	b->trash = NULL;
	b->n_trash = 0;
}

static void free_all(struct wn_segment **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wn_segment_free(v[i]);
	free(v);
}

void wn_book_segments_free(struct wn_book *b)
{
	wn_index_free(b->index);
	wn_arena_free(b->sequences_arena);
	free_all(b->segments, b->n_segments);
	free_all(b->older, b->n_older);
	wn_book_sweep(b);
}
