/* SPDX-License-Identifier: MIT */
/*
 * The door of the layer: which format, which encoding, which reader.
 *
 * AUTO looks at the bytes, never only at the media type: servers call feeds text/html and HTML pages feeds.
 */
#include "internal.h"

#include <whynow/text.h>

#include <stdlib.h>
#include <strings.h>

static const char *const format_names[] = {
#define X(name, text) [WN_FORMAT_##name] = text,
    WN_FORMAT_LIST(X)
#undef X
};

const char *wn_format_to_text(enum wn_format f)
{
	return (size_t)f < WN_COUNT(format_names) ? format_names[f] : "unknown";
}

bool wn_format_from_text(struct wn_str text, enum wn_format *out)
{
	for (size_t i = 0; i < WN_COUNT(format_names); i++)
		if (wn_str_is(text, format_names[i])) {
			*out = (enum wn_format)i;
			return true;
		}
	return false;
}

/* --- looking ------------------------------------------------------------------------------------------------
 */

static bool media_has(struct wn_str media, const char *word)
{
	const char *semicolon = memchr(media.p ? media.p : "", ';', media.n);
	size_t n = semicolon ? (size_t)(semicolon - media.p) : media.n, k = strlen(word);

	for (size_t i = 0; i + k <= n; i++)
		if (!strncasecmp(media.p + i, word, k))
			return true;
	return false;
}

/* First byte that is neither blank nor a control, whatever the encoding. */
static char first_byte(struct wn_str s)
{
	size_t i = s.n >= 3 && !memcmp(s.p, "\xEF\xBB\xBF", 3) ? 3 : 0;

	for (; i < s.n && i < 65536; i++)
		if ((uint8_t)s.p[i] > ' ' && (uint8_t)s.p[i] < 0xFE)
			return s.p[i];
	return 0;
}

/* A second value after the first, on a line of its own. */
static bool looks_like_lines(struct wn_str text)
{
	size_t n = wn_json_extent(text), i = n;
	bool newline = false;

	if (!n)
		return false;
	for (; i < text.n && wn_feed_is_space(text.p[i]); i++)
		newline |= text.p[i] == '\n';
	return newline && i < text.n && (text.p[i] == '{' || text.p[i] == '[' || text.p[i] == '"');
}

static size_t count_in_line(const char *p, const char *end, char c)
{
	size_t n = 0;

	for (; p < end && *p != '\n'; p++)
		n += *p == c;
	return n;
}

static bool looks_like_csv(struct wn_str s)
{
	const char *end = s.p + s.n, *second = memchr(s.p, '\n', s.n);

	if (!second || ++second == end)
		return false;
	for (const char *mark = ",;\t"; *mark; mark++) {
		size_t n = count_in_line(s.p, end, *mark);
		if (n && n <= count_in_line(second, end, *mark))
			return true;
	}
	return false;
}

static bool is_xml(enum wn_format f)
{
	return f == WN_FORMAT_RSS || f == WN_FORMAT_ATOM || f == WN_FORMAT_RDF;
}

/* JSON family by its text; jsonfeed or json is decided by the reader that has seen the members. */
static enum wn_format look(struct wn_str text, const struct wn_feed_options *opt)
{
	char first = first_byte(text);

	if (media_has(opt->content_type, "text/csv") || media_has(opt->content_type, "tab-separated"))
		return WN_FORMAT_CSV;
	if (media_has(opt->content_type, "ndjson") || media_has(opt->content_type, "jsonl") ||
	    media_has(opt->content_type, "json-seq"))
		return WN_FORMAT_JSONL;
	if (first == '<')
		return WN_FORMAT_RSS;
	if (first == '{' || first == '[')
		return looks_like_lines(text) ? WN_FORMAT_JSONL : WN_FORMAT_JSONFEED;
	if (memchr(text.p, '<', text.n) && !looks_like_csv(text))
		return WN_FORMAT_RSS; /* garbage before the root */
	return looks_like_csv(text) ? WN_FORMAT_CSV : WN_FORMAT_AUTO;
}

/* --- reading -------------------------------------------------------------------------------------------------
 */

static enum wn_rc read_text(struct wn_str text, const struct wn_feed_options *opt, struct wn_gather *g,
			    struct wn_feed_doc *doc, struct wn_err *err)
{
	enum wn_format f = opt->format;

	if (f == WN_FORMAT_AUTO)
		f = look(text, opt);
	doc->hints = wn_feed_hints_none();
	if (is_xml(f))
		return wn_xmlfeed_read(text, g, doc, err);
	if (f == WN_FORMAT_JSONFEED)
		return wn_jsonfeed_read(text, g, doc, err);
	if (f == WN_FORMAT_JSON)
		return wn_jsondoc_read(text, g, doc, err);
	if (f == WN_FORMAT_JSONL)
		return wn_jsonlines_read(text, g, doc, err);
	if (f == WN_FORMAT_CSV)
		return wn_csv_read(text, g, doc, err);
	return wn_fail(err, WN_INVALID, "no feed: neither XML nor JSON nor CSV");
}

enum wn_rc wn_feed_read(struct wn_str bytes, const struct wn_feed_options *opt, struct wn_arena *a,
			struct wn_feed_doc *out, struct wn_err *err)
{
	struct wn_feed_doc doc = {0};
	struct wn_decoded text = {0};
	struct wn_gather g;
	enum wn_rc rc;

	if (bytes.n > WN_FETCH_BODY_MAX)
		return wn_fail(err, WN_LIMIT, "the answer has %zu bytes, at most %u are read", bytes.n,
			       WN_FETCH_BODY_MAX);
	if (!first_byte(bytes))
		return wn_fail(err, WN_INVALID, "no feed: the answer is empty");
	bool xml = is_xml(opt->format) ||
		   (opt->format == WN_FORMAT_AUTO && first_byte(bytes) != '{' && first_byte(bytes) != '[');
	rc = wn_charset_decode(bytes, opt->content_type, xml, &text, err);
	if (rc != WN_OK)
		return rc;
	wn_gather_begin(&g, opt, a);
	rc = read_text(text.text, opt, &g, &doc, err);
	if (rc == WN_OK) {
		doc.encoding = wn_arena_str(a, wn_str_of(text.encoding));
		doc.repaired |= text.repaired;
		wn_gather_end(&g, &doc);
		*out = doc;
	}
	free((void *)(uintptr_t)text.owned);
	return rc;
}
