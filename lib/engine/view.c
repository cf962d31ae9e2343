/* SPDX-License-Identifier: MIT */
/*
 * How rules and templates read signals, accounts and contacts: the classes of the three records, by field
 * number of the registry. Reads rows and changes nothing; texts of ids and lists of publishers are made in the
 * world's arena.
 *
 * A field that is not set answers false (unknown in a rule): empty text, a time or level of 0, an attribute or
 * trait that is not stored. A trait with a default in the registry reads as it.
 */
#include "rule.h"

static const struct wn_registry *registry_of(const struct wn_world *w)
{
	return w->catalog->registry;
}

static bool give_text(struct wn_str s, struct wn_value *out)
{
	if (s.n == 0)
		return false;
	*out = wn_string(s);
	return true;
}

static bool give_time(int64_t us, struct wn_value *out)
{
	if (us == 0)
		return false;
	*out = wn_time_us(us);
	return true;
}

/* Ids of these rows live as long as the rows, but their text does not exist: it is made in the unit of work. */
static bool give_id(const struct wn_world *w, struct wn_id id, struct wn_value *out)
{
	if (wn_id_is_nil(id))
		return false;
	char *text = wn_arena_alloc(w->arena, 37);
	wn_id_to_text(id, text);
	*out = wn_cstring(text);
	return true;
}

/* --- signal -------------------------------------------------------------------------------------------- */
static bool give_publishers(const struct wn_signal *s, struct wn_value *out)
{
	struct wn_value *v = WN_NEW_N(s->world->arena, struct wn_value, s->n_publisher_list + 1);
	for (size_t i = 0; i < s->n_publisher_list; i++)
		v[i] = wn_string(s->publisher_list[i].domain);
	*out = wn_list(v, s->n_publisher_list);
	return true;
}

static bool signal_common(const struct wn_signal *s, uint32_t field, struct wn_value *out)
{
	switch ((enum wn_signal_field)field) {
	case WN_SF_KIND:
		*out = wn_cstring(wn_registry_kind(registry_of(s->world), s->kind)->name);
		return true;
	case WN_SF_OCCURRED_AT:
		return give_time(s->occurred_us, out);
	case WN_SF_PUBLISHED_AT:
		return give_time(s->published_us, out);
	case WN_SF_OBSERVED_AT:
		return give_time(s->observed_us, out);
	case WN_SF_AGE:
		*out = wn_duration_us(s->world->now_us - s->occurred_us);
		return true;
	case WN_SF_FRESHNESS:
		*out = cel_decaying(NULL,
				    wn_freshness(s->strength, s->publishers, s->occurred_us, s->half_life_us,
						 s->hard_stop_us, s->world->now_us),
				    s->half_life_us, s->hard_stop_us);
		return true;
	case WN_SF_PUBLISHERS:
		return give_publishers(s, out);
	case WN_SF_HEADLINE:
		return give_text(s->headline, out);
	case WN_SF_URL:
		return give_text(s->url, out);
	case WN_SF_CONTACT:
		return give_id(s->world, s->contact_id, out);
	case WN_SF_FEED:
		return give_text(s->feed, out);
	}
	return false;
}

static bool signal_get(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	const struct wn_signal *s = (const struct wn_signal *)self;
	if (field < WN_FIELD_ATTR0)
		return signal_common(s, field, out);
	if (field - WN_FIELD_ATTR0 >= wn_registry_attrs(registry_of(s->world)))
		return false;
	struct wn_value v =
	    wn_value_at(s->attrs, wn_registry_attr(registry_of(s->world), (int)(field - WN_FIELD_ATTR0))->name);
	if (v.kind == WN_ABSENT || v.kind == WN_NULL)
		return false;
	*out = v;
	return true;
}

/* --- traits -------------------------------------------------------------------------------------------- */
/* Stored, else computed: what has() asks for. */
static bool trait_known(const struct wn_account *a, const struct wn_contact *c, uint32_t field, struct wn_value *out)
{
	const struct wn_world *w = c ? c->world : a->world;
	if (field - WN_FIELD_TRAIT0 >= wn_registry_traits(registry_of(w)))
		return false;
	int trait = (int)(field - WN_FIELD_TRAIT0);
	struct wn_value v = wn_trait_value(c ? c->traits : wn_account_traits(a),
					   wn_str_of(wn_registry_trait(registry_of(w), trait)->name));
	if (v.kind == WN_ABSENT || v.kind == WN_NULL)
		return rule_trait_value(w, a, c, trait, out);
	*out = v;
	return true;
}

