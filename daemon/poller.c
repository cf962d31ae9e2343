/* SPDX-License-Identifier: MIT */
/*
 * The poller: which feed is asked when. It starts requests and hands answers to the intake; it decides nothing about
 * what an answer means. A feed has at most one request or waiting answer; a host has at most poll.per_host requests, with
 * poll.host_gap between them, and none while it asked us to stay away. While hosts cannot be reached at all, one is tried
 * now and then. While the database is away nothing is asked, so nothing can be lost.
 *
 * A feed is in one place: in the heap until its instant comes; behind its host while that may not be asked, but for one, the herald,
 * which is in the heap at the instant when it may; or running. Each request that begins or ends at a host calls the next of those
 * behind it. So a turn costs as much as it starts.
 */
#include "due_heap.h"
#include "intake_parts.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

struct wn_poller {
	struct wn_daemon *d;
	struct wn_poll_feed **feeds;  /* by name */
	size_t n;
	size_t running;               /* requests under way */
	struct wn_due_heap due;
	struct wn_hosts *hosts;
	struct wn_timer *timer;
	struct wn_arena *request;     /* of the one that is being begun */
	struct wn_fiber *loader;
	bool loaded;
};

static int by_name(const void *a, const void *b)
{
	return wn_str_cmp((*(struct wn_poll_feed *const *)a)->name, (*(struct wn_poll_feed *const *)b)->name);
}

static struct wn_poll_feed *find(const struct wn_poller *p, struct wn_str name)
{
	struct wn_poll_feed wanted = {.name = name}, *key = &wanted;
	struct wn_poll_feed **at = p->n ? bsearch(&key, p->feeds, p->n, sizeof(struct wn_poll_feed *), by_name) : NULL;
	return at ? *at : NULL;
}

const struct wn_book_feed *wn_poll_feed_in(struct wn_poll_feed *f, const struct wn_book *b)
{
	if (f->book != b->number)
		f->in_book = wn_book_feed_named(b, f->name);
	f->book = b->number;
	return f->in_book;
}

/* Whoever may be asked some time is looked at then. */
static void enqueue(struct wn_poller *p, struct wn_poll_feed *f)
{
	if (f->known && !f->running && !f->gone)
		wn_due_heap_put(&p->due, f, f->state.next_us);
}

struct wn_poll_feed *wn_poller_feed(struct wn_daemon *d, struct wn_str name) { return d->poller ? find(d->poller, name) : NULL; }

struct wn_hosts *wn_poller_hosts(const struct wn_daemon *d) { return d->poller->hosts; }

static void on_timer(void *ctx) { wn_poller_run(ctx); }

/* ------------------------------------------------------------------------------------------------- the request */
/* Everything that was learned is about the address of the file; another one begins anew. What will be learned is about the one asked. */
static void forget_former(struct wn_poll_feed *f, const struct wn_book_feed *b)
{
	if (f->remembered.of.n && wn_str_eq(f->remembered.of, b->conf->url))
		return;
	if (f->remembered.of.n) {
		f->state.etag = f->state.last_modified = f->state.cursor = f->state.url = (struct wn_str){NULL, 0};
		f->remembered = wn_remembered_read((struct wn_str){NULL, 0}, f->arena);
		f->state.first_done = false; /* an archive we have not seen is history */
	}
	f->remembered.of = wn_arena_str(f->arena, b->conf->url);
	f->unwritten = true;
}

/* No byte came back, and it may be our own network. */
static bool is_lost(const struct wn_http_response *r)
{
	return r->rc != WN_OK && r->status == 0 &&
	       (r->failure == WN_HTTP_DNS || r->failure == WN_HTTP_CONNECT || r->failure == WN_HTTP_TIMEOUT || r->failure == WN_HTTP_TLS);
}

