/* SPDX-License-Identifier: MIT */
/* Sinks without a network: the retry plan, what goes out to a webhook and what its answer means, links to unsubscribe by, and the
 * examples of conf/sinks.d. */
#include "../../../daemon/sink.h"
#include "../../../daemon/unsubscribe.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <whynow/cloudevent.h>
#include <whynow/limits.h>
#include <whynow/webhook.h>

#include <cmocka.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc="

/* A network that answers once what it was told, and keeps what it was asked. */
struct script {
	struct wn_net net;
	struct wn_loop *loop;
	wn_http_done *on_done;
	void *ctx;
	struct wn_http_response *answer;
	char headers[4000], body[40000];
};

struct rig {
	struct wn_daemon d;
	struct script script;
	struct wn_arena *arena;
	struct wn_sink_confs sinks;
	char folder[64];
};

static void on_soon(void *ctx)
{
	struct script *s = ctx;
	s->on_done(s->ctx, s->answer);
}

static enum wn_rc start(struct wn_net *net, const struct wn_http_request *req, wn_http_done *on_done, void *ctx, struct wn_http_call **out,
			struct wn_err *err WN_UNUSED)
{
	struct script *s = (struct script *)net;
	s->on_done = on_done;
	s->ctx = ctx;
	s->headers[0] = '\0';
	for (size_t i = 0; i < req->headers_n; i++)
		snprintf(s->headers + strlen(s->headers), sizeof(s->headers) - strlen(s->headers), "%s: %s\n", req->headers[i].name, req->headers[i].value);
	snprintf(s->body, sizeof(s->body), "%.*s", (int)req->body.n, req->body.p);
	wn_loop_soon(s->loop, on_soon, s);
	*out = (struct wn_http_call *)s;
	return WN_OK;
}

