// links: base ssl
/* SPDX-License-Identifier: MIT */
/*
 * A publisher of feeds on loopback that is cheaper to ask than anybody who asks: one thread, epoll, answers made beforehand.
 *   poll_server [--tls CERT.pem KEY.pem] [--items N] [--bytes N]     prints its port, serves until its standard input ends
 * GET /f/N gives an RSS document (new text in lastBuildDate each time, the same items), to whoever sends its ETag a 304;
 * GET /u/N gives the document whatever was sent; GET /counts tells as JSON what was counted since the last time; GET /drop closes all
 * other connections.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <whynow/buf.h>

enum { REQUEST_MAX = 8192, EVENTS = 256, AGE_DIGITS = 12, CONNECTIONS_MAX = 4096 };
#define ETAG "\"5f3a-61c0b\""
static const char not_modified[] = "HTTP/1.1 304 Not Modified\r\nETag: " ETAG "\r\n\r\n";

struct connection {
	int fd;
	SSL *ssl;
	bool shaken;
	size_t in_n, out_n, out_at;
	char in[REQUEST_MAX];
	char *out; /* what is not sent yet */
};

static struct server {
	int epoll, listener;
	SSL_CTX *tls;
	char *page; /* head and document */
	size_t page_n, age_at;
	uint64_t age;
	struct connection *connections[CONNECTIONS_MAX]; /* by descriptor */
	struct {
		uint64_t accepted, handshakes, resumed, whole, unchanged;
	} n;
} server;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* --- the document ---- */
static void make_page(long items, size_t bytes)
{
	struct wn_buf body, page;
	wn_buf_init(&body, 1 << 20);
	wn_buf_init(&page, 1 << 20);
	wn_buf_text(&body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Example Weekly</title>"
			   "<link>https://news.example.com/</link><description>What happened</description><lastBuildDate>");
	size_t age_at = body.n;
	wn_buf_printf(&body, "%0*d</lastBuildDate>\n", AGE_DIGITS, 0);
	for (long i = 0; i < items; i++) {
		wn_buf_printf(&body, "<item><title>Northwind %ld opens an office in Lisbon &amp; hires</title><link>https://news.example.com/2026/%ld</link>"
				     "<guid isPermaLink=\"false\">news-%ld</guid><pubDate>Tue, 0%ld Sep 2026 10:%02ld:00 GMT</pubDate><description>",
			      i, i, i, 1 + i % 9, i % 60);
		for (long k = 0; body.n < (bytes - 30) * (size_t)(i + 1) / (size_t)items - 60; k++)
			wn_buf_printf(&body, "&lt;p&gt;Paragraph %ld: the company said that it expects the office to grow.&lt;/p&gt; ", k);
		wn_buf_text(&body, "</description></item>\n");
	}
	wn_buf_text(&body, "</channel></rss>\n");
	wn_buf_printf(&page, "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: " ETAG "\r\nContent-Length: %zu\r\n\r\n", body.n);
	server.age_at = page.n + age_at;
	wn_buf_str(&page, wn_buf_slice(&body));
	server.page_n = page.n;
	server.page = wn_buf_take(&page);
	wn_buf_done(&body);
}

static void grow_older(void)
{
	char age[32];
	snprintf(age, sizeof(age), "%0*llu", AGE_DIGITS, (unsigned long long)++server.age % 1000000000000ULL);
	memcpy(server.page + server.age_at, age, AGE_DIGITS);
}

/* --- connections ---- */
static void drop(struct connection *c)
{
	server.connections[c->fd] = NULL;
	SSL_free(c->ssl);
	close(c->fd);
	free(c->out);
	free(c);
}

static long put(struct connection *c, const char *p, size_t n)
{
	if (!c->ssl)
		return send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	int done = SSL_write(c->ssl, p, (int)n);
	if (done <= 0)
		errno = SSL_get_error(c->ssl, done) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
	return done;
}

static long get(struct connection *c, char *p, size_t n)
{
	if (!c->ssl)
		return recv(c->fd, p, n, MSG_DONTWAIT);
	int done = SSL_read(c->ssl, p, (int)n), why = done > 0 ? 0 : SSL_get_error(c->ssl, done);
	if (!c->shaken && SSL_is_init_finished(c->ssl)) {
		c->shaken = true;
		server.n.handshakes++;
		server.n.resumed += (uint64_t)SSL_session_reused(c->ssl);
	}
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
	return why == SSL_ERROR_ZERO_RETURN ? 0 : done > 0 ? done : -1;
}

/* Sends, keeps what the socket does not take. False: the peer has gone. */
static bool answer(struct connection *c, const char *p, size_t n)
{
	long sent = put(c, p, n);
	if (sent < 0 && errno != EAGAIN)
		return false;
	size_t done = sent > 0 ? (size_t)sent : 0;
	if (done == n)
		return true;
	c->out = realloc(c->out, n - done);
	if (!c->out)
		fail("memory");
	memcpy(c->out, p + done, n - done);
	c->out_n = n - done;
	c->out_at = 0;
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
	return epoll_ctl(server.epoll, EPOLL_CTL_MOD, c->fd, &e) == 0;
}

