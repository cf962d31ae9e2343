/* SPDX-License-Identifier: MIT */
/* `sink list|test|replay`: where events go, what waits, what was given up, and getting it going again. */
#include "parts.h"

enum { TEST_MS = 11 * 60 * 1000 /* longer than any sink's own limit */, DEAD_SHOWN = 50 };

static const char *number(struct wn_cli *cli, struct wn_value row, const char *member)
{
	return wn_arena_printf(cli->arena, "%lld", (long long)row_int(row, member));
}

static const char *state_of(struct wn_cli *cli, struct wn_value row)
{
	if (!row_bool(row, "enabled"))
		return "no file has it";
	if (row_has(row, "off_at"))
		return wn_arena_printf(cli->arena, "switched off %s: %s", cli_rel(cli, row_us(row, "off_at")), row_text(cli, row, "off_why"));
	if (row_int(row, "retrying"))
		return wn_arena_printf(cli->arena, "failing, again %s: %s", cli_rel(cli, row_us(row, "next_at")), row_text(cli, row, "last_error"));
	return row_int(row, "dead") ? row_text(cli, row, "last_error") : "good";
}

/* --- list ---- */
static void dead_line(struct wn_cli *cli, struct cli_table *t, struct wn_value row)
{
	CLI_LINE(t, row_text(cli, row, "event_id"), row_text(cli, row, "type"), row_text(cli, row, "segment"),
		 cli_rel(cli, row_us(row, "at")), number(cli, row, "attempts"), row_text(cli, row, "error"));
}

static int list_dead(struct wn_cli *cli, const char *name)
{
	static const struct cli_column columns[] = {{"EVENT", 0},    {"TYPE", 0},          {"SEGMENT", CLI_CLIP},
						    {"HAPPENED", 0}, {"TRIES", CLI_RIGHT}, {"ERROR", CLI_CLIP}};
	struct cli_rows rows;
	int code = cli_read(cli, "dead_letters", WN_PARAMS(wn_pg_text(name), wn_pg_int8(DEAD_SHOWN)), &rows);
	if (code)
		return code;
	code = cli_list(cli, &rows, columns, WN_COUNT(columns), dead_line, wn_arena_printf(cli->arena, "sink %s has no dead letters", name));
	if (rows.n && !cli->json)
		cli_hint(cli, "`whynow sink replay %s` sends them once more; `--event ID` only one", name);
	return code;
}

static int find_sink(struct wn_cli *cli, const char *name, const struct cli_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(row_text(cli, rows->v[i], "sink"), name) == 0)
			return WN_EXIT_DONE;
	cli_error(cli, WN_EXIT_NOT_FOUND, "no sink \"%s\"", name);
	cli_hint(cli, "`whynow sink list --all` shows them; a sink whose file is new is known after a reload");
	return WN_EXIT_NOT_FOUND;
}

static int read_sinks(struct wn_cli *cli, bool all, struct cli_rows *rows)
{
	int code = cli_connect(cli);
	return code ? code : cli_read(cli, "sinks", WN_PARAMS(wn_pg_bool(all)), rows);
}

static void sink_line(struct wn_cli *cli, struct cli_table *t, struct wn_value row)
{
	CLI_LINE(t, row_text(cli, row, "sink"), row_text(cli, row, "kind"), number(cli, row, "waiting"),
		 number(cli, row, "dead"), number(cli, row, "delivered"), cli_rel(cli, row_us(row, "delivered_at")),
		 state_of(cli, row));
}

static int run_list(struct wn_cli *cli, int argc, char **argv)
{
	static const struct cli_column columns[] = {{"SINK", 0}, {"KIND", 0}, {"WAITING", CLI_RIGHT}, {"DEAD", CLI_RIGHT}, {"DELIVERED", CLI_RIGHT | CLI_DROP},
						    {"LAST", 0}, {"STATE", CLI_CLIP}};
	struct cli_rows rows;
	int code = read_sinks(cli, argc > 0 || cli_flag(cli, "--all"), &rows);
	if (code == 0 && argc > 0)
		code = find_sink(cli, argv[0], &rows);
	if (code || argc > 0)
		return code ? code : list_dead(cli, argv[0]);
	return cli_list(cli, &rows, columns, WN_COUNT(columns), sink_line,
			"no sinks; they are files in sinks.d, and an instance writes them here when it starts");
}

