/* SPDX-License-Identifier: MIT */
/*
 * Named failpoints and planted bugs, in test builds only (-DWN_TESTING). WHYNOW_FAILPOINT="name:kill" or
 * "name:kill:3" (third time) kills the process there with SIGKILL; WHYNOW_PLANT="name" switches one planted
 * bug on. In release builds both vanish.
 */
#ifndef WHYNOW_FAILPOINT_H
#define WHYNOW_FAILPOINT_H

#include <stdbool.h>

#ifdef WN_TESTING
void wn_failpoint(const char *name);
bool wn_planted(const char *name);
#else
static inline void wn_failpoint(const char *name) { (void)name; }
static inline bool wn_planted(const char *name) { (void)name; return false; }
#endif

#endif
