/* SPDX-License-Identifier: MIT */
/* A whole mail: addresses, headers, text and HTML. How texts become ASCII is in mail_words.c. */
#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/id.h>
#include <whynow/mail.h>
#include <whynow/text.h>

#include <stdio.h>

enum { ADDRESS_MAX = 254, LOCAL_MAX = 64, REFERENCES_MAX = 10, URI_MAX = 900 };

/* --- addresses ---- */
static bool is_atext(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_atom(struct wn_str s)
{
	bool dot = true;
	for (size_t i = 0; i < s.n; i++) {
		bool is_dot = s.p[i] == '.';
		if (is_dot ? dot : !is_atext((unsigned char)s.p[i]))
			return false;
		dot = is_dot;
	}
	return s.n > 0 && !dot;
}

bool wn_mail_address_is(struct wn_str s, bool *utf8)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	if (!at || s.n > ADDRESS_MAX || !wn_text_is_utf8(s))
		return false;
	struct wn_str local = {s.p, (size_t)(at - s.p)}, domain = {at + 1, s.n - local.n - 1};
	if (local.n > LOCAL_MAX || !is_dot_atom(local) || !is_dot_atom(domain))
		return false;
	for (size_t i = 0; i < domain.n; i++)
		if ((unsigned char)domain.p[i] < 0x80 && strchr("!#$%&'*+/=?^`{|}~", domain.p[i]))
			return false;
	bool wide = false;
	for (size_t i = 0; i < s.n; i++) {
		wide |= (unsigned char)s.p[i] >= 0x80;
		if ((unsigned char)s.p[i] == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)
			return false; /* C1 controls */
	}
	if (utf8)
		*utf8 = wide;
	return true;
}

static struct wn_str unquoted(struct wn_str s, struct wn_arena *a)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	char *out = wn_arena_alloc(a, s.n);
	size_t n = 0;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	return (struct wn_str){out, n};
}

bool wn_mailbox_parse(struct wn_str text, struct wn_arena *a, struct wn_mailbox *out)
{
	struct wn_mailbox m = {{"", 0}, wn_text_trim(text)};
	if (m.address.n && m.address.p[m.address.n - 1] == '>') {
		const char *open = memrchr(m.address.p, '<', m.address.n);
		if (!open)
			return false;
		struct wn_str name = {m.address.p, (size_t)(open - m.address.p)};
		m.address = (struct wn_str){open + 1, m.address.n - name.n - 2};
		m.name = unquoted(wn_text_one_line(name, 200, a), a);
	}
	if (!wn_mail_address_is(m.address, NULL))
		return false;
	*out = m;
	return true;
}

/* --- headers ---- */
static void put_mailbox(struct wn_buf *out, const char *name, const struct wn_mailbox *m)
{
	wn_buf_printf(out, "%s: ", name);
	if (m->name.n) {
		wn_mail_phrase(out, m->name);
		wn_buf_text(out, m->name.n > 30 ? "\r\n <" : " <");
		wn_buf_str(out, m->address);
		wn_buf_text(out, ">\r\n");
	} else {
		wn_buf_str(out, m->address);
		wn_buf_text(out, "\r\n");
	}
}

/* RFC 5322 3.3: as an IMF-fixdate, but with a zone in digits. */
static void put_date(struct wn_buf *out, int64_t us)
{
	char text[40];
	wn_imf_fixdate(us, text);
	wn_buf_printf(out, "Date: %.25s +0000\r\n", text);
}

/* What stands between < and >: an id or a URI. */
static bool is_bracketed(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n > 0 && s.n <= URI_MAX;
}

static void put_references(struct wn_buf *out, const struct wn_mail *m)
{
	size_t n = m->n_references;
	if (!n)
		return;
	wn_buf_text(out, "In-Reply-To: <");
	wn_buf_str(out, m->references[0]);
	wn_buf_text(out, ">\r\nReferences:");
	for (size_t i = 0; i < n; i++) { /* the first and the newest */
		if (i && n > REFERENCES_MAX && i <= n - REFERENCES_MAX)
			continue;
		wn_buf_text(out, i ? "\r\n <" : " <");
		wn_buf_str(out, m->references[i]);
		wn_buf_char(out, '>');
	}
	wn_buf_text(out, "\r\n");
}

