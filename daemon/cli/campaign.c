/* SPDX-License-Identifier: MIT */
/* `campaign list|show`. */
#include "parts.h"

enum { HISTORY = 200, MEMBERS = 200 };

static const char *result_or_state(struct wn_cli *cli, struct wn_value c)
{
	const char *result = row_text(cli, c, "result");
	return wn_arena_printf(cli->arena, "%s%s%s%s", row_text(cli, c, "state"), *result ? ": " : "", result,
			       row_bool(c, "shadow") ? " (shadow)" : "");
}

static const char *group_text(struct wn_cli *cli, struct wn_value c)
{
	const char *group = cli_value_text(cli, wn_value_at(c, "group_values")),
		   *opened_for = row_text(cli, c, "opened_for");
	return *group ? group : opened_for;
}

/* When it ends as things stand: its last member's end; what is closed has ended. */
static int64_t end_of(struct wn_value c)
{
	if (row_us(c, "closed_at") != WN_NEVER)
		return row_us(c, "closed_at");
	return row_us(c, "live_until") != WN_NEVER ? row_us(c, "live_until") : row_us(c, "max_ends_at");
}

/* --- list ------------------------------------------------------------------------------------ */
static void campaign_line(struct wn_cli *cli, struct cli_table *t, struct wn_value c)
{
	int64_t since =
	    row_us(c, "opened_at") != WN_NEVER ? row_us(c, "opened_at") : row_us(c, "proposed_at");
	CLI_LINE(t, cli_campaign_id(cli, row_id(c, "campaign_id")), row_text(cli, c, "segment"),
		 result_or_state(cli, c), cli_rel(cli, since), cli_rel(cli, end_of(c)),
		 row_text(cli, c, "live_members"), row_text(cli, c, "members"),
		 row_text(cli, c, "touched"), row_text(cli, c, "achieved"), group_text(cli, c));
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {{"CAMPAIGN", 0},
						    {"SEGMENT", 0},
						    {"STATE", 0},
						    {"SINCE", CLI_DROP},
						    {"ENDS", 0},
						    {"LIVE", CLI_RIGHT},
						    {"EVER", CLI_RIGHT | CLI_DROP},
						    {"TOUCHED", CLI_RIGHT | CLI_DROP},
						    {"GOAL", CLI_RIGHT | CLI_DROP},
						    {"FOR", CLI_CLIP}};
	struct cli_rows rows;
	int64_t limit = 100;
	int code = cli_int_option(cli, "--limit", 1, 100000, &limit);
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0)
		code = cli_read(cli, "campaigns",
				WN_PARAMS(wn_pg_text(cli_value(cli, "--segment")),
					  wn_pg_bool(cli_flag(cli, "--all")), wn_pg_int8(limit)),
				&rows);
	return code ? code
		    : cli_list(cli, &rows, columns, WN_COUNT(columns), campaign_line,
			cli_flag(cli, "--all") ? "no campaign has run yet" : "no campaign is alive; --all shows closed ones");
}

