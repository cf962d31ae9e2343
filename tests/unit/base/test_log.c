/* SPDX-License-Identifier: MIT */
#include <whynow/limits.h>
#include <whynow/log.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What the default sink writes on stderr while `entry` runs. */
static char *caught(void (*entry)(void))
{
	static char text[16384];
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	entry();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void plain(void)
{
	wn_log(WN_WARNING, "0123",
	       WN_FIELDS({"WHYNOW_FEED", "techcrunch"}, {"WHYNOW_REASON", NULL}, {"WHYNOW_TO", "two words"}),
	       "feed %s is blind", "techcrunch");
}

static void the_default_sink_writes_priority_text_and_fields(void **state)
{
	(void)state;
	assert_string_equal(caught(plain),
			    "<4>feed techcrunch is blind [WHYNOW_FEED=techcrunch WHYNOW_TO=\"two words\"]\n");
}

static void hostile(void)
{
	wn_log(WN_ERR, NULL, WN_FIELDS({"WHYNOW_REASON", "a\n<0>forged\x1b[31m\" \xff\xe2\x80\xae] x"}),
	       "bad %s", "line\n<0>two");
}

static void a_stranger_cannot_forge_a_line_or_colour_the_terminal(void **state)
{
	(void)state;
	assert_string_equal(caught(hostile),
			    "<3>bad line <0>two [WHYNOW_REASON=\"a <0>forged?[31m' ??] x\"]\n");
}

static void huge(void)
{
	char big[10000];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	struct wn_field fields[100];
	for (int i = 0; i < 99; i++)
		fields[i] = (struct wn_field){"WHYNOW_X", big};
	fields[99] = (struct wn_field){NULL, NULL};
	wn_log(WN_INFO, NULL, fields, "%s", big);
}

static void a_huge_entry_is_cut_to_one_line(void **state)
{
	(void)state;
	char *text = caught(huge);
	size_t n = strlen(text);
	assert_true(n > WN_LOG_TEXT_MAX && n <= 4 * WN_LOG_TEXT_MAX);
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

static void quiet(void)
{
	wn_log(WN_DEBUG, NULL, NULL, "never seen");
	wn_log_set_level(WN_ERR);
	wn_log(WN_WARNING, NULL, NULL, "nor this");
	wn_log(WN_ERR, NULL, NULL, "but this");
	wn_log_set_level(WN_INFO);
}

static void entries_above_the_level_are_dropped(void **state)
{
	(void)state;
	assert_string_equal(caught(quiet), "<3>but this\n");
}

static void count(void *ctx, enum wn_level level, const char *id, const char *text,
		  const struct wn_field *fields, size_t n)
{
	assert_int_equal(level, WN_NOTICE);
	assert_string_equal(id, "abcd");
	assert_string_equal(text, "x");
	assert_string_equal(fields[0].name, "A");
	*(size_t *)ctx += n;
}

static void another_sink_gets_everything(void **state)
{
	(void)state;
	size_t fields = 0;
	wn_log_set_sink(count, &fields);
	wn_log(WN_NOTICE, "abcd", WN_FIELDS({"A", "1"}, {"B", "2"}), "x");
	wn_log_set_sink(NULL, NULL);
	assert_int_equal(fields, 2);
}

static void cleaning_cuts_by_characters(void **state)
{
	(void)state;
	char out[64];
	assert_int_equal(wn_log_clean("äöü", 2, out, sizeof(out)), 7);
	assert_string_equal(out, "äö…");
	wn_log_clean("äöü", 3, out, sizeof(out));
	assert_string_equal(out, "äöü");
	wn_log_clean("0123456789012345678901234567890", 100, out, 16);
	assert_string_equal(out, "012345678…");
	wn_log_clean("\xe2\x82", 5, out, sizeof(out));
	assert_string_equal(out, "??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_sink_writes_priority_text_and_fields),
		cmocka_unit_test(a_stranger_cannot_forge_a_line_or_colour_the_terminal),
		cmocka_unit_test(a_huge_entry_is_cut_to_one_line),
		cmocka_unit_test(entries_above_the_level_are_dropped),
		cmocka_unit_test(another_sink_gets_everything),
		cmocka_unit_test(cleaning_cuts_by_characters),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
