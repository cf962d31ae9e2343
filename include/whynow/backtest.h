/* SPDX-License-Identifier: MIT */
/*
 * What a segment would have opened: stored signals once more, in the order in which they were stored, through the rule and
 * the step function of the live run. Pure: the caller loads accounts; nothing is written.
 *
 *   b = wn_backtest_new(segment, catalog, from, to)
 *   for each batch of accounts, loaded with signals and contacts in a world whose catalogue is wn_backtest_catalog(b):
 *       wn_backtest_account(b, world, account)
 *   wn_backtest_finish(b, &result)
 *
 * Signals are seen as they were known at each instant; traits, contacts and publishers as they are now. Everybody opens
 * (mode shadow), so nothing of what is open, cooling down or capped today stands in the way.
 */
#ifndef WHYNOW_BACKTEST_H
#define WHYNOW_BACKTEST_H

#include <whynow/engine.h>

struct wn_backtest;

/* One account that would have been enrolled. */
struct wn_backtest_entry {
	int64_t at_us;
	bool opened; /* it opened the campaign, it did not join one */
	struct wn_str account; /* domain, else name */
	struct wn_id account_id;
	struct wn_str kind, headline, clause; /* of the signal that made it true; clause of the freshest evidence */
	size_t contacts;
};
struct wn_backtest_week {
	int64_t from_us; /* a week of its own, counted back from the end */
	size_t campaigns, members;
};
struct wn_backtest_result {
	size_t accounts; /* looked at */
	size_t campaigns, members, enrolled; /* enrolled: accounts */
	size_t largest; /* most members of one campaign */
	size_t expired, boxed; /* campaigns that would have closed meanwhile, stale or by the box */
	size_t unknown; /* accounts whose rule stayed unknown */
	struct wn_str unknown_clause; /* the most frequent */
	struct wn_backtest_week *weeks; size_t n_weeks; /* the newest first */
	struct wn_backtest_entry *entries; size_t n_entries; /* in the order of time, at most WN_BACKTEST_ENTRIES */
	struct { enum wn_non_action_reason reason; size_t accounts; } refused[16]; size_t n_refused;
	bool cut; /* more verdicts than WN_BACKTEST_VERDICTS_MAX: the rest is not counted */
};
enum { WN_BACKTEST_ENTRIES = 20 };

/* Borrows segment and catalogue until it is freed. */
struct wn_backtest *wn_backtest_new(const struct wn_segment *s, const struct wn_catalog *c, int64_t from_us, int64_t to_us);
void wn_backtest_free(struct wn_backtest *b);
const struct wn_catalog *wn_backtest_catalog(const struct wn_backtest *b);
/* Leaves w->now_us and the account's list of signals as they were. */
void wn_backtest_account(struct wn_backtest *b, struct wn_world *w, struct wn_account *a);
/* Once, after all accounts. The result lives as long as b. */
void wn_backtest_finish(struct wn_backtest *b, struct wn_backtest_result *out);

#endif
