/* SPDX-License-Identifier: MIT */
/*
 * The repairing filter in front of the XML parser: text that claims to be XML goes in, well-formed XML comes
 * out.
 *
 * Mended: leading blanks and garbage, control characters, bare & and <, HTML names of characters, attributes
 * without quotes or twice, missing and wrong end tags. Dropped: declaration, DOCTYPE with all it declares (so
 * there is no entity to expand), comments, processing instructions. Always holds: one root, nesting of at most
 * WN_XML_DEPTH_MAX, at most WN_XML_ATTRS_MAX attributes of an element; work is linear in the input (times the
 * depth for wrong end tags, which REPAIRS_MAX bounds).
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define REPAIRS_MAX 200000
#define CHUNK 32768
#define SLACK 64

struct open_tag {
	struct wn_str name; /* as in the input */
	bool is_item;
};

struct run {
	struct wn_tidy *t;
	const char *p, *end;
	struct open_tag stack[WN_XML_DEPTH_MAX];
	size_t depth, skipped; /* skipped: open elements below the deepest that is kept */
	size_t repairs, n;
	bool stop, root_done, no_doctype_end, no_pi_end;
	char out[CHUNK + SLACK];
};

/* --- output --------------------------------------------------------------------------------------------- */

static void flush(struct run *r)
{
	if (r->n && !r->stop && !r->t->on_chunk(r->t->user, r->out, r->n))
		r->stop = true;
	r->n = 0;
}

/* Whole characters; short pieces are never split, so that a chunk ends between tokens or inside long text. */
static void put(struct run *r, const char *p, size_t n)
{
	while (n > SLACK) {
		size_t k = n < CHUNK - r->n ? n : CHUNK - r->n;

		while (k && k < n && ((uint8_t)p[k] & 0xC0) == 0x80)
			k--;
		memcpy(r->out + r->n, p, k);
		r->n += k, p += k, n -= k;
		if (n)
			flush(r);
	}
	memcpy(r->out + r->n, p, n);
	r->n += n;
	if (r->n >= CHUNK)
		flush(r);
}

static void put_text(struct run *r, const char *s)
{
	put(r, s, strlen(s));
}

static WN_PRINTF(2, 3) void left_out(struct run *r, const char *fmt, ...)
{
	va_list ap;

	r->t->incomplete = true;
	if (*r->t->ceiling)
		return;
	va_start(ap, fmt);
	vsnprintf(r->t->ceiling, sizeof(r->t->ceiling), fmt, ap);
	va_end(ap);
}

static void repaired(struct run *r)
{
	r->t->repaired = true;
	if (++r->repairs > REPAIRS_MAX) {
		left_out(r, "the XML is broken in more than %d places; the rest was not read", REPAIRS_MAX);
		r->stop = true;
	}
}

/* --- characters ------------------------------------------------------------------------------------------ */

static void put_escaped_char(struct run *r, char c)
{
	if (c == '&')
		put_text(r, "&amp;");
	else if (c == '<')
		put_text(r, "&lt;");
	else if (c == '>')
		put_text(r, "&gt;");
	else if (c == '"')
		put_text(r, "&quot;");
	else if ((uint8_t)c >= 0x20 || c == '\n' || c == '\t')
		put(r, &c, 1);
	else if (c == '\r')
		put_text(r, "\n");
	else
		repaired(r);
}

static void put_code_point(struct run *r, uint32_t cp)
{
	char utf8[4];

	if (cp == '\r')
		put_text(r, "&#13;");
	else if (cp < 0x80)
		put_escaped_char(r, (char)cp);
	else
		put(r, utf8, wn_utf8_put(cp, utf8));
}

/* Control characters in numeric form vanish as those written plainly do; "&#0;" and the like stay text. */
static bool is_control(uint32_t cp)
{
	return (cp > 0 && cp < 0x20) || (cp >= 0x7F && cp <= 0x9F);
}

