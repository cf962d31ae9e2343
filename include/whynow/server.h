/* SPDX-License-Identifier: MIT */
/*
 * HTTP server on Unix sockets and inherited ones: one server for the control socket and the HTTP interface.
 *
 * Each request runs its handler on a fiber of its own, so that a handler may wait for the database; the answer
 * goes out when it returns. Limits (limits.h): header bytes, body bytes, connections, and a total time for a
 * request to arrive. Answers that are errors are RFC 9457 problem details. Keep-alive is not offered.
 */
#ifndef WHYNOW_SERVER_H
#define WHYNOW_SERVER_H

#include <sys/types.h>
#include <whynow/arena.h>
#include <whynow/buf.h>
#include <whynow/loop.h>

struct wn_server;

struct wn_server_request {
	const char *method; /* "GET", "POST", "PUT", "DELETE", "HEAD" */
	const char
	    *path; /* decoded, without the query; valid UTF-8 is not promised, NUL and controls are refused */
	const char *tail;    /* what follows the route's path when the route is a prefix, else "" */
	struct wn_str query; /* raw, after '?' */
	struct wn_str body;
	bool is_local; /* came over a Unix socket: the next three are known */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	bool may_write;         /* local and (root, our own uid, or member of the write group) */
	struct wn_arena *arena; /* lives as long as the request */
	void *opaque;           /* for wn_server_header */
};
/* First value of a header, NULL if absent. */
const char *wn_server_header(const struct wn_server_request *r, const char *name);
/* Decoded value of one query parameter, in the request's arena; NULL if absent. */
const char *wn_server_query(const struct wn_server_request *r, const char *name);

struct wn_server_reply {
	int status;                /* 200 unless set */
	const char *content_type;  /* "application/json" unless set; a literal or in the request's arena */
	struct wn_buf body;        /* ceiling WN_SERVER_REPLY_MAX; past it the client gets a 500 problem */
	const char *headers[8][2]; /* extra headers; names and values without control bytes; ends at NULL */
};
/* Sets status and an application/problem+json body {type, title, status, detail}. type is "about:blank" when
 * NULL. */
void wn_server_problem(struct wn_server_reply *reply, int status, const char *type, const char *fmt, ...)
    WN_PRINTF(4, 5);
/* A problem for a failed call: 400 invalid, 404 not_found, 409 exists/refused, 413 limit, 503 temporary ones.
 */
void wn_server_problem_rc(struct wn_server_reply *reply, enum wn_rc rc, const struct wn_err *err);

struct wn_route {
	const char *method; /* "GET" also answers HEAD */
	const char *path;   /* "/v1/status"; ending in '/' it is a prefix: "/v1/feeds/" */
	bool writes;        /* 403 unless the request may_write */
	void (*handle)(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply);
};

/* Ignores SIGPIPE for the process. Routes are borrowed until free. Longest path wins; a known path with another
 * method is 405 with Allow. */
struct wn_server *wn_server_new(struct wn_loop *l, const struct wn_route *routes, size_t n, void *ctx);
/* Closes every socket; running handlers finish, their answers are dropped. Unlinks socket files it made. */
void wn_server_free(struct wn_server *s);
/* Members of this group may write, beside root and our own uid. (gid_t)-1: nobody else. */
void wn_server_set_group(struct wn_server *s, gid_t group);
/* A request must have arrived whole this long after its connection was made; WN_SERVER_REQUEST_MS unless set.
 */
void wn_server_set_request_timeout(struct wn_server *s, int ms);
/* Of a request; WN_SERVER_BODY_MAX unless set. A longer one is answered with 413. */
void wn_server_set_body_max(struct wn_server *s, size_t bytes);
/* Listens on a new Unix socket of this mode (0660), owned by `group` when it is not -1. A stale socket file of
 * a dead server is replaced, a living one is WN_EXISTS. */
enum wn_rc wn_server_listen_unix(struct wn_server *s, const char *path, mode_t mode, gid_t group,
				 struct wn_err *err) WN_MUST_CHECK;
/* Listens on a TCP address: "127.0.0.1:8470", "[::1]:8470"; numbers, no names. */
enum wn_rc wn_server_listen_tcp(struct wn_server *s, const char *address, struct wn_err *err) WN_MUST_CHECK;
/* Listens on an inherited socket (wn_systemd_listen_fds), Unix or TCP; takes the fd. */
enum wn_rc wn_server_listen_fd(struct wn_server *s, int fd, struct wn_err *err) WN_MUST_CHECK;
size_t wn_server_connections(const struct wn_server *s);

/* --- the command line's side: one blocking request over the Unix socket (lib/io/control_client.c) ---- */
struct wn_control_reply {
	int status;
	char *content_type; /* never NULL */
	char *body;         /* terminated; free with wn_control_reply_done */
	size_t body_n;
};
/* method "GET" or "POST"; target "/v1/status?x=y". WN_AGAIN when nobody listens, WN_REFUSED when the socket may
 * not be opened, WN_UNKNOWN when a POST got no answer. */
enum wn_rc wn_control_request(const char *socket_path, const char *method, const char *target,
			      struct wn_str body, int timeout_ms, struct wn_control_reply *out,
			      struct wn_err *err) WN_MUST_CHECK;
void wn_control_reply_done(struct wn_control_reply *r);

#endif
