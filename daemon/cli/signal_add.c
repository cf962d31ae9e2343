/* SPDX-License-Identifier: MIT */
/*
 * `signal add`. What an operator adds goes the way of every sighting, from the feed "operator"; the
 * same fact typed twice is one signal.
 */
#include "parts.h"
#include <whynow/text.h>

/* --- add ------------------------------------------------------------------------------------- */
struct add {
	struct wn_cli *cli;
	struct wn_sighting sighting;
	struct wn_intake in;
	enum wn_intake_how how;
	struct wn_id signal_key, account_id;
	bool create;
};

static enum wn_rc load_add(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct add *a = ctx;
	a->in = (struct wn_intake){
	    .sightings = &a->sighting, .n = 1, .create = a->create, .wires = w->catalog->wires};
	enum wn_rc rc = wn_store_resolve(s, w, &a->in, err);
	return rc ? rc : wn_store_sightings(s, w, &a->in, err);
}

static enum wn_rc step_add(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct add *a = ctx;
	const struct wn_intake_row *row = &a->in.rows[0];
	if (!row->identity_changed || !row->account || !row->signal)
		return WN_OK;
	return wn_campaign_step(
	    w, &(struct wn_event){.type = WN_EV_RETRACTED, .account = row->account, .signal = row->signal},
	    err);
}

static void done_add(void *ctx, struct wn_world *w)
{
	struct add *a = ctx;
	const struct wn_intake_row *row = &a->in.rows[0];
	a->how = row->how;
	if (row->signal)
		a->signal_key = row->signal->key;
	if (row->account)
		a->account_id = row->account->id;
	cli_print_changes(a->cli, w);
}

int cli_kind(struct wn_cli *cli, const char *name, int *out)
{
	const struct wn_registry *r = cli->book->registry;
	*out = wn_registry_kind_number(r, wn_str_of(name));
	if (*out >= 0)
		return 0;
	const char *near = wn_registry_nearest_kind(r, wn_str_of(name));
	cli_error(cli, WN_EXIT_INVALID, "there is no kind \"%s\"%s%s%s", name, near ? "; did you mean \"" : "",
		  near ? near : "", near ? "\"?" : "");
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; i < wn_registry_kinds(r); i++)
		wn_buf_printf(&b, "%s%s", i ? " " : "", wn_registry_kind(r, (int)i)->name);
	cli_hint(cli, "kinds: %s", b.p ? b.p : "none");
	wn_buf_done(&b);
	return WN_EXIT_INVALID;
}

