/* SPDX-License-Identifier: MIT */
/* A segment's YAML as plain structs with positions, before anything is compiled. Shared by the files of
 * segments. */
#ifndef WN_SEGMENT_FILE_H
#define WN_SEGMENT_FILE_H

#include "rule.h"

struct file_texts { /* a list of expressions, or one */
	size_t n;
	const struct wn_yaml_text *v;
};
struct file_variant {
	const struct wn_yaml_node *node;
	struct wn_yaml_text test, subject, body, html;
	double split;
	struct wn_str name;
};
struct file_step {
	const struct wn_yaml_node *node;
	int64_t after_us, valid_for_us;
	struct wn_str channel;
	struct wn_yaml_text test, subject, body, html;
	struct wn_yaml_list variants; /* of struct file_variant */
};
struct file_audience {
	const struct wn_yaml_node *node;
	int64_t min, warn, max;
};
struct file_life {
	const struct wn_yaml_node *node;
	int64_t intake_us, box_us, max_us, grace_us, cooldown_us, first_touch_us;
	double floor;
};
struct file_goal {
	const struct wn_yaml_node *node;
	int metric;
	double target;
	int64_t window_us;
	struct wn_money budget;
};
struct segment_file {
	const struct wn_yaml_node *node;
	struct wn_str name, description, owner, nurture;
	bool broad;
	struct wn_yaml_text when, who;
	struct file_texts stay, group_by;
	struct file_audience audience;
	struct file_life life;
	int exit, mode, on_reply;
	struct file_goal goal;
	double holdout;
	int64_t priority, start_since_us;
	struct wn_yaml_list sequence; /* of struct file_step */
	struct wn_str sequence_name;  /* of a stored one */
	const struct wn_yaml_node *tests;
};

extern const char *const segment_metrics[]; /* NULL-terminated */

/* Reads one document; what is wrong goes to `errors`. The struct borrows the tree. */
void segment_file_read(const struct wn_yaml_node *root, const struct wn_segment_options *opt, struct wn_arena *a,
		       struct segment_file *f, struct wn_yaml_errors *errors);

/* Everything a compilation needs at hand. */
struct segment_build {
	const struct wn_segment_options *opt;
	size_t text_size;
	const struct segment_file *file;
	struct wn_segment *s;
	struct segment_inner *inner;
	struct wn_arena *scratch;
	struct wn_yaml_errors *errors;
	struct wn_warning *warnings;
	size_t max_warnings, n_warnings;
	const struct cel_program *when; /* passing; NULL after an error */
	bool uses_signal; /* some template reads a field of the signal */
};
void segment_warn(struct segment_build *b, struct wn_place at, const char *fmt, ...) WN_PRINTF(3, 4);
/* segment_bounds.c: refuses terms that contradict each other. p may be NULL. */
void segment_check_bounds(struct segment_build *b, const struct cel_program *p, const struct wn_yaml_text *text);
/* segment_calls.c: refuses calls that nobody can answer. p may be NULL. */
void segment_check_calls(struct segment_build *b, const struct cel_program *p, const struct wn_yaml_text *text);
/* segment_rules.c: where a span of an expression stands in the file. */
struct wn_place segment_place_of_span(const struct wn_yaml_text *t, struct cel_span span);
/* segment_rules.c: when, who, stay, group_by and what they read. */
void segment_build_rules(struct segment_build *b);
/* A condition of a step or variant; NULL after an error or if there is none. */
const struct cel_program *segment_build_test(struct segment_build *b, const struct wn_yaml_text *t);
/* segment_steps.c */
void segment_build_steps(struct segment_build *b);
/* segment_names.c: names in templates. */
void segment_check_template(struct segment_build *b, const struct wn_template *t,
			    const struct wn_yaml_text *text);
/* segment_json.c */
struct wn_value segment_canonical(const struct segment_build *b);
struct wn_value segment_goal_value(const struct wn_goal *g, struct wn_arena *a);

#endif
