/* SPDX-License-Identifier: MIT */
/*
 * YAML 1.2 as a tree with positions, and the schema walker that reads it into plain C structs.
 *
 *   wn_yaml_parse(text, file, arena, &docs, err)      a stream: one or several documents separated by ---
 *   wn_yaml_walk(node, &schema, arena, &out, &errors) a mapping read by a table of keys; *all* its errors
 *
 * Everything lives in the caller's arena and borrows from it. Ceilings (bytes, depth, nodes, scalar length) are
 * checked while reading; anchors, aliases, tags and merge keys are refused, so a document is never larger than its
 * text. Duplicate keys are refused with both positions. Scalars follow the core schema: only true and false are
 * booleans, `no` and `12:30` are strings. Keys are plain strings.
 *
 * The only user of libfyaml is lib/conf/yaml.c.
 */
#ifndef WHYNOW_YAML_H
#define WHYNOW_YAML_H

#include <whynow/value.h>

/* --- tree --------------------------------------------------------------------------------------------- */
enum wn_yaml_kind { WN_YAML_SCALAR, WN_YAML_SEQUENCE, WN_YAML_MAPPING };
enum wn_yaml_style {
	WN_YAML_PLAIN, WN_YAML_SINGLE, WN_YAML_DOUBLE, WN_YAML_LITERAL /* | */, WN_YAML_FOLDED /* > */,
	WN_YAML_BLOCK, WN_YAML_FLOW, /* sequences and mappings */
};

struct wn_yaml_pair;
struct wn_yaml_node {
	enum wn_yaml_kind kind;
	enum wn_yaml_style style;
	const char *file;           /* as given to wn_yaml_parse */
	int line, column;           /* first character of the node (quote, | or [ included); column in characters */
	int text_line, text_column; /* scalar: where its text starts (after the quote; first line of a block) */
	struct wn_str text;         /* scalar: content, terminated too; valid UTF-8 without NUL */
	size_t n;                   /* elements or pairs */
	union {
		struct wn_yaml_node *const *items;  /* sequence */
		const struct wn_yaml_pair *pairs;   /* mapping, in the order of the file */
		const struct wn_str *raw;           /* scalar that is not written as it reads (folded, with escapes): the bytes from its
						     * text on; else NULL */
	};
};
struct wn_yaml_pair {
	struct wn_yaml_node *key, *value; /* key: always a scalar */
};

struct wn_yaml_doc {
	struct wn_yaml_node *root; /* never NULL: empty documents are left out */
	struct wn_str source;      /* the bytes of this document in the stream, comments included (borrows `text`) */
};
struct wn_yaml_docs {
	const char *file;
	size_t n;
	struct wn_yaml_doc *v;
};

/* Borrows text and file for as long as the tree is used. WN_INVALID or WN_LIMIT with the place. */
enum wn_rc wn_yaml_parse(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out,
			 struct wn_err *err) WN_MUST_CHECK;
/* Reads the file (regular, at most WN_CONF_FILE_MAX) into the arena, then as above. NOT_FOUND if there is none. */
enum wn_rc wn_yaml_load(const char *path, struct wn_arena *a, struct wn_yaml_docs *out, struct wn_err *err) WN_MUST_CHECK;

static inline struct wn_place wn_yaml_place(const struct wn_yaml_node *n)
{
	return n ? (struct wn_place){n->file, n->line, n->column} : (struct wn_place){0};
}
/* Value of a key, NULL if there is none or `map` is NULL or no mapping. */
struct wn_yaml_node *wn_yaml_get(const struct wn_yaml_node *map, const char *key);
/* Dotted path through mappings: "life.box". */
struct wn_yaml_node *wn_yaml_find(const struct wn_yaml_node *map, const char *path);
/* The key's own node (for errors that point at the key). */
struct wn_yaml_node *wn_yaml_key(const struct wn_yaml_node *map, const char *key);
/* "null", "~" or nothing, plain. */
bool wn_yaml_is_null(const struct wn_yaml_node *n);
/* "a mapping", "a list", "a string", "a number", "true or false", "nothing": for messages. */
const char *wn_yaml_what(const struct wn_yaml_node *n);

/* A text that is itself a language (CEL, Mustache), left as it is, with the place where it starts. */
struct wn_yaml_text {
	struct wn_str text;    /* {NULL,0}: not given */
	struct wn_place at;    /* of the first character of the text: give it to cel_options.origin */
	enum wn_yaml_style style;
	const struct wn_str *raw; /* of the node */
};
/* Place in the file of a line and column (from 1, in characters) of the text. */
struct wn_place wn_yaml_text_place(const struct wn_yaml_text *t, int line, int column);

