/* SPDX-License-Identifier: MIT */
/*
 * Readers of the small forms that feeds and sinks share: addresses, domains, headers, mappings of CEL,
 * checksums. They check form, never meaning: no name is resolved, no CEL is compiled.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include <whynow/id.h>
#include <whynow/limits.h>
#include <whynow/text.h>

#include "parts.h"

/* The value is large and soon forgotten: thousands of feeds would each leave theirs behind. */
void wn_conf_checksum(const struct wn_yaml_node *doc, uint8_t out[32])
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_buf b;

	wn_buf_init(&b, 8u * WN_CONF_FILE_MAX);
	wn_json_write_canonical(&b, wn_yaml_to_value(doc, a));
	wn_sha256(wn_buf_slice(&b), out);
	wn_buf_done(&b);
}

static void add_prefixed(struct wn_yaml_errors *e, const struct wn_yaml_row *row, struct wn_err *err)
{
	wn_fail_more(err, WN_INVALID, "\"%s\"", row->name);
	wn_yaml_error_add(e, err);
}

/* --- addresses and domains ---------------------------------------------------------------------------- */

bool wn_conf_is_http_url(struct wn_str s)
{
	size_t skip = s.n > 7 && !strncasecmp(s.p, "http://", 7)    ? 7
		      : s.n > 8 && !strncasecmp(s.p, "https://", 8) ? 8
								    : 0;

	if (!skip || s.n > WN_URL_MAX)
		return false;
	size_t end = skip;
	while (end < s.n && !strchr("/?#", s.p[end]))
		end++;
	if (end == skip || s.p[skip] == ':' || memchr(s.p + skip, '@', end - skip))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

void wn_conf_read_http_url(const struct wn_yaml_node *n, const struct wn_yaml_row *row,
			   struct wn_arena *a WN_UNUSED, void *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};
	struct wn_str s;

	if (wn_yaml_string(n, 1, WN_CONF_TEXT_MAX, &s, &err))
		add_prefixed(e, row, &err);
	else if (!wn_conf_is_http_url(s))
		wn_yaml_error(e, wn_yaml_place(n),
			      "\"%s\": expected an address http(s)://HOST/... without user and blanks, found "
			      "\"" WN_STR_FMT "\"",
			      row->name, WN_STR_ARG(s));
	else
		*(struct wn_str *)out = s;
}

static bool is_domain(struct wn_str s)
{
	bool dot = false;

	if (s.n < 3 || s.n > 253 || s.p[0] == '.' || s.p[0] == '-' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!isalnum(c) && c < 0x80 && c != '-' && c != '.')
			return false;
		if (c == '.' && s.p[i + 1] == '.')
			return false;
		dot |= c == '.';
	}
	return dot;
}

static bool read_domain(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			struct wn_str *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};
	struct wn_str s;

	if (wn_yaml_string(n, 1, WN_CONF_TEXT_MAX, &s, &err)) {
		add_prefixed(e, row, &err);
		return false;
	}
	if (!is_domain(s)) {
		wn_yaml_error(e, wn_yaml_place(n),
			      "\"%s\": expected a domain such as acme.com, found \"" WN_STR_FMT "\"", row->name,
			      WN_STR_ARG(s));
		return false;
	}
	*out = wn_text_lower_ascii(s, a);
	return true;
}

void wn_conf_read_domain(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			 void *out, struct wn_yaml_errors *e)
{
	(void)read_domain(n, row, a, out, e);
}

void wn_conf_read_domains(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			  void *out, struct wn_yaml_errors *e)
{
	struct wn_yaml_strings list;
	struct wn_err err = {0};

	if (wn_yaml_strings(n, 1, WN_CONF_NODES_MAX, a, &list, &err)) {
		add_prefixed(e, row, &err);
		return;
	}
	struct wn_str *v = WN_NEW_N(a, struct wn_str, list.n + 1);
	bool ok = true;
	for (size_t i = 0; i < list.n; i++)
		ok &= read_domain(n->kind == WN_YAML_SEQUENCE ? n->items[i] : n, row, a, &v[i], e);
	if (ok)
		*(struct wn_yaml_strings *)out = (struct wn_yaml_strings){list.n, v};
}

/* --- headers ------------------------------------------------------------------------------------------ */

