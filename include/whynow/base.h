/* SPDX-License-Identifier: MIT */
/*
 * What every file may know: result codes, errors with a place, string slices.
 *
 * Every call that can fail returns `enum wn_rc`, zero is success and the caller must look. Outputs are
 * untouched on failure. `struct wn_err *` comes last and may be NULL: the text is for a person and says
 * what to do next where that is known.
 */
#ifndef WHYNOW_BASE_H
#define WHYNOW_BASE_H

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Round the declarations of a header that C++ may include too. */
#ifdef __cplusplus
#define WN_C_BEGIN extern "C" {
#define WN_C_END }
#else
#define WN_C_BEGIN
#define WN_C_END
#endif

#define WN_MUST_CHECK __attribute__((warn_unused_result))
#define WN_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define WN_UNUSED __attribute__((unused))
#define WN_COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* `WN_CLEANUP(fn) struct thing *t = NULL;` calls fn(&t) when t goes out of scope. */
#define WN_CLEANUP(fn) __attribute__((cleanup(fn)))
/* Compilers clear every local (-ftrivial-auto-var-init); not this one, of a hot path, which is written before it is read. */
#define WN_UNINITIALIZED __attribute__((uninitialized))

WN_C_BEGIN

/* Chosen by what the caller does next. The first group is permanent for this input, the second temporary. */
#define WN_RC_LIST(X)                                                                                        \
	X(OK, "ok")                                                                                          \
	/* permanent: the same input will fail again */                                                      \
	X(INVALID, "invalid")   /* malformed or of the wrong type; text says where and what was expected */  \
	X(LIMIT, "limit")       /* a ceiling of limits.h was passed */                                       \
	X(NOT_FOUND, "not_found") /* no such thing */                                                        \
	X(EXISTS, "exists")     /* already there; for idempotent writers this is success */                  \
	X(REFUSED, "refused")   /* lawful input, unlawful now (state, policy, permission) */                 \
	/* temporary: try again */                                                                           \
	X(AGAIN, "again")       /* busy, away, or lost a race: the whole unit of work may be re-run */       \
	X(UNKNOWN, "unknown")   /* the effect may or may not have happened: re-run idempotently */           \
	X(CANCELLED, "cancelled") /* we are stopping */

enum wn_rc {
#define X(name, text) WN_##name,
	WN_RC_LIST(X)
#undef X
};

/* Text of a code, never NULL. */
const char *wn_rc_to_text(enum wn_rc rc);
static inline bool wn_rc_is_temporary(enum wn_rc rc) { return rc >= WN_AGAIN; }

/* Where in a document; line and column count from 1 (column in characters), 0 means not known. */
struct wn_place {
	const char *file; /* borrowed; must live as long as the error is read, NULL if none */
	int line;
	int column;
};

struct wn_err {
	enum wn_rc rc;
	struct wn_place place;
	char text[1024]; /* one sentence or several lines (a caret), no trailing newline */
};

/* Fills `err` (may be NULL) and returns rc, so that `return wn_fail(err, WN_INVALID, "...")` reads well. */
enum wn_rc wn_fail(struct wn_err *err, enum wn_rc rc, const char *fmt, ...) WN_PRINTF(3, 4);
enum wn_rc wn_fail_at(struct wn_err *err, enum wn_rc rc, struct wn_place at, const char *fmt, ...) WN_PRINTF(4, 5);
/* Puts "prefix: " before the text already there; returns err->rc (or rc of the caller if err is NULL). */
enum wn_rc wn_fail_more(struct wn_err *err, enum wn_rc rc, const char *fmt, ...) WN_PRINTF(3, 4);
/* "FILE:LINE:COL: text" or "text" into dst (always terminated). */
void wn_err_to_text(const struct wn_err *err, char *dst, size_t size);

/* A borrowed slice of bytes, not terminated. {NULL,0} is "absent", {"",0} is empty. */
struct wn_str {
	const char *p;
	size_t n;
};
#define WN_STR(literal) ((struct wn_str){(literal), sizeof(literal) - 1})
#define WN_STR_FMT "%.*s"
#define WN_STR_ARG(s) (int)((s).n > 1000 ? 1000 : (s).n), (s).p ? (s).p : ""
static inline struct wn_str wn_str_of(const char *cstr)
{
	return (struct wn_str){cstr, cstr ? strlen(cstr) : 0};
}
static inline bool wn_str_eq(struct wn_str a, struct wn_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Most differ in their first byte. */
static inline bool wn_str_is(struct wn_str a, const char *cstr)
{
	return a.n && cstr && a.p[0] != cstr[0] ? false : wn_str_eq(a, wn_str_of(cstr));
}
/* Of ASCII letters alone, whatever the locale. */
static inline char wn_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }
/* Decimal digits, at most twenty, the last of them right before `end`. Answers where they begin. */
static inline char *wn_digits(char *end, uint64_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while (n /= 10);
	return end;
}
/* memcmp order, shorter first; for qsort and sorted writes. */
int wn_str_cmp(struct wn_str a, struct wn_str b);

/* Nearest of n names to `name` by edit distance (at most 1/3 of its length), NULL if none is near. */
const char *wn_nearest(struct wn_str name, const char *const *names, size_t n);

/* Small allocations abort when memory is out (crash-only); sizes that input decides go through
 * wn_try_alloc, which returns NULL. Both give zeroed memory; free() it. */
void *wn_alloc(size_t size) __attribute__((returns_nonnull, malloc));
void *wn_realloc(void *p, size_t size) __attribute__((returns_nonnull));
void *wn_try_alloc(size_t size);
char *wn_strdup(const char *s) __attribute__((returns_nonnull));
void wn_freep(void *pp); /* for WN_CLEANUP: free(*pp) */

WN_C_END

#endif
