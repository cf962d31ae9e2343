/* SPDX-License-Identifier: MIT */
/* What of the PostgreSQL layer needs no server: the table of SQLSTATEs, the expansion of row groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/pg.h>

char *wn_pg_rows_expand(const char *sql, size_t cols, size_t rows);

static void every_sqlstate_says_what_to_do_next(void **state)
{
	static const struct {
		const char *sqlstate;
		enum wn_rc rc;
	} cases[] = {
	    {"40001", WN_AGAIN},  {"40P01", WN_AGAIN},   {"55P03", WN_AGAIN},   {"57014", WN_AGAIN},
	    {"57P01", WN_AGAIN},  {"57P03", WN_AGAIN},   {"53100", WN_AGAIN},   {"53300", WN_AGAIN},
	    {"25006", WN_AGAIN},  {"08006", WN_AGAIN},   {"", WN_AGAIN},        {NULL, WN_AGAIN},
	    {"23505", WN_EXISTS}, {"23514", WN_REFUSED}, {"23503", WN_REFUSED}, {"42501", WN_REFUSED},
	    {"54000", WN_LIMIT},  {"42P01", WN_INVALID}, {"22P02", WN_INVALID}, {"99999", WN_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(cases); i++)
		assert_int_equal(wn_pg_rc_of_sqlstate(cases[i].sqlstate), cases[i].rc);
}

static void expands(const char *sql, size_t cols, size_t rows, const char *expected)
{
	char *got = wn_pg_rows_expand(sql, cols, rows);

	if (expected)
		assert_string_equal(got, expected);
	else
		assert_null(got);
	free(got);
}

static void a_row_group_is_written_out_with_its_parameters_renumbered(void **state)
{
	(void)state;
	expands("a /*rows*/($1,$2)/*end*/ b", 2, 1, "a ($1,$2) b");
	expands("a /*rows*/($1, $2::uuid)/*end*/ b", 2, 3,
		"a ($1, $2::uuid), ($3, $4::uuid), ($5, $6::uuid) b");
	expands("$3 /*rows*/($1,$3,$2)/*end*/ $4", 2, 2, "$5 ($1,$5,$2), ($3,$5,$4) $6");
	expands("/*rows*/($1,'$1',$12)/*end*/ '$2 ' $ $x", 12, 2, "($1,'$1',$12), ($13,'$1',$24) '$2 ' $ $x");
	expands("no marks $1", 1, 2, NULL);
	expands("/*rows*/ no end", 1, 2, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_sqlstate_says_what_to_do_next),
	    cmocka_unit_test(a_row_group_is_written_out_with_its_parameters_renumbered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
