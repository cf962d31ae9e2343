/* SPDX-License-Identifier: MIT */
/*
 * From item to sighting: the feed's CEL mapping, positions, names and domains. Pure.
 *
 * wn_mapping_compile turns a feed's texts into programs once; wn_mapping_apply turns one item into at most one
 * sighting, or into a reject with a reason. Whose it is (wn_account_hint) is resolved by the store.
 */
#ifndef WHYNOW_SIGNAL_H
#define WHYNOW_SIGNAL_H

#include <whynow/id.h>
#include <whynow/registry.h>

/* --- names, domains ----------------------------------------------------------------------------------- */
/* Registrable domain, lower case ASCII (IDN to xn--), of a host, URL or bare domain; false: none (IP, public suffix, garbage). */
bool wn_domain_registrable(struct wn_str host_or_url, struct wn_arena *a, struct wn_str *out);
/* Mail providers, hosting, publishing and social domains: never a company of their own. */
bool wn_domain_is_shared(struct wn_str registrable);
/* Lower-cased, trimmed, checked address (one @, no controls); false if it is none. */
bool wn_email_normalise(struct wn_str text, struct wn_arena *a, struct wn_str *out);
/* Company name for comparing: legal forms and articles stripped, & and + as "and", case, diacritics, punctuation folded,
 * words joined by one blank. Empty if nothing is left. */
struct wn_str wn_name_normalise(struct wn_str name, struct wn_arena *a);
/* Person name for comparing: folded, middle names and initials dropped, suffixes (Jr., PhD) dropped. */
struct wn_str wn_person_normalise(struct wn_str name, struct wn_arena *a);
/* First name and last name for greeting; empty slices if it does not look like a person. */
void wn_person_split(struct wn_str name, struct wn_str *first, struct wn_str *last);
/* Headline for comparing (independence of publishers): folded words. */
struct wn_str wn_headline_normalise(struct wn_str headline, struct wn_arena *a);

/* --- positions ----------------------------------------------------------------------------------------- */
/* Loaded from conf/extract/positions (data): phrase -> department and/or level, longest match on whole words. */
struct wn_positions;
enum wn_rc wn_positions_parse(struct wn_str text, const char *file, struct wn_positions **out, struct wn_err *err) WN_MUST_CHECK;
void wn_positions_free(struct wn_positions *p);
struct wn_position { const char *department; int level; }; /* NULL, 0: not known */
struct wn_position wn_positions_look(const struct wn_positions *p, struct wn_str position, struct wn_arena *scratch);

/* --- ids (design 04) ------------------------------------------------------------------------------------- */
struct wn_id wn_account_id_of_domain(struct wn_str registrable);
struct wn_id wn_account_id_of_name(struct wn_str normalised);
struct wn_id wn_account_id_of_person(struct wn_str key, struct wn_str address);
struct wn_id wn_contact_id_of_address(struct wn_str key, struct wn_str address);
struct wn_id wn_contact_id_of_person(struct wn_id account, struct wn_str normalised_person);
struct wn_key32 wn_sighting_key(struct wn_str feed, struct wn_str item_identity, int place);
struct wn_id wn_signal_key(struct wn_id account, struct wn_str kind, struct wn_key32 first_sighting);

/* --- mapping ----------------------------------------------------------------------------------------------- */
struct wn_cel_text { struct wn_str text; struct wn_place place; }; /* text.p NULL: not given */
struct wn_mapping_attr { struct wn_str name; struct wn_cel_text value; };
/* A feed's mapping as written; borrowed until compiled. */
struct wn_mapping_source {
	struct wn_str feed, publisher;   /* publisher: registrable domain, may be empty */
	double strength;                 /* of the feed, (0,1], 0 reads as 1 */
	int64_t max_age_us;              /* refuse older, 0 = none */
	bool has_doc;                    /* JSON family: `doc` is the whole answer; else a map of feed fields */
	struct wn_cel_text items, id, where;
	struct wn_str account_domain;    /* literal */
	struct wn_cel_text account_name, domain_from, email_from;
	struct wn_str kind;              /* literal, empty: no signal (trait feed) */
	struct wn_place kind_place;
	struct wn_cel_text occurred_at, published_at, headline, url, contact_name, contact_email, contact_position, source;
	const struct wn_mapping_attr *attrs; size_t n_attrs;   /* under signal: */
	const struct wn_mapping_attr *traits; size_t n_traits; /* under account.traits: */
};
struct wn_mapping;
enum wn_rc wn_mapping_compile(const struct wn_registry *r, const struct wn_mapping_source *src, struct wn_mapping **out,
			      struct wn_err *err) WN_MUST_CHECK;
void wn_mapping_free(struct wn_mapping *m);
/* A plain path `doc.a.b` as keys for the reader (n = 0: none or not plain). Borrowed. */
size_t wn_mapping_items_path(const struct wn_mapping *m, const struct wn_str **keys);
/* Evaluates `items` over the whole document: a LIST. */
enum wn_rc wn_mapping_items(const struct wn_mapping *m, struct wn_value doc, int64_t now_us, struct wn_arena *a,
			    struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;

/* How an item names its company; any part may be absent. domain is registrable and not shared. */
struct wn_account_hint {
	struct wn_str domain, name, email;
	struct wn_str name_key; /* normalised name */
};
struct wn_contact_hint { struct wn_str name, email, position; };

struct wn_sighting {
	struct wn_key32 key;
	struct wn_str feed, item, publisher, source_named; /* item: identity; source_named: publisher it names as its source */
	int place;                   /* of the signal in the item */
	int kind;                    /* number, -1: traits only */
	int64_t occurred_us, published_us, observed_us;
	double strength;             /* kind.strength * feed.strength */
	struct wn_value attrs;       /* MAP name -> coerced value */
	struct wn_value traits;      /* MAP or ABSENT */
	struct wn_str headline, url, span;
	struct wn_account_hint account;
	struct wn_contact_hint contact;
};

enum wn_mapped { WN_MAPPED, WN_MAPPED_FILTERED /* `where` is not true */, WN_MAPPED_REJECTED /* err says why */ };
/* item: as CEL sees it; identity: of the reader, replaced by `id:` if the mapping has one; published_us: of the reader, 0 = none.
 * Occurred is clamped to now; missing occurred falls to published, then now. The sighting's texts live in `a`. */
enum wn_mapped wn_mapping_apply(const struct wn_mapping *m, struct wn_value item, struct wn_value doc, struct wn_str identity,
				int64_t published_us, struct wn_str headline, struct wn_str url, int64_t now_us,
				struct wn_arena *a, struct wn_sighting *out, struct wn_err *err);

/* --- the same fact (design 06) --------------------------------------------------------------------------- */
/* True if no identity attribute present on both sides differs (text normalised, money within 10 %). */
bool wn_same_fact(const struct wn_registry *r, int kind, struct wn_value attrs_a, struct wn_value attrs_b, struct wn_arena *scratch);
/* Fills what is missing in `have` from `more`; *changed says whether anything was; conflicts (non-identity values that differ)
 * are kept under *conflicts as MAP name -> value. */
struct wn_value wn_attrs_merge(struct wn_value have, struct wn_value more, struct wn_arena *a, bool *changed, struct wn_value *conflicts);
/* A publisher of a signal, for independence (design 05). */
struct wn_publisher { struct wn_str domain, headline_key, source; };
/* Number of independent publishers: greedy in order; wires: registrable domains of news wires. */
int wn_publishers_independent(const struct wn_publisher *p, size_t n, const char *const *wires);

#endif
