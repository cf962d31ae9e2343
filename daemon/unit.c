/* SPDX-License-Identifier: MIT */
/*
 * The unit of work. The order of its steps is the lock order (accounts, campaigns, member, touch, the rest); what the
 * engine must see is loaded before it decides, and nothing is sent anywhere from here.
 */
#include "unit.h"
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>

enum { ATTEMPTS = 6 };

/* -------------------------------------------------------------------------------------- what the engine must see */
/* Somebody left it: whoever is enrolled and bears that name leaves. */
static bool tells_of_departure(const struct wn_world *w, const struct wn_signal *s)
{
	return s->arrived && !s->retracted && !s->history && strcmp(wn_registry_kind(w->catalog->registry, s->kind)->name, "departure") == 0;
}

/* Something of the account itself changed, or of what its members rest on. */
static bool is_changed(const struct wn_world *w, const struct wn_account *a)
{
	for (size_t i = 0; i < a->signals.n; i++)
		if (a->signals.v[i]->retracted || tells_of_departure(w, a->signals.v[i]))
			return true;
	for (size_t i = 0; i < a->contacts.n; i++)
		if (a->contacts.v[i]->fresh || a->contacts.v[i]->changed)
			return true;
	for (size_t i = 0; i < w->fact_changes.n; i++)
		if (w->fact_changes.v[i]->account == a)
			return true;
	return false;
}

static bool is_corroborated(const struct wn_account *a)
{
	for (size_t i = 0; i < a->signals.n; i++)
		if (a->signals.v[i]->corroborated)
			return true;
	return false;
}

static bool rests_on_corroborated(const struct wn_account *a, const struct wn_member *m)
{
	for (size_t i = 0; i < m->evidence.n; i++) {
		const struct wn_signal *s = wn_account_signal(a, m->evidence.v[i]->signal_key);
		if (s && s->corroborated && !m->evidence.v[i]->removed)
			return true;
	}
	return false;
}

static bool has_member_resting_on_corroborated(const struct wn_account *a)
{
	for (size_t i = 0; i < a->members.n; i++)
		if (a->members.v[i]->left == WN_LEFT_LIVE && rests_on_corroborated(a, a->members.v[i]))
			return true;
	return false;
}

/* Most accounts of a batch concern nobody: what they have is not loaded. A further publisher of a signal matters only to members who
 * rest on it (or to a rule, like anything that arrived), a version that was replaced only to its members. */
static enum wn_rc load_concerned(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct wn_account **some = WN_NEW_N(w->arena, struct wn_account *, w->accounts.n + 1);
	struct wn_account **perhaps = WN_NEW_N(w->arena, struct wn_account *, w->accounts.n + 1);
	size_t n = 0, m = 0;
	for (size_t i = 0; i < w->accounts.n; i++) {
		struct wn_account *a = w->accounts.v[i];
		if (a->loaded == WN_LOAD_ALL)
			continue;
		a->ruled_out = !is_changed(w, a) && wn_verdicts_are_ruled_out(w, a);
		if (!a->ruled_out)
			some[n++] = a;
		else if (is_corroborated(a) || wn_arrivals_may_be_older(w, a))
			perhaps[m++] = a;
	}
	enum wn_rc rc = m ? wn_store_load_parts(s, w, perhaps, m, WN_LOAD_MEMBERS, err) : WN_OK;
	for (size_t i = 0; i < m; i++) {
		perhaps[i]->ruled_out = !wn_has_older_member(w, perhaps[i]);
		if (!perhaps[i]->ruled_out || has_member_resting_on_corroborated(perhaps[i]))
			some[n++] = perhaps[i];
	}
	return rc == WN_OK && n ? wn_store_load_parts(s, w, some, n, WN_LOAD_ALL, err) : rc;
}

/* -------------------------------------------------------------------------------------------------- reactions */
static void verdicts(struct wn_world *w)
{
	wn_verdicts_of_arrivals(w);
	for (size_t i = 0; i < w->fact_changes.n; i++) {
		const struct wn_fact_change *f = w->fact_changes.v[i];
		if (f->account->loaded == WN_LOAD_ALL)
			wn_verdicts_of_trait(w, f->account, wn_id_is_nil(f->contact_id) ? WN_TRAIT_ACCOUNT : WN_TRAIT_CONTACT, f->trait);
	}
	for (size_t a = 0; a < w->accounts.n; a++)
		for (size_t i = 0; i < w->accounts.v[a]->contacts.n; i++)
			if (w->accounts.v[a]->contacts.v[i]->fresh || w->accounts.v[a]->contacts.v[i]->changed) {
				wn_verdicts_of_contact(w, w->accounts.v[a]);
				break;
			}
}

