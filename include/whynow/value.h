/* SPDX-License-Identifier: MIT */
/*
 * The one dynamic value: what JSON parses to, what an item, an attribute or a trait holds, what CEL computes.
 *
 * 16 bytes, copied freely. It borrows: strings, lists and maps point into an arena (or a document) that the
 * maker names; a value never owns. Strings are valid UTF-8 (wn_text_clean saw them) unless kind is BYTES.
 */
#ifndef WHYNOW_VALUE_H
#define WHYNOW_VALUE_H

#include <whynow/arena.h>
#include <whynow/buf.h>

WN_C_BEGIN

enum wn_kind {
	WN_ABSENT = 0, /* no value at all; never inside a list or map */
	WN_NULL,
	WN_BOOL,
	WN_INT,
	WN_UINT,
	WN_DOUBLE,
	WN_STRING,
	WN_BYTES,
	WN_TIMESTAMP, /* seconds since 1970 in i, nanoseconds 0..999999999 in aux */
	WN_DURATION,  /* seconds in i, nanoseconds in aux with the sign of i (as protobuf) */
	WN_LIST,
	WN_MAP,
	WN_TYPE,     /* CEL: name of a type, as a string */
	WN_OPTIONAL, /* CEL: list of zero or one value */
	WN_OBJECT,   /* a host's record, read through its class */
};

struct wn_entry;
struct wn_object;

struct wn_value {
	uint8_t kind;  /* enum wn_kind */
	uint8_t flags; /* owner of the evaluation only; 0 everywhere else */
	uint16_t tag;  /* likewise */
	union {
		uint32_t n;  /* string, bytes, type: bytes; list: elements; map: entries */
		int32_t aux; /* timestamp, duration: nanoseconds */
	};
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
		const struct wn_value *list;
		const struct wn_entry *map; /* in order of insertion, keys unique */
		const struct wn_object *object;
	};
};
static_assert(sizeof(struct wn_value) == 16, "two registers");

struct wn_entry {
	struct wn_value key, value;
};

/* A host record: `class` says how to read it. Embed as the first member of the host's struct. */
struct wn_object {
	const struct wn_class *cls;
};
struct wn_class {
	const char *name; /* type name as CEL shows it */
	/* Reads field number `field` (the number declared to the checker); false: not set. Borrowed result. */
	bool (*get)(const struct wn_object *self, uint32_t field, struct wn_value *out);
	/* What has() says: is a value stored? NULL: whatever `get` gives is. A field may read as an assumed value and not be stored. */
	bool (*has)(const struct wn_object *self, uint32_t field);
	/* Are two objects of this class equal? NULL: only an object with itself. */
	bool (*equal)(const struct wn_object *a, const struct wn_object *b);
};

static inline struct wn_value wn_null(void) { return (struct wn_value){.kind = WN_NULL}; }
static inline struct wn_value wn_bool(bool b) { return (struct wn_value){.kind = WN_BOOL, .b = b}; }
static inline struct wn_value wn_int(int64_t i) { return (struct wn_value){.kind = WN_INT, .i = i}; }
static inline struct wn_value wn_uint(uint64_t u) { return (struct wn_value){.kind = WN_UINT, .u = u}; }
static inline struct wn_value wn_double(double d) { return (struct wn_value){.kind = WN_DOUBLE, .d = d}; }
static inline struct wn_value wn_string(struct wn_str s)
{
	return (struct wn_value){.kind = WN_STRING, .n = (uint32_t)s.n, .s = s.p ? s.p : ""};
}
static inline struct wn_value wn_cstring(const char *s) { return wn_string(wn_str_of(s)); }
static inline struct wn_value wn_time_us(int64_t us)
{
	int64_t sec = us / 1000000, rest = us % 1000000;
	if (rest < 0)
		sec--, rest += 1000000;
	return (struct wn_value){.kind = WN_TIMESTAMP, .aux = (int32_t)(rest * 1000), .i = sec};
}
static inline struct wn_value wn_duration_us(int64_t us)
{
	return (struct wn_value){.kind = WN_DURATION, .aux = (int32_t)(us % 1000000 * 1000), .i = us / 1000000};
}
/* Timestamp or duration to microseconds, saturating. */
int64_t wn_value_us(struct wn_value v);
static inline struct wn_str wn_value_str(struct wn_value v)
{
	return v.kind == WN_STRING || v.kind == WN_BYTES || v.kind == WN_TYPE ? (struct wn_str){v.s, v.n}
									      : (struct wn_str){NULL, 0};
}
static inline struct wn_value wn_list(const struct wn_value *v, size_t n)
{
	return (struct wn_value){.kind = WN_LIST, .n = (uint32_t)n, .list = v};
}
static inline struct wn_value wn_map(const struct wn_entry *e, size_t n)
{
	return (struct wn_value){.kind = WN_MAP, .n = (uint32_t)n, .map = e};
}
/* The object is borrowed, as the elements of lists and maps are. */
static inline struct wn_value wn_object_value(const struct wn_object *o)
{
	return (struct wn_value){.kind = WN_OBJECT, .object = o};
}

