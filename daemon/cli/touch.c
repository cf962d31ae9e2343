/* SPDX-License-Identifier: MIT */
/*
 * `touch list|show|drop`. A touch has no id of its own: it is named by its campaign, its member (contact, or
 * the account itself) and its step: 7f3a9c2-b01d44e-1.
 */
#include "parts.h"

enum { MEMBER_DIGITS = 7 };

static const char *ref_of(struct wn_cli *cli, struct wn_value t)
{
	struct wn_id member = row_has(t, "contact_id") ? row_id(t, "contact_id") : row_id(t, "account_id");
	return wn_arena_printf(cli->arena, "%s-%s-%s", cli_campaign_id(cli, row_id(t, "campaign_id")),
			       cli_short(cli, member, MEMBER_DIGITS), row_text(cli, t, "step"));
}

static const char *who_of(struct wn_cli *cli, struct wn_value t)
{
	const char *name = row_text(cli, t, "contact"), *email = row_text(cli, t, "email");
	return wn_arena_printf(cli->arena, "%s%s%s", row_text(cli, t, "account"), *name || *email ? ", " : "",
			       *name ? name : email);
}

/* --- list ------------------------------------------------------------------------------------ */
static int read_list(struct wn_cli *cli, struct cli_rows *rows)
{
	struct wn_ref_id campaign = {0};
	struct wn_id account = {{0}};
	int64_t limit = 100;
	int code = cli_int_option(cli, "--limit", 1, 100000, &limit);
	if (code == 0)
		code = cli_connect(cli);
	if (code == 0 && cli_value(cli, "--campaign"))
		code = cli_find_campaign(cli, cli_value(cli, "--campaign"), &campaign);
	if (code == 0 && cli_value(cli, "--account"))
		code = cli_find_account(cli, cli_value(cli, "--account"), &account);
	if (code)
		return code;
	return cli_read(cli, "touches",
			WN_PARAMS(wn_pg_text(cli_value(cli, "--segment")), wn_pg_id_or_null(campaign.id),
				  wn_pg_id_or_null(account), wn_pg_bool(cli_flag(cli, "--all")),
				  wn_pg_int8(limit)),
			rows);
}

static int run_list(struct wn_cli *cli, int argc WN_UNUSED, char **argv WN_UNUSED)
{
	static const struct cli_column columns[] = {
	    {"TOUCH", 0}, {"SEGMENT", 0}, {"CHANNEL", CLI_DROP}, {"WHO", CLI_CLIP}, {"STATE", CLI_CLIP}};
	struct cli_rows rows;
	struct cli_table t;
	int code = read_list(cli, &rows);
	if (code)
		return code;
	if (cli->json) {
		struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, rows.n + 1);
		for (size_t i = 0; i < rows.n; i++)
			v[i] = row_with(cli, rows.v[i], "touch", wn_cstring(ref_of(cli, rows.v[i])));
		cli_json(cli, wn_list(v, rows.n));
		return WN_EXIT_DONE;
	}
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	for (size_t i = 0; i < rows.n; i++)
		CLI_LINE(&t, ref_of(cli, rows.v[i]), row_text(cli, rows.v[i], "segment"),
			 row_text(cli, rows.v[i], "channel"), who_of(cli, rows.v[i]),
			 cli_touch_state(cli, rows.v[i]));
	cli_table_end(&t);
	if (!rows.n)
		cli_say(cli, "%s",
			cli_flag(cli, "--all")
			    ? "no touches"
			    : "no touch waits; --all shows those sent, dropped and cancelled");
	return WN_EXIT_DONE;
}

