/* SPDX-License-Identifier: MIT */
/*
 * Mail: a due touch as an RFC 5322 message to the contact's address, and what the server's answer means. The Message-ID is that of the
 * touch, so a repeated attempt is the same mail, and later steps answer the first.
 */
#include "sink.h"
#include "unsubscribe.h"
#include <stdio.h>
#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/mail.h>

enum { MAIL_MAX = 4 * WN_RENDERED_MAX, THREAD_MAX = 64 };

struct letter {
	struct wn_daemon *d;
	const struct wn_sink_conf *conf;
	const struct wn_outbox_row *row;
	struct wn_arena *arena;
	struct wn_value data;
	struct wn_mail mail;
	struct wn_str references[THREAD_MAX];
	struct wn_buf text;
	bool utf8, redirected;
};

static struct wn_str text_of(const struct letter *l, const char *name) { return wn_value_str(wn_value_at(l->data, name)); }

/* What stands behind the @ of our Message-IDs: the host of the sink's url, the same for every mail of it. */
static const char *id_host(struct letter *l)
{
	const char *url = wn_arena_strdup(l->arena, l->conf->url), *host = strstr(url, "://");
	host = host ? host + 3 : url;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	bool literal = *host == '[' || strspn(host, "0123456789.") == n;
	return wn_arena_printf(l->arena, literal && *host != '[' ? "[%.*s]" : "%.*s", (int)n, host);
}

static struct wn_str message_id(struct letter *l, struct wn_str event_id)
{
	return wn_str_of(wn_arena_printf(l->arena, WN_STR_FMT "@%s", WN_STR_ARG(event_id), id_host(l)));
}

/* Who looks after the account writes; else the sink's sender, else the segment's owner. */
static enum wn_rc choose_sender(struct letter *l, struct wn_err *err)
{
	const struct wn_str from[] = {text_of(l, "owner"), l->conf->from, text_of(l, "segment_owner")};
	for (size_t i = 0; i < WN_COUNT(from); i++)
		if (from[i].n && wn_mailbox_parse(from[i], l->arena, &l->mail.from))
			return WN_OK;
	return wn_fail(err, WN_INVALID, 
		       "nobody to write as: the owner of the account, `from` of the sink and the owner of the segment are no mail addresses");
}

static enum wn_rc choose_recipient(struct letter *l, struct wn_err *err)
{
	struct wn_value contact = wn_value_at(l->data, "contact"), meant = wn_value_at(l->data, "redirected_from");
	l->mail.to = (struct wn_mailbox){wn_value_str(wn_value_at(contact, "name")), wn_value_str(wn_value_at(contact, "email"))};
	l->mail.subject = text_of(l, "subject");
	l->mail.original_to = wn_value_str(wn_value_at(meant, "email"));
	l->redirected = text_of(l, "redirect_to").n > 0;
	return l->mail.to.address.n ? WN_OK : wn_fail(err, WN_INVALID, "the touch names no mail address");
}

/* A redirected mail is read by somebody else, who must not opt the contact out. */
static void put_unsubscribe(struct letter *l)
{
	const struct wn_options *o = wn_daemon_options(l->d);
	const struct wn_sink_conf *c = l->conf;
	struct wn_str base = c->unsubscribe.url.n ? c->unsubscribe.url : o->http.public_url;
	char token[WN_UNSUBSCRIBE_TOKEN];
	if (l->redirected || l->row->step < 0)
		return;
	wn_unsubscribe_token(l->d->key, l->row->event_id, token);
	if (c->unsubscribe.mailto.n)
		l->mail.unsubscribe_mailto =
			wn_str_of(wn_arena_printf(l->arena, "mailto:" WN_STR_FMT "?subject=unsubscribe%%20%s", WN_STR_ARG(c->unsubscribe.mailto), token));
	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	bool ours = !c->unsubscribe.url.n; /* of public_url, where /u/ is our own */
	if (base.n)
		l->mail.unsubscribe_url = wn_str_of(wn_arena_printf(l->arena, WN_STR_FMT "%s/%s", WN_STR_ARG(base), ours ? "/u" : "", token));
}

