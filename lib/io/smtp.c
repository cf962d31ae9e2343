/* SPDX-License-Identifier: MIT */
/*
 * SMTP by libcurl. libcurl tells only that something failed; which command was refused, with which words, and whether the mail had
 * gone out whole decides what may happen next, so its conversation is listened to (CURLOPT_DEBUGFUNCTION). Credentials are never
 * looked at there: only the words MAIL, RCPT, DATA, EHLO and replies.
 */
#include "curl_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <whynow/fiber.h>
#include <whynow/limits.h>
#include <whynow/smtp.h>

struct smtp {
	struct wn_mailer mailer; /* first */
	struct wn_loop *loop;
	struct wn_curl_pool *pools[2]; /* public, trusted */
	struct wn_network *inside;
	struct wn_networks networks;   /* of `inside` */
};

struct transfer {
	struct wn_curl_job job; /* first */
	struct wn_curl_guard guard;
	const struct wn_smtp_mail *mail;
	struct wn_fiber *fiber;
	struct curl_slist *rcpt;
	CURLcode code;
	bool done, whole, quit; /* whole: the last byte was handed over */
	bool server_utf8;
	int sockets[4];         /* open ones; 0: none. Several while it is not known which address answers */
	size_t sent;
	char command[5];        /* newest of ours */
	char reply[256];        /* newest line of the server */
	int reply_code;
	char error[CURL_ERROR_SIZE];
};

/* --- what a reply says ---- */

/* "5.1.1" behind the code of a reply (RFC 3463); false: none there. */
static bool enhanced(const char *text, int *subject, int *detail)
{
	int class;
	return sscanf(text, "%*3d%*1[ -]%1d.%3d.%3d", &class, subject, detail) == 3;
}

static bool is_about_address(int code, const char *text)
{
	int subject, detail;
	if (!enhanced(text, &subject, &detail))
		return code == 550 || code == 551 || code == 553;
	return (subject == 1 && detail != 7 && detail != 8) || (subject == 2 && detail == 1); /* 5.1.7, 5.1.8: the sender's */
}

/* What answers MAIL, RCPT, DATA and the mail itself; before them it is about us or the server, and the demand for credentials or TLS
 * always is. */
static bool is_about_mail(const char *command)
{
	return strcmp(command, "MAIL") == 0 || strcmp(command, "RCPT") == 0 || strcmp(command, "DATA") == 0;
}

void wn_smtp_judge(const char *command, int code, const char *text, struct wn_smtp_result *out)
{
	bool access = code == 530 || code == 534 || code == 535 || code == 538;
	out->code = code;
	out->rc = is_about_mail(command) && code >= 500 && !access ? WN_REFUSED : WN_AGAIN;
	out->bounced = out->rc == WN_REFUSED && strcmp(command, "RCPT") == 0 && is_about_address(code, text);
}

/* --- listening ---- */

static void hear_command(struct transfer *t, const char *line, size_t n)
{
	static const char *const words[] = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL FROM:", "RCPT TO:", "DATA\r"};

	for (size_t i = 0; i < WN_COUNT(words); i++)
		if (n >= strlen(words[i]) && strncasecmp(line, words[i], strlen(words[i])) == 0)
			memcpy(t->command, words[i], 4);
	if (n >= 4 && strncasecmp(line, "QUIT", 4) == 0) { /* libcurl would wait for the answer to it with the whole process */
		t->quit = true;
		for (size_t i = 0; i < WN_COUNT(t->sockets); i++)
			if (t->sockets[i] > 0)
				shutdown(t->sockets[i], SHUT_RD);
	}
}

