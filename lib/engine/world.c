/* SPDX-License-Identifier: MIT */
/* Finding things in a world, and small questions about the catalogue. No decisions here. */
#include "engine_internal.h"
#include <strings.h>

struct wn_account *wn_world_account(const struct wn_world *w, struct wn_id id)
{
	for (size_t lo = 0, hi = w->accounts.n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		struct wn_account *a = w->accounts.v[mid];
		int by = a->bucket - wn_id_bucket(id);
		if (by == 0)
			by = wn_id_cmp(a->id, id);
		if (by == 0)
			return a;
		if (by < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Opened campaigns are appended behind the sorted ones of the load, hence the walk; a unit of work has few. */
struct wn_campaign *wn_world_campaign(const struct wn_world *w, struct wn_id id)
{
	for (size_t i = 0; i < w->campaigns.n; i++)
		if (wn_id_eq(w->campaigns.v[i]->id, id))
			return w->campaigns.v[i];
	return NULL;
}

struct wn_signal *wn_account_signal(const struct wn_account *a, struct wn_id key)
{
	for (size_t i = 0; i < a->signals.n; i++)
		if (wn_id_eq(a->signals.v[i]->key, key))
			return a->signals.v[i];
	return NULL;
}

struct wn_contact *wn_account_contact(const struct wn_account *a, struct wn_id id)
{
	for (size_t i = 0; i < a->contacts.n; i++)
		if (wn_id_eq(a->contacts.v[i]->id, id))
			return a->contacts.v[i];
	return NULL;
}

struct wn_value wn_traits_typed(const struct wn_registry *r, enum wn_trait_of of, struct wn_value traits, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	for (uint32_t i = 0; traits.kind == WN_MAP && i < traits.n; i++) {
		struct wn_str name = wn_value_str(traits.map[i].key);
		int number = wn_registry_trait_number(r, of, name);
		struct wn_value one = traits.map[i].value, v;
		if (number >= 0 && wn_attr_coerce(wn_registry_trait(r, number)->type, wn_registry_trait(r, number)->enum_values,
						  wn_value_at(one, "v"), a, &v, NULL) == WN_OK) {
			struct wn_map_builder t = wn_map_begin(a);
			for (uint32_t k = 0; one.kind == WN_MAP && k < one.n; k++)
				wn_map_put(&t, wn_value_str(one.map[k].key), one.map[k].value);
			wn_map_set(&t, "v", v);
			one = wn_map_end(&t);
		}
		wn_map_put(&m, name, one);
	}
	return wn_map_end(&m);
}

struct wn_value wn_account_traits(const struct wn_account *a)
{
	if (a->traits.kind != WN_ABSENT || !a->stored_traits.n)
		return a->traits;
	struct wn_account *fill = (struct wn_account *)a; /* the same account, said otherwise */
	struct wn_value v = {0};
	if (wn_json_parse(a->stored_traits, NULL, a->world->arena, &v, NULL))
		v = (struct wn_value){0};
	fill->traits = wn_traits_typed(a->world->catalog->registry, WN_TRAIT_ACCOUNT, v, a->world->arena);
	return fill->traits;
}

struct wn_value wn_trait_value(struct wn_value traits, struct wn_str name)
{
	return wn_value_at(wn_value_get(traits, name), "v");
}

static const struct wn_segment *find_segment(const struct wn_segment *const *v, size_t n, struct wn_str name, int version)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_is(name, v[i]->name) && (version == 0 || v[i]->version == version))
			return v[i];
	return NULL;
}

const struct wn_segment *wn_catalog_segment(const struct wn_catalog *c, struct wn_str name, int version)
{
	const struct wn_segment *s = c->segments_by_name ? wn_segment_set_find(c->segments_by_name, name, version)
							 : find_segment(c->segments, c->n_segments, name, version);
	if (s || version == 0)
		return s;
	return c->older_by_name ? wn_segment_set_find(c->older_by_name, name, version) : find_segment(c->older, c->n_older, name, version);
}

static bool feed_reports(const struct wn_feed_view *f, int kind)
{
	for (size_t i = 0; i < f->n_reports; i++)
		if (f->reports[i] == kind)
			return true;
	return false;
}

static bool evidence_has_kind_of(const struct wn_member *m, const struct wn_feed_view *f)
{
	for (size_t i = 0; i < m->evidence.n; i++)
		if (!m->evidence.v[i]->removed && feed_reports(f, m->evidence.v[i]->kind))
			return true;
	return false;
}

bool wn_catalog_is_blind(const struct wn_catalog *c, const struct wn_member *m)
{
	bool any = false;
	for (size_t i = 0; i < c->n_feeds; i++) {
		if (!evidence_has_kind_of(m, &c->feeds[i]))
			continue;
		if (!c->feeds[i].blind)
			return false;
		any = true;
	}
	return any;
}

static bool says(struct wn_str text, struct wn_str name)
{
	for (size_t i = 0; name.n && i + name.n <= text.n; i++)
		if (strncasecmp(text.p + i, name.p, name.n) == 0)
			return true;
	return false;
}

/* The last word of a name: what a headline calls the person by. */
static struct wn_str surname(struct wn_str name)
{
	size_t from = name.n;
	while (from > 0 && name.p[from - 1] != ' ')
		from--;
	return (struct wn_str){name.p + from, name.n - from};
}

void wn_signal_blank(struct wn_world *w, struct wn_signal *s, struct wn_str name)
{
	struct wn_map_builder attrs = wn_map_begin(w->arena), conflicts = wn_map_begin(w->arena);
	struct wn_str last = surname(name);
	for (uint32_t i = 0; s->attrs.kind == WN_MAP && i < s->attrs.n; i++)
		if (!wn_str_is(wn_value_str(s->attrs.map[i].key), "person"))
			wn_map_put(&attrs, wn_value_str(s->attrs.map[i].key), s->attrs.map[i].value);
	for (uint32_t i = 0; s->conflicts.kind == WN_MAP && i < s->conflicts.n; i++)
		if (!wn_str_is(wn_value_str(s->conflicts.map[i].key), "person"))
			wn_map_put(&conflicts, wn_value_str(s->conflicts.map[i].key), s->conflicts.map[i].value);
	s->attrs = wn_map_end(&attrs);
	if (s->conflicts.kind == WN_MAP)
		s->conflicts = wn_map_end(&conflicts);
	struct wn_str *texts[] = {&s->headline, &s->span, &s->url};
	for (size_t i = 0; i < WN_COUNT(texts); i++)
		if (!name.n || says(*texts[i], last))
			*texts[i] = (struct wn_str){NULL, 0};
	s->dirty = true;
}

bool trait_forbids(struct wn_value traits)
{
	struct wn_value v = wn_trait_value(traits, WN_STR("do_not_contact"));
	return v.kind == WN_BOOL && v.b;
}

bool may_not_contact(const struct wn_account *a)
{
	return a->do_not_contact || trait_forbids(wn_account_traits(a));
}
