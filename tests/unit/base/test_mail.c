/* SPDX-License-Identifier: MIT */
/* Mails as text: what hostile values may and may not do, encodings, threading, unsubscribing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <whynow/base64.h>
#include <whynow/clock.h>
#include <whynow/mail.h>

static struct wn_arena *arena;

static struct wn_mail plain(void)
{
	return (struct wn_mail){.from = {WN_STR("Ana Example"), WN_STR("ana@example.com")}, .to = {WN_STR("Jo"), WN_STR("jo@example.org")},
				.subject = WN_STR("Congratulations"), .text = WN_STR("Hello Jo,\nwell done.\n"), .message_id = WN_STR("id1@mail.example.com"),
				.date_us = INT64_C(1777888800) * WN_SECOND};
}

static char *write_mail(const struct wn_mail *m)
{
	struct wn_buf b;
	struct wn_err err = {0};
	bool utf8;
	wn_buf_init(&b, 1 << 20);
	if (wn_mail_write(&b, m, &utf8, &err))
		fail_msg("%s", err.text);
	return wn_buf_take(&b);
}

/* Lines end in CRLF alone and are short; of the headers every name is one we write. */
static void assert_lawful(const char *mail)
{
	static const char *const ours[] = {"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "List-Unsubscribe",
					   "List-Unsubscribe-Post", "X-Whynow-Redirected-For", "MIME-Version", "Content-Type",
					   "Content-Transfer-Encoding"};
	bool body = false;
	for (const char *line = mail, *end; *line; line = end + 2) {
		end = strstr(line, "\r\n");
		assert_non_null(end);
		assert_true(end - line <= 998);
		for (const char *p = line; p < end; p++)
			assert_true(*p != '\r' && *p != '\n' && *p);
		body = body || line == end;
		if (body || *line == ' ')
			continue;
		bool known = false;
		for (size_t i = 0; i < WN_COUNT(ours); i++)
			known |= strncmp(line, ours[i], strlen(ours[i])) == 0 && line[strlen(ours[i])] == ':';
		if (!known)
			fail_msg("a header of its own: %.*s", (int)(end - line), line);
	}
	assert_true(body);
}

static void assert_has(const char *mail, const char *what)
{
	if (!strstr(mail, what))
		fail_msg("missing \"%s\" in:\n%s", what, mail);
}

static void a_plain_mail_reads_as_it_was_written(void **state)
{
	struct wn_mail m = plain();
	char *mail = write_mail(&m);
	(void)state;
	assert_string_equal(mail, "Date: Mon, 04 May 2026 10:00:00 +0000\r\nFrom: Ana Example <ana@example.com>\r\nTo: Jo <jo@example.org>\r\n"
				  "Subject: Congratulations\r\nMessage-ID: <id1@mail.example.com>\r\nMIME-Version: 1.0\r\n"
				  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello Jo,\r\nwell done.\r\n");
	free(mail);
}

static void no_value_begins_a_header_of_its_own(void **state)
{
	static const char *const hostile[] = {"x\r\nBcc: spy@example.net", "x\nBcc: spy@example.net", "x\rBcc: a", "\r\n\r\nbody", "\"<>,;:\\@\r\n", "=?UTF-8?Q?=0D=0ABcc:_x?=",
					      "caf\xc3\xa9\r\nBcc: x", "\x01\x7f\x1b[31m", " ", "", "a\tb", "\xe2\x80\xa8" "Bcc: x"};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(hostile); i++) {
		struct wn_mail m = plain();
		m.from.name = m.to.name = m.subject = m.text = m.original_to = wn_str_of(hostile[i]);
		char *mail = write_mail(&m);
		assert_lawful(mail);
		free(mail);
		m.html = m.subject;
		mail = write_mail(&m);
		assert_lawful(mail);
		free(mail);
	}
}

