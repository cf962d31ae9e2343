/* SPDX-License-Identifier: MIT */
/*
 * One outcome as a unit of work: find what it names, lock, let the step function credit it, write it, suppress the
 * address it speaks of. Nothing here decides to whom it is credited.
 */
#include "outcome.h"
#include "daemon.h"
#include <stdio.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/text.h>

/* Clocks of senders differ a little; what lies further ahead has not happened. */
enum { AHEAD_S = 300, TAKE = 100 };

/* ----------------------------------------------------------------------------------------------------- reading */
static enum wn_rc read_number(struct wn_value v, const char *name, struct wn_arena *a, double *out, struct wn_err *err)
{
	struct wn_value number;
	if (v.kind == WN_ABSENT || v.kind == WN_NULL || (v.kind == WN_STRING && !wn_text_trim(wn_value_str(v)).n))
		return WN_OK;
	if (wn_attr_coerce(WN_ATTR_DOUBLE, NULL, v, a, &number, NULL) || number.kind != WN_DOUBLE || !(number.d >= 0) || number.d > 1e15)
		return wn_fail(err, WN_INVALID, "%s: an amount in US dollars is expected, such as 1200.50", name);
	*out = number.d;
	return WN_OK;
}

static enum wn_rc read_time(struct wn_value v, int64_t *out, struct wn_err *err)
{
	if (v.kind == WN_TIMESTAMP) {
		*out = wn_value_us(v);
		return WN_OK;
	}
	if (v.kind == WN_ABSENT || v.kind == WN_NULL || (v.kind == WN_STRING && !wn_text_trim(wn_value_str(v)).n))
		return WN_OK;
	if (v.kind != WN_STRING || !wn_date_parse(wn_value_str(v), out))
		return wn_fail(err, WN_INVALID, "occurred_at: a time is expected, such as 2026-05-04T09:30:00Z");
	return WN_OK;
}

enum wn_rc wn_outcome_read(struct wn_value map, struct wn_arena *a, struct wn_outcome_row *out, struct wn_err *err)
{
	static const char *const others[] = {"occurred_at", "value_usd", "cost_usd"};
	struct wn_outcome_row o = {.source = out->source};
	const struct { const char *name; struct wn_str *to; } texts[] = {
		{"kind", &o.kind}, {"account", &o.account}, {"email", &o.email}, {"campaign", &o.campaign},
		{"touch", &o.touch}, {"id", &o.id}, {"note", &o.note},
	};
	if (map.kind != WN_MAP)
		return wn_fail(err, WN_INVALID, "an outcome is an object with kind and account, email, campaign or touch");
	for (uint32_t i = 0; i < map.n; i++) {
		struct wn_str name = wn_value_str(map.map[i].key);
		struct wn_value v = map.map[i].value;
		bool known = false;
		for (size_t k = 0; k < WN_COUNT(others); k++)
			known = known || wn_str_is(name, others[k]);
		for (size_t k = 0; k < WN_COUNT(texts) && !known; k++) {
			if (!wn_str_is(name, texts[k].name))
				continue;
			known = true;
			if (v.kind == WN_INT)
				*texts[k].to = wn_str_of(wn_arena_printf(a, "%lld", (long long)v.i));
			else if (v.kind == WN_STRING)
				*texts[k].to = wn_text_one_line(wn_value_str(v), 500, a);
			else if (v.kind != WN_NULL)
				return wn_fail(err, WN_INVALID, "%s: a text is expected", texts[k].name);
		}
		if (!known)
			return wn_fail(err, WN_INVALID, "an outcome has no \"" WN_STR_FMT "\"", WN_STR_ARG(name));
	}
	enum wn_rc rc = read_time(wn_value_at(map, "occurred_at"), &o.at_us, err);
	if (rc == WN_OK)
		rc = read_number(wn_value_at(map, "value_usd"), "value_usd", a, &o.value_usd, err);
	if (rc == WN_OK)
		rc = read_number(wn_value_at(map, "cost_usd"), "cost_usd", a, &o.cost_usd, err);
	if (rc == WN_OK)
		*out = o;
	return rc;
}

