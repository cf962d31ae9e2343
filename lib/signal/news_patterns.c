/* SPDX-License-Identifier: MIT */
/*
 * Patterns of the extraction as written (head of conf/extract/news.patterns) and everything compiled: words that know the
 * triggers they begin. What is wrong is said with file and line.
 */
#include "news.h"
#include "words.h"
#include <whynow/buf.h>

#include <stdio.h>
#include <stdlib.h>

#include "news.inc"

static const char *const kind_names[] = {
#define X(name, text) [WN_NEWS_##name] = text,
	WN_NEWS_KIND_LIST(X)
#undef X
	NULL};
static const char *const slot_names[] = {
	[S_MONEY] = "money", [S_ROUND] = "round", [S_RAISE] = "raise", [S_COMPANY] = "company",
	[S_TARGET] = "target", [S_BUYER] = "buyer", [S_WHO] = "who", [S_APPOINTEE] = "appointee",
	[S_POST] = "post", [S_EMPLOYER] = "employer", [S_PRODUCT] = "product", [S_TECH] = "technology",
	[S_FROM] = "from", [S_TO] = "to", [S_KNOWN] = "known", [S_AWAY] = "away", [S_LEAVER] = "leaver",
	[S_STOP] = "stop", [S_NAMED] = "named_raise", [S_STARTUP] = "startup", [S_COMMA] = "comma",
	[S_OWNER] = "owner", [S_COLON] = "colon", [S_PERSON] = "person", [S_MAJORITY] = "majority", [S_NAME] = "name",
	[S_HOLDER] = "holder", [S_LEADING] = "leading", [S_DID] = "did", [S_SUM] = "sum", [S_LABEL] = "label", [S_WHOSE] = "whose",
};

const char *wn_news_kind_to_text(enum wn_news_kind k) { return kind_names[k]; }

/* --- one line ------------------------------------------------------------------------------------------- */

static int kind_named(struct wn_str s)
{
	for (int i = 0; kind_names[i]; i++)
		if (wn_str_is(s, kind_names[i]))
			return i;
	return -1;
}

static enum wn_rc slot_of(struct wn_str s, struct wn_place at, enum news_slot *out, struct wn_err *err)
{
	for (size_t i = 0; i < WN_COUNT(slot_names); i++)
		if (slot_names[i] && wn_str_is(s, slot_names[i])) {
			*out = (enum news_slot)i;
			return WN_OK;
		}
	const char *near = wn_nearest(s, slot_names + S_MONEY, WN_COUNT(slot_names) - S_MONEY);
	return wn_fail_at(err, WN_INVALID, at, "no slot {" WN_STR_FMT "}%s%s%s", WN_STR_ARG(s), near ? ": did you mean {" : "",
			  near ? near : "", near ? "}?" : "");
}

/* `@list`, or words written inline, which become a list of their own. */
static enum wn_rc list_of(struct wn_news *n, struct wn_str s, struct wn_place at, int *out, struct wn_err *err)
{
	bool inline_words = s.n == 0 || s.p[0] != '@';
	int list = inline_words ? news_list_named(n, s, false) : news_list_named(n, (struct wn_str){s.p + 1, s.n - 1}, false);

	if (list < 0 && !inline_words)
		return wn_fail_at(err, WN_INVALID, at, "no list " WN_STR_FMT, WN_STR_ARG(s));
	if (list < 0) {
		list = news_list_named(n, s, true);
		if (list < 0)
			return wn_fail_at(err, WN_LIMIT, at, "more than %d lists", WN_NEWS_LISTS_MAX);
		for (struct wn_str rest = s; rest.n > 0;) {
			struct wn_str words = news_field(&rest, '|');
			char *blanks = wn_arena_strdup(n->arena, words);
			for (size_t i = 0; i < words.n; i++)
				if (blanks[i] == '_')
					blanks[i] = ' ';
			if (!news_list_add(n, list, (struct wn_str){blanks, words.n}, 0))
				return wn_fail_at(err, WN_INVALID, at, "expected words parted by |, _ for a blank, found \"" WN_STR_FMT "\"",
						  WN_STR_ARG(s));
		}
	}
	*out = list;
	return WN_OK;
}