static enum wn_rc step_facts(struct wn_world *w, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < w->fact_changes.n && rc == WN_OK; i++) {
		const struct wn_fact_change *f = w->fact_changes.v[i];
		if (!wn_id_is_nil(f->contact_id))
			continue; /* the contact itself is put to the step below */
		rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_TRAIT, .account = f->account}, err);
	}
	return rc;
}

static enum wn_rc step_contacts(struct wn_world *w, struct wn_account *a, struct wn_err *err)
{
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < a->contacts.n && rc == WN_OK; i++)
		if (a->contacts.v[i]->fresh || a->contacts.v[i]->changed)
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CONTACT, .account = a, .contact = a->contacts.v[i]}, err);
	return rc;
}

static bool is_named(struct wn_world *w, const struct wn_contact *c, struct wn_str person)
{
	struct wn_str name = c->name.n ? wn_person_normalise(c->name, w->arena) : (struct wn_str){NULL, 0};
	return person.n && name.n && wn_str_eq(name, person);
}

/* Before the rules are asked: `who` does not choose somebody who has left. */
static void mark_departed(struct wn_world *w)
{
	for (size_t k = 0; k < w->accounts.n; k++) {
		struct wn_account *a = w->accounts.v[k];
		for (size_t i = 0; i < a->signals.n; i++) {
			const struct wn_signal *s = a->signals.v[i];
			if (!tells_of_departure(w, s))
				continue;
			struct wn_str said = wn_value_str(wn_value_get(s->attrs, WN_STR("person")));
			struct wn_str person = said.n ? wn_person_normalise(said, w->arena) : (struct wn_str){NULL, 0};
			for (size_t c = 0; c < a->contacts.n; c++)
				if (!a->contacts.v[c]->departed && (wn_id_eq(a->contacts.v[c]->id, s->contact_id) || is_named(w, a->contacts.v[c], person)))
					a->contacts.v[c]->departed = a->contacts.v[c]->dirty = true;
		}
	}
}

static enum wn_rc step_departed(struct wn_world *w, struct wn_account *a, struct wn_err *err)
{
	bool some = false;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < a->signals.n && !some; i++)
		some = tells_of_departure(w, a->signals.v[i]);
	for (size_t i = 0; some && i < a->contacts.n && rc == WN_OK; i++)
		if (a->contacts.v[i]->departed)
			rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CONTACT_GONE, .account = a, .contact = a->contacts.v[i],
								    .left = WN_LEFT_DEPARTED}, err);
	return rc;
}

static enum wn_rc react(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	enum wn_rc rc = load_concerned(s, w, err);
	if (rc)
		return rc;
	mark_departed(w);
	verdicts(w);
	rc = wn_store_load_campaigns(s, w, err);
	if (rc == WN_OK)
		rc = wn_campaign_step_verdicts(w, err);
	if (rc == WN_OK)
		rc = step_facts(w, err);
	for (size_t i = 0; i < w->accounts.n && rc == WN_OK; i++)
		rc = step_contacts(w, w->accounts.v[i], err);
	for (size_t i = 0; i < w->accounts.n && rc == WN_OK; i++)
		rc = step_departed(w, w->accounts.v[i], err);
	return rc;
}

/* ---------------------------------------------------------------------------------------------------- running */
/* The store empties the lists that it wrote; who logs or counts what was committed still wants to see the changes. */
static enum wn_rc flush(struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	size_t n = w->changes.n;
	enum wn_rc rc = wn_store_flush(s, w, err);
	w->changes.n = n;
	return rc;
}

static enum wn_rc attempt(const struct wn_worker *k, const struct wn_unit *u, struct wn_world *w, struct wn_err *err)
{
	enum wn_rc rc = wn_store_begin(k->store, err);
	if (rc == WN_OK && u->load)
		rc = u->load(u->ctx, k->store, w, err);
	if (rc == WN_OK)
		rc = react(k->store, w, err);
	if (rc == WN_OK && u->step)
		rc = u->step(u->ctx, k->store, w, err);
	if (rc == WN_OK)
		rc = flush(k->store, w, err);
	if (rc == WN_OK && u->finish)
		rc = u->finish(u->ctx, k->store, w, err);
	wn_failpoint("unit.before_commit");
	if (rc == WN_OK)
		rc = wn_store_commit(k->store, err);
	if (rc)
		wn_store_rollback(k->store);
	wn_failpoint("unit.after_commit");
	return rc;
}

