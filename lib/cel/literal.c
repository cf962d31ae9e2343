/* SPDX-License-Identifier: MIT */
/*
 * Literals: numbers, strings, bytes, with their escapes ("String and Bytes Values" of the language definition).
 *
 * In a string every escape names a code point; in bytes \x and octal name a byte and \u is refused.
 */
#include "cel_internal.h"

#include <ctype.h>

/* --- numbers ----------------------------------------------------------------------------------------- */
static size_t take_while(const struct cel_lexer *l, size_t at, int (*is)(int))
{
	while (at < l->c->text.n && is((unsigned char)l->c->text.p[at]))
		at++;
	return at;
}

static char char_at(const struct cel_lexer *l, size_t at) { return at < l->c->text.n ? l->c->text.p[at] : 0; }

static bool lex_integer(struct cel_lexer *l, struct cel_token *out, size_t from, size_t end, int base)
{
	uint64_t u = 0;

	for (size_t i = from; i < end; i++) {
		unsigned char ch = (unsigned char)l->c->text.p[i];
		uint64_t digit = isdigit(ch) ? (uint64_t)(ch - '0') : (uint64_t)(tolower(ch) - 'a' + 10);

		if (__builtin_mul_overflow(u, (uint64_t)base, &u) || __builtin_add_overflow(u, digit, &u))
			return cel_complain(l->c, (struct cel_span){out->span.start, (uint32_t)end}, "this number is larger than 64 bits hold");
	}
	l->pos = (uint32_t)end;
	out->kind = TOK_INT;
	out->value = wn_uint(u);
	if (char_at(l, end) == 'u' || char_at(l, end) == 'U') {
		out->kind = TOK_UINT;
		l->pos++;
	}
	return true;
}

/* End of ".digits" and "e+digits" behind `at`; `at` itself when there is neither. */
static size_t float_end(const struct cel_lexer *l, size_t at)
{
	size_t end = at, exp;

	if (char_at(l, end) == '.' && isdigit((unsigned char)char_at(l, end + 1)))
		end = take_while(l, end + 1, isdigit);
	if (char_at(l, end) == 'e' || char_at(l, end) == 'E') {
		exp = end + 1;
		if (char_at(l, exp) == '+' || char_at(l, exp) == '-')
			exp++;
		if (isdigit((unsigned char)char_at(l, exp)))
			end = take_while(l, exp, isdigit);
	}
	return end;
}

bool cel_lex_number(struct cel_lexer *l, struct cel_token *out)
{
	size_t start = l->pos, end, fraction;

	if (char_at(l, start) == '0' && (char_at(l, start + 1) == 'x' || char_at(l, start + 1) == 'X') &&
	    isxdigit((unsigned char)char_at(l, start + 2)))
		return lex_integer(l, out, start + 2, take_while(l, start + 2, isxdigit), 16);
	end = take_while(l, start, isdigit);
	fraction = float_end(l, end);
	if (fraction == end)
		return lex_integer(l, out, start, end, 10);
	out->kind = TOK_DOUBLE;
	out->value = wn_double(0);
	l->pos = (uint32_t)fraction;
	if (!cel_double_parse((struct wn_str){l->c->text.p + start, fraction - start}, &out->value.d))
		return cel_complain(l->c, out->span, "this is no number");
	return true;
}

/* --- strings ----------------------------------------------------------------------------------------- */
struct decoder {
	struct cel_lexer *l;
	const char *p, *end;
	char *dst;
	size_t n;
	bool bytes;
};

static bool escape_error(struct decoder *d, const char *at, const char *why)
{
	uint32_t pos = (uint32_t)(at - d->l->c->text.p);

	return cel_complain(d->l->c, (struct cel_span){pos, pos + 2}, "%s", why);
}

/* `digits` hexadecimal digits behind the letter. */
static bool hex_escape(struct decoder *d, int digits, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 0; i < digits; i++) {
		if (d->p >= d->end || !isxdigit((unsigned char)*d->p))
			return false;
		v = v * 16 + (uint32_t)(isdigit((unsigned char)*d->p) ? *d->p - '0' : tolower(*d->p) - 'a' + 10);
		d->p++;
	}
	*out = v;
	return true;
}

