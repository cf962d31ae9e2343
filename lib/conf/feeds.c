/* SPDX-License-Identifier: MIT */
/*
 * Documents of feeds.d to struct wn_feed_conf. A row of the schema a key; what keys mean together (a push feed
 * has no address, an account must be named) is checked behind it. Kinds and traits that a feed names are looked
 * up when the whole configuration is known (load.c). CEL stays text.
 */
#include <stdio.h>

#include <whynow/limits.h>

#include "parts.h"

/* What a document holds beyond the struct, until finish() has made sense of it. */
struct draft {
	struct wn_feed_conf f; /* first: the walker's node */
	bool enabled;
	struct wn_conf_exprs signal, outcome;
	struct {
		const struct wn_yaml_node *node;
		struct wn_str page, offset, param, limit_param;
		struct wn_yaml_text cursor;
		bool link;
		int64_t first, limit, max;
	} page;
	struct {
		const struct wn_yaml_node *node;
		struct wn_str bearer, basic;
		struct {
			const struct wn_yaml_node *node;
			struct wn_str name, value;
		} header, query;
	} auth;
};

#define AT(member) offsetof(struct draft, member)
/* Offset inside the struct of a member, for the rows of a nested mapping. */
#define IN(outer, member) (offsetof(struct draft, outer.member) - offsetof(struct draft, outer))
#define YEAR (366.0 * 86400)

static const char *const formats[] = {"auto", "rss", "atom", "rdf", "jsonfeed", "json", "jsonl", "csv", NULL};
static const char *const extracts[] = {"none", "news", NULL};
static const char *const account_modes[] = {"known", "create", NULL};
static const char *const waits[] = {"auto", "host", "feed", NULL};
static const char *const changes[] = {"all", "added", "removed", "changed", NULL};

/* --- every, reports ----------------------------------------------------------------------------------- */

static const struct wn_yaml_row every_rows[] = {
	{"floor", WN_YAML_T_DURATION, IN(f.every, floor_us), .min = 1, .max = YEAR},
	{"ceiling", WN_YAML_T_DURATION, IN(f.every, ceiling_us), .min = 1, .max = YEAR},
};

static void check_every(void *out, struct wn_arena *a WN_UNUSED, struct wn_yaml_errors *e)
{
	const struct wn_yaml_node *node = *(const struct wn_yaml_node **)out;
	int64_t *floor = (int64_t *)((char *)out + every_rows[0].offset),
		*ceiling = (int64_t *)((char *)out + every_rows[1].offset);

	if (!wn_yaml_get(node, "ceiling") && *ceiling < *floor)
		*ceiling = *floor;
	if (!wn_yaml_get(node, "floor") && *ceiling < *floor)
		*floor = *ceiling;
	if (*floor > *ceiling)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(node, "floor")),
			      "\"floor\" in every is above \"ceiling\"");
}

static const struct wn_yaml_schema every_schema = {"every", every_rows, WN_COUNT(every_rows),
						   0,       NULL,       check_every};

/* `every: 1h` is floor and ceiling in one. */
static void read_every(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
		       void *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};
	int64_t us;

	if (n->kind == WN_YAML_MAPPING) {
		(void)wn_yaml_walk(n, &every_schema, a, out, e);
		return;
	}
	if (wn_yaml_duration(n, 1000000, (int64_t)(YEAR * 1e6), &us, &err)) {
		wn_fail_more(&err, WN_INVALID, "\"%s\" in feed", row->name);
		wn_yaml_error_add(e, &err);
		return;
	}
	*(int64_t *)((char *)out + every_rows[0].offset) = us;
	*(int64_t *)((char *)out + every_rows[1].offset) = us;
}

struct reports_draft {
	const struct wn_yaml_node *node;
	struct wn_yaml_strings kinds;
	enum wn_feed_scope scope;
	struct wn_yaml_strings domains;
};
_Static_assert(sizeof(struct reports_draft) == sizeof(((struct draft *)0)->f.reports), "the same members");

