/* SPDX-License-Identifier: MIT */
/*
 * `whynow whynot ACCOUNT [SEGMENT]`: the rule clause by clause, what stands behind it, and what the step would
 * do now. The world is loaded as for a unit of work, asked, and thrown away: nothing is written.
 */
#include "whynot.h"
#include <whynow/limits.h>

/* --- the answer ------------------------------------------------------------------------------ */
const char *three_text(enum wn_three is)
{
	return is == WN_TRUE3 ? "true" : is == WN_FALSE3 ? "false" : "unknown";
}

const char *whynot_account(const struct whynot *q)
{
	const struct wn_account *a = q->account;
	return cli_clean(q->cli, a->domain.n ? a->domain : a->name);
}

/* Never an address: who may not write to somebody need not learn it here. */
const char *whynot_person(const struct whynot *q, const struct wn_contact *c)
{
	if (!c)
		return "the account itself";
	const char *name = c->name.n && !c->erased
			       ? cli_clean(q->cli, c->name)
			       : wn_arena_printf(q->cli->arena, "contact %s", cli_short(q->cli, c->id, 7));
	return c->position.n ? wn_arena_printf(q->cli->arena, "%s, %s", name,
					       cli_clip(q->cli, cli_clean(q->cli, c->position), 40))
			     : name;
}

const char *whynot_signal(const struct whynot *q, const struct wn_signal *s)
{
	const struct wn_kind_def *kind = wn_registry_kind(q->world->catalog->registry, s->kind);
	return wn_arena_printf(q->cli->arena, "%s %s, %s", kind->name, cli_signal_id(q->cli, s->key),
			       cli_rel(q->cli, s->occurred_us));
}

static const char *and_detail(const struct whynot *q, const char *sentence, struct wn_str detail)
{
	return detail.n ? wn_arena_printf(q->cli->arena, "%s (%s)", sentence, cli_clean(q->cli, detail))
			: sentence;
}

static const char *gate_text(const struct whynot *q, const struct wn_gate *g)
{
	if (strcmp(g->name, "signal") == 0)
		return cli_clean(q->cli, g->detail);
	if (g->until_us)
		return wn_arena_printf(q->cli->arena, "%s: until %s", words_non_action(g->name),
				       cli_when(q->cli, g->until_us));
	return and_detail(q, words_non_action(g->name), g->detail);
}

static struct whynot_answer of_outcome(const struct whynot *q, const struct wn_explanation *x)
{
	static const char *const words[] = {[WN_DOES_EXTEND] = "its members would gain this evidence",
					    [WN_DOES_JOIN] = "it would join the open campaign",
					    [WN_DOES_OPEN] = "it would open a campaign",
					    [WN_DOES_PROPOSE] = "it would propose a campaign"};
	if (x->does == WN_DOES_NOTHING && x->asked && !x->living)
		return (struct whynot_answer){
		    "no", and_detail(q, words_non_action(wn_non_action_to_text(x->reason)), x->detail)};
	if (x->living)
		return (struct whynot_answer){"in",
					      wn_arena_printf(q->cli->arena, "it is in campaign %s since %s",
							      cli_campaign_id(q->cli, x->living->campaign_id),
							      cli_at(q->cli, x->living->enrolled_us))};
	return (struct whynot_answer){
	    "yes",
	    wn_arena_printf(q->cli->arena, "nothing stands in its way: %s%s", words[x->does],
			    x->segment->mode == WN_MODE_SHADOW ? " in shadow, where nothing is sent" : "")};
}

struct whynot_answer whynot_answer(const struct whynot *q, const struct wn_explanation *x)
{
	if (x->segment->broad)
		return (struct whynot_answer){x->is == WN_TRUE3    ? "yes"
					      : x->is == WN_FALSE3 ? "no"
								   : "unknown",
					      x->is == WN_TRUE3
						  ? "its terms hold; a broad segment opens nothing"
						  : cli_clean(q->cli, x->clauses[x->first].needs)};
	if (x->living)
		return of_outcome(q, x);
	if (!x->signal || (!x->signal_counts && x->is == WN_TRUE3))
		return (struct whynot_answer){"no", gate_text(q, &x->gates[0])};
	if (x->first < x->n_clauses)
		return (struct whynot_answer){x->is == WN_UNKNOWN3 ? "unknown" : "no",
					      cli_clean(q->cli, x->clauses[x->first].needs)};
	if (x->gate < x->n_gates)
		return (struct whynot_answer){"no", gate_text(q, &x->gates[x->gate])};
	if (!x->verdict)
		return (struct whynot_answer){"unknown",
					      "the global `exclude` of the main file cannot be decided"};
	return of_outcome(q, x);
}

/* --- asking ---------------------------------------------------------------------------------- */
static const struct wn_segment *segment_named(const struct wn_cli *cli, const char *name)
{
	return wn_catalog_segment(&cli->book->catalog, wn_str_of(name), 0);
}

