/* SPDX-License-Identifier: MIT */
/*
 * One hop of a request with libcurl: what it may do is set here, what comes back is counted here, and what a
 * redirect may lead to is decided here. libcurl itself never follows.
 *
 * Ceilings hold for decoded bytes in the write callback: MAXFILESIZE of 7.88 stops neither chunked bodies nor
 * gzip bombs.
 */
#include "http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- callbacks ---- */

static long status_of(const struct wn_http_call *c)
{
	long status = 0;

	curl_easy_getinfo(c->job.easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct wn_http_call *c = ctx;

	c->body_began = true;
	if (c->req.on_data && status_of(c) == 200)
		return c->req.on_data(c->ctx, (struct wn_str){bytes, size * n}) ? size * n : 0;
	if (c->answer->body.n + size * n > c->req.body_max) {
		if (c->req.status_is_answer)
			wn_buf_add(&c->answer->body, bytes, c->req.body_max - c->answer->body.n);
		c->too_large = true;
		return 0;
	}
	wn_buf_add(&c->answer->body, bytes, size * n);
	return size * n;
}

static struct wn_str trim(struct wn_str s)
{
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	while (s.n && (unsigned char)*s.p <= ' ')
		s.p++, s.n--;
	return s;
}

static void keep_header(struct wn_http_answer *a, struct wn_str line)
{
	const char *colon = memchr(line.p, ':', line.n);
	char *name, *value;

	if (!colon)
		return;
	name = wn_arena_strdup(a->arena, trim((struct wn_str){line.p, (size_t)(colon - line.p)}));
	value =
	    wn_arena_strdup(a->arena, trim((struct wn_str){colon + 1, (size_t)(line.p + line.n - colon - 1)}));
	for (char *p = name; *p; p++)
		*p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
	for (char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	*WN_PUSH(a->arena, &a->headers) = (struct wn_http_header){name, value};
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
	struct wn_http_call *c = ctx;
	struct wn_str line = {bytes, size * n};

	c->header_bytes += line.n;
	if (c->header_bytes > c->req.headers_max) {
		c->too_large = true;
		return 0;
	}
	if (trim(line).n == 0)
		c->headers_whole |= status_of(c) >= 200;
	if (line.n > 5 && strncasecmp(line.p, "HTTP/", 5) == 0 && !c->body_began)
		c->answer->headers.n = 0; /* after 1xx the true ones follow */
	else if (!c->body_began)          /* trailers are not asked for */
		keep_header(c->answer, line);
	return line.n;
}

/* --- setting up ---- */
#define ENCODINGS "gzip"

#define SET(option, value) curl_easy_setopt(c->job.easy, (option), (value))

/* libcurl only reads the list: it lives with the call. */
static void add_line(struct wn_http_call *c, struct wn_str name, const char *between, struct wn_str value)
{
	struct curl_slist *line = WN_NEW(c->arena, struct curl_slist), **end = &c->header_list;
	size_t n = strlen(between);

	line->data = wn_arena_alloc(c->arena, name.n + n + value.n + 1);
	memcpy(line->data, name.p, name.n);
	memcpy(line->data + name.n, between, n);
	memcpy(line->data + name.n + n, value.p, value.n);
	while (*end)
		end = &(*end)->next;
	*end = line;
}

static void add_header(struct wn_http_call *c, const char *name, const char *value)
{
	add_line(c, wn_str_of(name), *value ? ": " : ";", wn_str_of(value)); /* "Name;" is curl's empty one */
}

static bool has_header(const struct wn_http_call *c, const char *name)
{
	for (size_t i = 0; i < c->req.headers_n; i++)
		if (strcasecmp(c->req.headers[i].name, name) == 0)
			return true;
	return false;
}

/* To another origin go only headers that tell nothing of us. */
static bool may_travel(const char *name)
{
	return strcasecmp(name, "accept") == 0 || strcasecmp(name, "accept-language") == 0;
}

static void set_headers(struct wn_http_call *c, bool home)
{
	const struct wn_http_request *r = &c->req;

	c->header_list = NULL;
	/* as lines of the list: what an option says libcurl writes twice, one character after the other */
	if (!home || !has_header(c, "user-agent"))
		add_header(c, "User-Agent", r->user_agent);
	if (!r->status_is_answer)
		add_header(c, "Accept-Encoding", ENCODINGS);
	if (r->body.p)
		add_line(c, WN_STR("Expect"), ":", WN_STR(""));
	if (r->body.p && !has_header(c, "content-type"))
		add_line(c, WN_STR("Content-Type"), ":", WN_STR("")); /* none is better than curl's guess */
	for (size_t i = 0; i < r->headers_n; i++)
		if (home || may_travel(r->headers[i].name))
			add_header(c, r->headers[i].name, r->headers[i].value);
	/* a validator came from a stranger: if it is not lawful, it is not sent */
	if (r->etag && *r->etag && wn_http_is_header_value(r->etag))
		add_header(c, "If-None-Match", r->etag);
	if (r->last_modified && *r->last_modified && wn_http_is_header_value(r->last_modified))
		add_header(c, "If-Modified-Since", r->last_modified);
	SET(CURLOPT_HTTPHEADER, c->header_list);
}

static void set_method(struct wn_http_call *c)
{
	const struct wn_http_request *r = &c->req;
	bool post = strcmp(r->method, "POST") == 0;

	if (strcmp(r->method, "HEAD") == 0) {
		SET(CURLOPT_NOBODY, 1L);
	} else if (post || r->body.p) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		SET(CURLOPT_POSTFIELDS, r->body.p ? r->body.p : "");
		if (!post)
			SET(CURLOPT_CUSTOMREQUEST, r->method);
	} else if (strcmp(r->method, "GET") != 0) {
		SET(CURLOPT_CUSTOMREQUEST, r->method);
	}
}

static void set_limits(struct wn_http_call *c, int64_t left_ms)
{
	const struct wn_http_request *r = &c->req;

	SET(CURLOPT_TIMEOUT_MS, r->on_data ? 0L : (long)left_ms);
	SET(CURLOPT_TCP_KEEPALIVE, r->on_data ? 1L : 0L); /* a peer that went without a word */
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)r->slow_bytes);
	SET(CURLOPT_LOW_SPEED_TIME, (long)r->slow_s);
	if (!r->status_is_answer)
		SET(CURLOPT_MAXFILESIZE_LARGE, r->on_data ? 0 : (curl_off_t)r->body_max); /* an early exit only */
}

