/* SPDX-License-Identifier: MIT */
/* `account merge` and `account split`: two accounts become one, or two again. History keeps both. */
#include "parts.h"

/* A unit that moves, then a look at each account whose signals are others now. */
static int run_units(struct wn_cli *cli, struct wn_unit first, struct wn_merge *a, struct wn_merge *b)
{
	struct wn_unit again = wn_rematch_unit(a);
	int code = cli_unit(cli, &first);
	if (code == 0)
		code = cli_unit(cli, &again);
	if (code == 0 && b) {
		again = wn_rematch_unit(b);
		code = cli_unit(cli, &again);
	}
	cli_nudge(cli);
	return code;
}

static int run_merge(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_merge m = {0};
	int code = cli_book(cli);
	if (code == 0)
		code = cli_find_account(cli, argv[0], &m.m.from);
	if (code == 0)
		code = cli_find_account(cli, argv[1], &m.m.into);
	if (code)
		return code;
	if (wn_id_eq(m.m.from, m.m.into))
		return cli_error(cli, WN_EXIT_REFUSED, "%s and %s are one account already", argv[0], argv[1]);
	code = run_units(cli, wn_merge_unit(&m), &m, NULL);
	if (code == 0)
		cli_say(cli, "%s is part of %s now: its names, signals and contacts count there", argv[0], argv[1]);
	return code;
}

const struct wn_command command_account_merge = {
    .name = "account merge",
    .args = "FROM INTO",
    .min_args = 2,
    .max_args = 2,
    .summary = "two accounts are one company",
    .more = "Names, domains and missing traits of FROM go to INTO, its signals and contacts are shown and matched there, its live members "
	    "leave (merged). `whynow account split` takes it back.",
    .run = run_merge,
};

/* --- split ----------------------------------------------------------------------------------- */
/* Merged accounts answer to their survivor: one is named by its own domain, name or id. */
static int find_merged(struct wn_cli *cli, const char *text, struct wn_merge *m)
{
	struct wn_value row;
	struct wn_err err = {0};
	int code = cli_read_one(cli, "account_merged", WN_PARAMS(wn_pg_text(text)), &row);
	if (code == WN_EXIT_NOT_FOUND)
		return cli_error(cli, code, "no merged account \"%s\": its own domain, name or whole id is wanted", text);
	if (code)
		return code;
	m->m.from = row_id(row, "account_id");
	enum wn_rc rc = wn_store_merged_into(cli->store, m->m.from, &m->m.into, &err);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

static int run_split(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_merge m = {0};
	int code = cli_book(cli);
	if (code == 0)
		code = find_merged(cli, argv[0], &m);
	if (code)
		return code;
	struct wn_merge back = {.m = {.into = m.m.from}};
	code = run_units(cli, wn_split_unit(&m), &m, &back);
	if (code == 0)
		cli_say(cli, "%s stands for itself again; what arrived since the merge stays where it arrived", argv[0]);
	return code;
}

const struct wn_command command_account_split = {
    .name = "account split",
    .args = "MERGED",
    .min_args = 1,
    .max_args = 1,
    .summary = "take a merge back",
    .more = "Names, domains and traits that came by the merge go back; members of the other account that rest on its signals are judged "
	    "without them (retracted), and both accounts are matched again. Members that left by the merge do not come back by themselves.",
    .run = run_split,
};
