/* SPDX-License-Identifier: MIT */
/* Failpoints and planted bugs; empty in release builds. The counter of passes is the one global that a test
 * build adds: a failpoint kills the process, so nobody reads it afterwards. */
#include <whynow/failpoint.h>

#ifdef WN_TESTING
#include <whynow/base.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned passes;

static void append(const char *path, const char *name)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	char line[128];
	size_t n = strnlen(name, sizeof(line) - 1);
	memcpy(line, name, n);
	line[n] = '\n';
	/* One write, so that a kill right after it leaves whole lines. */
	ssize_t done = write(fd, line, n + 1);
	(void)done;
	close(fd);
}

/* "kill" means the first pass, "kill:3" the third; anything else never. */
static unsigned wanted_pass(const char *action)
{
	if (strncmp(action, "kill", 4) != 0)
		return 0;
	if (action[4] == '\0')
		return 1;
	unsigned n = 0;
	for (const char *p = action + 5; action[4] == ':' && *p >= '0' && *p <= '9' && n < 100000000; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return n;
}

void wn_failpoint(const char *name)
{
	const char *log = getenv("WHYNOW_FAILPOINT_LOG");
	if (log && *log)
		append(log, name);
	const char *armed = getenv("WHYNOW_FAILPOINT");
	size_t n = strlen(name);
	if (!armed || strncmp(armed, name, n) != 0 || armed[n] != ':')
		return;
	if (++passes == wanted_pass(armed + n + 1))
		raise(SIGKILL);
}

bool wn_planted(const char *name)
{
	const char *plant = getenv("WHYNOW_PLANT");
	return plant && strcmp(plant, name) == 0;
}
#endif
