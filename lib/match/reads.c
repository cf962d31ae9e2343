/* SPDX-License-Identifier: MIT */
/*
 * What a rule reads: fields of signals, account and contact, kinds, other segments. Read off the checked tree;
 * where the tree does not say, the answer is "everything". Folded-away terms are not read.
 */
#include <whynow/match.h>

struct reader {
	const struct wn_match_env *env;
	struct wn_arena *arena;
	struct wn_rule_reads *out;
	WN_VEC(struct wn_str) segments;
};

static void walk(struct reader *r, const struct cel_node *n);

static void mark(uint64_t *set, uint32_t number)
{
	if (number < WN_READS_FIELDS_MAX)
		set[number / 64] |= UINT64_C(1) << (number % 64);
}

/* Number of the kind of this name, -1: none. */
static int variant(const struct reader *r, struct wn_value v)
{
	const char *const *names = r->env->signal_record ? r->env->signal_record->variant_names : NULL;

	for (int i = 0; v.kind == WN_STRING && names && names[i] && i < WN_KINDS_MAX; i++)
		if (wn_str_is(wn_value_str(v), names[i]))
			return i;
	return -1;
}

/* Kinds named by a literal or a list of literals; true if there was one. */
static bool name_kinds(const struct reader *r, const struct cel_node *n, uint64_t *set)
{
	struct cel_node_view v = cel_node_look(n);
	bool any = false;
	int k;

	if (v.kind == CEL_NODE_LIST)
		for (size_t i = 0; i < v.n_args; i++)
			any |= name_kinds(r, v.args[i], set);
	if (v.kind != CEL_NODE_LITERAL)
		return any;
	if (v.literal.kind == WN_LIST)
		for (uint32_t i = 0; i < v.literal.n; i++)
			if ((k = variant(r, v.literal.list[i])) >= 0) {
				mark(set, (uint32_t)k);
				any = true;
			}
	if ((k = variant(r, v.literal)) >= 0) {
		mark(set, (uint32_t)k);
		any = true;
	}
	return any;
}

static bool is_variable(const struct cel_node *n, int variable)
{
	struct cel_node_view v = cel_node_look(n);

	return v.kind == CEL_NODE_IDENT && variable >= 0 && v.variable == variable;
}

/* A field of a record: of which one is known by the type, and whether it is the arriving signal by the
 * variable. */
static void read_field(struct reader *r, const struct cel_node_view *v)
{
	struct cel_node_view of = cel_node_look(v->args[0]);
	const struct cel_record *rec = of.type && of.type->kind == CEL_RECORD ? of.type->record : NULL;
	bool variable = of.kind == CEL_NODE_IDENT;

	if (rec && rec == r->env->account_record)
		mark(r->out->account, v->field->number);
	else if (rec && rec == r->env->contact_record)
		mark(r->out->contact, v->field->number);
	else if (variable && of.variable >= 0 && of.variable == r->env->signal)
		mark(r->out->signal, v->field->number);
	else
		mark(r->out->signals, v->field->number);
	if (variable && of.variable >= 0 && of.variable == r->env->signal)
		r->out->uses_signal = true;
	if (!variable)
		walk(r, v->args[0]);
}

static void read_whole(struct reader *r, const struct cel_node_view *v)
{
	const struct wn_match_env *e = r->env;

	if (v->variable < 0)
		return;
	r->out->whole_account |= v->variable == e->account;
	r->out->whole_contact |= v->variable == e->contact;
	if (v->variable == e->signal)
		r->out->whole_signal = r->out->uses_signal = true;
	if (v->variable == e->signals)
		r->out->uses_signals = r->out->any_window_kind = true;
}

static void read_segment(struct reader *r, const struct cel_node_view *v)
{
	for (size_t i = 0; i < v->n_args; i++) {
		struct cel_node_view arg = cel_node_look(v->args[i]);
		if (arg.kind == CEL_NODE_LITERAL && arg.literal.kind == WN_STRING)
			*WN_PUSH(r->arena, &r->segments) = wn_arena_str(r->arena, wn_value_str(arg.literal));
		else
			r->out->any_segment = true;
	}
}

/* A comparison with the kind of the arriving signal names kinds for it; every other name of a kind is of a
 * window. */
static bool compares_kind_of_signal(const struct reader *r, const struct cel_node_view *call)
{
	const char *kind = r->env->signal_record ? r->env->signal_record->discriminator : NULL;

	for (size_t i = 0; i < call->n_args; i++) {
		struct cel_node_view v = cel_node_look(call->args[i]);
		if (v.kind == CEL_NODE_SELECT && kind && wn_str_is(v.name, kind) &&
		    is_variable(v.args[0], r->env->signal))
			return true;
	}
	return false;
}

static void read_call(struct reader *r, const struct cel_node_view *v)
{
	bool named = false, arriving = compares_kind_of_signal(r, v);

	if (wn_str_is(v->name, "in_segment")) {
		read_segment(r, v);
		return;
	}
	for (size_t i = 0; i < v->n_args; i++)
		named |= name_kinds(r, v->args[i], arriving ? r->out->kinds : r->out->window_kinds);
	for (size_t i = 0; i < v->n_args; i++) {
		if (named && is_variable(v->args[i], r->env->signals))
			r->out->uses_signals = true;
		else
			walk(r, v->args[i]);
	}
}

static void walk(struct reader *r, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);

	r->out->moving |= v.moving;
	switch (v.kind) {
	case CEL_NODE_IDENT:
		read_whole(r, &v);
		return;
	case CEL_NODE_SELECT:
	case CEL_NODE_HAS:
		if (v.field) {
			read_field(r, &v);
			return;
		}
		break;
	case CEL_NODE_CALL:
		read_call(r, &v);
		return;
	default:
		break;
	}
	for (size_t i = 0; i < v.n_args; i++)
		walk(r, v.args[i]);
}

void wn_rule_reads(const struct wn_match_env *env, const struct cel_program *p, struct wn_arena *a,
		   struct wn_rule_reads *out)
{
	struct wn_rule_reads reads = {0};
	struct reader r = {.env = env, .arena = a, .out = &reads};

	walk(&r, cel_program_root(p));
	reads.segments = r.segments.v;
	reads.n_segments = r.segments.n;
	*out = reads;
}

static void join(uint64_t *to, const uint64_t *more, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] |= more[i];
}

void wn_rule_reads_add(struct wn_rule_reads *to, const struct wn_rule_reads *more, struct wn_arena *a)
{
	struct wn_str *segments = WN_NEW_N(a, struct wn_str, to->n_segments + more->n_segments + 1);

	join(to->account, more->account, WN_COUNT(to->account));
	join(to->contact, more->contact, WN_COUNT(to->contact));
	join(to->signal, more->signal, WN_COUNT(to->signal));
	join(to->signals, more->signals, WN_COUNT(to->signals));
	join(to->kinds, more->kinds, WN_COUNT(to->kinds));
	join(to->window_kinds, more->window_kinds, WN_COUNT(to->window_kinds));
	to->whole_account |= more->whole_account;
	to->whole_contact |= more->whole_contact;
	to->whole_signal |= more->whole_signal;
	to->any_window_kind |= more->any_window_kind;
	to->uses_signal |= more->uses_signal;
	to->uses_signals |= more->uses_signals;
	to->moving |= more->moving;
	to->any_segment |= more->any_segment;
	for (size_t i = 0; i < to->n_segments; i++)
		segments[i] = to->segments[i];
	for (size_t i = 0; i < more->n_segments; i++)
		segments[to->n_segments + i] = more->segments[i];
	to->segments = segments;
	to->n_segments += more->n_segments;
}
