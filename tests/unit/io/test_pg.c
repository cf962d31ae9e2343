/* SPDX-License-Identifier: MIT */
/* One session against a real PostgreSQL: $WHYNOW_TEST_DB (tests/lib/pg.sh makes one); skipped where it is not
 * set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/fiber.h>
#include <whynow/pg.h>

#define OPEN(pg)                                                                                               \
	struct wn_err err = {0};                                                                               \
	struct wn_pg *pg = open_session(NULL);                                                                 \
	(void)state
#define OK(call) assert_ok((call), &err, __LINE__)

static const char *db(void)
{
	return getenv("WHYNOW_TEST_DB");
}

static void assert_ok(enum wn_rc rc, const struct wn_err *err, int line)
{
	if (rc)
		fail_msg("line %d: %s: %s", line, wn_rc_to_text(rc), err->text);
}

static struct wn_pg *open_session(struct wn_loop *loop)
{
	struct wn_err err = {0};
	struct wn_pg *pg;

	pg = wn_pg_new(loop, db(), "test_pg");
	assert_ok(wn_pg_connect(pg, 5000, &err), &err, __LINE__);
	return pg;
}

static const struct wn_stmt one = {"one", "SELECT 1::int8"};

/* --- values ---- */

static void every_type_comes_back_as_it_went(void **state)
{
	static const struct wn_stmt echo = {
	    "echo",
	    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::text, $10, $11::text, $12, $13, $14, $15::date"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_id id = wn_id_random();
	OPEN(pg);

	OK(wn_pg_exec(pg, &echo,
		      WN_PARAMS(wn_pg_bool(true), wn_pg_int2(-7), wn_pg_int4(-70000), wn_pg_int8(INT64_MIN + 1),
				wn_pg_float8(-0.1), wn_pg_time(1750000000123456), wn_pg_id(id),
				wn_pg_bytes((struct wn_str){"a\0b", 3}), wn_pg_text("Zürich"),
				wn_pg_jsonb(WN_STR("{\"a\": 1}")), wn_pg_null(), wn_pg_time(INT64_MAX),
				wn_pg_time(INT64_MIN), wn_pg_interval(90 * WN_MINUTE), wn_pg_date(-1)),
		      &r, &err));
	assert_int_equal(r.rows, 1);
	assert_true(wn_pg_get_bool(&r, 0, 0));
	assert_int_equal(wn_pg_get_int(&r, 0, 1), -7);
	assert_int_equal(wn_pg_get_int(&r, 0, 2), -70000);
	assert_true(wn_pg_get_int(&r, 0, 3) == INT64_MIN + 1);
	assert_true(wn_pg_get_double(&r, 0, 4) == -0.1);
	assert_int_equal(wn_pg_get_us(&r, 0, 5), 1750000000123456);
	assert_true(wn_id_eq(wn_pg_get_id(&r, 0, 6), id));
	assert_true(wn_str_eq(wn_pg_get_str(&r, 0, 7), (struct wn_str){"a\0b", 3}));
	assert_string_equal(wn_pg_get_cstr(&r, 0, 8), "Zürich");
	assert_string_equal(wn_pg_get_cstr(&r, 0, 9), "{\"a\": 1}");
	assert_true(wn_pg_is_null(&r, 0, 10));
	assert_string_equal(wn_pg_get_cstr(&r, 0, 10), "");
	assert_true(wn_pg_get_us(&r, 0, 11) == WN_NEVER && wn_pg_get_us(&r, 0, 12) == INT64_MIN);
	assert_int_equal(wn_pg_get_interval(&r, 0, 13), 90 * WN_MINUTE);
	assert_int_equal(wn_pg_get_us(&r, 0, 14), -WN_DAY);
	/* of another type, or out of range: nothing */
	assert_int_equal(wn_pg_get_int(&r, 0, 8), 0);
	assert_true(wn_id_is_nil(wn_pg_get_id(&r, 0, 7)));
	assert_true(wn_pg_is_null(&r, 1, 0) && wn_pg_is_null(&r, 0, 99) && wn_pg_is_null(&r, -1, -1));
	wn_pg_free(pg);
}

static void the_server_reads_values_as_they_were_meant(void **state)
{
	static const struct wn_stmt s = {
	    "meant",
	    "SELECT $1::text || ' ' || $2::text || ' ' || $3::text || ' ' || $4::text || ' ' || $5::text"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	OPEN(pg);

	OK(wn_pg_script(pg, "SET timezone = 'UTC'", &err));
	OK(wn_pg_exec(pg, &s,
		      WN_PARAMS(wn_pg_time(1750000000123456), wn_pg_date(20000), wn_pg_float8(2.5),
				wn_pg_interval(1500000), wn_pg_int8(-5)),
		      &r, &err));
	assert_string_equal(wn_pg_get_cstr(&r, 0, 0),
			    "2025-06-15 15:06:40.123456+00 2024-10-04 2.5 00:00:01.5 -5");
	wn_pg_free(pg);
}

static void arrays_go_and_come(void **state)
{
	static const struct wn_stmt s = {"arrays", "SELECT $1, $2, $3, $4, cardinality($1), '{{1,2}}'::int8[]"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_arena *a = wn_arena_new(0);
	struct wn_id ids[] = {wn_id_random(), wn_id_random()}, *got_ids;
	int64_t ints[] = {INT64_MIN, -1, 0, INT64_MAX}, *got_ints, times[] = {0, INT64_MAX, INT64_C(1750000000123456)};
	struct wn_str strs[] = {WN_STR("x"), {NULL, 0}, {"", 0}, WN_STR("é,\"{}")}, *got_strs;
	OPEN(pg);

	OK(wn_pg_exec(pg, &s,
		      WN_PARAMS(wn_pg_ids(a, ids, 2), wn_pg_int8s(a, ints, 4), wn_pg_strs(a, strs, 4),
				wn_pg_ids(a, NULL, 0)),
		      &r, &err));
	assert_int_equal(wn_pg_get_ids(&r, 0, 0, a, &got_ids), 2);
	assert_true(wn_id_eq(got_ids[0], ids[0]) && wn_id_eq(got_ids[1], ids[1]));
	assert_int_equal(wn_pg_get_int8s(&r, 0, 1, a, &got_ints), 4);
	assert_memory_equal(got_ints, ints, sizeof(ints));
	assert_int_equal(wn_pg_get_strs(&r, 0, 2, a, &got_strs), 4);
	assert_true(wn_str_eq(got_strs[3], strs[3]) && !got_strs[1].p && got_strs[2].p && !got_strs[2].n);
	assert_int_equal(wn_pg_get_ids(&r, 0, 3, a, &got_ids), 0);
	assert_int_equal(wn_pg_get_int(&r, 0, 4), 2);
	assert_int_equal(wn_pg_get_int8s(&r, 0, 5, a, &got_ints), 0); /* two dimensions: none of ours */
	assert_string_equal(wn_pg_show(&r, 0, 2, a), "{x,NULL,,é,\"{}}");
	OK(wn_pg_exec(pg, &(struct wn_stmt){"times", "SELECT $1::text"}, WN_PARAMS(wn_pg_times(a, times, 3)), &r, &err));
	assert_string_equal(wn_pg_get_cstr(&r, 0, 0), "{\"1970-01-01 00:00:00+00\",infinity,\"2025-06-15 15:06:40.123456+00\"}");
	OK(wn_pg_exec(pg, &(struct wn_stmt){"doubles", "SELECT $1::text"}, WN_PARAMS(wn_pg_float8s(a, (double[]){0, -1.5, 0x1p-40, INFINITY}, 4)), &r, &err));
	assert_string_equal(wn_pg_get_cstr(&r, 0, 0), "{0,-1.5,9.094947017729282e-13,Infinity}");
	wn_arena_free(a);
	wn_pg_free(pg);
}

static void a_parameter_may_be_null_first_and_have_a_type_later(void **state)
{
	static const struct wn_stmt s = {"nullable",
					 "INSERT INTO pg_temp.n (v, w) VALUES ($1, $2) RETURNING v, w"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	OPEN(pg);

	OK(wn_pg_script(pg, "CREATE TEMP TABLE n (v int4, w jsonb)", &err));
	OK(wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_null(), wn_pg_null()), &r, &err));
	OK(wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_int8(5), wn_pg_text("[1]")), &r, &err));
	assert_int_equal(wn_pg_get_int(&r, 0, 0), 5);
	assert_string_equal(wn_pg_get_cstr(&r, 0, 1), "[1]");
	OK(wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_int4(6), wn_pg_jsonb(WN_STR("{}"))), &r, &err));
	OK(wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_text("7"), wn_pg_null()), &r, &err));
	assert_int_equal(wn_pg_get_int(&r, 0, 0), 7);
	assert_int_equal(
	    wn_pg_exec(pg, &s, WN_PARAMS(wn_pg_str((struct wn_str){"7\0", 2}), wn_pg_null()), &r, &err),
	    WN_INVALID);
	wn_pg_free(pg);
}

