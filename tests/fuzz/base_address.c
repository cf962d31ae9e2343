/* SPDX-License-Identifier: MIT */
/* Any socket address is classified without touching a byte outside, and a carried IPv4 address is never
 * overlooked; networks and hosts are read from any text. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <whynow/address.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes as a network and as a host: a network holds its own address. */
static void read_texts(const uint8_t *data, size_t size)
{
	struct wn_str text = {(const char *)data, size};
	struct sockaddr_storage sa;
	struct wn_network network;
	char host[300];

	if (size >= sizeof(host))
		return;
	memcpy(host, data, size);
	host[size] = '\0';
	bool known = wn_address_of_host(host, &sa);
	if (known && wn_address_classify((struct sockaddr *)&sa, sizeof(sa)) == WN_ADDRESS_OTHER)
		abort();
	if (!wn_network_parse(text, &network) || network.bits < 0 || network.bits > 128)
		return;
	host[strcspn(host, "/")] = '\0';
	if (!wn_address_of_host(host, &sa))
		abort();
	(void)wn_networks_have(&(struct wn_networks){&network, 1}, (struct sockaddr *)&sa, sizeof(sa));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	enum wn_address_class c4, c6;

	wn_address_classify((const struct sockaddr *)data, size);
	read_texts(data, size);
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