static void find_touches(struct whynot *q, const struct wn_explanation *x)
{
	size_t most = 0;
	for (size_t i = 0; i < q->account->members.n; i++)
		most += q->account->members.v[i]->touches.n;
	q->touches = WN_NEW_N(q->cli->arena, struct whynot_touch, most + 1);
	for (size_t i = 0; i < q->account->members.n; i++) {
		struct wn_member *m = q->account->members.v[i];
		if (m->left != WN_LEFT_LIVE || !m->campaign || !wn_str_is(m->segment, x->segment->name))
			continue;
		for (size_t k = 0; k < m->touches.n; k++)
			if (!wn_touch_is_final(m->touches.v[k]->state))
				q->touches[q->n_touches++] = (struct whynot_touch){
				    m->touches.v[k], wn_touch_decide(q->world, m->touches.v[k])};
	}
}

/* All verdicts first, then their campaigns in one go, then what the step would do with each. */
static enum wn_rc ask(struct whynot *q, struct wn_id id, const struct wn_segment *one, struct wn_err *err)
{
	struct wn_cli *cli = q->cli;
	enum wn_rc rc = wn_store_load_accounts(cli->store, q->world, &id, 1, WN_LOAD_ALL, err);
	if (rc)
		return rc;
	q->account = wn_world_account(q->world, id);
	if (!q->account)
		return wn_fail(err, WN_NOT_FOUND, "the account is gone");
	const struct wn_catalog *c = &cli->book->catalog;
	q->v = WN_NEW_N(cli->arena, struct wn_explanation *, c->n_segments + 1);
	const struct wn_segment **all = WN_NEW_N(cli->arena, const struct wn_segment *, c->n_segments + 1);
	memcpy(all, c->segments, c->n_segments * sizeof(*all));
	wn_segments_sort(all, c->n_segments);
	for (size_t i = 0; !one && i < c->n_segments; i++)
		q->v[q->n++] = wn_explain(q->world, all[i], q->account);
	if (one)
		q->v[q->n++] = wn_explain(q->world, one, q->account);
	rc = wn_store_load_campaigns(cli->store, q->world, err);
	if (rc == WN_OK && one)
		find_touches(q, q->v[0]);
	for (size_t i = 0; rc == WN_OK && i < q->n; i++)
		wn_explain_outcome(q->world, q->v[i]);
	return rc;
}

static int run_world(struct whynot *q, struct wn_id id, const struct wn_segment *one)
{
	struct wn_cli *cli = q->cli;
	struct wn_err err = {0};
	struct wn_arena *scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	q->world = wn_world_new(cli->arena, scratch, &cli->book->catalog, cli->now_us, cli->actor);
	enum wn_rc rc = wn_store_begin(cli->store, &err);
	if (rc == WN_OK)
		rc = ask(q, id, one, &err);
	wn_store_rollback(cli->store);
	wn_arena_free(scratch);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

/* --- words ----------------------------------------------------------------------------------- */
static const char *joined(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_buf b;
	wn_buf_init(&b, 1000);
	for (int i = 0; i < argc; i++)
		wn_buf_printf(&b, "%s%s", i ? " " : "", argv[i]);
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

/* The last word is a segment if one has that name, or if the words before it are an account and all of them are
 * none. */
static int find_words(struct wn_cli *cli, int argc, char **argv, struct wn_id *account,
		      const struct wn_segment **one)
{
	*one = argc > 1 ? segment_named(cli, argv[argc - 1]) : NULL;
	if (!*one && argc > 1 &&
	    wn_store_find_account(cli->store, wn_str_of(joined(cli, argc, argv)), account, NULL) != WN_OK &&
	    wn_store_find_account(cli->store, wn_str_of(joined(cli, argc - 1, argv)), account, NULL) == WN_OK)
		return cli_no_segment(cli, argv[argc - 1], 0);
	return cli_find_account(cli, joined(cli, *one ? argc - 1 : argc, argv), account);
}

static int run(struct wn_cli *cli, int argc, char **argv)
{
	struct whynot q = {.cli = cli};
	const struct wn_segment *one;
	struct wn_id id;
	int code = cli_book(cli);
	if (code == 0)
		code = find_words(cli, argc, argv, &id, &one);
	if (code == 0 && one)
		code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(one->name), wn_pg_int4(one->version)),
				    &q.segment);
	q.has_key = cli->have_key;
	if (code == 0)
		code = run_world(&q, id, one);
	if (code)
		return code;
	if (cli->json)
		cli_json(cli, one ? whynot_json(&q, q.v[0]) : whynot_json_all(&q));
	else if (one)
		whynot_print(&q, q.v[0]);
	else
		whynot_print_all(&q);
	return WN_EXIT_DONE;
}

const struct wn_command command_whynot = {
    .name = "whynot",
    .args = "ACCOUNT [SEGMENT]",
    .min_args = 1,
    .max_args = -1,
    .summary = "why a segment does nothing for an account: clause by clause",
    .more = "With SEGMENT: each clause of `when` with the values it reads, where they come from, its verdict, "
	    "and what would "
	    "have to change; when time alone changes it; then what stands behind the rule (exclude, "
	    "suppression, cooldown, heat, "
	    "each contact against `who`, caps over all campaigns, send window, pause), and what would happen "
	    "now. The signal "
	    "that comes nearest is taken as `signal`. Without SEGMENT: a line for each segment in force with "
	    "the first clause "
	    "that fails.\n"
	    "Verdicts are yes, NO and ? (not known: a value is missing, which never enrols anybody). A default "
	    "that stands for "
	    "a missing value is marked as assumed. Nothing is changed by asking.",
    .run = run,
};
