/* SPDX-License-Identifier: MIT */
/*
 * What a rule is: its clauses in canonical form with the types of what they read, how often each is true, false
 * and unknown over the stored accounts, how the index finds it, what time alone changes. For `segment check`
 * and `segment show`.
 */
#include "segment_explain.h"
#include <whynow/limits.h>

enum {
	PAGE = 500,
	LEARNT = 20 /* newest signals of an account that are put to the index */,
	WAYS = 4,
	PARTS = 8
};

/* --- walking over the accounts --------------------------------------------------------------- */
static void progress(struct wn_cli *cli, const struct wn_rates *r, bool last)
{
	if (!cli->terminal || cli->quiet || cli->json || r->accounts <= PAGE)
		return;
	fprintf(cli->err, "\r%zu accounts looked at%s", r->accounts, last ? "\n" : "");
	fflush(cli->err);
}

struct walk {
	struct wn_cli *cli;
	struct cli_rates *out;
	struct wn_index *index;
	struct wn_arena *arena, *scratch;
	struct wn_id after;
	size_t got;
};

static void on_left(void *ctx, uint32_t rule WN_UNUSED, bool certain WN_UNUSED)
{
	((struct cli_rates *)ctx)->left++;
}

/* What the index leaves of the account's signals; what they carry decides what the rule is filed under. */
static void probe(struct walk *k, struct wn_world *w, const struct wn_account *a)
{
	struct wn_value kinds = wn_kinds_held(w, a);
	for (size_t i = a->signals.n; i-- > 0 && a->signals.n - i <= LEARNT;) {
		wn_index_probe(k->index, &(struct wn_probe){.signal = &a->signals.v[i]->object, .account = &a->object, .signal_kinds = kinds},
			       on_left, k->out);
		k->out->signals++;
	}
}

static enum wn_rc add_page(struct walk *k, size_t n, struct wn_err *err)
{
	struct wn_world *w =
	    wn_world_new(k->arena, k->scratch, &k->cli->book->catalog, k->cli->now_us, k->cli->actor);
	struct wn_rates *r = k->out->rates;
	enum wn_rc rc = wn_store_scan_accounts(k->cli->store, w, k->after, n, r->needs, err);
	for (size_t i = 0; rc == WN_OK && i < w->accounts.n; i++) {
		wn_rates_add(r, w, w->accounts.v[i]);
		probe(k, w, w->accounts.v[i]);
	}
	k->got = w->accounts.n;
	if (w->accounts.n)
		k->after = w->accounts.v[w->accounts.n - 1]->id;
	return rc;
}

int cli_segment_rates(struct wn_cli *cli, const struct wn_segment *s, size_t most, struct cli_rates *out)
{
	struct walk k = {.cli = cli,
			 .out = out,
			 .index = wn_catalog_index_new(cli->book->registry, cli->book->n_segments),
			 .arena = wn_arena_new(0),
			 .scratch = wn_arena_new(WN_CEL_MEMORY_MAX),
			 .got = 1};
	struct wn_err err = {0};
	enum wn_rc rc = WN_OK;
	*out = (struct cli_rates){.rates = wn_rates_new(s, cli->arena)};
	wn_catalog_index_put(k.index, 0, s); /* an index counts the values that its rules name */
	while (rc == WN_OK && k.got && out->rates->accounts < most) {
		wn_arena_reset(k.arena);
		rc =
		    add_page(&k, most - out->rates->accounts < PAGE ? most - out->rates->accounts : PAGE, &err);
		progress(cli, out->rates, false);
	}
	progress(cli, out->rates, true);
	if (!s->broad)
		wn_match_explain(k.index, wn_segment_when(s), cli->arena, &out->index);
	wn_index_free(k.index);
	wn_arena_free(k.scratch);
	wn_arena_free(k.arena);
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
static const char *span_text(struct wn_cli *cli, const struct wn_segment *s, struct cel_span span)
{
	struct wn_str text = cel_program_text(wn_segment_when(s));
	return span.start < span.end && span.end <= text.n
		   ? cli_clean(cli, (struct wn_str){text.p + span.start, span.end - span.start})
		   : "";
}

static void print_way(struct wn_cli *cli, const struct wn_segment *s, const struct wn_match_alternative *way)
{
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; i < way->n_access; i++)
		wn_buf_printf(&b, "%s%s", i ? " and " : "filed under ", span_text(cli, s, way->access[i]));
	if (!way->n_access)
		wn_buf_text(&b, "nothing to be filed under: every signal is put to it; a test of signal.kind that stands before all "
				"alternatives makes it cheap");
	cli_paragraph(cli, cli->out, 4, b.p);
	wn_buf_done(&b);
}

