// links: cli
/* SPDX-License-Identifier: MIT */
/*
 * The scenario runner: the true daemon (poller, intake, sweeper, courier) on a virtual clock with a scripted network
 * against a real PostgreSQL, and the true command line in the same process. README.md beside this file has the format.
 *
 *   scenario FILE --database CONNINFO [--trace] [--dir DIR] [--server URL] [--progress FILE]
 *
 * The database is empty but for the schema. Exit code 0: every expectation held and fsck was silent; 1: one did not
 * (FILE:LINE: what); 2: the file is wrong. --trace prints the history at the end, without times: the same file gives
 * the same lines.
 *
 * For crash tests the process may be killed anywhere and started again: --dir is kept, --progress says which line was
 * being done and at what time, and with --server the real HTTP client talks to a server that outlives us (every http://
 * of the file becomes URL/, and `url` lines are written to DIR/answers).
 */
#include "../../daemon/cli/cli.h"
#include "../../daemon/daemon.h"
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <whynow/date.h>
#include <whynow/log.h>

/* ------------------------------------------------------------------------------------------- the scripted network */
struct answer {
	struct answer *next;
	struct wn_http_response *failed; /* kept as words below */
	int status;
	bool fails, hangs, always;
	struct wn_http_header headers[8];
	size_t headers_n;
	char *body;
};
struct place {
	struct place *next;
	char *url;
	struct answer *first;
	size_t asked;
	struct wn_buf bodies; /* what was posted there, a line each */
};
struct script {
	struct wn_net net;
	struct wn_arena *arena;
	struct wn_loop *loop;
	struct place *places;
};
struct call {
	bool (*on_data)(void *ctx, struct wn_str bytes);
	wn_http_done *on_done;
	void *ctx;
	struct wn_http_response *response;
	struct wn_timer *timer; /* hangs: until its own limit */
};

static struct place *place_of(struct script *s, const char *url)
{
	for (struct place *p = s->places; p; p = p->next)
		if (strcmp(p->url, url) == 0)
			return p;
	struct place *p = WN_NEW(s->arena, struct place);
	p->url = wn_arena_strdup(s->arena, wn_str_of(url));
	wn_buf_init(&p->bodies, 16u << 20);
	p->next = s->places;
	s->places = p;
	return p;
}

/* The next answer of the place; the last one stays. Nothing said: 404. A body asked for again with its validator: 304. */
static struct wn_http_response *answer_for(struct place *p, const struct wn_http_request *req)
{
	struct answer *a = p->first;
	p->asked++;
	if (!a)
		return wn_http_response_new(404, req->url, NULL, 0, WN_STR(""));
	if (a->next && !a->always)
		p->first = a->next;
	if (a->hangs)
		return wn_http_response_failed(WN_UNKNOWN, WN_HTTP_TIMEOUT, "no answer in time (scripted)");
	if (a->fails)
		return wn_http_response_failed(WN_AGAIN, WN_HTTP_CONNECT, "no connection (scripted)");
	return wn_http_response_new(a->status, req->url, a->headers, a->headers_n, wn_str_of(a->body ? a->body : ""));
}

static void on_soon(void *ctx)
{
	struct call *c = ctx;
	wn_http_done *fn = c->on_done;
	void *fn_ctx = c->ctx;
	struct wn_http_response *r = c->response;
	wn_timer_free(c->timer);
	if (c->on_data && r->rc == WN_OK && r->status == 200)
		c->on_data(fn_ctx, r->body);
	free(c);
	fn(fn_ctx, r);
}

static enum wn_rc script_start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx,
			       struct wn_http_call **out, struct wn_err *err)
{
	struct script *s = (struct script *)net;
	struct place *p = place_of(s, req->url);
	struct call *c = wn_alloc(sizeof(*c));
	(void)err;
	if (req->method && strcmp(req->method, "POST") == 0) {
		wn_buf_str(&p->bodies, req->body);
		wn_buf_char(&p->bodies, '\n');
	}
	*c = (struct call){req->on_data, on_done, ctx, answer_for(p, req), NULL};
	if (out)
		*out = (struct wn_http_call *)c;
	if (c->response->failure == WN_HTTP_TIMEOUT) {
		c->timer = wn_timer_new(s->loop, "hanging answer", on_soon, c);
		wn_timer_after(c->timer, (int64_t)req->total_timeout_ms * 1000);
	} else {
		wn_loop_soon(s->loop, on_soon, c);
	}
	return WN_OK;
}

