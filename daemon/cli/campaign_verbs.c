/* SPDX-License-Identifier: MIT */
/* `campaign approve|cancel`: the operator's events of the step function, in the same unit of work as the
 * daemon's. */
#include "parts.h"

struct verb {
	struct wn_cli *cli;
	struct wn_ref_id ref;
	enum wn_event_type type;
	const char *why;
	enum wn_campaign_state state; /* afterwards */
	enum wn_result result;
};

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct verb *v = ctx;
	struct wn_campaign *c;
	return wn_store_load_campaign(s, w, v->ref.bucket, v->ref.id, true, &c, err);
}

static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct verb *v = ctx;
	struct wn_event ev = {
	    .type = v->type, .campaign = wn_world_campaign(w, v->ref.id), .why = wn_str_of(v->why)};
	return wn_campaign_step(w, &ev, err);
}

static void done(void *ctx, struct wn_world *w)
{
	struct verb *v = ctx;
	const struct wn_campaign *c = wn_world_campaign(w, v->ref.id);
	v->state = c->state;
	v->result = c->result;
	cli_print_changes(v->cli, w);
}

static struct wn_value verb_value(struct wn_cli *cli, const struct verb *v)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	char id[37];
	wn_id_to_text(v->ref.id, id);
	wn_map_set(&m, "campaign_id", wn_string(wn_arena_str(cli->arena, wn_str_of(id))));
	wn_map_set(&m, "state", wn_cstring(wn_campaign_state_to_text(v->state)));
	if (v->result)
		wn_map_set(&m, "result", wn_cstring(wn_result_to_text(v->result)));
	return wn_map_end(&m);
}

static int run_verb(struct wn_cli *cli, struct verb *v)
{
	struct wn_unit u = {.load = load, .step = step, .done = done, .ctx = v};
	int code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	if (cli->json)
		cli_json(cli, verb_value(cli, v));
	return 0;
}

static int find(struct wn_cli *cli, const char *text, struct verb *v)
{
	int code = cli_book(cli);
	v->cli = cli;
	v->why = cli_value(cli, "--reason");
	return code ? code : cli_find_campaign(cli, text, &v->ref);
}

/* --- what would be said, to whom ------------------------------------------------------------- */
static void print_preview(struct wn_cli *cli, struct wn_world *w, struct wn_member *m, size_t step)
{
	struct wn_decision d = wn_touch_preview(w, m, (int)step);
	const struct wn_contact *c =
	    wn_id_is_nil(m->contact_id) ? NULL : wn_account_contact(m->account, m->contact_id);
	struct wn_str account = m->account->domain.n ? m->account->domain : m->account->name;
	fprintf(cli->out, "\n%s%s%s, step %zu, %s", cli_clean(cli, account), c ? ", " : "",
		c ? cli_clean(cli, c->email.n ? c->email : c->name) : "", step + 1,
		wn_campaign_steps(m->campaign, WN_NEVER)->steps[step].channel);
	if (m->holdout)
		fputs(" (held out: nothing is sent)", cli->out);
	if (d.kind != WN_SEND) {
		fprintf(cli->out, "\n  no text: %s\n", cli_touch_why(cli, cli_clean(cli, d.reason)));
		return;
	}
	bool several = wn_campaign_steps(m->campaign, WN_NEVER)->steps[step].n_variants > 1;
	fprintf(cli->out, "%s%s\n", several ? ", variant " : "", several ? cli_clean(cli, d.variant) : "");
	if (d.subject.n)
		fprintf(cli->out, "  Subject: %s\n", cli_clean(cli, d.subject));
	cli_text_block(cli, cli->out, 2, d.text);
}

static int show(struct wn_cli *cli, struct verb *v)
{
	struct wn_arena *scratch = wn_arena_new(0);
	struct wn_world *w = wn_world_new(cli->arena, scratch, &cli->book->catalog, cli->now_us, cli->actor);
	struct wn_campaign *c = NULL;
	struct wn_err err = {0};
	size_t shown = 0;
	enum wn_rc rc = wn_store_begin(cli->store, &err);
	if (rc == WN_OK)
		rc = wn_store_load_campaign(cli->store, w, v->ref.bucket, v->ref.id, true, &c, &err);
	wn_store_rollback(cli->store);
	for (size_t a = 0; rc == WN_OK && a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->members.n; i++) {
			struct wn_member *m = w->accounts.v[a]->members.v[i];
			if (m->campaign != c || m->left != WN_LEFT_LIVE)
				continue;
			size_t steps = cli_flag(cli, "--all-steps") ? wn_campaign_steps(c, WN_NEVER)->n_steps
				       : wn_campaign_steps(c, WN_NEVER)->n_steps ? 1
								    : 0;
			for (size_t k = 0; k < steps; k++, shown++)
				print_preview(cli, w, m, k);
		}
	wn_arena_free(scratch);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_print_lessons(cli, c->segment->name);
	if (!shown)
		cli_say(cli, "nobody is live in it");
	return WN_EXIT_DONE;
}

/* --- approve --------------------------------------------------------------------------------- */
static int run_approve(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct verb v = {.type = WN_EV_APPROVE};
	int code = find(cli, argv[0], &v);
	if (code)
		return code;
	if (cli_flag(cli, "--show"))
		return show(cli, &v);
	code = run_verb(cli, &v);
	if (code)
		return code;
	if (v.state == WN_CAMPAIGN_CLOSED)
		return cli_error(cli, WN_EXIT_REFUSED,
				 "too late: the evidence is stale, and the proposal is closed (%s)",
				 wn_result_to_text(v.result));
	cli_say(cli, v.state == WN_CAMPAIGN_OPEN ? "approved: box and intake start now"
						 : "approved: the boxes start now; no new members (budget spent, version replaced or withdrawn)");
	return WN_EXIT_DONE;
}

static const struct wn_cli_option approve_options[] = {
    {"--show", NULL, "print the rendered touches and change nothing"},
    {"--all-steps", NULL, "with --show: every step, not only the first"},
    {"--reason", "TEXT", "kept in history"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_approve = {
    .name = "campaign approve",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "open a proposed campaign",
    .more = "Members whose evidence went stale meanwhile leave first; if nobody is left the campaign is closed "
	    "as expired and the exit code is 4. Look at "
	    "what would be said with --show.",
    .options = approve_options,
    .run = run_approve,
};

/* --- cancel ---------------------------------------------------------------------------------- */
static int run_cancel(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct verb v = {.type = WN_EV_CANCEL};
	int code = find(cli, argv[0], &v);
	if (code)
		return code;
	if (cli->terminal &&
	    !cli_ask(cli, "Cancel campaign %s? Its members leave and nothing more is sent.", argv[0]))
		return cli_error(cli, WN_EXIT_REFUSED, "nothing was cancelled; --yes answers the question");
	code = run_verb(cli, &v);
	if (code == 0)
		cli_say(cli, "cancelled: its members have left, their planned touches are cancelled");
	return code;
}

static const struct wn_cli_option cancel_options[] = {
    {"--reason", "TEXT", "kept in history"},
    {NULL, NULL, NULL},
};
const struct wn_command command_campaign_cancel = {
    .name = "campaign cancel",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "close a campaign now",
    .more = "Every live member leaves (cancelled), planned touches are cancelled in the same transaction; one "
	    "that is being sent cannot be called back.",
    .options = cancel_options,
    .run = run_cancel,
};
