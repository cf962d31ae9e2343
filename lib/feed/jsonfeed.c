/* SPDX-License-Identifier: MIT */
/*
 * JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1): the array `items` element by element, each parsed alone,
 * the rest of the document once. A document that is no JSON Feed is handed to the reader of plain JSON.
 */
#include "jsonitems.h"

#include <whynow/text.h>
#include <whynow/url.h>

#include <strings.h>

static struct wn_str text_at(struct wn_value v, const char *key, struct wn_arena *a)
{
	struct wn_value x = wn_value_at(v, key);

	if (x.kind == WN_STRING)
		return wn_value_str(x);
	if (x.kind == WN_INT)
		return wn_str_of(wn_arena_printf(a, "%lld", (long long)x.i));
	if (x.kind == WN_DOUBLE)
		return wn_str_of(wn_arena_printf(a, "%.15g", x.d));
	return (struct wn_str){NULL, 0};
}

static void set_at(struct wn_record *r, enum wn_field_name f, struct wn_value v, const char *key, bool html,
		   int prio, struct wn_arena *a)
{
	wn_record_set(r, f, text_at(v, key, a), html, prio, a);
}

static void put_author(struct wn_record *r, struct wn_value v, struct wn_arena *a)
{
	struct wn_person who = {text_at(v, "name", a), {NULL, 0}, text_at(v, "url", a)};

	if (v.kind == WN_STRING)
		who.name = wn_value_str(v);
	who.name = wn_text_one_line(who.name, WN_NAME_MAX, a);
	if (who.url.n > 7 && !strncasecmp(who.url.p, "mailto:", 7))
		who.email = (struct wn_str){who.url.p + 7, who.url.n - 7};
	if ((who.name.n || who.url.n) && r->authors.n < WN_ITEM_LIST_MAX)
		*WN_PUSH(a, &r->authors) = who;
}

/* 1.1 has `authors`, 1.0 had `author`; where both stand they say the same. */
static void put_authors(struct wn_record *r, struct wn_value v, struct wn_arena *a)
{
	struct wn_value list = wn_value_at(v, "authors");

	for (size_t i = 0; list.kind == WN_LIST && i < list.n; i++)
		put_author(r, list.list[i], a);
	if (!r->authors.n)
		put_author(r, wn_value_at(v, "author"), a);
}

static void put_tags(struct wn_record *r, struct wn_value v, struct wn_arena *a)
{
	struct wn_value list = wn_value_at(v, "tags");

	for (size_t i = 0; list.kind == WN_LIST && i < list.n && i < WN_ITEM_LIST_MAX; i++) {
		struct wn_str s = wn_text_one_line(wn_value_str(list.list[i]), WN_NAME_MAX, a);
		if (s.n)
			*WN_PUSH(a, &r->categories) = (struct wn_category){.term = s};
	}
}

static void put_attachments(struct wn_record *r, struct wn_value v, struct wn_arena *a)
{
	struct wn_value list = wn_value_at(v, "attachments");

	for (size_t i = 0; list.kind == WN_LIST && i < list.n && i < WN_ITEM_LIST_MAX; i++) {
		struct wn_enclosure e = {text_at(list.list[i], "url", a), text_at(list.list[i], "mime_type", a),
					 text_at(list.list[i], "size_in_bytes", a)};
		if (e.url.n)
			*WN_PUSH(a, &r->enclosures) = e;
	}
}

static void read_item(struct json_read *j, struct wn_item *item, struct wn_value v)
{
	struct wn_arena *a = j->g->a;
	struct wn_record *r = WN_NEW(a, struct wn_record);

	set_at(r, WN_F_ID, v, "id", false, 1, a);
	set_at(r, WN_F_LINK, v, "url", false, 1, a);
	set_at(r, WN_F_EXTERNAL_LINK, v, "external_url", false, 1, a);
	set_at(r, WN_F_TITLE, v, "title", true, 1, a); /* plain text by the specification, markup in the wild */
	set_at(r, WN_F_SUMMARY, v, "summary", false, 1, a);
	set_at(r, WN_F_CONTENT, v, "content_text", false, 1, a);
	set_at(r, WN_F_CONTENT, v, "content_html", true, 2, a);
	set_at(r, WN_F_PUBLISHED, v, "date_published", false, 1, a);
	set_at(r, WN_F_UPDATED, v, "date_modified", false, 1, a);
	set_at(r, WN_F_LANGUAGE, v, "language", false, 1, a);
	set_at(r, WN_F_IMAGE, v, "image", false, 1, a);
	put_authors(r, v, a);
	if (!r->authors.n && j->feed) {
		r->authors.v = j->feed->authors.v;
		r->authors.n = r->authors.cap = j->feed->authors.n;
	}
	put_tags(r, v, a);
	put_attachments(r, v, a);
	r->extra = v;
	wn_record_settle(r, j->base, a);
	if (!r->f[WN_F_LANGUAGE].s.n && j->feed)
		r->f[WN_F_LANGUAGE] = j->feed->f[WN_F_LANGUAGE];
	wn_item_from_record(item, r, j->feed_link, j->g->opt, a);
}

