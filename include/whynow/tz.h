/* SPDX-License-Identifier: MIT */
/*
 * Time zones: a small reader of TZif files (RFC 8536) under /usr/share/zoneinfo. No global state; setting TZ
 * is never needed.
 */
#ifndef WHYNOW_TZ_H
#define WHYNOW_TZ_H

#include <whynow/base.h>

struct wn_tz;
/* "Europe/Berlin"; letters, digits, _ + - / only, so no way out of the directory: WN_INVALID for other names,
 * WN_NOT_FOUND for unknown ones. Reads one small file. Gives; free with wn_tz_free, cached by the caller. */
enum wn_rc wn_tz_load(const char *name, struct wn_tz **out, struct wn_err *err) WN_MUST_CHECK;
/* The same from the bytes of a TZif file. Gives. Files with leap seconds ("right/...") are refused. */
enum wn_rc wn_tz_parse(struct wn_str bytes, struct wn_tz **out, struct wn_err *err) WN_MUST_CHECK;
void wn_tz_free(struct wn_tz *tz);
/* Seconds east of UTC at an instant. */
int32_t wn_tz_offset(const struct wn_tz *tz, int64_t at_us);
/* Local civil time to an instant. A skipped time moves forward by the gap; of a repeated one the first. */
int64_t wn_tz_from_local(const struct wn_tz *tz, int64_t local_us);
/* The zones of a country (two letters) by the text of zone1970.tab: how many, of which names[] has up to `most`; they borrow the text. */
size_t wn_tz_country(struct wn_str table, struct wn_str country, struct wn_str *names, size_t most);
/* Do both tell the same time at every instant from at_us on? */
bool wn_tz_agree(const struct wn_tz *a, const struct wn_tz *b, int64_t at_us);
static inline int64_t wn_tz_to_local(const struct wn_tz *tz, int64_t at_us)
{
	return at_us + (int64_t)wn_tz_offset(tz, at_us) * 1000000;
}

#endif
