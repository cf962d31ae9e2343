/* SPDX-License-Identifier: MIT */
/*
 * Tokens to tree: the grammar of the CEL language definition, with the optional syntax (a.?b, a[?i], {?k: v}).
 *
 * && and || are n-ary nodes. The tree's depth is bounded while it grows, so that no later pass can exhaust the
 * stack; macros are expanded where their call is read.
 */
#include "cel_internal.h"

#include <stdio.h>

struct parser {
	struct cel_compile *c;
	struct cel_lexer lex;
	struct cel_token tok;
	uint32_t last_end;   /* where the token before ends */
	uint16_t last_punct;
	int nesting;
};
typedef WN_VEC(struct cel_node *) node_vec;
typedef WN_VEC(bool) mark_vec;

static struct cel_node *parse_expr(struct parser *p);

/* --- tokens ------------------------------------------------------------------------------------------ */
static bool advance(struct parser *p)
{
	p->last_end = p->tok.span.end;
	p->last_punct = p->tok.punct;
	return cel_lex(&p->lex, &p->tok);
}

static inline bool at(const struct parser *p, const char *punct) { return p->tok.punct == CEL_PUNCT(punct); }

static const char *token_text(const struct parser *p, char dst[48])
{
	struct wn_str s = {p->c->text.p + p->tok.span.start, p->tok.span.end - p->tok.span.start};

	if (p->tok.kind == TOK_END)
		return "the end of the expression";
	if (s.n > 40)
		s.n = cel_utf8_offset(s, 10);
	snprintf(dst, 48, "`%.*s`", (int)s.n, s.p);
	return dst;
}

static bool expected(struct parser *p, const char *what)
{
	char text[48];

	return cel_complain(p->c, p->tok.span, "expected %s, found %s", what, token_text(p, text));
}

static bool expect(struct parser *p, const char *punct, const char *what)
{
	return at(p, punct) ? advance(p) : expected(p, what);
}

/* --- nodes ------------------------------------------------------------------------------------------- */
struct cel_node *cel_node_new(struct cel_compile *c, enum cel_node_kind kind, struct cel_span span, struct cel_node **args, size_t n)
{
	struct cel_node *node;

	if (c->n_nodes++ >= WN_CEL_NODES_MAX) {
		cel_complain_limit(c, span, "the expression is too large: more than %d parts", WN_CEL_NODES_MAX);
		return NULL;
	}
	node = WN_NEW(c->arena, struct cel_node);
	node->kind = (uint8_t)kind;
	node->span = span;
	node->args = args;
	node->n_args = (uint32_t)n;
	node->weight = 1;
	for (size_t i = 0; i < n; i++) {
		node->weight += args[i]->weight;
		if (args[i]->depth >= node->depth)
			node->depth = args[i]->depth + 1;
	}
	if (node->depth > WN_CEL_DEPTH_MAX) {
		cel_complain_limit(c, span, "the expression is nested too deeply: more than %d levels", WN_CEL_DEPTH_MAX);
		return NULL;
	}
	return node;
}

static struct cel_node **pack(struct cel_compile *c, struct cel_node *a, struct cel_node *b, struct cel_node *d)
{
	struct cel_node **args = WN_NEW_N(c->arena, struct cel_node *, 3);

	args[0] = a;
	args[1] = b;
	args[2] = d;
	return args;
}

static struct cel_node *call(struct parser *p, struct wn_str name, int op, struct cel_span span, struct cel_node *a, struct cel_node *b)
{
	struct cel_node *n = cel_node_new(p->c, CEL_NODE_CALL, span, pack(p->c, a, b, NULL), b ? 2 : 1);

	if (n) {
		n->name = name;
		n->op = (uint8_t)op;
	}
	return n;
}

static struct cel_node *literal(struct parser *p, struct cel_span span, struct wn_value v)
{
	struct cel_node *n = cel_node_new(p->c, CEL_NODE_LITERAL, span, NULL, 0);

