/* SPDX-License-Identifier: MIT */
/*
 * Which kinds `signal` may be where a rule is true, read off the checked tree. Never too few: an expression that is not
 * understood allows all of them.
 */
#include "rule.h"

struct kinds {
	uint64_t v[WN_KINDS_MAX / 64];
};

static void meet(struct kinds *k, const uint64_t *with)
{
	for (size_t i = 0; with && i < WN_COUNT(k->v); i++)
		k->v[i] &= with[i];
}

static void join(struct kinds *k, const struct kinds *with)
{
	for (size_t i = 0; i < WN_COUNT(k->v); i++)
		k->v[i] |= with->v[i];
}

static struct kinds all_kinds(const struct wn_registry *r)
{
	struct kinds k = {0};
	for (size_t i = 0; i < wn_registry_kinds(r) && i < WN_KINDS_MAX; i++)
		k.v[i / 64] |= UINT64_C(1) << i % 64;
	return k;
}

static bool of_signal(const struct cel_node_view *v)
{
	if (v->n_args != 1)
		return false;
	struct cel_node_view of = cel_node_look(v->args[0]);
	return of.kind == CEL_NODE_IDENT && of.variable == WN_RULE_SIGNAL;
}

/* x.or(y), x.orValue(y): y is asked only where x is nothing. */
static bool is_lazy(const struct cel_node_view *v)
{
	return v->kind == CEL_NODE_CALL && (wn_str_is(v->name, "or") || wn_str_is(v->name, "orValue"));
}

/* The value is there only if every attribute is that it reads. */
static void with_attributes(const struct cel_node_view *v, struct kinds *k)
{
	if (v->kind == CEL_NODE_SELECT && v->field && v->field->variants && of_signal(v))
		meet(k, v->field->variants);
	for (size_t i = 0; i < (is_lazy(v) ? 1 : v->n_args); i++) {
		enum cel_node_kind kind = cel_node_kind(v->args[i]);
		if (kind != CEL_NODE_SELECT && kind != CEL_NODE_CALL && kind != CEL_NODE_INDEX && kind != CEL_NODE_LIST)
			continue;
		struct cel_node_view of = cel_node_look(v->args[i]);
		with_attributes(&of, k);
	}
}

/* The kinds that a literal, or a list of literals, names. */
static bool named(const struct wn_registry *r, struct wn_value v, struct kinds *k)
{
	if (v.kind == WN_STRING) {
		int i = wn_registry_kind_number(r, wn_value_str(v));
		if (i >= 0)
			k->v[i / 64] |= UINT64_C(1) << i % 64;
		return true;
	}
	for (uint32_t i = 0; v.kind == WN_LIST && i < v.n; i++)
		if (!named(r, v.list[i], k))
			return false;
	return v.kind == WN_LIST;
}

static bool is_kind(const struct cel_node *n)
{
	if (cel_node_kind(n) != CEL_NODE_SELECT)
		return false;
	struct cel_node_view v = cel_node_look(n);
	return wn_str_is(v.name, "kind") && of_signal(&v);
}

/* signal.kind == "a", != "a", in ["a", "b"], either way round; false: the call is something else. */
static bool asks_kind(const struct wn_registry *r, const struct cel_node_view *v, bool want, struct kinds *k)
{
	bool equal = wn_str_is(v->name, "_==_"), other = wn_str_is(v->name, "_!=_"), in = wn_str_is(v->name, "@in");
	if (v->n_args != 2 || !(equal || other || in))
		return false;
	bool left = is_kind(v->args[0]);
	if (!left && (in || !is_kind(v->args[1])))
		return false;
	struct cel_node_view literal = cel_node_look(v->args[left ? 1 : 0]);
	struct kinds names = {0};
	if (literal.kind != CEL_NODE_LITERAL || !named(r, literal.literal, &names))
		return false;
	for (size_t i = 0; want == other && i < WN_COUNT(names.v); i++)
		names.v[i] = ~names.v[i];
	meet(k, names.v);
	return true;
}

/* Leaves of `k` the kinds for which the expression may be `want`. */
static void allow(const struct wn_registry *r, const struct cel_node *n, bool want, struct kinds *k);

static void allow_some(const struct wn_registry *r, const struct cel_node_view *v, bool want, struct kinds *k)
{
	struct kinds some = {0};
	for (size_t i = 0; i < v->n_args; i++) {
		struct kinds one = *k;
		allow(r, v->args[i], want, &one);
		join(&some, &one);
	}
	*k = some;
}

static void allow_choice(const struct wn_registry *r, const struct cel_node_view *v, bool want, struct kinds *k)
{
	struct kinds other = *k;
	allow(r, v->args[0], true, k);
	allow(r, v->args[1], want, k);
	allow(r, v->args[0], false, &other);
	allow(r, v->args[2], want, &other);
	join(k, &other);
}

static void allow(const struct wn_registry *r, const struct cel_node *n, bool want, struct kinds *k)
{
	struct cel_node_view v = cel_node_look(n);
	switch (v.kind) {
	case CEL_NODE_NOT:
		allow(r, v.args[0], !want, k);
		break;
	case CEL_NODE_AND:
	case CEL_NODE_OR:
		if ((v.kind == CEL_NODE_AND) != want)
			allow_some(r, &v, want, k);
		else
			for (size_t i = 0; i < v.n_args; i++)
				allow(r, v.args[i], want, k);
		break;
	case CEL_NODE_COND:
		allow_choice(r, &v, want, k);
		break;
	case CEL_NODE_HAS:
		if (want && of_signal(&v))
			meet(k, v.field ? v.field->variants : NULL);
		break;
	case CEL_NODE_LITERAL:
		if (v.literal.kind == WN_BOOL && v.literal.b != want)
			*k = (struct kinds){0};
		break;
	default:
		if (v.kind == CEL_NODE_SELECT || (v.kind == CEL_NODE_CALL && !asks_kind(r, &v, want, k)))
			with_attributes(&v, k);
	}
}

bool rule_signal_kinds(const struct wn_registry *r, const struct cel_node *when, uint64_t set[4])
{
	struct kinds all = all_kinds(r), k = all;
	allow(r, when, true, &k);
	memcpy(set, k.v, sizeof(k.v));
	return memcmp(&k, &all, sizeof(all)) != 0;
}

bool wn_segment_opens_on(const struct wn_segment *s, int kind)
{
	const struct segment_inner *inner = inner_of(s);
	if (s->broad || kind < 0 || kind >= WN_KINDS_MAX)
		return false;
	return ((inner->names_its_kinds ? s->reads.kinds : inner->kinds)[kind / 64] >> (kind % 64) & 1) != 0;
}
