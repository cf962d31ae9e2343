/* SPDX-License-Identifier: MIT */
/*
 * Standard Webhooks 1.0.0 (standardwebhooks.com): signatures of what goes out, and of what comes in.
 *
 * Signed is "ID.TIMESTAMP.PAYLOAD" (timestamp: whole seconds since 1970, decimal); HMAC-SHA256; written "v1," and base64. A header
 * holds several, split by blanks: during a rotation the sender signs with the old and the new secret, and whoever verifies takes any
 * that fits any of its own secrets. Other versions than v1 are passed over.
 *
 * A secret is text: base64 of 24 to 64 bytes, mostly with the prefix "whsec_". It is read here into key bytes; where it comes from
 * (a credential) is the caller's business.
 */
#ifndef WHYNOW_WEBHOOK_H
#define WHYNOW_WEBHOOK_H

#include <whynow/arena.h>
#include <whynow/buf.h>
#include <whynow/clock.h>

#define WN_WEBHOOK_TOLERANCE_US (5 * WN_MINUTE) /* of the specification: how old or ahead a message may be */
#define WN_WEBHOOK_SECRETS_MAX 8                /* secrets in rotation that are tried */

/* Key bytes of a secret, in `a`. WN_INVALID: no base64, or empty; the text never holds any of the secret. */
enum wn_rc wn_webhook_secret(struct wn_str text, struct wn_arena *a, struct wn_str *key, struct wn_err *err) WN_MUST_CHECK;

/* "v1,BASE64" for each key, split by blanks: the value of the header webhook-signature. The id must not be empty. */
void wn_webhook_sign(struct wn_buf *out, const struct wn_str *keys, size_t n, struct wn_str id, int64_t timestamp_s, struct wn_str payload);

/* What came: values of the headers webhook-id, webhook-timestamp and webhook-signature ({NULL,0}: not there), and the body as it was
 * received, byte for byte. */
struct wn_webhook_message {
	struct wn_str id, timestamp, signature, payload;
};
/* WN_OK: one of the signatures is right for one of the keys, and the timestamp is no further from now_us than tolerance_us, in
 * either direction (0: any time). WN_REFUSED otherwise; the text says which, fit for a log and for the sender. Comparison takes the
 * same time whatever differs. Replays within the tolerance are the caller's business: the id is unique for a message. */
enum wn_rc wn_webhook_verify(const struct wn_webhook_message *m, const struct wn_str *keys, size_t n, int64_t now_us, int64_t tolerance_us,
			     struct wn_err *err) WN_MUST_CHECK;

#endif
