/* SPDX-License-Identifier: MIT */
/*
 * HTTP server over evhttp: listening, counting connections, running handlers on fibers. The request and the
 * reply as the handler sees them are in server_request.c.
 *
 * evhttp of libevent 2.1 neither counts connections nor ends slow ones, so each connection's bufferevent is
 * created here and held by a second reference: evhttp is done with it when its callbacks are gone
 * (bufferevent_free takes them off), and our reference is the last. At the ceiling the listeners rest. A
 * handler may outlive its connection: nothing of evhttp's request is kept but a pointer that on_closed takes
 * away.
 */
#include "server_internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENERS_MAX 8

struct connection {
	struct bufferevent *bev;
	int64_t since_us; /* real */
	bool busy;        /* its request is with a handler */
};

struct listener {
	struct evconnlistener *lev;
	char *path; /* socket file to unlink, NULL: inherited */
	dev_t dev;
	ino_t ino;
};

struct wn_server {
	struct wn_loop *loop;
	struct evhttp *http;
	const struct wn_route *routes;
	size_t routes_n;
	void *ctx;
	gid_t group;
	int request_ms;
	struct listener listeners[LISTENERS_MAX];
	size_t listeners_n;
	struct connection connections[WN_SERVER_CONNECTIONS_MAX];
	size_t connections_n;
	struct wn_watch *sweep; /* runs while there are connections */
	struct exchange *exchanges;
};

/* One request with its handler; freed when the handler has returned. */
struct exchange {
	struct wn_server *server; /* NULL: the server is gone */
	struct exchange *prev, *next;
	struct evhttp_request *evreq; /* NULL: the connection is gone */
	const struct wn_route *route;
	struct wn_server_request request;
	struct wn_server_reply reply;
};

/* --- connections ---- */

static bool is_free(struct bufferevent *bev)
{
	bufferevent_data_cb on_read = NULL, on_write = NULL;
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(bev, &on_read, &on_write, &on_event, NULL);
	return !on_read && !on_write && !on_event;
}

static void rest(struct wn_server *s, bool at_ceiling)
{
	for (size_t i = 0; i < s->listeners_n; i++) {
		if (at_ceiling)
			evconnlistener_disable(s->listeners[i].lev);
		else
			evconnlistener_enable(s->listeners[i].lev);
	}
}

static void sweep(struct wn_server *s)
{
	int64_t now = wn_clock_monotonic_us();

	for (size_t i = 0; i < s->connections_n;) {
		struct connection *c = &s->connections[i];

		if (is_free(c->bev)) {
			bufferevent_decref(c->bev); /* the last one: closes the socket */
			*c = s->connections[--s->connections_n];
			continue;
		}
		if (!c->busy && now - c->since_us > s->request_ms * INT64_C(1000))
			shutdown(bufferevent_getfd(c->bev), SHUT_RDWR); /* evhttp sees its end */
		i++;
	}
	if (s->connections_n < WN_SERVER_CONNECTIONS_MAX)
		rest(s, false);
}

static void on_sweep(void *ctx, int events)
{
	struct wn_server *s = ctx;

	(void)events;
	sweep(s);
	if (s->connections_n)
		wn_watch_arm_once(s->sweep, -1, 0, 500);
}

static void sweep_soon(void *ctx)
{
	on_sweep(ctx, 0);
}

static struct bufferevent *on_connection(struct event_base *base, void *ctx)
{
	struct wn_server *s = ctx;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (!bev || s->connections_n == WN_SERVER_CONNECTIONS_MAX)
		return bev; /* not reached: the listeners rest at the ceiling */
	bufferevent_incref(bev);
	s->connections[s->connections_n++] = (struct connection){bev, wn_clock_monotonic_us(), false};
	if (s->connections_n == WN_SERVER_CONNECTIONS_MAX)
		rest(s, true);
	if (s->connections_n == 1)
		wn_watch_arm_once(s->sweep, -1, 0, 500);
	return bev;
}

static void set_busy(struct wn_server *s, struct evhttp_request *evreq)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(evreq));

	for (size_t i = 0; i < s->connections_n; i++)
		if (s->connections[i].bev == bev)
			s->connections[i].busy = true;
}

size_t wn_server_connections(const struct wn_server *s)
{
	return s->connections_n;
}

/* --- requests ---- */

static const struct wn_route *find_route(const struct wn_server *s, const char *method, const char *path,
					 bool *other_method)
{
	const struct wn_route *best = NULL;
	size_t best_n = 0;

	*other_method = false;
	for (size_t i = 0; i < s->routes_n; i++) {
		const struct wn_route *r = &s->routes[i];
		size_t n = strlen(r->path);
		bool prefix = n > 1 && r->path[n - 1] == '/';
		bool same = strcmp(method, r->method) == 0 ||
			    (strcmp(method, "HEAD") == 0 && strcmp(r->method, "GET") == 0);

		if (prefix ? strncmp(path, r->path, n) != 0 : strcmp(path, r->path) != 0)
			continue;
		if (!same)
			*other_method = true;
		else if (n > best_n)
			best = r, best_n = n;
	}
	return best;
}

