/* SPDX-License-Identifier: MIT */
/*
 * What the hints of a batch could mean: aliases, accounts, near names, each asked for once, the whole batch in one
 * round trip a step. A name that means something is never looked for among its neighbours. Decides nothing.
 */
#include "resolve_internal.h"

/* --- wanting ---- */
static struct meaning *want_alias(struct lookup *l, struct wn_id alias)
{
	if (wn_id_is_nil(alias))
		return NULL;
	void **slot = id_map_at(&l->aliases, alias);
	if (!*slot) {
		struct meaning *m = WN_NEW(l->a, struct meaning);
		m->alias = alias;
		*slot = m;
		*WN_PUSH(l->a, &l->new_aliases) = m;
	}
	return *slot;
}

void want_account(struct lookup *l, struct wn_id id)
{
	if (wn_id_is_nil(id))
		return;
	void **slot = id_map_at(&l->accounts, id);
	if (!*slot) {
		struct known *k = WN_NEW(l->a, struct known);
		k->id = id;
		*slot = k;
		*WN_PUSH(l->a, &l->new_accounts) = k;
	}
}

static void want_piece(struct lookup *l, struct wn_id id)
{
	void **slot = id_map_at(&l->near, id);
	if (!*slot) {
		struct piece *p = WN_NEW(l->a, struct piece);
		p->id = id;
		*slot = p;
		*WN_PUSH(l->a, &l->new_near) = p;
	}
}

/* --- asking ---- */
static enum wn_rc queue_aliases(struct wn_store *s, struct lookup *l, struct wn_pg_result *r, struct wn_err *err)
{
	struct key_list keys = {0};
	l->sent_aliases.n = 0;
	for (size_t i = 0; i < l->new_aliases.n; i++) {
		struct meaning *m = l->new_aliases.v[i];
		key_add(l->a, &keys, m->alias, wn_id_bucket(m->alias));
		*WN_PUSH(l->a, &l->sent_aliases) = m;
	}
	l->new_aliases.n = 0;
	return keys.ids.n ? wn_pg_queue(s->pg, &wn_sql_alias_lookup, WN_PARAMS(KEY_PARAMS(l->a, &keys)), r, err) : WN_OK;
}

static void take_aliases(struct lookup *l, const struct wn_pg_result *r)
{
	for (int i = 0; i < r->rows; i++) {
		struct wn_id id = wn_pg_get_id(r, i, 1);
		*WN_PUSH(l->a, &l->sent_aliases.v[wn_pg_get_int(r, i, 0) - 1]->accounts) =
		    (struct meant){id, wn_pg_get_bool(r, i, 2)};
		want_account(l, id);
	}
}

static enum wn_rc queue_accounts(struct wn_store *s, struct lookup *l, struct wn_pg_result *r, struct wn_err *err)
{
	struct key_list keys = {0};
	for (size_t i = 0; i < l->new_accounts.n; i++)
		key_add(l->a, &keys, l->new_accounts.v[i]->id, wn_id_bucket(l->new_accounts.v[i]->id));
	l->new_accounts.n = 0;
	return keys.ids.n ? wn_pg_queue(s->pg, &wn_sql_account_peek, WN_PARAMS(KEY_PARAMS(l->a, &keys)), r, err) : WN_OK;
}

static void take_accounts(struct lookup *l, const struct wn_pg_result *r)
{
	for (int i = 0; i < r->rows; i++) {
		struct known *k = id_map_get(&l->accounts, wn_pg_get_id(r, i, 0));
		struct wn_str state = wn_pg_get_str(r, i, 1);
		k->exists = true;
		k->merged = wn_str_is(state, "merged");
		k->provisional = wn_str_is(state, "provisional");
		k->into = wn_pg_get_id(r, i, 2);
		if (k->merged)
			want_account(l, k->into);
	}
}

static enum wn_rc queue_near(struct wn_store *s, struct lookup *l, struct wn_pg_result *r, struct wn_err *err)
{
	struct key_list keys = {0};
	l->sent_near.n = 0;
	for (size_t i = 0; i < l->new_near.n; i++) {
		key_add(l->a, &keys, l->new_near.v[i]->id, wn_id_bucket(l->new_near.v[i]->id));
		*WN_PUSH(l->a, &l->sent_near) = l->new_near.v[i];
	}
	l->new_near.n = 0;
	return keys.ids.n ? wn_pg_queue(s->pg, &wn_sql_near_lookup, WN_PARAMS(KEY_PARAMS(l->a, &keys)), r, err) : WN_OK;
}

static void take_near(struct lookup *l, const struct wn_pg_result *r)
{
	for (int i = 0; i < r->rows; i++)
		*WN_PUSH(l->a, &l->sent_near.v[wn_pg_get_int(r, i, 0) - 1]->names) = get_str(r, i, 1, l->a);
}

enum { HOPS_MAX = 10 };

