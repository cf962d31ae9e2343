/* SPDX-License-Identifier: MIT */
/*
 * The parts of the HTTP contract that any network shares: responses, lawful requests, URLs, waiting on a fiber.
 * No socket is opened here; libcurl serves as URL parser only.
 */
#include "http_internal.h"
#include "loop_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const char *wn_http_failure_to_text(enum wn_http_failure f)
{
	static const char *const texts[] = {
#define X(name, text) [WN_HTTP_##name] = text,
	    WN_HTTP_FAILURE_LIST(X)
#undef X
	};
	return (size_t)f < WN_COUNT(texts) ? texts[f] : "unknown";
}

/* --- responses ---- */

struct wn_http_answer *wn_http_answer_new(void)
{
	struct wn_arena *arena = wn_arena_new_small(WN_HTTP_SMALL);
	struct wn_http_answer *a = WN_NEW(arena, struct wn_http_answer);

	a->arena = arena;
	wn_buf_init(&a->body, WN_FETCH_BODY_MAX);
	a->r.error = a->r.url = a->r.peer = "";
	return a;
}

struct wn_http_response *wn_http_answer_seal(struct wn_http_answer *a)
{
	a->r.headers = a->headers.v;
	a->r.headers_n = a->headers.n;
	a->r.hops = a->hops.v;
	a->r.hops_n = a->hops.n;
	a->r.body = a->r.rc == WN_OK ? wn_buf_slice(&a->body) : (struct wn_str){"", 0};
	a->r.moved_for_good = a->hops.n > 0;
	for (size_t i = 0; i < a->hops.n; i++)
		a->r.moved_for_good &= a->hops.v[i].status == 301 || a->hops.v[i].status == 308;
	return &a->r;
}

void wn_http_answer_fail(struct wn_http_answer *a, enum wn_rc rc, enum wn_http_failure failure, const char *fmt,
			 ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	a->r.rc = rc;
	a->r.failure = failure;
	a->r.error = wn_arena_strdup(a->arena, wn_str_of(text));
	wn_buf_done(&a->body);
}

void wn_http_response_free(struct wn_http_response *r)
{
	struct wn_http_answer *a = (struct wn_http_answer *)r;

	if (!a)
		return;
	wn_buf_done(&a->body);
	wn_arena_free(a->arena);
}

void wn_http_response_freep(struct wn_http_response **r)
{
	wn_http_response_free(*r);
	*r = NULL;
}

