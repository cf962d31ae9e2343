/* SPDX-License-Identifier: MIT */
/*
 * A text as tokens: words with what is known of them, marks that part clauses and sentences. Quotation marks and what stands
 * in brackets are left out. Works on valid UTF-8 that news_clean has seen; one pass, no look at more than three bytes ahead.
 */
#include "news.h"

#include <endian.h>

enum { BRACKET_BYTES = 60 }; /* longer ones are text, not an aside */

/* --- cleaning ------------------------------------------------------------------------------------------- */

/* Bytes of an invisible character at p: soft hyphen, zero width, direction marks, byte order mark; 0: none. */
static size_t invisible(const uint8_t *p, size_t n)
{
	if (n >= 2 && p[0] == 0xc2 && p[1] == 0xad)
		return 2;
	if (n < 3)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x80 && ((p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xaa && p[2] <= 0xae)))
		return 3;
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf)
		return 3;
	return p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf ? 3 : 0;
}

static bool is_ascii(struct wn_str s)
{
	uint64_t high = 0, eight;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&eight, s.p + i, 8);
		high |= eight;
	}
	for (; i < s.n; i++)
		high |= (uint8_t)s.p[i];
	return !(high & UINT64_C(0x8080808080808080));
}

static bool is_plain(struct wn_str s)
{
	if (is_ascii(s))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if ((c == 0xc2 || c == 0xe2 || c == 0xef) && invisible((const uint8_t *)s.p + i, s.n - i))
			return false;
	}
	return true;
}

struct wn_str news_clean(struct wn_str s, struct wn_arena *a)
{
	if (s.n > WN_NEWS_TEXT_MAX)
		s.n = WN_NEWS_TEXT_MAX;
	while (s.n > 0 && ((uint8_t)s.p[s.n - 1] & 0x80) && !wn_text_is_utf8((struct wn_str){s.p + (s.n > 4 ? s.n - 4 : 0), s.n > 4 ? 4 : s.n}) &&
	       !wn_text_is_utf8(s))
		s.n--;
	if (is_plain(s))
		return s;
	char *p = wn_arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		size_t skip = invisible((const uint8_t *)s.p + i, s.n - i);
		if (!skip)
			p[n++] = s.p[i++];
		i += skip;
	}
	return (struct wn_str){p, n};
}

/* --- characters ----------------------------------------------------------------------------------------- */

static bool on_list(const struct news_word *w, enum news_list l) { return w && w->lists[l / 64] >> (l % 64) & 1; }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool alnum(char c) { return digit(c) || upper(c) || (c >= 'a' && c <= 'z') || (uint8_t)c >= 0x80; }

enum { LETTER = 1, OPEN, CLOSE, DOUBLE, DASH };
/* What the character at i is, and its bytes: LETTER (digits too), a quotation mark, DASH, or the ASCII sign it stands for. */
static char sign(struct wn_str s, size_t i, size_t *len)
{
	const uint8_t *p = (const uint8_t *)s.p + i;
	size_t n = s.n - i;

	*len = 1;
	if (p[0] < 0x80)
		return alnum((char)p[0]) ? LETTER : p[0] == '"' ? DOUBLE : (char)p[0];
	*len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	*len = *len > n ? n : *len;
	if (n >= 2 && p[0] == 0xc2)
		return p[1] == 0xa0 ? ' ' : p[1] == 0xb7 ? '|' : p[1] == 0xab || p[1] == 0xbb ? DOUBLE : LETTER;
	if (n >= 3 && p[0] == 0xe2 && p[1] == 0x80) {
		static const char signs[0x30] = {
			[0x00] = ' ', [0x01] = ' ', [0x02] = ' ', [0x03] = ' ', [0x04] = ' ', [0x05] = ' ', [0x06] = ' ', [0x07] = ' ',
			[0x08] = ' ', [0x09] = ' ', [0x0a] = ' ', [0x10] = '-', [0x11] = '-', [0x13] = DASH, [0x14] = DASH, [0x15] = DASH,
			[0x18] = OPEN, [0x19] = CLOSE, [0x1c] = DOUBLE, [0x1d] = DOUBLE, [0x1e] = DOUBLE, [0x22] = '|', [0x26] = '.', [0x2f] = ' '};
		char c = p[2] >= 0x80 && p[2] < 0xb0 ? signs[p[2] - 0x80] : 0;
		return c ? c : LETTER;
	}
	if (n >= 3 && p[0] == 0xe3 && p[1] == 0x80 && p[2] <= 0x82)
		return p[2] == 0x80 ? ' ' : '.';
	return LETTER;
}

