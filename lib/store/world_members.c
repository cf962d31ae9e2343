/* SPDX-License-Identifier: MIT */
/*
 * Loading members with their evidence and touches, and campaigns under their locks. Campaign rows are found
 * first without a lock, then locked one by one in (bucket, id) order: what the lock returns is the newest
 * committed row.
 */
#include "store_internal.h"

#include <stdlib.h>

/* --- members ---- */
static struct wn_member *find_member(struct wn_member *const *v, size_t n, struct wn_id campaign, struct wn_id contact)
{
	for (size_t i = 0; i < n; i++)
		if (wn_id_eq(v[i]->campaign_id, campaign) && wn_id_eq(v[i]->contact_id, contact))
			return v[i];
	return NULL;
}

/* Rows come by owner: of an account's own rows, or of an account merged into it. */
struct owner {
	struct wn_account *account;
	bool former;
};

static struct wn_member *member_of_owner(const struct owner *o, struct wn_id campaign, struct wn_id contact)
{
	return o->former ? find_member(o->account->former.v, o->account->former.n, campaign, contact)
			 : find_member(o->account->members.v, o->account->members.n, campaign, contact);
}

static struct wn_member *member_of_row(struct wn_world *w, struct wn_account *a, const struct wn_pg_result *r,
				       int i)
{
	struct wn_member *m = WN_NEW(w->arena, struct wn_member);
	*m = (struct wn_member){.account = a,
				.campaign_id = wn_pg_get_id(r, i, 1),
				.contact_id = wn_pg_get_id(r, i, 2),
				.campaign_bucket = (int)wn_pg_get_int(r, i, 3),
				.segment = get_str(r, i, 4, w->arena),
				.version = (int)wn_pg_get_int(r, i, 5),
				.shadow = wn_pg_get_bool(r, i, 6),
				.holdout = wn_pg_get_bool(r, i, 7),
				.enrolled_us = wn_pg_get_us(r, i, 9),
				.left_us = get_us_0(r, i, 10),
				.signal_key = wn_pg_get_id(r, i, 11),
				.heat = wn_pg_get_double(r, i, 12),
				.box_ends_us = wn_pg_get_us(r, i, 13),
				.stale_us = wn_pg_get_us(r, i, 14),
				.first_touch_by_us = wn_pg_get_us(r, i, 15),
				.blind_until_us = get_us_0(r, i, 16),
				.finishing_fit = wn_pg_get_bool(r, i, 17),
				.replied_hold = wn_pg_get_bool(r, i, 18),
				.due_us = wn_pg_get_us(r, i, 19),
				.touches_sent = (int)wn_pg_get_int(r, i, 20),
				.replied = wn_pg_get_bool(r, i, 21),
				.reached_us = get_us_0(r, i, 22)};
	if (!wn_pg_is_null(r, i, 8))
		(void)wn_left_from_text(wn_pg_get_str(r, i, 8), &m->left);
	return m;
}

static void evidence_of_row(struct wn_world *w, struct wn_member *m, const struct wn_pg_result *r, int i)
{
	struct wn_evidence *e = WN_NEW(w->arena, struct wn_evidence);
	*e = (struct wn_evidence){.signal_key = wn_pg_get_id(r, i, 3),
				  .kind = wn_registry_kind_number(w->catalog->registry, wn_pg_get_str(r, i, 4)),
				  .occurred_us = wn_pg_get_us(r, i, 5),
				  .strength = wn_pg_get_double(r, i, 6),
				  .publishers = (int)wn_pg_get_int(r, i, 7),
				  .half_life_us = wn_pg_get_interval(r, i, 8),
				  .hard_stop_us = wn_pg_get_us(r, i, 9),
				  .clause = get_str(r, i, 10, w->arena),
				  .removed = wn_pg_get_bool(r, i, 11)};
	*WN_PUSH(w->arena, &m->evidence) = e;
}

