/* SPDX-License-Identifier: MIT */
/* The screen about one account. Members of one campaign stand together; their evidence is told once. */
#include "account.h"
#include <whynow/limits.h>

enum { BEFORE = 3 };

static const char *bold(const struct wn_cli *cli)
{
	return cli->terminal ? "\033[1m" : "";
}
static const char *plain(const struct wn_cli *cli)
{
	return cli->terminal ? "\033[0m" : "";
}

static void heading(struct wn_cli *cli, const char *text)
{
	fprintf(cli->out, "\n%s%s%s\n", bold(cli), text, plain(cli));
}

/* --- account --------------------------------------------------------------------------------- */
static const char *traits_text(struct wn_cli *cli, const struct screen *s)
{
	struct wn_value traits = wn_value_at(s->account, "traits");
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; traits.kind == WN_MAP && i < traits.n; i++) {
		struct wn_value t = traits.map[i].value;
		wn_buf_printf(&b, "%s" WN_STR_FMT " %s", i ? ", " : "",
			      WN_STR_ARG(wn_value_str(traits.map[i].key)),
			      cli_clip(cli, row_text(cli, t, "v"), 40));
		if (s->detail)
			wn_buf_printf(&b, " (%s%s%s)",
				      row_has(t, "by") ? row_text(cli, t, "by") : row_text(cli, t, "source"),
				      row_has(t, "at") ? ", " : "", row_has(t, "at") ? cli_at(cli, row_us(t, "at")) : "");
	}
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

static void print_account(struct wn_cli *cli, const struct screen *s)
{
	const char *name = row_text(cli, s->account, "name"), *domain = row_text(cli, s->account, "domain"),
		   *state = row_text(cli, s->account, "state");
	int64_t contacts = row_int(s->account, "contacts");
	fprintf(cli->out, "%s%s%s", bold(cli), *name ? name : domain, plain(cli));
	if (*name && *domain)
		fprintf(cli->out, " (%s)", domain);
	if (strcmp(state, "provisional") == 0)
		fputs(", provisional: its domain is not known yet, touches wait for it", cli->out);
	else if (strcmp(state, "known") != 0)
		fprintf(cli->out, ", %s", state);
	fputc('\n', cli->out);
	const char *traits = traits_text(cli, s);
	if (*traits)
		cli_paragraph(cli, cli->out, 2, traits);
	fprintf(cli->out, "  %lld %s, known since %s\n", (long long)contacts,
		cli_plural(contacts, "contact", "contacts"), cli_at(cli, row_us(s->account, "known_since")));
	if (s->detail) {
		char id[37];
		wn_id_to_text(row_id(s->account, "account_id"), id);
		fprintf(cli->out, "  id %s\n", id);
	}
}

