/* SPDX-License-Identifier: MIT */
/*
 * `segment check|apply FILE`: one file, several documents. All of them are good or nothing is published; every
 * error has file, line and column. What is told afterwards is arithmetic of the segment alone: how long one
 * signal lasts.
 */
#include "segment_backtest.h"
#include "segment_explain.h"
#include <whynow/limits.h>
#include <whynow/text.h>

enum { WARNINGS = 50, DOCUMENTS = 500 };

struct segment_documents {
	const char *path;
	struct wn_str text;
	struct wn_yaml_docs docs;
	const struct wn_segment **others;
	size_t n_others; /* of the database, then those of this file read so far */
	struct wn_segment *segments[DOCUMENTS];
	size_t doc[DOCUMENTS]; /* of each */
	size_t n;
	struct wn_sequence *sequences; /* those of this file, then the stored ones */
	size_t n_sequences, own_sequences;
};

/* --- reading --------------------------------------------------------------------------------- */
int cli_read_file(struct wn_cli *cli, const char *path, size_t most, struct wn_str *out)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? cli->in : fopen(path, "re");
	struct wn_buf b;
	char part[65536];
	size_t n;
	if (!f)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "%s cannot be read: %m", path);
	wn_buf_init(&b, most);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		wn_buf_add(&b, part, n);
	bool failed = ferror(f) != 0, over = wn_buf_overflowed(&b);
	if (!standard)
		fclose(f);
	*out = wn_arena_str(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	if (failed)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "%s cannot be read", path);
	return over ? cli_error(cli, WN_EXIT_INVALID, "%s is larger than %zu MiB", path, most >> 20) : 0;
}

static void tell_warnings(struct wn_cli *cli, const struct wn_warning *warnings, size_t n)
{
	for (size_t i = 0; i < n && i < WARNINGS; i++) {
		struct wn_place at = warnings[i].place;
		fprintf(cli->err, "%s:%d:%d: warning: %s\n", at.file ? at.file : "", at.line, at.column,
			warnings[i].text);
	}
}

/* An error without a caret of its own gets the line it is on. */
static void tell_error(struct wn_cli *cli, const struct segment_documents *f, const struct wn_err *err)
{
	char text[1400];
	const char *at = f->text.p, *end = f->text.p + f->text.n;
	wn_err_to_text(err, text, sizeof(text));
	fprintf(cli->err, "%s\n", text);
	if (strchr(text, '^') || err->place.line < 1)
		return;
	for (int line = 1; line < err->place.line && at < end; line++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : end;
	}
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	const char *shown = cli_clean(cli, (struct wn_str){at, (size_t)((stop ? stop : end) - at)});
	if (*shown && strlen(shown) <= 200)
		fprintf(cli->err, "  %s\n  %*s^\n", shown, err->place.column > 0 ? err->place.column - 1 : 0,
			"");
}

static int read_documents(struct wn_cli *cli, struct segment_documents *f)
{
	struct wn_err err = {0};
	int code = f->text.p ? 0 : cli_read_file(cli, f->path, WN_CONF_FILE_MAX, &f->text);
	if (code)
		return code;
	enum wn_rc rc = wn_yaml_parse(f->text, f->path, cli->arena, &f->docs, &err);
	if (rc) {
		tell_error(cli, f, &err);
		return cli_exit_of(rc);
	}
	if (f->docs.n == 0 || f->docs.n > DOCUMENTS)
		return cli_error(cli, WN_EXIT_INVALID, "%s: %s", f->path,
				 f->docs.n ? "more than 500 documents" : "no segment in it");
	return 0;
}

/* The segment of the same name in the database is not one of the others: this is its next version. */
static void take_other(struct segment_documents *f, const struct wn_segment *s)
{
	for (size_t i = 0; i < f->n_others; i++)
		if (strcmp(f->others[i]->name, s->name) == 0) {
			f->others[i] = s;
			return;
		}
	f->others[f->n_others++] = s;
}

/* Wherever it stands in the file, a sequence may be named by every segment of it. */
static int take_sequences(struct wn_cli *cli, struct segment_documents *f)
{
	struct wn_err err = {0};
	int code = 0;
	f->sequences = WN_NEW_N(cli->arena, struct wn_sequence, f->docs.n + cli->book->n_sequences + 1);
	for (size_t i = 0; i < f->docs.n; i++) {
		struct wn_str name;
		if (!wn_sequence_is(f->docs.v[i].root, &name))
			continue;
		enum wn_rc rc = wn_sequence_check(f->docs.v[i].root, &err);
		if (rc) {
			tell_error(cli, f, &err);
			code = cli_exit_of(rc);
		}
		f->sequences[f->n_sequences++] =
		    (struct wn_sequence){.name = name, .version = INT32_MAX, .text = f->text, .file = f->path, .doc = i};
	}
	f->own_sequences = f->n_sequences;
	for (size_t i = 0; i < cli->book->n_sequences; i++)
		f->sequences[f->n_sequences++] = cli->book->sequences[i];
	return code;
}

