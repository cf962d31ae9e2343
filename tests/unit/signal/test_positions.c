/* SPDX-License-Identifier: MIT */
/* The table of positions, as shipped and as an operator may break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/signal.h>

#include <stdio.h>

static struct wn_arena *arena;
static struct wn_positions *table;

static int set_up(void **state)
{
	struct wn_err err;

	(void)state;
	arena = wn_arena_new(0);
	return wn_positions_parse(wn_positions_builtin(), "positions", &table, &err);
}

static int tear_down(void **state)
{
	(void)state;
	wn_positions_free(table);
	wn_arena_free(arena);
	return 0;
}

static void check(const char *position, const char *department, int level)
{
	struct wn_position p = wn_positions_look(table, wn_str_of(position), arena);
	const char *found = p.department ? p.department : "-";

	if (strcmp(found, department) != 0 || p.level != level)
		fail_msg("%s: expected %s/%d, found %s/%d", position, department, level, found, p.level);
}

static void longest_phrase_on_whole_words_wins(void **state)
{
	(void)state;
	check("Director", "-", 4);
	check("Executive Director", "other", 6);
	check("Vice President of People", "people", 5);
	check("VP People", "people", 5);
	check("V.P., People & Culture", "people", 5);
	check("Vice-President, Sales", "sales", 5);
	check("President", "other", 6);
	check("Vice Chair of the Board", "other", 7);
	check("Headhunter", "-", 0);
	check("Directory Services", "-", 0);
	check("Vpn", "-", 0);
}

static void chiefs_and_founders(void **state)
{
	(void)state;
	check("CEO", "other", 6);
	check("C.E.O.", "other", 6);
	check("Chief Executive Officer", "other", 6);
	check("Chief People Officer", "people", 6);
	check("CHRO", "people", 6);
	check("Founder & CTO", "engineering", 6);
	check("Co-Founder", "other", 6);
	check("President and Chief Financial Officer", "finance", 6);
	check("Chief Customer and Patient Engagement Officer", "support", 6);
	check("chief scientist", "engineering", 6);
	check("Chief of Staff", "operations", 4);
	check("India chief", "-", 6);
	check("Interim CMO", "marketing", 6);
}

static void of_two_posts_the_higher_counts(void **state)
{
	(void)state;
	check("EVP & CFO", "finance", 6);
	check("Senior Vice President and Chief Financial Officer", "finance", 6);
	check("Chairman and CEO", "other", 7);
	check("VP, Head of Sales", "sales", 5);
	check("Assistant to the CEO and CFO", "finance", 1);
	check("Director, Office of the CEO", "other", 4);
	check("Deputy CFO", "finance", 5);
}

static void heads_managers_leads_and_staff(void **state)
{
	(void)state;
	check("Head of Talent Acquisition", "people", 4);
	check("Global Head of Sales", "sales", 4);
	check("Sr. Director, Product Marketing", "marketing", 4);
	check("Director of Engineering, Data Platform", "engineering", 4);
	check("Engineering Manager", "engineering", 3);
	check("HR Manager", "people", 3);
	check("Marketing Manager", "marketing", 3);
	check("Product Manager", "product", 1);
	check("Director of Product Management", "product", 4);
	check("Account Executive, Commercial", "sales", 1);
	check("Executive Assistant to the CEO", "other", 1);
	check("Team Lead, Customer Support", "support", 2);
	check("Senior Software Engineer", "engineering", 1);
	check("Senior / Staff Fullstack Engineer", "engineering", 1);
	check("Technical Recruiter", "people", 1);
	check("General Counsel", "legal", 5);
	check("IT Manager", "it", 3);
	check("VP Information Security", "security", 5);
	check("Leiterin Vertrieb", "sales", 4);
	check("Geschäftsführer", "other", 6);
}

static void board_seats(void **state)
{
	(void)state;
	check("board member", "other", 7);
	check("Member of the Board of Directors", "other", 7);
	check("Non-Executive Director", "other", 7);
	check("Chairwoman", "other", 7);
}

static void nothing_known_stays_unknown(void **state)
{
	(void)state;
	check("", "-", 0);
	check("Wizard of Light Bulb Moments", "-", 0);
	assert_null(wn_positions_look(NULL, WN_STR("CEO"), arena).department);
}

static void refuse(const char *text, int line, const char *says)
{
	struct wn_positions *p = NULL;
	struct wn_err err = {0};

	assert_int_equal(wn_positions_parse(wn_str_of(text), "positions", &p, &err), WN_INVALID);
	assert_null(p);
	assert_int_equal(err.place.line, line);
	if (!strstr(err.text, says))
		fail_msg("expected \"%s\" in: %s", says, err.text);
}

static void a_broken_table_is_refused_with_its_line(void **state)
{
	(void)state;
	refuse("# fine\nvp | - | 5\nhead | salse | 4\n", 3, "did you mean sales?");
	refuse("vp | - | 8", 1, "1 to 7");
	refuse("vp | - |", 1, "1 to 7");
	refuse("vp", 1, "department");
	refuse("\n | - | 5", 2, "phrase");
	refuse("vp | - | 5 | 6", 1, "three fields");
	refuse("vp | - | 5\nV.P. | sales | 5\n", 0, "twice");
	refuse("\xff | - | 5", 0, "UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(longest_phrase_on_whole_words_wins),
	    cmocka_unit_test(chiefs_and_founders),
	    cmocka_unit_test(of_two_posts_the_higher_counts),
	    cmocka_unit_test(heads_managers_leads_and_staff),
	    cmocka_unit_test(board_seats),
	    cmocka_unit_test(nothing_known_stays_unknown),
	    cmocka_unit_test(a_broken_table_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
