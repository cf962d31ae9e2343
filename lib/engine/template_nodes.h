/* SPDX-License-Identifier: MIT */
/* The compiled form of a Mustache template, shared by its parser, its renderer and the checks of segments. */
#ifndef WN_TEMPLATE_NODES_H
#define WN_TEMPLATE_NODES_H

#include <whynow/arena.h>
#include <whynow/segment.h>

enum template_kind { TEMPLATE_TEXT, TEMPLATE_NAME, TEMPLATE_SECTION, TEMPLATE_INVERTED, TEMPLATE_PARTIAL };

/* Nodes stand in the order of the text; those of a section are the ones up to `end`. */
struct template_node {
	enum template_kind kind;
	bool raw;                  /* NAME: {{{x}}} or {{&x}} */
	struct wn_str text;        /* TEXT: literal; else the name as written, without blanks around */
	const struct wn_str *path; /* parts of the dotted name; none: the implicit iterator "." */
	size_t n_path;
	size_t end;            /* SECTION, INVERTED: index after its last node */
	struct wn_str indent;  /* PARTIAL on a line of its own: blanks before it */
	struct wn_place place; /* of the tag */
};

struct wn_template {
	struct wn_arena *arena;
	struct template_node *nodes;
	size_t n;
	bool partials; /* {{>x}} was allowed */
	wn_template_partial_fn *partial;
	void *partial_ctx;
};

/* template_escape.c: one value into the text; raw: {{{x}}} or {{&x}}. */
void template_put(struct wn_buf *out, struct wn_value v, enum wn_escape escape, bool raw);

/* As wn_template_compile, but in an arena that owns it: never given to wn_template_free. */
enum wn_rc template_compile_in(struct wn_arena *arena, struct wn_str text, struct wn_place at,
			       struct wn_template *t, struct wn_err *err);

/* Visits every name with the sections around it, outermost first. */
struct template_use {
	const struct template_node *node;
	const struct template_node *const *sections;
	size_t n_sections;
};
bool template_visit(const struct wn_template *t, bool (*cb)(void *ctx, const struct template_use *use),
		    void *ctx);

#endif
