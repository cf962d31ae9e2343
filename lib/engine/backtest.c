/* SPDX-License-Identifier: MIT */
/*
 * Two passes: each account alone, to find the instants at which its rule was true; then all of them together in the order
 * of time, through the step function, so that waves, audience bounds and boxes are what they would have been.
 *
 * Only what the second pass needs is kept of an account, so that the number of accounts costs little memory.
 */
#include <whynow/backtest.h>
#include <whynow/limits.h>

#include "engine_internal.h"
#include "rule.h"

#include <stdlib.h>

struct asked_again {
	struct wn_signal *signal;
	int64_t at_us;
};
struct unknown_clause {
	struct wn_str clause;
	size_t n;
};
struct wn_backtest {
	struct wn_arena *arena, *scratch;
	struct wn_segment segment; /* in shadow */
	struct wn_catalog catalog;
	int64_t from_us, to_us;
	WN_VEC(struct wn_verdict *) verdicts;
	WN_VEC(int64_t) at; /* of each */
	WN_VEC(struct unknown_clause) unknown;
	WN_VEC(struct asked_again) again; /* of the account in hand */
	struct wn_world world;            /* of the second pass */
	WN_VEC(struct wn_member *) heap;  /* by due_us as pushed */
	WN_VEC(int64_t) heap_at;
	struct wn_backtest_result result;
};

struct wn_backtest *wn_backtest_new(const struct wn_segment *s, const struct wn_catalog *c, int64_t from_us, int64_t to_us)
{
	struct wn_arena *arena = wn_arena_new(0);
	struct wn_backtest *b = WN_NEW(arena, struct wn_backtest);
	const struct wn_segment **v = WN_NEW_N(arena, const struct wn_segment *, c->n_segments + 1);
	size_t n = 0;
	b->arena = arena;
	b->scratch = wn_arena_new(0);
	b->segment = *s;
	b->segment.mode = WN_MODE_SHADOW;
	b->from_us = from_us;
	b->to_us = to_us;
	b->catalog = *c;
	v[n++] = &b->segment;
	for (size_t i = 0; i < c->n_segments; i++)
		if (strcmp(c->segments[i]->name, s->name) != 0)
			v[n++] = c->segments[i];
	b->catalog.segments = v;
	b->catalog.n_segments = n;
	b->catalog.index = NULL;
	b->catalog.segments_by_name = NULL;
	b->catalog.n_sinks = 0;
	b->world = (struct wn_world){.arena = arena, .scratch = b->scratch, .catalog = &b->catalog, .actor = "backtest"};
	return b;
}

void wn_backtest_free(struct wn_backtest *b)
{
	if (!b)
		return;
	wn_arena_free(b->scratch);
	wn_arena_free(b->arena);
}

const struct wn_catalog *wn_backtest_catalog(const struct wn_backtest *b)
{
	return &b->catalog;
}

/* --- the first pass: one account --------------------------------------------------------------------------- */
static struct wn_contact *light_contact(struct wn_backtest *b, const struct wn_contact *c, struct wn_account *a)
{
	struct wn_contact *copy = WN_NEW(b->arena, struct wn_contact);
	if (!c)
		return NULL;
	*copy = (struct wn_contact){.object = c->object, .world = &b->world, .account = a, .id = c->id};
	return copy;
}

static struct wn_signal *light_signal(struct wn_backtest *b, const struct wn_signal *s)
{
	struct wn_signal *copy = WN_NEW(b->arena, struct wn_signal);
	*copy = *s;
	copy->world = &b->world;
	copy->attrs = copy->conflicts = (struct wn_value){0};
	copy->publisher_list = NULL;
	copy->n_publisher_list = 0;
	copy->headline = wn_arena_str(b->arena, s->headline);
	copy->url = copy->span = copy->feed = (struct wn_str){NULL, 0};
	return copy;
}

static struct wn_account *light_account(struct wn_backtest *b, const struct wn_account *a)
{
	struct wn_account *last = b->world.accounts.n ? b->world.accounts.v[b->world.accounts.n - 1] : NULL;
	if (last && wn_id_eq(last->id, a->id))
		return last;
	struct wn_account *copy = WN_NEW(b->arena, struct wn_account);
	*copy = (struct wn_account){.object = a->object,
				    .world = &b->world,
				    .id = a->id,
				    .bucket = a->bucket,
				    .domain = wn_arena_str(b->arena, a->domain),
				    .name = wn_arena_str(b->arena, a->name),
				    .state = wn_arena_str(b->arena, a->state),
				    .known_since_us = a->known_since_us,
				    .do_not_contact = may_not_contact(a),
				    .traits = wn_map(NULL, 0),
				    .loaded = WN_LOAD_ALL};
	*WN_PUSH(b->arena, &b->world.accounts) = copy;
	return copy;
}

