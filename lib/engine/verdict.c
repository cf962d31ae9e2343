/* SPDX-License-Identifier: MIT */
/*
 * One segment, one account, one signal: true, false or unknown, and what follows from it (design 03).
 *
 * Unknown never enrols anybody: not in `when`, not in `who`, not in the global `exclude`. A verdict that is not
 * true says when time alone may change it. Nothing is changed but the verdict; memory that stays is the world's
 * arena.
 */
#include "rule.h"

#include <whynow/failpoint.h>
#include <whynow/text.h>

static struct rule_host host_of(struct wn_world *w, const struct wn_account *a, const struct wn_signal *sig,
				const struct wn_contact *c)
{
	return (struct rule_host){.world = w, .account = a, .signal = sig, .contact = c};
}

/* Starts over in the scratch arena. */
static struct rule_host fresh_host(struct wn_world *w, const struct wn_account *a, const struct wn_signal *sig,
				   const struct wn_contact *c)
{
	wn_arena_reset(w->scratch);
	return host_of(w, a, sig, c);
}

static struct wn_str span_text(const struct cel_program *p, struct cel_span span)
{
	struct wn_str text = cel_program_text(p);
	if (span.end > text.n || span.start >= span.end)
		return text;
	return wn_text_trim((struct wn_str){text.p + span.start, span.end - span.start});
}

/* --- evidence ------------------------------------------------------------------------------------------ */
struct collect {
	struct wn_world *world;
	const struct cel_program *program;
	struct wn_verdict *verdict;
	double fresh[WN_EVIDENCE_MAX]; /* of verdict->evidence, falling */
};

static double freshness_of(const struct wn_world *w, const struct wn_signal *s)
{
	return wn_freshness(s->strength, s->publishers, s->occurred_us, s->half_life_us, s->hard_stop_us,
			    w->now_us);
}

static bool is_before(double fresh, const struct wn_signal *s, double other, const struct wn_evidence *e)
{
	if (fresh != other)
		return fresh > other;
	if (s->occurred_us != e->occurred_us)
		return s->occurred_us > e->occurred_us;
	return wn_id_cmp(s->key, e->signal_key) < 0;
}

static struct wn_evidence evidence_of(struct collect *c, const struct wn_signal *s, struct cel_span clause)
{
	return (struct wn_evidence){.signal_key = s->key,
				    .kind = s->kind,
				    .occurred_us = s->occurred_us,
				    .strength = s->strength,
				    .publishers = s->publishers,
				    .half_life_us = s->half_life_us,
				    .hard_stop_us = s->hard_stop_us,
				    .clause = wn_arena_str(c->world->arena, span_text(c->program, clause)),
				    .fresh = true};
}

/* Keeps the freshest, in order; the first clause that names a signal is its clause. */
static void on_element(void *ctx, const struct wn_object *element, struct cel_span clause)
{
	struct collect *c = ctx;
	struct wn_verdict *v = c->verdict;
	const struct wn_signal *s = (const struct wn_signal *)element;
	if (element->cls != &wn_signal_class)
		return;
	double fresh = freshness_of(c->world, s);
	size_t at = v->evidence.n;
	for (size_t i = 0; i < v->evidence.n; i++)
		if (wn_id_eq(v->evidence.v[i].signal_key, s->key))
			return;
	while (at > 0 && is_before(fresh, s, c->fresh[at - 1], &v->evidence.v[at - 1]))
		at--;
	if (at == WN_EVIDENCE_MAX)
		return;
	if (v->evidence.n < WN_EVIDENCE_MAX)
		(void)WN_PUSH(c->world->arena, &v->evidence);
	size_t behind = v->evidence.n - 1 - at;
	memmove(&v->evidence.v[at + 1], &v->evidence.v[at], behind * sizeof(*v->evidence.v));
	memmove(&c->fresh[at + 1], &c->fresh[at], behind * sizeof(*c->fresh));
	v->evidence.v[at] = evidence_of(c, s, clause);
	c->fresh[at] = fresh;
}

static void collect_evidence(struct rule_host *h, struct wn_verdict *v)
{
	struct collect c = {.world = h->world, .program = wn_segment_when(v->segment), .verdict = v};
	rule_eval_collect(h, wn_segment_when(v->segment), on_element, &c);
	if (v->evidence.n == 0) /* only with a planted bug: a rule that opens something reads a signal */
		on_element(&c, &v->signal->object, (struct cel_span){0, 0});
}

