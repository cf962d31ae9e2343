/* SPDX-License-Identifier: MIT */
/*
 * Values that change with time alone, and when a comparison of them changes next.
 *
 * In the moving pass a timestamp or duration carries its slope (seconds a second) in `flags`, and a double of
 * cel_decaying its half-life and hard stop in the bits a double does not use: wn_value.flags (bit 7: decaying, 7
 * bits of the hard stop), tag and n (26 bits of the hard stop, 22 of the half-life). Both are exact for whole
 * seconds up to 12 days, whole minutes up to 728 days, whole hours up to 119 years; the hard stop is kept in
 * whole seconds, rounded up.
 */
#include "cel_internal.h"

#include <math.h>

typedef __int128 wide; /* nanoseconds: 20,000 years do not fit 64 bits */
#define SECOND_US 1000000ll
#define DECAYS 0x80
#define HALF_COUNT_BITS 20
#define STOP_LOW_BITS 26
#define STOP_MAX ((1ll << 33) - 1)

/* --- decaying doubles ---------------------------------------------------------------------------------- */
static const int64_t half_units[] = {SECOND_US, 60 * SECOND_US, 3600 * SECOND_US, 86400 * SECOND_US};

/* The finest unit in which the half-life is whole; failing that, the finest that fits, rounded. */
static uint32_t pack_half_life(int64_t us)
{
	const int64_t max = (1 << HALF_COUNT_BITS) - 1;

	if (us < SECOND_US)
		us = SECOND_US;
	for (uint32_t u = 0; u < 4; u++)
		if (us % half_units[u] == 0 && us / half_units[u] <= max)
			return u << HALF_COUNT_BITS | (uint32_t)(us / half_units[u]);
	for (uint32_t u = 0; u < 4; u++)
		if (us / half_units[u] < max)
			return u << HALF_COUNT_BITS | (uint32_t)((us + half_units[u] / 2) / half_units[u]);
	return 3u << HALF_COUNT_BITS | (uint32_t)max;
}

struct wn_value cel_decaying(struct cel_call *call_or_null, double v, int64_t half_life_us, int64_t hard_stop_us)
{
	struct wn_value out = wn_double(v);
	int64_t stop = hard_stop_us <= 0 ? 0 : (hard_stop_us - 1) / SECOND_US + 1;
	uint64_t bits = (uint64_t)(stop > STOP_MAX ? STOP_MAX : stop);
	uint64_t low = (bits & ((1u << STOP_LOW_BITS) - 1)) << 22 | pack_half_life(half_life_us);

	(void)call_or_null;
	out.flags = (uint8_t)(DECAYS | bits >> STOP_LOW_BITS);
	out.tag = (uint16_t)(low >> 32);
	out.n = (uint32_t)low;
	return out;
}

static bool is_decaying(struct wn_value v) { return v.kind == WN_DOUBLE && (v.flags & DECAYS); }

static int64_t half_life_of(struct wn_value v)
{
	uint32_t packed = v.n & 0x3fffff;

	return half_units[packed >> HALF_COUNT_BITS] * (int64_t)(packed & ((1 << HALF_COUNT_BITS) - 1));
}

static int64_t hard_stop_of(struct wn_value v)
{
	uint64_t low = (uint64_t)v.tag << 32 | v.n;
	int64_t sec = (int64_t)((uint64_t)(v.flags & 0x7f) << STOP_LOW_BITS | low >> 22);

	return sec >= STOP_MAX ? INT64_MAX : sec * SECOND_US;
}

/* --- slopes -------------------------------------------------------------------------------------------- */
static int slope(struct wn_value v) { return v.kind == WN_TIMESTAMP || v.kind == WN_DURATION ? (int8_t)v.flags : 0; }

void cel_moving_mark(struct wn_value *v)
{
	if (v->kind == WN_TIMESTAMP || v->kind == WN_DURATION)
		v->flags = 1;
}

struct wn_value cel_moving_shift(int op, struct wn_value a, struct wn_value b, struct wn_value sum)
{
	if (sum.kind == WN_TIMESTAMP || sum.kind == WN_DURATION)
		sum.flags = (uint8_t)(int8_t)(op == OP_ADD ? slope(a) + slope(b) : slope(a) - slope(b));
	return sum;
}

/* --- when a comparison changes -------------------------------------------------------------------------- */
static void change_at(struct cel_run *r, int64_t at_us)
{
	if (at_us > r->act->now_us && at_us < r->next_change_us)
		r->next_change_us = at_us;
}

static wide nanoseconds(struct wn_value v) { return (wide)v.i * 1000000000 + v.aux; }

static bool truth_of_difference(int op, wide difference) { return cel_compare_result(op, (difference > 0) - (difference < 0)); }

/* difference(t) = difference + slope * (t - now): the least whole microsecond from now at which op differs. */
static void linear_change(struct cel_run *r, int op, wide difference, int slopes)
{
	bool truth = truth_of_difference(op, difference);
	wide step = (wide)slopes * 1000, zero;

	if (slopes == 0)
		return;
	zero = -difference / step;
	for (int i = -1; i < 4; i++) { /* the next instant, then those around the zero */
		wide k = i < 0 ? 1 : zero - 1 + i;

		if (k < 1 || k > INT64_MAX - r->act->now_us)
			continue;
		if (truth_of_difference(op, difference + step * k) != truth) {
			change_at(r, r->act->now_us + (int64_t)k);
			return;
		}
	}
}

