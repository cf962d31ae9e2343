/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/cel share. Not for others.
 *
 * One tree serves all stages: the parser makes nodes, the checker writes types, variables and overloads into
 * them, and cel_emit gives each its eval function and folds constants. After that a program never changes.
 */
#ifndef CEL_INTERNAL_H
#define CEL_INTERNAL_H

#include <whynow/cel.h>
#include <whynow/limits.h>

struct cel_run;
struct cel_node;
struct cel_regex;
struct wn_tz;

/* Evaluates one node; false: unknown, told in run->fail. */
typedef bool cel_eval_fn(struct cel_run *r, const struct cel_node *n, struct wn_value *out);
/* A function of the language: args are n->n_args evaluated values. It checks their kinds itself. */
typedef bool cel_native_fn(struct cel_run *r, const struct cel_node *n, const struct wn_value *args, struct wn_value *out);

enum cel_op {
	OP_NONE, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_NEG,
	OP_INDEX, OP_OPT_INDEX, OP_OPT_SELECT,
};
static inline bool cel_op_compares(int op) { return op >= OP_EQ && op <= OP_GE; }

enum cel_macro {
	MACRO_NONE, MACRO_ALL, MACRO_EXISTS, MACRO_EXISTS_ONE, MACRO_MAP, MACRO_FILTER, MACRO_TRANSFORM_LIST,
	MACRO_TRANSFORM_MAP, MACRO_TRANSFORM_ENTRY, MACRO_SORT_BY, MACRO_BIND, MACRO_OPT_MAP, MACRO_OPT_FLAT_MAP,
};

enum {
	NODE_RECEIVER = 1,  /* CALL: written as a method */
	NODE_ABSOLUTE = 2,  /* IDENT: leading dot; CALL: likewise */
	NODE_MOVING = 4,    /* something in this sub-tree changes with time alone */
	NODE_FLOWS = 8,     /* the value itself does: it may only be compared, or shifted by + and - */
	NODE_TERM = 16,     /* a time-dependent term: unknown in the moving pass */
	NODE_QUOTED = 32,   /* SELECT: field in back quotes */
};

/* Local variables of a comprehension. */
struct cel_loop {
	struct wn_str name[2];
	int slot[2];
	int n;
	uint32_t weight; /* steps of one turn */
	bool collects;   /* elements are collectable records and a true predicate makes them evidence */
};

struct cel_node {
	cel_eval_fn *eval;
	cel_eval_fn *plain; /* what eval stands before in the moving pass */
	uint8_t kind;  /* enum cel_node_kind */
	uint8_t op;    /* enum cel_op of a CALL */
	uint8_t macro; /* enum cel_macro of a COMPREHENSION */
	uint8_t flags;
	uint16_t depth;
	uint32_t n_args;
	uint32_t weight; /* nodes in the sub-tree */
	struct cel_span span;
	struct cel_node **args;
	union {
		struct wn_value literal;
		struct { int32_t variable, slot; bool collectable; } id; /* variable -1: slot of a comprehension */
		struct { const struct cel_field *field; uint32_t number; int32_t variable; } sel;
		struct {
			cel_native_fn *native;
			const struct cel_fn_overload *const *overloads;
			uint32_t n_overloads;
			uint32_t number;      /* fused comparison: field number */
			void *prepared;       /* compiled regular expression or time zone of a literal argument */
		} call;
		const struct cel_loop *loop;
		const bool *optional; /* LIST, MAP: per element, NULL if none is optional */
	};
	struct wn_str name;
	const struct cel_type *type;
	const uint64_t *variants;    /* record or list of records: variants still possible, NULL = all */
	const struct cel_node *origin; /* a folded literal: what was written */
};

#define VARIANT_WORDS 4

