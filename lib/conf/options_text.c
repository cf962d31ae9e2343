/* SPDX-License-Identifier: MIT */
/*
 * The option table as text: values for `config show`, the commented sample file, the manual. Reads nothing.
 */
#include <stdio.h>

#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/log.h>

#include "parts.h"

enum { WRAP = 100 }; /* columns of the sample file */

const char *wn_option_type_to_text(enum wn_option_type type)
{
	static const char *const names[] = {
		[WN_OPTION_STRING] = "a string",
		[WN_OPTION_BOOL] = "true or false",
		[WN_OPTION_INT] = "a whole number",
		[WN_OPTION_DURATION] = "a duration",
		[WN_OPTION_SIZE] = "a size",
		[WN_OPTION_PERCENT] = "a percentage",
		[WN_OPTION_DOUBLE] = "a number",
		[WN_OPTION_STRINGS] = "a list of strings",
		[WN_OPTION_LEVEL] = "a level",
		[WN_OPTION_CREDENTIAL] = "credential:NAME",
		[WN_OPTION_CREDENTIALS] = "a list of credential:NAME",
		[WN_OPTION_CAP] = "a cap",
		[WN_OPTION_WINDOW] = "a window",
		[WN_OPTION_CEL] = "a CEL expression",
		[WN_OPTION_PATH] = "a path",
		[WN_OPTION_ZONE] = "a time zone",
		[WN_OPTION_TRACE] = "a list of components",
	};
	return (size_t)type < WN_COUNT(names) && names[type] ? names[type] : "?";
}

static void add_duration(struct wn_buf *b, double seconds)
{
	char text[40];
	wn_duration_to_text((int64_t)(seconds * 1e6 + 0.5), text);
	wn_buf_text(b, text);
}

static void add_size(struct wn_buf *b, int64_t bytes)
{
	if (bytes && bytes % (1 << 20) == 0)
		wn_buf_printf(b, "%lldMiB", (long long)(bytes >> 20));
	else if (bytes && bytes % (1 << 10) == 0)
		wn_buf_printf(b, "%lldKiB", (long long)(bytes >> 10));
	else
		wn_buf_printf(b, "%lld", (long long)bytes);
}

static void add_bound(struct wn_buf *b, const struct wn_option *o, double v)
{
	switch (o->type) {
	case WN_OPTION_DURATION: add_duration(b, v); break;
	case WN_OPTION_SIZE: add_size(b, (int64_t)v); break;
	case WN_OPTION_PERCENT: wn_buf_printf(b, "%g%%", v * 100); break;
	default: wn_buf_printf(b, "%.10g", v); break;
	}
}

void wn_option_range(const struct wn_option *o, struct wn_buf *b)
{
	if (o->min == 0 && o->max == 0)
		return;
	add_bound(b, o, o->min);
	wn_buf_text(b, " to ");
	add_bound(b, o, o->max);
}

/* --- values ------------------------------------------------------------------------------------------- */

static void add_string(struct wn_buf *b, struct wn_str s)
{
	if (s.p)
		wn_yaml_write_string(b, s);
	else
		wn_buf_text(b, "null");
}

static void add_list(struct wn_buf *b, const struct wn_yaml_strings *l, const char *prefix)
{
	wn_buf_char(b, '[');
	for (size_t i = 0; i < l->n; i++) {
		wn_buf_text(b, i ? ", " : "");
		wn_buf_text(b, prefix);
		add_string(b, l->v[i]);
	}
	wn_buf_char(b, ']');
}

static void add_cap(struct wn_buf *b, const struct wn_conf_cap *c)
{
	char per[40];

	if (c->n < 0) {
		wn_buf_text(b, "none");
		return;
	}
	wn_duration_to_text(c->per_us, per);
	wn_buf_printf(b, "%lld per %s", (long long)c->n, per);
}

static void add_window(struct wn_buf *b, const struct wn_conf_window *w)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	bool first = true;

	if (w->any) {
		wn_buf_text(b, "none");
		return;
	}
	wn_buf_printf(b, "%02d:%02d-%02d:%02d", w->from_minute / 60, w->from_minute % 60, w->to_minute / 60,
		      w->to_minute % 60);
	if (w->days == 0x7f)
		return;
	for (int d = 0; d < 7; d++) {
		if (!(w->days & 1u << d))
			continue;
		int last = d;
		while (last < 6 && w->days & 1u << (last + 1))
			last++;
		wn_buf_printf(b, "%s%s", first ? " " : ",", days[d]);
		if (last > d)
			wn_buf_printf(b, "-%s", days[last]);
		first = false;
		d = last;
	}
}