/* Whatever may lead inside is asked directly, where its address is seen. */
static bool is_proxied(const struct wn_http_call *c) { return *c->client->proxy && !c->req.allow_private; }

static void set_policy(struct wn_http_call *c)
{
	SET(CURLOPT_BUFFERSIZE, 16384L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	if (!c->req.status_is_answer)
		SET(CURLOPT_ACCEPT_ENCODING, ENCODINGS); /* what is decoded */
	wn_curl_policy(c->job.easy, c->req.ca_file);
	if (is_proxied(c)) {
		SET(CURLOPT_PROXY, c->client->proxy);
		SET(CURLOPT_USERAGENT, c->req.user_agent); /* for CONNECT */
		SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	}
}

/* Where the proxy looks names up no socket shows where they lead. What is an address itself, however it is spelt, is judged here: as
 * libcurl would send it, since IDN makes digits of other scripts plain ones. */
static bool leads_inside(struct wn_http_call *c)
{
	struct sockaddr_storage sa;
	CURLU *u = curl_url();
	char *host = NULL;

	if (!u)
		abort();
	if (curl_url_set(u, CURLUPART_URL, c->url.plain, 0) || curl_url_get(u, CURLUPART_HOST, &host, CURLU_PUNYCODE))
		host = NULL;
	bool inside = wn_address_of_host(host ? host : c->url.host, &sa) && !wn_curl_guard_allows(&c->guard, (struct sockaddr *)&sa, sizeof(sa));
	curl_free(host);
	curl_url_cleanup(u);
	if (inside)
		wn_curl_guard_refuse(&c->guard, (struct sockaddr *)&sa, sizeof(sa));
	return inside;
}

/* A test's names: replaces what the pool remembers of this one. */
static void set_names(struct wn_http_call *c)
{
	const struct wn_http_wiring *w = c->client->wiring;
	const char *addresses = w ? w->resolve(w->ctx, c->url.host) : NULL;

	if (!w)
		return;
	curl_slist_free_all(c->names);
	c->names = addresses ? curl_slist_append(NULL, wn_arena_printf(c->arena, "%s:%s:%s", c->url.host, c->url.port, addresses)) : NULL;
	SET(CURLOPT_RESOLVE, c->names);
}

static void set_credentials(struct wn_http_call *c)
{
	if (!c->first.user && !c->first.password)
		return;
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_USERNAME, c->first.user ? c->first.user : "");
	SET(CURLOPT_PASSWORD, c->first.password ? c->first.password : "");
}

