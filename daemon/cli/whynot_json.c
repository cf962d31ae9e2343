/* SPDX-License-Identifier: MIT */
/* The answer of `whynot` for programs. Never an address. */
#include "whynot.h"

static struct wn_value text(struct wn_str s)
{
	return s.n ? wn_string(s) : (struct wn_value){0};
}

static struct wn_value instant(int64_t us)
{
	return us && us != WN_NEVER ? wn_time_us(us) : (struct wn_value){0};
}

static struct wn_value id_text(struct wn_cli *cli, struct wn_id id)
{
	char *hex = wn_arena_alloc(cli->arena, 37);
	wn_id_to_text(id, hex);
	return wn_cstring(hex);
}

static struct wn_value reading(struct wn_cli *cli, const struct wn_reading *r)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "path", wn_string(r->text));
	wn_map_set(&m, "value", r->value);
	wn_map_set(&m, "error", text(r->error));
	if (r->assumed)
		wn_map_set(&m, "assumed", wn_bool(true));
	wn_map_set(&m, "source", text(r->source));
	wn_map_set(&m, "by", text(r->by));
	wn_map_set(&m, "said_at", instant(r->at_us));
	return wn_map_end(&m);
}

static struct wn_value clause(struct wn_cli *cli, const struct wn_clause *c)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, c->n_readings + 1);
	for (size_t i = 0; i < c->n_readings; i++)
		v[i] = reading(cli, &c->readings[i]);
	wn_map_set(&m, "clause", wn_string(c->text));
	wn_map_set(&m, "verdict", wn_cstring(three_text(c->is)));
	wn_map_set(&m, "error", text(c->error));
	wn_map_set(&m, "values", wn_list(v, c->n_readings));
	wn_map_set(&m, "needs", text(c->needs));
	if (c->flips_us != WN_NEVER) {
		wn_map_set(&m, "changes_at", instant(c->flips_us));
		wn_map_set(&m, "changes_to", wn_cstring(three_text(c->flips_to)));
	}
	return wn_map_end(&m);
}

static struct wn_value clauses(struct wn_cli *cli, const struct wn_clause *c, size_t n)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, n + 1);
	for (size_t i = 0; i < n; i++)
		v[i] = clause(cli, &c[i]);
	return wn_list(v, n);
}

static struct wn_value gates(struct wn_cli *cli, const struct wn_explanation *x)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, x->n_gates + 1);
	for (size_t i = 0; i < x->n_gates; i++) {
		const struct wn_gate *g = &x->gates[i];
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "gate", wn_cstring(g->name));
		wn_map_set(&m, "passes", g->is == WN_UNKNOWN3 ? wn_null() : wn_bool(g->is == WN_TRUE3));
		wn_map_set(&m, "detail", text(g->detail));
		wn_map_set(&m, "until", instant(g->until_us));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, x->n_gates);
}

static struct wn_value caps(struct wn_cli *cli, const struct wn_contact_why *y)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, y->n_caps + 1);
	for (size_t i = 0; i < y->n_caps; i++) {
		const struct wn_cap_state *c = &y->caps[i];
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "cap", wn_cstring(c->name));
		wn_map_set(&m, "used", wn_int(c->used));
		wn_map_set(&m, "of", wn_int(c->cap));
		wn_map_set(&m, "span_s", wn_int(c->span_us / WN_SECOND));
		wn_map_set(&m, "free_at", instant(c->free_us > cli->now_us ? c->free_us : 0));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, y->n_caps);
}

static struct wn_value contacts(struct wn_cli *cli, const struct wn_explanation *x)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, x->n_contacts + 1);
	for (size_t i = 0; i < x->n_contacts; i++) {
		const struct wn_contact_why *y = &x->contacts[i];
		struct wn_map_builder m = wn_map_begin(cli->arena);
		if (y->contact) {
			wn_map_set(&m, "contact_id", id_text(cli, y->contact->id));
			wn_map_set(&m, "name",
				   y->contact->erased ? (struct wn_value){0} : text(y->contact->name));
			wn_map_set(&m, "position", text(y->contact->position));
		}
		wn_map_set(&m, "verdict", wn_cstring(three_text(y->is)));
		if (y->blocked)
			wn_map_set(&m, "blocked", wn_cstring(y->blocked));
		wn_map_set(&m, "member", wn_bool(y->member != NULL));
		wn_map_set(&m, "clauses", clauses(cli, y->clauses, y->n_clauses));
		wn_map_set(&m, "caps", caps(cli, y));
		wn_map_set(&m, "window_at", instant(y->window_us > cli->now_us ? y->window_us : 0));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, x->n_contacts);
}

static struct wn_value stored(struct wn_cli *cli, const struct wn_non_action *na)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	wn_map_set(&m, "reason", wn_cstring(wn_non_action_to_text(na->reason)));
	wn_map_set(&m, "clause", text(na->clause));
	wn_map_set(&m, "detail", text(na->detail));
	wn_map_set(&m, "at", instant(na->at_us));
	return wn_map_end(&m);
}

