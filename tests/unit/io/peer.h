/* SPDX-License-Identifier: MIT */
/* A server of this folder, in Python, as a child: it says its ports in one line and ends when its standard input does. */
#ifndef WN_TEST_PEER_H
#define WN_TEST_PEER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer {
	pid_t pid;
	int in;
	FILE *out;
};

/* False: no pipe. A program that is not there shows in its missing first line. */
static inline bool peer_start(struct peer *p, const char *script)
{
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		return false;
	p->pid = fork();
	if (p->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("/usr/bin/python3", "python3", script, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->in = in[1];
	p->out = fdopen(out[0], "r");
	return p->out != NULL;
}

static inline void peer_stop(struct peer *p)
{
	close(p->in);
	fclose(p->out);
	waitpid(p->pid, NULL, 0);
}

#endif