static const char *put_reference(struct run *r, const char *amp, const char *end)
{
	uint32_t cp[2] = {0, 0};
	size_t n = wn_entity_at(amp, end, cp);

	if (!n || (!cp[0] && !is_control(cp[1]))) {
		put_text(r, "&amp;");
		return amp + 1;
	}
	if (!cp[0])
		return amp + n;
	put_code_point(r, cp[0]);
	if (cp[1])
		put_code_point(r, cp[1]);
	return amp + n;
}

/* Bytes that need a look: controls, markup, and the UTF-8 of C1 controls and noncharacters. */
static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '&' && c != '<' && c != '>' && c != '"' && c != 0x7F && c != 0xC2 && c != 0xEF;
}

/* U+0080..9F are windows-1252 that took a wrong turn; U+FFFE and U+FFFF may not stand in XML. Returns bytes
 * taken, 0: plain. */
static size_t put_odd_sequence(struct run *r, const uint8_t *p, const uint8_t *end)
{
	if (*p == 0x7F) {
		repaired(r);
		return 1;
	}
	if (*p == 0xC2 && end - p > 1 && p[1] < 0xA0) {
		uint32_t cp = wn_cp1252(p[1]);
		repaired(r);
		if (cp > 0x9F)
			put_code_point(r, cp);
		return 2;
	}
	if (*p == 0xEF && end - p > 2 && p[1] == 0xBF && p[2] >= 0xBE) {
		repaired(r);
		return 3;
	}
	return 0;
}

/* Text or attribute value. With `raw` (CDATA) an ampersand is an ampersand. */
static void put_chars(struct run *r, const char *p, const char *end, bool raw)
{
	while (p < end && !r->stop) {
		const char *plain = p;

		while (p < end && is_plain((uint8_t)*p))
			p++;
		put(r, plain, (size_t)(p - plain));
		if (p == end)
			return;
		size_t odd = put_odd_sequence(r, (const uint8_t *)p, (const uint8_t *)end);
		if (odd)
			p += odd;
		else if ((uint8_t)*p >= 0x80) {
			size_t n = *p == '\xC2' ? 2 : 3;
			n = n < (size_t)(end - p) ? n : (size_t)(end - p);
			put(r, p, n);
			p += n;
		} else if (*p == '&' && !raw)
			p = put_reference(r, p, end);
		else
			put_escaped_char(r, *p++);
	}
}

/* --- names and tags --------------------------------------------------------------------------------------- */

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (uint8_t)c >= 0x80;
}
static bool is_name_char(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static struct wn_str take_name(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && is_name_char(*q))
		q++;
	return (struct wn_str){p, (size_t)(q - p)};
}

/* At most one colon, inside; letters outside ASCII become "_" (libxml2 allows some of them, feeds use none). */
static void put_name(struct run *r, struct wn_str name)
{
	bool colon = false, start = true;

	if (name.n > 200)
		name.n = 200;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if ((uint8_t)c >= 0x80 || (start && !is_name_start(c)))
			c = '_';
		if (c == ':' && (colon || start || i + 1 == name.n))
			c = '_';
		colon |= c == ':';
		start = c == ':';
		put(r, &c, 1);
	}
}

static struct wn_str local_name(struct wn_str name)
{
	const char *colon = memchr(name.p, ':', name.n);

	return colon ? (struct wn_str){colon + 1, (size_t)(name.p + name.n - colon - 1)} : name;
}

static bool same_fold(struct wn_str a, struct wn_str b)
{
	return a.n == b.n && !strncasecmp(a.p, b.p, a.n);
}

static void close_top(struct run *r)
{
	put_text(r, "</");
	put_name(r, r->stack[--r->depth].name);
	put_text(r, ">");
	if (!r->depth)
		r->root_done = true;
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && wn_feed_is_space(*p))
		p++;
	return p;
}

/* End of the tag that begins at p: its ">" outside quotes, or the next "<" where the ">" is missing; NULL at
 * the end of input or past WN_XML_TAG_MAX. A quote that never closes within the tag is no quote. */
static const char *tag_end(const char *p, const char *end)
{
	if (end - p > WN_XML_TAG_MAX)
		end = p + WN_XML_TAG_MAX;
	for (const char *q = p; q < end; q++) {
		if (*q == '>' || *q == '<')
			return q;
		if ((*q == '"' || *q == '\'') && q > p && (q[-1] == '=' || wn_feed_is_space(q[-1]))) {
			const char *close = memchr(q + 1, *q, (size_t)(end - q - 1));
			if (close)
				q = close;
		}
	}
	return NULL;
}