const char *wn_http_header(const struct wn_http_response *r, const char *name)
{
	for (size_t i = 0; i < r->headers_n; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

struct wn_http_response *wn_http_response_new(int status, const char *url, const struct wn_http_header *headers,
					      size_t headers_n, struct wn_str body)
{
	struct wn_http_answer *a = wn_http_answer_new();

	a->r.status = status;
	a->r.url = wn_arena_strdup(a->arena, wn_str_of(url));
	for (size_t i = 0; i < headers_n; i++) {
		char *name = wn_arena_strdup(a->arena, wn_str_of(headers[i].name));

		for (char *p = name; *p; p++)
			*p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
		*WN_PUSH(a->arena, &a->headers) =
		    (struct wn_http_header){name, wn_arena_strdup(a->arena, wn_str_of(headers[i].value))};
	}
	wn_buf_add(&a->body, body.p, body.n);
	a->r.bytes = body.n;
	return wn_http_answer_seal(a);
}

struct wn_http_response *wn_http_response_failed(enum wn_rc rc, enum wn_http_failure failure, const char *error)
{
	struct wn_http_answer *a = wn_http_answer_new();

	wn_http_answer_fail(a, rc, failure, "%s", error);
	return wn_http_answer_seal(a);
}

/* --- lawful requests ---- */

static bool is_token(const char *s)
{
	size_t n = strspn(s, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return n > 0 && !s[n]; /* RFC 9110 5.6.2 */
}

bool wn_http_is_header_value(const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if ((*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return strlen(value) <= 8192;
}

/* Headers that frame the message or steer the connection are ours. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
	    "host",    "content-length", "transfer-encoding", "connection",       "upgrade",   "te",
	    "trailer", "expect",         "accept-encoding",   "proxy-connection", "keep-alive"};

	for (size_t i = 0; i < WN_COUNT(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return false;
}

enum wn_rc wn_http_check(const struct wn_http_request *req, struct wn_err *err)
{
	const char *method = req->method ? req->method : "GET";

	if (!is_token(method) || strlen(method) > 16 || strcasecmp(method, "CONNECT") == 0)
		return wn_fail(err, WN_INVALID, "HTTP method is not lawful");
	if (req->headers_n > WN_HTTP_REQUEST_HEADERS_MAX)
		return wn_fail(err, WN_LIMIT, "more than %d request headers", WN_HTTP_REQUEST_HEADERS_MAX);
	for (size_t i = 0; i < req->headers_n; i++) {
		const struct wn_http_header *h = &req->headers[i];

		if (!h->name || !is_token(h->name) || strlen(h->name) > 128)
			return wn_fail(err, WN_INVALID, "request header %zu has no lawful name", i + 1);
		if (is_ours(h->name))
			return wn_fail(err, WN_INVALID, "request header %s is not for the caller to set",
				       h->name);
		if (!h->value || !wn_http_is_header_value(h->value))
			return wn_fail(err, WN_INVALID,
				       "request header %s: its value has control characters or is too long",
				       h->name);
	}
	if (req->user_agent && !wn_http_is_header_value(req->user_agent))
		return wn_fail(err, WN_INVALID, "user agent has control characters");
	return WN_OK;
}

static bool get_part(CURLU *u, CURLUPart part, struct wn_arena *a, const char **out)
{
	char *text = NULL;

	if (curl_url_get(u, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0))
		return false;
	*out = wn_arena_strdup(a, wn_str_of(text));
	curl_free(text);
	return true;
}

static enum wn_rc take_apart(CURLU *u, bool userinfo, struct wn_arena *a, struct wn_http_url *out, struct wn_err *err)
{
	if (!get_part(u, CURLUPART_SCHEME, a, &out->scheme) || !get_part(u, CURLUPART_HOST, a, &out->host) ||
	    !get_part(u, CURLUPART_PORT, a, &out->port))
		return wn_fail(err, WN_INVALID, "URL has no host");
	if (strcmp(out->scheme, "http") && strcmp(out->scheme, "https"))
		return wn_fail(err, WN_INVALID, "URL is not http or https");
	get_part(u, CURLUPART_USER, a, &out->user);
	get_part(u, CURLUPART_PASSWORD, a, &out->password);
	if ((out->user || out->password) && !userinfo)
		return wn_fail(err, WN_INVALID, "URL carries credentials");
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_OPTIONS, NULL, 0);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	if (!get_part(u, CURLUPART_URL, a, &out->plain))
		return wn_fail(err, WN_INVALID, "URL cannot be written");
	return WN_OK;
}

/* Sets `url` (resolved against `base` if there is one) and takes it apart. */
static enum wn_rc parse(const char *base, const char *url, bool userinfo, struct wn_arena *a, struct wn_http_url *out, struct wn_err *err)
{
	CURLU *u = curl_url();
	enum wn_rc rc;

	if (!u)
		abort();
	*out = (struct wn_http_url){0};
	if ((base && curl_url_set(u, CURLUPART_URL, base, 0)) ||
	    curl_url_set(u, CURLUPART_URL, url, base ? CURLU_URLENCODE : 0))
		rc = wn_fail(err, WN_INVALID, "URL is malformed or not http or https");
	else
		rc = take_apart(u, userinfo, a, out, err);
	curl_url_cleanup(u);
	return rc;
}

/* --- what needs no parser: most URLs of feeds ---- */
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_of_host(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.'; }
static bool is_of_path(char c) { return is_of_host(c) || (c >= 'A' && c <= 'Z') || (c && strchr("/_~=&+,;?", c)); }

/* The first character that is not of them. */
static const char *skip(const char *p, bool (*is)(char))
{
	while (is(*p))
		p++;
	return p;
}

/* A name of small letters whose last label cannot be read as a number, or an IPv4 address as it is always written: libcurl leaves both
 * as they are. */
static bool is_plain_host(const char *host)
{
	const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
	struct in_addr in;

	return (*last >= 'a' && *last <= 'z' && *host != '.' && !strstr(host, "..")) || inet_pton(AF_INET, host, &in) == 1;
}

static bool is_plain_port(const char *digits)
{
	size_t n = strlen(digits);

	return n > 0 && *digits != '0' && (n < 5 || (n == 5 && strcmp(digits, "65535") <= 0));
}

static bool is_plain_path(const char *path)
{
	const char *end = skip(path, is_of_path);

	return *path == '/' && !*end && end[-1] != '?' && !strstr(path, "/.");
}

/* False: libcurl shall say. Nothing escaped, no userinfo, no fragment, no empty query, no label or segment of dots: it would change nothing. */
static bool take_plain(const char *url, struct wn_arena *a, struct wn_http_url *out)
{
	bool tls = strncmp(url, "https://", 8) == 0;
	const char *host = url + (tls ? 8 : 7), *end, *port, *path;

	if (!tls && strncmp(url, "http://", 7))
		return false;
	end = skip(host, is_of_host);
	path = *end == ':' ? skip(end + 1, is_digit) : end;
	if (!is_plain_path(path))
		return false;
	port = *end == ':' ? wn_arena_strdup(a, (struct wn_str){end + 1, (size_t)(path - end - 1)}) : tls ? "443" : "80";
	host = wn_arena_strdup(a, (struct wn_str){host, (size_t)(end - host)});
	*out = (struct wn_http_url){.scheme = tls ? "https" : "http", .host = host, .port = port};
	if (!is_plain_host(host) || !is_plain_port(port))
		return false;
	out->plain = wn_arena_strdup(a, wn_str_of(url));
	end = strchr(path, '?');
	out->path = end ? wn_arena_strdup(a, (struct wn_str){path, (size_t)(end - path)}) : out->plain + (path - url);
	out->query = end ? out->plain + (end + 1 - url) : NULL;
	return true;
}

enum wn_rc wn_http_url_parse(const char *url, bool userinfo, struct wn_arena *a, struct wn_http_url *out, struct wn_err *err)
{
	if (!url || strlen(url) > 4 * WN_URL_MAX)
		return wn_fail(err, url ? WN_LIMIT : WN_INVALID, "URL is %s", url ? "too long" : "missing");
	for (const unsigned char *p = (const unsigned char *)url; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return wn_fail(err, WN_INVALID, "URL has a blank or a control character at byte %td",
				       p - (const unsigned char *)url + 1);
	return take_plain(url, a, out) ? WN_OK : parse(NULL, url, userinfo, a, out, err);
}

enum wn_rc wn_http_url_resolve(const char *base, const char *location, struct wn_arena *a, struct wn_http_url *out,
			       struct wn_err *err)
{
	if (strlen(location) > 4 * WN_URL_MAX)
		return wn_fail(err, WN_LIMIT, "URL is too long");
	return parse(base, location, false, a, out, err);
}

bool wn_http_url_same_origin(const struct wn_http_url *a, const struct wn_http_url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

/* --- any network ---- */

enum wn_rc wn_http_start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done,
			 void *ctx, struct wn_http_call **out, struct wn_err *err)
{
	return net->start(net, req, on_done, ctx, out, err);
}

void wn_http_cancel(struct wn_net *net, struct wn_http_call *call)
{
	net->cancel(net, call);
}

struct fetch {
	struct wn_fiber *fiber; /* NULL: outside of fibers, or given up */
	struct wn_http_response *response;
	bool abandoned;
};

static void on_fetched(void *ctx, struct wn_http_response *response)
{
	struct fetch *f = ctx;

	if (f->abandoned) {
		wn_http_response_free(response);
		free(f);
		return;
	}
	f->response = response;
	if (f->fiber)
		wn_fiber_wake(f->fiber);
}

/* Parks until the response is there; a wake meant for something else is passed on. */
static enum wn_rc park_for(struct wn_loop *l, struct fetch *f)
{
	bool foreign = false;
	enum wn_rc rc = WN_OK;

	while (!f->response && (rc = wn_fiber_park(l)) == WN_OK)
		foreign |= !f->response;
	if (foreign)
		wn_fiber_wake(f->fiber);
	return f->response ? WN_OK : rc;
}

static enum wn_rc turn_for(struct wn_loop *l, struct fetch *f)
{
	if (!wn_loop_begin(l))
		return WN_REFUSED;
	for (;;) {
		wn_loop_run_ready(l);
		if (f->response)
			break;
		wn_loop_turn(l);
	}
	wn_loop_end(l);
	return WN_OK;
}

enum wn_rc wn_http_fetch(struct wn_loop *l, struct wn_net *net, const struct wn_http_request *req,
			 struct wn_http_response **out, struct wn_err *err)
{
	struct fetch *f = wn_alloc(sizeof(*f));
	struct wn_http_call *call = NULL;
	enum wn_rc rc;

	f->fiber = wn_fiber_current(l);
	rc = wn_http_start(net, req, on_fetched, f, &call, err);
	if (rc) {
		free(f);
		return rc;
	}
	rc = f->fiber ? park_for(l, f) : turn_for(l, f);
	if (rc) {
		f->abandoned = true;
		wn_http_cancel(net, call);
		return wn_fail(err, rc,
			       rc == WN_CANCELLED ? "request given up, we are stopping"
						  : "not from inside a callback");
	}
	*out = f->response;
	free(f);
	return WN_OK;
}
