/* SPDX-License-Identifier: MIT */
/* Any socket address is classified without touching a byte outside, and a carried IPv4 address is never
 * overlooked. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <whynow/address.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	enum wn_address_class c4, c6;

	wn_address_classify((const struct sockaddr *)data, size);
	if (size < 16)
		return 0;
	memcpy(&in6.sin6_addr, data, 16);
	memset(&in6.sin6_addr, 0, 10);
	memset((uint8_t *)&in6.sin6_addr + 10, 0xff, 2);
	memcpy(&in4.sin_addr, data + 12, 4);
	c4 = wn_address_classify((const struct sockaddr *)&in4, sizeof(in4));
	c6 = wn_address_classify((const struct sockaddr *)&in6, sizeof(in6));
	if (c4 != c6)
		abort();
	return 0;
}
