/* SPDX-License-Identifier: MIT */
/*
 * From argv to a command: global options anywhere, the longest match of the first words, the command's own
 * options. The first word that is a command wins over an account of that name. Nothing here is global, so that
 * tests may run commands one after the other in one process.
 */
#include "parts.h"
#include <pwd.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <whynow/date.h>
#include <whynow/tz.h>

/* What pass one left: words and options of the command, in order. */
struct words {
	char **v;
	int n;
	bool help, version;
};

/* --- errors ---------------------------------------------------------------------------------- */
WN_PRINTF(3, 0) static void tell(struct wn_cli *cli, const char *prefix, const char *fmt, va_list ap)
{
	char text[2000];
	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(cli->err, "%s%s\n", prefix, text);
}

int cli_error(struct wn_cli *cli, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	tell(cli, "whynow: ", fmt, ap);
	va_end(ap);
	return code;
}

void cli_hint(struct wn_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (!cli->quiet)
		tell(cli, "        ", fmt, ap);
	va_end(ap);
}

void cli_say(struct wn_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (!cli->quiet && !cli->json) {
		vfprintf(cli->out, fmt, ap);
		fputc('\n', cli->out);
	}
	va_end(ap);
}

int cli_exit_of(enum wn_rc rc)
{
	switch (rc) {
	case WN_OK:
		return WN_EXIT_DONE;
	case WN_NOT_FOUND:
		return WN_EXIT_NOT_FOUND;
	case WN_REFUSED:
	case WN_EXISTS:
		return WN_EXIT_REFUSED;
	case WN_AGAIN:
	case WN_UNKNOWN:
		return WN_EXIT_AWAY;
	case WN_INVALID:
	case WN_LIMIT:
		return WN_EXIT_INVALID;
	default:
		return WN_EXIT_OTHER;
	}
}

int cli_fail(struct wn_cli *cli, enum wn_rc rc, const struct wn_err *err)
{
	char text[1400];
	wn_err_to_text(err, text, sizeof(text));
	return cli_error(cli, cli_exit_of(rc), "%s", text[0] ? text : wn_rc_to_text(rc));
}

/* --- options --------------------------------------------------------------------------------- */
const char *cli_value(const struct wn_cli *cli, const char *name)
{
	for (size_t i = cli->n_values; i-- > 0;)
		if (strcmp(cli->values[i].name, name) == 0)
			return cli->values[i].value;
	return NULL;
}

bool cli_flag(const struct wn_cli *cli, const char *name)
{
	return cli_value(cli, name) != NULL;
}

bool cli_int_parse(const char *text, int64_t *out)
{
	int64_t v = 0;
	bool minus = *text == '-';
	text += minus;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || v > (INT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (*text - '0');
	}
	*out = minus ? -v : v;
	return true;
}

int cli_int_option(struct wn_cli *cli, const char *name, int64_t min, int64_t max, int64_t *out)
{
	const char *text = cli_value(cli, name);
	int64_t v;
	if (!text)
		return 0;
	if (!cli_int_parse(text, &v) || v < min || v > max)
		return cli_error(cli, WN_EXIT_USAGE, "%s wants a number from %lld to %lld, not \"%s\"", name,
				 (long long)min, (long long)max, text);
	*out = v;
	return 0;
}

int cli_time_option(struct wn_cli *cli, const char *name, int64_t *out)
{
	const char *text = cli_value(cli, name);
	int64_t us;
	if (!text)
		return 0;
	if (wn_duration_parse(wn_str_of(text), &us))
		*out = cli->now_us - us;
	else if (wn_date_parse(wn_str_of(text), &us))
		*out = us;
	else
		return cli_error(cli, WN_EXIT_USAGE,
				 "%s wants a time (2026-05-04T10:00) or a span of time ago (3d), not \"%s\"",
				 name, text);
	return 0;
}

