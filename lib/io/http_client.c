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

/* Made for the first request of its sort. All connections to a proxy are to one host. */
static struct wn_curl_pool *pool_of(struct wn_http_client *client, const struct wn_http_request *r)
{
	struct wn_curl_pool **p = &client->pools[r->allow_private];
	bool proxied = *client->proxy && !r->allow_private;

	if (!*p)
		*p = wn_curl_pool_new(client->loop, client->connections_max, proxied ? client->connections_max : client->per_host_max);
	return *p;
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

	unlink_call(c);
	wn_curl_handle_done(pool_of(c->client, &c->req), &c->job);
	curl_slist_free_all(c->names);
	c->client->over(c);
}

static void end_here(struct wn_http_call *c)
{
	if (!c->req.on_data)
		wn_loop_busy(c->client->loop, -1);
	wn_http_call_end(c);
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

static void set_guard(struct wn_http_call *c)
{
	struct wn_http_client *client = c->client;

	c->guard.allow_private = c->req.allow_private;
	c->guard.networks = &client->networks;
	if (client->wiring) {
		c->guard.rewire = client->wiring->rewire;
		c->guard.rewire_ctx = client->wiring->ctx;
	}
}

void wn_http_call_run(struct wn_http_client *client, struct wn_http_call *c)
{
	c->client = client;
	c->job.on_done = on_hop;
	c->prev = NULL;
	c->next = client->calls;
	if (c->next)
		c->next->prev = c;
	client->calls = c;
	client->calls_n++;
	set_guard(c);
	wn_curl_handle_take(pool_of(client, &c->req), &c->job, kind_of(c));
	next_hop(c);
}

static enum wn_rc start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			struct wn_http_call **out, struct wn_err *err)
{
	struct wn_http_client *client = (struct wn_http_client *)net;
	struct wn_http_call *c;
	enum wn_rc rc;

	if (client->calls_n >= client->calls_max)
		return wn_fail(err, WN_LIMIT, "%d requests are under way already", client->calls_n);
	rc = wn_http_call_new(&client->made, req, on_done, ctx, &c, err);
	if (rc)
		return rc;
	if (!req->on_data) /* nobody waits for an answer without an end */
		wn_loop_busy(client->loop, 1);
	wn_http_call_run(client, c);
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

struct wn_net *wn_http_client_new(struct wn_loop *l, const struct wn_http_options *options)
{
	static const struct wn_http_options none;
	struct wn_http_client *client = wn_alloc(sizeof(*client));
	const struct wn_http_options *o = options ? options : &none;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	client->net = (struct wn_net){.start = start, .cancel = cancel};
	client->loop = l;
	client->over = end_here;
	client->wiring = o->wiring;
	client->calls_max = o->requests_max ? o->requests_max : WN_HTTP_REQUESTS_MAX;
	client->proxy = wn_strdup(o->proxy ? o->proxy : "");
	client->inside = wn_alloc((o->networks.n + 1) * sizeof(*client->inside));
	client->networks = (struct wn_networks){client->inside, o->networks.n};
	for (size_t i = 0; i < o->networks.n; i++)
		client->inside[i] = o->networks.v[i];
	client->connections_max = o->connections_max ? o->connections_max : 64;
	client->per_host_max = o->per_host_max ? o->per_host_max : 4;
	wn_http_calls_init(&client->made, o->user_agent ? o->user_agent : "whynow/" WN_VERSION, client->connections_max);
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
	wn_http_calls_done(&client->made);
	for (int i = 0; i < 2; i++)
		if (client->pools[i])
			wn_curl_pool_free(client->pools[i]);
	free(client->kind.user_agent);
	free(client->kind.ca_file);
	free(client->proxy);
	free(client->inside);
	free(client);
	curl_global_cleanup();
}
