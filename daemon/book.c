/* SPDX-License-Identifier: MIT */
/*
 * Compiling the configuration: kinds and traits to a registry, feeds to mappings and views, sinks to views. What feeds
 * and segments mean is decided in lib/; here texts are only handed over with their places.
 */
#include "book.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/feed.h>
#include <whynow/limits.h>

static const char **strings_to_c(struct wn_arena *a, const struct wn_yaml_strings *s)
{
	const char **out = WN_NEW_N(a, const char *, s->n + 1);
	for (size_t i = 0; i < s->n; i++)
		out[i] = wn_arena_strdup(a, s->v[i]);
	return out;
}

/* --------------------------------------------------------------------------------------------------- registry */
static enum wn_rc add_kind(struct wn_book *b, const struct wn_kind_conf *k, struct wn_err *err)
{
	struct wn_attr_def *attrs = WN_NEW_N(b->arena, struct wn_attr_def, k->n_attributes + 1);
	for (size_t i = 0; i < k->n_attributes; i++) {
		const struct wn_attr_conf *from = &k->attributes[i];
		attrs[i] = (struct wn_attr_def){.name = wn_arena_strdup(b->arena, from->name),
						.type = (enum wn_attr_type)from->type,
						.enum_values = from->values.n ? strings_to_c(b->arena, &from->values) : NULL,
						.identity = from->identity,
						.money = from->money};
	}
	struct wn_kind_def def = {.name = wn_arena_strdup(b->arena, k->name),
				  .strength = k->strength,
				  .same_within_us = k->same_within_us,
				  .half_life_us = k->half_life_us,
				  .hard_stop_us = k->hard_stop_us,
				  .first_touch_us = k->first_touch_us,
				  .attrs = attrs,
				  .n_attrs = k->n_attributes};
	return wn_registry_add_kind(b->registry, &def, err);
}

static const struct wn_trait_choice *choices_of(struct wn_book *b, const struct wn_trait_conf *t)
{
	const struct wn_trait_rule *rules = t->rules.v;
	struct wn_trait_choice *out = WN_NEW_N(b->arena, struct wn_trait_choice, t->rules.n + 1);
	for (size_t i = 0; i < t->rules.n; i++)
		out[i] = (struct wn_trait_choice){rules[i].when.text, rules[i].when.at, rules[i].value};
	return out;
}

static enum wn_rc add_trait(struct wn_book *b, const struct wn_trait_conf *t, struct wn_err *err)
{
	struct wn_trait_def def = {.name = wn_arena_strdup(b->arena, t->name),
				   .of = (enum wn_trait_of)t->of,
				   .type = (enum wn_attr_type)t->type,
				   .enum_values = t->values.n ? strings_to_c(b->arena, &t->values) : NULL,
				   .dflt = t->def,
				   .choices = choices_of(b, t),
				   .n_choices = t->rules.n,
				   .from_attribute = t->from.node ? wn_arena_strdup(b->arena, t->from.attribute) : NULL,
				   .from_kinds = t->from.kinds.n ? strings_to_c(b->arena, &t->from.kinds) : NULL,
				   .from_first = t->from.pick == WN_PICK_FIRST};
	return wn_registry_add_trait(b->registry, &def, err);
}

static enum wn_rc make_registry(struct wn_book *b, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	b->registry = wn_registry_new();
	for (size_t i = 0; i < b->config->n_kinds && rc == WN_OK; i++)
		rc = add_kind(b, &b->config->kinds[i], err);
	for (size_t i = 0; i < b->config->n_traits && rc == WN_OK; i++)
		rc = add_trait(b, &b->config->traits[i], err);
	if (rc == WN_OK)
		rc = wn_registry_seal(b->registry, err);
	if (rc)
		return rc;
	b->rules = wn_rules_new(b->registry);
	return wn_rules_compile_traits(b->rules, err);
}

/* ------------------------------------------------------------------------------------------------------ feeds */
static struct wn_cel_text cel_text(const struct wn_yaml_text *t) { return (struct wn_cel_text){t->text, t->at}; }