static void ask_lost_again(struct wn_poller *p, int64_t now_us)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->feeds[i]->lost && !p->feeds[i]->running) {
			p->feeds[i]->state.next_us = now_us;
			enqueue(p, p->feeds[i]);
		}
		p->feeds[i]->lost = false;
	}
}

/* True: the failure is ours; the feed is not blamed for it. */
static bool look_at_network(struct wn_poller *p, struct wn_poll_feed *f, const struct wn_http_response *r)
{
	int64_t now = wn_clock_now_us(p->d->clock);
	f->lost = is_lost(r);
	if (!f->lost && r->rc != WN_CANCELLED) {
		if (wn_hosts_reached(p->hosts, f->host)) {
			wn_log(WN_NOTICE, WN_MSG_FEED_RECOVERED, NULL, "the network is there again: %s answered", f->host->name);
			ask_lost_again(p, now);
		}
	} else if (f->lost && wn_hosts_lost(p->hosts, f->host, now)) {
		wn_log(WN_WARNING, WN_MSG_FEED_FAILED, NULL,
		       "host after host cannot be reached (%s: %s): that is our network, polls wait for it", f->host->name, r->error);
	}
	return f->lost && wn_hosts_probe_us(p->hosts) != 0;
}

/* --- behind a host ---- */
static void wait_behind(struct wn_poll_feed *f)
{
	struct wn_host *host = f->host;
	if (f->behind)
		return;
	if (host->first)
		host->last->next = f;
	else
		host->first = f;
	host->last = f;
	f->behind = host;
	f->next = NULL;
}

/* The next that waits is looked at again. */
static void call_next(struct wn_poller *p, struct wn_host *host)
{
	for (struct wn_poll_feed *f; (f = host->first);) {
		host->first = f->next;
		f->behind = NULL;
		if (f->running || f->gone)
			continue;
		enqueue(p, f);
		return;
	}
}

static void call_all(struct wn_poller *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->feeds[i]->behind)
			p->feeds[i]->behind->first = NULL;
		p->feeds[i]->behind = NULL;
		enqueue(p, p->feeds[i]);
	}
}

static void ended(struct wn_poller *p, struct wn_poll_feed *f)
{
	f->at_host = false;
	wn_host_ended(f->host, wn_clock_now_us(p->d->clock), wn_daemon_options(p->d)->poll.host_gap_us);
	call_next(p, f->host);
}

/* It may ask us to stay away: until the intake knows, nobody else goes there. */
static bool may_hold_host(const struct wn_http_response *r) { return r->status == 429 || r->status == 503; }

static void on_answer(void *ctx, struct wn_http_response *response)
{
	struct wn_poll_feed *f = ctx;
	struct wn_poller *p = f->d->poller;
	f->call = NULL;
	p->running--;
	f->counted = false;
	if (!may_hold_host(response))
		ended(p, f);
	if (look_at_network(p, f, response)) {
		wn_http_response_free(response);
		f->state.next_us = wn_hosts_probe_us(p->hosts);
		wn_poller_answered(f->d, f);
	} else {
		wn_intake_push(f->d, f, response); /* still `running` until the intake is done with it */
	}
	wn_poller_run(f->d);
}

/* A request that could not even begin is an answer like any other: it is counted, told, and backs off. */
static void start_poll(struct wn_daemon *d, struct wn_poll_feed *f, const struct wn_book_feed *b, int64_t now_us)
{
	struct wn_http_request req;
	struct wn_err err = {0};
	wn_arena_reset(d->poller->request);
	enum wn_rc rc = wn_poll_request(wn_daemon_options(d), f, b, d->poller->request, &req, &err);
	f->running = true;
	if (rc == WN_OK)
		rc = wn_http_start(d->net, &req, on_answer, f, &f->call, &err);
	if (rc == WN_OK) {
		f->counted = f->at_host = true;
		d->poller->running++;
		wn_host_began(f->host, now_us, wn_daemon_options(d)->poll.host_gap_us);
	} else {
		wn_intake_push(d, f, wn_http_response_failed(rc, WN_HTTP_INVALID, err.text));
	}
	call_next(d->poller, f->host);
}