/* ----------------------------------------------------------------------------------------------------- looking up */
struct found {
	enum wn_outcome_kind kind;
	struct wn_id account, contact, campaign;
	struct wn_str email;
	struct wn_id *ids; /* accounts to lock: the account, then others that know the address */
	size_t n_ids;
	int64_t at_us;
};

static enum wn_rc find_kind(const struct wn_outcome_row *r, enum wn_outcome_kind *out, struct wn_err *err)
{
	char list[200] = "";
	if (wn_outcome_from_text(r->kind, out))
		return WN_OK;
	for (int k = WN_OUTCOME_REPLY; k <= WN_OUTCOME_UNSUBSCRIBE; k++) {
		size_t n = strlen(list);
		snprintf(list + n, sizeof(list) - n, "%s%s", k ? " " : "", wn_outcome_to_text((enum wn_outcome_kind)k));
	}
	return wn_fail(err, WN_INVALID, "there is no outcome \"" WN_STR_FMT "\"; there are %s", WN_STR_ARG(r->kind), list);
}

/* The id of a touch's event, also as it stands in a mail's Message-ID: <ID@host>. */
static enum wn_rc find_touch(struct wn_store *s, struct wn_str text, struct found *f, struct wn_err *err)
{
	struct wn_touch_ref ref;
	struct wn_id event;
	if (text.n && text.p[0] == '<')
		text = (struct wn_str){text.p + 1, text.n - 1};
	struct wn_str id = {text.p, text.n < 36 ? text.n : 36};
	if (!wn_id_from_text(id, &event))
		return wn_fail(err, WN_INVALID, "touch: the id of its event is expected, not \"%.60s\"", text.p);
	enum wn_rc rc = wn_store_touch_of_event(s, event, &ref, err);
	if (rc)
		return rc;
	f->account = ref.account_id;
	f->contact = ref.contact_id;
	f->campaign = ref.campaign_id;
	return WN_OK;
}

static enum wn_rc agree(struct wn_id have, struct wn_id said, const char *what, struct wn_err *err)
{
	if (wn_id_is_nil(have) || wn_id_eq(have, said))
		return WN_OK;
	return wn_fail(err, WN_REFUSED, "the touch is of another %s than the one that is said", what);
}

static enum wn_rc find_campaign(struct wn_store *s, struct wn_str text, struct found *f, struct wn_id *opening, struct wn_err *err)
{
	struct wn_ref_id ref;
	enum wn_rc rc = wn_store_find_campaign(s, text, &ref, err);
	if (rc == WN_OK)
		rc = agree(f->campaign, ref.id, "campaign", err);
	if (rc)
		return rc;
	f->campaign = ref.id;
	return wn_store_campaign_opening(s, ref.bucket, ref.id, opening, err);
}

static enum wn_rc find_account(struct wn_store *s, const struct wn_outcome_row *r, struct found *f, struct wn_err *err)
{
	struct wn_id id;
	enum wn_rc rc = wn_store_find_account(s, r->account, &id, err);
	if (rc)
		return rc;
	if (wn_id_is_nil(f->account))
		f->account = id;
	return agree(f->account, id, "account", err);
}

static enum wn_rc find_address(struct wn_store *s, struct wn_str text, struct wn_arena *a, struct found *f, struct wn_err *err)
{
	if (!wn_email_normalise(text, a, &f->email))
		return wn_fail(err, WN_INVALID, "email: \"%.*s\" is no mail address", (int)(text.n < 60 ? text.n : 60), text.p);
	return wn_store_accounts_of_address(s, f->email, a, &f->ids, &f->n_ids, err);
}

