/* SPDX-License-Identifier: MIT */
/*
 * The finished program, copied into one block of exactly its size.
 *
 * Compiling leaves tokens, tried overloads and type variables behind, and an arena has blocks of kilobytes; a
 * process that stores many rules should pay for the rules alone. The copy runs twice: first to measure.
 */
#include "cel_internal.h"

struct sealer {
	char *block; /* NULL while measuring */
	size_t used;
	struct wn_str text;  /* of the compile */
	const char *to_text; /* its copy */
};

static void *room(struct sealer *s, size_t bytes)
{
	void *p = s->block ? s->block + s->used : NULL;

	s->used += (bytes + 7) & ~(size_t)7;
	return p;
}

static void *copy_bytes(struct sealer *s, const void *from, size_t bytes)
{
	void *p = from ? room(s, bytes) : NULL;

	if (p && bytes)
		memcpy(p, from, bytes);
	return p;
}

static const char *copy_text(struct sealer *s, const char *p, size_t n)
{
	if (n == 0)
		return "";
	if (p >= s->text.p && p + n <= s->text.p + s->text.n)
		return s->to_text ? s->to_text + (p - s->text.p) : NULL;
	return copy_bytes(s, p, n);
}

/* --- types ------------------------------------------------------------------------------------------- */
static const struct cel_type *copy_type(struct sealer *s, const struct cel_type *t)
{
	static const struct cel_type *const plain[] = {
		[CEL_DYN] = &cel_dyn, [CEL_NULL] = &cel_null, [CEL_BOOL] = &cel_bool, [CEL_INT] = &cel_int, [CEL_UINT] = &cel_uint,
		[CEL_DOUBLE] = &cel_double, [CEL_STRING] = &cel_string, [CEL_BYTES] = &cel_bytes, [CEL_TIMESTAMP] = &cel_timestamp,
		[CEL_DURATION] = &cel_duration,
	};
	struct cel_type copy, *to;
	const struct cel_type **args;

	if (!t || ((size_t)t->kind < WN_COUNT(plain) && plain[t->kind]))
		return t ? plain[t->kind] : NULL;
	to = room(s, sizeof(*to));
	copy = *t;
	copy.elem = copy_type(s, t->elem);
	copy.key = copy_type(s, t->key);
	args = t->n_args ? room(s, sizeof(*args) * t->n_args) : NULL;
	for (size_t i = 0; i < t->n_args; i++) {
		const struct cel_type *arg = copy_type(s, t->args[i]);

		if (args)
			args[i] = arg;
	}
	copy.args = args;
	if (to)
		*to = copy;
	return to;
}

/* --- values ------------------------------------------------------------------------------------------ */
static struct wn_value copy_value(struct sealer *s, struct wn_value v)
{
	struct wn_value *items;
	struct wn_entry *entries;

	switch (v.kind) {
	case WN_STRING:
	case WN_BYTES:
	case WN_TYPE:
		v.s = copy_text(s, v.s, v.n);
		return v;
	case WN_LIST:
	case WN_OPTIONAL:
		items = room(s, sizeof(*items) * v.n);
		for (uint32_t i = 0; i < v.n; i++) {
			struct wn_value item = copy_value(s, v.list[i]);

			if (items)
				items[i] = item;
		}
		v.list = items;
		return v;
	case WN_MAP:
		entries = room(s, sizeof(*entries) * v.n);
		for (uint32_t i = 0; i < v.n; i++) {
			struct wn_entry e = {copy_value(s, v.map[i].key), copy_value(s, v.map[i].value)};

			if (entries)
				entries[i] = e;
		}
		v.map = entries;
		return v;
	default:
		return v;
	}
}

/* --- nodes ------------------------------------------------------------------------------------------- */
static const struct cel_loop *copy_loop(struct sealer *s, const struct cel_loop *from)
{
	struct cel_loop *to = room(s, sizeof(*to)), copy = *from;

	for (int i = 0; i < from->n; i++)
		copy.name[i].p = copy_text(s, from->name[i].p, from->name[i].n);
	if (to)
		*to = copy;
	return to;
}

/* What only a node of this kind holds. */
static void copy_own(struct sealer *s, const struct cel_node *n, struct cel_node *copy)
{
	switch (n->kind) {
	case CEL_NODE_LITERAL:
		copy->literal = copy_value(s, n->literal);
		break;
	case CEL_NODE_COMPREHENSION:
		copy->loop = copy_loop(s, n->loop);
		break;
	case CEL_NODE_LIST:
	case CEL_NODE_MAP:
		copy->optional = copy_bytes(s, n->optional, sizeof(bool) * (n->kind == CEL_NODE_MAP ? n->n_args / 2 : n->n_args));
		break;
	case CEL_NODE_CALL:
	case CEL_NODE_INDEX:
		copy->call.overloads = copy_bytes(s, n->call.overloads, sizeof(*n->call.overloads) * n->call.n_overloads);
		break;
	default:
		break;
	}
}

static struct cel_node *copy_node(struct sealer *s, const struct cel_node *n)
{
	struct cel_node *to = room(s, sizeof(*to)), copy = *n, **args;

	if (n->kind != CEL_NODE_IDENT || n->id.variable < 0) /* a variable's name is the environment's */
		copy.name.p = copy_text(s, n->name.p, n->name.n);
	copy.type = copy_type(s, n->type);
	copy.variants = NULL; /* only the checker asks */
	copy.origin = n->origin ? copy_node(s, n->origin) : NULL;
	copy_own(s, n, &copy);
	args = n->n_args ? room(s, sizeof(*args) * n->n_args) : NULL;
	for (uint32_t i = 0; i < n->n_args; i++) {
		struct cel_node *arg = copy_node(s, n->args[i]);

		if (args)
			args[i] = arg;
	}
	copy.args = args;
	if (to)
		*to = copy;
	return to;
}

static struct cel_program *copy_program(struct sealer *s, const struct cel_program *p)
{
	struct cel_program *to = room(s, sizeof(*to)), copy = *p;
	char *text = room(s, p->text.n + 1);

	if (text) {
		memcpy(text, p->text.p, p->text.n);
		text[p->text.n] = 0;
	}
	s->to_text = text;
	copy.arena = NULL;
	copy.lent = false;
	copy.text.p = text;
	copy.root = copy_node(s, p->root);
	copy.regexes.v = copy_bytes(s, p->regexes.v, sizeof(*p->regexes.v) * p->regexes.n);
	copy.zones.v = copy_bytes(s, p->zones.v, sizeof(*p->zones.v) * p->zones.n);
	if (to)
		*to = copy;
	return to;
}

struct cel_program *cel_seal(const struct cel_program *p)
{
	struct sealer s = {.text = p->text};

	(void)copy_program(&s, p);
	s = (struct sealer){.text = p->text, .block = wn_alloc(s.used)};
	return copy_program(&s, p);
}
