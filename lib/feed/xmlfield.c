/* SPDX-License-Identifier: MIT */
/*
 * Texts of an XML feed: capturing them with the markup inside, reading them by their type, and what becomes of
 * each.
 */
#include "xmlfeed.h"

#include <whynow/text.h>
#include <whynow/url.h>

#include <strings.h>

/* --- capturing ----------------------------------------------------------------------------------------------
 */

static bool ends_with(struct wn_str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n >= n && !strncasecmp(s.p + s.n - n, tail, n);
}

static bool is(struct wn_str s, const char *what)
{
	return s.n == strlen(what) && !strncasecmp(s.p, what, s.n);
}

static bool begins(struct wn_str s, const char *what)
{
	return s.n >= strlen(what) && !strncasecmp(s.p, what, strlen(what));
}

/* Atom 1.0 type, Atom 0.3 type and mode. Other MIME types than text and XML are base64 in Atom 1.0 content. */
static enum text_mode mode_of(const struct rule *rule, struct wn_str type, struct wn_str mode)
{
	if (is(mode, "base64"))
		return TEXT_BASE64;
	if (rule->ns != NS_ATOM)
		return rule->html ? TEXT_HTML : TEXT_PLAIN;
	if (is(type, "html") || is(type, "text/html"))
		return is(mode, "xml") ? TEXT_XHTML : TEXT_HTML;
	if (is(mode, "escaped"))
		return begins(type, "text/plain") ? TEXT_PLAIN : TEXT_HTML;
	if (is(type, "xhtml") || ends_with(type, "+xml") || ends_with(type, "/xml"))
		return TEXT_XHTML;
	if (memchr(type.p ? type.p : "", '/', type.n) && !begins(type, "text/"))
		return TEXT_BASE64;
	return TEXT_PLAIN;
}

static struct wn_str keep(struct walk *w, struct wn_str s)
{
	return s.n ? wn_arena_str(w->a, wn_cut(s, WN_URL_MAX)) : s;
}

static void take_link(struct walk *w, const struct wn_xml_attr *at, size_t n);

void wn_walk_capture(struct walk *w, struct frame *f, const struct wn_xml_attr *at, size_t n)
{
	const struct rule *rule = f->rule;

	w->capturing = true;
	w->markup = false;
	w->mode = TEXT_PLAIN;
	wn_buf_clear(&w->buf);
	w->attr_href = keep(w, wn_walk_value(at, n, "href"));
	w->attr_url = keep(w, wn_walk_value(at, n, "url"));
	w->attr_type = keep(w, wn_walk_value(at, n, "type"));
	w->attr_length = keep(w, wn_walk_value(at, n, "length"));
	w->attr_term = keep(w, wn_walk_value(at, n, "term"));
	w->attr_label = keep(w, wn_walk_value(at, n, "label"));
	w->attr_text = keep(w, wn_walk_value(at, n, "text"));
	w->attr_resource = keep(w, wn_walk_value(at, n, "resource"));
	w->attr_scheme = keep(w, wn_walk_value(at, n, "scheme"));
	if (!w->attr_scheme.n)
		w->attr_scheme = keep(w, wn_walk_value(at, n, "domain"));
	for (size_t i = 0; i < n; i++)
		if (wn_xmlrule_ns(at[i].ns) == NS_RDF && wn_str_is(at[i].name, "resource"))
			w->attr_resource = keep(w, at[i].value);
	w->not_permalink = is(wn_walk_value(at, n, "isPermaLink"), "false");
	w->stub = wn_walk_value(at, n, "src").n > 0;
	if (!at)
		return;
	if (rule->action == DO_LINK)
		take_link(w, at, n);
	if (rule->action == DO_TEXT)
		w->mode = mode_of(rule, w->attr_type, wn_walk_value(at, n, "mode"));
}

static void put_escaped(struct wn_buf *b, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '&')
			wn_buf_text(b, "&amp;");
		else if (s.p[i] == '<')
			wn_buf_text(b, "&lt;");
		else if (s.p[i] == '>')
			wn_buf_text(b, "&gt;");
		else if (s.p[i] == '"')
			wn_buf_text(b, "&quot;");
		else
			wn_buf_char(b, s.p[i]);
}