/* --- group --------------------------------------------------------------------------------------------- */
static void find_group(struct rule_host *h, struct wn_verdict *v)
{
	const struct wn_segment *s = v->segment;
	struct wn_value *values = WN_NEW_N(h->world->arena, struct wn_value, s->n_group_by + 1);
	struct cel_result res;
	for (size_t i = 0; i < s->n_group_by; i++) {
		enum wn_three is = rule_eval(h, s->group_by[i], &res);
		(void)is; /* no condition: the value counts */
		if (res.unknown) {
			v->clause = wn_arena_str(h->world->arena, cel_program_text(s->group_by[i]));
			v->detail = wn_arena_str(h->world->arena, wn_str_of(res.error));
			return;
		}
		values[i] = wn_value_copy(h->world->arena, res.value);
	}
	struct wn_buf json;
	wn_buf_init(&json, 64u << 10);
	v->group = wn_list(values, s->n_group_by);
	wn_json_write_canonical(&json, v->group);
	v->group_id = wn_id_of("group", (struct wn_str[]){wn_str_of(s->name), wn_buf_slice(&json)}, 2);
	v->group_known = !wn_buf_overflowed(&json);
	wn_buf_done(&json);
}

/* --- contacts and exclude ------------------------------------------------------------------------------ */
static bool reads_contact(const struct cel_program *p)
{
	return (rule_reads(cel_program_root(p)) & RULE_READS_CONTACT) != 0;
}

/* The global exclude, for a contact or (c NULL) for the account. Where it speaks of contacts and there is none,
 * only a definite yes excludes. */
enum wn_three rule_excluded(struct wn_world *w, const struct wn_account *a, const struct wn_contact *c,
			    struct cel_result *res)
{
	const struct cel_program *p = w->catalog->exclude;
	if (!p)
		return WN_FALSE3;
	struct rule_host h = host_of(w, a, NULL, c);
	enum wn_three is = rule_eval(&h, p, res);
	return is == WN_UNKNOWN3 && !c && reads_contact(p) ? WN_FALSE3 : is;
}

static bool may_be_reached(const struct wn_contact *c)
{
	return !c->opted_out && !c->suppressed && !c->erased && !c->departed;
}

static void choose_contacts(struct wn_world *w, struct wn_verdict *v)
{
	struct wn_account *a = v->account;
	bool any_excluded = false;
	for (size_t i = 0; i < a->contacts.n; i++) {
		struct cel_result res;
		struct wn_contact *c = a->contacts.v[i];
		if (!may_be_reached(c))
			continue;
		struct rule_host h = fresh_host(w, a, v->signal, c);
		if (rule_eval(&h, v->segment->who, &res) != WN_TRUE3)
			continue;
		enum wn_three out = rule_excluded(w, a, c, &res);
		any_excluded |= out == WN_TRUE3;
		if (out == WN_FALSE3)
			*WN_PUSH(w->arena, &v->contacts) = (struct wn_chosen){c};
	}
	v->excluded |= any_excluded && v->contacts.n == 0;
}

static void set_unknown(struct wn_world *w, struct wn_verdict *v, const struct cel_program *p,
			const struct cel_result *res)
{
	v->is = WN_VERDICT_UNKNOWN;
	v->clause = wn_arena_str(w->arena, span_text(p, res->clause));
	v->detail = wn_arena_str(w->arena, wn_str_of(res->error));
}

static void fill_true(struct rule_host *h, struct wn_verdict *v)
{
	struct wn_world *w = h->world;
	struct cel_result res;
	v->is = WN_VERDICT_TRUE;
	enum wn_three out = rule_excluded(w, v->account, NULL, &res);
	if (out == WN_UNKNOWN3) {
		set_unknown(w, v, w->catalog->exclude, &res);
		v->signal_terms_true = true;
		return;
	}
	v->excluded = out == WN_TRUE3;
	collect_evidence(h, v);
	find_group(h, v);
	if (v->segment->who)
		choose_contacts(w, v);
	else
		*WN_PUSH(w->arena, &v->contacts) = (struct wn_chosen){NULL};
}

/* --- not true ------------------------------------------------------------------------------------------ */
/* Time alone may make it true only if it would not be false with every time-dependent term unknown. */
static int64_t recheck_of(struct rule_host *h, const struct wn_segment *s)
{
	struct cel_result res;
	if (!inner_of(s)->when_moves || rule_eval_moving(h, wn_segment_when(s), &res) == WN_FALSE3)
		return WN_NEVER;
	int64_t soonest = h->world->now_us + WN_SECOND;
	int64_t at =
	    res.next_change_us == INT64_MAX || res.next_change_us > soonest ? res.next_change_us : soonest;
	return at >= h->signal->hard_stop_us ? WN_NEVER : at;
}

static bool signal_terms_true(struct rule_host *h, const struct wn_segment *s)
{
	struct cel_result res;
	const struct segment_programs *of = segment_programs_of(s);
	for (size_t i = 0; i < of->n_signal_terms; i++)
		if (rule_eval(h, of->parts[i], &res) != WN_TRUE3)
			return false;
	return true;
}

