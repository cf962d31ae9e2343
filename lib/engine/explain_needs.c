/* SPDX-License-Identifier: MIT */
/*
 * What would have to change for a term to be true, in words: "account.employees needs >= 50, is 12". One phrase
 * for each comparison that fails, joined as the term joins them. Values are those of parts of the compiled
 * rule.
 */
#include "explain_internal.h"

#include <whynow/date.h>

#include <math.h>
#include <stdio.h>

struct needs {
	const struct asked *at;
	const struct cel_program *program;
	struct wn_buf *out;
};

static void say(struct needs *k, const struct cel_node *n, bool want);

/* --- values -------------------------------------------------------------------------------------------- */
static void put_number(struct wn_buf *b, double v)
{
	static const struct {
		double from;
		const char *unit;
	} units[] = {{1e9, "B"}, {1e6, "M"}};
	for (size_t i = 0; i < WN_COUNT(units); i++)
		if (fabs(v) >= units[i].from && v * 1000 / units[i].from == floor(v * 1000 / units[i].from)) {
			wn_buf_printf(b, "%.15g%s", v / units[i].from, units[i].unit);
			return;
		}
	wn_buf_printf(b, fabs(v) < 1e15 && v == floor(v) ? "%.0f" : "%.6g", v);
}

static void put_value(struct wn_buf *b, struct wn_value v)
{
	enum { SHOWN = 12 };
	char text[40];
	switch (v.kind) {
	case WN_STRING:
		wn_buf_printf(b, "\"" WN_STR_FMT "\"", WN_STR_ARG(wn_value_str(v)));
		break;
	case WN_BOOL:
		wn_buf_text(b, v.b ? "true" : "false");
		break;
	case WN_INT:
		put_number(b, (double)v.i);
		break;
	case WN_UINT:
		put_number(b, (double)v.u);
		break;
	case WN_DOUBLE:
		put_number(b, v.d);
		break;
	case WN_DURATION:
		wn_duration_to_text(wn_value_us(v) / WN_SECOND * WN_SECOND, text);
		wn_buf_text(b, text);
		break;
	case WN_TIMESTAMP:
		wn_rfc3339_from_us(wn_value_us(v) / WN_SECOND * WN_SECOND, text);
		wn_buf_text(b, text);
		break;
	case WN_LIST:
		if (v.n == 0)
			wn_buf_text(b, "empty");
		for (uint32_t i = 0; i < v.n && i < SHOWN; i++) {
			wn_buf_text(b, i ? ", " : "");
			put_value(b, v.list[i]);
		}
		wn_buf_text(b, v.n > SHOWN ? ", ..." : "");
		break;
	default:
		wn_buf_text(b, "?");
	}
}

/* --- what is not known --------------------------------------------------------------------------------- */
static const char *who_brings(const struct needs *k, const struct cel_node *path)
{
	struct cel_node_view v = cel_node_look(path);
	while (v.kind == CEL_NODE_SELECT)
		v = cel_node_look(v.args[0]);
	switch (v.variable) {
	case WN_RULE_ACCOUNT:
		return "an import or a feed has to bring it";
	case WN_RULE_CONTACT:
		return k->at->contact ? "an import of contacts has to bring it" : "it is asked of each contact";
	case WN_RULE_SIGNAL:
		return k->at->signal ? "the signal does not say it; another report of it may"
				     : "there is no signal";
	default:
		return "nobody has said it";
	}
}

/* Why the part has no value; the first path without one, else the complaint of the function. */
static bool say_missing(struct needs *k, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	struct cel_result res;
	if (v.kind == CEL_NODE_SELECT && rule_is_path(n)) {
		(void)ask_part(k->at, k->program, n, &res);
		if (!res.unknown)
			return false;
		struct wn_str text = part_text(k->at->world, k->program, n);
		wn_buf_printf(k->out, WN_STR_FMT " has no value: %s", WN_STR_ARG(text), who_brings(k, n));
		return true;
	}
	if (v.kind != CEL_NODE_COMPREHENSION)
		for (size_t i = 0; i < v.n_args; i++)
			if (say_missing(k, v.args[i]))
				return true;
	(void)ask_part(k->at, k->program, n, &res);
	if (!res.unknown)
		return false;
	struct wn_str text = part_text(k->at->world, k->program, n);
	wn_buf_printf(k->out, WN_STR_FMT " is not known: %s", WN_STR_ARG(text), res.error);
	return true;
}