/* none, all, or a list of domains. */
static void read_scope(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
		       void *out, struct wn_yaml_errors *e)
{
	struct reports_draft *r = (struct reports_draft *)((char *)out - offsetof(struct reports_draft, scope));

	if (n->kind == WN_YAML_SCALAR && wn_str_is(n->text, "none")) {
		r->scope = WN_SCOPE_NONE;
	} else if (n->kind == WN_YAML_SCALAR && wn_str_is(n->text, "all")) {
		r->scope = WN_SCOPE_ALL;
	} else if (n->kind == WN_YAML_SEQUENCE) {
		r->scope = WN_SCOPE_LIST;
		wn_conf_read_domains(n, row, a, &r->domains, e);
	} else {
		wn_yaml_error(e, wn_yaml_place(n),
			      "\"%s\" in reports: expected none, all or a list of domains, found %s", row->name,
			      wn_yaml_what(n));
	}
}

static const struct wn_yaml_row reports_rows[] = {
	{"kinds", WN_YAML_T_STRINGS, offsetof(struct reports_draft, kinds), .required = true, .min = 1,
	 .max = 256},
	{"scope", WN_YAML_T_CUSTOM, offsetof(struct reports_draft, scope), .read = read_scope},
};
static const struct wn_yaml_schema reports_schema = {"reports", reports_rows, WN_COUNT(reports_rows)};

/* --- account, contact, page, auth, push, stream ------------------------------------------------------- */

static const struct wn_yaml_row account_rows[] = {
	{"domain", WN_YAML_T_CUSTOM, IN(f.account, domain), .read = wn_conf_read_domain},
	{"domain_from", WN_YAML_T_TEXT, IN(f.account, domain_from)},
	{"name", WN_YAML_T_TEXT, IN(f.account, name)},
	{"email_from", WN_YAML_T_TEXT, IN(f.account, email_from)},
};
static const struct wn_yaml_schema account_schema = {"account", account_rows, WN_COUNT(account_rows)};

static const struct wn_yaml_row contact_rows[] = {
	{"name", WN_YAML_T_TEXT, IN(f.contact, name)},
	{"email", WN_YAML_T_TEXT, IN(f.contact, email)},
	{"position", WN_YAML_T_TEXT, IN(f.contact, position)},
};
static const struct wn_yaml_schema contact_schema = {"contact", contact_rows, WN_COUNT(contact_rows)};

static const struct wn_yaml_row page_rows[] = {
	{"page", WN_YAML_T_STRING, IN(page, page), .min = 1, .max = 100},
	{"offset", WN_YAML_T_STRING, IN(page, offset), .min = 1, .max = 100},
	{"cursor", WN_YAML_T_TEXT, IN(page, cursor)},
	{"link", WN_YAML_T_BOOL, IN(page, link)},
	{"param", WN_YAML_T_STRING, IN(page, param), .min = 1, .max = 100},
	{"first", WN_YAML_T_INT, IN(page, first), .min = 0, .max = 1e9},
	{"limit", WN_YAML_T_INT, IN(page, limit), .min = 1, .max = 10000},
	{"limit_param", WN_YAML_T_STRING, IN(page, limit_param), .min = 1, .max = 100},
	{"max", WN_YAML_T_INT, IN(page, max), .min = 1, .max = 1000},
};
static const struct wn_yaml_schema page_schema = {"page", page_rows, WN_COUNT(page_rows)};

static const struct wn_yaml_row header_rows[] = {
	{"name", WN_YAML_T_STRING, IN(auth.header, name), .required = true, .min = 1, .max = 100},
	{"value", WN_YAML_T_CREDENTIAL, IN(auth.header, value), .required = true},
};
static const struct wn_yaml_schema header_schema = {"header", header_rows, WN_COUNT(header_rows)};
static const struct wn_yaml_schema query_schema = {"query", header_rows, WN_COUNT(header_rows)};

static const struct wn_yaml_row auth_rows[] = {
	{"bearer", WN_YAML_T_CREDENTIAL, IN(auth, bearer)},
	{"basic", WN_YAML_T_CREDENTIAL, IN(auth, basic)},
	{"header", WN_YAML_T_MAP, IN(auth, header), .schema = &header_schema},
	{"query", WN_YAML_T_MAP, IN(auth, query), .schema = &query_schema},
};
static const struct wn_yaml_schema auth_schema = {"auth", auth_rows, WN_COUNT(auth_rows)};

