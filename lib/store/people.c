/* SPDX-License-Identifier: MIT */
/*
 * Traits and fields with their sources, imports, aliases. Declared beats imported beats a
 * feed's beats inferred; an empty cell changes nothing; every change is a fact_change of the world, which the
 * caller puts to the engine.
 */
#include "intake_internal.h"

static const char *const trust_words[] = {"inferred", "feed", "imported", "declared"};

int wn_trait_trust(struct wn_value trait)
{
	struct wn_str word = wn_value_str(wn_value_at(trait, "source"));
	for (size_t i = 0; i < WN_COUNT(trust_words); i++)
		if (wn_str_is(word, trust_words[i]))
			return (int)i;
	return -1;
}

/* Several changes of one thing in one unit of work are one: the first old value, the last new one. */
static void record(struct wn_world *w, struct wn_account *a, const struct wn_contact *c, struct wn_str what,
		   struct wn_value old, struct wn_value new, struct wn_str by)
{
	struct wn_id contact = c ? c->id : (struct wn_id){{0}};
	for (size_t i = 0; i < w->fact_changes.n; i++) {
		struct wn_fact_change *f = w->fact_changes.v[i];
		if (f->account == a && wn_id_eq(f->contact_id, contact) && wn_str_eq(f->trait, what)) {
			f->new = new;
			f->source = by;
			return;
		}
	}
	struct wn_fact_change *f = WN_NEW(w->arena, struct wn_fact_change);
	*f = (struct wn_fact_change){a, contact, what, by, old, new, w->now_us};
	*WN_PUSH(w->arena, &w->fact_changes) = f;
}

static struct wn_value trait_entry(struct wn_world *w, struct wn_value v, enum wn_trust trust, struct wn_str by)
{
	struct wn_map_builder m = wn_map_begin(w->arena);
	wn_map_set(&m, "v", v);
	wn_map_set(&m, "source", wn_cstring(trust_words[trust]));
	wn_map_set(&m, "by", wn_string(by));
	wn_map_set(&m, "at", wn_time_us(w->now_us));
	return wn_map_end(&m);
}

static void mark_changed(struct wn_account *a, struct wn_contact *c)
{
	if (c)
		c->dirty = c->changed = true;
	else
		a->dirty = true;
}

bool wn_traits_set(struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_str name,
		   struct wn_value v, enum wn_trust trust, struct wn_str by)
{
	const struct wn_registry *r = w->catalog->registry;
	int number = wn_registry_trait_number(r, c ? WN_TRAIT_CONTACT : WN_TRAIT_ACCOUNT, name);
	struct wn_value *traits = c ? &c->traits : &a->traits, typed;
	if (number < 0)
		return false;
	if (!c)
		a->traits = wn_account_traits(a);
	const struct wn_trait_def *d = wn_registry_trait(r, number);
	if (wn_attr_coerce(d->type, d->enum_values, v, w->arena, &typed, NULL) != WN_OK ||
	    typed.kind == WN_ABSENT)
		return false;
	struct wn_value have = wn_value_get(*traits, name), old = wn_value_at(have, "v");
	bool same = old.kind != WN_ABSENT && wn_value_eq(old, typed);
	int had = have.kind == WN_ABSENT ? -1 : wn_trait_trust(have);
	if ((int)trust < had || (same && (int)trust <= had))
		return false;
	struct wn_map_builder m = wn_map_begin(w->arena);
	for (uint32_t i = 0; traits->kind == WN_MAP && i < traits->n; i++)
		wn_map_put(&m, wn_value_str(traits->map[i].key), traits->map[i].value);
	wn_map_put(&m, wn_arena_str(w->arena, name), trait_entry(w, typed, trust, by));
	*traits = wn_map_end(&m);
	if (same) { /* only its source got better */
		*(c ? &c->dirty : &a->dirty) = true;
		return false;
	}
	mark_changed(a, c);
	record(w, a, c, wn_str_of(d->name), old, typed, by);
	return true;
}

/* --- fields ---- */
static struct wn_str *text_field(struct wn_account *a, struct wn_contact *c, const char *field)
{
	const struct {
		const char *name;
		struct wn_str *at;
	} of_contact[] = {
	    {"name", c ? &c->name : NULL},
	    {"position", c ? &c->position : NULL},
	    {"department", c ? &c->department : NULL},
	    {"time_zone", c ? &c->time_zone : NULL},
	    {"email", c ? &c->email : NULL},
	};
	if (!c)
		return strcmp(field, "name") == 0 ? &a->name : strcmp(field, "domain") == 0 ? &a->domain : NULL;
	for (size_t i = 0; i < WN_COUNT(of_contact); i++)
		if (strcmp(of_contact[i].name, field) == 0)
			return of_contact[i].at;
	return NULL;
}