static void touch_of_row(struct wn_world *w, struct wn_member *m, const struct wn_pg_result *r, int i)
{
	struct wn_touch *t = WN_NEW(w->arena, struct wn_touch);
	*t = (struct wn_touch){.member = m,
			       .step = (int)wn_pg_get_int(r, i, 3),
			       .channel = get_str(r, i, 4, w->arena),
			       .sink = get_str(r, i, 5, w->arena),
			       .reason = get_str(r, i, 7, w->arena),
			       .planned_us = wn_pg_get_us(r, i, 8),
			       .due_us = wn_pg_get_us(r, i, 9),
			       .valid_until_us = wn_pg_get_us(r, i, 10),
			       .claimed_us = get_us_0(r, i, 11),
			       .sent_us = get_us_0(r, i, 12),
			       .attempts = (int)wn_pg_get_int(r, i, 13),
			       .token = wn_pg_get_id(r, i, 14),
			       .event_id = wn_pg_get_id(r, i, 15),
			       .variant = get_str(r, i, 16, w->arena),
			       .subject = get_str(r, i, 18, w->arena),
			       .text = get_str(r, i, 19, w->arena)};
	struct wn_str hash = wn_pg_get_str(r, i, 17);
	(void)wn_touch_state_from_text(wn_pg_get_str(r, i, 6), &t->state);
	if (hash.n == sizeof(t->rendered_hash))
		memcpy(t->rendered_hash, hash.p, hash.n);
	*WN_PUSH(w->arena, &m->touches) = t;
}

static void non_action_of_row(struct wn_world *w, struct wn_account *a, const struct wn_pg_result *r, int i)
{
	struct wn_non_action *n = WN_NEW(w->arena, struct wn_non_action);
	*n = (struct wn_non_action){.segment = get_str(r, i, 1, w->arena),
				    .account = a,
				    .signal_key = wn_pg_get_id(r, i, 2),
				    .clause = get_str(r, i, 4, w->arena),
				    .detail = get_str(r, i, 5, w->arena),
				    .at_us = wn_pg_get_us(r, i, 6)};
	if (wn_non_action_from_text(wn_pg_get_str(r, i, 3), &n->reason))
		*WN_PUSH(w->arena, &a->non_actions) = n;
}

/* Rows of evidence and touches come in the order of the members' keys, so the last member found is mostly the
 * next one's. */
static void attach(struct wn_world *w, const struct owner *owners, const struct wn_pg_result *r,
		   void (*take)(struct wn_world *, struct wn_member *, const struct wn_pg_result *, int))
{
	struct wn_member *last = NULL;
	const struct owner *last_owner = NULL;
	for (int i = 0; i < r->rows; i++) {
		const struct owner *o = &owners[wn_pg_get_int(r, i, 0) - 1];
		struct wn_id campaign = wn_pg_get_id(r, i, 1), contact = wn_pg_get_id(r, i, 2);
		if (!last || last_owner != o || !wn_id_eq(last->campaign_id, campaign) ||
		    !wn_id_eq(last->contact_id, contact))
			last = member_of_owner(o, campaign, contact);
		last_owner = o;
		if (last)
			take(w, last, r, i);
	}
}

static const struct owner *add_owners(struct wn_world *w, struct wn_account *const *accounts, size_t n, struct key_list *keys)
{
	size_t total = n;
	for (size_t i = 0; i < n; i++)
		total += row_of(accounts[i])->n_merged_from;
	struct owner *owners = WN_NEW_N(w->arena, struct owner, total + 1);
	for (size_t i = 0; i < n; i++) {
		owners[keys->ids.n] = (struct owner){accounts[i], false};
		key_add(w->arena, keys, accounts[i]->id, accounts[i]->bucket);
		for (size_t k = 0; k < row_of(accounts[i])->n_merged_from; k++) {
			struct wn_id id = row_of(accounts[i])->merged_from[k];
			owners[keys->ids.n] = (struct owner){accounts[i], true};
			key_add(w->arena, keys, id, wn_id_bucket(id));
		}
	}
	return owners;
}

enum wn_rc load_members(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts, size_t n,
			struct wn_err *err)
{
	RESULT(members);
	RESULT(evidence);
	RESULT(touches);
	RESULT(non_actions);
	struct key_list keys = {0};
	const struct owner *owners = add_owners(w, accounts, n, &keys);
	struct wn_pg_param both[] = {KEY_PARAMS(w->arena, &keys)};
	TRY(wn_pg_queue(s->pg, &wn_sql_member_load, both, 2, &members, err));
	TRY(wn_pg_queue(s->pg, &wn_sql_evidence_load, both, 2, &evidence, err));
	TRY(wn_pg_queue(s->pg, &wn_sql_touch_load, both, 2, &touches, err));
	TRY(wn_pg_queue(s->pg, &wn_sql_non_action_load, both, 2, &non_actions, err));
	TRY(wn_pg_flush(s->pg, err));
	for (int i = 0; i < members.rows; i++) {
		const struct owner *o = &owners[wn_pg_get_int(&members, i, 0) - 1];
		struct wn_member *m = member_of_row(w, o->account, &members, i);
		if (o->former)
			*WN_PUSH(w->arena, &o->account->former) = m;
		else
			*WN_PUSH(w->arena, &o->account->members) = m;
	}
	attach(w, owners, &evidence, evidence_of_row);
	attach(w, owners, &touches, touch_of_row);
	for (int i = 0; i < non_actions.rows; i++)
		if (!owners[wn_pg_get_int(&non_actions, i, 0) - 1].former)
			non_action_of_row(w, owners[wn_pg_get_int(&non_actions, i, 0) - 1].account, &non_actions, i);
	return WN_OK;
}