/* What is the same for all calls of a kind (http_client.c): nothing here may point into the call. */
static void set_kind(struct wn_http_call *c, bool home)
{
	curl_easy_reset(c->job.easy);
	set_policy(c);
	set_method(c);
	if (home)
		set_credentials(c);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_HEADERFUNCTION, on_header);
}

/* A URL that was taken apart here goes to libcurl in parts: it would parse it and put it together again, one character after the other.
 * False: it shall parse it after all. */
static bool take_parts(struct wn_http_call *c)
{
	const struct wn_http_url *u = &c->url;
	const struct {
		CURLUPart part;
		const char *text;
	} parts[] = {{CURLUPART_SCHEME, u->scheme}, {CURLUPART_HOST, u->host}, {CURLUPART_PORT, u->port}, {CURLUPART_PATH, u->path},
		     {CURLUPART_QUERY, u->query}};

	if (u->path && !c->parts && !(c->parts = curl_url()))
		abort(); /* out of memory */
	for (size_t i = 0; u->path && i < WN_COUNT(parts); i++)
		if (curl_url_set(c->parts, parts[i].part, parts[i].text, 0))
			return false;
	return u->path;
}

static void set_url(struct wn_http_call *c)
{
	SET(CURLOPT_CURLU, take_parts(c) ? c->parts : NULL);
	SET(CURLOPT_URL, c->url.plain);
}

static void set_own(struct wn_http_call *c, int64_t left_ms, bool home)
{
	set_limits(c, left_ms);
	set_headers(c, home);
	set_names(c);
	wn_curl_guard_set(c->job.easy, &c->guard);
	SET(CURLOPT_FRESH_CONNECT, (long)c->fresh);
	set_url(c);
	SET(CURLOPT_ERRORBUFFER, c->error);
	SET(CURLOPT_WRITEDATA, c);
	SET(CURLOPT_HEADERDATA, c);
}

static void refuse_address(struct wn_http_call *c)
{
	wn_http_answer_fail(c->answer, WN_REFUSED, WN_HTTP_ADDRESS, "%.200s leads to %s, which is %s: refused by the address filter", c->url.host,
			    c->guard.refused_text, wn_curl_guard_why(&c->guard));
}

bool wn_http_hop_prepare(struct wn_http_call *c)
{
	int64_t left_ms = c->req.total_timeout_ms - (wn_clock_monotonic_us() - c->start_us) / 1000;
	bool home = wn_http_url_same_origin(&c->first, &c->url);

	if (left_ms <= 0) {
		wn_http_answer_fail(c->answer, WN_AGAIN, WN_HTTP_TIMEOUT, "no time left for the next hop");
		return false;
	}
	c->guard.to_proxy = false;
	if (is_proxied(c) && leads_inside(c)) {
		refuse_address(c);
		return false;
	}
	c->guard.to_proxy = is_proxied(c);
	c->header_bytes = 0;
	c->headers_whole = c->body_began = c->too_large = c->sent = false;
	c->error[0] = 0;
	c->answer->headers.n = 0;
	wn_buf_clear(&c->answer->body);
	if (!c->job.dressed)
		set_kind(c, home);
	set_own(c, left_ms, home);
	return true;
}

/* --- what came of it ---- */