static bool go_on(struct connection *c)
{
	while (c->out_at < c->out_n) {
		long sent = put(c, c->out + c->out_at, c->out_n - c->out_at);
		if (sent < 0)
			return errno == EAGAIN;
		c->out_at += (size_t)sent;
	}
	c->out_n = c->out_at = 0;
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	return epoll_ctl(server.epoll, EPOLL_CTL_MOD, c->fd, &e) == 0;
}

static bool tell_counts(struct connection *c)
{
	struct rusage u;
	char body[400], text[600];
	getrusage(RUSAGE_SELF, &u);
	int n = snprintf(body, sizeof(body), "{\"accepted\": %llu, \"handshakes\": %llu, \"resumed\": %llu, \"whole\": %llu, \"unchanged\": %llu, \"cpu_us\": %lld}\n",
			 (unsigned long long)server.n.accepted, (unsigned long long)server.n.handshakes, (unsigned long long)server.n.resumed,
			 (unsigned long long)server.n.whole, (unsigned long long)server.n.unchanged,
			 (long long)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	memset(&server.n, 0, sizeof(server.n));
	int m = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, body);
	return answer(c, text, (size_t)m);
}

static bool drop_others(struct connection *c)
{
	for (int fd = 0; fd < CONNECTIONS_MAX; fd++)
		if (server.connections[fd] && server.connections[fd] != c) {
			if (c->ssl)
				SSL_shutdown(server.connections[fd]->ssl); /* what ends without it is not resumed */
			shutdown(fd, SHUT_RDWR);
		}
	return answer(c, not_modified, sizeof(not_modified) - 1);
}

static bool serve(struct connection *c, const char *request)
{
	if (strncmp(request, "GET /drop ", 10) == 0)
		return drop_others(c);
	if (strncmp(request, "GET /counts ", 12) == 0)
		return tell_counts(c);
	if (strncmp(request, "GET /f/", 7) == 0 && strcasestr(request, "\nif-none-match: " ETAG)) {
		server.n.unchanged++;
		return answer(c, not_modified, sizeof(not_modified) - 1);
	}
	server.n.whole++;
	grow_older();
	return answer(c, server.page, server.page_n);
}

static bool on_readable(struct connection *c)
{
	long n = get(c, c->in + c->in_n, sizeof(c->in) - 1 - c->in_n);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	c->in_n += (size_t)n;
	c->in[c->in_n] = '\0';
	for (char *end; c->in_n && (end = strstr(c->in, "\r\n\r\n"));) {
		end[2] = '\0';
		if (!serve(c, c->in))
			return false;
		c->in_n -= (size_t)(end + 4 - c->in);
		memmove(c->in, end + 4, c->in_n + 1);
	}
	return c->in_n < sizeof(c->in) - 1;
}

static void on_connection(void)
{
	for (int fd; (fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		struct connection *c = fd < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
		if (!c) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		server.n.accepted++;
		c->fd = fd;
		server.connections[fd] = c;
		if (server.tls) {
			c->ssl = SSL_new(server.tls);
			SSL_set_fd(c->ssl, fd);
			SSL_set_accept_state(c->ssl);
		}
		epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &e);
	}
}

static void on_event(const struct epoll_event *e)
{
	struct connection *c = e->data.ptr;
	bool good = (e->events & EPOLLOUT) == 0 || go_on(c);
	do
		good = good && ((e->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || on_readable(c));
	while (good && c->ssl && SSL_pending(c->ssl));
	if (!good)
		drop(c);
}

/* --- start ---- */
static void listen_on_loopback(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server.listener < 0 || bind(server.listener, (struct sockaddr *)&at, n) || listen(server.listener, 1024) ||
	    getsockname(server.listener, (struct sockaddr *)&at, &n))
		fail("listen");
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
}

static void speak_tls(const char *certificate, const char *key)
{
	server.tls = SSL_CTX_new(TLS_server_method());
	if (!server.tls || SSL_CTX_use_certificate_chain_file(server.tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(server.tls, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
	SSL_CTX_set_mode(server.tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_id_context(server.tls, (const unsigned char *)"bench", 5);
}

static void run(void)
{
	struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL}, end = {.events = EPOLLIN | EPOLLHUP, .data.ptr = &server}, v[EVENTS];
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &listening);
	if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &end))
		fail("standard input must be a pipe");
	for (;;) {
		int n = epoll_wait(server.epoll, v, EVENTS, -1);
		for (int i = 0; i < n; i++)
			if (v[i].data.ptr == &server)
				return;
			else if (!v[i].data.ptr)
				on_connection();
			else
				on_event(&v[i]);
	}
}

int main(int argc, char **argv)
{
	long items = 10, bytes = 20000;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--tls") == 0 && i + 2 < argc) {
			speak_tls(argv[i + 1], argv[i + 2]);
			i += 2;
		} else if (strcmp(argv[i], "--items") == 0 && i + 1 < argc) {
			items = strtol(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--bytes") == 0 && i + 1 < argc) {
			bytes = strtol(argv[++i], NULL, 10);
		} else {
			fprintf(stderr, "poll_server [--tls CERT KEY] [--items N] [--bytes N]\n");
			return 64;
		}
	}
	make_page(items, (size_t)bytes);
	listen_on_loopback();
	run();
	return 0;
}