/* --- campaigns ---- */
struct campaign_keys {
	WN_VEC(struct wn_campaign_ref) k;
};

static int by_campaign_key(const void *a, const void *b)
{
	const struct wn_campaign_ref *x = a, *y = b;
	return bucket_id_cmp(x->bucket, x->id, y->bucket, y->id);
}

/* Always false. */
static bool needs_version(const struct wn_campaign *c, int version, struct wn_err *err)
{
	(void)wn_fail(err, WN_AGAIN, "version %d of segment " WN_STR_FMT ", which a campaign needs, is not loaded here yet", version,
		      WN_STR_ARG(c->segment_name));
	return false;
}

static bool steps_of_row(struct wn_world *w, struct wn_campaign *c, struct wn_value list, struct wn_err *err)
{
	for (uint32_t i = 0; list.kind == WN_LIST && i < list.n; i++) {
		struct wn_value pair = list.list[i];
		if (pair.kind != WN_LIST || pair.n != 2 || pair.list[0].kind != WN_INT || pair.list[1].kind != WN_INT)
			continue;
		const struct wn_segment *s = wn_catalog_segment(w->catalog, c->segment_name, (int)pair.list[0].i);
		if (s)
			*WN_PUSH(w->arena, &c->steps) = (struct wn_steps_since){s, pair.list[1].i};
		else if (c->state != WN_CAMPAIGN_CLOSED)
			return needs_version(c, (int)pair.list[0].i, err);
	}
	return true;
}

struct wn_campaign *campaign_of_row(struct wn_world *w, const struct wn_pg_result *r, int i, struct wn_err *err)
{
	struct wn_campaign *c = WN_NEW(w->arena, struct wn_campaign);
	*c = (struct wn_campaign){.id = wn_pg_get_id(r, i, 0),
				  .group_id = wn_pg_get_id(r, i, 1),
				  .segment_name = get_str(r, i, 2, w->arena),
				  .version = (int)wn_pg_get_int(r, i, 3),
				  .group = get_json(r, i, 4, w->arena),
				  .opening_signal = wn_pg_get_id(r, i, 5),
				  .opening_account = wn_pg_get_id(r, i, 6),
				  .shadow = wn_pg_get_bool(r, i, 9),
				  .proposed_us = get_us_0(r, i, 10),
				  .opened_us = get_us_0(r, i, 11),
				  .intake_ends_us = wn_pg_get_us(r, i, 12),
				  .max_ends_us = wn_pg_get_us(r, i, 13),
				  .closed_us = get_us_0(r, i, 14),
				  .live_until_us = get_us_0(r, i, 15),
				  .live_members = (int)wn_pg_get_int(r, i, 16),
				  .audience = (int)wn_pg_get_int(r, i, 17),
				  .members = (int)wn_pg_get_int(r, i, 18),
				  .holdouts = (int)wn_pg_get_int(r, i, 19),
				  .touched = (int)wn_pg_get_int(r, i, 20),
				  .achieved = (int)wn_pg_get_int(r, i, 21),
				  .converted = (int)wn_pg_get_int(r, i, 22),
				  .due_us = wn_pg_get_us(r, i, 23),
				  .gen = wn_pg_get_int(r, i, 24),
				  .reviewed_final = wn_pg_get_bool(r, i, 26),
				  .cost = wn_pg_get_double(r, i, 27),
				  .holdout_achieved = (int)wn_pg_get_int(r, i, 28),
				  .goal_window_us = wn_pg_get_interval(r, i, 29)};
	struct wn_str seal = wn_pg_get_str(r, i, 25);
	if (seal.n == sizeof(c->seal))
		memcpy(c->seal, seal.p, seal.n);
	c->bucket = wn_id_bucket(c->group_id);
	if (!wn_campaign_state_from_text(wn_pg_get_str(r, i, 7), &c->state) ||
	    !wn_result_from_text(wn_pg_get_str(r, i, 8), &c->result)) {
		(void)wn_fail(err, WN_INVALID, "a campaign row has an unknown state");
		return NULL;
	}
	c->was = c->state;
	c->segment = wn_catalog_segment(w->catalog, c->segment_name, c->version);
	if (!c->segment && (c->state != WN_CAMPAIGN_CLOSED || (!c->reviewed_final && !c->shadow)) && !needs_version(c, c->version, err))
		return NULL;
	if (!steps_of_row(w, c, get_json(r, i, 30, w->arena), err))
		return NULL;
	return c;
}

