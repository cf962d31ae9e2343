/* SPDX-License-Identifier: MIT */
/*
 * What an answer means: its outcome for the schedule, its items as sightings, and the feed's next state. No waiting
 * here but the one statement that writes the state.
 */
#include "intake_parts.h"
#include "outcome.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/date.h>
#include <whynow/failpoint.h>
#include <whynow/text.h>
#include <whynow/url.h>

void wn_answer_failed(struct wn_feed_answer *a, enum wn_poll_outcome how, const char *why)
{
	a->poll.outcome = how;
	a->error = wn_arena_strdup(a->arena, wn_text_one_line(wn_str_of(why), 300, a->arena));
	a->doc = (struct wn_feed_doc){0};
	a->at = 0;
	wn_lot_done(&a->ahead);
	a->keep_validators = true;
	a->snapshot = NULL;
	a->totals = (struct wn_feed_totals){0};
}

/* ------------------------------------------------------------------------------------------------- the status */
static void read_hints(struct wn_feed_answer *a, const struct wn_http_response *r, int64_t now_us)
{
	struct wn_http_hints_work work = {0};
	for (size_t i = 0; i < r->headers_n; i++)
		wn_http_hints_take(&work, wn_str_of(r->headers[i].name), wn_str_of(r->headers[i].value), now_us);
	a->poll.http = wn_http_hints_done(&work, now_us);
}

static enum wn_poll_outcome outcome_of_status(int status)
{
	if (status == 304)
		return WN_POLL_NOT_MODIFIED;
	if (status == 410)
		return WN_POLL_GONE;
	if (status == 429 || status == 503)
		return WN_POLL_THROTTLED;
	if (status == 408 || status == 425) /* it was slow, or too early: nothing is wrong with the question */
		return WN_POLL_SERVER;
	if (status >= 400 && status < 500)
		return WN_POLL_DENIED;
	return status == 200 || status == 203 ? WN_POLL_ITEMS : WN_POLL_SERVER; /* 203: a proxy had a hand in it (RFC 9110, 15.3.4) */
}

/* "Not modified" to a question without a validator: nothing was ever read that could be the same. */
static bool is_baseless(const struct wn_feed_answer *a)
{
	const struct wn_feed_state *s = &a->feed->state;
	return a->poll.outcome == WN_POLL_NOT_MODIFIED && !s->etag.n && !s->last_modified.n;
}

/* A date that is still to come (2038-01-19, the last of a 32-bit clock) is a mistake of the server: with it nothing would ever be
 * newer. */
static const char *believable(const char *modified, int64_t now_us)
{
	int64_t at;
	return modified && wn_date_parse(wn_str_of(modified), &at) && at > now_us + WN_DAY ? NULL : modified;
}

/* Pages that want a browser, by what gives them away. */
static const struct {
	const char *header, *value, *name;
} challenges[] = {
	{"cf-mitigated", "challenge", "Cloudflare"}, {"x-amzn-waf-action", "", "AWS WAF"}, {"x-datadome", "", "DataDome"},
	{"x-sucuri-block", "", "Sucuri"},	     {"x-iinfo", "", "Imperva"},	   {"x-vercel-mitigated", "", "Vercel"},
};
static const struct {
	const char *text, *name;
} challenge_texts[] = {
	{"<title>Just a moment...", "Cloudflare"}, {"cf-chl-", "Cloudflare"},	     {"challenge-platform", "Cloudflare"},
	{"captcha-delivery.com", "DataDome"},	   {"/.within.website/", "Anubis"},  {"_Incapsula_Resource", "Imperva"},
	{"px-captcha", "PerimeterX"},		   {"awsWafCookieDomainList", "AWS WAF"},
};
enum { CHALLENGE_LOOK = 32 << 10 };