static const struct {
	CURLcode code;
	enum wn_http_failure failure;
} failures[] = {
    {CURLE_URL_MALFORMAT, WN_HTTP_INVALID},
    {CURLE_COULDNT_RESOLVE_HOST, WN_HTTP_DNS},
    {CURLE_COULDNT_RESOLVE_PROXY, WN_HTTP_DNS},
    {CURLE_PROXY, WN_HTTP_CONNECT},
    {CURLE_COULDNT_CONNECT, WN_HTTP_CONNECT},
    {CURLE_SEND_ERROR, WN_HTTP_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, WN_HTTP_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, WN_HTTP_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, WN_HTTP_TLS},
    {CURLE_SSL_CERTPROBLEM, WN_HTTP_TLS},
    {CURLE_SSL_CIPHER, WN_HTTP_TLS},
    {CURLE_SSL_CACERT_BADFILE, WN_HTTP_TLS},
    {CURLE_SSL_ISSUER_ERROR, WN_HTTP_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, WN_HTTP_TLS},
    {CURLE_FILESIZE_EXCEEDED, WN_HTTP_TOO_LARGE},
    {CURLE_PARTIAL_FILE, WN_HTTP_TRUNCATED},
    {CURLE_GOT_NOTHING, WN_HTTP_TRUNCATED},
    {CURLE_RECV_ERROR, WN_HTTP_TRUNCATED},
    {CURLE_BAD_CONTENT_ENCODING, WN_HTTP_ENCODING},
};

/* It answered our CONNECT, and not with a tunnel. */
static bool refused_by_proxy(const struct wn_http_call *c)
{
	long code = 0;

	curl_easy_getinfo(c->job.easy, CURLINFO_HTTP_CONNECTCODE, &code);
	return code >= 300;
}

static enum wn_http_failure failure_of(const struct wn_http_call *c, CURLcode code)
{
	if (c->too_large)
		return WN_HTTP_TOO_LARGE;
	if (refused_by_proxy(c))
		return WN_HTTP_CONNECT;
	if (code == CURLE_COULDNT_CONNECT && c->guard.refused != WN_ADDRESS_PUBLIC)
		return WN_HTTP_ADDRESS;
	for (size_t i = 0; i < WN_COUNT(failures); i++)
		if (failures[i].code == code)
			return failures[i].failure;
	return WN_HTTP_PROTOCOL;
}

static bool is_harmless(const struct wn_http_call *c)
{
	return strcmp(c->req.method, "GET") == 0 || strcmp(c->req.method, "HEAD") == 0;
}

static enum wn_rc rc_of(const struct wn_http_call *c, enum wn_http_failure f)
{
	switch (f) {
	case WN_HTTP_INVALID:
		return WN_INVALID;
	case WN_HTTP_ADDRESS:
	case WN_HTTP_REDIRECT:
		return WN_REFUSED;
	case WN_HTTP_TOO_LARGE:
		return WN_LIMIT;
	default:
		return is_harmless(c) || !c->sent ? WN_AGAIN : WN_UNKNOWN;
	}
}

static void explain(struct wn_http_call *c, CURLcode code)
{
	enum wn_http_failure f = failure_of(c, code);
	const char *why = c->error[0] ? c->error : curl_easy_strerror(code);

	if (f == WN_HTTP_ADDRESS)
		refuse_address(c);
	else if (f == WN_HTTP_TOO_LARGE)
		wn_http_answer_fail(c->answer, WN_LIMIT, f,
				    "the answer of %.200s has more than %zu bytes of %s", c->url.host,
				    c->header_bytes > c->req.headers_max ? c->req.headers_max : c->req.body_max,
				    c->header_bytes > c->req.headers_max ? "headers" : "content");
	else
		wn_http_answer_fail(c->answer, rc_of(c, f), f, "%.200s: %.300s", c->url.host, why);
}

static int64_t info_us(CURL *easy, CURLINFO info)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, info, &us);
	return us;
}