static bool octal_escape(struct decoder *d, char first, uint32_t *out)
{
	if (d->end - d->p < 2 || first > '3' || d->p[0] < '0' || d->p[0] > '7' || d->p[1] < '0' || d->p[1] > '7')
		return false;
	*out = (uint32_t)(first - '0') * 64 + (uint32_t)(d->p[0] - '0') * 8 + (uint32_t)(d->p[1] - '0');
	d->p += 2;
	return true;
}

static bool simple_escape(char ch, uint32_t *out)
{
	static const char from[] = "abfnrtv\\?\"'`", to[] = "\a\b\f\n\r\t\v\\?\"'`";
	const char *at = ch ? strchr(from, ch) : NULL;

	if (at)
		*out = (uint32_t)(unsigned char)to[at - from];
	return at != NULL;
}

static bool escape(struct decoder *d)
{
	const char *at = d->p++;
	uint32_t v = 0;
	char ch;

	if (d->p >= d->end)
		return escape_error(d, at, "the text ends within an escape");
	ch = *d->p++;
	if (simple_escape(ch, &v)) {
		d->dst[d->n++] = (char)v;
		return true;
	}
	if (!((ch == 'x' || ch == 'X') ? hex_escape(d, 2, &v) : ch >= '0' && ch <= '7' ? octal_escape(d, ch, &v) :
	      ch == 'u' && !d->bytes ? hex_escape(d, 4, &v) : ch == 'U' && !d->bytes ? hex_escape(d, 8, &v) : false))
		return escape_error(d, at, "this is no escape of CEL: \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\' \\` \\? \\x41 \\101 \\u0041 \\U00000041");
	if (d->bytes) {
		d->dst[d->n++] = (char)v;
		return true;
	}
	if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return escape_error(d, at, "this escape names no Unicode character");
	d->n += cel_utf8_put(v, d->dst + d->n);
	return true;
}

/* An escape is never shorter than what it stands for, so the text's own size is room enough. */
static bool decode(struct decoder *d, bool raw)
{
	while (d->p < d->end)
		if (*d->p == '\\' && !raw) {
			if (!escape(d))
				return false;
		} else {
			d->dst[d->n++] = *d->p++;
		}
	return true;
}

/* Position of the closing quote, or 0 after a complaint. */
static size_t find_close(struct cel_lexer *l, struct cel_token *out, size_t at, char quote, bool triple, bool raw)
{
	struct wn_str s = l->c->text;

	for (; at < s.n; at++) {
		if (s.p[at] == '\\' && !raw)
			at++;
		else if (!triple && (s.p[at] == '\n' || s.p[at] == '\r'))
			break;
		else if (s.p[at] == quote && (!triple || (char_at(l, at + 1) == quote && char_at(l, at + 2) == quote)))
			return at;
	}
	cel_complain(l->c, out->span, "this text has no closing %s%c%s", triple ? "triple " : "", quote,
		     triple ? "" : " on its line (three quotes may span lines)");
	return 0;
}

bool cel_lex_string(struct cel_lexer *l, struct cel_token *out)
{
	bool bytes = false, raw = false, triple;
	struct decoder d = {.l = l};
	size_t at = l->pos, close;
	char quote;

	for (; char_at(l, at) != '"' && char_at(l, at) != '\''; at++)
		*(tolower(char_at(l, at)) == 'b' ? &bytes : &raw) = true;
	quote = char_at(l, at);
	triple = char_at(l, at + 1) == quote && char_at(l, at + 2) == quote;
	at += triple ? 3 : 1;
	close = find_close(l, out, at, quote, triple, raw);
	if (!close)
		return false;
	d.p = l->c->text.p + at;
	d.end = l->c->text.p + close;
	d.dst = wn_arena_alloc(l->c->arena, close - at + 4);
	d.bytes = bytes;
	if (!decode(&d, raw))
		return false;
	l->pos = (uint32_t)(close + (triple ? 3 : 1));
	out->kind = bytes ? TOK_BYTES : TOK_STRING;
	out->value = wn_string((struct wn_str){d.dst, d.n});
	out->value.kind = bytes ? WN_BYTES : WN_STRING;
	return true;
}
