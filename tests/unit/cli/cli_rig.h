/* SPDX-License-Identifier: MIT */
/*
 * The command line in the test's own process: a configuration in a temporary folder, the server of
 * $WHYNOW_TEST_DB (else a private one), for each test a database of its own, a clock that the test moves,
 * output in memory.
 */
#ifndef CLI_RIG_H
#define CLI_RIG_H

#include "../../../daemon/cli/cli.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <whynow/date.h>

#include <cmocka.h>

#define RIG_NOW (INT64_C(1777888800) * WN_SECOND) /* 2026-05-04T10:00:00Z, a Monday */

static char rig_folder[64], rig_server[400], rig_template[64];
static bool rig_own_server;
static int rig_databases;

struct rig {
	struct wn_cli cli;
	char conninfo[512], config[128], name[96];
	char *out, *err;
	size_t out_n, err_n;
	int code;
};

/* --- files, server --------------------------------------------------------------------------- */
static inline const char *rig_file(const char *name, const char *text)
{
	static char path[8][160];
	static int at;
	char *p = path[at++ % 8];
	snprintf(p, sizeof(path[0]), "%s/%s", rig_folder, name);
	FILE *f = fopen(p, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return p;
}

static inline void rig_pg_sh(const char *verb)
{
	char command[300];
	snprintf(command, sizeof(command), "%s/tests/lib/pg.sh %s %s/pg", WN_SOURCE_DIR, verb, rig_folder);
	assert_int_equal(system(command), 0);
}

static inline void rig_admin(const char *sql)
{
	struct wn_err err = {0};
	char info[512];
	snprintf(info, sizeof(info), "%s dbname=postgres", rig_server);
	struct wn_pg *pg = wn_pg_new(NULL, info, "test_cli");
	if (wn_pg_connect(pg, 5000, &err) || wn_pg_script(pg, sql, &err))
		fail_msg("%s: %s", sql, err.text);
	wn_pg_free(pg);
}

/* --- running it ------------------------------------------------------------------------------ */
static inline void rig_forget(struct rig *r)
{
	free(r->out);
	free(r->err);
	r->out = r->err = NULL;
}

static inline int rig_run(struct rig *r, const char *const *words)
{
	char *argv[40] = {(char *)"whynow"};
	int argc = 1;
	for (; words[argc - 1] && argc < 39; argc++)
		argv[argc] = (char *)words[argc - 1];
	rig_forget(r);
	r->cli.out = open_memstream(&r->out, &r->out_n);
	r->cli.err = open_memstream(&r->err, &r->err_n);
	r->code = wn_cli_run(&r->cli, argc, argv);
	fclose(r->cli.out);
	fclose(r->cli.err);
	return r->code;
}
#define RUN(r, ...) rig_run((r), (const char *const[]){__VA_ARGS__, NULL})
#define EXPECT(r, code_, ...)                                                                                  \
	do {                                                                                                   \
		if (RUN((r), __VA_ARGS__) != (code_))                                                          \
			fail_msg("%s:%d: exit code %d, not %d\n%s%s", __FILE__, __LINE__, (r)->code, (code_),  \
				 (r)->out, (r)->err);                                                          \
	} while (0)
#define DONE(r, ...) EXPECT(r, WN_EXIT_DONE, __VA_ARGS__)
#define SAYS(r, text)                                                                                          \
	do {                                                                                                   \
		if (!strstr((r)->out, (text)))                                                                 \
			fail_msg("%s:%d: the output does not say \"%s\":\n%s%s", __FILE__, __LINE__, (text),   \
				 (r)->out, (r)->err);                                                          \
	} while (0)
#define SAYS_NOT(r, text)                                                                                      \
	do {                                                                                                   \
		if (strstr((r)->out, (text)))                                                                  \
			fail_msg("%s:%d: the output says \"%s\":\n%s", __FILE__, __LINE__, (text), (r)->out);  \
	} while (0)
#define COMPLAINS(r, text)                                                                                     \
	do {                                                                                                   \
		if (!strstr((r)->err, (text)))                                                                 \
			fail_msg("%s:%d: the complaint does not say \"%s\":\n%s%s", __FILE__, __LINE__,        \
				 (text), (r)->err, (r)->out);                                                  \
	} while (0)

static inline void rig_advance(struct rig *r, int64_t us)
{
	wn_clock_set(r->cli.clock, wn_clock_now_us(r->cli.clock) + us);
}

/* The output as JSON; lives in the arena. */
static inline struct wn_value rig_json(struct rig *r, struct wn_arena *a)
{
	struct wn_value v;
	struct wn_err err = {0};
	if (wn_json_parse(wn_arena_str(a, (struct wn_str){r->out, r->out_n}), NULL, a, &v, &err))
		fail_msg("no JSON: %s\n%s%s", err.text, r->out, r->err);
	return v;
}

/* One member of row `at` of a list, as text in a buffer of the caller's. */
static inline const char *rig_pick(struct rig *r, size_t at, const char *member, char *dst, size_t size)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_value v = rig_json(r, a);
	assert_int_equal(v.kind, WN_LIST);
	assert_true(at < v.n);
	struct wn_str s = wn_value_str(wn_value_at(v.list[at], member));
	snprintf(dst, size, "%.*s", (int)s.n, s.p ? s.p : "");
	wn_arena_free(a);
	return dst;
}

