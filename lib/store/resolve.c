/* SPDX-License-Identifier: MIT */
/*
 * Whose is it: sightings to accounts. Reads only. A sighting that was seen before keeps its account; else the
 * domain decides, then the normalised name, then the address of a person. Merged accounts are followed to the
 * survivor. What is not clear is left to people, with candidates.
 */
#include "intake_internal.h"

#include <stdlib.h>

/* --- id map ---- */
static size_t slot_of(const struct id_map *m, struct wn_id id)
{
	uint64_t h;
	memcpy(&h, id.b + 8, sizeof(h));
	size_t i = (size_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (m->cap - 1);
	while (m->values[i] && !wn_id_eq(m->keys[i], id))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void id_map_grow(struct id_map *m)
{
	struct id_map old = *m;
	m->cap = old.cap ? old.cap * 2 : 64;
	m->keys = WN_NEW_N(m->a, struct wn_id, m->cap);
	m->values = WN_NEW_N(m->a, void *, m->cap);
	for (size_t i = 0; i < old.cap; i++)
		if (old.values[i]) {
			size_t at = slot_of(m, old.keys[i]);
			m->keys[at] = old.keys[i];
			m->values[at] = old.values[i];
		}
}

/* The caller must put something that is not NULL there, else the slot is not taken. */
void **id_map_at(struct id_map *m, struct wn_id id)
{
	if (2 * (m->n + 1) > m->cap)
		id_map_grow(m);
	size_t i = slot_of(m, id);
	if (!m->values[i]) {
		m->keys[i] = id;
		m->n++;
	}
	return &m->values[i];
}

void *id_map_get(const struct id_map *m, struct wn_id id)
{
	return m->cap ? m->values[slot_of(m, id)] : NULL;
}

/* --- seen ---- */
static void put_text(struct wn_buf *b, struct wn_str s)
{
	wn_buf_printf(b, "%zu:", s.n);
	wn_buf_str(b, s);
}

/* What a sighting says, without the times that a feed without dates makes up at each poll. */
static void content_of(const struct wn_registry *r, const struct wn_sighting *x, uint8_t out[16])
{
	WN_CLEANUP(wn_buf_done) struct wn_buf b;
	uint8_t sum[32];
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_buf_text(&b, x->kind >= 0 ? wn_registry_kind(r, x->kind)->name : "");
	if (x->occurred_us < x->observed_us)
		wn_buf_printf(&b, "@%lld", (long long)x->occurred_us);
	put_text(&b, x->headline);
	put_text(&b, x->url);
	put_text(&b, x->contact.name);
	put_text(&b, x->contact.email);
	put_text(&b, x->contact.position);
	wn_json_write_canonical(&b, x->attrs.kind == WN_ABSENT ? wn_null() : x->attrs);
	wn_json_write_canonical(&b, x->traits.kind == WN_ABSENT ? wn_null() : x->traits);
	wn_sha256(wn_buf_slice(&b), sum);
	memcpy(out, sum, 16);
}

enum { SEEN_RENEW_DAYS = 7 };

static enum wn_rc look_up_seen(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	RESULT(r);
	int64_t *buckets = WN_NEW_N(w->arena, int64_t, in->n + 1);
	struct wn_str *keys = WN_NEW_N(w->arena, struct wn_str, in->n + 1);
	for (size_t i = 0; i < in->n; i++) {
		buckets[i] = wn_key32_bucket(in->sightings[i].key);
		keys[i] = (struct wn_str){(const char *)in->sightings[i].key.b, 32};
		content_of(w->catalog->registry, &in->sightings[i], in->plan->rows[i].content);
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_seen_lookup,
		       WN_PARAMS(wn_pg_int8s(w->arena, buckets, in->n), wn_pg_blobs(w->arena, keys, in->n)), &r,
		       err));
	for (int i = 0; i < r.rows; i++) {
		struct plan_row *p = &in->plan->rows[wn_pg_get_int(&r, i, 0) - 1];
		struct wn_str content = wn_pg_get_str(&r, i, 2);
		bool same = content.n == 16 && memcmp(content.p, p->content, 16) == 0;
		p->how = same ? WN_INTAKE_DUPLICATE : WN_INTAKE_EDITED;
		p->account = wn_pg_get_id(&r, i, 1);
		p->method = "seen";
		p->touch_seen = !same || day_of(wn_pg_get_us(&r, i, 3)) + SEEN_RENEW_DAYS < day_of(w->now_us);
	}
	return WN_OK;
}

/* The same sighting twice in one batch: the first one counts. */
static void drop_repeats(struct wn_world *w, struct wn_intake *in)
{
	struct id_map map = {.a = w->arena};
	for (size_t i = 0; i < in->n; i++) {
		struct wn_id head;
		memcpy(head.b, in->sightings[i].key.b, 16);
		void **slot = id_map_at(&map, head);
		if (*slot && in->plan->rows[i].how != WN_INTAKE_DUPLICATE)
			in->plan->rows[i] = (struct plan_row){.how = WN_INTAKE_DUPLICATE, .method = "seen"};
		*slot = (void *)1;
	}
}

/* --- candidates ---- */
struct wn_id alias_id(const char *kind, struct wn_str alias)
{
	struct wn_str fields[] = {wn_str_of(kind), alias};
	return wn_id_of("alias", fields, 2);
}

/* What an alias means, or what is known of an account. */
struct known {
	struct wn_id id;
	bool asked, exists, merged, provisional;
	struct wn_id into;
};
struct meaning {
	bool asked;
	WN_VEC(struct wn_id) accounts;
};

struct lookup {
	struct wn_arena *a;
	struct id_map aliases;  /* alias id -> struct meaning */
	struct id_map accounts; /* account id -> struct known */
	size_t asked;           /* of both */
	WN_VEC(struct meaning *) under_way;
};

/* The hint of one sighting, in its normal forms. */
struct hint {
	struct wn_str domain, name, name_key, email;
	bool person;
	struct wn_id own;              /* the account it would have if nobody said otherwise; nil: none */
	struct wn_id by_domain, by_name; /* aliases; nil: none */
};

static struct hint hint_of(struct wn_world *w, const struct wn_sighting *x)
{
	struct hint h = {.domain = x->account.domain, .name = x->account.name, .name_key = x->account.name_key};
	struct wn_str domain;
	if (h.name.n && !h.name_key.n)
		h.name_key = wn_name_normalise(h.name, w->arena);
	h.name_key = wn_name_squeeze(h.name_key, w->arena);
	if (x->account.email.n && !wn_email_normalise(x->account.email, w->arena, &h.email))
		h.email = (struct wn_str){NULL, 0};
	if (!h.domain.n && h.email.n && wn_domain_registrable(h.email, w->arena, &domain) &&
	    !wn_domain_is_shared(domain))
		h.domain = domain;
	h.person = !h.domain.n && !h.name_key.n && h.email.n;
	return h;
}

static void want_alias(struct lookup *l, struct wn_id alias)
{
	if (wn_id_is_nil(alias))
		return;
	void **slot = id_map_at(&l->aliases, alias);
	if (!*slot)
		*slot = WN_NEW(l->a, struct meaning);
}

static void want_account(struct lookup *l, struct wn_id id)
{
	if (wn_id_is_nil(id))
		return;
	void **slot = id_map_at(&l->accounts, id);
	if (!*slot) {
		struct known *k = WN_NEW(l->a, struct known);
		k->id = id;
		*slot = k;
	}
}

/* The aliases that were not asked for yet, in the order of their keys. */
static enum wn_rc queue_aliases(struct wn_store *s, struct lookup *l, struct wn_pg_result *r,
				struct wn_err *err)
{
	struct key_list keys = {0};
	l->under_way.n = 0;
	for (size_t i = 0; i < l->aliases.cap; i++) {
		struct meaning *m = l->aliases.values[i];
		if (!m || m->asked)
			continue;
		m->asked = true;
		key_add(l->a, &keys, l->aliases.keys[i], wn_id_bucket(l->aliases.keys[i]));
		*WN_PUSH(l->a, &l->under_way) = m;
	}
	l->asked += keys.ids.n;
	return keys.ids.n ? wn_pg_queue(s->pg, &wn_sql_alias_lookup, WN_PARAMS(KEY_PARAMS(l->a, &keys)), r, err)
			  : WN_OK;
}

static void take_aliases(struct lookup *l, const struct wn_pg_result *r)
{
	for (int i = 0; i < r->rows; i++) {
		struct wn_id id = wn_pg_get_id(r, i, 1);
		*WN_PUSH(l->a, &l->under_way.v[wn_pg_get_int(r, i, 0) - 1]->accounts) = id;
		want_account(l, id);
	}
}

static enum wn_rc queue_accounts(struct wn_store *s, struct lookup *l, struct wn_pg_result *r,
				 struct wn_err *err)
{
	struct key_list keys = {0};
	for (size_t i = 0; i < l->accounts.cap; i++) {
		struct known *k = l->accounts.values[i];
		if (!k || k->asked)
			continue;
		k->asked = true;
		key_add(l->a, &keys, k->id, wn_id_bucket(k->id));
	}
	l->asked += keys.ids.n;
	return keys.ids.n ? wn_pg_queue(s->pg, &wn_sql_account_peek, WN_PARAMS(KEY_PARAMS(l->a, &keys)), r, err)
			  : WN_OK;
}

static void take_accounts(struct lookup *l, const struct wn_pg_result *r)
{
	for (int i = 0; i < r->rows; i++) {
		struct known *k = id_map_get(&l->accounts, wn_pg_get_id(r, i, 0));
		k->exists = true;
		k->merged = wn_str_is(wn_pg_get_str(r, i, 1), "merged");
		k->provisional = wn_str_is(wn_pg_get_str(r, i, 1), "provisional");
		k->into = wn_pg_get_id(r, i, 2);
		if (k->merged)
			want_account(l, k->into);
	}
}

enum { MERGE_HOPS_MAX = 8 };

/* Reads what aliases mean, what is known of the accounts, and of those they were merged into, until nothing is
 * new: an alias is one hop. */
static enum wn_rc look_up(struct wn_store *s, struct lookup *l, struct wn_err *err)
{
	for (int hop = 0; hop <= MERGE_HOPS_MAX && l->asked < l->aliases.n + l->accounts.n; hop++) {
		RESULT(aliases);
		RESULT(accounts);
		TRY(queue_aliases(s, l, &aliases, err));
		TRY(queue_accounts(s, l, &accounts, err));
		TRY(wn_pg_flush(s->pg, err));
		take_aliases(l, &aliases);
		take_accounts(l, &accounts);
	}
	return WN_OK;
}

/* The survivor of an account that exists; NULL if it does not. */
static const struct known *survivor(const struct lookup *l, struct wn_id id)
{
	const struct known *k = id_map_get(&l->accounts, id);
	for (int hop = 0; hop < MERGE_HOPS_MAX && k && k->exists && k->merged; hop++)
		k = id_map_get(&l->accounts, k->into);
	return k && k->exists && !k->merged ? k : NULL;
}

/* --- the decision ---- */
struct found {
	const struct known *one;
	size_t n;
	WN_VEC(struct wn_id) ids;
};

static void found_add(struct lookup *l, struct found *f, const struct known *k)
{
	for (size_t i = 0; k && i < f->ids.n; i++)
		if (wn_id_eq(f->ids.v[i], k->id))
			return;
	if (!k)
		return;
	*WN_PUSH(l->a, &f->ids) = k->id;
	f->one = k;
	f->n++;
}

/* All accounts that an alias means; of known and provisional ones only the known. */
static struct found accounts_of(struct lookup *l, struct wn_id alias, struct wn_id own)
{
	struct found all = {0}, solid = {0};
	const struct meaning *m = wn_id_is_nil(alias) ? NULL : id_map_get(&l->aliases, alias);
	for (size_t i = 0; m && i < m->accounts.n; i++)
		found_add(l, &all, survivor(l, m->accounts.v[i]));
	found_add(l, &all, survivor(l, own));
	for (size_t i = 0; i < all.ids.n; i++) {
		const struct known *k = id_map_get(&l->accounts, all.ids.v[i]);
		if (!k->provisional)
			found_add(l, &solid, k);
	}
	return solid.n ? solid : all;
}

static void make(struct wn_world *w, struct wn_intake *in, struct plan_row *p, struct wn_id id,
		 const struct hint *h, const char *state, const char *method)
{
	p->account = id;
	p->method = method;
	*WN_PUSH(w->arena, &in->plan->fresh) = (struct new_account){id, h->domain, h->name, h->name_key, state};
}

static void to_review(struct plan_row *p, const char *why, const struct found *f)
{
	p->how = WN_INTAKE_REVIEW;
	p->why = why;
	p->candidates = f ? f->ids.v : NULL;
	p->n_candidates = f ? f->ids.n : 0;
}

static void decide_domain(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p,
			  const struct hint *h)
{
	const struct known *own = survivor(l, h->own);
	struct found f = accounts_of(l, h->by_domain, h->own);
	struct found named = accounts_of(l, h->by_name, (struct wn_id){{0}});
	if (f.n) {
		p->account = own ? own->id : f.one->id;
		p->method = own ? "domain" : "alias";
	} else if (in->create) {
		make(w, in, p, h->own, h, "known", "created");
	} else {
		to_review(p, "unknown domain", &named);
		return;
	}
	if (named.n == 1 && named.one->provisional && !wn_id_eq(named.one->id, p->account))
		*WN_PUSH(w->arena, &in->plan->merges) = (struct wn_intake_merge){named.one->id, p->account};
}

static void decide_name(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p,
			const struct hint *h)
{
	struct found f = accounts_of(l, h->by_name, h->own);
	if (f.n == 1) {
		p->account = f.one->id;
		p->method = f.one->provisional ? "provisional" : "name";
	} else if (f.n > 1) {
		to_review(p, "several accounts have this name", &f);
	} else if (in->create) {
		make(w, in, p, h->own, h, "provisional", "provisional");
	} else {
		to_review(p, "unknown name", NULL);
	}
}

static void decide_person(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p,
			  const struct hint *h)
{
	const struct known *own = survivor(l, h->own);
	if (own) {
		p->account = own->id;
		p->method = "person";
	} else if (in->create) {
		make(w, in, p, h->own, h, "person", "person");
	} else {
		to_review(p, "unknown person", NULL);
	}
}

static void name_accounts(struct wn_store *s, struct hint *h)
{
	if (h->domain.n)
		h->own = wn_account_id_of_domain(h->domain);
	else if (h->name_key.n)
		h->own = wn_account_id_of_name(h->name_key);
	else if (h->person && s->has_key)
		h->own = wn_account_id_of_person(wn_store_key(s), h->email);
	if (h->domain.n)
		h->by_domain = alias_id("domain", h->domain);
	if (h->name_key.n)
		h->by_name = alias_id("name", h->name_key);
}

static void want_all(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct lookup *l,
		     struct hint *hints)
{
	for (size_t i = 0; i < in->n; i++) {
		struct plan_row *p = &in->plan->rows[i];
		if (p->how == WN_INTAKE_EDITED)
			want_account(l, p->account);
		if (p->how != WN_INTAKE_NEW)
			continue;
		hints[i] = hint_of(w, &in->sightings[i]);
		name_accounts(s, &hints[i]);
		want_account(l, hints[i].own);
		want_alias(l, hints[i].by_name);
	}
}

/* An account that a domain makes is found by its id: only where there is none the domain may be an alias. */
static void want_domains(struct wn_intake *in, struct lookup *l, const struct hint *hints)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->plan->rows[i].how == WN_INTAKE_NEW && !survivor(l, hints[i].own))
			want_alias(l, hints[i].by_domain);
}