static void read_feed(struct json_read *j, struct wn_feed_doc *doc, struct wn_value v)
{
	struct wn_arena *a = j->g->a;
	struct wn_record *r = WN_NEW(a, struct wn_record);

	set_at(r, WN_F_TITLE, v, "title", false, 1, a);
	set_at(r, WN_F_LINK, v, "home_page_url", false, 1, a);
	set_at(r, WN_F_SELF, v, "feed_url", false, 1, a);
	set_at(r, WN_F_NEXT, v, "next_url", false, 1, a);
	set_at(r, WN_F_SUMMARY, v, "description", false, 1, a);
	set_at(r, WN_F_ICON, v, "icon", false, 1, a);
	set_at(r, WN_F_LOGO, v, "favicon", false, 1, a);
	set_at(r, WN_F_LANGUAGE, v, "language", false, 1, a);
	put_authors(r, v, a);
	r->extra = v;
	wn_record_settle(r, j->g->opt->base_url, a);
	j->feed = r;
	j->feed_link = r->f[WN_F_LINK].s;
	j->base = wn_url_is_http(j->feed_link) ? j->feed_link : j->g->opt->base_url;
	doc->title = wn_field_text(&r->f[WN_F_TITLE], true, a);
	doc->link = r->f[WN_F_LINK].s;
	doc->self = r->f[WN_F_SELF].s;
	doc->description = r->f[WN_F_SUMMARY].s;
	doc->language = r->f[WN_F_LANGUAGE].s;
	doc->doc = wn_record_value(r, j->g->opt->now_us, true, a);
}

static bool is_jsonfeed(struct wn_value shell)
{
	struct wn_str version = wn_value_str(wn_value_at(shell, "version"));

	if (!version.n) /* some leave it out */
		return wn_value_at(shell, "home_page_url").kind == WN_STRING || wn_value_at(shell, "feed_url").kind == WN_STRING;
	return memmem(version.p, version.n, "jsonfeed.org/version/", 21) || wn_str_is(version, "1") || wn_str_is(version, "1.0") ||
	       wn_str_is(version, "1.1");
}

enum wn_rc wn_jsonfeed_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			    struct wn_err *err)
{
	const struct wn_str path[] = {WN_STR("items")};
	struct json_read j = {.g = g, .on_item = read_item};
	struct wn_str array;
	struct wn_value shell;
	bool closed = true, asked = g->opt->format == WN_FORMAT_JSONFEED;

	if (!wn_json_find_array(text, path, 1, &array, &closed))
		array = (struct wn_str){NULL, 0};
	if (!array.p && !asked)
		return wn_jsondoc_read(text, g, doc, err);
	struct wn_err inner;
	enum wn_rc rc = wn_json_shell(text, array, g, doc, &shell, &inner);
	if (rc != WN_OK || !(is_jsonfeed(shell) || asked)) {
		if (!asked)
			return wn_jsondoc_read(text, g, doc, err);
		if (rc != WN_OK)
			return wn_fail(err, rc, "no feed: %s", inner.text);
	}
	if (shell.kind != WN_MAP || !array.p)
		return wn_fail(err, WN_INVALID, "no feed: a JSON Feed is an object with the array \"items\"");
	struct wn_str version = wn_value_str(wn_value_at(shell, "version"));
	doc->version = !version.n                                                       ? WN_STR("")
		       : version.n >= 3 && !memcmp(version.p + version.n - 3, "1.1", 3) ? WN_STR("1.1")
											: WN_STR("1.0");
	doc->format = WN_FORMAT_JSONFEED;
	doc->items_found = true;
	read_feed(&j, doc, shell);
	wn_json_elements(&j, text, array, doc);
	doc->incomplete |= !closed;
	wn_items_settle(g->items.v, g->items.n, j.feed_link, g->a);
	return WN_OK;
}
