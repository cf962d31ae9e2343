/* SPDX-License-Identifier: MIT */
/*
 * The words that extraction knows, read from data: lists, technologies, currencies. A word is folded once and knows the
 * lists it is on, so that looking at a token is one hash, however long the lists are.
 */
#include "news.h"
#include "words.h"

static uint64_t hash_of(const char *p, size_t n)
{
	uint64_t h = NEWS_HASH, eight;

	for (size_t i = 0, more; i <= n; i += 8) {
		more = n - i < 8 ? n - i : 8;
		eight = 0;
		memcpy(&eight, p + i, more);
		h = news_hash(h, eight);
	}
	return h;
}

static uint64_t *may_be(const struct wn_news *n, uint64_t hash) { return (uint64_t *)&n->may_be_word[hash >> 6 & (NEWS_MAY_BE - 1)]; }

static uint64_t bit_of(uint64_t hash) { return UINT64_C(1) << (hash & 63); }

static size_t slot_of(const struct wn_news *n, const char *folded, size_t len, uint64_t hash)
{
	size_t i = hash & (n->cap_words - 1);

	for (; n->words[i].word; i = (i + 1) & (n->cap_words - 1)) {
		const struct news_word_slot *s = &n->words[i];
		if (s->hash == hash && s->word->text.n == len && (len < 8 || memcmp(s->word->text.p, folded, len) == 0))
			break; /* of less than eight letters the hash is made of nothing else, and tells them all apart */
	}
	return i;
}

const struct news_word *news_word_hashed(const struct wn_news *n, const char *folded, size_t len, uint64_t hash)
{
	return *may_be(n, hash) & bit_of(hash) ? n->words[slot_of(n, folded, len, hash)].word : NULL;
}

const struct news_word *news_word_find(const struct wn_news *n, const char *folded, size_t len)
{
	return news_word_hashed(n, folded, len, hash_of(folded, len));
}

/* At most half full. */
static void grow(struct wn_news *n)
{
	struct news_word_slot *old = n->words;
	size_t cap = n->cap_words;

	n->cap_words = cap ? cap * 2 : 1024;
	n->words = WN_NEW_N(n->arena, struct news_word_slot, n->cap_words);
	for (size_t i = 0; i < cap; i++)
		if (old[i].word)
			n->words[slot_of(n, old[i].word->text.p, old[i].word->text.n, old[i].hash)] = old[i];
}

static struct news_word *word_make(struct wn_news *n, struct wn_str text)
{
	struct wn_str folded = wn_text_lower_ascii(text, n->arena);
	uint64_t hash = hash_of(folded.p, folded.n);

	if (2 * (n->n_words + 1) > n->cap_words)
		grow(n);
	struct news_word_slot *s = &n->words[slot_of(n, folded.p, folded.n, hash)];
	if (!s->word) {
		*s = (struct news_word_slot){WN_NEW(n->arena, struct news_word), hash};
		s->word->text = folded;
		n->n_words++;
		*may_be(n, hash) |= bit_of(hash);
	}
	return s->word;
}

bool news_line(struct wn_str *rest, struct wn_str *line, int *number)
{
	while (rest->n > 0) {
		const char *end = memchr(rest->p, '\n', rest->n);
		struct wn_str l = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
		*rest = end ? (struct wn_str){end + 1, rest->n - l.n - 1} : WN_STR("");
		++*number;
		*line = wn_text_trim(l);
		if (line->n && line->p[0] != '#')
			return true;
	}
	return false;
}

struct wn_str news_field(struct wn_str *rest, char sep)
{
	const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	struct wn_str f = at ? (struct wn_str){rest->p, (size_t)(at - rest->p)} : *rest;

	*rest = at ? (struct wn_str){at + 1, rest->n - f.n - 1} : (struct wn_str){rest->p + rest->n, 0};
	return wn_text_trim(f);
}

int news_list_named(struct wn_news *n, struct wn_str name, bool make)
{
	for (size_t i = 0; i < n->lists.n; i++)
		if (wn_str_eq(n->lists.v[i], name))
			return (int)i;
	if (!make || n->lists.n == WN_NEWS_LISTS_MAX)
		return -1;
	*WN_PUSH(n->arena, &n->lists) = wn_arena_str(n->arena, name);
	return (int)n->lists.n - 1;
}

bool news_list_add(struct wn_news *n, int list, struct wn_str text, uint16_t value)
{
	struct news_phrase ph = {.list = (uint16_t)list, .value = value};
	struct news_word *first = NULL;

	for (size_t i = 0; i < text.n;) {
		size_t from = i;
		while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t')
			i++;
		if (i > from) {
			if (ph.n == NEWS_PHRASE_MAX)
				return false;
			struct news_word *w = word_make(n, (struct wn_str){text.p + from, i - from});
			first = first ? first : w;
			ph.words[ph.n++] = w;
		}
		i += i < text.n;
	}
	if (!first)
		return false;
	*WN_PUSH(n->arena, &n->entries[list]) = wn_arena_str(n->arena, text);
	first->begins_silence |= list == L_HEARSAY || list == L_OTHERWORLD || list == L_REPORT;
	if (ph.n == 1) {
		first->lists[list / 64] |= (uint64_t)1 << (list % 64);
		first->value = value ? value : first->value;
		return true;
	}
	first->begins[list / 64] |= (uint64_t)1 << (list % 64);
	ph.next = first->phrases;
	first->phrases = WN_NEW(n->arena, struct news_phrase);
	*first->phrases = ph;
	return true;
}

