/* SPDX-License-Identifier: MIT */
/*
 * Options of the main file: from a YAML mapping and from NAME=VALUE texts into struct wn_options, by the option
 * table. One reader for each option type reads defaults, file and overrides alike. What options mean together
 * is checked at the end; what they do is not known here.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include <whynow/address.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/text.h>
#include <whynow/tz.h>

#include "parts.h"

static const char *const level_names[] = {"err", "warning", "notice", "info", "debug", NULL};
static const char *const trace_names[] = {
#define X(name, text) text,
	WN_TRACE_LIST(X)
#undef X
		NULL};

const char *wn_reload_to_text(enum wn_reload r)
{
	static const char *const names[] = {
#define X(name, text) text,
		WN_RELOAD_LIST(X)
#undef X
	};
	return (size_t)r < WN_COUNT(names) ? names[r] : "?";
}

/* --- small languages: caps, windows, sizes ------------------------------------------------------------ */

static bool take(struct wn_str *s, const char *word)
{
	size_t n = strlen(word);
	if (s->n < n || memcmp(s->p, word, n))
		return false;
	*s = (struct wn_str){s->p + n, s->n - n};
	return true;
}

enum wn_rc wn_conf_cap_from_text(struct wn_str s, struct wn_conf_cap *out, struct wn_err *err)
{
	struct wn_conf_cap cap = {0};
	size_t digits = 0;

	s = wn_text_trim(s);
	if (wn_str_is(s, "none")) {
		*out = (struct wn_conf_cap){-1, 0};
		return WN_OK;
	}
	while (digits < s.n && isdigit((unsigned char)s.p[digits]))
		digits++;
	struct wn_str rest = {s.p + digits, s.n - digits};
	if (!wn_conf_parse_int((struct wn_str){s.p, digits}, &cap.n) || !take(&rest, " per ") ||
	    !wn_duration_parse(wn_text_trim(rest), &cap.per_us) || cap.per_us <= 0 || cap.n > 1000)
		return wn_fail(err, WN_INVALID,
			       "expected a cap such as 2 per 7d, or none; found \"" WN_STR_FMT "\"",
			       WN_STR_ARG(s));
	*out = cap;
	return WN_OK;
}

/* HH:MM, up to 24:00. */
static bool take_minute(struct wn_str *s, int *out)
{
	if (s->n < 5 || s->p[2] != ':')
		return false;
	for (int i = 0; i < 5; i++)
		if (i != 2 && !isdigit((unsigned char)s->p[i]))
			return false;
	int h = (s->p[0] - '0') * 10 + s->p[1] - '0', m = (s->p[3] - '0') * 10 + s->p[4] - '0';
	if (m > 59 || h * 60 + m > 1440)
		return false;
	*out = h * 60 + m;
	*s = (struct wn_str){s->p + 5, s->n - 5};
	return true;
}

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static bool take_day(struct wn_str *s, int *out)
{
	for (int i = 0; i < 7; i++)
		if (take(s, day_names[i])) {
			*out = i;
			return true;
		}
	return false;
}

/* Mon-Fri,Sun */
static bool take_days(struct wn_str *s, unsigned *out)
{
	unsigned days = 0;

	do {
		int from, to;
		if (!take_day(s, &from))
			return false;
		to = from;
		if (take(s, "-") && !take_day(s, &to))
			return false;
		for (int d = from;; d = (d + 1) % 7) {
			days |= 1u << d;
			if (d == to)
				break;
		}
	} while (take(s, ","));
	*out = days;
	return true;
}

enum wn_rc wn_conf_window_from_text(struct wn_str s, struct wn_conf_window *out, struct wn_err *err)
{
	struct wn_conf_window w = {.days = 0x7f};
	struct wn_str rest = wn_text_trim(s);