static enum wn_rc look_once(struct wn_store *s, struct lookup *l, struct wn_err *err)
{
	RESULT(aliases);
	RESULT(accounts);
	RESULT(near);
	TRY(queue_aliases(s, l, &aliases, err));
	TRY(queue_accounts(s, l, &accounts, err));
	TRY(queue_near(s, l, &near, err));
	TRY(wn_pg_flush(s->pg, err));
	take_aliases(l, &aliases);
	take_accounts(l, &accounts);
	take_near(l, &near);
	return WN_OK;
}

/* Until nothing is new: an alias leads to accounts, a merged account to its survivor. */
static enum wn_rc look_up(struct wn_store *s, struct lookup *l, struct wn_err *err)
{
	for (int hop = 0; hop < HOPS_MAX && l->new_aliases.n + l->new_accounts.n + l->new_near.n; hop++)
		TRY(look_once(s, l, err));
	return WN_OK;
}

static enum wn_rc look_up_details(struct wn_store *s, struct lookup *l, struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	for (size_t i = 0; i < l->accounts.cap; i++) {
		struct known *k = l->accounts.values[i];
		if (k && k->want_details && !k->have_details)
			key_add(l->a, &keys, k->id, wn_id_bucket(k->id));
	}
	if (!keys.ids.n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_account_details, WN_PARAMS(KEY_PARAMS(l->a, &keys)), &r, err));
	for (int i = 0; i < r.rows; i++) {
		struct known *k = id_map_get(&l->accounts, wn_pg_get_id(&r, i, 0));
		k->have_details = true;
		k->domain = get_str(&r, i, 1, l->a);
		k->name = get_str(&r, i, 2, l->a);
		k->country = get_str(&r, i, 3, l->a);
		k->parent = get_str(&r, i, 4, l->a);
	}
	return WN_OK;
}

/* --- answers ---- */
struct known *survivor(const struct lookup *l, struct wn_id id)
{
	struct known *k = wn_id_is_nil(id) ? NULL : id_map_get(&l->accounts, id);
	for (int hop = 0; hop < HOPS_MAX && k && k->exists && k->merged; hop++)
		k = id_map_get(&l->accounts, k->into);
	return k && k->exists && !k->merged ? k : NULL;
}

static void found_add(struct lookup *l, struct found *f, struct known *k, bool learned)
{
	if (!k)
		return;
	if (learned && k != f->learned) {
		f->learned = k;
		f->n_learned++;
	}
	for (size_t i = 0; i < f->v.n; i++)
		if (f->v.v[i] == k)
			return;
	*WN_PUSH(l->a, &f->v) = k;
}

static void add_meant(struct lookup *l, struct found *f, struct wn_id alias)
{
	const struct meaning *m = wn_id_is_nil(alias) ? NULL : id_map_get(&l->aliases, alias);
	for (size_t i = 0; m && i < m->accounts.n; i++)
		found_add(l, f, survivor(l, m->accounts.v[i].id), m->accounts.v[i].learned);
}

/* Who is known stands for itself: a provisional account of the same name is only a place to wait. */
static void keep_known(struct found *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->v.n; i++)
		if (!f->v.v[i]->provisional)
			f->v.v[n++] = f->v.v[i];
	if (n)
		f->v.n = n;
}

struct found accounts_by_domain(struct lookup *l, const struct hint *h)
{
	struct found f = {0};
	add_meant(l, &f, h->by_domain);
	return f;
}

struct found accounts_by_name(struct lookup *l, const struct hint *h)
{
	struct found f = {0};
	for (size_t i = 0; i < h->name.n_keys; i++)
		add_meant(l, &f, h->by_name[i]);
	if (!h->domain.n)
		found_add(l, &f, survivor(l, h->own), false);
	keep_known(&f);
	return f;
}

/* A slip makes no other word: one of a listed name, or a common one, is another name. */
static bool is_word(const struct lookup *l, struct wn_str word)
{
	const struct piece *p = id_map_get(&l->near, wn_name_word_id(word));
	return (p && p->names.n) || wn_word_is_common(word);
}

struct found accounts_by_slip(struct lookup *l, const struct hint *h)
{
	struct found f = {0};
	for (size_t i = 0; i < h->slips.n; i++)
		if (!is_word(l, h->slips.v[i].odd))
			add_meant(l, &f, alias_id("name", h->slips.v[i].listed.keys[0]));
	keep_known(&f);
	for (size_t i = 0; i < f.v.n; i++)
		if (f.v.v[i]->provisional)
			f.v.n = 0;
	return f;
}

struct known *account_mentioned(const struct lookup *l, const struct hint *h, size_t i)
{
	return survivor(l, wn_account_id_of_domain(h->x->account.mentioned[i]));
}

/* --- the hints ---- */
static void name_accounts(struct wn_store *s, struct hint *h)
{
	if (h->domain.n)
		h->own = wn_account_id_of_domain(h->domain);
	else if (h->name.n_keys)
		h->own = wn_account_id_of_name(h->name.keys[0]);
	else if (h->person && s->has_key)
		h->own = wn_account_id_of_person(wn_store_key(s), h->email);
	if (h->domain.n)
		h->by_domain = alias_id("domain", h->domain);
	for (size_t i = 0; i < h->name.n_keys; i++)
		h->by_name[i] = alias_id("name", h->name.keys[i]);
}