/* --- words ---------------------------------------------------------------------------------------------- */

struct cutter {
	struct news_text *x;
	struct wn_arena *arena;
	size_t i;
	bool open; /* a single quote */
	bool open2;
};

static struct news_token *push(struct cutter *c, size_t at, size_t n)
{
	struct news_text *x = c->x;

	if (x->n == NEWS_TOKENS_MAX)
		return NULL;
	if (x->n == x->cap) {
		struct news_token *more = WN_NEW_N(c->arena, struct news_token, (size_t)(x->cap ? x->cap * 4 : 64));
		if (x->n)
			memcpy(more, x->t, (size_t)x->n * sizeof(*more));
		x->t = more;
		x->cap = x->cap ? x->cap * 4 : 64;
	}
	struct news_token *t = &x->t[x->n++];
	*t = (struct news_token){.at = (uint32_t)at, .n = (uint32_t)n};
	return t;
}

static bool letter_at(struct wn_str s, size_t i)
{
	size_t len;
	return i < s.n && sign(s, i, &len) == LETTER;
}

/* Does the word that began at `from` go on over the sign at i? */
static bool joins(struct wn_str s, size_t i, char c, size_t len, size_t from)
{
	if (c == '$')
		return i + 1 < s.n && digit(s.p[i + 1]);
	if (i == from)
		return false;
	if (c == ',')
		return digit(s.p[i - 1]) && i + 1 < s.n && digit(s.p[i + 1]);
	if (c == '-' || c == '&' || c == '_' || c == '@' || (c == '.' && len == 1))
		return letter_at(s, i + len);
	return c == '+' || c == '%';
}

/* An apostrophe at i: bytes of a possessive (and the sign) that end the word, 0: the word goes on or a quotation ends. */
static size_t possessive(const struct cutter *c, size_t i, size_t len, bool *goes_on)
{
	struct wn_str s = c->x->text;
	bool s_next = i + len < s.n && (s.p[i + len] == 's' || s.p[i + len] == 'S') && !letter_at(s, i + len + 1);

	*goes_on = !s_next && letter_at(s, i + len);
	if (s_next)
		return len + 1;
	return !*goes_on && !c->open && i > 0 && (s.p[i - 1] == 's' || s.p[i - 1] == 'z') ? len : 0;
}

static const struct news_word *look_up(const struct cutter *c, struct wn_str w)
{
	char folded[48];
	size_t n = 0;

	if (w.n > sizeof(folded))
		return NULL;
	for (size_t i = 0; i < w.n; i++) {
		if (i + 2 < w.n && (uint8_t)w.p[i] == 0xe2 && (uint8_t)w.p[i + 1] == 0x80 && (uint8_t)w.p[i + 2] == 0x99) {
			folded[n++] = '\'';
			i += 2;
		} else {
			folded[n++] = upper(w.p[i]) ? (char)(w.p[i] | 0x20) : w.p[i];
		}
	}
	return news_word_find(c->x->news, folded, n);
}

/* "10M", "2nd", "450-mile", "20-year-olds" are numbers; "1X", "37signals" are names. */
static bool number_like(struct wn_str w)
{
	static const char *const units[] = {"st", "nd", "rd", "th", "m", "k", "b", "bn", "mn", "mm", "t", "x", "s", "am", "pm",
					    "km", "kg", "gw", "mw", "kwh", "gb", "tb", "cr", "d", "g", "mph", "h", "p", "nm"};
	size_t i = 0;

	while (i < w.n && (digit(w.p[i]) || w.p[i] == '.' || w.p[i] == ','))
		i++;
	struct wn_str rest = {w.p + i, w.n - i};
	if (rest.n == 0 || rest.p[0] == '-' || rest.p[0] == '%' || rest.p[0] == '+')
		return true;
	if (rest.n == 1 && rest.p[0] == 'X')
		return false;
	for (size_t k = 0; k < WN_COUNT(units); k++)
		if (strlen(units[k]) == rest.n && strncasecmp(units[k], rest.p, rest.n) == 0)
			return true;
	return rest.n > 1 && rest.p[rest.n - 1] == '+';
}

