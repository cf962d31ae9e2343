/* SPDX-License-Identifier: MIT */
/* From sightings to stored signals: once, to the right account, joined where they are the same fact. */
#include "store_rig.h"

#define TAKE(d, ...) db_take(d, (struct wn_sighting[]){__VA_ARGS__}, sizeof((struct wn_sighting[]){__VA_ARGS__}) / sizeof(struct wn_sighting))
#define B_ROUND "{\"round\": \"Series B\", \"amount_usd\": 20000000}"

static void a_sighting_is_stored_once_however_often_it_comes(void **state)
{
	DB(d);
	struct wn_sighting x = db_sighting(d, "1", "funding", "acme.test", 1, B_ROUND);
	struct wn_intake in = db_take(d, &x, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_NEW);
	assert_int_equal(in.new_accounts, 1);
	for (int i = 0; i < 2; i++) {
		db_fresh(d);
		d->w->now_us += WN_HOUR;
		x.observed_us = d->w->now_us;
		in = db_take(d, &x, 1);
		assert_int_equal(in.rows[0].how, WN_INTAKE_DUPLICATE);
		assert_int_equal(d->w->accounts.n, 0); /* nothing was locked for it */
	}
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.sighting"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.account WHERE domain = 'acme.test' AND state = 'known'"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void the_same_sighting_twice_in_one_batch_counts_once(void **state)
{
	DB(d);
	struct wn_intake in = TAKE(d, db_sighting(d, "1", "page_view", "acme.test", 1, "{}"), db_sighting(d, "1", "page_view", "acme.test", 1, "{}"));
	assert_int_equal(in.counts[WN_INTAKE_NEW], 1);
	assert_int_equal(in.counts[WN_INTAKE_DUPLICATE], 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 1);
}

static void two_reports_of_one_fact_are_one_signal_with_two_publishers(void **state)
{
	DB(d);
	struct wn_sighting first = db_sighting(d, "1", "funding", "acme.test", 48, "{\"round\": \"Series B\"}");
	struct wn_sighting second = db_sighting(d, "2", "funding", "acme.test", 24, "{\"amount_usd\": 20000000}");
	second.publisher = WN_STR("other.test");
	db_take(d, &first, 1);
	db_fresh(d);
	struct wn_intake in = db_take(d, &second, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_JOINED);
	struct wn_signal *s = in.rows[0].signal;
	assert_int_equal(s->publishers, 2);
	assert_true(s->corroborated && s->arrived);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal WHERE publishers = 2 AND attrs @> '{\"round\": \"Series B\", \"amount_usd\": 20000000}'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.sighting"), 2);
	db_fresh(d); /* the same publisher again corroborates nothing */
	struct wn_sighting third = db_sighting(d, "3", "funding", "acme.test", 20, "{\"round\": \"Series B\"}");
	third.publisher = WN_STR("other.test");
	in = db_take(d, &third, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_JOINED);
	assert_int_equal(in.rows[0].signal->publishers, 2);
	assert_false(in.rows[0].signal->corroborated);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void a_differing_round_or_a_distant_time_is_another_fact(void **state)
{
	DB(d);
	struct wn_intake in = TAKE(d, db_sighting(d, "1", "funding", "acme.test", 48, "{\"round\": \"Series A\"}"),
				   db_sighting(d, "2", "funding", "acme.test", 47, "{\"round\": \"Series B\"}"),
				   db_sighting(d, "3", "funding", "acme.test", 48 + 31 * 24, "{\"round\": \"Series A\"}"),
				   db_sighting(d, "4", "funding", "acme.test", 40, "{}"));
	assert_int_equal(in.counts[WN_INTAKE_NEW], 3);
	assert_int_equal(in.rows[3].how, WN_INTAKE_JOINED);
	assert_ptr_equal(in.rows[3].signal, in.rows[1].signal); /* nearest in time */
}

static void kinds_that_never_join_count_every_item(void **state)
{
	DB(d);
	TAKE(d, db_sighting(d, "1", "job_posting", "acme.test", 2, "{\"position\": \"Cook\"}"), db_sighting(d, "2", "job_posting", "acme.test", 2, "{\"position\": \"Cook\"}"));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 2);
}

static void an_edited_item_updates_and_never_repeats(void **state)
{
	DB(d);
	struct wn_sighting x = db_sighting(d, "1", "funding", "acme.test", 5, "{\"round\": \"Series A\"}");
	db_take(d, &x, 1);
	db_fresh(d);
	x.attrs = rig_attrs(d->rig, x.kind, "{\"round\": \"Series B\"}");
	struct wn_intake in = db_take(d, &x, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_EDITED);
	assert_true(in.rows[0].identity_changed);
	assert_non_null(in.rows[0].signal);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal WHERE attrs @> '{\"round\": \"Series B\"}'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 1);
	db_fresh(d);
	in = db_take(d, &x, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_DUPLICATE);
	assert_int_equal(db_fsck(d, NULL), 0);
}

