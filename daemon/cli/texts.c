/* SPDX-License-Identifier: MIT */
/* Texts for people: times in the operator's zone, spans, values, paragraphs. Strangers' text is cleaned here.
 */
#include "parts.h"
#include <math.h>
#include <whynow/date.h>
#include <whynow/log.h>
#include <whynow/text.h>
#include <whynow/tz.h>

const char *cli_clean(struct wn_cli *cli, struct wn_str s)
{
	size_t size = s.n * 4 + 16;
	char *dst = wn_arena_alloc(cli->arena, size);
	wn_log_clean(wn_arena_strdup(cli->arena, s), 2000, dst, size);
	return dst;
}

const char *cli_at(struct wn_cli *cli, int64_t us)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	int64_t year, this_year, now = cli->tz ? wn_tz_to_local(cli->tz, cli->now_us) : cli->now_us;
	int month, day, ignored;
	if (us == WN_NEVER || us == 0)
		return "-";
	int64_t local = cli->tz ? wn_tz_to_local(cli->tz, us) : us;
	int64_t days = local / WN_DAY - (local % WN_DAY < 0), rest = local - days * WN_DAY;
	int hour = (int)(rest / WN_HOUR), minute = (int)(rest % WN_HOUR / WN_MINUTE);
	wn_civil_from_days(days, &year, &month, &day);
	wn_civil_from_days(now / WN_DAY, &this_year, &ignored, &ignored);
	if (year != this_year)
		return wn_arena_printf(cli->arena, "%d %s %lld %02d:%02d", day, months[month - 1],
				       (long long)year, hour, minute);
	return wn_arena_printf(cli->arena, "%s %d %s %02d:%02d", weekdays[((days + 3) % 7 + 7) % 7], day,
			       months[month - 1], hour, minute);
}

const char *cli_rel(struct wn_cli *cli, int64_t us)
{
	char text[40];
	if (us == WN_NEVER || us == 0)
		return "-";
	wn_relative_to_text(us - cli->now_us, text);
	return wn_arena_strdup(cli->arena, wn_str_of(text));
}

const char *cli_when(struct wn_cli *cli, int64_t us)
{
	if (us == WN_NEVER || us == 0)
		return "-";
	return wn_arena_printf(cli->arena, "%s (%s)", cli_at(cli, us), cli_rel(cli, us));
}

const char *cli_span(struct wn_cli *cli, int64_t us)
{
	char text[40];
	wn_duration_to_text(us > WN_DAY    ? us / WN_HOUR * WN_HOUR
			    : us > WN_HOUR ? us / WN_MINUTE * WN_MINUTE
					   : us,
			    text);
	return wn_arena_strdup(cli->arena, wn_str_of(text));
}

const char *cli_percent(struct wn_cli *cli, double v)
{
	double percent = v * 100;
	return wn_arena_printf(cli->arena, fabs(percent - round(percent)) < 0.05 ? "%.0f %%" : "%.1f %%",
			       percent);
}

/* At most `chars` characters, the last one an ellipsis if something was cut. */
const char *cli_clip(struct wn_cli *cli, const char *s, size_t chars)
{
	size_t seen = 0, at = 0;
	if (wn_text_chars(wn_str_of(s)) <= chars)
		return s;
	for (; s[at]; at++)
		if (((unsigned char)s[at] & 0xc0) != 0x80 && seen++ == chars - 1)
			break;
	return wn_arena_printf(cli->arena, "%.*s…", (int)at, s);
}

static const char *number_text(struct wn_cli *cli, double v)
{
	static const struct {
		double from;
		const char *unit;
	} units[] = {{1e9, "B"}, {1e6, "M"}};
	for (size_t i = 0; i < WN_COUNT(units); i++)
		if (fabs(v) >= units[i].from)
			return wn_arena_printf(cli->arena, "%.4g%s", v / units[i].from, units[i].unit);
	return wn_arena_printf(cli->arena, fabs(v) < 1e15 && v == floor(v) ? "%.0f" : "%.4g", v);
}

static const char *list_text(struct wn_cli *cli, struct wn_value v)
{
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; i < v.n; i++)
		wn_buf_printf(&b, "%s%s", i ? ", " : "", cli_value_text(cli, v.list[i]));
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

const char *cli_value_text(struct wn_cli *cli, struct wn_value v)
{
	switch (v.kind) {
	case WN_STRING:
		return cli_clean(cli, wn_value_str(v));
	case WN_INT:
		return wn_arena_printf(cli->arena, "%lld", (long long)v.i);
	case WN_DOUBLE:
		return number_text(cli, v.d);
	case WN_BOOL:
		return v.b ? "yes" : "no";
	case WN_TIMESTAMP:
		return cli_at(cli, wn_value_us(v));
	case WN_LIST:
		return list_text(cli, v);
	case WN_MAP:
		return "{...}";
	default:
		return "";
	}
}

const char *cli_attrs(struct wn_cli *cli, struct wn_value attrs)
{
	struct wn_buf b;
	wn_buf_init(&b, 4000);
	for (size_t i = 0; attrs.kind == WN_MAP && i < attrs.n; i++) {
		struct wn_str name = wn_value_str(attrs.map[i].key);
		struct wn_value v = attrs.map[i].value;
		bool money = name.n > 4 && memcmp(name.p + name.n - 4, "_usd", 4) == 0;
		const char *text =
		    v.kind == WN_INT && money ? number_text(cli, (double)v.i) : cli_value_text(cli, v);
		wn_buf_printf(&b, "%s" WN_STR_FMT " %s", i ? ", " : "", WN_STR_ARG(name),
			      cli_clip(cli, text, 60));
	}
	const char *text = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return text;
}

int cli_width(const struct wn_cli *cli)
{
	return cli->width > 0 ? cli->width : 100;
}

void cli_paragraph(struct wn_cli *cli, FILE *to, int indent, const char *text)
{
	size_t room = (size_t)(cli_width(cli) > indent + 20 ? cli_width(cli) - indent : 20);
	if (room > 110)
		room = 110;
	while (*text) {
		size_t n = strcspn(text, "\n"), at = 0, used = 0;
		while (at < n) { /* words that still fit */
			size_t word = at;
			while (word < n && text[word] == ' ')
				word++;
			size_t end = word;
			while (end < n && text[end] != ' ')
				end++;
			size_t width = wn_text_width((struct wn_str){text + at, end - at});
			if (at && used + width > room)
				break;
			used += width;
			at = end;
		}
		fprintf(to, "%*s%.*s\n", indent, "", (int)at, text);
		text += at;
		while (*text == ' ')
			text++;
		text += *text == '\n';
	}
}

void cli_hang(struct wn_cli *cli, int indent, const char *mark, int column, const char *text)
{
	WN_CLEANUP(wn_freep) char *broken = NULL;
	size_t n = 0, width = wn_text_width(wn_str_of(mark));
	FILE *to = open_memstream(&broken, &n);
	if (!to)
		return;
	cli_paragraph(cli, to, column, text);
	fclose(to);
	fprintf(cli->out, "%*s%s%*s%s", indent, "", mark, column > indent + (int)width ? column - indent - (int)width : 0, "",
		n > (size_t)column ? broken + column : "\n");
}

void cli_text_block(struct wn_cli *cli, FILE *to, int indent, struct wn_str text)
{
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		const char *line = cli_clean(cli, (struct wn_str){text.p, n});
		fprintf(to, "%*s%s\n", *line ? indent : 0, "", line);
		n += end != NULL;
		text = (struct wn_str){text.p + n, text.n - n};
	}
}

const char *cli_plural(int64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}
