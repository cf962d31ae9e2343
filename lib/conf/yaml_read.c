/* SPDX-License-Identifier: MIT */
/*
 * Typed readers of one YAML node: a number, a duration, one of some names. Each says what it expected and what
 * it found, at the node's place, and leaves its output alone when it fails. Nothing here knows a key's name:
 * the walker (yaml_walk.c) puts that before the message.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/text.h>
#include <whynow/yaml.h>

#include "parts.h"

/* --- failing ------------------------------------------------------------------------------------------ */

/* "expected EXPECTED, found "text"": the text itself where it is one short scalar. */
static enum wn_rc expected(const struct wn_yaml_node *n, struct wn_err *err, const char *what)
{
	if (!n || n->kind != WN_YAML_SCALAR || wn_yaml_is_null(n))
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n), "expected %s, found %s", what,
				  wn_yaml_what(n));
	int shown = n->text.n > 60 ? 60 : (int)n->text.n;
	while (shown > 0 && shown < (int)n->text.n && (n->text.p[shown] & 0xc0) == 0x80)
		shown--;
	return wn_fail_at(err, WN_INVALID, wn_yaml_place(n), "expected %s, found \"%.*s\"%s", what, shown,
			  n->text.p, shown < (int)n->text.n ? " ..." : "");
}

static bool is_scalar(const struct wn_yaml_node *n)
{
	return n && n->kind == WN_YAML_SCALAR && !wn_yaml_is_null(n);
}

/* --- numbers ------------------------------------------------------------------------------------------ */

enum wn_rc wn_yaml_int(const struct wn_yaml_node *n, int64_t min, int64_t max, int64_t *out, struct wn_err *err)
{
	char what[100];
	struct wn_value v = is_scalar(n) ? wn_yaml_scalar_value(n) : wn_null();

	if (v.kind != WN_INT)
		return expected(n, err, "a whole number");
	if (v.i < min || v.i > max) {
		if (min == INT64_MIN || max == INT64_MAX)
			snprintf(what, sizeof(what), "a whole number of at %s %lld",
				 max == INT64_MAX ? "least" : "most",
				 (long long)(max == INT64_MAX ? min : max));
		else
			snprintf(what, sizeof(what), "a whole number from %lld to %lld", (long long)min,
				 (long long)max);
		return expected(n, err, what);
	}
	*out = v.i;
	return WN_OK;
}

enum wn_rc wn_yaml_double(const struct wn_yaml_node *n, double min, double max, double *out, struct wn_err *err)
{
	char what[100];
	double d;

	if (!is_scalar(n) || n->style != WN_YAML_PLAIN || !wn_conf_parse_double(n->text, &d))
		return expected(n, err, "a number");
	if (d < min || d > max) {
		if (isfinite(min) && isfinite(max))
			snprintf(what, sizeof(what), "a number from %g to %g", min, max);
		else
			snprintf(what, sizeof(what), "a number of at %s %g", isfinite(min) ? "least" : "most",
				 isfinite(min) ? min : max);
		return expected(n, err, what);
	}
	*out = d;
	return WN_OK;
}

/* --- words -------------------------------------------------------------------------------------------- */

enum wn_rc wn_yaml_bool(const struct wn_yaml_node *n, bool *out, struct wn_err *err)
{
	static const char *const yes[] = {"yes", "on", "y", "Yes", "On", "YES", "ON"}, *const no[] = {
											       "no",  "off",
											       "n",   "No",
											       "Off", "NO",
											       "OFF"};
	struct wn_value v = is_scalar(n) ? wn_yaml_scalar_value(n) : wn_null();

	if (v.kind == WN_BOOL) {
		*out = v.b;
		return WN_OK;
	}
	for (size_t i = 0; n && n->kind == WN_YAML_SCALAR && i < WN_COUNT(yes); i++) {
		if (wn_str_is(n->text, yes[i]))
			return expected(n, err, "true or false (write true)");
		if (wn_str_is(n->text, no[i]))
			return expected(n, err, "true or false (write false)");
	}
	return expected(n, err, "true or false");
}

