/* SPDX-License-Identifier: MIT */
/*
 * What the configuration knows and this version cannot do yet. It is refused with its place, never silently left out. Options
 * that merely tune something that does not listen to them yet are told as a warning. As things get built, their rows go.
 */
#include "book.h"
#include <whynow/log.h>

static const char *const refused_options[] = {"poll.proxy", "poll.allow_networks"};

static const char *const idle_options[] = {
	"database.pool", "database.connect_timeout", "database.statement_timeout", "campaigns.floor",
	"campaigns.holdout_salt", "batch.outbox", "batch.due", "engine.sweep", "engine.segments", "engine.lease",
	"engine.clock_error", "retention.signals", "retention.history",
};

/* Where the option is set; line 0 and no file: it is not. */
static struct wn_place place_of(const struct wn_config *c, const char *name)
{
	size_t n;
	const struct wn_option *table = wn_options_table(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return c->option_at[i];
	return (struct wn_place){0};
}

enum wn_rc wn_unsupported(const struct wn_config *c, struct wn_err *err)
{
	for (size_t i = 0; i < WN_COUNT(refused_options); i++)
		if (place_of(c, refused_options[i]).file)
			return wn_fail_at(err, WN_INVALID, place_of(c, refused_options[i]), "%s: not supported by this version", refused_options[i]);
	return WN_OK;
}

void wn_unsupported_tell(const struct wn_config *c)
{
	for (size_t i = 0; i < WN_COUNT(idle_options); i++) {
		struct wn_place at = place_of(c, idle_options[i]);
		if (at.file)
			wn_log(WN_WARNING, NULL, NULL, "%s:%d:%d: %s has no effect in this version", at.file, at.line, at.column, idle_options[i]);
	}
}
