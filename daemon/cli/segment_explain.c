/* SPDX-License-Identifier: MIT */
/*
 * What a rule is: its clauses in canonical form with the types of what they read, how often each is true, false
 * and unknown over the stored accounts, how the index finds it, what time alone changes. For `segment check`
 * and `segment show`.
 */
#include "segment_explain.h"
#include <whynow/limits.h>
#include <whynow/match.h>

enum { PAGE = 500 };

/* --- walking over the accounts --------------------------------------------------------------- */
static void progress(struct wn_cli *cli, const struct wn_rates *r, bool last)
{
	if (!cli->terminal || cli->quiet || cli->json || r->accounts <= PAGE)
		return;
	fprintf(cli->err, "\r%zu accounts looked at%s", r->accounts, last ? "\n" : "");
	fflush(cli->err);
}

static enum wn_rc add_page(struct wn_cli *cli, struct wn_rates *r, struct wn_arena *arena,
			   struct wn_arena *scratch, size_t n, struct wn_id *after, size_t *got,
			   struct wn_err *err)
{
	struct wn_world *w = wn_world_new(arena, scratch, &cli->book->catalog, cli->now_us, cli->actor);
	enum wn_rc rc = wn_store_scan_accounts(cli->store, w, *after, n, r->needs, err);
	for (size_t i = 0; rc == WN_OK && i < w->accounts.n; i++)
		wn_rates_add(r, w, w->accounts.v[i]);
	*got = w->accounts.n;
	if (w->accounts.n)
		*after = w->accounts.v[w->accounts.n - 1]->id;
	return rc;
}

int cli_segment_rates(struct wn_cli *cli, const struct wn_segment *s, size_t most, struct wn_rates **out)
{
	struct wn_arena *arena = wn_arena_new(0), *scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	struct wn_rates *r = wn_rates_new(s, cli->book->registry, cli->arena);
	struct wn_id after = {{0}};
	struct wn_err err = {0};
	size_t got = 1;
	enum wn_rc rc = WN_OK;
	while (rc == WN_OK && got && r->accounts < most) {
		wn_arena_reset(arena);
		rc = add_page(cli, r, arena, scratch, most - r->accounts < PAGE ? most - r->accounts : PAGE,
			      &after, &got, &err);
		progress(cli, r, false);
	}
	progress(cli, r, true);
	wn_arena_free(scratch);
	wn_arena_free(arena);
	*out = r;
	return rc ? cli_fail(cli, rc, &err) : 0;
}

/* --- words ----------------------------------------------------------------------------------- */
static const char *of_whom(const struct wn_rate *rate, size_t n)
{
	static const char *const words[][2] = {
	    [WN_RATE_ACCOUNT] = {"account", "accounts"},
	    [WN_RATE_SIGNAL] = {"account with a fitting signal", "accounts with a fitting signal"},
	    [WN_RATE_CONTACT] = {"contact", "contacts"}};
	return words[rate->of][n == 1 ? 0 : 1];
}

static const char *share(struct wn_cli *cli, size_t part, size_t whole)
{
	double p = whole ? (double)part / (double)whole : 0;
	return part && p < 0.005 ? wn_arena_printf(cli->arena, "%.2g %%", p * 100)
				 : wn_arena_printf(cli->arena, "%.0f %%", p * 100);
}

static bool mostly_unknown(const struct wn_rate *rate)
{
	return rate->unknown * 2 > wn_rate_asked(rate);
}

static const char *rate_text(struct wn_cli *cli, const struct wn_rate *rate)
{
	size_t n = wn_rate_asked(rate);
	const char *unknown =
	    rate->unknown ? wn_arena_printf(cli->arena, ", unknown for %s", share(cli, rate->unknown, n)) : "";
	if (!n)
		return wn_arena_printf(cli->arena, "no %s to ask", of_whom(rate, 2));
	return wn_arena_printf(cli->arena, "true for %s%s of %zu %s", share(cli, rate->yes, n), unknown, n,
			       of_whom(rate, n));
}

static const char *turns_text(unsigned turns)
{
	return turns == WN_TURNS_TRUE ? "true" : turns == WN_TURNS_FALSE ? "false" : "true or false";
}

static void print_clause(struct wn_cli *cli, const struct wn_rate *rate, bool counted)
{
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	wn_buf_printf(&b, WN_STR_FMT, WN_STR_ARG(rate->types));
	if (counted)
		wn_buf_printf(&b, "%s%s", b.n ? "; " : "", rate_text(cli, rate));
	if (rate->turns)
		wn_buf_printf(&b, "%stime alone may make it %s", b.n ? "; " : "", turns_text(rate->turns));
	cli_paragraph(cli, cli->out, 4, cli_clean(cli, rate->clause));
	if (b.n)
		cli_paragraph(cli, cli->out, 8, b.p);
	wn_buf_done(&b);
}

