/* SPDX-License-Identifier: MIT */
/*
 * The same fact: whether two reports tell of one, what their attributes are together, and how many of their
 * publishers count (design 06 and 05). Pure arithmetic on values; who is compared with whom is the store's
 * business.
 */
#include "words.h"
#include <whynow/signal.h>

#include <math.h>

/* Money of one round is told rounded, converted, with and without fees. */
static const double money_tolerance = 0.10;

static bool is_number(struct wn_value v)
{
	return v.kind == WN_INT || v.kind == WN_UINT || v.kind == WN_DOUBLE;
}

static double number(struct wn_value v)
{
	return v.kind == WN_INT ? (double)v.i : v.kind == WN_UINT ? (double)v.u : v.d;
}

static bool money_agrees(double a, double b)
{
	double larger = fmax(fabs(a), fabs(b));

	return fabs(a - b) <= money_tolerance * larger * (1 + 1e-9);
}

static bool text_agrees(const char *attr, struct wn_str x, struct wn_str y, struct wn_arena *a)
{
	if (strcmp(attr, "person") == 0)
		return wn_str_eq(wn_person_normalise(x, a), wn_person_normalise(y, a));
	return wn_str_eq(wn_name_squeeze(wn_name_normalise(x, a), a),
			 wn_name_squeeze(wn_name_normalise(y, a), a));
}

static bool values_agree(const struct wn_attr_def *d, struct wn_value x, struct wn_value y, struct wn_arena *a)
{
	if (is_number(x) && is_number(y))
		return d->money ? money_agrees(number(x), number(y)) : number(x) == number(y);
	if (x.kind == WN_STRING && y.kind == WN_STRING)
		return text_agrees(d->name, wn_value_str(x), wn_value_str(y), a);
	return wn_value_eq(x, y);
}

bool wn_same_fact(const struct wn_registry *r, int kind, struct wn_value attrs_a, struct wn_value attrs_b,
		  struct wn_arena *scratch)
{
	const struct wn_kind_def *k = wn_registry_kind(r, kind);

	if (!k || k->same_within_us == 0)
		return false;
	for (size_t i = 0; i < k->n_attrs; i++) {
		const struct wn_attr_def *d = &k->attrs[i];
		struct wn_value x = wn_value_at(attrs_a, d->name), y = wn_value_at(attrs_b, d->name);
		if (d->identity && x.kind != WN_ABSENT && y.kind != WN_ABSENT &&
		    !values_agree(d, x, y, scratch))
			return false;
	}
	return true;
}

struct wn_value wn_attrs_merge(struct wn_value have, struct wn_value more, struct wn_arena *a, bool *changed,
			       struct wn_value *conflicts)
{
	struct wn_map_builder all = wn_map_begin(a), other = wn_map_begin(a);

	*changed = false;
	for (uint32_t i = 0; have.kind == WN_MAP && i < have.n; i++)
		wn_map_put(&all, wn_value_str(have.map[i].key), have.map[i].value);
	for (uint32_t i = 0; more.kind == WN_MAP && i < more.n; i++) {
		struct wn_str name = wn_value_str(more.map[i].key);
		struct wn_value was = wn_value_get(have, name), is = more.map[i].value;
		bool empty = was.kind == WN_ABSENT || was.kind == WN_NULL;
		if (is.kind == WN_ABSENT || is.kind == WN_NULL)
			continue;
		if (empty) {
			wn_map_put(&all, name, is);
			*changed = true;
		} else if (!wn_value_eq(was, is)) {
			wn_map_put(&other, name, is);
		}
	}
	if (conflicts)
		*conflicts = wn_map_end(&other);
	return wn_map_end(&all);
}

/* --- publishers --------------------------------------------------------------------------------------- */

static bool is_wire(struct wn_str domain, const char *const *wires)
{
	for (; wires && *wires; wires++)
		if (wn_str_is(domain, *wires))
			return true;
	return false;
}

static bool names(const struct wn_publisher *p, const struct wn_publisher *other)
{
	return p->source.n > 0 && wn_str_eq(p->source, other->domain);
}

static bool independent(const struct wn_publisher *p, const struct wn_publisher *q, const char *const *wires)
{
	if (p->domain.n == 0 || q->domain.n == 0 || wn_str_eq(p->domain, q->domain))
		return false;
	if (p->headline_key.n > 0 && wn_str_eq(p->headline_key, q->headline_key))
		return false;
	return !names(p, q) && !names(q, p) && !(is_wire(p->domain, wires) && is_wire(q->domain, wires));
}

int wn_publishers_independent(const struct wn_publisher *p, size_t n, const char *const *wires)
{
	const struct wn_publisher *counted[WN_PUBLISHERS_MAX];
	size_t found = 0;

	for (size_t i = 0; i < n && found < WN_COUNT(counted); i++) {
		bool counts = true;
		for (size_t k = 0; k < found && counts; k++)
			counts = independent(&p[i], counted[k], wires);
		if (counts)
			counted[found++] = &p[i];
	}
	return (int)found;
}