	if (wn_str_is(rest, "none")) {
		*out = (struct wn_conf_window){.any = true, .to_minute = 1440, .days = 0x7f};
		return WN_OK;
	}
	bool ok = take_minute(&rest, &w.from_minute) && take(&rest, "-") && take_minute(&rest, &w.to_minute) &&
		  w.from_minute < w.to_minute;
	if (ok && rest.n)
		ok = take(&rest, " ") && take_days(&rest, &w.days) && rest.n == 0;
	if (!ok)
		return wn_fail(err, WN_INVALID,
			       "expected a window such as 09:00-17:00 Mon-Fri, or none; found \"" WN_STR_FMT
			       "\"",
			       WN_STR_ARG(s));
	*out = w;
	return WN_OK;
}

bool wn_conf_parse_size(struct wn_str s, int64_t *out)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = {
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"K", 1 << 10},
		{"M", 1 << 20},   {"G", 1 << 30},   {"", 1},
	};
	size_t digits = 0;
	int64_t n;

	while (digits < s.n && isdigit((unsigned char)s.p[digits]))
		digits++;
	if (!wn_conf_parse_int((struct wn_str){s.p, digits}, &n))
		return false;
	struct wn_str unit = wn_text_trim((struct wn_str){s.p + digits, s.n - digits});
	for (size_t i = 0; i < WN_COUNT(units); i++)
		if (wn_str_is(unit, units[i].unit))
			return !__builtin_mul_overflow(n, units[i].bytes, out);
	return false;
}

/* --- one reader a type -------------------------------------------------------------------------------- */

static bool scalar(const struct wn_yaml_node *n)
{
	return n->kind == WN_YAML_SCALAR && !wn_yaml_is_null(n);
}

static enum wn_rc read_size(const struct wn_yaml_node *n, const struct wn_option *o, int64_t *out,
			    struct wn_err *err)
{
	int64_t bytes;

	if (!scalar(n) || !wn_conf_parse_size(n->text, &bytes))
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected a size such as 512KiB or 16MiB, found %s", wn_yaml_what(n));
	if ((double)bytes < o->min || (double)bytes > o->max)
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected a size from %.0f to %.0f bytes, found %lld", o->min, o->max,
				  (long long)bytes);
	*out = bytes;
	return WN_OK;
}

static enum wn_rc read_small(const struct wn_yaml_node *n, const struct wn_option *o, void *out,
			     struct wn_err *err)
{
	struct wn_err bad = {0};
	struct wn_str s;
	enum wn_rc rc = wn_yaml_string(n, 0, WN_CONF_TEXT_MAX, &s, err);

	if (rc)
		return rc;
	rc = o->type == WN_OPTION_CAP ? wn_conf_cap_from_text(s, out, &bad)
				      : wn_conf_window_from_text(s, out, &bad);
	return rc ? wn_fail_at(err, rc, wn_yaml_place(n), "%s", bad.text) : WN_OK;
}

static enum wn_rc read_zone(const struct wn_yaml_node *n, struct wn_str *out, struct wn_err *err)
{
	struct wn_tz *tz = NULL;
	struct wn_str s;
	enum wn_rc rc = wn_yaml_string(n, 1, 100, &s, err);

	if (rc)
		return rc;
	if (wn_tz_load(s.p, &tz, NULL))
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected a time zone such as Europe/Berlin, found \"" WN_STR_FMT "\"",
				  WN_STR_ARG(s));
	wn_tz_free(tz);
	*out = s;
	return WN_OK;
}

static enum wn_rc read_trace(const struct wn_yaml_node *n, struct wn_arena *a, struct wn_yaml_strings *out,
			     struct wn_err *err)
{
	struct wn_yaml_strings names;
	enum wn_rc rc = wn_yaml_strings(n, 0, 100, a, &names, err);
	int ignored;

	for (size_t i = 0; !rc && i < names.n; i++)
		rc = wn_yaml_enum(n->kind == WN_YAML_SEQUENCE ? n->items[i] : n, trace_names, &ignored, err);
	if (!rc)
		*out = names;
	return rc;
}

static enum wn_rc read_level(const struct wn_yaml_node *n, int *out, struct wn_err *err)
{
	int i;
	enum wn_rc rc = wn_yaml_enum(n, level_names, &i, err);

