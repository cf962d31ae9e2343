/* SPDX-License-Identifier: MIT */
/*
 * From what news tell to sightings: attributes by the kinds of the registry, the company as account, the person as contact,
 * the domains an item mentions. An attribute that the registry does not have is left out.
 */
#include "mapping.h"
#include <whynow/text.h>

enum { MENTIONED_MAX = 8, MARKUP_LOOK = 16 << 10 };

struct making {
	const struct wn_mapping *m;
	struct wn_arena *arena;
	int kind;
	struct wn_map_builder attrs;
};

/* --- attributes ----------------------------------------------------------------------------------------- */

static void put(struct making *k, const char *name, struct wn_value v)
{
	const struct wn_attr_def *d = wn_registry_attr_of_kind(k->m->registry, k->kind, wn_str_of(name));
	struct wn_value made;

	if (d && !wn_attr_coerce(d->type, d->enum_values, v, k->arena, &made, NULL) && made.kind != WN_ABSENT)
		wn_map_set(&k->attrs, d->name, made);
}

static void put_text(struct making *k, const char *name, struct wn_str s)
{
	if (s.n)
		put(k, name, wn_string(s));
}

static void put_money(struct making *k, const struct wn_news_signal *n)
{
	if (n->amount.amount > 0) {
		put(k, "amount", wn_double(n->amount.amount));
		put(k, "currency", wn_cstring(wn_arena_printf(k->arena, "%s", n->amount.currency)));
		if (strcmp(n->amount.currency, "USD") == 0)
			put(k, "amount_usd", wn_double(n->amount.amount));
	}
	if (n->valuation.amount > 0 && strcmp(n->valuation.currency, "USD") == 0)
		put(k, "valuation_usd", wn_double(n->valuation.amount));
}

static void put_position(struct making *k, struct wn_str position, struct wn_contact_hint *c)
{
	struct wn_position p = wn_positions_look(k->m->positions, position, k->arena);

	put_text(k, "position", position);
	if (p.department)
		put(k, "department", wn_cstring(p.department));
	if (p.level)
		put(k, "level", wn_int(p.level));
	c->position = position;
	c->department = wn_str_of(p.department);
	c->level = p.level;
}

/* Money goes into the kinds that have the attribute; a round that the registry does not list is left out. */
static struct wn_value attrs_of(struct making *k, const struct wn_news_signal *n, struct wn_contact_hint *c)
{
	put_text(k, "round", n->round);
	put_money(k, n);
	put_text(k, "target", n->target);
	put_text(k, "person", n->person);
	if (n->position.n)
		put_position(k, n->position, c);
	put_text(k, "technology", n->technology);
	put_text(k, "category", n->category);
	put_text(k, "technology_from", n->technology_from);
	put_text(k, "technology_to", n->technology_to);
	return wn_map_end(&k->attrs);
}

/* --- domains -------------------------------------------------------------------------------------------- */

struct mentions {
	struct wn_str publisher;
	struct wn_arena *arena;
	struct wn_str *v;
	size_t n;
};

static void mention(struct mentions *m, struct wn_str host)
{
	struct wn_str d;

	if (m->n == MENTIONED_MAX || !wn_domain_registrable(host, m->arena, &d) || wn_domain_is_shared(d) || wn_str_eq(d, m->publisher))
		return;
	for (size_t i = 0; i < m->n; i++)
		if (wn_str_eq(m->v[i], d))
			return;
	m->v[m->n++] = d;
}

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* Hosts of the links of a markup. */
static void mention_links(struct mentions *m, struct wn_str markup)
{
	struct wn_str rest = {markup.p, markup.n < MARKUP_LOOK ? markup.n : MARKUP_LOOK};
	const char *at;

	while (m->n < MENTIONED_MAX && rest.n > 3 && (at = memmem(rest.p, rest.n, "://", 3))) {
		size_t from = (size_t)(at - rest.p) + 3, to = from;
		while (to < rest.n && host_char(rest.p[to]))
			to++;
		mention(m, (struct wn_str){rest.p + from, to - from});
		rest = (struct wn_str){rest.p + to, rest.n - to};
	}
}

/* Words of a text that are written like a domain: "Read.cv", "acme.com". */
static void mention_words(struct mentions *m, struct wn_str text)
{
	size_t most = text.n < WN_NEWS_TEXT_MAX ? text.n : WN_NEWS_TEXT_MAX;

	for (size_t i = 0, to; i < most && m->n < MENTIONED_MAX; i = to + 1) {
		bool dot = false;
		for (to = i; to < most && host_char(text.p[to]); to++)
			dot = dot || (text.p[to] == '.' && to > i && to + 2 < most && host_char(text.p[to + 1]) && text.p[to + 1] > '9');
		while (to > i && text.p[to - 1] == '.' && to - 1 > i)
			to--;
		if (dot)
			mention(m, (struct wn_str){text.p + i, to - i});
	}
}

