/* SPDX-License-Identifier: MIT */
/*
 * string.format(list) of the strings extension: %s %d %f %e %x %X %o %b %%, with a precision for f and e.
 */
#include "cel_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PRECISION_MAX 500 /* digits; more than a double has */
#define SHOW_DEPTH_MAX 64 /* lists in lists */

extern cel_native_fn cel_format;

static bool wrong(struct cel_out *o, const char *clause, struct wn_value v)
{
	o->failed = true;
	return cel_fail_with(o->r, o->n, clause, wn_cstring(cel_type_name_of(v)));
}

/* --- %s ---------------------------------------------------------------------------------------------- */
static bool show(struct cel_out *o, struct wn_value v, int depth);

/* Runs of invalid bytes become one replacement character. */
static void show_bytes(struct cel_out *o, struct wn_str s)
{
	bool bad = false;

	for (size_t i = 0; i < s.n;) {
		size_t len = 1;

		while (len < 4 && i + len <= s.n && !cel_utf8_valid((struct wn_str){s.p + i, len}))
			len++;
		if (i + len <= s.n && cel_utf8_valid((struct wn_str){s.p + i, len})) {
			cel_out_add(o, s.p + i, len);
			i += len;
			bad = false;
			continue;
		}
		if (!bad)
			cel_out_text(o, "\xef\xbf\xbd");
		bad = true;
		i++;
	}
}

static bool show_list(struct cel_out *o, struct wn_value v, int depth)
{
	cel_out_text(o, "[");
	for (uint32_t i = 0; i < v.n && !o->failed; i++) {
		cel_out_text(o, i ? ", " : "");
		if (!show(o, v.list[i], depth + 1))
			return false;
	}
	cel_out_text(o, "]");
	return !o->failed;
}

struct shown { struct wn_value key, value; };
static int by_key(const void *a, const void *b)
{
	return wn_str_cmp(wn_value_str(((const struct shown *)a)->key), wn_value_str(((const struct shown *)b)->key));
}

/* Entries in the order of their keys' text. */
static bool show_map(struct cel_out *o, struct wn_value v, int depth)
{
	struct shown *entries = cel_take(o->r, o->n, sizeof(*entries) * v.n);

	if (!entries)
		return !(o->failed = true);
	for (uint32_t i = 0; i < v.n; i++) {
		struct cel_out key = {.r = o->r, .n = o->n};

		if (!show(&key, v.map[i].key, depth + 1) || !cel_out_end(&key, &entries[i].key))
			return !(o->failed = true);
		entries[i].value = v.map[i].value;
	}
	qsort(entries, v.n, sizeof(*entries), by_key);
	cel_out_text(o, "{");
	for (uint32_t i = 0; i < v.n && !o->failed; i++) {
		cel_out_text(o, i ? ", " : "");
		cel_out_str(o, wn_value_str(entries[i].key));
		cel_out_text(o, ": ");
		if (!show(o, entries[i].value, depth + 1))
			return false;
	}
	cel_out_text(o, "}");
	return !o->failed;
}

static bool show(struct cel_out *o, struct wn_value v, int depth)
{
	char text[400];

	if (!cel_charge(o->r, o->n, 1) || depth > SHOW_DEPTH_MAX)
		return wrong(o, "the value is nested too deeply to show", v);
	switch (v.kind) {
	case WN_NULL: cel_out_text(o, "null"); break;
	case WN_BOOL: cel_out_text(o, v.b ? "true" : "false"); break;
	case WN_INT: cel_out_add(o, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)v.i)); break;
	case WN_UINT: cel_out_add(o, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)v.u)); break;
	case WN_DOUBLE: cel_out_add(o, text, cel_double_print_plain(v.d, text)); break;
	case WN_TIMESTAMP: cel_out_add(o, text, cel_timestamp_print(v, text)); break;
	case WN_DURATION: cel_out_add(o, text, cel_duration_print(v, text)); break;
	case WN_STRING:
	case WN_TYPE: cel_out_str(o, wn_value_str(v)); break;
	case WN_BYTES: show_bytes(o, wn_value_str(v)); break;
	case WN_LIST: return show_list(o, v, depth);
	case WN_MAP: return show_map(o, v, depth);
	default: return wrong(o, "%s cannot show", v);
	}
	return !o->failed;
}

/* --- numbers ----------------------------------------------------------------------------------------- */
static bool show_decimal(struct cel_out *o, struct wn_value v)
{
	if (v.kind != WN_INT && v.kind != WN_UINT && v.kind != WN_DOUBLE)
		return wrong(o, "%d shows numbers, not", v);
	return show(o, v, 0);
}

