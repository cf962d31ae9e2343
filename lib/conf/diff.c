/* SPDX-License-Identifier: MIT */
/*
 * What a reload would change: options by their text, feeds, sinks, kinds and traits by their checksums. Applies
 * nothing.
 */
#include <stdio.h>

#include <whynow/limits.h>

#include "parts.h"

struct writer {
	struct wn_arena *a;
	WN_VEC(struct wn_conf_diff_option) options;
	WN_VEC(struct wn_conf_diff_thing) things;
	struct wn_conf_diff *out;
};

static struct wn_str value_text(const struct wn_config *c, const struct wn_option *o, struct wn_arena *a)
{
	struct wn_buf b;

	wn_buf_init(&b, WN_CONF_FILE_MAX);
	wn_option_value(&c->options, o, &b);
	struct wn_str s = wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return s;
}

static void diff_options(struct writer *w, const struct wn_config *from, const struct wn_config *to)
{
	size_t n;
	const struct wn_option *t = wn_options_table(&n);

	for (size_t i = 0; i < n; i++) {
		struct wn_str x = value_text(from, &t[i], w->a), y = value_text(to, &t[i], w->a);
		if (wn_str_eq(x, y))
			continue;
		*WN_PUSH(w->a, &w->options) = (struct wn_conf_diff_option){&t[i], x, y};
		w->out->needs_restart |= t[i].reload == WN_RELOAD_RESTART;
	}
}

/* The four lists look alike: sorted, with a name and a checksum at fixed offsets. */
struct list {
	const char *what;
	const char *from, *to;
	size_t n_from, n_to, size, name, checksum;
	int (*compare)(const void *, const void *);
};

static struct wn_str name_of(const struct list *l, const char *thing)
{
	return *(const struct wn_str *)(thing + l->name);
}

static int compare(const struct list *l, const char *x, const char *y)
{
	return l->compare ? l->compare(x, y) : wn_str_cmp(name_of(l, x), name_of(l, y));
}

static int by_trait(const void *a, const void *b)
{
	const struct wn_trait_conf *x = a, *y = b;
	return x->of != y->of ? (int)x->of - (int)y->of : wn_str_cmp(x->name, y->name);
}

static void note(struct writer *w, const struct list *l, const char *thing, enum wn_conf_change change)
{
	*WN_PUSH(w->a, &w->things) = (struct wn_conf_diff_thing){l->what, name_of(l, thing), change};
}

static void diff_list(struct writer *w, const struct list *l)
{
	size_t i = 0, j = 0;

	while (i < l->n_from || j < l->n_to) {
		const char *x = l->from + i * l->size, *y = l->to + j * l->size;
		int c = i == l->n_from ? 1 : j == l->n_to ? -1 : compare(l, x, y);
		if (c < 0)
			note(w, l, x, WN_CHANGE_REMOVED);
		else if (c > 0)
			note(w, l, y, WN_CHANGE_ADDED);
		else if (memcmp(x + l->checksum, y + l->checksum, 32))
			note(w, l, y, WN_CHANGE_CHANGED);
		i += c <= 0;
		j += c >= 0;
	}
}

#define LIST(what_, plural, type, ...)                                                               \
	{                                                                                            \
		.what = (what_), .from = (const char *)from->plural, .to = (const char *)to->plural, \
		.n_from = from->n_##plural, .n_to = to->n_##plural, .size = sizeof(type),            \
		.name = offsetof(type, name), .checksum = offsetof(type, checksum), ##__VA_ARGS__    \
	}

void wn_conf_diff(const struct wn_config *from, const struct wn_config *to, struct wn_arena *a,
		  struct wn_conf_diff *out)
{
	struct wn_conf_diff diff = {0};
	struct writer w = {.a = a, .out = &diff};
	const struct list lists[] = {
		LIST("feed", feeds, struct wn_feed_conf),
		LIST("sink", sinks, struct wn_sink_conf),
		LIST("kind", kinds, struct wn_kind_conf),
		LIST("trait", traits, struct wn_trait_conf, .compare = by_trait),
	};

	diff_options(&w, from, to);
	for (size_t i = 0; i < WN_COUNT(lists); i++)
		diff_list(&w, &lists[i]);
	diff.options = w.options.v;
	diff.n_options = w.options.n;
	diff.things = w.things.v;
	diff.n_things = w.things.n;
	*out = diff;
}

void wn_conf_diff_to_text(const struct wn_conf_diff *d, struct wn_buf *b)
{
	static const char *const changes[] = {"added", "removed", "changed"};

	for (size_t i = 0; i < d->n_options; i++) {
		const struct wn_conf_diff_option *o = &d->options[i];
		wn_buf_printf(b, "%s: ", o->option->name);
		wn_buf_str(b, o->from);
		wn_buf_text(b, " -> ");
		wn_buf_str(b, o->to);
		wn_buf_printf(b, " (%s)\n", wn_reload_to_text(o->option->reload));
	}
	for (size_t i = 0; i < d->n_things; i++)
		wn_buf_printf(b, "%s " WN_STR_FMT ": %s\n", d->things[i].what, WN_STR_ARG(d->things[i].name),
			      changes[d->things[i].change]);
}
