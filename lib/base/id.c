/* SPDX-License-Identifier: MIT */
/*
 * Content-derived ids. The hashed bytes are the type word itself (ASCII, no NUL), then for each field four
 * bytes of big-endian length and the field. A field is shorter than 16 MiB, so the byte after the type word is
 * always 0 and no two inputs share an encoding.
 */
#include <whynow/id.h>
#include <whynow/limits.h>

#include <stdlib.h>

#define STACK_BYTES 512u

struct encoded {
	uint8_t small[STACK_BYTES];
	uint8_t *p;
	size_t n;
};

static void encode(struct encoded *e, const char *type, const struct wn_str *fields, size_t n)
{
	size_t type_n = strlen(type), total = type_n;
	for (size_t i = 0; i < n; i++) {
		if (fields[i].n > WN_ID_FIELD_MAX)
			abort();
		total += 4 + fields[i].n;
	}
	e->n = total;
	e->p = total <= sizeof(e->small) ? e->small : wn_alloc(total);
	uint8_t *at = e->p;
	memcpy(at, type, type_n);
	at += type_n;
	for (size_t i = 0; i < n; i++) {
		size_t len = fields[i].n;
		*at++ = (uint8_t)(len >> 24), *at++ = (uint8_t)(len >> 16);
		*at++ = (uint8_t)(len >> 8), *at++ = (uint8_t)len;
		if (len)
			memcpy(at, fields[i].p, len);
		at += len;
	}
}

static void encoded_done(struct encoded *e)
{
	if (e->p != e->small)
		free(e->p);
}

struct wn_key32 wn_key32_of(const char *type, const struct wn_str *fields, size_t n)
{
	struct encoded e;
	struct wn_key32 out;
	encode(&e, type, fields, n);
	wn_sha256((struct wn_str){(const char *)e.p, e.n}, out.b);
	encoded_done(&e);
	return out;
}

struct wn_key32 wn_key32_keyed(struct wn_str key, const char *type, const struct wn_str *fields, size_t n)
{
	struct encoded e;
	struct wn_key32 out;
	encode(&e, type, fields, n);
	wn_hmac_sha256(key, (struct wn_str){(const char *)e.p, e.n}, out.b);
	encoded_done(&e);
	return out;
}

/* RFC 9562, 5.8: version 8, variant 10. */
static struct wn_id stamped(const uint8_t *bytes, uint8_t version)
{
	struct wn_id id;
	memcpy(id.b, bytes, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | version << 4);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

struct wn_id wn_id_of(const char *type, const struct wn_str *fields, size_t n)
{
	return stamped(wn_key32_of(type, fields, n).b, 8);
}

struct wn_id wn_id_keyed(struct wn_str key, const char *type, const struct wn_str *fields, size_t n)
{
	return stamped(wn_key32_keyed(key, type, fields, n).b, 8);
}

struct wn_id wn_id_random(void)
{
	uint8_t bytes[16];
	wn_random_bytes(bytes, sizeof(bytes));
	return stamped(bytes, 4);
}

void wn_hex(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool wn_unhex(struct wn_str hex, void *out, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < hex.n; i++)
		if (nibble(hex.p[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)(nibble(hex.p[2 * i]) << 4 | nibble(hex.p[2 * i + 1]));
	return true;
}

/* Positions of the dashes in the 36 characters. */
static bool is_dash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void wn_id_to_text(struct wn_id id, char out[37])
{
	char hex[33];
	wn_hex(id.b, sizeof(id.b), hex);
	const char *from = hex;
	for (size_t i = 0; i < 36; i++)
		out[i] = is_dash(i) ? '-' : *from++;
	out[36] = '\0';
}

bool wn_id_from_text(struct wn_str text, struct wn_id *out)
{
	char hex[32];
	size_t n = 0;
	if (text.n != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		if (is_dash(i) != (text.p[i] == '-'))
			return false;
		if (!is_dash(i))
			hex[n++] = text.p[i];
	}
	return wn_unhex((struct wn_str){hex, sizeof(hex)}, out->b, sizeof(out->b));
}

bool wn_id_bounds(struct wn_str prefix, struct wn_id *low, struct wn_id *high)
{
	size_t n = 0;
	memset(low->b, 0, 16);
	memset(high->b, 0xff, 16);
	for (size_t i = 0; i < prefix.n; i++) {
		char c = prefix.p[i];
		if (c == '-')
			continue;
		int v = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (v < 0 || n == 32)
			return false;
		int shift = n % 2 ? 0 : 4;
		low->b[n / 2] = (uint8_t)(low->b[n / 2] | v << shift);
		high->b[n / 2] = (uint8_t)((high->b[n / 2] & ~(15 << shift)) | v << shift);
		n++;
	}
	return n >= WN_ID_PREFIX_MIN;
}
