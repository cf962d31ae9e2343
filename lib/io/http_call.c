/* SPDX-License-Identifier: MIT */
/*
 * A request while it is under way: checked, its strings kept once, its defaults filled in. It is made and ended on the loop of its
 * caller; whoever runs it (http_client.c), there or elsewhere, has it to itself meanwhile. No socket is opened here.
 */
#include "http_internal.h"

#include <stdlib.h>

void wn_http_calls_init(struct wn_http_calls *calls, const char *user_agent, int spare_max)
{
	*calls = (struct wn_http_calls){.user_agent = wn_strdup(user_agent), .spare_max = spare_max};
}

static void forget(struct wn_http_call *c)
{
	curl_url_cleanup(c->parts);
	wn_arena_free(c->arena);
	free(c);
}

void wn_http_calls_done(struct wn_http_calls *calls)
{
	for (struct wn_http_call *c = calls->spare, *next; c; c = next) {
		next = c->next;
		forget(c);
	}
	free(calls->user_agent);
}

/* Blank but for its arena and the parts. Those that are over are used again. */
static struct wn_http_call *take(struct wn_http_calls *calls)
{
	struct wn_http_call *c = calls->spare;

	if (!c) {
		c = wn_alloc(sizeof(*c));
		c->calls = calls;
		c->arena = wn_arena_new_small(WN_HTTP_SMALL);
		return c;
	}
	calls->spare = c->next;
	calls->spare_n--;
	const struct wn_http_call blank = {.calls = calls, .arena = c->arena, .parts = c->parts};
	*c = blank;
	return c;
}

static void put_back(struct wn_http_call *c)
{
	struct wn_http_calls *calls = c->calls;

	if (calls->spare_n == calls->spare_max) {
		forget(c);
		return;
	}
	wn_arena_reset(c->arena);
	c->next = calls->spare;
	calls->spare = c;
	calls->spare_n++;
}

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
	r->user_agent = keep(c->arena, req->user_agent ? req->user_agent : c->calls->user_agent);
	r->ca_file = keep(c->arena, req->ca_file);
	r->body_max = req->body_max ? req->body_max : WN_FETCH_BODY_MAX;
	r->headers_max = req->headers_max ? req->headers_max : WN_FETCH_HEADERS_MAX;
	r->redirects_max = req->redirects_max ? req->redirects_max : WN_FETCH_REDIRECTS_MAX;
	r->connect_timeout_ms = req->connect_timeout_ms ? req->connect_timeout_ms : 5000;
	r->total_timeout_ms = req->total_timeout_ms ? req->total_timeout_ms : 60000;
	r->slow_bytes = req->slow_bytes ? req->slow_bytes : 100;
	r->slow_s = req->slow_s || req->on_data ? req->slow_s : 10;
}

enum wn_rc wn_http_call_new(struct wn_http_calls *calls, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			    struct wn_http_call **out, struct wn_err *err)
{
	struct wn_http_call *c = take(calls);
	enum wn_rc rc = wn_http_check(req, err);

	if (rc == WN_OK)
		rc = wn_http_url_parse(req->url, true, c->arena, &c->url, err);
	if (rc) {
		put_back(c);
		return rc;
	}
	keep_request(c, req);
	c->first = c->url;
	c->answer = wn_http_answer_new();
	c->answer->body.max = c->req.body_max;
	c->start_us = wn_clock_monotonic_us();
	c->on_done = on_done;
	c->ctx = ctx;
	*out = c;
	return WN_OK;
}

void wn_http_call_drop(struct wn_http_call *c)
{
	wn_http_response_free(&c->answer->r);
	put_back(c);
}

void wn_http_call_end(struct wn_http_call *c)
{
	c->on_done(c->ctx, wn_http_answer_seal(c->answer));
	put_back(c);
}
