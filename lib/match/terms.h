/* SPDX-License-Identifier: MIT */
/*
 * Inside of lib/match: a checked rule as a tree of &&, || and literals over fields, negations pushed down to the
 * literals; what is not understood is an opaque leaf. Of what a literal says nothing is lost: it holds exactly
 * when its text is definitely true.
 */
#ifndef WN_MATCH_TERMS_H
#define WN_MATCH_TERMS_H

#include <whynow/match.h>

enum { VALUES_MAX = 1024 /* of one `in`; longer lists stay opaque */ };

enum subject { SUBJECT_SIGNAL, SUBJECT_ACCOUNT, SUBJECT_SIGNALS /* kinds of the elements, as a list */ };
enum term_kind { TERM_TRUE, TERM_FALSE, TERM_OPAQUE, TERM_LITERAL, TERM_AND, TERM_OR };
enum test {
	TEST_IN,       /* the field equals one of the values */
	TEST_ANY,      /* the field is a list (map) and holds one of the values (as a key) */
	TEST_RANGE,    /* the field is a number between lo and hi */
	TEST_CONTAINS, /* the field is a string that contains values[0] */
	TEST_STARTS,
	TEST_ENDS,
	TEST_HAS, /* the field is set */
};

struct term {
	uint8_t kind, test, subject;
	bool negated;          /* the text is definitely false: the field is there, of the right sort, and fails the test */
	bool or_absent;        /* negated: or the field is not set, !(has(x) && test(x)) */
	bool lenient;          /* a missing field makes the rule unknown, which the caller wants to hear of */
	bool open_lo, open_hi; /* RANGE: the end itself does not belong */
	uint32_t field;
	uint32_t n; /* of values, or of args */
	union {
		const struct wn_value *values; /* strings, numbers, bools */
		struct term **args;
		double range[2];
	};
	struct cel_span span;
};

/* Borrows the program's values, puts the rest into `a`. */
struct term *wn_term_of(const struct wn_match_env *env, const struct cel_program *p, struct wn_arena *a);

#endif
