/* SPDX-License-Identifier: MIT */
/*
 * Content-derived ids: uuid version 8 from the first 16 bytes of SHA-256 over a type word and length-prefixed
 * fields: the type word's bytes (ASCII), then for each field 4 bytes big-endian length and its bytes. A field
 * is shorter than WN_ID_FIELD_MAX (16 MiB); a longer one aborts. bucket = first two bytes, big-endian, & 1023.
 * The only user of libcrypto is lib/base/hash.c.
 */
#ifndef WHYNOW_ID_H
#define WHYNOW_ID_H

#include <whynow/base.h>

struct wn_id {
	uint8_t b[16];
};
struct wn_key32 { /* sighting_key: the whole SHA-256 */
	uint8_t b[32];
};
void wn_sha256(struct wn_str data, uint8_t out[32]);
void wn_hmac_sha256(struct wn_str key, struct wn_str data, uint8_t out[32]);
/* Equal, in a time that depends on the lengths alone. */
bool wn_same_secret(struct wn_str a, struct wn_str b);

/* Hash of a type word and n fields. */
struct wn_id wn_id_of(const char *type, const struct wn_str *fields, size_t n);
struct wn_key32 wn_key32_of(const char *type, const struct wn_str *fields, size_t n);
/* Keyed: HMAC with the installation key over the same encoding. */
struct wn_id wn_id_keyed(struct wn_str key, const char *type, const struct wn_str *fields, size_t n);
struct wn_key32 wn_key32_keyed(struct wn_str key, const char *type, const struct wn_str *fields, size_t n);

static inline int wn_id_bucket(struct wn_id id) { return ((id.b[0] << 8) | id.b[1]) & 1023; }
static inline int wn_key32_bucket(struct wn_key32 k) { return ((k.b[0] << 8) | k.b[1]) & 1023; }
static inline int wn_id_cmp(struct wn_id a, struct wn_id b) { return memcmp(a.b, b.b, 16); }
static inline bool wn_id_eq(struct wn_id a, struct wn_id b) { return memcmp(a.b, b.b, 16) == 0; }
static inline bool wn_id_is_nil(struct wn_id a)
{
	static const struct wn_id nil;
	return wn_id_eq(a, nil);
}
static inline struct wn_str wn_id_bytes(const struct wn_id *id)
{
	return (struct wn_str){(const char *)id->b, 16};
}

/* "8-4-4-4-12" hex, 36 characters and NUL. */
void wn_id_to_text(struct wn_id id, char out[37]);
bool wn_id_from_text(struct wn_str text, struct wn_id *out);
/* The least and the greatest id that begin so; dashes are ignored. False if it is no prefix, or shorter than WN_ID_PREFIX_MIN digits: what
 * there is of it counts all the same. */
enum { WN_ID_PREFIX_MIN = 7 };
bool wn_id_bounds(struct wn_str prefix, struct wn_id *low, struct wn_id *high);
/* Lower-case hex without dashes. out holds 2n+1. */
void wn_hex(const void *bytes, size_t n, char *out);
bool wn_unhex(struct wn_str hex, void *out, size_t n);
void wn_random_bytes(void *out, size_t n); /* fit for keys */
/* Random version-4 uuid for tokens (attempt, lease), never for identity. */
struct wn_id wn_id_random(void);

#endif
