/* SPDX-License-Identifier: MIT */
/*
 * Merging of accounts, and taking a merge back. Rows of signals, contacts and members never move: the survivor shows
 * those of the merged ones at every read. What moves are aliases and missing traits, and the history says which, so that
 * a split can give them back.
 */
#include "intake_internal.h"

static struct wn_value alias_list(struct wn_world *w, const struct wn_pg_result *r)
{
	struct wn_value *v = WN_NEW_N(w->arena, struct wn_value, (size_t)r->rows + 1);
	for (int i = 0; i < r->rows; i++) {
		struct wn_map_builder m = wn_map_begin(w->arena);
		wn_map_set(&m, "kind", wn_string(get_str(r, i, 0, w->arena)));
		wn_map_set(&m, "alias", wn_string(get_str(r, i, 1, w->arena)));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, (size_t)r->rows);
}

/* An event of the account that lives on, with the other one. */
static enum wn_rc tell(struct wn_store *s, struct wn_world *w, const char *type, const struct wn_account *from, const struct wn_account *into,
		       struct wn_value aliases, struct wn_value people, struct wn_err *err)
{
	char ids[2][37];
	wn_id_to_text(from->id, ids[0]);
	wn_id_to_text(into->id, ids[1]);
	struct wn_map_builder data = wn_map_begin(w->arena);
	wn_map_set(&data, "from", wn_cstring(ids[0]));
	wn_map_set(&data, "into", wn_cstring(ids[1]));
	wn_map_set(&data, "aliases", aliases);
	wn_map_set(&data, "contacts", people);
	struct wn_plain_event ev = {.subject = "account", .name = wn_str_of(ids[1]), .type = type, .why = wn_str_of(w->actor),
				    .data = wn_map_end(&data), .at_us = w->now_us};
	return wn_store_plain_event(s, &ev, err);
}

static void move_signals(struct wn_world *w, struct wn_account *from, struct wn_account *into)
{
	for (size_t i = 0; i < from->signals.n; i++) {
		from->signals.v[i]->arrived = !from->signals.v[i]->retracted && !from->signals.v[i]->history;
		account_add_signal(w, into, from->signals.v[i]);
	}
	from->signals.n = 0;
}

static const char *id_text(struct wn_world *w, struct wn_id id)
{
	char *text = wn_arena_alloc(w->arena, 37);
	wn_id_to_text(id, text);
	return text;
}

static struct wn_contact *same_contact(struct wn_world *w, struct wn_account *into, const struct wn_contact *c, struct wn_id id)
{
	struct wn_contact *have = wn_account_contact(into, id);
	struct wn_str person = c->name.n ? wn_person_normalise(c->name, w->arena) : (struct wn_str){NULL, 0};
	if (!have)
		have = contact_by_email(into, c->email);
	for (size_t i = 0; !have && !c->email.n && person.n && i < into->contacts.n; i++)
		if (into->contacts.v[i]->name.n && wn_str_eq(wn_person_normalise(into->contacts.v[i]->name, w->arena), person))
			have = into->contacts.v[i];
	return have;
}

/* Its people are the survivor's people; whom a signal named keeps being named by it. Ids of those that are new there. */
static struct wn_value move_contacts(struct wn_world *w, struct wn_account *from, struct wn_account *into)
{
	struct wn_value *made = WN_NEW_N(w->arena, struct wn_value, from->contacts.n + 1);
	size_t n_made = 0;
	for (size_t i = 0; i < from->contacts.n; i++) {
		const struct wn_contact *c = from->contacts.v[i];
		struct wn_str person = c->name.n ? wn_person_normalise(c->name, w->arena) : (struct wn_str){NULL, 0};
		struct wn_id id = c->subject && person.n ? wn_contact_id_of_person(into->id, person) : c->id;
		struct wn_contact *have = c->erased ? NULL : same_contact(w, into, c, id);
		if (!have && !c->erased) {
			have = contact_make(w, into, id, c->email);
			made[n_made++] = wn_cstring(id_text(w, id));
			have->name = c->name;
			have->position = c->position;
			have->department = c->department;
			have->level = c->level;
			have->time_zone = c->time_zone;
			have->traits = c->traits;
			have->departed = c->departed;
			have->opted_out = c->opted_out;
			have->suppressed = c->suppressed;
		}
		for (size_t k = 0; have && k < into->signals.n; k++)
			if (wn_id_eq(into->signals.v[k]->contact_id, c->id) && !wn_id_eq(have->id, c->id)) {
				into->signals.v[k]->contact_id = have->id;
				into->signals.v[k]->dirty = true;
			}
	}
	return wn_list(made, n_made);
}