static void campaign_insert_sorted(struct wn_world *w, struct wn_campaign *c)
{
	*WN_PUSH(w->arena, &w->campaigns) = c;
	size_t i = w->campaigns.n - 1;
	for (; i > 0 &&
	       bucket_id_cmp(w->campaigns.v[i - 1]->bucket, w->campaigns.v[i - 1]->id, c->bucket, c->id) > 0;
	     i--)
		w->campaigns.v[i] = w->campaigns.v[i - 1];
	w->campaigns.v[i] = c;
}

static enum wn_rc take_locked(struct wn_world *w, struct wn_pg_result *rows, size_t n, struct wn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct wn_err local = {0};
		struct wn_campaign *c = rows[i].rows ? campaign_of_row(w, &rows[i], 0, &local) : NULL;
		if (c)
			campaign_insert_sorted(w, c);
		else if (rows[i].rows)
			return err ? (*err = local, local.rc) : local.rc;
	}
	return WN_OK;
}

static enum wn_rc lock_campaigns(struct wn_store *s, struct wn_world *w, struct campaign_keys *keys,
				 struct wn_err *err)
{
	size_t m = 0;
	qsort(keys->k.v, keys->k.n, sizeof(*keys->k.v), by_campaign_key);
	for (size_t i = 0; i < keys->k.n; i++)
		if ((m == 0 || by_campaign_key(&keys->k.v[m - 1], &keys->k.v[i]) != 0) &&
		    !wn_world_campaign(w, keys->k.v[i].id))
			keys->k.v[m++] = keys->k.v[i];
	struct wn_pg_result *rows = WN_NEW_N(w->arena, struct wn_pg_result, m + 1);
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < m && rc == WN_OK; i++)
		rc = wn_pg_queue(s->pg, &wn_sql_campaign_lock,
				 WN_PARAMS(wn_pg_int2(keys->k.v[i].bucket), wn_pg_id(keys->k.v[i].id)),
				 &rows[i], err);
	if (rc == WN_OK && m)
		rc = wn_pg_flush(s->pg, err);
	if (rc == WN_OK)
		rc = take_locked(w, rows, m, err);
	for (size_t i = 0; i < m; i++)
		wn_pg_result_done(&rows[i]);
	if (rc == WN_OK)
		wn_failpoint("store.campaigns.locked");
	return rc;
}

static bool needs_campaign(const struct wn_member *m)
{
	bool needs = m->left == WN_LEFT_LIVE || m->wanted;
	for (size_t i = 0; i < m->touches.n && !needs; i++)
		needs = !wn_touch_is_final(m->touches.v[i]->state);
	return needs && !m->campaign;
}

static void link_members(struct wn_world *w)
{
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++) {
			struct wn_member *m = w->accounts.v[a]->members.v[i];
			if (!m->campaign)
				m->campaign = wn_world_campaign(w, m->campaign_id);
		}
}

static enum wn_rc keys_of_verdicts(struct wn_store *s, struct wn_world *w, struct campaign_keys *keys,
				   struct wn_err *err)
{
	RESULT(r);
	struct key_list groups = {0};
	WN_VEC(struct wn_id) openings = {0};
	for (size_t i = 0; i < w->verdicts.n; i++) {
		const struct wn_verdict *v = w->verdicts.v[i];
		if (v->is != WN_VERDICT_TRUE || !v->group_known || v->segment->broad)
			continue;
		key_add(w->arena, &groups, v->group_id, wn_id_bucket(v->group_id));
		*WN_PUSH(w->arena, &openings) = v->signal->key;
	}
	if (!openings.n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_campaign_of_groups,
		       WN_PARAMS(KEY_PARAMS(w->arena, &groups), wn_pg_ids(w->arena, openings.v, openings.n)),
		       &r, err));
	for (int i = 0; i < r.rows; i++)
		*WN_PUSH(w->arena, &keys->k) =
		    (struct wn_campaign_ref){(int)wn_pg_get_int(&r, i, 0), wn_pg_get_id(&r, i, 1)};
	return WN_OK;
}

