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
#include <whynow/news.h>
#include <whynow/registry.h>

/* --- names, domains ----------------------------------------------------------------------------------- */
/* Registrable domain, lower case ASCII (IDN to xn--), of a host, URL, address or bare domain, by the Public Suffix List with
 * its private part; false: none (IP, public suffix, single label, empty label, garbage). */
bool wn_domain_registrable(struct wn_str host_or_url, struct wn_arena *a, struct wn_str *out);
/* Mail providers, hosting, publishing and social domains and everything below them (conf/extract/shared-domains): never a
 * company of their own. */
bool wn_domain_is_shared(struct wn_str registrable);
/* Lower-cased, checked address, domain to xn--; `mailto:` and `Name <address>` are seen through; false if it is none. */
bool wn_email_normalise(struct wn_str text, struct wn_arena *a, struct wn_str *out);
/* Company name for comparing: legal forms (conf/extract/legal-forms, 株式会社 at either end) and a leading "the" stripped, & and
 * + as "and", case, diacritics, points, punctuation and a possessive 's folded, words joined by one blank. Empty if nothing
 * is left. Spacing (DataForge, Data Forge) stays: see wn_name_squeeze. */
struct wn_str wn_name_normalise(struct wn_str name, struct wn_arena *a);
/* A normalised name without blanks: DataForge, Data Forge and data-forge are one. */
struct wn_str wn_name_squeeze(struct wn_str normalised, struct wn_arena *a);
/* What a company name is looked up by. keys: the normalised name without blanks, and once more with ä ö ü ø å written out (ae oe ue oe
 * aa) where that differs; two names are the same if they share a key. form: the legal form as written, by its shortest spelling
 * ("inc" of Incorporated; empty: none). n_keys 0: nothing is left of it. */
struct wn_name { struct wn_str words, keys[2], form; size_t n_keys; };
void wn_name_read(struct wn_str name, struct wn_arena *a, struct wn_name *out);
/* One mistyped letter: changed, lost, doubled or swapped with its neighbour; never a digit, never the first letter of a name,
 * in a name of nine or more letters and digits (ASCII, squeezed). A listed name is stored under WN_NEAR_LISTED keys; whatever is
 * one letter away from it shares at least one of those with the (at most WN_NEAR_ASKED) keys it is asked by. 0: never near. */
enum { WN_NEAR_LISTED = 3, WN_NEAR_ASKED = 6 };
size_t wn_name_near_listed(struct wn_str squeezed, struct wn_id out[WN_NEAR_LISTED]);
size_t wn_name_near_asked(struct wn_str squeezed, struct wn_id out[WN_NEAR_ASKED]);
/* Both normalised, with blanks. True if `name` is `listed` but for one letter of one word, which goes to *odd as `name` has it. */
bool wn_name_is_near(struct wn_str listed, struct wn_str name, struct wn_str *odd);
/* Id of a word of listed names: a mistyped word that is one of them (or common English) is no slip but another name. */
struct wn_id wn_name_word_id(struct wn_str word);
bool wn_word_is_common(struct wn_str folded);
/* Whether a headline speaks of a company of this (normalised) name: the name is the subject of what companies do, at the beginning or
 * behind a sign or a word such as startup. For names that are common words; says nothing of others. */
bool wn_headline_has_company(struct wn_str headline, struct wn_str normalised, struct wn_arena *a);
/* Person name for comparing (first and last word; "Last, First" turned round): folded, middle names and initials dropped, suffixes (Jr., PhD) dropped. */
struct wn_str wn_person_normalise(struct wn_str name, struct wn_arena *a);
/* First name and last name for greeting, slices of `name`; empty slices if it does not look like a person (digits, signs,
 * a legal form, one word only, more than five words). Honorifics and suffixes are left out, "van", "de" ... belong to the last. */
void wn_person_split(struct wn_str name, struct wn_str *first, struct wn_str *last);
/* Headline for comparing (independence of publishers): folded words. */
struct wn_str wn_headline_normalise(struct wn_str headline, struct wn_arena *a);