/* A new row has no past: only changes of rows that were there are recorded. */
static void field_changed(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const char *field,
			  struct wn_value old, struct wn_value new, struct wn_str by)
{
	mark_changed(a, c);
	if (!(c ? c->fresh : a->fresh))
		record(w, a, c, wn_str_of(field), old, new, by);
}

static bool set_level(struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_value v,
		      struct wn_str by)
{
	if (!c || v.kind != WN_INT || v.i < 1 || v.i > 9 || c->level == (int)v.i)
		return false;
	struct wn_value old = c->level ? wn_int(c->level) : (struct wn_value){0};
	c->level = (int)v.i;
	field_changed(w, a, c, "level", old, v, by);
	return true;
}

bool wn_field_set(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const char *field,
		  struct wn_value v, struct wn_str by)
{
	if (strcmp(field, "level") == 0)
		return set_level(w, a, c, v, by);
	struct wn_str *at = text_field(a, c, field), s = wn_value_str(v);
	if (!at || !s.n || wn_str_eq(*at, s))
		return false;
	struct wn_value old = at->n ? wn_string(*at) : (struct wn_value){0};
	*at = wn_arena_str(w->arena, s);
	field_changed(w, a, c, field, old, wn_string(*at), by);
	return true;
}

/* --- imports ---- */
static enum wn_rc accounts_for(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_str by,
			       struct wn_err *err)
{
	in->create = in->exact = true;
	plan_begin(w, in);
	TRY(resolve_accounts(s, w, in, err));
	return make_and_lock(s, w, in, wn_arena_strdup(w->arena, by), NULL, NULL, err);
}

const char *import_refusal(const struct wn_intake *in, size_t i)
{
	const struct plan_row *p = &in->plan->rows[i];
	if (p->how == WN_INTAKE_REVIEW)
		return p->why;
	return in->rows[i].account ? NULL : "names no account: a domain or a name is needed";
}

/* A person whom a signal named gets the address that an import brings, and keeps the id that members refer to.
 */
static struct wn_contact *find_contact(struct wn_world *w, struct wn_account *a, struct wn_id by_address,
				       struct wn_str email, struct wn_str name)
{
	struct wn_contact *c = email.n ? wn_account_contact(a, by_address) : NULL;
	struct wn_str person = name.n ? wn_person_normalise(name, w->arena) : (struct wn_str){NULL, 0};
	if (!c)
		c = contact_by_email(a, email);
	if (!c && person.n)
		c = wn_account_contact(a, wn_contact_id_of_person(a->id, person));
	return c && (c->subject || !email.n || !c->email.n || wn_str_eq(c->email, email)) ? c : NULL;
}

static bool fill_contact(struct wn_world *w, struct wn_account *a, struct wn_contact *c,
			 const struct wn_import_contact *r, struct wn_str email, enum wn_trust trust,
			 struct wn_str by)
{
	bool changed = wn_field_set(w, a, c, "email", wn_string(email), by);
	changed |= wn_field_set(w, a, c, "name", wn_string(r->name), by);
	changed |= wn_field_set(w, a, c, "position", wn_string(r->position), by);
	changed |= wn_field_set(w, a, c, "department", wn_string(r->department), by);
	changed |= wn_field_set(w, a, c, "level", wn_int(r->level), by);
	changed |= wn_field_set(w, a, c, "time_zone", wn_string(r->time_zone), by);
	for (size_t k = 0; k < r->n_traits; k++)
		changed |= wn_traits_set(w, a, c, r->traits[k].name, r->traits[k].v, trust, by);
	if (c->subject && email.n) {
		c->subject = false;
		c->dirty = true;
	}
	if (r->consent.n) {
		((struct contact_row *)c)->consent = r->consent;
		c->dirty = true;
	}
	return changed;
}

static void import_contact(struct wn_store *s, struct wn_world *w, struct wn_account *a,
			   const struct wn_import_contact *r, enum wn_trust trust, struct wn_str by,
			   struct wn_import_row *row)
{
	struct wn_str email = {NULL, 0},
		      person = r->name.n ? wn_person_normalise(r->name, w->arena) : (struct wn_str){NULL, 0};
	struct wn_id by_address = {{0}};
	if (r->email.n && !wn_email_normalise(r->email, w->arena, &email)) {
		row->why = "the address is none";
		return;
	}
	if (email.n)
		by_address = wn_contact_id_of_address(wn_store_key(s), email);
	else if (!person.n) {
		row->why = "names nobody: an address or a name is needed";
		return;
	}
	struct wn_contact *c = find_contact(w, a, by_address, email, r->name);
	if (c && c->erased) {
		row->why = "was forgotten on request";
		return;
	}
	bool made = !c;
	if (made)
		c = contact_make(w, a, email.n ? by_address : wn_contact_id_of_person(a->id, person), email);
	bool changed = fill_contact(w, a, c, r, email, trust, by);
	row->contact = c;
	row->how = made ? WN_IMPORT_MADE : changed ? WN_IMPORT_CHANGED : WN_IMPORT_SAME;
}

