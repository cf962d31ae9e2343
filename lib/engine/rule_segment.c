/* SPDX-License-Identifier: MIT */
/*
 * in_segment(name) and place.within(prefix).
 *
 * in_segment is true if the account satisfies that segment's `when` now for some stored signal that is not past
 * its hard stop (its evidence joins ours), or, for a broad segment, its terms. Cycles are refused when segments
 * are applied; a depth guards the evaluation against what was stored in spite of that.
 */
#include "rule.h"

#include <strings.h>

struct joined {
	struct cel_call *call;
};

static void on_joined(void *ctx, const struct wn_object *element, struct cel_span clause)
{
	(void)clause;
	cel_call_collect(((struct joined *)ctx)->call, element);
}

/* The nested rule shares account and contact; `signals` is built once. */
static struct rule_host nested_host(struct rule_host *h, const struct wn_signal *sig)
{
	struct rule_host inner = *h;
	inner.signals = rule_signals(h);
	inner.have_signals = true;
	inner.signal = sig;
	inner.depth = h->depth + 1;
	return inner;
}

/* An answer, kept for the evaluation: each segment of a chain is asked once, not once for each signal of each segment before it. */
struct referred {
	struct referred *next;
	const struct wn_segment *segment;
	const struct wn_contact *contact;
	enum wn_three is;
	bool moved;        /* it was asked for its instant */
	int64_t change_us; /* INT64_MAX: none */
};

struct asking {
	struct cel_call *call;
	struct rule_host *host;
	const struct wn_segment *segment;
	int64_t change_us;
	bool stopped; /* what is asked of takes of the budget of who asks: it is used up */
};

static void may_change(struct asking *k, int64_t at_us)
{
	if (at_us > cel_call_now_us(k->call) && at_us < k->change_us)
		k->change_us = at_us;
}

static enum wn_three nested(struct asking *k, struct rule_host *h, const struct cel_program *p, const struct wn_signal *sig)
{
	struct rule_host inner = nested_host(h, sig);
	struct cel_result res, soon;
	if (k->stopped)
		return WN_UNKNOWN3;
	enum wn_three is = rule_eval(&inner, p, &res);
	k->stopped = !cel_call_charge(k->call, res.steps);
	if (h->moving) {
		rule_eval_moving(&inner, p, &soon);
		k->stopped |= !cel_call_charge(k->call, soon.steps);
		may_change(k, soon.next_change_us);
	}
	if (is == WN_TRUE3 && cel_call_is_collecting(k->call)) {
		struct joined j = {k->call};
		rule_eval_collect(&inner, p, on_joined, &j);
	}
	return is;
}

/* Newest first: the likeliest to be true. */
static enum wn_three by_signals(struct asking *k)
{
	enum wn_three is = WN_FALSE3;
	const struct rule_host *h = k->host;
	int64_t now = cel_call_now_us(k->call);
	for (size_t i = h->account->signals.n; i-- > 0;) {
		const struct wn_signal *sig = h->account->signals.v[i];
		if (!rule_may_be_signal(sig, now))
			continue;
		enum wn_three one = nested(k, k->host, wn_segment_when(k->segment), sig);
		if (one == WN_TRUE3)
			may_change(k, sig->hard_stop_us);
		if (one == WN_TRUE3 && !h->moving)
			return WN_TRUE3;
		if (one == WN_TRUE3 || (one == WN_UNKNOWN3 && is == WN_FALSE3))
			is = one;
	}
	return is;
}

/* Terms over account and contact; where no contact is at hand, `who` asks for some contact of the account. */
static enum wn_three by_terms(struct asking *k)
{
	struct rule_host *h = k->host;
	const struct wn_segment *s = k->segment;
	enum wn_three is = wn_segment_when(s) ? nested(k, h, wn_segment_when(s), NULL) : WN_TRUE3, who = WN_FALSE3;
	if (is == WN_FALSE3 || !s->who)
		return is;
	if (h->contact)
		who = nested(k, h, s->who, NULL);
	for (size_t i = 0; !h->contact && i < h->account->contacts.n && who != WN_TRUE3; i++) {
		struct rule_host with = *h;
		with.contact = h->account->contacts.v[i];
		enum wn_three one = nested(k, &with, s->who, NULL);
		who = one == WN_FALSE3 ? who : one;
	}
	if (who == WN_FALSE3)
		return WN_FALSE3;
	return is == WN_UNKNOWN3 || who == WN_UNKNOWN3 ? WN_UNKNOWN3 : WN_TRUE3;
}

