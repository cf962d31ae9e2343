/* SPDX-License-Identifier: MIT */
/* Shared by whynot.c, whynot_print.c and whynot_json.c only. */
#ifndef WN_CLI_WHYNOT_H
#define WN_CLI_WHYNOT_H

#include "parts.h"
#include <whynow/explain.h>

/* What the answer is in one word, and in a sentence. */
struct whynot_answer {
	const char *word; /* "in", "yes", "no", "unknown" */
	const char *text;
};
struct whynot_touch {
	const struct wn_touch *touch;
	struct wn_decision decision; /* as if it were claimed now */
};
struct whynot {
	struct wn_cli *cli;
	struct wn_world *world;
	struct wn_account *account;
	struct wn_explanation **v;
	size_t n;
	struct wn_value segment;      /* of one segment: the row of `segment show` */
	struct whynot_touch *touches; /* open ones of the living members in the segment */
	size_t n_touches;
	bool has_key; /* without the installation key suppressions of addresses cannot be looked up */
};

struct whynot_answer whynot_answer(const struct whynot *q, const struct wn_explanation *x);
const char *whynot_account(const struct whynot *q);
const char *whynot_person(const struct whynot *q, const struct wn_contact *c);
const char *whynot_signal(const struct whynot *q, const struct wn_signal *s);
/* "a", "b": words of three values */
const char *three_text(enum wn_three is);
void whynot_print_all(const struct whynot *q);
void whynot_print(const struct whynot *q, const struct wn_explanation *x);
struct wn_value whynot_json_all(const struct whynot *q);
struct wn_value whynot_json(const struct whynot *q, const struct wn_explanation *x);

#endif
