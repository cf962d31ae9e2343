/* SPDX-License-Identifier: MIT */
/*
 * OPML by the readers' own XML door: broken encodings, bare ampersands and missing end tags are mended there. An outline is a
 * feed if it has an address, else a folder for what is in it.
 */
#include "internal.h"

#include <whynow/opml.h>
#include <whynow/text.h>

#include <stdlib.h>
#include <strings.h>

struct run {
	struct wn_arena *a;
	WN_VEC(struct wn_opml_feed) feeds;
	size_t more, depth;
	struct wn_str folders[WN_XML_DEPTH_MAX + 1]; /* of what is open, by depth */
	bool is_opml;
};

static struct wn_str one_line(struct run *r, struct wn_str s)
{
	return s.n ? wn_text_one_line(wn_entities_decode(s, r->a), WN_NAME_MAX, r->a) : s;
}

static struct wn_str attr(const struct wn_xml_attr *at, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].name.n == strlen(name) && !strncasecmp(at[i].name.p, name, at[i].name.n))
			return wn_text_trim(at[i].value);
	return WN_STR("");
}

static struct wn_str first_of(struct wn_str a, struct wn_str b)
{
	return a.n ? a : b;
}

static void add_feed(struct run *r, const struct wn_xml_attr *at, size_t n, struct wn_str url)
{
	struct wn_str site = first_of(attr(at, n, "htmlUrl"), url),
		      title = first_of(attr(at, n, "title"), attr(at, n, "text"));

	if (r->feeds.n >= WN_OPML_FEEDS_MAX) {
		r->more++;
		return;
	}
	*WN_PUSH(r->a, &r->feeds) = (struct wn_opml_feed){
	    .title = first_of(one_line(r, title), wn_arena_str(r->a, site)),
	    .url = wn_arena_str(r->a, url),
	    .site = wn_arena_str(r->a, site),
	    .folder = r->folders[r->depth],
	};
}

static void on_start(void *user, struct wn_str ns, struct wn_str name, const struct wn_xml_attr *at, size_t n)
{
	struct run *r = user;
	struct wn_str folder = r->folders[r->depth];

	(void)ns;
	r->is_opml |= name.n == 4 && !strncasecmp(name.p, "opml", 4);
	if (name.n == 7 && !strncasecmp(name.p, "outline", 7)) {
		struct wn_str url = first_of(attr(at, n, "xmlUrl"), attr(at, n, "url"));
		if (url.n)
			add_feed(r, at, n, url);
		else
			folder = one_line(r, first_of(attr(at, n, "title"), attr(at, n, "text")));
	}
	if (r->depth < WN_XML_DEPTH_MAX)
		r->folders[++r->depth] = folder;
}

static void on_end(void *user)
{
	struct run *r = user;

	r->depth -= r->depth > 0;
}

static void on_text(void *user, struct wn_str text)
{
	(void)user, (void)text;
}

static bool is_done(void *user)
{
	(void)user;
	return false;
}

enum wn_rc wn_opml_read(struct wn_str bytes, struct wn_arena *a, struct wn_opml_feed **out, size_t *n, size_t *more,
			struct wn_err *err)
{
	struct run r = {.a = a, .folders = {WN_STR("")}};
	struct wn_xml_handler h = {on_start, on_end, on_text, is_done, &r};
	struct wn_decoded text = {0};
	struct wn_tidy tidy = {0};

	if (bytes.n > WN_FETCH_BODY_MAX)
		return wn_fail(err, WN_LIMIT, "the file has %zu bytes, at most %u are read", bytes.n, WN_FETCH_BODY_MAX);
	enum wn_rc rc = wn_charset_decode(bytes, (struct wn_str){NULL, 0}, true, &text, err);
	if (rc)
		return rc;
	rc = wn_xml_read(text.text, &h, &tidy, err);
	free((void *)(uintptr_t)text.owned);
	if (rc || !r.is_opml)
		return wn_fail(err, WN_INVALID, "no OPML: there is no <opml> element in it");
	*out = r.feeds.v;
	*n = r.feeds.n;
	*more = r.more;
	return WN_OK;
}