/* Who wants to see a browser, NULL: nobody. */
static const char *challenger(const struct wn_http_response *r)
{
	size_t look = r->body.n < CHALLENGE_LOOK ? r->body.n : CHALLENGE_LOOK;
	for (size_t i = 0; i < WN_COUNT(challenges); i++) {
		const char *v = wn_http_header(r, challenges[i].header);
		if (v && r->status != 200 && strcasestr(v, challenges[i].value))
			return challenges[i].name;
	}
	for (size_t i = 0; i < WN_COUNT(challenge_texts); i++)
		if (memmem(r->body.p ? r->body.p : "", look, challenge_texts[i].text, strlen(challenge_texts[i].text)))
			return challenge_texts[i].name;
	return NULL;
}

const char *wn_answer_status_text(const struct wn_http_response *r, struct wn_arena *a)
{
	const char *who = challenger(r);
	if (who)
		return wn_arena_printf(a, "HTTP status %d: a challenge page of %s, which wants a browser; ask the publisher to let our User-Agent pass",
				       r->status, who);
	return wn_arena_printf(a, "HTTP status %d", r->status);
}

static void take_validators(struct wn_feed_answer *a, const struct wn_http_response *r)
{
	const char *etag = wn_http_header(r, "etag"), *modified = believable(wn_http_header(r, "last-modified"), a->now_us);
	a->keep_validators = r->status == 304;
	a->etag = etag ? wn_arena_str(a->arena, wn_str_of(etag)) : (struct wn_str){NULL, 0};
	a->last_modified = modified ? wn_arena_str(a->arena, wn_str_of(modified)) : (struct wn_str){NULL, 0};
}

/* -------------------------------------------------------------------------------------------------- the items */
void wn_lot_done(struct wn_lot *m)
{
	wn_arena_free(m->arena);
	*m = (struct wn_lot){0};
}

static void reject(struct wn_feed_answer *a, struct wn_str item, const char *reason, struct wn_str detail, struct wn_str excerpt)
{
	*WN_PUSH(a->ahead.arena, &a->ahead.rejects) = (struct wn_reject_row){
		.feed = a->feed->name, .item = item, .reason = wn_str_of(reason), .detail = detail, .excerpt = excerpt};
}

static struct wn_str excerpt_of(struct wn_arena *a, const struct wn_item *item)
{
	struct wn_buf b;
	wn_buf_init(&b, 400);
	wn_json_write(&b, item->value);
	struct wn_str out = wn_text_repair(wn_buf_slice(&b), 300, a);
	wn_buf_done(&b);
	return out;
}

/* An item whose name is an address is the same under http and https and with any tracking parameter. */
static void same_address(struct wn_sighting *s, struct wn_arena *a)
{
	struct wn_str same = wn_url_same(s->item, a);
	if (same.n)
		s->key = wn_sighting_key(s->feed, same, s->place);
}

/* The first answer of a snapshot says what is there, not what came: without a date of its own an item is no news. */
static void baseline(const struct wn_feed_answer *a, const struct wn_item *item, struct wn_sighting *s)
{
	s->history = a->poll.first && a->book_feed->conf->changes != WN_CHANGES_ALL && !item->published_us && s->occurred_us == a->now_us;
}

enum wn_mapped wn_answer_sightings(struct wn_mapping *m, const struct wn_item *item, struct wn_value doc, int64_t now_us, struct wn_arena *a,
				   struct wn_sighting *out, size_t *n, const struct wn_news_trace *trace, struct wn_err *err)
{
	struct wn_news_item news = {item->value, doc, item->identity, item->title, item->text,
				    item->content.n ? item->content : item->summary, item->link, item->published_us};
	*n = 1;
	if (wn_mapping_is_news(m))
		return wn_mapping_apply_news(m, &news, now_us, a, out, n, trace, err);
	return wn_mapping_apply(m, item->value, doc, item->identity, item->published_us, item->title, item->link, now_us, a, out, err);
}

