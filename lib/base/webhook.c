/* SPDX-License-Identifier: MIT */
/* Standard Webhooks: signing and verifying. The contract and its source are in the header. */
#include <whynow/base64.h>
#include <whynow/id.h>
#include <whynow/webhook.h>

#include <stdio.h>

enum { MAC = 32, SIGNED_HEAD_MAX = 4096 };

static const char prefix[] = "whsec_", version[] = "v1,";

static bool starts_with(struct wn_str s, const char *head)
{
	size_t n = strlen(head);
	return s.n >= n && memcmp(s.p, head, n) == 0;
}

static struct wn_str after(struct wn_str s, size_t n) { return (struct wn_str){s.p + n, s.n - n}; }

enum wn_rc wn_webhook_secret(struct wn_str text, struct wn_arena *a, struct wn_str *key, struct wn_err *err)
{
	struct wn_str bytes;
	if (starts_with(text, prefix))
		text = after(text, sizeof(prefix) - 1);
	if (!wn_base64_read(text, a, &bytes) || bytes.n == 0)
		return wn_fail(err, WN_INVALID, "the secret is not whsec_ and base64");
	*key = bytes;
	return WN_OK;
}

static void mac_of(struct wn_str key, struct wn_str id, struct wn_str timestamp, struct wn_str payload, uint8_t out[MAC])
{
	struct wn_buf b;
	wn_buf_init(&b, id.n + timestamp.n + payload.n + 3);
	wn_buf_str(&b, id);
	wn_buf_char(&b, '.');
	wn_buf_str(&b, timestamp);
	wn_buf_char(&b, '.');
	wn_buf_str(&b, payload);
	wn_hmac_sha256(key, wn_buf_slice(&b), out);
	wn_buf_done(&b);
}

void wn_webhook_sign(struct wn_buf *out, const struct wn_str *keys, size_t n, struct wn_str id, int64_t timestamp_s, struct wn_str payload)
{
	char timestamp[24];
	uint8_t mac[MAC];
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)timestamp_s);
	for (size_t i = 0; i < n; i++) {
		mac_of(keys[i], id, wn_str_of(timestamp), payload, mac);
		wn_buf_text(out, i ? " v1," : version);
		wn_base64_write(out, (struct wn_str){(const char *)mac, MAC});
	}
}

/* Digits only: at most 12, which is the year 33658. */
static bool read_seconds(struct wn_str s, int64_t *out)
{
	int64_t v = 0;
	if (s.n == 0 || s.n > 12)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = v;
	return true;
}

static enum wn_rc check_time(struct wn_str timestamp, int64_t now_us, int64_t tolerance_us, struct wn_err *err)
{
	int64_t at;
	if (!read_seconds(timestamp, &at))
		return wn_fail(err, WN_REFUSED, "webhook-timestamp is not a number of seconds");
	int64_t late = now_us / WN_SECOND - at, most = tolerance_us / WN_SECOND;
	if (tolerance_us && (late > most || late < -most))
		return wn_fail(err, WN_REFUSED, "webhook-timestamp is too %s: more than %lld s", late > 0 ? "old" : "far ahead", (long long)most);
	return WN_OK;
}

/* One signature of the list against one key; base64 that is not a MAC's fits nothing. */
static bool fits(struct wn_str signature, const uint8_t mac[MAC])
{
	struct wn_buf right;
	if (!starts_with(signature, version))
		return false;
	wn_buf_init(&right, 64);
	wn_base64_write(&right, (struct wn_str){(const char *)mac, MAC});
	bool same = wn_same_secret(after(signature, sizeof(version) - 1), wn_buf_slice(&right));
	wn_buf_done(&right);
	return same;
}

static bool any_fits(struct wn_str list, const uint8_t mac[MAC])
{
	bool found = false;
	for (size_t from = 0, i = 0; i <= list.n; i++)
		if (i == list.n || list.p[i] == ' ') {
			found |= fits((struct wn_str){list.p + from, i - from}, mac);
			from = i + 1;
		}
	return found;
}

enum wn_rc wn_webhook_verify(const struct wn_webhook_message *m, const struct wn_str *keys, size_t n, int64_t now_us, int64_t tolerance_us,
			     struct wn_err *err)
{
	uint8_t mac[MAC];
	bool found = false;
	if (!m->id.n || !m->timestamp.n || !m->signature.n)
		return wn_fail(err, WN_REFUSED, "a header is missing: webhook-id, webhook-timestamp and webhook-signature are needed");
	if (m->id.n > SIGNED_HEAD_MAX || m->signature.n > SIGNED_HEAD_MAX)
		return wn_fail(err, WN_REFUSED, "webhook-id or webhook-signature is too long");
	enum wn_rc rc = check_time(m->timestamp, now_us, tolerance_us, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < n && i < WN_WEBHOOK_SECRETS_MAX; i++) {
		mac_of(keys[i], m->id, m->timestamp, m->payload, mac);
		found |= any_fits(m->signature, mac);
	}
	return found ? WN_OK : wn_fail(err, WN_REFUSED, "no signature fits: the secret differs, or the message was changed on its way");
}
