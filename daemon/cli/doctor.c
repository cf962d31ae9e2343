/* SPDX-License-Identifier: MIT */
/*
 * `doctor`: is everything as it should be, and what happens next? Each check is one line: ok, note or BAD, with
 * what to do. Exit code 1 if anything is bad.
 */
#include "parts.h"
#include <time.h>

enum { CLOCK_BAD_S = 5, CONTROL_MS = 3000 };

struct exam {
	struct wn_cli *cli;
	WN_VEC(struct wn_value) findings; /* {level, what, text} */
	size_t bad;
	struct wn_value counts;
	struct cli_rows feeds, segments, outbox, next, instances;
};

static void find(struct exam *e, const char *level, const char *what, const char *fmt, ...) WN_PRINTF(4, 5);
static void find(struct exam *e, const char *level, const char *what, const char *fmt, ...)
{
	struct wn_map_builder m = wn_map_begin(e->cli->arena);
	char text[1500];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->bad += strcmp(level, "BAD") == 0;
	wn_map_set(&m, "level", wn_cstring(level));
	wn_map_set(&m, "what", wn_cstring(what));
	wn_map_set(&m, "text", wn_string(wn_arena_str(e->cli->arena, wn_str_of(text))));
	*WN_PUSH(e->cli->arena, &e->findings) = wn_map_end(&m);
}

/* --- checks ---------------------------------------------------------------------------------- */
static void check_database(struct exam *e)
{
	int server = wn_pg_server_version(e->cli->pg);
	find(e, "ok", "database", "PostgreSQL %d.%d, the schema fits this program", server / 10000,
	     server % 10000);
	if (e->cli->have_key)
		find(e, "ok", "key", "the installation key is the one of this database");
	else
		find(e, "note", "key",
		     "the installation key cannot be read by you here; imports of contacts and suppressions "
		     "need it");
}