/* Value of a number at now + k microseconds. */
static double number_at(const struct cel_run *r, struct wn_value v, int64_t k)
{
	if (v.kind != WN_DOUBLE)
		return v.kind == WN_INT ? (double)v.i : (double)v.u;
	if (!is_decaying(v))
		return v.d;
	if (r->act->now_us + k >= hard_stop_of(v))
		return 0;
	return v.d * exp2(-(double)k / (double)half_life_of(v));
}

static bool truth_at(const struct cel_run *r, int op, struct wn_value a, struct wn_value b, int64_t k)
{
	double x = number_at(r, a, k), y = number_at(r, b, k);

	return cel_compare_result(op, x < y ? -1 : x > y ? 1 : x == y ? 0 : 2);
}

/* Microseconds until two (decaying) numbers are equal: a 2^-(t/ha) = b 2^-(t/hb). */
static double crossing(struct wn_value a, struct wn_value b)
{
	double x = a.kind == WN_DOUBLE ? a.d : a.kind == WN_INT ? (double)a.i : (double)a.u;
	double y = b.kind == WN_DOUBLE ? b.d : b.kind == WN_INT ? (double)b.i : (double)b.u;
	double rate = (is_decaying(a) ? 1.0 / (double)half_life_of(a) : 0) - (is_decaying(b) ? 1.0 / (double)half_life_of(b) : 0);

	return x > 0 && y > 0 && rate != 0 ? log2(x / y) / rate : -1;
}

static void consider(const struct cel_run *r, int op, struct wn_value a, struct wn_value b, int64_t k, int64_t *best)
{
	if (k >= 1 && k < *best && truth_at(r, op, a, b, k) != truth_at(r, op, a, b, 0))
		*best = k;
}

static int64_t until(const struct cel_run *r, int64_t at_us)
{
	return at_us == INT64_MAX || at_us <= r->act->now_us ? 0 : at_us - r->act->now_us;
}

static void decay_change(struct cel_run *r, int op, struct wn_value a, struct wn_value b)
{
	double cross = crossing(a, b);
	int64_t best = INT64_MAX;

	consider(r, op, a, b, 1, &best);
	if (cross >= 0 && cross < 4e18)
		for (int64_t k = (int64_t)cross - 4; k <= (int64_t)cross + 4; k++)
			consider(r, op, a, b, k, &best);
	if (is_decaying(a))
		consider(r, op, a, b, until(r, hard_stop_of(a)), &best);
	if (is_decaying(b))
		consider(r, op, a, b, until(r, hard_stop_of(b)), &best);
	if (best != INT64_MAX)
		change_at(r, r->act->now_us + best);
}

static bool is_number(struct wn_value v) { return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE; }

bool cel_moving_compare(struct cel_run *r, const struct cel_node *n, struct wn_value a, struct wn_value b)
{
	if (a.kind == b.kind && (a.kind == WN_TIMESTAMP || a.kind == WN_DURATION))
		linear_change(r, n->op, nanoseconds(a) - nanoseconds(b), slope(a) - slope(b));
	else if (is_number(a) && is_number(b) && (is_decaying(a) || is_decaying(b)))
		decay_change(r, n->op, a, b);
	else
		return cel_moving_opaque(r, n);
	return cel_fail(r, n, "depends on time");
}

/* Nobody can say when: look again in a second. */
bool cel_moving_opaque(struct cel_run *r, const struct cel_node *n)
{
	if (r->act->now_us < INT64_MAX - SECOND_US)
		change_at(r, r->act->now_us + SECOND_US);
	return cel_fail(r, n, "depends on time");
}

/* --- nodes --------------------------------------------------------------------------------------------- */
bool cel_eval_opaque_moving(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	bool known;

	if (r->mode != MODE_MOVING)
		return n->plain(r, n, out);
	known = n->plain(r, n, out); /* for what its parts tell */
	return known ? cel_moving_opaque(r, n) : false;
}

bool cel_eval_shift_moving(struct cel_run *r, const struct cel_node *n, struct wn_value *out)
{
	struct wn_value v[2];

	if (!n->args[0]->eval(r, n->args[0], &v[0]) || !n->args[1]->eval(r, n->args[1], &v[1]) || !n->call.native(r, n, v, out))
		return false;
	if (r->mode == MODE_MOVING)
		*out = cel_moving_shift(n->op, v[0], v[1], *out);
	return true;
}

void cel_collect_object(struct cel_run *r, struct wn_value v)
{
	if (!r->collecting || v.kind != WN_OBJECT || !v.object)
		return;
	if (r->pending.n == r->pending.cap) {
		size_t cap = r->pending.cap ? r->pending.cap * 2 : 32;
		struct cel_pending *more = cel_take(r, NULL, cap * sizeof(*more));

		if (!more)
			return;
		if (r->pending.n)
			memcpy(more, r->pending.v, r->pending.n * sizeof(*more));
		r->pending.v = more;
		r->pending.cap = cap;
	}
	r->pending.v[r->pending.n++] = (struct cel_pending){v.object, r->clause};
}
