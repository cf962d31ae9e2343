/* SPDX-License-Identifier: MIT */
/*
 * Questions about checked trees: what a term reads, whether it needs a signal, which segments it refers to. No
 * evaluation.
 *
 * Comprehension variables need no attention of their own: what they range over is in the tree.
 */
#include "rule.h"

static const unsigned bit_of_variable[] = {
    [WN_RULE_SIGNAL] = RULE_READS_SIGNAL,   [WN_RULE_SIGNALS] = RULE_READS_SIGNALS,
    [WN_RULE_ACCOUNT] = RULE_READS_ACCOUNT, [WN_RULE_NOW] = RULE_READS_NOW,
    [WN_RULE_CONTACT] = RULE_READS_CONTACT,
};

static bool is_call(const struct cel_node_view *v, const char *name)
{
	return v->kind == CEL_NODE_CALL && wn_str_is(v->name, name);
}

unsigned rule_reads(const struct cel_node *n)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);
	unsigned bits = 0;
	if (cel_node_kind(n) == CEL_NODE_IDENT) {
		int variable = cel_node_look(n).variable;
		return variable >= 0 && (size_t)variable < WN_COUNT(bit_of_variable) ? bit_of_variable[variable] : 0;
	}
	if (cel_node_kind(n) == CEL_NODE_CALL) {
		struct cel_node_view v = cel_node_look(n);
		if (is_call(&v, "in_segment") || is_call(&v, "absent") || is_call(&v, "surge"))
			bits |= RULE_READS_STORED;
	}
	for (size_t i = 0; i < n_args; i++)
		bits |= rule_reads(args[i]);
	return bits;
}

bool rule_is_path(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	if (v.kind == CEL_NODE_SELECT && v.n_args == 1)
		return rule_is_path(v.args[0]);
	return v.kind == CEL_NODE_IDENT && v.variable >= 0;
}

bool rule_each_term(const struct cel_node *n, rule_term_fn *cb, void *ctx)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);
	if (cel_node_kind(n) != CEL_NODE_AND)
		return cb(ctx, n);
	for (size_t i = 0; i < n_args; i++)
		if (!rule_each_term(args[i], cb, ctx))
			return false;
	return true;
}

bool rule_each_refer(const struct cel_node *n, rule_refer_fn *cb, void *ctx)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);
	if (cel_node_kind(n) == CEL_NODE_CALL && n_args == 1 && wn_str_is(cel_node_look(n).name, "in_segment")) {
		struct cel_node_view arg = cel_node_look(args[0]);
		struct wn_str name =
		    arg.kind == CEL_NODE_LITERAL ? wn_value_str(arg.literal) : (struct wn_str){0};
		if (!cb(ctx, name, arg.span))
			return false;
	}
	for (size_t i = 0; i < n_args; i++)
		if (!rule_each_refer(args[i], cb, ctx))
			return false;
	return true;
}

/* --- needs a signal ------------------------------------------------------------------------------------ */
static bool reads_signals(const struct cel_node *n)
{
	return rule_reads(n) & (RULE_READS_SIGNAL | RULE_READS_SIGNALS) ? true : false;
}

static bool is_quantity(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	return is_call(&v, "count") || is_call(&v, "size") || is_call(&v, "sum") || is_call(&v, "surge");
}

static bool is_zero(const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	return v.kind == CEL_NODE_LITERAL && ((v.literal.kind == WN_INT && v.literal.i == 0) ||
					      (v.literal.kind == WN_DOUBLE && v.literal.d == 0));
}

/* Comparisons of how many there are: more than, or not none. `op` is that of "quantity op other". */
static bool asks_for_some(const char *op, const struct cel_node *other, bool negated)
{
	static const struct {
		const char *op, *inverse;
	} inverse[] = {{">", "<="}, {">=", "<"}, {"<", ">="}, {"<=", ">"}, {"==", "!="}, {"!=", "=="}};
	for (size_t i = 0; negated && i < WN_COUNT(inverse); i++)
		if (strcmp(op, inverse[i].op) == 0) {
			op = inverse[i].inverse;
			break;
		}
	if (strcmp(op, ">") == 0)
		return true;
	if (strcmp(op, ">=") == 0 || strcmp(op, "==") == 0)
		return !is_zero(other);
	return strcmp(op, "!=") == 0 && is_zero(other);
}

static const char *swapped(const char *op)
{
	static const char *const pairs[][2] = {{">", "<"}, {">=", "<="}, {"<", ">"}, {"<=", ">="}};
	for (size_t i = 0; i < WN_COUNT(pairs); i++)
		if (strcmp(op, pairs[i][0]) == 0)
			return pairs[i][1];
	return op;
}