/* --- evidence -------------------------------------------------------------------------------- */
static const char *publishers_text(struct wn_cli *cli, struct wn_value row)
{
	struct wn_value list = row_list(row, "publisher_list");
	struct wn_buf b;
	size_t shown = 0;
	wn_buf_init(&b, 2000);
	for (size_t i = 0; i < list.n && shown < 4; i++) {
		const char *domain = row_text(cli, list.list[i], "d");
		if (*domain)
			wn_buf_printf(&b, "%s%s", shown++ ? ", " : "", domain);
	}
	if (list.n > shown && shown == 4)
		wn_buf_printf(&b, " and %zu more", (size_t)list.n - shown);
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

/* The headline, and the words it was read from where they say more. */
static void print_quote(struct wn_cli *cli, struct wn_value row)
{
	const char *headline = row_text(cli, row, "headline"), *span = row_text(cli, row, "span");
	if (*headline)
		cli_paragraph(cli, cli->out, 10, wn_arena_printf(cli->arena, "\"%s\"", cli_clip(cli, headline, 160)));
	if (*span && !strstr(headline, span))
		cli_paragraph(cli, cli->out, 10,
			      wn_arena_printf(cli->arena, *headline ? "read from \"%s\"" : "\"%s\"", cli_clip(cli, span, 240)));
}

static void print_weight(struct wn_cli *cli, struct wn_value e)
{
	double strength = row_double(e, "strength"),
	       corroboration = wn_corroboration((int)row_int(e, "publishers"));
	int64_t age = cli->now_us - row_us(e, "occurred_at"),
		half = (int64_t)(row_double(e, "half_life_s") * 1e6);
	cli_paragraph(cli, cli->out, 10,
		      wn_arena_printf(cli->arena, "weight: strength %.2f x corroboration %.2f x 2^(-%s / %s), 0 from %s on",
				      strength, corroboration, cli_span(cli, age), cli_span(cli, half),
				      cli_at(cli, row_us(e, "hard_stop_at"))));
	if (*row_text(cli, e, "clause"))
		cli_paragraph(cli, cli->out, 10,
			      wn_arena_printf(cli->arena, "made true: %s", row_text(cli, e, "clause")));
	fprintf(cli->out, "          signal %s from feed %s, seen %s\n",
		cli_signal_id(cli, row_id(e, "signal_key")), row_text(cli, e, "feed"),
		cli_at(cli, row_us(e, "observed_at")));
}

static void print_evidence(struct wn_cli *cli, struct wn_value e, bool detail)
{
	const char *attrs = cli_attrs(cli, wn_value_at(e, "attrs")), *from = publishers_text(cli, e);
	int64_t publishers = row_int(e, "publishers");
	fprintf(cli->out, "    %4.2f  %s%s%s, %s%s\n", cli_freshness(e, cli->now_us), bold(cli),
		row_text(cli, e, "kind"), plain(cli), cli_rel(cli, row_us(e, "occurred_at")),
		!row_bool(e, "removed") ? "" : row_bool(e, "retracted") ? " (retracted)" : " (counts no more)");
	print_quote(cli, e);
	if (*attrs)
		cli_paragraph(cli, cli->out, 10, attrs);
	if (*from || publishers > 1)
		fprintf(cli->out, "          %s%s%s\n", *from ? "by " : "", from,
			publishers > 1 ? wn_arena_printf(cli->arena, "%s%lld independent publishers",
							 *from ? ": " : "", (long long)publishers)
				       : "");
	if (row_has(e, "url"))
		fprintf(cli->out, "          %s\n", row_text(cli, e, "url"));
	if (detail)
		print_weight(cli, e);
}

/* --- touches --------------------------------------------------------------------------------- */
const char *cli_touch_why(struct wn_cli *cli, const char *reason)
{
	static const char missing[] = "field_missing: ", rank[] = "rank: ";
	if (strncmp(reason, missing, strlen(missing)) == 0)
		return wn_arena_printf(cli->arena, "%s has no value, and a touch never says \"Hi ,\"",
				       reason + strlen(missing));
	if (strncmp(reason, rank, strlen(rank)) == 0)
		return wn_arena_printf(cli->arena, "of higher rank, and speaks to this contact first: %s", reason + strlen(rank));
	return words_touch(reason);
}

/* "due in 3 h", "held: paused by an operator", "sent Mon 4 May 10:00" */
const char *cli_touch_state(struct wn_cli *cli, struct wn_value t)
{
	const char *state = row_text(cli, t, "state"), *reason = row_text(cli, t, "reason");
	const char *why = *reason ? cli_touch_why(cli, reason) : "";
	if (strcmp(state, "planned") == 0)
		return row_us(t, "due_at") <= cli->now_us
			   ? "due now"
			   : wn_arena_printf(cli->arena, "due %s", cli_when(cli, row_us(t, "due_at")));
	if (strcmp(state, "sent") == 0)
		return wn_arena_printf(cli->arena, "sent %s", cli_when(cli, row_us(t, "sent_at")));
	if (strcmp(state, "deferred") == 0 || strcmp(state, "yielded") == 0)
		return wn_arena_printf(cli->arena, "%s until %s: %s", state, cli_when(cli, row_us(t, "due_at")),
				       why);
	return wn_arena_printf(cli->arena, "%s%s%s", state, *why ? ": " : "", why);
}

static void print_touches(struct wn_cli *cli, struct wn_value m)
{
	struct wn_value touches = row_list(m, "touches");
	for (size_t i = 0; i < touches.n; i++) {
		struct wn_value t = touches.list[i];
		fprintf(cli->out, "      %lld %-14s %s%s\n", (long long)row_int(t, "step"),
			row_text(cli, t, "channel"), cli_touch_state(cli, t),
			row_has(t, "sink") ? wn_arena_printf(cli->arena, ", by %s", row_text(cli, t, "sink"))
					   : "");
	}
	if (row_bool(m, "holdout"))
		fputs("      held out: nothing is sent, to measure what the campaign changes\n", cli->out);
}

/* --- campaigns ------------------------------------------------------------------------------- */
static bool same_campaign(struct wn_value a, struct wn_value b)
{
	return wn_id_eq(row_id(a, "campaign_id"), row_id(b, "campaign_id"));
}

static bool is_live(struct wn_cli *cli, struct wn_value m)
{
	return strcmp(row_text(cli, m, "state"), "live") == 0;
}

static int64_t ends_at(struct wn_value m)
{
	int64_t stale = row_us(m, "stale_at"), box = row_us(m, "box_ends_at");
	return stale < box ? stale : box;
}

const char *account_person(struct wn_cli *cli, struct wn_value m)
{
	const char *name = row_text(cli, m, "contact"), *position = row_text(cli, m, "position"),
		   *email = row_text(cli, m, "email");
	if (!row_has(m, "contact_id"))
		return "the account itself";
	return wn_arena_printf(cli->arena, "%s%s%s%s%s%s", *name ? name : email, *position ? ", " : "",
			       position, *name && *email ? " <" : "", *name ? email : "",
			       *name && *email ? ">" : "");
}

static void print_end(struct wn_cli *cli, struct wn_value m)
{
	int64_t stale = row_us(m, "stale_at"), box = row_us(m, "box_ends_at");
	bool stale_first = stale <= box;
	if (box == WN_NEVER) { /* proposed: the box starts with the approval */
		int64_t old = row_us(m, "campaign_due_at");
		fprintf(cli->out, "  ends      %s unless it is approved by then: %s\n",
			cli_when(cli, stale < old ? stale : old),
			stale < old ? "the evidence goes stale" : "a proposal does not wait longer");
		return;
	}
	fprintf(cli->out, "  ends      %s: %s\n", cli_when(cli, ends_at(m)),
		stale_first ? "the evidence goes stale" : "its time box is over");
	fprintf(cli->out, "            %s\n",
		stale_first
		    ? wn_arena_printf(cli->arena, "the box would last until %s", cli_at(cli, box))
		    : wn_arena_printf(cli->arena, "the evidence would last until %s", cli_at(cli, stale)));
}

static void print_instants(struct wn_cli *cli, struct wn_value m)
{
	fprintf(cli->out, "            enrolled %s; over at the latest %s\n", cli_at(cli, row_us(m, "enrolled_at")),
		cli_at(cli, row_us(m, "max_ends_at")));
}

static void print_campaign_head(struct wn_cli *cli, const struct screen *s, struct wn_value m)
{
	double heat = cli_heat(cli, row_list(m, "evidence"), cli->now_us), floor = row_double(m, "floor");
	const char *state = row_text(cli, m, "campaign_state");
	bool proposed = strcmp(state, "proposed") == 0;
	fprintf(cli->out, "\n%sWHY NOW  %s%s%s\n", bold(cli), row_text(cli, m, "segment"), plain(cli),
		row_bool(m, "shadow") ? " (shadow: nothing is sent)" : "");
	if (row_has(m, "description"))
		cli_paragraph(cli, cli->out, 2, row_text(cli, m, "description"));
	fprintf(cli->out, "  campaign  %s, %s since %s", cli_campaign_id(cli, row_id(m, "campaign_id")), state,
		cli_at(cli, row_us(m, proposed ? "proposed_at" : "opened_at")));
	if (proposed)
		fprintf(cli->out, ": `whynow campaign approve %s` opens it",
			cli_campaign_id(cli, row_id(m, "campaign_id")));
	fprintf(cli->out, "\n  goal      %s of %s\n", row_text(cli, m, "goal_metric"),
		cli_percent(cli, row_double(m, "goal_target")));
	fprintf(cli->out, "  heat      %.2f  [%s]  floor %.2f\n", heat,
		cli_bar(cli, heat > 1.5 ? 1 : heat / 1.5, 24), floor);
	if (row_has(m, "blind_until"))
		fprintf(cli->out,
			"  blind     the feeds behind the evidence are down; it waits until %s at the latest\n",
			cli_when(cli, row_us(m, "blind_until")));
	print_end(cli, m);
	if (s->detail && !proposed)
		print_instants(cli, m);
}

/* Evidence of all live members of the campaign, each signal once. */
static void print_campaign_evidence(struct wn_cli *cli, const struct screen *s, size_t first)
{
	struct wn_id seen[WN_EVIDENCE_MAX * 2];
	size_t n = 0;
	fputs("  evidence\n", cli->out);
	for (size_t i = first; i < s->members.n; i++) {
		struct wn_value m = s->members.v[i], list = row_list(m, "evidence");
		for (size_t k = 0; same_campaign(m, s->members.v[first]) && is_live(cli, m) && k < list.n;
		     k++) {
			struct wn_id key = row_id(list.list[k], "signal_key");
			bool known = false;
			for (size_t j = 0; j < n && !known; j++)
				known = wn_id_eq(seen[j], key);
			if (known || n == WN_COUNT(seen))
				continue;
			seen[n++] = key;
			print_evidence(cli, list.list[k], s->detail);
		}
	}
}

static void print_campaign(struct wn_cli *cli, const struct screen *s, size_t first)
{
	print_campaign_head(cli, s, s->members.v[first]);
	print_campaign_evidence(cli, s, first);
	for (size_t i = first; i < s->members.n; i++) {
		struct wn_value m = s->members.v[i];
		if (!same_campaign(m, s->members.v[first]) || !is_live(cli, m))
			continue;
		fprintf(cli->out, "  who       %s\n", account_person(cli, m));
		print_touches(cli, m);
	}
}

static bool is_first_of_campaign(struct wn_cli *cli, const struct screen *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_live(cli, s->members.v[i]) && same_campaign(s->members.v[i], s->members.v[at]))
			return false;
	return is_live(cli, s->members.v[at]);
}

