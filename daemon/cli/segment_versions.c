/* SPDX-License-Identifier: MIT */
/*
 * `segment diff|export|clone`: what differs between versions, and texts out of the database. The text of a version is what
 * was applied, byte for byte, so what is exported can be applied again and says the same.
 */
#include "segment_backtest.h"
#include <unistd.h>
#include <whynow/limits.h>

/* --- differences ----------------------------------------------------------------------------- */
struct difference {
	const char *path;
	struct wn_value from, to; /* ABSENT: not there */
};
struct differ {
	struct wn_cli *cli;
	WN_VEC(struct difference) v;
};

static const char *in_map(struct differ *d, const char *path, struct wn_str key)
{
	return wn_arena_printf(d->cli->arena, "%s%s" WN_STR_FMT, path, *path ? "." : "", WN_STR_ARG(key));
}

static void compare(struct differ *d, const char *path, struct wn_value from, struct wn_value to);

static void compare_maps(struct differ *d, const char *path, struct wn_value from, struct wn_value to)
{
	for (uint32_t i = 0; i < from.n; i++) {
		struct wn_str key = wn_value_str(from.map[i].key);
		compare(d, in_map(d, path, key), from.map[i].value, wn_value_get(to, key));
	}
	for (uint32_t i = 0; i < to.n; i++) {
		struct wn_str key = wn_value_str(to.map[i].key);
		if (wn_value_get(from, key).kind == WN_ABSENT)
			compare(d, in_map(d, path, key), (struct wn_value){0}, to.map[i].value);
	}
}

static bool has_maps(struct wn_value list)
{
	return list.kind == WN_LIST && list.n && list.list[0].kind == WN_MAP;
}

/* Steps are numbered from 1, as everywhere. */
static void compare_lists(struct differ *d, const char *path, struct wn_value from, struct wn_value to)
{
	for (uint32_t i = 0; i < from.n || i < to.n; i++)
		compare(d, wn_arena_printf(d->cli->arena, "%s[%u]", path, i + 1), i < from.n ? from.list[i] : (struct wn_value){0},
			i < to.n ? to.list[i] : (struct wn_value){0});
}

static void compare(struct differ *d, const char *path, struct wn_value from, struct wn_value to)
{
	if (wn_value_eq(from, to))
		return;
	if (from.kind == WN_MAP && to.kind == WN_MAP)
		compare_maps(d, path, from, to);
	else if (has_maps(from) && has_maps(to) && strcmp(path, "tests") != 0)
		compare_lists(d, path, from, to);
	else
		*WN_PUSH(d->cli->arena, &d->v) = (struct difference){path, from, to};
}

/* "1209600s" is how a canonical definition writes a duration. */
static const char *value_text(struct wn_cli *cli, struct wn_value v)
{
	struct wn_str s = wn_value_str(v);
	size_t digits = 0;
	struct wn_buf b;
	if (v.kind == WN_ABSENT)
		return "-";
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	int64_t seconds;
	if (s.n > 1 && digits == s.n - 1 && s.p[digits] == 's' &&
	    cli_int_parse(wn_arena_strdup(cli->arena, (struct wn_str){s.p, digits}), &seconds))
		return cli_span(cli, seconds * WN_SECOND);
	if (s.p)
		return wn_arena_strdup(cli->arena, s);
	wn_buf_init(&b, 1 << 20);
	wn_json_write(&b, v);
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

static void print_side(struct wn_cli *cli, const char *mark, const char *text)
{
	struct wn_str rest = wn_str_of(text);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		fprintf(cli->out, "    %s %s\n", mark, cli_clean(cli, (struct wn_str){rest.p, n}));
		n += end != NULL;
		rest = (struct wn_str){rest.p + n, rest.n - n};
	}
}

static void print_difference(struct wn_cli *cli, const struct difference *d)
{
	const char *from = value_text(cli, d->from), *to = value_text(cli, d->to);
	if (strcmp(d->path, "tests") == 0) {
		fprintf(cli->out, "  tests: changed\n");
	} else if (strlen(from) + strlen(to) < 70 && !strchr(from, '\n') && !strchr(to, '\n')) {
		fprintf(cli->out, "  %s: %s -> %s\n", d->path, cli_clean(cli, wn_str_of(from)), cli_clean(cli, wn_str_of(to)));
	} else {
		fprintf(cli->out, "  %s:\n", d->path);
		print_side(cli, "-", d->from.kind == WN_ABSENT ? "" : from);
		print_side(cli, "+", d->to.kind == WN_ABSENT ? "" : to);
	}
}

/* --- what is compared ------------------------------------------------------------------------ */
struct side {
	const char *name, *label;
	int64_t version; /* 0: not published */
	struct wn_value definition;
};

