/* SPDX-License-Identifier: MIT */
/* OPML: every feed that comes out has an address and valid text under the ceilings. */
#include "feed_fuzz.h"

#include <whynow/opml.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_opml_feed *feeds;
	struct wn_err err;
	size_t n, more;

	if (wn_opml_read((struct wn_str){(const char *)data, size}, a, &feeds, &n, &more, &err) == WN_OK) {
		if (n > WN_OPML_FEEDS_MAX)
			abort();
		for (size_t i = 0; i < n; i++) {
			if (!feeds[i].url.n)
				abort();
			check_text(feeds[i].url, SIZE_MAX);
			check_text(feeds[i].title, SIZE_MAX);
			check_text(feeds[i].folder, SIZE_MAX);
		}
	}
	wn_arena_free(a);
	return 0;
}
