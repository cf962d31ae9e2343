/* SPDX-License-Identifier: MIT */
/*
 * Which verdicts a unit of work asks for: arrived signals against the segments the index names, stored signals
 * against the segments that read a changed trait. Order is that of design 02: accounts, then (occurred, key),
 * then priority and name.
 */
#include "engine_internal.h"
#include "rule.h"


static void verdicts_of_arrival(struct wn_world *w, struct wn_account *a, struct wn_signal *sig, struct wn_value kinds)
{
	const struct wn_segment *const *named;
	size_t n = rule_candidates(w, a, sig, kinds, &named);
	for (size_t i = 0; i < n; i++)
		verdict_add(w, named[i], a, sig);
}

/* The version that a live member is judged by, if it is not in force any more; NULL else. */
static const struct wn_segment *older_of(const struct wn_world *w, const struct wn_member *m)
{
	const struct wn_segment *now = member_is_live(m) ? wn_catalog_segment(w->catalog, m->segment, 0) : NULL;
	if (!member_is_live(m) || (now && now->version == m->version))
		return NULL;
	return wn_catalog_segment(w->catalog, m->segment, m->version);
}

bool wn_has_older_member(const struct wn_world *w, const struct wn_account *a)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (older_of(w, a->members.v[i]))
			return true;
	return false;
}

/* Likewise of the i-th member, once for all members that one version judges. */
static const struct wn_segment *older_at(const struct wn_world *w, const struct wn_account *a, size_t i)
{
	const struct wn_segment *s = older_of(w, a->members.v[i]);
	for (size_t k = 0; s && k < i; k++)
		if (older_of(w, a->members.v[k]) == s)
			return NULL;
	return s;
}

/* Campaigns of older versions take nobody any more, but their members are judged by them: what is true extends. */
static void verdict_of_older(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig)
{
	struct wn_verdict *v = wn_verdict_of(w, s, a, sig);
	v->recheck_us = WN_NEVER;
	if (v->is == WN_VERDICT_TRUE)
		*WN_PUSH(w->arena, &w->verdicts) = v;
}

static void verdicts_of_older(struct wn_world *w, struct wn_account *a, struct wn_signal *sig)
{
	for (size_t i = 0; i < a->members.n; i++) {
		const struct wn_segment *s = older_at(w, a, i);
		if (s)
			verdict_of_older(w, s, a, sig);
	}
}

static bool is_ruled_out(struct wn_world *w, struct wn_account *a, struct wn_signal *sig)
{
	const struct wn_segment *const *named;
	size_t n = rule_candidates(w, a, sig, (struct wn_value){0}, &named);
	for (size_t i = 0; i < n; i++)
		if (!verdict_is_ruled_out(w, named[i], a, sig))
			return false;
	return true;
}

void wn_catalog_add_stay_kinds(struct wn_catalog *c, const struct wn_segment *s)
{
	for (int k = 0; k < 4; k++)
		c->stay_kinds[k] |= inner_of(s)->stay_kinds[k];
}

void wn_catalog_find_stay_kinds(struct wn_catalog *c)
{
	memset(c->stay_kinds, 0, sizeof(c->stay_kinds));
	for (size_t i = 0; i < c->n_segments; i++)
		wn_catalog_add_stay_kinds(c, c->segments[i]);
	for (size_t i = 0; i < c->n_older; i++)
		wn_catalog_add_stay_kinds(c, c->older[i]);
}

void wn_catalog_add_older_kinds(struct wn_catalog *c, const struct wn_segment *s)
{
	const struct segment_inner *inner = inner_of(s);
	for (int k = 0; k < 4 && !s->broad; k++)
		c->older_kinds[k] |= inner->kinds_bounded ? inner->kinds[k] : UINT64_MAX;
}

static bool has_arrived(const struct wn_account *a, const uint64_t *kinds)
{
	for (size_t k = 0; k < a->signals.n; k++) {
		const struct wn_signal *s = a->signals.v[k];
		if (s->arrived && (kinds[s->kind / 64] >> (s->kind % 64) & 1))
			return true;
	}
	return false;
}

bool wn_arrivals_may_be_older(const struct wn_world *w, const struct wn_account *a) { return has_arrived(a, w->catalog->older_kinds); }

bool verdicts_move_stay(const struct wn_world *w, const struct wn_account *a) { return has_arrived(a, w->catalog->stay_kinds); }

