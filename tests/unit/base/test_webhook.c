/* SPDX-License-Identifier: MIT */
/* Standard Webhooks signatures and CloudEvents: known vectors, rotation, tolerance, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/cloudevent.h>
#include <whynow/webhook.h>

/* The vector of the specification's own test suites. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define PAYLOAD "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define AT INT64_C(1614265330)

static struct wn_arena *arena;

static struct wn_str key_of(const char *text)
{
	struct wn_str key;
	assert_int_equal(wn_webhook_secret(wn_str_of(text), arena, &key, NULL), WN_OK);
	return key;
}

static const struct wn_webhook_message message = {
	{ID, sizeof(ID) - 1}, {"1614265330", 10}, {SIGNATURE, sizeof(SIGNATURE) - 1}, {PAYLOAD, sizeof(PAYLOAD) - 1}};

static enum wn_rc verify(const struct wn_webhook_message *m, const char *secret, int64_t now_s, struct wn_err *err)
{
	struct wn_str key = key_of(secret);
	return wn_webhook_verify(m, &key, 1, now_s * WN_SECOND, WN_WEBHOOK_TOLERANCE_US, err);
}

static void signs_as_the_specification_says(void **state)
{
	struct wn_buf b;
	struct wn_str key = key_of(SECRET);
	(void)state;
	wn_buf_init(&b, 200);
	wn_webhook_sign(&b, &key, 1, WN_STR(ID), AT, WN_STR(PAYLOAD));
	assert_string_equal(b.p, SIGNATURE);
	wn_buf_done(&b);
}

static void a_secret_is_read_with_and_without_its_prefix_and_never_told(void **state)
{
	struct wn_err err = {0};
	struct wn_str key = {NULL, 0};
	(void)state;
	assert_true(wn_str_eq(key_of(SECRET), key_of(SECRET + 6)));
	assert_int_equal(wn_webhook_secret(WN_STR("whsec_"), arena, &key, &err), WN_INVALID);
	assert_int_equal(wn_webhook_secret(WN_STR("whsec_no*base64"), arena, &key, &err), WN_INVALID);
	assert_null(strstr(err.text, "no*base64"));
	assert_null(key.p);
}

static void during_a_rotation_either_secret_verifies(void **state)
{
	struct wn_str keys[] = {key_of("whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc="), key_of(SECRET)};
	struct wn_webhook_message m = message;
	struct wn_buf b;
	(void)state;
	wn_buf_init(&b, 400);
	wn_webhook_sign(&b, keys, 2, m.id, AT, m.payload);
	m.signature = wn_buf_slice(&b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(wn_webhook_verify(&m, &keys[i], 1, AT * WN_SECOND, WN_WEBHOOK_TOLERANCE_US, NULL), WN_OK);
	assert_int_equal(wn_webhook_verify(&message, keys, 2, AT * WN_SECOND, WN_WEBHOOK_TOLERANCE_US, NULL), WN_OK);
	wn_buf_done(&b);
}

static void the_tolerance_holds_in_both_directions_to_the_second(void **state)
{
	struct wn_err err = {0};
	(void)state;
	assert_int_equal(verify(&message, SECRET, AT + 300, NULL), WN_OK);
	assert_int_equal(verify(&message, SECRET, AT - 300, NULL), WN_OK);
	assert_int_equal(verify(&message, SECRET, AT + 301, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "too old"));
	assert_int_equal(verify(&message, SECRET, AT - 301, &err), WN_REFUSED);
	assert_non_null(strstr(err.text, "too far ahead"));
	struct wn_str key = key_of(SECRET);
	assert_int_equal(wn_webhook_verify(&message, &key, 1, 0, 0, NULL), WN_OK);
}

static void what_differs_anywhere_is_refused(void **state)
{
	struct wn_webhook_message m;
	(void)state;
#define DIFFERS(member, text) m = message, m.member = wn_str_of(text), assert_int_equal(verify(&m, SECRET, AT, NULL), WN_REFUSED)
	DIFFERS(payload, "{\"test\":2432232314}");
	DIFFERS(id, "msg_other");
	DIFFERS(timestamp, "1614265331");
	DIFFERS(timestamp, " 1614265330");
	DIFFERS(timestamp, "+1614265330");
	DIFFERS(timestamp, "99999999999999999999999999");
	DIFFERS(signature, "v1,");
	DIFFERS(signature, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	DIFFERS(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	DIFFERS(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE");
	DIFFERS(signature, "");
	DIFFERS(id, NULL);
	DIFFERS(timestamp, NULL);
#undef DIFFERS
	assert_int_equal(verify(&message, "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc=", AT, NULL), WN_REFUSED);
	assert_int_equal(wn_webhook_verify(&message, NULL, 0, AT * WN_SECOND, 0, NULL), WN_REFUSED);
}

static enum wn_rc check(const char *json, struct wn_err *err)
{
	struct wn_value v;
	assert_int_equal(wn_json_parse(wn_str_of(json), NULL, arena, &v, err), WN_OK);
	return wn_cloudevent_check(v, err);
}

#define EVENT "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\""

static void the_events_we_write_are_lawful_whatever_their_texts_are(void **state)
{
	struct wn_buf b;
	struct wn_err err = {0};
	(void)state;
	wn_buf_init(&b, 4000);
	struct wn_cloudevent e = {WN_STR("id \"1\""), WN_STR("/whynow"), WN_STR("campaign.opened"), WN_STR("caf\xc3\xa9 \\ \"x\""), 0, 7, WN_STR("{\"a\":1}")};
	wn_cloudevent_write(&b, &e);
	assert_int_equal(check(b.p, &err), WN_OK);
	assert_non_null(strstr(b.p, "\"sequence\":\"00000000000000000007\""));
	wn_buf_clear(&b);
	e = (struct wn_cloudevent){.id = WN_STR("1"), .source = WN_STR("/whynow"), .type = WN_STR("t"), .sequence = -1};
	wn_cloudevent_write(&b, &e);
	assert_int_equal(check(b.p, &err), WN_OK);
	assert_null(strstr(b.p, "sequence"));
	wn_buf_done(&b);
}

static void an_event_that_breaks_a_rule_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]", "{}", EVENT ",\"time\":\"2018-04-05\"}", EVENT ",\"time\":\"2018-04-05T10:00:00\"}", EVENT ",\"Ext\":1}", EVENT ",\"e-x\":1}",
		EVENT ",\"e\":1.5}", EVENT ",\"e\":{}}", EVENT ",\"e\":3000000000}", EVENT ",\"subject\":\"\"}", EVENT ",\"subject\":1}",
		EVENT ",\"dataschema\":\"relative\"}", EVENT ",\"datacontenttype\":\"json\"}", EVENT ",\"data\":1,\"data_base64\":\"TWE=\"}",
		EVENT ",\"data_base64\":\"*\"}", EVENT ",\"e\":\"a\\u0001b\"}", EVENT ",\"e\":\"\\ufffe\"}",
		"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"a b\",\"id\":\"1\"}", "{\"specversion\":\"1.0\",\"type\":null,\"source\":\"/\",\"id\":\"1\"}"};
	static const char *const good[] = {EVENT "}", EVENT ",\"e\":null,\"subject\":null}", EVENT ",\"datacontenttype\":\"text/plain; charset=utf-8\"}",
					   EVENT ",\"data\":null}", EVENT ",\"data_base64\":\"TWE=\",\"e\":-2147483648}",
					   EVENT ",\"dataschema\":\"urn:x:y\",\"time\":\"2018-04-05T17:31:00+01:00\"}"};
	struct wn_err err;
	(void)state;
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		if (check(bad[i], NULL) != WN_INVALID)
			fail_msg("taken: %s", bad[i]);
	for (size_t i = 0; i < WN_COUNT(good); i++)
		if (check(good[i], &err) != WN_OK)
			fail_msg("refused: %s: %s", good[i], err.text);
}

static int make(void **state)
{
	(void)state;
	arena = wn_arena_new(0);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	wn_arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_the_specification_says),
		cmocka_unit_test(a_secret_is_read_with_and_without_its_prefix_and_never_told),
		cmocka_unit_test(during_a_rotation_either_secret_verifies),
		cmocka_unit_test(the_tolerance_holds_in_both_directions_to_the_second),
		cmocka_unit_test(what_differs_anywhere_is_refused),
		cmocka_unit_test(the_events_we_write_are_lawful_whatever_their_texts_are),
		cmocka_unit_test(an_event_that_breaks_a_rule_is_refused),
	};
	return cmocka_run_group_tests(tests, make, drop);
}
