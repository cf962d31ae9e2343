/* SPDX-License-Identifier: MIT */
/*
 * `outcome add|import|list`: what came back, by hand or from a file. Each goes the way of every outcome: credited to
 * enrolments by the step function, stored once.
 */
#include "../outcome.h"
#include "parts.h"
#include <whynow/feed.h>
#include <whynow/text.h>

enum { FILE_MAX_MIB = 64, LINES_MAX = 200000 };

static const char *const members[] = {"kind", "account", "email", "campaign", "touch", "occurred_at", "value_usd", "cost_usd", "id", "note"};

static void print_changes(void *ctx, struct wn_world *w) { cli_print_changes(ctx, w); }

static int needs_key(struct wn_cli *cli)
{
	if (cli->have_key)
		return 0;
	cli_error(cli, WN_EXIT_REFUSED, "the installation key cannot be read here: persons are looked up by it");
	cli_hint(cli, "run it as root, or where the credential installation-key is ($CREDENTIALS_DIRECTORY)");
	return WN_EXIT_REFUSED;
}

/* --- add ------------------------------------------------------------------------------------- */
static int take_option(struct wn_cli *cli, struct wn_map_builder *m, const char *option, const char *member)
{
	const char *v = cli_value(cli, option);
	if (v)
		wn_map_set(m, member, wn_cstring(v));
	return 0;
}

static struct wn_value outcome_value(struct wn_cli *cli, const struct wn_outcome_take *t)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "outcome", wn_cstring(t->how == WN_OUTCOME_DUPLICATE ? "duplicate" : "stored"));
	wn_map_set(&m, "campaigns", wn_int((int64_t)t->credited));
	wn_map_set(&m, "goals_reached", wn_int((int64_t)t->reached));
	return wn_map_end(&m);
}

static int tell(struct wn_cli *cli, const struct wn_outcome_take *t)
{
	if (cli->json)
		cli_json(cli, outcome_value(cli, t));
	if (t->how == WN_OUTCOME_DUPLICATE)
		cli_say(cli, "the same was said before; nothing changed");
	else if (!t->credited)
		cli_say(cli, "stored; it is credited to no campaign: the account was in none then, or its window is over");
	else
		cli_say(cli, "stored; credited to %zu %s, %zu of them with the goal reached", t->credited,
			cli_plural((int64_t)t->credited, "campaign", "campaigns"), t->reached);
	return WN_EXIT_DONE;
}

static int run_add(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_outcome_take t = {.row = {.source = WN_STR("operator")}, .done = print_changes, .done_ctx = cli};
	struct wn_unit u = wn_outcome_unit(&t);
	struct wn_err err = {0};
	int64_t at = 0;
	int code = cli_book(cli);
	if (code == 0)
		code = needs_key(cli);
	if (code == 0)
		code = cli_time_option(cli, "--at", &at);
	if (code)
		return code;
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "kind", wn_cstring(argv[0]));
	if (argc > 1)
		wn_map_set(&m, strchr(argv[1], '@') ? "email" : "account", wn_cstring(argv[1]));
	if (at)
		wn_map_set(&m, "occurred_at", wn_time_us(at));
	take_option(cli, &m, "--account", "account");
	take_option(cli, &m, "--campaign", "campaign");
	take_option(cli, &m, "--touch", "touch");
	take_option(cli, &m, "--value", "value_usd");
	take_option(cli, &m, "--cost", "cost_usd");
	take_option(cli, &m, "--id", "id");
	take_option(cli, &m, "--note", "note");
	enum wn_rc rc = wn_outcome_read(wn_map_end(&m), cli->arena, &t.row, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	return tell(cli, &t);
}