static const struct wn_cli_option *find_option(const struct wn_cli_option *options, const char *name, size_t n)
{
	for (; options && options->name; options++)
		if (strlen(options->name) == n && memcmp(options->name, name, n) == 0)
			return options;
	return NULL;
}

static const char *long_of_short(const char *arg)
{
	static const char *const shorts[][2] = {
	    {"-h", "--help"}, {"-V", "--version"}, {"-y", "--yes"}, {"-q", "--quiet"}, {"-j", "--json"}};
	for (size_t i = 0; i < WN_COUNT(shorts); i++)
		if (strcmp(arg, shorts[i][0]) == 0)
			return shorts[i][1];
	return arg;
}

static void add_set(struct wn_cli *cli, const char *set)
{
	size_t n = 0;
	while (cli->sets && cli->sets[n])
		n++;
	const char **more = WN_NEW_N(cli->arena, const char *, n + 2);
	if (n)
		memcpy(more, cli->sets, n * sizeof(*more));
	more[n] = set;
	cli->sets = more;
}

static void take_global(struct wn_cli *cli, struct words *w, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **text;
		bool *flag;
	} rows[] = {
	    {"--config", &cli->config_path, NULL},
	    {"--database", &cli->database, NULL},
	    {"--control", &cli->control, NULL},
	    {"--now", &cli->now_text, NULL},
	    {"--json", NULL, &cli->json},
	    {"--quiet", NULL, &cli->quiet},
	    {"--yes", NULL, &cli->yes},
	    {"--help", NULL, &w->help},
	    {"--version", NULL, &w->version},
	};
	if (strcmp(name, "--set") == 0)
		add_set(cli, value);
	for (size_t i = 0; i < WN_COUNT(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (rows[i].flag)
			*rows[i].flag = true;
		else
			*rows[i].text = value;
	}
}

/* The value of an option at argv[*i]: behind '=' or the next argument. */
static int option_value(struct wn_cli *cli, const struct wn_cli_option *o, const char *arg, int argc,
			char **argv, int *i, const char **value)
{
	const char *eq = strchr(arg, '=');
	*value = "";
	if (!o->value)
		return eq ? cli_error(cli, WN_EXIT_USAGE, "%s takes no value", o->name) : 0;
	if (eq)
		*value = eq + 1;
	else if (*i + 1 < argc)
		*value = argv[++*i];
	else
		return cli_error(cli, WN_EXIT_USAGE, "%s wants %s", o->name, o->value);
	return 0;
}

/* Global options are taken wherever they stand; the rest is left, in order. */
static int take_globals(struct wn_cli *cli, int argc, char **argv, struct words *w)
{
	bool ended = false;
	w->v = WN_NEW_N(cli->arena, char *, (size_t)argc + 1);
	for (int i = 1; i < argc; i++) {
		const char *arg = ended ? argv[i] : long_of_short(argv[i]);
		const struct wn_cli_option *o =
		    ended || arg[0] != '-' ? NULL : find_option(cli_global_options, arg, strcspn(arg, "="));
		const char *value;
		ended = ended || strcmp(arg, "--") == 0;
		if (!o) {
			w->v[w->n++] = argv[i];
			continue;
		}
		int code = option_value(cli, o, arg, argc, argv, &i, &value);
		if (code)
			return code;
		take_global(cli, w, o->name, value);
	}
	return 0;
}

static int unknown_option(struct wn_cli *cli, const struct wn_command *c, const char *arg)
{
	const char *names[32];
	size_t n = 0;
	for (const struct wn_cli_option *o = c->options; o && o->name && n < 16; o++)
		names[n++] = o->name;
	for (const struct wn_cli_option *o = cli_global_options; o->name && n < 32; o++)
		names[n++] = o->name;
	const char *near = wn_nearest((struct wn_str){arg, strcspn(arg, "=")}, names, n);
	return cli_error(cli, WN_EXIT_USAGE, "`%s` has no option %s%s%s%s; `whynow %s --help` shows them",
			 c->name, arg, near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
			 c->name);
}

