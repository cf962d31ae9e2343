/* SPDX-License-Identifier: MIT */
/*
 * What is due: members, campaigns and rechecks whose instant has come are read in order of due time, some at a time,
 * and fed into the step function, each lot in one transaction. A lot that fails for good is halved until the row at
 * fault stands alone; that row is told and set aside for a while, so that it holds up nobody behind it. When much is
 * due, two lanes work at once: the rows of a campaign keep their order in one of them.
 */
#include "due.h"
#include <stdlib.h>
#include <whynow/failpoint.h>
#include <whynow/log.h>

enum { LOT = 512, ASIDE_MAX = 1000, ROUNDS_MAX = 10000 /* then the next tick: something due that does not move must not hold the clock */ };

/* A row that could not be moved; looked at again later. */
struct aside {
	const struct wn_due_kind *kind;
	struct wn_id account_id, campaign_id, contact_id;
	int step;
	int64_t until_us;
};

struct wn_aside_list {
	size_t n;
	struct aside v[ASIDE_MAX];
};

/* --------------------------------------------------------------------------------------------------- members */
enum wn_rc wn_due_load_accounts(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, work->n + 1);
	for (size_t i = 0; i < work->n; i++)
		ids[i] = work->due[i].account_id;
	return wn_store_load_accounts(s, w, ids, work->n, WN_LOAD_ALL, err);
}

static struct wn_member *find_member(const struct wn_world *w, const struct wn_due *due)
{
	struct wn_account *a = wn_world_account(w, due->account_id);
	for (size_t i = 0; a && i < a->members.n; i++)
		if (wn_id_eq(a->members.v[i]->campaign_id, due->campaign_id) && wn_id_eq(a->members.v[i]->contact_id, due->contact_id))
			return a->members.v[i];
	return NULL;
}

static enum wn_rc step_members(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	enum wn_rc rc = WN_OK;
	(void)s;
	for (size_t i = 0; i < work->n && rc == WN_OK; i++) {
		struct wn_member *m = find_member(w, &work->due[i]);
		if (m && m->left == WN_LEFT_LIVE && m->campaign)
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_MEMBER_DUE, .account = m->account, .member = m}, err);
	}
	return rc;
}

/* ------------------------------------------------------------------------------------------------- campaigns */
static enum wn_rc step_campaigns(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	enum wn_rc rc = WN_OK;
	(void)s;
	for (size_t i = 0; i < work->n && rc == WN_OK; i++) {
		struct wn_campaign *c = wn_world_campaign(w, work->due[i].campaign_id);
		if (c)
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CAMPAIGN_DUE, .campaign = c}, err);
	}
	return rc;
}

static enum wn_rc load_campaigns(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	struct wn_campaign_ref *refs = WN_NEW_N(w->arena, struct wn_campaign_ref, work->n + 1);
	for (size_t i = 0; i < work->n; i++)
		refs[i] = (struct wn_campaign_ref){work->due[i].bucket, work->due[i].campaign_id};
	return wn_store_load_whole_campaigns(s, w, refs, work->n, err);
}

/* -------------------------------------------------------------------------------------------------- rechecks */
/* A rule that may have become true by time alone: the same segment, account and signal again. */
static enum wn_rc load_rechecks(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	enum wn_rc rc = wn_due_load_accounts(ctx, s, w, err);
	for (size_t i = 0; i < work->n && rc == WN_OK; i++) {
		const struct wn_due *due = &work->due[i];
		struct wn_account *a = wn_world_account(w, due->account_id);
		struct wn_signal *sig = a ? wn_account_signal(a, due->signal_key) : NULL;
		const struct wn_segment *segment = wn_catalog_segment(w->catalog, due->segment, 0);
		if (sig && segment && !sig->retracted)
			*WN_PUSH(w->arena, &w->verdicts) = wn_verdict_of(w, segment, a, sig);
	}
	return rc;
}

static enum wn_rc finish_rechecks(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_due_work *work = ctx;
	enum wn_rc rc = WN_OK;
	(void)w;
	for (size_t i = 0; i < work->n && rc == WN_OK; i++)
		rc = wn_store_recheck_done(s, &work->due[i], err);
	return rc;
}

