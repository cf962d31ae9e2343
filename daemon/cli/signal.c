/* SPDX-License-Identifier: MIT */
/* `signal list|show`. */
#include "parts.h"

/* --- list ------------------------------------------------------------------------------------ */
static int read_list(struct wn_cli *cli, struct cli_rows *rows)
{
	int64_t limit = 50, since = 0;
	struct wn_id id;
	int code = cli_int_option(cli, "--limit", 1, 100000, &limit);
	if (code == 0)
		code = cli_connect(cli);
	if (code)
		return code;
	since = cli->now_us - 30 * WN_DAY;
	code = cli_time_option(cli, "--since", &since);
	if (code == 0 && cli_value(cli, "--account")) {
		code = cli_find_account(cli, cli_value(cli, "--account"), &id);
		int64_t bucket = wn_id_bucket(id);
		return code ? code
			    : cli_read(cli, "account_signals",
				       WN_PARAMS(wn_pg_ids(cli->arena, &id, 1),
						 wn_pg_int8s(cli->arena, &bucket, 1), wn_pg_int8(limit)),
				       rows);
	}
	return code ? code
		    : cli_read(cli, "signals",
			       WN_PARAMS(wn_pg_text(cli_value(cli, "--kind")), wn_pg_time(since),
					 wn_pg_int8(limit), wn_pg_bool(cli_flag(cli, "--retracted"))),
			       rows);
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {{"SIGNAL", 0},
						    {"STORED", CLI_DROP},
						    {"ACCOUNT", CLI_CLIP},
						    {"KIND", 0},
						    {"OCCURRED", 0},
						    {"FRESH", CLI_RIGHT},
						    {"BY", CLI_RIGHT | CLI_DROP},
						    {"FEED", CLI_CLIP | CLI_DROP},
						    {"WHAT", CLI_CLIP}};
	struct cli_rows rows;
	struct cli_table t;
	int code = read_list(cli, &rows);
	if (code)
		return code;
	if (cli->json) {
		cli_json(cli, cli_with_freshness(cli, rows_value(&rows)));
		return WN_EXIT_DONE;
	}
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	for (size_t i = 0; i < rows.n; i++) {
		struct wn_value s = rows.v[i];
		const char *account = row_text(cli, s, "account");
		CLI_LINE(&t, cli_signal_id(cli, row_id(s, "signal_key")), cli_rel(cli, row_us(s, "stored_at")),
			 *account                      ? account
			 : cli_value(cli, "--account") ? cli_value(cli, "--account")
						       : "",
			 row_text(cli, s, "kind"), cli_rel(cli, row_us(s, "occurred_at")),
			 row_bool(s, "retracted")
			     ? "retracted"
			     : wn_arena_printf(cli->arena, "%.2f", cli_freshness(s, cli->now_us)),
			 row_text(cli, s, "publishers"), row_text(cli, s, "feed"), cli_signal_text(cli, s));
	}
	cli_table_end(&t);
	if (!rows.n)
		cli_say(cli, "no signals in that time; --since 90d looks further back");
	return WN_EXIT_DONE;
}

