/* SPDX-License-Identifier: MIT */
/*
 * YAML text to a tree with positions, by the events of libfyaml (its only user).
 *
 * Events rather than libfyaml's documents: anchors, aliases and tags are refused as they come, depth and nodes
 * are counted before anything is built, and a stream of several documents is read whole. What a key means is
 * not known here.
 */
#include <stdlib.h>

#include <libfyaml.h>

#include <whynow/limits.h>
#include <whynow/text.h>
#include <whynow/yaml.h>

#include "parts.h"

struct frame {
	struct wn_yaml_node *node;
	struct wn_yaml_node *key; /* mapping: read, its value not yet */
	WN_VEC(struct wn_yaml_node *) items;
	WN_VEC(struct wn_yaml_pair) pairs;
};

struct reader {
	struct wn_str text;
	const char *file;
	struct wn_arena *arena;
	struct wn_err *err;
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct frame stack[WN_CONF_DEPTH_MAX];
	size_t depth, nodes;
	size_t last_end; /* byte after the last scalar: block headers are looked for behind it */
	struct wn_yaml_node *root;
	bool ended;
	WN_VEC(struct wn_yaml_doc) docs;
	WN_VEC(size_t) starts; /* bytes of the documents, parallel to docs */
	size_t doc_start;      /* of the current one, behind its --- */
	WN_VEC(size_t) ends;
};

static struct wn_place place_of(const struct reader *r, const struct fy_mark *m)
{
	return m ? (struct wn_place){r->file, m->line + 1, m->column + 1} : (struct wn_place){r->file, 0, 0};
}

/* Of what has a sign before its token (quotes, & and !). */
static struct wn_place place_before(const struct reader *r, struct fy_token *t)
{
	struct wn_place at = place_of(r, fy_token_start_mark(t));
	at.column -= at.column > 1;
	return at;
}

static enum wn_rc fail_mark(struct reader *r, const struct fy_mark *m, enum wn_rc rc, const char *text)
{
	return wn_fail_at(r->err, rc, place_of(r, m), "%s", text);
}

/* --- scalars ------------------------------------------------------------------------------------------ */

static size_t line_start(struct wn_str text, size_t at)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

/* The mark of a block scalar is its first line; the node begins at the | or > of the line before. */
static void find_block_header(const struct reader *r, size_t content, struct wn_yaml_node *n)
{
	size_t end = line_start(r->text, content);

	if (end == 0)
		return;
	size_t start = line_start(r->text, end - 1), from = r->last_end > start ? r->last_end : start;

	for (size_t i = from; i < end; i++)
		if (r->text.p[i] == '|' || r->text.p[i] == '>') {
			n->line--;
			n->column = (int)wn_text_chars((struct wn_str){r->text.p + start, i - start}) + 1;
			return;
		}
}

static size_t blanks(struct wn_str s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

static struct wn_str next_line(struct wn_str *rest)
{
	const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = lf ? (size_t)(lf - rest->p) : rest->n;
	struct wn_str line = {rest->p, n};

	n += lf ? 1 : 0;
	*rest = (struct wn_str){rest->p + n, rest->n - n};
	return line;
}

/* Indentation that was taken off a literal block: blanks in the file less blanks kept, on its first line with
 * text. */
static int block_indent(struct wn_str file, struct wn_str text)
{
	while (text.n && file.n) {
		struct wn_str t = next_line(&text), f = next_line(&file);
		if (blanks(t) < t.n)
			return (int)(blanks(f) - blanks(t));
	}
	return 0;
}

static void place_text(struct reader *r, const struct fy_mark *m, struct wn_yaml_node *n)
{
	n->text_line = n->line;
	n->text_column = n->column;
	if (n->style == WN_YAML_SINGLE || n->style == WN_YAML_DOUBLE) {
		n->column--; /* libfyaml's mark is behind the quote */
	} else if (n->style == WN_YAML_LITERAL || n->style == WN_YAML_FOLDED) {
		struct wn_str file = {r->text.p + m->input_pos, r->text.n - m->input_pos};
		n->text_column =
			1 + (n->style == WN_YAML_LITERAL ? block_indent(file, n->text) : (int)blanks(file));
		find_block_header(r, m->input_pos, n);
	}
}

/* Whoever looks for a place in the text has to read along. */
static void keep_raw(const struct reader *r, const struct fy_mark *m, const struct fy_mark *end, struct wn_yaml_node *n)
{
	size_t from = m->input_pos, bytes = end && end->input_pos > from ? end->input_pos - from : 0;
	bool folds = n->style != WN_YAML_LITERAL && memchr(r->text.p + from, '\n', bytes),
	     escapes = (n->style == WN_YAML_SINGLE && memchr(n->text.p, '\'', n->text.n)) ||
		       (n->style == WN_YAML_DOUBLE && memchr(r->text.p + from, '\\', bytes));
	if (!folds && !escapes)
		return;
	struct wn_str *raw = WN_NEW(r->arena, struct wn_str);
	*raw = (struct wn_str){r->text.p + from, r->text.n - from};
	size_t indent = n->style == WN_YAML_FOLDED ? blanks(*raw) : 0;
	*raw = (struct wn_str){raw->p + indent, raw->n - indent};
	n->raw = raw;
}

static enum wn_yaml_style scalar_style(struct fy_token *token)
{
	switch (fy_scalar_token_get_style(token)) {
	case FYSS_SINGLE_QUOTED: return WN_YAML_SINGLE;
	case FYSS_DOUBLE_QUOTED: return WN_YAML_DOUBLE;
	case FYSS_LITERAL: return WN_YAML_LITERAL;
	case FYSS_FOLDED: return WN_YAML_FOLDED;
	default: return WN_YAML_PLAIN;
	}
}

static bool is_plain_ascii(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x7f || (c < 0x20 && c != '\n' && c != '\t'))
			return false;
	}
	return true;
}

