/* SPDX-License-Identifier: MIT */
/*
 * The service manager: notifications, watchdog, credentials, inherited sockets. Without systemd (no
 * $NOTIFY_SOCKET, no $LISTEN_FDS) nothing happens. The journal is in systemd_journal.c.
 */
#include <whynow/systemd.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <whynow/clock.h>
#include <whynow/limits.h>

/* --- notifications ---- */

/* `state`, then STATUS= on a line of its own; a status must not open further lines. */
static void notify(const char *state, const char *status)
{
	char line[512];

	snprintf(line, sizeof(line), "%s", status ? status : "");
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	if (status)
		sd_notifyf(0, "%s%sSTATUS=%s", state, *state ? "\n" : "", line);
	else
		sd_notify(0, state);
}

void wn_systemd_ready(const char *status)
{
	notify("READY=1", status);
}

void wn_systemd_reloading(void)
{
	char state[80];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)wn_clock_monotonic_us());
	notify(state, NULL);
}

void wn_systemd_stopping(const char *status)
{
	notify("STOPPING=1", status);
}

void wn_systemd_status(const char *status)
{
	notify("", status ? status : "");
}

void wn_systemd_watchdog(void)
{
	notify("WATCHDOG=1", NULL);
}

int64_t wn_systemd_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? (int64_t)us : 0;
}

/* --- credentials ---- */

/* All of the open file, at most WN_CREDENTIAL_MAX bytes. */
static enum wn_rc read_all(int fd, const char *name, struct wn_str *out, struct wn_err *err)
{
	char *p = wn_alloc(WN_CREDENTIAL_MAX + 2);
	size_t n = 0;
	ssize_t got;

	while (n <= WN_CREDENTIAL_MAX && (got = read(fd, p + n, WN_CREDENTIAL_MAX + 1 - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			explicit_bzero(p, n);
			free(p);
			return wn_fail(err, WN_REFUSED, "credential %s: %s", name, strerror(errno));
		}
		n += (size_t)got;
	}
	*out = (struct wn_str){p, n};
	if (n > WN_CREDENTIAL_MAX) {
		wn_systemd_credential_free(out);
		return wn_fail(err, WN_LIMIT, "credential %s: more than %u bytes", name, WN_CREDENTIAL_MAX);
	}
	if (n && p[n - 1] == '\n')
		p[--out->n] = 0;
	return WN_OK;
}

enum wn_rc wn_systemd_credential(const char *name, const char *fallback_dir, struct wn_str *out,
				 struct wn_err *err)
{
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	char path[4096];
	struct stat st;
	enum wn_rc rc;
	int fd;

	if (!*name || strchr(name, '/') || *name == '.')
		return wn_fail(err, WN_INVALID, "\"%.100s\" is no name of a credential", name);
	if (!dir)
		dir = fallback_dir;
	if (!dir)
		return wn_fail(err, WN_NOT_FOUND, "credential %s: the service was given none (LoadCredential=)",
			       name);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return wn_fail(err, WN_LIMIT, "credential %.100s: path too long", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return wn_fail(err, errno == ENOENT ? WN_NOT_FOUND : WN_REFUSED, "credential %s: %s", path,
			       strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = wn_fail(err, WN_INVALID, "credential %s: not a regular file", path);
	else
		rc = read_all(fd, name, out, err);
	close(fd);
	return rc;
}

void wn_systemd_credential_free(struct wn_str *s)
{
	if (s->p) {
		explicit_bzero((char *)s->p, s->n);
		free((char *)s->p);
	}
	*s = (struct wn_str){NULL, 0};
}

/* --- inherited sockets ---- */

size_t wn_systemd_listen_fds(struct wn_systemd_fd *out, size_t max)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	size_t kept = 0;

	for (int i = 0; i < n; i++) {
		if (kept < max) {
			out[kept].fd = SD_LISTEN_FDS_START + i;
			snprintf(out[kept++].name, sizeof(out->name), "%s", names && names[i] ? names[i] : "");
		}
		if (names)
			free(names[i]);
	}
	free(names);
	return kept;
}
