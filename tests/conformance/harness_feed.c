// SPDX-License-Identifier: MIT
// links: feed
/*
 * Conformance harness of the readers: JSON lines in, neutral JSON lines out, one answer a question.
 *   {"op":"feed","path":"...","headers":{...},"base_url":"..."}  ->  what the reader made of the file
 *   {"op":"opml","path":"..."}                                   ->  {"feeds":[{title,url,site,folder}]}
 *   {"op":"entities","text":"..."}                               ->  {"text":"..."}
 * Dates are told as found (no clamp). The runner (check_feed.py) does all comparing.
 */
#include <whynow/date.h>
#include <whynow/feed.h>
#include <whynow/limits.h>
#include <whynow/opml.h>
#include <whynow/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static struct wn_str header(struct wn_value headers, const char *name)
{
	for (size_t i = 0; headers.kind == WN_MAP && i < headers.n; i++) {
		struct wn_str key = wn_value_str(headers.map[i].key);
		if (key.n == strlen(name) && !strncasecmp(key.p, name, key.n))
			return wn_value_str(headers.map[i].value);
	}
	return (struct wn_str){NULL, 0};
}

static bool read_file(const char *path, struct wn_arena *a, struct wn_str *out)
{
	FILE *f = fopen(path, "rb");
	char *p;

	if (!f)
		return false;
	p = wn_arena_alloc(a, WN_FETCH_BODY_MAX + 1);
	out->p = p;
	out->n = fread(p, 1, WN_FETCH_BODY_MAX, f);
	fclose(f);
	return true;
}

static struct wn_value item_value(const struct wn_item *it, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);

	for (size_t i = 0; it->value.kind == WN_MAP && i < it->value.n; i++)
		wn_map_put(&m, wn_value_str(it->value.map[i].key), it->value.map[i].value);
	wn_map_set(&m, "identity", wn_string(it->identity));
	wn_map_set(&m, "title", wn_string(it->title));
	wn_map_set(&m, "link", wn_string(it->link));
	return wn_map_end(&m);
}

static struct wn_value names_of_days(uint8_t days, struct wn_arena *a)
{
	static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday"};
	struct wn_value *v = WN_NEW_N(a, struct wn_value, 7);
	size_t n = 0;

	for (int i = 0; i < 7; i++)
		if (days >> i & 1)
			v[n++] = wn_cstring(names[i]);
	return wn_list(v, n);
}

static struct wn_value hours_of(uint32_t hours, struct wn_arena *a)
{
	struct wn_value *v = WN_NEW_N(a, struct wn_value, 24);
	size_t n = 0;

	for (int i = 0; i < 24; i++)
		if (hours >> i & 1)
			v[n++] = wn_string(wn_str_of(wn_arena_printf(a, "%d", i)));
	return wn_list(v, n);
}

static struct wn_value doc_value(const struct wn_feed_doc *doc, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a), feed = wn_map_begin(a);
	struct wn_value *items = WN_NEW_N(a, struct wn_value, doc->items_n + 1);

	for (size_t i = 0; i < doc->items_n; i++)
		items[i] = item_value(&doc->items[i], a);
	for (size_t i = 0; doc->doc.kind == WN_MAP && i < doc->doc.n; i++)
		wn_map_put(&feed, wn_value_str(doc->doc.map[i].key), doc->doc.map[i].value);
	wn_map_set(&feed, "title", wn_string(doc->title));
	wn_map_set(&feed, "skip_hours", hours_of(doc->hints.skip_hours, a));
	wn_map_set(&feed, "skip_days", names_of_days(doc->hints.skip_days, a));
	wn_map_set(&m, "format", wn_cstring(wn_format_to_text(doc->format)));
	wn_map_set(&m, "version", wn_string(doc->version));
	wn_map_set(&m, "encoding", wn_string(doc->encoding));
	wn_map_set(&m, "repaired", wn_bool(doc->repaired));
	wn_map_set(&m, "incomplete", wn_bool(doc->incomplete));
	wn_map_set(&m, "rejects", wn_int((int64_t)(doc->rejects_n + doc->rejects_more)));
	wn_map_set(&m, "feed", wn_map_end(&feed));
	wn_map_set(&m, "items", wn_list(items, doc->items_n));
	return wn_map_end(&m);
}

static struct wn_value error_value(const char *text, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);

	wn_map_set(&m, "error", wn_string(wn_arena_str(a, wn_str_of(text))));
	return wn_map_end(&m);
}

static struct wn_value op_feed(struct wn_value q, struct wn_arena *a)
{
	struct wn_value headers = wn_value_at(q, "headers");
	struct wn_feed_options opt = {
	    .base_url = wn_value_str(wn_value_at(q, "base_url")),
	    .content_type = header(headers, "content-type"),
	    .content_location = header(headers, "content-location"),
	};
	struct wn_feed_doc doc;
	struct wn_err err;
	struct wn_str bytes;

	if (!read_file(wn_arena_strdup(a, wn_value_str(wn_value_at(q, "path"))), a, &bytes))
		return error_value("cannot read the file", a);
	if (wn_feed_read(bytes, &opt, a, &doc, &err) != WN_OK)
		return error_value(err.text, a);
	return doc_value(&doc, a);
}

static struct wn_value op_entities(struct wn_value q, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);

	wn_map_set(&m, "text", wn_string(wn_entities_decode(wn_value_str(wn_value_at(q, "text")), a)));
	return wn_map_end(&m);
}

static struct wn_value op_opml(struct wn_value q, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	struct wn_opml_feed *feeds = NULL;
	struct wn_err err;
	struct wn_str bytes;
	size_t n = 0, more = 0;

	if (!read_file(wn_arena_strdup(a, wn_value_str(wn_value_at(q, "path"))), a, &bytes))
		return error_value("cannot read the file", a);
	if (wn_opml_read(bytes, a, &feeds, &n, &more, &err) != WN_OK)
		return error_value(err.text, a);
	struct wn_value *v = WN_NEW_N(a, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct wn_map_builder f = wn_map_begin(a);
		wn_map_set(&f, "title", wn_string(feeds[i].title));
		wn_map_set(&f, "url", wn_string(feeds[i].url));
		wn_map_set(&f, "site", wn_string(feeds[i].site));
		wn_map_set(&f, "folder", wn_string(feeds[i].folder));
		v[i] = wn_map_end(&f);
	}
	wn_map_set(&m, "feeds", wn_list(v, n));
	return wn_map_end(&m);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct wn_arena *a = wn_arena_new(0);
		struct wn_value q, answer;
		struct wn_err err;
		struct wn_buf b;

		if (wn_json_parse((struct wn_str){line, (size_t)n}, NULL, a, &q, &err) != WN_OK)
			answer = error_value(err.text, a);
		else if (wn_str_is(wn_value_str(wn_value_at(q, "op")), "entities"))
			answer = op_entities(q, a);
		else if (wn_str_is(wn_value_str(wn_value_at(q, "op")), "opml"))
			answer = op_opml(q, a);
		else
			answer = op_feed(q, a);
		wn_buf_init(&b, 64u << 20);
		wn_json_write(&b, answer);
		wn_buf_char(&b, '\n');
		fwrite(b.p, 1, b.n, stdout);
		fflush(stdout);
		wn_buf_done(&b);
		wn_arena_free(a);
	}
	free(line);
	return 0;
}