static void put_thread(struct letter *l)
{
	struct wn_value before = wn_value_at(l->data, "thread");
	for (size_t i = 0; before.kind == WN_LIST && i < before.n && i < THREAD_MAX; i++)
		l->references[l->mail.n_references++] = message_id(l, wn_value_str(before.list[i]));
	l->mail.references = l->references;
}

static enum wn_rc compose(struct letter *l, struct wn_err *err)
{
	char id[37];
	enum wn_rc rc = wn_json_parse(l->row->payload, NULL, l->arena, &l->data, err);
	if (rc)
		return rc;
	wn_id_to_text(l->row->event_id, id);
	l->mail.date_us = wn_clock_now_us(l->d->clock);
	l->mail.text = text_of(l, "text");
	l->mail.html = text_of(l, "html");
	l->mail.message_id = message_id(l, wn_str_of(id));
	rc = choose_sender(l, err);
	if (rc == WN_OK)
		rc = choose_recipient(l, err);
	if (rc)
		return rc;
	put_unsubscribe(l);
	put_thread(l);
	return wn_mail_write(&l->text, &l->mail, &l->utf8, err);
}

static void judge(const struct wn_smtp_result *r, struct wn_delivery *out)
{
	out->how = r->rc == WN_OK        ? WN_DELIVERED
		   : r->rc == WN_REFUSED ? WN_DELIVERY_DEAD
		   : r->rc == WN_UNKNOWN ? WN_DELIVERY_UNKNOWN
					 : WN_DELIVERY_RETRY;
	out->bounced = r->bounced;
	snprintf(out->text, sizeof(out->text), "%s", r->text);
}

static enum wn_rc post(struct letter *l, int64_t timeout_us, struct wn_delivery *out, struct wn_err *err)
{
	const struct wn_sink_conf *c = l->conf;
	struct wn_str password = {NULL, 0};
	struct wn_smtp_result result = {.rc = WN_AGAIN};
	enum wn_rc rc = c->password_credential.n ? wn_sink_credential(c->password_credential, l->arena, &password, err) : WN_OK;
	if (rc)
		return WN_AGAIN;
	struct wn_smtp_mail m = {.url = wn_arena_strdup(l->arena, c->url),
				 .starttls = c->starttls,
				 .user = c->user.n ? wn_arena_strdup(l->arena, c->user) : NULL,
				 .password = password.p,
				 .ca_file = c->ca_file.n ? wn_arena_strdup(l->arena, c->ca_file) : NULL,
				 .allow_private = c->allow_private,
				 .timeout_ms = (int)(timeout_us / 1000),
				 .from = wn_arena_strdup(l->arena, l->mail.from.address),
				 .to = wn_arena_strdup(l->arena, l->mail.to.address),
				 .message = wn_buf_slice(&l->text),
				 .utf8 = l->utf8};
	wn_failpoint("courier.mail.send");
	wn_mailer_send(l->d->mailer, &m, &result);
	wn_failpoint("courier.mail.answered");
	judge(&result, out);
	return WN_OK;
}

void wn_deliver_mail(struct wn_daemon *d, const struct wn_book_sink *sink, const struct wn_outbox_row *row, int64_t timeout_us, struct wn_delivery *out)
{
	struct letter l = {.d = d, .conf = sink->conf, .row = row, .arena = wn_arena_new(0)};
	struct wn_err err = {0};
	wn_buf_init(&l.text, MAIL_MAX);
	enum wn_rc rc = compose(&l, &err);
	if (rc == WN_OK)
		rc = post(&l, timeout_us, out, &err);
	if (rc) {
		out->how = rc == WN_AGAIN ? WN_DELIVERY_RETRY : WN_DELIVERY_DEAD;
		snprintf(out->text, sizeof(out->text), "%.290s", err.text);
	}
	wn_buf_done(&l.text);
	wn_arena_free(l.arena);
}
