/* SPDX-License-Identifier: MIT */
/* Shared by lib/io/server*.c. Not installed. */
#ifndef WHYNOW_SERVER_INTERNAL_H
#define WHYNOW_SERVER_INTERNAL_H

#include "loop_internal.h"

#include <whynow/limits.h>
#include <whynow/server.h>

struct evhttp_request;

/* Copies what evhttp read into the request's arena; false when the target is malformed. */
bool wn_server_read(struct evhttp_request *evreq, gid_t write_group, struct wn_server_request *out);
/* Hands the reply to evhttp, which is done with evreq then. */
void wn_server_send(struct evhttp_request *evreq, const struct wn_server_request *request,
		    struct wn_server_reply *reply);

#endif
