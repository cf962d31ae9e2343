/* SPDX-License-Identifier: MIT */
/*
 * CEL, Google's Common Expression Language, for C programs. Knows nothing of signals, databases or I/O.
 *
 *   env  = cel_env_new();                       declare variables, record types, functions, enums
 *   cel_compile(env, text, opts, &prog, err)    text -> tokens -> tree -> macros -> type check -> program
 *   cel_eval(prog, &activation, arena, &out)    any number of times; no malloc in an ordinary rule
 *
 * Ownership. An env borrows what is declared to it (names, records, overloads, types) until it is freed, and outlives its
 * programs. A program keeps its own copy of the text. Evaluation borrows what the activation gives, strings too, and
 * copies none of it; what it makes itself lies in the arena of the call, and a result may point into either: it is good until
 * the arena is reset and as long as what was given lives. Types that cel_env_list and its like make live with the env.
 *
 * Errors. cel_compile says WN_INVALID or WN_LIMIT, with place.line and place.column, the source line, a caret and the nearest
 * known name in err->text; *out is untouched. An error of *evaluation* is a value of its own: cel_eval returns WN_OK with
 * result.unknown set, and why and where; it never crashes, whatever text or values it meets.
 *
 * Threads. An env that is no longer added to, and programs, are never written: any number of threads may compile and
 * evaluate with them, each with an arena of its own.
 *
 * Ceilings are the WN_CEL_* of limits.h: length, nesting and size of a text (compile), steps and memory (evaluation).
 * tests/example/rule.c is a whole program.
 */
#ifndef WHYNOW_CEL_H
#define WHYNOW_CEL_H

#include <whynow/value.h>

WN_C_BEGIN

/* --- types ------------------------------------------------------------------------------------------- */
enum cel_type_kind {
	CEL_DYN, CEL_NULL, CEL_BOOL, CEL_INT, CEL_UINT, CEL_DOUBLE, CEL_STRING, CEL_BYTES,
	CEL_TIMESTAMP, CEL_DURATION, CEL_LIST, CEL_MAP, CEL_TYPE, CEL_OPTIONAL, CEL_RECORD, CEL_PARAM, CEL_ERROR,
	CEL_OPAQUE, /* a named type with parameters that only functions make and take */
};
struct cel_record;
struct cel_type {
	enum cel_type_kind kind;
	const struct cel_type *elem;  /* list, optional, type: element; map: value; NULL = dyn */
	const struct cel_type *key;   /* map: key */
	const struct cel_record *record; /* CEL_RECORD */
	int param;                    /* CEL_PARAM (generic functions): number, from 0 */
	const char *name;             /* CEL_OPAQUE */
	const struct cel_type *const *args; /* CEL_OPAQUE: n_args parameters */
	size_t n_args;
	uint16_t depth;               /* of types made here: levels below it; 0 in those of a host */
};
extern const struct cel_type cel_dyn, cel_null, cel_bool, cel_int, cel_uint, cel_double, cel_string, cel_bytes,
	cel_timestamp, cel_duration;
/* "list(string)", "map(string, dyn)", "signal". */
void cel_type_to_text(const struct cel_type *t, char *dst, size_t size);

/* A record type: a host object with named fields. A record may come in *variants* told apart by one string field
 * (the discriminator): the checker then keeps the set of variants still possible (through ==, in, &&, ||, !, ?: and
 * comprehension variables) and refuses a field that none of them has. */
struct cel_field {
	const char *name;
	const struct cel_type *type;
	uint32_t number;             /* handed to wn_class.get */
	const uint64_t *variants;    /* bit set over variant numbers, NULL = every variant has it */
	const char *const *enum_values; /* listed literals of an enum, NULL-terminated; NULL = free text */
	/* Changes with time alone. A duration or timestamp grows by one second a second (age); a double is made by
	 * cel_decaying (freshness); any other type is taken to change at any moment. */
	bool moving;
};
struct cel_record {
	const char *name;
	const struct cel_field *fields;
	size_t n_fields;
	const char *discriminator;       /* name of a string field, or NULL */
	const char *const *variant_names; /* NULL-terminated, at most 256 */
	bool collectable;                /* elements are evidence: cel_eval_collect reports them */
};

/* --- environment -------------------------------------------------------------------------------------- */
struct cel_env;
struct cel_call; /* one running call of a host function */

/* The function gets its evaluated arguments (receiver first), borrowed until it returns. What it makes lies in cel_call_arena and
 * counts towards the memory of the evaluation; *out may point there, into the arguments, or at what outlives the result. Return
 * false after cel_call_error: unknown. */
typedef bool cel_function(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out);