void wn_walk_text(void *user, struct wn_str text)
{
	struct walk *w = user;

	if (!w->capturing || !w->depth || w->overdeep)
		return;
	enum role role = w->frames[w->depth - 1].role;
	if (role != ROLE_CAPTURE && role != ROLE_MARKUP && role != ROLE_PERSON)
		return;
	if (w->markup)
		put_escaped(&w->buf, text);
	else
		wn_buf_str(&w->buf, text);
}

/* The first element inside turns the text so far into markup: "a & b <i>c" was "a &amp; b &lt;i>" nowhere. Text
 * that was markup already (RSS with both) stays as it is. */
void wn_walk_markup_start(struct walk *w, struct wn_str name, const struct wn_xml_attr *at, size_t n)
{
	if (!w->markup && w->mode != TEXT_HTML && w->buf.n) {
		struct wn_str so_far = wn_arena_str(w->a, wn_buf_slice(&w->buf));
		wn_buf_clear(&w->buf);
		put_escaped(&w->buf, so_far);
	}
	w->markup = true;
	wn_buf_char(&w->buf, '<');
	wn_buf_str(&w->buf, name);
	for (size_t i = 0; i < n; i++) {
		if (at[i].ns.n)
			continue;
		wn_buf_char(&w->buf, ' ');
		wn_buf_str(&w->buf, at[i].name);
		wn_buf_text(&w->buf, "=\"");
		put_escaped(&w->buf, at[i].value);
		wn_buf_char(&w->buf, '"');
	}
	wn_buf_char(&w->buf, '>');
	*WN_PUSH(w->a, &w->names) = wn_arena_str(w->a, name);
}

void wn_walk_markup_end(struct walk *w)
{
	if (!w->names.n)
		return;
	wn_buf_text(&w->buf, "</");
	wn_buf_str(&w->buf, w->names.v[--w->names.n]);
	wn_buf_char(&w->buf, '>');
}

static bool base64_decode(struct walk *w, struct wn_str s, struct wn_str *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = wn_arena_alloc(w->a, s.n + 1);
	size_t n = 0, bits = 0;
	uint32_t have = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
		const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;
		if (!d && wn_feed_is_space(s.p[i]))
			continue;
		if (!d)
			return false;
		have = have << 6 | (uint32_t)(d - digits);
		bits += 6;
		if (bits >= 8)
			o[n++] = (char)(have >> (bits -= 8));
	}
	*out = wn_text_repair((struct wn_str){o, n}, WN_TEXT_FIELD_MAX, w->a);
	return true;
}

struct wn_str wn_walk_capture_end(struct walk *w)
{
	struct wn_str text = {w->buf.p ? w->buf.p : "", w->buf.n}, decoded;

	w->capturing = false;
	w->names.n = 0;
	text = wn_cut(text, text.n); /* a cut at the ceiling may have split a character */
	while (wn_buf_overflowed(&w->buf) && text.n && ((uint8_t)text.p[text.n - 1] & 0x80)) {
		text.n--;
		if (((uint8_t)text.p[text.n] & 0xC0) == 0xC0)
			break;
	}
	if (w->mode == TEXT_BASE64 && !w->markup && base64_decode(w, text, &decoded))
		return decoded;
	return text;
}

/* --- committing
 * ------------------------------------------------------------------------------------------------ */

/* Registered relations may be written out in full (RFC 4287, 4.2.7.2). */
static struct wn_str relation(struct wn_str rel)
{
	static const struct wn_str full = WN_STR("http://www.iana.org/assignments/relation/");

	if (!rel.n)
		return WN_STR("alternate");
	return begins(rel, full.p) ? (struct wn_str){rel.p + full.n, rel.n - full.n} : rel;
}