static const struct wn_cli_option list_options[] = {
    {"--all", NULL, "also those that are sent, dropped, expired or cancelled"},
    {"--segment", "NAME", "of this segment only"},
    {"--campaign", "ID", "of this campaign only"},
    {"--account", "ACCOUNT", "of this account only"},
    {"--limit", "N", "at most so many [100]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_touch_list = {
    .name = "touch list",
    .args = "",
    .summary = "touches that wait, the next due first, and why",
    .options = list_options,
    .run = run_list,
};

/* --- finding --------------------------------------------------------------------------------- */
static bool starts_with_hex(struct wn_id id, const char *prefix)
{
	char hex[33];
	wn_hex(id.b, sizeof(id.b), hex);
	size_t n = strlen(prefix);
	return n >= MEMBER_DIGITS && n <= 32 && memcmp(hex, prefix, n) == 0;
}

static int bad_ref(struct wn_cli *cli, const char *text)
{
	cli_error(cli, WN_EXIT_USAGE, "\"%s\" names no touch", text);
	cli_hint(cli, "a touch is named by campaign, member and step, such as 7f3a9c2-b01d44e-1; `whynow touch "
		      "list --all` shows them");
	return WN_EXIT_USAGE;
}

static int find_touch(struct wn_cli *cli, const char *text, struct wn_ref_id *campaign, struct wn_value *out)
{
	char *buf = wn_arena_strdup(cli->arena, wn_str_of(text)), *member, *step;
	struct cli_rows rows;
	int64_t number;
	size_t found = 0;
	step = strrchr(buf, '-');
	if (step)
		*step++ = '\0';
	member = step ? strrchr(buf, '-') : NULL;
	if (!member)
		return bad_ref(cli, text);
	*member++ = '\0';
	if (!cli_int_parse(step, &number))
		return bad_ref(cli, text);
	int code = cli_find_campaign(cli, buf, campaign);
	if (code == 0)
		code = cli_read(cli, "touches",
				WN_PARAMS(wn_pg_text(NULL), wn_pg_id(campaign->id),
					  wn_pg_id_or_null((struct wn_id){{0}}), wn_pg_bool(true),
					  wn_pg_int8(100000)),
				&rows);
	for (size_t i = 0; code == 0 && i < rows.n; i++) {
		struct wn_id id = row_has(rows.v[i], "contact_id") ? row_id(rows.v[i], "contact_id")
								   : row_id(rows.v[i], "account_id");
		if (row_int(rows.v[i], "step") == number && starts_with_hex(id, member)) {
			*out = rows.v[i];
			found++;
		}
	}
	if (code)
		return code;
	return found == 1 ? 0
	       : found
		   ? cli_error(cli, WN_EXIT_REFUSED, "\"%s\" means more than one touch; give more digits", text)
		   : cli_error(cli, WN_EXIT_NOT_FOUND, "no touch \"%s\"", text);
}

/* One world with the touch of a row; nothing is kept locked. */
struct drop {
	struct wn_cli *cli;
	struct wn_value row;
	const char *why;
};

static struct wn_touch *touch_in(struct wn_world *w, struct wn_value row)
{
	struct wn_account *a = wn_world_account(w, row_id(row, "account_id"));
	struct wn_id campaign = row_id(row, "campaign_id"), contact = row_id(row, "contact_id");
	for (size_t i = 0; a && i < a->members.n; i++) {
		struct wn_member *m = a->members.v[i];
		for (size_t k = 0;
		     wn_id_eq(m->campaign_id, campaign) && wn_id_eq(m->contact_id, contact) && k < m->touches.n;
		     k++)
			if (m->touches.v[k]->step + 1 == row_int(row, "step"))
				return m->touches.v[k];
	}
	return NULL;
}

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct drop *d = ctx;
	struct wn_id id = row_id(d->row, "account_id");
	return wn_store_load_accounts(s, w, &id, 1, WN_LOAD_ALL, err);
}

