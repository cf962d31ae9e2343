/* SPDX-License-Identifier: MIT */
/* Commands, options, help and the files: what needs no database. */
#include "cli_rig.h"
#include <glob.h>

static struct rig *open_plain(void)
{
	struct rig *r = wn_alloc(sizeof(*r));
	rig_cli(r);
	return r;
}
static void close_plain(struct rig **r)
{
	rig_forget(*r);
	wn_clock_free((*r)->cli.clock);
	free(*r);
}
#define PLAIN(r)                                                                                               \
	WN_CLEANUP(close_plain) struct rig *r = open_plain();                                                  \
	(void)state

static void help_names_every_command_and_every_exit_code(void **state)
{
	PLAIN(r);
	DONE(r, "help");
	for (size_t i = 1; i < wn_commands_n; i++)
		SAYS(r, wn_commands[i]->name);
	SAYS(r, "\n  70  anything else");
	SAYS(r, "whynow ACCOUNT");
}

static void every_command_explains_itself(void **state)
{
	PLAIN(r);
	for (size_t i = 0; i < wn_commands_n; i++) {
		char words[2][64] = {"", ""};
		const char *name = wn_commands[i]->name, *blank = strchr(name, ' ');
		snprintf(words[0], 64, "%.*s", (int)(blank ? blank - name : 63), name);
		snprintf(words[1], 64, "%s", blank ? blank + 1 : "--help");
		DONE(r, words[0], words[1], "--help");
		SAYS(r, "Usage: whynow");
		assert_true(wn_commands[i]->summary[strlen(wn_commands[i]->summary) - 1] != '.');
		for (const struct wn_cli_option *o = wn_commands[i]->options; o && o->name; o++)
			SAYS(r, o->name);
	}
}

static void the_manual_is_the_table_of_commands(void **state)
{
	PLAIN(r);
	DONE(r, "help", "--manual");
	for (size_t i = 1; i < wn_commands_n; i++)
		SAYS(r, wn_commands[i]->name);
	SAYS(r, ".Sh EXIT STATUS");
	SAYS(r, ".Dt WHYNOW 1");
	static char kept[200000];
	FILE *f = fopen(WN_SOURCE_DIR "/daemon/cli/whynow.1", "r");
	assert_non_null(f);
	kept[fread(kept, 1, sizeof(kept) - 1, f)] = '\0';
	fclose(f);
	if (strcmp(kept, r->out) != 0)
		fail_msg("daemon/cli/whynow.1 is not what `whynow help --manual` prints");
}

/* What bash offers for a line, its last word not yet complete; in the order of the script. */
static void offers(const char *line, const char *wanted)
{
	char command[1000], got[4000] = "";
	snprintf(command, sizeof(command),
		 "bash -c '. %s/completion.bash; COMP_WORDS=(whynow %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _whynow; echo \"${COMPREPLY[*]}\"'",
		 rig_folder, line);
	FILE *f = popen(command, "re");
	assert_non_null(f);
	size_t n = fread(got, 1, sizeof(got) - 1, f);
	assert_int_equal(pclose(f), 0);
	while (n && got[n - 1] == '\n')
		got[--n] = '\0';
	if (strcmp(got, wanted) != 0)
		fail_msg("for \"%s\" bash offers \"%s\", not \"%s\"", line, got, wanted);
}

static void completion_offers_words_options_and_files(void **state)
{
	PLAIN(r);
	for (const char *const *shell = (const char *const[]){"zsh", "fish", "bash", NULL}; *shell; shell++) {
		DONE(r, "help", "--completion", *shell);
		for (size_t i = 0; i < wn_commands_n; i++) {
			const char *blank = strchr(wn_commands[i]->name, ' ');
			if (strcmp(wn_commands[i]->name, "account") != 0)
				SAYS(r, blank ? blank + 1 : wn_commands[i]->name);
		}
	}
	rig_file("completion.bash", r->out);
	offers("whyn", "whynot");
	offers("campaign s", "show");
	offers("--json campaign s", "show");
	offers("--database x campaign s", "show");
	offers("campaign list --a", "--all");
	offers("fsck --all", "");
	offers("segment show --so", "--source");
	EXPECT(r, WN_EXIT_USAGE, "help", "--completion", "tcsh");
}