/* The command's own options out of what follows its words. */
static int take_options(struct wn_cli *cli, const struct wn_command *c, int argc, char **argv, int *n_args,
			char **args)
{
	struct wn_cli_value *values = WN_NEW_N(cli->arena, struct wn_cli_value, (size_t)argc + 1);
	bool ended = false;
	for (int i = 0; i < argc; i++) {
		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			args[(*n_args)++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		const struct wn_cli_option *o = find_option(c->options, argv[i], strcspn(argv[i], "="));
		if (!o)
			return unknown_option(cli, c, argv[i]);
		int code = option_value(cli, o, argv[i], argc, argv, &i, &values[cli->n_values].value);
		if (code)
			return code;
		values[cli->n_values++].name = o->name;
	}
	cli->values = values;
	return 0;
}

/* --- commands -------------------------------------------------------------------------------- */
/* Number of words of c that w begins with, 0 if they do not. */
static int matches(const struct wn_command *c, const struct words *w)
{
	const char *at = c->name;
	for (int n = 1;; n++) {
		size_t len = strcspn(at, " ");
		if (n > w->n || strlen(w->v[n - 1]) != len || memcmp(at, w->v[n - 1], len) != 0)
			return 0;
		if (!at[len])
			return n;
		at += len + 1;
	}
}

static const struct wn_command *find_command(const struct words *w, int *n_words)
{
	const struct wn_command *best = NULL;
	*n_words = 0;
	for (size_t i = 0; i < wn_commands_n; i++) {
		int n = matches(wn_commands[i], w);
		if (n > *n_words) {
			best = wn_commands[i];
			*n_words = n;
		}
	}
	return best;
}

static bool is_group(const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (strncmp(wn_commands[i]->name, word, n) == 0 && wn_commands[i]->name[n] == ' ')
			return true;
	return false;
}

static const char *nearest_command(struct wn_cli *cli, const struct words *w)
{
	const char **names = WN_NEW_N(cli->arena, const char *, wn_commands_n);
	for (size_t i = 0; i < wn_commands_n; i++)
		names[i] = wn_commands[i]->name;
	const char *text = w->n > 1 ? wn_arena_printf(cli->arena, "%s %s", w->v[0], w->v[1]) : w->v[0];
	const char *near = wn_nearest(wn_str_of(text), names, wn_commands_n);
	if (near)
		return near;
	for (size_t i = 0; i < wn_commands_n; i++) /* the first words of families */
		names[i] = wn_arena_strdup(
		    cli->arena, (struct wn_str){wn_commands[i]->name, strcspn(wn_commands[i]->name, " ")});
	return wn_nearest(wn_str_of(w->v[0]), names, wn_commands_n);
}

static int bad_group(struct wn_cli *cli, const struct words *w)
{
	if (w->n > 1 && w->v[1][0] != '-') {
		const char *near = nearest_command(cli, w);
		cli_error(cli, WN_EXIT_USAGE, "there is no command `%s %s`%s%s%s", w->v[0], w->v[1],
			  near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
	}
	cli_help_group(cli, w->v[0], cli->err);
	return WN_EXIT_USAGE;
}

static bool is_count_wrong(const struct wn_command *c, int n)
{
	return n < c->min_args || (c->max_args >= 0 && n > c->max_args);
}

static int run_command(struct wn_cli *cli, const struct wn_command *c, int argc, char **argv)
{
	char **args = WN_NEW_N(cli->arena, char *, (size_t)argc + 1);
	int n = 0;
	cli->command = c;
	int code = take_options(cli, c, argc, argv, &n, args);
	if (code)
		return code;
	if (is_count_wrong(c, n))
		return cli_error(cli, WN_EXIT_USAGE, "usage: whynow %s%s%s; `whynow %s --help` says more",
				 c->name, c->args[0] ? " " : "", c->args, c->name);
	return c->run(cli, n, args);
}

/* No command: the words name an account. A near miss of a command with further words is a slip, not an account.
 */
static int run_account(struct wn_cli *cli, const struct words *w)
{
	const char *near = nearest_command(cli, w);
	if (w->v[0][0] == '-')
		return cli_error(cli, WN_EXIT_USAGE, "unknown option %s; `whynow help` shows what there is",
				 w->v[0]);
	if (near && w->n > 1)
		return cli_error(cli, WN_EXIT_USAGE, "there is no command `%s %s`; did you mean `%s`?", w->v[0],
				 w->v[1], near);
	int code = run_command(cli, &command_account, w->n, w->v);
	if (code == WN_EXIT_NOT_FOUND && near)
		cli_hint(cli, "there is no command of that name either; did you mean `whynow %s`?", near);
	return code;
}

static int dispatch(struct wn_cli *cli, struct words *w)
{
	int n_words;
	if (w->version) {
		fprintf(cli->out, "whynow %s\n", WN_VERSION);
		return WN_EXIT_DONE;
	}
	if (w->n == 0) {
		cli_help_list(cli, w->help ? cli->out : cli->err);
		return w->help ? WN_EXIT_DONE : WN_EXIT_USAGE;
	}
	const struct wn_command *c = find_command(w, &n_words);
	if (!c && is_group(w->v[0])) {
		if (!w->help)
			return bad_group(cli, w);
		cli_help_group(cli, w->v[0], cli->out);
		return WN_EXIT_DONE;
	}
	if (w->help) {
		cli_help_of(cli, c ? c : &command_account);
		return WN_EXIT_DONE;
	}
	return c ? run_command(cli, c, w->n - n_words, w->v + n_words) : run_account(cli, w);
}

/* --- running --------------------------------------------------------------------------------- */
static void name_actor(struct wn_cli *cli)
{
	if (cli->actor[0])
		return;
	const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	struct passwd *p = getpwuid(getuid());
	snprintf(cli->actor, sizeof(cli->actor), "operator %.40s",
		 sudo && *sudo ? sudo
		 : p           ? p->pw_name
			       : "unknown");
}

void wn_cli_done(struct wn_cli *cli)
{
	wn_book_free(cli->book);
	wn_config_free(cli->config);
	wn_store_free(cli->store);
	wn_pg_free(cli->pg);
	wn_clock_free(cli->own_clock);
	wn_tz_free(cli->tz);
	wn_arena_free(cli->arena);
	cli->book = NULL;
	cli->config = NULL;
	cli->store = NULL;
	cli->pg = NULL;
	cli->own_clock = NULL;
	cli->tz = NULL;
	cli->arena = NULL;
}

int wn_cli_run(struct wn_cli *cli, int argc, char **argv)
{
	const struct wn_cli given = *cli;
	struct words w = {0};
	cli->arena = wn_arena_new(0);
	if (!cli->in)
		cli->in = stdin;
	name_actor(cli);
	int code = take_globals(cli, argc, argv, &w);
	if (code == 0 && cli->now_text && !cli->try_mode)
		code = cli_error(cli, WN_EXIT_USAGE, "--now is for demonstrations only (WHYNOW_TRY=1)");
	if (code == 0)
		code = dispatch(cli, &w);
	fflush(cli->out);
	fflush(cli->err);
	wn_cli_done(cli);
	*cli = given;
	return code;
}

static int terminal_width(void)
{
	struct winsize size = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

int wn_cli_main(int argc, char **argv)
{
	const char *try = getenv("WHYNOW_TRY");
	struct wn_cli cli = {.out = stdout, .err = stderr, .in = stdin};
	cli.terminal = isatty(STDOUT_FILENO);
	cli.width = cli.terminal ? terminal_width() : 0;
	cli.try_mode = try && strcmp(try, "1") == 0;
	return wn_cli_run(&cli, argc, argv);
}
