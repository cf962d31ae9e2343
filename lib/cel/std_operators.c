/* SPDX-License-Identifier: MIT */
/*
 * Operators: arithmetic with overflow checks, concatenation, arithmetic of times; and the rows of all operators
 * for the checker (comparison, in and index are evaluated in eval_compare.c and eval.c).
 */
#include "cel_internal.h"

#include <math.h>

static bool overflow(struct cel_run *r, const struct cel_node *n) { return cel_fail(r, n, "the result is out of range"); }

/* --- numbers ----------------------------------------------------------------------------------------- */
static bool arith_int(struct cel_run *r, const struct cel_node *n, int64_t a, int64_t b, struct wn_value *out)
{
	bool bad;

	*out = wn_int(0);
	switch (n->op) {
	case OP_ADD: bad = __builtin_add_overflow(a, b, &out->i); break;
	case OP_SUB: bad = __builtin_sub_overflow(a, b, &out->i); break;
	case OP_MUL: bad = __builtin_mul_overflow(a, b, &out->i); break;
	default:
		if (b == 0)
			return cel_fail(r, n, n->op == OP_DIV ? "divide by zero" : "modulus by zero");
		bad = a == INT64_MIN && b == -1;
		if (!bad)
			out->i = n->op == OP_DIV ? a / b : a % b;
		break;
	}
	return !bad || overflow(r, n);
}

static bool arith_uint(struct cel_run *r, const struct cel_node *n, uint64_t a, uint64_t b, struct wn_value *out)
{
	bool bad = false;

	*out = wn_uint(0);
	switch (n->op) {
	case OP_ADD: bad = __builtin_add_overflow(a, b, &out->u); break;
	case OP_SUB: bad = __builtin_sub_overflow(a, b, &out->u); break;
	case OP_MUL: bad = __builtin_mul_overflow(a, b, &out->u); break;
	default:
		if (b == 0)
			return cel_fail(r, n, n->op == OP_DIV ? "divide by zero" : "modulus by zero");
		out->u = n->op == OP_DIV ? a / b : a % b;
		break;
	}
	return !bad || overflow(r, n);
}

static bool arith_double(struct cel_run *r, const struct cel_node *n, double a, double b, struct wn_value *out)
{
	switch (n->op) {
	case OP_ADD: *out = wn_double(a + b); return true;
	case OP_SUB: *out = wn_double(a - b); return true;
	case OP_MUL: *out = wn_double(a * b); return true;
	case OP_DIV: *out = wn_double(a / b); return true;
	default: return cel_no_overload(r, n);
	}
}

/* --- text and lists ------------------------------------------------------------------------------------ */
static bool concat(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b, struct wn_value *out)
{
	size_t width = a.kind == WN_LIST ? sizeof(struct wn_value) : 1;
	char *p;

	if (b.n == 0 || a.n == 0) {
		*out = b.n == 0 ? a : b;
		return true;
	}
	if ((uint64_t)a.n + b.n > WN_CEL_MEMORY_MAX)
		return cel_out_of_memory(r, n);
	if (!(p = cel_take(r, n, width * ((size_t)a.n + b.n))))
		return false;
	memcpy(p, a.s, width * a.n);
	memcpy(p + width * a.n, b.s, width * b.n);
	*out = a;
	out->s = p;
	out->n = a.n + b.n;
	return true;
}

/* --- times ------------------------------------------------------------------------------------------- */
/* t1 - t2 must fit 64 bits of nanoseconds (292 years), as the conformance cases of the range ask. */
static bool difference(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b, struct wn_value *out)
{
	__int128 ns = ((__int128)a.i - b.i) * 1000000000 + a.aux - b.aux;

	if (ns > INT64_MAX || ns < INT64_MIN || !cel_duration_make(a.i - b.i, (int64_t)a.aux - b.aux, out))
		return overflow(r, n);
	return true;
}

static bool arith_time(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b, struct wn_value *out)
{
	bool add = n->op == OP_ADD;
	int64_t sign = add ? 1 : -1;

	if (n->op != OP_ADD && n->op != OP_SUB)
		return cel_no_overload(r, n);
	if (a.kind == WN_DURATION && b.kind == WN_TIMESTAMP && add)
		return arith_time(r, n, b, a, out);
	if (a.kind == WN_TIMESTAMP && b.kind == WN_TIMESTAMP && !add)
		return difference(r, n, a, b, out);
	if (b.kind != WN_DURATION || (a.kind != WN_DURATION && a.kind != WN_TIMESTAMP))
		return cel_no_overload(r, n);
	if (a.kind == WN_DURATION)
		return cel_duration_make(a.i + sign * b.i, a.aux + sign * b.aux, out) || overflow(r, n);
	return cel_timestamp_make(a.i + sign * b.i, a.aux + sign * b.aux, out) || overflow(r, n);
}

static bool arith(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct wn_value a = v[0], b = v[1];

	if (a.kind != b.kind)
		return arith_time(r, n, a, b, out);
	switch (a.kind) {
	case WN_INT: return arith_int(r, n, a.i, b.i, out);
	case WN_UINT: return arith_uint(r, n, a.u, b.u, out);
	case WN_DOUBLE: return arith_double(r, n, a.d, b.d, out);
	case WN_STRING:
	case WN_BYTES:
	case WN_LIST: return n->op == OP_ADD ? concat(r, n, a, b, out) : cel_no_overload(r, n);
	default: return arith_time(r, n, a, b, out);
	}
}

static bool negate(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v->kind == WN_DOUBLE) {
		*out = wn_double(-v->d);
		return true;
	}
	if (v->kind != WN_INT)
		return cel_no_overload(r, n);
	*out = wn_int(0);
	return !__builtin_sub_overflow((int64_t)0, v->i, &out->i) || overflow(r, n);
}

static bool elsewhere(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	(void)v;
	(void)out;
	return cel_no_overload(r, n);
}

#define ORDERS "bb>b ii>b uu>b dd>b iu>b id>b ui>b ud>b di>b du>b ss>b yy>b tt>b DD>b"

const struct cel_row cel_rows_operators[] = {
	{"_+_", "ii>i uu>u dd>d ss>s yy>y LALA>LA tD>t Dt>t DD>D", arith},
	{"_-_", "ii>i uu>u dd>d tt>D tD>t DD>D", arith},
	{"_*_", "ii>i uu>u dd>d", arith},
	{"_/_", "ii>i uu>u dd>d", arith},
	{"_%_", "ii>i uu>u", arith},
	{"-_", "i>i d>d", negate},
	{"_==_", "AA>b", elsewhere},
	{"_!=_", "AA>b", elsewhere},
	{"_<_", ORDERS, elsewhere},
	{"_<=_", ORDERS, elsewhere},
	{"_>_", ORDERS, elsewhere},
	{"_>=_", ORDERS, elsewhere},
	{"@in", "ALA>b AMAB>b", elsewhere},
	{"_[_]", "LAi>A MABA>B OLAi>OA OMABA>OB", elsewhere},
	{"_[?_]", "LAi>OA MABA>OB OLAi>OA OMABA>OB", elsewhere},
	{0},
};
