/* SPDX-License-Identifier: MIT */
/* The life of a campaign as sentences: one for each row of history, in order, the instant told once. */
#include "parts.h"

/* A sentence of each type: who, and what of the row's data. NULL parts are left out. */
struct sentence {
	const char *what, *why;
};

static const char *who_of(struct wn_cli *cli, struct wn_value h)
{
	const char *account = row_text(cli, h, "account"), *contact = row_text(cli, h, "contact");
	return *contact   ? wn_arena_printf(cli->arena, "%s of %s", contact, account)
	       : *account ? account
			  : "the account itself";
}

static const char *signal_of(struct wn_cli *cli, struct wn_value data)
{
	struct wn_value s = wn_value_at(data, "signal");
	const char *headline = row_text(cli, s, "headline");
	if (s.kind != WN_MAP)
		return "";
	const char *more = *headline ? wn_arena_printf(cli->arena, "\"%s\"", cli_clip(cli, headline, 100))
				     : cli_attrs(cli, wn_value_at(s, "attributes"));
	return wn_arena_printf(cli->arena, "%s of %s%s%s", row_text(cli, s, "kind"),
			       cli_at(cli, row_us(s, "occurred_at")), *more ? ", " : "", more);
}

static struct sentence of_campaign(struct wn_cli *cli, struct wn_value h, const char *verb)
{
	static const char *const words[][2] = {
	    {"verdict true", "its rule came true"},
	    {"mode propose", "it waits for approval, as `mode: propose` wants"},
	    {"audience over warn", "more members than `audience.warn`: it waits for approval"}};
	struct wn_value data = wn_value_at(h, "data");
	const char *why = row_text(cli, h, "why"), *result = row_text(cli, data, "result");
	if (strcmp(verb, "extended") == 0)
		return (struct sentence){wn_arena_printf(cli->arena, "%s extended to %s by %s", who_of(cli, h),
							 cli_at(cli, row_us(data, "ends_at")),
							 signal_of(cli, data)),
					 ""};
	for (size_t i = 0; i < WN_COUNT(words); i++)
		if (strcmp(why, words[i][0]) == 0)
			why = words[i][1];
	if (strcmp(verb, "closed") == 0)
		why = words_left(why);
	if (strcmp(verb, "finishing") == 0)
		verb = "takes no new members";
	return (struct sentence){wn_arena_printf(cli->arena, "%s%s%s", verb, *result ? ", " : "", result), why};
}

static struct sentence of_member(struct wn_cli *cli, struct wn_value h, const char *verb)
{
	struct wn_value data = wn_value_at(h, "data");
	const char *who = who_of(cli, h), *why = row_text(cli, h, "why"),
		   *nurture = row_text(cli, data, "nurture");
	if (strcmp(verb, "enrolled") == 0)
		return (struct sentence){wn_arena_printf(cli->arena, "%s enrolled%s%s%s", who,
							 row_bool(data, "holdout") ? " and held out" : "",
							 *signal_of(cli, data) ? " for " : "",
							 signal_of(cli, data)),
					 why};
	if (strcmp(verb, "left") == 0)
		return (struct sentence){wn_arena_printf(cli->arena, "%s left", who), words_left(why)};
	if (strcmp(verb, "handed_off") == 0)
		return (struct sentence){
		    wn_arena_printf(cli->arena, "%s handed off%s%s, to be tried again from %s on", who,
				    *nurture ? " to " : "", nurture, cli_at(cli, row_us(data, "try_again_at"))),
		    ""};
	return (struct sentence){wn_arena_printf(cli->arena, "%s %s", who, verb), why};
}

static struct sentence of_touch(struct wn_cli *cli, struct wn_value h, const char *verb)
{
	struct wn_value data = wn_value_at(h, "data");
	const char *channel = row_text(cli, data, "channel"), *why = row_text(cli, h, "why");
	return (struct sentence){wn_arena_printf(cli->arena, "touch %s%s%s%s to %s %s",
						 row_text(cli, h, "step"), *channel ? " (" : "", channel,
						 *channel ? ")" : "", who_of(cli, h),
						 strcmp(verb, "due") == 0 ? "goes out" : verb),
				 *why ? cli_touch_why(cli, why) : ""};
}

static struct sentence of_review(struct wn_cli *cli, struct wn_value h, const char *verb)
{
	const char *verdict = row_text(cli, wn_value_at(h, "data"), "verdict");
	return (struct sentence){strcmp(verb, "final") == 0 ? "final review" : "first review",
				 *verdict ? verdict : row_text(cli, h, "why")};
}

static struct sentence sentence_of(struct wn_cli *cli, struct wn_value h)
{
	static const struct {
		const char *prefix;
		struct sentence (*make)(struct wn_cli *cli, struct wn_value h, const char *verb);
	} makers[] = {
	    {"campaign.", of_campaign}, {"member.", of_member}, {"touch.", of_touch}, {"review.", of_review}};
	const char *type = row_text(cli, h, "type");
	for (size_t i = 0; i < WN_COUNT(makers); i++)
		if (strncmp(type, makers[i].prefix, strlen(makers[i].prefix)) == 0)
			return makers[i].make(cli, h, type + strlen(makers[i].prefix));
	return (struct sentence){type, row_text(cli, h, "why")};
}

void cli_timeline(struct wn_cli *cli, const struct cli_rows *history)
{
	const char *by = "";
	int64_t at = WN_NEVER;
	for (size_t i = 0; i < history->n; i++) {
		struct wn_value h = history->v[i];
		struct sentence s = sentence_of(cli, h);
		const char *actor = row_text(cli, h, "actor");
		bool same = row_us(h, "at") == at, told = same && strcmp(actor, by) == 0;
		at = row_us(h, "at");
		by = actor;
		cli_hang(cli, 2, same ? "" : cli_at(cli, at), 20,
			 wn_arena_printf(cli->arena, "%s%s%s%s%s%s", s.what, *s.why ? ": " : "", s.why,
					 told || !*actor ? "" : " (", told ? "" : actor,
					 told || !*actor ? "" : ")"));
	}
}