	if (!rc)
		*out = WN_ERR + i;
	return rc;
}

enum wn_rc wn_conf_credentials(const struct wn_yaml_node *n, size_t max, struct wn_arena *a,
			       struct wn_yaml_strings *out, struct wn_err *err)
{
	size_t count = n->kind == WN_YAML_SEQUENCE ? n->n : 1;
	struct wn_str *v = WN_NEW_N(a, struct wn_str, count + 1);
	enum wn_rc rc;

	if (count > max)
		return wn_fail_at(err, WN_INVALID, wn_yaml_place(n),
				  "expected at most %zu credentials, found %zu", max, count);
	for (size_t i = 0; i < count; i++)
		if ((rc = wn_yaml_credential(n->kind == WN_YAML_SEQUENCE ? n->items[i] : n, &v[i], err)))
			return rc;
	*out = (struct wn_yaml_strings){count, v};
	return WN_OK;
}

static int64_t seconds_us(double s)
{
	return (int64_t)llround(s * 1e6);
}

static enum wn_rc read_option(const struct wn_yaml_node *n, const struct wn_option *o, struct wn_arena *a,
			      void *out, struct wn_err *err)
{
	switch (o->type) {
	case WN_OPTION_PATH: return wn_yaml_string(n, 1, 4000, out, err);
	case WN_OPTION_STRING: return wn_yaml_string(n, 0, WN_CONF_TEXT_MAX, out, err);
	case WN_OPTION_BOOL: return wn_yaml_bool(n, out, err);
	case WN_OPTION_INT: return wn_yaml_int(n, (int64_t)o->min, (int64_t)o->max, out, err);
	case WN_OPTION_DURATION: return wn_yaml_duration(n, seconds_us(o->min), seconds_us(o->max), out, err);
	case WN_OPTION_SIZE: return read_size(n, o, out, err);
	case WN_OPTION_PERCENT: return wn_yaml_percent(n, o->min, o->max, out, err);
	case WN_OPTION_DOUBLE: return wn_yaml_double(n, o->min, o->max, out, err);
	case WN_OPTION_STRINGS: return wn_yaml_strings(n, 0, 1000, a, out, err);
	case WN_OPTION_LEVEL: return read_level(n, out, err);
	case WN_OPTION_CREDENTIAL: return wn_yaml_is_null(n) ? WN_OK : wn_yaml_credential(n, out, err);
	case WN_OPTION_CREDENTIALS: return wn_conf_credentials(n, 10, a, out, err);
	case WN_OPTION_CAP:
	case WN_OPTION_WINDOW: return read_small(n, o, out, err);
	case WN_OPTION_CEL: return wn_yaml_is_null(n) ? WN_OK : wn_yaml_text(n, out, err);
	case WN_OPTION_ZONE: return read_zone(n, out, err);
	case WN_OPTION_TRACE: return read_trace(n, a, out, err);
	}
	return wn_fail_at(err, WN_INVALID, wn_yaml_place(n), "option type %d", (int)o->type);
}

/* --- the mapping -------------------------------------------------------------------------------------- */

struct loader {
	struct wn_arena *arena;
	struct wn_options *out;
	struct wn_place *at;
	struct wn_yaml_errors *errors;
};

static void set_option(struct loader *l, const struct wn_option *o, const struct wn_yaml_node *n)
{
	struct wn_err err = {0};
	size_t ignored;

	if (read_option(n, o, l->arena, (char *)l->out + o->offset, &err)) {
		wn_fail_more(&err, WN_INVALID, "\"%s\"", o->name);
		wn_yaml_error_add(l->errors, &err);
		return;
	}
	l->at[o - wn_options_table(&ignored)] = wn_yaml_place(n);
}