/* RFC 9110, section 5.6.2. */
static bool is_token(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !(s.p[i] && strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.n > 0 && s.n <= 100;
}

/* What the fetcher sets itself; a second one would break framing or validation. */
static bool is_ours(struct wn_str name)
{
	static const char *const names[] = {
		"host",    "content-length", "transfer-encoding", "connection",      "te",    "trailer",
		"upgrade", "if-none-match",  "if-modified-since", "accept-encoding", "range", "expect",
		"cookie"};
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (name.n == strlen(names[i]) && !strncasecmp(name.p, names[i], name.n))
			return true;
	return false;
}

static bool is_header_value(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return s.n <= 4096;
}

static void read_header(const struct wn_yaml_pair *p, struct wn_conf_header *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};

	out->name = p->key->text;
	if (!is_token(out->name))
		wn_yaml_error(e, wn_yaml_place(p->key), "\"" WN_STR_FMT "\" is no name of a header",
			      WN_STR_ARG(out->name));
	else if (is_ours(out->name))
		wn_yaml_error(e, wn_yaml_place(p->key), "the header \"" WN_STR_FMT "\" is set by whynow itself",
			      WN_STR_ARG(out->name));
	if (!wn_yaml_credential(p->value, &out->credential, NULL))
		return;
	if (wn_yaml_string(p->value, 0, WN_CONF_TEXT_MAX, &out->value, &err)) {
		wn_fail_more(&err, WN_INVALID, "header \"" WN_STR_FMT "\"", WN_STR_ARG(out->name));
		wn_yaml_error_add(e, &err);
	} else if (!is_header_value(out->value)) {
		wn_yaml_error(e, wn_yaml_place(p->value),
			      "header \"" WN_STR_FMT "\": a value of one line and at most 4096 bytes",
			      WN_STR_ARG(out->name));
	} else if (out->name.n == 13 && !strncasecmp(out->name.p, "authorization", 13)) {
		wn_yaml_error(e, wn_yaml_place(p->value),
			      "header \"Authorization\": expected credential:NAME (secrets are systemd "
			      "credentials, never in the file)");
	}
}

void wn_conf_read_headers(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			  void *out, struct wn_yaml_errors *e)
{
	if (n->kind != WN_YAML_MAPPING || n->n > 50) {
		wn_yaml_error(e, wn_yaml_place(n), "\"%s\": expected a mapping of at most 50 headers, found %s",
			      row->name, wn_yaml_what(n));
		return;
	}
	struct wn_conf_header *v = WN_NEW_N(a, struct wn_conf_header, n->n + 1);
	for (size_t i = 0; i < n->n; i++)
		read_header(&n->pairs[i], &v[i], e);
	*(struct wn_conf_headers *)out = (struct wn_conf_headers){n->n, v};
}

/* --- other forms -------------------------------------------------------------------------------------- */

void wn_conf_read_exprs(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			void *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};

	if (n->kind != WN_YAML_MAPPING) {
		wn_yaml_error(e, wn_yaml_place(n), "\"%s\": expected a mapping of names to CEL, found %s",
			      row->name, wn_yaml_what(n));
		return;
	}
	struct wn_conf_expr *v = WN_NEW_N(a, struct wn_conf_expr, n->n + 1);
	for (size_t i = 0; i < n->n; i++) {
		v[i].name = n->pairs[i].key->text;
		v[i].at = wn_yaml_place(n->pairs[i].key);
		if (wn_yaml_text(n->pairs[i].value, &v[i].cel, &err)) {
			wn_fail_more(&err, WN_INVALID, "\"" WN_STR_FMT "\" in %s", WN_STR_ARG(v[i].name),
				     row->name);
			wn_yaml_error_add(e, &err);
		}
	}
	*(struct wn_conf_exprs *)out = (struct wn_conf_exprs){n->n, v};
}

void wn_conf_read_size(const struct wn_yaml_node *n, const struct wn_yaml_row *row,
		       struct wn_arena *a WN_UNUSED, void *out, struct wn_yaml_errors *e)
{
	int64_t bytes;

	if (n->kind != WN_YAML_SCALAR || !wn_conf_parse_size(n->text, &bytes) || (double)bytes < row->min ||
	    (double)bytes > row->max)
		wn_yaml_error(e, wn_yaml_place(n),
			      "\"%s\": expected a size such as 512KiB or 16MiB, from %.0f to %.0f bytes",
			      row->name, row->min, row->max);
	else
		*(int64_t *)out = bytes;
}

void wn_conf_read_credentials(const struct wn_yaml_node *n, const struct wn_yaml_row *row, struct wn_arena *a,
			      void *out, struct wn_yaml_errors *e)
{
	struct wn_err err = {0};

	if (wn_conf_credentials(n, (size_t)row->max, a, out, &err))
		add_prefixed(e, row, &err);
}
