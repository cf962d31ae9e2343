/* SPDX-License-Identifier: MIT */
/* The table of sinks, the event as CloudEvents JSON, and the retry plan. */
#include "sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <whynow/cloudevent.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/systemd.h>

void wn_sink_event_write(struct wn_buf *b, const struct wn_outbox_row *row)
{
	char id[37], campaign[37];
	wn_id_to_text(row->event_id, id);
	wn_id_to_text(row->campaign_id, campaign);
	wn_cloudevent_write(b, &(struct wn_cloudevent){.id = wn_str_of(id), .source = WN_STR("/whynow"), .type = row->type,
						       .subject = wn_id_is_nil(row->campaign_id) ? row->subject : wn_str_of(campaign),
						       .time_us = row->at_us, .sequence = row->gen, .data = row->payload});
}

int64_t wn_retry_delay_us(int attempts, struct wn_id event_id)
{
	static const int plan_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
	int i = attempts < 1 ? 0 : attempts - 1;
	int64_t base = plan_s[i < (int)WN_COUNT(plan_s) ? i : (int)WN_COUNT(plan_s) - 1] * WN_SECOND;
	return base + base / 10 * event_id.b[attempts & 15] / 255;
}

/* --------------------------------------------------------------------------------------------------------- file */
static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* One line an event, on disk before it counts as delivered. A torn last line (a full disk) is ended by the next writer's newline. */
static void deliver_file(struct wn_daemon *d, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, struct wn_delivery *out)
{
	char path[4096];
	struct wn_buf line;
	struct wn_str spool = wn_daemon_options(d)->dirs.spool;
	bool absolute = sink->path.n && sink->path.p[0] == '/';
	snprintf(path, sizeof(path), "%.*s%s" WN_STR_FMT, absolute ? 0 : (int)spool.n, spool.p ? spool.p : "", absolute ? "" : "/", WN_STR_ARG(sink->path));
	wn_buf_init(&line, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&line, row);
	wn_buf_char(&line, '\n');
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	bool ok = fd >= 0 && !wn_buf_overflowed(&line) && write_all(fd, line.p, line.n) && fdatasync(fd) == 0;
	out->how = ok ? WN_DELIVERED : WN_DELIVERY_RETRY;
	if (!ok)
		snprintf(out->text, sizeof(out->text), "%.200s: %.80s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	wn_buf_done(&line);
}

/* ------------------------------------------------------------------------------------------------------ journal */
static void deliver_journal(struct wn_daemon *d, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, struct wn_delivery *out)
{
	struct wn_buf event;
	struct wn_arena *a = wn_arena_new(0);
	char campaign[37];
	(void)d;
	wn_id_to_text(row->campaign_id, campaign);
	wn_buf_init(&event, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&event, row);
	const char *text = wn_buf_slice(&event).p, *type = wn_arena_strdup(a, row->type), *name = wn_arena_strdup(a, sink->name);
	if (event.n >= WN_LOG_EVENT_MAX) {
		snprintf(out->text, sizeof(out->text), "the event has %zu bytes, an entry of the journal takes %u", event.n, WN_LOG_EVENT_MAX);
		wn_buf_done(&event);
		wn_arena_free(a);
		return; /* dead: it would be cut off */
	}
	wn_log(WN_NOTICE, strncmp(type, "touch.", 6) == 0 ? WN_MSG_TOUCH : WN_MSG_CAMPAIGN,
	       WN_FIELDS({"WHYNOW_SINK", name}, {"WHYNOW_CAMPAIGN", campaign}, {"WHYNOW_EVENT", text}), "event %s for sink %s", type, name);
	wn_buf_done(&event);
	wn_arena_free(a);
	out->how = WN_DELIVERED;
}

/* ------------------------------------------------------------------------------------------------------ webhook */
static void judge(const struct wn_http_response *r, int64_t now_us, struct wn_delivery *out)
{
	const char *after = wn_http_header(r, "retry-after");
	if (r->rc == WN_UNKNOWN)
		out->how = WN_DELIVERY_UNKNOWN;
	else if (r->rc == WN_INVALID)
		out->how = WN_DELIVERY_DEAD;
	else if (r->rc == WN_OK && r->status >= 200 && r->status < 300)
		out->how = WN_DELIVERED;
	else if (r->rc == WN_OK && r->status == 410)
		out->how = WN_DELIVERY_DEAD;
	else
		out->how = WN_DELIVERY_RETRY;
	if (after)
		wn_retry_after_parse(wn_str_of(after), now_us, &out->retry_after_us);
	if (r->rc)
		snprintf(out->text, sizeof(out->text), "%s", r->error);
	else
		snprintf(out->text, sizeof(out->text), "HTTP status %d", r->status);
}

static size_t webhook_headers(struct wn_arena *a, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, int64_t now_us,
			      struct wn_http_header *h)
{
	char *id = wn_arena_alloc(a, 37);
	size_t n = 0;
	wn_id_to_text(row->event_id, id);
	h[n++] = (struct wn_http_header){"Content-Type", "application/cloudevents+json; charset=utf-8"};
	h[n++] = (struct wn_http_header){"webhook-id", id};
	h[n++] = (struct wn_http_header){"webhook-timestamp", wn_arena_printf(a, "%lld", (long long)(now_us / WN_SECOND))};
	if (sink->bearer_credential.n) {
		struct wn_str secret = {NULL, 0};
		if (wn_systemd_credential(wn_arena_strdup(a, sink->bearer_credential), NULL, &secret, NULL) == WN_OK) {
			h[n++] = (struct wn_http_header){"Authorization", wn_arena_printf(a, "Bearer " WN_STR_FMT, WN_STR_ARG(secret))};
			wn_systemd_credential_free(&secret);
		}
	}
	for (size_t i = 0; i < sink->headers.n && n < 20; i++)
		if (!sink->headers.v[i].credential.n)
			h[n++] = (struct wn_http_header){wn_arena_strdup(a, sink->headers.v[i].name), wn_arena_strdup(a, sink->headers.v[i].value)};
	return n;
}

static void deliver_webhook(struct wn_daemon *d, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, struct wn_delivery *out)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_http_header headers[24];
	struct wn_buf body;
	struct wn_http_response *r = NULL;
	struct wn_err err = {0};
	int64_t now = wn_clock_now_us(d->clock), timeout = sink->timeout_us ? sink->timeout_us : wn_daemon_options(d)->delivery.timeout_us;
	wn_buf_init(&body, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&body, row);
	struct wn_http_request req = {.method = "POST",
				      .url = wn_arena_strdup(a, sink->url),
				      .headers = headers,
				      .headers_n = webhook_headers(a, sink, row, now, headers),
				      .body = wn_buf_slice(&body),
				      .allow_private = sink->allow_private,
				      .body_max = WN_SINK_ANSWER_MAX,
				      .total_timeout_ms = (int)(timeout / 1000)};
	wn_failpoint("courier.webhook.send");
	enum wn_rc rc = wn_http_fetch(d->loop, d->net, &req, &r, &err);
	wn_failpoint("courier.webhook.answered");
	if (rc == WN_OK) {
		judge(r, now, out);
	} else {
		out->how = rc == WN_CANCELLED ? WN_DELIVERY_UNKNOWN : rc == WN_LIMIT ? WN_DELIVERY_RETRY : WN_DELIVERY_DEAD;
		snprintf(out->text, sizeof(out->text), "%.290s", err.text);
	}
	wn_http_response_free(r);
	wn_buf_done(&body);
	wn_arena_free(a);
}

/* ---------------------------------------------------------------------------------------------------- the table */
static const struct {
	void (*deliver)(struct wn_daemon *, const struct wn_sink_conf *, const struct wn_outbox_row *, struct wn_delivery *);
	bool waits;
} backends[] = {
	[WN_SINK_WEBHOOK] = {deliver_webhook, true},
	[WN_SINK_SMTP] = {NULL, false}, /* refused when the configuration is read (book.c) */
	[WN_SINK_FILE] = {deliver_file, false},
	[WN_SINK_JOURNAL] = {deliver_journal, false},
};

bool wn_sink_waits(const struct wn_sink_conf *sink) { return backends[sink->kind].waits; }

void wn_sink_deliver(struct wn_daemon *d, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, struct wn_delivery *out)
{
	*out = (struct wn_delivery){.how = WN_DELIVERY_DEAD};
	backends[sink->kind].deliver(d, sink, row, out);
}
