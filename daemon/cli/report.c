/* SPDX-License-Identifier: MIT */
/*
 * `campaign report`: what came of campaigns, by campaign, segment, kind or feed; rates with their intervals, lift against those held out,
 * what it cost and what it brought. `lesson add|list`: what was learned, shown before the next one opens.
 */
#include "parts.h"
#include <whynow/text.h>

/* --- report ---------------------------------------------------------------------------------- */
static const char *interval(struct wn_cli *cli, double low, double high)
{
	return wn_arena_printf(cli->arena, "%s to %s", cli_percent(cli, low), cli_percent(cli, high));
}

static struct wn_value with_rates(struct wn_cli *cli, struct wn_value r)
{
	int touched = (int)row_int(r, "touched"), achieved = (int)row_int(r, "achieved"), held = (int)row_int(r, "holdouts");
	double low, high, diff, cost = row_double(r, "cost_usd"), value = row_double(r, "value_usd");
	wn_wilson(achieved, touched, &low, &high);
	r = row_with(cli, r, "rate", touched ? wn_double((double)achieved / touched) : (struct wn_value){0});
	r = row_with(cli, r, "rate_low", wn_double(low));
	r = row_with(cli, r, "rate_high", wn_double(high));
	if (achieved && cost > 0)
		r = row_with(cli, r, "cpa_usd", wn_double(cost / achieved));
	if (cost > 0)
		r = row_with(cli, r, "roi", wn_double((value - cost) / cost));
	if (!wn_lift((int)row_int(r, "reached"), (int)row_int(r, "audience"), (int)row_int(r, "holdouts_reached"), held, &diff, &low, &high))
		return row_with(cli, r, "lift_verdict", wn_cstring("not enough data"));
	r = row_with(cli, r, "lift", wn_double(diff));
	r = row_with(cli, r, "lift_low", wn_double(low));
	r = row_with(cli, r, "lift_high", wn_double(high));
	return row_with(cli, r, "lift_verdict", wn_cstring(low > 0 ? "better than held out" : high < 0 ? "worse than held out" : "not enough data"));
}

static const char *span_of(struct wn_cli *cli, struct wn_value r, const char *member)
{
	return row_has(r, member) ? cli_span(cli, (int64_t)(row_double(r, member) * 1e6)) : "-";
}

static void print_one(struct wn_cli *cli, struct wn_value r)
{
	fprintf(cli->out, "%s  %s %s\n", row_text(cli, r, "of"), row_text(cli, r, "campaigns"), cli_plural(row_int(r, "campaigns"), "campaign", "campaigns"));
	fprintf(cli->out, "  audience     %s, %s held out; %s touched, %s replied\n", row_text(cli, r, "audience"), row_text(cli, r, "holdouts"),
		row_text(cli, r, "touched"), row_text(cli, r, "replied"));
	fprintf(cli->out, "  touches      %s sent, %s waiting, %s failed, %s unknown, %s dropped, %s expired, %s cancelled\n", row_text(cli, r, "sent"),
		row_text(cli, r, "waiting"), row_text(cli, r, "failed"), row_text(cli, r, "unknown"), row_text(cli, r, "dropped"), row_text(cli, r, "expired"),
		row_text(cli, r, "cancelled"));
	if (row_int(r, "touched"))
		fprintf(cli->out, "  goal         %s of %s touched: %s (95 %%: %s)\n", row_text(cli, r, "achieved"), row_text(cli, r, "touched"),
			cli_percent(cli, row_double(r, "rate")), interval(cli, row_double(r, "rate_low"), row_double(r, "rate_high")));
	else
		fputs("  goal         not enough data: nobody was touched\n", cli->out);
	if (row_has(r, "lift"))
		fprintf(cli->out, "  lift         %s against %s held out (95 %%: %s): %s\n", cli_percent(cli, row_double(r, "lift")),
			row_text(cli, r, "holdouts"), interval(cli, row_double(r, "lift_low"), row_double(r, "lift_high")), row_text(cli, r, "lift_verdict"));
	else
		fputs("  lift         not enough data\n", cli->out);
	fprintf(cli->out, "  attribution  %s by first touch, %s by last touch\n", row_text(cli, r, "first_touch"), row_text(cli, r, "last_touch"));
	fprintf(cli->out, "  money        %.2f USD spent, %.2f USD worth%s%s\n", row_double(r, "cost_usd"), row_double(r, "value_usd"),
		row_has(r, "cpa_usd") ? wn_arena_printf(cli->arena, "; %.2f USD a goal", row_double(r, "cpa_usd")) : "",
		row_has(r, "roi") ? wn_arena_printf(cli->arena, ", return %s", cli_percent(cli, row_double(r, "roi"))) : "");
	fprintf(cli->out, "  median time  published to seen %s, seen to enrolled %s, enrolled to first touch %s\n", span_of(cli, r, "published_to_seen_s"),
		span_of(cli, r, "seen_to_open_s"), span_of(cli, r, "open_to_first_touch_s"));
}