static void take_link(struct walk *w, const struct wn_xml_attr *at, size_t n)
{
	struct wn_link l = {.href = w->attr_href, .type = w->attr_type, .length = w->attr_length};
	struct wn_record *r = w->rec;

	l.rel = relation(keep(w, wn_walk_value(at, n, "rel")));
	l.title = keep(w, wn_walk_value(at, n, "title"));
	l.hreflang = keep(w, wn_walk_value(at, n, "hreflang"));
	struct wn_str base = w->frames[w->depth - 1].base;
	if (!l.href.n && l.href.p)
		l.href = base.n ? base : w->base; /* href="" is the document itself */
	else if (base.n)
		l.href = wn_url_resolve(base, l.href, w->a);
	if (r->links.n < WN_ITEM_LIST_MAX)
		*WN_PUSH(w->a, &r->links) = l;
	if (!l.href.n)
		return;
	if (is(l.rel, "enclosure") && r->enclosures.n < WN_ITEM_LIST_MAX)
		*WN_PUSH(w->a, &r->enclosures) = (struct wn_enclosure){l.href, l.type, l.length};
	else if (is(l.rel, "self"))
		wn_record_set(r, WN_F_SELF, l.href, false, 1, w->a);
	else if (is(l.rel, "next"))
		wn_record_set(r, WN_F_NEXT, l.href, false, 1, w->a);
	else if (is(l.rel, "replies") &&
		 (!l.type.n || begins(l.type, "text/html") || ends_with(l.type, "xhtml+xml")))
		wn_record_set(r, WN_F_COMMENTS, l.href, false, 1, w->a);
	else if (is(l.rel, "related") || is(l.rel, "via"))
		wn_record_set(r, WN_F_EXTERNAL_LINK, l.href, false, 1, w->a);
	else if (is(l.rel, "alternate")) {
		/* HTML before other types; the first of equals, as feeds list translations and formats after
		 * the page itself. */
		bool html = !l.type.n || ends_with(l.type, "html") || ends_with(l.type, "xhtml+xml");
		int prio = w->doc->format == WN_FORMAT_ATOM ? 2 + html : html;
		if (!r->f[WN_F_LINK].s.n || r->f[WN_F_LINK].prio < prio)
			wn_record_set(r, WN_F_LINK, l.href, false, prio, w->a);
	}
}

static void take_category(struct walk *w, struct wn_str text)
{
	struct wn_category c = {w->attr_term, w->attr_scheme, w->attr_label};

	if (!c.term.n)
		c.term = w->attr_text;
	if (!c.term.n)
		c.term = wn_text_one_line(wn_html_to_text(text, w->a), WN_NAME_MAX, w->a);
	if ((c.term.n || c.label.n || c.scheme.n) && w->rec->categories.n < WN_ITEM_LIST_MAX)
		*WN_PUSH(w->a, &w->rec->categories) = c;
}

static void take_keywords(struct walk *w, struct wn_str text)
{
	const char *p = text.p, *end = p + text.n;

	w->attr_text = w->attr_term = w->attr_label = w->attr_scheme = (struct wn_str){NULL, 0};
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		comma = comma ? comma : end;
		take_category(w, (struct wn_str){p, (size_t)(comma - p)});
		p = comma + 1;
	}
}

static void take_guid(struct walk *w, struct wn_str text)
{
	text = wn_text_trim(text);
	wn_record_set(w->rec, WN_F_ID, text, false, 3, w->a);
	w->rec->id_is_link = !w->not_permalink && text.n && !memchr(text.p, ' ', text.n) &&
			     (wn_url_is_http(text) || text.p[0] == '/');
}

static void take_rss_source(struct walk *w, struct wn_str text)
{
	struct wn_record *r = WN_NEW(w->a, struct wn_record);

	wn_record_set(r, WN_F_TITLE, text, true, 3, w->a);
	wn_record_set(r, WN_F_LINK, w->attr_url, false, 3, w->a);
	w->rec->source = r;
}

static void take_hour(struct walk *w, struct wn_str text)
{
	int hour = 0;

	text = wn_text_trim(text);
	if (!text.n || text.n > 2)
		return;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return;
		hour = hour * 10 + (text.p[i] - '0');
	}
	if (hour <= 24)
		w->skip_hours |= UINT32_C(1) << hour % 24; /* RSS 0.91 counts 1 to 24, RSS 2.0 0 to 23 */
}

static void take_day(struct walk *w, struct wn_str text)
{
	static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};

	text = wn_text_trim(text);
	for (int i = 0; i < 7; i++)
		if (is(text, days[i]))
			w->skip_days |= (uint8_t)(1 << i);
}

