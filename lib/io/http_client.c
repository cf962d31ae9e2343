/* SPDX-License-Identifier: MIT */
/*
 * The real network: libcurl's multi interface on the loop. Two multi handles, so two pools of connections: a
 * connection that the address filter let through for a trusted request must never serve a public one.
 *
 * libcurl says which sockets and which time-out it waits for (on_socket, on_timer); we tell it what happened
 * (curl_multi_socket_action), then collect finished hops. on_done is called by way of wn_loop_soon, never from
 * inside libcurl.
 */
#include "http_internal.h"
#include "loop_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct wn_http_pool {
	struct wn_http_client *client;
	CURLM *multi;
	struct wn_watch *timer;
};

struct watched {
	struct wn_http_pool *pool;
	struct wn_watch *watch;
	curl_socket_t fd;
};

static void act(struct wn_http_pool *p, curl_socket_t fd, int events);

/* --- what libcurl waits for ---- */

static void on_ready(void *ctx, int events)
{
	struct watched *w = ctx;

	act(w->pool, w->fd,
	    (events & WN_READ ? CURL_CSELECT_IN : 0) | (events & WN_WRITE ? CURL_CSELECT_OUT : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct wn_http_pool *p = ctx;
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
		w->watch = wn_watch_new(p->client->loop, fd, 0, on_ready, w);
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
	struct wn_http_pool *p = ctx;

	(void)multi;
	if (timeout_ms < 0)
		wn_watch_disarm(p->timer);
	else
		wn_watch_arm_once(p->timer, -1, 0, timeout_ms > 3600000 ? 3600000 : (int)timeout_ms);
	return 0;
}

/* --- calls ---- */

static void leave_multi(struct wn_http_call *c)
{
	if (c->in_multi)
		curl_multi_remove_handle(c->client->pools[c->req.allow_private]->multi, c->easy);
	c->in_multi = false;
}

static void free_call(struct wn_http_call *c)
{
	curl_slist_free_all(c->header_list);
	curl_easy_cleanup(c->easy);
	wn_http_url_done(&c->first);
	wn_http_url_done(&c->url);
	wn_arena_free(c->arena);
	free(c);
}

static void unlink_call(struct wn_http_call *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->client->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->client->calls_n--;
}

static void deliver(void *ctx)
{
	struct wn_http_call *c = ctx;
	struct wn_http_response *response = wn_http_answer_seal(c->answer);

	wn_loop_busy(c->client->loop, -1);
	unlink_call(c);
	c->on_done(c->ctx, response);
	free_call(c);
}

static void finish(struct wn_http_call *c)
{
	c->done = true;
	leave_multi(c);
	wn_loop_soon(c->client->loop, deliver, c);
}

static void next_hop(struct wn_http_call *c)
{
	struct wn_err err = {0};

	if (wn_http_hop_prepare(c, &err)) {
		wn_http_answer_fail(c->answer, WN_AGAIN, WN_HTTP_TIMEOUT, "%s", err.text);
		finish(c);
		return;
	}
	c->in_multi = curl_multi_add_handle(c->client->pools[c->req.allow_private]->multi, c->easy) == CURLM_OK;
	if (!c->in_multi)
		abort(); /* out of memory */
}

static void act(struct wn_http_pool *p, curl_socket_t fd, int events)
{
	int running, left;
	CURLMsg *m;

	curl_multi_socket_action(p->multi, fd, events, &running);
	while ((m = curl_multi_info_read(p->multi, &left))) {
		struct wn_http_call *c = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		leave_multi(c);
		if (wn_http_hop_finish(c, code))
			next_hop(c);
		else
			finish(c);
	}
}

/* --- the contract ---- */

static const char *keep(struct wn_arena *a, const char *s)
{
	return s ? wn_arena_strdup(a, wn_str_of(s)) : NULL;
}

static void keep_request(struct wn_http_call *c, const struct wn_http_request *req)
{
	struct wn_http_request *r = &c->req;
	struct wn_http_header *headers = WN_NEW_N(c->arena, struct wn_http_header, req->headers_n + 1);

	*r = *req;
	r->method = keep(c->arena, req->method ? req->method : "GET");
	r->url = NULL; /* in c->url */
	for (size_t i = 0; i < req->headers_n; i++)
		headers[i] = (struct wn_http_header){keep(c->arena, req->headers[i].name),
						     keep(c->arena, req->headers[i].value)};
	r->headers = headers;
	r->etag = keep(c->arena, req->etag);
	r->last_modified = keep(c->arena, req->last_modified);
	r->user_agent = keep(c->arena, req->user_agent ? req->user_agent : c->client->user_agent);
	r->ca_file = keep(c->arena, req->ca_file);
	r->body_max = req->body_max ? req->body_max : WN_FETCH_BODY_MAX;
	r->headers_max = req->headers_max ? req->headers_max : WN_FETCH_HEADERS_MAX;
	r->redirects_max = req->redirects_max ? req->redirects_max : WN_FETCH_REDIRECTS_MAX;
	r->connect_timeout_ms = req->connect_timeout_ms ? req->connect_timeout_ms : 5000;
	r->total_timeout_ms = req->total_timeout_ms ? req->total_timeout_ms : 60000;
	r->slow_bytes = req->slow_bytes ? req->slow_bytes : 100;
	r->slow_s = req->slow_s ? req->slow_s : 10;
}

static struct wn_http_call *new_call(struct wn_http_client *client, const struct wn_http_request *req)
{
	struct wn_http_call *c = wn_alloc(sizeof(*c));

	c->client = client;
	c->arena = wn_arena_new(0);
	c->answer = wn_http_answer_new();
	c->easy = curl_easy_init();
	if (!c->easy)
		abort();
	c->start_us = wn_clock_monotonic_us();
	keep_request(c, req);
	c->answer->body.max = c->req.body_max;
	return c;
}

static enum wn_rc start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			struct wn_http_call **out, struct wn_err *err)
{
	struct wn_http_client *client = (struct wn_http_client *)net;
	struct wn_http_url first = {0}, url = {0};
	struct wn_http_call *c;
	enum wn_rc rc = wn_http_check(req, err);

	if (rc == WN_OK && client->calls_n >= client->calls_max)
		rc = wn_fail(err, WN_LIMIT, "%d requests are under way already", client->calls_n);
	if (rc == WN_OK)
		rc = wn_http_url_parse(req->url, true, &first, err);
	if (rc == WN_OK)
		rc = wn_http_url_parse(req->url, true, &url, err);
	if (rc) {
		wn_http_url_done(&first);
		return rc;
	}
	c = new_call(client, req);
	c->first = first;
	c->url = url;
	c->on_done = on_done;
	c->ctx = ctx;
	c->next = client->calls;
	if (c->next)
		c->next->prev = c;
	client->calls = c;
	client->calls_n++;
	wn_loop_busy(client->loop, 1);
	next_hop(c);
	if (out)
		*out = c;
	return WN_OK;
}

static void cancel(struct wn_net *net, struct wn_http_call *c)
{
	(void)net;
	if (c->done)
		return; /* its on_done is on the way */
	wn_http_answer_fail(c->answer, WN_CANCELLED, WN_HTTP_CANCELLED, "cancelled");
	finish(c);
}

static struct wn_http_pool *new_pool(struct wn_http_client *client, const struct wn_http_options *o)
{
	struct wn_http_pool *p = wn_alloc(sizeof(*p));

	*p = (struct wn_http_pool){.client = client, .multi = curl_multi_init()};
	if (!p->multi)
		abort();
	p->timer = wn_watch_new_once(client->loop, on_time, p);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
			  (long)(o->connections_max ? o->connections_max : 64));
	curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  (long)(o->per_host_max ? o->per_host_max : 4));
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 16L); /* idle ones kept */
	return p;
}