/* The database's clock against this machine's; the daemon follows the database's. */
static void check_clock(struct exam *e)
{
	struct timespec ts;
	if (e->cli->clock || !e->cli->own_clock || !wn_clock_is_live(e->cli->own_clock) ||
	    clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return;
	int64_t here = (int64_t)ts.tv_sec * WN_SECOND + ts.tv_nsec / 1000, off = here - e->cli->now_us;
	int64_t size = off < 0 ? -off : off;
	if (size > CLOCK_BAD_S * WN_SECOND)
		find(e, "note", "clock", "this machine's clock is %s %s the database's; the database's counts",
		     cli_span(e->cli, size), off > 0 ? "ahead of" : "behind");
	else
		find(e, "ok", "clock", "this machine's and the database's agree");
}

static void check_daemon(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	struct wn_control_reply reply = {0};
	struct wn_err err = {0};
	struct wn_value v;
	enum wn_rc rc = wn_control_request(cli_control(cli), "GET", "/v1/status", (struct wn_str){NULL, 0},
					   CONTROL_MS, &reply, &err);
	bool good =
	    rc == WN_OK && wn_json_parse(wn_arena_str(cli->arena, (struct wn_str){reply.body, reply.body_n}),
					 NULL, cli->arena, &v, &err) == WN_OK;
	if (rc == WN_OK)
		wn_control_reply_done(&reply);
	if (good)
		find(e, strcmp(row_text(cli, v, "database"), "up") == 0 ? "ok" : "BAD", "daemon", "%s%s%s",
		     row_text(cli, v, "status"), row_has(v, "database_error") ? ": " : "",
		     row_text(cli, v, "database_error"));
	else if (e->instances.n && cli->now_us - row_us(e->instances.v[0], "heartbeat_at") < 30 * WN_SECOND)
		find(e, "ok", "daemon", "none answers here (%s), but %s works on this database",
		     cli_control(cli), row_text(cli, e->instances.v[0], "instance"));
	else
		find(e, "BAD", "daemon", "none answers, so nothing is polled, closed or sent: %s", err.text);
	if (good && row_bool(v, "clock_doubtful"))
		find(e, "BAD", "clock",
		     "the daemon doubts the database's clock: nothing is closed or sent until two readings "
		     "agree");
}

static void check_feeds(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	size_t good = 0;
	for (size_t i = 0; i < e->feeds.n; i++) {
		struct wn_value f = e->feeds.v[i];
		const char *name = row_text(cli, f, "feed"), *error = row_text(cli, f, "last_error");
		const char *useless = cli_feed_error(cli, name);
		if (useless)
			find(e, "BAD", "feed", "%s is not polled: %s", name, useless);
		else if (row_has(f, "blind_since"))
			find(e, "BAD", "feed", "%s is blind since %s: %s; next try %s", name,
			     cli_when(cli, row_us(f, "blind_since")), error,
			     cli_rel(cli, row_us(f, "next_at")));
		else if (row_int(f, "failures"))
			find(e, "note", "feed", "%s failed %lld %s: %s; next try %s", name,
			     (long long)row_int(f, "failures"),
			     cli_plural(row_int(f, "failures"), "time", "times"), error,
			     cli_rel(cli, row_us(f, "next_at")));
		else if (row_int(f, "items") > 20 && row_int(f, "rejected") * 2 > row_int(f, "items"))
			find(e, "note", "feed",
			     "%s: more than half of its items cannot be used; `whynow feed show %s` says why",
			     name, name);
		else
			good++;
	}
	if (!e->feeds.n)
		find(e, "note", "feeds",
		     "there are none; they are files in feeds.d, ready-made ones are in "
		     "/usr/share/whynow/examples");
	else
		find(e, "ok", "feeds", "%zu of %zu are good", good, e->feeds.n);
	if (row_int(e->counts, "feeds_overdue"))
		find(e, "BAD", "feeds", "%lld should have been asked more than 10 minutes ago",
		     (long long)row_int(e->counts, "feeds_overdue"));
	if (row_int(e->counts, "reviews_open"))
		find(e, "note", "review", "%lld items wait for somebody to say whose they are",
		     (long long)row_int(e->counts, "reviews_open"));
}

static void check_segments(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	size_t good = 0;
	for (size_t i = 0; i < e->segments.n; i++) {
		struct wn_value s = e->segments.v[i];
		const char *name = row_text(cli, s, "segment");
		if (strcmp(row_text(cli, s, "status"), "invalid") == 0)
			find(e, "BAD", "segment", "%s version %s cannot be used%s: %s", name,
			     row_text(cli, s, "version"),
			     row_int(s, "in_force") ? ", an older one stays in force" : "",
			     row_text(cli, s, "error"));
		else if (row_us(s, "paused_at") != WN_NEVER)
			find(e, "note", "segment",
			     "%s is paused since %s; `whynow resume --segment %s` ends that", name,
			     cli_when(cli, row_us(s, "paused_at")), name);
		else
			good++;
	}
	if (!e->segments.n)
		find(e, "note", "segments", "there are none; `whynow segment apply FILE` brings one");
	else
		find(e, "ok", "segments", "%zu of %zu are good", good, e->segments.n);
	if (row_bool(e->counts, "paused"))
		find(e, "note", "paused", "every touch is held; `whynow resume` ends that");
}

static void check_sinks(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	for (size_t i = 0; i < e->outbox.n; i++) {
		struct wn_value o = e->outbox.v[i];
		if (row_int(o, "dead"))
			find(e, "BAD", "sink", "%s refused %lld events for good, the last: %s",
			     row_text(cli, o, "sink"), (long long)row_int(o, "dead"),
			     row_text(cli, o, "error"));
		else
			find(e, "note", "sink", "%s: %lld events wait, the oldest since %s%s%s; next try %s",
			     row_text(cli, o, "sink"), (long long)row_int(o, "waiting"),
			     cli_rel(cli, row_us(o, "oldest_at")), row_has(o, "error") ? ": " : "",
			     row_text(cli, o, "error"), cli_rel(cli, row_us(o, "next_at")));
	}
	if (!row_int(e->counts, "sinks"))
		find(e, "note", "sinks", "there are none: nothing is delivered anywhere");
	else if (!e->outbox.n)
		find(e, "ok", "sinks", "%lld, nothing waits or is dead",
		     (long long)row_int(e->counts, "sinks"));
}

static void check_overdue(struct exam *e)
{
	int64_t members = row_int(e->counts, "members_overdue"),
		campaigns = row_int(e->counts, "campaigns_overdue");
	if (members || campaigns)
		find(e, "BAD", "overdue",
		     "%lld members and %lld campaigns should have been looked at more than a minute ago",
		     (long long)members, (long long)campaigns);
	else
		find(e, "ok", "overdue", "nothing");
	if (row_int(e->counts, "touches_held"))
		find(e, "note", "touches", "%lld are held; `whynow touch list` says why",
		     (long long)row_int(e->counts, "touches_held"));
}

/* --- output ---------------------------------------------------------------------------------- */
static void print_next(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	static const struct {
		const char *member, *what;
	} rows[] = {
	    {"next_poll_at", "a feed is asked"},
	    {"next_touch_at", "a touch is decided"},
	    {"next_member_at", "a member may end"},
	    {"next_campaign_at", "a campaign's intake, proposal or review"},
	    {"next_recheck_at", "a rule that time may make true"},
	};
	fputs("\nWhat happens next\n", cli->out);
	for (size_t i = 0; i < WN_COUNT(rows); i++)
		if (row_us(e->counts, rows[i].member) != WN_NEVER)
			fprintf(cli->out, "  %-42s %s\n", rows[i].what,
				cli_when(cli, row_us(e->counts, rows[i].member)));
	for (size_t i = 0; i < e->next.n; i++) {
		struct wn_value m = e->next.v[i];
		fprintf(cli->out, "  %-42s %s\n",
			wn_arena_printf(cli->arena, "%s ends in %s", row_text(cli, m, "account"),
					row_text(cli, m, "segment")),
			cli_when(cli, row_us(m, "ends_at")));
	}
}

static void print_exam(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	for (size_t i = 0; i < e->findings.n; i++) {
		struct wn_value f = e->findings.v[i];
		fprintf(cli->out, "%-5s %-9s %s\n", row_text(cli, f, "level"), row_text(cli, f, "what"),
			row_text(cli, f, "text"));
	}
	print_next(e);
}

static int examine(struct exam *e)
{
	struct wn_cli *cli = e->cli;
	int code = cli_read_one(cli, "counts", WN_PARAMS(wn_pg_time(cli->now_us)), &e->counts);
	if (code == 0)
		code = cli_read(cli, "instances", WN_NO_PARAMS, &e->instances);
	if (code == 0)
		code = cli_read(cli, "feeds", WN_PARAMS(wn_pg_bool(false)), &e->feeds);
	if (code == 0)
		code = cli_read(cli, "segments", WN_PARAMS(wn_pg_bool(false)), &e->segments);
	if (code == 0)
		code = cli_read(cli, "outbox_troubles", WN_PARAMS(wn_pg_time(cli->now_us)), &e->outbox);
	if (code == 0)
		code = cli_read(cli, "next_members", WN_PARAMS(wn_pg_int8(5)), &e->next);
	return code;
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	struct exam e = {.cli = cli};
	int code = cli_book(cli);
	if (code)
		cli_hint(cli, "nothing else can be looked at; `whynow db status` and `whynow config check` "
			      "look at single things");
	if (code == 0)
		code = examine(&e);
	if (code)
		return code;
	check_database(&e);
	check_clock(&e);
	check_daemon(&e);
	check_feeds(&e);
	check_segments(&e);
	check_sinks(&e);
	check_overdue(&e);
	if (cli->json) {
		struct wn_value v = row_with(cli, e.counts, "findings", wn_list(e.findings.v, e.findings.n));
		cli_json(cli, row_with(cli, v, "next_members", rows_value(&e.next)));
	} else {
		print_exam(&e);
	}
	return e.bad ? WN_EXIT_NO : WN_EXIT_DONE;
}

const struct wn_command command_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "is everything as it should be, and what happens next",
    .more = "Database, key, clock, daemon, feeds with the last error in words, segments, sinks, what is "
	    "overdue. Exit code 1 if anything is bad.",
    .run = run,
};