/* ------------------------------------------------------------------------------------------------- what is due */
static bool may_poll(const struct wn_poll_feed *f, const struct wn_book_feed *b)
{
	return f->known && !f->running && !f->gone && b && b->mapping && b->conf->mode != WN_FEED_PUSH;
}

/* Of a broken network: those first that were not lost when last asked, so that one dead host cannot keep it broken. */
static struct wn_poll_feed *first_not_lost(const struct wn_poller *p, int64_t now_us)
{
	struct wn_poll_feed *best = wn_due_heap_first(&p->due);
	for (size_t i = 0; i < p->due.n; i++) {
		struct wn_poll_feed *f = p->due.v[i].feed;
		if (!f->lost && f->ask_us <= now_us && (best->lost || f->ask_us < best->ask_us))
			best = f;
	}
	return best;
}

/* The longest overdue first: nobody starves behind a busy host. NULL: none is due. */
static struct wn_poll_feed *next_due(struct wn_poller *p, int64_t now_us)
{
	struct wn_poll_feed *f = wn_due_heap_first(&p->due);
	if (!f || f->ask_us > now_us)
		return NULL;
	if (wn_hosts_probe_us(p->hosts))
		f = first_not_lost(p, now_us);
	wn_due_heap_take(&p->due, f);
	return f;
}

/* A feed that is due and in no place: it is asked (true), or put where it waits. */
static bool ask(struct wn_poller *p, struct wn_poll_feed *f, int64_t now_us)
{
	struct wn_daemon *d = p->d;
	const struct wn_book_feed *b = wn_poll_feed_in(f, d->book);
	if (f->host && f->host->herald == f)
		f->host->herald = NULL;
	if (!may_poll(f, b)) { /* asked when the file can be used again */
		if (f->host)
			call_next(p, f->host);
		return false;
	}
	forget_former(f, b);
	if (b->conf->mode == WN_FEED_STREAM) {
		wn_stream_start(d, f, b);
		return false;
	}
	f->host = wn_hosts_of_url(p->hosts, wn_poll_url(f, b));
	int64_t at = wn_host_ready_us(f->host, now_us, wn_daemon_options(d)->poll.per_host);
	if (!at)
		start_poll(d, f, b, now_us);
	else if (at == WN_NEVER || f->host->herald)
		wait_behind(f);
	else
		wn_due_heap_put(&p->due, f->host->herald = f, at);
	return f->counted;
}

/* Does everything wait for something that will run the poller again: an answer, the intake, the database? */
static bool must_wait(const struct wn_poller *p)
{
	return p->running >= (size_t)wn_daemon_options(p->d)->poll.concurrency || p->d->db != WN_DB_UP || wn_intake_is_full(p->d);
}

void wn_poller_run(struct wn_daemon *d)
{
	struct wn_poller *p = d->poller;
	struct wn_poll_feed *f;
	int64_t now = wn_clock_now_us(d->clock), probe;
	if (!p || !p->loaded || d->stopping)
		return;
	while (!must_wait(p)) {
		if ((probe = wn_hosts_probe_us(p->hosts)) && (p->running || probe > now))
			break; /* one at a time, now and then */
		if (!(f = next_due(p, now)))
			break;
		if (ask(p, f, now) && probe)
			wn_hosts_probed(p->hosts, now);
	}
	probe = wn_hosts_probe_us(p->hosts);
	f = wn_due_heap_first(&p->due);
	bool waits = must_wait(p) || (probe && p->running);
	int64_t next = waits || !f ? WN_NEVER : f->ask_us;
	wn_timer_at(p->timer, next < probe ? probe : next);
}

