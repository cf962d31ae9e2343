/* SPDX-License-Identifier: MIT */
/*
 * Rules that can never be true because two of their terms contradict each other: `account.employees >= 50 &&
 * account.employees <= 10`, two values for one path, no kind left for `signal`. Only top-level && terms that compare a path
 * with a literal are looked at; what is refused is certain, what passes may still be impossible.
 */
#include "segment_file.h"

#include <math.h>

struct bound {
	const struct cel_node *path;
	double low, high;     /* what is left */
	bool low_open, high_open;
	struct wn_value text; /* STRING: the only value, ABSENT: none was asked for */
	struct cel_span last; /* term that bounded it last */
};
struct bounds {
	struct segment_build *b;
	const struct wn_yaml_text *text;
	WN_VEC(struct bound) v;
};

static bool same_path(const struct cel_node *x, const struct cel_node *y)
{
	struct cel_node_view a = cel_node_look(x), b = cel_node_look(y);
	if (a.kind != b.kind)
		return false;
	if (a.kind == CEL_NODE_IDENT)
		return a.variable == b.variable;
	return a.kind == CEL_NODE_SELECT && wn_str_eq(a.name, b.name) && same_path(a.args[0], b.args[0]);
}

static struct bound *bound_of(struct bounds *s, const struct cel_node *path)
{
	for (size_t i = 0; i < s->v.n; i++)
		if (same_path(s->v.v[i].path, path))
			return &s->v.v[i];
	struct bound *b = WN_PUSH(s->b->scratch, &s->v);
	*b = (struct bound){.path = path, .low = -INFINITY, .high = INFINITY};
	return b;
}

static bool number_of(struct wn_value v, double *out)
{
	switch (v.kind) {
	case WN_INT:
		*out = (double)v.i;
		return true;
	case WN_UINT:
		*out = (double)v.u;
		return true;
	case WN_DOUBLE:
		*out = v.d;
		return !isnan(v.d);
	case WN_DURATION:
		*out = (double)wn_value_us(v);
		return true;
	default:
		return false;
	}
}

static const char *turned(const char *op)
{
	return strcmp(op, "_<_") == 0    ? "_>_"
	       : strcmp(op, "_<=_") == 0 ? "_>=_"
	       : strcmp(op, "_>_") == 0  ? "_<_"
	       : strcmp(op, "_>=_") == 0 ? "_<=_"
					 : op;
}

static void at_least(struct bound *b, double n, bool open)
{
	if (n > b->low || (n == b->low && open)) {
		b->low = n;
		b->low_open = open;
	}
}

static void at_most(struct bound *b, double n, bool open)
{
	if (n < b->high || (n == b->high && open)) {
		b->high = n;
		b->high_open = open;
	}
}

static bool is_empty(const struct bound *b)
{
	return b->low > b->high || (b->low == b->high && (b->low_open || b->high_open));
}

static void complain(struct bounds *s, const struct bound *b, struct cel_span at)
{
	struct wn_str text = s->text->text;
	wn_yaml_error(s->b->errors, segment_place_of_span(s->text, at),
		      "`%.*s` contradicts `%.*s`: the rule can never be true", (int)(at.end - at.start), text.p + at.start,
		      (int)(b->last.end - b->last.start), text.p + b->last.start);
}

/* False if nothing is left for the path. */
static bool tighten(struct bound *b, const char *op, struct wn_value literal)
{
	double n;
	if (literal.kind == WN_STRING && strcmp(op, "_==_") == 0) {
		bool other = b->text.kind == WN_STRING && !wn_value_eq(b->text, literal);
		b->text = literal;
		return !other;
	}
	if (!number_of(literal, &n))
		return true;
	if (strcmp(op, "_>_") == 0 || strcmp(op, "_>=_") == 0 || strcmp(op, "_==_") == 0)
		at_least(b, n, strcmp(op, "_>_") == 0);
	if (strcmp(op, "_<_") == 0 || strcmp(op, "_<=_") == 0 || strcmp(op, "_==_") == 0)
		at_most(b, n, strcmp(op, "_<_") == 0);
	return !is_empty(b);
}

static bool on_term(void *ctx, const struct cel_node *term)
{
	static const char *const ops[] = {"_==_", "_<_", "_<=_", "_>_", "_>=_"};
	struct bounds *s = ctx;
	struct cel_node_view v = cel_node_look(term);
	const char *op = NULL;
	for (size_t i = 0; v.kind == CEL_NODE_CALL && v.n_args == 2 && i < WN_COUNT(ops); i++)
		op = wn_str_is(v.name, ops[i]) ? ops[i] : op;
	if (!op)
		return true;
	bool right = cel_node_look(v.args[0]).kind == CEL_NODE_LITERAL;
	const struct cel_node *path = v.args[right ? 1 : 0], *literal = v.args[right ? 0 : 1];
	if (!rule_is_path(path) || cel_node_look(literal).kind != CEL_NODE_LITERAL)
		return true;
	struct bound *b = bound_of(s, path);
	if (!tighten(b, right ? turned(op) : op, cel_node_look(literal).literal)) {
		complain(s, b, v.span);
		return false;
	}
	b->last = v.span;
	return true;
}

void segment_check_bounds(struct segment_build *b, const struct cel_program *p, const struct wn_yaml_text *text)
{
	struct bounds s = {.b = b, .text = text};
	if (p)
		rule_each_term(cel_program_root(p), on_term, &s);
}