static void free_pool(struct wn_http_pool *p)
{
	curl_multi_cleanup(p->multi); /* may still call on_socket */
	wn_watch_free(p->timer);
	free(p);
}

struct wn_net *wn_http_client_new(struct wn_loop *l, const struct wn_http_options *options)
{
	static const struct wn_http_options none;
	struct wn_http_client *client = wn_alloc(sizeof(*client));
	const struct wn_http_options *o = options ? options : &none;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	client->net = (struct wn_net){.start = start, .cancel = cancel};
	client->loop = l;
	client->user_agent = wn_strdup(o->user_agent ? o->user_agent : "whynow/" WN_VERSION);
	client->calls_max = o->requests_max ? o->requests_max : WN_HTTP_REQUESTS_MAX;
	for (int i = 0; i < 2; i++)
		client->pools[i] = new_pool(client, o);
	return &client->net;
}

void wn_http_client_free(struct wn_net *net)
{
	struct wn_http_client *client = (struct wn_http_client *)net;

	if (!client)
		return;
	client->calls_max = 0; /* nothing starts any more */
	while (client->calls) {
		struct wn_http_call *c = client->calls;

		cancel(net, c);
		wn_loop_not_soon(client->loop, c);
		deliver(c);
	}
	for (int i = 0; i < 2; i++)
		free_pool(client->pools[i]);
	free(client->user_agent);
	free(client);
	curl_global_cleanup();
}
