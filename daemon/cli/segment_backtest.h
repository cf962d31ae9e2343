/* SPDX-License-Identifier: MIT */
/* What the commands about segments share: files of segments read and tested, and the backtest. */
#ifndef WN_CLI_SEGMENT_BACKTEST_H
#define WN_CLI_SEGMENT_BACKTEST_H

#include "parts.h"
#include <whynow/backtest.h>

struct backtest_span {
	int64_t from_us, to_us;
};
/* Runs and tells it; `entries` accounts with their reason. json: may be NULL. */
int cli_backtest(struct wn_cli *cli, const struct wn_segment *s, int64_t days, size_t entries, struct wn_value *json);

/* segment_apply.c: a file of segments (-: standard input), read against the book and tested; complaints are told. Free it
 * also after a failure. */
struct segment_documents;
int cli_segments_open(struct wn_cli *cli, const char *path, struct segment_documents **out);
size_t cli_segments_count(const struct segment_documents *f);
const struct wn_segment *cli_segments_at(const struct segment_documents *f, size_t i);
/* The same for a text at hand, and published. */
int cli_segments_apply(struct wn_cli *cli, const char *label, struct wn_str text);
void cli_segments_close(struct segment_documents *f);

#endif