static enum wn_rc look_up(const struct wn_outcome_row *r, struct wn_store *s, struct wn_arena *a, int64_t now_us, struct found *f, struct wn_err *err)
{
	struct wn_id opening = {{0}};
	enum wn_rc rc = find_kind(r, &f->kind, err);
	f->at_us = r->at_us ? r->at_us : now_us;
	if (rc == WN_OK && f->at_us > now_us + AHEAD_S * WN_SECOND)
		return wn_fail(err, WN_INVALID, "occurred_at lies in the future; an outcome is something that has happened");
	if (rc == WN_OK && f->kind == WN_OUTCOME_COST && r->cost_usd <= 0)
		return wn_fail(err, WN_INVALID, "a cost says how much: cost_usd");
	f->at_us = f->at_us > now_us ? now_us : f->at_us;
	if (rc == WN_OK && r->touch.n)
		rc = find_touch(s, r->touch, f, err);
	if (rc == WN_OK && r->campaign.n)
		rc = find_campaign(s, r->campaign, f, &opening, err);
	if (rc == WN_OK && r->account.n)
		rc = find_account(s, r, f, err);
	if (rc == WN_OK && r->email.n)
		rc = find_address(s, r->email, a, f, err);
	if (rc)
		return rc;
	if (wn_id_is_nil(f->account) && f->n_ids)
		f->account = f->ids[0];
	else if (wn_id_is_nil(f->account) && r->email.n)
		return wn_fail(err, WN_NOT_FOUND, "nobody that is known has the address " WN_STR_FMT, WN_STR_ARG(f->email));
	if (wn_id_is_nil(f->account))
		f->account = opening;
	if (wn_id_is_nil(f->account))
		return wn_fail(err, WN_INVALID, "it says of nobody: account, email, campaign or touch is needed");
	return WN_OK;
}

/* ----------------------------------------------------------------------------------------------------- the unit */
/* What is said is the identity, unless the source has an id of its own for it. */
static struct wn_id key_of(const struct wn_outcome_row *r, const struct found *f)
{
	char numbers[120];
	snprintf(numbers, sizeof(numbers), "%lld %.4f %.4f", (long long)(f->at_us / WN_SECOND), r->value_usd, r->cost_usd);
	struct wn_str own[] = {r->source, r->id};
	struct wn_str said[] = {wn_id_bytes(&f->account), f->email, wn_id_bytes(&f->contact), wn_id_bytes(&f->campaign), r->kind, wn_str_of(numbers)};
	return r->id.n ? wn_id_of("outcome id", own, 2) : wn_id_of("outcome", said, WN_COUNT(said));
}

/* Whose address it is: of a known contact its row's id, else whom the named touch was for (people answer from other addresses),
 * else the id that the address would have. */
static struct wn_id person_of(struct wn_store *s, const struct wn_account *a, const struct found *f)
{
	if (!f->email.n)
		return f->contact;
	for (size_t i = 0; i < a->contacts.n; i++)
		if (wn_str_eq(a->contacts.v[i]->email, f->email))
			return a->contacts.v[i]->id;
	if (!wn_id_is_nil(f->contact))
		return f->contact;
	return wn_contact_id_of_address(wn_store_key(s), f->email);
}

/* The account among several with the address in which the person was enrolled last. */
static struct wn_account *choose_account(struct wn_world *w, const struct found *f)
{
	struct wn_account *best = wn_world_account(w, f->account);
	int64_t newest = -1;
	for (size_t i = 0; i < w->accounts.n && !wn_id_is_nil(f->account) && f->n_ids > 1; i++)
		for (size_t k = 0; k < w->accounts.v[i]->members.n; k++)
			if (w->accounts.v[i]->members.v[k]->enrolled_us > newest) {
				newest = w->accounts.v[i]->members.v[k]->enrolled_us;
				best = w->accounts.v[i];
			}
	return best;
}

static bool says_campaign(const struct wn_account *a, struct wn_id campaign)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (wn_id_eq(a->members.v[i]->campaign_id, campaign) && !a->members.v[i]->shadow)
			return true;
	return false;
}

/* The campaigns of those who have left are wanted too: winners do not vanish from the report. */
static void want_campaigns(struct wn_world *w, const struct wn_outcome *o)
{
	for (size_t k = 0; k < w->accounts.n; k++)
		for (size_t i = 0; i < w->accounts.v[k]->members.n; i++) {
			struct wn_member *m = w->accounts.v[k]->members.v[i];
			m->wanted = w->accounts.v[k] == o->account && !m->shadow && m->enrolled_us <= o->at_us;
		}
	for (size_t i = 0; i < o->account->members.n; i++)
		o->account->members.v[i]->wanted |= wn_id_eq(o->account->members.v[i]->campaign_id, o->campaign_id);
}

