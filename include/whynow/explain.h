/* SPDX-License-Identifier: MIT */
/*
 * Why and why not: a segment's rule taken apart for one account, clause by clause, and what stands behind the rule. Pure.
 *
 * Nothing here judges by itself: clauses are the terms of the compiled rule, values are parts of the same program, gates are
 * the guards that the step asks (open.c), and what would happen is what the step does to a world that is thrown away.
 *
 *   load the account with all parts, campaigns of its live members linked
 *   x = wn_explain(w, segment, account)        clauses, contacts, gates
 *   load the campaigns of w->verdicts          (x->verdict is there if the rule is true)
 *   wn_explain_outcome(w, x)                   changes the world in memory
 *
 * All that is given lives in w->arena; w->now_us moves during a call and is put back.
 */
#ifndef WHYNOW_EXPLAIN_H
#define WHYNOW_EXPLAIN_H

#include <whynow/engine.h>

/* What a clause read: a path, or a call that looks at the account's signals. */
struct wn_reading {
	struct wn_str text;       /* as in the rule: account.employees */
	struct wn_value value;    /* ABSENT: none; a list of signals is its length, an int */
	struct wn_str error;      /* none: why */
	bool assumed;             /* nothing is stored: the trait's default stands for it */
	struct wn_str source, by; /* of a stored trait: declared, imported, feed, inferred; and who said so */
	int64_t at_us;            /* when it was said, 0: not known */
	bool counts;              /* the value is a number of signals */
};

struct wn_clause {
	struct wn_str text;    /* canonical */
	enum wn_three is;
	struct wn_str error;   /* unknown: why */
	struct wn_reading *readings; size_t n_readings;
	struct wn_str needs;   /* not true: what would have to change, in words */
	int64_t flips_us;      /* the first instant at which time alone makes it something else, WN_NEVER */
	enum wn_three flips_to;
};

/* A guard behind the rule. TRUE lets through, FALSE refuses, UNKNOWN could not be asked. */
struct wn_gate {
	const char *name;      /* signal, then the reasons of non-actions in the order in which they are asked */
	enum wn_three is;
	struct wn_str detail;  /* a sentence; may be empty for a gate that lets through */
	int64_t until_us;      /* refuses until then, 0: no such instant */
};

struct wn_contact_why {
	struct wn_contact *contact;  /* NULL: the account itself, of a segment without `who` */
	enum wn_three is;            /* of `who`, exclude and reachability together */
	const char *blocked;         /* opted_out, suppressed, erased, departed, excluded; NULL */
	struct wn_clause *clauses; size_t n_clauses;
	const struct wn_member *member; /* lives in a campaign of the segment */
	struct wn_cap_state caps[WN_TOUCH_CAPS]; size_t n_caps;
	int64_t window_us;           /* the first instant from now on inside the send window */
};

struct wn_explanation {
	const struct wn_segment *segment;
	struct wn_account *account;
	struct wn_signal *signal;    /* taken as `signal`: one that makes the rule true, else the one that comes nearest; NULL: no signals */
	bool signal_counts;          /* not past its hard stop, no history, not retracted: it may open something */
	enum wn_three is;            /* of the rule for that signal */
	struct wn_clause *clauses; size_t n_clauses;
	size_t first;                /* the first clause that is not true, n_clauses if all are */
	int64_t true_us;             /* not true: when time alone makes the whole rule true before the signal's hard stop, WN_NEVER */
	struct wn_verdict *verdict;  /* rule true: also pushed on w->verdicts */
	const struct wn_member *living; /* a live member of the account in this segment */
	struct wn_gate *gates; size_t n_gates;
	size_t gate;                 /* the first that refuses, n_gates if none does */
	struct wn_contact_why *contacts; size_t n_contacts;
	const struct wn_non_action *stored; /* the newest stored non-action of (segment, account) */
	/* wn_explain_outcome: */
	bool asked;
	enum wn_explain_does { WN_DOES_NOTHING, WN_DOES_EXTEND, WN_DOES_JOIN, WN_DOES_OPEN, WN_DOES_PROPOSE } does;
	enum wn_non_action_reason reason; /* NOTHING */
	struct wn_str detail;
	struct wn_campaign *campaign;     /* JOIN, OPEN, PROPOSE, EXTEND */
};

/* Never fails: what cannot be evaluated is unknown, with the reason. */
struct wn_explanation *wn_explain(struct wn_world *w, const struct wn_segment *s, struct wn_account *a);
/* The rule alone: clauses, signal, true_us; no gates, no contacts, no verdict. For overviews of many segments. */
struct wn_explanation *wn_explain_rule(struct wn_world *w, const struct wn_segment *s, struct wn_account *a);
/* What the step would do with x->verdict now. Only when the rule is true; needs the campaigns of its group. */
void wn_explain_outcome(struct wn_world *w, struct wn_explanation *x);
/* A program's terms for one account, signal and contact (each may be NULL but the account). */
struct wn_clause *wn_explain_program(struct wn_world *w, const struct cel_program *p, struct wn_account *a, struct wn_signal *sig,
				     struct wn_contact *c, size_t *n);

/* --- a rule by itself, and over all accounts ------------------------------------------------------------------ */
enum wn_turns { WN_TURNS_TRUE = 1, WN_TURNS_FALSE = 2 };
struct wn_rate {
	struct wn_str clause, types;  /* canonical; "account.employees int, signal.round enum" */
	enum wn_rate_of { WN_RATE_ACCOUNT, WN_RATE_SIGNAL, WN_RATE_CONTACT } of; /* asked of each account; of its newest signal that fits
										  * the kinds of the rule; of each contact (`who`) */
	unsigned turns;               /* what time alone may make it: WN_TURNS_TRUE | WN_TURNS_FALSE; 0: time changes nothing */
	size_t yes, no, unknown;
	struct wn_str why;            /* the first unknown: what is missing */
};
struct wn_rates {
	const struct wn_segment *segment;
	struct wn_rate *v; size_t n;  /* clauses of `when`, then of `who` */
	size_t accounts, with_signal, contacts; /* asked so far */
	size_t fit;                   /* accounts whose newest signal makes `when` true */
	size_t waiting;               /* accounts for whose newest signal time alone will make it true */
	int64_t next_true_us;         /* when it first does; WN_NEVER */
	unsigned needs;               /* WN_LOAD_* that wn_rates_add reads */
	bool may_wait;                /* time alone may make it true at all */
	bool kinds_bounded; uint64_t kinds[4];
	struct wn_arena *arena;
};
/* Lives in `a`. */
struct wn_rates *wn_rates_new(const struct wn_segment *s, struct wn_arena *a);
/* Asks one account; it may go away afterwards. */
void wn_rates_add(struct wn_rates *r, struct wn_world *w, struct wn_account *a);
static inline size_t wn_rate_asked(const struct wn_rate *r) { return r->yes + r->no + r->unknown; }

#endif