/* Once an item: its identity is the outcome's, whatever it says later. */
static void outcome_row(const struct wn_feed_answer *a, const struct wn_mapped_outcome *o, struct wn_outcome_row *out)
{
	struct wn_arena *arena = a->ahead.arena;
	struct wn_str same = wn_url_same(o->id, arena), id = same.n ? same : o->id, of[] = {a->feed->name, id};
	*out = (struct wn_outcome_row){.inbox_id = wn_id_of("outcome of a feed", of, WN_COUNT(of)),
				       .kind = a->book_feed->conf->outcome_kind, .account = o->account, .email = o->email,
				       .campaign = o->campaign, .touch = o->touch, .at_us = o->occurred_us, .value_usd = o->value,
				       .cost_usd = o->cost, .currency = o->currency, .id = id, .note = o->note,
				       .source = wn_str_of(wn_arena_printf(arena, WN_OUTCOME_OF_FEED "%s", a->name))};
}

static void map_outcome(struct wn_feed_answer *a, const struct wn_item *item)
{
	struct wn_mapping *m = a->book_feed->mapping;
	struct wn_mapped_outcome o;
	struct wn_err err = {0};
	switch (wn_mapping_outcome(m, item->value, a->doc.doc, item->identity, item->published_us, a->now_us, a->ahead.arena, &o, &err)) {
	case WN_MAPPED:
		outcome_row(a, &o, WN_PUSH(a->ahead.arena, &a->ahead.outcomes));
		break;
	case WN_MAPPED_FILTERED:
		a->ahead.filtered += !wn_mapping_gives_sightings(m); /* else it is counted there */
		break;
	case WN_MAPPED_REJECTED:
		reject(a, item->identity, "outcome", wn_arena_str(a->ahead.arena, wn_str_of(err.text)), excerpt_of(a->ahead.arena, item));
		break;
	}
}

/* What is dated before the last good poll tells nothing of when it came. */
static void note_published(struct wn_feed_answer *a, const struct wn_item *item)
{
	if (item->published_us > a->known.rhythm.seen_us && item->published_us <= a->now_us)
		*WN_PUSH(a->arena, &a->published) = item->published_us;
}

static void map_item(struct wn_feed_answer *a, const struct wn_item *item)
{
	struct wn_err err = {0};
	struct wn_lot *m = &a->ahead;
	size_t n;
	if (wn_mapping_gives_outcomes(a->book_feed->mapping))
		map_outcome(a, item);
	if (!wn_mapping_gives_sightings(a->book_feed->mapping))
		return;
	switch (wn_answer_sightings(a->book_feed->mapping, item, a->doc.doc, a->now_us, m->arena, &m->sightings[m->n], &n, NULL, &err)) {
	case WN_MAPPED:
		note_published(a, item);
		for (; n; n--) {
			struct wn_sighting *s = &m->sightings[m->n];
			same_address(s, m->arena);
			baseline(a, item, s);
			a->newest_us = a->newest_us > s->occurred_us ? a->newest_us : s->occurred_us;
			if (wn_snapshot_take(a, s, item->value, m->arena)) {
				m->n++;
				continue;
			}
			m->filtered++;
			memmove(s, s + 1, (n - 1) * sizeof(*s));
		}
		break;
	case WN_MAPPED_FILTERED:
		m->filtered++;
		break;
	case WN_MAPPED_REJECTED:
		wn_snapshot_broken(a);
		reject(a, item->identity, "mapping", wn_arena_str(m->arena, wn_str_of(err.text)), excerpt_of(m->arena, item));
		break;
	}
}

static void reject_unreadable(struct wn_feed_answer *a)
{
	for (size_t i = 0; i < a->doc.rejects_n; i++) {
		const struct wn_reject *r = &a->doc.rejects[i];
		const char *place = wn_arena_printf(a->arena, "item %zu of the answer", r->index + 1);
		reject(a, wn_str_of(place), "unreadable", wn_str_of(r->reason), r->excerpt);
	}
}

static bool has_more(struct wn_feed_answer *a) { return a->at < a->doc.items_n || wn_snapshot_has_more(a); }

static size_t lot_size(const struct wn_feed_answer *a) { return a->ahead.n > a->ahead.outcomes.n ? a->ahead.n : a->ahead.outcomes.n; }