struct attr {
	struct wn_str name, value;
};

/* Next attribute of the tag text [p, end); returns where to go on, NULL if there is none. */
static const char *next_attr(struct run *r, const char *p, const char *end, struct attr *out)
{
	while (p < end && !is_name_start(*p))
		p++;
	if (p == end)
		return NULL;
	out->name = take_name(p, end);
	p = skip_space(p + out->name.n, end);
	out->value = out->name; /* an attribute without value has its name for value, as in HTML */
	if (p == end || *p != '=') {
		repaired(r);
		return p;
	}
	p = skip_space(p + 1, end);
	if (p < end && (*p == '"' || *p == '\'')) {
		const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
		close = close ? close : end;
		out->value = (struct wn_str){p + 1, (size_t)(close - p - 1)};
		return close < end ? close + 1 : end;
	}
	repaired(r);
	out->value.p = p;
	while (p < end && !wn_feed_is_space(*p))
		p++;
	out->value.n = (size_t)(p - out->value.p);
	return p;
}

static void put_attrs(struct run *r, const char *p, const char *end)
{
	struct wn_str seen[WN_XML_ATTRS_MAX];
	struct attr at;
	size_t n = 0;

	while (n < WN_XML_ATTRS_MAX && (p = next_attr(r, p, end, &at))) {
		bool twice = false;

		for (size_t i = 0; i < n && !twice; i++)
			twice = wn_str_eq(seen[i], at.name);
		if (twice || at.name.n > 200) {
			repaired(r);
			continue;
		}
		seen[n++] = at.name;
		put_text(r, " ");
		put_name(r, at.name);
		put_text(r, "=\"");
		put_chars(r, at.value.p, at.value.p + at.value.n, false);
		put_text(r, "\"");
	}
}

/* <item> inside <item>: the end tag was forgotten. */
static void close_forgotten_item(struct run *r, struct wn_str name)
{
	for (size_t i = r->depth; i > 0; i--)
		if (r->stack[i - 1].is_item && wn_str_eq(r->stack[i - 1].name, name)) {
			repaired(r);
			while (r->depth >= i)
				close_top(r);
			return;
		}
}

static const char *start_tag(struct run *r, const char *p)
{
	struct wn_str name = take_name(p + 1, r->end);
	const char *close = tag_end(p + 1 + name.n, r->end);
	struct wn_str local = local_name(name);
	bool is_item = wn_str_is(local, "item") || wn_str_is(local, "entry");

	if (!close) { /* cut off inside the tag, or no tag at all */
		if (r->end - p <= WN_XML_TAG_MAX) {
			r->t->incomplete = true;
			repaired(r);
			return r->end;
		}
		left_out(r, "a tag has more than %u bytes; it was not read", WN_XML_TAG_MAX);
		repaired(r);
		r->repairs += WN_XML_TAG_MAX / 256;
		put_text(r, "&lt;");
		return p + 1;
	}
	const char *after = *close == '>' ? close + 1 : close;
	bool empty = close[-1] == '/' && close - 1 > p;
	if (r->root_done)
		return after;
	if (r->depth == WN_XML_DEPTH_MAX - 1) {
		left_out(r, "elements are nested more than %d deep; what is below was not read", WN_XML_DEPTH_MAX);
		r->skipped += !empty;
		return after;
	}
	if (is_item && !r->skipped)
		close_forgotten_item(r, name);
	put_text(r, "<");
	put_name(r, name);
	put_attrs(r, p + 1 + name.n, empty ? close - 1 : close);
	put_text(r, ">");
	r->stack[r->depth++] = (struct open_tag){name, is_item};
	r->t->has_root = true;
	if (*close == '<')
		repaired(r);
	if (empty)
		close_top(r);
	return after;
}

