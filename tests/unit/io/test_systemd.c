/* SPDX-License-Identifier: MIT */
/* What systemd would see: a notify socket and a journal socket that the test owns, credentials, inherited
 * sockets. */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/systemd.h>

struct box {
	char dir[64], path[100];
	int fd;
	char got[200000];
	ssize_t n;
};

static int open_box(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct box *b = calloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/test_systemd.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/socket", b->dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", b->path);
	b->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(b->fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	*state = b;
	return 0;
}

static int close_box(void **state)
{
	struct box *b = *state;

	close(b->fd);
	unlink(b->path);
	rmdir(b->dir);
	free(b);
	return 0;
}

static const char *receive(struct box *b)
{
	b->n = recv(b->fd, b->got, sizeof(b->got) - 1, MSG_DONTWAIT);
	b->got[b->n > 0 ? b->n : 0] = 0;
	return b->got;
}

static void the_manager_is_told_each_step(void **state)
{
	struct box *b = *state;
	long long at = 0;

	setenv("NOTIFY_SOCKET", b->path, 1);
	wn_systemd_ready("12 feeds\nMAINPID=1");
	assert_string_equal(receive(b), "READY=1\nSTATUS=12 feeds MAINPID=1");
	wn_systemd_reloading();
	assert_int_equal(sscanf(receive(b), "RELOADING=1\nMONOTONIC_USEC=%lld", &at), 1);
	assert_true(at > 0 && at <= wn_clock_monotonic_us());
	wn_systemd_ready(NULL);
	assert_string_equal(receive(b), "READY=1");
	wn_systemd_status("waiting for the database");
	assert_string_equal(receive(b), "STATUS=waiting for the database");
	wn_systemd_watchdog();
	assert_string_equal(receive(b), "WATCHDOG=1");
	wn_systemd_stopping("bye");
	assert_string_equal(receive(b), "STOPPING=1\nSTATUS=bye");
	unsetenv("NOTIFY_SOCKET");
	wn_systemd_ready(NULL);
	assert_int_equal((receive(b), b->n), -1);
}

