/* SPDX-License-Identifier: MIT */
/*
 * `account review`: what waits because it is not clear whose it is, and the answer. An answer stores the sightings as if
 * they had come now, teaches the name, and what they bring meets the rules at once.
 */
#include "parts.h"
#include <stdio.h>

/* --- the list -------------------------------------------------------------------------------- */
static const char *candidate_text(struct wn_cli *cli, struct wn_value c)
{
	const char *country = row_text(cli, c, "country"), *name = row_text(cli, c, "name");
	return wn_arena_printf(cli->arena, "%s%s%s%s%s%s", row_text(cli, c, "account"), *name || *country ? " (" : "", name,
			       *name && *country ? ", " : "", country, *name || *country ? ")" : "");
}

static const char *candidates_text(struct wn_cli *cli, struct wn_value list, size_t most)
{
	const char *out = "";
	for (size_t i = 0; i < list.n && i < most; i++)
		out = wn_arena_printf(cli->arena, "%s%s%s", out, i ? ", " : "", row_text(cli, list.list[i], "account"));
	return list.n > most ? wn_arena_printf(cli->arena, "%s and %zu more", out, list.n - most) : out;
}

static const char *who_of(struct wn_cli *cli, struct wn_value r)
{
	const char *name = row_text(cli, r, "name"), *domain = row_text(cli, r, "domain");
	return *name ? name : *domain ? domain : row_text(cli, r, "email");
}

/* By the start of an id, else by what the item calls the company; NULL: all. */
static int read_reviews(struct wn_cli *cli, const char *text, int64_t limit, bool *by_id, struct cli_rows *rows)
{
	struct wn_id low, high;
	*by_id = text && wn_id_bounds(wn_str_of(text), &low, &high);
	if (!*by_id)
		(void)wn_id_bounds(WN_STR(""), &low, &high);
	int code = cli_connect(cli);
	return code ? code : cli_read(cli, "reviews", WN_PARAMS(wn_pg_id(low), wn_pg_id(high), wn_pg_int8(limit),
								 wn_pg_text(*by_id ? NULL : text)), rows);
}

static void review_line(struct wn_cli *cli, struct cli_table *t, struct wn_value row)
{
	CLI_LINE(t, cli_short(cli, row_id(row, "review_id"), 7), cli_rel(cli, row_us(row, "at")),
		 who_of(cli, row), row_text(cli, row, "why"), row_text(cli, row, "headline"),
		 candidates_text(cli, row_list(row, "candidates"), 3));
}

static int list(struct wn_cli *cli)
{
	static const struct cli_column columns[] = {{"REVIEW", 0}, {"SINCE", CLI_DROP},	  {"WHO", CLI_CLIP},
						    {"WHY", CLI_CLIP},	{"HEADLINE", CLI_CLIP}, {"CANDIDATES", CLI_CLIP}};
	struct cli_rows rows;
	int64_t limit = 100;
	bool by_id;
	int code = cli_int_option(cli, "--limit", 1, 100000, &limit);
	if (code == 0)
		code = read_reviews(cli, NULL, limit, &by_id, &rows);
	if (code)
		return code;
	code = cli_list(cli, &rows, columns, WN_COUNT(columns), review_line, "nothing waits");
	if (rows.n && !cli->json)
		cli_say(cli, "`whynow account review REVIEW ACCOUNT` says whose it is, --drop that it is nobody's");
	return code;
}

/* --- one ------------------------------------------------------------------------------------- */
static int find_one(struct wn_cli *cli, const char *text, struct wn_value *out)
{
	struct cli_rows rows;
	bool by_id;
	int code = read_reviews(cli, text, 2, &by_id, &rows);
	if (code)
		return code;
	if (!rows.n) {
		cli_error(cli, WN_EXIT_NOT_FOUND, "nothing called %s waits", text);
		cli_hint(cli, "`whynow account review` lists what waits: by the start of an id (7 characters) or by name");
		return WN_EXIT_NOT_FOUND;
	}
	if (by_id && rows.n > 1)
		return cli_error(cli, WN_EXIT_REFUSED, "%s is the start of more than one id; give more of it", text);
	*out = rows.v[0];
	return 0;
}

static int show(struct wn_cli *cli, struct wn_value r)
{
	struct wn_value candidates = row_list(r, "candidates");
	if (cli->json) {
		cli_json(cli, r);
		return WN_EXIT_DONE;
	}
	fprintf(cli->out, "%s: %s, since %s\n", who_of(cli, r), row_text(cli, r, "why"), cli_when(cli, row_us(r, "at")));
	fprintf(cli->out, "  %s\n  %s %s\n  feed %s, item %s\n", row_text(cli, r, "headline"), row_text(cli, r, "kind"),
		cli_attrs(cli, wn_value_at(r, "attributes")), row_text(cli, r, "feed"), row_text(cli, r, "item"));
	if (*row_text(cli, r, "url"))
		fprintf(cli->out, "  %s\n", row_text(cli, r, "url"));
	for (size_t i = 0; i < candidates.n; i++)
		fprintf(cli->out, "  candidate %s\n", candidate_text(cli, candidates.list[i]));
	return WN_EXIT_DONE;
}

/* --- the answer ------------------------------------------------------------------------------ */
struct answer {
	struct wn_cli *cli;
	struct wn_id review, account; /* account nil: made by `domain` */
	struct wn_str domain;
	bool only, drop;
	struct wn_waiting *waiting;
	size_t n;
	struct wn_intake in;
	size_t stored, signals;
};

