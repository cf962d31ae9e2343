/* SPDX-License-Identifier: MIT */
/*
 * Webhooks: the event as CloudEvents JSON or as a template says, signed by Standard Webhooks, and what the answer means. The status
 * alone is the answer; of its body a little is kept for people. Redirects are not followed: a signed event goes where the file says.
 */
#include "sink.h"
#include <stdio.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/text.h>
#include <whynow/webhook.h>

enum { HEADERS_MAX = 40, HEADER_BYTES_MAX = 8000 };

struct request {
	const struct wn_book_sink *sink;
	const struct wn_outbox_row *row;
	struct wn_arena *arena;
	struct wn_value words; /* template only */
	struct wn_str body;
	struct wn_http_header headers[HEADERS_MAX];
	size_t n;
};

static void put(struct request *r, const char *name, const char *value)
{
	if (r->n < HEADERS_MAX)
		r->headers[r->n++] = (struct wn_http_header){name, value};
}

/* ------------------------------------------------------------------------------------------------------- the body */
static enum wn_rc render(struct request *r, const struct wn_template *t, enum wn_escape escape, size_t most, struct wn_str *out, struct wn_err *err)
{
	struct wn_buf b;
	wn_buf_init(&b, most);
	enum wn_rc rc = wn_template_render(t, r->words, escape, &b, NULL, err);
	*out = wn_arena_str(r->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return rc;
}

/* A value cannot break the JSON of a template; the template itself can be broken, and then nobody gets it. */
static enum wn_rc check_json(struct request *r, struct wn_err *err)
{
	struct wn_value v;
	enum wn_rc rc = wn_json_parse(r->body, NULL, r->arena, &v, err);
	return rc ? wn_fail_more(err, WN_INVALID, "what the template gives is no JSON ({{x}} belongs between quotes, {{{x}}} stands alone)") : WN_OK;
}

static enum wn_rc make_body(struct request *r, struct wn_err *err)
{
	struct wn_buf b;
	if (r->sink->body) {
		enum wn_rc rc = wn_sink_words(r->row, r->arena, &r->words, err);
		if (rc == WN_OK)
			rc = render(r, r->sink->body, r->sink->escape, WN_RENDERED_MAX * 2, &r->body, err);
		return rc || r->sink->escape != WN_ESCAPE_JSON ? rc : check_json(r, err);
	}
	wn_buf_init(&b, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&b, r->row);
	bool over = wn_buf_overflowed(&b);
	r->body = wn_arena_str(r->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return over ? wn_fail(err, WN_LIMIT, "the event is larger than %u bytes", WN_RENDERED_MAX * 2) : WN_OK;
}

/* ---------------------------------------------------------------------------------------------------- the headers */
/* One line, whatever the values are. */
static const char *one_line(struct request *r, struct wn_str s)
{
	char *line = wn_arena_strdup(r->arena, wn_text_trim(s));
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return line;
}

static enum wn_rc put_file_header(struct request *r, size_t i, struct wn_err *err)
{
	const struct wn_conf_header *h = &r->sink->conf->headers.v[i];
	struct wn_str value = h->value;
	enum wn_rc rc = WN_OK;
	if (h->credential.n)
		rc = wn_sink_credential(h->credential, r->arena, &value, err);
	else if (r->sink->headers && r->sink->headers[i])
		rc = render(r, r->sink->headers[i], WN_ESCAPE_NONE, HEADER_BYTES_MAX, &value, err);
	if (rc == WN_OK)
		put(r, wn_arena_strdup(r->arena, h->name), one_line(r, value));
	return rc;
}

static enum wn_rc put_signature(struct request *r, struct wn_str id, int64_t now_s, struct wn_err *err)
{
	const struct wn_yaml_strings *names = &r->sink->conf->secret_credentials;
	struct wn_str keys[WN_WEBHOOK_SECRETS_MAX], text;
	struct wn_buf b;
	enum wn_rc rc = WN_OK;
	size_t n = 0;
	for (; n < names->n && n < WN_COUNT(keys) && rc == WN_OK; n++) {
		rc = wn_sink_credential(names->v[n], r->arena, &text, err);
		if (rc == WN_OK && wn_webhook_secret(text, r->arena, &keys[n], err))
			rc = wn_fail_more(err, WN_INVALID, "credential:" WN_STR_FMT, WN_STR_ARG(names->v[n]));
	}
	if (rc || !n)
		return rc;
	wn_buf_init(&b, 100 * WN_COUNT(keys));
	wn_webhook_sign(&b, keys, n, id, now_s, r->body);
	put(r, "webhook-signature", wn_arena_strdup(r->arena, wn_buf_slice(&b)));
	wn_buf_done(&b);
	return WN_OK;
}

static enum wn_rc put_bearer(struct request *r, struct wn_err *err)
{
	struct wn_str secret;
	if (!r->sink->conf->bearer_credential.n)
		return WN_OK;
	enum wn_rc rc = wn_sink_credential(r->sink->conf->bearer_credential, r->arena, &secret, err);
	if (rc == WN_OK)
		put(r, "Authorization", wn_arena_printf(r->arena, "Bearer %s", one_line(r, secret)));
	return rc;
}

static enum wn_rc make_headers(struct request *r, int64_t now_us, struct wn_err *err)
{
	char *id = wn_arena_alloc(r->arena, 37);
	enum wn_rc rc = WN_OK;
	wn_id_to_text(r->row->event_id, id);
	put(r, "Content-Type", r->sink->body ? wn_arena_strdup(r->arena, r->sink->conf->template.content_type)
					     : "application/cloudevents+json; charset=utf-8");
	put(r, "webhook-id", id);
	put(r, "webhook-timestamp", wn_arena_printf(r->arena, "%lld", (long long)(now_us / WN_SECOND)));
	for (size_t i = 0; i < r->sink->conf->headers.n && rc == WN_OK; i++)
		rc = put_file_header(r, i, err);
	if (rc == WN_OK)
		rc = put_bearer(r, err);
	return rc ? rc : put_signature(r, wn_str_of(id), now_us / WN_SECOND, err);
}

/* ----------------------------------------------------------------------------------------------------- the answer */
static enum wn_delivery_how how_of(const struct wn_http_response *r)
{
	if (r->rc == WN_UNKNOWN || r->rc == WN_CANCELLED)
		return WN_DELIVERY_UNKNOWN;
	if (r->rc == WN_INVALID || (r->rc == WN_OK && r->status == 410))
		return WN_DELIVERY_DEAD;
	return r->rc == WN_OK && r->status >= 200 && r->status < 300 ? WN_DELIVERED : WN_DELIVERY_RETRY;
}

/* A stranger's text: quoted, clipped, without controls. */
static const char *excerpt(struct wn_str s, struct wn_arena *a)
{
	struct wn_str line = wn_text_one_line(wn_text_repair(s, 600, a), 120, a);
	return line.n ? wn_arena_strdup(a, wn_text_quote(line, 120, a)) : NULL;
}

static void judge(const struct wn_http_response *r, int64_t now_us, struct wn_arena *a, struct wn_delivery *out)
{
	const char *after = wn_http_header(r, "retry-after"), *location = wn_http_header(r, "location");
	const char *said = r->rc ? NULL : excerpt(r->status / 100 == 3 && location ? wn_str_of(location) : r->body, a);
	out->how = how_of(r);
	out->gone = r->rc == WN_OK && r->status == 410;
	if (after && !wn_retry_after_parse(wn_str_of(after), now_us, &out->retry_after_us))
		out->retry_after_us = 0;
	if (r->rc)
		snprintf(out->text, sizeof(out->text), "%.290s", r->error);
	else if (r->status / 100 == 3)
		snprintf(out->text, sizeof(out->text), "HTTP status %d: redirects are not followed; put the final address into url%s%s", r->status,
			 said ? ": " : "", said ? said : "");
	else
		snprintf(out->text, sizeof(out->text), "HTTP status %d%s%s", r->status, said ? ": " : "", said ? said : "");
}

/* Nothing went out: what is wrong with the event or its template stays wrong, a credential may yet come. */
static void refuse(enum wn_rc rc, const struct wn_err *err, struct wn_delivery *out)
{
	out->how = rc == WN_INVALID || rc == WN_LIMIT ? WN_DELIVERY_DEAD : WN_DELIVERY_RETRY;
	snprintf(out->text, sizeof(out->text), "%.290s", err->text);
}

static void ask(struct wn_daemon *d, struct request *r, int64_t now_us, int64_t timeout_us, struct wn_delivery *out)
{
	const struct wn_sink_conf *c = r->sink->conf;
	struct wn_http_response *response = NULL;
	struct wn_err err = {0};
	struct wn_http_request req = {.method = "POST",
				      .url = wn_arena_strdup(r->arena, c->url),
				      .headers = r->headers,
				      .headers_n = r->n,
				      .body = r->body,
				      .allow_private = c->allow_private,
				      .ca_file = c->ca_file.n ? wn_arena_strdup(r->arena, c->ca_file) : NULL,
				      .body_max = WN_SINK_ANSWER_MAX,
				      .status_is_answer = true,
				      .total_timeout_ms = (int)(timeout_us / 1000)};
	wn_failpoint("courier.webhook.send");
	enum wn_rc rc = wn_http_fetch(d->loop, d->sink_net, &req, &response, &err);
	wn_failpoint("courier.webhook.answered");
	if (rc == WN_OK) {
		judge(response, now_us, r->arena, out);
	} else {
		out->how = rc == WN_CANCELLED ? WN_DELIVERY_UNKNOWN : rc == WN_LIMIT ? WN_DELIVERY_RETRY : WN_DELIVERY_DEAD;
		snprintf(out->text, sizeof(out->text), "%.290s", err.text);
	}
	wn_http_response_free(response);
}

void wn_deliver_webhook(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t timeout_us, struct wn_delivery *out)
{
	struct request r = {.sink = sink, .row = row, .arena = wn_arena_new(0)};
	struct wn_err err = {0};
	int64_t now = wn_clock_now_us(d->clock);
	enum wn_rc rc = make_body(&r, &err);
	if (rc)
		refuse(rc, &err, out);
	else if (make_headers(&r, now, &err))
		refuse(WN_AGAIN, &err, out); /* an unsigned or unauthorised event does not go out */
	else
		ask(d, &r, now, timeout_us, out);
	wn_arena_free(r.arena);
}
