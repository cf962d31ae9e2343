/* SPDX-License-Identifier: MIT */
/*
 * Sinks: where events and due touches go. A sink is one row of a table of functions; it gets an outbox row whose bytes
 * are the same at every attempt, and says what became of it. It never touches the database.
 */
#ifndef WN_DAEMON_SINK_H
#define WN_DAEMON_SINK_H

#include "daemon.h"

enum wn_delivery_how {
	WN_DELIVERED,
	WN_DELIVERY_RETRY,   /* not taken now; again later with the same id */
	WN_DELIVERY_DEAD,    /* refused for good */
	WN_DELIVERY_UNKNOWN, /* went out, nothing came back: for these sinks it is repeated with the same id */
};
struct wn_delivery {
	enum wn_delivery_how how;
	int64_t retry_after_us; /* the receiver's wish, 0: ours */
	char text[300];         /* one line for a person */
};
/* Runs on a fiber and may wait for the network. */
void wn_sink_deliver(struct wn_daemon *d, const struct wn_sink_conf *sink, const struct wn_outbox_row *row, struct wn_delivery *out);
/* True if a delivery may wait for the network: it then gets a fiber of its own. */
bool wn_sink_waits(const struct wn_sink_conf *sink);
/* CloudEvents 1.0 in the JSON format (structured mode), one object, no newline. */
void wn_sink_event_write(struct wn_buf *b, const struct wn_outbox_row *row);
/* How long until attempt number `attempts` + 1: the plan of Standard Webhooks (5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h) with
 * up to 10 % jitter by the event's id. */
int64_t wn_retry_delay_us(int attempts, struct wn_id event_id);

#endif
