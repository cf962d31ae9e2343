/* SPDX-License-Identifier: MIT */
/*
 * Sinks that are files: one line of JSON an event, on disk before it counts as delivered. Many lines are written and the file is synced
 * once (the spool); it is open no longer than that, so that it can be moved away at any time. A torn last line (a full disk) is ended
 * by the next writer's newline.
 */
#include "sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <whynow/limits.h>

struct wn_spool {
	size_t n;
	struct file {
		char *path;
		int fd;
		int failed; /* errno of the first failure */
	} *v;
};

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static struct file *open_file(struct wn_spool *spool, const char *path)
{
	for (size_t i = 0; i < spool->n; i++)
		if (strcmp(spool->v[i].path, path) == 0)
			return &spool->v[i];
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return NULL;
	spool->v = wn_realloc(spool->v, (spool->n + 1) * sizeof(*spool->v));
	spool->v[spool->n] = (struct file){.path = wn_strdup(path), .fd = fd};
	return &spool->v[spool->n++];
}

void wn_spool_sync(struct wn_spool *spool)
{
	for (size_t i = 0; i < spool->n; i++) {
		struct file *f = &spool->v[i];
		if (fdatasync(f->fd) && !f->failed)
			f->failed = errno;
		close(f->fd);
		f->fd = -1;
	}
}

void wn_spool_settle(const struct wn_spool *spool, struct wn_delivery *r)
{
	const struct file *f = r->file ? &spool->v[r->file - 1] : NULL;
	if (f && f->failed && r->how == WN_DELIVERED) {
		r->how = WN_DELIVERY_RETRY;
		snprintf(r->text, sizeof(r->text), "%.200s: %.80s", f->path, strerror(f->failed));
	}
	r->file = 0;
}

void wn_spool_clear(struct wn_spool *spool)
{
	for (size_t i = 0; i < spool->n; i++) {
		if (spool->v[i].fd >= 0)
			close(spool->v[i].fd);
		free(spool->v[i].path);
	}
	spool->n = 0;
}

struct wn_spool *wn_spool_new(void) { return wn_alloc(sizeof(struct wn_spool)); }

void wn_spool_free(struct wn_spool *spool)
{
	wn_spool_clear(spool);
	free(spool->v);
	free(spool);
}

void wn_deliver_file(struct wn_daemon *d, const struct wn_book_sink *to, const struct wn_outbox_row *row, int64_t timeout_us WN_UNUSED,
		     struct wn_delivery *out)
{
	const struct wn_sink_conf *sink = to->conf;
	char path[4096];
	struct wn_buf line;
	struct wn_str dir = wn_daemon_options(d)->dirs.spool;
	struct wn_spool *spool = d->spool ? d->spool : wn_spool_new();
	bool absolute = sink->path.n && sink->path.p[0] == '/';
	snprintf(path, sizeof(path), "%.*s%s" WN_STR_FMT, absolute ? 0 : (int)dir.n, dir.p ? dir.p : "", absolute ? "" : "/", WN_STR_ARG(sink->path));
	wn_buf_init(&line, WN_RENDERED_MAX * 2);
	wn_sink_event_write(&line, row);
	wn_buf_char(&line, '\n');
	struct file *f = open_file(spool, path);
	bool ok = f && !f->failed && !wn_buf_overflowed(&line) && write_all(f->fd, line.p, line.n);
	if (!ok)
		snprintf(out->text, sizeof(out->text), "%.200s: %.80s", path, strerror(f && f->failed ? f->failed : errno));
	out->how = ok ? WN_DELIVERED : WN_DELIVERY_RETRY;
	out->file = ok ? (unsigned)(f - spool->v) + 1 : 0;
	wn_buf_done(&line);
	if (!d->spool) { /* nobody settles later */
		wn_spool_sync(spool);
		wn_spool_settle(spool, out);
		wn_spool_free(spool);
	}
}
