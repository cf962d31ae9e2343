/* SPDX-License-Identifier: MIT */
/* Texts of a mail in ASCII: encoded words and folding for headers, quoted-printable and base64 for bodies. */
#include <whynow/base64.h>
#include <whynow/mail.h>

enum { LINE = 76, WORD_BYTES = 45 /* of text in one encoded word: "=?UTF-8?B?" 60 "?=" is 72 */ };

static bool is_plain(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			return false;
	return true;
}

/* Bytes of the character at i, at most what is there. */
static size_t char_bytes(struct wn_str s, size_t i)
{
	size_t n = 1;
	while (i + n < s.n && ((unsigned char)s.p[i + n] & 0xc0) == 0x80 && n < 4)
		n++;
	return n;
}

/* A header is one line: controls become blanks. */
static void put_one_line(struct wn_buf *b, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		wn_buf_char(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

/* RFC 2047: words of whole characters, split by a fold. */
static void put_words(struct wn_buf *out, struct wn_str s)
{
	for (size_t from = 0; from < s.n;) {
		size_t n = 0;
		while (from + n < s.n && n + char_bytes(s, from + n) <= WORD_BYTES)
			n += char_bytes(s, from + n);
		wn_buf_text(out, from ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
		wn_base64_write(out, (struct wn_str){s.p + from, n});
		wn_buf_text(out, "?=");
		from += n;
	}
}

/* Plain text, broken before blanks; a blank is never doubled or lost. */
static void put_folded(struct wn_buf *out, struct wn_str s, size_t column)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = 1;
		while (i + n < s.n && s.p[i + n] != ' ')
			n++;
		if (s.p[i] == ' ' && n > 1 && column + n > LINE) {
			wn_buf_text(out, "\r\n");
			column = 0;
		}
		wn_buf_add(out, s.p + i, n);
		column += n;
		i += n;
	}
}

static bool has_long_word(struct wn_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if ((n = s.p[i] == ' ' ? 0 : n + 1) > LINE)
			return true;
	return false;
}

static struct wn_str trimmed(const struct wn_buf *b)
{
	struct wn_str s = wn_buf_slice(b);
	while (s.n && *s.p == ' ')
		s.p++, s.n--;
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

void wn_mail_header_text(struct wn_buf *out, const char *name, struct wn_str text)
{
	struct wn_buf line;
	wn_buf_init(&line, text.n + 1);
	put_one_line(&line, text);
	struct wn_str s = trimmed(&line);
	wn_buf_text(out, name);
	wn_buf_text(out, ": ");
	if (is_plain(s) && !has_long_word(s))
		put_folded(out, s, strlen(name) + 2);
	else
		put_words(out, s);
	wn_buf_text(out, "\r\n");
	wn_buf_done(&line);
}

static bool is_atoms(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (memchr("()<>[]:;@\\,.\"", s.p[i], 13))
			return false;
	return true;
}

void wn_mail_phrase(struct wn_buf *out, struct wn_str name)
{
	struct wn_buf line;
	wn_buf_init(&line, name.n + 1);
	put_one_line(&line, name);
	struct wn_str s = trimmed(&line);
	if (!is_plain(s) || s.n > LINE - 12) {
		put_words(out, s);
	} else if (is_atoms(s)) {
		wn_buf_str(out, s);
	} else {
		wn_buf_char(out, '"');
		for (size_t i = 0; i < s.n; i++) {
			if (s.p[i] == '"' || s.p[i] == '\\')
				wn_buf_char(out, '\\');
			wn_buf_char(out, s.p[i]);
		}
		wn_buf_char(out, '"');
	}
	wn_buf_done(&line);
}

/* --- bodies ---- */
/* Bytes of a line end at i, 0 if there is none. */
static size_t line_end(struct wn_str s, size_t i)
{
	if (s.p[i] == '\r')
		return i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
	return s.p[i] == '\n';
}

static bool is_literal(struct wn_str s, size_t i, size_t column)
{
	char c = s.p[i];
	bool last = i + 1 == s.n || line_end(s, i + 1);
	if (c == ' ' || c == '\t')
		return !last; /* blanks at an end are lost on the way */
	if (column == 0 && (c == '.' || c == 'F'))
		return false; /* "From ", and a dot alone */
	return c > ' ' && c <= '~' && c != '=';
}

void wn_mail_quoted_printable(struct wn_buf *out, struct wn_str s)
{
	size_t column = 0;
	for (size_t i = 0; i < s.n;) {
		size_t end = line_end(s, i);
		if (end) {
			wn_buf_text(out, "\r\n");
			column = 0;
			i += end;
			continue;
		}
		size_t width = is_literal(s, i, column) ? 1 : 3;
		if (column + width > LINE - 1) {
			wn_buf_text(out, "=\r\n");
			column = 0;
			width = is_literal(s, i, column) ? 1 : 3;
		}
		if (width == 1)
			wn_buf_char(out, s.p[i]);
		else
			wn_buf_printf(out, "=%02X", (unsigned char)s.p[i]);
		column += width;
		i++;
	}
	if (column)
		wn_buf_text(out, "\r\n");
}

void wn_mail_base64(struct wn_buf *out, struct wn_str bytes)
{
	for (size_t i = 0; i < bytes.n; i += LINE / 4 * 3) {
		size_t n = bytes.n - i < LINE / 4 * 3 ? bytes.n - i : LINE / 4 * 3;
		wn_base64_write(out, (struct wn_str){bytes.p + i, n});
		wn_buf_text(out, "\r\n");
	}
}
