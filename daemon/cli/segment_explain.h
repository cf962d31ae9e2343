/* SPDX-License-Identifier: MIT */
/* What a rule is and how often each clause is unknown (segment_explain.c); for `segment check` and `segment
 * show`. */
#ifndef WN_CLI_SEGMENT_EXPLAIN_H
#define WN_CLI_SEGMENT_EXPLAIN_H

#include "parts.h"
#include <whynow/explain.h>
#include <whynow/match.h>

struct cli_rates {
	struct wn_rates *rates;
	struct wn_match_explanation index; /* not of a broad segment */
	size_t signals, left;              /* stored ones put to the index; of those, the ones that it leaves: true, unknown or to be evaluated */
};
/* Puts at most `most` stored accounts to the segment (0: none, clauses and types only). Exit code. */
int cli_segment_rates(struct wn_cli *cli, const struct wn_segment *s, size_t most, struct cli_rates *out);
void cli_segment_explain(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *r);
/* The clauses that are unknown for more than half, with the count; nothing if there are none. */
void cli_segment_unknowns(struct wn_cli *cli, const struct wn_rates *r);
struct wn_value cli_index_value(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *r);
struct wn_value cli_rates_value(struct wn_cli *cli, const struct wn_rates *r);

#endif
