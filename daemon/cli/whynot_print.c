/* SPDX-License-Identifier: MIT */
/* How the answer of `whynot` looks. */
#include "whynot.h"

enum { CONTACTS_SHOWN = 8 };

static const char *bold(const struct whynot *q)
{
	return q->cli->terminal ? "\033[1m" : "";
}
static const char *plain(const struct whynot *q)
{
	return q->cli->terminal ? "\033[0m" : "";
}

static const char *mark(enum wn_three is)
{
	return is == WN_TRUE3 ? "yes" : is == WN_FALSE3 ? "NO " : "?  ";
}

static void heading(const struct whynot *q, const char *text)
{
	fprintf(q->cli->out, "\n%s%s%s\n", bold(q), text, plain(q));
}

static void line(const struct whynot *q, const char *marked, int indent, const char *text)
{
	cli_hang(q->cli, indent, marked, indent + (*marked ? (int)strlen(marked) + 2 : 0), text);
}

/* --- clauses --------------------------------------------------------------------------------- */
static const char *value_text(const struct whynot *q, const struct wn_reading *r)
{
	struct wn_cli *cli = q->cli;
	if (r->value.kind == WN_ABSENT)
		return "no value";
	if (r->value.kind == WN_DURATION)
		return cli_span(cli, wn_value_us(r->value));
	const char *text = r->value.kind == WN_BOOL ? (r->value.b ? "true" : "false")
						    : cli_clip(cli, cli_value_text(cli, r->value), 60);
	if (r->value.kind == WN_STRING)
		return wn_arena_printf(cli->arena, "\"%s\"", text);
	return r->counts
		   ? wn_arena_printf(cli->arena, "%s %s", text, cli_plural(r->value.i, "signal", "signals"))
		   : text;
}

static const char *source_text(const struct whynot *q, const struct wn_reading *r)
{
	struct wn_cli *cli = q->cli;
	struct wn_str by = r->by.n ? r->by : r->source;
	if (r->assumed)
		return ", assumed: nobody has said it";
	if (!by.n)
		return "";
	return r->at_us ? wn_arena_printf(cli->arena, ", %s, %s", cli_clean(cli, by), cli_at(cli, r->at_us))
			: wn_arena_printf(cli->arena, ", %s", cli_clean(cli, by));
}

static const char *flip_text(const struct whynot *q, const struct wn_clause *c)
{
	static const char *const to[] = {[WN_FALSE3] = "false", [WN_TRUE3] = "true", [WN_UNKNOWN3] = "unknown"};
	return wn_arena_printf(q->cli->arena, "time alone makes it %s %s", to[c->flips_to],
			       cli_when(q->cli, c->flips_us));
}