static const char *comparison_of(const struct cel_node_view *v)
{
	static const char *const ops[][2] = {{"_>_", ">"},   {"_>=_", ">="}, {"_<_", "<"},
					     {"_<=_", "<="}, {"_==_", "=="}, {"_!=_", "!="}};
	for (size_t i = 0; v->kind == CEL_NODE_CALL && v->n_args == 2 && i < WN_COUNT(ops); i++)
		if (wn_str_is(v->name, ops[i][0]))
			return ops[i][1];
	return NULL;
}

/* A term without &&, || and !: what it says of signals, seen through a negation if `negated`. */
static bool atom_needs(const struct cel_node *n, const struct cel_node_view *v, bool negated)
{
	const char *op = comparison_of(v);
	if (op && (is_quantity(v->args[0]) || is_quantity(v->args[1]))) {
		bool left = is_quantity(v->args[0]);
		const struct cel_node *quantity = v->args[left ? 0 : 1], *other = v->args[left ? 1 : 0];
		if (!(rule_reads(quantity) & (RULE_READS_SIGNAL | RULE_READS_SIGNALS | RULE_READS_STORED)))
			return false;
		return asks_for_some(left ? op : swapped(op), other, negated);
	}
	if (is_call(v, "in_segment"))
		return !negated;
	if (!reads_signals(n) || (v->kind == CEL_NODE_COMPREHENSION && wn_str_is(v->name, "all")))
		return false;
	if (op && strcmp(op, "!=") == 0)
		return negated;
	return op && strcmp(op, "==") != 0 ? true : !negated;
}

static bool needs(const struct cel_node *n, bool negated)
{
	struct cel_node_view v = cel_node_look(n);
	if (v.kind == CEL_NODE_NOT)
		return needs(v.args[0], !negated);
	if (v.kind == CEL_NODE_COND)
		return needs(v.args[1], negated) && needs(v.args[2], negated);
	if (v.kind != CEL_NODE_AND && v.kind != CEL_NODE_OR)
		return atom_needs(n, &v, negated);
	bool one_is_enough = (v.kind == CEL_NODE_AND) != negated;
	for (size_t i = 0; i < v.n_args; i++)
		if (needs(v.args[i], negated) == one_is_enough)
			return one_is_enough;
	return !one_is_enough;
}

bool rule_needs_signal(const struct cel_node *n)
{
	return needs(n, false);
}

/* --- what is read -------------------------------------------------------------------------------------- */
static void set_bit(uint64_t *set, int bit)
{
	if (bit >= 0 && bit < 256)
		set[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static void read_field(const struct wn_registry *r, const struct cel_node_view *v, struct wn_reads *reads)
{
	struct cel_node_view of = cel_node_look(v->args[0]);
	const struct cel_record *record = of.type ? of.type->record : NULL;
	if (!record)
		return;
	const char *name = record->name;
	uint32_t trait = v->field->number - WN_FIELD_TRAIT0;
	if (strcmp(name, wn_registry_account_record(r)->name) == 0) {
		reads->account_domain |= v->field->number == WN_AF_DOMAIN;
		if (v->field->number >= WN_FIELD_TRAIT0)
			set_bit(reads->account_traits, (int)trait);
	} else if (strcmp(name, wn_registry_contact_record(r)->name) == 0 &&
		   v->field->number >= WN_FIELD_TRAIT0) {
		set_bit(reads->contact_traits, (int)trait);
	}
}

static void collect(const struct wn_registry *r, const struct cel_node *n, struct wn_reads *reads)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);
	enum cel_node_kind kind = cel_node_kind(n);
	if (kind == CEL_NODE_SELECT || kind == CEL_NODE_HAS || kind == CEL_NODE_LITERAL) {
		struct cel_node_view v = cel_node_look(n);
		if (v.field && v.n_args == 1)
			read_field(r, &v, reads);
		if (kind == CEL_NODE_LITERAL && v.literal.kind == WN_STRING)
			set_bit(reads->kinds, wn_registry_kind_number(r, wn_value_str(v.literal)));
	}
	for (size_t i = 0; i < n_args; i++)
		collect(r, args[i], reads);
}

void rule_collect_reads(const struct wn_registry *r, const struct cel_node *n, struct wn_reads *reads)
{
	reads->time |= cel_node_look(n).moving;
	collect(r, n, reads);
}