/* --- set-up, tear-down ----------------------------------------------------------------------- */
static const char rig_main[] =
    "database: {conninfo: \"host=/nowhere\"}\n"
    "listen: {control: control}\n"
    "time_zone: UTC\n"
    "touches: {window: none}\n"
    "dirs: {vendor: " WN_SOURCE_DIR "/conf, extract: " WN_SOURCE_DIR
    "/conf/extract, feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d}\n";

static inline int rig_begin(void)
{
	char folder[100];
	snprintf(rig_folder, sizeof(rig_folder), "/tmp/wn-cli-XXXXXX");
	assert_non_null(mkdtemp(rig_folder));
	assert_int_equal(chmod(rig_folder, 0755), 0); /* the server runs as another user */
	for (const char *const *d = (const char *const[]){"feeds.d", "sinks.d", NULL}; *d; d++) {
		snprintf(folder, sizeof(folder), "%s/%s", rig_folder, *d);
		assert_int_equal(mkdir(folder, 0755), 0);
	}
	rig_file("whynow.yaml", rig_main);
	rig_file("sinks.d/out.yaml",
		 "sink: out\nkind: file\npath: out.jsonl\nchannels: [email, linkedin-task]\nevents: [\"*\"]\n");
	rig_file("feeds.d/page-views.yaml",
		 "feed: page-views\nurl: https://warehouse.example.com/events.jsonl\nformat: jsonl\nwhere: "
		 "item.type == \"page_view\" && item.path.startsWith(\"/pricing\")\n"
		 "account: {domain_from: item.company_domain}\nsignal:\n  kind: page_view\n  occurred_at: "
		 "timestamp(item.ts)\n  path: item.path\n"
		 "reports: {kinds: [page_view], scope: all}\nevery: {floor: 5m, ceiling: 1h}\n");
	return 0;
}

static inline void rig_cli(struct rig *r)
{
	snprintf(r->config, sizeof(r->config), "%s/whynow.yaml", rig_folder);
	r->cli.config_path = r->config;
	r->cli.zone = "UTC";
	r->cli.clock = wn_clock_new_virtual(RIG_NOW);
	snprintf(r->cli.actor, sizeof(r->cli.actor), "operator ana");
	memcpy(r->cli.key, "0123456789abcdef0123456789abcdef", WN_STORE_KEY);
	r->cli.have_key = true;
}

static inline int rig_group_setup(void **state)
{
	(void)state;
	struct rig r = {0};
	const char *given = getenv("WHYNOW_TEST_DB");
	rig_begin();
	rig_own_server = !given || !*given;
	if (rig_own_server)
		rig_pg_sh("start");
	if (rig_own_server)
		snprintf(rig_server, sizeof(rig_server), "host=%s/pg/sock user=postgres", rig_folder);
	else
		snprintf(rig_server, sizeof(rig_server), "%s", given);
	snprintf(rig_template, sizeof(rig_template), "wn_cli_%d", (int)getpid());
	char sql[200];
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s", rig_template);
	rig_admin(sql);
	rig_cli(&r);
	snprintf(r.conninfo, sizeof(r.conninfo), "%s dbname=%s", rig_server, rig_template);
	r.cli.database = r.conninfo;
	DONE(&r, "db", "migrate");
	SAYS(&r, "(was 0)");
	rig_forget(&r);
	wn_clock_free(r.cli.clock);
	return 0;
}

static inline int rig_group_teardown(void **state)
{
	(void)state;
	char text[200];
	if (rig_template[0]) {
		snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", rig_template);
		rig_admin(text);
	}
	if (rig_own_server)
		rig_pg_sh("stop");
	snprintf(text, sizeof(text), "rm -rf %s", rig_folder);
	return system(text) != 0;
}

static inline struct rig *rig_open(void)
{
	struct rig *r = wn_alloc(sizeof(*r));
	char sql[300];
	snprintf(r->name, sizeof(r->name), "%s_%d", rig_template, ++rig_databases);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s", r->name, rig_template);
	rig_admin(sql);
	rig_cli(r);
	snprintf(r->conninfo, sizeof(r->conninfo), "%s dbname=%s", rig_server, r->name);
	r->cli.database = r->conninfo;
	return r;
}

static inline void rig_close(struct rig *r)
{
	char sql[300];
	rig_forget(r);
	wn_clock_free(r->cli.clock);
	snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", r->name);
	rig_admin(sql);
	free(r);
}
static inline void rig_closep(struct rig **r)
{
	rig_close(*r);
}
#define RIG(r)                                                                                                 \
	WN_CLEANUP(rig_closep) struct rig *r = rig_open();                                                     \
	(void)state

static inline int64_t rig_count(struct rig *r, const char *sql)
{
	struct wn_err err = {0};
	const struct wn_stmt stmt = {NULL, sql};
	struct wn_pg_result res = {0};
	struct wn_pg *pg = wn_pg_new(NULL, r->conninfo, "test_cli");
	if (wn_pg_connect(pg, 5000, &err) || wn_pg_exec(pg, &stmt, WN_NO_PARAMS, &res, &err))
		fail_msg("%s: %s", sql, err.text);
	int64_t n = wn_pg_get_int(&res, 0, 0);
	wn_pg_result_done(&res);
	wn_pg_free(pg);
	return n;
}

/* Whatever a test did, the invariants hold. */
#define SOUND(r)                                                                                               \
	do {                                                                                                   \
		DONE((r), "fsck");                                                                             \
		assert_string_equal((r)->out, "");                                                             \
	} while (0)

#endif