/* At most `items` of them; false: the batch is full, or there are no more. */
static bool map_some(struct wn_feed_answer *a, size_t items)
{
	if (!a->ahead.arena) {
		a->ahead.arena = wn_arena_new(0);
		a->ahead.sightings = WN_NEW_N(a->ahead.arena, struct wn_sighting, a->most + WN_NEWS_SIGNALS_MAX);
		if (a->at == 0)
			reject_unreadable(a);
	}
	for (; items && has_more(a) && lot_size(a) < a->most; items--)
		if (a->at < a->doc.items_n)
			map_item(a, &a->doc.items[a->at++]);
		else
			a->ahead.n += wn_snapshot_next(a, a->ahead.arena, &a->ahead.sightings[a->ahead.n]);
	return has_more(a) && lot_size(a) < a->most;
}

/* A millisecond of work at a time, so that answers of the database are heard. */
enum { SLICE_ITEMS = 50 };

static void map_ahead(void *ctx)
{
	struct wn_feed_answer *a = ctx;
	if (map_some(a, SLICE_ITEMS))
		wn_loop_soon(a->d->loop, map_ahead, a);
}

bool wn_answer_take(struct wn_feed_answer *a, struct wn_lot *out)
{
	wn_loop_not_soon(a->d->loop, a);
	map_some(a, SIZE_MAX);
	*out = a->ahead;
	a->ahead = (struct wn_lot){0};
	if (!has_more(a))
		return false;
	wn_loop_soon(a->d->loop, map_ahead, a);
	return true;
}

void wn_answer_done(struct wn_feed_answer *a)
{
	wn_loop_not_soon(a->d->loop, a);
	wn_lot_done(&a->ahead);
}

static enum wn_rc choose_items(const struct wn_book_feed *b, const struct wn_feed_options *opt, struct wn_arena *a, struct wn_feed_doc *doc,
			       struct wn_err *err)
{
	struct wn_value items;
	if (doc->items_found)
		return WN_OK;
	if (!b || !wn_mapping_has_items(b->mapping))
		return wn_fail(err, WN_INVALID, "the answer is no list of items; say where they are with `items:`");
	enum wn_rc rc = wn_mapping_items(b->mapping, doc->doc, opt->now_us, a, &items, err);
	return rc ? rc : wn_feed_json_items(doc, items, opt, a, err);
}

enum wn_rc wn_answer_document(const struct wn_book_feed *b, const struct wn_http_response *r, int64_t now_us, struct wn_arena *a,
			      struct wn_feed_doc *doc, struct wn_err *err)
{
	const char *type = wn_http_header(r, "content-type"), *location = wn_http_header(r, "content-location");
	struct wn_feed_options opt = {.format = b ? (enum wn_format)b->conf->format : WN_FORMAT_AUTO,
				      .content_type = wn_str_of(type),
				      .content_location = wn_str_of(location),
				      .base_url = wn_str_of(r->url),
				      .now_us = now_us};
	if (b)
		opt.items_path_n = wn_mapping_items_path(b->mapping, &opt.items_path);
	enum wn_rc rc = wn_feed_read(r->body, &opt, a, doc, err);
	return rc ? rc : choose_items(b, &opt, a, doc, err);
}

/* Answers of one page whose items are looked at by nothing but their keys. */
static bool may_be_as_told(const struct wn_feed_answer *a)
{
	const struct wn_feed_conf *c = a->book_feed->conf;
	return !a->part && c->mode == WN_FEED_POLL && c->page.by == WN_PAGE_NONE && c->changes < WN_CHANGES_REMOVED &&
	       !wn_mapping_is_by_time(a->book_feed->mapping);
}