static void addresses_that_could_end_a_command_are_refused(void **state)
{
	static const char *const bad[] = {"",	    "jo",	 "@example.org",       "jo@",	       "jo@example.org\r\nRCPT TO:<x@y>", "jo @example.org",
					  "jo@a@b", "<jo@x.org>", "jo@example.org>", "\"jo\"@x.org", "jo..a@example.org",		 ".jo@example.org",
					  "jo@.org", "jo@x.org.", "jo@x.org,a@y.org", "jo@[127.0.0.1]", "a\xff@x.org", "jo@ex\xc2\x85.org", "jo@a_b!c.org"};
	struct wn_mail m = plain();
	bool utf8;
	(void)state;
	for (size_t i = 0; i < WN_COUNT(bad); i++) {
		struct wn_buf b;
		if (wn_mail_address_is(wn_str_of(bad[i]), NULL))
			fail_msg("taken: %s", bad[i]);
		m.to.address = wn_str_of(bad[i]);
		wn_buf_init(&b, 10000);
		assert_int_equal(wn_mail_write(&b, &m, &utf8, NULL), WN_INVALID);
		wn_buf_done(&b);
	}
	assert_true(wn_mail_address_is(WN_STR("o'hara+x_1@ex-ample.co.uk"), &utf8) && !utf8);
	assert_true(wn_mail_address_is(WN_STR("j\xc3\xb6@example.org"), &utf8) && utf8);
}

static void mailboxes_are_read_with_their_names(void **state)
{
	struct wn_mailbox m;
	(void)state;
	assert_true(wn_mailbox_parse(WN_STR(" \"Example, \\\"Ana\\\"\" <ana@example.com> "), arena, &m));
	assert_true(wn_str_is(m.name, "Example, \"Ana\"") && wn_str_is(m.address, "ana@example.com"));
	assert_true(wn_mailbox_parse(WN_STR("ana@example.com"), arena, &m) && m.name.n == 0);
	assert_true(wn_mailbox_parse(WN_STR("Ana\r\nBcc: x <ana@example.com>"), arena, &m));
	assert_null(memchr(m.name.p, '\n', m.name.n));
	assert_false(wn_mailbox_parse(WN_STR("Ana"), arena, &m));
	assert_false(wn_mailbox_parse(WN_STR("Ana <ana@example.com>, Bob <bob@example.com>, x"), arena, &m));
	assert_false(wn_mailbox_parse(WN_STR("ana@example.com>"), arena, &m));
	assert_false(wn_mailbox_parse(WN_STR(""), arena, &m));
}

