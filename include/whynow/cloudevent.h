/* SPDX-License-Identifier: MIT */
/*
 * CloudEvents 1.0.2 in the JSON event format (structured mode): one event written, one event checked.
 *
 * Written: attributes as members, `data` a JSON value, `sequence` (the extension of that name) the place of the event within its
 * subject, as 20 digits so that text order is number order. Checked: what the specification and the format demand of an event, also
 * of strangers; what it says about data is left to who reads it.
 */
#ifndef WHYNOW_CLOUDEVENT_H
#define WHYNOW_CLOUDEVENT_H

#include <whynow/buf.h>
#include <whynow/value.h>

struct wn_cloudevent {
	struct wn_str id, source, type, subject; /* subject empty: none */
	int64_t time_us, sequence;               /* sequence < 0: none */
	struct wn_str data;                      /* JSON text; empty: {} */
};
/* One object, no newline. */
void wn_cloudevent_write(struct wn_buf *b, const struct wn_cloudevent *e);
/* WN_INVALID with the attribute and what is wrong with it. */
enum wn_rc wn_cloudevent_check(struct wn_value event, struct wn_err *err) WN_MUST_CHECK;

#endif