/* 0 as a bound means nothing to say below; a century above. */
static void duration_range(int64_t min_us, int64_t max_us, char *dst, size_t size)
{
	char from[40], to[40];

	wn_duration_to_text(min_us, from);
	wn_duration_to_text(max_us, to);
	if (max_us == INT64_MAX)
		snprintf(dst, size, "a duration of at least %s", from);
	else
		snprintf(dst, size, "a duration from %s to %s", from, to);
}

enum wn_rc wn_yaml_duration(const struct wn_yaml_node *n, int64_t min_us, int64_t max_us, int64_t *out_us,
			    struct wn_err *err)
{
	char what[120];
	int64_t us = 0;

	if (!is_scalar(n) || (!wn_str_is(n->text, "0") && !wn_duration_parse(n->text, &us)))
		return expected(n, err, "a duration such as 90s, 5m, 24h or 7d");
	if (us < min_us || us > max_us) {
		duration_range(min_us, max_us, what, sizeof(what));
		return expected(n, err, what);
	}
	*out_us = us;
	return WN_OK;
}

enum wn_rc wn_yaml_string(const struct wn_yaml_node *n, size_t min, size_t max, struct wn_str *out,
			  struct wn_err *err)
{
	if (!is_scalar(n))
		return expected(n, err, "a string");
	size_t chars = wn_text_chars(n->text);
	if (chars < min)
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected at least %zu character%s, found %zu", min, min == 1 ? "" : "s",
				  chars);
	if (chars > max)
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected at most %zu characters, found %zu", max, chars);
	*out = n->text;
	return WN_OK;
}

static size_t count_names(const char *const *names)
{
	size_t n = 0;
	while (names[n])
		n++;
	return n;
}

enum wn_rc wn_yaml_enum(const struct wn_yaml_node *n, const char *const *names, int *out, struct wn_err *err)
{
	char what[400];
	size_t count = count_names(names), used = 0;

	if (is_scalar(n))
		for (size_t i = 0; i < count; i++)
			if (wn_str_is(n->text, names[i])) {
				*out = (int)i;
				return WN_OK;
			}
	for (size_t i = 0; i < count && used < sizeof(what) - 40; i++)
		used += (size_t)snprintf(what + used, sizeof(what) - used, "%s%s",
					 i == 0           ? ""
					 : i + 1 == count ? " or "
							  : ", ",
					 names[i]);
	const char *near = is_scalar(n) ? wn_nearest(n->text, names, count) : NULL;
	enum wn_rc rc = expected(n, err, what);
	if (near && err) {
		size_t at = strlen(err->text);
		snprintf(err->text + at, sizeof(err->text) - at, "; did you mean \"%s\"?", near);
	}
	return rc;
}

enum wn_rc wn_yaml_percent(const struct wn_yaml_node *n, double min, double max, double *out,
			   struct wn_err *err)
{
	char what[100];
	double d = 0;
	bool ok = is_scalar(n) && n->text.n > 1 && n->text.p[n->text.n - 1] == '%' &&
		  wn_conf_parse_double((struct wn_str){n->text.p, n->text.n - 1}, &d);

	if (!ok)
		return expected(n, err, "a percentage such as 5%");
	if (d / 100 < min || d / 100 > max) {
		snprintf(what, sizeof(what), "a percentage from %g%% to %g%%", min * 100, max * 100);
		return expected(n, err, what);
	}
	*out = d / 100;
	return WN_OK;
}

enum wn_rc wn_yaml_money(const struct wn_yaml_node *n, struct wn_money *out, struct wn_err *err)
{
	static const char what[] = "an amount with its currency, such as 2000 USD";
	struct wn_str s = is_scalar(n) ? n->text : (struct wn_str){NULL, 0};
	struct wn_money m = {0};

	if (s.n < 5 || s.p[s.n - 4] != ' ')
		return expected(n, err, what);
	for (int i = 0; i < 3; i++) {
		m.currency[i] = s.p[s.n - 3 + (size_t)i];
		if (m.currency[i] < 'A' || m.currency[i] > 'Z')
			return expected(n, err, what);
	}
	if (!wn_conf_parse_double(wn_text_trim((struct wn_str){s.p, s.n - 4}), &m.amount) || m.amount < 0)
		return expected(n, err, what);
	*out = m;
	return WN_OK;
}

