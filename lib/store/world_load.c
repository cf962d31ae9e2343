/* SPDX-License-Identifier: MIT */
/*
 * Loading a world: account rows are locked one by one in (bucket, id) order; then their parts are read in few
 * statements for all of them together. Nothing here decides. What is in memory already is never replaced.
 */
#include "store_internal.h"

#include <stdlib.h>

struct wn_world *wn_world_new(struct wn_arena *a, struct wn_arena *scratch, const struct wn_catalog *c,
			      int64_t now_us, const char *actor)
{
	struct wn_world *w = WN_NEW(a, struct wn_world);
	*w = (struct wn_world){.arena = a, .scratch = scratch, .catalog = c, .now_us = now_us, .actor = actor};
	return w;
}

int bucket_id_cmp(int bucket_a, struct wn_id a, int bucket_b, struct wn_id b)
{
	return bucket_a != bucket_b ? bucket_a - bucket_b : wn_id_cmp(a, b);
}

struct wn_account *account_insert_sorted(struct wn_world *w, struct wn_account *a)
{
	*WN_PUSH(w->arena, &w->accounts) = a;
	size_t i = w->accounts.n - 1;
	for (; i > 0 &&
	       bucket_id_cmp(w->accounts.v[i - 1]->bucket, w->accounts.v[i - 1]->id, a->bucket, a->id) > 0;
	     i--)
		w->accounts.v[i] = w->accounts.v[i - 1];
	w->accounts.v[i] = a;
	return a;
}

/* --- account rows ---- */
static int by_bucket_id(const void *a, const void *b)
{
	const struct wn_id *x = a, *y = b;
	return bucket_id_cmp(wn_id_bucket(*x), *x, wn_id_bucket(*y), *y);
}

void account_of_row(struct wn_world *w, const struct wn_pg_result *r, int i)
{
	struct wn_account *a = &WN_NEW(w->arena, struct account_row)->base;
	*a = (struct wn_account){.object = {&wn_account_class},
				 .world = w,
				 .id = wn_pg_get_id(r, i, 0),
				 .domain = get_str(r, i, 1, w->arena),
				 .name = get_str(r, i, 2, w->arena),
				 .state = get_str(r, i, 3, w->arena),
				 .merged_into = wn_pg_get_id(r, i, 4),
				 .known_since_us = wn_pg_get_us(r, i, 6),
				 .stored_traits = get_str(r, i, 7, w->arena)};
	a->bucket = wn_id_bucket(a->id);
	struct wn_id *from = NULL;
	row_of(a)->n_merged_from = wn_pg_get_ids(r, i, 5, w->arena, &from);
	row_of(a)->merged_from = from;
	account_insert_sorted(w, a);
}

/* Of the ids those that are not in the world yet, in the order of locks, each once. */
enum wn_rc account_locks_queue(struct wn_store *s, struct wn_world *w, const struct wn_id *ids, size_t n,
			       struct account_locks *l, struct wn_err *err)
{
	struct wn_id *sorted = WN_NEW_N(w->arena, struct wn_id, n + 1);
	size_t m = 0;
	if (n)
		memcpy(sorted, ids, n * sizeof(*ids));
	qsort(sorted, n, sizeof(*sorted), by_bucket_id);
	for (size_t i = 0; i < n; i++)
		if (!wn_id_is_nil(sorted[i]) && (m == 0 || !wn_id_eq(sorted[i], sorted[m - 1])) &&
		    !wn_world_account(w, sorted[i]))
			sorted[m++] = sorted[i];
	*l = (struct account_locks){sorted, WN_NEW_N(w->arena, struct wn_pg_result, m + 1), m};
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < m && rc == WN_OK; i++)
		rc = wn_pg_queue(s->pg, &wn_sql_account_lock,
				 WN_PARAMS(wn_pg_int2(wn_id_bucket(sorted[i])), wn_pg_id(sorted[i])),
				 &l->rows[i], err);
	return rc;
}

void account_locks_take(struct wn_world *w, struct account_locks *l, bool ok)
{
	for (size_t i = 0; i < l->n; i++) {
		if (ok && l->rows[i].rows)
			account_of_row(w, &l->rows[i], 0);
		wn_pg_result_done(&l->rows[i]);
	}
	if (ok)
		wn_failpoint("store.accounts.locked");
}

