/* SPDX-License-Identifier: MIT */
/*
 * cel_compile, and the read-only view of the checked tree that rule indexes use.
 */
#include "cel_internal.h"
#include <whynow/regex.h>

#include <stdlib.h>
#include <whynow/tz.h>

static const struct cel_options no_options;

static bool compile_all(struct cel_compile *c)
{
	struct cel_program *p = c->p;

	if (c->text.n > WN_CEL_TEXT_MAX)
		return cel_complain_limit(c, (struct cel_span){0}, "the expression is longer than %u bytes", WN_CEL_TEXT_MAX);
	if (!cel_utf8_valid(c->text))
		return cel_complain(c, (struct cel_span){0}, "the expression is not valid UTF-8");
	p->root = cel_parse(c);
	if (!p->root || !cel_check_program(c, p->root) || !cel_emit(c, &p->root))
		return false;
	p->n_slots = c->n_slots;
	p->moving = p->root->flags & NODE_MOVING;
	return true;
}

/* What literal arguments were made into. */
static void drop_prepared(struct cel_program *p)
{
	for (size_t i = 0; i < p->regexes.n; i++)
		cel_regex_free(p->regexes.v[i]);
	for (size_t i = 0; i < p->zones.n; i++)
		wn_tz_free(p->zones.v[i]);
}

enum wn_rc cel_compile(const struct cel_env *env, struct wn_str text, const struct cel_options *opt, struct cel_program **out, struct wn_err *err)
{
	bool lent = opt && opt->scratch;
	struct wn_arena *a = lent ? opt->scratch : wn_arena_new(0);
	if (lent)
		wn_arena_reset(a);
	struct cel_program *p = WN_NEW(a, struct cel_program);
	struct cel_compile c = {.env = env, .opt = opt ? opt : &no_options, .p = p, .arena = a, .err = err};

	p->arena = lent ? NULL : a;
	p->lent = lent;
	p->env = env;
	c.text = text.n > WN_CEL_TEXT_MAX || !text.n ? text : wn_arena_str(a, text);
	if (!c.text.n)
		c.text.p = ""; /* the lexer stops at a NUL */
	p->text = c.text;
	if (!compile_all(&c)) {
		drop_prepared(p);
		if (!lent)
			wn_arena_free(a);
		return c.rc != WN_OK ? c.rc : wn_fail(err, WN_INVALID, "the expression cannot be compiled");
	}
	if (c.opt && c.opt->passing) {
		*out = p;
		return WN_OK;
	}
	*out = cel_seal(p);
	if (!lent)
		wn_arena_free(a);
	return WN_OK;
}

void cel_program_free(struct cel_program *p)
{
	if (!p)
		return;
	drop_prepared(p);
	if (p->arena)
		wn_arena_free(p->arena);
	else if (!p->lent)
		free(p);
}

const struct cel_type *cel_program_type(const struct cel_program *p) { return p->root->type; }
struct wn_str cel_program_text(const struct cel_program *p) { return p->text; }
void cel_program_canonical(const struct cel_program *p, struct wn_buf *out) { cel_unparse(out, p->root); }
const struct cel_node *cel_program_root(const struct cel_program *p) { return p->root; }

/* One expression, written where it is wanted: a local one is put together on the stack and copied, in pieces of other sizes. */
struct cel_node_view cel_node_look(const struct cel_node *n)
{
	return (struct cel_node_view){
		.kind = n->kind,
		.span = n->span,
		.type = n->type,
		.literal = n->kind == CEL_NODE_LITERAL ? n->literal : (struct wn_value){0},
		.variable = n->kind == CEL_NODE_IDENT ? n->id.variable : -1,
		.n_variables = n->kind == CEL_NODE_COMPREHENSION && n->loop ? n->loop->n : 0,
		.name = n->name,
		.field = n->kind == CEL_NODE_SELECT || n->kind == CEL_NODE_HAS ? n->sel.field : NULL,
		.args = (const struct cel_node *const *)n->args,
		.n_args = n->n_args,
		.moving = n->flags & NODE_MOVING,
	};
}

enum cel_node_kind cel_node_kind(const struct cel_node *n) { return n->kind; }

const struct cel_node *const *cel_node_args(const struct cel_node *n, size_t *n_args)
{
	*n_args = n->n_args;
	return (const struct cel_node *const *)n->args;
}

/* Does n use a comprehension variable that is bound outside of it? Slots are never shared by two loops. */
static bool is_open(const struct cel_node *n, bool *bound)
{
	if (n->kind == CEL_NODE_IDENT)
		return n->id.variable < 0 && n->id.slot >= 0 && !bound[n->id.slot];
	for (int s = 0; n->kind == CEL_NODE_COMPREHENSION && s < n->loop->n; s++)
		bound[n->loop->slot[s]] = true;
	for (uint32_t i = 0; i < n->n_args; i++)
		if (is_open(n->args[i], bound))
			return true;
	return false;
}

enum wn_rc cel_program_part(const struct cel_program *p, const struct cel_node *n, struct cel_program **out, struct wn_err *err)
{
	WN_CLEANUP(wn_freep) bool *bound = p->n_slots ? wn_alloc((size_t)p->n_slots) : NULL;
	struct cel_program *part;

	if (bound && is_open(n, bound))
		return wn_fail(err, WN_INVALID, "this part uses a variable of the comprehension around it");
	part = wn_alloc(sizeof(*part));
	part->env = p->env;
	part->whole = p;
	part->text = p->text;
	part->root = (struct cel_node *)n;
	part->n_slots = p->n_slots;
	part->moving = n->flags & NODE_MOVING;
	*out = part;
	return WN_OK;
}