static int parse_documents(struct wn_cli *cli, struct segment_documents *f)
{
	struct wn_warning warnings[WARNINGS];
	int code = take_sequences(cli, f);
	f->others = WN_NEW_N(cli->arena, const struct wn_segment *, cli->book->n_segments + f->docs.n + 1);
	for (size_t i = 0; i < cli->book->n_segments; i++)
		f->others[f->n_others++] = cli->book->segments[i];
	for (size_t i = 0; i < f->docs.n; i++) {
		struct wn_segment_options opt = wn_book_segment_options(cli->book);
		struct wn_segment *s = NULL;
		struct wn_err err = {0};
		struct wn_str name;
		size_t n = 0;
		if (wn_sequence_is(f->docs.v[i].root, &name))
			continue;
		opt.others = f->others;
		opt.others_by_name = NULL;
		opt.n_others = f->n_others;
		opt.sequences = f->sequences;
		opt.n_sequences = f->n_sequences;
		enum wn_rc rc = wn_segment_read(&f->docs.v[i], f->path, &opt, &s, warnings, WARNINGS, &n, &err);
		tell_warnings(cli, warnings, n);
		if (rc) {
			tell_error(cli, f, &err);
			code = cli_exit_of(rc);
			continue;
		}
		f->doc[f->n] = i;
		f->segments[f->n++] = s;
		take_other(f, s);
	}
	return code;
}

/* When all documents are read, so that each sees its neighbours. */
static int run_tests(struct wn_cli *cli, const struct segment_documents *f)
{
	size_t failed = 0, all = 0;
	for (size_t i = 0; i < f->n; i++) {
		struct wn_segment_options opt = wn_book_segment_options(cli->book);
		struct wn_trial *tests;
		size_t n;
		opt.others = f->others;
		opt.others_by_name = NULL;
		opt.n_others = f->n_others;
		wn_segment_run_tests(f->segments[i], &opt, f->path, cli->arena, &tests, &n);
		for (size_t k = 0; k < n; k++)
			if (tests[k].failure) {
				cli_text_block(cli, cli->err, 0, wn_str_of(tests[k].failure));
				failed++;
			}
		all += n;
	}
	if (failed)
		return cli_error(cli, WN_EXIT_INVALID, "%zu of %zu %s failed", failed, all, cli_plural((int64_t)all, "test", "tests"));
	if (all)
		cli_say(cli, "%zu %s passed", all, cli_plural((int64_t)all, "test", "tests"));
	return 0;
}

static void free_segments(struct segment_documents *f)
{
	for (size_t i = 0; i < f->n; i++)
		wn_segment_free(f->segments[i]);
}

static int open_file(struct wn_cli *cli, struct segment_documents *f, bool need_database)
{
	int code = cli_config(cli);
	if (code == 0 && !need_database && cli_flag(cli, "--offline"))
		code = cli_book_of_files(cli);
	else if (code == 0)
		code = cli_book(cli);
	if (code && !need_database)
		cli_hint(cli,
			 "--offline checks against the files of kinds, traits and sinks, without a database");
	if (code == 0)
		code = read_documents(cli, f);
	if (code == 0)
		code = parse_documents(cli, f);
	return code ? code : run_tests(cli, f);
}

int cli_segments_open(struct wn_cli *cli, const char *path, struct segment_documents **out)
{
	struct segment_documents *f = WN_NEW(cli->arena, struct segment_documents);
	*f = (struct segment_documents){.path = path};
	*out = f;
	return open_file(cli, f, true);
}

size_t cli_segments_count(const struct segment_documents *f)
{
	return f->n;
}

const struct wn_segment *cli_segments_at(const struct segment_documents *f, size_t i)
{
	return f->segments[i];
}

void cli_segments_close(struct segment_documents *f)
{
	free_segments(f);
}