/* --- pipeline ---- */

static const struct wn_stmt put = {"put", "INSERT INTO t (k, v) VALUES ($1, $2) RETURNING k"};
static const struct wn_stmt count = {"count", "SELECT count(*) FROM t"};

static void fresh_table(struct wn_pg *pg)
{
	struct wn_err err = {0};

	OK(wn_pg_script(
	    pg, "DROP TABLE IF EXISTS t; CREATE TABLE t (k int8 CONSTRAINT t_key PRIMARY KEY, v text, w int2)",
	    &err));
}

static int64_t rows_in_t(struct wn_pg *pg)
{
	struct wn_pg_result r = {0};
	struct wn_err err = {0};
	int64_t n;

	OK(wn_pg_exec(pg, &count, WN_NO_PARAMS, &r, &err));
	n = wn_pg_get_int(&r, 0, 0);
	wn_pg_result_done(&r);
	return n;
}

static void queued_statements_answer_in_order_in_one_round_trip(void **state)
{
	struct wn_pg_result r[100] = {0};
	OPEN(pg);

	fresh_table(pg);
	OK(wn_pg_begin(pg, &err));
	assert_true(wn_pg_in_transaction(pg));
	assert_int_equal(wn_pg_begin(pg, NULL), WN_REFUSED);
	for (int i = 0; i < 100; i++)
		OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(i), wn_pg_text("x")), &r[i], &err));
	OK(wn_pg_commit(pg, &err));
	assert_false(wn_pg_in_transaction(pg));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(wn_pg_get_int(&r[i], 0, 0), i);
		assert_int_equal(r[i].affected, 1);
		wn_pg_result_done(&r[i]);
	}
	assert_int_equal(rows_in_t(pg), 100);
	wn_pg_free(pg);
}

