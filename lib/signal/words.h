/* SPDX-License-Identifier: MIT */
/*
 * Words of a text, folded for comparing: the common ground of names, persons, headlines and positions.
 * Inside lib/signal only.
 */
#ifndef WN_SIGNAL_WORDS_H
#define WN_SIGNAL_WORDS_H

#include <whynow/limits.h>
#include <whynow/text.h>

struct wn_words {
	struct wn_str w[WN_WORDS_MAX];
	size_t n;
};

/* Case, accents and compatibility forms folded; & and + are the word "and", # "sharp"; points, apostrophes and
 * a possessive 's are dropped; every other sign parts words. At most WN_WORDS_MAX words. Bytes need not be
 * valid UTF-8. Lives in `a`. */
void wn_words_cut(struct wn_str text, struct wn_arena *a, struct wn_words *out);
/* Words from..from+n joined by `sep` ('\0': nothing). */
struct wn_str wn_words_join(const struct wn_words *w, size_t from, size_t n, char sep, struct wn_arena *a);

/* Of the lists in conf/extract: a shared domain itself (not what is below it); a legal form as folded words
 * with blanks, and which one it is however it is written (incorporated: inc); a common English word, a verb of
 * companies, a thing companies deal with, all folded. */
bool wn_lists_shared_domain(struct wn_str domain);
bool wn_lists_legal_form(struct wn_str words, struct wn_str *family);
bool wn_lists_common_word(struct wn_str word);
bool wn_lists_company_verb(struct wn_str word);
bool wn_lists_company_term(struct wn_str word);

/* The i-th phrase of a table of positions and its level (0: none); false behind the last. */
struct wn_positions;
bool wn_positions_at(const struct wn_positions *p, size_t i, struct wn_str *words, int *level);

/* International name to ASCII (xn--), lower case; false if it is none. */
bool wn_idn_to_ascii(struct wn_str host, struct wn_arena *a, struct wn_str *out);
/* Host of a URL, address or bare host, lower-cased ASCII without a final dot; checked for length, labels and
 * characters. */
bool wn_domain_host(struct wn_str host_or_url, struct wn_arena *a, struct wn_str *out);

#endif