static void take_text(struct walk *w, const struct rule *rule, struct wn_str text)
{
	struct wn_record *r = w->where == IN_PERSON ? &w->person : w->rec;
	bool html = w->markup || w->mode == TEXT_HTML || (w->mode == TEXT_BASE64 && rule->ns == NS_ATOM);

	if (w->stub && !wn_text_trim(text).n)
		return;
	if (w->mode == TEXT_XHTML && !w->markup) {
		wn_buf_clear(&w->scratch);
		put_escaped(&w->scratch, text);
		text = wn_buf_slice(&w->scratch);
		html = true;
	}
	if (rule->field == WN_F_ID && w->frames[w->depth].base.n && rule->ns == NS_ATOM)
		r->base = r->base.n ? r->base : w->frames[w->depth].base;
	if (w->frames[w->depth].base.n && text.n && rule->field != WN_F_ID &&
	    (rule->field == WN_F_ICON || rule->field == WN_F_LOGO || rule->field == WN_F_COMMENTS ||
	     rule->field == WN_F_LINK))
		text = wn_url_resolve(w->frames[w->depth].base, text, w->a);
	wn_record_set(r, rule->field, text, html, rule->prio, w->a);
}

void wn_walk_commit(struct walk *w, struct frame *f, struct wn_str text)
{
	const struct rule *rule = f->rule;

	switch (rule->action) {
	case DO_TEXT:
		take_text(w, rule, text);
		break;
	case DO_RSS_LINK:
		text = wn_text_trim(text).n ? text : w->attr_href;
		if (f->base.n)
			text = wn_url_resolve(f->base, text, w->a);
		wn_record_set(w->rec, WN_F_LINK, text, false, 3, w->a);
		break;
	case DO_GUID:
		take_guid(w, text);
		break;
	case DO_CATEGORY:
		take_category(w, text);
		break;
	case DO_KEYWORDS:
		take_keywords(w, text);
		break;
	case DO_ENCLOSURE:
		if (!w->attr_url.n)
			w->attr_url = keep(w, wn_text_trim(text));
		if (w->attr_url.n && w->rec->enclosures.n < WN_ITEM_LIST_MAX)
			*WN_PUSH(w->a, &w->rec->enclosures) =
			    (struct wn_enclosure){w->attr_url, w->attr_type, w->attr_length};
		break;
	case DO_RSS_SOURCE:
		take_rss_source(w, text);
		break;
	case DO_IMAGE_HREF:
		wn_record_set(w->rec, WN_F_IMAGE, w->attr_href, false, 1, w->a);
		break;
	case DO_RESOURCE:
		wn_record_set(w->rec, WN_F_GENERATOR, w->attr_resource, false, 1, w->a);
		break;
	case DO_HOUR:
		take_hour(w, text);
		break;
	case DO_DAY:
		take_day(w, text);
		break;
	case DO_PERIOD:
		w->period = wn_arena_str(w->a, wn_cut(wn_text_trim(text), 32));
		break;
	case DO_FREQUENCY:
		w->frequency = wn_arena_str(w->a, wn_cut(wn_text_trim(text), 8));
		break;
	default:
		break;
	}
}

/* --- hints
 * -------------------------------------------------------------------------------------------------------- */

static int64_t number_of(struct wn_str s)
{
	int64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > 100000000)
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return s.n ? v : -1;
}

void wn_walk_hints(struct walk *w)
{
	static const struct {
		const char *name;
		int64_t hours;
	} periods[] = {{"hourly", 1}, {"daily", 24}, {"weekly", 168}, {"monthly", 730}, {"yearly", 8760}};
	struct wn_feed_hints *h = &w->doc->hints;
	int64_t ttl = number_of(w->feed.f[WN_F_TTL].s), often = number_of(w->frequency);

	if (ttl >= 0)
		h->ttl_us = ttl * 60 * 1000000;
	for (size_t i = 0; i < WN_COUNT(periods); i++)
		if (is(w->period, periods[i].name))
			h->update_us = periods[i].hours * 3600 * 1000000 / (often > 0 ? often : 1);
	h->skip_hours = w->skip_hours == 0xFFFFFF ? 0 : w->skip_hours;
	h->skip_days = w->skip_days == 0x7F ? 0 : w->skip_days;
}
