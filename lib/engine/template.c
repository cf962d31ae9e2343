/* SPDX-License-Identifier: MIT */
/*
 * Rendering of Mustache templates over values. How values are escaped is in template_escape.c.
 *
 * A name is looked up from the innermost context outwards by its first part, the rest strictly below that.
 * Every node rendered is counted, so that lists inside lists end. Nothing here knows of touches: what a missing
 * name means is the caller's business.
 */
#include "template_nodes.h"

#include <whynow/engine.h>
#include <whynow/limits.h>

struct context {
	struct wn_value value;
	const struct context *up;
};

struct render {
	const struct wn_template *root;
	enum wn_escape escape;
	struct wn_buf *out;
	struct wn_str missing;
	size_t steps, depth;
	struct wn_err *err;
};

static enum wn_rc render_range(struct render *r, const struct wn_template *t, size_t from, size_t to,
			       const struct context *c);

/* A member of a map or a field of one of the engine's objects. */
static bool member_of(struct wn_value v, struct wn_str name, struct wn_value *out)
{
	if (v.kind == WN_OBJECT)
		return wn_view_field(v.object, name, out);
	*out = wn_value_get(v, name);
	return out->kind != WN_ABSENT;
}

static struct wn_value look_up(const struct template_node *n, const struct context *c)
{
	struct wn_value v = {0};
	if (n->n_path == 0)
		return c->value;
	while (c && !member_of(c->value, n->path[0], &v))
		c = c->up;
	if (!c)
		return (struct wn_value){0};
	for (size_t i = 1; i < n->n_path; i++)
		if (!member_of(v, n->path[i], &v))
			return (struct wn_value){0};
	return v;
}

static bool is_falsy(struct wn_value v)
{
	switch (v.kind) {
	case WN_ABSENT:
	case WN_NULL:
		return true;
	case WN_BOOL:
		return !v.b;
	case WN_STRING:
	case WN_LIST:
	case WN_OPTIONAL:
		return v.n == 0;
	default:
		return false;
	}
}

static bool is_blank_text(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\n' && p[i] != '\r')
			return false;
	return true;
}

static void render_name(struct render *r, const struct template_node *n, const struct context *c)
{
	struct wn_value v = look_up(n, c);
	size_t before = r->out->n;
	template_put(r->out, v, r->escape, n->raw);
	bool nothing = is_blank_text(r->out->p ? r->out->p + before : "", r->out->n - before);
	if (nothing && !r->missing.p && !wn_buf_overflowed(r->out))
		r->missing = n->text;
}

static enum wn_rc render_section(struct render *r, const struct wn_template *t, size_t at,
				 const struct context *c)
{
	const struct template_node *n = &t->nodes[at];
	struct wn_value v = look_up(n, c);
	if (is_falsy(v))
		return WN_OK;
	const struct wn_value *items = v.kind == WN_LIST ? v.list : &v;
	size_t count = v.kind == WN_LIST ? v.n : 1;
	for (size_t i = 0; i < count; i++) {
		struct context inner = {items[i], c};
		enum wn_rc rc = render_range(r, t, at + 1, n->end, &inner);
		if (rc)
			return rc;
	}
	return WN_OK;
}

/* The partial's text with every line of it indented; what is interpolated is not. */
static void indent_lines(struct wn_buf *out, struct wn_str text, struct wn_str indent)
{
	bool start = true;
	for (size_t i = 0; i < text.n; i++) {
		if (start)
			wn_buf_str(out, indent);
		wn_buf_char(out, text.p[i]);
		start = text.p[i] == '\n';
	}
}