static void add_level(struct wn_buf *b, int level)
{
	static const char *const names[] = {"err", "warning", "notice", "info", "debug"};
	wn_buf_text(b, level >= WN_ERR && level <= WN_DEBUG ? names[level - WN_ERR] : "?");
}

static void add_credential(struct wn_buf *b, struct wn_str name)
{
	if (name.p)
		wn_buf_text(b, "credential:");
	add_string(b, name);
}

void wn_option_value(const struct wn_options *opts, const struct wn_option *o, struct wn_buf *b)
{
	const void *p = (const char *)opts + o->offset;
	char text[40];

	switch (o->type) {
	case WN_OPTION_STRING:
	case WN_OPTION_PATH:
	case WN_OPTION_ZONE: add_string(b, *(const struct wn_str *)p); break;
	case WN_OPTION_BOOL: wn_buf_text(b, *(const bool *)p ? "true" : "false"); break;
	case WN_OPTION_INT: wn_buf_printf(b, "%lld", (long long)*(const int64_t *)p); break;
	case WN_OPTION_DURATION:
		wn_duration_to_text(*(const int64_t *)p, text);
		wn_buf_text(b, text);
		break;
	case WN_OPTION_SIZE: add_size(b, *(const int64_t *)p); break;
	case WN_OPTION_PERCENT: wn_buf_printf(b, "%.10g%%", *(const double *)p * 100); break;
	case WN_OPTION_DOUBLE: wn_buf_printf(b, "%.10g", *(const double *)p); break;
	case WN_OPTION_STRINGS:
	case WN_OPTION_TRACE: add_list(b, p, ""); break;
	case WN_OPTION_LEVEL: add_level(b, *(const int *)p); break;
	case WN_OPTION_CREDENTIAL: add_credential(b, *(const struct wn_str *)p); break;
	case WN_OPTION_CREDENTIALS: add_list(b, p, "credential:"); break;
	case WN_OPTION_CAP: add_cap(b, p); break;
	case WN_OPTION_WINDOW: add_window(b, p); break;
	case WN_OPTION_CEL: add_string(b, ((const struct wn_yaml_text *)p)->text); break;
	}
}

/* --- sample file -------------------------------------------------------------------------------------- */

/* `text` as comment lines, words wrapped at WRAP columns. */
static void add_comment(struct wn_buf *b, int indent, const char *text)
{
	int column = 0;

	while (*text) {
		int word = (int)strcspn(text, " ");
		if (column && column + 1 + word > WRAP) {
			wn_buf_char(b, '\n');
			column = 0;
		}
		if (!column) {
			wn_buf_printf(b, "%*s#", indent, "");
			column = indent + 1;
		}
		wn_buf_printf(b, " %.*s", word, text);
		column += 1 + word;
		text += word;
		text += strspn(text, " ");
	}
	wn_buf_char(b, '\n');
}

static size_t group_length(const char *name)
{
	const char *dot = strchr(name, '.');
	return dot ? (size_t)(dot - name) : 0;
}

/* "(a whole number of requests, 1 to 8; a change takes effect: now)" */
static void add_facts(struct wn_buf *b, int indent, const struct wn_option *o)
{
	WN_CLEANUP(wn_buf_done) struct wn_buf line;

	wn_buf_init(&line, 1024);
	wn_buf_printf(&line, "(%s%s%s", wn_option_type_to_text(o->type),
		      o->unit && o->type != WN_OPTION_SIZE ? " of " : "",
		      o->unit && o->type != WN_OPTION_SIZE ? o->unit : "");
	if (o->min != 0 || o->max != 0)
		wn_buf_text(&line, ", ");
	wn_option_range(o, &line);
	wn_buf_printf(&line, "; a change takes effect: %s)", wn_reload_to_text(o->reload));
	add_comment(b, indent, line.p);
}

static void add_capitalised(struct wn_buf *b, int indent, const struct wn_option *o)
{
	WN_CLEANUP(wn_buf_done) struct wn_buf line;

	wn_buf_init(&line, 4096);
	wn_buf_text(&line, o->help);
	if (line.n && line.p[0] >= 'a' && line.p[0] <= 'z' && strncmp(line.p, "libpq", 5))
		line.p[0] = (char)(line.p[0] - 'a' + 'A');
	wn_buf_printf(&line, ". %s", o->more);
	add_comment(b, indent, line.p);
}

