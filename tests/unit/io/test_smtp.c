/* SPDX-License-Identifier: MIT */
/* Handing mails to real SMTP servers on loopback (smtp_server.py), and what their answers mean. Skipped without python3-aiosmtpd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include "peer.h"
#include <whynow/fiber.h>
#include <whynow/mail.h>
#include <whynow/smtp.h>
#include <whynow/value.h>

enum { PLAIN, UTF8, STARTTLS, TLS, RUDE };

static struct {
	struct peer peer;
	int ports[5];
	char ca[256];
} server;

struct world {
	struct wn_clock *clock;
	struct wn_loop *loop;
	struct wn_mailer *mailer;
	struct wn_arena *arena;
	const struct wn_smtp_mail *mail;
	struct wn_smtp_result result;
	bool done;
	char url[100];
};

static int start_server(void **state)
{
	int *p = server.ports;

	(void)state;
	assert_true(peer_start(&server.peer, WN_SOURCE_DIR "/tests/unit/io/smtp_server.py"));
	int got = fscanf(server.peer.out, "%d %d %d %d %d %255s", &p[0], &p[1], &p[2], &p[3], &p[4], server.ca);
	fgetc(server.peer.out);
	return got == 6 ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	peer_stop(&server.peer);
	return 0;
}

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->clock = wn_clock_new_live();
	w->loop = wn_loop_new(w->clock);
	w->mailer = wn_smtp_new(w->loop, NULL);
	w->arena = wn_arena_new(0);
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	wn_smtp_free(w->mailer);
	wn_loop_free(w->loop);
	wn_clock_free(w->clock);
	wn_arena_free(w->arena);
	free(w);
	return 0;
}

#define MESSAGE "From: a@example.com\r\nTo: b@example.org\r\nSubject: x\r\n\r\n.dot\r\n..two\r\nline\r\n"

static struct wn_smtp_mail mail_to(struct world *w, int which, const char *to)
{
	bool tls = which == TLS;

	snprintf(w->url, sizeof(w->url), "%s://%s:%d", tls ? "smtps" : "smtp", which == PLAIN || which == UTF8 || which == RUDE ? "127.0.0.1" : "localhost",
		 server.ports[which]);
	return (struct wn_smtp_mail){.url = w->url, .from = "ana@example.com", .to = to, .message = WN_STR(MESSAGE), .allow_private = true,
				     .ca_file = server.ca, .starttls = which == STARTTLS, .timeout_ms = 5000};
}

static void sender(void *ctx)
{
	struct world *w = ctx;

	wn_mailer_send(w->mailer, w->mail, &w->result);
	w->done = true;
}

static const struct wn_smtp_result *post(struct world *w, const struct wn_smtp_mail *m)
{
	w->mail = m;
	w->done = false;
	assert_non_null(wn_fiber_start(w->loop, "mail", sender, w));
	wn_loop_run_until_idle(w->loop);
	assert_true(w->done);
	return &w->result;
}

static void expect(struct world *w, const struct wn_smtp_mail *m, enum wn_rc rc, bool bounced, const char *words)
{
	const struct wn_smtp_result *r = post(w, m);

	if (r->rc != rc || r->bounced != bounced || !strstr(r->text, words))
		fail_msg("%s to %s: %s%s, code %d: %s", m->url, m->to, wn_rc_to_text(r->rc), r->bounced ? " bounced" : "", r->code, r->text);
}

static struct wn_value taken(struct world *w)
{
	static char line[20000];
	struct wn_value v;

	assert_non_null(fgets(line, sizeof(line), server.peer.out));
	assert_int_equal(wn_json_parse(wn_str_of(line), NULL, w->arena, &v, NULL), WN_OK);
	return v;
}

static void a_mail_arrives_byte_for_byte_with_its_dots(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, PLAIN, "b@example.org");

	expect(w, &m, WN_OK, false, "taken");
	struct wn_value v = taken(w);
	assert_true(wn_str_is(wn_value_str(wn_value_at(v, "message")), MESSAGE));
	assert_true(wn_str_is(wn_value_str(wn_value_at(v, "from")), "ana@example.com"));
}

static void connections_serve_several_mails(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, PLAIN, "b@example.org");

	for (int i = 0; i < 3; i++) {
		expect(w, &m, WN_OK, false, "taken");
		taken(w);
		struct wn_smtp_mail refused = mail_to(w, PLAIN, "550@example.org");
		expect(w, &refused, WN_REFUSED, true, "no such user");
	}
}

static void starttls_and_tls_are_verified_and_never_left_out(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, STARTTLS, "b@example.org");

	m.user = "whynow", m.password = "secret";
	expect(w, &m, WN_OK, false, "taken");
	struct wn_value v = taken(w);
	assert_true(wn_value_at(v, "tls").b);
	assert_true(wn_str_is(wn_value_str(wn_value_at(v, "user")), "whynow"));
	m.password = "wrong"; /* trouble of ours: the mail is not lost */
	expect(w, &m, WN_AGAIN, false, "");
	m.password = "secret", m.ca_file = NULL;
	expect(w, &m, WN_AGAIN, false, "certificate");
	m = mail_to(w, PLAIN, "b@example.org");
	m.starttls = true; /* this one offers none */
	expect(w, &m, WN_AGAIN, false, "");
	m = mail_to(w, TLS, "b@example.org");
	expect(w, &m, WN_OK, false, "taken");
	taken(w);
}

