/* SPDX-License-Identifier: MIT */
/* Tokens of unsubscribe links, and the page behind them. */
#include "unsubscribe.h"
#include "outcome.h"
#include <whynow/log.h>

enum { ID = 16, MAC = 16, BYTES = ID + MAC };

static void mac_of(const uint8_t key[WN_STORE_KEY], struct wn_id event_id, uint8_t out[MAC])
{
	struct wn_str field = wn_id_bytes(&event_id);
	struct wn_key32 mac = wn_key32_keyed((struct wn_str){(const char *)key, WN_STORE_KEY}, "unsubscribe", &field, 1);
	memcpy(out, mac.b, MAC);
}

void wn_unsubscribe_token(const uint8_t key[WN_STORE_KEY], struct wn_id event_id, char out[WN_UNSUBSCRIBE_TOKEN])
{
	uint8_t bytes[BYTES];
	memcpy(bytes, event_id.b, ID);
	mac_of(key, event_id, bytes + ID);
	wn_hex(bytes, BYTES, out);
}

bool wn_unsubscribe_read(const uint8_t key[WN_STORE_KEY], struct wn_str token, struct wn_id *event_id)
{
	uint8_t bytes[BYTES], mac[MAC];
	struct wn_id id;
	if (!wn_unhex(token, bytes, BYTES))
		return false;
	memcpy(id.b, bytes, ID);
	mac_of(key, id, mac);
	if (!wn_same_secret((struct wn_str){(char *)mac, MAC}, (struct wn_str){(char *)bytes + ID, MAC}))
		return false;
	*event_id = id;
	return true;
}

enum wn_rc wn_touch_brought(const struct wn_worker *k, struct wn_id event_id, const char *kind, const char *source, struct wn_str note,
			    struct wn_err *err)
{
	char id[37];
	wn_id_to_text(event_id, id);
	struct wn_outcome_take t = {.row = {.kind = wn_str_of(kind), .touch = wn_str_of(id), .id = wn_str_of(id), .source = wn_str_of(source), .note = note}};
	struct wn_unit u = wn_outcome_unit(&t);
	u.actor = source;
	return wn_unit_run(k, &u, err);
}

/* ------------------------------------------------------------------------------------------------------------ the page */
static void page(struct wn_server_reply *reply, int status, const char *text, bool button)
{
	reply->status = status;
	reply->content_type = "text/html; charset=utf-8";
	reply->headers[0][0] = "Content-Security-Policy";
	reply->headers[0][1] = "default-src 'none'; form-action 'self'";
	reply->headers[1][0] = "Referrer-Policy";
	reply->headers[1][1] = "no-referrer";
	wn_buf_printf(&reply->body, "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\">"
		      "<title>Unsubscribe</title><p>%s</p>%s</html>\n",
		      text, button ? "<form method=\"post\"><button>Unsubscribe</button></form>" : "");
}

static bool read_token(const struct wn_daemon *d, const struct wn_server_request *req, struct wn_id *event_id)
{
	return d->have_key && wn_unsubscribe_read(d->key, wn_str_of(req->tail), event_id);
}

void wn_unsubscribe_get(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_id event_id;
	if (read_token(ctx, req, &event_id))
		page(reply, 200, "Shall we write to you no more?", true);
	else
		page(reply, 404, "This link is not valid. Perhaps it was cut off: copy the whole of it.", false);
}

void wn_unsubscribe_post(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply)
{
	struct wn_daemon *d = ctx;
	struct wn_id event_id;
	struct wn_err err = {0};
	if (!read_token(d, req, &event_id)) {
		page(reply, 404, "This link is not valid. Perhaps it was cut off: copy the whole of it.", false);
		return;
	}
	enum wn_rc rc = !d->book->loaded ? wn_fail(&err, WN_AGAIN, "the segments are not loaded yet") : wn_session_ensure(d, &d->sweep_session);
	if (rc == WN_OK) {
		struct wn_worker k = wn_daemon_worker(d, &d->sweep_session);
		rc = wn_touch_brought(&k, event_id, "unsubscribe", "unsubscribe link", (struct wn_str){NULL, 0}, &err);
	}
	if (rc) {
		wn_log(WN_ERR, NULL, NULL, "somebody unsubscribed and it could not be stored: %s", err.text);
		page(reply, 503, "This did not work just now. Please try again in a few minutes.", true);
		return;
	}
	wn_sweeper_nudge(d);
	page(reply, 200, "Done. We will not write to you any more.", false);
}
