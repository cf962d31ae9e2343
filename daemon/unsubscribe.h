/* SPDX-License-Identifier: MIT */
/*
 * Opting out by the link of a mail (RFC 8058). A token names a touch and is signed with the installation key, so nobody can make one up,
 * and it says nothing to who reads it. What happens then is an outcome like any other.
 */
#ifndef WN_DAEMON_UNSUBSCRIBE_H
#define WN_DAEMON_UNSUBSCRIBE_H

#include "daemon.h"

enum { WN_UNSUBSCRIBE_TOKEN = 65 }; /* 32 bytes as hex: the touch's event, 16 bytes of HMAC; and NUL */

void wn_unsubscribe_token(const uint8_t key[WN_STORE_KEY], struct wn_id event_id, char out[WN_UNSUBSCRIBE_TOKEN]);
/* False: not one of ours. */
bool wn_unsubscribe_read(const uint8_t key[WN_STORE_KEY], struct wn_str token, struct wn_id *event_id);

/* One unit of work: an outcome of this kind ("unsubscribe", "bounce") that the touch of the event brought. Its address is suppressed and
 * whoever has it leaves. Said again it changes nothing. */
enum wn_rc wn_touch_brought(const struct wn_worker *k, struct wn_id event_id, const char *kind, const char *source, struct wn_str note,
			    struct wn_err *err) WN_MUST_CHECK;

/* Routes /u/TOKEN: GET asks, POST does it (mail scanners follow links; they do not post). */
void wn_unsubscribe_get(void *d, const struct wn_server_request *req, struct wn_server_reply *reply);
void wn_unsubscribe_post(void *d, const struct wn_server_request *req, struct wn_server_reply *reply);

#endif
