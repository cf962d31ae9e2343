/* SPDX-License-Identifier: MIT */
/*
 * Keeping sightings: each once, joined to the signal of the same fact or opening a new one (design 06).
 * Accounts are made and locked first; `seen` decides what is new, whatever anybody looked up before. Signals,
 * contacts and traits are changed in the world's memory and written by wn_store_flush.
 */
#include "intake_internal.h"

#include <stdlib.h>

const char *wn_intake_how_to_text(enum wn_intake_how how)
{
	static const char *const texts[] = {
#define X(name, text) text,
	    WN_INTAKE_LIST(X)
#undef X
	};
	return (size_t)how < WN_COUNT(texts) ? texts[how] : "?";
}

/* --- seen ---- */
struct order {
	const struct wn_key32 *key;
	size_t at;
};

static int by_bucket_key(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	int by = wn_key32_bucket(*x->key) - wn_key32_bucket(*y->key);
	if (by == 0)
		by = memcmp(x->key->b, y->key->b, 32);
	return by ? by : (x->at > y->at) - (x->at < y->at);
}

static void mark_taken(const struct order *o, size_t n, struct wn_str key, bool *taken)
{
	struct wn_key32 k;
	memcpy(k.b, key.p, 32);
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (by_bucket_key(&o[mid], &(struct order){&k, 0}) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < n && memcmp(o[lo].key->b, k.b, 32) == 0)
		taken[o[lo].at] = true;
}

/* Keys on their way to the server. */
struct seen {
	struct wn_world *world;
	struct wn_intake *in;
	struct order *order;
	size_t n;
	struct wn_pg_result taken;
};

static void seen_done(struct seen *seen)
{
	wn_pg_result_done(&seen->taken);
}

/* Queues the keys, sorted. */
static enum wn_rc queue_seen(struct wn_store *s, void *ctx, struct wn_err *err)
{
	struct seen *seen = ctx;
	struct wn_world *w = seen->world;
	struct wn_intake *in = seen->in;
	struct order *o = seen->order = WN_NEW_N(w->arena, struct order, in->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++)
		if (in->plan->rows[i].how == WN_INTAKE_NEW)
			o[n++] = (struct order){&in->sightings[i].key, i};
	qsort(o, n, sizeof(*o), by_bucket_key);
	struct wn_pg_param *p = WN_NEW_N(w->arena, struct wn_pg_param, n * 6 + 1);
	for (size_t i = 0; i < n; i++) {
		const struct plan_row *row = &in->plan->rows[o[i].at];
		const struct wn_pg_param q[] = {wn_pg_int2(wn_key32_bucket(*o[i].key)),
						wn_pg_key32(o[i].key),
						wn_pg_id(row->account),
						wn_pg_bytes((struct wn_str){(const char *)row->content, 16}),
						param_str(in->sightings[o[i].at].feed),
						param_day(w->now_us)};
		memcpy(&p[i * 6], q, sizeof(q));
	}
	seen->n = n;
	return wn_pg_queue_rows(s->pg, &wn_sql_seen_insert, p, n, 6, NULL, 0, &seen->taken, err);
}

/* What another transaction was faster with turns into a duplicate. */
static void take_seen(struct seen *seen)
{
	struct wn_intake *in = seen->in;
	bool *taken = WN_NEW_N(seen->world->arena, bool, in->n + 1);
	for (int i = 0; i < seen->taken.rows; i++)
		mark_taken(seen->order, seen->n, wn_pg_get_str(&seen->taken, i, 0), taken);
	for (size_t i = 0; i < in->n && !wn_planted("check_then_insert"); i++)
		if (in->plan->rows[i].how == WN_INTAKE_NEW && !taken[i]) {
			in->plan->rows[i].how = WN_INTAKE_DUPLICATE;
			in->rows[i].account = NULL;
		}
	wn_failpoint("store.seen");
}

static enum wn_rc renew_seen(struct wn_store *s, struct wn_world *w, const struct wn_intake *in,
			     struct wn_err *err)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct plan_row *p = &in->plan->rows[i];
		if (p->touch_seen)
			TRY(wn_pg_queue(s->pg, &wn_sql_seen_again,
					WN_PARAMS(wn_pg_int2(wn_key32_bucket(in->sightings[i].key)),
						  wn_pg_key32(&in->sightings[i].key),
						  wn_pg_bytes((struct wn_str){(const char *)p->content, 16}),
						  param_day(w->now_us)),
					NULL, err));
	}
	return WN_OK;
}

