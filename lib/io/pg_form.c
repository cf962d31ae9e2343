/* SPDX-License-Identifier: MIT */
/*
 * Prepared forms of statements on one session. A form is told the types of its parameters by the constructors
 * of the first call; a later call may use it if each of its values is NULL, is text (the server parses it), or
 * has that very type. Otherwise another form is prepared, up to WN_PG_VARIANTS_MAX.
 */
#include "pg_internal.h"

#include <stdio.h>
#include <stdlib.h>

static struct wn_pg_form **chain(struct wn_pg *pg, const struct wn_stmt *s, size_t rows)
{
	uint64_t h = ((uint64_t)(uintptr_t)s >> 4) * UINT64_C(0x9e3779b97f4a7c15) + rows * 31;

	return &pg->forms[(h >> 32) % WN_PG_HASH];
}

static bool fits(const struct wn_pg_form *f, const struct wn_pg_param *params, size_t n)
{
	if ((size_t)f->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (params[i].n >= 0 && params[i].binary && params[i].oid != f->oids[i])
			return false;
	return true;
}

struct wn_pg_form *wn_pg_form_find(struct wn_pg *pg, const struct wn_stmt *s, size_t rows,
				   const struct wn_pg_param *params, size_t n)
{
	for (struct wn_pg_form *f = *chain(pg, s, rows); f; f = f->next)
		if (f->stmt == s && f->rows == rows && fits(f, params, n))
			return f;
	return NULL;
}

enum wn_rc wn_pg_form_new(struct wn_pg *pg, const struct wn_stmt *s, size_t rows, const Oid *oids, size_t n,
			  struct wn_pg_form **out, struct wn_err *err)
{
	struct wn_pg_form **head = chain(pg, s, rows), *f;
	int variants = 0;

	for (f = *head; f; f = f->next)
		variants += f->stmt == s && f->rows == rows;
	if (variants >= WN_PG_VARIANTS_MAX)
		return wn_fail(err, WN_INVALID, "%s: its parameters change their types from call to call",
			       s->name);
	f = wn_alloc(sizeof(*f));
	*f = (struct wn_pg_form){.next = *head, .stmt = s, .rows = rows, .n = (int)n};
	f->oids = wn_alloc((n + 1) * sizeof(Oid));
	memcpy(f->oids, oids, n * sizeof(Oid));
	/* the server keeps 63 bytes of a name: the number first, so that it is unique */
	snprintf(f->name, sizeof(f->name), "w%u_%.45s_%zu", pg->forms_n++, s->name, rows);
	*head = f;
	*out = f;
	return WN_OK;
}

void wn_pg_forms_forget(struct wn_pg *pg)
{
	for (size_t i = 0; i < WN_PG_HASH; i++) {
		for (struct wn_pg_form *f = pg->forms[i], *next; f; f = next) {
			next = f->next;
			free(f->oids);
			free(f);
		}
		pg->forms[i] = NULL;
	}
	pg->forms_n = 0;
}