static enum wn_rc read_element(struct wn_news *n, struct wn_str s, struct wn_place at, struct news_element *e, struct wn_err *err)
{
	if (wn_str_is(s, "...")) {
		*e = (struct news_element){.slot = S_GAP};
		return WN_OK;
	}
	e->none = s.p[0] == '!';
	s = (struct wn_str){s.p + e->none, s.n - e->none};
	e->optional = s.n > 1 && s.p[s.n - 1] == '?';
	s.n -= e->optional;
	if (s.n > 2 && s.p[0] == '{' && s.p[s.n - 1] == '}')
		return slot_of((struct wn_str){s.p + 1, s.n - 2}, at, &e->slot, err);
	e->slot = S_WORDS;
	return list_of(n, s, at, &e->list, err);
}

/* What stands before [the trigger]: nothing, ^ or one slot. */
static enum wn_rc read_left(struct wn_str s, struct wn_place at, struct news_pattern *p, struct wn_err *err)
{
	p->has_left = s.n > 0;
	p->left = S_START;
	if (s.n == 0 || wn_str_is(s, "^"))
		return WN_OK;
	if (s.n < 3 || s.p[0] != '{' || s.p[s.n - 1] != '}')
		return wn_fail_at(err, WN_INVALID, at, "expected {company}, {target}, {who} or ^ before the [trigger]");
	return slot_of((struct wn_str){s.p + 1, s.n - 2}, at, &p->left, err);
}

static enum wn_rc read_elements(struct wn_news *n, struct wn_str line, struct wn_place at, struct news_pattern *p, struct wn_err *err)
{
	const char *open = line.n ? memchr(line.p, '[', line.n) : NULL, *close = open ? memchr(open, ']', line.n - (size_t)(open - line.p)) : NULL;
	enum wn_rc rc;

	if (!close)
		return wn_fail_at(err, WN_INVALID, at, "expected a [trigger]");
	struct wn_str left = wn_text_trim((struct wn_str){line.p, (size_t)(open - line.p)});
	struct wn_str rest = wn_text_trim((struct wn_str){close + 1, line.n - (size_t)(close + 1 - line.p)});
	if ((rc = read_left(left, at, p, err)) ||
	    (rc = list_of(n, wn_text_trim((struct wn_str){open + 1, (size_t)(close - open) - 1}), at, &p->trigger, err)))
		return rc;
	while (rest.n > 0) {
		struct wn_str s = news_field(&rest, ' ');
		if (!s.n)
			continue;
		if (p->n_right == NEWS_ELEMENTS_MAX)
			return wn_fail_at(err, WN_LIMIT, at, "more than %d elements behind the trigger", NEWS_ELEMENTS_MAX);
		if ((rc = read_element(n, s, at, &p->right[p->n_right++], err)))
			return rc;
	}
	return WN_OK;
}

static void put(struct wn_news *n, const struct news_pattern *p, bool remove)
{
	for (size_t i = 0; i < n->patterns.n; i++)
		if (strcmp(n->patterns.v[i].name, p->name) == 0) {
			if (!remove)
				n->patterns.v[i] = *p;
			else
				memmove(&n->patterns.v[i], &n->patterns.v[i + 1], (--n->patterns.n - i) * sizeof(*p));
			return;
		}
	if (!remove)
		*WN_PUSH(n->arena, &n->patterns) = *p;
}

enum wn_rc news_read_patterns(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err)
{
	struct wn_place at = {.file = file, .column = 1};
	struct wn_str line;