static int read_report(struct wn_cli *cli, int argc, char **argv, struct cli_rows *rows)
{
	static const char *const words[] = {"campaign", "segment", "kind", "feed"};
	struct wn_ref_id campaign = {0};
	const char *by = cli_value(cli, "--by");
	bool known = !by;
	for (size_t i = 0; i < WN_COUNT(words) && by; i++)
		known = known || strcmp(by, words[i]) == 0;
	if (!known)
		return cli_error(cli, WN_EXIT_USAGE, "--by is campaign, segment, kind or feed, not \"%s\"", by);
	int code = cli_connect(cli);
	if (code == 0 && argc)
		code = cli_find_campaign(cli, argv[0], &campaign);
	if (code)
		return code;
	by = by ? by : argc ? "campaign" : "segment";
	code = cli_read(cli, "report", WN_PARAMS(wn_pg_id_or_null(campaign.id), wn_pg_text(cli_value(cli, "--segment")), wn_pg_text(by)), rows);
	for (size_t i = 0; code == 0 && i < rows->n; i++)
		rows->v[i] = with_rates(cli, rows->v[i]);
	return code;
}

static int run_report(struct wn_cli *cli, int argc, char **argv)
{
	struct cli_rows rows;
	int code = read_report(cli, argc, argv, &rows);
	if (code)
		return code;
	if (cli->json) {
		cli_json_rows(cli, &rows);
		return WN_EXIT_DONE;
	}
	for (size_t i = 0; i < rows.n; i++) {
		if (i)
			fputc('\n', cli->out);
		print_one(cli, rows.v[i]);
	}
	if (!rows.n)
		cli_say(cli, "no campaign has run yet");
	return WN_EXIT_DONE;
}

static const struct wn_cli_option report_options[] = {
    {"--by", "WORD", "campaign, segment, kind or feed [segment; of one campaign: campaign]"},
    {"--segment", "NAME", "of this segment only"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_report = {
    .name = "campaign report",
    .args = "[ID]",
    .max_args = 1,
    .summary = "what came of campaigns: rates, lift, cost, attribution, latencies",
    .more = "Goals count members with a touch sent, with the 95 % Wilson interval. Lift compares all who were enrolled with those held out, pooled "
	    "over the campaigns of a line, or says that there is not enough data. Kind and feed are those of the signal that enrolled a member; what a "
	    "campaign cost is shared by its members. Shadow campaigns are left out.",
    .options = report_options,
    .run = run_report,
};

/* --- lessons --------------------------------------------------------------------------------- */
void cli_print_lessons(struct wn_cli *cli, const char *segment)
{
	struct cli_rows rows;
	if (cli_read(cli, "lessons", WN_PARAMS(wn_pg_text(segment), wn_pg_int8(5)), &rows) || !rows.n)
		return;
	fputs("\nLessons of earlier campaigns\n", cli->out);
	for (size_t i = 0; i < rows.n; i++)
		fprintf(cli->out, "  %s, %s: %s\n", cli_at(cli, row_us(rows.v[i], "at")), row_text(cli, rows.v[i], "by"), row_text(cli, rows.v[i], "text"));
}

static int run_lesson(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_ref_id campaign;
	struct wn_err err = {0};
	int code = cli_connect(cli);
	struct wn_str text = wn_text_one_line(wn_str_of(argv[1]), 2000, cli->arena);
	if (code == 0 && !text.n)
		return cli_error(cli, WN_EXIT_USAGE, "a lesson needs words");
	if (code == 0)
		code = cli_find_campaign(cli, argv[0], &campaign);
	if (code)
		return code;
	enum wn_rc rc = wn_store_lesson(cli->store, campaign.bucket, campaign.id, cli->now_us, cli->actor, text, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_say(cli, "kept; it is shown before the next campaign of the segment opens");
	return WN_EXIT_DONE;
}

const struct wn_command command_lesson_add = {
    .name = "lesson add",
    .args = "CAMPAIGN TEXT",
    .min_args = 2,
    .max_args = 2,
    .summary = "what was learned of a campaign",
    .more = "Shown with the next campaign of the segment: by `campaign show`, `campaign approve --show` and `lesson list`.",
    .run = run_lesson,
};

static int run_lessons(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct cli_rows rows;
	int code = cli_connect(cli);
	if (code == 0 && cli->json)
		code = cli_read(cli, "lessons", WN_PARAMS(wn_pg_text(argv[0]), wn_pg_int8(1000)), &rows);
	if (code)
		return code;
	if (cli->json)
		cli_json_rows(cli, &rows);
	else
		cli_print_lessons(cli, argv[0]);
	return WN_EXIT_DONE;
}

const struct wn_command command_lesson_list = {
    .name = "lesson list",
    .args = "SEGMENT",
    .min_args = 1,
    .max_args = 1,
    .summary = "what earlier campaigns of a segment taught",
    .run = run_lessons,
};
