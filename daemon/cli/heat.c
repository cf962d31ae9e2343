/* SPDX-License-Identifier: MIT */
/* Freshness and heat of rows as read, by the engine's own arithmetic, at the time of the run. */
#include "parts.h"

static int64_t span_us(struct wn_value row, const char *member)
{
	return (int64_t)(row_double(row, member) * 1e6);
}

double cli_freshness(struct wn_value row, int64_t at_us)
{
	if (row_bool(row, "removed") || row_bool(row, "retracted"))
		return 0;
	return wn_freshness(row_double(row, "strength"), (int)row_int(row, "publishers"),
			    row_us(row, "occurred_at"), span_us(row, "half_life_s"),
			    row_us(row, "hard_stop_at"), at_us);
}

/* Kinds need only be told apart: each is numbered by the first place it stands at. */
static int number_of(struct wn_value list, size_t i)
{
	struct wn_str kind = wn_value_str(wn_value_at(list.list[i], "kind"));
	for (size_t k = 0; k < i; k++)
		if (wn_str_eq(kind, wn_value_str(wn_value_at(list.list[k], "kind"))))
			return (int)k;
	return (int)i;
}

double cli_heat(struct wn_cli *cli, struct wn_value list, int64_t at_us)
{
	const struct wn_evidence **ev = WN_NEW_N(cli->arena, const struct wn_evidence *, list.n + 1);
	for (size_t i = 0; i < list.n; i++) {
		struct wn_value row = list.list[i];
		struct wn_evidence *e = WN_NEW(cli->arena, struct wn_evidence);
		*e = (struct wn_evidence){.kind = number_of(list, i),
					  .occurred_us = row_us(row, "occurred_at"),
					  .strength = row_double(row, "strength"),
					  .publishers = (int)row_int(row, "publishers"),
					  .half_life_us = span_us(row, "half_life_s"),
					  .hard_stop_us = row_us(row, "hard_stop_at"),
					  .removed = row_bool(row, "removed")};
		ev[i] = e;
	}
	return wn_heat(ev, list.n, at_us);
}

/* What a reader of --json would have to compute: freshness_now of each, in a copy. */
struct wn_value cli_with_freshness(struct wn_cli *cli, struct wn_value list)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, list.n + 1);
	for (size_t i = 0; i < list.n; i++)
		v[i] = row_with(cli, list.list[i], "freshness_now",
				wn_double(cli_freshness(list.list[i], cli->now_us)));
	return wn_list(v, list.n);
}

const char *cli_bar(struct wn_cli *cli, double part, int cells)
{
	char text[64];
	int full = (int)(part * cells + 0.5), i = 0;
	for (; i < cells && i < 60; i++)
		text[i] = i < full ? '#' : '.';
	text[i] = '\0';
	return wn_arena_strdup(cli->arena, wn_str_of(text));
}
