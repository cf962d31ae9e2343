/* SPDX-License-Identifier: MIT */
/* See told.h. The digest is SHA-256 over the digests of the parts that count. */
#include "told.h"
#include <whynow/id.h>

#define KNOWN_FOR WN_DAY
enum { HEAD_MAX = 8192, DATES_MAX = 8 };

static struct wn_str before(struct wn_str s, const char *at) { return (struct wn_str){s.p, (size_t)(at - s.p)}; }
static struct wn_str from(struct wn_str s, const char *at) { return (struct wn_str){at, (size_t)(s.p + s.n - at)}; }

/* What stands in front of the first item, as far as it is looked at. */
static struct wn_str head_of(struct wn_str body)
{
	static const char *const items[] = {"<item", "<entry"};
	struct wn_str head = {body.p, body.n < HEAD_MAX ? body.n : HEAD_MAX};
	for (size_t i = 0; i < WN_COUNT(items); i++) {
		const char *at = head.n ? memmem(head.p, head.n, items[i], strlen(items[i])) : NULL;
		if (at)
			return before(head, at);
	}
	return (struct wn_str){body.p, 0};
}

/* Moves behind the next date; false: there is none. */
static bool next_date(struct wn_str *rest, struct wn_str *ahead)
{
	static const char *const dates[] = {"<lastBuildDate>", "<pubDate>", "<updated>"};
	const char *first = NULL;
	for (size_t i = 0; i < WN_COUNT(dates); i++) {
		const char *at = memmem(rest->p, rest->n, dates[i], strlen(dates[i]));
		first = at && (!first || at < first) ? at : first;
	}
	const char *text = first ? memchr(first, '>', (size_t)(rest->p + rest->n - first)) + 1 : NULL;
	const char *end = text ? memchr(text, '<', (size_t)(rest->p + rest->n - text)) : NULL;
	if (!end)
		return false;
	*ahead = before(*rest, text);
	*rest = from(*rest, end);
	return true;
}

void wn_told_digest(struct wn_str body, uint8_t out[WN_TOLD_DIGEST])
{
	uint8_t parts[DATES_MAX + 1][WN_TOLD_DIGEST];
	struct wn_str head = head_of(body), ahead, rest = body;
	size_t n = 0;
	while (head.n && n < DATES_MAX && next_date(&head, &ahead)) {
		wn_sha256(ahead, parts[n++]);
		rest = from(rest, head.p);
	}
	wn_sha256(rest, parts[n++]);
	wn_sha256((struct wn_str){(const char *)parts, n * WN_TOLD_DIGEST}, out);
}

void wn_told_keep(struct wn_told *t, const uint8_t digest[WN_TOLD_DIGEST], const struct wn_feed_totals *poll, int64_t now_us)
{
	bool settled = poll->review == 0 && poll->rejected == 0;
	*t = (struct wn_told){.until_us = settled ? now_us + KNOWN_FOR : 0, .items = poll->items, .filtered = poll->filtered};
	memcpy(t->digest, digest, WN_TOLD_DIGEST);
}
