/* SPDX-License-Identifier: MIT */
/*
 * One item of news, sentence by sentence: one pass cuts it into words, of which each knows the triggers it may begin; only at
 * those are patterns tried.
 * The headline decides; the beginning of the body fills in what it left out, and speaks for itself only where the headline
 * said nothing at all.
 */
#include "news.h"

#include <limits.h>
#include <strings.h>

enum { LEAD_SENTENCES = 2, FILL_SENTENCES = 8, LEAD_BYTES = 500, FILL_BYTES = 1500, ROOM = 160 /* tokens; longer texts take more from the arena */ };

struct reading {
	const struct wn_news *news;
	struct wn_arena *arena;
	const struct wn_news_trace *trace;
	struct news_patterns asked; /* the others are not tried */
	struct news_token *room; /* for tokens: of the headline, then of the body */
	int cap;
	struct wn_news_signal *out;
	size_t n;
	bool denied; /* the headline had an act that it denied or put off */
};

/* --- from tokens to texts ------------------------------------------------------------------------------- */

static struct wn_str text_of(const struct reading *r, const struct news_text *x, struct news_span s)
{
	return wn_text_one_line(news_slice(x, s), WN_NAME_MAX, r->arena);
}

static struct wn_str name_of(const struct reading *r, const struct news_text *x, struct news_span s, bool whole)
{
	struct wn_str t = news_slice(x, s);

	if (whole && t.n) { /* the possessive belongs to it */
		const char *end = x->text.p + x->text.n, *p = t.p + t.n;
		while (p < end && *p != ' ' && *p != ',')
			p++;
		t.n = (size_t)(p - t.p);
	}
	return wn_text_one_line(t, WN_NAME_MAX, r->arena);
}

static void fill_tools(const struct reading *r, const struct news_text *x, const struct news_found *f, struct wn_news_signal *s)
{
	const struct news_technology *known = f->tool.known ? f->tool.known : f->from.known ? f->from.known : f->to.known;

	s->technology = f->tool.known && f->tool.name.to - f->tool.name.from <= 2 ? f->tool.known->name : text_of(r, x, f->tool.name);
	s->technology_from = f->from.known ? f->from.known->name : text_of(r, x, f->from.name);
	s->technology_to = f->to.known ? f->to.known->name : text_of(r, x, f->to.name);
	s->category = known ? known->category : WN_STR("");
	s->category_from = f->from.known ? f->from.known->category : WN_STR("");
}

static void signal_of(const struct reading *r, const struct news_text *x, const struct news_found *f, struct wn_news_signal *s)
{
	*s = (struct wn_news_signal){.kind = f->pattern->kind, .pattern = f->pattern->name, .amount = f->raise.amount,
				     .valuation = f->raise.valuation, .round = f->raise.round};
	s->span = news_slice(x, f->sentence);
	s->trigger = news_slice(x, f->trigger);
	s->company = name_of(r, x, f->who.company, f->who.whole);
	s->target = text_of(r, x, f->target);
	s->buyer = text_of(r, x, f->buyer);
	s->person = text_of(r, x, f->person);
	s->position = text_of(r, x, f->post);
	s->technology = s->technology_from = s->technology_to = s->category = s->category_from = WN_STR("");
	if (!s->round.p)
		s->round = WN_STR("");
	if (f->lead && s->position.n)
		s->position = wn_str_of(wn_arena_printf(r->arena, "%s " WN_STR_FMT, f->lead, WN_STR_ARG(s->position)));
	if (s->kind == WN_NEWS_ACQUISITION && s->buyer.n)
		s->company = s->buyer;
	if (s->kind == WN_NEWS_TECH_ADOPTED || s->kind == WN_NEWS_TECH_DROPPED)
		fill_tools(r, x, f, s);
}

/* --- several findings ----------------------------------------------------------------------------------- */

static bool same_name(struct wn_str a, struct wn_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	return n > 0 && strncasecmp(a.p, b.p, n) == 0 && (a.n == b.n || (a.n > n ? a.p[n] : b.p[n]) == ' ');
}

static void fill(struct wn_str *have, struct wn_str more)
{
	if (!have->n)
		*have = more;
}

static void fill_from(struct wn_news_signal *s, const struct wn_news_signal *more)
{
	fill(&s->company, more->company);
	fill(&s->target, more->target);
	fill(&s->round, more->round);
	if (!s->person.n || same_name(s->person, more->person)) {
		fill(&s->person, more->person);
		fill(&s->position, more->position);
	}
	if (!(s->amount.amount > 0))
		s->amount = more->amount;
	if (!(s->valuation.amount > 0))
		s->valuation = more->valuation;
}

static struct wn_news_signal *of_kind(const struct reading *r, enum wn_news_kind k)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->out[i].kind == k)
			return &r->out[i];
	return NULL;
}

