/* SPDX-License-Identifier: MIT */
/*
 * Names: variables, comprehension variables, containers, qualified names, fields.
 *
 * "Name Resolution" of the language definition: with container a.b the name c means a.b.c, a.c or c, the longest
 * that is declared; of a.b.c.d the longest prefix that names a variable is it. A comprehension variable hides all.
 */
#include "cel_internal.h"

#include <stdio.h>

#define NAME_MAX_BYTES 400

const struct cel_scope *cel_scope_find(const struct cel_check *k, struct wn_str name)
{
	for (const struct cel_scope *s = k->scope; s; s = s->up)
		if (wn_str_eq(s->name, name))
			return s;
	return NULL;
}

/* Calls `find` with container.name, its parents, name. */
typedef const void *find_fn(const struct cel_env *env, struct wn_str name);
static __attribute__((noinline)) const void *in_parents(const struct cel_env *env, struct wn_str name, find_fn *find)
{
	char full[NAME_MAX_BYTES];
	size_t n = env->container.n;

	while (n > 0) {
		int len = snprintf(full, sizeof(full), "%.*s." WN_STR_FMT, (int)n, env->container.p, WN_STR_ARG(name));
		const void *found = (size_t)len < sizeof(full) ? find(env, (struct wn_str){full, (size_t)len}) : NULL;

		if (found)
			return found;
		while (n > 0 && env->container.p[n - 1] != '.')
			n--;
		n -= n > 0;
	}
	return NULL;
}

static inline const void *in_container(const struct cel_env *env, struct wn_str name, bool absolute, find_fn *find)
{
	const void *found = absolute || !env->container.n ? NULL : in_parents(env, name, find);

	return found ? found : find(env, name);
}

static const void *find_variable(const struct cel_env *env, struct wn_str name)
{
	for (size_t i = 0; i < env->variables.n; i++)
		if (wn_str_eq(env->variables.v[i].name, name))
			return &env->variables.v[i];
	return NULL;
}

static const void *find_function(const struct cel_env *env, struct wn_str name) { return cel_env_find(env, name); }
static const void *find_type(const struct cel_env *env, struct wn_str name)
{
	(void)env;
	return cel_type_named(name);
}

const struct cel_variable *cel_variable_find(const struct cel_check *k, struct wn_str name, bool absolute)
{
	return in_container(k->c->env, name, absolute, find_variable);
}

const struct cel_fn *cel_function_find(const struct cel_check *k, struct wn_str name, bool absolute)
{
	return in_container(k->c->env, name, absolute, find_function);
}

/* --- turning a node into what its name means ---------------------------------------------------------- */
static bool become_variable(struct cel_check *k, struct cel_node *n, const struct cel_variable *v)
{
	n->kind = CEL_NODE_IDENT;
	n->n_args = 0;
	n->name = v->name;
	n->type = v->type;
	n->id.variable = (int32_t)(v - k->c->env->variables.v);
	n->id.slot = -1;
	n->id.collectable = v->type->kind == CEL_RECORD && v->type->record->collectable;
	n->flags = (v->moving ? NODE_MOVING | NODE_FLOWS : 0) | (cel_scope_find(k, v->name) ? NODE_ABSOLUTE : 0); /* not the one that hides it */
	n->variants = v->type->kind == CEL_RECORD ? cel_facts_of(k, v, NULL) : NULL;
	return true;
}

static bool become_type(struct cel_check *k, struct cel_node *n, const struct cel_type *t)
{
	struct cel_type *meta = WN_NEW(k->c->arena, struct cel_type);
	struct cel_node *was = WN_NEW(k->c->arena, struct cel_node);

	*was = *n;
	meta->kind = CEL_TYPE;
	meta->elem = t;
	n->origin = was;
	n->kind = CEL_NODE_LITERAL;
	n->n_args = 0;
	n->literal = wn_string(cel_type_ident(t));
	n->literal.kind = WN_TYPE;
	n->type = meta;
	return true;
}

static bool become_local(struct cel_check *k, struct cel_node *n, const struct cel_scope *s)
{
	n->type = s->type;
	n->id.variable = -1;
	n->id.slot = s->slot;
	n->id.collectable = s->alias && s->type->kind == CEL_RECORD && s->type->record->collectable;
	n->flags = s->flows ? NODE_MOVING | NODE_FLOWS : 0;
	n->variants = cel_facts_of(k, s, s->variants);
	return true;
}

