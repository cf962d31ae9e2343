/* SPDX-License-Identifier: MIT */
/*
 * The book of the command line: what the reference tables say (an instance wrote its files there), with the
 * options of the main file, and the segments of the database. The definitions are JSON, which is YAML: the
 * readers of the files read them back. As long as no daemon has run, the tables are empty and the files
 * themselves are taken.
 */
#include "parts.h"
#include <stdlib.h>

/* --- reference tables ------------------------------------------------------------------------ */
struct refs {
	struct wn_feed_confs feeds;
	struct wn_sink_confs sinks;
	struct wn_kind_confs kinds;
	struct wn_trait_confs traits;
};

static int take(struct wn_cli *cli, enum wn_ref which, const struct wn_ref_row *row, struct refs *to,
		struct wn_yaml_errors *errors)
{
	struct wn_arena *a = cli->config->arena;
	static const char *const files[] = {
	    [WN_REF_KIND] = "kind", [WN_REF_TRAIT] = "trait", [WN_REF_FEED] = "feed", [WN_REF_SINK] = "sink"};
	struct wn_yaml_docs docs;
	struct wn_err err = {0};
	struct wn_buf b;
	wn_buf_init(&b, 1 << 20);
	wn_json_write(&b, row->definition);
	struct wn_str text = wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	enum wn_rc rc = wn_yaml_parse(
	    text, wn_arena_printf(a, "%s " WN_STR_FMT, files[which], WN_STR_ARG(row->name)), a, &docs, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	switch (which) {
	case WN_REF_KIND:
		wn_conf_kinds(&docs, a, &to->kinds, errors);
		break;
	case WN_REF_TRAIT:
		wn_conf_traits(&docs, a, &to->traits, errors);
		break;
	case WN_REF_FEED:
		wn_conf_feeds(&docs, &cli->config->options, a, &to->feeds, errors);
		break;
	case WN_REF_SINK:
		wn_conf_sinks(&docs, a, &to->sinks, errors);
		break;
	}
	return 0;
}

static int read_refs(struct wn_cli *cli, struct refs *to, struct wn_yaml_errors *errors)
{
	for (enum wn_ref which = WN_REF_KIND; which <= WN_REF_SINK; which++) {
		struct wn_ref_row *rows;
		struct wn_err err = {0};
		size_t n;
		enum wn_rc rc = wn_store_refs(cli->store, which, cli->arena, &rows, &n, &err);
		if (rc)
			return cli_fail(cli, rc, &err);
		for (size_t i = 0; i < n; i++) {
			int code = rows[i].enabled ? take(cli, which, &rows[i], to, errors) : 0;
			if (code)
				return code;
		}
	}
	return 0;
}

static int by_kind(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_kind_conf *)a)->name, ((const struct wn_kind_conf *)b)->name);
}
static int by_feed(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_feed_conf *)a)->name, ((const struct wn_feed_conf *)b)->name);
}
static int by_sink(const void *a, const void *b)
{
	return wn_str_cmp(((const struct wn_sink_conf *)a)->name, ((const struct wn_sink_conf *)b)->name);
}
static int by_trait(const void *a, const void *b)
{
	const struct wn_trait_conf *x = a, *y = b;
	return x->of != y->of ? (int)x->of - (int)y->of : wn_str_cmp(x->name, y->name);
}

/* A config has its things sorted by name; here they come by name already, but not by the C library's order of
 * bytes. */
static void put_refs(struct wn_config *c, struct refs *r)
{
	if (r->kinds.list.n)
		qsort(r->kinds.list.v, r->kinds.list.n, sizeof(*r->kinds.list.v), by_kind);
	if (r->feeds.list.n)
		qsort(r->feeds.list.v, r->feeds.list.n, sizeof(*r->feeds.list.v), by_feed);
	if (r->sinks.list.n)
		qsort(r->sinks.list.v, r->sinks.list.n, sizeof(*r->sinks.list.v), by_sink);
	if (r->traits.list.n)
		qsort(r->traits.list.v, r->traits.list.n, sizeof(*r->traits.list.v), by_trait);
	c->kinds = r->kinds.list.v;
	c->n_kinds = r->kinds.list.n;
	c->feeds = r->feeds.list.v;
	c->n_feeds = r->feeds.list.n;
	c->sinks = r->sinks.list.v;
	c->n_sinks = r->sinks.list.n;
	c->traits = r->traits.list.v;
	c->n_traits = r->traits.list.n;
}

