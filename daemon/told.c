/* SPDX-License-Identifier: MIT */
/* See told.h. The digest is two lanes of multiply and rotate over words (as in xxHash and its like): fast, spread well, not keyed. */
#include "told.h"

#define KNOWN_FOR WN_DAY
#define HEAD_MAX 8192

struct lanes {
	uint64_t a, b;
};

static uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

static void mix(struct lanes *l, uint64_t word)
{
	l->a = rotated((l->a ^ word) * UINT64_C(0x9E3779B185EBCA87), 31);
	l->b = rotated((l->b + word) * UINT64_C(0xC2B2AE3D27D4EB4F), 29);
}

static void add(struct lanes *l, struct wn_str s)
{
	uint64_t word;
	mix(l, s.n);
	for (; s.n >= sizeof(word); s.p += sizeof(word), s.n -= sizeof(word)) {
		memcpy(&word, s.p, sizeof(word));
		mix(l, word);
	}
	word = 0;
	if (s.n)
		memcpy(&word, s.p, s.n);
	mix(l, word);
}

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

void wn_told_digest(struct wn_str body, uint64_t out[2])
{
	struct lanes l = {UINT64_C(0x27D4EB2F165667C5), UINT64_C(0x165667B19E3779F9)};
	struct wn_str head = head_of(body), ahead, rest = body;
	while (head.n && next_date(&head, &ahead)) {
		add(&l, ahead);
		rest = from(rest, head.p);
	}
	add(&l, rest);
	out[0] = l.a ^ rotated(l.b, 17);
	out[1] = l.b + rotated(l.a, 41);
}

void wn_told_keep(struct wn_told *t, const uint64_t digest[2], const struct wn_feed_totals *poll, int64_t now_us)
{
	bool settled = poll->review == 0 && poll->rejected == 0;
	*t = (struct wn_told){.digest = {digest[0], digest[1]}, .until_us = settled ? now_us + KNOWN_FOR : 0,
			       .items = poll->items, .filtered = poll->filtered};
}
