/* SPDX-License-Identifier: MIT */
/* How a value becomes text in a template, and how that text is escaped for the kind of document it stands in. */
#include "template_nodes.h"

#include <whynow/limits.h>

#include <math.h>
#include <strings.h>

static void put_html(struct wn_buf *out, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			wn_buf_text(out, "&amp;");
			break;
		case '<':
			wn_buf_text(out, "&lt;");
			break;
		case '>':
			wn_buf_text(out, "&gt;");
			break;
		case '"':
			wn_buf_text(out, "&quot;");
			break;
		case '\'':
			wn_buf_text(out, "&#39;");
			break;
		default:
			wn_buf_char(out, s.p[i]);
		}
	}
}

/* The quoted form of JSON, without its quotes. */
static void put_json(struct wn_buf *out, struct wn_str s)
{
	struct wn_buf quoted;
	wn_buf_init(&quoted, 6 * s.n + 2);
	wn_json_write_string(&quoted, s);
	wn_buf_add(out, quoted.p + 1, quoted.n - 2);
	wn_buf_done(&quoted);
}

static void put_form(struct wn_buf *out, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
			wn_buf_char(out, (char)c);
		else
			wn_buf_printf(out, "%%%02X", c);
	}
}

static void put_none(struct wn_buf *out, struct wn_str s) { wn_buf_str(out, s); }

static void (*const puts_text[])(struct wn_buf *, struct wn_str) = {
	[WN_ESCAPE_NONE] = put_none, [WN_ESCAPE_HTML] = put_html, [WN_ESCAPE_JSON] = put_json, [WN_ESCAPE_FORM] = put_form};

/* A list is its elements with commas between them. */
static void put_value(struct wn_buf *out, struct wn_value v, enum wn_escape escape, int depth)
{
	struct wn_buf json; /* other than texts: as JSON writes them */
	if (v.kind == WN_LIST && depth < WN_TEMPLATE_DEPTH_MAX) {
		for (size_t i = 0; i < v.n; i++) {
			if (i > 0)
				puts_text[escape](out, WN_STR(", "));
			put_value(out, v.list[i], escape, depth + 1);
		}
		return;
	}
	if (v.kind == WN_STRING) {
		puts_text[escape](out, wn_value_str(v));
		return;
	}
	if (v.kind == WN_NULL || v.kind == WN_ABSENT || v.kind == WN_OBJECT)
		return;
	wn_buf_init(&json, out->max);
	if (v.kind == WN_DOUBLE && isfinite(v.d))
		wn_json_write_canonical(&json, v); /* 5000000, not 5000000.0 */
	else
		wn_json_write(&json, v);
	struct wn_str text = wn_buf_slice(&json);
	if ((v.kind == WN_TIMESTAMP || v.kind == WN_DURATION) && text.n > 2)
		text = (struct wn_str){text.p + 1, text.n - 2}; /* without quotes */
	puts_text[escape](out, text);
	wn_buf_done(&json);
}

void template_put(struct wn_buf *out, struct wn_value v, enum wn_escape escape, bool raw)
{
	if (!raw)
		put_value(out, v, escape, 0);
	else if (escape == WN_ESCAPE_JSON)
		wn_json_write(out, v);
	else
		put_value(out, v, WN_ESCAPE_NONE, 0);
}

enum wn_escape wn_escape_of(struct wn_str type)
{
	static const struct {
		const char *end; /* of the type without parameters: "+json" and "/json" alike */
		enum wn_escape escape;
	} rows[] = {{"json", WN_ESCAPE_JSON}, {"html", WN_ESCAPE_HTML}, {"xml", WN_ESCAPE_HTML}, {"x-www-form-urlencoded", WN_ESCAPE_FORM}};
	size_t n = 0;
	while (n < type.n && type.p[n] != ';' && type.p[n] != ' ')
		n++;
	for (size_t i = 0; i < WN_COUNT(rows); i++) {
		size_t k = strlen(rows[i].end);
		if (n > k && strncasecmp(type.p + n - k, rows[i].end, k) == 0 && (type.p[n - k - 1] == '/' || type.p[n - k - 1] == '+'))
			return rows[i].escape;
	}
	return WN_ESCAPE_NONE;
}
