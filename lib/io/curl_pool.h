/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface on the loop, for whoever makes easy handles: a pool of connections, a job that runs in it, and the
 * address filter that every transfer carries. Not installed.
 *
 * libcurl says which sockets and which time-out it waits for; we tell it what happened, then tell the jobs that ended.
 */
#ifndef WHYNOW_CURL_POOL_H
#define WHYNOW_CURL_POOL_H

#include <curl/curl.h>
#include <whynow/address.h>
#include <whynow/loop.h>

struct wn_curl_pool;

/* One transfer. on_done runs inside of the pool, with the handle out of it already; it may add jobs and free its own. */
struct wn_curl_job {
	CURL *easy;
	void (*on_done)(struct wn_curl_job *job, CURLcode code);
	struct wn_curl_pool *pool; /* NULL: not running */
	unsigned kind; /* jobs of one kind set the same options, but for those of each job; 0: of its own */
	bool dressed;  /* the options of its kind are set */
};

/* Both ceilings of connections; those idle are kept for the next job. Gives. */
struct wn_curl_pool *wn_curl_pool_new(struct wn_loop *l, int connections_max, int per_host_max);
void wn_curl_pool_free(struct wn_curl_pool *p); /* no job runs in it */
/* Gives the job a handle: a spare one, dressed if the last job was of the same kind, or one with nothing set. wn_curl_handle_done takes
 * it back (it runs nowhere), when nothing of the job is needed any more but what its kind has set. */
void wn_curl_handle_take(struct wn_curl_pool *p, struct wn_curl_job *job, unsigned kind);
void wn_curl_handle_done(struct wn_curl_pool *p, struct wn_curl_job *job);
/* Sets CURLOPT_PRIVATE and, with the options of the kind, the function that closes sockets: it outlives the job, and must not outlive
 * the pool. */
void wn_curl_job_start(struct wn_curl_pool *p, struct wn_curl_job *job);
void wn_curl_job_stop(struct wn_curl_job *job); /* on_done is not called; nothing happens if it does not run */

/* What every socket of a transfer goes through (address.h). */
struct wn_curl_guard {
	bool allow_private;
	const struct wn_networks *networks; /* and then only these, unless there are none; NULL: none */
	bool to_proxy; /* it is the socket of the proxy, which root's file names: it may be inside */
	void (*rewire)(void *ctx, struct sockaddr_storage *addr); /* tests: where an allowed socket really goes; NULL */
	void *rewire_ctx;
	enum wn_address_class refused; /* PUBLIC: none was */
	char refused_text[64];
};
/* May it be connected? */
bool wn_curl_guard_allows(const struct wn_curl_guard *g, const struct sockaddr *sa, size_t n);
/* No: writes down what was refused. */
void wn_curl_guard_refuse(struct wn_curl_guard *g, const struct sockaddr *sa, size_t n);
/* Why, for the log: "link-local", or "private, and in none of poll.allow_networks". */
const char *wn_curl_guard_why(const struct wn_curl_guard *g);
/* Keeps the guard for as long as the handle runs. */
void wn_curl_guard_set(CURL *easy, struct wn_curl_guard *g);
/* The same for all: no proxy, no netrc, TLS 1.2 and verified, no signals, no waiting for a hung name lookup. ca_file may be NULL. */
void wn_curl_policy(CURL *easy, const char *ca_file);

#endif
