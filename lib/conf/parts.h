/* SPDX-License-Identifier: MIT */
/* What the files of lib/conf share and nobody else may use. */
#ifndef WN_CONF_PARTS_H
#define WN_CONF_PARTS_H

#include <whynow/conf.h>

/* Decimal texts, the whole of them: -12, 1.5e6. False: not a number, or out of range. */
bool wn_conf_parse_int(struct wn_str s, int64_t *out);
bool wn_conf_parse_double(struct wn_str s, double *out);

#endif
