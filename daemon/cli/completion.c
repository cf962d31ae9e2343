/* SPDX-License-Identifier: MIT */
/* Completion for shells, from the table of commands: first words, second words, options, files where FILE is
 * wanted. */
#include "parts.h"

/* --- the table, as shells need it ------------------------------------------------------------ */
/* First word of a command, and the rest ("" for a command of one word). */
static struct wn_str first_of(const struct wn_command *c)
{
	return (struct wn_str){c->name, strcspn(c->name, " ")};
}
static const char *rest_of(const struct wn_command *c)
{
	const char *blank = strchr(c->name, ' ');
	return blank ? blank + 1 : "";
}

static bool is_first_of_group(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (wn_commands[k] != &command_account &&
		    wn_str_eq(first_of(wn_commands[k]), first_of(wn_commands[i])))
			return false;
	return wn_commands[i] != &command_account; /* it is typed without its name */
}

static bool takes_file(const struct wn_command *c)
{
	return strstr(c->args, "FILE") != NULL;
}

static bool is_path(const struct wn_cli_option *o)
{
	return o->value && (strstr(o->value, "FILE") || strcmp(o->value, "SOCKET") == 0);
}

/* Every option that takes a value, once; those whose value is a path, or the others. */
static void valued(FILE *to, bool path, const char *between)
{
	const char *seen[300];
	size_t n = 0;
	for (size_t i = 0; i <= wn_commands_n; i++) {
		const struct wn_cli_option *o =
		    i < wn_commands_n ? wn_commands[i]->options : cli_global_options;
		for (; o && o->name; o++) {
			bool known = !o->value || is_path(o) != path;
			for (size_t k = 0; k < n && !known; k++)
				known = strcmp(seen[k], o->name) == 0;
			if (known || n == WN_COUNT(seen))
				continue;
			fprintf(to, "%s%s", n ? between : "", o->name);
			seen[n++] = o->name;
		}
	}
}

static void options(FILE *to, const struct wn_cli_option *o)
{
	for (const char *blank = ""; o && o->name; o++, blank = " ")
		fprintf(to, "%s%s", blank, o->name);
}

/* --- bash ------------------------------------------------------------------------------------ */
static void bash_seconds(FILE *to, size_t group)
{
	struct wn_str first = first_of(wn_commands[group]);
	bool any = false;
	for (size_t i = group; i < wn_commands_n; i++) {
		if (!wn_str_eq(first_of(wn_commands[i]), first) || !*rest_of(wn_commands[i]))
			continue;
		if (!any)
			fprintf(to, "\t\t" WN_STR_FMT ") words=\"", WN_STR_ARG(first));
		fprintf(to, "%s%s", any ? " " : "", rest_of(wn_commands[i]));
		any = true;
	}
	if (any)
		fputs("\" ;;\n", to);
}

