/* SPDX-License-Identifier: MIT */
/* Connections of libcurl on the loop. The contract is in the header. */
#include "curl_pool.h"
#include "loop_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

/* One socket. That of a connection stays watched while it is idle between two jobs, so that the next costs no system call, and until
 * it is closed; any other (of a name lookup) as long as libcurl says. */
struct watched {
	struct wn_curl_pool *pool;
	struct wn_watch *watch;
	curl_socket_t fd;
	bool connection;
	bool wanted; /* a job waits for it */
	int events;  /* it is watched for */
};

struct wn_curl_pool {
	struct wn_loop *loop;
	CURLM *multi;
	CURLSH *share; /* TLS sessions: else each handle would have its own */
	struct wn_watch *timer;
	int64_t due_us, armed_us; /* when libcurl wants to be called; when it will be looked whether it is time: WN_NEVER */
	struct watched **sockets; /* by descriptor */
	size_t sockets_n;
	struct spare {
		CURL *easy;
		unsigned kind; /* of the job whose options it wears, 0: none */
	} *spare; /* handles of jobs that are over */
	size_t spare_n, spare_max;
};

static void act(struct wn_curl_pool *p, curl_socket_t fd, int events)
{
	int running, left;
	CURLMsg *m;

	curl_multi_socket_action(p->multi, fd, events, &running);
	while ((m = curl_multi_info_read(p->multi, &left))) {
		struct wn_curl_job *job = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&job);
		wn_curl_job_stop(job);
		job->on_done(job, code);
	}
}

static struct watched *watched_of(struct wn_curl_pool *p, curl_socket_t fd)
{
	return fd >= 0 && (size_t)fd < p->sockets_n ? p->sockets[fd] : NULL;
}

static void let_go(struct watched *w)
{
	w->pool->sockets[w->fd] = NULL;
	wn_watch_free(w->watch);
	free(w);
}

static void listen_for(struct watched *w, int events)
{
	if (w->events != events)
		wn_watch_set(w->watch, events);
	w->events = events;
}

static void on_ready(void *ctx, int events)
{
	struct watched *w = ctx;

	if (!w->wanted)
		listen_for(w, 0); /* the peer closed an idle connection: libcurl sees that when it wants to use it */
	else
		act(w->pool, w->fd, (events & WN_READ ? CURL_CSELECT_IN : 0) | (events & WN_WRITE ? CURL_CSELECT_OUT : 0));
}

static struct watched *watch(struct wn_curl_pool *p, curl_socket_t fd)
{
	struct watched *w = wn_alloc(sizeof(*w));

	if ((size_t)fd >= p->sockets_n) {
		size_t n = (size_t)fd + 64;
		p->sockets = wn_realloc(p->sockets, n * sizeof(struct watched *));
		memset(p->sockets + p->sockets_n, 0, (n - p->sockets_n) * sizeof(struct watched *));
		p->sockets_n = n;
	}
	*w = (struct watched){.pool = p, .fd = fd};
	w->watch = wn_watch_new(p->loop, fd, 0, on_ready, w);
	return p->sockets[fd] = w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct wn_curl_pool *p = ctx;
	struct watched *w = watched_of(p, fd);
	int events = (what & CURL_POLL_IN ? WN_READ : 0) | (what & CURL_POLL_OUT ? WN_WRITE : 0);

	(void)easy, (void)socket_ctx;
	if (what != CURL_POLL_REMOVE) {
		w = w ? w : watch(p, fd);
		w->wanted = true;
		listen_for(w, events);
	} else if (w && w->connection) {
		w->wanted = false;
		listen_for(w, w->events & WN_READ);
	} else if (w) {
		let_go(w);
	}
	return 0;
}

static int on_open(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)purpose;
	watch(ctx, fd)->connection = true;
	return CURL_SOCKOPT_OK;
}

/* Before the descriptor can mean another socket. */
static int on_close(void *ctx, curl_socket_t fd)
{
	struct watched *w = watched_of(ctx, fd);

	if (w)
		let_go(w);
	return close(fd);
}

static void arm(struct wn_curl_pool *p, int64_t now_us)
{
	int64_t us = p->due_us - now_us;

	p->armed_us = p->due_us;
	wn_watch_arm_once(p->timer, -1, 0, us <= 0 ? 0 : us > WN_HOUR ? (int)(WN_HOUR / 1000) : (int)((us + 999) / 1000));
}

static void on_time(void *ctx, int events)
{
	struct wn_curl_pool *p = ctx;
	int64_t now = wn_clock_monotonic_us();

	(void)events;
	p->armed_us = WN_NEVER;
	if (p->due_us <= now)
		act(p, CURL_SOCKET_TIMEOUT, 0);
	else if (p->due_us != WN_NEVER)
		arm(p, now);
}

/* Each request moves the time once or twice, mostly to later: then the timer that is armed finds that out. */
static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct wn_curl_pool *p = ctx;
	int64_t now = wn_clock_monotonic_us();

	(void)multi;
	p->due_us = timeout_ms < 0 ? WN_NEVER : now + timeout_ms * INT64_C(1000);
	if (p->due_us < p->armed_us)
		arm(p, now);
	return 0;
}

struct wn_curl_pool *wn_curl_pool_new(struct wn_loop *l, int connections_max, int per_host_max)
{
	struct wn_curl_pool *p = wn_alloc(sizeof(*p));

