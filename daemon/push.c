/* SPDX-License-Identifier: MIT */
/*
 * POST /v1/signals/FEED: what a feed with `push:` is sent, read and mapped as a polled answer, by the same intake. 200 means
 * committed; everything else means: send it again (503) or mend it (4xx). Sending twice is harmless, items are kept once.
 */
#include "push.h"
#include "intake_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/systemd.h>
#include <whynow/webhook.h>

enum { WAIT_S = 30 }; /* how long a sender is kept; the work goes on without it */

/* ------------------------------------------------------------------------------------------------ who may send */
static bool same_secret(struct wn_str a, struct wn_str b)
{
	volatile unsigned char different = a.n != b.n;
	for (size_t i = 0; i < a.n && i < b.n; i++)
		different |= (unsigned char)(a.p[i] ^ b.p[i]);
	return !different && a.n;
}

static struct wn_str credential(struct wn_str name, struct wn_arena *a)
{
	struct wn_str secret = {NULL, 0}, out = {NULL, 0};
	if (name.n && wn_systemd_credential(wn_arena_strdup(a, name), NULL, &secret, NULL) == WN_OK) {
		while (secret.n && (secret.p[secret.n - 1] == '\n' || secret.p[secret.n - 1] == '\r'))
			secret.n--;
		out = wn_arena_str(a, secret);
		wn_systemd_credential_free(&secret);
	}
	return out;
}

static bool is_bearer(const struct wn_server_request *req, struct wn_str name)
{
	const char *h = wn_server_header(req, "authorization");
	return name.n && h && strncasecmp(h, "Bearer ", 7) == 0 && same_secret(wn_str_of(h + 7), credential(name, req->arena));
}

static bool is_signed(struct wn_daemon *d, const struct wn_server_request *req, const struct wn_yaml_strings *names, struct wn_err *err)
{
	struct wn_webhook_message m = {.id = wn_str_of(wn_server_header(req, "webhook-id")),
				       .timestamp = wn_str_of(wn_server_header(req, "webhook-timestamp")),
				       .signature = wn_str_of(wn_server_header(req, "webhook-signature")),
				       .payload = req->body};
	struct wn_str keys[WN_WEBHOOK_SECRETS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < names->n && n < WN_COUNT(keys); i++)
		n += wn_webhook_secret(credential(names->v[i], req->arena), req->arena, &keys[n], NULL) == WN_OK;
	return n && wn_webhook_verify(&m, keys, n, wn_clock_now_us(d->clock), WN_WEBHOOK_TOLERANCE_US, err) == WN_OK;
}

/* The feed's own credentials, else those of the server; who may write on the control socket needs none. */
static bool may_push(struct wn_daemon *d, const struct wn_feed_conf *c, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	const struct wn_options *o = wn_daemon_options(d);
	bool own = c->push.bearer_credential.n || c->push.secret_credentials.n;
	struct wn_str bearer = own ? c->push.bearer_credential : o->http.token_credential;
	const struct wn_yaml_strings *secrets = own ? &c->push.secret_credentials : &o->http.secrets;
	struct wn_err err = {0};
	if (req->may_write || is_bearer(req, bearer) || is_signed(d, req, secrets, &err))
		return true;
	if (!bearer.n && !secrets->n)
		wn_server_problem(reply, 403, NULL, "no credential is named for this feed: push: {bearer: credential:NAME} in its file");
	else
		wn_server_problem(reply, 401, NULL, "%s", err.text[0] ? err.text : "neither the bearer token nor a signature is right");
	return false;
}

/* -------------------------------------------------------------------------------------------------- the waiting */
struct wait {
	struct wn_fiber *fiber; /* NULL: gave up */
	bool done;
	enum wn_rc rc;
	struct wn_feed_totals totals;
	char error[1100];
};

static void on_taken(void *ctx, const struct wn_feed_answer *a, enum wn_rc rc, const struct wn_err *err)
{
	struct wait *w = ctx;
	if (!w->fiber) {
		free(w);
		return;
	}
	w->done = true;
	w->rc = rc;
	w->totals = a->totals;
	snprintf(w->error, sizeof(w->error), "%s", rc ? err->text : a->error ? a->error : "");
	wn_fiber_wake(w->fiber);
}

