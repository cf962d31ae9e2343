/* SPDX-License-Identifier: MIT */
/*
 * The programs of a mapping. They take some 40 KiB a mapping and under 100 us to make, and a feed is polled a
 * few times an hour: only the mappings that were used last keep theirs, the others keep the texts.
 */
#include "mapping.h"
#include "registry.h"

static enum wn_rc compile(const struct wn_mapping *m, const struct wn_cel_text *t,
			  const struct cel_type *expect, const char *name, struct cel_program **out,
			  struct wn_err *err)
{
	struct cel_options opt = {.origin = t->place, .expect = expect};
	enum wn_rc rc = t->text.p ? cel_compile(m->registry->mapping_env, t->text, &opt, out, err) : WN_OK;

	return rc ? wn_fail_more(err, rc, "%s", name) : WN_OK;
}

static enum wn_rc compile_values(const struct wn_mapping *m, struct wn_mapping_value *v, size_t n,
				 struct wn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		enum wn_rc rc = compile(m, &v[i].text, NULL, v[i].name, &v[i].program, err);
		if (rc)
			return rc;
	}
	return WN_OK;
}

static enum wn_rc compile_all(struct wn_mapping *m, struct wn_err *err)
{
	enum wn_rc rc;

	for (int i = 0; i < WN_MT_COUNT; i++)
		if ((rc = compile(m, &m->texts[i], i == WN_MT_WHERE ? &cel_bool : NULL,
				  wn_mapping_text_names[i], &m->programs[i], err)))
			return rc;
	if ((rc = compile_values(m, m->attrs.v, m->attrs.n, err)))
		return rc;
	return compile_values(m, m->traits.v, m->traits.n, err);
}

static void free_program(struct cel_program **p)
{
	cel_program_free(*p);
	*p = NULL;
}

static void free_all(struct wn_mapping *m)
{
	for (int i = 0; i < WN_MT_COUNT; i++)
		free_program(&m->programs[i]);
	for (size_t i = 0; i < m->attrs.n; i++)
		free_program(&m->attrs.v[i].program);
	for (size_t i = 0; i < m->traits.n; i++)
		free_program(&m->traits.v[i].program);
}

/* Place of a mapping among the warm ones, n if it is not there. */
static size_t place_of(const struct wn_mapping_warmth *w, const struct wn_mapping *m)
{
	size_t i = 0;

	while (i < w->n && w->by_use[i] != m)
		i++;
	return i;
}

void wn_mapping_cool(struct wn_mapping *m)
{
	struct wn_mapping_warmth *w = m->registry->warmth;
	size_t at = place_of(w, m);

	free_all(m);
	if (at == w->n)
		return;
	w->n--;
	memmove(&w->by_use[at], &w->by_use[at + 1], (w->n - at) * sizeof(w->by_use[0]));
}

enum wn_rc wn_mapping_warm(struct wn_mapping *m, struct wn_err *err)
{
	struct wn_mapping_warmth *w = m->registry->warmth;
	size_t at = place_of(w, m);

	if (at == w->n) {
		enum wn_rc rc = compile_all(m, err);
		if (rc) {
			free_all(m);
			return rc;
		}
		if (w->n == WN_MAPPINGS_WARM)
			wn_mapping_cool(w->by_use[WN_MAPPINGS_WARM - 1]);
		at = w->n++;
	}
	memmove(&w->by_use[1], &w->by_use[0], at * sizeof(w->by_use[0]));
	w->by_use[0] = m;
	return WN_OK;
}