enum wn_rc wn_store_load_accounts(struct wn_store *s, struct wn_world *w, const struct wn_id *ids, size_t n,
				  unsigned flags, struct wn_err *err)
{
	struct account_locks l;
	size_t from = w->accounts.n, k = 0;
	enum wn_rc rc = account_locks_queue(s, w, ids, n, &l, err);
	if (rc == WN_OK)
		rc = wn_pg_flush(s->pg, err);
	account_locks_take(w, &l, rc == WN_OK);
	if (rc != WN_OK || !flags || w->accounts.n == from)
		return rc;
	struct wn_account **fresh = WN_NEW_N(w->arena, struct wn_account *, l.n);
	for (size_t i = 0; i < l.n; i++)
		if ((fresh[k] = wn_world_account(w, l.ids[i])))
			k++;
	return wn_store_load_parts(s, w, fresh, k, flags, err);
}

/* --- signals ---- */
static int signal_cmp(const struct wn_signal *a, const struct wn_signal *b)
{
	if (a->occurred_us != b->occurred_us)
		return a->occurred_us < b->occurred_us ? -1 : 1;
	return wn_id_cmp(a->key, b->key);
}

void account_add_signal(struct wn_world *w, struct wn_account *a, struct wn_signal *sig)
{
	*WN_PUSH(w->arena, &a->signals) = sig;
	size_t i = a->signals.n - 1;
	for (; i > 0 && signal_cmp(a->signals.v[i - 1], sig) > 0; i--)
		a->signals.v[i] = a->signals.v[i - 1];
	a->signals.v[i] = sig;
}

static void read_publishers(struct wn_world *w, struct wn_signal *s, struct wn_value list)
{
	if (list.kind != WN_LIST)
		return;
	struct wn_publisher *p = WN_NEW_N(w->arena, struct wn_publisher, list.n + 1);
	for (uint32_t i = 0; i < list.n; i++)
		p[i] = (struct wn_publisher){wn_value_str(wn_value_at(list.list[i], "d")),
					     wn_value_str(wn_value_at(list.list[i], "h")),
					     wn_value_str(wn_value_at(list.list[i], "s"))};
	s->publisher_list = p;
	s->n_publisher_list = list.n;
}

static struct wn_signal *signal_of_row(struct wn_world *w, const struct wn_pg_result *r, int row)
{
	int kind = wn_registry_kind_number(w->catalog->registry, wn_pg_get_str(r, row, 4));
	if (kind < 0)
		return NULL; /* a kind that no file names any more */
	struct wn_signal *s = WN_NEW(w->arena, struct wn_signal);
	*s = (struct wn_signal){.object = {&wn_signal_class},
				.world = w,
				.account_id = wn_pg_get_id(r, row, 1),
				.key = wn_pg_get_id(r, row, 2),
				.received_on = day_of(wn_pg_get_us(r, row, 3)),
				.kind = kind,
				.occurred_us = wn_pg_get_us(r, row, 5),
				.published_us = get_us_0(r, row, 6),
				.observed_us = wn_pg_get_us(r, row, 7),
				.stored_us = wn_pg_get_us(r, row, 8),
				.strength = wn_pg_get_double(r, row, 9),
				.half_life_us = wn_pg_get_interval(r, row, 10),
				.hard_stop_us = wn_pg_get_us(r, row, 11),
				.publishers = (int)wn_pg_get_int(r, row, 12),
				.conflicts = get_json(r, row, 15, w->arena),
				.headline = get_str(r, row, 16, w->arena),
				.url = get_str(r, row, 17, w->arena),
				.span = get_str(r, row, 18, w->arena),
				.feed = get_str(r, row, 19, w->arena),
				.contact_id = wn_pg_get_id(r, row, 20),
				.history = wn_pg_get_bool(r, row, 21),
				.retracted = wn_pg_get_bool(r, row, 22)};
	read_publishers(w, s, get_json(r, row, 13, w->arena));
	s->attrs = coerce_attrs(w->catalog->registry, kind, get_json(r, row, 14, w->arena), w->arena);
	return s;
}

/* Rows of one account stand together; sorted once at the end rather than inserted one by one. */
static int by_occurred(const void *a, const void *b)
{
	return signal_cmp(*(struct wn_signal *const *)a, *(struct wn_signal *const *)b);
}

static bool was_kept(struct wn_account *a, struct wn_id key)
{
	for (size_t i = 0; i < row_of(a)->kept; i++)
		if (wn_id_eq(a->signals.v[i]->key, key))
			return true;
	return false;
}

