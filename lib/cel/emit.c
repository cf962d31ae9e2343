/* SPDX-License-Identifier: MIT */
/*
 * From checked tree to program: every node gets its eval function, constants are folded, literal patterns and
 * time zones are prepared.
 *
 * Folding runs the evaluator on nodes whose parts are literals; what fails stays as it is and fails when run.
 * All folding of one compile shares one budget, so that a short text cannot make a large program.
 */
#include "cel_internal.h"
#include <whynow/regex.h>

#include <whynow/tz.h>

#define FOLD_MEMORY (1u << 20) /* bytes all folded values may take */
#define FOLD_STEPS 100000

struct emitter {
	struct cel_compile *c;
	struct cel_run fold;
};

/* --- choosing eval functions --------------------------------------------------------------------------- */
static bool is_global(const struct cel_node *n) { return n->kind == CEL_NODE_IDENT && n->id.variable >= 0; }
static bool is_local(const struct cel_node *n) { return n->kind == CEL_NODE_IDENT && n->id.variable < 0 && n->id.slot >= 0; }

static void emit_select(struct cel_node *n)
{
	struct cel_node *from = n->args[0];

	n->eval = cel_eval_select;
	if (!n->sel.field || from->type->kind != CEL_RECORD)
		return;
	n->eval = cel_eval_field;
	if (is_global(from)) {
		n->eval = cel_eval_field_of_variable;
		n->sel.variable = from->id.variable;
	} else if (is_local(from) && !from->id.collectable) {
		n->eval = cel_eval_local_field;
		n->sel.variable = from->id.slot;
	}
}

static cel_native_fn *common_native(const struct cel_node *n)
{
	cel_native_fn *fn = n->call.n_overloads ? n->call.overloads[0]->native : NULL;

	for (uint32_t i = 1; i < n->call.n_overloads && fn; i++)
		if (n->call.overloads[i]->native != fn)
			fn = NULL;
	return fn;
}

static void emit_call(struct cel_node *n)
{
	n->eval = n->n_args == 1 ? cel_eval_native1 : n->n_args == 2 ? cel_eval_native2 : cel_eval_native_n;
	n->call.native = common_native(n);
	if (n->call.n_overloads == 0 || n->n_args > 16)
		n->eval = cel_eval_unbound;
	else if (cel_op_compares(n->op))
		n->eval = n->flags & NODE_TERM ? cel_eval_compare_moving : n->args[1]->kind == CEL_NODE_LITERAL ? cel_eval_compare_field : cel_eval_compare;
	else if (n->op == OP_IN)
		n->eval = cel_eval_in;
	else if (n->op == OP_INDEX || n->op == OP_OPT_INDEX)
		n->eval = cel_eval_index;
	else if (n->flags & NODE_FLOWS)
		n->eval = cel_eval_shift_moving;
	else if (!n->call.native)
		n->eval = cel_eval_dispatch;
	else if (n->n_args == 2 && n->flags & NODE_RECEIVER && (wn_str_is(n->name, "or") || wn_str_is(n->name, "orValue")))
		n->eval = cel_eval_or_else;
}

static void emit_ident(struct cel_node *n)
{
	n->eval = n->id.variable >= 0 ? cel_eval_ident : n->id.slot >= 0 ? cel_eval_local : cel_eval_unbound;
}

static bool host_moving(const struct cel_node *n)
{
	for (uint32_t i = 0; n->kind == CEL_NODE_CALL && !n->op && i < n->call.n_overloads; i++)
		if (n->call.overloads[i]->host && n->call.overloads[i]->host->moving)
			return true;
	return false;
}

void cel_emit_plain(struct cel_node *n)
{
	static cel_eval_fn *const by_kind[] = {
		[CEL_NODE_LITERAL] = cel_eval_literal, [CEL_NODE_HAS] = cel_eval_has, [CEL_NODE_LIST] = cel_eval_list,
		[CEL_NODE_MAP] = cel_eval_map, [CEL_NODE_AND] = cel_eval_and, [CEL_NODE_OR] = cel_eval_or,
		[CEL_NODE_NOT] = cel_eval_not, [CEL_NODE_COND] = cel_eval_cond, [CEL_NODE_INDEX] = cel_eval_index,
		[CEL_NODE_COMPREHENSION] = cel_eval_loop,
	};

	if (n->kind == CEL_NODE_IDENT)
		emit_ident(n);
	else if (n->kind == CEL_NODE_SELECT)
		emit_select(n);
	else if (n->kind == CEL_NODE_CALL && n->op == OP_OPT_SELECT)
		n->eval = cel_eval_opt_select;
	else if (n->kind == CEL_NODE_CALL)
		emit_call(n);
	else if (n->kind == CEL_NODE_COMPREHENSION && n->macro >= MACRO_BIND)
		n->eval = cel_eval_scope;
	else
		n->eval = by_kind[n->kind];
	if ((n->flags & NODE_TERM) && n->eval != cel_eval_compare_moving && !host_moving(n)) {
		n->plain = n->eval;
		n->eval = cel_eval_opaque_moving;
	}
}

