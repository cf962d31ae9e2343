/* SPDX-License-Identifier: MIT */
/*
 * `signal retract|set|move`: an operator corrects what is stored. What rests on the signal is judged again in the same transaction, and the
 * history says what was changed and by whom.
 */
#include "parts.h"
#include <whynow/text.h>

struct correct {
	struct wn_cli *cli;
	struct wn_ref_id ref;
	struct wn_id into;       /* move */
	struct wn_value attrs;   /* set */
	struct wn_value was;     /* set, of the attempt: in the world's memory */
	struct wn_signal *sig, *moved; /* of the attempt */
	const char *why;
};

/* The signals of a merged account live on at the survivor, and so does what rests on them. */
static int follow_account(struct wn_cli *cli, struct wn_id *account)
{
	struct wn_err err = {0};
	char text[37];
	wn_id_to_text(*account, text);
	enum wn_rc rc = wn_store_find_account(cli->store, wn_str_of(text), account, &err);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

static enum wn_rc load_signal(struct correct *r, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_id ids[] = {r->ref.account_id, r->into};
	enum wn_rc rc = wn_store_load_accounts(s, w, ids, wn_id_is_nil(r->into) ? 1 : 2, WN_LOAD_ALL, err);
	struct wn_account *a = rc ? NULL : wn_world_account(w, r->ref.account_id);
	if (rc)
		return rc;
	r->sig = a ? wn_account_signal(a, r->ref.id) : NULL;
	if (!r->sig)
		return wn_fail(err, WN_NOT_FOUND, "the signal is older than what is kept in view of rules");
	if (r->sig->retracted)
		return wn_fail(err, WN_REFUSED, "the signal is retracted already");
	return WN_OK;
}

/* What rests on it is weighed again; behind the rules, which have seen it as it is now. */
static enum wn_rc step_weigh(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	return wn_campaign_step(w, &(struct wn_event){.type = WN_EV_RETRACTED, .account = wn_world_account(w, r->ref.account_id),
						      .signal = r->sig, .why = wn_str_of(r->why)}, err);
}

static void done_correct(void *ctx, struct wn_world *w)
{
	struct correct *r = ctx;
	cli_print_changes(r->cli, w);
}

static enum wn_rc tell(struct correct *r, struct wn_store *s, struct wn_world *w, const char *type, struct wn_value data, struct wn_err *err)
{
	char id[37];
	wn_id_to_text(r->ref.id, id);
	const char *why = wn_arena_printf(w->arena, "%s%s%s", w->actor, r->why ? ": " : "", r->why ? r->why : "");
	struct wn_plain_event ev = {.subject = "signal", .name = wn_str_of(id), .type = type, .why = wn_str_of(why), .data = data, .at_us = w->now_us};
	return wn_store_plain_event(s, &ev, err);
}

static int find(struct wn_cli *cli, const char *text, struct correct *r)
{
	int code = cli_book(cli);
	r->why = cli_value(cli, "--reason");
	if (code == 0)
		code = cli_find_signal(cli, text, &r->ref);
	return code ? code : follow_account(cli, &r->ref.account_id);
}

static int run_unit(struct correct *r, struct wn_unit u, const char *said)
{
	u.ctx = r;
	u.step = step_weigh;
	u.done = done_correct;
	int code = cli_unit(r->cli, &u);
	if (code)
		return code;
	cli_nudge(r->cli);
	cli_say(r->cli, "%s", said);
	return WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
    {"--reason", "TEXT", "kept with the signal"},
    {NULL, NULL, NULL},
};

/* --- retract --------------------------------------------------------------------------------- */
static enum wn_rc load_retract(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	enum wn_rc rc = load_signal(r, s, w, err);
	if (rc == WN_OK)
		r->sig->retracted = r->sig->dirty = true;
	return rc;
}

static enum wn_rc finish_retract(void *ctx, struct wn_store *s, struct wn_world *w WN_UNUSED, struct wn_err *err)
{
	struct correct *r = ctx;
	return r->why ? wn_store_retracted_why(s, r->sig->account_id, r->sig->key, wn_str_of(r->why), err) : WN_OK;
}

static int run_retract(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct correct r = {.cli = cli};
	int code = find(cli, argv[0], &r);
	return code ? code : run_unit(&r, (struct wn_unit){.load = load_retract, .finish = finish_retract},
				      "retracted: it stays stored, is never matched again, and is evidence of nothing");
}

const struct wn_command command_signal_retract = {
    .name = "signal retract",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "a signal was wrong; what rests on it is judged again at once",
    .more = "Members whose heat falls under the floor without it, or whose rule is definitely false now, leave "
	    "(retracted).",
    .options = options,
    .run = run_retract,
};

/* --- set ------------------------------------------------------------------------------------- */
static enum wn_rc load_set(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	enum wn_rc rc = load_signal(r, s, w, err);
	if (rc)
		return rc;
	struct wn_map_builder was = wn_map_begin(w->arena);
	bool same = true;
	for (uint32_t i = 0; i < r->attrs.n; i++) {
		struct wn_str name = wn_value_str(r->attrs.map[i].key);
		struct wn_value v = wn_value_get(r->sig->attrs, name);
		same = same && v.kind != WN_ABSENT && wn_value_eq(v, r->attrs.map[i].value);
		if (v.kind != WN_ABSENT)
			wn_map_put(&was, name, v);
	}
	if (same)
		return wn_fail(err, WN_REFUSED, "the signal says that already");
	r->was = wn_map_end(&was);
	wn_signal_set(w, r->sig, r->attrs);
	return WN_OK;
}

static enum wn_rc finish_set(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	struct wn_map_builder data = wn_map_begin(w->arena);
	wn_map_set(&data, "was", r->was);
	wn_map_set(&data, "is", r->attrs);
	return tell(r, s, w, "signal.set", wn_map_end(&data), err);
}

static int take_attrs(struct wn_cli *cli, struct correct *r, int argc, char **argv)
{
	struct wn_map_builder attrs = wn_map_begin(cli->arena);
	struct wn_value row;
	int kind, code = cli_read_one(cli, "signal_detail", WN_PARAMS(wn_pg_id(r->ref.id), wn_pg_id(r->ref.account_id), wn_pg_int2(r->ref.bucket)), &row);
	if (code)
		return cli_error(cli, code, "the signal is gone");
	code = cli_kind(cli, row_text(cli, row, "kind"), &kind);
	for (int i = 0; i < argc && code == 0; i++)
		code = cli_attribute(cli, kind, argv[i], &attrs);
	r->attrs = wn_map_end(&attrs);
	return code;
}

static int run_set(struct wn_cli *cli, int argc, char **argv)
{
	struct correct r = {.cli = cli};
	int code = cli_book(cli);
	if (code == 0)
		code = cli_find_signal(cli, argv[0], &r.ref);
	if (code == 0)
		code = take_attrs(cli, &r, argc - 1, argv + 1);
	if (code == 0)
		code = find(cli, argv[0], &r);
	return code ? code : run_unit(&r, (struct wn_unit){.load = load_set, .finish = finish_set},
				      "set: it is matched again, and an edited item does not take it back");
}

const struct wn_command command_signal_set = {
    .name = "signal set",
    .args = "ID ATTRIBUTE=VALUE...",
    .min_args = 2,
    .max_args = -1,
    .summary = "correct attributes of a signal; what rests on it is judged again at once",
    .more = "It is matched as it is now. Members whose rule is definitely false with it leave (retracted). What feeds say later beside it stands "
	    "under conflicts.",
    .options = options,
    .run = run_set,
};

/* --- move ------------------------------------------------------------------------------------ */
static enum wn_rc load_move(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	enum wn_rc rc = load_signal(r, s, w, err);
	struct wn_account *into = rc ? NULL : wn_world_account(w, r->into);
	if (rc)
		return rc;
	if (!into || wn_str_is(into->state, "merged"))
		return wn_fail(err, WN_REFUSED, "the account was merged into another meanwhile");
	r->moved = wn_signal_move(s, w, r->sig, into);
	return WN_OK;
}

static const char *name_of(struct wn_world *w, struct wn_id id)
{
	const struct wn_account *a = wn_world_account(w, id);
	return wn_arena_strdup(w->arena, a->domain.n ? a->domain : a->name);
}

static enum wn_rc finish_move(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct correct *r = ctx;
	const char *from = name_of(w, r->ref.account_id), *into = name_of(w, r->into);
	const char *why = wn_arena_printf(w->arena, "moved to %s%s%s", into, r->why ? ": " : "", r->why ? r->why : "");
	char *key = wn_arena_alloc(w->arena, 37);
	wn_id_to_text(r->moved->key, key);
	struct wn_map_builder data = wn_map_begin(w->arena);
	wn_map_set(&data, "from", wn_cstring(from));
	wn_map_set(&data, "into", wn_cstring(into));
	wn_map_set(&data, "signal_key", wn_cstring(key));
	enum wn_rc rc = wn_store_signal_moved(s, r->sig, r->moved, err);
	if (rc == WN_OK)
		rc = wn_store_retracted_why(s, r->sig->account_id, r->sig->key, wn_str_of(why), err);
	return rc ? rc : tell(r, s, w, "signal.moved", wn_map_end(&data), err);
}

static int run_move(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct correct r = {.cli = cli};
	int code = find(cli, argv[0], &r);
	if (code == 0)
		code = cli_find_account(cli, argv[1], &r.into);
	if (code)
		return code;
	if (wn_id_eq(r.into, r.ref.account_id))
		return cli_error(cli, WN_EXIT_REFUSED, "the signal is of that account already (a merged account answers to its survivor)");
	return run_unit(&r, (struct wn_unit){.load = load_move, .finish = finish_move},
			wn_arena_printf(cli->arena, "moved: it counts and is matched at %s now, with what comes again of it", argv[1]));
}

const struct wn_command command_signal_move = {
    .name = "signal move",
    .args = "ID ACCOUNT",
    .min_args = 2,
    .max_args = 2,
    .summary = "a signal is of another account; what rests on it is judged again at once",
    .more = "Its sightings go along and it is matched there; where that account has the same fact already, it is one more report of it. Members of the "
	    "old account that lose it as evidence and fall under the floor, or whose rule is definitely false now, leave (retracted).",
    .options = options,
    .run = run_move,
};