static const struct wn_cli_option add_options[] = {
    {"--at", "TIME", "when it happened: 2026-05-04T10:00, or 2d (ago) [now]"},
    {"--account", "ACCOUNT", "whose, where the address alone does not say it"},
    {"--campaign", "ID", "of this campaign only"},
    {"--touch", "EVENT", "the touch it answers: the id of its event, or the mail's Message-ID"},
    {"--value", "USD", "what it is worth"},
    {"--cost", "USD", "what was spent"},
    {"--id", "TEXT", "its id where it comes from; the same id again is the same outcome"},
    {"--note", "TEXT", "kept with it"},
    {NULL, NULL, NULL},
};
const struct wn_command command_outcome_add = {
    .name = "outcome add",
    .args = "KIND [ACCOUNT|ADDRESS]",
    .min_args = 1,
    .max_args = 2,
    .summary = "something came back: a reply, a meeting, a purchase, a cost",
    .more = "KIND is reply, click, meeting, opportunity, purchase, signup, trial, conversion, churn, cost, bounce or "
	    "unsubscribe. It is credited to the enrolments of the account whose window it falls into, those that are "
	    "over included: in each campaign to the person, else to the one touched last. Reaching the goal makes the "
	    "account leave the campaign (converted); a reply stops what is planned for the person and holds the "
	    "account's others; a bounce suppresses the address.\n"
	    "\n"
	    "  whynow outcome add meeting acme.com --at 2d\n"
	    "  whynow outcome add reply ann@acme.com --touch 3f6c...\n"
	    "  whynow outcome add cost --campaign 7f3a9c2 --cost 120",
    .options = add_options,
    .run = run_add,
};

/* --- import ---------------------------------------------------------------------------------- */
struct counts {
	size_t stored, duplicate, refused, credited;
};

static enum wn_format format_of(const char *path)
{
	size_t n = strlen(path);
	return n > 6 && strcmp(path + n - 6, ".jsonl") == 0 ? WN_FORMAT_JSONL : n > 5 && strcmp(path + n - 5, ".json") == 0 ? WN_FORMAT_JSON : WN_FORMAT_CSV;
}

/* Columns that an outcome does not have are left out: exports have many. Empty cells say nothing. */
static struct wn_value own_members(struct wn_cli *cli, struct wn_value item)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	for (size_t i = 0; i < WN_COUNT(members); i++) {
		struct wn_value v = wn_value_at(item, members[i]);
		if (v.kind != WN_ABSENT && v.kind != WN_NULL && !(v.kind == WN_STRING && !wn_text_trim(wn_value_str(v)).n))
			wn_map_set(&m, members[i], v);
	}
	return wn_map_end(&m);
}

static int import_one(struct wn_cli *cli, const char *path, const struct wn_item *item, struct wn_str source, struct counts *n)
{
	struct wn_outcome_take t = {.row = {.source = source}};
	struct wn_unit u = wn_outcome_unit(&t);
	struct wn_worker k = {.store = cli->store, .book = cli->book, .clock = cli->own_clock ? cli->own_clock : cli->clock};
	struct wn_err err = {0};
	enum wn_rc rc = wn_outcome_read(own_members(cli, item->value), cli->arena, &t.row, &err);
	u.actor = cli->actor;
	u.quiet = true;
	if (rc == WN_OK)
		rc = wn_unit_run(&k, &u, &err);
	if (rc == WN_OK) {
		n->stored += t.how == WN_OUTCOME_STORED;
		n->duplicate += t.how == WN_OUTCOME_DUPLICATE;
		n->credited += t.credited > 0;
	} else if (wn_rc_is_temporary(rc)) {
		return cli_fail(cli, rc, &err);
	} else {
		fprintf(cli->err, "%s:%d: %s\n", path, item->line ? item->line : (int)item->index + 1, err.text);
		n->refused++;
	}
	return 0;
}

