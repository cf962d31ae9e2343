/* SPDX-License-Identifier: MIT */
/* The server of hostile_server.py and a loop with a network, for tests of the HTTP contract. */
#ifndef WN_TEST_HTTP_WORLD_H
#define WN_TEST_HTTP_WORLD_H

#include "peer.h"

#include <stdlib.h>
#include <whynow/http.h>

static struct {
	struct peer peer;
	int port, tls_port;
	char ca[256];
} server;

/* Who keeps the contract. */
struct kind {
	struct wn_net *(*make)(struct wn_loop *l, const struct wn_http_options *options);
	void (*free)(struct wn_net *net);
};
static const struct kind on_loop = {wn_http_client_new, wn_http_client_free}, on_thread = {wn_http_thread_new, wn_http_thread_free};

struct world {
	const struct kind *kind;
	struct wn_clock *clock;
	struct wn_loop *loop;
	struct wn_net *net;
};

static int start_server(void **state)
{
	(void)state;
	if (!peer_start(&server.peer, WN_SOURCE_DIR "/tests/unit/io/hostile_server.py"))
		return -1;
	return fscanf(server.peer.out, "%d %d %255s", &server.port, &server.tls_port, server.ca) == 3 ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	peer_stop(&server.peer);
	return 0;
}

/* In: the kind; out: the world. */
static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->kind = *state;
	w->clock = wn_clock_new_live();
	w->loop = wn_loop_new(w->clock);
	w->net = w->kind->make(w->loop, NULL);
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	w->kind->free(w->net);
	wn_loop_free(w->loop);
	wn_clock_free(w->clock);
	free(w);
	return 0;
}

/* Another network instead; the first ends as the contract says. */
static void renew(struct world *w, const struct wn_http_options *options)
{
	w->kind->free(w->net);
	w->net = w->kind->make(w->loop, options);
}

static char *url(const char *path)
{
	static char text[400];

	snprintf(text, sizeof(text), "http://127.0.0.1:%d/%s", server.port, path);
	return text;
}

#endif