/* --- how long it lasts ----------------------------------------------------------------------- */
/* One signal of the kind with one publisher, occurring now. */
static void tell_kind(struct wn_cli *cli, const struct wn_segment *s, const struct wn_kind_def *k, int number)
{
	struct wn_evidence e = {.kind = number,
				.strength = k->strength > 0 ? k->strength : 1,
				.publishers = 1,
				.half_life_us = k->half_life_us,
				.hard_stop_us = k->hard_stop_us};
	const struct wn_evidence *list[] = {&e};
	int64_t stale = wn_stale_at(list, 1, s->life.floor, 0);
	if (stale == 0)
		cli_say(cli, "  one %s is never enough: its weight %.2f is under the floor %.2f", k->name,
			e.strength, s->life.floor);
	else
		cli_say(cli, "  one %s goes stale after %s; %s", k->name, cli_span(cli, stale),
			stale <= s->life.box_us ? wn_arena_printf(cli->arena, "that comes before the box (%s)",
								  cli_span(cli, s->life.box_us))
						: wn_arena_printf(cli->arena, "the box (%s) ends it first",
								  cli_span(cli, s->life.box_us)));
}

static void tell_segment(struct wn_cli *cli, const struct wn_segment *s)
{
	const struct wn_registry *r = cli->book->registry;
	if (s->broad) {
		cli_say(cli, "  broad: it opens nothing and exists to be referred to");
		return;
	}
	for (size_t k = 0; k < wn_registry_kinds(r); k++)
		if (wn_segment_opens_on(s, (int)k))
			tell_kind(cli, s, wn_registry_kind(r, (int)k), (int)k);
	cli_say(cli, "  goal: %s of %s within %s; %s, %s, priority %d", s->goal.metric,
		cli_percent(cli, s->goal.target), cli_span(cli, s->goal.window_us),
		s->mode == WN_MODE_LIVE      ? "live"
		: s->mode == WN_MODE_PROPOSE ? "proposes, an operator approves"
					     : "shadow, nothing is sent",
		s->holdout > 0 ? wn_arena_printf(cli->arena, "%s held out", cli_percent(cli, s->holdout))
			       : "nobody held out",
		s->priority);
}

/* --- check ----------------------------------------------------------------------------------- */
static int check_segment(struct wn_cli *cli, const struct wn_segment *s, struct wn_value *out)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	struct cli_rates r;
	int64_t most = INT32_MAX;
	int code = cli_int_option(cli, "--accounts", 0, INT32_MAX, &most);
	cli_say(cli, "%s: good", s->name);
	tell_segment(cli, s);
	if (code == 0)
		code = cli_segment_rates(cli, s, cli->store ? (size_t)most : 0, &r);
	if (code)
		return code;
	cli_segment_explain(cli, s, &r);
	wn_map_set(&m, "segment", wn_string(wn_arena_str(cli->arena, wn_str_of(s->name))));
	wn_map_set(&m, "accounts", wn_int((int64_t)r.rates->accounts));
	wn_map_set(&m, "accounts_with_signal", wn_int((int64_t)r.rates->with_signal));
	wn_map_set(&m, "selected", wn_int((int64_t)r.rates->fit));
	wn_map_set(&m, "waiting", wn_int((int64_t)r.rates->waiting));
	if (r.rates->waiting)
		wn_map_set(&m, "next_true_at", wn_time_us(r.rates->next_true_us));
	wn_map_set(&m, "clauses", cli_rates_value(cli, r.rates));
	if (!s->broad)
		wn_map_set(&m, "index", cli_index_value(cli, s, &r));
	*out = wn_map_end(&m);
	return 0;
}

static int run_check(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct segment_documents f = {.path = argv[0]};
	int code = open_file(cli, &f, false);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, f.n + 1);
	for (size_t i = 0; code == 0 && i < f.n; i++)
		code = check_segment(cli, f.segments[i], &v[i]);
	if (code == 0 && cli->json)
		cli_json(cli, wn_list(v, f.n));
	free_segments(&f);
	return code == WN_EXIT_INVALID ? WN_EXIT_NO : code;
}

