/* SPDX-License-Identifier: MIT */
/* The sequence of a segment: conditions and templates compiled, channels checked, every step with at least one
 * variant. */
#include "segment_file.h"
#include "template_nodes.h"

#include <stdio.h>

static bool channel_is_taken(const struct wn_segment_options *opt, struct wn_str channel)
{
	if (!opt->channels)
		return true;
	for (size_t i = 0; opt->channels[i]; i++)
		if (wn_str_is(channel, opt->channels[i]))
			return true;
	return false;
}

static void check_channel(struct segment_build *b, const struct file_step *f)
{
	size_t n = 0;
	if (channel_is_taken(b->opt, f->channel))
		return;
	while (b->opt->channels[n])
		n++;
	const char *near = wn_nearest(f->channel, b->opt->channels, n);
	wn_yaml_error(b->errors, wn_yaml_place(wn_yaml_get(f->node, "channel")),
		      "no sink takes channel \"" WN_STR_FMT "\"%s%s%s", WN_STR_ARG(f->channel),
		      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static const struct wn_template *build_template(struct segment_build *b, const struct wn_yaml_text *t)
{
	struct wn_template *out = WN_NEW(b->s->arena, struct wn_template);
	struct wn_err err = {0};
	if (!t->text.p)
		return NULL;
	if (template_compile_in(b->s->arena, t->text, (struct wn_place){NULL, 1, 1}, out, &err)) {
		err.place = wn_yaml_text_place(t, err.place.line, err.place.column);
		wn_yaml_error_add(b->errors, &err);
		return NULL;
	}
	segment_check_template(b, out, t);
	return out;
}

static const char *variant_name(struct segment_build *b, const struct file_variant *v, size_t number)
{
	if (v && v->name.p)
		return wn_arena_strdup(b->s->arena, v->name);
	return wn_arena_printf(b->s->arena, "%zu", number + 1);
}

static void build_variants(struct segment_build *b, const struct file_step *f, struct wn_seq_step *step)
{
	const struct wn_template *subject = build_template(b, &f->subject), *body = build_template(b, &f->body),
				 *html = build_template(b, &f->html);
	const struct file_variant *from = f->variants.v;
	size_t n = f->variants.n ? f->variants.n : 1;
	struct wn_variant *v = WN_NEW_N(b->s->arena, struct wn_variant, n);
	v[0] = (struct wn_variant){.subject = subject, .body = body, .html = html, .name = "1"};
	for (size_t i = 0; i < f->variants.n; i++) {
		const struct wn_template *own_subject = build_template(b, &from[i].subject),
					 *own_body = build_template(b, &from[i].body),
					 *own_html = build_template(b, &from[i].html);
		v[i] = (struct wn_variant){.test = segment_build_test(b, &from[i].test),
					   .split = from[i].split,
					   .subject = own_subject ? own_subject : subject,
					   .body = own_body ? own_body : body,
					   .html = own_html ? own_html : own_body ? NULL : html, /* of another text it would be wrong */
					   .name = variant_name(b, &from[i], i)};
	}
	step->variants = v;
	step->n_variants = n;
}

static void build_step(struct segment_build *b, const struct file_step *f, size_t number,
		       struct wn_seq_step *step)
{
	if (!f->channel.p)
		return; /* complained of already */
	check_channel(b, f);
	step->number = (int)number;
	step->after_us = f->after_us;
	step->valid_for_us = f->valid_for_us;
	step->channel = wn_arena_strdup(b->s->arena, f->channel);
	step->test = segment_build_test(b, &f->test);
	build_variants(b, f, step);
}

void segment_build_steps(struct segment_build *b)
{
	const struct file_step *from = b->file->sequence.v;
	size_t n = b->file->sequence.n;
	struct wn_seq_step *steps = WN_NEW_N(b->s->arena, struct wn_seq_step, n ? n : 1);
	for (size_t i = 0; i < n; i++)
		build_step(b, &from[i], i, &steps[i]);
	b->s->steps = steps;
	b->s->n_steps = n;
	if (n > 0 && !b->uses_signal)
		segment_warn(b, wn_yaml_place(wn_yaml_get(b->file->node, "sequence")),
			     "no template of the sequence uses a field of the signal: the message should speak "
			     "of the why-now");
	if (n > 0 && strcmp(steps[0].channel ? steps[0].channel : "", "email") == 0 &&
	    !steps[0].variants[0].subject)
		segment_warn(b, wn_yaml_place(from[0].node), "the first mail has no subject");
}
