/* SPDX-License-Identifier: MIT */
/*
 * The schema walker: reads a mapping into a C struct by a table of rows. It reports everything that is wrong
 * with a mapping, always in the same words, and goes on; a member whose row failed keeps its default. What the
 * keys mean together is for the schema's own check().
 */
#include <math.h>

#include <whynow/limits.h>
#include <whynow/yaml.h>

#include "parts.h"

struct walk {
	const struct wn_yaml_schema *schema;
	struct wn_arena *arena;
	struct wn_yaml_errors *errors;
	struct wn_err err; /* of the row that failed */
};

static int64_t seconds_us(double s)
{
	return (int64_t)llround(s * 1e6);
}

static bool has_range(const struct wn_yaml_row *row)
{
	return row->min != 0 || row->max != 0;
}

/* Ranges of a row: both bounds 0 means none but the natural one of the type. */
static double low(const struct wn_yaml_row *row, double natural)
{
	return has_range(row) ? row->min : natural;
}
static double high(const struct wn_yaml_row *row, double natural)
{
	return has_range(row) && row->max != 0 ? row->max : natural;
}

static enum wn_rc read_whole(const struct wn_yaml_node *n, const struct wn_yaml_row *row, void *out,
			     struct wn_err *err)
{
	int64_t max = has_range(row) && row->max != 0 ? (int64_t)row->max : INT64_MAX;
	return wn_yaml_int(n, has_range(row) ? (int64_t)row->min : INT64_MIN, max, out, err);
}

static enum wn_rc read_duration(const struct wn_yaml_node *n, const struct wn_yaml_row *row, void *out,
				struct wn_err *err)
{
	return wn_yaml_duration(n, seconds_us(row->min), row->max != 0 ? seconds_us(row->max) : INT64_MAX, out,
				err);
}

static enum wn_rc read_named(const struct wn_yaml_node *n, bool (*fits)(struct wn_str), const char *what,
			     struct wn_str *out, struct wn_err *err)
{
	struct wn_str s;
	enum wn_rc rc = wn_yaml_string(n, 1, WN_CONF_TEXT_MAX, &s, err);

	if (rc)
		return rc;
	if (!fits(s))
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n), "expected %s, found \"" WN_STR_FMT "\"",
				  what, WN_STR_ARG(s));
	*out = s;
	return WN_OK;
}

static enum wn_rc read_scalar(struct walk *w, const struct wn_yaml_node *n, const struct wn_yaml_row *row,
			      void *out, struct wn_err *err)
{
	switch (row->type) {
	case WN_YAML_T_STRING:
		return wn_yaml_string(n, (size_t)low(row, 0), (size_t)high(row, WN_CONF_TEXT_MAX), out, err);
	case WN_YAML_T_NAME:
		return read_named(n, wn_yaml_is_name, "a name (letters, digits, . _ -; at most 63)", out, err);
	case WN_YAML_T_WORD:
		return read_named(n, wn_yaml_is_word, "a name (small letters, digits, _; at most 63)", out,
				  err);
	case WN_YAML_T_TEXT: return wn_yaml_text(n, out, err);
	case WN_YAML_T_INT: return read_whole(n, row, out, err);
	case WN_YAML_T_DOUBLE:
		return wn_yaml_double(n, low(row, -(double)INFINITY), high(row, (double)INFINITY), out, err);
	case WN_YAML_T_BOOL: return wn_yaml_bool(n, out, err);
	case WN_YAML_T_DURATION: return read_duration(n, row, out, err);
	case WN_YAML_T_ENUM: return wn_yaml_enum(n, row->names, out, err);
	case WN_YAML_T_PERCENT: return wn_yaml_percent(n, low(row, 0), high(row, 1), out, err);
	case WN_YAML_T_MONEY: return wn_yaml_money(n, out, err);
	case WN_YAML_T_STRINGS:
		return wn_yaml_strings(n, (size_t)low(row, 0), (size_t)high(row, WN_CONF_NODES_MAX), w->arena,
				       out, err);
	case WN_YAML_T_CREDENTIAL: return wn_yaml_credential(n, out, err);
	case WN_YAML_T_NODE: *(const struct wn_yaml_node **)out = n; return WN_OK;
	default: return WN_OK;
	}
}

static void read_list(struct walk *w, const struct wn_yaml_node *n, const struct wn_yaml_row *row,
		      struct wn_yaml_list *out)
{
	const struct wn_yaml_schema *s = row->schema;
	size_t min = (size_t)low(row, 0), max = (size_t)high(row, WN_CONF_NODES_MAX);