/* --- same fact ---- */
static enum wn_rc load_candidates(struct wn_store *s, struct wn_world *w, struct wn_intake *in,
				  struct wn_err *err)
{
	struct same_query *q = WN_NEW_N(w->arena, struct same_query, in->n + 1);
	struct wn_account **owners = WN_NEW_N(w->arena, struct wn_account *, in->n + 1);
	struct wn_key32 *edited = WN_NEW_N(w->arena, struct wn_key32, in->n + 1);
	size_t *at = WN_NEW_N(w->arena, size_t, in->n + 1);
	struct wn_id *keys = WN_NEW_N(w->arena, struct wn_id, in->n + 1);
	size_t n = 0, m = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct wn_sighting *x = &in->sightings[i];
		if (!in->rows[i].account || x->kind < 0)
			continue;
		const struct wn_kind_def *k = wn_registry_kind(w->catalog->registry, x->kind);
		if (in->plan->rows[i].how == WN_INTAKE_EDITED) {
			at[m] = i;
			owners[m] = in->rows[i].account;
			edited[m++] = x->key;
		} else if (k->same_within_us > 0 && !(in->rows[i].account->loaded & WN_LOAD_SIGNALS)) {
			q[n++] = (struct same_query){in->rows[i].account, k->name,
						     x->occurred_us - k->same_within_us,
						     x->occurred_us + k->same_within_us};
		}
	}
	TRY(load_same(s, w, q, n, err));
	TRY(load_signals_of_sightings(s, w, owners, edited, m, keys, err));
	for (size_t i = 0; i < m; i++)
		in->rows[at[i]].signal = wn_account_signal(owners[i], keys[i]);
	return WN_OK;
}

static int64_t apart(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The stored signal of the same fact that lies nearest in time; of equally near ones the first by key. */
static struct wn_signal *same_signal(struct wn_world *w, const struct wn_account *a,
				     const struct wn_sighting *x)
{
	const struct wn_kind_def *k = wn_registry_kind(w->catalog->registry, x->kind);
	struct wn_signal *best = NULL;
	for (size_t i = 0; k->same_within_us > 0 && i < a->signals.n; i++) {
		struct wn_signal *s = a->signals.v[i];
		int64_t d = apart(s->occurred_us, x->occurred_us);
		if (s->kind != x->kind || s->retracted || d > k->same_within_us ||
		    (best && d >= apart(best->occurred_us, x->occurred_us)))
			continue;
		if (wn_same_fact(w->catalog->registry, x->kind, s->attrs, x->attrs, w->scratch))
			best = s;
	}
	return best;
}

static struct wn_publisher publisher_of(struct wn_world *w, const struct wn_sighting *x)
{
	return (struct wn_publisher){x->publisher, wn_headline_normalise(x->headline, w->arena),
				     x->source_named};
}

static bool has_publisher(const struct wn_signal *s, const struct wn_publisher *p)
{
	for (size_t i = 0; i < s->n_publisher_list; i++)
		if (wn_str_eq(s->publisher_list[i].domain, p->domain) &&
		    wn_str_eq(s->publisher_list[i].headline_key, p->headline_key) &&
		    wn_str_eq(s->publisher_list[i].source, p->source))
			return true;
	return false;
}

static void add_publisher(struct wn_world *w, struct wn_signal *s, struct wn_publisher p, const char *const *wires)
{
	if (s->n_publisher_list >= WN_PUBLISHERS_MAX || has_publisher(s, &p))
		return;
	struct wn_publisher *list = WN_NEW_N(w->arena, struct wn_publisher, s->n_publisher_list + 1);
	if (s->n_publisher_list)
		memcpy(list, s->publisher_list, s->n_publisher_list * sizeof(*list));
	list[s->n_publisher_list] = p;
	s->publisher_list = list;
	s->n_publisher_list++;
	s->dirty = true;
	int n = wn_publishers_independent(list, s->n_publisher_list, wires);
	if (n > s->publishers) {
		s->publishers = n;
		s->corroborated = s->arrived = true;
	}
}

static void keep_conflicts(struct wn_world *w, struct wn_signal *s, struct wn_value more)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	if (more.kind != WN_MAP || !more.n)
		return;
	for (uint32_t i = 0; s->conflicts.kind == WN_MAP && i < s->conflicts.n; i++)
		wn_map_put(&m, wn_value_str(s->conflicts.map[i].key), s->conflicts.map[i].value);
	for (uint32_t i = 0; i < more.n; i++)
		wn_map_put(&m, wn_value_str(more.map[i].key), more.map[i].value);
	s->conflicts = wn_map_end(&m);
	s->dirty = true;
}