/* --- positions ----------------------------------------------------------------------------------------- */
/* Loaded from conf/extract/positions (data): phrase -> department and/or level, longest match on whole words. */
struct wn_positions;
/* The table as shipped, embedded at build. */
struct wn_str wn_positions_builtin(void);
/* Lines `phrase | department or - | level or -`, # comments. WN_INVALID with file and line. */
enum wn_rc wn_positions_parse(struct wn_str text, const char *file, struct wn_positions **out, struct wn_err *err) WN_MUST_CHECK;
void wn_positions_free(struct wn_positions *p);
struct wn_position { const char *department; int level; }; /* NULL, 0: not known */
/* Longest phrase at each word; the first that gives a department gives it ("other" yields to a later one), likewise the
 * level, unless a higher one is joined to it by "and". department is static. */
struct wn_position wn_positions_look(const struct wn_positions *p, struct wn_str position, struct wn_arena *scratch);

/* --- ids (design 04) -------------------------------------------------------------------------------------
 * wn_id_of(type, fields), keyed ones by HMAC with the installation key:
 *
 *   account of a domain    "account"  ("d", registrable domain)
 *   account of a name      "account"  ("n", squeezed normalised name)
 *   account of a person    keyed "account" ("p", lower-cased address)
 *   contact of an address  keyed "contact" (lower-cased address)
 *   contact of a person    "contact"  (account id, normalised person name)
 *   sighting key           "sighting" (feed, item identity, place in decimal), the whole SHA-256
 *   signal key             "signal"   (account id, kind, sighting key)
 *
 * Ids are fields as their bytes. */
struct wn_id wn_account_id_of_domain(struct wn_str registrable);
struct wn_id wn_account_id_of_name(struct wn_str normalised); /* squeezes it itself */
struct wn_id wn_account_id_of_person(struct wn_str key, struct wn_str address);
struct wn_id wn_contact_id_of_address(struct wn_str key, struct wn_str address);
struct wn_id wn_contact_id_of_person(struct wn_id account, struct wn_str normalised_person);
struct wn_key32 wn_sighting_key(struct wn_str feed, struct wn_str item_identity, int place);
struct wn_id wn_signal_key(struct wn_id account, struct wn_str kind, struct wn_key32 first_sighting);

/* --- mapping -----------------------------------------------------------------------------------------------
 * CEL over `item` and `doc` (dyn), `feed` (map: name, publisher, url), `now`, all extensions, and
 *
 *   date(x)        timestamp of wild text, epoch s/ms/us, or a timestamp
 *   domain(text)   registrable domain of a host, URL or address
 *   text(html)     plain text of markup
 *   department(position), level(position)    by the table of positions
 *
 * A value is *missing* if it is null, empty text, optional.none(), or if its evaluation fails because something is not
 * there (no such key, index out of range, a member of null, a helper above without an answer). A missing attribute is not
 * set; any other failure, and a value that does not convert (wn_attr_coerce), rejects the item with the name and reason. */
struct wn_cel_text { struct wn_str text; struct wn_place place; }; /* text.p NULL: not given */
struct wn_mapping_attr { struct wn_str name; struct wn_cel_text value; };
/* A feed's mapping as written; borrowed until compiled. */
struct wn_mapping_source {
	struct wn_str feed, feed_url;    /* name and address of the feed, as `feed.name` and `feed.url` */
	struct wn_str publisher;         /* registrable domain; empty: that of the item's url */
	const struct wn_news *news;      /* kept; extraction instead of a signal of its own (kind empty); NULL: none */
	const struct wn_positions *positions; /* kept; NULL: department() and level() have no answer */
	/* Markup to plain text, for text() (wn_html_to_text of the reader, which this layer does not know); NULL: no answer. */
	struct wn_str (*html_to_text)(struct wn_str html, struct wn_arena *a);
	double strength;                 /* of the feed, (0,1], 0 reads as 1 */
	int64_t max_age_us;              /* refuse older, 0 = none */
	bool has_doc;                    /* JSON family: `doc` is the whole answer; else a map of feed fields */
	struct wn_cel_text items, id, where;
	struct wn_str account_domain;    /* literal: taken even if it is on the list of shared domains */
	struct wn_place account_place;   /* of the literal, for errors */
	struct wn_cel_text account_name, domain_from, email_from;
	struct wn_str kind;              /* literal, empty: no signal (trait feed) */
	struct wn_place kind_place;
	struct wn_cel_text occurred_at, published_at, headline, url, contact_name, contact_email, contact_position, source;
	struct wn_cel_text cursor;       /* of pages or of a stream */
	bool has_outcome;                /* each item is an outcome, instead of a signal or beside it; its kind is the caller's */
	struct { struct wn_cel_text at, key, account, email, touch, campaign, value, cost, currency, note; } outcome;
	const struct wn_mapping_attr *attrs; size_t n_attrs;   /* under signal: */
	const struct wn_mapping_attr *traits; size_t n_traits; /* under account.traits: */
};
struct wn_mapping;
/* Checks and compiles everything; copies what it needs but the registry and the positions, which must outlive it. At rest a
 * mapping keeps its texts; the WN_MAPPINGS_WARM mappings of a registry that were used last keep their programs. */
