/* SPDX-License-Identifier: MIT */
/*
 * RSS, RDF and Atom: walks the elements that xml.c reports by the table of xmlrules.c and fills records, one
 * for the feed, one for the item that is open, one for its source.
 *
 * Elements of unknown vocabularies are passed over with all they hold, but items are found wherever they stand.
 * An item that the input does not close is a reject, never half an item.
 */
#include "xmlfeed.h"

#include <whynow/text.h>
#include <whynow/url.h>

#include <strings.h>

/* --- namespaces, bases ---------------------------------------------------------------------------------------
 */

static enum ns ns_of(struct walk *w, struct wn_str uri)
{
	if (w->root_seen && wn_str_eq(uri, w->root_uri))
		return w->doc->format == WN_FORMAT_ATOM  ? NS_ATOM
		       : w->doc->format == WN_FORMAT_RDF ? wn_xmlrule_ns(uri)
							 : NS_CORE;
	enum ns ns = wn_xmlrule_ns(uri);
	return ns == NS_CORE && w->doc->format == WN_FORMAT_ATOM ? NS_OTHER : ns;
}

const struct wn_xml_attr *wn_walk_attr(const struct wn_xml_attr *at, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!at[i].ns.n && at[i].name.n == strlen(name) &&
		    !strncasecmp(at[i].name.p, name, at[i].name.n))
			return &at[i];
	return NULL;
}

struct wn_str wn_walk_value(const struct wn_xml_attr *at, size_t n, const char *name)
{
	const struct wn_xml_attr *found = wn_walk_attr(at, n, name);

	return found ? wn_text_trim(found->value) : (struct wn_str){NULL, 0};
}

static struct wn_str ns_value(const struct wn_xml_attr *at, size_t n, enum ns ns, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].ns.n && wn_str_is(at[i].name, name) && wn_xmlrule_ns(at[i].ns) == ns)
			return wn_text_trim(at[i].value);
	return (struct wn_str){NULL, 0};
}

/* xml:base and xml:lang hold for the element and all it has inside (XML Base, RFC 4287 2). */
static void inherit(struct walk *w, struct frame *f, const struct wn_xml_attr *at, size_t n)
{
	const struct frame *up = w->depth > 1 ? f - 1 : NULL;
	struct wn_str base = ns_value(at, n, NS_XML, "base"), lang = ns_value(at, n, NS_XML, "lang");

	f->base = up ? up->base : (struct wn_str){NULL, 0};
	f->lang = up ? up->lang : (struct wn_str){NULL, 0};
	if (base.n)
		f->base = wn_url_resolve(f->base.n ? f->base : w->base, base, w->a);
	if (lang.n)
		f->lang = wn_arena_str(w->a, wn_cut(lang, 64));
}

/* --- the root
 * ------------------------------------------------------------------------------------------------- */

static const char *rss_version(struct wn_str v)
{
	static const char *const known[] = {"0.90", "0.91", "0.92", "0.93", "0.94", "1.0"};

	for (size_t i = 0; i < WN_COUNT(known); i++)
		if (wn_str_is(v, known[i]))
			return known[i];
	return v.n >= 1 && v.p[0] == '2' ? "2.0" : "";
}

static const char *atom_version(struct wn_str uri, struct wn_str v)
{
	if (wn_str_is(v, "0.1") || wn_str_is(v, "0.2") || wn_str_is(v, "0.3"))
		return v.p[2] == '1' ? "0.1" : v.p[2] == '2' ? "0.2" : "0.3";
	if (wn_str_is(uri, "http://purl.org/atom/ns#"))
		return "0.3";
	return wn_xmlrule_ns(uri) == NS_ATOM || wn_str_is(v, "1.0") ? "1.0" : "";
}

static const char *rdf_version(struct wn_str uri)
{
	if (wn_str_is(uri, "http://purl.org/rss/1.0/"))
		return "1.0";
	if (wn_str_is(uri, "http://purl.org/net/rss1.1#"))
		return "1.1";
	return wn_xmlrule_is_rss_ns(uri) && uri.n ? "0.90" : "";
}

static bool is_named(struct wn_str name, const char *what)
{
	return name.n == strlen(what) && !strncasecmp(name.p, what, name.n);
}

