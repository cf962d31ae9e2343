/* SPDX-License-Identifier: MIT */
/* Between resolve.c, resolve_look.c and resolve_decide.c only: what is asked for a batch, and what the answers are. */
#ifndef WN_STORE_RESOLVE_INTERNAL_H
#define WN_STORE_RESOLVE_INTERNAL_H

#include "intake_internal.h"

/* What is known of an account. Details are read only where several accounts must be told apart. */
struct known {
	struct wn_id id, into;
	bool asked, exists, merged, provisional, want_details, have_details;
	struct wn_str domain, name, country, parent;
};
/* What an alias means. learned: an operator said so in a review. */
struct meant { struct wn_id id; bool learned; };
struct meaning { struct wn_id alias; bool asked; WN_VEC(struct meant) accounts; };
/* Listed names that share a piece; of a word: itself, if it is one of a listed name. */
struct piece { struct wn_id id; bool asked; WN_VEC(struct wn_str) names; };

struct lookup {
	struct wn_arena *a;
	bool exact;             /* nothing is near */
	struct id_map aliases;  /* alias id -> struct meaning */
	struct id_map accounts; /* account id -> struct known */
	struct id_map near;     /* piece -> struct piece */
	WN_VEC(struct meaning *) new_aliases, sent_aliases;
	WN_VEC(struct known *) new_accounts;
	WN_VEC(struct piece *) new_near, sent_near;
};

/* A listed name that is one letter away, and the word that is odd. */
struct slip { struct wn_name listed; struct wn_str odd; };
/* The hint of one sighting, in its normal forms. */
struct hint {
	struct plan_row *row;
	const struct wn_sighting *x;
	struct wn_str domain, email, country;
	struct wn_name name;
	bool person, active;             /* active: there is something to decide */
	bool unlisted;                   /* asked for among the slips */
	struct wn_id own;                /* the account it would have if nobody said otherwise; nil: none */
	struct wn_id by_domain, by_name[2];
	struct wn_id near[WN_NEAR_ASKED]; size_t n_near;
	WN_VEC(struct slip) slips;
};

/* Survivors that an alias, a name or its slips mean. */
struct found { WN_VEC(struct known *) v; struct known *learned; size_t n_learned; };

void want_account(struct lookup *l, struct wn_id id);
void hint_read(struct wn_store *s, struct wn_world *w, const struct wn_sighting *x, struct lookup *l, struct hint *h);
enum wn_rc look_up_hints(struct wn_store *s, struct lookup *l, struct hint *hints, size_t n, struct wn_err *err);
/* The survivor of an account that exists; NULL if it does not. */
struct known *survivor(const struct lookup *l, struct wn_id id);
struct found accounts_by_domain(struct lookup *l, const struct hint *h);
struct found accounts_by_name(struct lookup *l, const struct hint *h); /* of known and provisional ones only the known */
struct found accounts_by_slip(struct lookup *l, const struct hint *h);
struct known *account_mentioned(const struct lookup *l, const struct hint *h, size_t i);

void decide(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct lookup *l, size_t i, const struct hint *h);

#endif