/* Bytes of a scalar between its marks; for quoted ones the quotes must stand around them. */
static bool raw_bytes(const struct reader *r, const struct fy_mark *from, const struct fy_mark *to, char quote,
		      struct wn_str *out)
{
	if (!from || !to || to->input_pos < from->input_pos || to->input_pos >= r->text.n ||
	    from->input_pos == 0 || r->text.p[from->input_pos - 1] != quote ||
	    r->text.p[to->input_pos] != quote)
		return false;
	*out = (struct wn_str){r->text.p + from->input_pos, to->input_pos - from->input_pos};
	return true;
}

static bool decode(struct reader *r, struct fy_event *e, enum wn_yaml_style style, struct wn_str *out)
{
	const struct fy_mark *m = fy_event_start_mark(e), *end = fy_event_end_mark(e);
	char quote = style == WN_YAML_SINGLE ? '\'' : '"';
	struct wn_str raw;

	if (style == WN_YAML_SINGLE || style == WN_YAML_DOUBLE)
		return raw_bytes(r, m, end, quote, &raw) && wn_conf_unquote(raw, quote, r->arena, out);
	if (m && end && end->input_pos == m->input_pos) { /* 0.7.12 gives a NUL for an empty block at the end */
		*out = (struct wn_str){"", 0};
		return true;
	}
	out->p = fy_token_get_text(e->scalar.value, &out->n);
	return out->p != NULL;
}

static enum wn_rc scalar_text(struct reader *r, struct fy_event *e, struct wn_yaml_node *n)
{
	const struct fy_mark *m = fy_event_start_mark(e);
	struct wn_str s = {"", 0};
	struct wn_err bad = {0};

	n->style = e->scalar.value ? scalar_style(e->scalar.value) : WN_YAML_PLAIN;
	if (e->scalar.value && !decode(r, e, n->style, &s))
		return fail_mark(r, m, WN_INVALID, "unreadable scalar");
	if (s.n > WN_CONF_TEXT_MAX)
		return wn_fail_at(r->err, WN_LIMIT, place_of(r, m), "a text of %zu bytes; at most %u are read",
				  s.n, WN_CONF_TEXT_MAX);
	if (is_plain_ascii(s)) {
		n->text = wn_arena_str(r->arena, s);
		return WN_OK;
	}
	if (memchr(s.p, 0, s.n))
		return fail_mark(r, m, WN_INVALID, "a NUL character (\\0) cannot stand in a text");
	enum wn_rc rc = wn_text_from_bytes(s, WN_CONF_TEXT_MAX, r->arena, &n->text, &bad);
	return rc == WN_OK ? rc : wn_fail_at(r->err, rc, place_of(r, m), "%s", bad.text);
}

/* --- building the tree -------------------------------------------------------------------------------- */

