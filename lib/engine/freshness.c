/* SPDX-License-Identifier: MIT */
/*
 * Freshness, heat and staleness: the arithmetic of design 05, nothing else. Pure functions of their arguments.
 *
 * Heat never rises by time alone: every term falls and drops to 0 at its hard stop. So "the first instant under the
 * floor" is found on whole microseconds by bisection of one predicate, and the predicate that later asks "is it stale?"
 * is the same one: they cannot disagree by a rounding.
 */
#include <math.h>
#include <whynow/engine.h>

double wn_corroboration(int publishers)
{
	return publishers <= 1 ? 1.0 : 1.5 - 0.5 * exp2(1 - publishers);
}

double wn_freshness(double strength, int publishers, int64_t occurred_us, int64_t half_life_us, int64_t hard_stop_us,
		    int64_t at_us)
{
	if (at_us >= hard_stop_us || half_life_us <= 0)
		return 0;
	double age = (double)(at_us - occurred_us) / (double)half_life_us;
	return strength * wn_corroboration(publishers) * exp2(-age);
}

static double evidence_freshness(const struct wn_evidence *e, int64_t at_us)
{
	if (e->removed)
		return 0;
	return wn_freshness(e->strength, e->publishers, e->occurred_us, e->half_life_us, e->hard_stop_us, at_us);
}

/* At most WN_EVIDENCE_MAX entries, so the quadratic walk over kinds is short and needs no memory. */
double wn_heat(const struct wn_evidence *const *ev, size_t n, int64_t at_us)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double best = evidence_freshness(ev[i], at_us);
		bool counted = false;
		for (size_t j = 0; j < n && !counted; j++) {
			if (j == i || ev[j]->kind != ev[i]->kind)
				continue;
			double other = evidence_freshness(ev[j], at_us);
			counted = other > best || (other == best && j < i);
		}
		if (!counted)
			sum += best;
	}
	return sum;
}

static int64_t last_hard_stop(const struct wn_evidence *const *ev, size_t n, int64_t from_us)
{
	int64_t last = from_us;
	for (size_t i = 0; i < n; i++)
		if (!ev[i]->removed && ev[i]->hard_stop_us > last)
			last = ev[i]->hard_stop_us;
	return last;
}

/* One kind: the instant solves strength * corroboration * 2^-x = floor; a bracket of a few microseconds around it. */
static void narrow_one_kind(const struct wn_evidence *const *ev, size_t n, double floor, int64_t *lo, int64_t *hi)
{
	double latest = -HUGE_VAL;
	for (size_t i = 0; i < n; i++) {
		if (ev[i]->kind != ev[0]->kind)
			return;
		if (ev[i]->removed || ev[i]->half_life_us <= 0)
			continue;
		double start = ev[i]->strength * wn_corroboration(ev[i]->publishers);
		double at = (double)ev[i]->occurred_us + (double)ev[i]->half_life_us * log2(start / floor);
		latest = fmax(latest, fmin(at, (double)ev[i]->hard_stop_us));
	}
	if (latest - 4096 > (double)*lo && wn_heat(ev, n, (int64_t)latest - 4096) >= floor)
		*lo = (int64_t)latest - 4096;
	if (latest + 4096 < (double)*hi && wn_heat(ev, n, (int64_t)latest + 4096) < floor)
		*hi = (int64_t)latest + 4096;
}

int64_t wn_stale_at(const struct wn_evidence *const *ev, size_t n, double floor, int64_t from_us)
{
	int64_t hi = last_hard_stop(ev, n, from_us);
	if (floor <= 0)
		return hi; /* heat is 0 there: nothing is left to speak of */
	if (wn_heat(ev, n, from_us) < floor)
		return from_us;
	int64_t lo = from_us; /* heat(lo) >= floor > heat(hi) = 0 */
	narrow_one_kind(ev, n, floor, &lo, &hi);
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;
		if (wn_heat(ev, n, mid) < floor)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}