/* --- errors: all of them, not only the first ---------------------------------------------------------- */
struct wn_yaml_error {
	struct wn_place at;
	const char *text;
};
struct wn_yaml_errors {
	struct wn_arena *arena;  /* keeps the texts and file names */
	size_t n;                /* kept, at most WN_CONF_ERRORS_MAX */
	size_t more;             /* counted beyond that */
	struct wn_yaml_error *v; /* in the order found */
};
/* `arena` must outlive the list. */
void wn_yaml_errors_init(struct wn_yaml_errors *e, struct wn_arena *arena);
/* Always returns WN_INVALID. `e` may be NULL (the error is then only the result). */
enum wn_rc wn_yaml_error(struct wn_yaml_errors *e, struct wn_place at, const char *fmt, ...) WN_PRINTF(3, 4);
void wn_yaml_error_add(struct wn_yaml_errors *e, const struct wn_err *err);
static inline size_t wn_yaml_errors_count(const struct wn_yaml_errors *e) { return e->n + e->more; }
/* Sorted by file order, line and column. */
void wn_yaml_errors_sort(struct wn_yaml_errors *e);
/* "FILE:LINE:COL: text\n" each, and "... and N more\n". */
void wn_yaml_errors_to_text(const struct wn_yaml_errors *e, struct wn_buf *b);
/* All of them in one error (as many as fit), at the place of the first; returns WN_INVALID, or WN_OK if there is none. */
enum wn_rc wn_yaml_errors_to_err(const struct wn_yaml_errors *e, struct wn_err *err);

/* --- typed readers of one node -------------------------------------------------------------------------
 * WN_INVALID with the place and "expected ..., found ..."; *out untouched. A range is closed on both sides.
 * node NULL is an error too ("missing"). */
