/* SPDX-License-Identifier: MIT */
/*
 * Extraction of news: what a headline and the beginning of its body say about companies. Pure.
 *
 * A completed or announced act is a signal; hearsay, intention, negation and background are none: when in doubt there is no
 * signal. Patterns and word lists are data (conf/extract/news.*); one pass cuts a text into words that know the triggers they
 * begin, and only around those a small grammar reads on, in time linear in the text.
 */
#ifndef WHYNOW_NEWS_H
#define WHYNOW_NEWS_H

#include <whynow/arena.h>

/* Kinds of signals that news make, by the names of the registry. */
#define WN_NEWS_KIND_LIST(X)                                                                                                  \
	X(FUNDING, "funding") X(ACQUISITION, "acquisition") X(HIRE, "hire") X(DEPARTURE, "departure")                         \
	X(TECH_ADOPTED, "tech_adopted") X(TECH_DROPPED, "tech_dropped")
enum wn_news_kind {
#define X(name, text) WN_NEWS_##name,
	WN_NEWS_KIND_LIST(X)
#undef X
	WN_NEWS_KINDS
};
const char *wn_news_kind_to_text(enum wn_news_kind k);

/* A sum as written: amount 0 is none; currency is ISO 4217. */
struct wn_sum {
	double amount;
	char currency[4];
};

/* One thing that was read; texts are empty where the news say nothing. Texts live in the arena of the reading. */
struct wn_news_signal {
	enum wn_news_kind kind;
	const char *pattern;                   /* name of the pattern that read it, of the struct wn_news */
	struct wn_str span;                    /* the sentence it was read from */
	struct wn_str trigger;                 /* the words the pattern hung on */
	struct wn_str company;                 /* the account: who raised, bought, hired, lost, took up */
	struct wn_str target, buyer;           /* acquisition */
	struct wn_str person, position;        /* hire, departure */
	struct wn_str round;                   /* one of the kind's values: "Series A", "Seed extension", ... */
	struct wn_sum amount, valuation;
	struct wn_str technology, technology_from, technology_to, category;
	struct wn_str category_from;           /* of technology_from, if that one is known */
};

/* For --explain: every pattern whose trigger was met, and what became of it. */
struct wn_news_trace {
	void (*on_tried)(void *ctx, const char *pattern, struct wn_str trigger, const char *why_not /* NULL: read */);
	void *ctx;
};

struct wn_news;
struct wn_positions;
/* A file of patterns, words, currencies or technologies: which it is tells the end of its name (.patterns .words .currencies
 * .technologies). Borrowed while compiling. */
struct wn_news_file {
	const char *name;
	struct wn_str text;
};
/* Formats: see the heads of conf/extract/news.*. Later files add to earlier ones; a pattern of a name that is there replaces it
 * (and one without elements removes it). Positions tell which words are posts; kept, NULL: the table as shipped.
 * WN_INVALID with file and line. */
enum wn_rc wn_news_compile(const struct wn_news_file *files, size_t n, const struct wn_positions *positions, struct wn_news **out,
			   struct wn_err *err) WN_MUST_CHECK;
/* The files as shipped, embedded at build. */
const struct wn_news_file *wn_news_builtin(size_t *n);
void wn_news_free(struct wn_news *n);

enum { WN_NEWS_SIGNALS_MAX = 4 };
/* Reads one item: plain texts, valid UTF-8; at most WN_NEWS_TEXT_MAX bytes of each are looked at. Gives the number of signals,
 * those of the headline first; at most one of a kind. trace may be NULL. */
size_t wn_news_read(const struct wn_news *n, struct wn_str headline, struct wn_str body, struct wn_arena *a,
		    struct wn_news_signal out[WN_NEWS_SIGNALS_MAX], const struct wn_news_trace *trace);

/* The triggers as regular expressions of RE2, one a list of words, for measuring beside a RE2::Set of them; their number. */
size_t wn_news_triggers(const struct wn_news *n, struct wn_arena *a, const char ***out);

/* "$16.8M", "EUR 5 million", "10 million euros", "Rs 50 crore": the sum at the beginning of `text`; *used is how many bytes it takes.
 * False: none, no currency, not above 0, or beyond 10^13. */
bool wn_sum_parse(const struct wn_news *n, struct wn_str text, struct wn_sum *out, size_t *used);

#endif