static const struct wn_yaml_row push_rows[] = {
	{"bearer", WN_YAML_T_CREDENTIAL, IN(f.push, bearer_credential)},
	{"secrets", WN_YAML_T_CUSTOM, IN(f.push, secret_credentials), .max = 10,
	 .read = wn_conf_read_credentials},
};
static const struct wn_yaml_schema push_schema = {"push", push_rows, WN_COUNT(push_rows)};

static const struct wn_yaml_row stream_rows[] = {
	{"cursor", WN_YAML_T_TEXT, IN(f.stream, cursor)},
	{"param", WN_YAML_T_STRING, IN(f.stream, param), .min = 1, .max = 100},
};
static const struct wn_yaml_schema stream_schema = {"stream", stream_rows, WN_COUNT(stream_rows)};

/* --- the feed ----------------------------------------------------------------------------------------- */

static const struct wn_yaml_row feed_rows[] = {
	{"feed", WN_YAML_T_NAME, AT(f.name), .required = true},
	{"description", WN_YAML_T_STRING, AT(f.description), .min = 0, .max = 2000},
	{"enabled", WN_YAML_T_BOOL, AT(enabled)},
	{"url", WN_YAML_T_CUSTOM, AT(f.url), .read = wn_conf_read_http_url},
	{"format", WN_YAML_T_ENUM, AT(f.format), .names = formats},
	{"every", WN_YAML_T_CUSTOM, AT(f.every), .read = read_every},
	{"publisher", WN_YAML_T_CUSTOM, AT(f.publisher), .read = wn_conf_read_domain},
	{"extract", WN_YAML_T_ENUM, AT(f.extract), .names = extracts},
	{"accounts", WN_YAML_T_ENUM, AT(f.accounts), .names = account_modes},
	{"reports", WN_YAML_T_MAP, AT(f.reports), .schema = &reports_schema},
	{"items", WN_YAML_T_TEXT, AT(f.items)},
	{"id", WN_YAML_T_TEXT, AT(f.id)},
	{"where", WN_YAML_T_TEXT, AT(f.where)},
	{"source", WN_YAML_T_TEXT, AT(f.source)},
	{"account", WN_YAML_T_MAP, AT(f.account), .schema = &account_schema},
	{"contact", WN_YAML_T_MAP, AT(f.contact), .schema = &contact_schema},
	{"signal", WN_YAML_T_CUSTOM, AT(signal), .read = wn_conf_read_exprs},
	{"outcome", WN_YAML_T_CUSTOM, AT(outcome), .read = wn_conf_read_exprs},
	{"traits", WN_YAML_T_CUSTOM, AT(f.traits), .read = wn_conf_read_exprs},
	{"changes", WN_YAML_T_ENUM, AT(f.changes), .names = changes},
	{"page", WN_YAML_T_MAP, AT(page), .schema = &page_schema},
	{"auth", WN_YAML_T_MAP, AT(auth), .schema = &auth_schema},
	{"push", WN_YAML_T_MAP, AT(f.push), .schema = &push_schema},
	{"stream", WN_YAML_T_MAP, AT(f.stream), .schema = &stream_schema},
	{"headers", WN_YAML_T_CUSTOM, AT(f.headers), .read = wn_conf_read_headers},
	{"retry_after", WN_YAML_T_ENUM, AT(f.retry_after), .names = waits},
	{"allow_private", WN_YAML_T_BOOL, AT(f.allow_private)},
	{"max_age", WN_YAML_T_DURATION, AT(f.max_age_us), .min = 60, .max = 20 * YEAR},
	{"strength", WN_YAML_T_DOUBLE, AT(f.strength), .min = 0.01, .max = 1},
	{"expect_every", WN_YAML_T_DURATION, AT(f.expect_every_us), .min = 1, .max = YEAR},
	{"body_max", WN_YAML_T_CUSTOM, AT(f.body_max), .min = 1024, .max = WN_FETCH_BODY_MAX,
	 .read = wn_conf_read_size},
};