/* --- comparisons --------------------------------------------------------------------------------------- */
static const struct {
	const char *call, *sign, *inverse, *swapped;
} signs[] = {{"_==_", "", "other than", ""}, {"_!=_", "other than", "", "other than"},
	     {"_<_", "<", ">=", ">"},        {"_<=_", "<=", ">", ">="},
	     {"_>_", ">", "<=", "<"},        {"_>=_", ">=", "<", "<="}};

static bool is_path_of(const struct cel_node *n, int variable, const char *field)
{
	struct cel_node_view v = cel_node_look(n);
	if (v.kind != CEL_NODE_SELECT || !wn_str_is(v.name, field))
		return false;
	v = cel_node_look(v.args[0]);
	return v.kind == CEL_NODE_IDENT && v.variable == variable;
}

static const char *kind_of_signal(const struct needs *k)
{
	const struct wn_signal *s = k->at->signal;
	return s ? wn_registry_kind(k->at->world->catalog->registry, s->kind)->name : NULL;
}

static void say_kind(struct needs *k, bool want, struct wn_value kinds)
{
	const char *have = kind_of_signal(k);
	wn_buf_text(k->out, want ? "needs a signal of kind " : "needs a signal of a kind other than ");
	if (kinds.kind == WN_LIST)
		for (uint32_t i = 0; i < kinds.n; i++)
			wn_buf_printf(k->out, "%s" WN_STR_FMT,
				      !i                ? ""
				      : i + 1 < kinds.n ? ", "
							: " or ",
				      WN_STR_ARG(wn_value_str(kinds.list[i])));
	else
		wn_buf_str(k->out, wn_value_str(kinds));
	if (have)
		wn_buf_printf(k->out, "; the one that comes nearest is a %s", have);
}

/* "X needs >= 50, is 12", X being the side that is no constant. */
static void say_compare(struct needs *k, const struct cel_node_view *v, size_t sign, bool want)
{
	bool swap = cel_node_look(v->args[0]).kind == CEL_NODE_LITERAL;
	const struct cel_node *left = v->args[swap ? 1 : 0], *right = v->args[swap ? 0 : 1];
	const char *word = want ? signs[sign].sign : signs[sign].inverse;
	struct cel_result a, b;
	if (swap)
		for (size_t i = 0; i < WN_COUNT(signs); i++)
			if (strcmp(signs[i].sign, word) == 0) {
				word = signs[i].swapped;
				break;
			}
	(void)ask_part(k->at, k->program, left, &a);
	(void)ask_part(k->at, k->program, right, &b);
	if (is_path_of(left, WN_RULE_SIGNAL, "kind") && (word[0] == '\0' || word[0] == 'o')) {
		say_kind(k, word[0] == '\0', b.value);
		return;
	}
	struct wn_str text = part_text(k->at->world, k->program, left);
	wn_buf_printf(k->out, WN_STR_FMT " needs %s%s", WN_STR_ARG(text), word, *word ? " " : "");
	if (cel_node_look(right).kind != CEL_NODE_LITERAL) {
		struct wn_str other = part_text(k->at->world, k->program, right);
		wn_buf_printf(k->out, WN_STR_FMT ", which is ", WN_STR_ARG(other));
	}
	put_value(k->out, b.value);
	wn_buf_text(k->out, ", is ");
	put_value(k->out, a.value);
}