/* Of https through a proxy: did it let us through? What is sent before that is for the proxy. */
static bool is_tunnelled(const struct wn_http_call *c)
{
	long made = 0;

	curl_easy_getinfo(c->job.easy, CURLINFO_NUM_CONNECTS, &made);
	return !is_proxied(c) || strcmp(c->url.scheme, "https") || !made || info_us(c->job.easy, CURLINFO_APPCONNECT_TIME_T);
}

static void measure(struct wn_http_call *c)
{
	struct wn_http_response *r = &c->answer->r;
	long sent = 0;
	char *peer = NULL;

	curl_easy_getinfo(c->job.easy, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(c->job.easy, CURLINFO_PRIMARY_IP, &peer);
	c->sent = sent > 0 && is_tunnelled(c);
	r->status = (int)status_of(c);
	r->url = wn_arena_strdup(c->answer->arena, wn_str_of(c->url.plain));
	r->peer = wn_arena_strdup(c->answer->arena, wn_str_of(peer ? peer : ""));
	r->name_us = info_us(c->job.easy, CURLINFO_NAMELOOKUP_TIME_T);
	r->connect_us = info_us(c->job.easy, CURLINFO_CONNECT_TIME_T);
	r->tls_us = info_us(c->job.easy, CURLINFO_APPCONNECT_TIME_T);
	r->first_byte_us = info_us(c->job.easy, CURLINFO_STARTTRANSFER_TIME_T);
	r->bytes = (uint64_t)info_us(c->job.easy, CURLINFO_SIZE_DOWNLOAD_T);
	r->total_us = wn_clock_monotonic_us() - c->start_us;
}

static bool is_redirect(const struct wn_http_call *c)
{
	int s = c->answer->r.status;

	return c->req.follow && is_harmless(c) && (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       wn_http_header(wn_http_answer_seal(c->answer), "location");
}

/* True: c->url is the new place. False: refused, and said so. */
static bool follow(struct wn_http_call *c)
{
	struct wn_http_answer *a = c->answer;
	struct wn_http_url next;
	struct wn_err err = {0};

	if (a->hops.n >= (size_t)c->req.redirects_max) {
		wn_http_answer_fail(a, WN_REFUSED, WN_HTTP_REDIRECT, "more than %d redirects",
				    c->req.redirects_max);
		return false;
	}
	/* not CURLINFO_REDIRECT_URL: it puts the credentials of this hop into relative ones */
	if (wn_http_url_resolve(c->url.plain, wn_http_header(&a->r, "location"), c->arena, &next, &err)) {
		wn_http_answer_fail(a, WN_REFUSED, WN_HTTP_REDIRECT, "redirected to a place we do not go: %s",
				    err.text);
		return false;
	}
	if (strcmp(c->url.scheme, "https") == 0 && strcmp(next.scheme, "http") == 0) {
		wn_http_answer_fail(a, WN_REFUSED, WN_HTTP_REDIRECT, "redirected from https down to http");
		return false;
	}
	*WN_PUSH(a->arena, &a->hops) = (struct wn_http_hop){a->r.status, a->r.url};
	c->url = next;
	return true;
}

/* Nothing came over a connection that was kept: it had ended without libcurl seeing it (7.88 takes the last word of a TLS peer for news
 * of a live one). What does no harm is asked once more, over one of its own. */
static bool was_stale(const struct wn_http_call *c, CURLcode code)
{
	long made = 0;

	if ((code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR && code != CURLE_GOT_NOTHING) || c->fresh || c->header_bytes || !is_harmless(c))
		return false;
	return curl_easy_getinfo(c->job.easy, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && made == 0;
}

bool wn_http_hop_finish(struct wn_http_call *c, CURLcode code)
{
	if (was_stale(c, code))
		return c->fresh = true;
	measure(c);
	if (c->req.status_is_answer && c->headers_whole)
		code = CURLE_OK; /* whatever became of the body */
	if (code != CURLE_OK)
		explain(c, code);
	else if (is_redirect(c))
		return follow(c);
	else if (c->answer->r.status < 200) /* 101, or nothing like HTTP */
		wn_http_answer_fail(c->answer, rc_of(c, WN_HTTP_PROTOCOL), WN_HTTP_PROTOCOL,
				    "%.200s did not answer with HTTP", c->url.host);
	return false;
}
