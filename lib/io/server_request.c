/* SPDX-License-Identifier: MIT */
/*
 * Requests and replies as handlers see them. Everything of a request is copied out of evhttp first, as the
 * connection may end while the handler waits. Who asks is known from the kernel (SO_PEERCRED, SO_PEERGROUPS),
 * never from bytes.
 */
#include "server_internal.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include <whynow/value.h>

/* --- reading ---- */

struct header {
	const char *name, *value;
};
struct headers {
	WN_VEC(struct header) h;
};

static const char *method_text(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "OTHER";
	}
}

static bool is_in_group(int fd, gid_t gid, gid_t group)
{
	gid_t more[256];
	socklen_t n = sizeof(more);

	if (group == (gid_t)-1)
		return false;
	if (gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more, &n) < 0)
		return false;
	for (size_t i = 0; i < n / sizeof(gid_t); i++)
		if (more[i] == group)
			return true;
	return false;
}

static void read_peer(int fd, gid_t write_group, struct wn_server_request *r)
{
	struct sockaddr_storage sa = {0};
	struct ucred cred = {0};
	socklen_t n = sizeof(sa), m = sizeof(cred);

	r->uid = (uid_t)-1;
	r->gid = (gid_t)-1;
	if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0 || sa.ss_family != AF_UNIX)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &m) < 0)
		return;
	r->is_local = true;
	r->uid = cred.uid;
	r->gid = cred.gid;
	r->pid = cred.pid;
	r->may_write = cred.uid == 0 || cred.uid == geteuid() || is_in_group(fd, cred.gid, write_group);
}

/* Percent-decoded copy; NULL when it holds NUL or controls. */
static char *decode(struct wn_arena *a, struct wn_str s, int plus)
{
	char *raw = wn_arena_strdup(a, s), *decoded;
	size_t n = 0;
	char *copy = NULL;
	bool ok;

	decoded = evhttp_uridecode(raw, plus, &n);
	if (!decoded)
		return NULL;
	ok = strlen(decoded) == n;
	for (const unsigned char *p = (unsigned char *)decoded; ok && *p; p++)
		ok = *p >= ' ' && *p != 0x7f;
	if (ok)
		copy = wn_arena_strdup(a, (struct wn_str){decoded, n});
	free(decoded);
	return copy;
}

static void read_headers(struct evhttp_request *evreq, struct wn_server_request *r)
{
	struct headers *hs = WN_NEW(r->arena, struct headers);
	struct evkeyval *kv;

	for (kv = evhttp_request_get_input_headers(evreq)->tqh_first; kv; kv = kv->next.tqe_next)
		*WN_PUSH(r->arena, &hs->h) = (struct header){wn_arena_strdup(r->arena, wn_str_of(kv->key)),
							     wn_arena_strdup(r->arena, wn_str_of(kv->value))};
	r->opaque = hs;
}

bool wn_server_read(struct evhttp_request *evreq, gid_t write_group, struct wn_server_request *r)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(evreq);
	struct evbuffer *in = evhttp_request_get_input_buffer(evreq);
	size_t n = evbuffer_get_length(in);
	struct evhttp_connection *evcon = evhttp_request_get_connection(evreq);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL,
		   *query = uri ? evhttp_uri_get_query(uri) : NULL;
	char *body = wn_arena_alloc(r->arena, n + 1);

	r->method = method_text(evhttp_request_get_command(evreq));
	r->path = r->tail = "";
	r->body = (struct wn_str){body, evbuffer_copyout(in, body, n) > 0 ? n : 0};
	read_peer(bufferevent_getfd(evhttp_connection_get_bufferevent(evcon)), write_group, r);
	read_headers(evreq, r);
	if (!path || *path != '/')
		return false;
	path = decode(r->arena, wn_str_of(path), 0);
	if (!path)
		return false;
	r->path = path;
	r->query = query ? wn_arena_str(r->arena, wn_str_of(query)) : (struct wn_str){"", 0};
	return true;
}

const char *wn_server_header(const struct wn_server_request *r, const char *name)
{
	const struct headers *hs = r->opaque;

	for (size_t i = 0; hs && i < hs->h.n; i++)
		if (strcasecmp(hs->h.v[i].name, name) == 0)
			return hs->h.v[i].value;
	return NULL;
}