static struct wn_value definition_of(struct wn_cli *cli, const struct wn_segment *s)
{
	struct wn_value v = wn_null();
	struct wn_buf b;
	wn_buf_init(&b, 4 << 20);
	wn_segment_to_json(s, &b);
	if (wn_json_parse(wn_buf_slice(&b), NULL, cli->arena, &v, NULL))
		v = wn_null();
	wn_buf_done(&b);
	return v;
}

/* Compiled again, so that defaults read alike; what does not compile any more is taken as it was stored. */
static int published_side(struct wn_cli *cli, const char *name, int64_t version, struct side *out)
{
	struct wn_segment_options opt = wn_book_segment_options(cli->book);
	struct wn_segment *s;
	struct wn_value row;
	int code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(name), wn_pg_int4((int32_t)version)), &row);
	if (code == WN_EXIT_NOT_FOUND)
		return cli_no_segment(cli, name, version);
	if (code)
		return code;
	out->name = name;
	out->version = row_int(row, "version");
	out->label = wn_arena_printf(cli->arena, "version %lld", (long long)out->version);
	out->definition = wn_value_at(row, "definition");
	opt.channels = NULL;
	opt.others = NULL;
	opt.others_by_name = NULL;
	opt.published_us = row_us(row, "published_at");
	if (wn_segment_parse(wn_value_str(wn_value_at(row, "source")), name, 0, &opt, &s, NULL, 0, NULL, NULL) == WN_OK) {
		out->definition = definition_of(cli, s);
		wn_segment_free(s);
	}
	return 0;
}

static int print_effect(struct wn_cli *cli, const struct side *to)
{
	struct cli_rows rows;
	int code = cli_read(cli, "campaigns", WN_PARAMS(wn_pg_text(to->name), wn_pg_bool(false), wn_pg_int8(1000)), &rows);
	size_t n = 0;
	for (size_t i = 0; code == 0 && i < rows.n; i++) {
		struct wn_value c = rows.v[i];
		if (strcmp(row_text(cli, c, "state"), "open") != 0 || row_int(c, "version") == to->version)
			continue;
		fprintf(cli->out, "  campaign %s of version %s, %s live: goes to finishing, takes no new members, keeps its goal\n",
			cli_campaign_id(cli, row_id(c, "campaign_id")), row_text(cli, c, "version"), row_text(cli, c, "live_members"));
		n++;
	}
	if (n)
		cli_say(cli, "  --migrate of `segment apply` moves their steps that are not planned yet, and the exit policy");
	return code;
}

static struct wn_value differences_value(struct wn_cli *cli, const struct differ *d)
{
	struct wn_value *v = WN_NEW_N(cli->arena, struct wn_value, d->v.n + 1);
	for (size_t i = 0; i < d->v.n; i++) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "field", wn_cstring(d->v.v[i].path));
		wn_map_set(&m, "from", d->v.v[i].from.kind == WN_ABSENT ? wn_null() : d->v.v[i].from);
		wn_map_set(&m, "to", d->v.v[i].to.kind == WN_ABSENT ? wn_null() : d->v.v[i].to);
		v[i] = wn_map_end(&m);
	}
	return wn_list(v, d->v.n);
}

static int show_difference(struct wn_cli *cli, const struct side *from, const struct side *to, bool effect, bool *some)
{
	struct differ d = {.cli = cli};
	compare(&d, "", from->definition, to->definition);
	*some |= d.v.n != 0;
	if (cli->json) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "segment", wn_cstring(from->name));
		wn_map_set(&m, "from", wn_cstring(from->label));
		wn_map_set(&m, "to", wn_cstring(to->label));
		wn_map_set(&m, "differences", differences_value(cli, &d));
		cli_json(cli, wn_map_end(&m));
		return 0;
	}
	fprintf(cli->out, "%s: %s -> %s%s\n", to->name, from->label, to->label, d.v.n ? "" : ": no difference");
	for (size_t i = 0; i < d.v.n; i++)
		print_difference(cli, &d.v.v[i]);
	return effect && d.v.n ? print_effect(cli, to) : 0;
}

static int diff_file(struct wn_cli *cli, const char *path, bool *some)
{
	struct segment_documents *f;
	int code = cli_segments_open(cli, path, &f);
	for (size_t i = 0; code == 0 && i < cli_segments_count(f); i++) {
		const struct wn_segment *s = cli_segments_at(f, i);
		struct side from, to = {s->name, path, 0, definition_of(cli, s)};
		struct wn_value row;
		int there = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(s->name), wn_pg_int4(0)), &row);
		if (there == WN_EXIT_NOT_FOUND) {
			cli_say(cli, "%s: new", s->name);
			*some = true;
			continue;
		}
		code = published_side(cli, s->name, 0, &from);
		if (code == 0)
			code = show_difference(cli, &from, &to, true, some);
	}
	cli_segments_close(f);
	return code;
}