static bool has_in_it(struct wn_str text, struct wn_str part)
{
	return part.n && memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* What the clause says itself ("x == 3" is true), or the line about what is needed, is not said twice. */
static bool is_news(const struct wn_clause *c, const struct wn_reading *r)
{
	bool said = r->text.n + 4 < c->text.n && memcmp(c->text.p, r->text.p, r->text.n) == 0 &&
		    memcmp(c->text.p + r->text.n, " == ", 4) == 0;
	if (r->assumed || r->source.n)
		return true;
	return c->is == WN_TRUE3 ? !said : !has_in_it(c->needs, r->text);
}

static void print_clause(const struct whynot *q, const struct wn_clause *c, int indent, bool first)
{
	struct wn_cli *cli = q->cli;
	line(q, mark(c->is), indent, cli_clean(cli, c->text));
	if (c->needs.n)
		line(q, first ? "->" : "  ", indent + 3, cli_clean(cli, c->needs));
	for (size_t i = 0; i < c->n_readings; i++)
		if (is_news(c, &c->readings[i]))
			line(q, "", indent + 7,
			     wn_arena_printf(cli->arena, "%s: %s%s", cli_clean(cli, c->readings[i].text),
					     value_text(q, &c->readings[i]), source_text(q, &c->readings[i])));
	if (c->flips_us != WN_NEVER)
		line(q, "", indent + 7, flip_text(q, c));
}

static void print_rule(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	heading(q, "RULE");
	if (x->signal)
		line(q, "", 2,
		     wn_arena_printf(
			 cli->arena, "for the signal %s%s%s%s%s",
			 x->is == WN_TRUE3 ? "" : "that comes nearest: ", whynot_signal(q, x->signal),
			 x->signal->headline.n ? ", \"" : "",
			 x->signal->headline.n ? cli_clip(cli, cli_clean(cli, x->signal->headline), 80) : "",
			 x->signal->headline.n ? "\"" : ""));
	for (size_t i = 0; i < x->n_clauses; i++)
		print_clause(q, &x->clauses[i], 2, i == x->first);
	if (x->true_us != WN_NEVER)
		line(q, "", 2,
		     wn_arena_printf(cli->arena, "Time alone makes the rule true %s, if nothing else changes.",
				     cli_when(cli, x->true_us)));
}

/* --- gates ----------------------------------------------------------------------------------- */
static const char *gate_words(const char *name, bool passes)
{
	static const char *const words[][3] = {
	    {"signal", "a signal that may open something", "a signal that may open something"},
	    {"merged", "not merged", "merged into another account"},
	    {"excluded", "not excluded", "kept out of every campaign by `exclude` of the main file"},
	    {"suppressed", "may be contacted", "the account must not be contacted"},
	    {"cooldown", "no cooldown", "cooldown after an earlier membership"},
	    {"spent_signal", "the signal is not spent", "the signal was evidence of an earlier membership"},
	    {"unknown_group", "its group is known", "a value that groups campaigns (group_by) is missing"},
	    {"stale_on_arrival", "hot enough", "too cold"},
	    {"no_contact", "somebody fits `who`", "nobody fits `who`"},
	};
	for (size_t i = 0; i < WN_COUNT(words); i++)
		if (strcmp(words[i][0], name) == 0)
			return words[i][passes ? 1 : 2];
	return name;
}

/* What lets through stands in one paragraph, each refusal on a line of its own. */
static void print_gates(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	heading(q, "BEHIND THE RULE");
	for (size_t i = 0; i < x->n_gates; i++) { /* unknown: asked only of a rule that is true */
		const struct wn_gate *g = &x->gates[i];
		if (g->is == WN_TRUE3 && (x->segment->who || strcmp(g->name, "no_contact") != 0))
			wn_buf_printf(&b, "%s%s%s" WN_STR_FMT "%s", b.n ? ", " : "", gate_words(g->name, true),
				      g->detail.n ? " (" : "", WN_STR_ARG(g->detail), g->detail.n ? ")" : "");
	}
	if (b.n)
		line(q, mark(WN_TRUE3), 2, b.p);
	wn_buf_done(&b);
	for (size_t i = 0; i < x->n_gates; i++) {
		const struct wn_gate *g = &x->gates[i];
		const char *detail = g->until_us
					 ? wn_arena_printf(cli->arena, "until %s", cli_when(cli, g->until_us))
					 : cli_clean(cli, g->detail);
		if (g->is == WN_FALSE3)
			line(q, mark(g->is), 2,
			     wn_arena_printf(cli->arena, "%s%s%s", gate_words(g->name, false),
					     *detail ? ": " : "", detail));
	}
	if (!q->has_key)
		line(q, mark(WN_UNKNOWN3), 2,
		     "opt-outs and suppressed addresses: the installation key is not readable here, so they "
		     "were not looked up");
}

/* --- contacts -------------------------------------------------------------------------------- */
static const char *blocked_text(const char *blocked)
{
	static const char *const words[][2] = {{"opted_out", "opted out"},
					       {"suppressed", "must not be contacted"},
					       {"erased", "was erased"},
					       {"departed", "has left the company"},
					       {"excluded", "kept out by `exclude` of the main file"}};
	for (size_t i = 0; i < WN_COUNT(words); i++)
		if (strcmp(words[i][0], blocked) == 0)
			return words[i][1];
	return blocked;
}

static void print_caps(const struct whynot *q, const struct wn_contact_why *y)
{
	static const char *const of[][2] = {{"cap_contact", "touches to the contact"},
					    {"cap_account", "touches to the account"},
					    {"cap_email", "mails to the contact"}};
	struct wn_cli *cli = q->cli;
	for (size_t i = 0; i < y->n_caps; i++) {
		const struct wn_cap_state *c = &y->caps[i];
		const char *words = c->name;
		for (size_t k = 0; k < WN_COUNT(of); k++)
			words = strcmp(of[k][0], c->name) == 0 ? of[k][1] : words;
		if (c->free_us > cli->now_us)
			line(q, "", 9,
			     wn_arena_printf(cli->arena, "cap: %d of %d %s in %s; the next may go %s", c->used,
					     c->cap, words, cli_span(cli, c->span_us),
					     cli_when(cli, c->free_us)));
	}
	if (y->window_us > cli->now_us)
		line(q, "", 9,
		     wn_arena_printf(cli->arena, "send window: opens %s", cli_when(cli, y->window_us)));
}

static void print_contact(const struct whynot *q, const struct wn_contact_why *y)
{
	struct wn_cli *cli = q->cli;
	const char *more = y->blocked ? blocked_text(y->blocked) : y->member ? "is a member already" : "";
	line(q, mark(y->blocked ? WN_FALSE3 : y->is), 2,
	     wn_arena_printf(cli->arena, "%s%s%s", whynot_person(q, y->contact), *more ? ": " : "", more));
	for (size_t i = 0; !y->blocked && i < y->n_clauses; i++)
		if (y->clauses[i].is != WN_TRUE3)
			line(q, "", 9, cli_clean(cli, y->clauses[i].needs));
	if (y->is == WN_TRUE3 && !y->blocked)
		print_caps(q, y);
}

/* Who fits, then who nearly does. */
static int rank(const struct wn_contact_why *y)
{
	int holds = 0;
	for (size_t i = 0; i < y->n_clauses; i++)
		holds += y->clauses[i].is == WN_TRUE3;
	return (y->blocked ? 0 : 1000) + (y->is == WN_TRUE3 ? 100000 : 0) + holds;
}

static void print_contacts(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	size_t fit = 0, shown = 0;
	for (size_t i = 0; i < x->n_contacts; i++)
		fit += x->contacts[i].is == WN_TRUE3 && !x->contacts[i].blocked;
	if (!x->segment->who) {
		heading(q, "WHO: the account itself");
		print_caps(q, &x->contacts[0]);
		return;
	}
	heading(q, wn_arena_printf(cli->arena, "WHO: %zu of %zu %s", fit, x->n_contacts,
				   cli_plural((int64_t)x->n_contacts, "contact fits", "contacts fit")));
	bool *done = WN_NEW_N(cli->arena, bool, x->n_contacts + 1);
	for (; shown < x->n_contacts && shown < CONTACTS_SHOWN; shown++) {
		size_t best = x->n_contacts;
		for (size_t i = 0; i < x->n_contacts; i++)
			if (!done[i] &&
			    (best == x->n_contacts || rank(&x->contacts[i]) > rank(&x->contacts[best])))
				best = i;
		done[best] = true;
		print_contact(q, &x->contacts[best]);
	}
	if (x->n_contacts > shown)
		fprintf(cli->out, "  and %zu more; --json has them all\n", x->n_contacts - shown);
	if (!x->n_contacts)
		fputs("  `whynow contact import FILE` brings contacts\n", cli->out);
}

/* --- touches, the end ------------------------------------------------------------------------ */
static const char *decision_text(const struct whynot *q, const struct wn_decision *d)
{
	static const char *const words[] = {[WN_SEND] = "would go out now",
					    [WN_DEFER] = "deferred",
					    [WN_YIELD] = "yields",
					    [WN_HOLD] = "held",
					    [WN_DROP] = "would be dropped",
					    [WN_EXPIRE] = "expires",
					    [WN_CANCEL] = "would be cancelled"};
	struct wn_cli *cli = q->cli;
	if (d->kind == WN_SEND)
		return words[d->kind];
	return wn_arena_printf(cli->arena, "%s%s%s: %s", words[d->kind],
			       d->kind == WN_DEFER || d->kind == WN_YIELD ? " until " : "",
			       d->kind == WN_DEFER || d->kind == WN_YIELD ? cli_when(cli, d->until_us) : "",
			       cli_touch_why(cli, cli_clean(cli, d->reason)));
}

static void print_touches(const struct whynot *q)
{
	struct wn_cli *cli = q->cli;
	if (!q->n_touches)
		return;
	heading(q, "TOUCHES");
	for (size_t i = 0; i < q->n_touches; i++) {
		const struct wn_touch *t = q->touches[i].touch;
		const struct wn_contact *c =
		    wn_id_is_nil(t->member->contact_id)
			? NULL
			: wn_account_contact(t->member->account, t->member->contact_id);
		const char *when =
		    t->due_us > cli->now_us
			? wn_arena_printf(cli->arena,
					  "due %s; then, as things are now: ", cli_when(cli, t->due_us))
			: "";
		line(q, "", 2,
		     wn_arena_printf(cli->arena, "%d " WN_STR_FMT " to %s: %s%s", t->step + 1,
				     WN_STR_ARG(t->channel), whynot_person(q, c), when,
				     decision_text(q, &q->touches[i].decision)));
	}
}

static void print_stored(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	if (!x->stored)
		return;
	heading(q, "STORED");
	const char *clause = cli_clean(cli, x->stored->clause), *detail = cli_clean(cli, x->stored->detail);
	line(q, "", 2,
	     wn_arena_printf(cli->arena, "%s: %s%s%s%s%s", cli_when(cli, x->stored->at_us),
			     words_non_action(wn_non_action_to_text(x->stored->reason)), *clause ? "; " : "",
			     clause, *detail ? ": " : "", detail));
}

/* All holds, and yet nothing has happened: signals are matched when they come, not when a segment is published.
 */
static void print_when(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	if (strcmp(whynot_answer(q, x).word, "yes") != 0 || x->segment->broad)
		return;
	int64_t published = row_us(q->segment, "published_at");
	bool later = x->signal && published != WN_NEVER && x->signal->stored_us < published;
	line(q, "", 0,
	     later ? wn_arena_printf(
			 cli->arena,
			 "The signal was stored before version %d was published (%s): only what comes "
			 "later is matched, unless `start_with: since ...` says otherwise.",
			 x->segment->version, cli_when(cli, published))
		   : "It happens when the account is matched next: with its next signal, changed trait or new "
		     "contact.");
}

void whynot_print(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	struct whynot_answer a = whynot_answer(q, x);
	fprintf(cli->out, "%s%s%s in segment %s%s%s (version %d, %s)?\n", bold(q), whynot_account(q), plain(q),
		bold(q), x->segment->name, plain(q), x->segment->version, wn_mode_to_text(x->segment->mode));
	line(q, "", 0,
	     wn_arena_printf(cli->arena, "%s: %s.",
			     strcmp(a.word, "in") == 0 || strcmp(a.word, "yes") == 0 ? "Yes"
			     : strcmp(a.word, "no") == 0                             ? "No"
										     : "Not known",
			     a.text));
	print_when(q, x);
	if (x->living)
		line(q, "", 0,
		     wn_arena_printf(cli->arena, "`whynow why %s` shows its evidence.", whynot_account(q)));
	if (cli->book->catalog.paused || x->segment->paused)
		line(q, "", 0,
		     x->segment->paused ? "The segment is paused: touches are held (`whynow resume`)."
					: "Everything is paused: touches are held (`whynow resume`).");
	print_rule(q, x);
	if (!x->segment->broad) {
		print_gates(q, x);
		print_contacts(q, x);
	}
	print_touches(q);
	print_stored(q, x);
}

void whynot_print_all(const struct whynot *q)
{
	static const struct cli_column columns[] = {{"SEGMENT", 0}, {"IN", 0}, {"WHY", CLI_CLIP}};
	struct wn_cli *cli = q->cli;
	struct cli_table t;
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	for (size_t i = 0; i < q->n; i++) {
		struct whynot_answer a = whynot_answer(q, q->v[i]);
		CLI_LINE(&t, q->v[i]->segment->name,
			 strcmp(a.word, "unknown") == 0 ? "?"
			 : strcmp(a.word, "no") == 0    ? "NO"
							: a.word,
			 a.text);
	}
	cli_table_end(&t);
	if (q->n)
		cli_hint(cli, "`whynow whynot %s SEGMENT` says more", whynot_account(q));
	else
		cli_say(cli, "no segment is in force; `whynow segment apply FILE` brings one");
}