static const struct wn_cli_option list_options[] = {
    {"--all", NULL, "closed ones too"},
    {"--segment", "NAME", "of this segment only"},
    {"--limit", "N", "at most so many [100]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_list = {
    .name = "campaign list",
    .args = "",
    .summary = "campaigns that are alive, the next to end first",
    .options = list_options,
    .run = run_list,
};

/* --- show ------------------------------------------------------------------------------------ */
struct parts {
	struct wn_value campaign;
	struct cli_rows members, history, reviews;
};

static int read_parts(struct wn_cli *cli, const struct wn_ref_id *ref, int64_t events, struct parts *p)
{
	struct wn_pg_param id = wn_pg_id(ref->id), bucket = wn_pg_int2(ref->bucket);
	int code = cli_read_one(cli, "campaign", WN_PARAMS(id, bucket), &p->campaign);
	if (code == 0)
		code = cli_read(cli, "campaign_members", WN_PARAMS(id, wn_pg_int8(MEMBERS)), &p->members);
	if (code == 0)
		code =
		    cli_read(cli, "campaign_history", WN_PARAMS(id, bucket, wn_pg_int8(events)), &p->history);
	if (code == 0)
		code = cli_read(cli, "campaign_reviews", WN_PARAMS(id), &p->reviews);
	return code;
}

static void print_head(struct wn_cli *cli, struct wn_value c)
{
	fprintf(cli->out, "%s  campaign %s, %s\n", row_text(cli, c, "segment"),
		cli_campaign_id(cli, row_id(c, "campaign_id")), result_or_state(cli, c));
	if (row_has(c, "description"))
		cli_paragraph(cli, cli->out, 2, row_text(cli, c, "description"));
	fprintf(cli->out, "  for       %s (segment version %s, owner %s)\n", group_text(cli, c),
		row_text(cli, c, "version"), row_text(cli, c, "owner"));
	if (row_us(c, "proposed_at") != WN_NEVER)
		fprintf(cli->out, "  proposed  %s\n", cli_when(cli, row_us(c, "proposed_at")));
	if (row_us(c, "opened_at") != WN_NEVER) {
		fprintf(cli->out, "  opened    %s\n", cli_when(cli, row_us(c, "opened_at")));
		fprintf(cli->out, "  intake    until %s\n", cli_when(cli, row_us(c, "intake_ends_at")));
	}
	if (row_us(c, "closed_at") != WN_NEVER)
		fprintf(cli->out, "  closed    %s: %s\n", cli_when(cli, row_us(c, "closed_at")),
			row_text(cli, c, "result"));
	else if (row_us(c, "live_until") != WN_NEVER)
		fprintf(cli->out, "  ends      %s as things stand; at the latest %s\n",
			cli_when(cli, row_us(c, "live_until")), cli_at(cli, row_us(c, "max_ends_at")));
	fprintf(cli->out, "  members   %s live of %s ever, %s held out; %s touched, %s reached the goal\n",
		row_text(cli, c, "live_members"), row_text(cli, c, "members"), row_text(cli, c, "holdouts"),
		row_text(cli, c, "touched"), row_text(cli, c, "achieved"));
	fprintf(cli->out, "  goal      %s of %s within %s\n", row_text(cli, c, "goal_metric"),
		cli_percent(cli, row_double(c, "goal_target")),
		cli_span(cli, (int64_t)(row_double(c, "goal_window_s") * 1e6)));
	if (row_double(c, "cost_usd") > 0)
		fprintf(cli->out, "  cost      %s USD\n", row_text(cli, c, "cost_usd"));
}

static void print_members(struct wn_cli *cli, const struct parts *p)
{
	static const struct cli_column columns[] = {{"ACCOUNT", 0},
						    {"WHO", CLI_CLIP},
						    {"HEAT", CLI_RIGHT},
						    {"ENDS", 0},
						    {"SENT", CLI_RIGHT | CLI_DROP},
						    {"STATE", CLI_CLIP}};
	struct cli_table t;
	if (!p->members.n)
		return;
	fputs("\nMembers\n", cli->out);
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	t.indent = 2;
	for (size_t i = 0; i < p->members.n; i++) {
		struct wn_value m = p->members.v[i];
		bool live = strcmp(row_text(cli, m, "state"), "live") == 0;
		int64_t stale = row_us(m, "stale_at"), box = row_us(m, "box_ends_at");
		const char *who =
		    *row_text(cli, m, "contact") ? row_text(cli, m, "contact") : row_text(cli, m, "email");
		CLI_LINE(&t, row_text(cli, m, "account"), row_has(m, "contact_id") ? who : "the account itself",
			 live ? wn_arena_printf(cli->arena, "%.2f",
						cli_heat(cli, row_list(m, "evidence"), cli->now_us))
			      : "",
			 live ? wn_arena_printf(cli->arena, "%s, %s", cli_rel(cli, stale < box ? stale : box),
						stale <= box ? "stale" : "box")
			      : cli_rel(cli, row_us(m, "left_at")),
			 row_text(cli, m, "touches_sent"),
			 live ? (row_bool(m, "holdout") ? "live, held out" : "live")
			      : words_left(row_text(cli, m, "left_why")));
	}
	cli_table_end(&t);
}

static void print_history(struct wn_cli *cli, const struct parts *p)
{
	fputs("\nTimeline\n", cli->out);
	cli_timeline(cli, &p->history);
	if (row_int(p->campaign, "gen") > (int64_t)p->history.n)
		fprintf(cli->out, "  the newest %zu of %s events; --events N shows more\n", p->history.n, row_text(cli, p->campaign, "gen"));
}

static void print_reviews(struct wn_cli *cli, const struct parts *p)
{
	for (size_t i = 0; i < p->reviews.n; i++) {
		struct wn_value r = p->reviews.v[i];
		fprintf(cli->out,
			"\n%s review, %s: %s\n  %s of %s touched reached %s: %s (95 %% between %s and %s), "
			"target %s\n",
			row_bool(r, "final") ? "Final" : "First", cli_at(cli, row_us(r, "at")),
			row_text(cli, r, "verdict"), row_text(cli, r, "achieved"), row_text(cli, r, "touched"),
			row_text(cli, r, "metric"), cli_percent(cli, row_double(r, "rate")),
			cli_percent(cli, row_double(r, "low")), cli_percent(cli, row_double(r, "high")),
			cli_percent(cli, row_double(r, "target")));
	}
}

static int run_show(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct parts p = {0};
	struct wn_ref_id ref;
	int64_t events = HISTORY;
	int code = cli_int_option(cli, "--events", 1, 1000000, &events);
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0)
		code = cli_find_campaign(cli, argv[0], &ref);
	if (code == 0)
		code = read_parts(cli, &ref, events, &p);
	if (code)
		return code;
	if (cli->json) {
		struct wn_value v = row_with(cli, p.campaign, "member_list", rows_value(&p.members));
		v = row_with(cli, v, "history", rows_value(&p.history));
		cli_json(cli, row_with(cli, v, "reviews", rows_value(&p.reviews)));
		return WN_EXIT_DONE;
	}
	print_head(cli, p.campaign);
	print_members(cli, &p);
	print_reviews(cli, &p);
	cli_print_lessons(cli, row_text(cli, p.campaign, "segment"));
	print_history(cli, &p);
	return WN_EXIT_DONE;
}

static const struct wn_cli_option show_options[] = {
    {"--events", "N", "the newest N events of the timeline [200]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_show = {
    .name = "campaign show",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "members, reviews and the timeline of a campaign",
    .more = "The timeline is the campaign's history, a sentence for each event: what changed, for whom, by which signal, why, "
	    "and who did it.",
    .options = show_options,
    .run = run_show,
};
