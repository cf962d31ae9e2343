/* SPDX-License-Identifier: MIT */
/*
 * Start, reload, stop. Start-up is the recovery: there is no other. A configuration is prepared whole and then swapped
 * in, or not at all. The database being away delays nothing here.
 */
#include "intake.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/message_ids.h>
#include <whynow/systemd.h>

enum { EXIT_CONFIG = 78 /* EX_CONFIG of sysexits.h */ };

const struct wn_options *wn_daemon_options(const struct wn_daemon *d) { return &d->book->config->options; }

struct wn_worker wn_daemon_worker(struct wn_daemon *d, struct wn_session *s)
{
	return (struct wn_worker){.store = s->store, .book = d->book, .clock = d->clock, .loop = d->loop};
}

/* ------------------------------------------------------------------------------------------------ configuration */
/* Everything that is wrong, a line each; the place of the first is in err. */
static enum wn_rc load_config(const struct wn_arguments *args, struct wn_config **out, struct wn_err *err)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_yaml_errors errors;
	struct wn_conf_request req = {.main_path = args->config_path, .sets = args->sets};
	wn_yaml_errors_init(&errors, a);
	enum wn_rc rc = wn_conf_load_all(&req, out, &errors);
	if (rc) {
		struct wn_buf b;
		wn_buf_init(&b, sizeof(err->text) - 1);
		wn_yaml_errors_sort(&errors);
		wn_yaml_errors_to_text(&errors, &b);
		while (b.n && b.p[b.n - 1] == '\n')
			b.p[--b.n] = '\0';
		wn_fail(err, rc, "%s", b.p ? b.p : "the configuration cannot be read");
		wn_buf_done(&b);
	}
	wn_arena_free(a);
	return rc;
}

static enum wn_rc check_secure(const struct wn_config *c, struct wn_err *err)
{
	if (c->options.database.insecure_ok)
		return WN_OK;
	struct wn_arena *a = wn_arena_new(0);
	enum wn_rc rc = wn_pg_check_secure(wn_arena_strdup(a, c->options.database.conninfo), err);
	wn_arena_free(a);
	return rc;
}

static enum wn_rc make_book(struct wn_daemon *d, struct wn_book **out, struct wn_err *err)
{
	struct wn_config *config = NULL;
	enum wn_rc rc = load_config(&d->args, &config, err);
	if (rc == WN_OK)
		rc = check_secure(config, err);
	if (rc == WN_OK)
		rc = wn_book_new(config, d->instance, out, err);
	if (rc) {
		char text[sizeof(err->text)];
		wn_err_to_text(err, text, sizeof(text)); /* the place lives in the configuration */
		wn_config_free(config);
		return wn_fail(err, rc, "%s", text);
	}
	return rc;
}

/* One entry a mistake. The excerpt with its caret, on indented lines, is for terminals; the place says the same. */
static void tell_refused(const char *what, const struct wn_err *err)
{
	char text[1200];
	wn_err_to_text(err, text, sizeof(text));
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line && *line != ' ')
			wn_log(WN_ERR, WN_MSG_CONFIG_REFUSED, NULL, "%s: %s", what, line);
	}
}

static void name_instance(struct wn_daemon *d)
{
	const struct wn_options *o = wn_daemon_options(d);
	if (o->instance.n)
		snprintf(d->instance, sizeof(d->instance), WN_STR_FMT, WN_STR_ARG(o->instance));
	else if (gethostname(d->instance, sizeof(d->instance) - 1))
		snprintf(d->instance, sizeof(d->instance), "whynowd");
	d->book->catalog.instance = d->instance;
}

/* Without the key nobody can tell whom not to write to, so nothing starts. `missing` is what the unit gives where the file is not
 * there. Not under systemd: the file itself, as the command line. */
static enum wn_rc read_key(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_str text = {NULL, 0};
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	enum wn_rc rc = wn_systemd_credential(dir && *dir ? "installation-key" : "installation.key", "/etc/whynow", &text, err);
	if (rc == WN_OK && wn_str_is(text, "missing"))
		rc = wn_fail(err, WN_NOT_FOUND, "/etc/whynow/installation.key is not there");
	if (rc == WN_OK)
		rc = wn_store_key_parse(text, d->key, err);
	wn_systemd_credential_free(&text);
	d->have_key = rc == WN_OK;
	return rc ? wn_fail_more(err, rc, "no installation key; `whynow db init` makes one, then start again") : rc;
}

/* --------------------------------------------------------------------------------------------------- reference data */
static void free_old_book(void *ctx) { wn_book_replace(ctx); }

