/* SPDX-License-Identifier: MIT */
/*
 * Inside of the index: memory, values, paths, blocks, keys. README.md says how they work together.
 *
 * Everything refers to everything by number, never by pointer: memory moves when it grows.
 */
#ifndef WN_MATCH_INSIDE_H
#define WN_MATCH_INSIDE_H

#include "terms.h"

enum {
	EDGES = 63,            /* of 64 buckets of a range */
	SAMPLES = 256,         /* numbers kept of one path */
	KEYS_MAX = 128,        /* of one alternative */
	ALTERNATIVES_MAX = 16, /* of one rule; beyond it an || is tested where it stands */
	LITERALS_MAX = 64,     /* of one alternative that are tested; the rest makes it inexact */
	CLASSES = 160,         /* sizes of free memory */
	SEGMENTS = 64,         /* of the table of keys */
	NO = 255,              /* no such literal */
};

/* --- memory: units of 8 bytes, numbered from 1 -------------------------------------------------------- */
struct store {
	uint64_t *units;
	uint32_t n, cap;
	uint32_t free[CLASSES]; /* lists through the first unit */
};
uint32_t wn_store_take(struct store *s, size_t units); /* aborts when memory is out */
void wn_store_give(struct store *s, uint32_t at, size_t units);

/* --- values: strings, numbers, bools that rules name, each once a path --------------------------------- */
struct value {
	union {
		struct { uint32_t text, len; }; /* string: units of the store, bytes */
		int64_t bits;
	};
	uint16_t path;
	uint8_t kind, bit;    /* bit: its own bit in sets of the path, NO: it shares one */
	uint32_t users;       /* literals that name it */
	uint32_t count;       /* events that had it */
	uint32_t contexts;    /* kinds (top bit: any) in whose keys it stands */
	uint32_t partners[2]; /* paths (top bit: none) it stands in keys with: within a kind, in any kind */
};
_Static_assert(sizeof(struct value) == 32, "two a cache line");
struct values {
	struct value *v;
	uint32_t n, cap, free;
	uint64_t *slots; /* hash << 32 | number, 0 free */
	uint32_t n_slots, n_used;
};

/* --- paths: fields that rules test --------------------------------------------------------------------- */
/* Words of an event, one bit set each, against which masks of literals are laid. Slot 0 is all ones. */
enum slot_kind {
	SLOT_IN,     /* bits of values that have their own */
	SLOT_FOLD,   /* bits of values, shared */
	SLOT_NOT,    /* as IN, for negations: nothing where a missing field is to pass */
	SLOT_UNLESS, /* as NOT, and nothing where the field is not set */
	SLOT_RANGE0,
	SLOT_RANGE1,
	SLOT_SORT, /* bits of enum sort */
	SLOT_KINDS,
};
enum sort {
	SORT_THERE = 1, SORT_NUMBER = 2, SORT_STRING = 4, SORT_LIST = 8,
	SORT_ABSENT_OR = 4 /* shift: not set, or of the sort */, SORT_SET = 256,
};
struct slot { uint16_t path; uint8_t kind; };
struct range {
	double edges[EDGES];
	uint32_t base; /* number of the value of bucket 0 */
	uint32_t users;
	bool measured; /* edges come from events */
};
struct path {
	uint8_t subject;
	bool is_list, lenient;
	uint32_t field;
	uint16_t slots[SLOT_KINDS];
	uint32_t named;       /* literals' values, together */
	uint32_t missing;     /* value that stands for "not there" (lenient), 0 none */
	uint32_t there, tokens; /* events that had it; elements of lists in them */
	struct range *range[2];
	uint8_t now;          /* the range in use for new literals */
	double *samples;      /* of events */
	uint32_t n_samples, n_numbers;
	double *ends;         /* of rules, until there are edges */
	uint32_t n_ends;
	uint64_t small_used;  /* bits taken */
	uint32_t small[64];   /* values that have their own bit */
};
struct needle { uint32_t text, len, users; uint16_t path; uint8_t test; };

/* --- literals of an alternative, on the way in and out of its block ------------------------------------ */
struct literal {
	uint8_t slot_kind, how; /* how: enum how */
	uint16_t slot, path;
	uint64_t mask;
	const uint32_t *ids; /* of its values; of a range none */
	uint32_t n_ids;
	bool open_lo, open_hi;
	double lo, hi;
	float chance, pass; /* that it holds; that its mask lets an event through */
	bool is_key;
	struct cel_span span;
};
enum how { HOW_MASK, HOW_NOT_MASK, HOW_SET, HOW_RANGE };
struct draft {
	struct literal *literals;
	uint32_t n;
	uint32_t *nodes; /* tests that have no mask */
	uint32_t n_words;
	bool inexact;
	uint8_t kind, a, b, guard; /* literals that make the key; the one that stands beside it */
};