enum wn_rc wn_store_load_campaigns(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct campaign_keys keys = {0};
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++)
			if (needs_campaign(w->accounts.v[a]->members.v[i]))
				*WN_PUSH(w->arena, &keys.k) =
				    (struct wn_campaign_ref){w->accounts.v[a]->members.v[i]->campaign_bucket,
							  w->accounts.v[a]->members.v[i]->campaign_id};
	enum wn_rc rc = keys_of_verdicts(s, w, &keys, err);
	if (rc == WN_OK && keys.k.n)
		rc = lock_campaigns(s, w, &keys, err);
	TRY(store_translate(s, rc, err)); /* what was queued before may fail here */
	link_members(w);
	return WN_OK;
}

/* --- whole campaigns ---- */
static enum wn_rc load_accounts_of(struct wn_store *s, struct wn_world *w, const struct wn_campaign_ref *refs,
				   size_t n, struct wn_err *err)
{
	RESULT(r);
	struct wn_id *campaigns = WN_NEW_N(w->arena, struct wn_id, n + 1);
	for (size_t i = 0; i < n; i++)
		campaigns[i] = refs[i].id;
	TRY(wn_pg_exec(s->pg, &wn_sql_campaign_accounts, WN_PARAMS(wn_pg_ids(w->arena, campaigns, n)), &r, err));
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, (size_t)r.rows + 1);
	for (int i = 0; i < r.rows; i++)
		ids[i] = wn_pg_get_id(&r, i, 0);
	return wn_store_load_accounts(s, w, ids, (size_t)r.rows, WN_LOAD_ALL, err);
}

static int live_members_of(const struct wn_world *w, const struct wn_campaign *c)
{
	int n = 0;
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++)
			n += w->accounts.v[a]->members.v[i]->campaign == c &&
			     w->accounts.v[a]->members.v[i]->left == WN_LEFT_LIVE;
	return n;
}

static enum wn_rc lock_refs(struct wn_store *s, struct wn_world *w, const struct wn_campaign_ref *refs, size_t n,
			    struct wn_err *err)
{
	struct campaign_keys keys = {0};
	for (size_t i = 0; i < n; i++)
		*WN_PUSH(w->arena, &keys.k) = (struct wn_campaign_ref){refs[i].bucket, refs[i].id};
	/* The other campaigns of the loaded accounts too, in one sorted pass: their members' touches compete,
	 * and a step may touch them. */
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++)
			if (needs_campaign(w->accounts.v[a]->members.v[i]))
				*WN_PUSH(w->arena, &keys.k) =
				    (struct wn_campaign_ref){w->accounts.v[a]->members.v[i]->campaign_bucket,
							  w->accounts.v[a]->members.v[i]->campaign_id};
	TRY(lock_campaigns(s, w, &keys, err));
	link_members(w);
	return WN_OK;
}

enum wn_rc wn_store_load_whole_campaigns(struct wn_store *s, struct wn_world *w,
					 const struct wn_campaign_ref *refs, size_t n, struct wn_err *err)
{
	TRY(load_accounts_of(s, w, refs, n, err));
	TRY(lock_refs(s, w, refs, n, err));
	for (size_t i = 0; i < n; i++) {
		const struct wn_campaign *c = wn_world_campaign(w, refs[i].id);
		if (c && live_members_of(w, c) != c->live_members)
			return wn_fail(err, WN_AGAIN, "members of a campaign changed while it was read");
	}
	return WN_OK;
}

enum wn_rc wn_store_load_campaign(struct wn_store *s, struct wn_world *w, int bucket, struct wn_id campaign_id,
				  bool with_members, struct wn_campaign **out, struct wn_err *err)
{
	struct wn_campaign_ref ref = {bucket, campaign_id};
	enum wn_rc rc = with_members ? wn_store_load_whole_campaigns(s, w, &ref, 1, err) : lock_refs(s, w, &ref, 1, err);
	struct wn_campaign *c = rc ? NULL : wn_world_campaign(w, ref.id);
	if (rc == WN_OK && !c)
		return wn_fail(err, WN_NOT_FOUND, "no such campaign");
	if (c)
		*out = c;
	return rc;
}