/* --- environment ------------------------------------------------------------------------------------- */
struct cel_fn_overload {
	const char *name;
	bool receiver;
	uint32_t n_args;
	const struct cel_type *const *args;
	const struct cel_type *result;
	cel_native_fn *native;            /* or */
	const struct cel_overload *host;
	int n_params;                     /* type parameters, numbered from 0 */
	int result_params;                /* 1 + the largest in the result, 0 if it has none */
};
/* What of the first arguments a function takes by kind of type alone: bit i is overload i, and the last all beyond. */
#define CEL_KINDS (CEL_OPAQUE + 1)
#define MASKED_ARGS 2
struct cel_fn {
	struct wn_str name;
	uint64_t may_take[MASKED_ARGS][CEL_KINDS];
	WN_VEC(const struct cel_fn_overload *) overloads;
	struct cel_fn *next;
};
struct cel_variable {
	struct wn_str name;
	const struct cel_type *type;
	bool moving;
};
#define FN_BUCKETS 256
struct cel_env {
	struct wn_arena *arena;
	WN_VEC(struct cel_variable) variables;
	WN_VEC(const struct cel_record *) records;
	struct cel_fn *functions[FN_BUCKETS];
	struct wn_str container;
	bool dotted; /* a variable has a dot in its name */
	bool ext_optional, ext_bindings, ext_two_variables, ext_lists;
};
/* A row of a table of functions. `sigs`: overloads separated by blanks, each "ARGS>RESULT", a leading dot makes it
 * a method. One letter a type: i u d b s y(bytes) t(imestamp) D(uration) n(ull) T(ype) *(dyn) A B C (parameters) Y = type of A
 * Lx = list of x, Mkv = map, Ox = optional, I = net.IP, R = net.CIDR. */
struct cel_row {
	const char *name, *sigs;
	cel_native_fn *native;
};
void cel_env_table(struct cel_env *env, const struct cel_row *rows, size_t n);
const struct cel_fn *cel_env_find(const struct cel_env *env, struct wn_str name);
extern const struct cel_row cel_rows_operators[], cel_rows_convert[], cel_rows_string[], cel_rows_time[],
	cel_rows_ext_strings[], cel_rows_ext_math[], cel_rows_ext_lists[], cel_rows_ext_sets[], cel_rows_ext_optional[],
	cel_rows_ext_encoders[], cel_rows_ext_net[], cel_rows_ext_days[];
/* Type that an identifier names ("int", "google.protobuf.Timestamp"), NULL if none. */
const struct cel_type *cel_type_named(struct wn_str name);
size_t cel_net_print(struct wn_value v, char dst[64]); /* an address or a range; 0: it is neither */
/* Text of the type of a value as CEL's type() shows it. */
const char *cel_type_name_of(struct wn_value v);
struct wn_str cel_type_ident(const struct cel_type *t);

/* --- types ------------------------------------------------------------------------------------------- */
struct cel_subst {
	struct wn_arena *arena;
	WN_VEC(const struct cel_type *) bound; /* by number of the type variable */
	WN_VEC(struct { int param; const struct cel_type *was; }) undo;
};
extern const struct cel_type cel_error_type, cel_type_type;
const struct cel_type *cel_type_list(struct wn_arena *a, const struct cel_type *elem);
const struct cel_type *cel_type_map(struct wn_arena *a, const struct cel_type *key, const struct cel_type *value);
const struct cel_type *cel_type_optional(struct wn_arena *a, const struct cel_type *elem);
const struct cel_type *cel_type_fresh(struct cel_subst *s);
/* May a value of type t1 stand where t2 is asked? Binds type variables; nothing stays bound on failure. */
bool cel_type_assignable(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2);
bool cel_type_assignable_all(struct cel_subst *s, const struct cel_type *const *t1, const struct cel_type *const *t2, size_t n);
const struct cel_type *cel_type_join(struct cel_subst *s, const struct cel_type *t1, const struct cel_type *t2);
/* The bound form of t; unbound variables become dyn when to_dyn. */
const struct cel_type *cel_type_resolve(struct cel_subst *s, const struct cel_type *t, bool to_dyn);
/* A copy of t whose parameters are the type variables base.. */
const struct cel_type *cel_type_instance(struct wn_arena *a, const struct cel_type *t, int base);
bool cel_type_equal(const struct cel_type *a, const struct cel_type *b);
int cel_type_params(const struct cel_type *t); /* 1 + the largest parameter number in t, 0 if none */
static inline const struct cel_type *cel_elem(const struct cel_type *t) { return t->elem ? t->elem : &cel_dyn; }
static inline const struct cel_type *cel_key(const struct cel_type *t) { return t->key ? t->key : &cel_dyn; }

