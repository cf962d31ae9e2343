/* SPDX-License-Identifier: MIT */
/*
 * Markup to plain text, in one pass over the bytes: no tree, no nesting, linear time.
 *
 * "<" begins a tag only where the name of an HTML element (or one with a dash or colon) follows, so that text
 * such as "a < b" or "vector<T>" is kept. Decodes references once.
 */
#include "internal.h"

#include <whynow/text.h>

#include <stdlib.h>
#include <strings.h>

/* Names in order; BLOCK ends a line, HIDDEN vanishes with its content. */
enum kind { NONE, INLINE, BLOCK, HIDDEN };
static const struct element {
	const char *name;
	enum kind kind;
} elements[] = {
    {"a", INLINE},         {"abbr", INLINE},     {"acronym", INLINE},   {"address", BLOCK},
    {"applet", INLINE},    {"area", INLINE},     {"article", BLOCK},    {"aside", BLOCK},
    {"audio", INLINE},     {"b", INLINE},        {"base", INLINE},      {"basefont", INLINE},
    {"bdi", INLINE},       {"bdo", INLINE},      {"big", INLINE},       {"blink", INLINE},
    {"blockquote", BLOCK}, {"body", BLOCK},      {"br", BLOCK},         {"button", INLINE},
    {"canvas", INLINE},    {"caption", BLOCK},   {"center", BLOCK},     {"circle", INLINE},
    {"cite", INLINE},      {"code", INLINE},     {"col", INLINE},       {"colgroup", INLINE},
    {"data", INLINE},      {"datalist", INLINE}, {"dd", BLOCK},         {"del", INLINE},
    {"details", BLOCK},    {"dfn", INLINE},      {"dialog", BLOCK},     {"dir", BLOCK},
    {"div", BLOCK},        {"dl", BLOCK},        {"dt", BLOCK},         {"em", INLINE},
    {"embed", INLINE},     {"fieldset", BLOCK},  {"figcaption", BLOCK}, {"figure", BLOCK},
    {"font", INLINE},      {"footer", BLOCK},    {"form", BLOCK},       {"frame", INLINE},
    {"frameset", BLOCK},   {"g", INLINE},        {"h1", BLOCK},         {"h2", BLOCK},
    {"h3", BLOCK},         {"h4", BLOCK},        {"h5", BLOCK},         {"h6", BLOCK},
    {"head", BLOCK},       {"header", BLOCK},    {"hgroup", BLOCK},     {"hr", BLOCK},
    {"html", BLOCK},       {"i", INLINE},        {"iframe", INLINE},    {"img", INLINE},
    {"input", INLINE},     {"ins", INLINE},      {"kbd", INLINE},       {"label", INLINE},
    {"legend", BLOCK},     {"li", BLOCK},        {"link", INLINE},      {"main", BLOCK},
    {"map", INLINE},       {"mark", INLINE},     {"marquee", INLINE},   {"math", INLINE},
    {"menu", BLOCK},       {"meta", INLINE},     {"meter", INLINE},     {"nav", BLOCK},
    {"nobr", INLINE},      {"noscript", INLINE}, {"object", INLINE},    {"ol", BLOCK},
    {"optgroup", INLINE},  {"option", INLINE},   {"output", INLINE},    {"p", BLOCK},
    {"param", INLINE},     {"path", INLINE},     {"picture", INLINE},   {"pre", BLOCK},
    {"progress", INLINE},  {"q", INLINE},        {"rect", INLINE},      {"rp", INLINE},
    {"rt", INLINE},        {"ruby", INLINE},     {"s", INLINE},         {"samp", INLINE},
    {"script", HIDDEN},    {"section", BLOCK},   {"select", INLINE},    {"small", INLINE},
    {"source", INLINE},    {"span", INLINE},     {"strike", INLINE},    {"strong", INLINE},
    {"style", HIDDEN},     {"sub", INLINE},      {"summary", BLOCK},    {"sup", INLINE},
    {"svg", INLINE},       {"table", BLOCK},     {"tbody", BLOCK},      {"td", BLOCK},
    {"template", INLINE},  {"textarea", INLINE}, {"tfoot", BLOCK},      {"th", BLOCK},
    {"thead", BLOCK},      {"time", INLINE},     {"title", BLOCK},      {"tr", BLOCK},
    {"track", INLINE},     {"tt", INLINE},       {"u", INLINE},         {"ul", BLOCK},
    {"use", INLINE},       {"var", INLINE},      {"video", INLINE},     {"wbr", INLINE},
};

static int compare_name(const void *key, const void *row)
{
	const struct wn_str *name = key;
	const char *other = ((const struct element *)row)->name;
	int c = strncasecmp(name->p, other, name->n);

	return c ? c : other[name->n] ? -1 : 0;
}