static void a_name_alone_makes_a_provisional_account_and_the_domain_later_asks_for_a_merge(void **state)
{
	DB(d);
	struct wn_intake in = TAKE(d, db_sighting(d, "1", "funding", "Acme Rockets Inc.", 5, B_ROUND));
	assert_string_equal(in.rows[0].link.method, "provisional");
	struct wn_id provisional = in.rows[0].account->id;
	db_fresh(d);
	in = TAKE(d, db_sighting(d, "2", "hire", "ACME Rockets", 5, "{\"person\": \"Jo Doe\"}"));
	assert_true(wn_id_eq(in.rows[0].account->id, provisional));
	assert_int_equal(in.new_accounts, 0);
	db_fresh(d);
	struct wn_sighting x = db_sighting(d, "3", "funding", "acme-rockets.test", 4, B_ROUND);
	x.account.name = WN_STR("Acme Rockets");
	in = db_take(d, &x, 1);
	assert_int_equal(in.n_merges, 1);
	assert_true(wn_id_eq(in.merges[0].from, provisional));
	struct wn_intake_merge merge = in.merges[0];
	/* its own unit of work */
	db_fresh(d);
	struct wn_id both[] = {merge.from, merge.into};
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, both, 2, WN_LOAD_ALL, &err));
	OK(wn_store_load_campaigns(d->st, d->w, &err));
	OK(wn_store_merge(d->st, d->w, merge.from, merge.into, &err));
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	/* what comes by name goes to the survivor, whose signals include those of the merged */
	db_fresh(d);
	in = TAKE(d, db_sighting(d, "4", "page_view", "Acme Rockets", 1, "{}"));
	assert_true(wn_id_eq(in.rows[0].account->id, merge.into));
	assert_int_equal(in.rows[0].account->signals.n, 4);
	assert_int_equal(db_fsck(d, NULL), 0);
	struct wn_id found;
	OK(wn_store_find_account(d->st, WN_STR("acme rockets"), &found, &err));
	assert_true(wn_id_eq(found, merge.into));
}

static void unknown_companies_of_a_feed_that_may_not_create_wait_in_the_review_queue(void **state)
{
	DB(d);
	struct wn_sighting x[] = {db_sighting(d, "1", "funding", "Unheard Of", 5, B_ROUND), db_sighting(d, "2", "funding", "unheard.test", 5, B_ROUND)};
	struct wn_intake in = {.sightings = x, .n = 2};
	OK(db_unit(d, &in, &err));
	assert_int_equal(in.counts[WN_INTAKE_REVIEW], 2);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.account_review"), 2);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 0);
	db_fresh(d);
	in = (struct wn_intake){.sightings = x, .n = 2};
	OK(db_unit(d, &in, &err));
	assert_int_equal(in.counts[WN_INTAKE_DUPLICATE], 2);
	/* as soon as the account is known, the item is taken */
	db_fresh(d);
	struct wn_import_row row;
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_accounts(d->st, d->w, &(struct wn_import_account){.domain = WN_STR("unheard.test"), .name = WN_STR("Unheard Of")}, 1, WN_TRUST_IMPORTED,
				    WN_STR("t"), &row, &err));
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_fresh(d);
	in = (struct wn_intake){.sightings = x, .n = 2};
	OK(db_unit(d, &in, &err));
	assert_int_equal(in.counts[WN_INTAKE_NEW] + in.counts[WN_INTAKE_JOINED], 2);
}