static size_t print_campaigns(struct wn_cli *cli, const struct screen *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->members.n; i++)
		if (is_first_of_campaign(cli, s, i)) {
			print_campaign(cli, s, i);
			n++;
		}
	return n;
}

/* --- not, before ----------------------------------------------------------------------------- */
/* A segment in which the account lives has acted: an older verdict that did nothing is no news. */
static bool lives_in(struct wn_cli *cli, const struct screen *s, const char *segment)
{
	for (size_t i = 0; i < s->members.n; i++)
		if (is_live(cli, s->members.v[i]) &&
		    strcmp(row_text(cli, s->members.v[i], "segment"), segment) == 0)
			return true;
	return false;
}

static void print_non_action(struct wn_cli *cli, struct wn_value r)
{
	const char *reason = row_text(cli, r, "reason"), *clause = row_text(cli, r, "clause"),
		   *detail = row_text(cli, r, "detail");
	fprintf(cli->out, "  %s, %s\n", row_text(cli, r, "segment"), cli_rel(cli, row_us(r, "at")));
	cli_paragraph(cli, cli->out, 4, words_non_action(reason));
	if (strcmp(reason, "unknown") == 0)
		cli_paragraph(
		    cli, cli->out, 4,
		    wn_arena_printf(cli->arena, "%s%s%s", clause, *clause && *detail ? ": " : "", detail));
	else if (*detail)
		cli_paragraph(cli, cli->out, 4, detail);
}

