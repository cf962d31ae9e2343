/* SPDX-License-Identifier: MIT */
/*
 * Handing one mail to an SMTP server (RFC 5321, by libcurl), and what became of it in the words of who must decide what to do next.
 *
 * `struct wn_mailer` is the way out as the daemon sees it: the real client or a scripted one of a test; both keep the same promise:
 * a mail that may have been taken is never called anything but WN_OK or WN_UNKNOWN.
 */
#ifndef WHYNOW_SMTP_H
#define WHYNOW_SMTP_H

#include <whynow/address.h>
#include <whynow/loop.h>

/* Everything is borrowed until the call returns. */
struct wn_smtp_mail {
	const char *url;      /* smtp://HOST[:PORT], smtps://HOST[:PORT] */
	bool starttls;        /* smtp://: nothing is said before TLS stands */
	const char *user, *password; /* NULL: no AUTH */
	const char *ca_file;  /* PEM file instead of the system's authorities */
	bool allow_private;   /* see wn_address_is_allowed */
	int timeout_ms;       /* all of it [60 000] */
	const char *from, *to; /* envelope; lawful addresses (wn_mail_address_is) */
	struct wn_str message; /* of wn_mail_write */
	bool utf8;            /* an address is not ASCII: the server must offer SMTPUTF8 */
};
struct wn_smtp_result {
	/* WN_OK: taken. WN_AGAIN: not taken, may be later (no connection, 4yz, trouble with TLS or credentials). WN_REFUSED: not taken, for good
	 * (5yz to this mail, or an address the server cannot carry). WN_UNKNOWN: the whole mail went out and no answer came. WN_CANCELLED: given up
	 * before it was whole; it was not taken. */
	enum wn_rc rc;
	bool bounced;         /* REFUSED, and it is the recipient's address that does not exist or takes nothing: RFC 3463 x.1.z and x.2.1 */
	int code;             /* of the newest reply, 0: none */
	char text[300];       /* one line for a person: the server's words, or what went wrong */
};

struct wn_mailer {
	/* Waits on the running fiber. */
	void (*send)(struct wn_mailer *m, const struct wn_smtp_mail *mail, struct wn_smtp_result *out);
};
void wn_mailer_send(struct wn_mailer *m, const struct wn_smtp_mail *mail, struct wn_smtp_result *out);

/* The real one, lib/io/smtp.c. Connections are used again. networks: what allow_private may reach inside, copied; NULL: all. Gives. */
struct wn_mailer *wn_smtp_new(struct wn_loop *l, const struct wn_networks *networks);
void wn_smtp_free(struct wn_mailer *m); /* nothing is being sent */

/* For mailers: what a reply with this code says, when it answers `command` ("RCPT", ...). Sets rc and bounced. */
void wn_smtp_judge(const char *command, int code, const char *text, struct wn_smtp_result *out);

#endif