/* The literal under `kind:`, checked; the other pairs stay. */
static struct wn_str take_kind(struct wn_conf_exprs *all, const char *what, const struct wn_yaml_node *map,
			       struct wn_place *at, struct wn_arena *a, struct wn_yaml_errors *e)
{
	struct wn_conf_expr *rest = WN_NEW_N(a, struct wn_conf_expr, all->n + 1);
	struct wn_str kind = {NULL, 0};
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (!wn_str_is(all->v[i].name, "kind")) {
			rest[n++] = all->v[i];
			continue;
		}
		kind = all->v[i].cel.text;
		*at = all->v[i].cel.at;
		if (!wn_yaml_is_word(kind))
			wn_yaml_error(e, *at,
				      "\"kind\" in %s: expected the name of a kind (a literal, not CEL), found "
				      "\"" WN_STR_FMT "\"",
				      what, WN_STR_ARG(kind));
	}
	if (!kind.p)
		wn_yaml_error(e, wn_yaml_place(map), "missing key \"kind\" in %s", what);
	*all = (struct wn_conf_exprs){n, rest};
	return kind;
}

static struct wn_yaml_text *common_field(struct wn_feed_conf *f, struct wn_str name)
{
	struct {
		const char *name;
		struct wn_yaml_text *text;
	} fields[] = {
		{"occurred_at", &f->common.occurred_at},
		{"published_at", &f->common.published_at},
		{"headline", &f->common.headline},
		{"url", &f->common.url},
	};
	for (size_t i = 0; i < WN_COUNT(fields); i++)
		if (wn_str_is(name, fields[i].name))
			return fields[i].text;
	return NULL;
}

static void finish_signal(struct draft *d, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct wn_yaml_node *map = wn_yaml_get(d->f.node, "signal");

	if (!map || map->kind != WN_YAML_MAPPING)
		return;
	d->f.signal_kind = take_kind(&d->signal, "signal", map, &d->f.signal_kind_at, a, e);
	struct wn_conf_expr *attrs = WN_NEW_N(a, struct wn_conf_expr, d->signal.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < d->signal.n; i++) {
		const struct wn_conf_expr *x = &d->signal.v[i];
		struct wn_yaml_text *common = common_field(&d->f, x->name);
		if (common)
			*common = x->cel;
		else if (wn_str_is(x->name, "contact"))
			wn_yaml_error(e, x->at,
				      "\"contact\" is no attribute: write contact: {email: ..., name: ...} "
				      "beside signal:");
		else
			attrs[n++] = *x;
	}
	d->f.signal = (struct wn_conf_exprs){n, attrs};
}

static void finish_outcome(struct draft *d, struct wn_arena *a, struct wn_yaml_errors *e)
{
	static const char *const names[] = {"kind", "occurred_at", "account", "email", "touch", "campaign", "value", "cost", "currency", "key", "note"};
	const struct wn_yaml_node *map = wn_yaml_get(d->f.node, "outcome");

	if (!map || map->kind != WN_YAML_MAPPING)
		return;
	for (size_t i = 0; i < map->n; i++) {
		bool known = false;
		for (size_t j = 0; j < WN_COUNT(names); j++)
			known |= wn_str_is(map->pairs[i].key->text, names[j]);
		if (!known)
			wn_yaml_unknown_key(map->pairs[i].key, "outcome", names, WN_COUNT(names), e);
	}
	d->f.outcome_kind = take_kind(&d->outcome, "outcome", map, &d->f.outcome_kind_at, a, e);
	d->f.outcome = d->outcome;
}

