/* SPDX-License-Identifier: MIT */
/*
 * Bytes to items: RSS, RDF, Atom, JSON Feed, JSON, JSON Lines, CSV. Pure: no socket, no clock, no file.
 *
 * One bad item never costs its neighbours: it becomes a wn_reject. Every text that comes out is valid UTF-8
 * without control characters; times are clamped to not later than `now_us`, and more than a day ahead they are
 * absent. Everything lives in the arena of the caller and may borrow from the bytes given; both must live as
 * long as the document is read.
 */
#ifndef WHYNOW_FEED_H
#define WHYNOW_FEED_H

#include <whynow/id.h>
#include <whynow/schedule.h>
#include <whynow/value.h>

/* clang-format off */
#define WN_FORMAT_LIST(X)                                                                                    \
	X(AUTO, "auto")                                                                                      \
	X(RSS, "rss")           /* 0.91 to 2.x */                                                            \
	X(ATOM, "atom")         /* 0.3 and 1.0 */                                                            \
	X(RDF, "rdf")           /* RSS 0.90, 1.0, 1.1 */                                                     \
	X(JSONFEED, "jsonfeed") /* 1.0 and 1.1 */                                                            \
	X(JSON, "json")         /* any document; items by path or by the caller */                           \
	X(JSONL, "jsonl")       /* one value a line */                                                       \
	X(CSV, "csv")           /* header line, then one item a line */
/* clang-format on */
enum wn_format {
#define X(name, text) WN_FORMAT_##name,
	WN_FORMAT_LIST(X)
#undef X
};
const char *wn_format_to_text(enum wn_format f);
bool wn_format_from_text(struct wn_str text, enum wn_format *out);

struct wn_feed_options {
	enum wn_format format;          /* AUTO looks at the bytes. An XML format accepts every XML format. */
	struct wn_str content_type;     /* of the answer, may be absent */
	struct wn_str content_location; /* of the answer, may be absent */
	struct wn_str base_url;         /* where the bytes came from, may be absent */
	int64_t now_us; /* times up to a day later than this are clamped to it, others dropped; 0: no clamp */
	/* JSON: keys from the document to the array of items; n = 0: the document itself */
	const struct wn_str *items_path;
	size_t items_path_n;
	size_t items_max;  /* 0 = WN_ITEMS_MAX */
	size_t memory_max; /* bytes of the arena the document may take; 0 = WN_FEED_MEMORY_MAX */
};

/* What could not be used, and why. */
struct wn_reject {
	size_t index;          /* of the item in the document, from 0 */
	int line;              /* from 1; 0 = not known */
	char reason[120];      /* for a person */
	struct wn_str excerpt; /* first bytes of it, valid UTF-8, at most 200 bytes */
};

struct wn_enclosure {
	struct wn_str url, type;
	struct wn_str length; /* as written, digits or empty */
};

struct wn_item {
	size_t index;           /* place among the items and rejects of the document */
	int line;                   /* where it begins, from 1; 0 = not known */
	struct wn_str identity; /* guid, else link, else hash of the content; never empty */
	/* Other names of the same item, to be stored as seen with the identity: an item any of whose names was
	 * seen is seen. */
	const struct wn_str *alternates;
	size_t alternates_n;
	struct wn_str id, title, link, external_link; /* title is plain text, links are resolved */
	struct wn_str summary, content; /* as written: markup, or plain text where the feed says so */
	struct wn_str text;             /* content, else summary, as plain text */
	struct wn_str author;           /* names, joined with ", " */
	struct wn_str source;           /* title of the feed it was taken from, or its URL */
	struct wn_str language;
	int64_t published_us, updated_us; /* 0 = absent; clamped to now_us. A single date stands in both. */
	const struct wn_str *categories;
	size_t categories_n;
	const struct wn_enclosure *enclosures;
	size_t enclosures_n;
	struct wn_key32 content_hash; /* differs when the item was edited */
	/* `item` of CEL. rss, atom, rdf, jsonfeed: MAP of the strings id title link summary content text author
	 * source language, the lists categories enclosures (always there, maybe empty), the timestamps
	 * published updated (only where known), and whatever else the reader kept (comments rights authors
	 * links ...; jsonfeed: the raw object's further members). json, jsonl: the element as it is. csv: MAP
	 * header -> string. */
	struct wn_value value;
};

struct wn_feed_doc {
	enum wn_format format;  /* found; never AUTO */
	struct wn_str version;  /* "2.0", "1.0", "0.3", ..., empty if not said */
	struct wn_str encoding; /* the one really used, lower case IANA name */
	struct wn_str id, title, link, self, description, language;
	struct wn_feed_hints hints;
	struct wn_item *items; /* in document order */
	size_t items_n;
	struct wn_reject *rejects;
	size_t rejects_n;
	size_t rejects_more; /* rejects past the ceiling, counted only */
	bool items_found;    /* false: JSON without an array where the path points; choose with CEL, then
				wn_feed_json_items */
	bool repaired;       /* the XML or encoding was broken and read all the same */
	bool incomplete; /* cut off: by the sender in the middle, or by a ceiling (a reject says which). Absence
			    proves nothing. */
	/* JSON: the document, with the array that items_path names emptied. XML, JSON Feed: a MAP of feed
	 * fields (id title link self description language ttl updated published ...). CSV: MAP {columns:
	 * [...]}. */
	struct wn_value doc;
};

/* Reads an answer. Fails only where nothing can be read at all: WN_INVALID "no feed: ..." (an HTML page, an
 * empty body, broken JSON), WN_LIMIT. *out is untouched then. The document takes at most about memory_max of the
 * arena, which should have no lower ceiling of its own. */
enum wn_rc wn_feed_read(struct wn_str bytes, const struct wn_feed_options *opt, struct wn_arena *a,
			struct wn_feed_doc *out, struct wn_err *err) WN_MUST_CHECK;

/* Makes items from elements that the caller chose (`items:` of a mapping) out of doc->doc; replaces doc->items.
 * `items` must be a LIST; elements past WN_ITEM_BYTES_MAX as JSON text become rejects. */
enum wn_rc wn_feed_json_items(struct wn_feed_doc *doc, struct wn_value items, const struct wn_feed_options *opt,
			      struct wn_arena *a, struct wn_err *err) WN_MUST_CHECK;

/* Gives the item the id that the mapping computed (`id:`): it becomes the identity, alternates are dropped. */
void wn_item_identify(struct wn_item *item, struct wn_str id, struct wn_arena *a);

/* Markup to plain text: tags gone (script, style and comments with their content), blocks end lines, entities
 * decoded once, blanks collapsed, at most WN_TEXT_FIELD_MAX bytes. Never fails. */
struct wn_str wn_html_to_text(struct wn_str html, struct wn_arena *a);
/* Named (HTML, with semicolon) and numeric references decoded, once. 128 to 159 are read as windows-1252 (HTML
 * 5, 13.2.5.80); what is no reference to a character stays as written. */
struct wn_str wn_entities_decode(struct wn_str text, struct wn_arena *a);

#endif
