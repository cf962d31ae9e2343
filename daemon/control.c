/* SPDX-License-Identifier: MIT */
/* The control socket: the few verbs that need the daemon itself. Everything else the command line does in PostgreSQL. */
#include "intake.h"
#include "outcome.h"
#include "push.h"
#include "sink.h"
#include "unsubscribe.h"
#include <grp.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/systemd.h>
#include <whynow/text.h>

static void get_status(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	wn_json_write(&reply->body, wn_status_value(ctx, req->arena));
}

static void get_health(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	(void)ctx;
	(void)req;
	wn_buf_text(&reply->body, "{\"status\":\"pass\"}");
}

static void get_ready(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	const struct wn_daemon *d = ctx;
	(void)req;
	if (d->db == WN_DB_UP)
		wn_buf_text(&reply->body, "{\"status\":\"pass\"}");
	else
		wn_server_problem(reply, 503, NULL, "the database is away: %s", d->db_text);
}

static void post_reload(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_err err = {0};
	(void)req;
	if (wn_daemon_reload(ctx, &err))
		wn_server_problem(reply, 409, NULL, "%s", err.text);
	else
		wn_buf_text(&reply->body, "{\"reloaded\":true}");
}

/* GET /v1/feeds/NAME: what the database does not know of it. */
static void get_feed(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_poll_feed *f = wn_poller_feed(ctx, wn_str_of(req->tail));
	if (!f) {
		wn_server_problem(reply, 404, NULL, "no file has a feed of this name");
		return;
	}
	struct wn_feed_delay delay = wn_feed_delay(ctx, f, req->arena);
	struct wn_map_builder m = wn_map_begin(req->arena);
	wn_map_set(&m, "feed", wn_string(f->name));
	if (delay.until_us)
		wn_map_set(&m, "delayed_until", wn_time_us(delay.until_us));
	if (delay.why)
		wn_map_set(&m, "delayed_why", wn_cstring(delay.why));
	wn_json_write(&reply->body, wn_map_end(&m));
}

/* POST /v1/feeds/NAME/poll */
static void post_feed(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_str tail = wn_str_of(req->tail), verb = WN_STR("/poll");
	struct wn_err err = {0};
	if (tail.n <= verb.n || memcmp(tail.p + tail.n - verb.n, verb.p, verb.n) != 0) {
		wn_server_problem(reply, 404, NULL, "POST /v1/feeds/NAME/poll is all there is here");
		return;
	}
	enum wn_rc rc = wn_poller_now(ctx, (struct wn_str){tail.p, tail.n - verb.n}, &err);
	if (rc)
		wn_server_problem_rc(reply, rc, &err);
	else
		wn_buf_text(&reply->body, "{\"asked\":true}");
}

static enum wn_rc take_outcome(struct wn_daemon *d, const struct wn_server_request *req, struct wn_value v, struct wn_map_builder *answer,
			       struct wn_err *err)
{
	struct wn_outcome_take t = {.row = {.source = WN_STR("http")}};
	struct wn_worker k = wn_daemon_worker(d, &d->sweep_session);
	enum wn_rc rc = wn_outcome_read(v, req->arena, &t.row, err);
	struct wn_unit u = wn_outcome_unit(&t);
	u.actor = "http";
	if (rc == WN_OK)
		rc = wn_session_ensure(d, &d->sweep_session);
	if (rc == WN_OK)
		rc = wn_unit_run(&k, &u, err);
	wn_map_set(answer, "outcome", wn_cstring(rc ? "refused" : t.how == WN_OUTCOME_DUPLICATE ? "duplicate" : "stored"));
	if (rc)
		wn_map_set(answer, "why", wn_string(wn_arena_str(req->arena, wn_str_of(err->text))));
	else if (t.how == WN_OUTCOME_STORED)
		wn_map_set(answer, "campaigns", wn_int((int64_t)t.credited));
	return rc;
}

/* One object, or an array of them: each is stored, or refused with its reason; a temporary failure stops, and the sender says all of them
 * again (what was stored is a duplicate then). */
static void post_outcomes(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_value body, *results;
	struct wn_err err = {0};
	if (!((struct wn_daemon *)ctx)->book->loaded) {
		wn_server_problem(reply, 503, NULL, "the segments are not loaded yet; try again in a second");
		return;
	}
	if (wn_json_parse(req->body, NULL, req->arena, &body, &err)) {
		wn_server_problem(reply, 400, NULL, "the body is no JSON: %s", err.text);
		return;
	}
	bool many = body.kind == WN_LIST;
	size_t n = many ? body.n : 1;
	results = WN_NEW_N(req->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct wn_map_builder answer = wn_map_begin(req->arena);
		err = (struct wn_err){0};
		enum wn_rc rc = take_outcome(ctx, req, many ? body.list[i] : body, &answer, &err);
		if (rc && (!many || wn_rc_is_temporary(rc))) {
			wn_server_problem_rc(reply, rc, &err);
			return;
		}
		results[i] = wn_map_end(&answer);
	}
	wn_json_write(&reply->body, many ? wn_list(results, n) : results[0]);
	wn_courier_nudge(ctx);
	wn_sweeper_nudge(ctx);
}

