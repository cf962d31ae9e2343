/* SPDX-License-Identifier: MIT */
/*
 * A feed's mapping as written: every CEL text with its place in the file, every name checked against the
 * registry, so that what is wrong with a mapping is said when the file is read and not with the first item.
 */
#include "mapping.h"
#include "registry.h"
#include <whynow/text.h>

#include <stdio.h>
#include <stdlib.h>

const char *const wn_mapping_text_names[WN_MT_COUNT] = {
#define X(slot, member, name) [WN_MT_##slot] = name,
    WN_MAPPING_TEXT_LIST(X)
#undef X
};

/* Zeroed memory that lives as long as the mapping. */
static void *piece(struct wn_mapping *m, size_t size)
{
	struct wn_mapping_piece *p = wn_alloc(sizeof(*p) + size);

	p->next = m->pieces;
	m->pieces = p;
	return p->bytes;
}

static struct wn_str keep_str(struct wn_mapping *m, struct wn_str s)
{
	if (s.n == 0)
		return WN_STR("");
	char *p = piece(m, s.n + 1);
	memcpy(p, s.p, s.n);
	return (struct wn_str){p, s.n};
}

static struct wn_cel_text keep(struct wn_mapping *m, const struct wn_cel_text *t)
{
	struct wn_cel_text kept = *t;

	if (t->text.p)
		kept.text = keep_str(m, t->text);
	if (t->place.file && (!m->file || strcmp(m->file, t->place.file) != 0))
		m->file = keep_str(m, wn_str_of(t->place.file)).p;
	kept.place.file = t->place.file ? m->file : NULL;
	return kept;
}

static void take_texts(struct wn_mapping *m, const struct wn_mapping_source *src)
{
#define X(slot, member, name) m->texts[WN_MT_##slot] = keep(m, &src->member);
	WN_MAPPING_TEXT_LIST(X)
#undef X
}

/* --- attributes and traits ---------------------------------------------------------------------------- */

static enum wn_rc unknown_name(const char *what, struct wn_str name, const char *near, struct wn_place at,
			       struct wn_err *err)
{
	if (near)
		return wn_fail_at(err, WN_INVALID, at, "%s \"" WN_STR_FMT "\": did you mean \"%s\"?", what,
				  WN_STR_ARG(name), near);
	return wn_fail_at(err, WN_INVALID, at, "%s \"" WN_STR_FMT "\"", what, WN_STR_ARG(name));
}

static enum wn_rc take_attr(struct wn_mapping *m, const struct wn_mapping_attr *from, struct wn_err *err)
{
	const struct wn_attr_def *d = wn_registry_attr_of_kind(m->registry, m->kind, from->name);

	if (!d) {
		char what[120];
		snprintf(what, sizeof(what), "kind %s has no attribute",
			 wn_registry_kind(m->registry, m->kind)->name);
		return unknown_name(what, from->name,
				    wn_registry_nearest_attr(m->registry, m->kind, from->name),
				    from->value.place, err);
	}
	for (size_t i = 0; i < m->attrs.n; i++)
		if (strcmp(m->attrs.v[i].name, d->name) == 0)
			return wn_fail_at(err, WN_INVALID, from->value.place, "attribute %s is given twice",
					  d->name);
	struct wn_mapping_value *v = &m->attrs.v[m->attrs.n++];
	*v = (struct wn_mapping_value){
	    .name = d->name, .type = d->type, .enum_values = d->enum_values, .text = keep(m, &from->value)};
	return WN_OK;
}

static enum wn_rc take_trait(struct wn_mapping *m, const struct wn_mapping_attr *from, struct wn_err *err)
{
	int number = wn_registry_trait_number(m->registry, WN_TRAIT_ACCOUNT, from->name);
	const struct wn_trait_def *d = wn_registry_trait(m->registry, number);

	if (!d)
		return unknown_name("no account trait", from->name,
				    wn_registry_nearest_trait(m->registry, WN_TRAIT_ACCOUNT, from->name),
				    from->value.place, err);
	for (size_t i = 0; i < m->traits.n; i++)
		if (strcmp(m->traits.v[i].name, d->name) == 0)
			return wn_fail_at(err, WN_INVALID, from->value.place, "trait %s is given twice",
					  d->name);
	struct wn_mapping_value *v = &m->traits.v[m->traits.n++];
	*v = (struct wn_mapping_value){
	    .name = d->name, .type = d->type, .enum_values = d->enum_values, .text = keep(m, &from->value)};
	return WN_OK;
}

static enum wn_rc take_values(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	enum wn_rc rc;

	if (m->kind < 0 && src->n_attrs > 0)
		return wn_fail_at(err, WN_INVALID, src->attrs[0].value.place,
				  "attributes without a kind: `signal.kind` names it");
	m->attrs.v = piece(m, src->n_attrs * sizeof(*m->attrs.v));
	m->traits.v = piece(m, src->n_traits * sizeof(*m->traits.v));
	for (size_t i = 0; i < src->n_attrs; i++)
		if ((rc = take_attr(m, &src->attrs[i], err)))
			return rc;
	for (size_t i = 0; i < src->n_traits; i++)
		if ((rc = take_trait(m, &src->traits[i], err)))
			return rc;
	if (m->kind < 0 && m->traits.n == 0 && !src->news && !src->has_outcome)
		return wn_fail_at(err, WN_INVALID, src->kind_place,
				  "a mapping gives a kind of signal or traits of accounts; this one neither");
	return WN_OK;
}

/* --- what is literal ---------------------------------------------------------------------------------- */

