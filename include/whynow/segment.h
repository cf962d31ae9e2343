/* SPDX-License-Identifier: MIT */
/*
 * Segments: the YAML of design 05 as a checked, compiled, immutable struct; templates; rule environments.
 *
 * wn_segment_parse reads one document and refuses with file, line and column; its source text is what segment_version
 * stores and is compiled from again, its canonical JSON is what versions are compared by. A segment is immutable and
 * freed whole.
 */
#ifndef WHYNOW_SEGMENT_H
#define WHYNOW_SEGMENT_H

#include <whynow/registry.h>

struct wn_yaml_node;
struct wn_yaml_doc;

#define WN_MODE_LIST(X) X(SHADOW, "shadow") X(PROPOSE, "propose") X(LIVE, "live")
#define WN_EXIT_LIST(X) X(STOP, "stop") X(FINISH, "finish") X(HAND_OFF, "hand_off")
#define WN_ON_REPLY_LIST(X)                                                                                  \
	X(HOLD, "hold")         /* held until an operator resumes them */                                    \
	X(CONTINUE, "continue") /* nothing */                                                                \
	X(STOP, "stop")         /* all of the account leave, whoever replied too (replied_stop) */
#define X(name, text) WN_ON_REPLY_##name,
enum wn_on_reply { WN_ON_REPLY_LIST(X) };
#undef X
#define X(name, text) WN_MODE_##name,
enum wn_mode { WN_MODE_LIST(X) };
#undef X
#define X(name, text) WN_EXIT_##name,
enum wn_exit { WN_EXIT_LIST(X) };
#undef X
const char *wn_mode_to_text(enum wn_mode m);
const char *wn_exit_to_text(enum wn_exit e);
const char *wn_on_reply_to_text(enum wn_on_reply r);

struct wn_template; /* compiled Mustache */

struct wn_variant {
	const struct cel_program *test; /* `if`, NULL */
	double split;                   /* 0..1, 0 = not by split */
	const struct wn_template *subject, *body, *html; /* html NULL: text alone */
	const char *name;               /* "1", "2", ... or given */
};
struct wn_seq_step {
	int number;                     /* 0-based */
	int64_t after_us, valid_for_us; /* valid_for default 5 d */
	const char *channel;
	const struct cel_program *test; /* `if`, NULL */
	const struct wn_variant *variants; size_t n_variants; /* at least one */
};
struct wn_goal { const char *metric; double target; /* 0..1 */ int64_t window_us; double budget_usd; /* 0 none */ };
struct wn_life { int64_t intake_us, box_us, max_us, grace_us, cooldown_us; double floor; int64_t first_touch_us; /* 0: of the kind */ };

/* Numbers of the variables in every environment of rules; programs of `when` have no contact, `exclude` no signal. */
enum wn_rule_var { WN_RULE_SIGNAL, WN_RULE_SIGNALS, WN_RULE_ACCOUNT, WN_RULE_NOW, WN_RULE_CONTACT };

/* The environments of one registry: made once, shared by all segments of it (they are large), freed after them. */
struct wn_rules;
struct wn_rules *wn_rules_new(const struct wn_registry *registry);
void wn_rules_free(struct wn_rules *r);
/* Compiles the rules of computed traits; without it they have no value but what is stored. Once. WN_INVALID with the place: an
 * expression that is wrong, that depends on time, or that reads its own trait. */
enum wn_rc wn_rules_compile_traits(struct wn_rules *r, struct wn_err *err) WN_MUST_CHECK;
/* For tools that compile single expressions (the command line, tests of the index). */
const struct cel_env *wn_rules_env_when(const struct wn_rules *r);
const struct cel_env *wn_rules_env_who(const struct wn_rules *r);
/* The main file's `exclude`, over account and contact; free with cel_program_free. */
enum wn_rc wn_rules_compile_exclude(const struct wn_rules *r, struct wn_str text, struct wn_place at, struct cel_program **out,
				    struct wn_err *err) WN_MUST_CHECK;

/* What a rule reads, as bits over registry numbers. */
struct wn_reads { uint64_t kinds[4], account_traits[4], contact_traits[4]; bool account_domain, time; };

