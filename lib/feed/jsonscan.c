/* SPDX-License-Identifier: MIT */
/*
 * Where things are in JSON text, found by brackets and quotes alone. Nothing is parsed and nothing is judged:
 * an element that is wrong inside is still found, so that it alone can be refused. Linear, without recursion.
 */
#include "internal.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && wn_feed_is_space(*p))
		p++;
	return p;
}

/* p is at the opening quote; returns past the closing one, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* Past the value at p: a string, what brackets enclose, or what reaches to the next comma or bracket. NULL: it
 * does not end. */
static const char *skip_value(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (!p || !depth)
				return p;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']') {
			if (!depth)
				return p;
			if (!--depth)
				return p + 1;
		} else if (!depth && (*p == ',' || wn_feed_is_space(*p))) {
			return p;
		}
		p++;
	}
	return depth ? NULL : end;
}

size_t wn_json_extent(struct wn_str text)
{
	const char *end = text.p + text.n, *p = skip_space(text.p, end);
	const char *q = p < end ? skip_value(p, end) : NULL;

	return q ? (size_t)(q - text.p) : 0;
}

/* The value of a member of the object at p; NULL: no such member. Names with escapes are not looked through. */
static const char *find_member(const char *p, const char *end, struct wn_str key)
{
	if (p == end || *p != '{')
		return NULL;
	for (p = skip_space(p + 1, end); p < end && *p == '"';) {
		const char *close = skip_string(p, end);
		if (!close)
			return NULL;
		struct wn_str name = {p + 1, (size_t)(close - p) - 2};
		p = skip_space(close, end);
		if (p == end || *p != ':')
			return NULL;
		p = skip_space(p + 1, end);
		if (wn_str_eq(name, key))
			return p;
		p = p < end ? skip_value(p, end) : NULL;
		if (!p)
			return NULL;
		p = skip_space(p, end);
		if (p == end || *p != ',')
			return NULL;
		p = skip_space(p + 1, end);
	}
	return NULL;
}

bool wn_json_find_array(struct wn_str text, const struct wn_str *keys, size_t n, struct wn_str *out,
			bool *closed)
{
	const char *end = text.p + text.n, *p = skip_space(text.p, end);

	for (size_t i = 0; i < n; i++) {
		p = find_member(p, end, keys[i]);
		if (!p)
			return false;
	}
	if (p == end || *p != '[')
		return false;
	const char *close = skip_value(p, end);
	*closed = close != NULL;
	*out = (struct wn_str){p, (size_t)((close ? close : end) - p)};
	return true;
}

bool wn_json_next_element(struct wn_json_scan *s, struct wn_str *out, bool *whole)
{
	const char *p = skip_space(s->p, s->end), *close;

	if (p == s->end || *p == ']')
		return false;
	close = skip_value(p, s->end);
	*whole = close != NULL && close < s->end;
	close = close ? close : s->end;
	if (close == p) /* a comma without an element, or a stray closing bracket */
		close += *p != ',';
	*out = (struct wn_str){p, (size_t)(close - p)};
	p = skip_space(close, s->end);
	/* Garbage after the element belongs to it. */
	while (p < s->end && *p != ',' && *p != ']') {
		const char *q = skip_value(p, s->end);
		q = !q || q == p ? p + 1 : q;
		out->n = (size_t)(q - out->p);
		p = skip_space(q, s->end);
	}
	s->p = p < s->end && *p == ',' ? p + 1 : p;
	return true;
}
