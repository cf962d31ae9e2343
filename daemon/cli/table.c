/* SPDX-License-Identifier: MIT */
/* Tables, the only user of libsmartcols. On a terminal they fit its width; elsewhere nothing is cut. */
#include "parts.h"
#include <libsmartcols.h>
#include <stdlib.h>

void cli_table_begin(struct cli_table *t, struct wn_cli *cli, const struct cli_column *columns, size_t n)
{
	*t = (struct cli_table){.cli = cli, .columns = columns, .n_columns = n};
}

void cli_table_line(struct cli_table *t, const char *const *cells)
{
	const char **copy = WN_NEW_N(t->cli->arena, const char *, t->n_columns);
	memcpy(copy, cells, t->n_columns * sizeof(*copy));
	*WN_PUSH(t->cli->arena, &t->lines) = copy;
}

static struct libscols_table *make(const struct cli_table *t)
{
	struct libscols_table *tb = scols_new_table();
	if (!tb)
		return NULL;
	scols_table_enable_noencoding(tb, 1); /* texts are clean already; UTF-8 goes through as it is */
	for (size_t i = 0; i < t->n_columns; i++) {
		int flags = (t->columns[i].flags & CLI_RIGHT ? SCOLS_FL_RIGHT : 0) | (t->columns[i].flags & CLI_CLIP ? SCOLS_FL_TRUNC : 0);
		scols_table_new_column(tb, t->columns[i].name, t->columns[i].flags & CLI_CLIP ? 0.9 : 0, flags);
	}
	for (size_t i = 0; i < t->lines.n; i++) {
		struct libscols_line *line = scols_table_new_line(tb, NULL);
		for (size_t k = 0; line && k < t->n_columns; k++)
			scols_line_set_data(line, k, t->lines.v[i][k]);
	}
	return tb;
}

/* Lines without the blanks at their end, each behind the indent. */
static void put(struct cli_table *t, const char *text)
{
	FILE *to = t->cli->out;
	while (*text) {
		size_t n = strcspn(text, "\n"), kept = n;
		while (kept && text[kept - 1] == ' ')
			kept--;
		fprintf(to, "%*s%.*s\n", t->indent, "", (int)kept, text);
		text += n + (text[n] == '\n');
	}
}

void cli_table_end(struct cli_table *t)
{
	struct libscols_table *tb = t->lines.n ? make(t) : NULL;
	char *text = NULL;
	if (!tb)
		return;
	bool narrow = t->cli->width > 0;
	scols_table_set_termforce(tb, narrow ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (narrow)
		scols_table_set_termwidth(tb, (size_t)(t->cli->width - t->indent));
	if (scols_print_table_to_string(tb, &text) == 0 && text)
		put(t, text);
	free(text);
	scols_unref_table(tb);
}