static void take_signals(struct wn_world *w, const struct wn_pg_result *r, struct wn_account *const *owners,
			 size_t n)
{
	for (size_t i = 0; i < n; i++)
		row_of(owners[i])->kept = owners[i]->signals.n;
	for (int i = 0; i < r->rows; i++) {
		struct wn_account *a = owners[wn_pg_get_int(r, i, 0) - 1];
		struct wn_signal *s = was_kept(a, wn_pg_get_id(r, i, 2)) ? NULL : signal_of_row(w, r, i);
		if (s)
			*WN_PUSH(w->arena, &a->signals) = s;
	}
	for (size_t i = 0; i < n; i++)
		if (owners[i]->signals.n > row_of(owners[i])->kept) {
			qsort(owners[i]->signals.v, owners[i]->signals.n, sizeof(struct wn_signal *),
			      by_occurred);
			row_of(owners[i])->kept =
			    owners[i]->signals.n; /* an owner may stand in the list more than once */
		}
}

/* Each account with its own rows and those of the accounts merged into it. */
static void add_with_merged(struct wn_world *w, struct wn_account *a, struct key_list *keys,
			    struct wn_account **owners)
{
	owners[keys->ids.n] = a;
	key_add(w->arena, keys, a->id, a->bucket);
	for (size_t i = 0; i < row_of(a)->n_merged_from; i++) {
		owners[keys->ids.n] = a;
		key_add(w->arena, keys, row_of(a)->merged_from[i], wn_id_bucket(row_of(a)->merged_from[i]));
	}
}

static enum wn_rc load_signals(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
			       size_t n, struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	size_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += 1 + row_of(accounts[i])->n_merged_from;
	struct wn_account **owners = WN_NEW_N(w->arena, struct wn_account *, total + 1);
	for (size_t i = 0; i < n; i++)
		add_with_merged(w, accounts[i], &keys, owners);
	TRY(wn_pg_exec(s->pg, &wn_sql_signal_load,
		       WN_PARAMS(KEY_PARAMS(w->arena, &keys), wn_pg_int8(WN_SIGNALS_PER_ACCOUNT)), &r, err));
	take_signals(w, &r, owners, keys.ids.n);
	return WN_OK;
}

static int64_t floor_s(int64_t us)
{
	return us / WN_SECOND - (us % WN_SECOND < 0);
}

enum wn_rc load_same(struct wn_store *s, struct wn_world *w, const struct same_query *q, size_t n,
		     struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	WN_VEC(struct wn_str) kinds = {0};
	WN_VEC(int64_t) from = {0}, to = {0};
	size_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += 1 + row_of(q[i].account)->n_merged_from;
	struct wn_account **owners = WN_NEW_N(w->arena, struct wn_account *, total + 1);
	for (size_t i = 0; i < n; i++) {
		add_with_merged(w, q[i].account, &keys, owners);
		while (kinds.n < keys.ids.n) {
			*WN_PUSH(w->arena, &kinds) = wn_str_of(q[i].kind);
			*WN_PUSH(w->arena, &from) = floor_s(q[i].from_us);
			*WN_PUSH(w->arena, &to) = floor_s(q[i].to_us) + 1;
		}
	}
	if (!n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_signal_same,
		       WN_PARAMS(KEY_PARAMS(w->arena, &keys), wn_pg_strs(w->arena, kinds.v, kinds.n),
				 wn_pg_int8s(w->arena, from.v, from.n), wn_pg_int8s(w->arena, to.v, to.n),
				 wn_pg_date(day_of(w->now_us) + 1)),
		       &r, err));
	/* One account may be asked for several spans: rows that came with an earlier one are kept. */
	for (int i = 0; i < r.rows; i++) {
		struct wn_account *a = owners[wn_pg_get_int(&r, i, 0) - 1];
		if (wn_account_signal(a, wn_pg_get_id(&r, i, 2)))
			continue;
		struct wn_signal *sig = signal_of_row(w, &r, i);
		if (sig)
			account_add_signal(w, a, sig);
	}
	return WN_OK;
}

/* signal_keys[i] is the signal that the stored sighting keys[i] reports (nil: none); the signals are put into
 * the accounts. */
