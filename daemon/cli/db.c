/* SPDX-License-Identifier: MIT */
/* `db init|migrate|status`: the database itself. Nothing here needs a schema to be there. */
#include "parts.h"
#include <errno.h>
#include <sys/stat.h>

static const char key_default[] = "/etc/whynow/installation.key";
enum { PARTITIONS_AHEAD_DAYS = 45 };

static int connect_as_admin(struct wn_cli *cli, const char *conninfo)
{
	cli->login_as = "postgres";
	return cli_reconnect_to(cli, conninfo);
}

/* --- db init --------------------------------------------------------------------------------- */
static const char *conninfo_of(struct wn_cli *cli, const char *database)
{
	const char *info = cli_conninfo(cli);
	return wn_arena_printf(cli->arena, "%s%sdbname=%s", info, *info ? " " : "", database);
}

static int run_step(struct wn_cli *cli, const struct wn_init_step *step)
{
	struct wn_err err = {0};
	bool ran = false;
	enum wn_rc rc = wn_store_init_run(cli->pg, step, &ran, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_say(cli, "  %-7s %s", !ran ? "kept" : step->unless ? "made" : "set", step->what);
	return 0;
}

static int make_key(struct wn_cli *cli, const char *path)
{
	struct wn_err err = {0};
	const char *slash = strrchr(path, '/');
	if (slash && slash != path) {
		const char *folder = wn_arena_strdup(cli->arena, (struct wn_str){path, (size_t)(slash - path)});
		if (mkdir(folder, 0755) != 0 && errno != EEXIST)
			return cli_error(cli, WN_EXIT_REFUSED, "cannot make %s: %s", folder, strerror(errno));
	}
	enum wn_rc rc = wn_store_key_make(path, &err);
	if (rc == WN_EXISTS) {
		cli_say(cli, "  %-7s installation key %s", "kept", path);
		return 0;
	}
	if (rc) {
		cli_fail(cli, rc, &err);
		cli_hint(cli, "name another place with --key-file, or run it as root");
		return cli_exit_of(rc);
	}
	cli_say(cli, "  %-7s installation key %s (keep a copy: ids of people and suppressions depend on it)",
		"made", path);
	return 0;
}

static void print_step(struct wn_cli *cli, const struct wn_init_step *step, const char *database)
{
	fprintf(cli->out, "-- %s (connected to %s)%s\n%s;\n", step->what,
		step->on_server ? "postgres" : database, step->unless ? ", unless it is there" : "", step->sql);
}

static int run_steps(struct wn_cli *cli, const struct wn_init_step *steps, size_t n, const char *database)
{
	int code = 0, on_server = -1;
	for (size_t i = 0; i < n && code == 0; i++) {
		if (steps[i].on_server != on_server)
			code =
			    connect_as_admin(cli, conninfo_of(cli, steps[i].on_server ? "postgres" : database));
		on_server = steps[i].on_server;
		if (code == 0)
			code = run_step(cli, &steps[i]);
	}
	return code;
}

static int run_init(struct wn_cli *cli, int argc, char **argv)
{
	const char *name = cli_value(cli, "--name"), *daemon = cli_value(cli, "--daemon"),
		   *key = cli_value(cli, "--key-file");
	struct wn_init_options opt = {.database = name ? name : "whynow",
				      .daemon_login = daemon ? daemon : "whynow",
				      .operator_login = cli_value(cli, "--operator")};
	const struct wn_init_step *steps;
	struct wn_err err = {0};
	size_t n;
	(void)argc;
	(void)argv;
	int code = cli_config(cli);
	if (code)
		return code;
	if (strstr(cli_conninfo(cli), "://"))
		return cli_error(cli, WN_EXIT_USAGE,
				 "db init wants --database as \"host=... user=...\", not as an address (it "
				 "must change dbname)");
	enum wn_rc rc = wn_store_init_steps(&opt, cli->arena, &steps, &n, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	if (cli_flag(cli, "--dry-run")) {
		for (size_t i = 0; i < n; i++)
			print_step(cli, &steps[i], opt.database);
		fprintf(cli->out,
			"-- and, unless --no-key: 64 random hex digits in %s, mode 0600, unless it is there\n",
			key ? key : key_default);
		return WN_EXIT_DONE;
	}
	cli_say(cli, "Roles, database and rights:");
	code = run_steps(cli, steps, n, opt.database);
	if (code == 0 && !cli_flag(cli, "--no-key"))
		code = make_key(cli, key ? key : key_default);
	if (code)
		return code;
	cli_say(cli,
		"\nThe system user \"%s\" is let in by peer authentication; pg_hba.conf needs (Debian's has "
		"it):\n  local  %s  all  peer",
		opt.daemon_login, opt.database);
	cli_say(cli, "Next: `whynow db migrate` makes the tables.");
	return WN_EXIT_DONE;
}

static const struct wn_cli_option init_options[] = {
    {"--name", "DATABASE", "name of the database [whynow]"},
    {"--daemon", "USER", "system user of the daemon, let in by peer [whynow]"},
    {"--operator", "USER", "system user of an operator, let in by peer"},
    {"--key-file", "FILE", "where the installation key goes [/etc/whynow/installation.key]"},
    {"--no-key", NULL, "make no installation key (another machine has it)"},
    {"--dry-run", NULL, "print each statement and change nothing"},
    {NULL, NULL, NULL},
};
const struct wn_command command_db_init = {
    .name = "db init",
    .args = "",
    .summary = "make roles, database, rights and the installation key",
    .more = "Runs as a superuser of the server: as root or postgres on its machine, else with --database. What "
	    "is there already is kept, so it "
	    "may be run again.",
    .options = init_options,
    .run = run_init,
};

/* --- db migrate ------------------------------------------------------------------------------ */
static int run_migrate(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_schema_status before = {0, 0};
	struct wn_err err = {0};
	int applied = 0, made = 0;
	(void)argc;
	(void)argv;
	int code = cli_config(cli);
	if (code == 0)
		code = connect_as_admin(cli, cli_conninfo(cli));
	if (code)
		return code;
	enum wn_rc rc = wn_store_schema_check(cli->store, &before, &err);
	if (rc && rc != WN_REFUSED)
		return cli_fail(cli, rc, &err);
	rc = wn_store_migrate(cli->store, &applied, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	code = cli_clock(cli);
	if (code)
		return code;
	rc = wn_store_partitions(cli->store, cli->now_us, PARTITIONS_AHEAD_DAYS * WN_DAY, &made, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	if (applied)
		cli_say(cli, "the schema is at version %d (was %d)", before.want, before.have);
	else
		cli_say(cli, "the schema is at version %d already", before.want);
	return WN_EXIT_DONE;
}

const struct wn_command command_db_migrate = {
    .name = "db migrate",
    .args = "",
    .summary = "bring the schema to this program's version",
    .more = "Forward only, all in one transaction. Run it before the new daemon is started; the one before it "
	    "keeps working on the new schema.",
    .run = run_migrate,
};

/* --- db status ------------------------------------------------------------------------------- */
static struct wn_value status_value(struct wn_cli *cli, const struct wn_schema_status *have, enum wn_rc rc,
				    const char *why, const struct cli_rows *instances)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "schema", wn_int(have->have));
	wn_map_set(&m, "program_wants", wn_int(have->want));
	wn_map_set(&m, "usable", wn_bool(rc == WN_OK));
	if (rc)
		wn_map_set(&m, "why", wn_cstring(why));
	wn_map_set(&m, "server_version", wn_int(wn_pg_server_version(cli->pg)));
	wn_map_set(&m, "key", wn_bool(cli->have_key));
	wn_map_set(&m, "instances", rows_value(instances));
	return wn_map_end(&m);
}

static int run_status(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_schema_status have = {0, 0};
	struct wn_err err = {0}, key_err = {0};
	struct cli_rows instances = {NULL, 0};
	(void)argc;
	(void)argv;
	int code = cli_connect_only(cli);
	if (code)
		return code;
	enum wn_rc rc = wn_store_schema_check(cli->store, &have, &err), key_rc = WN_OK;
	if (rc && rc != WN_REFUSED)
		return cli_fail(cli, rc, &err);
	code = cli_clock(cli);
	if (rc == WN_OK && code == 0)
		code = cli_read(cli, "instances", WN_NO_PARAMS, &instances);
	if (code)
		return code;
	if (rc == WN_OK && cli->have_key)
		key_rc = wn_store_key_check(cli->store, &key_err);
	if (cli->json) {
		cli_json(cli, status_value(cli, &have, rc, err.text, &instances));
		return rc ? WN_EXIT_NO : WN_EXIT_DONE;
	}
	int server = wn_pg_server_version(cli->pg);
	fprintf(cli->out, "server      PostgreSQL %d.%d\n", server / 10000, server % 10000);
	fprintf(cli->out, "schema      version %d, this program wants %d%s%s\n", have.have, have.want,
		rc ? ": " : "", rc ? err.text : "");
	fprintf(cli->out, "key         %s\n",
		!cli->have_key ? "not readable here: addresses and suppressions cannot be used"
		: key_rc       ? key_err.text
			       : "there, and the one of this database");
	for (size_t i = 0; i < instances.n; i++)
		fprintf(cli->out, "%s%s, started %s, last seen %s\n", i ? "            " : "instances   ",
			row_text(cli, instances.v[i], "instance"),
			cli_at(cli, row_us(instances.v[i], "started_at")),
			cli_rel(cli, row_us(instances.v[i], "heartbeat_at")));
	return rc || key_rc ? WN_EXIT_NO : WN_EXIT_DONE;
}

const struct wn_command command_db_status = {
    .name = "db status",
    .args = "",
    .summary = "version of the schema, key, instances",
    .run = run_status,
};