/* Addresses that were forgotten must not come back (design 07): asked before anything is made. */
static enum wn_rc look_up_erased(struct wn_store *s, struct wn_world *w, const struct wn_import_contact *in,
				 size_t n, bool *erased, struct wn_err *err)
{
	RESULT(r);
	int64_t *buckets = WN_NEW_N(w->arena, int64_t, n + 1);
	struct wn_key32 *keys = WN_NEW_N(w->arena, struct wn_key32, n + 1);
	struct wn_str *blobs = WN_NEW_N(w->arena, struct wn_str, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct wn_str email = {NULL, 0};
		if (in[i].email.n && wn_email_normalise(in[i].email, w->arena, &email))
			keys[i] = wn_store_suppression_key(wn_store_key(s), "address", email);
		buckets[i] = wn_key32_bucket(keys[i]);
		blobs[i] = (struct wn_str){(const char *)keys[i].b, 32};
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_suppression_load,
		       WN_PARAMS(wn_pg_int8s(w->arena, buckets, n), wn_pg_blobs(w->arena, blobs, n),
				 wn_pg_time(w->now_us)),
		       &r, err));
	for (int k = 0; k < r.rows; k++)
		for (size_t i = 0; i < n && wn_str_is(wn_pg_get_str(&r, k, 2), "erased"); i++)
			erased[i] |= wn_str_eq(wn_pg_get_str(&r, k, 0), blobs[i]);
	return WN_OK;
}

enum wn_rc wn_store_import_contacts(struct wn_store *s, struct wn_world *w,
				    const struct wn_import_contact *rows_in, size_t n, enum wn_trust trust,
				    struct wn_str by, struct wn_import_row *rows, struct wn_err *err)
{
	struct wn_sighting *x = WN_NEW_N(w->arena, struct wn_sighting, n + 1);
	bool *erased = WN_NEW_N(w->arena, bool, n + 1);
	TRY(need_key(s, err));
	TRY(look_up_erased(s, w, rows_in, n, erased, err));
	for (size_t i = 0; i < n; i++) {
		x[i].account = (struct wn_account_hint){.domain = rows_in[i].account_domain,
							.name = rows_in[i].account_name,
							.email = rows_in[i].email};
		x[i].contact = (struct wn_contact_hint){.name = rows_in[i].name, .email = rows_in[i].email};
	}
	struct wn_intake in = {.sightings = x, .n = n};
	TRY(accounts_for(s, w, &in, by, err));
	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct wn_import_row){
		    .how = WN_IMPORT_REFUSED, .why = import_refusal(&in, i), .account = in.rows[i].account};
		if (erased[i])
			rows[i].why = "was forgotten on request";
		else if (rows[i].account)
			import_contact(s, w, rows[i].account, &rows_in[i], trust, by, &rows[i]);
	}
	struct wn_account **touched = WN_NEW_N(w->arena, struct wn_account *, n + 1);
	size_t n_touched = 0;
	for (size_t i = 0; i < n; i++)
		if (rows[i].how == WN_IMPORT_MADE)
			touched[n_touched++] = rows[i].account;
	TRY(load_suppressions(s, w, touched, n_touched, err));
	wn_failpoint("store.import");
	return WN_OK;
}

/* --- aliases ---- */
static void freep_arena(struct wn_arena **a)
{
	wn_arena_freep(a);
}

enum wn_rc wn_store_alias_add(struct wn_store *s, struct wn_id account_id, const char *kind,
			      struct wn_str alias, const char *source, int64_t now_us, struct wn_err *err)
{
	WN_CLEANUP(freep_arena) struct wn_arena *a = wn_arena_new(0);
	struct name_rows r = {.a = a, .source = source, .now_us = now_us};
	if (strcmp(kind, "name") == 0)
		name_rows_name(&r, account_id, alias, true);
	else if (alias.n)
		name_rows_alias(&r, account_id, kind, alias);
	if (!r.aliases.n)
		return wn_fail(err, WN_INVALID, "nothing is left of that name");
	TRY(name_rows_queue(s, &r, err));
	return wn_pg_flush(s->pg, err);
}
