/* SPDX-License-Identifier: MIT */
/*
 * Inside of the extraction of news: the compiled data, tokens of a text, and the small grammars. Inside lib/signal only.
 *
 * Positions in a text are numbers of tokens; a span is [from, to), empty if from == to.
 */
#ifndef WN_SIGNAL_NEWS_H
#define WN_SIGNAL_NEWS_H

#include <whynow/limits.h>
#include <whynow/news.h>
#include <whynow/signal.h>
#include <whynow/text.h>

/* Lists the machine itself asks for; news.words says what each is for. POST comes from the table of positions, TECH from
 * that of technologies. */
#define NEWS_LIST_LIST(X) \
	X(POST, post) X(TECH, technology) X(AUX, aux) X(FUTURE, future) X(AGREE, agree) X(INTENT, intent) X(HEARSAY, hearsay) \
	X(NEGATION, negation) X(FUNCTION, function) X(PREP, preposition) X(BACKGROUND, background) X(APPOSITION, apposition) \
	X(DET, determiner) X(ORG, organisation) X(ORGS, organisations) X(FUND, fund) X(FUNDNAME, fund_name) \
	X(NOTRAISE, not_a_raise) X(DESCR, descriptor) X(EARLIER, earlier) X(SUFFIX, suffix) X(OFNAME, of_name) \
	X(PRONOUN, pronoun) X(ABBR, abbreviation) X(ROUNDNOUN, round_noun) X(MORE, more) X(VALUATION, valuation) \
	X(AS, as_post) X(LEADS, to_lead) X(NOTPERSON, not_a_person) X(NOTTARGET, not_a_target) X(STAGE, stage) \
	X(EXTRA, extension) X(GENERIC, generic) X(ROLE, role) X(ROUND, round_word) X(ORGAN, organ) X(REPORT, report) \
	X(RESIGNS, resigns) X(VALUING, valuing) X(PUBLIC, public_body) X(BLOG, blog) X(NOTCOMPANY, not_a_company) \
	X(NOTPOST, not_a_post) X(OFFICE, post_word) X(FORMER, former) X(PRODUCT, product) X(TOTAL, total) \
	X(HONORIFIC, honorific) X(POSTNOMINAL, postnominal) X(OFFICIAL, official) X(NOTOFFICE, not_an_office) X(CAUSE, cause) \
	X(NOTGAIN, not_gain) X(PARTICLE, particle) X(JOINER, joiner) X(NUMBER, number) X(OTHERWORLD, other_world) X(INGNAME, ing_name) X(AUTHORITY, authority) \
	X(SELECT, select) X(LEGAL, legal_form) X(LEVY, levy) X(OWNNAME, owner_in_name) X(NAMEWORD, name_word) X(WHEN, when) X(RUBRIC, rubric)
enum news_list {
#define X(name, text) L_##name,
	NEWS_LIST_LIST(X)
#undef X
	NEWS_LISTS
};

enum { NEWS_PHRASE_MAX = 8, NEWS_ELEMENTS_MAX = 12, NEWS_TOKENS_MAX = 1600, NEWS_MASK = WN_NEWS_LISTS_MAX / 64 };

/* Patterns as bits, by their number: the first that fits reads a word. */
enum { NEWS_PATTERN_WORDS = (WN_NEWS_PATTERNS_MAX + 63) / 64 };
struct news_patterns { uint64_t bits[NEWS_PATTERN_WORDS]; };
struct news_phrase { /* of more than one word, filed under its first */
	struct news_phrase *next;
	const struct news_patterns *brings; /* those whose trigger it is; NULL: none */
	uint16_t list;
	uint16_t value;
	uint8_t n;
	const struct news_word *words[NEWS_PHRASE_MAX];
};
struct news_word {
	struct wn_str text; /* folded */
	struct news_phrase *phrases;
	uint16_t value; /* technology that it names, from 1 */
	bool begins_trigger, begins_silence, is_currency;
	struct news_patterns *brings; /* patterns whose trigger it is, alone; NULL: none */
	uint64_t lists[NEWS_MASK];
	uint64_t begins[NEWS_MASK]; /* lists with a phrase that begins with it */
};

enum news_slot {
	S_WORDS, S_GAP, S_MONEY, S_ROUND, S_RAISE, S_COMPANY, S_TARGET, S_BUYER, S_WHO, S_APPOINTEE, S_POST,
	S_EMPLOYER, S_PRODUCT, S_TECH, S_FROM, S_TO, S_KNOWN, S_AWAY, S_LEAVER, S_STOP, S_NAMED, S_STARTUP,
	S_COMMA, S_COLON, S_PERSON, S_MAJORITY, S_NAME, S_WHOSE, S_OWNER, S_HOLDER, S_LEADING, S_DID, S_SUM, S_LABEL, S_START,
};
struct news_element {
	enum news_slot slot;
	int list; /* of S_WORDS */
	bool optional, none; /* `?` and `!` */
};
struct news_pattern {
	const char *name;
	enum wn_news_kind kind;
	bool has_left;
	enum news_slot left;
	int trigger; /* list */
	struct news_element right[NEWS_ELEMENTS_MAX];
	size_t n_right;
};
struct news_technology { struct wn_str name, category; };
struct news_currency { struct wn_str text; char code[4]; };

