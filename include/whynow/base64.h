/* SPDX-License-Identifier: MIT */
/* Base64 of RFC 4648, section 4 (+ and /, padded). */
#ifndef WHYNOW_BASE64_H
#define WHYNOW_BASE64_H

#include <whynow/arena.h>
#include <whynow/buf.h>

/* With padding. */
void wn_base64_write(struct wn_buf *b, struct wn_str bytes);
/* Padding may be missing; anything else outside the alphabet, or the arena's ceiling: false. Result in `a`. */
bool wn_base64_read(struct wn_str text, struct wn_arena *a, struct wn_str *out);

#endif
