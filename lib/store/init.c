/* SPDX-License-Identifier: MIT */
/*
 * What `whynow db init` does: roles, database, rights, time-outs, extension; and the installation key. Every
 * step is a statement that an administrator can read (--dry-run) and run by hand; steps already done are
 * skipped.
 */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct steps {
	struct wn_arena *a;
	WN_VEC(struct wn_init_step) v;
};

static void add(struct steps *st, bool on_server, const char *what, const char *sql, const char *unless)
{
	*WN_PUSH(st->a, &st->v) = (struct wn_init_step){on_server, what, sql, unless};
}

static void add_role(struct steps *st, const char *name, const char *attributes)
{
	add(st, true, wn_arena_printf(st->a, "role %s", name),
	    wn_arena_printf(st->a, "CREATE ROLE %s %s", name, attributes),
	    wn_arena_printf(st->a, "SELECT 1 FROM pg_roles WHERE rolname = '%s'", name));
}

static void add_membership(struct steps *st, const char *group, const char *member)
{
	add(st, true, wn_arena_printf(st->a, "%s may act as %s", member, group),
	    wn_arena_printf(st->a, "GRANT %s TO \"%s\"", group, member),
	    wn_arena_printf(st->a,
			    "SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles "
			    "r ON r.oid = m.member "
			    "WHERE g.rolname = '%s' AND r.rolname = '%s'",
			    group, member));
}

/* Letters, digits, _ and -; these names are written into SQL. */
static bool is_plain(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	return n > 0 && n < 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n;
}

static void add_login(struct steps *st, const char *user, const char *group)
{
	if (!user)
		return;
	add(st, true, wn_arena_printf(st->a, "login %s (by peer)", user),
	    wn_arena_printf(st->a, "CREATE ROLE \"%s\" LOGIN", user),
	    wn_arena_printf(st->a, "SELECT 1 FROM pg_roles WHERE rolname = '%s'", user));
	add_membership(st, group, user);
}

/* Time-outs stand on the role, so that no session has to be told; a login inherits rights but not settings, so
 * it gets them too. */
static void add_settings(struct steps *st, const char *role, const char *statement_timeout)
{
	const char *const sets[][2] = {{"statement_timeout", statement_timeout},
				       {"lock_timeout", "2s"},
				       {"idle_in_transaction_session_timeout", "10s"},
				       {"jit", "off"},
				       {"timezone", "UTC"}};
	for (size_t i = 0; i < WN_COUNT(sets); i++)
		add(st, true, wn_arena_printf(st->a, "%s of %s", sets[i][0], role),
		    wn_arena_printf(st->a, "ALTER ROLE \"%s\" SET %s = '%s'", role, sets[i][0], sets[i][1]),
		    NULL);
}

enum wn_rc wn_store_init_steps(const struct wn_init_options *opt, struct wn_arena *a,
			       const struct wn_init_step **steps, size_t *n, struct wn_err *err)
{
	struct steps st = {.a = a};
	const char *db = opt->database ? opt->database : "whynow";
	if (!is_plain(db) || (opt->daemon_login && !is_plain(opt->daemon_login)) ||
	    (opt->operator_login && !is_plain(opt->operator_login)))
		return wn_fail(err, WN_INVALID,
			       "names of database and logins may have letters, digits, _ and - only");
	add_role(&st, "whynow_owner", "NOLOGIN");
	add_role(&st, "whynow_migrate", "LOGIN");
	add_role(&st, "whynow_daemon", "LOGIN");
	add_role(&st, "whynow_operator", "NOLOGIN");
	add_role(&st, "whynow_read", "NOLOGIN");
	add_role(&st, "whynow_privacy", "NOLOGIN");
	add_membership(&st, "whynow_owner", "whynow_migrate");
	add_settings(&st, "whynow_daemon", "30s");
	add_settings(&st, "whynow_operator", "60s");
	add_login(&st,
		  opt->daemon_login && strcmp(opt->daemon_login, "whynow_daemon") != 0 ? opt->daemon_login
										       : NULL,
		  "whynow_daemon");
	if (opt->daemon_login && strcmp(opt->daemon_login, "whynow_daemon") != 0)
		add_settings(&st, opt->daemon_login, "30s");
	add_login(&st, opt->operator_login, "whynow_operator");
	add(&st, true, wn_arena_printf(a, "database %s", db),
	    wn_arena_printf(a, "CREATE DATABASE \"%s\" OWNER whynow_owner ENCODING 'UTF8' TEMPLATE template0",
			    db),
	    wn_arena_printf(a, "SELECT 1 FROM pg_database WHERE datname = '%s'", db));
	add(&st, true, "only whynow's roles may connect",
	    wn_arena_printf(a, "REVOKE ALL ON DATABASE \"%s\" FROM PUBLIC", db), NULL);
	add(&st, true, "whynow's roles may connect",
	    wn_arena_printf(a,
			    "GRANT CONNECT ON DATABASE \"%s\" TO whynow_migrate, whynow_daemon, "
			    "whynow_operator, whynow_read, whynow_privacy",
			    db),
	    NULL);
	add(&st, false, "nobody makes tables in public", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", NULL);
	add(&st, false, "extension pg_trgm (candidates for names)",
	    "CREATE EXTENSION pg_trgm WITH SCHEMA public",
	    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') "
	    "OR EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm')");
	*steps = st.v.v;
	*n = st.v.n;
	return WN_OK;
}

enum wn_rc wn_store_init_run(struct wn_pg *pg, const struct wn_init_step *step, bool *ran, struct wn_err *err)
{
	RESULT(r);
	*ran = false;
	if (step->unless) {
		const struct wn_stmt query = {NULL, step->unless};
		TRY(wn_pg_exec(pg, &query, WN_NO_PARAMS, &r, err));
		if (r.rows)
			return WN_OK;
	}
	enum wn_rc rc = wn_pg_script(pg, step->sql, err);
	if (rc != WN_OK)
		return wn_fail_more(err, rc, "%s", step->what);
	*ran = true;
	return WN_OK;
}

/* --- the installation key ---- */
enum wn_rc wn_store_key_make(const char *path, struct wn_err *err)
{
	uint8_t key[WN_STORE_KEY];
	char text[2 * WN_STORE_KEY + 2];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? wn_fail(err, WN_EXISTS, "%s is there already; it is kept", path)
				       : wn_fail(err, WN_REFUSED, "cannot make %s: %s", path, strerror(errno));
	wn_random_bytes(key, sizeof(key));
	wn_hex(key, sizeof(key), text);
	text[2 * WN_STORE_KEY] = '\n';
	bool ok = write(fd, text, 2 * WN_STORE_KEY + 1) == 2 * WN_STORE_KEY + 1 && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	if (!ok) {
		unlink(path);
		return wn_fail(err, WN_REFUSED, "cannot write %s", path);
	}
	return WN_OK;
}

enum wn_rc wn_store_key_parse(struct wn_str text, uint8_t out[32], struct wn_err *err)
{
	while (text.n &&
	       (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r' || text.p[text.n - 1] == ' '))
		text.n--;
	uint8_t key[WN_STORE_KEY];
	if (text.n != 2 * WN_STORE_KEY || !wn_unhex(text, key, sizeof(key)))
		return wn_fail(err, WN_INVALID, "the installation key must be 64 hex digits");
	memcpy(out, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return WN_OK;
}
