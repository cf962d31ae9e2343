/* SPDX-License-Identifier: MIT */
/*
 * Literals: numbers, strings, bytes, with their escapes ("String and Bytes Values" of the language definition).
 *
 * In a string every escape names a code point; in bytes \x and octal name a byte and \u is refused.
 */
#include "cel_internal.h"

#include <ctype.h>

/* --- numbers ----------------------------------------------------------------------------------------- */
static const char *take_while(const char *p, int (*is)(int))
{
	while (is((unsigned char)*p))
		p++;
	return p;
}

static bool lex_integer(struct cel_lexer *l, struct cel_token *out, const char *from, const char *end, int base)
{
	uint64_t u = 0;

	for (const char *p = from; p < end; p++) {
		unsigned char ch = (unsigned char)*p;
		uint64_t digit = isdigit(ch) ? (uint64_t)(ch - '0') : (uint64_t)(tolower(ch) - 'a' + 10);

		if (__builtin_mul_overflow(u, (uint64_t)base, &u) || __builtin_add_overflow(u, digit, &u))
			return cel_complain(l->c, (struct cel_span){out->span.start, (uint32_t)(end - l->start)}, "this number is larger than 64 bits hold");
	}
	out->kind = *end == 'u' || *end == 'U' ? TOK_UINT : TOK_INT;
	out->value = wn_uint(u);
	l->p = end + (out->kind == TOK_UINT);
	return true;
}

/* End of ".digits" and "e+digits" at `end`; `end` itself when there is neither. */
static const char *float_end(const char *end)
{
	const char *exp;

	if (end[0] == '.' && isdigit((unsigned char)end[1]))
		end = take_while(end + 1, isdigit);
	if (*end == 'e' || *end == 'E') {
		exp = end + 1;
		if (*exp == '+' || *exp == '-')
			exp++;
		if (isdigit((unsigned char)*exp))
			end = take_while(exp, isdigit);
	}
	return end;
}

bool cel_lex_number(struct cel_lexer *l, struct cel_token *out)
{
	const char *start = l->p, *end, *fraction;

	if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X') && isxdigit((unsigned char)start[2]))
		return lex_integer(l, out, start + 2, take_while(start + 2, isxdigit), 16);
	end = take_while(start, isdigit);
	fraction = float_end(end);
	if (fraction == end)
		return lex_integer(l, out, start, end, 10);
	out->kind = TOK_DOUBLE;
	out->value = wn_double(0);
	l->p = fraction;
	if (!cel_double_parse((struct wn_str){start, (size_t)(fraction - start)}, &out->value.d))
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
	uint32_t pos = (uint32_t)(at - d->l->start);

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
static bool decode(struct decoder *d)
{
	while (d->p < d->end)
		if (*d->p == '\\') {
			if (!escape(d))
				return false;
		} else {
			d->dst[d->n++] = *d->p++;
		}
	return true;
}

/* The closing quote from `p` on, NULL after a complaint. Tells of backslashes on the way. */
static const char *find_close(struct cel_lexer *l, struct cel_token *out, const char *p, bool triple, bool raw, bool *escapes)
{
	static const bool stops[256] = {['"'] = true, ['\''] = true, ['\\'] = true, ['\n'] = true, ['\r'] = true, [0] = true};
	char quote = p[-1];

	for (; p < l->end; p++) {
		while (!stops[(unsigned char)*p])
			p++;
		if (*p == quote && (!triple || (p[1] == quote && p[2] == quote)))
			return p;
		if (*p == '\\' && !raw)
			*escapes = true, p++;
		else if (!triple && (*p == '\n' || *p == '\r'))
			break;
	}
	cel_complain(l->c, out->span, "this text has no closing %s%c%s", triple ? "triple " : "", quote,
		     triple ? "" : " on its line (three quotes may span lines)");
	return NULL;
}

/* A text without escapes stays where it is: the text of the compile lives as long as its tree. */
bool cel_lex_string(struct cel_lexer *l, struct cel_token *out)
{
	bool bytes = false, raw = false, triple, escapes = false;
	struct decoder d = {.l = l, .p = l->p};
	struct wn_str s;

	for (; *d.p != '"' && *d.p != '\''; d.p++)
		*((*d.p | 0x20) == 'b' ? &bytes : &raw) = true;
	triple = d.p[1] == d.p[0] && d.p[2] == d.p[0];
	d.p += triple ? 3 : 1;
	if (!(d.end = find_close(l, out, d.p, triple, raw, &escapes)))
		return false;
	l->p = d.end + (triple ? 3 : 1);
	s = (struct wn_str){d.p, (size_t)(d.end - d.p)};
	if (escapes) {
		d.dst = wn_arena_alloc(l->c->arena, s.n + 4);
		d.bytes = bytes;
		if (!decode(&d))
			return false;
		s = (struct wn_str){d.dst, d.n};
	}
	out->kind = bytes ? TOK_BYTES : TOK_STRING;
	out->value = wn_string(s);
	out->value.kind = bytes ? WN_BYTES : WN_STRING;
	return true;
}
