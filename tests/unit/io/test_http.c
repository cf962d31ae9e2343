/* SPDX-License-Identifier: MIT */
/* The HTTP contract, kept on the loop and by a thread, against a real server on loopback that misbehaves on request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include "../../../lib/io/http_internal.h"
#include "http_world.h"
#include <arpa/inet.h>
#include <whynow/fiber.h>
#include <whynow/http.h>

static struct wn_http_response *fetch(struct world *w, const struct wn_http_request *req)
{
	struct wn_http_response *r = NULL;
	struct wn_err err = {0};

	if (wn_http_fetch(w->loop, w->net, req, &r, &err))
		fail_msg("%s", err.text);
	return r;
}

static struct wn_http_response *get(struct world *w, const char *path)
{
	return fetch(w, &(struct wn_http_request){
			    .url = url(path), .allow_private = true, .follow = true, .total_timeout_ms = 5000});
}

static void fails(struct world *w, const char *path, enum wn_rc rc, enum wn_http_failure failure)
{
	struct wn_http_response *r = get(w, path);

	if (r->rc != rc || r->failure != failure || r->body.n || !*r->error)
		fail_msg("%s: %s, %s: %s", path, wn_rc_to_text(r->rc), wn_http_failure_to_text(r->failure),
			 r->error);
	wn_http_response_free(r);
}

static void an_answer_comes_whole_with_headers_and_measures(void **state)
{
	struct wn_http_response *r = get(*state, "ok");

	assert_int_equal(r->rc, WN_OK);
	assert_int_equal(r->status, 200);
	assert_true(wn_str_is(r->body, "fine"));
	assert_string_equal(wn_http_header(r, "ETAG"), "\"v1\"");
	assert_string_equal(wn_http_header(r, "x-two"), "first");
	assert_null(wn_http_header(r, "absent"));
	assert_string_equal(r->peer, "127.0.0.1");
	assert_string_equal(r->url, url("ok"));
	assert_int_equal(r->bytes, 4);
	assert_true(r->total_us > 0 && r->first_byte_us > 0);
	assert_string_equal(r->error, "");
	assert_false(r->moved_for_good);
	wn_http_response_free(r);
	r = get(*state, "status/503");
	assert_int_equal(r->rc, WN_OK); /* an answer is an answer */
	assert_int_equal(r->status, 503);
	wn_http_response_free(r);
	r = get(*state, "gzip");
	assert_int_equal(r->body.n, 7000);
	assert_true(r->bytes < 7000);
	wn_http_response_free(r);
}

static void the_request_goes_out_as_asked(void **state)
{
	const struct wn_http_header headers[] = {
	    {"X-Key", "secret"}, {"Content-Type", "application/cloudevents+json"}, {"X-Empty", ""}};
	struct wn_http_response *r = fetch(*state, &(struct wn_http_request){.method = "POST",
									     .url = url("echo"),
									     .allow_private = true,
									     .headers = headers,
									     .headers_n = 3,
									     .body = WN_STR("{\"a\":1}")});

	assert_int_equal(r->rc, WN_OK);
	assert_non_null(strstr(r->body.p, "\"method\": \"POST\""));
	assert_non_null(strstr(r->body.p, "\"body\": \"{\\\"a\\\":1}\""));
	assert_non_null(strstr(r->body.p, "\"x-key\": \"secret\""));
	assert_non_null(strstr(r->body.p, "\"x-empty\": \"\""));
	assert_non_null(strstr(r->body.p, "application/cloudevents+json"));
	assert_non_null(strstr(r->body.p, "\"user-agent\": \"whynow/"));
	assert_null(strstr(r->body.p, "expect"));
	wn_http_response_free(r);
	r = fetch(*state, &(struct wn_http_request){
			      .method = "PUT", .url = url("echo"), .allow_private = true, .body = WN_STR("x")});
	assert_non_null(strstr(r->body.p, "\"method\": \"PUT\""));
	assert_null(strstr(r->body.p, "content-type"));
	wn_http_response_free(r);
	r = fetch(*state,
		  &(struct wn_http_request){.method = "DELETE", .url = url("echo"), .allow_private = true});
	assert_non_null(strstr(r->body.p, "\"method\": \"DELETE\""));
	wn_http_response_free(r);
	r = fetch(*state, &(struct wn_http_request){.method = "HEAD", .url = url("ok"), .allow_private = true});
	assert_int_equal(r->status, 200);
	assert_int_equal(r->body.n, 0);
	wn_http_response_free(r);
}

