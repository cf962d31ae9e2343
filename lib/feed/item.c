/* SPDX-License-Identifier: MIT */
/*
 * Items: made from records and values, gathered under the ceilings, named.
 *
 * Identity: guid, else link, else a hash of the content. A guid that the document itself gives to different
 * pages, or a link that it gives to different items, is no name. Alternates carry an item over changes of
 * scheme, tracking parameters and guids.
 */
#include "internal.h"

#include <whynow/text.h>
#include <whynow/url.h>

#include <stdio.h>
#include <stdlib.h>

/* --- gathering
 * ------------------------------------------------------------------------------------------------ */

void wn_gather_begin(struct wn_gather *g, const struct wn_feed_options *opt, struct wn_arena *a)
{
	*g = (struct wn_gather){.a = a, .opt = opt, .memory_start = wn_arena_used(a)};
}

struct wn_str wn_excerpt(struct wn_str s, struct wn_arena *a)
{
	return wn_text_repair(wn_cut(wn_text_trim(s), 200), 200, a);
}

static size_t items_max(const struct wn_gather *g)
{
	return g->opt->items_max ? g->opt->items_max : WN_ITEMS_MAX;
}

static struct wn_reject *reject_slot(struct wn_gather *g)
{
	if (g->rejects.n == WN_REJECTS_MAX) {
		g->rejects_more++;
		return NULL;
	}
	struct wn_reject *r = WN_PUSH(g->a, &g->rejects);
	*r = (struct wn_reject){.index = g->index};
	return r;
}

void wn_gather_reject(struct wn_gather *g, int line, struct wn_str excerpt, const char *fmt, ...)
{
	struct wn_reject *r = reject_slot(g);
	va_list ap;

	g->index++;
	g->full |= g->index >= items_max(g); /* what is all rejects ends too */
	if (!r)
		return;
	r->line = line;
	r->excerpt = wn_excerpt(excerpt, g->a);
	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
}

static bool over_memory(const struct wn_gather *g)
{
	size_t max = g->opt->memory_max ? g->opt->memory_max : WN_FEED_MEMORY_MAX;

	return wn_arena_used(g->a) - g->memory_start > max;
}

struct wn_item *wn_gather_item(struct wn_gather *g)
{
	size_t max = items_max(g);

	if (g->full)
		return NULL;
	if (g->items.n >= max || over_memory(g)) {
		g->full = true;
		wn_gather_reject(
		    g, 0, (struct wn_str){NULL, 0},
		    g->items.n >= max
			? "more than %zu items; this one and all after it were not read"
			: "the document needs too much memory after %zu items; the rest was not read",
		    g->items.n);
		return NULL;
	}
	struct wn_item *item = WN_PUSH(g->a, &g->items);
	*item = (struct wn_item){.index = g->index++};
	return item;
}

void wn_gather_end(struct wn_gather *g, struct wn_feed_doc *doc)
{
	doc->items = g->items.v;
	doc->items_n = g->items.n;
	doc->rejects = g->rejects.v;
	doc->rejects_n = g->rejects.n;
	doc->rejects_more = g->rejects_more;
	doc->incomplete |= g->full;
}

/* --- from a record
 * ----------------------------------------------------------------------------------------------- */

static struct wn_str hash_name(const struct wn_key32 *k, struct wn_arena *a)
{
	char hex[33];

	wn_hex(k->b, 16, hex);
	return wn_str_of(wn_arena_printf(a, "hash:%s", hex));
}

/* A name past WN_URL_MAX is as good as its hash. */
static struct wn_str short_name(struct wn_str name, struct wn_arena *a)
{
	if (name.n <= WN_URL_MAX)
		return name;
	struct wn_key32 k = wn_key32_of("long-name", &name, 1);
	return hash_name(&k, a);
}

static void hash_item(struct wn_item *item, struct wn_arena *a)
{
	const struct wn_str parts[] = {item->title, item->link, item->summary, item->content};

	item->content_hash = wn_key32_of("item", parts, WN_COUNT(parts));
	if (!item->identity.n)
		item->identity = hash_name(&item->content_hash, a);
}

static void put_times(struct wn_item *item, const struct wn_record *r, int64_t now_us)
{
	int64_t published = wn_field_date(&r->f[WN_F_PUBLISHED], now_us),
		created = wn_field_date(&r->f[WN_F_CREATED], now_us);
	int64_t updated = wn_field_date(&r->f[WN_F_UPDATED], now_us);

	item->published_us = published ? published : created ? created : updated;
	item->updated_us = updated ? updated : item->published_us;
}