static void script_cancel(struct wn_net *net, struct wn_http_call *call)
{
	(void)net;
	(void)call; /* the answer is on its way already */
}

/* ---------------------------------------------------------------------------------------------------- the runner */
struct run {
	const char *file;
	int line;
	char dir[400];
	char *text, *at; /* of the file */
	const char *database;
	struct wn_daemon d;
	struct script script;
	struct wn_arena *arena;
	bool started, failed;
	char *sets[32];
	size_t n_sets;
	int64_t start_us;
	char *output; /* of the newest command */
	int files;
	const char *server, *progress; /* NULL: scripted network; not resumable */
	int resume_line;               /* lines before it were done by a former self */
	int64_t line_us;               /* when the line began */
};

static void fail(struct run *r, const char *fmt, ...) WN_PRINTF(2, 3);
static void fail(struct run *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stdout, "%s:%d: ", r->file, r->line);
	vfprintf(stdout, fmt, ap);
	fputc('\n', stdout);
	va_end(ap);
	r->failed = true;
}

static void die(struct run *r, const char *what)
{
	fprintf(stdout, "%s:%d: %s\n", r->file, r->line, what);
	exit(2);
}

static char *next_line(struct run *r)
{
	if (!*r->at)
		return NULL;
	char *line = r->at, *end = strchr(line, '\n');
	r->line++;
	if (end) {
		*end = '\0';
		r->at = end + 1;
	} else {
		r->at += strlen(line);
	}
	return line;
}

/* Lines up to one that is just `<<`. */
static char *block(struct run *r)
{
	struct wn_buf b;
	wn_buf_init(&b, 1u << 20);
	for (char *line; (line = next_line(r));) {
		if (strcmp(line, "<<") == 0) {
			char *text = wn_arena_strdup(r->arena, wn_buf_slice(&b));
			wn_buf_done(&b);
			return text;
		}
		wn_buf_printf(&b, "%s\n", line);
	}
	die(r, "a block that is not closed by <<");
	return NULL;
}

/* With a real server, addresses of the file point into it. */
static const char *real_urls(struct run *r, const char *text)
{
	struct wn_buf b;
	if (!r->server)
		return text;
	wn_buf_init(&b, 4u << 20);
	for (const char *at; (at = strstr(text, "http://")); text = at + 7) {
		wn_buf_add(&b, text, (size_t)(at - text));
		wn_buf_printf(&b, "%s/", r->server);
	}
	wn_buf_text(&b, text);
	const char *out = wn_arena_strdup(r->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

static char *write_file(struct run *r, const char *name, const char *text)
{
	char *path = wn_arena_printf(r->arena, "%s/%s", r->dir, name);
	for (char *p = path + strlen(r->dir) + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0755);
			*p = '/';
		}
	FILE *f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f))
		die(r, "cannot write a file");
	return path;
}

static void settle(struct run *r)
{
	wn_sweeper_nudge(&r->d);
	wn_courier_nudge(&r->d);
	wn_loop_run_until_idle(r->d.loop);
}

/* The daemon starts with the first line that needs it; files and options come before. */
static void start(struct run *r)
{
	struct wn_err err = {0};
	char text[1200];
	if (r->started)
		return;
	r->started = true;
	r->d.clock = wn_clock_new_virtual(r->start_us);
	r->d.loop = wn_loop_new(r->d.clock);
	r->script.loop = r->d.loop;
	r->script.net = (struct wn_net){script_start, script_cancel};
	r->d.net = r->server ? NULL : &r->script.net;
	r->d.simulated = true;
	r->d.have_key = true;
	memset(r->d.key, 7, sizeof(r->d.key));
	r->sets[r->n_sets++] = wn_arena_printf(r->arena, "database.conninfo=%s", r->database);
	r->d.args = (struct wn_arguments){.config_path = wn_arena_printf(r->arena, "%s/whynow.yaml", r->dir),
					  .sets = (const char *const *)r->sets};
	if (wn_daemon_start(&r->d, &err)) {
		wn_err_to_text(&err, text, sizeof(text));
		die(r, text);
	}
	settle(r);
}

