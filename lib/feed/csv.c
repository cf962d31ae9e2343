/* SPDX-License-Identifier: MIT */
/*
 * CSV (RFC 4180 and what spreadsheets write): a header line, then one item a line, as a map header -> string.
 * The only user of libcsv.
 *
 * Records are cut before libcsv sees them, one by one: a quote that never closes costs its own line, not the
 * file.
 */
#include "internal.h"

#include <whynow/text.h>

#include <csv.h>
#include <stdlib.h>

struct row {
	struct wn_arena *a;
	struct wn_str *cells;
	size_t n;
	bool too_many;
};

struct table {
	struct wn_gather *g;
	struct wn_str *header;
	size_t columns;
	char mark, newline; /* '\r' where no line ends otherwise, as old spreadsheets write */
	int bad_header; /* line of one that cannot be read: there is no table without it; 0: none */
};

static void on_cell(void *cell, size_t n, void *user)
{
	struct row *row = user;

	if (row->n == WN_CSV_COLUMNS_MAX) {
		row->too_many = true;
		return;
	}
	row->cells[row->n++] = wn_text_repair((struct wn_str){cell ? cell : "", n}, WN_ITEM_BYTES_MAX, row->a);
}

static void on_record(int end, void *user)
{
	(void)end, (void)user;
}

/* End of the record at p: its newline outside quotes. Where the quotes do not close within WN_ITEM_BYTES_MAX,
 * the first newline, and *broken. */
static const char *record_end(const struct table *t, const char *p, const char *end, bool *broken)
{
	const char *limit = (size_t)(end - p) > WN_ITEM_BYTES_MAX ? p + WN_ITEM_BYTES_MAX : end;
	bool quoted = false, start = true;

	*broken = false;
	for (const char *q = p; q < limit; q++) {
		if (*q == '"' && (quoted || start))
			quoted = !quoted;
		else if (*q == '"' && q > p && q[-1] == '"')
			quoted = true; /* "" inside quotes: the first one ended nothing */
		else if (*q == t->newline && !quoted)
			return q;
		start = *q == t->mark || (start && (*q == ' ' || *q == '\t'));
	}
	if (!quoted && limit == end)
		return end;
	*broken = true;
	const char *newline = memchr(p, t->newline, (size_t)(end - p));
	return newline ? newline : end;
}

static bool parse_record(struct wn_str text, char mark, struct row *row)
{
	struct csv_parser parser;
	bool ok;

	if (csv_init(&parser, 0) != 0)
		return false;
	csv_set_delim(&parser, (unsigned char)mark);
	ok = csv_parse(&parser, text.p, text.n, on_cell, on_record, row) == text.n &&
	     csv_fini(&parser, on_cell, on_record, row) == 0;
	csv_free(&parser);
	return ok && !row->too_many;
}

/* The mark that the header line has most of. */
static char guess_mark(struct wn_str line)
{
	char best = ',';
	size_t most = 0;

	for (const char *m = ",;\t|"; *m; m++) {
		size_t n = 0;
		bool quoted = false;
		for (size_t i = 0; i < line.n; i++) {
			quoted ^= line.p[i] == '"';
			n += !quoted && line.p[i] == *m;
		}
		if (n > most)
			most = n, best = *m;
	}
	return best;
}

/* Empty names become column_N, a name that was there before gets _2, _3. */
static void name_columns(struct table *t, struct row *row)
{
	struct wn_arena *a = t->g->a;

	t->header = WN_NEW_N(a, struct wn_str, row->n + 1);
	for (size_t i = 0; i < row->n; i++) {
		struct wn_str name = wn_text_one_line(row->cells[i], WN_NAME_MAX, a);
		int again = 1;
		if (!name.n)
			name = wn_str_of(wn_arena_printf(a, "column_%zu", i + 1));
		for (size_t j = 0; j < i; j++)
			if (wn_str_eq(t->header[j], name)) {
				name = wn_str_of(wn_arena_printf(a, "%.*s_%d", (int)name.n, name.p, ++again));
				j = (size_t)-1;
			}
		t->header[i] = name;
	}
	t->columns = row->n;
}

static void add_row(struct table *t, struct row *row, struct wn_str text, int line)
{
	struct wn_gather *g = t->g;

	if (row->n == 1 && !wn_text_trim(row->cells[0]).n)
		return;
	if (row->n > t->columns) {
		wn_gather_reject(g, line, text, "%zu fields, the header has %zu", row->n, t->columns);
		return;
	}
	struct wn_item *item = wn_gather_item(g);
	if (!item)
		return;
	struct wn_entry *e = WN_NEW_N(g->a, struct wn_entry, t->columns + 1);
	for (size_t i = 0; i < t->columns; i++)
		e[i] = (struct wn_entry){wn_string(t->header[i]),
					 wn_string(i < row->n ? row->cells[i] : WN_STR(""))};
	wn_item_from_value(item, wn_map(e, t->columns), g->opt, g->a);
	item->line = line;
}

static void read_record(struct table *t, struct wn_str text, int line, bool broken)
{
	struct wn_str cells[WN_CSV_COLUMNS_MAX];
	struct row row = {.a = t->g->a, .cells = cells};

	if (!wn_text_trim(text).n)
		return;
	if (broken && t->header) {
		wn_gather_reject(t->g, line, text, "a quote is not closed, or the line has more than %u bytes",
				 WN_ITEM_BYTES_MAX);
		return;
	}
	if (!t->header)
		t->mark = guess_mark(text);
	if (!parse_record(text, t->mark, &row)) {
		if (t->header)
			wn_gather_reject(t->g, line, text, "no CSV, or more than %d fields",
					 WN_CSV_COLUMNS_MAX);
		else
			t->bad_header = line;
		return;
	}
	if (t->header)
		add_row(t, &row, text, line);
	else
		name_columns(t, &row);
}

enum wn_rc wn_csv_read(struct wn_str text, struct wn_gather *g, struct wn_feed_doc *doc, struct wn_err *err)
{
	struct table t = {.g = g, .mark = ',', .newline = memchr(text.p ? text.p : "", '\n', text.n) ? '\n' : '\r'};
	const char *p = text.p, *end = p + text.n;
	int line = 1;

	while (p < end && !g->full && !t.bad_header) {
		bool broken;
		const char *q = record_end(&t, p, end, &broken);
		struct wn_str record = {p, (size_t)(q - p)};

		if (record.n && record.p[record.n - 1] == '\r')
			record.n--;
		read_record(&t, record, line, broken);
		for (const char *n = p; n < q && (n = memchr(n, t.newline, (size_t)(q - n))); n++)
			line++;
		line++;
		p = q < end ? q + 1 : end;
	}
	if (t.bad_header)
		return wn_fail(err, WN_INVALID, "no feed: the header, line %d, is no CSV or has more than %d fields", t.bad_header,
			       WN_CSV_COLUMNS_MAX);
	if (!t.header)
		return wn_fail(err, WN_INVALID, "no feed: no header line");
	struct wn_value *columns = WN_NEW_N(g->a, struct wn_value, t.columns + 1);
	for (size_t i = 0; i < t.columns; i++)
		columns[i] = wn_string(t.header[i]);
	struct wn_map_builder m = wn_map_begin(g->a);
	wn_map_set(&m, "columns", wn_list(columns, t.columns));
	doc->doc = wn_map_end(&m);
	doc->format = WN_FORMAT_CSV;
	doc->items_found = true;
	wn_items_settle(g->items.v, g->items.n, (struct wn_str){NULL, 0}, g->a);
	return WN_OK;
}
