/* SPDX-License-Identifier: MIT */
/*
 * Calls that no account can answer: a window that ends before it begins, a sum of what the kind has not. They would be unknown or
 * false for everybody, for ever. Only literals are looked at.
 */
#include "segment_file.h"

struct calls {
	struct segment_build *b;
	const struct wn_yaml_text *text;
};

static void complain(const struct calls *c, const struct cel_node_view *v, size_t arg, const char *text)
{
	wn_yaml_error(c->b->errors, segment_place_of_span(c->text, cel_node_look(v->args[arg]).span), "%s", text);
}

/* Length of the window that argument `i` gives, INT64_MAX if it is no literal. */
static int64_t length(const struct cel_node_view *v, size_t i)
{
	struct cel_node_view arg = cel_node_look(v->args[i]);
	return arg.kind == CEL_NODE_LITERAL && arg.literal.kind == WN_DURATION ? wn_value_us(arg.literal) : INT64_MAX;
}

static void check_sum(const struct calls *c, const struct cel_node_view *v)
{
	const struct wn_registry *r = c->b->inner->rules->registry;
	struct cel_node_view kind = cel_node_look(v->args[1]), attr = cel_node_look(v->args[2]);
	if (kind.kind != CEL_NODE_LITERAL || attr.kind != CEL_NODE_LITERAL)
		return;
	struct wn_str name = wn_value_str(attr.literal);
	int number = wn_registry_kind_number(r, wn_value_str(kind.literal));
	if (number < 0 || wn_registry_attr_of_kind(r, number, name))
		return;
	const char *near = wn_registry_nearest_attr(r, number, name);
	wn_yaml_error(c->b->errors, segment_place_of_span(c->text, attr.span), "kind " WN_STR_FMT " has no `" WN_STR_FMT "`%s%s%s",
		      WN_STR_ARG(wn_value_str(kind.literal)), WN_STR_ARG(name), near ? ": did you mean `" : "", near ? near : "", near ? "`?" : "");
}

static void check_window(const struct calls *c, const struct cel_node_view *v)
{
	size_t last = v->n_args - 1;
	if (v->n_args == 4 && wn_str_is(v->name, "within")) {
		int64_t from = length(v, 2), to = length(v, 3);
		if (from < 0 || (from != INT64_MAX && to < from))
			complain(c, v, 2, "the window ends before it begins: within(kind, from, to) needs 0 <= from <= to");
	} else if (length(v, last) < 0) {
		complain(c, v, last, "a window is not negative");
	}
}

static void check_call(const struct calls *c, const struct cel_node_view *v)
{
	if (wn_str_is(v->name, "surge")) {
		if (length(v, 1) <= 0 || length(v, 2) <= 0)
			complain(c, v, length(v, 1) <= 0 ? 1 : 2, "the windows of surge are longer than nothing");
	} else if (wn_str_is(v->name, "followed")) {
		if (length(v, 3) <= 0)
			complain(c, v, 3, "nothing follows within no time: the window is longer than nothing");
	} else if (wn_str_is(v->name, "absent")) {
		check_window(c, v);
	} else if (wn_str_is(v->name, "count") || wn_str_is(v->name, "sum") || wn_str_is(v->name, "within")) {
		if (cel_node_look(v->args[0]).type->kind == CEL_LIST)
			check_window(c, v);
		if (wn_str_is(v->name, "sum"))
			check_sum(c, v);
	}
}

static void walk(const struct calls *c, const struct cel_node *n)
{
	size_t n_args;
	const struct cel_node *const *args = cel_node_args(n, &n_args);
	if (cel_node_kind(n) == CEL_NODE_CALL && n_args > 1 && cel_node_kind(args[0]) != CEL_NODE_SELECT) { /* no comparison of a field */
		struct cel_node_view v = cel_node_look(n);
		check_call(c, &v);
	}
	for (size_t i = 0; i < n_args; i++)
		walk(c, args[i]);
}

void segment_check_calls(struct segment_build *b, const struct cel_program *p, const struct wn_yaml_text *text)
{
	struct calls c = {b, text};
	if (p)
		walk(&c, cel_program_root(p));
}
