/* SPDX-License-Identifier: MIT */
/* Names of companies, persons, headlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/limits.h>
#include <whynow/signal.h>
#include <whynow/text.h>

#include <stdio.h>

static struct wn_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

static const char *norm(const char *name)
{
	return wn_arena_strdup(arena, wn_name_normalise(wn_str_of(name), arena));
}
static const char *squeezed(const char *name)
{
	return wn_arena_strdup(arena, wn_name_squeeze(wn_name_normalise(wn_str_of(name), arena), arena));
}

static void drops_legal_forms_at_the_end_written_any_way(void **state)
{
	static const char *const same[] = {"Acme",
					   "ACME Inc",
					   "Acme, Inc.",
					   "Acme Incorporated",
					   "Acme L.L.C.",
					   "Acme Corp.",
					   "Acme GmbH",
					   "Acme GmbH & Co. KG",
					   "Acme A/S",
					   "Acme Sp. z o.o.",
					   "Acme sp. z o. o.",
					   "Acme S.p.A.",
					   "Acme S.r.l.",
					   "Acme Pty Ltd",
					   "Acme Pty. Limited",
					   "Acme Pvt. Ltd.",
					   "Acme Private Limited",
					   "Acme Co., Ltd.",
					   "Acme K.K.",
					   "Acme AB (publ)",
					   "Acme Oyj",
					   "Acme B.V.",
					   "Acme Sàrl",
					   "Acme Ltda.",
					   "The Acme Company",
					   "the ACME",
					   "Acme S. A.",
					   "Acme Limited Inc"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(same); i++)
		assert_string_equal(norm(same[i]), "acme");
	assert_string_equal(norm("Müller & Söhne GmbH"), "muller and sohne");
}

static void drops_japanese_forms_at_either_end(void **state)
{
	(void)state;
	assert_string_equal(norm("株式会社サクラ電機"), norm("サクラ電機"));
	assert_string_equal(norm("サクラ電機株式会社"), norm("サクラ電機"));
	assert_string_equal(norm("サクラ電機(株)"), norm("サクラ電機"));
	assert_string_equal(norm("㈱サクラ電機"), norm("サクラ電機"));
	assert_string_not_equal(norm("サクラ電機"), "");
}

static void keeps_a_form_or_an_article_that_is_the_whole_name(void **state)
{
	(void)state;
	assert_string_equal(norm("Inc."), "inc");
	assert_string_equal(norm("The"), "the");
	assert_string_equal(norm("The Company"), "the");
	assert_string_equal(norm("SE"), "se");
}

static void folds_case_accents_ampersand_points_and_blanks(void **state)
{
	static const char *const pairs[][2] = {{"Café Réunion", "cafe reunion"},
					       {"Cafe\xcc\x81", "cafe"},
					       {"Ørsted", "orsted"},
					       {"Łódź Systems", "lodz systems"},
					       {"Weiß", "weiss"},
					       {"Smith & Sons", "smith and sons"},
					       {"Smith+Sons", "smith and sons"},
					       {"Smith and Sons", "smith and sons"},
					       {"A.B. Dick", "ab dick"},
					       {"Wendy\xe2\x80\x99s", "wendy"},
					       {"Macy's, Inc.", "macy"},
					       {"O'Neill Partners", "oneill partners"},
					       {"Data\xc2\xa0 Forge", "data forge"},
					       {"data-forge", "data forge"},
					       {"Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"},
					       {"Booking.com", "bookingcom"},
					       {"“Quoted” – Name", "quoted name"}};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(pairs); i++)
		assert_string_equal(norm(pairs[i][0]), pairs[i][1]);
}

static void another_word_or_number_is_another_company(void **state)
{
	(void)state;
	assert_string_not_equal(norm("Acme Robotics"), norm("Acme"));
	assert_string_not_equal(norm("Acme Robotics Foundation"), norm("Acme Robotics"));
	assert_string_not_equal(norm("Studio 7"), norm("Studio 8"));
	assert_string_not_equal(norm("Acme Holdings"), norm("Acme"));
	assert_string_not_equal(norm("C#"), norm("C"));
	assert_string_not_equal(norm("C++"), norm("C"));
}

static void spacing_is_gone_once_squeezed(void **state)
{
	(void)state;
	assert_string_equal(squeezed("DataForge"), "dataforge");
	assert_string_equal(squeezed("Data Forge Inc."), "dataforge");
	assert_string_equal(squeezed("data-forge"), "dataforge");
	struct wn_id a = wn_account_id_of_name(wn_name_normalise(WN_STR("DataForge"), arena));
	struct wn_id b = wn_account_id_of_name(wn_name_normalise(WN_STR("Data Forge Ltd"), arena));
	assert_true(wn_id_eq(a, b));
}

static void names_of_signs_and_broken_bytes_are_empty_or_harmless(void **state)
{
	(void)state;
	assert_string_equal(norm(""), "");
	assert_string_equal(norm("--- !!! ..."), "");
	assert_string_equal(norm("\xf0\x9f\x9a\x80"), ""); /* a rocket alone names nobody */
	assert_string_equal(norm("Acme \xff\xfe Inc"), "acme");
	char *many = wn_arena_alloc(arena, 9000);
	for (int i = 0; i < 8998; i += 2)
		memcpy(many + i, "a ", 2);
	struct wn_str n = wn_name_normalise((struct wn_str){many, 8998}, arena);
	assert_true(n.n > 0 && n.n < 2 * WN_WORDS_MAX);
}

