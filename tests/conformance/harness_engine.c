// links: engine
/* SPDX-License-Identifier: MIT */
/*
 * Feeds cases to lib/engine: one JSON object a line on stdin, one JSON object a line on stdout.
 *   {"template":"...","data":{...},"partials":{...}} -> {"ok":true,"text":"..."} or {"ok":false,"error":"LINE:COL: ..."}
 */
#include <whynow/limits.h>
#include <whynow/segment.h>

#include <stdio.h>
#include <stdlib.h>

static bool find_partial(void *ctx, struct wn_str name, struct wn_str *text)
{
	struct wn_value v = wn_value_get(*(struct wn_value *)ctx, name);
	if (v.kind != WN_STRING)
		return false;
	*text = wn_value_str(v);
	return true;
}

static enum wn_rc render(struct wn_value request, struct wn_buf *out, struct wn_err *err)
{
	struct wn_template *t;
	struct wn_value partials = wn_value_at(request, "partials");
	enum wn_rc rc = wn_template_compile_partials(wn_value_str(wn_value_at(request, "template")), (struct wn_place){"template", 1, 1},
						     find_partial, &partials, &t, err);
	if (rc)
		return rc;
	rc = wn_template_render(t, wn_value_at(request, "data"), true, out, NULL, err);
	wn_template_free(t);
	return rc;
}

static struct wn_value answer(struct wn_arena *a, struct wn_value request)
{
	struct wn_map_builder m = wn_map_begin(a);
	struct wn_buf text;
	struct wn_err err = {0};
	char message[1200];
	wn_buf_init(&text, WN_RENDERED_MAX);
	bool ok = render(request, &text, &err) == WN_OK;
	wn_err_to_text(&err, message, sizeof(message));
	wn_map_set(&m, "ok", wn_bool(ok));
	wn_map_set(&m, ok ? "text" : "error", wn_string(ok ? wn_arena_str(a, wn_buf_slice(&text)) : wn_arena_str(a, wn_str_of(message))));
	wn_buf_done(&text);
	return wn_map_end(&m);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct wn_arena *a = wn_arena_new(0);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct wn_value request, reply;
		struct wn_buf out;
		wn_arena_reset(a);
		wn_buf_init(&out, 2 * WN_RENDERED_MAX);
		reply = wn_json_parse((struct wn_str){line, (size_t)n}, NULL, a, &request, NULL) ? wn_map(NULL, 0) : answer(a, request);
		wn_json_write(&out, reply);
		printf("%.*s\n", (int)out.n, out.p);
		fflush(stdout);
		wn_buf_done(&out);
	}
	wn_arena_free(a);
	free(line);
	return 0;
}
