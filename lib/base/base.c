/* SPDX-License-Identifier: MIT */
/*
 * Result codes, errors with a place, slices, nearest name, small allocations.
 *
 * Nothing here logs. The only way out besides returning is abort() when a small allocation fails: the daemon
 * is crash-only and PostgreSQL holds the truth.
 */
#include <whynow/base.h>
#include <whynow/limits.h>

#include <stdio.h>
#include <stdlib.h>

const char *wn_rc_to_text(enum wn_rc rc)
{
	static const char *const texts[] = {
#define X(name, text) text,
		WN_RC_LIST(X)
#undef X
	};
	return (size_t)rc < WN_COUNT(texts) ? texts[rc] : "?";
}

static WN_PRINTF(4, 0) enum wn_rc
	fill(struct wn_err *err, enum wn_rc rc, struct wn_place at, const char *fmt, va_list args)
{
	if (!err)
		return rc;
	/* Formatted aside first: the arguments may point into the error itself. */
	char text[sizeof(err->text)];
	vsnprintf(text, sizeof(text), fmt, args);
	err->rc = rc;
	err->place = at;
	memcpy(err->text, text, sizeof(text));
	return rc;
}

enum wn_rc wn_fail(struct wn_err *err, enum wn_rc rc, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, rc, (struct wn_place){0}, fmt, args);
	va_end(args);
	return rc;
}

enum wn_rc wn_fail_at(struct wn_err *err, enum wn_rc rc, struct wn_place at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, rc, at, fmt, args);
	va_end(args);
	return rc;
}

enum wn_rc wn_fail_more(struct wn_err *err, enum wn_rc rc, const char *fmt, ...)
{
	if (!err)
		return rc;
	char text[sizeof(err->text)];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n + 2 >= sizeof(text))
		return err->rc;
	size_t rest = sizeof(text) - (size_t)n - 3, old = strnlen(err->text, rest);
	memmove(err->text + n + 2, err->text, old);
	memcpy(err->text, text, (size_t)n);
	memcpy(err->text + n, ": ", 2);
	err->text[(size_t)n + 2 + old] = '\0';
	return err->rc;
}

void wn_err_to_text(const struct wn_err *err, char *dst, size_t size)
{
	const struct wn_place *at = &err->place;
	if (at->file && at->line)
		snprintf(dst, size, "%s:%d:%d: %s", at->file, at->line, at->column, err->text);
	else if (at->file)
		snprintf(dst, size, "%s: %s", at->file, err->text);
	else if (at->line)
		snprintf(dst, size, "%d:%d: %s", at->line, at->column, err->text);
	else
		snprintf(dst, size, "%s", err->text);
}

int wn_str_cmp(struct wn_str a, struct wn_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment: insert, delete, replace, swap of neighbours, each counted once; upper and lower case are one. */
static unsigned distance(struct wn_str a, struct wn_str b)
{
	unsigned rows[3][WN_NEAREST_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	for (unsigned j = 0; j <= b.n; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned cost = wn_lower(a.p[i - 1]) != wn_lower(b.p[j - 1]);
			row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && wn_lower(a.p[i - 1]) == wn_lower(b.p[j - 2]) && wn_lower(a.p[i - 2]) == wn_lower(b.p[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *spare = before;
		before = last, last = row, row = spare;
	}
	return last[b.n];
}

const char *wn_nearest(struct wn_str name, const char *const *names, size_t n)
{
	if (name.n == 0 || name.n > WN_NEAREST_MAX)
		return NULL;
	unsigned best = name.n / 3 ? (unsigned)(name.n / 3) : 1;
	const char *found = NULL;
	for (size_t i = 0; i < n; i++) {
		struct wn_str other = wn_str_of(names[i]);
		if (other.n == 0 || other.n > WN_NEAREST_MAX)
			continue;
		unsigned d = distance(name, other);
		/* One letter is no likeness: the distance must leave something in common. */
		if (d < other.n && (found ? d < best : d <= best))
			found = names[i], best = d;
	}
	return found;
}

void *wn_try_alloc(size_t size) { return calloc(1, size ? size : 1); }

void *wn_alloc(size_t size)
{
	void *p = wn_try_alloc(size);
	if (!p)
		abort();
	return p;
}

void *wn_realloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);
	if (!q)
		abort();
	return q;
}

char *wn_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(wn_alloc(n), s, n);
}

void wn_freep(void *pp)
{
	void **p = pp;
	free(*p);
	*p = NULL;
}
