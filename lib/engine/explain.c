/* SPDX-License-Identifier: MIT */
/*
 * Why not: which signal comes nearest, what its rule says clause by clause, which guards refuse, who of the
 * contacts fits, and what the step would do. Judges nothing by itself; see explain.h.
 */
#include "explain_internal.h"

#include "engine_internal.h"

/* --- the rule's terms ---------------------------------------------------------------------------------- */
struct term {
	const struct cel_node *node;
	struct cel_program *part;
	bool of_signal; /* else its verdict is the same for every signal */
	enum wn_three is;
};
struct terms {
	struct wn_arena *arena;
	const struct cel_program *program;
	WN_VEC(struct term) v;
};

static bool on_term(void *ctx, const struct cel_node *node)
{
	struct terms *t = ctx;
	struct term one = {
	    .node = node, .of_signal = (rule_reads(node) & RULE_READS_SIGNAL) != 0, .is = WN_UNKNOWN3};
	if (cel_program_part(t->program, node, &one.part, NULL) == WN_OK)
		*WN_PUSH(t->arena, &t->v) = one;
	return true;
}

static struct terms terms_of(struct wn_arena *a, const struct cel_program *p)
{
	struct terms t = {.arena = a, .program = p};
	rule_each_term(cel_program_root(p), on_term, &t);
	return t;
}

static void terms_free(struct terms *t)
{
	for (size_t i = 0; i < t->v.n; i++)
		cel_program_free(t->v.v[i].part);
}

static void judge(const struct asked *at, struct terms *t, bool of_signal)
{
	wn_arena_reset(at->world->scratch);
	struct rule_host h = {
	    .world = at->world, .account = at->account, .signal = at->signal, .contact = at->contact};
	struct cel_result res;
	for (size_t i = 0; i < t->v.n; i++)
		if (t->v.v[i].of_signal == of_signal)
			t->v.v[i].is = rule_eval(&h, t->v.v[i].part, &res);
}

/* --- the signal that comes nearest --------------------------------------------------------------------- */
/* A signal that may open something and makes the rule true; one that would but for its age; then one of a kind for which the
 * rule may be true, and of those the one for which most terms hold. */
static int score(const struct terms *t, bool counts, bool of_kind)
{
	int holds = 0, unknown = 0;
	for (size_t i = 0; i < t->v.n; i++) {
		holds += t->v.v[i].is == WN_TRUE3;
		unknown += t->v.v[i].is == WN_UNKNOWN3;
	}
	bool all = holds == (int)t->v.n;
	return (all && counts ? 4000000 : all ? 2000000 : 0) + (of_kind ? 1500000 : 0) + (counts ? 1000000 : 0) + holds * 1000 + unknown;
}

static struct wn_signal *nearest_signal(struct asked *at, struct terms *t, const uint64_t *kinds)
{
	struct wn_signal *best = NULL;
	int best_score = -1;
	at->signal = NULL;
	judge(at, t, false);
	for (size_t i = at->account->signals.n; i-- > 0;) {
		struct wn_signal *s = at->account->signals.v[i];
		at->signal = s;
		judge(at, t, true);
		bool of_kind = kinds[s->kind / 64] >> (s->kind % 64) & 1;
		int points = score(t, rule_may_be_signal(s, at->world->now_us), of_kind);
		if (points > best_score) {
			best = s;
			best_score = points;
		}
		if (points >= 5000000)
			break; /* none does better, and this one is the newest */
	}
	at->signal = best;
	judge(at, t, true);
	return best;
}

static struct wn_clause *clauses_of(const struct asked *at, const struct terms *t)
{
	struct wn_clause *v = WN_NEW_N(at->world->arena, struct wn_clause, t->v.n + 1);
	for (size_t i = 0; i < t->v.n; i++)
		explain_term(at, t->program, t->v.v[i].node, &v[i]);
	return v;
}

struct wn_clause *wn_explain_program(struct wn_world *w, const struct cel_program *p, struct wn_account *a,
				     struct wn_signal *sig, struct wn_contact *c, size_t *n)
{
	struct asked at = {w, a, sig, c};
	struct terms t = terms_of(w->arena, p);
	struct wn_clause *v = clauses_of(&at, &t);
	*n = t.v.n;
	terms_free(&t);
	return v;
}

