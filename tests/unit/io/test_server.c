/* SPDX-License-Identifier: MIT */
/* The server on a real Unix socket: raw clients on fibers, the command line's client in a child process. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/fiber.h>
#include <whynow/limits.h>
#include <whynow/server.h>

struct world {
	struct wn_clock *clock;
	struct wn_loop *loop;
	struct wn_server *server;
	char dir[64], path[100];
	int handled;
	char seen[300];
	struct wn_fiber *waiter;
};

static void on_status(void *ctx, const struct wn_server_request *r, struct wn_server_reply *reply)
{
	struct world *w = ctx;
	const char *q = wn_server_query(r, "q"), *agent = wn_server_header(r, "x-agent");

	w->handled++;
	snprintf(w->seen, sizeof(w->seen), "%s %.100s tail=%s q=%s local=%d uid=%d write=%d agent=%s",
		 r->method, r->path, r->tail, q ? q : "-", r->is_local, (int)r->uid, r->may_write,
		 agent ? agent : "-");
	wn_buf_text(&reply->body, "{\"up\":true}");
	reply->headers[0][0] = "X-Extra";
	reply->headers[0][1] = "yes";
}

static void on_echo(void *ctx, const struct wn_server_request *r, struct wn_server_reply *reply)
{
	((struct world *)ctx)->handled++;
	wn_buf_str(&reply->body, r->body);
}

static void on_slow(void *ctx, const struct wn_server_request *r, struct wn_server_reply *reply)
{
	struct world *w = ctx;

	(void)r;
	w->waiter = wn_fiber_current(w->loop);
	if (wn_fiber_park(w->loop) == WN_CANCELLED) {
		wn_server_problem(reply, 503, NULL, "we are stopping");
		return;
	}
	wn_buf_text(&reply->body, "woken");
}

static void on_large(void *ctx, const struct wn_server_request *r, struct wn_server_reply *reply)
{
	(void)ctx, (void)r;
	for (int i = 0; i < 20; i++)
		wn_buf_add(&reply->body, wn_arena_alloc(r->arena, 1u << 20), 1u << 20);
}

static void on_failure(void *ctx, const struct wn_server_request *r, struct wn_server_reply *reply)
{
	struct wn_err err = {.text = "no feed \"x\"\n"};

	(void)ctx, (void)r;
	wn_server_problem_rc(reply, WN_NOT_FOUND, &err);
}

static const struct wn_route routes[] = {
    {"GET", "/v1/status", false, on_status},   {"GET", "/v1/feeds/", false, on_status},
    {"POST", "/v1/feeds/", true, on_echo},     {"POST", "/v1/echo", true, on_echo},
    {"GET", "/v1/slow", false, on_slow},       {"GET", "/v1/large", false, on_large},
    {"GET", "/v1/failure", false, on_failure}, {"GET", "/v1/feeds/special/", false, on_failure},
};

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct wn_err err = {0};

	w->clock = wn_clock_new_live();
	w->loop = wn_loop_new(w->clock);
	w->server = wn_server_new(w->loop, routes, WN_COUNT(routes), w);
	strcpy(w->dir, "/tmp/test_server.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	chmod(w->dir, 0755);
	snprintf(w->path, sizeof(w->path), "%s/control", w->dir);
	if (wn_server_listen_unix(w->server, w->path, 0660, (gid_t)-1, &err))
		fail_msg("%s", err.text);
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;
	struct stat st;

	wn_server_free(w->server);
	assert_int_equal(stat(w->path, &st), -1);
	wn_loop_free(w->loop);
	wn_clock_free(w->clock);
	rmdir(w->dir);
	free(w);
	return 0;
}

/* --- a raw client ---- */

struct client {
	struct world *w;
	struct wn_str request;
	char *reply;
	size_t n;
	int fd;
	bool done;
};