static void the_watchdog_interval_is_ours_only(void **state)
{
	char pid[20];

	(void)state;
	assert_int_equal(wn_systemd_watchdog_us(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(wn_systemd_watchdog_us(), 30000000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(wn_systemd_watchdog_us(), 0);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void put_file(const struct box *b, const char *name, const void *bytes, size_t n)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void remove_file(const struct box *b, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	unlink(path);
}

static void credentials_are_read_whole_within_their_ceiling(void **state)
{
	struct box *b = *state;
	char *large = calloc(1, WN_CREDENTIAL_MAX + 1);
	struct wn_str s = {NULL, 0};
	struct wn_err err = {0};

	assert_int_equal(wn_systemd_credential("key", NULL, &s, &err), WN_NOT_FOUND);
	setenv("CREDENTIALS_DIRECTORY", b->dir, 1);
	put_file(b, "key", "s3cret\n", 7);
	assert_int_equal(wn_systemd_credential("key", "/nonexistent", &s, &err), WN_OK);
	assert_true(wn_str_is(s, "s3cret"));
	wn_systemd_credential_free(&s);
	assert_null(s.p);
	put_file(b, "key", large, WN_CREDENTIAL_MAX);
	assert_int_equal(wn_systemd_credential("key", NULL, &s, &err), WN_OK);
	assert_int_equal(s.n, WN_CREDENTIAL_MAX);
	wn_systemd_credential_free(&s);
	put_file(b, "key", large, WN_CREDENTIAL_MAX + 1);
	assert_int_equal(wn_systemd_credential("key", NULL, &s, &err), WN_LIMIT);
	put_file(b, "key", "", 0);
	assert_int_equal(wn_systemd_credential("key", NULL, &s, &err), WN_OK);
	assert_int_equal(s.n, 0);
	wn_systemd_credential_free(&s);
	assert_int_equal(wn_systemd_credential("absent", NULL, &s, &err), WN_NOT_FOUND);
	assert_int_equal(wn_systemd_credential("../key", NULL, &s, &err), WN_INVALID);
	assert_int_equal(wn_systemd_credential("..", NULL, &s, &err), WN_INVALID);
	assert_int_equal(wn_systemd_credential("", NULL, &s, &err), WN_INVALID);
	assert_int_equal(wn_systemd_credential("socket", NULL, &s, &err), WN_REFUSED); /* no file at all */
	unsetenv("CREDENTIALS_DIRECTORY");
	put_file(b, "key", "from the fallback", 17);
	assert_int_equal(wn_systemd_credential("key", b->dir, &s, &err), WN_OK);
	assert_true(wn_str_is(s, "from the fallback"));
	wn_systemd_credential_free(&s);
	remove_file(b, "key");
	free(large);
}

static void inherited_sockets_come_once_with_their_names(void **state)
{
	struct wn_systemd_fd fds[4];
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) { /* fds 3 and 4 are the protocol: done in a child */
		char me[20];

		dup2(1, 3);
		dup2(1, 4);
		snprintf(me, sizeof(me), "%d", (int)getpid());
		setenv("LISTEN_PID", me, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "control:http", 1);
		if (wn_systemd_listen_fds(fds, 4) != 2 || fds[0].fd != 3 || strcmp(fds[1].name, "http") ||
		    !(fcntl(3, F_GETFD) & FD_CLOEXEC) || wn_systemd_listen_fds(fds, 4) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(wn_systemd_listen_fds(fds, 4), 0);
}

/* --- the journal ---- */

/* Value of a field of the entry that was received, by the native protocol; NULL if it is not there. */
static const char *field(const struct box *b, const char *name, size_t *n)
{
	const char *p = b->got, *end = b->got + b->n;

	while (p < end) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		uint64_t size;

		assert_non_null(line);
		assert_null(memchr(p, '=', (size_t)(line - p)));
		memcpy(&size, line + 1, 8);
		size = le64toh(size);
		assert_true(line + 9 + size < end && line[9 + size] == '\n');
		if ((size_t)(line - p) == strlen(name) && memcmp(p, name, strlen(name)) == 0) {
			*n = size;
			return line + 9;
		}
		p = line + 10 + size;
	}
	return NULL;
}

static void has(const struct box *b, const char *name, const char *expected)
{
	size_t n = 0;
	const char *value = field(b, name, &n);

	if (!value || n != strlen(expected) || memcmp(value, expected, n))
		fail_msg("%s is %.*s, not %s", name, (int)n, value ? value : "missing", expected);
}

static void a_fact_is_one_entry_with_its_fields(void **state)
{
	struct box *b = *state;
	struct wn_systemd_journal *j = wn_systemd_journal_new("whynowd", b->path);
	size_t n;

	wn_log_set_sink(wn_systemd_log, j);
	wn_log(WN_NOTICE, "0123456789abcdef0123456789abcdef",
	       WN_FIELDS({"WHYNOW_CAMPAIGN", "7f3k9q2"}, {"WHYNOW_REASON", NULL}, {"lower", "x"}, {"_PID", "1"},
			 {"", "x"}),
	       "campaign %s opened", "7f3k9q2");
	receive(b);
	has(b, "MESSAGE", "campaign 7f3k9q2 opened");
	has(b, "MESSAGE_ID", "0123456789abcdef0123456789abcdef");
	has(b, "PRIORITY", "5");
	has(b, "SYSLOG_IDENTIFIER", "whynowd");
	has(b, "WHYNOW_CAMPAIGN", "7f3k9q2");
	assert_null(field(b, "WHYNOW_REASON", &n));
	assert_null(field(b, "lower", &n));
	assert_null(field(b, "_PID", &n));
	wn_log_set_sink(wn_log_stderr, NULL);
	wn_systemd_journal_free(j);
}

static void strangers_text_cannot_forge_lines_or_fill_the_journal(void **state)
{
	struct box *b = *state;
	struct wn_systemd_journal *j = wn_systemd_journal_new("whynowd", b->path);
	struct wn_field many[WN_LOG_FIELDS_MAX + 50];
	char *large = calloc(1, 100001);
	const char *value;
	size_t n = 0;

	for (int i = 0; i < 100000; i += 2)
		memcpy(large + i, "é", 2);
	wn_systemd_log(j, WN_INFO, NULL, "x\nPRIORITY=0\x1b[31m\xc2\x9b\xff\u202e y",
		       (struct wn_field[]){{"WHYNOW_URL", "a\r\nb\x7f"}, {"WHYNOW_LARGE", large}}, 2);
	receive(b);
	has(b, "MESSAGE", "x PRIORITY=0?[31m??? y");
	has(b, "WHYNOW_URL", "a? b?");
	has(b, "PRIORITY", "6");
	value = field(b, "WHYNOW_LARGE", &n);
	assert_true(n <= WN_LOG_VALUE_MAX + 3);
	assert_memory_equal(value + n - 5, "é…", 5);
	for (size_t i = 0; i < WN_COUNT(many); i++)
		many[i] = (struct wn_field){"WHYNOW_MANY", large};
	wn_systemd_log(j, WN_INFO, NULL, large, many, WN_COUNT(many));
	receive(b);
	assert_true(b->n > 0);
	has(b, "PRIORITY", "6");
	wn_systemd_journal_free(j);
	free(large);
}

static void a_journal_that_is_away_is_no_failure(void **state)
{
	struct wn_systemd_journal *j = wn_systemd_journal_new("whynowd", "/nonexistent/socket");

	(void)state;
	wn_systemd_log(j, WN_INFO, NULL, "goes to stderr", NULL, 0);
	wn_systemd_journal_free(j);
	assert_false(wn_systemd_under_journal());
	setenv("JOURNAL_STREAM", "1:1", 1);
	assert_false(wn_systemd_under_journal());
	unsetenv("JOURNAL_STREAM");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_manager_is_told_each_step),
	    TEST(the_watchdog_interval_is_ours_only),
	    TEST(credentials_are_read_whole_within_their_ceiling),
	    TEST(inherited_sockets_come_once_with_their_names),
	    TEST(a_fact_is_one_entry_with_its_fields),
	    TEST(strangers_text_cannot_forge_lines_or_fill_the_journal),
	    TEST(a_journal_that_is_away_is_no_failure),
	};
	unsetenv("NOTIFY_SOCKET");
	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