static void validators_go_verbatim_and_an_unlawful_one_stays_home(void **state)
{
	struct wn_http_request req = {.url = url("cached"), .allow_private = true, .etag = "\"v1\""};
	struct wn_http_response *r = fetch(*state, &req);

	assert_int_equal(r->status, 304);
	wn_http_response_free(r);
	req.etag = "\"v1\"\r\nX-Evil: 1";
	r = fetch(*state, &req);
	assert_int_equal(r->status, 200);
	wn_http_response_free(r);
	req.last_modified = "Mon, 04 May 2026 10:00:00 GMT";
	r = fetch(*state, &req);
	assert_int_equal(r->status, 304);
	wn_http_response_free(r);
}

static void unlawful_requests_do_not_start(void **state)
{
	static const char *const urls[] = {
	    "",  "ftp://x/",    "file:///etc/passwd", "gopher://127.0.0.1/", "http://",      "//x",
	    "x", "http://a b/", "http://a\r\nX: y/",  "http://a/\x7f",       "http://a/\nb", "javascript:1"};
	static const struct wn_http_header bad[] = {{"X", "a\r\nX-Evil: b"},
						    {"X\r\nY", "a"},
						    {"X Y", "a"},
						    {"", "a"},
						    {"X", "\x7f"},
						    {"X", NULL},
						    {"Host", "other"},
						    {"Content-Length", "0"},
						    {"transfer-encoding", "chunked"}};
	struct world *w = *state;
	struct wn_http_response *r = NULL;

	for (size_t i = 0; i < WN_COUNT(urls); i++) {
		struct wn_http_request req = {.url = urls[i], .allow_private = true};

		if (wn_http_fetch(w->loop, w->net, &req, &r, NULL) != WN_INVALID)
			fail_msg("%s", urls[i]);
	}
	for (size_t i = 0; i < WN_COUNT(bad); i++) {
		struct wn_http_request req = {
		    .url = url("ok"), .allow_private = true, .headers = &bad[i], .headers_n = 1};

		assert_int_equal(wn_http_fetch(w->loop, w->net, &req, &r, NULL), WN_INVALID);
	}
	assert_int_equal(
	    wn_http_fetch(w->loop, w->net,
			  &(struct wn_http_request){.url = url("ok"), .method = "GET /x HTTP/1.1\r\n"}, &r,
			  NULL),
	    WN_INVALID);
	assert_null(r);
}

static const char *const private_hosts[] = {
    "127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
    "0", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.1.1", "[fd00::1]", "[fe80::1]", "224.0.0.1",
    "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::1]", "0xA9FEA9FE",
    "LOCALHOST", "[0:0:0:0:0:0:0:1]", "0x7f.0x0.0x0.0x1", "%31%32%37.0.0.1"};

static void every_spelling_of_a_private_address_is_refused(void **state)
{
	const char *const *hosts = private_hosts;
	char text[100];

	for (size_t i = 0; i < WN_COUNT(private_hosts); i++) {
		struct wn_http_response *r;

		snprintf(text, sizeof(text), "http://%s:%d/ok", hosts[i], server.port);
		r = fetch(*state, &(struct wn_http_request){.url = text});
		if (r->rc != WN_REFUSED || r->failure != WN_HTTP_ADDRESS)
			fail_msg("%s: %s %s", text, wn_rc_to_text(r->rc), r->error);
		wn_http_response_free(r);
	}
}

/* --- names of a scripted world: what is asked for, and that only public addresses are ever connected ---- */

struct names {
	const char *const *answers; /* one after the other, the last one stays; of the host "changing" */
	int asked, connected;
};

static const char *resolve(void *ctx, const char *host)
{
	struct names *n = ctx;

	if (strcmp(host, "public.example") == 0)
		return "93.184.215.14";
	if (strcmp(host, "changing.example"))
		return NULL;
	n->asked++;
	return *n->answers && n->answers[1] ? *n->answers++ : *n->answers;
}

