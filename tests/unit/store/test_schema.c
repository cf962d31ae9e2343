/* SPDX-License-Identifier: MIT */
/* Migrations, roles, keys, identity, partitions, and the lint over the catalogue (design 04, rules 1 to 6). */
#include "store_rig.h"

#include <sys/stat.h>

static void migrating_twice_changes_nothing(void **state)
{
	DB(d);
	int applied = 7;
	struct wn_schema_status st;
	OK(wn_store_migrate(d->st, &applied, &err));
	assert_int_equal(applied, 0);
	OK(wn_store_schema_check(d->st, &st, &err));
	assert_int_equal(st.have, st.want);
}

static void a_database_without_schema_says_which_command_to_run(void **state)
{
	DB(d);
	struct wn_schema_status st;
	db_script(d, "DROP SCHEMA whynow CASCADE");
	assert_int_equal(wn_store_schema_check(d->st, &st, &err), WN_REFUSED);
	assert_int_equal(st.have, 0);
	assert_non_null(strstr(err.text, "whynow db migrate"));
}

static void an_older_and_a_newer_schema_are_refused_clearly(void **state)
{
	DB(d);
	db_script(d, "DELETE FROM whynow.schema_version WHERE version = (SELECT max(version) FROM whynow.schema_version)");
	assert_int_equal(wn_store_schema_check(d->st, NULL, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "whynow db migrate"));
	db_script(d, "INSERT INTO whynow.schema_version (version, name, checksum) VALUES (999, 'future', '')");
	assert_int_equal(wn_store_schema_check(d->st, NULL, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "newer"));
	assert_int_equal(wn_store_migrate(d->st, NULL, &err), WN_REFUSED);
}

static void a_migration_that_was_changed_is_noticed(void **state)
{
	DB(d);
	db_script(d, "UPDATE whynow.schema_version SET checksum = sha256('x') WHERE version = 1");
	assert_int_equal(wn_store_schema_check(d->st, NULL, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "0001_tables"));
}

