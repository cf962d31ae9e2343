/* SPDX-License-Identifier: MIT */
/* OPML 1.0 to 2.0: the list of subscriptions that every feed reader exports. Pure: bytes in, feeds out. */
#ifndef WHYNOW_OPML_H
#define WHYNOW_OPML_H

#include <whynow/arena.h>

struct wn_opml_feed {
	struct wn_str title;  /* one line; without one the site, else the URL */
	struct wn_str url;    /* as written, trimmed; never empty */
	struct wn_str site;   /* htmlUrl, else the URL */
	struct wn_str folder; /* of the outline right around it; empty: none */
};

/* Every outline with an address (xmlUrl in any case, or url), in document order, nested or not. At most WN_OPML_FEEDS_MAX, the
 * rest is left out and *more counts it. WN_INVALID: nothing in it is OPML. Mends what feeds too are mended for. */
enum wn_rc wn_opml_read(struct wn_str bytes, struct wn_arena *a, struct wn_opml_feed **out, size_t *n, size_t *more,
			struct wn_err *err) WN_MUST_CHECK;

#endif
