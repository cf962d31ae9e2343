/* SPDX-License-Identifier: MIT */
/*
 * The index of stored rules: for an arriving signal, which rules might be true? Pure.
 *
 *   index = wn_index_new(&env)                     env: what the rules were compiled against
 *   wn_index_put(index, 17, when)                  insert or replace; the program may be freed afterwards
 *   wn_index_probe(index, &event, on_candidate, ctx)
 *
 * The index may only skip what cannot be true. A rule matches when it is definitely true, so a term that would be an
 * error (missing attribute) or false rules out the conjunction it stands in, and nothing else. A candidate still has to be
 * evaluated. Rules come and go while the index serves; nothing is rebuilt. Not for several threads at once.
 */
#ifndef WHYNOW_MATCH_H
#define WHYNOW_MATCH_H

#include <whynow/cel.h>
#include <whynow/limits.h>

/* Variable numbers of the rules' environment (-1: it has no such variable) and the records behind them; borrowed while
 * the index lives. `signals` is a list of signal_record. account_record and contact_record may be NULL. */
struct wn_match_env {
	int signal, signals, account, contact;
	const struct cel_record *signal_record, *account_record, *contact_record;
	/* Rules that a missing field makes unknown rather than false are candidates too, unless a term of the top && over the
	 * signal alone is not true. Fields are then of their declared types. */
	bool keep_unknown;
};

/* What the arriving signal and its account are, read through their class by field number: the same objects, or at least
 * the same answers, that evaluation gets (a trait's default included). account may be NULL: it has no fields then. */
struct wn_probe {
	const struct wn_object *signal, *account;
	/* LIST of what the elements of `signals` are (their discriminator, a string each, all of them). ABSENT: not known, then every rule
	 * that asks for an element of some kind may be true. */
	struct wn_value signal_kinds;
};

struct wn_index;
struct wn_index *wn_index_new(const struct wn_match_env *env);
void wn_index_free(struct wn_index *index);

/* What a rule costs: filed under keys; some alternative has none, so that it is a candidate of every event (its author
 * should be told); or it can never be true. */
enum wn_filed { WN_FILED_KEYED, WN_FILED_ALWAYS, WN_FILED_NEVER };
/* Inserts or replaces rule number `rule` (the caller's handle: four bytes are kept for each up to the largest). */
enum wn_filed wn_index_put(struct wn_index *index, uint32_t rule, const struct cel_program *when);
/* Removes it; no effect if it is not there. */
void wn_index_remove(struct wn_index *index, uint32_t rule);
size_t wn_index_rules(const struct wn_index *index);

/* Calls back once for each rule that might be true, in no order. certain: it is true, nothing of it is opaque (with keep_unknown:
 * or unknown); there is no need to evaluate it but for its evidence. The callback must not change the index. */
typedef void wn_candidate_fn(void *ctx, uint32_t rule, bool certain);
void wn_index_probe(struct wn_index *index, const struct wn_probe *event, wn_candidate_fn *on_candidate, void *ctx);
/* True if the rule is never reported but as certain: its program need not be kept. */
bool wn_index_decides(const struct wn_index *index, uint32_t rule);
/* Counts what an event carries, as a probe does, and looks for nothing. */
void wn_index_learn(struct wn_index *index, const struct wn_probe *event);
/* Where rules are filed follows what events carry: looks at up to `rules` rules again, a few microseconds each, if enough
 * was learnt since. True: there is more to do. For idle moments, and once after many rules were put. */
bool wn_index_tend(struct wn_index *index, size_t rules);

struct wn_index_size {
	size_t rules, keyless, opaque; /* alternatives that every event tests; that a probe cannot decide */
	size_t keys, values;
	size_t bytes, bytes_rules, bytes_keys, bytes_values;
};
void wn_index_measure(const struct wn_index *index, struct wn_index_size *out);

/* --- how the index sees a rule ---------------------------------------------------------------------------- */
/* One way in which the rule comes true. Shares are of the events counted so far (before there are any: of what rules name),
 * as if its literals had nothing to do with each other. */
struct wn_match_alternative {
	struct cel_span access[3]; /* literals it is filed under; none: every event looks at it */
	size_t n_access;
	double looked_at, holds;   /* shares of events */
	bool opaque;               /* something in it has to be evaluated */
};
struct wn_match_explanation {
	const struct wn_match_alternative *alternatives; size_t n_alternatives; /* 0: it can never be true */
	const struct cel_span *opaque; size_t n_opaque; /* what the index does not understand, in order */
	double looked_at, holds;
	bool always;               /* some alternative has nothing to be filed under: tell its author */
};
/* As if the rule were put, without putting it. Spans are of the program's text; the lists lie in `a`. */
void wn_match_explain(struct wn_index *index, const struct cel_program *when, struct wn_arena *a,
		      struct wn_match_explanation *out);

/* --- what a rule reads ------------------------------------------------------------------------------------
 * Sets of field numbers (traits: WN_FIELD_TRAIT0 + trait number; attributes: WN_FIELD_ATTR0 + attribute number) and of
 * variant numbers (kinds). Never too small. A record used as a whole (compared, handed to a function) is marked as such. */
enum { WN_READS_FIELDS_MAX = 32 + WN_ATTRS_MAX };
struct wn_rule_reads {
	uint64_t account[(WN_READS_FIELDS_MAX + 63) / 64], contact[(WN_READS_FIELDS_MAX + 63) / 64];
	uint64_t signal[(WN_READS_FIELDS_MAX + 63) / 64];  /* fields of the arriving signal */
	uint64_t signals[(WN_READS_FIELDS_MAX + 63) / 64]; /* fields of elements of `signals` */
	uint64_t kinds[WN_KINDS_MAX / 64];        /* named for the arriving signal */
	uint64_t window_kinds[WN_KINDS_MAX / 64]; /* named in functions over `signals`, absent(), surge(), comprehensions */
	bool whole_account, whole_contact, whole_signal;
	bool any_window_kind; /* uses `signals` without naming a kind */
	bool uses_signal, uses_signals, moving; /* moving: something in it changes with time alone */
	const struct wn_str *segments; /* names given to in_segment(), in the arena of the call */
	size_t n_segments;
	bool any_segment; /* in_segment() of something that is no literal */
};
void wn_rule_reads(const struct wn_match_env *env, const struct cel_program *p, struct wn_arena *a, struct wn_rule_reads *out);
/* Adds what `more` reads to `to` (when and who of one segment); segments are joined in `a`. */
void wn_rule_reads_add(struct wn_rule_reads *to, const struct wn_rule_reads *more, struct wn_arena *a);
static inline bool wn_reads_has(const uint64_t *set, uint32_t number)
{
	return number < WN_READS_FIELDS_MAX && (set[number / 64] >> (number % 64) & 1);
}

#endif