/* An alternative: header, slots, masks, nodes. */
struct block {
	uint32_t rule, next; /* next alternative of the rule */
	uint8_t n_masks, n_true; /* masks; of them, the ones that must hit, which come first */
	uint8_t kind, a, b, flags;
	uint16_t n_words;
	uint16_t slots[];
};
enum { BLOCK_INEXACT = 1, BLOCK_KEYLESS = 2, BLOCK_PENDING = 4 /* not filed yet */ };
static inline size_t block_masks(uint32_t n) { return (16 + 2 * (size_t)n + 7) / 8; } /* unit where masks begin */
static inline size_t block_units(uint32_t n_masks, uint32_t n_words) { return block_masks(n_masks) + n_masks + (n_words + 1) / 2; }

/* Nodes: words of 32 bits. First word: node | flags << 8 | arg << 16. */
enum node { NODE_MASK, NODE_NOT_MASK, NODE_SET, NODE_RANGE32, NODE_RANGE64, NODE_NEEDLE, NODE_AND, NODE_OR };
enum { FLAG_NOT = 1, FLAG_UNLESS = 2, FLAG_OPEN_LO = 4, FLAG_OPEN_HI = 8 };

/* --- keys ----------------------------------------------------------------------------------------------- */
/* tag: low 24 bits of the hash, above them the slot of the guard. ref: block, or a cell if its top bit is set: then
 * mask holds count and capacity. */
struct entry { uint32_t tag, ref; uint64_t mask; };
struct segment {
	uint8_t *marks; /* one an entry: 0 free, else 7 bits of the hash; the first 8 stand once more behind the last */
	struct entry *v;
	uint32_t n, size;
};
#define REF_CELL UINT32_C(0x80000000)

struct wn_index {
	struct wn_match_env env;
	int kind_path; /* -1: none yet */
	uint32_t kind_field;
	bool has_kind;
	struct store store;
	struct values values;
	struct path *paths;
	uint32_t n_paths;
	struct slot *slots;
	uint32_t n_slots;
	struct needle *needles;
	uint32_t n_needles;
	struct segment segments[SEGMENTS];
	uint64_t n_keys;
	uint32_t *rules; /* first block of each */
	uint32_t cap_rules, n_rules, n_keyless, n_inexact;
	bool filed; /* some rule was: by the edges of ranges as they are */
	uint32_t *pending, n_pending, cap_pending; /* rules put since the last look */
	uint64_t events;       /* that statistics rest on */
	uint64_t next_cycle;   /* events at which all rules are looked at again */
	uint32_t cycle_rules;  /* rules when the last cycle began */
	uint32_t cursor;       /* of the cycle; cap_rules: none is under way */
	uint64_t random;
	struct event *event; /* room for one, kept between probes */
	struct wn_arena *scratch;
};

/* values.c */
static inline uint64_t wn_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
	return h ^ h >> 32;
}
struct canonical { uint8_t kind; uint32_t hash; int64_t bits; const char *s; uint32_t len; };
/* False: equal to nothing (NaN), or no scalar. */
bool wn_canonical(uint16_t path, struct wn_value v, struct canonical *out);
uint32_t wn_value_find(const struct wn_index *x, const struct canonical *c, uint16_t path); /* 0: no rule names it */
/* The same in steps, for many at once: asks for memory; what it might be (0: nothing); asks for its text; whether it is. */
void wn_value_fetch(const struct wn_index *x, const struct canonical *c);
uint32_t wn_value_guess(const struct wn_index *x, const struct canonical *c);
void wn_value_fetch_text(const struct wn_index *x, uint32_t id);
bool wn_value_is(const struct wn_index *x, uint32_t id, const struct canonical *c, uint16_t path);
uint32_t wn_value_use(struct wn_index *x, uint16_t path, const struct canonical *c);
void wn_value_drop(struct wn_index *x, uint32_t id);
uint32_t wn_value_new(struct wn_index *x, uint16_t path, uint32_t n); /* n in a row that stand for no scalar */
static inline unsigned wn_value_fold(uint32_t id) { return (id * UINT32_C(0x9e3779b1)) >> 26; }

/* paths.c */
uint16_t wn_path_of(struct wn_index *x, const struct term *t);
uint16_t wn_path_slot(struct wn_index *x, uint16_t path, enum slot_kind kind);
uint32_t wn_needle_use(struct wn_index *x, uint16_t path, enum test test, struct wn_str text);
struct range *wn_path_range(struct wn_index *x, uint16_t path);
uint64_t wn_range_mask(const struct range *r, double lo, double hi);
unsigned wn_range_bucket(const struct range *r, double v);
/* New edges for paths whose numbers became known; true if any changed. */
bool wn_paths_measure(struct wn_index *x);

