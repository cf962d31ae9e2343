/* SPDX-License-Identifier: MIT */
/*
 * The plain part of YAML, read at a hundredth of a microsecond a byte: one document of printable ASCII in block style, with
 * words as keys, one-line scalars, one-line [..] and {..}, and literal blocks. That is nearly every stored segment, and a
 * hundred thousand of them are read at a start.
 *
 * It never complains. What it is not sure of it leaves to libfyaml (yaml.c), so that both give the same tree with the same
 * places; tests/fuzz/conf_yaml.c and tests/unit/conf/test_yaml.c compare them.
 */
#include <whynow/limits.h>
#include <whynow/yaml.h>

#include "parts.h"

enum { DEPTH_MAX = 16, NODES_MAX = 2000, PAIRS_MAX = 64 };

struct plain {
	const char *s, *end;
	const char *start;  /* of the line */
	const char *at;     /* its first character that is no blank */
	int line;
	const char *file;
	struct wn_arena *arena;
	size_t nodes;
	int depth;
};

static int column(const struct plain *p, const char *at) { return (int)(at - p->start) + 1; }
static bool is_over(const struct plain *p) { return p->start == p->end; }
static int indent(const struct plain *p) { return (int)(p->at - p->start); }

static struct wn_yaml_node *node(struct plain *p, enum wn_yaml_kind kind, enum wn_yaml_style style, const char *at)
{
	struct wn_yaml_node *n = ++p->nodes > NODES_MAX ? NULL : WN_NEW(p->arena, struct wn_yaml_node);
	if (!n)
		return NULL;
	n->kind = kind;
	n->style = style;
	n->file = p->file;
	n->line = p->line;
	n->column = column(p, at);
	return n;
}

static struct wn_yaml_node *scalar(struct plain *p, enum wn_yaml_style style, const char *at, struct wn_str text)
{
	struct wn_yaml_node *n = text.n > WN_CONF_TEXT_MAX ? NULL : node(p, WN_YAML_SCALAR, style, at);
	if (!n)
		return NULL;
	n->text = wn_arena_str(p->arena, text);
	n->text_line = n->line;
	n->text_column = n->column;
	return n;
}

