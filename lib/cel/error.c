/* SPDX-License-Identifier: MIT */
/*
 * Complaints of the compiler: place in the file, the source line, a caret, the nearest known name.
 *
 * Only the first complaint of a compile is kept: what follows one is usually its echo.
 */
#include "cel_internal.h"

#include <stdio.h>

#define LINE_SHOWN 100 /* characters of the source line shown around the caret */

static size_t line_start(struct wn_str s, size_t at)
{
	while (at > 0 && s.p[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(struct wn_str s, size_t at)
{
	while (at < s.n && s.p[at] != '\n' && s.p[at] != '\r')
		at++;
	return at;
}

static struct wn_place place_of(const struct cel_compile *c, size_t at)
{
	struct wn_place from = c->opt ? c->opt->origin : (struct wn_place){0};
	struct wn_place out = {from.file, from.line > 0 ? from.line : 1, 0};
	size_t start = line_start(c->text, at);

	for (size_t i = 0; i < start; i++)
		out.line += c->text.p[i] == '\n';
	out.column = (int)cel_utf8_count((struct wn_str){c->text.p + start, at - start}) + (from.column > 0 ? from.column : 1);
	return out;
}

/* "\n  the line\n      ^" with a window around the caret, tabs shown as blanks. */
static void draw_caret(struct wn_buf *b, struct wn_str text, size_t at)
{
	size_t start = line_start(text, at), end = line_end(text, at), col = 0;

	while (at - start > LINE_SHOWN / 2)
		start++;
	while (start < at && ((unsigned char)text.p[start] & 0xc0) == 0x80)
		start++;
	if (end - start > LINE_SHOWN)
		end = start + LINE_SHOWN;
	while (end < text.n && ((unsigned char)text.p[end] & 0xc0) == 0x80)
		end++;
	wn_buf_text(b, "\n  ");
	for (size_t i = start; i < end; i++) {
		wn_buf_char(b, (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
		col += i < at && ((unsigned char)text.p[i] & 0xc0) != 0x80;
	}
	wn_buf_text(b, "\n  ");
	while (col-- > 0)
		wn_buf_char(b, ' ');
	wn_buf_char(b, '^');
}

static bool WN_PRINTF(4, 0) complain(struct cel_compile *c, enum wn_rc rc, struct cel_span at, const char *fmt, va_list ap)
{
	char sentence[600];
	struct wn_buf caret;
	size_t pos = at.start < c->text.n ? at.start : c->text.n;

	if (c->rc != WN_OK)
		return false;
	c->rc = rc;
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	wn_buf_init(&caret, 400);
	if (cel_utf8_valid(c->text))
		draw_caret(&caret, c->text, pos);
	(void)wn_fail_at(c->err, rc, place_of(c, pos), "%s%s", sentence, caret.p ? caret.p : "");
	wn_buf_done(&caret);
	return false;
}

bool cel_complain(struct cel_compile *c, struct cel_span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, WN_INVALID, at, fmt, ap);
	va_end(ap);
	return false;
}

bool cel_complain_limit(struct cel_compile *c, struct cel_span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, WN_LIMIT, at, fmt, ap);
	va_end(ap);
	return false;
}

const char *cel_suggest(char *dst, size_t size, struct wn_str name, const char *const *names, size_t n)
{
	const char *near = wn_nearest(name, names, n);

	dst[0] = 0;
	if (near)
		snprintf(dst, size, ": did you mean `%s`?", near);
	return dst;
}