static enum wn_rc render_partial(struct render *r, const struct template_node *n, const struct context *c)
{
	struct wn_str text;
	struct wn_template *t;
	struct wn_buf indented;
	if (r->depth >= WN_TEMPLATE_DEPTH_MAX)
		return wn_fail_at(r->err, WN_LIMIT, n->place, "partials nest deeper than %d",
				  WN_TEMPLATE_DEPTH_MAX);
	if (!r->root->partial(r->root->partial_ctx, n->text, &text))
		return WN_OK;
	wn_buf_init(&indented, WN_CONF_TEXT_MAX);
	indent_lines(&indented, text, n->indent);
	enum wn_rc rc = wn_buf_overflowed(&indented)
			    ? wn_fail_at(r->err, WN_LIMIT, n->place, "partial \"" WN_STR_FMT "\" is too long",
					 WN_STR_ARG(n->text))
			    : wn_template_compile_partials(wn_buf_slice(&indented), (struct wn_place){0},
							   r->root->partial, r->root->partial_ctx, &t, r->err);
	wn_buf_done(&indented);
	if (rc)
		return rc;
	r->depth++;
	rc = render_range(r, t, 0, t->n, c);
	r->depth--;
	wn_template_free(t);
	return rc;
}

static enum wn_rc render_node(struct render *r, const struct wn_template *t, size_t at, const struct context *c)
{
	const struct template_node *n = &t->nodes[at];
	switch (n->kind) {
	case TEMPLATE_TEXT:
		wn_buf_str(r->out, n->text);
		return WN_OK;
	case TEMPLATE_NAME:
		render_name(r, n, c);
		return WN_OK;
	case TEMPLATE_SECTION:
		return render_section(r, t, at, c);
	case TEMPLATE_INVERTED:
		return is_falsy(look_up(n, c)) ? render_range(r, t, at + 1, n->end, c) : WN_OK;
	default:
		return render_partial(r, n, c);
	}
}

static bool has_inside(const struct template_node *n)
{
	return n->kind == TEMPLATE_SECTION || n->kind == TEMPLATE_INVERTED;
}

static enum wn_rc render_range(struct render *r, const struct wn_template *t, size_t from, size_t to,
			       const struct context *c)
{
	for (size_t i = from; i < to; i = has_inside(&t->nodes[i]) ? t->nodes[i].end : i + 1) {
		if (++r->steps > WN_TEMPLATE_STEPS_MAX)
			return wn_fail_at(r->err, WN_LIMIT, t->nodes[i].place,
					  "rendering takes more than %d steps", WN_TEMPLATE_STEPS_MAX);
		enum wn_rc rc = render_node(r, t, i, c);
		if (rc)
			return rc;
	}
	return WN_OK;
}

enum wn_rc wn_template_render(const struct wn_template *t, struct wn_value data, enum wn_escape escape,
			      struct wn_buf *out, struct wn_str *missing, struct wn_err *err)
{
	struct context top = {data, NULL};
	struct render r = {.root = t, .escape = escape, .out = out, .err = err};
	enum wn_rc rc = render_range(&r, t, 0, t->n, &top);
	if (rc)
		return rc;
	if (wn_buf_overflowed(out))
		return wn_fail(err, WN_LIMIT, "rendered text is longer than %zu bytes", out->max);
	if (missing)
		*missing = r.missing;
	return WN_OK;
}

bool template_visit(const struct wn_template *t, bool (*cb)(void *ctx, const struct template_use *use),
		    void *ctx)
{
	const struct template_node *open[WN_TEMPLATE_DEPTH_MAX];
	size_t depth = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct template_node *n = &t->nodes[i];
		while (depth > 0 && open[depth - 1]->end <= i)
			depth--;
		struct template_use use = {n, open, depth};
		if (n->kind != TEMPLATE_TEXT && n->kind != TEMPLATE_PARTIAL && !cb(ctx, &use))
			return false;
		if (has_inside(n))
			open[depth++] = n;
	}
	return true;
}

struct names {
	void (*cb)(void *ctx, struct wn_str name, struct wn_place at);
	void *ctx;
};

static bool on_use(void *ctx, const struct template_use *use)
{
	struct names *n = ctx;
	n->cb(n->ctx, use->node->text, use->node->place);
	return true;
}

void wn_template_names(const struct wn_template *t,
		       void (*cb)(void *ctx, struct wn_str name, struct wn_place at), void *ctx)
{
	struct names n = {cb, ctx};
	template_visit(t, on_use, &n);
}