/* What is left of the stored signals, and what is evaluated for it. */
static void print_left(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *r)
{
	const struct wn_match_explanation *x = &r->index;
	struct wn_buf b;
	wn_buf_init(&b, 8000);
	if (r->signals)
		wn_buf_printf(&b, "leaves %zu of %zu stored %s (%s); ", r->left, r->signals, cli_plural((int64_t)r->signals, "signal", "signals"),
			      share(cli, r->left, r->signals));
	wn_buf_text(&b, x->n_opaque ? "evaluated for each candidate: " : "it tests the whole rule itself");
	for (size_t i = 0; i < x->n_opaque && i < PARTS; i++)
		wn_buf_printf(&b, "%s%s", i ? "; " : "", span_text(cli, s, x->opaque[i]));
	if (x->n_opaque > PARTS)
		wn_buf_printf(&b, "; and %zu more", x->n_opaque - PARTS);
	cli_paragraph(cli, cli->out, 4, b.p);
	wn_buf_done(&b);
}

static void print_index(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *r)
{
	const struct wn_match_explanation *x = &r->index;
	fputs("  index\n", cli->out);
	if (!x->n_alternatives) {
		cli_paragraph(cli, cli->out, 4, "it can never be true");
		return;
	}
	for (size_t i = 0; i < x->n_alternatives && i < WAYS; i++)
		print_way(cli, s, &x->alternatives[i]);
	if (x->n_alternatives > WAYS)
		fprintf(cli->out, "    and %zu more ways\n", x->n_alternatives - WAYS);
	print_left(cli, s, r);
}

static struct wn_value texts(struct wn_cli *cli, const struct wn_segment *s, const struct cel_span *spans,
			     size_t n)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++)
		v[i] = wn_cstring(span_text(cli, s, spans[i]));
	return wn_list(v, n);
}

struct wn_value cli_index_value(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *r)
{
	const struct wn_match_explanation *x = &r->index;
	struct wn_map_builder m = wn_map_begin(cli->arena);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, x->n_alternatives + 1);
	for (size_t i = 0; i < x->n_alternatives; i++) {
		struct wn_map_builder way = wn_map_begin(cli->arena);
		wn_map_set(&way, "filed_under",
			   texts(cli, s, x->alternatives[i].access, x->alternatives[i].n_access));
		wn_map_set(&way, "opaque", wn_bool(x->alternatives[i].opaque));
		v[i] = wn_map_end(&way);
	}
	wn_map_set(&m, "alternatives", wn_list(v, x->n_alternatives));
	wn_map_set(&m, "evaluated", texts(cli, s, x->opaque, x->n_opaque));
	wn_map_set(&m, "every_signal", wn_bool(x->always));
	wn_map_set(&m, "signals", wn_int((int64_t)r->signals));
	wn_map_set(&m, "signals_left", wn_int((int64_t)r->left));
	return wn_map_end(&m);
}

static const char *waiting_text(struct wn_cli *cli, const struct wn_rates *r)
{
	if (!r->with_signal)
		return "";
	if (!r->waiting)
		return "; no stored account waits for that now";
	return wn_arena_printf(cli->arena, "; %zu of %zu %s wait for that, the first until %s", r->waiting, r->with_signal,
			       of_whom(&(struct wn_rate){.of = WN_RATE_SIGNAL}, r->with_signal), cli_when(cli, r->next_true_us));
}

/* When the rule could become true without anything being heard. */
static const char *time_text(struct wn_cli *cli, const struct wn_rates *r)
{
	struct wn_buf b;
	wn_buf_init(&b, 8000);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].turns & WN_TURNS_TRUE && r->v[i].of != WN_RATE_CONTACT)
			wn_buf_printf(&b, "%s" WN_STR_FMT, b.n ? "; " : "", WN_STR_ARG(r->v[i].clause));
	const char *text =
	    b.n ? wn_arena_printf(cli->arena,
				  "time: the rule may become true by time alone, through %s: a verdict that waits for that is looked "
				  "at again at the first instant it may change%s",
				  b.p, waiting_text(cli, r))
		: "time: time alone never makes the rule true";
	wn_buf_done(&b);
	return text;
}

/* --- screens --------------------------------------------------------------------------------- */
void cli_segment_explain(struct wn_cli *cli, const struct wn_segment *s, const struct cli_rates *all)
{
	const struct wn_rates *r = all->rates;
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
		print_index(cli, s, all);
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
