/* SPDX-License-Identifier: MIT */
/*
 * Arena: memory of one unit of work, thrown away whole. Nothing is freed singly.
 *
 * Small allocations abort when memory is out; an arena has a ceiling, given at birth, and wn_arena_try
 * returns NULL at the ceiling so that input-sized work fails cleanly. All memory is zeroed, aligned to 16.
 */
#ifndef WHYNOW_ARENA_H
#define WHYNOW_ARENA_H

#include <whynow/base.h>

WN_C_BEGIN

struct wn_arena;

/* ceiling in bytes, 0 = no ceiling of its own. Gives; free with wn_arena_free. */
struct wn_arena *wn_arena_new(size_t ceiling);
/* For something small that stays: its first block has this many bytes. */
struct wn_arena *wn_arena_new_small(size_t first);
void wn_arena_free(struct wn_arena *a);
void wn_arena_freep(struct wn_arena **a);
/* Forgets everything; keeps the first block so that a loop does not call malloc. */
void wn_arena_reset(struct wn_arena *a);
size_t wn_arena_used(const struct wn_arena *a);

/* More was taken than the ceiling allows. wn_arena_alloc (and what is built on it) never refuses: it counts
 * towards the ceiling and may pass it; whoever allocates per element of some input asks here now and then. */
bool wn_arena_is_over(const struct wn_arena *a);

void *wn_arena_alloc(struct wn_arena *a, size_t size) __attribute__((returns_nonnull));
void *wn_arena_try(struct wn_arena *a, size_t size);             /* NULL at the ceiling */
char *wn_arena_strdup(struct wn_arena *a, struct wn_str s);      /* terminated copy */
struct wn_str wn_arena_str(struct wn_arena *a, struct wn_str s); /* copy, also terminated */
char *wn_arena_printf(struct wn_arena *a, const char *fmt, ...) WN_PRINTF(2, 3);

#define WN_NEW(arena, type) ((type *)wn_arena_alloc((arena), sizeof(type)))
#define WN_NEW_N(arena, type, n) ((type *)wn_arena_alloc((arena), sizeof(type) * (n)))

/* A growing array in an arena: `WN_VEC(struct x) xs;` then *WN_PUSH(arena, &xs) = value. */
#define WN_VEC(type)                                                                                           \
	struct {                                                                                               \
		type *v;                                                                                       \
		size_t n, cap;                                                                                 \
	}
#define WN_PUSH(arena, vec)                                                                                    \
	((vec)->n == (vec)->cap                                                                                \
		 ? ((vec)->v = wn_arena_grow((arena), (vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)))     \
		 : (vec)->v,                                                                                   \
	 &(vec)->v[(vec)->n++])
void *wn_arena_grow(struct wn_arena *a, void *old, size_t n, size_t *cap, size_t elem);

WN_C_END

#endif
