/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/feed share: decoding of bytes, the repairing filter, the SAX driver, records and items.
 * Nothing here is for other layers; whynow/feed.h is.
 */
#ifndef WHYNOW_FEED_INTERNAL_H
#define WHYNOW_FEED_INTERNAL_H

#include <whynow/feed.h>
#include <whynow/limits.h>

/* --- entity.c ------------------------------------------------------------------------------------------- */
/* Code points of a named reference (without & and ;); false if there is none of that name. */
bool wn_entity_find(struct wn_str name, uint32_t cp[2]);
/* The reference at p ("&..."), semicolon included. Returns its length in bytes and 1 or 2 code points, 0 if
 * there is none. A number that text may not hold gives its length, cp[0] = 0 and the number in cp[1]. */
size_t wn_entity_at(const char *p, const char *end, uint32_t cp[2]);
/* Code point as UTF-8; returns the number of bytes, 1 to 4. */
size_t wn_utf8_put(uint32_t cp, char out[4]);
/* windows-1252 byte 0x80..0x9f to its code point. */
uint32_t wn_cp1252(uint8_t byte);
static inline bool wn_feed_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* --- charset.c ------------------------------------------------------------------------------------------ */
struct wn_decoded {
	struct wn_str text; /* valid UTF-8 without byte order mark; the bytes given, or owned */
	const char *owned;  /* free() it when the text is no longer read; NULL: the text borrows */
	char encoding[40];  /* really used, lower case */
	bool repaired;      /* some bytes were not of that encoding */
};
/* Order: byte order mark, HTTP charset unless it contradicts valid UTF-8, XML declaration (if `xml`), UTF-8,
 * windows-1252. */
enum wn_rc wn_charset_decode(struct wn_str bytes, struct wn_str content_type, bool xml, struct wn_decoded *out,
			     struct wn_err *err) WN_MUST_CHECK;
/* Value of a parameter ("charset") of a media type; absent if there is none. */
struct wn_str wn_media_parameter(struct wn_str media_type, const char *name);

/* --- tidy.c --------------------------------------------------------------------------------------------- */
/* Turns what claims to be XML into well-formed XML without declaration, DOCTYPE, comments, processing
 * instructions and entities, in chunks that end between tokens. `on_chunk` returns false to stop. */
struct wn_tidy {
	bool (*on_chunk)(void *user, const char *p, size_t n);
	void *user;
	/* results */
	bool repaired;   /* anything was mended */
	bool incomplete; /* the input ended inside an element, or a ceiling stopped the reading */
	char ceiling[100]; /* the first ceiling that cost a part of the input, in words; empty: none */
	bool at_end;     /* true while the closing tags that the input lacks are written */
	bool has_root;
};
void wn_tidy_run(struct wn_tidy *t, struct wn_str text);

/* --- xml.c: the only user of libxml2 --------------------------------------------------------------------- */
struct wn_xml_attr {
	struct wn_str ns, name,
	    value; /* ns: URI, or the prefix where it is not declared, or empty; "xmlns" for declarations */
};
struct wn_xml_handler {
	void (*on_start)(void *user, struct wn_str ns, struct wn_str name, const struct wn_xml_attr *attrs,
			 size_t n);
	void (*on_end)(void *user);
	void (*on_text)(void *user, struct wn_str text);
	bool (*is_done)(void *user); /* true: read no further */
	void *user;
};
/* Reads the document; sets *tidy's results. WN_INVALID: nothing that looks like an element. */
enum wn_rc wn_xml_read(struct wn_str text, const struct wn_xml_handler *h, struct wn_tidy *tidy,
		       struct wn_err *err);

/* --- record.c: what a reader collects before it is an item or a map --------------------------------------- */
/* Single fields. Kind says how the field is shown: TITLE as one line of text, MARKUP as it is, PLAIN as text,
 * URL resolved against the base, DATE parsed. */
/* clang-format off */
#define WN_FIELD_LIST(X) \
	X(ID, "id", URL) \
	X(TITLE, "title", TITLE) \
	X(LINK, "link", URL) \
	X(EXTERNAL_LINK, "external_link", URL) \
	X(SUMMARY, "summary", MARKUP) \
	X(CONTENT, "content", MARKUP) \
	X(COMMENTS, "comments", URL) \
	X(LANGUAGE, "language", PLAIN) \
	X(RIGHTS, "rights", MARKUP) \
	X(PUBLISHED, "published", DATE) \
	X(UPDATED, "updated", DATE) \
	X(CREATED, "created", DATE) \
	X(EXPIRED, "expired", DATE) \
	X(SELF, "self", URL) \
	X(NEXT, "next", URL) \
	X(GENERATOR, "generator", MARKUP) \
	X(IMAGE, "image", URL) \
	X(ICON, "icon", URL) \
	X(LOGO, "logo", URL) \
	X(INFO, "info", MARKUP) \
	X(DOCS, "docs", URL) \
	X(TTL, "ttl", PLAIN) \
	X(PUBLISHER, "publisher", PLAIN)