static void an_error_in_the_middle_stops_the_rest_and_empties_results(void **state)
{
	struct wn_pg_result r[4] = {0};
	OPEN(pg);

	fresh_table(pg);
	OK(wn_pg_begin(pg, &err));
	for (int i = 0; i < 4; i++)
		OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(i == 2 ? 1 : i), wn_pg_text("x")), &r[i], &err));
	assert_int_equal(wn_pg_flush(pg, &err), WN_EXISTS);
	assert_string_equal(wn_pg_sqlstate(pg), "23505");
	assert_string_equal(wn_pg_constraint(pg), "t_key");
	assert_non_null(strstr(err.text, "put: "));
	assert_null(strstr(err.text, "(k)=(1)")); /* row values stay out of messages */
	for (int i = 0; i < 4; i++)
		assert_int_equal(r[i].rows, 0);
	/* only rollback is left; commit does it and says why */
	assert_int_equal(wn_pg_exec(pg, &one, WN_NO_PARAMS, NULL, &err), WN_EXISTS);
	assert_int_equal(wn_pg_commit(pg, &err), WN_EXISTS);
	assert_false(wn_pg_in_transaction(pg));
	assert_int_equal(rows_in_t(pg), 0);
	wn_pg_free(pg);
}

static void a_commit_with_a_failing_statement_keeps_nothing_and_the_session_lives(void **state)
{
	OPEN(pg);

	fresh_table(pg);
	for (int round = 0; round < 3; round++) {
		OK(wn_pg_begin(pg, &err));
		OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(1), wn_pg_text("x")), NULL, &err));
		OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(1), wn_pg_text("y")), NULL, &err));
		assert_int_equal(wn_pg_commit(pg, &err), WN_EXISTS);
		assert_string_equal(wn_pg_sqlstate(pg), "23505");
	}
	OK(wn_pg_begin(pg, &err));
	OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(1), wn_pg_text("x")), NULL, &err));
	wn_pg_rollback(pg); /* with something still queued */
	wn_pg_rollback(pg); /* harmless */
	assert_int_equal(rows_in_t(pg), 0);
	assert_int_equal(wn_pg_commit(pg, &err), WN_REFUSED);
	wn_pg_free(pg);
}

static void a_statement_that_cannot_be_queued_fails_its_transaction(void **state)
{
	OPEN(pg);

	fresh_table(pg);
	OK(wn_pg_begin(pg, &err));
	OK(wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(1), wn_pg_text("x")), NULL, &err));
	assert_int_equal(
	    wn_pg_queue(pg, &put, WN_PARAMS(wn_pg_int8(2), wn_pg_str((struct wn_str){"\0", 1})), NULL, &err),
	    WN_INVALID);
	assert_int_equal(wn_pg_commit(pg, &err), WN_INVALID); /* even if the caller forgot to look */
	assert_non_null(strstr(err.text, "NUL"));
	assert_int_equal(rows_in_t(pg), 0);
	wn_pg_free(pg);
}

