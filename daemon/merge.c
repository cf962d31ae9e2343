/* SPDX-License-Identifier: MIT */
/*
 * Merging of a provisional account into the one whose domain is known by now: two units of work. The first moves what
 * it has, matches its signals where they live now, and lets its members leave: in this order, so that a campaign that
 * has nobody else lives on with the survivor. The second matches all that the survivor has.
 */
#include "unit.h"

/* What the merged account brought is due to be matched where it lives now: written with the merge, so that a crash before the
 * second unit loses nothing. */
static void due_again(struct wn_world *w, struct wn_account *from, struct wn_account *into)
{
	for (size_t i = 0; i < from->signals.n; i++) {
		const struct wn_signal *sig = from->signals.v[i];
		if (sig->retracted || sig->history || w->now_us >= sig->hard_stop_us)
			continue;
		for (size_t k = 0; k < w->catalog->n_segments; k++) {
			struct wn_recheck *r = WN_NEW(w->arena, struct wn_recheck);
			*r = (struct wn_recheck){.segment = wn_str_of(w->catalog->segments[k]->name), .account = into, .signal_key = sig->key,
						 .at_us = w->now_us, .fresh = true};
			*WN_PUSH(w->arena, &into->rechecks) = r;
		}
	}
}

static enum wn_rc load_both(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	struct wn_id ids[] = {m->m.from, m->m.into};
	enum wn_rc rc = wn_store_load_accounts(s, w, ids, 2, WN_LOAD_ALL, err);
	struct wn_account *from = wn_world_account(w, m->m.from), *into = wn_world_account(w, m->m.into);
	if (rc || !from || !into || wn_str_is(from->state, "merged"))
		return rc;
	due_again(w, from, into);
	return wn_store_merge(s, w, m->m.from, m->m.into, err);
}

static enum wn_rc merge(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	struct wn_account *from = wn_world_account(w, m->m.from);
	struct wn_event gone = {.type = WN_EV_CONTACT_GONE, .account = from, .left = WN_LEFT_MERGED};
	return from && wn_str_is(from->state, "merged") ? wn_campaign_step(w, &gone, err) : WN_OK;
}

static enum wn_rc load_survivor(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	enum wn_rc rc = wn_store_load_accounts(s, w, &m->m.into, 1, WN_LOAD_ALL, err);
	struct wn_account *a = rc ? NULL : wn_world_account(w, m->m.into);
	for (size_t i = 0; a && i < a->signals.n; i++)
		a->signals.v[i]->arrived = !a->signals.v[i]->retracted && !a->signals.v[i]->history;
	return rc;
}

struct wn_unit wn_merge_unit(struct wn_merge *m)
{
	return (struct wn_unit){.load = load_both, .step = merge, .ctx = m};
}

/* Traits that it brought are an event too: members of the survivor may fit no longer. */
static enum wn_rc step_survivor(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	struct wn_account *a = wn_world_account(w, m->m.into);
	(void)s;
	return a ? wn_campaign_step(w, &(struct wn_event){.type = WN_EV_TRAIT, .account = a}, err) : WN_OK;
}

struct wn_unit wn_rematch_unit(struct wn_merge *m)
{
	return (struct wn_unit){.load = load_survivor, .step = step_survivor, .ctx = m};
}
