/* SPDX-License-Identifier: MIT */
/* Inside of the index: a rule as one block of memory, filed under keys. */
#ifndef WN_MATCH_FILED_H
#define WN_MATCH_FILED_H

#include "terms.h"

struct posting {
	struct posting *next, **back; /* of its bucket */
	uint64_t key;
	struct rule *rule;
	const struct filed *of;
};

/* An alternative as filed. */
struct filed {
	const struct literal *literals;
	size_t n_literals;
	int path; /* of the access literal, -1: kind only or always */
	struct posting *postings;
	size_t n_postings;
};

struct rule {
	uint32_t number;
	uint64_t seen; /* probe that reported it last */
	size_t n;
	struct filed *alternatives;
	char *block; /* its own literals, values, texts, postings */
};

/* A field by which alternatives are filed, so that events know what to look up. */
struct path {
	uint8_t subject;
	bool with_kind, is_list;
	uint32_t field;
	size_t users;
};
struct paths {
	struct path *v;
	size_t n, cap;
};

#define WN_FILED_ALWAYS_KEY UINT64_C(0x9e3779b97f4a7c15)
/* Keys under which an event looks; the value must be one that wn_filed_is_key accepts. */
bool wn_filed_is_key(struct wn_value v);
uint64_t wn_filed_kind_key(struct wn_value kind);
uint64_t wn_filed_path_key(size_t path, struct wn_value v);
uint64_t wn_filed_with_kind(uint64_t path_key, uint64_t kind_key);

/* Copies the alternatives into a rule, chooses what they are filed under, and counts the rule as a user of its
 * paths. Postings have their keys and are in no bucket yet. Gives; wn_filed_free. */
struct rule *wn_filed_new(struct paths *paths, uint32_t number, const struct alternatives *alts);
/* The postings must be out of their buckets. */
void wn_filed_free(struct paths *paths, struct rule *r);
enum wn_filed wn_filed_how(const struct rule *r);
/* A hash for whoever needs one. */
uint64_t wn_filed_mix(uint64_t h, uint64_t v);

#endif
