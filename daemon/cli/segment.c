/* SPDX-License-Identifier: MIT */
/* `segment list|show|withdraw`. */
#include "segment_explain.h"

static const char *state_of(struct wn_cli *cli, struct wn_value s)
{
	const char *status = row_text(cli, s, "status");
	int64_t in_force = row_int(s, "in_force");
	if (row_us(s, "withdrawn_at") != WN_NEVER)
		return wn_arena_printf(cli->arena, "withdrawn %s", cli_rel(cli, row_us(s, "withdrawn_at")));
	if (strcmp(status, "invalid") == 0)
		return in_force ? wn_arena_printf(cli->arena, "invalid; version %lld stays in force",
						  (long long)in_force)
				: "invalid: nothing is in force";
	if (row_us(s, "paused_at") != WN_NEVER)
		return "paused: touches are held";
	return strcmp(status, "unchecked") == 0 ? "waits for a daemon to take it" : "in force";
}

/* --- list ------------------------------------------------------------------------------------ */
static void segment_line(struct wn_cli *cli, struct cli_table *t, struct wn_value s)
{
	CLI_LINE(t, row_text(cli, s, "segment"), row_text(cli, s, "version"), row_text(cli, s, "mode"),
		 row_text(cli, s, "campaigns"), row_text(cli, s, "live_members"),
		 row_text(cli, s, "opened"), state_of(cli, s), row_text(cli, s, "description"));
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {
	    {"SEGMENT", 0},      {"VERSION", CLI_RIGHT},           {"MODE", CLI_DROP}, {"CAMPAIGNS", CLI_RIGHT},
	    {"LIVE", CLI_RIGHT}, {"OPENED", CLI_RIGHT | CLI_DROP}, {"STATE", 0},       {"WHAT", CLI_CLIP}};
	struct cli_rows rows;
	int code = cli_connect(cli);
	if (code == 0)
		code = cli_read(cli, "segments", WN_PARAMS(wn_pg_bool(cli_flag(cli, "--all"))), &rows);
	return code ? code
		    : cli_list(cli, &rows, columns, WN_COUNT(columns), segment_line,
			"no segments; `whynow segment apply FILE` brings one");
}