static void to_our_server(void *ctx, struct sockaddr_storage *addr)
{
	struct names *n = ctx;

	n->connected++;
	((struct sockaddr_in *)addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static struct wn_http_response *get_named(struct world *w, struct names *n, const char *host, const char *path)
{
	const struct wn_http_wiring wiring = {resolve, to_our_server, n};
	struct wn_net *net = w->kind->make(w->loop, &(struct wn_http_options){.wiring = &wiring});
	struct wn_http_response *r = NULL;
	char text[300];

	snprintf(text, sizeof(text), "http://%s:%d/%s", host, server.port, path);
	assert_int_equal(wn_http_fetch(w->loop, net, &(struct wn_http_request){.url = text, .follow = true}, &r, NULL), WN_OK);
	w->kind->free(net);
	return r;
}

static void a_redirect_to_any_spelling_of_a_private_address_is_refused(void **state)
{
	char path[200];

	for (size_t i = 0; i < WN_COUNT(private_hosts); i++) {
		struct names n = {0};
		snprintf(path, sizeof(path), "to/302/http://%s:%d/ok", private_hosts[i], server.port);
		struct wn_http_response *r = get_named(*state, &n, "public.example", path);
		if (r->rc != WN_REFUSED || r->failure != WN_HTTP_ADDRESS || r->hops_n != 1 || n.connected != 1)
			fail_msg("%s: %s %s, %d connections", path, wn_rc_to_text(r->rc), r->error, n.connected);
		wn_http_response_free(r);
	}
}

/* The address that is judged is the one that is connected: nothing is looked up a second time in between. */
static void a_name_whose_answer_changes_is_judged_at_every_connection(void **state)
{
	static const char *const changes[] = {"93.184.215.14", "127.0.0.1", NULL}, *const inside[] = {"[::ffff:10.0.0.1]", NULL};
	struct names n = {.answers = changes};
	char path[200];
	struct wn_http_response *r;

	snprintf(path, sizeof(path), "to/302/http://changing.example:%d/ok", server.port);
	r = get_named(*state, &n, "public.example", path);
	assert_int_equal(r->status, 200);
	assert_int_equal(n.asked, 1);
	wn_http_response_free(r);
	r = get_named(*state, &n, "changing.example", "ok");
	assert_int_equal(r->failure, WN_HTTP_ADDRESS);
	assert_int_equal(n.connected, 2);
	wn_http_response_free(r);
	n = (struct names){.answers = inside};
	r = get_named(*state, &n, "public.example", path);
	assert_int_equal(r->failure, WN_HTTP_ADDRESS);
	assert_int_equal(n.connected, 1);
	wn_http_response_free(r);
}

static void of_a_name_that_leads_inside_and_outside_only_the_outside_is_connected(void **state)
{
	static const char *const both[] = {"127.0.0.1,93.184.215.14,10.0.0.1", NULL};
	struct names n = {.answers = both};
	struct wn_http_response *r = get_named(*state, &n, "changing.example", "ok");

	if (r->rc == WN_OK)
		assert_int_equal(n.connected, 1);
	else
		assert_int_equal(r->failure, WN_HTTP_ADDRESS);
	wn_http_response_free(r);
}

static void a_trusted_connection_never_serves_a_public_request(void **state)
{
	struct wn_http_response *r = get(*state, "ok"); /* leaves its connection open */

	wn_http_response_free(r);
	r = fetch(*state, &(struct wn_http_request){.url = url("ok")});
	assert_int_equal(r->failure, WN_HTTP_ADDRESS);
	assert_non_null(strstr(r->error, "loopback"));
	wn_http_response_free(r);
}

static void connections_are_used_again(void **state)
{
	struct wn_http_response *r = get(*state, "echo");
	const char *before = strstr(r->body.p, "\"connections\":");
	char text[64];

	snprintf(text, sizeof(text), "%s", before);
	for (int i = 0; i < 5; i++) {
		wn_http_response_free(r);
		r = get(*state, "echo");
		assert_string_equal(strstr(r->body.p, "\"connections\":"), text);
	}
	wn_http_response_free(r);
}

static void ceilings_hold_for_decoded_endless_and_announced_bytes(void **state)
{
	int64_t begin = wn_clock_monotonic_us();

	fails(*state, "bomb", WN_LIMIT, WN_HTTP_TOO_LARGE);
	fails(*state, "endless", WN_LIMIT, WN_HTTP_TOO_LARGE);
	fails(*state, "huge", WN_LIMIT, WN_HTTP_TOO_LARGE);
	fails(*state, "header-flood", WN_LIMIT, WN_HTTP_TOO_LARGE);
	assert_true(wn_clock_monotonic_us() - begin < 5 * WN_SECOND);
}

static void broken_answers_are_told_apart(void **state)
{
	fails(*state, "truncated", WN_AGAIN, WN_HTTP_TRUNCATED);
	fails(*state, "truncated-chunks", WN_AGAIN, WN_HTTP_TRUNCATED);
	fails(*state, "reset", WN_AGAIN, WN_HTTP_TRUNCATED);
	fails(*state, "nothing", WN_AGAIN, WN_HTTP_TRUNCATED);
	fails(*state, "garbage", WN_AGAIN, WN_HTTP_PROTOCOL);
	fails(*state, "bad-gzip", WN_AGAIN, WN_HTTP_ENCODING);
	fails(*state, "strange-encoding", WN_AGAIN, WN_HTTP_ENCODING);
}

static void slow_servers_are_cut_off(void **state)
{
	struct wn_http_request req = {.url = url("silent"), .allow_private = true, .total_timeout_ms = 300};
	struct wn_http_response *r = fetch(*state, &req);

	assert_int_equal(r->failure, WN_HTTP_TIMEOUT);
	assert_int_equal(r->rc, WN_AGAIN);
	wn_http_response_free(r);
	req = (struct wn_http_request){
	    .url = url("drip"), .allow_private = true, .slow_bytes = 1000, .slow_s = 1};
	r = fetch(*state, &req);
	assert_int_equal(r->failure, WN_HTTP_TIMEOUT);
	assert_true(r->total_us < 4 * WN_SECOND);
	wn_http_response_free(r);
}

static void a_post_that_may_have_arrived_is_unknown(void **state)
{
	struct wn_http_request req = {
	    .method = "POST", .url = url("reset"), .allow_private = true, .body = WN_STR("x")};
	struct wn_http_response *r = fetch(*state, &req);

	assert_int_equal(r->rc, WN_UNKNOWN);
	wn_http_response_free(r);
	req.url = url("silent");
	req.total_timeout_ms = 300;
	r = fetch(*state, &req);
	assert_int_equal(r->rc, WN_UNKNOWN);
	wn_http_response_free(r);
	req.url = "http://127.0.0.1:1/"; /* nobody there: it cannot have arrived */
	r = fetch(*state, &req);
	assert_int_equal(r->rc, WN_AGAIN);
	assert_int_equal(r->failure, WN_HTTP_CONNECT);
	wn_http_response_free(r);
}

static void where_the_status_is_the_answer_no_body_can_change_it(void **state)
{
	static const char *const paths[] = {"bomb",  "endless",  "huge",		 "drip",
					    "truncated", "bad-gzip", "truncated-chunks", "strange-encoding"};

	for (size_t i = 0; i < WN_COUNT(paths); i++) {
		struct wn_http_request req = {.method = "POST", .url = url(paths[i]), .body = WN_STR("x"), .body_max = 4000,
					      .allow_private = true, .status_is_answer = true, .total_timeout_ms = 1000};
		struct wn_http_response *r = fetch(*state, &req);

		if (r->rc != WN_OK || r->status != 200 || r->body.n > 4000)
			fail_msg("%s: %s, status %d, %zu bytes: %s", paths[i], wn_rc_to_text(r->rc), r->status, r->body.n, r->error);
		wn_http_response_free(r);
	}
	struct wn_http_request req = {.method = "POST", .url = url("reset"), .allow_private = true, .body = WN_STR("x"),
				      .status_is_answer = true};
	struct wn_http_response *r = fetch(*state, &req);
	assert_int_equal(r->rc, WN_UNKNOWN);
	wn_http_response_free(r);
}

static void early_hints_and_trailers_are_not_headers(void **state)
{
	struct wn_http_response *r = get(*state, "early-hints");

	assert_int_equal(r->status, 200);
	assert_true(wn_str_is(r->body, "ok"));
	assert_string_equal(wn_http_header(r, "x-two"), "yes");
	assert_null(wn_http_header(r, "link"));
	assert_null(wn_http_header(r, "x-trailer"));
	wn_http_response_free(r);
	r = get(*state, "control-header");
	if (r->rc == WN_OK)
		assert_string_equal(wn_http_header(r, "x-two"), "a  [31mb");
	wn_http_response_free(r);
}

static void redirects_are_followed_to_a_limit_and_remembered(void **state)
{
	struct wn_http_response *r = get(*state, "redirect/3");

	assert_int_equal(r->rc, WN_OK);
	assert_int_equal(r->hops_n, 3);
	assert_int_equal(r->hops[0].status, 301);
	assert_string_equal(r->hops[0].from, url("redirect/3"));
	assert_string_equal(r->url, url("redirect/0"));
	assert_true(r->moved_for_good);
	assert_true(wn_str_is(r->body, "fine"));
	wn_http_response_free(r);
	r = get(*state, "to/302//ok");
	assert_int_equal(r->status, 200);
	assert_false(r->moved_for_good);
	wn_http_response_free(r);
	fails(*state, "redirect/6", WN_REFUSED, WN_HTTP_REDIRECT);
	fails(*state, "loop", WN_REFUSED, WN_HTTP_REDIRECT);
	r = fetch(*state, &(struct wn_http_request){.url = url("redirect/3"), .allow_private = true});
	assert_int_equal(r->status, 301); /* not asked to follow */
	assert_string_equal(wn_http_header(r, "location"), "/redirect/2");
	wn_http_response_free(r);
	r = fetch(*state,
		  &(struct wn_http_request){
		      .method = "POST", .url = url("redirect/1"), .allow_private = true, .follow = true});
	assert_int_equal(r->status, 301); /* never for POST */
	wn_http_response_free(r);
}

static void redirects_to_forbidden_places_are_refused(void **state)
{
	fails(*state, "to/302/file:///etc/passwd", WN_REFUSED, WN_HTTP_REDIRECT);
	fails(*state, "to/302/gopher://127.0.0.1/", WN_REFUSED, WN_HTTP_REDIRECT);
	fails(*state, "to/302/http://user:pw@127.0.0.1/", WN_REFUSED, WN_HTTP_REDIRECT);
	fails(*state, "to/302/http://169.254.169.254/latest", WN_REFUSED, WN_HTTP_ADDRESS);
	fails(*state, "to/302/", WN_REFUSED, WN_HTTP_REDIRECT); /* to itself, for ever, or nowhere */
}

static void secrets_do_not_travel_to_another_origin(void **state)
{
	const struct wn_http_header headers[] = {
	    {"Authorization", "Bearer s3cret"}, {"X-Api-Key", "s3cret"}, {"Accept", "text/x-mine"},
	    {"User-Agent", "reader of s3cret"}};
	struct wn_http_request req = {
	    .user_agent = "whynow/test", .allow_private = true, .follow = true, .headers = headers, .headers_n = 4};
	struct wn_http_response *r;
	char text[300];

	snprintf(text, sizeof(text), "http://me:s3cret@127.0.0.1:%d/to/302/http://localhost:%d/echo",
		 server.port, server.port);
	req.url = text;
	r = fetch(*state, &req);
	assert_int_equal(r->status, 200);
	assert_null(strstr(r->body.p, "s3cret"));
	assert_null(strstr(r->body.p, "authorization"));
	assert_non_null(strstr(r->body.p, "text/x-mine"));
	assert_non_null(strstr(r->body.p, "whynow/test")); /* somebody asks all the same */
	assert_null(strstr(r->hops[0].from, "s3cret"));
	wn_http_response_free(r);
	req.headers_n = 0;
	snprintf(text, sizeof(text), "http://me:s3cret@127.0.0.1:%d/to/302//echo", server.port);
	r = fetch(*state, &req);
	assert_non_null(strstr(r->body.p, "Basic bWU6czNjcmV0"));
	assert_null(strstr(r->url, "s3cret"));
	wn_http_response_free(r);
}

static void tls_is_verified_and_never_given_up_on_the_way(void **state)
{
	struct wn_http_request req = {.allow_private = true, .follow = true};
	struct wn_http_response *r;
	char text[200];

	if (!server.tls_port)
		skip();
	snprintf(text, sizeof(text), "https://localhost:%d/ok", server.tls_port);
	req.url = text;
	r = fetch(*state, &req);
	assert_int_equal(r->failure, WN_HTTP_TLS);
	assert_int_equal(r->rc, WN_AGAIN);
	wn_http_response_free(r);
	req.ca_file = server.ca;
	r = fetch(*state, &req);
	if (r->rc)
		fail_msg("%s", r->error);
	assert_true(r->tls_us > 0);
	wn_http_response_free(r);
	snprintf(text, sizeof(text), "https://127.0.0.1:%d/ok", server.tls_port); /* not its name */
	r = fetch(*state, &req);
	assert_int_equal(r->failure, WN_HTTP_TLS);
	wn_http_response_free(r);
	snprintf(text, sizeof(text), "https://localhost:%d/to/302/http://localhost:%d/ok", server.tls_port,
		 server.port);
	r = fetch(*state, &req);
	assert_int_equal(r->failure, WN_HTTP_REDIRECT);
	wn_http_response_free(r);
	snprintf(text, sizeof(text), "http://localhost:%d/ok", server.tls_port); /* TLS server asked in plain */
	r = fetch(*state, &req);
	assert_true(r->rc != WN_OK);
	wn_http_response_free(r);
}

/* How the TLS session of the connection began, and which request of the connection it was. */
static void session_is(struct world *w, const char *path, const char *expected)
{
	char text[200];
	struct wn_http_response *r;

	snprintf(text, sizeof(text), "https://localhost:%d/session%s", server.tls_port, path);
	r = fetch(w, &(struct wn_http_request){.url = text, .allow_private = true, .ca_file = server.ca});
	if (r->rc)
		fail_msg("%s", r->error);
	assert_string_equal(r->body.p, expected);
	wn_http_response_free(r);
}

static void a_connection_is_kept_and_a_tls_session_outlives_it(void **state)
{
	if (!server.tls_port)
		skip();
	session_is(*state, "", "new 1");
	session_is(*state, "", "new 2");
	session_is(*state, "/close", "new 3");
	session_is(*state, "", "resumed 1");
	session_is(*state, "", "resumed 2");
}

/* Does the request of these parts, seen by the server, have the text? */
static bool echo_has(struct world *w, struct wn_http_request req, const char *text)
{
	req.allow_private = true;
	req.url = req.url ? req.url : url("echo");
	struct wn_http_response *r = fetch(w, &req);
	bool has = strstr(r->body.p, text);

	assert_int_equal(r->rc, WN_OK);
	wn_http_response_free(r);
	return has;
}

static void nothing_of_a_request_is_left_for_the_next(void **state)
{
	const struct wn_http_header key = {"X-Key", "secret"};
	struct wn_http_request plain = {0}, own = {.user_agent = "own"}, keyed = {.headers = &key, .headers_n = 1, .etag = "\"v1\""};
	struct wn_http_request post = {.method = "POST", .body = WN_STR("body")};
	char text[200];

	assert_true(echo_has(*state, plain, "whynow/"));
	assert_true(echo_has(*state, own, "\"user-agent\": \"own\""));
	assert_true(echo_has(*state, plain, "whynow/"));
	assert_true(echo_has(*state, keyed, "secret"));
	assert_false(echo_has(*state, plain, "secret"));
	assert_true(echo_has(*state, keyed, "if-none-match"));
	assert_false(echo_has(*state, plain, "if-none-match"));
	assert_true(echo_has(*state, post, "\"body\": \"body\""));
	assert_true(echo_has(*state, plain, "\"method\": \"GET\""));
	snprintf(text, sizeof(text), "http://me:s3cret@127.0.0.1:%d/echo", server.port);
	assert_true(echo_has(*state, (struct wn_http_request){.url = text}, "authorization"));
	assert_false(echo_has(*state, plain, "authorization"));
}

static void a_url_that_needs_no_parser_is_what_libcurl_makes_of_it(void **state)
{
	static const char *const urls[] = {"http://a.example/", "https://a.example:8443/feed.xml?x=1&y=2", "http://127.0.0.1:80/a//b", "http://1.2.3/",
					   "http://0x7f.1/", "http://example.0x1/", "http://a.example:080/", "http://a.example:65536/", "http://a.example/a/../b", "http://a.example/x?",
					   "http://a.example./x", "http://A.example/%41", "http://localhost/~me/rss", "http://a.example", "http://127.000.0.1/",
					   "http://2130706433/x", "http://a..example/x", "http://a.example:/x"};
	struct wn_arena *a = wn_arena_new(0);

	(void)state;
	for (size_t i = 0; i < WN_COUNT(urls); i++) {
		struct wn_http_url u, v;
		enum wn_rc rc = wn_http_url_parse(urls[i], true, a, &u, NULL);
		/* with a fragment, which is sent to nobody, it is always libcurl that takes it apart */
		assert_int_equal(rc, wn_http_url_parse(wn_arena_printf(a, "%s#x", urls[i]), true, a, &v, NULL));
		if (rc)
			continue;
		assert_string_equal(u.scheme, v.scheme);
		assert_string_equal(u.host, v.host);
		assert_string_equal(u.port, v.port);
		assert_string_equal(u.plain, v.plain);
	}
	wn_arena_free(a);
}

static void a_name_that_does_not_exist_is_told(void **state)
{
	struct wn_http_response *r = fetch(
	    *state, &(struct wn_http_request){.url = "http://no-such-host.invalid/", .total_timeout_ms = 4000});

	assert_true(r->failure == WN_HTTP_DNS || r->failure == WN_HTTP_TIMEOUT);
	assert_int_equal(r->rc, WN_AGAIN);
	wn_http_response_free(r);
}

/* --- many at once, fibers, cancelling ---- */

struct count {
	int done, ok, cancelled;
	bool inside;
};
static void on_done(void *ctx, struct wn_http_response *r)
{
	struct count *c = ctx;

	assert_false(c->inside);
	c->done++;
	c->ok += r->rc == WN_OK;
	c->cancelled += r->rc == WN_CANCELLED;
	wn_http_response_free(r);
}

static void a_hundred_requests_at_once_each_end_once(void **state)
{
	struct world *w = *state;
	struct count c = {0};

	for (int i = 0; i < 100; i++) {
		c.inside = true;
		assert_int_equal(
		    wn_http_start(w->net, &(struct wn_http_request){.url = url("ok"), .allow_private = true},
				  on_done, &c, NULL, NULL),
		    WN_OK);
		c.inside = false;
	}
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(c.done, 100);
	assert_int_equal(c.ok, 100);
}

/* More than libcurl tries before it gives up. */
static void connections_that_ended_unseen_cost_no_request(void **state)
{
	struct world *w = *state;
	struct wn_net *net = w->kind->make(w->loop, &(struct wn_http_options){.per_host_max = 16});
	struct count c = {0};
	char text[200];

	if (!server.tls_port)
		skip();
	for (int turn = 0; turn < 2; turn++) {
		snprintf(text, sizeof(text), "https://localhost:%d/session/notify", server.tls_port);
		for (int i = 0; i < 16; i++)
			assert_int_equal(wn_http_start(net, &(struct wn_http_request){.url = text, .allow_private = true, .ca_file = server.ca}, on_done, &c,
						       NULL, NULL),
					 WN_OK);
		wn_loop_run_until_idle(w->loop);
		usleep(400000); /* the server waits for a word, and goes */
	}
	w->kind->free(net);
	assert_int_equal(c.ok, 32);
}

static void cancelled_requests_end_once_too(void **state)
{
	struct world *w = *state;
	struct wn_http_call *calls[10];
	struct count c = {0};

	for (int i = 0; i < 10; i++)
		assert_int_equal(wn_http_start(w->net,
					       &(struct wn_http_request){.url = url(i % 2 ? "ok" : "silent"),
									 .allow_private = true},
					       on_done, &c, &calls[i], NULL),
				 WN_OK);
	for (int i = 0; i < 10; i += 2)
		wn_http_cancel(w->net, calls[i]);
	assert_int_equal(c.done, 0);
	wn_loop_run_until_idle(w->loop);
	assert_int_equal(c.done, 10);
	assert_int_equal(c.cancelled, 5);
	/* and a client that goes away ends them */
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    wn_http_start(w->net,
				  &(struct wn_http_request){.url = url("silent"), .allow_private = true},
				  on_done, &c, &calls[i], NULL),
		    WN_OK);
	wn_http_cancel(w->net, calls[1]);
	renew(w, NULL);
	assert_int_equal(c.cancelled, 8);
}

struct fetcher {
	struct world *w;
	const char *path;
	enum wn_rc rc, park;
	int status;
};
static void fetcher(void *ctx)
{
	struct fetcher *f = ctx;
	struct wn_http_response *r = NULL;

	f->rc = wn_http_fetch(
	    f->w->loop, f->w->net,
	    &(struct wn_http_request){.url = url(f->path), .allow_private = true, .total_timeout_ms = 10000},
	    &r, NULL);
	if (f->rc == WN_OK) {
		f->status = r->status;
		wn_http_response_free(r);
	}
	f->park = wn_fiber_park_until(f->w->loop, wn_clock_now_us(f->w->clock) + 1000);
}

static void a_fiber_fetches_in_a_straight_line_and_keeps_foreign_wakes(void **state)
{
	struct fetcher a = {.w = *state, .path = "ok"}, b = {.w = *state, .path = "status/404"};
	struct wn_fiber *f = wn_fiber_start(a.w->loop, "a", fetcher, &a);

	wn_fiber_start(a.w->loop, "b", fetcher, &b);
	wn_fiber_wake(f); /* meant for its park after the fetch */
	while (wn_fiber_count(a.w->loop))
		wn_loop_run_until_idle(a.w->loop);
	assert_int_equal(a.status, 200);
	assert_int_equal(b.status, 404);
	assert_int_equal(a.park, WN_OK);
	assert_int_equal(b.park, WN_AGAIN);
}

static void cancel_all(void *ctx)
{
	wn_fiber_cancel_all(((struct world *)ctx)->loop, false);
}

static void a_cancelled_fiber_gives_its_transfer_up(void **state)
{
	struct fetcher a = {.w = *state, .path = "silent"};
	struct wn_timer *t = wn_timer_new(a.w->loop, "cancel", cancel_all, a.w);
	int64_t begin = wn_clock_monotonic_us();

	wn_fiber_start(a.w->loop, "a", fetcher, &a);
	wn_loop_soon(a.w->loop, cancel_all, a.w);
	wn_loop_run_until_idle(a.w->loop);
	assert_int_equal(a.rc, WN_CANCELLED);
	assert_true(wn_clock_monotonic_us() - begin < 5 * WN_SECOND);
	wn_timer_free(t);
}

static void scripted_answers_read_like_real_ones(void **state)
{
	const struct wn_http_header headers[] = {{"ETag", "\"x\""}};
	struct wn_http_response *r =
	    wn_http_response_new(200, "https://feeds.example/", headers, 1, WN_STR("body"));

	(void)state;
	assert_int_equal(r->rc, WN_OK);
	assert_string_equal(wn_http_header(r, "Etag"), "\"x\"");
	assert_true(wn_str_is(r->body, "body"));
	wn_http_response_free(r);
	r = wn_http_response_failed(WN_AGAIN, WN_HTTP_TIMEOUT, "nobody\r\nthere");
	assert_int_equal(r->rc, WN_AGAIN);
	assert_string_equal(r->error, "nobody  there");
	wn_http_response_free(r);
}

#define ON(kind, f) {#kind ": " #f, f, open_world, close_world, (void *)&kind}
#define TEST(f) ON(on_loop, f), ON(on_thread, f)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_comes_whole_with_headers_and_measures),
	    TEST(the_request_goes_out_as_asked),
	    TEST(validators_go_verbatim_and_an_unlawful_one_stays_home),
	    TEST(unlawful_requests_do_not_start),
	    TEST(every_spelling_of_a_private_address_is_refused),
	    TEST(a_redirect_to_any_spelling_of_a_private_address_is_refused),
	    TEST(a_name_whose_answer_changes_is_judged_at_every_connection),
	    TEST(of_a_name_that_leads_inside_and_outside_only_the_outside_is_connected),
	    TEST(a_trusted_connection_never_serves_a_public_request),
	    TEST(connections_are_used_again),
	    TEST(ceilings_hold_for_decoded_endless_and_announced_bytes),
	    TEST(broken_answers_are_told_apart),
	    TEST(slow_servers_are_cut_off),
	    TEST(a_post_that_may_have_arrived_is_unknown),
	    TEST(where_the_status_is_the_answer_no_body_can_change_it),
	    TEST(early_hints_and_trailers_are_not_headers),
	    TEST(redirects_are_followed_to_a_limit_and_remembered),
	    TEST(redirects_to_forbidden_places_are_refused),
	    TEST(secrets_do_not_travel_to_another_origin),
	    TEST(tls_is_verified_and_never_given_up_on_the_way),
	    TEST(a_name_that_does_not_exist_is_told),
	    TEST(a_connection_is_kept_and_a_tls_session_outlives_it),
	    TEST(nothing_of_a_request_is_left_for_the_next),
	    TEST(a_hundred_requests_at_once_each_end_once),
	    TEST(connections_that_ended_unseen_cost_no_request),
	    TEST(cancelled_requests_end_once_too),
	    TEST(a_fiber_fetches_in_a_straight_line_and_keeps_foreign_wakes),
	    TEST(a_cancelled_fiber_gives_its_transfer_up),
	    cmocka_unit_test(a_url_that_needs_no_parser_is_what_libcurl_makes_of_it),
	    cmocka_unit_test(scripted_answers_read_like_real_ones),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