static void decide(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct lookup *l, size_t i,
		   const struct hint *h)
{
	struct plan_row *p = &in->plan->rows[i];
	if (p->how == WN_INTAKE_EDITED) {
		const struct known *k = survivor(l, p->account);
		p->account = k ? k->id : p->account;
	} else if (p->how != WN_INTAKE_NEW) {
		return;
	} else if (h->domain.n) {
		decide_domain(w, in, l, p, h);
	} else if (h->name_key.n) {
		decide_name(w, in, l, p, h);
	} else if (h->person && s->has_key) {
		decide_person(w, in, l, p, h);
	} else {
		p->how = WN_INTAKE_REJECTED;
	}
}

void plan_begin(struct wn_world *w, struct wn_intake *in)
{
	in->plan = WN_NEW(w->arena, struct wn_intake_plan);
	in->plan->rows = WN_NEW_N(w->arena, struct plan_row, in->n + 1);
	in->rows = WN_NEW_N(w->arena, struct wn_intake_row, in->n + 1);
}

enum wn_rc resolve_accounts(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	struct lookup l = {.a = w->arena, .aliases = {.a = w->arena}, .accounts = {.a = w->arena}};
	struct hint *hints = WN_NEW_N(w->arena, struct hint, in->n + 1);
	want_all(s, w, in, &l, hints);
	TRY(look_up(s, &l, err));
	want_domains(in, &l, hints);
	TRY(look_up(s, &l, err));
	for (size_t i = 0; i < in->n; i++)
		decide(s, w, in, &l, i, &hints[i]);
	return WN_OK;
}

enum wn_rc wn_store_resolve(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	plan_begin(w, in);
	TRY(look_up_seen(s, w, in, err));
	if (!wn_planted("check_then_insert"))
		drop_repeats(w, in);
	TRY(resolve_accounts(s, w, in, err));
	wn_failpoint("store.resolve");
	return WN_OK;
}
