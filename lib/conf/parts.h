/* SPDX-License-Identifier: MIT */
/* What the files of lib/conf share and nobody else may use. */
#ifndef WN_CONF_PARTS_H
#define WN_CONF_PARTS_H

#include <whynow/conf.h>

/* Decimal texts, the whole of them: -12, 1.5e6. False: not a number, or out of range. */
bool wn_conf_parse_int(struct wn_str s, int64_t *out);
bool wn_conf_parse_double(struct wn_str s, double *out);
/* "512KiB", "16M", "100": bytes. */
bool wn_conf_parse_size(struct wn_str s, int64_t *out);

/* The text of a quoted scalar from the bytes between its quotes (' or "); false: not well-formed. */
bool wn_conf_unquote(struct wn_str raw, char quote, struct wn_arena *a, struct wn_str *out);

/* yaml_plain.c: reads a document of the plain sort, *out borrows text and file; false: not of that sort, or wrong, and nothing
 * is said of it. yaml.c: by libfyaml, whatever it is; wn_yaml_parse takes the first that will. */
bool wn_yaml_read_plain(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out);
enum wn_rc wn_yaml_read_any(struct wn_str text, const char *file, struct wn_arena *a, struct wn_yaml_docs *out, struct wn_err *err) WN_MUST_CHECK;

/* One credential:NAME or a list of them -> NAMES. */
enum wn_rc wn_conf_credentials(const struct wn_yaml_node *n, size_t max, struct wn_arena *a,
			       struct wn_yaml_strings *out, struct wn_err *err) WN_MUST_CHECK;

/* SHA-256 of the canonical JSON of a document: comments, order of keys and quotes do not count. */
void wn_conf_checksum(const struct wn_yaml_node *doc, uint8_t out[32]);
static inline bool wn_conf_is_set(const struct wn_yaml_text *t)
{
	return t->text.p != NULL;
}

/* Readers for WN_YAML_T_CUSTOM rows; see the member types of conf.h. */
#define WN_CONF_READER(name)                                                                                  \
	void name(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a, void *out, \
		  struct wn_yaml_errors *e)
WN_CONF_READER(wn_conf_read_headers);     /* struct wn_conf_headers */
WN_CONF_READER(wn_conf_read_exprs);       /* struct wn_conf_exprs: any keys */
WN_CONF_READER(wn_conf_read_domain);      /* struct wn_str, lower case */
WN_CONF_READER(wn_conf_read_domains);     /* struct wn_yaml_strings, lower case */
WN_CONF_READER(wn_conf_read_http_url);    /* struct wn_str */
WN_CONF_READER(wn_conf_read_size);        /* int64_t, row->min and max in bytes */
WN_CONF_READER(wn_conf_read_credentials); /* struct wn_yaml_strings of NAMES, at most row->max */

#endif