/* What the sweeper asks for by itself. */
struct swept {
	enum wn_rc (*read)(struct wn_store *, const struct wn_due_query *, struct wn_arena *, struct wn_due **, size_t *, struct wn_err *);
	struct wn_due_kind kind;
	bool in_lanes; /* rows of different campaigns have no order */
};
static const struct swept members = {wn_store_due_members, {"a member that is due", "sweeper", wn_due_load_accounts, step_members}, true};
static const struct swept campaigns = {wn_store_due_campaigns, {"a campaign that is due", "sweeper", load_campaigns, step_campaigns}, true};
static const struct swept rechecks = {wn_store_due_rechecks,
				      {"a rule that time may have made true", "sweeper", load_rechecks, NULL, finish_rechecks}, false};

/* ------------------------------------------------------------------------------------------------- set aside */
static bool is_same(const struct aside *x, const struct wn_due_kind *k, const struct wn_due *due)
{
	return x->kind == k && wn_id_eq(x->account_id, due->account_id) && wn_id_eq(x->campaign_id, due->campaign_id) &&
	       wn_id_eq(x->contact_id, due->contact_id) && x->step == due->step;
}

size_t wn_due_without_aside(const struct wn_aside_list *l, const struct wn_due_kind *k, struct wn_due *due, size_t n)
{
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		bool found = false;
		for (size_t j = 0; j < l->n && !found; j++)
			found = is_same(&l->v[j], k, &due[i]);
		if (!found)
			due[m++] = due[i];
	}
	return m;
}

static void set_aside(struct wn_daemon *d, const struct wn_due_kind *k, const struct wn_due *due, const struct wn_err *why)
{
	struct wn_aside_list *l = d->aside;
	char account[37];
	wn_id_to_text(due->account_id, account);
	wn_log(WN_ERR, NULL, WN_FIELDS({"WHYNOW_ACCOUNT", account}, {"WHYNOW_REASON", why->text}),
	       "%s could not be moved and is set aside for an hour: %s", k->what, why->text);
	if (l->n < ASIDE_MAX)
		l->v[l->n++] = (struct aside){k, due->account_id, due->campaign_id, due->contact_id, due->step,
						wn_clock_now_us(d->clock) + WN_HOUR};
}

static void let_back(struct wn_aside_list *l, int64_t now_us)
{
	size_t m = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].until_us > now_us)
			l->v[m++] = l->v[i];
	l->n = m;
}

/* -------------------------------------------------------------------------------------------------- one lot */
enum wn_rc wn_due_run(struct wn_session *session, const struct wn_due_kind *k, struct wn_due_work *work)
{
	struct wn_unit u = {.actor = k->actor, .load = k->load, .step = k->step, .finish = k->finish, .done = k->done, .ctx = work};
	struct wn_worker worker = wn_daemon_worker(work->d, session);
	struct wn_err err = {0};
	const struct wn_due *due = work->due;
	size_t n = work->n;
	enum wn_rc rc = wn_unit_run(&worker, &u, &err);
	if (rc == WN_OK || rc == WN_CANCELLED || wn_rc_is_temporary(rc))
		return rc;
	if (n == 1) {
		set_aside(work->d, k, due, &err);
		return WN_OK;
	}
	work->n = n / 2;
	rc = wn_due_run(session, k, work);
	work->due = due + n / 2;
	work->n = n - n / 2;
	return rc ? rc : wn_due_run(session, k, work);
}

/* As many as a transaction should hold the accounts of. */
static size_t end_of_lot(const struct wn_due *due, size_t from, size_t n)
{
	size_t to = from;
	for (int weight = 0; to < n && (to == from || weight + due[to].weight <= LOT); to++)
		weight += due[to].weight;
	return to;
}

static enum wn_rc read_due(struct wn_daemon *d, const struct swept *k, int64_t until_us, struct wn_arena *a, struct wn_due **due, size_t *n)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_due_query q = {.until_us = until_us, .bucket_from = 0, .bucket_to = 1023, .limit = (k->in_lanes ? 2 * LOT : LOT) + (int)d->aside->n};
	struct wn_err err = {0};
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = k->read(s, &q, a, due, n, &err);
	wn_turn_give(wn_store_turn(s));
	if (rc == WN_OK)
		*n = wn_due_without_aside(d->aside, &k->kind, *due, *n);
	return rc;
}