void wn_poller_hold(struct wn_daemon *d, struct wn_poll_feed *f, int64_t until_us)
{
	const struct wn_book_feed *b = wn_poll_feed_in(f, d->book);
	bool alone = !b || b->conf->retry_after == WN_WAIT_FEED || (b->conf->retry_after == WN_WAIT_BY_ADDRESS && b->conf->allow_private);
	if (!alone && d->poller)
		wn_host_hold(wn_hosts_of_url(d->poller->hosts, wn_poll_url(f, b)), until_us, f);
}

void wn_poller_answered(struct wn_daemon *d, struct wn_poll_feed *f)
{
	f->running = false;
	if (f->again)
		f->state.next_us = wn_clock_now_us(d->clock);
	f->again = false;
	if (f->at_host)
		ended(d->poller, f);
	enqueue(d->poller, f);
}

bool wn_poller_is_asking(const struct wn_daemon *d) { return d->poller && d->poller->running; }

enum wn_rc wn_poller_now(struct wn_daemon *d, struct wn_str feed, struct wn_err *err)
{
	struct wn_poll_feed *f = d->poller ? find(d->poller, feed) : NULL;
	const struct wn_book_feed *b = wn_book_feed_named(d->book, feed);
	if (!f || !b)
		return wn_fail(err, WN_NOT_FOUND, "no feed is called \"" WN_STR_FMT "\"; `whynow feed list` shows them", WN_STR_ARG(feed));
	if (!b->mapping)
		return wn_fail(err, WN_REFUSED, "the feed's file cannot be used: %s", b->error->text);
	if (d->db != WN_DB_UP)
		return wn_fail(err, WN_AGAIN, "the database is away: %s", d->db_text);
	f->again = f->running; /* what is on its way may be older than the wish */
	f->state.next_us = wn_clock_now_us(d->clock);
	enqueue(d->poller, f);
	wn_poller_run(d);
	return WN_OK;
}

/* ------------------------------------------------------------------------------------- reading what is known */
static struct wn_str copy(struct wn_arena *a, struct wn_str s) { return s.p ? wn_arena_str(a, s) : s; }

void wn_poll_feed_take(struct wn_poll_feed *f, const struct wn_feed_state *s, const struct wn_remembered *r)
{
	struct wn_arena *old = f->arena, *a = f->arena = wn_arena_new_small(WN_FEED_STATE_BYTES);
	struct wn_feed_state to = *s;
	f->remembered = wn_remembered_copy(r, a);
	f->name = to.name = wn_arena_str(a, f->name);
	to.etag = copy(a, s->etag);
	to.last_modified = copy(a, s->last_modified);
	to.cursor = copy(a, s->cursor);
	to.url = copy(a, s->url);
	to.last_error = copy(a, s->last_error);
	to.why = to.extra = (struct wn_str){NULL, 0};
	f->state = to;
	f->unwritten = false;
	wn_arena_free(old);
}

static void spread_first(struct wn_daemon *d, struct wn_poll_feed *f)
{
	int64_t now = wn_clock_now_us(d->clock);
	int64_t spread = d->poller->n > 10 ? 30 * WN_SECOND : 0; /* a handful is asked at once: somebody is looking */
	if (f->state.next_us < now)
		f->state.next_us = wn_schedule_first(&f->state.schedule, f->state.next_us, now, spread, f->seed);
}

static int by_state_name(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_feed_state *)a)->name, ((const struct wn_feed_state *)b)->name);
}

