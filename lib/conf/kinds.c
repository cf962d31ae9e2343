/* SPDX-License-Identifier: MIT */
/*
 * Documents of kinds.d to struct wn_kind_conf: what a kind of signal is made of and how it ages. That an
 * attribute name has one type over all kinds is checked when all kinds are known (load.c).
 */
#include <stdio.h>

#include <whynow/limits.h>

#include "parts.h"

#define YEAR (366.0 * 86400)

const char *const wn_signal_common_names[] = {"kind", "occurred_at", "published_at", "observed_at",
					      "age",  "freshness",   "publishers",   "headline",
					      "url",  "contact",     "feed",         NULL};

static const char *const types[] = {
#define X(name, text) text,
	WN_CONF_TYPE_LIST(X)
#undef X
		NULL};

const char *wn_conf_type_to_text(enum wn_conf_type t)
{
	return (size_t)t + 1 < WN_COUNT(types) ? types[t] : "?";
}

/* --- attributes --------------------------------------------------------------------------------------- */

static const struct wn_yaml_row attr_rows[] = {
	{"type", WN_YAML_T_ENUM, offsetof(struct wn_attr_conf, type), .required = true, .names = types},
	{"values", WN_YAML_T_STRINGS, offsetof(struct wn_attr_conf, values), .min = 1, .max = 1000},
	{"identity", WN_YAML_T_BOOL, offsetof(struct wn_attr_conf, identity)},
	{"money", WN_YAML_T_BOOL, offsetof(struct wn_attr_conf, money)},
	{"description", WN_YAML_T_STRING, offsetof(struct wn_attr_conf, description), .max = 2000},
};

static void check_attr(void *out, struct wn_arena *a WN_UNUSED, struct wn_yaml_errors *e)
{
	const struct wn_attr_conf *attr = out;

	if (attr->type == WN_CONF_TYPE_ENUM && !attr->values.n)
		wn_yaml_error(e, wn_yaml_place(attr->node), "missing key \"values\" in attribute of type enum");
	if (attr->type != WN_CONF_TYPE_ENUM && attr->values.n)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(attr->node, "values")),
			      "\"values\" are for type: enum");
	if (attr->money && attr->type != WN_CONF_TYPE_DOUBLE)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(attr->node, "money")),
			      "\"money\" is for type: double");
}

static const struct wn_yaml_schema attr_schema = {
	"attribute", attr_rows, WN_COUNT(attr_rows), sizeof(struct wn_attr_conf), NULL, check_attr};

static void check_name(const struct wn_yaml_node *key, struct wn_yaml_errors *e)
{
	if (!wn_yaml_is_word(key->text))
		wn_yaml_error(e, wn_yaml_place(key),
			      "\"" WN_STR_FMT
			      "\" is no name of an attribute (small letters, digits, _; at most 63)",
			      WN_STR_ARG(key->text));
	for (size_t i = 0; wn_signal_common_names[i]; i++)
		if (wn_str_is(key->text, wn_signal_common_names[i]))
			wn_yaml_error(e, wn_yaml_place(key),
				      "\"%s\" is a field of every signal: it cannot be an attribute",
				      wn_signal_common_names[i]);
}

/* `name: string`, or `name: {type: enum, values: [...]}`. */
static void read_attr(const struct wn_yaml_pair *p, struct wn_arena *a, struct wn_attr_conf *out,
		      struct wn_yaml_errors *e)
{
	struct wn_err err = {0};
	int type;

	check_name(p->key, e);
	if (p->value->kind == WN_YAML_MAPPING) {
		(void)wn_yaml_walk(p->value, &attr_schema, a, out, e);
	} else if (wn_yaml_enum(p->value, types, &type, &err)) {
		wn_fail_more(&err, WN_INVALID, "attribute \"" WN_STR_FMT "\"", WN_STR_ARG(p->key->text));
		wn_yaml_error_add(e, &err);
	} else {
		out->type = (enum wn_conf_type)type;
		if (out->type == WN_CONF_TYPE_ENUM)
			wn_yaml_error(e, wn_yaml_place(p->value),
				      "attribute \"" WN_STR_FMT "\": expected {type: enum, values: [...]}",
				      WN_STR_ARG(p->key->text));
	}
	out->node = p->value;
	out->name = p->key->text;
	out->at = wn_yaml_place(p->key);
}

