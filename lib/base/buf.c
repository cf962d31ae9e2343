/* SPDX-License-Identifier: MIT */
/* Bounded byte buffer: grows by doubling up to its ceiling; once something was dropped, nothing more is added.
 */
#include <whynow/buf.h>

#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE 256u

void wn_buf_init(struct wn_buf *b, size_t max) { *b = (struct wn_buf){.max = max}; }

void wn_buf_done(struct wn_buf *b)
{
	free(b->p);
	*b = (struct wn_buf){.max = b->max};
}

void wn_buf_clear(struct wn_buf *b)
{
	b->n = 0;
	b->overflow = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Makes room for n more bytes and the NUL; answers how many of them fit under the ceiling. */
static size_t make_room(struct wn_buf *b, size_t n)
{
	if (b->overflow)
		return 0;
	if (n > b->max - b->n) {
		n = b->max - b->n;
		b->overflow = true;
	}
	if (b->cap - b->n < n + 1) {
		size_t cap = b->cap ? b->cap : FIRST_SIZE;
		while (cap < b->n + n + 1)
			cap *= 2;
		if (cap > b->max && b->max < SIZE_MAX)
			cap = b->max + 1;
		b->p = wn_realloc(b->p, cap);
		b->cap = cap;
	}
	return n;
}

void wn_buf_add(struct wn_buf *b, const void *p, size_t n)
{
	n = make_room(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	if (b->p)
		b->p[b->n] = '\0';
}

void wn_buf_str(struct wn_buf *b, struct wn_str s) { wn_buf_add(b, s.p, s.n); }
void wn_buf_text(struct wn_buf *b, const char *cstr) { wn_buf_add(b, cstr, strlen(cstr)); }
void wn_buf_char(struct wn_buf *b, char c) { wn_buf_add(b, &c, 1); }

void wn_buf_int(struct wn_buf *b, int64_t v)
{
	char digits[24], *p = wn_digits(digits + sizeof(digits), v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	if (v < 0)
		*--p = '-';
	wn_buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void wn_buf_printf(struct wn_buf *b, const char *fmt, ...)
{
	char small[512];
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		wn_buf_add(b, small, (size_t)n);
	} else if (n > 0) {
		char *large = wn_alloc((size_t)n + 1);
		vsnprintf(large, (size_t)n + 1, fmt, again);
		wn_buf_add(b, large, (size_t)n);
		free(large);
	}
	va_end(again);
}

char *wn_buf_take(struct wn_buf *b)
{
	char *p = b->p ? b->p : wn_alloc(1);
	*b = (struct wn_buf){.max = b->max};
	return p;
}
