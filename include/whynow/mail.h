/* SPDX-License-Identifier: MIT */
/*
 * A mail as text: RFC 5322 headers, MIME bodies (2045, 2046), encoded words (2047). Pure: nothing is sent here.
 *
 * Always holds: lines end in CRLF and are shorter than 998 bytes; no value can begin a header of its own, whatever it is; everything
 * is ASCII, but for the addresses of a mail that needs SMTPUTF8 (RFC 6532), which the caller is told of.
 */
#ifndef WHYNOW_MAIL_H
#define WHYNOW_MAIL_H

#include <whynow/arena.h>
#include <whynow/buf.h>

/* "Ana Example <ana@example.com>", "\"Example, Ana\" <...>" or "ana@example.com". name may be empty. Slices of `a`. */
struct wn_mailbox {
	struct wn_str name, address;
};
/* False: not exactly one mailbox with a lawful address. */
bool wn_mailbox_parse(struct wn_str text, struct wn_arena *a, struct wn_mailbox *out);
/* LOCAL@DOMAIN fit for an envelope and a header as it stands: dot-atoms, no quoting, no blanks or controls, at most 254 bytes. *utf8
 * (may be NULL): the local part or the domain is not ASCII, so the server must know SMTPUTF8. */
bool wn_mail_address_is(struct wn_str address, bool *utf8);

struct wn_mail {
	struct wn_mailbox from, to;
	struct wn_str subject, text, html;  /* html empty: text alone */
	int64_t date_us;
	struct wn_str message_id;           /* without <>, as the next */
	const struct wn_str *references; size_t n_references; /* of the mails before, first first: In-Reply-To is the first */
	struct wn_str unsubscribe_mailto, unsubscribe_url;    /* whole URIs; an https one is one-click (RFC 8058) */
	struct wn_str original_to;          /* it was redirected: whom it was for; empty: it was not */
};
/* *utf8: see above. WN_INVALID: an address or an id is not lawful; WN_LIMIT: past the ceiling of `out`. */
enum wn_rc wn_mail_write(struct wn_buf *out, const struct wn_mail *m, bool *utf8, struct wn_err *err) WN_MUST_CHECK;

/* --- parts, lib/base/mail_words.c ---- */
/* "Name: value" of free text, folded; what is not plain ASCII becomes encoded words. */
void wn_mail_header_text(struct wn_buf *out, const char *name, struct wn_str text);
/* The display name of an address: an atom, a quoted string or encoded words. */
void wn_mail_phrase(struct wn_buf *out, struct wn_str name);
/* Bodies, lines broken at 76. Line ends become CRLF; quoted-printable leaves nothing that a server may change. */
void wn_mail_quoted_printable(struct wn_buf *out, struct wn_str text);
void wn_mail_base64(struct wn_buf *out, struct wn_str bytes);

#endif