static int diff_versions(struct wn_cli *cli, int argc, char **argv, bool *some)
{
	int64_t versions[2] = {0, 0};
	struct side from, to;
	for (int i = 1; i < argc; i++)
		if (!cli_int_parse(argv[i], &versions[i - 1]) || versions[i - 1] < 1 || versions[i - 1] > INT32_MAX)
			return cli_error(cli, WN_EXIT_USAGE, "%s is no version", argv[i]);
	int code = published_side(cli, argv[0], versions[1], &to);
	if (code == 0 && argc == 1 && to.version == 1)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "segment %s has one version only", argv[0]);
	if (code == 0)
		code = published_side(cli, argv[0], argc > 1 ? versions[0] : to.version - 1, &from);
	return code ? code : show_difference(cli, &from, &to, argc < 3, some);
}

static int run_diff(struct wn_cli *cli, int argc, char **argv)
{
	bool some = false;
	int code = cli_book(cli);
	if (code)
		return code;
	bool file = strcmp(argv[0], "-") == 0 || strchr(argv[0], '/') || access(argv[0], R_OK) == 0;
	if (file && argc > 1)
		return cli_error(cli, WN_EXIT_USAGE, "a file is compared with what is published; versions are for a name");
	code = file ? diff_file(cli, argv[0], &some) : diff_versions(cli, argc, argv, &some);
	return code ? code : some ? WN_EXIT_NO : WN_EXIT_DONE;
}

const struct wn_command command_segment_diff = {
    .name = "segment diff",
    .args = "FILE | NAME [FROM [TO]]",
    .min_args = 1,
    .max_args = 3,
    .summary = "what a file, or a version, changes; and which campaigns would take no new members",
    .more = "FILE is compared with what is published. NAME alone: the newest version with the one before; FROM and TO are numbers of "
	    "versions. Field by field, defaults written out. Exit code 1 if there is a difference.",
    .run = run_diff,
};

/* --- export ---------------------------------------------------------------------------------- */
struct export {
	struct wn_cli *cli;
	struct wn_sequence *sequences;
	bool *done; /* of each */
	size_t n_sequences;
	bool some;
};

static void begin_document(struct export *x)
{
	fputs(x->some ? "---\n" : "", x->cli->out);
	x->some = true;
}

/* The version of a stored sequence that a segment took, once, before the segment. */
static void export_sequence(struct export *x, struct wn_str source, int64_t published_us)
{
	struct wn_yaml_docs docs;
	struct wn_value v;
	struct wn_buf b;
	size_t best = x->n_sequences;
	if (wn_yaml_parse(source, "segment", x->cli->arena, &docs, NULL) || docs.n == 0)
		return;
	const struct wn_yaml_node *name = wn_yaml_get(docs.v[0].root, "sequence");
	for (size_t i = 0; name && name->kind == WN_YAML_SCALAR && i < x->n_sequences; i++)
		if (wn_str_eq(x->sequences[i].name, name->text) && x->sequences[i].published_us <= published_us)
			best = i; /* by name and version */
	if (best == x->n_sequences || x->done[best] || wn_json_parse(x->sequences[best].text, NULL, x->cli->arena, &v, NULL))
		return;
	x->done[best] = true;
	begin_document(x);
	wn_buf_init(&b, 4 << 20);
	wn_yaml_write(&b, v);
	fprintf(x->cli->out, "%.*s", (int)b.n, b.p);
	wn_buf_done(&b);
}

static int export_one(struct export *x, const char *name)
{
	struct wn_cli *cli = x->cli;
	struct wn_value row;
	int code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(name), wn_pg_int4(0)), &row);
	if (code == WN_EXIT_NOT_FOUND)
		return cli_no_segment(cli, name, 0);
	if (code)
		return code;
	struct wn_str source = wn_value_str(wn_value_at(row, "source"));
	export_sequence(x, source, row_us(row, "published_at"));
	begin_document(x);
	fprintf(cli->out, "%.*s%s", (int)source.n, source.p, source.n && source.p[source.n - 1] == '\n' ? "" : "\n");
	return 0;
}

