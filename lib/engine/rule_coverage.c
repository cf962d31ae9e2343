/* SPDX-License-Identifier: MIT */
/*
 * The functions that speak of what did *not* happen: absent, surge. Silence counts only where somebody was
 * listening.
 *
 * A window of a kind is covered for an account if at least one feed declares to report the kind with a scope
 * that holds the account, every such feed was good from before the window until now without a gap in it, and
 * the account was known before the window began (design 03). Everything else is unknown.
 */
#include "rule.h"

static bool reports(const struct wn_feed_view *f, int kind)
{
	for (size_t i = 0; i < f->n_reports; i++)
		if (f->reports[i] == kind)
			return true;
	return false;
}

static bool holds(const struct wn_feed_view *f, const struct wn_account *a)
{
	if (f->scope_all)
		return true;
	for (size_t i = 0; f->scope && f->scope[i]; i++)
		if (wn_str_is(a->domain, f->scope[i]))
			return true;
	return false;
}

struct cover {
	struct cel_call *call;
	int64_t from_us, length_us;
};

/* The feed listened over the whole window. If not, tells when it might have. */
static bool listened(const struct cover *c, const struct wn_feed_view *f)
{
	bool ok = !f->blind && f->good_since_us <= c->from_us;
	if (f->good_since_us > c->from_us && f->good_since_us != WN_NEVER)
		rule_next_change(c->call, f->good_since_us + c->length_us);
	for (size_t i = 0; i < f->n_gaps; i++) {
		if (f->gaps[i].to_us < c->from_us)
			continue;
		ok = false;
		if (f->gaps[i].to_us != WN_NEVER)
			rule_next_change(c->call, f->gaps[i].to_us + c->length_us + 1);
	}
	return ok;
}

static bool known_before(const struct cover *c, const struct wn_account *a)
{
	if (a->known_since_us <= c->from_us)
		return true;
	rule_next_change(c->call, a->known_since_us + c->length_us);
	return cel_call_error(c->call, "the account was not known yet when the window began");
}

/* False after an error if [now - length, now] is not covered. */
static bool covered(struct cel_call *call, const struct rule_host *h, int kind, int64_t length_us)
{
	const struct wn_catalog *cat = h->world->catalog;
	struct cover c = {call, cel_call_now_us(call) - length_us, length_us};
	if (!rule_window_kept(call, h, c.from_us) || !known_before(&c, h->account))
		return false;
	if (cat->absent_cover)
		return cat->absent_cover(h->world, h->account, kind, c.from_us) ||
		       cel_call_error(call, "the window is not covered by feeds");
	bool any = false;
	for (size_t i = 0; i < cat->n_feeds; i++) {
		const struct wn_feed_view *f = &cat->feeds[i];
		if (!reports(f, kind) || !holds(f, h->account))
			continue;
		any = true;
		if (!listened(&c, f))
			return cel_call_error(call, "feed %s has a gap in the window", f->name);
	}
	return any || cel_call_error(call, "no feed reports %s for this account (reports: in its file)",
				     wn_registry_kind(cat->registry, kind)->name);
}

static int64_t age_of(const struct cel_call *call, const struct wn_value *v)
{
	int64_t age = cel_call_now_us(call) - ((const struct wn_signal *)v->object)->occurred_us;
	return age < 0 ? 0 : age;
}

static bool is_of_kind(const struct wn_value *v, int kind)
{
	return ((const struct wn_signal *)v->object)->kind == kind;
}

/* One signal in the window is a definite no, whoever listened. */
static bool fn_absent(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct rule_host *h = rule_host_of(call);
	int64_t d = wn_value_us(args[1]);
	int kind;
	(void)n;
	if (!rule_kind_of(call, args[0], &kind) || !rule_signals_are_there(call, h))
		return false;
	if (d < 0)
		return cel_call_error(call, "a window is not negative");
	struct wn_value all = rule_signals(h);
	if (!rule_charge_scan(call, all.n))
		return false;
	for (uint32_t i = all.n; i-- > 0;) {
		if (!is_of_kind(&all.list[i], kind) || age_of(call, &all.list[i]) > d)
			continue;
		rule_next_change(call, ((const struct wn_signal *)all.list[i].object)->occurred_us + d + 1);
		*out = wn_bool(false);
		return true;
	}
	if (!covered(call, h, kind, d))
		return false;
	*out = wn_bool(true);
	return true;
}

/* Rate of the recent window over that of the base, which ends where recent begins: at least one is taken for
 * the base. */
static bool fn_surge(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct rule_host *h = rule_host_of(call);
	int64_t recent = wn_value_us(args[1]), base = wn_value_us(args[2]), in_recent = 0, in_base = 0;
	int kind;
	(void)n;
	if (!rule_kind_of(call, args[0], &kind) || !rule_signals_are_there(call, h))
		return false;
	if (recent <= 0 || base <= 0)
		return cel_call_error(call, "the windows of surge are longer than nothing");
	struct wn_value all = rule_signals(h);
	if (!rule_charge_scan(call, all.n))
		return false;
	for (uint32_t i = 0; i < all.n; i++) {
		int64_t age = age_of(call, &all.list[i]), at = cel_call_now_us(call) - age;
		if (!is_of_kind(&all.list[i], kind) || age > recent + base)
			continue;
		rule_next_change(call, at + recent + 1);
		rule_next_change(call, at + recent + base + 1);
		if (age <= recent) {
			in_recent++;
			cel_call_collect(call, all.list[i].object);
		} else {
			in_base++;
		}
	}
	if (!covered(call, h, kind, recent + base))
		return false;
	*out = wn_double(((double)in_recent / (double)recent) /
			 ((double)(in_base > 0 ? in_base : 1) / (double)base));
	return true;
}

const struct rule_function rule_coverage_functions[] = {
    {"absent", false, "kD", 'b', fn_absent, .moving = true, .variant_arg = -1},
    {"surge", false, "kDD", 'd', fn_surge, .moving = true, .collects = true, .variant_arg = -1},
};
const size_t rule_n_coverage_functions = WN_COUNT(rule_coverage_functions);
