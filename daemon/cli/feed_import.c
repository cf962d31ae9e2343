/* SPDX-License-Identifier: MIT */
/* `feed import`: the subscriptions of a feed reader as feed files. It writes text, nothing else: what is polled is what lies in
 * feeds.d after somebody has read it. */
#include "parts.h"
#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <whynow/opml.h>
#include <whynow/text.h>
#include <whynow/url.h>

static int read_whole(struct wn_cli *cli, const char *path, struct wn_str *out)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!f)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "%s: %s", path, strerror(errno));
	char *p = wn_arena_alloc(cli->arena, WN_FETCH_BODY_MAX + 1);
	*out = (struct wn_str){p, fread(p, 1, WN_FETCH_BODY_MAX + 1, f)};
	if (f != stdin)
		fclose(f);
	return 0;
}

/* A name as feeds have them: lower-case words with hyphens, unique in the file. */
static const char *name_of(struct wn_cli *cli, const struct wn_opml_feed *feeds, const char **names, size_t at)
{
	char name[60];
	size_t n = 0;
	struct wn_str t = feeds[at].title;
	for (size_t i = 0; i < t.n && n < sizeof(name) - 12; i++) {
		char c = t.p[i] >= 'A' && t.p[i] <= 'Z' ? (char)(t.p[i] | 0x20) : t.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			name[n++] = c;
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	name[n] = '\0';
	const char *base = n && name[0] >= 'a' ? name : wn_arena_printf(cli->arena, "feed-%s", name), *out = wn_arena_printf(cli->arena, "%s", base);
	for (size_t i = 0, k = 2; i < at; i++)
		if (strcmp(names[i], out) == 0) {
			out = wn_arena_printf(cli->arena, "%s-%zu", base, k++);
			i = (size_t)-1; /* from the start with the new one */
		}
	return out;
}

static void quoted(FILE *to, struct wn_str s)
{
	fputc('\'', to);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			fputc('\'', to);
		fputc(s.p[i], to);
	}
	fputc('\'', to);
}

static void write_feed(struct wn_cli *cli, FILE *to, const struct wn_opml_feed *f, const char *name)
{
	fprintf(to, "---\nfeed: %s\ndescription: ", name);
	quoted(to, wn_str_of(cli_clean(cli, f->folder.n ? wn_str_of(wn_arena_printf(cli->arena, WN_STR_FMT " (" WN_STR_FMT ")", WN_STR_ARG(f->title),
										    WN_STR_ARG(f->folder)))
							: f->title)));
	fputs("\nurl: ", to);
	quoted(to, f->url);
	fputs("\nformat: auto\nextract: news\naccounts: known\n"
	      "reports: {kinds: [funding, acquisition, hire, departure, tech_adopted, tech_dropped], scope: none}\n",
	      to);
}

/* feed://HOST and feed:https://HOST: how readers of old wrote it. */
static struct wn_str address_of(struct wn_cli *cli, struct wn_str url)
{
	struct wn_str rest = {url.p + 5, url.n - 5};
	if (url.n <= 5 || strncasecmp(url.p, "feed:", 5) != 0)
		return url;
	if (rest.n > 2 && memcmp(rest.p, "//", 2) == 0)
		return wn_str_of(wn_arena_printf(cli->arena, "http:%.*s", (int)rest.n, rest.p));
	return rest;
}

/* NULL: a feed file takes it. */
static const char *why_left_out(const struct wn_opml_feed *feeds, size_t at)
{
	for (size_t k = 0; k < at; k++)
		if (wn_str_eq(feeds[k].url, feeds[at].url))
			return "listed twice";
	if (!wn_url_is_http(feeds[at].url))
		return "no http or https address";
	if (!wn_conf_is_http_url(feeds[at].url))
		return "too long, blanks in it, or a user and a password: those belong into `auth:`";
	return NULL;
}

static size_t write_all(struct wn_cli *cli, FILE *to, struct wn_opml_feed *feeds, size_t n)
{
	const char **names = WN_NEW_N(cli->arena, const char *, n + 1);
	size_t written = 0;
	for (size_t i = 0; i < n; i++) {
		names[i] = "";
		feeds[i].url = address_of(cli, feeds[i].url);
		const char *why = why_left_out(feeds, i);
		if (why) {
			cli_hint(cli, "left out: %s: %s", cli_clean(cli, feeds[i].url), why);
			continue;
		}
		names[i] = name_of(cli, feeds, names, i);
		write_feed(cli, to, &feeds[i], names[i]);
		written++;
	}
	return written;
}

static int run_import(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	const char *path = cli_value(cli, "--out");
	struct wn_opml_feed *feeds = NULL;
	struct wn_err err = {0};
	struct wn_str bytes;
	size_t n = 0, more = 0;
	int code = read_whole(cli, argv[0], &bytes);
	if (code)
		return code;
	enum wn_rc rc = wn_opml_read(bytes, cli->arena, &feeds, &n, &more, &err);
	if (rc) {
		wn_fail_more(&err, rc, "%s", argv[0]);
		return cli_fail(cli, rc, &err);
	}
	FILE *to = path ? fopen(path, "wxe") : cli->out;
	if (!to)
		return cli_error(cli, WN_EXIT_NO, "%s: %s", path, strerror(errno));
	fprintf(to, "# Made by `whynow feed import %s`. Read it, change what each feed may report, then `whynow reload`.\n",
		cli_clean(cli, wn_str_of(argv[0])));
	size_t written = write_all(cli, to, feeds, n);
	if (path && fclose(to))
		return cli_error(cli, WN_EXIT_NO, "%s: %s", path, strerror(errno));
	if (path)
		cli_say(cli, "%zu of %zu feeds written to %s; look at one with `whynow feed test NAME`, then `whynow reload`", written, n + more, path);
	if (more)
		cli_hint(cli, "%zu feeds past the first %d were left out; split the file", more, WN_OPML_FEEDS_MAX);
	return WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
	{"--out", "FILE", "write there, a file that is not there yet (feeds.d/reader.yaml); else to standard output"},
	{NULL, NULL, NULL},
};
const struct wn_command command_feed_import = {
	.name = "feed import",
	.args = "FILE.opml",
	.min_args = 1,
	.max_args = 1,
	.summary = "the subscriptions of a feed reader (OPML) as feed files",
	.more = "Every subscription becomes a feed that reads news and reports about known companies only. Nothing is polled before the file "
		"lies in feeds.d and the daemon has read it. - reads standard input.",
	.options = options,
	.run = run_import,
};
