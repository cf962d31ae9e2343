/* SPDX-License-Identifier: MIT */
/* Help and the manual page, both made from the table of commands. */
#include "parts.h"
#include <ctype.h>

const struct wn_cli_option cli_global_options[] = {
    {"--config", "FILE", "main file of the daemon [/etc/whynow/whynow.yaml]; may be missing"},
    {"--database", "CONNINFO",
     "libpq connection string [of the main file, else PGHOST, PGDATABASE ..., else dbname=whynow]"},
    {"--control", "SOCKET", "control socket of the daemon [of the main file]"},
    {"--set", "NAME=VALUE", "override one option of the main file; may be repeated"},
    {"--json", NULL, "output for programs: one JSON value"},
    {"--quiet", NULL, "only what was asked for, no remarks"},
    {"--yes", NULL, "answer every question with yes"},
    {"--now", "TIME", "as if it were that time; only in a demonstration (WHYNOW_TRY=1)"},
    {"--help", NULL, "what a command does and its options"},
    {"--version", NULL, "the version"},
    {NULL, NULL, NULL},
};

static const struct {
	int code;
	const char *meaning;
} exit_codes[] = {
    {WN_EXIT_DONE, "done"},
    {WN_EXIT_NO, "the answer is no: fsck found something, a check failed"},
    {WN_EXIT_USAGE, "usage"},
    {WN_EXIT_NOT_FOUND, "no such account, campaign, segment, ..."},
    {WN_EXIT_REFUSED, "refused: unlawful in this state, or not permitted"},
    {WN_EXIT_AWAY, "the database or the daemon is away"},
    {WN_EXIT_INVALID, "the input is invalid; the message names file, line and column"},
    {WN_EXIT_OTHER, "anything else"},
};

static const char *usage_of(struct wn_cli *cli, const struct wn_command *c)
{
	const char *name = c == &command_account ? "" : c->name;
	return wn_arena_printf(cli->arena, "whynow%s%s%s%s%s", *name ? " " : "", name, c->args[0] ? " " : "",
			       c->args, c->options ? " [OPTION]..." : "");
}

static void list_line(struct wn_cli *cli, FILE *to, const struct wn_command *c)
{
	const char *left = wn_arena_printf(cli->arena, "%s%s%s", c == &command_account ? "" : c->name,
					   c == &command_account || !c->args[0] ? "" : " ", c->args);
	fprintf(to, "  %-34s %s\n", left, c->summary);
}

void cli_help_list(struct wn_cli *cli, FILE *to)
{
	fputs("Usage: whynow ACCOUNT\n"
	      "       whynow COMMAND [ARGUMENT]... [OPTION]...\n"
	      "\n"
	      "Why now? Signals, micro campaigns and touches of an account, and the verbs of an operator.\n"
	      "\n",
	      to);
	for (size_t i = 0; i < wn_commands_n; i++)
		list_line(cli, to, wn_commands[i]);
	fputs("\nOptions of every command, before or after it:\n", to);
	for (const struct wn_cli_option *o = cli_global_options; o->name; o++)
		fprintf(to, "  %-34s %s\n",
			wn_arena_printf(cli->arena, "%s%s%s", o->name, o->value ? " " : "",
					o->value ? o->value : ""),
			o->help);
	fputs("\nExit codes:\n", to);
	for (size_t i = 0; i < WN_COUNT(exit_codes); i++)
		fprintf(to, "  %-3d %s\n", exit_codes[i].code, exit_codes[i].meaning);
	fputs("\n`whynow help COMMAND` or `whynow COMMAND --help` says more.\n", to);
}

void cli_help_group(struct wn_cli *cli, const char *group, FILE *to)
{
	size_t n = strlen(group);
	fprintf(to, "Commands of %s:\n", group);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (strncmp(wn_commands[i]->name, group, n) == 0 && wn_commands[i]->name[n] == ' ')
			list_line(cli, to, wn_commands[i]);
}

/* Paragraphs stand apart by an empty line; a line that begins with a blank is kept as it is. */
static void print_more(struct wn_cli *cli, const char *more)
{
	while (*more) {
		size_t n = strcspn(more, "\n");
		struct wn_str line = {more, n};
		if (n && more[0] == ' ')
			fprintf(cli->out, "%.*s\n", (int)n, more);
		else if (n)
			cli_paragraph(cli, cli->out, 0, wn_arena_strdup(cli->arena, line));
		else
			fputc('\n', cli->out);
		more += n + (more[n] == '\n');
	}
}

void cli_help_of(struct wn_cli *cli, const struct wn_command *c)
{
	fprintf(cli->out, "Usage: %s\n\n", usage_of(cli, c));
	cli_paragraph(
	    cli, cli->out, 0,
	    wn_arena_printf(cli->arena, "%c%s.", toupper((unsigned char)c->summary[0]), c->summary + 1));
	if (c->more && *c->more) {
		fputc('\n', cli->out);
		print_more(cli, c->more);
	}
	if (c->options)
		fputs("\nOptions:\n", cli->out);
	for (const struct wn_cli_option *o = c->options; o && o->name; o++)
		fprintf(cli->out, "  %-26s %s\n",
			wn_arena_printf(cli->arena, "%s%s%s", o->name, o->value ? " " : "",
					o->value ? o->value : ""),
			o->help);
	fputs("\nOptions of every command (--json, --quiet, --database ...) and exit codes: whynow help\n",
	      cli->out);
}

/* --- the manual ------------------------------------------------------------------------------ */
/* Text for mdoc: a backslash and a dot or quote at the start of a line mean something there. */
static void mdoc_text(FILE *to, const char *s)
{
	bool start = true;
	for (; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", to);
		if (*s == '\\')
			fputs("\\e", to);
		else
			fputc(*s, to);
		start = *s == '\n';
	}
}

