/* SPDX-License-Identifier: MIT */
#include <whynow/tz.h>
enum wn_rc wn_tz_load(const char *name, struct wn_tz **out, struct wn_err *err) { (void)name; (void)out; return wn_fail(err, WN_NOT_FOUND, "x"); }
void wn_tz_free(struct wn_tz *tz) { (void)tz; }
int32_t wn_tz_offset(const struct wn_tz *tz, int64_t at_us) { (void)tz; (void)at_us; return 0; }
int64_t wn_tz_from_local(const struct wn_tz *tz, int64_t local_us) { (void)tz; return local_us; }
