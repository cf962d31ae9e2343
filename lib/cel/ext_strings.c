/* SPDX-License-Identifier: MIT */
/*
 * Extension "strings": charAt indexOf lastIndexOf lowerAscii upperAscii replace split substring trim join reverse
 * quote. Positions count code points. format() is in ext_format.c.
 */
#include "cel_internal.h"

#include <ctype.h>

void cel_out_add(struct cel_out *o, const void *p, size_t n)
{
	if (o->failed || n == 0)
		return;
	if (o->cap - o->len < n) {
		size_t cap = (o->cap + n) * 2 + 32;
		char *more = cap <= WN_CEL_MEMORY_MAX ? cel_take(o->r, o->n, cap) : NULL;

		if (!more) {
			o->failed = true;
			cel_out_of_memory(o->r, o->n);
			return;
		}
		if (o->len)
			memcpy(more, o->p, o->len);
		o->p = more;
		o->cap = cap;
	}
	memcpy(o->p + o->len, p, n);
	o->len += n;
}

bool cel_out_end(struct cel_out *o, struct wn_value *out)
{
	*out = wn_string((struct wn_str){o->p ? o->p : "", o->len});
	return !o->failed;
}

/* --- arguments --------------------------------------------------------------------------------------- */
/* Kinds of the arguments as letters: s string, i int. */
static bool args_are(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, const char *kinds)
{
	for (uint32_t i = 0; i < n->n_args; i++)
		if (v[i].kind != (kinds[i] == 's' ? WN_STRING : WN_INT))
			return cel_no_overload(r, n);
	return cel_charge(r, n, v[0].kind == WN_STRING ? v[0].n / 32 : 1);
}

static bool out_of_range(struct cel_run *r, const struct cel_node *n, struct wn_value at)
{
	return cel_fail_with(r, n, "index out of range", at);
}

static struct wn_value slice(struct wn_value v, size_t from, size_t to)
{
	return wn_string((struct wn_str){v.s + from, to - from});
}

/* --- positions --------------------------------------------------------------------------------------- */
static bool char_at(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	size_t at, next;
	struct wn_str s = wn_value_str(v[0]);

	if (!args_are(r, n, v, "si"))
		return false;
	if (v[1].i < 0 || (size_t)v[1].i > cel_utf8_count(s))
		return out_of_range(r, n, v[1]);
	at = next = cel_utf8_offset(s, (size_t)v[1].i);
	if (at < s.n)
		(void)cel_utf8_next(s, &next);
	*out = slice(v[0], at, next);
	return true;
}

static bool index_of(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(v[0]);
	int64_t from = 0;
	size_t offset;
	const char *hit;

	if (!args_are(r, n, v, "ssi"))
		return false;
	if (n->n_args == 3)
		from = v[2].i;
	if (v[1].n == 0 && from >= 0 && (size_t)from <= cel_utf8_count(s)) {
		*out = wn_int(from);
		return true;
	}
	if (n->n_args == 3 && (from < 0 || (size_t)from >= cel_utf8_count(s)))
		return out_of_range(r, n, v[2]);
	offset = cel_utf8_offset(s, (size_t)from);
	hit = s.n ? memmem(s.p + offset, s.n - offset, v[1].s, v[1].n) : NULL;
	*out = wn_int(hit ? (int64_t)cel_utf8_count((struct wn_str){s.p, (size_t)(hit - s.p)}) : -1);
	return true;
}

/* The last occurrence that begins at byte `at` or before. */
static int64_t find_backwards(struct wn_str s, struct wn_str what, size_t at)
{
	for (size_t i = at + 1; i-- > 0;)
		if (s.n - i >= what.n && memcmp(s.p + i, what.p, what.n) == 0)
			return (int64_t)i;
	return -1;
}

