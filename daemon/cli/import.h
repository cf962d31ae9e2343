/* SPDX-License-Identifier: MIT */
/* Shared by import.c, import_columns.c, account_import.c and contact_import.c only. */
#ifndef WN_CLI_IMPORT_H
#define WN_CLI_IMPORT_H

#include "parts.h"
#include <whynow/feed.h>

enum { IMPORT_FIELDS_MAX = 12 };
/* A field of the row itself, or a trait, and the headers under which it is exported (folded: letters, digits,
 * _). */
struct import_name {
	const char *target;
	const char *const *headers; /* ends with NULL */
};
struct import_column {
	struct wn_str header;
	int field; /* index into fields, -1 */
	int trait; /* number in the registry, -1 */
};
/* What a line says, in the types it is stored in. */
struct import_line {
	int number; /* in the file */
	struct wn_str fields[IMPORT_FIELDS_MAX];
	struct wn_trait_pair *traits;
	size_t n_traits;
};

struct import {
	struct wn_cli *cli;
	const char *what; /* "account", "contact" */
	enum wn_trait_of of;
	const struct import_name *fields;
	size_t n_fields;
	/* Hands a block to the store inside the unit of work; rows are its results. */
	enum wn_rc (*store)(struct import *im, struct wn_store *s, struct wn_world *w,
			    const struct import_line *lines, size_t n, struct wn_import_row *rows,
			    struct wn_err *err);
	/* Checks and normalises a line; NULL, or why it is refused. */
	const char *(*prepare)(struct import *im, struct import_line *line);
	/* of the run */
	const char *path;
	struct wn_str by;
	struct wn_feed_doc doc;
	struct import_column *columns;
	size_t n_columns;
	size_t counts[4];                /* by enum wn_import_how */
	WN_VEC(struct wn_value) remarks; /* {line, why}, refusals and values left out */
	size_t remarks_more;
};

extern const struct wn_cli_option import_options[];
int import_run(struct import *im, const char *path);

/* import_columns.c: which column is what. */
int import_columns(struct import *im);
void import_show_columns(struct import *im);
/* Text of a target for people: "domain", "trait employees", "left out". */
const char *import_target(const struct import *im, const struct import_column *c);

/* import.c */
void import_remark(struct import *im, int line, const char *why);

#endif
