/* SPDX-License-Identifier: MIT */
/*
 * Registry: the typed kinds of signals with their attributes, and the traits of accounts and contacts.
 *
 * Built once from definitions (configuration files in the daemon, reference tables in the command line), then
 * read only. An attribute name has one type over all kinds; a second type is refused. Kind numbers are the order
 * of names, so that the same definitions give the same numbers.
 */
#ifndef WHYNOW_REGISTRY_H
#define WHYNOW_REGISTRY_H

#include <whynow/cel.h>

/* Type of an attribute or a trait. */
#define WN_ATTR_TYPE_LIST(X)                                                                                 \
	X(STRING, "string") X(INT, "int") X(DOUBLE, "double") X(BOOL, "bool") X(TIMESTAMP, "timestamp")      \
	X(LIST, "list") /* of strings */                                                                     \
	X(PLACE, "place") /* continent/country/state/city */                                                 \
	X(ENUM, "enum")
enum wn_attr_type {
#define X(name, text) WN_ATTR_##name,
	WN_ATTR_TYPE_LIST(X)
#undef X
};
const char *wn_attr_type_to_text(enum wn_attr_type t);
bool wn_attr_type_from_text(struct wn_str text, enum wn_attr_type *out);

struct wn_attr_def {
	const char *name;
	enum wn_attr_type type;
	const char *const *enum_values; /* ENUM: NULL-terminated */
	bool identity;                  /* differing values are different facts (design 06, same fact) */
	bool money;                     /* compared within 10 % when it is an identity attribute */
};

struct wn_kind_def {
	const char *name;
	double strength;        /* (0,1], 0 reads as 1 */
	int64_t same_within_us; /* 0: items never join */
	int64_t half_life_us, hard_stop_us, first_touch_us;
	const struct wn_attr_def *attrs;
	size_t n_attrs;
};

enum wn_trait_of { WN_TRAIT_ACCOUNT, WN_TRAIT_CONTACT };
/* A computed trait's value: the first choice whose text (CEL over account, contact and signals; empty: always) is true. */
struct wn_trait_choice {
	struct wn_str when;
	struct wn_place at; /* of the first character of `when` */
	struct wn_value value;
};
struct wn_trait_def {
	const char *name;
	enum wn_trait_of of;
	enum wn_attr_type type;
	const char *const *enum_values;
	struct wn_value dflt; /* ABSENT: none; read as the value when missing, shown as assumed */
	/* Where nothing is stored: by choices, or from the attribute of the last (first) signal that has it; neither: not computed. */
	const struct wn_trait_choice *choices; size_t n_choices;
	const char *from_attribute;     /* NULL: not from signals */
	const char *const *from_kinds;  /* NULL-terminated; NULL: every kind that has it */
	bool from_first;                /* by occurred_at; else the last */
};

struct wn_registry;
struct wn_registry *wn_registry_new(void);
void wn_registry_free(struct wn_registry *r);
/* Both copy the definition. Names are [a-z][a-z0-9_]*, at most 63 bytes. WN_INVALID on a bad name or range, on a second
 * type (or other enum values) for an attribute, on the name of a common field; WN_EXISTS on a second definition; WN_LIMIT
 * past WN_KINDS_MAX or WN_ATTRS_MAX; WN_REFUSED once sealed. */
