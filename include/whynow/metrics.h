/* SPDX-License-Identifier: MIT */
/*
 * Metrics of the process: every one is a row of the table below, none is made at run time, so memory and the
 * number of time series are fixed. Counters only grow; a gauge is set; a histogram takes seconds. Process-wide
 * by design, with the log the only such thing; used from daemon/, on its main thread.
 */
#ifndef WHYNOW_METRICS_H
#define WHYNOW_METRICS_H

#include <whynow/buf.h>

/* X(NAME, type, family, unit or "", label or "", values of the label, help)
 * The values are blank-separated; the caller names one by its place, from 0 (enums below). A histogram's bounds
 * go by its unit of interest: HISTOGRAM_SHORT 1 ms to 60 s, HISTOGRAM_LONG 1 s to 30 d. Families get the prefix
 * whynow_. */
#define WN_METRICS(X)                                                                                          \
	X(POLLS, COUNTER, "polls", "", "result", "fetched unchanged failed refused",                           \
	  "Polls of feeds by result.")                                                                         \
	X(FETCHED_BYTES, COUNTER, "fetched_bytes", "bytes", "", "", "Decoded bytes of feeds.")                 \
	X(ITEMS, COUNTER, "items", "", "result", "stored duplicate rejected",                                  \
	  "Items of feeds by how they ended.")                                                                 \
	X(SIGNALS, COUNTER, "signals", "", "result", "opened joined retracted",                                \
	  "Facts: new ones, further sightings, retractions.")                                                  \
	X(VERDICTS, COUNTER, "verdicts", "", "result", "true false unknown", "Verdicts of rules.")             \
	X(CAMPAIGNS, COUNTER, "campaigns", "", "result", "opened extended closed",                             \
	  "Campaigns by what happened to them.")                                                               \
	X(MEMBERS, COUNTER, "members", "", "result", "enrolled left", "Members by what happened to them.")     \
	X(TOUCHES, COUNTER, "touches", "", "result", "sent held skipped failed unknown",                       \
	  "Touches by what an attempt decided.")                                                               \
	X(DELIVERIES, COUNTER, "deliveries", "", "result", "done again failed",                                \
	  "Outbox rows by result of an attempt.")                                                              \
	X(DATABASE_ERRORS, COUNTER, "database_errors", "", "", "", "Transactions that failed.")                \
	X(FEEDS, GAUGE, "feeds", "", "", "", "Feeds that are configured.")                                     \
	X(FEEDS_BLIND, GAUGE, "feeds_blind", "", "", "", "Feeds that cannot be seen at present.")              \
	X(CAMPAIGNS_OPEN, GAUGE, "campaigns_open", "", "", "", "Campaigns that are open.")                     \
	X(OUTBOX_WAITING, GAUGE, "outbox_waiting", "", "", "", "Outbox rows that are not delivered.")          \
	X(DATABASE_UP, GAUGE, "database_up", "", "", "", "1 while the database answers.")                      \
	X(PAUSED, GAUGE, "paused", "", "", "", "1 while an operator holds campaigns and touches.")             \
	X(CLOCK_ERROR, GAUGE, "clock_error_seconds", "seconds", "", "",                                        \
	  "Half the round trip of the last clock reading.")                                                    \
	X(CLOCK_DOUBTFUL, GAUGE, "clock_doubtful", "", "", "", "1 while two readings of the clock disagree.")  \
	X(DETECTION, HISTOGRAM_LONG, "detection_seconds", "seconds", "", "", "From published to stored.")      \
	X(FETCH, HISTOGRAM_SHORT, "fetch_seconds", "seconds", "", "", "Duration of a poll.")                   \
	X(BATCH, HISTOGRAM_SHORT, "batch_seconds", "seconds", "", "",                                          \
	  "Duration of the transaction of a batch.")                                                           \
	X(CLOSING_LAG, HISTOGRAM_LONG, "closing_lag_seconds", "seconds", "", "",                               \
	  "From the instant that was due to its commit.")                                                      \
	X(LOOP, HISTOGRAM_SHORT, "loop_seconds", "seconds", "", "", "Duration of one turn of the event loop.")

enum wn_metric {
#define X(name, type, family, unit, label, values, help) WN_METRIC_##name,
	WN_METRICS(X)
#undef X
		WN_METRIC_COUNT
};

/* The values of the label "result", in the order of the table. */
enum { WN_POLL_FETCHED, WN_POLL_UNCHANGED, WN_POLL_FAILED, WN_POLL_REFUSED };
enum { WN_ITEM_STORED, WN_ITEM_DUPLICATE, WN_ITEM_REJECTED };
enum { WN_FACT_OPENED, WN_FACT_JOINED, WN_FACT_RETRACTED };
enum { WN_VERDICT_COUNT_TRUE, WN_VERDICT_COUNT_FALSE, WN_VERDICT_COUNT_UNKNOWN };
enum { WN_CAMPAIGN_COUNT_OPENED, WN_CAMPAIGN_COUNT_EXTENDED, WN_CAMPAIGN_COUNT_CLOSED };
enum { WN_MEMBER_COUNT_ENROLLED, WN_MEMBER_COUNT_LEFT };
enum {
	WN_TOUCH_COUNT_SENT,
	WN_TOUCH_COUNT_HELD,
	WN_TOUCH_COUNT_SKIPPED,
	WN_TOUCH_COUNT_FAILED,
	WN_TOUCH_COUNT_UNKNOWN
};
enum { WN_DELIVERY_DONE, WN_DELIVERY_AGAIN, WN_DELIVERY_FAILED };

/* `which` is the place of the label's value, 0 without a label; one that does not exist is ignored. */
void wn_metric_add(enum wn_metric m, unsigned which, uint64_t n);
void wn_metric_set(enum wn_metric m, double value);
void wn_metric_observe(enum wn_metric m, double seconds);
uint64_t wn_metric_get(enum wn_metric m, unsigned which); /* a counter; for the status line */
void wn_metrics_reset(void);                              /* tests */

/* OpenMetrics 1.0 text, ends with "# EOF"; or the older Prometheus text 0.0.4, for scrapers that do not ask for
 * the former in Accept (and for `promtool check metrics`). */
enum wn_metrics_format { WN_METRICS_OPENMETRICS, WN_METRICS_PROMETHEUS };
void wn_metrics_write(struct wn_buf *b, enum wn_metrics_format format);

#endif
