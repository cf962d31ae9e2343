/* SPDX-License-Identifier: MIT */
/*
 * The one place where strangers' bytes become text: valid UTF-8, no NUL, no control bytes but TAB and LF,
 * NFC, a length. The only user of libunistring is lib/base/text.c.
 */
#ifndef WHYNOW_TEXT_H
#define WHYNOW_TEXT_H

#include <whynow/arena.h>

/* Strict: WN_INVALID with the byte offset on bad UTF-8 or NUL, WN_LIMIT past max_bytes. Result NFC, in `a`.
 * Other C0/C1 controls and leading byte order marks are dropped; CR LF and CR become LF. */
enum wn_rc wn_text_from_bytes(struct wn_str bytes, size_t max_bytes, struct wn_arena *a, struct wn_str *out,
			      struct wn_err *err) WN_MUST_CHECK;
/* Repairing: bad bytes become U+FFFD, NUL is dropped, cut at max_bytes on a character boundary. Never fails. */
struct wn_str wn_text_repair(struct wn_str bytes, size_t max_bytes, struct wn_arena *a);
bool wn_text_is_utf8(struct wn_str bytes);
/* One line: runs of white space (Unicode) to one blank, both ends stripped, cut to max_chars characters ("..."
 * is not added). */
struct wn_str wn_text_one_line(struct wn_str s, size_t max_chars, struct wn_arena *a);
struct wn_str wn_text_trim(struct wn_str s);
/* Case folding (full) and NFKC with diacritics removed (also the strokes of ø ł đ, and æ œ þ spelled out), for
 * comparing names; result in `a`. */
struct wn_str wn_text_fold(struct wn_str s, struct wn_arena *a);
/* ASCII lower case copy. */
struct wn_str wn_text_lower_ascii(struct wn_str s, struct wn_arena *a);
/* For logs and messages: quoted with ", clipped to max_chars with …, controls and bad bytes as \xNN, invisible
 * and direction characters as \uNNNN, " and \ behind a \. */
struct wn_str wn_text_quote(struct wn_str s, size_t max_chars, struct wn_arena *a);
size_t wn_text_chars(struct wn_str s); /* number of code points */
/* Columns on a terminal. */
size_t wn_text_width(struct wn_str s);

#endif
