/* SPDX-License-Identifier: MIT */
/* JSON arrays element by element; shared by the readers of JSON Feed, JSON and JSON Lines. */
#ifndef WHYNOW_FEED_JSONITEMS_H
#define WHYNOW_FEED_JSONITEMS_H

#include "internal.h"

struct json_read {
	struct wn_gather *g;
	void (*on_item)(struct json_read *j, struct wn_item *item, struct wn_value v);
	const struct wn_record *feed; /* may be NULL */
	struct wn_str feed_link, base;
};

/* The document without its array of items (it stands empty there). `array` absent: the document as it is. */
enum wn_rc wn_json_shell(struct wn_str text, struct wn_str array, struct wn_gather *g, struct wn_feed_doc *doc,
			 struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;
/* Each element of the array parsed alone: an item, or a reject. */
void wn_json_elements(struct json_read *j, struct wn_str text, struct wn_str array, struct wn_feed_doc *doc);
/* One element, given its text. */
void wn_json_element(struct json_read *j, struct wn_str element, int line);

#endif
