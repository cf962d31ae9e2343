/* SPDX-License-Identifier: MIT */
/* `feed list|show`: what polling gave, when the next poll is, and why. */
#include "parts.h"
#include <whynow/date.h>

/* Why a feed is never polled: what it says cannot be used. NULL: it can. */
const char *cli_feed_error(struct wn_cli *cli, const char *name)
{
	const struct wn_book_feed *f = cli->book ? wn_book_feed_named(cli->book, wn_str_of(name)) : NULL;
	return f && !f->mapping ? cli_clean(cli, wn_str_of(f->error->text)) : NULL;
}

static const char *state_of(struct wn_cli *cli, struct wn_value row)
{
	const char *error = cli_feed_error(cli, row_text(cli, row, "feed"));
	if (!row_bool(row, "enabled"))
		return "no file has it";
	if (error)
		return wn_arena_printf(cli->arena, "cannot be used: %s", error);
	if (row_has(row, "blind_since"))
		return wn_arena_printf(cli->arena, "blind since %s", cli_rel(cli, row_us(row, "blind_since")));
	if (!row_has(row, "polls"))
		return "not polled yet";
	if (row_int(row, "failures"))
		return wn_arena_printf(cli->arena, "failed %lld %s: %s", (long long)row_int(row, "failures"),
				       cli_plural(row_int(row, "failures"), "time", "times"),
				       row_text(cli, row, "last_error"));
	return "good";
}

static const char *number(struct wn_cli *cli, struct wn_value row, const char *member)
{
	return wn_arena_printf(cli->arena, "%lld", (long long)row_int(row, member));
}

/* --- list ------------------------------------------------------------------------------------ */
static void feed_line(struct wn_cli *cli, struct cli_table *t, struct wn_value row)
{
	CLI_LINE(t, row_text(cli, row, "feed"), cli_rel(cli, row_us(row, "next_at")),
		 cli_rel(cli, row_us(row, "last_good_at")), number(cli, row, "items"),
		 number(cli, row, "signals"), number(cli, row, "rejected"),
		 state_of(cli, row));
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {{"FEED", 0},
						    {"NEXT", 0},
						    {"LAST GOOD", 0},
						    {"ITEMS", CLI_RIGHT | CLI_DROP},
						    {"SIGNALS", CLI_RIGHT},
						    {"REJECTED", CLI_RIGHT | CLI_DROP},
						    {"STATE", CLI_CLIP}};
	struct cli_rows rows;
	int code = cli_book(cli);
	if (code == 0)
		code = cli_read(cli, "feeds", WN_PARAMS(wn_pg_bool(cli_flag(cli, "--all"))), &rows);
	return code ? code
		    : cli_list(cli, &rows, columns, WN_COUNT(columns), feed_line,
			"no feeds; they are files in feeds.d, and an instance writes them here when it starts");
}

static const struct wn_cli_option list_options[] = {
    {"--all", NULL, "also feeds that no file has any more"},
    {NULL, NULL, NULL},
};
const struct wn_command command_feed_list = {
    .name = "feed list",
    .args = "",
    .summary = "feeds, when each is asked next, and what it gave",
    .options = list_options,
    .run = run_list,
};

/* --- show ------------------------------------------------------------------------------------ */
struct parts {
	struct wn_value feed;
	struct cli_rows polls, rejects, gaps;
};

static int read_parts(struct wn_cli *cli, const char *name, struct parts *p)
{
	int code = cli_read_one(cli, "feed", WN_PARAMS(wn_pg_text(name)), &p->feed);
	if (code == WN_EXIT_NOT_FOUND) {
		cli_error(cli, code, "no feed \"%s\"", name);
		cli_hint(
		    cli,
		    "`whynow feed list --all` shows them; a feed whose file is new is known after a reload");
	}
	if (code == 0)
		code = cli_read(cli, "feed_polls", WN_PARAMS(wn_pg_text(name), wn_pg_int8(10)), &p->polls);
	if (code == 0)
		code = cli_read(cli, "feed_rejects", WN_PARAMS(wn_pg_text(name), wn_pg_int8(5)), &p->rejects);
	if (code == 0)
		code = cli_read(cli, "feed_gaps", WN_PARAMS(wn_pg_text(name), wn_pg_int8(5)), &p->gaps);
	return code;
}

/* What only the daemon knows; nothing if none runs here. */
static struct wn_value with_delay(struct wn_cli *cli, struct wn_value feed, const char *name)
{
	struct wn_value v, at;
	int64_t us;
	if (cli_get(cli, wn_arena_printf(cli->arena, "/v1/feeds/%s", name), &v, NULL))
		return feed;
	at = wn_value_at(v, "delayed_until");
	if (at.kind == WN_STRING && wn_date_parse(wn_value_str(at), &us))
		feed = row_with(cli, feed, "delayed_until", wn_time_us(us));
	return row_has(v, "delayed_why") ? row_with(cli, feed, "delayed_why", wn_value_at(v, "delayed_why")) : feed;
}

static void print_delay(struct wn_cli *cli, struct wn_value f)
{
	if (row_has(f, "delayed_until"))
		fprintf(cli->out, "  delayed    until %s: %s\n", cli_when(cli, row_us(f, "delayed_until")), row_text(cli, f, "delayed_why"));
	else if (row_has(f, "delayed_why"))
		fprintf(cli->out, "  delayed    %s\n", row_text(cli, f, "delayed_why"));
}