static void on_root(struct walk *w, struct frame *f, struct wn_str uri, struct wn_str name,
		    const struct wn_xml_attr *at, size_t n)
{
	struct wn_str version = wn_walk_value(at, n, "version");

	f->role = ROLE_RECORD;
	w->root_seen = true;
	w->root_uri = wn_arena_str(w->a, uri);
	if (is_named(name, "rss")) {
		w->doc->format = WN_FORMAT_RSS;
		w->doc->version = wn_str_of(rss_version(version));
	} else if (is_named(name, "rdf")) {
		w->doc->format = WN_FORMAT_RDF;
		for (size_t i = 0; i < n && !w->doc->version.n; i++)
			if (wn_str_is(at[i].ns, "xmlns"))
				w->doc->version = wn_str_of(rdf_version(at[i].value));
	} else if (is_named(name, "feed") || is_named(name, "entry")) {
		w->doc->format = WN_FORMAT_ATOM;
		w->doc->version = wn_str_of(atom_version(uri, version));
	} else if (is_named(name, "channel")) {
		w->doc->format = wn_str_is(uri, "http://purl.org/net/rss1.1#") ? WN_FORMAT_RDF : WN_FORMAT_RSS;
		w->doc->version = wn_str_of(rdf_version(uri));
		if (wn_walk_attr(at, n, "lastmod") ||
		    wn_walk_attr(at, n, "base")) /* Channel Definition Format */
			w->foreign = true;
	} else {
		w->foreign = true;
	}
	if (w->foreign)
		w->root_name = wn_text_quote(name, 40, w->a);
}

/* --- elements
 * -------------------------------------------------------------------------------------------------- */

static void open_item(struct walk *w, struct frame *f, const struct wn_xml_attr *at, size_t n)
{
	memset(&w->item, 0, sizeof(w->item));
	w->in_item = true;
	w->where = IN_ITEM;
	w->rec = &w->item;
	f->role = ROLE_RECORD;
	f->was_where = IN_FEED;
	w->item.base = f->base;
	w->item_lang = f->lang;
	wn_record_set(&w->item, WN_F_ID, ns_value(at, n, NS_RDF, "about"), false, 0, w->a);
}

static void open_source(struct walk *w, struct frame *f)
{
	w->item.source = WN_NEW(w->a, struct wn_record);
	w->item.source->base = f->base;
	w->rec = w->item.source;
	f->was_where = (uint8_t)w->where;
	w->where = IN_SOURCE;
	f->role = ROLE_RECORD;
}

static void open_person(struct walk *w, struct frame *f)
{
	f->role = ROLE_PERSON;
	f->was_where = (uint8_t)w->where;
	w->person = (struct wn_record){0};
	w->person.base = f->base;
	w->where = IN_PERSON;
	wn_walk_capture(w, f, NULL, 0);
}

/* An element with a rule: a container opens, or its text is captured. */
static void open_ruled(struct walk *w, struct frame *f, const struct rule *rule, const struct wn_xml_attr *at,
		       size_t n)
{
	f->rule = rule;
	switch (rule->action) {
	case DO_ITEM:
		open_item(w, f, at, n);
		break;
	case DO_FEED:
		f->role = ROLE_RECORD;
		f->was_where = IN_FEED;
		w->feed.base = f->base.n ? f->base : w->feed.base;
		wn_record_set(&w->feed, WN_F_LANGUAGE, f->lang, false, 0, w->a);
		break;
	case DO_THROUGH:
		f->role = ROLE_RECORD;
		f->was_where = (uint8_t)w->where;
		break;
	case DO_SOURCE:
		open_source(w, f);
		break;
	case DO_SKIP:
	case DO_IMAGE:
		f->role = ROLE_RECORD;
		f->was_where = (uint8_t)w->where;
		w->where = rule->action == DO_SKIP ? IN_SKIP : IN_IMAGE;
		break;
	case DO_PERSON:
	case DO_CONTRIBUTOR:
		open_person(w, f);
		break;
	default:
		f->role = ROLE_CAPTURE;
		wn_walk_capture(w, f, at, n);
	}
}

