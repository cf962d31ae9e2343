/* SPDX-License-Identifier: MIT */
/*
 * The window functions over `signals` (design 03): within, count, sum, followed.
 *
 * Windows are closed on both sides: a signal is in `d` while its age is <= d. Each function says when its
 * result may change by time alone, and names the elements it rests on. A window that reaches back beyond what
 * is kept in view (the newest WN_SIGNALS_PER_ACCOUNT) is unknown. Retracted signals are not in `signals`.
 */
#include "rule.h"

/* Ages, in microseconds; both ends belong to it. */
struct window {
	int64_t from_us, to_us;
};
struct scan {
	struct rule_host *host;
	const struct wn_value *v;
	size_t n;
	int kind;
	struct window window;
};

void rule_next_change(struct cel_call *call, int64_t at_us)
{
	if (at_us > cel_call_now_us(call))
		cel_call_next_change(call, at_us);
}

static int64_t oldest_kept(const struct wn_account *a)
{
	return a->signals.n >= WN_SIGNALS_PER_ACCOUNT ? a->signals.v[0]->occurred_us : INT64_MIN;
}

/* False after an error if a signal of that instant may be gone, or out of view. */
static bool is_kept(struct cel_call *call, const struct rule_host *h, int64_t from_us)
{
	int64_t kept_us = h->world->catalog->signals_kept_us;
	if (kept_us && from_us < cel_call_now_us(call) - kept_us)
		return cel_call_error(call, "the window is longer than signals are kept (retention.signals)");
	return from_us >= oldest_kept(h->account) ||
	       cel_call_error(call, "the window reaches beyond the newest %d signals that are kept in view", WN_SIGNALS_PER_ACCOUNT);
}

bool rule_window_kept(struct cel_call *call, const struct rule_host *h, int64_t from_us)
{
	int64_t oldest = oldest_kept(h->account);
	if (from_us < oldest)
		rule_next_change(call, cel_call_now_us(call) + (oldest - from_us));
	return is_kept(call, h, from_us);
}

static const struct wn_signal *signal_at(const struct scan *s, size_t i)
{
	return (const struct wn_signal *)s->v[i].object;
}

static bool all_signals(const struct wn_value list)
{
	for (uint32_t i = 0; i < list.n; i++)
		if (list.list[i].kind != WN_OBJECT || list.list[i].object->cls != &wn_signal_class)
			return false;
	return true;
}

bool rule_kind_of(struct cel_call *call, struct wn_value name, int *kind)
{
	*kind = wn_registry_kind_number(rule_host_of(call)->world->catalog->registry, wn_value_str(name));
	return *kind >= 0 ||
	       cel_call_error(call, "there is no kind \"" WN_STR_FMT "\"", WN_STR_ARG(wn_value_str(name)));
}

bool rule_charge_scan(struct cel_call *call, size_t n)
{
	return cel_call_charge(call, n / 64); /* that many take about as long as a step */
}

static bool scan_begin(struct cel_call *call, const struct wn_value *args, struct scan *s)
{
	*s = (struct scan){.host = rule_host_of(call), .v = args[0].list, .n = args[0].n};
	if (!all_signals(args[0]))
		return cel_call_error(call, "window functions work on lists of signals");
	return rule_kind_of(call, args[1], &s->kind) && rule_charge_scan(call, s->n);
}

static bool window_set(struct cel_call *call, struct scan *s, int64_t from_us, int64_t to_us)
{
	if (from_us < 0 || to_us < from_us)
		return cel_call_error(call, "a window needs 0 <= from <= to");
	s->window = (struct window){from_us, to_us};
	return rule_window_kept(call, s->host, cel_call_now_us(call) - to_us);
}

/* A signal of the future (clocks differ a little) counts as just happened. */
static bool in_window(struct cel_call *call, const struct scan *s, const struct wn_signal *sig)
{
	int64_t age = cel_call_now_us(call) - sig->occurred_us;
	if (age < 0)
		age = 0;
	return age >= s->window.from_us && age <= s->window.to_us;
}

/* When this signal enters the window, and when it has left it. */
static void window_changes(struct cel_call *call, const struct scan *s, const struct wn_signal *sig)
{
	if (s->window.from_us > 0)
		rule_next_change(call, sig->occurred_us + s->window.from_us);
	rule_next_change(call, sig->occurred_us + s->window.to_us + 1);
}

/* Index of the next signal of the kind in the window, from i on; n: none. */
static size_t scan_next(struct cel_call *call, const struct scan *s, size_t i)
{
	for (; i < s->n; i++) {
		const struct wn_signal *sig = signal_at(s, i);
		if (sig->kind != s->kind)
			continue;
		window_changes(call, s, sig);
		if (in_window(call, s, sig))
			return i;
	}
	return s->n;
}

