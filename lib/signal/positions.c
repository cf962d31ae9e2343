/* SPDX-License-Identifier: MIT */
/*
 * From a position as written ("VP, People & Culture") to department and level, by a table of phrases that is
 * data.
 *
 * At each word the longest phrase is taken, whole words only, and its words are used up: `Executive Director`
 * is never `Director`, and the president in `Vice President` is not seen. The table is read once, then read
 * only.
 */
#include "words.h"
#include <whynow/signal.h>

#include <stdlib.h>

enum { PHRASE_WORDS_MAX = 8, LEVEL_MAX = 7 };

struct phrase {
	struct wn_str words; /* folded, joined by blanks */
	const char *department;
	int level;
};

struct wn_positions {
	struct wn_arena *arena;
	WN_VEC(struct phrase) phrases; /* sorted by words once read */
	size_t longest;                /* words of the longest phrase */
};

/* --- reading ------------------------------------------------------------------------------------------ */

/* The field before the next '|', taken off *rest. */
static struct wn_str field(struct wn_str *rest)
{
	const char *bar = rest->n ? memchr(rest->p, '|', rest->n) : NULL;
	struct wn_str f = bar ? (struct wn_str){rest->p, (size_t)(bar - rest->p)} : *rest;

	*rest = bar ? (struct wn_str){bar + 1, rest->n - f.n - 1} : (struct wn_str){rest->p + rest->n, 0};
	return wn_text_trim(f);
}

static enum wn_rc read_department(struct wn_str text, struct wn_place at, const char **out, struct wn_err *err)
{
	size_t n = 0;

	*out = NULL;
	if (wn_str_is(text, "-"))
		return WN_OK;
	for (; wn_departments[n]; n++)
		if (wn_str_is(text, wn_departments[n])) {
			*out = wn_departments[n];
			return WN_OK;
		}
	const char *near = wn_nearest(text, wn_departments, n);
	if (near)
		return wn_fail_at(err, WN_INVALID, at, "no department \"" WN_STR_FMT "\": did you mean %s?",
				  WN_STR_ARG(text), near);
	return wn_fail_at(err, WN_INVALID, at,
			  "no department \"" WN_STR_FMT "\": expected people, sales, ... or -",
			  WN_STR_ARG(text));
}

static enum wn_rc read_level(struct wn_str text, struct wn_place at, int *out, struct wn_err *err)
{
	*out = 0;
	if (wn_str_is(text, "-"))
		return WN_OK;
	if (text.n != 1 || text.p[0] < '1' || text.p[0] > '0' + LEVEL_MAX)
		return wn_fail_at(err, WN_INVALID, at,
				  "expected a level of 1 to %d or -, found \"" WN_STR_FMT "\"", LEVEL_MAX,
				  WN_STR_ARG(text));
	*out = text.p[0] - '0';
	return WN_OK;
}

static enum wn_rc read_line(struct wn_positions *p, struct wn_str line, struct wn_place at, struct wn_err *err)
{
	struct wn_str words = field(&line), department = field(&line), level = field(&line);
	struct wn_words w;
	struct phrase ph;
	enum wn_rc rc;

	wn_words_cut(words, p->arena, &w);
	if (w.n == 0 || w.n > PHRASE_WORDS_MAX)
		return wn_fail_at(err, WN_INVALID, at,
				  "expected a phrase of 1 to %d words: `phrase | department | level`",
				  PHRASE_WORDS_MAX);
	if (line.n > 0)
		return wn_fail_at(err, WN_INVALID, at, "more than three fields: `phrase | department | level`");
	if ((rc = read_department(department, at, &ph.department, err)) ||
	    (rc = read_level(level, at, &ph.level, err)))
		return rc;
	if (p->phrases.n >= WN_POSITIONS_MAX)
		return wn_fail_at(err, WN_LIMIT, at, "more than %d phrases", WN_POSITIONS_MAX);
	ph.words = wn_words_join(&w, 0, w.n, ' ', p->arena);
	*WN_PUSH(p->arena, &p->phrases) = ph;
	if (w.n > p->longest)
		p->longest = w.n;
	return WN_OK;
}

