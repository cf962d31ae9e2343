/* SPDX-License-Identifier: MIT */
/* Shared by lib/io/http*.c. Not installed. */
#ifndef WHYNOW_HTTP_INTERNAL_H
#define WHYNOW_HTTP_INTERNAL_H

#include "curl_pool.h"

#include <whynow/arena.h>
#include <whynow/buf.h>
#include <whynow/http.h>
#include <whynow/limits.h>

#include <stdatomic.h>

enum { WN_HTTP_SMALL = 960 }; /* bytes of most requests and of most heads; malloc keeps blocks of that size at hand */

/* A response and the memory behind it. */
struct wn_http_answer {
	struct wn_http_response r; /* first: a response is its answer */
	struct wn_arena *arena;
	struct wn_buf body;
	WN_VEC(struct wn_http_header) headers;
	WN_VEC(struct wn_http_hop) hops;
};
struct wn_http_answer *wn_http_answer_new(void);
/* Points r at what was collected. */
struct wn_http_response *wn_http_answer_seal(struct wn_http_answer *a);
void wn_http_answer_fail(struct wn_http_answer *a, enum wn_rc rc, enum wn_http_failure failure, const char *fmt,
			 ...) WN_PRINTF(4, 5);

/* A URL taken apart; strings are of the arena. */
struct wn_http_url {
	const char *scheme, *host, *port, *user, *password;
	const char *plain; /* whole, without userinfo and fragment */
	const char *path, *query; /* of one that is plain already, query NULL for none; else NULL: only libcurl knows */
};
/* Absolute http or https only; userinfo only if allowed. */
enum wn_rc wn_http_url_parse(const char *url, bool userinfo, struct wn_arena *a, struct wn_http_url *out,
			     struct wn_err *err) WN_MUST_CHECK;
/* What a Location says, seen from `base`; never with userinfo. */
enum wn_rc wn_http_url_resolve(const char *base, const char *location, struct wn_arena *a, struct wn_http_url *out,
			       struct wn_err *err) WN_MUST_CHECK;
bool wn_http_url_same_origin(const struct wn_http_url *a, const struct wn_http_url *b);
/* Method, headers, ceilings; not the URL. */
enum wn_rc wn_http_check(const struct wn_http_request *req, struct wn_err *err) WN_MUST_CHECK;
bool wn_http_is_header_value(const char *value);

/* http_call.c: where calls are made, and those that are over wait to be used again. Of one thread. */
struct wn_http_calls {
	struct wn_http_call *spare; /* by `next` */
	int spare_n, spare_max;
	char *user_agent; /* where the request names none */
};
void wn_http_calls_init(struct wn_http_calls *calls, const char *user_agent, int spare_max); /* copies */
void wn_http_calls_done(struct wn_http_calls *calls); /* all that it made have ended */

/* A request with its defaults filled in and its strings kept, on its way to an answer. */
struct wn_http_call {
	struct wn_curl_job job; /* first */
	struct wn_http_call *prev, *next; /* among those of the client, or wherever it is handed on */
	struct wn_http_calls *calls;
	struct wn_http_client *client; /* that runs it */
	struct wn_arena *arena;
	struct wn_http_request req;
	struct wn_http_url first, url; /* of the request, of the hop under way */
	wn_http_done *on_done;
	void *ctx;
	int64_t start_us;
	struct curl_slist *header_list, *names;
	CURLU *parts; /* of a plain URL, for libcurl; NULL as long as none was */
	struct wn_http_answer *answer;
	size_t header_bytes;
	bool headers_whole, body_began, too_large, sent, done;
	atomic_bool cancelled; /* told to the thread that runs it (http_thread.c) */
	bool fresh; /* a kept connection had ended: none is used again */
	struct wn_curl_guard guard;
	char error[CURL_ERROR_SIZE];
};
/* Fails as wn_http_start does, but for ceilings of requests. It needs to be run and then ended, or dropped. */
enum wn_rc wn_http_call_new(struct wn_http_calls *calls, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			    struct wn_http_call **out, struct wn_err *err) WN_MUST_CHECK;
/* It is not wanted after all. */
void wn_http_call_drop(struct wn_http_call *c);
/* Calls on_done with the answer; c may be the next call from then on. */
void wn_http_call_end(struct wn_http_call *c);

/* http_client.c: sends it on its way; client->over(c) follows, from the client's loop. */
void wn_http_call_run(struct wn_http_client *client, struct wn_http_call *c);

/* http_hop.c: sets the handle up for the next hop. False: it may not be asked, the answer is complete. */
bool wn_http_hop_prepare(struct wn_http_call *c);
/* A hop ended. True: c->url is the next one to ask, or the same anew. False: the answer is complete. */
bool wn_http_hop_finish(struct wn_http_call *c, CURLcode code);

/* What the client gives each hop. */
struct wn_http_client {
	struct wn_net net; /* first */
	struct wn_loop *loop;
	struct wn_curl_pool *pools[2]; /* public, trusted; NULL before they are needed */
	struct wn_http_call *calls; /* under way */
	struct wn_http_calls made;
	void (*over)(struct wn_http_call *c); /* its answer is complete, and nobody here knows it any more */
	void *owner; /* of the client, for over */
	struct {
		unsigned number;
		char *user_agent, *ca_file;
	} kind; /* of the plain request that was made last */
	char *proxy; /* "" for none */
	struct wn_network *inside;
	struct wn_networks networks; /* of `inside` */
	const struct wn_http_wiring *wiring; /* tests */
	int calls_n, calls_max, connections_max, per_host_max;
};

#endif