enum wn_rc wn_registry_add_kind(struct wn_registry *r, const struct wn_kind_def *def, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_registry_add_trait(struct wn_registry *r, const struct wn_trait_def *def, struct wn_err *err) WN_MUST_CHECK;
/* Closes the registry: sorts, numbers, makes the CEL records below. Must be called once before reading. */
enum wn_rc wn_registry_seal(struct wn_registry *r, struct wn_err *err) WN_MUST_CHECK;

size_t wn_registry_kinds(const struct wn_registry *r);
const struct wn_kind_def *wn_registry_kind(const struct wn_registry *r, int kind);
int wn_registry_kind_number(const struct wn_registry *r, struct wn_str name); /* -1: none */
const char *wn_registry_nearest_kind(const struct wn_registry *r, struct wn_str name);
/* Attributes over all kinds, numbered in order of names. `identity` and `money` are of the kind: here those of the first
 * kind that has it; ask wn_registry_attr_of_kind. Traits are numbered by (of, name). */
size_t wn_registry_attrs(const struct wn_registry *r);
const struct wn_attr_def *wn_registry_attr(const struct wn_registry *r, int attr);
int wn_registry_attr_number(const struct wn_registry *r, struct wn_str name);
const struct wn_attr_def *wn_registry_attr_of_kind(const struct wn_registry *r, int kind, struct wn_str name);
size_t wn_registry_traits(const struct wn_registry *r);
const struct wn_trait_def *wn_registry_trait(const struct wn_registry *r, int trait);
int wn_registry_trait_number(const struct wn_registry *r, enum wn_trait_of of, struct wn_str name);
const char *wn_registry_nearest_attr(const struct wn_registry *r, int kind, struct wn_str name);
const char *wn_registry_nearest_trait(const struct wn_registry *r, enum wn_trait_of of, struct wn_str name);

/* Converts a value to the type of an attribute or trait. Text becomes one trimmed line of at most WN_ATTR_TEXT_MAX bytes
 * (text from int too); int from a whole double or digits; double from int or digits; bool from true/false/yes/no/1/0;
 * a list from one string or from strings and ints; timestamp from wild text (wn_date_parse) or epoch s/ms/us; enum by
 * folded text, punctuation aside; place by wn_place_clean. NULL and empty text (trimmed) give ABSENT: not a value. *out lives in `a`.
 * WN_INVALID with what was expected, WN_LIMIT past WN_ATTR_LIST_MAX. */
enum wn_rc wn_attr_coerce(enum wn_attr_type type, const char *const *enum_values, struct wn_value v, struct wn_arena *a,
			  struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;

/* "us/ca" and "na/us/ca" are NA/US/CA: a country of ISO 3166 gets its continent. False if it begins with neither; *out lies in `a`. */
bool wn_place_clean(struct wn_str text, struct wn_arena *a, struct wn_str *out);
/* Why no place lies within the area, in words, in buf; NULL if some may. */
const char *wn_place_complaint(struct wn_str area, char *buf, size_t size);

/* Seconds, milliseconds or microseconds since 1970, told apart by size; false outside years 1970 to 9999. */
bool wn_epoch_us(double n, int64_t *out_us);

/* CEL records made by seal (names: signal, account, contact). Field numbers: common fields first (enum wn_signal_field ...), then WN_FIELD_ATTR0 + attribute
 * number for signals, WN_FIELD_TRAIT0 + trait number for accounts and contacts. Signals have the variants = kinds. */
enum { WN_FIELD_ATTR0 = 32, WN_FIELD_TRAIT0 = 32 };
/* Types of the common fields: kind string (enum over the kinds), *_at timestamp, age duration and freshness double (both
 * moving), publishers list(string) of registrable domains, headline url contact feed string; contact is the name or address
 * of the contact that the signal names. Account: strings, state one of known provisional person, known_since timestamp.
 * Contact: strings, department an enum (wn_departments), level int, subject bool (the signal names this contact). */
extern const char *const wn_departments[]; /* NULL-terminated */
enum wn_signal_field { WN_SF_KIND, WN_SF_OCCURRED_AT, WN_SF_PUBLISHED_AT, WN_SF_OBSERVED_AT, WN_SF_AGE, WN_SF_FRESHNESS,
	WN_SF_PUBLISHERS, WN_SF_HEADLINE, WN_SF_URL, WN_SF_CONTACT, WN_SF_FEED };
enum wn_account_field { WN_AF_ID, WN_AF_NAME, WN_AF_DOMAIN, WN_AF_STATE, WN_AF_KNOWN_SINCE };
enum wn_contact_field { WN_CF_ID, WN_CF_EMAIL, WN_CF_NAME, WN_CF_FIRST_NAME, WN_CF_LAST_NAME, WN_CF_POSITION, WN_CF_DEPARTMENT,
	WN_CF_LEVEL, WN_CF_TIME_ZONE, WN_CF_SUBJECT };
const struct cel_record *wn_registry_signal_record(const struct wn_registry *r);
const struct cel_record *wn_registry_account_record(const struct wn_registry *r);
const struct cel_record *wn_registry_contact_record(const struct wn_registry *r);

#endif
