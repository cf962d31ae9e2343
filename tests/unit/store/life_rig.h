/* SPDX-License-Identifier: MIT */
/* A segment, an account with a contact, and the units of work of a campaign's life, for tests of the store. */
#ifndef LIFE_RIG_H
#define LIFE_RIG_H

#include "store_rig.h"

static inline struct wn_segment *life_segment(struct db *d, const char *more)
{
	struct wn_segment *s = rig_segment(d->rig, "b-round", "signal.kind == \"funding\" && signal.round == \"Series B\" && !account.customer",
					   "contact.level >= 4", more);
	struct wn_err err = {0};
	int version;
	s->version = 1;
	OK(wn_store_segment_publish(d->st, WN_STR("b-round"), WN_STR("segment: b-round"), WN_STR("{}"), "ana", d->w->now_us, &version, &err));
	OK(wn_store_segment_mark(d->st, WN_STR("b-round"), 1, (struct wn_str){NULL, 0}, d->w->now_us, &err));
	return s;
}

static inline struct wn_id life_contact(struct db *d, const char *domain, const char *email)
{
	struct wn_err err = {0};
	struct wn_import_row row;
	struct wn_import_contact c = {.account_domain = wn_str_of(domain), .email = wn_str_of(email), .name = WN_STR("Jo Doe"), .department = WN_STR("people"), .level = 5};
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_contacts(d->st, d->w, &c, 1, WN_TRUST_IMPORTED, WN_STR("test"), &row, &err));
	assert_int_equal(row.how, WN_IMPORT_MADE);
	struct wn_id id = row.account->id;
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_fresh(d);
	return id;
}

/* A B round of the account is stored, matched, and whatever follows is written. */
static inline struct wn_intake life_round(struct db *d, const char *item, const char *domain, double hours)
{
	struct wn_sighting *x = WN_NEW(d->rig->arena, struct wn_sighting);
	*x = db_sighting(d, item, "funding", domain, hours, "{\"round\": \"Series B\"}");
	return db_take(d, x, 1);
}

/* One open campaign with one live member and a planned touch; the world is fresh afterwards. */
static inline struct wn_id life_open(struct db *d)
{
	life_segment(d, "mode: live\nstart_with: new\n");
	struct wn_id account = life_contact(d, "acme.test", "jo@acme.test");
	life_round(d, "1", "acme.test", 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.campaign WHERE state = 'open'"), 1);
	db_fresh(d);
	return account;
}

static inline struct wn_account *life_load(struct db *d, struct wn_id account)
{
	struct wn_err err = {0};
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &account, 1, WN_LOAD_ALL, &err));
	OK(wn_store_load_campaigns(d->st, d->w, &err));
	return wn_world_account(d->w, account);
}

static inline void life_end(struct db *d)
{
	struct wn_err err = {0};
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_fresh(d);
}

#endif