static struct wn_yaml_node *new_node(struct reader *r, const struct fy_mark *m, enum wn_yaml_kind kind)
{
	struct wn_yaml_node *n = WN_NEW(r->arena, struct wn_yaml_node);
	struct wn_place at = place_of(r, m);

	n->kind = kind;
	n->file = r->file;
	n->line = at.line;
	n->column = at.column;
	return n;
}

static enum wn_rc accept_key(struct reader *r, struct frame *f, struct wn_yaml_node *n)
{
	if (n->kind != WN_YAML_SCALAR)
		return wn_fail_at(r->err, WN_INVALID, wn_yaml_place(n), "a key must be a plain word, not %s",
				  wn_yaml_what(n));
	if (n->style == WN_YAML_PLAIN && wn_str_is(n->text, "<<"))
		return wn_fail_at(r->err, WN_INVALID, wn_yaml_place(n),
				  "merge keys (<<) are not supported: write the keys out");
	f->key = n;
	return WN_OK;
}

static enum wn_rc attach(struct reader *r, struct wn_yaml_node *n)
{
	if (++r->nodes > WN_CONF_NODES_MAX)
		return wn_fail_at(r->err, WN_LIMIT, wn_yaml_place(n), "more than %d nodes", WN_CONF_NODES_MAX);
	if (r->depth == 0) {
		r->root = n;
		return WN_OK;
	}
	struct frame *f = &r->stack[r->depth - 1];
	if (f->node->kind == WN_YAML_SEQUENCE) {
		*WN_PUSH(r->arena, &f->items) = n;
	} else if (!f->key) {
		return accept_key(r, f, n);
	} else {
		*WN_PUSH(r->arena, &f->pairs) = (struct wn_yaml_pair){f->key, n};
		f->key = NULL;
	}
	return WN_OK;
}

static enum wn_rc on_scalar(struct reader *r, struct fy_event *e)
{
	const struct fy_mark *m = fy_event_start_mark(e);
	struct fy_mark none = {.input_pos = r->last_end};

	if (!m) { /* an empty value has no place of its own: that of its key serves */
		struct wn_yaml_node *key = r->depth ? r->stack[r->depth - 1].key : NULL;
		none.line = key ? key->line - 1 : 0;
		none.column = key ? key->column - 1 : 0;
		m = &none;
	}
	struct wn_yaml_node *n = new_node(r, m, WN_YAML_SCALAR);
	enum wn_rc rc = scalar_text(r, e, n);

	if (rc)
		return rc;
	place_text(r, m, n);
	const struct fy_mark *end = fy_event_end_mark(e);
	if (end) {
		keep_raw(r, m, end, n);
		r->last_end = end->input_pos;
	}
	return attach(r, n);
}

static enum wn_rc on_start(struct reader *r, struct fy_event *e, enum wn_yaml_kind kind)
{
	const struct fy_mark *m = fy_event_start_mark(e);
	struct wn_yaml_node *n = new_node(r, m, kind);
	enum wn_rc rc;

	n->style = fy_event_get_node_style(e) == FYNS_FLOW ? WN_YAML_FLOW : WN_YAML_BLOCK;
	if (r->depth == WN_CONF_DEPTH_MAX)
		return wn_fail_at(r->err, WN_LIMIT, place_of(r, m), "nested deeper than %d", WN_CONF_DEPTH_MAX);
	if ((rc = attach(r, n)))
		return rc;
	r->stack[r->depth++] = (struct frame){.node = n};
	return WN_OK;
}

static int by_key(const void *a, const void *b)
{
	const struct wn_yaml_node *x = (*(const struct wn_yaml_pair *const *)a)->key,
				  *y = (*(const struct wn_yaml_pair *const *)b)->key;
	int c = wn_str_cmp(x->text, y->text);

	if (c)
		return c;
	return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
				  : (x->column > y->column) - (x->column < y->column);
}

static enum wn_rc refuse_duplicates(struct reader *r, const struct frame *f)
{
	const struct wn_yaml_pair **sorted = WN_NEW_N(r->arena, const struct wn_yaml_pair *, f->pairs.n + 1);

