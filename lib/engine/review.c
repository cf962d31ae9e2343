/* SPDX-License-Identifier: MIT */
/*
 * The honest review: what came of a campaign against the goal sealed at its opening (design 05). Counts come from the
 * campaign row; this file only does arithmetic and appends the review and its event.
 */
#include "engine_internal.h"
#include <math.h>

/* Wilson (1927) score interval, z = 1.959964 for 95 %. */
void wn_wilson(int k, int n, double *low, double *high)
{
	if (n <= 0) {
		*low = 0;
		*high = 1;
		return;
	}
	const double z = 1.959963984540054, p = (double)k / n, zz = z * z / n;
	double centre = (p + zz / 2) / (1 + zz);
	double half = z / (1 + zz) * sqrt(p * (1 - p) / n + zz / (4.0 * n));
	*low = fmax(0, centre - half);
	*high = fmin(1, centre + half);
}

bool wn_lift(int k1, int n1, int k2, int n2, double *diff, double *low, double *high)
{
	double l1, u1, l2, u2;
	if (n1 <= 0 || n2 <= 0)
		return false;
	double p1 = (double)k1 / n1, p2 = (double)k2 / n2;
	wn_wilson(k1, n1, &l1, &u1);
	wn_wilson(k2, n2, &l2, &u2);
	*diff = p1 - p2;
	*low = *diff - sqrt((p1 - l1) * (p1 - l1) + (u2 - p2) * (u2 - p2));
	*high = *diff + sqrt((u1 - p1) * (u1 - p1) + (p2 - l2) * (p2 - l2));
	return true;
}

static const char *verdict_of(const struct wn_review *r)
{
	if (r->touched == 0)
		return "not enough data";
	if (r->low >= r->target)
		return "met";
	return r->high < r->target ? "missed" : "not enough data";
}

static struct wn_value review_data(struct wn_world *w, const struct wn_review *r)
{
	struct wn_map_builder m = campaign_data(w, r->campaign);
	wn_map_set(&m, "metric", wn_cstring(r->campaign->segment->goal.metric));
	wn_map_set(&m, "target", wn_double(r->target));
	wn_map_set(&m, "audience", wn_int(r->audience));
	wn_map_set(&m, "touched", wn_int(r->touched));
	wn_map_set(&m, "achieved", wn_int(r->achieved));
	wn_map_set(&m, "rate", wn_double(r->rate));
	wn_map_set(&m, "low", wn_double(r->low));
	wn_map_set(&m, "high", wn_double(r->high));
	if (r->holdouts) {
		wn_map_set(&m, "holdouts", wn_int(r->holdouts));
		wn_map_set(&m, "holdouts_achieved", wn_int(r->holdout_achieved));
	}
	if (r->cost > 0)
		wn_map_set(&m, "cost_usd", wn_double(r->cost));
	wn_map_set(&m, "verdict", wn_cstring(r->verdict));
	return wn_map_end(&m);
}

void write_review(struct wn_world *w, struct wn_campaign *c, bool final)
{
	struct wn_review *r = WN_NEW(w->arena, struct wn_review);
	*r = (struct wn_review){.campaign = c,
				.final = final,
				.at_us = w->now_us,
				.audience = c->members - c->holdouts,
				.touched = c->touched,
				.achieved = c->achieved,
				.holdouts = c->holdouts,
				.holdout_achieved = c->holdout_achieved,
				.cost = c->cost,
				.target = c->segment->goal.target};
	r->rate = r->touched ? (double)r->achieved / r->touched : 0;
	wn_wilson(r->achieved, r->touched, &r->low, &r->high);
	r->verdict = verdict_of(r);
	*WN_PUSH(w->arena, &w->reviews) = r;
	struct wn_change *ch = emit(w, c, "review", final ? "review.final" : "review.written");
	ch->to = r->verdict;
	ch->data = review_data(w, r);
	if (final)
		c->reviewed_final = true;
}
