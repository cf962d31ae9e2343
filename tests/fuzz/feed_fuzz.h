/* SPDX-License-Identifier: MIT */
/* Reads hostile bytes as a format and looks at everything that comes out: text is valid UTF-8, ceilings hold,
 * every item has a name, times are not in the future. */
#ifndef WHYNOW_FEED_FUZZ_H
#define WHYNOW_FEED_FUZZ_H

#include <whynow/feed.h>
#include <whynow/limits.h>
#include <whynow/text.h>

#include <stdlib.h>

#define FUZZ_NOW INT64_C(1777888800000000)

static WN_UNUSED struct wn_str fuzz_content_type;

static WN_UNUSED void check_text(struct wn_str s, size_t max)
{
	if (s.n > max || !wn_text_is_utf8(s))
		abort();
}

static WN_UNUSED void check_value(struct wn_value v)
{
	if (v.kind == WN_STRING)
		check_text(wn_value_str(v), SIZE_MAX);
	for (size_t i = 0; v.kind == WN_LIST && i < v.n; i++)
		check_value(v.list[i]);
	for (size_t i = 0; v.kind == WN_MAP && i < v.n; i++) {
		check_value(v.map[i].key);
		check_value(v.map[i].value);
	}
}

static WN_UNUSED void check_item(const struct wn_item *it)
{
	if (!it->identity.n || it->published_us > FUZZ_NOW || it->updated_us > FUZZ_NOW)
		abort();
	check_text(it->identity, SIZE_MAX);
	check_text(it->title, WN_TEXT_FIELD_MAX);
	check_text(it->text, WN_TEXT_FIELD_MAX);
	check_text(it->link, WN_URL_MAX);
	for (size_t i = 0; i < it->alternates_n; i++)
		check_text(it->alternates[i], WN_URL_MAX + 8);
	check_value(it->value);
}

static WN_UNUSED int fuzz_format(enum wn_format format, const uint8_t *data, size_t size)
{
	const struct wn_str path[] = {WN_STR("jobs")};
	struct wn_feed_options opt = {
	    .format = format,
	    .now_us = FUZZ_NOW,
	    .content_type = fuzz_content_type,
	    .base_url = WN_STR("https://feed.example/a/b"),
	    .items_path = path,
	    .items_path_n = format == WN_FORMAT_JSON ? size & 1 : 0,
	};
	struct wn_arena *a = wn_arena_new(0);
	struct wn_feed_doc doc;
	struct wn_err err;

	if (wn_feed_read((struct wn_str){(const char *)data, size}, &opt, a, &doc, &err) == WN_OK) {
		for (size_t i = 0; i < doc.items_n; i++)
			check_item(&doc.items[i]);
		for (size_t i = 0; i < doc.rejects_n; i++)
			check_text(doc.rejects[i].excerpt, 200);
		check_text(doc.title, WN_TEXT_FIELD_MAX);
		check_value(doc.doc);
	}
	wn_arena_free(a);
	return 0;
}

#endif