static void persons_are_compared_by_first_and_last_name(void **state)
{
	static const char *const same[] = {"Ana Silva",           "ana silva",    "Ana M. Silva",
					   "Dr. Ana Maria Silva", "Silva, Ana",   "Ana Silva, PhD",
					   "Ana Silva Jr.",       "Ms. Ana Sílva"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(same); i++)
		assert_true(wn_str_is(wn_person_normalise(wn_str_of(same[i]), arena), "ana silva"));
	assert_false(wn_str_is(wn_person_normalise(WN_STR("Ana Silveira"), arena), "ana silva"));
	assert_true(wn_str_is(wn_person_normalise(WN_STR("Jack Ma"), arena), "jack ma"));
	assert_true(wn_str_is(wn_person_normalise(WN_STR("Madonna"), arena), "madonna"));
}

static void check_split(const char *name, const char *first, const char *last)
{
	struct wn_str f, l;

	wn_person_split(wn_str_of(name), &f, &l);
	assert_string_equal(wn_arena_strdup(arena, f), first);
	assert_string_equal(wn_arena_strdup(arena, l), last);
}

static void greets_who_looks_like_a_person(void **state)
{
	(void)state;
	check_split("Ana Silva", "Ana", "Silva");
	check_split("Dr. Ana Maria Silva", "Ana", "Silva");
	check_split("Ludwig van Beethoven", "Ludwig", "van Beethoven");
	check_split("Jean-Luc O'Neill, PhD", "Jean-Luc", "O'Neill");
	check_split("Søren Ærø Jr.", "Søren", "Ærø");
}

static void greets_nobody_when_in_doubt(void **state)
{
	static const char *const none[] = {"",
					   " ",
					   "Madonna",
					   "Sales Team",
					   "info@acme.com",
					   "Acme Robotics GmbH",
					   "The Office",
					   "Agent 007",
					   "Customer Support",
					   "Silva, Ana",
					   "a b c d e f g h i j",
					   "N/A"};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(none); i++)
		check_split(none[i], "", "");
}

static void headlines_differ_by_words_not_by_signs(void **state)
{
	(void)state;
	struct wn_str a = wn_headline_normalise(WN_STR("Acme raises $12M — Series A!"), arena);
	struct wn_str b = wn_headline_normalise(WN_STR("ACME raises $12m: “Series A”"), arena);
	assert_true(wn_str_eq(a, b));
	assert_true(wn_str_is(a, "acme raises 12m series a"));
}

static bool shares_key(const char *a, const char *b)
{
	struct wn_name x, y;
	wn_name_read(wn_str_of(a), arena, &x);
	wn_name_read(wn_str_of(b), arena, &y);
	for (size_t i = 0; i < x.n_keys; i++)
		for (size_t k = 0; k < y.n_keys; k++)
			if (wn_str_eq(x.keys[i], y.keys[k]))
				return true;
	return false;
}

static void umlauts_are_also_written_out(void **state)
{
	(void)state;
	assert_true(shares_key("M\u00fcller & S\u00f6hne GmbH", "Mueller and Soehne"));
	assert_true(shares_key("M\u00fcller & S\u00f6hne GmbH", "Muller + Sohne"));
	assert_true(shares_key("\u00c5kesson Bygg AB", "Aakesson Bygg"));
	assert_true(shares_key("J\u00f8rgensen A/S", "Joergensen"));
	assert_true(shares_key("Mu\u0308ller", "Mueller")); /* decomposed */
	assert_false(shares_key("Mueller", "Muller"));
	assert_false(shares_key("Acme", "Acme Robotics"));
}

static const char *form(const char *name)
{
	struct wn_name n;
	wn_name_read(wn_str_of(name), arena, &n);
	return wn_arena_strdup(arena, n.form);
}

static void a_legal_form_is_one_however_it_is_written(void **state)
{
	(void)state;
	assert_string_equal(form("Acme, Inc."), "inc");
	assert_string_equal(form("Acme Incorporated"), "inc");
	assert_string_equal(form("Acme Ltd"), form("Acme Limited"));
	assert_string_equal(form("Acme Sp. z o.o."), form("Acme sp zoo"));
	assert_string_equal(form("\u682a\u5f0f\u4f1a\u793e\u5bcc\u58eb"), form("Fuji K.K."));
	assert_string_equal(form("Acme"), "");
}

