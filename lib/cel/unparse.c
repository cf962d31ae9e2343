/* SPDX-License-Identifier: MIT */
/*
 * Tree to canonical text: one blank around operators, parentheses only where precedence needs them, what was
 * folded as it was written.
 */
#include "cel_internal.h"

#include <ctype.h>

enum level { L_COND, L_OR, L_AND, L_REL, L_ADD, L_MUL, L_UNARY, L_MEMBER };

static void print_at(struct wn_buf *b, const struct cel_node *n, enum level least);

static void print_quoted(struct wn_buf *b, struct wn_str s, bool bytes)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";

	wn_buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		const char *at = ch ? strchr(from, ch) : NULL;

		if (at)
			wn_buf_printf(b, "\\%c", to[at - from]);
		else if (ch < 0x20 || ch == 0x7f || (bytes && ch >= 0x80))
			wn_buf_printf(b, "\\x%02x", ch);
		else
			wn_buf_char(b, (char)ch);
	}
	wn_buf_char(b, '"');
}

static void print_double(struct wn_buf *b, double d)
{
	char text[40];
	size_t n = cel_double_print(d, text);

	if (d != d || d - d != 0) {
		wn_buf_printf(b, "double(\"%s\")", text);
		return;
	}
	wn_buf_add(b, text, n);
	if (!memchr(text, '.', n) && !memchr(text, 'e', n))
		wn_buf_text(b, ".0");
}

static void print_many(struct wn_buf *b, struct wn_value v)
{
	wn_buf_char(b, v.kind == WN_MAP ? '{' : '[');
	for (uint32_t i = 0; i < v.n; i++) {
		wn_buf_text(b, i ? ", " : "");
		if (v.kind == WN_MAP) {
			cel_literal_print(b, v.map[i].key);
			wn_buf_text(b, ": ");
			cel_literal_print(b, v.map[i].value);
		} else {
			cel_literal_print(b, v.list[i]);
		}
	}
	wn_buf_char(b, v.kind == WN_MAP ? '}' : ']');
}

void cel_literal_print(struct wn_buf *b, struct wn_value v)
{
	char text[48];

	switch (v.kind) {
	case WN_NULL: wn_buf_text(b, "null"); break;
	case WN_BOOL: wn_buf_text(b, v.b ? "true" : "false"); break;
	case WN_INT: wn_buf_printf(b, "%lld", (long long)v.i); break;
	case WN_UINT: wn_buf_printf(b, "%lluu", (unsigned long long)v.u); break;
	case WN_DOUBLE: print_double(b, v.d); break;
	case WN_STRING: print_quoted(b, wn_value_str(v), false); break;
	case WN_BYTES:
		wn_buf_char(b, 'b');
		print_quoted(b, wn_value_str(v), true);
		break;
	case WN_TIMESTAMP:
		cel_timestamp_print(v, text);
		wn_buf_printf(b, "timestamp(\"%s\")", text);
		break;
	case WN_DURATION:
		cel_duration_print(v, text);
		wn_buf_printf(b, "duration(\"%s\")", text);
		break;
	case WN_LIST:
	case WN_MAP: print_many(b, v); break;
	case WN_TYPE: wn_buf_str(b, wn_value_str(v)); break;
	case WN_OPTIONAL:
		wn_buf_text(b, v.n ? "optional.of(" : "optional.none()");
		if (v.n) {
			cel_literal_print(b, v.list[0]);
			wn_buf_char(b, ')');
		}
		break;
	default: wn_buf_text(b, v.kind == WN_OBJECT && v.object ? v.object->cls->name : "?"); break;
	}
}

static enum level level_of(const struct cel_node *n)
{
	switch (n->kind) {
	case CEL_NODE_COND: return L_COND;
	case CEL_NODE_OR: return L_OR;
	case CEL_NODE_AND: return L_AND;
	case CEL_NODE_NOT: return L_UNARY;
	case CEL_NODE_LITERAL:
		return (n->literal.kind == WN_INT && n->literal.i < 0) || (n->literal.kind == WN_DOUBLE && n->literal.d < 0) ? L_UNARY : L_MEMBER;
	case CEL_NODE_CALL:
		if (n->op >= OP_EQ && n->op <= OP_IN)
			return L_REL;
		return n->op == OP_ADD || n->op == OP_SUB ? L_ADD : n->op >= OP_MUL && n->op <= OP_MOD ? L_MUL : n->op == OP_NEG ? L_UNARY : L_MEMBER;
	default: return L_MEMBER;
	}
}

static void print_args(struct wn_buf *b, const struct cel_node *n, uint32_t from)
{
	for (uint32_t i = from; i < n->n_args; i++) {
		if (i > from)
			wn_buf_text(b, ", ");
		print_at(b, n->args[i], L_COND);
	}
}

