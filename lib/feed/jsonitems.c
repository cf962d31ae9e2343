/* SPDX-License-Identifier: MIT */
/*
 * JSON and JSON Lines: elements of the array of items are found by scanning and parsed one by one, so that one
 * with a NUL, a lone surrogate or a duplicate key costs only itself, and memory grows with what is kept, not
 * with the answer.
 */
#include "jsonitems.h"

#include <whynow/text.h>

#include <stdio.h>

static int line_at(struct wn_str text, const char *from, int line, const char *to)
{
	(void)text;
	for (; from < to && (from = memchr(from, '\n', (size_t)(to - from))); from++)
		line++;
	return line;
}

void wn_json_element(struct json_read *j, struct wn_str element, int line)
{
	const struct wn_json_limits lim = {
	    .bytes = WN_ITEM_BYTES_MAX, .values = WN_JSON_ITEM_VALUES_MAX, .strict = true};
	struct wn_err err;
	struct wn_value v;

	if (element.n > WN_ITEM_BYTES_MAX) {
		wn_gather_reject(j->g, line, element, "the item has %zu bytes, at most %u are read", element.n,
				 WN_ITEM_BYTES_MAX);
		return;
	}
	if (wn_json_parse(element, &lim, j->g->a, &v, &err) != WN_OK) {
		wn_gather_reject(j->g, line, element, "%s", err.text);
		return;
	}
	struct wn_item *item = wn_gather_item(j->g);
	if (!item)
		return;
	j->on_item(j, item, v);
	item->line = line;
}

void wn_json_elements(struct json_read *j, struct wn_str text, struct wn_str array, struct wn_feed_doc *doc)
{
	struct wn_json_scan scan = {array.p + 1, array.p + array.n};
	const char *last = text.p;
	struct wn_str element;
	bool whole;
	int line = 1;

	if (!array.n)
		return;
	while (!j->g->full && wn_json_next_element(&scan, &element, &whole)) {
		line = line_at(text, last, line, element.p);
		last = element.p;
		if (whole) {
			wn_json_element(j, element, line);
			continue;
		}
		doc->incomplete = true;
		wn_gather_reject(j->g, line, element, "the answer ends inside this item");
	}
}

/* Bytes before the array, "[]", bytes after it. */
enum wn_rc wn_json_shell(struct wn_str text, struct wn_str array, struct wn_gather *g, struct wn_feed_doc *doc,
			 struct wn_value *out, struct wn_err *err)
{
	const struct wn_json_limits whole = {.strict = true};
	const struct wn_json_limits lim = {.values = WN_JSON_ITEM_VALUES_MAX * 4, .strict = true};
	struct wn_buf b;

	(void)doc;
	if (!array.p)
		return wn_json_parse(text, &whole, g->a, out, err);
	wn_buf_init(&b, WN_FETCH_BODY_MAX * 3);
	wn_buf_add(&b, text.p, (size_t)(array.p - text.p));
	wn_buf_text(&b, "[]");
	wn_buf_add(&b, array.p + array.n, (size_t)(text.p + text.n - array.p - array.n));
	enum wn_rc rc = wn_json_parse(wn_buf_slice(&b), &lim, g->a, out, err);
	wn_buf_done(&b);
	return rc;
}

/* --- plain JSON
 * ------------------------------------------------------------------------------------------------ */

static void read_plain(struct json_read *j, struct wn_item *item, struct wn_value v)
{
	wn_item_from_value(item, v, j->g->opt, j->g->a);
}

/* The array was cut off, or what surrounds it is not JSON: the items are worth having all the same. */
static enum wn_rc broken_shell(struct wn_gather *g, struct wn_feed_doc *doc, struct wn_str array,
			       const struct wn_err *inner)
{
	doc->incomplete = true;
	wn_gather_reject(g, 0, (struct wn_str){array.p, array.n < 200 ? array.n : 200},
			 "the document around the items: %.80s", inner->text);
	return WN_OK;
}