static void allow_header(const struct wn_server *s, struct exchange *x)
{
	struct wn_buf b;

	wn_buf_init(&b, 256);
	for (size_t i = 0; i < s->routes_n; i++) {
		size_t n = strlen(s->routes[i].path);

		if (strncmp(x->request.path, s->routes[i].path, n) == 0 &&
		    (s->routes[i].path[n - 1] == '/' || !x->request.path[n]))
			wn_buf_printf(&b, "%s%s", b.n ? ", " : "", s->routes[i].method);
	}
	x->reply.headers[0][0] = "Allow";
	x->reply.headers[0][1] = wn_arena_str(x->request.arena, wn_buf_slice(&b)).p;
	wn_buf_done(&b);
}

static void unlink_exchange(struct exchange *x)
{
	if (x->prev)
		x->prev->next = x->next;
	else if (x->server)
		x->server->exchanges = x->next;
	if (x->next)
		x->next->prev = x->prev;
}

static void free_exchange(struct exchange *x)
{
	unlink_exchange(x);
	wn_buf_done(&x->reply.body);
	wn_arena_free(x->request.arena);
	free(x);
}

static void on_idle_closed(struct evhttp_connection *evcon, void *ctx)
{
	struct wn_server *s = ctx;

	(void)evcon;
	wn_loop_not_soon(s->loop, s);
	wn_loop_soon(s->loop, sweep_soon, s);
}

/* The client went away in the middle: evhttp frees its request now. */
static void on_closed(struct evhttp_connection *evcon, void *ctx)
{
	struct exchange *x = ctx;

	x->evreq = NULL;
	if (x->server)
		on_idle_closed(evcon, x->server);
}

static void answer(struct exchange *x)
{
	if (x->server && x->evreq) {
		struct evhttp_connection *evcon = evhttp_request_get_connection(x->evreq);

		evhttp_connection_set_closecb(evcon, on_idle_closed, x->server);
		wn_server_send(x->evreq, &x->request, &x->reply);
	}
	free_exchange(x);
}

static void run_handler(void *ctx)
{
	struct exchange *x = ctx;

	x->route->handle(x->server ? x->server->ctx : NULL, &x->request, &x->reply);
	answer(x);
}

/* True: a handler has it. False: the reply says why not. */
static bool dispatch(struct wn_server *s, struct exchange *x)
{
	const struct wn_server_request *r = &x->request;
	bool other_method;

	x->route = find_route(s, r->method, r->path, &other_method);
	if (!x->route && other_method) {
		wn_server_problem(&x->reply, 405, NULL, "%s is not a method of this resource", r->method);
		allow_header(s, x);
	} else if (!x->route) {
		wn_server_problem(&x->reply, 404, NULL, "there is nothing at %.200s", r->path);
	} else if (x->route->writes && !r->may_write) {
		wn_server_problem(&x->reply, 403, NULL,
				  "only root, the service's user and members of its group may do this");
	} else {
		x->request.tail =
		    x->route->path[strlen(x->route->path) - 1] == '/' ? r->path + strlen(x->route->path) : "";
		if (wn_fiber_start(s->loop, "http handler", run_handler, x))
			return true;
		wn_server_problem(&x->reply, 503, NULL, "too much is going on; try again");
	}
	return false;
}

static void on_request(struct evhttp_request *evreq, void *ctx)
{
	struct wn_server *s = ctx;
	struct exchange *x = wn_alloc(sizeof(*x));

	x->server = s;
	x->evreq = evreq;
	x->next = s->exchanges;
	if (x->next)
		x->next->prev = x;
	s->exchanges = x;
	x->reply = (struct wn_server_reply){.status = 200, .content_type = "application/json"};
	wn_buf_init(&x->reply.body, WN_SERVER_REPLY_MAX);
	x->request.arena = wn_arena_new(0);
	set_busy(s, evreq);
	evhttp_connection_set_closecb(evhttp_request_get_connection(evreq), on_closed, x);
	if (!wn_server_read(evreq, s->group, &x->request)) {
		wn_server_problem(&x->reply, 400, NULL, "the request's target is malformed");
		answer(x);
	} else if (!dispatch(s, x)) {
		answer(x);
	}
}

/* --- life ---- */

struct wn_server *wn_server_new(struct wn_loop *l, const struct wn_route *routes, size_t n, void *ctx)
{
	struct wn_server *s = wn_alloc(sizeof(*s));
	struct timeval idle = {WN_SERVER_REQUEST_MS / 1000, 0};

