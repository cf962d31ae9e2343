/* SPDX-License-Identifier: MIT */
/* Extension "encoders": base64.encode and base64.decode (RFC 4648; padding may be left out when decoding). */
#include "cel_internal.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool encode(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const unsigned char *s = (const unsigned char *)v->s;
	size_t len = 0;
	char *p;

	if (v->kind != WN_BYTES)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, v->n / 16) || !(p = cel_take(r, n, (v->n / 3u + 1) * 4)))
		return false;
	for (uint32_t i = 0; i < v->n; i += 3) {
		uint32_t left = v->n - i, b = (uint32_t)s[i] << 16;

		b |= left > 1 ? (uint32_t)s[i + 1] << 8 : 0;
		b |= left > 2 ? s[i + 2] : 0;
		p[len++] = digits[b >> 18];
		p[len++] = digits[b >> 12 & 63];
		p[len++] = left > 1 ? digits[b >> 6 & 63] : '=';
		p[len++] = left > 2 ? digits[b & 63] : '=';
	}
	*out = wn_string((struct wn_str){p, len});
	return true;
}

static int digit_of(char ch)
{
	const char *at = ch ? strchr(digits, ch) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Padding is whole (to a multiple of four) or left out; bits left over are zero. */
static bool decode_text(struct wn_str s, char *p, size_t *len)
{
	size_t end = s.n;
	uint32_t bits = 0;
	int have = 0;

	while (end > 0 && s.n - end < 2 && s.p[end - 1] == '=')
		end--;
	if ((end != s.n && s.n % 4 != 0) || end % 4 == 1)
		return false;
	for (size_t i = 0; i < end; i++) {
		int d = digit_of(s.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[(*len)++] = (char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	return bits == 0;
}

static bool decode(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	size_t len = 0;
	char *p;

	if (v->kind != WN_STRING)
		return cel_no_overload(r, n);
	if (!cel_charge(r, n, v->n / 16) || !(p = cel_take(r, n, v->n + 1u)))
		return false;
	if (!decode_text(wn_value_str(*v), p, &len))
		return cel_fail(r, n, "this text is no base64");
	*out = wn_string((struct wn_str){p, len});
	out->kind = WN_BYTES;
	return true;
}

const struct cel_row cel_rows_ext_encoders[] = {
	{"base64.encode", "y>s", encode},
	{"base64.decode", "s>y", decode},
	{0},
};