/* draft.c: trees to drafts, drafts to blocks and back */
struct drafts { struct draft *v; uint32_t n; };
struct drafts wn_drafts_of(struct wn_index *x, const struct term *t, struct wn_arena *a);
uint32_t wn_block_write(struct wn_index *x, const struct draft *d, uint32_t rule, uint32_t next); /* gives new room */
size_t wn_block_size(const struct block *b); /* units */
void wn_block_read(const struct wn_index *x, uint32_t at, struct draft *d, struct wn_arena *a);
void wn_node_range(uint32_t **at, uint16_t path, double lo, double hi, unsigned flags);
void wn_node_ends(const uint32_t *node, double *lo, double *hi);
uint32_t wn_node_words(const uint32_t *node);
void wn_draft_drop(struct wn_index *x, const struct draft *d); /* values, ranges, needles have one user less */
static inline struct block *wn_block(const struct wn_index *x, uint32_t at) { return (struct block *)(x->store.units + at); }

/* choose.c */
/* Which literals make its key, which one stands beside it, and the order of tests: most failing first. */
void wn_draft_choose(const struct wn_index *x, struct draft *d);
void wn_draft_sort(struct draft *d); /* as a block wants it: masks that must hit come first */
bool wn_draft_has_key(const struct wn_index *x, const struct draft *d); /* something to be filed under */
double wn_draft_share(const struct draft *d); /* of events that look at it */
/* Values under which events look for a literal: up to `max` into out, how many there are. */
uint32_t wn_literal_values(const struct wn_index *x, const struct literal *l, uint32_t *out, uint32_t max);
double wn_value_chance(const struct wn_index *x, uint32_t id);

/* keys.c */
void wn_keys_put(struct wn_index *x, const struct draft *d, uint32_t block);
void wn_keys_remove(struct wn_index *x, const struct draft *d, uint32_t block);
static inline uint64_t wn_key_part(uint32_t id, unsigned place)
{
	uint64_t h = (id + 1 + ((uint64_t)place << 32)) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 29;
}
static inline uint64_t wn_key_mix(uint64_t x)
{
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 31;
}
size_t wn_keys_memory(const struct wn_index *x);
void wn_keys_free(struct wn_index *x);
static inline uint32_t wn_context_bit(uint32_t kind) { return UINT32_C(1) << (kind ? kind % 31 : 31); }
static inline uint32_t wn_partner_bit(uint16_t path) { return UINT32_C(1) << (path % 31); }
#define PARTNER_NONE (UINT32_C(1) << 31)
static inline uint32_t wn_key_tag(uint64_t hash) { return (uint32_t)hash & 0xffffff; }
static inline uint32_t wn_key_home(uint32_t tag, uint32_t size) { return (uint32_t)((uint64_t)(tag & 0xffffff) * size >> 24); }
static inline uint8_t wn_key_mark(uint64_t hash) { return 0x80 | (uint8_t)(hash >> 48); }

void wn_index_settle(struct wn_index *x); /* files what is pending */

/* event.c */
struct token { uint64_t part; uint32_t id, contexts, partners[2], bit; /* of its path */ };
struct half { uint64_t part; uint32_t partners, bit; };
struct seen { struct wn_value value; double number; uint32_t first, n; bool pass, is_set, is_number; };
struct event {
	uint64_t *mask;
	uint32_t cap_mask;
	struct seen *seen; /* by path */
	uint32_t cap_seen;
	struct token *tokens;
	uint32_t n_tokens, cap_tokens;
	uint32_t kind; /* value, 0: none that rules name */
	uint32_t *needles; /* per needle: probe << 1 | result */
	uint32_t cap_needles, probe;
	struct wanted *wanted; /* values to be found */
	uint32_t cap_wanted;
	uint64_t *wants;  /* hashes of keys */
	uint32_t *places; /* of those there might be, in their segments */
	uint32_t n_wants, cap_wants;
	uint32_t *blocks; /* candidates */
	struct half *halves; /* tokens of one context */
	uint32_t cap_halves;
	uint32_t n_blocks, cap_blocks;
	uint64_t *found; /* set of rules reported: probe << 32 | rule */
	uint32_t n_found, cap_found;
};
void wn_event_read(struct wn_index *x, const struct wn_probe *p);
void wn_event_free(struct event *e);
bool wn_event_holds(struct wn_index *x, const struct block *b);

#endif