static bool within(struct cel_call *call, struct scan *s, struct wn_value *out)
{
	size_t n = 0;
	for (size_t i = scan_next(call, s, 0); i < s->n; i = scan_next(call, s, i + 1))
		n++;
	struct wn_value *found = WN_NEW_N(cel_call_arena(call), struct wn_value, n + 1);
	n = 0;
	for (size_t i = scan_next(call, s, 0); i < s->n; i = scan_next(call, s, i + 1)) {
		found[n++] = s->v[i];
		cel_call_collect(call, s->v[i].object);
	}
	*out = wn_list(found, n);
	return true;
}

static bool fn_within(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct scan s;
	(void)n;
	return scan_begin(call, args, &s) && window_set(call, &s, 0, wn_value_us(args[2])) &&
	       within(call, &s, out);
}

static bool fn_within_from(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct scan s;
	(void)n;
	return scan_begin(call, args, &s) && window_set(call, &s, wn_value_us(args[2]), wn_value_us(args[3])) &&
	       within(call, &s, out);
}

static bool fn_count(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct scan s;
	int64_t count = 0;
	(void)n;
	if (!scan_begin(call, args, &s) || !window_set(call, &s, 0, wn_value_us(args[2])))
		return false;
	for (size_t i = scan_next(call, &s, 0); i < s.n; i = scan_next(call, &s, i + 1)) {
		count++;
		cel_call_collect(call, s.v[i].object);
	}
	*out = wn_int(count);
	return true;
}

/* A signal without the number makes the sum unknown: it is not 0. */
static bool fn_sum(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct scan s;
	double sum = 0;
	struct wn_str attr = wn_value_str(args[2]);
	(void)n;
	if (!scan_begin(call, args, &s) || !window_set(call, &s, 0, wn_value_us(args[3])))
		return false;
	for (size_t i = scan_next(call, &s, 0); i < s.n; i = scan_next(call, &s, i + 1)) {
		struct wn_value v = wn_value_get(signal_at(&s, i)->attrs, attr);
		if (v.kind != WN_INT && v.kind != WN_DOUBLE)
			return cel_call_error(call, "a signal in the window has no " WN_STR_FMT,
					      WN_STR_ARG(attr));
		sum += v.kind == WN_INT ? (double)v.i : v.d;
		cel_call_collect(call, s.v[i].object);
	}
	*out = wn_double(sum);
	return true;
}

/* The A's that make B follow, as evidence. */
static void collect_before(struct cel_call *call, const struct scan *s, size_t b, int64_t d)
{
	int64_t at = signal_at(s, b)->occurred_us;
	for (size_t i = b; i-- > 0 && at - signal_at(s, i)->occurred_us <= d;) {
		const struct wn_signal *a = signal_at(s, i);
		if (a->kind == s->kind && a->occurred_us < at)
			cel_call_collect(call, s->v[i].object);
	}
}

/* The two newest different instants of A so far: the newest that is *before* B is one of them. */
struct newest {
	int64_t last_us, before_us;
};

static void newest_add(struct newest *n, int64_t at_us)
{
	if (at_us == n->last_us)
		return;
	n->before_us = n->last_us;
	n->last_us = at_us;
}

static bool follows(const struct newest *n, int64_t b_us, int64_t d)
{
	int64_t a = n->last_us < b_us ? n->last_us : n->before_us;
	return a != INT64_MIN && b_us - a <= d;
}

static bool fn_followed(struct cel_call *call, const struct wn_value *args, size_t n, struct wn_value *out)
{
	struct scan s;
	int kind_b;
	int64_t d = wn_value_us(args[3]), now = cel_call_now_us(call), last = 0, from = INT64_MAX;
	struct newest a = {INT64_MIN, INT64_MIN};
	bool found = false;
	(void)n;
	if (!scan_begin(call, args, &s) || !rule_kind_of(call, args[2], &kind_b))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const struct wn_signal *b = signal_at(&s, i);
		if (b->kind == s.kind)
			newest_add(&a, b->occurred_us);
		if (b->kind != kind_b || b->hard_stop_us <= now)
			continue;
		from = b->occurred_us - d < from ? b->occurred_us - d : from;
		if (!follows(&a, b->occurred_us, d))
			continue;
		found = true;
		last = b->hard_stop_us > last ? b->hard_stop_us : last;
		cel_call_collect(call, s.v[i].object);
		if (cel_call_is_collecting(call))
			collect_before(call, &s, i, d);
	}
	rule_next_change(call, last);
	if (!found && !is_kept(call, s.host, from))
		return false;
	*out = wn_bool(found);
	return true;
}

const struct rule_function rule_window_functions[] = {
    {"within", true, "SkD", 'S', fn_within, .moving = true, .collects = true, .variant_arg = 1},
    {"within", true, "SkDD", 'S', fn_within_from, .moving = true, .collects = true, .variant_arg = 1},
    {"count", true, "SkD", 'i', fn_count, .moving = true, .collects = true, .variant_arg = -1},
    {"sum", true, "SkaD", 'd', fn_sum, .moving = true, .collects = true, .variant_arg = -1},
    {"followed", true, "SkkD", 'b', fn_followed, .moving = true, .collects = true, .variant_arg = -1},
};
const size_t rule_n_window_functions = WN_COUNT(rule_window_functions);