static void a_slip_is_found_by_a_shared_piece_wherever_it_is(void **state)
{
	static const char *const listed[] = {"bluerocks", "bluerockxy", "bluerocktec", "bluerocktechnologies"};
	(void)state;
	for (size_t v = 0; v < WN_COUNT(listed); v++) {
		size_t n = strlen(listed[v]);
		struct wn_id stored[WN_NEAR_LISTED], asked[WN_NEAR_ASKED];
		assert_int_equal(wn_name_near_listed(wn_str_of(listed[v]), stored), WN_NEAR_LISTED);
		for (size_t i = 1; i < n; i++)
			for (int how = 0; how < 4; how++) {
				char text[64];
				struct wn_str odd;
				if (how == 0) /* changed */
					snprintf(text, sizeof(text), "%.*sq%s", (int)i, listed[v], listed[v] + i + 1);
				else if (how == 1) /* lost */
					snprintf(text, sizeof(text), "%.*s%s", (int)i, listed[v], listed[v] + i + 1);
				else if (how == 2) /* doubled */
					snprintf(text, sizeof(text), "%.*s%c%s", (int)i, listed[v], listed[v][i], listed[v] + i);
				else if (i + 1 < n && listed[v][i] != listed[v][i + 1]) /* swapped */
					snprintf(text, sizeof(text), "%.*s%c%c%s", (int)i, listed[v], listed[v][i + 1], listed[v][i],
						 listed[v] + i + 2);
				else
					continue;
				bool shared = false;
				size_t m = wn_name_near_asked(wn_str_of(text), asked);
				for (size_t a = 0; a < m; a++)
					for (size_t b = 0; b < WN_NEAR_LISTED; b++)
						shared |= wn_id_eq(asked[a], stored[b]);
				if (!shared || !wn_name_is_near(wn_str_of(listed[v]), wn_str_of(text), &odd))
					fail_msg("%s is not found for %s", listed[v], text);
			}
	}
}

static bool near(const char *listed, const char *name)
{
	struct wn_str odd;
	return wn_name_is_near(wn_str_of(listed), wn_str_of(name), &odd);
}

static void other_words_digits_and_beginnings_are_no_slips(void **state)
{
	(void)state;
	assert_true(near("blue rock technologies", "blue rock technolgies"));
	assert_false(near("blue rock technologies", "glue rock technologies"));
	assert_false(near("blue rock technologies", "blue rock technologies"));
	assert_false(near("blue rock technologies", "blue rock"));
	assert_false(near("blue rock technologies", "blue rokc technolgies"));
	assert_false(near("studio 54 systems", "studio 55 systems"));
	assert_false(near("studio 54 systems", "studio 5 systems"));
	assert_false(near("acme labs", "acne labs")); /* eight letters */
	assert_int_equal(wn_name_near_listed(WN_STR("acmelabs"), (struct wn_id[WN_NEAR_LISTED]){{{0}}}), 0);
}

static bool company(const char *name, const char *headline)
{
	return wn_headline_has_company(wn_str_of(headline), wn_str_of(name), arena);
}

static void a_common_word_is_a_company_where_it_does_what_companies_do(void **state)
{
	(void)state;
	assert_true(wn_word_is_common(WN_STR("ramp")));
	assert_false(wn_word_is_common(WN_STR("zorvia")));
	assert_true(company("ramp", "Ramp raises $12M Series A"));
	assert_true(company("ramp", "RAMP RAISES $12M SERIES A"));
	assert_true(company("notion", "Exclusive: Notion names chief revenue officer"));
	assert_true(company("slack", "Slack\u2019s new CFO starts in May"));
	assert_true(company("bolt", "Payments startup Bolt cuts 40 jobs"));
	assert_false(company("ramp", "Farmers Ramp Up Output After a Dry Spring"));
	assert_false(company("ramp", "Residents worry about a wheelchair ramp"));
	assert_false(company("bridge", "Bridge closes for repairs"));
	assert_false(company("summit", "The summit opens with 20 engineers"));
	assert_false(company("harvest", "How to harvest rain water this winter"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drops_legal_forms_at_the_end_written_any_way),
	    cmocka_unit_test(drops_japanese_forms_at_either_end),
	    cmocka_unit_test(keeps_a_form_or_an_article_that_is_the_whole_name),
	    cmocka_unit_test(folds_case_accents_ampersand_points_and_blanks),
	    cmocka_unit_test(another_word_or_number_is_another_company),
	    cmocka_unit_test(spacing_is_gone_once_squeezed),
	    cmocka_unit_test(names_of_signs_and_broken_bytes_are_empty_or_harmless),
	    cmocka_unit_test(persons_are_compared_by_first_and_last_name),
	    cmocka_unit_test(greets_who_looks_like_a_person),
	    cmocka_unit_test(greets_nobody_when_in_doubt),
	    cmocka_unit_test(headlines_differ_by_words_not_by_signs),
	    cmocka_unit_test(umlauts_are_also_written_out),
	    cmocka_unit_test(a_legal_form_is_one_however_it_is_written),
	    cmocka_unit_test(a_slip_is_found_by_a_shared_piece_wherever_it_is),
	    cmocka_unit_test(other_words_digits_and_beginnings_are_no_slips),
	    cmocka_unit_test(a_common_word_is_a_company_where_it_does_what_companies_do),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