enum wn_rc wn_mapping_compile(const struct wn_registry *r, const struct wn_mapping_source *src, struct wn_mapping **out,
			      struct wn_err *err) WN_MUST_CHECK;
void wn_mapping_free(struct wn_mapping *m);
/* True if the mapping has `items:` (then the document must be read whole, or by the path below). */
bool wn_mapping_has_items(const struct wn_mapping *m);
/* Which items there are, or pass `where`, may differ another time though the document is the same: the mapping reads `now` there. */
bool wn_mapping_is_by_time(const struct wn_mapping *m);
/* Kind number, -1 if the mapping makes no signals. */
int wn_mapping_kind(const struct wn_mapping *m);
/* What the items are: outcomes; signals or traits. Both may be true. */
bool wn_mapping_gives_outcomes(const struct wn_mapping *m);
bool wn_mapping_gives_sightings(const struct wn_mapping *m);
/* A plain path `doc.a.b` as keys for the reader (n = 0: none or not plain). Borrowed. */
size_t wn_mapping_items_path(const struct wn_mapping *m, const struct wn_str **keys);
/* Evaluates `items` over the whole document: a LIST. */
enum wn_rc wn_mapping_items(struct wn_mapping *m, struct wn_value doc, int64_t now_us, struct wn_arena *a,
			    struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;

/* Evaluates `cursor`, a text or a whole number; absent where it is null, false, "" or missing. item: the last one, may be absent. */
enum wn_rc wn_mapping_cursor(struct wn_mapping *m, struct wn_value item, struct wn_value doc, int64_t now_us, struct wn_arena *a,
			     struct wn_str *out, struct wn_err *err) WN_MUST_CHECK;

/* How an item names its company; any part may be absent. domain is registrable and not shared. */
struct wn_account_hint {
	struct wn_str domain, name, email;
	struct wn_str name_key;      /* normalised name */
	/* Registrable domains that the item mentions besides: evidence for a name, none against it. */
	const struct wn_str *mentioned; size_t n_mentioned;
	bool in_text;                /* the name was cut out of running text: a common word needs a headline about a company */
	struct wn_id id;             /* an operator said whose it is; nil: nobody did */
};
/* department and level: the named person's own, of the signal's attributes where it is that person's news, else by the table of positions;
 * "" and 0 where unknown. */
struct wn_contact_hint { struct wn_str name, email, position, department; int level; };

struct wn_sighting {
	struct wn_key32 key;
	struct wn_str feed, item, publisher, source_named; /* item: identity; source_named: publisher it names as its source */
	int place;                   /* of the signal in the item */
	int kind;                    /* number, -1: traits only */
	int64_t occurred_us, published_us, observed_us; /* published 0: not known */
	double strength;             /* kind.strength * feed.strength */
	struct wn_value attrs;       /* MAP name -> coerced value */
	struct wn_value traits;      /* MAP or ABSENT */
	struct wn_str headline, url, span;
	bool history;                /* counts in windows, opens nothing, however young it looks */
	struct wn_account_hint account;
	struct wn_contact_hint contact;
};

enum wn_mapped { WN_MAPPED, WN_MAPPED_FILTERED /* `where` is not true */, WN_MAPPED_REJECTED /* err says why */ };
/* item: as CEL sees it; identity: of the reader, replaced by `id:` if the mapping has one; published_us: of the reader, 0 = none.
 * Occurred is clamped to now; missing occurred falls to published, then now. The sighting's texts live in `a`.
 *
 * Account: the literal domain; else domain_from; else the domain of email_from; shared domains give none, then name or
 * address decide. An item that names nothing is rejected. A kind with the attributes position, department, level has the
 * latter two filled from the table where the mapping does not give them; a kind with the attribute person names the contact
 * where contact_name is not given. Filtered: err says why if `where` was unknown, else its text is empty. */
enum wn_mapped wn_mapping_apply(struct wn_mapping *m, struct wn_value item, struct wn_value doc, struct wn_str identity,
				int64_t published_us, struct wn_str headline, struct wn_str url, int64_t now_us,
				struct wn_arena *a, struct wn_sighting *out, struct wn_err *err);

/* What an item says came back; texts to be looked up. id: `outcome.key`, else the item's identity. Where it says neither account, email,
 * touch nor campaign, they are those of `contact` and `account`. occurred_us 0: not said. Amounts are in the currency, three capital
 * letters; empty: US dollars. */
struct wn_mapped_outcome {
	struct wn_str id, account, email, touch, campaign, currency, note;
	int64_t occurred_us;
	double value, cost;
};
enum wn_mapped wn_mapping_outcome(struct wn_mapping *m, struct wn_value item, struct wn_value doc, struct wn_str identity,
				  int64_t published_us, int64_t now_us, struct wn_arena *a, struct wn_mapped_outcome *out, struct wn_err *err);

/* A feed with extraction: as wn_mapping_apply, but what the headline and the text (plain, and as marked up for its links) tell
 * gives up to WN_NEWS_SIGNALS_MAX sightings, place 0 on. A company without a name is the one of the feed's account texts, if it
 * has them; a signal about none is left out, an item with such signals only is rejected. None at all: filtered. A named
 * person is the contact. amount_usd is there for sums in dollars; what fx_rate makes of others is the store's (wn_store_fx). */
struct wn_news_item {
	struct wn_value item, doc;
	struct wn_str identity, headline, text, markup, url;
	int64_t published_us;
};
enum wn_mapped wn_mapping_apply_news(struct wn_mapping *m, const struct wn_news_item *item, int64_t now_us, struct wn_arena *a,
				     struct wn_sighting out[WN_NEWS_SIGNALS_MAX], size_t *n, const struct wn_news_trace *trace,
				     struct wn_err *err);
bool wn_mapping_is_news(const struct wn_mapping *m);

/* --- rates of exchange ------------------------------------------------------------------------------------- */
/* Reads the ECB's reference rates: a CSV "Date,USD,JPY,..." with units of each currency for one euro, newest first or one day.
 * Calls back with US dollars for one unit of each currency (EUR too) and day; "N/A" and columns without a currency are
 * skipped, a day without USD too. WN_INVALID with the line; WN_LIMIT past WN_FX_COLUMNS_MAX columns. */
struct wn_fx_rate { int64_t day_us; char currency[4]; double usd; };
enum wn_rc wn_fx_read(struct wn_str csv, const char *file, void (*on_rate)(void *ctx, const struct wn_fx_rate *r), void *ctx,
		      struct wn_err *err) WN_MUST_CHECK;

/* --- the same fact (design 06) --------------------------------------------------------------------------- */
/* True if no identity attribute present on both sides differs (text normalised, money within 10 % of the larger). Says
 * nothing about account and time (`same_within`), which the caller looks at; false for a kind with same_within 0. */
bool wn_same_fact(const struct wn_registry *r, int kind, struct wn_value attrs_a, struct wn_value attrs_b, struct wn_arena *scratch);
/* Fills what is missing in `have` from `more`; *changed says whether anything was; values of `more` that differ from what is
 * there are kept under *conflicts as MAP name -> value (may be NULL). Borrows both sides' values. */
struct wn_value wn_attrs_merge(struct wn_value have, struct wn_value more, struct wn_arena *a, bool *changed, struct wn_value *conflicts);
/* A publisher of a signal, for independence (design 05). */
struct wn_publisher { struct wn_str domain, headline_key, source; };
/* Number of independent publishers, greedy in order: one counts if it is independent of each counted before it. Two are
 * independent if domains and (non-empty) headline keys differ, neither names the other as source (`source` is a domain), and
 * not both are wires. wires: registrable domains, NULL-terminated, may be NULL. An empty domain never counts but for the first. */
int wn_publishers_independent(const struct wn_publisher *p, size_t n, const char *const *wires);

#endif