/* clang-format on */
enum wn_field_name {
#define X(name, text, kind) WN_F_##name,
	WN_FIELD_LIST(X)
#undef X
	    WN_F_N
};
enum wn_field_kind { WN_FIELD_TITLE, WN_FIELD_MARKUP, WN_FIELD_PLAIN, WN_FIELD_URL, WN_FIELD_DATE };
struct wn_field {
	struct wn_str s; /* as in the document; absent if there was none */
	bool html;       /* markup, not plain text */
	uint8_t prio;    /* of the element it came from: a better one replaces it */
};
struct wn_person {
	struct wn_str name, email, url;
};
struct wn_link {
	struct wn_str href, rel, type, title, hreflang, length;
};
struct wn_category {
	struct wn_str term, scheme, label;
};
struct wn_record {
	struct wn_field f[WN_F_N];
	struct wn_str base; /* explicit base of its links, absent if none */
	WN_VEC(struct wn_person) authors;
	WN_VEC(struct wn_person) contributors;
	WN_VEC(struct wn_link) links;
	WN_VEC(struct wn_category) categories;
	WN_VEC(struct wn_enclosure) enclosures;
	struct wn_record *source;
	struct wn_value extra; /* MAP of further members, or ABSENT */
	bool id_is_link;       /* <guid> that may serve as link */
};
/* Sets a field unless a better one is there; text is copied, trimmed, cut to WN_TEXT_FIELD_MAX. */
void wn_record_set(struct wn_record *r, enum wn_field_name name, struct wn_str s, bool html, int prio,
		   struct wn_arena *a);
/* "Name <a@b>", "a@b (Name)", "a@b", "Name". */
struct wn_person wn_person_of(struct wn_str text, struct wn_arena *a);
/* Resolves all links against its base, else `base`; falls back from missing fields to others. */
void wn_record_settle(struct wn_record *r, struct wn_str base, struct wn_arena *a);
/* The record as CEL sees it. `strings_always`: the main strings and lists are there even if empty. */
struct wn_value wn_record_value(const struct wn_record *r, int64_t now_us, bool strings_always,
				struct wn_arena *a);
/* Plain text of a field: one line for titles. */
struct wn_str wn_field_text(const struct wn_field *f, bool one_line, struct wn_arena *a);
/* Microseconds, 0 if absent, no date, or more than a day ahead (then it is a mistake, not a clock that runs
 * fast); not later than now_us (if that is not 0), never 0 for a date. */
int64_t wn_field_date(const struct wn_field *f, int64_t now_us);

/* --- item.c --------------------------------------------------------------------------------------------- */
/* Items and rejects of a document while it is read. */
struct wn_gather {
	struct wn_arena *a;
	const struct wn_feed_options *opt;
	WN_VEC(struct wn_item) items;
	WN_VEC(struct wn_reject) rejects;
	size_t rejects_more, index;
	size_t memory_start;
	bool full; /* a ceiling was met; read no further */
};
void wn_gather_begin(struct wn_gather *g, const struct wn_feed_options *opt, struct wn_arena *a);
/* Room for the next item; NULL when full (then a reject says so, once). Takes the next index. */
struct wn_item *wn_gather_item(struct wn_gather *g);
void wn_gather_reject(struct wn_gather *g, int line, struct wn_str excerpt, const char *fmt, ...)
    WN_PRINTF(4, 5);
void wn_gather_end(struct wn_gather *g, struct wn_feed_doc *doc);
/* Fills an item from its settled record. `feed_link` stands in for a missing link, never for the identity. */
void wn_item_from_record(struct wn_item *item, const struct wn_record *r, struct wn_str feed_link,
			 const struct wn_feed_options *opt, struct wn_arena *a);
/* Fills an item from a JSON or CSV element: identity from its members id, guid, link, else hash. */
void wn_item_from_value(struct wn_item *item, struct wn_value v, const struct wn_feed_options *opt,
			struct wn_arena *a);
/* After all items: identity where a guid or link is not unique in the document. */
void wn_items_settle(struct wn_item *items, size_t n, struct wn_str feed_link, struct wn_arena *a);
/* First bytes for a reject: valid UTF-8, copied. */
struct wn_str wn_excerpt(struct wn_str s, struct wn_arena *a);
struct wn_str wn_cut(struct wn_str s, size_t max); /* on a character boundary */

/* --- readers: text is valid UTF-8 ------------------------------------------------------------------------- */
enum wn_rc wn_xmlfeed_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			   struct wn_err *err);
enum wn_rc wn_jsonfeed_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			    struct wn_err *err);
enum wn_rc wn_jsondoc_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			   struct wn_err *err);
enum wn_rc wn_jsonlines_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc,
			     struct wn_err *err);
enum wn_rc wn_csv_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc, struct wn_err *err);

/* --- jsonscan.c: where things are in JSON text, without parsing it -------------------------------------------
 */
struct wn_json_scan {
	const char *p, *end;
};
/* The array that the keys lead to; false: there is none. The slice includes the brackets, or ends with the text
 * where the closing one is missing (*closed is false). */
bool wn_json_find_array(struct wn_str text, const struct wn_str *keys, size_t n, struct wn_str *out,
			bool *closed);
/* Elements of an array slice one by one; begin with {slice.p + 1, end}. false: no more. *whole is false when
 * the text ended inside the element. */
bool wn_json_next_element(struct wn_json_scan *s, struct wn_str *out, bool *whole);
/* Bytes of the value at the start of text, 0 if it does not end in it. */
size_t wn_json_extent(struct wn_str text);

#endif
