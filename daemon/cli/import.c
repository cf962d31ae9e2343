/* SPDX-License-Identifier: MIT */
/*
 * Importing accounts and contacts: a file (CSV, JSON, JSON lines) by the readers of feeds, columns by their
 * headers, blocks of lines as units of work, so that what the lines change meets the engine as everything else
 * does. A line that cannot be used costs only itself and is named by its number.
 */
#include "import.h"
#include <whynow/limits.h>
#include <whynow/text.h>

enum { BLOCK = 2000, REMARKS = 1000, SHOWN = 10, FILE_MAX_MIB = 512, LINES_MAX = 2000000, MERGES = 1000 };

const struct wn_cli_option import_options[] = {
    {"--dry-run", NULL, "show what each column becomes and ten rows; store nothing"},
    {"--map", "HEADER=NAME", "what a column is; nothing behind the = leaves it out; may be repeated"},
    {"--format", "csv|json|jsonl", "of the file, if its name does not tell"},
    {"--source", "TEXT", "where the values come from, as `why` shows it [import FILE]"},
    {NULL, NULL, NULL},
};

void import_remark(struct import *im, int line, const char *why)
{
	struct wn_map_builder m = wn_map_begin(im->cli->arena);
	if (im->remarks.n == REMARKS) {
		im->remarks_more++;
		return;
	}
	wn_map_set(&m, "line", wn_int(line));
	wn_map_set(&m, "why", wn_string(wn_arena_str(im->cli->arena, wn_str_of(why))));
	*WN_PUSH(im->cli->arena, &im->remarks) = wn_map_end(&m);
}

static void refuse(struct import *im, int line, const char *why)
{
	im->counts[WN_IMPORT_REFUSED]++;
	import_remark(im, line, why);
}

/* --- the file -------------------------------------------------------------------------------- */
static bool has_ending(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);
	return n > m && strcmp(path + n - m, ending) == 0;
}

static int format_of(struct import *im, enum wn_format *out)
{
	const char *said = cli_value(im->cli, "--format");
	*out = has_ending(im->path, ".jsonl") || has_ending(im->path, ".ndjson") ? WN_FORMAT_JSONL
	       : has_ending(im->path, ".json")                                   ? WN_FORMAT_JSON
										 : WN_FORMAT_CSV;
	if (!said)
		return 0;
	if (!wn_format_from_text(wn_str_of(said), out) ||
	    (*out != WN_FORMAT_CSV && *out != WN_FORMAT_JSON && *out != WN_FORMAT_JSONL))
		return cli_error(im->cli, WN_EXIT_USAGE, "--format is csv, json or jsonl, not \"%s\"", said);
	return 0;
}

static int read_lines(struct import *im)
{
	struct wn_feed_options opt = {.items_max = LINES_MAX, .memory_max = (size_t)8 << 30};
	struct wn_err err = {0};
	struct wn_str text;
	int code = format_of(im, &opt.format);
	if (code == 0)
		code = cli_read_file(im->cli, im->path, (size_t)FILE_MAX_MIB << 20, &text);
	if (code)
		return code;
	enum wn_rc rc = wn_feed_read(text, &opt, im->cli->arena, &im->doc, &err);
	if (rc)
		return cli_error(im->cli, WN_EXIT_INVALID, "%s: %s", im->path,
				 strncmp(err.text, "no feed: ", 9) == 0 ? err.text + 9 : err.text);
	for (size_t i = 0; i < im->doc.rejects_n; i++)
		refuse(im, im->doc.rejects[i].line, im->doc.rejects[i].reason);
	im->counts[WN_IMPORT_REFUSED] += im->doc.rejects_more;
	im->remarks_more += im->doc.rejects_more;
	return 0;
}

/* --- one line -------------------------------------------------------------------------------- */
/* Numbers as spreadsheets write them: "1,200", "1 200", "51-200" and "10,001+" (at least so many). */
static struct wn_value plain_number(struct import *im, struct wn_value v)
{
	struct wn_str s = wn_text_trim(wn_value_str(v));
	char digits[40];
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool separator = (c == ',' || c == '\'' || c == ' ') && n && i + 3 < s.n + 0 &&
				 s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
		if (((c == '-' && n) || c == '+') && n)
			break;
		if (separator)
			continue;
		if (n + 1 >= sizeof(digits))
			return v;
		digits[n++] = c;
	}
	return wn_string(wn_arena_str(im->cli->arena, (struct wn_str){digits, n}));
}

