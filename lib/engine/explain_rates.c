/* SPDX-License-Identifier: MIT */
/*
 * How often each clause of a segment is true, false and unknown over the accounts that are put to it: what a
 * rule selects, and which clause ignorance makes useless. Counts only; who walks over the accounts decides how
 * many.
 */
#include "explain_internal.h"

/* --- types of what is read ----------------------------------------------------------------------------- */
struct reads_text {
	struct wn_world *world; /* for the arena of part_text */
	const struct cel_program *program;
	struct wn_buf *out;
};

static bool says_it(const struct wn_buf *b, struct wn_str path)
{
	const char *at = b->p;
	for (; b->n && at && (at = memmem(at, b->n - (size_t)(at - b->p), path.p, path.n)) != NULL;
	     at += path.n)
		if (at[path.n] == ' ' && (at == b->p || at[-1] == ' '))
			return true;
	return false;
}

/* A path, of an element of a comprehension too; has() of one. */
static bool is_read(const struct cel_node *n, const struct cel_node_view *v)
{
	if (v->kind == CEL_NODE_HAS)
		return v->field && rule_is_path(v->args[0]);
	return v->kind == CEL_NODE_SELECT && (rule_is_path(n) || (v->field && cel_node_look(v->args[0]).kind == CEL_NODE_IDENT));
}

static void tell_types(struct reads_text *t, const struct cel_node *n)
{
	struct cel_node_view v = cel_node_look(n);
	if (!is_read(n, &v)) {
		for (size_t i = 0; i < v.n_args; i++)
			tell_types(t, v.args[i]);
		return;
	}
	char type[100];
	struct wn_str path = part_text(t->world, t->program, n);
	if (v.kind == CEL_NODE_HAS)
		path = (struct wn_str){path.p + strlen("has("), path.n - strlen("has()")};
	cel_type_to_text(v.field ? v.field->type : v.type, type, sizeof(type));
	if (!says_it(t->out, path))
		wn_buf_printf(t->out, "%s" WN_STR_FMT " %s", t->out->n ? ", " : "", WN_STR_ARG(path),
			      v.field && v.field->enum_values ? "enum" : type);
}

/* --- clauses ------------------------------------------------------------------------------------------- */
struct clauses {
	struct wn_world world; /* only its arena is used */
	const struct cel_program *program;
	bool of_contact;
	WN_VEC(struct wn_rate) v;
};

static bool on_clause(void *ctx, const struct cel_node *n)
{
	struct clauses *c = ctx;
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	struct reads_text t = {&c->world, c->program, &b};
	tell_types(&t, n);
	unsigned reads = rule_reads(n);
	*WN_PUSH(c->world.arena, &c->v) = (struct wn_rate){
	    .clause = part_text(&c->world, c->program, n),
	    .types = wn_arena_str(c->world.arena, wn_buf_slice(&b)),
	    .of = c->of_contact               ? WN_RATE_CONTACT
		  : reads & RULE_READS_SIGNAL ? WN_RATE_SIGNAL
					      : WN_RATE_ACCOUNT,
	    .turns = time_turns(n),
	};
	wn_buf_done(&b);
	return true;
}

static unsigned needs(const struct wn_segment *s)
{
	unsigned reads =
	    rule_reads(cel_program_root(wn_segment_when(s))) | (s->who ? rule_reads(cel_program_root(s->who)) : 0);
	unsigned load = 0;
	if (reads & (RULE_READS_SIGNAL | RULE_READS_SIGNALS | RULE_READS_STORED))
		load |= WN_LOAD_SIGNALS;
	if (s->who ||
	    (reads & RULE_READS_STORED)) /* a broad segment that is referred to may ask for contacts */
		load |= WN_LOAD_CONTACTS;
	return load;
}