static int dial(const struct world *w)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", w->path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void talk(void *ctx)
{
	struct client *c = ctx;
	size_t sent = 0;
	ssize_t n = 0;

	while (sent < c->request.n) {
		n = send(c->fd, c->request.p + sent, c->request.n - sent, MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		else if (errno != EAGAIN || wn_fiber_wait_fd(c->w->loop, c->fd, WN_WRITE | WN_READ, 2000, NULL))
			break;
	}
	while (c->n < 4000000) {
		n = recv(c->fd, c->reply + c->n, 4000000 - c->n, 0);
		if (n > 0)
			c->n += (size_t)n;
		else if (n == 0 || errno != EAGAIN || wn_fiber_wait_fd(c->w->loop, c->fd, WN_READ, 3000, NULL))
			break;
	}
	c->done = n == 0 || (n < 0 && errno == ECONNRESET);
}

static struct client *begin(struct world *w, struct wn_str request)
{
	struct client *c = calloc(1, sizeof(*c));

	*c = (struct client){.w = w, .request = request, .reply = calloc(1, 4000001), .fd = dial(w)};
	assert_true(c->fd >= 0);
	wn_fiber_start(w->loop, "client", talk, c);
	return c;
}

static void end(struct client *c)
{
	close(c->fd);
	free(c->reply);
	free(c);
}

/* Sends text, runs the loop until the server is done with it; the reply is valid until the next call. */
static const char *ask(struct world *w, const char *request)
{
	static char reply[20000];
	struct client *c = begin(w, wn_str_of(request));

	wn_loop_run_until_idle(w->loop);
	snprintf(reply, sizeof(reply), "%s", c->reply);
	if (!c->done)
		fail_msg("the server did not close: %s", reply);
	end(c);
	return reply;
}

#define HAS(reply, text)                                                                                       \
	do {                                                                                                   \
		const char *got_ = (reply);                                                                    \
		if (!strstr(got_, text))                                                                       \
			fail_msg("no \"%s\" in: %s", text, got_);                                              \
	} while (0)

static void a_request_reaches_its_handler_with_all_it_carries(void **state)
{
	struct world *w = *state;
	const char *reply = ask(w, "GET /v1/status?x=1&q=a%20b+c HTTP/1.1\r\nHost: x\r\nX-Agent: me\r\n\r\n");
	char expected[200];

	HAS(reply, "HTTP/1.1 200 OK\r\n");
	HAS(reply, "Content-Type: application/json\r\n");
	HAS(reply, "X-Extra: yes\r\n");
	HAS(reply, "\r\n\r\n{\"up\":true}");
	snprintf(expected, sizeof(expected), "GET /v1/status tail= q=a b c local=1 uid=%d write=1 agent=me",
		 (int)getuid());
	assert_string_equal(w->seen, expected);
	ask(w, "GET /v1/feeds/tech%2Dcrunch HTTP/1.1\r\nHost: x\r\n\r\n");
	HAS(w->seen, "GET /v1/feeds/tech-crunch tail=tech-crunch q=- ");
	reply = ask(w, "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
	HAS(reply, "\r\n\r\nhello");
	reply = ask(w, "HEAD /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
	HAS(reply, "200 OK");
	HAS(reply, "Content-Length: 11");
	assert_null(strstr(reply, "up"));
	assert_int_equal(w->handled, 4);
}

static void what_is_not_there_or_not_lawful_is_a_problem_document(void **state)
{
	struct world *w = *state;
	const char *reply = ask(w, "GET /v2/none HTTP/1.1\r\nHost: x\r\n\r\n");

	HAS(reply, "404 ");
	HAS(reply, "Content-Type: application/problem+json");
	HAS(reply, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"there is "
		   "nothing at /v2/none\"}");
	reply = ask(w, "DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
	HAS(reply, "405 ");
	HAS(reply, "Allow: GET\r\n");
	HAS(ask(w, "GET /v1/failure HTTP/1.1\r\nHost: x\r\n\r\n"),
	    "\"status\":404,\"detail\":\"no feed \\\"x\\\"");
	HAS(ask(w, "GET /v1/feeds/special/x HTTP/1.1\r\nHost: x\r\n\r\n"), "404 "); /* longest path wins */
	HAS(ask(w, "GET /v1/status%00x HTTP/1.1\r\nHost: x\r\n\r\n"), " 40");
	HAS(ask(w, "GET /v1/feeds/a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n"), " 400 ");
	HAS(ask(w, "GET /v1/feeds/%zz HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 ");
	HAS(ask(w, "nonsense\r\n\r\n"), "400 ");
	HAS(ask(w, "GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n"), "500 ");
	assert_int_equal(w->handled, 1);
}

static void limits_hold_for_headers_and_body(void **state)
{
	struct world *w = *state;
	size_t n = WN_SERVER_BODY_MAX + 1000;
	char *big = calloc(1, n + 200);
	struct client *c;
	int head;

	head = sprintf(big, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Big: ");
	memset(big + head, 'x', WN_SERVER_HEADERS_MAX + 1000);
	memcpy(big + head + WN_SERVER_HEADERS_MAX, "\r\n\r\n", 5);
	c = begin(w, wn_str_of(big));
	wn_loop_run_until_idle(w->loop);
	assert_true(c->done && !strstr(c->reply, " 200 "));
	end(c);
	head = sprintf(big, "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", n);
	memset(big + head, 'x', n);
	c = begin(w, (struct wn_str){big, (size_t)head + n});
	wn_loop_run_until_idle(w->loop);
	assert_true(c->done && !strstr(c->reply, " 200 "));
	end(c);
	head =
	    sprintf(big, "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n", WN_SERVER_BODY_MAX);
	memset(big + head, 'y', WN_SERVER_BODY_MAX);
	c = begin(w, (struct wn_str){big, (size_t)head + WN_SERVER_BODY_MAX});
	wn_loop_run_until_idle(w->loop);
	assert_true(c->done && c->n > WN_SERVER_BODY_MAX);
	HAS(c->reply, " 200 ");
	end(c);
	assert_int_equal(w->handled, 1);
	free(big);
}

static void wait_ms(struct world *w, int ms);

static void wait_for_handler(struct world *w)
{
	for (int i = 0; i < 200 && !w->waiter; i++)
		wait_ms(w, 10);
	assert_non_null(w->waiter);
}

static void a_handler_may_wait_and_its_client_may_leave(void **state)
{
	struct world *w = *state;
	struct client *stays = begin(w, WN_STR("GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n")), *leaves;

	wait_for_handler(w);
	wn_fiber_wake(w->waiter);
	wn_loop_run_until_idle(w->loop);
	HAS(stays->reply, "woken");
	end(stays);
	w->waiter = NULL;
	leaves = begin(w, WN_STR("GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n"));
	wait_for_handler(w);
	shutdown(leaves->fd, SHUT_RDWR);
	wait_ms(w, 20);
	wn_fiber_wake(w->waiter); /* answers nobody */
	wn_loop_run_until_idle(w->loop);
	end(leaves);
	/* and a handler that is still waiting when the server goes */
	w->waiter = NULL;
	leaves = begin(w, WN_STR("GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n"));
	wait_for_handler(w);
	wn_server_free(w->server);
	wn_fiber_wake(w->waiter);
	wn_loop_run_until_idle(w->loop);
	end(leaves);
	w->server = wn_server_new(w->loop, routes, WN_COUNT(routes), w);
}

static void connections_are_counted_and_the_ceiling_holds(void **state)
{
	struct world *w = *state;
	int fds[WN_SERVER_CONNECTIONS_MAX + 20];

	for (size_t i = 0; i < WN_COUNT(fds); i++) {
		fds[i] = dial(w); /* some stay in the kernel's queue */
		wn_loop_run_until_idle(w->loop);
		assert_true(wn_server_connections(w->server) <= WN_SERVER_CONNECTIONS_MAX);
	}
	assert_int_equal(wn_server_connections(w->server), WN_SERVER_CONNECTIONS_MAX);
	for (size_t i = 0; i < WN_COUNT(fds); i++)
		close(fds[i]);
	for (int i = 0; i < 40 && wn_server_connections(w->server); i++)
		wait_ms(w, 100);
	assert_int_equal(wn_server_connections(w->server), 0);
	HAS(ask(w, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"), "200 OK");
	wait_ms(w, 50);
	assert_int_equal(wn_server_connections(w->server), 0);
}

static void stop(void *ctx)
{
	wn_loop_stop(ctx);
}

static void wait_ms(struct world *w, int ms)
{
	struct wn_timer *t = wn_timer_new(w->loop, "stop", stop, w->loop);

	wn_timer_after(t, ms * 1000);
	wn_loop_run(w->loop);
	wn_timer_free(t);
}

static void a_client_that_drips_is_cut_off_and_a_slow_handler_is_not(void **state)
{
	struct world *w = *state;
	struct client *slow = begin(w, WN_STR("GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n"));
	int fd = dial(w), sent = 0;

	wn_server_set_request_timeout(w->server, 300);
	for (int i = 0; i < 40 && send(fd, "G", 1, MSG_NOSIGNAL) == 1; i++) {
		sent++;
		wait_ms(w, 50);
	}
	assert_in_range(sent, 4, 39);
	wait_ms(w, 700); /* the sweep after it */
	assert_int_equal(wn_server_connections(w->server), 1);
	wn_fiber_wake(w->waiter);
	wn_loop_run_until_idle(w->loop);
	HAS(slow->reply, "woken");
	end(slow);
	close(fd);
}

/* --- who asks ---- */

struct asked {
	enum wn_rc rc;
	int status;
	char text[300];
};

/* One control request in a child with another identity. */
static struct asked ask_as(struct world *w, uid_t uid, gid_t gid, gid_t extra, const char *method,
			   const char *target)
{
	struct asked a = {0};
	int p[2], status;
	ssize_t n = -1;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		struct wn_control_reply reply = {0};
		struct wn_err err = {0};

		if (uid && (setgroups(extra ? 1 : 0, &extra) || setgid(gid) || setuid(uid)))
			_exit(1);
		a.rc = wn_control_request(w->path, method, target, WN_STR("body"), 3000, &reply, &err);
		a.status = reply.status;
		snprintf(a.text, sizeof(a.text), "%.290s", a.rc ? err.text : reply.body);
		_exit(write(p[1], &a, sizeof(a)) != sizeof(a));
	}
	close(p[1]);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 500 && (n = read(p[0], &a, sizeof(a))) < 0; i++)
		wait_ms(w, 10);
	assert_int_equal(n, sizeof(a));
	waitpid(pid, &status, 0);
	close(p[0]);
	return a;
}

static void the_control_client_asks_and_is_known_by_the_kernel(void **state)
{
	struct world *w = *state;
	struct asked a = ask_as(w, 0, 0, 0, "POST", "/v1/echo");

	assert_int_equal(a.rc, WN_OK);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.text, "body");
	a = ask_as(w, 0, 0, 0, "GET", "/v1/status?q=x");
	assert_string_equal(a.text, "{\"up\":true}");
	a = ask_as(w, 0, 0, 0, "GET", "/v1/none");
	assert_int_equal(a.status, 404);
	if (getuid() != 0)
		skip(); /* other identities are root's to take */
	a = ask_as(w, 65534, 65534, 0, "GET", "/v1/status");
	assert_int_equal(a.rc, WN_REFUSED); /* the file's mode */
	chmod(w->path, 0666);
	a = ask_as(w, 65534, 65534, 0, "GET", "/v1/status");
	assert_int_equal(a.status, 200);
	HAS(w->seen, "uid=65534 write=0");
	a = ask_as(w, 65534, 65534, 0, "POST", "/v1/echo");
	assert_int_equal(a.status, 403);
	wn_server_set_group(w->server, 4242);
	assert_int_equal(ask_as(w, 65534, 65534, 0, "POST", "/v1/echo").status, 403);
	assert_int_equal(ask_as(w, 65534, 4242, 0, "POST", "/v1/echo").status, 200);
	assert_int_equal(ask_as(w, 65534, 65534, 4242, "POST", "/v1/echo").status, 200);
}

static void a_dead_socket_file_is_replaced_a_living_one_is_not(void **state)
{
	struct world *w = *state;
	struct wn_control_reply reply = {0};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct wn_err err = {0};
	char path[120], long_path[300];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(wn_server_listen_unix(w->server, w->path, 0660, (gid_t)-1, &err), WN_EXISTS);
	snprintf(path, sizeof(path), "%s/dead", w->dir);
	assert_int_equal(wn_control_request(path, "GET", "/", WN_STR(""), 1000, &reply, &err), WN_AGAIN);
	HAS(err.text, "is whynowd running?");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	assert_int_equal(wn_server_listen_unix(w->server, path, 0600, (gid_t)-1, &err), WN_OK);
	memset(long_path, 'x', sizeof(long_path));
	long_path[299] = 0;
	assert_int_equal(wn_server_listen_unix(w->server, long_path, 0600, (gid_t)-1, &err), WN_LIMIT);
	assert_int_equal(wn_server_listen_unix(w->server, "/nonexistent/x", 0600, (gid_t)-1, &err), WN_REFUSED);
}

static void an_inherited_tcp_socket_serves_strangers_who_may_not_write(void **state)
{
	struct world *w = *state;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct client c = {.w = w,
			   .request = WN_STR("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"),
			   .reply = calloc(1, 4000001)};

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)) | listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&in, &n);
	assert_int_equal(wn_server_listen_fd(w->server, fd, NULL), WN_OK);
	c.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&in, sizeof(in)), 0);
	fcntl(c.fd, F_SETFL, O_NONBLOCK);
	wn_fiber_start(w->loop, "client", talk, &c);
	wn_loop_run_until_idle(w->loop);
	HAS(c.reply, "200 OK");
	HAS(w->seen, "local=0 uid=-1 write=0");
	close(c.fd);
	free(c.reply);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_request_reaches_its_handler_with_all_it_carries),
	    TEST(what_is_not_there_or_not_lawful_is_a_problem_document),
	    TEST(limits_hold_for_headers_and_body),
	    TEST(a_handler_may_wait_and_its_client_may_leave),
	    TEST(connections_are_counted_and_the_ceiling_holds),
	    TEST(a_client_that_drips_is_cut_off_and_a_slow_handler_is_not),
	    TEST(the_control_client_asks_and_is_known_by_the_kernel),
	    TEST(a_dead_socket_file_is_replaced_a_living_one_is_not),
	    TEST(an_inherited_tcp_socket_serves_strangers_who_may_not_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
