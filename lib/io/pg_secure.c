/* SPDX-License-Identifier: MIT */
/*
 * Is a connection string safe to be used? A server on another machine must prove who it is: anything weaker than
 * sslmode=verify-full gives password and data to whoever sits between. Asked once, before the first connection.
 */
#include "pg_internal.h"
#include <libpq-fe.h>
#include <stdlib.h>

static const char *value_of(const PQconninfoOption *o, const char *key)
{
	for (; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

/* A Unix socket, or this machine's loopback. */
static bool is_local(const char *host, size_t n)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
	if (n == 0 || host[0] == '/' || host[0] == '@')
		return true;
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (strlen(names[i]) == n && strncmp(host, names[i], n) == 0)
			return true;
	return false;
}

static bool all_local(const char *list)
{
	for (const char *at = list; at; at = *at ? at + 1 : NULL) {
		size_t n = strcspn(at, ",");
		if (!is_local(at, n))
			return false;
		at += n;
		if (!*at)
			return true;
	}
	return true;
}

enum wn_rc wn_pg_check_secure(const char *conninfo, struct wn_err *err)
{
	char *message = NULL;
	PQconninfoOption *o = PQconninfoParse(conninfo, &message), *all = PQconndefaults();
	enum wn_rc rc = WN_OK;
	if (!o) {
		rc = wn_fail(err, WN_INVALID, "database connection string: %.*s", message ? (int)strcspn(message, "\n") : 0,
			     message ? message : "");
	} else {
		/* What the string leaves out comes from libpq's environment. */
		const char *host = value_of(o, "hostaddr") ? value_of(o, "hostaddr") : value_of(o, "host");
		const char *mode = value_of(o, "sslmode");
		if (!host && all)
			host = value_of(all, "host");
		if (!mode && all)
			mode = value_of(all, "sslmode");
		if (host && !all_local(host) && (!mode || strcmp(mode, "verify-full") != 0))
			rc = wn_fail(err, WN_REFUSED, "the database is on another machine (%s): say sslmode=verify-full (and sslrootcert=FILE) in "
				     "database.conninfo, or database.insecure_ok: true", host);
	}
	PQfreemem(message);
	PQconninfoFree(o);
	PQconninfoFree(all);
	return rc;
}