static void a_statement_that_cannot_be_prepared_is_tried_again_next_time(void **state)
{
	static const struct wn_stmt later = {"later", "SELECT x FROM not_yet"};
	OPEN(pg);

	OK(wn_pg_script(pg, "DROP TABLE IF EXISTS not_yet", &err));
	assert_int_equal(wn_pg_exec(pg, &later, WN_NO_PARAMS, NULL, &err), WN_INVALID);
	assert_string_equal(wn_pg_sqlstate(pg), "42P01");
	assert_non_null(strstr(err.text, "later, line 1"));
	OK(wn_pg_script(pg, "CREATE TABLE not_yet (x int4)", &err));
	OK(wn_pg_exec(pg, &later, WN_NO_PARAMS, NULL, &err));
	/* and a changed table outdates the prepared form: the session is renewed */
	OK(wn_pg_script(pg, "ALTER TABLE not_yet ALTER x TYPE text", &err));
	assert_int_equal(wn_pg_exec(pg, &later, WN_NO_PARAMS, NULL, &err), WN_AGAIN);
	assert_false(wn_pg_is_connected(pg));
	OK(wn_pg_connect(pg, 5000, &err));
	OK(wn_pg_exec(pg, &later, WN_NO_PARAMS, NULL, &err));
	OK(wn_pg_script(pg, "DROP TABLE not_yet", &err));
	wn_pg_free(pg);
}

static void megabytes_both_ways_do_not_deadlock(void **state)
{
	static const struct wn_stmt big = {"big", "SELECT repeat('y', 200000), $1"};
	char *x = malloc(200000);
	struct wn_pg_result r[100] = {0};
	OPEN(pg);

	memset(x, 'x', 200000);
	for (int i = 0; i < 100; i++)
		OK(wn_pg_queue(pg, &big, WN_PARAMS(wn_pg_bytes((struct wn_str){x, 200000})), &r[i], &err));
	OK(wn_pg_flush(pg, &err));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(wn_pg_get_str(&r[i], 0, 0).n, 200000);
		assert_int_equal(wn_pg_get_str(&r[i], 0, 1).n, 200000);
		wn_pg_result_done(&r[i]);
	}
	free(x);
	wn_pg_free(pg);
}

static void many_rows_go_as_few_statements_and_come_back_in_order(void **state)
{
	static const struct wn_stmt rows = {
	    "put_rows", "INSERT INTO t (k, v, w) VALUES /*rows*/($1, coalesce($2, '$1'), $3 + $4)/*end*/ "
			"ON CONFLICT (k) DO UPDATE SET w = $4 RETURNING k, v, w"};
	static const size_t sizes[] = {0, 1, 7, 8, 9, 64, 255, 256, 257, 700};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_pg_param params[700 * 3], fixed = wn_pg_int2(1000);
	OPEN(pg);

	for (size_t s = 0; s < WN_COUNT(sizes); s++) {
		fresh_table(pg);
		for (size_t i = 0; i < sizes[s]; i++) {
			params[3 * i] = wn_pg_int8((int64_t)i);
			params[3 * i + 1] = i % 3 ? wn_pg_text("v") : wn_pg_null();
			params[3 * i + 2] =
			    i ? wn_pg_int2((int)i) : wn_pg_null(); /* the first row does not know its type */
		}
		OK(wn_pg_queue_rows(pg, &rows, params, sizes[s], 3, &fixed, 1, &r, &err));
		OK(wn_pg_flush(pg, &err));
		assert_int_equal(r.rows, sizes[s]);
		assert_int_equal(r.affected, sizes[s]);
		for (int i = r.rows; i-- > 0;) {
			assert_int_equal(wn_pg_get_int(&r, i, 0), i);
			assert_string_equal(wn_pg_get_cstr(&r, i, 1), i % 3 ? "v" : "$1");
			assert_int_equal(wn_pg_get_int(&r, i, 2), i ? 1000 + i : 0);
		}
	}
	wn_pg_free(pg);
}

static void unnamed_queries_show_their_columns(void **state)
{
	const struct wn_stmt q = {
	    NULL,
	    "SELECT 7 AS seven, now() AS at, true AS yes, NULL::text AS nothing, '{1,2}'::int4[] AS list"};
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	struct wn_arena *a = wn_arena_new(0);
	OPEN(pg);

	OK(wn_pg_exec(pg, &q, WN_NO_PARAMS, &r, &err));
	assert_int_equal(wn_pg_cols(&r), 5);
	assert_int_equal(wn_pg_col(&r, "yes"), 2);
	assert_int_equal(wn_pg_col(&r, "no"), -1);
	assert_string_equal(wn_pg_col_name(&r, 1), "at");
	assert_string_equal(wn_pg_show(&r, 0, 0, a), "7");
	assert_string_equal(wn_pg_show(&r, 0, 2, a), "t");
	assert_string_equal(wn_pg_show(&r, 0, 3, a), "");
	assert_string_equal(wn_pg_show(&r, 0, 4, a), "{1,2}");
	wn_arena_free(a);
	wn_pg_free(pg);
}

