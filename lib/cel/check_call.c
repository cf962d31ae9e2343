/* SPDX-License-Identifier: MIT */
/*
 * Calls: finding the function by name and container, choosing the overloads that take the arguments.
 *
 * All overloads that fit stay with the node (arguments of type dyn may need any of them); the result is their
 * common type, dyn if they differ.
 */
#include "cel_internal.h"

#include <stdio.h>

#define NAME_MAX_BYTES 400

/* --- complaints -------------------------------------------------------------------------------------- */
static void print_overload(struct wn_buf *b, const struct cel_fn_overload *o)
{
	char t[120];
	uint32_t i = 0;

	if (o->receiver) {
		cel_type_to_text(o->args[0], t, sizeof(t));
		wn_buf_printf(b, "%s.", t);
		i = 1;
	}
	wn_buf_printf(b, "%s(", o->name);
	for (uint32_t first = i; i < o->n_args; i++) {
		cel_type_to_text(o->args[i], t, sizeof(t));
		wn_buf_printf(b, "%s%s", i > first ? ", " : "", t);
	}
	wn_buf_char(b, ')');
}

static bool no_overload(struct cel_check *k, struct cel_node *n, const struct cel_fn *f)
{
	struct wn_buf have, known;
	char t[120];
	uint32_t shown = 0, from = n->flags & NODE_RECEIVER ? 1 : 0;

	wn_buf_init(&have, 250);
	wn_buf_init(&known, 250);
	for (uint32_t i = from; i < n->n_args; i++) {
		cel_type_to_text(cel_type_resolve(&k->subst, n->args[i]->type, false), t, sizeof(t));
		wn_buf_printf(&have, "%s%s", i > from ? ", " : "", t);
	}
	for (size_t i = 0; i < f->overloads.n && shown < 4; i++) {
		wn_buf_text(&known, shown++ ? ", " : "");
		print_overload(&known, f->overloads.v[i]);
	}
	if (n->op)
		cel_complain(k->c, n->span, "`%.*s` does not work on these types: %s", (int)f->name.n - (f->name.p[0] == '_' ? 2 : 0) - (f->name.p[0] != '_'),
			     f->name.p + 1, have.p ? have.p : "");
	else if (from) {
		cel_type_to_text(cel_type_resolve(&k->subst, n->args[0]->type, false), t, sizeof(t));
		cel_complain(k->c, n->span, "`" WN_STR_FMT "` does not work on %s with (%s); known: %s%s", WN_STR_ARG(f->name), t,
			     have.p ? have.p : "", known.p ? known.p : "", f->overloads.n > 4 ? ", ..." : "");
	} else
		cel_complain(k->c, n->span, "`" WN_STR_FMT "` does not take (%s); known: %s%s", WN_STR_ARG(f->name),
			     have.p ? have.p : "", known.p ? known.p : "", f->overloads.n > 4 ? ", ..." : "");
	wn_buf_done(&have);
	wn_buf_done(&known);
	return false;
}

static bool no_function(struct cel_check *k, struct cel_node *n)
{
	static const char *const macros[] = {"has", "all", "exists", "exists_one", "map", "filter"};
	WN_VEC(const char *) names = {0};
	char hint[160];

	if (k->unchecked)
		return true;
	for (size_t i = 0; i < WN_COUNT(macros); i++) {
		*WN_PUSH(k->c->arena, &names) = macros[i];
		if (wn_str_is(n->name, macros[i]))
			return cel_complain(k->c, n->span, "%s() needs other arguments: list.%s(x, condition on x)", macros[i], macros[i]);
	}
	for (int b = 0; b < FN_BUCKETS; b++)
		for (const struct cel_fn *f = k->c->env->functions[b]; f; f = f->next)
			*WN_PUSH(k->c->arena, &names) = wn_arena_strdup(k->c->arena, f->name);
	return cel_complain(k->c, n->span, "there is no function `" WN_STR_FMT "`%s", WN_STR_ARG(n->name),
			    cel_suggest(hint, sizeof(hint), n->name, names.v, names.n));
}

/* --- overloads --------------------------------------------------------------------------------------- */
#define ARGS_MAX 16

/* `have` is what is asked, each type variable in it standing for one type: what most calls are, and nothing need be bound for. */
static bool fits_plainly(const struct cel_type *have, const struct cel_type *want, const struct cel_type **bound)
{
	if (have == want)
		return true;
	if (want->kind == CEL_PARAM) {
		if (*bound ? *bound != have : want->param != 0 || have->kind == CEL_PARAM)
			return false;
		*bound = have;
		return true;
	}
	return want->kind == CEL_LIST && have->kind == CEL_LIST && fits_plainly(cel_elem(have), cel_elem(want), bound);
}