/* --- compiling --------------------------------------------------------------------------------------- */
struct cel_program {
	struct wn_arena *arena; /* while it is compiled; then NULL: one block */
	const struct cel_env *env;
	const struct cel_program *whole; /* of a part: the program that owns the nodes */
	struct wn_str text;
	struct cel_node *root;
	int n_slots;
	bool moving;
	bool lent;              /* it lies in memory of the caller's */
	WN_VEC(struct cel_regex *) regexes;
	WN_VEC(struct wn_tz *) zones;
};
struct cel_compile {
	const struct cel_env *env;
	const struct cel_options *opt;
	struct cel_program *p;
	struct wn_arena *arena;
	struct wn_str text;
	struct wn_err *err;
	enum wn_rc rc;       /* of the first complaint */
	uint32_t n_nodes;
	int n_slots;
};
/* Records the first error with place, source line and caret; false. */
bool cel_complain(struct cel_compile *c, struct cel_span at, const char *fmt, ...) WN_PRINTF(3, 4);
bool cel_complain_limit(struct cel_compile *c, struct cel_span at, const char *fmt, ...) WN_PRINTF(3, 4);
/* " (did you mean `x`?)" or "" into dst. */
const char *cel_suggest(char *dst, size_t size, struct wn_str name, const char *const *names, size_t n);

enum cel_token_kind {
	TOK_END, TOK_IDENT, TOK_QUOTED, TOK_INT, TOK_UINT, TOK_DOUBLE, TOK_STRING, TOK_BYTES, TOK_PUNCT,
};
struct cel_token {
	uint8_t kind;          /* enum cel_token_kind */
	uint16_t punct;        /* PUNCT: CEL_PUNCT of its one or two characters; 0 of all others */
	struct cel_span span;
	struct wn_str text;    /* IDENT: as written; QUOTED: inside the quotes */
	struct wn_value value; /* UINT, DOUBLE, STRING, BYTES; INT: value.u, sign not yet applied */
};
#define CEL_PUNCT(text) ((uint16_t)((unsigned char)(text)[0] | (unsigned)(unsigned char)(text)[1] << 8))
struct cel_lexer {
	struct cel_compile *c;
	const char *start, *p, *end; /* a NUL stands at `end` */
	bool after_operand; /* the last token ended an operand: ".5" is then a selection */
};
bool cel_lex(struct cel_lexer *l, struct cel_token *out);
bool cel_lex_string(struct cel_lexer *l, struct cel_token *out);
bool cel_lex_number(struct cel_lexer *l, struct cel_token *out);
bool cel_is_reserved(struct wn_str s);

struct cel_node *cel_parse(struct cel_compile *c);
/* New node; NULL after a complaint when the tree is too large or too deep. Takes args (in the arena). */
struct cel_node *cel_node_new(struct cel_compile *c, enum cel_node_kind kind, struct cel_span span, struct cel_node **args, size_t n);
/* If the CALL is a macro, the node it stands for; the call itself if not; NULL after a complaint. */
struct cel_node *cel_macro_expand(struct cel_compile *c, struct cel_node *call);