	if (n)
		n->literal = v;
	return n;
}

static struct cel_span since(const struct parser *p, uint32_t start) { return (struct cel_span){start, p->last_end}; }

/* --- lists of things --------------------------------------------------------------------------------- */
/* Most lists have no element written ?e, and then no marks at all: the first brings those before it. */
static void put_mark(const struct parser *p, mark_vec *marks, size_t i, bool mark)
{
	while ((mark || marks->n) && marks->n < i)
		*WN_PUSH(p->c->arena, marks) = false;
	if (mark || marks->n)
		*WN_PUSH(p->c->arena, marks) = mark;
}

/* expr, expr ... up to the closing token; `optional` marks elements written ?e, NULL where they may not be. */
static bool parse_items(struct parser *p, const char *close, bool pairs, node_vec *out, bool **optional)
{
	mark_vec marks = {0};

	for (size_t i = 0; !at(p, close); i++) {
		bool mark = optional && at(p, "?");
		struct cel_node *n;

		if (mark && !advance(p))
			return false;
		if (!(n = parse_expr(p)))
			return false;
		*WN_PUSH(p->c->arena, out) = n;
		if (optional)
			put_mark(p, &marks, i, mark);
		if (pairs) {
			if (!expect(p, ":", "`:` and the value of this key") || !(n = parse_expr(p)))
				return false;
			*WN_PUSH(p->c->arena, out) = n;
		}
		if (!at(p, ","))
			break;
		if (!advance(p))
			return false;
	}
	if (optional)
		*optional = marks.v;
	return true;
}

static struct cel_node *parse_list(struct parser *p, bool map)
{
	uint32_t start = p->tok.span.start;
	const char *close = map ? "}" : "]";
	bool *optional = NULL;
	node_vec items = {0};
	struct cel_node *n;

	if (!advance(p) || !parse_items(p, close, map, &items, &optional) ||
	    !expect(p, close, map ? "`,` or `}` of the map" : "`,` or `]` of the list"))
		return NULL;
	n = cel_node_new(p->c, map ? CEL_NODE_MAP : CEL_NODE_LIST, since(p, start), items.v, items.n);
	if (n)
		n->optional = optional;
	return n;
}

/* Arguments behind a name; `target` is the receiver or NULL. */
static struct cel_node *parse_call(struct parser *p, struct cel_node *target, struct wn_str name, uint32_t start, int flags)
{
	node_vec args = {0};
	struct cel_node *n;

	if (target)
		*WN_PUSH(p->c->arena, &args) = target;
	if (!advance(p) || !parse_items(p, ")", false, &args, NULL))
		return NULL;
	if (p->last_punct == CEL_PUNCT(",")) {
		expected(p, "an argument");
		return NULL;
	}
	if (!expect(p, ")", "`,` or `)` of the call"))
		return NULL;
	n = cel_node_new(p->c, CEL_NODE_CALL, since(p, start), args.v, args.n);
	if (!n)
		return NULL;
	n->name = name;
	n->flags = (uint8_t)flags;
	return p->c->opt && p->c->opt->no_macros ? n : cel_macro_expand(p->c, n);
}

/* --- primary ----------------------------------------------------------------------------------------- */
static bool check_ident(struct parser *p)
{
	if (!cel_is_reserved(p->tok.text) && !wn_str_is(p->tok.text, "in"))
		return true;
	return cel_complain(p->c, p->tok.span, "`" WN_STR_FMT "` is a reserved word and cannot name anything", WN_STR_ARG(p->tok.text));
}

static struct cel_node *parse_word(struct parser *p, uint32_t start, bool absolute)
{
	struct wn_str name = p->tok.text;
	struct cel_span span = p->tok.span;
	struct cel_node *n;

