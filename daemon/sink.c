/* SPDX-License-Identifier: MIT */
/* The table of sinks, the event as CloudEvents JSON, the retry plan; the journal. */
#include "sink.h"
#include <stdio.h>
#include <whynow/cloudevent.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/mail.h>
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

int64_t wn_retry_delay_us(int attempts, struct wn_id event_id, int64_t wish_us)
{
	static const int plan_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
	int last = (int)WN_COUNT(plan_s) - 1, i = attempts < 1 ? 0 : attempts - 1;
	int64_t base = plan_s[i < last ? i : last] * WN_SECOND, most = plan_s[last] * WN_SECOND;
	int64_t delay = base + base / 10 * event_id.b[attempts & 15] / 255;
	int64_t wish = wish_us < most ? wish_us : most;
	return wish > delay ? wish : delay;
}

enum wn_rc wn_sink_credential(struct wn_str name, struct wn_arena *a, struct wn_str *out, struct wn_err *err)
{
	struct wn_str secret = {NULL, 0};
	enum wn_rc rc = wn_systemd_credential(wn_arena_strdup(a, name), NULL, &secret, err);
	if (rc)
		return wn_fail_more(err, rc, "credential:" WN_STR_FMT " (the unit's LoadCredential= brings it)", WN_STR_ARG(name));
	*out = wn_arena_str(a, secret);
	wn_systemd_credential_free(&secret);
	return WN_OK;
}

enum wn_rc wn_sink_words(const struct wn_outbox_row *row, struct wn_arena *a, struct wn_value *out, struct wn_err *err)
{
	struct wn_buf text;
	struct wn_value event, data;
	struct wn_map_builder all = wn_map_begin(a), own = wn_map_begin(a);
	wn_buf_init(&text, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&text, row);
	enum wn_rc rc = wn_json_parse(wn_buf_slice(&text), NULL, a, &event, err);
	wn_buf_done(&text);
	if (rc)
		return rc;
	data = wn_value_at(event, "data");
	for (size_t i = 0; i < event.n; i++) {
		struct wn_str key = wn_value_str(event.map[i].key);
		if (!wn_str_is(key, "data"))
			wn_map_put(&own, key, event.map[i].value);
	}
	for (size_t i = 0; i < own.e.n; i++)
		wn_map_put(&all, wn_value_str(own.e.v[i].key), own.e.v[i].value);
	for (size_t i = 0; data.kind == WN_MAP && i < data.n; i++)
		wn_map_put(&all, wn_value_str(data.map[i].key), data.map[i].value);
	wn_map_set(&all, "event", wn_map_end(&own));
	wn_map_set(&all, "data", data);
	*out = wn_map_end(&all);
	return WN_OK;
}

/* ------------------------------------------------------------------------------------------------------ journal */
static void deliver_journal(struct wn_daemon *d WN_UNUSED, const struct wn_book_sink *to, const struct wn_outbox_row *row, int64_t timeout_us WN_UNUSED,
			    struct wn_delivery *out)
{
	const struct wn_sink_conf *sink = to->conf;
	struct wn_buf event;
	struct wn_arena *a = wn_arena_new(0);
	char campaign[37];
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

/* ---------------------------------------------------------------------------------------------------- the table */
static const struct {
	void (*deliver)(struct wn_daemon *, const struct wn_book_sink *, const struct wn_outbox_row *, int64_t timeout_us, struct wn_delivery *);
	bool waits, once;
} backends[] = {
	[WN_SINK_WEBHOOK] = {wn_deliver_webhook, true, false},
	[WN_SINK_SMTP] = {wn_deliver_mail, true, true},
	[WN_SINK_FILE] = {wn_deliver_file, false, false},
	[WN_SINK_JOURNAL] = {deliver_journal, false, false},
};

bool wn_sink_waits(const struct wn_sink_conf *sink) { return backends[sink->kind].waits; }

bool wn_sink_is_once(const struct wn_sink_conf *sink) { return backends[sink->kind].once; }

int64_t wn_sink_timeout_us(const struct wn_daemon *d, const struct wn_sink_conf *sink)
{
	return sink->timeout_us ? sink->timeout_us : wn_daemon_options(d)->delivery.timeout_us;
}

/* The result must be written before the lease runs out. */
enum { LEASE_SLACK_S = 5 };

void wn_sink_deliver(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t lease_us, struct wn_delivery *out)
{
	int64_t timeout = wn_sink_timeout_us(d, sink->conf), most = lease_us - LEASE_SLACK_S * WN_SECOND;
	*out = (struct wn_delivery){.how = WN_DELIVERY_DEAD};
	backends[sink->conf->kind].deliver(d, sink, row, timeout < most ? timeout : most, out);
}

/* On disk before it is told; what the courier has in its spool stays its own. Only what does not wait can take the spool away meanwhile. */
static void deliver_now(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, struct wn_delivery *out)
{
	struct wn_spool *spool = d->spool;
	if (wn_sink_waits(sink->conf)) {
		wn_sink_deliver(d, sink, row, WN_HOUR, out);
		return;
	}
	d->spool = NULL;
	wn_sink_deliver(d, sink, row, WN_HOUR, out);
	d->spool = spool;
}

void wn_sink_test(struct wn_daemon *d, const struct wn_book_sink *sink, const char *to, struct wn_delivery *out)
{
	struct wn_buf data;
	struct wn_outbox_row row = {.event_id = wn_id_random(), .sink = sink->conf->name, .type = WN_STR("sink.test"), .subject = WN_STR("sink"),
				    .at_us = wn_clock_now_us(d->clock), .attempts = 1, .step = -1};
	struct wn_mailbox from = {{"", 0}, {"", 0}};
	struct wn_arena *a = wn_arena_new(0);
	if (sink->conf->from.n && !wn_mailbox_parse(sink->conf->from, a, &from))
		from.address = WN_STR("");
	wn_buf_init(&data, 4000);
	wn_buf_text(&data, "{\"test\":true,\"text\":\"A test of this sink; nothing has happened.\",\"subject\":\"whynow: a test of this sink\",\"sink\":");
	wn_json_write_string(&data, sink->conf->name);
	wn_buf_text(&data, ",\"contact\":{\"email\":");
	wn_json_write_string(&data, to ? wn_str_of(to) : from.address);
	wn_buf_text(&data, "},\"segment\":\"test\",\"account\":{\"name\":\"Example Inc.\",\"domain\":\"example.com\"}}");
	row.payload = wn_buf_slice(&data);
	deliver_now(d, sink, &row, out);
	wn_buf_done(&data);
	wn_arena_free(a);
}
