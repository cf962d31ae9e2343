/* SPDX-License-Identifier: MIT */
/* The fixed vectors were computed with Python's hashlib from the description in id.h; they must never change,
 * since ids are stored. */
#include <whynow/id.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_id(struct wn_id id, const char *hex)
{
	char text[33];
	wn_hex(id.b, 16, text);
	assert_string_equal(text, hex);
}

static void ids_are_those_of_the_description(void **state)
{
	(void)state;
	const struct wn_str domain[] = {WN_STR("acme.com")}, name[] = {WN_STR("acme"), WN_STR("")};
	assert_id(wn_id_of("d", domain, 1), "d24a8684aabf81daaeb1adf492977d06");
	assert_id(wn_id_of("n", name, 2), "2704fef38ba886178bb975ae9f562a5b");
	assert_id(wn_id_of("s", NULL, 0), "043a718774c582bd8a25adbeb1bfcd5c");
	assert_int_equal(wn_id_bucket(wn_id_of("d", domain, 1)), 586);
	char text[65];
	struct wn_key32 key = wn_key32_of("d", domain, 1);
	wn_hex(key.b, 32, text);
	assert_string_equal(text, "d24a8684aabfb1daaeb1adf492977d060777fc9a3cdc6b8ae5770a1305d50f18");
	assert_int_equal(wn_key32_bucket(key), 586);
}

static void moving_a_byte_between_fields_changes_the_id(void **state)
{
	(void)state;
	const struct wn_str a[] = {WN_STR("ab"), WN_STR("c")}, b[] = {WN_STR("a"), WN_STR("bc")};
	assert_id(wn_id_of("x", a, 2), "d5d89e771fea833c95c5cb2d48626ded");
	assert_id(wn_id_of("x", b, 2), "1745f4fff7078ca2b82fb1f5cfedd3bc");
}

static void a_long_field_hashes_like_a_short_one(void **state)
{
	(void)state;
	char big[1000];
	memset(big, 'y', sizeof(big));
	const struct wn_str field[] = {{big, sizeof(big)}};
	assert_id(wn_id_of("big", field, 1), "1ac1e401e2598f5cb67b97a12a68c6a4");
}

static void keyed_ids_depend_on_the_key(void **state)
{
	(void)state;
	const struct wn_str field[] = {WN_STR("a@b.c")};
	assert_id(wn_id_keyed(WN_STR("key"), "p", field, 1), "a77a860076f184329b30b7de50504fb2");
	assert_false(wn_id_eq(wn_id_keyed(WN_STR("other"), "p", field, 1),
			      wn_id_keyed(WN_STR("key"), "p", field, 1)));
	struct wn_key32 k = wn_key32_keyed(WN_STR("key"), "p", field, 1);
	char text[65];
	wn_hex(k.b, 32, text);
	assert_string_equal(text, "a77a860076f1a432db30b7de50504fb230df926fbc83f48da79b0223b3d1234d");
}

static void hashes_are_those_of_the_standards(void **state)
{
	(void)state;
	uint8_t out[32];
	char text[65];
	/* FIPS 180-4 "abc"; RFC 4231 case 2 */
	wn_sha256(WN_STR("abc"), out);
	wn_hex(out, 32, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	wn_sha256((struct wn_str){NULL, 0}, out);
	wn_hex(out, 32, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	wn_hmac_sha256(WN_STR("Jefe"), WN_STR("what do ya want for nothing?"), out);
	wn_hex(out, 32, text);
	assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	/* RFC 4231 case 6: a key longer than a block; and nothing at all */
	char key[131];
	memset(key, 0xaa, sizeof(key));
	wn_hmac_sha256((struct wn_str){key, sizeof(key)}, WN_STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	wn_hex(out, 32, text);
	assert_string_equal(text, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	wn_hmac_sha256((struct wn_str){NULL, 0}, (struct wn_str){NULL, 0}, out);
	wn_hex(out, 32, text);
	assert_string_equal(text, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void ids_go_to_text_and_back_and_nothing_else_does(void **state)
{
	(void)state;
	const struct wn_str domain[] = {WN_STR("acme.com")};
	struct wn_id id = wn_id_of("d", domain, 1), back = {{0}};
	char text[37];
	wn_id_to_text(id, text);
	assert_string_equal(text, "d24a8684-aabf-81da-aeb1-adf492977d06");
	assert_true(wn_id_from_text(wn_str_of(text), &back));
	assert_true(wn_id_eq(id, back));
	assert_true(wn_id_from_text(WN_STR("D24A8684-AABF-81DA-AEB1-ADF492977D06"), &back));
	assert_true(wn_id_eq(id, back));
	static const char *const bad[] = {
		"",
		"d24a8684aabf81daaeb1adf492977d06",
		"d24a8684-aabf-81da-aeb1-adf492977d0",
		"d24a8684-aabf-81da-aeb1-adf492977d0g",
		"d24a8684-aabf-81da-aeb1adf-492977d06",
		"d24a8684-aabf-81da-aeb1-adf492977d067",
	};
	struct wn_id kept = back;
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		assert_false(wn_id_from_text(wn_str_of(bad[i]), &back));
	assert_true(wn_id_eq(kept, back));
}

static void hex_refuses_wrong_lengths_and_letters(void **state)
{
	(void)state;
	uint8_t out[2] = {1, 2};
	assert_true(wn_unhex(WN_STR("aBcD"), out, 2));
	assert_int_equal(out[0] << 8 | out[1], 0xabcd);
	assert_false(wn_unhex(WN_STR("abc"), out, 2));
	assert_false(wn_unhex(WN_STR("zzcd"), out, 2));
	assert_int_equal(out[0] << 8 | out[1], 0xabcd);
}

static void random_ids_differ_and_say_version_4(void **state)
{
	(void)state;
	struct wn_id a = wn_id_random(), b = wn_id_random();
	assert_false(wn_id_eq(a, b));
	assert_int_equal(a.b[6] >> 4, 4);
	assert_int_equal(a.b[8] >> 6, 2);
	assert_false(wn_id_is_nil(a));
	assert_true(wn_id_is_nil((struct wn_id){{0}}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_those_of_the_description),
		cmocka_unit_test(moving_a_byte_between_fields_changes_the_id),
		cmocka_unit_test(a_long_field_hashes_like_a_short_one),
		cmocka_unit_test(keyed_ids_depend_on_the_key),
		cmocka_unit_test(hashes_are_those_of_the_standards),
		cmocka_unit_test(ids_go_to_text_and_back_and_nothing_else_does),
		cmocka_unit_test(hex_refuses_wrong_lengths_and_letters),
		cmocka_unit_test(random_ids_differ_and_say_version_4),
	};
	return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
