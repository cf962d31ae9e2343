/* SPDX-License-Identifier: MIT */
/*
 * The only user of libxml2: push parser, SAX2, fed by the repairing filter. No network, no external entities,
 * no tree. What reaches libxml2 has no DOCTYPE, so nothing can be expanded; its own limits stay in force.
 */
#include "internal.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

struct reader {
	const struct wn_xml_handler *h;
	xmlParserCtxtPtr ctx;
};

static struct wn_str str_of(const xmlChar *s)
{
	return wn_str_of((const char *)s);
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
		     const xmlChar **ns, int n_attrs, int n_defaulted, const xmlChar **attrs)
{
	struct reader *r = user;
	struct wn_xml_attr at[2 * WN_XML_ATTRS_MAX];
	size_t n = 0;

	(void)n_defaulted;
	for (int i = 0; i < n_ns && n < WN_XML_ATTRS_MAX; i++, ns += 2)
		at[n++] = (struct wn_xml_attr){WN_STR("xmlns"), str_of(ns[0]), str_of(ns[1])};
	for (int i = 0; i < n_attrs && n < WN_COUNT(at); i++, attrs += 5)
		at[n++] = (struct wn_xml_attr){
		    .ns = str_of(attrs[2] ? attrs[2] : attrs[1]),
		    .name = str_of(attrs[0]),
		    .value = {(const char *)attrs[3], (size_t)(attrs[4] - attrs[3])},
		};
	r->h->on_start(r->h->user, str_of(uri ? uri : prefix), str_of(name), at, n);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = user;

	(void)name, (void)prefix, (void)uri;
	r->h->on_end(r->h->user);
}

static void on_text(void *user, const xmlChar *p, int n)
{
	struct reader *r = user;

	r->h->on_text(r->h->user, (struct wn_str){(const char *)p, (size_t)n});
}

/* Errors are mended or skipped; what matters of them shows in the items. */
static void on_error(void *user, xmlErrorPtr error)
{
	(void)user, (void)error;
}

static bool on_chunk(void *user, const char *p, size_t n)
{
	struct reader *r = user;

	xmlParseChunk(r->ctx, p, (int)n, 0);
	return !r->h->is_done(r->h->user) && r->ctx->disableSAX == 0;
}

enum wn_rc wn_xml_read(struct wn_str text, const struct wn_xml_handler *h, struct wn_tidy *tidy,
		       struct wn_err *err)
{
	xmlSAXHandler sax = {
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .cdataBlock = on_text,
	    .serror = on_error,
	    .initialized = XML_SAX2_MAGIC,
	};
	struct reader r = {.h = h};

	/* NOENT: without it libxml2 leaves &amp; in attributes as a reference; there are no other entities
	 * left. */
	xmlInitParser();
	r.ctx = xmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL);
	if (!r.ctx)
		return wn_fail(err, WN_LIMIT, "no memory for an XML parser");
	xmlCtxtUseOptions(r.ctx, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_RECOVER | XML_PARSE_NOERROR |
				     XML_PARSE_NOWARNING);
	xmlSwitchEncoding(r.ctx, XML_CHAR_ENCODING_UTF8);
	tidy->on_chunk = on_chunk;
	tidy->user = &r;
	wn_tidy_run(tidy, text);
	if (tidy->has_root && !h->is_done(h->user))
		xmlParseChunk(r.ctx, "", 0, 1);
	xmlFreeParserCtxt(r.ctx);
	if (!tidy->has_root)
		return wn_fail(err, WN_INVALID, "no feed: there is no element in it");
	return WN_OK;
}