static int run_import(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_feed_options opt = {.format = format_of(argv[0]), .items_max = LINES_MAX, .memory_max = (size_t)1 << 30};
	const char *said = cli_value(cli, "--source"), *slash = strrchr(argv[0], '/');
	struct wn_str source = wn_str_of(said ? said : wn_arena_printf(cli->arena, "import %.100s", slash ? slash + 1 : argv[0]));
	struct wn_feed_doc doc;
	struct wn_err err = {0};
	struct wn_str text;
	struct counts n = {0};
	int code = cli_book(cli);
	if (code == 0)
		code = needs_key(cli);
	if (code == 0)
		code = cli_read_file(cli, argv[0], (size_t)FILE_MAX_MIB << 20, &text);
	if (code)
		return code;
	enum wn_rc rc = wn_feed_read(text, &opt, cli->arena, &doc, &err);
	if (rc)
		return cli_error(cli, WN_EXIT_INVALID, "%s: %s", argv[0], err.text);
	for (size_t i = 0; i < doc.rejects_n; i++, n.refused++)
		fprintf(cli->err, "%s:%d: %s\n", argv[0], doc.rejects[i].line, doc.rejects[i].reason);
	for (size_t i = 0; i < doc.items_n && code == 0; i++)
		code = import_one(cli, argv[0], &doc.items[i], source, &n);
	cli_nudge(cli);
	if (cli->json) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "stored", wn_int((int64_t)n.stored));
		wn_map_set(&m, "duplicate", wn_int((int64_t)n.duplicate));
		wn_map_set(&m, "refused", wn_int((int64_t)n.refused));
		cli_json(cli, wn_map_end(&m));
	}
	cli_say(cli, "%zu stored (%zu of them credited to a campaign), %zu known already, %zu refused", n.stored, n.credited, n.duplicate, n.refused);
	return code ? code : n.refused ? WN_EXIT_NO : WN_EXIT_DONE;
}

static const struct wn_cli_option import_options_[] = {
    {"--source", "TEXT", "where they come from; ids are told apart by it [import FILE]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_outcome_import = {
    .name = "outcome import",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "outcomes from CSV or JSON lines",
    .more = "Columns: kind, account, email, campaign, touch, occurred_at, value_usd, cost_usd, id, note; others are "
	    "left out. The same file may be imported again: what is known stays as it is. Exit code 1 if a line was refused.",
    .options = import_options_,
    .run = run_import,
};

/* --- list ------------------------------------------------------------------------------------ */
static void outcome_line(struct wn_cli *cli, struct cli_table *t, struct wn_value o)
{
	const char *who = *row_text(cli, o, "contact") ? row_text(cli, o, "contact") : row_text(cli, o, "email");
	CLI_LINE(t, cli_at(cli, row_us(o, "occurred_at")), row_text(cli, o, "outcome"), row_text(cli, o, "account"), who,
		 row_text(cli, o, "value_usd"),
		 row_text(cli, o, "cost_usd"), *row_text(cli, o, "segment") ? row_text(cli, o, "segment") : "(none)",
		 row_has(o, "campaign_id") ? cli_campaign_id(cli, row_id(o, "campaign_id")) : "", row_bool(o, "reached") ? "reached" : "",
		 row_text(cli, o, "source"));
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {{"AT", 0}, {"OUTCOME", 0}, {"ACCOUNT", 0}, {"WHO", CLI_CLIP}, {"VALUE", CLI_RIGHT | CLI_DROP},
						    {"COST", CLI_RIGHT | CLI_DROP}, {"SEGMENT", 0}, {"CAMPAIGN", CLI_DROP},
						    {"GOAL", 0}, {"FROM", CLI_CLIP | CLI_DROP}};
	struct wn_ref_id campaign = {0};
	struct wn_id account = {{0}};
	struct cli_rows rows;
	int64_t limit = 100;
	int code = cli_int_option(cli, "--limit", 1, 100000, &limit);
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0 && cli_value(cli, "--campaign"))
		code = cli_find_campaign(cli, cli_value(cli, "--campaign"), &campaign);
	if (code == 0 && cli_value(cli, "--account"))
		code = cli_find_account(cli, cli_value(cli, "--account"), &account);
	if (code == 0)
		code = cli_read(cli, "outcomes", WN_PARAMS(wn_pg_id_or_null(campaign.id), wn_pg_id_or_null(account), wn_pg_int8(limit)), &rows);
	return code ? code
		    : cli_list(cli, &rows, columns, WN_COUNT(columns), outcome_line,
			"no outcomes");
}

static const struct wn_cli_option list_options[] = {
    {"--campaign", "ID", "credited to this campaign"},
    {"--account", "ACCOUNT", "of this account"},
    {"--limit", "N", "at most so many [100]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_outcome_list = {
    .name = "outcome list",
    .args = "",
    .summary = "what came back, the newest first, and what it is credited to",
    .options = list_options,
    .run = run_list,
};
