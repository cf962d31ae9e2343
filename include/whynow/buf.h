/* SPDX-License-Identifier: MIT */
/*
 * Bounded byte buffer: states its ceiling at birth. Past the ceiling it keeps what it has, drops the rest
 * and remembers that (`wn_buf_overflowed`), so a writer checks once at the end. Always NUL-terminated.
 */
#ifndef WHYNOW_BUF_H
#define WHYNOW_BUF_H

#include <whynow/base.h>

WN_C_BEGIN

struct wn_buf {
	char *p;
	size_t n, cap, max;
	bool overflow;
};

void wn_buf_init(struct wn_buf *b, size_t max);
void wn_buf_done(struct wn_buf *b); /* idempotent; for WN_CLEANUP too */
void wn_buf_clear(struct wn_buf *b);
void wn_buf_add(struct wn_buf *b, const void *p, size_t n);
void wn_buf_str(struct wn_buf *b, struct wn_str s);
void wn_buf_text(struct wn_buf *b, const char *cstr);
void wn_buf_char(struct wn_buf *b, char c);
void wn_buf_int(struct wn_buf *b, int64_t v); /* in decimal */
void wn_buf_printf(struct wn_buf *b, const char *fmt, ...) WN_PRINTF(2, 3);
static inline bool wn_buf_overflowed(const struct wn_buf *b) { return b->overflow; }
static inline struct wn_str wn_buf_slice(const struct wn_buf *b)
{
	return (struct wn_str){b->p ? b->p : "", b->n};
}
/* Gives the terminated bytes (free()), leaves the buffer empty. */
char *wn_buf_take(struct wn_buf *b);

WN_C_END

#endif
