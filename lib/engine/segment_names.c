/* SPDX-License-Identifier: MIT */
/*
 * Names in templates: each must be a field that the data of a touch can have. Follows sections inwards as the
 * renderer does, by types instead of values.
 */
#include "segment_file.h"
#include "template_nodes.h"

/* What a name may stand for. */
struct shape {
	enum { SHAPE_NONE, SHAPE_SCALAR, SHAPE_RECORD, SHAPE_ROOT, SHAPE_CAMPAIGN } kind;
	const struct cel_record *record;
	bool list;
	bool arriving; /* `signal` itself, whose kinds are known */
	bool never;    /* an attribute that no kind the segment opens on has */
};

struct check {
	struct segment_build *b;
	const struct wn_yaml_text *text;
	bool uses_signal;
	bool bounded; /* by kinds */
	const uint64_t *kinds;
};

static const char *const root_names[] = {"signal", "signals", "account", "contact", "campaign", NULL};
static const char *const campaign_names[] = {WN_CAMPAIGN_TEMPLATE_FIELDS, NULL};

static struct shape root_member(const struct wn_rules *r, struct wn_str name)
{
	if (wn_str_is(name, "signal"))
		return (struct shape){SHAPE_RECORD, r->signal, false, true, false};
	if (wn_str_is(name, "signals"))
		return (struct shape){SHAPE_RECORD, r->signal, true, false, false};
	if (wn_str_is(name, "account"))
		return (struct shape){SHAPE_RECORD, r->account, false, false, false};
	if (wn_str_is(name, "contact"))
		return (struct shape){SHAPE_RECORD, r->contact, false, false, false};
	return (struct shape){wn_str_is(name, "campaign") ? SHAPE_CAMPAIGN : SHAPE_NONE, NULL, false, false,
			      false};
}

static bool is_never_set(const struct check *c, const struct cel_field *f)
{
	bool some = !c->bounded || !f->variants;
	for (int i = 0; !some && i < 4; i++)
		some = (f->variants[i] & c->kinds[i]) != 0;
	return !some;
}

static struct shape member(struct check *c, struct shape of, struct wn_str name)
{
	const struct shape none = {.kind = SHAPE_NONE};
	if (of.kind == SHAPE_ROOT)
		return root_member(c->b->inner->rules, name);
	if (of.list)
		return none;
	for (size_t i = 0; of.kind == SHAPE_CAMPAIGN && campaign_names[i]; i++)
		if (wn_str_is(name, campaign_names[i]))
			return (struct shape){.kind = SHAPE_SCALAR};
	for (size_t i = 0; of.kind == SHAPE_RECORD && i < of.record->n_fields; i++) {
		const struct cel_field *f = &of.record->fields[i];
		if (!wn_str_is(name, f->name))
			continue;
		c->uses_signal |= of.record == c->b->inner->rules->signal;
		return (struct shape){.kind = SHAPE_SCALAR,
				      .list = f->type->kind == CEL_LIST,
				      .never = of.arriving && is_never_set(c, f)};
	}
	return none;
}

/* The contexts around a use, outermost first; [0] is the data itself. */
struct frames {
	struct shape v[WN_TEMPLATE_DEPTH_MAX + 1];
	size_t n;
};

/* failed: the part of the name that has no meaning; in: what it was looked for in. */
static struct shape resolve(struct check *c, const struct frames *frames, const struct template_node *node,
			    struct wn_str *failed, struct shape *in)
{
	struct shape s = frames->v[frames->n - 1];
	if (node->n_path == 0)
		return s;
	*failed = node->path[0];
	*in = frames->v[0];
	s.kind = SHAPE_NONE;
	for (size_t i = frames->n; i-- > 0 && s.kind == SHAPE_NONE;)
		s = member(c, frames->v[i], node->path[0]);
	for (size_t i = 1; s.kind != SHAPE_NONE && i < node->n_path; i++) {
		*failed = node->path[i];
		*in = s;
		s = member(c, s, node->path[i]);
	}
	return s;
}

static const char *nearest(struct check *c, struct shape in, struct wn_str name)
{
	if (in.kind == SHAPE_ROOT)
		return wn_nearest(name, root_names, WN_COUNT(root_names) - 1);
	if (in.kind == SHAPE_CAMPAIGN)
		return wn_nearest(name, campaign_names, WN_COUNT(campaign_names) - 1);
	if (in.kind != SHAPE_RECORD || in.list)
		return NULL;
	const char **names = WN_NEW_N(c->b->scratch, const char *, in.record->n_fields);
	for (size_t i = 0; i < in.record->n_fields; i++)
		names[i] = in.record->fields[i].name;
	return wn_nearest(name, names, in.record->n_fields);
}

static void complain(struct check *c, const struct template_node *node, struct wn_str failed, struct shape in)
{
	struct wn_place at = wn_yaml_text_place(c->text, node->place.line, node->place.column);
	const char *near = nearest(c, in, failed);
	if (in.list)
		wn_yaml_error(c->b->errors, at,
			      "{{" WN_STR_FMT "}}: a list has no field \"" WN_STR_FMT
			      "\"; use a section {{#...}}",
			      WN_STR_ARG(node->text), WN_STR_ARG(failed));
	else
		wn_yaml_error(c->b->errors, at,
			      "{{" WN_STR_FMT "}}: there is no %s \"" WN_STR_FMT "\"%s%s%s%s%s",
			      WN_STR_ARG(node->text), in.kind == SHAPE_ROOT ? "name" : "field",
			      WN_STR_ARG(failed), in.record ? " of " : "", in.record ? in.record->name : "",
			      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static bool on_use(void *ctx, const struct template_use *use)
{
	struct check *c = ctx;
	struct frames frames = {.v = {{.kind = SHAPE_ROOT}}, .n = 1};
	struct wn_str failed = {0};
	struct shape in = {0};
	for (size_t i = 0; i < use->n_sections; i++) {
		if (use->sections[i]->kind != TEMPLATE_SECTION)
			continue;
		struct shape s = resolve(c, &frames, use->sections[i], &failed, &in);
		if (s.kind == SHAPE_NONE)
			return true; /* complained of at the section */
		s.list = false;
		frames.v[frames.n++] = s;
	}
	struct shape found = resolve(c, &frames, use->node, &failed, &in);
	if (found.kind == SHAPE_NONE)
		complain(c, use->node, failed, in);
	else if (found.never && use->node->kind == TEMPLATE_NAME)
		wn_yaml_error(
		    c->b->errors, wn_yaml_text_place(c->text, use->node->place.line, use->node->place.column),
		    "{{" WN_STR_FMT "}}: no kind of signal that this segment opens on has \"" WN_STR_FMT "\"",
		    WN_STR_ARG(use->node->text), WN_STR_ARG(failed));
	return true;
}

void segment_check_template(struct segment_build *b, const struct wn_template *t,
			    const struct wn_yaml_text *text)
{
	struct check c = {.b = b, .text = text, .bounded = b->inner->kinds_bounded, .kinds = b->inner->kinds};
	template_visit(t, on_use, &c);
	b->uses_signal |= c.uses_signal;
}