enum { NEWS_MAY_BE = 512 };
struct wn_news {
	struct wn_arena *arena;
	struct news_word_slot { struct news_word *word; uint64_t hash; } *words; /* by hash, open addressing */
	size_t n_words, cap_words;
	uint64_t may_be_word[NEWS_MAY_BE]; /* bits of the hashes there are: small enough to stay at hand */
	WN_VEC(struct wn_str) lists;
	WN_VEC(struct news_pattern) patterns;
	WN_VEC(struct news_technology) technologies;
	WN_VEC(struct news_currency) currencies;
	struct news_patterns of_kind[WN_NEWS_KINDS];
	struct news_patterns *of_trigger[WN_NEWS_LISTS_MAX]; /* by list; NULL: no trigger */
	WN_VEC(struct wn_str) entries[WN_NEWS_LISTS_MAX]; /* as written */
};

/* news_words.c */
const struct news_word *news_word_find(const struct wn_news *n, const char *folded, size_t len);
/* The same with its hash: news_hash over eight letters at a time from NEWS_HASH on, zeroes behind the last, which are at least one. */
const struct news_word *news_word_hashed(const struct wn_news *n, const char *folded, size_t len, uint64_t hash);
#define NEWS_HASH UINT64_C(0x9e3779b97f4a7c15)
static inline uint64_t news_hash(uint64_t h, uint64_t eight)
{
	h = (h ^ eight) * UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 32;
}
int news_list_named(struct wn_news *n, struct wn_str name, bool make);
/* Files `text` (words parted by blanks) under a list. */
bool news_list_add(struct wn_news *n, int list, struct wn_str text, uint16_t value);
enum wn_rc news_read_words(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err);
enum wn_rc news_read_technologies(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err);
enum wn_rc news_read_currencies(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err);
/* The next line that says something, blanks and comment stripped; false at the end. */
bool news_line(struct wn_str *rest, struct wn_str *line, int *number);
struct wn_str news_field(struct wn_str *rest, char sep);

/* news_patterns.c */
enum wn_rc news_read_patterns(struct wn_news *n, struct wn_str text, const char *file, struct wn_err *err);

/* --- tokens (news_tokens.c) --- */
enum { T_CAP = 1, T_POSSESSIVE = 2, T_DIGIT = 4, T_COMPOUND = 8, T_MARK = 16, T_QUOTED = 32, T_UPPER = 64 };
struct news_token {
	uint32_t at, n;
	uint8_t flags;
	char mark; /* of T_MARK: , : ; - . | ( */
	const struct news_word *word;
};
struct news_span { int from, to; };
struct news_text {
	const struct wn_news *news;
	struct wn_str text;
	struct news_token *t; /* as far as they were cut */
	int n, cap;
	size_t cut_to; /* bytes of the text that are cut */
	bool quoted1, quoted2; /* inside of a quotation there */
	int begin, end; /* of the sentence under reading */
	bool fills_in;  /* a body: "the company" is the one the headline told of */
	const char *why_not; /* what makes the whole sentence no news: hearsay, a question; NULL: nothing */
	bool title_case; /* most words of it are capitalised: it tells nothing */
};
/* Cuts and moves to the next sentence; false behind the last. Nothing is cut before the first call. */
bool news_next_sentence(struct news_text *x, struct wn_arena *a);
/* Judges the whole sentence (why_not, title_case): before anything else is asked of it. */
void news_weigh_sentence(struct news_text *x);
static inline bool news_is(const struct news_text *x, int i, enum news_list l)
{
	return i >= x->begin && i < x->end && x->t[i].word && x->t[i].word->lists[l / 64] >> (l % 64) & 1;
}
/* Is token i the beginning of a phrase of its word? */
bool news_phrase_at(const struct news_text *x, const struct news_phrase *p, int i);
int news_phrase_in(const struct news_text *x, int list, int i);
/* Number of tokens of the longest entry of the list at i, 0: none. */
static inline int news_in(const struct news_text *x, int list, int i)
{
	const struct news_word *w = i >= x->begin && i < x->end ? x->t[i].word : NULL;
	if (!w)
		return 0;
	return w->begins[list / 64] >> (list % 64) & 1 ? news_phrase_in(x, list, i) : (int)(w->lists[list / 64] >> (list % 64) & 1);
}
static inline bool news_mark(const struct news_text *x, int i, char mark)
{
	return i >= x->begin && i < x->end && (x->t[i].flags & T_MARK) && x->t[i].mark == mark;
}
static inline bool news_has(const struct news_text *x, int i, int flag)
{
	return i >= x->begin && i < x->end && (x->t[i].flags & flag);
}
/* Empty where there are no tokens. */
struct wn_str news_slice(const struct news_text *x, struct news_span s);
/* Plain, cleaned text: invisible characters gone, bounded. */
struct wn_str news_clean(struct wn_str s, struct wn_arena *a);

