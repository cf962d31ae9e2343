/* SPDX-License-Identifier: MIT */
/*
 * Values brought to the type of their attribute or trait: one small function a type. Nothing is guessed: a
 * value that could mean two things is refused with what was expected.
 */
#include "words.h"
#include <whynow/date.h>
#include <whynow/registry.h>

#include <math.h>

struct target {
	const char *const *enum_values;
	struct wn_arena *arena;
	struct wn_value *out;
};

static const struct wn_value absent = {0};

static enum wn_rc refuse(struct wn_err *err, const char *expected, struct wn_value v)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_str text = wn_value_str(v);

	if (v.kind == WN_STRING)
		return wn_fail(err, WN_INVALID, "expected %s, found %.300s", expected,
			       wn_text_quote(text, 60, a).p);
	return wn_fail(err, WN_INVALID, "expected %s, found a value of type %s", expected,
		       wn_kind_to_text(v.kind));
}

static bool is_number(struct wn_value v)
{
	return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

static double number(struct wn_value v)
{
	return v.kind == WN_INT ? (double)v.i : v.kind == WN_UINT ? (double)v.u : v.d;
}

/* Text of a number ("12", "-3.5e6") as INT or DOUBLE; anything else stays as it is. */
static struct wn_value number_of_text(struct wn_value v, struct wn_arena *a)
{
	struct wn_str s = wn_text_trim(wn_value_str(v));
	struct wn_value out;

	if (v.kind != WN_STRING || s.n == 0 || s.n > 64 || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
		return v;
	return wn_json_parse(s, NULL, a, &out, NULL) == WN_OK && is_number(out) ? out : v;
}

static enum wn_rc to_string(struct wn_value v, const struct target *t, struct wn_err *err)
{
	if (v.kind == WN_INT || v.kind == WN_UINT) {
		const char *text = v.kind == WN_INT
				       ? wn_arena_printf(t->arena, "%lld", (long long)v.i)
				       : wn_arena_printf(t->arena, "%llu", (unsigned long long)v.u);
		*t->out = wn_cstring(text);
		return WN_OK;
	}
	if (v.kind != WN_STRING)
		return refuse(err, "text", v);
	struct wn_str s = wn_text_one_line(wn_text_repair(wn_value_str(v), WN_TEXT_FIELD_MAX, t->arena),
					   WN_ATTR_TEXT_MAX, t->arena);
	s = wn_text_repair(s, WN_ATTR_TEXT_MAX, t->arena);
	*t->out = s.n ? wn_string(s) : absent;
	return WN_OK;
}

static enum wn_rc to_int(struct wn_value v, const struct target *t, struct wn_err *err)
{
	struct wn_value n = number_of_text(v, t->arena);

	if (n.kind == WN_UINT && n.u <= INT64_MAX)
		n = wn_int((int64_t)n.u);
	if (n.kind == WN_DOUBLE && n.d == floor(n.d) && fabs(n.d) < 9.2e18)
		n = wn_int((int64_t)n.d);
	if (n.kind != WN_INT)
		return refuse(err, "a whole number", v);
	*t->out = n;
	return WN_OK;
}

static enum wn_rc to_double(struct wn_value v, const struct target *t, struct wn_err *err)
{
	struct wn_value n = number_of_text(v, t->arena);

	if (!is_number(n) || !isfinite(number(n)))
		return refuse(err, "a number", v);
	*t->out = wn_double(number(n));
	return WN_OK;
}

static enum wn_rc to_bool(struct wn_value v, const struct target *t, struct wn_err *err)
{
	static const char *const texts[] = {"false", "true", "no", "yes", "0", "1"};
	struct wn_str s = wn_text_lower_ascii(wn_text_trim(wn_value_str(v)), t->arena);

	if (v.kind == WN_BOOL) {
		*t->out = v;
		return WN_OK;
	}
	if (v.kind == WN_INT && (v.i == 0 || v.i == 1)) {
		*t->out = wn_bool(v.i);
		return WN_OK;
	}
	for (size_t i = 0; v.kind == WN_STRING && i < WN_COUNT(texts); i++)
		if (wn_str_is(s, texts[i])) {
			*t->out = wn_bool(i % 2);
			return WN_OK;
		}
	return refuse(err, "true or false", v);
}

bool wn_epoch_us(double n, int64_t *out_us)
{
	const double end_s = 253402300800.0; /* the year 10000 */

	if (!(n >= 0))
		return false;
	/* Seconds reach 1e11 in the year 5138, milliseconds of 1973 are already there; likewise a thousandfold
	 * on. */
	double s = n < 1e11 ? n : n < 1e14 ? n / 1e3 : n / 1e6;
	if (!(s < end_s))
		return false;
	*out_us = (int64_t)llround(s * 1e6);
	return true;
}

static enum wn_rc to_timestamp(struct wn_value v, const struct target *t, struct wn_err *err)
{
	int64_t us;

	if (v.kind == WN_TIMESTAMP) {
		*t->out = v;
		return WN_OK;
	}
	if (v.kind == WN_STRING ? !wn_date_parse(wn_text_trim(wn_value_str(v)), &us)
				: !is_number(v) || !wn_epoch_us(number(v), &us))
		return refuse(err, "a date", v);
	*t->out = wn_time_us(us);
	return WN_OK;
}

static enum wn_rc to_list(struct wn_value v, const struct target *t, struct wn_err *err)
{
	size_t n = v.kind == WN_LIST ? v.n : 1, kept = 0;
	const struct wn_value *from = v.kind == WN_LIST ? v.list : &v;

	if (n > WN_ATTR_LIST_MAX)
		return wn_fail(err, WN_LIMIT, "a list of %zu texts, at most %d are allowed", n,
			       WN_ATTR_LIST_MAX);
	struct wn_value *list = WN_NEW_N(t->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct wn_value one = absent;
		struct target each = {.arena = t->arena, .out = &one};
		if (from[i].kind != WN_NULL && to_string(from[i], &each, err))
			return refuse(err, "a list of texts", from[i]);
		if (one.kind != WN_ABSENT)
			list[kept++] = one;
	}
	*t->out = wn_list(list, kept);
	return WN_OK;
}

static struct wn_str enum_key(struct wn_str s, struct wn_arena *a)
{
	struct wn_words w;

	wn_words_cut(s, a, &w);
	return wn_words_join(&w, 0, w.n, '\0', a);
}

static enum wn_rc to_enum(struct wn_value v, const struct target *t, struct wn_err *err)
{
	size_t n = 0;

	if (v.kind != WN_STRING || v.n > WN_ATTR_TEXT_MAX)
		return refuse(err, "one of the listed texts", v);
	struct wn_str key = enum_key(wn_value_str(v), t->arena);
	for (; t->enum_values && t->enum_values[n]; n++)
		if (wn_str_eq(key, enum_key(wn_str_of(t->enum_values[n]), t->arena))) {
			*t->out = wn_cstring(t->enum_values[n]);
			return WN_OK;
		}
	const char *near = wn_nearest(wn_value_str(v), t->enum_values, n);
	struct wn_str shown = wn_text_quote(wn_value_str(v), 60, t->arena);
	if (near)
		return wn_fail(err, WN_INVALID, "%.300s is not listed: did you mean \"%s\"?", shown.p, near);
	return wn_fail(err, WN_INVALID, "%.300s is not one of the listed texts (the first is \"%s\")", shown.p,
		       n ? t->enum_values[0] : "");
}

static enum wn_rc to_place(struct wn_value v, const struct target *t, struct wn_err *err)
{
	struct wn_value text = absent;
	struct target as_text = {.arena = t->arena, .out = &text};
	struct wn_str place;
	enum wn_rc rc = to_string(v, &as_text, err);

	if (rc == WN_OK && !wn_place_clean(wn_value_str(text), t->arena, &place))
		return refuse(err, "a place as continent/country/state/city, such as NA/US/CA", v);
	if (rc == WN_OK)
		*t->out = wn_string(place);
	return rc;
}

enum wn_rc wn_attr_coerce(enum wn_attr_type type, const char *const *enum_values, struct wn_value v,
			  struct wn_arena *a, struct wn_value *out, struct wn_err *err)
{
	static enum wn_rc (*const to[])(struct wn_value, const struct target *, struct wn_err *) = {
	    [WN_ATTR_STRING] = to_string,       [WN_ATTR_INT] = to_int,
	    [WN_ATTR_DOUBLE] = to_double,       [WN_ATTR_BOOL] = to_bool,
	    [WN_ATTR_TIMESTAMP] = to_timestamp, [WN_ATTR_LIST] = to_list,
	    [WN_ATTR_PLACE] = to_place,         [WN_ATTR_ENUM] = to_enum,
	};
	struct wn_value made = absent;
	struct target t = {enum_values, a, &made};

	if ((size_t)type >= WN_COUNT(to))
		return wn_fail(err, WN_INVALID, "no such type");
	if (v.kind != WN_ABSENT && v.kind != WN_NULL &&
	    !(v.kind == WN_STRING && wn_text_trim(wn_value_str(v)).n == 0)) {
		enum wn_rc rc = to[type](v, &t, err);
		if (rc)
			return rc;
	}
	*out = made;
	return WN_OK;
}