	while (news_line(&text, &line, &at.line)) {
		struct wn_str head = news_field(&line, ':'), name = news_field(&head, ' ');
		struct news_pattern p = {.name = wn_arena_strdup(n->arena, name)};
		head = wn_text_trim(head);
		int kind = kind_named(head);
		if (kind < 0)
			return wn_fail_at(err, WN_INVALID, at, "expected `name kind: elements` with a kind of funding, acquisition, hire, "
							       "departure, tech_adopted or tech_dropped, found \"" WN_STR_FMT "\"", WN_STR_ARG(head));
		p.kind = (enum wn_news_kind)kind;
		if (n->patterns.n == WN_NEWS_PATTERNS_MAX)
			return wn_fail_at(err, WN_LIMIT, at, "more than %d patterns", WN_NEWS_PATTERNS_MAX);
		enum wn_rc rc = line.n ? read_elements(n, line, at, &p, err) : WN_OK;
		if (rc)
			return rc;
		put(n, &p, line.n == 0);
	}
	return WN_OK;
}

/* --- triggers ------------------------------------------------------------------------------------------ */

/* (?i)\b(?:raises|snaps\s+up)\b, what is no letter or digit escaped. */
static const char *regex_of(const struct wn_news *n, int list, struct wn_arena *a)
{
	struct wn_buf b;

	wn_buf_init(&b, WN_NEWS_FILE_MAX);
	wn_buf_text(&b, "(?i)\\b(?:");
	for (size_t i = 0; i < n->entries[list].n; i++) {
		struct wn_str e = n->entries[list].v[i];
		if (i)
			wn_buf_text(&b, "|");
		for (size_t k = 0; k < e.n; k++) {
			char c = e.p[k];
			if (c == ' ')
				wn_buf_text(&b, "\\s+");
			else if (c == '\'')
				wn_buf_text(&b, "['\xe2\x80\x99]");
			else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (uint8_t)c >= 0x80)
				wn_buf_add(&b, &c, 1);
			else
				wn_buf_add(&b, (char[]){'\\', c}, 2);
		}
	}
	wn_buf_text(&b, ")\\b");
	const char *out = wn_arena_strdup(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

size_t wn_news_triggers(const struct wn_news *n, struct wn_arena *a, const char ***out)
{
	const char **regexes = WN_NEW_N(a, const char *, n->patterns.n + 1);
	bool done[WN_NEWS_LISTS_MAX] = {false};
	size_t count = 0;

	for (size_t i = 0; i < n->patterns.n; i++) {
		int list = n->patterns.v[i].trigger;
		if (!done[list])
			regexes[count++] = regex_of(n, list, a);
		done[list] = true;
	}
	*out = regexes;
	return count;
}

static void put_pattern(struct news_patterns *p, size_t number) { p->bits[number / 64] |= (uint64_t)1 << (number % 64); }

/* The phrases of a word that are triggers come before the others. */
static void triggers_first(struct news_word *w)
{
	struct news_phrase *others = NULL, **end = &w->phrases, **end_of_others = &others;

	for (struct news_phrase *p = w->phrases; p; p = p->next) {
		struct news_phrase ***of = p->brings ? &end : &end_of_others;
		**of = p;
		*of = &p->next;
	}
	*end_of_others = NULL;
	*end = others;
}

/* The first word of a trigger, and the whole phrase, know the patterns it brings about. */
static void mark_trigger(struct wn_news *n, int list)
{
	for (size_t i = 0; i < n->entries[list].n; i++) {
		struct wn_str rest = n->entries[list].v[i];
		struct wn_str first = wn_text_lower_ascii(news_field(&rest, ' '), n->arena);
		struct news_word *w = (struct news_word *)news_word_find(n, first.p, first.n);
		w->begins_trigger = true;
		for (struct news_phrase *p = w->phrases; p; p = p->next)
			p->brings = n->of_trigger[p->list];
		triggers_first(w);
		if (!rest.n && !w->brings)
			w->brings = WN_NEW(n->arena, struct news_patterns);
		for (size_t k = 0; !rest.n && k < NEWS_PATTERN_WORDS; k++)
			w->brings->bits[k] |= n->of_trigger[list]->bits[k];
	}
}

static void number_patterns(struct wn_news *n)
{
	for (size_t i = 0; i < n->patterns.n; i++) {
		struct news_patterns **of = &n->of_trigger[n->patterns.v[i].trigger];
		if (!*of)
			*of = WN_NEW(n->arena, struct news_patterns);
		put_pattern(*of, i);
		put_pattern(&n->of_kind[n->patterns.v[i].kind], i);
	}
	for (int list = 0; list < WN_NEWS_LISTS_MAX; list++)
		if (n->of_trigger[list])
			mark_trigger(n, list);
}

/* --- all files ------------------------------------------------------------------------------------------ */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);
	return n >= e && strcmp(name + n - e, end) == 0;
}

