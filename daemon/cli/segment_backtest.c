/* SPDX-License-Identifier: MIT */
/*
 * `segment backtest`, and the last lines of `segment apply`: what a segment would have opened. Accounts are read in batches
 * of their own transaction, which is thrown away; nothing is written and nothing stays locked.
 */
#include "segment_backtest.h"
#include <unistd.h>
#include <whynow/limits.h>

enum { BATCH = 100 };

/* --- running --------------------------------------------------------------------------------- */
struct progress {
	struct wn_cli *cli;
	size_t all, done;
	bool shown;
};

static void show_progress(struct progress *p)
{
	if (!p->cli->terminal || p->cli->quiet || p->all < 10 * BATCH)
		return;
	int cells = p->all ? (int)(30 * p->done / p->all) : 0;
	fprintf(p->cli->err, "\r  [%.*s%.*s] %zu of %zu accounts", cells, "##############################", 30 - cells,
		"..............................", p->done, p->all);
	fflush(p->cli->err);
	p->shown = true;
}

static void end_progress(struct progress *p)
{
	if (p->shown)
		fprintf(p->cli->err, "\r%*s\r", 70, "");
}

/* Of the kinds that it can open on; NULL: all of them. */
static struct wn_pg_param kinds_of(struct wn_cli *cli, const struct wn_segment *s)
{
	const struct wn_registry *r = cli->book->registry;
	struct wn_str *names = WN_NEW_N(cli->arena, struct wn_str, wn_registry_kinds(r) + 1);
	size_t n = 0;
	for (size_t k = 0; k < wn_registry_kinds(r); k++)
		if (wn_segment_opens_on(s, (int)k))
			names[n++] = wn_str_of(wn_registry_kind(r, (int)k)->name);
	if (!n)
		for (size_t k = 0; k < wn_registry_kinds(r); k++)
			names[n++] = wn_str_of(wn_registry_kind(r, (int)k)->name);
	return wn_pg_strs(cli->arena, names, n);
}

static enum wn_rc look_at(struct wn_cli *cli, struct wn_backtest *b, const struct wn_id *ids, size_t n, struct wn_err *err)
{
	struct wn_arena *arena = wn_arena_new(0), *scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	struct wn_world *w = wn_world_new(arena, scratch, wn_backtest_catalog(b), cli->now_us, cli->actor);
	enum wn_rc rc = wn_store_begin(cli->store, err);
	if (rc == WN_OK)
		rc = wn_store_load_accounts(cli->store, w, ids, n, WN_LOAD_SIGNALS | WN_LOAD_CONTACTS, err);
	wn_store_rollback(cli->store);
	for (size_t i = 0; rc == WN_OK && i < w->accounts.n; i++)
		wn_backtest_account(b, w, w->accounts.v[i]);
	wn_arena_free(scratch);
	wn_arena_free(arena);
	return rc;
}

static enum wn_rc look_at_all(struct wn_cli *cli, struct wn_backtest *b, const struct wn_segment *s, struct backtest_span span,
			      struct progress *p, struct wn_err *err)
{
	struct wn_pg_param kinds = kinds_of(cli, s);
	struct wn_id last = {{0}};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result count = {0};
	enum wn_rc rc = wn_store_read(cli->store, "backtest_count",
				      WN_PARAMS(wn_pg_time(span.from_us), wn_pg_time(span.to_us), kinds), &count, err);
	if (rc == WN_OK)
		p->all = (size_t)wn_pg_get_int(&count, 0, 0);
	for (int n = BATCH; rc == WN_OK && n == BATCH;) {
		WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
		struct wn_id ids[BATCH];
		rc = wn_store_read(cli->store, "backtest_accounts",
				   WN_PARAMS(wn_pg_time(span.from_us), wn_pg_time(span.to_us), kinds, wn_pg_id(last), wn_pg_int8(BATCH)), &r, err);
		n = rc == WN_OK ? r.rows : 0;
		for (int i = 0; i < n; i++)
			ids[i] = wn_pg_get_id(&r, i, 0);
		if (n == 0)
			break;
		last = ids[n - 1];
		rc = look_at(cli, b, ids, (size_t)n, err);
		p->done += (size_t)n;
		show_progress(p);
	}
	end_progress(p);
	return rc;
}

