/* SPDX-License-Identifier: MIT */
/*
 * Options that tune something which does not listen to them yet: told as a warning, never silently left out. As things get built,
 * their rows go.
 */
#include "book.h"
#include <whynow/log.h>

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

void wn_unsupported_tell(const struct wn_config *c)
{
	for (size_t i = 0; i < WN_COUNT(idle_options); i++) {
		struct wn_place at = place_of(c, idle_options[i]);
		if (at.file)
			wn_log(WN_WARNING, NULL, NULL, "%s:%d:%d: %s has no effect in this version", at.file, at.line, at.column, idle_options[i]);
	}
}