/* --- scripts and COPY ---- */

static void a_script_runs_whole_and_names_the_line_that_fails(void **state)
{
	OPEN(pg);

	OK(wn_pg_script(pg, "BEGIN; CREATE TEMP TABLE s (a int); INSERT INTO s VALUES (1);", &err));
	assert_true(wn_pg_in_transaction(pg));
	OK(wn_pg_commit(pg, &err));
	OK(wn_pg_script(pg, "", &err));
	assert_int_equal(wn_pg_script(pg, "SELECT 1;\n-- é\nSELECT nonsense;\nSELECT 2;", &err), WN_INVALID);
	assert_non_null(strstr(err.text, "line 3"));
	assert_int_equal(wn_pg_script(pg, "COPY s FROM STDIN", &err), WN_AGAIN); /* 57014: we end it */
	OK(wn_pg_queue(pg, &one, WN_NO_PARAMS, NULL, &err));
	assert_int_equal(wn_pg_script(pg, "SELECT 1", &err), WN_REFUSED);
	OK(wn_pg_flush(pg, &err));
	wn_pg_free(pg);
}

struct lines {
	int n, max;
	const char *last;
	char text[64];
};
static bool next_line(void *ctx, struct wn_str *chunk)
{
	struct lines *l = ctx;

	if (l->n >= l->max)
		return false;
	snprintf(l->text, sizeof(l->text), "%d\tv%d\t\\N\n", l->n, l->n);
	l->n++;
	*chunk = wn_str_of(l->n == l->max && l->last ? l->last : l->text);
	return true;
}

static void copy_loads_many_rows_and_reports_a_bad_one(void **state)
{
	struct lines good = {.max = 50000}, bad = {.max = 20, .last = "x\ty\tz\n"};
	int64_t rows = 0;
	OPEN(pg);

	fresh_table(pg);
	OK(wn_pg_copy_in(pg, "COPY t FROM STDIN", next_line, &good, &rows, &err));
	assert_int_equal(rows, 50000);
	assert_int_equal(rows_in_t(pg), 50000);
	assert_int_equal(wn_pg_copy_in(pg, "COPY t FROM STDIN", next_line, &bad, &rows, &err), WN_INVALID);
	assert_int_equal(wn_pg_copy_in(pg, "COPY nowhere FROM STDIN", next_line, &bad, &rows, &err),
			 WN_INVALID);
	assert_int_equal(rows_in_t(pg), 50000);
	wn_pg_free(pg);
}

/* --- connecting ---- */

static enum wn_rc try_connect(const char *conninfo, int ms, struct wn_err *err)
{
	struct wn_pg *pg = wn_pg_new(NULL, conninfo, "test_pg");
	enum wn_rc rc = wn_pg_connect(pg, ms, err);

	assert_int_equal(rc == WN_OK, wn_pg_is_connected(pg));
	wn_pg_free(pg);
	return rc;
}

static void a_failed_connect_says_what_kind_of_failure(void **state)
{
	char info[512];
	OPEN(pg);

	assert_int_equal(try_connect("host=/nonexistent user=x dbname=x", 1000, &err), WN_AGAIN);
	assert_int_equal(try_connect("host=/nonexistent nonsense=1", 1000, &err), WN_INVALID);
	snprintf(info, sizeof(info), "%s dbname=no_such_database", db());
	assert_int_equal(try_connect(info, 1000, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "no_such_database"));
	assert_null(strchr(err.text, '\n'));
	snprintf(info, sizeof(info), "%s user=nobody_at_all", db());
	assert_int_equal(try_connect(info, 1000, &err), WN_REFUSED);
	snprintf(info, sizeof(info),
		 "%s target_session_attrs=read-write options='-c default_transaction_read_only=on'", db());
	assert_int_equal(try_connect(info, 1000, &err), WN_AGAIN);
	snprintf(info, sizeof(info), "%s target_session_attrs=read-write", db());
	OK(try_connect(info, 1000, &err));
	wn_pg_free(pg);
}

