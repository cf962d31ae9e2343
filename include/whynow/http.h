/* SPDX-License-Identifier: MIT */
/*
 * HTTP client contract: one request in, one response out, always, through one callback.
 *
 * `struct wn_net` is the network as the daemon sees it: the real client (libcurl multi on the loop, or on a thread of its own) or a
 * scripted one of a test; all keep the same promises:
 *   - on_done is called exactly once for each start that returned WN_OK, from the loop, never inside start;
 *   - response->rc says what to do next: WN_OK when a complete answer of any status came; WN_INVALID (URL,
 * header or method is not lawful); WN_LIMIT (a ceiling); WN_REFUSED (address filter, redirect policy); WN_AGAIN
 * (nothing reached the other side, or the method is GET or HEAD); WN_UNKNOWN (a request other than GET and HEAD
 * went out and no complete answer came); WN_CANCELLED. Follows nothing the request did not allow: only http and
 * https, no proxy but that of the options, no cookies, no netrc, no credentials and no caller's headers to another origin, never from
 * https down to http.
 */
#ifndef WHYNOW_HTTP_H
#define WHYNOW_HTTP_H

#include <whynow/address.h>
#include <whynow/base.h>
#include <whynow/loop.h>

struct wn_http_header {
	const char *name, *value;
};

/* Zero means the default in brackets. Everything is borrowed until start returns, the body until on_done. */
struct wn_http_request {
	const char *method; /* [GET] */
	const char *url; /* absolute, http or https; userinfo becomes Basic credentials for the first origin */
	const struct wn_http_header *headers; /* control bytes anywhere refuse the request */
	size_t headers_n;
	struct wn_str body;        /* sent with Content-Length when p is set */
	const char *etag;          /* If-None-Match, verbatim; NULL or "" for none */
	const char *last_modified; /* If-Modified-Since, verbatim */
	const char *user_agent;    /* [the client's] */
	const char *ca_file;       /* PEM file instead of the system's authorities; there is no "verify off" */
	bool allow_private;        /* from the root-owned file only; see wn_address_is_allowed */
	bool follow;               /* redirects of GET and HEAD */
	/* The body of a 200 as it comes, inside of the transfer: keep it, do nothing else; false ends the call. ctx is that of on_done.
	 * With it the response has no body, neither body_max nor the total time holds, and slow_s 0 means for ever. NULL: as a whole. */
	bool (*on_data)(void *ctx, struct wn_str bytes);
	bool status_is_answer;     /* the answer is there once its headers are: a body that is too large, slow, broken or cut off
				    * is no failure, and the response has what of it came */
	size_t body_max;           /* decoded bytes [WN_FETCH_BODY_MAX] */
	size_t headers_max;        /* bytes [WN_FETCH_HEADERS_MAX] */
	int redirects_max;         /* [WN_FETCH_REDIRECTS_MAX] */
	int connect_timeout_ms;    /* [5 000] name, connection and TLS of one hop */
	int total_timeout_ms;      /* [60 000] all hops together */
	int slow_bytes, slow_s;    /* slower than this many bytes/s [100] for so long [10 s] is given up */
};

/* Why there is no answer; text in words: wn_http_failure_to_text. */
#define WN_HTTP_FAILURE_LIST(X)                                                                                \
	X(NONE, "none")                                                                                        \
	X(INVALID, "invalid request")                                                                          \
	X(DNS, "name not found")                                                                               \
	X(ADDRESS, "address refused by policy")                                                                \
	X(CONNECT, "no connection")                                                                            \
	X(TLS, "TLS failure")                                                                                  \
	X(TIMEOUT, "timed out")                                                                                \
	X(TOO_LARGE, "answer too large")                                                                       \
	X(TRUNCATED, "answer truncated")                                                                       \
	X(PROTOCOL, "protocol error")                                                                          \
	X(ENCODING, "bad content encoding")                                                                    \
	X(REDIRECT, "redirect refused")                                                                        \
	X(CANCELLED, "cancelled")
enum wn_http_failure {
#define X(name, text) WN_HTTP_##name,
	WN_HTTP_FAILURE_LIST(X)
#undef X
};
const char *wn_http_failure_to_text(enum wn_http_failure f);

/* One redirect that was followed. */
struct wn_http_hop {
	int status;       /* 301, 302, 303, 307, 308 */
	const char *from; /* URL that answered so */
};