static void print_bash(FILE *to)
{
	fputs("# bash completion for whynow, made by `whynow help --completion bash`\n"
	      "_whynow() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i word words= options "
	      "said=()\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\tcase $word in\n\t\t",
	      to);
	valued(to, true, "|");
	fputs("|", to);
	valued(to, false, "|");
	fputs(") ((i++)) ;;\n\t\t-*) ;;\n\t\t*) said+=(\"$word\") ;;\n\t\tesac\n\tdone\n\tcase $prev in\n\t",
	      to);
	valued(to, true, "|");
	fputs(") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n\t", to);
	valued(to, false, "|");
	fputs(") return ;;\n\tesac\n\tif [[ $cur == -* ]]; then\n\t\toptions=\"", to);
	options(to, cli_global_options);
	fputs("\"\n\t\tcase \"${said[*]} \" in\n", to);
	for (size_t i = 0; i < wn_commands_n; i++) {
		if (!wn_commands[i]->options)
			continue;
		fprintf(to, "\t\t\"%s \"*) options+=\" ", wn_commands[i]->name);
		options(to, wn_commands[i]->options);
		fputs("\" ;;\n", to);
	}
	fputs("\t\tesac\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n\t\treturn\n\tfi\n"
	      "\tif ((${#said[@]} == 0)); then\n\t\twords=\"",
	      to);
	for (size_t i = 0, n = 0; i < wn_commands_n; i++)
		if (is_first_of_group(i))
			fprintf(to, "%s" WN_STR_FMT, n++ ? " " : "", WN_STR_ARG(first_of(wn_commands[i])));
	fputs("\"\n\telif ((${#said[@]} == 1)); then\n\t\tcase ${said[0]} in\n", to);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (is_first_of_group(i))
			bash_seconds(to, i);
	fputs("\t\tesac\n\tfi\n\tif [[ -n $words ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" "
	      "-- \"$cur\")\n\t\treturn\n\tfi\n"
	      "\tcase \"${said[*]} \" in\n",
	      to);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (takes_file(wn_commands[i]))
			fprintf(to, "\t\"%s \"*) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n",
				wn_commands[i]->name);
	fputs("\tesac\n}\ncomplete -o filenames -F _whynow whynow\n", to);
}

/* --- zsh ------------------------------------------------------------------------------------- */
/* Inside single quotes; a colon ends the word in _describe. */
static void quoted(FILE *to, const char *s)
{
	for (; *s; s++)
		fputs(*s == '\'' ? "'\\''" : *s == ':' ? "\\:" : (const char[]){*s, '\0'}, to);
}

static void zsh_entry(FILE *to, struct wn_str word, const char *help)
{
	fprintf(to, " '" WN_STR_FMT ":", WN_STR_ARG(word));
	quoted(to, help);
	fputc('\'', to);
}

static void zsh_options(FILE *to, const struct wn_cli_option *o)
{
	for (; o && o->name; o++)
		zsh_entry(to, wn_str_of(o->name), o->help);
}

static const char *group_help(size_t i)
{
	return *rest_of(wn_commands[i]) ? "..." : wn_commands[i]->summary;
}

static void print_zsh(FILE *to)
{
	fputs("#compdef whynow\n# made by `whynow help --completion zsh`\n_whynow() {\n"
	      "\tlocal -a said entries\n\tlocal i\n\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tcase $words[i] "
	      "in\n\t\t(",
	      to);
	valued(to, true, "|");
	fputs("|", to);
	valued(to, false, "|");
	fputs(") ((i++)) ;;\n\t\t(-*) ;;\n\t\t(*) said+=($words[i]) ;;\n\t\tesac\n\tdone\n\tcase "
	      "$words[CURRENT-1] in\n\t(",
	      to);
	valued(to, true, "|");
	fputs(") _files; return ;;\n\t(", to);
	valued(to, false, "|");
	fputs(") return ;;\n\tesac\n\tif [[ $words[CURRENT] == -* ]]; then\n\t\tentries=(", to);
	zsh_options(to, cli_global_options);
	fputs(" )\n\t\tcase \"$said \" in\n", to);
	for (size_t i = 0; i < wn_commands_n; i++) {
		if (!wn_commands[i]->options)
			continue;
		fprintf(to, "\t\t(\"%s \"*) entries+=(", wn_commands[i]->name);
		zsh_options(to, wn_commands[i]->options);
		fputs(" ) ;;\n", to);
	}
	fputs("\t\tesac\n\t\t_describe -o option entries\n\t\treturn\n\tfi\n\tcase $#said in\n\t(0) entries=(",
	      to);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (is_first_of_group(i))
			zsh_entry(to, first_of(wn_commands[i]), group_help(i));
	fputs(" ) ;;\n\t(1) case $said[1] in\n", to);
	for (size_t i = 0; i < wn_commands_n; i++) {
		if (!*rest_of(wn_commands[i]))
			continue;
		fprintf(to, "\t\t(" WN_STR_FMT ") entries=($entries", WN_STR_ARG(first_of(wn_commands[i])));
		for (size_t k = i; k < wn_commands_n; k++)
			if (wn_str_eq(first_of(wn_commands[k]), first_of(wn_commands[i])) &&
			    *rest_of(wn_commands[k]))
				zsh_entry(to, wn_str_of(rest_of(wn_commands[k])), wn_commands[k]->summary);
		fputs(" ) ;;\n", to);
		while (i + 1 < wn_commands_n &&
		       wn_str_eq(first_of(wn_commands[i + 1]), first_of(wn_commands[i])))
			i++;
	}
	fputs("\t\tesac ;;\n\tesac\n\tif (($#entries)); then\n\t\t_describe command "
	      "entries\n\t\treturn\n\tfi\n\tcase \"$said \" in\n",
	      to);
	for (size_t i = 0; i < wn_commands_n; i++)
		if (takes_file(wn_commands[i]))
			fprintf(to, "\t(\"%s \"*) _files ;;\n", wn_commands[i]->name);
	fputs("\tesac\n}\n_whynow \"$@\"\n", to);
}