/* "round=Series B" */
int cli_attribute(struct wn_cli *cli, int kind, const char *text, struct wn_map_builder *attrs)
{
	const struct wn_registry *r = cli->book->registry;
	const char *eq = strchr(text, '=');
	struct wn_str name = {text, eq ? (size_t)(eq - text) : strlen(text)};
	struct wn_value v;
	struct wn_err err = {0};
	if (!eq)
		return cli_error(cli, WN_EXIT_USAGE, "an attribute is given as NAME=VALUE, not \"%s\"", text);
	const struct wn_attr_def *d = wn_registry_attr_of_kind(r, kind, name);
	if (!d) {
		const char *near = wn_registry_nearest_attr(r, kind, name);
		return cli_error(cli, WN_EXIT_INVALID, "%s has no attribute \"" WN_STR_FMT "\"%s%s%s",
				 wn_registry_kind(r, kind)->name, WN_STR_ARG(name),
				 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	enum wn_rc rc =
	    wn_attr_coerce(d->type, d->enum_values, wn_string(wn_str_of(eq + 1)), cli->arena, &v, &err);
	if (rc)
		return cli_error(cli, WN_EXIT_INVALID, WN_STR_FMT ": %s", WN_STR_ARG(name), err.text);
	wn_map_put(attrs, name, v);
	return 0;
}

/* Department and level follow from the position, as they do for feeds. */
static void fill_position(struct wn_cli *cli, int kind, struct wn_map_builder *attrs)
{
	const struct wn_registry *r = cli->book->registry;
	struct wn_value position = wn_value_at(wn_map_end(attrs), "position");
	const struct wn_positions *table = cli_positions(cli);
	if (position.kind != WN_STRING || !table)
		return;
	struct wn_position p = wn_positions_look(table, wn_value_str(position), cli->arena);
	if (p.department && wn_registry_attr_of_kind(r, kind, WN_STR("department")) &&
	    wn_value_at(wn_map_end(attrs), "department").kind == WN_ABSENT)
		wn_map_set(attrs, "department", wn_cstring(p.department));
	if (p.level && wn_registry_attr_of_kind(r, kind, WN_STR("level")) &&
	    wn_value_at(wn_map_end(attrs), "level").kind == WN_ABSENT)
		wn_map_set(attrs, "level", wn_int(p.level));
}

/* A known account by anything that names it; a new one only if it was said to be made. */
static int take_account(struct wn_cli *cli, const char *text, struct add *a)
{
	struct wn_account_hint *hint = &a->sighting.account;
	struct wn_err err = {0};
	struct wn_value row;
	struct wn_id id;
	enum wn_rc rc = wn_store_find_account(cli->store, wn_str_of(text), &id, &err);
	if (rc && rc != WN_NOT_FOUND)
		return cli_fail(cli, rc, &err);
	if (rc == WN_OK) {
		int code =
		    cli_read_one(cli, "account", WN_PARAMS(wn_pg_id(id), wn_pg_int2(wn_id_bucket(id))), &row);
		if (code)
			return code;
		hint->domain = wn_value_str(wn_value_at(row, "domain"));
		hint->name = hint->domain.n ? (struct wn_str){NULL, 0} : wn_value_str(wn_value_at(row, "name"));
	} else if (!a->create) {
		cli_error(cli, WN_EXIT_NOT_FOUND, "no account \"%s\"", text);
		cli_hint_accounts(cli, text);
		cli_hint(cli, "--create makes it (by its domain; a name alone makes a provisional one)");
		return WN_EXIT_NOT_FOUND;
	} else if (!strchr(text, '.') || !wn_domain_registrable(wn_str_of(text), cli->arena, &hint->domain)) {
		hint->domain = (struct wn_str){NULL, 0};
		hint->name = wn_text_one_line(wn_str_of(text), 200, cli->arena);
	}
	if (hint->name.n)
		hint->name_key = wn_name_normalise(hint->name, cli->arena);
	return 0;
}

/* The identity is what was said and the day it is of: the same again is the same item. */
static void identify(struct wn_cli *cli, struct add *a, const char *kind)
{
	struct wn_sighting *s = &a->sighting;
	struct wn_buf b;
	wn_buf_init(&b, 64 << 10);
	wn_buf_printf(&b, "%s\n" WN_STR_FMT "\n" WN_STR_FMT "\n" WN_STR_FMT "\n", kind,
		      WN_STR_ARG(s->account.domain), WN_STR_ARG(s->account.name_key), WN_STR_ARG(s->headline));
	wn_buf_printf(&b, "%lld\n", (long long)(s->occurred_us / WN_DAY));
	wn_json_write_canonical(&b, s->attrs);
	uint8_t hash[32];
	char hex[65];
	wn_sha256(wn_buf_slice(&b), hash);
	wn_hex(hash, sizeof(hash), hex);
	wn_buf_done(&b);
	s->item = wn_arena_str(cli->arena, (struct wn_str){hex, 32});
	s->key = wn_sighting_key(s->feed, s->item, 0);
}

static int make_sighting(struct wn_cli *cli, int argc, char **argv, struct add *a)
{
	struct wn_sighting *s = &a->sighting;
	struct wn_map_builder attrs = wn_map_begin(cli->arena);
	const char *headline = cli_value(cli, "--headline"), *url = cli_value(cli, "--url");
	int kind, code = cli_kind(cli, argv[1], &kind);
	for (int i = 2; i < argc && code == 0; i++)
		code = cli_attribute(cli, kind, argv[i], &attrs);
	if (code)
		return code;
	fill_position(cli, kind, &attrs);
	const struct wn_kind_def *def = wn_registry_kind(cli->book->registry, kind);
	*s = (struct wn_sighting){.feed = WN_STR("operator"),
				  .kind = kind,
				  .occurred_us = cli->now_us,
				  .observed_us = cli->now_us,
				  .strength = def->strength > 0 ? def->strength : 1,
				  .attrs = wn_map_end(&attrs)};
	code = cli_time_option(cli, "--occurred", &s->occurred_us);
	if (code == 0 && s->occurred_us > cli->now_us)
		code = cli_error(cli, WN_EXIT_INVALID,
				 "--occurred lies in the future; a signal is something that has happened");
	if (headline)
		s->headline = wn_text_one_line(wn_str_of(headline), 500, cli->arena);
	if (url)
		s->url = wn_str_of(url);
	if (!url || !wn_domain_registrable(s->url, cli->arena, &s->publisher))
		s->publisher = WN_STR("operator");
	s->contact.name = wn_value_str(wn_value_at(s->attrs, "person"));
	s->contact.position = wn_value_str(wn_value_at(s->attrs, "position"));
	s->contact.department = wn_value_str(wn_value_at(s->attrs, "department"));
	s->contact.level = (int)wn_value_at(s->attrs, "level").i;
	if (code == 0)
		code = take_account(cli, argv[0], a);
	if (code == 0)
		identify(cli, a, def->name);
	return code;
}

static int tell_added(struct wn_cli *cli, const struct add *a)
{
	const char *id = cli_signal_id(cli, a->signal_key);
	if (cli->json) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		char text[37];
		wn_id_to_text(a->signal_key, text);
		wn_map_set(&m, "how", wn_cstring(wn_intake_how_to_text(a->how)));
		if (!wn_id_is_nil(a->signal_key))
			wn_map_set(&m, "signal_key", wn_cstring(text));
		cli_json(cli, wn_map_end(&m));
	}
	switch (a->how) {
	case WN_INTAKE_NEW:
		cli_say(cli, "signal %s is stored", id);
		return WN_EXIT_DONE;
	case WN_INTAKE_JOINED:
		cli_say(cli, "it reports signal %s, which is known: one more sighting of it", id);
		return WN_EXIT_DONE;
	case WN_INTAKE_DUPLICATE:
		cli_say(cli, "the same was added before; nothing changed");
		return WN_EXIT_DONE;
	case WN_INTAKE_EDITED:
		cli_say(cli, "signal %s was added before; it says something else now", id);
		return WN_EXIT_DONE;
	case WN_INTAKE_REVIEW:
		return cli_error(cli, WN_EXIT_REFUSED,
				 "whose it is is not clear: it waits in the review queue with its candidates");
	default:
		return cli_error(cli, WN_EXIT_REFUSED, "it names no account that is known");
	}
}

static int run_add(struct wn_cli *cli, int argc, char **argv)
{
	struct add a = {.cli = cli, .create = cli_flag(cli, "--create")};
	struct wn_unit u = {.load = load_add, .step = step_add, .done = done_add, .ctx = &a};
	int code = cli_book(cli);
	if (code == 0)
		code = make_sighting(cli, argc, argv, &a);
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	return tell_added(cli, &a);
}

static const struct wn_cli_option add_options[] = {
    {"--occurred", "TIME", "when it happened: 2026-05-04T10:00, or 2d [now]"},
    {"--headline", "TEXT", "what was read or heard"},
    {"--url", "URL", "where; its domain is the publisher [operator]"},
    {"--create", NULL, "make the account if it is not known"},
    {NULL, NULL, NULL},
};
const struct wn_command command_signal_add = {
    .name = "signal add",
    .args = "ACCOUNT KIND [ATTRIBUTE=VALUE]...",
    .min_args = 2,
    .max_args = -1,
    .summary = "add a signal by hand",
    .more =
	"It is matched, joins the signal of the same fact and extends campaigns as if a feed had brought it.\n"
	"\n"
	"  whynow signal add acme.com funding round=\"Series B\" amount_usd=25e6 --occurred 2d --url "
	"https://...",
    .options = add_options,
    .run = run_add,
};
