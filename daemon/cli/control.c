/* SPDX-License-Identifier: MIT */
/* Asking the daemon itself: status, reload, feed poll; and how others do it. */
#include "parts.h"
#include <unistd.h>
#include <whynow/date.h>

enum { ANSWER_MS = 10000 };

/* What a problem answer (RFC 9457) says. */
static const char *detail_of(struct wn_cli *cli, const struct wn_control_reply *r)
{
	struct wn_value v;
	if (wn_json_parse((struct wn_str){r->body, r->body_n}, NULL, cli->arena, &v, NULL))
		return "it gave no reason";
	const char *detail = row_text(cli, v, "detail");
	return *detail ? detail : row_text(cli, v, "title");
}

static int code_of_status(int status)
{
	return status == 404   ? WN_EXIT_NOT_FOUND
	       : status == 400 ? WN_EXIT_INVALID
	       : status == 503 ? WN_EXIT_AWAY
			       : WN_EXIT_REFUSED;
}

static int away(struct wn_cli *cli, enum wn_rc rc, const struct wn_err *err)
{
	cli_error(cli, cli_exit_of(rc), "the daemon does not answer: %s", err->text);
	cli_hint(cli,
		 "`systemctl status whynowd` says whether it runs here; another socket is named by --control");
	return cli_exit_of(rc);
}

int cli_post(struct wn_cli *cli, const char *target, const char *body, int answer_ms, struct wn_value *out)
{
	struct wn_control_reply reply = {0};
	struct wn_err err = {0};
	int code = cli_config(cli);
	if (code)
		return code;
	enum wn_rc rc = wn_control_request(cli_control(cli), "POST", target, wn_str_of(body), answer_ms, &reply, &err);
	if (rc)
		return away(cli, rc, &err);
	if (reply.status / 100 != 2)
		code = cli_error(cli, code_of_status(reply.status), "the daemon refused: %s", detail_of(cli, &reply));
	else if (out && wn_json_parse((struct wn_str){reply.body, reply.body_n}, NULL, cli->arena, out, &err))
		code = cli_error(cli, WN_EXIT_INVALID, "the daemon's answer cannot be read: %s", err.text);
	wn_control_reply_done(&reply);
	return code;
}

enum wn_rc cli_get(struct wn_cli *cli, const char *target, struct wn_value *out, struct wn_err *err)
{
	struct wn_control_reply reply = {0};
	enum wn_rc rc = wn_control_request(cli_control(cli), "GET", target, (struct wn_str){NULL, 0}, ANSWER_MS, &reply, err);
	if (rc)
		return rc;
	if (reply.status / 100 != 2)
		rc = wn_fail(err, reply.status == 404 ? WN_NOT_FOUND : WN_REFUSED, "%s", detail_of(cli, &reply));
	else
		rc = wn_json_parse(wn_arena_str(cli->arena, (struct wn_str){reply.body, reply.body_n}), NULL, cli->arena, out, err);
	wn_control_reply_done(&reply);
	return rc;
}

static int post(struct wn_cli *cli, const char *target, const char *done)
{
	int code = cli_post(cli, target, NULL, ANSWER_MS, NULL);
	if (code == 0)
		cli_say(cli, "%s", done);
	return code;
}

static int run_reload(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	return post(
	    cli, "/v1/reload",
	    "the configuration was read again and is in force; `journalctl -u whynowd` shows what changed");
}

const struct wn_command command_reload = {
    .name = "reload",
    .args = "",
    .summary = "let the daemon read its files again",
    .more = "Everything is prepared first, then swapped; if anything is wrong the old configuration stays in "
	    "force and the error is shown.",
    .run = run_reload,
};

static int run_feed_poll(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	return post(cli, wn_arena_printf(cli->arena, "/v1/feeds/%s/poll", argv[0]),
		    wn_arena_printf(cli->arena, "feed %s is asked now; `whynow feed show %s` shows what came",
				    argv[0], argv[0]));
}

const struct wn_command command_feed_poll = {
    .name = "feed poll",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "ask a feed now",
    .run = run_feed_poll,
};

