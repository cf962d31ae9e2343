/* SPDX-License-Identifier: MIT */
/*
 * The canonical definition of a segment: what the file says with the defaults written out, for
 * segment_version.definition, for comparing versions and for the seal of the goal. Durations are seconds
 * ("604800s"), rates fractions.
 */
#include "segment_file.h"

static struct wn_value text_value(struct wn_arena *a, struct wn_str s)
{
	return wn_string(wn_arena_str(a, s));
}

static void put_text(struct wn_map_builder *m, const char *key, struct wn_str s)
{
	if (s.p)
		wn_map_set(m, key, text_value(m->arena, s));
}

static struct wn_value texts_value(struct wn_arena *a, const struct file_texts *t)
{
	struct wn_value *v = WN_NEW_N(a, struct wn_value, t->n + 1);
	for (size_t i = 0; i < t->n; i++)
		v[i] = text_value(a, t->v[i].text);
	return wn_list(v, t->n);
}

struct wn_value segment_goal_value(const struct wn_goal *g, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	wn_map_set(&m, "metric", wn_cstring(g->metric));
	wn_map_set(&m, "target", wn_double(g->target));
	wn_map_set(&m, "window", wn_duration_us(g->window_us));
	wn_map_set(&m, "budget_usd", wn_double(g->budget_usd));
	return wn_map_end(&m);
}

static struct wn_value audience_value(const struct wn_segment *s, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	wn_map_set(&m, "min", wn_int(s->audience_min));
	wn_map_set(&m, "warn", wn_int(s->audience_warn));
	wn_map_set(&m, "max", wn_int(s->audience_max));
	return wn_map_end(&m);
}

static struct wn_value life_value(const struct wn_life *l, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	wn_map_set(&m, "intake", wn_duration_us(l->intake_us));
	wn_map_set(&m, "box", wn_duration_us(l->box_us));
	wn_map_set(&m, "max", wn_duration_us(l->max_us));
	wn_map_set(&m, "floor", wn_double(l->floor));
	wn_map_set(&m, "grace", wn_duration_us(l->grace_us));
	wn_map_set(&m, "cooldown", wn_duration_us(l->cooldown_us));
	if (l->first_touch_us)
		wn_map_set(&m, "first_touch", wn_duration_us(l->first_touch_us));
	return wn_map_end(&m);
}

static struct wn_value variant_value(const struct file_variant *v, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	put_text(&m, "name", v->name);
	put_text(&m, "if", v->test.text);
	if (v->split > 0)
		wn_map_set(&m, "split", wn_double(v->split));
	put_text(&m, "subject", v->subject.text);
	put_text(&m, "body", v->body.text);
	put_text(&m, "html", v->html.text);
	return wn_map_end(&m);
}

static struct wn_value step_value(const struct file_step *s, struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);
	const struct file_variant *from = s->variants.v;
	struct wn_value *v = WN_NEW_N(a, struct wn_value, s->variants.n + 1);
	for (size_t i = 0; i < s->variants.n; i++)
		v[i] = variant_value(&from[i], a);
	wn_map_set(&m, "after", wn_duration_us(s->after_us));
	put_text(&m, "channel", s->channel);
	put_text(&m, "if", s->test.text);
	put_text(&m, "subject", s->subject.text);
	put_text(&m, "body", s->body.text);
	put_text(&m, "html", s->html.text);
	wn_map_set(&m, "valid_for", wn_duration_us(s->valid_for_us));
	if (s->variants.n)
		wn_map_set(&m, "variants", wn_list(v, s->variants.n));
	return wn_map_end(&m);
}

static struct wn_value sequence_value(const struct wn_yaml_list *list, struct wn_arena *a)
{
	const struct file_step *from = list->v;
	struct wn_value *v = WN_NEW_N(a, struct wn_value, list->n + 1);
	for (size_t i = 0; i < list->n; i++)
		v[i] = step_value(&from[i], a);
	return wn_list(v, list->n);
}

static void put_campaign(const struct segment_build *b, struct wn_map_builder *m)
{
	const struct segment_file *f = b->file;
	const struct wn_segment *s = b->s;
	struct wn_arena *a = m->arena;
	if (f->stay.n)
		wn_map_set(m, "stay", texts_value(a, &f->stay));
	wn_map_set(m, "group_by", texts_value(a, &f->group_by));
	wn_map_set(m, "audience", audience_value(s, a));
	wn_map_set(m, "life", life_value(&s->life, a));
	wn_map_set(m, "exit", wn_cstring(wn_exit_to_text(s->exit)));
	put_text(m, "nurture", f->nurture);
	wn_map_set(m, "goal", segment_goal_value(&s->goal, a));
	wn_map_set(m, "holdout", wn_double(s->holdout));
	wn_map_set(m, "mode", wn_cstring(wn_mode_to_text(s->mode)));
	wn_map_set(m, "priority", wn_int(s->priority));
	wn_map_set(m, "start_since", wn_duration_us(s->start_since_us));
	wn_map_set(m, "on_reply", wn_cstring(wn_on_reply_to_text(s->on_reply)));
	put_text(m, "sequence_name", f->sequence_name);
	wn_map_set(m, "sequence", sequence_value(&f->sequence, a));
}

struct wn_value segment_canonical(const struct segment_build *b)
{
	const struct segment_file *f = b->file;
	struct wn_map_builder m = wn_map_begin(b->s->arena);
	put_text(&m, "segment", f->name);
	put_text(&m, "description", f->description);
	put_text(&m, "owner", f->owner);
	wn_map_set(&m, "broad", wn_bool(f->broad));
	put_text(&m, "when", f->when.text);
	put_text(&m, "who", f->who.text);
	if (!f->broad)
		put_campaign(b, &m);
	if (f->tests)
		wn_map_set(&m, "tests", wn_value_copy(b->s->arena, wn_yaml_to_value(f->tests, b->scratch)));
	return wn_map_end(&m);
}

void wn_segment_to_json(const struct wn_segment *s, struct wn_buf *out)
{
	wn_json_write_canonical(out, inner_of(s)->canonical);
}