/* Names directly below a group ("" = the top): "poll", "log", ... or "floor", "ceiling", ... */
static size_t names_below(struct loader *l, const char *group, const char ***out)
{
	size_t n, count = 0, skip = strlen(group);
	const struct wn_option *table = wn_options_table(&n);
	const char **names = WN_NEW_N(l->arena, const char *, n);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(table[i].name, group, skip))
			continue;
		const char *rest = table[i].name + skip, *dot = strchr(rest, '.');
		const char *name = wn_arena_strdup(
			l->arena, (struct wn_str){rest, dot ? (size_t)(dot - rest) : strlen(rest)});
		if (count == 0 || strcmp(names[count - 1], name))
			names[count++] = name;
	}
	*out = names;
	return count;
}

static void read_group(struct loader *l, const struct wn_yaml_node *map, const char *group);

static void read_key(struct loader *l, const struct wn_yaml_pair *p, const char *group)
{
	char *name = wn_arena_printf(l->arena, "%s%.*s", group, (int)p->key->text.n, p->key->text.p);
	const struct wn_option *o = wn_option_find(name);
	const char **names;

	if (o) {
		set_option(l, o, p->value);
		return;
	}
	size_t n = names_below(l, group, &names);
	for (size_t i = 0; i < n && !*group; i++)
		if (!strcmp(names[i], name)) {
			read_group(l, p->value, wn_arena_printf(l->arena, "%s.", name));
			return;
		}
	const char *what =
		*group ? wn_arena_strdup(l->arena, (struct wn_str){group, strlen(group) - 1}) : "the main file";
	wn_yaml_unknown_key(p->key, what, names, n, l->errors);
}

/* A group without a value is empty: the sample file has its options commented out. */
static void read_group(struct loader *l, const struct wn_yaml_node *map, const char *group)
{
	if (wn_yaml_is_null(map))
		return;
	if (map->kind != WN_YAML_MAPPING) {
		wn_yaml_error(l->errors, wn_yaml_place(map), "%.*s: expected a mapping, found %s",
			      (int)(*group ? strlen(group) - 1 : 13), *group ? group : "the main file",
			      wn_yaml_what(map));
		return;
	}
	for (size_t i = 0; i < map->n; i++)
		read_key(l, &map->pairs[i], group);
}

static const struct wn_yaml_node *parse_one(struct loader *l, const char *text, const char *file)
{
	static const struct wn_yaml_node nothing = {.kind = WN_YAML_SCALAR, .text = {"", 0}};
	struct wn_yaml_docs docs;
	struct wn_err err = {0};

	if (wn_yaml_parse(wn_str_of(text), file, l->arena, &docs, &err)) {
		wn_yaml_error_add(l->errors, &err);
		return NULL;
	}
	return docs.n ? docs.v[0].root : &nothing;
}

static void set_defaults(struct loader *l)
{
	size_t n;
	const struct wn_option *table = wn_options_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct wn_yaml_node *node = parse_one(l, table[i].def, "default");
		if (node)
			set_option(l, &table[i], node);
		l->at[i] = (struct wn_place){0};
	}
}

