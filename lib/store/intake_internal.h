/* SPDX-License-Identifier: MIT */
/* What resolve.c tells sightings.c. */
#ifndef WN_STORE_INTAKE_INTERNAL_H
#define WN_STORE_INTAKE_INTERNAL_H

#include "store_internal.h"

struct plan_row {
	enum wn_intake_how how;        /* NEW stands for "not seen": joined, new or traits is decided later */
	struct wn_id account;          /* nil: none */
	struct wn_link link;           /* how `account` was found */
	const char *why;               /* of a review or a reject */
	uint8_t content[16];           /* hash of what it says */
	bool touch_seen;               /* the seen row wants its day renewed */
	const struct wn_id *candidates; size_t n_candidates;
};
struct wn_intake_plan {
	struct plan_row *rows;
	WN_VEC(struct new_account) fresh;   /* accounts to make; may name one id more than once */
	WN_VEC(struct wn_intake_merge) merges;
};

/* Steps of the intake that imports use too: an empty plan (all NEW), accounts by hint, accounts made and locked. `more` (may be NULL)
 * queues what goes to the server right behind the locks, in the same round trip. */
void plan_begin(struct wn_world *w, struct wn_intake *in);
enum wn_rc resolve_accounts(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err);
enum wn_rc make_and_lock(struct wn_store *s, struct wn_world *w, struct wn_intake *in, const char *source,
			 enum wn_rc (*more)(struct wn_store *, void *, struct wn_err *), void *ctx, struct wn_err *err);

/* Why a line of an import has no account; NULL if it has one. */
const char *import_refusal(const struct wn_intake *in, size_t i);

/* intake_review.c: the rows with how = REVIEW; what waited already becomes a duplicate. */
enum wn_rc insert_reviews(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err);

/* intake_contacts.c */
bool names_contact(const struct wn_sighting *x);
struct wn_contact *contact_by_email(const struct wn_account *a, struct wn_str email);
struct wn_contact *contact_make(struct wn_world *w, struct wn_account *a, struct wn_id id, struct wn_str email);
struct wn_contact *contact_named(struct wn_store *s, struct wn_world *w, struct wn_account *a, const struct wn_sighting *x);
void apply_traits(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const struct wn_sighting *x);
enum wn_rc forget_erased(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err);

/* Map of ids to anything, open addressing, in an arena. */
struct id_map { struct wn_arena *a; size_t cap, n; struct wn_id *keys; void **values; };
void **id_map_at(struct id_map *m, struct wn_id id);       /* makes the slot */
void *id_map_get(const struct id_map *m, struct wn_id id); /* NULL: none */

#endif