static bool show_double(struct cel_out *o, struct wn_value v, char conversion, int precision)
{
	double d = v.kind == WN_DOUBLE ? v.d : v.kind == WN_INT ? (double)v.i : (double)v.u;
	char text[PRECISION_MAX + 400];

	if (v.kind != WN_INT && v.kind != WN_UINT && v.kind != WN_DOUBLE)
		return wrong(o, conversion == 'f' ? "%f shows numbers, not" : "%e shows numbers, not", v);
	if (!isfinite(d))
		return show(o, wn_double(d), 0);
	cel_out_add(o, text, (size_t)(conversion == 'f' ? snprintf(text, sizeof(text), "%.*f", precision, d)
							: snprintf(text, sizeof(text), "%.*e", precision, d)));
	return !o->failed;
}

/* Base 2, 8, 16 with a sign before the magnitude. */
static bool show_base(struct cel_out *o, struct wn_value v, unsigned base, bool upper)
{
	char text[66], *p = text + sizeof(text);
	uint64_t u = v.kind == WN_INT && v.i < 0 ? 0 - (uint64_t)v.i : v.kind == WN_BOOL ? v.b : v.u;

	do {
		*--p = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[u % base];
		u /= base;
	} while (u);
	if (v.kind == WN_INT && v.i < 0)
		*--p = '-';
	cel_out_add(o, p, (size_t)(text + sizeof(text) - p));
	return !o->failed;
}

static bool show_hex(struct cel_out *o, struct wn_value v, bool upper)
{
	char pair[3];

	if (v.kind == WN_INT || v.kind == WN_UINT)
		return show_base(o, v, 16, upper);
	if (v.kind != WN_STRING && v.kind != WN_BYTES)
		return wrong(o, "%x shows whole numbers, bytes and strings, not", v);
	for (uint32_t i = 0; i < v.n && !o->failed; i++)
		cel_out_add(o, pair, (size_t)snprintf(pair, sizeof(pair), upper ? "%02X" : "%02x", (unsigned char)v.s[i]));
	return !o->failed;
}

static bool convert(struct cel_out *o, char conversion, int precision, struct wn_value v)
{
	bool whole = v.kind == WN_INT || v.kind == WN_UINT;

	switch (conversion) {
	case 's': return show(o, v, 0);
	case 'd': return show_decimal(o, v);
	case 'f':
	case 'e': return show_double(o, v, conversion, precision < 0 ? 6 : precision);
	case 'x':
	case 'X': return show_hex(o, v, conversion == 'X');
	case 'o': return whole ? show_base(o, v, 8, false) : wrong(o, "%o shows whole numbers, not", v);
	case 'b': return whole || v.kind == WN_BOOL ? show_base(o, v, 2, false) : wrong(o, "%b shows whole numbers and bools, not", v);
	default: return wrong(o, "format() knows no such conversion", v);
	}
}

/* ".12" at *i; -1 if there is none, -2 if it is malformed. */
static int scan_precision(struct wn_str f, size_t *i)
{
	int precision = 0;
	size_t digits = 0;

	if (*i >= f.n || f.p[*i] != '.')
		return -1;
	for ((*i)++; *i < f.n && isdigit((unsigned char)f.p[*i]) && precision <= PRECISION_MAX; (*i)++, digits++)
		precision = precision * 10 + (f.p[*i] - '0');
	return digits && precision <= PRECISION_MAX ? precision : -2;
}

static bool one_clause(struct cel_out *o, struct wn_str f, size_t *i, struct wn_value list, uint32_t *used)
{
	int precision;

	if (*i < f.n && f.p[*i] == '%') {
		(*i)++;
		cel_out_text(o, "%");
		return !o->failed;
	}
	precision = scan_precision(f, i);
	if (*i >= f.n || precision == -2)
		return cel_fail(o->r, o->n, "format() has a clause that does not end");
	if (precision >= 0 && f.p[*i] != 'f' && f.p[*i] != 'e')
		return cel_fail(o->r, o->n, "only %f and %e take a precision");
	if (!strchr("sdfexXob", f.p[*i]))
		return cel_fail_with(o->r, o->n, "format() knows no such conversion", wn_string((struct wn_str){f.p + *i, 1}));
	if (*used >= list.n)
		return cel_fail_with(o->r, o->n, "index out of range", wn_int(*used));
	return convert(o, f.p[(*i)++], precision, list.list[(*used)++]);
}

bool cel_format(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_out o = {.r = r, .n = n};
	struct wn_str f = wn_value_str(v[0]);
	uint32_t used = 0;

	if (v[0].kind != WN_STRING || v[1].kind != WN_LIST)
		return cel_no_overload(r, n);
	for (size_t i = 0; i < f.n && !o.failed;) {
		const char *percent = memchr(f.p + i, '%', f.n - i);
		size_t plain = percent ? (size_t)(percent - f.p) - i : f.n - i;

		cel_out_add(&o, f.p + i, plain);
		i += plain;
		if (i < f.n && (i++, !one_clause(&o, f, &i, v[1], &used)))
			return false;
	}
	return cel_charge(r, n, o.len / 32) && cel_out_end(&o, out);
}
