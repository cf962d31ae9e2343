/* SPDX-License-Identifier: MIT */
/*
 * The journal as sink of the log: one fact, one entry with fields. Strangers' text can neither forge an entry
 * (every value is sent with its length) nor a terminal sequence (control characters are taken out) nor fill the
 * disk (values are clipped).
 *
 * With a socket path the same entry goes out in the journal's native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL): NAME, newline, 64-bit little-endian length, value, newline, for each
 * field in one datagram.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION 1
#include <whynow/systemd.h>

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <unistd.h>
#include <whynow/buf.h>
#include <whynow/limits.h>

enum { FIXED = 4, IOVECS = WN_LOG_FIELDS_MAX + FIXED }; /* MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER */

struct wn_systemd_journal {
	const char *identifier;
	char *socket_path; /* NULL: the system's journal */
	int fd;
};

/* The fields of one entry as "NAME=value", back to back in one buffer. */
struct entry {
	struct wn_buf text;
	size_t begin[IOVECS], value[IOVECS], end[IOVECS];
	int n;
};

/* Journal field names: capitals, digits, underscores; a leading underscore is the journal's own. */
static bool is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && n <= 64 && !s[n] && *s >= 'A' && *s <= 'Z';
}

static void add(struct entry *e, const char *name, const char *value)
{
	size_t max = strcmp(name, "WHYNOW_EVENT") == 0 ? WN_LOG_EVENT_MAX : WN_LOG_VALUE_MAX, size = max + 4;
	char *clean;

	if (e->n == IOVECS || !is_name(name))
		return;
	clean = wn_alloc(size);
	e->begin[e->n] = e->text.n;
	wn_buf_text(&e->text, name);
	wn_buf_char(&e->text, '=');
	e->value[e->n] = e->text.n;
	wn_buf_add(&e->text, clean, wn_log_clean(value, max, clean, size));
	e->end[e->n++] = e->text.n;
	free(clean);
}

static void fill(struct entry *e, const char *identifier, enum wn_level level, const char *message_id,
		 const char *text, const struct wn_field *fields, size_t n)
{
	wn_buf_init(&e->text, IOVECS * (WN_LOG_VALUE_MAX + 80) + WN_LOG_EVENT_MAX);
	add(e, "MESSAGE", text);
	add(e, "PRIORITY", (const char[]){(char)('0' + level), 0});
	add(e, "SYSLOG_IDENTIFIER", identifier);
	if (message_id)
		add(e, "MESSAGE_ID", message_id);
	for (size_t i = 0; i < n; i++)
		if (fields[i].value)
			add(e, fields[i].name, fields[i].value);
}

static bool send_to_journal(const struct entry *e)
{
	struct iovec iov[IOVECS];

	for (int i = 0; i < e->n; i++)
		iov[i] = (struct iovec){e->text.p + e->begin[i], e->end[i] - e->begin[i]};
	return sd_journal_sendv(iov, e->n) >= 0;
}

static bool send_native(const struct wn_systemd_journal *j, const struct entry *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct wn_buf b;
	ssize_t sent;

	wn_buf_init(&b, 2 * e->text.max);
	for (int i = 0; i < e->n; i++) {
		uint64_t n = e->end[i] - e->value[i], le = htole64(n);

		wn_buf_add(&b, e->text.p + e->begin[i], e->value[i] - e->begin[i] - 1);
		wn_buf_char(&b, '\n');
		wn_buf_add(&b, &le, sizeof(le));
		wn_buf_add(&b, e->text.p + e->value[i], n);
		wn_buf_char(&b, '\n');
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", j->socket_path);
	do {
		sent = sendto(j->fd, b.p, b.n, MSG_NOSIGNAL, (struct sockaddr *)&sun, sizeof(sun));
	} while (sent < 0 && errno == EINTR);
	wn_buf_done(&b);
	return sent >= 0;
}

void wn_systemd_log(void *ctx, enum wn_level level, const char *message_id, const char *text,
		    const struct wn_field *fields, size_t n)
{
	struct wn_systemd_journal *j = ctx;
	struct entry e = {.n = 0};
	bool sent;

	fill(&e, j->identifier, level, message_id, text, fields, n);
	sent = j->socket_path ? send_native(j, &e) : send_to_journal(&e);
	wn_buf_done(&e.text);
	if (!sent)
		wn_log_stderr(NULL, level, message_id, text, fields, n);
}

struct wn_systemd_journal *wn_systemd_journal_new(const char *identifier, const char *socket_path)
{
	struct wn_systemd_journal *j = wn_alloc(sizeof(*j));

	*j = (struct wn_systemd_journal){.identifier = identifier, .fd = -1};
	if (socket_path) {
		j->socket_path = wn_strdup(socket_path);
		j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	return j;
}

void wn_systemd_journal_free(struct wn_systemd_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	free(j->socket_path);
	free(j);
}

bool wn_systemd_under_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, mine) == 0;
}

#ifdef WN_TESTING
static const char *test_socket(void)
{
	return getenv("WHYNOW_JOURNAL_SOCKET");
}
#else
static const char *test_socket(void)
{
	return NULL;
}
#endif

void wn_systemd_log_setup(const char *identifier)
{
	if (test_socket())
		wn_log_set_sink(wn_systemd_log, wn_systemd_journal_new(identifier, test_socket()));
	else if (wn_systemd_under_journal())
		wn_log_set_sink(wn_systemd_log, wn_systemd_journal_new(identifier, NULL));
}