static enum kind kind_of(struct wn_str name)
{
	if (memchr(name.p, '-', name.n) || memchr(name.p, ':', name.n))
		return INLINE;
	const struct element *e =
	    bsearch(&name, elements, WN_COUNT(elements), sizeof(elements[0]), compare_name);
	return e ? e->kind : NONE;
}

struct writer {
	char *out, *o;
	bool blank, line; /* owed before the next character */
};

static void write_owed(struct writer *w)
{
	if (w->o > w->out && (w->line || w->blank))
		*w->o++ = w->line ? '\n' : ' ';
	w->line = w->blank = false;
}

static void write_bytes(struct writer *w, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (wn_feed_is_space(p[i])) {
			w->blank = true;
			continue;
		}
		write_owed(w);
		*w->o++ = p[i];
	}
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bytes of the tag at p, 0 if it is none; says its kind and whether it closes. A quote that does not close
 * within the text ends at the ">" like everything else. */
static size_t tag_at(const char *p, const char *end, struct wn_str *name, enum kind *kind, bool *closing)
{
	const char *q = p + 1, *start;

	*closing = q < end && *q == '/';
	q += *closing;
	start = q;
	while (q < end &&
	       (is_letter(*q) || (q > start && ((*q >= '0' && *q <= '9') || *q == '-' || *q == ':'))))
		q++;
	*name = (struct wn_str){start, (size_t)(q - start)};
	if (!name->n || name->n > 40 || q == end || !(wn_feed_is_space(*q) || *q == '>' || *q == '/'))
		return 0;
	*kind = kind_of(*name);
	if (*kind == NONE)
		return 0;
	for (; q < end && *q != '>'; q++)
		if ((*q == '"' || *q == '\'') && q[-1] == '=') {
			const char *close = memchr(
			    q + 1, *q, (size_t)(end - q - 1) < WN_URL_MAX ? (size_t)(end - q - 1) : WN_URL_MAX);
			q = close ? close : q;
		}
	return q < end ? (size_t)(q - p) + 1 : (size_t)(end - p);
}

/* Past the end tag of a hidden element; the end of the text if there is none. */
static const char *skip_hidden(const char *p, const char *end, struct wn_str name)
{
	while ((p = memmem(p, (size_t)(end - p), "</", 2))) {
		if ((size_t)(end - p) > name.n + 2 && !strncasecmp(p + 2, name.p, name.n)) {
			const char *close = memchr(p, '>', (size_t)(end - p));
			return close ? close + 1 : end;
		}
		p += 2;
	}
	return end;
}

/* Where to go on after the "<" at p. */
static const char *take_markup(struct writer *w, const char *p, const char *end)
{
	struct wn_str name;
	enum kind kind;
	bool closing;

	if (end - p >= 4 && !memcmp(p, "<!--", 4)) {
		const char *close = memmem(p + 4, (size_t)(end - p - 4), "-->", 3);
		return close ? close + 3 : end;
	}
	if (end - p >= 2 && (p[1] == '!' || p[1] == '?')) {
		const char *close = memchr(p, '>', (size_t)(end - p));
		return close ? close + 1 : end;
	}
	size_t n = tag_at(p, end, &name, &kind, &closing);
	if (!n) {
		write_bytes(w, p, 1);
		return p + 1;
	}
	if (kind == BLOCK)
		w->line = true;
	return kind == HIDDEN && !closing ? skip_hidden(p + n, end, name) : p + n;
}

static const char *take_reference(struct writer *w, const char *p, const char *end)
{
	uint32_t cp[2] = {0, 0};
	char utf8[8];
	size_t n = wn_entity_at(p, end, cp), k;

	if (!n || !cp[0]) {
		write_bytes(w, p, 1);
		return p + 1;
	}
	k = wn_utf8_put(cp[0], utf8);
	if (cp[1])
		k += wn_utf8_put(cp[1], utf8 + k);
	write_bytes(w, utf8, k);
	return p + n;
}

struct wn_str wn_html_to_text(struct wn_str html, struct wn_arena *a)
{
	const char *p = html.p, *end;
	struct writer w;

	if (!html.n)
		return html;
	html = wn_cut(html, 4 * WN_TEXT_FIELD_MAX);
	end = p + html.n;
	w.out = w.o = wn_arena_alloc(a, html.n + html.n / 5 + 2); /* see wn_entities_decode */
	w.blank = w.line = false;
	while (p < end) {
		const char *q = p;
		while (q < end && *q != '<' && *q != '&')
			q++;
		write_bytes(&w, p, (size_t)(q - p));
		if (q < end)
			q = *q == '<' ? take_markup(&w, q, end) : take_reference(&w, q, end);
		p = q;
	}
	*w.o = 0;
	return wn_cut((struct wn_str){w.out, (size_t)(w.o - w.out)}, WN_TEXT_FIELD_MAX);
}
