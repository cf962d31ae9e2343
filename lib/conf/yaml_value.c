/* SPDX-License-Identifier: MIT */
/*
 * YAML scalars and trees as values (core schema of YAML 1.2.2, section 10.3), and values as YAML.
 *
 * The writer emits block style with two blanks a level; whatever a reader could take for something else than
 * the string it is comes out in double quotes.
 */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <whynow/date.h>
#include <whynow/yaml.h>

#include "parts.h"

/* --- numbers ------------------------------------------------------------------------------------------ */

bool wn_conf_parse_int(struct wn_str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	size_t i = minus || (s.n && s.p[0] == '+');
	int64_t v = 0;

	if (i == s.n)
		return false;
	for (; i < s.n; i++)
		if (!isdigit((unsigned char)s.p[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	if (!minus && v == INT64_MIN)
		return false;
	*out = minus ? v : -v;
	return true;
}

static size_t digits(struct wn_str s, size_t i)
{
	while (i < s.n && isdigit((unsigned char)s.p[i]))
		i++;
	return i;
}

/* The core schema's float, without .inf and .nan: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]?
 * [0-9]+ )? */
static bool is_decimal(struct wn_str s)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+'), whole = i, fraction = 0;

	i = digits(s, i);
	whole = i - whole;
	if (i < s.n && s.p[i] == '.') {
		size_t from = ++i;
		i = digits(s, i);
		fraction = i - from;
	}
	if (!whole && !fraction)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		size_t from = i;
		i = digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

bool wn_conf_parse_double(struct wn_str s, double *out)
{
	char text[400];

	if (s.n >= sizeof(text) || !is_decimal(s))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	locale_t c =
		newlocale(LC_ALL_MASK, "C", NULL); /* a comma in the operator's locale must not matter here */
	double v = c ? strtod_l(text, NULL, c) : 0;
	if (c)
		freelocale(c);
	if (!c || !isfinite(v))
		return false;
	*out = v;
	return true;
}

static bool parse_radix(struct wn_str s, unsigned radix, int64_t *out)
{
	int64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int c = tolower((unsigned char)s.p[i]), d = isdigit(c)             ? c - '0'
							    : c >= 'a' && c <= 'f' ? c - 'a' + 10
										   : 99;
		if (d >= (int)radix || __builtin_mul_overflow(v, radix, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

static bool is_one_of(struct wn_str s, const char *a, const char *b, const char *c)
{
	return wn_str_is(s, a) || wn_str_is(s, b) || wn_str_is(s, c);
}

static bool special_float(struct wn_str s, double *out)
{
	struct wn_str rest = s;
	bool minus = rest.n && rest.p[0] == '-';

	if (is_one_of(s, ".nan", ".NaN", ".NAN")) {
		*out = (double)NAN;
		return true;
	}
	if (rest.n && (rest.p[0] == '-' || rest.p[0] == '+'))
		rest = (struct wn_str){rest.p + 1, rest.n - 1};
	if (!is_one_of(rest, ".inf", ".Inf", ".INF"))
		return false;
	*out = minus ? -(double)INFINITY : (double)INFINITY;
	return true;
}

struct wn_value wn_yaml_scalar_value(const struct wn_yaml_node *n)
{
	struct wn_str s = n->text;
	int64_t i;
	double d;

	if (n->style != WN_YAML_PLAIN)
		return wn_string(s);
	if (wn_yaml_is_null(n))
		return wn_null();
	if (is_one_of(s, "true", "True", "TRUE") || is_one_of(s, "false", "False", "FALSE"))
		return wn_bool(s.p[0] == 't' || s.p[0] == 'T');
	if (wn_conf_parse_int(s, &i) ||
	    (s.n > 2 && !memcmp(s.p, "0o", 2) && parse_radix((struct wn_str){s.p + 2, s.n - 2}, 8, &i)) ||
	    (s.n > 2 && !memcmp(s.p, "0x", 2) && parse_radix((struct wn_str){s.p + 2, s.n - 2}, 16, &i)))
		return wn_int(i);
	if (wn_conf_parse_double(s, &d) || special_float(s, &d))
		return wn_double(d);
	return wn_string(s);
}

/* --- trees -------------------------------------------------------------------------------------------- */

struct wn_value wn_yaml_to_value(const struct wn_yaml_node *n, struct wn_arena *a)
{
	if (!n || n->kind == WN_YAML_SCALAR)
		return n ? wn_yaml_scalar_value(n) : (struct wn_value){.kind = WN_ABSENT};
	if (n->kind == WN_YAML_SEQUENCE) {
		struct wn_value *v = WN_NEW_N(a, struct wn_value, n->n + 1);
		for (size_t i = 0; i < n->n; i++)
			v[i] = wn_yaml_to_value(n->items[i], a);
		return wn_list(v, n->n);
	}
	struct wn_entry *e = WN_NEW_N(a, struct wn_entry, n->n + 1);
	for (size_t i = 0; i < n->n; i++)
		e[i] = (struct wn_entry){wn_string(n->pairs[i].key->text),
					 wn_yaml_to_value(n->pairs[i].value, a)};
	return wn_map(e, n->n);
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* Plain only what no reader of YAML 1.1 or 1.2 could take for anything but this string, inside lists too. */
static bool may_be_plain(struct wn_str s)
{
	struct wn_yaml_node n = {.kind = WN_YAML_SCALAR, .style = WN_YAML_PLAIN, .text = s};
	static const char *const old[] = {"yes", "no", "on", "off", "y", "n"};

	if (s.n == 0 || !(isalpha((unsigned char)s.p[0]) || s.p[0] == '/' || s.p[0] == '_' ||
			  isdigit((unsigned char)s.p[0])))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool inner = (c == ' ' || c == ':') && i + 1 < s.n && s.p[i + 1] != ' ' && s.p[i + 1] != '#';
		if (!isalnum(c) && !inner && !(c && strchr("_./-+=()@%", c)))
			return false;
	}
	for (size_t i = 0; i < WN_COUNT(old); i++)
		if (s.n == strlen(old[i]) && !strncasecmp(s.p, old[i], s.n))
			return false;
	return wn_yaml_scalar_value(&n).kind == WN_STRING;
}

void wn_yaml_write_string(struct wn_buf *b, struct wn_str s)
{
	if (may_be_plain(s))
		wn_buf_str(b, s);
	else
		wn_json_write_string(b, s); /* a JSON string is a double-quoted scalar */
}

static void write_double(struct wn_buf *b, double d)
{
	char text[40];

	if (isnan(d) || isinf(d)) {
		wn_buf_text(b, isnan(d) ? ".nan" : d < 0 ? "-.inf" : ".inf");
		return;
	}
	snprintf(text, sizeof(text), "%.17g", d);
	double back;
	for (int digits_shown = 1; digits_shown < 17; digits_shown++) {
		char shorter[40];
		snprintf(shorter, sizeof(shorter), "%.*g", digits_shown, d);
		if (wn_conf_parse_double(wn_str_of(shorter), &back) && back == d) {
			memcpy(text, shorter, sizeof(text));
			break;
		}
	}
	wn_buf_text(b, text);
	if (!strpbrk(text, ".e"))
		wn_buf_text(b, ".0"); /* stays a double when read back */
}

static void write_scalar(struct wn_buf *b, struct wn_value v)
{
	char text[40];

	switch ((enum wn_kind)v.kind) {
	case WN_BOOL: wn_buf_text(b, v.b ? "true" : "false"); break;
	case WN_INT: wn_buf_printf(b, "%lld", (long long)v.i); break;
	case WN_UINT: wn_buf_printf(b, "%llu", (unsigned long long)v.u); break;
	case WN_DOUBLE: write_double(b, v.d); break;
	case WN_STRING: wn_yaml_write_string(b, wn_value_str(v)); break;
	case WN_DURATION:
		wn_duration_to_text(wn_value_us(v), text);
		wn_yaml_write_string(b, wn_str_of(text));
		break;
	case WN_TIMESTAMP:
		wn_rfc3339_from_us(wn_value_us(v), text);
		wn_json_write_string(b, wn_str_of(text));
		break;
	case WN_ABSENT:
	case WN_NULL: wn_buf_text(b, "null"); break;
	default: wn_json_write(b, v); break; /* bytes and the like; JSON is YAML */
	}
}

static bool is_nested(struct wn_value v)
{
	return (v.kind == WN_LIST || v.kind == WN_MAP) && v.n;
}

static void write_value(struct wn_buf *b, struct wn_value v, int indent, bool on_dash);

/* After "key:" or "-": nested values start a line of their own (a mapping behind a dash does not). */
static void write_behind(struct wn_buf *b, struct wn_value v, int indent, bool dash)
{
	if (!is_nested(v)) {
		wn_buf_char(b, ' ');
		write_value(b, v, indent, false);
	} else if (dash) {
		wn_buf_char(b, ' ');
		write_value(b, v, indent + 2, true);
	} else {
		wn_buf_char(b, '\n');
		write_value(b, v, indent + 2, false);
	}
}

static void write_value(struct wn_buf *b, struct wn_value v, int indent, bool on_dash)
{
	if (!is_nested(v)) {
		if (v.kind == WN_LIST || v.kind == WN_MAP)
			wn_buf_text(b, v.kind == WN_LIST ? "[]" : "{}");
		else
			write_scalar(b, v);
		wn_buf_char(b, '\n');
		return;
	}
	for (uint32_t i = 0; i < v.n && !wn_buf_overflowed(b); i++) {
		if (i > 0 || !on_dash)
			wn_buf_printf(b, "%*s", indent, "");
		if (v.kind == WN_LIST) {
			wn_buf_char(b, '-');
		} else {
			wn_yaml_write_string(b, wn_value_str(v.map[i].key));
			wn_buf_char(b, ':');
		}
		write_behind(b, v.kind == WN_LIST ? v.list[i] : v.map[i].value, indent, v.kind == WN_LIST);
	}
}

void wn_yaml_write(struct wn_buf *b, struct wn_value v)
{
	write_value(b, v, 0, false);
}