const char *wn_server_query(const struct wn_server_request *r, const char *name)
{
	const char *p = r->query.p, *end = p + r->query.n;

	while (p && p < end) {
		const char *stop = memchr(p, '&', (size_t)(end - p));
		const char *last = stop ? stop : end;
		const char *equals = memchr(p, '=', (size_t)(last - p));
		size_t n = (size_t)((equals ? equals : last) - p);

		if (n == strlen(name) && memcmp(p, name, n) == 0)
			return equals ? decode(r->arena,
					       (struct wn_str){equals + 1, (size_t)(last - equals - 1)}, 1)
				      : "";
		p = last + 1;
	}
	return NULL;
}

/* --- problems ---- */

static const char *title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {409, "Conflict"},
	    {413, "Content Too Large"},
	    {415, "Unsupported Media Type"},
	    {422, "Unprocessable Content"},
	    {429, "Too Many Requests"},
	    {500, "Internal Server Error"},
	    {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < WN_COUNT(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return status < 500 ? "Request Failed" : "Server Failed";
}

void wn_server_problem(struct wn_server_reply *reply, int status, const char *type, const char *fmt, ...)
{
	char detail[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	reply->status = status;
	reply->content_type = "application/problem+json";
	wn_buf_clear(&reply->body);
	wn_buf_text(&reply->body, "{\"type\":");
	wn_json_write_string(&reply->body, wn_str_of(type ? type : "about:blank"));
	wn_buf_text(&reply->body, ",\"title\":");
	wn_json_write_string(&reply->body, wn_str_of(title_of(status)));
	wn_buf_printf(&reply->body, ",\"status\":%d,\"detail\":", status);
	wn_json_write_string(&reply->body, wn_str_of(detail));
	wn_buf_text(&reply->body, "}\n");
}

void wn_server_problem_rc(struct wn_server_reply *reply, enum wn_rc rc, const struct wn_err *err)
{
	static const int statuses[] = {
	    [WN_OK] = 500,      [WN_INVALID] = 400, [WN_LIMIT] = 413,   [WN_NOT_FOUND] = 404, [WN_EXISTS] = 409,
	    [WN_REFUSED] = 409, [WN_AGAIN] = 503,   [WN_UNKNOWN] = 503, [WN_CANCELLED] = 503,
	};
	char text[1200] = "";

	if (err)
		wn_err_to_text(err, text, sizeof(text));
	wn_server_problem(reply, (size_t)rc < WN_COUNT(statuses) ? statuses[rc] : 500, NULL, "%s",
			  err ? text : wn_rc_to_text(rc));
}

/* --- sending ---- */

static void add_headers(struct evkeyvalq *out, const struct wn_server_reply *reply, bool with_length)
{
	char length[24];

	evhttp_add_header(out, "Content-Type", reply->content_type);
	evhttp_add_header(out, "Connection", "close");
	evhttp_add_header(out, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(out, "Cache-Control", "no-store");
	for (size_t i = 0; i < WN_COUNT(reply->headers) && reply->headers[i][0]; i++)
		evhttp_add_header(out, reply->headers[i][0], reply->headers[i][1]); /* refuses CR and LF */
	if (!with_length)
		return; /* evhttp tells it */
	snprintf(length, sizeof(length), "%zu", reply->body.n);
	evhttp_add_header(out, "Content-Length", length);
}

static void free_bytes(const void *bytes, size_t n, void *ctx)
{
	(void)n, (void)ctx;
	free((void *)bytes);
}

void wn_server_send(struct evhttp_request *evreq, const struct wn_server_request *request,
		    struct wn_server_reply *reply)
{
	bool head = strcmp(request->method, "HEAD") == 0;
	struct evbuffer *body = evbuffer_new();
	size_t n;
	char *bytes;

	if (wn_buf_overflowed(&reply->body)) {
		reply->body.overflow = false;
		wn_server_problem(reply, 500, NULL, "the answer is larger than %u bytes", WN_SERVER_REPLY_MAX);
	}
	add_headers(evhttp_request_get_output_headers(evreq), reply, head);
	n = reply->body.n;
	bytes = wn_buf_take(&reply->body);
	if (!head && body && n && evbuffer_add_reference(body, bytes, n, free_bytes, NULL) == 0)
		bytes = NULL; /* libevent frees it */
	free(bytes);
	evhttp_send_reply(evreq, reply->status, NULL, body);
	if (body)
		evbuffer_free(body);
}