/* POST /v1/sinks/NAME/test {to?} */
static void post_sink(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_daemon *d = ctx;
	struct wn_str tail = wn_str_of(req->tail), verb = WN_STR("/test");
	struct wn_value body = {0};
	struct wn_delivery r;
	if (tail.n <= verb.n || memcmp(tail.p + tail.n - verb.n, verb.p, verb.n) != 0) {
		wn_server_problem(reply, 404, NULL, "POST /v1/sinks/NAME/test is all there is here");
		return;
	}
	struct wn_book *book = d->book;
	const struct wn_book_sink *sink = wn_book_sink_named(book, (struct wn_str){tail.p, tail.n - verb.n});
	if (!sink || (req->body.n && wn_json_parse(req->body, NULL, req->arena, &body, NULL))) {
		wn_server_problem(reply, sink ? 400 : 404, NULL, sink ? "the body is no JSON" : "no file has a sink of this name");
		return;
	}
	struct wn_str to = wn_value_str(wn_value_at(body, "to"));
	wn_book_use(book);
	wn_sink_test(d, sink, to.n ? wn_arena_strdup(req->arena, to) : NULL, &r);
	wn_book_done(book);
	wn_buf_printf(&reply->body, "{\"delivered\":%s,\"text\":", r.how == WN_DELIVERED ? "true" : "false");
	wn_json_write_string(&reply->body, wn_text_repair(wn_str_of(r.text), sizeof(r.text), req->arena));
	wn_buf_char(&reply->body, '}');
}

/* Something changed in the database that the sweeper would notice within a second: notice it now. */
static void post_nudge(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	(void)req;
	wn_sweeper_nudge(ctx);
	wn_courier_nudge(ctx);
	wn_buf_text(&reply->body, "{\"nudged\":true}");
}

static const struct wn_route routes[] = {
	{"GET", "/v1/status", false, get_status},
	{"GET", "/healthz", false, get_health},
	{"GET", "/readyz", false, get_ready},
	{"POST", "/v1/reload", true, post_reload},
	{"GET", "/v1/feeds/", false, get_feed},
	{"POST", "/v1/feeds/", true, post_feed},
	{"POST", "/v1/outcomes", true, post_outcomes},
	{"POST", "/v1/signals", false, wn_push_signals}, /* looks at credentials itself */
	{"POST", "/v1/signals/", false, wn_push_signals},
	{"POST", "/v1/sinks/", true, post_sink},
	{"POST", "/v1/nudge", true, post_nudge},
	{"GET", "/u/", false, wn_unsubscribe_get},
	{"POST", "/u/", false, wn_unsubscribe_post}, /* the token is the credential */
};

/* What http.listen shows: only what guards itself, or tells nothing. */
static const struct wn_route open_routes[] = {
	{"GET", "/healthz", false, get_health},
	{"GET", "/readyz", false, get_ready},
	{"POST", "/v1/signals", false, wn_push_signals},
	{"POST", "/v1/signals/", false, wn_push_signals},
	{"GET", "/u/", false, wn_unsubscribe_get},
	{"POST", "/u/", false, wn_unsubscribe_post},
};

static enum wn_rc listen_http(struct wn_daemon *d, struct wn_err *err)
{
	const struct wn_options *o = wn_daemon_options(d);
	if (!o->http.listen.n)
		return WN_OK;
	struct wn_arena *a = wn_arena_new(0);
	d->http_server = wn_server_new(d->loop, open_routes, WN_COUNT(open_routes), d);
	wn_server_set_request_timeout(d->http_server, (int)(o->http.timeout_us / 1000));
	wn_server_set_body_max(d->http_server, (size_t)o->http.body_max);
	enum wn_rc rc = wn_server_listen_tcp(d->http_server, wn_arena_strdup(a, o->http.listen), err);
	wn_arena_free(a);
	return rc;
}

static gid_t group_named(struct wn_str name)
{
	char text[64];
	if (!name.n || name.n >= sizeof(text))
		return (gid_t)-1;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	struct group *g = getgrnam(text);
	return g ? g->gr_gid : (gid_t)-1;
}

enum wn_rc wn_control_start(struct wn_daemon *d, struct wn_err *err)
{
	const struct wn_options *o = wn_daemon_options(d);
	struct wn_systemd_fd fds[8];
	size_t n = wn_systemd_listen_fds(fds, WN_COUNT(fds));
	enum wn_rc rc = WN_OK;
	gid_t group = group_named(o->listen.group);
	d->server = wn_server_new(d->loop, routes, WN_COUNT(routes), d);
	wn_server_set_group(d->server, group);
	for (size_t i = 0; i < n && rc == WN_OK; i++)
		rc = wn_server_listen_fd(d->server, fds[i].fd, err);
	if (n == 0 && o->listen.control.n) {
		struct wn_arena *a = wn_arena_new(0);
		rc = wn_server_listen_unix(d->server, wn_arena_strdup(a, o->listen.control), 0660, group, err);
		wn_arena_free(a);
	}
	return rc ? rc : listen_http(d, err);
}