static enum wn_rc load_states(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_poller *p = d->poller;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_feed_state *rows;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(d->intake_session.store));
	if (rc == WN_OK) {
		rc = wn_store_feed_states(d->intake_session.store, NULL, 0, a, &rows, &n, err);
		wn_turn_give(wn_store_turn(d->intake_session.store));
	}
	if (n)
		qsort(rows, n, sizeof(*rows), by_state_name); /* the server has an order of its own */
	for (size_t i = 0; i < p->n && rc == WN_OK; i++) {
		struct wn_poll_feed *f = p->feeds[i];
		if (f->known || f->running)
			continue;
		const struct wn_feed_state wanted = {.name = f->name}, *row = n ? bsearch(&wanted, rows, n, sizeof(*rows), by_state_name) : NULL;
		row = row ? row : &f->state;
		const struct wn_remembered r = wn_remembered_of(row, a);
		wn_poll_feed_take(f, row, &r);
		f->known = true;
		const struct wn_book_feed *b = wn_poll_feed_in(f, d->book);
		if (b && b->conf->mode == WN_FEED_STREAM && f->state.next_us == WN_NEVER && f->state.schedule.gone < 2)
			f->state.next_us = wn_clock_now_us(d->clock); /* it was open when we stopped */
		if ((f->state.last_status == 429 || f->state.last_status == 503) && f->state.next_us > wn_clock_now_us(d->clock))
			wn_poller_hold(d, f, f->state.next_us); /* what a host asked for outlives a restart */
		spread_first(d, f);
	}
	wn_arena_free(a);
	return rc;
}

static void loader(void *ctx)
{
	struct wn_daemon *d = ctx;
	enum wn_rc rc;
	do {
		struct wn_err err = {0};
		rc = wn_session_ensure(d, &d->intake_session);
		if (rc == WN_OK)
			rc = load_states(d, &err);
	} while (rc != WN_OK && rc != WN_CANCELLED && !d->stopping);
	if (!d->poller)
		return;
	d->poller->loader = NULL;
	d->poller->loaded = rc == WN_OK;
	call_all(d->poller);
	malloc_trim(0); /* all states at once took more than they do one by one */
	wn_poller_look_blind(d);
	wn_poller_run(d);
}

/* ----------------------------------------------------------------------------------------------- coming and going */
static uint64_t seed_of(struct wn_str name)
{
	struct wn_id h = wn_id_of("jitter", &name, 1);
	uint64_t seed;
	memcpy(&seed, h.b, sizeof(seed));
	return seed;
}

static void add_missing(struct wn_daemon *d)
{
	struct wn_poller *p = d->poller;
	size_t more = 0;
	for (size_t i = 0; i < d->book->n_feeds; i++) {
		struct wn_str name = d->book->feeds[i].conf->name;
		struct wn_poll_feed *f = find(p, name);
		const struct wn_err *e = d->book->feeds[i].error;
		if (e)
			wn_log(WN_ERR, WN_MSG_FEED_REFUSED, WN_FIELDS({"WHYNOW_FEED", d->book->views[i].name}), "feed %s cannot be used: %s:%d:%d: %.*s",
			       d->book->views[i].name, e->place.file, e->place.line, e->place.column, (int)strcspn(e->text, "\n"), e->text);
		if (f) {
			f->gone = false;
			continue;
		}
		f = wn_alloc(sizeof(*f));
		f->d = d;
		f->arena = wn_arena_new_small(WN_FEED_STATE_BYTES);
		f->name = f->state.name = wn_arena_str(f->arena, name);
		f->seed = seed_of(name);
		f->state.good_since_us = WN_NEVER;
		p->feeds = wn_realloc(p->feeds, (p->n + more + 1) * sizeof(*p->feeds));
		p->feeds[p->n + more++] = f;
	}
	p->n += more;
	if (more)
		qsort(p->feeds, p->n, sizeof(*p->feeds), by_name);
}

void wn_poller_book_changed(struct wn_daemon *d)
{
	struct wn_poller *p = d->poller;
	for (size_t i = 0; i < p->n; i++) {
		p->feeds[i]->gone = !wn_poll_feed_in(p->feeds[i], d->book);
		p->feeds[i]->told = (struct wn_told){0}; /* it may mean something else now */
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->feeds[i]->stream && p->feeds[i]->call)
			wn_http_cancel(d->net, p->feeds[i]->call); /* begun anew behind its cursor, as its file now says */
	add_missing(d);
	p->loaded = false;
	if (!p->loader)
		p->loader = wn_fiber_start(d->loop, "feed states", loader, d);
}