struct cel_overload {
	const char *name;
	bool receiver;                      /* called as a method of the first argument */
	const struct cel_type *const *args; /* n_args types */
	size_t n_args;
	const struct cel_type *result;
	cel_function *fn;
	bool moving;                        /* result changes with time alone (window functions) */
	bool pure;                          /* same result for same arguments, reads no host: folded when they are constants.
					     * Holds no objects that it made */
	bool collects;                      /* its true result rests on elements: it calls cel_call_collect */
	/* Checked at compile time when argument i is a literal: return NULL if fine, else the complaint. */
	const char *(*check_literal)(void *ctx, size_t arg, struct wn_value literal, char *buf, size_t size);
	void *check_ctx;
	/* The set of variants the elements of a list result may have, from literal args (kind names): optional. */
	int variant_arg;                    /* index of the string literal that names the variant, -1 none; 0-based with receiver = 0 */
};

struct cel_env *cel_env_new(void);
void cel_env_free(struct cel_env *env);
/* All borrow their arguments until the env is freed. Variable numbers are 0.. in order of declaration. */
int cel_env_variable(struct cel_env *env, const char *name, const struct cel_type *type);
/* As variable, but the value changes with time alone: only `now`. */
int cel_env_moving_variable(struct cel_env *env, const char *name, const struct cel_type *type);
void cel_env_function(struct cel_env *env, const struct cel_overload *f);
void cel_env_container(struct cel_env *env, const char *container);
/* Extensions: strings math sets lists optional encoders net bindings comprehensions2, and days (days(n), weeks(n):
 * durations, n int or double); "all" for all of them. A host function with the same arguments takes precedence. */
enum wn_rc cel_env_extension(struct cel_env *env, const char *name, struct wn_err *err);
/* Type of a record for declarations; lives with the env. */
const struct cel_type *cel_env_record(struct cel_env *env, const struct cel_record *record);
const struct cel_type *cel_env_list(struct cel_env *env, const struct cel_type *elem);
const struct cel_type *cel_env_map(struct cel_env *env, const struct cel_type *key, const struct cel_type *value);
const struct cel_type *cel_env_optional(struct cel_env *env, const struct cel_type *elem);

/* --- compile ------------------------------------------------------------------------------------------ */
struct cel_options {
	struct wn_place origin;          /* where the text starts in a file: added to positions of errors; the column to every line */
	const struct cel_type *expect;   /* required result type, NULL = any */
	bool unchecked;                  /* parse and run without type check: unknown names fail when run */
	bool no_macros;
	struct wn_arena *scratch;        /* for the memory of compiling alone: emptied first, its contents are of no use afterwards (with
					  * `passing`: until the next compile the program); NULL: one of its own. For whoever compiles many */
	bool passing;                    /* looked at a few times and freed: it takes more memory and less time to make */
	/* Moving values may only be compared, shifted by + and - with a value that does not move (timestamps, durations), bound
	 * by cel.bind, or passed to functions that are moving themselves. */
	bool strict_time;
};
struct cel_program;
enum wn_rc cel_compile(const struct cel_env *env, struct wn_str text, const struct cel_options *opt,
		       struct cel_program **out, struct wn_err *err) WN_MUST_CHECK;
void cel_program_free(struct cel_program *p);
const struct cel_type *cel_program_type(const struct cel_program *p);
struct wn_str cel_program_text(const struct cel_program *p);
/* Canonical text of the whole program (spaces and parentheses normalised). */
void cel_program_canonical(const struct cel_program *p, struct wn_buf *out);

/* --- evaluate ----------------------------------------------------------------------------------------- */
struct cel_activation {
	/* Value of variable number `var`; false: not set (an error when used). Borrowed until the call ends. */
	bool (*get)(void *ctx, int var, struct wn_value *out);
	void *ctx;
	void *host;        /* for host functions: cel_call_host */
	int64_t now_us;    /* the instant of evaluation, for the arithmetic of next_change */
};

struct cel_span { uint32_t start, end; }; /* bytes of the program's text */

struct cel_result {
	bool unknown;              /* an error: value is not set */
	struct wn_value value;
	struct cel_span where;     /* unknown: the smallest sub-expression that failed (the first one, left to right) */
	struct cel_span clause;    /* unknown: the top-level && term (of those, the || alternative) that holds it */
	char error[200];           /* unknown: why, e.g. "no such attribute: amount_usd" */
	uint32_t steps;            /* that it took, of WN_CEL_STEPS_MAX */
	int64_t next_change_us;    /* cel_eval_moving: least instant > now at which a time-dependent term changes, INT64_MAX if none */
};

enum wn_rc cel_eval(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a,
		    struct cel_result *out, struct wn_err *err) WN_MUST_CHECK;

