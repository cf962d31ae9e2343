/* SPDX-License-Identifier: MIT */
/* Inside of lib/match: a rule taken apart into alternatives of literals, as far as the index understands it. */
#ifndef WN_MATCH_TERMS_H
#define WN_MATCH_TERMS_H

#include <whynow/match.h>

enum {
	ALTERNATIVES_MAX = 16, /* of one rule; beyond it an || stays opaque */
	LITERALS_MAX = 24,     /* of one alternative; further ones are not looked at */
	VALUES_MAX = 256,      /* of one `in`; longer lists stay opaque */
};

enum subject { SUBJECT_SIGNAL, SUBJECT_ACCOUNT };
enum literal_op {
	OP_ANY_OF,   /* the field equals one of the values */
	OP_CONTAINS, /* the field is a list and holds one of the values */
	OP_LESS,
	OP_LESS_EQ,
	OP_GREATER,
	OP_GREATER_EQ, /* than values[0] */
};

/* True, or it cannot be true that the alternative is. Values are strings, numbers, bools; for order also times.
 */
struct literal {
	uint8_t subject, op;
	bool is_kind;    /* the field is the discriminator of signals */
	uint16_t weight; /* the smaller, the more selective it is thought to be */
	uint32_t field;
	uint32_t n_values;
	const struct wn_value *values;
};

struct alternative {
	struct literal literals[LITERALS_MAX];
	size_t n;
};

struct alternatives {
	struct alternative *v;
	size_t n; /* 0: never true */
};

/* The rule is true only if every literal of one alternative is. Borrows the program's values, puts the rest
 * into `a`. */
struct alternatives wn_terms_of(const struct wn_match_env *env, const struct cel_program *p,
				struct wn_arena *a);
/* Whether a value makes a literal true. */
bool wn_terms_hold(const struct literal *l, struct wn_value v);
/* Equality and order of the language, over what literals hold. */
bool wn_terms_equal(struct wn_value a, struct wn_value b);

#endif