static struct wn_str source_name(const struct wn_record *r, struct wn_arena *a)
{
	if (!r->source)
		return (struct wn_str){NULL, 0};
	struct wn_str title = wn_field_text(&r->source->f[WN_F_TITLE], true, a);
	return title.n                       ? title
	       : r->source->f[WN_F_LINK].s.n ? r->source->f[WN_F_LINK].s
					     : r->source->f[WN_F_ID].s;
}

/* What the record's map lacks: the item's own view of it. */
static void put_value(struct wn_item *item, const struct wn_record *r, struct wn_arena *a, int64_t now_us)
{
	struct wn_value v = wn_record_value(r, now_us, true, a);
	struct wn_map_builder m = {.arena = a, .e = {(struct wn_entry *)(uintptr_t)v.map, v.n, v.n}};

	item->author = wn_value_str(wn_value_at(v, "author"));
	wn_map_set(&m, "link", wn_string(item->link));
	wn_map_set(&m, "text", wn_string(item->text));
	wn_map_set(&m, "source", wn_string(item->source));
	if (item->published_us)
		wn_map_set(&m, "published", wn_time_us(item->published_us));
	if (item->updated_us)
		wn_map_set(&m, "updated", wn_time_us(item->updated_us));
	item->value = wn_map_end(&m);
}

void wn_item_from_record(struct wn_item *item, const struct wn_record *r, struct wn_str feed_link,
			 const struct wn_feed_options *opt, struct wn_arena *a)
{
	struct wn_str *names = WN_NEW_N(a, struct wn_str, r->categories.n + 1);

	item->id = r->f[WN_F_ID].s;
	item->title = wn_field_text(&r->f[WN_F_TITLE], true, a);
	item->link = r->f[WN_F_LINK].s;
	item->external_link = r->f[WN_F_EXTERNAL_LINK].s;
	item->summary = r->f[WN_F_SUMMARY].s;
	item->content = r->f[WN_F_CONTENT].s;
	item->text = wn_field_text(&r->f[item->content.n ? WN_F_CONTENT : WN_F_SUMMARY], false, a);
	item->language = r->f[WN_F_LANGUAGE].s;
	item->source = source_name(r, a);
	for (size_t i = 0; i < r->categories.n; i++)
		names[i] = r->categories.v[i].term.n ? r->categories.v[i].term : r->categories.v[i].label;
	item->categories = names;
	item->categories_n = r->categories.n;
	item->enclosures = r->enclosures.v;
	item->enclosures_n = r->enclosures.n;
	item->id = short_name(item->id, a);
	item->identity = item->id.n ? item->id : item->link;
	put_times(item, r, opt->now_us);
	hash_item(item, a);
	if (!item->link.n)
		item->link = feed_link;
	put_value(item, r, a, opt->now_us);
}

/* --- from a value
 * -------------------------------------------------------------------------------------------------- */

/* A string as it is, a whole number in digits; absent otherwise. */
static struct wn_str scalar_text(struct wn_value v, struct wn_arena *a)
{
	if (v.kind == WN_STRING)
		return wn_text_trim(wn_value_str(v));
	if (v.kind == WN_INT)
		return wn_str_of(wn_arena_printf(a, "%lld", (long long)v.i));
	return (struct wn_str){NULL, 0};
}

static struct wn_str first_of(struct wn_value v, const char *const *keys, struct wn_arena *a)
{
	for (; *keys; keys++) {
		struct wn_str s = scalar_text(wn_value_at(v, *keys), a);
		if (s.n)
			return s;
	}
	return (struct wn_str){NULL, 0};
}

void wn_item_from_value(struct wn_item *item, struct wn_value v, const struct wn_feed_options *opt,
			struct wn_arena *a)
{
	static const char *const ids[] = {"id", "guid", "uuid", "_id", NULL};
	static const char *const links[] = {"url", "link", "href", "absolute_url", NULL};
	static const char *const titles[] = {"title", "headline", "name", NULL};
	struct wn_buf b;

