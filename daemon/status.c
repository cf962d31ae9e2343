/* SPDX-License-Identifier: MIT */
/* What the daemon says of itself: one line for the service manager, one object for `whynow status`. */
#include "daemon.h"
#include <stdio.h>
#include <whynow/date.h>
#include <whynow/systemd.h>

static const char *db_word(enum wn_db_state s)
{
	return s == WN_DB_UP ? "up" : s == WN_DB_REFUSED ? "refused" : "away";
}

void wn_status_line(const struct wn_daemon *d, char *dst, size_t size)
{
	size_t blind, failing, feeds = wn_poller_feeds(d, &blind, &failing);
	char when[40] = "";
	int64_t now = wn_clock_now_us(d->clock);
	if (d->next_expiry_us != WN_NEVER)
		wn_relative_to_text(d->next_expiry_us - now, when);
	snprintf(dst, size, "%zu feed%s, %zu blind, %lld campaign%s open%s%s, database %s", feeds, feeds == 1 ? "" : "s", blind,
		 (long long)d->open_campaigns, d->open_campaigns == 1 ? "" : "s", when[0] ? ", next expiry " : "", when, db_word(d->db));
}

struct wn_value wn_status_value(const struct wn_daemon *d, struct wn_arena *a)
{
	size_t blind, failing, feeds = wn_poller_feeds(d, &blind, &failing);
	char line[300];
	struct wn_map_builder m = wn_map_begin(a);
	wn_status_line(d, line, sizeof(line));
	wn_map_set(&m, "status", wn_string(wn_arena_str(a, wn_str_of(line))));
	wn_map_set(&m, "version", wn_cstring(WN_VERSION));
	wn_map_set(&m, "instance", wn_cstring(d->instance));
	wn_map_set(&m, "now", wn_time_us(wn_clock_now_us(d->clock)));
	wn_map_set(&m, "started_at", wn_time_us(d->started_us));
	wn_map_set(&m, "database", wn_cstring(db_word(d->db)));
	if (d->db_text[0])
		wn_map_set(&m, "database_error", wn_cstring(d->db_text));
	wn_map_set(&m, "clock_doubtful", wn_bool(wn_clock_is_doubtful(d->clock)));
	wn_map_set(&m, "feeds", wn_int((int64_t)feeds));
	wn_map_set(&m, "feeds_blind", wn_int((int64_t)blind));
	wn_map_set(&m, "feeds_failing", wn_int((int64_t)failing));
	wn_map_set(&m, "segments", wn_int((int64_t)d->book->n_segments));
	wn_map_set(&m, "campaigns_open", wn_int(d->open_campaigns));
	if (d->next_expiry_us != WN_NEVER)
		wn_map_set(&m, "next_expiry", wn_time_us(d->next_expiry_us));
	wn_map_set(&m, "deliveries_running", wn_int((int64_t)wn_courier_running(d)));
	wn_map_set(&m, "paused", wn_bool(d->book->catalog.paused));
	wn_map_set(&m, "loop_turns", wn_int((int64_t)wn_loop_turns(d->loop)));
	return wn_map_end(&m);
}

/* Only when the words changed: a status line a second would be noise. */
void wn_status_tell(struct wn_daemon *d)
{
	char line[300];
	wn_status_line(d, line, sizeof(line));
	if (strcmp(line, d->told) == 0)
		return;
	snprintf(d->told, sizeof(d->told), "%s", line);
	wn_systemd_status(line);
}
