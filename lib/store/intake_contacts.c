/* SPDX-License-Identifier: MIT */
/*
 * Persons that sightings name, and traits that they bring. Whoever was forgotten on request is not brought
 * back; whoever opted out before we knew them is known as such from the first moment.
 */
#include "intake_internal.h"

/* The address a sighting gives of its person; of an account that is a person, its own. */
static struct wn_str address_of(struct wn_world *w, const struct wn_account *a, const struct wn_sighting *x)
{
	struct wn_str given = x->contact.email, email;
	if (!given.n && wn_str_is(a->state, "person"))
		given = x->account.email;
	return given.n && wn_email_normalise(given, w->arena, &email) ? email : (struct wn_str){NULL, 0};
}

bool names_contact(const struct wn_sighting *x)
{
	return x->contact.name.n || x->contact.email.n ||
	       (x->account.email.n && !x->account.domain.n && !x->account.name.n);
}

struct wn_contact *contact_by_email(const struct wn_account *a, struct wn_str email)
{
	for (size_t i = 0; email.n && i < a->contacts.n; i++)
		if (wn_str_eq(a->contacts.v[i]->email, email))
			return a->contacts.v[i];
	return NULL;
}

struct wn_contact *contact_make(struct wn_world *w, struct wn_account *a, struct wn_id id, struct wn_str email)
{
	struct wn_contact *c = &WN_NEW(w->arena, struct contact_row)->base;
	*c = (struct wn_contact){.object = {&wn_contact_class},
				 .world = w,
				 .account = a,
				 .id = id,
				 .email = email,
				 .subject = !email.n,
				 .fresh = true,
				 .changed = true};
	account_add_contact(w, a, c);
	return c;
}

/* Feeds fill what is empty; what they said of a person without an address they may correct. */
static void fill(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const char *field, bool empty,
		 struct wn_value v, struct wn_str by)
{
	if (empty || c->subject)
		wn_field_set(w, a, c, field, v, by);
}

static struct wn_str source_of(struct wn_world *w, const struct wn_sighting *x)
{
	return wn_str_of(wn_arena_printf(w->arena, "feed " WN_STR_FMT, WN_STR_ARG(x->feed)));
}

/* The id that the sighting's person has; nil: it names none. */
static struct wn_id person_id(struct wn_store *s, struct wn_world *w, const struct wn_account *a, const struct wn_sighting *x, struct wn_str *email)
{
	*email = s->has_key ? address_of(w, a, x) : (struct wn_str){NULL, 0};
	struct wn_str person = !email->n && x->contact.name.n ? wn_person_normalise(x->contact.name, w->arena) : (struct wn_str){NULL, 0};
	return email->n   ? wn_contact_id_of_address(wn_store_key(s), *email)
	       : person.n ? wn_contact_id_of_person(a->id, person)
			  : (struct wn_id){{0}};
}

/* Somebody named without address is the one of that name whom we know, if there is one. */
static struct wn_contact *contact_by_name(struct wn_world *w, const struct wn_account *a, struct wn_str name)
{
	struct wn_str person = name.n ? wn_person_normalise(name, w->arena) : (struct wn_str){NULL, 0};
	struct wn_contact *found = NULL;
	for (size_t i = 0; person.n && i < a->contacts.n; i++) {
		struct wn_contact *c = a->contacts.v[i];
		if (c->erased || !c->name.n || !wn_str_eq(wn_person_normalise(c->name, w->arena), person))
			continue;
		if (found)
			return NULL; /* two of them: which one is not known */
		found = c;
	}
	return found;
}

static struct wn_contact *row_named(struct wn_store *s, struct wn_world *w, const struct wn_account *a, const struct wn_sighting *x)
{
	struct wn_str email;
	struct wn_id id = person_id(s, w, a, x, &email);
	struct wn_contact *c = wn_id_is_nil(id) ? NULL : wn_account_contact(a, id);
	if (!c)
		c = contact_by_email(a, email);
	return c || email.n ? c : contact_by_name(w, a, x->contact.name);
}

struct wn_contact *contact_named(struct wn_store *s, struct wn_world *w, struct wn_account *a,
				 const struct wn_sighting *x)
{
	struct wn_str email, by = source_of(w, x);
	struct wn_id id = person_id(s, w, a, x, &email);
	if (wn_id_is_nil(id))
		return NULL;
	struct wn_contact *c = row_named(s, w, a, x);
	if (c && c->erased)
		return NULL;
	if (!c)
		c = contact_make(w, a, id, email);
	fill(w, a, c, "name", !c->name.n, wn_string(x->contact.name), by);
	fill(w, a, c, "position", !c->position.n, wn_string(x->contact.position), by);
	if (x->contact.department.n)
		fill(w, a, c, "department", !c->department.n, wn_string(x->contact.department), by);
	if (x->contact.level)
		fill(w, a, c, "level", !c->level, wn_int(x->contact.level), by);
	return c;
}

/* "NAME" is a trait of the account, "contact.NAME" of the person. */
void apply_traits(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const struct wn_sighting *x)
{
	const struct wn_str prefix = WN_STR("contact.");
	for (uint32_t i = 0; x->traits.kind == WN_MAP && i < x->traits.n; i++) {
		struct wn_str name = wn_value_str(x->traits.map[i].key);
		bool of_contact = name.n > prefix.n && memcmp(name.p, prefix.p, prefix.n) == 0;
		if (!of_contact)
			wn_traits_set(w, a, NULL, name, x->traits.map[i].value, WN_TRUST_FEED, source_of(w, x));
		else if (c)
			wn_traits_set(w, a, c, (struct wn_str){name.p + prefix.n, name.n - prefix.n},
				      x->traits.map[i].value, WN_TRUST_FEED, source_of(w, x));
	}
}

static void drop_contact(struct wn_intake *in, struct wn_account *a, const struct wn_contact *gone)
{
	size_t n = 0;
	for (size_t i = 0; i < a->contacts.n; i++)
		if (a->contacts.v[i] != gone)
			a->contacts.v[n++] = a->contacts.v[i];
	a->contacts.n = n;
	for (size_t i = 0; i < in->n; i++) {
		if (in->rows[i].contact != gone)
			continue;
		in->rows[i].contact = NULL;
		if (in->rows[i].signal && wn_id_eq(in->rows[i].signal->contact_id, gone->id))
			memset(&in->rows[i].signal->contact_id, 0, sizeof(struct wn_id));
	}
}

/* New contacts are asked for in the list of suppressions before they are kept. */
enum wn_rc forget_erased(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	struct wn_account **some = WN_NEW_N(w->arena, struct wn_account *, in->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct wn_contact *row = in->rows[i].account ? row_named(s, w, in->rows[i].account, &in->sightings[i]) : NULL;
		in->rows[i].forgotten = row && row->erased && !row->fresh;
		if (in->rows[i].contact && in->rows[i].contact->fresh)
			some[n++] = in->rows[i].account;
	}
	if (n)
		TRY(load_suppressions(s, w, some, n, err));
	for (size_t i = 0; i < in->n; i++)
		if (in->rows[i].contact && in->rows[i].contact->fresh && in->rows[i].contact->erased) {
			in->rows[i].forgotten = true;
			drop_contact(in, in->rows[i].account, in->rows[i].contact);
		}
	for (size_t i = 0; i < in->n; i++)
		if (in->rows[i].forgotten && in->rows[i].signal)
			wn_signal_blank(w, in->rows[i].signal, in->sightings[i].contact.name);
	return WN_OK;
}