/* --------------------------------------------------------------------------------------------------- the database */
static char *ask(struct run *r, const char *sql)
{
	struct wn_pg *pg = wn_pg_new(NULL, r->database, "scenario");
	struct wn_pg_result res = {0};
	struct wn_err err = {0};
	struct wn_stmt stmt = {NULL, sql};
	struct wn_buf b;
	wn_buf_init(&b, 1u << 20);
	if (wn_pg_connect(pg, 10000, &err) || wn_pg_exec(pg, &stmt, WN_NO_PARAMS, &res, &err))
		wn_buf_printf(&b, "ERROR %s", err.text);
	for (int row = 0; row < res.rows; row++)
		for (int col = 0; col < wn_pg_cols(&res); col++)
			wn_buf_printf(&b, "%s%s", col ? " " : row ? "; " : "", wn_pg_show(&res, row, col, r->arena));
	char *out = wn_arena_strdup(r->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	wn_pg_result_done(&res);
	wn_pg_free(pg);
	return out;
}

static void check(struct run *r, const char *what, const char *sql, const char *want)
{
	char *got = ask(r, sql);
	if (strcmp(got, want) != 0)
		fail(r, "expected %s: \"%s\", found \"%s\"", what, want, got);
}

/* ---------------------------------------------------------------------------------------------------- the words */
/* Words of a line, quotes keep blanks. */
static size_t words(struct run *r, const char *line, char **out, size_t max)
{
	size_t n = 0;
	while (*line && n < max - 1) {
		while (*line == ' ' || *line == '\t')
			line++;
		if (!*line)
			break;
		struct wn_buf b;
		wn_buf_init(&b, 65536);
		char quote = 0;
		for (; *line && (quote || (*line != ' ' && *line != '\t')); line++) {
			if (quote ? *line == quote : (*line == '"' || *line == '\''))
				quote = quote ? 0 : *line;
			else
				wn_buf_char(&b, *line);
		}
		out[n++] = wn_arena_strdup(r->arena, wn_buf_slice(&b));
		wn_buf_done(&b);
	}
	out[n] = NULL;
	return n;
}

static char *lit(struct run *r, const char *s)
{
	struct wn_buf b;
	wn_buf_init(&b, 65536);
	wn_buf_char(&b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			wn_buf_char(&b, '\'');
		wn_buf_char(&b, *s);
	}
	wn_buf_char(&b, '\'');
	char *out = wn_arena_strdup(r->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return NULL;
	char *text = wn_alloc(1u << 20);
	size_t n = fread(text, 1, (1u << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* --------------------------------------------------------------------------------------------------- the commands */
static void do_at(struct run *r, char *rest)
{
	int64_t at;
	if (!wn_date_parse(wn_str_of(rest), &at))
		die(r, "at wants an RFC 3339 time");
	if (!r->resume_line)
		r->start_us = at;
}

static void do_option(struct run *r, char *rest)
{
	if (r->started || r->n_sets > 28)
		die(r, "options come before everything that starts the daemon");
	for (size_t i = 0; i < r->n_sets; i++)
		if (strncmp(r->sets[i], rest, strcspn(rest, "=") + 1) == 0)
			return; /* a scenario says it before it uses setup.inc: the first word counts */
	r->sets[r->n_sets++] = wn_arena_strdup(r->arena, wn_str_of(rest));
}

static void do_file(struct run *r, char *rest) { write_file(r, rest, real_urls(r, block(r))); }

/* What the server that outlives us answers from now on: first line status and headers as JSON, then the body. */
static void tell_server(struct run *r, const char *url, const struct answer *a)
{
	struct wn_buf b;
	char *name = wn_arena_printf(r->arena, "answers/%s", url + 7);
	wn_buf_init(&b, 4u << 20);
	wn_buf_printf(&b, "%d\n%s", a->fails ? 599 : a->status, a->body ? a->body : "");
	char *path = write_file(r, wn_arena_printf(r->arena, "%s.new", name), b.p);
	if (rename(path, wn_arena_printf(r->arena, "%s/%s", r->dir, name)))
		die(r, "cannot tell the server");
	wn_buf_done(&b);
}

/* feed URL answers STATUS [Header: value] ...  [always] <<   |  feed URL fails */
static void do_url(struct run *r, char *rest)
{
	char *w[24];
	size_t n = words(r, rest, w, 24);
	if (n < 2)
		die(r, "url ADDRESS answers STATUS ... | url ADDRESS fails | url ADDRESS hangs | url ADDRESS forget");
	struct place *p = place_of(&r->script, w[0]);
	if (strcmp(w[1], "forget") == 0) {
		p->first = NULL;
		return;
	}
	struct answer *a = WN_NEW(r->arena, struct answer), **last = &p->first;
	a->fails = strcmp(w[1], "fails") == 0;
	a->hangs = strcmp(w[1], "hangs") == 0;
	a->status = n > 2 ? atoi(w[2]) : 0;
	bool with_block = false;
	for (size_t i = 3; i < n; i++) {
		char *colon = strchr(w[i], ':');
		if (strcmp(w[i], "<<") == 0)
			with_block = true;
		else if (colon && a->headers_n < WN_COUNT(a->headers)) {
			*colon = '\0';
			a->headers[a->headers_n++] = (struct wn_http_header){w[i], colon + 1 + strspn(colon + 1, " ")};
		}
	}
	if (with_block)
		a->body = block(r);
	if (r->server) {
		tell_server(r, w[0], a);
		return;
	}
	/* A new answer follows those that were said since the last request; an answer already given is over. */
	if (p->asked) {
		p->first = NULL;
		p->asked = 0;
	}
	while (*last)
		last = &(*last)->next;
	*last = a;
}

static void do_time(struct run *r, char *rest)
{
	int64_t by, at;
	start(r);
	if (strncmp(rest, "passes ", 7) == 0 && wn_duration_parse(wn_str_of(rest + 7), &by))
		at = r->line_us + by;
	else if (strncmp(rest, "is ", 3) != 0 || !wn_date_parse(wn_str_of(rest + 3), &at))
		die(r, "time passes DURATION | time is TIME"), at = 0;
	wn_loop_advance(r->d.loop, at);
	settle(r);
}

static int run_cli(struct run *r, char **argv, int argc)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	struct wn_cli cli = {.out = out, .err = out, .clock = r->d.clock, .config_path = r->d.args.config_path, .database = r->database,
			     .control = "/nonexistent", .sets = r->d.args.sets, .have_key = true};
	memset(cli.key, 7, sizeof(cli.key));
	int code = wn_cli_run(&cli, argc, argv);
	wn_cli_done(&cli);
	fclose(out);
	r->output = wn_arena_strdup(r->arena, (struct wn_str){text, size});
	free(text);
	return code;
}

/* {QUERY} in a command is what the query gives. */
static char *with_queries(struct run *r, char *rest)
{
	char *open = strchr(rest, '{'), *close = open ? strchr(open, '}') : NULL;
	if (!close)
		return rest;
	char *value = ask(r, wn_arena_strdup(r->arena, (struct wn_str){open + 1, (size_t)(close - open - 1)}));
	return wn_arena_printf(r->arena, "%.*s%s%s", (int)(open - rest), rest, value, close + 1);
}

/* `@` among the words is the file of the block. */
enum want { WANT_DONE, WANT_REFUSED, WANT_EITHER };

static void command(struct run *r, char *rest, enum want want)
{
	char *w[64];
	start(r);
	rest = with_queries(r, rest);
	size_t n = words(r, wn_arena_printf(r->arena, "whynow %s", rest), w, 64);
	if (n && strcmp(w[n - 1], "<<") == 0) {
		char *path = write_file(r, wn_arena_printf(r->arena, "block%d%s", ++r->files, strstr(rest, "segment") ? ".yaml" : ".csv"), block(r));
		w[--n] = NULL;
		for (size_t i = 0; i < n; i++)
			if (strcmp(w[i], "@") == 0)
				w[i] = path;
	}
	int code = run_cli(r, w, (int)n);
	bool sane = code != WN_EXIT_OTHER && code != WN_EXIT_AWAY; /* to be refused is no accident, to break is */
	if (want == WANT_EITHER ? !sane : (code != 0) != (want == WANT_REFUSED))
		fail(r, "`whynow %s` ended with %d:\n%s", rest, code, r->output);
	settle(r);
}

static void do_whynow(struct run *r, char *rest) { command(r, rest, WANT_DONE); }
static void do_refused(struct run *r, char *rest)
{
	if (strncmp(rest, "whynow ", 7) != 0)
		die(r, "refused whynow ...");
	command(r, rest + 7, WANT_REFUSED);
}

static void do_perhaps(struct run *r, char *rest)
{
	if (strncmp(rest, "whynow ", 7) != 0)
		die(r, "perhaps whynow ...");
	command(r, rest + 7, WANT_EITHER);
}

/* What others do with plain SQL. */
static void do_sql(struct run *r, char *rest)
{
	start(r);
	(void)ask(r, rest);
	settle(r);
}

static void do_segment(struct run *r, char *rest) { (void)rest; command(r, wn_arena_printf(r->arena, "segment apply @ --yes <<"), WANT_DONE); }

static void do_import(struct run *r, char *rest)
{
	bool contacts = strncmp(rest, "contacts", 8) == 0;
	command(r, wn_arena_printf(r->arena, "%s import @ <<", contacts ? "contact" : "account"), WANT_DONE);
}

/* --------------------------------------------------------------------------------------------------- expectations */
static const char account_of[] = "(select account_id from whynow.account where domain = %s or name = %s order by state limit 1)";

static char *account_sql(struct run *r, const char *name)
{
	char *q = lit(r, name);
	return wn_arena_printf(r->arena, account_of, q, q);
}

/* expect campaign SEGMENT STATE[:RESULT] ...   each word an aspect of the newest campaign of the segment */
static void expect_campaign(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect campaign SEGMENT STATE[:RESULT] [live N] [members N] [shadow]");
	char *seg = lit(r, w[1]);
	char *base = wn_arena_printf(r->arena, "from whynow.campaign where segment = %s order by coalesce(opened_at, proposed_at) desc, campaign_id limit 1", seg);
	check(r, "campaign", wn_arena_printf(r->arena, "select state || case when state = 'closed' then ':' || result else '' end %s", base), w[2]);
	for (size_t i = 3; i + 1 < n + 1; i++) {
		if (strcmp(w[i], "live") == 0 && i + 1 < n)
			check(r, "live members", wn_arena_printf(r->arena, "select live_members %s", base), w[++i]);
		else if (strcmp(w[i], "members") == 0 && i + 1 < n)
			check(r, "members", wn_arena_printf(r->arena, "select members %s", base), w[++i]);
		else if (strcmp(w[i], "shadow") == 0)
			check(r, "shadow", wn_arena_printf(r->arena, "select shadow %s", base), "t");
		else if (i < n)
			die(r, "unknown aspect of a campaign");
	}
}

static void expect_campaigns(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect campaigns SEGMENT N");
	check(r, "campaigns", wn_arena_printf(r->arena, "select count(*) from whynow.campaign where segment = %s", lit(r, w[1])), w[2]);
}

/* expect member ACCOUNT SEGMENT live | left:REASON [contact EMAIL] */
static void expect_member(struct run *r, char **w, size_t n)
{
	if (n < 4)
		die(r, "expect member ACCOUNT SEGMENT live|left:REASON|none [contact EMAIL]");
	const char *contact = n > 5 && strcmp(w[4], "contact") == 0
				      ? wn_arena_printf(r->arena, "and contact_id in (select contact_id from whynow.contact where email = %s or name = %s)", lit(r, w[5]), lit(r, w[5]))
				      : "";
	char *sql = wn_arena_printf(r->arena,
				    "select coalesce((select case when state = 'live' then 'live' else 'left:' || left_why end from whynow.member"
				    " where account_id = %s and segment = %s %s order by enrolled_at desc, contact_id limit 1), 'none')",
				    account_sql(r, w[1]), lit(r, w[2]), contact);
	check(r, "member", sql, w[3]);
}

/* expect touch ACCOUNT STEP STATE [REASON] */
static void expect_touch(struct run *r, char **w, size_t n)
{
	if (n < 4)
		die(r, "expect touch ACCOUNT STEP STATE|none [REASON]");
	char *sql = wn_arena_printf(r->arena,
				    "select coalesce((select state %s from whynow.touch where account_id = %s and step = %d order by planned_at desc, campaign_id, contact_id limit 1), 'none')",
				    n > 4 ? "|| ' ' || coalesce(reason, '')" : "", account_sql(r, w[1]), atoi(w[2]) - 1);
	check(r, "touch", sql, n > 4 ? wn_arena_printf(r->arena, "%s %s", w[3], w[4]) : w[3]);
}

static void expect_non_action(struct run *r, char **w, size_t n)
{
	if (n < 4)
		die(r, "expect non-action ACCOUNT SEGMENT REASON|none");
	check(r, "non-action", wn_arena_printf(r->arena, "select coalesce((select reason from whynow.non_action where account_id = %s and segment = %s), 'none')",
					       account_sql(r, w[1]), lit(r, w[2])), w[3]);
}

static void expect_events(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect events TYPE N");
	check(r, "events", wn_arena_printf(r->arena, "select count(*) from whynow.history where type = %s", lit(r, w[1])), w[2]);
}

static void expect_signals(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect signals ACCOUNT N");
	check(r, "signals", wn_arena_printf(r->arena, "select count(*) from whynow.signal where account_id = %s", account_sql(r, w[1])), w[2]);
}

static void expect_posted(struct run *r, char **w, size_t n)
{
	size_t lines = 0;
	if (n < 3)
		die(r, "expect posted URL N");
	struct place *p = place_of(&r->script, w[1]);
	for (size_t i = 0; i < p->bodies.n; i++)
		lines += p->bodies.p[i] == '\n';
	if (lines != (size_t)atoi(w[2]))
		fail(r, "expected %s posts to %s, found %zu", w[2], w[1], lines);
}

static void expect_asked(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect asked URL N");
	struct place *p = place_of(&r->script, w[1]);
	if (p->asked != (size_t)atoi(w[2]))
		fail(r, "expected %s requests to %s since its newest answer was said, found %zu", w[2], w[1], p->asked);
}

static void expect_output(struct run *r, char **w, size_t n)
{
	regex_t re;
	if (n < 2 || regcomp(&re, w[1], REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		die(r, "expect output \"REGEX\"");
	if (regexec(&re, r->output ? r->output : "", 0, NULL, 0))
		fail(r, "expected output that matches \"%s\", found:\n%s", w[1], r->output);
	regfree(&re);
}

/* expect sql "QUERY" VALUE */
static void expect_sql(struct run *r, char **w, size_t n)
{
	if (n < 3)
		die(r, "expect sql \"QUERY\" \"VALUE\"");
	check(r, w[1], w[1], w[2]);
}

static const struct {
	const char *word;
	void (*fn)(struct run *, char **, size_t);
} expectations[] = {
	{"campaign", expect_campaign}, {"campaigns", expect_campaigns}, {"member", expect_member}, {"touch", expect_touch},
	{"non-action", expect_non_action}, {"events", expect_events}, {"signals", expect_signals}, {"posted", expect_posted},
	{"asked", expect_asked}, {"output", expect_output}, {"sql", expect_sql},
};

static void do_expect(struct run *r, char *rest)
{
	char *w[32];
	size_t n = words(r, rest, w, 32);
	start(r);
	for (size_t i = 0; n && i < WN_COUNT(expectations); i++)
		if (strcmp(w[0], expectations[i].word) == 0) {
			expectations[i].fn(r, w, n);
			return;
		}
	die(r, "unknown expectation");
}

static void do_reload(struct run *r, char *rest)
{
	struct wn_err err = {0};
	bool want_refused = strcmp(rest, "refused") == 0;
	start(r);
	enum wn_rc rc = wn_daemon_reload(&r->d, &err);
	if ((rc != WN_OK) != want_refused)
		fail(r, "reload: %s", rc ? err.text : "was not refused");
	settle(r);
}

/* The lines of another file beside this one, as if they stood here. */
static void do_use(struct run *r, char *rest)
{
	const char *slash = strrchr(r->file, '/');
	char *path = wn_arena_printf(r->arena, "%.*s%s", slash ? (int)(slash - r->file + 1) : 0, r->file, rest);
	char *more = read_all(path);
	if (!more)
		die(r, "cannot read the file to use");
	r->at = wn_arena_printf(r->arena, "%s\n%s", more, r->at);
	free(more);
}

static void shut_down(struct run *r)
{
	wn_daemon_stop(&r->d);
	wn_book_free(r->d.book);
	wn_loop_free(r->d.loop);
	wn_clock_free(r->d.clock);
}

/* The daemon stops, time passes without it, and it starts again. */
static void start_again(struct run *r, int64_t at_us)
{
	r->start_us = at_us;
	shut_down(r);
	r->d = (struct wn_daemon){0};
	r->n_sets--; /* start says the database again */
	r->started = false;
	start(r);
}

static void do_downtime(struct run *r, char *rest)
{
	int64_t by;
	start(r);
	if (!wn_duration_parse(wn_str_of(rest), &by))
		die(r, "downtime DURATION");
	start_again(r, wn_clock_now_us(r->d.clock) + by);
}

static void do_clock(struct run *r, char *rest)
{
	int64_t by;
	start(r);
	if (strncmp(rest, "back ", 5) == 0 && wn_duration_parse(wn_str_of(rest + 5), &by))
		start_again(r, wn_clock_now_us(r->d.clock) - by);
	else if (strcmp(rest, "doubted") != 0 && strcmp(rest, "sure") != 0)
		die(r, "clock doubted | clock sure | clock back DURATION");
	else
		wn_clock_doubt(r->d.clock, strcmp(rest, "doubted") == 0);
}

static void do_scenario(struct run *r, char *rest)
{
	(void)r;
	printf("%s\n", rest);
}

static const struct {
	const char *word;
	void (*fn)(struct run *, char *);
} commands[] = {
	{"scenario", do_scenario}, {"at", do_at}, {"option", do_option}, {"file", do_file}, {"url", do_url}, {"time", do_time},
	{"whynow", do_whynow}, {"refused", do_refused}, {"segment", do_segment}, {"import", do_import}, {"expect", do_expect},
	{"reload", do_reload}, {"sql", do_sql}, {"perhaps", do_perhaps}, {"use", do_use}, {"downtime", do_downtime}, {"clock", do_clock},
};

/* A line that a former self had done is only read: what it wrote is in the database, in the folder, at the server. */
static bool is_past(const struct run *r, const char *line, size_t n)
{
	static const char *const again[] = {"at", "option", "file", "use"};
	if (r->line >= r->resume_line)
		return false;
	for (size_t i = 0; i < WN_COUNT(again); i++)
		if (strlen(again[i]) == n && strncmp(line, again[i], n) == 0)
			return false;
	return true;
}

static void note_progress(struct run *r, int line)
{
	char text[80], next[4096];
	r->line_us = r->started ? wn_clock_now_us(r->d.clock) : r->start_us;
	if (!r->progress)
		return;
	snprintf(next, sizeof(next), "%s.new", r->progress);
	FILE *f = fopen(next, "we");
	snprintf(text, sizeof(text), "%d %lld\n", line, (long long)r->line_us);
	if (!f || fputs(text, f) < 0 || fclose(f) || rename(next, r->progress))
		die(r, "cannot write the progress");
}

/* Goes on at the newest instant that anything in the database speaks of: time never runs back. */
static void read_progress(struct run *r)
{
	long long line_us = 0;
	FILE *f = r->progress ? fopen(r->progress, "re") : NULL;
	if (!f)
		return;
	if (fscanf(f, "%d %lld", &r->resume_line, &line_us) != 2)
		r->resume_line = 0;
	fclose(f);
	if (!r->resume_line)
		return;
	r->line_us = line_us;
	char *us = ask(r, "select (extract(epoch from greatest((select max(at) from whynow.history), (select max(last_at) from whynow.feed_state),"
			  " (select max(heartbeat_at) from whynow.instance))) * 1000000)::bigint");
	long long newest = atoll(us);
	r->start_us = newest > line_us ? newest : line_us;
}

static void do_line(struct run *r, char *line)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return;
	size_t n = strcspn(line, " \t");
	char *rest = line + n + strspn(line + n, " \t");
	if (is_past(r, line, n)) {
		if (strlen(line) > 3 && strcmp(line + strlen(line) - 3, " <<") == 0)
			(void)block(r);
		return;
	}
	if (r->line > r->resume_line || !r->resume_line)
		note_progress(r, r->line);
	for (size_t i = 0; i < WN_COUNT(commands); i++)
		if (strlen(commands[i].word) == n && strncmp(line, commands[i].word, n) == 0) {
			/* `<<` of file and url blocks is dropped here, the commands that need it look for it themselves */
			if (commands[i].fn == do_file) {
				char *mark = strstr(rest, " <<");
				if (mark)
					*mark = '\0';
			}
			commands[i].fn(r, rest);
			return;
		}
	die(r, "unknown command");
}

static void finish(struct run *r, bool trace)
{
	char *argv[] = {"whynow", "fsck", NULL};
	start(r);
	r->line = 0;
	if (run_cli(r, argv, 2))
		fail(r, "fsck is not silent:\n%s", r->output);
	if (trace)
		printf("%s\n", ask(r, "select string_agg(concat_ws(' ', left(subject_id::text, 8), gen, type, from_state, to_state, why), E'\\n' order by subject_id, gen)"
				      " from whynow.history"));
	shut_down(r);
}

int main(int argc, char **argv)
{
	struct run r = {.start_us = INT64_C(1777885200) * 1000000}; /* 2026-05-04T09:00:00Z, a Monday */
	bool trace = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--database") == 0 && i + 1 < argc)
			r.database = argv[++i];
		else if (strcmp(argv[i], "--server") == 0 && i + 1 < argc)
			r.server = argv[++i];
		else if (strcmp(argv[i], "--progress") == 0 && i + 1 < argc)
			r.progress = argv[++i];
		else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
			snprintf(r.dir, sizeof(r.dir), "%s", argv[++i]);
		else if (strcmp(argv[i], "--trace") == 0)
			trace = true;
		else
			r.file = argv[i];
	}
	if (!r.file || !r.database || !(r.text = read_all(r.file))) {
		fprintf(stderr, "usage: scenario FILE --database CONNINFO [--trace]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	wn_log_set_level(getenv("WHYNOW_VERBOSE") ? WN_DEBUG : WN_WARNING);
	r.arena = r.script.arena = wn_arena_new(0);
	r.at = r.text;
	bool own_dir = !r.dir[0];
	if (own_dir) {
		snprintf(r.dir, sizeof(r.dir), "/tmp/whynow-scenario-XXXXXX");
		if (!mkdtemp(r.dir))
			die(&r, "no temporary folder");
	}
	read_progress(&r);
	char source[4096];
	snprintf(source, sizeof(source), "%s/conf", WN_SOURCE_DIR);
	write_file(&r, "whynow.yaml", wn_arena_printf(r.arena, "dirs: {feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: %s, extract: %s/extract, spool: %s}\n", source, source, r.dir));
	for (char *line; (line = next_line(&r));)
		do_line(&r, line);
	finish(&r, trace);
	char *rm = wn_arena_printf(r.arena, "rm -rf '%s'", r.dir);
	if (own_dir && system(rm))
		fprintf(stderr, "could not remove %s\n", r.dir);
	for (struct place *p = r.script.places; p; p = p->next)
		wn_buf_done(&p->bodies);
	wn_arena_free(r.arena);
	free(r.text);
	return r.failed ? 1 : 0;
}
