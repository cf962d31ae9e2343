/* SPDX-License-Identifier: MIT */
/*
 * The command line: each command is a file with one entry struct; help, completion and the manual come from the table
 * of entries (commands.c). Verbs are done in PostgreSQL through the same unit of work as the daemon's, as the caller's
 * database role; only status, reload and feed poll ask the daemon.
 *
 * Exit codes, documented in the help: 0 done; 1 the answer is no (fsck found something, check failed); 2 usage;
 * 3 not found; 4 refused; 5 the database or daemon is away; 6 the input is invalid; 70 anything else.
 */
#ifndef WN_CLI_H
#define WN_CLI_H

#include "../daemon.h"
#include <stdio.h>

struct wn_cli {
	/* given by main, or by a test with its own */
	FILE *out, *err;
	struct wn_clock *clock;        /* NULL: now is the database's clock; else this one (tests) */
	const char *config_path;       /* --config [/etc/whynow/whynow.yaml] */
	const char *database;          /* --database CONNINFO, else of the file, else libpq's environment */
	const char *control;           /* --control SOCKET, else of the file */
	const char *const *sets;       /* --set NAME=VALUE ... */
	bool json, quiet, yes, terminal;
	int width;                     /* columns of the terminal, 0: not one */
	/* made on demand by cli_connect and the like; freed by wn_cli_done */
	struct wn_config *config;
	struct wn_pg *pg;
	struct wn_store *store;
	struct wn_book *book;          /* registry, sinks and feeds of the reference tables, segments of the database */
	struct wn_clock *own_clock;
	struct wn_arena *arena;        /* of the command */
	uint8_t key[WN_STORE_KEY];
	bool have_key;
	char actor[64];                /* "operator ana" */
};

struct wn_cli_option {
	const char *name;              /* "--dry-run" */
	const char *value;             /* "FILE", NULL: a flag */
	const char *help;
};
struct wn_command {
	const char *name;              /* "campaign show" */
	const char *args;              /* "ID" */
	const char *summary;           /* one line for the list */
	const char *more;              /* paragraphs for --help and the manual */
	const struct wn_cli_option *options; /* ends with a NULL name */
	int (*run)(struct wn_cli *cli, int argc, char **argv); /* argv: what follows the command's words */
};
/* All of them, in the order of the help. */
extern const struct wn_command *const wn_commands[];
extern const size_t wn_commands_n;

/* argv as of main. Returns the exit code. */
int wn_cli_main(int argc, char **argv);
/* The same inside of a test: no globals, output to cli->out and cli->err. argv[0] is skipped. */
int wn_cli_run(struct wn_cli *cli, int argc, char **argv);
void wn_cli_done(struct wn_cli *cli);

#endif
