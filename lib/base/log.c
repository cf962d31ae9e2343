/* SPDX-License-Identifier: MIT */
/*
 * The process-wide log: one sink, one level. The default sink writes one line an entry on stderr with the <N>
 * priority that systemd understands; strangers' text in it is cut and stripped of everything that could
 * forge a line, colour a terminal or turn the reading direction.
 */
#include <whynow/limits.h>
#include <whynow/log.h>

#include <stdio.h>
#include <unistd.h>

static struct {
	wn_log_sink *sink;
	void *ctx;
	enum wn_level max;
} state = {wn_log_stderr, NULL, WN_INFO};

void wn_log_set_sink(wn_log_sink *sink, void *ctx)
{
	state.sink = sink ? sink : wn_log_stderr;
	state.ctx = ctx;
}

void wn_log_set_level(enum wn_level max) { state.max = max; }

void wn_log(enum wn_level level, const char *message_id, const struct wn_field *fields, const char *fmt, ...)
{
	if (level > state.max)
		return;
	char text[WN_LOG_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	size_t n = 0;
	while (fields && fields[n].name)
		n++;
	state.sink(state.ctx, level, message_id, text, fields, n);
}

/* Length of the valid UTF-8 sequence at p (code point in *c), 0 if there is none. */
static size_t decode(const unsigned char *p, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	if (n == 0)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c < least[n] || *c > 0x10ffff || (*c >> 11) == 0x1b ? 0 : n;
}

static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t wn_log_clean(const char *s, size_t max_chars, char *dst, size_t size)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)s; *p; max_chars--) {
		uint32_t c = 0;
		size_t len = decode(p, &c);
		if (max_chars == 0 || n + 8 > size) {
			memcpy(dst + n, "…", 3);
			n += 3;
			break;
		}
		if (len == 0 || is_harmful(c)) {
			dst[n++] = c == '\n' || c == '\t' ? ' ' : '?';
			len = len ? len : 1;
		} else {
			memcpy(dst + n, p, len);
			n += len;
		}
		p += len;
	}
	dst[n] = '\0';
	return n;
}

/* Quotes a value that has blanks, quotes or brackets, so that fields can be told apart. */
static int put_field(char *dst, size_t size, const char *before, const struct wn_field *f)
{
	char value[WN_LOG_FIELD_CHARS * 4 + 8];
	wn_log_clean(f->value, WN_LOG_FIELD_CHARS, value, sizeof(value));
	if (*value && !strpbrk(value, " \"]["))
		return snprintf(dst, size, "%s%s=%s", before, f->name, value);
	for (char *q = value; *q; q++)
		if (*q == '"')
			*q = '\'';
	return snprintf(dst, size, "%s%s=\"%s\"", before, f->name, value);
}

void wn_log_stderr(void *ctx, enum wn_level level, const char *message_id, const char *text,
		   const struct wn_field *fields, size_t n)
{
	(void)ctx, (void)message_id;
	char line[WN_LOG_TEXT_MAX * 4];
	size_t at = (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
	at += wn_log_clean(text, WN_LOG_TEXT_MAX, line + at, WN_LOG_TEXT_MAX + 16);
	const char *before = " [";
	for (size_t i = 0; i < n; i++) {
		if (!fields[i].value)
			continue;
		int more = put_field(line + at, sizeof(line) - at - 2, before, &fields[i]);
		if (more < 0 || (size_t)more >= sizeof(line) - at - 2)
			break;
		at += (size_t)more;
		before = " ";
	}
	if (*before == ' ' && before[1] == '\0')
		line[at++] = ']';
	line[at++] = '\n';
	/* One write, so that lines of two processes do not mix; a full pipe loses the line, never blocks us for
	 * long. */
	ssize_t done = write(STDERR_FILENO, line, at);
	(void)done;
}
