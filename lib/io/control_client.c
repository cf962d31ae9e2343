/* SPDX-License-Identifier: MIT */
/* The command line's side of the control socket: one blocking request with libcurl over a Unix socket. */
#include <whynow/server.h>

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <whynow/limits.h>

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct wn_buf *b = ctx;

	wn_buf_add(b, bytes, size * n);
	return wn_buf_overflowed(b) ? 0 : size * n;
}

static enum wn_rc failed(CURL *easy, CURLcode code, const char *path, bool post, struct wn_err *err)
{
	long sys = 0, sent = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &sys);
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
	if (code == CURLE_COULDNT_CONNECT && (sys == EACCES || sys == EPERM))
		return wn_fail(err, WN_REFUSED, "%s: %s; root and members of the service's group may", path,
			       strerror((int)sys));
	if (code == CURLE_COULDNT_CONNECT)
		return wn_fail(err, WN_AGAIN, "%s: nobody listens there%s%s; is whynowd running?", path,
			       sys ? ": " : "", sys ? strerror((int)sys) : "");
	if (code == CURLE_WRITE_ERROR)
		return wn_fail(err, WN_LIMIT, "%s: the answer is too large", path);
	return wn_fail(err, post && sent ? WN_UNKNOWN : WN_AGAIN, "%s: %s", path, curl_easy_strerror(code));
}

static void take_reply(CURL *easy, struct wn_buf *body, struct wn_control_reply *out)
{
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	out->status = (int)status;
	out->content_type = wn_strdup(type ? type : "");
	out->body_n = body->n;
	out->body = body->n ? wn_buf_take(body) : wn_strdup("");
}

enum wn_rc wn_control_request(const char *socket_path, const char *method, const char *target,
			      struct wn_str body, int timeout_ms, struct wn_control_reply *out,
			      struct wn_err *err)
{
	bool post = strcmp(method, "POST") == 0;
	struct curl_slist *headers = NULL;
	struct wn_buf answer, url;
	CURL *easy = curl_easy_init();
	CURLcode code;
	enum wn_rc rc = WN_OK;

	if (!easy)
		abort();
	wn_buf_init(&answer, WN_SERVER_REPLY_MAX);
	wn_buf_init(&url, 4 * WN_URL_MAX);
	wn_buf_printf(&url, "http://whynow%s", target);
	headers = curl_slist_append(headers, "Expect:");
	headers = curl_slist_append(headers, "Content-Type: application/json");
	curl_easy_setopt(easy, CURLOPT_URL, url.p);
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	if (post) {
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.p ? body.p : "");
	}
	code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		rc = failed(easy, code, socket_path, post, err);
	else
		take_reply(easy, &answer, out);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	wn_buf_done(&answer);
	wn_buf_done(&url);
	return rc;
}

void wn_control_reply_done(struct wn_control_reply *r)
{
	free(r->content_type);
	free(r->body);
	*r = (struct wn_control_reply){0};
}