/* --- checking ---------------------------------------------------------------------------------------- */
struct cel_scope { /* one comprehension variable */
	struct wn_str name;
	const struct cel_type *type;
	int slot;
	bool flows;
	bool alias; /* cel.bind: stands for its value, so that reading it collects */
	const uint64_t *variants;
	struct cel_scope *up;
};
struct cel_fact { /* a variable can only be one of these variants here */
	const void *who; /* scope or variable */
	uint64_t set[VARIANT_WORDS];
	struct cel_fact *up;
};
struct cel_check {
	struct cel_compile *c;
	struct cel_subst subst;
	struct cel_scope *scope;
	struct cel_fact *facts;
	bool unchecked, strict_time;
};
bool cel_check_program(struct cel_compile *c, struct cel_node *root);
bool cel_check_node(struct cel_check *k, struct cel_node *n);
bool cel_check_ident(struct cel_check *k, struct cel_node *n);
bool cel_check_select(struct cel_check *k, struct cel_node *n);
bool cel_check_call(struct cel_check *k, struct cel_node *n);
bool cel_check_opt_select(struct cel_check *k, struct cel_node *n);
bool cel_check_macro(struct cel_check *k, struct cel_node *n);
const struct cel_scope *cel_scope_find(const struct cel_check *k, struct wn_str name);
const struct cel_variable *cel_variable_find(const struct cel_check *k, struct wn_str name, bool absolute);
const struct cel_fn *cel_function_find(const struct cel_check *k, struct wn_str name, bool absolute);
bool cel_qualified_name(const struct cel_node *n, char *dst, size_t size, bool *absolute);
/* Marks n as holding what its args hold; refuses a moving value where strict time forbids it. */
bool cel_check_flow(struct cel_check *k, struct cel_node *n, const char *use);
/* Variants: facts that `n` being `truth` gives, pushed on k->facts (pop by restoring the old value). */
void cel_facts_push(struct cel_check *k, const struct cel_node *n, bool truth);
/* The same facts once more: those pushed between `before` and `told`. */
void cel_facts_again(struct cel_check *k, const struct cel_fact *told, const struct cel_fact *before);
const uint64_t *cel_facts_of(struct cel_check *k, const void *who, const uint64_t *start);
bool cel_check_variant(struct cel_check *k, struct cel_node *sel, const struct cel_record *rec, const struct cel_field *f);
bool cel_check_enum(struct cel_check *k, struct cel_node *call);
const uint64_t *cel_variant_one(struct cel_check *k, const struct cel_record *rec, struct wn_str name);
const struct cel_record *cel_record_of(const struct cel_type *t); /* of a record or a list of records */
bool cel_emit(struct cel_compile *c, struct cel_node **root);
void cel_emit_plain(struct cel_node *n);
/* A copy of the program in one block (free() it); takes over its patterns and zones. */
struct cel_program *cel_seal(const struct cel_program *p);

/* --- evaluation -------------------------------------------------------------------------------------- */
enum cel_mode { MODE_PLAIN, MODE_COLLECT, MODE_MOVING };
struct cel_fail {
	const struct cel_node *at;
	const char *text;       /* static or in the arena */
	struct wn_value detail; /* ABSENT or what to show behind it */
};
struct cel_pending { const struct wn_object *element; struct cel_span clause; };
#define CACHED_VARS 16
struct cel_run {
	const struct cel_env *env;
	const struct cel_activation *act;
	struct wn_arena *arena;
	enum cel_mode mode;
	bool stopped;            /* a budget is used up: everything fails from here */
	const char *why_stopped; /* NULL: steps */
	int64_t steps;           /* left */
	size_t memory;           /* bytes left */
	int depth;               /* levels of values that are being compared */
	struct wn_value *slots;
	struct cel_fail fail;
	int64_t next_change_us;
	bool collecting;         /* collect mode, outside negations */
	struct cel_span clause;
	WN_VEC(struct cel_pending) pending;
	uint32_t have;
	struct wn_value vars[CACHED_VARS];
};
static inline bool cel_value(struct cel_run *r, const struct cel_node *n, struct wn_value *out) { return n->eval(r, n, out); }
bool cel_fail(struct cel_run *r, const struct cel_node *at, const char *text);
bool cel_fail_with(struct cel_run *r, const struct cel_node *at, const char *text, struct wn_value detail);
bool cel_no_overload(struct cel_run *r, const struct cel_node *at);
bool cel_charge(struct cel_run *r, const struct cel_node *at, uint64_t steps);
bool cel_out_of_memory(struct cel_run *r, const struct cel_node *at); /* stops the run; false */
/* Arena memory under the ceiling of the evaluation; NULL after failing. */
void *cel_take(struct cel_run *r, const struct cel_node *at, size_t bytes);
bool cel_variable_value(struct cel_run *r, const struct cel_node *n, int var, struct wn_value *out);
bool cel_has_field(const struct wn_object *o, uint32_t field); /* o may be NULL */
bool cel_select_value(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_str name, struct wn_value *out, bool *found);
bool cel_index_value(struct cel_run *r, const struct cel_node *n, struct wn_value from, struct wn_value key, struct wn_value *out, bool *found);
struct wn_value cel_map_find(struct wn_value map, struct wn_value key); /* ABSENT if not there */
bool cel_values_equal(struct cel_run *r, struct wn_value a, struct wn_value b);
/* -1 0 1, 2 = unordered (NaN), -2 = no such overload. */
int cel_values_compare(struct wn_value a, struct wn_value b);
bool cel_compare_result(int op, int order);
bool cel_value_matches_type(struct wn_value v, const struct cel_type *t);
bool cel_optional(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out); /* v NULL: none */
bool cel_is_zero_value(struct wn_value v);
bool cel_bytes_value(struct cel_run *r, const struct cel_node *n, enum wn_kind kind, const void *p, size_t len, struct wn_value *out);
/* Nodes with a time-dependent meaning and collect mode. */
bool cel_moving_compare(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b);
bool cel_moving_opaque(struct cel_run *r, const struct cel_node *n);
struct wn_value cel_moving_shift(int op, struct wn_value a, struct wn_value b, struct wn_value sum);
void cel_moving_mark(struct wn_value *v);
void cel_collect_object(struct cel_run *r, struct wn_value v);
bool cel_run_start(struct cel_run *r, const struct cel_program *p, const struct cel_activation *act, struct wn_arena *a, enum cel_mode mode);
extern cel_eval_fn cel_eval_literal, cel_eval_ident, cel_eval_local, cel_eval_select, cel_eval_field, cel_eval_field_of_variable,
	cel_eval_has, cel_eval_and, cel_eval_or, cel_eval_not, cel_eval_cond, cel_eval_list, cel_eval_map, cel_eval_unbound,
	cel_eval_native1, cel_eval_native2, cel_eval_native_n, cel_eval_dispatch, cel_eval_index, cel_eval_opt_select,
	cel_eval_compare, cel_eval_compare_field, cel_eval_compare_moving, cel_eval_shift_moving, cel_eval_opaque_moving,
	cel_eval_loop, cel_eval_in, cel_eval_or_else, cel_eval_scope, cel_eval_local_field;