struct wn_rates *wn_rates_new(const struct wn_segment *s, struct wn_arena *a)
{
	struct wn_rates *r = WN_NEW(a, struct wn_rates);
	struct clauses c = {.world = {.arena = a}, .program = wn_segment_when(s)};
	*r = (struct wn_rates){.segment = s, .arena = a, .needs = needs(s)};
	rule_each_term(cel_program_root(wn_segment_when(s)), on_clause, &c);
	c.program = s->who;
	c.of_contact = true;
	if (s->who)
		rule_each_term(cel_program_root(s->who), on_clause, &c);
	r->v = c.v.v;
	r->n = c.v.n;
	r->next_true_us = WN_NEVER;
	for (size_t i = 0; i < r->n; i++)
		r->may_wait |= r->v[i].of != WN_RATE_CONTACT && r->v[i].turns & WN_TURNS_TRUE;
	r->kinds_bounded = !s->broad && inner_of(s)->kinds_bounded;
	memcpy(r->kinds, inner_of(s)->kinds, sizeof(r->kinds));
	return r;
}

/* --- asking -------------------------------------------------------------------------------------------- */
struct asking {
	struct wn_rates *rates;
	struct asked at;
	const struct cel_program *program;
	enum wn_rate_of of;
	size_t next;       /* clause */
	enum wn_three all; /* of the clauses asked */
};

static void count(struct asking *k, struct wn_rate *rate, const struct cel_node *n)
{
	struct cel_result res;
	enum wn_three is = ask_part(&k->at, k->program, n, &res);
	rate->yes += is == WN_TRUE3;
	rate->no += is == WN_FALSE3;
	if (is == WN_UNKNOWN3 && rate->unknown++ == 0)
		rate->why = wn_arena_str(k->rates->arena, needs_of(&k->at, k->program, n));
	k->all = k->all == WN_FALSE3 || is == WN_FALSE3       ? WN_FALSE3
		 : k->all == WN_UNKNOWN3 || is == WN_UNKNOWN3 ? WN_UNKNOWN3
							      : WN_TRUE3;
}

static bool on_ask(void *ctx, const struct cel_node *n)
{
	struct asking *k = ctx;
	struct wn_rate *rate = &k->rates->v[k->next++];
	if (rate->of == k->of)
		count(k, rate, n);
	return true;
}

static bool is_of_kinds(const struct wn_rates *r, int kind)
{
	return !r->kinds_bounded || (r->kinds[kind / 64] >> (kind % 64) & 1);
}

static const struct wn_signal *newest_fitting(const struct wn_rates *r, const struct wn_account *a)
{
	for (size_t i = a->signals.n; i-- > 0;)
		if (!a->signals.v[i]->retracted && is_of_kinds(r, a->signals.v[i]->kind))
			return a->signals.v[i];
	return NULL;
}

static void wait_for_time(struct wn_rates *r, const struct asking *k)
{
	enum wn_three to = k->all;
	if (!r->may_wait || k->all == WN_TRUE3 || !rule_may_be_signal(k->at.signal, k->at.world->now_us))
		return;
	int64_t at = flips_at(&k->at, k->program, cel_program_root(k->program), k->all, k->at.signal->hard_stop_us, &to);
	if (to != WN_TRUE3)
		return;
	r->waiting++;
	r->next_true_us = at < r->next_true_us ? at : r->next_true_us;
}

void wn_rates_add(struct wn_rates *r, struct wn_world *w, struct wn_account *a)
{
	const struct wn_segment *s = r->segment;
	struct asking k = {.rates = r,
			   .at = {w, a, newest_fitting(r, a), NULL},
			   .program = wn_segment_when(s),
			   .of = WN_RATE_ACCOUNT,
			   .all = WN_TRUE3};
	rule_each_term(cel_program_root(wn_segment_when(s)), on_ask, &k);
	r->accounts++;
	size_t when = k.next;
	if (k.at.signal && !s->broad) {
		k.of = WN_RATE_SIGNAL;
		k.next = 0;
		rule_each_term(cel_program_root(wn_segment_when(s)), on_ask, &k);
		r->with_signal++;
		r->fit += k.all == WN_TRUE3;
		wait_for_time(r, &k);
	}
	k.of = WN_RATE_CONTACT;
	k.program = s->who;
	for (size_t i = 0; s->who && i < a->contacts.n; i++) {
		k.at.contact = a->contacts.v[i];
		k.next = when;
		rule_each_term(cel_program_root(s->who), on_ask, &k);
		r->contacts++;
	}
}