static void evaluate(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
		     struct wn_signal *sig, struct wn_verdict *v)
{
	struct cel_result res;
	*v = (struct wn_verdict){
	    .account = a, .segment = s, .signal = sig, .is = WN_VERDICT_FALSE, .recheck_us = WN_NEVER};
	if (s->broad || !rule_may_be_signal(sig, w->now_us))
		return;
	struct rule_host h = fresh_host(w, a, sig, NULL);
	enum wn_three is = rule_eval(&h, wn_segment_when(s), &res);
	if (is == WN_TRUE3 || (is == WN_UNKNOWN3 && wn_planted("enrol_on_unknown"))) {
		fill_true(&h, v);
		return;
	}
	if (is == WN_UNKNOWN3) {
		set_unknown(w, v, wn_segment_when(s), &res);
		v->signal_terms_true = signal_terms_true(&h, s);
	}
	v->recheck_us = recheck_of(&h, s);
}

/* What a rule says without the account's signals it says with any of them: an unknown term may become true or
 * false, and && and || have absorbed it already. */
bool verdict_is_ruled_out(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
			  struct wn_signal *sig)
{
	const struct segment_programs *of = segment_programs_of(s);
	struct cel_result res;
	struct rule_host h = fresh_host(w, a, sig, NULL);
	h.glance = true;
	for (size_t i = 0; i < of->n_still_terms; i++)
		if (rule_eval(&h, of->parts[i], &res) == WN_FALSE3)
			return true; /* one term of && that stays false, found without the account's traits */
	return rule_eval(&h, of->when, &res) == WN_FALSE3 &&
	       (!inner_of(s)->when_moves || rule_eval_moving(&h, of->when, &res) == WN_FALSE3);
}

/* --- public -------------------------------------------------------------------------------------------- */
struct wn_verdict *wn_verdict_of(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
				 struct wn_signal *sig)
{
	struct wn_verdict *v = WN_NEW(w->arena, struct wn_verdict);
	evaluate(w, s, a, sig, v);
	return v;
}

bool verdict_add(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig)
{
	struct wn_verdict v;
	evaluate(w, s, a, sig, &v);
	bool worth = v.is == WN_VERDICT_TRUE || (v.is == WN_VERDICT_UNKNOWN && v.signal_terms_true) ||
		     v.recheck_us != WN_NEVER;
	if (!worth)
		return false;
	struct wn_verdict *kept = WN_NEW(w->arena, struct wn_verdict);
	*kept = v;
	*WN_PUSH(w->arena, &w->verdicts) = kept;
	return true;
}

enum wn_three wn_when(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
		      struct wn_signal *sig)
{
	struct cel_result res;
	struct rule_host h = fresh_host(w, a, sig, NULL);
	return rule_eval(&h, wn_segment_when(s), &res);
}

enum wn_three wn_who(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
		     struct wn_signal *sig, struct wn_contact *c)
{
	struct cel_result res;
	if (!s->who)
		return c ? WN_FALSE3 : WN_TRUE3;
	if (!c || !may_be_reached(c))
		return WN_FALSE3;
	struct rule_host h = fresh_host(w, a, sig, c);
	enum wn_three is = rule_eval(&h, s->who, &res), out = rule_excluded(w, a, c, &res);
	if (is == WN_FALSE3 || out == WN_TRUE3)
		return WN_FALSE3;
	return is == WN_UNKNOWN3 || out == WN_UNKNOWN3 ? WN_UNKNOWN3 : WN_TRUE3;
}

enum wn_three wn_stay(struct wn_world *w, const struct wn_segment *s, struct wn_account *a,
		      struct wn_contact *c)
{
	struct cel_result res;
	struct rule_host h = fresh_host(w, a, NULL, c);
	enum wn_three all = WN_TRUE3;
	size_t n;
	const struct cel_program *const *terms = wn_segment_stay(s, &n);
	for (size_t i = 0; i < n; i++) {
		enum wn_three one = rule_eval(&h, terms[i], &res);
		if (one == WN_FALSE3)
			return WN_FALSE3;
		if (one == WN_UNKNOWN3)
			all = WN_UNKNOWN3;
	}
	enum wn_three out = rule_excluded(w, a, c, &res);
	if (out == WN_TRUE3)
		return WN_FALSE3;
	return out == WN_UNKNOWN3 ? WN_UNKNOWN3 : all;
}

enum wn_three wn_member_test(struct wn_world *w, const struct cel_program *p, struct wn_member *m)
{
	struct cel_result res;
	struct wn_contact *c =
	    wn_id_is_nil(m->contact_id) ? NULL : wn_account_contact(m->account, m->contact_id);
	struct rule_host h = fresh_host(w, m->account, wn_account_signal(m->account, m->signal_key), c);
	return rule_eval(&h, p, &res);
}