enum wn_rc load_signals_of_sightings(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
				     const struct wn_key32 *keys, size_t n, struct wn_id *signal_keys,
				     struct wn_err *err)
{
	RESULT(found);
	RESULT(r);
	struct key_list where = {0}, wanted = {0};
	struct wn_str *blobs = WN_NEW_N(w->arena, struct wn_str, n + 1);
	struct wn_account **owners = WN_NEW_N(w->arena, struct wn_account *, n + 1);
	for (size_t i = 0; i < n; i++) {
		key_add(w->arena, &where, accounts[i]->id, accounts[i]->bucket);
		blobs[i] = (struct wn_str){(const char *)keys[i].b, 32};
	}
	if (!n)
		return WN_OK;
	TRY(wn_pg_exec(s->pg, &wn_sql_signal_of_sighting,
		       WN_PARAMS(KEY_PARAMS(w->arena, &where), wn_pg_blobs(w->arena, blobs, n)), &found, err));
	WN_VEC(struct wn_id) sought = {0};
	for (int i = 0; i < found.rows; i++) {
		size_t at = (size_t)wn_pg_get_int(&found, i, 0) - 1;
		signal_keys[at] = wn_pg_get_id(&found, i, 1);
		owners[wanted.ids.n] = accounts[at];
		key_add(w->arena, &wanted, accounts[at]->id, accounts[at]->bucket);
		*WN_PUSH(w->arena, &sought) = signal_keys[at];
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_signal_by_key,
		       WN_PARAMS(KEY_PARAMS(w->arena, &wanted), wn_pg_ids(w->arena, sought.v, sought.n)), &r,
		       err));
	for (int i = 0; i < r.rows; i++) {
		struct wn_account *a = owners[wn_pg_get_int(&r, i, 0) - 1];
		struct wn_signal *sig =
		    wn_account_signal(a, wn_pg_get_id(&r, i, 2)) ? NULL : signal_of_row(w, &r, i);
		if (sig)
			account_add_signal(w, a, sig);
	}
	return WN_OK;
}

/* --- contacts ---- */
void account_add_contact(struct wn_world *w, struct wn_account *a, struct wn_contact *c)
{
	*WN_PUSH(w->arena, &a->contacts) = c;
	size_t i = a->contacts.n - 1;
	for (; i > 0 && wn_id_cmp(a->contacts.v[i - 1]->id, c->id) > 0; i--)
		a->contacts.v[i] = a->contacts.v[i - 1];
	a->contacts.v[i] = c;
}

static enum wn_rc load_contacts(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
				size_t n, struct wn_err *err)
{
	RESULT(r);
	struct key_list keys = {0};
	for (size_t i = 0; i < n; i++)
		key_add(w->arena, &keys, accounts[i]->id, accounts[i]->bucket);
	TRY(wn_pg_exec(s->pg, &wn_sql_contact_load, WN_PARAMS(KEY_PARAMS(w->arena, &keys)), &r, err));
	for (int i = 0; i < r.rows; i++) {
		struct wn_account *a = accounts[wn_pg_get_int(&r, i, 0) - 1];
		struct wn_id id = wn_pg_get_id(&r, i, 1);
		if (wn_account_contact(a, id))
			continue;
		struct wn_contact *c = &WN_NEW(w->arena, struct contact_row)->base;
		*c = (struct wn_contact){.object = {&wn_contact_class},
					 .world = w,
					 .account = a,
					 .id = id,
					 .email = get_str(&r, i, 2, w->arena),
					 .name = get_str(&r, i, 3, w->arena),
					 .position = get_str(&r, i, 4, w->arena),
					 .department = get_str(&r, i, 5, w->arena),
					 .level = (int)wn_pg_get_int(&r, i, 6),
					 .time_zone = get_str(&r, i, 7, w->arena),
					 .subject = wn_pg_get_bool(&r, i, 8),
					 .departed = wn_pg_get_bool(&r, i, 9),
					 .erased = wn_pg_get_bool(&r, i, 10),
					 .traits = wn_traits_typed(w->catalog->registry, WN_TRAIT_CONTACT,
								 get_json(&r, i, 11, w->arena), w->arena)};
		account_add_contact(w, a, c);
	}
	return load_suppressions(s, w, accounts, n, err);
}

/* Suppressions are looked up by keyed hash: of each address, and of the account's domain. */
struct wanted {
	struct wn_key32 key;
	struct wn_contact *contact;
	struct wn_account *account;
};

static void set_suppressed(const struct wanted *x, struct wn_str reason)
{
	if (x->account)
		x->account->do_not_contact = true;
	else if (wn_str_is(reason, "opt_out"))
		x->contact->opted_out = true;
	else
		x->contact->suppressed = true;
	if (x->contact && x->contact->fresh && wn_str_is(reason, "erased"))
		x->contact->erased = true; /* not to be kept */
}

static int by_key32(const void *a, const void *b)
{
	return memcmp(((const struct wanted *)a)->key.b, ((const struct wanted *)b)->key.b, 32);
}

