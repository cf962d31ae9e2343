/* SPDX-License-Identifier: MIT */
/*
 * Mustache text to nodes: comments, delimiters, interpolation, sections, inverted sections, partials,
 * standalone lines, as the specification of mustache/spec (core) has them. No lambdas, no inheritance.
 *
 * Every complaint has line and column in the file. What was accepted always renders: sections are closed, names
 * are well formed, nesting and number of nodes are below their ceilings.
 */
#include "template_nodes.h"

#include <whynow/limits.h>

struct parse {
	struct wn_template *t;
	struct wn_str text;
	size_t pos;     /* next byte to read */
	size_t counted; /* bytes whose lines are in `here` */
	struct wn_place here;
	struct wn_str open, close; /* delimiters */
	WN_VEC(struct template_node) nodes;
	size_t stack[WN_TEMPLATE_DEPTH_MAX];
	size_t depth;
	struct wn_err *err;
};

struct tag {
	char sigil;         /* 0: plain name */
	struct wn_str body; /* trimmed, without the sigil */
	size_t start, end;  /* bytes of the whole tag */
	struct wn_place place;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Places are asked for in rising order, so that the text is counted once. */
static struct wn_place place_of(struct parse *p, size_t pos)
{
	for (; p->counted < pos; p->counted++) {
		if (p->text.p[p->counted] == '\n')
			p->here.line++, p->here.column = 1;
		else if (((unsigned char)p->text.p[p->counted] & 0xc0) != 0x80)
			p->here.column++;
	}
	return p->here;
}

static bool find(struct wn_str text, size_t from, struct wn_str what, size_t *at)
{
	const char *hit = from <= text.n ? memmem(text.p + from, text.n - from, what.p, what.n) : NULL;
	if (hit)
		*at = (size_t)(hit - text.p);
	return hit != NULL;
}

static struct wn_str trimmed(struct wn_str s)
{
	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static enum wn_rc add_node(struct parse *p, struct template_node node)
{
	if (p->nodes.n >= WN_TEMPLATE_NODES_MAX)
		return wn_fail_at(p->err, WN_LIMIT, node.place, "template has more than %d tags and texts",
				  WN_TEMPLATE_NODES_MAX);
	*WN_PUSH(p->t->arena, &p->nodes) = node;
	return WN_OK;
}

static enum wn_rc add_text(struct parse *p, size_t from, size_t to)
{
	if (from >= to)
		return WN_OK;
	return add_node(p,
			(struct template_node){.kind = TEMPLATE_TEXT, .text = {p->text.p + from, to - from}});
}

/* Splits a dotted name. "." alone has no parts. */
static enum wn_rc split_name(struct parse *p, const struct tag *tag, struct template_node *node)
{
	struct wn_str s = tag->body;
	WN_VEC(struct wn_str) parts = {0};
	node->text = s;
	if (s.n == 0)
		return wn_fail_at(p->err, WN_INVALID, tag->place, "tag without a name");
	if (wn_str_is(s, "."))
		return WN_OK;
	for (size_t from = 0, i = 0; i <= s.n; i++) {
		if (i < s.n && is_blank(s.p[i]))
			return wn_fail_at(p->err, WN_INVALID, tag->place,
					  "a name has no blanks in it: \"" WN_STR_FMT "\"", WN_STR_ARG(s));
		if (i < s.n && s.p[i] != '.')
			continue;
		if (i == from)
			return wn_fail_at(p->err, WN_INVALID, tag->place,
					  "a dotted name has an empty part: \"" WN_STR_FMT "\"", WN_STR_ARG(s));
		*WN_PUSH(p->t->arena, &parts) = (struct wn_str){s.p + from, i - from};
		from = i + 1;
	}
	node->path = parts.v;
	node->n_path = parts.n;
	return WN_OK;
}

static enum wn_rc open_section(struct parse *p, const struct tag *tag)
{
	struct template_node node = {.kind = tag->sigil == '#' ? TEMPLATE_SECTION : TEMPLATE_INVERTED,
				     .place = tag->place};
	enum wn_rc rc = split_name(p, tag, &node);
	if (rc)
		return rc;
	if (p->depth == WN_TEMPLATE_DEPTH_MAX)
		return wn_fail_at(p->err, WN_LIMIT, tag->place, "sections nest deeper than %d",
				  WN_TEMPLATE_DEPTH_MAX);
	p->stack[p->depth++] = p->nodes.n;
	return add_node(p, node);
}

static enum wn_rc close_section(struct parse *p, const struct tag *tag)
{
	if (p->depth == 0)
		return wn_fail_at(p->err, WN_INVALID, tag->place, "{{/" WN_STR_FMT "}} closes no open section",
				  WN_STR_ARG(tag->body));
	struct template_node *open = &p->nodes.v[p->stack[p->depth - 1]];
	if (!wn_str_eq(open->text, tag->body))
		return wn_fail_at(p->err, WN_INVALID, tag->place,
				  "{{/" WN_STR_FMT "}} closes section \"" WN_STR_FMT "\" opened in line %d",
				  WN_STR_ARG(tag->body), WN_STR_ARG(open->text), open->place.line);
	open->end = p->nodes.n;
	p->depth--;
	return WN_OK;
}

/* {{=<% %>=}} */
static enum wn_rc set_delimiters(struct parse *p, const struct tag *tag)
{
	struct wn_str s = tag->body, open = {s.p, 0};
	while (open.n < s.n && !is_blank(s.p[open.n]))
		open.n++;
	struct wn_str close = trimmed((struct wn_str){s.p + open.n, s.n - open.n});
	bool bad = open.n == 0 || close.n == 0 || memchr(open.p, '=', open.n) || memchr(close.p, '=', close.n);
	for (size_t i = 0; i < close.n; i++)
		bad |= is_blank(close.p[i]);
	if (bad)
		return wn_fail_at(p->err, WN_INVALID, tag->place,
				  "expected two delimiters without \"=\" and blanks, as in {{=<%% %%>=}}");
	p->open = open;
	p->close = close;
	return WN_OK;
}

static enum wn_rc name_tag(struct parse *p, const struct tag *tag)
{
	struct template_node node = {
	    .kind = TEMPLATE_NAME, .place = tag->place, .raw = tag->sigil == '&' || tag->sigil == '{'};
	enum wn_rc rc = split_name(p, tag, &node);
	return rc ? rc : add_node(p, node);
}

static enum wn_rc partial_tag(struct parse *p, const struct tag *tag, struct wn_str indent)
{
	if (!p->t->partials)
		return wn_fail_at(p->err, WN_INVALID, tag->place,
				  "partials ({{>" WN_STR_FMT "}}) are not for touches: write the text out",
				  WN_STR_ARG(tag->body));
	if (tag->body.n == 0)
		return wn_fail_at(p->err, WN_INVALID, tag->place, "tag without a name");
	return add_node(
	    p, (struct template_node){
		   .kind = TEMPLATE_PARTIAL, .place = tag->place, .text = tag->body, .indent = indent});
}

/* Reads the tag whose opening delimiter stands at tag->start. */
static enum wn_rc read_tag(struct parse *p, struct tag *tag)
{
	size_t body = tag->start + p->open.n, end;
	while (body < p->text.n && is_blank(p->text.p[body]))
		body++;
	if (body < p->text.n && strchr("!#^/&{>=", p->text.p[body]) && p->text.p[body])
		tag->sigil = p->text.p[body++];
	struct wn_str close = p->close;
	char want[64];
	if ((tag->sigil == '{' || tag->sigil == '=') && close.n < sizeof(want)) {
		want[0] = tag->sigil == '{' ? '}' : '=';
		memcpy(want + 1, close.p, close.n);
		close = (struct wn_str){want, close.n + 1};
	}
	if (!find(p->text, body, close, &end))
		return wn_fail_at(p->err, WN_INVALID, tag->place,
				  "tag is not closed: \"" WN_STR_FMT "\" is missing", WN_STR_ARG(close));
	tag->body = trimmed((struct wn_str){p->text.p + body, end - body});
	tag->end = end + close.n;
	return WN_OK;
}

/* A tag that prints nothing and stands alone takes its whole line away. *from: where the blanks before it
 * start; *to: after the line's end. */
static bool stands_alone(const struct parse *p, const struct tag *tag, size_t *from, size_t *to)
{
	size_t a = tag->start, b = tag->end;
	if (!tag->sigil || tag->sigil == '&' || tag->sigil == '{')
		return false;
	while (a > 0 && (p->text.p[a - 1] == ' ' || p->text.p[a - 1] == '\t'))
		a--;
	if (a > 0 && p->text.p[a - 1] != '\n')
		return false;
	while (b < p->text.n && (p->text.p[b] == ' ' || p->text.p[b] == '\t'))
		b++;
	if (b < p->text.n && p->text.p[b] == '\r' && b + 1 < p->text.n && p->text.p[b + 1] == '\n')
		b++;
	if (b < p->text.n && p->text.p[b] != '\n')
		return false;
	*from = a;
	*to = b < p->text.n ? b + 1 : b;
	return true;
}

static enum wn_rc apply_tag(struct parse *p, const struct tag *tag, struct wn_str indent)
{
	switch (tag->sigil) {
	case '!':
		return WN_OK;
	case '#':
	case '^':
		return open_section(p, tag);
	case '/':
		return close_section(p, tag);
	case '=':
		return set_delimiters(p, tag);
	case '>':
		return partial_tag(p, tag, indent);
	default:
		return name_tag(p, tag);
	}
}

static enum wn_rc next_tag(struct parse *p, size_t start)
{
	struct tag tag = {.start = start, .place = place_of(p, start)};
	enum wn_rc rc = read_tag(p, &tag);
	if (rc)
		return rc;
	size_t from = tag.start, to = tag.end;
	bool alone = stands_alone(p, &tag, &from, &to);
	rc = add_text(p, p->pos, from);
	if (!rc)
		rc = apply_tag(
		    p, &tag, alone ? (struct wn_str){p->text.p + from, tag.start - from} : (struct wn_str){0});
	p->pos = to;
	return rc;
}

static enum wn_rc parse_all(struct parse *p)
{
	size_t start;
	while (find(p->text, p->pos, p->open, &start)) {
		enum wn_rc rc = next_tag(p, start);
		if (rc)
			return rc;
	}
	if (p->depth > 0) {
		const struct template_node *open = &p->nodes.v[p->stack[p->depth - 1]];
		return wn_fail_at(p->err, WN_INVALID, open->place, "section \"" WN_STR_FMT "\" is not closed",
				  WN_STR_ARG(open->text));
	}
	return add_text(p, p->pos, p->text.n);
}

static void first_place(struct wn_place at, struct wn_place *first)
{
	*first = (struct wn_place){at.file, at.line > 0 ? at.line : 1, at.column > 0 ? at.column : 1};
}

enum wn_rc template_compile_in(struct wn_arena *arena, struct wn_str text, struct wn_place at,
			       struct wn_template *t, struct wn_err *err)
{
	if (text.n > WN_CONF_TEXT_MAX)
		return wn_fail_at(err, WN_LIMIT, at, "template is longer than %u bytes", WN_CONF_TEXT_MAX);
	t->arena = arena;
	struct parse p = {
	    .t = t, .text = wn_arena_str(arena, text), .err = err, .open = WN_STR("{{"), .close = WN_STR("}}")};
	first_place(at, &p.here);
	enum wn_rc rc = parse_all(&p);
	if (rc)
		return rc;
	t->nodes = p.nodes.v;
	t->n = p.nodes.n;
	return WN_OK;
}

enum wn_rc wn_template_compile_partials(struct wn_str text, struct wn_place at, wn_template_partial_fn *partial,
					void *ctx, struct wn_template **out, struct wn_err *err)
{
	struct wn_arena *arena = wn_arena_new(0);
	struct wn_template *t = WN_NEW(arena, struct wn_template);
	*t = (struct wn_template){.partials = partial != NULL, .partial = partial, .partial_ctx = ctx};
	enum wn_rc rc = template_compile_in(arena, text, at, t, err);
	if (rc)
		wn_arena_free(arena);
	else
		*out = t;
	return rc;
}

enum wn_rc wn_template_compile(struct wn_str text, struct wn_place at, struct wn_template **out,
			       struct wn_err *err)
{
	return wn_template_compile_partials(text, at, NULL, NULL, out, err);
}

void wn_template_free(struct wn_template *t)
{
	if (t)
		wn_arena_free(t->arena);
}