static void on_start(void *user, struct wn_str uri, struct wn_str name, const struct wn_xml_attr *at, size_t n)
{
	struct walk *w = user;

	if (w->depth == WN_COUNT(w->frames)) {
		w->overdeep++;
		return;
	}
	struct frame *f = &w->frames[w->depth++];
	*f = (struct frame){.role = ROLE_IGNORE};
	inherit(w, f, at, n);
	if (w->depth == 1) {
		on_root(w, f, uri, name, at, n);
		f->was_where = IN_FEED;
		w->feed.base = f->base;
		wn_record_set(&w->feed, WN_F_LANGUAGE, f->lang, false, 0, w->a);
		if (w->doc->format == WN_FORMAT_ATOM && is_named(name, "entry"))
			open_item(w, f, at, n);
		return;
	}
	enum ns ns = ns_of(w, uri);
	if (w->doc->format == WN_FORMAT_RDF && !w->doc->version.n && ns == NS_CORE)
		w->doc->version = wn_str_of(rdf_version(uri));
	enum role up = w->frames[w->depth - 2].role;
	const struct rule *rule =
	    up == ROLE_CAPTURE || up == ROLE_MARKUP ? NULL : wn_xmlrule_find(ns, name, w->where);
	if (up == ROLE_IGNORE && rule && rule->action != DO_ITEM)
		rule = NULL;
	if (up == ROLE_CAPTURE || up == ROLE_MARKUP || (up == ROLE_PERSON && !rule && w->capturing)) {
		f->role = ROLE_MARKUP;
		wn_walk_markup_start(w, name, at, n);
	} else if (rule) {
		open_ruled(w, f, rule, at, n);
	}
}

/* --- ends
 * -------------------------------------------------------------------------------------------------------- */

static void close_item(struct walk *w)
{
	struct wn_item *item;

	w->in_item = false;
	w->rec = &w->feed;
	if (!w->item.f[WN_F_LANGUAGE].s.n)
		wn_record_set(&w->item, WN_F_LANGUAGE, w->item_lang, false, 0, w->a);
	if (w->tidy->at_end && w->tidy->incomplete) {
		wn_gather_reject(w->g, 0, w->item.f[WN_F_TITLE].s, "the answer ends inside this item");
		return;
	}
	item = wn_gather_item(w->g);
	if (!item)
		return;
	struct wn_record *kept = WN_NEW(w->a, struct wn_record);
	*kept = w->item;
	*WN_PUSH(w->a, &w->records) = kept;
}

static void close_person(struct walk *w, struct frame *f)
{
	struct wn_str text = wn_walk_capture_end(w);
	struct wn_person who = {w->person.f[WN_F_TITLE].s, w->person.f[WN_F_ID].s, w->person.f[WN_F_LINK].s};

	if (who.url.n)
		who.url = wn_url_resolve(w->person.base, who.url, w->a);
	if (!who.name.n && !who.email.n && !who.url.n)
		who = wn_person_of(text, w->a);
	else if (who.name.n)
		who.name = wn_text_one_line(wn_html_to_text(who.name, w->a), WN_NAME_MAX, w->a);
	if (!who.name.n && !who.email.n && !who.url.n)
		return;
	if (f->rule->action == DO_CONTRIBUTOR) {
		if (w->rec->contributors.n < WN_ITEM_LIST_MAX)
			*WN_PUSH(w->a, &w->rec->contributors) = who;
	} else if (w->rec->authors.n < WN_ITEM_LIST_MAX) {
		*WN_PUSH(w->a, &w->rec->authors) = who;
	}
}

static void on_end(void *user)
{
	struct walk *w = user;

	if (w->overdeep) {
		w->overdeep--;
		return;
	}
	struct frame *f = &w->frames[--w->depth];
	switch (f->role) {
	case ROLE_MARKUP:
		wn_walk_markup_end(w);
		break;
	case ROLE_CAPTURE:
		wn_walk_commit(w, f, wn_walk_capture_end(w));
		break;
	case ROLE_PERSON:
		w->where = f->was_where;
		close_person(w, f);
		break;
	case ROLE_RECORD:
		w->where = f->was_where;
		if (w->in_item && f->rule && f->rule->action == DO_SOURCE)
			w->rec = &w->item;
		if (w->in_item && ((f->rule && f->rule->action == DO_ITEM) || !w->depth))
			close_item(w);
		break;
	default:
		break;
	}
}

static bool is_done(void *user)
{
	struct walk *w = user;

	return w->foreign || w->g->full;
}

/* RFC 4287 4.2.1: an entry without author has those of its source, else of the feed. */
static void inherit_authors(struct walk *w, struct wn_record *r)
{
	const struct wn_record *from = r->source && r->source->authors.n ? r->source : &w->feed;

	if (w->doc->format != WN_FORMAT_ATOM || r->authors.n)
		return;
	r->authors.v = from->authors.v;
	r->authors.n = r->authors.cap = from->authors.n;
}