/* --- literal arguments that are compiled once ---------------------------------------------------------- */
static bool prepare_regex(struct cel_compile *c, struct cel_node *n, const struct cel_node *pattern)
{
	char why[200];
	struct cel_regex *re = cel_regex_new(pattern->literal.s, pattern->literal.n, why, sizeof(why));

	if (!re) {
		if (c->opt && c->opt->unchecked)
			return true;
		return cel_complain(c, pattern->span, "this is no regular expression (RE2): %s", why);
	}
	*WN_PUSH(c->arena, &c->p->regexes) = re;
	n->call.prepared = re;
	return true;
}

static void prepare_zone(struct cel_compile *c, struct cel_node *n, const struct cel_node *name)
{
	struct wn_tz *tz = NULL;
	char text[100];
	struct wn_str s = wn_value_str(name->literal);

	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, ':', s.n) || memchr(s.p, 0, s.n))
		return;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (wn_tz_load(text, &tz, NULL) != WN_OK)
		return;
	*WN_PUSH(c->arena, &c->p->zones) = tz;
	n->call.prepared = tz;
}

static bool prepare(struct cel_compile *c, struct cel_node *n)
{
	const struct cel_node *last = n->n_args == 2 ? n->args[1] : NULL;

	if (n->kind != CEL_NODE_CALL || n->op || !last || last->kind != CEL_NODE_LITERAL || last->literal.kind != WN_STRING ||
	    !common_native(n))
		return true;
	if (wn_str_is(n->name, "matches"))
		return prepare_regex(c, n, last);
	if (n->name.n > 3 && memcmp(n->name.p, "get", 3) == 0)
		prepare_zone(c, n, last);
	return true;
}

/* --- folding ------------------------------------------------------------------------------------------- */
static bool foldable_call(const struct cel_node *n)
{
	for (uint32_t i = 0; i < n->call.n_overloads; i++) {
		const struct cel_overload *host = n->call.overloads[i]->host;

		if (host && (!host->pure || host->moving || host->collects))
			return false;
	}
	return n->call.n_overloads > 0 || n->op == OP_OPT_SELECT;
}

static bool foldable(const struct cel_node *n)
{
	if (n->kind == CEL_NODE_CALL || n->kind == CEL_NODE_INDEX ? !foldable_call(n)
								    : n->kind != CEL_NODE_LIST && n->kind != CEL_NODE_MAP &&
									      n->kind != CEL_NODE_SELECT && n->kind != CEL_NODE_HAS)
		return false;
	for (uint32_t i = 0; i < n->n_args; i++)
		if (n->args[i]->kind != CEL_NODE_LITERAL)
			return false;
	return n->n_args > 0 || n->kind == CEL_NODE_LIST || n->kind == CEL_NODE_MAP;
}

static void fold(struct emitter *e, struct cel_node *n)
{
	struct cel_node *was;
	struct wn_value v;

	/* An object stays behind in the arena of the compile. */
	if (e->fold.stopped || !foldable(n) || !n->eval(&e->fold, n, &v) || v.kind == WN_OBJECT)
		return;
	was = WN_NEW(e->c->arena, struct cel_node);
	*was = *n;
	n->origin = was;
	n->kind = CEL_NODE_LITERAL;
	n->op = OP_NONE;
	n->args = NULL;
	n->n_args = 0;
	n->literal = v;
	n->eval = cel_eval_literal;
}

static bool emit(struct emitter *e, struct cel_node *n)
{
	if (n->kind == CEL_NODE_LITERAL) {
		n->eval = cel_eval_literal;
		return true;
	}
	for (uint32_t i = 0; i < n->n_args; i++)
		if (!emit(e, n->args[i]))
			return false;
	if (!prepare(e->c, n))
		return false;
	cel_emit_plain(n);
	if (!(n->flags & NODE_MOVING))
		fold(e, n);
	return true;
}

bool cel_emit(struct cel_compile *c, struct cel_node **root)
{
	static const struct cel_activation nothing;
	struct emitter e = {.c = c};

	e.fold.env = c->env;
	e.fold.act = &nothing;
	e.fold.arena = c->arena;
	e.fold.steps = FOLD_STEPS;
	e.fold.memory = FOLD_MEMORY;
	return emit(&e, *root);
}