enum wn_rc wn_yaml_int(const struct wn_yaml_node *n, int64_t min, int64_t max, int64_t *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_yaml_double(const struct wn_yaml_node *n, double min, double max, double *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_yaml_bool(const struct wn_yaml_node *n, bool *out, struct wn_err *err) WN_MUST_CHECK; /* true | false; yes, no, on, off are refused with a hint */
/* "90s 5m 24h 7d 6w 1d12h", "P7D"; 0 without a unit. Microseconds. */
enum wn_rc wn_yaml_duration(const struct wn_yaml_node *n, int64_t min_us, int64_t max_us, int64_t *out_us, struct wn_err *err) WN_MUST_CHECK;
/* Any scalar but null; min and max in characters. */
enum wn_rc wn_yaml_string(const struct wn_yaml_node *n, size_t min, size_t max, struct wn_str *out, struct wn_err *err) WN_MUST_CHECK;
/* Names end with NULL; *out is the index. */
enum wn_rc wn_yaml_enum(const struct wn_yaml_node *n, const char *const *names, int *out, struct wn_err *err) WN_MUST_CHECK;
/* "5%" -> 0.05. */
enum wn_rc wn_yaml_percent(const struct wn_yaml_node *n, double min, double max, double *out, struct wn_err *err) WN_MUST_CHECK;
struct wn_money {
	double amount;
	char currency[4]; /* ISO 4217, upper case */
};
/* "2000 USD", "10e6 EUR"; not negative. */
enum wn_rc wn_yaml_money(const struct wn_yaml_node *n, struct wn_money *out, struct wn_err *err) WN_MUST_CHECK;
struct wn_yaml_strings {
	size_t n;
	const struct wn_str *v;
};
/* A list of scalars, or one scalar (a list of one). min, max: number of elements. Duplicates refused. */
enum wn_rc wn_yaml_strings(const struct wn_yaml_node *n, size_t min, size_t max, struct wn_arena *a,
			   struct wn_yaml_strings *out, struct wn_err *err) WN_MUST_CHECK;
/* A scalar kept as text with its place; not empty. */
enum wn_rc wn_yaml_text(const struct wn_yaml_node *n, struct wn_yaml_text *out, struct wn_err *err) WN_MUST_CHECK;
/* "credential:NAME" -> NAME ([A-Za-z0-9_.-], at most 64). */
enum wn_rc wn_yaml_credential(const struct wn_yaml_node *n, struct wn_str *out, struct wn_err *err) WN_MUST_CHECK;
/* [a-z][a-z0-9_]* up to 63: names of attributes, traits, kinds. */
bool wn_yaml_is_word(struct wn_str s);
/* [A-Za-z0-9][A-Za-z0-9._-]* up to 63: names of feeds, sinks, segments. */
bool wn_yaml_is_name(struct wn_str s);

/* --- schema walker ---------------------------------------------------------------------------------------
 * One row a key. The out struct starts with `const struct wn_yaml_node *node` (set to the mapping, so that later
 * checks can point at wn_yaml_get(out->node, "key") and ask what was written); defaults are what the struct holds
 * before. Unknown key, duplicate, wrong type, out of range, missing: all reported in one wording. */
enum wn_yaml_type {
	WN_YAML_T_NODE,       /* const struct wn_yaml_node *: left to the caller */
	WN_YAML_T_STRING,     /* struct wn_str; min, max characters (max 0: WN_CONF_TEXT_MAX) */
	WN_YAML_T_NAME,       /* struct wn_str: wn_yaml_is_name */
	WN_YAML_T_WORD,       /* struct wn_str: wn_yaml_is_word */
	WN_YAML_T_TEXT,       /* struct wn_yaml_text */
	WN_YAML_T_INT,        /* int64_t; min, max */
	WN_YAML_T_DOUBLE,     /* double; min, max */
	WN_YAML_T_BOOL,       /* bool */
	WN_YAML_T_DURATION,   /* int64_t microseconds; min, max in SECONDS */
	WN_YAML_T_ENUM,       /* int (or a C enum): index into names */
	WN_YAML_T_PERCENT,    /* double 0..1; min, max as fractions */
	WN_YAML_T_MONEY,      /* struct wn_money */
	WN_YAML_T_STRINGS,    /* struct wn_yaml_strings; min, max elements */
	WN_YAML_T_CREDENTIAL, /* struct wn_str */
	WN_YAML_T_MAP,        /* embedded struct; schema */
	WN_YAML_T_LIST,       /* struct wn_yaml_list of structs; schema; min, max elements */
	WN_YAML_T_CUSTOM,     /* read() */
};
/* Elements of a WN_YAML_T_LIST: `const struct my_step *steps = out.steps.v`. */
struct wn_yaml_list {
	size_t n;
	void *v;
};
struct wn_yaml_schema;
struct wn_yaml_row {
	const char *name;
	enum wn_yaml_type type;
	size_t offset;
	bool required;
	double min, max;            /* both 0: no range of its own */
	const char *const *names;   /* ENUM */
	const struct wn_yaml_schema *schema; /* MAP, LIST */
	/* CUSTOM: out points at the member; report with wn_yaml_error(e, wn_yaml_place(n), ...). */
	void (*read)(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a, void *out,
		     struct wn_yaml_errors *e);
};
struct wn_yaml_schema {
	const char *what;   /* "feed", "life": for `unknown key "evrey" in feed; did you mean "every"?` */
	const struct wn_yaml_row *rows;
	size_t n;
	size_t size;        /* of the struct (LIST) */
	const void *defaults; /* LIST: copied into each element first; NULL = zero */
	/* After the rows of this mapping were read without error: checks across keys. May be NULL. */
	void (*check)(void *out, struct wn_arena *a, struct wn_yaml_errors *e);
};
#define WN_YAML_SCHEMA(what_, type_, rows_, ...) {.what = (what_), .rows = (rows_), .n = WN_COUNT(rows_), .size = sizeof(type_), ##__VA_ARGS__}

/* Reads `map` into `out` (struct of schema, first member the node). WN_OK, or WN_INVALID with what was wrong added to
 * `errors`; members whose rows failed keep their defaults. */
enum wn_rc wn_yaml_walk(const struct wn_yaml_node *map, const struct wn_yaml_schema *schema, struct wn_arena *a,
			void *out, struct wn_yaml_errors *errors);
/* `unknown key "x" in WHAT; did you mean "y"?` for hand-written walkers. */
void wn_yaml_unknown_key(const struct wn_yaml_node *key, const char *what, const char *const *names, size_t n,
			 struct wn_yaml_errors *e);

/* --- values ----------------------------------------------------------------------------------------------- */
/* Tree to value by the core schema (null, true/false, decimal, 0o, 0x, floats, .inf, .nan); quoted and block scalars
 * are strings. Strings borrow the tree. */
struct wn_value wn_yaml_to_value(const struct wn_yaml_node *n, struct wn_arena *a);
/* One plain scalar by the core schema. */
struct wn_value wn_yaml_scalar_value(const struct wn_yaml_node *n);
/* Value to block YAML that reads back as the same value; strings quoted where needed. Ends with a line feed. */
void wn_yaml_write(struct wn_buf *b, struct wn_value v);
/* One scalar for use inside a line, quoted where needed. */
void wn_yaml_write_string(struct wn_buf *b, struct wn_str s);

#endif
