/* SPDX-License-Identifier: MIT */
/*
 * The command line: each command is a file with one entry struct (small families share a file); help,
 * completion and the manual come from the table of entries (commands.c). Verbs are done in PostgreSQL through
 * the same unit of work as the daemon's, as the caller's database role; only status, reload and feed poll ask
 * the daemon.
 *
 * Exit codes, documented in the help: 0 done; 1 the answer is no (fsck found something, check failed); 2 usage;
 * 3 not found; 4 refused; 5 the database or daemon is away; 6 the input is invalid; 70 anything else.
 */
#ifndef WN_CLI_H
#define WN_CLI_H

#include "../daemon.h"
#include <stdio.h>

enum wn_cli_exit {
	WN_EXIT_DONE = 0,
	WN_EXIT_NO = 1,
	WN_EXIT_USAGE = 2,
	WN_EXIT_NOT_FOUND = 3,
	WN_EXIT_REFUSED = 4,
	WN_EXIT_AWAY = 5,
	WN_EXIT_INVALID = 6,
	WN_EXIT_OTHER = 70
};

struct wn_command;
struct wn_cli_value {
	const char *name, *value;
}; /* an option as given; a flag has value "" */

struct wn_cli {
	/* given by main, or by a test with its own; what argv says goes before, for that run only */
	FILE *out, *err, *in;
	struct wn_clock *clock;  /* NULL: now is the database's clock; else this one (tests) */
	const char *config_path; /* --config [/etc/whynow/whynow.yaml]; may be missing */
	const char *database;    /* --database CONNINFO, else of the file, else libpq's environment */
	const char *control;     /* --control SOCKET, else of the file */
	const char *const *sets; /* --set NAME=VALUE ... */
	const char *zone;        /* of the operator; NULL: $TZ, else the system's */
	bool json, quiet, yes, terminal;
	bool try_mode; /* --now is allowed, and without it the daemon is asked what time it is */
	int width;     /* columns of the terminal, 0: not one */
	bool have_key; /* key is given; else it is read from its file */
	uint8_t key[WN_STORE_KEY];
	char actor[64]; /* "operator ana"; empty: of the login name */
	/* made on demand during a run, gone after it */
	const char *now_text; /* --now TIME */
	const char *login_as;    /* system user whose role root takes; NULL: the daemon's */
	const struct wn_command *command;
	const struct wn_cli_value *values;
	size_t n_values;          /* options of the command */
	struct wn_config *config; /* options of the main file; owned by the book once there is one */
	struct wn_pg *pg;
	struct wn_store *store;
	struct wn_book *book; /* registry, sinks and feeds of the reference tables, segments of the database */
	struct wn_clock *own_clock;
	struct wn_tz *tz;
	struct wn_arena *arena; /* of the run */
	int64_t now_us;         /* one instant for the whole run, once connected */
};

struct wn_cli_option {
	const char *name;  /* "--dry-run" */
	const char *value; /* "FILE", NULL: a flag */
	const char *help;
};
struct wn_command {
	const char *name;                    /* "campaign show" */
	const char *args;                    /* "ID" */
	int min_args, max_args;              /* max -1: any number */
	const char *summary;                 /* one line for the list */
	const char *more;                    /* paragraphs for --help and the manual */
	const struct wn_cli_option *options; /* ends with a NULL name; NULL: none */
	int (*run)(struct wn_cli *cli, int argc,
		   char **argv); /* argv: the words that follow the command's, without options */
};
/* All of them, in the order of the help. */
extern const struct wn_command *const wn_commands[];
extern const size_t wn_commands_n;

/* argv as of main. Returns the exit code. */
int wn_cli_main(int argc, char **argv);
/* The same inside of a test: no globals, output to cli->out and cli->err. argv[0] is skipped. May be called
 * again and again; every run connects anew and leaves the given members as they were. */
int wn_cli_run(struct wn_cli *cli, int argc, char **argv);
/* Frees what a run made; wn_cli_run does it itself. */
void wn_cli_done(struct wn_cli *cli);

#endif
