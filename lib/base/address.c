/* SPDX-License-Identifier: MIT */
/* Where an address leads, by tables of prefixes: the longest listed first wherever two overlap. */
#include <whynow/address.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

struct range4 {
	uint32_t net;
	int bits;
	enum wn_address_class cls;
};
#define NET(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
static const struct range4 ranges4[] = {
    {NET(0, 0, 0, 0), 8, WN_ADDRESS_UNSPECIFIED},     {NET(10, 0, 0, 0), 8, WN_ADDRESS_PRIVATE},
    {NET(100, 64, 0, 0), 10, WN_ADDRESS_SHARED},      {NET(127, 0, 0, 0), 8, WN_ADDRESS_LOOPBACK},
    {NET(169, 254, 0, 0), 16, WN_ADDRESS_LINK_LOCAL}, {NET(172, 16, 0, 0), 12, WN_ADDRESS_PRIVATE},
    {NET(192, 0, 0, 0), 24, WN_ADDRESS_RESERVED},     {NET(192, 0, 2, 0), 24, WN_ADDRESS_RESERVED},
    {NET(192, 88, 99, 0), 24, WN_ADDRESS_RESERVED},   {NET(192, 168, 0, 0), 16, WN_ADDRESS_PRIVATE},
    {NET(198, 18, 0, 0), 15, WN_ADDRESS_RESERVED},    {NET(198, 51, 100, 0), 24, WN_ADDRESS_RESERVED},
    {NET(203, 0, 113, 0), 24, WN_ADDRESS_RESERVED},   {NET(224, 0, 0, 0), 4, WN_ADDRESS_MULTICAST},
    {NET(240, 0, 0, 0), 4, WN_ADDRESS_RESERVED},
};

struct range6 {
	uint8_t net[16];
	int bits;
	enum wn_address_class cls;
};
static const struct range6 ranges6[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, WN_ADDRESS_LOOPBACK},
    {{0}, 128, WN_ADDRESS_UNSPECIFIED},
    {{0xfc}, 7, WN_ADDRESS_PRIVATE},
    {{0xfe, 0x80}, 10, WN_ADDRESS_LINK_LOCAL},
    {{0xfe, 0xc0}, 10, WN_ADDRESS_PRIVATE},
    {{0xff}, 8, WN_ADDRESS_MULTICAST},
    {{0x01, 0x00}, 64, WN_ADDRESS_RESERVED},             /* discard */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, WN_ADDRESS_RESERVED}, /* documentation */
    {{0x3f, 0xff}, 20, WN_ADDRESS_RESERVED},             /* documentation, RFC 9637 */
    {{0x20, 0x01, 0x00}, 23, WN_ADDRESS_RESERVED}, /* protocol assignments: Teredo, ORCHID, benchmarking */
    {{0x5f, 0x00}, 16, WN_ADDRESS_RESERVED},       /* segment routing, RFC 9602 */
};

/* IPv6 forms with an IPv4 address inside, and where. */
static const struct {
	uint8_t net[16];
	int bits, at;
} carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12}, /* mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},                   /* NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, 12}, /* NAT64, local use (RFC 8215), judged by its last bytes */
    {{0x20, 0x02}, 16, 2},                          /* 6to4 */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96, 12}, /* translated, RFC 7915 */
    {{0}, 96, 12},                                        /* compatible */
};

static enum wn_address_class classify4(uint32_t ip)
{
	for (size_t i = 0; i < WN_COUNT(ranges4); i++)
		if ((ip ^ ranges4[i].net) >> (32 - ranges4[i].bits) == 0)
			return ranges4[i].cls;
	return WN_ADDRESS_PUBLIC;
}

static bool has_prefix(const uint8_t ip[16], const uint8_t net[16], int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return memcmp(ip, net, (size_t)whole) == 0 &&
	       (rest == 0 || (ip[whole] ^ net[whole]) >> (8 - rest) == 0);
}

/* The IPv4 address inside, NULL: none. */
static const uint8_t *carried(const uint8_t ip[16])
{
	for (size_t i = 0; i < WN_COUNT(carriers); i++)
		if (has_prefix(ip, carriers[i].net, carriers[i].bits))
			return ip + carriers[i].at;
	return NULL;
}

static enum wn_address_class classify6(const uint8_t ip[16])
{
	for (size_t i = 0; i < WN_COUNT(ranges6); i++)
		if (has_prefix(ip, ranges6[i].net, ranges6[i].bits))
			return ranges6[i].cls;
	const uint8_t *v4 = carried(ip);
	if (v4)
		return classify4(NET(v4[0], v4[1], v4[2], v4[3]));
	/* only 2000::/3 is global unicast today */
	return ip[0] >> 5 == 1 ? WN_ADDRESS_PUBLIC : WN_ADDRESS_RESERVED;
}