/* Fills what is missing; what differs is kept apart. */
static void merge_attrs(struct wn_world *w, struct wn_signal *s, struct wn_value more)
{
	struct wn_value conflicts = {0};
	bool changed = false;
	struct wn_value merged = wn_attrs_merge(s->attrs, more, w->arena, &changed, &conflicts);
	keep_conflicts(w, s, conflicts);
	if (changed) {
		s->attrs = merged;
		s->dirty = s->arrived = true;
	}
}

static void join(struct wn_world *w, struct wn_signal *s, const struct wn_sighting *x, const char *const *wires)
{
	merge_attrs(w, s, x->attrs);
	add_publisher(w, s, publisher_of(w, x), wires);
}

/* New to us, and yet older by `late_us` than what the feed has told before, or without a time of its own. An export that lags brings
 * many items from before our last look, and they are truly new. */
static bool is_archive(const struct wn_intake *in, const struct wn_sighting *x, int64_t late_us)
{
	return x->occurred_us <= in->known_us - late_us || (!x->published_us && x->occurred_us == x->observed_us);
}

/* Events of one hour come in any order. */
#define FLOOD_LATE WN_HOUR

static bool is_flood(const struct wn_intake *in)
{
	int64_t n = 0;
	for (size_t i = 0; in->flood_min && i < in->n; i++)
		n += in->plan->rows[i].how == WN_INTAKE_NEW && is_archive(in, &in->sightings[i], FLOOD_LATE);
	return in->flood_min && n >= in->flood_min && (double)n >= in->flood_share * (double)in->n;
}

static struct wn_signal *open_signal(struct wn_world *w, struct wn_account *a, const struct wn_sighting *x,
				     const struct wn_intake *in)
{
	const struct wn_kind_def *k = wn_registry_kind(w->catalog->registry, x->kind);
	struct wn_signal *s = WN_NEW(w->arena, struct wn_signal);
	*s = (struct wn_signal){.object = {&wn_signal_class},
				.world = w,
				.account_id = a->id,
				.key = wn_signal_key(a->id, wn_str_of(k->name), x->key),
				.kind = x->kind,
				.occurred_us = x->occurred_us,
				.published_us = x->published_us,
				.observed_us = x->observed_us,
				.stored_us = w->now_us,
				.received_on = day_of(w->now_us),
				.strength = x->strength > 0 ? x->strength : 1,
				.half_life_us = k->half_life_us,
				.hard_stop_us = x->occurred_us + k->hard_stop_us,
				.publishers = 1,
				.attrs = x->attrs,
				.headline = x->headline,
				.url = x->url,
				.span = x->span,
				.feed = x->feed,
				.history = x->history || (in->flooded && is_archive(in, x, 0)) ||
					   (in->first_poll && x->occurred_us < w->now_us - k->first_touch_us),
				.fresh = true,
				.arrived = true};
	struct wn_publisher *p = WN_NEW(w->arena, struct wn_publisher);
	*p = publisher_of(w, x);
	s->publisher_list = p;
	s->n_publisher_list = 1;
	account_add_signal(w, a, s);
	return s;
}

/* The newest word of a report: alone it replaces, beside others it only adds. Kinds whose identity is the item
 * keep it. */
static void edit(struct wn_world *w, struct wn_signal *s, const struct wn_sighting *x,
		 struct wn_intake_row *row)
{
	const struct wn_kind_def *k = wn_registry_kind(w->catalog->registry, s->kind);
	bool same = k->same_within_us == 0 ||
		    wn_same_fact(w->catalog->registry, s->kind, s->attrs, x->attrs, w->scratch);
	if (x->kind != s->kind)
		return; /* another kind under the same key: an operator's business */
	if (s->n_publisher_list > 1) {
		merge_attrs(w, s, x->attrs);
		return;
	}
	row->identity_changed = !same;
	s->attrs = x->attrs;
	s->headline = x->headline.n ? x->headline : s->headline;
	s->url = x->url.n ? x->url : s->url;
	s->dirty = s->arrived = true;
}

