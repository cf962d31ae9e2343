/* SPDX-License-Identifier: MIT */
/* State of one walk over an XML feed; shared by xmlfeed.c (structure) and xmlfield.c (texts and what becomes of
 * them). */
#ifndef WHYNOW_FEED_XMLFEED_H
#define WHYNOW_FEED_XMLFEED_H

#include "xmlrules.h"

enum role {
	ROLE_IGNORE,  /* unknown: passed over */
	ROLE_RECORD,  /* container whose children have rules */
	ROLE_PERSON,  /* author: children have rules, text counts if there are none */
	ROLE_CAPTURE, /* its text is wanted */
	ROLE_MARKUP,  /* inside a captured text */
};

struct frame {
	const struct rule *rule;
	struct wn_str base, lang; /* xml:base (resolved) and xml:lang in force, absent if none */
	uint8_t role, was_where;
};

/* How the text of an Atom construct is to be read (RFC 4287 3.1.1, 4.1.3.3; Atom 0.3 mode). */
enum text_mode { TEXT_PLAIN, TEXT_HTML, TEXT_XHTML, TEXT_BASE64 };

struct walk {
	struct wn_gather *g;
	struct wn_feed_doc *doc;
	struct wn_arena *a;
	struct wn_tidy *tidy;
	struct wn_str base; /* of the document */
	bool content_location;

	struct frame frames[WN_XML_DEPTH_MAX];
	size_t depth, overdeep;
	struct wn_str root_uri, root_name;
	bool root_seen, foreign, in_item;
	int where;
	struct wn_record feed, item, person;
	struct wn_record *rec; /* being filled */
	struct wn_str item_lang;
	WN_VEC(struct wn_record *) records;

	/* the text being captured */
	bool capturing, markup;
	enum text_mode mode;
	struct wn_buf buf, scratch;
	WN_VEC(struct wn_str) names; /* of the elements open inside the text */
	struct wn_str attr_href, attr_url, attr_type, attr_length, attr_term, attr_scheme, attr_label;
	struct wn_str attr_text, attr_resource;
	bool not_permalink, stub; /* stub: the text stands elsewhere (src="...") */

	struct wn_str period, frequency;
	uint32_t skip_hours;
	uint8_t skip_days;
};

const struct wn_xml_attr *wn_walk_attr(const struct wn_xml_attr *at, size_t n, const char *name);
struct wn_str wn_walk_value(const struct wn_xml_attr *at, size_t n, const char *name); /* trimmed, borrowed */
void wn_walk_capture(struct walk *w, struct frame *f, const struct wn_xml_attr *at, size_t n);
struct wn_str wn_walk_capture_end(struct walk *w); /* borrowed from w->buf */
void wn_walk_commit(struct walk *w, struct frame *f, struct wn_str text);
void wn_walk_text(void *user, struct wn_str text);
void wn_walk_markup_start(struct walk *w, struct wn_str name, const struct wn_xml_attr *at, size_t n);
void wn_walk_markup_end(struct walk *w);
void wn_walk_hints(struct walk *w);

#endif
