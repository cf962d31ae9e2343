/* SPDX-License-Identifier: MIT */
#include <whynow/base.h>
#include <whynow/failpoint.h>

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef WN_TESTING
/* Passes `name` three times in a child; answers the passes it survived, or -1 if it ended otherwise. */
static int survived(const char *armed, const char *name)
{
	int count[2], status;
	char one;
	assert_int_equal(pipe(count), 0);
	pid_t child = fork();
	if (child == 0) {
		setenv("WHYNOW_FAILPOINT", armed, 1);
		for (int i = 0; i < 3; i++) {
			wn_failpoint(name);
			if (write(count[1], "x", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(count[1]);
	int n = 0;
	while (read(count[0], &one, 1) == 1)
		n++;
	close(count[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	return killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0 && n == 3) ? n : -1;
}

static void a_failpoint_kills_at_its_pass_and_only_there(void **state)
{
	(void)state;
	assert_int_equal(survived("commit:kill", "commit"), 0);
	assert_int_equal(survived("commit:kill:1", "commit"), 0);
	assert_int_equal(survived("commit:kill:3", "commit"), 2);
	assert_int_equal(survived("commit:kill:4", "commit"), 3);
	assert_int_equal(survived("commit:kill", "commit2"), 3);
	assert_int_equal(survived("commit2:kill", "commit"), 3);
	assert_int_equal(survived("commit", "commit"), 3);
	assert_int_equal(survived("commit:pause", "commit"), 3);
	assert_int_equal(survived("", "commit"), 3);
}

static void passed_names_are_appended_to_the_log(void **state)
{
	(void)state;
	char path[] = "/tmp/whynow-failpoint-XXXXXX", line[100];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	setenv("WHYNOW_FAILPOINT_LOG", path, 1);
	wn_failpoint("one");
	wn_failpoint("two");
	unsetenv("WHYNOW_FAILPOINT_LOG");
	wn_failpoint("three");
	FILE *f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "one\n");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "two\n");
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
	unlink(path);
}

static void one_planted_bug_is_switched_on_by_name(void **state)
{
	(void)state;
	assert_false(wn_planted("early_expiry"));
	setenv("WHYNOW_PLANT", "early_expiry", 1);
	assert_true(wn_planted("early_expiry"));
	assert_false(wn_planted("early"));
	unsetenv("WHYNOW_PLANT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failpoint_kills_at_its_pass_and_only_there),
		cmocka_unit_test(passed_names_are_appended_to_the_log),
		cmocka_unit_test(one_planted_bug_is_switched_on_by_name),
	};
	return cmocka_run_group_tests_name("failpoint", tests, NULL, NULL);
}
#else
static void release_builds_have_no_failpoints(void **state)
{
	(void)state;
	setenv("WHYNOW_FAILPOINT", "commit:kill", 1);
	setenv("WHYNOW_PLANT", "early_expiry", 1);
	wn_failpoint("commit");
	assert_false(wn_planted("early_expiry"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(release_builds_have_no_failpoints)};
	return cmocka_run_group_tests_name("failpoint", tests, NULL, NULL);
}
#endif
