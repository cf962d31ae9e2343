/* SPDX-License-Identifier: MIT */
/*
 * Log: one fact, one entry, with a message id and stable fields. Library code returns errors; only daemon/
 * (and lib/io for the sink) logs. The sink is set once by main: stderr with <N> priorities, or the journal
 * (lib/io/systemd.c). Global by design, with metrics the only such thing.
 */
#ifndef WHYNOW_LOG_H
#define WHYNOW_LOG_H

#include <whynow/base.h>

enum wn_level { WN_ERR = 3, WN_WARNING = 4, WN_NOTICE = 5, WN_INFO = 6, WN_DEBUG = 7 }; /* syslog numbers */

/* One field: name is upper case (WHYNOW_FEED); value may hold strangers' text: the sink clips and strips. */
struct wn_field {
	const char *name;
	const char *value; /* NULL: left out */
};

/* Message ids: X(NAME, "32 hex digits from systemd-id128 new") live in include/whynow/message_ids.h. */
typedef void wn_log_sink(void *ctx, enum wn_level level, const char *message_id, const char *text,
			 const struct wn_field *fields, size_t n);
void wn_log_set_sink(wn_log_sink *sink, void *ctx);
void wn_log_set_level(enum wn_level max);
/* The default sink: "<N>text [WHYNOW_X=y ...]" on stderr. */
void wn_log_stderr(void *ctx, enum wn_level level, const char *message_id, const char *text,
		   const struct wn_field *fields, size_t n);

/* Copies `s` without controls, bad UTF-8 and bidirectional overrides, at most max_chars characters (then "…");
 * what sinks use on strangers' text. Answers the bytes written; dst is terminated, size >= 16. */
size_t wn_log_clean(const char *s, size_t max_chars, char *dst, size_t size);

/* message_id may be NULL for lines without one. fields end with a NULL name. */
void wn_log(enum wn_level level, const char *message_id, const struct wn_field *fields, const char *fmt, ...)
	WN_PRINTF(4, 5);
#define WN_FIELDS(...) ((const struct wn_field[]){__VA_ARGS__, {NULL, NULL}})

#endif
