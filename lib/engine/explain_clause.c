/* SPDX-License-Identifier: MIT */
/*
 * One term of a rule, taken apart: its verdict, what its paths and windows are, where a trait comes from, and
 * when time alone changes the verdict. Every value is that of a part of the compiled rule: there is no second
 * evaluator.
 */
#include "explain_internal.h"

#include <whynow/date.h>

enum { FLIPS_MAX = 64 /* instants looked at for one term; each costs two evaluations */ };

/* --- parts --------------------------------------------------------------------------------------------- */
static struct rule_host host_at(const struct asked *at)
{
	wn_arena_reset(at->world->scratch);
	return (struct rule_host){
	    .world = at->world, .account = at->account, .signal = at->signal, .contact = at->contact};
}

static void part_failed(struct cel_result *res)
{
	*res = (struct cel_result){
	    .unknown = true, .next_change_us = INT64_MAX, .error = "it is asked of each element"};
}

enum wn_three ask_part(const struct asked *at, const struct cel_program *p, const struct cel_node *n,
		       struct cel_result *res)
{
	struct cel_program *part;
	if (cel_program_part(p, n, &part, NULL)) {
		part_failed(res);
		return WN_UNKNOWN3;
	}
	struct rule_host h = host_at(at);
	enum wn_three is = rule_eval(&h, part, res);
	if (!res->unknown)
		res->value = wn_value_copy(at->world->arena, res->value);
	cel_program_free(part);
	return is;
}