static void slip_in_a_command_names_the_nearest(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_USAGE, "campain", "list");
	COMPLAINS(r, "did you mean `campaign list`?");
	EXPECT(r, WN_EXIT_USAGE, "campaign", "aprove", "x");
	COMPLAINS(r, "did you mean `campaign approve`?");
	COMPLAINS(r, "campaign cancel ID"); /* the family is shown */
}

static void slip_in_an_option_names_the_nearest(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_USAGE, "campaign", "list", "--segmnt", "x");
	COMPLAINS(r, "did you mean --segment?");
	EXPECT(r, WN_EXIT_USAGE, "campaign", "list", "--segment");
	COMPLAINS(r, "--segment wants NAME");
	EXPECT(r, WN_EXIT_USAGE, "campaign", "list", "--all=yes");
	COMPLAINS(r, "--all takes no value");
	EXPECT(r, WN_EXIT_USAGE, "campaign", "list", "--limit", "many");
	COMPLAINS(r, "--limit wants a number");
}

static void wrong_number_of_arguments_shows_the_usage(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_USAGE, "campaign", "show");
	COMPLAINS(r, "usage: whynow campaign show ID");
	EXPECT(r, WN_EXIT_USAGE, "fsck", "twice");
}

static void no_words_show_the_help_as_a_usage_error(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_USAGE, "--quiet");
	COMPLAINS(r, "Usage: whynow ACCOUNT");
}

static void global_options_stand_anywhere_and_last_for_one_run(void **state)
{
	PLAIN(r);
	DONE(r, "--json", "config", "check");
	assert_string_equal(r->out, "[]\n");
	DONE(r, "config", "check", "--json");
	assert_string_equal(r->out, "[]\n");
	DONE(r, "config", "check");
	SAYS(r, ": good:");
	assert_false(r->cli.json);
	assert_ptr_equal(r->cli.config_path, r->config);
}

static void a_time_may_only_be_given_in_a_demonstration(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_USAGE, "campaign", "list", "--now", "2026-05-04");
	COMPLAINS(r, "WHYNOW_TRY=1");
	r->cli.try_mode = true;
	EXPECT(r, WN_EXIT_AWAY, "campaign", "list", "--database", "host=/nowhere/at/all", "--now",
	       "2026-05-04");
}

static void config_check_names_file_line_and_column(void **state)
{
	PLAIN(r);
	const char *path = rig_file("bad.yaml", "poll: {flor: 5m}\ntime_zone: Nowhere/Atall\n");
	EXPECT(r, WN_EXIT_NO, "config", "check", "--config", path);
	SAYS(r, "bad.yaml:1:8:");
	SAYS(r, "did you mean \"floor\"?");
	SAYS(r, "bad.yaml:2:");
	EXPECT(r, WN_EXIT_NO, "--json", "config", "check", "--config", path);
	char text[200];
	rig_pick(r, 0, "file", text, sizeof(text));
	assert_non_null(strstr(text, "bad.yaml"));
}

static void config_check_compiles_the_mappings(void **state)
{
	PLAIN(r);
	rig_file(
	    "feeds.d/broken.yaml",
	    "feed: broken\nurl: https://example.com/x.json\nformat: json\naccount: {domain_from: item.domain}\n"
	    "signal:\n  kind: page_view\n  path: item.path +\n");
	EXPECT(r, WN_EXIT_NO, "config", "check");
	SAYS(r, "feeds.d/broken.yaml:7:");
	SAYS(r, "1 error");
	char path[200];
	snprintf(path, sizeof(path), "%s/feeds.d/broken.yaml", rig_folder);
	unlink(path);
	DONE(r, "config", "check");
	SAYS(r, "1 feeds, 1 sinks");
}

static void config_show_tells_one_option_or_all(void **state)
{
	PLAIN(r);
	DONE(r, "config", "show", "poll.floor", "--set", "poll.floor=7m");
	assert_string_equal(r->out, "7m\n");
	DONE(r, "config", "show");
	SAYS(r, "touches.window");
	EXPECT(r, WN_EXIT_NOT_FOUND, "config", "show", "poll.flor");
	COMPLAINS(r, "did you mean poll.floor?");
}

