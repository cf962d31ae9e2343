/* SPDX-License-Identifier: MIT */
/* Base64 of RFC 4648, section 4. */
#include <whynow/base64.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_quad(const uint8_t *p, size_t left, char quad[4])
{
	uint32_t v = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);
	quad[0] = alphabet[v >> 18];
	quad[1] = alphabet[v >> 12 & 63];
	quad[2] = left < 2 ? '=' : alphabet[v >> 6 & 63];
	quad[3] = left < 3 ? '=' : alphabet[v & 63];
}

void wn_base64_write(struct wn_buf *b, struct wn_str bytes)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	char some[256];
	size_t n = 0;
	for (size_t i = 0; i < bytes.n; i += 3, n += 4) {
		if (n == sizeof(some)) {
			wn_buf_add(b, some, n);
			n = 0;
		}
		write_quad(p + i, bytes.n - i, some + n);
	}
	wn_buf_add(b, some, n);
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool wn_base64_read(struct wn_str text, struct wn_arena *a, struct wn_str *out)
{
	if (text.n % 4 == 0)
		for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
			text.n--;
	if (text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (digit(text.p[i]) < 0)
			return false;
	char *bytes = wn_arena_try(a, text.n / 4 * 3 + 3);
	if (!bytes)
		return false;
	size_t n = 0;
	uint32_t v = 0;
	for (size_t i = 0; i < text.n; i++) {
		v = v << 6 | (uint32_t)digit(text.p[i]);
		/* After the second digit of a group each one completes a byte. */
		if (i % 4)
			bytes[n++] = (char)(v >> (6 - 2 * (i % 4)) & 0xff);
	}
	*out = (struct wn_str){bytes, n};
	return true;
}