static void apply_suppression(struct wanted *v, size_t n, struct wn_str key, struct wn_str reason)
{
	struct wanted probe;
	if (key.n != 32)
		return;
	memcpy(probe.key.b, key.p, 32);
	struct wanted *hit = bsearch(&probe, v, n, sizeof(*v), by_key32);
	if (!hit)
		return;
	while (hit > v && by_key32(hit - 1, &probe) == 0)
		hit--;
	for (; hit < v + n && by_key32(hit, &probe) == 0; hit++)
		set_suppressed(hit, reason);
}

/* The registrable domain of an address: a suppressed domain holds for everybody who has mail there. */
static struct wn_str mail_domain(struct wn_world *w, struct wn_str email)
{
	const char *at = email.n ? memchr(email.p, '@', email.n) : NULL;
	struct wn_str host = at ? (struct wn_str){at + 1, email.n - (size_t)(at + 1 - email.p)} : (struct wn_str){NULL, 0}, domain;
	return host.n && wn_domain_registrable(host, w->arena, &domain) ? domain : host;
}

enum wn_rc load_suppressions(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
			     size_t n, struct wn_err *err)
{
	RESULT(r);
	WN_VEC(struct wanted) v = {0};
	WN_VEC(int64_t) buckets = {0};
	WN_VEC(struct wn_str) blobs = {0};
	if (!s->has_key)
		return WN_OK;
	for (size_t i = 0; i < n; i++) {
		if (accounts[i]->domain.n)
			*WN_PUSH(w->arena, &v) = (struct wanted){
			    wn_store_suppression_key(wn_store_key(s), "domain", accounts[i]->domain), NULL,
			    accounts[i]};
		for (size_t k = 0; k < accounts[i]->contacts.n; k++) {
			struct wn_contact *c = accounts[i]->contacts.v[k];
			struct wn_str domain = mail_domain(w, c->email);
			if (c->email.n)
				*WN_PUSH(w->arena, &v) = (struct wanted){wn_store_suppression_key(wn_store_key(s), "address", c->email), c, NULL};
			if (domain.n && !wn_str_eq(domain, accounts[i]->domain))
				*WN_PUSH(w->arena, &v) = (struct wanted){wn_store_suppression_key(wn_store_key(s), "domain", domain), c, NULL};
			if (c->fresh && c->name.n)
				*WN_PUSH(w->arena, &v) =
				    (struct wanted){wn_store_suppression_key(
							wn_store_key(s), "person",
							wn_store_person(w->arena, accounts[i]->id, c->name)),
						    c, NULL};
		}
	}
	if (!v.n)
		return WN_OK;
	qsort(v.v, v.n, sizeof(*v.v), by_key32);
	for (size_t i = 0; i < v.n; i++) {
		*WN_PUSH(w->arena, &buckets) = wn_key32_bucket(v.v[i].key);
		*WN_PUSH(w->arena, &blobs) = (struct wn_str){(const char *)v.v[i].key.b, 32};
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_suppression_load,
		       WN_PARAMS(wn_pg_int8s(w->arena, buckets.v, v.n), wn_pg_blobs(w->arena, blobs.v, v.n),
				 wn_pg_time(w->now_us)),
		       &r, err));
	for (int i = 0; i < r.rows; i++)
		apply_suppression(v.v, v.n, wn_pg_get_str(&r, i, 0), wn_pg_get_str(&r, i, 2));
	return WN_OK;
}

/* --- parts ---- */
/* Of the accounts those that lack the part. */
static size_t lacking(struct wn_account *const *accounts, size_t n, unsigned flag, struct wn_account **out)
{
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (!(accounts[i]->loaded & flag)) {
			accounts[i]->loaded |= flag;
			out[m++] = accounts[i];
		}
	return m;
}

enum wn_rc wn_store_load_parts(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
			       size_t n, unsigned flags, struct wn_err *err)
{
	static const struct {
		unsigned flag;
		enum wn_rc (*load)(struct wn_store *, struct wn_world *, struct wn_account *const *, size_t,
				   struct wn_err *);
	} parts[] = {{WN_LOAD_SIGNALS, load_signals},
		     {WN_LOAD_CONTACTS, load_contacts},
		     {WN_LOAD_MEMBERS, load_members}};
	struct wn_account **some = WN_NEW_N(w->arena, struct wn_account *, n + 1);
	for (size_t i = 0; i < WN_COUNT(parts); i++) {
		size_t m = flags & parts[i].flag ? lacking(accounts, n, parts[i].flag, some) : 0;
		if (m) /* what was queued before may fail here */
			TRY(store_translate(s, parts[i].load(s, w, some, m, err), err));
	}
	return WN_OK;
}