static void remember_merged(struct wn_world *w, struct wn_account *from, struct wn_account *into)
{
	struct account_row *a = row_of(into), *b = row_of(from);
	size_t n = a->n_merged_from + 1 + b->n_merged_from;
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, n);
	if (a->n_merged_from)
		memcpy(ids, a->merged_from, a->n_merged_from * sizeof(*ids));
	ids[a->n_merged_from] = from->id;
	if (b->n_merged_from)
		memcpy(ids + a->n_merged_from + 1, b->merged_from, b->n_merged_from * sizeof(*ids));
	a->merged_from = ids;
	a->n_merged_from = n;
	from->state = WN_STR("merged");
	from->merged_into = into->id;
	from->dirty = into->dirty = true;
}

enum wn_rc wn_store_merge(struct wn_store *s, struct wn_world *w, struct wn_id from_id, struct wn_id into_id,
			  struct wn_err *err)
{
	struct wn_account *from = wn_world_account(w, from_id), *into = wn_world_account(w, into_id);
	if (!from || !into || from == into)
		return wn_fail(err, WN_NOT_FOUND, "both accounts must be loaded to be merged");
	if (wn_str_is(from->state, "merged") || wn_str_is(into->state, "merged"))
		return wn_fail(err, WN_REFUSED, "one of the accounts was merged already");
	RESULT(aliases);
	TRY(wn_pg_exec(s->pg, &wn_sql_aliases_of, WN_PARAMS(wn_pg_id(from->id)), &aliases, err));
	struct wn_value theirs = wn_account_traits(from);
	for (uint32_t i = 0; theirs.kind == WN_MAP && i < theirs.n; i++) {
		struct wn_str name = wn_value_str(theirs.map[i].key);
		int trust = wn_trait_trust(theirs.map[i].value);
		if (wn_value_get(wn_account_traits(into), name).kind == WN_ABSENT)
			wn_traits_set(w, into, NULL, name, wn_value_at(theirs.map[i].value, "v"),
				      (enum wn_trust)(trust < 0 ? 0 : trust), WN_STR("merge"));
	}
	remember_merged(w, from, into);
	move_signals(w, from, into);
	struct wn_value people = move_contacts(w, from, into);
	TRY(wn_pg_queue(s->pg, &wn_sql_alias_move,
			WN_PARAMS(wn_pg_id(from->id), wn_pg_id(into->id), wn_pg_time(w->now_us)), NULL, err));
	TRY(wn_pg_queue(s->pg, &wn_sql_alias_drop, WN_PARAMS(wn_pg_id(from->id)), NULL, err));
	return tell(s, w, "account.merged", from, into, alias_list(w, &aliases), people, err);
}

/* --- the way back ---- */
static bool is_one_of(const struct wn_id *ids, size_t n, struct wn_id id)
{
	for (size_t i = 0; i < n; i++)
		if (wn_id_eq(ids[i], id))
			return true;
	return false;
}

/* The survivor forgets it, and those that had been merged into it before. */
static void forget_merged(struct wn_account *from, struct wn_account *into)
{
	struct account_row *a = row_of(into), *b = row_of(from);
	struct wn_id *kept = WN_NEW_N(into->world->arena, struct wn_id, a->n_merged_from + 1);
	size_t n = 0;
	for (size_t i = 0; i < a->n_merged_from; i++)
		if (!wn_id_eq(a->merged_from[i], from->id) && !is_one_of(b->merged_from, b->n_merged_from, a->merged_from[i]))
			kept[n++] = a->merged_from[i];
	a->merged_from = kept;
	a->n_merged_from = n;
	from->state = from->domain.n ? WN_STR("known") : from->name.n ? WN_STR("provisional") : WN_STR("person");
	from->merged_into = (struct wn_id){{0}};
	from->dirty = into->dirty = true;
}