enum wn_rc wn_jsondoc_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc, struct wn_err *err)
{
	struct json_read j = {.g = g, .on_item = read_plain};
	struct wn_err inner;
	struct wn_str array;

	doc->format = WN_FORMAT_JSON;
	doc->doc = wn_map(NULL, 0);
	bool closed = true,
	     found = wn_json_find_array(text, g->opt->items_path, g->opt->items_path_n, &array, &closed);
	enum wn_rc rc =
	    wn_json_shell(text, found ? array : (struct wn_str){NULL, 0}, g, doc, &doc->doc, &inner);
	if (rc != WN_OK && !found)
		return wn_fail(err, rc, "no feed: %s", inner.text);
	doc->items_found = found;
	if (!found)
		return WN_OK;
	wn_json_elements(&j, text, array, doc);
	doc->incomplete |= !closed;
	if (!g->items.n && (rc != WN_OK || !closed))
		return wn_fail(err, WN_INVALID, "no feed: %s",
			       closed ? inner.text : "the array of items does not end");
	if (rc != WN_OK)
		broken_shell(g, doc, array, &inner);
	wn_items_settle(g->items.v, g->items.n, (struct wn_str){NULL, 0}, g->a);
	return WN_OK;
}

enum wn_rc wn_jsonlines_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			     struct wn_err *err)
{
	struct json_read j = {.g = g, .on_item = read_plain};
	const char *p = text.p, *end = p + text.n;

	for (int line = 1; p < end && !g->full; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct wn_str one = {p, (size_t)((newline ? newline : end) - p)};

		p = newline ? newline + 1 : end;
		while (one.n && (one.p[0] == 0x1E ||
				 wn_feed_is_space(one.p[0]))) /* RFC 7464 puts RS before each value */
			one.p++, one.n--;
		while (one.n && wn_feed_is_space(one.p[one.n - 1]))
			one.n--;
		if (one.n)
			wn_json_element(&j, one, line);
	}
	if (!g->items.n && g->rejects.n)
		return wn_fail(err, WN_INVALID, "no feed: no line is JSON (line %d: %.120s)",
			       g->rejects.v[0].line, g->rejects.v[0].reason);
	doc->format = WN_FORMAT_JSONL;
	doc->doc = wn_map(NULL, 0);
	doc->items_found = true;
	wn_items_settle(g->items.v, g->items.n, (struct wn_str){NULL, 0}, g->a);
	return WN_OK;
}

/* --- items that the caller chose
 * ---------------------------------------------------------------------------------- */

static size_t json_bytes(struct wn_value v)
{
	struct wn_buf b;
	size_t n;

	wn_buf_init(&b, WN_ITEM_BYTES_MAX);
	wn_json_write(&b, v);
	n = wn_buf_overflowed(&b) ? (size_t)WN_ITEM_BYTES_MAX + 1 : b.n;
	wn_buf_done(&b);
	return n;
}

enum wn_rc wn_feed_json_items(struct wn_feed_doc *doc, struct wn_value items, const struct wn_feed_options *opt,
			      struct wn_arena *a, struct wn_err *err)
{
	struct wn_gather g;

	if (items.kind != WN_LIST)
		return wn_fail(err, WN_INVALID, "`items` gives %s, a list is needed",
			       wn_kind_to_text(items.kind));
	wn_gather_begin(&g, opt, a);
	for (size_t i = 0; i < items.n && !g.full; i++) {
		if (json_bytes(items.list[i]) > WN_ITEM_BYTES_MAX) {
			wn_gather_reject(&g, 0, (struct wn_str){NULL, 0}, "the item has more than %u bytes",
					 WN_ITEM_BYTES_MAX);
			continue;
		}
		struct wn_item *item = wn_gather_item(&g);
		if (item)
			wn_item_from_value(item, items.list[i], opt, a);
	}
	wn_items_settle(g.items.v, g.items.n, (struct wn_str){NULL, 0}, a);
	wn_gather_end(&g, doc);
	doc->items_found = true;
	return WN_OK;
}
