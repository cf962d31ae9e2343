/* SPDX-License-Identifier: MIT */
/*
 * What the files of rules and verdicts share: environments, the host that functions of a rule reach, tree
 * walks.
 *
 * Every environment gives a variable the same number (enum wn_rule_var); one that a context does not have has a
 * placeholder of no writable name at its number. So a program can be evaluated without knowing where it came
 * from.
 */
#ifndef WN_RULE_H
#define WN_RULE_H

#include <whynow/engine.h>
#include <whynow/limits.h>
#include <whynow/yaml.h>

/* Where an expression stands and what it may read (design 03). */
enum rule_context {
	RULE_WHEN,  /* signal signals account now */
	RULE_WHO,   /* and contact: `who`, `if` of steps and variants */
	RULE_FACTS, /* account contact: `stay`, the global `exclude`, broad segments */
	RULE_TRAIT, /* signals account contact: computed traits */
	RULE_CONTEXTS
};

struct wn_rules {
	const struct wn_registry *registry;
	struct wn_arena *arena;
	struct cel_env *env[RULE_CONTEXTS];
	const struct cel_record *signal, *account, *contact;
	struct rule_trait *traits; /* by number; NULL: not compiled */
	struct rule_shared *shared; /* programs of several segments */
	struct wn_arena *reading, *compiling; /* memory of wn_segment_parse and of cel_compile, emptied by the next call */
	struct rule_seal { struct wn_goal goal; uint8_t seal[32]; } *newest; /* goal sealed: the next segment has one like it */
	struct rule_passing { struct wn_arena *arena; const struct segment_inner *of; struct cel_program *when; } *passing; /* the last one compiled */
};

/* rule_shared.c. use: what else than its text a program depends on. take: NULL if there is none; give: hands it over, used once. */
struct rule_use { struct cel_program *program; uint32_t use; };
struct rule_shared *rule_shared_new(void);
void rule_shared_free(struct rule_shared *s);
struct cel_program *rule_shared_take(struct rule_shared *s, struct wn_str text, uint32_t use);
void rule_shared_give(struct rule_shared *s, struct cel_program *program, uint32_t use);
void rule_shared_drop(struct rule_shared *s, struct cel_program *program, uint32_t use);

/* A computed trait: what it is made of, and all it reads, through other computed traits too. */
struct rule_trait {
	bool computed;
	struct cel_program **choices; /* as in the definition; NULL: always */
	struct wn_reads reads;
};

/* Behind wn_segment.env. */
struct segment_inner {
	const struct wn_rules *rules;
	struct wn_rules *own_rules;            /* the same if the segment made them, else NULL */
	WN_VEC(struct rule_use) shared;        /* who, stay, group_by, tests of steps */
	struct wn_str when;                    /* compiled when it is needed: of a hundred thousand the index decides most alone */
	enum rule_context context;             /* of when */
	struct segment_programs *made;         /* NULL: not needed yet */
	const struct cel_program *const *stay; /* as given; none: they are terms of when and who */
	size_t n_stay;
	uint64_t kinds[4];                     /* that `signal` may be where the rule is true */
	bool kinds_bounded;                    /* not all of them */
	bool names_its_kinds;                  /* `signal` is not asked: it opens on the kinds that it names for `signals` */
	const char *const *refers;
	size_t n_refers;           /* names given to in_segment */
	bool when_moves;           /* some term changes with time alone */
	uint64_t stay_kinds[4];    /* kinds that stay terms rest on, through computed traits */
	struct wn_value canonical; /* of the definition */
	struct segment_test *tests;
	size_t n_tests;
};
static inline struct segment_inner *inner_of(const struct wn_segment *s)
{
	return s->env;
}

/* segment_programs.c: the rule of a segment, and its top-level terms as programs of their own. */
struct segment_programs {
	struct cel_program *when;
	size_t n_parts, n_signal_terms, n_still_terms;
	/* First those over signal (and now) alone, of which first those that time alone does not change; then the terms that stay. */
	const struct cel_program *parts[];
};
/* Made once, lives as long as the segment. NULL: it has no `when`. */
const struct segment_programs *segment_programs_of(const struct wn_segment *s);
void segment_programs_free(struct segment_inner *inner);
/* The rule for a glance, for instance of the index: valid until the next segment is parsed or glanced at. */
const struct cel_program *segment_passing_when(const struct wn_segment *s);
void rule_passing_drop(const struct wn_rules *r);
/* Terms that are tested again as long as somebody is a member: over account and contact alone. */
bool rule_reads_facts(unsigned reads);

enum { REFER_DEPTH_MAX = 8 /* calls of in_segment() within each other; recursion */ };

/* One evaluation or several for the same account, signal and contact; on the stack. */
struct rule_host {
	struct wn_world *world;
	const struct wn_account *account;
	const struct wn_signal *signal;   /* NULL: not set */
	const struct wn_contact *contact; /* NULL: not set */
	struct wn_value signals;          /* LIST in w->scratch, made when first read */
	bool have_signals;
	bool glance; /* the account's signals are not loaded: what needs them is unknown */
	bool moving; /* asked for instants, not only for values */
	int depth;   /* of in_segment */
	struct referred **referred; /* its answers so far, in w->scratch (rule_segment.c) */
};