	*s = (struct wn_server){.loop = l,
				.routes = routes,
				.routes_n = n,
				.ctx = ctx,
				.group = (gid_t)-1,
				.request_ms = WN_SERVER_REQUEST_MS};
	s->http = evhttp_new(l->base);
	if (!s->http)
		abort();
	signal(SIGPIPE, SIG_IGN); /* evhttp writes to clients that have left */
	s->sweep = wn_watch_new_once(l, on_sweep, s);
	evhttp_set_max_headers_size(s->http, WN_SERVER_HEADERS_MAX);
	evhttp_set_max_body_size(s->http, WN_SERVER_BODY_MAX);
	evhttp_set_timeout_tv(s->http, &idle);
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
						EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
	evhttp_set_bevcb(s->http, on_connection, s);
	evhttp_set_gencb(s->http, on_request, s);
	return s;
}

void wn_server_free(struct wn_server *s)
{
	if (!s)
		return;
	for (struct exchange *x = s->exchanges, *next; x; x = next) {
		next = x->next;
		x->server = NULL; /* its handler finishes alone */
		x->prev = x->next = NULL;
		x->evreq = NULL;
	}
	for (size_t i = 0; i < s->connections_n;
	     i++) /* closecb must not reach exchanges: they have no evreq any more */
		shutdown(bufferevent_getfd(s->connections[i].bev), SHUT_RDWR);
	evhttp_free(s->http); /* connections and listeners with it */
	for (size_t i = 0; i < s->connections_n; i++)
		bufferevent_decref(s->connections[i].bev);
	for (size_t i = 0; i < s->listeners_n; i++) {
		struct listener *l = &s->listeners[i];
		struct stat st;

		if (l->path && stat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
			unlink(l->path);
		free(l->path);
	}
	wn_loop_not_soon(s->loop, s);
	wn_watch_free(s->sweep);
	free(s);
}

void wn_server_set_group(struct wn_server *s, gid_t group)
{
	s->group = group;
}

void wn_server_set_request_timeout(struct wn_server *s, int ms)
{
	s->request_ms = ms;
}

void wn_server_set_body_max(struct wn_server *s, size_t bytes)
{
	evhttp_set_max_body_size(s->http, (ev_ssize_t)bytes);
}

enum wn_rc wn_server_listen_fd(struct wn_server *s, int fd, struct wn_err *err)
{
	struct evconnlistener *lev;

	if (s->listeners_n == LISTENERS_MAX) {
		close(fd);
		return wn_fail(err, WN_LIMIT, "more than %d listening sockets", LISTENERS_MAX);
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	lev =
	    evconnlistener_new(s->loop->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!lev || !evhttp_bind_listener(s->http, lev)) {
		close(fd);
		return wn_fail(err, WN_INVALID, "not a listening socket");
	}
	s->listeners[s->listeners_n++] = (struct listener){.lev = lev};
	return WN_OK;
}

enum wn_rc wn_server_listen_tcp(struct wn_server *s, const char *address, struct wn_err *err)
{
	struct sockaddr_storage sa = {0};
	int size = sizeof(sa), on = 1;

	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&sa, &size))
		return wn_fail(err, WN_INVALID, "%s: expected ADDRESS:PORT in numbers", address);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&sa, (socklen_t)size) || listen(fd, 128)) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return wn_fail(err, why == EADDRINUSE ? WN_EXISTS : WN_REFUSED, "%s: %s", address, strerror(why));
	}
	return wn_server_listen_fd(s, fd, err);
}

/* Whether a living server answers at this address; a dead one's socket file is taken away. */
static bool is_taken(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN;
	bool dead = !alive && errno == ECONNREFUSED;

	close(fd);
	if (dead)
		unlink(sun->sun_path);
	return alive;
}

static int bind_unix(const struct sockaddr_un *sun, mode_t mode, gid_t group)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t before = umask(0777 & ~mode);
	int failed = fd < 0 || bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0;

	umask(before);
	if (!failed && group != (gid_t)-1 &&
	    group != getegid()) /* a hardened service may not call chown at all */
		failed = chown(sun->sun_path, (uid_t)-1, group) < 0;
	if (!failed)
		failed = listen(fd, WN_SERVER_CONNECTIONS_MAX) < 0;
	if (!failed)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum wn_rc wn_server_listen_unix(struct wn_server *s, const char *path, mode_t mode, gid_t group,
				 struct wn_err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st = {0};
	enum wn_rc rc;
	int fd;

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >= (int)sizeof(sun.sun_path))
		return wn_fail(err, WN_LIMIT, "%s: longer than %zu bytes", path, sizeof(sun.sun_path) - 1);
	if (is_taken(&sun))
		return wn_fail(err, WN_EXISTS, "%s: another server is listening there", path);
	fd = bind_unix(&sun, mode, group);
	if (fd < 0)
		return wn_fail(err, errno == EADDRINUSE ? WN_EXISTS : WN_REFUSED, "%s: %s", path,
			       strerror(errno));
	stat(path, &st);
	rc = wn_server_listen_fd(s, fd, err);
	if (rc == WN_OK) {
		struct listener *l = &s->listeners[s->listeners_n - 1];

		l->path = wn_strdup(path);
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return rc;
}