static const char *end_tag(struct run *r, const char *p)
{
	struct wn_str name = take_name(p + 2, r->end);
	const char *q = p + 2 + name.n;
	size_t i = r->depth;

	while (q < r->end && *q != '>' && *q != '<')
		q++;
	if (q == r->end)
		repaired(r);
	const char *after = q < r->end && *q == '>' ? q + 1 : q;
	if (r->skipped) {
		r->skipped--;
		return after;
	}
	while (i > 0 && !wn_str_eq(r->stack[i - 1].name, name))
		i--;
	if (!i)
		for (i = r->depth; i > 0 && !same_fold(r->stack[i - 1].name, name); i--)
			;
	if (!i || i != r->depth)
		repaired(r);
	if (i)
		while (r->depth >= i)
			close_top(r);
	return after;
}

/* --- the rest ----------------------------------------------------------------------------------------------
 */

static const char *after_mark(struct run *r, const char *p, const char *mark)
{
	const char *q = memmem(p, (size_t)(r->end - p), mark, strlen(mark));

	return q ? q + strlen(mark) : NULL;
}

/* <!DOCTYPE ...> with its internal subset, whatever that declares. */
static const char *skip_doctype(struct run *r, const char *p)
{
	int brackets = 0;

	for (const char *q = p; q < r->end && !r->no_doctype_end; q++) {
		if (*q == '[')
			brackets++;
		else if (*q == ']')
			brackets -= brackets > 0;
		else if (*q == '>' && !brackets)
			return q + 1;
	}
	r->no_doctype_end = true;
	const char *q = memchr(p, '>', (size_t)(r->end - p));
	return q ? q + 1 : r->end;
}

static const char *cdata(struct run *r, const char *p)
{
	const char *close = memmem(p + 9, (size_t)(r->end - p - 9), "]]>", 3);

	if (!close) {
		r->t->incomplete = true;
		repaired(r);
	}
	if (r->depth)
		put_chars(r, p + 9, close ? close : r->end, true);
	return close ? close + 3 : r->end;
}

static const char *declaration(struct run *r, const char *p)
{
	size_t left = (size_t)(r->end - p);
	const char *q;

	if (left >= 4 && !memcmp(p, "<!--", 4)) {
		if ((q = after_mark(r, p + 4, "-->")))
			return q;
		r->t->incomplete = true;
		return r->end;
	}
	if (left >= 9 && !memcmp(p, "<![CDATA[", 9))
		return cdata(r, p);
	if (left >= 9 && !strncasecmp(p, "<!DOCTYPE", 9))
		return skip_doctype(r, p);
	repaired(r);
	q = memchr(p, '>', left);
	return q ? q + 1 : r->end;
}

static const char *instruction(struct run *r, const char *p)
{
	const char *q = r->no_pi_end ? NULL : after_mark(r, p + 2, "?>");

	r->no_pi_end = !q;
	if (!q)
		q = after_mark(r, p + 2, ">");
	return q ? q : r->end;
}

static const char *markup(struct run *r, const char *p)
{
	char next = p + 1 < r->end ? p[1] : 0;

	if (next == '!')
		return declaration(r, p);
	if (next == '?')
		return instruction(r, p);
	if (next == '/' && p + 2 < r->end && is_name_start(p[2]))
		return end_tag(r, p);
	if (is_name_start(next))
		return start_tag(r, p);
	repaired(r);
	if (r->depth)
		put_text(r, "&lt;");
	return p + 1;
}

void wn_tidy_run(struct wn_tidy *t, struct wn_str text)
{
	struct run *r = wn_alloc(sizeof(*r));

	*r = (struct run){.t = t, .p = text.p, .end = text.p + text.n};
	while (r->p < r->end && !r->stop) {
		const char *lt = memchr(r->p, '<', (size_t)(r->end - r->p));

		lt = lt ? lt : r->end;
		if (r->depth && !r->skipped)
			put_chars(r, r->p, lt, false);
		r->p = lt < r->end ? markup(r, lt) : r->end;
	}
	if (r->depth && !r->stop) {
		flush(r);
		t->repaired = t->incomplete = t->at_end = true;
		while (r->depth)
			close_top(r);
	}
	flush(r);
	free(r);
}