/* --- sums and rounds (news_money.c) --- */
/* A sum at token i: how many tokens it takes, 0 none. */
int news_money(const struct news_text *x, int i, struct wn_sum *out);
/* A round at token i ("Series B", "pre-seed", "seed extension"): tokens and its name. */
int news_round(const struct news_text *x, int i, struct wn_str *out);
struct news_raise {
	struct wn_sum amount, valuation;
	struct wn_str round;
	int end;
	const char *why_not;
	bool named; /* a round or a word for one is there, not only a sum */
};
/* Sum, round and valuation of a raise described from token i on. */
bool news_raise(const struct news_text *x, int i, struct news_raise *out);

/* --- names (news_names.c) --- */
struct news_who {
	struct news_span company, post, person;
	bool unnamed;        /* an organisation without a name ("AI startup") */
	bool role_head;      /* somebody who only was of the company: "Google vet" */
	bool person_head;    /* it is a person or post of the company that acts */
	bool whole;          /* the name ends in 's, which is part of it: "Moody's buys" */
	bool former;         /* the post was of another time */
	const char *why_not;
};
/* Who stands before token v as its subject; reads auxiliaries between. futures: announced acts
 * count; blog: "How Acme moved" tells of an act. */
bool news_subject(const struct news_text *x, int v, bool futures, bool blog, struct news_who *out);
/* Company, post, person in the noun phrase that ends at `end` and does not begin before lo. */
bool news_phrase_before(const struct news_text *x, int lo, int end, struct news_who *out);
/* A company's name in the noun phrase from token i on; *end behind it. unnamed: "a startup". */
bool news_object(const struct news_text *x, int i, struct news_span *name, int *end, bool *unnamed);
/* The company of "Acme's $10M" left of token i; *sum is where the sum begins. */
bool news_owner(const struct news_text *x, int i, struct news_span *name, int *sum);
/* The name that what stands between two tokens begins with: that of a sentence is what its pronouns refer to. */
bool news_leading(const struct news_text *x, int from, int before, struct news_span *name);
/* A country, an agency, somebody in office: no account. */
bool news_no_company(const struct news_text *x, struct news_span s);
/* Words of intention, denial, background between two tokens: which. */
bool news_speaks_against(const struct news_text *x, int from, int to, const char **why);
struct news_span news_name_stripped(const struct news_text *x, struct news_span run);
int news_run_end(const struct news_text *x, int i);
bool news_is_person(const struct news_text *x, struct news_span s);
/* Words of a sentence that are part of a person's name where they stand ("CFO Will Stone", "names Lisa Brand CEO") are no words of any
 * list from then on. */
void news_settle_names(struct news_text *x);

/* --- posts (news_posts.c) --- */
/* Who was put into which post, described from token i on. */
bool news_appointee(const struct news_text *x, int i, struct news_who *out);
/* A person's name at token i, also behind a post or a title ("CEO Jane Roe", "Dr. Jane Roe"). */
bool news_person(const struct news_text *x, int i, struct news_span *out, int *end);
/* "[new] chief product officer [of X]" at token i. */
bool news_post(const struct news_text *x, int i, struct news_span *post, int *end);
/* Who lost a post: "its CEO Jane Roe". */
bool news_leaver(const struct news_text *x, int i, struct news_who *out);
/* Behind "leaves": the end, a preposition, "the company", a name; not another object ("leaves the door open"). */
bool news_away(const struct news_text *x, int i);

/* --- technologies (news_technology.c) --- */
struct news_tool { struct news_span name; const struct news_technology *known; int end; };
/* A product named from token i on, over at most five modifiers. known: only one of the table. */
bool news_tool(const struct news_text *x, int i, bool known, struct news_tool *out);

/* --- one sentence (news_match.c) --- */
struct news_found {
	const struct news_pattern *pattern;
	struct news_span trigger, sentence;
	struct news_who who;
	struct news_span target, buyer, person, post;
	struct news_raise raise;
	struct news_tool tool, from, to;
	bool unnamed_target;
	const char *lead; /* "head of": the post is what is led */
};
/* What stands before token i, where the trigger begins; NULL: it fits, else why not. */
const char *news_left(const struct news_text *x, const struct news_pattern *p, int i, struct news_found *f);
/* Tries a pattern at token i, where its trigger of n tokens was met; NULL: read, else why not. */
const char *news_match(const struct news_text *x, const struct news_pattern *p, int i, int n, struct news_found *out);

#endif
