/* SPDX-License-Identifier: MIT */
/* Which element means what, where: the table that the XML reader walks by. Data only. */
#ifndef WHYNOW_FEED_XMLRULES_H
#define WHYNOW_FEED_XMLRULES_H

#include "internal.h"

/* Vocabularies. CORE is the feed's own: no namespace, that of the root, or one of the known RSS ones. */
enum ns {
	NS_OTHER,
	NS_CORE,
	NS_ATOM,
	NS_RDF,
	NS_DC,
	NS_DCTERMS,
	NS_CONTENT,
	NS_SY,
	NS_ITUNES,
	NS_MEDIA,
	NS_FEEDBURNER,
	NS_ADMIN,
	NS_XHTML,
	NS_XML
};

/* Places: which record is being filled, or which container is open. */
enum {
	IN_FEED = 1,
	IN_ITEM = 2,
	IN_SOURCE = 4,
	IN_PERSON = 8,
	IN_IMAGE = 16,
	IN_SKIP = 32,
	IN_RECORD = IN_FEED | IN_ITEM | IN_SOURCE
};

enum action {
	DO_TEXT,     /* its text is a field */
	DO_LINK,     /* atom:link: attributes */
	DO_RSS_LINK, /* text, or href where there is none */
	DO_GUID,
	DO_CATEGORY, /* text or attributes */
	DO_KEYWORDS, /* several categories split by commas */
	DO_PERSON,   /* author: children or text */
	DO_CONTRIBUTOR,
	DO_PERSON_PART, /* name, email, uri inside a person */
	DO_ENCLOSURE,
	DO_ITEM,
	DO_FEED,       /* channel: its children are the feed's */
	DO_RSS_SOURCE, /* text and url */
	DO_SOURCE,     /* atom:source: a feed's fields */
	DO_IMAGE,      /* container with url */
	DO_IMAGE_HREF, /* attribute href */
	DO_RESOURCE,   /* attribute rdf:resource */
	DO_SKIP,       /* skipHours, skipDays */
	DO_HOUR,
	DO_DAY,
	DO_PERIOD,
	DO_FREQUENCY,
	DO_THROUGH, /* wrapper without meaning: its children count */
};

struct rule {
	uint8_t ns, where, action, field, prio;
	bool html;        /* text is markup unless its type says otherwise */
	const char *name; /* compared without case */
};

/* NULL: an element that means nothing here. */
const struct rule *wn_xmlrule_find(enum ns ns, struct wn_str name, int where);
/* URI, or a well-known prefix that was not declared. */
enum ns wn_xmlrule_ns(struct wn_str uri);
bool wn_xmlrule_is_rss_ns(struct wn_str uri);

#endif