static uint8_t flags_of(const struct cutter *c, struct wn_str w)
{
	uint8_t f = c->open || c->open2 ? T_QUOTED : 0;
	const char *dash = memrchr(w.p, '-', w.n);
	size_t uppers = 0, letters = 0, len;

	for (size_t i = 0; i < w.n; i++) {
		uppers += upper(w.p[i]);
		letters += !digit(w.p[i]);
	}
	if (memchr(w.p, '$', w.n)) { /* "$5M", "US$5M" */
		f |= T_DIGIT;
	} else if (digit(w.p[0])) {
		f |= number_like(w) ? T_DIGIT : T_CAP;
	} else if ((sign(w, 0, &len) == LETTER && w.n > len && digit(w.p[len]) && (uint8_t)w.p[0] >= 0x80)) {
		f |= T_DIGIT;
	} else if ((uint8_t)w.p[0] >= 0x80) {
		bool small = w.n > 1 && (uint8_t)w.p[0] == 0xc3 && (uint8_t)w.p[1] >= 0x9f;
		f |= small ? 0 : T_CAP;
	} else if (upper(w.p[0]) || uppers > 0) {
		f |= T_CAP;
	}
	if (uppers >= 2 && uppers == letters)
		f |= T_UPPER;
	if (dash && dash > w.p && dash + 1 < w.p + w.n) {
		const struct news_word *end = look_up(c, (struct wn_str){dash + 1, (size_t)(w.p + w.n - dash - 1)});
		if (on_list(end, L_SUFFIX))
			f = (uint8_t)((f & ~T_CAP) | T_COMPOUND);
	}
	return f;
}

/* Where the word that begins at `from` ends; *skip: bytes of a possessive behind it. */
static size_t word_end(const struct cutter *c, size_t from, size_t *skip)
{
	struct wn_str s = c->x->text;
	size_t i = from, len;

	*skip = 0;
	for (; i < s.n; i += len) {
		char ch = sign(s, i, &len);
		bool goes_on = ch == LETTER || joins(s, i, ch, len, from);
		if (ch == '\'' || ch == CLOSE)
			*skip = i > from ? possessive(c, i, len, &goes_on) : 0;
		if (!goes_on)
			break;
	}
	return i;
}

/* Eight bytes from i on, the first the lowest; 0 behind the end. */
static uint64_t eight_at(struct wn_str s, size_t i)
{
	uint64_t eight = 0;
	if (s.n - i >= 8)
		memcpy(&eight, s.p + i, 8);
	else
		memcpy(&eight, s.p + i, s.n - i);
	return le64toh(eight);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many of eight bytes are letters of ASCII, from the first on: those from 'a' to 'z' carry into their highest bit, those behind do not. */
static unsigned letters_of(uint64_t eight)
{
	uint64_t low = (eight | EACH(0x20)) & EACH(0x7f);
	uint64_t others = ~((low + EACH(0x80 - 'a')) & ~(low + EACH(0x7f - 'z')) & ~eight) & EACH(0x80);
	return others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
}

/* Behind a word of n letters that end at i: does anything there leave it as it is? */
static bool ends_plain(struct wn_str s, size_t i, size_t n)
{
	switch (i < s.n ? s.p[i] : ' ') {
	case ' ': case '\n': case ',': case ';': case ':': case '?': case '!': case ')':
		return true;
	case '.': /* "A." is no article, "St.Ives" one word */
		return n > 1 && (i + 1 == s.n || s.p[i + 1] == ' ' || s.p[i + 1] == '\n');
	default:
		return false;
	}
}

/* Most words: letters of ASCII, a blank or a mark behind. Eight letters at a time, for how long a word is can be foreseen by no
 * branch. False: look closer. */
static bool cut_plain(struct cutter *c)
{
	enum { LONGEST = 48 };
	struct wn_str s = c->x->text;
	char folded[LONGEST];
	size_t n = 0, uppers = 0;
	unsigned more;
	uint64_t hash = NEWS_HASH;

	do {
		uint64_t eight = eight_at(s, c->i + n);
		more = letters_of(eight);
		uint64_t these = more == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * more) - 1, low = htole64((eight | EACH(0x20)) & these);
		memcpy(folded + n, &low, 8);
		uppers += ((~eight & EACH(0x20) & these) >> 5) * EACH(1) >> 56; /* their sum */
		hash = news_hash(hash, low);
		n += more;
	} while (more == 8 && n < LONGEST);
	if (n == 0 || n == LONGEST || !ends_plain(s, c->i + n, n))
		return false;
	struct news_token *t = push(c, c->i, n);
	if (t) {
		t->flags = (uint8_t)((c->open || c->open2 ? T_QUOTED : 0) | (uppers ? T_CAP : 0) | (uppers >= 2 && uppers == n ? T_UPPER : 0));
		t->word = news_word_hashed(c->x->news, folded, n, hash);
	}
	c->i += n + (c->i + n < s.n && s.p[c->i + n] == ' ');
	return true;
}