/* Patterns name lists: words first, whatever the order of the files. */
static enum wn_rc read_files(struct wn_news *n, const struct wn_news_file *files, size_t count, struct wn_err *err)
{
	static const struct {
		const char *end;
		enum wn_rc (*read)(struct wn_news *, struct wn_str, const char *, struct wn_err *);
	} kinds[] = {{".words", news_read_words}, {".technologies", news_read_technologies}, {".currencies", news_read_currencies},
		     {".patterns", news_read_patterns}};

	for (size_t k = 0; k < WN_COUNT(kinds); k++)
		for (size_t i = 0; i < count; i++) {
			struct wn_place at = {.file = files[i].name};
			if (!ends_with(files[i].name, kinds[k].end))
				continue;
			if (files[i].text.n > WN_NEWS_FILE_MAX || !wn_text_is_utf8(files[i].text))
				return wn_fail_at(err, WN_INVALID, at, "expected UTF-8 text of at most %u bytes", WN_NEWS_FILE_MAX);
			enum wn_rc rc = kinds[k].read(n, files[i].text, files[i].name, err);
			if (rc)
				return rc;
		}
	return WN_OK;
}

static bool listed(const struct wn_news *n, int list, struct wn_str words)
{
	for (size_t i = 0; i < n->entries[list].n; i++)
		if (wn_str_eq(n->entries[list].v[i], words))
			return true;
	return false;
}

/* Words that are posts of executives are those of the table of positions. */
static void take_positions(struct wn_news *n, const struct wn_positions *p)
{
	enum { EXECUTIVE = 4 };
	struct wn_str words;
	int level;

	for (size_t i = 0; wn_positions_at(p, i, &words, &level); i++)
		if (level >= EXECUTIVE && !listed(n, L_NOTPOST, words))
			(void)news_list_add(n, L_POST, words, 0);
}

static enum wn_rc compile(struct wn_news *n, const struct wn_news_file *files, size_t count, const struct wn_positions *positions,
			  struct wn_err *err)
{
	static const char *const names[] = {
#define X(name, text) #text,
		NEWS_LIST_LIST(X)
#undef X
	};
	for (size_t i = 0; i < WN_COUNT(names); i++)
		(void)news_list_named(n, wn_str_of(names[i]), true);
	enum wn_rc rc = read_files(n, files, count, err);
	struct wn_positions *shipped = NULL;
	if (rc == WN_OK && !positions)
		rc = wn_positions_parse(wn_positions_builtin(), "positions", &shipped, err);
	if (rc == WN_OK)
		take_positions(n, positions ? positions : shipped);
	wn_positions_free(shipped);
	number_patterns(n);
	return rc;
}

enum wn_rc wn_news_compile(const struct wn_news_file *files, size_t count, const struct wn_positions *positions, struct wn_news **out,
			   struct wn_err *err)
{
	struct wn_news *n = wn_alloc(sizeof(*n));
	n->arena = wn_arena_new(0);
	enum wn_rc rc = compile(n, files, count, positions, err);
	if (rc) {
		wn_news_free(n);
		return rc;
	}
	*out = n;
	return WN_OK;
}

void wn_news_free(struct wn_news *n)
{
	if (!n)
		return;
	wn_arena_free(n->arena);
	free(n);
}

const struct wn_news_file *wn_news_builtin(size_t *n)
{
	*n = WN_COUNT(news_files);
	return news_files;
}