static void a_name_that_is_nearly_known_gets_candidates(void **state)
{
	DB(d);
	if (!db_count(d, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"))
		skip();
	TAKE(d, db_sighting(d, "1", "funding", "Initech Systems", 5, B_ROUND));
	db_fresh(d);
	struct wn_sighting x = db_sighting(d, "2", "funding", "Initech Sistems", 5, B_ROUND);
	struct wn_intake in = {.sightings = &x, .n = 1};
	OK(db_unit(d, &in, &err));
	assert_int_equal(in.rows[0].how, WN_INTAKE_REVIEW);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.account_review WHERE candidates -> 0 ->> 'name' = 'Initech Systems'"), 1);
}

static void two_accounts_of_one_name_are_ambiguous(void **state)
{
	DB(d);
	struct wn_import_account a[] = {{.domain = WN_STR("globex.test"), .name = WN_STR("Globex")}, {.domain = WN_STR("globex-two.test"), .name = WN_STR("Globex")}};
	struct wn_import_row rows[2];
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_accounts(d->st, d->w, a, 2, WN_TRUST_IMPORTED, WN_STR("t"), rows, &err));
	assert_int_equal(rows[0].how, WN_IMPORT_MADE);
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_fresh(d);
	struct wn_intake in = TAKE(d, db_sighting(d, "1", "funding", "Globex Corp.", 5, B_ROUND));
	assert_int_equal(in.rows[0].how, WN_INTAKE_REVIEW);
	assert_int_equal(db_count(d, "SELECT jsonb_array_length(candidates) FROM whynow.account_review"), 2);
	struct wn_id id;
	assert_int_equal(wn_store_find_account(d->st, WN_STR("Globex"), &id, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "globex-two.test"));
}

static void a_person_named_by_a_signal_becomes_a_contact_without_address(void **state)
{
	DB(d);
	struct wn_sighting x = db_sighting(d, "1", "hire", "acme.test", 5, "{\"person\": \"Jo Doe\", \"department\": \"people\", \"level\": 5}");
	x.contact = (struct wn_contact_hint){.name = WN_STR("Jo Doe"), .position = WN_STR("VP People"), .department = WN_STR("people"), .level = 5};
	struct wn_intake in = db_take(d, &x, 1);
	assert_non_null(in.rows[0].contact);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact WHERE subject AND email IS NULL AND level = 5 AND department = 'people'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal s JOIN whynow.contact c ON c.contact_id = s.contact_id"), 1);
	/* an import brings the address and keeps the id */
	struct wn_id id = in.rows[0].contact->id;
	db_fresh(d);
	struct wn_import_row row;
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_contacts(d->st, d->w, &(struct wn_import_contact){.account_domain = WN_STR("acme.test"), .name = WN_STR("Jo Doe"),
		.email = WN_STR("Jo@ACME.test"), .consent = WN_STR("legitimate interest")}, 1, WN_TRUST_IMPORTED, WN_STR("t"), &row, &err));
	assert_int_equal(row.how, WN_IMPORT_CHANGED);
	assert_true(wn_id_eq(row.contact->id, id));
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact WHERE NOT subject AND email = 'jo@acme.test' AND consent = 'legitimate interest'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact"), 1);
	struct wn_ref_id ref;
	OK(wn_store_find_contact(d->st, WN_STR("jo@acme.test"), &ref, &err));
	assert_true(wn_id_eq(ref.id, id));
}

static void who_was_forgotten_does_not_come_back_by_a_feed_and_who_opted_out_is_known_as_such(void **state)
{
	DB(d);
	OK(wn_store_suppress(d->st, "address", WN_STR("gone@acme.test"), "erased", "link", RIG_NOW - 5, WN_NEVER, &err));
	OK(wn_store_suppress(d->st, "address", WN_STR("no@acme.test"), "opt_out", "link", RIG_NOW - 5, WN_NEVER, &err));
	struct wn_sighting x[3] = {db_sighting(d, "1", "page_view", "acme.test", 5, "{}"), db_sighting(d, "2", "page_view", "acme.test", 5, "{}"),
				   db_sighting(d, "3", "page_view", "acme.test", 5, "{}")};
	x[0].contact.email = WN_STR("Gone@acme.test");
	x[1].contact.email = WN_STR("no@acme.test");
	x[2].contact.email = WN_STR("yes@acme.test");
	x[2].traits = rig_json(d->rig, "{\"contact.persona\": \"hr\"}");
	struct wn_intake in = db_take(d, x, 3);
	assert_null(in.rows[0].contact);
	assert_true(in.rows[1].contact->opted_out);
	assert_false(in.rows[2].contact->opted_out || in.rows[2].contact->suppressed);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact"), 2);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact WHERE traits -> 'persona' ->> 'v' = 'hr'"), 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal WHERE contact_id IS NULL"), 1);
}