enum wn_rc wn_daemon_reload(struct wn_daemon *d, struct wn_err *err)
{
	struct wn_book *fresh = NULL;
	wn_systemd_reloading();
	enum wn_rc rc = make_book(d, &fresh, err);
	if (rc == WN_OK) {
		rc = wn_book_carry_segments(d->book, fresh, err);
		if (rc)
			wn_book_free(fresh);
	}
	if (rc) {
		tell_refused("the configuration was refused, the old one stays in force", err);
	} else {
		struct wn_book *old = d->book;
		struct wn_arena *a = wn_arena_new(0);
		struct wn_conf_diff diff;
		struct wn_buf b;
		wn_conf_diff(old->config, fresh->config, a, &diff);
		wn_buf_init(&b, 4000);
		wn_conf_diff_to_text(&diff, &b);
		fresh->catalog.instance = d->instance;
		fresh->catalog.paused = old->catalog.paused;
		d->book = fresh;
		wn_poller_book_changed(d);
		wn_log_set_level((enum wn_level)wn_daemon_options(d)->log.level);
		wn_log(WN_NOTICE, WN_MSG_CONFIG_RELOADED, NULL, "the configuration was reloaded%s:\n%s",
		       diff.needs_restart ? " (some changes need a restart)" : "", b.n ? b.p : "nothing changed");
		wn_buf_done(&b);
		wn_arena_free(a);
		wn_loop_soon(d->loop, free_old_book, old);
		wn_sweeper_nudge(d); /* segments into the new book, definitions into the tables */
	}
	wn_systemd_ready(d->told[0] ? d->told : NULL);
	return rc;
}

/* ------------------------------------------------------------------------------------------------------- signals */
static void on_hup(void *ctx, int signo)
{
	struct wn_err err = {0};
	(void)signo;
	if (wn_daemon_reload(ctx, &err))
		return; /* told already */
}

static void begin_to_stop(struct wn_daemon *d, const char *status)
{
	d->stopping = true;
	wn_systemd_stopping(status);
	wn_loop_stop(d->loop);
}

static void on_stop(void *ctx, int signo)
{
	(void)signo;
	begin_to_stop(ctx, "stopping");
}

/* As a refused configuration: to go on without the rules of what is alive would skip what nobody could tell. */
void wn_daemon_give_up(struct wn_daemon *d, const char *advice)
{
	if (!d->stopping)
		wn_log(WN_ERR, WN_MSG_CONFIG_REFUSED, NULL, "stopping: %s", advice);
	d->exit_code = EXIT_CONFIG;
	begin_to_stop(d, "the configuration was refused");
}

static void on_watchdog(void *ctx)
{
	struct wn_daemon *d = ctx;
	/* this timer runs only when the loop turns; sessions have time-outs of their own */
	if (!d->owns_net || wn_http_thread_is_alive(d->net))
		wn_systemd_watchdog();
	wn_timer_after(d->watchdog, (int64_t)((double)wn_systemd_watchdog_us() / 3 * d->factor));
}

static void watch_signals(struct wn_daemon *d)
{
	signal(SIGPIPE, SIG_IGN);
	d->signals[0] = wn_watch_signal(d->loop, SIGHUP, on_hup, d);
	d->signals[1] = wn_watch_signal(d->loop, SIGTERM, on_stop, d);
	d->signals[2] = wn_watch_signal(d->loop, SIGINT, on_stop, d);
	if (wn_systemd_watchdog_us()) {
		d->watchdog = wn_timer_new(d->loop, "watchdog", on_watchdog, d);
		on_watchdog(d);
	}
}

/* --------------------------------------------------------------------------------------------------- start and stop */
static void make_net(struct wn_daemon *d)
{
	const struct wn_options *o = wn_daemon_options(d);
	int streams = 0; /* each keeps a connection beside those of polls */
	for (size_t i = 0; i < d->book->n_feeds; i++)
		streams += d->book->feeds[i].conf->mode == WN_FEED_STREAM;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_http_options feeds = wn_net_options(o, a), sinks = feeds;
	feeds.connections_max = (int)o->poll.concurrency + streams;
	feeds.per_host_max = (int)o->poll.per_host + streams;
	feeds.requests_max = (int)o->poll.concurrency;
	sinks.connections_max = sinks.per_host_max = WN_HTTP_REQUESTS_MAX; /* the courier counts */
	d->net = wn_http_thread_new(d->loop, &feeds);
	d->sink_net = wn_http_client_new(d->loop, &sinks);
	d->owns_net = true;
	wn_arena_free(a);
}

static void make_mailer(struct wn_daemon *d)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_http_options o = wn_net_options(wn_daemon_options(d), a);
	d->mailer = wn_smtp_new(d->loop, &o.networks);
	d->owns_mailer = true;
	wn_arena_free(a);
}