	for (size_t i = 0; i < f->pairs.n; i++)
		sorted[i] = &f->pairs.v[i];
	qsort(sorted, f->pairs.n, sizeof(*sorted), by_key);
	for (size_t i = 1; i < f->pairs.n; i++) {
		const struct wn_yaml_node *first = sorted[i - 1]->key, *again = sorted[i]->key;
		if (wn_str_eq(first->text, again->text))
			return wn_fail_at(r->err, WN_INVALID, wn_yaml_place(again),
					  "key \"" WN_STR_FMT "\" is given twice (first in line %d)",
					  WN_STR_ARG(again->text), first->line);
	}
	return WN_OK;
}

static enum wn_rc on_end(struct reader *r)
{
	struct frame *f = &r->stack[--r->depth];

	if (f->node->kind == WN_YAML_SEQUENCE) {
		f->node->items = f->items.v;
		f->node->n = f->items.n;
		return WN_OK;
	}
	f->node->pairs = f->pairs.v;
	f->node->n = f->pairs.n;
	return refuse_duplicates(r, f);
}

/* --- documents and events ----------------------------------------------------------------------------- */

static void on_document_start(struct reader *r, struct fy_event *e)
{
	const struct fy_mark *m = fy_event_start_mark(e), *end = fy_event_end_mark(e);

	r->root = NULL;
	if (m) { /* explicit: whatever stood before belongs to the document before */
		if (r->ends.n && r->ends.v[r->ends.n - 1] == r->text.n)
			r->ends.v[r->ends.n - 1] = m->input_pos;
		r->doc_start = end ? end->input_pos : m->input_pos;
	}
}

static void on_document_end(struct reader *r)
{
	size_t start = r->doc_start;

	r->doc_start = r->last_end;
	if (!r->root || wn_yaml_is_null(r->root))
		return;
	*WN_PUSH(r->arena, &r->starts) = start;
	*WN_PUSH(r->arena, &r->ends) = r->text.n;
	*WN_PUSH(r->arena, &r->docs) = (struct wn_yaml_doc){.root = r->root};
}

static enum wn_rc refuse_decoration(struct reader *r, struct fy_event *e)
{
	if (e->type == FYET_ALIAS)
		return wn_fail_at(r->err, WN_INVALID, place_before(r, fy_event_get_token(e)),
				  "aliases (*name) are not supported: write the value out");
	struct fy_token *anchor = fy_event_get_anchor_token(e), *tag = fy_event_get_tag_token(e);
	if (anchor)
		return wn_fail_at(r->err, WN_INVALID, place_before(r, anchor),
				  "anchors (&name) are not supported: write the value out");
	if (tag)
		return wn_fail_at(r->err, WN_INVALID, place_of(r, fy_token_start_mark(tag)),
				  "tags (!name) are not supported: the key says what type is expected");
	return WN_OK;
}

static enum wn_rc on_event(struct reader *r, struct fy_event *e)
{
	enum wn_rc rc = refuse_decoration(r, e);

	if (rc)
		return rc;
	switch (e->type) {
	case FYET_SCALAR: return on_scalar(r, e);
	case FYET_MAPPING_START: return on_start(r, e, WN_YAML_MAPPING);
	case FYET_SEQUENCE_START: return on_start(r, e, WN_YAML_SEQUENCE);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END: return on_end(r);
	case FYET_DOCUMENT_START: on_document_start(r, e); return WN_OK;
	case FYET_DOCUMENT_END: on_document_end(r); return WN_OK;
	case FYET_STREAM_END: r->ended = true; return WN_OK;
	default: return WN_OK;
	}
}

/* libfyaml's own words, at its own place, with a hint for the mistake everybody makes. */
static enum wn_rc syntax_error(struct reader *r)
{
	void *at = NULL;
	const struct fy_diag_error *e = fy_diag_errors_iterate(r->diag, &at);

	if (!e || !e->msg)
		return wn_fail_at(r->err, WN_INVALID, (struct wn_place){r->file, 0, 0}, "not YAML");
	struct wn_place where = {r->file, e->line > 0 ? e->line : 0, e->column > 0 ? e->column : 0};
	struct wn_str rest = r->text, line = {"", 0};
	for (int i = 0; i < where.line && rest.n; i++)
		line = next_line(&rest);
	bool tab = line.n && memchr(line.p, '\t', line.n);
	return wn_fail_at(r->err, WN_INVALID, where, "not YAML: %s%s", e->msg,
			  tab ? " (this line holds a tab: YAML is indented with blanks)" : "");
}