void wn_conf_sample(struct wn_buf *b)
{
	size_t n, group = 0;
	const struct wn_option *t = wn_options_table(&n);

	wn_buf_text(b, "# /etc/whynow/whynow.yaml: main file of whynowd, see whynow.yaml(5).\n#\n"
		       "# Every option stands here with its default, commented out: take away the # before its "
		       "name to change\n"
		       "# it. `whynow config check` says what is wrong with a file, `whynow config show` what "
		       "is in force.\n"
		       "# Durations: 90s, 5m, 24h, 7d, 6w, 1d12h.\n");
	for (size_t i = 0; i < n; i++) {
		size_t g = group_length(t[i].name);
		if (g && (i == 0 || g != group || strncmp(t[i].name, t[i - 1].name, g + 1)))
			wn_buf_printf(b, "\n%.*s:\n", (int)g, t[i].name);
		else
			wn_buf_char(b, '\n');
		group = g;
		int indent = g ? 2 : 0;
		add_capitalised(b, indent, &t[i]);
		add_facts(b, indent, &t[i]);
		wn_buf_printf(b, "%*s#%s: %s\n", indent, "", t[i].name + (g ? g + 1 : 0), t[i].def);
	}
}

/* --- manual ------------------------------------------------------------------------------------------- */

/* A line of roff: no line may begin with a dot or a quote, a backslash is doubled. */
static void add_roff(struct wn_buf *b, const char *text)
{
	if (*text == '.' || *text == '\'')
		wn_buf_text(b, "\\&");
	for (; *text; text++)
		if (*text == '\\')
			wn_buf_text(b, "\\e");
		else
			wn_buf_char(b, *text);
	wn_buf_char(b, '\n');
}

void wn_conf_manual(struct wn_buf *b)
{
	size_t n;
	const struct wn_option *t = wn_options_table(&n);

	wn_buf_text(b, ".Bl -tag -width indent\n");
	for (size_t i = 0; i < n; i++) {
		wn_buf_printf(b, ".It Ic %s\n", t[i].name);
		WN_CLEANUP(wn_buf_done) struct wn_buf line;
		wn_buf_init(&line, 4096);
		wn_buf_text(&line, t[i].help);
		if (line.p[0] >= 'a' && line.p[0] <= 'z')
			line.p[0] = (char)(line.p[0] - 'a' + 'A');
		wn_buf_char(&line, '.');
		add_roff(b, line.p);
		add_roff(b, t[i].more);
		wn_buf_clear(&line);
		wn_buf_printf(&line, "Type: %s", wn_option_type_to_text(t[i].type));
		wn_buf_text(&line, t[i].min != 0 || t[i].max != 0 ? ", " : "");
		wn_option_range(&t[i], &line);
		wn_buf_printf(&line, "%s%s. Default: %s. A change takes effect: %s.", t[i].unit ? ", in " : "",
			      t[i].unit ? t[i].unit : "", t[i].def, wn_reload_to_text(t[i].reload));
		add_roff(b, line.p);
	}
	wn_buf_text(b, ".El\n");
}

/* --- config show -------------------------------------------------------------------------------------- */

static void add_source(struct wn_buf *b, const struct wn_place *at)
{
	if (!at->file)
		wn_buf_text(b, "default");
	else if (!at->line || !strcmp(at->file, "-o"))
		wn_buf_text(b, "command line");
	else
		wn_buf_printf(b, "%s:%d", at->file, at->line);
}

static void show_json(struct wn_buf *b, const struct wn_option *o, struct wn_str value, struct wn_str source,
		      bool first)
{
	wn_buf_text(b, first ? "{" : ",");
	wn_json_write_string(b, wn_str_of(o->name));
	wn_buf_text(b, ":{\"value\":");
	wn_json_write_string(b, value);
	wn_buf_text(b, ",\"source\":");
	wn_json_write_string(b, source);
	wn_buf_text(b, ",\"default\":");
	wn_json_write_string(b, wn_str_of(o->def));
	wn_buf_text(b, ",\"reload\":");
	wn_json_write_string(b, wn_str_of(wn_reload_to_text(o->reload)));
	wn_buf_text(b, "}");
}

void wn_conf_show(const struct wn_config *c, struct wn_buf *b, bool json)
{
	size_t n;
	const struct wn_option *t = wn_options_table(&n);
	WN_CLEANUP(wn_buf_done) struct wn_buf value, source;

	wn_buf_init(&value, WN_CONF_FILE_MAX);
	wn_buf_init(&source, 8192);
	for (size_t i = 0; i < n; i++) {
		wn_buf_clear(&value);
		wn_buf_clear(&source);
		wn_option_value(&c->options, &t[i], &value);
		add_source(&source, &c->option_at[i]);
		if (json)
			show_json(b, &t[i], wn_buf_slice(&value), wn_buf_slice(&source), i == 0);
		else
			wn_buf_printf(b, "%s: %s  # %s\n", t[i].name, value.p ? value.p : "",
				      source.p ? source.p : "");
	}
	if (json)
		wn_buf_text(b, "}\n");
}
