/* SPDX-License-Identifier: MIT */
/*
 * Hosts as the poller sees them: how many requests run, when the next may begin, until when a host asked us to stay away; and the
 * circuit breaker: when host after host cannot be reached and none answers, the fault is ours.
 */
#ifndef WN_DAEMON_HOSTS_H
#define WN_DAEMON_HOSTS_H

#include <whynow/base.h>
#include <whynow/clock.h>

struct wn_hosts;
struct wn_poll_feed;
struct wn_host {
	struct wn_host *next;
	char *name;
	int64_t running;   /* requests under way */
	int64_t free_us;   /* no request begins before: the gap */
	int64_t held_us;   /* Retry-After: no request begins before; 0 none */
	const struct wn_poll_feed *held_by; /* who was told so, NULL */
	int64_t lost_us;   /* when it last could not be reached, 0: it answered since */
	/* The poller's: those that are due, but no request may begin now, in a list by `next`; and the one of them that is looked at
	 * when one may (while it is in the heap). */
	struct wn_poll_feed *first, *last, *herald;
};

struct wn_hosts *wn_hosts_new(void);
void wn_hosts_free(struct wn_hosts *h); /* NULL is fine */
/* The host of a URL (its authority without userinfo, lower case); made when it is new. Lives as long as `h`. */
struct wn_host *wn_hosts_of_url(struct wn_hosts *h, struct wn_str url);

/* When a request may begin: 0 now, WN_NEVER when one of those under way must end first, else the instant. */
int64_t wn_host_ready_us(const struct wn_host *host, int64_t now_us, int64_t at_once);
/* The gap counts from the begin and from the end of every request. */
void wn_host_began(struct wn_host *host, int64_t now_us, int64_t gap_us);
void wn_host_ended(struct wn_host *host, int64_t now_us, int64_t gap_us);
void wn_host_hold(struct wn_host *host, int64_t until_us, const struct wn_poll_feed *told);

/* --- the breaker ---- */
/* Something came back from the host, whatever it was. True: the breaker was open and is closed by it. */
bool wn_hosts_reached(struct wn_hosts *h, struct wn_host *host);
/* Nothing came back. True: the breaker opened now. Open: at least 3 hosts and half of all known (10 suffice) were lost within five
 * minutes, and none was reached meanwhile. */
bool wn_hosts_lost(struct wn_hosts *h, struct wn_host *host, int64_t now_us);
/* 0: closed. Else the instant at which one request may be tried. */
int64_t wn_hosts_probe_us(const struct wn_hosts *h);
/* A request is that one: the next after twice the time, up to 15 minutes. */
void wn_hosts_probed(struct wn_hosts *h, int64_t now_us);

#endif
