/* SPDX-License-Identifier: MIT */
/* Sinks of the configuration: what the engine sees of them, and their templates compiled. A template that does not compile refuses the
 * configuration, with its place. */
#include "book.h"

static const char **strings_to_c(struct wn_arena *a, const struct wn_yaml_strings *s)
{
	const char **out = WN_NEW_N(a, const char *, s->n + 1);
	for (size_t i = 0; i < s->n; i++)
		out[i] = wn_arena_strdup(a, s->v[i]);
	return out;
}

static enum wn_rc compile(const struct wn_yaml_text *t, struct wn_template **out, struct wn_err *err)
{
	enum wn_rc rc = wn_template_compile(t->text, (struct wn_place){NULL, 1, 1}, out, err);
	if (rc && err)
		err->place = wn_yaml_text_place(t, err->place.line, err->place.column);
	return rc;
}

static bool has_tags(struct wn_str s) { return s.n > 3 && memmem(s.p, s.n, "{{", 2); }

static enum wn_rc compile_headers(struct wn_book *b, struct wn_book_sink *s, struct wn_err *err)
{
	const struct wn_conf_headers *h = &s->conf->headers;
	enum wn_rc rc = WN_OK;
	s->headers = WN_NEW_N(b->arena, struct wn_template *, h->n + 1);
	for (size_t i = 0; i < h->n && rc == WN_OK; i++) {
		if (!has_tags(h->v[i].value))
			continue;
		rc = wn_template_compile(h->v[i].value, (struct wn_place){0}, &s->headers[i], err);
		if (rc) {
			wn_fail_more(err, rc, "header " WN_STR_FMT, WN_STR_ARG(h->v[i].name));
			if (err)
				err->place = s->conf->at;
		}
	}
	return rc;
}

static enum wn_rc make_sink(struct wn_book *b, size_t i, struct wn_err *err)
{
	static const char *const kinds[] = {"webhook", "smtp", "file", "journal"};
	const struct wn_sink_conf *c = &b->config->sinks[i];
	struct wn_book_sink *s = &b->sink_list[i];
	s->conf = c;
	s->view = &b->sinks[i];
	*s->view = (struct wn_sink_view){.name = wn_arena_strdup(b->arena, c->name),
					 .kind = kinds[c->kind],
					 .channels = strings_to_c(b->arena, &c->channels),
					 .events = strings_to_c(b->arena, &c->events)};
	if (c->format != WN_SINK_TEMPLATE)
		return WN_OK;
	s->escape = wn_escape_of(c->template.content_type);
	enum wn_rc rc = compile(&c->template.body, &s->body, err);
	return rc ? rc : compile_headers(b, s, err);
}

enum wn_rc wn_book_make_sinks(struct wn_book *b, struct wn_err *err)
{
	const struct wn_config *c = b->config;
	enum wn_rc rc = WN_OK;
	size_t n = 0;
	b->sinks = WN_NEW_N(b->arena, struct wn_sink_view, c->n_sinks + 1);
	b->sink_list = WN_NEW_N(b->arena, struct wn_book_sink, c->n_sinks + 1);
	b->n_sinks = c->n_sinks;
	for (size_t i = 0; i < c->n_sinks && rc == WN_OK; i++) {
		rc = make_sink(b, i, err);
		n += c->sinks[i].channels.n;
	}
	b->channels = WN_NEW_N(b->arena, const char *, n + 1);
	n = 0;
	for (size_t i = 0; i < c->n_sinks && rc == WN_OK; i++)
		for (size_t k = 0; b->sinks[i].channels[k]; k++)
			b->channels[n++] = b->sinks[i].channels[k];
	return rc;
}

void wn_book_sinks_free(struct wn_book *b)
{
	for (size_t i = 0; b->sink_list && i < b->n_sinks; i++) {
		struct wn_book_sink *s = &b->sink_list[i];
		wn_template_free(s->body);
		for (size_t k = 0; s->headers && k < s->conf->headers.n; k++)
			wn_template_free(s->headers[k]);
	}
}

const char *const *wn_sinks_for(const struct wn_book *b, const char *type, struct wn_arena *a)
{
	const char **names = WN_NEW_N(a ? a : b->arena, const char *, b->n_sinks + 1);
	size_t n = 0;
	for (size_t i = 0; i < b->n_sinks; i++)
		if (wn_sink_takes_event(&b->config->sinks[i], type))
			names[n++] = b->sinks[i].name;
	return names;
}

const struct wn_book_sink *wn_book_sink_named(const struct wn_book *b, struct wn_str name)
{
	for (size_t i = 0; i < b->n_sinks; i++)
		if (wn_str_eq(b->sink_list[i].conf->name, name))
			return &b->sink_list[i];
	return NULL;
}