enum wn_address_class wn_address_classify(const struct sockaddr *sa, size_t n)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (!sa || n < sizeof(sa->sa_family))
		return WN_ADDRESS_OTHER;
	if (sa->sa_family == AF_INET && n >= sizeof(in4)) {
		memcpy(&in4, sa, sizeof(in4));
		return classify4(ntohl(in4.sin_addr.s_addr));
	}
	if (sa->sa_family == AF_INET6 && n >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		return classify6(in6.sin6_addr.s6_addr);
	}
	return WN_ADDRESS_OTHER;
}

const char *wn_address_class_to_text(enum wn_address_class c)
{
	static const char *const texts[] = {
#define X(name, text) [WN_ADDRESS_##name] = text,
	    WN_ADDRESS_LIST(X)
#undef X
	};
	return (size_t)c < WN_COUNT(texts) ? texts[c] : "unknown";
}

bool wn_address_is_allowed(enum wn_address_class c, bool allow_private)
{
	switch (c) {
	case WN_ADDRESS_PUBLIC:
		return true;
	case WN_ADDRESS_LOOPBACK:
	case WN_ADDRESS_PRIVATE:
	case WN_ADDRESS_SHARED:
		return allow_private;
	default:
		return false;
	}
}

/* --- named networks inside ---- */
static void map4(const void *v4, uint8_t out[16])
{
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, v4, 4);
}

/* Up to three digits, the whole text. */
static bool read_bits(const char *p, int *out)
{
	size_t n = strspn(p, "0123456789");
	*out = 0;
	for (size_t i = 0; i < n && n <= 3; i++)
		*out = *out * 10 + (p[i] - '0');
	return n > 0 && n <= 3 && !p[n];
}

bool wn_network_parse(struct wn_str text, struct wn_network *out)
{
	char host[64], *slash;
	uint8_t ip[16];
	int bits;

	if (text.n == 0 || text.n >= sizeof(host) || memchr(text.p, 0, text.n))
		return false;
	memcpy(host, text.p, text.n);
	host[text.n] = '\0';
	if ((slash = strchr(host, '/')))
		*slash = '\0';
	bool v4 = inet_pton(AF_INET, host, ip) == 1;
	int most = v4 ? 32 : 128;
	if ((!v4 && inet_pton(AF_INET6, host, ip) != 1) || (slash && !read_bits(slash + 1, &bits)))
		return false;
	bits = slash ? bits : most;
	if (bits > most)
		return false;
	if (v4)
		map4(ip, out->ip);
	else
		memcpy(out->ip, ip, sizeof(ip));
	out->bits = v4 ? bits + 96 : bits;
	return true;
}

bool wn_networks_have(const struct wn_networks *networks, const struct sockaddr *sa, size_t n)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in4;
	uint8_t ip[16];

	if (wn_address_classify(sa, n) == WN_ADDRESS_OTHER)
		return false;
	if (sa->sa_family == AF_INET) {
		memcpy(&in4, sa, sizeof(in4));
		map4(&in4.sin_addr, ip);
	} else {
		memcpy(&in6, sa, sizeof(in6));
		const uint8_t *v4 = carried(in6.sin6_addr.s6_addr);
		if (v4)
			map4(v4, ip);
		else
			memcpy(ip, &in6.sin6_addr, sizeof(ip));
	}
	for (size_t i = 0; i < networks->n; i++)
		if (has_prefix(ip, networks->v[i].ip, networks->v[i].bits))
			return true;
	return false;
}

/* --- hosts of URLs ---- */
static bool is_localhost(const char *host, size_t n)
{
	static const char name[] = "localhost";
	size_t len = sizeof(name) - 1;

	return n >= len && strncasecmp(host + n - len, name, len) == 0 && (n == len || host[n - len - 1] == '.');
}

bool wn_address_of_host(const char *host, struct sockaddr_storage *out)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	size_t n = strlen(host);
	char text[256];

	*out = (struct sockaddr_storage){0};
	while (n > 1 && host[n - 1] == '.')
		n--;
	if (is_localhost(host, n)) {
		in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(out, &in4, sizeof(in4));
		return true;
	}
	if (n >= sizeof(text))
		return false;
	if (*host == '[')
		host++, n -= n > 1;
	n = strcspn(host, "%]") < n ? strcspn(host, "%]") : n;
	memcpy(text, host, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(out, &in6, sizeof(in6));
	else if (inet_aton(text, &in4.sin_addr))
		memcpy(out, &in4, sizeof(in4));
	return out->ss_family != AF_UNSPEC;
}