static const struct wn_cli_option list_options[] = {
    {"--account", "ACCOUNT", "of this account only, whenever they were stored"},
    {"--kind", "KIND", "of this kind only"},
    {"--since", "TIME", "stored since then: 2026-05-04, or 3d [30d]"},
    {"--retracted", NULL, "retracted ones too"},
    {"--limit", "N", "at most so many [50]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_signal_list = {
    .name = "signal list",
    .args = "",
    .summary = "signals, the newest first",
    .options = list_options,
    .run = run_list,
};

/* --- show ------------------------------------------------------------------------------------ */
static void print_sightings(struct wn_cli *cli, struct wn_value list)
{
	for (size_t i = 0; i < list.n; i++) {
		struct wn_value s = list.list[i];
		fprintf(cli->out, "  %s, feed %s%s%s, seen %s\n", cli_at(cli, row_us(s, "occurred_at")),
			row_text(cli, s, "feed"), row_has(s, "publisher") ? ", by " : "",
			row_text(cli, s, "publisher"), cli_at(cli, row_us(s, "observed_at")));
		if (row_has(s, "headline"))
			cli_paragraph(cli, cli->out, 4,
				      wn_arena_printf(cli->arena, "\"%s\"", row_text(cli, s, "headline")));
		if (row_has(s, "span"))
			cli_paragraph(
			    cli, cli->out, 4,
			    wn_arena_printf(cli->arena, "read from: \"%s\"", row_text(cli, s, "span")));
		if (row_has(s, "url"))
			fprintf(cli->out, "    %s\n", row_text(cli, s, "url"));
	}
}

static void print_attrs(struct wn_cli *cli, const char *title, struct wn_value attrs)
{
	for (size_t i = 0; attrs.kind == WN_MAP && i < attrs.n; i++)
		fprintf(cli->out, "  %-12s " WN_STR_FMT " = %s\n", i ? "" : title,
			WN_STR_ARG(wn_value_str(attrs.map[i].key)), cli_value_text(cli, attrs.map[i].value));
}

static void print_signal(struct wn_cli *cli, struct wn_value s)
{
	fprintf(cli->out, "%s about %s, signal %s%s\n", row_text(cli, s, "kind"), row_text(cli, s, "account"),
		cli_signal_id(cli, row_id(s, "signal_key")),
		row_bool(s, "retracted") ? ", retracted: kept, and never matched again" : "");
	if (row_has(s, "retracted_why"))
		fprintf(cli->out, "  because: %s\n", row_text(cli, s, "retracted_why"));
	if (row_has(s, "headline"))
		cli_paragraph(cli, cli->out, 2,
			      wn_arena_printf(cli->arena, "\"%s\"", row_text(cli, s, "headline")));
	print_attrs(cli, "attributes", wn_value_at(s, "attrs"));
	print_attrs(cli, "conflicts", wn_value_at(s, "conflicts"));
	fprintf(cli->out, "  occurred     %s\n", cli_when(cli, row_us(s, "occurred_at")));
	if (row_has(s, "published_at"))
		fprintf(cli->out, "  published    %s\n", cli_at(cli, row_us(s, "published_at")));
	fprintf(cli->out, "  observed     %s, stored %s\n", cli_at(cli, row_us(s, "observed_at")),
		cli_at(cli, row_us(s, "stored_at")));
	fprintf(cli->out, "  freshness    %.2f: strength %.2f, half-life %s, %s independent %s, 0 from %s on\n",
		cli_freshness(s, cli->now_us), row_double(s, "strength"),
		cli_span(cli, (int64_t)(row_double(s, "half_life_s") * 1e6)), row_text(cli, s, "publishers"),
		cli_plural(row_int(s, "publishers"), "publisher", "publishers"),
		cli_at(cli, row_us(s, "hard_stop_at")));
	if (row_bool(s, "history"))
		fputs("  history      it was old when its feed was first polled: it counts in windows and "
		      "opens nothing\n",
		      cli->out);
	fputs("\nSightings\n", cli->out);
	print_sightings(cli, row_list(s, "sightings"));
	struct wn_value used = row_list(s, "evidence_of");
	for (size_t i = 0; i < used.n; i++)
		fprintf(cli->out, "%sevidence in campaign %s of %s, member %s%s\n", i ? "" : "\n",
			cli_campaign_id(cli, row_id(used.list[i], "campaign_id")),
			row_text(cli, used.list[i], "segment"), row_text(cli, used.list[i], "state"),
			row_bool(used.list[i], "removed") ? ", removed" : "");
}

static int run_show(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_ref_id ref;
	struct wn_value s;
	int code = cli_connect(cli);
	if (code == 0)
		code = cli_find_signal(cli, argv[0], &ref);
	if (code == 0)
		code = cli_read_one(
		    cli, "signal_detail",
		    WN_PARAMS(wn_pg_id(ref.id), wn_pg_id(ref.account_id), wn_pg_int2(ref.bucket)), &s);
	if (code)
		return code;
	if (cli->json)
		cli_json(cli, row_with(cli, s, "freshness_now", wn_double(cli_freshness(s, cli->now_us))));
	else
		print_signal(cli, s);
	return WN_EXIT_DONE;
}

const struct wn_command command_signal_show = {
    .name = "signal show",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "a signal with its sightings and where it is evidence",
    .run = run_show,
};
