/* SPDX-License-Identifier: MIT */
/*
 * Merging of an account into another, and the way back, each two units of work. The first moves what there is, with the rules
 * asked where it lives now, and then lets members leave: in this order, so that a campaign that has nobody else lives on with
 * the survivor. The second asks the rules once more with all that the survivor has.
 */
#include "unit.h"

static enum wn_rc load_both(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	struct wn_id ids[] = {m->m.from, m->m.into};
	return wn_store_load_accounts(s, w, ids, 2, WN_LOAD_ALL, err);
}

static enum wn_rc load_merge(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	enum wn_rc rc = load_both(ctx, s, w, err);
	struct wn_account *from = rc ? NULL : wn_world_account(w, m->m.from), *into = rc ? NULL : wn_world_account(w, m->m.into);
	if (!from || !into || wn_str_is(from->state, "merged"))
		return rc;
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

/* --- the way back ---- */
/* What rests on signals of the account that goes is weighed without them; then they are no longer in view. */
static enum wn_rc weigh_without(struct wn_world *w, struct wn_account *into, struct wn_id from, struct wn_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < into->signals.n; i++) {
		struct wn_signal *s = into->signals.v[i];
		if (!wn_id_eq(s->account_id, from)) {
			into->signals.v[n++] = s;
			continue;
		}
		bool was = s->retracted;
		s->retracted = true;
		enum wn_rc rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_RETRACTED, .account = into, .signal = s,
								       .why = WN_STR("split")}, err);
		s->retracted = was;
		if (rc)
			return rc;
	}
	into->signals.n = n;
	return WN_OK;
}

static enum wn_rc split(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_merge *m = ctx;
	struct wn_account *into = wn_world_account(w, m->m.into);
	enum wn_rc rc = into ? weigh_without(w, into, m->m.from, err) : WN_OK;
	if (rc == WN_OK)
		rc = wn_store_split(s, w, m->m.from, m->m.into, err);
	for (size_t i = 0; into && i < into->contacts.n && rc == WN_OK; i++)
		if (into->contacts.v[i]->departed && into->contacts.v[i]->changed)
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CONTACT, .account = into,
								    .contact = into->contacts.v[i]}, err);
	return rc;
}

struct wn_unit wn_split_unit(struct wn_merge *m)
{
	return (struct wn_unit){.load = load_both, .step = split, .ctx = m};
}

struct wn_unit wn_merge_unit(struct wn_merge *m)
{
	return (struct wn_unit){.load = load_merge, .step = merge, .ctx = m};
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