static void hear_reply(struct transfer *t, const char *line, size_t n)
{
	while (n && (unsigned char)line[n - 1] <= ' ')
		n--;
	if (t->quit)
		return; /* the goodbye says nothing of the mail */
	if (n > 4 && n < 60 && strncasecmp(line + 4, "SMTPUTF8", 8) == 0)
		t->server_utf8 = true;
	if (n < 3)
		return;
	n = n < sizeof(t->reply) ? n : sizeof(t->reply) - 1;
	for (size_t i = 0; i < n; i++)
		t->reply[i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '?';
	t->reply[n] = '\0';
	t->reply_code = 0;
	for (int i = 0; i < 3 && t->reply[i] >= '0' && t->reply[i] <= '9'; i++)
		t->reply_code = t->reply_code * 10 + (t->reply[i] - '0');
}

static int on_debug(CURL *easy, curl_infotype what, char *bytes, size_t n, void *ctx)
{
	(void)easy;
	if (what == CURLINFO_HEADER_OUT)
		hear_command(ctx, bytes, n);
	else if (what == CURLINFO_HEADER_IN)
		hear_reply(ctx, bytes, n);
	return 0;
}

/* Asked for the first time only after the server said 354. */
static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t left = t->mail->message.n - t->sent, take = size * n < left ? size * n : left;

	if (t->mail->utf8 && !t->server_utf8)
		return CURL_READFUNC_ABORT;
	memcpy(to, t->mail->message.p + t->sent, take);
	t->sent += take;
	t->whole |= t->sent == t->mail->message.n;
	return take;
}

static size_t on_write(char *bytes, size_t size, size_t n, void *ctx)
{
	(void)bytes;
	(void)ctx;
	return size * n;
}

static int on_opened(void *ctx, curl_socket_t fd, curlsocktype what)
{
	struct transfer *t = ctx;

	(void)what;
	for (size_t i = 0; i < WN_COUNT(t->sockets); i++)
		if (!t->sockets[i]) {
			t->sockets[i] = fd;
			return CURL_SOCKOPT_OK;
		}
	return CURL_SOCKOPT_ERROR;
}

static int on_close(void *ctx, curl_socket_t fd)
{
	struct transfer *t = ctx;

	for (size_t i = 0; i < WN_COUNT(t->sockets); i++)
		if (t->sockets[i] == fd)
			t->sockets[i] = 0;
	return close(fd);
}

/* --- a transfer ---- */

static void on_done(struct wn_curl_job *job, CURLcode code)
{
	struct transfer *t = (struct transfer *)job;

	t->code = code;
	t->done = true;
	if (t->fiber)
		wn_fiber_wake(t->fiber);
}

static void prepare(const struct smtp *s, struct transfer *t)
{
	const struct wn_smtp_mail *m = t->mail;
	CURL *e = t->job.easy;

	t->rcpt = curl_slist_append(NULL, m->to);
	wn_curl_policy(e, m->ca_file);
	t->guard.allow_private = m->allow_private;
	t->guard.networks = &s->networks;
	wn_curl_guard_set(e, &t->guard);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(e, CURLOPT_URL, m->url);
	curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(m->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (m->user) {
		curl_easy_setopt(e, CURLOPT_USERNAME, m->user);
		curl_easy_setopt(e, CURLOPT_PASSWORD, m->password ? m->password : "");
	}
	curl_easy_setopt(e, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(e, CURLOPT_MAIL_RCPT, t->rcpt);
	curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.n);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(e, CURLOPT_READDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_write);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(m->timeout_ms ? m->timeout_ms : 60000));
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(e, CURLOPT_DEBUGDATA, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	/* One connection, one mail: 7.88 keeps connections on which an answer is still owed, and takes it for that to the next mail. */
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_opened);
	curl_easy_setopt(e, CURLOPT_SOCKOPTDATA, t);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t);
}

static void say(struct wn_smtp_result *out, enum wn_rc rc, const char *text)
{
	out->rc = rc;
	snprintf(out->text, sizeof(out->text), "%s", text);
}