static const struct wn_cli_option check_options[] = {
    {"--offline", NULL, "against the files of kinds, traits and sinks, without a database"},
    {"--accounts", "N", "put at most so many stored accounts to the rule, 0 for none [all]"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_check = {
    .name = "segment check",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "say everything that is wrong with a file of segments",
    .more = "FILE may hold several documents, - is the standard input. Their tests are run. Exit code 1 if anything is wrong. A good "
	    "segment is followed by how long one signal of each kind it opens on lasts, and whether staleness or the box ends it first; "
	    "by each clause of `when` and `who` in canonical form, with the types of what it reads, for how many of the stored accounts "
	    "(their newest signal, their contacts) it is true and unknown, and what time alone may make of it; by what the index files the "
	    "rule under, how many of the stored signals (the newest 20 of an account) it leaves, and what is evaluated for each of those; "
	    "by how many accounts it selects now, how many wait for time alone, and until when the first does. A clause that is unknown for "
	    "more than half is told with the count: unknown never enrols anybody.",
    .options = check_options,
    .run = run_check,
};

/* --- apply ----------------------------------------------------------------------------------- */
/* The first apply of a live segment asks: from then on it writes to people. */
static int ask_for_live(struct wn_cli *cli, const struct wn_segment *s)
{
	struct wn_value before;
	if (s->mode != WN_MODE_LIVE || cli->book->config->options.touches.redirect_to.n)
		return 0;
	int code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(s->name), wn_pg_int4(0)), &before);
	if (code && code != WN_EXIT_NOT_FOUND)
		return code;
	if (code == 0 &&
	    wn_str_is(wn_value_str(wn_value_at(wn_value_at(before, "definition"), "mode")), "live"))
		return 0;
	if (cli_ask(cli,
		    "Segment %s is live: its touches go to people from now on (touches.redirect_to is not "
		    "set). Apply it?",
		    s->name))
		return 0;
	cli_error(
	    cli, WN_EXIT_REFUSED,
	    "segment %s is live for the first time and touches.redirect_to is not set; nothing was applied",
	    s->name);
	cli_hint(cli, "--yes applies it; touches.redirect_to in the main file sends every message to one "
		      "address; mode: shadow only watches");
	return WN_EXIT_REFUSED;
}

struct published {
	int version;
	bool same;
	struct wn_value backtest;
};

static int publish_sequence(struct wn_cli *cli, const struct segment_documents *f, const struct wn_sequence *s)
{
	struct wn_err err = {0};
	struct wn_buf json;
	int version = 0;
	wn_buf_init(&json, 4 << 20);
	wn_json_write_canonical(&json, wn_yaml_to_value(f->docs.v[s->doc].root, cli->arena));
	enum wn_rc rc = wn_store_sequence_publish(cli->store, s->name, wn_buf_slice(&json), cli->now_us, &version, &err);
	wn_buf_done(&json);
	if (rc && rc != WN_EXISTS)
		return cli_fail(cli, rc, &err);
	cli_say(cli, "sequence " WN_STR_FMT ": version %d %s", WN_STR_ARG(s->name), version,
		rc == WN_EXISTS ? "says the same already" : "published; segments take it when they are applied again");
	return 0;
}

static int publish(struct wn_cli *cli, const struct segment_documents *f, size_t i, struct published *out)
{
	const struct wn_segment *s = f->segments[i];
	struct wn_err err = {0};
	struct wn_buf json;
	wn_buf_init(&json, 4 << 20);
	wn_segment_to_json(s, &json);
	enum wn_rc rc =
	    wn_store_segment_publish(cli->store, wn_str_of(s->name), wn_text_trim(f->docs.v[f->doc[i]].source),
				     wn_buf_slice(&json), cli->actor, cli->now_us, &out->version, &err);
	wn_buf_done(&json);
	out->same = rc == WN_EXISTS;
	if (rc && rc != WN_EXISTS)
		return cli_fail(cli, rc, &err);
	return 0;
}

/* --- migrate --------------------------------------------------------------------------------- */
struct migration {
	struct wn_cli *cli;
	const struct wn_due *campaign;
};

static enum wn_rc load_migrating(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	const struct migration *m = ctx;
	struct wn_campaign *c;
	enum wn_rc rc = wn_store_load_campaign(s, w, m->campaign->bucket, m->campaign->campaign_id, false, &c, err);
	return rc == WN_NOT_FOUND ? WN_OK : rc;
}

static enum wn_rc step_migrating(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	const struct migration *m = ctx;
	struct wn_campaign *c = wn_world_campaign(w, m->campaign->campaign_id);
	return c && c->state != WN_CAMPAIGN_CLOSED
		   ? wn_campaign_step(w, &(struct wn_event){.type = WN_EV_MIGRATE, .campaign = c}, err)
		   : WN_OK;
}

static void print_migrated(void *ctx, struct wn_world *w)
{
	cli_print_changes(((const struct migration *)ctx)->cli, w);
}

