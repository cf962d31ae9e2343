/* SPDX-License-Identifier: MIT */
/*
 * Time zones: a small reader of TZif files (RFC 8536) under /usr/share/zoneinfo. No global state; setting TZ
 * is never needed.
 */
#ifndef WHYNOW_TZ_H
#define WHYNOW_TZ_H

#include <whynow/base.h>

struct wn_tz;
/* "Europe/Berlin"; refuses names with "..", leading "/" . Gives; cached by the caller. */
enum wn_rc wn_tz_load(const char *name, struct wn_tz **out, struct wn_err *err) WN_MUST_CHECK;
void wn_tz_free(struct wn_tz *tz);
/* Seconds east of UTC at an instant. */
int32_t wn_tz_offset(const struct wn_tz *tz, int64_t at_us);
/* Local civil time to an instant. A skipped time moves forward by the gap; of a repeated one the first. */
int64_t wn_tz_from_local(const struct wn_tz *tz, int64_t local_us);
static inline int64_t wn_tz_to_local(const struct wn_tz *tz, int64_t at_us)
{
	return at_us + (int64_t)wn_tz_offset(tz, at_us) * 1000000;
}

#endif
