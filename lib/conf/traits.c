/* SPDX-License-Identifier: MIT */
/*
 * Documents of traits.d to struct wn_trait_conf: typed facts about accounts and contacts, with a default where
 * a missing value may be read as something, and with the rules of computed ones. Rules stay CEL text.
 */
#include <stdio.h>

#include <whynow/date.h>
#include <whynow/limits.h>

#include "parts.h"

const char *const wn_account_builtin_names[] = {"id", "name", "domain", "state", "known_since", NULL};
const char *const wn_contact_builtin_names[] = {"id",        "email",    "name",       "first_name",
						"last_name", "position", "department", "level",
						"time_zone", "subject",  "consent",    NULL};

static const char *const types[] = {
#define X(name, text) text,
	WN_CONF_TYPE_LIST(X)
#undef X
		NULL};
static const char *const subjects[] = {"account", "contact", NULL};
static const char *const picks[] = {"last", "first", NULL};

/* What a document holds beyond the struct until the type is known. */
struct draft {
	struct wn_trait_conf t; /* first: the walker's node */
	const struct wn_yaml_node *def, *rules;
};

#define AT(member) offsetof(struct draft, member)
#define IN(outer, member) (offsetof(struct draft, outer.member) - offsetof(struct draft, outer))

static const struct wn_yaml_row from_rows[] = {
	{"attribute", WN_YAML_T_WORD, IN(t.from, attribute), .required = true},
	{"kinds", WN_YAML_T_STRINGS, IN(t.from, kinds), .min = 1, .max = 256},
	{"pick", WN_YAML_T_ENUM, IN(t.from, pick), .names = picks},
};
static const struct wn_yaml_schema from_schema = {"from", from_rows, WN_COUNT(from_rows)};

static const struct wn_yaml_row trait_rows[] = {
	{"trait", WN_YAML_T_WORD, AT(t.name), .required = true},
	{"description", WN_YAML_T_STRING, AT(t.description), .max = 2000},
	{"of", WN_YAML_T_ENUM, AT(t.of), .required = true, .names = subjects},
	{"type", WN_YAML_T_ENUM, AT(t.type), .required = true, .names = types},
	{"values", WN_YAML_T_STRINGS, AT(t.values), .min = 1, .max = 1000},
	{"default", WN_YAML_T_NODE, AT(def)},
	{"rules", WN_YAML_T_NODE, AT(rules)},
	{"from", WN_YAML_T_MAP, AT(t.from), .schema = &from_schema},
};
static const struct wn_yaml_schema trait_schema = {"trait", trait_rows, WN_COUNT(trait_rows)};

/* --- values of the trait's type ----------------------------------------------------------------------- */

static enum wn_rc enum_value(const struct wn_yaml_node *n, const struct wn_yaml_strings *values,
			     struct wn_arena *a, struct wn_value *out, struct wn_err *err)
{
	const char **names = WN_NEW_N(a, const char *, values->n + 1);
	int i;

	for (size_t j = 0; j < values->n; j++)
		names[j] = values->v[j].p; /* texts of a tree are terminated */
	enum wn_rc rc = wn_yaml_enum(n, names, &i, err);
	if (!rc)
		*out = wn_cstring(names[i]);
	return rc;
}

static enum wn_rc text_value(const struct wn_yaml_node *n, struct wn_value *out, struct wn_err *err)
{
	struct wn_str s;
	enum wn_rc rc = wn_yaml_string(n, 1, WN_ATTR_TEXT_MAX, &s, err);

	if (!rc)
		*out = wn_string(s);
	return rc;
}

static enum wn_rc time_value(const struct wn_yaml_node *n, struct wn_value *out, struct wn_err *err)
{
	int64_t us;

	if (n->kind != WN_YAML_SCALAR || !wn_date_parse(n->text, &us))
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected a time such as 2026-05-04T10:00:00Z, found %s", wn_yaml_what(n));
	*out = wn_time_us(us);
	return WN_OK;
}

static enum wn_rc list_value(const struct wn_yaml_node *n, struct wn_arena *a, struct wn_value *out,
			     struct wn_err *err)
{
	struct wn_yaml_strings list;
	enum wn_rc rc = wn_yaml_strings(n, 0, 1000, a, &list, err);

	if (rc)
		return rc;
	struct wn_value *v = WN_NEW_N(a, struct wn_value, list.n + 1);
	for (size_t i = 0; i < list.n; i++)
		v[i] = wn_string(list.v[i]);
	*out = wn_list(v, list.n);
	return WN_OK;
}

static enum wn_rc number_value(const struct wn_yaml_node *n, enum wn_conf_type type, struct wn_value *out,
			       struct wn_err *err)
{
	enum wn_rc rc;
	int64_t i;
	double d;
	bool b;

	if (type == WN_CONF_TYPE_BOOL) {
		if (!(rc = wn_yaml_bool(n, &b, err)))
			*out = wn_bool(b);
	} else if (type == WN_CONF_TYPE_INT) {
		if (!(rc = wn_yaml_int(n, INT64_MIN, INT64_MAX, &i, err)))
			*out = wn_int(i);
	} else {
		if (!(rc = wn_yaml_double(n, -1e300, 1e300, &d, err)))
			*out = wn_double(d);
	}
	return rc;
}

