/* SPDX-License-Identifier: MIT */
/*
 * Segments of the book: those in force by priority and name with the index over them, and older versions that live
 * campaigns are still judged by. A replaced version is never freed under a unit of work that may hold it.
 */
#include "book.h"
#include <stdlib.h>
#include <whynow/store.h>
#include <whynow/tz.h>

/* ------------------------------------------------------------------------------------------- the catalogue's view */
static void show(struct wn_book *b)
{
	b->catalog.segments = (const struct wn_segment *const *)b->segments;
	b->catalog.n_segments = b->n_segments;
	b->catalog.older = (const struct wn_segment *const *)b->older;
	b->catalog.n_older = b->n_older;
	b->catalog.segments_by_name = &b->in_force;
	b->catalog.older_by_name = &b->kept;
	b->catalog.index = b->index;
}

/* Made anew only when there are many for the first time. */
static void index_for(struct wn_book *b, size_t expected)
{
	wn_index_free(b->index);
	b->many = expected >= WN_SEGMENTS_MANY;
	b->index = wn_catalog_index_new(b->registry, expected);
	for (size_t i = 0; i < b->n_segments; i++)
		wn_catalog_index_put(b->index, i, b->segments[i]);
}

void wn_book_index(struct wn_book *b)
{
	index_for(b, 0);
	show(b);
}

void wn_book_expect(struct wn_book *b, size_t segments)
{
	if (!b->many && segments >= WN_SEGMENTS_MANY)
		index_for(b, segments);
	show(b);
}

static void push(struct wn_segment ***v, size_t *n, size_t *cap, struct wn_segment *s)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		*v = wn_realloc(*v, *cap * sizeof(**v));
	}
	(*v)[(*n)++] = s;
}

static void keep(struct wn_book *b, struct wn_segment *s)
{
	push(&b->older, &b->n_older, &b->cap_older, s);
	wn_segment_set_add(&b->kept, s);
	wn_catalog_add_older_kinds(&b->catalog, s);
}

static void put_in_force(struct wn_book *b, struct wn_segment *s)
{
	struct wn_segment *old = wn_segment_set_find(&b->in_force, wn_str_of(s->name), 0);
	if (old) {
		wn_segment_set_remove(&b->in_force, old);
		keep(b, old);
		s->position = old->position;
		b->segments[s->position] = s;
	} else {
		s->position = b->n_segments;
		push(&b->segments, &b->n_segments, &b->cap_segments, s);
	}
	wn_segment_set_add(&b->in_force, s);
	wn_book_expect(b, b->n_segments);
	wn_catalog_index_put(b->index, s->position, s);
	wn_catalog_add_stay_kinds(&b->catalog, s);
}

/* The last one takes the place of the one that goes. */
static void take_out(struct wn_book *b, struct wn_segment *s)
{
	struct wn_segment *last = b->segments[--b->n_segments];
	wn_segment_set_remove(&b->in_force, s);
	wn_index_remove(b->index, (uint32_t)last->position);
	if (last != s) {
		last->position = s->position;
		b->segments[last->position] = last;
		wn_catalog_index_put(b->index, last->position, last);
	}
	show(b);
}