static enum wn_rc load_answer(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct answer *a = ctx;
	enum wn_rc rc = wn_store_reviews(s, w, a->review, !a->only, &a->waiting, &a->n, err);
	if (rc || a->drop)
		return rc;
	struct wn_sighting *x = WN_NEW_N(w->arena, struct wn_sighting, a->n);
	for (size_t i = 0; i < a->n; i++) {
		x[i] = a->waiting[i].sighting;
		x[i].account.id = a->account;
		x[i].account.domain = a->domain.n ? a->domain : x[i].account.domain;
	}
	a->in = (struct wn_intake){.sightings = x, .n = a->n, .create = a->domain.n > 0, .wires = w->catalog->wires};
	rc = wn_store_resolve(s, w, &a->in, err);
	return rc ? rc : wn_store_sightings(s, w, &a->in, err);
}

static enum wn_rc finish_answer(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct answer *a = ctx;
	const char *by = a->cli->actor, *verdict = a->drop ? "dropped" : a->domain.n ? "made" : "linked";
	struct wn_id account = a->drop ? (struct wn_id){{0}} : a->domain.n ? wn_account_id_of_domain(a->domain) : a->account;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < a->n && rc == WN_OK; i++)
		rc = wn_store_review_close(s, a->waiting[i].id, account, verdict, by, w->now_us, err);
	if (rc == WN_OK && !a->drop && !a->only && a->waiting[0].name.n)
		rc = wn_store_alias_learn(s, w, account, a->waiting[0].name, err);
	return rc;
}

static void done_answer(void *ctx, struct wn_world *w)
{
	struct answer *a = ctx;
	a->signals = a->in.signals;
	for (size_t i = 0; i < a->in.n; i++)
		a->stored += a->in.rows[i].how == WN_INTAKE_NEW || a->in.rows[i].how == WN_INTAKE_JOINED ||
			     a->in.rows[i].how == WN_INTAKE_TRAITS;
	cli_print_changes(a->cli, w);
}

/* A known account by anything that names it; with --create a domain that none has. */
static int take_account(struct wn_cli *cli, const char *text, struct answer *a)
{
	struct wn_err err = {0};
	struct wn_str domain;
	enum wn_rc rc = wn_store_find_account(cli->store, wn_str_of(text), &a->account, &err);
	if (rc == WN_OK)
		return 0;
	if (rc != WN_NOT_FOUND)
		return cli_fail(cli, rc, &err);
	a->account = (struct wn_id){{0}};
	if (cli_flag(cli, "--create") && wn_domain_registrable(wn_str_of(text), cli->arena, &domain) && !wn_domain_is_shared(domain)) {
		a->domain = domain;
		return 0;
	}
	cli_error(cli, WN_EXIT_NOT_FOUND, "no account \"%s\"", text);
	cli_hint_accounts(cli, text);
	cli_hint(cli, "--create makes it by its domain");
	return WN_EXIT_NOT_FOUND;
}

static int answer(struct wn_cli *cli, struct wn_value r, const char *account)
{
	struct answer a = {.cli = cli, .review = row_id(r, "review_id"), .only = cli_flag(cli, "--only"), .drop = cli_flag(cli, "--drop")};
	struct wn_unit u = {.load = load_answer, .finish = finish_answer, .done = done_answer, .ctx = &a};
	int code = cli_book(cli);
	if (code == 0 && !a.drop)
		code = take_account(cli, account, &a);
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	if (a.drop)
		cli_say(cli, "%zu dropped: nothing of it is used", a.n);
	else
		cli_say(cli, "%zu of %zu that waited %s stored, %zu new %s", a.stored, a.n, a.stored == 1 ? "is" : "are", a.signals,
			cli_plural((int64_t)a.signals, "signal", "signals"));
	return WN_EXIT_DONE;
}

static int run(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_value r;
	bool drop = cli_flag(cli, "--drop");
	if (argc == 0)
		return list(cli);
	int code = find_one(cli, argv[0], &r);
	if (code)
		return code;
	if (argc == 2 && drop)
		return cli_error(cli, WN_EXIT_USAGE, "--drop says that it is nobody's: no account goes with it");
	return argc == 2 || drop ? answer(cli, r, argc == 2 ? argv[1] : NULL) : show(cli, r);
}

static const struct wn_cli_option options[] = {
    {"--create", NULL, "make the account, by its domain, if it is not known"},
    {"--drop", NULL, "it is nobody's: take it out of the queue"},
    {"--only", NULL, "answer for this one alone: learn nothing, leave others of the same name waiting"},
    {"--limit", "N", "list at most so many [100]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_account_review = {
    .name = "account review",
    .args = "[REVIEW [ACCOUNT]]",
    .max_args = 2,
    .summary = "what waits because it is not clear whose it is; show one, or say whose it is",
    .more = "An answer stores what waited as if it had come now: signals join or open, rules are asked. It also teaches the name: everything "
	    "that waits with the same name is answered with it, and later items of that name go the same way (link `learned`).\n"
	    "\n"
	    "  whynow account review\n"
	    "  whynow account review 7f3a9c2 acme.com\n"
	    "  whynow account review \"Acme Robotics\" acme.com",
    .options = options,
    .run = run,
};
