/* SPDX-License-Identifier: MIT */
#ifndef WN_DAEMON_PUSH_H
#define WN_DAEMON_PUSH_H

#include <whynow/server.h>

/* Route handler; ctx is the daemon. Answers when what was sent is committed. */
void wn_push_signals(void *ctx, const struct wn_server_request *req, struct wn_server_reply *reply);

#endif
