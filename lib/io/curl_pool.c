/* SPDX-License-Identifier: MIT */
/* Connections of libcurl on the loop. The contract is in the header. */
#include "curl_pool.h"
#include "loop_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

struct wn_curl_pool {
	struct wn_loop *loop;
	CURLM *multi;
	struct wn_watch *timer;
};

struct watched {
	struct wn_curl_pool *pool;
	struct wn_watch *watch;
	curl_socket_t fd;
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

static void on_ready(void *ctx, int events)
{
	struct watched *w = ctx;

	act(w->pool, w->fd, (events & WN_READ ? CURL_CSELECT_IN : 0) | (events & WN_WRITE ? CURL_CSELECT_OUT : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct wn_curl_pool *p = ctx;
	struct watched *w = socket_ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			wn_watch_free(w->watch);
		free(w);
		return 0;
	}
	if (!w) {
		w = wn_alloc(sizeof(*w));
		*w = (struct watched){.pool = p, .fd = fd};
		w->watch = wn_watch_new(p->loop, fd, 0, on_ready, w);
		curl_multi_assign(p->multi, fd, w);
	}
	wn_watch_set(w->watch, (what & CURL_POLL_IN ? WN_READ : 0) | (what & CURL_POLL_OUT ? WN_WRITE : 0));
	return 0;
}

static void on_time(void *ctx, int events)
{
	(void)events;
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct wn_curl_pool *p = ctx;

	(void)multi;
	if (timeout_ms < 0)
		wn_watch_disarm(p->timer);
	else
		wn_watch_arm_once(p->timer, -1, 0, timeout_ms > 3600000 ? 3600000 : (int)timeout_ms);
	return 0;
}

struct wn_curl_pool *wn_curl_pool_new(struct wn_loop *l, int connections_max, int per_host_max)
{
	struct wn_curl_pool *p = wn_alloc(sizeof(*p));

	*p = (struct wn_curl_pool){.loop = l, .multi = curl_multi_init()};
	if (!p->multi)
		abort();
	p->timer = wn_watch_new_once(l, on_time, p);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections_max);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host_max);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 16L); /* idle ones kept */
	return p;
}

void wn_curl_pool_free(struct wn_curl_pool *p)
{
	curl_multi_cleanup(p->multi); /* may still call on_socket */
	wn_watch_free(p->timer);
	free(p);
}

void wn_curl_job_start(struct wn_curl_pool *p, struct wn_curl_job *job)
{
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
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

static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct wn_curl_guard *g = ctx;
	enum wn_address_class cls = wn_address_classify(&a->addr, a->addrlen);
	const void *ip = a->family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&a->addr)->sin6_addr
					       : (void *)&((struct sockaddr_in *)&a->addr)->sin_addr;

	if (purpose == CURLSOCKTYPE_IPCXN && wn_address_is_allowed(cls, g->allow_private)) {
		if (g->rewire)
			rewire(g, a);
		return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	}
	g->refused = cls;
	if (cls == WN_ADDRESS_OTHER || !inet_ntop(a->family, ip, g->refused_text, sizeof(g->refused_text)))
		g->refused_text[0] = 0;
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
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
}
