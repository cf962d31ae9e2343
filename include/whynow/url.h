/* SPDX-License-Identifier: MIT */
/*
 * URLs as feeds write them: resolving a reference against a base (RFC 3986 section 5) and the form under which
 * two spellings of one page are the same. Text in, text out; nothing is fetched, nothing is looked up.
 */
#ifndef WHYNOW_URL_H
#define WHYNOW_URL_H

#include <whynow/arena.h>

/* Target of `ref` seen from `base`; `ref` itself (trimmed) if base is empty or no hierarchical URL. Control
 * characters are dropped, inner blanks become %20. Longer than WN_URL_MAX or a base past it: empty. */
struct wn_str wn_url_resolve(struct wn_str base, struct wn_str ref, struct wn_arena *a);
/* "//host/path?query" in lower-case host, without scheme, "www.", default port, tracking parameters (utm_*,
 * fbclid, ...), trailing slash of the path and fragments that are empty: http and https and campaign links
 * meet. Absent if `url` is not http or https with a host. */
struct wn_str wn_url_same(struct wn_str url, struct wn_arena *a);
bool wn_url_is_http(struct wn_str url);

#endif
