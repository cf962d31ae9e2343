/* SPDX-License-Identifier: MIT */
/*
 * Where a command gets its configuration, its session, its clock and its zone from. The main file may be
 * missing or out of reach: defaults then. The time is the database's, so that an operator's laptop with a wrong
 * clock opens and closes nothing early.
 */
#include "parts.h"
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>
#include <whynow/date.h>
#include <whynow/systemd.h>
#include <whynow/tz.h>

enum { CONNECT_MS = 10000, CONTROL_MS = 3000, NUDGE_MS = 1000 };

/* --- configuration --------------------------------------------------------------------------- */
static int tell_errors(struct wn_cli *cli, struct wn_yaml_errors *errors)
{
	struct wn_buf b;
	wn_buf_init(&b, 64 << 10);
	wn_yaml_errors_to_text(errors, &b);
	fprintf(cli->err, WN_STR_FMT, (int)b.n, b.p ? b.p : "");
	wn_buf_done(&b);
	return cli_error(
	    cli, WN_EXIT_INVALID,
	    "the configuration is not valid; `whynow config check` shows everything that is wrong");
}

int cli_config(struct wn_cli *cli)
{
	const char *path = cli->config_path ? cli->config_path : "/etc/whynow/whynow.yaml";
	struct wn_yaml_errors errors;
	if (cli->config)
		return 0;
	if (cli->config_path && access(path, R_OK) != 0)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "%s cannot be read", path);
	wn_yaml_errors_init(&errors, cli->arena);
	struct wn_conf_request req = {.main_path = access(path, R_OK) == 0 ? path : NULL,
				      .main_optional = true,
				      .sets = cli->sets,
				      .options_only = true};
	if (wn_conf_load_all(&req, &cli->config, &errors))
		return tell_errors(cli, &errors);
	return 0;
}

static const struct wn_options *options(const struct wn_cli *cli)
{
	return cli->book ? &cli->book->config->options : &cli->config->options;
}

const char *cli_control(const struct wn_cli *cli)
{
	return cli->control ? cli->control : wn_arena_strdup(cli->arena, options(cli)->listen.control);
}

const char *cli_conninfo(struct wn_cli *cli)
{
	struct wn_str info = options(cli)->database.conninfo;
	const char *db = getenv("PGDATABASE"), *service = getenv("PGSERVICE");
	if (cli->database)
		return cli->database;
	if (info.n)
		return wn_arena_strdup(cli->arena, info);
	return (db && *db) || (service && *service) ? "" : "dbname=whynow";
}

/* --- session --------------------------------------------------------------------------------- */
static void read_key(struct wn_cli *cli)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct wn_str text = {NULL, 0};
	if (cli->have_key)
		return;
	enum wn_rc rc = wn_systemd_credential(dir && *dir ? "installation-key" : "installation.key",
					      "/etc/whynow", &text, NULL);
	if (rc == WN_OK)
		rc = wn_store_key_parse(text, cli->key, NULL);
	wn_systemd_credential_free(&text);
	cli->have_key = rc == WN_OK;
}

static const char *with_password(struct wn_cli *cli, const char *info)
{
	struct wn_str name = options(cli)->database.password_credential, secret = {NULL, 0};
	if (cli->database || !name.n ||
	    wn_systemd_credential(wn_arena_strdup(cli->arena, name), NULL, &secret, NULL))
		return info;
	struct wn_buf b;
	wn_buf_init(&b, 8192);
	wn_buf_printf(&b, "%s password='", info);
	for (size_t i = 0; i < secret.n; i++) {
		if (secret.p[i] == '\'' || secret.p[i] == '\\')
			wn_buf_char(&b, '\\');
		wn_buf_char(&b, secret.p[i]);
	}
	wn_buf_char(&b, '\'');
	wn_systemd_credential_free(&secret);
	const char *all = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	explicit_bzero(b.p, b.n);
	wn_buf_done(&b);
	return all;
}

/* Root is seldom a role of the database. The socket sees who connects, so it connects as the user whose role it may take
 * anyway: the daemon's, or the server's own superuser for `db init`. */
static enum wn_rc connect_as(struct wn_cli *cli, const char *user, const char *conninfo, struct wn_err *err)
{
	struct passwd *p = geteuid() == 0 && !strstr(conninfo, "user=") ? getpwnam(user) : NULL;
	if (!p || seteuid(p->pw_uid) != 0)
		return WN_REFUSED;
	struct wn_err second = {0};
	enum wn_rc rc = wn_pg_connect(cli->pg, CONNECT_MS, &second);
	if (seteuid(0))
		abort();
	if (rc && rc != WN_REFUSED)
		*err = second;
	return rc;
}

int cli_reconnect_to(struct wn_cli *cli, const char *conninfo)
{
	struct wn_err err = {0};
	wn_store_free(cli->store);
	wn_pg_free(cli->pg);
	cli->store = NULL;
	cli->pg = wn_pg_new(NULL, with_password(cli, conninfo), "whynow");
	/* db init and migrate: the superuser first, as root may be an operator who may not do it. */
	enum wn_rc rc = cli->login_as ? connect_as(cli, cli->login_as, conninfo, &err) : WN_REFUSED;
	if (rc == WN_REFUSED)
		rc = wn_pg_connect(cli->pg, CONNECT_MS, &err);
	if (rc == WN_REFUSED && !cli->login_as)
		rc = connect_as(cli, "whynow", conninfo, &err);
	if (rc) {
		cli_fail(cli, rc, &err);
		cli_hint(cli, rc == WN_REFUSED
				  ? "`whynow db init --operator USER` lets a system user in; --database may name user and host"
				  : "the database is named by --database, by database.conninfo of the main file, or by "
				    "PGHOST, PGDATABASE ...");
		return cli_exit_of(rc);
	}
	read_key(cli);
	struct wn_store_options opt = {.instance = "whynow"};
	if (cli->have_key)
		opt.key = (struct wn_str){(const char *)cli->key, sizeof(cli->key)};
	cli->store = wn_store_new(cli->pg, &opt);
	return 0;
}