static void a_segment_can_be_checked_without_a_database(void **state)
{
	PLAIN(r);
	DONE(r, "segment", "check", "--offline", WN_SOURCE_DIR "/conf/segments/new-vp-people.yaml");
	SAYS(r, "new-vp-people: good");
	SAYS(r, "one hire goes stale after 30d");
	const char *path = rig_file(
	    "bad-segment.yaml", "segment: bad\nowner: a@b.co\nwhen: signal.kind == \"fundng\"\nexit: stopp\n");
	EXPECT(r, WN_EXIT_NO, "segment", "check", "--offline", path);
	COMPLAINS(r, "bad-segment.yaml:3:22:");
	COMPLAINS(r, "did you mean `funding`?");
	COMPLAINS(r, "^");
	COMPLAINS(r, "bad-segment.yaml:4:7:");
}

/* What ships as an example is good, and does what its own tests say, with the kinds and traits that ship beside it. */
static void shipped_segments_pass_their_own_tests(void **state)
{
	PLAIN(r);
	glob_t found;
	char set[300];
	snprintf(set, sizeof(set), "dirs.sinks=%s/all-sinks", rig_folder);
	char folder[200];
	snprintf(folder, sizeof(folder), "%s/all-sinks", rig_folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	rig_file("all-sinks/out.yaml", "sink: out\nkind: file\npath: out\nchannels: [email, linkedin-task, crm-task, phone-task]\n");
	assert_int_equal(glob(WN_SOURCE_DIR "/conf/segments/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 12);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		DONE(r, "segment", "check", "--offline", found.gl_pathv[i], "--set", set);
		SAYS(r, "tests passed");
	}
	globfree(&found);
}

static void db_init_shows_its_statements(void **state)
{
	PLAIN(r);
	DONE(r, "db", "init", "--dry-run", "--name", "wn_x", "--operator", "bo", "--database", "host=/nowhere");
	SAYS(r, "CREATE ROLE whynow_daemon");
	SAYS(r, "CREATE DATABASE \"wn_x\"");
	SAYS(r, "\"bo\"");
	EXPECT(r, WN_EXIT_INVALID, "db", "init", "--dry-run", "--name", "x\"; DROP", "--database",
	       "host=/nowhere");
}

static void a_daemon_that_is_away_is_told_with_what_to_do(void **state)
{
	PLAIN(r);
	EXPECT(r, WN_EXIT_AWAY, "reload");
	COMPLAINS(r, "--control");
	EXPECT(r, WN_EXIT_AWAY, "feed", "poll", "x");
}

static int setup(void **state)
{
	(void)state;
	return rig_begin();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(help_names_every_command_and_every_exit_code),
	    cmocka_unit_test(every_command_explains_itself),
	    cmocka_unit_test(the_manual_is_the_table_of_commands),
	    cmocka_unit_test(completion_offers_words_options_and_files),
	    cmocka_unit_test(slip_in_a_command_names_the_nearest),
	    cmocka_unit_test(slip_in_an_option_names_the_nearest),
	    cmocka_unit_test(wrong_number_of_arguments_shows_the_usage),
	    cmocka_unit_test(no_words_show_the_help_as_a_usage_error),
	    cmocka_unit_test(global_options_stand_anywhere_and_last_for_one_run),
	    cmocka_unit_test(a_time_may_only_be_given_in_a_demonstration),
	    cmocka_unit_test(config_check_names_file_line_and_column),
	    cmocka_unit_test(config_check_compiles_the_mappings),
	    cmocka_unit_test(config_show_tells_one_option_or_all),
	    cmocka_unit_test(a_segment_can_be_checked_without_a_database),
		cmocka_unit_test(shipped_segments_pass_their_own_tests),
	    cmocka_unit_test(db_init_shows_its_statements),
	    cmocka_unit_test(a_daemon_that_is_away_is_told_with_what_to_do),
	};
	return cmocka_run_group_tests(tests, setup, rig_group_teardown);
}