/* --- the batch ---- */
static void take(struct wn_store *s, struct wn_world *w, struct wn_intake *in, size_t i)
{
	const struct wn_sighting *x = &in->sightings[i];
	struct wn_intake_row *row = &in->rows[i];
	row->contact = contact_named(s, w, row->account, x);
	apply_traits(w, row->account, row->contact, x);
	if (row->how == WN_INTAKE_EDITED) {
		if (row->signal)
			edit(w, row->signal, x, row);
		return;
	}
	if (x->kind < 0) {
		row->how = WN_INTAKE_TRAITS;
		return;
	}
	row->signal = same_signal(w, row->account, x);
	if (row->signal) {
		row->how = WN_INTAKE_JOINED;
		join(w, row->signal, x, in->wires);
	} else {
		row->signal = open_signal(w, row->account, x, in);
		in->signals++;
	}
	if (row->contact && wn_id_is_nil(row->signal->contact_id)) {
		row->signal->contact_id = row->contact->id;
		row->signal->dirty = true;
	}
}

enum { SIGHTING_COLUMNS = 18 };

static enum wn_rc insert_sightings(struct wn_store *s, struct wn_world *w, const struct wn_intake *in,
				   struct wn_err *err)
{
	struct wn_pg_param *p = WN_NEW_N(w->arena, struct wn_pg_param, in->n * SIGHTING_COLUMNS + 1);
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct wn_sighting *x = &in->sightings[i];
		const struct wn_intake_row *row = &in->rows[i];
		if (!row->signal)
			continue;
		struct wn_id account = row->signal->account_id;
		struct wn_str none = {NULL, 0}, url = row->forgotten ? none : x->url, headline = row->forgotten ? none : x->headline,
			      span = row->forgotten ? none : x->span;
		if (row->how == WN_INTAKE_EDITED) {
			TRY(wn_pg_queue(s->pg, &wn_sql_sighting_update,
					WN_PARAMS(wn_pg_int2(wn_id_bucket(account)), wn_pg_id(account),
						  wn_pg_key32(&x->key), param_text(url),
						  param_text(headline), wn_pg_time(x->occurred_us),
						  param_time_0(x->published_us), param_text(span)),
					NULL, err));
			continue;
		}
		const struct wn_pg_param q[] = {wn_pg_int2(wn_id_bucket(account)),
						wn_pg_id(account),
						wn_pg_key32(&x->key),
						param_day(w->now_us),
						wn_pg_id(row->signal->key),
						param_str(x->feed),
						param_str(x->item),
						param_text(x->publisher),
						param_text(x->source_named),
						param_text(url),
						param_text(headline),
						wn_pg_time(x->occurred_us),
						param_time_0(x->published_us),
						wn_pg_time(x->observed_us),
						param_text(span),
						param_cstr(row->link.method),
						wn_pg_float8(row->link.confidence),
						param_text(row->link.evidence)};
		memcpy(&p[n++ * SIGHTING_COLUMNS], q, sizeof(q));
	}
	return wn_pg_queue_rows(s->pg, &wn_sql_sighting_insert, p, n, SIGHTING_COLUMNS, NULL, 0, NULL, err);
}

static void count(struct wn_intake *in)
{
	memset(in->counts, 0, sizeof(in->counts));
	for (size_t i = 0; i < in->n; i++)
		in->counts[in->rows[i].how]++;
}

enum wn_rc wn_store_sightings(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	struct wn_intake_plan *plan = in->plan;
	in->signals = 0;
	WN_CLEANUP(seen_done) struct seen seen = {.world = w, .in = in};
	TRY(make_and_lock(s, w, in, in->n ? wn_arena_strdup(w->arena, in->sightings[0].feed) : "", queue_seen,
			  &seen, err));
	take_seen(&seen);
	in->flooded = is_flood(in);
	TRY(insert_reviews(s, w, in, err));
	TRY(load_candidates(s, w, in, err));
	for (size_t i = 0; i < in->n; i++) {
		in->rows[i].how = plan->rows[i].how;
		if (in->rows[i].account)
			take(s, w, in, i);
	}
	TRY(forget_erased(s, w, in, err));
	TRY(insert_sightings(s, w, in, err));
	TRY(renew_seen(s, w, in, err)); /* the server works on them while rules are looked at */
	in->merges = plan->merges.v;
	in->n_merges = plan->merges.n;
	count(in);
	wn_failpoint("store.sightings");
	return WN_OK;
}

enum wn_rc wn_store_retracted_why(struct wn_store *s, struct wn_id account_id, struct wn_id signal_key, struct wn_str why,
				  struct wn_err *err)
{
	return wn_pg_exec(s->pg, &wn_sql_signal_retracted_why,
			  WN_PARAMS(wn_pg_int2(wn_id_bucket(account_id)), wn_pg_id(account_id), wn_pg_id(signal_key), wn_pg_str(why)),
			  NULL, err);
}