static bool all_fit_plainly(const struct cel_node *n, const struct cel_fn_overload *o)
{
	const struct cel_type *bound = NULL;

	for (uint32_t i = 0; i < o->n_args; i++)
		if (!fits_plainly(n->args[i]->type, o->args[i], &bound))
			return false;
	return true;
}

/* By type variables, one for each parameter of the overload. */
static bool unifies(struct cel_check *k, const struct cel_node *n, const struct cel_fn_overload *o, const struct cel_type **result)
{
	const struct cel_type *have[ARGS_MAX], *want[ARGS_MAX];
	int base = (int)k->subst.bound.n;

	for (int i = 0; i < o->n_params; i++)
		cel_type_fresh(&k->subst);
	for (uint32_t i = 0; i < o->n_args; i++) {
		have[i] = n->args[i]->type;
		want[i] = o->n_params ? cel_type_instance(k->c->arena, o->args[i], base) : o->args[i];
	}
	if (!cel_type_assignable_all(&k->subst, have, want, o->n_args))
		return false;
	*result = cel_type_resolve(&k->subst, o->n_params ? cel_type_instance(k->c->arena, o->result, base) : o->result, false);
	return true;
}

/* Does the overload take these argument types? Gives its result type. */
static bool takes(struct cel_check *k, const struct cel_node *n, const struct cel_fn_overload *o, const struct cel_type **result)
{
	if (o->receiver != !!(n->flags & NODE_RECEIVER) || o->n_args != n->n_args || o->n_args > ARGS_MAX)
		return false;
	*result = k->unchecked ? &cel_dyn : o->result;
	if (k->unchecked)
		return true;
	return (!o->result_params && all_fit_plainly(n, o)) || unifies(k, n, o, result);
}

/* Overloads that fit mostly stand side by side in the function's list, and are named there. */
static void add_fit(struct cel_check *k, struct cel_node *n, const struct cel_fn *f, size_t i)
{
	const struct cel_fn_overload *const *all = f->overloads.v, **copy;
	uint32_t had = n->call.n_overloads++;

	if (!had) {
		n->call.overloads = &all[i];
		return;
	}
	if (&n->call.overloads[had] == &all[i])
		return;
	copy = WN_NEW_N(k->c->arena, const struct cel_fn_overload *, f->overloads.n);
	memcpy(copy, n->call.overloads, had * sizeof(*copy));
	copy[had] = all[i];
	n->call.overloads = copy;
}

/* Overloads that kinds of arguments leave. */
static uint64_t possible(const struct cel_check *k, const struct cel_node *n, const struct cel_fn *f)
{
	uint64_t left = UINT64_MAX;

	for (uint32_t i = 0; i < n->n_args && i < MASKED_ARGS && !k->unchecked; i++)
		left &= f->may_take[i][n->args[i]->type->kind];
	return left;
}

static bool choose(struct cel_check *k, struct cel_node *n, const struct cel_fn *f)
{
	const struct cel_type *result;
	uint64_t left = possible(k, n, f);

	n->type = NULL;
	for (size_t i = 0; i < f->overloads.n; i++) {
		if (!(left >> (i < 63 ? i : 63) & 1) || !takes(k, n, f->overloads.v[i], &result))
			continue;
		add_fit(k, n, f, i);
		if (!n->type)
			n->type = result;
		else if (!cel_type_equal(n->type, result))
			n->type = &cel_dyn;
	}
	if (!n->call.n_overloads && k->unchecked)
		n->type = &cel_dyn;
	return n->call.n_overloads > 0 || k->unchecked || no_overload(k, n, f);
}

/* --- what a host function asks of its arguments -------------------------------------------------------- */
static bool check_literals(struct cel_check *k, struct cel_node *n)
{
	for (uint32_t o = 0; o < n->call.n_overloads; o++) {
		const struct cel_overload *host = n->call.overloads[o]->host;

		for (uint32_t i = 0; host && host->check_literal && i < n->n_args; i++) {
			const char *complaint;
			char buf[400];

			if (n->args[i]->kind != CEL_NODE_LITERAL)
				continue;
			complaint = host->check_literal(host->check_ctx, i, n->args[i]->literal, buf, sizeof(buf));
			if (complaint)
				return cel_complain(k->c, n->args[i]->span, "%s", complaint);
		}
	}
	return true;
}