struct wn_explanation *wn_explain_rule(struct wn_world *w, const struct wn_segment *s, struct wn_account *a)
{
	struct wn_explanation *x = WN_NEW(w->arena, struct wn_explanation);
	struct asked at = {.world = w, .account = a};
	struct terms t = terms_of(w->arena, wn_segment_when(s));
	struct cel_result res;
	*x = (struct wn_explanation){.segment = s, .account = a, .true_us = WN_NEVER};
	x->signal = nearest_signal(&at, &t, inner_of(s)->kinds);
	x->signal_counts = x->signal && rule_may_be_signal(x->signal, w->now_us);
	x->clauses = clauses_of(&at, &t);
	x->n_clauses = t.v.n;
	while (x->first < x->n_clauses && x->clauses[x->first].is == WN_TRUE3)
		x->first++;
	x->is = ask_part(&at, wn_segment_when(s), cel_program_root(wn_segment_when(s)), &res);
	enum wn_three to = x->is;
	if (x->is != WN_TRUE3 && x->signal_counts)
		x->true_us =
		    flips_at(&at, wn_segment_when(s), cel_program_root(wn_segment_when(s)), x->is, x->signal->hard_stop_us, &to);
	if (to != WN_TRUE3)
		x->true_us = WN_NEVER;
	terms_free(&t);
	return x;
}

/* --- gates --------------------------------------------------------------------------------------------- */
static void add_gate(struct wn_explanation *x, struct wn_gate g)
{
	x->gates[x->n_gates++] = g;
}

static const char *why_it_does_not_count(struct wn_world *w, const struct wn_signal *s)
{
	if (!s)
		return "nothing was heard of the account yet";
	if (s->retracted)
		return "the signal that comes nearest was retracted";
	if (s->hard_stop_us <= w->now_us)
		return wn_arena_printf(w->arena, "the %s that comes nearest is past its hard stop",
				       wn_registry_kind(w->catalog->registry, s->kind)->name);
	return "the signal that comes nearest was history when its feed was first polled: it counts in windows "
	       "and opens nothing";
}

static void gate_of_signal(struct wn_world *w, struct wn_explanation *x)
{
	add_gate(x,
		 (struct wn_gate){.name = "signal",
				  .is = x->signal_counts ? WN_TRUE3 : WN_FALSE3,
				  .detail = x->signal_counts ? (struct wn_str){"", 0}
							     : wn_str_of(why_it_does_not_count(w, x->signal))});
}

/* A verdict is made up where the rule is not true: guards that read no more than account, segment and signal
 * are asked all the same. */
static struct wn_verdict *verdict_for_guards(struct wn_world *w, struct wn_explanation *x)
{
	static const struct wn_signal none;
	struct cel_result res;
	if (x->verdict)
		return x->verdict;
	struct wn_verdict *v = WN_NEW(w->arena, struct wn_verdict);
	*v = (struct wn_verdict){.account = x->account,
				 .segment = x->segment,
				 .signal = x->signal ? x->signal : (struct wn_signal *)&none,
				 .is = WN_VERDICT_FALSE,
				 .recheck_us = WN_NEVER};
	wn_arena_reset(w->scratch);
	v->excluded = rule_excluded(w, x->account, NULL, &res) == WN_TRUE3;
	return v;
}

static struct wn_gate gate_of(struct wn_world *w, const struct wn_explanation *x, const struct guard *g,
			      const struct wn_verdict *v)
{
	struct wn_gate gate = {
	    .name = wn_non_action_to_text(g->reason), .is = WN_UNKNOWN3, .detail = WN_STR("")};
	if (g->of_truth && !x->verdict)
		return gate;
	gate.is = g->refuses(w, v) ? WN_FALSE3 : WN_TRUE3;
	if (g->tell && (gate.is == WN_FALSE3 || g->reason == WN_NON_ACTION_STALE_ON_ARRIVAL))
		gate.detail = wn_str_of(g->tell(w, v));
	if (g->reason == WN_NON_ACTION_UNKNOWN_GROUP && gate.is == WN_FALSE3)
		gate.detail =
		    wn_str_of(wn_arena_printf(w->arena, WN_STR_FMT " has no value", WN_STR_ARG(v->clause)));
	if (g->reason == WN_NON_ACTION_COOLDOWN && gate.is == WN_FALSE3)
		gate.until_us = cooldown_until(x->account, x->segment);
	return gate;
}

static void find_gates(struct wn_world *w, struct wn_explanation *x)
{
	const struct wn_verdict *v = verdict_for_guards(w, x);
	x->gates = WN_NEW_N(w->arena, struct wn_gate, verdict_guards_n + 1);
	gate_of_signal(w, x);
	for (size_t i = 0; i < verdict_guards_n; i++)
		add_gate(x, gate_of(w, x, &verdict_guards[i], v));
	while (x->gate < x->n_gates && x->gates[x->gate].is != WN_FALSE3)
		x->gate++;
}

/* --- contacts ------------------------------------------------------------------------------------------ */
static const struct wn_member *living_as(const struct wn_explanation *x, struct wn_id contact_id, bool anybody)
{
	for (size_t i = 0; i < x->account->members.n; i++) {
		const struct wn_member *m = x->account->members.v[i];
		if (m->left == WN_LEFT_LIVE && wn_str_is(m->segment, x->segment->name) &&
		    (anybody || wn_id_eq(m->contact_id, contact_id)))
			return m;
	}
	return NULL;
}

