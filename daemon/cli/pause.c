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

/* --- touches that a colleague's reply holds --------------------------------------------------- */
struct resume {
	struct wn_cli *cli;
	struct wn_id account;
	const char *segment;
};

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct resume *r = ctx;
	return wn_store_load_accounts(s, w, &r->account, 1, WN_LOAD_ALL, err);
}

static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct resume *r = ctx;
	struct wn_event ev = {.type = WN_EV_RESUME, .account = wn_world_account(w, r->account), .why = wn_str_of(r->segment)};
	return ev.account ? wn_campaign_step(w, &ev, err) : wn_fail(err, WN_NOT_FOUND, "the account is gone");
}

static void done(void *ctx, struct wn_world *w)
{
	struct resume *r = ctx;
	cli_print_changes(r->cli, w);
}

static int resume_account(struct wn_cli *cli, const char *account)
{
	struct resume r = {.cli = cli, .segment = cli_value(cli, "--segment")};
	struct wn_unit u = {.load = load, .step = step, .done = done, .ctx = &r};
	int code = cli_book(cli);
	if (code == 0)
		code = cli_find_account(cli, account, &r.account);
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	cli_say(cli, "touches that a reply held go out again");
	return WN_EXIT_DONE;
}

static int run_resume(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	const char *account = cli_value(cli, "--account");
	return account ? resume_account(cli, account) : set_paused(cli, false);
}

static const struct wn_cli_option options[] = {
    {"--segment", "NAME", "this segment only"},
    {NULL, NULL, NULL},
};
static const struct wn_cli_option resume_options[] = {
    {"--segment", "NAME", "this segment only"},
    {"--account", "ACCOUNT", "end the hold after somebody of this account replied"},
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
    .more = "With --account: after a reply the account's other contacts are held until somebody has looked at it; this lets their touches go "
	    "on. Whoever replied is not written to any more.",
    .options = resume_options,
    .run = run_resume,
};