struct wn_segment {
	const char *name, *description, *owner, *nurture;
	int version;                    /* 0 until stored */
	enum wn_mode mode;
	enum wn_exit exit;
	int priority;
	bool broad;                     /* account and contact terms only; opens nothing */
	enum wn_on_reply on_reply;      /* what a reply does to the account's other contacts */
	bool paused;                    /* set by the catalogue, not by the text */
	const char *source;             /* as stored; set by the catalogue */
	int64_t published_us;           /* likewise; 0: not stored */
	size_t position;                /* likewise: in wn_catalog.segments while in force */
	const struct cel_program *who;  /* NULL: enrols the account itself */
	const struct cel_program *const *group_by; size_t n_group_by;
	int audience_min, audience_warn, audience_max;
	struct wn_life life;
	struct wn_goal goal;
	double holdout;
	int64_t start_since_us;         /* start_with: since 30d; 0 = new */
	const struct wn_seq_step *steps; size_t n_steps;
	struct wn_reads reads;
	uint8_t seal[32];               /* SHA-256 of canonical goal JSON */
	struct wn_arena *arena;         /* owns all of the above */
	void *env;                      /* cel environments, owned */
};

/* Its rule: compiled from the text when it is first asked for, kept with the segment. */
const struct cel_program *wn_segment_when(const struct wn_segment *s);
/* Terms over account and contact only that a member is held by; likewise. */
const struct cel_program *const *wn_segment_stay(const struct wn_segment *s, size_t *n);
/* Its rule, who or stay asks in_segment(name). */
bool wn_segment_refers_to(const struct wn_segment *s, struct wn_str name) WN_MUST_CHECK;

/* Segments by name, several versions of one too. Zeroed is empty; borrows what is in it. */
struct wn_segment_set { struct wn_segment_slot { uint32_t hash; struct wn_segment *s; } *v; size_t n_slots, n; };
void wn_segment_set_add(struct wn_segment_set *set, struct wn_segment *s);
void wn_segment_set_remove(struct wn_segment_set *set, const struct wn_segment *s); /* no effect if it is not there */
struct wn_segment *wn_segment_set_find(const struct wn_segment_set *set, struct wn_str name, int version); /* version 0: any */
/* All of a name, one a call; *at begins as 0. The set must not change meanwhile. */
struct wn_segment *wn_segment_set_next(const struct wn_segment_set *set, struct wn_str name, size_t *at);
void wn_segment_set_done(struct wn_segment_set *set);

/* Fields of `campaign` in templates; the data of a touch has them all. Times are TIMESTAMPs. */
#define WN_CAMPAIGN_TEMPLATE_FIELDS "id", "segment", "description", "owner", "opened_at", "ends_at"

/* A stored sequence: a document {sequence: NAME, steps: [...]} (YAML or JSON). Borrowed while parsing. */
struct wn_sequence {
	struct wn_str name;
	int version;
	int64_t published_us;
	struct wn_str text;
	const char *file; /* for errors */
	size_t doc;       /* of text */
};
struct wn_segment_options {
	const struct wn_registry *registry;
	const struct wn_rules *rules;     /* of that registry; NULL: the segment makes its own */
	const char *const *channels;      /* that some sink takes, NULL-terminated; NULL: not checked */
	const struct wn_segment *const *others; size_t n_others; /* for in_segment and cycles; NULL: not checked */
	const struct wn_segment_set *others_by_name; /* the same; NULL: others are searched one by one */
	bool for_use;                     /* neither shown nor tested: without canonical JSON and tests, which take half of the time */
	const struct wn_sequence *sequences; size_t n_sequences; /* that `sequence: NAME` may name */
	int64_t published_us;             /* a named sequence is the newest version published until then; 0: the newest */
	struct wn_str source_default_owner;
};
struct wn_warning { struct wn_place place; char text[300]; };
/* One document of `text` (YAML, several documents allowed: index `doc`, from 0; WN_NOT_FOUND past the last). All errors
 * of the document are in err, each with file, line and column, those of expressions and templates too; err->place is the
 * first. Keeps opt->registry and opt->rules; file must live as long as the warnings are read. n_warnings <= max_warnings.
 * Deterministic: the daemon compiles the stored source text again. */
enum wn_rc wn_segment_parse(struct wn_str text, const char *file, size_t doc, const struct wn_segment_options *opt,
			    struct wn_segment **out, struct wn_warning *warnings, size_t max_warnings, size_t *n_warnings,
			    struct wn_err *err) WN_MUST_CHECK;
