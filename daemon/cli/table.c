/* SPDX-License-Identifier: MIT */
/* Tables, the only user of libsmartcols. On a terminal they fit its width; elsewhere nothing is cut. */
#include "parts.h"
#include <libsmartcols.h>
#include <stdlib.h>
#include <whynow/text.h>

enum { COLUMNS_MAX = 32, CLIPPED = 24 /* columns a clipped text wants at least */ };

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

/* What the columns want: texts that may be clipped are modest. */
static size_t wanted(const struct cli_table *t, const bool *dropped)
{
	size_t sum = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		size_t most = wn_text_width(wn_str_of(t->columns[i].name));
		for (size_t k = 0; k < t->lines.n; k++) {
			size_t w = wn_text_width(wn_str_of(t->lines.v[k][i]));
			most = w > most ? w : most;
		}
		if (t->columns[i].flags & CLI_CLIP && most > CLIPPED)
			most = CLIPPED;
		sum += dropped[i] ? 0 : most + 1;
	}
	return sum;
}

/* On a narrow terminal columns that may go give way, the last one first. */
static void drop_columns(const struct cli_table *t, bool *dropped)
{
	size_t width = t->cli->width > t->indent ? (size_t)(t->cli->width - t->indent) : 0;
	for (size_t i = t->n_columns; width && i-- > 0 && wanted(t, dropped) > width + 1;)
		dropped[i] = (t->columns[i].flags & CLI_DROP) != 0;
}

static struct libscols_table *make(const struct cli_table *t)
{
	bool dropped[COLUMNS_MAX] = {false};
	struct libscols_table *tb = scols_new_table();
	if (!tb)
		return NULL;
	scols_table_enable_noencoding(tb, 1); /* texts are clean already; UTF-8 goes through as it is */
	drop_columns(t, dropped);
	for (size_t i = 0; i < t->n_columns; i++) {
		if (dropped[i])
			continue;
		int flags = (t->columns[i].flags & CLI_RIGHT ? SCOLS_FL_RIGHT : 0) |
			    (t->columns[i].flags & CLI_CLIP ? SCOLS_FL_TRUNC : 0);
		scols_table_new_column(tb, t->columns[i].name, 0, flags);
	}
	for (size_t i = 0; i < t->lines.n; i++) {
		struct libscols_line *line = scols_table_new_line(tb, NULL);
		for (size_t k = 0, at = 0; line && k < t->n_columns; k++)
			if (!dropped[k])
				scols_line_set_data(line, at++, t->lines.v[i][k]);
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
	struct libscols_table *tb = t->lines.n && t->n_columns <= COLUMNS_MAX ? make(t) : NULL;
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

int cli_list(struct wn_cli *cli, const struct cli_rows *rows, const struct cli_column *columns, size_t n,
	     void (*line)(struct wn_cli *cli, struct cli_table *t, struct wn_value row), const char *none)
{
	struct cli_table t;
	if (cli->json) {
		cli_json_rows(cli, rows);
		return WN_EXIT_DONE;
	}
	cli_table_begin(&t, cli, columns, n);
	for (size_t i = 0; i < rows->n; i++)
		line(cli, &t, rows->v[i]);
	cli_table_end(&t);
	if (!rows->n && none)
		cli_say(cli, "%s", none);
	return WN_EXIT_DONE;
}