static bool is_as_told(struct wn_feed_answer *a, struct wn_str body)
{
	const struct wn_told *t = &a->feed->told;
	a->digested = may_be_as_told(a);
	if (!a->digested)
		return false;
	wn_told_digest(body, a->digest);
	if (!wn_told_is(t, a->digest, a->now_us))
		return false;
	a->totals = (struct wn_feed_totals){.items = t->items, .filtered = t->filtered, .duplicate = t->items - t->filtered};
	return true;
}

static void read_items(struct wn_feed_answer *a, const struct wn_http_response *r, int64_t now_us)
{
	struct wn_err err = {0};
	a->as_told = is_as_told(a, r->body);
	if (a->as_told)
		return;
	enum wn_rc rc = wn_answer_document(a->book_feed, r, now_us, a->arena, &a->doc, &err);
	if (rc == WN_OK && a->book_feed->conf->mode == WN_FEED_STREAM && a->doc.items_n)
		rc = wn_mapping_cursor(a->book_feed->mapping, a->doc.items[a->doc.items_n - 1].value, a->doc.doc, now_us, a->arena, &a->cursor, &err);
	if (rc == WN_OK)
		rc = wn_page_next(a, r, &err);
	if (rc && challenger(r)) {
		wn_answer_failed(a, WN_POLL_DENIED, wn_answer_status_text(r, a->arena));
		return;
	}
	if (rc) {
		wn_answer_failed(a, WN_POLL_BROKEN, err.text);
		return;
	}
	a->poll.feed = a->known.hints = a->doc.hints;
}

#define FEED "feed "

static const char *named(struct wn_str name, struct wn_arena *a)
{
	char *p = wn_arena_alloc(a, strlen(FEED) + name.n + 1);
	memcpy(p, FEED, strlen(FEED));
	memcpy(p + strlen(FEED), name.p, name.n);
	return p;
}

void wn_answer_read(struct wn_feed_answer *a, struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_http_response *r, bool part,
		    struct wn_arena *arena)
{
	int64_t now = wn_clock_now_us(d->clock);
	*a = (struct wn_feed_answer){.feed = f, .d = d, .arena = arena, .status = r->status, .bytes = (int64_t)r->body.n,
				      .now_us = now, .most = (size_t)wn_daemon_options(d)->batch.items};
	a->part = part;
	a->actor = named(f->name, arena);
	a->name = a->actor + strlen(FEED);
	a->book = d->book;
	a->book_feed = wn_poll_feed_in(f, d->book);
	a->failures = f->state.schedule.failures;
	a->was_blind = f->state.blind_since_us != 0;
	a->known = f->remembered;
	a->poll.feed = a->known.hints; /* until a new document says otherwise: a 304 brings none */
	a->poll.http = wn_http_hints_none();
	a->poll.first = !f->state.first_done;
	a->keep_validators = true;
	if (!a->book_feed || !a->book_feed->mapping) {
		wn_answer_failed(a, WN_POLL_BROKEN, "the feed was removed or its file cannot be used any more");
		return;
	}
	if (r->rc) {
		wn_answer_failed(a, WN_POLL_SERVER, r->error);
		return;
	}
	read_hints(a, r, now);
	a->poll.outcome = outcome_of_status(r->status);
	if (is_baseless(a)) {
		wn_answer_failed(a, WN_POLL_SERVER, "HTTP status 304, though nothing was asked that could be the same");
		return;
	}
	bool stream_over = !part && a->book_feed->conf->mode == WN_FEED_STREAM && a->poll.outcome == WN_POLL_ITEMS;
	if (a->poll.outcome == WN_POLL_ITEMS && !stream_over)
		read_items(a, r, now);
	else if (a->poll.outcome != WN_POLL_NOT_MODIFIED && !stream_over)
		wn_answer_failed(a, a->poll.outcome, wn_answer_status_text(r, arena));
	if (!a->error && !a->part)
		take_validators(a, r);
	if (!a->error && r->moved_for_good)
		a->moved_to = wn_arena_str(arena, wn_str_of(r->url));
}

