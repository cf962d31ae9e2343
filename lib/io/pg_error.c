/* SPDX-License-Identifier: MIT */
/*
 * Failures of PostgreSQL: SQLSTATE to result code by one table, and the first failure of a round trip kept for
 * the report. DETAIL is left out of texts on purpose: it quotes row values, which may be personal data.
 */
#include "pg_internal.h"

#include <stdio.h>

/* First match by prefix; longer ones first. */
static const struct {
	const char *prefix;
	enum wn_rc rc;
} table[] = {
    {"23505", WN_EXISTS},  /* unique_violation */
    {"23", WN_REFUSED},    /* other integrity constraints */
    {"25006", WN_AGAIN},   /* read_only_sql_transaction: a standby, or a disk-full primary */
    {"25P03", WN_AGAIN},   /* idle_in_transaction_session_timeout */
    {"26000", WN_AGAIN},   /* prepared statement unknown: the session is renewed */
    {"28", WN_REFUSED},    /* invalid_authorization */
    {"3D000", WN_REFUSED}, /* no such database */
    {"40", WN_AGAIN},      /* serialization_failure, deadlock_detected, ... */
    {"42501", WN_REFUSED}, /* insufficient_privilege */
    {"53", WN_AGAIN},      /* insufficient resources: disk, memory, connections */
    {"54", WN_LIMIT},      /* program limit exceeded */
    {"55P03", WN_AGAIN},   /* lock_not_available */
    {"57", WN_AGAIN},      /* query_canceled, shutdown, cannot_connect_now, ... */
    {"58", WN_AGAIN},      /* system error outside of PostgreSQL */
    {"08", WN_AGAIN},      /* connection exceptions */
    {"P0001", WN_REFUSED}, /* RAISE EXCEPTION of a function of ours */
    {"XX000", WN_AGAIN},   /* internal error; also a lost node of a distributed table */
};

enum wn_rc wn_pg_rc_of_sqlstate(const char *sqlstate)
{
	if (!sqlstate || !sqlstate[0])
		return WN_AGAIN; /* the connection is gone */
	for (size_t i = 0; i < WN_COUNT(table); i++)
		if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].rc;
	return WN_INVALID;
}

/* Class 23 without a constraint's name is a missing partition: no fault of the row. */
bool wn_pg_is_bad_data(const struct wn_pg *pg, enum wn_rc rc)
{
	const char *state = pg->sqlstate;

	if (!state[0])
		return rc == WN_INVALID || rc == WN_LIMIT;
	return strncmp(state, "22", 2) == 0 || strncmp(state, "54", 2) == 0 ||
	       (strncmp(state, "23", 2) == 0 && rc != WN_EXISTS && pg->constraint[0]);
}

static const char *field(const PGresult *res, int code)
{
	const char *s = res ? PQresultErrorField(res, code) : NULL;

	return s ? s : "";
}

static size_t line_of(const char *sql, const char *position)
{
	size_t line = 1, chars = 0;

	for (; *position >= '0' && *position <= '9' && chars < 1u << 30; position++)
		chars = chars * 10 + (size_t)(*position - '0');
	for (; *sql && chars > 1; sql++) {
		line += *sql == '\n';
		chars -= (*sql & 0xc0) != 0x80; /* the position counts characters */
	}
	return line;
}

void wn_pg_forget_failure(struct wn_pg *pg)
{
	pg->failure.rc = WN_OK;
	pg->failure.text[0] = 0;
	pg->sqlstate[0] = 0;
	pg->constraint[0] = 0;
}

enum wn_rc wn_pg_note(struct wn_pg *pg, enum wn_rc rc, const char *fmt, ...)
{
	va_list ap;

	if (pg->failure.rc)
		return pg->failure.rc;
	pg->failure.rc = rc;
	pg->sqlstate[0] = 0;
	pg->constraint[0] = 0;
	va_start(ap, fmt);
	vsnprintf(pg->failure.text, sizeof(pg->failure.text), fmt, ap);
	va_end(ap);
	return rc;
}

enum wn_rc wn_pg_note_failure(struct wn_pg *pg, const PGresult *res, const struct wn_stmt *stmt,
			      const char *sql)
{
	const char *state = field(res, PG_DIAG_SQLSTATE), *where = field(res, PG_DIAG_STATEMENT_POSITION);
	const char *text = field(res, PG_DIAG_MESSAGE_PRIMARY);
	enum wn_rc rc = wn_pg_rc_of_sqlstate(state);
	char place[64] = "";

	if (pg->failure.rc)
		return pg->failure.rc;
	if (strcmp(state, "26000") == 0 ||
	    strcmp(field(res, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0) {
		pg->stale = true; /* "cached plan must not change result type" after a migration */
		rc = WN_AGAIN;
	}
	if (sql && *where)
		snprintf(place, sizeof(place), ", line %zu", line_of(sql, where));
	if (!*text)
		text = PQerrorMessage(pg->conn);
	if (!*text)
		text = "the server closed the connection";
	wn_pg_note(pg, rc, "%s%s: %.700s%s%s%s", stmt && stmt->name ? stmt->name : "database", place, text,
		   *state ? " (" : "", state, *state ? ")" : "");
	for (size_t n = strlen(pg->failure.text); n && pg->failure.text[n - 1] == '\n'; n--)
		pg->failure.text[n - 1] = 0;
	snprintf(pg->sqlstate, sizeof(pg->sqlstate), "%s", state);
	snprintf(pg->constraint, sizeof(pg->constraint), "%s", field(res, PG_DIAG_CONSTRAINT_NAME));
	return rc;
}

enum wn_rc wn_pg_report(struct wn_pg *pg, struct wn_err *err)
{
	if (!pg->failure.rc)
		return WN_OK;
	return wn_fail(err, pg->failure.rc, "%s", pg->failure.text);
}

const char *wn_pg_sqlstate(const struct wn_pg *pg)
{
	return pg->sqlstate;
}

const char *wn_pg_constraint(const struct wn_pg *pg)
{
	return pg->constraint;
}
