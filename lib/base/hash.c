/* SPDX-License-Identifier: MIT */
/* SHA-256, HMAC-SHA-256 and random bytes: the only file that knows libcrypto. A failure of these primitives on
 * memory we hold means a broken installation; it aborts. */
#include <whynow/id.h>

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

void wn_sha256(struct wn_str data, uint8_t out[32])
{
	if (EVP_Digest(data.n ? data.p : "", data.n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void wn_hmac_sha256(struct wn_str key, struct wn_str data, uint8_t out[32])
{
	unsigned n = 32;
	const unsigned char *bytes = (const unsigned char *)(data.n ? data.p : "");
	if (key.n > INT_MAX || !HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, bytes, data.n, out, &n))
		abort();
}

void wn_random_bytes(void *out, size_t n)
{
	if (n > INT_MAX || RAND_bytes(out, (int)n) != 1)
		abort();
}