static void answer(const struct wait *w, struct wn_server_reply *reply)
{
	if (w->rc)
		wn_server_problem(reply, 503, NULL, "not stored: %s", w->error);
	else if (w->error[0])
		wn_server_problem(reply, 400, NULL, "%s", w->error);
	else
		wn_buf_printf(&reply->body,
			      "{\"items\":%lld,\"stored\":%lld,\"duplicate\":%lld,\"edited\":%lld,\"review\":%lld,\"filtered\":%lld,\"rejected\":%lld,"
			      "\"signals\":%lld}",
			      (long long)w->totals.items, (long long)w->totals.stored, (long long)w->totals.duplicate, (long long)w->totals.edited,
			      (long long)w->totals.review, (long long)w->totals.filtered, (long long)w->totals.rejected, (long long)w->totals.signals);
}

static void wait_for(struct wn_daemon *d, struct wait *w, struct wn_server_reply *reply)
{
	int64_t until = wn_clock_now_us(d->clock) + WAIT_S * WN_SECOND;
	while (!w->done && wn_clock_now_us(d->clock) < until)
		if (wn_fiber_park_until(d->loop, until) == WN_CANCELLED)
			break;
	if (w->done) {
		answer(w, reply);
		free(w);
		return;
	}
	w->fiber = NULL; /* it is freed when its work is done */
	wn_server_problem(reply, 503, NULL, "not stored within %d s; send it again, what is stored already is kept once", WAIT_S);
}

/* -------------------------------------------------------------------------------------------------- the request */
/* One object alone is one item. */
static struct wn_str as_list(const struct wn_book_feed *b, struct wn_str body, struct wn_arena *a)
{
	struct wn_value v;
	size_t i = 0;
	while (i < body.n && memchr(" \t\r\n", body.p[i], 4))
		i++;
	bool json = b->conf->format == WN_CONF_FORMAT_JSON || b->conf->format == WN_CONF_FORMAT_AUTO;
	if (!json || wn_mapping_has_items(b->mapping) || i == body.n || body.p[i] != '{' || wn_json_parse(body, NULL, a, &v, NULL))
		return body;
	return wn_str_of(wn_arena_printf(a, "[" WN_STR_FMT "]", WN_STR_ARG(body)));
}

static const struct wn_book_feed *feed_of(struct wn_daemon *d, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	const char *query = wn_server_query(req, "feed");
	struct wn_str name = wn_str_of(req->tail && *req->tail ? req->tail : query ? query : "");
	const struct wn_book_feed *b = wn_book_feed_named(d->book, name);
	if (!b || b->conf->mode != WN_FEED_PUSH)
		wn_server_problem(reply, 404, NULL, "no feed with push: is called \"" WN_STR_FMT "\"; POST /v1/signals/FEED", WN_STR_ARG(name));
	else if (!b->mapping)
		wn_server_problem(reply, 409, NULL, "the feed's file cannot be used: %s", b->error->text);
	else
		return b;
	return NULL;
}

void wn_push_signals(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_daemon *d = ctx;
	const struct wn_book_feed *b = feed_of(d, req, reply);
	if (!b || !may_push(d, b->conf, req, reply))
		return;
	struct wn_poll_feed *f = wn_poller_feed(d, b->conf->name);
	if (!f || !f->known || d->db != WN_DB_UP || d->stopping) {
		wn_server_problem(reply, 503, NULL, "%s", d->db != WN_DB_UP ? "the database is away" : "starting; try again in a second");
		return;
	}
	const char *type = wn_server_header(req, "content-type");
	struct wn_http_header header = {"content-type", type ? type : ""};
	struct wait *w = wn_alloc(sizeof(*w));
	w->fiber = wn_fiber_current(d->loop);
	struct wn_http_response *r = wn_http_response_new(200, "", &header, 1, as_list(b, req->body, req->arena));
	wn_intake_part(d, f, r, on_taken, w);
	wait_for(d, w, reply);
}
