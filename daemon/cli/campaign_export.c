/* SPDX-License-Identifier: MIT */
/*
 * `campaign export`: the members of a campaign, or of a segment's campaigns, one row each, for tables and programs. What the operator's role
 * may not read the database refuses, here as everywhere.
 */
#include "parts.h"
#include <errno.h>
#include <whynow/date.h>

static const char *const columns[] = {
    "segment", "campaign_id", "campaign_state", "account", "contact", "email", "position", "state", "left_why", "holdout", "enrolled_at", "left_at",
    "box_ends_at", "stale_at", "why", "headline", "url", "evidence", "touches_sent", "touches_waiting", "last_touch_at", "replied", "reached_at",
};

/* A cell: quoted where it must be, and never a formula for the program that opens the table. */
static void put_cell(struct wn_cli *cli, FILE *to, struct wn_value row, const char *name)
{
	struct wn_value v = wn_value_at(row, name);
	char time[40];
	struct wn_str s = v.kind == WN_STRING ? wn_value_str(v) : wn_str_of(row_text(cli, row, name));
	if (v.kind == WN_TIMESTAMP) {
		wn_rfc3339_from_us(wn_value_us(v), time);
		s = wn_str_of(time);
	}
	bool formula = v.kind == WN_STRING && s.n && strchr("=+-@\t\r", s.p[0]), quote = formula;
	for (size_t i = 0; i < s.n; i++)
		quote = quote || s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
	if (quote)
		fputs(formula ? "\"'" : "\"", to);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', to);
		fputc(s.p[i], to);
	}
	if (quote)
		fputc('"', to);
}

static void put_csv(struct wn_cli *cli, FILE *to, const struct cli_rows *rows)
{
	for (size_t k = 0; k < WN_COUNT(columns); k++)
		fprintf(to, "%s%s", k ? "," : "", columns[k]);
	fputs("\r\n", to);
	for (size_t i = 0; i < rows->n; i++) {
		for (size_t k = 0; k < WN_COUNT(columns); k++) {
			if (k)
				fputc(',', to);
			put_cell(cli, to, rows->v[i], columns[k]);
		}
		fputs("\r\n", to);
	}
}

static void put_lines(struct wn_cli *cli, FILE *to, const struct cli_rows *rows)
{
	FILE *out = cli->out;
	cli->out = to;
	for (size_t i = 0; i < rows->n; i++)
		cli_json(cli, rows->v[i]);
	cli->out = out;
}

/* Names of segments first: an id is hexadecimal, and may be the beginning of one only. */
static int read_members(struct wn_cli *cli, const char *what, struct cli_rows *rows)
{
	struct wn_ref_id ref = {0};
	bool all = cli_flag(cli, "--all");
	int code = cli_read(cli, "campaign_export", WN_PARAMS(wn_pg_text(NULL), wn_pg_text(what), wn_pg_bool(all)), rows);
	if (code || rows->n)
		return code;
	struct cli_rows any;
	code = cli_read(cli, "campaigns", WN_PARAMS(wn_pg_text(what), wn_pg_bool(true), wn_pg_int8(1)), &any);
	if (code || any.n)
		return code;
	code = cli_find_campaign(cli, what, &ref);
	if (code)
		return code;
	char id[37];
	wn_id_to_text(ref.id, id);
	return cli_read(cli, "campaign_export", WN_PARAMS(wn_pg_text(id), wn_pg_text(NULL), wn_pg_bool(true)), rows);
}

static int run_export(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct cli_rows rows;
	const char *path = cli_value(cli, "--output");
	int code = cli_connect(cli);
	if (code == 0)
		code = read_members(cli, argv[0], &rows);
	if (code)
		return code;
	FILE *to = path ? fopen(path, "we") : cli->out;
	if (!to)
		return cli_error(cli, WN_EXIT_NO, "%s cannot be written: %s", path, strerror(errno));
	if (cli->json)
		put_lines(cli, to, &rows);
	else
		put_csv(cli, to, &rows);
	if (path) {
		bool bad = ferror(to);
		bad = fclose(to) != 0 || bad;
		if (bad)
			return cli_error(cli, WN_EXIT_NO, "%s could not be written: %s", path, strerror(errno));
		cli_say(cli, "%zu %s written to %s", rows.n, cli_plural((int64_t)rows.n, "member", "members"), path);
	}
	return WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
    {"--all", NULL, "of a segment: members of closed campaigns and shadows too"},
    {"--output", "FILE", "write it there [standard output]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_export = {
    .name = "campaign export",
    .args = "ID|SEGMENT",
    .min_args = 1,
    .max_args = 1,
    .summary = "members with who, why, state and touches, as CSV or with --json as JSON lines",
    .more = "Of one campaign, or of all campaigns of a segment that are alive. A cell that a spreadsheet would take for a formula begins with an "
	    "apostrophe. Roles that may not read addresses may not export.",
    .options = options,
    .run = run_export,
};