static void keep_verdict(struct wn_backtest *b, const struct wn_verdict *v, int64_t at_us)
{
	if (b->verdicts.n >= WN_BACKTEST_VERDICTS_MAX) {
		b->result.cut = true;
		return;
	}
	struct wn_account *a = light_account(b, v->account);
	struct wn_verdict *copy = WN_NEW(b->arena, struct wn_verdict);
	*copy = (struct wn_verdict){.account = a, .segment = &b->segment, .signal = light_signal(b, v->signal), .is = v->is,
				    .recheck_us = WN_NEVER, .group = wn_value_copy(b->arena, v->group), .group_known = v->group_known,
				    .group_id = v->group_id, .excluded = v->excluded};
	for (size_t i = 0; i < v->evidence.n; i++) {
		struct wn_evidence *e = WN_PUSH(b->arena, &copy->evidence);
		*e = v->evidence.v[i];
		e->clause = i == 0 ? wn_arena_str(b->arena, e->clause) : (struct wn_str){NULL, 0};
	}
	for (size_t i = 0; i < v->contacts.n; i++)
		*WN_PUSH(b->arena, &copy->contacts) = (struct wn_chosen){light_contact(b, v->contacts.v[i].contact, a)};
	*WN_PUSH(b->arena, &a->signals) = copy->signal;
	*WN_PUSH(b->arena, &b->verdicts) = copy;
	*WN_PUSH(b->arena, &b->at) = at_us;
}

static void count_unknown(struct wn_backtest *b, struct wn_str clause)
{
	b->result.unknown++;
	for (size_t i = 0; i < b->unknown.n; i++)
		if (wn_str_eq(b->unknown.v[i].clause, clause)) {
			b->unknown.v[i].n++;
			return;
		}
	if (b->unknown.n < 100)
		*WN_PUSH(b->arena, &b->unknown) = (struct unknown_clause){wn_arena_str(b->arena, clause), 1};
}

/* What an account came to in all its instants. */
struct pass {
	struct wn_backtest *b;
	struct wn_world *w;
	struct wn_account *a;
	bool was_true, was_unknown;
	struct wn_str clause;
};

static void ask(struct pass *p, struct wn_signal *s, int64_t at_us)
{
	struct wn_backtest *b = p->b;
	if (!rule_may_be_signal(s, at_us))
		return;
	p->w->now_us = at_us;
	struct wn_verdict *v = wn_verdict_of(p->w, &b->segment, p->a, s);
	if (v->is == WN_VERDICT_TRUE)
		keep_verdict(b, v, at_us);
	p->was_true |= v->is == WN_VERDICT_TRUE;
	if (v->is == WN_VERDICT_UNKNOWN && v->signal_terms_true) {
		p->was_unknown = true;
		p->clause = v->clause;
	}
	if (v->recheck_us <= b->to_us)
		*WN_PUSH(b->arena, &b->again) = (struct asked_again){s, v->recheck_us};
}

/* What fell due before this instant, in order. */
static void ask_again_until(struct pass *p, int64_t until_us)
{
	struct wn_backtest *b = p->b;
	for (int i = 0; i < 10000; i++) {
		size_t first = b->again.n;
		for (size_t k = 0; k < b->again.n; k++)
			if (b->again.v[k].at_us < until_us && (first == b->again.n || b->again.v[k].at_us < b->again.v[first].at_us))
				first = k;
		if (first == b->again.n)
			return;
		struct asked_again next = b->again.v[first];
		b->again.v[first] = b->again.v[--b->again.n];
		ask(p, next.signal, next.at_us);
	}
}

static int64_t next_stored(const struct wn_signal *const *all, size_t n, int64_t after_us, int64_t to_us)
{
	int64_t next = WN_NEVER;
	for (size_t i = 0; i < n; i++)
		if (all[i]->stored_us > after_us && all[i]->stored_us <= to_us)
			next = min_us(next, all[i]->stored_us);
	return next;
}