static enum wn_rc make(struct wn_outcome_take *t, struct wn_store *s, struct wn_world *w, const struct found *f, struct wn_id key, struct wn_err *err)
{
	const struct wn_outcome_row *r = &t->row;
	struct wn_outcome *o = WN_NEW(w->arena, struct wn_outcome);
	struct wn_account *a = r->account.n || r->touch.n ? wn_world_account(w, f->account) : choose_account(w, f);
	if (!a)
		return wn_fail(err, WN_NOT_FOUND, "the account is gone");
	*o = (struct wn_outcome){.account = a, .key = key, .kind = f->kind, .contact_id = person_of(s, a, f), .campaign_id = f->campaign,
				 .at_us = f->at_us, .value_usd = r->value_usd, .cost_usd = r->cost_usd, .source = r->source, .note = r->note};
	if (!wn_id_is_nil(o->campaign_id) && !says_campaign(a, o->campaign_id))
		return wn_fail(err, WN_REFUSED, "the account is not in that campaign (or it is a shadow)");
	struct wn_contact *c = wn_account_contact(a, o->contact_id);
	if (f->kind == WN_OUTCOME_BOUNCE || f->kind == WN_OUTCOME_UNSUBSCRIBE)
		t->address = f->email.n ? f->email : c ? c->email : (struct wn_str){NULL, 0};
	want_campaigns(w, o);
	t->outcome = o;
	return WN_OK;
}

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_outcome_take *t = ctx;
	struct found f = {0};
	bool there = false;
	t->outcome = NULL;
	t->address = (struct wn_str){NULL, 0};
	t->how = WN_OUTCOME_STORED;
	t->credited = t->reached = 0;
	enum wn_rc rc = look_up(&t->row, s, w->arena, w->now_us, &f, err);
	struct wn_id key = rc ? (struct wn_id){{0}} : key_of(&t->row, &f);
	if (rc == WN_OK)
		rc = wn_store_outcome_exists(s, key, &there, err);
	if (rc || there) {
		t->how = WN_OUTCOME_DUPLICATE;
		return rc;
	}
	struct wn_id *ids = WN_NEW_N(w->arena, struct wn_id, f.n_ids + 1);
	ids[0] = f.account;
	if (f.n_ids)
		memcpy(ids + 1, f.ids, f.n_ids * sizeof(*ids));
	rc = wn_store_load_accounts(s, w, ids, f.n_ids + 1, WN_LOAD_ALL, err);
	return rc ? rc : make(t, s, w, &f, key, err);
}

/* The address is the same person wherever it is known. */
static enum wn_rc leave_elsewhere(struct wn_outcome_take *t, struct wn_world *w, struct wn_err *err)
{
	enum wn_left left = t->outcome->kind == WN_OUTCOME_BOUNCE ? WN_LEFT_SUPPRESSED : WN_LEFT_OPTED_OUT;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < w->accounts.n && t->address.n; i++)
		for (size_t k = 0; k < w->accounts.v[i]->contacts.n && rc == WN_OK; k++)
			if (wn_str_eq(w->accounts.v[i]->contacts.v[k]->email, t->address))
				rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CONTACT_GONE, .account = w->accounts.v[i],
									    .contact = w->accounts.v[i]->contacts.v[k], .left = left}, err);
	return rc;
}

static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct wn_outcome_take *t = ctx;
	if (!t->outcome)
		return WN_OK;
	enum wn_rc rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_OUTCOME, .outcome = t->outcome}, err);
	for (size_t i = 0; rc == WN_OK && i < t->outcome->credits.n; i++) {
		t->credited++;
		t->reached += t->outcome->credits.v[i].reached;
	}
	return rc ? rc : leave_elsewhere(t, w, err);
}

static enum wn_rc finish(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_outcome_take *t = ctx;
	enum wn_rc rc = WN_OK;
	if (t->address.n)
		rc = wn_store_suppress(s, "address", t->address, t->outcome->kind == WN_OUTCOME_BOUNCE ? "bounce" : "opt_out", w->actor, w->now_us,
				       WN_NEVER, err);
	if (rc == WN_OK && !wn_id_is_nil(t->row.inbox_id))
		rc = wn_store_outcome_inbox_done(s, t->row.inbox_id, t->how == WN_OUTCOME_DUPLICATE ? "duplicate" : "stored", (struct wn_str){NULL, 0},
						 w->now_us, err);
	return rc;
}