/* --- the index ------------------------------------------------------------------------------- */
const char *cli_segment_filed(struct wn_cli *cli, const struct wn_segment *s)
{
	switch (wn_segment_filed(s, cli->book->registry)) {
	case WN_FILED_KEYED:
		return "filed under keys: only signals that could make it true are put to it";
	case WN_FILED_ALWAYS:
		return "no clause can be filed under a key: every signal is put to it; ask for signal.kind to "
		       "make it cheap";
	case WN_FILED_NEVER:
		return "it can never be true";
	}
	return "";
}

/* When the rule could become true without anything being heard. */
static const char *time_text(struct wn_cli *cli, const struct wn_rates *r)
{
	struct wn_buf b;
	wn_buf_init(&b, 8000);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].turns & WN_TURNS_TRUE && r->v[i].of != WN_RATE_CONTACT)
			wn_buf_printf(&b, "%s" WN_STR_FMT, b.n ? "; " : "", WN_STR_ARG(r->v[i].clause));
	const char *text = b.n ? wn_arena_printf(cli->arena,
						 "time: the rule may become true by time alone, through %s: a "
						 "verdict that waits for that is "
						 "looked at again at the first instant it may change",
						 b.p)
			       : "time: time alone never makes the rule true";
	wn_buf_done(&b);
	return text;
}

/* --- screens --------------------------------------------------------------------------------- */
void cli_segment_explain(struct wn_cli *cli, const struct wn_segment *s, const struct wn_rates *r)
{
	bool counted = r->accounts > 0;
	if (cli->quiet || cli->json)
		return;
	fputs("  when\n", cli->out);
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].of == WN_RATE_CONTACT && (i == 0 || r->v[i - 1].of != WN_RATE_CONTACT))
			fputs("  who\n", cli->out);
		print_clause(cli, &r->v[i], counted);
	}
	if (!s->broad)
		cli_paragraph(cli, cli->out, 2,
			      wn_arena_printf(cli->arena, "index: %s", cli_segment_filed(cli, s)));
	if (counted && r->with_signal && !s->broad)
		cli_paragraph(
		    cli, cli->out, 2,
		    wn_arena_printf(
			cli->arena,
			"selects: the newest signal of a fitting kind makes `when` true for %zu of %zu %s",
			r->fit, r->with_signal,
			of_whom(&(struct wn_rate){.of = WN_RATE_SIGNAL}, r->with_signal)));
	cli_paragraph(cli, cli->out, 2, time_text(cli, r));
	cli_segment_unknowns(cli, r);
}

void cli_segment_unknowns(struct wn_cli *cli, const struct wn_rates *r)
{
	size_t said = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct wn_rate *rate = &r->v[i];
		if (!mostly_unknown(rate))
			continue;
		if (!said++)
			fputs("  unknown for more than half\n", cli->out);
		cli_paragraph(cli, cli->out, 4,
			      wn_arena_printf(cli->arena, "%zu of %zu %s: %s", rate->unknown,
					      wn_rate_asked(rate), of_whom(rate, wn_rate_asked(rate)),
					      cli_clean(cli, rate->clause)));
		cli_paragraph(cli, cli->out, 8, cli_clean(cli, rate->why));
	}
}

/* --- for programs ---------------------------------------------------------------------------- */
struct wn_value cli_rates_value(struct wn_cli *cli, const struct wn_rates *r)
{
	static const char *const of[] = {"account", "signal", "contact"};
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, r->n + 1);
	for (size_t i = 0; i < r->n; i++) {
		const struct wn_rate *rate = &r->v[i];
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "clause", wn_string(rate->clause));
		wn_map_set(&m, "types", wn_string(rate->types));
		wn_map_set(&m, "of", wn_cstring(of[rate->of]));
		if (rate->turns)
			wn_map_set(&m, "time_may_make_it", wn_cstring(turns_text(rate->turns)));
		if (wn_rate_asked(rate)) {
			wn_map_set(&m, "asked", wn_int((int64_t)wn_rate_asked(rate)));
			wn_map_set(&m, "true", wn_int((int64_t)rate->yes));
			wn_map_set(&m, "false", wn_int((int64_t)rate->no));
			wn_map_set(&m, "unknown", wn_int((int64_t)rate->unknown));
		}
		if (rate->why.n)
			wn_map_set(&m, "why_unknown", wn_string(rate->why));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, r->n);
}