static void read_attributes(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			    void *out, struct wn_yaml_errors *e)
{
	struct wn_kind_conf *kind = (struct wn_kind_conf *)((char *)out - row->offset);

	if (n->kind != WN_YAML_MAPPING || n->n > WN_CONF_KIND_ATTRS_MAX) {
		wn_yaml_error(
			e, wn_yaml_place(n),
			"\"attributes\" in kind: expected a mapping of at most %d names to types, found %s",
			WN_CONF_KIND_ATTRS_MAX, wn_yaml_what(n));
		return;
	}
	struct wn_attr_conf *v = WN_NEW_N(a, struct wn_attr_conf, n->n + 1);
	for (size_t i = 0; i < n->n; i++)
		read_attr(&n->pairs[i], a, &v[i], e);
	kind->n_attributes = n->n;
	kind->attributes = v;
}

/* --- the kind ----------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct wn_kind_conf, member)
static const struct wn_yaml_row kind_rows[] = {
	{"kind", WN_YAML_T_WORD, AT(name), .required = true},
	{"description", WN_YAML_T_STRING, AT(description), .max = 2000},
	{"strength", WN_YAML_T_DOUBLE, AT(strength), .min = 0.01, .max = 1},
	{"same_within", WN_YAML_T_DURATION, AT(same_within_us), .required = true, .max = YEAR},
	{"half_life", WN_YAML_T_DURATION, AT(half_life_us), .required = true, .min = 1, .max = 10 * YEAR},
	{"hard_stop", WN_YAML_T_DURATION, AT(hard_stop_us), .required = true, .min = 1, .max = 10 * YEAR},
	{"first_touch", WN_YAML_T_DURATION, AT(first_touch_us), .required = true, .min = 1, .max = YEAR},
	{"attributes", WN_YAML_T_CUSTOM, AT(attributes), .read = read_attributes},
};

static void check_kind(void *out, struct wn_arena *a WN_UNUSED, struct wn_yaml_errors *e)
{
	const struct wn_kind_conf *k = out;
	bool identity = false;

	if (k->hard_stop_us < k->half_life_us)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(k->node, "hard_stop")),
			      "\"hard_stop\" in kind comes before \"half_life\"");
	for (size_t i = 0; i < k->n_attributes; i++)
		identity |= k->attributes[i].identity;
	if (k->same_within_us == 0 && identity)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_get(k->node, "same_within")),
			      "with same_within: 0 every item is a signal of its own: expected no attribute "
			      "with identity: true");
}

static const struct wn_yaml_schema kind_schema = {
	"kind", kind_rows, WN_COUNT(kind_rows), sizeof(struct wn_kind_conf), NULL, check_kind};

void wn_conf_kinds(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_kind_confs *out,
		   struct wn_yaml_errors *errors)
{
	for (size_t i = 0; i < docs->n; i++) {
		struct wn_kind_conf k = {.strength = 1};
		if (wn_yaml_walk(docs->v[i].root, &kind_schema, a, &k, errors))
			continue;
		k.at = wn_yaml_place(wn_yaml_get(k.node, "kind"));
		wn_conf_checksum(k.node, k.checksum);
		*WN_PUSH(a, &out->list) = k;
	}
}

const struct wn_attr_conf *wn_kind_attr(const struct wn_kind_conf *k, struct wn_str name)
{
	for (size_t i = 0; i < k->n_attributes; i++)
		if (wn_str_eq(k->attributes[i].name, name))
			return &k->attributes[i];
	return NULL;
}