static int tell_errors(struct wn_cli *cli, struct wn_yaml_errors *errors, const char *what)
{
	struct wn_buf b;
	if (!wn_yaml_errors_count(errors))
		return 0;
	wn_buf_init(&b, 64 << 10);
	wn_yaml_errors_sort(errors);
	wn_yaml_errors_to_text(errors, &b);
	fprintf(cli->err, "%.*s", (int)b.n, b.p ? b.p : "");
	wn_buf_done(&b);
	return cli_error(cli, WN_EXIT_INVALID, "%s", what);
}

/* --- the book -------------------------------------------------------------------------------- */
static int make_book(struct wn_cli *cli)
{
	struct wn_err err = {0};
	enum wn_rc rc = wn_book_new(cli->config, "whynow", &cli->book, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli->config = NULL; /* the book has it now */
	return 0;
}

int cli_book_of_files(struct wn_cli *cli)
{
	const char *path = cli->config_path ? cli->config_path : "/etc/whynow/whynow.yaml";
	struct wn_yaml_errors errors;
	if (cli->book)
		return 0;
	wn_yaml_errors_init(&errors, cli->arena);
	struct wn_conf_request req = {.main_path = path, .main_optional = !cli->config_path, .sets = cli->sets};
	wn_config_freep(&cli->config);
	if (wn_conf_load_all(&req, &cli->config, &errors))
		return tell_errors(cli, &errors, "the configuration is not valid");
	return make_book(cli);
}

static int book_of_tables(struct wn_cli *cli)
{
	struct wn_yaml_errors errors;
	struct refs refs = {0};
	wn_yaml_errors_init(&errors, cli->arena);
	int code = read_refs(cli, &refs, &errors);
	if (code == 0)
		code = tell_errors(
		    cli, &errors,
		    "the definitions in the database cannot be read; a newer whynowd may have written them");
	if (code)
		return code;
	if (!refs.kinds.list.n)
		return cli_book_of_files(cli);
	put_refs(cli->config, &refs);
	return make_book(cli);
}

/* What the feeds could have reported, as the daemon knows it: for absent() and blindness. */
static enum wn_rc read_feeds(struct wn_cli *cli, struct wn_err *err)
{
	struct wn_feed_state *states;
	struct wn_gap_row *gaps;
	size_t n, n_gaps;
	enum wn_rc rc = wn_store_feed_states(cli->store, NULL, 0, cli->arena, &states, &n, err);
	if (rc == WN_OK)
		rc = wn_store_gaps(cli->store, cli->arena, &gaps, &n_gaps, err);
	for (size_t f = 0; rc == WN_OK && f < cli->book->n_feeds; f++) {
		struct wn_feed_view *view = cli->book->feeds[f].view;
		struct wn_gap *list = WN_NEW_N(cli->arena, struct wn_gap, n_gaps + 1);
		for (size_t i = 0; i < n; i++)
			if (wn_str_is(states[i].name, view->name)) {
				view->good_since_us =
				    states[i].good_since_us ? states[i].good_since_us : WN_NEVER;
				view->blind = states[i].blind_since_us != 0;
			}
		view->n_gaps = 0;
		for (size_t i = 0; i < n_gaps; i++)
			if (wn_str_is(gaps[i].feed, view->name))
				list[view->n_gaps++] = (struct wn_gap){gaps[i].from_us, gaps[i].to_us};
		view->gaps = list;
	}
	return rc;
}

static enum wn_rc read_sources(struct wn_cli *cli, struct wn_segment_row *rows, size_t n, struct wn_err *err)
{
	struct wn_segment_row **wanted = WN_NEW_N(cli->arena, struct wn_segment_row *, n + 1);
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (wn_book_wants_segment(cli->book, rows, n, i))
			wanted[m++] = &rows[i];
	return wn_store_segment_sources(cli->store, wanted, m, cli->arena, err);
}

/* The daemon marks what cannot be used; here the last good version counts. One may refer to another that comes after it: as long as
 * anything came in, what did not is tried again. */
static void take_segments(struct wn_cli *cli, const struct wn_segment_row *rows, size_t n)
{
	size_t before;
	do {
		before = cli->book->n_segments + cli->book->n_older;
		for (size_t i = 0; i < n; i++) {
			bool in_force;
			struct wn_err ignored;
			if (wn_book_wants_segment(cli->book, rows, n, i) && wn_book_take_segment(cli->book, rows, n, i, &in_force, &ignored) == WN_OK)
				wn_book_pause(cli->book, rows[i].name, rows[i].paused);
		}
	} while (cli->book->n_segments + cli->book->n_older > before);
}

static enum wn_rc read_segments(struct wn_cli *cli, struct wn_err *err)
{
	struct wn_segment_row *rows;
	bool paused;
	size_t n;
	enum wn_rc rc = wn_store_segments(cli->store, NULL, cli->arena, &rows, &n, err);
	if (rc == WN_OK)
		rc = wn_store_is_paused(cli->store, &paused, err);
	struct wn_sequence *sequences;
	size_t n_sequences;
	if (rc == WN_OK)
		rc = wn_store_sequences(cli->store, cli->arena, &sequences, &n_sequences, err);
	if (rc == WN_OK)
		rc = read_sources(cli, rows, n, err);
	if (rc)
		return rc;
	wn_book_expect(cli->book, n);
	wn_book_set_sequences(cli->book, sequences, n_sequences);
	wn_book_pause(cli->book, (struct wn_str){NULL, 0}, paused);
	take_segments(cli, rows, n);
	return WN_OK;
}

int cli_book(struct wn_cli *cli)
{
	struct wn_err err = {0};
	int code = cli_connect(cli);
	if (code || cli->book)
		return code;
	code = book_of_tables(cli);
	if (code)
		return code;
	enum wn_rc rc = read_feeds(cli, &err);
	if (rc == WN_OK)
		rc = read_segments(cli, &err);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

/* --- units of work --------------------------------------------------------------------------- */
int cli_unit(struct wn_cli *cli, struct wn_unit *u)
{
	struct wn_err err = {0};
	struct wn_worker k = {
	    .store = cli->store, .book = cli->book, .clock = cli->own_clock ? cli->own_clock : cli->clock};
	u->actor = cli->actor;
	u->quiet = true;
	enum wn_rc rc = wn_unit_run(&k, u, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	return 0;
}

static const char *subject_of(struct wn_cli *cli, const struct wn_change *ch)
{
	if (!ch->account)
		return "";
	const struct wn_contact *c =
	    wn_id_is_nil(ch->contact_id) ? NULL : wn_account_contact(ch->account, ch->contact_id);
	struct wn_str account = ch->account->domain.n ? ch->account->domain : ch->account->name;
	struct wn_str person = c ? (c->name.n ? c->name : c->email) : (struct wn_str){NULL, 0};
	return wn_arena_printf(cli->arena, "%s%s%s", cli_clean(cli, account), person.n ? ", " : "",
			       person.n ? cli_clean(cli, person) : "");
}

void cli_print_changes(struct wn_cli *cli, const struct wn_world *w)
{
	for (size_t i = 0; i < w->changes.n; i++) {
		const struct wn_change *ch = w->changes.v[i];
		if (!ch->campaign || (strncmp(ch->type, "touch.", 6) == 0 && !cli->terminal && cli->quiet))
			continue;
		const char *who = subject_of(cli, ch);
		cli_say(cli, "%-18s %s, campaign %s%s%s%s%s", ch->type,
			cli_clean(cli, ch->campaign->segment_name), cli_short(cli, ch->campaign->id, 7),
			*who ? ": " : "", who, ch->why.n ? ": " : "", ch->why.n ? cli_clean(cli, ch->why) : "");
	}
}

/* The table of positions of the installation, else the one that was built in. */
const struct wn_positions *cli_positions(struct wn_cli *cli)
{
	struct wn_err err;
	if (!cli->book->positions &&
	    wn_positions_parse(wn_positions_builtin(), "positions", &cli->book->positions, &err))
		cli->book->positions = NULL;
	return cli->book->positions;
}
