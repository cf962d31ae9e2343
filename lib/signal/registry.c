/* SPDX-License-Identifier: MIT */
/*
 * The registry of kinds and traits: definitions are copied and checked one by one, then sealed: sorted,
 * numbered, read only. What a second definition may not do is decided here, so that rules can rely on one type
 * a name.
 */
#include "registry.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 63 };

/* --- types ---------------------------------------------------------------------------------------------- */

static const char *const type_texts[] = {
#define X(name, text) [WN_ATTR_##name] = text,
    WN_ATTR_TYPE_LIST(X)
#undef X
};

const char *wn_attr_type_to_text(enum wn_attr_type t)
{
	return t < WN_COUNT(type_texts) ? type_texts[t] : "?";
}

bool wn_attr_type_from_text(struct wn_str text, enum wn_attr_type *out)
{
	for (size_t i = 0; i < WN_COUNT(type_texts); i++)
		if (wn_str_is(text, type_texts[i])) {
			*out = (enum wn_attr_type)i;
			return true;
		}
	return false;
}

/* --- building ------------------------------------------------------------------------------------------- */

struct wn_registry *wn_registry_new(void)
{
	struct wn_registry *r = wn_alloc(sizeof(*r));

	r->arena = wn_arena_new(0);
	r->warmth = WN_NEW(r->arena, struct wn_mapping_warmth);
	return r;
}

void wn_registry_free(struct wn_registry *r)
{
	if (!r)
		return;
	if (r->mapping_env)
		cel_env_free(r->mapping_env);
	wn_arena_free(r->arena);
	free(r);
}

