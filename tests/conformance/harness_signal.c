// links: signal
/* SPDX-License-Identifier: MIT */
/*
 * Feeds cases to lib/signal: one JSON object a line on stdin, one JSON object a line on stdout.
 *   {"op":"psl","host":"www.example.com"} -> {"ok":true,"value":"example.com"} (ASCII) or {"ok":false}
 */
#include <whynow/signal.h>

#include <stdio.h>
#include <stdlib.h>

static struct wn_value do_psl(struct wn_arena *a, struct wn_value request)
{
	struct wn_map_builder m = wn_map_begin(a);
	struct wn_str domain;
	bool ok = wn_domain_registrable(wn_value_str(wn_value_at(request, "host")), a, &domain);

	wn_map_set(&m, "ok", wn_bool(ok));
	if (ok)
		wn_map_set(&m, "value", wn_string(domain));
	return wn_map_end(&m);
}

static void reply(struct wn_arena *a, struct wn_str line)
{
	struct wn_buf out;
	struct wn_value request = {0};

	wn_buf_init(&out, 1u << 20);
	if (wn_json_parse(line, NULL, a, &request, NULL) == WN_OK &&
	    wn_str_is(wn_value_str(wn_value_at(request, "op")), "psl"))
		wn_json_write(&out, do_psl(a, request));
	else
		wn_buf_text(&out, "{\"ok\":false,\"error\":\"no such op\"}");
	wn_buf_char(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	fflush(stdout);
	wn_buf_done(&out);
}

int main(void)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		reply(a, (struct wn_str){line, (size_t)n});
		wn_arena_reset(a);
	}
	free(line);
	return 0;
}