static enum wn_rc take_kind(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	m->kind = -1;
	if (src->kind.n == 0)
		return WN_OK;
	m->kind = wn_registry_kind_number(m->registry, src->kind);
	if (m->kind < 0)
		return unknown_name("no kind", src->kind, wn_registry_nearest_kind(m->registry, src->kind),
				    src->kind_place, err);
	return WN_OK;
}

static enum wn_rc take_account_domain(struct wn_mapping *m, const struct wn_mapping_source *src,
				      struct wn_arena *a, struct wn_err *err)
{
	struct wn_str domain = WN_STR("");

	if (src->account_domain.n > 0 && !wn_domain_registrable(src->account_domain, a, &domain))
		return wn_fail_at(err, WN_INVALID, src->account_place,
				  "account.domain \"" WN_STR_FMT "\" is no registrable domain",
				  WN_STR_ARG(src->account_domain));
	m->account_domain = keep_str(m, domain);
	return WN_OK;
}

/* `feed` of CEL, and what of it goes into every sighting. */
static void take_feed(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_arena *a)
{
	struct wn_str publisher;

	if (!wn_domain_registrable(src->publisher, a, &publisher))
		publisher = wn_text_lower_ascii(src->publisher, a);
	m->feed = keep_str(m, src->feed);
	m->publisher = keep_str(m, publisher);
	m->feed_fields[0] = (struct wn_entry){wn_cstring("name"), wn_string(m->feed)};
	m->feed_fields[1] = (struct wn_entry){wn_cstring("publisher"), wn_string(m->publisher)};
	m->feed_fields[2] = (struct wn_entry){wn_cstring("url"), wn_string(keep_str(m, src->feed_url))};
	m->feed_value = wn_map(m->feed_fields, WN_COUNT(m->feed_fields));
}

static enum wn_rc take_literals(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	enum wn_rc rc = take_kind(m, src, err);

	if (rc || (rc = take_account_domain(m, src, a, err)))
		return rc;
	if (!(src->strength >= 0 && src->strength <= 1))
		return wn_fail(err, WN_INVALID, "strength of a feed must be above 0 and at most 1");
	m->strength = src->strength > 0 ? src->strength : 1;
	m->max_age_us = src->max_age_us;
	take_feed(m, src, a);
	return WN_OK;
}

/* --- the path of the items ---------------------------------------------------------------------------- */

static bool is_name(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.n > 0;
}

/* `doc.a.b` and nothing else; any other text leaves the path empty. */
static void take_items_path(struct wn_mapping *m, struct wn_str text)
{
	struct wn_str s = wn_text_trim(text.p ? text : WN_STR(""));
	size_t from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '.')
			continue;
		struct wn_str key = {s.p + from, i - from};
		if (!is_name(key) || (from == 0 && !wn_str_is(key, "doc")) ||
		    m->items_path_n == WN_MAPPING_PATH_MAX) {
			m->items_path_n = 0;
			return;
		}
		if (from > 0)
			m->items_path[m->items_path_n++] = keep_str(m, key);
		from = i + 1;
	}
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static enum wn_rc fill(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	enum wn_rc rc;

	if ((rc = take_literals(m, src, err)) || (rc = take_values(m, src, err)))
		return rc;
	take_texts(m, src);
	take_items_path(m, src->items.text);
	return wn_mapping_warm(m, err);
}

static bool reads_now(const struct cel_node *n)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);

	if (cel_node_kind(n) == CEL_NODE_IDENT && cel_node_look(n).variable == WN_MV_NOW)
		return true;
	for (size_t i = 0; i < n_args; i++)
		if (reads_now(args[i]))
			return true;
	return false;
}

static bool is_by_time(const struct wn_mapping *m)
{
	const struct cel_program *p[] = {m->programs[WN_MT_ITEMS], m->programs[WN_MT_WHERE]};

	return (p[0] && reads_now(cel_program_root(p[0]))) || (p[1] && reads_now(cel_program_root(p[1])));
}

enum wn_rc wn_mapping_compile(const struct wn_registry *r, const struct wn_mapping_source *src,
			      struct wn_mapping **out, struct wn_err *err)
{
	struct wn_mapping *m = wn_alloc(sizeof(*m));

	m->registry = r;
	m->positions = src->positions;
	m->news = src->news;
	m->html_to_text = src->html_to_text;
	m->has_outcome = src->has_outcome;
	enum wn_rc rc = fill(m, src, err);
	if (rc) {
		wn_mapping_free(m);
		return rc;
	}
	m->by_time = is_by_time(m);
	*out = m;
	return WN_OK;
}

void wn_mapping_free(struct wn_mapping *m)
{
	if (!m)
		return;
	wn_mapping_cool(m);
	for (struct wn_mapping_piece *p = m->pieces, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	free(m);
}

bool wn_mapping_has_items(const struct wn_mapping *m)
{
	return m->texts[WN_MT_ITEMS].text.p != NULL;
}
bool wn_mapping_is_by_time(const struct wn_mapping *m)
{
	return m->by_time;
}
bool wn_mapping_is_news(const struct wn_mapping *m)
{
	return m->news != NULL;
}
bool wn_mapping_gives_outcomes(const struct wn_mapping *m)
{
	return m->has_outcome;
}
bool wn_mapping_gives_sightings(const struct wn_mapping *m)
{
	return m->kind >= 0 || m->traits.n > 0 || m->news;
}
int wn_mapping_kind(const struct wn_mapping *m)
{
	return m->kind;
}

size_t wn_mapping_items_path(const struct wn_mapping *m, const struct wn_str **keys)
{
	*keys = m->items_path;
	return m->items_path_n;
}
