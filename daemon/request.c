/* SPDX-License-Identifier: MIT */
/*
 * The request of a poll: address, page, credentials by name, validators. It decides nothing about when. Secrets are read at each
 * request, so a rotated one is used at once, and one that is missing fails the poll instead of going out without it.
 */
#include "intake_parts.h"
#include <stdio.h>
#include <whynow/base64.h>
#include <whynow/systemd.h>
#include <whynow/url.h>

struct wn_str wn_poll_url(const struct wn_poll_feed *f, const struct wn_book_feed *b)
{
	return f->state.url.n ? f->state.url : b->conf->url;
}

bool wn_same_origin(struct wn_str x, struct wn_str y)
{
	size_t i = 0, slashes = 0;
	for (; i < x.n && i < y.n && x.p[i] == y.p[i]; i++)
		if ((slashes += x.p[i] == '/') == 3)
			return true;
	return i == x.n && i == y.n;
}

/* ------------------------------------------------------------------------------------------------- the address */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
}

static void escape(struct wn_buf *b, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && is_plain(s.p[i]))
			wn_buf_char(b, s.p[i]);
		else
			wn_buf_printf(b, "%%%02X", (unsigned)(uint8_t)s.p[i]);
}

/* Is there a parameter of this name already? */
static bool has_param(struct wn_str url, struct wn_str name)
{
	const char *p = memchr(url.p, '?', url.n), *end = url.p + url.n;
	while (p && p + 1 + name.n < end) {
		if (memcmp(p + 1, name.p, name.n) == 0 && p[1 + name.n] == '=')
			return true;
		p = memchr(p + 1, '&', (size_t)(end - p - 1));
	}
	return false;
}

