/* SPDX-License-Identifier: MIT */
/* Why a feed that is due is not asked: what lies with its host, with the network, with us. Its own schedule is in the database. */
#include "intake_parts.h"

static struct wn_feed_delay until(int64_t us, const char *why) { return (struct wn_feed_delay){us, why}; }

static const char *why_held(const struct wn_host *host, struct wn_arena *a)
{
	const struct wn_poll_feed *by = host->held_by;
	if (!by)
		return wn_arena_printf(a, "%s asked us to stay away", host->name);
	return wn_arena_printf(a, "%s asked us to stay away: status %d to feed " WN_STR_FMT, host->name, by->state.last_status, WN_STR_ARG(by->name));
}

static struct wn_feed_delay by_host(struct wn_daemon *d, const struct wn_host *host, int64_t from_us, struct wn_arena *a)
{
	const struct wn_options *o = wn_daemon_options(d);
	if (host->held_us > from_us)
		return until(host->held_us, why_held(host, a));
	if (host->running >= o->poll.per_host)
		return until(0, wn_arena_printf(a, "%s answers another of its feeds, and gets at most %lld requests at once", host->name,
						(long long)o->poll.per_host));
	if (host->free_us > from_us)
		return until(host->free_us, wn_arena_printf(a, "%s was asked a moment ago; poll.host_gap", host->name));
	return until(0, NULL);
}

struct wn_feed_delay wn_feed_delay(struct wn_daemon *d, struct wn_poll_feed *f, struct wn_arena *a)
{
	const struct wn_book_feed *b = wn_book_feed_named(d->book, f->name);
	int64_t now = wn_clock_now_us(d->clock), from = f->state.next_us > now ? f->state.next_us : now;
	if (!b || b->conf->mode == WN_FEED_PUSH || f->state.next_us == WN_NEVER)
		return until(0, NULL);
	if (d->db != WN_DB_UP)
		return until(0, wn_arena_printf(a, "the database is away, nothing is asked: %s", d->db_text));
	if (f->running)
		return until(0, f->counted ? "it is being asked now" : "its answer waits to be stored");
	struct wn_hosts *hosts = wn_poller_hosts(d);
	int64_t probe = wn_hosts_probe_us(hosts);
	if (probe)
		return until(probe > from ? probe : from, "host after host cannot be reached: that is our network; feeds are tried one at a time");
	struct wn_feed_delay host = by_host(d, wn_hosts_of_url(hosts, wn_poll_url(f, b)), from, a);
	if (!host.why && wn_intake_is_full(d))
		return until(0, "answers of other feeds wait to be stored");
	return host;
}