	if (n->kind != WN_YAML_SEQUENCE) {
		wn_yaml_error(w->errors, wn_yaml_place(n), "\"%s\" in %s: expected a list, found %s", row->name,
			      w->schema->what, wn_yaml_what(n));
		return;
	}
	if (n->n < min || n->n > max) {
		wn_yaml_error(w->errors, wn_yaml_place(n),
			      "\"%s\" in %s: expected at %s %zu element%s, found %zu", row->name,
			      w->schema->what, n->n < min ? "least" : "most", n->n < min ? min : max,
			      (n->n < min ? min : max) == 1 ? "" : "s", n->n);
		return;
	}
	char *v = wn_arena_alloc(w->arena, s->size * (n->n + 1));
	for (size_t i = 0; i < n->n; i++) {
		if (s->defaults)
			memcpy(v + i * s->size, s->defaults, s->size);
		(void)wn_yaml_walk(n->items[i], s, w->arena, v + i * s->size, w->errors);
	}
	*out = (struct wn_yaml_list){n->n, v};
}

static void read_row(struct walk *w, const struct wn_yaml_node *n, const struct wn_yaml_row *row, void *out)
{
	switch (row->type) {
	case WN_YAML_T_MAP: (void)wn_yaml_walk(n, row->schema, w->arena, out, w->errors); return;
	case WN_YAML_T_LIST: read_list(w, n, row, out); return;
	case WN_YAML_T_CUSTOM: row->read(n, row, w->arena, out, w->errors); return;
	default: break;
	}
	if (read_scalar(w, n, row, out, &w->err)) {
		wn_fail_more(&w->err, WN_INVALID, "\"%s\" in %s", row->name, w->schema->what);
		wn_yaml_error_add(w->errors, &w->err);
		w->err = (struct wn_err){0};
	}
}

void wn_yaml_unknown_key(const struct wn_yaml_node *key, const char *what, const char *const *names, size_t n,
			 struct wn_yaml_errors *e)
{
	const char *near = wn_nearest(key->text, names, n);

	if (near)
		wn_yaml_error(e, wn_yaml_place(key),
			      "unknown key \"" WN_STR_FMT "\" in %s; did you mean \"%s\"?",
			      WN_STR_ARG(key->text), what, near);
	else
		wn_yaml_error(e, wn_yaml_place(key), "unknown key \"" WN_STR_FMT "\" in %s",
			      WN_STR_ARG(key->text), what);
}

static const struct wn_yaml_row *find_row(const struct wn_yaml_schema *s, struct wn_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (name.n && name.p[0] == s->rows[i].name[0] && wn_str_is(name, s->rows[i].name))
			return &s->rows[i];
	return NULL;
}

static void unknown_key(struct walk *w, const struct wn_yaml_node *key)
{
	const char **names = WN_NEW_N(w->arena, const char *, w->schema->n + 1);

	for (size_t i = 0; i < w->schema->n; i++)
		names[i] = w->schema->rows[i].name;
	wn_yaml_unknown_key(key, w->schema->what, names, w->schema->n, w->errors);
}

enum wn_rc wn_yaml_walk(const struct wn_yaml_node *map, const struct wn_yaml_schema *schema, struct wn_arena *a,
			void *out, struct wn_yaml_errors *errors)
{
	struct walk w = {.schema = schema, .arena = a, .errors = errors};
	size_t before = wn_yaml_errors_count(errors);

	if (!map || map->kind != WN_YAML_MAPPING)
		return wn_yaml_error(errors, wn_yaml_place(map), "%s: expected a mapping, found %s",
				     schema->what, wn_yaml_what(map));
	*(const struct wn_yaml_node **)out = map;
	for (size_t i = 0; i < map->n; i++) {
		const struct wn_yaml_row *row = find_row(schema, map->pairs[i].key->text);
		if (row)
			read_row(&w, map->pairs[i].value, row, (char *)out + row->offset);
		else
			unknown_key(&w, map->pairs[i].key);
	}
	for (size_t i = 0; i < schema->n; i++)
		if (schema->rows[i].required && !wn_yaml_get(map, schema->rows[i].name))
			wn_yaml_error(errors, wn_yaml_place(map), "missing key \"%s\" in %s",
				      schema->rows[i].name, schema->what);
	if (schema->check && wn_yaml_errors_count(errors) == before)
		schema->check(out, a, errors);
	return wn_yaml_errors_count(errors) == before ? WN_OK : WN_INVALID;
}
