/* SPDX-License-Identifier: MIT */
/*
 * Pages: where an answer goes on. Each page is a poll of its own that leaves its successor in the feed's cursor, in the transaction
 * of its items, and is due at once: what a crash interrupts goes on where it stopped. A walk begins at the first page and ends where
 * there is no next one; only then does the schedule move.
 */
#include "intake_parts.h"
#include <strings.h>
#include <whynow/url.h>

static struct wn_str text_of(int64_t n, struct wn_arena *a) { return wn_str_of(wn_arena_printf(a, "%lld", (long long)n)); }

static int64_t number_of(struct wn_str s, int64_t none)
{
	int64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > INT64_MAX / 20)
			return none;
		v = v * 10 + (s.p[i] - '0');
	}
	return s.n ? v : none;
}

/* --- Link: <https://x/?page=2>; rel="next", <...>; rel="last"   (RFC 8288, 3) ---- */
static const char *skip_blank(const char *p) { return p + strspn(p, " \t"); }

static bool has_word(struct wn_str words, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0, end; i < words.n; i = end + 1) {
		for (end = i; end < words.n && words.p[end] != ' ' && words.p[end] != '\t';)
			end++;
		if (end - i == n && strncasecmp(words.p + i, word, n) == 0)
			return true;
	}
	return false;
}

/* At the ';' of a parameter: its name and value, and what follows it. Single quotes are no quotes, but some think so. */
static const char *read_param(const char *p, struct wn_str *name, struct wn_str *value)
{
	p = skip_blank(p + 1);
	*name = (struct wn_str){p, strcspn(p, " \t=;,")};
	*value = (struct wn_str){NULL, 0};
	p = skip_blank(p + name->n);
	if (*p != '=')
		return p;
	p = skip_blank(p + 1);
	char quote = *p == '"' || *p == '\'' ? *p++ : 0;
	const char *start = p;
	while (*p && (quote ? *p != quote : !strchr(" \t;,", *p)))
		p += *p == '\\' && quote && p[1] ? 2 : 1;
	*value = (struct wn_str){start, (size_t)(p - start)};
	return skip_blank(p + (quote && *p == quote));
}

/* Behind the address: does its rel, the first (3.3), say next? *end: the ',' before the next link, or the end. */
static bool says_next(const char *p, const char **end)
{
	bool next = false, had = false;
	struct wn_str name, value;
	for (p = skip_blank(p); *p && *p != ',';) {
		if (*p != ';') { /* something else: on to the next parameter */
			p++;
			continue;
		}
		p = read_param(p, &name, &value);
		if (!had && name.n == 3 && strncasecmp(name.p, "rel", 3) == 0) {
			had = true;
			next = has_word(value, "next");
		}
	}
	*end = p;
	return next;
}

static struct wn_str next_of_link(const char *value)
{
	for (const char *p = value, *end; (p = strchr(p, '<')); p = end) {
		const char *close = strchr(p, '>');
		if (!close)
			break;
		if (says_next(close + 1, &end))
			return (struct wn_str){p + 1, (size_t)(close - p - 1)};
	}
	return (struct wn_str){NULL, 0};
}

static struct wn_str next_of_links(const struct wn_http_response *r)
{
	struct wn_str next = {NULL, 0};
	for (size_t i = 0; i < r->headers_n && !next.p; i++)
		if (strcmp(r->headers[i].name, "link") == 0)
			next = next_of_link(r->headers[i].value);
	return next;
}

/* --- which is next ---- */
static struct wn_str next_number(const struct wn_feed_answer *a, int64_t first, int64_t step)
{
	const struct wn_feed_conf *c = a->book_feed->conf;
	int64_t n = (int64_t)(a->doc.items_n + a->doc.rejects_n + a->doc.rejects_more), at = number_of(a->feed->state.cursor, first);
	if (n == 0 || (c->page.limit && n < c->page.limit))
		return (struct wn_str){NULL, 0};
	return text_of(at + step, a->arena);
}

