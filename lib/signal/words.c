/* SPDX-License-Identifier: MIT */
/*
 * Folding and cutting into words. The folding proper is of lib/base/text.c; here are the letters that Unicode
 * does not take apart (ø, ł, æ ...), the signs that are read as words, and the bounds.
 */
#include "words.h"

/* Bytes of a text that are looked at: a name or headline is far shorter. */
enum { LOOKED_AT = 4096 };

struct letter {
	uint32_t from;
	const char *to;
};
static const struct letter letters[] = {
    {0xdf, "ss"}, {0xe6, "ae"}, {0xf0, "d"},  {0xf8, "o"},   {0xfe, "th"},  {0x111, "d"},
    {0x127, "h"}, {0x131, "i"}, {0x142, "l"}, {0x14b, "ng"}, {0x153, "oe"}, {0x167, "t"},
};

/* Decodes one character of valid UTF-8. */
static size_t decode(const char *p, size_t n, uint32_t *cp)
{
	const uint8_t *b = (const uint8_t *)p;

	if (b[0] < 0x80) {
		*cp = b[0];
		return 1;
	}
	if (b[0] < 0xe0 && n >= 2) {
		*cp = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
		return 2;
	}
	if (b[0] < 0xf0 && n >= 3) {
		*cp = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
		return 3;
	}
	if (n >= 4) {
		*cp = (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
		return 4;
	}
	*cp = 0xfffd;
	return 1;
}

static bool is_apostrophe(uint32_t cp)
{
	return cp == '\'' || cp == 0x2018 || cp == 0x2019 || cp == 0x2bc || cp == 0x60 || cp == 0xb4;
}

static bool is_letter(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
	if (cp < 0xc0)
		return cp == 0xaa || cp == 0xb5 || cp == 0xba;
	if (cp == 0xd7 || cp == 0xf7 || cp == 0xfffd)
		return false;
	if (cp >= 0x2000 && cp <= 0x2bff) /* punctuation, arrows, signs, box drawing */
		return false;
	if (cp >= 0x3000 && cp <= 0x303f)
		return cp >= 0x3005 && cp <= 0x3007;
	return cp != 0x30fb && !(cp >= 0xfe30 && cp <= 0xfe4f) && !(cp >= 0x1f000 && cp <= 0x1faff);
}

static const char *letter_for(uint32_t cp)
{
	for (size_t i = 0; i < WN_COUNT(letters); i++)
		if (letters[i].from == cp)
			return letters[i].to;
	return NULL;
}

/* The words under construction; `from` is where the running word began in `text`. */
struct cutter {
	struct wn_words *words;
	char *text;
	size_t n, from;
};

static void end_word(struct cutter *c)
{
	if (c->n > c->from && c->words->n < WN_WORDS_MAX)
		c->words->w[c->words->n++] = (struct wn_str){c->text + c->from, c->n - c->from};
	c->from = c->n;
}

static void add(struct cutter *c, const char *p, size_t n)
{
	memcpy(c->text + c->n, p, n);
	c->n += n;
}

static void add_word(struct cutter *c, const char *word)
{
	end_word(c);
	add(c, word, strlen(word));
	end_word(c);
}

/* An apostrophe at `i`: true if a possessive s follows, which is skipped with it. */
static bool possessive(struct wn_str s, size_t i)
{
	uint32_t cp;

	if (i >= s.n || s.p[i] != 's')
		return false;
	if (i + 1 == s.n)
		return true;
	decode(s.p + i + 1, s.n - i - 1, &cp);
	return !is_letter(cp) && !is_apostrophe(cp);
}

void wn_words_cut(struct wn_str text, struct wn_arena *a, struct wn_words *out)
{
	struct wn_str s = wn_text_fold(wn_text_repair(text, LOOKED_AT, a), a);
	struct cutter c = {.words = out, .text = wn_arena_alloc(a, s.n * 5 + 1)}; /* '#' grows to "sharp" */
	uint32_t cp;

	out->n = 0;
	for (size_t i = 0, step; i < s.n; i += step) {
		step = decode(s.p + i, s.n - i, &cp);
		const char *to = letter_for(cp);
		if (to)
			add(&c, to, strlen(to));
		else if (cp == '&' || cp == '+')
			add_word(&c, "and");
		else if (cp == '#')
			add_word(&c, "sharp");
		else if (is_apostrophe(cp))
			step += possessive(s, i + step);
		else if (is_letter(cp))
			add(&c, s.p + i, step);
		else if (cp != '.')
			end_word(&c);
	}
	end_word(&c);
}

struct wn_str wn_words_join(const struct wn_words *w, size_t from, size_t n, char sep, struct wn_arena *a)
{
	size_t size = n, at = 0;

	for (size_t i = from; i < from + n; i++)
		size += w->w[i].n;
	char *p = wn_arena_alloc(a, size + 1);
	for (size_t i = from; i < from + n; i++) {
		if (i > from && sep)
			p[at++] = sep;
		memcpy(p + at, w->w[i].p, w->w[i].n);
		at += w->w[i].n;
	}
	return (struct wn_str){p, at};
}