static void a_shared_address_is_a_person_with_one_contact(void **state)
{
	DB(d);
	struct wn_sighting x = db_sighting(d, "1", "page_view", "x", 5, "{}");
	x.account = (struct wn_account_hint){.email = WN_STR("Jo.Doe@gmail.com")};
	struct wn_intake in = db_take(d, &x, 1);
	assert_true(wn_str_is(in.rows[0].account->state, "person"));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact WHERE email = 'jo.doe@gmail.com'"), 1);
	db_fresh(d);
	x.item = WN_STR("2");
	x.key = wn_sighting_key(x.feed, x.item, 0);
	in = db_take(d, &x, 1);
	assert_int_equal(in.new_accounts, 0);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.contact"), 1);
}

static void declared_beats_imported_beats_a_feed_and_empty_changes_nothing(void **state)
{
	DB(d);
	struct wn_sighting x = db_sighting(d, "1", NULL, "acme.test", 5, "{}");
	x.traits = rig_json(d->rig, "{\"employees\": 10, \"country\": \"US\", \"nonsense\": 1}");
	struct wn_intake in = db_take(d, &x, 1);
	assert_int_equal(in.rows[0].how, WN_INTAKE_TRAITS);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.fact_change"), 2);
	struct wn_id id = in.rows[0].account->id;
	db_fresh(d);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &id, 1, 0, &err));
	struct wn_account *a = d->w->accounts.v[0];
	assert_true(wn_traits_set(d->w, a, NULL, WN_STR("employees"), wn_int(120), WN_TRUST_IMPORTED, WN_STR("i")));
	assert_false(wn_traits_set(d->w, a, NULL, WN_STR("employees"), wn_int(11), WN_TRUST_FEED, WN_STR("f")));
	assert_true(wn_traits_set(d->w, a, NULL, WN_STR("employees"), wn_int(130), WN_TRUST_DECLARED, WN_STR("o")));
	assert_false(wn_traits_set(d->w, a, NULL, WN_STR("employees"), wn_int(140), WN_TRUST_IMPORTED, WN_STR("i")));
	assert_false(wn_traits_set(d->w, a, NULL, WN_STR("country"), (struct wn_value){0}, WN_TRUST_DECLARED, WN_STR("o")));
	assert_false(wn_traits_set(d->w, a, NULL, WN_STR("country"), wn_cstring("  "), WN_TRUST_DECLARED, WN_STR("o")));
	assert_int_equal(d->w->fact_changes.n, 1);
	assert_int_equal(d->w->fact_changes.v[0]->old.i, 10);
	assert_int_equal(d->w->fact_changes.v[0]->new.i, 130);
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	db_fresh(d);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &id, 1, 0, &err));
	struct wn_value v = wn_trait_value(wn_account_traits(d->w->accounts.v[0]), WN_STR("employees"));
	assert_int_equal(v.kind, WN_INT);
	assert_int_equal(v.i, 130);
	wn_store_rollback(d->st);
}

static void old_items_of_a_first_poll_are_history(void **state)
{
	DB(d);
	struct wn_sighting x[] = {db_sighting(d, "1", "funding", "acme.test", 24 * 4, "{\"round\": \"Series A\"}"), db_sighting(d, "2", "funding", "acme.test", 5, "{\"round\": \"Series B\"}")};
	struct wn_intake in = {.sightings = x, .n = 2, .create = true, .first_poll = true};
	OK(db_unit(d, &in, &err));
	assert_true(in.rows[0].signal->history);
	assert_false(in.rows[1].signal->history);
}

