// links: signal
/* SPDX-License-Identifier: MIT */
/*
 * Feeds texts to the extraction of news: one JSON object a line on stdin, one on stdout.
 *   {"headline":"...","body":"..."} -> {"signals":[{"kind":..., ...}], "tried":["pattern: why not", ...]}
 * Arguments: files of patterns and words; none: as shipped.
 */
#include <whynow/buf.h>
#include <whynow/news.h>
#include <whynow/signal.h>
#include <whynow/value.h>

#include <stdio.h>
#include <stdlib.h>

struct trace {
	struct wn_arena *a;
	WN_VEC(struct wn_value) lines;
};

static void on_tried(void *ctx, const char *pattern, struct wn_str trigger, const char *why_not)
{
	struct trace *t = ctx;
	*WN_PUSH(t->a, &t->lines) = wn_cstring(wn_arena_printf(t->a, "%s [" WN_STR_FMT "]: %s", pattern, WN_STR_ARG(trigger), why_not ? why_not : "read"));
}

static void set(struct wn_map_builder *m, const char *key, struct wn_str s)
{
	if (s.n)
		wn_map_set(m, key, wn_string(s));
}

static void set_money(struct wn_arena *a, struct wn_map_builder *m, const char *key, const struct wn_sum *money)
{
	if (!(money->amount > 0))
		return;
	wn_map_set(m, key, wn_double(money->amount));
	wn_map_set(m, wn_arena_printf(a, "%s_currency", key), wn_cstring(money->currency));
}

static struct wn_value value_of(struct wn_arena *a, const struct wn_news_signal *s)
{
	struct wn_map_builder m = wn_map_begin(a);

	set(&m, "kind", wn_str_of(wn_news_kind_to_text(s->kind)));
	set(&m, "pattern", wn_str_of(s->pattern));
	set(&m, "company", s->company);
	set(&m, "target", s->target);
	set(&m, "person", s->person);
	set(&m, "position", s->position);
	set(&m, "round", s->round);
	set(&m, "technology", s->technology);
	set(&m, "technology_from", s->technology_from);
	set(&m, "technology_to", s->technology_to);
	set(&m, "category", s->category);
	set(&m, "span", s->span);
	set_money(a, &m, "amount", &s->amount);
	set_money(a, &m, "valuation", &s->valuation);
	return wn_map_end(&m);
}

static void reply(const struct wn_news *news, struct wn_arena *a, struct wn_str line)
{
	struct wn_news_signal found[WN_NEWS_SIGNALS_MAX];
	struct wn_value request = {0}, list[WN_NEWS_SIGNALS_MAX];
	struct trace t = {.a = a};
	struct wn_map_builder m = wn_map_begin(a);
	struct wn_buf out;
	size_t n = 0;

	if (wn_json_parse(line, NULL, a, &request, NULL) == WN_OK)
		n = wn_news_read(news, wn_value_str(wn_value_at(request, "headline")), wn_value_str(wn_value_at(request, "body")), a, found,
				 &(struct wn_news_trace){on_tried, &t});
	for (size_t i = 0; i < n; i++)
		list[i] = value_of(a, &found[i]);
	wn_map_set(&m, "signals", wn_list(list, n));
	wn_map_set(&m, "tried", wn_list(t.lines.v, t.lines.n));
	wn_buf_init(&out, 1u << 20);
	wn_json_write(&out, wn_map_end(&m));
	wn_buf_char(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	fflush(stdout);
	wn_buf_done(&out);
}

static struct wn_str file_text(struct wn_arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	char *p = wn_arena_alloc(a, 1u << 20);
	size_t n = f ? fread(p, 1, (1u << 20) - 1, f) : 0;

	if (f)
		fclose(f);
	return (struct wn_str){p, n};
}

int main(int argc, char **argv)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0), *files = wn_arena_new(0);
	struct wn_news_file *given = WN_NEW_N(files, struct wn_news_file, (size_t)argc);
	const struct wn_news_file *use = given;
	struct wn_positions *positions = NULL;
	struct wn_news *news = NULL;
	struct wn_err err = {0};
	size_t n_use = (size_t)argc - 1, cap = 0;
	char *line = NULL, why[1200];
	ssize_t n;

	for (int i = 1; i < argc; i++)
		given[i - 1] = (struct wn_news_file){argv[i], file_text(files, argv[i])};
	if (argc == 1)
		use = wn_news_builtin(&n_use);
	if (wn_positions_parse(wn_positions_builtin(), "positions", &positions, &err) || wn_news_compile(use, n_use, positions, &news, &err)) {
		wn_err_to_text(&err, why, sizeof(why));
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	while ((n = getline(&line, &cap, stdin)) > 0) {
		reply(news, a, (struct wn_str){line, (size_t)n});
		wn_arena_reset(a);
	}
	free(line);
	wn_news_free(news);
	wn_positions_free(positions);
	return 0;
}