/* The version is in force here as it will be in the daemon; each campaign is a unit of its own. */
static int migrate(struct wn_cli *cli, const struct wn_segment *s, int version, struct wn_str source)
{
	const struct wn_segment *before = wn_catalog_segment(&cli->book->catalog, wn_str_of(s->name), 0);
	struct wn_due *due;
	struct wn_err err = {0};
	size_t n;
	int code = 0;
	enum wn_rc rc = wn_book_put_segment(cli->book, wn_str_of(s->name), version, source, true, before && before->paused, &err);
	if (rc == WN_OK)
		rc = wn_store_older_campaigns(cli->store, wn_str_of(s->name), version, cli->arena, &due, &n, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	for (size_t i = 0; i < n && code == 0; i++) {
		struct migration m = {cli, &due[i]};
		code = cli_unit(cli, &(struct wn_unit){.load = load_migrating, .step = step_migrating, .done = print_migrated, .ctx = &m});
	}
	return code;
}

static int migrate_all(struct wn_cli *cli, const struct segment_documents *f, const struct published *p)
{
	int code = 0;
	for (size_t i = 0; i < f->n && code == 0; i++)
		if (!f->segments[i]->broad)
			code = migrate(cli, f->segments[i], p[i].version, wn_text_trim(f->docs.v[f->doc[i]].source));
	return code;
}

/* After the commit: what was published, how long it lasts, what it would have opened. That a backtest fails undoes nothing. */
static void tell_applied(struct wn_cli *cli, const struct segment_documents *f, struct published *p)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct wn_segment *s = f->segments[i];
		cli_say(cli, "%s: version %d %s", s->name, p[i].version,
			p[i].same ? "says the same already" : "published; in force within a second of a running daemon");
		tell_segment(cli, s);
		if (!cli_flag(cli, "--no-backtest") && cli_backtest(cli, s, 30, 5, &p[i].backtest))
			cli_hint(cli, "the segments were applied all the same");
	}
}

static struct wn_value published_value(struct wn_cli *cli, const struct segment_documents *f, const struct published *p)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, f->n + 1);
	for (size_t i = 0; i < f->n; i++) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "segment", wn_string(wn_arena_str(cli->arena, wn_str_of(f->segments[i]->name))));
		wn_map_set(&m, "version", wn_int(p[i].version));
		wn_map_set(&m, "unchanged", wn_bool(p[i].same));
		if (p[i].backtest.kind == WN_MAP)
			wn_map_set(&m, "last_30_days", p[i].backtest);
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, f->n);
}

static int apply(struct wn_cli *cli, const struct segment_documents *f, struct published *p)
{
	struct wn_err err = {0};
	int code = 0;
	for (size_t i = 0; i < f->n && code == 0; i++)
		code = ask_for_live(cli, f->segments[i]);
	if (code)
		return code;
	enum wn_rc rc = wn_store_begin(cli->store, &err);
	for (size_t i = 0; rc == WN_OK && i < f->own_sequences && code == 0; i++)
		code = publish_sequence(cli, f, &f->sequences[i]);
	for (size_t i = 0; rc == WN_OK && i < f->n && code == 0; i++)
		code = publish(cli, f, i, &p[i]);
	if (code) {
		wn_store_rollback(cli->store);
		return code;
	}
	if (rc == WN_OK)
		rc = wn_store_commit(cli->store, &err);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

static int apply_documents(struct wn_cli *cli, struct segment_documents *f)
{
	struct published *p = WN_NEW_N(cli->arena, struct published, DOCUMENTS);
	int code = open_file(cli, f, true);
	if (code)
		cli_hint(cli, "nothing was applied");
	else
		code = apply(cli, f, p);
	if (code == 0 && cli_flag(cli, "--migrate"))
		code = migrate_all(cli, f, p);
	if (code == 0) {
		cli_nudge(cli);
		tell_applied(cli, f, p);
		if (cli->json)
			cli_json(cli, published_value(cli, f, p));
	}
	free_segments(f);
	return code;
}

int cli_segments_apply(struct wn_cli *cli, const char *label, struct wn_str text)
{
	struct segment_documents f = {.path = label, .text = text};
	return apply_documents(cli, &f);
}

static int run_apply(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct segment_documents f = {.path = argv[0]};
	return apply_documents(cli, &f);
}

static const struct wn_cli_option apply_options[] = {
    {"--migrate", NULL, "campaigns of older versions follow its steps, where they are not planned yet, and its exit policy; goal, metric "
			"and target stay"},
    {"--no-backtest", NULL, "do not look what it would have opened in the last 30 days"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_apply = {
    .name = "segment apply",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "publish the segments of a file, all or none",
    .more = "Each document becomes the next version of its segment unless the newest says the same. Open "
	    "campaigns of the old version take no new members and "
	    "are judged by their own version. The first apply of a live segment asks, unless "
	    "touches.redirect_to of the main file sends every message "
	    "to one address. The tests of every segment run first; one that fails refuses the file. At the end stands what "
	    "each would have opened in the last 30 days.",
    .options = apply_options,
    .run = run_apply,
};