static void rejects_are_counted_once_an_item_and_reason(void **state)
{
	DB(d);
	struct wn_reject_row r[] = {{WN_STR("f"), WN_STR("1"), WN_STR("date"), WN_STR("no date"), WN_STR("<x>")}, {WN_STR("f"), WN_STR("1"), WN_STR("date"), WN_STR("no date"), WN_STR("<x>")},
				    {WN_STR("f"), WN_STR("2"), WN_STR("date"), WN_STR(""), WN_STR("")}};
	OK(wn_store_rejects(d->st, r, 3, RIG_NOW, &err));
	OK(wn_store_rejects(d->st, r, 3, RIG_NOW + 5, &err));
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.item_reject"), 2);
	assert_int_equal(db_count(d, "SELECT times FROM whynow.item_reject WHERE item = '1'"), 2);
}

static void suppressed_addresses_and_domains_are_seen_at_loading(void **state)
{
	DB(d);
	struct wn_import_contact c[] = {{.account_domain = WN_STR("acme.test"), .email = WN_STR("a@acme.test"), .name = WN_STR("A B")},
					{.account_domain = WN_STR("acme.test"), .email = WN_STR("b@acme.test"), .name = WN_STR("B C")}};
	struct wn_import_row rows[2];
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_contacts(d->st, d->w, c, 2, WN_TRUST_IMPORTED, WN_STR("t"), rows, &err));
	struct wn_id account = rows[0].account->id;
	OK(wn_store_flush(d->st, d->w, &err));
	OK(wn_store_commit(d->st, &err));
	OK(wn_store_suppress(d->st, "address", WN_STR("a@acme.test"), "opt_out", "link", RIG_NOW - 5, WN_NEVER, &err));
	OK(wn_store_suppress(d->st, "address", WN_STR("gone@acme.test"), "erased", "link", RIG_NOW - 5, WN_NEVER, &err));
	db_fresh(d);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &account, 1, WN_LOAD_ALL, &err));
	struct wn_account *a = d->w->accounts.v[0];
	assert_int_equal(a->contacts.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(a->contacts.v[i]->opted_out, wn_str_is(a->contacts.v[i]->email, "a@acme.test"));
	assert_false(a->do_not_contact);
	wn_store_rollback(d->st);
	OK(wn_store_suppress(d->st, "domain", WN_STR("acme.test"), "do_not_contact", "ana", RIG_NOW - 5, WN_NEVER, &err));
	db_fresh(d);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_load_accounts(d->st, d->w, &account, 1, WN_LOAD_ALL, &err));
	assert_true(d->w->accounts.v[0]->do_not_contact);
	wn_store_rollback(d->st);
	OK(wn_store_unsuppress(d->st, "domain", WN_STR("acme.test"), RIG_NOW, &err));
	assert_int_equal(wn_store_unsuppress(d->st, "domain", WN_STR("acme.test"), RIG_NOW, &err), WN_NOT_FOUND);
	/* what was forgotten stays forgotten */
	struct wn_import_contact again = {.account_domain = WN_STR("acme.test"), .email = WN_STR("gone@acme.test")};
	db_fresh(d);
	OK(wn_store_begin(d->st, &err));
	OK(wn_store_import_contacts(d->st, d->w, &again, 1, WN_TRUST_IMPORTED, WN_STR("t"), rows, &err));
	assert_int_equal(rows[0].how, WN_IMPORT_REFUSED);
	wn_store_rollback(d->st);
}

static void a_missing_partition_pauses_and_says_so(void **state)
{
	DB(d);
	d->w->now_us = RIG_NOW + 3000 * WN_DAY;
	struct wn_sighting x = db_sighting(d, "1", "funding", "acme.test", 1, B_ROUND);
	struct wn_intake in = {.sightings = &x, .n = 1, .create = true};
	assert_int_equal(db_unit(d, &in, &err), WN_AGAIN);
	assert_non_null(strstr(err.text, "partition"));
	wn_store_rollback(d->st);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.seen"), 0);
	OK(wn_store_partitions(d->st, d->w->now_us, WN_DAY, NULL, &err));
	db_fresh(d);
	in = (struct wn_intake){.sightings = &x, .n = 1, .create = true};
	OK(db_unit(d, &in, &err));
}

