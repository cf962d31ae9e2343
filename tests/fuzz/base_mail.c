/* SPDX-License-Identifier: MIT */
/* Whatever the values are, a mail has lines that end in CRLF and are short, and as many headers as we wrote. */
#include <whynow/mail.h>

#include <stdlib.h>

static struct wn_str take(const uint8_t **p, size_t *left)
{
	size_t n = *left ? **p % 64 : 0;
	if (*left)
		(*p)++, (*left)--;
	n = n < *left ? n : *left;
	struct wn_str s = {(const char *)*p, n};
	*p += n;
	*left -= n;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wn_mail m = {.message_id = WN_STR("id@example.com"), .unsubscribe_url = WN_STR("https://example.com/u/1")};
	struct wn_arena *a = wn_arena_new(0);
	struct wn_buf b;
	bool utf8;
	if (!wn_mailbox_parse(take(&data, &size), a, &m.from))
		m.from = (struct wn_mailbox){take(&data, &size), WN_STR("ana@example.com")};
	m.to = (struct wn_mailbox){take(&data, &size), WN_STR("jo@example.org")};
	m.subject = take(&data, &size);
	m.original_to = take(&data, &size);
	if (size && *data % 2)
		m.html = take(&data, &size);
	m.text = (struct wn_str){(const char *)data, size};
	wn_buf_init(&b, 1 << 20);
	if (wn_mail_write(&b, &m, &utf8, NULL) != WN_OK)
		abort();
	size_t line = 0, headers = 0;
	bool head = true;
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '\n' && (i == 0 || b.p[i - 1] != '\r'))
			abort();
		if (b.p[i] == '\r' && (i + 1 == b.n || b.p[i + 1] != '\n'))
			abort();
		if (b.p[i] != '\n') {
			line++;
			continue;
		}
		if (line > 998)
			abort();
		head = head && line > 1;
		headers += head && b.p[i - line] != ' ';
		line = 0;
	}
	if (headers != (m.html.n ? 9u : 10u) + (m.original_to.n > 0) - 0u)
		abort();
	wn_buf_done(&b);
	wn_arena_free(a);
	return 0;
}