static enum wn_rc read_events(struct reader *r)
{
	for (;;) {
		struct fy_event *e = fy_parser_parse(r->parser);
		if (!e)
			break;
		enum wn_rc rc = on_event(r, e);
		fy_parser_event_free(r->parser, e);
		if (rc)
			return rc;
	}
	return r->ended && !fy_parser_get_stream_error(r->parser) ? WN_OK : syntax_error(r);
}

/* libfyaml reads a whole flow collection ahead and needs 100 bytes for a bracket: count them first. */
static enum wn_rc check_ceilings(struct reader *r)
{
	size_t brackets = 0;

	if (r->text.n > WN_CONF_FILE_MAX)
		return wn_fail_at(r->err, WN_LIMIT, (struct wn_place){r->file, 0, 0},
				  "%zu bytes; at most %u are read", r->text.n, WN_CONF_FILE_MAX);
	if (r->text.n && memchr(r->text.p, 0, r->text.n))
		return wn_fail_at(r->err, WN_INVALID, (struct wn_place){r->file, 0, 0},
				  "a NUL byte: not a text file");
	if (!wn_text_is_utf8(r->text))
		return wn_fail_at(r->err, WN_INVALID, (struct wn_place){r->file, 0, 0}, "not UTF-8");
	for (size_t i = 0; i < r->text.n; i++)
		brackets += r->text.p[i] == '[' || r->text.p[i] == '{' || r->text.p[i] == ',';
	if (brackets > WN_CONF_NODES_MAX)
		return wn_fail_at(r->err, WN_LIMIT, (struct wn_place){r->file, 0, 0},
				  "more than %d brackets and commas", WN_CONF_NODES_MAX);
	return WN_OK;
}

static enum wn_rc open_parser(struct reader *r)
{
	struct fy_diag_cfg diag;

	fy_diag_cfg_default(&diag);
	diag.fp = NULL;
	diag.level = FYET_ERROR;
	diag.colorize = false;
	r->diag = fy_diag_create(&diag);
	if (!r->diag)
		return wn_fail(r->err, WN_AGAIN, "no memory for a YAML parser");
	fy_diag_set_collect_errors(r->diag, true);
	struct fy_parse_cfg cfg = {.flags = FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2, .diag = r->diag};
	r->parser = fy_parser_create(&cfg);
	if (!r->parser || fy_parser_set_string(r->parser, r->text.p, r->text.n))
		return wn_fail(r->err, WN_AGAIN, "no memory for a YAML parser");
	return WN_OK;
}

static void close_parser(struct reader *r)
{
	if (r->parser)
		fy_parser_destroy(r->parser);
	if (r->diag)
		fy_diag_destroy(r->diag);
}

/* libfyaml 0.7.12 leaves NUL bytes in block scalars of CR LF texts; YAML reads every line break as LF anyway.
 */
static struct wn_str line_feeds_only(struct wn_str text, struct wn_arena *a)
{
	if (!text.n || text.n > WN_CONF_FILE_MAX || !memchr(text.p, '\r', text.n))
		return text;
	char *p = wn_arena_alloc(a, text.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && i > 0 && text.p[i - 1] == '\r')
			continue;
		p[n++] = text.p[i] == '\r' ? '\n' : text.p[i];
	}
	return (struct wn_str){p, n};
}

enum wn_rc wn_yaml_parse(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out,
			 struct wn_err *err)
{
	return wn_yaml_read_plain(text, file, a, out) ? WN_OK : wn_yaml_read_any(text, file, a, out, err);
}

enum wn_rc wn_yaml_read_any(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out, struct wn_err *err)
{
	struct reader *r = WN_NEW(a, struct reader);
	enum wn_rc rc;

	text = line_feeds_only(text, a);
	*r = (struct reader){.text = text, .file = file, .arena = a, .err = err};
	if (!text.n) {
		*out = (struct wn_yaml_docs){.file = file};
		return WN_OK;
	}
	if ((rc = check_ceilings(r)))
		return rc;
	if (!(rc = open_parser(r)))
		rc = read_events(r);
	close_parser(r);
	if (rc)
		return rc;
	for (size_t i = 0; i < r->docs.n; i++)
		r->docs.v[i].source = (struct wn_str){text.p + r->starts.v[i], r->ends.v[i] - r->starts.v[i]};
	*out = (struct wn_yaml_docs){.file = file, .n = r->docs.n, .v = r->docs.v};
	return WN_OK;
}
