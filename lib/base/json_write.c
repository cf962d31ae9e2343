/* SPDX-License-Identifier: MIT */
/* Value to JSON, compact or canonical. Text that is not UTF-8 is repaired on the way, so that the result is
 * always JSON; what nests deeper than WN_VALUE_DEPTH_MAX is written as null. */
#include <whynow/base64.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/value.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct writer {
	struct wn_buf *b;
	bool canonical;
	unsigned depth;
};

static void write_value(struct writer *w, struct wn_value v);

/* Length of the valid UTF-8 sequence at p, 0 if it is none (RFC 3629). */
static size_t sequence(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	size_t len = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
		     : p[0] >> 4 == 14             ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (p[i] >> 6 != 2)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void write_control(struct wn_buf *b, unsigned char c)
{
	static const char names[] = "btn?fr"; /* 8 to 13 */
	if (c >= 8 && c <= 13 && c != 11)
		wn_buf_printf(b, "\\%c", names[c - 8]);
	else
		wn_buf_printf(b, "\\u%04x", c);
}

void wn_json_write_string(struct wn_buf *b, struct wn_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t plain = 0, i = 0; /* [plain, i) needs no change */
	wn_buf_char(b, '"');
	while (i < s.n) {
		if (p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\') {
			i++;
			continue;
		}
		size_t len = sequence(p + i, s.n - i);
		if (len > 1) {
			i += len;
			continue;
		}
		wn_buf_add(b, s.p + plain, i - plain);
		if (len == 0)
			wn_buf_text(b, "\xef\xbf\xbd");
		else if (p[i] < 0x20)
			write_control(b, p[i]);
		else
			wn_buf_printf(b, "\\%c", p[i]);
		plain = ++i;
	}
	if (i > plain)
		wn_buf_add(b, s.p + plain, i - plain);
	wn_buf_char(b, '"');
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void write_double(struct writer *w, double d)
{
	char text[40];
	if (!isfinite(d)) {
		wn_buf_text(w->b, "null");
		return;
	}
	if (w->canonical && d == rint(d) && fabs(d) < 1e15) {
		wn_buf_printf(w->b, "%.0f", d == 0 ? 0.0 : d);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	wn_buf_text(w->b, text);
	if (!strpbrk(text, ".e"))
		wn_buf_text(w->b, ".0");
}

/* RFC 3339 with as many digits of the fraction as it has, in threes. */
static void write_timestamp(struct writer *w, struct wn_value v)
{
	int64_t days = v.i / 86400, rest = v.i % 86400, year;
	int month, day;
	if (rest < 0)
		days--, rest += 86400;
	wn_civil_from_days(days, &year, &month, &day);
	wn_buf_printf(w->b, "\"%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month, day, (int)(rest / 3600),
		      (int)(rest / 60 % 60), (int)(rest % 60));
	if (v.aux % 1000000 == 0 && v.aux)
		wn_buf_printf(w->b, ".%03d", v.aux / 1000000);
	else if (v.aux % 1000 == 0 && v.aux)
		wn_buf_printf(w->b, ".%06d", v.aux / 1000);
	else if (v.aux)
		wn_buf_printf(w->b, ".%09d", v.aux);
	wn_buf_text(w->b, "Z\"");
}

static void write_duration(struct writer *w, struct wn_value v)
{
	bool negative = v.i < 0 || v.aux < 0;
	uint64_t seconds = v.i < 0 ? 0 - (uint64_t)v.i : (uint64_t)v.i;
	int nanos = v.aux < 0 ? -v.aux : v.aux;
	char fraction[16] = "";
	if (nanos) {
		int n = snprintf(fraction, sizeof(fraction), ".%09d", nanos);
		while (n > 1 && fraction[n - 1] == '0')
			fraction[--n] = '\0';
	}
	wn_buf_printf(w->b, "\"%s%llu%ss\"", negative ? "-" : "", (unsigned long long)seconds, fraction);
}

static void write_bytes(struct writer *w, struct wn_value v)
{
	wn_buf_char(w->b, '"');
	wn_base64_write(w->b, wn_value_str(v));
	wn_buf_char(w->b, '"');
}

static void write_list(struct writer *w, struct wn_value v)
{
	wn_buf_char(w->b, '[');
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			wn_buf_char(w->b, ',');
		write_value(w, v.list[i]);
	}
	wn_buf_char(w->b, ']');
}

/* Keys of CEL maps may be numbers or booleans: they become their text. */
static void write_key(struct writer *w, struct wn_value key)
{
	if (key.kind == WN_STRING) {
		wn_json_write_string(w->b, wn_value_str(key));
		return;
	}
	struct wn_buf text;
	wn_buf_init(&text, 1024);
	struct writer inner = {.b = &text, .canonical = true, .depth = w->depth};
	write_value(&inner, key);
	wn_json_write_string(w->b, wn_buf_slice(&text));
	wn_buf_done(&text);
}

static int by_key(const void *a, const void *b)
{
	const struct wn_entry *const *x = a, *const *y = b;
	return wn_str_cmp(wn_value_str((*x)->key), wn_value_str((*y)->key));
}

static void write_map(struct writer *w, struct wn_value v)
{
	const struct wn_entry **order = NULL;
	if (w->canonical && v.n > 1) {
		order = wn_alloc(v.n * sizeof(const struct wn_entry *));
		for (uint32_t i = 0; i < v.n; i++)
			order[i] = &v.map[i];
		qsort(order, v.n, sizeof(const struct wn_entry *), by_key);
	}
	wn_buf_char(w->b, '{');
	for (uint32_t i = 0; i < v.n; i++) {
		const struct wn_entry *e = order ? order[i] : &v.map[i];
		if (i)
			wn_buf_char(w->b, ',');
		write_key(w, e->key);
		wn_buf_char(w->b, ':');
		write_value(w, e->value);
	}
	wn_buf_char(w->b, '}');
	free(order);
}

static void write_nested(struct writer *w, struct wn_value v)
{
	if (w->depth >= WN_VALUE_DEPTH_MAX || wn_buf_overflowed(w->b)) {
		wn_buf_text(w->b, "null");
		return;
	}
	w->depth++;
	if (v.kind == WN_LIST)
		write_list(w, v);
	else if (v.kind == WN_MAP)
		write_map(w, v);
	else if (v.n)
		write_value(w, v.list[0]);
	else
		wn_buf_text(w->b, "null");
	w->depth--;
}

static void write_value(struct writer *w, struct wn_value v)
{
	switch ((enum wn_kind)v.kind) {
	case WN_BOOL:
		wn_buf_text(w->b, v.b ? "true" : "false");
		return;
	case WN_INT:
		wn_buf_int(w->b, v.i);
		return;
	case WN_UINT:
		wn_buf_printf(w->b, "%llu", (unsigned long long)v.u);
		return;
	case WN_DOUBLE:
		write_double(w, v.d);
		return;
	case WN_STRING:
	case WN_TYPE:
		wn_json_write_string(w->b, wn_value_str(v));
		return;
	case WN_BYTES:
		write_bytes(w, v);
		return;
	case WN_TIMESTAMP:
		write_timestamp(w, v);
		return;
	case WN_DURATION:
		write_duration(w, v);
		return;
	case WN_LIST:
	case WN_MAP:
	case WN_OPTIONAL:
		write_nested(w, v);
		return;
	case WN_ABSENT:
	case WN_NULL:
	case WN_OBJECT:
		wn_buf_text(w->b, "null");
		return;
	}
}

void wn_json_write(struct wn_buf *b, struct wn_value v)
{
	struct writer w = {.b = b};
	write_value(&w, v);
}

void wn_json_write_canonical(struct wn_buf *b, struct wn_value v)
{
	struct writer w = {.b = b, .canonical = true};
	write_value(&w, v);
}
