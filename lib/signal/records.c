/* SPDX-License-Identifier: MIT */
/*
 * The CEL records of a registry: what the checker knows of signals, accounts and contacts. Common fields come
 * first, then one field an attribute (with the set of kinds that have it) or trait.
 */
#include "registry.h"

static const struct cel_type strings = {.kind = CEL_LIST, .elem = &cel_string};
static const char *const states[] = {"known", "provisional", "person", NULL};
const char *const wn_departments[] = {"people",  "sales", "marketing",  "finance", "engineering",
				      "product", "it",    "operations", "legal",   "security",
				      "support", "other", NULL};

static const struct cel_field signal_fields[] = {
    {.name = "kind", .type = &cel_string, .number = WN_SF_KIND},
    {.name = "occurred_at", .type = &cel_timestamp, .number = WN_SF_OCCURRED_AT},
    {.name = "published_at", .type = &cel_timestamp, .number = WN_SF_PUBLISHED_AT},
    {.name = "observed_at", .type = &cel_timestamp, .number = WN_SF_OBSERVED_AT},
    {.name = "age", .type = &cel_duration, .number = WN_SF_AGE, .moving = true},
    {.name = "freshness", .type = &cel_double, .number = WN_SF_FRESHNESS, .moving = true},
    {.name = "publishers", .type = &strings, .number = WN_SF_PUBLISHERS},
    {.name = "headline", .type = &cel_string, .number = WN_SF_HEADLINE},
    {.name = "url", .type = &cel_string, .number = WN_SF_URL},
    {.name = "contact", .type = &cel_string, .number = WN_SF_CONTACT},
    {.name = "feed", .type = &cel_string, .number = WN_SF_FEED},
};
static const struct cel_field account_fields[] = {
    {.name = "id", .type = &cel_string, .number = WN_AF_ID},
    {.name = "name", .type = &cel_string, .number = WN_AF_NAME},
    {.name = "domain", .type = &cel_string, .number = WN_AF_DOMAIN},
    {.name = "state", .type = &cel_string, .number = WN_AF_STATE, .enum_values = states},
    {.name = "known_since", .type = &cel_timestamp, .number = WN_AF_KNOWN_SINCE},
};
static const struct cel_field contact_fields[] = {
    {.name = "id", .type = &cel_string, .number = WN_CF_ID},
    {.name = "email", .type = &cel_string, .number = WN_CF_EMAIL},
    {.name = "name", .type = &cel_string, .number = WN_CF_NAME},
    {.name = "first_name", .type = &cel_string, .number = WN_CF_FIRST_NAME},
    {.name = "last_name", .type = &cel_string, .number = WN_CF_LAST_NAME},
    {.name = "position", .type = &cel_string, .number = WN_CF_POSITION},
    {.name = "department", .type = &cel_string, .number = WN_CF_DEPARTMENT, .enum_values = wn_departments},
    {.name = "level", .type = &cel_int, .number = WN_CF_LEVEL},
    {.name = "time_zone", .type = &cel_string, .number = WN_CF_TIME_ZONE},
    {.name = "subject", .type = &cel_bool, .number = WN_CF_SUBJECT},
};

static bool has_field(const struct cel_field *f, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return true;
	return false;
}

bool wn_registry_is_signal_field(const char *name)
{
	return has_field(signal_fields, WN_COUNT(signal_fields), name);
}

bool wn_registry_is_trait_field(enum wn_trait_of of, const char *name)
{
	if (of == WN_TRAIT_ACCOUNT)
		return has_field(account_fields, WN_COUNT(account_fields), name);
	return has_field(contact_fields, WN_COUNT(contact_fields), name);
}

static const struct cel_type *cel_type_of(enum wn_attr_type t)
{
	static const struct cel_type *const types[] = {
	    [WN_ATTR_STRING] = &cel_string,       [WN_ATTR_INT] = &cel_int,
	    [WN_ATTR_DOUBLE] = &cel_double,       [WN_ATTR_BOOL] = &cel_bool,
	    [WN_ATTR_TIMESTAMP] = &cel_timestamp, [WN_ATTR_LIST] = &strings,
	    [WN_ATTR_PLACE] = &cel_string,        [WN_ATTR_ENUM] = &cel_string,
	};
	return types[t];
}

static struct cel_field *fields_of(struct wn_arena *a, const struct cel_field *common, size_t n, size_t more)
{
	struct cel_field *f = WN_NEW_N(a, struct cel_field, n + more);

	memcpy(f, common, n * sizeof(*f));
	return f;
}

static struct cel_record trait_record(struct wn_registry *r, const char *name, enum wn_trait_of of,
				      const struct cel_field *common, size_t n)
{
	struct cel_field *f = fields_of(r->arena, common, n, r->traits.n);

	for (size_t i = 0; i < r->traits.n; i++) {
		const struct wn_trait_def *t = &r->traits.v[i];
		if (t->of == of)
			f[n++] =
			    (struct cel_field){.name = t->name,
					       .type = cel_type_of(t->type),
					       .number = (uint32_t)(WN_FIELD_TRAIT0 + i),
					       .enum_values = t->type == WN_ATTR_ENUM ? t->enum_values : NULL};
	}
	return (struct cel_record){.name = name, .fields = f, .n_fields = n};
}

void wn_registry_make_records(struct wn_registry *r)
{
	size_t n = WN_COUNT(signal_fields);
	struct cel_field *f = fields_of(r->arena, signal_fields, n, r->attrs.n);

	f[WN_SF_KIND].enum_values = r->kind_names;
	for (size_t i = 0; i < r->attrs.n; i++) {
		const struct wn_attr_def *d = &r->attrs.v[i].def;
		f[n++] = (struct cel_field){.name = d->name,
					    .type = cel_type_of(d->type),
					    .number = (uint32_t)(WN_FIELD_ATTR0 + i),
					    .variants = r->attrs.v[i].variants,
					    .enum_values = d->type == WN_ATTR_ENUM ? d->enum_values : NULL};
	}
	r->signal = (struct cel_record){.name = "signal",
					.fields = f,
					.n_fields = n,
					.discriminator = "kind",
					.variant_names = r->kind_names,
					.collectable = true};
	r->account = trait_record(r, "account", WN_TRAIT_ACCOUNT, account_fields, WN_COUNT(account_fields));
	r->contact = trait_record(r, "contact", WN_TRAIT_CONTACT, contact_fields, WN_COUNT(contact_fields));
}