	*p = (struct wn_curl_pool){.loop = l, .multi = curl_multi_init(), .share = curl_share_init(), .due_us = WN_NEVER, .armed_us = WN_NEVER};
	if (!p->multi || !p->share)
		abort();
	curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	p->timer = wn_watch_new_once(l, on_time, p);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections_max);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host_max);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, connections_max ? (long)connections_max : 16L); /* kept while idle */
	p->spare_max = (size_t)connections_max;
	p->spare = wn_alloc((p->spare_max + 1) * sizeof(*p->spare));
	return p;
}

void wn_curl_pool_free(struct wn_curl_pool *p)
{
	while (p->spare_n)
		curl_easy_cleanup(p->spare[--p->spare_n].easy);
	curl_multi_cleanup(p->multi); /* may still call on_socket, closes the connections */
	for (size_t i = 0; i < p->sockets_n; i++)
		if (p->sockets[i])
			let_go(p->sockets[i]);
	curl_share_cleanup(p->share);
	wn_watch_free(p->timer);
	free(p->sockets);
	free(p->spare);
	free(p);
}

void wn_curl_handle_take(struct wn_curl_pool *p, struct wn_curl_job *job, unsigned kind)
{
	struct spare s = p->spare_n ? p->spare[--p->spare_n] : (struct spare){curl_easy_init(), 0};

	if (!s.easy)
		abort(); /* out of memory */
	job->easy = s.easy;
	job->kind = kind;
	job->dressed = kind && s.kind == kind;
	if (s.kind && !job->dressed)
		curl_easy_reset(s.easy);
}

void wn_curl_handle_done(struct wn_curl_pool *p, struct wn_curl_job *job)
{
	if (p->spare_n == p->spare_max) {
		curl_easy_cleanup(job->easy);
		return;
	}
	if (!job->dressed)
		curl_easy_reset(job->easy);
	p->spare[p->spare_n++] = (struct spare){job->easy, job->dressed ? job->kind : 0};
}

/* Outlives the job. */
static void dress(struct wn_curl_pool *p, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_SHARE, p->share);
	if (p->spare_max) { /* not where mail goes: its connections end with a word of their own */
		curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open);
		curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, p);
	}
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, p);
}

void wn_curl_job_start(struct wn_curl_pool *p, struct wn_curl_job *job)
{
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
	if (!job->dressed)
		dress(p, job->easy);
	job->dressed = job->kind != 0;
	job->pool = p;
	if (curl_multi_add_handle(p->multi, job->easy) != CURLM_OK)
		abort(); /* out of memory */
}

void wn_curl_job_stop(struct wn_curl_job *job)
{
	if (job->pool)
		curl_multi_remove_handle(job->pool->multi, job->easy);
	job->pool = NULL;
}

/* --- what every transfer gets ---- */

/* A test's world; libcurl connects to what we leave in the address. */
static void rewire(const struct wn_curl_guard *g, struct curl_sockaddr *a)
{
	struct sockaddr_storage to = {0};

	memcpy(&to, &a->addr, a->addrlen < sizeof(to) ? a->addrlen : sizeof(to));
	g->rewire(g->rewire_ctx, &to);
	if (to.ss_family != AF_INET)
		return;
	a->family = AF_INET;
	a->addrlen = sizeof(struct sockaddr_in);
	memcpy(&a->addr, &to, a->addrlen);
}

bool wn_curl_guard_allows(const struct wn_curl_guard *g, const struct sockaddr *sa, size_t n)
{
	enum wn_address_class cls = wn_address_classify(sa, n);

	if (!wn_address_is_allowed(cls, g->allow_private || g->to_proxy))
		return false;
	if (g->to_proxy)
		return true;
	return cls == WN_ADDRESS_PUBLIC || !g->networks || !g->networks->n || wn_networks_have(g->networks, sa, n);
}

void wn_curl_guard_refuse(struct wn_curl_guard *g, const struct sockaddr *sa, size_t n)
{
	const void *ip = sa->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
						   : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	g->refused = wn_address_classify(sa, n);
	if (g->refused == WN_ADDRESS_OTHER || !inet_ntop(sa->sa_family, ip, g->refused_text, sizeof(g->refused_text)))
		g->refused_text[0] = 0;
}

const char *wn_curl_guard_why(const struct wn_curl_guard *g)
{
	static const char *const unnamed[] = {[WN_ADDRESS_LOOPBACK] = "loopback, and in none of poll.allow_networks",
					      [WN_ADDRESS_PRIVATE] = "private, and in none of poll.allow_networks",
					      [WN_ADDRESS_SHARED] = "shared, and in none of poll.allow_networks"};

	return wn_address_is_allowed(g->refused, g->allow_private) ? unnamed[g->refused] : wn_address_class_to_text(g->refused);
}

static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct wn_curl_guard *g = ctx;

	if (purpose == CURLSOCKTYPE_IPCXN && wn_curl_guard_allows(g, &a->addr, a->addrlen)) {
		if (g->rewire)
			rewire(g, a);
		return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	}
	wn_curl_guard_refuse(g, &a->addr, a->addrlen);
	return CURL_SOCKET_BAD;
}

void wn_curl_guard_set(CURL *easy, struct wn_curl_guard *g)
{
	g->refused = WN_ADDRESS_PUBLIC;
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, g);
}

void wn_curl_policy(CURL *easy, const char *ca_file)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hung name lookup must not hold us up */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* the environment says nothing of where we go */
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
}
