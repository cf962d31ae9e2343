/* SPDX-License-Identifier: MIT */
/* Functions of strings that are part of the language: contains, startsWith, endsWith, matches. */
#include "cel_internal.h"
#include <whynow/regex.h>

static bool both_strings(struct cel_run *r, const struct cel_node *n, const struct wn_value *v)
{
	return (v[0].kind == WN_STRING && v[1].kind == WN_STRING) || cel_no_overload(r, n);
}

static bool contains(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!both_strings(r, n, v) || !cel_charge(r, n, v[0].n / 64))
		return false;
	*out = wn_bool(v[1].n == 0 || (v[0].n >= v[1].n && memmem(v[0].s, v[0].n, v[1].s, v[1].n) != NULL));
	return true;
}

static bool starts_with(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!both_strings(r, n, v))
		return false;
	*out = wn_bool(v[0].n >= v[1].n && memcmp(v[0].s, v[1].s, v[1].n) == 0);
	return true;
}

static bool ends_with(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!both_strings(r, n, v))
		return false;
	*out = wn_bool(v[0].n >= v[1].n && memcmp(v[0].s + v[0].n - v[1].n, v[1].s, v[1].n) == 0);
	return true;
}

#define REGEX_COMPILE_STEPS 1000 /* what compiling a pattern met at run time costs of the budget */

static bool matches(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_regex *re = n->call.prepared;
	char why[100];

	if (!both_strings(r, n, v) || !cel_charge(r, n, v[0].n / 16 + (re ? 0 : REGEX_COMPILE_STEPS + v[1].n)))
		return false;
	if (re) {
		*out = wn_bool(cel_regex_search(re, v[0].s, v[0].n));
		return true;
	}
	re = cel_regex_new(v[1].s, v[1].n, why, sizeof(why));
	if (!re)
		return cel_fail_with(r, n, "this is no regular expression (RE2)", v[1]);
	*out = wn_bool(cel_regex_search(re, v[0].s, v[0].n));
	cel_regex_free(re);
	return true;
}

const struct cel_row cel_rows_string[] = {
	{"contains", ".ss>b", contains},
	{"startsWith", ".ss>b", starts_with},
	{"endsWith", ".ss>b", ends_with},
	{"matches", ".ss>b ss>b", matches},
	{0},
};