/* Traits that the survivor has only from the merge, unless they were set again since. */
static void give_back_traits(struct wn_world *w, struct wn_account *from, struct wn_account *into)
{
	struct wn_value have = wn_account_traits(into), theirs = wn_account_traits(from);
	struct wn_map_builder kept = wn_map_begin(w->arena);
	for (uint32_t i = 0; have.kind == WN_MAP && i < have.n; i++) {
		struct wn_str name = wn_value_str(have.map[i].key);
		struct wn_value mine = have.map[i].value, other = wn_value_get(theirs, name);
		bool borrowed = wn_str_is(wn_value_str(wn_value_at(mine, "by")), "merge") && other.kind != WN_ABSENT &&
				wn_value_eq(wn_value_at(mine, "v"), wn_value_at(other, "v"));
		if (!borrowed) {
			wn_map_put(&kept, name, mine);
			continue;
		}
		struct wn_fact_change *f = WN_NEW(w->arena, struct wn_fact_change);
		*f = (struct wn_fact_change){into, {{0}}, name, WN_STR("split"), wn_value_at(mine, "v"), {0}, w->now_us};
		*WN_PUSH(w->arena, &w->fact_changes) = f;
	}
	into->traits = wn_map_end(&kept);
}

static enum wn_rc give_back_aliases(struct wn_store *s, struct wn_world *w, const struct wn_account *from, const struct wn_account *into,
				    struct wn_value told, struct wn_err *err)
{
	struct name_rows rows = {.a = w->arena, .source = "split", .now_us = w->now_us};
	name_rows_add(&rows, &(struct new_account){from->id, from->domain, from->name, from->state.p});
	for (uint32_t i = 0; told.kind == WN_LIST && i < told.n; i++)
		name_rows_alias(&rows, from->id, wn_arena_strdup(w->arena, wn_value_str(wn_value_at(told.list[i], "kind"))),
				wn_value_str(wn_value_at(told.list[i], "alias")));
	size_t n = rows.aliases.n / ALIAS_COLUMNS;
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, n + 1);
	for (size_t i = 0; i < n; i++)
		memcpy(ids[i].b, rows.aliases.v[i * ALIAS_COLUMNS + 1].raw, sizeof(ids[i].b));
	TRY(wn_pg_queue(s->pg, &wn_sql_alias_give_back, WN_PARAMS(wn_pg_id(into->id), wn_pg_ids(w->arena, ids, n)), NULL, err));
	return name_rows_queue(s, &rows, err);
}

/* People whom the merge brought there. */
static void give_back_people(struct wn_account *into, struct wn_value ids)
{
	struct wn_id id;
	for (uint32_t i = 0; ids.kind == WN_LIST && i < ids.n; i++) {
		struct wn_contact *c = wn_id_from_text(wn_value_str(ids.list[i]), &id) ? wn_account_contact(into, id) : NULL;
		if (c && !c->departed)
			c->departed = c->dirty = c->changed = true;
	}
}

enum wn_rc wn_store_split(struct wn_store *s, struct wn_world *w, struct wn_id from_id, struct wn_id into_id, struct wn_err *err)
{
	struct wn_account *from = wn_world_account(w, from_id), *into = wn_world_account(w, into_id);
	RESULT(r);
	struct wn_value told = {0};
	if (!from || !into)
		return wn_fail(err, WN_NOT_FOUND, "both accounts must be loaded to be split");
	if (!wn_str_is(from->state, "merged") || !wn_id_eq(from->merged_into, into_id))
		return wn_fail(err, WN_REFUSED, "it is not merged into that account");
	TRY(wn_pg_exec(s->pg, &wn_sql_merge_told, WN_PARAMS(wn_pg_text(id_text(w, from->id))), &r, err));
	if (r.rows)
		told = get_json(&r, 0, 0, w->arena);
	forget_merged(from, into);
	give_back_traits(w, from, into);
	give_back_people(into, wn_value_at(told, "contacts"));
	TRY(give_back_aliases(s, w, from, into, wn_value_at(told, "aliases"), err));
	return tell(s, w, "account.split", from, into, wn_value_at(told, "aliases"), wn_value_at(told, "contacts"), err);
}
