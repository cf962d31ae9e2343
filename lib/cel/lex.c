/* SPDX-License-Identifier: MIT */
/*
 * Text to tokens, one at a time, each with its span of bytes.
 *
 * Follows "Syntax" of the CEL language definition. The text is valid UTF-8 when it comes here. Literals are
 * decoded in literal.c; the sign of a number belongs to the parser.
 */
#include "cel_internal.h"

enum { WORD = 1, DIGIT = 2, BLANK = 4, PUNCT = 8, OPENS = 16, QUOTED = 32 };

/* ASCII letters, digits and _ make words, whatever the locale. OPENS: may open a literal of text. */
static const uint8_t classes[256] = {
	['0' ... '9'] = WORD | DIGIT, ['A'] = WORD, ['B'] = WORD | OPENS, ['C' ... 'Q'] = WORD, ['R'] = WORD | OPENS, ['S' ... 'Z'] = WORD,
	['a'] = WORD, ['b'] = WORD | OPENS, ['c' ... 'q'] = WORD, ['r'] = WORD | OPENS, ['s' ... 'z'] = WORD, ['_'] = WORD,
	['"'] = OPENS, ['\''] = OPENS, [' '] = BLANK, ['\t'] = BLANK, ['\n'] = BLANK, ['\f'] = BLANK, ['\r'] = BLANK, ['`'] = QUOTED,
	['('] = PUNCT, [')'] = PUNCT, ['['] = PUNCT, [']'] = PUNCT, ['{'] = PUNCT, ['}'] = PUNCT, ['.'] = PUNCT, [','] = PUNCT, [':'] = PUNCT,
	['?'] = PUNCT, ['<'] = PUNCT, ['>'] = PUNCT, ['!'] = PUNCT, ['+'] = PUNCT, ['-'] = PUNCT, ['*'] = PUNCT, ['/'] = PUNCT, ['%'] = PUNCT,
};

static uint8_t class_of(char ch) { return classes[(unsigned char)ch]; }

static struct cel_span here(const struct cel_lexer *l)
{
	uint32_t at = (uint32_t)(l->p - l->start);

	return (struct cel_span){at, at + 1};
}

static void skip_blanks(struct cel_lexer *l)
{
	const char *p = l->p;

	for (;;) {
		while (class_of(*p) & BLANK)
			p++;
		if (p[0] != '/' || p[1] != '/')
			break;
		while (p < l->end && *p != '\n')
			p++;
	}
	l->p = p;
}

bool cel_is_reserved(struct wn_str s)
{
	static const char words[][10] = {"as", "break", "const", "continue", "else", "for", "function", "if", "import",
		"let", "loop", "package", "namespace", "return", "var", "void", "while"};
	static const uint32_t first = 1u << 'a' % 32 | 1u << 'b' % 32 | 1u << 'c' % 32 | 1u << 'e' % 32 | 1u << 'f' % 32 | 1u << 'i' % 32 |
				      1u << 'l' % 32 | 1u << 'p' % 32 | 1u << 'n' % 32 | 1u << 'r' % 32 | 1u << 'v' % 32 | 1u << 'w' % 32;

	for (size_t i = 0; i < WN_COUNT(words) && s.n > 1 && s.n < 10 && first >> s.p[0] % 32 & 1; i++)
		if (words[i][0] == s.p[0] && wn_str_is(s, words[i]))
			return true;
	return false;
}

/* r, b and their combinations directly before a quote open a literal. */
static bool opens_string(const struct cel_lexer *l)
{
	const char *p = l->p;
	char first = *p | 0x20;

	if (first == 'r' || first == 'b')
		p += (p[1] | 0x20) == (first == 'r' ? 'b' : 'r') ? 2 : 1;
	return *p == '"' || *p == '\'';
}

static bool lex_ident(struct cel_lexer *l, struct cel_token *out)
{
	const char *start = l->p, *p = start;

	while (class_of(*p) & WORD)
		p++;
	l->p = p;
	out->kind = TOK_IDENT;
	out->text = (struct wn_str){start, (size_t)(p - start)};
	l->after_operand = !(out->text.n == 2 && start[0] == 'i' && start[1] == 'n');
	return true;
}

/* `content-type`: letters, digits and _ . - / and blank. */
static bool lex_quoted(struct cel_lexer *l, struct cel_token *out)
{
	const char *start = ++l->p;

	while ((class_of(*l->p) & WORD) || (*l->p && strchr(".-/ ", *l->p)))
		l->p++;
	if (*l->p != '`' || l->p == start)
		return cel_complain(l->c, here(l), "a name in back quotes ends here without its closing quote");
	out->kind = TOK_QUOTED;
	out->text = (struct wn_str){start, (size_t)(l->p - start)};
	l->p++;
	return l->after_operand = true;
}

static bool lex_punct(struct cel_lexer *l, struct cel_token *out)
{
	char a = l->p[0], b = l->p[1];
	bool two = b == '=' ? a == '=' || a == '!' || a == '<' || a == '>' : b == a && (a == '&' || a == '|');

	if (!two && !(class_of(a) & PUNCT)) {
		const char *hint = a == '=' ? ": equality is written `==`" : a == '&' ? ": and is written `&&`" : a == '|' ? ": or is written `||`" : "";

		return cel_complain(l->c, here(l), "this character has no meaning here%s", hint);
	}
	out->kind = TOK_PUNCT;
	out->punct = CEL_PUNCT(((const char[]){a, two ? b : 0}));
	l->p += two ? 2 : 1;
	l->after_operand = a == ')' || a == ']' || a == '}';
	return true;
}

static bool lex_any(struct cel_lexer *l, struct cel_token *out)
{
	uint8_t class = class_of(*l->p);

	if (class & OPENS && opens_string(l))
		return (l->after_operand = cel_lex_string(l, out));
	if (class & DIGIT || (*l->p == '.' && class_of(l->p[1]) & DIGIT && !l->after_operand))
		return (l->after_operand = cel_lex_number(l, out));
	if (class & WORD)
		return lex_ident(l, out);
	if (class & QUOTED)
		return lex_quoted(l, out);
	if (l->p >= l->end) {
		out->kind = TOK_END;
		return true;
	}
	return lex_punct(l, out);
}

bool cel_lex(struct cel_lexer *l, struct cel_token *out)
{
	skip_blanks(l);
	out->punct = 0;
	out->text.n = 0;
	out->span.start = (uint32_t)(l->p - l->start);
	if (!lex_any(l, out))
		return false;
	out->span.end = (uint32_t)(l->p - l->start);
	return true;
}