static enum wn_rc check_strings(const struct wn_yaml_node *n, size_t min, size_t max, struct wn_err *err)
{
	size_t count = n->kind == WN_YAML_SEQUENCE ? n->n : 1;

	if (count < min || count > max)
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n), "expected at %s %zu element%s, found %zu",
				  count < min ? "least" : "most", count < min ? min : max,
				  (count < min ? min : max) == 1 ? "" : "s", count);
	for (size_t i = 0; n->kind == WN_YAML_SEQUENCE && i < n->n; i++)
		if (!is_scalar(n->items[i]))
			return expected(n->items[i], err, "a string");
	return WN_OK;
}

static int by_text(const void *a, const void *b)
{
	return wn_str_cmp((*(const struct wn_yaml_node *const *)a)->text,
			  (*(const struct wn_yaml_node *const *)b)->text);
}

/* By sorting a copy: a list may be long. */
static enum wn_rc refuse_twins(const struct wn_yaml_node *n, struct wn_arena *a, struct wn_err *err)
{
	const struct wn_yaml_node **sorted = WN_NEW_N(a, const struct wn_yaml_node *, n->n + 1);

	memcpy(sorted, n->items, n->n * sizeof(*sorted));
	qsort(sorted, n->n, sizeof(*sorted), by_text);
	for (size_t i = 1; i < n->n; i++)
		if (wn_str_eq(sorted[i - 1]->text, sorted[i]->text))
			return wn_fail_at(err, WN_INVALID, wn_yaml_place(sorted[i]),
					  "\"" WN_STR_FMT "\" is listed twice", WN_STR_ARG(sorted[i]->text));
	return WN_OK;
}

enum wn_rc wn_yaml_strings(const struct wn_yaml_node *n, size_t min, size_t max, struct wn_arena *a,
			   struct wn_yaml_strings *out, struct wn_err *err)
{
	if (!n || n->kind == WN_YAML_MAPPING || wn_yaml_is_null(n))
		return expected(n, err, "a list of strings");
	enum wn_rc rc = check_strings(n, min, max, err);
	if (!rc && n->kind == WN_YAML_SEQUENCE && n->n > 1)
		rc = refuse_twins(n, a, err);
	if (rc)
		return rc;
	size_t count = n->kind == WN_YAML_SEQUENCE ? n->n : 1;
	struct wn_str *v = WN_NEW_N(a, struct wn_str, count + 1);
	for (size_t i = 0; i < count; i++)
		v[i] = n->kind == WN_YAML_SEQUENCE ? n->items[i]->text : n->text;
	*out = (struct wn_yaml_strings){count, v};
	return WN_OK;
}

enum wn_rc wn_yaml_text(const struct wn_yaml_node *n, struct wn_yaml_text *out, struct wn_err *err)
{
	if (!is_scalar(n) || wn_text_trim(n->text).n == 0)
		return expected(n, err, "a text");
	*out = (struct wn_yaml_text){.text = n->text,
				     .at = {n->file, n->text_line, n->text_column},
				     .style = n->style,
				     .raw = n->raw};
	return WN_OK;
}

static bool all_of(struct wn_str s, const char *more)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !(s.p[i] && strchr(more, s.p[i])))
			return false;
	return true;
}

enum wn_rc wn_yaml_credential(const struct wn_yaml_node *n, struct wn_str *out, struct wn_err *err)
{
	static const char prefix[] = "credential:";
	size_t skip = sizeof(prefix) - 1;

	if (!is_scalar(n) || n->text.n <= skip || n->text.n > skip + 64 || memcmp(n->text.p, prefix, skip) ||
	    !all_of((struct wn_str){n->text.p + skip, n->text.n - skip}, "_.-") || n->text.p[skip] == '.')
		return wn_fail_at(
			err, WN_INVALID, wn_yaml_place(n),
			"expected credential:NAME (secrets are systemd credentials, never in the file)");
	*out = (struct wn_str){n->text.p + skip, n->text.n - skip};
	return WN_OK;
}

bool wn_yaml_is_word(struct wn_str s)
{
	if (s.n == 0 || s.n > 63 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !isdigit((unsigned char)s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

bool wn_yaml_is_name(struct wn_str s)
{
	return s.n > 0 && s.n <= 63 && isalnum((unsigned char)s.p[0]) && all_of(s, "._-");
}