/* After a true verdict: once more, left to right with plain short circuit, reporting the objects the truth rests on:
 * for every positive term, elements of collectable records for which the term holds (exists, filter, host functions
 * that collect), and a collectable variable itself when a term reads it. Nothing from negations or terms not reached.
 * cb gets the object and the span of the term (its clause). */
typedef void cel_collect_fn(void *ctx, const struct wn_object *element, struct cel_span clause);
enum wn_rc cel_eval_collect(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a,
			    cel_collect_fn *cb, void *ctx, struct wn_err *err) WN_MUST_CHECK;

/* Evaluates as if every time-dependent term were unknown (out->value / unknown), visiting every term (no short circuit),
 * and gives the least next-change instant of any of them. */
enum wn_rc cel_eval_moving(const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a,
			   struct cel_result *out, struct wn_err *err) WN_MUST_CHECK;

/* --- for host functions ------------------------------------------------------------------------------- */
void *cel_call_host(const struct cel_call *call);
struct wn_arena *cel_call_arena(const struct cel_call *call);
int64_t cel_call_now_us(const struct cel_call *call);
/* Sets the error text; returns false so that `return cel_call_error(call, ...)` works. */
bool cel_call_error(struct cel_call *call, const char *fmt, ...) WN_PRINTF(2, 3);
/* For a function whose work grows with what it reads: so many steps more. False when the budget is used up: return false then. */
bool cel_call_charge(struct cel_call *call, uint64_t steps);
void cel_call_collect(struct cel_call *call, const struct wn_object *element);
/* True while collecting; a function may skip the work otherwise. */
bool cel_call_is_collecting(const struct cel_call *call);
/* A window function tells when its result may change next by time alone. */
void cel_call_next_change(struct cel_call *call, int64_t at_us);
/* Marks a double as decaying exponentially towards 0 (freshness): v(t) = v * 2^(-(t-now)/half_life), 0 from
 * hard_stop on. Comparisons then know their next change. Only in the getter of a moving field; call may be NULL.
 * It travels in spare bits of the value: the half-life is exact if it is whole seconds up to 12 days, whole minutes up to
 * 728 days, whole hours up to 119 years or whole days; the hard stop is kept in seconds, rounded up. */
struct wn_value cel_decaying(struct cel_call *call_or_null, double v, int64_t half_life_us, int64_t hard_stop_us);

/* --- the checked tree, read only, for rule indexes ----------------------------------------------------- */
/* && and || are n-ary and flat (a && b && c is one AND of three); constants are folded, so `x in ["a", "b"]` has a LITERAL
 * list and `days(3)` is a LITERAL duration. */
enum cel_node_kind {
	CEL_NODE_LITERAL, CEL_NODE_IDENT, CEL_NODE_SELECT, CEL_NODE_HAS, CEL_NODE_INDEX, CEL_NODE_CALL,
	CEL_NODE_LIST, CEL_NODE_MAP, CEL_NODE_AND, CEL_NODE_OR, CEL_NODE_NOT, CEL_NODE_COND, CEL_NODE_COMPREHENSION,
};
struct cel_node;
struct cel_node_view {
	enum cel_node_kind kind;
	struct cel_span span;
	const struct cel_type *type;
	struct wn_value literal;      /* LITERAL */
	int variable;                 /* IDENT: variable number, -1 = comprehension variable */
	int n_variables;              /* COMPREHENSION: variables of one turn, 1 or 2 */
	/* IDENT: variable; SELECT, HAS: field; CALL: function ("_==_", "_<_", "@in", "startsWith");
	 * COMPREHENSION: macro ("exists", "all", ...) */
	struct wn_str name;
	const struct cel_field *field; /* SELECT/HAS on a record */
	/* Operands in order. SELECT, HAS: [operand]. CALL: the receiver first. MAP: key, value, key, ... COMPREHENSION: [range,
	 * predicate] (all exists exists_one filter), [range, (predicate,) transform] (map, transformList ...), [range, key]
	 * (sortBy), [value, body] (bind optMap optFlatMap). */
	const struct cel_node *const *args;
	size_t n_args;
	bool moving; /* something in this sub-tree changes with time alone */
};
const struct cel_node *cel_program_root(const struct cel_program *p);
struct cel_node_view cel_node_look(const struct cel_node *n);
/* Parts of it, for walks over whole trees. */
enum cel_node_kind cel_node_kind(const struct cel_node *n);
const struct cel_node *const *cel_node_args(const struct cel_node *n, size_t *n_args);
/* Compiles a sub-tree of p as a program of its own (terms of a conjunction). Keeps p's text; p must outlive it. */
enum wn_rc cel_program_part(const struct cel_program *p, const struct cel_node *n, struct cel_program **out,
			    struct wn_err *err) WN_MUST_CHECK;

WN_C_END

#endif