/* The same of a document that was read before: of several in one text. The tree is needed no longer than the call takes. */
enum wn_rc wn_segment_read(const struct wn_yaml_doc *doc, const char *file, const struct wn_segment_options *opt, struct wn_segment **out,
			   struct wn_warning *warnings, size_t max_warnings, size_t *n_warnings, struct wn_err *err) WN_MUST_CHECK;
void wn_segment_free(struct wn_segment *s);
/* True if the document is a stored sequence and no segment; *name borrows the tree. */
bool wn_sequence_is(const struct wn_yaml_node *root, struct wn_str *name);
/* Everything about it that can be wrong without a segment. The text of errors as wn_segment_parse gives it. */
enum wn_rc wn_sequence_check(const struct wn_yaml_node *root, struct wn_err *err) WN_MUST_CHECK;
/* True if a signal of the kind may open a campaign: `when` may be true with it as `signal`. A rule that asks nothing of `signal`
 * opens on the kinds that it names. */
bool wn_segment_opens_on(const struct wn_segment *s, int kind);
/* Canonical JSON of the definition, defaults written out (for segment_version.definition and comparing versions). */
void wn_segment_to_json(const struct wn_segment *s, struct wn_buf *out);

/* --- tests: of a segment ------------------------------------------------------------------------------------------ */
struct wn_trial {
	const char *name;
	struct wn_place at;
	const char *failure; /* NULL: passed; else a line for every expectation that failed, with its place and why */
};
/* Runs them with the true engine under a simulated clock, without a database. opt as for parsing (others: for in_segment).
 * Results in `a`, in the order of the file. */
void wn_segment_run_tests(const struct wn_segment *s, const struct wn_segment_options *opt, const char *file, struct wn_arena *a,
			  struct wn_trial **out, size_t *n);

/* --- templates: Mustache, spec core without lambdas ----------------------------------------------------------- */
/* Text of a partial; false: there is none (it reads as empty). Borrowed while rendering. */
typedef bool wn_template_partial_fn(void *ctx, struct wn_str name, struct wn_str *text);
/* `at` is the place of the first character of text, for errors. Refuses partials: a touch is one text.
 * WN_INVALID with the place; WN_LIMIT past WN_TEMPLATE_NODES_MAX or WN_TEMPLATE_DEPTH_MAX. */
enum wn_rc wn_template_compile(struct wn_str text, struct wn_place at, struct wn_template **out, struct wn_err *err) WN_MUST_CHECK;
/* With partials, looked up when rendering. */
enum wn_rc wn_template_compile_partials(struct wn_str text, struct wn_place at, wn_template_partial_fn *partial, void *ctx,
					struct wn_template **out, struct wn_err *err) WN_MUST_CHECK;
void wn_template_free(struct wn_template *t);
/* What becomes of a value on its way into the text. NONE: nothing; HTML: also good for XML; FORM: percent-encoded
 * (application/x-www-form-urlencoded); JSON: {{x}} is the text as it stands between quotes, {{{x}}} is the whole value as JSON
 * ("Ana", 3, null, ["a"], {...}), so that no value can break the document. */
enum wn_escape { WN_ESCAPE_NONE, WN_ESCAPE_HTML, WN_ESCAPE_JSON, WN_ESCAPE_FORM };
/* That of a media type: "application/json; charset=utf-8". */
enum wn_escape wn_escape_of(struct wn_str media_type);
/* Data is a value: maps, lists, scalars and the engine's objects (signal, account, contact: fields by name).
 * missing: first interpolated name, outside sections that are not taken, that had no value or only blanks; {NULL,0} if
 * none; may be NULL; borrows the template. Past the ceiling of `out` or WN_TEMPLATE_STEPS_MAX: WN_LIMIT. */
enum wn_rc wn_template_render(const struct wn_template *t, struct wn_value data, enum wn_escape escape, struct wn_buf *out, struct wn_str *missing,
			      struct wn_err *err) WN_MUST_CHECK;
/* Dotted names used, for checks: callback per name with its place. Names inside sections are as written. */
void wn_template_names(const struct wn_template *t, void (*cb)(void *ctx, struct wn_str name, struct wn_place at), void *ctx);

#endif