static int run_export(struct wn_cli *cli, int argc, char **argv)
{
	struct cli_rows rows = {0};
	struct export x = {.cli = cli};
	struct wn_err err = {0};
	int code = cli_connect(cli);
	enum wn_rc rc = code ? WN_OK : wn_store_sequences(cli->store, cli->arena, &x.sequences, &x.n_sequences, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	x.done = WN_NEW_N(cli->arena, bool, x.n_sequences + 1);
	if (code == 0 && argc == 0)
		code = cli_read(cli, "segments", WN_PARAMS(wn_pg_bool(false)), &rows);
	for (int i = 0; code == 0 && i < argc; i++)
		code = export_one(&x, argv[i]);
	for (size_t i = 0; code == 0 && i < rows.n; i++)
		code = export_one(&x, wn_arena_strdup(cli->arena, wn_value_str(wn_value_at(rows.v[i], "segment"))));
	return code;
}

const struct wn_command command_segment_export = {
    .name = "segment export",
    .args = "[NAME]...",
    .max_args = -1,
    .summary = "the texts of segments as they were applied, to be applied again",
    .more = "All that are not withdrawn, or those named, as documents of one file on the standard output. Applying it changes nothing.",
    .run = run_export,
};

/* --- clone ----------------------------------------------------------------------------------- */
struct edit {
	size_t at, n; /* bytes of the source that are replaced */
	const char *with;
};

/* Where the text of a scalar stands in the source; false if it cannot be told (an alias, an escape). */
static bool find_text(struct wn_str source, const struct wn_yaml_node *n, struct edit *e)
{
	size_t at = 0;
	for (int line = 1; line < n->text_line; line++) {
		const char *end = memchr(source.p + at, '\n', source.n - at);
		if (!end)
			return false;
		at = (size_t)(end - source.p) + 1;
	}
	for (int column = 1; column < n->text_column && at < source.n; column++)
		do
			at++;
		while (at < source.n && ((unsigned char)source.p[at] & 0xc0) == 0x80);
	e->at = at;
	e->n = n->text.n;
	return at + n->text.n <= source.n && memcmp(source.p + at, n->text.p, n->text.n) == 0;
}

static bool plan_edit(struct wn_str source, const struct wn_yaml_node *root, const char *key, const char *with, struct edit *e)
{
	const struct wn_yaml_node *n = wn_yaml_get(root, key);
	*e = (struct edit){.with = with};
	return !n || find_text(source, n, e);
}

/* The same text under another name, in shadow: comments and lay-out stay. */
static int renamed(struct wn_cli *cli, struct wn_str source, const char *name, struct wn_str *out)
{
	struct wn_yaml_docs docs;
	struct wn_err err = {0};
	struct edit edits[2], swap;
	struct wn_buf b;
	enum wn_rc rc = wn_yaml_parse(source, "segment", cli->arena, &docs, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	if (!plan_edit(source, docs.v[0].root, "segment", name, &edits[0]) || !plan_edit(source, docs.v[0].root, "mode", "shadow", &edits[1]))
		return cli_error(cli, WN_EXIT_INVALID, "the name cannot be found in the text; export it and change it by hand");
	if (edits[1].n && edits[1].at < edits[0].at) {
		swap = edits[0];
		edits[0] = edits[1];
		edits[1] = swap;
	}
	size_t at = 0;
	wn_buf_init(&b, WN_CONF_FILE_MAX);
	for (size_t i = 0; i < 2; i++) {
		if (!edits[i].n)
			continue; /* no `mode`: shadow is the default */
		wn_buf_add(&b, source.p + at, edits[i].at - at);
		wn_buf_text(&b, edits[i].with);
		at = edits[i].at + edits[i].n;
	}
	wn_buf_add(&b, source.p + at, source.n - at);
	wn_buf_char(&b, '\n');
	*out = wn_arena_str(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return 0;
}

static int run_clone(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct wn_value row, other;
	struct wn_str text;
	int code = cli_book(cli);
	if (code == 0)
		code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(argv[0]), wn_pg_int4(0)), &row);
	if (code == WN_EXIT_NOT_FOUND)
		return cli_no_segment(cli, argv[0], 0);
	if (code)
		return code;
	if (!wn_yaml_is_name(wn_str_of(argv[1])))
		return cli_error(cli, WN_EXIT_USAGE, "\"%s\" is no name: letters, digits, - . and _, at most 63", argv[1]);
	code = cli_read_one(cli, "segment", WN_PARAMS(wn_pg_text(argv[1]), wn_pg_int4(0)), &other);
	if (code == 0)
		return cli_error(cli, WN_EXIT_REFUSED, "segment %s is there already", argv[1]);
	if (code == WN_EXIT_NOT_FOUND)
		code = renamed(cli, wn_value_str(wn_value_at(row, "source")), argv[1], &text);
	if (code)
		return code;
	if (cli_flag(cli, "--print")) {
		fprintf(cli->out, "%.*s", (int)text.n, text.p);
		return WN_EXIT_DONE;
	}
	return cli_segments_apply(cli, argv[1], text);
}

static const struct wn_cli_option clone_options[] = {
    {"--print", NULL, "only print the text; nothing is published"},
    {NULL, NULL, NULL},
};
const struct wn_command command_segment_clone = {
    .name = "segment clone",
    .args = "NAME NEW",
    .min_args = 2,
    .max_args = 2,
    .summary = "publish a copy of a segment under another name, in shadow",
    .more = "The copy opens shadow campaigns only, until it is applied with another mode: export it, change it, apply it.",
    .options = clone_options,
    .run = run_clone,
};
