/* SPDX-License-Identifier: MIT */
/* HTML to text, entities, URLs. Decoding and converting never grow a text past their bounds. */
#include "feed_fuzz.h"

#include <whynow/url.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_str text = wn_text_repair((struct wn_str){(const char *)data, size}, size, a),
		      half = {text.p, text.n / 2};

	while (half.n && ((uint8_t)text.p[half.n] & 0xC0) == 0x80)
		half.n--;
	check_text(wn_html_to_text(text, a), WN_TEXT_FIELD_MAX);
	check_text(wn_entities_decode(text, a), SIZE_MAX);
	check_text(wn_url_resolve(half, (struct wn_str){text.p + half.n, text.n - half.n}, a), WN_URL_MAX);
	check_text(wn_url_resolve(WN_STR("http://a.example/b/c?d"), text, a), WN_URL_MAX);
	check_text(wn_url_same(text, a), WN_URL_MAX + 8);
	wn_arena_free(a);
	return 0;
}