	item->value = v;
	item->id = first_of(v, ids, a);
	item->title = wn_text_one_line(first_of(v, titles, a), WN_HEADLINE_MAX, a);
	struct wn_str link = first_of(v, links, a);
	if (link.n)
		link = wn_url_resolve(opt->base_url, link, a);
	if (wn_url_is_http(link))
		item->link = link;
	item->id = short_name(item->id, a);
	item->identity = item->id.n ? item->id : item->link;
	wn_buf_init(&b, 2 * WN_ITEM_BYTES_MAX);
	wn_json_write_canonical(&b, v);
	struct wn_str text = wn_buf_slice(&b);
	item->content_hash = wn_key32_of("item", &text, 1);
	wn_buf_done(&b);
	if (!item->identity.n)
		item->identity = hash_name(&item->content_hash, a);
}

void wn_item_identify(struct wn_item *item, struct wn_str id, struct wn_arena *a)
{
	id = wn_text_trim(id);
	if (!id.n)
		return;
	item->id = item->identity = wn_arena_str(a, wn_cut(id, WN_URL_MAX));
	item->alternates = NULL;
	item->alternates_n = 0;
}

/* --- names within the document
 * ---------------------------------------------------------------------------------------- */

struct named {
	struct wn_str key;
	struct wn_item *item;
};

static int by_key(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	int c = wn_str_cmp(a->key, b->key);

	return c ? c : (a->item > b->item) - (a->item < b->item);
}

static bool is_guid(const struct wn_item *item)
{
	return item->id.n && wn_str_eq(item->identity, item->id);
}

/* One guid, several pages: the pages tell the items apart. */
static void split_guid(struct named *v, size_t n, struct wn_arena *a)
{
	bool distinct = false;

	for (size_t i = 1; i < n; i++)
		distinct |= !wn_str_eq(v[i].item->link, v[0].item->link);
	for (size_t i = 0; distinct && i < n; i++)
		v[i].item->identity =
		    wn_str_of(wn_arena_printf(a, "%.*s %.*s", (int)v[i].item->id.n, v[i].item->id.p,
					      (int)v[i].item->link.n, v[i].item->link.p));
}

/* One link, several items without guid: what they say tells them apart. */
static void split_link(struct named *v, size_t n, struct wn_arena *a)
{
	bool distinct = false;

	for (size_t i = 1; i < n; i++)
		distinct |= memcmp(v[i].item->content_hash.b, v[0].item->content_hash.b, 32) != 0;
	for (size_t i = 0; distinct && i < n; i++)
		v[i].item->identity = hash_name(&v[i].item->content_hash, a);
}

static void split_groups(struct named *v, size_t n, struct wn_arena *a)
{
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && wn_str_eq(v[j].key, v[i].key); j++)
			;
		if (j - i > 1 && is_guid(v[i].item))
			split_guid(v + i, j - i, a);
		else if (j - i > 1)
			split_link(v + i, j - i, a);
	}
}

static void add_alternate(struct wn_item *item, struct wn_str name, struct wn_arena *a)
{
	struct wn_str *v = (struct wn_str *)(uintptr_t)item->alternates;

	if (!name.n || wn_str_eq(name, item->identity) || (item->alternates_n && wn_str_eq(name, v[0])) ||
	    item->alternates_n == 2)
		return;
	if (!v)
		item->alternates = v = WN_NEW_N(a, struct wn_str, 2);
	v[item->alternates_n++] = name;
}

void wn_items_settle(struct wn_item *items, size_t n, struct wn_str feed_link, struct wn_arena *a)
{
	struct named *v = WN_NEW_N(a, struct named, n + 1);
	struct wn_str home = wn_url_same(feed_link, a);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct named){items[i].identity, &items[i]};
	split_groups(v, n, a);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct named){wn_url_same(items[i].link, a), &items[i]};
		if (is_guid(&items[i]) && wn_url_is_http(items[i].id))
			add_alternate(&items[i], wn_url_same(items[i].id, a), a);
	}
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0; i < n; i++) {
		bool alone = (i == 0 || !wn_str_eq(v[i].key, v[i - 1].key)) &&
			     (i + 1 == n || !wn_str_eq(v[i].key, v[i + 1].key));
		bool named = is_guid(v[i].item) || wn_url_is_http(v[i].item->identity);
		if (alone && named && v[i].key.n && !wn_str_eq(v[i].key, home))
			add_alternate(v[i].item, v[i].key, a);
	}
}
