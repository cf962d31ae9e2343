/* SPDX-License-Identifier: MIT */
/* See remembered.h. Absent members read as zero, so an older map is never wrong. */
#include "remembered.h"
#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/value.h>

enum { MOVED_OVER_A_DAY = 3, MOVED_IN_A_ROW = 6 };

static int64_t number_at(struct wn_value map, const char *key, int64_t none)
{
	struct wn_value v = wn_value_at(map, key);
	return v.kind == WN_INT ? v.i : v.kind == WN_DOUBLE && v.d > -9e18 && v.d < 9e18 ? (int64_t)v.d : none;
}

static struct wn_remembered of_map(struct wn_value extra)
{
	struct wn_value moved = wn_value_at(extra, "moved"), hints = wn_value_at(extra, "hints"), walk = wn_value_at(extra, "walk");
	struct wn_remembered r = {
		.of = wn_value_str(wn_value_at(extra, "of")),
		.newest_us = number_at(extra, "newest_us", 0),
		.hints = {.ttl_us = number_at(hints, "ttl_us", -1), .update_us = number_at(hints, "update_us", -1),
			  .skip_hours = (uint32_t)number_at(hints, "skip_hours", 0), .skip_days = (uint8_t)number_at(hints, "skip_days", 0)},
		.moved_to = wn_value_str(wn_value_at(moved, "to")),
		.moved_n = number_at(moved, "times", 0),
		.moved_us = number_at(moved, "since_us", 0),
		.walk_us = number_at(walk, "since_us", 0),
		.walk_pages = number_at(walk, "pages", 0),
		.walk_new = number_at(walk, "new", 0),
		.walk_signals = number_at(walk, "signals", 0),
		.walk_broken = number_at(walk, "broken", 0) != 0,
	};
	wn_rhythm_read(wn_value_str(wn_value_at(extra, "rhythm")), &r.rhythm);
	return r;
}

struct wn_remembered wn_remembered_copy(const struct wn_remembered *r, struct wn_arena *a)
{
	struct wn_remembered out = *r;
	out.of = r->of.n ? wn_arena_str(a, r->of) : (struct wn_str){NULL, 0};
	out.moved_to = r->moved_to.n ? wn_arena_str(a, r->moved_to) : (struct wn_str){NULL, 0};
	return out;
}

struct wn_remembered wn_remembered_read(struct wn_str json, struct wn_arena *a)
{
	struct wn_arena *scratch = wn_arena_new(0);
	struct wn_value extra = {0};
	if (json.n && wn_json_parse(json, NULL, scratch, &extra, NULL) != WN_OK)
		extra = (struct wn_value){0};
	struct wn_remembered r = of_map(extra);
	r = wn_remembered_copy(&r, a);
	wn_arena_free(scratch);
	return r;
}

struct wn_remembered wn_remembered_of(const struct wn_feed_state *row, struct wn_arena *a)
{
	struct wn_remembered r = wn_remembered_read(row->extra, a);
	if (row->lately.seen_us)
		wn_rhythm_catch_up(&r.rhythm, row->lately.seen_us, row->lately.came, row->lately.due);
	return r;
}

static bool same_hints(const struct wn_feed_hints *a, const struct wn_feed_hints *b)
{
	return a->ttl_us == b->ttl_us && a->update_us == b->update_us && a->skip_hours == b->skip_hours && a->skip_days == b->skip_days;
}

bool wn_remembered_is_like(const struct wn_remembered *r, const struct wn_remembered *was)
{
	bool moved = r->moved_n != was->moved_n || r->moved_us != was->moved_us || !wn_str_eq(r->moved_to, was->moved_to);
	bool walked = r->walk_us != was->walk_us || r->walk_pages != was->walk_pages || r->walk_new != was->walk_new ||
		      r->walk_signals != was->walk_signals || r->walk_broken != was->walk_broken;
	return !moved && !walked && wn_str_eq(r->of, was->of) && r->newest_us == was->newest_us && same_hints(&r->hints, &was->hints) &&
	       wn_rhythm_is_like(&r->rhythm, &was->rhythm);
}

static void put_key(struct wn_buf *b, const char *key)
{
	wn_buf_text(b, b->p[b->n - 1] == '{' ? "\"" : ",\"");
	wn_buf_text(b, key);
	wn_buf_text(b, "\":");
}

static void put_text(struct wn_buf *b, const char *key, struct wn_str text)
{
	put_key(b, key);
	wn_json_write_string(b, text);
}

static void put_numbers(struct wn_buf *b, const char *const *keys, const int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_key(b, keys[i]);
		wn_buf_int(b, values[i]);
	}
}

/* `text`: one more member, "to", absent: none. */
static void put_map(struct wn_buf *b, const char *key, const char *const *keys, const int64_t *values, size_t n, struct wn_str text)
{
	put_key(b, key);
	wn_buf_char(b, '{');
	put_numbers(b, keys, values, n);
	if (text.n)
		put_text(b, "to", text);
	wn_buf_char(b, '}');
}

static void put_rare(struct wn_buf *b, const struct wn_remembered *r)
{
	if (r->hints.ttl_us >= 0 || r->hints.update_us >= 0 || r->hints.skip_hours || r->hints.skip_days)
		put_map(b, "hints", (const char *const[]){"ttl_us", "update_us", "skip_hours", "skip_days"},
			(const int64_t[]){r->hints.ttl_us, r->hints.update_us, r->hints.skip_hours, r->hints.skip_days}, 4, (struct wn_str){NULL, 0});
	if (r->moved_n)
		put_map(b, "moved", (const char *const[]){"times", "since_us"}, (const int64_t[]){r->moved_n, r->moved_us}, 2, r->moved_to);
	if (r->walk_us)
		put_map(b, "walk", (const char *const[]){"since_us", "pages", "new", "signals", "broken"},
			(const int64_t[]){r->walk_us, r->walk_pages, r->walk_new, r->walk_signals, r->walk_broken}, 5, (struct wn_str){NULL, 0});
}

struct wn_str wn_remembered_write(const struct wn_remembered *r, struct wn_arena *a)
{
	struct wn_buf b;
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_buf_char(&b, '{');
	if (r->of.n)
		put_text(&b, "of", r->of);
	if (r->newest_us)
		put_numbers(&b, (const char *const[]){"newest_us"}, &r->newest_us, 1);
	if (r->rhythm.since_us) {
		put_key(&b, "rhythm");
		wn_buf_char(&b, '"');
		wn_rhythm_write(&r->rhythm, &b);
		wn_buf_char(&b, '"');
	}
	put_rare(&b, r);
	wn_buf_char(&b, '}');
	struct wn_str out = wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

bool wn_remembered_moved(struct wn_remembered *r, struct wn_str to, int64_t now_us)
{
	if (!to.n || !wn_str_eq(to, r->moved_to)) {
		r->moved_to = to;
		r->moved_n = 0;
		r->moved_us = to.n ? now_us : 0;
	}
	if (!to.n)
		return false;
	r->moved_n++;
	return r->moved_n >= MOVED_IN_A_ROW || (r->moved_n >= MOVED_OVER_A_DAY && now_us - r->moved_us >= WN_DAY);
}