enum wn_rc wn_daemon_start(struct wn_daemon *d, struct wn_err *err)
{
	if (!d->factor)
		d->factor = 1;
	if (!d->book) {
		enum wn_rc rc = make_book(d, &d->book, err);
		if (rc)
			return rc;
	}
	name_instance(d);
	if (!d->have_key) {
		enum wn_rc rc = read_key(d, err);
		if (rc)
			return rc;
	}
	d->started_us = wn_clock_now_us(d->clock);
	d->next_expiry_us = WN_NEVER;
	if (!d->net)
		make_net(d);
	if (!d->sink_net)
		d->sink_net = d->net;
	if (!d->mailer)
		make_mailer(d);
	wn_session_init(d, &d->sweep_session, "sweep");
	wn_session_init(d, &d->intake_session, "intake");
	wn_session_init(d, &d->courier_session, "courier");
	wn_intake_start(d);
	wn_courier_start(d);
	wn_sweeper_start(d);
	wn_poller_start(d);
	d->ready = true;
	return WN_OK;
}

void wn_daemon_stop(struct wn_daemon *d)
{
	d->stopping = true;
	wn_fiber_cancel_all(d->loop, false);
	wn_loop_run_until_idle(d->loop); /* transactions under way end by themselves */
	wn_server_free(d->server);
	wn_server_free(d->http_server);
	wn_intake_stop(d);
	wn_poller_stop(d);
	wn_courier_stop(d); /* it writes what came back */
	wn_sweeper_stop(d);
	wn_session_done(&d->intake_session);
	wn_session_done(&d->courier_session);
	wn_session_done(&d->sweep_session);
	for (size_t i = 0; i < WN_COUNT(d->signals); i++)
		wn_watch_free(d->signals[i]);
	wn_timer_free(d->watchdog);
	if (d->owns_net) {
		wn_http_thread_free(d->net);
		wn_http_client_free(d->sink_net);
	}
	if (d->owns_mailer)
		wn_smtp_free(d->mailer);
}

/* A demonstration's lines carry its own time: that of the accelerated clock. */
static void log_with_time(void *ctx, enum wn_level level, const char *message_id, const char *text, const struct wn_field *fields, size_t n)
{
	const struct wn_daemon *d = ctx;
	char when[40], line[2048];
	wn_rfc3339_from_us(wn_clock_now_us(d->clock) / WN_MINUTE * WN_MINUTE, when);
	when[10] = ' ';
	snprintf(line, sizeof(line), "%.16s  %s", when, text);
	wn_log_stderr(NULL, level, message_id, line, fields, n);
}

static struct wn_clock *make_clock(struct wn_daemon *d)
{
	if (!d->args.try_mode)
		return wn_clock_new_live();
	struct wn_clock *live = wn_clock_new_live();
	int64_t start = d->args.start_us ? d->args.start_us : wn_clock_now_us(live);
	wn_clock_free(live);
	d->factor = d->args.accelerate ? d->args.accelerate : 1;
	wn_log_set_sink(log_with_time, d);
	return wn_clock_new_accelerated(start, d->factor);
}

static int refuse(const struct wn_err *err)
{
	tell_refused("the configuration was refused", err);
	return EXIT_CONFIG;
}

static int check_only(struct wn_daemon *d)
{
	struct wn_err err = {0};
	struct wn_book *b = NULL;
	int code = make_book(d, &b, &err) ? refuse(&err) : 0;
	for (size_t i = 0; b && i < b->n_feeds; i++)
		if (b->feeds[i].error)
			code = refuse(b->feeds[i].error);
	wn_book_free(b);
	return code;
}

static int run(struct wn_daemon *d)
{
	struct wn_err err = {0};
	char line[300];
	enum wn_rc rc = wn_daemon_start(d, &err);
	if (rc)
		return refuse(&err);
	rc = wn_control_start(d, &err);
	if (rc) {
		wn_log(WN_ERR, NULL, NULL, "the control socket: %s", err.text);
		wn_daemon_stop(d);
		return EXIT_FAILURE;
	}
	watch_signals(d);
	wn_log_set_level((enum wn_level)wn_daemon_options(d)->log.level);
	wn_log(WN_NOTICE, WN_MSG_STARTED, NULL, "whynowd %s is watching %zu feeds as instance %s", WN_VERSION, d->book->n_feeds, d->instance);
	wn_status_line(d, line, sizeof(line));
	wn_systemd_ready(line);
	wn_loop_run(d->loop);
	wn_daemon_stop(d);
	wn_log(WN_NOTICE, WN_MSG_STOPPED, NULL, "whynowd has stopped");
	return d->exit_code;
}

int wn_daemon_main(int argc, char **argv)
{
	struct wn_daemon d = {0};
	int stop = wn_arguments_parse(&d.args, argc, argv);
	if (stop)
		return stop - 1;
	wn_systemd_log_setup("whynowd");
	setlocale(LC_CTYPE, "C.UTF-8"); /* libcurl reads names of hosts in the locale's charset; addresses are UTF-8 */
	if (d.args.check_only) {
		stop = check_only(&d);
	} else {
		d.clock = make_clock(&d);
		d.loop = wn_loop_new(d.clock);
		stop = run(&d);
		if (d.book)
			wn_book_free(d.book);
		wn_loop_free(d.loop);
		wn_clock_free(d.clock);
	}
	free((void *)d.args.sets);
	return stop;
}
