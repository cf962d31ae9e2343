/* SPDX-License-Identifier: MIT */
/* See hosts.h. A table by name; hosts are few and never leave it while the daemon runs. No clock, no I/O. */
#include "hosts.h"
#include <stdlib.h>

enum { BUCKETS = 1024, LOST_LEAST = 3, LOST_ENOUGH = 10 };
#define LOST_WITHIN (5 * WN_MINUTE)
#define PROBE_FIRST (30 * WN_SECOND)
#define PROBE_LAST (15 * WN_MINUTE)

struct wn_hosts {
	struct wn_host *buckets[BUCKETS];
	size_t n;
	int64_t probe_us, wait_us; /* 0: closed */
};

struct wn_hosts *wn_hosts_new(void) { return wn_alloc(sizeof(struct wn_hosts)); }

void wn_hosts_free(struct wn_hosts *h)
{
	for (size_t i = 0; h && i < BUCKETS; i++)
		for (struct wn_host *host = h->buckets[i], *next; host; host = next) {
			next = host->next;
			free(host->name);
			free(host);
		}
	free(h);
}

/* Authority of a URL, without userinfo. */
static struct wn_str authority_of(struct wn_str url)
{
	const char *at = memmem(url.p ? url.p : "", url.n, "://", 3);
	struct wn_str rest = at ? (struct wn_str){at + 3, (size_t)(url.p + url.n - at - 3)} : url;
	size_t n = 0, from = 0;
	for (; n < rest.n && !memchr("/?#", rest.p[n], 3); n++)
		from = rest.p[n] == '@' ? n + 1 : from;
	return (struct wn_str){rest.p + from, n - from};
}

static bool is_named(const struct wn_host *host, struct wn_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (host->name[i] != wn_lower(name.p[i]))
			return false;
	return host->name[name.n] == '\0';
}

struct wn_host *wn_hosts_of_url(struct wn_hosts *h, struct wn_str url)
{
	struct wn_str name = authority_of(url);
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (uint8_t)wn_lower(name.p[i])) * 16777619u;
	struct wn_host **at = &h->buckets[hash % BUCKETS];
	for (struct wn_host *host = *at; host; host = host->next)
		if (is_named(host, name))
			return host;
	struct wn_host *host = wn_alloc(sizeof(*host));
	*host = (struct wn_host){.next = *at, .name = wn_alloc(name.n + 1)};
	for (size_t i = 0; i < name.n; i++)
		host->name[i] = wn_lower(name.p[i]);
	*at = host;
	h->n++;
	return host;
}

int64_t wn_host_ready_us(const struct wn_host *host, int64_t now_us, int64_t at_once)
{
	int64_t at = host->free_us > host->held_us ? host->free_us : host->held_us;
	if (host->running >= at_once)
		return WN_NEVER;
	return at > now_us ? at : 0;
}

void wn_host_began(struct wn_host *host, int64_t now_us, int64_t gap_us)
{
	host->running++;
	host->free_us = now_us + gap_us;
}

void wn_host_ended(struct wn_host *host, int64_t now_us, int64_t gap_us)
{
	host->running--;
	host->free_us = now_us + gap_us;
}

void wn_host_hold(struct wn_host *host, int64_t until_us, const struct wn_poll_feed *told)
{
	if (until_us <= host->held_us)
		return;
	host->held_us = until_us;
	host->held_by = told;
}

/* --- the breaker ---- */
bool wn_hosts_reached(struct wn_hosts *h, struct wn_host *host)
{
	bool was_open = h->probe_us != 0;
	host->lost_us = 0;
	if (!was_open)
		return false;
	h->probe_us = h->wait_us = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct wn_host *x = h->buckets[i]; x; x = x->next)
			x->lost_us = 0;
	return true;
}

/* Hosts lost of late. One that answered in that time would have been reached: it has no mark. */
static size_t lost_since(const struct wn_hosts *h, int64_t since_us)
{
	size_t n = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct wn_host *x = h->buckets[i]; x; x = x->next)
			n += x->lost_us > since_us;
	return n;
}

bool wn_hosts_lost(struct wn_hosts *h, struct wn_host *host, int64_t now_us)
{
	host->lost_us = now_us;
	if (h->probe_us)
		return false;
	size_t n = lost_since(h, now_us - LOST_WITHIN), want = (h->n + 1) / 2;
	want = want < LOST_LEAST ? LOST_LEAST : want > LOST_ENOUGH ? LOST_ENOUGH : want;
	if (n < want)
		return false;
	h->wait_us = PROBE_FIRST;
	h->probe_us = now_us + PROBE_FIRST;
	return true;
}

int64_t wn_hosts_probe_us(const struct wn_hosts *h) { return h->probe_us; }

void wn_hosts_probed(struct wn_hosts *h, int64_t now_us)
{
	h->wait_us = h->wait_us * 2 > PROBE_LAST ? PROBE_LAST : h->wait_us * 2;
	h->probe_us = now_us + h->wait_us;
}