struct wn_http_response {
	enum wn_rc rc;
	enum wn_http_failure failure;
	int status;        /* of the last hop; 0 if none came */
	const char *error; /* one sentence for a person, "" when rc is WN_OK; no credentials in it */
	const struct wn_http_header *headers; /* of the last hop, names lower case, in order */
	size_t headers_n;
	struct wn_str body; /* decoded, NUL-terminated; what came before a failure is dropped */
	const char *url;    /* effective URL of the last hop, without userinfo */
	const struct wn_http_hop *hops;
	size_t hops_n;
	bool moved_for_good; /* every hop was 301 or 308, and there was one */
	int64_t name_us, connect_us, tls_us, first_byte_us,
	    total_us;     /* since the start, real; last hop but total */
	uint64_t bytes;   /* body bytes on the wire, last hop */
	const char *peer; /* address of the last hop, "" if never connected */
};
/* First value of a header of the last hop (name in any case), NULL if absent. Borrowed. */
const char *wn_http_header(const struct wn_http_response *r, const char *name);
void wn_http_response_free(struct wn_http_response *r); /* NULL is fine */
void wn_http_response_freep(struct wn_http_response **r);
/* For scripted networks: a complete answer. Copies all. Gives. */
struct wn_http_response *wn_http_response_new(int status, const char *url, const struct wn_http_header *headers,
					      size_t headers_n, struct wn_str body);
/* For scripted networks: a failure. */
struct wn_http_response *wn_http_response_failed(enum wn_rc rc, enum wn_http_failure failure,
						 const char *error);

/* Gives the response: free it with wn_http_response_free. */
typedef void wn_http_done(void *ctx, struct wn_http_response *response);

struct wn_http_call; /* one request under way; valid until its on_done begins */

/* Implementations embed this as their first member. */
struct wn_net {
	enum wn_rc (*start)(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done,
			    void *ctx, struct wn_http_call **out, struct wn_err *err);
	/* on_done follows with WN_CANCELLED, from the loop. */
	void (*cancel)(struct wn_net *net, struct wn_http_call *call);
};

/* `out` may be NULL. Fails (no on_done) only with WN_INVALID for an unlawful request or WN_LIMIT when too many
 * are under way. */
enum wn_rc wn_http_start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done,
			 void *ctx, struct wn_http_call **out, struct wn_err *err) WN_MUST_CHECK;
void wn_http_cancel(struct wn_net *net, struct wn_http_call *call);
/* The same, waiting on the running fiber (outside of a fiber it turns the loop until done). Returns WN_OK
 * whenever there is a response; look at (*out)->rc. WN_CANCELLED when the fiber was cancelled: the transfer is
 * given up. */
enum wn_rc wn_http_fetch(struct wn_loop *l, struct wn_net *net, const struct wn_http_request *req,
			 struct wn_http_response **out, struct wn_err *err) WN_MUST_CHECK;

/* --- the real client (lib/io/http_client.c, http_thread.c) ---- */
/* For tests: names and sockets of a scripted world. The address filter judges what `resolve` gave, and only what it lets
 * through is rewired. */
struct sockaddr_storage;
struct wn_http_wiring {
	const char *(*resolve)(void *ctx, const char *host); /* addresses, "1.2.3.4,[::1]"; NULL: the system's resolver */
	/* Where the socket really goes: may overwrite *addr (IPv4 only). */
	void (*rewire)(void *ctx, struct sockaddr_storage *addr);
	void *ctx;
};
struct wn_http_options {
	const char *user_agent; /* ["whynow/VERSION"]; copied */
	int connections_max;    /* [64] of each of the two pools */
	int per_host_max;       /* [4] connections to one host */
	int requests_max;       /* [1000] under way at once */
	/* http://HOST:PORT or socks5h://HOST:PORT [none], copied: for all requests but those that allow_private, which go directly. The proxy
	 * looks names up, so it must keep names from leading inside; what is an address itself in the URL is judged here. */
	const char *proxy;
	struct wn_networks networks; /* what allow_private may reach inside [all]; copied */
	const struct wn_http_wiring *wiring; /* NULL but in tests; borrowed */
};
/* Two pools of connections: trusted (allow_private) and public requests never share one. Gives. */
struct wn_net *wn_http_client_new(struct wn_loop *l, const struct wn_http_options *options);
/* Requests under way end with WN_CANCELLED: their on_done is called in here. */
void wn_http_client_free(struct wn_net *net);

/* The same with its requests on a thread of their own, which begins with the first. Requests with on_data are made on `l`: ceilings hold
 * for them and for the others each. The body of a request is read by the thread: it must not change until on_done. on_done is called,
 * and everything else is to be called, on the thread of `l`. `wiring` is asked on the other. WN_LIMIT also: no thread to be had. Gives. */
struct wn_net *wn_http_thread_new(struct wn_loop *l, const struct wn_http_options *options);
void wn_http_thread_free(struct wn_net *net);
/* For a watchdog. False: since this was asked last the thread gave no sign of life, and requests were under way. */
bool wn_http_thread_is_alive(struct wn_net *net);

#endif