static const struct wn_cli_option list_options[] = {
    {"--all", NULL, "withdrawn ones too"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_list = {
    .name = "segment list",
    .args = "",
    .summary = "segments, their versions and what is alive of them",
    .options = list_options,
    .run = run_list,
};

/* --- show ------------------------------------------------------------------------------------ */
int cli_no_segment(struct wn_cli *cli, const char *name, int64_t version)
{
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_err err;
	const char *near = NULL;
	if (wn_store_read(cli->store, "segment_names", WN_NO_PARAMS, &r, &err) == WN_OK) {
		const char **names = WN_NEW_N(cli->arena, const char *, (size_t)r.rows + 1);
		for (int i = 0; i < r.rows; i++)
			names[i] = wn_pg_get_cstr(&r, i, 0);
		near = wn_nearest(wn_str_of(name), names, (size_t)r.rows);
	}
	if (version)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "no version %lld of segment \"%s\"",
				 (long long)version, name);
	return cli_error(cli, WN_EXIT_NOT_FOUND, "no segment \"%s\"%s%s%s", name,
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void print_rates(struct wn_cli *cli, const struct wn_rates *r)
{
	bool any = false;
	for (size_t i = 0; i < r->n; i++)
		any |= r->v[i].unknown * 2 > wn_rate_asked(&r->v[i]);
	if (r->accounts && !any)
		fprintf(cli->out, "  unknown    no clause for more than half of %zu %s\n", r->accounts,
			cli_plural((int64_t)r->accounts, "account", "accounts"));
	cli_segment_unknowns(cli, r);
}

static void print_segment(struct wn_cli *cli, struct wn_value s, const struct cli_rows *campaigns,
			  const struct cli_rows *non_actions, const struct wn_rates *rates)
{
	struct wn_value reviews = wn_value_at(s, "reviews");
	fprintf(cli->out, "%s  version %s of %s, %s\n", row_text(cli, s, "segment"),
		row_text(cli, s, "version"), row_text(cli, s, "versions"), state_of(cli, s));
	fprintf(cli->out, "  published  %s by %s\n", cli_when(cli, row_us(s, "published_at")),
		row_text(cli, s, "published_by"));
	if (row_has(s, "error"))
		cli_text_block(cli, cli->out, 2, wn_value_str(wn_value_at(s, "error")));
	fprintf(cli->out, "  alive      %zu %s\n", campaigns->n,
		cli_plural((int64_t)campaigns->n, "campaign", "campaigns"));
	for (size_t i = 0; i < campaigns->n && i < 10; i++)
		fprintf(cli->out, "             %s %s, %s live, ends %s\n",
			cli_campaign_id(cli, row_id(campaigns->v[i], "campaign_id")),
			row_text(cli, campaigns->v[i], "state"), row_text(cli, campaigns->v[i], "live_members"),
			cli_rel(cli, row_us(campaigns->v[i], "live_until")));
	if (reviews.kind == WN_MAP && reviews.n)
		fprintf(cli->out, "  reviews    %s\n", cli_attrs(cli, reviews));
	if (non_actions->n)
		fputs("  did nothing\n", cli->out);
	for (size_t i = 0; i < non_actions->n; i++)
		fprintf(cli->out, "             %s %s: %s%s%s\n", row_text(cli, non_actions->v[i], "accounts"),
			cli_plural(row_int(non_actions->v[i], "accounts"), "account", "accounts"),
			words_non_action(row_text(cli, non_actions->v[i], "reason")),
			row_has(non_actions->v[i], "clause") ? ": " : "",
			row_text(cli, non_actions->v[i], "clause"));
	if (rates)
		print_rates(cli, rates);
	fputc('\n', cli->out);
	cli_text_block(cli, cli->out, 0, wn_value_str(wn_value_at(s, "source")));
}

/* Unknown-rates of the version in force over a sample of the accounts: ids are hashes, so the first ones are a fair one. */
static int read_rates(struct wn_cli *cli, struct wn_value s, struct wn_rates **out)
{
	enum { SAMPLE = 5000 };
	*out = NULL;
	if (row_int(s, "in_force") != row_int(s, "version") || row_us(s, "withdrawn_at") != WN_NEVER)
		return 0;
	struct cli_rates all;
	int code = cli_book(cli);
	if (code)
		return code;
	const struct wn_segment *segment =
	    wn_catalog_segment(&cli->book->catalog, wn_value_str(wn_value_at(s, "segment")), 0);
	if (segment)
		code = cli_segment_rates(cli, segment, SAMPLE, &all);
	if (segment && code == 0)
		*out = all.rates;
	return code;
}

static int run_show(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct cli_rows campaigns, non_actions;
	struct wn_rates *rates;
	struct wn_value s;
	int64_t version = 0;
	int code = cli_int_option(cli, "--version-number", 1, INT32_MAX, &version);
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0)
		code = cli_read_one(cli, "segment",
				    WN_PARAMS(wn_pg_text(argv[0]), wn_pg_int4((int32_t)version)), &s);
	if (code == WN_EXIT_NOT_FOUND)
		return cli_no_segment(cli, argv[0], version);
	if (code == 0)
		code =
		    cli_read(cli, "campaigns",
			     WN_PARAMS(wn_pg_text(argv[0]), wn_pg_bool(false), wn_pg_int8(1000)), &campaigns);
	if (code == 0)
		code = cli_read(cli, "segment_non_actions", WN_PARAMS(wn_pg_text(argv[0])), &non_actions);
	if (code)
		return code;
	if (cli_flag(cli, "--source")) {
		fprintf(cli->out, "%s", wn_arena_strdup(cli->arena, wn_value_str(wn_value_at(s, "source"))));
		return WN_EXIT_DONE;
	}
	code = read_rates(cli, s, &rates);
	if (code)
		return code;
	if (cli->json) {
		struct wn_value v = row_with(cli, s, "campaigns", rows_value(&campaigns));
		v = row_with(cli, v, "non_actions", rows_value(&non_actions));
		cli_json(cli, rates ? row_with(cli, v, "clauses", cli_rates_value(cli, rates)) : v);
	} else {
		print_segment(cli, s, &campaigns, &non_actions, rates);
	}
	return WN_EXIT_DONE;
}

static const struct wn_cli_option show_options[] = {
    {"--version-number", "N", "this version instead of the newest"},
    {"--source", NULL, "only the text as it was applied"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_show = {
    .name = "segment show",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "a segment's state, campaigns, why it did nothing, and its text",
    .more = "Of the version in force, each clause that is unknown for more than half of the accounts (of a sample of 5,000) is "
	    "told with the count and what is missing; `whynow segment check` says more of a file.",
    .options = show_options,
    .run = run_show,
};

/* --- withdraw -------------------------------------------------------------------------------- */
static void warn_of_those_that_refer(struct wn_cli *cli, struct wn_str name)
{
	for (size_t i = 0; i < cli->book->n_segments; i++)
		if (wn_segment_refers_to(cli->book->segments[i], name))
			cli_say(cli, "segment %s asks in_segment(\"" WN_STR_FMT "\"), which is unknown from now on: change it, or withdraw it too",
				cli->book->segments[i]->name, WN_STR_ARG(name));
}

static int run_withdraw(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_err err = {0};
	bool back = cli_flag(cli, "--undo");
	int code = cli_book(cli);
	if (code)
		return code;
	enum wn_rc rc =
	    wn_store_segment_withdraw(cli->store, wn_str_of(argv[0]), !back, cli->actor, cli->now_us, &err);
	if (rc == WN_NOT_FOUND)
		return cli_no_segment(cli, argv[0], 0);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_nudge(cli);
	cli_say(cli,
		back ? "segment %s is in force again"
		     : "segment %s is withdrawn: it opens nothing any more; its open campaigns take no new "
		       "members and live to their ends",
		argv[0]);
	if (!back)
		warn_of_those_that_refer(cli, wn_str_of(argv[0]));
	return WN_EXIT_DONE;
}

static const struct wn_cli_option withdraw_options[] = {
    {"--undo", NULL, "put it in force again"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_withdraw = {
    .name = "segment withdraw",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "take a segment out of force; its campaigns live to their ends",
    .options = withdraw_options,
    .run = run_withdraw,
};
