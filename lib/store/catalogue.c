/* SPDX-License-Identifier: MIT */
/* The statement catalogue: every SQL text of the program, named, from lib/store/sql as embedded at build. */
#include "store_internal.h"

#define S(name, sql) const struct wn_stmt wn_sql_##name = {#name, sql};
#include <statements.inc>
#undef S

static const struct wn_stmt *const all[] = {
#define S(name, sql) &wn_sql_##name,
#include <statements.inc>
#undef S
};

static const struct wn_migration migrations[] = {
#define M(version, name, sql) {version, name, sql},
#include <statements.inc>
#undef M
};

const struct wn_stmt *wn_store_stmt(const char *name)
{
	for (size_t i = 0; i < WN_COUNT(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const struct wn_stmt *stmt_at(size_t i)
{
	return i < WN_COUNT(all) ? all[i] : NULL;
}

const struct wn_migration *wn_store_migrations(size_t *n)
{
	*n = WN_COUNT(migrations);
	return migrations;
}
