/* SPDX-License-Identifier: MIT */
/*
 * A real PostgreSQL for tests of the store: the server of $WHYNOW_TEST_DB, else a private one (tests/lib/pg.sh). Each test
 * gets a database of its own, copied from a migrated template. Kinds, traits and segments come from the rules rig.
 */
#ifndef STORE_RIG_H
#define STORE_RIG_H

#include "../engine/rules_rig.h"
#include <whynow/store.h>

#include <unistd.h>

static const char rig_key[33] = "0123456789abcdef0123456789abcdef";
static char rig_dir[64], rig_conninfo[400], rig_template[64];
static int rig_databases;

static const struct wn_sink_view rig_sinks[] = {
	{"crm", "file", (const char *const[]){"email", "linkedin-task", NULL}, (const char *const[]){"campaign.*", "member.*", "review.*", NULL}},
	{"log", "journal", (const char *const[]){NULL}, (const char *const[]){"campaign.*", NULL}},
};

struct db {
	struct rig *rig;
	struct wn_pg *pg;
	struct wn_store *st;
	struct wn_world *w;
	char name[96];
};

#define OK(call)                                                                                             \
	do {                                                                                                 \
		struct wn_err err_ = {0};                                                                    \
		enum wn_rc rc_ = (call);                                                                     \
		if (rc_ != WN_OK)                                                                            \
			fail_msg("%s:%d: %s -> %s: %s", __FILE__, __LINE__, #call, wn_rc_to_text(rc_), err.text); \
		(void)err_;                                                                                  \
	} while (0)

static struct wn_pg *rig_connect(const char *database)
{
	struct wn_err err = {0};
	char text[512];
	snprintf(text, sizeof(text), "%s dbname=%s", rig_conninfo, database);
	struct wn_pg *pg = wn_pg_new(NULL, text, "test_store");
	OK(wn_pg_connect(pg, 5000, &err));
	return pg;
}

static void rig_admin(const char *sql)
{
	struct wn_err err = {0};
	struct wn_pg *pg = rig_connect("postgres");
	OK(wn_pg_script(pg, sql, &err));
	wn_pg_free(pg);
}

static void rig_adminf(const char *fmt, const char *a, const char *b)
{
	char sql[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(sql, sizeof(sql), fmt, a, b);
#pragma GCC diagnostic pop
	rig_admin(sql);
}

static int rig_pg_sh(const char *verb)
{
	char command[300];
	snprintf(command, sizeof(command), "%s/tests/lib/pg.sh %s %s", WN_SOURCE_DIR, verb, rig_dir);
	return system(command);
}

static bool rig_find_server(void)
{
	const char *given = getenv("WHYNOW_TEST_DB");
	if (given && *given) {
		snprintf(rig_conninfo, sizeof(rig_conninfo), "%s", given);
		return true;
	}
	snprintf(rig_dir, sizeof(rig_dir), "/tmp/wn-store-XXXXXX");
	if (!mkdtemp(rig_dir) || rig_pg_sh("start") != 0)
		return false;
	snprintf(rig_conninfo, sizeof(rig_conninfo), "host=%s/sock user=postgres", rig_dir);
	return true;
}

static int rig_group_setup(void **state)
{
	(void)state;
	struct wn_err err = {0};
	snprintf(rig_template, sizeof(rig_template), "wn_store_%d", (int)getpid());
	rig_adminf("CREATE DATABASE %s%s", rig_template, "");
	struct wn_pg *pg = rig_connect(rig_template);
	struct wn_store *s = wn_store_new(pg, NULL);
	int applied;
	if (wn_pg_script(pg, "CREATE EXTENSION pg_trgm", NULL) != WN_OK)
		print_message("no pg_trgm here: nothing is found by likeness\n");
	OK(wn_store_migrate(s, &applied, &err));
	wn_store_free(s);
	wn_pg_free(pg);
	return 0;
}

static int rig_group_teardown(void **state)
{
	(void)state;
	rig_adminf("DROP DATABASE %s%s WITH (FORCE)", rig_template, "");
	if (rig_dir[0]) {
		(void)rig_pg_sh("stop");
		char command[100];
		snprintf(command, sizeof(command), "rm -rf %s", rig_dir);
		(void)!system(command);
	}
	return 0;
}

static struct wn_store *rig_store(struct wn_pg *pg, const char *instance)
{
	return wn_store_new(pg, &(struct wn_store_options){{rig_key, 32}, instance});
}

static void db_new_world(struct db *d)
{
	int64_t now = d->w ? d->w->now_us : RIG_NOW;
	struct wn_arena *a = wn_arena_new(0);
	d->w = wn_world_new(a, d->rig->scratch, &d->rig->catalog, now, "test");
}

static struct db *db_open(void)
{
	struct wn_err err = {0};
	struct db *d = wn_alloc(sizeof(*d));
	d->rig = rig_new();
	d->rig->catalog.sinks = rig_sinks;
	d->rig->catalog.n_sinks = WN_COUNT(rig_sinks);
	d->rig->catalog.caps = (struct wn_caps){2, 6, 1, 7 * WN_DAY, 7 * WN_DAY, 3 * WN_DAY, WN_DAY};
	d->rig->catalog.proposed_ttl_us = 7 * WN_DAY;
	d->rig->catalog.touch_lease_us = WN_MINUTE;
	snprintf(d->name, sizeof(d->name), "%s_%d", rig_template, ++rig_databases);
	rig_adminf("CREATE DATABASE %s TEMPLATE %s", d->name, rig_template);
	d->pg = rig_connect(d->name);
	d->st = rig_store(d->pg, "one");
	OK(wn_store_partitions(d->st, RIG_NOW - 40 * WN_DAY, 120 * WN_DAY, NULL, &err));
	db_new_world(d);
	return d;
}

static void db_close(struct db *d)
{
	wn_arena_free(d->w->arena);
	wn_store_free(d->st);
	wn_pg_free(d->pg);
	rig_adminf("DROP DATABASE %s%s WITH (FORCE)", d->name, "");
	rig_free(d->rig);
	free(d);
}

static inline void db_closep(struct db **d) { db_close(*d); }
#define DB(d) WN_CLEANUP(db_closep) struct db *d = db_open(); struct wn_err err = {0}; (void)state; (void)err

/* Forgets the world (and keeps its time): a new unit of work. */
static inline void db_fresh(struct db *d)
{
	struct wn_arena *old = d->w->arena;
	int64_t now = d->w->now_us;
	db_new_world(d);
	d->w->now_us = now;
	wn_arena_free(old);
}

static inline void db_script(struct db *d, const char *sql)
{
	struct wn_err err = {0};
	OK(wn_pg_script(d->pg, sql, &err));
}

static inline int64_t db_count(struct db *d, const char *sql)
{
	struct wn_err err = {0};
	const struct wn_stmt stmt = {NULL, sql};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	OK(wn_pg_exec(d->pg, &stmt, WN_NO_PARAMS, &r, &err));
	return wn_pg_get_int(&r, 0, 0);
}

/* One sighting about a domain (or, without a dot, a name); `item` is its identity in feed "news". */
static inline struct wn_sighting db_sighting(struct db *d, const char *item, const char *kind, const char *company, double hours, const char *attrs)
{
	struct wn_sighting x = {.feed = WN_STR("news"), .publisher = WN_STR("news.test"), .strength = 1};
	x.item = wn_str_of(item);
	x.key = wn_sighting_key(x.feed, x.item, 0);
	x.kind = kind ? wn_registry_kind_number(d->rig->registry, wn_str_of(kind)) : -1;
	x.occurred_us = d->w->now_us - (int64_t)(hours * (double)WN_HOUR);
	x.observed_us = d->w->now_us;
	x.published_us = x.occurred_us;
	x.attrs = x.kind >= 0 ? rig_attrs(d->rig, x.kind, attrs) : (struct wn_value){0};
	x.headline = wn_str_of(wn_arena_printf(d->rig->arena, "%s: %s", company, item));
	if (strchr(company, '.') && !strchr(company, ' '))
		x.account.domain = wn_str_of(company);
	else
		x.account.name = wn_str_of(company);
	return x;
}

/* One whole unit of work over a batch, as the daemon does it. */
static inline enum wn_rc db_unit(struct db *d, struct wn_intake *in, struct wn_err *err)
{
	enum wn_rc rc;
	struct wn_world *w = d->w;
	if ((rc = wn_store_begin(d->st, err)) || (rc = wn_store_resolve(d->st, w, in, err)) || (rc = wn_store_sightings(d->st, w, in, err)) ||
	    (rc = wn_store_load_parts(d->st, w, w->accounts.v, w->accounts.n, WN_LOAD_ALL, err)))
		return rc;
	wn_verdicts_of_arrivals(w);
	if ((rc = wn_store_load_campaigns(d->st, w, err)) || (rc = wn_campaign_step_verdicts(w, err)) || (rc = wn_store_flush(d->st, w, err)))
		return rc;
	return wn_store_commit(d->st, err);
}

static inline struct wn_intake db_take(struct db *d, const struct wn_sighting *x, size_t n)
{
	struct wn_err err = {0};
	struct wn_intake in = {.sightings = x, .n = n, .create = true};
	OK(db_unit(d, &in, &err));
	return in;
}

/* Number of findings; prints them if `want` says none was expected. */
static inline size_t db_fsck(struct db *d, const char *want)
{
	struct wn_err err = {0};
	struct wn_fsck_row *rows;
	size_t n, hits = 0;
	int checks;
	OK(wn_store_fsck(d->st, d->w->now_us, WN_MINUTE, d->w->arena, &rows, &n, &checks, &err));
	assert_true(checks > 20);
	for (size_t i = 0; i < n; i++) {
		hits += want && strcmp(rows[i].name, want) == 0;
		if (!want)
			print_error("fsck %s: %.*s\n", rows[i].name, (int)rows[i].what.n, rows[i].what.p);
	}
	return want ? hits : n;
}

#define STORE_MAIN(tests)                                                                                    \
	int main(void)                                                                                       \
	{                                                                                                    \
		if (!rig_find_server()) {                                                                    \
			print_message("skipped: no PostgreSQL server programs\n");                           \
			return 0;                                                                            \
		}                                                                                            \
		return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);                   \
	}

#endif