/* "poll.floor=5s" */
static void set_override(struct loader *l, const char *text)
{
	const char *eq = strchr(text, '=');
	const struct wn_option *o = NULL;

	if (eq)
		o = wn_option_find(wn_arena_strdup(l->arena, (struct wn_str){text, (size_t)(eq - text)}));
	if (!o) {
		size_t n;
		const struct wn_option *table = wn_options_table(&n);
		const char **names = WN_NEW_N(l->arena, const char *, n);
		for (size_t i = 0; i < n; i++)
			names[i] = table[i].name;
		const char *near =
			wn_nearest((struct wn_str){text, eq ? (size_t)(eq - text) : strlen(text)}, names, n);
		wn_yaml_error(l->errors, (struct wn_place){"-o", 0, 0}, "\"%s\": expected OPTION=VALUE%s%s%s",
			      text, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		return;
	}
	const struct wn_yaml_node *node = eq[1] ? parse_one(l, eq + 1, "-o") : parse_one(l, "\"\"", "-o");
	if (node)
		set_option(l, o, node);
}

static struct wn_place place_of(const struct loader *l, const char *name)
{
	size_t n;
	const struct wn_option *table = wn_options_table(&n);
	const struct wn_option *o = wn_option_find(name);
	return o ? l->at[o - table] : (struct wn_place){0};
}

static bool is_loopback(struct wn_str listen)
{
	return take(&listen, "127.") || take(&listen, "[::1]:") || take(&listen, "localhost:");
}

/* http://HOST:PORT or socks5h://HOST:PORT: the proxy looks names up. Its credentials would stand in the file. */
static bool is_proxy(struct wn_str s)
{
	size_t port = 0;

	if (!take(&s, "http://") && !take(&s, "socks5h://"))
		return false;
	for (; s.n && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9'; s.n--)
		port++;
	for (size_t i = 0; i < s.n; i++)
		if (memchr("/?#@ \\", s.p[i], 6) || (unsigned char)s.p[i] <= ' ')
			return false;
	return port > 0 && port <= 5 && s.n > 1 && s.p[s.n - 1] == ':';
}

static void check_networks(struct loader *l)
{
	const struct wn_yaml_strings *networks = &l->out->poll.allow_networks;
	struct wn_network network;

	for (size_t i = 0; i < networks->n; i++)
		if (!wn_network_parse(networks->v[i], &network))
			wn_yaml_error(l->errors, place_of(l, "poll.allow_networks"),
				      "\"poll.allow_networks\": expected networks such as 10.20.0.0/16, found "
				      "\"" WN_STR_FMT "\"",
				      WN_STR_ARG(networks->v[i]));
}

/* What options mean together. */
static void check_together(struct loader *l)
{
	struct wn_options *o = l->out;

	if (o->poll.floor_us > o->poll.ceiling_us)
		wn_yaml_error(l->errors,
			      place_of(l, "poll.floor").file ? place_of(l, "poll.floor")
							     : place_of(l, "poll.ceiling"),
			      "\"poll.floor\" is above \"poll.ceiling\"");
	if (o->delivery.lease_us <= o->delivery.timeout_us)
		wn_yaml_error(l->errors,
			      place_of(l, "delivery.lease").file ? place_of(l, "delivery.lease")
								 : place_of(l, "delivery.timeout"),
			      "\"delivery.lease\" must be longer than \"delivery.timeout\"");
	if (o->http.listen.n && !is_loopback(o->http.listen))
		wn_yaml_error(l->errors, place_of(l, "http.listen"),
			      "\"http.listen\": expected a loopback address such as 127.0.0.1:8470 (put a "
			      "proxy with TLS before it)");
	if (o->database.conninfo.n && memmem(o->database.conninfo.p, o->database.conninfo.n, "password=", 9))
		wn_yaml_error(l->errors, place_of(l, "database.conninfo"),
			      "\"database.conninfo\": a password does not belong into a file; use "
			      "database.password: credential:NAME");
	if (o->poll.proxy.n && !is_proxy(o->poll.proxy))
		wn_yaml_error(l->errors, place_of(l, "poll.proxy"), "\"poll.proxy\": expected http://HOST:PORT or socks5h://HOST:PORT");
	check_networks(l);
	o->log.trace_mask = 0;
	for (size_t i = 0; i < o->log.trace.n; i++)
		for (unsigned t = 0; trace_names[t]; t++)
			if (wn_str_is(o->log.trace.v[i], trace_names[t]))
				o->log.trace_mask |= 1u << t;
}

enum wn_rc wn_conf_options(const struct wn_yaml_node *root, const char *const *sets, struct wn_arena *a,
			   struct wn_options *out, struct wn_place *option_at, struct wn_yaml_errors *errors)
{
	struct wn_options *o = WN_NEW(a, struct wn_options);
	struct loader l = {a, o, option_at, errors};
	size_t before = wn_yaml_errors_count(errors);

	set_defaults(&l);
	if (root)
		read_group(&l, root, "");
	for (size_t i = 0; sets && sets[i]; i++)
		set_override(&l, sets[i]);
	if (wn_yaml_errors_count(errors) == before)
		check_together(&l);
	if (wn_yaml_errors_count(errors) != before)
		return WN_INVALID;
	*out = *o;
	return WN_OK;
}