static const char *blocked_by(struct wn_world *w, const struct wn_account *a, const struct wn_contact *c)
{
	struct cel_result res;
	if (c->erased)
		return "erased";
	if (c->opted_out)
		return "opted_out";
	if (c->suppressed || trait_forbids(c->traits))
		return "suppressed";
	if (c->departed)
		return "departed";
	wn_arena_reset(w->scratch);
	return rule_excluded(w, a, c, &res) == WN_TRUE3 ? "excluded" : NULL;
}

static struct wn_contact_why contact_why(struct wn_world *w, const struct wn_explanation *x,
					 struct wn_contact *c)
{
	const struct wn_segment *s = x->segment;
	struct wn_contact_why y = {.contact = c, .is = wn_who(w, s, x->account, x->signal, c)};
	if (c) {
		y.blocked = blocked_by(w, x->account, c);
		y.clauses = wn_explain_program(w, s->who, x->account, x->signal, c, &y.n_clauses);
	}
	y.member = living_as(x, c ? c->id : (struct wn_id){{0}}, false);
	if (s->n_steps)
		y.n_caps =
		    wn_touch_pressure(w, x->account, c, wn_str_of(s->steps[0].channel), y.caps, &y.window_us);
	return y;
}

static void find_contacts(struct wn_world *w, struct wn_explanation *x)
{
	size_t n = x->segment->who ? x->account->contacts.n : 1;
	x->contacts = WN_NEW_N(w->arena, struct wn_contact_why, n + 1);
	for (size_t i = 0; i < n; i++)
		x->contacts[x->n_contacts++] =
		    contact_why(w, x, x->segment->who ? x->account->contacts.v[i] : NULL);
}

/* --- whole --------------------------------------------------------------------------------------------- */
static const struct wn_member *copy_of(struct wn_world *w, const struct wn_member *m)
{
	struct wn_member *copy = m ? WN_NEW(w->arena, struct wn_member) : NULL;
	if (m)
		*copy = *m; /* as it is before the step of wn_explain_outcome */
	return copy;
}

struct wn_explanation *wn_explain(struct wn_world *w, const struct wn_segment *s, struct wn_account *a)
{
	struct wn_explanation *x = wn_explain_rule(w, s, a);
	if (x->is == WN_TRUE3 && x->signal_counts && !s->broad) {
		struct wn_verdict *v = wn_verdict_of(w, s, a, x->signal);
		if (v->is == WN_VERDICT_TRUE)
			*WN_PUSH(w->arena, &w->verdicts) = x->verdict = v;
	}
	if (!s->broad) {
		find_gates(w, x);
		find_contacts(w, x);
	}
	x->living = copy_of(w, living_as(x, (struct wn_id){{0}}, true));
	for (size_t i = 0; i < a->non_actions.n; i++)
		if (wn_str_is(a->non_actions.v[i]->segment, s->name))
			x->stored = a->non_actions.v[i];
	return x;
}

/* --- what would happen --------------------------------------------------------------------------------- */
static enum wn_explain_does does_of(const struct wn_change *ch)
{
	static const struct {
		const char *type;
		enum wn_explain_does does;
	} types[] = {{"campaign.opened", WN_DOES_OPEN},
		     {"campaign.proposed", WN_DOES_PROPOSE},
		     {"campaign.extended", WN_DOES_EXTEND},
		     {"member.enrolled", WN_DOES_JOIN}};
	for (size_t i = 0; i < WN_COUNT(types); i++)
		if (strcmp(ch->type, types[i].type) == 0)
			return types[i].does;
	return WN_DOES_NOTHING;
}

static void find_refusal(struct wn_explanation *x)
{
	for (size_t i = 0; i < x->account->non_actions.n; i++) {
		const struct wn_non_action *na = x->account->non_actions.v[i];
		if (na->fresh && wn_str_is(na->segment, x->segment->name)) {
			x->reason = na->reason;
			x->detail = na->detail;
		}
	}
}

void wn_explain_outcome(struct wn_world *w, struct wn_explanation *x)
{
	size_t from = w->changes.n;
	if (!x->verdict)
		return;
	if (x->stored) { /* the step writes into the same row */
		struct wn_non_action *copy = WN_NEW(w->arena, struct wn_non_action);
		*copy = *x->stored;
		x->stored = copy;
	}
	x->asked = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_VERDICT, .verdict = x->verdict},
				    NULL) == WN_OK;
	for (size_t i = from; i < w->changes.n; i++)
		if (does_of(w->changes.v[i]) > x->does) {
			x->does = does_of(w->changes.v[i]);
			x->campaign = w->changes.v[i]->campaign;
		}
	if (x->does == WN_DOES_NOTHING)
		find_refusal(x);
}