static bool last_index_of(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(v[0]), what = wn_value_str(v[1]);
	size_t chars, from;
	int64_t hit;

	if (!args_are(r, n, v, "ssi") || !cel_charge(r, n, (uint64_t)s.n / 32 * (1 + what.n / 32)))
		return false;
	chars = cel_utf8_count(s);
	from = n->n_args == 3 ? (size_t)v[2].i : chars;
	if (n->n_args == 3 && (v[2].i < 0 || from > chars || (from == chars && what.n > 0)))
		return out_of_range(r, n, v[2]);
	hit = find_backwards(s, what, cel_utf8_offset(s, from));
	*out = wn_int(hit < 0 ? -1 : (int64_t)cel_utf8_count((struct wn_str){s.p, (size_t)hit}));
	return true;
}

static bool substring(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(v[0]);
	int64_t chars, from, to;

	if (!args_are(r, n, v, "sii"))
		return false;
	chars = (int64_t)cel_utf8_count(s);
	from = v[1].i;
	to = n->n_args == 3 ? v[2].i : chars;
	if (from < 0 || from > chars)
		return out_of_range(r, n, v[1]);
	if (to < 0 || to > chars)
		return out_of_range(r, n, v[2]);
	if (from > to)
		return cel_fail(r, n, "invalid substring range: the end lies before the start");
	*out = slice(v[0], cel_utf8_offset(s, (size_t)from), cel_utf8_offset(s, (size_t)to));
	return true;
}

/* --- case, blanks, order ------------------------------------------------------------------------------- */
static bool map_ascii(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, int (*map)(int), struct wn_value *out)
{
	char *p;

	if (!args_are(r, n, v, "s") || !(p = cel_take(r, n, v->n + 1u)))
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		p[i] = (unsigned char)v->s[i] < 0x80 ? (char)map((unsigned char)v->s[i]) : v->s[i];
	*out = wn_string((struct wn_str){p, v->n});
	return true;
}

static bool lower_ascii(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return map_ascii(r, n, v, tolower, out);
}

static bool upper_ascii(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return map_ascii(r, n, v, toupper, out);
}