/* RFC 3986, 3.4: in the query, before any fragment (which nobody is sent). */
static struct wn_str with_param(struct wn_str url, struct wn_str name, struct wn_str value, struct wn_arena *a)
{
	struct wn_buf b;
	const char *hash = memchr(url.p, '#', url.n);
	if (hash)
		url.n = (size_t)(hash - url.p);
	if (!name.n || has_param(url, name))
		return url;
	wn_buf_init(&b, url.n + 3 * (name.n + value.n) + 3);
	wn_buf_str(&b, url);
	wn_buf_char(&b, memchr(url.p, '?', url.n) ? '&' : '?');
	escape(&b, name);
	wn_buf_char(&b, '=');
	escape(&b, value);
	struct wn_str out = wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

static struct wn_str number(int64_t n, struct wn_arena *a) { return wn_str_of(wn_arena_printf(a, "%lld", (long long)n)); }

static struct wn_str with_page(struct wn_str url, const struct wn_poll_feed *f, const struct wn_feed_conf *c, struct wn_arena *a)
{
	struct wn_str cursor = f->state.cursor;
	if (c->mode == WN_FEED_STREAM)
		return cursor.n ? with_param(url, c->stream.param.n ? c->stream.param : WN_STR("cursor"), cursor, a) : url;
	if (cursor.n && wn_url_is_http(cursor))
		return cursor;
	if (c->page.limit && c->page.limit_param.n)
		url = with_param(url, c->page.limit_param, number(c->page.limit, a), a);
	if (!cursor.n && c->page.by == WN_PAGE_NUMBER)
		cursor = number(c->page.first, a);
	if (!cursor.n && c->page.by == WN_PAGE_OFFSET)
		cursor = number(0, a);
	return cursor.n && c->page.by != WN_PAGE_NONE ? with_param(url, c->page.param, cursor, a) : url;
}

/* ------------------------------------------------------------------------------------------------ credentials */
static struct wn_str trimmed(struct wn_str s)
{
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static enum wn_rc secret_of(struct wn_str name, struct wn_arena *a, struct wn_str *out, struct wn_err *err)
{
	struct wn_str secret = {NULL, 0};
	enum wn_rc rc = wn_systemd_credential(wn_arena_strdup(a, name), NULL, &secret, err);
	if (rc == WN_OK)
		*out = wn_arena_str(a, trimmed(secret));
	wn_systemd_credential_free(&secret);
	return rc;
}

static void add(struct wn_http_request *req, struct wn_http_header *to, const char *name, const char *value)
{
	to[req->headers_n++] = (struct wn_http_header){name, value};
}

static const char *basic(struct wn_str secret, struct wn_arena *a)
{
	struct wn_buf b;
	wn_buf_init(&b, WN_CREDENTIAL_MAX * 2);
	wn_buf_text(&b, "Basic ");
	wn_base64_write(&b, secret);
	const char *out = wn_arena_strdup(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

static enum wn_rc fill_auth(const struct wn_feed_conf *c, struct wn_http_request *req, struct wn_http_header *to, struct wn_str *url,
			    struct wn_arena *a, struct wn_err *err)
{
	struct wn_str secret;
	if (c->auth.how == WN_AUTH_NONE)
		return WN_OK;
	enum wn_rc rc = secret_of(c->auth.credential, a, &secret, err);
	if (rc)
		return rc;
	if (c->auth.how == WN_AUTH_QUERY)
		*url = with_param(*url, c->auth.name, secret, a);
	else if (c->auth.how == WN_AUTH_HEADER)
		add(req, to, wn_arena_strdup(a, c->auth.name), wn_arena_strdup(a, secret));
	else
		add(req, to, "Authorization",
		    c->auth.how == WN_AUTH_BASIC ? basic(secret, a) : wn_arena_printf(a, "Bearer " WN_STR_FMT, WN_STR_ARG(secret)));
	return WN_OK;
}

static enum wn_rc fill_headers(const struct wn_feed_conf *c, struct wn_http_request *req, struct wn_http_header *to, struct wn_arena *a,
			       struct wn_err *err)
{
	for (size_t i = 0; i < c->headers.n; i++) {
		struct wn_str value = c->headers.v[i].value;
		enum wn_rc rc = c->headers.v[i].credential.n ? secret_of(c->headers.v[i].credential, a, &value, err) : WN_OK;
		if (rc)
			return rc;
		add(req, to, wn_arena_strdup(a, c->headers.v[i].name), wn_arena_strdup(a, value));
	}
	return WN_OK;
}

bool wn_feed_is_secret(const struct wn_feed_conf *c)
{
	bool secret = c->auth.how != WN_AUTH_NONE;
	for (size_t i = 0; i < c->headers.n; i++)
		secret |= c->headers.v[i].credential.n != 0;
	return secret;
}

/* ------------------------------------------------------------------------------------------------- the network */
struct wn_http_options wn_net_options(const struct wn_options *o, struct wn_arena *a)
{
	const struct wn_yaml_strings *named = &o->poll.allow_networks;
	struct wn_network *networks = WN_NEW_N(a, struct wn_network, named->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < named->n; i++)
		n += wn_network_parse(named->v[i], &networks[n]);
	return (struct wn_http_options){.proxy = wn_arena_strdup(a, o->poll.proxy), .networks = {networks, n}};
}

/* ------------------------------------------------------------------------------------------------- the request */
enum wn_rc wn_poll_request(const struct wn_options *o, const struct wn_poll_feed *f, const struct wn_book_feed *b, struct wn_arena *a,
			   struct wn_http_request *req, struct wn_err *err)
{
	const struct wn_feed_conf *c = b->conf;
	struct wn_http_header *headers = WN_NEW_N(a, struct wn_http_header, c->headers.n + 2);
	struct wn_str url = with_page(wn_poll_url(f, b), f, c, a);
	bool whole = c->page.by == WN_PAGE_NONE && c->mode == WN_FEED_POLL; /* that one page is unchanged says nothing of the others */
	*req = (struct wn_http_request){
		.etag = whole && f->state.etag.n ? wn_arena_strdup(a, f->state.etag) : NULL,
		.last_modified = whole && f->state.last_modified.n ? wn_arena_strdup(a, f->state.last_modified) : NULL,
		.user_agent = o->poll.user_agent.n ? wn_arena_strdup(a, o->poll.user_agent) : NULL,
		.ca_file = o->poll.ca_file.n ? wn_arena_strdup(a, o->poll.ca_file) : NULL,
		.allow_private = c->allow_private,
		.follow = true,
		.body_max = (size_t)c->body_max,
		.connect_timeout_ms = (int)(o->poll.connect_timeout_us / 1000),
		.total_timeout_ms = (int)(o->poll.timeout_us / 1000),
		.slow_bytes = (int)o->poll.low_speed,
		.slow_s = (int)((o->poll.low_speed_time_us + WN_SECOND - 1) / WN_SECOND),
	};
	enum wn_rc rc = fill_headers(c, req, headers, a, err);
	if (rc == WN_OK)
		rc = fill_auth(c, req, headers, &url, a, err);
	req->headers = headers;
	req->url = wn_arena_strdup(a, url);
	return rc;
}
