/* SPDX-License-Identifier: MIT */
/*
 * What a feed told last: a digest of the answer whose items were all stored or known, so that the same bytes need not be read,
 * mapped and looked up again. Of this process only; forgotten daily, so that what is still listed is seen to be still listed.
 */
#ifndef WN_DAEMON_TOLD_H
#define WN_DAEMON_TOLD_H

#include <whynow/clock.h>
#include <whynow/store.h>

enum { WN_TOLD_DIGEST = 32 };

struct wn_told {
	uint8_t digest[WN_TOLD_DIGEST];
	int64_t until_us;          /* 0: nothing is known */
	int64_t items, filtered;   /* of that answer */
};

/* Of a body, but for the dates that the head of an XML document carries of the document itself (lastBuildDate, pubDate, updated):
 * many are made anew for each answer. */
void wn_told_digest(struct wn_str body, uint8_t out[WN_TOLD_DIGEST]);
static inline bool wn_told_is(const struct wn_told *t, const uint8_t digest[WN_TOLD_DIGEST], int64_t now_us)
{
	return now_us < t->until_us && memcmp(t->digest, digest, WN_TOLD_DIGEST) == 0;
}
/* After the commit of an answer that was read whole: what of it is known from now on. Nothing, if an item waits or was rejected. */
void wn_told_keep(struct wn_told *t, const uint8_t digest[WN_TOLD_DIGEST], const struct wn_feed_totals *poll, int64_t now_us);

#endif