static bool unknown_name(struct cel_check *k, struct cel_node *n)
{
	const struct cel_env *env = k->c->env;
	WN_VEC(const char *) names = {0};
	char hint[120];

	if (k->unchecked) {
		n->type = &cel_dyn;
		n->id.variable = n->id.slot = -1;
		return true;
	}
	for (const struct cel_scope *s = k->scope; s; s = s->up)
		*WN_PUSH(k->c->arena, &names) = wn_arena_strdup(k->c->arena, s->name);
	for (size_t i = 0; i < env->variables.n; i++)
		*WN_PUSH(k->c->arena, &names) = env->variables.v[i].name.p;
	if (cel_function_find(k, n->name, false))
		return cel_complain(k->c, n->span, "`" WN_STR_FMT "` is a function: call it with ( )", WN_STR_ARG(n->name));
	return cel_complain(k->c, n->span, "there is no `" WN_STR_FMT "` here%s", WN_STR_ARG(n->name),
			    cel_suggest(hint, sizeof(hint), n->name, names.v, names.n));
}

bool cel_check_ident(struct cel_check *k, struct cel_node *n)
{
	bool absolute = n->flags & NODE_ABSOLUTE;
	const struct cel_scope *s = absolute ? NULL : cel_scope_find(k, n->name);
	const struct cel_variable *v;
	const struct cel_type *t;

	if (s)
		return become_local(k, n, s);
	if ((v = cel_variable_find(k, n->name, absolute)))
		return become_variable(k, n, v);
	if ((t = in_container(k->c->env, n->name, absolute, find_type)))
		return become_type(k, n, t);
	return unknown_name(k, n);
}

static bool append(char *dst, size_t size, size_t *len, struct wn_str more)
{
	if (more.n >= size - *len)
		return false;
	memcpy(dst + *len, more.p, more.n);
	*len += more.n;
	dst[*len] = '\0';
	return true;
}

static bool append_chain(const struct cel_node *n, char *dst, size_t size, size_t *len, bool *absolute)
{
	if (n->kind == CEL_NODE_IDENT && n->id.variable < 0) {
		*absolute = n->flags & NODE_ABSOLUTE;
		return append(dst, size, len, n->name);
	}
	return n->kind == CEL_NODE_SELECT && !(n->flags & NODE_QUOTED) && append_chain(n->args[0], dst, size, len, absolute) &&
	       append(dst, size, len, WN_STR(".")) && append(dst, size, len, n->name);
}

/* Dotted text of a chain of plain selections; false if it is none or starts at a comprehension variable's name. */
bool cel_qualified_name(const struct cel_node *n, char *dst, size_t size, bool *absolute)
{
	size_t len = 0;

	return append_chain(n, dst, size, &len, absolute);
}

static const struct cel_node *leftmost(const struct cel_node *n)
{
	while (n->kind == CEL_NODE_SELECT)
		n = n->args[0];
	return n;
}

/* --- fields ------------------------------------------------------------------------------------------ */
static bool no_such_field(struct cel_check *k, struct cel_node *n, const struct cel_record *rec)
{
	const char **names = WN_NEW_N(k->c->arena, const char *, rec->n_fields + 1);
	char hint[160];

	for (size_t i = 0; i < rec->n_fields; i++)
		names[i] = rec->fields[i].name;
	return cel_complain(k->c, (struct cel_span){n->span.end - (uint32_t)n->name.n - (n->kind == CEL_NODE_HAS), n->span.end},
			    "`%s` has no `" WN_STR_FMT "`%s", rec->name, WN_STR_ARG(n->name),
			    cel_suggest(hint, sizeof(hint), n->name, names, rec->n_fields));
}

static bool select_record(struct cel_check *k, struct cel_node *n, const struct cel_record *rec)
{
	const struct cel_field *f = NULL;

	for (size_t i = 0; i < rec->n_fields && !f; i++)
		if (wn_str_is(n->name, rec->fields[i].name))
			f = &rec->fields[i];
	if (!f)
		return no_such_field(k, n, rec);
	if (!cel_check_variant(k, n, rec, f))
		return false;
	n->sel.field = f;
	n->sel.number = f->number;
	n->type = f->type;
	if (n->kind == CEL_NODE_SELECT && f->moving)
		n->flags |= f->type->kind == CEL_DURATION || f->type->kind == CEL_TIMESTAMP || f->type->kind == CEL_DOUBLE
				    ? NODE_MOVING | NODE_FLOWS : NODE_MOVING | NODE_TERM;
	return true;
}