/* Member of a map by string key, ABSENT if there is none or v is no map. */
struct wn_value wn_value_get(struct wn_value v, struct wn_str key);
static inline struct wn_value wn_value_at(struct wn_value v, const char *key)
{
	return wn_value_get(v, wn_str_of(key));
}
/* Structural equality, same kinds only (int 1 != double 1.0); maps without order; objects by identity.
 * Deeper than WN_VALUE_DEPTH_MAX is unequal. */
bool wn_value_eq(struct wn_value a, struct wn_value b);
/* Deep copy into an arena; objects are kept as borrowed pointers. */
struct wn_value wn_value_copy(struct wn_arena *a, struct wn_value v);
const char *wn_kind_to_text(enum wn_kind kind);

/* --- building maps and lists in an arena ------------------------------------------------------------- */
struct wn_map_builder {
	struct wn_arena *arena;
	WN_VEC(struct wn_entry) e;
};
static inline struct wn_map_builder wn_map_begin(struct wn_arena *a)
{
	return (struct wn_map_builder){.arena = a};
}
/* Sets (replaces) a member. The key and value are borrowed. ABSENT removes. */
void wn_map_put(struct wn_map_builder *m, struct wn_str key, struct wn_value v);
static inline void wn_map_set(struct wn_map_builder *m, const char *key, struct wn_value v)
{
	wn_map_put(m, wn_str_of(key), v);
}
static inline struct wn_value wn_map_end(const struct wn_map_builder *m) { return wn_map(m->e.v, m->e.n); }

/* --- JSON (the only user of jansson is lib/base/json.c) ----------------------------------------------- */
/* Ceilings of one JSON text; 0 = the default of limits.h. */
struct wn_json_limits {
	size_t bytes, values, depth; /* depth is never more than WN_VALUE_DEPTH_MAX */
	bool strict;                 /* for texts we asked for: duplicate keys and escaped NULs are refused */
};
/* Text to value (RFC 8259; any value at the top, a byte order mark is skipped). Refuses bad UTF-8, lone
 * surrogates, NUL bytes, numbers beyond a double (WN_INVALID with line and column), anything past a ceiling or
 * the arena's (WN_LIMIT; looked at before parsing). Not strict: of duplicate keys the last wins, an escaped NUL
 * reads as U+FFFD. Integers that fit int64 are INT, others DOUBLE. The result lies in `a`. */
enum wn_rc wn_json_parse(struct wn_str text, const struct wn_json_limits *lim, struct wn_arena *a,
			 struct wn_value *out, struct wn_err *err) WN_MUST_CHECK;
/* Value to compact JSON, keys in the map's order. Timestamps as RFC 3339 strings, durations as "1.5s",
 * bytes as base64, an optional as its value or null; NaN, infinities, ABSENT and objects as null. */
void wn_json_write(struct wn_buf *b, struct wn_value v);
/* Canonical form: keys sorted by bytes, no blanks, integers without fraction; for ids and seals. */
void wn_json_write_canonical(struct wn_buf *b, struct wn_value v);
/* A JSON string literal with quotes. */
void wn_json_write_string(struct wn_buf *b, struct wn_str s);

WN_C_END

#endif
