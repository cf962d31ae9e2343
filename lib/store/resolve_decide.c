/* SPDX-License-Identifier: MIT */
/*
 * Whose is it: the decision. A listed domain decides, whatever the name says. A name decides if one account alone has
 * it; of several, what the item says besides: an answer given before, a domain it mentions, the country, the legal
 * form as written, or that one is the parent of the others. A name that nobody has may be one letter away from a
 * single listed one. What is left is a new account, or a person's business. Every link says how and why. Reads nothing.
 */
#include "resolve_internal.h"

#include <strings.h>

static const struct {
	const char *method;
	double confidence;
} sure[] = {{"domain", 1},	 {"alias", 1},	     {"person", 1},   {"review", 1},	  {"created", 1},  {"learned", 0.95}, {"name", 0.95},
	    {"mention", 0.95},	 {"country", 0.9},   {"form", 0.85},  {"domain name", 0.85}, {"parent", 0.8}, {"near", 0.8},	 {"provisional", 0.5}};

static void link_to(struct plan_row *p, const struct known *k, const char *method, struct wn_str evidence)
{
	p->account = k->id;
	p->link = (struct wn_link){.account = k->id, .method = method, .evidence = evidence};
	for (size_t i = 0; i < WN_COUNT(sure); i++)
		if (strcmp(sure[i].method, method) == 0)
			p->link.confidence = sure[i].confidence;
}

static void make(struct wn_world *w, struct wn_intake *in, struct plan_row *p, const struct hint *h, const char *state,
		 const char *method)
{
	link_to(p, &(struct known){.id = h->own}, method, (struct wn_str){NULL, 0});
	p->link.made = true;
	*WN_PUSH(w->arena, &in->plan->fresh) =
	    (struct new_account){.id = h->own, .domain = h->domain, .name = h->x->account.name, .state = state};
}

static void to_review(struct wn_world *w, struct plan_row *p, const char *why, const struct found *f)
{
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, f->v.n + 1);
	p->how = WN_INTAKE_REVIEW;
	p->why = why;
	for (size_t i = 0; i < f->v.n; i++)
		ids[i] = f->v.v[i]->id;
	p->candidates = ids;
	p->n_candidates = f->v.n;
}

/* --- several of one name ---- */
static bool is_in(const struct found *f, const struct known *k)
{
	for (size_t i = 0; k && i < f->v.n; i++)
		if (f->v.v[i] == k)
			return true;
	return false;
}

static const struct known *by_mention(const struct lookup *l, const struct found *f, const struct hint *h)
{
	const struct known *one = NULL;
	for (size_t i = 0; i < h->x->account.n_mentioned; i++) {
		const struct known *k = account_mentioned(l, h, i);
		if (!is_in(f, k))
			continue;
		if (one && one != k)
			return NULL;
		one = k;
	}
	return one;
}