void hint_read(struct wn_store *s, struct wn_world *w, const struct wn_sighting *x, struct lookup *l, struct hint *h)
{
	struct wn_str domain;
	h->x = x;
	h->active = true;
	h->domain = x->account.domain;
	wn_name_read(x->account.name.n ? x->account.name : x->account.name_key, w->arena, &h->name);
	if (x->account.email.n && !wn_email_normalise(x->account.email, w->arena, &h->email))
		h->email = (struct wn_str){NULL, 0};
	if (!h->domain.n && h->email.n && wn_domain_registrable(h->email, w->arena, &domain) && !wn_domain_is_shared(domain))
		h->domain = domain;
	h->person = !h->domain.n && !h->name.n_keys && h->email.n;
	h->country = wn_value_str(wn_value_at(x->traits, "country"));
	name_accounts(s, h);
	want_account(l, x->account.id);
	if (h->domain.n || h->person)
		want_account(l, h->own);
	for (size_t i = 0; i < h->name.n_keys; i++)
		want_alias(l, h->by_name[i]);
	for (size_t i = 0; i < x->account.n_mentioned && !h->domain.n; i++)
		want_account(l, wn_account_id_of_domain(x->account.mentioned[i]));
}

/* A name that nobody has may be a slip. */
static void want_unlisted(struct lookup *l, struct hint *h)
{
	if (h->unlisted)
		return;
	h->unlisted = true;
	want_account(l, h->own);
	h->n_near = l->exact ? 0 : wn_name_near_asked(h->name.keys[0], h->near);
	for (size_t i = 0; i < h->n_near; i++)
		want_piece(l, h->near[i]);
}

static bool is_alias(const struct lookup *l, const struct hint *h)
{
	for (size_t i = 0; i < h->name.n_keys; i++)
		if (((const struct meaning *)id_map_get(&l->aliases, h->by_name[i]))->accounts.n)
			return true;
	return false;
}

/* A domain that made no account may be a further domain of one. */
static void want_second(struct lookup *l, struct hint *h)
{
	if (h->domain.n) {
		if (!survivor(l, h->own))
			want_alias(l, h->by_domain);
		return;
	}
	if (h->name.n_keys && !accounts_by_name(l, h).v.n)
		want_unlisted(l, h);
}

static bool has_slip(const struct hint *h, struct wn_str words)
{
	for (size_t i = 0; i < h->slips.n; i++)
		if (wn_str_eq(h->slips.v[i].listed.words, words))
			return true;
	return false;
}

static void want_slips(struct lookup *l, struct hint *h)
{
	for (size_t i = 0; i < h->n_near; i++) {
		const struct piece *p = id_map_get(&l->near, h->near[i]);
		for (size_t k = 0; p && k < p->names.n; k++) {
			struct slip slip;
			if (!wn_name_is_near(p->names.v[k], h->name.words, &slip.odd) || has_slip(h, p->names.v[k]))
				continue;
			slip.listed = (struct wn_name){.words = p->names.v[k],
						       .keys = {wn_name_squeeze(p->names.v[k], l->a)},
						       .n_keys = 1};
			*WN_PUSH(l->a, &h->slips) = slip;
			want_alias(l, alias_id("name", slip.listed.keys[0]));
			want_piece(l, wn_name_word_id(slip.odd));
		}
	}
}

static void want_all_details(const struct found *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		f->v.v[i]->want_details = true;
}

/* Several of one name are told apart by their details; so is a domain's account from a provisional one of the name given with it. */
static void want_details(struct lookup *l, const struct hint *h)
{
	struct found f = accounts_by_name(l, h);
	struct known *own = h->domain.n ? survivor(l, h->own) : NULL;
	if (h->domain.n && f.v.n == 1 && f.v.v[0]->provisional && own)
		own->want_details = true;
	else if (!h->domain.n && f.v.n > 1)
		want_all_details(&f);
}

enum wn_rc look_up_hints(struct wn_store *s, struct lookup *l, struct hint *hints, size_t n, struct wn_err *err)
{
	TRY(look_once(s, l, err));
	for (size_t i = 0; i < n; i++) /* asked together with the accounts of the others */
		if (hints[i].active && !hints[i].domain.n && hints[i].name.n_keys && !is_alias(l, &hints[i]))
			want_unlisted(l, &hints[i]);
	TRY(look_up(s, l, err));
	for (size_t i = 0; i < n; i++)
		if (hints[i].active)
			want_second(l, &hints[i]);
	TRY(look_up(s, l, err));
	for (size_t i = 0; i < n; i++)
		if (hints[i].n_near)
			want_slips(l, &hints[i]);
	TRY(look_up(s, l, err));
	for (size_t i = 0; i < n; i++)
		if (hints[i].active && hints[i].name.n_keys)
			want_details(l, &hints[i]);
	return look_up_details(s, l, err);
}