/* --- status ---------------------------------------------------------------------------------- */
static void line(struct wn_cli *cli, const char *name, const char *text)
{
	fprintf(cli->out, "%-11s %s\n", name, text);
}

static int status_of_database(struct wn_cli *cli, const char *why)
{
	struct wn_value v;
	int code = cli_connect(cli);
	if (code == 0)
		code = cli_read_one(cli, "counts", WN_PARAMS(wn_pg_time(cli->now_us)), &v);
	if (code)
		return code;
	if (cli->json) {
		cli_json(cli, row_with(cli, row_with(cli, v, "daemon", wn_cstring("away")), "daemon_error",
				       wn_cstring(why)));
		return WN_EXIT_AWAY;
	}
	line(cli, "daemon", wn_arena_printf(cli->arena, "away: %s", why));
	line(cli, "database",
	     wn_arena_printf(cli->arena, "up; %lld feeds, %lld of them blind, %lld segments",
			     (long long)row_int(v, "feeds"), (long long)row_int(v, "feeds_blind"),
			     (long long)row_int(v, "segments")));
	line(cli, "campaigns",
	     wn_arena_printf(
		 cli->arena, "%lld open, %lld finishing, %lld proposed; %lld members",
		 (long long)row_int(v, "campaigns_open"), (long long)row_int(v, "campaigns_finishing"),
		 (long long)row_int(v, "campaigns_proposed"), (long long)row_int(v, "members_live")));
	line(cli, "touches",
	     wn_arena_printf(cli->arena, "%lld waiting, %lld held%s", (long long)row_int(v, "touches_waiting"),
			     (long long)row_int(v, "touches_held"),
			     row_bool(v, "paused") ? "; everything is paused" : ""));
	cli_hint(cli, "nothing is polled, closed or sent while no daemon runs; `whynow doctor` says more");
	return WN_EXIT_AWAY;
}

static struct wn_value with_times(struct wn_cli *cli, struct wn_value v)
{
	static const char *const names[] = {"now", "started_at", "next_expiry"};
	for (size_t i = 0; i < WN_COUNT(names); i++) {
		struct wn_value t = wn_value_at(v, names[i]);
		int64_t us;
		if (t.kind == WN_STRING && wn_date_parse(wn_value_str(t), &us))
			v = row_with(cli, v, names[i], wn_time_us(us));
	}
	return v;
}

static void print_status(struct wn_cli *cli, struct wn_value v)
{
	cli->now_us = row_us(v, "now");
	cli_zone(cli);
	line(cli, "daemon",
	     wn_arena_printf(cli->arena, "%s (%s), up since %s", row_text(cli, v, "instance"),
			     row_text(cli, v, "version"), cli_when(cli, row_us(v, "started_at"))));
	line(cli, "status", row_text(cli, v, "status"));
	if (row_has(v, "database_error"))
		line(cli, "database", row_text(cli, v, "database_error"));
	if (row_has(v, "next_expiry"))
		line(cli, "next end", cli_when(cli, row_us(v, "next_expiry")));
	if (row_int(v, "feeds_failing") || row_int(v, "feeds_blind"))
		line(cli, "feeds",
		     wn_arena_printf(cli->arena, "%lld failing, %lld blind; `whynow feed list` shows them",
				     (long long)row_int(v, "feeds_failing"),
				     (long long)row_int(v, "feeds_blind")));
	if (row_bool(v, "paused"))
		line(cli, "paused", "every touch is held; `whynow resume` ends that");
	if (row_bool(v, "clock_doubtful"))
		line(cli, "clock", "in doubt: nothing is closed or sent until two readings agree");
}

static int run_status(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	struct wn_err err = {0};
	struct wn_value v;
	int code = cli_config(cli);
	if (code)
		return code;
	if (cli_get(cli, "/v1/status", &v, &err))
		return status_of_database(cli, err.text);
	if (cli->json)
		cli_json(cli, v);
	else
		print_status(cli, with_times(cli, v));
	return WN_EXIT_DONE;
}

const struct wn_command command_status = {
    .name = "status",
    .args = "",
    .summary = "what the daemon is doing; counts of the database if none runs",
    .more = "Exit code 5 if no daemon answers.",
    .run = run_status,
};