/* Only such a signal is ever taken as `signal` of a rule that opens or extends something. */
static inline bool rule_may_be_signal(const struct wn_signal *s, int64_t now_us)
{
	return !s->retracted && !s->history && s->hard_stop_us > now_us;
}

/* rule_eval.c: error text is in res (may not be NULL). */
enum wn_three rule_eval(struct rule_host *h, const struct cel_program *p, struct cel_result *res);
/* As if every time-dependent term were unknown; next_change_us in res. */
enum wn_three rule_eval_moving(struct rule_host *h, const struct cel_program *p, struct cel_result *res);
void rule_eval_collect(struct rule_host *h, const struct cel_program *p, cel_collect_fn *cb, void *ctx);
/* Account's unretracted signals, ascending. */
struct wn_value rule_signals(struct rule_host *h);
/* False after an error: they are not loaded. */
bool rule_signals_are_there(struct cel_call *call, const struct rule_host *h);

/* rule_trait.c: the value of a computed trait; false: not computed, or not known. */
bool rule_trait_value(const struct wn_world *w, const struct wn_account *a, const struct wn_contact *c, int trait, struct wn_value *out);
/* Adds to `reads` what the computed traits in it are made of. */
void rule_expand_reads(const struct wn_rules *r, struct wn_reads *reads);

/* rule_index.c: segments that might be true for a signal (without an index all), by priority and name. kinds: as
 * wn_kinds_held, ABSENT if the account's signals are not loaded. */
size_t rule_candidates(struct wn_world *w, const struct wn_account *a, const struct wn_signal *sig, struct wn_value kinds,
		       const struct wn_segment *const **out);
/* verdict.c: false for this signal and account, now and later, whatever their stored signals are. */
bool verdict_is_ruled_out(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig);
/* verdict.c: the global exclude, for a contact or (c NULL) for the account. */
enum wn_three rule_excluded(struct wn_world *w, const struct wn_account *a, const struct wn_contact *c, struct cel_result *res);
/* verdict.c: evaluates and appends to w->verdicts if it is worth keeping. */
bool verdict_add(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig);

/* window.c, coverage.c, rule_segment.c: overloads to declare in an environment. */
#define RULE_ARGS_MAX 4
struct rule_function {
	const char *name;
	bool receiver;
	/* One letter each: S signals, s string, k kind, a numeric attribute, n segment, p place, D duration. */
	const char *args;
	char result; /* S signals, i int, d double, b bool */
	cel_function *fn;
	bool moving, pure, collects;
	int variant_arg;
};
extern const struct rule_function rule_window_functions[], rule_coverage_functions[], rule_segment_functions[];
extern const size_t rule_n_window_functions, rule_n_coverage_functions, rule_n_segment_functions;

/* Shared by the window functions. */
struct rule_host *rule_host_of(const struct cel_call *call);
bool rule_kind_of(struct cel_call *call, struct wn_value name, int *kind); /* false after an error */
void rule_next_change(struct cel_call *call, int64_t at_us); /* ignores what is not ahead */
bool rule_charge_scan(struct cel_call *call, size_t n);     /* for looking at n signals; false after an error */
/* False (after an error) if signals before from_us may exist that are not loaded. */
bool rule_window_kept(struct cel_call *call, const struct rule_host *h, int64_t from_us);

/* rule_terms.c: questions about checked trees. */
enum {
	RULE_READS_SIGNAL = 1,
	RULE_READS_SIGNALS = 2,
	RULE_READS_ACCOUNT = 4,
	RULE_READS_NOW = 8,
	RULE_READS_CONTACT = 16,
	RULE_READS_STORED = 32 /* in_segment, absent, surge: the account's signals without naming them */
};
unsigned rule_reads(const struct cel_node *n);
/* True if each way to truth rests on a signal (design 03: a micro campaign needs one). */
bool rule_needs_signal(const struct cel_node *n);
/* Top-level && terms, left to right. */
typedef bool rule_term_fn(void *ctx, const struct cel_node *term);
bool rule_each_term(const struct cel_node *n, rule_term_fn *cb, void *ctx);
/* Every call of in_segment; cb gets the name, or {NULL,0} if it is no literal, and the span of the argument. */
typedef bool rule_refer_fn(void *ctx, struct wn_str name, struct cel_span at);
bool rule_each_refer(const struct cel_node *n, rule_refer_fn *cb, void *ctx);
/* True if the tree is a path: selections on a variable. */
bool rule_is_path(const struct cel_node *n);
/* rule_kinds.c: the kinds that `signal` may be where the rule is true; false: all of them. Of a segment: inner->kinds. */
bool rule_signal_kinds(const struct wn_registry *r, const struct cel_node *when, uint64_t set[4]);
/* Adds what a tree reads to `reads`. */
void rule_collect_reads(const struct wn_registry *r, const struct cel_node *n, struct wn_reads *reads);

#endif