static void mdoc_more(FILE *to, const char *more)
{
	bool literal = false;
	while (*more) {
		size_t n = strcspn(more, "\n");
		if (n && (more[0] == ' ') != literal) {
			literal = more[0] == ' ';
			fputs(literal ? ".Bd -literal\n" : ".Ed\n", to);
		}
		char line[1000];
		snprintf(line, sizeof(line), "%.*s", (int)n, more);
		if (n) {
			mdoc_text(to, line);
			fputc('\n', to);
		} else if (!literal) {
			fputs(".Pp\n", to);
		}
		more += n + (more[n] == '\n');
	}
	if (literal)
		fputs(".Ed\n", to);
}

static void mdoc_options(FILE *to, const struct wn_cli_option *o)
{
	if (!o)
		return;
	fputs(".Bl -tag -width Ds\n", to);
	for (; o->name; o++) {
		fprintf(to, ".It Fl \\&-%s%s%s\n", o->name + 2, o->value ? " Ar " : "",
			o->value ? o->value : "");
		mdoc_text(to, o->help);
		fputc('\n', to);
	}
	fputs(".El\n", to);
}

static void mdoc_command(FILE *to, const struct wn_command *c)
{
	fprintf(to, ".It Nm%s%s", c == &command_account ? "" : " Cm ", c == &command_account ? "" : c->name);
	if (c->args[0])
		fprintf(to, " Ar %s", c->args);
	fprintf(to, "\n");
	mdoc_text(to, wn_commands_n ? c->summary : "");
	fputs(".\n", to);
	if (c->more && *c->more) {
		fputs(".Pp\n", to);
		mdoc_more(to, c->more);
	}
	mdoc_options(to, c->options);
}

static void print_manual(FILE *to)
{
	fputs(".\\\" SPDX-License-Identifier: MIT\n.\\\" Made by `whynow help --manual` from the table of "
	      "commands.\n"
	      ".Dd November 21, 2026\n.Dt WHYNOW 1\n.Os\n.Sh NAME\n.Nm whynow\n.Nd signals, micro campaigns and "
	      "touches of an account\n"
	      ".Sh SYNOPSIS\n.Nm\n.Ar ACCOUNT\n.Nm\n.Ar COMMAND\n.Op Ar ARGUMENT ...\n.Op Ar OPTION ...\n"
	      ".Sh DESCRIPTION\n.Nm\nanswers\n.Dq why now?\nfor one account, and is where an operator works.\n"
	      "It works in PostgreSQL with the rights of the caller's database role; only\n.Cm status , "
	      "reload\nand\n.Cm feed poll\n"
	      "ask the daemon.\nThe first word that is a command wins over an account of that name;\n.Nm\n.Cm "
	      "why\n.Ar NAME\nalways works.\n"
	      "Ids are accepted by any unique prefix.\n.Sh OPTIONS\n",
	      to);
	mdoc_options(to, cli_global_options);
	fputs(".Sh COMMANDS\n.Bl -tag -width Ds\n", to);
	for (size_t i = 0; i < wn_commands_n; i++)
		mdoc_command(to, wn_commands[i]);
	fputs(
	    ".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev TZ\nzone of the times shown, else the system's\n"
	    ".It Ev PGHOST , PGDATABASE , PGSERVICE No ...\nas libpq reads them, where neither option nor file "
	    "says anything\n"
	    ".It Ev CREDENTIALS_DIRECTORY\nfolder with the credential\n.Pa installation-key ,\nelse\n.Pa "
	    "/etc/whynow/installation.key\n.El\n"
	    ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n",
	    to);
	for (size_t i = 0; i < WN_COUNT(exit_codes); i++)
		fprintf(to, ".It %d\n%s\n", exit_codes[i].code, exit_codes[i].meaning);
	fputs(".El\n.Sh SEE ALSO\n.Xr whynow.yaml 5 ,\n.Xr whynowd 8\n", to);
}

/* --- the entry ------------------------------------------------------------------------------- */
static int run(struct wn_cli *cli, int argc, char **argv)
{
	if (cli_flag(cli, "--manual")) {
		print_manual(cli->out);
		return WN_EXIT_DONE;
	}
	if (cli_value(cli, "--completion"))
		return cli_completion(cli, cli_value(cli, "--completion"));
	if (argc == 0) {
		cli_help_list(cli, cli->out);
		return WN_EXIT_DONE;
	}
	const char *name = argc > 1 ? wn_arena_printf(cli->arena, "%s %s", argv[0], argv[1]) : argv[0];
	bool group = false;
	for (size_t i = 0; i < wn_commands_n; i++) {
		if (strcmp(wn_commands[i]->name, name) == 0) {
			cli_help_of(cli, wn_commands[i]);
			return WN_EXIT_DONE;
		}
		group = group || (strncmp(wn_commands[i]->name, name, strlen(name)) == 0 &&
				  wn_commands[i]->name[strlen(name)] == ' ');
	}
	if (!group)
		return cli_error(cli, WN_EXIT_USAGE, "there is no command `%s`; `whynow help` lists them",
				 name);
	cli_help_group(cli, name, cli->out);
	return WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
    {"--manual", NULL, "the manual page, as mdoc"},
    {"--completion", "SHELL", "completion for bash, zsh or fish"},
    {NULL, NULL, NULL},
};

const struct wn_command command_help = {
    .name = "help",
    .args = "[COMMAND]",
    .max_args = 2,
    .summary = "this list, or what one command does",
    .options = options,
    .run = run,
};
