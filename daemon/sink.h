/* SPDX-License-Identifier: MIT */
/*
 * Sinks: where events and due touches go. A kind of sink is one row of a table of functions (sink.c); it gets an outbox row whose bytes
 * are the same at every attempt, and says what became of it. It never touches the database, never retries, and costs nobody else
 * anything: it waits on a fiber of its own, with a limit.
 */
#ifndef WN_DAEMON_SINK_H
#define WN_DAEMON_SINK_H

#include "daemon.h"

enum wn_delivery_how {
	WN_DELIVERED,
	WN_DELIVERY_RETRY,   /* not taken now; again later with the same id */
	WN_DELIVERY_DEAD,    /* refused for good */
	WN_DELIVERY_UNKNOWN, /* went out, nothing came back */
};
struct wn_delivery {
	enum wn_delivery_how how;
	bool gone;              /* DEAD, and the receiver wants nothing ever again: the sink is switched off */
	bool quiet;             /* told already */
	bool bounced;           /* DEAD, because the recipient's address takes nothing */
	unsigned file;          /* DELIVERED, as soon as this file of the spool is on disk; 0: as it says */
	int64_t retry_after_us; /* the receiver's wish, 0: ours */
	char text[300];         /* one line for a person */
};
/* Runs on a fiber and may wait for the network, at most lease_us. */
void wn_sink_deliver(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t lease_us,
		     struct wn_delivery *out);
/* True if a delivery may wait for the network: it then gets a fiber of its own. */
bool wn_sink_waits(const struct wn_sink_conf *sink);
/* True if what may have been taken must not go out again: mail has no ids that a receiver would know it by. */
bool wn_sink_is_once(const struct wn_sink_conf *sink);
/* How long one delivery to it may take, as its file or the main file says. */
int64_t wn_sink_timeout_us(const struct wn_daemon *d, const struct wn_sink_conf *sink);
/* CloudEvents 1.0 in the JSON format (structured mode), one object, no newline. */
void wn_sink_event_write(struct wn_buf *b, const struct wn_outbox_row *row);
/* How long until attempt number `attempts` + 1: the plan of Standard Webhooks (5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h) with
 * up to 10 % jitter by the event's id. A receiver's own wish counts up to the longest of these. */
int64_t wn_retry_delay_us(int attempts, struct wn_id event_id, int64_t wish_us);

/* --- the kinds that have a file of their own ---- */
void wn_deliver_webhook(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t timeout_us,
			struct wn_delivery *out);
void wn_deliver_mail(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t timeout_us,
		     struct wn_delivery *out);
void wn_deliver_file(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t timeout_us,
		     struct wn_delivery *out);
/* Files with lines that are not yet on disk. While the daemon has one (d->spool), whoever delivers must sync it, settle what was
 * delivered, and clear it; without, every line is synced by itself. */
struct wn_spool;
struct wn_spool *wn_spool_new(void); /* gives; wn_spool_free */
void wn_spool_free(struct wn_spool *spool);
void wn_spool_sync(struct wn_spool *spool);
void wn_spool_settle(const struct wn_spool *spool, struct wn_delivery *r); /* after the sync: DELIVERED stays, or becomes RETRY */
void wn_spool_clear(struct wn_spool *spool);
/* What templates of a sink see: id, type, time, subject of the event, then the members of its data (which hide those), and the two
 * apart as `event` and `data`. */
enum wn_rc wn_sink_words(const struct wn_outbox_row *row, struct wn_arena *a, struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;
/* Bytes of a credential, in `a`. The error names it and says what to do. */
enum wn_rc wn_sink_credential(struct wn_str name, struct wn_arena *a, struct wn_str *out, struct wn_err *err) WN_MUST_CHECK;

/* `sink test`: one event of type sink.test, now, without a row anywhere. to: a mail's recipient, NULL: the sink's sender. */
void wn_sink_test(struct wn_daemon *d, const struct wn_book_sink *sink, const char *to, struct wn_delivery *out);

#endif
