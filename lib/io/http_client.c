/* SPDX-License-Identifier: MIT */
/*
 * The real network: calls of libcurl on the loop (curl_pool.h). Two pools of connections: a connection that the address
 * filter let through for a trusted request must never serve a public one.
 *
 * on_done is called by way of wn_loop_soon, never from inside libcurl.
 */
#include "http_internal.h"
#include "loop_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* --- calls ---- */

static struct wn_curl_pool *pool_of(const struct wn_http_client *client, const struct wn_http_request *r)
{
	return client->pools[r->allow_private];
}

/* Blank but for its arena and the parts. Those that are over are used again. */
static struct wn_http_call *take_call(struct wn_http_client *client)
{
	struct wn_http_call *c = client->spare;

	if (!c) {
		c = wn_alloc(sizeof(*c));
		c->client = client;
		c->arena = wn_arena_new_small(WN_HTTP_SMALL);
		return c;
	}
	client->spare = c->next;
	client->spare_n--;
	const struct wn_http_call blank = {.client = client, .arena = c->arena, .parts = c->parts};
	*c = blank;
	return c;
}

static void forget_call(struct wn_http_call *c)
{
	curl_url_cleanup(c->parts);
	wn_arena_free(c->arena);
	free(c);
}

static void put_back(struct wn_http_call *c)
{
	struct wn_http_client *client = c->client;

	if (client->spare_n == client->spare_max) {
		forget_call(c);
		return;
	}
	wn_arena_reset(c->arena);
	c->next = client->spare;
	client->spare = c;
	client->spare_n++;
}

static void free_call(struct wn_http_call *c)
{
	wn_curl_handle_done(pool_of(c->client, &c->req), &c->job);
	curl_slist_free_all(c->names);
	put_back(c);
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

	if (!c->req.on_data)
		wn_loop_busy(c->client->loop, -1);
	unlink_call(c);
	c->on_done(c->ctx, response);
	free_call(c);
}

static void finish(struct wn_http_call *c)
{
	c->done = true;
	wn_curl_job_stop(&c->job);
	wn_loop_soon(c->client->loop, deliver, c);
}

static void next_hop(struct wn_http_call *c)
{
	if (!wn_http_hop_prepare(c)) {
		finish(c);
		return;
	}
	wn_curl_job_start(pool_of(c->client, &c->req), &c->job);
}

static void on_hop(struct wn_curl_job *job, CURLcode code)
{
	struct wn_http_call *c = (struct wn_http_call *)job;

	if (wn_http_hop_finish(c, code))
		next_hop(c);
	else
		finish(c);
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
	r->slow_s = req->slow_s || req->on_data ? req->slow_s : 10;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* Plain requests that differ in nothing but what each sets for itself are of one kind: as good as all polls. Its number, else 0. */
static unsigned kind_of(struct wn_http_call *c)
{
	struct wn_http_client *client = c->client;
	const struct wn_http_request *r = &c->req;

	if (strcmp(r->method, "GET") || r->body.p || r->on_data || r->status_is_answer || c->first.user || c->first.password)
		return 0;
	if (!client->kind.number || !same_text(r->user_agent, client->kind.user_agent) || !same_text(r->ca_file, client->kind.ca_file)) {
		free(client->kind.user_agent);
		free(client->kind.ca_file);
		client->kind.user_agent = wn_strdup(r->user_agent);
		client->kind.ca_file = r->ca_file ? wn_strdup(r->ca_file) : NULL;
		client->kind.number++;
	}
	return client->kind.number;
}

static void prepare(struct wn_http_call *c, const struct wn_http_request *req)
{
	struct wn_http_client *client = c->client;

	c->answer = wn_http_answer_new();
	c->job.on_done = on_hop;
	c->first = c->url;
	c->guard.allow_private = req->allow_private;
	c->guard.networks = &client->networks;
	if (client->wiring) {
		c->guard.rewire = client->wiring->rewire;
		c->guard.rewire_ctx = client->wiring->ctx;
	}
	c->start_us = wn_clock_monotonic_us();
	keep_request(c, req);
	wn_curl_handle_take(pool_of(client, req), &c->job, kind_of(c));
	c->answer->body.max = c->req.body_max;
}

static enum wn_rc start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			struct wn_http_call **out, struct wn_err *err)
{
	struct wn_http_client *client = (struct wn_http_client *)net;
	struct wn_http_call *c = take_call(client);
	enum wn_rc rc = wn_http_check(req, err);

	if (rc == WN_OK && client->calls_n >= client->calls_max)
		rc = wn_fail(err, WN_LIMIT, "%d requests are under way already", client->calls_n);
	if (rc == WN_OK)
		rc = wn_http_url_parse(req->url, true, c->arena, &c->url, err);
	if (rc) {
		put_back(c);
		return rc;
	}
	prepare(c, req);
	c->on_done = on_done;
	c->ctx = ctx;
	c->next = client->calls;
	if (c->next)
		c->next->prev = c;
	client->calls = c;
	client->calls_n++;
	if (!c->req.on_data) /* nobody waits for an answer without an end */
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

/* All connections to a proxy are to one host. */
static void make_pools(struct wn_http_client *client, int connections_max, int per_host_max)
{
	client->pools[false] = wn_curl_pool_new(client->loop, connections_max, *client->proxy ? connections_max : per_host_max);
	client->pools[true] = wn_curl_pool_new(client->loop, connections_max, per_host_max);
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
	client->wiring = o->wiring;
	client->user_agent = wn_strdup(o->user_agent ? o->user_agent : "whynow/" WN_VERSION);
	client->calls_max = o->requests_max ? o->requests_max : WN_HTTP_REQUESTS_MAX;
	client->proxy = wn_strdup(o->proxy ? o->proxy : "");
	client->inside = wn_alloc((o->networks.n + 1) * sizeof(*client->inside));
	client->networks = (struct wn_networks){client->inside, o->networks.n};
	for (size_t i = 0; i < o->networks.n; i++)
		client->inside[i] = o->networks.v[i];
	client->spare_max = o->connections_max ? o->connections_max : 64;
	make_pools(client, client->spare_max, o->per_host_max ? o->per_host_max : 4);
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
	for (struct wn_http_call *c = client->spare, *next; c; c = next) {
		next = c->next;
		forget_call(c);
	}
	for (int i = 0; i < 2; i++)
		wn_curl_pool_free(client->pools[i]);
	free(client->user_agent);
	free(client->kind.user_agent);
	free(client->kind.ca_file);
	free(client->proxy);
	free(client->inside);
	free(client);
	curl_global_cleanup();
}