static void settle(struct walk *w)
{
	struct wn_str base = w->base, items_base;

	w->feed.base = w->feed.base.n ? w->feed.base : base;
	wn_record_settle(&w->feed, base, w->a);
	items_base = wn_url_is_http(w->feed.f[WN_F_LINK].s) ? w->feed.f[WN_F_LINK].s : base;
	if (w->content_location)
		items_base = base;
	for (size_t i = 0; i < w->records.n; i++) {
		struct wn_record *r = w->records.v[i];
		wn_record_settle(r, items_base, w->a);
		if (!r->f[WN_F_LANGUAGE].s.n)
			r->f[WN_F_LANGUAGE] = w->feed.f[WN_F_LANGUAGE];
		inherit_authors(w, r);
		wn_item_from_record(&w->g->items.v[i], r, w->feed.f[WN_F_LINK].s, w->g->opt, w->a);
	}
	wn_items_settle(w->g->items.v, w->g->items.n, w->feed.f[WN_F_LINK].s, w->a);
}

static void tell_feed(struct walk *w)
{
	struct wn_feed_doc *doc = w->doc;
	struct wn_map_builder m;
	struct wn_value v;

	doc->id = w->feed.f[WN_F_ID].s;
	doc->title = wn_field_text(&w->feed.f[WN_F_TITLE], true, w->a);
	doc->link = w->feed.f[WN_F_LINK].s;
	doc->self = w->feed.f[WN_F_SELF].s;
	doc->description = wn_field_text(&w->feed.f[WN_F_SUMMARY], false, w->a);
	doc->language = w->feed.f[WN_F_LANGUAGE].s;
	doc->items_found = true;
	v = wn_record_value(&w->feed, w->g->opt->now_us, true, w->a);
	m = wn_map_begin(w->a);
	for (size_t i = 0; i < v.n; i++)
		wn_map_put(&m, wn_value_str(v.map[i].key), v.map[i].value);
	wn_map_set(&m, "description", wn_string(doc->description));
	doc->doc = wn_map_end(&m);
}

enum wn_rc wn_xmlfeed_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc, struct wn_err *err)
{
	struct wn_tidy tidy = {0};
	struct walk *w = wn_alloc(sizeof(*w));
	struct wn_xml_handler h = {on_start, on_end, wn_walk_text, is_done, w};

	*w = (struct walk){.g = g, .doc = doc, .a = g->a, .tidy = &tidy, .where = IN_FEED, .rec = NULL};
	w->rec = &w->feed;
	w->base = g->opt->base_url;
	w->content_location = g->opt->content_location.n > 0;
	if (w->content_location)
		w->base = wn_url_resolve(w->base, g->opt->content_location, g->a);
	if (w->content_location && !wn_url_is_http(w->base)) {
		w->base = g->opt->base_url;
		w->content_location = false;
	}
	wn_buf_init(&w->buf, WN_TEXT_FIELD_MAX);
	wn_buf_init(&w->scratch, 6 * WN_TEXT_FIELD_MAX);
	doc->hints = wn_feed_hints_none();
	enum wn_rc rc = wn_xml_read(text, &h, &tidy, err);
	if (rc == WN_OK && w->foreign)
		rc = wn_fail(err, WN_INVALID, "no feed: the root element is %.*s", (int)w->root_name.n,
			     w->root_name.p);
	if (rc == WN_OK && !w->root_seen)
		rc = wn_fail(err, WN_INVALID, "no feed: there is no element in it");
	if (rc == WN_OK && *tidy.ceiling && !g->items.n && !g->rejects.n)
		rc = wn_fail(err, WN_LIMIT, "no feed: %s", tidy.ceiling);
	else if (rc == WN_OK && *tidy.ceiling)
		wn_gather_reject(g, 0, (struct wn_str){NULL, 0}, "%s", tidy.ceiling);
	if (rc == WN_OK) {
		settle(w);
		wn_walk_hints(w);
		tell_feed(w);
		doc->repaired = tidy.repaired;
		doc->incomplete = tidy.incomplete;
	}
	wn_buf_done(&w->buf);
	wn_buf_done(&w->scratch);
	wn_freep(&w);
	return rc;
}