	if (!absolute && (wn_str_is(name, "true") || wn_str_is(name, "false")))
		return advance(p) ? literal(p, span, wn_bool(name.n == 4)) : NULL;
	if (!absolute && wn_str_is(name, "null"))
		return advance(p) ? literal(p, span, wn_null()) : NULL;
	if (!check_ident(p) || !advance(p))
		return NULL;
	if (at(p, "("))
		return parse_call(p, NULL, name, start, absolute ? NODE_ABSOLUTE : 0);
	if (at(p, "{")) {
		cel_complain(p->c, p->tok.span, "`" WN_STR_FMT "{...}` builds a message: there are none here", WN_STR_ARG(name));
		return NULL;
	}
	n = cel_node_new(p->c, CEL_NODE_IDENT, (struct cel_span){start, span.end}, NULL, 0);
	if (n) {
		n->name = name;
		n->id.variable = n->id.slot = -1;
		n->flags = absolute ? NODE_ABSOLUTE : 0;
	}
	return n;
}

/* A minus directly before a number belongs to the number: -9223372036854775808 is an int. */
static struct cel_node *parse_number(struct parser *p, uint32_t start, bool negative)
{
	struct cel_token t = p->tok;
	struct wn_value v = t.value;

	if (t.kind == TOK_INT) {
		if (v.u > (uint64_t)INT64_MAX + negative) {
			cel_complain(p->c, t.span, "this number is larger than int holds; an unsigned one ends in u");
			return NULL;
		}
		v = wn_int(negative ? (int64_t)(0 - v.u) : (int64_t)v.u);
	} else if (negative) {
		v.d = -v.d;
	}
	return advance(p) ? literal(p, (struct cel_span){start, t.span.end}, v) : NULL;
}

static struct cel_node *parse_text(struct parser *p)
{
	struct cel_span span = p->tok.span;
	struct wn_value v = p->tok.value;

	return advance(p) ? literal(p, span, v) : NULL;
}

static struct cel_node *parse_primary(struct parser *p)
{
	uint32_t start = p->tok.span.start;
	struct cel_node *n;

	switch (p->tok.kind) {
	case TOK_INT:
	case TOK_DOUBLE:
		return parse_number(p, start, false);
	case TOK_UINT:
	case TOK_STRING:
	case TOK_BYTES:
		return parse_text(p);
	case TOK_IDENT:
		return parse_word(p, start, false);
	default:
		break;
	}
	if (at(p, "["))
		return parse_list(p, false);
	if (at(p, "{"))
		return parse_list(p, true);
	if (at(p, "("))
		return advance(p) && (n = parse_expr(p)) && expect(p, ")", "`)`") ? n : NULL;
	if (at(p, ".") && advance(p) && p->tok.kind == TOK_IDENT)
		return parse_word(p, start, true);
	expected(p, "a value");
	return NULL;
}

/* --- member access ----------------------------------------------------------------------------------- */
static struct cel_node *parse_select(struct parser *p, struct cel_node *operand, uint32_t start)
{
	bool optional, quoted;
	struct cel_span span;
	struct wn_str name;
	struct cel_node *n;

	if (!advance(p))
		return NULL;
	optional = at(p, "?");
	if (optional && !advance(p))
		return NULL;
	quoted = p->tok.kind == TOK_QUOTED;
	span = p->tok.span;
	name = p->tok.text;
	if ((p->tok.kind != TOK_IDENT && !quoted) || wn_str_is(name, "in") || wn_str_is(name, "true") ||
	    wn_str_is(name, "false") || wn_str_is(name, "null")) {
		expected(p, "a name");
		return NULL;
	}
	if (!advance(p))
		return NULL;
	if (at(p, "(") && !optional && !quoted)
		return parse_call(p, operand, name, start, NODE_RECEIVER);
	if (optional) {
		struct cel_node *field = literal(p, span, wn_string(name));

		return field ? call(p, WN_STR("_?._"), OP_OPT_SELECT, since(p, start), operand, field) : NULL;
	}
	n = cel_node_new(p->c, CEL_NODE_SELECT, since(p, start), pack(p->c, operand, NULL, NULL), 1);
	if (n) {
		n->name = name;
		n->sel.variable = -1;
		n->flags = quoted ? NODE_QUOTED : 0;
	}
	return n;
}