struct wn_str part_text(struct wn_world *w, const struct cel_program *p, const struct cel_node *n)
{
	struct cel_program *part;
	struct wn_buf b;
	wn_buf_init(&b, WN_CEL_TEXT_MAX * 2);
	if (cel_program_part(p, n, &part, NULL) == WN_OK) {
		cel_program_canonical(part, &b);
		cel_program_free(part);
	} else { /* a part of a comprehension: as it was written */
		struct cel_span span = cel_node_look(n).span;
		wn_buf_add(&b, cel_program_text(p).p + span.start, span.end - span.start);
	}
	struct wn_str text = wn_arena_str(w->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

/* --- time alone ---------------------------------------------------------------------------------------- */
int64_t flips_at(const struct asked *at, const struct cel_program *p, const struct cel_node *n,
		 enum wn_three is, int64_t limit_us, enum wn_three *to)
{
	struct wn_world *w = at->world;
	int64_t now = w->now_us, found = WN_NEVER;
	struct cel_program *part;
	if (!cel_node_look(n).moving || cel_program_part(p, n, &part, NULL))
		return WN_NEVER;
	for (int i = 0; i < FLIPS_MAX && found == WN_NEVER; i++) {
		struct cel_result res;
		struct rule_host h = host_at(at);
		(void)rule_eval_moving(&h, part, &res);
		if (res.next_change_us >= limit_us || res.next_change_us <= w->now_us)
			break;
		w->now_us = res.next_change_us;
		h = host_at(at);
		*to = rule_eval(&h, part, &res);
		if (*to != is)
			found = w->now_us;
	}
	w->now_us = now;
	cel_program_free(part);
	return found;
}

/* --- readings ------------------------------------------------------------------------------------------ */
struct readings {
	const struct asked *at;
	const struct cel_program *program;
	WN_VEC(struct wn_reading) v;
};

static bool is_window(const struct cel_node_view *v)
{
	static const char *const of_signals[] = {"count", "sum", "followed", "within"};
	static const char *const free[] = {"absent", "surge", "in_segment"};
	if (v->kind != CEL_NODE_CALL)
		return false;
	for (size_t i = 0; i < WN_COUNT(free); i++)
		if (wn_str_is(v->name, free[i]))
			return true;
	for (size_t i = 0; v->n_args && i < WN_COUNT(of_signals); i++)
		if (wn_str_is(v->name, of_signals[i]))
			return (rule_reads(v->args[0]) & RULE_READS_SIGNALS) != 0;
	return false;
}

static bool is_list_of_signals(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	return v.kind == CEL_NODE_IDENT && v.variable == WN_RULE_SIGNALS;
}

static int64_t time_of_trait(struct wn_value at)
{
	int64_t us = 0;
	if (at.kind == WN_TIMESTAMP)
		return wn_value_us(at);
	return at.kind == WN_STRING && wn_date_parse(wn_value_str(at), &us) ? us : 0;
}

/* Where the trait comes from that a path ends in. */
static void find_source(const struct asked *at, const struct cel_node *n, struct wn_reading *r)
{
	struct cel_node_view v = cel_node_look(n);
	if (v.kind != CEL_NODE_SELECT || !v.field || v.field->number < WN_FIELD_TRAIT0)
		return;
	int variable = cel_node_look(v.args[0]).variable;
	struct wn_value traits = variable == WN_RULE_ACCOUNT                  ? wn_account_traits(at->account)
				 : variable == WN_RULE_CONTACT && at->contact ? at->contact->traits
									      : (struct wn_value){0};
	struct wn_value one = wn_value_get(traits, v.name);
	const struct wn_object *of = variable == WN_RULE_ACCOUNT                  ? &at->account->object
				     : variable == WN_RULE_CONTACT && at->contact ? &at->contact->object
										  : NULL;
	r->assumed = of && r->value.kind != WN_ABSENT && !of->cls->has(of, v.field->number);
	r->source = wn_value_str(wn_value_at(one, "source"));
	r->by = wn_value_str(wn_value_at(one, "by"));
	r->at_us = time_of_trait(wn_value_at(one, "at"));
}

static void read(struct readings *r, const struct cel_node *n)
{
	struct wn_arena *a = r->at->world->arena;
	struct wn_str text = part_text(r->at->world, r->program, n);
	struct cel_result res;
	for (size_t i = 0; i < r->v.n; i++)
		if (wn_str_eq(r->v.v[i].text, text))
			return;
	(void)ask_part(r->at, r->program, n, &res);
	struct wn_reading one = {.text = text, .counts = wn_str_is(cel_node_look(n).name, "count")};
	if (res.unknown) {
		one.error = wn_arena_str(a, wn_str_of(res.error));
	} else if (res.value.kind == WN_LIST && cel_node_look(n).type &&
		   cel_node_look(n).type->kind == CEL_LIST && cel_node_look(n).type->elem &&
		   cel_node_look(n).type->elem->kind == CEL_RECORD) {
		one.value = wn_int(res.value.n);
		one.counts = true;
	} else {
		one.value = res.value;
	}
	find_source(r->at, n, &one);
	*WN_PUSH(a, &r->v) = one;
}

static void walk(struct readings *r, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	if (is_list_of_signals(n) || is_window(&v) || v.kind == CEL_NODE_HAS ||
	    (v.kind == CEL_NODE_SELECT && rule_is_path(n))) {
		read(r, n);
		return;
	}
	for (size_t i = 0; i < v.n_args; i++)
		walk(r, v.args[i]);
}

/* --- the term ------------------------------------------------------------------------------------------ */
void explain_term(const struct asked *at, const struct cel_program *p, const struct cel_node *term,
		  struct wn_clause *out)
{
	struct wn_arena *a = at->world->arena;
	struct readings r = {.at = at, .program = p};
	struct cel_result res;
	int64_t limit =
	    at->signal && at->signal->hard_stop_us > at->world->now_us ? at->signal->hard_stop_us : WN_NEVER;
	*out = (struct wn_clause){.text = part_text(at->world, p, term), .flips_us = WN_NEVER};
	out->is = ask_part(at, p, term, &res);
	if (res.unknown)
		out->error = wn_arena_str(a, wn_str_of(res.error));
	walk(&r, term);
	out->readings = r.v.v;
	out->n_readings = r.v.n;
	if (out->is != WN_TRUE3)
		out->needs = needs_of(at, p, term);
	out->flips_us = flips_at(at, p, term, out->is, limit, &out->flips_to);
}