/* "Men's Wearhouse": the next word, behind i, is one of the name. */
static bool is_own_name(const struct cutter *c, const struct news_word *word, struct wn_str w, size_t i)
{
	struct wn_str s = c->x->text;
	return on_list(word, L_OWNNAME) && upper(w.p[0]) && i + 1 < s.n && s.p[i] == ' ' && upper(s.p[i + 1]);
}

static void cut_word(struct cutter *c)
{
	size_t skip, len, end = word_end(c, c->i, &skip);
	struct wn_str w = {c->x->text.p + c->i, end - c->i};

	if (w.n == 0) { /* a sign that is no word */
		(void)sign(c->x->text, c->i, &len);
		c->i += len;
		return;
	}
	struct news_token *t = push(c, c->i, w.n);
	if (t) {
		bool initial = w.n == 1 && upper(w.p[0]) && end < c->x->text.n && c->x->text.p[end] == '.'; /* "A." is no article */
		t->word = initial ? NULL : look_up(c, w);
		t->flags = (uint8_t)(flags_of(c, w) | (skip && !is_own_name(c, t->word, w, end + skip) ? T_POSSESSIVE : 0));
	}
	c->i = end + skip;
}

/* --- marks ---------------------------------------------------------------------------------------------- */

static bool abbreviated(const struct cutter *c)
{
	const struct news_token *t = c->x->n ? &c->x->t[c->x->n - 1] : NULL;
	struct wn_str s = c->x->text;

	if (!t || t->at + t->n != c->i || (t->flags & T_MARK))
		return false;
	if (t->n == 1 && upper(s.p[t->at]))
		return true;
	if (t->n >= 3 && s.p[t->at + t->n - 2] == '.') /* "U.S.", "Ph.D." */
		return true;
	if ((t->flags & T_CAP) && c->i + 3 < s.n && s.p[c->i + 1] == ' ' && upper(s.p[c->i + 2]) && s.p[c->i + 3] == '.')
		return true; /* "Jos. A. Bank" */
	return on_list(t->word, L_ABBR);
}

static void mark(struct cutter *c, char m, size_t len)
{
	struct news_token *t = push(c, c->i, len);

	if (t) {
		t->flags = T_MARK;
		t->mark = m;
	}
	c->i += len;
}

/* An aside in brackets is skipped whole. */
static size_t behind_bracket(struct wn_str s, size_t i)
{
	size_t most = s.n - i < BRACKET_BYTES ? s.n - i : BRACKET_BYTES;
	const char *end = memchr(s.p + i, s.p[i] == '(' ? ')' : ']', most);

	return end ? (size_t)(end + 1 - s.p) : i + 1;
}

static bool blank_around(struct wn_str s, size_t i, size_t len)
{
	return (i == 0 || s.p[i - 1] == ' ') && (i + len >= s.n || s.p[i + len] == ' ');
}

static void ampersand(struct cutter *c)
{
	struct news_token *t = push(c, c->i, 1);

	if (t)
		t->word = news_word_find(c->x->news, "&", 1);
	c->i++;
}

/* "Acme, Inc.": the comma parts nothing. */
static bool before_legal_form(const struct cutter *c)
{
	const struct news_token *t = c->x->n ? &c->x->t[c->x->n - 1] : NULL;
	struct wn_str s = c->x->text;
	size_t from = c->i + 2, to = from;

	if (!t || !(t->flags & T_CAP) || (t->flags & T_POSSESSIVE) || from >= s.n || s.p[from - 1] != ' ' || !upper(s.p[from]))
		return false;
	while (to < s.n && (alnum(s.p[to]) || (s.p[to] == '.' && to + 1 < s.n && alnum(s.p[to + 1]))))
		to++;
	const struct news_word *w = look_up(c, (struct wn_str){s.p + from, to - from});
	return on_list(w, L_LEGAL);
}

static void quotation(struct cutter *c, char ch, size_t len)
{
	if (ch == DOUBLE)
		c->open2 = !c->open2;
	else
		c->open = ch == OPEN || (ch == '\'' && !c->open);
	c->i += len;
}

