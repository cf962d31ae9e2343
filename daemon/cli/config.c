/* SPDX-License-Identifier: MIT */
/* `config check|show`: the files alone, no database. */
#include "parts.h"

static const char *path_of(const struct wn_cli *cli)
{
	return cli->config_path ? cli->config_path : "/etc/whynow/whynow.yaml";
}

static int load(struct wn_cli *cli, struct wn_yaml_errors *errors, struct wn_config **out)
{
	struct wn_conf_request req = {.main_path = path_of(cli), .sets = cli->sets};
	wn_yaml_errors_init(errors, cli->arena);
	return wn_conf_load_all(&req, out, errors) ? WN_EXIT_INVALID : 0;
}

static struct wn_value error_value(struct wn_cli *cli, struct wn_place at, const char *text)
{
	struct wn_map_builder m = wn_map_begin(cli->arena);
	if (at.file)
		wn_map_set(&m, "file", wn_cstring(at.file));
	wn_map_set(&m, "line", wn_int(at.line));
	wn_map_set(&m, "column", wn_int(at.column));
	wn_map_set(&m, "text", wn_cstring(text));
	return wn_map_end(&m);
}

/* --- check ----------------------------------------------------------------------------------- */
/* The mappings of feeds are compiled too: their errors are in the book, one a feed. */
static void check_feeds(struct wn_cli *cli, const struct wn_book *book, struct wn_yaml_errors *errors)
{
	(void)cli;
	for (size_t i = 0; i < book->n_feeds; i++)
		if (!book->feeds[i].mapping)
			wn_yaml_error_add(errors, book->feeds[i].error);
}

static int report(struct wn_cli *cli, struct wn_yaml_errors *errors, bool starts)
{
	wn_yaml_errors_sort(errors);
	if (cli->json) {
		struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, errors->n + 1);
		for (size_t i = 0; i < errors->n; i++)
			v[i] = error_value(cli, errors->v[i].at, errors->v[i].text);
		cli_json(cli, wn_list(v, errors->n));
		return WN_EXIT_NO;
	}
	struct wn_buf b;
	wn_buf_init(&b, 256 << 10);
	wn_yaml_errors_to_text(errors, &b);
	fprintf(cli->out, "%.*s", (int)b.n, b.p ? b.p : "");
	wn_buf_done(&b);
	size_t n = wn_yaml_errors_count(errors);
	fprintf(cli->out, "%zu %s: %s\n", n, cli_plural((int64_t)n, "error", "errors"),
		starts ? "such a feed is not polled, everything else works" : "the daemon would not start");
	return WN_EXIT_NO;
}

static int run_check(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_yaml_errors errors;
	struct wn_err err = {0};
	(void)argc;
	(void)argv;
	if (load(cli, &errors, &cli->config))
		return report(cli, &errors, false);
	if (wn_book_new(cli->config, "check", &cli->book, &err)) {
		wn_yaml_error_add(&errors, &err);
		return report(cli, &errors, false);
	}
	const struct wn_config *c = cli->config;
	cli->config = NULL; /* the book has it */
	check_feeds(cli, cli->book, &errors);
	if (wn_yaml_errors_count(&errors))
		return report(cli, &errors, true);
	if (cli->json)
		cli_json(cli, wn_list(NULL, 0));
	else
		cli_say(cli, "%s: good: %zu feeds, %zu sinks, %zu kinds, %zu traits%s", path_of(cli),
			c->n_feeds, c->n_sinks, c->n_kinds, c->n_traits,
			c->n_disabled ? wn_arena_printf(cli->arena, ", %zu disabled", c->n_disabled) : "");
	return WN_EXIT_DONE;
}

const struct wn_command command_config_check = {
    .name = "config check",
    .args = "",
    .summary = "say everything that is wrong with the files",
    .more = "Reads the main file, feeds.d, sinks.d, kinds.d and traits.d, compiles every mapping, and names "
	    "file, line and column of each error. "
	    "Exit code 1 if there is any.",
    .run = run_check,
};

/* --- show ------------------------------------------------------------------------------------ */
static int run_show(struct wn_cli *cli, int argc, char **argv)
{
	struct wn_yaml_errors errors;
	struct wn_buf b;
	if (load(cli, &errors, &cli->config))
		return report(cli, &errors, false) ? WN_EXIT_INVALID : 0;
	wn_buf_init(&b, 1 << 20);
	if (argc == 1) {
		const struct wn_option *o = wn_option_find(argv[0]);
		size_t n;
		const struct wn_option *table = wn_options_table(&n);
		const char **names = WN_NEW_N(cli->arena, const char *, n);
		for (size_t i = 0; i < n; i++)
			names[i] = table[i].name;
		const char *near = o ? NULL : wn_nearest(wn_str_of(argv[0]), names, n);
		if (!o)
			return cli_error(cli, WN_EXIT_NOT_FOUND, "there is no option \"%s\"%s%s%s", argv[0],
					 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		wn_option_value(&cli->config->options, o, &b);
		wn_buf_char(&b, '\n');
	} else {
		wn_conf_show(cli->config, &b, cli->json);
	}
	fwrite(b.p ? b.p : "", 1, b.n, cli->out);
	wn_buf_done(&b);
	return WN_EXIT_DONE;
}

const struct wn_command command_config_show = {
    .name = "config show",
    .args = "[OPTION]",
    .max_args = 1,
    .summary = "options in force, and where each comes from",
    .run = run_show,
};