/* --- an operator's corrections ---- */
/* Beside another report an edited item only adds (see edit): the operator is one, without a domain, so it corroborates nothing. */
static void mark_operator(struct wn_world *w, struct wn_signal *s)
{
	const struct wn_publisher operator = {.source = WN_STR("operator")};
	if (s->n_publisher_list < 2)
		add_publisher(w, s, operator, w->catalog->wires);
}

static struct wn_value without(struct wn_world *w, struct wn_value map, struct wn_value names)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	for (uint32_t i = 0; map.kind == WN_MAP && i < map.n; i++)
		if (wn_value_get(names, wn_value_str(map.map[i].key)).kind == WN_ABSENT)
			wn_map_put(&m, wn_value_str(map.map[i].key), map.map[i].value);
	return wn_map_end(&m);
}

void wn_signal_set(struct wn_world *w, struct wn_signal *s, struct wn_value attrs)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	struct wn_value kept = without(w, s->attrs, attrs);
	for (uint32_t i = 0; i < kept.n; i++)
		wn_map_put(&m, wn_value_str(kept.map[i].key), kept.map[i].value);
	for (uint32_t i = 0; i < attrs.n; i++)
		wn_map_put(&m, wn_value_str(attrs.map[i].key), attrs.map[i].value);
	s->attrs = wn_map_end(&m);
	s->conflicts = without(w, s->conflicts, attrs);
	mark_operator(w, s);
	s->dirty = true;
	s->arrived = !s->retracted && !s->history;
}

/* The person that it names is one of the new account's. */
static void name_person(struct wn_store *s, struct wn_world *w, struct wn_account *into, struct wn_signal *sig)
{
	struct wn_sighting x = {.feed = sig->feed, .kind = sig->kind, .attrs = sig->attrs};
	x.contact.name = wn_value_str(wn_value_at(sig->attrs, "person"));
	x.contact.position = wn_value_str(wn_value_at(sig->attrs, "position"));
	x.contact.department = wn_value_str(wn_value_at(sig->attrs, "department"));
	x.contact.level = (int)wn_value_at(sig->attrs, "level").i;
	struct wn_contact *c = x.contact.name.n ? contact_named(s, w, into, &x) : NULL;
	sig->contact_id = c ? c->id : (struct wn_id){{0}};
}

struct wn_signal *wn_signal_move(struct wn_store *s, struct wn_world *w, struct wn_signal *sig, struct wn_account *into)
{
	const struct wn_sighting x = {.kind = sig->kind, .occurred_us = sig->occurred_us, .attrs = sig->attrs};
	struct wn_signal *to = same_signal(w, into, &x);
	if (to) {
		merge_attrs(w, to, sig->attrs);
		for (size_t i = 0; i < sig->n_publisher_list; i++)
			add_publisher(w, to, sig->publisher_list[i], w->catalog->wires);
	} else {
		struct wn_str of[] = {wn_id_bytes(&into->id), wn_id_bytes(&sig->key)};
		to = WN_NEW(w->arena, struct wn_signal);
		*to = *sig;
		to->account_id = into->id;
		to->key = wn_id_of("moved signal", of, WN_COUNT(of));
		to->stored_us = w->now_us;
		to->received_on = day_of(w->now_us);
		to->fresh = true;
		to->dirty = to->corroborated = false;
		to->arrived = !to->history;
		name_person(s, w, into, to);
		account_add_signal(w, into, to);
	}
	sig->retracted = sig->dirty = true;
	sig->arrived = false;
	return to;
}

enum wn_rc wn_store_signal_moved(struct wn_store *s, const struct wn_signal *from, const struct wn_signal *to, struct wn_err *err)
{
	const struct wn_pg_param p[] = {wn_pg_int2(wn_id_bucket(from->account_id)), wn_pg_id(from->account_id), wn_pg_id(from->key),
					wn_pg_int2(wn_id_bucket(to->account_id)), wn_pg_id(to->account_id), wn_pg_id(to->key)};
	TRY(wn_pg_queue(s->pg, &wn_sql_seen_move, p, 5, NULL, err));
	TRY(wn_pg_queue(s->pg, &wn_sql_sighting_move, p, 6, NULL, err));
	return wn_pg_flush(s->pg, err);
}