/* --- lines -------------------------------------------------------------------------------------------- */
static const char *line_end(const struct plain *p, const char *at)
{
	return memchr(at, '\n', (size_t)(p->end - at)); /* every line has one */
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* From a line feed, or the beginning, to the next line that says something. */
static void next_line(struct plain *p, const char *feed)
{
	p->start = feed + 1;
	for (;;) {
		p->line++;
		if (p->start == p->end)
			return;
		p->at = skip_blanks(p->start);
		if (*p->at != '\n' && *p->at != '#')
			return;
		p->start = line_end(p, p->at) + 1;
	}
}

/* Nothing but blanks is left of the line. */
static bool ends_line(struct plain *p, const char *at)
{
	at = skip_blanks(at);
	if (*at != '\n')
		return false;
	next_line(p, at);
	return true;
}

/* --- scalars ------------------------------------------------------------------------------------------ */
static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A key: a word and a colon with a blank or nothing behind it. NULL: none. */
static const char *key_end(const char *at)
{
	if (!is_word(*at))
		return NULL;
	while (is_word(*at) || *at == '-' || *at == '.')
		at++;
	return *at == ':' && (at[1] == ' ' || at[1] == '\n') ? at : NULL;
}

static bool may_begin_plain(const char *at)
{
	return is_word(*at) || *at == '/' || *at == '(' || *at == '$' || *at == '+' || *at == '<' || *at == '.' || *at == '^' || *at == '~' ||
	       (*at == '-' && is_word(at[1]));
}

static struct wn_str without_blanks_behind(const char *from, const char *to)
{
	while (to > from && to[-1] == ' ')
		to--;
	return (struct wn_str){from, (size_t)(to - from)};
}

static struct wn_yaml_node *plain_scalar(struct plain *p, const char *at)
{
	const char *end = line_end(p, at);
	if (!may_begin_plain(at) || strncmp(at, "<<", 2) == 0)
		return NULL;
	for (const char *c = at; c < end; c++)
		if ((*c == ':' && (c[1] == ' ' || c[1] == '\n')) || (*c == '#' && c[-1] == ' '))
			return NULL;
	struct wn_yaml_node *n = scalar(p, WN_YAML_PLAIN, at, without_blanks_behind(at, end));
	if (n)
		next_line(p, end);
	return n;
}

/* at: the quote. *behind: after the other one. */
static struct wn_yaml_node *quoted(struct plain *p, const char *at, const char **behind)
{
	char quote = *at;
	struct wn_str text;
	const char *c = at + 1;
	for (;; c++) {
		if (*c == '\n')
			return NULL;
		if (*c == '\\' && quote == '"') {
			if (c[1] != '"' && c[1] != '\\' && c[1] != 'n' && c[1] != '/')
				return NULL;
			c++;
		} else if (*c == quote) {
			if (quote != '\'' || c[1] != '\'')
				break;
			c++;
		}
	}
	if (!wn_conf_unquote((struct wn_str){at + 1, (size_t)(c - at - 1)}, quote, p->arena, &text))
		return NULL;
	struct wn_yaml_node *n = scalar(p, quote == '"' ? WN_YAML_DOUBLE : WN_YAML_SINGLE, at, text);
	if (!n)
		return NULL;
	n->text_column++;
	if (text.n != (size_t)(c - at - 1)) {
		struct wn_str *raw = WN_NEW(p->arena, struct wn_str);
		*raw = (struct wn_str){at + 1, (size_t)(p->end - at - 1)};
		n->raw = raw;
	}
	*behind = c + 1;
	return n;
}

struct block { const char *feed; int indent; size_t n; char *text; };

/* Copies lines that are indented enough; false: something is odd. */
static bool block_lines(struct plain *p, struct block *b, int parent)
{
	const char *start = b->feed + 1;
	size_t empty = 0;
	for (;; start = b->feed + 1) {
		const char *at = start < p->end ? skip_blanks(start) : NULL, *end = at ? line_end(p, at) : NULL;
		if (at && at == end) {
			if (at - start > b->indent)
				return false;
			empty++;
			b->feed = end;
			continue;
		}
		if (!at || at - start < b->indent)
			return !at || at - start <= parent;
		memset(b->text + b->n, '\n', empty);
		b->n += empty;
		empty = 0;
		memcpy(b->text + b->n, start + b->indent, (size_t)(end + 1 - start) - (size_t)b->indent);
		b->n += (size_t)(end + 1 - start) - (size_t)b->indent;
		b->feed = end;
	}
}

static struct wn_yaml_node *literal(struct plain *p, const char *at, int parent)
{
	bool strip = at[1] == '-';
	const char *feed = at + 1 + strip, *first;
	if (*feed != '\n' || feed + 1 == p->end)
		return NULL;
	first = skip_blanks(feed + 1);
	struct block b = {.feed = feed, .indent = (int)(first - feed - 1)};
	if (*first == '\n' || b.indent <= parent)
		return NULL;
	b.text = wn_arena_alloc(p->arena, (size_t)(p->end - feed));
	if (!block_lines(p, &b, parent) || b.n > WN_CONF_TEXT_MAX)
		return NULL;
	struct wn_yaml_node *n = node(p, WN_YAML_SCALAR, WN_YAML_LITERAL, at);
	if (!n)
		return NULL;
	n->text = (struct wn_str){b.text, b.n - strip};
	b.text[n->text.n] = 0;
	n->text_line = n->line + 1;
	n->text_column = b.indent + 1;
	for (const char *c = feed; c < b.feed; c++)
		p->line += *c == '\n';
	next_line(p, b.feed);
	return n;
}

/* --- flow collections, on one line -------------------------------------------------------------------- */
static struct wn_yaml_node *flow(struct plain *p, const char *at, const char **behind);

static struct wn_yaml_node *flow_value(struct plain *p, const char *at, const char **behind)
{
	if (*at == '[' || *at == '{')
		return flow(p, at, behind);
	if (*at == '"' || *at == '\'')
		return quoted(p, at, behind);
	const char *c = at;
	if (!may_begin_plain(at))
		return NULL;
	while (*c != ',' && *c != ']' && *c != '}') {
		if (*c == '\n' || *c == ':' || *c == '#' || *c == '[' || *c == '{')
			return NULL;
		c++;
	}
	*behind = c;
	return scalar(p, WN_YAML_PLAIN, at, without_blanks_behind(at, c));
}

static bool is_repeated(const struct wn_yaml_pair *v, size_t n, struct wn_str key)
{
	for (size_t i = 0; i < n; i++)
		if (wn_str_eq(v[i].key->text, key))
			return true;
	return false;
}

static struct wn_yaml_node *flow_items(struct plain *p, struct wn_yaml_node *n, const char *at, const char **behind)
{
	WN_VEC(struct wn_yaml_node *) items = {0};
	WN_VEC(struct wn_yaml_pair) pairs = {0};
	bool map = n->kind == WN_YAML_MAPPING;
	char close = map ? '}' : ']';
	for (at = skip_blanks(at); *at != close; at = skip_blanks(at)) {
		const char *end = map ? key_end(at) : at;
		struct wn_yaml_node *key = NULL, *value;
		if (map && (!end || end[1] != ' ' || is_repeated(pairs.v, pairs.n, (struct wn_str){at, (size_t)(end - at)})))
			return NULL;
		if (map && !(key = scalar(p, WN_YAML_PLAIN, at, (struct wn_str){at, (size_t)(end - at)})))
			return NULL;
		value = flow_value(p, map ? skip_blanks(end + 1) : at, &at);
		if (!value || items.n + pairs.n == PAIRS_MAX)
			return NULL;
		if (map)
			*WN_PUSH(p->arena, &pairs) = (struct wn_yaml_pair){key, value};
		else
			*WN_PUSH(p->arena, &items) = value;
		at = skip_blanks(at);
		if (*at == ',') {
			at = skip_blanks(at + 1);
			if (*at == close)
				return NULL;
		} else if (*at != close) {
			return NULL;
		}
	}
	*behind = at + 1;
	n->n = map ? pairs.n : items.n;
	if (map)
		n->pairs = pairs.v;
	else
		n->items = items.v;
	return n;
}

static struct wn_yaml_node *flow(struct plain *p, const char *at, const char **behind)
{
	struct wn_yaml_node *n = p->depth < DEPTH_MAX ? node(p, *at == '{' ? WN_YAML_MAPPING : WN_YAML_SEQUENCE, WN_YAML_FLOW, at) : NULL;
	p->depth++;
	n = n ? flow_items(p, n, at + 1, behind) : NULL;
	p->depth--;
	return n;
}

/* --- blocks ------------------------------------------------------------------------------------------- */
static struct wn_yaml_node *block(struct plain *p, int col);

/* What stands behind a key or a dash; parent: where that stands. Afterwards a line that belongs to somebody further out. */
static struct wn_yaml_node *value(struct plain *p, const char *at, int parent)
{
	const char *behind;
	struct wn_yaml_node *n;
	if (*at == '|') {
		n = literal(p, at, parent);
	} else if (*at == '"' || *at == '\'' || *at == '[' || *at == '{') {
		n = *at == '[' || *at == '{' ? flow(p, at, &behind) : quoted(p, at, &behind);
		n = n && ends_line(p, behind) ? n : NULL;
	} else {
		n = plain_scalar(p, at);
	}
	return n && (is_over(p) || indent(p) <= parent) ? n : NULL;
}

static bool is_dash(const struct plain *p)
{
	return *p->at == '-' && p->at[1] == ' ';
}

/* The value of a key at `col` that has nothing behind it on its line. */
static struct wn_yaml_node *value_below(struct plain *p, const char *feed, int col)
{
	next_line(p, feed);
	if (is_over(p) || indent(p) < col || (indent(p) == col && !is_dash(p)))
		return NULL;
	return block(p, indent(p));
}

/* From the key at `at`, which stands at column `col`, perhaps behind a dash. */
static struct wn_yaml_node *mapping(struct plain *p, const char *at, int col)
{
	struct wn_yaml_node *n = node(p, WN_YAML_MAPPING, WN_YAML_BLOCK, at);
	WN_VEC(struct wn_yaml_pair) pairs = {0};
	for (;; at = p->at) {
		const char *end = key_end(at);
		struct wn_yaml_node *key, *v;
		if (!n || !end || is_repeated(pairs.v, pairs.n, (struct wn_str){at, (size_t)(end - at)}) || pairs.n == PAIRS_MAX)
			return NULL;
		key = scalar(p, WN_YAML_PLAIN, at, (struct wn_str){at, (size_t)(end - at)});
		at = skip_blanks(end + 1);
		v = *at == '\n' ? value_below(p, at, col) : value(p, at, col);
		if (!key || !v)
			return NULL;
		*WN_PUSH(p->arena, &pairs) = (struct wn_yaml_pair){key, v};
		if (is_over(p) || indent(p) < col)
			break;
		if (indent(p) > col)
			return NULL;
	}
	n->pairs = pairs.v;
	n->n = pairs.n;
	return n;
}

static struct wn_yaml_node *sequence(struct plain *p, int col)
{
	struct wn_yaml_node *n = node(p, WN_YAML_SEQUENCE, WN_YAML_BLOCK, p->at);
	WN_VEC(struct wn_yaml_node *) items = {0};
	while (!is_over(p) && indent(p) == col && is_dash(p)) {
		const char *at = skip_blanks(p->at + 1);
		struct wn_yaml_node *item = key_end(at) ? mapping(p, at, (int)(at - p->start)) : value(p, at, col);
		if (!n || !item || items.n == PAIRS_MAX)
			return NULL;
		*WN_PUSH(p->arena, &items) = item;
	}
	if (!n || (!is_over(p) && indent(p) > col))
		return NULL;
	n->items = items.v;
	n->n = items.n;
	return n;
}

static struct wn_yaml_node *block(struct plain *p, int col)
{
	if (p->depth == DEPTH_MAX)
		return NULL;
	p->depth++;
	struct wn_yaml_node *n = is_dash(p) ? sequence(p, col) : mapping(p, p->at, col);
	p->depth--;
	return n;
}

/* --- the document ------------------------------------------------------------------------------------- */
/* Printable ASCII in lines, each with its end; no mark of a document. */
static bool is_simple(struct wn_str text)
{
	unsigned odd = 0;
	if (!text.n || text.n > WN_CONF_FILE_MAX || text.p[text.n - 1] != '\n')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		odd |= (c < 0x20 && c != '\n') | (c > 0x7e);
	}
	if (odd || strncmp(text.p, "---", 3) == 0 || strncmp(text.p, "...", 3) == 0)
		return false;
	return !memmem(text.p, text.n, "\n---", 4) && !memmem(text.p, text.n, "\n...", 4);
}

bool wn_yaml_read_plain(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out)
{
	struct plain p = {.s = text.p, .end = text.p + text.n, .file = file, .arena = a};
	if (!is_simple(text))
		return false;
	next_line(&p, text.p - 1);
	if (is_over(&p) || is_dash(&p) || indent(&p) != 0)
		return false;
	struct wn_yaml_node *root = block(&p, 0);
	if (!root || !is_over(&p))
		return false;
	struct wn_yaml_doc *doc = WN_NEW(a, struct wn_yaml_doc);
	*doc = (struct wn_yaml_doc){.root = root, .source = text};
	*out = (struct wn_yaml_docs){.file = file, .n = 1, .v = doc};
	return true;
}