/* --- show ------------------------------------------------------------------------------------ */
static int print_words(struct wn_cli *cli, struct wn_value row)
{
	struct wn_arena *scratch = wn_arena_new(0);
	struct wn_world *w = wn_world_new(cli->arena, scratch, &cli->book->catalog, cli->now_us, cli->actor);
	struct drop d = {.cli = cli, .row = row};
	struct wn_err err = {0};
	enum wn_rc rc = wn_store_begin(cli->store, &err);
	if (rc == WN_OK)
		rc = load(&d, cli->store, w, &err);
	if (rc == WN_OK)
		rc = wn_store_load_campaigns(cli->store, w, &err);
	wn_store_rollback(cli->store);
	struct wn_touch *t = rc ? NULL : touch_in(w, row);
	if (t && t->member->campaign) {
		struct wn_decision words = wn_touch_preview(w, t->member, t->step);
		fputs("\nAs it would read now\n", cli->out);
		if (words.kind != WN_SEND)
			fprintf(cli->out, "  no text: %s\n", cli_touch_why(cli, cli_clean(cli, words.reason)));
		if (words.subject.n)
			fprintf(cli->out, "  Subject: %s\n", cli_clean(cli, words.subject));
		cli_text_block(cli, cli->out, 2, words.text);
	}
	wn_arena_free(scratch);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

static void print_touch(struct wn_cli *cli, struct wn_value t)
{
	fprintf(cli->out, "%s  step %s of %s, campaign %s\n", ref_of(cli, t), row_text(cli, t, "step"),
		row_text(cli, t, "segment"), cli_campaign_id(cli, row_id(t, "campaign_id")));
	fprintf(cli->out, "  to        %s%s%s%s\n", who_of(cli, t), row_has(t, "email") ? " <" : "",
		row_text(cli, t, "email"), row_has(t, "email") ? ">" : "");
	fprintf(cli->out, "  channel   %s%s%s\n", row_text(cli, t, "channel"),
		row_has(t, "sink") ? ", by sink " : "", row_text(cli, t, "sink"));
	fprintf(cli->out, "  state     %s\n", cli_touch_state(cli, t));
	fprintf(cli->out, "  planned   %s, valid until %s\n", cli_at(cli, row_us(t, "planned_at")),
		cli_at(cli, row_us(t, "valid_until")));
	if (row_int(t, "attempts"))
		fprintf(cli->out, "  attempts  %s, the last %s\n", row_text(cli, t, "attempts"),
			cli_when(cli, row_us(t, "claimed_at")));
	if (row_has(t, "left_why"))
		fprintf(cli->out, "  member    has left: %s\n", words_left(row_text(cli, t, "left_why")));
}

static int run_show(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_ref_id campaign;
	struct wn_value row;
	int code = cli_book(cli);
	if (code == 0)
		code = find_touch(cli, argv[0], &campaign, &row);
	if (code)
		return code;
	if (cli->json) {
		cli_json(cli, row_with(cli, row, "touch", wn_cstring(ref_of(cli, row))));
		return WN_EXIT_DONE;
	}
	print_touch(cli, row);
	return strcmp(row_text(cli, row, "member_state"), "live") == 0 && row_us(row, "sent_at") == WN_NEVER
		   ? print_words(cli, row)
		   : WN_EXIT_DONE;
}

const struct wn_command command_touch_show = {
    .name = "touch show",
    .args = "TOUCH",
    .min_args = 1,
    .max_args = 1,
    .summary = "state of a touch and its text as it would read now",
    .run = run_show,
};

/* --- drop ------------------------------------------------------------------------------------ */
static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct drop *d = ctx;
	struct wn_touch *t = touch_in(w, d->row);
	if (!t || !t->member->campaign)
		return wn_fail(err, WN_NOT_FOUND, "the touch is gone");
	return wn_touch_drop(w, t, wn_str_of(d->why), err);
}

static void done(void *ctx, struct wn_world *w)
{
	struct drop *d = ctx;
	cli_print_changes(d->cli, w);
}

static int run_drop(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	const char *why = cli_value(cli, "--reason");
	struct drop d = {.cli = cli, .why = why ? why : "dropped by an operator"};
	struct wn_unit u = {.load = load, .step = step, .done = done, .ctx = &d};
	struct wn_ref_id campaign;
	int code = cli_book(cli);
	if (code == 0)
		code = find_touch(cli, argv[0], &campaign, &d.row);
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	if (cli->json)
		cli_json(cli, row_with(cli, d.row, "state", wn_cstring("dropped")));
	return WN_EXIT_DONE;
}

static const struct wn_cli_option drop_options[] = {
    {"--reason", "TEXT", "kept in history"},
    {NULL, NULL, NULL},
};
const struct wn_command command_touch_drop = {
    .name = "touch drop",
    .args = "TOUCH",
    .min_args = 1,
    .max_args = 1,
    .summary = "this touch will not be sent",
    .more = "The sequence goes on with its next step, as after a touch that was sent.",
    .options = drop_options,
    .run = run_drop,
};