static void put_credential(struct rig *r, const char *name, const char *text)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", r->folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make(void **state)
{
	struct rig *r = wn_alloc(sizeof(*r));
	snprintf(r->folder, sizeof(r->folder), "/tmp/whynow-sink-XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	setenv("CREDENTIALS_DIRECTORY", r->folder, 1);
	r->arena = wn_arena_new(0);
	r->d.clock = wn_clock_new_virtual(INT64_C(1777888800) * WN_SECOND);
	r->d.loop = r->script.loop = wn_loop_new(r->d.clock);
	r->script.net.start = start;
	r->d.sink_net = &r->script.net;
	*state = r;
	return 0;
}

static int drop(void **state)
{
	struct rig *r = *state;
	char command[200];
	wn_loop_free(r->d.loop);
	wn_clock_free(r->d.clock);
	wn_arena_free(r->arena);
	snprintf(command, sizeof(command), "rm -rf %s", r->folder);
	assert_int_equal(system(command), 0);
	free(r);
	return 0;
}

static const struct wn_sink_conf *read_sink(struct rig *r, const char *text)
{
	struct wn_yaml_docs docs = {0};
	struct wn_yaml_errors errors;
	struct wn_err err = {0};
	wn_yaml_errors_init(&errors, r->arena);
	if (wn_yaml_parse(wn_str_of(text), "sink.yaml", r->arena, &docs, &err))
		fail_msg("%s", err.text);
	r->sinks.list.n = 0;
	wn_conf_sinks(&docs, r->arena, &r->sinks, &errors);
	if (wn_yaml_errors_count(&errors) || r->sinks.list.n != 1)
		fail_msg("the sink is refused");
	return r->sinks.list.v;
}

static struct wn_outbox_row event(const char *payload)
{
	return (struct wn_outbox_row){.event_id = {{1, 2, 3}}, .campaign_id = {{4}}, .gen = 7, .type = WN_STR("campaign.opened"), .subject = WN_STR("campaign"),
				      .at_us = INT64_C(1777888800) * WN_SECOND, .payload = wn_str_of(payload), .attempts = 1, .step = -1};
}

static struct wn_delivery post(struct rig *r, const struct wn_book_sink *sink, const char *payload, struct wn_http_response *answer)
{
	struct wn_outbox_row row = event(payload);
	struct wn_delivery out = {.how = WN_DELIVERY_DEAD};
	r->script.answer = answer;
	wn_deliver_webhook(&r->d, sink, &row, 10 * WN_SECOND, &out);
	return out;
}

static struct wn_http_response *says(int status, const char *after, const char *body)
{
	struct wn_http_header h[] = {{"Retry-After", after}};
	return wn_http_response_new(status, "http://x.example/", h, after ? 1 : 0, wn_str_of(body));
}

static void the_retry_plan_is_that_of_standard_webhooks_with_a_little_jitter(void **state)
{
	static const int64_t plan[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 86400};
	(void)state;
	for (size_t i = 0; i < WN_COUNT(plan); i++)
		for (int k = 0; k < 256; k += 85) {
			struct wn_id id;
			memset(id.b, k, sizeof(id.b));
			int64_t delay = wn_retry_delay_us((int)i + 1, id, 0);
			assert_true(delay >= plan[i] * WN_SECOND && delay <= plan[i] * WN_SECOND * 11 / 10);
		}
	struct wn_id id = {{0}};
	assert_int_equal(wn_retry_delay_us(1, id, WN_HOUR), WN_HOUR);          /* the receiver's wish */
	assert_int_equal(wn_retry_delay_us(1, id, 400 * WN_DAY), WN_DAY);      /* up to a day */
	assert_int_equal(wn_retry_delay_us(3, id, WN_SECOND), 1800 * WN_SECOND); /* never sooner than ours */
}

static void events_are_signed_by_both_secrets_of_a_rotation(void **state)
{
	struct rig *r = *state;
	struct wn_book_sink sink = {.conf = read_sink(r, "sink: s\nkind: webhook\nurl: http://x.example/\nevents: ['*']\nsecrets: [credential:new, credential:old]\n")};
	put_credential(r, "new", SECRET "\n");
	put_credential(r, "old", OLD);
	assert_int_equal(post(r, &sink, "{\"a\":\"\xc3\xa9\"}", says(204, NULL, "")).how, WN_DELIVERED);
	char id[100], at[40], signature[400];
	assert_int_equal(sscanf(strstr(r->script.headers, "webhook-id"), "webhook-id: %99s\nwebhook-timestamp: %39s\nwebhook-signature: %399[^\n]", id, at, signature), 3);
	struct wn_webhook_message m = {wn_str_of(id), wn_str_of(at), wn_str_of(signature), wn_str_of(r->script.body)};
	for (int i = 0; i < 2; i++) {
		struct wn_str key;
		assert_int_equal(wn_webhook_secret(wn_str_of(i ? OLD : SECRET), r->arena, &key, NULL), WN_OK);
		assert_int_equal(wn_webhook_verify(&m, &key, 1, wn_clock_now_us(r->d.clock), WN_WEBHOOK_TOLERANCE_US, NULL), WN_OK);
	}
	struct wn_value v;
	assert_int_equal(wn_json_parse(wn_str_of(r->script.body), NULL, r->arena, &v, NULL), WN_OK);
	assert_int_equal(wn_cloudevent_check(v, NULL), WN_OK);
}

static void without_its_credentials_nothing_goes_out(void **state)
{
	static const char *const keys[] = {"secrets: [credential:missing]", "bearer: credential:missing", "headers: {X-Key: credential:missing}",
					   "secrets: [credential:broken]"};
	struct rig *r = *state;
	put_credential(r, "broken", "whsec_***");
	for (size_t i = 0; i < WN_COUNT(keys); i++) {
		char text[300];
		snprintf(text, sizeof(text), "sink: s\nkind: webhook\nurl: http://x.example/\nevents: ['*']\n%s\n", keys[i]);
		struct wn_book_sink sink = {.conf = read_sink(r, text)};
		r->script.headers[0] = '\0';
		struct wn_delivery out = post(r, &sink, "{}", NULL);
		assert_int_equal(out.how, WN_DELIVERY_RETRY);
		assert_non_null(strstr(out.text, i < 3 ? "credential:missing" : "credential:broken"));
		assert_null(strstr(out.text, "***"));
		assert_string_equal(r->script.headers, "");
	}
}

static void an_answer_is_judged_by_its_status_alone(void **state)
{
	static const struct {
		int status;
		const char *after;
		enum wn_delivery_how how;
		int64_t wait_s;
	} rows[] = {{200, NULL, WN_DELIVERED, 0}, {204, NULL, WN_DELIVERED, 0}, {301, NULL, WN_DELIVERY_RETRY, 0}, {400, NULL, WN_DELIVERY_RETRY, 0},
		    {410, NULL, WN_DELIVERY_DEAD, 0}, {429, "120", WN_DELIVERY_RETRY, 120}, {500, NULL, WN_DELIVERY_RETRY, 0},
		    {503, "Mon, 04 May 2026 10:10:00 GMT", WN_DELIVERY_RETRY, 600}, {503, "soon", WN_DELIVERY_RETRY, 0}};
	struct rig *r = *state;
	struct wn_book_sink sink = {.conf = read_sink(r, "sink: s\nkind: webhook\nurl: http://x.example/\nevents: ['*']\n")};
	for (size_t i = 0; i < WN_COUNT(rows); i++) {
		struct wn_delivery out = post(r, &sink, "{}", says(rows[i].status, rows[i].after, "no\x1b[31m\r\nMESSAGE=forged"));
		if (out.how != rows[i].how || out.retry_after_us != rows[i].wait_s * WN_SECOND || out.gone != (rows[i].status == 410))
			fail_msg("%d: %d, %lld", rows[i].status, out.how, (long long)out.retry_after_us);
		for (const char *p = out.text; *p; p++)
			assert_true((unsigned char)*p >= ' ');
	}
	struct wn_delivery out = post(r, &sink, "{}", wn_http_response_failed(WN_UNKNOWN, WN_HTTP_TIMEOUT, "timed out"));
	assert_int_equal(out.how, WN_DELIVERY_UNKNOWN);
}

static void a_token_is_only_good_as_we_signed_it(void **state)
{
	uint8_t key[WN_STORE_KEY] = {7}, other[WN_STORE_KEY] = {8};
	char token[WN_UNSUBSCRIBE_TOKEN];
	struct wn_id id = wn_id_random(), got;
	(void)state;
	wn_unsubscribe_token(key, id, token);
	assert_true(wn_unsubscribe_read(key, wn_str_of(token), &got) && wn_id_eq(got, id));
	assert_false(wn_unsubscribe_read(other, wn_str_of(token), &got));
	assert_false(wn_unsubscribe_read(key, (struct wn_str){token, 62}, &got));
	for (size_t i = 0; i < WN_UNSUBSCRIBE_TOKEN - 1; i++) {
		char forged[WN_UNSUBSCRIBE_TOKEN];
		memcpy(forged, token, sizeof(forged));
		forged[i] = forged[i] == '0' ? '1' : '0';
		assert_false(wn_unsubscribe_read(key, wn_str_of(forged), &got));
	}
}

/* Every example, switched on, compiles, and gives JSON for a touch whose texts are hostile. */
static void the_example_sinks_send_json_whatever_the_texts_are(void **state)
{
	static const char *const files[] = {"chat", "crm", "listmonk"};
	static const char payload[] = "{\"segment\":\"s\",\"campaign\":\"c\",\"channel\":\"email\",\"subject\":\"Q\\\"\\\\\",\"text\":\"a\\n\\\"b\\\"\","
				      "\"account\":{\"name\":\"A \\\"Q\\\" \\u2028\"},\"contact\":{\"name\":\"{{x}}\\r\\nX-Evil: 1\"},\"signal\":{\"headline\":\"\\\"\"}}";
	struct rig *r = *state;
	put_credential(r, "crm-token", "t");
	put_credential(r, "listmonk", "token u:t");
	for (size_t i = 0; i < WN_COUNT(files); i++) {
		char path[400], *text = wn_arena_alloc(r->arena, 8000);
		snprintf(path, sizeof(path), WN_SOURCE_DIR "/conf/sinks.d/%s.yaml", files[i]);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		assert_true(fread(text, 1, 7999, f) > 0);
		fclose(f);
		memcpy(strstr(text, "enabled: false"), "enabled: true ", 14);
		const struct wn_sink_conf *conf = read_sink(r, text);
		struct wn_err err = {0};
		struct wn_template **headers = WN_NEW_N(r->arena, struct wn_template *, conf->headers.n + 1);
		struct wn_book_sink sink = {.conf = conf, .escape = wn_escape_of(conf->template.content_type), .headers = headers};
		if (wn_template_compile(conf->template.body.text, (struct wn_place){0}, &sink.body, &err))
			fail_msg("%s: %s", files[i], err.text);
		for (size_t k = 0; k < conf->headers.n; k++)
			if (conf->headers.v[k].value.n)
				assert_int_equal(wn_template_compile(conf->headers.v[k].value, (struct wn_place){0}, &headers[k], &err), WN_OK);
		struct wn_delivery out = post(r, &sink, payload, says(200, NULL, ""));
		struct wn_value v;
		if (out.how != WN_DELIVERED || wn_json_parse(wn_str_of(r->script.body), NULL, r->arena, &v, &err))
			fail_msg("%s: %s %s: %s", files[i], out.text, err.text, r->script.body);
		assert_null(strstr(r->script.headers, "\nX-Evil"));
		wn_template_free(sink.body);
		for (size_t k = 0; k < conf->headers.n; k++)
			wn_template_free(headers[k]);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_retry_plan_is_that_of_standard_webhooks_with_a_little_jitter),
		TEST(events_are_signed_by_both_secrets_of_a_rotation),
		TEST(without_its_credentials_nothing_goes_out),
		TEST(an_answer_is_judged_by_its_status_alone),
		TEST(a_token_is_only_good_as_we_signed_it),
		TEST(the_example_sinks_send_json_whatever_the_texts_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