static void done(void *ctx, struct wn_world *w)
{
	struct wn_outcome_take *t = ctx;
	if (t->done)
		t->done(t->done_ctx, w);
}

struct wn_unit wn_outcome_unit(struct wn_outcome_take *t)
{
	return (struct wn_unit){.load = load, .step = step, .finish = finish, .done = done, .ctx = t};
}

/* ----------------------------------------------------------------------------------------------------- the inbox */
/* A feed's items that could not be used stand with its other rejects. */
static enum wn_rc write_refusal(struct wn_store *s, const struct wn_outcome_row *row, struct wn_str why, int64_t now_us, struct wn_err *err)
{
	const struct wn_str of_feed = WN_STR(WN_OUTCOME_OF_FEED);
	bool fed = row->source.n > of_feed.n && memcmp(row->source.p, of_feed.p, of_feed.n) == 0;
	enum wn_rc rc = wn_store_begin(s, err);
	if (rc == WN_OK && fed)
		rc = wn_store_rejects(s, &(struct wn_reject_row){.feed = {row->source.p + of_feed.n, row->source.n - of_feed.n}, .item = row->id,
								 .reason = WN_STR("outcome"), .detail = why, .excerpt = row->kind}, 1, now_us, err);
	if (rc == WN_OK)
		rc = wn_store_outcome_inbox_done(s, row->inbox_id, "refused", why, now_us, err);
	if (rc == WN_OK)
		rc = wn_store_commit(s, err);
	if (rc)
		wn_store_rollback(s);
	return rc;
}

static enum wn_rc refuse(struct wn_daemon *d, const struct wn_outcome_row *row, const struct wn_err *why, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	char source[80];
	snprintf(source, sizeof(source), WN_STR_FMT, WN_STR_ARG(row->source));
	wn_log(WN_WARNING, WN_MSG_OUTCOME_REFUSED, WN_FIELDS({"WHYNOW_REASON", why->text}), "an outcome of %s was refused: %s", source, why->text);
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc)
		return rc;
	rc = write_refusal(s, row, wn_str_of(why->text), wn_clock_now_us(d->clock), err);
	wn_turn_give(wn_store_turn(s));
	return rc;
}

static enum wn_rc take_one(struct wn_daemon *d, const struct wn_outcome_row *row, struct wn_arena *a, struct wn_err *err)
{
	struct wn_outcome_take t = {.row = *row};
	struct wn_unit u = wn_outcome_unit(&t);
	struct wn_worker k = wn_daemon_worker(d, &d->sweep_session);
	struct wn_err why = {0};
	int64_t now = wn_clock_now_us(d->clock);
	if (!row->at_us) /* not said: when it was put there, by the server's clock */
		t.row.at_us = row->put_us < now ? row->put_us : now;
	u.actor = wn_arena_printf(a, "outcome " WN_STR_FMT, WN_STR_ARG(row->source));
	enum wn_rc rc = wn_unit_run(&k, &u, &why);
	if (rc == WN_NOT_FOUND || rc == WN_INVALID || rc == WN_REFUSED)
		return refuse(d, row, &why, err);
	if (rc && err)
		*err = why;
	return rc;
}

enum wn_rc wn_outcomes_take(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_store *s = d->sweep_session.store;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_outcome_row *rows = NULL;
	size_t n = 0;
	enum wn_rc rc = wn_turn_take(d->loop, wn_store_turn(s));
	if (rc == WN_OK) {
		rc = wn_store_outcome_inbox(s, TAKE, a, &rows, &n, err);
		wn_turn_give(wn_store_turn(s));
	}
	for (size_t i = 0; i < n && rc == WN_OK && !d->stopping; i++)
		rc = take_one(d, &rows[i], a, err);
	wn_arena_free(a);
	if (n)
		wn_courier_nudge(d);
	return rc;
}
