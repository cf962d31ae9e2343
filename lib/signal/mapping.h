/* SPDX-License-Identifier: MIT */
/* Inside of a mapping, shared by mapping.c (compile), mapping_apply.c and mapping_functions.c. */
#ifndef WN_SIGNAL_MAPPING_H
#define WN_SIGNAL_MAPPING_H

#include <whynow/limits.h>
#include <whynow/signal.h>

/* The texts of a mapping: slot, member of struct wn_mapping_source, name in messages. */
#define WN_MAPPING_TEXT_LIST(X)                                                                              \
	X(ITEMS, items, "items") X(ID, id, "id") X(WHERE, where, "where")                                    \
	X(ACCOUNT_NAME, account_name, "account.name") X(DOMAIN_FROM, domain_from, "account.domain_from")     \
	X(EMAIL_FROM, email_from, "account.email_from") X(OCCURRED_AT, occurred_at, "signal.occurred_at")    \
	X(PUBLISHED_AT, published_at, "signal.published_at") X(HEADLINE, headline, "signal.headline")        \
	X(URL, url, "signal.url") X(CONTACT_NAME, contact_name, "signal.contact.name")                       \
	X(CONTACT_EMAIL, contact_email, "signal.contact.email")                                              \
	X(CONTACT_POSITION, contact_position, "signal.contact.position") X(SOURCE, source, "signal.source")         \
	X(CURSOR, cursor, "cursor")                                                                          \
	X(OUTCOME_AT, outcome.at, "outcome.occurred_at") X(OUTCOME_KEY, outcome.key, "outcome.key")          \
	X(OUTCOME_ACCOUNT, outcome.account, "outcome.account") X(OUTCOME_EMAIL, outcome.email, "outcome.email") \
	X(OUTCOME_TOUCH, outcome.touch, "outcome.touch") X(OUTCOME_CAMPAIGN, outcome.campaign, "outcome.campaign") \
	X(OUTCOME_VALUE, outcome.value, "outcome.value") X(OUTCOME_COST, outcome.cost, "outcome.cost")       \
	X(OUTCOME_CURRENCY, outcome.currency, "outcome.currency") X(OUTCOME_NOTE, outcome.note, "outcome.note")
enum wn_mapping_text {
#define X(slot, member, name) WN_MT_##slot,
	WN_MAPPING_TEXT_LIST(X)
#undef X
	WN_MT_COUNT
};

enum wn_mapping_variable { WN_MV_ITEM, WN_MV_DOC, WN_MV_FEED, WN_MV_NOW };

/* An attribute or trait and where its value comes from. */
struct wn_mapping_value {
	const char *name;
	enum wn_attr_type type;
	const char *const *enum_values;
	struct wn_cel_text text;
	struct cel_program *program; /* NULL unless warm */
};

enum { WN_MAPPING_PATH_MAX = 16 }; /* keys of a plain path; longer ones are evaluated */

struct wn_mapping_piece {
	struct wn_mapping_piece *next;
	char bytes[];
};

struct wn_mapping {
	struct wn_mapping_piece *pieces; /* memory of its own: an arena's first block is more than a mapping at rest */
	const struct wn_registry *registry;
	const struct wn_positions *positions;
	const struct wn_news *news;
	struct wn_str (*html_to_text)(struct wn_str html, struct wn_arena *a);
	struct wn_str feed, publisher, account_domain;
	struct wn_entry feed_fields[3];
	struct wn_value feed_value;
	bool has_outcome, by_time; /* by_time: `items` or `where` read `now` */
	double strength;
	int64_t max_age_us;
	int kind;
	const char *file; /* of the last text kept */
	struct wn_cel_text texts[WN_MT_COUNT];
	struct cel_program *programs[WN_MT_COUNT]; /* NULL unless warm */
	struct {
		struct wn_mapping_value *v;
		size_t n;
	} attrs, traits;
	struct wn_str items_path[WN_MAPPING_PATH_MAX];
	size_t items_path_n;
};

/* Account, identity, texts and times of one item: what every sighting of it has in common. account: may be left empty. */
enum wn_mapped wn_mapping_frame(struct wn_mapping *m, const struct wn_news_item *item, int64_t now_us, struct wn_arena *a,
				struct wn_sighting *out, struct wn_err *err);
/* Makes the programs if they are not there, and lets go of those of the mapping that was used longest ago. */
enum wn_rc wn_mapping_warm(struct wn_mapping *m, struct wn_err *err) WN_MUST_CHECK;
/* Lets go of the programs. */
void wn_mapping_cool(struct wn_mapping *m);
extern const char *const wn_mapping_text_names[WN_MT_COUNT];

#endif