void wn_poller_start(struct wn_daemon *d)
{
	d->poller = wn_alloc(sizeof(*d->poller));
	d->poller->d = d;
	d->poller->hosts = wn_hosts_new();
	d->poller->request = wn_arena_new(0);
	d->poller->timer = wn_timer_new(d->loop, "next poll", on_timer, d);
	wn_poller_book_changed(d);
}

void wn_poller_stop(struct wn_daemon *d)
{
	struct wn_poller *p = d->poller;
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->feeds[i]->call)
			wn_http_cancel(d->net, p->feeds[i]->call);
	wn_loop_run_until_idle(d->loop); /* what was cancelled still says so */
	for (size_t i = 0; i < p->n; i++) {
		wn_stream_free(p->feeds[i]);
		wn_arena_free(p->feeds[i]->arena);
		free(p->feeds[i]);
	}
	wn_timer_free(p->timer);
	wn_hosts_free(p->hosts);
	wn_arena_free(p->request);
	free(p->due.v);
	free(p->feeds);
	free(p);
	d->poller = NULL;
}

/* --------------------------------------------------------------------------------------------------- blindness */
/* No good poll for max(factor x planned interval, least): then its silence proves nothing (design 05). */
static int64_t blind_from(const struct wn_daemon *d, const struct wn_poll_feed *f, const struct wn_book_feed *b)
{
	const struct wn_options *o = wn_daemon_options(d);
	int64_t planned = f->state.schedule.failures == 0 && f->state.next_us > f->state.schedule.last_us
				  ? f->state.next_us - f->state.schedule.last_us
				  : b->conf->every.floor_us;
	if (b->conf->mode == WN_FEED_PUSH || (b->conf->mode == WN_FEED_STREAM && !f->state.schedule.failures))
		planned = b->conf->expect_every_us;
	if (!planned)
		return WN_NEVER; /* nobody said how often it is heard of */
	int64_t span = o->blind.factor * planned;
	if (span < o->blind.min_us)
		span = o->blind.min_us;
	/* Counted from when we could ask: our own downtime is not blindness; one that never answered is blind in its time. */
	int64_t from = f->state.last_good_us > d->able_us ? f->state.last_good_us : d->able_us;
	return from ? from + span : WN_NEVER;
}

bool wn_poller_is_loaded(const struct wn_daemon *d) { return d->poller && d->poller->loaded; }

void wn_poller_look_blind(struct wn_daemon *d)
{
	int64_t now = wn_clock_now_us(d->clock);
	for (size_t i = 0; d->poller && i < d->poller->n; i++) {
		struct wn_poll_feed *f = d->poller->feeds[i];
		const struct wn_book_feed *b = wn_poll_feed_in(f, d->book);
		if (!b || !f->known)
			continue;
		b->view->good_since_us = f->state.good_since_us;
		bool blind = now >= blind_from(d, f, b);
		if (blind && !b->view->blind && !f->state.blind_since_us) {
			f->state.blind_since_us = now;
			wn_intake_blind(d, f);
			wn_log(WN_WARNING, WN_MSG_FEED_BLIND, WN_FIELDS({"WHYNOW_FEED", b->view->name}),
			       "feed %s is blind: no good poll for so long that its silence proves nothing", b->view->name);
		}
		b->view->blind = f->state.blind_since_us != 0;
	}
}

size_t wn_poller_feeds(const struct wn_daemon *d, size_t *blind, size_t *failing)
{
	size_t n = 0;
	*blind = *failing = 0;
	for (size_t i = 0; d->poller && i < d->poller->n; i++) {
		const struct wn_poll_feed *f = d->poller->feeds[i];
		n += !f->gone;
		*blind += !f->gone && f->state.blind_since_us != 0;
		*failing += !f->gone && f->state.schedule.failures > 0;
	}
	return n;
}