/* --- regular verbs ------------------------------------------------------------------------------------- */

static bool vowel(char c) { return memchr("aeiou", c, 5) != NULL; }

/* "snap", "grab": one vowel between consonants, and no other; the last letter is doubled. */
static bool doubles(struct wn_str v)
{
	size_t vowels = 0;

	for (size_t i = 0; i < v.n; i++)
		vowels += vowel(v.p[i]) && !(i > 0 && v.p[i - 1] == 'q'); /* quit */
	return v.n >= 3 && vowels == 1 && vowel(v.p[v.n - 2]) && !memchr("wxy", v.p[v.n - 1], 3);
}

static const char *form(struct wn_arena *a, struct wn_str v, const char *end, struct wn_str rest)
{
	char last = v.p[v.n - 1];
	bool y = last == 'y' && v.n > 1 && !vowel(v.p[v.n - 2]);
	bool hiss = memchr("sxz", last, 3) || (v.n > 1 && last == 'h' && memchr("cs", v.p[v.n - 2], 2));
	size_t stem = v.n - ((y && end[0] != 'i') || (last == 'e' && end[0] != 's'));
	const char *twice = doubles(v) && end[0] != 's' ? (char[]){last, 0} : "";

	if (end[0] == 's')
		end = y ? "ies" : hiss ? "es" : "s";
	else if (y && end[0] == 'e')
		end = "ied";
	return wn_arena_printf(a, WN_STR_FMT "%s%s%s" WN_STR_FMT, WN_STR_ARG(((struct wn_str){v.p, stem})), twice, end, rest.n ? " " : "",
			       WN_STR_ARG(rest));
}

/* `~snap up`, `~~snap up`, `=bank`, else the entry alone. */
static bool add_forms(struct wn_news *n, int list, struct wn_str entry)
{
	static const char *const ends[] = {"s", "ed", "ing"};
	size_t tildes = 0, bare = entry.n > 0 && entry.p[0] != '=';

	while (bare && tildes < 2 && tildes < entry.n && entry.p[tildes] == '~')
		tildes++;
	size_t forms = !bare ? 2 : tildes ? tildes + 1 : 0;
	entry = (struct wn_str){entry.p + tildes + !bare, entry.n - tildes - !bare};
	struct wn_str rest = entry, verb = news_field(&rest, ' ');
	if (!verb.n || (bare && !news_list_add(n, list, entry, 0)))
		return false;
	for (size_t i = 0; i < forms; i++)
		if (!news_list_add(n, list, wn_str_of(form(n->arena, verb, ends[i], rest)), 0))
			return false;
	return true;
}

/* --- files ---------------------------------------------------------------------------------------------- */

enum wn_rc news_read_words(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err)
{
	struct wn_place at = {.file = file, .column = 1};
	struct wn_str line;

	while (news_line(&text, &line, &at.line)) {
		if (!memchr(line.p, ':', line.n))
			return wn_fail_at(err, WN_INVALID, at, "expected `list: word, several words, ...`");
		struct wn_str name = news_field(&line, ':');
		int list = news_list_named(n, name, true);
		if (list < 0)
			return wn_fail_at(err, WN_LIMIT, at, "more than %d lists", WN_NEWS_LISTS_MAX);
		while (line.n > 0) {
			struct wn_str entry = news_field(&line, ',');
			if (entry.n && !add_forms(n, list, entry))
				return wn_fail_at(err, WN_INVALID, at, "\"" WN_STR_FMT "\": expected at most %d words", WN_STR_ARG(entry),
						  NEWS_PHRASE_MAX);
		}
	}
	return WN_OK;
}

enum wn_rc news_read_technologies(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err)
{
	struct wn_place at = {.file = file, .column = 1};
	struct wn_str line;

	while (news_line(&text, &line, &at.line)) {
		struct wn_str names = news_field(&line, '|'), category = news_field(&line, '|');
		if (!names.n || !category.n || line.n)
			return wn_fail_at(err, WN_INVALID, at, "expected `name, other name, ... | category`");
		struct news_technology t = {.category = wn_arena_str(n->arena, category)};
		while (names.n > 0) {
			struct wn_str name = news_field(&names, ',');
			if (!t.name.n) {
				t.name = wn_arena_str(n->arena, name);
				*WN_PUSH(n->arena, &n->technologies) = t;
			}
			if (n->technologies.n > UINT16_MAX || !news_list_add(n, L_TECH, name, (uint16_t)n->technologies.n))
				return wn_fail_at(err, WN_INVALID, at, "\"" WN_STR_FMT "\": expected a name of at most %d words",
						  WN_STR_ARG(name), NEWS_PHRASE_MAX);
		}
	}
	return WN_OK;
}

enum wn_rc news_read_currencies(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err)
{
	struct wn_place at = {.file = file, .column = 1};
	struct wn_str line;

	while (news_line(&text, &line, &at.line)) {
		struct wn_str code = news_field(&line, '|');
		struct news_currency c = {0};
		if (code.n != 3 || !line.n)
			return wn_fail_at(err, WN_INVALID, at, "expected `CODE | sign, word, ...`");
		memcpy(c.code, code.p, 3);
		do {
			c.text = wn_text_lower_ascii(code, n->arena);
			if (c.text.n) {
				*WN_PUSH(n->arena, &n->currencies) = c;
				word_make(n, c.text)->is_currency = true;
			}
			code = news_field(&line, ',');
		} while (code.n);
	}
	return WN_OK;
}
