// links: base
/* SPDX-License-Identifier: MIT */
/*
 * Feeds cases to lib/base: one JSON object a line on stdin, one JSON object a line on stdout.
 *   {"op":"date","text":"..."}      -> {"ok":true,"value":"2026-05-04T10:00:00Z"} (to the second) or
 * {"ok":false}
 *   {"op":"json","path":"/abs/f"}   -> {"ok":true} or {"ok":false,"error":"LINE:COL: ..."}
 *   {"op":"sign","secret","id","timestamp","payload"} -> {"ok":true,"value":"v1,..."}
 *   {"op":"verify","secret","headers":{...},"payload","now","tolerance_s"} -> {"ok":true} or {"ok":false,"error":"..."}
 *   {"op":"cloudevent","event":...} -> {"ok":true} or {"ok":false,"error":"..."}
 */
#include <whynow/cloudevent.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/value.h>
#include <whynow/webhook.h>

#include <stdio.h>
#include <stdlib.h>

static struct wn_value answer(struct wn_arena *a, bool ok, const char *key, const char *text)
{
	struct wn_map_builder m = wn_map_begin(a);
	wn_map_set(&m, "ok", wn_bool(ok));
	if (text)
		wn_map_set(&m, key, wn_cstring(text));
	return wn_map_end(&m);
}

static struct wn_value do_date(struct wn_arena *a, struct wn_value request)
{
	int64_t us;
	char text[40];
	if (!wn_date_parse(wn_value_str(wn_value_at(request, "text")), &us))
		return answer(a, false, "error", NULL);
	int64_t rest = us % 1000000;
	wn_rfc3339_from_us(us - (rest < 0 ? rest + 1000000 : rest), text);
	return answer(a, true, "value", wn_arena_printf(a, "%s", text));
}

static bool read_file(const char *path, struct wn_buf *b)
{
	char chunk[65536];
	size_t n;
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		wn_buf_add(b, chunk, n);
	fclose(f);
	return true;
}

static struct wn_value do_json(struct wn_arena *a, struct wn_value request)
{
	struct wn_buf file;
	struct wn_err err = {0};
	struct wn_value v;
	char text[1100];
	wn_buf_init(&file, WN_JSON_BYTES_MAX + 1);
	bool ok = read_file(wn_arena_strdup(a, wn_value_str(wn_value_at(request, "path"))), &file) &&
		  wn_json_parse(wn_buf_slice(&file), NULL, a, &v, &err) == WN_OK;
	wn_buf_done(&file);
	wn_err_to_text(&err, text, sizeof(text));
	return answer(a, ok, "error", ok ? NULL : wn_arena_printf(a, "%s", text));
}

static struct wn_value do_sign(struct wn_arena *a, struct wn_value request)
{
	struct wn_str key;
	struct wn_err err = {0};
	struct wn_buf b;
	if (wn_webhook_secret(wn_value_str(wn_value_at(request, "secret")), a, &key, &err))
		return answer(a, false, "error", wn_arena_printf(a, "%s", err.text));
	wn_buf_init(&b, 1000);
	wn_webhook_sign(&b, &key, 1, wn_value_str(wn_value_at(request, "id")), wn_value_at(request, "timestamp").i,
			wn_value_str(wn_value_at(request, "payload")));
	struct wn_value done = answer(a, true, "value", wn_arena_strdup(a, wn_buf_slice(&b)));
	wn_buf_done(&b);
	return done;
}

static struct wn_value do_verify(struct wn_arena *a, struct wn_value request)
{
	struct wn_value h = wn_value_at(request, "headers");
	struct wn_webhook_message m = {wn_value_str(wn_value_at(h, "webhook-id")), wn_value_str(wn_value_at(h, "webhook-timestamp")),
				       wn_value_str(wn_value_at(h, "webhook-signature")), wn_value_str(wn_value_at(request, "payload"))};
	struct wn_str key;
	struct wn_err err = {0};
	bool ok = wn_webhook_secret(wn_value_str(wn_value_at(request, "secret")), a, &key, &err) == WN_OK &&
		  wn_webhook_verify(&m, &key, 1, wn_value_at(request, "now").i * WN_SECOND, wn_value_at(request, "tolerance_s").i * WN_SECOND,
				    &err) == WN_OK;
	return answer(a, ok, "error", ok ? NULL : wn_arena_printf(a, "%s", err.text));
}

static struct wn_value do_cloudevent(struct wn_arena *a, struct wn_value request)
{
	struct wn_err err = {0};
	bool ok = wn_cloudevent_check(wn_value_at(request, "event"), &err) == WN_OK;
	return answer(a, ok, "error", ok ? NULL : wn_arena_printf(a, "%s", err.text));
}

static struct wn_value do_line(struct wn_arena *a, struct wn_str line)
{
	struct wn_value request = {0};
	struct wn_err err;
	if (wn_json_parse(line, NULL, a, &request, &err))
		return answer(a, false, "error", wn_arena_printf(a, "bad request: %s", err.text));
	struct wn_str op = wn_value_str(wn_value_at(request, "op"));
	if (wn_str_is(op, "date"))
		return do_date(a, request);
	if (wn_str_is(op, "json"))
		return do_json(a, request);
	if (wn_str_is(op, "sign"))
		return do_sign(a, request);
	if (wn_str_is(op, "verify"))
		return do_verify(a, request);
	if (wn_str_is(op, "cloudevent"))
		return do_cloudevent(a, request);
	return answer(a, false, "error", "unknown op");
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct wn_buf out;
	struct wn_arena *a = wn_arena_new(64u << 20);
	wn_buf_init(&out, 1u << 20);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		wn_json_write(&out, do_line(a, (struct wn_str){line, (size_t)n}));
		printf("%s\n", out.p);
		fflush(stdout);
		wn_buf_clear(&out);
		wn_arena_reset(a);
	}
	wn_buf_done(&out);
	wn_arena_free(a);
	free(line);
	return 0;
}
