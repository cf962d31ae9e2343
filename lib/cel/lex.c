/* SPDX-License-Identifier: MIT */
/*
 * Text to tokens, one at a time, each with its span of bytes.
 *
 * Follows "Syntax" of the CEL language definition. The text is valid UTF-8 when it comes here. Literals are
 * decoded in literal.c; the sign of a number belongs to the parser.
 */
#include "cel_internal.h"

#include <ctype.h>

/* ASCII letters, digits and _, whatever the locale. */
static bool is_word(char ch)
{
	static const bool words[256] = {['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['_'] = true};

	return words[(unsigned char)ch];
}

static char peek(const struct cel_lexer *l, uint32_t ahead)
{
	return l->pos + ahead < l->c->text.n ? l->c->text.p[l->pos + ahead] : 0;
}

static void skip_blanks(struct cel_lexer *l)
{
	for (;;) {
		char ch = peek(l, 0);

		if (ch == '/' && peek(l, 1) == '/') {
			while (l->pos < l->c->text.n && l->c->text.p[l->pos] != '\n')
				l->pos++;
		} else if (ch == ' ' || (ch >= '\t' && ch <= '\r' && ch != '\v')) {
			l->pos++;
		} else {
			return;
		}
	}
}

bool cel_is_reserved(struct wn_str s)
{
	static const char words[][10] = {"as", "break", "const", "continue", "else", "for", "function", "if", "import",
		"let", "loop", "package", "namespace", "return", "var", "void", "while"};

	for (size_t i = 0; i < WN_COUNT(words); i++)
		if (s.n > 0 && words[i][0] == s.p[0] && wn_str_is(s, words[i]))
			return true;
	return false;
}

/* r, b and their combinations directly before a quote open a literal. */
static bool opens_string(const struct cel_lexer *l)
{
	uint32_t i = 0;
	char first = peek(l, 0) | 0x20;

	if (first == 'r' || first == 'b') {
		char second = peek(l, 1) | 0x20;
		i = second == (first == 'r' ? 'b' : 'r') ? 2 : 1;
	}
	return peek(l, i) == '"' || peek(l, i) == '\'';
}

static bool lex_ident(struct cel_lexer *l, struct cel_token *out)
{
	const char *start = l->c->text.p + out->span.start, *p = start, *end = l->c->text.p + l->c->text.n;

	while (p < end && is_word(*p))
		p++;
	l->pos = (uint32_t)(p - l->c->text.p);
	out->kind = TOK_IDENT;
	out->text = (struct wn_str){start, (size_t)(p - start)};
	return true;
}

/* `content-type`: letters, digits and _ . - / and blank. */
static bool lex_quoted(struct cel_lexer *l, struct cel_token *out)
{
	l->pos++;
	while (isalnum((unsigned char)peek(l, 0)) || (peek(l, 0) && strchr("_.-/ ", peek(l, 0))))
		l->pos++;
	if (peek(l, 0) != '`' || l->pos == out->span.start + 1)
		return cel_complain(l->c, (struct cel_span){l->pos, l->pos + 1}, "a name in back quotes ends here without its closing quote");
	out->kind = TOK_QUOTED;
	out->text = (struct wn_str){l->c->text.p + out->span.start + 1, l->pos - out->span.start - 1};
	l->pos++;
	return true;
}

static bool lex_punct(struct cel_lexer *l, struct cel_token *out)
{
	char a = peek(l, 0), b = peek(l, 1);

	out->kind = TOK_PUNCT;
	if (b == '=' ? a == '=' || a == '!' || a == '<' || a == '>' : b == a && (a == '&' || a == '|')) {
		memcpy(out->punct, (char[]){a, b, 0}, 3);
		l->pos += 2;
		return true;
	}
	if (!a || !strchr("()[]{}.,:?<>!+-*/%", a)) {
		const char *hint = a == '=' ? ": equality is written `==`" : a == '&' ? ": and is written `&&`" : a == '|' ? ": or is written `||`" : "";

		return cel_complain(l->c, (struct cel_span){l->pos, l->pos + 1}, "this character has no meaning here%s", hint);
	}
	out->punct[0] = a;
	out->punct[1] = 0;
	l->pos++;
	return true;
}

static bool lex_any(struct cel_lexer *l, struct cel_token *out)
{
	char ch = peek(l, 0);

	if (l->pos >= l->c->text.n) {
		out->kind = TOK_END;
		return true;
	}
	if (opens_string(l))
		return cel_lex_string(l, out);
	if (isdigit((unsigned char)ch) || (ch == '.' && isdigit((unsigned char)peek(l, 1)) && !l->after_operand))
		return cel_lex_number(l, out);
	if (is_word(ch))
		return lex_ident(l, out);
	if (ch == '`')
		return lex_quoted(l, out);
	return lex_punct(l, out);
}

bool cel_lex(struct cel_lexer *l, struct cel_token *out)
{
	skip_blanks(l);
	*out = (struct cel_token){.span.start = l->pos};
	if (!lex_any(l, out))
		return false;
	out->span.end = l->pos;
	l->after_operand = out->kind == TOK_PUNCT ? out->punct[0] == ')' || out->punct[0] == ']' || out->punct[0] == '}' : !wn_str_is(out->text, "in");
	return true;
}