static enum wn_rc typed_value(const struct wn_yaml_node *n, const struct wn_trait_conf *t, struct wn_arena *a,
			      struct wn_value *out, struct wn_err *err)
{
	switch (t->type) {
	case WN_CONF_TYPE_BOOL:
	case WN_CONF_TYPE_INT:
	case WN_CONF_TYPE_DOUBLE: return number_value(n, t->type, out, err);
	case WN_CONF_TYPE_TIMESTAMP: return time_value(n, out, err);
	case WN_CONF_TYPE_LIST: return list_value(n, a, out, err);
	case WN_CONF_TYPE_ENUM: return enum_value(n, &t->values, a, out, err);
	case WN_CONF_TYPE_STRING:
	case WN_CONF_TYPE_PLACE: break;
	}
	return text_value(n, out, err);
}

static void read_value(const struct wn_yaml_node *n, const char *what, const struct wn_trait_conf *t,
		       struct wn_arena *a, struct wn_value *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};

	if (typed_value(n, t, a, out, &err)) {
		wn_fail_more(&err, WN_INVALID, "\"%s\" of trait \"" WN_STR_FMT "\"", what, WN_STR_ARG(t->name));
		wn_yaml_error_add(e, &err);
	}
}

/* --- rules -------------------------------------------------------------------------------------------- */

struct rule_draft {
	const struct wn_yaml_node *node;
	struct wn_yaml_text when;
	const struct wn_yaml_node *value;
};
static const struct wn_yaml_row rule_rows[] = {
	{"if", WN_YAML_T_TEXT, offsetof(struct rule_draft, when)},
	{"value", WN_YAML_T_NODE, offsetof(struct rule_draft, value), .required = true},
};
static const struct wn_yaml_schema rule_schema = {"rule", rule_rows, WN_COUNT(rule_rows)};

static void read_rules(struct draft *d, struct wn_arena *a, struct wn_yaml_errors *e)
{
	const struct wn_yaml_node *n = d->rules;

	if (n->kind != WN_YAML_SEQUENCE || n->n == 0 || n->n > WN_CONF_RULES_MAX) {
		wn_yaml_error(
			e, wn_yaml_place(n),
			"\"rules\" in trait: expected a list of 1 to %d rules {if: CEL, value: ...}, found %s",
			WN_CONF_RULES_MAX, wn_yaml_what(n));
		return;
	}
	struct wn_trait_rule *v = WN_NEW_N(a, struct wn_trait_rule, n->n + 1);
	for (size_t i = 0; i < n->n; i++) {
		struct rule_draft r = {0};
		if (wn_yaml_walk(n->items[i], &rule_schema, a, &r, e))
			continue;
		v[i].node = r.node;
		v[i].when = r.when;
		read_value(r.value, "value", &d->t, a, &v[i].value, e);
		if (!wn_conf_is_set(&r.when) && i + 1 < n->n)
			wn_yaml_error(e, wn_yaml_place(r.node),
				      "a rule without \"if\" is always true: expected it last");
	}
	d->t.rules = (struct wn_yaml_list){n->n, v};
}

static void finish(struct draft *d, struct wn_arena *a, struct wn_yaml_errors *e)
{
	struct wn_trait_conf *t = &d->t;
	const char *const *builtin =
		t->of == WN_CONF_OF_ACCOUNT ? wn_account_builtin_names : wn_contact_builtin_names;

	for (size_t i = 0; builtin[i]; i++)
		if (wn_str_is(t->name, builtin[i]))
			wn_yaml_error(e, wn_yaml_place(wn_yaml_get(t->node, "trait")),
				      "\"%s\" is a field of every %s: it cannot be a trait", builtin[i],
				      subjects[t->of]);
	if (t->type == WN_CONF_TYPE_ENUM && !t->values.n) {
		wn_yaml_error(e, wn_yaml_place(t->node), "missing key \"values\" in trait of type enum");
		return;
	}
	if (t->type != WN_CONF_TYPE_ENUM && t->values.n)
		wn_yaml_error(e, wn_yaml_place(wn_yaml_key(t->node, "values")),
			      "\"values\" are for type: enum");
	if (d->rules && t->from.node)
		wn_yaml_error(e, wn_yaml_place(d->rules), "a trait comes by rules: or from: signals, not both");
	if (d->def)
		read_value(d->def, "default", t, a, &t->def, e);
	if (d->rules)
		read_rules(d, a, e);
}

void wn_conf_traits(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_trait_confs *out,
		    struct wn_yaml_errors *errors)
{
	for (size_t i = 0; i < docs->n; i++) {
		struct draft d = {0};
		size_t before = wn_yaml_errors_count(errors);

		if (!wn_yaml_walk(docs->v[i].root, &trait_schema, a, &d, errors))
			finish(&d, a, errors);
		if (wn_yaml_errors_count(errors) != before)
			continue;
		d.t.at = wn_yaml_place(wn_yaml_get(d.t.node, "trait"));
		wn_conf_checksum(d.t.node, d.t.checksum);
		*WN_PUSH(a, &out->list) = d.t;
	}
}
