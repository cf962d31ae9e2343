/* SPDX-License-Identifier: MIT */
/*
 * SHA-256, HMAC-SHA-256 and random bytes: the only file that knows libcrypto. Ids are hashes of a few dozen bytes, several a
 * signal, so SHA-256 is called directly: EVP looks its algorithm up anew each time, which costs more than the hash. A failure
 * of these primitives on memory we hold means a broken installation; it aborts.
 */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <whynow/id.h>

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct piece { const void *p; size_t n; };

static void sha256(const struct piece *v, size_t n, uint8_t out[32])
{
	SHA256_CTX c;
	bool ok = SHA256_Init(&c) == 1;
	for (size_t i = 0; i < n && ok; i++)
		ok = !v[i].n || SHA256_Update(&c, v[i].p, v[i].n) == 1;
	if (!ok || SHA256_Final(out, &c) != 1)
		abort();
}

void wn_sha256(struct wn_str data, uint8_t out[32]) { sha256(&(struct piece){data.p, data.n}, 1, out); }

/* RFC 2104: H(key ^ opad, H(key ^ ipad, data)). */
void wn_hmac_sha256(struct wn_str key, struct wn_str data, uint8_t out[32])
{
	uint8_t block[SHA256_CBLOCK] = {0}, inner[SHA256_CBLOCK], outer[SHA256_CBLOCK], sum[32];
	if (key.n > sizeof(block))
		wn_sha256(key, block);
	else if (key.n)
		memcpy(block, key.p, key.n);
	for (size_t i = 0; i < sizeof(block); i++) {
		inner[i] = block[i] ^ 0x36;
		outer[i] = block[i] ^ 0x5c;
	}
	sha256((struct piece[]){{inner, sizeof(inner)}, {data.p, data.n}}, 2, sum);
	sha256((struct piece[]){{outer, sizeof(outer)}, {sum, sizeof(sum)}}, 2, out);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(outer, sizeof(outer));
}

bool wn_same_secret(struct wn_str a, struct wn_str b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }

void wn_random_bytes(void *out, size_t n)
{
	if (n > INT_MAX || RAND_bytes(out, (int)n) != 1)
		abort();
}