static bool same_text(struct wn_str a, struct wn_str b)
{
	return a.n && a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static const struct known *by_country(const struct found *f, struct wn_str country)
{
	const struct known *one = NULL;
	for (size_t i = 0; i < f->v.n; i++) {
		if (!same_text(f->v.v[i]->country, country))
			continue;
		if (one)
			return NULL;
		one = f->v.v[i];
	}
	return one;
}

static const struct known *by_form(struct wn_world *w, const struct found *f, struct wn_str form)
{
	const struct known *one = NULL;
	for (size_t i = 0; form.n && i < f->v.n; i++) {
		struct wn_name name;
		wn_name_read(f->v.v[i]->name, w->arena, &name);
		if (!wn_str_eq(name.form, form))
			continue;
		if (one)
			return NULL;
		one = f->v.v[i];
	}
	return one;
}

static bool is_parent_of_others(const struct found *f, const struct known *k)
{
	for (size_t i = 0; i < f->v.n; i++)
		if (f->v.v[i] != k && !same_text(f->v.v[i]->parent, k->domain))
			return false;
	return true;
}

static const struct known *by_parent(const struct found *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		if (is_parent_of_others(f, f->v.v[i]))
			return f->v.v[i];
	return NULL;
}

/* Links to the one of several that the item speaks of; false if it does not say. */
static bool choose(struct wn_world *w, struct lookup *l, struct plan_row *p, const struct hint *h, const struct found *f)
{
	const struct known *k = f->n_learned == 1 ? f->learned : NULL;
	if (k)
		return link_to(p, k, "learned", h->name.words), true;
	if ((k = by_mention(l, f, h)) != NULL)
		return link_to(p, k, "mention", k->domain), true;
	if ((k = by_country(f, h->country)) != NULL)
		return link_to(p, k, "country", h->country), true;
	if ((k = by_form(w, f, h->name.form)) != NULL)
		return link_to(p, k, "form", h->name.form), true;
	if ((k = by_parent(f)) != NULL)
		return link_to(p, k, "parent", k->domain), true;
	return false;
}

/* --- by domain ---- */
static bool shares_name(struct wn_world *w, const struct known *k, const struct hint *h)
{
	struct wn_name name;
	wn_name_read(k->name, w->arena, &name);
	for (size_t i = 0; i < name.n_keys; i++)
		for (size_t j = 0; j < h->name.n_keys; j++)
			if (wn_str_eq(name.keys[i], h->name.keys[j]))
				return true;
	return !name.n_keys;
}

/* The provisional account of the name that came with the domain is the domain's, unless that one is called otherwise. */
static void merge_provisional(struct wn_world *w, struct wn_intake *in, struct lookup *l, const struct plan_row *p, const struct hint *h)
{
	struct found named = accounts_by_name(l, h);
	const struct known *own = survivor(l, h->own);
	if (named.v.n != 1 || !named.v.v[0]->provisional || wn_id_eq(named.v.v[0]->id, p->account))
		return;
	if (!p->link.made && (!own || !shares_name(w, own, h)))
		return;
	*WN_PUSH(w->arena, &in->plan->merges) = (struct wn_intake_merge){named.v.v[0]->id, p->account};
}

static void decide_domain(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p, const struct hint *h)
{
	const struct known *own = survivor(l, h->own);
	struct found f = accounts_by_domain(l, h);
	if (own)
		link_to(p, own, "domain", h->domain);
	else if (f.v.n == 1)
		link_to(p, f.v.v[0], "alias", h->domain);
	else if (f.v.n > 1)
		to_review(w, p, "several accounts have this domain", &f);
	else if (in->create)
		make(w, in, p, h, "known", "created");
	else
		f = accounts_by_name(l, h), to_review(w, p, "unknown domain", &f);
	if (p->how == WN_INTAKE_NEW)
		merge_provisional(w, in, l, p, h);
}

/* --- by name ---- */
/* A name that nobody has, beside a listed domain that begins alike: Acme Robotics and acme.com. */
static bool alike(struct wn_str key, struct wn_str domain)
{
	enum { LEAST = 4 };
	size_t n = 0;
	for (size_t i = 0; i < domain.n && domain.p[i] != '.'; i++) {
		if (domain.p[i] == '-')
			continue;
		if (n == key.n)
			return n >= LEAST;
		if (domain.p[i] != key.p[n])
			return false;
		n++;
	}
	return n >= LEAST;
}

static bool link_by_mentioned(struct lookup *l, struct plan_row *p, const struct hint *h)
{
	const struct known *one = NULL;
	struct wn_str domain = WN_STR("");
	for (size_t i = 0; i < h->x->account.n_mentioned; i++) {
		const struct known *k = account_mentioned(l, h, i);
		if (!k || k == one || !alike(h->name.keys[0], h->x->account.mentioned[i]))
			continue;
		if (one)
			return false;
		one = k;
		domain = h->x->account.mentioned[i];
	}
	if (one)
		link_to(p, one, "domain name", domain);
	return one != NULL;
}

static bool is_only_a_word(struct wn_world *w, const struct hint *h)
{
	return h->x->account.in_text && h->x->headline.n && !h->name.form.n && wn_word_is_common(h->name.words) &&
	       !wn_headline_has_company(h->x->headline, h->name.words, w->arena);
}

static void decide_unlisted(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p, const struct hint *h)
{
	struct found near = accounts_by_slip(l, h);
	if (near.v.n == 1)
		link_to(p, near.v.v[0], "near", h->slips.v[0].listed.words);
	else if (near.v.n > 1)
		to_review(w, p, "one letter away from several names", &near);
	else if (link_by_mentioned(l, p, h))
		return;
	else if (in->create)
		make(w, in, p, h, "provisional", "provisional");
	else
		to_review(w, p, "unknown name", &near);
}

static void decide_name(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p, const struct hint *h)
{
	struct found f = accounts_by_name(l, h);
	if (is_only_a_word(w, h)) {
		p->how = WN_INTAKE_REJECTED;
		p->why = "a common word, in a headline that speaks of no company";
	} else if (f.v.n == 1) {
		link_to(p, f.v.v[0], f.v.v[0]->provisional ? "provisional" : "name", h->name.words);
	} else if (f.v.n == 0) {
		decide_unlisted(w, in, l, p, h);
	} else if (!choose(w, l, p, h, &f)) {
		to_review(w, p, "several accounts have this name", &f);
	}
}

static void decide_person(struct wn_world *w, struct wn_intake *in, struct lookup *l, struct plan_row *p, const struct hint *h)
{
	const struct known *own = survivor(l, h->own);
	struct found none = {0};
	if (own)
		link_to(p, own, "person", (struct wn_str){NULL, 0});
	else if (in->create)
		make(w, in, p, h, "person", "person");
	else
		to_review(w, p, "unknown person", &none);
}

static void decide_new(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct lookup *l, const struct hint *h)
{
	struct plan_row *p = h->row;
	const struct known *said = survivor(l, h->x->account.id);
	if (said)
		link_to(p, said, "review", (struct wn_str){NULL, 0});
	else if (h->domain.n)
		decide_domain(w, in, l, p, h);
	else if (h->name.n_keys)
		decide_name(w, in, l, p, h);
	else if (h->person && s->has_key)
		decide_person(w, in, l, p, h);
	else
		p->how = WN_INTAKE_REJECTED;
}

void decide(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct lookup *l, size_t i, const struct hint *h)
{
	struct plan_row *p = &in->plan->rows[i];
	if (p->how == WN_INTAKE_EDITED) {
		const struct known *k = survivor(l, p->account);
		p->account = k ? k->id : p->account;
		p->link.account = p->account;
	} else if (p->how == WN_INTAKE_NEW) {
		decide_new(s, w, in, l, h);
	}
}
