/* SPDX-License-Identifier: MIT */
/*
 * What the service manager and the journal want of us: sd_notify(3), sd_watchdog_enabled(3), credentials
 * (systemd.exec(5)), inherited sockets (sd_listen_fds(3)), structured journal entries. Without systemd every
 * call is a harmless no-op, so nobody asks first. The only user of libsystemd is lib/io/systemd.c.
 */
#ifndef WHYNOW_SYSTEMD_H
#define WHYNOW_SYSTEMD_H

#include <whynow/base.h>
#include <whynow/log.h>

/* Each tells the manager ($NOTIFY_SOCKET). `status` is one line, may be NULL; control characters become blanks.
 */
void wn_systemd_ready(const char *status);
void wn_systemd_reloading(void); /* with MONOTONIC_USEC; wn_systemd_ready ends it */
void wn_systemd_stopping(const char *status);
void wn_systemd_status(const char *status);
void wn_systemd_watchdog(void);
/* Microseconds the manager waits for a sign of life, 0 if it does not watch us; feed at half of it. */
int64_t wn_systemd_watchdog_us(void);

/* Bytes of credential `name` from $CREDENTIALS_DIRECTORY: at most WN_CREDENTIAL_MAX, one trailing newline
 * removed. `fallback_dir` (may be NULL) is looked at when the variable is not set (command line, tests). Gives
 * *out: free with wn_systemd_credential_free, which wipes it. NOT_FOUND, LIMIT, INVALID (name with '/', or
 * empty). */
enum wn_rc wn_systemd_credential(const char *name, const char *fallback_dir, struct wn_str *out,
				 struct wn_err *err) WN_MUST_CHECK;
void wn_systemd_credential_free(struct wn_str *s);

/* Inherited listening sockets by FileDescriptorName=; sets close-on-exec. Returns how many, at most max. The
 * environment is cleared, so a second call gives 0. */
struct wn_systemd_fd {
	int fd;
	char name[64];
};
size_t wn_systemd_listen_fds(struct wn_systemd_fd *out, size_t max);

/* True when stderr is connected to the journal ($JOURNAL_STREAM names its device and inode). */
bool wn_systemd_under_journal(void);
/* Sends entries to the journal: MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, then the fields; values are
 * clipped to WN_LOG_VALUE_MAX bytes and lose control characters. `identifier` is borrowed for ever.
 * `socket_path` NULL: the system's journal; else a datagram socket that gets the native protocol (tests own
 * one). Gives the sink's ctx for wn_log_set_sink(wn_systemd_log, ctx). */
struct wn_systemd_journal;
struct wn_systemd_journal *wn_systemd_journal_new(const char *identifier, const char *socket_path);
void wn_systemd_journal_free(struct wn_systemd_journal *j);
void wn_systemd_log(void *ctx, enum wn_level level, const char *message_id, const char *text,
		    const struct wn_field *fields, size_t n);
/* Chooses: $WHYNOW_JOURNAL_SOCKET in test builds, the journal when under it, else leaves stderr. */
void wn_systemd_log_setup(const char *identifier);

#endif
