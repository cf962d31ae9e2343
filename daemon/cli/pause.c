/* SPDX-License-Identifier: MIT */
/* `pause` and `resume`: campaigns live on, touches are held. `reload`: the daemon reads its files again. */
#include "parts.h"

static int set_paused(struct wn_cli *cli, bool paused)
{
	const char *segment = cli_value(cli, "--segment");
	struct wn_err err = {0};
	bool all = false;
	int code = cli_connect(cli);
	if (code)
		return code;
	enum wn_rc rc = wn_store_pause(cli->store, wn_str_of(segment), paused, cli->actor, cli->now_us, &err);
	if (rc == WN_OK && segment && !paused)
		rc = wn_store_is_paused(cli->store, &all, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_nudge(cli);
	cli_say(cli, "%s%s: %s", segment ? "segment " : "everything", segment ? segment : "",
		paused ? "touches are held, campaigns live on and still end at their instants"
		       : "touches go out again");
	if (all)
		cli_hint(cli, "everything is paused still; `whynow resume` without --segment ends that");
	return WN_EXIT_DONE;
}

static int run_pause(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	return set_paused(cli, true);
}
static int run_resume(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	return set_paused(cli, false);
}

static const struct wn_cli_option options[] = {
    {"--segment", "NAME", "this segment only"},
    {NULL, NULL, NULL},
};
const struct wn_command command_pause = {
    .name = "pause",
    .args = "",
    .summary = "hold every touch, or those of one segment",
    .more = "Campaigns still open, are extended and end; nothing is sent until `whynow resume`. A touch whose "
	    "time runs out meanwhile expires.",
    .options = options,
    .run = run_pause,
};
const struct wn_command command_resume = {
    .name = "resume",
    .args = "",
    .summary = "let touches go out again",
    .options = options,
    .run = run_resume,
};