/* Signals known at an instant, in the order of the account's list. */
static void know_until(struct wn_account *a, struct wn_signal **all, size_t n, int64_t at_us)
{
	a->signals.n = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i]->stored_us <= at_us)
			a->signals.v[a->signals.n++] = all[i];
}

void wn_backtest_account(struct wn_backtest *b, struct wn_world *w, struct wn_account *a)
{
	struct pass p = {.b = b, .w = w, .a = a};
	size_t n = a->signals.n;
	int64_t now = w->now_us;
	struct wn_signal **all = WN_NEW_N(w->arena, struct wn_signal *, n + 1), **listed = a->signals.v;
	memcpy(all, listed, n * sizeof(*all));
	a->signals.v = WN_NEW_N(w->arena, struct wn_signal *, n + 1);
	b->again.n = 0;
	b->result.accounts++;
	for (int64_t at = b->from_us - 1; (at = next_stored((const struct wn_signal *const *)all, n, at, b->to_us)) != WN_NEVER;) {
		ask_again_until(&p, at);
		know_until(a, all, n, at);
		for (size_t i = 0; i < a->signals.n; i++)
			if (a->signals.v[i]->stored_us == at)
				ask(&p, a->signals.v[i], at);
	}
	ask_again_until(&p, later_us(b->to_us, 1));
	if (p.was_unknown && !p.was_true)
		count_unknown(b, p.clause);
	a->signals.v = listed;
	a->signals.n = n;
	w->now_us = now;
}

/* --- the second pass: all of them in the order of time ------------------------------------------------------ */
struct order {
	int64_t at_us;
	struct wn_verdict *v;
};

static int by_time(const void *x, const void *y)
{
	const struct order *a = x, *b = y;
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	int by = wn_id_cmp(a->v->account->id, b->v->account->id);
	if (by == 0 && a->v->signal->occurred_us != b->v->signal->occurred_us)
		return a->v->signal->occurred_us < b->v->signal->occurred_us ? -1 : 1;
	return by ? by : wn_id_cmp(a->v->signal->key, b->v->signal->key);
}

static void heap_push(struct wn_backtest *b, struct wn_member *m)
{
	(void)WN_PUSH(b->arena, &b->heap);
	(void)WN_PUSH(b->arena, &b->heap_at);
	size_t i = b->heap.n - 1;
	for (; i > 0 && b->heap_at.v[(i - 1) / 2] > m->due_us; i = (i - 1) / 2) {
		b->heap.v[i] = b->heap.v[(i - 1) / 2];
		b->heap_at.v[i] = b->heap_at.v[(i - 1) / 2];
	}
	b->heap.v[i] = m;
	b->heap_at.v[i] = m->due_us;
}

static struct wn_member *heap_pop(struct wn_backtest *b)
{
	struct wn_member *top = b->heap.v[0], *m = b->heap.v[--b->heap.n];
	int64_t at = b->heap_at.v[--b->heap_at.n];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < b->heap.n; i = child) {
		if (child + 1 < b->heap.n && b->heap_at.v[child + 1] < b->heap_at.v[child])
			child++;
		if (at <= b->heap_at.v[child])
			break;
		b->heap.v[i] = b->heap.v[child];
		b->heap_at.v[i] = b->heap_at.v[child];
	}
	if (b->heap.n) {
		b->heap.v[i] = m;
		b->heap_at.v[i] = at;
	}
	return top;
}

static void step(struct wn_backtest *b, struct wn_event ev)
{
	enum wn_rc rc = wn_campaign_step(&b->world, &ev, NULL);
	(void)rc; /* what is refused changes nothing */
}

static void close_until(struct wn_backtest *b, int64_t until_us)
{
	while (b->heap.n && b->heap_at.v[0] <= until_us) {
		int64_t at = b->heap_at.v[0];
		struct wn_member *m = heap_pop(b);
		if (!member_is_live(m))
			continue;
		b->world.now_us = max_us(at, m->due_us <= until_us ? m->due_us : at);
		if (m->due_us <= until_us)
			step(b, (struct wn_event){.type = WN_EV_MEMBER_DUE, .account = m->account, .member = m});
		if (member_is_live(m))
			heap_push(b, m);
	}
}