struct wn_segment_options wn_book_segment_options(const struct wn_book *b)
{
	return (struct wn_segment_options){.registry = b->registry,
					   .rules = b->rules,
					   .channels = b->channels,
					   .others = (const struct wn_segment *const *)b->segments,
					   .n_others = b->n_segments,
					   .others_by_name = &b->in_force,
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

/* Was withdrawn, or another version went before it. */
static bool bring_back(struct wn_book *b, struct wn_str name, int version)
{
	struct wn_segment *s = wn_segment_set_find(&b->kept, name, version);
	if (!s)
		return false;
	wn_segment_set_remove(&b->kept, s);
	for (size_t i = 0; i < b->n_older; i++)
		if (b->older[i] == s) {
			b->older[i] = b->older[--b->n_older];
			break;
		}
	put_in_force(b, s);
	return true;
}

struct stored { struct wn_str name; int version; struct wn_str source; int64_t published_us; bool in_force, paused; };

/* What was found good once stays good: a sink or a segment it refers to may be gone by now, and that is unknown or held where it
 * counts. */
static void trust(struct wn_segment_options *opt)
{
	opt->channels = NULL;
	opt->others = NULL;
	opt->others_by_name = NULL;
}

/* Compiled against `opt`, which says what is checked. */
static enum wn_rc put(struct wn_book *b, const struct stored *v, struct wn_segment_options opt, struct wn_err *err)
{
	struct wn_segment *s = NULL;
	if (wn_segment_set_find(&b->in_force, v->name, v->version) || (!v->in_force && wn_segment_set_find(&b->kept, v->name, v->version)))
		return WN_OK;
	if (v->in_force && bring_back(b, v->name, v->version))
		return WN_OK;
	opt.published_us = v->published_us;
	enum wn_rc rc = wn_segment_parse(v->source, "segment", 0, &opt, &s, NULL, 0, NULL, err);
	if (rc)
		return rc;
	s->version = v->version;
	s->paused = v->paused;
	s->source = wn_arena_strdup(s->arena, v->source);
	s->published_us = v->published_us;
	if (v->in_force)
		put_in_force(b, s);
	else
		keep(b, s);
	show(b);
	return WN_OK;
}

enum wn_rc wn_book_put_segment(struct wn_book *b, struct wn_str name, int version, struct wn_str source, bool in_force, bool paused,
			       struct wn_err *err)
{
	struct stored v = {name, version, source, 0, in_force, paused};
	struct wn_segment_options opt = wn_book_segment_options(b);
	if (!in_force)
		trust(&opt);
	return put(b, &v, opt, err);
}

static enum wn_rc carry(const struct wn_book *from, struct wn_book *to, struct wn_segment *const *v, size_t n, bool in_force, struct wn_err *err)
{
	struct wn_segment_options opt = wn_book_segment_options(from);
	opt.registry = to->registry;
	opt.rules = to->rules;
	opt.for_use = true;
	trust(&opt);
	for (size_t i = 0; i < n; i++) {
		struct stored at = {wn_str_of(v[i]->name), v[i]->version, wn_str_of(v[i]->source), v[i]->published_us, in_force,
						v[i]->paused};
		struct wn_err why = {0};
		enum wn_rc rc = put(to, &at, opt, &why);
		if (rc)
			return wn_fail(err, rc, "segment %s version %d, which campaigns are judged by, would not compile any more: %s:%d:%d: %s",
				       v[i]->name, v[i]->version, v[i]->name, why.place.line, why.place.column, why.text);
	}
	return WN_OK;
}

enum wn_rc wn_book_carry_segments(const struct wn_book *from, struct wn_book *to, struct wn_err *err)
{
	wn_book_set_sequences(to, from->sequences, from->n_sequences);
	wn_book_expect(to, from->n_segments);
	enum wn_rc rc = carry(from, to, from->segments, from->n_segments, true, err);
	if (rc == WN_OK)
		rc = carry(from, to, from->older, from->n_older, false, err);
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

static bool belongs_in_force(const struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i)
{
	const struct wn_segment_row *row = &rows[i];
	const struct wn_segment *now = wn_segment_set_find(&b->in_force, row->name, 0);
	return !row->withdrawn && row->status != WN_SEGMENT_INVALID && !is_superseded(rows, n, i) && !(now && now->version >= row->version);
}

bool wn_book_wants_segment(const struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i)
{
	const struct wn_segment_row *row = &rows[i];
	return belongs_in_force(b, rows, n, i) || (row->needed && !wn_catalog_segment(&b->catalog, row->name, row->version));
}

enum wn_rc wn_book_take_segment(struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i, bool *in_force, struct wn_err *err)
{
	const struct wn_segment_row *row = &rows[i];
	*in_force = belongs_in_force(b, rows, n, i);
	if (!*in_force && !row->needed)
		return WN_OK;
	struct stored v = {row->name, row->version, row->source, row->published_us, *in_force, row->paused};
	struct wn_segment_options opt = wn_book_segment_options(b);
	opt.for_use = true;
	if (!*in_force || row->status != WN_SEGMENT_UNCHECKED)
		trust(&opt);
	enum wn_rc rc = put(b, &v, opt, err);
	return rc && *in_force ? rc : WN_OK;
}

void wn_book_withdraw(struct wn_book *b, struct wn_str name)
{
	struct wn_segment *s = wn_segment_set_find(&b->in_force, name, 0);
	if (!s)
		return;
	take_out(b, s);
	keep(b, s);
	show(b);
}

void wn_book_pause(struct wn_book *b, struct wn_str segment, bool paused)
{
	size_t at = 0;
	struct wn_segment *s = segment.n ? wn_segment_set_find(&b->in_force, segment, 0) : NULL;
	if (!segment.n)
		b->catalog.paused = paused;
	if (s)
		s->paused = paused;
	while (segment.n && (s = wn_segment_set_next(&b->kept, segment, &at)))
		s->paused = paused;
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
	wn_segment_set_done(&b->in_force);
	wn_segment_set_done(&b->kept);
}