/* --------------------------------------------------------------------------------------------------- the state */
static int earlier(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The schedule's own decision; run anew when the transaction is. */
static void decide(struct wn_feed_answer *a, struct wn_feed_state *s, const struct wn_schedule_config *config, int64_t now_us)
{
	s->schedule = a->feed->state.schedule;
	if (a->published.n)
		qsort(a->published.v, a->published.n, sizeof(*a->published.v), earlier);
	a->poll.published_us = a->published.v;
	a->poll.published_n = a->published.n;
	a->next = wn_schedule_next(&s->schedule, &a->remembered.rhythm, config, &a->poll, now_us, a->feed->seed);
	s->next_us = a->next.next_us;
	s->why = wn_arena_str(a->arena, wn_str_of(a->next.why));
}

#define STREAM_AGAIN (10 * WN_SECOND)

static void move_schedule(struct wn_feed_answer *a, struct wn_feed_state *s, int64_t now_us)
{
	const struct wn_options *o = wn_daemon_options(a->d);
	struct wn_schedule_config config = {.floor_us = a->book_feed ? a->book_feed->conf->every.floor_us : 0,
					    .ceiling_us = a->book_feed ? a->book_feed->conf->every.ceiling_us : 0,
					    .hint_max_us = o->poll.hint_max_us,
					    .backoff_max_us = o->poll.backoff_max_us,
					    .jitter = o->poll.jitter > 0 ? o->poll.jitter : -1};
	if (a->part) {
		bool pushed = a->book_feed && a->book_feed->conf->mode == WN_FEED_PUSH;
		s->schedule.last_us = now_us;
		s->schedule.failures = a->error ? s->schedule.failures : 0;
		s->next_us = WN_NEVER;
		s->why = pushed ? WN_STR("it is pushed to us") : WN_STR("the stream is open");
		return;
	}
	if (!a->error && a->book_feed->conf->mode == WN_FEED_STREAM) {
		s->schedule.last_us = now_us;
		s->schedule.failures = 0;
		s->next_us = now_us + STREAM_AGAIN;
		s->why = WN_STR("10s: the stream ended, it is begun anew behind the last line");
		return;
	}
	if (wn_page_move(a, s, now_us))
		return;
	decide(a, s, &config, now_us);
}

/* Whose word holds others back: 429 always, 503 when it says for how long. */
static void hold_host(struct wn_feed_answer *a, int64_t now_us)
{
	if (a->poll.outcome == WN_POLL_THROTTLED && (a->status == 429 || a->poll.http.retry_after_us >= 0))
		a->hold_until_us = now_us + a->next.interval_us;
}

/* Addresses: a permanent redirect is believed when it led to what we know, again and again; a learned one that leads nowhere is
 * forgotten. A feed that carries a secret learns none of another origin. */
enum { LEARNED_FAILURES = 3 };

static void move_address(struct wn_feed_answer *a, struct wn_feed_state *s, int64_t now_us)
{
	bool good = !a->error, known = a->poll.outcome == WN_POLL_NOT_MODIFIED || a->totals_after.duplicate + a->totals_after.edited > 0;
	if (!a->book_feed)
		return;
	struct wn_str here = wn_poll_url(a->feed, a->book_feed);
	if (!a->remembered.of.n) /* else as it was asked: a reload may have changed it since */
		a->remembered.of = a->book_feed->conf->url;
	if (s->cursor.n && a->error && s->schedule.failures % LEARNED_FAILURES == 0)
		s->cursor = (struct wn_str){NULL, 0}; /* cursors grow old: from the first page again */
	if (s->url.n && s->schedule.failures >= LEARNED_FAILURES) {
		s->url = s->etag = s->last_modified = (struct wn_str){NULL, 0};
		s->next_us = now_us + WN_MINUTE;
		s->why = WN_STR("1m: the address that redirects led to fails, back to the one of the file");
		return;
	}
	if (!good || (a->moved_to.n && !known))
		return;
	bool may = !wn_feed_is_secret(a->book_feed->conf) || wn_same_origin(here, a->moved_to);
	if (wn_remembered_moved(&a->remembered, may ? a->moved_to : (struct wn_str){NULL, 0}, now_us)) {
		s->url = a->moved_to;
		a->learned = true;
		wn_remembered_moved(&a->remembered, (struct wn_str){NULL, 0}, now_us);
	}
}

static enum wn_rc tell_recovery(struct wn_feed_answer *a, struct wn_store *s, int64_t now_us, struct wn_err *err)
{
	enum wn_rc rc = wn_store_gap_close(s, a->feed->name, now_us, err);
	struct wn_plain_event ev = {.subject = "feed", .name = a->feed->name, .type = "feed.recovered", .from = "blind", .to = "sees",
				    .at_us = now_us, .sinks = wn_sinks_for(a->d->book, "feed.recovered", a->arena)};
	return rc ? rc : wn_store_plain_event(s, &ev, err);
}

/* Most polls: what they move of the state is only what the schedule makes of them and teaches it. */
static bool is_unchanged(const struct wn_feed_answer *a, const struct wn_feed_state *to)
{
	const struct wn_feed_state *from = &a->feed->state;
	bool nothing_new = !a->error && !a->part && (a->poll.outcome == WN_POLL_NOT_MODIFIED || a->as_told);
	return nothing_new && from->version && !from->blind_since_us && !a->feed->unwritten && wn_remembered_is_like(&a->remembered, &a->known) &&
	       wn_str_eq(from->etag, to->etag) && wn_str_eq(from->last_modified, to->last_modified) && wn_str_eq(from->cursor, to->cursor) &&
	       wn_str_eq(from->url, to->url) && from->good_since_us == to->good_since_us && from->first_done == to->first_done;
}

struct wn_feed_move wn_answer_decide(struct wn_feed_answer *a, int64_t now_us)
{
	struct wn_feed_state *m = &a->moved;
	bool good = !a->error;
	*m = a->feed->state;
	a->remembered = a->known;
	move_schedule(a, m, now_us);
	hold_host(a, now_us);
	if (!a->keep_validators || a->etag.n)
		m->etag = a->etag;
	if (!a->keep_validators || a->last_modified.n)
		m->last_modified = a->last_modified;
	move_address(a, m, now_us);
	if (a->cursor.n)
		m->cursor = a->cursor;
	if (a->newest_us > a->remembered.newest_us)
		a->remembered.newest_us = a->newest_us;
	const struct wn_rhythm *rhythm = &a->remembered.rhythm;
	if (rhythm->since_us)
		m->lately = (struct wn_feed_lately){rhythm->seen_us, rhythm->came, rhythm->due};
	m->last_status = a->status;
	m->last_error = good ? (struct wn_str){NULL, 0} : wn_str_of(a->error);
	if (good) {
		m->last_good_us = now_us;
		m->good_since_us = m->good_since_us == WN_NEVER ? now_us : m->good_since_us;
		m->first_done = m->first_done || (a->poll.outcome == WN_POLL_ITEMS && !a->next_page.n);
		m->blind_since_us = 0;
	}
	struct wn_feed_totals poll = a->totals_after;
	poll.polls = 1;
	poll.failures = !good;
	poll.bytes = a->bytes;
	bool unchanged = is_unchanged(a, m);
	if (!unchanged)
		m->extra = wn_remembered_write(&a->remembered, a->arena);
	return (struct wn_feed_move){m, poll, wn_poll_outcome_to_text(a->poll.outcome), now_us, unchanged};
}

enum wn_rc wn_answer_move(struct wn_feed_answer *a, struct wn_store *s, int64_t now_us, struct wn_err *err)
{
	struct wn_feed_move move = wn_answer_decide(a, now_us);
	enum wn_rc rc = !a->error && a->feed->state.blind_since_us ? tell_recovery(a, s, now_us, err) : WN_OK;
	if (rc == WN_OK)
		rc = wn_snapshot_move(a, s, now_us, err);
	return rc ? rc : wn_store_feed_moves(s, &move, 1, err);
}