static void texts_beyond_ascii_become_encoded_words_of_whole_characters(void **state)
{
	struct wn_buf b;
	(void)state;
	wn_buf_init(&b, 4000);
	wn_mail_header_text(&b, "Subject", WN_STR("Gl\xc3\xbc" "ckwunsch"));
	assert_string_equal(b.p, "Subject: =?UTF-8?B?R2zDvGNrd3Vuc2No?=\r\n");
	wn_buf_clear(&b);
	struct wn_buf rockets;
	wn_buf_init(&rockets, 400);
	for (int i = 0; i < 30; i++)
		wn_buf_text(&rockets, "\xf0\x9f\x9a\x80");
	wn_mail_header_text(&b, "Subject", wn_buf_slice(&rockets));
	for (char *line = strtok(b.p, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		assert_true(strlen(line) <= 84);
		struct wn_str word = {strstr(line, "?B?") + 3, 0}, bytes;
		word.n = strlen(word.p) - 2;
		assert_true(wn_base64_read(word, arena, &bytes) && bytes.n % 4 == 0); /* a rocket has 4 bytes */
	}
	wn_buf_done(&rockets);
	wn_buf_done(&b);
}

static void long_subjects_are_folded_between_words(void **state)
{
	struct wn_mail m = plain();
	(void)state;
	m.subject = WN_STR("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen");
	char *mail = write_mail(&m);
	assert_lawful(mail);
	assert_has(mail, "\r\n ");
	assert_has(mail, "twelve\r\n thirteen");
	free(mail);
}

static void quoted_printable_keeps_dots_froms_blanks_and_equal_signs(void **state)
{
	struct wn_buf b;
	(void)state;
	wn_buf_init(&b, 4000);
	wn_mail_quoted_printable(&b, WN_STR(".\nFrom me\na = b \r\n\xc3\xa9\rend"));
	assert_string_equal(b.p, "=2E\r\n=46rom me\r\na =3D b=20\r\n=C3=A9\r\nend\r\n");
	wn_buf_clear(&b);
	char line[300];
	memset(line, 'x', sizeof(line));
	wn_mail_quoted_printable(&b, (struct wn_str){line, sizeof(line)});
	for (char *l = strtok(b.p, "\r\n"); l; l = strtok(NULL, "\r\n"))
		assert_true(strlen(l) <= 76);
	wn_buf_done(&b);
}

static void html_goes_beside_the_text_and_neither_can_end_its_part(void **state)
{
	struct wn_mail m = plain();
	(void)state;
	m.text = WN_STR("--=_whynow_\n--\nplain");
	m.html = WN_STR("<p>--=_whynow_</p>");
	char *mail = write_mail(&m), *from = strstr(mail, "boundary=\"");
	assert_lawful(mail);
	assert_has(mail, "Content-Type: multipart/alternative;");
	assert_non_null(from);
	char boundary[80];
	snprintf(boundary, sizeof(boundary), "\r\n--%.33s", from + 10);
	int parts = 0;
	for (char *p = mail; (p = strstr(p, boundary)); p++)
		parts++;
	assert_int_equal(parts, 3);
	assert_true(strstr(mail, "text/plain") < strstr(mail, "text/html"));
	free(mail);
}

static void text_that_is_mostly_not_ascii_goes_as_base64(void **state)
{
	struct wn_mail m = plain();
	(void)state;
	m.text = WN_STR("\xe6\x9d\xb1\xe4\xba\xac\n");
	char *mail = write_mail(&m);
	assert_has(mail, "base64\r\n\r\n5p2x5LqsDQo=\r\n");
	free(mail);
}

static void later_mails_answer_the_first(void **state)
{
	struct wn_str before[] = {WN_STR("first@x"), WN_STR("second@x")};
	struct wn_mail m = plain();
	(void)state;
	m.references = before;
	m.n_references = 2;
	char *mail = write_mail(&m);
	assert_has(mail, "In-Reply-To: <first@x>\r\nReferences: <first@x>\r\n <second@x>\r\n");
	free(mail);
}

static void unsubscribing_is_one_click_only_over_https(void **state)
{
	struct wn_mail m = plain();
	(void)state;
	m.unsubscribe_mailto = WN_STR("mailto:leave@example.com?subject=x");
	char *mail = write_mail(&m);
	assert_has(mail, "List-Unsubscribe: <mailto:leave@example.com?subject=x>\r\n");
	assert_null(strstr(mail, "One-Click"));
	free(mail);
	m.unsubscribe_url = WN_STR("https://example.com/u/abc");
	mail = write_mail(&m);
	assert_has(mail, "List-Unsubscribe: <https://example.com/u/abc>,\r\n <mailto:leave@example.com?subject=x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
	free(mail);
	m.unsubscribe_url = WN_STR("http://example.com/u/abc");
	mail = write_mail(&m);
	assert_null(strstr(mail, "One-Click"));
	free(mail);
	struct wn_buf b;
	bool utf8;
	wn_buf_init(&b, 10000);
	m.unsubscribe_url = WN_STR("https://example.com/>\r\nBcc: x");
	assert_int_equal(wn_mail_write(&b, &m, &utf8, NULL), WN_INVALID);
	wn_buf_done(&b);
}

static int make(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_mail_reads_as_it_was_written),
		cmocka_unit_test(no_value_begins_a_header_of_its_own),
		cmocka_unit_test(addresses_that_could_end_a_command_are_refused),
		cmocka_unit_test(mailboxes_are_read_with_their_names),
		cmocka_unit_test(texts_beyond_ascii_become_encoded_words_of_whole_characters),
		cmocka_unit_test(long_subjects_are_folded_between_words),
		cmocka_unit_test(quoted_printable_keeps_dots_froms_blanks_and_equal_signs),
		cmocka_unit_test(html_goes_beside_the_text_and_neither_can_end_its_part),
		cmocka_unit_test(text_that_is_mostly_not_ascii_goes_as_base64),
		cmocka_unit_test(later_mails_answer_the_first),
		cmocka_unit_test(unsubscribing_is_one_click_only_over_https),
	};
	return cmocka_run_group_tests(tests, make, drop);
}