static void print_binary(struct wn_buf *b, const struct cel_node *n)
{
	static const char *const signs[] = {[OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=",
		[OP_IN] = "in", [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_MOD] = "%"};
	enum level own = level_of(n);

	print_at(b, n->args[0], own);
	wn_buf_printf(b, " %s ", signs[n->op]);
	print_at(b, n->args[1], own + 1);
}

static void print_field(struct wn_buf *b, struct wn_str name)
{
	bool plain = name.n > 0 && !isdigit((unsigned char)name.p[0]);

	for (size_t i = 0; i < name.n; i++)
		plain &= isalnum((unsigned char)name.p[i]) || name.p[i] == '_';
	wn_buf_text(b, plain ? "" : "`");
	wn_buf_str(b, name);
	wn_buf_text(b, plain ? "" : "`");
}

static void print_call(struct wn_buf *b, const struct cel_node *n)
{
	if (n->op >= OP_EQ && n->op <= OP_MOD) {
		print_binary(b, n);
	} else if (n->op == OP_NEG) {
		wn_buf_char(b, '-');
		print_at(b, n->args[0], L_MEMBER);
	} else if (n->op == OP_OPT_SELECT) {
		print_at(b, n->args[0], L_MEMBER);
		wn_buf_text(b, ".?");
		print_field(b, wn_value_str(n->args[1]->literal));
	} else if (n->op) {
		print_at(b, n->args[0], L_MEMBER);
		wn_buf_text(b, n->op == OP_INDEX ? "[" : "[?");
		print_at(b, n->args[1], L_COND);
		wn_buf_char(b, ']');
	} else {
		bool receiver = n->flags & NODE_RECEIVER;

		if (receiver) {
			print_at(b, n->args[0], L_MEMBER);
			wn_buf_char(b, '.');
		} else if (n->flags & NODE_ABSOLUTE) {
			wn_buf_char(b, '.');
		}
		wn_buf_str(b, n->name);
		wn_buf_char(b, '(');
		print_args(b, n, receiver);
		wn_buf_char(b, ')');
	}
}

static void print_comprehension(struct wn_buf *b, const struct cel_node *n)
{
	if (n->macro == MACRO_BIND) {
		wn_buf_printf(b, "cel.bind(" WN_STR_FMT ", ", WN_STR_ARG(n->loop->name[0]));
		print_args(b, n, 0);
		wn_buf_char(b, ')');
		return;
	}
	print_at(b, n->args[0], L_MEMBER);
	wn_buf_printf(b, "." WN_STR_FMT "(", WN_STR_ARG(n->name));
	for (int i = 0; i < n->loop->n; i++)
		wn_buf_printf(b, WN_STR_FMT ", ", WN_STR_ARG(n->loop->name[i]));
	print_args(b, n, 1);
	wn_buf_char(b, ')');
}

static void print_collection(struct wn_buf *b, const struct cel_node *n)
{
	bool map = n->kind == CEL_NODE_MAP;

	wn_buf_char(b, map ? '{' : '[');
	for (uint32_t i = 0; i < n->n_args; i += map ? 2 : 1) {
		wn_buf_text(b, i ? ", " : "");
		wn_buf_text(b, n->optional && n->optional[map ? i / 2 : i] ? "?" : "");
		print_at(b, n->args[i], L_COND);
		if (map) {
			wn_buf_text(b, ": ");
			print_at(b, n->args[i + 1], L_COND);
		}
	}
	wn_buf_char(b, map ? '}' : ']');
}

static void print_node(struct wn_buf *b, const struct cel_node *n)
{
	switch (n->kind) {
	case CEL_NODE_LITERAL: cel_literal_print(b, n->literal); break;
	case CEL_NODE_IDENT:
		wn_buf_text(b, n->flags & NODE_ABSOLUTE ? "." : "");
		wn_buf_str(b, n->name);
		break;
	case CEL_NODE_HAS:
	case CEL_NODE_SELECT:
		wn_buf_text(b, n->kind == CEL_NODE_HAS ? "has(" : "");
		print_at(b, n->args[0], L_MEMBER);
		wn_buf_char(b, '.');
		print_field(b, n->name);
		wn_buf_text(b, n->kind == CEL_NODE_HAS ? ")" : "");
		break;
	case CEL_NODE_LIST:
	case CEL_NODE_MAP: print_collection(b, n); break;
	case CEL_NODE_NOT:
		wn_buf_char(b, '!');
		print_at(b, n->args[0], L_UNARY);
		break;
	case CEL_NODE_COND:
		print_at(b, n->args[0], L_OR);
		wn_buf_text(b, " ? ");
		print_at(b, n->args[1], L_OR);
		wn_buf_text(b, " : ");
		print_at(b, n->args[2], L_COND);
		break;
	case CEL_NODE_AND:
	case CEL_NODE_OR:
		for (uint32_t i = 0; i < n->n_args; i++) {
			wn_buf_text(b, !i ? "" : n->kind == CEL_NODE_AND ? " && " : " || ");
			print_at(b, n->args[i], level_of(n) + 1);
		}
		break;
	case CEL_NODE_COMPREHENSION: print_comprehension(b, n); break;
	default: print_call(b, n); break;
	}
}

static void print_at(struct wn_buf *b, const struct cel_node *n, enum level least)
{
	if (n->kind == CEL_NODE_LITERAL && n->origin)
		n = n->origin;
	if (level_of(n) >= least) {
		print_node(b, n);
		return;
	}
	wn_buf_char(b, '(');
	print_node(b, n);
	wn_buf_char(b, ')');
}

void cel_unparse(struct wn_buf *b, const struct cel_node *n) { print_at(b, n, L_COND); }
