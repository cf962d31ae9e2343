/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as YAML: parses or fails cleanly; what parses is written and reads back as the same value. What the reader of plain
 * documents takes libfyaml reads as the same tree, places included.
 */
#include <stdlib.h>

#include <whynow/limits.h>
#include <whynow/yaml.h>

#include "../../lib/conf/parts.h"

static void walk_places(const struct wn_yaml_node *n, size_t lines)
{
	if (n->line < 1 || (size_t)n->line > lines || n->column < 1)
		abort();
	if (n->kind == WN_YAML_SCALAR && n->text.n && (size_t)n->text_line > lines)
		abort();
	for (size_t i = 0; i < n->n; i++) {
		if (n->kind == WN_YAML_MAPPING) {
			walk_places(n->pairs[i].key, lines);
			walk_places(n->pairs[i].value, lines);
		} else {
			walk_places(n->items[i], lines);
		}
	}
}

static bool has_nan(struct wn_value v)
{
	if (v.kind == WN_DOUBLE)
		return v.d != v.d;
	for (uint32_t i = 0; (v.kind == WN_LIST || v.kind == WN_MAP) && i < v.n; i++)
		if (has_nan(v.kind == WN_LIST ? v.list[i] : v.map[i].value))
			return true;
	return false;
}

static void write_and_read(const struct wn_yaml_node *n, struct wn_arena *a)
{
	struct wn_value v = wn_yaml_to_value(n, a);
	struct wn_yaml_docs docs;
	struct wn_buf b;

	if (has_nan(v) || v.kind == WN_NULL)
		return;
	wn_buf_init(&b, 1 << 20);
	wn_yaml_write(&b, v);
	if (!wn_buf_overflowed(&b)) {
		struct wn_err err = {0};
		enum wn_rc rc = wn_yaml_parse(wn_buf_slice(&b), "back", a, &docs, &err);
		if (rc != WN_LIMIT &&
		    (rc || docs.n != 1 || !wn_value_eq(v, wn_yaml_to_value(docs.v[0].root, a))))
			abort();
	}
	wn_buf_done(&b);
}

static bool same_tree(const struct wn_yaml_node *x, const struct wn_yaml_node *y)
{
	bool same = x->kind == y->kind && x->style == y->style && x->line == y->line && x->column == y->column && x->n == y->n;
	if (same && x->kind == WN_YAML_SCALAR)
		same = wn_str_eq(x->text, y->text) && x->text_line == y->text_line && x->text_column == y->text_column && !x->raw == !y->raw;
	for (size_t i = 0; same && i < x->n; i++)
		same = x->kind == WN_YAML_SEQUENCE ? same_tree(x->items[i], y->items[i])
						   : same_tree(x->pairs[i].key, y->pairs[i].key) && same_tree(x->pairs[i].value, y->pairs[i].value);
	return same;
}

static void compare(struct wn_str text, struct wn_arena *a)
{
	struct wn_yaml_docs plain, any;
	if (!wn_yaml_read_plain(text, "fuzz", a, &plain))
		return;
	if (wn_yaml_read_any(text, "fuzz", a, &any, NULL) || any.n != 1 || !same_tree(plain.v[0].root, any.v[0].root) ||
	    !wn_str_eq(plain.v[0].source, any.v[0].source))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_yaml_docs docs;
	struct wn_err err = {0};
	size_t lines = 2;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	compare((struct wn_str){(const char *)data, size}, a);
	if (!wn_yaml_parse((struct wn_str){(const char *)data, size}, "fuzz", a, &docs, &err))
		for (size_t i = 0; i < docs.n; i++) {
			walk_places(docs.v[i].root, lines);
			write_and_read(docs.v[i].root, a);
		}
	else if (!err.text[0] || err.rc == WN_OK)
		abort();
	wn_arena_free(a);
	return 0;
}