/* --- time (time.c) ----------------------------------------------------------------------------------- */
bool cel_time_valid(int64_t sec);
bool cel_timestamp_parse(struct wn_str s, struct wn_value *out);
size_t cel_timestamp_print(struct wn_value v, char out[48]);
bool cel_duration_parse(struct wn_str s, struct wn_value *out);
size_t cel_duration_print(struct wn_value v, char out[48]);
/* v = sec, ns carried and signed as protobuf wants; false when out of range. */
bool cel_duration_make(int64_t sec, int64_t ns, struct wn_value *out);
bool cel_timestamp_make(int64_t sec, int64_t ns, struct wn_value *out);

/* --- text (text.c) ----------------------------------------------------------------------------------- */
size_t cel_double_print(double d, char out[40]);
bool cel_double_parse(struct wn_str s, double *out);
bool cel_int_parse(struct wn_str s, int64_t *out);
bool cel_uint_parse(struct wn_str s, uint64_t *out);
bool cel_utf8_valid(struct wn_str s);
size_t cel_utf8_count(struct wn_str s);
size_t cel_utf8_offset(struct wn_str s, size_t chars); /* byte offset of a character, s.n at or past the end */
size_t cel_utf8_put(uint32_t c, char out[4]);
uint32_t cel_utf8_next(struct wn_str s, size_t *pos);  /* s is valid */
size_t cel_double_print_plain(double d, char out[400]); /* never with an exponent */
/* Growing text in the arena of an evaluation; `failed` once the memory is used up (told in run->fail). */
struct cel_out {
	struct cel_run *r;
	const struct cel_node *n;
	char *p;
	size_t len, cap;
	bool failed;
};
void cel_out_add(struct cel_out *o, const void *p, size_t n);
static inline void cel_out_str(struct cel_out *o, struct wn_str s) { cel_out_add(o, s.p, s.n); }
static inline void cel_out_text(struct cel_out *o, const char *s) { cel_out_add(o, s, strlen(s)); }
bool cel_out_end(struct cel_out *o, struct wn_value *out); /* as a string */
/* CEL text of a constant, for canonical form and messages. */
void cel_literal_print(struct wn_buf *b, struct wn_value v);
void cel_unparse(struct wn_buf *b, const struct cel_node *n);

#endif