static enum wn_rc next_cursor(struct wn_feed_answer *a, struct wn_str *out, struct wn_err *err)
{
	struct wn_value last = a->doc.items_n ? a->doc.items[a->doc.items_n - 1].value : (struct wn_value){0};
	return wn_mapping_cursor(a->book_feed->mapping, last, a->doc.doc, a->now_us, a->arena, out, err);
}

/* A whole address stays with the host that we were told to ask: everything else would carry our credentials away. */
static enum wn_rc check_address(struct wn_feed_answer *a, const struct wn_http_response *r, struct wn_str *next, struct wn_err *err)
{
	struct wn_str here = wn_poll_url(a->feed, a->book_feed);
	bool relative = a->book_feed->conf->page.by == WN_PAGE_LINK;
	if (relative)
		*next = wn_url_resolve(wn_str_of(r->url), *next, a->arena);
	if (!wn_url_is_http(*next))
		return relative ? wn_fail(err, WN_INVALID, "the Link header leads to no http or https address") : WN_OK;
	return wn_same_origin(here, *next) ? WN_OK : wn_fail(err, WN_REFUSED, "the next page would be at another host: " WN_STR_FMT, WN_STR_ARG(*next));
}

enum wn_rc wn_page_next(struct wn_feed_answer *a, const struct wn_http_response *r, struct wn_err *err)
{
	const struct wn_feed_conf *c = a->book_feed->conf;
	struct wn_str next = {NULL, 0};
	enum wn_rc rc = WN_OK;
	if (c->page.by == WN_PAGE_NUMBER)
		next = next_number(a, c->page.first, 1);
	else if (c->page.by == WN_PAGE_OFFSET)
		next = next_number(a, 0, c->page.limit);
	else if (c->page.by == WN_PAGE_LINK)
		next = next_of_links(r);
	else if (c->page.by == WN_PAGE_CURSOR)
		rc = next_cursor(a, &next, err);
	if (rc == WN_OK && next.n && c->page.by >= WN_PAGE_CURSOR)
		rc = check_address(a, r, &next, err);
	if (rc == WN_OK && next.n > WN_URL_MAX)
		rc = wn_fail(err, WN_LIMIT, "the next page's cursor has %zu bytes, at most %d are kept", next.n, WN_URL_MAX);
	if (rc == WN_OK && next.n && !wn_str_eq(next, a->feed->state.cursor))
		a->next_page = wn_arena_str(a->arena, next);
	return rc;
}

/* --- the walk ---- */
static void count(struct wn_feed_answer *a, int64_t now_us)
{
	struct wn_remembered *m = &a->remembered;
	if (!m->walk_us)
		m->walk_us = now_us;
	m->walk_pages++;
	m->walk_new += a->totals_after.stored + a->totals_after.review;
	m->walk_signals += a->totals_after.signals;
	m->walk_broken |= a->doc.incomplete || a->doc.rejects_n;
}

bool wn_page_move(struct wn_feed_answer *a, struct wn_feed_state *s, int64_t now_us)
{
	struct wn_remembered *m = &a->remembered;
	const struct wn_feed_conf *c = a->book_feed ? a->book_feed->conf : NULL;
	if (!c || c->mode != WN_FEED_POLL || a->error || a->poll.outcome != WN_POLL_ITEMS)
		return false;
	count(a, now_us);
	a->poll.new_items = (int)m->walk_new;
	a->poll.signals = (int)m->walk_signals;
	s->cursor = a->next_page;
	if (a->next_page.n && m->walk_pages < c->page.max) {
		s->next_us = now_us;
		s->why = wn_str_of(wn_arena_printf(a->arena, "now: page %lld follows", (long long)m->walk_pages + 1));
		return true;
	}
	m->walk_pages = m->walk_new = m->walk_signals = 0;
	if (!a->next_page.n) {
		a->walk_us = m->walk_us;
		a->walk_whole = !m->walk_broken;
		m->walk_us = 0;
		m->walk_broken = false;
	}
	return false;
}