static int by_words(const void *a, const void *b)
{
	return wn_str_cmp(((const struct phrase *)a)->words, ((const struct phrase *)b)->words);
}

static enum wn_rc sort_and_check(struct wn_positions *p, const char *file, struct wn_err *err)
{
	if (p->phrases.n)
		qsort(p->phrases.v, p->phrases.n, sizeof(*p->phrases.v), by_words);
	for (size_t i = 1; i < p->phrases.n; i++)
		if (wn_str_eq(p->phrases.v[i - 1].words, p->phrases.v[i].words))
			return wn_fail_at(err, WN_INVALID, (struct wn_place){.file = file},
					  "the phrase \"" WN_STR_FMT "\" stands there twice",
					  WN_STR_ARG(p->phrases.v[i].words));
	return WN_OK;
}

static enum wn_rc read_all(struct wn_positions *p, struct wn_str text, const char *file, struct wn_err *err)
{
	struct wn_place at = {.file = file, .column = 1};

	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		struct wn_str line = {text.p, end ? (size_t)(end - text.p) : text.n};
		text = end ? (struct wn_str){end + 1, text.n - line.n - 1} : WN_STR("");
		at.line++;
		line = wn_text_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		enum wn_rc rc = read_line(p, line, at, err);
		if (rc)
			return rc;
	}
	return sort_and_check(p, file, err);
}

enum wn_rc wn_positions_parse(struct wn_str text, const char *file, struct wn_positions **out,
			      struct wn_err *err)
{
	if (text.n > WN_POSITIONS_BYTES_MAX || !wn_text_is_utf8(text))
		return wn_fail_at(err, text.n > WN_POSITIONS_BYTES_MAX ? WN_LIMIT : WN_INVALID,
				  (struct wn_place){.file = file}, "expected UTF-8 text of at most %u bytes",
				  WN_POSITIONS_BYTES_MAX);
	struct wn_positions *p = wn_alloc(sizeof(*p));
	p->arena = wn_arena_new(0);
	enum wn_rc rc = read_all(p, text, file, err);
	if (rc) {
		wn_positions_free(p);
		return rc;
	}
	*out = p;
	return WN_OK;
}

void wn_positions_free(struct wn_positions *p)
{
	if (!p)
		return;
	wn_arena_free(p->arena);
	free(p);
}

bool wn_positions_at(const struct wn_positions *p, size_t i, struct wn_str *words, int *level)
{
	if (i >= p->phrases.n)
		return false;
	*words = p->phrases.v[i].words;
	*level = p->phrases.v[i].level;
	return true;
}

/* --- looking ------------------------------------------------------------------------------------------ */

static const struct phrase *longest_at(const struct wn_positions *p, const struct wn_words *w, size_t at,
				       size_t *used, struct wn_arena *a)
{
	size_t most = w->n - at < p->longest ? w->n - at : p->longest;

	for (size_t k = most; k > 0; k--) {
		struct phrase key = {.words = wn_words_join(w, at, k, ' ', a)};
		const struct phrase *hit =
		    bsearch(&key, p->phrases.v, p->phrases.n, sizeof(*p->phrases.v), by_words);
		if (hit) {
			*used = k;
			return hit;
		}
	}
	*used = 1;
	return NULL;
}

struct wn_position wn_positions_look(const struct wn_positions *p, struct wn_str position,
				     struct wn_arena *scratch)
{
	struct wn_position found = {NULL, 0};
	struct wn_words w;

	if (!p || p->phrases.n == 0)
		return found;
	wn_words_cut(position, scratch, &w);
	size_t level_ends = 0; /* behind the phrase that gave the level */
	for (size_t i = 0, used; i < w.n; i += used) {
		const struct phrase *hit = longest_at(p, &w, i, &used, scratch);
		if (hit && hit->department && (!found.department || strcmp(found.department, "other") == 0))
			found.department = hit->department;
		bool joined = found.level && i == level_ends + 1 && wn_str_is(w.w[level_ends], "and");
		if (hit && hit->level && (!found.level || (joined && hit->level > found.level))) {
			found.level = hit->level;
			level_ends = i + used;
		}
	}
	return found;
}
