/* SPDX-License-Identifier: MIT */
/* `fsck`: the invariants of the database, one query each; zero rows are expected of every one. */
#include "parts.h"

static int run(struct wn_cli *cli, int argc, char **argv)
{
	int64_t bound = 60;
	struct wn_fsck_row *rows;
	struct wn_err err = {0};
	size_t n;
	int checks = 0;
	(void)argc;
	(void)argv;
	int code = cli_int_option(cli, "--bound", 0, 86400, &bound);
	if (code == 0)
		code = cli_connect(cli);
	if (code)
		return code;
	enum wn_rc rc =
	    wn_store_fsck(cli->store, cli->now_us, bound * WN_SECOND, cli->arena, &rows, &n, &checks, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	if (cli->json) {
		struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, n + 1);
		for (size_t i = 0; i < n; i++) {
			struct wn_map_builder m = wn_map_begin(cli->arena);
			wn_map_set(&m, "check", wn_cstring(rows[i].name));
			wn_map_set(&m, "sentence", wn_cstring(rows[i].sentence));
			wn_map_set(&m, "what", wn_string(rows[i].what));
			v[i] = wn_map_end(&m);
		}
		cli_json(cli, wn_list(v, n));
		return n ? WN_EXIT_NO : WN_EXIT_DONE;
	}
	for (size_t i = 0; i < n; i++)
		fprintf(cli->out, "%s: %s: %s\n", rows[i].name, rows[i].sentence, cli_clean(cli, rows[i].what));
	if (n)
		cli_hint(
		    cli,
		    "%zu findings of %d checks; every one is a fault of the program or of a hand in the tables",
		    n, checks);
	else if (cli_flag(cli, "--verbose"))
		cli_say(cli, "%d checks, nothing found", checks);
	return n ? WN_EXIT_NO : WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
    {"--bound", "SECONDS", "how late an end may be noticed [60]"},
    {"--verbose", NULL, "say so if nothing is found"},
    {NULL, NULL, NULL},
};
const struct wn_command command_fsck = {
    .name = "fsck",
    .args = "",
    .summary = "check the invariants of the database; silent if all hold",
    .more = "No duplicate sighting, one open campaign a group, every step in history with its event, counters "
	    "equal to their recomputation, nothing sent "
	    "after its member left, and so on. Exit code 1 if anything is found.",
    .options = options,
    .run = run,
};