static void committed(const struct wn_unit *u, struct wn_world *w)
{
	if (!u->quiet)
		wn_unit_log(w);
	if (u->done)
		u->done(u->ctx, w);
}

enum wn_rc wn_unit_run(const struct wn_worker *k, const struct wn_unit *u, struct wn_err *err)
{
	struct wn_arena *arena = wn_arena_new(0), *scratch = wn_arena_new(WN_CEL_MEMORY_MAX);
	wn_book_use(k->book); /* before the first wait */
	enum wn_rc rc = k->loop ? wn_turn_take(k->loop, wn_store_turn(k->store)) : WN_OK;
	bool have_turn = k->loop && rc == WN_OK;
	for (int i = 0; i < ATTEMPTS && (rc == WN_OK || i > 0); i++) {
		wn_arena_reset(arena);
		wn_arena_reset(scratch);
		int64_t now = u->now_us ? u->now_us : wn_clock_sure_us(k->clock);
		struct wn_world *w = wn_world_new(arena, scratch, &k->book->catalog, now, u->actor);
		rc = attempt(k, u, w, err);
		if (rc == WN_OK)
			committed(u, w);
		if (!wn_rc_is_temporary(rc) || rc == WN_CANCELLED || !wn_pg_is_connected(wn_store_pg(k->store)))
			break;
	}
	wn_book_done(k->book);
	if (have_turn)
		wn_turn_give(wn_store_turn(k->store));
	wn_arena_free(scratch);
	wn_arena_free(arena);
	return rc;
}

/* ---------------------------------------------------------------------------------------------------- logging */
static const struct {
	const char *prefix, *message_id;
} message_of[] = {
	{"campaign.", WN_MSG_CAMPAIGN},
	{"member.", WN_MSG_MEMBER},
	{"touch.", WN_MSG_TOUCH},
	{"review.", WN_MSG_REVIEW},
};

static const char *message_id(const char *type)
{
	for (size_t i = 0; i < WN_COUNT(message_of); i++)
		if (strncmp(type, message_of[i].prefix, strlen(message_of[i].prefix)) == 0)
			return message_of[i].message_id;
	return NULL;
}

static const char *account_name(const struct wn_account *a)
{
	if (!a)
		return NULL;
	return a->domain.n ? a->domain.p : a->name.n ? a->name.p : NULL;
}

static void log_change(const struct wn_world *w, const struct wn_change *ch)
{
	char campaign[37], contact[37];
	wn_id_to_text(ch->campaign->id, campaign);
	wn_id_to_text(ch->contact_id, contact);
	const char *account = account_name(ch->account);
	const char *why = ch->why.n ? wn_arena_strdup(w->arena, ch->why) : NULL;
	const char *segment = wn_arena_strdup(w->arena, ch->campaign->segment_name);
	const char *step = ch->step >= 0 ? wn_arena_printf(w->arena, "%d", ch->step + 1) : NULL;
	wn_log(strncmp(ch->type, "touch.planned", 13) == 0 ? WN_DEBUG : WN_INFO, message_id(ch->type),
	       WN_FIELDS({"WHYNOW_CAMPAIGN", campaign}, {"WHYNOW_SEGMENT", segment}, {"WHYNOW_ACCOUNT", account},
			 {"WHYNOW_MEMBER", ch->account && !wn_id_is_nil(ch->contact_id) ? contact : NULL}, {"WHYNOW_TOUCH", step},
			 {"WHYNOW_FROM", ch->from}, {"WHYNOW_TO", ch->to}, {"WHYNOW_REASON", why}),
	       "%s: segment %s%s%s%s%s (campaign %.7s)%s", ch->type, segment, account ? ", account " : "", account ? account : "",
	       why ? ": " : "", why ? why : "", campaign, ch->campaign->shadow ? " [shadow]" : "");
}

void wn_unit_log(const struct wn_world *w)
{
	for (size_t i = 0; i < w->changes.n; i++)
		if (w->changes.v[i]->campaign)
			log_change(w, w->changes.v[i]);
}