static void mention_all(struct mentions *m, const struct wn_news_item *item)
{
	m->v = WN_NEW_N(m->arena, struct wn_str, MENTIONED_MAX);
	mention_links(m, item->markup);
	mention_words(m, item->headline);
	mention_words(m, item->text);
}

/* --- sightings ------------------------------------------------------------------------------------------ */

/* Whose it is: the company that the text names, else that of the feed. */
static bool account_of(const struct making *k, const struct wn_news_signal *n, const struct wn_account_hint *of_feed, struct wn_account_hint *out)
{
	*out = *of_feed;
	if (n->company.n) {
		struct wn_str key = wn_name_normalise(n->company, k->arena);
		*out = (struct wn_account_hint){.domain = WN_STR(""), .email = WN_STR(""), .name = n->company, .name_key = key, .in_text = true};
	}
	return out->domain.n || out->name_key.n || out->email.n;
}

/* A switch told in one sentence is two facts: the one technology was taken up, the other, if it is a known one, left. */
static size_t with_what_was_left(struct wn_news_signal told[WN_NEWS_SIGNALS_MAX], size_t n)
{
	const struct wn_news_signal *adopted = NULL;

	for (size_t i = 0; i < n; i++) {
		if (told[i].kind == WN_NEWS_TECH_DROPPED)
			return n;
		if (told[i].kind == WN_NEWS_TECH_ADOPTED && told[i].category_from.n)
			adopted = &told[i];
	}
	if (!adopted || n == WN_NEWS_SIGNALS_MAX)
		return n;
	struct wn_news_signal left = *adopted;
	left.kind = WN_NEWS_TECH_DROPPED;
	left.technology_to = adopted->technology;
	left.technology = adopted->technology_from;
	left.category = adopted->category_from;
	left.technology_from = WN_STR("");
	told[n] = left;
	return n + 1;
}

static bool sighting_of(const struct wn_mapping *m, const struct wn_sighting *frame, const struct wn_news_signal *n, int place,
			struct wn_arena *a, struct wn_sighting *out)
{
	int kind = wn_registry_kind_number(m->registry, wn_str_of(wn_news_kind_to_text(n->kind)));
	struct making k = {m, a, kind, wn_map_begin(a)};
	struct wn_sighting s = *frame;

	if (kind < 0 || !account_of(&k, n, &frame->account, &s.account))
		return false;
	s.kind = kind;
	s.place = place;
	s.key = wn_sighting_key(s.feed, s.item, place);
	s.strength = m->strength * wn_registry_kind(m->registry, kind)->strength;
	s.span = wn_text_one_line(n->span, WN_HEADLINE_MAX, a);
	s.contact = (struct wn_contact_hint){WN_STR(""), WN_STR(""), WN_STR(""), WN_STR(""), 0};
	s.attrs = attrs_of(&k, n, &s.contact);
	if (n->person.n)
		s.contact.name = n->person;
	*out = s;
	return true;
}

enum wn_mapped wn_mapping_apply_news(struct wn_mapping *m, const struct wn_news_item *item, int64_t now_us, struct wn_arena *a,
				     struct wn_sighting out[WN_NEWS_SIGNALS_MAX], size_t *n, const struct wn_news_trace *trace,
				     struct wn_err *err)
{
	struct wn_news_signal told[WN_NEWS_SIGNALS_MAX];
	struct wn_sighting frame;
	struct mentions mentioned = {.arena = a};

	*n = 0;
	enum wn_mapped mapped = wn_mapping_frame(m, item, now_us, a, &frame, err);
	if (mapped != WN_MAPPED)
		return mapped;
	size_t found = with_what_was_left(told, wn_news_read(m->news, frame.headline, item->text, a, told, trace));
	for (size_t i = 0; i < found; i++)
		*n += sighting_of(m, &frame, &told[i], (int)*n, a, &out[*n]);
	if (*n) {
		mentioned.publisher = frame.publisher;
		mention_all(&mentioned, item);
	}
	for (size_t i = 0; i < *n; i++) {
		out[i].account.mentioned = mentioned.v;
		out[i].account.n_mentioned = mentioned.n;
	}
	if (*n)
		return WN_MAPPED;
	if (!found) {
		if (err)
			*err = (struct wn_err){0};
		return WN_MAPPED_FILTERED;
	}
	wn_fail(err, WN_INVALID, "extract: the news name no company (%s)", wn_news_kind_to_text(told[0].kind));
	return WN_MAPPED_REJECTED;
}