/* --- fish ------------------------------------------------------------------------------------ */
static void fish_text(FILE *to, const char *s)
{
	for (; *s; s++)
		fputs(*s == '\'' ? "\\'" : *s == '\\' ? "\\\\" : (const char[]){*s, '\0'}, to);
}

static void fish_options(FILE *to, const struct wn_cli_option *o, const char *when)
{
	for (; o && o->name; o++) {
		fprintf(to, "complete -c whynow%s -l %s%s -d '", when, o->name + 2,
			!o->value    ? ""
			: is_path(o) ? " -r -F"
				     : " -x");
		fish_text(to, o->help);
		fputs("'\n", to);
	}
}

static void print_fish(FILE *to)
{
	fputs("# fish completion for whynow, made by `whynow help --completion fish`\n"
	      "function __whynow_words\n\tset -l plain\n\tfor w in (commandline -opc)[2..-1]\n"
	      "\t\tstring match -q -- '-*' $w; or set -a plain $w\n\tend\n\techo \"$plain\"\nend\n"
	      "function __whynow_said\n\tstring match -q -- \"$argv *\" (__whynow_words)\" \"\nend\n"
	      "function __whynow_said_no_more\n\ttest (__whynow_words) = \"$argv\"\nend\n"
	      "complete -c whynow -f\n",
	      to);
	fish_options(to, cli_global_options, "");
	for (size_t i = 0; i < wn_commands_n; i++) {
		const struct wn_command *c = wn_commands[i];
		struct wn_str first = first_of(c);
		if (is_first_of_group(i)) {
			fprintf(to, "complete -c whynow -n '__whynow_said_no_more' -a " WN_STR_FMT " -d '",
				WN_STR_ARG(first));
			fish_text(to, group_help(i));
			fputs("'\n", to);
		}
		if (*rest_of(c)) {
			fprintf(to, "complete -c whynow -n '__whynow_said_no_more " WN_STR_FMT "' -a '%s' -d '",
				WN_STR_ARG(first), rest_of(c));
			fish_text(to, c->summary);
			fputs("'\n", to);
		}
		char when[200];
		snprintf(when, sizeof(when), " -n '__whynow_said %s'", c->name);
		if (takes_file(c))
			fprintf(to, "complete -c whynow%s -F\n", when);
		fish_options(to, c->options, when);
	}
}

/* --- the entry ------------------------------------------------------------------------------- */
int cli_completion(struct wn_cli *cli, const char *shell)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *to);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
	for (size_t i = 0; i < WN_COUNT(shells); i++)
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].print(cli->out);
			return WN_EXIT_DONE;
		}
	return cli_error(cli, WN_EXIT_USAGE, "--completion takes bash, zsh or fish, not \"%s\"", shell);
}
