/* SPDX-License-Identifier: MIT */
/*
 * Names of persons: the form for comparing, and first and last name for a greeting. When in doubt there is no
 * greeting: "Hi Sales," is worse than none.
 */
#include "words.h"
#include <whynow/signal.h>

static const char *const honorifics[] = {"mr",        "mrs", "ms",       "miss",   "dr",   "prof",
					 "professor", "sir", "dame",     "lord",   "lady", "herr",
					 "frau",      "mme", "monsieur", "madame", "rev",  "dipl"};
static const char *const suffixes[] = {"jr",  "sr",      "ii",  "iii", "iv",  "phd", "md",    "mba",
				       "esq", "esquire", "cpa", "cfa", "jd",  "pmp", "obe",   "mbe",
				       "cbe", "frs",     "msc", "bsc", "dds", "rn",  "cissp", "shrm"};
static const char *const particles[] = {"van", "von", "de",  "da",  "di", "del", "della", "der",
					"den", "du",  "dos", "das", "la", "le",  "ter",   "ten",
					"zu",  "bin", "ibn", "al",  "el", "st",  "mac",   "san"};
/* Words that stand where a person was meant, and are none. */
static const char *const no_persons[] = {
    "team",    "sales",    "support",   "info",    "admin",      "office",  "marketing", "hello",
    "contact", "service",  "services",  "hr",      "jobs",       "careers", "press",     "media",
    "billing", "customer", "customers", "unknown", "anonymous",  "test",    "company",   "the",
    "and",     "none",     "na",        "group",   "department", "people",  "operations"};

#define IS_ONE_OF(word, list) is_one_of(word, list, WN_COUNT(list))
static bool is_one_of(struct wn_str word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(word, list[i]))
			return true;
	return false;
}

/* "Last, First" turned round; "Name, PhD" is left to the suffixes. */
static struct wn_str comma_turned(struct wn_str name, struct wn_arena *a)
{
	struct wn_words tail;
	const char *comma = name.n ? memchr(name.p, ',', name.n) : NULL;

	if (!comma || memchr(comma + 1, ',', (size_t)(name.p + name.n - comma - 1)))
		return name;
	struct wn_str last = {name.p, (size_t)(comma - name.p)}, first = {comma + 1, name.n - last.n - 1};
	wn_words_cut(first, a, &tail);
	if (tail.n == 0 || IS_ONE_OF(tail.w[tail.n - 1], suffixes))
		return name;
	char *p = wn_arena_alloc(a, name.n + 1);
	memcpy(p, first.p, first.n);
	p[first.n] = ' ';
	memcpy(p + first.n + 1, last.p, last.n);
	return (struct wn_str){p, name.n};
}

struct wn_str wn_person_normalise(struct wn_str name, struct wn_arena *a)
{
	struct wn_words w;
	size_t from = 0;

	wn_words_cut(comma_turned(name, a), a, &w);
	while (w.n - from > 1 && IS_ONE_OF(w.w[from], honorifics))
		from++;
	while (w.n - from > 1 && IS_ONE_OF(w.w[w.n - 1], suffixes))
		w.n--;
	if (w.n - from > 2) {
		w.w[from + 1] = w.w[w.n - 1];
		w.n = from + 2;
	}
	return wn_words_join(&w, from, w.n - from, ' ', a);
}

/* --- for a greeting ------------------------------------------------------------------------------------- */

enum { SPLIT_WORDS_MAX = 8, LOWERED_MAX = 32 };

/* A word of a name: letters (any script), hyphen, apostrophe, a point at the end. */
static bool is_name_word(struct wn_str w)
{
	size_t letters = 0;

	for (size_t i = 0; i < w.n; i++) {
		uint8_t c = (uint8_t)w.p[i];
		if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			letters++;
		else if (c != '-' && c != '\'' && !(c == '.' && i > 0))
			return false;
	}
	return letters > 0;
}

/* ASCII lower case without points, into `buf`; long words give an empty slice. */
static struct wn_str lowered(struct wn_str w, char buf[LOWERED_MAX])
{
	size_t n = 0;

	if (w.n >= LOWERED_MAX)
		return WN_STR("");
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] != '.')
			buf[n++] = w.p[i] >= 'A' && w.p[i] <= 'Z' ? (char)(w.p[i] + 32) : w.p[i];
	return (struct wn_str){buf, n};
}

/* Words between blanks and commas; 0 if there are too many or a comma is not before a suffix. */
static size_t split(struct wn_str name, struct wn_str w[SPLIT_WORDS_MAX])
{
	size_t n = 0, i = 0;

	while (i < name.n) {
		size_t from = i;
		while (i < name.n && name.p[i] != ' ' && name.p[i] != '\t' && name.p[i] != ',')
			i++;
		if (i > from) {
			if (n == SPLIT_WORDS_MAX)
				return 0;
			w[n++] = (struct wn_str){name.p + from, i - from};
		}
		i++;
	}
	return n;
}

static bool looks_like_a_person(const struct wn_str *w, size_t n)
{
	char buf[LOWERED_MAX];

	if (n < 2 || n > 5)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct wn_str low = lowered(w[i], buf);
		if (!is_name_word(w[i]) || IS_ONE_OF(low, no_persons))
			return false;
	}
	struct wn_str last = lowered(w[n - 1], buf), form;
	return !wn_lists_legal_form(last, &form) || wn_str_is(last, "sa") || wn_str_is(last, "se");
}

void wn_person_split(struct wn_str name, struct wn_str *first, struct wn_str *last)
{
	struct wn_str w[SPLIT_WORDS_MAX];
	char buf[LOWERED_MAX];
	const char *comma = name.n ? memchr(name.p, ',', name.n) : NULL;
	size_t n = split(name, w), from = 0, surname;

	*first = *last = WN_STR("");
	while (n > 1 && IS_ONE_OF(lowered(w[n - 1], buf), suffixes))
		n--;
	if (comma && n > 0 && comma < w[n - 1].p) /* "Last, First" */
		return;
	while (from < n && IS_ONE_OF(lowered(w[from], buf), honorifics))
		from++;
	if (!looks_like_a_person(w + from, n - from))
		return;
	for (surname = from + 1; surname + 1 < n; surname++)
		if (IS_ONE_OF(lowered(w[surname], buf), particles))
			break;
	*first = w[from];
	*last = (struct wn_str){w[surname].p, (size_t)(w[n - 1].p + w[n - 1].n - w[surname].p)};
}