/* Else its default: an assumption. */
static bool trait_get(const struct wn_account *a, const struct wn_contact *c, uint32_t field, struct wn_value *out)
{
	if (trait_known(a, c, field, out))
		return true;
	const struct wn_trait_def *def =
	    wn_registry_trait(registry_of(c ? c->world : a->world), (int)(field - WN_FIELD_TRAIT0));
	if (!def || def->dflt.kind == WN_ABSENT)
		return false;
	*out = def->dflt;
	return true;
}

/* --- account ------------------------------------------------------------------------------------------- */
static bool account_get(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	const struct wn_account *a = (const struct wn_account *)self;
	if (field >= WN_FIELD_TRAIT0)
		return trait_get(a, NULL, field, out);
	switch ((enum wn_account_field)field) {
	case WN_AF_ID:
		return give_id(a->world, a->id, out);
	case WN_AF_NAME:
		return give_text(a->name, out);
	case WN_AF_DOMAIN:
		return give_text(a->domain, out);
	case WN_AF_STATE:
		return give_text(a->state, out);
	case WN_AF_KNOWN_SINCE:
		return give_time(a->known_since_us, out);
	}
	return false;
}

/* --- contact ------------------------------------------------------------------------------------------- */
static bool contact_name_part(const struct wn_contact *c, bool want_first, struct wn_value *out)
{
	struct wn_str first, last;
	wn_person_split(c->name, &first, &last);
	return give_text(want_first ? first : last, out);
}

static bool contact_get(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	const struct wn_contact *c = (const struct wn_contact *)self;
	if (field >= WN_FIELD_TRAIT0)
		return trait_get(c->account, c, field, out);
	switch ((enum wn_contact_field)field) {
	case WN_CF_ID:
		return give_id(c->world, c->id, out);
	case WN_CF_EMAIL:
		return give_text(c->email, out);
	case WN_CF_NAME:
		return give_text(c->name, out);
	case WN_CF_FIRST_NAME:
	case WN_CF_LAST_NAME:
		return contact_name_part(c, field == WN_CF_FIRST_NAME, out);
	case WN_CF_POSITION:
		return give_text(c->position, out);
	case WN_CF_DEPARTMENT:
		return give_text(c->department, out);
	case WN_CF_LEVEL:
		*out = wn_int(c->level);
		return c->level != 0;
	case WN_CF_TIME_ZONE:
		return give_text(c->time_zone, out);
	case WN_CF_SUBJECT:
		*out = wn_bool(c->subject);
		return true;
	}
	return false;
}

static bool account_has(const struct wn_object *self, uint32_t field)
{
	struct wn_value v;
	if (field >= WN_FIELD_TRAIT0)
		return trait_known((const struct wn_account *)self, NULL, field, &v);
	return account_get(self, field, &v);
}

static bool contact_has(const struct wn_object *self, uint32_t field)
{
	const struct wn_contact *c = (const struct wn_contact *)self;
	struct wn_value v;
	if (field >= WN_FIELD_TRAIT0)
		return trait_known(c->account, c, field, &v);
	return contact_get(self, field, &v);
}

const struct wn_class wn_signal_class = {.name = "signal", .get = signal_get};
const struct wn_class wn_account_class = {"account", account_get, account_has};
const struct wn_class wn_contact_class = {"contact", contact_get, contact_has};

static const struct cel_record *record_of(const struct wn_object *o)
{
	if (o->cls == &wn_signal_class)
		return wn_registry_signal_record(registry_of(((const struct wn_signal *)o)->world));
	if (o->cls == &wn_account_class)
		return wn_registry_account_record(registry_of(((const struct wn_account *)o)->world));
	if (o->cls == &wn_contact_class)
		return wn_registry_contact_record(registry_of(((const struct wn_contact *)o)->world));
	return NULL;
}

bool wn_view_field(const struct wn_object *o, struct wn_str name, struct wn_value *out)
{
	const struct cel_record *r = record_of(o);
	for (size_t i = 0; r && i < r->n_fields; i++)
		if (wn_str_is(name, r->fields[i].name))
			return o->cls->get(o, r->fields[i].number, out);
	return false;
}
