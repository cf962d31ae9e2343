/* SPDX-License-Identifier: MIT */
/* Extension "math": greatest least ceil floor round trunc abs sign isNaN isInf isFinite sqrt and the bit functions. */
#include "cel_internal.h"

#include <math.h>

static bool is_number(struct wn_value v) { return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE; }

/* --- greatest, least ----------------------------------------------------------------------------------- */
static bool extreme(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, int want, struct wn_value *out)
{
	const struct wn_value *items = v;
	uint32_t count = n->n_args;

	if (count == 1 && v->kind == WN_LIST) {
		items = v->list;
		count = v->n;
		if (count == 0)
			return cel_fail(r, n, "the list is empty");
	}
	if (!cel_charge(r, n, count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!is_number(items[i]))
			return cel_no_overload(r, n);
		if (i == 0 || cel_values_compare(items[i], *out) == want)
			*out = items[i];
	}
	return true;
}

static bool greatest(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return extreme(r, n, v, 1, out);
}

static bool least(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return extreme(r, n, v, -1, out);
}

/* --- doubles ----------------------------------------------------------------------------------------- */
#define ROUNDING(name, function)                                                                                     \
	static bool name(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out) \
	{                                                                                                            \
		if (v->kind != WN_DOUBLE)                                                                            \
			return cel_no_overload(r, n);                                                                \
		*out = wn_double(function(v->d));                                                                    \
		return true;                                                                                         \
	}
ROUNDING(ceiling, ceil)
ROUNDING(floor_of, floor)
ROUNDING(round_of, round)
ROUNDING(truncated, trunc)

#define TEST(name, condition)                                                                                        \
	static bool name(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out) \
	{                                                                                                            \
		if (v->kind != WN_DOUBLE)                                                                            \
			return cel_no_overload(r, n);                                                                \
		*out = wn_bool(condition);                                                                           \
		return true;                                                                                         \
	}
TEST(is_nan, isnan(v->d))
TEST(is_inf, isinf(v->d))
TEST(is_finite, isfinite(v->d))

static bool square_root(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!is_number(*v))
		return cel_no_overload(r, n);
	*out = wn_double(sqrt(v->kind == WN_DOUBLE ? v->d : v->kind == WN_INT ? (double)v->i : (double)v->u));
	return true;
}

static bool absolute(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	*out = *v;
	if (v->kind == WN_DOUBLE)
		*out = wn_double(fabs(v->d));
	else if (v->kind == WN_INT && v->i == INT64_MIN)
		return cel_fail(r, n, "the result is out of range");
	else if (v->kind == WN_INT && v->i < 0)
		*out = wn_int(-v->i);
	return is_number(*v) || cel_no_overload(r, n);
}

static bool sign(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (!is_number(*v))
		return cel_no_overload(r, n);
	if (v->kind == WN_DOUBLE)
		*out = wn_double(isnan(v->d) ? v->d : v->d > 0 ? 1 : v->d < 0 ? -1 : 0);
	else
		*out = v->kind == WN_INT ? wn_int((v->i > 0) - (v->i < 0)) : wn_uint(v->u > 0);
	return true;
}

/* --- bits -------------------------------------------------------------------------------------------- */
static bool bits(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, char op, struct wn_value *out)
{
	if (v[0].kind != v[1].kind || (v[0].kind != WN_INT && v[0].kind != WN_UINT))
		return cel_no_overload(r, n);
	*out = v[0];
	out->u = op == '&' ? v[0].u & v[1].u : op == '|' ? v[0].u | v[1].u : v[0].u ^ v[1].u;
	return true;
}

#define BITS(name, op)                                                                                               \
	static bool name(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out) \
	{                                                                                                            \
		return bits(r, n, v, op, out);                                                                       \
	}
BITS(bit_and, '&')
BITS(bit_or, '|')
BITS(bit_xor, '^')

static bool bit_not(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v->kind != WN_INT && v->kind != WN_UINT)
		return cel_no_overload(r, n);
	*out = *v;
	out->u = ~v->u;
	return true;
}

/* Vacant bits are zero, to the right too. */
static bool shift(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, bool left, struct wn_value *out)
{
	if ((v[0].kind != WN_INT && v[0].kind != WN_UINT) || v[1].kind != WN_INT)
		return cel_no_overload(r, n);
	if (v[1].i < 0)
		return cel_fail_with(r, n, "negative offset", v[1]);
	*out = v[0];
	out->u = v[1].i >= 64 ? 0 : left ? v[0].u << v[1].i : v[0].u >> v[1].i;
	return true;
}

static bool shift_left(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return shift(r, n, v, true, out);
}

static bool shift_right(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	return shift(r, n, v, false, out);
}

#define EXTREME "i>i u>u d>d ii>i uu>u dd>d iu>* id>* ui>* ud>* di>* du>* Li>i Lu>u Ld>d"

const struct cel_row cel_rows_ext_math[] = {
	{"math.greatest", EXTREME, greatest},
	{"math.least", EXTREME, least},
	{"math.ceil", "d>d", ceiling},
	{"math.floor", "d>d", floor_of},
	{"math.round", "d>d", round_of},
	{"math.trunc", "d>d", truncated},
	{"math.isNaN", "d>b", is_nan},
	{"math.isInf", "d>b", is_inf},
	{"math.isFinite", "d>b", is_finite},
	{"math.sqrt", "d>d i>d u>d", square_root},
	{"math.abs", "i>i u>u d>d", absolute},
	{"math.sign", "i>i u>u d>d", sign},
	{"math.bitAnd", "ii>i uu>u", bit_and},
	{"math.bitOr", "ii>i uu>u", bit_or},
	{"math.bitXor", "ii>i uu>u", bit_xor},
	{"math.bitNot", "i>i u>u", bit_not},
	{"math.bitShiftLeft", "ii>i ui>u", shift_left},
	{"math.bitShiftRight", "ii>i ui>u", shift_right},
	{0},
};