static void print_non_actions(struct wn_cli *cli, const struct screen *s)
{
	size_t shown = 0;
	for (size_t i = 0; i < s->non_actions.n; i++) {
		if (!s->detail && lives_in(cli, s, row_text(cli, s->non_actions.v[i], "segment")))
			continue;
		if (shown++ == 0)
			heading(cli, "WHY NOT");
		print_non_action(cli, s->non_actions.v[i]);
	}
}

static void print_before(struct wn_cli *cli, const struct screen *s)
{
	size_t shown = 0;
	for (size_t i = 0; i < s->members.n && (s->detail || shown < BEFORE); i++) {
		struct wn_value m = s->members.v[i];
		if (is_live(cli, m))
			continue;
		if (shown++ == 0)
			heading(cli, "BEFORE");
		fprintf(cli->out, "  %s, campaign %s, %s: left %s, %lld %s sent\n    %s\n",
			row_text(cli, m, "segment"), cli_campaign_id(cli, row_id(m, "campaign_id")),
			account_person(cli, m), cli_rel(cli, row_us(m, "left_at")),
			(long long)row_int(m, "touches_sent"),
			cli_plural(row_int(m, "touches_sent"), "touch", "touches"),
			words_left(row_text(cli, m, "left_why")));
	}
}

/* --- signals --------------------------------------------------------------------------------- */
const char *cli_signal_text(struct wn_cli *cli, struct wn_value s)
{
	const char *headline = row_text(cli, s, "headline");
	return *headline ? headline : cli_attrs(cli, wn_value_at(s, "attrs"));
}

