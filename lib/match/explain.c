/* SPDX-License-Identifier: MIT */
/* How the index sees a rule, for its author: under what it would be filed, what is opaque, how many events would look. */
#include "inside.h"

struct opaque {
	struct wn_arena *arena;
	WN_VEC(struct cel_span) v;
};

static void collect(struct opaque *o, const struct term *t)
{
	if (t->kind == TERM_OPAQUE)
		*WN_PUSH(o->arena, &o->v) = t->span;
	for (uint32_t i = 0; (t->kind == TERM_AND || t->kind == TERM_OR) && i < t->n; i++)
		collect(o, t->args[i]);
}

static struct wn_match_alternative describe(const struct draft *d)
{
	struct wn_match_alternative a = {.looked_at = wn_draft_share(d), .holds = 1, .opaque = d->inexact};
	const uint8_t of[] = {d->kind, d->a, d->b};

	for (size_t i = 0; i < WN_COUNT(of); i++)
		if (of[i] != NO)
			a.access[a.n_access++] = d->literals[of[i]].span;
	for (uint32_t i = 0; i < d->n; i++)
		a.holds *= (double)d->literals[i].chance;
	return a;
}

void wn_match_explain(struct wn_index *x, const struct cel_program *when, struct wn_arena *a, struct wn_match_explanation *out)
{
	const struct term *t = wn_term_of(&x->env, when, a);
	struct drafts all = wn_drafts_of(x, t, a);
	struct wn_match_alternative *v = WN_NEW_N(a, struct wn_match_alternative, all.n + 1u);
	struct opaque o = {.arena = a};

	*out = (struct wn_match_explanation){.alternatives = v, .n_alternatives = all.n};
	for (uint32_t i = 0; i < all.n; i++) {
		wn_draft_choose(x, &all.v[i]);
		v[i] = describe(&all.v[i]);
		out->looked_at += v[i].looked_at;
		out->holds += v[i].holds;
		out->always |= v[i].n_access == 0;
		wn_draft_drop(x, &all.v[i]);
	}
	out->looked_at = out->looked_at < 1 ? out->looked_at : 1;
	out->holds = out->holds < 1 ? out->holds : 1;
	collect(&o, t);
	out->opaque = o.v.v;
	out->n_opaque = o.v.n;
}