/* The next word of a post, lower or upper, taken off its front. */
static struct wn_str next_word(struct wn_str *s)
{
	size_t from = 0, to;

	while (from < s->n && memchr(" -,&", s->p[from], 4))
		from++;
	for (to = from; to < s->n && !memchr(" -,&", s->p[to], 4);)
		to++;
	struct wn_str w = {s->p + from, to - from};
	*s = (struct wn_str){s->p + to, s->n - to};
	return w;
}

/* "CFO" of "chief financial officer". */
static bool is_short_for(struct wn_str letters, struct wn_str post)
{
	size_t n = 0;

	for (struct wn_str w = next_word(&post); w.n; w = next_word(&post), n++)
		if (n == letters.n || (letters.p[n] | 0x20) != (w.p[0] | 0x20))
			return false;
	return n > 1 && letters.n - n < 2;
}

/* Two spellings of one post: alike, short for each other, or of the same business ("finance chief", "chief financial officer"). */
static bool same_post(struct wn_str a, struct wn_str b)
{
	enum { STEM = 5 };

	if (same_name(a, b) || is_short_for(a, b) || is_short_for(b, a))
		return true;
	for (struct wn_str w = next_word(&a); w.n; w = next_word(&a)) {
		struct wn_str rest = b;
		bool says = w.n >= STEM && strncasecmp(w.p, "chief", STEM) != 0 && strncasecmp(w.p, "offic", STEM) != 0;
		for (struct wn_str v = next_word(&rest); says && v.n; v = next_word(&rest))
			if (v.n >= STEM && strncasecmp(v.p, w.p, STEM) == 0)
				return true;
	}
	return false;
}

/* Two readings of one event: the same company, or one of them names none. */
static bool may_be_same(const struct wn_news_signal *a, const struct wn_news_signal *b)
{
	if (a->company.n && b->company.n && !same_name(a->company, b->company))
		return false;
	if (a->amount.amount > 0 && b->amount.amount > 0 && a->amount.amount != b->amount.amount)
		return false;
	if (a->person.n && b->person.n)
		return same_name(a->person, b->person);
	return !a->position.n || !b->position.n || same_post(a->position, b->position);
}

static void take(struct reading *r, const struct news_text *x, const struct news_found *f)
{
	struct wn_news_signal s, *have;

	signal_of(r, x, f, &s);
	have = of_kind(r, s.kind);
	if (have && may_be_same(have, &s))
		fill_from(have, &s);
	else if (!have && r->n < WN_NEWS_SIGNALS_MAX)
		r->out[r->n++] = s;
}

/* --- sentences ------------------------------------------------------------------------------------------ */

struct used { struct news_span span; enum wn_news_kind kind; };

static bool people(enum wn_news_kind k) { return k == WN_NEWS_HIRE || k == WN_NEWS_DEPARTURE; }

/* A trigger is read once; but one verb may tell of a hire and a departure. */
static bool is_used(const struct used *u, size_t n, int i, enum wn_news_kind kind)
{
	for (size_t k = 0; k < n; k++)
		if (u[k].span.from <= i && i < u[k].span.to && !(people(kind) && people(u[k].kind) && kind != u[k].kind))
			return true;
	return false;
}

static void tell(const struct reading *r, const struct news_text *x, const struct news_pattern *p, int i, int n, const char *why)
{
	if (r->trace)
		r->trace->on_tried(r->trace->ctx, p->name, news_slice(x, (struct news_span){i, i + n}), why);
}

static bool denies(const char *why)
{
	return strcmp(why, "hearsay") == 0 || strcmp(why, "denied") == 0 || strncmp(why, "an intention", 12) == 0 || strcmp(why, "not done yet") == 0;
}

enum { SPOTS_MAX = 32, USED_MAX = 16 };
/* Where triggers of patterns that are asked begin in a sentence, which patterns these are there and in all, and which were read. */
struct spots {
	int at[SPOTS_MAX], n;
	struct news_patterns met[SPOTS_MAX], all;
	struct used used[USED_MAX];
	size_t n_used;
};

static void add_patterns(struct news_patterns *to, const struct news_patterns *more)
{
	for (size_t k = 0; k < NEWS_PATTERN_WORDS; k++)
		to->bits[k] |= more->bits[k];
}

/* The patterns that are asked of those that token i brings about, alone or with what follows; false: none. */
static bool met_at(const struct reading *r, const struct news_text *x, int i, struct news_patterns *met)
{
	const struct news_word *w = x->t[i].word;
	uint64_t any = 0;

	*met = w->brings ? *w->brings : (struct news_patterns){{0}};
	for (const struct news_phrase *p = w->phrases; p && p->brings; p = p->next)
		if (news_phrase_at(x, p, i))
			add_patterns(met, p->brings);
	for (size_t k = 0; k < NEWS_PATTERN_WORDS; k++)
		any |= met->bits[k] &= r->asked.bits[k];
	return any != 0;
}