static bool has_no_fields(struct cel_check *k, struct cel_node *n, const struct cel_type *t)
{
	char text[120];

	cel_type_to_text(t, text, sizeof(text));
	return cel_complain(k->c, n->args[0]->span, "this is %s and has no fields such as `" WN_STR_FMT "`", text, WN_STR_ARG(n->name));
}

/* Type of field `n->name` in t; optional(x) gives optional(field). */
static bool select_type(struct cel_check *k, struct cel_node *n, const struct cel_type *t)
{
	switch (t->kind) {
	case CEL_RECORD:
		return select_record(k, n, t->record);
	case CEL_MAP:
		n->type = cel_elem(t);
		return true;
	case CEL_DYN:
	case CEL_ERROR:
	case CEL_PARAM:
		n->type = &cel_dyn;
		return true;
	case CEL_OPTIONAL:
		if (!select_type(k, n, cel_type_resolve(&k->subst, cel_elem(t), false)))
			return false;
		n->sel.field = NULL; /* read by name through the optional */
		n->type = cel_type_optional(k->c->arena, n->type);
		return true;
	default:
		if (!k->unchecked)
			return has_no_fields(k, n, t);
		n->type = &cel_dyn;
		return true;
	}
}

/* Can a name with dots that begins so be more than a field? Few environments have such variables; the types are google.protobuf's and net's. */
static bool may_be_qualified(const struct cel_env *env, struct wn_str root)
{
	return env->container.n || env->dotted || wn_str_is(root, "google") || wn_str_is(root, "net");
}

/* a.b.c is the name of a variable or of a type. */
static bool is_qualified(struct cel_check *k, struct cel_node *n)
{
	char qualified[NAME_MAX_BYTES];
	bool absolute = false;
	const struct cel_variable *v;
	const struct cel_type *t;

	if (!cel_qualified_name(n, qualified, sizeof(qualified), &absolute))
		return false;
	if ((v = cel_variable_find(k, wn_str_of(qualified), absolute)))
		return become_variable(k, n, v);
	if ((t = in_container(k->c->env, wn_str_of(qualified), absolute, find_type)))
		return become_type(k, n, t);
	return false;
}

bool cel_check_select(struct cel_check *k, struct cel_node *n)
{
	const struct cel_node *root = leftmost(n);

	if (n->kind == CEL_NODE_SELECT && root->kind == CEL_NODE_IDENT && may_be_qualified(k->c->env, root->name) &&
	    ((root->flags & NODE_ABSOLUTE) || !cel_scope_find(k, root->name)) && is_qualified(k, n))
		return true;
	if (!cel_check_node(k, n->args[0]))
		return false;
	n->flags &= NODE_QUOTED;
	n->flags |= n->args[0]->flags & NODE_MOVING;
	if (!select_type(k, n, cel_type_resolve(&k->subst, n->args[0]->type, false)))
		return false;
	if (n->kind == CEL_NODE_HAS)
		n->type = &cel_bool;
	return true;
}

/* a.?b: the field if it is there, as an optional. */
bool cel_check_opt_select(struct cel_check *k, struct cel_node *n)
{
	struct cel_node field = *n;
	const struct cel_type *from;

	if (!cel_check_node(k, n->args[0]) || !cel_check_node(k, n->args[1]))
		return false;
	if (n->args[1]->kind != CEL_NODE_LITERAL || n->args[1]->literal.kind != WN_STRING)
		return cel_complain(k->c, n->args[1]->span, "expected the name of a field");
	field.kind = CEL_NODE_SELECT;
	field.name = wn_value_str(n->args[1]->literal);
	field.flags = n->args[0]->flags & NODE_MOVING;
	from = cel_type_resolve(&k->subst, n->args[0]->type, false);
	while (from->kind == CEL_OPTIONAL)
		from = cel_type_resolve(&k->subst, cel_elem(from), false);
	if (!select_type(k, &field, from))
		return false;
	n->type = cel_type_optional(k->c->arena, field.type);
	n->flags |= field.flags & ~NODE_FLOWS;
	if (field.flags & NODE_FLOWS)
		n->flags |= NODE_TERM;
	return true;
}
