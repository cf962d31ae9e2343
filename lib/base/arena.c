/* SPDX-License-Identifier: MIT */
/*
 * Arena: blocks of doubling size in a list, newest first. An allocation too large for the block in use gets
 * a block of its own behind it, so that nothing is wasted. A reset arena holds old bytes; memory is zeroed a
 * piece ahead of what is handed out, as most allocations are far smaller than what one memset does at once.
 */
#include <whynow/arena.h>

#include <stdio.h>
#include <stdlib.h>

#define ALIGN 16u
#define FIRST_BLOCK (8u << 10)
#define LAST_BLOCK (1u << 20)
#define ZERO_AHEAD 1024u

struct block {
	struct block *next;
	size_t size, used, zeroed; /* used <= zeroed: bytes from the start that are zero or handed out */
	_Alignas(ALIGN) char bytes[];
};

struct wn_arena {
	struct block *head;  /* the block in use */
	struct block *first; /* survives a reset */
	size_t ceiling, used;
};

static struct block *block_new(size_t size)
{
	struct block *b = size > SIZE_MAX - sizeof(*b) ? NULL : malloc(sizeof(*b) + size);
	if (b)
		*b = (struct block){.size = size};
	return b;
}

/* The first block stands behind the arena itself: most are made and freed with nothing else. */
struct wn_arena *wn_arena_new_small(size_t first)
{
	enum { HEAD = (sizeof(struct wn_arena) + ALIGN - 1) / ALIGN * ALIGN };
	struct wn_arena *a = first > SIZE_MAX / 2 ? NULL : malloc(HEAD + sizeof(struct block) + first);
	if (!a)
		abort();
	struct block *b = (struct block *)((char *)a + HEAD);
	*b = (struct block){.size = first};
	*a = (struct wn_arena){.head = b, .first = b};
	return a;
}

struct wn_arena *wn_arena_new(size_t ceiling)
{
	struct wn_arena *a = wn_arena_new_small(FIRST_BLOCK);
	a->ceiling = ceiling;
	return a;
}

static void drop_blocks(struct wn_arena *a)
{
	for (struct block *b = a->head, *next; b; b = next) {
		next = b->next;
		if (b != a->first)
			free(b);
	}
}

void wn_arena_free(struct wn_arena *a)
{
	if (!a)
		return;
	drop_blocks(a);
	free(a);
}

void wn_arena_freep(struct wn_arena **a)
{
	wn_arena_free(*a);
	*a = NULL;
}

void wn_arena_reset(struct wn_arena *a)
{
	drop_blocks(a);
	a->head = a->first;
	a->first->next = NULL;
	a->first->used = a->first->zeroed = 0;
	a->used = 0;
}

size_t wn_arena_used(const struct wn_arena *a) { return a->used; }

bool wn_arena_is_over(const struct wn_arena *a) { return a->ceiling && a->used > a->ceiling; }

static struct block *block_for(struct wn_arena *a, size_t size)
{
	struct block *head = a->head;
	if (head->size - head->used >= size)
		return head;
	size_t grown = head->size < LAST_BLOCK ? head->size * 2 : LAST_BLOCK;
	bool own = size > grown / 4;
	struct block *b = block_new(own ? size : grown);
	if (!b)
		return NULL;
	if (own) {
		b->next = head->next;
		head->next = b;
	} else {
		b->next = head;
		a->head = b;
	}
	return b;
}

static void zero_up_to(struct block *b, size_t end)
{
	size_t ahead = b->size - end < ZERO_AHEAD ? b->size : end + ZERO_AHEAD;

	memset(b->bytes + b->zeroed, 0, ahead - b->zeroed);
	b->zeroed = ahead;
}

static __attribute__((noinline)) void *take_slowly(struct wn_arena *a, size_t size)
{
	struct block *b = block_for(a, size);
	if (!b)
		return NULL;
	void *p = b->bytes + b->used;
	b->used += size;
	a->used += size;
	if (b->used > b->zeroed)
		zero_up_to(b, b->used);
	return p;
}

static inline void *take(struct wn_arena *a, size_t size)
{
	struct block *b = a->head;
	if (size > b->zeroed - b->used)
		return take_slowly(a, size);
	void *p = b->bytes + b->used;
	b->used += size;
	a->used += size;
	return p;
}

/* 0 if the size cannot be. */
static size_t rounded(size_t size)
{
	if (size > SIZE_MAX / 2)
		return 0;
	return (size + !size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void *wn_arena_try(struct wn_arena *a, size_t size)
{
	size = rounded(size);
	if (!size || (a->ceiling && (a->used > a->ceiling || size > a->ceiling - a->used)))
		return NULL;
	return take(a, size);
}

void *wn_arena_alloc(struct wn_arena *a, size_t size)
{
	size = rounded(size);
	void *p = size ? take(a, size) : NULL;
	if (!p)
		abort();
	return p;
}

char *wn_arena_strdup(struct wn_arena *a, struct wn_str s)
{
	char *p = wn_arena_alloc(a, s.n + 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct wn_str wn_arena_str(struct wn_arena *a, struct wn_str s)
{
	return (struct wn_str){wn_arena_strdup(a, s), s.n};
}

char *wn_arena_printf(struct wn_arena *a, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *p = wn_arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void *wn_arena_grow(struct wn_arena *a, void *old, size_t n, size_t *cap, size_t elem)
{
	size_t more = *cap ? *cap * 2 : elem < 32 ? 64 / elem : 2;
	if (more > SIZE_MAX / 4 / elem)
		abort();
	void *p = wn_arena_alloc(a, more * elem);
	if (n)
		memcpy(p, old, n * elem);
	*cap = more;
	return p;
}