static void take_trait(struct import *im, struct import_line *line, int trait, struct wn_value v)
{
	const struct wn_trait_def *d = wn_registry_trait(im->cli->book->registry, trait);
	struct wn_err err = {0};
	struct wn_value typed;
	if (v.kind == WN_STRING && (d->type == WN_ATTR_INT || d->type == WN_ATTR_DOUBLE))
		v = plain_number(im, v);
	if (wn_attr_coerce(d->type, d->enum_values, v, im->cli->arena, &typed, &err)) {
		import_remark(im, line->number,
			      wn_arena_printf(im->cli->arena, "%s is left out: %s", d->name, err.text));
		return;
	}
	if (typed.kind != WN_ABSENT)
		line->traits[line->n_traits++] = (struct wn_trait_pair){wn_str_of(d->name), typed};
}

/* Texts of a list, cut again by who expects several. */
static struct wn_str list_text(struct import *im, struct wn_value v)
{
	WN_CLEANUP(wn_buf_done) struct wn_buf b;
	wn_buf_init(&b, WN_TEXT_FIELD_MAX);
	for (uint32_t i = 0; i < v.n; i++)
		if (v.list[i].kind == WN_STRING)
			wn_buf_printf(&b, "%s" WN_STR_FMT, i ? "; " : "", WN_STR_ARG(wn_value_str(v.list[i])));
	return wn_text_one_line(wn_buf_slice(&b), 2000, im->cli->arena);
}

static struct wn_str field_text(struct import *im, struct wn_value v)
{
	if (v.kind == WN_LIST)
		return list_text(im, v);
	if (v.kind == WN_INT || v.kind == WN_DOUBLE)
		return wn_str_of(cli_value_text(im->cli, v));
	return v.kind == WN_STRING ? wn_text_one_line(wn_value_str(v), 500, im->cli->arena)
				   : (struct wn_str){NULL, 0};
}

static void read_line(struct import *im, const struct wn_item *item, struct import_line *line)
{
	*line = (struct import_line){.number = item->line ? item->line : (int)item->index + 1};
	line->traits = WN_NEW_N(im->cli->arena, struct wn_trait_pair, im->n_columns + 1);
	for (size_t i = 0; i < im->n_columns; i++) {
		const struct import_column *c = &im->columns[i];
		struct wn_value v = c->field >= 0 || c->trait >= 0 ? wn_value_get(item->value, c->header)
								   : (struct wn_value){0};
		if (v.kind == WN_ABSENT || v.kind == WN_NULL)
			continue;
		if (c->field >= 0)
			line->fields[c->field] = field_text(im, v);
		else
			take_trait(im, line, c->trait, v);
	}
}

/* --- blocks ---------------------------------------------------------------------------------- */
struct block {
	struct import *im;
	struct import_line lines[BLOCK];
	struct wn_import_row rows[BLOCK];
	size_t n;
};

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct block *b = ctx;
	return b->im->store(b->im, s, w, b->lines, b->n, b->rows, err);
}

static void done(void *ctx, struct wn_world *w)
{
	struct block *b = ctx;
	for (size_t i = 0; i < b->n; i++) {
		if (b->rows[i].how == WN_IMPORT_REFUSED)
			refuse(b->im, b->lines[i].number,
			       b->rows[i].why ? b->rows[i].why : "it cannot be used");
		else
			b->im->counts[b->rows[i].how]++;
	}
	for (size_t i = 0; i < w->changes.n && w->changes.n <= 20 && b->im->cli->terminal; i++)
		if (i == 0)
			cli_print_changes(b->im->cli, w);
}

static void progress(struct import *im, size_t at)
{
	struct wn_cli *cli = im->cli;
	if (!cli->terminal || cli->quiet || cli->json || im->doc.items_n < 2 * BLOCK)
		return;
	fprintf(cli->err, "\r[%s] %zu of %zu", cli_bar(cli, (double)at / (double)im->doc.items_n, 40), at,
		im->doc.items_n);
	if (at == im->doc.items_n)
		fputc('\n', cli->err);
}

static int store_block(struct import *im, struct block *b)
{
	struct wn_unit u = {.load = load, .done = done, .ctx = b};
	if (!b->n)
		return 0;
	int code = cli_unit(im->cli, &u);
	if (code)
		cli_hint(im->cli,
			 "lines before %d are stored; the same file may be imported again, what is there stays "
			 "as it is",
			 b->lines[0].number);
	b->n = 0;
	return code;
}

static int store_lines(struct import *im)
{
	struct block *b = WN_NEW(im->cli->arena, struct block);
	int code = 0;
	b->im = im;
	for (size_t i = 0; i < im->doc.items_n && code == 0; i++) {
		struct import_line *line = &b->lines[b->n];
		read_line(im, &im->doc.items[i], line);
		const char *why = im->prepare(im, line);
		if (why)
			refuse(im, line->number, why);
		else if (++b->n == BLOCK)
			code = store_block(im, b);
		if (i % BLOCK == 0)
			progress(im, i);
	}
	if (code == 0)
		code = store_block(im, b);
	progress(im, im->doc.items_n);
	return code;
}

