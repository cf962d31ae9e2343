/* SPDX-License-Identifier: MIT */
/* What the files of explanations share: where an expression is asked, and parts of programs evaluated there. */
#ifndef WN_EXPLAIN_INTERNAL_H
#define WN_EXPLAIN_INTERNAL_H

#include "rule.h"

#include <whynow/explain.h>

/* One place to ask: an account with a signal and a contact, each of the two may be NULL. */
struct asked {
	struct wn_world *world;
	const struct wn_account *account;
	const struct wn_signal *signal;
	const struct wn_contact *contact;
};

/* explain_clause.c. The value is copied to the world's arena; a list of records stays as it is until the next
 * call. */
enum wn_three ask_part(const struct asked *at, const struct cel_program *p, const struct cel_node *n,
		       struct cel_result *res);
/* Canonical text of a part, in the world's arena. */
struct wn_str part_text(struct wn_world *w, const struct cel_program *p, const struct cel_node *n);
/* Fills clause: text, verdict, readings, needs, flips. */
void explain_term(const struct asked *at, const struct cel_program *p, const struct cel_node *term,
		  struct wn_clause *out);
/* The first instant, before `limit_us`, at which the part is something else by time alone; WN_NEVER. The
 * world's clock is put back. */
int64_t flips_at(const struct asked *at, const struct cel_program *p, const struct cel_node *n,
		 enum wn_three is, int64_t limit_us, enum wn_three *to);

/* explain_needs.c: what would have to change for it to be true. */
struct wn_str needs_of(const struct asked *at, const struct cel_program *p, const struct cel_node *n);


/* explain_time.c: which way time alone may turn a term (enum wn_turns). */
unsigned time_turns(const struct cel_node *n);

#endif