/* A socket that takes connections and never says a word, as PostgreSQL's in `dir`. */
static int silent_server(char dir[64])
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(dir, "/tmp/test_pg.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/.s.PGSQL.5432", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void a_silent_host_costs_its_own_time_out_and_the_next_one_is_tried(void **state)
{
	int64_t begin = wn_clock_monotonic_us();
	char dir[64], path[128], info[512];
	int fd;
	OPEN(pg);
	const char *real = wn_pg_is_connected(pg) ? strstr(db(), "host=") + 5 : "";

	fd = silent_server(dir);
	snprintf(info, sizeof(info), "%s host=/nonexistent,%s,%.*s connect_timeout=1", db(), dir,
		 (int)strcspn(real, " "), real);
	OK(try_connect(info, 5000, &err));
	assert_in_range(wn_clock_monotonic_us() - begin, 900000, 2500000);
	snprintf(info, sizeof(info), "host=%s user=x dbname=x", dir);
	assert_int_equal(try_connect(info, 300, &err), WN_AGAIN);
	assert_non_null(strstr(err.text, "does not answer"));
	close(fd);
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", dir);
	unlink(path);
	rmdir(dir);
	wn_pg_free(pg);
}

/* --- losing the session ---- */

static const struct wn_stmt backend_pid = {"backend_pid", "SELECT pg_backend_pid()"};
static const struct wn_stmt terminate = {"terminate", "SELECT pg_terminate_backend($1::int4)"};
static const struct wn_stmt nap = {"nap", "SELECT pg_sleep($1)"};

static int64_t pid_of(struct wn_pg *pg)
{
	struct wn_pg_result r = {0};
	struct wn_err err = {0};
	int64_t pid;

	OK(wn_pg_exec(pg, &backend_pid, WN_NO_PARAMS, &r, &err));
	pid = wn_pg_get_int(&r, 0, 0);
	wn_pg_result_done(&r);
	return pid;
}

static void a_terminated_session_says_again_and_connects_again(void **state)
{
	struct wn_pg *other = open_session(NULL);
	struct wn_pg_result r = {0};
	OPEN(pg);

	OK(wn_pg_exec(other, &terminate, WN_PARAMS(wn_pg_int4((int32_t)pid_of(pg))), NULL, &err));
	OK(wn_pg_begin(pg, &err));
	assert_int_equal(wn_pg_exec(pg, &one, WN_NO_PARAMS, &r, &err), WN_AGAIN);
	assert_false(wn_pg_is_connected(pg));
	assert_false(wn_pg_in_transaction(pg));
	assert_int_equal(wn_pg_exec(pg, &one, WN_NO_PARAMS, &r, &err), WN_AGAIN);
	assert_int_equal(wn_pg_commit(pg, &err), WN_AGAIN);
	wn_pg_rollback(pg);
	OK(wn_pg_connect(pg, 5000, &err));
	OK(wn_pg_exec(pg, &one, WN_NO_PARAMS, &r, &err));
	wn_pg_result_done(&r);
	wn_pg_free(pg);
	wn_pg_free(other);
}

static void no_answer_in_time_closes_the_session(void **state)
{
	OPEN(pg);

	wn_pg_set_answer_timeout(pg, 200);
	assert_int_equal(wn_pg_exec(pg, &nap, WN_PARAMS(wn_pg_float8(3)), NULL, &err), WN_AGAIN);
	assert_false(wn_pg_is_connected(pg));
	wn_pg_free(pg);
}

/* A transaction whose COMMIT takes `seconds`: a deferred constraint trigger sleeps. */
static void slow_commit(struct wn_pg *pg, double seconds)
{
	struct wn_err err = {0};
	char sql[600];

	snprintf(sql, sizeof(sql),
		 "DROP TABLE IF EXISTS slow; CREATE TABLE slow (a int);"
		 "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
		 "pg_sleep(%.1f); RETURN NULL; END';"
		 "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH "
		 "ROW EXECUTE FUNCTION slow()",
		 seconds);
	OK(wn_pg_script(pg, sql, &err));
}

static const struct wn_stmt put_slow = {"put_slow", "INSERT INTO slow VALUES (1)"};

static void a_session_lost_during_commit_is_unknown_and_never_again(void **state)
{
	OPEN(pg);

	slow_commit(pg, 2);
	wn_pg_set_answer_timeout(pg, 200);
	OK(wn_pg_begin(pg, &err));
	OK(wn_pg_queue(pg, &put_slow, WN_NO_PARAMS, NULL, &err));
	assert_int_equal(wn_pg_commit(pg, &err), WN_UNKNOWN);
	assert_false(wn_pg_is_connected(pg));
	/* lost before COMMIT went out: it cannot have happened */
	wn_pg_set_answer_timeout(pg, 200);
	OK(wn_pg_connect(pg, 5000, &err));
	OK(wn_pg_begin(pg, &err));
	assert_int_equal(wn_pg_exec(pg, &nap, WN_PARAMS(wn_pg_float8(1)), NULL, &err), WN_AGAIN);
	assert_int_equal(wn_pg_commit(pg, &err), WN_AGAIN);
	wn_pg_free(pg);
}

/* --- fibers ---- */

struct fibers {
	struct wn_loop *loop;
	struct wn_clock *clock;
	struct wn_pg *pg, *other;
	enum wn_rc rc, rc2;
	int done, ticks, notified, lost;
	char payload[32];
	struct wn_timer *tick;
	struct wn_fiber *fiber;
};

static void open_fibers(struct fibers *f)
{
	*f = (struct fibers){0};
	f->clock = wn_clock_new_live();
	f->loop = wn_loop_new(f->clock);
	f->pg = open_session(f->loop);
	f->other = open_session(f->loop);
}

static void close_fibers(struct fibers *f)
{
	wn_timer_free(f->tick);
	wn_loop_run_until_idle(f->loop);
	wn_pg_free(f->pg);
	wn_pg_free(f->other);
	wn_loop_free(f->loop);
	wn_clock_free(f->clock);
}

static void nap_first(void *ctx)
{
	struct fibers *f = ctx;

	f->rc = wn_pg_exec(f->pg, &nap, WN_PARAMS(wn_pg_float8(0.3)), NULL, NULL);
	f->done++;
}
static void nap_second(void *ctx)
{
	struct fibers *f = ctx;

	f->rc2 = wn_pg_exec(f->other, &nap, WN_PARAMS(wn_pg_float8(0.3)), NULL, NULL);
	f->done++;
}
static void on_tick(void *ctx)
{
	struct fibers *f = ctx;

	f->ticks++;
	wn_timer_after(f->tick, 10000);
	if (f->done == 2)
		wn_loop_stop(f->loop);
}

static void two_fibers_wait_side_by_side_and_the_loop_turns(void **state)
{
	int64_t begin = wn_clock_monotonic_us();
	struct fibers f;

	(void)state;
	open_fibers(&f);
	f.tick = wn_timer_new(f.loop, "tick", on_tick, &f);
	wn_timer_after(f.tick, 0);
	wn_fiber_start(f.loop, "first", nap_first, &f);
	wn_fiber_start(f.loop, "second", nap_second, &f);
	wn_loop_run(f.loop);
	assert_int_equal(f.rc, WN_OK);
	assert_int_equal(f.rc2, WN_OK);
	assert_in_range(f.ticks, 10, 100);
	assert_in_range(wn_clock_monotonic_us() - begin, 300000, 580000);
	wn_timer_cancel(f.tick);
	close_fibers(&f);
}

static void intrude(void *ctx)
{
	struct fibers *f = ctx;

	f->rc2 = wn_pg_exec(f->pg, &one, WN_NO_PARAMS, NULL, NULL);
	f->done++;
}

static void a_second_user_in_the_middle_is_refused(void **state)
{
	struct fibers f;

	(void)state;
	open_fibers(&f);
	wn_fiber_start(f.loop, "first", nap_first, &f);
	wn_fiber_start(f.loop, "intruder", intrude, &f);
	wn_loop_run_until_idle(f.loop);
	assert_int_equal(f.rc, WN_OK);
	assert_int_equal(f.rc2, WN_REFUSED);
	close_fibers(&f);
}

static void commit_slowly(void *ctx)
{
	struct fibers *f = ctx;

	f->rc = wn_pg_begin(f->pg, NULL);
	if (f->rc == WN_OK)
		f->rc = wn_pg_queue(f->pg, &put_slow, WN_NO_PARAMS, NULL, NULL);
	if (f->rc == WN_OK)
		f->rc = wn_pg_commit(f->pg, NULL);
}
static void kill_commit(void *ctx)
{
	struct fibers *f = ctx;

	f->rc2 = wn_fiber_wait(f->loop, 200000);
	if (f->rc2 == WN_OK)
		f->rc2 = wn_pg_exec(f->other, &terminate, WN_PARAMS(wn_pg_int4(f->notified)), NULL, NULL);
}

static void a_backend_killed_in_commit_is_unknown(void **state)
{
	struct fibers f;

	(void)state;
	open_fibers(&f);
	slow_commit(f.pg, 2);
	f.notified = (int)pid_of(f.pg);
	wn_fiber_start(f.loop, "commit", commit_slowly, &f);
	f.fiber = wn_fiber_start(f.loop, "kill", kill_commit, &f);
	while (wn_fiber_count(f.loop)) {
		f.tick = f.tick ? f.tick : wn_timer_new(f.loop, "tick", on_tick, &f);
		f.done = 2;
		wn_timer_after(f.tick, 10000);
		wn_loop_run(f.loop);
	}
	wn_timer_cancel(f.tick);
	assert_int_equal(f.rc2, WN_OK);
	assert_int_equal(f.rc, WN_UNKNOWN);
	assert_false(wn_pg_is_connected(f.pg));
	close_fibers(&f);
}

static void cancel_now(void *ctx)
{
	struct fibers *f = ctx;

	wn_fiber_cancel(f->fiber, true);
}

static void cancelled_io_closes_the_session(void **state)
{
	struct fibers f;

	(void)state;
	open_fibers(&f);
	f.fiber = wn_fiber_start(f.loop, "first", nap_first, &f);
	f.tick = wn_timer_new(f.loop, "cancel", cancel_now, &f);
	wn_loop_soon(f.loop, cancel_now, &f);
	wn_loop_run_until_idle(f.loop);
	assert_int_equal(f.rc, WN_CANCELLED);
	assert_false(wn_pg_is_connected(f.pg));
	close_fibers(&f);
}

static void on_notify(void *ctx, const char *channel, const char *payload)
{
	struct fibers *f = ctx;

	if (!channel) {
		f->lost++;
		wn_loop_stop(f->loop);
		return;
	}
	assert_string_equal(channel, "whynow_test");
	snprintf(f->payload, sizeof(f->payload), "%s", payload);
	f->notified++;
	wn_loop_stop(f->loop);
}

static void an_idle_session_hears_notifications_and_its_own_end(void **state)
{
	struct wn_err err = {0};
	struct fibers f;
	int32_t pid;

	(void)state;
	open_fibers(&f);
	wn_pg_on_notify(f.pg, on_notify, &f);
	OK(wn_pg_script(f.pg, "LISTEN whynow_test", &err));
	OK(wn_pg_script(f.other, "NOTIFY whynow_test, 'hello'", &err));
	wn_loop_run(f.loop);
	assert_int_equal(f.notified, 1);
	assert_string_equal(f.payload, "hello");
	pid = (int32_t)pid_of(f.pg);
	OK(wn_pg_exec(f.other, &terminate, WN_PARAMS(wn_pg_int4(pid)), NULL, &err));
	wn_loop_run(f.loop);
	assert_int_equal(f.lost, 1);
	assert_false(wn_pg_is_connected(f.pg));
	OK(wn_pg_connect(f.pg, 1000, &err));
	close_fibers(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_comes_back_as_it_went),
	    cmocka_unit_test(the_server_reads_values_as_they_were_meant),
	    cmocka_unit_test(arrays_go_and_come),
	    cmocka_unit_test(a_parameter_may_be_null_first_and_have_a_type_later),
	    cmocka_unit_test(queued_statements_answer_in_order_in_one_round_trip),
	    cmocka_unit_test(an_error_in_the_middle_stops_the_rest_and_empties_results),
	    cmocka_unit_test(a_commit_with_a_failing_statement_keeps_nothing_and_the_session_lives),
	    cmocka_unit_test(a_statement_that_cannot_be_queued_fails_its_transaction),
	    cmocka_unit_test(a_statement_that_cannot_be_prepared_is_tried_again_next_time),
	    cmocka_unit_test(megabytes_both_ways_do_not_deadlock),
	    cmocka_unit_test(many_rows_go_as_few_statements_and_come_back_in_order),
	    cmocka_unit_test(unnamed_queries_show_their_columns),
	    cmocka_unit_test(a_script_runs_whole_and_names_the_line_that_fails),
	    cmocka_unit_test(copy_loads_many_rows_and_reports_a_bad_one),
	    cmocka_unit_test(a_failed_connect_says_what_kind_of_failure),
	    cmocka_unit_test(a_silent_host_costs_its_own_time_out_and_the_next_one_is_tried),
	    cmocka_unit_test(a_terminated_session_says_again_and_connects_again),
	    cmocka_unit_test(no_answer_in_time_closes_the_session),
	    cmocka_unit_test(a_session_lost_during_commit_is_unknown_and_never_again),
	    cmocka_unit_test(two_fibers_wait_side_by_side_and_the_loop_turns),
	    cmocka_unit_test(a_second_user_in_the_middle_is_refused),
	    cmocka_unit_test(a_backend_killed_in_commit_is_unknown),
	    cmocka_unit_test(cancelled_io_closes_the_session),
	    cmocka_unit_test(an_idle_session_hears_notifications_and_its_own_end),
	};

	if (!db()) {
		puts("skipped: WHYNOW_TEST_DB is not set");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