static bool name_is_fine(const char *name)
{
	static const char *const taken[] = {"true", "false", "null", "in"};
	size_t n = name ? strlen(name) : 0;

	if (n == 0 || n > NAME_MAX_BYTES || name[0] < 'a' || name[0] > 'z')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
		      name[i] == '_'))
			return false;
	for (size_t i = 0; i < WN_COUNT(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return false;
	return true;
}

static const char *const *copy_texts(struct wn_arena *a, const char *const *texts)
{
	size_t n = 0;

	if (!texts)
		return NULL;
	while (texts[n])
		n++;
	const char **copy = WN_NEW_N(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = wn_arena_strdup(a, wn_str_of(texts[i]));
	return copy;
}

static bool same_texts(const char *const *a, const char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

static struct wn_registry_attribute *attribute(const struct wn_registry *r, const char *name)
{
	for (size_t i = 0; i < r->attrs.n; i++)
		if (strcmp(r->attrs.v[i].def.name, name) == 0)
			return &r->attrs.v[i];
	return NULL;
}

static enum wn_rc check_type(const char *what, const char *name, enum wn_attr_type type,
			     const char *const *values, struct wn_err *err)
{
	if (!name_is_fine(name))
		return wn_fail(
		    err, WN_INVALID,
		    "%s \"%.80s\": a name is a-z, 0-9 and _, begins with a letter and has at most %d bytes",
		    what, name ? name : "", NAME_MAX_BYTES);
	if ((size_t)type >= WN_COUNT(type_texts))
		return wn_fail(err, WN_INVALID, "%s %s has no type", what, name);
	if (type == WN_ATTR_ENUM && (!values || !values[0]))
		return wn_fail(err, WN_INVALID, "%s %s is an enum without values", what, name);
	return WN_OK;
}

static enum wn_rc check_attr(const struct wn_registry *r, const struct wn_kind_def *k, size_t i,
			     struct wn_err *err)
{
	const struct wn_attr_def *d = &k->attrs[i];
	enum wn_rc rc = check_type("attribute", d->name, d->type, d->enum_values, err);

	if (rc)
		return wn_fail_more(err, rc, "kind %s", k->name);
	if (wn_registry_is_signal_field(d->name))
		return wn_fail(err, WN_INVALID,
			       "kind %s: every signal has a field %s; give the attribute another name", k->name,
			       d->name);
	for (size_t other = 0; other < i; other++)
		if (strcmp(k->attrs[other].name, d->name) == 0)
			return wn_fail(err, WN_EXISTS, "kind %s has the attribute %s twice", k->name, d->name);
	const struct wn_registry_attribute *have = attribute(r, d->name);
	if (have && have->def.type != d->type)
		return wn_fail(err, WN_INVALID,
			       "attribute %s of kind %s is %s, but %s in another kind: one name has one type",
			       d->name, k->name, type_texts[d->type], type_texts[have->def.type]);
	if (have && d->type == WN_ATTR_ENUM && !same_texts(have->def.enum_values, d->enum_values))
		return wn_fail(err, WN_INVALID, "attribute %s of kind %s has other values than in another kind",
			       d->name, k->name);
	return WN_OK;
}

static enum wn_rc check_kind(const struct wn_registry *r, const struct wn_kind_def *k, struct wn_err *err)
{
	if (r->sealed)
		return wn_fail(err, WN_REFUSED, "the registry is sealed");
	if (!name_is_fine(k->name))
		return wn_fail(
		    err, WN_INVALID,
		    "kind \"%.80s\": a name is a-z, 0-9 and _, begins with a letter and has at most %d bytes",
		    k->name ? k->name : "", NAME_MAX_BYTES);
	for (size_t i = 0; i < r->kinds.n; i++)
		if (strcmp(r->kinds.v[i].name, k->name) == 0)
			return wn_fail(err, WN_EXISTS, "kind %s is defined twice", k->name);
	if (!(k->strength >= 0 && k->strength <= 1))
		return wn_fail(err, WN_INVALID, "kind %s: strength must be above 0 and at most 1", k->name);
	if (k->half_life_us <= 0 || k->hard_stop_us <= 0 || k->same_within_us < 0 || k->first_touch_us < 0)
		return wn_fail(err, WN_INVALID,
			       "kind %s: half-life and hard stop must be above 0, the other times not below",
			       k->name);
	if (r->kinds.n >= WN_KINDS_MAX || r->attrs.n + k->n_attrs > WN_ATTRS_MAX)
		return wn_fail(err, WN_LIMIT, "more than %d kinds or %d attributes", WN_KINDS_MAX,
			       WN_ATTRS_MAX);
	for (size_t i = 0; i < k->n_attrs; i++) {
		enum wn_rc rc = check_attr(r, k, i, err);
		if (rc)
			return rc;
	}
	return WN_OK;
}

enum wn_rc wn_registry_add_kind(struct wn_registry *r, const struct wn_kind_def *def, struct wn_err *err)
{
	enum wn_rc rc = check_kind(r, def, err);

	if (rc)
		return rc;
	struct wn_kind_def *k = WN_PUSH(r->arena, &r->kinds);
	*k = *def;
	k->name = wn_arena_strdup(r->arena, wn_str_of(def->name));
	k->strength = def->strength > 0 ? def->strength : 1;
	struct wn_attr_def *attrs = WN_NEW_N(r->arena, struct wn_attr_def, def->n_attrs + 1);
	k->attrs = attrs;
	for (size_t i = 0; i < def->n_attrs; i++) {
		attrs[i] = def->attrs[i];
		attrs[i].name = wn_arena_strdup(r->arena, wn_str_of(def->attrs[i].name));
		attrs[i].enum_values = copy_texts(r->arena, def->attrs[i].enum_values);
		if (!attribute(r, attrs[i].name))
			*WN_PUSH(r->arena, &r->attrs) = (struct wn_registry_attribute){.def = attrs[i]};
	}
	return WN_OK;
}

static void copy_computed(struct wn_registry *r, struct wn_trait_def *t)
{
	struct wn_trait_choice *choices = WN_NEW_N(r->arena, struct wn_trait_choice, t->n_choices + 1);

	for (size_t i = 0; i < t->n_choices; i++) {
		choices[i] = t->choices[i];
		choices[i].when = wn_arena_str(r->arena, t->choices[i].when);
		choices[i].value = wn_value_copy(r->arena, t->choices[i].value);
	}
	t->choices = choices;
	if (t->from_attribute)
		t->from_attribute = wn_arena_strdup(r->arena, wn_str_of(t->from_attribute));
	t->from_kinds = copy_texts(r->arena, t->from_kinds);
}

enum wn_rc wn_registry_add_trait(struct wn_registry *r, const struct wn_trait_def *def, struct wn_err *err)
{
	enum wn_rc rc = check_type("trait", def->name, def->type, def->enum_values, err);

	if (rc)
		return rc;
	if (r->sealed)
		return wn_fail(err, WN_REFUSED, "the registry is sealed");
	if (wn_registry_is_trait_field(def->of, def->name))
		return wn_fail(err, WN_INVALID,
			       "trait %s: every %s has a field of this name; give the trait another", def->name,
			       def->of == WN_TRAIT_ACCOUNT ? "account" : "contact");
	for (size_t i = 0; i < r->traits.n; i++)
		if (r->traits.v[i].of == def->of && strcmp(r->traits.v[i].name, def->name) == 0)
			return wn_fail(err, WN_EXISTS, "trait %s is defined twice", def->name);
	if (r->traits.n >= WN_ATTRS_MAX)
		return wn_fail(err, WN_LIMIT, "more than %d traits", WN_ATTRS_MAX);
	struct wn_value dflt = {0};
	if (def->dflt.kind != WN_ABSENT &&
	    (rc = wn_attr_coerce(def->type, def->enum_values, def->dflt, r->arena, &dflt, err)))
		return wn_fail_more(err, rc, "default of trait %s", def->name);
	struct wn_trait_def *t = WN_PUSH(r->arena, &r->traits);
	*t = *def;
	t->name = wn_arena_strdup(r->arena, wn_str_of(def->name));
	t->enum_values = copy_texts(r->arena, def->enum_values);
	t->dflt = wn_value_copy(r->arena, dflt);
	copy_computed(r, t);
	return WN_OK;
}

/* --- sealing -------------------------------------------------------------------------------------------- */

static int by_kind_name(const void *a, const void *b)
{
	return strcmp(((const struct wn_kind_def *)a)->name, ((const struct wn_kind_def *)b)->name);
}

static int by_attr_name(const void *a, const void *b)
{
	return strcmp(((const struct wn_registry_attribute *)a)->def.name,
		      ((const struct wn_registry_attribute *)b)->def.name);
}

static int by_trait(const void *a, const void *b)
{
	const struct wn_trait_def *x = a, *y = b;

	return x->of != y->of ? (x->of > y->of) - (x->of < y->of) : strcmp(x->name, y->name);
}

/* Which kinds have which attribute; the definition shown is that of the first kind by name. */
static void spread_attrs(struct wn_registry *r)
{
	for (size_t k = r->kinds.n; k-- > 0;)
		for (size_t i = 0; i < r->kinds.v[k].n_attrs; i++) {
			struct wn_registry_attribute *at = attribute(r, r->kinds.v[k].attrs[i].name);
			at->def = r->kinds.v[k].attrs[i];
			at->variants[k / 64] |= UINT64_C(1) << (k % 64);
		}
}

enum wn_rc wn_registry_seal(struct wn_registry *r, struct wn_err *err)
{
	if (r->sealed)
		return wn_fail(err, WN_REFUSED, "the registry is sealed already");
	enum wn_rc rc = wn_mapping_env_new(&r->mapping_env, err);
	if (rc)
		return rc;
	if (r->kinds.n)
		qsort(r->kinds.v, r->kinds.n, sizeof(*r->kinds.v), by_kind_name);
	if (r->attrs.n)
		qsort(r->attrs.v, r->attrs.n, sizeof(*r->attrs.v), by_attr_name);
	if (r->traits.n)
		qsort(r->traits.v, r->traits.n, sizeof(*r->traits.v), by_trait);
	spread_attrs(r);
	r->kind_names = WN_NEW_N(r->arena, const char *, r->kinds.n + 1);
	for (size_t i = 0; i < r->kinds.n; i++)
		r->kind_names[i] = r->kinds.v[i].name;
	wn_registry_make_records(r);
	r->sealed = true;
	return WN_OK;
}

/* --- looking up ----------------------------------------------------------------------------------------- */

size_t wn_registry_kinds(const struct wn_registry *r)
{
	return r->kinds.n;
}

const struct wn_kind_def *wn_registry_kind(const struct wn_registry *r, int kind)
{
	return kind >= 0 && (size_t)kind < r->kinds.n ? &r->kinds.v[kind] : NULL;
}

int wn_registry_kind_number(const struct wn_registry *r, struct wn_str name)
{
	size_t lo = 0, hi = r->kinds.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = wn_str_cmp(name, wn_str_of(r->kinds.v[mid].name));
		if (c == 0)
			return (int)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

const char *wn_registry_nearest_kind(const struct wn_registry *r, struct wn_str name)
{
	return r->kind_names ? wn_nearest(name, r->kind_names, r->kinds.n) : NULL;
}

size_t wn_registry_attrs(const struct wn_registry *r)
{
	return r->attrs.n;
}

const struct wn_attr_def *wn_registry_attr(const struct wn_registry *r, int attr)
{
	return attr >= 0 && (size_t)attr < r->attrs.n ? &r->attrs.v[attr].def : NULL;
}

int wn_registry_attr_number(const struct wn_registry *r, struct wn_str name)
{
	for (size_t i = 0; i < r->attrs.n; i++)
		if (wn_str_is(name, r->attrs.v[i].def.name))
			return (int)i;
	return -1;
}

const struct wn_attr_def *wn_registry_attr_of_kind(const struct wn_registry *r, int kind, struct wn_str name)
{
	const struct wn_kind_def *k = wn_registry_kind(r, kind);

	for (size_t i = 0; k && i < k->n_attrs; i++)
		if (wn_str_is(name, k->attrs[i].name))
			return &k->attrs[i];
	return NULL;
}

const char *wn_registry_nearest_attr(const struct wn_registry *r, int kind, struct wn_str name)
{
	const struct wn_kind_def *k = wn_registry_kind(r, kind);
	const char *names[WN_ATTRS_MAX];
	size_t n = 0;

	for (size_t i = 0; k && i < k->n_attrs && n < WN_COUNT(names); i++)
		names[n++] = k->attrs[i].name;
	return wn_nearest(name, names, n);
}

size_t wn_registry_traits(const struct wn_registry *r)
{
	return r->traits.n;
}

const struct wn_trait_def *wn_registry_trait(const struct wn_registry *r, int trait)
{
	return trait >= 0 && (size_t)trait < r->traits.n ? &r->traits.v[trait] : NULL;
}

int wn_registry_trait_number(const struct wn_registry *r, enum wn_trait_of of, struct wn_str name)
{
	for (size_t i = 0; i < r->traits.n; i++)
		if (r->traits.v[i].of == of && wn_str_is(name, r->traits.v[i].name))
			return (int)i;
	return -1;
}

const char *wn_registry_nearest_trait(const struct wn_registry *r, enum wn_trait_of of, struct wn_str name)
{
	const char *names[WN_ATTRS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < r->traits.n; i++)
		if (r->traits.v[i].of == of)
			names[n++] = r->traits.v[i].name;
	return wn_nearest(name, names, n);
}

const struct cel_record *wn_registry_signal_record(const struct wn_registry *r)
{
	return &r->signal;
}
const struct cel_record *wn_registry_account_record(const struct wn_registry *r)
{
	return &r->account;
}
const struct cel_record *wn_registry_contact_record(const struct wn_registry *r)
{
	return &r->contact;
}
