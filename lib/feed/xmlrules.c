/* SPDX-License-Identifier: MIT */
/*
 * The table of elements: RSS 0.9x to 2.x, RDF, Atom 0.3 and 1.0, and the modules whose fields are kept (Dublin
 * Core, content, syndication, iTunes, Media RSS, FeedBurner). A row with the higher `prio` wins over another
 * for one field; of equal ones the last in the document does.
 */
#include "xmlrules.h"

#include <strings.h>

#define TEXT(ns, where, name, field, prio)                                                                     \
	{                                                                                                      \
		ns, where, DO_TEXT, WN_F_##field, prio, false, name                                            \
	}
#define HTML(ns, where, name, field, prio)                                                                     \
	{                                                                                                      \
		ns, where, DO_TEXT, WN_F_##field, prio, true, name                                             \
	}
#define ACT(ns, where, name, action)                                                                           \
	{                                                                                                      \
		ns, where, action, 0, 0, false, name                                                           \
	}

static const struct rule rules[] = {
    /* structure */
    ACT(NS_CORE, IN_FEED, "channel", DO_FEED),
    ACT(NS_CORE, IN_FEED, "item", DO_ITEM),
    ACT(NS_ATOM, IN_FEED, "entry", DO_ITEM),
    ACT(NS_CORE, IN_FEED, "entry", DO_ITEM),
    ACT(NS_ATOM, IN_FEED, "item", DO_ITEM),
    ACT(NS_CORE, IN_FEED, "items", DO_THROUGH),
    /* RSS */
    HTML(NS_CORE, IN_RECORD, "title", TITLE, 3),
    ACT(NS_CORE, IN_FEED | IN_ITEM, "link", DO_RSS_LINK),
    HTML(NS_CORE, IN_FEED | IN_ITEM, "description", SUMMARY, 3),
    TEXT(NS_CORE, IN_FEED | IN_ITEM, "language", LANGUAGE, 3),
    HTML(NS_CORE, IN_FEED | IN_ITEM, "copyright", RIGHTS, 3),
    TEXT(NS_CORE, IN_FEED | IN_ITEM, "pubDate", PUBLISHED, 4),
    TEXT(NS_CORE, IN_FEED | IN_ITEM, "lastBuildDate", UPDATED, 3),
    TEXT(NS_CORE, IN_FEED, "lastModified", UPDATED, 1),
    HTML(NS_CORE, IN_FEED, "generator", GENERATOR, 3),
    TEXT(NS_CORE, IN_FEED, "docs", DOCS, 3),
    TEXT(NS_CORE, IN_FEED, "ttl", TTL, 3),
    TEXT(NS_CORE, IN_FEED, "webMaster", PUBLISHER, 3),
    ACT(NS_CORE, IN_FEED, "managingEditor", DO_PERSON),
    ACT(NS_CORE, IN_FEED, "author", DO_PERSON),
    ACT(NS_CORE, IN_FEED, "skipHours", DO_SKIP),
    ACT(NS_CORE, IN_FEED, "skipDays", DO_SKIP),
    ACT(NS_CORE, IN_SKIP, "hour", DO_HOUR),
    ACT(NS_CORE, IN_SKIP, "day", DO_DAY),
    ACT(NS_CORE, IN_FEED, "image", DO_IMAGE),
    TEXT(NS_CORE, IN_IMAGE, "url", IMAGE, 3),
    ACT(NS_CORE, IN_FEED | IN_ITEM, "category", DO_CATEGORY),
    ACT(NS_CORE, IN_ITEM, "author", DO_PERSON),
    TEXT(NS_CORE, IN_ITEM, "comments", COMMENTS, 3),
    ACT(NS_CORE, IN_ITEM, "enclosure", DO_ENCLOSURE),
    ACT(NS_CORE, IN_ITEM, "guid", DO_GUID),
    ACT(NS_CORE, IN_ITEM, "source", DO_RSS_SOURCE),
    TEXT(NS_CORE, IN_ITEM, "expirationDate", EXPIRED, 3),
    HTML(NS_CORE, IN_ITEM, "summary", SUMMARY, 1),
    HTML(NS_CORE, IN_ITEM, "content", CONTENT, 1),
    HTML(NS_CORE, IN_ITEM, "body", CONTENT, 1),
    HTML(NS_CORE, IN_ITEM, "fullitem", CONTENT, 1),
    TEXT(NS_CORE, IN_ITEM, "published", PUBLISHED, 1),
    TEXT(NS_CORE, IN_ITEM, "updated", UPDATED, 1),
    /* Atom 1.0, 0.3 */
    TEXT(NS_ATOM, IN_RECORD, "title", TITLE, 2),
    TEXT(NS_ATOM, IN_RECORD, "id", ID, 3),
    ACT(NS_ATOM, IN_RECORD, "link", DO_LINK),
    TEXT(NS_ATOM, IN_FEED | IN_SOURCE, "subtitle", SUMMARY, 2),
    TEXT(NS_ATOM, IN_FEED | IN_SOURCE, "tagline", SUMMARY, 2),
    TEXT(NS_ATOM, IN_FEED | IN_SOURCE, "info", INFO, 2),
    TEXT(NS_ATOM, IN_ITEM, "summary", SUMMARY, 2),
    TEXT(NS_ATOM, IN_ITEM, "content", CONTENT, 2),
    TEXT(NS_ATOM, IN_RECORD, "rights", RIGHTS, 2),
    TEXT(NS_ATOM, IN_RECORD, "copyright", RIGHTS, 2),
    TEXT(NS_ATOM, IN_RECORD, "generator", GENERATOR, 2),
    TEXT(NS_ATOM, IN_RECORD, "icon", ICON, 2),
    TEXT(NS_ATOM, IN_RECORD, "logo", LOGO, 2),
    TEXT(NS_ATOM, IN_RECORD, "published", PUBLISHED, 3),
    TEXT(NS_ATOM, IN_RECORD, "issued", PUBLISHED, 3),
    TEXT(NS_ATOM, IN_RECORD, "updated", UPDATED, 3),
    TEXT(NS_ATOM, IN_RECORD, "modified", UPDATED, 3),
    TEXT(NS_ATOM, IN_RECORD, "created", CREATED, 3),
    ACT(NS_ATOM, IN_RECORD, "author", DO_PERSON),
    ACT(NS_ATOM, IN_RECORD, "contributor", DO_CONTRIBUTOR),
    ACT(NS_ATOM, IN_RECORD, "category", DO_CATEGORY),
    ACT(NS_ATOM, IN_ITEM, "source", DO_SOURCE),
    TEXT(NS_ATOM, IN_PERSON, "name", TITLE, 1),
    TEXT(NS_ATOM, IN_PERSON, "email", ID, 1),
    TEXT(NS_ATOM, IN_PERSON, "uri", LINK, 1),
    TEXT(NS_ATOM, IN_PERSON, "url", LINK, 1),
    TEXT(NS_ATOM, IN_PERSON, "homepage", LINK, 1),
    TEXT(NS_CORE, IN_PERSON, "name", TITLE, 1),
    TEXT(NS_CORE, IN_PERSON, "email", ID, 1),
    TEXT(NS_CORE, IN_PERSON, "uri", LINK, 1),
    TEXT(NS_CORE, IN_PERSON, "url", LINK, 1),
    /* Dublin Core */
    HTML(NS_DC, IN_RECORD, "title", TITLE, 1),
    HTML(NS_DC, IN_RECORD, "description", SUMMARY, 1),
    TEXT(NS_DC, IN_RECORD, "date", UPDATED, 1),
    TEXT(NS_DC, IN_RECORD, "language", LANGUAGE, 1),
    HTML(NS_DC, IN_RECORD, "rights", RIGHTS, 1),
    TEXT(NS_DC, IN_RECORD, "publisher", PUBLISHER, 1),
    ACT(NS_DC, IN_RECORD, "creator", DO_PERSON),
    ACT(NS_DC, IN_RECORD, "author", DO_PERSON),
    ACT(NS_DC, IN_RECORD, "contributor", DO_CONTRIBUTOR),
    ACT(NS_DC, IN_RECORD, "subject", DO_CATEGORY),
    TEXT(NS_DC, IN_RECORD, "identifier", ID, 1),
    TEXT(NS_DCTERMS, IN_RECORD, "issued", PUBLISHED, 2),
    TEXT(NS_DCTERMS, IN_RECORD, "created", CREATED, 2),
    TEXT(NS_DCTERMS, IN_RECORD, "modified", UPDATED, 2),
    TEXT(NS_DCTERMS, IN_RECORD, "valid", EXPIRED, 2),
    /* other modules */
    HTML(NS_CONTENT, IN_ITEM, "encoded", CONTENT, 3),
    HTML(NS_XHTML, IN_ITEM, "body", CONTENT, 2),
    HTML(NS_XHTML, IN_ITEM, "div", CONTENT, 1),
    ACT(NS_SY, IN_FEED, "updatePeriod", DO_PERIOD),
    ACT(NS_SY, IN_FEED, "updateFrequency", DO_FREQUENCY),
    HTML(NS_ITUNES, IN_FEED | IN_ITEM, "title", TITLE, 0),
    HTML(NS_ITUNES, IN_FEED | IN_ITEM, "summary", SUMMARY, 0),
    HTML(NS_ITUNES, IN_ITEM, "subtitle", SUMMARY, 0),
    ACT(NS_ITUNES, IN_FEED | IN_ITEM, "author", DO_PERSON),
    ACT(NS_ITUNES, IN_FEED, "owner", DO_PERSON),
    TEXT(NS_ITUNES, IN_PERSON, "name", TITLE, 1),
    TEXT(NS_ITUNES, IN_PERSON, "email", ID, 1),
    ACT(NS_ITUNES, IN_FEED | IN_ITEM, "image", DO_IMAGE_HREF),
    ACT(NS_ITUNES, IN_FEED | IN_ITEM, "category", DO_CATEGORY),
    ACT(NS_ITUNES, IN_FEED | IN_ITEM, "keywords", DO_KEYWORDS),
    ACT(NS_MEDIA, IN_ITEM, "group", DO_THROUGH),
    HTML(NS_MEDIA, IN_ITEM, "title", TITLE, 0),
    HTML(NS_MEDIA, IN_ITEM, "description", SUMMARY, 0),
    TEXT(NS_FEEDBURNER, IN_ITEM, "origLink", EXTERNAL_LINK, 3),
    HTML(NS_FEEDBURNER, IN_FEED, "browserFriendly", INFO, 1),
    ACT(NS_ADMIN, IN_FEED, "generatorAgent", DO_RESOURCE),
};

