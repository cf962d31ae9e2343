/* SPDX-License-Identifier: MIT */
/* Any bytes as documents of feeds, sinks, kinds, traits and options: good, or errors with texts; never a crash.
 */
#include <stdlib.h>

#include <whynow/conf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_yaml_docs docs;
	struct wn_yaml_errors errors;

	wn_yaml_errors_init(&errors, a);
	if (!wn_yaml_parse((struct wn_str){(const char *)data, size}, "fuzz", a, &docs, NULL)) {
		struct wn_feed_confs feeds = {0};
		struct wn_sink_confs sinks = {0};
		struct wn_kind_confs kinds = {0};
		struct wn_trait_confs traits = {0};
		struct wn_options options;
		size_t n;

		wn_conf_feeds(&docs, NULL, a, &feeds, &errors);
		wn_conf_sinks(&docs, a, &sinks, &errors);
		wn_conf_kinds(&docs, a, &kinds, &errors);
		wn_conf_traits(&docs, a, &traits, &errors);
		(void)wn_options_table(&n);
		struct wn_place *at = WN_NEW_N(a, struct wn_place, n);
		if (docs.n && wn_conf_options(docs.v[0].root, NULL, a, &options, at, &errors))
			n = 0;
		struct wn_buf b;
		wn_buf_init(&b, 1 << 16);
		wn_yaml_errors_sort(&errors);
		wn_yaml_errors_to_text(&errors, &b);
		wn_buf_done(&b);
	}
	wn_arena_free(a);
	return 0;
}
