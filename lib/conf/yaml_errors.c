/* SPDX-License-Identifier: MIT */
/*
 * The list of everything that is wrong with a file or a folder of files: collected, sorted, shown. It keeps
 * WN_CONF_ERRORS_MAX of them and counts the rest.
 */
#include <stdio.h>
#include <stdlib.h>

#include <whynow/limits.h>
#include <whynow/yaml.h>

void wn_yaml_errors_init(struct wn_yaml_errors *e, struct wn_arena *arena)
{
	*e = (struct wn_yaml_errors){.arena = arena,
				     .v = WN_NEW_N(arena, struct wn_yaml_error, WN_CONF_ERRORS_MAX)};
}

void wn_yaml_error_add(struct wn_yaml_errors *e, const struct wn_err *err)
{
	if (!e)
		return;
	if (e->n == WN_CONF_ERRORS_MAX) {
		e->more++;
		return;
	}
	struct wn_place at = err->place;
	at.file = at.file ? wn_arena_strdup(e->arena, wn_str_of(at.file)) : NULL;
	e->v[e->n++] = (struct wn_yaml_error){at, wn_arena_strdup(e->arena, wn_str_of(err->text))};
}

enum wn_rc wn_yaml_error(struct wn_yaml_errors *e, struct wn_place at, const char *fmt, ...)
{
	struct wn_err err = {.rc = WN_INVALID, .place = at};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	wn_yaml_error_add(e, &err);
	return WN_INVALID;
}

static int by_place(const void *a, const void *b)
{
	const struct wn_yaml_error *x = a, *y = b;
	int files = strcmp(x->at.file ? x->at.file : "", y->at.file ? y->at.file : "");

	if (files)
		return files;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return strcmp(x->text, y->text);
}

void wn_yaml_errors_sort(struct wn_yaml_errors *e)
{
	qsort(e->v, e->n, sizeof(*e->v), by_place);
}

static void add_line(struct wn_buf *b, const struct wn_yaml_error *e)
{
	if (e->at.file && e->at.line)
		wn_buf_printf(b, "%s:%d:%d: ", e->at.file, e->at.line, e->at.column);
	else if (e->at.file)
		wn_buf_printf(b, "%s: ", e->at.file);
	wn_buf_text(b, e->text);
	wn_buf_char(b, '\n');
}

void wn_yaml_errors_to_text(const struct wn_yaml_errors *e, struct wn_buf *b)
{
	for (size_t i = 0; i < e->n; i++)
		add_line(b, &e->v[i]);
	if (e->more)
		wn_buf_printf(b, "... and %zu more\n", e->more);
}

enum wn_rc wn_yaml_errors_to_err(const struct wn_yaml_errors *e, struct wn_err *err)
{
	if (e->n == 0)
		return WN_OK;
	WN_CLEANUP(wn_buf_done) struct wn_buf rest;
	wn_buf_init(&rest, sizeof(err->text) - 1);
	wn_buf_text(&rest, e->v[0].text);
	for (size_t i = 1; i < e->n; i++) {
		wn_buf_char(&rest, '\n');
		add_line(&rest, &e->v[i]);
		rest.n -= rest.n && rest.p[rest.n - 1] == '\n'; /* no trailing line feed */
	}
	return wn_fail_at(err, WN_INVALID, e->v[0].at, "%.*s", (int)rest.n, rest.p ? rest.p : "");
}
