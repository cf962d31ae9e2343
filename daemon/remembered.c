/* SPDX-License-Identifier: MIT */
/* See remembered.h. Absent members read as zero, so an older map is never wrong. */
#include "remembered.h"
#include <whynow/clock.h>

enum { MOVED_OVER_A_DAY = 3, MOVED_IN_A_ROW = 6 };

static int64_t number_at(struct wn_value map, const char *key, int64_t none)
{
	struct wn_value v = wn_value_at(map, key);
	return v.kind == WN_INT ? v.i : v.kind == WN_DOUBLE && v.d > -9e18 && v.d < 9e18 ? (int64_t)v.d : none;
}

struct wn_remembered wn_remembered_of(struct wn_value extra)
{
	struct wn_value moved = wn_value_at(extra, "moved"), hints = wn_value_at(extra, "hints"), walk = wn_value_at(extra, "walk");
	return (struct wn_remembered){
		.of = wn_value_str(wn_value_at(extra, "of")),
		.newest_us = number_at(extra, "newest_us", 0),
		.hints = {.ttl_us = number_at(hints, "ttl_us", -1), .update_us = number_at(hints, "update_us", -1),
			  .skip_hours = (uint32_t)number_at(hints, "skip_hours", 0), .skip_days = (uint8_t)number_at(hints, "skip_days", 0)},
		.rhythm = wn_value_str(wn_value_at(extra, "rhythm")),
		.moved_to = wn_value_str(wn_value_at(moved, "to")),
		.moved_n = number_at(moved, "times", 0),
		.moved_us = number_at(moved, "since_us", 0),
		.walk_us = number_at(walk, "since_us", 0),
		.walk_pages = number_at(walk, "pages", 0),
		.walk_new = number_at(walk, "new", 0),
		.walk_signals = number_at(walk, "signals", 0),
		.walk_broken = number_at(walk, "broken", 0) != 0,
	};
}

static struct wn_value numbers(struct wn_arena *a, const char *const *keys, const int64_t *values, size_t n)
{
	struct wn_map_builder m = wn_map_begin(a);
	for (size_t i = 0; i < n; i++)
		wn_map_set(&m, keys[i], wn_int(values[i]));
	return wn_map_end(&m);
}

struct wn_value wn_remembered_value(const struct wn_remembered *r, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a), moved = wn_map_begin(a);
	if (r->of.n)
		wn_map_set(&m, "of", wn_string(r->of));
	if (r->newest_us)
		wn_map_set(&m, "newest_us", wn_int(r->newest_us));
	if (r->hints.ttl_us >= 0 || r->hints.update_us >= 0 || r->hints.skip_hours || r->hints.skip_days)
		wn_map_set(&m, "hints", numbers(a, (const char *const[]){"ttl_us", "update_us", "skip_hours", "skip_days"},
						(const int64_t[]){r->hints.ttl_us, r->hints.update_us, r->hints.skip_hours, r->hints.skip_days}, 4));
	if (r->rhythm.n)
		wn_map_set(&m, "rhythm", wn_string(r->rhythm));
	if (r->moved_n) {
		wn_map_set(&moved, "to", wn_string(r->moved_to));
		wn_map_set(&moved, "times", wn_int(r->moved_n));
		wn_map_set(&moved, "since_us", wn_int(r->moved_us));
		wn_map_set(&m, "moved", wn_map_end(&moved));
	}
	if (r->walk_us)
		wn_map_set(&m, "walk", numbers(a, (const char *const[]){"since_us", "pages", "new", "signals", "broken"},
					       (const int64_t[]){r->walk_us, r->walk_pages, r->walk_new, r->walk_signals, r->walk_broken}, 5));
	return wn_map_end(&m);
}

bool wn_remembered_moved(struct wn_remembered *r, struct wn_str to, int64_t now_us)
{
	if (!to.n || !wn_str_eq(to, r->moved_to)) {
		r->moved_to = to;
		r->moved_n = 0;
		r->moved_us = now_us;
	}
	if (!to.n)
		return false;
	r->moved_n++;
	return r->moved_n >= MOVED_IN_A_ROW || (r->moved_n >= MOVED_OVER_A_DAY && now_us - r->moved_us >= WN_DAY);
}