static enum wn_rc run_lots(struct wn_session *session, const struct wn_due_kind *k, struct wn_due_work *all)
{
	enum wn_rc rc = WN_OK;
	for (size_t from = 0, to; rc == WN_OK && from < all->n && !all->d->stopping; from = to) {
		to = end_of_lot(all->due, from, all->n);
		rc = wn_due_run(session, k, &(struct wn_due_work){all->d, all->due + from, to - from});
	}
	return rc;
}

/* The second lane has the courier's session: no touch goes before everything overdue is closed. */
struct lane {
	struct wn_daemon *d;
	const struct wn_due_kind *kind;
	struct wn_turn running; /* given back at the end */
	enum wn_rc rc;
	bool left;              /* nobody waits for it any more */
	size_t n;
	struct wn_due due[];
};

static void run_lane(void *ctx)
{
	struct lane *l = ctx;
	l->rc = wn_session_ensure(l->d, &l->d->courier_session);
	if (l->rc == WN_OK)
		l->rc = run_lots(&l->d->courier_session, l->kind, &(struct wn_due_work){l->d, l->due, l->n});
	if (l->left)
		free(l);
	else
		wn_turn_give(&l->running);
}

/* Takes half of the campaigns' rows out of the list; NULL: none. */
static struct lane *lane_start(struct wn_daemon *d, const struct swept *k, struct wn_due *due, size_t *n)
{
	if (!k->in_lanes || d->simulated || *n < LOT / 2)
		return NULL;
	struct lane *l = wn_alloc(sizeof(*l) + *n * sizeof(*due));
	size_t m = 0;
	l->d = d;
	l->kind = &k->kind;
	if (wn_turn_take(d->loop, &l->running) || !wn_fiber_start(d->loop, "sweeper's second lane", run_lane, l)) {
		free(l);
		return NULL;
	}
	for (size_t i = 0; i < *n; i++)
		if (due[i].campaign_id.b[sizeof(due[i].campaign_id.b) - 1] & 1)
			l->due[l->n++] = due[i];
		else
			due[m++] = due[i];
	*n = m;
	return l;
}

static enum wn_rc lane_join(struct wn_daemon *d, struct lane *l)
{
	if (!l)
		return WN_OK;
	enum wn_rc rc = wn_turn_take(d->loop, &l->running);
	if (rc) { /* cancelled; it ends by itself */
		l->left = true;
		return rc;
	}
	rc = l->rc;
	free(l);
	return rc;
}

static enum wn_rc sweep_lot(struct wn_daemon *d, const struct swept *k, int64_t until_us, bool *some)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_due *due = NULL;
	size_t n = 0;
	enum wn_rc rc = read_due(d, k, until_us, a, &due, &n);
	if (rc == WN_OK && n) {
		struct lane *second = lane_start(d, k, due, &n);
		*some = true;
		rc = run_lots(&d->sweep_session, &k->kind, &(struct wn_due_work){d, due, n});
		enum wn_rc other = lane_join(d, second);
		rc = rc ? rc : other;
	}
	wn_arena_free(a);
	return rc;
}

/* Members before campaigns: what a member's leaving closes needs no instant of its own. */
enum wn_rc wn_due_sweep(struct wn_daemon *d, int64_t ahead_us)
{
	enum wn_rc rc = WN_OK;
	bool some = true;
	let_back(d->aside, wn_clock_now_us(d->clock));
	for (int round = 0; some && rc == WN_OK && !d->stopping && round < ROUNDS_MAX; round++) {
		int64_t now = wn_clock_sure_us(d->clock);
		some = false;
		rc = sweep_lot(d, &members, now + ahead_us + (wn_planted("early_expiry") ? WN_HOUR : 0), &some);
		ahead_us = 0;
		if (rc == WN_OK)
			rc = sweep_lot(d, &campaigns, now, &some);
		if (rc == WN_OK)
			rc = sweep_lot(d, &rechecks, now, &some);
		wn_failpoint("sweeper.swept");
	}
	return rc;
}

struct wn_aside_list *wn_aside_new(void) { return wn_alloc(sizeof(struct wn_aside_list)); }
size_t wn_aside_count(const struct wn_aside_list *l) { return l->n; }
void wn_aside_free(struct wn_aside_list *l) { free(l); }