static const struct wn_cli_option list_options[] = {
    {"--all", NULL, "also sinks that no file has any more"},
    {NULL, NULL, NULL},
};
const struct wn_command command_sink_list = {
    .name = "sink list",
    .args = "[SINK]",
    .max_args = 1,
    .summary = "sinks, what waits for them, and what was given up; of one sink: its dead letters",
    .more = "Counted are events; touches are in `whynow touch list`. A sink whose receiver answered 410 Gone is switched off: its events become dead "
	    "letters, its touches are held, until its file changes or `whynow sink replay` switches it on.",
    .options = list_options,
    .run = run_list,
};

/* --- test ---- */
static int run_test(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_value answer = {0};
	struct wn_map_builder body = wn_map_begin(cli->arena);
	struct wn_buf text;
	const char *to = cli_value(cli, "--to");
	if (strchr(argv[0], '/'))
		return cli_error(cli, WN_EXIT_USAGE, "\"%s\" is no name of a sink", argv[0]);
	if (to)
		wn_map_set(&body, "to", wn_cstring(to));
	wn_buf_init(&text, 4000);
	wn_json_write(&text, wn_map_end(&body));
	int code = cli_post(cli, wn_arena_printf(cli->arena, "/v1/sinks/%s/test", argv[0]), text.p, TEST_MS, &answer);
	wn_buf_done(&text);
	if (code)
		return code;
	bool taken = row_bool(answer, "delivered");
	if (cli->json)
		cli_json(cli, answer);
	else if (taken)
		cli_say(cli, "sink %s took the test event%s%s", argv[0], *row_text(cli, answer, "text") ? ": " : "", row_text(cli, answer, "text"));
	else
		cli_error(cli, WN_EXIT_REFUSED, "sink %s did not take the test event: %s", argv[0], row_text(cli, answer, "text"));
	return taken ? WN_EXIT_DONE : WN_EXIT_REFUSED;
}

static const struct wn_cli_option test_options[] = {
    {"--to", "ADDRESS", "of a mail [the sink's sender]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_sink_test = {
    .name = "sink test",
    .args = "SINK",
    .min_args = 1,
    .max_args = 1,
    .summary = "send one test event to a sink now, and say what it answered",
    .more = "The daemon sends it, with its credentials and from its network: an event of type sink.test, of which nothing is stored.",
    .options = test_options,
    .run = run_test,
};

/* --- replay ---- */
static int run_replay(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct cli_rows rows;
	struct wn_id event = {{0}};
	struct wn_err err = {0};
	int64_t n = 0;
	const char *id = cli_value(cli, "--event");
	if (id && !wn_id_from_text(wn_str_of(id), &event))
		return cli_error(cli, WN_EXIT_USAGE, "--event: the whole id is expected, as `whynow sink list %s` shows it", argv[0]);
	int code = read_sinks(cli, true, &rows);
	if (code == 0)
		code = find_sink(cli, argv[0], &rows);
	if (code)
		return code;
	enum wn_rc rc = wn_store_outbox_replay(cli->store, wn_str_of(argv[0]), event, cli->now_us, &n, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_nudge(cli);
	if (cli->json) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "sink", wn_cstring(argv[0]));
		wn_map_set(&m, "replayed", wn_int(n));
		cli_json(cli, wn_map_end(&m));
	}
	cli_say(cli, "%lld dead %s of sink %s %s sent once more; the sink is on", (long long)n, cli_plural(n, "letter", "letters"), argv[0],
		cli_plural(n, "is", "are"));
	return WN_EXIT_DONE;
}

static const struct wn_cli_option replay_options[] = {
    {"--event", "ID", "only this one"},
    {NULL, NULL, NULL},
};
const struct wn_command command_sink_replay = {
    .name = "sink replay",
    .args = "SINK",
    .min_args = 1,
    .max_args = 1,
    .summary = "send the dead letters of a sink once more, and switch it on if it was off",
    .more = "Every event keeps its id, so a receiver that has seen it can tell. The retry plan begins anew.",
    .options = replay_options,
    .run = run_replay,
};