static struct cel_node *parse_index(struct parser *p, struct cel_node *operand, uint32_t start)
{
	bool optional;
	struct cel_node *index;

	if (!advance(p))
		return NULL;
	optional = at(p, "?");
	if ((optional && !advance(p)) || !(index = parse_expr(p)) || !expect(p, "]", "`]` of the index"))
		return NULL;
	index = call(p, optional ? WN_STR("_[?_]") : WN_STR("_[_]"), optional ? OP_OPT_INDEX : OP_INDEX, since(p, start), operand, index);
	if (index && !optional)
		index->kind = CEL_NODE_INDEX;
	return index;
}

static struct cel_node *parse_members(struct parser *p, struct cel_node *n, uint32_t start)
{
	while (n) {
		if (at(p, "."))
			n = parse_select(p, n, start);
		else if (at(p, "["))
			n = parse_index(p, n, start);
		else
			return n;
	}
	return NULL;
}

static struct cel_node *wrap_unary(struct parser *p, struct cel_node *n, bool minus, uint32_t start)
{
	if (!n)
		return NULL;
	if (minus)
		return call(p, WN_STR("-_"), OP_NEG, since(p, start), n, NULL);
	n = cel_node_new(p->c, CEL_NODE_NOT, since(p, start), pack(p->c, n, NULL, NULL), 1);
	if (n)
		n->name = WN_STR("!_");
	return n;
}

static struct cel_node *parse_unary(struct parser *p)
{
	WN_VEC(struct { uint32_t start; bool minus; }) ops = {0};
	struct cel_node *n;
	uint32_t start;

	while (at(p, "!") || at(p, "-")) {
		__typeof__(ops.v) op = WN_PUSH(p->c->arena, &ops);

		op->start = p->tok.span.start;
		op->minus = at(p, "-");
		if (!advance(p))
			return NULL;
	}
	start = p->tok.span.start;
	if (ops.n > 0 && ops.v[ops.n - 1].minus && (p->tok.kind == TOK_INT || p->tok.kind == TOK_DOUBLE)) {
		start = ops.v[--ops.n].start;
		n = parse_number(p, start, true);
	} else {
		n = parse_primary(p);
	}
	n = parse_members(p, n, start);
	while (n && ops.n > 0) {
		ops.n--;
		n = wrap_unary(p, n, ops.v[ops.n].minus, ops.v[ops.n].start);
	}
	return n;
}

/* --- binary operators -------------------------------------------------------------------------------- */
static const struct binary { const char *text; struct wn_str name; uint8_t op, level; } binaries[] = {
	{"==", WN_STR("_==_"), OP_EQ, 0}, {"!=", WN_STR("_!=_"), OP_NE, 0}, {"<", WN_STR("_<_"), OP_LT, 0}, {"<=", WN_STR("_<=_"), OP_LE, 0},
	{">", WN_STR("_>_"), OP_GT, 0}, {">=", WN_STR("_>=_"), OP_GE, 0}, {"in", WN_STR("@in"), OP_IN, 0}, {"+", WN_STR("_+_"), OP_ADD, 1},
	{"-", WN_STR("_-_"), OP_SUB, 1}, {"*", WN_STR("_*_"), OP_MUL, 2}, {"/", WN_STR("_/_"), OP_DIV, 2}, {"%", WN_STR("_%_"), OP_MOD, 2},
};