/* --- provisional accounts that are known now ------------------------------------------------- */
static int merge_found(struct import *im)
{
	struct wn_cli *cli = im->cli;
	struct wn_intake_merge *found;
	struct wn_err err = {0};
	size_t n;
	enum wn_rc rc = wn_store_merge_candidates(cli->store, MERGES, cli->arena, &found, &n, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	for (size_t i = 0; i < n; i++) {
		struct wn_merge m = {found[i]};
		struct wn_unit merge = wn_merge_unit(&m), rematch = wn_rematch_unit(&m);
		int code = cli_unit(cli, &merge);
		if (code == 0)
			code = cli_unit(cli, &rematch);
		if (code)
			return code;
	}
	if (n)
		cli_say(cli, "%zu provisional %s %s merged into accounts of the same name", n,
			cli_plural((int64_t)n, "account", "accounts"), cli_plural((int64_t)n, "was", "were"));
	return 0;
}

/* --- results --------------------------------------------------------------------------------- */
static void show_rows(struct import *im)
{
	struct cli_column columns[IMPORT_FIELDS_MAX + 2] = {{"LINE", CLI_RIGHT}};
	struct cli_table t;
	size_t n = 1;
	for (size_t i = 0; i < im->n_fields; i++)
		columns[n++] = (struct cli_column){im->fields[i].target, CLI_CLIP};
	columns[n++] = (struct cli_column){"TRAITS", CLI_CLIP};
	cli_table_begin(&t, im->cli, columns, n);
	for (size_t i = 0; i < im->doc.items_n && i < SHOWN; i++) {
		const char *cells[IMPORT_FIELDS_MAX + 2];
		struct import_line line;
		struct wn_map_builder traits = wn_map_begin(im->cli->arena);
		read_line(im, &im->doc.items[i], &line);
		const char *why = im->prepare(im, &line);
		if (why)
			import_remark(im, line.number, why);
		cells[0] = wn_arena_printf(im->cli->arena, "%d", line.number);
		for (size_t k = 0; k < im->n_fields; k++)
			cells[k + 1] = cli_clean(im->cli, line.fields[k]);
		for (size_t k = 0; k < line.n_traits; k++)
			wn_map_put(&traits, line.traits[k].name, line.traits[k].v);
		cells[n - 1] = cli_attrs(im->cli, wn_map_end(&traits));
		cli_table_line(&t, cells);
	}
	fprintf(im->cli->out, "\nThe first %zu of %zu lines\n",
		im->doc.items_n < SHOWN ? im->doc.items_n : SHOWN, im->doc.items_n);
	cli_table_end(&t);
}

static void tell_remarks(struct import *im)
{
	for (size_t i = 0; i < im->remarks.n; i++)
		fprintf(im->cli->err, "%s:%lld: %s\n", im->path, (long long)row_int(im->remarks.v[i], "line"),
			row_text(im->cli, im->remarks.v[i], "why"));
	if (im->remarks_more)
		fprintf(im->cli->err, "... and %zu more\n", im->remarks_more);
}

static int report(struct import *im)
{
	struct wn_cli *cli = im->cli;
	static const char *const names[] = {"made", "changed", "same", "refused"};
	struct wn_map_builder m = wn_map_begin(cli->arena);
	for (size_t i = 0; i < WN_COUNT(names); i++)
		wn_map_set(&m, names[i], wn_int((int64_t)im->counts[i]));
	wn_map_set(&m, "remarks", wn_list(im->remarks.v, im->remarks.n));
	if (cli->json)
		cli_json(cli, wn_map_end(&m));
	else
		tell_remarks(im);
	cli_say(cli, "%zu made, %zu changed, %zu the same, %zu refused", im->counts[0], im->counts[1],
		im->counts[2], im->counts[3]);
	return im->counts[WN_IMPORT_REFUSED] ? WN_EXIT_NO : WN_EXIT_DONE;
}

static struct wn_str source_of(struct import *im)
{
	const char *said = cli_value(im->cli, "--source"), *slash = strrchr(im->path, '/');
	return wn_str_of(said ? said
			      : wn_arena_printf(im->cli->arena, "import %.100s", slash ? slash + 1 : im->path));
}

int import_run(struct import *im, const char *path)
{
	struct wn_cli *cli = im->cli;
	im->path = path;
	im->by = source_of(im);
	int code = cli_book(cli);
	if (code == 0)
		code = read_lines(im);
	if (code == 0)
		code = import_columns(im);
	if (code)
		return code;
	if (cli_flag(cli, "--dry-run")) {
		import_show_columns(im);
		show_rows(im);
		tell_remarks(im);
		return WN_EXIT_DONE;
	}
	code = store_lines(im);
	if (code == 0)
		code = merge_found(im);
	cli_nudge(cli);
	int told = report(im);
	return code ? code : told;
}