static void every_table_and_column_has_a_comment(void **state)
{
	DB(d);
	assert_int_equal(db_count(d, "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'whynow'::regnamespace "
				     "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped "
				     "AND col_description(a.attrelid, a.attnum) IS NULL"), 0);
	assert_int_equal(db_count(d, "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'whynow'::regnamespace AND c.relkind IN ('r', 'p', 'v') "
				     "AND obj_description(c.oid) IS NULL"), 0);
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	char *text = wn_alloc(1 << 20);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void lint_is(struct db *d, int64_t want)
{
	char *sql = read_text(WN_SOURCE_DIR "/tests/lint/sql_catalogue.sql");
	const struct wn_stmt stmt = {NULL, sql};
	struct wn_err err = {0};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	OK(wn_pg_exec(d->pg, &stmt, WN_NO_PARAMS, &r, &err));
	for (int i = 0; i < r.rows && r.rows != want; i++)
		print_error("lint: %s\n", wn_pg_get_cstr(&r, i, 0));
	assert_int_equal(r.rows, want);
	free(sql);
}

static void the_catalogue_keeps_the_rules_of_distribution(void **state)
{
	DB(d);
	lint_is(d, 0);
}

static void the_catalogue_lint_sees_each_planted_violation(void **state)
{
	DB(d);
	db_script(d, "CREATE TABLE whynow.bad (id int PRIMARY KEY); "
		     "CREATE TABLE whynow.bad2 (bucket smallint NOT NULL, id uuid, CONSTRAINT k UNIQUE (id)); "
		     "CREATE TABLE whynow.bad3 (bucket smallint NOT NULL, id uuid PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY)");
	/* bad: no bucket, unchecked. bad2: unique without bucket, unchecked. bad3: the same, and an identity */
	lint_is(d, 7);
}

static void a_bucket_that_is_not_its_keys_is_refused(void **state)
{
	DB(d);
	assert_int_equal(wn_pg_script(d->pg, "INSERT INTO whynow.account (bucket, account_id, state, known_since) "
					     "VALUES (5, '01ff0000-0000-8000-8000-000000000000', 'known', now())", &err), WN_REFUSED);
	wn_pg_rollback(d->pg);
	db_script(d, "INSERT INTO whynow.account (bucket, account_id, state, known_since) VALUES (511, '01ff0000-0000-8000-8000-000000000000', 'known', now())");
}

static void partitions_are_made_ahead_and_dropped(void **state)
{
	DB(d);
	int made, dropped;
	OK(wn_store_partitions(d->st, RIG_NOW + 200 * WN_DAY, 30 * WN_DAY, &made, &err));
	assert_true(made >= 4 && made <= 8);
	OK(wn_store_partitions(d->st, RIG_NOW + 200 * WN_DAY, 30 * WN_DAY, &made, &err));
	assert_int_equal(made, 0);
	int64_t before = db_count(d, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'whynow.signal'::regclass");
	OK(wn_store_partitions_drop(d->st, "signal", RIG_NOW, &dropped, &err));
	assert_true(dropped >= 1);
	assert_int_equal(db_count(d, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'whynow.signal'::regclass"), before - dropped);
	OK(wn_store_partitions_drop(d->st, "signal", RIG_NOW, &dropped, &err));
	assert_int_equal(dropped, 0);
	assert_int_not_equal(wn_pg_script(d->pg, "SELECT whynow.partition_drop('account', '2026-01-01')", &err), WN_OK);
	wn_pg_rollback(d->pg);
}

static void partitions_of_many_months_are_all_there(void **state)
{
	DB(d);
	OK(wn_store_partitions(d->st, RIG_NOW, 400 * WN_DAY, NULL, &err));
	assert_true(db_count(d, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'whynow.history'::regclass") >= 14);
}

static void another_installation_key_is_refused(void **state)
{
	DB(d);
	OK(wn_store_key_check(d->st, &err));
	OK(wn_store_key_check(d->st, &err));
	struct wn_store *other = wn_store_new(d->pg, &(struct wn_store_options){WN_STR("another key, also of 32 bytes....")});
	assert_int_equal(wn_store_key_check(other, &err), WN_REFUSED);
	wn_store_free(other);
	other = wn_store_new(d->pg, &(struct wn_store_options){{"fedcba9876543210fedcba9876543210", 32}, "x"});
	assert_int_equal(wn_store_key_check(other, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "same key"));
	wn_store_free(other);
}

static void an_old_primary_is_refused(void **state)
{
	DB(d);
	struct wn_db_identity seen = {0};
	OK(wn_store_identity_check(d->st, &seen, &err));
	assert_true(seen.system > 0 && seen.timeline == 1);
	OK(wn_store_identity_check(d->st, &seen, &err));
	seen.timeline = 2;
	assert_int_equal(wn_store_identity_check(d->st, &seen, &err), WN_REFUSED);
	seen = (struct wn_db_identity){0};
	db_script(d, "UPDATE whynow.installation SET timeline = 9");
	assert_int_equal(wn_store_identity_check(d->st, &seen, &err), WN_REFUSED);
}

static void the_key_file_is_made_once_and_private(void **state)
{
	(void)state;
	struct wn_err err = {0};
	char path[80], *text;
	uint8_t key[32];
	struct stat st;
	snprintf(path, sizeof(path), "/tmp/wn-key-%d", (int)getpid());
	OK(wn_store_key_make(path, &err));
	assert_int_equal(wn_store_key_make(path, &err), WN_EXISTS);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	text = read_text(path);
	OK(wn_store_key_parse(wn_str_of(text), key, &err));
	assert_int_equal(wn_store_key_parse(WN_STR("abc"), key, &err), WN_INVALID);
	free(text);
	unlink(path);
}

/* db init on a server of its own is run through once; roles are the server's, so a second run finds them. */
static void init_makes_roles_that_can_do_their_work_and_no_more(void **state)
{
	DB(d);
	const struct wn_init_step *steps;
	size_t n, ran = 0;
	char database[128];
	snprintf(database, sizeof(database), "%s_init", d->name);
	OK(wn_store_init_steps(&(struct wn_init_options){.database = database}, d->w->arena, &steps, &n, &err));
	struct wn_pg *server = rig_connect("postgres"), *inside = NULL;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i++) {
			bool did;
			if (!steps[i].on_server && !inside)
				inside = rig_connect(database);
			OK(wn_store_init_run(steps[i].on_server ? server : inside, &steps[i], &did, &err));
			if (round == 1 && steps[i].unless)
				assert_false(did);
			ran += did;
		}
	assert_true(ran > 10);
	struct wn_store *migrate = wn_store_new(inside, NULL);
	OK(wn_pg_script(inside, "SET SESSION AUTHORIZATION whynow_migrate", &err));
	OK(wn_store_migrate(migrate, NULL, &err));
	OK(wn_pg_script(inside, "SET SESSION AUTHORIZATION whynow_daemon", &err));
	struct wn_store *daemon = rig_store(inside, "d");
	OK(wn_store_schema_check(daemon, NULL, &err));
	OK(wn_store_key_check(daemon, &err));
	struct wn_db_identity seen = {0};
	OK(wn_store_identity_check(daemon, &seen, &err));
	OK(wn_store_partitions(daemon, RIG_NOW, 40 * WN_DAY, NULL, &err));
	struct wn_tick tick;
	OK(wn_store_tick(daemon, INT64_MIN, &tick, &err));
	assert_int_equal(wn_pg_script(inside, "DELETE FROM whynow.history", &err), WN_REFUSED);
	assert_int_equal(wn_pg_script(inside, "UPDATE whynow.segment_version SET source = ''", &err), WN_REFUSED);
	assert_int_equal(wn_pg_script(inside, "DROP TABLE whynow.account", &err), WN_REFUSED);
	assert_int_equal(wn_pg_script(inside, "CREATE TABLE whynow.x (i int)", &err), WN_REFUSED);
	OK(wn_pg_script(inside, "SET SESSION AUTHORIZATION postgres; SET SESSION AUTHORIZATION whynow_read; SELECT * FROM whynow.v_campaign", &err));
	assert_int_equal(wn_pg_script(inside, "SELECT * FROM whynow.suppression", &err), WN_REFUSED);
	wn_store_free(daemon);
	wn_store_free(migrate);
	wn_pg_free(inside);
	wn_pg_free(server);
	rig_adminf("DROP DATABASE %s%s", database, "");
}

static void init_refuses_names_that_are_none(void **state)
{
	DB(d);
	const struct wn_init_step *steps;
	size_t n;
	assert_int_equal(wn_store_init_steps(&(struct wn_init_options){.database = "x\"; DROP"}, d->w->arena, &steps, &n, &err), WN_INVALID);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(migrating_twice_changes_nothing),
	cmocka_unit_test(a_database_without_schema_says_which_command_to_run),
	cmocka_unit_test(an_older_and_a_newer_schema_are_refused_clearly),
	cmocka_unit_test(a_migration_that_was_changed_is_noticed),
	cmocka_unit_test(every_table_and_column_has_a_comment),
	cmocka_unit_test(the_catalogue_keeps_the_rules_of_distribution),
	cmocka_unit_test(the_catalogue_lint_sees_each_planted_violation),
	cmocka_unit_test(a_bucket_that_is_not_its_keys_is_refused),
	cmocka_unit_test(partitions_are_made_ahead_and_dropped),
	cmocka_unit_test(partitions_of_many_months_are_all_there),
	cmocka_unit_test(another_installation_key_is_refused),
	cmocka_unit_test(an_old_primary_is_refused),
	cmocka_unit_test(the_key_file_is_made_once_and_private),
	cmocka_unit_test(init_makes_roles_that_can_do_their_work_and_no_more),
	cmocka_unit_test(init_refuses_names_that_are_none),
};
STORE_MAIN(tests)