int cli_connect_only(struct wn_cli *cli)
{
	int code = cli_config(cli);
	return code ? code : cli_reconnect_to(cli, cli_conninfo(cli));
}

/* --- clock ----------------------------------------------------------------------------------- */
static int fixed_clock(struct wn_cli *cli)
{
	int64_t us;
	if (!wn_date_parse(wn_str_of(cli->now_text), &us))
		return cli_error(cli, WN_EXIT_USAGE,
				 "--now wants a time such as 2026-05-04T10:00:00Z, not \"%s\"", cli->now_text);
	cli->own_clock = wn_clock_new_virtual(us);
	return 0;
}

/* In a demonstration the daemon's clock runs faster than the world's. */
static bool clock_of_daemon(struct wn_cli *cli)
{
	struct wn_control_reply reply = {0};
	struct wn_value status;
	int64_t us = 0;
	if (wn_control_request(cli_control(cli), "GET", "/v1/status", (struct wn_str){NULL, 0}, CONTROL_MS,
			       &reply, NULL))
		return false;
	bool ok = reply.status == 200 &&
		  wn_json_parse((struct wn_str){reply.body, reply.body_n}, NULL, cli->arena, &status, NULL) ==
		      WN_OK &&
		  wn_date_parse(wn_value_str(wn_value_at(status, "now")), &us);
	wn_control_reply_done(&reply);
	if (ok)
		cli->own_clock = wn_clock_new_virtual(us);
	return ok;
}

static int clock_of_database(struct wn_cli *cli)
{
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_err err = {0};
	int64_t sent = wn_clock_monotonic_us();
	enum wn_rc rc = wn_store_read(cli->store, "clock", WN_NO_PARAMS, &r, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli->own_clock = wn_clock_new_live();
	wn_clock_reading(cli->own_clock, sent, wn_pg_get_us(&r, 0, 0), wn_clock_monotonic_us());
	return 0;
}

int cli_clock(struct wn_cli *cli)
{
	int code = 0;
	if (!cli->clock && !cli->own_clock) {
		if (cli->now_text)
			code = fixed_clock(cli);
		else if (cli->try_mode && clock_of_daemon(cli))
			code = 0;
		else if (cli->pg)
			code = clock_of_database(cli);
		else
			cli->own_clock = wn_clock_new_live();
	}
	if (code == 0)
		cli->now_us = wn_clock_now_us(cli->own_clock ? cli->own_clock : cli->clock);
	if (!cli->tz)
		cli_zone(cli);
	return code;
}

int cli_connect(struct wn_cli *cli)
{
	struct wn_err err = {0};
	if (cli->store)
		return 0;
	int code = cli_connect_only(cli);
	if (code)
		return code;
	enum wn_rc rc = wn_store_schema_check(cli->store, NULL, &err);
	if (rc == WN_OK && cli->have_key)
		rc = wn_store_key_check(cli->store, &err);
	return rc ? cli_fail(cli, rc, &err) : cli_clock(cli);
}

/* --- the others ------------------------------------------------------------------------------ */
void cli_nudge(struct wn_cli *cli)
{
	struct wn_control_reply reply = {0};
	const char *path = cli_control(cli);
	if (!*path || access(path, W_OK) != 0)
		return;
	if (wn_control_request(path, "POST", "/v1/nudge", (struct wn_str){NULL, 0}, NUDGE_MS, &reply, NULL) ==
	    WN_OK)
		wn_control_reply_done(&reply);
}

static const char *zone_of_system(char *dst, size_t size)
{
	ssize_t n = readlink("/etc/localtime", dst, size - 1);
	if (n <= 0)
		return "UTC";
	dst[n] = '\0';
	const char *at = strstr(dst, "/zoneinfo/");
	return at ? at + strlen("/zoneinfo/") : "UTC";
}

void cli_zone(struct wn_cli *cli)
{
	char link[300];
	const char *env = getenv("TZ"), *name = cli->zone;
	if (!name)
		name = env && *env ? env + (*env == ':') : zone_of_system(link, sizeof(link));
	if (wn_tz_load(name, &cli->tz, NULL))
		cli->tz = NULL; /* UTC */
}

bool cli_ask(struct wn_cli *cli, const char *fmt, ...)
{
	char answer[16] = "";
	va_list ap;
	if (cli->yes)
		return true;
	if (!cli->terminal || !isatty(fileno(cli->in)))
		return false;
	va_start(ap, fmt);
	vfprintf(cli->err, fmt, ap);
	va_end(ap);
	fputs(" [y/N] ", cli->err);
	fflush(cli->err);
	return fgets(answer, sizeof(answer), cli->in) && (answer[0] == 'y' || answer[0] == 'Y');
}
