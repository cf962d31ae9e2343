/* SPDX-License-Identifier: MIT */
/*
 * Where an address leads. Pure. Applied to the resolved address of every outgoing socket (feeds and sinks), so
 * that spellings in the URL do not matter; and, where a proxy resolves names for us, to hosts that are addresses
 * themselves. Source: the IANA special-purpose address registries (RFC 6890 and updates).
 *
 * IPv6 forms that carry an IPv4 address (mapped ::ffff:0:0/96, compatible ::/96, NAT64 64:ff9b::/96 and
 * 64:ff9b:1::/48, 6to4 2002::/16) are judged by the address they carry.
 */
#ifndef WHYNOW_ADDRESS_H
#define WHYNOW_ADDRESS_H

#include <sys/socket.h>
#include <whynow/base.h>

#define WN_ADDRESS_LIST(X)                                                                                     \
	X(PUBLIC, "public")                                                                                    \
	X(LOOPBACK, "loopback")       /* 127/8, ::1 */                                                         \
	X(PRIVATE, "private")         /* 10/8 172.16/12 192.168/16 fc00::/7 fec0::/10 */                       \
	X(SHARED, "shared")           /* 100.64/10, carrier NAT */                                             \
	X(LINK_LOCAL, "link-local")   /* 169.254/16 (metadata services), fe80::/10 */                          \
	X(UNSPECIFIED, "unspecified") /* 0/8, :: */                                                            \
	X(MULTICAST, "multicast")     /* 224/4, ff00::/8 */                                                    \
	X(RESERVED, "reserved")       /* documentation, benchmarking, 240/4, discard, Teredo, ... */           \
	X(OTHER, "not an internet address")
enum wn_address_class {
#define X(name, text) WN_ADDRESS_##name,
	WN_ADDRESS_LIST(X)
#undef X
};

enum wn_address_class wn_address_classify(const struct sockaddr *sa, size_t n);
const char *wn_address_class_to_text(enum wn_address_class c);
/* Public always; with allow_private (root-owned file only) also loopback, private and shared. Never link-local,
 * multicast, unspecified, reserved. */
bool wn_address_is_allowed(enum wn_address_class c, bool allow_private);

/* --- named networks inside ---- */
struct wn_network {
	uint8_t ip[16]; /* IPv4 as mapped */
	int bits;
};
struct wn_networks {
	const struct wn_network *v;
	size_t n;
};
/* 10.20.0.0/16, fd00:1::/64 or a single address. */
bool wn_network_parse(struct wn_str text, struct wn_network *out);
/* Does one of them hold the address, or the IPv4 address that it carries? */
bool wn_networks_have(const struct wn_networks *networks, const struct sockaddr *sa, size_t n);

/* --- hosts of URLs ---- */
/* A host that is an address in any spelling that resolvers take (2130706433, 0x7f.1, [::1], 127.0.0.1.), or localhost or a name under
 * it (RFC 6761, 6.3): true, and the address. False: it is a name. */
bool wn_address_of_host(const char *host, struct sockaddr_storage *out);

#endif