static void find_spots(const struct reading *r, const struct news_text *x, struct spots *s)
{
	s->n = 0;
	s->n_used = 0;
	s->all = (struct news_patterns){{0}};
	for (int i = x->begin; i < x->end && s->n < SPOTS_MAX; i++)
		if (x->t[i].word && x->t[i].word->begins_trigger && met_at(r, x, i, &s->met[s->n])) {
			add_patterns(&s->all, &s->met[s->n]);
			s->at[s->n++] = i;
		}
}

/* Its trigger of n words stands at i. */
static void try_at(struct reading *r, const struct news_text *x, const struct news_pattern *p, int i, int n, struct spots *spots)
{
	struct news_found f WN_UNINITIALIZED; /* set where it is read */
	const char *why = x->why_not ? x->why_not : news_match(x, p, i, n, &f);

	tell(r, x, p, i, n, why);
	r->denied = r->denied || (why && denies(why));
	if (why)
		return;
	if (spots->n_used < USED_MAX)
		spots->used[spots->n_used++] = (struct used){f.trigger, p->kind};
	take(r, x, &f);
}

static void try_pattern(struct reading *r, const struct news_text *x, size_t number, struct spots *spots)
{
	const struct news_pattern *p = &r->news->patterns.v[number];

	for (int k = 0; k < spots->n; k++) {
		int i = spots->at[k], n = spots->met[k].bits[number / 64] >> (number % 64) & 1 ? news_in(x, p->trigger, i) : 0;
		if (n && !is_used(spots->used, spots->n_used, i, p->kind))
			try_at(r, x, p, i, n, spots);
	}
}

static void read_sentence(struct reading *r, struct news_text *x)
{
	struct spots spots WN_UNINITIALIZED; /* find_spots sets what is read */

	find_spots(r, x, &spots);
	if (!spots.n)
		return;
	news_weigh_sentence(x);
	for (size_t k = 0; k < NEWS_PATTERN_WORDS; k++)
		for (uint64_t left = spots.all.bits[k]; left; left &= left - 1)
			try_pattern(r, x, k * 64 + (size_t)__builtin_ctzll(left), &spots);
}

/* The patterns of the kinds that the headline told of; it told of none: all. */
static void ask(struct reading *r)
{
	memset(&r->asked, r->n ? 0 : 0xff, sizeof(r->asked));
	for (size_t i = 0; i < r->n; i++)
		add_patterns(&r->asked, &r->news->of_kind[r->out[i].kind]);
}

static bool complete(const struct wn_news_signal *s)
{
	return s->company.n && (s->kind != WN_NEWS_FUNDING || (s->round.n && s->amount.amount > 0)) &&
	       ((s->kind != WN_NEWS_HIRE && s->kind != WN_NEWS_DEPARTURE) || (s->person.n && s->position.n)) &&
	       (s->kind != WN_NEWS_ACQUISITION || (s->target.n && s->amount.amount > 0));
}

static bool all_complete(const struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!complete(&r->out[i]))
			return false;
	return r->n > 0;
}

static void read_text(struct reading *r, struct wn_str text, int sentences, bool fill_only)
{
	struct news_text x = {.news = r->news, .text = text, .fills_in = fill_only, .t = r->room, .cap = r->cap};

	ask(r);
	for (int k = 0; k < sentences && news_next_sentence(&x, r->arena); k++)
		read_sentence(r, &x);
	r->room = x.t;
	r->cap = x.cap;
}

/* What of a body is looked at: its beginning, less where the headline said nothing. */
static void read_body(struct reading *r, struct wn_str body)
{
	bool silent = r->n == 0;
	size_t most = silent ? LEAD_BYTES : FILL_BYTES;
	int sentences = silent ? LEAD_SENTENCES : FILL_SENTENCES;

	while (most < body.n && ((uint8_t)body.p[most] & 0xc0) == 0x80)
		most--;
	body = news_clean((struct wn_str){body.p, body.n < most ? body.n : most}, r->arena);
	read_text(r, body, sentences, !silent);
}

size_t wn_news_read(const struct wn_news *n, struct wn_str headline, struct wn_str body, struct wn_arena *a,
		    struct wn_news_signal out[WN_NEWS_SIGNALS_MAX], const struct wn_news_trace *trace)
{
	struct news_token room[ROOM] WN_UNINITIALIZED;
	struct reading r = {.news = n, .arena = a, .trace = trace, .room = room, .cap = ROOM, .out = out};

	read_text(&r, news_clean(headline, a), INT_MAX, false);
	if (body.n && !(r.denied && r.n == 0) && !all_complete(&r))
		read_body(&r, body);
	return r.n;
}
