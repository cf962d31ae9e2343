/* SPDX-License-Identifier: MIT */
/*
 * Streams: one answer that goes on and on, a JSON value a line. Whole lines go to the intake as they come, one part after the other;
 * the cursor of the last line moves in the transaction that stores it, and a connection that breaks goes on behind it.
 *
 * What the intake has not taken yet waits here, at most body_max bytes: past it the connection is given up and begun anew later.
 */
#include "intake_parts.h"
#include <stdlib.h>

struct wn_stream {
	struct wn_poll_feed *f;
	struct wn_buf lines;
	bool taking;       /* a part is with the intake */
	bool soon;         /* pass_on is on its way */
	bool got, failed;  /* any line; a part could not be stored */
	struct wn_http_response *end; /* NULL: the answer goes on */
};

static bool is_blank(struct wn_str s)
{
	while (s.n && memchr(" \t\r\n", s.p[0], 4))
		s.p++, s.n--;
	return s.n == 0;
}

static void finish(struct wn_stream *s)
{
	struct wn_poll_feed *f = s->f;
	struct wn_http_response *end = s->end;
	bool clean = s->got || end->rc == WN_CANCELLED;
	if (clean && !s->failed) { /* it broke, or we closed it: begun anew behind the cursor */
		wn_http_response_free(end);
		end = wn_http_response_new(200, "", NULL, 0, WN_STR(""));
	}
	wn_buf_done(&s->lines);
	free(s);
	f->stream = NULL;
	wn_intake_push(f->d, f, end);
}

static void pass_on(void *ctx);

static void look(struct wn_stream *s)
{
	if (s->soon || s->taking)
		return;
	s->soon = true;
	wn_loop_soon(s->f->d->loop, pass_on, s);
}

static void on_taken(void *ctx, const struct wn_feed_answer *a, enum wn_rc rc, const struct wn_err *err)
{
	struct wn_stream *s = ctx;
	(void)a;
	(void)err;
	s->taking = false;
	s->failed |= rc != WN_OK;
	if (s->failed && s->f->call)
		wn_http_cancel(s->f->d->net, s->f->call); /* the cursor stands before these lines: they come again */
	look(s);
}

/* Whole lines to the intake; after the last of them the end. */
static void pass_on(void *ctx)
{
	struct wn_stream *s = ctx;
	struct wn_str all = wn_buf_slice(&s->lines);
	const char *last = all.n ? memrchr(all.p, '\n', all.n) : NULL;
	struct wn_str whole = {all.p, last ? (size_t)(last - all.p) + 1 : 0};
	s->soon = false;
	if (s->end && s->end->rc == WN_OK)
		whole = all; /* a last line needs no end */
	if (s->failed || is_blank(whole)) {
		if (s->end)
			finish(s);
		return;
	}
	struct wn_http_response *part = wn_http_response_new(200, "", NULL, 0, whole);
	memmove(s->lines.p, s->lines.p + whole.n, all.n - whole.n);
	s->lines.n = all.n - whole.n;
	s->taking = s->got = true;
	wn_intake_part(s->f->d, s->f, part, on_taken, s);
}

/* Inside of libcurl: only kept. */
static bool on_data(void *ctx, struct wn_str bytes)
{
	struct wn_poll_feed *f = ctx;
	struct wn_stream *s = f->stream;
	wn_buf_str(&s->lines, bytes);
	if (wn_buf_overflowed(&s->lines))
		return false;
	look(s);
	return true;
}

static void on_end(void *ctx, struct wn_http_response *response)
{
	struct wn_poll_feed *f = ctx;
	f->call = NULL;
	f->stream->end = response;
	look(f->stream);
}

void wn_stream_start(struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_book_feed *b)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_http_request req;
	struct wn_err err = {0};
	enum wn_rc rc = wn_poll_request(wn_daemon_options(d), f, b, a, &req, &err);
	f->running = true;
	req.on_data = on_data;
	req.slow_bytes = 1;
	req.slow_s = (int)(3 * b->conf->expect_every_us / WN_SECOND); /* 0: it may be silent for ever */
	f->stream = wn_alloc(sizeof(*f->stream));
	*f->stream = (struct wn_stream){.f = f};
	wn_buf_init(&f->stream->lines, (size_t)b->conf->body_max);
	if (rc == WN_OK)
		rc = wn_http_start(d->net, &req, on_end, f, &f->call, &err);
	if (rc) {
		f->stream->end = wn_http_response_failed(rc, WN_HTTP_INVALID, err.text);
		look(f->stream);
	}
	wn_arena_free(a);
}

void wn_stream_free(struct wn_poll_feed *f)
{
	if (!f->stream)
		return;
	wn_loop_not_soon(f->d->loop, f->stream);
	wn_buf_done(&f->stream->lines);
	wn_http_response_free(f->stream->end);
	free(f->stream);
	f->stream = NULL;
}