static void put_unsubscribe(struct wn_buf *out, const struct wn_mail *m)
{
	bool has_mailto = m->unsubscribe_mailto.n, has_url = m->unsubscribe_url.n;
	if (!has_mailto && !has_url)
		return;
	wn_buf_text(out, "List-Unsubscribe: ");
	if (has_url) {
		wn_buf_char(out, '<');
		wn_buf_str(out, m->unsubscribe_url);
		wn_buf_text(out, has_mailto ? ">,\r\n <" : ">\r\n");
	} else {
		wn_buf_char(out, '<');
	}
	if (has_mailto) {
		wn_buf_str(out, m->unsubscribe_mailto);
		wn_buf_text(out, ">\r\n");
	}
	if (has_url && m->unsubscribe_url.n > 8 && memcmp(m->unsubscribe_url.p, "https://", 8) == 0)
		wn_buf_text(out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

/* --- bodies ---- */
static bool is_seven_bit(struct wn_str s)
{
	size_t line = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n') {
			line = 0;
			continue;
		}
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] > '~' || ++line > 78)
			return false;
		if (line == 1 && (s.p[i] == '.' || s.p[i] == 'F'))
			return false;
	}
	return true;
}

static size_t count_wide(struct wn_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += (unsigned char)s.p[i] >= 0x80;
	return n;
}

/* Line ends as a mail has them, for encodings that do not make them so. */
static void put_crlf(struct wn_buf *out, struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool lone = (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'));
		wn_buf_text(out, lone ? "\r" : "");
		wn_buf_char(out, s.p[i]);
	}
	if (s.n && s.p[s.n - 1] != '\n')
		wn_buf_text(out, "\r\n");
}

static void put_part(struct wn_buf *out, const char *type, struct wn_str text, bool may_be_plain)
{
	wn_buf_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: ", type);
	if (may_be_plain && is_seven_bit(text)) {
		wn_buf_text(out, "7bit\r\n\r\n");
		put_crlf(out, text);
	} else if (count_wide(text) > text.n / 4) {
		struct wn_buf lines;
		wn_buf_init(&lines, 2 * text.n + 2);
		put_crlf(&lines, text);
		wn_buf_text(out, "base64\r\n\r\n");
		wn_mail_base64(out, wn_buf_slice(&lines));
		wn_buf_done(&lines);
	} else {
		wn_buf_text(out, "quoted-printable\r\n\r\n");
		wn_mail_quoted_printable(out, text);
	}
}

/* "=_" can stand in neither of the two encodings, so no boundary is ever found inside of a part. */
static void put_alternatives(struct wn_buf *out, const struct wn_mail *m)
{
	uint8_t hash[32];
	char boundary[40] = "=_whynow_";
	wn_sha256(m->message_id, hash);
	wn_hex(hash, 12, boundary + 9);
	wn_buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	put_part(out, "text/plain", m->text, false);
	wn_buf_printf(out, "\r\n--%s\r\n", boundary);
	put_part(out, "text/html", m->html, false);
	wn_buf_printf(out, "\r\n--%s--\r\n", boundary);
}

static enum wn_rc check(const struct wn_mail *m, bool *utf8, struct wn_err *err)
{
	bool from = false, to = false;
	if (!wn_mail_address_is(m->from.address, &from))
		return wn_fail(err, WN_INVALID, "the sender's address is no lawful address");
	if (!wn_mail_address_is(m->to.address, &to))
		return wn_fail(err, WN_INVALID, "the recipient's address is no lawful address");
	bool ok = is_bracketed(m->message_id) && (!m->unsubscribe_mailto.n || is_bracketed(m->unsubscribe_mailto)) &&
		  (!m->unsubscribe_url.n || is_bracketed(m->unsubscribe_url));
	for (size_t i = 0; i < m->n_references; i++)
		ok = ok && is_bracketed(m->references[i]);
	*utf8 = from || to;
	return ok ? WN_OK : wn_fail(err, WN_INVALID, "an id or an unsubscribe address has blanks, brackets or controls, or is too long");
}

enum wn_rc wn_mail_write(struct wn_buf *out, const struct wn_mail *m, bool *utf8, struct wn_err *err)
{
	bool wide = false;
	enum wn_rc rc = check(m, &wide, err);
	if (rc)
		return rc;
	put_date(out, m->date_us);
	put_mailbox(out, "From", &m->from);
	put_mailbox(out, "To", &m->to);
	wn_mail_header_text(out, "Subject", m->subject);
	wn_buf_text(out, "Message-ID: <");
	wn_buf_str(out, m->message_id);
	wn_buf_text(out, ">\r\n");
	put_references(out, m);
	put_unsubscribe(out, m);
	if (m->original_to.n)
		wn_mail_header_text(out, "X-Whynow-Redirected-For", m->original_to);
	wn_buf_text(out, "MIME-Version: 1.0\r\n");
	if (m->html.n)
		put_alternatives(out, m);
	else
		put_part(out, "text/plain", m->text, true);
	if (wn_buf_overflowed(out))
		return wn_fail(err, WN_LIMIT, "the mail is larger than %zu bytes", out->max);
	*utf8 = wide;
	return WN_OK;
}