/* The answer so far, made if there is none; the list is of the evaluation from outside and its nested ones. */
static struct referred *answer_of(struct rule_host *h, const struct wn_segment *s)
{
	if (!h->referred)
		h->referred = WN_NEW(h->world->scratch, struct referred *);
	for (struct referred *r = *h->referred; r; r = r->next)
		if (r->segment == s && r->contact == h->contact)
			return r;
	struct referred *r = WN_NEW(h->world->scratch, struct referred);
	*r = (struct referred){.next = *h->referred, .contact = h->contact, .change_us = INT64_MAX};
	return *h->referred = r;
}

static const struct referred *ask(struct cel_call *call, struct rule_host *h, const struct wn_segment *s)
{
	struct referred *r = answer_of(h, s);
	bool joins = r->is == WN_TRUE3 && cel_call_is_collecting(call);
	if (r->segment && !joins && (r->moved || !h->moving))
		return r;
	struct asking k = {call, h, s, INT64_MAX, false};
	if (!r->segment)
		r->is = WN_UNKNOWN3; /* to itself, should it refer there */
	r->segment = s;
	r->moved |= h->moving;
	r->is = s->broad ? by_terms(&k) : by_signals(&k);
	if (k.stopped)
		r->is = WN_UNKNOWN3;
	if (h->moving)
		r->change_us = k.change_us;
	return r;
}

bool wn_segment_refers_to(const struct wn_segment *s, struct wn_str name)
{
	const struct segment_inner *inner = inner_of(s);
	for (size_t i = 0; i < inner->n_refers; i++)
		if (wn_str_is(name, inner->refers[i]))
			return true;
	return false;
}

static bool fn_in_segment(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct rule_host *h = rule_host_of(call);
	struct wn_str name = wn_value_str(args[0]);
	(void)n;
	const struct wn_segment *s = wn_catalog_segment(h->world->catalog, name, 0);
	if (!rule_signals_are_there(call, h))
		return false;
	if (!s)
		return cel_call_error(call, "there is no segment \"" WN_STR_FMT "\" in force",
				      WN_STR_ARG(name));
	if (h->depth >= REFER_DEPTH_MAX)
		return cel_call_error(call, "segments refer to each other deeper than %d", REFER_DEPTH_MAX);
	const struct referred *r = ask(call, h, s);
	rule_next_change(call, r->change_us);
	if (r->is == WN_UNKNOWN3)
		return cel_call_error(call, "whether the account is in segment \"" WN_STR_FMT "\" is not known",
				      WN_STR_ARG(name));
	*out = wn_bool(r->is == WN_TRUE3);
	return true;
}

/* "NA/US/CA" holds "NA/US/CA/San Francisco" and not "NA/US/CAX". Letter case does not matter. */
static bool fn_place_within(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct wn_str place = wn_value_str(args[0]), area = wn_value_str(args[1]);
	(void)call;
	(void)n;
	while (area.n && area.p[area.n - 1] == '/')
		area.n--;
	bool in = place.n >= area.n && strncasecmp(place.p, area.p, area.n) == 0 &&
		  (place.n == area.n || place.p[area.n] == '/');
	*out = wn_bool(in);
	return true;
}

const struct rule_function rule_segment_functions[] = {
    {"in_segment", false, "n", 'b', fn_in_segment, .moving = true, .collects = true, .variant_arg = -1},
    {"within", true, "sp", 'b', fn_place_within, .pure = true, .variant_arg = -1},
};
const size_t rule_n_segment_functions = WN_COUNT(rule_segment_functions);