/* --- telling --------------------------------------------------------------------------------- */
static const char *weeks_text(struct wn_cli *cli, const struct wn_backtest_result *r)
{
	struct wn_buf b;
	wn_buf_init(&b, 4096);
	for (size_t i = r->n_weeks; i-- > 0;)
		wn_buf_printf(&b, "%zu%s", r->weeks[i].campaigns, i ? ", " : "");
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

static void tell_entry(struct wn_cli *cli, const struct wn_backtest_entry *e)
{
	cli_say(cli, "    %s  %s %s%s: %s%s%s%s", cli_at(cli, e->at_us), cli_clean(cli, e->account), e->opened ? "opens it" : "joins",
		e->contacts > 1 ? wn_arena_printf(cli->arena, " with %zu", e->contacts) : "", cli_clean(cli, e->kind),
		e->headline.n ? ", " : "", e->headline.n ? cli_clip(cli, cli_clean(cli, e->headline), 60) : "",
		e->clause.n ? wn_arena_printf(cli->arena, "; %s", cli_clip(cli, cli_clean(cli, e->clause), 60)) : "");
}

static void tell_refusals(struct wn_cli *cli, const struct wn_backtest_result *r)
{
	for (size_t i = 0; i < r->n_refused; i++)
		cli_say(cli, "    %zu %s true and not enrolled: %s", r->refused[i].accounts,
			cli_plural((int64_t)r->refused[i].accounts, "account was", "accounts were"),
			words_non_action(wn_non_action_to_text(r->refused[i].reason)));
	if (r->unknown)
		cli_say(cli, "    %zu %s unknown, most often for `%s`", r->unknown,
			cli_plural((int64_t)r->unknown, "account stayed", "accounts stayed"), cli_clip(cli, cli_clean(cli, r->unknown_clause), 80));
	if (r->cut)
		cli_say(cli, "    it came true too often to be counted: only the first %d times are", WN_BACKTEST_VERDICTS_MAX);
}

static void tell(struct wn_cli *cli, const struct wn_backtest_result *r, struct backtest_span span, size_t entries)
{
	const char *days = cli_span(cli, span.to_us - span.from_us);
	if (!r->accounts)
		cli_say(cli, "  last %s: no account had a signal it could open on", days);
	else if (!r->campaigns)
		cli_say(cli, "  last %s: it would have opened nothing; %zu %s had a signal it could open on", days, r->accounts,
			cli_plural((int64_t)r->accounts, "account", "accounts"));
	else
		cli_say(cli, "  last %s: it would have opened %zu %s with %zu %s at %zu %s (by week: %s; the largest has %zu)", days, r->campaigns,
			cli_plural((int64_t)r->campaigns, "campaign", "campaigns"), r->members,
			cli_plural((int64_t)r->members, "member", "members"), r->enrolled,
			cli_plural((int64_t)r->enrolled, "account", "accounts"), weeks_text(cli, r), r->largest);
	for (size_t i = 0; i < r->n_entries && i < entries; i++)
		tell_entry(cli, &r->entries[i]);
	if (r->enrolled > entries && r->n_entries >= entries)
		cli_say(cli, "    and %zu more", r->enrolled - entries);
	tell_refusals(cli, r);
}

static struct wn_value entry_value(struct wn_cli *cli, const struct wn_backtest_entry *e)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "at", wn_time_us(e->at_us));
	wn_map_set(&m, "account", wn_string(wn_arena_str(cli->arena, e->account)));
	wn_map_set(&m, "opens", wn_bool(e->opened));
	wn_map_set(&m, "contacts", wn_int((int64_t)e->contacts));
	wn_map_set(&m, "kind", wn_string(wn_arena_str(cli->arena, e->kind)));
	wn_map_set(&m, "headline", wn_string(wn_arena_str(cli->arena, e->headline)));
	wn_map_set(&m, "clause", wn_string(wn_arena_str(cli->arena, e->clause)));
	return wn_map_end(&m);
}

static struct wn_value weeks_value(struct wn_cli *cli, const struct wn_backtest_result *r)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, r->n_weeks + 1);
	for (size_t i = 0; i < r->n_weeks; i++) {
		const struct wn_backtest_week *week = &r->weeks[r->n_weeks - 1 - i];
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "from", wn_time_us(week->from_us));
		wn_map_set(&m, "campaigns", wn_int((int64_t)week->campaigns));
		wn_map_set(&m, "members", wn_int((int64_t)week->members));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, r->n_weeks);
}

