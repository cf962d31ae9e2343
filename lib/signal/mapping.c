/* SPDX-License-Identifier: MIT */
/*
 * A feed's mapping, compiled once: every CEL text with its place in the file, every name checked against the registry, so
 * that what is wrong with a mapping is said when the file is read and not with the first item.
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

static enum wn_rc compile(struct wn_mapping *m, const struct wn_cel_text *t, const struct cel_type *expect, const char *name,
			  struct cel_program **out, struct wn_err *err)
{
	struct cel_options opt = {.origin = t->place, .expect = expect};
	enum wn_rc rc = cel_compile(wn_registry_mapping_env(m->registry), t->text, &opt, out, err);

	return rc ? wn_fail_more(err, rc, "%s", name) : WN_OK;
}

static enum wn_rc compile_texts(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	const struct wn_cel_text *texts[WN_MT_COUNT] = {
#define X(slot, member, name) [WN_MT_##slot] = &src->member,
		WN_MAPPING_TEXT_LIST(X)
#undef X
	};

	for (int i = 0; i < WN_MT_COUNT; i++) {
		if (!texts[i]->text.p)
			continue;
		enum wn_rc rc = compile(m, texts[i], i == WN_MT_WHERE ? &cel_bool : NULL, wn_mapping_text_names[i], &m->programs[i], err);
		if (rc)
			return rc;
	}
	return WN_OK;
}

/* --- attributes and traits -------------------------------------------------------------------------------- */

static enum wn_rc unknown_name(const char *what, struct wn_str name, const char *near, struct wn_place at, struct wn_err *err)
{
	if (near)
		return wn_fail_at(err, WN_INVALID, at, "%s \"" WN_STR_FMT "\": did you mean \"%s\"?", what, WN_STR_ARG(name), near);
	return wn_fail_at(err, WN_INVALID, at, "%s \"" WN_STR_FMT "\"", what, WN_STR_ARG(name));
}

static enum wn_rc compile_attr(struct wn_mapping *m, const struct wn_mapping_attr *from, struct wn_err *err)
{
	const struct wn_attr_def *d = wn_registry_attr_of_kind(m->registry, m->kind, from->name);

	if (!d) {
		char what[120];
		snprintf(what, sizeof(what), "kind %s has no attribute", wn_registry_kind(m->registry, m->kind)->name);
		return unknown_name(what, from->name, wn_registry_nearest_attr(m->registry, m->kind, from->name), from->value.place, err);
	}
	for (size_t i = 0; i < m->attrs.n; i++)
		if (strcmp(m->attrs.v[i].name, d->name) == 0)
			return wn_fail_at(err, WN_INVALID, from->value.place, "attribute %s is given twice", d->name);
	struct wn_mapping_value *v = WN_PUSH(m->arena, &m->attrs);
	*v = (struct wn_mapping_value){.name = d->name, .type = d->type, .enum_values = d->enum_values};
	return compile(m, &from->value, NULL, d->name, &v->program, err);
}

static enum wn_rc compile_trait(struct wn_mapping *m, const struct wn_mapping_attr *from, struct wn_err *err)
{
	int number = wn_registry_trait_number(m->registry, WN_TRAIT_ACCOUNT, from->name);
	const struct wn_trait_def *d = wn_registry_trait(m->registry, number);

	if (!d)
		return unknown_name("no account trait", from->name, wn_registry_nearest_trait(m->registry, WN_TRAIT_ACCOUNT, from->name),
				    from->value.place, err);
	for (size_t i = 0; i < m->traits.n; i++)
		if (strcmp(m->traits.v[i].name, d->name) == 0)
			return wn_fail_at(err, WN_INVALID, from->value.place, "trait %s is given twice", d->name);
	struct wn_mapping_value *v = WN_PUSH(m->arena, &m->traits);
	*v = (struct wn_mapping_value){.name = d->name, .type = d->type, .enum_values = d->enum_values};
	return compile(m, &from->value, NULL, d->name, &v->program, err);
}

static enum wn_rc compile_values(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	enum wn_rc rc;

	if (m->kind < 0 && src->n_attrs > 0)
		return wn_fail_at(err, WN_INVALID, src->attrs[0].value.place, "attributes without a kind: `signal.kind` names it");
	for (size_t i = 0; i < src->n_attrs; i++)
		if ((rc = compile_attr(m, &src->attrs[i], err)))
			return rc;
	for (size_t i = 0; i < src->n_traits; i++)
		if ((rc = compile_trait(m, &src->traits[i], err)))
			return rc;
	if (m->kind < 0 && m->traits.n == 0)
		return wn_fail_at(err, WN_INVALID, src->kind_place, "a mapping gives a kind of signal or traits of accounts; this one neither");
	return WN_OK;
}