/* Two instances at the same item: whoever comes second finds the key taken. */
static void two_sessions_with_one_sighting_store_it_once(void **state)
{
	DB(d);
	struct wn_pg *pg = rig_connect(d->name);
	struct wn_store *other = rig_store(pg, "two");
	struct wn_sighting x = db_sighting(d, "1", "funding", "acme.test", 1, B_ROUND);
	struct wn_intake one = {.sightings = &x, .n = 1, .create = true}, two = one;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_world *w2 = wn_world_new(a, d->rig->scratch, &d->rig->catalog, RIG_NOW, "two");
	OK(wn_store_begin(other, &err));
	OK(wn_store_resolve(other, w2, &two, &err)); /* sees nothing yet */
	OK(db_unit(d, &one, &err));
	OK(wn_store_sightings(other, w2, &two, &err));
	OK(wn_store_flush(other, w2, &err));
	OK(wn_store_commit(other, &err));
	assert_int_equal(two.rows[0].how, WN_INTAKE_DUPLICATE);
	assert_int_equal(db_count(d, "SELECT count(*) FROM whynow.signal"), 1);
	assert_int_equal(db_fsck(d, NULL), 0);
	wn_store_free(other);
	wn_pg_free(pg);
	wn_arena_free(a);
}

static void any_unique_prefix_finds(void **state)
{
	DB(d);
	struct wn_intake in = TAKE(d, db_sighting(d, "1", "funding", "acme.test", 1, B_ROUND));
	struct wn_ref_id ref;
	struct wn_id id;
	char text[37];
	wn_id_to_text(in.rows[0].signal->key, text);
	OK(wn_store_find_signal(d->st, (struct wn_str){text, 7}, &ref, &err));
	assert_true(wn_id_eq(ref.id, in.rows[0].signal->key));
	assert_true(wn_id_eq(ref.account_id, in.rows[0].account->id));
	OK(wn_store_find_signal(d->st, (struct wn_str){text, 36}, &ref, &err));
	assert_int_equal(wn_store_find_signal(d->st, (struct wn_str){text, 6}, &ref, &err), WN_INVALID);
	assert_int_equal(wn_store_find_signal(d->st, WN_STR("0000000"), &ref, &err), WN_NOT_FOUND);
	wn_id_to_text(in.rows[0].account->id, text);
	OK(wn_store_find_account(d->st, (struct wn_str){text, 9}, &id, &err));
	OK(wn_store_find_account(d->st, WN_STR("https://www.acme.test/about"), &id, &err));
	assert_true(wn_id_eq(id, in.rows[0].account->id));
	assert_int_equal(wn_store_find_account(d->st, WN_STR("nobody.test"), &id, &err), WN_NOT_FOUND);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_sighting_is_stored_once_however_often_it_comes),
	cmocka_unit_test(the_same_sighting_twice_in_one_batch_counts_once),
	cmocka_unit_test(two_reports_of_one_fact_are_one_signal_with_two_publishers),
	cmocka_unit_test(a_differing_round_or_a_distant_time_is_another_fact),
	cmocka_unit_test(kinds_that_never_join_count_every_item),
	cmocka_unit_test(an_edited_item_updates_and_never_repeats),
	cmocka_unit_test(a_name_alone_makes_a_provisional_account_and_the_domain_later_asks_for_a_merge),
	cmocka_unit_test(unknown_companies_of_a_feed_that_may_not_create_wait_in_the_review_queue),
	cmocka_unit_test(a_name_that_is_nearly_known_gets_candidates),
	cmocka_unit_test(two_accounts_of_one_name_are_ambiguous),
	cmocka_unit_test(a_person_named_by_a_signal_becomes_a_contact_without_address),
	cmocka_unit_test(who_was_forgotten_does_not_come_back_by_a_feed_and_who_opted_out_is_known_as_such),
	cmocka_unit_test(a_shared_address_is_a_person_with_one_contact),
	cmocka_unit_test(declared_beats_imported_beats_a_feed_and_empty_changes_nothing),
	cmocka_unit_test(old_items_of_a_first_poll_are_history),
	cmocka_unit_test(rejects_are_counted_once_an_item_and_reason),
	cmocka_unit_test(suppressed_addresses_and_domains_are_seen_at_loading),
	cmocka_unit_test(a_missing_partition_pauses_and_says_so),
	cmocka_unit_test(two_sessions_with_one_sighting_store_it_once),
	cmocka_unit_test(any_unique_prefix_finds),
};
STORE_MAIN(tests)