static void refusals_are_told_apart_by_whom_they_are_about(void **state)
{
	static const struct {
		const char *from, *to;
		enum wn_rc rc;
		bool bounced;
		const char *words;
	} rows[] = {
		{NULL, "550@example.org", WN_REFUSED, true, "550 5.1.1 no such user"},
		{NULL, "551@example.org", WN_REFUSED, true, "551"},
		{NULL, "552@example.org", WN_REFUSED, false, "mailbox full"},
		{NULL, "554@example.org", WN_REFUSED, false, "relaying denied"},
		{NULL, "450@example.org", WN_AGAIN, false, "greylisted"},
		{NULL, "530@example.org", WN_AGAIN, false, "authentication required"},
		{NULL, "data-550@example.org", WN_REFUSED, false, "550"},
		{NULL, "data-450@example.org", WN_AGAIN, false, "450"},
		{"mail-550@example.com", "b@example.org", WN_REFUSED, false, "550"},
		{"mail-450@example.com", "b@example.org", WN_AGAIN, false, "450"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < WN_COUNT(rows); i++) {
		struct wn_smtp_mail m = mail_to(w, PLAIN, rows[i].to);
		m.from = rows[i].from ? rows[i].from : m.from;
		expect(w, &m, rows[i].rc, rows[i].bounced, rows[i].words);
	}
}

static void a_mail_without_an_answer_is_unknown_and_one_that_never_left_is_not(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, PLAIN, "hang@example.org");

	m.timeout_ms = 700;
	expect(w, &m, WN_UNKNOWN, false, "");
	m = mail_to(w, PLAIN, "drop@example.org");
	m.timeout_ms = 700;
	expect(w, &m, WN_UNKNOWN, false, "");
	m = mail_to(w, RUDE, "b@example.org");
	expect(w, &m, WN_AGAIN, false, "not today");
	m.url = "smtp://127.0.0.1:1";
	expect(w, &m, WN_AGAIN, false, "");
	m = mail_to(w, PLAIN, "b@example.org");
	m.allow_private = false;
	expect(w, &m, WN_AGAIN, false, "address filter");
}

static void an_address_beyond_ascii_goes_only_to_a_server_that_can_carry_it(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, UTF8, "j\xc3\xb6@example.org");

	m.utf8 = true;
	expect(w, &m, WN_OK, false, "taken");
	struct wn_value to = wn_value_at(taken(w), "to");
	assert_true(to.n == 1 && wn_str_is(wn_value_str(to.list[0]), m.to));
	m = mail_to(w, PLAIN, "j\xc3\xb6@example.org");
	m.utf8 = true;
	expect(w, &m, WN_REFUSED, false, "SMTPUTF8");
}

static void a_server_that_never_says_goodbye_holds_nobody_up(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, PLAIN, "slow-goodbye@example.org");
	int64_t begin = wn_clock_monotonic_us();

	expect(w, &m, WN_OK, false, "taken");
	taken(w);
	assert_true(wn_clock_monotonic_us() - begin < 5 * WN_SECOND); /* it sleeps for 30 */
}

static void a_fiber_that_is_cancelled_gives_up(void **state)
{
	struct world *w = *state;
	struct wn_smtp_mail m = mail_to(w, PLAIN, "b@example.org");

	w->mail = &m;
	w->done = false;
	assert_non_null(wn_fiber_start(w->loop, "mail", sender, w));
	wn_fiber_cancel_all(w->loop, false);
	wn_loop_run_until_idle(w->loop);
	assert_true(w->done);
	assert_int_equal(w->result.rc, WN_CANCELLED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_mail_arrives_byte_for_byte_with_its_dots),
	    TEST(connections_serve_several_mails),
	    TEST(starttls_and_tls_are_verified_and_never_left_out),
	    TEST(refusals_are_told_apart_by_whom_they_are_about),
	    TEST(a_mail_without_an_answer_is_unknown_and_one_that_never_left_is_not),
	    TEST(an_address_beyond_ascii_goes_only_to_a_server_that_can_carry_it),
	    TEST(a_server_that_never_says_goodbye_holds_nobody_up),
	    TEST(a_fiber_that_is_cancelled_gives_up),
	};
	if (system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") != 0) {
		printf("skipped: python3-aiosmtpd is not installed\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