static void say_in(struct needs *k, const struct cel_node_view *v, bool want)
{
	struct cel_result item, set;
	bool element = cel_node_look(v->args[0]).kind == CEL_NODE_LITERAL;
	(void)ask_part(k->at, k->program, v->args[0], &item);
	(void)ask_part(k->at, k->program, v->args[1], &set);
	if (is_path_of(v->args[0], WN_RULE_SIGNAL, "kind")) {
		say_kind(k, want, set.value);
		return;
	}
	struct wn_str text = part_text(k->at->world, k->program, v->args[element ? 1 : 0]);
	wn_buf_printf(k->out, WN_STR_FMT " needs %s", WN_STR_ARG(text),
		      element ? (want ? "" : "to be without ")
		      : want  ? "one of "
			      : "none of ");
	put_value(k->out, element ? item.value : set.value);
	wn_buf_text(k->out, element && want ? " in it, has " : element ? ", has " : ", is ");
	put_value(k->out, element ? set.value : item.value);
}

/* --- the rest ------------------------------------------------------------------------------------------ */
/* in_segment("x"): the one who asks looks there next. */
static bool say_segment(struct needs *k, const struct cel_node_view *v, bool want)
{
	if (v->kind != CEL_NODE_CALL || !wn_str_is(v->name, "in_segment") || v->n_args != 1)
		return false;
	struct cel_node_view name = cel_node_look(v->args[0]);
	wn_buf_printf(k->out,
		      "needs the account %s segment " WN_STR_FMT " (`whynow whynot ACCOUNT " WN_STR_FMT "`)",
		      want ? "to fit" : "not to fit", WN_STR_ARG(wn_value_str(name.literal)),
		      WN_STR_ARG(wn_value_str(name.literal)));
	return true;
}

static void say_atom(struct needs *k, const struct cel_node *n, const struct cel_node_view *v, bool want)
{
	struct wn_str text = part_text(k->at->world, k->program, n);
	if (say_segment(k, v, want))
		return;
	for (size_t i = 0; v->kind == CEL_NODE_CALL && v->n_args == 2 && i < WN_COUNT(signs); i++)
		if (wn_str_is(v->name, signs[i].call)) {
			say_compare(k, v, i, want);
			return;
		}
	if (v->kind == CEL_NODE_CALL && wn_str_is(v->name, "@in") && v->n_args == 2)
		say_in(k, v, want);
	else if (v->kind == CEL_NODE_SELECT)
		wn_buf_printf(k->out, WN_STR_FMT " needs to be %s, is %s", WN_STR_ARG(text),
			      want ? "true" : "false", want ? "false" : "true");
	else if (v->kind == CEL_NODE_CALL && wn_str_is(v->name, "absent"))
		wn_buf_printf(k->out, "%s " WN_STR_FMT,
			      want ? "a signal lies in the window of" : "no signal lies in the window of",
			      WN_STR_ARG(text));
	else
		wn_buf_printf(k->out, WN_STR_FMT " needs to be %s", WN_STR_ARG(text), want ? "true" : "false");
}

/* All that fail of an && that is wanted; each way out of an || that is wanted. */
static void say_many(struct needs *k, const struct cel_node_view *v, bool want)
{
	bool all = (v->kind == CEL_NODE_AND) == want;
	size_t said = 0;
	for (size_t i = 0; i < v->n_args; i++) {
		struct cel_result res;
		enum wn_three is = ask_part(k->at, k->program, v->args[i], &res);
		if (is == (want ? WN_TRUE3 : WN_FALSE3))
			continue;
		wn_buf_text(k->out, !said++ ? (all ? "" : "either ") : all ? "; and " : ", or ");
		say(k, v->args[i], want);
	}
}

static void say(struct needs *k, const struct cel_node *n, bool want)
{
	struct cel_node_view v = cel_node_look(n);
	struct cel_result res;
	if (v.kind == CEL_NODE_NOT)
		say(k, v.args[0], !want);
	else if (v.kind == CEL_NODE_AND || v.kind == CEL_NODE_OR)
		say_many(k, &v, want);
	else if (ask_part(k->at, k->program, n, &res) != WN_UNKNOWN3 || !say_missing(k, n))
		say_atom(k, n, &v, want);
}

struct wn_str needs_of(const struct asked *at, const struct cel_program *p, const struct cel_node *n)
{
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	struct needs k = {at, p, &b};
	say(&k, n, true);
	struct wn_str text = wn_arena_str(at->world->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}