static const struct binary *binary_at(const struct parser *p)
{
	switch (p->tok.punct) {
	case 0:
		return p->tok.kind == TOK_IDENT && wn_str_is(p->tok.text, "in") ? &binaries[6] : NULL;
	case ',':
	case ')':
	case ']':
	case '&' | '&' << 8:
		return NULL;
	default:
		for (size_t i = 0; i < WN_COUNT(binaries); i++)
			if (at(p, binaries[i].text))
				return &binaries[i];
		return NULL;
	}
}

/* Operators of this level and of tighter ones, from the left. */
static struct cel_node *parse_binary(struct parser *p, int level)
{
	uint32_t start = p->tok.span.start;
	struct cel_node *left = parse_unary(p), *right;
	const struct binary *b;

	while (left && (b = binary_at(p)) && b->level >= level) {
		if (!advance(p) || !(right = parse_binary(p, b->level + 1)))
			return NULL;
		left = call(p, b->name, b->op, since(p, start), left, right);
	}
	return left;
}

static void push_flat(struct parser *p, node_vec *args, struct cel_node *n, enum cel_node_kind kind)
{
	if (n->kind != kind) {
		*WN_PUSH(p->c->arena, args) = n;
		return;
	}
	for (uint32_t i = 0; i < n->n_args; i++)
		*WN_PUSH(p->c->arena, args) = n->args[i];
}

static struct cel_node *parse_logic(struct parser *p, bool or)
{
	enum cel_node_kind kind = or ? CEL_NODE_OR : CEL_NODE_AND;
	uint32_t start = p->tok.span.start;
	struct cel_node *n = or ? parse_logic(p, false) : parse_binary(p, 0);
	node_vec args = {0};

	if (!n || !at(p, or ? "||" : "&&"))
		return n;
	push_flat(p, &args, n, kind);
	while (at(p, or ? "||" : "&&")) {
		if (!advance(p) || !(n = or ? parse_logic(p, false) : parse_binary(p, 0)))
			return NULL;
		push_flat(p, &args, n, kind);
	}
	n = cel_node_new(p->c, kind, since(p, start), args.v, args.n);
	if (n)
		n->name = or ? WN_STR("_||_") : WN_STR("_&&_");
	return n;
}

static struct cel_node *parse_conditional(struct parser *p)
{
	uint32_t start = p->tok.span.start;
	struct cel_node *cond = parse_logic(p, true), *yes, *no;

	if (!cond || !at(p, "?"))
		return cond;
	if (!advance(p) || !(yes = parse_logic(p, true)) || !expect(p, ":", "`:` and the value for false") || !(no = parse_expr(p)))
		return NULL;
	cond = cel_node_new(p->c, CEL_NODE_COND, since(p, start), pack(p->c, cond, yes, no), 3);
	if (cond)
		cond->name = WN_STR("_?_:_");
	return cond;
}

/* A literal that ends what it stands in: most of what lists hold. */
static bool is_lone_literal(const struct parser *p)
{
	char next = *p->lex.p;

	return (p->tok.kind == TOK_STRING || p->tok.kind == TOK_INT) && (next == ',' || next == ']' || next == ')');
}

static struct cel_node *parse_expr(struct parser *p)
{
	struct cel_node *n;

	if (is_lone_literal(p))
		return parse_primary(p);

	if (p->nesting >= WN_CEL_DEPTH_MAX) {
		cel_complain_limit(p->c, p->tok.span, "the expression is nested too deeply: more than %d levels", WN_CEL_DEPTH_MAX);
		return NULL;
	}
	p->nesting++;
	n = parse_conditional(p);
	p->nesting--;
	return n;
}

struct cel_node *cel_parse(struct cel_compile *c)
{
	struct parser p = {.c = c, .lex = {.c = c, .start = c->text.p, .p = c->text.p, .end = c->text.p + c->text.n}};
	struct cel_node *n;

	if (!advance(&p) || !(n = parse_expr(&p)))
		return NULL;
	if (p.tok.kind != TOK_END) {
		expected(&p, "an operator or the end");
		return NULL;
	}
	return n;
}