/* Unicode White_Space. */
static bool is_blank(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool trim(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(*v);
	size_t pos = 0, start = s.n, end = 0;

	if (!args_are(r, n, v, "s"))
		return false;
	while (pos < s.n) {
		size_t at = pos;

		if (is_blank(cel_utf8_next(s, &pos)))
			continue;
		start = at < start ? at : start;
		end = pos;
	}
	*out = slice(*v, start < end ? start : 0, start < end ? end : 0);
	return true;
}

static bool reverse_text(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(*v);
	size_t pos = 0;
	char *p;

	if (!args_are(r, n, v, "s") || !(p = cel_take(r, n, s.n + 1)))
		return false;
	while (pos < s.n) {
		size_t at = pos;

		(void)cel_utf8_next(s, &pos);
		memcpy(p + s.n - pos, s.p + at, pos - at);
	}
	*out = wn_string((struct wn_str){p, s.n});
	return true;
}

/* --- taking apart, putting together --------------------------------------------------------------------- */
/* Of an empty separator: one character a piece. */
static size_t piece_end(struct wn_str s, size_t at, struct wn_str sep, bool *more)
{
	const char *hit;
	size_t next = at;

	if (sep.n == 0) {
		(void)cel_utf8_next(s, &next);
		*more = next < s.n;
		return next;
	}
	hit = memmem(s.p + at, s.n - at, sep.p, sep.n);
	*more = hit != NULL;
	return hit ? (size_t)(hit - s.p) : s.n;
}

static bool split(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(v[0]), sep = wn_value_str(v[1]);
	int64_t limit = n->n_args == 3 && v[2].kind == WN_INT ? v[2].i : -1;
	struct wn_value *items;
	size_t at = 0, pieces = 1, count = 0;
	bool more = true;

	if (!args_are(r, n, v, "ssi"))
		return false;
	*out = wn_list(NULL, 0);
	if (limit == 0 || (s.n == 0 && sep.n == 0))
		return true;
	while (at < s.n && more) {
		at = piece_end(s, at, sep, &more) + sep.n;
		pieces += more;
	}
	if (limit > 0 && pieces > (size_t)limit)
		pieces = (size_t)limit;
	if (!cel_charge(r, n, pieces) || !(items = cel_take(r, n, pieces * sizeof(*items))))
		return false;
	for (at = 0; count < pieces; count++) {
		size_t end = count + 1 == pieces ? s.n : piece_end(s, at, sep, &more);

		items[count] = slice(v[0], at, end);
		at = end + sep.n;
	}
	*out = wn_list(items, count);
	return true;
}

static bool replace(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_str s = wn_value_str(v[0]), what = wn_value_str(v[1]), with = wn_value_str(v[2]);
	int64_t limit = n->n_args == 4 && v[3].kind == WN_INT ? v[3].i : -1;
	struct cel_out o = {.r = r, .n = n};
	size_t at = 0;
	bool more = true;

	if (!args_are(r, n, v, "sssi"))
		return false;
	for (; limit != 0 && at <= s.n && !o.failed; limit--) {
		size_t end;

		if (what.n == 0) { /* before every character, and at the end */
			cel_out_str(&o, with);
			end = at;
			if (at == s.n)
				break;
			(void)cel_utf8_next(s, &end);
			cel_out_add(&o, s.p + at, end - at);
			at = end;
			continue;
		}
		end = piece_end(s, at, what, &more);
		if (!more)
			break;
		cel_out_add(&o, s.p + at, end - at);
		cel_out_str(&o, with);
		at = end + what.n;
	}
	if (at < s.n)
		cel_out_add(&o, s.p + at, s.n - at);
	return cel_charge(r, n, o.len / 32) && cel_out_end(&o, out);
}

static bool join(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_out o = {.r = r, .n = n};

	if (v[0].kind != WN_LIST || (n->n_args == 2 && v[1].kind != WN_STRING))
		return cel_no_overload(r, n);
	for (uint32_t i = 0; i < v[0].n && !o.failed; i++) {
		if (v[0].list[i].kind != WN_STRING)
			return cel_no_overload(r, n);
		if (i && n->n_args == 2)
			cel_out_str(&o, wn_value_str(v[1]));
		cel_out_str(&o, wn_value_str(v[0].list[i]));
	}
	return cel_charge(r, n, v[0].n + o.len / 32) && cel_out_end(&o, out);
}

static bool quote(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	struct cel_out o = {.r = r, .n = n};

	if (!args_are(r, n, v, "s"))
		return false;
	cel_out_text(&o, "\"");
	for (uint32_t i = 0; i < v->n; i++) {
		const char *at = v->s[i] ? strchr(from, v->s[i]) : NULL;
		char pair[2] = {'\\', at ? to[at - from] : 0};

		if (at)
			cel_out_add(&o, pair, 2);
		else
			cel_out_add(&o, v->s + i, 1);
	}
	cel_out_text(&o, "\"");
	return cel_out_end(&o, out);
}

extern cel_native_fn cel_format;
const struct cel_row cel_rows_ext_strings[] = {
	{"charAt", ".si>s", char_at},
	{"indexOf", ".ss>i .ssi>i", index_of},
	{"lastIndexOf", ".ss>i .ssi>i", last_index_of},
	{"lowerAscii", ".s>s", lower_ascii},
	{"upperAscii", ".s>s", upper_ascii},
	{"replace", ".sss>s .sssi>s", replace},
	{"split", ".ss>Ls .ssi>Ls", split},
	{"substring", ".si>s .sii>s", substring},
	{"trim", ".s>s", trim},
	{"reverse", ".s>s", reverse_text},
	{"join", ".Ls>s .Lss>s", join},
	{"strings.quote", "s>s", quote},
	{"format", ".sL*>s", cel_format},
	{0},
};