static void variants_of_result(struct cel_check *k, struct cel_node *n)
{
	const struct cel_overload *host = n->call.n_overloads == 1 ? n->call.overloads[0]->host : NULL;
	const struct cel_record *rec = cel_record_of(n->type);

	if (n->op == OP_INDEX)
		n->variants = n->args[0]->variants;
	if (!host || !rec || host->variant_arg < 0 || (uint32_t)host->variant_arg >= n->n_args)
		return;
	if (n->args[host->variant_arg]->kind == CEL_NODE_LITERAL && n->args[host->variant_arg]->literal.kind == WN_STRING)
		n->variants = cel_variant_one(k, rec, wn_value_str(n->args[host->variant_arg]->literal));
}

/* --- moving values ----------------------------------------------------------------------------------- */
static bool is_time(const struct cel_type *t) { return t->kind == CEL_TIMESTAMP || t->kind == CEL_DURATION || t->kind == CEL_DYN; }

static bool flow_of_call(struct cel_check *k, struct cel_node *n)
{
	bool moving_function = false;
	uint32_t flows = 0;

	for (uint32_t i = 0; i < n->n_args; i++)
		flows += !!(n->args[i]->flags & NODE_FLOWS);
	for (uint32_t o = 0; o < n->call.n_overloads; o++)
		moving_function |= n->call.overloads[o]->host && n->call.overloads[o]->host->moving;
	if (moving_function) {
		n->flags |= NODE_MOVING | NODE_TERM;
		return true;
	}
	if (!flows)
		return true;
	if (cel_op_compares(n->op)) {
		n->flags |= NODE_TERM;
		return true;
	}
	if ((n->op == OP_ADD || n->op == OP_SUB) && is_time(n->args[0]->type) && is_time(n->args[1]->type)) {
		if (flows == 2 && k->strict_time)
			return cel_complain(k->c, n->span, "both sides change with time: only one side of + and - may");
		n->flags |= NODE_FLOWS;
		return true;
	}
	return cel_check_flow(k, n, n->op ? "used in this operation" : "passed to this function");
}

/* --- names ------------------------------------------------------------------------------------------- */
static const struct cel_node *leftmost(const struct cel_node *n)
{
	while (n->kind == CEL_NODE_SELECT)
		n = n->args[0];
	return n;
}

/* math.greatest(a, b) reads as a method; if a function of that whole name exists, that is meant. */
static const struct cel_fn *qualified_function(struct cel_check *k, struct cel_node *n)
{
	char name[NAME_MAX_BYTES] WN_UNINITIALIZED;
	const struct cel_node *root = leftmost(n->args[0]);
	const struct cel_fn *f;
	bool absolute = false;
	size_t len;

	if (root->kind != CEL_NODE_IDENT || (!(root->flags & NODE_ABSOLUTE) && cel_scope_find(k, root->name)) ||
	    !cel_qualified_name(n->args[0], name, sizeof(name), &absolute))
		return NULL;
	len = strlen(name);
	if ((size_t)snprintf(name + len, sizeof(name) - len, "." WN_STR_FMT, WN_STR_ARG(n->name)) >= sizeof(name) - len)
		return NULL;
	f = cel_function_find(k, wn_str_of(name), absolute);
	if (!f)
		return NULL;
	n->flags &= (uint8_t)~NODE_RECEIVER;
	n->args++;
	n->n_args--;
	n->name = f->name;
	return f;
}

/* math.greatest and math.least take any number of arguments: from three on they are put into a list. */
static bool pack_variadic(struct cel_check *k, struct cel_node *n)
{
	struct cel_node **args, *list;

	if (n->n_args < 3 || !(wn_str_is(n->name, "math.greatest") || wn_str_is(n->name, "math.least")))
		return true;
	list = cel_node_new(k->c, CEL_NODE_LIST, n->span, n->args, n->n_args);
	if (!list)
		return false;
	args = WN_NEW_N(k->c->arena, struct cel_node *, 1);
	args[0] = list;
	n->args = args;
	n->n_args = 1;
	return true;
}

bool cel_check_call(struct cel_check *k, struct cel_node *n)
{
	const struct cel_fn *f = NULL;

	n->call.prepared = NULL;
	n->call.n_overloads = 0;
	if (n->flags & NODE_RECEIVER)
		f = qualified_function(k, n);
	if (!f)
		f = n->op ? cel_env_find(k->c->env, n->name) : cel_function_find(k, n->name, n->flags & NODE_ABSOLUTE);
	if (f ? !pack_variadic(k, n) : !no_function(k, n))
		return false;
	for (uint32_t i = 0; i < n->n_args; i++)
		if (!cel_check_node(k, n->args[i]))
			return false;
	n->type = &cel_dyn;
	if (!f)
		return true; /* unchecked: fails when run */
	if (!choose(k, n, f) || !check_literals(k, n) || !cel_check_enum(k, n))
		return false;
	n->flags &= NODE_RECEIVER | NODE_ABSOLUTE;
	variants_of_result(k, n);
	return flow_of_call(k, n);
}