static struct wn_value signal_of(struct wn_cli *cli, const struct wn_explanation *x)
{
	const struct wn_signal *s = x->signal;
	struct wn_map_builder m = wn_map_begin(cli->arena);
	if (!s)
		return wn_null();
	wn_map_set(&m, "signal_key", id_text(cli, s->key));
	wn_map_set(&m, "kind", wn_cstring(wn_registry_kind(cli->book->registry, s->kind)->name));
	wn_map_set(&m, "occurred_at", instant(s->occurred_us));
	wn_map_set(&m, "hard_stop_at", instant(s->hard_stop_us));
	wn_map_set(&m, "headline", text(s->headline));
	wn_map_set(&m, "may_open", wn_bool(x->signal_counts));
	return wn_map_end(&m);
}

static struct wn_value would(struct wn_cli *cli, const struct wn_explanation *x)
{
	static const char *const does[] = {"nothing", "extend", "join", "open", "propose"};
	struct wn_map_builder m = wn_map_begin(cli->arena);
	if (!x->asked)
		return (struct wn_value){0};
	wn_map_set(&m, "does", wn_cstring(does[x->does]));
	if (x->does == WN_DOES_NOTHING && !x->living) {
		wn_map_set(&m, "reason", wn_cstring(wn_non_action_to_text(x->reason)));
		wn_map_set(&m, "detail", text(x->detail));
	}
	return wn_map_end(&m);
}

static struct wn_value touches(const struct whynot *q)
{
	static const char *const does[] = {
	    [WN_SEND] = "send", [WN_DEFER] = "defer",   [WN_YIELD] = "yield",  [WN_HOLD] = "hold",
	    [WN_DROP] = "drop", [WN_EXPIRE] = "expire", [WN_CANCEL] = "cancel"};
	struct wn_value *v = WN_NEW_N(q->cli->arena, struct wn_value, q->n_touches + 1);
	for (size_t i = 0; i < q->n_touches; i++) {
		const struct whynot_touch *t = &q->touches[i];
		struct wn_map_builder m = wn_map_begin(q->cli->arena);
		wn_map_set(&m, "contact_id",
			   wn_id_is_nil(t->touch->member->contact_id)
			       ? wn_null()
			       : id_text(q->cli, t->touch->member->contact_id));
		wn_map_set(&m, "step", wn_int(t->touch->step + 1));
		wn_map_set(&m, "channel", wn_string(t->touch->channel));
		wn_map_set(&m, "due_at", instant(t->touch->due_us));
		wn_map_set(&m, "decision", wn_cstring(does[t->decision.kind]));
		wn_map_set(&m, "reason", text(t->decision.reason));
		wn_map_set(&m, "until", instant(t->decision.until_us));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, q->n_touches);
}

static struct wn_map_builder head(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_map_builder m = wn_map_begin(q->cli->arena);
	struct whynot_answer a = whynot_answer(q, x);
	wn_map_set(&m, "segment", wn_cstring(x->segment->name));
	wn_map_set(&m, "version", wn_int(x->segment->version));
	wn_map_set(&m, "answer", wn_cstring(a.word));
	wn_map_set(&m, "why", wn_cstring(a.text));
	wn_map_set(&m, "verdict", wn_cstring(three_text(x->is)));
	if (x->first < x->n_clauses)
		wn_map_set(&m, "first_clause", wn_string(x->clauses[x->first].text));
	wn_map_set(&m, "true_at", instant(x->true_us));
	return m;
}

struct wn_value whynot_json(const struct whynot *q, const struct wn_explanation *x)
{
	struct wn_cli *cli = q->cli;
	struct wn_map_builder m = head(q, x);
	wn_map_set(&m, "account", wn_cstring(whynot_account(q)));
	wn_map_set(&m, "account_id", id_text(cli, q->account->id));
	wn_map_set(&m, "now", wn_time_us(cli->now_us));
	wn_map_set(&m, "mode", wn_cstring(wn_mode_to_text(x->segment->mode)));
	wn_map_set(&m, "paused", wn_bool(cli->book->catalog.paused || x->segment->paused));
	wn_map_set(&m, "suppressions_known", wn_bool(q->has_key));
	wn_map_set(&m, "signal", signal_of(cli, x));
	wn_map_set(&m, "clauses", clauses(cli, x->clauses, x->n_clauses));
	wn_map_set(&m, "gates", gates(cli, x));
	wn_map_set(&m, "contacts", x->segment->who ? contacts(cli, x) : (struct wn_value){0});
	wn_map_set(&m, "would", would(cli, x));
	if (x->living)
		wn_map_set(&m, "campaign_id", id_text(cli, x->living->campaign_id));
	wn_map_set(&m, "touches", touches(q));
	wn_map_set(&m, "stored", x->stored ? stored(cli, x->stored) : wn_null());
	return wn_map_end(&m);
}

struct wn_value whynot_json_all(const struct whynot *q)
{
	struct wn_value *v = WN_NEW_N(q->cli->arena, struct wn_value, q->n + 1);
	for (size_t i = 0; i < q->n; i++) {
		struct wn_map_builder m = head(q, q->v[i]);
		if (q->v[i]->stored)
			wn_map_set(&m, "stored", stored(q->cli, q->v[i]->stored));
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, q->n);
}
