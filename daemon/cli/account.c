/* SPDX-License-Identifier: MIT */
/*
 * `whynow ACCOUNT` and `whynow why ACCOUNT`: why now? What is read stands here, how it looks in
 * account_print.c.
 */
#include "account.h"

enum { MEMBERS = 60, SIGNALS = 8, SIGNALS_ALL = 40, NON_ACTIONS = 5, NON_ACTIONS_ALL = 50 };

/* Ids and buckets of the account and of those that were merged into it: their signals are shown here. */
static void keys_of(struct wn_cli *cli, struct wn_value account, struct wn_id self, struct wn_pg_param out[2])
{
	struct wn_value merged = row_list(account, "merged_from");
	struct wn_id *ids = WN_NEW_N(cli->arena, struct wn_id, merged.n + 1);
	int64_t *buckets = WN_NEW_N(cli->arena, int64_t, merged.n + 1);
	size_t n = 0;
	ids[n++] = self;
	for (size_t i = 0; i < merged.n; i++)
		if (wn_id_from_text(wn_value_str(merged.list[i]), &ids[n]))
			n++;
	for (size_t i = 0; i < n; i++)
		buckets[i] = wn_id_bucket(ids[i]);
	out[0] = wn_pg_ids(cli->arena, ids, n);
	out[1] = wn_pg_int8s(cli->arena, buckets, n);
}

static int read_screen(struct wn_cli *cli, struct wn_id id, bool detail, struct screen *s)
{
	struct wn_pg_param self[2] = {wn_pg_id(id), wn_pg_int2(wn_id_bucket(id))}, keys[2];
	int code = cli_read_one(cli, "account", self, 2, &s->account);
	if (code)
		return code == WN_EXIT_NOT_FOUND ? cli_error(cli, code, "the account is gone") : code;
	keys_of(cli, s->account, id, keys);
	code = cli_read(cli, "account_members",
			WN_PARAMS(self[0], self[1], keys[0], keys[1], wn_pg_int8(MEMBERS)), &s->members);
	if (code == 0)
		code = cli_read(cli, "account_non_actions",
				WN_PARAMS(self[0], self[1], wn_pg_int8(detail ? NON_ACTIONS_ALL : NON_ACTIONS)),
				&s->non_actions);
	if (code == 0)
		code = cli_read(cli, "account_signals",
				WN_PARAMS(keys[0], keys[1], wn_pg_int8(detail ? SIGNALS_ALL : SIGNALS)),
				&s->signals);
	if (code == 0)
		code = cli_read(cli, "account_rechecks", self, 2, &s->rechecks);
	return code;
}

static struct wn_value next_value(struct wn_cli *cli, const struct screen *s)
{
	struct next_step *steps;
	size_t n = account_next(cli, s, &steps);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "at", wn_time_us(steps[i].at_us));
		wn_map_set(&m, "what", wn_cstring(steps[i].what));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, n);
}

static struct wn_value screen_value(struct wn_cli *cli, const struct screen *s)
{
	struct wn_value *members = WN_NEW_N(cli->arena, struct wn_value, s->members.n + 1);
	for (size_t i = 0; i < s->members.n; i++) {
		struct wn_value m = s->members.v[i], evidence = row_list(m, "evidence");
		m = row_with(cli, m, "evidence", cli_with_freshness(cli, evidence));
		members[i] = row_with(cli, m, "heat_now", wn_double(cli_heat(cli, evidence, cli->now_us)));
	}
	struct wn_value v = row_with(cli, s->account, "now", wn_time_us(cli->now_us));
	v = row_with(cli, v, "members", wn_list(members, s->members.n));
	v = row_with(cli, v, "non_actions", rows_value(&s->non_actions));
	v = row_with(cli, v, "signals", cli_with_freshness(cli, rows_value(&s->signals)));
	v = row_with(cli, v, "next", next_value(cli, s));
	return row_with(cli, v, "rechecks", rows_value(&s->rechecks));
}

static int show(struct wn_cli *cli, int argc, char **argv, bool detail)
{
	struct screen s = {.detail = detail};
	struct wn_id id;
	struct wn_buf name;
	wn_buf_init(&name, 1000);
	for (int i = 0; i < argc; i++)
		wn_buf_printf(&name, "%s%s", i ? " " : "", argv[i]);
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&name));
	wn_buf_done(&name);
	int code = cli_connect(cli);
	if (code == 0)
		code = cli_find_account(cli, text, &id);
	if (code == WN_EXIT_NOT_FOUND)
		cli_hint(
		    cli,
		    "`whynow account import FILE` brings accounts; a feed with `accounts: create` makes them");
	if (code == 0)
		code = read_screen(cli, id, detail, &s);
	if (code)
		return code;
	if (cli->json)
		cli_json(cli, screen_value(cli, &s));
	else
		account_print(cli, &s);
	return WN_EXIT_DONE;
}

static int run(struct wn_cli *cli, int argc, char **argv)
{
	return show(cli, argc, argv, false);
}
static int run_why(struct wn_cli *cli, int argc, char **argv)
{
	return show(cli, argc, argv, true);
}

const struct wn_command command_account = {
    .name = "account",
    .args = "ACCOUNT",
    .min_args = 1,
    .max_args = -1,
    .summary = "why now? one screen about an account (domain, name or id)",
    .more = "`whynow ACCOUNT` is all there is to type. Live campaigns with heat and end, their evidence with "
	    "quote, publishers, age and freshness, touches "
	    "sent and due, why other segments did nothing, and the newest signals.",
    .run = run,
};
const struct wn_command command_why = {
    .name = "why",
    .args = "ACCOUNT",
    .min_args = 1,
    .max_args = -1,
    .summary = "the same with weights, instants, clauses and the past",
    .more = "Freshness is strength * corroboration * 2^(-age / half-life) and 0 from the hard stop on; heat is "
	    "the sum over kinds of the largest freshness; "
	    "a member is stale at the first instant its heat is under the floor.",
    .run = run_why,
};