static void finish_page(struct draft *d, struct wn_yaml_errors *e)
{
	static const char *const params[] = {NULL, NULL, NULL, "cursor", NULL};
	int ways = (d->page.page.p != NULL) + (d->page.offset.p != NULL) + wn_conf_is_set(&d->page.cursor) +
		   d->page.link;

	if (!d->page.node)
		return;
	if (ways != 1) {
		wn_yaml_error(e, wn_yaml_place(d->page.node),
			      "page: expected exactly one of page, offset, cursor and link, found %d", ways);
		return;
	}
	enum wn_feed_page by = d->page.page.p     ? WN_PAGE_NUMBER
			       : d->page.offset.p ? WN_PAGE_OFFSET
			       : d->page.link     ? WN_PAGE_LINK
						  : WN_PAGE_CURSOR;
	struct wn_str param = by == WN_PAGE_NUMBER   ? d->page.page
			      : by == WN_PAGE_OFFSET ? d->page.offset
						     : d->page.param;
	if (!param.p)
		param = wn_str_of(params[by]);
	if (by == WN_PAGE_OFFSET && !d->page.limit)
		wn_yaml_error(e, wn_yaml_place(d->page.node),
			      "page: offset needs limit: how many items a page has");
	d->f.page.node = d->page.node;
	d->f.page.by = by;
	d->f.page.param = param;
	d->f.page.cursor = d->page.cursor;
	d->f.page.limit_param = d->page.limit_param;
	d->f.page.first = d->page.first;
	d->f.page.limit = d->page.limit;
	d->f.page.max = d->page.max;
}

static void finish_auth(struct draft *d, struct wn_yaml_errors *e)
{
	int ways = (d->auth.bearer.p != NULL) + (d->auth.basic.p != NULL) + (d->auth.header.node != NULL) +
		   (d->auth.query.node != NULL);

	if (!d->auth.node)
		return;
	if (ways != 1) {
		wn_yaml_error(e, wn_yaml_place(d->auth.node),
			      "auth: expected exactly one of bearer, basic, header and query, found %d", ways);
		return;
	}
	d->f.auth.node = d->auth.node;
	d->f.auth.how = d->auth.bearer.p      ? WN_AUTH_BEARER
			: d->auth.basic.p     ? WN_AUTH_BASIC
			: d->auth.header.node ? WN_AUTH_HEADER
					      : WN_AUTH_QUERY;
	d->f.auth.name = d->auth.header.node ? d->auth.header.name : d->auth.query.name;
	d->f.auth.credential = d->auth.bearer.p      ? d->auth.bearer
			       : d->auth.basic.p     ? d->auth.basic
			       : d->auth.header.node ? d->auth.header.value
						     : d->auth.query.value;
}

static void check_mode(struct draft *d, struct wn_yaml_errors *e)
{
	struct wn_feed_conf *f = &d->f;
	static const char *const polled_only[] = {"url",     "every",   "page",  "auth",
						  "headers", "changes", "stream", "retry_after"};

	f->mode = f->push.node ? WN_FEED_PUSH : f->stream.node ? WN_FEED_STREAM : WN_FEED_POLL;
	if (f->mode != WN_FEED_PUSH && !f->url.p && !wn_yaml_get(f->node, "url"))
		wn_yaml_error(e, wn_yaml_place(f->node),
			      "missing key \"url\" in feed (or push: for one that is pushed to us)");
	for (size_t i = 0; f->mode == WN_FEED_PUSH && i < WN_COUNT(polled_only); i++)
		if (wn_yaml_get(f->node, polled_only[i]))
			wn_yaml_error(e, wn_yaml_place(wn_yaml_key(f->node, polled_only[i])),
				      "\"%s\" has no place in a feed with push:", polled_only[i]);
	if (f->mode == WN_FEED_STREAM && f->format != WN_CONF_FORMAT_JSONL)
		wn_yaml_error(e, wn_yaml_place(f->stream.node), "stream: expected format: jsonl");
	if (f->mode != WN_FEED_POLL && f->page.by)
		wn_yaml_error(e, wn_yaml_place(f->page.node), "page: only a polled feed has pages");
	if (f->mode == WN_FEED_POLL && f->expect_every_us)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(f->node, "expect_every")),
			      "\"expect_every\" is for feeds with push: or stream:; a polled one has every:");
}

/* Does outcome: itself say of whom? */
static bool outcome_names(const struct wn_feed_conf *f)
{
	static const char *const names[] = {"account", "email", "touch", "campaign"};

	for (size_t i = 0; i < f->outcome.n; i++)
		for (size_t k = 0; k < WN_COUNT(names); k++)
			if (wn_str_is(f->outcome.v[i].name, names[k]))
				return true;
	return false;
}