static const struct wn_mapping_attr *mapping_attrs(struct wn_arena *a, const struct wn_conf_exprs *e)
{
	struct wn_mapping_attr *out = WN_NEW_N(a, struct wn_mapping_attr, e->n + 1);
	for (size_t i = 0; i < e->n; i++)
		out[i] = (struct wn_mapping_attr){e->v[i].name, cel_text(&e->v[i].cel)};
	return out;
}

static bool has_document(enum wn_conf_format f)
{
	return f == WN_CONF_FORMAT_JSON || f == WN_CONF_FORMAT_JSONL || f == WN_CONF_FORMAT_AUTO;
}

/* A value of outcome: as written; {0}: not there. */
static struct wn_cel_text outcome_text(const struct wn_feed_conf *f, const char *name)
{
	for (size_t i = 0; i < f->outcome.n; i++)
		if (wn_str_is(f->outcome.v[i].name, name))
			return cel_text(&f->outcome.v[i].cel);
	return (struct wn_cel_text){0};
}

static enum wn_rc check_outcome(const struct wn_feed_conf *f, struct wn_err *err)
{
	enum wn_outcome_kind kind;
	const char *names[WN_OUTCOME_UNSUBSCRIBE + 1];
	if (!f->outcome_kind.p || wn_outcome_from_text(f->outcome_kind, &kind))
		return WN_OK;
	for (int k = 0; k <= WN_OUTCOME_UNSUBSCRIBE; k++)
		names[k] = wn_outcome_to_text((enum wn_outcome_kind)k);
	const char *near = wn_nearest(f->outcome_kind, names, WN_COUNT(names));
	return wn_fail_at(err, WN_INVALID, f->outcome_kind_at, "there is no outcome \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(f->outcome_kind),
			  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static struct wn_mapping_source mapping_source(struct wn_book *b, const struct wn_feed_conf *f)
{
	return (struct wn_mapping_source){
		.feed = f->name,
		.feed_url = f->url,
		.publisher = f->publisher,
		.positions = b->positions,
		.news = f->extract == WN_EXTRACT_NEWS ? b->news : NULL,
		.html_to_text = wn_html_to_text,
		.strength = f->strength,
		.max_age_us = f->max_age_us,
		.has_doc = has_document(f->format),
		.items = cel_text(&f->items),
		.id = cel_text(&f->id),
		.where = cel_text(&f->where),
		.account_domain = f->account.domain,
		.account_place = wn_yaml_place(wn_yaml_get(f->account.node, "domain")),
		.account_name = cel_text(&f->account.name),
		.domain_from = cel_text(&f->account.domain_from),
		.email_from = cel_text(&f->account.email_from),
		.kind = f->signal_kind,
		.kind_place = f->signal_kind_at,
		.occurred_at = cel_text(&f->common.occurred_at),
		.published_at = cel_text(&f->common.published_at),
		.headline = cel_text(&f->common.headline),
		.url = cel_text(&f->common.url),
		.contact_name = cel_text(&f->contact.name),
		.contact_email = cel_text(&f->contact.email),
		.contact_position = cel_text(&f->contact.position),
		.source = cel_text(&f->source),
		.cursor = cel_text(f->mode == WN_FEED_STREAM ? &f->stream.cursor : &f->page.cursor),
		.has_outcome = f->outcome_kind.p != NULL,
		.outcome = {outcome_text(f, "occurred_at"), outcome_text(f, "key"), outcome_text(f, "account"), outcome_text(f, "email"),
			    outcome_text(f, "touch"), outcome_text(f, "campaign"), outcome_text(f, "value"), outcome_text(f, "cost"),
			    outcome_text(f, "currency"), outcome_text(f, "note")},
		.attrs = mapping_attrs(b->arena, &f->signal),
		.n_attrs = f->signal.n,
		.traits = mapping_attrs(b->arena, &f->traits),
		.n_traits = f->traits.n,
	};
}

static void view_reports(struct wn_book *b, const struct wn_feed_conf *f, struct wn_feed_view *v)
{
	int *kinds = WN_NEW_N(b->arena, int, f->reports.kinds.n + 1);
	for (size_t i = 0; i < f->reports.kinds.n; i++) {
		int kind = wn_registry_kind_number(b->registry, f->reports.kinds.v[i]);
		if (kind >= 0)
			kinds[v->n_reports++] = kind;
	}
	v->reports = kinds;
	v->scope_all = f->reports.scope == WN_SCOPE_ALL;
	v->scope = f->reports.scope == WN_SCOPE_LIST ? strings_to_c(b->arena, &f->reports.domains) : NULL;
}

static int by_feed_name(const void *a, const void *b)
{
	const struct wn_book_feed *x = *(const struct wn_book_feed *const *)a, *y = *(const struct wn_book_feed *const *)b;
	return wn_str_cmp(x->conf->name, y->conf->name);
}

/* A feed whose mapping cannot be used says why. */
static void make_mapping(struct wn_book *b, struct wn_book_feed *f)
{
	struct wn_mapping_source src = mapping_source(b, f->conf);
	struct wn_err err = {0};
	if (check_outcome(f->conf, &err) == WN_OK && wn_mapping_compile(b->registry, &src, &f->mapping, &err) == WN_OK)
		return;
	f->mapping = NULL;
	struct wn_place at = wn_yaml_place(f->conf->node);
	err.place.file = at.file; /* the mapping's own copy is gone */
	if (!err.place.line)
		err.place = at;
	struct wn_err *kept = WN_NEW(b->arena, struct wn_err);
	*kept = err;
	f->error = kept;
}

static void make_feeds(struct wn_book *b)
{
	const struct wn_config *c = b->config;
	b->n_feeds = c->n_feeds;
	b->feeds = WN_NEW_N(b->arena, struct wn_book_feed, c->n_feeds + 1);
	b->views = WN_NEW_N(b->arena, struct wn_feed_view, c->n_feeds + 1);
	b->by_name = WN_NEW_N(b->arena, const struct wn_book_feed *, c->n_feeds + 1);
	for (size_t i = 0; i < c->n_feeds; i++) {
		struct wn_book_feed *f = &b->feeds[i];
		f->conf = &c->feeds[i];
		f->view = &b->views[i];
		*f->view = (struct wn_feed_view){.name = wn_arena_strdup(b->arena, c->feeds[i].name), .good_since_us = WN_NEVER};
		view_reports(b, f->conf, f->view);
		make_mapping(b, f);
		b->by_name[i] = f;
	}
	qsort(b->by_name, c->n_feeds, sizeof(*b->by_name), by_feed_name);
}

/* ---------------------------------------------------------------------------------------------------- the rest */
static enum wn_rc read_file(const char *path, struct wn_arena *a, struct wn_str *out, struct wn_err *err)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return wn_fail(err, WN_NOT_FOUND, "%s: cannot be read", path);
	char *bytes = wn_arena_alloc(a, WN_CONF_FILE_MAX);
	size_t n = fread(bytes, 1, WN_CONF_FILE_MAX, f);
	bool over = n == WN_CONF_FILE_MAX;
	fclose(f);
	*out = (struct wn_str){bytes, n};
	return over ? wn_fail(err, WN_LIMIT, "%s: larger than %u bytes", path, WN_CONF_FILE_MAX) : WN_OK;
}

/* The table of positions is data of the installation; without it department() and level() simply have no answer. */
static enum wn_rc make_positions(struct wn_book *b, struct wn_err *err)
{
	struct wn_str text;
	struct wn_arena *scratch = wn_arena_new(0);
	const char *path = wn_arena_printf(b->arena, WN_STR_FMT "/positions", WN_STR_ARG(b->config->options.dirs.extract));
	enum wn_rc rc = read_file(path, scratch, &text, err);
	if (rc == WN_OK)
		rc = wn_positions_parse(text, path, &b->positions, err);
	wn_arena_free(scratch);
	return rc == WN_NOT_FOUND ? WN_OK : rc;
}

static enum wn_rc make_exclude(struct wn_book *b, struct wn_err *err)
{
	const struct wn_yaml_text *t = &b->config->options.exclude;
	if (!t->text.p || !t->text.n)
		return WN_OK;
	return wn_rules_compile_exclude(b->rules, t->text, t->at, &b->exclude, err);
}

static void make_catalog(struct wn_book *b, const char *instance)
{
	const struct wn_options *o = &b->config->options;
	b->catalog = (struct wn_catalog){
		.registry = b->registry,
		.rules = b->rules,
		.sinks = b->sinks,
		.n_sinks = b->n_sinks,
		.feeds = b->views,
		.n_feeds = b->n_feeds,
		.exclude = b->exclude,
		.signals_kept_us = o->retention.signals_us,
		.caps = {.contact = (int)o->caps.contact.n, .contact_us = o->caps.contact.per_us,
			 .account = (int)o->caps.account.n, .account_us = o->caps.account.per_us,
			 .email = (int)o->caps.email_contact.n, .email_us = o->caps.email_contact.per_us,
			 .rank_window_us = o->caps.rank_window_us},
		.redirect_to = o->touches.redirect_to.n ? wn_arena_strdup(b->arena, o->touches.redirect_to) : NULL,
		.proposed_ttl_us = o->campaigns.proposed_ttl_us,
		.touch_lease_us = o->touches.claim_lease_us,
		.window_from_us = o->touches.window.from_minute * WN_MINUTE,
		.window_to_us = o->touches.window.to_minute * WN_MINUTE,
		.window_days = o->touches.window.any ? 0 : o->touches.window.days,
		.wires = strings_to_c(b->arena, &o->wires),
		.instance = wn_arena_strdup(b->arena, wn_str_of(instance)),
	};
	wn_book_zones_attach(b);
}

enum wn_rc wn_book_new(struct wn_config *config, const char *instance, struct wn_book **out, struct wn_err *err)
{
	static uint64_t books;
	struct wn_book *b = wn_alloc(sizeof(*b));
	b->number = ++books;
	b->config = config;
	b->arena = wn_arena_new(0);
	enum wn_rc rc = make_registry(b, err);
	if (rc == WN_OK)
		rc = make_positions(b, err);
	if (rc == WN_OK)
		rc = wn_book_news(b, err);
	if (rc == WN_OK)
		rc = make_exclude(b, err);
	if (rc == WN_OK)
		rc = wn_book_make_sinks(b, err);
	if (rc) {
		wn_book_sinks_free(b);
		b->n_sinks = 0;
		b->config = NULL; /* stays the caller's */
		wn_book_free(b);
		return rc;
	}
	make_feeds(b);
	make_catalog(b, instance);
	wn_book_index(b);
	*out = b;
	return WN_OK;
}

void wn_book_free(struct wn_book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_feeds; i++)
		wn_mapping_free(b->feeds[i].mapping);
	wn_book_sinks_free(b);
	wn_book_segments_free(b);
	wn_book_zones_free(b);
	cel_program_free(b->exclude);
	wn_rules_free(b->rules);
	wn_news_free(b->news);
	wn_positions_free(b->positions);
	wn_registry_free(b->registry);
	wn_arena_free(b->arena);
	wn_config_free(b->config);
	free(b);
}

void wn_book_use(struct wn_book *b) { b->users++; }

void wn_book_done(struct wn_book *b)
{
	if (--b->users == 0 && b->replaced)
		wn_book_free(b);
}

void wn_book_replace(struct wn_book *b)
{
	b->replaced = true;
	if (!b->users)
		wn_book_free(b);
}

const struct wn_book_feed *wn_book_feed_named(const struct wn_book *b, struct wn_str name)
{
	size_t lo = 0, hi = b->n_feeds;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int by = wn_str_cmp(name, b->by_name[mid]->conf->name);
		if (by == 0)
			return b->by_name[mid];
		lo = by > 0 ? mid + 1 : lo;
		hi = by > 0 ? hi : mid;
	}
	return NULL;
}