static struct wn_value result_value(struct wn_cli *cli, const struct wn_segment *s, const struct wn_backtest_result *r)
{
	struct wn_value *entries = WN_NEW_N(cli->arena, struct wn_value, r->n_entries + 1);
	for (size_t i = 0; i < r->n_entries; i++)
		entries[i] = entry_value(cli, &r->entries[i]);
	struct wn_map_builder refused = wn_map_begin(cli->arena), m = wn_map_begin(cli->arena);
	for (size_t i = 0; i < r->n_refused; i++)
		wn_map_set(&refused, wn_non_action_to_text(r->refused[i].reason), wn_int((int64_t)r->refused[i].accounts));
	wn_map_set(&m, "segment", wn_string(wn_arena_str(cli->arena, wn_str_of(s->name))));
	wn_map_set(&m, "accounts", wn_int((int64_t)r->accounts));
	wn_map_set(&m, "campaigns", wn_int((int64_t)r->campaigns));
	wn_map_set(&m, "members", wn_int((int64_t)r->members));
	wn_map_set(&m, "enrolled", wn_int((int64_t)r->enrolled));
	wn_map_set(&m, "expired", wn_int((int64_t)r->expired));
	wn_map_set(&m, "boxed", wn_int((int64_t)r->boxed));
	wn_map_set(&m, "unknown", wn_int((int64_t)r->unknown));
	wn_map_set(&m, "weeks", weeks_value(cli, r));
	wn_map_set(&m, "first", wn_list(entries, r->n_entries));
	wn_map_set(&m, "refused", wn_map_end(&refused));
	return wn_map_end(&m);
}

int cli_backtest(struct wn_cli *cli, const struct wn_segment *s, int64_t days, size_t entries, struct wn_value *json)
{
	struct wn_err err = {0};
	struct wn_backtest_result r;
	struct progress p = {.cli = cli};
	struct backtest_span span = {cli->now_us - days * WN_DAY, cli->now_us};
	if (s->broad)
		return 0;
	struct wn_backtest *b = wn_backtest_new(s, &cli->book->catalog, span.from_us, span.to_us);
	enum wn_rc rc = look_at_all(cli, b, s, span, &p, &err);
	if (rc == WN_OK) {
		wn_backtest_finish(b, &r);
		tell(cli, &r, span, entries);
		if (json)
			*json = result_value(cli, s, &r);
	}
	wn_backtest_free(b);
	return rc ? cli_fail(cli, rc, &err) : 0;
}

/* --- the command ----------------------------------------------------------------------------- */
static int run_of_file(struct wn_cli *cli, const char *path, int64_t days, size_t entries)
{
	struct segment_documents *f;
	int code = cli_segments_open(cli, path, &f);
	size_t n = code ? 0 : cli_segments_count(f);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n && code == 0; i++) {
		cli_say(cli, "%s", cli_segments_at(f, i)->name);
		v[i] = wn_null();
		code = cli_backtest(cli, cli_segments_at(f, i), days, entries, &v[i]);
	}
	if (code == 0 && cli->json)
		cli_json(cli, wn_list(v, n));
	cli_segments_close(f);
	return code;
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	int64_t days = 30, entries = 10;
	int code = cli_int_option(cli, "--days", 1, 400, &days);
	if (code == 0)
		code = cli_int_option(cli, "--first", 0, WN_BACKTEST_ENTRIES, &entries);
	if (code == 0)
		code = cli_book(cli);
	if (code)
		return code;
	const struct wn_segment *s = wn_catalog_segment(&cli->book->catalog, wn_str_of(argv[0]), 0);
	if (!s && (strcmp(argv[0], "-") == 0 || access(argv[0], R_OK) == 0))
		return run_of_file(cli, argv[0], days, (size_t)entries);
	if (!s)
		return cli_no_segment(cli, argv[0], 0);
	struct wn_value json = wn_null();
	cli_say(cli, "%s version %d", s->name, s->version);
	if (s->broad)
		cli_say(cli, "  broad: it opens nothing and exists to be referred to");
	code = cli_backtest(cli, s, days, (size_t)entries, &json);
	if (code == 0 && cli->json)
		cli_json(cli, json);
	return code;
}

static const struct wn_cli_option options[] = {
    {"--days", "N", "how far back (30)"},
    {"--first", "N", "how many accounts are shown with their reason (10)"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_backtest = {
    .name = "segment backtest",
    .args = "NAME|FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "what a segment would have opened in the last 30 days",
    .more = "The stored signals of that time, in the order in which they came, through the rule and the step function of the daemon. "
	    "Signals are seen as they were known at each instant; traits and contacts as they are now. Everybody opens: what is open, "
	    "cooling down or capped today does not stand in the way. Nothing is written.",
    .options = options,
    .run = run,
};