static void judge(const struct transfer *t, bool cancelled, struct wn_smtp_result *out)
{
	const char *why = t->error[0] ? t->error : curl_easy_strerror(t->code);
	bool refused = t->reply_code >= 400 && t->code != CURLE_OPERATION_TIMEDOUT;

	*out = (struct wn_smtp_result){.code = t->reply_code};
	if (!cancelled && t->code == CURLE_OK) {
		say(out, WN_OK, t->reply);
	} else if (t->mail->utf8 && !t->server_utf8 && is_about_mail(t->command)) {
		say(out, WN_REFUSED, "the address is not ASCII, and the server does not offer SMTPUTF8");
	} else if (!cancelled && refused) {
		wn_smtp_judge(t->command, t->reply_code, t->reply, out);
		say(out, out->rc, t->reply);
	} else if (t->whole) { /* a reply may have been on its way */
		say(out, WN_UNKNOWN, cancelled ? "given up while the server's answer was awaited" : why);
	} else if (cancelled) {
		say(out, WN_CANCELLED, "given up, we are stopping");
	} else if (t->guard.refused != WN_ADDRESS_PUBLIC) {
		out->rc = WN_AGAIN;
		snprintf(out->text, sizeof(out->text), "the server's address %s is %s: refused by the address filter", t->guard.refused_text,
			 wn_curl_guard_why(&t->guard));
	} else {
		say(out, WN_AGAIN, why);
	}
}

/* Parks until the transfer ended; a wake meant for something else is passed on. */
static enum wn_rc wait_for(struct wn_loop *l, struct transfer *t)
{
	enum wn_rc rc = WN_OK;
	bool foreign = false;

	while (!t->done && (rc = wn_fiber_park(l)) == WN_OK)
		foreign |= !t->done;
	if (foreign)
		wn_fiber_wake(t->fiber);
	return t->done ? WN_OK : rc;
}

static void send_mail(struct wn_mailer *mailer, const struct wn_smtp_mail *m, struct wn_smtp_result *out)
{
	struct smtp *s = (struct smtp *)mailer;
	struct transfer *t = wn_alloc(sizeof(*t));

	t->job = (struct wn_curl_job){.easy = curl_easy_init(), .on_done = on_done};
	if (!t->job.easy)
		abort();
	t->mail = m;
	t->fiber = wn_fiber_current(s->loop);
	prepare(s, t);
	wn_loop_busy(s->loop, 1);
	wn_curl_job_start(s->pools[m->allow_private], &t->job);
	enum wn_rc rc = wait_for(s->loop, t);
	wn_curl_job_stop(&t->job);
	wn_loop_busy(s->loop, -1);
	judge(t, rc != WN_OK, out);
	curl_slist_free_all(t->rcpt);
	curl_easy_cleanup(t->job.easy);
	free(t);
}

/* --- the contract ---- */

void wn_mailer_send(struct wn_mailer *m, const struct wn_smtp_mail *mail, struct wn_smtp_result *out) { m->send(m, mail, out); }

struct wn_mailer *wn_smtp_new(struct wn_loop *l, const struct wn_networks *networks)
{
	struct smtp *s = wn_alloc(sizeof(*s));
	size_t n = networks ? networks->n : 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	s->mailer.send = send_mail;
	s->loop = l;
	s->inside = wn_alloc((n + 1) * sizeof(*s->inside));
	s->networks = (struct wn_networks){s->inside, n};
	for (size_t i = 0; i < n; i++)
		s->inside[i] = networks->v[i];
	for (int i = 0; i < 2; i++)
		s->pools[i] = wn_curl_pool_new(l, 0, 0); /* whoever sends bounds itself */
	return &s->mailer;
}

void wn_smtp_free(struct wn_mailer *m)
{
	struct smtp *s = (struct smtp *)m;

	if (!s)
		return;
	for (int i = 0; i < 2; i++)
		wn_curl_pool_free(s->pools[i]);
	free(s->inside);
	free(s);
	curl_global_cleanup();
}