static void print_signals(struct wn_cli *cli, const struct screen *s)
{
	static const struct cli_column columns[] = {
	    {"SIGNAL", 0}, {"KIND", 0}, {"OCCURRED", 0}, {"FRESH", CLI_RIGHT}, {"WHAT", CLI_CLIP}};
	struct cli_table t;
	if (!s->signals.n)
		return;
	heading(cli, "NEWEST SIGNALS");
	cli_table_begin(&t, cli, columns, WN_COUNT(columns));
	t.indent = 2;
	for (size_t i = 0; i < s->signals.n; i++) {
		struct wn_value r = s->signals.v[i];
		CLI_LINE(&t, cli_signal_id(cli, row_id(r, "signal_key")), row_text(cli, r, "kind"),
			 cli_rel(cli, row_us(r, "occurred_at")),
			 row_bool(r, "retracted")
			     ? "retracted"
			     : wn_arena_printf(cli->arena, "%.2f", cli_freshness(r, cli->now_us)),
			 cli_signal_text(cli, r));
	}
	cli_table_end(&t);
}

static const char *account_name(struct wn_cli *cli, const struct screen *s)
{
	const char *domain = row_text(cli, s->account, "domain");
	return *domain ? domain : row_text(cli, s->account, "name");
}

void account_print(struct wn_cli *cli, const struct screen *s)
{
	print_account(cli, s);
	if (!print_campaigns(cli, s))
		fputs(s->signals.n ? "\nNo campaign is live for it.\n" : "\nNothing was heard of it yet.\n",
		      cli->out);
	account_print_next(cli, s);
	print_non_actions(cli, s);
	if (s->detail)
		fprintf(cli->out, "\n`whynow whynot %s` says of each segment why it does nothing.\n", account_name(cli, s));
	print_before(cli, s);
	print_signals(cli, s);
}