bool wn_verdicts_are_ruled_out(struct wn_world *w, struct wn_account *a)
{
	if (verdicts_move_stay(w, a))
		return false;
	for (size_t k = 0; k < a->signals.n; k++)
		if (a->signals.v[k]->arrived && rule_may_be_signal(a->signals.v[k], w->now_us) &&
		    !is_ruled_out(w, a, a->signals.v[k]))
			return false;
	return true;
}

void wn_verdicts_of_arrivals(struct wn_world *w)
{
	for (size_t i = 0; i < w->accounts.n; i++) {
		struct wn_account *a = w->accounts.v[i];
		struct wn_value kinds = wn_kinds_held(w, a);
		for (size_t k = 0; k < a->signals.n && !a->ruled_out; k++)
			if (a->signals.v[k]->arrived && rule_may_be_signal(a->signals.v[k], w->now_us)) {
				verdicts_of_arrival(w, a, a->signals.v[k], kinds);
				verdicts_of_older(w, a, a->signals.v[k]);
			}
	}
}

/* --- changed traits ------------------------------------------------------------------------------------ */
struct changed {
	const struct wn_catalog *catalog;
	enum wn_trait_of of;
	struct wn_str name;
	int number; /* -1: a field that every account or contact has */
};

static bool has_bit(const uint64_t *set, int bit)
{
	return bit >= 0 && bit < 256 && (set[bit / 64] >> (bit % 64) & 1);
}

static bool reads_it(const struct changed *t, const struct wn_reads *r)
{
	if (t->number >= 0)
		return has_bit(t->of == WN_TRAIT_ACCOUNT ? r->account_traits : r->contact_traits, t->number);
	return t->of == WN_TRAIT_ACCOUNT && wn_str_is(t->name, "domain") ? r->account_domain : true;
}

/* Segments referred to read on behalf of the one that refers. */
static bool segment_reads(const struct changed *t, const struct wn_segment *s, int depth)
{
	const struct segment_inner *inner = inner_of(s);
	if (reads_it(t, &s->reads))
		return true;
	for (size_t i = 0; depth < REFER_DEPTH_MAX && i < inner->n_refers; i++) {
		const struct wn_segment *other = wn_catalog_segment(t->catalog, wn_str_of(inner->refers[i]), 0);
		if (other && segment_reads(t, other, depth + 1))
			return true;
	}
	return false;
}

static bool exclude_reads(const struct changed *t)
{
	struct wn_reads r = {0};
	if (!t->catalog->exclude)
		return false;
	rule_collect_reads(t->catalog->registry, cel_program_root(t->catalog->exclude), &r);
	return reads_it(t, &r);
}

void wn_verdicts_of_trait(struct wn_world *w, struct wn_account *a, enum wn_trait_of of, struct wn_str trait)
{
	const struct wn_catalog *c = w->catalog;
	struct changed t = {c, of, trait, wn_registry_trait_number(c->registry, of, trait)};
	bool all = exclude_reads(&t);
	struct wn_value kinds = wn_kinds_held(w, a);
	for (size_t k = 0; k < a->signals.n; k++) {
		struct wn_signal *sig = a->signals.v[k];
		const struct wn_segment *const *named;
		size_t n = rule_may_be_signal(sig, w->now_us) ? rule_candidates(w, a, sig, kinds, &named) : 0;
		for (size_t i = 0; i < n; i++)
			if (all || segment_reads(&t, named[i], 0))
				verdict_add(w, named[i], a, sig);
		for (size_t i = 0; i < a->members.n && rule_may_be_signal(sig, w->now_us); i++) {
			const struct wn_segment *s = older_at(w, a, i);
			if (s && (all || segment_reads(&t, s, 0)))
				verdict_of_older(w, s, a, sig);
		}
	}
}

/* -------------------------------------------------------------------------------------------- contacts that came */
void wn_verdicts_of_contact(struct wn_world *w, struct wn_account *a)
{
	for (size_t i = 0; i < a->non_actions.n; i++) {
		const struct wn_non_action *na = a->non_actions.v[i];
		const struct wn_segment *s = wn_catalog_segment(w->catalog, na->segment, 0);
		struct wn_signal *sig = wn_account_signal(a, na->signal_key);
		bool waits = na->reason == WN_NON_ACTION_NO_CONTACT || na->reason == WN_NON_ACTION_AUDIENCE_BELOW_MIN;
		if (waits && !na->fresh && s && sig && rule_may_be_signal(sig, w->now_us))
			verdict_add(w, s, a, sig);
	}
}
