/* SPDX-License-Identifier: MIT */
/*
 * Computed traits (traits.d: `rules` and `from`): compiled once for a registry, evaluated when a rule or template
 * reads a trait of which nothing is stored.
 *
 * Logic stays three-valued: a choice that is unknown makes the trait unknown, unless an earlier one was true. A
 * computed trait does not depend on time, so what is due never hangs on it; it may read other computed traits, in
 * no circle.
 */
#include "rule.h"

#include <stdlib.h>

enum { COMPUTING_MAX = 16 }; /* circles are refused when compiled; this is for what passes 256 traits */

/* --- compiling ----------------------------------------------------------------------------------------- */
static enum wn_rc compile_choice(const struct wn_rules *r, const struct wn_trait_def *def, const struct wn_trait_choice *c,
				 struct cel_program **out, struct wn_err *err)
{
	struct cel_options opt = {.origin = c->at, .expect = &cel_bool};
	enum wn_rc rc = cel_compile(r->env[RULE_TRAIT], c->when, &opt, out, err);
	if (rc)
		return wn_fail_more(err, rc, "trait %s", def->name);
	if (cel_node_look(cel_program_root(*out)).moving)
		return wn_fail_at(err, WN_INVALID, c->at,
				  "trait %s: a computed trait may not depend on time (age, windows): put that into the segment", def->name);
	if (def->of == WN_TRAIT_ACCOUNT && rule_reads(cel_program_root(*out)) & RULE_READS_CONTACT)
		return wn_fail_at(err, WN_INVALID, c->at, "trait %s: a trait of accounts cannot read a contact", def->name);
	return WN_OK;
}

static void read_everything(struct wn_reads *reads)
{
	memset(reads->kinds, 0xff, sizeof(reads->kinds));
}

static bool names_a_kind(const struct wn_reads *reads)
{
	return (reads->kinds[0] | reads->kinds[1] | reads->kinds[2] | reads->kinds[3]) != 0;
}

static enum wn_rc compile_choices(struct wn_rules *r, const struct wn_trait_def *def, struct rule_trait *t, struct wn_err *err)
{
	bool signals = false;
	t->choices = WN_NEW_N(r->arena, struct cel_program *, def->n_choices);
	for (size_t i = 0; i < def->n_choices; i++) {
		if (!def->choices[i].when.n)
			continue;
		enum wn_rc rc = compile_choice(r, def, &def->choices[i], &t->choices[i], err);
		if (rc)
			return rc;
		const struct cel_node *root = cel_program_root(t->choices[i]);
		rule_collect_reads(r->registry, root, &t->reads);
		signals |= (rule_reads(root) & RULE_READS_SIGNALS) != 0;
	}
	if (signals && !names_a_kind(&t->reads))
		read_everything(&t->reads);
	return WN_OK;
}

static bool is_of_kinds(const struct wn_trait_def *def, const char *kind)
{
	for (size_t i = 0; def->from_kinds && def->from_kinds[i]; i++)
		if (strcmp(def->from_kinds[i], kind) == 0)
			return true;
	return !def->from_kinds;
}

static enum wn_rc compile_from(const struct wn_rules *r, const struct wn_trait_def *def, struct rule_trait *t, struct wn_err *err)
{
	struct wn_str name = wn_str_of(def->from_attribute);
	int attr = wn_registry_attr_number(r->registry, name);
	if (attr < 0)
		return wn_fail(err, WN_INVALID, "trait %s: no kind has an attribute \"%s\"", def->name, def->from_attribute);
	if (wn_registry_attr(r->registry, attr)->type != def->type)
		return wn_fail(err, WN_INVALID, "trait %s is of type %s, attribute \"%s\" of type %s", def->name,
			       wn_attr_type_to_text(def->type), def->from_attribute,
			       wn_attr_type_to_text(wn_registry_attr(r->registry, attr)->type));
	for (size_t k = 0; k < wn_registry_kinds(r->registry); k++)
		if (is_of_kinds(def, wn_registry_kind(r->registry, (int)k)->name) &&
		    wn_registry_attr_of_kind(r->registry, (int)k, name))
			t->reads.kinds[k / 64] |= UINT64_C(1) << (k % 64);
	return WN_OK;
}

static bool has_bit(const uint64_t set[4], int bit)
{
	return bit < 256 && (set[bit / 64] >> (bit % 64) & 1) != 0;
}

static bool reads_trait(const struct wn_registry *registry, const struct wn_reads *reads, int trait)
{
	bool account = wn_registry_trait(registry, trait)->of == WN_TRAIT_ACCOUNT;
	return has_bit(account ? reads->account_traits : reads->contact_traits, trait);
}