static void print_head(struct wn_cli *cli, struct wn_value f)
{
	struct wn_value d = wn_value_at(f, "definition");
	fprintf(cli->out, "%s\n", row_text(cli, f, "feed"));
	fprintf(cli->out, "  url        %s\n", row_text(cli, d, "url"));
	if (row_has(f, "learned_url"))
		fprintf(cli->out, "  moved to   %s (learned from permanent redirects)\n",
			row_text(cli, f, "learned_url"));
	fprintf(cli->out, "  state      %s\n", state_of(cli, f));
	if (row_has(f, "next_at"))
		fprintf(cli->out, "  next poll  %s: %s\n", cli_when(cli, row_us(f, "next_at")),
			row_text(cli, f, "why"));
	print_delay(cli, f);
	if (row_has(f, "last_good_at"))
		fprintf(cli->out, "  last good  %s\n", cli_when(cli, row_us(f, "last_good_at")));
	if (row_has(f, "last_error"))
		fprintf(cli->out, "  last error %s\n", row_text(cli, f, "last_error"));
	if (row_has(f, "polls"))
		fprintf(cli->out,
			"  totals     %lld polls, %lld failed; %lld items: %lld stored, %lld duplicate, %lld "
			"edited, %lld in review, %lld rejected, "
			"%lld filtered; %lld signals\n",
			(long long)row_int(f, "polls"), (long long)row_int(f, "failed"),
			(long long)row_int(f, "items"), (long long)row_int(f, "stored"),
			(long long)row_int(f, "duplicate"), (long long)row_int(f, "edited"),
			(long long)row_int(f, "review"), (long long)row_int(f, "rejected"),
			(long long)row_int(f, "filtered"), (long long)row_int(f, "signals"));
	if (row_int(f, "unchanged"))
		fprintf(cli->out, "  unchanged  %lld %s found nothing new since the newest below, the last %s\n", (long long)row_int(f, "unchanged"),
			cli_plural(row_int(f, "unchanged"), "poll", "polls"), cli_when(cli, row_us(f, "last_at")));
}

static void print_polls(struct wn_cli *cli, const struct cli_rows *rows)
{
	static const struct cli_column columns[] = {{"AT", 0},
						    {"RESULT", 0},
						    {"STATUS", CLI_RIGHT},
						    {"ITEMS", CLI_RIGHT},
						    {"STORED", CLI_RIGHT},
						    {"DUPLICATE", CLI_RIGHT},
						    {"REJECTED", CLI_RIGHT},
						    {"SIGNALS", CLI_RIGHT}};
	struct cli_table t;
	if (!rows->n)
		return;
	fputs("\nNewest polls that found something new or failed\n", cli->out);
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	t.indent = 2;
	for (size_t i = 0; i < rows->n; i++) {
		struct wn_value r = rows->v[i];
		CLI_LINE(&t, cli_at(cli, row_us(r, "at")), row_text(cli, r, "result"), number(cli, r, "status"),
			 number(cli, r, "items"), number(cli, r, "stored"), number(cli, r, "duplicate"),
			 number(cli, r, "rejected"), number(cli, r, "signals"));
	}
	cli_table_end(&t);
}

static void print_troubles(struct wn_cli *cli, const struct parts *p)
{
	if (p->rejects.n)
		fputs("\nNewest items that could not be used\n", cli->out);
	for (size_t i = 0; i < p->rejects.n; i++) {
		struct wn_value r = p->rejects.v[i];
		fprintf(cli->out, "  %s, %lld %s: %s%s%s\n", cli_at(cli, row_us(r, "last_at")),
			(long long)row_int(r, "times"), cli_plural(row_int(r, "times"), "time", "times"),
			row_text(cli, r, "reason"), row_has(r, "detail") ? ": " : "",
			row_text(cli, r, "detail"));
		fprintf(cli->out, "    %s\n",
			cli_clip(cli,
				 *row_text(cli, r, "excerpt") ? row_text(cli, r, "excerpt")
							      : row_text(cli, r, "item"),
				 100));
	}
	if (p->gaps.n)
		fputs("\nTimes in which its silence proves nothing\n", cli->out);
	for (size_t i = 0; i < p->gaps.n; i++)
		fprintf(cli->out, "  %s to %s%s%s: %s\n", cli_at(cli, row_us(p->gaps.v[i], "from_at")),
			row_has(p->gaps.v[i], "to_at") ? cli_at(cli, row_us(p->gaps.v[i], "to_at")) : "now",
			row_has(p->gaps.v[i], "kind") ? ", " : "", row_text(cli, p->gaps.v[i], "kind"),
			row_text(cli, p->gaps.v[i], "why"));
}

static int run_show(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct parts p = {0};
	int code = cli_book(cli);
	if (code == 0)
		code = read_parts(cli, argv[0], &p);
	if (code)
		return code;
	p.feed = with_delay(cli, p.feed, argv[0]);
	if (cli->json) {
		struct wn_value v = row_with(cli, p.feed, "polls_newest", rows_value(&p.polls));
		v = row_with(cli, v, "rejects_newest", rows_value(&p.rejects));
		cli_json(cli, row_with(cli, v, "gaps", rows_value(&p.gaps)));
		return WN_EXIT_DONE;
	}
	print_head(cli, p.feed);
	print_polls(cli, &p.polls);
	print_troubles(cli, &p);
	return WN_EXIT_DONE;
}

const struct wn_command command_feed_show = {
    .name = "feed show",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "when the next poll is and why, results, rejects, gaps",
    .run = run_show,
};