static void check_meaning(struct draft *d, struct wn_yaml_errors *e)
{
	struct wn_feed_conf *f = &d->f;
	bool named = f->account.domain.p || wn_conf_is_set(&f->account.domain_from) ||
		     wn_conf_is_set(&f->account.name) || wn_conf_is_set(&f->account.email_from);
	bool mapped = wn_yaml_get(f->node, "signal") || wn_yaml_get(f->node, "outcome") || f->traits.n;

	if (f->extract == WN_EXTRACT_NONE && !mapped)
		wn_yaml_error(e, wn_yaml_place(f->node),
			      "the feed makes nothing: expected extract: news, signal:, outcome: or traits:");
	if (f->extract == WN_EXTRACT_NEWS && f->signal_kind.p)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(f->node, "signal")),
			      "extract: news finds its signals itself: expected no signal:");
	bool sighted = wn_yaml_get(f->node, "signal") || f->traits.n;
	if (wn_yaml_get(f->node, "outcome") && f->changes != WN_CHANGES_ALL)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(f->node, "changes")),
			      "\"changes\" has no place in a feed with outcome:, whose items count once anyway");
	if (!sighted && !named && wn_yaml_get(f->node, "outcome") && !wn_conf_is_set(&f->contact.email) && !outcome_names(f))
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(f->node, "outcome")),
			      "the outcome is of nobody: expected account, email, touch or campaign in it, or account: or contact:");
	if (f->extract == WN_EXTRACT_NONE && sighted && !named)
		wn_yaml_error(e, wn_yaml_place(f->node),
			      "the feed names no account: expected account: with domain, domain_from, name or "
			      "email_from");
	if (wn_conf_is_set(&f->items) && f->format != WN_CONF_FORMAT_JSON && f->format != WN_CONF_FORMAT_AUTO)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(f->node, "items")),
			      "\"items\" is for format: json; the other formats know their items");
}

static const struct wn_yaml_schema feed_schema = {"feed", feed_rows, WN_COUNT(feed_rows)};

static struct draft new_draft(const struct wn_options *o)
{
	struct draft d = {.enabled = true};

	d.f.every.floor_us = o ? o->poll.floor_us : 300 * INT64_C(1000000);
	d.f.every.ceiling_us = o ? o->poll.ceiling_us : 86400 * INT64_C(1000000);
	d.f.body_max = o ? o->poll.body_max : (int64_t)WN_FETCH_BODY_MAX;
	d.f.strength = 1;
	d.f.page.first = 1;
	d.page.first = 1;
	d.page.max = 20;
	return d;
}

/* A file of many feeds: room for them at once, as what a vector outgrows stays in the arena. */
static void make_room(struct wn_arena *a, struct wn_feed_confs *out, size_t more)
{
	size_t want = out->list.n + more;
	if (want <= 2 * out->list.cap)
		return;
	struct wn_feed_conf *v = WN_NEW_N(a, struct wn_feed_conf, want);
	if (out->list.n)
		memcpy(v, out->list.v, out->list.n * sizeof(*v));
	out->list.v = v;
	out->list.cap = want;
}

void wn_conf_feeds(const struct wn_yaml_docs *docs, const struct wn_options *defaults, struct wn_arena *a,
		   struct wn_feed_confs *out, struct wn_yaml_errors *errors)
{
	make_room(a, out, docs->n);
	for (size_t i = 0; i < docs->n; i++) {
		struct draft d = new_draft(defaults);
		size_t before = wn_yaml_errors_count(errors);

		if (!wn_yaml_walk(docs->v[i].root, &feed_schema, a, &d, errors)) {
			finish_signal(&d, a, errors);
			finish_outcome(&d, a, errors);
			finish_page(&d, errors);
			finish_auth(&d, errors);
			check_mode(&d, errors);
			check_meaning(&d, errors);
		}
		if (wn_yaml_errors_count(errors) != before)
			continue;
		if (!d.enabled) {
			out->n_disabled++;
			continue;
		}
		d.f.at = wn_yaml_place(wn_yaml_get(d.f.node, "feed"));
		wn_conf_checksum(d.f.node, d.f.checksum);
		*WN_PUSH(a, &out->list) = d.f;
	}
}