/* --- what is literal --------------------------------------------------------------------------------------- */

static enum wn_rc take_kind(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	m->kind = -1;
	if (src->kind.n == 0)
		return WN_OK;
	m->kind = wn_registry_kind_number(m->registry, src->kind);
	if (m->kind < 0)
		return unknown_name("no kind", src->kind, wn_registry_nearest_kind(m->registry, src->kind), src->kind_place, err);
	return WN_OK;
}

static enum wn_rc take_account_domain(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	if (src->account_domain.n == 0 || wn_domain_registrable(src->account_domain, m->arena, &m->account_domain))
		return WN_OK;
	return wn_fail_at(err, WN_INVALID, src->account_place, "account.domain \"" WN_STR_FMT "\" is no registrable domain",
			  WN_STR_ARG(src->account_domain));
}

static enum wn_rc take_literals(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	enum wn_rc rc = take_kind(m, src, err);

	if (rc || (rc = take_account_domain(m, src, err)))
		return rc;
	if (!(src->strength >= 0 && src->strength <= 1))
		return wn_fail(err, WN_INVALID, "strength of a feed must be above 0 and at most 1");
	m->strength = src->strength > 0 ? src->strength : 1;
	m->max_age_us = src->max_age_us;
	m->feed = wn_arena_str(m->arena, src->feed);
	if (!wn_domain_registrable(src->publisher, m->arena, &m->publisher))
		m->publisher = wn_text_lower_ascii(src->publisher, m->arena);
	struct wn_map_builder feed = wn_map_begin(m->arena);
	wn_map_set(&feed, "name", wn_string(m->feed));
	wn_map_set(&feed, "publisher", wn_string(m->publisher));
	wn_map_set(&feed, "url", wn_string(wn_arena_str(m->arena, src->feed_url)));
	m->feed_value = wn_map_end(&feed);
	return WN_OK;
}

/* --- the path of the items --------------------------------------------------------------------------------- */

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
		if (!is_name(key) || (from == 0 && !wn_str_is(key, "doc"))) {
			m->items_path.n = 0;
			return;
		}
		if (from > 0)
			*WN_PUSH(m->arena, &m->items_path) = wn_arena_str(m->arena, key);
		from = i + 1;
	}
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

static enum wn_rc fill(struct wn_mapping *m, const struct wn_mapping_source *src, struct wn_err *err)
{
	enum wn_rc rc;

	if ((rc = take_literals(m, src, err)) || (rc = compile_texts(m, src, err)) || (rc = compile_values(m, src, err)))
		return rc;
	take_items_path(m, src->items.text);
	return WN_OK;
}

enum wn_rc wn_mapping_compile(const struct wn_registry *r, const struct wn_mapping_source *src, struct wn_mapping **out,
			      struct wn_err *err)
{
	struct wn_mapping *m = wn_alloc(sizeof(*m));

	m->arena = wn_arena_new(0);
	m->registry = r;
	m->positions = src->positions;
	m->html_to_text = src->html_to_text;
	enum wn_rc rc = fill(m, src, err);
	if (rc) {
		wn_mapping_free(m);
		return rc;
	}
	*out = m;
	return WN_OK;
}

void wn_mapping_free(struct wn_mapping *m)
{
	if (!m)
		return;
	for (int i = 0; i < WN_MT_COUNT; i++)
		cel_program_free(m->programs[i]);
	for (size_t i = 0; i < m->attrs.n; i++)
		cel_program_free(m->attrs.v[i].program);
	for (size_t i = 0; i < m->traits.n; i++)
		cel_program_free(m->traits.v[i].program);
	wn_arena_free(m->arena);
	free(m);
}

bool wn_mapping_has_items(const struct wn_mapping *m) { return m->programs[WN_MT_ITEMS] != NULL; }
int wn_mapping_kind(const struct wn_mapping *m) { return m->kind; }

size_t wn_mapping_items_path(const struct wn_mapping *m, const struct wn_str **keys)
{
	*keys = m->items_path.v;
	return m->items_path.n;
}