static void cut_one(struct cutter *c)
{
	if (cut_plain(c))
		return;
	struct wn_str s = c->x->text;
	size_t len;
	char ch = sign(s, c->i, &len);

	switch (ch) {
	case ' ': case '\t': case '\r':
		c->i += len;
		break;
	case '.':
		if (len == 1 && abbreviated(c))
			c->i++;
		else
			mark(c, '.', len);
		break;
	case '\n':
		mark(c, '.', len);
		break;
	case ',':
		if (before_legal_form(c))
			c->i += len;
		else
			mark(c, ch, len);
		break;
	case '?': case '!': case ':': case ';': case '|':
		mark(c, ch, len);
		break;
	case DASH:
		mark(c, '-', len);
		break;
	case '-':
		if (len == 1 && blank_around(s, c->i, len))
			mark(c, '-', len);
		else
			cut_word(c);
		break;
	case '(': case '[':
		c->i = behind_bracket(s, c->i);
		break;
	case DOUBLE: case OPEN: case CLOSE: case '\'':
		quotation(c, ch, len);
		break;
	case '&':
		ampersand(c);
		break;
	default:
		cut_word(c);
	}
}

/* --- sentences ------------------------------------------------------------------------------------------ */

static bool ends_sentence(const struct news_token *t)
{
	return (t->flags & T_MARK) && (t->mark == '.' || t->mark == '?' || t->mark == '!');
}

/* Headlines in capitals tell names from other words by nothing. */
static bool title_case(const struct news_text *x)
{
	int small = 0, cap = 0;

	for (int i = x->begin; i < x->end; i++) {
		const struct news_token *t = &x->t[i];
		if (t->n < 4 || (t->flags & (T_MARK | T_DIGIT)) || news_is(x, i, L_PREP) || news_is(x, i, L_FUNCTION))
			continue;
		if (t->flags & T_CAP)
			cap++;
		else if (!(t->flags & T_COMPOUND))
			small++;
	}
	return cap >= 3 && small * 6 <= cap;
}

/* Hearsay anywhere in a sentence makes all of it so. */
static const char *why_no_news(const struct news_text *x)
{
	for (int i = x->begin; i < x->end; i++) {
		if (!x->t[i].word || !x->t[i].word->begins_silence)
			continue;
		if (news_in(x, L_OTHERWORLD, i))
			return "not about companies";
		if (news_in(x, L_HEARSAY, i) || (news_is(x, i, L_REPORT) && (i + 1 == x->end || news_mark(x, i + 1, ':'))))
			return "hearsay";
	}
	return x->end < x->n && x->t[x->end].mark == '?' ? "a question" : NULL;
}

/* Cuts the rest of one sentence with the mark that ends it; false: nothing is left. */
static bool cut_sentence(struct news_text *x, struct wn_arena *a)
{
	struct cutter c = {x, a, x->cut_to, x->quoted1, x->quoted2};
	int from = x->n;

	while (c.i < x->text.n && x->n < NEWS_TOKENS_MAX && (x->n == from || !ends_sentence(&x->t[x->n - 1])))
		cut_one(&c);
	x->cut_to = c.i;
	x->quoted1 = c.open;
	x->quoted2 = c.open2;
	return x->n > from;
}

bool news_next_sentence(struct news_text *x, struct wn_arena *a)
{
	do {
		x->begin = x->end = x->n;
		if (!cut_sentence(x, a))
			return false;
		x->end = ends_sentence(&x->t[x->n - 1]) ? x->n - 1 : x->n;
	} while (x->begin == x->end);
	return true;
}

void news_weigh_sentence(struct news_text *x)
{
	x->title_case = title_case(x);
	news_settle_names(x);
	x->why_not = why_no_news(x);
}

bool news_phrase_at(const struct news_text *x, const struct news_phrase *p, int i)
{
	if (i + p->n > x->end)
		return false;
	for (int k = 1; k < p->n; k++)
		if (x->t[i + k].word != p->words[k])
			return false;
	return true;
}

int news_phrase_in(const struct news_text *x, int list, int i)
{
	const struct news_word *w = x->t[i].word;
	int best = w->lists[list / 64] >> (list % 64) & 1;

	for (const struct news_phrase *p = w->phrases; p; p = p->next)
		if (p->list == list && p->n > best && news_phrase_at(x, p, i))
			best = p->n;
	return best;
}

struct wn_str news_slice(const struct news_text *x, struct news_span s)
{
	if (s.from < 0 || s.from >= s.to || s.to > x->n)
		return WN_STR("");
	size_t from = x->t[s.from].at, to = x->t[s.to - 1].at + x->t[s.to - 1].n;
	return (struct wn_str){x->text.p + from, to - from};
}
