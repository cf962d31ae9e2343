/* SPDX-License-Identifier: MIT */
/*
 * Quoted scalars of YAML, from the bytes between the quotes (YAML 1.2.2, sections 5.7, 7.3.1 and 7.3.2).
 *
 * libfyaml finds where they begin and end; its own decoder is not used: 0.7.12 reads 'x''''y' as x''' with
 * bytes of elsewhere, and leaks. Line breaks are LF alone here.
 */
#include <ctype.h>

#include "parts.h"

struct unquoter {
	struct wn_str raw;
	size_t at;
	char *out;
	size_t n;
};

static int peek(const struct unquoter *u, size_t ahead)
{
	return u->at + ahead < u->raw.n ? (unsigned char)u->raw.p[u->at + ahead] : -1;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct unquoter *u)
{
	while (is_blank(peek(u, 0)))
		u->at++;
}

/* Behind a line break: each further empty line is a line feed; blanks that begin a line are nothing. */
static size_t empty_lines(struct unquoter *u)
{
	size_t n = 0;

	skip_blanks(u);
	while (peek(u, 0) == '\n') {
		u->at++;
		n++;
		skip_blanks(u);
	}
	return n;
}

static void fold(struct unquoter *u)
{
	u->at++;
	size_t n = empty_lines(u);

	if (n == 0)
		u->out[u->n++] = ' ';
	while (n-- > 0)
		u->out[u->n++] = '\n';
}

/* Blanks before a line break are nothing, others stand. */
static void blanks(struct unquoter *u)
{
	size_t from = u->at;

	skip_blanks(u);
	if (peek(u, 0) == '\n')
		return;
	memcpy(u->out + u->n, u->raw.p + from, u->at - from);
	u->n += u->at - from;
}

static bool put_code_point(struct unquoter *u, uint32_t c)
{
	char *p = u->out + u->n;

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	u->n = (size_t)(p - u->out);
	return true;
}

static bool put_hex(struct unquoter *u, size_t digits)
{
	uint32_t c = 0;

	for (size_t i = 0; i < digits; i++) {
		int d = peek(u, i);
		if (d < 0 || !isxdigit(d))
			return false;
		c = c << 4 | (uint32_t)(isdigit(d) ? d - '0' : tolower(d) - 'a' + 10);
	}
	u->at += digits;
	return put_code_point(u, c);
}

static bool escape(struct unquoter *u)
{
	static const struct {
		char letter;
		uint32_t c;
	} named[] = {
		{'0', 0},   {'a', 7},     {'b', 8},    {'t', 9},   {'\t', 9},     {'n', 10},
		{'v', 11},  {'f', 12},    {'r', 13},   {'e', 27},  {' ', ' '},    {'"', '"'},
		{'/', '/'}, {'\\', '\\'}, {'N', 0x85}, {'_', 160}, {'L', 0x2028}, {'P', 0x2029},
	};
	int c = peek(u, 1);

	u->at += 2;
	if (c == 'x' || c == 'u' || c == 'U')
		return put_hex(u, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	if (c == '\n') { /* the line goes on */
		for (size_t n = empty_lines(u); n > 0; n--)
			u->out[u->n++] = '\n';
		return true;
	}
	for (size_t i = 0; i < WN_COUNT(named); i++)
		if (c == named[i].letter)
			return put_code_point(u, named[i].c);
	return false;
}

bool wn_conf_unquote(struct wn_str raw, char quote, struct wn_arena *a, struct wn_str *out)
{
	/* an escape of two bytes may stand for three */
	struct unquoter u = {.raw = raw, .out = wn_arena_alloc(a, 2 * raw.n + 1)};

	while (u.at < raw.n) {
		int c = peek(&u, 0);
		if (is_blank(c)) {
			blanks(&u);
		} else if (c == '\n') {
			fold(&u);
		} else if (c == '\\' && quote == '"') {
			if (!escape(&u))
				return false;
		} else {
			if (c == quote && (quote == '"' || peek(&u, 1) != quote))
				return false;
			u.at += c == quote ? 2 : 1;
			u.out[u.n++] = (char)c;
		}
	}
	*out = (struct wn_str){u.out, u.n};
	return true;
}