static void note_entry(struct wn_backtest *b, const struct wn_verdict *v, size_t contacts, bool opened)
{
	struct wn_backtest_result *r = &b->result;
	r->members += contacts;
	r->enrolled++;
	size_t week = (size_t)((b->to_us - b->world.now_us) / (7 * WN_DAY));
	if (week < r->n_weeks) {
		r->weeks[week].members += contacts;
		r->weeks[week].campaigns += opened;
	}
	if (r->n_entries == WN_BACKTEST_ENTRIES)
		return;
	r->entries[r->n_entries++] = (struct wn_backtest_entry){
	    .at_us = b->world.now_us,
	    .opened = opened,
	    .account = v->account->domain.n ? v->account->domain : v->account->name,
	    .account_id = v->account->id,
	    .kind = wn_str_of(wn_registry_kind(b->catalog.registry, v->signal->kind)->name),
	    .headline = v->signal->headline,
	    .clause = v->evidence.n ? v->evidence.v[0].clause : (struct wn_str){NULL, 0},
	    .contacts = contacts};
}

static void take_verdict(struct wn_backtest *b, const struct order *o)
{
	struct wn_account *a = o->v->account;
	size_t members = a->members.n, campaigns = b->world.campaigns.n;
	close_until(b, o->at_us);
	b->world.now_us = o->at_us;
	step(b, (struct wn_event){.type = WN_EV_VERDICT, .verdict = o->v});
	for (size_t i = members; i < a->members.n; i++)
		heap_push(b, a->members.v[i]);
	if (a->members.n > members)
		note_entry(b, o->v, a->members.n - members, b->world.campaigns.n > campaigns);
	b->world.changes.n = 0;
}

static void count_refusals(struct wn_backtest *b)
{
	struct wn_backtest_result *r = &b->result;
	for (size_t i = 0; i < b->world.accounts.n; i++) {
		const struct wn_account *a = b->world.accounts.v[i];
		if (a->members.n || !a->non_actions.n)
			continue;
		enum wn_non_action_reason reason = a->non_actions.v[0]->reason;
		size_t k = 0;
		while (k < r->n_refused && r->refused[k].reason != reason)
			k++;
		if (k == WN_COUNT(r->refused))
			continue;
		if (k == r->n_refused)
			r->refused[r->n_refused++].reason = reason;
		r->refused[k].accounts++;
	}
}

static void sum_up(struct wn_backtest *b)
{
	struct wn_backtest_result *r = &b->result;
	r->campaigns = b->world.campaigns.n;
	for (size_t i = 0; i < r->campaigns; i++) {
		const struct wn_campaign *c = b->world.campaigns.v[i];
		r->largest = (size_t)c->members > r->largest ? (size_t)c->members : r->largest;
		r->expired += c->state == WN_CAMPAIGN_CLOSED && c->result == WN_RESULT_EXPIRED;
		r->boxed += c->state == WN_CAMPAIGN_CLOSED && c->result == WN_RESULT_BOXED;
	}
	size_t most = 0;
	for (size_t i = 0; i < b->unknown.n; i++)
		if (b->unknown.v[i].n > most) {
			most = b->unknown.v[i].n;
			r->unknown_clause = b->unknown.v[i].clause;
		}
	count_refusals(b);
}

void wn_backtest_finish(struct wn_backtest *b, struct wn_backtest_result *out)
{
	struct wn_backtest_result *r = &b->result;
	size_t n = b->verdicts.n;
	struct order *orders = WN_NEW_N(b->arena, struct order, n + 1);
	for (size_t i = 0; i < n; i++)
		orders[i] = (struct order){b->at.v[i], b->verdicts.v[i]};
	if (n)
		qsort(orders, n, sizeof(*orders), by_time);
	r->n_weeks = (size_t)((b->to_us - b->from_us + 7 * WN_DAY - 1) / (7 * WN_DAY));
	r->weeks = WN_NEW_N(b->arena, struct wn_backtest_week, r->n_weeks + 1);
	for (size_t i = 0; i < r->n_weeks; i++)
		r->weeks[i].from_us = max_us(b->from_us, b->to_us - (int64_t)(i + 1) * 7 * WN_DAY);
	r->entries = WN_NEW_N(b->arena, struct wn_backtest_entry, WN_BACKTEST_ENTRIES);
	for (size_t i = 0; i < n; i++)
		take_verdict(b, &orders[i]);
	close_until(b, b->to_us);
	sum_up(b);
	*out = *r;
}
