/* SPDX-License-Identifier: MIT */
/* Closing what is due, for the sweeper. */
#ifndef WN_DAEMON_DUE_H
#define WN_DAEMON_DUE_H

#include "daemon.h"

/* Feeds everything whose instant has come into the step function, in order of due time, until nothing is left. ahead_us: members
 * whose own instant lies so far ahead are looked at too, once: those whom a recovered feed held. Rows at fault are set aside. */
enum wn_rc wn_due_sweep(struct wn_daemon *d, int64_t ahead_us);

struct wn_aside_list *wn_aside_new(void);
void wn_aside_free(struct wn_aside_list *l);

#endif