static bool join(struct wn_reads *to, const struct wn_reads *from)
{
	struct wn_reads before = *to;
	for (int i = 0; i < 4; i++) {
		to->kinds[i] |= from->kinds[i];
		to->account_traits[i] |= from->account_traits[i];
		to->contact_traits[i] |= from->contact_traits[i];
	}
	to->account_domain |= from->account_domain;
	return memcmp(&before, to, sizeof(before)) != 0;
}

void rule_expand_reads(const struct wn_rules *r, struct wn_reads *reads)
{
	for (int t = 0; r->traits && t < (int)wn_registry_traits(r->registry); t++)
		if (r->traits[t].computed && reads_trait(r->registry, reads, t))
			join(reads, &r->traits[t].reads);
}

/* What is read through others, until nothing is added any more; one that reads itself is a circle. */
static enum wn_rc close_reads(struct wn_rules *r, struct wn_err *err)
{
	int n = (int)wn_registry_traits(r->registry);
	for (bool more = true; more;) {
		more = false;
		for (int t = 0; t < n; t++)
			for (int o = 0; r->traits[t].computed && o < n; o++)
				if (r->traits[o].computed && reads_trait(r->registry, &r->traits[t].reads, o))
					more |= join(&r->traits[t].reads, &r->traits[o].reads);
	}
	for (int t = 0; t < n; t++) {
		const struct wn_trait_def *def = wn_registry_trait(r->registry, t);
		if (r->traits[t].computed && reads_trait(r->registry, &r->traits[t].reads, t))
			return wn_fail_at(err, WN_INVALID, def->n_choices ? def->choices[0].at : (struct wn_place){0},
					  "trait %s is computed from itself: a circle has no meaning", def->name);
	}
	return WN_OK;
}

enum wn_rc wn_rules_compile_traits(struct wn_rules *r, struct wn_err *err)
{
	size_t n = wn_registry_traits(r->registry);
	r->traits = WN_NEW_N(r->arena, struct rule_trait, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct wn_trait_def *def = wn_registry_trait(r->registry, (int)i);
		struct rule_trait *t = &r->traits[i];
		enum wn_rc rc = WN_OK;
		t->computed = def->n_choices || def->from_attribute;
		if (def->n_choices)
			rc = compile_choices(r, def, t, err);
		if (rc == WN_OK && def->from_attribute)
			rc = compile_from(r, def, t, err);
		if (rc)
			return rc;
	}
	return close_reads(r, err);
}

/* --- evaluating ---------------------------------------------------------------------------------------- */
static bool by_choices(struct rule_host *h, const struct wn_trait_def *def, const struct rule_trait *t, struct wn_value *out)
{
	struct cel_result res;
	for (size_t i = 0; i < def->n_choices; i++) {
		enum wn_three is = t->choices[i] ? rule_eval(h, t->choices[i], &res) : WN_TRUE3;
		if (is == WN_UNKNOWN3)
			return false;
		if (is == WN_TRUE3) {
			*out = def->choices[i].value;
			return true;
		}
	}
	return false;
}

static bool from_signal(const struct rule_host *h, const struct wn_trait_def *def, const struct wn_signal *s, struct wn_value *out)
{
	if (s->retracted || !is_of_kinds(def, wn_registry_kind(h->world->catalog->registry, s->kind)->name))
		return false;
	if (h->contact && !wn_id_eq(s->contact_id, h->contact->id))
		return false;
	*out = wn_value_at(s->attrs, def->from_attribute);
	return out->kind != WN_ABSENT && out->kind != WN_NULL;
}

static bool from_signals(const struct rule_host *h, const struct wn_trait_def *def, struct wn_value *out)
{
	const struct wn_account *a = h->account;
	for (size_t i = 0; !h->glance && i < a->signals.n; i++)
		if (from_signal(h, def, a->signals.v[def->from_first ? i : a->signals.n - 1 - i], out))
			return true;
	return false;
}

bool rule_trait_value(const struct wn_world *w, const struct wn_account *a, const struct wn_contact *c, int trait, struct wn_value *out)
{
	const struct wn_rules *r = w->catalog->rules;
	struct wn_world *counts = (struct wn_world *)w; /* how deep we are is nothing anybody sees */
	if (!r || !r->traits || !r->traits[trait].computed || !a || w->computing >= COMPUTING_MAX)
		return false;
	const struct wn_trait_def *def = wn_registry_trait(r->registry, trait);
	struct rule_host h = {.world = counts, .account = a, .contact = c, .glance = !(a->loaded & WN_LOAD_SIGNALS)};
	counts->computing++;
	bool known = def->from_attribute ? from_signals(&h, def, out) : by_choices(&h, def, &r->traits[trait], out);
	counts->computing--;
	return known;
}