static bool same(const char *name, struct wn_str s)
{
	return strlen(name) == s.n && !strncasecmp(name, s.p, s.n);
}

const struct rule *wn_xmlrule_find(enum ns ns, struct wn_str name, int where)
{
	for (size_t i = 0; ns != NS_OTHER && i < WN_COUNT(rules); i++)
		if (rules[i].ns == ns && (rules[i].where & where) && same(rules[i].name, name))
			return &rules[i];
	return NULL;
}

static const struct {
	const char *uri;
	enum ns ns;
} names[] = {
    {"http://www.w3.org/2005/Atom", NS_ATOM},
    {"https://www.w3.org/2005/Atom", NS_ATOM},
    {"http://purl.org/atom/ns#", NS_ATOM},
    {"http://purl.org/rss/1.0/", NS_CORE},
    {"http://my.netscape.com/rdf/simple/0.9/", NS_CORE},
    {"http://channel.netscape.com/rdf/simple/0.9/", NS_CORE},
    {"http://purl.org/net/rss1.1#", NS_CORE},
    {"http://backend.userland.com/rss", NS_CORE},
    {"http://backend.userland.com/rss2", NS_CORE},
    {"http://backend.userland.com/RSS2", NS_CORE},
    {"http://backend.userland.com/rss191", NS_CORE},
    {"http://blogs.law.harvard.edu/tech/rss", NS_CORE},
    {"http://www.rssboard.org/rss-specification", NS_CORE},
    {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", NS_RDF},
    {"http://purl.org/dc/elements/1.1/", NS_DC},
    {"http://purl.org/dc/elements/1.0/", NS_DC},
    {"http://purl.org/dc/terms/", NS_DCTERMS},
    {"http://purl.org/rss/1.0/modules/dcterms/", NS_DCTERMS},
    {"http://purl.org/rss/1.0/modules/content/", NS_CONTENT},
    {"http://purl.org/rss/1.0/modules/syndication/", NS_SY},
    {"http://www.itunes.com/dtds/podcast-1.0.dtd", NS_ITUNES},
    {"http://search.yahoo.com/mrss/", NS_MEDIA},
    {"http://search.yahoo.com/mrss", NS_MEDIA},
    {"http://rssnamespace.org/feedburner/ext/1.0", NS_FEEDBURNER},
    {"http://webns.net/mvcb/", NS_ADMIN},
    {"http://www.w3.org/1999/xhtml", NS_XHTML},
    {"http://www.w3.org/XML/1998/namespace", NS_XML},
    /* prefixes that were used without being declared */
    {"atom", NS_ATOM},
    {"rdf", NS_RDF},
    {"dc", NS_DC},
    {"dcterms", NS_DCTERMS},
    {"content", NS_CONTENT},
    {"sy", NS_SY},
    {"itunes", NS_ITUNES},
    {"media", NS_MEDIA},
    {"feedburner", NS_FEEDBURNER},
    {"admin", NS_ADMIN},
    {"xhtml", NS_XHTML},
    {"xml", NS_XML},
};

enum ns wn_xmlrule_ns(struct wn_str uri)
{
	if (!uri.n)
		return NS_CORE;
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (same(names[i].uri, uri))
			return names[i].ns;
	return NS_OTHER;
}

bool wn_xmlrule_is_rss_ns(struct wn_str uri)
{
	return wn_xmlrule_ns(uri) == NS_CORE;
}
